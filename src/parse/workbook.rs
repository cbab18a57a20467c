//! A sheet of a workbook becomes rows, cell by cell.
//!
//! Never the whole sheet at once where that can be helped: a few bytes can claim a cell in the last corner of a sheet, and
//! its range would ask for hundreds of gigabytes. Cells arrive in the order of the file; a row is put together from those
//! that are there.

use std::{
    cell::Cell,
    fs::File,
    io::BufReader,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    thread,
};

use calamine::{DataType, Range, Reader, Xls, XlsError, Xlsb, XlsbError, Xlsx, XlsxCellReader, XlsxError};
use positioned_io::SizeCursor;

use super::{
    Format,
    assemble::RawRow as _,
    digits,
    error::Fault,
    gate::{Gate, Gated},
    ods::Ods,
    package::{self, Package, Seen},
    sheet::{Choice, MAX_COLUMNS, MAX_ROWS, SheetRow, choose},
    sniff::Content,
    table::RowSink,
    xls, xlsb,
};
use crate::row::CellKind;

/// A sheet, chosen but not yet read.
pub(super) struct Sheet {
    workbook: Workbook,
    pub(super) choice: Choice,
    pub(super) format: Format,
    /// Formula cells of the workbook whose result is not stored.
    pub(super) formulas_without_result: u64,
    /// Whether its dates are counted from 1904, so that a bare number means a date of four years later.
    pub(super) counts_from_1904: bool,
    /// The file, if it is to be read beside the library for numbers that a double may not hold.
    long_numbers: Option<File>,
}

/// A file with a place of its own in it, so that two can read it in turns.
type Positioned = BufReader<SizeCursor<Gated>>;

enum Workbook {
    Xlsx(Box<Xlsx<Positioned>>),
    Xlsb(Box<Xlsb<BufReader<File>>>),
    Xls(Range<calamine::Data>),
    Ods(Ods),
}

impl Sheet {
    /// Opens a workbook at the sheet named or numbered by `wanted`, else at the first that can be seen.
    pub(super) fn open(file: File, content: Content, wanted: Option<&str>) -> Result<Self, Fault> {
        guarded(|| match content {
            Content::EncryptedOrLegacyExcel => {
                let mut workbook = Xls::new(BufReader::new(xls::check(&file)?)).map_err(xls_fault)?;
                let choice = choose(workbook.sheets_metadata(), wanted)?;
                let counts_from_1904 = workbook.has_1904_epoch();
                let range = workbook.worksheet_range(&choice.sheet.name).map_err(xls_fault)?;
                Ok(Self {
                    workbook: Workbook::Xls(range),
                    choice,
                    format: Format::Xls,
                    formulas_without_result: 0,
                    counts_from_1904,
                    long_numbers: None,
                })
            }
            Content::Ods => {
                package::check(&file)?;
                let ods = Ods::open(file, wanted)?;
                let choice = ods.choice.clone();
                let formulas_without_result = ods.formulas_without_result;
                let counts_from_1904 = ods.counts_from_1904;
                Ok(Self {
                    workbook: Workbook::Ods(ods),
                    choice,
                    format: Format::Ods,
                    formulas_without_result,
                    counts_from_1904,
                    long_numbers: None,
                })
            }
            Content::Xlsb => {
                package::check(&file)?;
                let workbook = Xlsb::new(BufReader::new(xlsb::check(file)?)).map_err(xlsb_fault)?;
                let choice = choose(workbook.sheets_metadata(), wanted)?;
                Ok(Self {
                    counts_from_1904: workbook.has_1904_epoch(),
                    workbook: Workbook::Xlsb(Box::new(workbook)),
                    choice,
                    format: Format::Xlsb,
                    formulas_without_result: 0,
                    long_numbers: None,
                })
            }
            _ => {
                let (seen, workbook) = open_xlsx(&file)?;
                let long_numbers =
                    seen.has_long_numbers.then(|| file.try_clone()).transpose().map_err(Fault::Io)?;
                let choice = choose(workbook.sheets_metadata(), wanted)?;
                let formulas_without_result = seen.formulas_without_result;
                Ok(Self {
                    counts_from_1904: workbook.has_1904_epoch(),
                    workbook: Workbook::Xlsx(Box::new(workbook)),
                    choice,
                    format: Format::Xlsx,
                    formulas_without_result,
                    long_numbers,
                })
            }
        })
    }

