//! Matching of columns to fields. Headers match by known synonyms, or if all of their words are known. Other headers
//! are only suggested.
//!
//! Some headers mean different things in the files of different programs. The other headers of the file decide between
//! the meanings; if they do not, the contents of the column do.

mod abbreviations;
pub(super) mod certainty;
mod countries;
mod do_not_call;
mod doubt;
pub(in crate::parse) mod expiry;
pub(in crate::parse) mod folding;
pub(super) mod habits;
pub(super) mod header;
mod labels;
pub(in crate::parse) mod mapping;
mod names;
pub(super) mod parts;
mod phones;
pub(in crate::parse) mod remembered;
pub(in crate::parse) mod suggest;
pub(super) mod synonyms;
pub(super) mod unnamed;
pub(in crate::parse) mod values;

use std::collections::HashMap;

use self::{
    countries::CountryHeader,
    folding::{fold, fold_with_numbers},
    mapping::Mapping,
    phones::PhoneHeader,
    synonyms::{
        NEVER_PHONE_WORDS, NEWSLETTER, OWNERS, PHONE_WORDS, SYNONYMS, TITLE_IS_SALUTATION, TITLES, WHOSE,
    },
};
use crate::{
    contact::Field,
    normalize::{flag, label},
    row::{Columns, Question, Says},
};

/// The reason why the columns of a file could not be matched.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::parse) enum ColumnsProblem {
    /// A mapping names a column that does not exist.
    NoSuchColumn(Mapping),
    /// Two mappings name the same column.
    MappedTwice(Mapping),
    /// No column is known to hold phone numbers.
    NoPhone,
    /// More columns are about phones than any contact list has.
    TooManyPhones,
}

/// Maximum number of phone columns: the maximum number of columns in formats other than text.
const MAX_PHONES: usize = 512;

/// Finds the columns of every field. A mapped field takes exactly the mapped columns.
///
/// `values` returns the contents of a column in the first rows. They decide about headers that may mean something else.
pub(in crate::parse) fn recognize(
    headers: &[String],
    mappings: &[Mapping],
    values: &dyn Fn(usize) -> Vec<String>,
) -> Result<Columns, ColumnsProblem> {
    let mapped = mapped(headers, mappings)?;
    let table = Headers::new(headers, &mapped, values);
    let mut columns = table.people()?;
    if mapped.country.is_empty() {
        columns.country = table.countries();
        columns.country.retain(|column| !columns.phone.contains(column));
    }
    let words: Vec<String> = headers.iter().map(|header| fold_with_numbers(header)).collect();
    if !labels::add(&mut columns, &words) {
        return Err(ColumnsProblem::TooManyPhones);
    }
    labels::add_countries(&mut columns, &words);
    Ok(columns)
}

/// Finds the columns of numbers, names and salutations by their headers alone.
pub(in crate::parse) fn people(headers: &[String]) -> Result<Columns, ColumnsProblem> {
    Headers::new(headers, &Columns::default(), &|_| Vec::new()).people()
}

/// Returns the columns that mappings name.
fn mapped(headers: &[String], mappings: &[Mapping]) -> Result<Columns, ColumnsProblem> {
    let mut columns = Columns::default();
    for mapping in mappings {
        let column = mapping.find(headers).ok_or_else(|| ColumnsProblem::NoSuchColumn(mapping.clone()))?;
        // A column holds one field of the contact. Fields that are only passed on may share it.
        let is_taken = |field: &Field| {
            field.is_passed_on() == mapping.field.is_passed_on() && columns.of(*field).contains(&column)
        };
        if Field::ALL.iter().any(is_taken) {
            return Err(ColumnsProblem::MappedTwice(mapping.clone()));
        }
        columns.add(mapping.field, column);
    }
    Ok(columns)
}

/// The headers of a file, some of them mapped.
struct Headers<'a> {
    folded: Vec<String>,
    mapped: &'a Columns,
    values: &'a dyn Fn(usize) -> Vec<String>,
}

impl<'a> Headers<'a> {
    fn new(headers: &[String], mapped: &'a Columns, values: &'a dyn Fn(usize) -> Vec<String>) -> Self {
        Self { folded: headers.iter().map(|header| fold(header)).collect(), mapped, values }
    }

