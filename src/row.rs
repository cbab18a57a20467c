//! Rows of a file as they were read: their locations and the unchanged text of their cells.
//!
//! [`parse`](crate::parse) produces [`Rows`]: a few thousand rows in three allocations. This module does not interpret
//! cells.

use std::{ops::Range, str::Utf8Error};

use serde::{Deserialize, Serialize};

use crate::contact::Field;

/// The location of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// The input, in the order given, from 0.
    pub input: u16,
    /// The number that a person sees: the spreadsheet's row number, or the line on which a CSV record starts, from 1.
    pub row: u64,
}

/// The original row of a row to fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The run that rejected it; unknown in files of older versions.
    pub run: Option<String>,
    /// The path of its file, as given to that run.
    pub file: String,
    /// Its row number in that file.
    pub row: u64,
}

/// The columns in a file of rejected rows that identify the original row.
pub mod own_columns {
    /// The path of the file, as given.
    pub const FILE: &str = "rollcall_file";
    /// The row number.
    pub const ROW: &str = "rollcall_row";
    /// The run that rejected it.
    pub const RUN: &str = "rollcall_run";
}

/// The type that a spreadsheet gives a cell. Every cell of a CSV file is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellKind {
    /// Text, as bytes that need not be UTF-8.
    Text,
    /// A number, written in plain digits: never with an exponent.
    Number,
    /// A date, a time or a duration, written as ISO 8601.
    Date,
    /// `TRUE` or `FALSE`.
    Boolean,
    /// An error such as `#N/A`.
    Error,
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// The cell's text.
    pub text: &'a [u8],
    /// The type that the file gives the cell.
    pub kind: CellKind,
}

impl Cell<'_> {
    /// Returns whether the cell contains only white space and invisible characters.
    pub fn is_blank(&self) -> bool {
        match self.text.trim_ascii_start() {
            // The character that ends a file in DOS.
            [] | [0x1a] => true,
            [first, ..] => !first.is_ascii() && is_invisible(self.text),
        }
    }
}

/// Tests whether text that is not all ASCII is invisible.
#[cold]
fn is_invisible(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| text.chars().all(shows_nothing))
}

/// Tests whether a character is invisible: no-break and other spaces, zero-width characters, byte order marks, and
/// filler letters.
pub(crate) fn shows_nothing(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        )
}

/// The kind of a person's phone. Earlier variants are called first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhoneKind {
    /// Marked as preferred by its owner.
    Preferred,
    /// A mobile phone.
    Mobile,
    /// The main phone.
    Main,
    /// No kind is given.
    Unspecified,
    /// A phone at work.
    Work,
    /// A phone at home.
    Home,
    /// Another phone.
    Other,
    /// A car phone.
    Car,
    /// A phone of the company, not of the person.
    Company,
}

/// The question that a column about calls answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Whether the person must not be called, such as `Do Not Call`.
    IsForbidden,
    /// Whether the person may be called, such as `Contact Callable`.
    IsAllowed,
    /// The status of the person, such as `Lead Status`; one of its values means not to call.
    Status,
}

/// The kind of information that a label column gives about a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// The kind of phone, such as `Home` or `Fax`.
    Kind,
    /// Whether to call this phone first.
    Preferred,
    /// Whether this phone may be called.
    Calls(Question),
}

/// A column that describes the phone in another column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhoneLabel {
    /// The column of the number.
    pub phone: usize,
    /// The column of the label.
    pub column: usize,
    /// The kind of information.
    pub says: Says,
}

/// A column that says whether a person may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallColumn {
    /// The column.
    pub column: usize,
    /// The question that it answers.
    pub question: Question,
}

/// The column mapping of an input: the columns of each field, by index from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Phone numbers, the preferred column first. A row uses the first column with a usable number.
    pub phone: Vec<usize>,
    /// Columns whose digits precede those of the phone, such as an area code.
    pub area: Vec<usize>,
    /// Kinds of the phones, if their headers name them.
    pub phone_kinds: Vec<(usize, PhoneKind)>,
    /// Columns that describe some of the phones.
    pub labels: Vec<PhoneLabel>,
    /// Whether the user set the order of the phones. Labels do not change it then.
    pub is_phone_order_given: bool,
    /// First names.
    pub first_name: Option<usize>,
    /// Last names.
    pub last_name: Option<usize>,
    /// Full names.
    pub full_name: Option<usize>,
    /// Whether the header says that full names begin with the family name.
    pub is_family_name_first: bool,
    /// Salutations.
    pub salutation: Option<usize>,
    /// Countries or dialing codes, the preferred column first.
    pub country: Vec<usize>,
    /// Countries of phones that have country columns of their own, if their order differs.
    pub own_countries: Vec<(usize, Vec<usize>)>,
    /// Time zones, if the user named their column.
    pub time_zone: Option<usize>,
    /// Identifiers from another program, if the user named their column.
    pub unique_id: Option<usize>,
    /// Priorities, if the user named their column.
    pub priority: Option<usize>,
    /// Columns that say whether a person may be called.
    pub calls: Vec<CallColumn>,
}

