//! Tables in text files: web pages, and spreadsheets written as XML. Programs save both as `.xls`.
//!
//! The tables are held in memory, so that cells that span several rows or come out of order get their places.

use crate::{
    parse::{
        columns::header,
        error::Fault,
        preview::Preview,
        raw_row::RowSink,
        settings::{PREVIEW_ROWS, ParseSettings},
        workbook::{
            sheet::{self, Choice, Entry, MAX_COLUMNS, MAX_READ_COLUMNS, Sights},
            sheet_name::SheetName,
        },
    },
    row::{CellKind, Rows},
};

/// The maximum size of such a text.
pub(in crate::parse) const MAX_TEXT_BYTES: u64 = 256 * 1024 * 1024;

/// One table.
#[derive(Debug)]
pub(in crate::parse) struct Grid {
    pub(in crate::parse) sheet: SheetName,
    pub(in crate::parse) rows: Rows,
    pub(in crate::parse) sights: Sights,
    next_row: u64,
    /// The current row up to the last cell that was set. `width` is the width of the row, including trailing empty
    /// cells.
    cells: Vec<(String, CellKind)>,
    width: usize,
}

/// A limit on the memory that the tables of a text may take.
#[derive(Debug)]
pub(in crate::parse) struct Room {
    allowed: u64,
    left: u64,
}

impl Room {
    /// The bytes of memory allowed per byte of text. Short rows of people need no more.
    const RATIO: u64 = 4;
    const HARMLESS_BYTES: u64 = 256 * 1024 * 1024;

    /// Returns the limit for a text of this size.
    pub(in crate::parse) fn of(text_bytes: usize) -> Self {
        let allowed = Self::HARMLESS_BYTES.max((text_bytes as u64).saturating_mul(Self::RATIO));
        Self { allowed, left: allowed }
    }

    fn take(&mut self, cells: usize, text_bytes: usize) -> Result<(), Fault> {
        const CELL_BYTES: u64 = 8;
        const ROW_BYTES: u64 = 40;

        let bytes = ROW_BYTES + CELL_BYTES * cells as u64 + text_bytes as u64;
        let left = self.left.checked_sub(bytes);
        let harm = || Fault::Hostile(format!("its tables take more than {} MB", self.allowed >> 20));
        self.left = left.ok_or_else(harm)?;
        Ok(())
    }
}

impl Grid {
    pub(in crate::parse) fn new(sheet: SheetName) -> Self {
        Self {
            sheet,
            rows: Rows::new(0),
            sights: Sights::default(),
            next_row: 1,
            cells: Vec::new(),
            width: 0,
        }
    }

    /// Begins a row, with its own number if the file states one.
    pub(in crate::parse) fn begin_row(&mut self, number: Option<u64>) {
        self.next_row = number.unwrap_or(self.next_row).max(self.next_row);
        self.cells.clear();
        self.width = 0;
    }

    /// Pads the row with empty cells to at least `width` columns.
    pub(in crate::parse) fn widen(&mut self, width: usize) {
        self.width = self.width.max(width.min(MAX_READ_COLUMNS));
    }

    /// Sets the cell of a column. A cell too far to the right is only counted.
    pub(in crate::parse) fn set(&mut self, column: usize, text: String, kind: CellKind) -> Result<(), Fault> {
        if column >= MAX_COLUMNS {
            return Err(Fault::OutsideSheet { row: self.next_row });
        }
        if column >= MAX_READ_COLUMNS {
            if !text.trim().is_empty() {
                self.sights.pass_over(self.next_row, column);
            }
            return Ok(());
        }
        self.widen(column + 1);
        // Empty cells are stored only if a later cell in the row has text.
        if column >= self.cells.len() && !text.is_empty() {
            self.cells.resize(column + 1, (String::new(), CellKind::Text));
        }
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = (text, kind);
        }
        Ok(())
    }

    /// Ends the row. `is_hidden` means that a person who opens the file does not see it.
    pub(in crate::parse) fn end_row(&mut self, is_hidden: bool, room: &mut Room) -> Result<(), Fault> {
        if self.cells.iter().any(|(text, _)| !text.trim().is_empty()) {
            room.take(self.width, self.cells.iter().map(|(text, _)| text.len()).sum())?;
            for (text, kind) in &self.cells {
                self.rows.push_cell(text.as_bytes(), *kind);
            }
            (self.cells.len()..self.width).for_each(|_| self.rows.push_cell(b"", CellKind::Text));
            if is_hidden {
                self.rows.hide_row();
            }
            self.rows.end_row(self.next_row, None);
        }
        self.next_row = self.next_row.saturating_add(1);
        self.cells.clear();
        Ok(())
    }

    /// Passes all rows to `sink`.
    pub(in crate::parse) fn visit(&self, sink: &mut impl RowSink) {
        for row in self.rows.iter() {
            if sink.row(row.location.row, &row).is_break() {
                break;
            }
        }
    }

    /// Returns whether the table has a header with a phone column.
    fn has_people(&self, settings: &ParseSettings) -> bool {
        let mut first = Preview::new(PREVIEW_ROWS);
        self.visit(&mut first);
        self.rows.len() > 1 && header::find(&first.rows, settings).is_ok()
    }
}

/// The table to read, and the others.
pub(in crate::parse) struct Chosen {
    pub(in crate::parse) grid: Grid,
    pub(in crate::parse) choice: Choice,
    pub(in crate::parse) notes: Vec<String>,
}

/// Chooses the table named or numbered by `--sheet`, else the only one with people, else the longest visible one.
pub(in crate::parse) fn choose(
    mut grids: Vec<Grid>,
    settings: &ParseSettings,
) -> Result<Option<Chosen>, Fault> {
    let names: Vec<SheetName> = grids.iter().map(|grid| grid.sheet.clone()).collect();
    let index = if let Some(wanted) = &settings.sheet {
        let entries = names.iter().map(|name| Entry { name: name.clone(), has_cells: true });
        let Some(index) = sheet::find(&entries.collect::<Vec<_>>(), wanted) else {
            let sheets = names.into_iter().map(|sheet| sheet.name).collect();
            return Err(Fault::NoSuchSheet { wanted: wanted.clone(), sheets });
        };
        Some(index)
    } else {
        let is_seen = |index: &usize| !grids[*index].sheet.is_hidden;
        let with_people: Vec<usize> =
            (0..grids.len()).filter(is_seen).filter(|index| grids[*index].has_people(settings)).collect();
        match with_people.as_slice() {
            [] => (0..grids.len()).filter(is_seen).rev().max_by_key(|index| grids[*index].rows.len()),
            [only] => Some(*only),
            // All do-not-call tables are read, one after the other.
            [first, ..] if settings.is_of_numbers() => Some(*first),
            several => {
                let sheets = several.iter().map(|index| names[*index].name.clone()).collect();
                return Err(Fault::SeveralTables { sheets });
            }
        }
    };
    let Some(index) = index else { return Ok(None) };
    let grid = grids.swap_remove(index);
    let mut notes = Vec::new();
    let others: Vec<SheetName> = names.into_iter().filter(|sheet| sheet.name != grid.sheet.name).collect();
    if !others.is_empty() && settings.sheet.is_none() && !settings.is_of_numbers() {
        let names: Vec<&str> = others.iter().map(|sheet| sheet.name.as_str()).collect();
        notes.push(format!(
            "the list is in {}; not read: {}; --sheet chooses another",
            grid.sheet,
            names.join(", ")
        ));
    }
    Ok(Some(Chosen { choice: Choice { index, sheet: grid.sheet.clone(), others }, grid, notes }))
}
