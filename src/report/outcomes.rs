//! `outcomes.csv`: every row and what became of it.

use super::{OutputFolder, PendingFile, ReportError, ReportedRow};
use crate::{contact::Digits, formula, parse::InputInfo};

/// The file's name.
pub(super) const NAME: &str = "outcomes.csv";

const COLUMNS: [&str; 11] = [
    "file",
    "sheet",
    "row",
    "outcome",
    "code",
    "number",
    "country_code",
    "national_number",
    "region",
    "type",
    "detail",
];

/// Writes one line for each row.
pub(super) struct OutcomesWriter {
    csv: csv::Writer<PendingFile>,
    record: csv::ByteRecord,
}

impl OutcomesWriter {
    pub(super) fn begin(folder: &OutputFolder) -> Result<Self, ReportError> {
        let mut csv = csv::Writer::from_writer(folder.begin(NAME)?);
        csv.write_record(COLUMNS).map_err(|error| super::csv_error(&csv, error))?;
        Ok(Self { csv, record: csv::ByteRecord::new() })
    }

    pub(super) fn write(&mut self, input: &InputInfo, row: &ReportedRow<'_>) -> Result<(), ReportError> {
        let record = &mut self.record;
        record.clear();
        match input.path.as_str() {
            crate::parse::STDIN => record.push_field(input.path.as_bytes()),
            path => push_guarded(record, path.as_bytes()),
        }
        push_guarded(record, input.sheet.as_deref().unwrap_or_default().as_bytes());
        record.push_field(Digits::of(row.row.location.row).as_bytes());
        record.push_field(row.outcome.name().as_bytes());
        record.push_field(row.code.map_or("", crate::outcome::Code::name).as_bytes());
        if let Some(number) = row.number {
            record.push_field(number.e164().digits().as_bytes());
            record.push_field(number.calling_code_digits().as_bytes());
            record.push_field(number.national().as_bytes());
            record.push_field(number.region().as_ref().map_or("", crate::contact::Region::as_str).as_bytes());
            record.push_field(number.kind().name().as_bytes());
        } else {
            (0..5).for_each(|_| record.push_field(b""));
        }
        push_guarded(record, row.detail.as_bytes());
        self.csv.write_byte_record(&self.record).map_err(|error| super::csv_error(&self.csv, error))
    }

    pub(super) fn finish(self) -> Result<PendingFile, ReportError> {
        super::into_file(self.csv)
    }
}

fn push_guarded(record: &mut csv::ByteRecord, cell: &[u8]) {
    match formula::guard(cell) {
        b"" => record.push_field(cell),
        guard => record.push_field(&[guard, cell].concat()),
    }
}
