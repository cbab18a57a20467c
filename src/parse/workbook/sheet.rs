//! The cells of a sheet, independent of the workbook's format.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{
    number_format::{Formats, NumberFormat},
    sheet_name::SheetName,
};
use crate::{
    parse::{
        error::Fault,
        raw_row::{RawRow, RowSink},
    },
    quantity::grouped,
    row::{Cell, CellKind},
};

/// The maximum number of rows and columns of a sheet.
pub(in crate::parse) const MAX_ROWS: u64 = 1_048_576;
pub(in crate::parse) const MAX_COLUMNS: usize = 16_384;

/// The number of columns that are read. A cell farther to the right was typed by mistake, and storing a cell takes
/// memory for all columns before it.
pub(in crate::parse) const MAX_READ_COLUMNS: usize = 1024;

/// The maximum size of a cell's text. Spreadsheet programs allow 32,767 characters, but not all writers check this.
const MAX_CELL_BYTES: usize = 1024 * 1024;

/// The maximum size of a row with all its cells. A row of a text file has the same limit.
pub(in crate::parse) const MAX_ROW_BYTES: usize = 16 * 1024 * 1024;

/// The maximum number of sheets in a workbook. If no sheet is named, rollcall previews each of them.
const MAX_SHEETS: usize = 1024;

/// The maximum number of digits that a double always represents exactly.
const MAX_EXACT_DIGITS: usize = 15;

/// An entry of a workbook's list of sheets.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::parse) struct Entry {
    pub(in crate::parse) name: SheetName,
    /// Whether the sheet has cells and is not a chart, macro or module.
    pub(in crate::parse) has_cells: bool,
}

/// Adds an entry to a list of sheets.
///
/// # Errors
///
/// Returns an error if there are more than [`MAX_SHEETS`] sheets.
pub(in crate::parse) fn add_entry<T>(entries: &mut Vec<T>, entry: T) -> Result<(), Fault> {
    if entries.len() >= MAX_SHEETS {
        return Err(Fault::Hostile(format!("it has more than {} sheets", grouped(MAX_SHEETS as u64))));
    }
    entries.push(entry);
    Ok(())
}

/// The sheet of a workbook that is read, and the others.
#[derive(Clone, Debug, Default)]
pub(in crate::parse) struct Choice {
    /// The sheet's index in the workbook's list.
    pub(in crate::parse) index: usize,
    pub(in crate::parse) sheet: SheetName,
    pub(in crate::parse) others: Vec<SheetName>,
}

/// Chooses the sheet named or numbered by `wanted`, else the first visible one.
pub(in crate::parse) fn choose(sheets: &[Entry], wanted: Option<&str>) -> Result<Choice, Fault> {
    let with_cells = || sheets.iter().enumerate().filter(|(_, sheet)| sheet.has_cells);
    let chosen = match wanted {
        Some(wanted) => find(sheets, wanted),
        None => with_cells()
            .find(|(_, sheet)| !sheet.name.is_hidden)
            .or_else(|| with_cells().next())
            .map(|(index, _)| index),
    };
    let Some(index) = chosen else {
        let names: Vec<String> = with_cells().map(|(_, sheet)| sheet.name.name.clone()).collect();
        return Err(match wanted {
            Some(wanted) if !names.is_empty() => {
                Fault::NoSuchSheet { wanted: wanted.to_owned(), sheets: names }
            }
            _ => Fault::NoSheet,
        });
    };
    let others = with_cells().filter(|(other, _)| *other != index);
    Ok(Choice {
        index,
        sheet: sheets[index].name.clone(),
        others: others.map(|(_, sheet)| sheet.name.clone()).collect(),
    })
}

/// Returns the index of the sheet with exactly this name, else with this name in other letter case, else at this
/// position. Positions count from 1 and include hidden sheets and charts.
pub(in crate::parse) fn find(sheets: &[Entry], wanted: &str) -> Option<usize> {
    let by_name = |sheet: &Entry| sheet.name.name == wanted;
    let folded = wanted.to_lowercase();
    let by_folded_name = |sheet: &Entry| sheet.name.name.to_lowercase() == folded;
    sheets
        .iter()
        .position(by_name)
        .or_else(|| sheets.iter().position(by_folded_name))
        .or_else(|| wanted.parse::<usize>().ok()?.checked_sub(1))
        .filter(|index| sheets.get(*index).is_some_and(|sheet| sheet.has_cells))
}

/// Findings of a pass over a sheet, other than its rows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::parse) struct Sights {
    /// Whether each column is hidden. Columns after the last entry are not.
    pub(in crate::parse) hidden_columns: Vec<bool>,
    /// The number of cells too far to the right to be read, and the row and column of the first.
    pub(in crate::parse) far_cells: u64,
    pub(in crate::parse) first_far_cell: Option<(u64, usize)>,
    /// The number of formula cells without a stored result.
    pub(in crate::parse) formulas_without_result: u64,
}