    /// Goes through all rows that have a cell.
    pub(super) fn visit(&mut self, sink: &mut impl RowSink) -> Result<(), Fault> {
        let name = self.choice.sheet.name.clone();
        guarded(|| match &mut self.workbook {
            Workbook::Xlsx(workbook) => {
                let cells = workbook.worksheet_cells_reader(&name).map_err(fault)?;
                match &self.long_numbers {
                    None => visit_xlsx(cells, sink, &mut |_| None),
                    Some(file) => {
                        digits::with_long_numbers(file, &name, |digits| visit_xlsx(cells, sink, digits))
                    }
                }
            }
            Workbook::Xlsb(workbook) => {
                let mut cells = workbook.worksheet_cells_reader(&name).map_err(xlsb_fault)?;
                let mut rows = Gathered::new(sink);
                while let Some(cell) = cells.next_cell().map_err(xlsb_fault)? {
                    if rows.take(cell.get_position(), cell.get_value(), false)?.is_break() {
                        return Ok(());
                    }
                }
                rows.finish();
                Ok(())
            }
            Workbook::Xls(range) => {
                let (top, left) = range.start().unwrap_or_default();
                let mut rows = Gathered::new(sink);
                for (row, column, value) in range.used_cells() {
                    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                    let position = (top.saturating_add(place(row)), left.saturating_add(place(column)));
                    if rows.take(position, value, false)?.is_break() {
                        return Ok(());
                    }
                }
                rows.finish();
                Ok(())
            }
            Workbook::Ods(ods) => ods.visit(sink),
        })
    }
}