impl Columns {
    /// Returns the columns of a field, the preferred one first.
    pub fn of(&self, field: Field) -> &[usize] {
        match field {
            Field::Phone => &self.phone,
            Field::FirstName => self.first_name.as_slice(),
            Field::LastName => self.last_name.as_slice(),
            Field::FullName => self.full_name.as_slice(),
            Field::Salutation => self.salutation.as_slice(),
            Field::Country => &self.country,
            Field::TimeZone => self.time_zone.as_slice(),
            Field::UniqueId => self.unique_id.as_slice(),
            Field::Priority => self.priority.as_slice(),
        }
    }

    /// Returns whether any field is read from the column.
    pub fn is_used(&self, column: usize) -> bool {
        Field::ALL.iter().any(|field| self.of(*field).contains(&column))
    }

    /// Returns the kind of phone that the header of a column names.
    pub fn phone_kind(&self, phone: usize) -> PhoneKind {
        let kind = self.phone_kinds.iter().find(|(column, _)| *column == phone);
        kind.map_or(PhoneKind::Unspecified, |(_, kind)| *kind)
    }

    /// Returns the columns with the country of a phone, the preferred one first.
    pub fn countries_of(&self, phone: usize) -> &[usize] {
        let own = self.own_countries.iter().find(|(column, _)| *column == phone);
        own.map_or(&self.country, |(_, countries)| countries)
    }

    /// Returns whether a row may forbid to call a number, in this row or any other. The status of a person may apply to a
    /// single call.
    pub fn may_forbid_numbers(&self) -> bool {
        let of_people = self.calls.iter().map(|call| call.question);
        let of_phones = self.labels.iter().filter_map(|label| match label.says {
            Says::Calls(question) => Some(question),
            Says::Kind | Says::Preferred => None,
        });
        of_people.chain(of_phones).any(|question| question != Question::Status)
    }

    /// Returns whether the column holds a field of the posted contact.
    pub fn is_of_contact(&self, column: usize) -> bool {
        let fields = Field::ALL.iter().filter(|field| !field.is_passed_on());
        fields.into_iter().any(|field| self.of(*field).contains(&column))
    }

    /// Adds a column to a field, after its existing ones. A field with a single column keeps the first.
    pub fn add(&mut self, field: Field, column: usize) {
        match field {
            Field::Phone => self.phone.push(column),
            Field::Country => self.country.push(column),
            Field::FirstName => _ = self.first_name.get_or_insert(column),
            Field::LastName => _ = self.last_name.get_or_insert(column),
            Field::FullName => _ = self.full_name.get_or_insert(column),
            Field::Salutation => _ = self.salutation.get_or_insert(column),
            Field::TimeZone => _ = self.time_zone.get_or_insert(column),
            Field::UniqueId => _ = self.unique_id.get_or_insert(column),
            Field::Priority => _ = self.priority.get_or_insert(column),
        }
    }
}

/// The end of a cell in the block's text. The cell begins where the previous one ends.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct CellMark {
    end: u32,
    kind: CellKind,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct RowMark {
    number: u64,
    cells_end: u32,
    text_end: u32,
    /// Whether a separator byte that belongs to no cell is between the cells.
    is_separated: bool,
    is_hidden: bool,
    ragged: Option<Ragged>,
}

/// A row whose cells may not match the headers above them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ragged {
    /// Cells in the header.
    pub expected: u32,
    /// Cells in the row.
    pub found: u32,
    /// The reason for the doubt.
    pub cause: RaggedCause,
}

/// A sign that cells of a row may have shifted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RaggedCause {
    /// The number of cells differs from the header's.
    #[default]
    Cells,
    /// A quotation mark is never closed, or text follows a closing one.
    Quote,
    /// The next line continues this one.
    BrokenLine,
    /// A second number is where the next row's number would be if the line break between them were missing.
    JoinedLines,
}

impl Ragged {
    /// Describes the problem in words.
    pub fn describe(self) -> String {
        let Self { expected, found, cause } = self;
        match cause {
            RaggedCause::Cells => format!("{found} cells where the header has {expected}"),
            RaggedCause::Quote => format!(
                "a quotation mark is not closed, or text follows the closing one: it is not certain where cells end \
                 ({found} cells where the header has {expected})"
            ),
            RaggedCause::BrokenLine => {
                "the line is broken in two: the next line begins with digits that may belong to the number"
                    .to_owned()
            }
            RaggedCause::JoinedLines => {
                "the line is much longer than others, with a second phone number where that of another row would be".to_owned()
            }
        }
    }
}