    /// Returns the mapped columns and the columns of numbers, names and salutations.
    fn people(&self) -> Result<Columns, ColumnsProblem> {
        let mut columns = self.mapped.clone();
        columns.is_phone_order_given = !self.mapped.phone.is_empty();
        if self.mapped.phone.is_empty() {
            let phones = self.phones()?;
            columns.phone = phones.iter().map(|(_, column)| *column).collect();
            columns.phone_kinds = phones.iter().map(|(header, column)| (*column, header.kind)).collect();
        }
        if columns.phone.len() > MAX_PHONES {
            return Err(ColumnsProblem::TooManyPhones);
        }
        if columns.phone.is_empty() {
            return Err(ColumnsProblem::NoPhone);
        }
        self.add_names(&mut columns);
        names::assign(&self.folded, self.mapped, self.values, &mut columns);
        if self.mapped.salutation.is_none() {
            columns.salutation = self.salutation();
        }
        Ok(columns)
    }

    fn values(&self, column: usize) -> Vec<String> {
        (self.values)(column)
    }

    /// Returns the columns that no mapping takes, with their headers.
    fn free(&self) -> impl Iterator<Item = (usize, &str)> {
        let headers = self.folded.iter().map(String::as_str).enumerate();
        headers.filter(|(column, header)| !header.is_empty() && !self.mapped.is_of_contact(*column))
    }

    /// Returns the phone columns, preferred first.
    fn phones(&self) -> Result<Vec<(PhoneHeader, usize)>, ColumnsProblem> {
        let all = self.free().filter_map(|(column, header)| Some((phones::read(header)?, column)));
        let (doubtful, sure): (Vec<_>, Vec<_>) = all.partition(|(header, _)| header.needs_numbers);
        // This comes before reading the values, which costs more.
        if sure.len() > MAX_PHONES {
            return Err(ColumnsProblem::TooManyPhones);
        }
        let mut found: Vec<_> = sure
            .iter()
            .filter(|(_, column)| !doubt::holds_no_number(&self.values(*column)))
            .copied()
            .collect();
        found.extend(doubtful.into_iter().filter(|(_, column)| doubt::holds_numbers(&self.values(*column))));
        if found.is_empty() {
            // Each row then reports what its cell holds.
            found = sure;
        }
        found.sort_by_key(|(header, column)| (header.kind, header.minor, *column));
        Ok(found)
    }

    /// Adds the name columns. Headers that say whose name it is come last.
    fn add_names(&self, columns: &mut Columns) {
        let used = columns.phone.clone();
        let names = [Field::FirstName, Field::LastName, Field::FullName];
        for field in names.into_iter().filter(|field| self.mapped.of(*field).is_empty()) {
            let is_name =
                |column: usize| !used.contains(&column) && !doubt::holds_no_name(&self.values(column));
            let found = self.synonym(field, &|header| header).into_iter().find(|column| is_name(*column));
            let whose = || self.synonym(field, &without_owner).into_iter().find(|column| is_name(*column));
            if let Some(column) = found.or_else(whose) {
                columns.add(field, column);
            }
        }
    }

    /// Returns the columns whose header is a synonym, those of the preferred synonym first.
    fn synonym(&self, field: Field, bare: &dyn Fn(&str) -> &str) -> Vec<usize> {
        let synonyms = SYNONYMS
            .iter()
            .filter(|(known, _)| *known == field)
            .flat_map(|(_, synonyms)| synonyms.iter().copied());
        let mut columns: HashMap<&str, Vec<usize>> = HashMap::new();
        for (column, header) in self.free() {
            columns.entry(bare(header)).or_default().push(column);
        }
        synonyms.filter_map(|synonym| columns.get(synonym)).flatten().copied().collect()
    }

    /// Returns the salutation column.
    fn salutation(&self) -> Option<usize> {
        let is_salutation = |column: &usize| !doubt::holds_no_word(&self.values(*column));
        let named = self.synonym(Field::Salutation, &|header| header).into_iter().find(is_salutation);
        let whose = || self.synonym(Field::Salutation, &without_owner).into_iter().find(is_salutation);
        named.or_else(whose).or_else(|| {
            let mut titles = self.free().filter(|(_, header)| TITLES.contains(header));
            let (Some((title, _)), None) = (titles.next(), titles.next()) else { return None };
            let is_known_program = self.free().any(|(_, header)| TITLE_IS_SALUTATION.contains(&header));
            (is_known_program && is_salutation(&title) || doubt::holds_salutations(&self.values(title)))
                .then_some(title)
        })
    }

