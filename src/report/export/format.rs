//! How an export is written: CSV, an Excel workbook, or an object on each line.

use std::{
    borrow::Cow,
    collections::HashSet,
    io::{self, Write as _},
    path::Path,
};

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::layout::{Cell, CellKind};
use crate::{
    formula,
    report::{PendingFile, ReportError, outcomes},
};

/// The kinds of file that an export can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A header, and a line for each contact.
    Csv,
    /// A workbook whose cells are all text.
    Xlsx,
    /// An object on each line.
    Ndjson,
}

impl ExportFormat {
    /// The format that the ending of a file's name stands for.
    pub fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

/// Takes the cells of rows, and becomes a file.
pub(super) enum Sink {
    Csv { file: PendingFile, line: Vec<u8> },
    Ndjson { file: PendingFile, line: Vec<u8>, names: Vec<String> },
    Xlsx(Box<Book>),
}

impl Sink {
    pub(super) fn begin(
        format: ExportFormat,
        file: PendingFile,
        columns: Vec<Cell<'_>>,
    ) -> Result<Self, ReportError> {
        match format {
            ExportFormat::Csv => {
                let mut sink = Self::Csv { file, line: Vec::new() };
                sink.write(&columns)?;
                Ok(sink)
            }
            ExportFormat::Ndjson => Ok(Self::Ndjson { file, line: Vec::new(), names: names(&columns) }),
            ExportFormat::Xlsx => {
                let columns = columns.into_iter().map(|column| column.text.into_owned()).collect();
                Book::begin(file, columns).map(|book| Self::Xlsx(Box::new(book)))
            }
        }
    }

    pub(super) fn write(&mut self, cells: &[Cell<'_>]) -> Result<(), ReportError> {
        match self {
            Self::Csv { file, line } => {
                line.clear();
                for (index, cell) in cells.iter().enumerate() {
                    if index > 0 {
                        line.push(b',');
                    }
                    outcomes::push_guarded(line, &guarded(cell), cell.kind == CellKind::Quoted);
                }
                line.push(b'\n');
                file.write_all(line).map_err(|source| failure(file, source))
            }
            Self::Ndjson { file, line, names } => {
                line.clear();
                for (name, cell) in names.iter().zip(cells) {
                    line.push(if line.is_empty() { b'{' } else { b',' });
                    line.extend_from_slice(name.as_bytes());
                    line.push(b':');
                    let written = serde_json::to_writer(&mut *line, &cell.text);
                    written.map_err(|error| failure(file, error.into()))?;
                }
                line.extend_from_slice(b"}\n");
                file.write_all(line).map_err(|source| failure(file, source))
            }
            Self::Xlsx(book) => book.write(cells),
        }
    }

    /// The whole file, not yet in its place.
    pub(super) fn finish(self) -> Result<PendingFile, ReportError> {
        match self {
            Self::Csv { file, .. } | Self::Ndjson { file, .. } => Ok(file),
            Self::Xlsx(book) => book.finish(),
        }
    }
}

fn failure(file: &PendingFile, source: io::Error) -> ReportError {
    ReportError::new("write", file.target(), source)
}

/// What a cell is in CSV. A number with its sign runs nothing, nor does a sign alone, which people with one name have as the other.
fn guarded<'a>(cell: &'a Cell<'_>) -> Cow<'a, [u8]> {
    let is_harmless = |text: &str| {
        let rest = text.strip_prefix(['-', '+']);
        rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
    };
    match cell.kind {
        CellKind::Plain | CellKind::Quoted => Cow::Borrowed(cell.text.as_bytes()),
        CellKind::Text if is_harmless(&cell.text) => Cow::Borrowed(cell.text.as_bytes()),
        CellKind::Text | CellKind::Original => formula::guard(cell.text.as_bytes()),
    }
}

/// The names of the columns as JSON, no two of them the same.
pub(super) fn names(columns: &[Cell<'_>]) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let unique = columns.iter().zip(1..).map(|(column, number)| {
        let name = if column.text.is_empty() { format!("column {number}") } else { column.text.to_string() };
        let later = (2..).map(|time| format!("{name} {time}"));
        let free = std::iter::once(name.clone()).chain(later).find(|name| !taken.contains(name));
        let free = free.unwrap_or_default();
        taken.insert(free.clone());
        serde_json::Value::String(free).to_string()
    });
    unique.collect()
}

/// A workbook being written, row by row.
pub(super) struct Book {
    file: PendingFile,
    workbook: Workbook,
    columns: Vec<String>,
    sheets: u32,
    /// The next row of the last sheet.
    row: u32,
    text: Format,
    bold: Format,
}

impl Book {
    /// Rows that a sheet can have; further ones stand in another sheet.
    const MAX_ROWS: u32 = 1_048_576;

    /// What a cell of a workbook can hold.
    const MAX_UNITS: usize = 32_767;

    fn begin(file: PendingFile, columns: Vec<String>) -> Result<Self, ReportError> {
        let text = Format::new().set_num_format("@");
        let bold = text.clone().set_bold();
        let mut book = Self { file, workbook: Workbook::new(), columns, sheets: 0, row: 0, text, bold };
        book.begin_sheet().map_err(|error| book.failure(error))?;
        Ok(book)
    }

    fn failure(&self, error: XlsxError) -> ReportError {
        failure(&self.file, io::Error::other(error))
    }

    fn begin_sheet(&mut self) -> Result<(), XlsxError> {
        const WIDTH: f64 = 20.0;

        self.sheets += 1;
        let name = if self.sheets == 1 { "Contacts".to_owned() } else { format!("Contacts {}", self.sheets) };
        let sheet = self.workbook.add_worksheet_with_constant_memory()?.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, name) in (0..).zip(&self.columns) {
            sheet.set_column_width(column, WIDTH)?;
            sheet.write_string_with_format(0, column, name, &self.bold)?;
        }
        self.row = 1;
        Ok(())
    }

    fn write(&mut self, cells: &[Cell<'_>]) -> Result<(), ReportError> {
        self.push(cells).map_err(|error| self.failure(error))
    }

    fn push(&mut self, cells: &[Cell<'_>]) -> Result<(), XlsxError> {
        if self.row == Self::MAX_ROWS {
            self.begin_sheet()?;
        }
        let last = usize::try_from(self.sheets).unwrap_or_default().saturating_sub(1);
        let sheet = self.workbook.worksheet_from_index(last)?;
        for (column, cell) in (0..).zip(cells) {
            if !cell.text.is_empty() {
                let text = shortened(&cell.text, Self::MAX_UNITS);
                sheet.write_string_with_format(self.row, column, text, &self.text)?;
            }
        }
        self.row += 1;
        Ok(())
    }

    fn finish(mut self) -> Result<PendingFile, ReportError> {
        let saved = self.workbook.save_to_writer(&mut self.file);
        saved.map_err(|error| failure(&self.file, io::Error::other(error)))?;
        Ok(self.file)
    }
}

/// As much of a text as a cell can hold; nobody is called by what is beyond it.
fn shortened(text: &str, max_units: usize) -> &str {
    if text.len() <= max_units {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, letter)| {
        units += letter.len_utf16();
        units > max_units
    });
    end.map_or(text, |(end, _)| &text[..end])
}
