//! Walks through the content of a spreadsheet in the Open Document Format to the rows of one sheet.

use quick_xml::events::{BytesStart, Event};

use super::{
    ods_cell::{OpenCell, is_no_text},
    sheet::{Gathered, MAX_COLUMNS, MAX_ROW_BYTES, Sights, row_too_long},
    xml::{self, attribute},
};
use crate::parse::{
    error::Fault,
    raw_row::{MAX_CELLS, RowSink},
};

/// The result of one event of a walk.
pub(super) enum WalkStep {
    /// The walk continues.
    Further,
    /// The sheet has ended.
    AtEnd,
    /// The sink needs no more rows.
    Enough,
}

/// The position of a walk through the content.
pub(super) struct Walk {
    /// The number of tables to skip before the requested one.
    tables_before: usize,
    open_tables: usize,
    /// The nesting depth of elements whose content does not belong to the cell.
    skipped: usize,
    /// Whether each open group of rows or columns is collapsed. `hidden_groups` counts the collapsed ones.
    groups: Vec<bool>,
    hidden_groups: usize,
    row: u64,
    /// The number of times that the row repeats.
    row_repeats: u64,
    is_row_hidden: bool,
    column: usize,
    /// The next column that a description applies to.
    described_column: usize,
    cell: Option<OpenCell>,
    /// The cells of the row, each with its first column. `cells_len` is the size of their texts.
    cells: Vec<(usize, OpenCell)>,
    cells_len: usize,
}

impl Walk {
    pub(super) fn new(table: usize) -> Self {
        Self {
            tables_before: table,
            open_tables: 0,
            skipped: 0,
            groups: Vec::new(),
            hidden_groups: 0,
            row: 0,
            row_repeats: 1,
            is_row_hidden: false,
            column: 0,
            described_column: 0,
            cell: None,
            cells: Vec::new(),
            cells_len: 0,
        }
    }

    pub(super) fn take<S: RowSink>(
        &mut self,
        event: &Event<'_>,
        rows: &mut Gathered<'_, S>,
    ) -> Result<WalkStep, Fault> {
        match event {
            Event::Start(_) if self.skipped > 0 => self.skipped += 1,
            Event::End(_) if self.skipped > 0 => self.skipped -= 1,
            _ if self.skipped > 0 => {}
            Event::Start(tag) => self.begin(tag, rows),
            Event::End(tag) => return self.end(tag.local_name().as_ref(), rows),
            event => {
                if let Some(cell) = self.cell.as_mut().filter(|cell| cell.is_in_paragraph)
                    && let Some(text) = xml::text(event)?
                {
                    cell.push_text(&text);
                    if cell.text.len() > MAX_ROW_BYTES {
                        return Err(row_too_long(self.row));
                    }
                }
            }
        }
        Ok(WalkStep::Further)
    }

    fn begin<S: RowSink>(&mut self, tag: &BytesStart<'_>, rows: &mut Gathered<'_, S>) {
        let local_name = tag.local_name();
        let name = local_name.as_ref();
        if let Some(cell) = &mut self.cell {
            match name {
                "p" | "h" => cell.begin_paragraph(),
                "s" => {
                    let count = attribute(tag, "c").and_then(|count| count.parse().ok()).unwrap_or(1_usize);
                    // More spaces add no information. A text that is too long is refused when more of it arrives.
                    if cell.text.len() <= MAX_ROW_BYTES {
                        cell.text.extend(std::iter::repeat_n(' ', count.min(1024)));
                    }
                }
                "tab" => cell.text.push(' '),
                "line-break" => cell.text.push('\n'),
                _ if is_no_text(tag) => self.skipped = 1,
                _ => {}
            }
            return;
        }
        if name == "table" {
            self.open_tables += 1;
            return;
        }
        if self.open_tables != 1 || self.tables_before > 0 {
            return;
        }
        match name {
            "table-row-group" | "table-column-group" => {
                let is_hidden = attribute(tag, "display").as_deref() == Some("false");
                self.groups.push(is_hidden);
                self.hidden_groups += usize::from(is_hidden);
            }
            "table-column" => {
                let repeats = repeated(tag, "number-columns-repeated");
                let first = self.described_column;
                self.described_column = first.saturating_add(repeats);
                if self.is_hidden(tag) {
                    rows.sights.hide_columns(first, self.described_column - 1);
                }
            }
            "table-row" => {
                self.row = self.row.saturating_add(1);
                self.row_repeats = repeated(tag, "number-rows-repeated") as u64;
                self.is_row_hidden = self.is_hidden(tag);
                self.column = 0;
                self.cells.clear();
                self.cells_len = 0;
            }
            "table-cell" | "covered-table-cell" => self.cell = Some(OpenCell::new(tag)),
            _ => {}
        }
    }

