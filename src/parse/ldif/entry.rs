//! Makes rows of entries.

use std::collections::HashSet;

use super::{
    attribute::{self, ADDED, Classes, Meaning},
    split::{Attribute, Record, UnclearNumber},
};
use crate::{
    normalize::salutation,
    parse::{
        encoding::Encoding,
        error::Fault,
        numbers::shortened,
        person::{self, FIRST_NAME, FULL_NAME, LAST_NAME, NAME_PREFIX, ORGANIZATION, PersonRow},
    },
};

/// The number of columns before the phones.
const TEXT_COLUMNS: usize = person::ADDED + ADDED.len();

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A person, or something else with a phone. It has an outcome.
    Person,
    /// A group, a folder or a device, without a phone.
    Other,
}

/// Returns the kind of an entry.
///
/// # Errors
///
/// Returns an error if the entry is what remains of two, because one person would get the other's number.
pub(super) fn kind(record: &Record) -> Result<Kind, Fault> {
    check_is_one(record)?;
    if has_phone(record) || has_any(record, Meaning::Text(FIRST_NAME)) {
        return Ok(Kind::Person);
    }
    let classes = classes(record);
    let is_other = classes.rule_out_a_person()
        || classes.are_silent() && !has_name(record) && attribute::names_a_folder(distinguished_name(record));
    Ok(if is_other { Kind::Other } else { Kind::Person })
}

/// Returns the name of an entry for a message.
pub(super) fn name(record: &Record) -> String {
    shortened(distinguished_name(record))
}

/// Returns the values in Base64 that are not UTF-8.
pub(super) fn foreign(record: &Record) -> impl Iterator<Item = &Attribute> {
    let is_foreign = |value: &&Attribute| value.is_packed && str::from_utf8(&value.value).is_err();
    record.attributes.iter().filter(is_foreign)
}

/// Returns the numbers outside the attributes of phones, without those that a phone has, too.
pub(super) fn unclear(record: &Record) -> impl Iterator<Item = &UnclearNumber> {
    let digits = |number: &[u8]| number.iter().copied().filter(u8::is_ascii_digit).collect::<Vec<u8>>();
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    if !record.unclear.is_empty() {
        seen.extend(phones(record).map(|(phone, ..)| digits(&phone.value)));
    }
    record.unclear.iter().filter(move |number| seen.insert(digits(&number.number)))
}

/// Returns the row of an entry. `packed` is the encoding of values in Base64 that are not UTF-8.
pub(super) fn row(record: &Record, packed: Option<Encoding>) -> PersonRow {
    let text = |attribute: &Attribute| match packed {
        Some(packed) if attribute.is_packed && str::from_utf8(&attribute.value).is_err() => {
            packed.decode_whole(&attribute.value).map_or_else(|| attribute.value.clone(), String::into_bytes)
        }
        _ => attribute.value.clone(),
    };
    let first = |meaning| record.all(meaning).find(|attribute| is_filled(attribute)).map(text);
    let mut row = PersonRow::new(ADDED.len());
    for column in 0..TEXT_COLUMNS {
        if let Some(text) = first(Meaning::Text(column)) {
            row.set(column, text);
        }
    }
    if let Some(title) = first(Meaning::Title) {
        let is_salutation = salutation::recognize(&String::from_utf8_lossy(&title)).is_some();
        let column =
            if is_salutation && row.is_empty(NAME_PREFIX) { NAME_PREFIX } else { attribute::JOB_TITLE };
        row.set(column, title);
    }
    let is_company = classes(record).rule_out_a_person();
    let full_name = first(Meaning::DisplayName).or_else(|| first(Meaning::CommonName));
    match full_name {
        Some(name) if is_company && row.is_empty(ORGANIZATION) => row.set(ORGANIZATION, name),
        Some(name) => row.set(FULL_NAME, name),
        // An entry has the values in its name, even if the search did not ask for them.
        None if row.is_empty(FIRST_NAME) && row.is_empty(LAST_NAME) => {
            let part = attribute::first_part(distinguished_name(record));
            if let Some((_, name)) = part.filter(|(attribute, _)| attribute == "cn" && !is_company) {
                row.set(FULL_NAME, name);
            }
        }
        None => {}
    }
    row.doubt_names(is_company);
    let mut phones: Vec<_> = phones(record).collect();
    phones.sort_by_key(|(.., is_last)| *is_last);
    let mut seen: HashSet<(usize, &[u8])> = HashSet::new();
    for (phone, column, _) in phones {
        if seen.insert((column, phone.value.trim_ascii())) {
            row.add_phone(column, text(phone));
        }
    }
    let unclear: Vec<_> = unclear(record).map(|number| number.number.as_slice()).collect();
    row.set_unclear(unclear.join(b"; ".as_slice()));
    row
}

/// Returns the phones of an entry with their phone columns, and whether they come after others.
fn phones(record: &Record) -> impl Iterator<Item = (&Attribute, usize, bool)> {
    record.attributes.iter().filter_map(|attribute| match attribute.meaning {
        Meaning::Phone { column, is_last } if is_filled(attribute) => Some((attribute, column, is_last)),
        _ => None,
    })
}

fn is_filled(attribute: &Attribute) -> bool {
    !attribute.value.trim_ascii().is_empty()
}

fn has_any(record: &Record, meaning: Meaning) -> bool {
    record.all(meaning).any(is_filled)
}

fn has_phone(record: &Record) -> bool {
    phones(record).next().is_some()
}

fn has_name(record: &Record) -> bool {
    [Meaning::Text(LAST_NAME), Meaning::DisplayName, Meaning::CommonName]
        .into_iter()
        .any(|meaning| has_any(record, meaning))
}

fn classes(record: &Record) -> Classes {
    let mut classes = Classes::default();
    record.all(Meaning::Class).for_each(|class| classes.add(&class.value));
    classes
}

fn distinguished_name(record: &Record) -> &[u8] {
    record.all(Meaning::DistinguishedName).next().map_or(b"", |name| &name.value)
}

/// Returns an error if an entry has a class twice, which no directory allows, and names of two people.
fn check_is_one(record: &Record) -> Result<(), Fault> {
    let mut seen = HashSet::new();
    let again = record.all(Meaning::Class).find(|class| !seen.insert(class.value.to_ascii_lowercase()));
    let Some(again) = again else { return Ok(()) };
    let names_two = |meaning| {
        let mut names =
            record.all(meaning).filter(|name| !name.has_options).map(|name| name.value.trim_ascii());
        let first = names.next();
        names.any(|name| Some(name) != first)
    };
    let names = [Meaning::Text(FIRST_NAME), Meaning::Text(LAST_NAME), Meaning::CommonName];
    if names.into_iter().any(names_two) {
        return Err(Fault::BrokenEntry {
            line: again.line,
            reason: format!(
                "a second `objectClass: {}` in the entry that begins on line {}; the entry may describe two people",
                shortened(&again.value),
                record.line
            ),
        });
    }
    Ok(())
}