    /// Returns the country columns, preferred first.
    fn countries(&self) -> Vec<usize> {
        let is_newsletter = self.free().filter(|(_, header)| NEWSLETTER.contains(header)).count() > 1;
        let is_country = |column: usize, header: CountryHeader| {
            !doubt::holds_no_country(&self.values(column), header.is_doubtful)
        };
        let found = self.free().filter(|(_, header)| !(is_newsletter && *header == "cc"));
        let found = found.filter_map(|(column, header)| Some((countries::read(header)?, column)));
        let mut found: Vec<_> = found.filter(|(header, column)| is_country(*column, *header)).collect();
        found.sort_by_key(|(header, column)| (header.rank, *column));
        let prefixes = self.free().filter(|(column, header)| {
            matches!(*header, "prefix" | "prefijo" | "prefisso" | "prefixo" | "vorwahl")
                && doubt::holds_dialing_codes(&self.values(*column))
        });
        let mut columns: Vec<usize> =
            prefixes.map(|(column, _)| column).chain(found.iter().map(|(_, column)| *column)).collect();
        if columns.is_empty() {
            let likely = self.free().filter(|(column, header)| {
                countries::is_about_country(header)
                    && !countries::is_of_something_else(header)
                    && doubt::holds_countries(&self.values(*column), true)
            });
            columns.extend(likely.map(|(column, _)| column));
        }
        columns
    }
}

/// Returns a header without the words that say whose name it is.
fn without_owner(header: &str) -> &str {
    let mut bare = header;
    while let Some((_, rest)) = bare.split_once(' ').filter(|(first, _)| WHOSE.contains(first)) {
        bare = rest;
    }
    bare
}

/// Returns the field that a header in folded form means, regardless of the contents of the column.
pub(in crate::parse) fn field_of(folded: &str) -> Option<Field> {
    let name = || {
        let is_synonym = |names: &[&str]| names.contains(&folded);
        SYNONYMS.iter().find(|(_, names)| is_synonym(names)).map(|(field, _)| *field)
    };
    let is_phone = || phones::read(folded).is_some_and(|header| !header.needs_numbers);
    name()
        .or_else(|| is_phone().then_some(Field::Phone))
        .or_else(|| countries::read(folded).map(|_| Field::Country))
}

/// Returns whether a header alone is enough to match its column to a field.
pub(crate) fn means(header: &str, field: Field) -> bool {
    let folded = fold(header);
    [folded.as_str(), without_owner(&folded)].into_iter().any(|header| field_of(header) == Some(field))
}

/// Returns whether a header means a number that is never called, such as a fax.
pub(crate) fn is_never_called(header: &str) -> bool {
    label::is_never_called(&fold(header))
}

/// Returns whether a header says who must not be called, or who may be called.
pub(crate) fn is_about_calls(header: &str) -> bool {
    do_not_call::read(&fold_with_numbers(header)).is_some_and(|found| found.question != Question::Status)
}

/// Returns whether one more column with this header, behind those of a list, may change who is called, and with which
/// number.
pub(in crate::parse) fn matters(header: &str, headers: &[String]) -> bool {
    Field::ALL.iter().any(|field| means(header, *field))
        || do_not_call::read(&fold_with_numbers(header)).is_some()
        || labels::may_label(header, headers)
}

/// Returns whether a header means a title. Some files keep salutations there.
pub(crate) fn is_title(header: &str) -> bool {
    TITLES.contains(&fold(header).as_str())
}

/// Returns whether an unread column may hold numbers to call, judged by its header.
pub(crate) fn may_be_phone(header: &str) -> bool {
    let folded = fold(header);
    let is_never = |word| NEVER_PHONE_WORDS.contains(&word) && !OWNERS.contains(&word);
    !label::is_never_called(&folded) && !folded.split(' ').any(is_never)
}

/// Returns whether a cell looks like a phone number.
pub(crate) fn is_number(text: &str) -> bool {
    doubt::is_number(text)
}

