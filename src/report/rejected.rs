//! `rejected.csv`: only the rows to fix, with the input's own columns untouched, then what is wrong.
//!
//! Mended, it is imported again: reading ignores the columns added here and takes the guards off.

use std::{borrow::Cow, collections::HashMap};

use super::{
    OutputFolder, PendingFile, Report, ReportError, ReportedRow,
    files::{Kind, RunFile},
    hint,
};
use crate::{formula, outcome::Problem, parse::InputInfo, row::Ragged};

/// The file's name.
const NAME: &str = "rejected.csv";

const OWN_COLUMNS: [&str; 4] = ["rollcall_row", "rollcall_code", "rollcall_reason", "rollcall_hint"];

/// Writes one line for each row that needs mending.
pub(super) struct RejectedWriter {
    csv: csv::Writer<PendingFile>,
    record: csv::ByteRecord,
    /// For each input, the place of each of its columns in the file.
    places: Vec<Vec<usize>>,
    headers: Vec<String>,
    /// Cells beyond the header in the widest row.
    surplus: usize,
}

impl RejectedWriter {
    pub(super) const KIND: Kind =
        Kind { name: NAME, begin: |folder, inputs| Ok(Box::new(Self::begin(folder, inputs)?)) };

    /// Begins the file with the columns of all inputs: a column that two of them have stands there once.
    fn begin(folder: &OutputFolder, inputs: &[InputInfo]) -> Result<Self, ReportError> {
        let mut headers: Vec<String> = Vec::new();
        let mut known: HashMap<(&str, usize), usize> = HashMap::new();
        let places = inputs.iter().map(|input| {
            let mut times: HashMap<&str, usize> = HashMap::new();
            let place = |header| {
                let time = times.entry(header).or_default();
                *time += 1;
                *known.entry((header, *time)).or_insert_with(|| {
                    headers.push(header.to_owned());
                    headers.len() - 1
                })
            };
            input.headers.iter().map(String::as_str).map(place).collect()
        });
        let places = places.collect();
        let mut csv = writer(folder.begin(NAME)?);
        write_header(&mut csv, &headers, 0)?;
        Ok(Self { csv, record: csv::ByteRecord::new(), places, headers, surplus: 0 })
    }
}

impl RunFile for RejectedWriter {
    fn write(&mut self, input: &InputInfo, row: &ReportedRow<'_>) -> Result<(), ReportError> {
        if !row.outcome.needs_mending() {
            return Ok(());
        }
        let places = &self.places[usize::from(row.row.location.input)];
        let mut cells: Vec<&[u8]> = vec![b""; self.headers.len()];
        for (index, cell) in row.row.cells().enumerate() {
            match places.get(index) {
                Some(place) => cells[*place] = cell.text,
                None => cells.push(cell.text),
            }
        }
        let note = row.row.ragged.map(Ragged::note);
        cells.extend(note.as_ref().map(String::as_bytes));
        self.surplus = self.surplus.max(cells.len() - self.headers.len());
        self.record.clear();
        for cell in cells {
            // Bytes of another encoding would make the file unreadable as UTF-8: what cannot be told is shown as lost.
            let text = String::from_utf8_lossy(cell);
            self.record.push_field(&[formula::guard(cell), text.as_bytes()].concat());
        }
        for own in own_cells(input, row) {
            self.record.push_field(own.as_bytes());
        }
        self.csv.write_byte_record(&self.record).map_err(|error| super::csv_error(&self.csv, error))
    }

    /// The file; written once more where a row was wider than the header.
    fn finish(self: Box<Self>, folder: &OutputFolder, _: &Report) -> Result<PendingFile, ReportError> {
        let file = super::into_file(self.csv)?;
        if self.surplus == 0 { Ok(file) } else { widen(file, folder, &self.headers, self.surplus) }
    }
}

/// Writes the file anew with room for `surplus` cells between the user's columns and ours.
fn widen(
    mut narrow: PendingFile,
    folder: &OutputFolder,
    headers: &[String],
    surplus: usize,
) -> Result<PendingFile, ReportError> {
    let target = narrow.target().to_owned();
    let fail = |error: csv::Error| ReportError::new("write", &target, error.into());
    let source = narrow.reread().map_err(|source| ReportError::new("write", &target, source))?;
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(source);
    let mut wide = writer(folder.begin(NAME)?);
    write_header(&mut wide, headers, surplus)?;
    for row in rows.byte_records() {
        let row = row.map_err(fail)?;
        let users = row.len() - OWN_COLUMNS.len();
        let padding = headers.len() + surplus - users;
        let cells = row.iter().take(users).chain(std::iter::repeat_n(b"".as_slice(), padding));
        wide.write_record(cells.chain(row.iter().skip(users))).map_err(fail)?;
    }
    super::into_file(wide)
}

fn writer(file: PendingFile) -> csv::Writer<PendingFile> {
    csv::WriterBuilder::new().flexible(true).from_writer(file)
}

/// The user's headers, columns for cells beyond them, then ours.
fn write_header(
    csv: &mut csv::Writer<PendingFile>,
    headers: &[String],
    surplus: usize,
) -> Result<(), ReportError> {
    let guarded =
        headers.iter().map(|header| [formula::guard(header.as_bytes()), header.as_bytes()].concat());
    let extra = (1..=surplus).map(|number| format!("{}_{number}", Ragged::EXTRA_COLUMN).into_bytes());
    let own = OWN_COLUMNS.iter().map(|column| column.as_bytes().to_vec());
    let written = csv.write_record(guarded.chain(extra).chain(own));
    written.map_err(|error| super::csv_error(csv, error))
}

fn own_cells(input: &InputInfo, row: &ReportedRow<'_>) -> [String; 4] {
    let code = row.code.map_or("", crate::outcome::Code::name).to_owned();
    let number = row.row.location.row.to_string();
    if row.problems.is_empty() {
        let hint = row.code.map_or("", crate::outcome::Code::hint).to_owned();
        return [number, code, row.detail.to_owned(), hint];
    }
    let reasons: Vec<String> = row.problems.iter().map(Problem::message).collect();
    let mut hints: Vec<Cow<'static, str>> = Vec::new();
    for hint in row.problems.iter().map(|problem| hint::of_problem(problem, row, input)) {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    [number, code, reasons.join("; "), hints.join(" ")]
}
