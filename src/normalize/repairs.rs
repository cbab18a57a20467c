//! What was put right in the cells of a file, told once for each kind and not for each row.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// A kind of repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repair {
    /// Letters that were read in a wrong encoding before.
    Letters,
    /// Entities of a web page.
    Entities,
    /// Degrees, notes and pictures that are no part of a name.
    Trimmed,
    /// Family names that stand first.
    FamilyFirst,
    /// A whole name in one of two columns.
    WholeName,
    /// Titles in a column of names.
    Title,
    /// Salutations that are not known, and were replaced by the default.
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

    /// What it does, in a few words.
    fn rule(self) -> &'static str {
        match self {
            Self::Letters => "letters that an earlier wrong encoding had garbled are put right",
            Self::Entities => "entities and tags of a web page are read as text",
            Self::Trimmed => "degrees, remarks and pictures that are no part of a name are removed",
            Self::FamilyFirst => "the family name stands first",
            Self::WholeName => "it holds a whole name, which is split",
            Self::Title => "a title in front of it becomes the salutation",
            Self::Salutation => "it is not known, and --default-salutation replaces it",
        }
    }

    /// What to say of so many, the first of which was one thing and is another.
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
                format!("{} HTML entities or tags, {example}", counted("cell holds", "cells hold"))
            }
            Self::Trimmed => {
                format!("{} more than a name, {example}", counted("name cell holds", "name cells hold"))
            }
            Self::FamilyFirst => {
                format!(
                    "{} with the family name first, {example}",
                    counted("full name is written", "full names are written")
                )
            }
            Self::WholeName => format!(
                "{} a full name in a first-name or last-name column, {example}",
                counted("row holds", "rows hold")
            ),
            Self::Title => {
                format!("{} a title in a name column, {example}", counted("row holds", "rows hold"))
            }
            Self::Salutation => format!(
                "{} not known, such as `{was}` in row {row}; --default-salutation makes it {is}",
                counted("salutation is", "salutations are")
            ),
        }
    }
}

/// The repairs of one file, to be told when it is read.
#[derive(Debug, Default)]
pub struct Repairs {
    tallies: [Tally; Repair::ALL.len()],
}

#[derive(Debug)]
struct Tally {
    count: AtomicU64,
    first_row: AtomicU64,
    /// The first row, what stood there, and what it is now.
    first: Mutex<Option<(u64, String, String)>>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { count: AtomicU64::new(0), first_row: AtomicU64::new(u64::MAX), first: Mutex::default() }
    }
}

impl Repairs {
    /// Counts a repair. `is` says what the text is read as; it is asked for an example only.
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

    /// The first repair of each kind: what it did, and to what text.
    pub(super) fn applied(&self) -> Vec<(&'static str, String)> {
        let first = |(repair, tally): (&Repair, &Tally)| {
            let first = tally.first.lock().unwrap_or_else(PoisonError::into_inner);
            first.as_ref().map(|(_, was, _)| (repair.rule(), was.clone()))
        };
        Repair::ALL.iter().zip(&self.tallies).filter_map(first).collect()
    }

    /// What to say of them, one note for each kind; none where nothing was repaired.
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
    fn each_kind_is_told_once_with_its_first_row() {
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
                "1 salutation is not known, such as `Lord` in row 4; --default-salutation makes it `Mr`",
            ]
        );
    }
}
