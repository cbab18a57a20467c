//! The cells of a sheet, whatever kind of workbook it stands in.

use std::fmt;

use calamine::{DataType, ExcelDateTime, SheetType, SheetVisible};

use super::{
    assemble::RawRow,
    csv::{MAX_CELL_BYTES, MAX_CELLS},
    error::Fault,
};
use crate::row::{Cell, CellKind};

/// The last row and column of any sheet.
pub(super) const MAX_ROWS: u64 = 1_048_576;
pub(super) const MAX_COLUMNS: usize = 16_384;

/// The name of a sheet, and whether a person who opens the workbook sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheetName {
    /// The name.
    pub name: String,
    /// Whether the sheet is hidden.
    pub is_hidden: bool,
}

impl SheetName {
    fn of(sheet: &calamine::Sheet) -> Self {
        Self { name: sheet.name.clone(), is_hidden: sheet.visible != SheetVisible::Visible }
    }
}

impl fmt::Display for SheetName {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = if self.is_hidden { " (hidden)" } else { "" };
        write!(to, "`{}`{hidden}", self.name)
    }
}

/// Which sheet of a workbook is read, and which are not.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    pub(super) sheet: SheetName,
    pub(super) others: Vec<SheetName>,
}

/// The sheet named or numbered by `wanted`, else the first that can be seen.
pub(super) fn choose(sheets: &[calamine::Sheet], wanted: Option<&str>) -> Result<Choice, Fault> {
    let is_sheet = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet;
    let chosen = match wanted {
        Some(wanted) => find(sheets, wanted),
        None => sheets
            .iter()
            .find(|sheet| is_sheet(sheet) && sheet.visible == SheetVisible::Visible)
            .or_else(|| sheets.iter().find(is_sheet)),
    };
    let Some(chosen) = chosen else {
        let names: Vec<String> = sheets.iter().filter(is_sheet).map(|sheet| sheet.name.clone()).collect();
        return Err(match wanted {
            Some(wanted) if !names.is_empty() => {
                Fault::NoSuchSheet { wanted: wanted.to_owned(), sheets: names }
            }
            _ => Fault::NoSheet,
        });
    };
    let others = sheets.iter().filter(is_sheet).filter(|sheet| sheet.name != chosen.name);
    Ok(Choice { sheet: SheetName::of(chosen), others: others.map(SheetName::of).collect() })
}

fn find<'a>(sheets: &'a [calamine::Sheet], wanted: &str) -> Option<&'a calamine::Sheet> {
    let by_name = |sheet: &&calamine::Sheet| sheet.name == wanted;
    let by_folded_name = |sheet: &&calamine::Sheet| sheet.name.to_lowercase() == wanted.to_lowercase();
    sheets
        .iter()
        .find(by_name)
        .or_else(|| sheets.iter().find(by_folded_name))
        .or_else(|| sheets.get(wanted.parse::<usize>().ok()?.checked_sub(1)?))
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
}

/// One row of a sheet, as it is put together.
#[derive(Default)]
pub(super) struct SheetRow {
    /// The row's number as the spreadsheet shows it; 0 before the first.
    pub(super) number: u64,
    text: String,
    /// Start and end in the text of each cell.
    cells: Vec<(usize, usize, CellKind)>,
}

impl RawRow for SheetRow {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        let (start, end, kind) = self.cells[index];
        Cell { text: &self.text.as_bytes()[start..end], kind }
    }
}

impl SheetRow {
    /// Begins the row of this number.
    pub(super) fn clear(&mut self, number: u64) {
        self.number = number;
        self.text.clear();
        self.cells.clear();
    }

    /// Sets a cell to what a person would type for its value. `shows_plus` says that the sheet shows whole numbers in it
    /// with a plus.
    pub(super) fn set(
        &mut self,
        column: usize,
        value: &impl DataType,
        shows_plus: bool,
    ) -> Result<(), Fault> {
        if value.is_empty() {
            return Ok(());
        }
        let start = self.text.len();
        if shows_plus && (value.is_int() || value.is_float()) {
            self.text.push('+');
        }
        let kind = self.write(value);
        self.place(column, start, kind)
    }

    /// Sets a cell to a text of a kind.
    pub(super) fn set_text(&mut self, column: usize, text: &str, kind: CellKind) -> Result<(), Fault> {
        let start = self.text.len();
        self.text.push_str(text);
        self.place(column, start, kind)
    }

    fn place(&mut self, column: usize, start: usize, kind: CellKind) -> Result<(), Fault> {
        if column >= MAX_CELLS {
            return Err(Fault::TooManyCells { line: self.number, max: MAX_CELLS });
        }
        if self.text.len() - start > MAX_CELL_BYTES {
            return Err(Fault::CellTooLong { line: self.number, max_bytes: MAX_CELL_BYTES });
        }
        if column >= self.cells.len() {
            self.cells.resize(column + 1, (0, 0, CellKind::Text));
        }
        self.cells[column] = (start, self.text.len(), kind);
        Ok(())
    }

    fn write(&mut self, value: &impl DataType) -> CellKind {
        if let Some(text) = value.get_string() {
            self.text.push_str(text);
            return CellKind::Text;
        }
        let (text, kind) = if let Some(number) = value.get_int() {
            (number.to_string(), CellKind::Number)
        } else if let Some(number) = value.get_float() {
            // Never with an exponent, and integral numbers without a fraction.
            (number.to_string(), CellKind::Number)
        } else if let Some(value) = value.get_bool() {
            ((if value { "TRUE" } else { "FALSE" }).to_owned(), CellKind::Boolean)
        } else if let Some(moment) = value.get_datetime() {
            (iso_8601(&moment), CellKind::Date)
        } else if let Some(text) = value.get_datetime_iso().or_else(|| value.get_duration_iso()) {
            (text.to_owned(), CellKind::Date)
        } else if let Some(error) = value.get_error() {
            (error.to_string(), CellKind::Error)
        } else {
            (String::new(), CellKind::Text)
        };
        self.text.push_str(&text);
        kind
    }
}

/// A day, with the time of day where it is not midnight.
fn iso_8601(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (hour, minute, second, milli) {
        (0, 0, 0, 0) => date,
        (_, _, _, 0) => format!("{date}T{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}"),
    }
}