    fn is_hidden(&self, tag: &BytesStart<'_>) -> bool {
        let visibility = attribute(tag, "visibility");
        visibility.is_some_and(|visibility| visibility != "visible") || self.hidden_groups > 0
    }

    fn end<S: RowSink>(&mut self, name: &str, rows: &mut Gathered<'_, S>) -> Result<WalkStep, Fault> {
        if let Some(cell) = &mut self.cell {
            match name {
                "p" | "h" => cell.end_paragraph(),
                "table-cell" | "covered-table-cell" => self.end_cell(rows.sights)?,
                _ => {}
            }
            return Ok(WalkStep::Further);
        }
        match name {
            "table" => {
                self.open_tables = self.open_tables.saturating_sub(1);
                if self.open_tables == 0 {
                    match self.tables_before.checked_sub(1) {
                        Some(left) => self.tables_before = left,
                        None => return Ok(WalkStep::AtEnd),
                    }
                }
            }
            "table-row-group" | "table-column-group" => {
                let was_hidden = self.groups.pop() == Some(true);
                self.hidden_groups -= usize::from(was_hidden);
            }
            "table-row" if self.open_tables == 1 && self.tables_before == 0 => return self.end_row(rows),
            _ => {}
        }
        Ok(WalkStep::Further)
    }

    fn end_cell(&mut self, sights: &mut Sights) -> Result<(), Fault> {
        let Some(cell) = self.cell.take() else { return Ok(()) };
        sights.formulas_without_result += u64::from(cell.lacks_result());
        let first = self.column;
        self.column = self.column.saturating_add(cell.repeats);
        // The first cell beyond the last column of any sheet makes the row fail, so further cells are not stored.
        if !cell.is_empty() && self.cells.len() <= MAX_COLUMNS {
            self.cells_len += cell.len();
            if self.cells_len > MAX_ROW_BYTES {
                return Err(row_too_long(self.row));
            }
            self.cells.push((first, cell));
        }
        Ok(())
    }

    /// Returns whether the sheet ends with this event. The sheet must be open with no table inside it.
    pub(super) fn passes_end(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Start(tag) if tag.local_name().as_ref() == "table" => self.open_tables += 1,
            Event::End(tag) if tag.local_name().as_ref() == "table" => {
                self.open_tables = self.open_tables.saturating_sub(1);
            }
            _ => {}
        }
        self.open_tables == 0
    }

    fn end_row<S: RowSink>(&mut self, rows: &mut Gathered<'_, S>) -> Result<WalkStep, Fault> {
        if self.cells.is_empty() {
            self.row = self.row.saturating_add(self.row_repeats - 1);
            return Ok(WalkStep::Further);
        }
        for repeat in 0..self.row_repeats {
            self.row = self.row.saturating_add(u64::from(repeat > 0));
            if self.is_row_hidden {
                rows.hide(self.row);
            }
            let row = u32::try_from(self.row - 1).unwrap_or(u32::MAX);
            for (first, cell) in &self.cells {
                // A cell that repeats to the end of the sheet is a format or a mistake.
                for column in (*first..).take(cell.repeats.min(MAX_CELLS)) {
                    let column = u32::try_from(column).unwrap_or(u32::MAX);
                    if cell.hand_on((row, column), rows)?.is_break() {
                        return Ok(WalkStep::Enough);
                    }
                }
            }
        }
        Ok(WalkStep::Further)
    }
}

fn repeated(tag: &BytesStart<'_>, name: &str) -> usize {
    attribute(tag, name).and_then(|text| text.parse().ok()).unwrap_or(1).max(1)
}
