//! Assembly of raw cells into blocks of rows. Drops blank rows and rollcall's own columns; keeps everything else
//! unchanged.

use std::{collections::BTreeMap, ops::ControlFlow};

use super::{
    FixedRows,
    error::Fault,
    file::source::ReadMeter,
    raw_row::{RawRow, RowSink},
    table_header::Header,
    text::{
        findings::Sightings,
        layout::{Fit, Layout},
        margin::{Kind, Margin, Reordered},
    },
};
use crate::{
    formula,
    ragged::{Cells, Note},
    row::{Cell, CellKind, Columns, Ragged, RaggedCause, Rows},
};

/// Rows in a block: enough to be worth a task for a thread, few enough to keep little in flight.
const BLOCK_ROWS: usize = 2048;
const BLOCK_BYTES: usize = 256 * 1024;

/// The result of assembling all rows.
pub(super) struct Assembled {
    /// Data rows.
    pub(super) rows: u64,
    /// The number of these rows that the sheet hides.
    pub(super) hidden_rows: u64,
    /// Rows to fix from earlier runs.
    pub(super) fixes: Vec<FixedRows>,
    /// Notes about the rows, for the user.
    pub(super) notes: Vec<String>,
}

/// Assembles rows into blocks and passes these to `sink`.
pub(super) struct Assembler<'a> {
    header: &'a Header,
    columns: Option<&'a Columns>,
    /// How to read rows whose cells do not match the header, if a mismatch may be a sign of damage.
    layout: Option<&'a Layout>,
    /// The delimiter between cells in the file.
    delimiter: u8,
    /// The last row that is not a data row.
    header_row: u64,
    margin: Margin,
    /// The order of the cells, below a header with the same columns in another order.
    places: Option<Vec<usize>>,
    progress: Option<ReadMeter>,
    block: Rows,
    rows: u64,
    hidden_rows: u64,
    /// Number of rows, by the earlier run that they come from.
    fixes: BTreeMap<String, u64>,
    trimmed: Sightings,
    joined: Sightings,
    /// Rows that end with a number outside the number columns, or that follow such a row.
    strayed: Sightings,
    fault: Option<Fault>,
    sink: &'a mut dyn FnMut(Rows) -> ControlFlow<()>,
}

impl RowSink for Assembler<'_> {
    fn row(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        if number <= self.header_row || row.is_blank() {
            return ControlFlow::Continue(());
        }
        if !self.margin.footer.is_empty() || !self.margin.is_person(row) {
            return self.examine(number, row);
        }
        self.place(number, row)
    }

    fn pause(&mut self) -> ControlFlow<()> {
        // The next row may show that the last one is broken.
        let last = self.block.len().checked_sub(1).map(|last| self.block.row(last));
        let is_certain = last.is_none_or(|row| {
            row.ragged.is_some() || self.layout.is_none_or(|layout| !layout.ends_in_number(&row))
        });
        match (self.block.len(), is_certain) {
            (0, _) | (1, false) => ControlFlow::Continue(()),
            (_, true) => self.flush(),
            (_, false) => {
                let last = self.block.split_last();
                self.flush()?;
                self.block = last;
                ControlFlow::Continue(())
            }
        }
    }
}

impl<'a> Assembler<'a> {
    /// Creates an assembler. `layout` is given if the number of cells in a row is significant.
    pub(super) fn new(
        header: &'a Header,
        header_row: u64,
        layout: Option<&'a Layout>,
        input: u16,
        sink: &'a mut dyn FnMut(Rows) -> ControlFlow<()>,
    ) -> Self {
        Self {
            header,
            columns: None,
            layout,
            delimiter: b',',
            header_row,
            margin: Margin::default(),
            places: None,
            progress: None,
            block: Rows::new(input),
            rows: 0,
            hidden_rows: 0,
            fixes: BTreeMap::new(),
            trimmed: Sightings::default(),
            joined: Sightings::default(),
            strayed: Sightings::default(),
            fault: None,
            sink,
        }
    }

