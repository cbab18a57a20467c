//! Rows as they stand in a file: where they are and what their cells hold, untouched.
//!
//! [`Rows`] is what [`parse`](crate::parse) hands on: a few thousand rows in three allocations. Nothing here
//! knows what a cell means.

use std::{ops::Range, str::Utf8Error};

use serde::{Deserialize, Serialize};

use crate::contact::Field;

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// The input, in the order given, from 0.
    pub input: u16,
    /// What a person sees: the spreadsheet's row number, or the line on which a CSV record starts, from 1.
    pub row: u64,
}

/// The row that a row to fix was when it was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The run that rejected it; files of older versions do not say it.
    pub run: Option<String>,
    /// Its file, as it was given to that run.
    pub file: String,
    /// Its number in that file.
    pub row: u64,
}

/// The columns of a file of rejected rows that say where a row is from.
pub mod own_columns {
    /// The file, as it was given.
    pub const FILE: &str = "rollcall_file";
    /// The row's number.
    pub const ROW: &str = "rollcall_row";
    /// The run that rejected it.
    pub const RUN: &str = "rollcall_run";
}

/// What a spreadsheet says a cell is. Every cell of a CSV file is text.
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
    /// What the file says it is.
    pub kind: CellKind,
}

impl Cell<'_> {
    /// Whether there is nothing but white space and characters that cannot be seen in it.
    pub fn is_blank(&self) -> bool {
        match self.text.trim_ascii_start() {
            // The mark that ends a file in DOS.
            [] | [0x1a] => true,
            [first, ..] => !first.is_ascii() && is_invisible(self.text),
        }
    }
}

/// Whether a text that is not all ASCII shows nothing.
#[cold]
fn is_invisible(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| text.chars().all(shows_nothing))
}

/// Whether a letter leaves a cell empty to the eye: no-break and other spaces, characters of no width, byte order marks, and
/// letters that only fill a place.
pub(crate) fn shows_nothing(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        )
}

/// Which of somebody's phones a number belongs to, the one to call first standing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhoneKind {
    /// Marked by its owner.
    Preferred,
    /// Carried about.
    Mobile,
    /// The main one.
    Main,
    /// Nothing is said of it.
    Unspecified,
    /// At work.
    Work,
    /// At home.
    Home,
    /// Another one.
    Other,
    /// In a car.
    Car,
    /// That of the company, not of the person.
    Company,
}

/// What a column about calls asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Whether the person must not be called, as `Do Not Call`.
    IsForbidden,
    /// Whether the person may be called, as `Contact Callable`.
    IsAllowed,
    /// What became of the person, as `Lead Status`, of which one answer is not to call.
    Status,
}

/// What a column says of the phone in another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Which phone it is, as `Home` or `Fax`.
    Kind,
    /// Whether it is the one to call first.
    Preferred,
    /// Whether it may be called.
    Calls(Question),
}

/// A column that says something of the phone in another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhoneLabel {
    /// The column of the number.
    pub phone: usize,
    /// The column of the label.
    pub column: usize,
    /// What it says.
    pub says: Says,
}

/// A column that says whether somebody may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallColumn {
    /// The column.
    pub column: usize,
    /// What it asks.
    pub question: Question,
}

/// Which column of an input holds which field, by index from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Phone numbers, the preferred column first: a row takes the first that holds a number which can be used.
    pub phone: Vec<usize>,
    /// Columns whose digits stand in front of those of the phone: an area code, and what else is apart.
    pub area: Vec<usize>,
    /// Which phones these are, where their headers say it.
    pub phone_kinds: Vec<(usize, PhoneKind)>,
    /// For some of these, other columns that say something of the phone.
    pub labels: Vec<PhoneLabel>,
    /// Whether a person has put the phones in their order, which labels do not change then.
    pub is_phone_order_given: bool,
    /// First names.
    pub first_name: Option<usize>,
    /// Last names.
    pub last_name: Option<usize>,
    /// Whole names.
    pub full_name: Option<usize>,
    /// Whether the header says that whole names begin with the family name.
    pub is_family_name_first: bool,
    /// Salutations.
    pub salutation: Option<usize>,
    /// Countries or dialing codes, the preferred column first.
    pub country: Vec<usize>,
    /// The same for phones with a country of their own, where it is another order.
    pub own_countries: Vec<(usize, Vec<usize>)>,
    /// Time zones, where the user has named their column.
    pub time_zone: Option<usize>,
    /// Identifiers of another program, likewise.
    pub unique_id: Option<usize>,
    /// Priorities, likewise.
    pub priority: Option<usize>,
    /// Columns that say whether somebody may be called.
    pub calls: Vec<CallColumn>,
}

