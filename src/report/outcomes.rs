//! `outcomes.csv`: every row with its outcome.
//!
//! This file has one line per row of every list. Most of a line is fixed names and digits. So lines are assembled as
//! bytes, and only text from outside is checked for quoting.

use std::{io::Write as _, sync::Arc};

use super::{
    OutputFolder, PendingFile, Report, ReportError, ReportedRow,
    run_file::{Kind, RunFile},
};
use crate::{
    contact::{Digits, Region},
    formula,
    outcome::{Code, Outcome, Verdict},
    parse::{self, InputInfo},
    row::Rows,
};

/// The file's name.
const NAME: &str = "outcomes.csv";

const COLUMNS: &str = "file,sheet,row,outcome,code,number,country_code,national_number,region,type,detail\n";

/// The size at which buffered lines are written.
const BUFFER_BYTES: usize = 256 * 1024;

/// The format of the lines, for each input.
#[derive(Clone, Debug)]
pub struct LineFormat {
    /// The beginning of each input's lines.
    beginnings: Arc<[Vec<u8>]>,
}

/// Lines of a block of rows, one per row; empty for rows that need a closer check.
#[derive(Debug, Default)]
pub struct Lines {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Lines {
    /// Returns the line of the row at `index`.
    pub fn line(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[index]]
    }
}

impl LineFormat {
    pub(super) fn new(inputs: &[InputInfo]) -> Self {
        Self { beginnings: inputs.iter().map(beginning).collect() }
    }

    /// Formats the lines of valid contacts on any free thread. In most lists, most rows keep these lines.
    pub fn valid_lines(&self, rows: &Rows, verdicts: &[Verdict]) -> Lines {
        /// The size of most lines.
        const LINE_BYTES: usize = 96;

        let mut lines =
            Lines { text: Vec::with_capacity(rows.len() * LINE_BYTES), ends: Vec::with_capacity(rows.len()) };
        for (row, verdict) in rows.iter().zip(verdicts) {
            if let Verdict::Contact(contact) = verdict {
                let number = Some(contact.number());
                let row = ReportedRow { number, ..ReportedRow::new(row, Outcome::Valid) };
                self.push_line(&mut lines.text, &row);
            }
            lines.ends.push(lines.text.len());
        }
        lines
    }

    fn push_line(&self, lines: &mut Vec<u8>, row: &ReportedRow<'_>) {
        let location = row.row.location;
        lines.extend_from_slice(&self.beginnings[usize::from(location.input)]);
        let mut push = |field: &[u8]| {
            lines.extend_from_slice(field);
            lines.push(b',');
        };
        push(Digits::of(location.row).as_bytes());
        push(row.outcome.name().as_bytes());
        push(row.code.map_or("", Code::name).as_bytes());
        if let Some(number) = row.number {
            push(number.e164().digits().as_bytes());
            push(number.calling_code_digits().as_bytes());
            push(number.national().as_bytes());
            push(number.region().as_ref().map_or("", Region::as_str).as_bytes());
            push(number.kind().name().as_bytes());
        } else {
            lines.extend_from_slice(b",,,,,");
        }
        push_field(lines, row.detail.as_bytes());
        lines.push(b'\n');
    }
}

/// A writer of one line per row.
pub(super) struct OutcomesWriter {
    file: PendingFile,
    lines: Vec<u8>,
    format: LineFormat,
}

impl OutcomesWriter {
    pub(super) const KIND: Kind =
        Kind { name: NAME, begin: |folder, inputs, _| Ok(Box::new(Self::begin(folder, inputs)?)) };

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
    /// Writes the line of a row; uses the prepared line if there is one.
    fn write(&mut self, _: &InputInfo, row: &ReportedRow<'_>) -> Result<(), ReportError> {
        let (line, start) = (row.line, self.lines.len());
        if line.is_empty() || cfg!(debug_assertions) {
            self.format.push_line(&mut self.lines, row);
            debug_assert!(line.is_empty() || line == &self.lines[start..], "a prepared line is the same");
        } else {
            self.lines.extend_from_slice(line);
        }
        if self.lines.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>, _: &OutputFolder, _: &Report) -> Result<Vec<PendingFile>, ReportError> {
        self.flush()?;
        Ok(vec![self.file])
    }
}

/// Returns the file and sheet columns, which all lines of an input share.
fn beginning(input: &InputInfo) -> Vec<u8> {
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