    /// Returns whether a row cannot be read, so that those below it are not.
    pub(super) fn is_broken(&self) -> bool {
        self.fault.is_some()
    }

    /// Makes every block carry the number of bytes read so far.
    pub(super) fn with_progress(self, progress: ReadMeter) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// Sets the margin, which recognizes rows that are not data.
    pub(super) fn with_margin(self, margin: Margin) -> Self {
        Self { margin, ..self }
    }

    /// Sets the matched columns, which help to check rows in files that rollcall wrote.
    pub(super) fn with_columns(self, columns: &'a Columns) -> Self {
        Self { columns: Some(columns), ..self }
    }

    /// Sets the delimiter between cells in the file.
    pub(super) fn with_delimiter(self, delimiter: u8) -> Self {
        Self { delimiter, ..self }
    }

    /// Handles a row that may not be data, or that shows that the rows taken for a footer are data.
    #[cold]
    fn examine(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        let kind = if self.margin.is_person(row) { Kind::Row } else { self.margin.kind(row) };
        match kind {
            Kind::Footer => {
                let kept = self.margin.keep(number, row);
                return kept.iter().try_for_each(|row| self.place(row.number, row));
            }
            Kind::Row => self.look_for_strayed(number, row),
            Kind::Header(None) => self.margin.headers.add(number),
            // The parts below this one would be read in the old order.
            Kind::Header(Some(_)) if !self.margin.is_of_part => self.margin.reordered.add(number),
            Kind::Header(Some(_)) | Kind::OtherHeader => {
                self.fault = Some(Fault::OtherHeader { row: number });
                return ControlFlow::Break(());
            }
        }
        let kept = std::mem::take(&mut self.margin.footer);
        kept.iter().try_for_each(|row| self.place(row.number, row))?;
        match kind {
            Kind::Header(places) => {
                self.places = places;
                ControlFlow::Continue(())
            }
            _ => self.place(number, row),
        }
    }

    /// Looks for a number that a misplaced or missing line end has moved to the end of a row.
    fn look_for_strayed(&mut self, number: u64, row: &impl RawRow) {
        // The last columns of a file of rows to fix are rollcall's own.
        if self.header.kept.is_some() {
            return;
        }
        let above = self.block.len().checked_sub(1).map(|last| self.block.row(last));
        let Some(layout) = self.layout else { return };
        if layout.may_hold_another(row) || above.is_some_and(|above| layout.may_have_number_of(&above, row)) {
            self.strayed.add(number);
        }
    }

    /// Adds a row with its cells in the order of the header.
    fn place(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        match self.places.take() {
            None => self.push(number, row),
            Some(places) => {
                let pushed = self.push(number, &Reordered { row, places: &places });
                self.places = Some(places);
                pushed
            }
        }
    }

