//! Lists in ZIP archives, such as those of Google Takeout. If an archive contains only one list, rollcall reads it.

use std::{borrow::Cow, fs::File, io::BufReader};

use positioned_io::SizeCursor;
use zip::{ZipArchive, result::ZipError};

use super::source::Source;
use crate::parse::error::Fault;

/// Maximum number of entries examined.
const MAX_ENTRIES: usize = 100_000;

/// File endings of lists.
const LISTS: [&str; 13] = [
    ".csv", ".tsv", ".vcf", ".vcard", ".ldif", ".json", ".ndjson", ".jsonl", ".xlsx", ".xlsm", ".xlsb",
    ".xls", ".ods",
];

/// The contents of a ZIP archive that may be a workbook.
pub(in crate::parse) enum Inside {
    /// A workbook, or another file that people do not regard as an archive.
    Document,
    /// A list, given by its name, and the other files.
    List { name: String, others: Vec<String> },
}

/// Examines the names in an archive, for the only list or the `wanted` one.
pub(in crate::parse) fn look(file: &File, wanted: Option<&str>) -> Result<Inside, Fault> {
    let Ok(archive) = open(file) else { return Ok(Inside::Document) };
    let names: Vec<String> = archive.file_names().take(MAX_ENTRIES).flatten().map(Cow::into_owned).collect();
    let is_part = |name: &String| {
        let name = name.replace('\\', "/").to_lowercase();
        let name = name.trim_start_matches('/');
        name == "[content_types].xml"
            || name.starts_with("xl/")
            || name.ends_with("workbook.xml")
            || name.ends_with("workbook.bin")
            || matches!(name, "mimetype" | "content.xml" | "index.zip")
            || name.rsplit_once('.').is_some_and(|(_, ending)| ending == "iwa")
    };
    if names.is_empty() || names.iter().any(is_part) {
        return Ok(Inside::Document);
    }
    let is_file = |name: &&String| {
        let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
        !last.is_empty() && !last.starts_with('.') && !name.starts_with("__MACOSX/")
    };
    let is_list = |name: &&String| LISTS.iter().any(|ending| name.to_lowercase().ends_with(ending));
    let lists: Vec<String> = names.iter().filter(is_file).filter(is_list).cloned().collect();
    let name = match (lists.as_slice(), wanted) {
        ([], _) => return Err(Fault::Unsupported(crate::parse::Content::Zip)),
        (_, Some(wanted)) => match member(&lists, wanted) {
            Some(name) => name,
            None => return Err(Fault::NoSuchMember { wanted: wanted.to_owned(), names: lists }),
        },
        ([name], None) => name,
        _ => return Err(Fault::SeveralLists { names: lists, is_choosable: true }),
    };
    let others = names.iter().filter(is_file).filter(|other| *other != name).cloned().collect();
    Ok(Inside::List { name: name.clone(), others })
}

/// Returns the list with this name, or the only one whose name without folders is this name.
fn member<'n>(lists: &'n [String], wanted: &str) -> Option<&'n String> {
    let last = |name: &str| name.rsplit(['/', '\\']).next().is_some_and(|last| last == wanted);
    let mut named = lists.iter().filter(|name| last(name.as_str()));
    lists.iter().find(|name| *name == wanted).or_else(|| named.next().filter(|_| named.next().is_none()))
}

/// Replaces an archive by one of its entries.
pub(in crate::parse) fn unpack(source: &mut Source, file: &File, name: &str) -> Result<(), Fault> {
    let mut archive = open(file).map_err(fault)?;
    let entry = archive.by_name(name).map_err(fault)?;
    source.replace_by(entry)
}

fn open(file: &File) -> Result<ZipArchive<BufReader<SizeCursor<&File>>>, ZipError> {
    ZipArchive::new(BufReader::new(SizeCursor::new(file)))
}

fn fault(error: ZipError) -> Fault {
    match error {
        ZipError::Io(error) => Fault::Io(error),
        ZipError::UnsupportedArchive(_) => Fault::LockedArchive,
        other => Fault::DamagedArchive(other.to_string()),
    }
}
