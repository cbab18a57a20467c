//! Errors of reading an input. Each names the file, the place and a way to fix it.

use std::{io, path::PathBuf};

use thiserror::Error;

use super::{
    Format,
    columns::Mapping,
    file::{sniff::Content, source::UnpackError},
    text::dialect,
    workbook::sheet::SheetName,
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
            Self::OneColumn { header } => Self::NoNumberColumn { headers: vec![header] },
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => Self::MissingFile(error),
            Self::Device => Self::NoFile,
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
    #[error("this is {}, which rollcall does not read", .0.name())]
    Unsupported(Content),
    #[error("the workbook is protected by a password")]
    Password,
    #[error("the workbook is damaged or incomplete: {0}")]
    DamagedWorkbook(String),
    #[error("there is no sheet `{wanted}`; the sheets are {}", quoted(sheets))]
    NoSuchSheet { wanted: String, sheets: Vec<String> },
    /// The message of a child process about the file.
    #[error("{message}")]
    Told { message: String, hint: Option<String> },
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
    OneColumn { header: String },
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
    #[error("line {line}: text in UTF-16 begins here, but the text above is in another encoding")]
    OtherEncoding { line: u64 },
    #[error("the archive is encrypted, or rollcall does not support its compression")]
    LockedArchive,
    #[error("the archive is damaged: {0}")]
    DamagedArchive(String),
    #[error("this is a ZIP archive with several lists in it: {}", quoted(names))]
    SeveralLists { names: Vec<String> },
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
    NoPhoneColumn { headers: Vec<String>, likeliest: Option<String> },
}

