//! A sheet of an Excel workbook becomes rows, cell by cell.
//!
//! Never the whole sheet at once: a few bytes can claim a cell in the last corner of a sheet, and its range would ask
//! for hundreds of gigabytes. Cells arrive in the order of the file; a row is put together from those that are there.

use std::io::{BufReader, Read, Seek};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::{
    assemble::RawRow,
    csv::{MAX_CELL_BYTES, MAX_CELLS},
    error::Fault,
    table::RowSink,
};
use crate::row::{Cell, CellKind};

/// What a workbook is read from.
pub(super) trait Storage: Read + Seek + Send {}

impl<T: Read + Seek + Send> Storage for T {}

/// A sheet, chosen but not yet read.
pub(super) struct Sheet {
    workbook: Xlsx<BufReader<Box<dyn Storage>>>,
    pub(super) name: String,
}

impl Sheet {
    /// Opens a workbook at the sheet named or numbered by `wanted`, else at the first that can be seen.
    pub(super) fn open(storage: Box<dyn Storage>, wanted: Option<&str>) -> Result<Self, Fault> {
        let workbook = Xlsx::new(BufReader::new(storage)).map_err(fault)?;
        let sheets = workbook.sheets_metadata();
        let is_sheet = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet;
        let chosen = match wanted {
            Some(wanted) => find(sheets, wanted),
            None => sheets
                .iter()
                .find(|sheet| is_sheet(sheet) && sheet.visible == SheetVisible::Visible)
                .or_else(|| sheets.iter().find(is_sheet)),
        };
        let Some(name) = chosen.map(|sheet| sheet.name.clone()) else {
            let names: Vec<String> = sheets.iter().filter(is_sheet).map(|sheet| sheet.name.clone()).collect();
            return Err(match wanted {
                Some(wanted) if !names.is_empty() => {
                    Fault::NoSuchSheet { wanted: wanted.to_owned(), sheets: names }
                }
                _ => Fault::NoSheet,
            });
        };
        Ok(Self { workbook, name })
    }

    /// Goes through all rows that have a cell.
    pub(super) fn visit(&mut self, sink: &mut impl RowSink) -> Result<(), Fault> {
        let mut cells = self.workbook.worksheet_cells_reader(&self.name).map_err(fault)?;
        let plus = shows_plus(cells.styles());
        let mut row = SheetRow::default();
        while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(fault)? {
            let (index, column) = cell.get_position();
            let number = u64::from(index) + 1;
            if number > MAX_ROWS || column as usize >= MAX_COLUMNS {
                return Err(Fault::OutsideSheet { row: number });
            }
            if number < row.number {
                return Err(Fault::RowsOutOfOrder { row: number });
            }
            if number > row.number {
                if row.len() > 0 && sink.row(row.number, &row).is_break() {
                    return Ok(());
                }
                row.clear(number);
            }
            row.set(column as usize, cell.get_value(), plus.get(style).is_some_and(|plus| *plus))?;
        }
        if row.len() > 0 {
            _ = sink.row(row.number, &row);
        }
        Ok(())
    }
}

/// The last row and column of any sheet.
const MAX_ROWS: u64 = 1_048_576;
const MAX_COLUMNS: usize = 16_384;

/// Which styles put a plus in front of whole numbers, as people format phone numbers that a sheet took for numbers.
fn shows_plus(styles: &[calamine::Style]) -> Vec<bool> {
    let code =
        |style: &calamine::Style| style.number_format.as_ref().map(|format| format.format_code.clone());
    styles.iter().map(|style| code(style).is_some_and(|code| format_has_plus(&code))).collect()
}

