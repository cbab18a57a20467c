//! Which column holds what: headers are recognised by exact synonyms, others are only suggested.
//!
//! Headers that mean different things in the files of different programs are told apart by the other headers and, where
//! these do not tell, by what the column holds.

pub(super) mod header;
mod names;
pub(super) mod synonyms;
pub(super) mod unnamed;

use std::collections::HashMap;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use self::synonyms::{DO_NOT_CALL, NEVER_PHONE_WORDS, PHONE_WORDS, SYNONYMS, TITLE_IS_SALUTATION};
use crate::{contact::Field, normalize::salutation, row::Columns};

/// Headers beginning so are rollcall's own and hold nothing of the user's.
pub(in crate::parse) const OWN_PREFIX: &str = "rollcall_";

/// `--map FIELD=COLUMN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The field.
    pub field: Field,
    /// A header, or a column's number from 1.
    pub column: String,
}

impl std::str::FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (field, column) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is not FIELD=COLUMN, such as phone=Mobile or phone=3"))?;
        if column.trim().is_empty() {
            return Err(format!("`{text}` names no column"));
        }
        Ok(Self { field: field.trim().replace(['-', ' '], "_").parse()?, column: column.trim().to_owned() })
    }
}

/// Why the columns of a file could not be told.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::parse) enum ColumnsProblem {
    /// A mapping names a column that is not there.
    NoSuchColumn(Mapping),
    /// Two mappings name one column.
    MappedTwice(Mapping),
    /// No column is known to hold phone numbers.
    NoPhone,
}

/// Finds the columns of every field. Mapped fields take what the mapping says, and nothing else.
/// `values` are what the first rows hold in a column.
pub(in crate::parse) fn recognise(
    headers: &[String],
    mappings: &[Mapping],
    values: &dyn Fn(usize) -> Vec<String>,
) -> Result<Columns, ColumnsProblem> {
    let mut columns = Columns::default();
    for mapping in mappings {
        let column =
            find(headers, &mapping.column).ok_or_else(|| ColumnsProblem::NoSuchColumn(mapping.clone()))?;
        if Field::ALL.iter().any(|field| columns.of(*field).contains(&column)) {
            return Err(ColumnsProblem::MappedTwice(mapping.clone()));
        }
        columns.add(mapping.field, column);
    }
    let mapped = columns.clone();
    let is_mapped = |column| Field::ALL.iter().any(|field| mapped.of(*field).contains(&column));
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (column, header) in headers.iter().enumerate().filter(|(column, _)| !is_mapped(*column)) {
        by_name.entry(fold(header)).or_default().push(column);
    }
    for (field, synonyms) in SYNONYMS.iter().filter(|(field, _)| mapped.of(*field).is_empty()) {
        for column in synonyms.iter().filter_map(|synonym| by_name.get(*synonym)).flatten() {
            columns.add(*field, *column);
        }
    }
    if columns.phone.is_empty() {
        return Err(ColumnsProblem::NoPhone);
    }
    names::settle(headers, &mapped, values, &mut columns);
    if columns.salutation.is_none()
        && let Some([title]) = by_name.get("title").map(Vec::as_slice)
        && (TITLE_IS_SALUTATION.iter().any(|name| by_name.contains_key(*name))
            || are_salutations(&values(*title)))
    {
        columns.salutation = Some(*title);
    }
    columns.labels = labels(headers, &columns.phone);
    Ok(columns)
}

/// Whether most of what a column holds are salutations.
fn are_salutations(values: &[String]) -> bool {
    let known = values.iter().filter(|value| salutation::recognise(value.trim()).is_some()).count();
    known * 2 > values.len()
}

/// The columns that say what kind of phone the number in another one belongs to, as Google's `Phone 1 - Type`.
fn labels(headers: &[String], phones: &[usize]) -> Vec<(usize, usize)> {
    const LABELS: [&str; 9] =
        ["type", "label", "kind", "category", "tag", "use", "system", "formatted type", "description"];
    let plain: Vec<String> = headers.iter().map(|header| words(header, false)).collect();
    let labels_of = |phone: &usize| {
        let base = plain[*phone].trim_end_matches(" value").trim_end_matches(" number");
        let is_label = |name: &String| {
            name.strip_prefix(base).is_some_and(|rest| LABELS.contains(&rest.trim_start()))
                && name.len() > base.len()
        };
        let labels = plain.iter().enumerate().filter(|(_, name)| is_label(name));
        labels.map(|(label, _)| (*phone, label)).collect::<Vec<_>>()
    };
    phones.iter().flat_map(labels_of).collect()
}

/// What somebody should know of columns that are not used.
pub(in crate::parse) fn notes(headers: &[String], columns: &Columns) -> Vec<String> {
    let is_used = |column: usize| Field::ALL.iter().any(|field| columns.of(*field).contains(&column));
    let unused = headers.iter().enumerate().filter(|(column, _)| !is_used(*column));
    let about_calls = unused.filter(|(_, header)| DO_NOT_CALL.contains(&fold(header).as_str()));
    about_calls
        .map(|(_, header)| {
            format!("the column `{header}` is not looked at: take out whom it says not to call")
        })
        .collect()
}