/// A block of consecutive rows of one input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rows {
    input: u16,
    #[serde(serialize_with = "serde_bytes::serialize", deserialize_with = "serde_bytes::deserialize")]
    text: Vec<u8>,
    cells: Vec<CellMark>,
    rows: Vec<RowMark>,
    /// The origins of rows to fix, by row number.
    origins: Vec<(u64, Origin)>,
    /// Whether the cells of the row under construction are separated.
    is_separated: bool,
    is_hidden: bool,
    /// Bytes of the input read so far, for progress.
    pub bytes_read: u64,
}

impl Rows {
    /// Creates an empty block for the given input.
    pub fn new(input: u16) -> Self {
        Self {
            input,
            text: Vec::new(),
            cells: Vec::new(),
            rows: Vec::new(),
            origins: Vec::new(),
            is_separated: false,
            is_hidden: false,
            bytes_read: 0,
        }
    }

    /// Creates an empty block for the same input, with the same capacity.
    pub fn with_room_of(other: &Self) -> Self {
        Self {
            input: other.input,
            text: Vec::with_capacity(other.text.len() + other.text.len() / 8),
            cells: Vec::with_capacity(other.cells.len() + other.cells.len() / 8),
            rows: Vec::with_capacity(other.rows.len() + other.rows.len() / 8),
            origins: Vec::new(),
            is_separated: false,
            is_hidden: false,
            bytes_read: 0,
        }
    }

    /// The number of rows in the block.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether the block has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The input of the rows.
    pub fn input(&self) -> u16 {
        self.input
    }

    /// The number of bytes of text in the block.
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// Adds a cell to the row under construction.
    pub fn push_cell(&mut self, text: &[u8], kind: CellKind) {
        debug_assert!(!self.is_separated, "the row is complete");
        self.text.extend_from_slice(text);
        self.cells.push(CellMark { end: mark(self.text.len()), kind });
    }

    /// Adds all cells of a row at once: their joined text, and the end of each cell in it. `is_separated` says whether
    /// a separator byte that belongs to no cell is between the cells.
    pub fn push_texts(&mut self, text: &[u8], ends: &[usize], is_separated: bool) {
        let start = self.text.len();
        self.is_separated = is_separated;
        self.text.extend_from_slice(text);
        self.cells.extend(ends.iter().map(|end| CellMark { end: mark(start + end), kind: CellKind::Text }));
    }

    /// Marks the row under construction as hidden in its sheet.
    pub fn hide_row(&mut self) {
        self.is_hidden = true;
    }

    /// Completes the row under construction.
    pub fn end_row(&mut self, number: u64, ragged: Option<Ragged>) {
        let (cells_end, text_end) = (mark(self.cells.len()), mark(self.text.len()));
        let is_separated = std::mem::take(&mut self.is_separated);
        let is_hidden = std::mem::take(&mut self.is_hidden);
        self.rows.push(RowMark { number, cells_end, text_end, is_separated, is_hidden, ragged });
    }

    /// Moves the last row into a block of its own.
    #[must_use]
    pub fn split_last(&mut self) -> Self {
        let mut split = Self::new(self.input);
        let Some(last) = self.rows.pop() else { return split };
        let (cells, text) = self.rows.last().map_or((0, 0), |row| (row.cells_end, row.text_end));
        let moved = self.cells.drain(cells as usize..);
        split.cells = moved.map(|cell| CellMark { end: cell.end - text, ..cell }).collect();
        split.text = self.text.split_off(text as usize);
        split.origins = self.origins.pop_if(|(number, _)| *number == last.number).into_iter().collect();
        let (cells_end, text_end) = (last.cells_end - cells, last.text_end - text);
        split.rows.push(RowMark { cells_end, text_end, ..last });
        split
    }

    /// Marks the last row as one whose cells may have shifted.
    pub fn doubt_last(&mut self, ragged: Ragged) {
        if let Some(row) = self.rows.last_mut() {
            row.ragged = Some(ragged);
        }
    }

    /// Records the origin of the last row.
    pub fn trace_last(&mut self, origin: Origin) {
        if let Some(row) = self.rows.last() {
            self.origins.push((row.number, origin));
        }
    }

    /// Returns the origin of the row with this number, if it is a row to fix from an earlier run.
    pub fn origin_of(&self, number: u64) -> Option<&Origin> {
        let place = self.origins.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.origins.get(place).map(|(_, origin)| origin)
    }

