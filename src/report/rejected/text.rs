//! `rejected.csv`, and an additional file for each input if their columns differ.

use std::{
    borrow::Cow,
    io::Write as _,
    path::{Path, PathBuf},
};

use super::{OWN_COLUMNS, RowToFix, columns, lossy, ragged_columns};
use crate::{
    formula,
    parse::{Format, InputInfo},
    ragged::{Cells, Note},
    report::{
        OutputFolder, PendingFile, Report, ReportError, ReportedRow, csv_error, into_file,
        run_file::{Kind, RunFile},
    },
    row::Columns,
};

/// The name of the common file.
const NAME: &str = "rejected.csv";

/// Prefix and suffix of the names of files for single inputs.
const OWN_NAME: (&str, &str) = ("rejected-", ".csv");

/// The mark that tells a spreadsheet program that the text is UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A writer of one line per row to fix.
pub(in crate::report) struct RejectedWriter {
    common: Text,
    folder: PathBuf,
    /// The files of single inputs, if their columns differ.
    own: Vec<OwnText>,
}

/// The file of one input, started with its first row.
struct OwnText {
    name: String,
    text: Option<Text>,
}

impl RejectedWriter {
    pub(in crate::report) const KIND: Kind =
        Kind { name: NAME, begin: |folder, inputs| Ok(Box::new(Self::begin(folder, inputs)?)) };

    fn begin(folder: &OutputFolder, inputs: &[InputInfo]) -> Result<Self, ReportError> {
        let (headers, places) = columns::common(inputs);
        let sources: Vec<_> = inputs.iter().zip(places).collect();
        let delimiter = inputs.first().map_or(b',', delimiter);
        let common = Text::begin(folder.path(), NAME, delimiter, headers, &sources)?;
        let are_different = inputs.windows(2).any(|pair| pair[0].headers != pair[1].headers);
        let own =
            |(number, input): (usize, &InputInfo)| OwnText { name: own_name(number, input), text: None };
        let own = if are_different { (1..).zip(inputs).map(own).collect() } else { Vec::new() };
        Ok(Self { common, folder: folder.path().to_owned(), own })
    }
}

