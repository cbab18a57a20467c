//! Reads vCards into rows, one per card.
//!
//! [`split`] cuts the text into cards and accounts for every line. [`property`] interprets the lines of versions 2.1,
//! 3.0 and 4.0. [`phone`] determines the kind of each phone number.

mod phone;
mod property;
mod split;

use std::{io::Read, ops::ControlFlow};

use self::{
    property::{Letters, Properties, Property},
    split::{Card, Strays},
};
use super::{
    encoding::{self, Encoding, UTF_8},
    error::Fault,
    file::source::Source,
    numbers,
    person::{
        self, EMAIL, FIRST_NAME, FULL_NAME, LAST_NAME, MIDDLE_NAME, NAME_PREFIX, ORGANIZATION, PersonRow,
    },
    raw_row::RowSink,
    settings::ParseSettings,
};
use crate::contact::Region;

/// The maximum amount of text in an unknown encoding that is examined.
const MAX_FOREIGN_BYTES: usize = 1024 * 1024;

/// A file of cards.
pub(super) struct Cards {
    /// The encoding to decode the whole file with. `None` if each property is decoded separately.
    transcoded: Option<Encoding>,
    letters: Letters,
    pub(super) names: Vec<String>,
    /// Notes for the user on how the cards were read.
    pub(super) notes: Vec<String>,
}

impl Cards {
    /// Reads all cards once to find faults before any card is used.
    pub(super) fn open(
        source: &mut Source,
        encoding: Encoding,
        settings: &ParseSettings,
    ) -> Result<Self, Fault> {
        let is_ascii = encoding.is_ascii_compatible();
        let mut cards = Self {
            transcoded: (!is_ascii).then_some(encoding),
            letters: Letters {
                fallback: if is_ascii { encoding } else { UTF_8 },
                is_certain: is_ascii && settings.encoding.is_some(),
            },
            names: person::columns(&[], settings),
            notes: Vec::new(),
        };
        match cards.survey(source, settings.region) {
            // The file contains parts in UTF-16. Decoding the whole file line by line handles them.
            Err(Fault::OtherEncoding { .. })
                if is_ascii && !encoding.is_single_byte() && encoding != UTF_8 =>
            {
                (cards.transcoded, cards.letters.fallback) = (Some(encoding), UTF_8);
                cards.survey(source, settings.region)?;
            }
            surveyed => surveyed?,
        }
        Ok(cards)
    }