impl Sights {
    /// Records a cell that is too far to the right to be read.
    pub(in crate::parse) fn pass_over(&mut self, row: u64, column: usize) {
        self.far_cells += 1;
        self.first_far_cell.get_or_insert((row, column));
    }

    /// Records hidden columns, from the first to the last.
    pub(in crate::parse) fn hide_columns(&mut self, first: usize, last: usize) {
        let end = last.saturating_add(1).min(MAX_READ_COLUMNS);
        if self.hidden_columns.len() < end && first < end {
            self.hidden_columns.resize(end, false);
        }
        if let Some(hidden) = self.hidden_columns.get_mut(first..end) {
            hidden.fill(true);
        }
    }

    /// Returns notes for a user who relies on the whole sheet.
    pub(in crate::parse) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some((row, column)) = self.first_far_cell {
            let what = match self.far_cells {
                1 => "a cell far to the right of the list is not read:".to_owned(),
                many => format!("{many} cells far to the right of the list are not read; the first is"),
            };
            notes.push(format!(
                "{what} {}{row}. rollcall reads the columns up to {}",
                column_name(column),
                column_name(MAX_READ_COLUMNS - 1)
            ));
        }
        if self.formulas_without_result > 0 {
            notes.push(format!(
                "formula cells without a stored result are read as empty: {}. Open and save the workbook in the \
                 spreadsheet program first",
                self.formulas_without_result
            ));
        }
        notes
    }
}

/// Returns the letters of a column, counted from 0.
pub(in crate::parse) fn column_name(column: usize) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        let letter = u8::try_from((left - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + letter));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// A row of a sheet that is being assembled.
#[derive(Default)]
pub(in crate::parse) struct SheetRow {
    /// The row's number as the spreadsheet shows it. 0 before the first row.
    pub(in crate::parse) number: u64,
    pub(in crate::parse) is_hidden: bool,
    text: String,
    /// Start, end and kind of each cell in the text.
    cells: Vec<(usize, usize, CellKind)>,
}

impl RawRow for SheetRow {
    fn text_len(&self) -> usize {
        self.text.len()
    }

    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        let (start, end, kind) = self.cells[index];
        Cell { text: &self.text.as_bytes()[start..end], kind }
    }

    fn is_hidden(&self) -> bool {
        self.is_hidden
    }
}

impl SheetRow {
    /// Begins the row with this number.
    pub(in crate::parse) fn clear(&mut self, number: u64) {
        self.number = number;
        self.is_hidden = false;
        self.text.clear();
        self.cells.clear();
    }

