//! Notes on ragged rows in files of rejected rows. A later run uses them to detect whether a person has fixed the row's
//! cells.
//!
//! An unchanged ragged row must not pass: the number in its phone column may belong to a fax. Not every change counts
//! as a fix, because people fill whole columns at once, and spreadsheets rewrite numbers and dates. Therefore a
//! note has checksums of only what a spreadsheet keeps. A row counts as fixed if it has a different number, or if its
//! cells now fit the header.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::row::{Columns, Ragged, RaggedCause};

/// The column of notes. An empty cell says that the cells of the row are right.
pub const COLUMN: &str = "rollcall_ragged";

/// The prefix of the names of columns for cells beyond the header.
pub const EXTRA_COLUMN: &str = "rollcall_extra";

/// The maximum number of checksums of numbers in a note, so that the note stays short.
const MAX_NUMBERS: usize = 24;

/// The number of digits in a phone number.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A note on a row, with its state when it was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The problem of the row.
    pub ragged: Ragged,
    /// Short checksums of its numbers, each with its header.
    numbers: Vec<u16>,
    /// A checksum of its words.
    words: u32,
}

/// The cells of a row in a file of rejected rows.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    /// The headers of the columns that are not rollcall's own.
    pub headers: &'a [String],
    /// The column mapping of these headers.
    pub columns: &'a Columns,
    /// The cells below the headers.
    pub cells: &'a [&'a [u8]],
    /// The cells beyond the header.
    pub extra: &'a [&'a [u8]],
}

impl<'a> Cells<'a> {
    fn named(self) -> impl Iterator<Item = (usize, &'a str, &'a [u8])> {
        let cells = self.headers.iter().zip(self.cells).enumerate();
        cells.map(|(column, (header, cell))| (column, header.as_str(), *cell))
    }

    /// Checksums of the numbers in all columns, or only in the phone columns.
    fn numbers(self, of_phones: bool) -> impl Iterator<Item = u16> {
        let is_wanted = move |column: &usize| !of_phones || self.columns.phone.contains(column);
        let wanted = self.named().filter(move |(column, ..)| is_wanted(column));
        wanted.filter(|(_, _, cell)| is_number(cell)).map(|(_, header, cell)| {
            let digits: Vec<u8> = cell.iter().copied().filter(u8::is_ascii_digit).collect();
            // A spreadsheet removes leading zeros.
            let start = digits.iter().position(|digit| *digit != b'0').unwrap_or_default();
            let [.., high, low] = checksum(header, &digits[start..]).to_be_bytes();
            u16::from_be_bytes([high, low])
        })
    }

    /// A checksum of all words, except numbers and columns that people fill as a whole.
    fn words(self) -> u32 {
        let Self { columns, .. } = self;
        let is_kept = |column: &usize| {
            columns.salutation != Some(*column)
                && ![&columns.country, &columns.phone, &columns.area].iter().any(|all| all.contains(column))
        };
        let own = self.named().filter(|(column, ..)| is_kept(column)).map(|(_, header, cell)| (header, cell));
        let all = own.chain(self.extra.iter().map(|cell| (EXTRA_COLUMN, *cell)));
        // The order of the columns does not matter.
        all.filter(|(_, cell)| !is_blank(cell)).fold(0, |sum, (header, cell)| {
            // Of dates and quantities, a spreadsheet keeps nothing but their presence.
            let text = String::from_utf8_lossy(cell);
            let letters: String = text.chars().filter(|letter| letter.is_alphabetic()).collect();
            sum.wrapping_add(checksum(header, letters.as_bytes()))
        })
    }
}

impl Note {
    /// Creates the note on a row.
    pub fn new(ragged: Ragged, row: Cells<'_>) -> Self {
        // A column that is not a phone column now may be one when the note is read.
        let numbers = row.numbers(true).chain(row.numbers(false)).take(MAX_NUMBERS).collect();
        Self { ragged, numbers, words: row.words() }
    }

    /// Reads a note from its cell. Returns `None` if the text is not a note.
    pub fn read(cell: &[u8]) -> Option<Self> {
        let text = str::from_utf8(cell).ok()?.trim();
        let (description, sums) = text.strip_suffix(']')?.split_once(" [")?;
        let without_prefix =
            |(cause, prefix): &(RaggedCause, &str)| Some((*cause, description.strip_prefix(prefix)?));
        let (cause, counts) = CAUSES.iter().find_map(without_prefix)?;
        let (found, expected) = counts.split_once(" cells instead of ")?;
        let (expected, found) = (expected.parse().ok()?, found.parse().ok()?);
        let mut sums = sums.split(' ');
        let words = u32::from_str_radix(sums.next()?, 16).ok()?;
        let numbers = sums.map(|sum| u16::from_str_radix(sum, 16).ok()).collect::<Option<_>>()?;
        Some(Self { ragged: Ragged { expected, found, cause }, numbers, words })
    }