impl Fault {
    /// Converts an I/O error, which may stand for an error of unpacking.
    pub(super) fn from_io(error: io::Error) -> Self {
        match error.downcast::<UnpackError>() {
            Ok(unpack) => Self::Unpack(unpack),
            Err(error) => Self::Io(error),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table: one arm for each fault")]
    pub(super) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                "Check the path; `-` reads from standard input.".to_owned()
            }
            Self::MissingFile(_) => "Check the path.".to_owned(),
            Self::Io(_) | Self::NoSuchSheet { .. } | Self::MappedTwice { .. } => {
                return None;
            }
            Self::Told { hint, .. } => return hint.clone(),
            Self::Device => "Name a file, or `-` for standard input.".to_owned(),
            Self::NoFile => "Name a file.".to_owned(),
            Self::Unpack(UnpackError::Damaged(_)) => "Copy or download it again.".to_owned(),
            Self::Unpack(UnpackError::TooMuch) => {
                "Unpack it, check its contents, and pass the list itself.".to_owned()
            }
            Self::PipeTooLong { .. } => "Save it to a file and name that.".to_owned(),
            Self::NobodyWrites { .. } => "Start the program that writes to it first, or name a file.".to_owned(),
            Self::Changed => {
                "Wait until the program that writes it has finished, and run the same command again.".to_owned()
            }
            Self::Folder => "Name the files inside it.".to_owned(),
            Self::EmptySheet { .. } => "Find the sheet that holds the list, and choose it with --sheet.".to_owned(),
            Self::Empty | Self::Blank | Self::HeaderOnly => {
                "Export it again, and check that you export the right sheet or view.".to_owned()
            }
            Self::NothingToFix => {
                "There is nothing to import from it: that run rejected no rows, or all of them were deleted. Run the \
                 command without this file."
                    .to_owned()
            }
            Self::Unsupported(content) => content.way_out().to_owned(),
            Self::Password => {
                "Open it in the spreadsheet program, remove the password (File > Info > Protect Workbook), and \
                 save it."
                    .to_owned()
            }
            Self::DamagedWorkbook(_) => {
                "Copy or download it again; if that does not help, open it in the spreadsheet program and save it \
                 under a new name."
                    .to_owned()
            }
            Self::NoSheet => {
                "Check that this is the right file; charts, macros and text documents hold no rows.".to_owned()
            }
            Self::RecordTooLong { .. } => {
                "Remove the column with the long text from the file; it is not needed.".to_owned()
            }
            Self::SheetCellTooLong { .. } => {
                "Shorten that cell, or remove its column if it is not needed, and save the workbook.".to_owned()
            }
            Self::OpenQuote { .. } => "Look for a stray quotation mark on that line.".to_owned(),
            Self::SwallowedRows { .. } => {
                "If those lines are rows, remove the stray quotation mark where that cell begins. If they are one \
                 cell, remove its column from the file; it is not needed."
                    .to_owned()
            }
            Self::OtherHeader { .. } => "Save the two lists as separate files, and name both.".to_owned(),
            Self::OneColumn { header } => match dialect::likeliest_unknown(header) {
                Some(letter) if letter.is_ascii() && letter != ' ' => {
                    format!("If `{letter}` separates the cells, use --delimiter {}", shell_quoted(&letter.to_string()))
                }
                _ => "Export the list with commas. If one ASCII character separates the cells, name it: --delimiter C."
                    .to_owned(),
            },
            Self::TooManyCells { .. } => {
                "Check --delimiter, and remove the columns that are not needed.".to_owned()
            }
            Self::NoSuchColumn { .. } => "Correct --map, or `map` in rollcall.toml.".to_owned(),
            Self::TooWide(_) => "Remove the columns that are not needed.".to_owned(),
            Self::TooManyPhones { .. } => {
                "Check --delimiter, and remove the columns that are not needed. --map phone=COLUMN names the column \
                 to read."
                    .to_owned()
            }
            Self::TooManyFields { .. } => "Export the list with fewer fields: only names and numbers are needed.".to_owned(),
            Self::SheetsToChoose { sheets, .. } => {
                format!("Choose one: {}", sheet_options(sheets.iter().map(|sheet| &*sheet.name)))
            }
            Self::Hostile(_) => {
                "If you trust it, open it in the spreadsheet program and save only that sheet under a new name.".to_owned()
            }
            Self::TooMuchInRows { .. } => {
                "Look for a row or a cell that is repeated to the end of the sheet, or for a long text in every row, and \
                 delete it. If the contents are right, save the list as CSV without compressing it."
                    .to_owned()
            }
            Self::OtherFormat { .. } => "Omit --format: rollcall detects the format from the content.".to_owned(),
            Self::NoWorkbook => "Export the list as XLSX or CSV.".to_owned(),
            Self::Json { .. } => {
                "rollcall reads a list of objects, an object that contains such a list, or one object per line.".to_owned()
            }
            Self::DamagedText { .. } => {
                "Export it again and copy it as a file, not as text, or save it as UTF-8 in a text editor.".to_owned()
            }
            Self::OpenCard { .. } => {
                "Write END:VCARD below its last line, or export the cards again: the file may have been cut off."
                    .to_owned()
            }
            Self::CardTooLong { .. } => "Look for a missing END:VCARD, and remove long notes from the card.".to_owned(),
            Self::OutsideCard { .. } => {
                "Write BEGIN:VCARD above and END:VCARD below the lines of each card.".to_owned()
            }
            Self::JoinedCards { .. } => {
                "Write END:VCARD and BEGIN:VCARD between the two, or export the cards again.".to_owned()
            }
            Self::OtherEncoding { .. } => "Save the parts as UTF-8, or pass them as separate files.".to_owned(),
            Self::LockedArchive | Self::SeveralLists { .. } => "Unpack it and pass the list itself.".to_owned(),
            Self::DamagedArchive(_) => "Copy or download it again.".to_owned(),
            Self::SeveralTables { sheets } => {
                let first = sheets.first().map_or("NAME", String::as_str);
                format!("Choose one: --sheet {}", shell_quoted(first))
            }
            Self::SeveralJsonLists { names, .. } => {
                format!("Choose one: {}", sheet_options(names.iter().map(String::as_str)))
            }
            Self::NoSuchList { .. } => "Name one of these lists, or omit --sheet.".to_owned(),
            Self::TableTooLong { .. } => {
                "Open it in the spreadsheet program and save it as XLSX or CSV.".to_owned()
            }
            Self::NoRecords(_) => "Export it again, and check that you export the right list.".to_owned(),
            Self::RowsOutOfOrder { .. } | Self::OutsideSheet { .. } => "Open it in the spreadsheet program and save it again.".to_owned(),
            Self::InSheet { fault, .. } => {
                let way_out =
                    "If that sheet holds no do-not-call numbers, delete it, or save the others as separate files.";
                let hint = fault.hint().into_iter().chain([way_out.to_owned()]);
                hint.collect::<Vec<_>>().join(" ")
            }
            Self::NoNumbers { .. } => {
                "If the numbers belong to one country, name it with --region; otherwise check the file.".to_owned()
            }
            Self::NoNumberColumn { .. } => {
                "Give the column with the numbers the header `Phone`. If the numbers are split, such as an area code in a \
                 column of its own, join the parts in one column first."
                    .to_owned()
            }
            Self::NotFetched { .. } => "Create it again with `rollcall fetch contacts -o FILE`.".to_owned(),
            Self::NoPhoneColumn { headers, likeliest } => mapping_hint(headers, likeliest.as_deref()),
        };
        Some(hint)
    }
}

