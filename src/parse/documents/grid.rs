//! Tables that stand as text in a file: of web pages, and of spreadsheets written as XML. Programs save both as `.xls`.
//!
//! They are held in memory, so that cells which span several rows or stand out of order find their places.

use crate::{
    parse::{
        ParseSettings,
        columns::header,
        error::Fault,
        table::RowSink,
        workbook::sheet::{Choice, MAX_COLUMNS, SheetName, Sights},
    },
    row::{CellKind, Rows},
};

/// The longest text of this kind that is read.
pub(in crate::parse) const MAX_TEXT_BYTES: u64 = 256 * 1024 * 1024;

/// One table.
#[derive(Debug)]
pub(in crate::parse) struct Grid {
    pub(in crate::parse) sheet: SheetName,
    pub(in crate::parse) rows: Rows,
    pub(in crate::parse) sights: Sights,
    next_row: u64,
    /// The row that is put together.
    cells: Vec<(String, CellKind)>,
}

impl Grid {
    pub(in crate::parse) fn new(sheet: SheetName) -> Self {
        Self { sheet, rows: Rows::new(0), sights: Sights::default(), next_row: 1, cells: Vec::new() }
    }

    /// Begins a row, at its own number where the file says it.
    pub(in crate::parse) fn begin_row(&mut self, number: Option<u64>) {
        self.next_row = number.unwrap_or(self.next_row).max(self.next_row);
        self.cells.clear();
    }

    /// Cells of the row so far.
    pub(in crate::parse) fn width(&self) -> usize {
        self.cells.len()
    }

    /// Sets the cell of a column.
    pub(in crate::parse) fn set(&mut self, column: usize, text: String, kind: CellKind) -> Result<(), Fault> {
        if column >= MAX_COLUMNS {
            return Err(Fault::OutsideSheet { row: self.next_row });
        }
        if column >= self.cells.len() {
            self.cells.resize(column + 1, (String::new(), CellKind::Text));
        }
        self.cells[column] = (text, kind);
        Ok(())
    }

    /// Ends the row. A hidden one is one that a person who opens the file does not see.
    pub(in crate::parse) fn end_row(&mut self, is_hidden: bool) {
        if self.cells.iter().any(|(text, _)| !text.trim().is_empty()) {
            for (text, kind) in &self.cells {
                self.rows.push_cell(text.as_bytes(), *kind);
            }
            if is_hidden {
                self.rows.hide_row();
            }
            self.rows.end_row(self.next_row, None);
        }
        self.next_row += 1;
        self.cells.clear();
    }

    /// Goes through all rows.
    pub(in crate::parse) fn visit(&self, sink: &mut impl RowSink) {
        for row in self.rows.iter() {
            if sink.row(row.location.row, &row).is_break() {
                break;
            }
        }
    }

    /// Whether a header with a phone column stands in it.
    fn has_people(&self, settings: &ParseSettings) -> bool {
        self.rows.len() > 1 && header::find(&self.first_rows(), settings).is_ok()
    }

    fn first_rows(&self) -> Rows {
        let mut first = Rows::new(0);
        for row in self.rows.iter().take(crate::parse::PREVIEW_ROWS) {
            for cell in row.cells() {
                first.push_cell(cell.text, cell.kind);
            }
            first.end_row(row.location.row, None);
        }
        first
    }
}

/// The table that is read, and the others.
pub(in crate::parse) struct Chosen {
    pub(in crate::parse) grid: Grid,
    pub(in crate::parse) choice: Choice,
    pub(in crate::parse) notes: Vec<String>,
}

/// Chooses the table named or numbered by `--sheet`, else the only one with people, else the longest that can be seen.
pub(in crate::parse) fn choose(
    mut grids: Vec<Grid>,
    settings: &ParseSettings,
) -> Result<Option<Chosen>, Fault> {
    let names: Vec<SheetName> = grids.iter().map(|grid| grid.sheet.clone()).collect();
    let index = if let Some(wanted) = &settings.sheet {
        let by_name = names.iter().position(|sheet| sheet.name.to_lowercase() == wanted.to_lowercase());
        let by_number = || wanted.parse::<usize>().ok()?.checked_sub(1).filter(|index| *index < names.len());
        let Some(index) = by_name.or_else(by_number) else {
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
            // Of people who must not be called all are read, one after the other.
            [first, ..] if settings.only_numbers => Some(*first),
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
    if !others.is_empty() && settings.sheet.is_none() && !settings.only_numbers {
        let names: Vec<&str> = others.iter().map(|sheet| sheet.name.as_str()).collect();
        notes.push(format!(
            "the list is in {}; not read: {}; --sheet chooses another",
            grid.sheet,
            names.join(", ")
        ));
    }
    Ok(Some(Chosen { choice: Choice { index, sheet: grid.sheet.clone(), others }, grid, notes }))
}
