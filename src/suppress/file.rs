//! A file of phone numbers that must not be called.
//!
//! A missed number means that someone is called against their will; a surplus one only that someone is not called. So
//! every doubt counts as a number.

use std::{ops::ControlFlow, path::Path};

use jiff::Timestamp;

use super::{
    UnreadEntries,
    entry::{Entry, EntryReader, described},
};
use crate::{
    contact::{E164, Region},
    interrupt::Interrupt,
    normalize::{Aliases, RowNumbers, phone::Mask},
    parse::{Fault, Input, ListKind, ParseError, ParseSettings, ReadError, SheetName, Sheets},
};

/// The numbers of a suppression file.
#[derive(Debug, Default)]
pub struct SuppressionFile {
    /// The path as given.
    pub path: String,
    /// The numbers by sheet.
    pub sheets: Vec<SheetNumbers>,
    /// Rows that have expired: they suppress nobody.
    pub expired: u64,
    /// Rows without a readable number: they suppress nobody.
    pub unread: u64,
    /// The first of them, and the reason.
    pub first_unread: Option<(u64, String)>,
    /// Rows with a readable number and possibly another, unreadable one.
    pub partly_unread: u64,
    /// The first of them, and the reason.
    pub first_partly_unread: Option<(u64, String)>,
    /// Entries of both kinds that contain digits of a number.
    pub unread_entries: UnreadEntries,
    /// Rows whose digits were read as complete international numbers, without a plus or a country.
    pub assumed: u64,
    /// The first of them, and the number that was read.
    pub first_assumed: Option<(u64, String)>,
    /// Rows with an unreadable expiry: they never expire.
    pub unread_expiries: u64,
    /// The first of them, and the text of its expiry.
    pub first_unread_expiry: Option<(u64, String)>,
    /// The headers of the expiry columns. A row expires only when all of them have passed.
    pub expiry_columns: Vec<String>,
    /// Rows read, whatever they contain.
    rows: u64,
    /// How the file was understood, if the user should know.
    understood: Vec<String>,
}

/// The numbers of a sheet, or of a file without sheets.
#[derive(Debug, Default)]
pub struct SheetNumbers {
    /// The sheet, if the file has several.
    pub sheet: Option<SheetName>,
    /// Each number with its row as the user sees it. Repeated numbers are kept.
    pub numbers: Vec<(E164, u64)>,
    /// The visible digits of masked numbers, with their rows.
    pub masks: Vec<(Mask, u64)>,
}

impl SuppressionFile {
    /// Reads a file in any list format. Numbers without a country are numbers of `region`; `aliases` translate
    /// country values; entries that have expired at `now` are skipped.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read to its end, has no number column or no readable number, or if the
    /// run was interrupted.
    pub fn read(
        path: &Path,
        region: Option<Region>,
        aliases: &Aliases,
        now: Timestamp,
        interrupt: &Interrupt,
    ) -> Result<Self, ReadError> {
        let (path, aliases, asked) = (path.to_owned(), aliases.clone(), interrupt.clone());
        // The file may wait for bytes that never come.
        interrupt
            .watch(move || Self::read_here(&path, region, &aliases, now, &asked))
            .map_err(ReadError::Interrupted)?
    }

