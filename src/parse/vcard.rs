//! vCards become rows, one for each card.
//!
//! A card is cut out of the text line by line, so that it can be bounded and its row is the line it begins on; what its
//! lines mean is read by `calcard`, in the versions 2.1, 3.0 and 4.0.

use std::io::{BufRead as _, BufReader, Read as _};

use calcard::{
    Entry, Parser,
    common::IanaString as _,
    vcard::{VCard, VCardEntry, VCardParameterValue, VCardProperty, VCardValue},
};

use super::{
    assemble::RawRow,
    csv::MAX_CELL_BYTES,
    encoding::{self, Encoding},
    error::Fault,
    source::Source,
    table::RowSink,
};
use crate::row::{Cell, CellKind};

/// The longest card, without its pictures.
const MAX_CARD_BYTES: usize = 1024 * 1024;

/// The longest line that is looked at; those of pictures may be longer.
const MAX_LINE_BYTES: u64 = 64 * 1024 * 1024;

/// Properties that are left out unread: pictures, sounds and keys.
const BINARY: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "KEY"];

/// Columns by what a card says, the phones by kind. A second phone of a kind has its number behind the name.
const NAMES: [&str; 6] =
    ["First Name", "Last Name", "Full Name", "Name Prefix", "Middle Name", "Organization"];
const KINDS: [&str; 6] = ["Mobile Phone", "Main Phone", "Work Phone", "Home Phone", "Other Phone", "Fax"];

/// Phones of one kind that are read.
const MAX_OF_KIND: usize = 3;

/// A file of cards.
pub(super) struct Cards {
    encoding: Encoding,
    pub(super) names: Vec<String>,
}

impl Cards {
    pub(super) fn new(encoding: Encoding) -> Self {
        let phones = KINDS.iter().flat_map(|kind| {
            (1..=MAX_OF_KIND)
                .map(move |number| if number == 1 { (*kind).to_owned() } else { format!("{kind} {number}") })
        });
        Self { encoding, names: NAMES.iter().map(|name| (*name).to_owned()).chain(phones).collect() }
    }

    /// Goes through all cards.
    pub(super) fn visit(&self, source: &mut Source, sink: &mut impl RowSink) -> Result<(), Fault> {
        let mut text = BufReader::new(encoding::decoded(source, self.encoding)?);
        let mut card: Option<(u64, Vec<u8>)> = None;
        let (mut line, mut is_skipping) = (Vec::new(), false);
        for number in 1.. {
            line.clear();
            let read = text
                .by_ref()
                .take(MAX_LINE_BYTES + 1)
                .read_until(b'\n', &mut line)
                .map_err(Fault::from_io)?;
            if read as u64 > MAX_LINE_BYTES {
                return Err(Fault::RecordTooLong { line: number, max_bytes: MAX_CARD_BYTES });
            }
            if read == 0 {
                break;
            }
            let begins = |word: &str| line.trim_ascii().eq_ignore_ascii_case(word.as_bytes());
            match &mut card {
                _ if begins("BEGIN:VCARD") => {
                    if let Some((first, _)) = card {
                        return Err(Fault::OpenCard { line: first });
                    }
                    card = Some((number, line.clone()));
                }
                Some((first, bytes)) => {
                    let is_continued = matches!(line.first(), Some(b' ' | b'\t'));
                    is_skipping = if is_continued { is_skipping } else { is_binary(&line) };
                    if !is_skipping {
                        bytes.extend_from_slice(&line);
                    }
                    if bytes.len() > MAX_CARD_BYTES {
                        return Err(Fault::RecordTooLong { line: *first, max_bytes: MAX_CARD_BYTES });
                    }
                    if begins("END:VCARD") {
                        let row = CardRow::read(bytes, *first, self.names.len())?;
                        let first = *first;
                        card = None;
                        if sink.row(first, &row).is_break() {
                            return Ok(());
                        }
                    }
                }
                // Between two cards.
                None => {}
            }
        }
        match card {
            Some((line, _)) => Err(Fault::OpenCard { line }),
            None => Ok(()),
        }
    }
}

/// Whether a line begins a property that holds no text.
fn is_binary(line: &[u8]) -> bool {
    let end = line.iter().position(|byte| matches!(byte, b':' | b';')).unwrap_or(line.len());
    let name = line[..end].rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    BINARY.iter().any(|binary| name.eq_ignore_ascii_case(binary.as_bytes()))
}

struct CardRow {
    cells: Vec<String>,
}

impl RawRow for CardRow {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        Cell { text: self.cells[index].as_bytes(), kind: CellKind::Text }
    }
}

