//! `outcomes.csv`: every row with its outcome.
//!
//! This file has one line per row of every list. Most of a line is fixed names and digits. So lines are assembled as
//! bytes, and only text from outside is checked for quoting.

use std::io::Write as _;

use super::{
    LineFormat, OutputFolder, PendingFile, Report, ReportError, ReportedRow, ValidRows,
    run_file::{Kind, RunFile},
};
use crate::{
    formula,
    parse::{self, InputInfo},
};

/// The file's name.
const NAME: &str = "outcomes.csv";

const COLUMNS: &str = "file,sheet,row,outcome,code,number,country_code,national_number,region,type,detail\n";

/// The size at which buffered lines are written.
const BUFFER_BYTES: usize = 256 * 1024;

/// A writer of one line per row.
pub(super) struct OutcomesWriter {
    file: PendingFile,
    lines: Vec<u8>,
    format: LineFormat,
}

impl OutcomesWriter {
    pub(super) const KIND: Kind =
        Kind { name: NAME, begin: |folder, inputs| Ok(Box::new(Self::begin(folder, inputs)?)) };

    fn begin(folder: &OutputFolder, inputs: &[InputInfo]) -> Result<Self, ReportError> {
        let mut lines = Vec::with_capacity(BUFFER_BYTES + 1024);
        lines.extend_from_slice(COLUMNS.as_bytes());
        Ok(Self { file: folder.begin(NAME)?, lines, format: LineFormat::new(inputs) })
    }

    fn flush(&mut self) -> Result<(), ReportError> {
        let written = self.file.write_all(&self.lines);
        self.lines.clear();
        written.map_err(|source| ReportError::new("write", self.file.target(), source))
    }
}

impl RunFile for OutcomesWriter {
    fn write(&mut self, _: &InputInfo, row: &ReportedRow<'_>) -> Result<(), ReportError> {
        self.format.push_line(&mut self.lines, row);
        if self.lines.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    fn write_valid(&mut self, _: &InputInfo, valid: &ValidRows<'_>) -> Result<(), ReportError> {
        self.lines.extend_from_slice(valid.lines());
        if self.lines.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>, _: &OutputFolder, _: &Report) -> Result<Vec<PendingFile>, ReportError> {
        self.flush()?;
        Ok(vec![self.file])
    }
}

/// Returns the file and sheet columns, which all lines of an input share.
pub(super) fn beginning(input: &InputInfo) -> Vec<u8> {
    let mut beginning = Vec::new();
    match input.path.as_str() {
        parse::STDIN => beginning.extend_from_slice(parse::STDIN.as_bytes()),
        path => push_field(&mut beginning, path.as_bytes()),
    }
    beginning.push(b',');
    push_field(&mut beginning, input.sheet.as_deref().unwrap_or_default().as_bytes());
    beginning.push(b',');
    beginning
}

/// Appends text from outside, guarded against formulas and quoted where needed (RFC 4180).
pub(super) fn push_field(line: &mut Vec<u8>, text: &[u8]) {
    push_guarded(line, &formula::guard(text), false);
}

/// Appends guarded text, quoted where needed or if `is_quoted`.
pub(super) fn push_guarded(line: &mut Vec<u8>, text: &[u8], is_quoted: bool) {
    if !is_quoted && !text.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        line.extend_from_slice(text);
        return;
    }
    line.push(b'"');
    for byte in text {
        line.push(*byte);
        if *byte == b'"' {
            line.push(b'"');
        }
    }
    line.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn written_fields_read_back_unchanged(fields in prop::collection::vec("[-=a,;\"\r\n' é]{0,6}", 2..5)) {
            let mut line = Vec::new();
            for (field, index) in fields.iter().zip(0..) {
                if index > 0 {
                    line.push(b',');
                }
                push_field(&mut line, field.as_bytes());
            }
            line.push(b'\n');
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_slice());
            let read = reader.byte_records().next().unwrap().unwrap();
            let read: Vec<_> = read.iter().map(formula::unguard).collect();
            prop_assert_eq!(read, fields.iter().map(|field| field.as_bytes().into()).collect::<Vec<std::borrow::Cow<'_, [u8]>>>());
        }
    }
}
