//! Errors of reading an input. Each names the file, the place and a way to fix it.

use std::{io, path::PathBuf};

use thiserror::Error;

use super::{
    Format,
    columns::{mapping::Mapping, suggest::Unmatched},
    file::{content::Content, stream::NotUtf8},
    workbook::sheet_name::SheetName,
};
use crate::quantity::grouped;

/// A failure to read an input. Nothing was sent from the input.
#[derive(Debug, Error)]
#[error("{}: {fault}", path.display())]
pub struct ParseError {
    /// The input, as given.
    pub path: PathBuf,
    /// The problem with it.
    pub fault: Fault,
}

impl ParseError {
    /// Returns the same error for a file that an option names. The options for reading the contact list do not apply to
    /// such a file, and it is never standard input, so the hint must not name them.
    pub(crate) fn of_option(self) -> Self {
        let Self { path, fault } = self;
        Self { path, fault: fault.of_option() }
    }
}

impl Fault {
    fn of_option(self) -> Self {
        match self {
            Self::NoPhoneColumn { headers, .. } => Self::NoNumberColumn { headers },
            Self::OneColumn { header, .. } => Self::NoNumberColumn { headers: vec![header] },
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => Self::MissingFile(error),
            Self::Device => Self::NoFile,
            Self::SeveralLists { names, .. } => Self::SeveralLists { names, is_choosable: false },
            fault @ (Self::TooManyPhones { .. } | Self::TooManyCells { .. }) => {
                Self::TooWide(Box::new(fault))
            }
            Self::InSheet { sheet, fault } => Self::InSheet { sheet, fault: Box::new(fault.of_option()) },
            other => other,
        }
    }
}

/// The reason why a file was not read to its end.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum ReadError {
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error("interrupted")]
    Interrupted(i32),
}

