//! Facts about an input: those known before its rows are read, and those known after.

use std::{collections::HashMap, path::Path, sync::OnceLock};

use super::{
    Format,
    columns::{
        certainty::ColumnMatch,
        is_title,
        mapping::{Mapping, RememberedMapping},
    },
    file::source::{Compression, Source},
    fixed_rows::FixedRows,
    table_header::Header,
};
use crate::{
    normalize::phone::Habit,
    row::{Columns, Rows},
};

/// Facts about an opened input.
#[derive(Clone, Debug)]
pub struct InputInfo {
    /// The path as given; `-` for standard input.
    pub path: String,
    /// The file format.
    pub format: Format,
    /// The compression.
    pub compression: Compression,
    /// The encoding of text.
    pub encoding: Option<String>,
    /// The delimiter of text.
    pub delimiter: Option<u8>,
    /// The name of the sheet.
    pub sheet: Option<String>,
    /// The headers of the input's own columns.
    pub headers: Vec<String>,
    /// The row of the header, or the lower one of two. 0 if there is no header.
    pub header_row: u64,
    /// The matched columns.
    pub columns: Columns,
    /// The mappings that named columns, those of options and the remembered ones.
    pub mappings: Vec<Mapping>,
    /// The remembered mapping for its headers.
    pub remembered: Option<RememberedMapping>,
    /// The certainty of each match.
    pub matches: Vec<ColumnMatch>,
    /// The first values of each column, truncated if long.
    pub samples: Vec<Vec<String>>,
    /// The meaning of bare digits in each phone column, if the cells show it.
    pub habits: Vec<(usize, Habit)>,
    /// Whether rollcall wrote the file, with rows to fix from an earlier run.
    pub has_rows_to_fix: bool,
    /// The size of the file in bytes.
    pub bytes: u64,
    /// Notes about how the file was read, for the user.
    pub notes: Vec<String>,
    /// The first title column, looked up once.
    pub(crate) title: OnceLock<Option<usize>>,
}

/// Returns the first values of each column below the header.
pub(super) fn samples(header: &Header, rows: &Rows, header_row: u64) -> Vec<Vec<String>> {
    const MAX_VALUES: usize = 2;
    const MAX_CHARS: usize = 64;

    let below = || rows.iter().filter(|row| row.location.row > header_row);
    let of_column = |column| {
        let place = header.place_of(column);
        let mut values: Vec<String> = Vec::new();
        for cell in below().map(|row| row.cell(place)).filter(|cell| !cell.is_blank()) {
            let value: String = String::from_utf8_lossy(cell.text).trim().chars().take(MAX_CHARS).collect();
            if !values.contains(&value) {
                values.push(value);
            }
            if values.len() == MAX_VALUES {
                break;
            }
        }
        values
    };
    (0..header.names.len()).map(of_column).collect()
}

impl InputInfo {
    pub(super) fn new(path: &Path, source: &Source) -> Self {
        Self {
            path: path.display().to_string(),
            format: Format::Csv,
            compression: source.compression(),
            encoding: None,
            delimiter: None,
            sheet: None,
            headers: Vec::new(),
            header_row: 0,
            mappings: Vec::new(),
            remembered: None,
            matches: Vec::new(),
            samples: Vec::new(),
            columns: Columns::default(),
            habits: Vec::new(),
            has_rows_to_fix: false,
            bytes: source.len(),
            notes: Vec::new(),
            title: OnceLock::new(),
        }
    }

    /// Returns the headers, each with its number among equal headers, from 1.
    pub(crate) fn numbered_headers(&self) -> Vec<(&str, usize)> {
        let mut times: HashMap<&str, usize> = HashMap::new();
        let number = |header| {
            let time = times.entry(header).or_default();
            *time += 1;
            (header, *time)
        };
        self.headers.iter().map(String::as_str).map(number).collect()
    }

    /// Returns the first column whose header means a title. Some files keep salutations there.
    pub(crate) fn title(&self) -> Option<usize> {
        *self.title.get_or_init(|| self.headers.iter().position(|header| is_title(header)))
    }

    /// Returns a small list for tests.
    #[cfg(test)]
    pub(crate) fn example(path: &str, headers: &[&str], columns: Columns) -> Self {
        Self {
            path: path.to_owned(),
            format: Format::Csv,
            compression: Compression::Plain,
            encoding: None,
            delimiter: None,
            sheet: None,
            headers: headers.iter().map(|header| (*header).to_owned()).collect(),
            header_row: 1,
            mappings: Vec::new(),
            remembered: None,
            matches: Vec::new(),
            samples: Vec::new(),
            columns,
            habits: Vec::new(),
            has_rows_to_fix: false,
            bytes: 0,
            notes: Vec::new(),
            title: OnceLock::new(),
        }
    }
}

/// Facts known after reading all rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadSummary {
    /// Data rows, without blank rows.
    pub rows: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Rows to fix from earlier runs.
    pub fixes: Vec<FixedRows>,
    /// Notes about how the rows were read, for the user.
    pub notes: Vec<String>,
}
