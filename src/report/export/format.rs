//! The formats of an export: CSV, an Excel workbook, or JSON Lines.

use std::{
    borrow::Cow,
    collections::HashSet,
    io::{self, Write as _},
    path::Path,
};

use super::layout::{Cell, CellKind};
use crate::{
    formula,
    report::{PendingFile, ReportError, book::Book, outcomes},
};

/// The file format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A header, then one line per contact.
    Csv,
    /// A workbook with text cells only.
    Xlsx,
    /// One JSON object per line.
    Ndjson,
}

impl ExportFormat {
    /// Returns the format for the extension of a file name.
    pub fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

/// A destination that takes the cells of rows and becomes a file.
pub(super) enum Sink {
    Csv { file: PendingFile, line: Vec<u8> },
    Ndjson { file: PendingFile, line: Vec<u8>, names: Vec<String> },
    Xlsx { file: PendingFile, book: Box<Book> },
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
                match Book::begin(columns, file.folder()) {
                    Ok(book) => Ok(Self::Xlsx { file, book: Box::new(book) }),
                    Err(error) => Err(failure(&file, error)),
                }
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
            Self::Xlsx { file, book } => {
                let pushed = book.push(cells.iter().map(|cell| &*cell.text));
                pushed.map_err(|error| failure(file, error))
            }
        }
    }

    /// Returns the complete file, not yet in its place.
    pub(super) fn finish(self) -> Result<PendingFile, ReportError> {
        match self {
            Self::Csv { file, .. } | Self::Ndjson { file, .. } => Ok(file),
            Self::Xlsx { mut file, book } => match book.save(&mut file) {
                Ok(()) => Ok(file),
                Err(error) => Err(failure(&file, error)),
            },
        }
    }
}

fn failure(file: &PendingFile, source: io::Error) -> ReportError {
    ReportError::new("write", file.target(), source)
}

/// Returns a cell's bytes for CSV, guarded against formulas. Numbers with a sign need no guard, nor does a single
/// sign, which people with one name have as the other name.
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

/// Returns the column names as JSON, made unique.
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