/// The problem with an input.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum Fault {
    #[error("{0}")]
    Io(#[source] io::Error),
    /// Like `Io`, for a file that cannot be standard input.
    #[error("{0}")]
    MissingFile(#[source] io::Error),
    #[error("is a folder, not a file")]
    Folder,
    #[error("is a device, not a file")]
    Device,
    /// Like `Device`, for a file that cannot be standard input.
    #[error("is a device, not a file")]
    NoFile,
    #[error("{0}")]
    Unpack(#[source] UnpackError),
    #[error(transparent)]
    NotUtf8(NotUtf8),
    #[error("line {line}: the records above have no field `{field}`, so its column is not read")]
    LateField { line: u64, field: String },
    #[error("this is {0}, which rollcall cannot read while it is written")]
    NotWhileWritten(String),
    #[error(
        "its header differs from that of {like}: `{}`",
        first_difference(header, expected).unwrap_or("rollcall_…")
    )]
    OtherHeaderThan { like: String, header: Vec<String>, expected: Vec<String> },
    #[error("the pipe sent more than {} GiB", max_bytes >> 30)]
    PipeTooLong { max_bytes: u64 },
    #[error("nothing was written to this pipe for {seconds} seconds")]
    NobodyWrites { seconds: u64 },
    #[error("the file changed while it was being read")]
    Changed,
    #[error("row {row}: a cell beyond the last row or column that a sheet can have")]
    OutsideSheet { row: u64 },
    #[error("the file is empty")]
    Empty,
    #[error("sheet `{sheet}` is empty")]
    EmptySheet { sheet: String },
    #[error("the file contains only white space")]
    Blank,
    #[error("there is a header but no data rows")]
    HeaderOnly,
    #[error("rollcall wrote this file of rows to fix, but it holds no rows to fix")]
    NothingToFix,
    #[error("this is {}, which rollcall {}", .0.name(), .0.refusal())]
    Unsupported(Content),
    #[error("the workbook is protected by a password")]
    Password,
    #[error("the workbook is damaged or incomplete: {0}")]
    DamagedWorkbook(String),
    #[error("there is no sheet `{wanted}`; the sheets are {}", quoted(sheets))]
    NoSuchSheet { wanted: String, sheets: Vec<String> },
    #[error("the file looks malicious: {0}")]
    Hostile(String),
    /// A few bytes that expand to gigabytes of rows.
    #[error(
        "row {row}: up to here its rows hold more than {} MB, {} times the size of the file; no list of people does",
        grouped(max_bytes / 1_000_000),
        grouped(max_bytes.checked_div(*file_bytes).unwrap_or(*max_bytes))
    )]
    TooMuchInRows { row: u64, max_bytes: u64, file_bytes: u64 },
    #[error("this is {}, not {}", .found.title(), .wanted.title())]
    OtherFormat { wanted: Format, found: Format },
    #[error("this is an old Office document, but not a workbook")]
    NoWorkbook,
    #[error("sheet `{tried}` holds no list of people; these sheets seem to: {}", listed(.sheets))]
    SheetsToChoose { tried: String, sheets: Vec<SheetName> },
    #[error("the workbook holds no sheet with cells")]
    NoSheet,
    #[error("line {line}: this record is longer than {} MiB", max_bytes >> 20)]
    RecordTooLong { line: u64, max_bytes: usize },
    #[error("cell {cell}: its text is longer than {} bytes", grouped(*max_bytes as u64))]
    SheetCellTooLong { cell: String, max_bytes: usize },
    #[error("line {line}: this record has more than {} cells", grouped(*max as u64))]
    TooManyCells { line: u64, max: usize },
    #[error(
        "line {line}: a quotation mark is not closed, or text follows the closing one, so it is unclear where cells end"
    )]
    OpenQuote { line: u64 },
    #[error(
        "line {line}: a quoted cell begins there and includes lines that look like rows; the first is line {row}"
    )]
    SwallowedRows { line: u64, row: u64 },
    #[error("row {row}: a second header begins here, with different columns")]
    OtherHeader { row: u64 },
    #[error("rollcall finds no delimiter: each line is one cell, and the header is `{header}`")]
    OneColumn { header: String, likeliest: Option<char> },
    #[error(
        "line {line}: from here on, the bytes are not {encoding}; the file is damaged or was joined from several files"
    )]
    DamagedText { line: u64, encoding: String },
    #[error("too many of its {columns} columns are about phone numbers")]
    TooManyPhones { columns: usize },
    /// One of the two above, if the options for columns are no way out.
    #[error("{0}")]
    TooWide(Box<Fault>),
    #[error("record {record}: it has more than {} fields", grouped(*max as u64))]
    TooManyFields { record: u64, max: usize },
    #[error("{place}: {reason}")]
    Json { place: String, reason: String },
    #[error("line {line}: the card is not ended")]
    OpenCard { line: u64 },
    #[error("line {line}: the card is longer than {} bytes", grouped(*max_bytes as u64))]
    CardTooLong { line: u64, max_bytes: usize },
    #[error("line {line}: `{text}` is outside any card; a phone number in it would be lost")]
    OutsideCard { line: u64, text: String },
    #[error(
        "line {line}: a second {property} in the card that begins on line {first}; the card may describe two people"
    )]
    JoinedCards { line: u64, property: String, first: u64 },
    #[error("line {line}: {reason}")]
    BrokenEntry { line: u64, reason: String },
    #[error("line {line}: the entry is longer than {} bytes", grouped(*max_bytes as u64))]
    EntryTooLong { line: u64, max_bytes: usize },
    #[error(
        "line {line}: this record is a change (`{change}`), not an entry; only the directory knows the result"
    )]
    ChangeRecord { line: u64, change: String },
    #[error("line {line}: text in UTF-16 begins here, but the text above is in another encoding")]
    OtherEncoding { line: u64 },
    #[error("the archive is encrypted, or rollcall does not support its compression")]
    LockedArchive,
    #[error("the archive is damaged: {0}")]
    DamagedArchive(String),
    #[error("this is a ZIP archive with several lists in it: {}", quoted(names))]
    SeveralLists { names: Vec<String>, is_choosable: bool },
    #[error("there is no list `{wanted}` in this ZIP archive; the lists are {}", quoted(names))]
    NoSuchMember { wanted: String, names: Vec<String> },
    #[error("several lists contain people: {}", lists.join(", "))]
    SeveralJsonLists { lists: Vec<String>, names: Vec<String> },
    #[error("there is no list `{wanted}`; the lists are {}", lists.join(", "))]
    NoSuchList { wanted: String, lists: Vec<String> },
    #[error("several tables contain phone numbers: {}", quoted(sheets))]
    SeveralTables { sheets: Vec<String> },
    #[error("this table is longer than {} MiB", max_bytes >> 20)]
    TableTooLong { max_bytes: u64 },
    #[error("the file does not hold {0}")]
    NoRecords(&'static str),
    #[error("row {row}: rows are not in order")]
    RowsOutOfOrder { row: u64 },
    #[error("there is no column `{}` for {}; the columns are {}", .mapping.column, .mapping.field.name(), quoted(.headers))]
    NoSuchColumn { mapping: Mapping, headers: Vec<String> },
    #[error("--map {}={} names a column that another --map already names", .mapping.field.name(), .mapping.column)]
    MappedTwice { mapping: Mapping },
    #[error("`rollcall fetch contacts` did not write this file: it has no column `{column}`")]
    NotFetched { column: &'static str },
    #[error("sheet {sheet}: {fault}")]
    InSheet { sheet: SheetName, fault: Box<Self> },
    #[error("none of its {rows} rows holds a readable number; the first is row {row} ({reason})")]
    NoNumbers { rows: u64, row: u64, reason: String },
    #[error("no column is known to hold the numbers to suppress; the columns are {}", quoted(.headers))]
    NoNumberColumn { headers: Vec<String> },
    #[error("no column is known to hold phone numbers; the columns are {}", quoted(.headers))]
    NoPhoneColumn { headers: Vec<String>, unmatched: Box<Unmatched> },
}

impl Fault {
    /// Converts an I/O error, which may stand for an error of unpacking.
    pub(super) fn from_io(error: io::Error) -> Self {
        match error.downcast::<UnpackError>() {
            Ok(unpack) => Self::Unpack(unpack),
            Err(error) => match error.downcast::<NotUtf8>() {
                Ok(error) => Self::NotUtf8(error),
                Err(error) => Self::Io(error),
            },
        }
    }
}

/// Returns the first name of a header that is not in its place.
fn first_difference<'a>(header: &'a [String], expected: &'a [String]) -> Option<&'a str> {
    let other = header.iter().zip(expected).find(|(name, expected)| name != expected);
    let more = || header.get(expected.len()).or(expected.get(header.len()));
    other.map(|(name, _)| name).or_else(more).map(String::as_str)
}

/// Returns the first 20 names, each in backticks.
fn quoted(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let mut list: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if names.len() > SHOWN {
        list.push(format!("and {} more", names.len() - SHOWN));
    }
    list.join(", ")
}

/// Joins the sheets with commas.
fn listed(sheets: &[SheetName]) -> String {
    sheets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Maximum ratio of the decompressed to the compressed size, including nested compression. A contact list compresses to
/// a fifth or a tenth, so what expands further is not a list.
pub(super) const MAX_RATIO: u64 = 250;

/// The reason why compressed bytes cannot be decompressed. It travels inside an [`io::Error`].
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The data is malformed or truncated.
    #[error("the compressed data is damaged or incomplete: {0}")]
    Damaged(String),
    /// The data expands further than any contact list.
    #[error("it expands to more than {MAX_RATIO} times its size")]
    TooMuch,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_shorten_long_lists() {
        let many: Vec<String> = (0..30).map(|n| n.to_string()).collect();
        assert!(quoted(&many).ends_with("`19`, and 10 more"));
    }
}