/// A column by its exact header, by a header that folds to the same, or by its number.
fn find(headers: &[String], wanted: &str) -> Option<usize> {
    headers.iter().position(|header| header == wanted).or_else(|| match wanted.parse::<usize>() {
        Ok(number) => number.checked_sub(1).filter(|column| *column < headers.len()),
        Err(_) => headers.iter().position(|header| fold(header) == fold(wanted)),
    })
}

/// A header in the form in which synonyms are compared: NFKC without accents, `camelCase` split, lower case,
/// punctuation as space, numbers as `n`.
pub(crate) fn fold(header: &str) -> String {
    words(header, true)
}

/// The same, with numbers as they stand unless `folds_numbers`.
fn words(header: &str, folds_numbers: bool) -> String {
    let mut words = String::with_capacity(header.len() + 4);
    let mut before = ' ';
    for letter in
        header.trim_matches(['\u{feff}', '"', '\'', ' ']).nfkd().filter(|letter| !is_combining_mark(*letter))
    {
        let is_new_word = letter.is_uppercase() && before.is_lowercase()
            || letter.is_numeric() != before.is_numeric() && before.is_alphanumeric();
        if is_new_word {
            words.push(' ');
        }
        if letter.is_numeric() && folds_numbers {
            if !before.is_numeric() {
                words.push('n');
            }
        } else if letter.is_alphanumeric() {
            words.extend(letter.to_lowercase());
        } else {
            words.push(' ');
        }
        before = letter;
    }
    // One word, whatever its capitals say.
    words.split_whitespace().collect::<Vec<_>>().join(" ").replace("whats app", "whatsapp")
}

