//! The layout of a table's rows, and whether a row fits it. A row with a different number of cells than the header is
//! often fine, and a cell that spans lines may be several rows.

use super::quoting::{Cells, Dialect};
use crate::{
    normalize::salutation,
    parse::{columns::values::may_be_date, raw_row::RawRow, table_header::Header},
    row::{Cell, CellKind, Columns, Row, Rows},
};

/// The number of digits of a phone number.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=20;

/// The minimum number of rows, and their share (one in `ONE_IN`), that make a width usual.
const MIN_USUAL: usize = 3;
const ONE_IN: usize = 5;
/// The minimum number of rows in a short list, where most rows must have the width.
const MIN_MOST: usize = 2;

/// The used columns of a table, and the number of cells in its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::parse) struct Layout {
    /// The width of the header, or of most rows while the header is unknown. 0 if nothing is known.
    pub(in crate::parse) width: usize,
    /// Other widths that many of the first rows have.
    usual: Vec<usize>,
    pub(in crate::parse) phones: Vec<usize>,
    salutation: Option<usize>,
    /// Columns of names and countries. Their contents do not show which column they belong to.
    unproven: Vec<usize>,
    /// Unused columns before the phone column in which no full row has a number, if another number follows the used
    /// one.
    without_numbers: Vec<usize>,
    /// Unused columns that would hold the number of a second row, if the line end between two rows of a usual width
    /// were missing.
    second_rows: Vec<usize>,
}

/// The way to read a row with a different number of cells than the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::parse) enum Fit {
    /// As it is. Missing cells at its end are empty.
    Whole,
    /// Without the empty cells at its end.
    Trimmed,
    /// With the cells beyond the header joined to the last column, which is unused.
    Joined,
    /// Its cells may have shifted.
    Ragged,
    /// It may be two rows.
    TwoRows,
}