impl RunFile for RejectedWriter {
    fn write_to_fix(
        &mut self,
        input: &InputInfo,
        row: &ReportedRow<'_>,
        to_fix: &RowToFix<'_>,
    ) -> Result<(), ReportError> {
        let index = usize::from(row.row.location.input);
        let cells = &to_fix.own;
        self.common.write(index, row, cells)?;
        if let Some(own) = self.own.get_mut(index) {
            if own.text.is_none() {
                let (headers, places) = (input.headers.clone(), (0..input.headers.len()).collect());
                let begun =
                    Text::begin(&self.folder, &own.name, delimiter(input), headers, &[(input, places)])?;
                own.text = Some(begun);
            }
            if let Some(text) = &mut own.text {
                text.write(0, row, cells)?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: &OutputFolder, _: &Report) -> Result<Vec<PendingFile>, ReportError> {
        let texts = self.own.into_iter().filter_map(|own| own.text);
        std::iter::once(self.common).chain(texts).map(|text| text.finish(&self.folder)).collect()
    }
}

/// Returns the delimiter of an input; a comma if the input has none.
fn delimiter(input: &InputInfo) -> u8 {
    input.delimiter.filter(|_| input.format == Format::Csv).unwrap_or(b',')
}

/// Returns the name of an input's file, such as `rejected-2-leads.csv`.
fn own_name(number: usize, input: &InputInfo) -> String {
    const MAX_CHARS: usize = 40;

    let file = input.path.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    let name: String = stem.chars().take(MAX_CHARS).map(plain).collect();
    let name = if name.trim_matches('-').is_empty() { "input" } else { name.trim_matches('-') };
    format!("{}{number}-{name}{}", OWN_NAME.0, OWN_NAME.1)
}

/// Returns whether a file has the name of a file for a single input.
pub(in crate::report) fn is_own_name(name: &str) -> bool {
    let inner = name.strip_prefix(OWN_NAME.0).and_then(|name| name.strip_suffix(OWN_NAME.1));
    let parts = inner.and_then(|inner| inner.split_once('-'));
    parts.is_some_and(|(number, name)| number.parse::<u16>().is_ok() && !name.is_empty())
}

/// A file of rejected rows.
struct Text {
    name: String,
    delimiter: u8,
    csv: csv::Writer<PendingFile>,
    record: csv::ByteRecord,
    headers: Vec<String>,
    /// For each input, the position of each of its columns in the file.
    places: Vec<Vec<usize>>,
    /// For each input, the fields of the file's columns.
    columns: Vec<Columns>,
    /// Cells beyond the header in the widest row.
    surplus: usize,
    /// Whether any row has cells beyond the header, or a note.
    is_wide: bool,
}

impl Text {
    fn begin(
        folder: &Path,
        name: &str,
        delimiter: u8,
        headers: Vec<String>,
        inputs: &[(&InputInfo, Vec<usize>)],
    ) -> Result<Self, ReportError> {
        let mut csv = writer(folder, name, delimiter)?;
        write_header(&mut csv, &headers, None)?;
        let (name, record) = (name.to_owned(), csv::ByteRecord::new());
        let columns = inputs.iter().map(|(input, places)| columns::placed(&input.columns, places)).collect();
        let places = inputs.iter().map(|(_, places)| places.clone()).collect();
        Ok(Self { name, delimiter, csv, record, headers, places, columns, surplus: 0, is_wide: false })
    }

    fn write(
        &mut self,
        index: usize,
        row: &ReportedRow<'_>,
        ours: &[Cow<'_, str>],
    ) -> Result<(), ReportError> {
        let places = &self.places[index];
        let mut cells: Vec<&[u8]> = vec![b""; self.headers.len()];
        for (column, cell) in row.row.cells().enumerate() {
            match places.get(column) {
                Some(place) => cells[*place] = cell.text,
                None => cells.push(cell.text),
            }
        }
        let (headers, columns) = (self.headers.as_slice(), &self.columns[index]);
        let (own, extra) = cells.split_at(headers.len());
        let surplus = extra.len();
        self.surplus = self.surplus.max(surplus);
        let note = |ragged| Note::new(ragged, Cells { headers, columns, cells: own, extra }).to_string();
        let note = row.row.ragged.map(note);
        if surplus > 0 || note.is_some() {
            self.is_wide = true;
            cells.push(note.as_deref().unwrap_or_default().as_bytes());
        }
        cells.extend(ours.iter().map(|cell| cell.as_bytes()));
        self.record.clear();
        for cell in cells {
            self.record.push_field(&formula::guard(lossy(cell).as_bytes()));
        }
        self.csv.write_byte_record(&self.record).map_err(|error| csv_error(&self.csv, error))
    }

    /// Returns the file; rewritten if any row did not fit the header.
    fn finish(self, folder: &Path) -> Result<PendingFile, ReportError> {
        let mut narrow = into_file(self.csv)?;
        if !self.is_wide {
            return Ok(narrow);
        }
        let target = narrow.target().to_owned();
        let fail = |error: csv::Error| ReportError::new("write", &target, error.into());
        let source = narrow.reread().map_err(|source| ReportError::new("write", &target, source))?;
        let mut rows = csv::ReaderBuilder::new().flexible(true).delimiter(self.delimiter).from_reader(source);
        let mut wide = writer(folder, &self.name, self.delimiter)?;
        write_header(&mut wide, &self.headers, Some(self.surplus))?;
        for row in rows.byte_records() {
            let row = row.map_err(fail)?;
            let users = row.len() - OWN_COLUMNS.len();
            // The note is the last cell, if there is one.
            let (cells, note) = if users > self.headers.len() {
                (users - 1, &row[users - 1])
            } else {
                (users, b"".as_slice())
            };
            let padding = std::iter::repeat_n(b"".as_slice(), self.headers.len() + self.surplus - cells);
            let wider = row.iter().take(cells).chain(padding).chain([note]).chain(row.iter().skip(users));
            wide.write_record(wider).map_err(fail)?;
        }
        into_file(wide)
    }
}

fn writer(folder: &Path, name: &str, delimiter: u8) -> Result<csv::Writer<PendingFile>, ReportError> {
    let mut file = PendingFile::begin(folder, name)?;
    let marked = file.write_all(BYTE_ORDER_MARK);
    marked.map_err(|source| ReportError::new("write", file.target(), source))?;
    Ok(csv::WriterBuilder::new().flexible(true).delimiter(delimiter).from_writer(file))
}

/// Writes the user's headers, the extra columns of ragged rows if any, then rollcall's own columns.
fn write_header(
    csv: &mut csv::Writer<PendingFile>,
    headers: &[String],
    surplus: Option<usize>,
) -> Result<(), ReportError> {
    let guarded = headers.iter().map(|header| formula::guard(header.as_bytes()).into_owned());
    let ragged = surplus.into_iter().flat_map(ragged_columns).map(String::into_bytes);
    let own = OWN_COLUMNS.iter().map(|column| column.as_bytes().to_vec());
    let written = csv.write_record(guarded.chain(ragged).chain(own));
    written.map_err(|error| csv_error(csv, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_for_single_inputs_are_recognized() {
        assert!(is_own_name("rejected-2-leads.csv") && is_own_name("rejected-12-a-b.csv"));
        for name in
            ["rejected.csv", "rejected-.csv", "rejected-x-y.csv", "rejected-2.csv", "rejected-2-a.xlsx"]
        {
            assert!(!is_own_name(name), "{name}");
        }
    }
}