    /// Returns whether a person has fixed the cells of the row.
    pub fn is_fixed(&self, row: Cells<'_>) -> bool {
        let Ragged { expected, found, cause } = self.ragged;
        let Cells { columns, cells, extra, .. } = row;
        // A full note may lack a number of the row.
        let is_complete = self.numbers.len() < MAX_NUMBERS;
        if is_complete && row.numbers(true).any(|number| !self.numbers.contains(&number)) {
            return true;
        }
        if cause == RaggedCause::Cells && found < expected {
            let end = usize::try_from(found).unwrap_or(usize::MAX).min(cells.len());
            let is_filled = cells[end..].iter().any(|cell| !is_blank(cell));
            // If a cell is missing, the number is one column too far to the left, with another number in its place.
            let first_phone = columns.phone.iter().min().copied().unwrap_or_default().min(cells.len());
            let mut others = (0..first_phone).filter(|column| !columns.area.contains(column));
            return is_filled && !others.any(|column| is_number(cells[column]));
        }
        let has_moved = |moved: &[u8]| cells.iter().any(|cell| cell.trim_ascii() == moved.trim_ascii());
        let mut surplus = extra.iter().filter(|cell| !is_blank(cell)).peekable();
        row.words() != self.words && (surplus.peek().is_none() || surplus.any(|cell| has_moved(cell)))
    }
}

/// The beginnings of notes. The first match counts.
const CAUSES: [(RaggedCause, &str); 4] = [
    (RaggedCause::Quote, "a stray quotation mark, "),
    (RaggedCause::BrokenLine, "a line broken in two, "),
    (RaggedCause::JoinedLines, "two rows on one line, "),
    (RaggedCause::Cells, ""),
];

impl fmt::Display for Note {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ragged { expected, found, cause } = self.ragged;
        let prefix = CAUSES.iter().find(|(known, _)| *known == cause).map_or("", |(_, prefix)| prefix);
        write!(to, "{prefix}{found} cells instead of {expected} [{:08x}", self.words)?;
        self.numbers.iter().try_for_each(|number| write!(to, " {number:04x}"))?;
        to.write_str("]")
    }
}

