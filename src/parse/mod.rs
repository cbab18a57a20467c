//! A file becomes rows.
//!
//! [`Input::open`] finds out what a file is and which column holds what, so that everything that can be wrong with
//! the files of a run is known before the first row is used. [`Input::read`] then hands on blocks of rows. What a
//! cell means is for [`normalize`](crate::normalize) to say.

mod assemble;
mod columns;
mod csv;
mod error;
mod sniff;
mod xlsx;

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    ops::ControlFlow,
    path::Path,
};

use self::{
    assemble::{Header, RawRow},
    columns::ColumnsProblem,
    csv::Records,
    xlsx::{Sheet, Storage},
};
pub use self::{
    columns::Mapping,
    error::{Fault, ParseError},
    sniff::Content,
};
use sha2::{Digest, Sha256};

use crate::{
    contact::Field,
    row::{Columns, Rows},
};

/// The path that means standard input.
pub const STDIN: &str = "-";

/// What the user decided about reading files.
#[derive(Clone, Debug, Default)]
pub struct ParseSettings {
    /// The sheet of a workbook, by name or number.
    pub sheet: Option<String>,
    /// The delimiter of text; found from the content where not given.
    pub delimiter: Option<u8>,
    /// Columns by field.
    pub mappings: Vec<Mapping>,
    /// Whether the first row is data already.
    pub no_header: bool,
}

/// The kinds of file that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Delimited text.
    Csv,
    /// An Excel workbook.
    Xlsx,
}

impl Format {
    /// The name used in `report.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// What is known of an input once it is open.
#[derive(Clone, Debug)]
pub struct InputInfo {
    /// The path as given; `-` for standard input.
    pub path: String,
    /// The kind of file.
    pub format: Format,
    /// The delimiter of text.
    pub delimiter: Option<u8>,
    /// The name of the sheet.
    pub sheet: Option<String>,
    /// The names of the input's own columns.
    pub headers: Vec<String>,
    /// Which of them holds what.
    pub columns: Columns,
    /// Bytes of the file, where they are known before it is read.
    pub bytes: Option<u64>,
}

/// What was found by reading to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadSummary {
    /// Data rows; blank rows are none.
    pub rows: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// A file whose columns are understood and whose rows are yet to be read.
pub struct Input {
    /// What is known of it.
    pub info: InputInfo,
    header: Header,
    source: Source,
}

enum Source {
    Csv { records: Box<Records>, first_row_is_data: bool },
    Xlsx { sheet: Box<Sheet>, header_row: u64, sha256: String },
}

impl Input {
    /// Opens a file, or standard input where the path is `-`.
    ///
    /// # Errors
    ///
    /// Where the file cannot be opened, is not of a kind that is read, is empty, or has no phone column.
    pub fn open(path: &Path, settings: &ParseSettings) -> Result<Self, ParseError> {
        Self::try_open(path, settings).map_err(|fault| ParseError { path: path.to_owned(), fault })
    }

    fn try_open(path: &Path, settings: &ParseSettings) -> Result<Self, Fault> {
        let is_stdin = path.as_os_str() == STDIN;
        let (mut source, bytes): (Box<dyn Read + Send>, _) = if is_stdin {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(path).map_err(Fault::Io)?;
            let metadata = file.metadata().map_err(Fault::Io)?;
            if metadata.is_dir() {
                return Err(Fault::Folder);
            }
            (Box::new(file), metadata.is_file().then_some(metadata.len()))
        };
        let mut sample = Vec::new();
        source.by_ref().take(sniff::SAMPLE_BYTES as u64).read_to_end(&mut sample).map_err(Fault::Io)?;
        if sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&sample).trim_ascii().is_empty() {
            return Err(Fault::Empty);
        }
        let path = path.display().to_string();
        match sniff::content(&sample) {
            Content::Csv => open_csv(path, bytes, sample, source, settings),
            Content::Xlsx => open_xlsx(path, bytes, &sample, source, settings),
            Content::EncryptedOrLegacyExcel => Err(ole_fault(sample, source)?),
            other => Err(Fault::Unsupported(other)),
        }
    }

    /// Reads all rows and hands them on in blocks, in order, until `sink` breaks.
    ///
    /// # Errors
    ///
    /// Where the file turns out to be damaged or over a limit; the blocks handed on before are then not to be used.
    pub fn read(
        &mut self,
        input: u16,
        sink: &mut dyn FnMut(Rows) -> ControlFlow<()>,
    ) -> Result<ReadSummary, ParseError> {
        let read = match &mut self.source {
            Source::Csv { records, first_row_is_data } => records
                .read_all(&self.header, *first_row_is_data, input, sink)
                .map(|rows| ReadSummary { rows, sha256: records.sha256() }),
            Source::Xlsx { sheet, header_row, sha256 } => sheet
                .read_all(&self.header, *header_row, input, sink)
                .map(|rows| ReadSummary { rows, sha256: sha256.clone() }),
        };
        let summary = read.and_then(|summary| match summary.rows {
            0 if self.source.has_header() => Err(Fault::HeaderOnly),
            0 => Err(Fault::Empty),
            _ => Ok(summary),
        });
        summary.map_err(|fault| ParseError { path: self.info.path.clone().into(), fault })
    }
}

