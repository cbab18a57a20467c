//! Repairs of cells, reported once per kind and file instead of once per row.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// A kind of repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repair {
    /// Letters that an earlier program read in the wrong encoding.
    Letters,
    /// HTML entities and tags.
    Entities,
    /// Degrees, remarks and pictures that are not part of a name.
    Trimmed,
    /// Family names that come first.
    FamilyFirst,
    /// A full name in one of two name columns.
    WholeName,
    /// Titles in a name column.
    Title,
    /// Unknown salutations, replaced by the default.
    Salutation,
}

impl Repair {
    const ALL: [Self; 7] = [
        Self::Letters,
        Self::Entities,
        Self::Trimmed,
        Self::FamilyFirst,
        Self::WholeName,
        Self::Title,
        Self::Salutation,
    ];

    /// Describes the repair in a few words.
    fn rule(self) -> &'static str {
        match self {
            Self::Letters => "garbled letters are repaired",
            Self::Entities => "HTML entities and tags are converted to text",
            Self::Trimmed => "degrees, remarks and pictures are removed",
            Self::FamilyFirst => "the family name comes first",
            Self::WholeName => "it contains a full name, which is split",
            Self::Title => "the title before the name becomes the salutation",
            Self::Salutation => "it is unknown, so --default-salutation replaces it",
        }
    }

    /// The note on `count` repairs, with the first one as the example: the row, the text before and after.
    fn note(self, count: u64, row: u64, was: &str, is: &str) -> String {
        let counted = |one: &str, many: &str| {
            if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
        };
        let example = format!("such as `{was}` in row {row}; rollcall reads it as {is}");
        match self {
            Self::Letters => {
                format!(
                    "{} garbled by an earlier wrong encoding, {example}",
                    counted("name was", "names were")
                )
            }
            Self::Entities => {
                format!("{} HTML entities or tags, {example}", counted("cell contains", "cells contain"))
            }
            Self::Trimmed => {
                format!("{} more than a name, {example}", counted("name cell contains", "name cells contain"))
            }
            Self::FamilyFirst => {
                format!(
                    "{} with the family name first, {example}",
                    counted("full name is written", "full names are written")
                )
            }
            Self::WholeName => format!(
                "{} a full name in a first-name or last-name column, {example}",
                counted("row contains", "rows contain")
            ),
            Self::Title => {
                format!("{} a title in a name column, {example}", counted("row contains", "rows contain"))
            }
            Self::Salutation => format!(
                "{} unknown, such as `{was}` in row {row}; --default-salutation makes it {is}",
                counted("salutation is", "salutations are")
            ),
        }
    }
}

/// The repairs of one file, for its notes.
#[derive(Debug, Default)]
pub struct Repairs {
    tallies: [Tally; Repair::ALL.len()],
}

#[derive(Debug)]
struct Tally {
    count: AtomicU64,
    first_row: AtomicU64,
    /// The first row, its text, and the repaired text.
    first: Mutex<Option<(u64, String, String)>>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { count: AtomicU64::new(0), first_row: AtomicU64::new(u64::MAX), first: Mutex::default() }
    }
}

impl Repairs {
    /// Counts a repair. `is` returns the repaired text and is called only if this repair becomes the example.
    pub(super) fn add(&self, repair: Repair, row: u64, was: &str, is: impl FnOnce() -> String) {
        let tally = &self.tallies[repair as usize];
        tally.count.fetch_add(1, Ordering::Relaxed);
        if tally.first_row.fetch_min(row, Ordering::Relaxed) <= row {
            return;
        }
        let mut first = tally.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|(first, ..)| row < *first) {
            *first = Some((row, was.trim().to_owned(), is()));
        }
    }

    /// The first repair of each kind: its rule and the original text.
    pub(super) fn applied(&self) -> Vec<(&'static str, String)> {
        let first = |(repair, tally): (&Repair, &Tally)| {
            let first = tally.first.lock().unwrap_or_else(PoisonError::into_inner);
            first.as_ref().map(|(_, was, _)| (repair.rule(), was.clone()))
        };
        Repair::ALL.iter().zip(&self.tallies).filter_map(first).collect()
    }

    /// The notes on the repairs, one for each kind.
    pub fn notes(&self) -> Vec<String> {
        let note = |(repair, tally): (&Repair, &Tally)| {
            let first = tally.first.lock().unwrap_or_else(PoisonError::into_inner);
            let (row, was, is) = first.as_ref()?;
            Some(repair.note(tally.count.load(Ordering::Relaxed), *row, was, is))
        };
        Repair::ALL.iter().zip(&self.tallies).filter_map(note).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_one_note_with_its_first_row() {
        for (index, repair) in Repair::ALL.into_iter().enumerate() {
            assert_eq!(repair as usize, index);
        }
        let repairs = Repairs::default();
        assert_eq!(repairs.notes(), Vec::<String>::new());
        repairs.add(Repair::Letters, 7, " MÃ¼ller", || "`Müller`".to_owned());
        repairs.add(Repair::Letters, 3, "JosÃ©", || "`José`".to_owned());
        repairs.add(Repair::Salutation, 4, "Lord", || "`Mr`".to_owned());
        assert_eq!(
            repairs.notes(),
            [
                "2 names were garbled by an earlier wrong encoding, such as `JosÃ©` in row 3; rollcall reads it as `José`",
                "1 salutation is unknown, such as `Lord` in row 4; --default-salutation makes it `Mr`",
            ]
        );
    }
}