impl Layout {
    /// Creates the layout of a table of which only the usual width is known.
    pub(in crate::parse) fn guessed(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Creates the layout for a header. `rows` are the first rows of the table.
    pub(in crate::parse) fn new(header: &Header, columns: &Columns, rows: &Rows, header_row: u64) -> Self {
        let place = |column: &usize| header.place_of(*column);
        let names = columns.first_name.iter().chain(&columns.last_name).chain(&columns.full_name);
        let width = header.width();
        let widths: Vec<usize> =
            rows.iter().filter(|row| row.location.row > header_row).map(|row| row.cells().len()).collect();
        let is_usual = |wanted: usize| {
            let count = widths.iter().filter(|found| **found == wanted).count();
            count >= MIN_USUAL && count * ONE_IN >= widths.len()
                || count >= MIN_MOST && count * 2 > widths.len()
        };
        let mut usual: Vec<usize> =
            widths.iter().copied().filter(|found| *found != width && is_usual(*found)).collect();
        usual.sort_unstable();
        usual.dedup();
        let mut layout = Self {
            width,
            usual,
            phones: columns.phone.iter().map(place).collect(),
            salutation: columns.salutation.as_ref().map(place),
            unproven: names.chain(&columns.country).map(place).collect(),
            without_numbers: Vec::new(),
            second_rows: Vec::new(),
        };
        layout.second_rows = layout.places_of_second_rows(rows, header_row);
        let whole = || rows.iter().filter(|row| row.location.row > header_row && row.cells().len() == width);
        if widths.iter().any(|found| *found < width) && whole().next().is_some() {
            let last_phone = layout.phones.iter().max().copied().unwrap_or_default();
            let has_number =
                |column: usize| column < width && whole().any(|row| is_phone_like(row.cell(column).text));
            // Only a number after the used one can take its place.
            if layout.phones.iter().any(|phone| has_number(phone + 1)) {
                let unused = (0..last_phone).filter(|column| !layout.is_used(*column));
                layout.without_numbers = unused.filter(|column| !has_number(*column)).collect();
            }
        }
        layout
    }

    fn is_used(&self, column: usize) -> bool {
        self.phones.contains(&column) || self.salutation == Some(column) || self.unproven.contains(&column)
    }

    fn places_of_second_rows(&self, rows: &Rows, header_row: u64) -> Vec<usize> {
        let shorter = self.usual.iter().filter(|usual| **usual < self.width);
        // The last cell of one row and the first of the next are joined, or the first row ends in a delimiter.
        let places = shorter
            .flat_map(|usual| self.phones.iter().flat_map(move |phone| [phone + usual - 1, phone + usual]));
        let is_seldom = |place: &usize| {
            let rows = rows.iter().filter(|row| row.location.row > header_row);
            rows.filter(|row| is_phone_like(text(row, *place))).count() <= 1
        };
        places.filter(|place| *place < self.width && !self.is_used(*place)).filter(is_seldom).collect()
    }

    /// Returns whether a row has a number in the position of a second row's number.
    pub(in crate::parse) fn joins_rows(&self, row: &impl RawRow) -> bool {
        self.second_rows.iter().any(|column| is_phone_like(text(row, *column)))
    }

    /// Returns whether a row with this number of cells is acceptable.
    pub(in crate::parse) fn takes(&self, row: &impl RawRow) -> bool {
        self.width == 0 || row.len() == self.width || !matches!(self.fit(row), Fit::Ragged | Fit::TwoRows)
    }

    /// Returns how to read a row with a different number of cells. It is ragged if a used cell may have shifted.
    pub(in crate::parse) fn fit(&self, row: &impl RawRow) -> Fit {
        let cells = row.len();
        if self.phones.is_empty() {
            return Fit::Ragged;
        }
        if self.joins_rows(row) {
            return Fit::TwoRows;
        }
        let used = self.phones.iter().chain(&self.salutation).chain(&self.unproven);
        let used_end = used.max().map_or(0, |last| last + 1);
        let is_usual = self.usual.contains(&cells);
        let is_proven = self.proven(row);
        if cells <= self.width {
            // A cell before the number is missing, and the phone column holds the next number.
            if self.without_numbers.iter().any(|column| is_phone_like(text(row, *column))) {
                return Fit::Ragged;
            }
            let is_good =
                if cells >= used_end { is_proven || is_usual } else { is_usual && self.has_phone(row) };
            return if is_good { Fit::Whole } else { Fit::Ragged };
        }
        if (self.width..cells).all(|index| row.cell(index).is_blank()) {
            return if is_proven || is_usual { Fit::Trimmed } else { Fit::Ragged };
        }
        // Another row may follow on this line because of a lost line end.
        let has_more_phones = (used_end..cells).any(|index| holds_digits_of_phone(row.cell(index).text));
        if used_end < self.width && is_proven && !has_more_phones { Fit::Joined } else { Fit::Ragged }
    }

    /// Returns whether the used cells are in the right columns. A number and a salutation prove themselves and all
    /// cells before them.
    fn proven(&self, row: &impl RawRow) -> bool {
        let phones = self.phones.iter().filter(|column| is_phone_like(text(row, **column)));
        let Some(last_phone) = phones.max() else { return false };
        let is_salutation = |column: &usize| {
            str::from_utf8(text(row, *column)).is_ok_and(|text| salutation::recognize(text.trim()).is_some())
        };
        let salutation = self.salutation.filter(is_salutation);
        let last = salutation.map_or(*last_phone, |column| column.max(*last_phone));
        let unproven = self.salutation.iter().filter(|_| salutation.is_none()).chain(&self.unproven);
        unproven.copied().all(|column| column < last)
    }

    /// Returns whether a row has no digit in its phone columns, and the row above ends in a number outside these
    /// columns. It may be the number of this row.
    pub(in crate::parse) fn may_have_number_of(&self, above: &impl RawRow, row: &impl RawRow) -> bool {
        let is_missing = self.phones.iter().all(|column| !text(row, *column).iter().any(u8::is_ascii_digit));
        let last = above.len().checked_sub(1).filter(|last| !self.phones.contains(last));
        is_missing && last.is_some_and(|last| ends_in_phone(above.cell(last).text))
    }

    /// Returns whether the last cell of a row, which is unused, ends in digits that resemble the row's own number in
    /// length and beginning. They may be the number of another row.
    pub(in crate::parse) fn ends_like_its_number(&self, row: &impl RawRow) -> bool {
        let Some(last) = row.len().checked_sub(1) else { return false };
        let cell = row.cell(last).text;
        if !cell.last().is_some_and(u8::is_ascii_digit) || self.phones.is_empty() || self.is_used(last) {
            return false;
        }
        let digits = cell.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let (before, run) = cell.split_at(cell.len() - digits);
        let is_alike = |column: &usize| {
            let own = text(row, *column).trim_ascii();
            own.len() == run.len() && own[..2.min(own.len())] == run[..2.min(run.len())]
        };
        digits >= *PHONE_DIGITS.start()
            && before.last().is_some_and(u8::is_ascii_alphabetic)
            && self.phones.iter().any(is_alike)
    }

    /// Returns whether letters follow a row's number, and its last cell, which is not a phone column, ends in a number.
    /// Two rows may be on one line.
    pub(in crate::parse) fn may_hold_another(&self, row: &impl RawRow) -> bool {
        let is_followed =
            self.phones.iter().any(|column| text(row, *column).last().is_some_and(u8::is_ascii_alphabetic));
        let last = row.len().checked_sub(1).filter(|last| !self.phones.contains(last));
        is_followed && last.is_some_and(|last| ends_in_phone(row.cell(last).text))
    }

    /// Returns whether the last filled cell of a row is its number, which a line end may have cut.
    pub(in crate::parse) fn ends_in_number(&self, row: &impl RawRow) -> bool {
        let is_last = |column: &usize| {
            *column < row.len() && (column + 1..row.len()).all(|index| row.cell(index).text.is_empty())
        };
        self.phones.iter().any(is_last)
    }

    fn has_phone(&self, row: &impl RawRow) -> bool {
        self.phones.iter().any(|column| is_phone_like(text(row, *column)))
    }

    /// Returns whether a line inside a cell looks like a row: split at its delimiters, it has the cells of a row and a
    /// number in a phone column. With two columns, a remark may look like that, but a name does not. With one, all
    /// numbers do.
    fn is_row_like(&self, dialect: Dialect, cell: usize, line: &[u8]) -> bool {
        let min_width = if self.unproven.contains(&cell) || self.phones.contains(&cell) { 2 } else { 3 };
        let cells: Vec<&[u8]> = line.split(|byte| *byte == dialect.delimiter).collect();
        let phones_end = self.phones.iter().max().map_or(self.width, |last| last + 1);
        self.width >= min_width
            && (phones_end.min(self.width)..=self.width + 1).contains(&cells.len())
            && self.has_number(&cells)
    }

    /// Returns whether a line, split at its delimiters, has a number in a phone column.
    pub(in crate::parse) fn line_has_number(&self, dialect: Dialect, line: &[u8]) -> bool {
        let cells: Vec<&[u8]> = line.split(|byte| *byte == dialect.delimiter).collect();
        self.has_number(&cells)
    }

    fn has_number(&self, cells: &[&[u8]]) -> bool {
        self.phones.iter().filter_map(|column| cells.get(*column)).any(|cell| is_phone_like(cell))
    }

    /// Returns whether more lines of a multi-line record resemble rows than the row's own number explains. Such lines
    /// have the delimiters of a row and a number anywhere.
    pub(in crate::parse) fn may_have_swallowed(
        &self,
        dialect: Dialect,
        record: &[u8],
        cells: &Cells,
    ) -> bool {
        const MIN_CELLS: usize = 3;

        if cells.spans.is_empty() || self.phones.is_empty() {
            return false;
        }
        let is_similar = |line: &&[u8]| {
            let count = memchr::memchr_iter(dialect.delimiter, line).count() + 1;
            count >= MIN_CELLS.max(self.width.saturating_sub(2))
                && line
                    .split(|byte| *byte == dialect.delimiter)
                    .any(|cell| is_phone_like(cell) || begins_with_phone(cell))
        };
        lines(record).filter(is_similar).count() > usize::from(self.has_phone(cells))
    }

    /// Returns whether more lines of a multi-line record hold a phone number than the row's own number explains.
    pub(in crate::parse) fn holds_more_numbers(&self, record: &[u8], cells: &Cells) -> bool {
        let holding = lines(record).filter(|line| holds_digits_of_phone(line)).count();
        !cells.spans.is_empty() && holding > usize::from(self.has_phone(cells))
    }

    /// Returns the first line inside a record that looks like a row of its own, counted from 0. `cells` are the cells
    /// of the record by its quotation marks.
    pub(in crate::parse) fn swallowed(
        &self,
        dialect: Dialect,
        record: &[u8],
        cells: &Cells,
    ) -> Option<usize> {
        let last_phone = *self.phones.iter().max()?;
        cells.spans.iter().find_map(|(cell, content)| {
            let before = lines(&record[..content.start]).count() - 1;
            let inside = lines(&record[content.clone()]).count() - 1;
            let mut all = lines(record).enumerate().skip(before).take(inside + 1);
            // The line on which the cell begins holds the row's own number, unless the number follows the cell.
            let begins = all.next().map(|(_, line)| line);
            if begins.is_some_and(|line| last_phone >= *cell && self.is_row_like(dialect, *cell, line)) {
                return Some(before);
            }
            let is_row = |(index, line): &(usize, &[u8])| {
                let is_last = *index == before + inside;
                // The text after the cell on its last line belongs to the row.
                let is_own = is_last && last_phone >= *cell;
                !is_own && self.is_row_like(dialect, *cell, line)
            };
            all.find(is_row).map(|(index, _)| index)
        })
    }
}

/// Returns whether a cell contains delimiters, and a part between them looks like a phone number.
pub(in crate::parse) fn has_number_in_cell(dialect: Dialect, cells: &Cells) -> bool {
    let mut all = (0..cells.len()).map(|index| cells.cell(index));
    all.any(|cell| {
        memchr::memchr(dialect.delimiter, cell).is_some()
            && cell.split(|byte| *byte == dialect.delimiter).any(is_phone_like)
    })
}

/// Returns the physical lines of a text.
pub(in crate::parse) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = memchr::memchr2(b'\n', b'\r', text) else {
            rest = None;
            return Some(text);
        };
        let len = if text[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = Some(&text[end + len..]);
        Some(&text[..end])
    })
}