impl Source {
    fn has_header(&self) -> bool {
        match self {
            Self::Csv { first_row_is_data, .. } => !first_row_is_data,
            Self::Xlsx { header_row, .. } => *header_row > 0,
        }
    }
}

fn open_csv(
    path: String,
    bytes: Option<u64>,
    sample: Vec<u8>,
    rest: Box<dyn Read + Send>,
    settings: &ParseSettings,
) -> Result<Input, Fault> {
    let is_whole_file = sample.len() < sniff::SAMPLE_BYTES;
    let delimiter = settings.delimiter.unwrap_or_else(|| sniff::delimiter(&sample, is_whole_file));
    let mut records = Records::new(Box::new(Cursor::new(sample).chain(rest)), delimiter);
    let header = loop {
        match records.next_record()? {
            None => return Err(Fault::Empty),
            Some(record) if record.is_blank() => {}
            Some(record) => break header(record, settings),
        }
    };
    let source = Source::Csv { records: Box::new(records), first_row_is_data: settings.no_header };
    finish(path, bytes, Format::Csv, header, source, settings).map(|mut input| {
        input.info.delimiter = Some(delimiter);
        input
    })
}

fn open_xlsx(
    path: String,
    bytes: Option<u64>,
    sample: &[u8],
    rest: Box<dyn Read + Send>,
    settings: &ParseSettings,
) -> Result<Input, Fault> {
    let (storage, sha256) = seekable(sample, rest)?;
    let mut sheet = Sheet::open(storage, settings.sheet.as_deref())?;
    let mut first = None;
    sheet.for_each_row(|row| {
        if row.is_blank() {
            return ControlFlow::Continue(());
        }
        first = Some((header(row, settings), row.number));
        ControlFlow::Break(())
    })?;
    let (header, first_row) = first.ok_or(Fault::Empty)?;
    let name = sheet.name.clone();
    let header_row = if settings.no_header { 0 } else { first_row };
    let source = Source::Xlsx { sheet: Box::new(sheet), header_row, sha256 };
    finish(path, bytes, Format::Xlsx, header, source, settings).map(|mut input| {
        input.info.sheet = Some(name);
        input
    })
}

fn header(row: &impl RawRow, settings: &ParseSettings) -> Header {
    if settings.no_header { Header::numbered(row) } else { Header::from_row(row) }
}

fn finish(
    path: String,
    bytes: Option<u64>,
    format: Format,
    mut header: Header,
    source: Source,
    settings: &ParseSettings,
) -> Result<Input, Fault> {
    let columns = columns::recognise(&header.names, &settings.mappings).map_err(|problem| match problem {
        ColumnsProblem::NoSuchColumn(mapping) => {
            Fault::NoSuchColumn { mapping, headers: header.names.clone() }
        }
        ColumnsProblem::MappedTwice(mapping) => Fault::MappedTwice { mapping },
        ColumnsProblem::NoPhone(likeliest) => {
            Fault::NoPhoneColumn { headers: header.names.clone(), likeliest }
        }
    })?;
    if settings.no_header {
        // So that `rejected.csv`, which has a header, is understood without any mapping.
        for field in Field::ALL {
            for (column, number) in columns.of(field).iter().zip(1..) {
                let name = field.name();
                header.names[*column] =
                    if number == 1 { name.to_owned() } else { format!("{name} {number}") };
            }
        }
    }
    let headers = header.names.clone();
    let info = InputInfo { path, format, delimiter: None, sheet: None, headers, columns, bytes };
    Ok(Input { info, header, source })
}

/// Copies the file to where one can move about in it: a workbook's directory stands at its end, and standard input
/// cannot be wound. What happens to the original meanwhile does not matter.
fn seekable(sample: &[u8], mut rest: Box<dyn Read + Send>) -> Result<(Box<dyn Storage>, String), Fault> {
    let mut copy = tempfile::tempfile().map_err(Fault::Io)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    let mut source = Cursor::new(sample).chain(&mut rest);
    loop {
        let read = source.read(&mut chunk).map_err(Fault::Io)?;
        if read == 0 {
            break;
        }
        hash.update(&chunk[..read]);
        io::Write::write_all(&mut copy, &chunk[..read]).map_err(Fault::Io)?;
    }
    copy.seek(SeekFrom::Start(0)).map_err(Fault::Io)?;
    Ok((Box::new(copy), hex(&hash.finalize())))
}

/// A compound file is a workbook of Excel 97 or the wrapping of one with a password; the latter names its content.
fn ole_fault(mut bytes: Vec<u8>, rest: Box<dyn Read + Send>) -> Result<Fault, Fault> {
    const MAX_BYTES: u64 = 64 * 1024 * 1024;
    rest.take(MAX_BYTES).read_to_end(&mut bytes).map_err(Fault::Io)?;
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let is_encrypted = memchr::memmem::find(&bytes, &name).is_some();
    Ok(if is_encrypted { Fault::Password } else { Fault::Unsupported(Content::EncryptedOrLegacyExcel) })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.extend(
            [byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0')),
        );
        text
    })
}

#[cfg(test)]
mod tests;