/// Opens a workbook while its sheets, by far the largest of its files, are still being checked.
fn open_xlsx(file: &File) -> Result<(Seen, Xlsx<Positioned>), Fault> {
    let package = Package::open(file)?;
    let is_sheet = |name: &str| name.contains("worksheets/");
    let gate = Gate::before(package.places(is_sheet)?);
    let gated = Gated::new(file.try_clone().map_err(Fault::Io)?, Arc::clone(&gate));
    let (opened, sheets) = thread::scope(|scope| {
        let sheets = scope.spawn(|| {
            let checked = guarded(|| package.check(is_sheet));
            gate.decide(checked.is_ok());
            checked
        });
        let others = package.check(|name| !is_sheet(name));
        let opened = others.map(|seen| {
            let gated = BufReader::new(SizeCursor::new(gated));
            (seen, guarded(|| Xlsx::new(gated).map_err(fault)))
        });
        (opened, sheets.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let (mut seen, workbook) = opened?;
    // What the check of the sheets says comes before what a library made of them.
    seen.add(&sheets?);
    Ok((seen, workbook?))
}

/// Goes through the cells of a sheet. `digits` has those of the numbers that a double may not hold, by row and column.
fn visit_xlsx(
    mut cells: XlsxCellReader<'_, Positioned>,
    sink: &mut impl RowSink,
    digits: &mut dyn FnMut((u32, u32)) -> Option<String>,
) -> Result<(), Fault> {
    /// Smaller whole numbers are the same as a double.
    const EXACT: f64 = 1e15;

    let plus = shows_plus(cells.styles());
    let mut rows = Gathered::new(sink);
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(fault)? {
        let (position, value) = (cell.get_position(), cell.get_value());
        let shows_plus = plus.get(style).is_some_and(|plus| *plus);
        let digits = value.get_float().filter(|number| *number >= EXACT).and_then(|_| digits(position));
        let step = match digits {
            Some(digits) => rows.take_number(position, &digits)?,
            None => rows.take(position, value, shows_plus)?,
        };
        if step.is_break() {
            return Ok(());
        }
    }
    rows.finish();
    Ok(())
}

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, now, is one of a library on a damaged workbook, which becomes an error.
pub fn panic_is_caught() -> bool {
    IS_GUARDED.get()
}

/// Runs what reads a file by a library that may panic on a damaged one.
fn guarded<T>(read: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    let before = IS_GUARDED.replace(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    IS_GUARDED.set(before);
    read.unwrap_or_else(|panic| {
        let reason =
            panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(Fault::DamagedWorkbook(reason.unwrap_or("its parts contradict each other").to_owned()))
    })
}

/// Puts rows together from cells.
struct Gathered<'s, S> {
    row: SheetRow,
    sink: &'s mut S,
}

impl<'s, S: RowSink> Gathered<'s, S> {
    fn new(sink: &'s mut S) -> Self {
        Self { row: SheetRow::default(), sink }
    }

    fn take(
        &mut self,
        position: (u32, u32),
        value: &impl DataType,
        shows_plus: bool,
    ) -> Result<ControlFlow<()>, Fault> {
        self.reach(position, |row, column| row.set(column, value, shows_plus))
    }

    /// Takes a number by the digits that stand in the sheet.
    fn take_number(&mut self, position: (u32, u32), digits: &str) -> Result<ControlFlow<()>, Fault> {
        self.reach(position, |row, column| row.set_text(column, digits, CellKind::Number))
    }

    fn reach(
        &mut self,
        (index, column): (u32, u32),
        set: impl FnOnce(&mut SheetRow, usize) -> Result<(), Fault>,
    ) -> Result<ControlFlow<()>, Fault> {
        let number = u64::from(index) + 1;
        if number > MAX_ROWS || column as usize >= MAX_COLUMNS {
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
        set(&mut self.row, column as usize)?;
        Ok(ControlFlow::Continue(()))
    }

    fn finish(self) {
        if self.row.len() > 0 {
            _ = self.sink.row(self.row.number, &self.row);
        }
    }
}

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

fn fault(error: XlsxError) -> Fault {
    match error {
        XlsxError::Password => Fault::Password,
        XlsxError::Io(error) => Fault::Io(error),
        other => Fault::DamagedWorkbook(other.to_string()),
    }
}

fn xlsb_fault(error: XlsbError) -> Fault {
    match error {
        XlsbError::Password => Fault::Password,
        XlsbError::Io(error) => Fault::Io(error),
        other => Fault::DamagedWorkbook(other.to_string()),
    }
}

fn xls_fault(error: XlsError) -> Fault {
    match error {
        XlsError::Password => Fault::Password,
        XlsError::Io(error) => Fault::Io(error),
        other => Fault::DamagedWorkbook(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::{Format, Formula, Workbook};

    use super::*;
    use crate::{
        parse::table::Preview,
        row::{Cell, CellKind},
    };

    fn stored(bytes: &[u8]) -> File {
        use std::io::{Seek as _, Write as _};

        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        file
    }

    /// The workbook with something else in its files.
    fn rewritten(workbook: &mut Workbook, from: &str, to: &str) -> File {
        use std::io::{Read as _, Write as _};

        let whole = std::io::Cursor::new(workbook.save_to_buffer().unwrap());
        let mut archive = zip::ZipArchive::new(whole).unwrap();
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for index in 0..archive.len() {
            let mut part = archive.by_index(index).unwrap();
            let name = part.name().unwrap().into_owned();
            let mut content = String::new();
            part.read_to_string(&mut content).unwrap();
            writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(content.replace(from, to).as_bytes()).unwrap();
        }
        stored(&writer.finish().unwrap().into_inner())
    }

    fn sheet(workbook: &mut Workbook, wanted: Option<&str>) -> Result<Sheet, Fault> {
        Sheet::open(stored(&workbook.save_to_buffer().unwrap()), Content::Xlsx, wanted)
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
    fn numbers_too_long_for_a_double_keep_their_digits() {
        let mut workbook = Workbook::new();
        let page = workbook.add_worksheet();
        for row in 0..3 {
            page.write(row, 0, "Rao").unwrap();
            page.write(row, 2, 919_876_543_210.0 + f64::from(row)).unwrap();
        }
        let long = rewritten(&mut workbook, "<v>919876543211</v>", "<v>919876543210123456</v>");
        let found = rows(&mut Sheet::open(long, Content::Xlsx, None).unwrap());
        let cells: Vec<&(String, CellKind)> = found.iter().map(|(_, cells)| &cells[2]).collect();
        let expected = ["919876543210", "919876543210123456", "919876543212"];
        assert_eq!(
            cells,
            expected.map(|digits| (digits.to_owned(), CellKind::Number)).iter().collect::<Vec<_>>()
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
            assert_eq!(sheet(&mut workbook, wanted).unwrap().choice.sheet.name, name, "{wanted:?}");
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

    /// The library adds up the digits of a reference without looking whether they fit; found by fuzzing.
    #[test]
    fn a_reference_with_too_many_digits_is_an_error_and_no_panic() {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().write(0, 0, "a").unwrap();
        let broken = rewritten(&mut workbook, "r=\"A1\"", "r=\"A99999999999\"");
        let mut sheet = Sheet::open(broken, Content::Xlsx, None).unwrap();
        let error = sheet.visit(&mut Preview::new(usize::MAX)).unwrap_err();
        assert!(matches!(error, Fault::DamagedWorkbook(_)), "{error}");
        assert!(!panic_is_caught(), "the guard ends with the reading");
    }

    #[test]
    fn a_workbook_cut_short_is_damaged() {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().write(0, 0, "a").unwrap();
        let bytes = workbook.save_to_buffer().unwrap();
        let cut = Sheet::open(stored(&bytes[..bytes.len() / 2]), Content::Xlsx, None);
        assert!(matches!(cut, Err(Fault::DamagedWorkbook(_))));
    }
}