    /// Adds a row.
    fn push(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        let (width, cells) = (self.header.width, row.len());
        let fit = match self.layout {
            // A spreadsheet omits empty cells at the end.
            Some(_) if cells < width && self.header.has_own_columns_only_from(cells) => Fit::Whole,
            Some(layout) if cells != width => layout.fit(row),
            Some(layout) if layout.joins_rows(row) => Fit::TwoRows,
            _ => Fit::Whole,
        };
        let fit = if fit == Fit::Joined && self.header.kept.is_some() { Fit::Ragged } else { fit };
        let is_ragged = matches!(fit, Fit::Ragged | Fit::TwoRows);
        let taken = if fit == Fit::Trimmed { width } else { cells };
        // A ragged row may concern the row before it. That row is still in the block unless there are many ragged rows.
        let room = if is_ragged { 2 } else { 1 };
        if self.block.len() >= BLOCK_ROWS * room || self.block.text_len() >= BLOCK_BYTES * room {
            self.flush()?;
        }
        match &self.header.kept {
            None if fit == Fit::Joined => {
                self.joined.add(number);
                self.append_joined(row);
            }
            None if taken == cells => row.append_to(&mut self.block),
            None => {
                (0..taken).for_each(|index| self.block.push_cell(row.cell(index).text, row.cell(index).kind));
            }
            // A file that rollcall wrote: remove its guards.
            Some(kept) => kept.iter().copied().chain(width..taken).for_each(|index| {
                let cell = if index < cells { row.cell(index) } else { EMPTY };
                self.block.push_cell(&formula::unguard(cell.text), cell.kind);
            }),
        }
        if fit == Fit::Trimmed {
            self.trimmed.add(number);
        }
        // Do not count the columns that rollcall added.
        let (own_width, own_cells) = match &self.header.kept {
            None => (width, cells),
            Some(kept) => {
                let found = kept.iter().filter(|index| **index < cells).count();
                (kept.len(), found + cells.saturating_sub(width))
            }
        };
        let ragged = |cause| Some(Ragged { expected: count(own_width), found: count(own_cells), cause });
        let ragged = if row.is_doubtful() {
            ragged(RaggedCause::Quote)
        } else if fit == Fit::TwoRows {
            ragged(RaggedCause::JoinedLines)
        } else if is_ragged {
            self.doubt_broken(row);
            ragged(RaggedCause::Cells)
        } else {
            self.still_ragged(row)
        };
        if row.is_hidden() {
            self.hidden_rows += 1;
            self.block.hide_row();
        }
        if self.header.kept.is_none() && self.layout.is_some_and(|layout| layout.ends_like_its_number(row)) {
            self.strayed.add(number);
        }
        self.block.end_row(number, ragged);
        self.trace(row);
        self.rows += 1;
        ControlFlow::Continue(())
    }

    /// Records which row of an earlier run the last row is, in a file that rollcall wrote.
    fn trace(&mut self, row: &impl RawRow) {
        /// More runs than any real file has rows of.
        const MAX_RUNS: usize = 1000;

        let own = self.header.own.as_ref();
        let Some(origin) = own.and_then(|own| own.origin_of(row)) else { return };
        if let Some(run) = &origin.run {
            if let Some(rows) = self.fixes.get_mut(run) {
                *rows += 1;
            } else if self.fixes.len() < MAX_RUNS {
                self.fixes.insert(run.clone(), 1);
            }
        }
        self.block.trace_last(origin);
    }

    /// Appends the cells of a row. Joins the cells beyond the header to the last column.
    fn append_joined(&mut self, row: &impl RawRow) {
        let last = self.header.width - 1;
        (0..last).for_each(|index| self.block.push_cell(row.cell(index).text, row.cell(index).kind));
        let rest: Vec<&[u8]> = (last..row.len()).map(|index| row.cell(index).text).collect();
        self.block.push_cell(&rest.join(&self.delimiter), CellKind::Text);
    }

    /// Marks the last row as doubtful if this one is too short and begins with digits: a line end may have cut a
    /// number.
    #[cold]
    fn doubt_broken(&mut self, row: &impl RawRow) {
        let text = row.cell(0).text.trim_ascii();
        let is_digits = text.iter().any(u8::is_ascii_digit)
            && text.iter().all(|byte| byte.is_ascii_digit() || b" -/.()".contains(byte));
        let last = self
            .block
            .len()
            .checked_sub(1)
            .map(|last| self.block.row(last))
            .filter(|row| row.ragged.is_none());
        let ends_in_number = self.layout.zip(last).is_some_and(|(layout, row)| layout.ends_in_number(&row));
        if is_digits && row.len() < self.header.width && ends_in_number {
            let width = u32::try_from(self.header.width).unwrap_or(u32::MAX);
            self.block.doubt_last(Ragged { expected: width, found: width, cause: RaggedCause::BrokenLine });
        }
    }