fn text(row: &impl RawRow, index: usize) -> &[u8] {
    if index < row.len() { row.cell(index).text } else { &[] }
}

/// Returns whether a cell outside the phone columns may hold a number. A date has as many digits.
fn ends_in_phone(text: &[u8]) -> bool {
    holds_digits_of_phone(text) && !str::from_utf8(text).is_ok_and(may_be_date)
}

/// Returns whether a cell contains as many consecutive digits as a phone number has.
pub(in crate::parse) fn holds_digits_of_phone(text: &[u8]) -> bool {
    is_phone_like(text)
        || text.split(|byte| !byte.is_ascii_digit()).any(|run| run.len() >= *PHONE_DIGITS.start())
}

/// Returns whether a cell begins with a phone number directly followed by letters, which may be the next row.
fn begins_with_phone(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits >= *PHONE_DIGITS.start() && text.get(digits).is_some_and(u8::is_ascii_alphabetic)
}

/// Returns whether a cell looks like a phone number, regardless of numbering plans.
pub(in crate::parse) fn is_phone_like(text: &[u8]) -> bool {
    const SEPARATORS: &[u8] = b" +-().\\/'\"=\t\x1a\0";
    const MAX_BYTES: usize = 60;

    if text.len() > MAX_BYTES {
        return false;
    }
    let mut digits = 0;
    for byte in text {
        match byte {
            b'0'..=b'9' => digits += 1,
            // No-break spaces, direction marks and the like.
            0x80.. => {}
            other if SEPARATORS.contains(other) => {}
            _ => return false,
        }
    }
    PHONE_DIGITS.contains(&digits)
}