impl CardRow {
    fn read(card: &[u8], line: u64, width: usize) -> Result<Self, Fault> {
        let text = String::from_utf8_lossy(card);
        let Entry::VCard(card) = Parser::new(&text).entry() else {
            return Err(Fault::OpenCard { line });
        };
        let mut row = Self { cells: vec![String::new(); width] };
        row.read_names(&card);
        for entry in card.entries.iter().filter(|entry| entry.name == VCardProperty::Tel) {
            let kind = kind(entry);
            let places = NAMES.len() + kind * MAX_OF_KIND..NAMES.len() + (kind + 1) * MAX_OF_KIND;
            let number = texts(entry).next().unwrap_or_default();
            let cells = &mut row.cells[places];
            match cells.iter().position(String::is_empty) {
                Some(free) => cells[free] = number,
                // More than a list has columns for: the first is the one to call, and whoever must not be called has all.
                None => cells[MAX_OF_KIND - 1].extend(["; ", &number]),
            }
        }
        match row.cells.iter().find(|cell| cell.len() > MAX_CELL_BYTES) {
            Some(_) => Err(Fault::CellTooLong { line, max_bytes: MAX_CELL_BYTES }),
            None => Ok(row),
        }
    }

    fn read_names(&mut self, card: &VCard) {
        let first = |name: VCardProperty| card.entries.iter().find(|entry| entry.name == name);
        if let Some(parts) = first(VCardProperty::N) {
            // Family, given, additional, prefix, suffix.
            let parts: Vec<String> = texts(parts).collect();
            for (part, place) in parts.into_iter().zip([1, 0, 4, 3]) {
                self.cells[place] = part;
            }
        }
        for (name, place) in [(VCardProperty::Fn, 2), (VCardProperty::Org, 5)] {
            self.cells[place] = first(name).and_then(|entry| texts(entry).next()).unwrap_or_default();
        }
    }
}

/// The values of a property as text; several in one place are one, such as two given names.
fn texts(entry: &VCardEntry) -> impl Iterator<Item = String> {
    entry.values.iter().map(|value| match value {
        VCardValue::Text(text) => text.clone(),
        VCardValue::Component(parts) => parts.join(" "),
        VCardValue::Integer(number) => number.to_string(),
        _ => String::new(),
    })
}

/// Which of the kinds a phone is.
fn kind(entry: &VCardEntry) -> usize {
    let types: Vec<String> = entry
        .params
        .iter()
        .filter_map(|param| match &param.value {
            VCardParameterValue::Type(kind) => Some(kind.as_str().to_lowercase()),
            VCardParameterValue::Text(text) => Some(text.to_lowercase()),
            _ => None,
        })
        .collect();
    let has = |names: &[&str]| types.iter().any(|kind| names.contains(&kind.as_str()));
    match () {
        () if has(&["fax", "pager", "modem", "bbs", "textphone"]) => 5,
        () if has(&["cell", "iphone", "car", "mobile"]) => 0,
        () if has(&["main", "main-number"]) => 1,
        () if has(&["work"]) => 2,
        () if has(&["home"]) => 3,
        () => 4,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::parse::table::Preview;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, text).unwrap();
        let cards = Cards::new(encoding::UTF_8);
        let mut preview = Preview::new(usize::MAX);
        cards.visit(&mut Source::open(&path).unwrap(), &mut preview).map_err(|fault| fault.to_string())?;
        let line = |row: crate::row::Row<'_>| {
            let filled = row.cells().zip(&cards.names).filter(|(cell, _)| !cell.is_blank());
            let filled: Vec<_> =
                filled.map(|(cell, name)| format!("{name}={}", String::from_utf8_lossy(cell.text))).collect();
            format!("{}: {}", row.location.row, filled.join(", "))
        };
        Ok(preview.rows.iter().map(line).collect())
    }

    #[test]
    fn cards_of_all_versions_are_read() {
        let text = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen;;;\r\nTEL;CELL;PREF:+49 170 1234567\r\nTEL;WORK;FAX:030 12\r\nEND:VCARD\r\n\
            \r\nbegin:vcard\nVERSION:3.0\nN:Rao;Asha;;Dr.;\nFN:Dr. Asha Rao\nitem1.TEL;type=CELL;type=VOICE;type=pref:98765 43210\nTEL;TYPE=HOME,VOICE:022 1\nTEL;TYPE=HOME:022 2\nORG:Example;Sales\nPHOTO;ENCODING=b:AAAA\n BBBB\n CCCC\nend:vcard\n\
            BEGIN:VCARD\nVERSION:4.0\nFN:Li Wei\nTEL;VALUE=uri;PREF=1;TYPE=\"voice,cell\":tel:+86-138-1234-5678\nEND:VCARD\n";
        assert_eq!(
            read(text).unwrap(),
            [
                "1: First Name=Jürgen, Last Name=Müller, Mobile Phone=+49 170 1234567, Fax=030 12",
                "8: First Name=Asha, Last Name=Rao, Full Name=Dr. Asha Rao, Name Prefix=Dr., Organization=Example, \
                 Mobile Phone=98765 43210, Home Phone=022 1, Home Phone 2=022 2",
                "20: Full Name=Li Wei, Mobile Phone=tel:+86-138-1234-5678",
            ]
        );
    }

    #[test]
    fn a_card_that_does_not_end_is_an_error_with_its_line() {
        for text in ["BEGIN:VCARD\nFN:A\n", "\nBEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nEND:VCARD\n"] {
            assert!(read(text).unwrap_err().contains("the card is not ended"), "{text:?}");
        }
        let long = format!("BEGIN:VCARD\nNOTE:{}\nEND:VCARD\n", "x".repeat(2 << 20));
        assert!(read(&long).unwrap_err().contains("longer than"));
    }
}
