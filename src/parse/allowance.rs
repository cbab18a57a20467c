//! The limit on how much the rows of a file may hold.
//!
//! A few bytes can expand to gigabytes: a row that is repeated a million times, a text that many cells share, a gzip
//! file of one letter. The limit therefore depends on the size of the file, whatever its format and compression. It
//! counts what a run may have to write: a rejected row is kept on disk until the end, and copied into several files.

use std::ops::ControlFlow;

use super::{
    error::Fault,
    raw_row::{RawRow, RowSink},
};

/// Maximum ratio of the rows of a file to its size. A list that compresses well has nearly identical rows of 2 KB. A
/// phone number and a name remain of each in compressed form, 15 bytes or more, so the ratio stays below 150. A list of
/// consecutive numbers, which occurs only in tests, reaches 110.
const MAX_RATIO: u64 = 200;

/// Bytes that the rows of any file may hold, however small the file is: more than 100,000 rows of a name and a number.
const HARMLESS_BYTES: u64 = 16 * 1024 * 1024;

/// The cost of a row in addition to its text: its line in `outcomes.csv`, and the reason in `rejected.csv`.
const ROW_BYTES: u64 = 128;

/// The bytes that a file may still use for rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    file_bytes: u64,
    allowed: u64,
    spent: u64,
}

impl Allowance {
    /// The allowance of a list of which only a few rows are in memory or on disk.
    pub(super) const UNLIMITED: Self = Self { file_bytes: 0, allowed: u64::MAX, spent: 0 };

    /// Creates the allowance of a file of this size. Other parts of the file have already used `spent` bytes.
    pub(super) fn new(file_bytes: u64, spent: u64) -> Self {
        let allowed = HARMLESS_BYTES.max(file_bytes.saturating_mul(MAX_RATIO));
        Self { file_bytes, allowed, spent }
    }

    /// Takes the bytes of a row. Breaks if the allowance is used up.
    fn take(&mut self, row: &impl RawRow) -> ControlFlow<()> {
        let (text, cells) = (row.text_len() as u64, row.len() as u64);
        self.spent = self.spent.saturating_add(ROW_BYTES + text + cells);
        if self.spent > self.allowed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Passes rows on until the allowance is used up.
pub(super) struct Counted<'s, S> {
    sink: &'s mut S,
    allowance: Allowance,
    /// Bytes spent before.
    before: u64,
    fault: Option<Fault>,
}

impl<'s, S: RowSink> Counted<'s, S> {
    pub(super) fn new(sink: &'s mut S, allowance: Allowance) -> Self {
        Self { sink, allowance, before: allowance.spent, fault: None }
    }

    /// Returns the bytes that the rows took.
    ///
    /// # Errors
    ///
    /// Returns an error if the rows exceed the allowance.
    pub(super) fn finish(self) -> Result<u64, Fault> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.allowance.spent - self.before),
        }
    }
}

impl<S: RowSink> RowSink for Counted<'_, S> {
    fn row(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        if self.allowance.take(row).is_break() {
            let Allowance { file_bytes, allowed, .. } = self.allowance;
            self.fault = Some(Fault::TooMuchInRows { row: number, max_bytes: allowed, file_bytes });
            return ControlFlow::Break(());
        }
        self.sink.row(number, row)
    }

    fn pause(&mut self) -> ControlFlow<()> {
        self.sink.pause()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        parse::preview::Preview,
        row::{Cell, CellKind},
    };

    /// A row of equal cells.
    struct Alike {
        text: &'static [u8],
        cells: usize,
    }

    impl RawRow for Alike {
        fn len(&self) -> usize {
            self.cells
        }

        fn cell(&self, _: usize) -> Cell<'_> {
            Cell { text: self.text, kind: CellKind::Text }
        }
    }

    /// A sink that discards all rows.
    struct Bin;

    impl RowSink for Bin {
        fn row(&mut self, _: u64, _: &impl RawRow) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }

    /// Returns how many such rows a file of this size may have.
    fn rows_of(file_bytes: u64, row: &Alike) -> u64 {
        let mut bin = Bin;
        let mut counted = Counted::new(&mut bin, Allowance::new(file_bytes, 0));
        let taken = (1..u64::MAX).take_while(|number| counted.row(*number, row).is_continue()).count();
        assert!(matches!(counted.finish(), Err(Fault::TooMuchInRows { .. })));
        taken as u64
    }

    #[test]
    fn small_files_may_hold_nearly_a_hundred_thousand_rows() {
        assert!(rows_of(500, &Alike { text: b"Asha Rao 9876543210", cells: 2 }) > 97_000);
        assert_eq!(rows_of(500, &Alike { text: &[b'x'; 1000], cells: 512 }), 32);
    }

    #[test]
    fn large_files_may_hold_rows_in_proportion_to_their_size() {
        // A million people of one country, in a workbook of 10 MB.
        assert!(rows_of(10_000_000, &Alike { text: b"Bosnia and Herzegovina", cells: 6 }) > 5_000_000);
        // A text file with nothing but numbers.
        assert!(rows_of(12_000_000, &Alike { text: b"98765432101", cells: 1 }) > 12 * 1_000_000);
    }

    #[test]
    fn sheets_of_one_file_share_the_allowance() {
        let allowance = Allowance::new(500, HARMLESS_BYTES - 200);
        let mut sink = Preview::new(9);
        let mut counted = Counted::new(&mut sink, allowance);
        let row = Alike { text: b"x", cells: 1 };
        assert!(counted.row(1, &row).is_continue());
        assert!(counted.row(2, &row).is_break());
        let said = counted.finish().unwrap_err().to_string();
        assert!(said.starts_with("row 2: up to here its rows hold more than 16 MB"), "{said}");
    }
}
