//! Rows with what was read from them, as `rollcall normalize` writes them.

use std::{borrow::Cow, io};

use super::lossy;
use crate::{
    contact::Region,
    outcome::Code,
    parse::{Format, InputInfo},
    report::ReportedRow,
};

/// The number of columns behind those of the list, without those for deduplication.
const COUNT: usize = 11;

/// The columns behind those of the list. The last ones are for another program that deduplicates.
const COLUMNS: [&str; COUNT + 3] = [
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
    "rollcall_row",
    "rollcall_name_key",
    "rollcall_forbidden",
];

/// The format of the lines of a list.
#[derive(Clone, Debug)]
pub struct NormalizedFormat {
    headers: Vec<String>,
    form: Form,
    has_keys: bool,
    may_forbid: bool,
}

/// The form of the lines.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Delimited text.
    Delimited(u8),
    /// A record of JSON per line. The cell behind those of the header holds the record.
    Json,
}

/// What another program needs to deduplicate.
#[derive(Clone, Debug)]
pub struct RowKeys {
    /// The key of the contact's name; empty without a contact.
    pub name: String,
    /// The numbers and masks that the row forbids to call, separated by spaces.
    pub forbidden: String,
}

impl NormalizedFormat {
    /// Creates the format for a list: that of its own lines. `has_keys` adds the columns for deduplication.
    pub fn new(input: &InputInfo, has_keys: bool) -> Self {
        let form = match (input.format, input.delimiter) {
            (Format::Ndjson, _) => Form::Json,
            (_, delimiter) => Form::Delimited(delimiter.unwrap_or(b',')),
        };
        let may_forbid = input.columns.may_forbid_numbers();
        Self { headers: input.headers.clone(), form, has_keys, may_forbid }
    }

    /// Returns whether there are columns for deduplication.
    pub fn has_keys(&self) -> bool {
        self.has_keys
    }

    /// Returns the line with the names of the columns, if there is one.
    ///
    /// # Errors
    ///
    /// Returns an error only if there is no memory.
    pub fn header(&self) -> io::Result<Vec<u8>> {
        let Form::Delimited(delimiter) = self.form else { return Ok(Vec::new()) };
        let mut lines = writer(delimiter, Vec::new());
        lines.write_record(
            self.headers.iter().map(String::as_str).chain(self.own_columns().iter().copied()),
        )?;
        into_bytes(lines)
    }

    fn own_columns(&self) -> &'static [&'static str] {
        &COLUMNS[..COUNT + self.keys()]
    }

    /// Returns the number of columns for deduplication. Without a column that may forbid calls, there is none for their
    /// numbers.
    fn keys(&self) -> usize {
        match (self.has_keys, self.may_forbid) {
            (false, _) => 0,
            (true, false) => 2,
            (true, true) => 3,
        }
    }

    /// Starts the lines of a block, with room for the text of its rows.
    pub fn lines(&self, rows: usize, text_bytes: usize) -> NormalizedLines<'_> {
        const OWN_BYTES: usize = 96;

        let bytes = Vec::with_capacity(text_bytes + rows * OWN_BYTES);
        let lines = match self.form {
            Form::Delimited(delimiter) => Lines::Delimited(Box::new(writer(delimiter, bytes))),
            Form::Json => Lines::Json(bytes),
        };
        NormalizedLines { format: self, lines }
    }
}

/// The lines of a block while they are written.
pub struct NormalizedLines<'f> {
    format: &'f NormalizedFormat,
    lines: Lines,
}

enum Lines {
    Delimited(Box<csv::Writer<Vec<u8>>>),
    Json(Vec<u8>),
}

impl NormalizedLines<'_> {
    /// Adds a row. Its keys are written if the format has them.
    ///
    /// # Errors
    ///
    /// Returns an error only if there is no memory.
    pub fn push(&mut self, row: &ReportedRow<'_>, keys: Option<&RowKeys>) -> io::Result<()> {
        let number = row.row.location.row.to_string();
        let (name, forbidden) = keys.map_or(("", ""), |keys| (&*keys.name, &*keys.forbidden));
        let keys = [number.as_str(), name, forbidden];
        let keys = &keys[..self.format.keys()];
        let users = self.format.headers.len();
        match &mut self.lines {
            Lines::Delimited(lines) => push_delimited(lines, users, row, keys)?,
            Lines::Json(lines) => {
                let record = row.row.cell(users).text.trim_ascii();
                with_own(row, row.detail, |own| {
                    let own = own.iter().chain(keys).copied();
                    push_json(lines, record, self.format.own_columns().iter().copied().zip(own))
                })?;
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
    lines: &mut csv::Writer<Vec<u8>>,
    users: usize,
    row: &ReportedRow<'_>,
    keys: &[&str],
) -> csv::Result<()> {
    for column in 0..users {
        lines.write_field(&*lossy(row.row.cell(column).text))?;
    }
    let surplus = row.row.cells().skip(users).map(|cell| lossy(cell.text));
    let surplus: Vec<Cow<'_, str>> = surplus.filter(|cell| !cell.is_empty()).collect();
    let detail = if surplus.is_empty() {
        Cow::Borrowed(row.detail)
    } else {
        Cow::Owned(format!("{}; cells beyond the header: {}", row.detail, surplus.join(", ")))
    };
    with_own(row, &detail, |own| own.iter().chain(keys).try_for_each(|cell| lines.write_field(cell)))?;
    lines.write_record(None::<&[u8]>)
}

/// Appends a record with the own fields at its end.
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

/// Passes the cells of the first [`COUNT`] columns on.
fn with_own<T>(row: &ReportedRow<'_>, detail: &str, take: impl FnOnce(&[&str; COUNT]) -> T) -> T {
    let number = row.number.map(|number| {
        let code = number.calling_code_digits();
        (number.e164().digits(), code, number.national(), number.region(), number.kind())
    });
    let (whole, code, national, region, kind) = match &number {
        Some((whole, code, national, region, kind)) => {
            (&**whole, &**code, &**national, region.as_ref().map_or("", Region::as_str), kind.name())
        }
        None => ("", "", "", "", ""),
    };
    let (first_name, last_name, salutation) = match row.contact {
        Some(contact) => (contact.first_name(), contact.last_name(), contact.salutation().as_str()),
        None => ("", "", ""),
    };
    let cause = row.code.map_or("", Code::name);
    let outcome = row.outcome.name();
    take(&[outcome, cause, whole, code, national, region, kind, first_name, last_name, salutation, detail])
}

fn writer(delimiter: u8, lines: Vec<u8>) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().delimiter(delimiter).from_writer(lines)
}

fn into_bytes(lines: csv::Writer<Vec<u8>>) -> io::Result<Vec<u8>> {
    lines.into_inner().map_err(csv::IntoInnerError::into_error)
}