    /// Returns what a row that rollcall wrote says about itself, and appends the cells that did not fit its header.
    fn still_ragged(&mut self, row: &impl RawRow) -> Option<Ragged> {
        let Header { names, kept: Some(kept), own: Some(own), .. } = self.header else { return None };
        let (extra, note_column) = (&own.extra, &own.note);
        let cell = |index: usize| if index < row.len() { row.cell(index) } else { EMPTY };
        let unknown = Columns::default();
        let columns = self.columns.unwrap_or(&unknown);
        let extra: Vec<Cell<'_>> = extra.iter().map(|index| cell(*index)).collect();
        let filled = extra.iter().rposition(|cell| !cell.is_blank()).map_or(0, |last| last + 1);
        let (ragged, beyond) = match note_column {
            Some(column) => {
                let note = Note::read(cell(*column).text)?;
                let own: Vec<_> = kept.iter().map(|index| formula::unguard(cell(*index).text)).collect();
                let rest: Vec<_> = extra.iter().map(|cell| formula::unguard(cell.text)).collect();
                let (own, rest): (Vec<&[u8]>, Vec<&[u8]>) =
                    (own.iter().map(AsRef::as_ref).collect(), rest.iter().map(AsRef::as_ref).collect());
                let cells = Cells { headers: names, columns, cells: &own, extra: &rest };
                if note.is_fixed(cells) {
                    return None;
                }
                let Ragged { expected, found, .. } = note.ragged;
                let surplus = usize::try_from(found.saturating_sub(expected)).unwrap_or(usize::MAX);
                (note.ragged, filled.max(surplus.min(extra.len())))
            }
            // Without the note column, cells beyond the header still have to be moved to their place.
            None if filled > 0 => {
                let (expected, found) = (count(names.len()), count(names.len() + filled));
                (Ragged { expected, found, cause: RaggedCause::Cells }, filled)
            }
            None => return None,
        };
        for cell in &extra[..beyond] {
            self.block.push_cell(&formula::unguard(cell.text), cell.kind);
        }
        Some(ragged)
    }

    /// Passes on the last block, and returns the summary.
    ///
    /// # Errors
    ///
    /// Returns an error if a row showed that the rest cannot be read.
    pub(super) fn finish(mut self) -> Result<Assembled, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if !self.block.is_empty() {
            _ = self.flush();
        }
        let mut notes = self.margin.notes();
        if self.trimmed.count > 0 {
            notes.push(format!(
                "{}: rollcall ignores delimiters at the end that have no header",
                self.trimmed.lines()
            ));
        }
        if self.joined.count > 0 {
            let last = self.header.names.last().map_or("", String::as_str);
            notes.push(format!(
                "{}: more cells than the header, all after the used columns; rollcall joins them to `{last}`",
                self.joined.lines()
            ));
        }
        if self.strayed.count > 0 {
            notes.push(format!(
                "{}: text that looks like a phone number is at the end of the row, or of the row above it, where no numbers \
                 are read. Check for a missing or misplaced line end",
                self.strayed.lines()
            ));
        }
        let rows_of = |(run, rows)| FixedRows { run, rows };
        let fixes: Vec<FixedRows> = self.fixes.into_iter().map(rows_of).collect();
        notes.extend(fixes.iter().map(FixedRows::note));
        Ok(Assembled { rows: self.rows, hidden_rows: self.hidden_rows, fixes, notes })
    }

    fn flush(&mut self) -> ControlFlow<()> {
        let next = Rows::with_room_of(&self.block);
        let mut block = std::mem::replace(&mut self.block, next);
        block.bytes_read = self.progress.as_ref().map_or(0, ReadMeter::bytes);
        (self.sink)(block)
    }
}

fn count(cells: usize) -> u32 {
    u32::try_from(cells).unwrap_or(u32::MAX)
}

