//! Rows with what was read from them, as `rollcall normalize` writes them.

use std::{borrow::Cow, io};

use super::lossy;
use crate::{
    contact::Region,
    outcome::{Code, Verdict},
    parse::{Format, InputInfo},
    report::ReportedRow,
    row::{Row, Rows},
};

/// The columns behind those of the list.
const COLUMNS: [&str; 11] = [
    "rollcall_outcome",
    "rollcall_code",
    "rollcall_number",
    "rollcall_country_code",
    "rollcall_national_number",
    "rollcall_region",
    "rollcall_type",
    "rollcall_first_name",
    "rollcall_last_name",
    "rollcall_salutation",
    "rollcall_detail",
];

/// The format of the lines of a list.
#[derive(Clone, Debug)]
pub struct NormalizedFormat {
    headers: Vec<String>,
    form: Form,
}

/// The form of the lines.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Delimited text.
    Delimited(u8),
    /// A record of JSON per line. The cell behind those of the header holds the record.
    Json,
}

impl NormalizedFormat {
    /// Creates the format for a list: that of its own lines.
    pub fn new(input: &InputInfo) -> Self {
        let form = match (input.format, input.delimiter) {
            (Format::Ndjson, _) => Form::Json,
            (_, delimiter) => Form::Delimited(delimiter.unwrap_or(b',')),
        };
        Self { headers: input.headers.clone(), form }
    }

    /// Returns the line with the names of the columns, if there is one.
    ///
    /// # Errors
    ///
    /// Returns an error only if there is no memory.
    pub fn header(&self) -> io::Result<Vec<u8>> {
        let Form::Delimited(delimiter) = self.form else { return Ok(Vec::new()) };
        let mut lines = writer(delimiter, Vec::new());
        lines.write_record(self.headers.iter().map(String::as_str).chain(COLUMNS))?;
        into_bytes(lines)
    }

    /// Returns the lines of a block. `report` tells how to report a row by itself; it may use the text for a detail.
    ///
    /// # Errors
    ///
    /// Returns an error only if there is no memory.
    pub fn lines(
        &self,
        rows: &Rows,
        verdicts: &[Verdict],
        report: impl for<'r> Fn(Row<'r>, &'r Verdict, &'r mut String) -> ReportedRow<'r>,
    ) -> io::Result<Vec<u8>> {
        const OWN_BYTES: usize = 96;

        let mut bytes = Vec::with_capacity(rows.text_len() + rows.len() * OWN_BYTES);
        let rows = rows.iter_text().zip(verdicts);
        match self.form {
            Form::Json => {
                for (row, verdict) in rows {
                    self.push_json(&mut bytes, row, &report(row, verdict, &mut String::new()))?;
                }
                Ok(bytes)
            }
            Form::Delimited(delimiter) => {
                let mut lines = writer(delimiter, bytes);
                for (row, verdict) in rows {
                    self.write(&mut lines, &report(row, verdict, &mut String::new()))?;
                }
                into_bytes(lines)
            }
        }
    }

    fn write(&self, lines: &mut csv::Writer<Vec<u8>>, row: &ReportedRow<'_>) -> csv::Result<()> {
        for column in 0..self.headers.len() {
            lines.write_field(&*lossy(row.row.cell(column).text))?;
        }
        with_own(row, |own| own[..own.len() - 1].iter().try_for_each(|cell| lines.write_field(cell)))?;
        let surplus: Vec<Cow<'_, str>> = row
            .row
            .cells()
            .skip(self.headers.len())
            .map(|cell| lossy(cell.text))
            .filter(|cell| !cell.is_empty())
            .collect();
        if surplus.is_empty() {
            lines.write_field(row.detail)?;
        } else {
            let cells = surplus.join(", ");
            lines.write_field(format!("{}; cells beyond the header: {cells}", row.detail))?;
        }
        lines.write_record(None::<&[u8]>)
    }

    /// Appends a record with the own fields at its end.
    fn push_json(&self, lines: &mut Vec<u8>, row: Row<'_>, reported: &ReportedRow<'_>) -> io::Result<()> {
        let record = row.cell(self.headers.len()).text.trim_ascii();
        // The reader of lines takes only objects.
        let open = record.strip_suffix(b"}").unwrap_or(record);
        lines.extend_from_slice(open);
        let mut separator: &[u8] = if open.trim_ascii_end() == b"{" { b"" } else { b"," };
        with_own(reported, |own| {
            for (name, text) in COLUMNS.iter().zip(own) {
                lines.extend_from_slice(std::mem::replace(&mut separator, b","));
                serde_json::to_writer(&mut *lines, name)?;
                lines.push(b':');
                serde_json::to_writer(&mut *lines, &Some(*text).filter(|text| !text.is_empty()))?;
            }
            lines.extend_from_slice(b"}\n");
            Ok(())
        })
    }
}

/// Passes the cells of [`COLUMNS`] on.
fn with_own<T>(row: &ReportedRow<'_>, take: impl FnOnce(&[&str; COLUMNS.len()]) -> T) -> T {
    let number = row.number.map(|number| {
        (
            number.e164().digits(),
            number.calling_code_digits(),
            number.national(),
            number.region(),
            number.kind(),
        )
    });
    let (whole, code, national, region, kind) = match &number {
        Some((whole, code, national, region, kind)) => (
            whole.as_ref(),
            code.as_ref(),
            national.as_ref(),
            region.as_ref().map_or("", Region::as_str),
            kind.name(),
        ),
        None => ("", "", "", "", ""),
    };
    let (first_name, last_name, salutation) = match row.contact {
        Some(contact) => (contact.first_name(), contact.last_name(), contact.salutation().as_str()),
        None => ("", "", ""),
    };
    take(&[
        row.outcome.name(),
        row.code.map_or("", Code::name),
        whole,
        code,
        national,
        region,
        kind,
        first_name,
        last_name,
        salutation,
        row.detail,
    ])
}

fn writer(delimiter: u8, lines: Vec<u8>) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().delimiter(delimiter).from_writer(lines)
}

fn into_bytes(lines: csv::Writer<Vec<u8>>) -> io::Result<Vec<u8>> {
    lines.into_inner().map_err(csv::IntoInnerError::into_error)
}
