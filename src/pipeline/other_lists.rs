//! `rollcall normalize --as`: the numbers of suppression lists and of existing contacts, for a program that joins them.

use std::{
    io::{self, Write},
    sync::Arc,
};

use jiff::Timestamp;

use super::{PipelineError, intake, output::Output};
use crate::{
    contact::{E164, NameKey, Region},
    dedupe::name_bits,
    existing::{ExistingContact, FetchedColumns},
    interrupt::Interrupt,
    normalize::{
        NormalizeSettings,
        phone::{Mask, other_forms, suppressed_forms},
    },
    parse::{Fault, Input, ParseError, ReadSummary},
    report::FilteredFormat,
    row::{Row, Rows},
    suppress::{Entry, EntryReader, described},
};

/// The columns behind those of a suppression list.
const ENTRY_COLUMNS: [&str; 5] =
    ["rollcall_row", "rollcall_entry", "rollcall_numbers", "rollcall_forms", "rollcall_detail"];

/// The columns behind those of existing contacts.
const CONTACT_COLUMNS: [&str; 5] =
    ["rollcall_row", "rollcall_name_key", "rollcall_numbers", "rollcall_forms", "rollcall_detail"];

/// The rows of such a list that passed.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// Notes about how the rows were read, for the user.
    pub notes: Vec<String>,
    /// The rows.
    pub rows: u64,
    /// Rows with a number that cannot be read.
    pub unread: u64,
}

/// The lines of some rows.
struct ListedLines {
    lines: io::Result<Vec<u8>>,
    rows: u64,
    unread: u64,
}

/// Writes the rows of a suppression list to `out` as they come, each with the numbers that it suppresses. If the
/// settings of the current folder differ from the user's `own`, each row is read with both. If `is_bare`, the columns
/// of the list are omitted.
///
/// # Errors
///
/// Returns an error if the list cannot be read to its end, or the rows cannot be written.
pub fn filter_suppressions(
    input: Input,
    settings: &NormalizeSettings,
    own: Option<&NormalizeSettings>,
    is_bare: bool,
    out: Box<dyn Write + Send>,
    interrupt: &Interrupt,
) -> Result<Listed, PipelineError> {
    let now = Timestamp::now();
    let readers: Vec<EntryReader> = std::iter::once(settings)
        .chain(own)
        .map(|settings| EntryReader::new(&input, settings.region, &settings.aliases, now))
        .collect();
    pass(input, ENTRY_COLUMNS, is_bare, out, interrupt, move |row| {
        let entries: Vec<Entry> = readers.iter().map(|reader| reader.of_block().read(row)).collect();
        suppressing(&entries, row)
    })
}

/// Writes existing contacts, as `fetch contacts` wrote them, to `out` as they come, each with its numbers.
///
/// # Errors
///
/// Returns an error if they are in another format, cannot be read to their end, or cannot be written.
pub fn filter_contacts(
    input: Input,
    region: Option<Region>,
    is_bare: bool,
    out: Box<dyn Write + Send>,
    interrupt: &Interrupt,
) -> Result<Listed, PipelineError> {
    let columns = FetchedColumns::of(&input.info)?;
    pass(input, CONTACT_COLUMNS, is_bare, out, interrupt, move |row| {
        let contact = columns.contact(row, region);
        let name = format!("{:x}", name_bits(NameKey::new(&contact.name, "")));
        let forms = contact.numbers.iter().flat_map(|number| other_forms(*number));
        let cells = [
            row.location.row.to_string(),
            name,
            words(&contact.numbers, &contact.masks),
            words(&new_in(forms, &contact.numbers), &[]),
            ExistingContact::of(&contact).describe(),
        ];
        (cells, contact.numbers.is_empty())
    })
}

/// Returns the own cells for an entry, and whether a number in it cannot be read.
fn suppressing(entries: &[Entry], row: Row<'_>) -> ([String; 5], bool) {
    let (mut numbers, mut masks): (Vec<E164>, Vec<Mask>) = Default::default();
    let mut details: Vec<String> = Vec::new();
    let (mut is_active, mut has_unread) = (false, false);
    for entry in entries {
        let Entry::Active { numbers: read, is_unread, unread_expiry } = entry else { continue };
        is_active = true;
        has_unread |= is_unread;
        numbers.extend(new_in(read.found.iter().copied(), &numbers));
        for mask in read.masks.iter().filter(|mask| mask.is_hidden_inside()) {
            if !masks.contains(mask) {
                masks.push(mask.clone());
            }
        }
        let expiry = unread_expiry.as_ref().map(|text| format!("unreadable expiry: `{text}`"));
        for detail in read.problem.as_ref().map(described).into_iter().chain(expiry) {
            if !details.contains(&detail) {
                details.push(detail);
            }
        }
    }
    let entry = match (is_active, has_unread, numbers.is_empty() && masks.is_empty()) {
        (false, ..) => "expired",
        (true, true, _) => "unreadable",
        (true, false, true) => "without-number",
        (true, false, false) => "active",
    };
    let forms = numbers.iter().flat_map(|number| suppressed_forms(*number));
    let cells = [
        row.location.row.to_string(),
        entry.to_owned(),
        words(&numbers, &masks),
        words(&new_in(forms, &numbers), &[]),
        details.join("; "),
    ];
    (cells, has_unread)
}

/// Writes the rows of a list with the cells and the judgment that `read` returns for each.
fn pass<const N: usize>(
    input: Input,
    own: [&'static str; N],
    is_bare: bool,
    out: Box<dyn Write + Send>,
    interrupt: &Interrupt,
    read: impl Fn(Row<'_>) -> ([String; N], bool) + Send + Sync + 'static,
) -> Result<Listed, PipelineError> {
    let format = Arc::new(FilteredFormat::new(&input.info, own.to_vec(), is_bare));
    let header = format.header().map_err(PipelineError::Output)?;
    let mut out = Output::begin(out, interrupt);
    out.write(Arc::new(header))?;
    let lines_of = move |rows: Rows| {
        let mut listed = ListedLines { lines: Ok(Vec::new()), rows: 0, unread: 0 };
        let mut lines = format.lines(rows.len(), rows.text_len());
        let written = rows.iter().try_for_each(|row| {
            let (cells, is_unread) = read(row);
            listed.rows += 1;
            listed.unread += u64::from(is_unread);
            lines.push(row, &cells.each_ref().map(String::as_str))
        });
        listed.lines = written.and_then(|()| lines.finish());
        listed
    };
    let mut listed = Listed::default();
    let summary = intake::in_parallel(input, 0, interrupt, lines_of, |block| {
        listed.rows += block.rows;
        listed.unread += block.unread;
        out.write(Arc::new(block.lines.map_err(PipelineError::Output)?))
    });
    match out.finish(summary) {
        Ok(ReadSummary { notes, .. }) => listed.notes = notes,
        // An empty list today.
        Err(PipelineError::Parse(ParseError { fault: Fault::HeaderOnly, .. })) => {}
        Err(error) => return Err(error),
    }
    Ok(listed)
}

/// Returns the numbers that are not known, without repetitions.
fn new_in(numbers: impl Iterator<Item = E164>, known: &[E164]) -> Vec<E164> {
    let mut new = Vec::new();
    for number in numbers {
        if !known.contains(&number) && !new.contains(&number) {
            new.push(number);
        }
    }
    new
}

/// Returns numbers and masks as words.
fn words(numbers: &[E164], masks: &[Mask]) -> String {
    let numbers = numbers.iter().map(ToString::to_string);
    numbers.chain(masks.iter().map(ToString::to_string)).collect::<Vec<_>>().join(" ")
}
