//! From raw cells to the rows that are handed on: blank rows and rollcall's own columns go, the rest is kept as it
//! stands.

use std::ops::ControlFlow;

use super::{columns::OWN_PREFIX, source::Progress, table::RowSink};
use crate::{
    formula,
    row::{Cell, Ragged, Rows},
};

/// Rows in a block: enough to be worth a thread's while, few enough that little is in flight.
const BLOCK_ROWS: usize = 2048;
const BLOCK_BYTES: usize = 256 * 1024;

/// The cells of one row, as the file has them.
pub(super) trait RawRow {
    fn len(&self) -> usize;
    fn cell(&self, index: usize) -> Cell<'_>;

    /// Whether a sheet does not show it.
    fn is_hidden(&self) -> bool {
        false
    }

    fn is_blank(&self) -> bool {
        (0..self.len()).all(|index| self.cell(index).is_blank())
    }

    /// Adds all cells to the row that is put together in a block.
    fn append_to(&self, block: &mut Rows) {
        for index in 0..self.len() {
            let cell = self.cell(index);
            block.push_cell(cell.text, cell.kind);
        }
    }
}

/// Which of the file's columns are the user's own, and what they are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// The names of the columns that are kept.
    pub(super) names: Vec<String>,
    /// Cells of a whole row of the file.
    width: usize,
    /// The columns that are kept, where not all are.
    kept: Option<Vec<usize>>,
    /// The columns of our own that say that a row is still to be mended.
    extra: Vec<usize>,
}

impl Header {
    /// The header that a row spells out.
    pub(super) fn from_row(row: &impl RawRow) -> Self {
        let name =
            |index| String::from_utf8_lossy(row.cell(index).text).trim_matches(['\u{feff}', ' ']).to_owned();
        let all: Vec<String> = (0..row.len()).map(name).collect();
        let width = all.len();
        if !all.iter().any(|name| name.starts_with(OWN_PREFIX)) {
            return Self { names: all, width, kept: None, extra: Vec::new() };
        }
        let extra = (0..width).filter(|index| all[*index].starts_with(Ragged::EXTRA_COLUMN)).collect();
        let kept: Vec<usize> = (0..width).filter(|index| !all[*index].starts_with(OWN_PREFIX)).collect();
        let names = kept.iter().map(|index| formula::unguard(all[*index].as_bytes()));
        let names = names.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        Self { names, width, kept: Some(kept), extra }
    }

    /// The header that a format spells out by itself.
    pub(super) fn named(names: &[String]) -> Self {
        Self { names: names.to_vec(), width: names.len(), kept: None, extra: Vec::new() }
    }

    /// Where the column that is the user's own stands in the file.
    pub(super) fn place_of(&self, column: usize) -> usize {
        self.kept.as_ref().and_then(|kept| kept.get(column)).copied().unwrap_or(column)
    }

    /// The header of a file without one, from its first row.
    pub(super) fn numbered(row: &impl RawRow) -> Self {
        let width = row.len();
        let names = (1..=width).map(|number| format!("column {number}")).collect();
        Self { names, width, kept: None, extra: Vec::new() }
    }
}

/// Puts rows together into blocks and hands these to `sink`.
pub(super) struct Assembler<'a> {
    header: &'a Header,
    /// Whether a row with another number of cells than the header is a problem.
    checks_width: bool,
    /// The last row that is not one of data.
    header_row: u64,
    progress: Option<Progress>,
    block: Rows,
    rows: u64,
    hidden_rows: u64,
    sink: &'a mut dyn FnMut(Rows) -> ControlFlow<()>,
}

impl RowSink for Assembler<'_> {
    fn row(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        if number > self.header_row { self.push(number, row) } else { ControlFlow::Continue(()) }
    }
}

impl<'a> Assembler<'a> {
    pub(super) fn new(
        header: &'a Header,
        header_row: u64,
        checks_width: bool,
        input: u16,
        sink: &'a mut dyn FnMut(Rows) -> ControlFlow<()>,
    ) -> Self {
        Self {
            header,
            checks_width,
            header_row,
            progress: None,
            block: Rows::new(input),
            rows: 0,
            hidden_rows: 0,
            sink,
        }
    }

    /// Has every block say how far the input has been read.
    pub(super) fn with_progress(self, progress: Progress) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// Adds a row unless it is blank.
    fn push(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        let (width, cells) = (self.header.width, row.len());
        if row.is_blank() {
            return ControlFlow::Continue(());
        }
        match &self.header.kept {
            None => row.append_to(&mut self.block),
            // A file that rollcall wrote: its guards come off again.
            Some(kept) => kept.iter().copied().chain(width..cells).for_each(|index| {
                let cell = if index < cells { row.cell(index) } else { EMPTY };
                self.block.push_cell(formula::unguard(cell.text), cell.kind);
            }),
        }
        let count = |cells| u32::try_from(cells).unwrap_or(u32::MAX);
        let ragged = if self.checks_width && cells != width {
            Some(Ragged { expected: count(width), found: count(cells) })
        } else {
            self.still_ragged(row)
        };
        if row.is_hidden() {
            self.hidden_rows += 1;
            self.block.hide_row();
        }
        self.block.end_row(number, ragged);
        self.rows += 1;
        if self.block.len() >= BLOCK_ROWS || self.block.text_len() >= BLOCK_BYTES {
            return self.flush();
        }
        ControlFlow::Continue(())
    }