    fn survey(&mut self, source: &mut Source, region: Option<Region>) -> Result<(), Fault> {
        let mut strays = Strays::default();
        let mut foreign = Vec::new();
        let (mut first_foreign, mut unread, mut joined) = (None, None, None);
        let mut count = 0_u64;
        split::cards(self.text(source)?, &mut strays, &mut |card| {
            count += 1;
            let properties = Properties::of(card);
            check_is_one(card, &properties)?;
            for property in
                properties.all.iter().filter(|property| matches!(property.name.as_str(), "N" | "FN" | "ORG"))
            {
                if let Some(bytes) = property.foreign().filter(|_| foreign.len() < MAX_FOREIGN_BYTES) {
                    first_foreign.get_or_insert(property.line);
                    foreign.extend_from_slice(&bytes);
                    foreign.push(b'\n');
                }
            }
            joined = joined.or(properties.joined);
            for (line, text) in unclear(&properties).lines {
                let (count, ..) = unread.get_or_insert((0_u64, line, text));
                *count += 1;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        self.notes = strays.notes();
        if count == 0 {
            return Err(Fault::NoRecords("a card"));
        }
        if let Some(line) = joined {
            self.notes.push(format!(
                "line {line}: several properties are on one line; rollcall reads each of them"
            ));
        }
        if let Some((count, line, text)) = unread {
            let lines = if count == 1 { "1 line" } else { &format!("{count} lines") };
            self.notes.push(format!(
                "rollcall does not call numbers outside phone properties: {lines}, the first is line {line}: `{text}`"
            ));
        }
        if let Some(line) = first_foreign.filter(|_| !self.letters.is_certain) {
            if self.letters.fallback == UTF_8 {
                self.letters.fallback = encoding::of_bytes(&foreign, region).unwrap_or(UTF_8);
            }
            self.notes.push(if self.letters.fallback == UTF_8 {
                format!(
                    "names in some cards, the first on line {line}, are in an unknown encoding; name it with --encoding"
                )
            } else {
                format!(
                    "names in some cards, the first on line {line}, are not UTF-8; rollcall reads them as {}. Use \
                     --encoding if this is wrong",
                    self.letters.fallback.name()
                )
            });
        }
        Ok(())
    }

    /// Returns the encoding of text without a charset of its own.
    pub(super) fn encoding(&self) -> Encoding {
        self.transcoded.unwrap_or(self.letters.fallback)
    }

    fn text(&self, source: &mut Source) -> Result<Box<dyn Read + Send>, Fault> {
        match self.transcoded {
            Some(encoding) => encoding::decoded(source, encoding),
            None => source.start(),
        }
    }

    /// Passes every card to `sink`.
    pub(super) fn visit(&self, source: &mut Source, sink: &mut impl RowSink) -> Result<(), Fault> {
        split::cards(self.text(source)?, &mut Strays::default(), &mut |card| {
            Ok(sink.row(card.line, &row_of(&Properties::of(card), self.letters)))
        })
    }
}

/// Returns an error if the card is the remains of two joined cards, because one would get the other's number.
fn check_is_one(card: &Card, properties: &Properties) -> Result<(), Fault> {
    let is_version_4 = properties.named("VERSION").any(|version| version.is("4.0"));
    let mut seen: Vec<&Property> = Vec::new();
    for property in
        properties.all.iter().filter(|property| matches!(property.name.as_str(), "VERSION" | "N" | "FN"))
    {
        // Alternative spellings of a name are marked as such. Version 4 also allows unmarked ones.
        let is_other_spelling = property.is_alternative() || property.name == "FN" && is_version_4;
        if is_other_spelling {
            continue;
        }
        match seen.iter().find(|earlier| earlier.name == property.name) {
            Some(earlier) if !earlier.says_the_same(property) => {
                return Err(Fault::JoinedCards {
                    line: property.line,
                    property: property.name.clone(),
                    first: card.line,
                });
            }
            Some(_) => {}
            None => seen.push(property),
        }
    }
    // A second version after other properties is a sure sign of a second card.
    let mut versions = properties.all.iter().enumerate().filter(|(_, property)| property.name == "VERSION");
    if let (Some((first, _)), Some((second, again))) = (versions.next(), versions.next())
        && second > first + 1
    {
        let property = again.name.clone();
        return Err(Fault::JoinedCards { line: again.line, property, first: card.line });
    }
    Ok(())
}

/// Numbers of a card outside phone properties.
#[derive(Default)]
struct Unclear {
    numbers: Vec<u8>,
    lines: Vec<(u64, String)>,
}

fn unclear(properties: &Properties) -> Unclear {
    let mut unclear = Unclear::default();
    let strays = properties.strays.iter();
    let strays = strays.filter_map(|(line, text)| {
        let number = numbers::number_in(text).or_else(|| numbers::leading_number(text))?;
        Some((*line, number, numbers::shortened(text)))
    });
    let others = properties.all.iter().filter_map(|property| {
        let unknown = || property.unknown_number().filter(|_| property.name != "TEL");
        Some((property.line, property.number_in_kind().or_else(unknown)?, property.name.clone()))
    });
    for (line, number, text) in strays.chain(others) {
        if !unclear.numbers.is_empty() {
            unclear.numbers.extend_from_slice(b"; ");
        }
        unclear.numbers.extend_from_slice(number);
        unclear.lines.push((line, text));
    }
    unclear
}

fn row_of(properties: &Properties, letters: Letters) -> PersonRow {
    let mut row = PersonRow::new(0);
    set_names(&mut row, properties, letters);
    for (property, column) in phone::by_preference(properties, letters) {
        row.add_phone(column, property.text(letters));
    }
    row.set_unclear(unclear(properties).numbers);
    row
}

fn set_names(row: &mut PersonRow, properties: &Properties, letters: Letters) {
    if let Some(name) = properties.named("N").next() {
        // The order is family, given, additional, prefix, suffix.
        let columns = [LAST_NAME, FIRST_NAME, MIDDLE_NAME, NAME_PREFIX];
        for (part, column) in name_parts(name.components(letters)).into_iter().zip(columns) {
            row.set(column, joined_names(part));
        }
    }
    let text =
        |name: &str| properties.named(name).next().map(|property| property.text(letters)).unwrap_or_default();
    row.set(FULL_NAME, text("FN"));
    row.set(EMAIL, text("EMAIL"));
    let organization = properties.named("ORG").next().map(|property| property.components(letters));
    row.set(ORGANIZATION, organization.and_then(|parts| parts.into_iter().next()).unwrap_or_default());
    let is_company = properties.named("X-ABSHOWAS").any(|shown| shown.is("COMPANY"))
        || properties.named("KIND").any(|kind| !kind.is("individual"));
    row.doubt_names(is_company);
}

/// Returns the parts of a name. If another program escaped the semicolons, all parts are in the first one.
fn name_parts(parts: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let is_alone = parts.iter().skip(1).all(|part| part.trim_ascii().is_empty());
    match parts.first() {
        Some(first) if is_alone && memchr::memchr(b';', first).is_some() => {
            first.split(|byte| *byte == b';').map(<[u8]>::to_vec).collect()
        }
        _ => parts,
    }
}

/// Joins several names in one part, such as two given names.
fn joined_names(part: Vec<u8>) -> Vec<u8> {
    match memchr::memchr(b',', &part) {
        Some(_) => part.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).collect::<Vec<_>>().join(&b' '),
        None => part,
    }
}

#[cfg(test)]
mod tests;