/// Returns notes about columns that are read differently from what their headers say, or not at all.
pub(in crate::parse) fn notes(
    headers: &[String],
    columns: &Columns,
    mappings: &[Mapping],
    values: &dyn Fn(usize) -> Vec<String>,
) -> Vec<String> {
    let mut notes: Vec<String> = abbreviations::note(headers, columns, mappings).into_iter().collect();
    let is_mapped = |field| mappings.iter().any(|mapping| mapping.field == field);
    for (column, name) in headers.iter().enumerate() {
        let folded = fold(name);
        let values = values(column);
        let Some(example) = values.iter().find(|value| !values::is_filler_text(value)) else { continue };
        let example = example.trim();
        if columns.country.contains(&column) {
            if countries::read(&folded).is_none() && !is_mapped(Field::Country) {
                let what = if countries::is_about_country(&folded) { "countries" } else { "dialing codes" };
                notes.push(format!("`{name}` holds {what} such as `{example}`, and is read as country"));
            }
            continue;
        }
        if columns.phone.contains(&column) {
            if phones::read(&folded).is_some_and(|header| header.needs_numbers) && !is_mapped(Field::Phone) {
                notes.push(format!("`{name}` holds phone numbers such as `{example}`, and is read as phone"));
            }
            continue;
        }
        if columns.is_used(column) || columns.labels.iter().any(|label| label.column == column) {
            continue;
        }
        let is_not = match field_of(&folded) {
            Some(Field::Phone) if !is_mapped(Field::Phone) => "holds no phone numbers",
            Some(Field::Country) if folded == "cc" && !doubt::holds_no_country(&values, true) => {
                "is the country of an IP address in this export"
            }
            Some(Field::Country) if !is_mapped(Field::Country) => "holds no countries",
            Some(Field::Salutation) if columns.salutation.is_none() => "holds no salutations",
            Some(field @ (Field::FirstName | Field::LastName | Field::FullName))
                if columns.of(field).is_empty() =>
            {
                "holds no names"
            }
            _ if columns.country.is_empty()
                && doubt::holds_countries(&values, countries::is_about_country(&folded)) =>
            {
                notes.push(format!(
                    "`{name}` holds countries such as `{example}`, and is not read: if they are those of the numbers, use --map \
                     country={}",
                    column + 1
                ));
                continue;
            }
            _ if do_not_call::may_be_about_calls(&fold_with_numbers(name))
                && doubt::filled(&values).all(flag::is_answer) =>
            {
                notes.push(format!(
                    "`{name}` says yes or no, and is not read: if it says who must not be called, rename it to `Do Not Call` or \
                     `Call Allowed`"
                ));
                continue;
            }
            _ => continue,
        };
        notes.push(format!("`{name}` {is_not} (`{example}`), and is not read"));
    }
    notes
}

/// Returns a note about do-not-call columns. If they are ignored, removes them from `columns`.
pub(in crate::parse) fn call_notes(
    headers: &[String],
    columns: &mut Columns,
    are_ignored: bool,
) -> Option<String> {
    let about_phones = columns.labels.iter().filter(|label| matches!(label.says, Says::Calls(_)));
    let mut about: Vec<usize> = about_phones.map(|label| label.column).collect();
    // For status columns, each suppressed row gives the reason.
    let asks = columns.calls.iter().filter(|call| are_ignored || call.question != Question::Status);
    about.extend(asks.map(|call| call.column));
    about.sort_unstable();
    about.dedup();
    if about.is_empty() {
        return None;
    }
    let names: Vec<String> = about.iter().map(|column| format!("`{}`", headers[*column])).collect();
    let is_one = names.len() == 1;
    let names = names.join(", ");
    if are_ignored {
        columns.calls.clear();
        columns.labels.retain(|label| !matches!(label.says, Says::Calls(_)));
        let are = if is_one { "is" } else { "are" };
        return Some(format!("{names} {are} ignored because of --ignore-do-not-call-column"));
    }
    let mark = if is_one { "marks" } else { "mark" };
    Some(format!("rollcall does not call the people or phones that {names} {mark} as do-not-call"))
}

/// Returns the header that is most likely to mean a phone number, if any is.
pub(in crate::parse) fn likeliest_phone(headers: &[String]) -> Option<String> {
    const MIN_SIMILAR_BYTES: usize = 4;

    let score = |header: &String| {
        let folded = fold(header);
        let words: Vec<&str> = folded.split(' ').collect();
        let is_phone = words.iter().any(|word| label::meaning(word).is_some_and(|meaning| meaning.is_phone));
        let is_never =
            |word: &&&str| NEVER_PHONE_WORDS.contains(*word) && !(is_phone && OWNERS.contains(*word));
        if words.iter().any(|word| is_never(&word)) || label::is_never_called(&folded) {
            return 0.0;
        }
        let known = words.iter().filter(|word| PHONE_WORDS.contains(word)).count();
        // Short words resemble many others.
        let similar = if folded.len() < MIN_SIMILAR_BYTES {
            0.0
        } else {
            PHONE_WORDS.iter().map(|word| strsim::jaro_winkler(&folded, word)).fold(0.0, f64::max)
        };
        if known > 0 { 1.0 + similar } else { similar }
    };
    let best = headers.iter().max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(best) >= 0.85).then(|| best.clone())
}

#[cfg(test)]
mod sources;
#[cfg(test)]
mod tests;