    /// What a row of our own making says of itself, and the cells that did not fit its header.
    fn still_ragged(&mut self, row: &impl RawRow) -> Option<Ragged> {
        let extra =
            self.header.extra.iter().filter(|index| **index < row.len()).map(|index| row.cell(*index));
        let extra: Vec<Cell<'_>> = extra.collect();
        let last = extra.iter().rposition(|cell| !cell.is_blank())?;
        let note = Ragged::from_note(extra[last].text);
        let cells = if note.is_some() { &extra[..last] } else { &extra[..=last] };
        for cell in cells {
            self.block.push_cell(formula::unguard(cell.text), cell.kind);
        }
        let count = |cells| u32::try_from(cells).unwrap_or(u32::MAX);
        let expected = count(self.header.names.len());
        Some(note.unwrap_or(Ragged { expected, found: count(self.header.names.len() + cells.len()) }))
    }

    /// Hands on what is left and says how many rows there were, and how many of them the sheet hides.
    pub(super) fn finish(mut self) -> (u64, u64) {
        if !self.block.is_empty() {
            _ = self.flush();
        }
        (self.rows, self.hidden_rows)
    }

    fn flush(&mut self) -> ControlFlow<()> {
        let next = Rows::with_room_of(&self.block);
        let mut block = std::mem::replace(&mut self.block, next);
        block.bytes_read = self.progress.as_ref().map_or(0, Progress::bytes);
        (self.sink)(block)
    }
}

const EMPTY: Cell<'static> = Cell { text: &[], kind: crate::row::CellKind::Text };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::CellKind;

    struct Line(&'static str);

    impl RawRow for Line {
        fn len(&self) -> usize {
            self.0.split(',').count()
        }

        fn cell(&self, index: usize) -> Cell<'_> {
            Cell { text: self.0.split(',').nth(index).unwrap().as_bytes(), kind: CellKind::Text }
        }
    }

    fn assembled(header: &'static str, lines: &[&'static str]) -> Vec<(u64, Vec<String>, bool)> {
        let header = Header::from_row(&Line(header));
        let mut found = Vec::new();
        let mut sink = |rows: Rows| {
            found.extend(rows.iter().map(|row| {
                let cells = row.cells().map(|cell| String::from_utf8(cell.text.to_vec()).unwrap());
                (row.location.row, cells.collect(), row.ragged.is_some())
            }));
            ControlFlow::Continue(())
        };
        let mut assembler = Assembler::new(&header, 0, true, 0, &mut sink);
        for (line, number) in lines.iter().zip(2..) {
            assert!(assembler.row(number, &Line(line)).is_continue());
        }
        assembler.finish();
        found
    }

    fn cells(list: &[&str]) -> Vec<String> {
        list.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn blank_rows_are_no_rows_and_others_must_have_the_headers_width() {
        // An empty cell at the end may be the trace of a comma that shifted all cells before it.
        let found = assembled("a,b", &["1,2", ",", "  ,", "3,4,", "5", "6,7,8"]);
        assert_eq!(
            found,
            [
                (2, cells(&["1", "2"]), false),
                (5, cells(&["3", "4", ""]), true),
                (6, cells(&["5"]), true),
                (7, cells(&["6", "7", "8"]), true)
            ]
        );
    }

    #[test]
    fn rollcalls_own_columns_and_guards_go() {
        let found = assembled("a,rollcall_row,b", &["'+91,7,'=x", "''+91,7,'x"]);
        assert_eq!(found, [(2, cells(&["+91", "=x"]), false), (3, cells(&["'+91", "'x"]), false)]);
    }

    #[test]
    fn rows_that_did_not_fit_do_not_fit_until_somebody_mends_them() {
        let found = assembled(
            "a,b,rollcall_extra_1,rollcall_row",
            &["1,2,3,7", "1,,1 cells instead of 2,8", "1,2,,9"],
        );
        assert_eq!(
            found,
            [
                (2, cells(&["1", "2", "3"]), true),
                (3, cells(&["1", ""]), true),
                (4, cells(&["1", "2"]), false)
            ]
        );
    }

    #[test]
    fn a_users_own_quotes_stay_where_the_file_is_not_rollcalls() {
        assert_eq!(assembled("a,b", &["'+91,'=x"]), [(2, cells(&["'+91", "'=x"]), false)]);
    }
}