const EMPTY: Cell<'static> = Cell { text: &[], kind: CellKind::Text };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Columns;

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
        let found = assembled_with(header, lines, false);
        assert_eq!(assembled_with(header, lines, true), found, "with a pause after each row");
        found
    }

    fn assembled_with(
        header: &'static str,
        lines: &[&'static str],
        pauses: bool,
    ) -> Vec<(u64, Vec<String>, bool)> {
        let header = Header::from_row(&Line(header));
        let mut found = Vec::new();
        let mut sink = |rows: Rows| {
            found.extend(rows.iter().map(|row| {
                let cells = row.cells().map(|cell| String::from_utf8(cell.text.to_vec()).unwrap());
                (row.location.row, cells.collect(), row.ragged.is_some())
            }));
            ControlFlow::Continue(())
        };
        let columns = Columns { phone: vec![1], full_name: Some(0), ..Columns::default() };
        let layout = Layout::new(&header, &columns, &Rows::new(0), 0);
        let mut assembler = Assembler::new(&header, 0, Some(&layout), 0, &mut sink)
            .with_margin(Margin::new(&header, &columns, true));
        for (line, number) in lines.iter().zip(2..) {
            assert!(assembler.row(number, &Line(line)).is_continue());
            assert!(!pauses || assembler.pause().is_continue());
        }
        assembler.finish().unwrap();
        found
    }

    fn cells(list: &[&str]) -> Vec<String> {
        list.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn blank_rows_are_skipped_and_other_widths_are_ragged() {
        // An empty cell at the end may come from a comma that shifted all cells before it.
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
    fn digits_on_the_next_line_make_a_number_doubtful() {
        let found = assembled("a,b", &["x,030 123456", "y,98765 432", "10", "z,030 123457"]);
        let doubted: Vec<(u64, bool)> =
            found.into_iter().map(|(row, _, is_ragged)| (row, is_ragged)).collect();
        assert_eq!(doubted, [(2, false), (3, true), (4, true), (5, false)]);
    }

    #[test]
    fn own_columns_and_guards_are_removed() {
        let found = assembled("a,rollcall_row,b", &["'+91,7,'=x", "''+91,7,'x"]);
        assert_eq!(found, [(2, cells(&["+91", "=x"]), false), (3, cells(&["'+91", "'x"]), false)]);
    }

    #[test]
    fn ragged_rows_stay_ragged_until_fixed() {
        let found = assembled("a,b,rollcall_extra_1,rollcall_row", &["1,2,3,7", "1,2,,9"]);
        assert_eq!(found, [(2, cells(&["1", "2", "3"]), true), (3, cells(&["1", "2"]), false)]);
        let note = |found, cells: &[&[u8]], extra: &[&[u8]]| {
            let ragged = Ragged { expected: 2, found, cause: RaggedCause::Cells };
            let (headers, columns) =
                (["a", "b"].map(str::to_owned), Columns { phone: vec![1], ..Columns::default() });
            Note::new(ragged, Cells { headers: &headers, columns: &columns, cells, extra }).to_string()
        };
        let header = "a,b,rollcall_extra_1,rollcall_extra_2,rollcall_ragged,rollcall_row";
        let long = note(3, &[b"x", b"y"], &[b"030 123456"]);
        let short = note(1, &[b"x"], &[]);
        let lines = [
            format!("x,y,030 123456,,{long},7"),
            "x,y,030 123456,,,7".to_owned(),
            format!("xy,030 123456,030 123456,,{long},7"),
            format!("x,,,,{short},7"),
            format!("x,030 123456,,,{short},7"),
            // A spreadsheet omits empty cells at the end.
            "x,y".to_owned(),
        ];
        let lines: Vec<&'static str> = lines.into_iter().map(|line| &*line.leak()).collect();
        let found: Vec<_> =
            assembled(header, &lines).into_iter().map(|(_, cells, is_ragged)| (cells, is_ragged)).collect();
        assert_eq!(
            found,
            [
                (cells(&["x", "y", "030 123456"]), true),
                (cells(&["x", "y"]), false),
                (cells(&["xy", "030 123456"]), false),
                (cells(&["x", ""]), true),
                (cells(&["x", "030 123456"]), false),
                (cells(&["x", "y"]), false),
            ]
        );
    }

    #[test]
    fn leading_quotes_stay_in_files_not_written_by_rollcall() {
        assert_eq!(assembled("a,b", &["'+91,'=x"]), [(2, cells(&["'+91", "'=x"]), false)]);
    }
}