impl Columns {
    /// The columns of a field, the preferred one first.
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

    /// Whether a field is read from a column.
    pub fn is_used(&self, column: usize) -> bool {
        Field::ALL.iter().any(|field| self.of(*field).contains(&column))
    }

    /// Which phone a column holds, as its header says.
    pub fn phone_kind(&self, phone: usize) -> PhoneKind {
        let kind = self.phone_kinds.iter().find(|(column, _)| *column == phone);
        kind.map_or(PhoneKind::Unspecified, |(_, kind)| *kind)
    }

    /// The columns that hold the country of a phone, the preferred one first.
    pub fn countries_of(&self, phone: usize) -> &[usize] {
        let own = self.own_countries.iter().find(|(column, _)| *column == phone);
        own.map_or(&self.country, |(_, countries)| countries)
    }

    /// Whether a column holds a field of the contact that is posted.
    pub fn is_of_contact(&self, column: usize) -> bool {
        let fields = Field::ALL.iter().filter(|field| !field.is_passed_on());
        fields.into_iter().any(|field| self.of(*field).contains(&column))
    }

    /// Adds a column to a field, behind those it has; a field of one column keeps the first.
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

/// The end of a cell in the block's text; it begins where the cell before it ends.
#[derive(Clone, Copy, Debug)]
struct CellMark {
    end: u32,
    kind: CellKind,
}

#[derive(Clone, Copy, Debug)]
struct RowMark {
    number: u64,
    cells_end: u32,
    text_end: u32,
    /// A byte that belongs to no cell stands between its cells.
    is_separated: bool,
    is_hidden: bool,
    ragged: Option<Ragged>,
}

/// A row whose cells may not stand below the headers they belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ragged {
    /// Cells the header has.
    pub expected: u32,
    /// Cells the row has.
    pub found: u32,
    /// What speaks for it.
    pub cause: RaggedCause,
}

/// What shows that cells of a row may have shifted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RaggedCause {
    /// The number of cells.
    #[default]
    Cells,
    /// A quotation mark that is never closed, or text behind one that closes a cell.
    Quote,
    /// The next line goes on where this one ends.
    BrokenLine,
    /// A second number stands where that of the next row would, were the line end between them missing.
    JoinedLines,
}

impl Ragged {
    /// What is wrong, in words.
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
#[derive(Clone, Debug)]
pub struct Rows {
    input: u16,
    text: Vec<u8>,
    cells: Vec<CellMark>,
    rows: Vec<RowMark>,
    /// Where rows to fix are from, by their numbers.
    origins: Vec<(u64, Origin)>,
    /// Of the row being put together.
    is_separated: bool,
    is_hidden: bool,
    /// Bytes of the input read so far, for progress.
    pub bytes_read: u64,
}

impl Rows {
    /// An empty block of the given input.
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

    /// An empty block of the same input, with room for as much as this one holds.
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

    /// Rows in the block.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the block holds no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of text in the block.
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// Adds a cell to the row being put together.
    pub fn push_cell(&mut self, text: &[u8], kind: CellKind) {
        debug_assert!(!self.is_separated, "the row is complete");
        self.text.extend_from_slice(text);
        self.cells.push(CellMark { end: mark(self.text.len()), kind });
    }

    /// Puts all cells of a row together from one text, and where in it each cell ends; `is_separated` where a byte that belongs
    /// to no cell stands between them.
    pub fn push_texts(&mut self, text: &[u8], ends: &[usize], is_separated: bool) {
        let start = self.text.len();
        self.is_separated = is_separated;
        self.text.extend_from_slice(text);
        self.cells.extend(ends.iter().map(|end| CellMark { end: mark(start + end), kind: CellKind::Text }));
    }