impl ParseError {
    /// Returns what to do about the error, if there is more to say than the message does.
    pub fn hint(&self) -> Option<String> {
        self.fault.hint()
    }
}

/// Returns the `--map` to paste. If the first row looks like data, adds `--no-header`.
fn mapping_hint(headers: &[String], likeliest: Option<&str>) -> String {
    let is_data = |header: &String| header.bytes().filter(u8::is_ascii_digit).count() >= 7;
    if let Some(column) = headers.iter().position(is_data) {
        let column = column + 1;
        return format!("If the file has no header, use --no-header --map phone={column}");
    }
    format!(
        "Name the column that holds the phone number: --map phone={}",
        shell_quoted(likeliest.unwrap_or("COLUMN"))
    )
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

/// Returns the `--sheet` options to paste for the first 10 names.
fn sheet_options<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 10;
    let options = names.take(SHOWN).map(|name| format!("--sheet {}", shell_quoted(name)));
    options.collect::<Vec<_>>().join(" or ")
}

/// Quotes a word for a shell if necessary.
fn shell_quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "._-/".contains(letter);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_phone(headers: &[&str], likeliest: Option<&str>) -> ParseError {
        let headers = headers.iter().map(|header| (*header).to_owned()).collect();
        ParseError {
            path: "list.csv".into(),
            fault: Fault::NoPhoneColumn { headers, likeliest: likeliest.map(str::to_owned) },
        }
    }

    #[test]
    fn hint_for_missing_phone_column_can_be_pasted() {
        let error = no_phone(&["Name", "Ring me, 'mornings'"], Some("Ring me, 'mornings'"));
        assert_eq!(
            error.to_string(),
            "list.csv: no column is known to hold phone numbers; the columns are `Name`, `Ring me, 'mornings'`"
        );
        assert!(error.hint().unwrap().ends_with(r"--map phone='Ring me, '\''mornings'\'''"));
        assert!(no_phone(&["A", "B"], None).hint().unwrap().ends_with("--map phone=COLUMN"));
    }

    #[test]
    fn hint_for_several_json_lists_can_be_pasted() {
        let fault = Fault::SeveralJsonLists {
            lists: vec!["`leads` (1 record)".to_owned(), "`do not call` (2 records)".to_owned()],
            names: vec!["leads".to_owned(), "do not call".to_owned()],
        };
        assert!(fault.hint().unwrap().ends_with("--sheet leads or --sheet 'do not call'"));
    }

    #[test]
    fn hint_for_headerless_file_suggests_no_header() {
        let hint = no_phone(&["Asha", "+91 98765 43210"], None).hint().unwrap();
        assert!(hint.ends_with("--no-header --map phone=2"), "{hint}");
    }

    #[test]
    fn messages_shorten_long_lists() {
        let many: Vec<String> = (0..30).map(|n| n.to_string()).collect();
        assert!(quoted(&many).ends_with("`19`, and 10 more"));
    }
}
