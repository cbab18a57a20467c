//! Which column holds what: headers are recognised by exact synonyms, others are only suggested.
//!
//! The synonyms were collected from the platform's own import file, from address books, CRMs and dialers, and in
//! four languages. Telling files apart by the program that wrote them is left to a later stage of this module.

use std::collections::HashMap;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{contact::Field, row::Columns};

/// Headers by field, in the folded form of [`fold`]; within a field the preferred ones stand first.
const SYNONYMS: &[(Field, &[&str])] = &[
    (
        Field::Phone,
        &[
            "cell phone number",
            "mobile",
            "mobile phone",
            "mobilephone",
            "mobile number",
            "mobile phone number",
            "mobile no",
            "cell",
            "cellphone",
            "cell phone",
            "gsm",
            "msisdn",
            "handy",
            "whatsapp",
            "primary phone",
            "phone",
            "phone n",
            "phone no",
            "phone number",
            "phone n value",
            "phonenumber",
            "tel",
            "telephone",
            "telefon",
            "telefono",
            "contact number",
            "number n",
            "business phone",
            "work phone",
            "business phone n",
            "home phone",
            "other phone",
            "main phone",
            "company main phone",
        ],
    ),
    (
        Field::FirstName,
        &[
            "first name",
            "firstname",
            "given name",
            "first",
            "fname",
            "forename",
            "prenom",
            "vorname",
            "nombre",
        ],
    ),
    (
        Field::LastName,
        &[
            "last name",
            "lastname",
            "family name",
            "surname",
            "last",
            "lname",
            "nom",
            "nachname",
            "apellido",
            "apellidos",
        ],
    ),
    (Field::FullName, &["full name", "fullname", "name", "display name", "contact name"]),
    (Field::Salutation, &["salutation", "name prefix", "prefix", "honorific", "anrede", "civilite"]),
    (
        Field::Country,
        &["cell phone country code", "phone code", "dial code", "isd code", "country code", "cc", "country"],
    ),
];

/// Words that make a header likely to mean a phone number.
const PHONE_WORDS: &[&str] = &[
    "phone",
    "mobile",
    "cell",
    "tel",
    "telephone",
    "telefon",
    "telefono",
    "whatsapp",
    "gsm",
    "msisdn",
    "handy",
    "ph",
    "mob",
    "number",
    "contact",
    "call",
    "dial",
];

/// Words that make sure a header does not.
const NEVER_PHONE_WORDS: &[&str] = &[
    "fax",
    "telex",
    "pager",
    "isdn",
    "tty",
    "assistant",
    "type",
    "label",
    "status",
    "consent",
    "opt",
    "verified",
    "date",
    "id",
    "account",
    "customer",
    "zip",
    "postal",
    "postcode",
    "birthday",
    "name",
    "email",
    "mail",
    "country",
    "code",
    "person",
    "owner",
];

/// Headers beginning so are rollcall's own and hold nothing of the user's.
pub(super) const OWN_PREFIX: &str = "rollcall_";

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
pub(super) enum ColumnsProblem {
    /// A mapping names a column that is not there.
    NoSuchColumn(Mapping),
    /// Two mappings name one column.
    MappedTwice(Mapping),
    /// No column is known to hold phone numbers; perhaps this one does.
    NoPhone(Option<String>),
}

/// Finds the columns of every field. Mapped fields take what the mapping says, and nothing else.
pub(super) fn recognise(headers: &[String], mappings: &[Mapping]) -> Result<Columns, ColumnsProblem> {
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
        return Err(ColumnsProblem::NoPhone(likeliest_phone(headers)));
    }
    Ok(columns)
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
fn fold(header: &str) -> String {
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
        if letter.is_numeric() {
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
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The header that most looks as if it meant a phone number, if any does.
fn likeliest_phone(headers: &[String]) -> Option<String> {
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
        recognise(&headers(list), &[]).unwrap()
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
        let found = recognise(&headers("Name, Business Fax, Phone 1 - Type, Pager, Phone 1 - Label"), &[]);
        assert_eq!(found, Err(ColumnsProblem::NoPhone(None)));
    }

    #[test]
    fn a_mapping_wins_and_takes_its_column_away() {
        let given = headers("Name, Phone, Ring me at, First");
        let mappings = ["phone=Ring me at", "full_name=first"].map(|text| text.parse().unwrap());
        let found = recognise(&given, &mappings).unwrap();
        assert_eq!((found.phone, found.full_name, found.first_name), (vec![2], Some(3), None));
    }

    #[test]
    fn mappings_name_headers_or_numbers() {
        let given = headers("Nome, Ring me at");
        for column in ["Ring me at", "ring_me_AT", "2"] {
            let mapping = Mapping { field: Field::Phone, column: column.to_owned() };
            assert_eq!(recognise(&given, &[mapping]).unwrap().phone, [1], "{column}");
        }
        for column in ["0", "3", "Ring"] {
            let mapping = Mapping { field: Field::Phone, column: column.to_owned() };
            let missing = ColumnsProblem::NoSuchColumn(mapping.clone());
            assert_eq!(recognise(&given, &[mapping]), Err(missing), "{column}");
        }
    }

    #[test]
    fn the_likeliest_header_is_suggested() {
        let suggest = |list| match recognise(&headers(list), &[]) {
            Err(ColumnsProblem::NoPhone(suggestion)) => suggestion,
            other => panic!("{other:?}"),
        };
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
