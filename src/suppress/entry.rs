//! The entries of a suppression list, row by row.

use jiff::Timestamp;

use super::expiry::Expiry;
use crate::{
    contact::Region,
    normalize::{Aliases, NormalizeSettings, Normalizer, RowNumbers, phone::count_digits},
    outcome::Problem,
    parse::{Input, is_expiry},
    row::{Columns, Row},
};

/// A cell with fewer digits contains no number, not even an unreadable one.
const MIN_DIGITS: usize = 4;

/// What the rows of a suppression list are read with.
#[derive(Clone, Debug)]
pub struct EntryReader {
    settings: NormalizeSettings,
    columns: Columns,
    /// The columns with the end of an entry.
    expiries: Vec<usize>,
    counts_from_1904: bool,
    now: Timestamp,
}

/// An entry of a suppression list.
#[derive(Debug)]
pub enum Entry {
    /// It has expired, so it suppresses nobody.
    Expired,
    /// It suppresses its numbers.
    Active {
        /// The numbers.
        numbers: RowNumbers,
        /// Whether the row has a number that cannot be read: someone may be called against their will.
        is_unread: bool,
        /// The text of an expiry that cannot be read: the entry never expires.
        unread_expiry: Option<String>,
    },
}

impl EntryReader {
    /// Creates a reader for the rows of a list. Numbers without a country are numbers of `region`; `aliases` translate
    /// country values; entries that have expired at `now` suppress nobody.
    pub fn new(input: &Input, region: Option<Region>, aliases: &Aliases, now: Timestamp) -> Self {
        let info = &input.info;
        let is_expiry =
            |column: &usize| !info.columns.phone.contains(column) && is_expiry(&info.headers[*column]);
        Self {
            settings: NormalizeSettings { region, aliases: aliases.clone(), ..NormalizeSettings::default() },
            columns: info.columns.clone(),
            expiries: (0..info.headers.len()).filter(is_expiry).collect(),
            counts_from_1904: input.counts_from_1904(),
            now,
        }
    }

    /// Returns the columns with the end of an entry. An entry expires only when all of them have passed.
    pub fn expiry_columns(&self) -> &[usize] {
        &self.expiries
    }

    /// Reads the rows of a block.
    pub fn of_block(&self) -> EntriesOfBlock<'_> {
        EntriesOfBlock { reader: self, normalizer: Normalizer::new(&self.settings, &self.columns) }
    }
}

/// A reader of the rows of a block.
#[derive(Clone, Copy, Debug)]
pub struct EntriesOfBlock<'a> {
    reader: &'a EntryReader,
    normalizer: Normalizer<'a>,
}

impl EntriesOfBlock<'_> {
    /// Reads a row.
    pub fn read(self, row: Row<'_>) -> Entry {
        let mut is_over = !self.reader.expiries.is_empty();
        let mut unread_expiry = None;
        for column in &self.reader.expiries {
            let text = String::from_utf8_lossy(row.cell(*column).text);
            // Shifted cells may put any date here.
            let expiry = Expiry::read(&text, self.reader.counts_from_1904)
                .filter(|expiry| row.ragged.is_none() || *expiry == Expiry::Never);
            if expiry.is_none() {
                unread_expiry.get_or_insert_with(|| shortened(&text));
            }
            is_over &= expiry.is_some_and(|expiry| expiry.is_over(self.reader.now));
        }
        if is_over {
            return Entry::Expired;
        }
        let numbers = self.normalizer.numbers(row);
        let is_unread = numbers.problem.is_some() && (!numbers.masks.is_empty() || self.has_digits(row));
        Entry::Active { numbers, is_unread, unread_expiry }
    }

    /// Returns whether a cell that may be a number has as many digits.
    fn has_digits(self, row: Row<'_>) -> bool {
        let is_number = |column| count_digits(&String::from_utf8_lossy(row.cell(column).text)) >= MIN_DIGITS;
        // Shifted cells may be anywhere.
        let is_any = row.ragged.is_some() && (0..row.cells().len()).any(is_number);
        is_any || self.reader.columns.phone.iter().copied().any(is_number)
    }
}

/// Returns the problem and the value that has it.
pub fn described(problem: &Problem) -> String {
    if problem.value.is_empty() {
        problem.message()
    } else {
        format!("{}: `{}`", problem.message(), problem.value)
    }
}

fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    text.trim().chars().take(MAX_CHARS).collect()
}