fn format_has_plus(code: &str) -> bool {
    let positive = code.split(';').next().unwrap_or_default();
    // `[Color]` and such may stand in front.
    let shown = positive.rsplit(']').next().unwrap_or_default().trim_start_matches(['"', '\\', ' ']);
    shown.starts_with('+') && positive.contains(['0', '#']) && !positive.contains(['E', 'e', '.', '%'])
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

fn fault(error: XlsxError) -> Fault {
    match error {
        XlsxError::Password => Fault::Password,
        XlsxError::Io(error) => Fault::Io(error),
        other => Fault::DamagedWorkbook(other.to_string()),
    }
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
    fn clear(&mut self, number: u64) {
        self.number = number;
        self.text.clear();
        self.cells.clear();
    }

    /// Sets a cell. `shows_plus` says that the sheet shows whole numbers in it with a plus.
    fn set(&mut self, column: usize, value: &DataRef<'_>, shows_plus: bool) -> Result<(), Fault> {
        if matches!(value, DataRef::Empty) {
            return Ok(());
        }
        if column >= MAX_CELLS {
            return Err(Fault::TooManyCells { line: self.number, max: MAX_CELLS });
        }
        if column >= self.cells.len() {
            self.cells.resize(column + 1, (0, 0, CellKind::Text));
        }
        let start = self.text.len();
        if shows_plus && matches!(value, DataRef::Int(_) | DataRef::Float(_)) {
            self.text.push('+');
        }
        let kind = self.write(value);
        if self.text.len() - start > MAX_CELL_BYTES {
            return Err(Fault::CellTooLong { line: self.number, max_bytes: MAX_CELL_BYTES });
        }
        self.cells[column] = (start, self.text.len(), kind);
        Ok(())
    }

    /// Writes a value as the text a person would type for it.
    fn write(&mut self, value: &DataRef<'_>) -> CellKind {
        match value {
            DataRef::String(text) => self.text.push_str(text),
            DataRef::SharedString(text) => self.text.push_str(text),
            DataRef::Int(number) => {
                self.text.push_str(&number.to_string());
                return CellKind::Number;
            }
            // Never with an exponent, and integral numbers without a fraction.
            DataRef::Float(number) => {
                self.text.push_str(&number.to_string());
                return CellKind::Number;
            }
            DataRef::Bool(value) => {
                self.text.push_str(if *value { "TRUE" } else { "FALSE" });
                return CellKind::Boolean;
            }
            DataRef::DateTime(moment) => {
                self.text.push_str(&iso_8601(moment));
                return CellKind::Date;
            }
            DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
                self.text.push_str(text);
                return CellKind::Date;
            }
            DataRef::Error(error) => {
                self.text.push_str(&error.to_string());
                return CellKind::Error;
            }
            DataRef::Empty => {}
        }
        CellKind::Text
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

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use rust_xlsxwriter::{Format, Formula, Workbook};

    use super::*;
    use crate::parse::table::Preview;

    fn sheet(workbook: &mut Workbook, wanted: Option<&str>) -> Result<Sheet, Fault> {
        Sheet::open(Box::new(Cursor::new(workbook.save_to_buffer().unwrap())), wanted)
    }

    fn rows(sheet: &mut Sheet) -> Vec<(u64, Vec<(String, CellKind)>)> {
        let mut preview = Preview::new(usize::MAX);
        sheet.visit(&mut preview).unwrap();
        let text = |cell: Cell<'_>| (String::from_utf8(cell.text.to_vec()).unwrap(), cell.kind);
        preview.rows.iter().map(|row| (row.location.row, row.cells().map(text).collect())).collect()
    }

    #[test]
    fn cells_of_every_kind_become_text() {
        let mut workbook = Workbook::new();
        let date = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        let page = workbook.add_worksheet();
        page.write(0, 0, "text").unwrap();
        page.write(0, 1, 919_876_543_210_f64).unwrap();
        page.write(0, 2, 0.5).unwrap();
        page.write(0, 3, true).unwrap();
        page.write_with_format(0, 4, 45_943.5, &date).unwrap();
        page.write_with_format(0, 5, 45_943.0, &date).unwrap();
        page.write_formula(0, 6, Formula::new("=NA()").set_result("#N/A")).unwrap();
        page.write(0, 7, 1e21).unwrap();
        page.write(2, 1, "below").unwrap();
        let found = rows(&mut sheet(&mut workbook, None).unwrap());
        let cells: Vec<(&str, CellKind)> =
            found[0].1.iter().map(|(text, kind)| (text.as_str(), *kind)).collect();
        assert_eq!(
            cells[..6],
            [
                ("text", CellKind::Text),
                ("919876543210", CellKind::Number),
                ("0.5", CellKind::Number),
                ("TRUE", CellKind::Boolean),
                ("2025-10-13T12:00:00", CellKind::Date),
                ("2025-10-13", CellKind::Date),
            ]
        );
        assert_eq!(cells[7], ("1000000000000000000000", CellKind::Number));
        assert_eq!(
            found[1],
            (3, vec![(String::new(), CellKind::Text), ("below".to_owned(), CellKind::Text)])
        );
    }

    #[test]
    fn sheets_are_chosen_by_name_or_number_and_hidden_ones_only_when_asked_for() {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().set_name("Secret").unwrap().set_hidden(true).write(0, 0, "s").unwrap();
        workbook.add_worksheet().set_name("Leads").unwrap().write(0, 0, "l").unwrap();
        workbook.worksheet_from_name("Leads").unwrap().set_active(true);
        for (wanted, name) in
            [(None, "Leads"), (Some("leads"), "Leads"), (Some("1"), "Secret"), (Some("2"), "Leads")]
        {
            assert_eq!(sheet(&mut workbook, wanted).unwrap().name, name, "{wanted:?}");
        }
        let missing = sheet(&mut workbook, Some("Lead")).err().unwrap();
        assert_eq!(missing.to_string(), "there is no sheet `Lead`; the sheets are `Secret`, `Leads`");
    }

    #[test]
    fn a_cell_in_the_last_corner_costs_nothing_and_is_refused() {
        let mut workbook = Workbook::new();
        let page = workbook.add_worksheet();
        page.write(0, 0, "a").unwrap();
        page.write(1_048_575, 16_383, "z").unwrap();
        let error = sheet(&mut workbook, None).unwrap().visit(&mut Preview::new(usize::MAX)).unwrap_err();
        assert!(matches!(error, Fault::TooManyCells { line: 1_048_576, .. }), "{error}");
    }

    #[test]
    fn a_workbook_cut_short_is_damaged() {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().write(0, 0, "a").unwrap();
        let bytes = workbook.save_to_buffer().unwrap();
        let cut = Cursor::new(bytes[..bytes.len() / 2].to_vec());
        assert!(matches!(Sheet::open(Box::new(cut), None), Err(Fault::DamagedWorkbook(_))));
    }
}