    /// Says that the sheet does not show the row being put together.
    pub fn hide_row(&mut self) {
        self.is_hidden = true;
    }

    /// Ends the row being put together.
    pub fn end_row(&mut self, number: u64, ragged: Option<Ragged>) {
        let (cells_end, text_end) = (mark(self.cells.len()), mark(self.text.len()));
        let is_separated = std::mem::take(&mut self.is_separated);
        let is_hidden = std::mem::take(&mut self.is_hidden);
        self.rows.push(RowMark { number, cells_end, text_end, is_separated, is_hidden, ragged });
    }

    /// Says of the last row that its cells may have shifted.
    pub fn doubt_last(&mut self, ragged: Ragged) {
        if let Some(row) = self.rows.last_mut() {
            row.ragged = Some(ragged);
        }
    }

    /// Says of the last row where it is from.
    pub fn trace_last(&mut self, origin: Origin) {
        if let Some(row) = self.rows.last() {
            self.origins.push((row.number, origin));
        }
    }

    /// Where the row of this number is from, if it is one to fix of an earlier run.
    pub fn origin_of(&self, number: u64) -> Option<&Origin> {
        let place = self.origins.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.origins.get(place).map(|(_, origin)| origin)
    }

    /// The rows, in input order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.rows.len()).map(|index| self.row(index))
    }

    /// The same, where their text is wanted: whether it is UTF-8 is looked at once for all.
    pub fn iter_text(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        let utf_8 = str::from_utf8(&self.text).ok();
        self.iter().map(move |row| Row { utf_8, ..row })
    }

    /// The row at `index`.
    ///
    /// # Panics
    ///
    /// If there are not that many rows.
    pub fn row(&self, index: usize) -> Row<'_> {
        let mark = self.rows[index];
        let before = index.checked_sub(1).map(|before| self.rows[before]);
        let (cells, text) = before.map_or((0, 0), |row| (row.cells_end, row.text_end));
        Row {
            location: Location { input: self.input, row: mark.number },
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

/// Blocks are ended long before their text reaches 4 GiB.
fn mark(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// One data row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Where it stands.
    pub location: Location,
    /// Set if it does not have as many cells as the header.
    pub ragged: Option<Ragged>,
    /// Whether a person who opens the sheet does not see it: it is filtered out or hidden by hand.
    pub is_hidden: bool,
    text: &'a [u8],
    start: u32,
    cells: &'a [CellMark],
    /// Bytes between two cells.
    separator: u32,
    /// All text of the block, where it is known to be UTF-8.
    utf_8: Option<&'a str>,
}

impl<'a> Row<'a> {
    /// The cell at `index`, from 0; an empty one where the row ends before.
    pub fn cell(&self, index: usize) -> Cell<'a> {
        let kind = self.cells.get(index).map_or(CellKind::Text, |mark| mark.kind);
        Cell { text: &self.text[self.place(index)], kind }
    }

    /// The text of the cell at `index`.
    ///
    /// # Errors
    ///
    /// Where it is not UTF-8.
    pub fn text(&self, index: usize) -> Result<&'a str, Utf8Error> {
        let place = self.place(index);
        let known = self.utf_8.and_then(|text| text.get(place.clone()));
        known.map_or_else(|| str::from_utf8(&self.text[place]), Ok)
    }

    /// Where the cell's text stands in that of the block.
    fn place(&self, index: usize) -> Range<usize> {
        let Some(mark) = self.cells.get(index) else { return 0..0 };
        let start = index.checked_sub(1).map_or(self.start, |before| self.cells[before].end + self.separator);
        start as usize..mark.end as usize
    }

    /// The cells, from left to right.
    pub fn cells(self) -> impl ExactSizeIterator<Item = Cell<'a>> {
        (0..self.cells.len()).map(move |index| self.cell(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_cells_come_back_as_they_went_in() {
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
    fn what_shows_nothing_is_blank() {
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