/// A checksum that is long enough to detect a change.
fn checksum(header: &str, text: &[u8]) -> u32 {
    let sum = Sha256::new().chain_update(header.trim()).chain_update([0]).chain_update(text).finalize();
    sum.iter().take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

fn is_blank(cell: &[u8]) -> bool {
    cell.trim_ascii().is_empty()
}

/// Tests whether the characters of a cell can be a phone number.
fn is_number(cell: &[u8]) -> bool {
    let digits = cell.iter().filter(|byte| byte.is_ascii_digit()).count();
    PHONE_DIGITS.contains(&digits) && !cell.iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        Columns {
            first_name: Some(0),
            last_name: Some(1),
            salutation: Some(2),
            phone: vec![3],
            country: vec![5],
            ..Columns::default()
        }
    }

    /// Tests whether a row of first name, last name, salutation, phone, fax and country counts as fixed.
    fn is_fixed(cause: RaggedCause, before: &[&'static str], after: &[&'static str]) -> bool {
        const WIDTH: usize = 6;

        let ragged = Ragged { expected: 6, found: u32::try_from(before.len()).unwrap(), cause };
        let padded = |cells: &[&'static str]| {
            let mut cells: Vec<&[u8]> = cells.iter().map(|cell| cell.as_bytes()).collect();
            cells.resize(cells.len().max(WIDTH), b"");
            cells
        };
        let (before, after) = (padded(before), padded(after));
        let headers = ["First", "Last", "Salutation", "Phone", "Fax", "Country"].map(str::to_owned);
        let columns = columns();
        let (cells, extra) = before.split_at(WIDTH);
        let row = Cells { headers: &headers, columns: &columns, cells, extra };
        let written = Note::new(ragged, row);
        let note = Note::read(written.to_string().as_bytes()).unwrap();
        assert_eq!(note, written);
        note.is_fixed(Cells { cells: &after[..WIDTH], extra: &after[WIDTH..], ..row })
    }

    /// Source: mautic issue 890, for the zeros that Excel removes.
    #[test]
    fn short_row_is_fixed_by_a_new_number_or_a_filled_end() {
        let fixed = |after: &[&'static str]| {
            is_fixed(RaggedCause::Cells, &["Asha", "Mrs", "020 7946 0100", "020 7946 0199", "GB"], after)
        };
        assert!(fixed(&["Asha", "Rao", "Mrs", "020 7946 0100", "020 7946 0199", "GB"]));
        assert!(!fixed(&["Asha", "Mrs", "020 7946 0100", "020 7946 0199", "GB"]), "unchanged");
        assert!(!fixed(&["Asha", "Mrs", "2079460100", "2079460199", "GB"]), "as a spreadsheet rewrites it");
        assert!(!fixed(&["Asha", "Mrs", "020 7946 0100", "020 7946 0199", "GB", "GB"]), "a column filled in");
        let cut = |after: &[&'static str]| {
            is_fixed(RaggedCause::Cells, &["Asha", "Rao", "Mrs", "020 7946 0100"], after)
        };
        assert!(cut(&["Asha", "Rao", "Mrs", "020 7946 0100", "", "GB"]));
        assert!(!cut(&["Asha", "Rao", "Mr", "020 7946 0100"]));
    }

    #[test]
    fn surplus_row_is_fixed_by_emptied_or_moved_cells() {
        let fixed = |after: &[&'static str]| {
            is_fixed(
                RaggedCause::Cells,
                &["Asha", "Rao", "Mrs", "020 7946 0100", "call", "late", "GB"],
                after,
            )
        };
        assert!(fixed(&["Asha", "Rao", "Mrs", "020 7946 0100", "call, late", "GB", ""]));
        assert!(
            fixed(&["Asha", "Rao", "Mrs", "020 7946 0100", "call, late", "GB", "GB"]),
            "still in its old column"
        );
        assert!(!fixed(&["Asha", "Rao", "Mr", "020 7946 0100", "call", "late", "GB"]), "a column filled in");
        let empty = |after: &[&'static str]| {
            is_fixed(RaggedCause::Cells, &["", "Asha", "Rao", "Mrs", "020 7946 0100", "GB", ""], after)
        };
        assert!(!empty(&["", "Asha", "Rao", "Mrs", "020 7946 0100", "GB", ""]));
        assert!(empty(&["Asha", "Rao", "Mrs", "020 7946 0100", "", "GB", ""]));
    }

    #[test]
    fn other_damage_is_fixed_by_different_words() {
        let before = ["Asha \"A", "Rao", "Mrs", "020 7946 0100", "1/2", "GB"];
        for cause in [RaggedCause::Quote, RaggedCause::BrokenLine, RaggedCause::JoinedLines] {
            let fixed = |after: &[&'static str]| is_fixed(cause, &before, after);
            assert!(fixed(&["Asha", "Rao", "Mrs", "020 7946 0100", "1/2", "GB"]));
            assert!(!fixed(&["Asha \"A", "Rao", "Mr", "020 7946 0100", "2026-02-01", "IN"]), "{cause:?}");
        }
    }

    #[test]
    fn unchanged_row_of_many_numbers_is_not_fixed() {
        let headers: Vec<String> = (0..40).map(|column| format!("Date {column}")).collect();
        let cells: Vec<String> = (0..40).map(|column| format!("2026-01-{:02}", column % 28 + 1)).collect();
        let cells: Vec<&[u8]> = cells.iter().map(String::as_bytes).collect();
        let phone_of = |phone| Columns { phone: vec![phone], ..Columns::default() };
        let ragged = Ragged { expected: 41, found: 40, cause: RaggedCause::Cells };
        let (first, second) = (phone_of(39), phone_of(30));
        let row = Cells { headers: &headers, columns: &first, cells: &cells, extra: &[] };
        let note = Note::read(Note::new(ragged, row).to_string().as_bytes()).unwrap();
        assert!(!note.is_fixed(row));
        assert!(!note.is_fixed(Cells { columns: &second, ..row }), "read by another column");
    }

    #[test]
    fn other_text_is_not_a_note() {
        for text in [
            "",
            "4 cells instead of 8",
            "four cells instead of 8 [00000000]",
            "4 cells instead of 8 [x]",
            "x [1 2]",
            "[1 2]",
        ] {
            assert_eq!(Note::read(text.as_bytes()), None, "{text}");
        }
    }
}