    /// Iterates over the rows in input order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.rows.len()).map(|index| self.row(index))
    }

    /// Iterates over the rows with their text. The block is validated as UTF-8 only once.
    pub fn iter_text(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        let utf_8 = simdutf8::basic::from_utf8(&self.text).ok();
        self.iter().map(move |row| Row { utf_8, ..row })
    }

    /// The location of the row at `index`.
    ///
    /// # Panics
    ///
    /// Panics if there is no such row.
    pub fn location(&self, index: usize) -> Location {
        Location { input: self.input, row: self.rows[index].number }
    }

    /// The row at `index`.
    ///
    /// # Panics
    ///
    /// Panics if there is no such row.
    pub fn row(&self, index: usize) -> Row<'_> {
        let mark = self.rows[index];
        let before = index.checked_sub(1).map(|before| self.rows[before]);
        let (cells, text) = before.map_or((0, 0), |row| (row.cells_end, row.text_end));
        Row {
            location: self.location(index),
            text: &self.text,
            start: text,
            cells: &self.cells[cells as usize..mark.cells_end as usize],
            separator: u32::from(mark.is_separated),
            utf_8: None,
            ragged: mark.ragged,
            is_hidden: mark.is_hidden,
        }
    }
}

/// Converts a length. Blocks end long before their text reaches 4 GiB.
fn mark(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// One data row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its location.
    pub location: Location,
    /// Set if its cells may not match the header.
    pub ragged: Option<Ragged>,
    /// Whether the sheet hides the row, by a filter or by hand.
    pub is_hidden: bool,
    text: &'a [u8],
    start: u32,
    cells: &'a [CellMark],
    /// Number of bytes between two cells.
    separator: u32,
    /// The text of the block, if it is known to be UTF-8.
    utf_8: Option<&'a str>,
}

impl<'a> Row<'a> {
    /// Returns the cell at `index`, from 0. Returns an empty cell if the row is shorter.
    #[inline]
    pub fn cell(&self, index: usize) -> Cell<'a> {
        let kind = self.cells.get(index).map_or(CellKind::Text, |mark| mark.kind);
        Cell { text: &self.text[self.place(index)], kind }
    }

    /// Returns the text of the cell at `index`.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not UTF-8.
    #[inline]
    pub fn text(&self, index: usize) -> Result<&'a str, Utf8Error> {
        let place = self.place(index);
        let known = self.utf_8.and_then(|text| text.get(place.clone()));
        known.map_or_else(|| str::from_utf8(&self.text[place]), Ok)
    }

    /// Returns the range of the cell in the text of the block.
    #[inline]
    fn place(&self, index: usize) -> Range<usize> {
        let Some(mark) = self.cells.get(index) else { return 0..0 };
        let start = index.checked_sub(1).map_or(self.start, |before| self.cells[before].end + self.separator);
        start as usize..mark.end as usize
    }

    /// Iterates over the cells from left to right.
    pub fn cells(self) -> impl ExactSizeIterator<Item = Cell<'a>> {
        (0..self.cells.len()).map(move |index| self.cell(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_cells_read_back_unchanged() {
        let mut rows = Rows::new(3);
        rows.push_cell(b"Asha", CellKind::Text);
        rows.push_cell(b"", CellKind::Text);
        rows.end_row(2, None);
        rows.end_row(3, Some(Ragged { expected: 2, found: 0, cause: RaggedCause::Cells }));
        rows.push_cell(b"42", CellKind::Number);
        rows.end_row(5, None);

        let cells: Vec<Vec<_>> = rows.iter().map(|row| row.cells().map(|cell| cell.text).collect()).collect();
        assert_eq!(cells, [vec![b"Asha".as_slice(), b""], vec![], vec![b"42"]]);
        assert_eq!(rows.row(2).location, Location { input: 3, row: 5 });
        assert_eq!(rows.row(2).cell(0).kind, CellKind::Number);
        assert!(rows.row(2).cell(7).is_blank());
        assert!(rows.row(1).ragged.is_some());
    }

    #[test]
    fn invisible_text_is_blank() {
        let is_blank = |text: &str| Cell { text: text.as_bytes(), kind: CellKind::Text }.is_blank();
        for text in [
            "",
            " \t",
            "\u{a0}",
            " \u{a0} ",
            "\u{3000}",
            "\u{feff}",
            "\u{200b}\u{2007}",
            "\u{202f}\u{3000}\t",
            "\u{2060}\u{180e}\u{34f}",
            "\u{115f}\u{ffa0}\u{fe0f}",
        ] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in ["é", "\u{a0}x", "-", "\u{200b}é"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
