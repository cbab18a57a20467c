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
    raw_row::{RawRow, RowSink},
    settings::ParseSettings,
};
use crate::{
    contact::Region,
    row::{Cell, CellKind},
};

/// The columns before the phones. The phones follow by kind; further phones of a kind have their number after the name.
const NAMES: [&str; 7] =
    ["First Name", "Last Name", "Full Name", "Name Prefix", "Middle Name", "Organization", "Email"];
const FIRST_NAME: usize = 0;
const LAST_NAME: usize = 1;
const FULL_NAME: usize = 2;
const NAME_PREFIX: usize = 3;
const MIDDLE_NAME: usize = 4;
const ORGANIZATION: usize = 5;
const EMAIL: usize = 6;

/// The number of columns for phones of one kind.
const MAX_OF_KIND: usize = 3;

/// The last column: numbers outside phone properties. They are not called, only shown with rejected rows.
const UNCLEAR: &str = "Unclear Number";
const UNCLEAR_BUT_COUNTED: &str = "Other Phone 9";

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
        // In a do-not-call list, every number counts.
        let unclear = if settings.is_of_numbers() { UNCLEAR_BUT_COUNTED } else { UNCLEAR };
        let phones = phone::KINDS.iter().flat_map(|kind| {
            (1..=MAX_OF_KIND)
                .map(move |number| if number == 1 { (*kind).to_owned() } else { format!("{kind} {number}") })
        });
        let names = NAMES.iter().map(|name| (*name).to_owned()).chain(phones).chain([unclear.to_owned()]);
        let is_ascii = encoding.is_ascii_compatible();
        let mut cards = Self {
            transcoded: (!is_ascii).then_some(encoding),
            letters: Letters {
                fallback: if is_ascii { encoding } else { UTF_8 },
                is_certain: is_ascii && settings.encoding.is_some(),
            },
            names: names.collect(),
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
            let row = CardRow::read(&Properties::of(card), self.letters, self.names.len());
            Ok(sink.row(card.line, &row))
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
        let number = split::number_in(text).or_else(|| split::leading_number(text))?;
        Some((*line, number, split::shortened(text)))
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

struct CardRow {
    cells: Vec<Vec<u8>>,
}

impl RawRow for CardRow {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        Cell { text: &self.cells[index], kind: CellKind::Text }
    }

    /// A card has an outcome even if nothing in it can be read.
    fn is_blank(&self) -> bool {
        false
    }
}

impl CardRow {
    fn read(properties: &Properties, letters: Letters, width: usize) -> Self {
        let mut row = Self { cells: vec![Vec::new(); width] };
        row.read_names(properties, letters);
        for (property, kind) in phone::by_preference(properties, letters) {
            let places = NAMES.len() + kind * MAX_OF_KIND..NAMES.len() + (kind + 1) * MAX_OF_KIND;
            let number = property.text(letters);
            let cells = &mut row.cells[places];
            match cells.iter().position(Vec::is_empty) {
                Some(free) => cells[free] = number,
                // With more numbers than columns, the first is called. A suppression list needs all of them.
                None => cells[MAX_OF_KIND - 1].extend([b"; ".as_slice(), &number].concat()),
            }
        }
        row.cells[width - 1] = unclear(properties).numbers;
        row
    }

    fn read_names(&mut self, properties: &Properties, letters: Letters) {
        if let Some(name) = properties.named("N").next() {
            // The order is family, given, additional, prefix, suffix.
            let places = [LAST_NAME, FIRST_NAME, MIDDLE_NAME, NAME_PREFIX];
            for (part, place) in name_parts(name.components(letters)).into_iter().zip(places) {
                self.cells[place] = joined_names(part);
            }
        }
        let text = |name: &str| {
            properties.named(name).next().map(|property| property.text(letters)).unwrap_or_default()
        };
        self.cells[FULL_NAME] = text("FN");
        self.cells[EMAIL] = text("EMAIL");
        let organization = properties.named("ORG").next().map(|property| property.components(letters));
        self.cells[ORGANIZATION] =
            organization.and_then(|parts| parts.into_iter().next()).unwrap_or_default();
        self.doubt_names(properties);
    }

    /// Clears names that are not a person's and moves names that are in the wrong place.
    fn doubt_names(&mut self, properties: &Properties) {
        let is_empty = |cell: &[u8]| cell.trim_ascii().is_empty();
        let has_parts = !is_empty(&self.cells[FIRST_NAME]) && !is_empty(&self.cells[LAST_NAME]);
        if has_parts {
            return;
        }
        let has_no_part = is_empty(&self.cells[FIRST_NAME]) && is_empty(&self.cells[LAST_NAME]);
        let is_company = properties.named("X-ABSHOWAS").any(|shown| shown.is("COMPANY"))
            || properties.named("KIND").any(|kind| !kind.is("individual"))
            || has_no_part
                && !is_empty(&self.cells[FULL_NAME])
                && self.cells[FULL_NAME] == self.cells[ORGANIZATION];
        let has_letter = is_empty(&self.cells[FULL_NAME])
            || String::from_utf8_lossy(&self.cells[FULL_NAME]).chars().any(char::is_alphabetic);
        if is_company || !has_letter {
            self.cells[FULL_NAME].clear();
            return;
        }
        // A whole name in one part becomes the full name, which is split later. Otherwise it would appear twice.
        for place in [FIRST_NAME, LAST_NAME] {
            let words = self.cells[place].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let is_whole = words.count() > 1;
            let is_same = is_empty(&self.cells[FULL_NAME])
                || folded(&self.cells[place]) == folded(&self.cells[FULL_NAME]);
            if is_whole && is_same {
                self.cells[FULL_NAME] = std::mem::take(&mut self.cells[place]);
            }
        }
    }
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

fn folded(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