    /// Sets a cell. A cell too far to the right is only counted.
    pub(in crate::parse) fn set(
        &mut self,
        column: usize,
        text: &str,
        kind: CellKind,
        sights: &mut Sights,
    ) -> Result<(), Fault> {
        if column >= MAX_READ_COLUMNS {
            if !text.trim().is_empty() {
                sights.pass_over(self.number, column);
            }
            return Ok(());
        }
        if text.len() > MAX_CELL_BYTES {
            let cell = format!("{}{}", column_name(column), self.number);
            return Err(Fault::SheetCellTooLong { cell, max_bytes: MAX_CELL_BYTES });
        }
        if self.text.len() + text.len() > MAX_ROW_BYTES {
            return Err(row_too_long(self.number));
        }
        if column >= self.cells.len() {
            self.cells.resize(column + 1, (0, 0, CellKind::Text));
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.cells[column] = (start, self.text.len(), kind);
        Ok(())
    }
}

/// Returns the error for a row with too much text.
pub(in crate::parse) fn row_too_long(row: u64) -> Fault {
    Fault::Hostile(format!("row {row} has more than {} MB of text", MAX_ROW_BYTES >> 20))
}

/// The value of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::parse) enum Value<'v> {
    Text(&'v str),
    Number(f64),
    /// A number as text, because a double may not represent all its digits.
    Written(&'v str),
    Boolean(bool),
    Error(&'v str),
    /// A date or time in ISO 8601.
    Moment(&'v str),
}

/// Assembles rows from cells, which arrive row by row, and passes them to a sink.
pub(in crate::parse) struct Gathered<'s, S> {
    row: SheetRow,
    formats: &'s Formats,
    pub(in crate::parse) sights: &'s mut Sights,
    sink: &'s mut S,
    /// The number of a hidden row whose cells are still to come.
    hidden_row: Option<u64>,
}

impl<'s, S: RowSink> Gathered<'s, S> {
    pub(in crate::parse) fn new(formats: &'s Formats, sights: &'s mut Sights, sink: &'s mut S) -> Self {
        Self { row: SheetRow::default(), formats, sights, sink, hidden_row: None }
    }

    /// Marks the row with this number as hidden. Its cells come next.
    pub(in crate::parse) fn hide(&mut self, number: u64) {
        self.hidden_row = Some(number);
    }

    /// Adds the next cell, at a row and column counted from 0.
    pub(in crate::parse) fn take(
        &mut self,
        (index, column): (u32, u32),
        value: Value<'_>,
        style: usize,
    ) -> Result<ControlFlow<()>, Fault> {
        let number = u64::from(index) + 1;
        let column = usize::try_from(column).unwrap_or(MAX_COLUMNS);
        if number > MAX_ROWS || column >= MAX_COLUMNS {
            return Err(Fault::OutsideSheet { row: number });
        }
        if number < self.row.number {
            return Err(Fault::RowsOutOfOrder { row: number });
        }
        if number > self.row.number {
            if self.row.len() > 0 && self.sink.row(self.row.number, &self.row).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.row.clear(number);
        }
        self.row.is_hidden |= self.hidden_row == Some(number);
        self.set(column, value, style)?;
        Ok(ControlFlow::Continue(()))
    }

    fn set(&mut self, column: usize, value: Value<'_>, style: usize) -> Result<(), Fault> {
        let (text, kind) = match value {
            Value::Text(text) => (text, CellKind::Text),
            Value::Boolean(true) => ("TRUE", CellKind::Boolean),
            Value::Boolean(false) => ("FALSE", CellKind::Boolean),
            Value::Error(error) => (error, CellKind::Error),
            Value::Moment(moment) => (moment.trim_end_matches("T00:00:00"), CellKind::Date),
            Value::Written(written) => {
                let format = self.formats.of(style);
                let is_whole = !written.is_empty() && written.bytes().all(|digit| digit.is_ascii_digit());
                if is_whole && *format == NumberFormat::Plain && !written.starts_with('0') {
                    (written, CellKind::Number)
                } else {
                    let Ok(number) = written.parse::<f64>() else {
                        return self.row.set(column, written, CellKind::Text, self.sights);
                    };
                    let is_exact = !is_whole || written.len() <= MAX_EXACT_DIGITS;
                    return self.set_number(column, number, Some(written).filter(|_| !is_exact), style);
                }
            }
            Value::Number(number) => return self.set_number(column, number, None, style),
        };
        self.row.set(column, text, kind, self.sights)
    }

    /// Sets a number as a person would type it. `written` is its text if a double does not represent all digits.
    fn set_number(
        &mut self,
        column: usize,
        number: f64,
        written: Option<&str>,
        style: usize,
    ) -> Result<(), Fault> {
        let format = self.formats.of(style);
        if let Some(moment) = format.moment(number, self.formats.counts_from_1904) {
            return self.row.set(column, &moment, CellKind::Date, self.sights);
        }
        // Never use an exponent, and write integers without a fraction.
        let digits = written.map_or_else(|| number.to_string(), str::to_owned);
        match format.shown(&digits) {
            Some(shown) => {
                let is_plain = shown.strip_prefix('+') == Some(&digits);
                let kind = if is_plain { CellKind::Number } else { CellKind::Text };
                self.row.set(column, &shown, kind, self.sights)
            }
            None => self.row.set(column, &digits, CellKind::Number, self.sights),
        }
    }

    pub(in crate::parse) fn finish(self) {
        if self.row.len() > 0 {
            _ = self.sink.row(self.row.number, &self.row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_name_takes_precedence_over_number() {
        let entries = |names: &[&str]| -> Vec<Entry> {
            let name = |name: &&str| SheetName::new((*name).to_owned(), *name == "Hidden");
            names.iter().map(|text| Entry { name: name(text), has_cells: *text != "Chart" }).collect()
        };
        let sheets = entries(&["Leads", "Hidden", "1", "Chart", "LEADS"]);
        for (wanted, found) in [
            ("1", Some(2)),
            ("2", Some(1)),
            ("3", Some(2)),
            ("4", None),
            ("5", Some(4)),
            ("6", None),
            ("0", None),
            ("LEADS", Some(4)),
            ("leads", Some(0)),
        ] {
            assert_eq!(find(&sheets, wanted), found, "{wanted}");
        }
    }

    #[test]
    fn columns_are_named_with_letters() {
        let names = [0, 25, 26, 701, 702, 16_383].map(column_name);
        assert_eq!(names, ["A", "Z", "AA", "ZZ", "AAA", "XFD"]);
    }

    #[test]
    fn hidden_columns_stay_within_the_sheet() {
        let mut sights = Sights::default();
        sights.hide_columns(2, 3);
        sights.hide_columns(0, 0);
        assert_eq!(sights.hidden_columns, [true, false, true, true]);
        sights.hide_columns(7, usize::MAX);
        assert_eq!(sights.hidden_columns.len(), MAX_READ_COLUMNS);
    }
}
