//! Rows with what was read from them, as `rollcall normalize` writes them.

use std::io;

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
    delimiter: u8,
}

impl NormalizedFormat {
    /// Creates the format for a list: that of its own lines.
    pub fn new(input: &InputInfo) -> Self {
        let delimiter = input.delimiter.filter(|_| input.format == Format::Csv).unwrap_or(b',');
        Self { headers: input.headers.clone(), delimiter }
    }

    /// Returns the line with the names of the columns.
    ///
    /// # Errors
    ///
    /// Returns an error only if there is no memory.
    pub fn header(&self) -> io::Result<Vec<u8>> {
        let mut lines = self.writer(Vec::new());
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

        let mut lines = self.writer(Vec::with_capacity(rows.text_len() + rows.len() * OWN_BYTES));
        for (row, verdict) in rows.iter_text().zip(verdicts) {
            let mut detail = String::new();
            self.write(&mut lines, &report(row, verdict, &mut detail))?;
        }
        into_bytes(lines)
    }

    fn writer(&self, lines: Vec<u8>) -> csv::Writer<Vec<u8>> {
        csv::WriterBuilder::new().delimiter(self.delimiter).from_writer(lines)
    }

    fn write(&self, lines: &mut csv::Writer<Vec<u8>>, row: &ReportedRow<'_>) -> csv::Result<()> {
        for column in 0..self.headers.len() {
            lines.write_field(&*lossy(row.row.cell(column).text))?;
        }
        lines.write_field(row.outcome.name())?;
        lines.write_field(row.code.map_or("", Code::name))?;
        match row.number {
            Some(number) => {
                lines.write_field(number.e164().digits().as_bytes())?;
                lines.write_field(number.calling_code_digits().as_bytes())?;
                lines.write_field(number.national().as_bytes())?;
                lines.write_field(number.region().as_ref().map_or("", Region::as_str))?;
                lines.write_field(number.kind().name())?;
            }
            None => (0..5).try_for_each(|_| lines.write_field(""))?,
        }
        match row.contact {
            Some(contact) => {
                lines.write_field(contact.first_name())?;
                lines.write_field(contact.last_name())?;
                lines.write_field(contact.salutation().as_str())?;
            }
            None => (0..3).try_for_each(|_| lines.write_field(""))?,
        }
        let surplus: Vec<String> = row
            .row
            .cells()
            .skip(self.headers.len())
            .map(|cell| lossy(cell.text).into_owned())
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
}

fn into_bytes(lines: csv::Writer<Vec<u8>>) -> io::Result<Vec<u8>> {
    lines.into_inner().map_err(csv::IntoInnerError::into_error)
}