impl RawRow for Cells {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        Cell { text: Cells::cell(self, index), kind: CellKind::Text }
    }
}

impl RawRow for Row<'_> {
    fn len(&self) -> usize {
        self.cells().len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        Row::cell(self, index)
    }

    fn is_hidden(&self) -> bool {
        self.is_hidden
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::quoting::{Ending, read_record},
        *,
    };

    const COMMA: Dialect = Dialect { delimiter: b',', quote: b'"', has_escapes: false, enclosure: None };

    /// First, last, salutation, phone, notes.
    fn layout() -> Layout {
        Layout { width: 5, phones: vec![3], salutation: Some(2), unproven: vec![0, 1], ..Layout::default() }
    }

    fn fit(layout: &Layout, row: &str) -> Fit {
        let mut cells = Cells::default();
        assert!(matches!(read_record(COMMA, row.as_bytes(), true, &mut cells), Ending::Whole(_)));
        layout.fit(&cells)
    }

    #[test]
    fn unused_cells_may_be_missing_or_extra() {
        for (row, expected) in [
            ("Ada,Quill,Ms,02079460100", Fit::Whole),
            ("Ada,Quill,Ms,02079460100,,", Fit::Trimmed),
            ("Ada,Quill,Ms,02079460100,call later, please", Fit::Joined),
            ("Ada,Quill,Ms,02079460100,x,Ben,Marsh,Mr,02079460101,", Fit::Ragged),
            ("Ada,Quill,Ms", Fit::Ragged),
            ("Ada,Quill,PhD,Ms,02079460100,", Fit::Ragged),
            ("Ada Quill,Ms,02079460100,x", Fit::Ragged),
        ] {
            assert_eq!(fit(&layout(), row), expected, "{row}");
        }
    }

    #[test]
    fn names_after_the_number_may_have_shifted_unless_the_width_is_usual() {
        let mut layout = Layout { width: 4, phones: vec![0], unproven: vec![1, 2], ..Layout::default() };
        assert_eq!(fit(&layout, "02079460100,Ada,PhD,Quill,"), Fit::Ragged);
        assert_eq!(fit(&layout, "02079460100,Ada,Quill"), Fit::Ragged);
        layout.usual = vec![3, 5];
        assert_eq!(fit(&layout, "02079460100,Ada,Quill,VIP,"), Fit::Trimmed);
        assert_eq!(fit(&layout, "02079460100,Ada,Quill"), Fit::Whole);
    }

    #[test]
    fn two_rows_on_one_line_may_fit_a_wide_header() {
        // First, last, salutation, phone, notes, and columns that most rows omit.
        let mut layout = layout();
        (layout.width, layout.usual) = (10, vec![5]);
        layout.second_rows = layout.places_of_second_rows(&Rows::new(0), 1);
        assert_eq!(layout.second_rows, [7, 8]);
        assert_eq!(fit(&layout, "Ada,Quill,Ms,02079460100,VIPBen,Marsh,Mr,02079460101,x"), Fit::TwoRows);
        assert_eq!(fit(&layout, "Ada,Quill,Ms,02079460100,,Ben,Marsh,Mr,02079460101,x"), Fit::TwoRows);
        assert_eq!(fit(&layout, "Ada,Quill,Ms,02079460100,VIP,Bath,BA1,x"), Fit::Whole);
    }

    #[test]
    fn number_before_the_phone_column_means_a_missing_cell() {
        // First, last, salutation, city, phone, another phone.
        let layout = Layout {
            width: 6,
            phones: vec![4],
            salutation: Some(2),
            unproven: vec![0, 1],
            without_numbers: vec![3],
            ..Layout::default()
        };
        assert_eq!(fit(&layout, "Ada,Quill,Ms,Bath,02079460100"), Fit::Whole);
        assert_eq!(fit(&layout, "Ada,Quill,Ms,02079460100,02079460900"), Fit::Ragged);
    }

    #[test]
    fn lines_inside_a_cell_that_look_like_rows_are_found() {
        let swallowed = |record: &str| {
            let mut cells = Cells::default();
            assert_eq!(read_record(COMMA, record.as_bytes(), true, &mut cells), Ending::Whole(record.len()));
            layout().swallowed(COMMA, record.as_bytes(), &cells)
        };
        assert_eq!(swallowed("Ada,Quill,Ms,02079460100,\"a\nb, c\nd\""), None);
        assert_eq!(swallowed("\"Ada\nMaria\",Quill,Ms,02079460100,x"), None);
        assert_eq!(
            swallowed("A,B,Ms,02079460100,\"19 inch\nC,D,Ms,02079460101,\nE,F,Ms,02079460102,5\""),
            Some(1)
        );
        assert_eq!(swallowed("A,B,Ms,02079460100,\"19 inch\nC,D,Ms,02079460101,5\""), Some(1));
        assert_eq!(swallowed("A,\"B,Ms,02079460100,x\nC,D\",Ms,02079460101,x"), Some(0));
    }

    #[test]
    fn number_joined_to_a_name_inside_a_cell_may_belong_to_another_row() {
        let layout = Layout { width: 5, phones: vec![4], unproven: vec![0, 2], ..Layout::default() };
        let may_have = |record: &str| {
            let mut cells = Cells::default();
            assert_eq!(read_record(COMMA, record.as_bytes(), true, &mut cells), Ending::Whole(record.len()));
            layout.may_have_swallowed(COMMA, record.as_bytes(), &cells)
        };
        assert!(may_have("E,\"one\n two, ,Q,Ms,02079460248Fda,\"\"one\ntwo, 5 pm\",Q,Ms,02079460285"));
        assert!(!may_have("E,\"one\n two, ,see, item 02079460248F, \"\"one\ntwo, 5 pm\",Q,Ms,02079460285"));
    }

    #[test]
    fn numbers_on_other_lines_of_a_record_are_counted() {
        let holds_more = |record: &str| {
            let mut cells = Cells::default();
            assert_eq!(read_record(COMMA, record.as_bytes(), true, &mut cells), Ending::Whole(record.len()));
            layout().holds_more_numbers(record.as_bytes(), &cells)
        };
        assert!(holds_more("B,\",Q,Ms,02079460101C,\"\"b\nx\",Ms,02079460102,x"));
        assert!(!holds_more("B,\"Q\nR\",Ms,02079460102,x"));
        assert!(!holds_more("B,Q,Ms,02079460102,or 02079460103"), "a single line contains no other rows");
    }

    #[test]
    fn numbers_and_other_text_are_distinguished() {
        for text in ["020 7946 0100", "+44 (20) 7946-0100", "=\"02079460100\"", "0171/1234567"] {
            assert!(is_phone_like(text.as_bytes()), "{text}");
        }
        for text in ["12345", "ref 02079460100", "Ms", ""] {
            assert!(!is_phone_like(text.as_bytes()), "{text}");
        }
    }
}
