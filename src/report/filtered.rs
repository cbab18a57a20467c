//! The rows of a list with further columns, as `rollcall normalize` writes them.

use std::{borrow::Cow, io};

use super::lossy;
use crate::{
    parse::{Format, InputInfo},
    row::Row,
};

/// The format of the rows of a list with columns of our own behind them.
#[derive(Clone, Debug)]
pub struct FilteredFormat {
    headers: Vec<String>,
    form: Form,
    /// Whether the columns of the list are omitted.
    is_bare: bool,
    own: Vec<&'static str>,
    /// The place of our column that gets the cells beyond the header.
    detail: Option<usize>,
}

/// The form of the lines.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Delimited text.
    Delimited(u8),
    /// A record of JSON per line. The cell behind those of the header holds the record.
    Json,
}

/// The name of our column with details.
pub(super) const DETAIL: &str = "rollcall_detail";

impl FilteredFormat {
    /// Creates the format for a list: that of its own lines. If `is_bare`, its columns are omitted.
    pub fn new(input: &InputInfo, own: Vec<&'static str>, is_bare: bool) -> Self {
        let form = match (input.format, input.delimiter) {
            (Format::Ndjson, _) => Form::Json,
            (_, delimiter) => Form::Delimited(delimiter.unwrap_or(b',')),
        };
        let detail = own.iter().position(|name| *name == DETAIL);
        Self { headers: input.headers.clone(), form, is_bare, own, detail }
    }

    /// Returns the line with the names of the columns, if there is one.
    ///
    /// # Errors
    ///
    /// Returns an error only if there is no memory.
    pub fn header(&self) -> io::Result<Vec<u8>> {
        let Form::Delimited(delimiter) = self.form else { return Ok(Vec::new()) };
        let mut lines = writer(delimiter, Vec::new());
        let headers = self.headers.iter().map(String::as_str).filter(|_| !self.is_bare);
        lines.write_record(headers.chain(self.own.iter().copied()))?;
        into_bytes(lines)
    }

    /// Starts the lines of a block, with room for the text of its rows.
    pub fn lines(&self, rows: usize, text_bytes: usize) -> FilteredLines<'_> {
        const OWN_BYTES: usize = 96;

        let bytes = Vec::with_capacity(text_bytes + rows * OWN_BYTES);
        let lines = match self.form {
            Form::Delimited(delimiter) => Lines::Delimited(Box::new(writer(delimiter, bytes))),
            Form::Json => Lines::Json(bytes),
        };
        FilteredLines { format: self, lines }
    }
}

/// The lines of a block while they are written.
pub struct FilteredLines<'f> {
    format: &'f FilteredFormat,
    lines: Lines,
}

enum Lines {
    Delimited(Box<csv::Writer<Vec<u8>>>),
    Json(Vec<u8>),
}

impl FilteredLines<'_> {
    /// Adds a row, with the cells of our columns.
    ///
    /// # Errors
    ///
    /// Returns an error only if there is no memory.
    pub fn push(&mut self, row: Row<'_>, own: &[&str]) -> io::Result<()> {
        debug_assert_eq!(own.len(), self.format.own.len(), "a cell for each column");
        match &mut self.lines {
            Lines::Delimited(lines) => push_delimited(self.format, lines, row, own)?,
            Lines::Json(lines) => {
                let record = row.cell(self.format.headers.len()).text.trim_ascii();
                let record = if self.format.is_bare { b"{}" } else { record };
                push_json(lines, record, self.format.own.iter().copied().zip(own.iter().copied()))?;
            }
        }
        Ok(())
    }

    /// Returns the lines.
    ///
    /// # Errors
    ///
    /// Returns an error only if there is no memory.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        match self.lines {
            Lines::Delimited(lines) => into_bytes(*lines),
            Lines::Json(lines) => Ok(lines),
        }
    }
}

fn push_delimited(
    format: &FilteredFormat,
    lines: &mut csv::Writer<Vec<u8>>,
    row: Row<'_>,
    own: &[&str],
) -> csv::Result<()> {
    let users = format.headers.len();
    let kept = if format.is_bare { 0 } else { users };
    for column in 0..kept {
        lines.write_field(&*lossy(row.cell(column).text))?;
    }
    let surplus = row.cells().skip(users).map(|cell| lossy(cell.text));
    let surplus: Vec<Cow<'_, str>> = surplus.filter(|cell| !cell.is_empty()).collect();
    for (column, cell) in own.iter().enumerate() {
        if Some(column) == format.detail && !surplus.is_empty() {
            let surplus = surplus.join(", ");
            lines.write_field(format!("{cell}; cells beyond the header: {surplus}"))?;
        } else {
            lines.write_field(cell)?;
        }
    }
    lines.write_record(None::<&[u8]>)
}

/// Appends a record with our fields at its end.
fn push_json<'t>(
    lines: &mut Vec<u8>,
    record: &[u8],
    own: impl Iterator<Item = (&'t str, &'t str)>,
) -> io::Result<()> {
    // The reader of lines takes only objects.
    let open = record.strip_suffix(b"}").unwrap_or(record);
    lines.extend_from_slice(open);
    let mut separator: &[u8] = if open.trim_ascii_end() == b"{" { b"" } else { b"," };
    for (name, text) in own {
        lines.extend_from_slice(std::mem::replace(&mut separator, b","));
        serde_json::to_writer(&mut *lines, name)?;
        lines.push(b':');
        serde_json::to_writer(&mut *lines, &Some(text).filter(|text| !text.is_empty()))?;
    }
    lines.extend_from_slice(b"}\n");
    Ok(())
}

fn writer(delimiter: u8, lines: Vec<u8>) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().delimiter(delimiter).from_writer(lines)
}

fn into_bytes(lines: csv::Writer<Vec<u8>>) -> io::Result<Vec<u8>> {
    lines.into_inner().map_err(csv::IntoInnerError::into_error)
}