    fn read_here(
        path: &Path,
        region: Option<Region>,
        aliases: &Aliases,
        now: Timestamp,
        interrupt: &Interrupt,
    ) -> Result<Self, ReadError> {
        let settings = ParseSettings {
            region,
            aliases: aliases.clone(),
            list: ListKind::Numbers,
            ..ParseSettings::default()
        };
        let mut list = Self { path: path.display().to_string(), ..Self::default() };
        let mut sheets = Sheets::open(path, &settings).map_err(ParseError::of_option)?;
        let (mut without_numbers, mut refused) = (Vec::new(), None);
        while let Some(opened) = sheets.next() {
            match opened {
                Ok(input) => {
                    let entries = EntryReader::new(&input, region, aliases, now);
                    list.read_input(input, &entries, interrupt, sheets.current())?;
                }
                Err(error) => match Unused::of(&error.fault) {
                    None => return Err(error.of_option().into()),
                    Some(unused) => {
                        let mut is_first = refused.is_none();
                        // An error about a sheet with cells says more than one about an empty sheet.
                        if let Unused::WithoutNumbers(sheet) = unused {
                            is_first |= without_numbers.is_empty();
                            without_numbers.push(sheet.to_string());
                        }
                        if is_first {
                            refused = Some(error);
                        }
                    }
                },
            }
        }
        if list.sheets.is_empty() {
            return refused.map_or(Ok(list), |error| Err(error.of_option().into()));
        }
        let read: Vec<&SheetName> = list.sheets.iter().filter_map(|part| part.sheet.as_ref()).collect();
        if read.len() > 1 || read.iter().any(|sheet| sheet.is_hidden) {
            let names: Vec<String> = read.iter().map(ToString::to_string).collect();
            list.understood
                .push(format!("sheets that are read, each with its own row numbers: {}", names.join(", ")));
        }
        if !without_numbers.is_empty() {
            let others = without_numbers.join(", ");
            list.understood
                .push(format!("other sheets are not read, because they have no numbers: {others}"));
        }
        Ok(list)
    }