/// The header that most looks as if it meant a phone number, if any does.
pub(in crate::parse) fn likeliest_phone(headers: &[String]) -> Option<String> {
    let score = |header: &String| {
        let folded = fold(header);
        let words: Vec<&str> = folded.split(' ').collect();
        if words.iter().any(|word| NEVER_PHONE_WORDS.contains(word)) {
            return 0.0;
        }
        let known = words.iter().filter(|word| PHONE_WORDS.contains(word)).count();
        let similar =
            SYNONYMS[0].1.iter().map(|synonym| strsim::jaro_winkler(&folded, synonym)).fold(0.0, f64::max);
        if known > 0 { 1.0 + similar } else { similar }
    };
    let best = headers.iter().max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(best) >= 0.85).then(|| best.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &str) -> Vec<String> {
        list.split(", ").map(str::to_owned).collect()
    }

    fn columns(list: &str) -> Columns {
        recognise(&headers(list), &[], &|_| vec![]).unwrap()
    }

    #[test]
    fn headers_fold_to_synonyms() {
        for (header, folded) in [
            ("cellPhoneNumber", "cell phone number"),
            ("\u{feff}First Name", "first name"),
            ("FIRST_NAME", "first name"),
            ("Prénom", "prenom"),
            ("Phone 1 - Value", "phone n value"),
            ("Phone12", "phone n"),
            ("  E-mail  ", "e mail"),
            ("WhatsApp", "whatsapp"),
            ("ＭＯＢＩＬＥ", "mobile"),
        ] {
            assert_eq!(fold(header), folded, "{header}");
        }
    }

    #[test]
    fn every_synonym_is_in_folded_form() {
        for synonym in SYNONYMS.iter().flat_map(|(_, synonyms)| *synonyms) {
            let header: Vec<&str> =
                synonym.split(' ').map(|word| if word == "n" { "1" } else { word }).collect();
            assert_eq!(fold(&header.join(" ")), *synonym);
        }
    }

    #[test]
    fn the_platforms_own_file_is_understood() {
        let found = columns(
            "firstName, lastName, salutation, cellPhoneNumber, cellPhoneCountryCode, cellPhoneExtension",
        );
        assert_eq!(found.phone, [3]);
        assert_eq!((found.first_name, found.last_name, found.salutation), (Some(0), Some(1), Some(2)));
        assert_eq!(found.country, [4]);
    }

    #[test]
    fn mobile_numbers_are_preferred() {
        let found = columns("Name, Home Phone, Business Phone, Mobile Phone, Primary Phone, Business Fax");
        assert_eq!(found.phone, [3, 4, 2, 1]);
        assert_eq!(found.full_name, Some(0));
    }

    #[test]
    fn fax_type_and_label_columns_are_no_phones() {
        let found = recognise(
            &headers("Name, Business Fax, Phone 1 - Type, Pager, Phone 1 - Label"),
            &[],
            &|_| vec![],
        );
        assert_eq!(found, Err(ColumnsProblem::NoPhone));
    }

    #[test]
    fn files_of_known_programs_are_understood() {
        let google = columns(
            "First Name, Middle Name, Last Name, Name Prefix, Labels, Phone 1 - Label, Phone 1 - Value, Phone 2 - Label, Phone 2 - Value",
        );
        assert_eq!((google.phone, google.salutation), (vec![6, 8], Some(3)));
        assert_eq!(google.labels, [(6, 5), (8, 7)]);
        let older = columns("Name, Given Name, Family Name, Phone 1 - Type, Phone 1 - Value");
        assert_eq!((older.labels, older.full_name), (vec![(4, 3)], Some(0)));
        let salesforce = columns(
            "SALUTATION, FIRSTNAME, LASTNAME, NAME, TITLE, PHONE, MOBILEPHONE, HOMEPHONE, OTHERPHONE, FAX, MAILINGCOUNTRY",
        );
        assert_eq!((salesforce.phone, salesforce.salutation), (vec![6, 5, 7, 8], Some(0)));
        assert_eq!(salesforce.country, [10]);
        let dialer = columns("phone_code, phone_number, title, first_name, last_name");
        assert_eq!((dialer.phone, dialer.country, dialer.salutation), (vec![1], vec![0], Some(2)));
        let cisco = columns("Account Number, First Name, Last Name, Phone1, Phone2, Phone3");
        assert_eq!(cisco.phone, [3, 4, 5]);
        let genesys = columns("HomePhone, WorkPhone, CellPhone");
        assert_eq!(genesys.phone, [2, 1, 0]);
        let nested = columns("firstName, cellPhone.phoneNumber, cellPhone.countryCode, cellPhone.extension");
        assert_eq!((nested.phone, nested.country), (vec![1], vec![2]));
        let hubspot = columns("First name, Last name, Phone number, Mobile phone number, Country/Region");
        assert_eq!((hubspot.phone, hubspot.country), (vec![3, 2], vec![4]));
    }

    #[test]
    fn title_is_a_salutation_in_some_files() {
        let salutation = |list: &str, values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            recognise(&headers(list), &[], &|_| values.clone()).unwrap().salutation
        };
        assert_eq!(salutation("Title, First Name, Job Title, Mobile Phone", &[]), Some(0));
        assert_eq!(salutation("Title, Name, Phone", &["Mr", "Dr.", "Ms"]), Some(0));
        assert_eq!(salutation("Title, Name, Phone", &["CEO", "Head of Sales", "Mr"]), None);
        assert_eq!(salutation("Salutation, Title, Name, Phone", &["Mr", "Mr"]), Some(0));
        assert_eq!(salutation("Title, Name, Phone", &[]), None);
    }

    #[test]
    fn columns_about_calling_are_mentioned() {
        let given = headers("Name, Phone, Do Not Call, Email");
        let found = recognise(&given, &[], &|_| vec![]).unwrap();
        assert_eq!(
            notes(&given, &found),
            ["the column `Do Not Call` is not looked at: take out whom it says not to call"]
        );
    }

    #[test]
    fn a_mapping_wins_and_takes_its_column_away() {
        let given = headers("Name, Phone, Ring me at, First");
        let mappings = ["phone=Ring me at", "full_name=first"].map(|text| text.parse().unwrap());
        let found = recognise(&given, &mappings, &|_| vec![]).unwrap();
        assert_eq!((found.phone, found.full_name, found.first_name), (vec![2], Some(3), None));
    }

    #[test]
    fn mappings_name_headers_or_numbers() {
        let given = headers("Nome, Ring me at");
        for column in ["Ring me at", "ring_me_AT", "2"] {
            let mapping = Mapping { field: Field::Phone, column: column.to_owned() };
            assert_eq!(recognise(&given, &[mapping], &|_| vec![]).unwrap().phone, [1], "{column}");
        }
        for column in ["0", "3", "Ring"] {
            let mapping = Mapping { field: Field::Phone, column: column.to_owned() };
            let missing = ColumnsProblem::NoSuchColumn(mapping.clone());
            assert_eq!(recognise(&given, &[mapping], &|_| vec![]), Err(missing), "{column}");
        }
    }

    #[test]
    fn the_closest_header_is_suggested() {
        let suggest = |list| likeliest_phone(&headers(list));
        assert_eq!(suggest("Name, Contact Phone No., City").as_deref(), Some("Contact Phone No."));
        assert_eq!(suggest("Name, Telefone, City").as_deref(), Some("Telefone"));
        assert_eq!(suggest("Name, Fax Number, Customer Number, City"), None);
    }

    #[test]
    fn mappings_are_read() {
        assert_eq!("first-name=A".parse::<Mapping>().unwrap().field, Field::FirstName);
        assert!("phone".parse::<Mapping>().unwrap_err().contains("FIELD=COLUMN"));
        assert!("phone= ".parse::<Mapping>().unwrap_err().contains("no column"));
        assert!("fone=A".parse::<Mapping>().unwrap_err().contains("unknown field `fone`"));
    }
}
