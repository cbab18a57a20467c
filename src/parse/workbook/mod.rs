//! Reads a sheet of a workbook in any format: opens it, chooses the sheet, and passes on its rows.

pub(super) mod biff;
pub(super) mod cells;
pub(super) mod hidden;
#[cfg(unix)]
pub(super) mod isolated;
pub(super) mod number_format;
pub(super) mod ods;
pub(super) mod ods_cell;
mod ods_walk;
pub(super) mod own;
pub(super) mod package;
pub(super) mod people;
mod plain;
pub(super) mod records;
pub(super) mod relations;
pub(super) mod shared_text;
pub(super) mod sheet;
pub(in crate::parse) mod sheet_name;
pub(super) mod window;
mod xls;
pub(super) mod xlsb;
pub(super) mod xlsx;
pub(super) mod xml;

use std::{
    cell::Cell,
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::{Deserialize, Serialize};

use self::{
    biff::Xls,
    ods::Ods,
    package::Package,
    sheet::{Choice, Entry, Sights, choose},
    sheet_name::SheetName,
    xlsb::Xlsb,
    xlsx::Xlsx,
};
use crate::{
    parse::{Format, error::Fault, file::content::Content, preview::Preview, raw_row::RowSink},
    row::Rows,
};

/// A sheet, chosen but not yet read.
pub(in crate::parse) struct Sheet {
    source: Source,
    pub(in crate::parse) choice: Choice,
    pub(in crate::parse) format: Format,
    /// A note for the user on how the sheet is read.
    pub(in crate::parse) note: Option<String>,
    /// Whether its dates are counted from 1904, so that a bare number means a date four years later.
    pub(in crate::parse) counts_from_1904: bool,
    /// Findings of the last pass over the sheet.
    pub(in crate::parse) sights: Sights,
}

/// An open workbook, by format.
enum Workbook {
    Xlsx(Box<Xlsx>),
    Xlsb(Box<Xlsb>),
    Xls(Box<Xls>),
    Ods(Box<Ods>),
}

/// The properties of an open workbook.
#[derive(Debug, Serialize, Deserialize)]
struct Properties {
    format: Format,
    counts_from_1904: bool,
    /// A note on how the workbook is read.
    note: Option<String>,
}

impl Workbook {
    fn open(file: &File, file_bytes: u64, content: Content) -> Result<(Self, Properties), Fault> {
        guarded(|| {
            // The first bytes of an archive do not determine its kind.
            let content = match content {
                Content::EncryptedOrLegacyExcel => content,
                _ => Package::open(file, file_bytes)?.content(),
            };
            let mut note = None;
            let (workbook, format, counts_from_1904) = match content {
                Content::EncryptedOrLegacyExcel => {
                    let workbook = Box::new(Xls::open(file)?);
                    note = workbook.note();
                    let counts_from_1904 = workbook.counts_from_1904();
                    (Self::Xls(workbook), Format::Xls, counts_from_1904)
                }
                Content::Ods => {
                    let workbook = Box::new(Ods::open(file, file_bytes)?);
                    let counts_from_1904 = workbook.counts_from_1904;
                    (Self::Ods(workbook), Format::Ods, counts_from_1904)
                }
                Content::Xlsb => {
                    let workbook = Box::new(Xlsb::open(file, file_bytes)?);
                    let counts_from_1904 = workbook.counts_from_1904();
                    (Self::Xlsb(workbook), Format::Xlsb, counts_from_1904)
                }
                Content::Xlsx => {
                    let workbook = Box::new(Xlsx::open(file, file_bytes)?);
                    let counts_from_1904 = workbook.counts_from_1904();
                    (Self::Xlsx(workbook), Format::Xlsx, counts_from_1904)
                }
                other => return Err(Fault::Unsupported(other)),
            };
            Ok((workbook, Properties { format, counts_from_1904, note }))
        })
    }

    fn entries(&self) -> &[Entry] {
        match self {
            Self::Xlsx(workbook) => &workbook.entries,
            Self::Xlsb(workbook) => &workbook.entries,
            Self::Xls(workbook) => &workbook.entries,
            Self::Ods(workbook) => &workbook.entries,
        }
    }

    /// Begins a pass over the workbook. The limit on unpacked bytes applies to all sheets visited in one pass.
    fn begin_pass(&mut self) {
        match self {
            Self::Xlsx(workbook) => workbook.package.begin_pass(),
            Self::Xlsb(workbook) => workbook.package.begin_pass(),
            Self::Ods(workbook) => workbook.package.begin_pass(),
            Self::Xls(_) => {}
        }
    }

    /// Passes all rows of a sheet that have a cell to `sink`.
    fn visit(&mut self, index: usize, sights: &mut Sights, sink: &mut impl RowSink) -> Result<(), Fault> {
        guarded(|| match self {
            Self::Xlsx(workbook) => workbook.visit(index, sights, sink),
            Self::Xlsb(workbook) => workbook.visit(index, sights, sink),
            Self::Xls(workbook) => workbook.visit(index, sights, sink),
            Self::Ods(workbook) => workbook.visit(index, sights, sink),
        })
    }

    /// Passes the first rows of every sheet but the chosen one to `each`, or `None` for a sheet that cannot be read.
    fn look_at_others(&mut self, chosen: usize, wanted: usize, each: &mut dyn FnMut(usize, Option<Rows>)) {
        if let Self::Ods(workbook) = self {
            // All sheets are in one part, so one pass is enough.
            workbook.look_at_all(wanted, each);
            return;
        }
        let others =
            self.entries().iter().enumerate().filter(|(index, entry)| *index != chosen && entry.has_cells);
        for index in others.map(|(index, _)| index).collect::<Vec<_>>() {
            let mut preview = Preview::new(wanted);
            let visited = self.visit(index, &mut Sights::default(), &mut preview);
            each(index, visited.is_ok().then_some(preview.rows));
        }
    }
}

/// The process that reads a workbook.
enum Source {
    /// This process.
    Here(Workbook),
    /// A child process.
    #[cfg(unix)]
    Isolated(Box<isolated::Reader>),
}

impl Source {
    fn entries(&self) -> &[Entry] {
        match self {
            Self::Here(workbook) => workbook.entries(),
            #[cfg(unix)]
            Self::Isolated(reader) => &reader.entries,
        }
    }
}

impl Sheet {
    /// Opens a workbook at the sheet named or numbered by `wanted`, else at the first visible one. `file_bytes` is the
    /// size of the user's file, which may be an archive around the workbook.
    pub(in crate::parse) fn open(
        file: &File,
        file_bytes: u64,
        content: Content,
        wanted: Option<&str>,
    ) -> Result<Self, Fault> {
        #[cfg(unix)]
        if let Some(opened) = isolated::Reader::open(file, file_bytes, content) {
            let (reader, properties) = opened?;
            return Self::at(Source::Isolated(Box::new(reader)), wanted, properties);
        }
        let (workbook, properties) = Workbook::open(file, file_bytes, content)?;
        Self::at(Source::Here(workbook), wanted, properties)
    }

    fn at(source: Source, wanted: Option<&str>, properties: Properties) -> Result<Self, Fault> {
        let choice = choose(source.entries(), wanted)?;
        let Properties { format, counts_from_1904, note } = properties;
        Ok(Self { source, choice, format, note, counts_from_1904, sights: Sights::default() })
    }

    /// Chooses another sheet of the same workbook.
    pub(in crate::parse) fn choose(&mut self, wanted: &str) -> Result<(), Fault> {
        self.choice = choose(self.source.entries(), Some(wanted))?;
        self.sights = Sights::default();
        Ok(())
    }

    /// Begins a pass over the workbook. The limit on unpacked bytes applies to all sheets visited in one pass.
    pub(in crate::parse) fn begin_pass(&mut self) {
        match &mut self.source {
            Source::Here(workbook) => workbook.begin_pass(),
            #[cfg(unix)]
            Source::Isolated(reader) => reader.begin_pass(),
        }
    }

    /// Passes all rows that have a cell to `sink`.
    pub(in crate::parse) fn visit(&mut self, sink: &mut impl RowSink) -> Result<(), Fault> {
        let index = self.choice.index;
        self.sights = Sights::default();
        match &mut self.source {
            Source::Here(workbook) => workbook.visit(index, &mut self.sights, sink),
            #[cfg(unix)]
            Source::Isolated(reader) => reader.visit(index, &mut self.sights, sink),
        }
    }

    /// Passes the first rows of every other sheet to `each`, or `None` for a sheet that cannot be read. If several
    /// sheets have the same name, only the first can be chosen, and only that one is passed on.
    ///
    /// # Errors
    ///
    /// Returns an error if the process that reads the workbook ends.
    pub(in crate::parse) fn look_at_others(
        &mut self,
        wanted: usize,
        each: &mut dyn FnMut(&SheetName, Option<Rows>),
    ) -> Result<(), Fault> {
        self.begin_pass();
        let chosen = self.choice.index;
        let entries = self.source.entries().to_vec();
        let mut named = |index: usize, rows: Option<Rows>| {
            let Some(entry) = entries.get(index).filter(|entry| entry.has_cells && index != chosen) else {
                return;
            };
            if sheet::find(&entries, &entry.name.name) == Some(index) {
                each(&entry.name, rows);
            }
        };
        match &mut self.source {
            Source::Here(workbook) => workbook.look_at_others(chosen, wanted, &mut named),
            #[cfg(unix)]
            Source::Isolated(reader) => reader.look_at_others(chosen, wanted, &mut named)?,
        }
        Ok(())
    }

    /// Stops the child process, if there is one, until rows are needed again.
    pub(in crate::parse) fn rest(&mut self) {
        #[cfg(unix)]
        if let Source::Isolated(reader) = &mut self.source {
            reader.rest();
        }
    }
}

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether a panic in this thread now comes from a library reading a damaged workbook, and becomes an error.
pub fn panic_is_caught() -> bool {
    IS_GUARDED.get()
}

/// Runs code that may panic on a damaged workbook, and turns the panic into an error.
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

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::{Format, Formula, Workbook};

    use super::*;
    use crate::row::{Cell, CellKind};

    fn stored(bytes: &[u8]) -> File {
        use std::io::{Seek as _, Write as _};

        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        file
    }

    /// Returns the workbook with `from` replaced by `to` in all its parts.
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

    fn opened(file: &File, wanted: Option<&str>) -> Result<Sheet, Fault> {
        let file_bytes = file.metadata().unwrap().len();
        Sheet::open(file, file_bytes, Content::Xlsx, wanted)
    }

    fn sheet(workbook: &mut Workbook, wanted: Option<&str>) -> Result<Sheet, Fault> {
        opened(&stored(&workbook.save_to_buffer().unwrap()), wanted)
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
    fn numbers_too_long_for_a_float_keep_their_digits() {
        let mut workbook = Workbook::new();
        let page = workbook.add_worksheet();
        for row in 0..3 {
            page.write(row, 0, "Rao").unwrap();
            page.write(row, 2, 919_876_543_210.0 + f64::from(row)).unwrap();
        }
        let long = rewritten(&mut workbook, "<v>919876543211</v>", "<v>919876543210123456</v>");
        let found = rows(&mut opened(&long, None).unwrap());
        let cells: Vec<&(String, CellKind)> = found.iter().map(|(_, cells)| &cells[2]).collect();
        let expected = ["919876543210", "919876543210123456", "919876543212"];
        assert_eq!(
            cells,
            expected.map(|digits| (digits.to_owned(), CellKind::Number)).iter().collect::<Vec<_>>()
        );
    }

    #[test]
    fn sheets_are_chosen_by_name_or_number_and_hidden_ones_only_on_request() {
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
    fn cell_in_the_last_corner_is_skipped_and_reported() {
        let mut workbook = Workbook::new();
        let page = workbook.add_worksheet();
        page.write(0, 0, "a").unwrap();
        page.write(1_048_575, 16_383, "z").unwrap();
        let mut sheet = sheet(&mut workbook, None).unwrap();
        assert_eq!(rows(&mut sheet).len(), 1);
        let notes = sheet.sights.notes();
        assert!(notes[0].contains("is not read: XFD1048576"), "{notes:?}");
    }

    /// The library adds up the digits of a reference without an overflow check; found by fuzzing.
    #[test]
    fn reference_with_too_many_digits_is_an_error_without_panic() {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().write(0, 0, "a").unwrap();
        let broken = rewritten(&mut workbook, "r=\"A1\"", "r=\"A99999999999\"");
        let mut sheet = opened(&broken, None).unwrap();
        let error = sheet.visit(&mut Preview::new(usize::MAX)).unwrap_err();
        assert!(matches!(error, Fault::DamagedWorkbook(_)), "{error}");
        assert!(!panic_is_caught(), "the guard ends with the reading");
    }

    #[test]
    fn truncated_workbook_is_damaged() {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().write(0, 0, "a").unwrap();
        let bytes = workbook.save_to_buffer().unwrap();
        let cut = opened(&stored(&bytes[..bytes.len() / 2]), None);
        assert!(matches!(cut, Err(Fault::DamagedWorkbook(_))));
    }
}