    /// Adds the entries of a sheet, or of a file without sheets. `sheet` is its name if there are others.
    fn read_input(
        &mut self,
        mut input: Input,
        entries: &EntryReader,
        interrupt: &Interrupt,
        sheet: Option<&SheetName>,
    ) -> Result<(), ReadError> {
        let info = input.info.clone();
        let named = entries.expiry_columns().iter().map(|column| &info.headers[*column]);
        add_new(&mut self.expiry_columns, named);
        add_new(&mut self.understood, &info.notes);
        let entries = entries.of_block();
        let in_sheet = sheet.map(|sheet| format!(", sheet {sheet}")).unwrap_or_default();
        let unread_before = self.unread;
        let (mut listed, mut masks) = (Vec::new(), Vec::new());
        let (mut interrupted, mut first_unread) = (None, None);
        let read = input.read(0, &mut |rows| {
            for row in rows.iter() {
                self.rows += 1;
                let Entry::Active { numbers, is_unread, unread_expiry } = entries.read(row) else {
                    self.expired += 1;
                    continue;
                };
                let row = row.location.row;
                if let Some(text) = unread_expiry {
                    self.unread_expiries += 1;
                    self.first_unread_expiry.get_or_insert_with(|| (row, format!("`{text}`{in_sheet}")));
                }
                if let Some(problem) = numbers.problem.as_ref().filter(|_| numbers.found.is_empty()) {
                    first_unread.get_or_insert_with(|| (row, described(problem)));
                }
                listed.extend(numbers.found.iter().map(|number| (*number, row)));
                masks.extend(numbers.masks.iter().map(|mask| (mask.clone(), row)));
                self.count(row, &numbers, is_unread, &in_sheet);
            }
            interrupted = interrupt.signal();
            if interrupted.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if let Some(signal) = interrupted {
            return Err(ReadError::Interrupted(signal));
        }
        match read {
            Ok(summary) => add_new(&mut self.understood, &summary.notes),
            // An empty list today.
            Err(ParseError { fault: Fault::HeaderOnly, .. }) => {}
            Err(error) => return Err(error.of_option().into()),
        }
        let rows = self.unread - unread_before;
        if let Some((row, reason)) = first_unread.filter(|_| listed.is_empty() && masks.is_empty()) {
            let fault = Fault::NoNumbers { rows, row, reason };
            let fault = match sheet.cloned() {
                Some(sheet) => Fault::InSheet { sheet, fault: Box::new(fault) },
                None => fault,
            };
            return Err(ParseError { path: info.path.into(), fault }.into());
        }
        self.sheets.push(SheetNumbers { sheet: sheet.cloned(), numbers: listed, masks });
        Ok(())
    }

    fn count(&mut self, row: u64, read: &RowNumbers, is_unread: bool, in_sheet: &str) {
        let RowNumbers { found, problem, masks, is_assumed } = read;
        if let Some(problem) = problem {
            if is_unread {
                self.unread_entries
                    .add(!masks.is_empty(), || format!("row {row}{in_sheet} ({})", described(problem)));
            }
            let (rows, first) = if found.is_empty() {
                (&mut self.unread, &mut self.first_unread)
            } else {
                (&mut self.partly_unread, &mut self.first_partly_unread)
            };
            *rows += 1;
            first.get_or_insert_with(|| (row, format!("{}{in_sheet}", described(problem))));
        }
        if let Some(number) = found.first().filter(|_| *is_assumed) {
            self.assumed += 1;
            self.first_assumed.get_or_insert_with(|| (row, format!("+{number}{in_sheet}")));
        }
    }

    /// Returns whether the file has only a header.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Returns notes for the user, as sentences that begin in lower case, like those of an input.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.understood.clone();
        if let Some((row, reason)) = &self.first_unread {
            notes.push(format!(
                "rows without a readable number, which suppress nobody: {}; the first is row {row} ({reason})",
                self.unread
            ));
        }
        if let Some((row, reason)) = &self.first_partly_unread {
            notes.push(format!(
                "rows with a readable number and possibly another, unreadable one: {}; the first is row {row} ({reason})",
                self.partly_unread
            ));
        }
        let (entries, masked) = (self.unread_entries.entries(), self.unread_entries.masked());
        if entries > 0 {
            let of_these = if masked > 0 {
                format!(
                    ", {masked} of them masked; one that is masked only in its middle suppresses every number that matches it"
                )
            } else {
                String::new()
            };
            notes.push(format!(
                "rows with a number that cannot be read: {entries}{of_these}. An import stops at them, unless \
                 --allow-unreadable-suppressions allows as many"
            ));
        }
        if let Some((row, number)) = &self.first_assumed {
            notes.push(format!(
                "rows with digits that are read as complete international numbers, because they have neither a plus nor a \
                 country: {}; the first is row {row} ({number}). If they are numbers of one country, name it with \
                 --region",
                self.assumed
            ));
        }
        if let Some((row, text)) = &self.first_unread_expiry {
            notes.push(format!(
                "rows with an unreadable expiry, which never expire: {}; the first is row {row} ({text})",
                self.unread_expiries
            ));
        }
        if self.expired > 0 {
            let columns: Vec<String> =
                self.expiry_columns.iter().map(|column| format!("`{column}`")).collect();
            let columns_word = if columns.len() == 1 { "column" } else { "columns" };
            notes.push(format!(
                "rows that have expired by the {columns_word} {}, which suppress nobody: {}",
                columns.join(" and "),
                self.expired
            ));
        }
        notes
    }
}

/// A sheet that suppresses nobody.
enum Unused<'a> {
    Empty,
    WithoutNumbers(&'a SheetName),
}

impl<'a> Unused<'a> {
    /// Returns `None` for other faults.
    fn of(fault: &'a Fault) -> Option<Self> {
        match fault {
            Fault::InSheet { sheet, fault } => match **fault {
                Fault::Empty | Fault::EmptySheet { .. } => Some(Self::Empty),
                Fault::NoPhoneColumn { .. } => Some(Self::WithoutNumbers(sheet)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Adds the items that are not in the list yet.
fn add_new<'a>(list: &mut Vec<String>, more: impl IntoIterator<Item = &'a String>) {
    for text in more {
        if !list.contains(text) {
            list.push(text.clone());
        }
    }
}

#[cfg(test)]
mod tests;
