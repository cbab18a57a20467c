//! What became of every row, for people and for programs.
//!
//! [`RunWriter`] takes the rows in input order, writes and counts them, and puts all files of the run in place at its
//! end. [`terminal`] makes the short text that a person reads.

mod fetched;
mod folder;
mod hint;
mod outcomes;
mod rejected;
mod summary;
mod tally;
pub mod terminal;

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

pub use self::{
    fetched::{FetchedFormat, FetchedSummary, FetchedWriter, Repeat},
    folder::{OutputFolder, PendingFile},
    outcomes::{LineFormat, Lines},
    summary::{ColumnNames, ExcludeReport, ExistingFrom, InputReport, PlatformReport, Report, Timing},
    tally::{Example, ProblemCount, RegionCount, Totals, TypeCount},
};
use self::{outcomes::OutcomesWriter, rejected::RejectedWriter, tally::Tally};
use crate::{
    contact::PhoneNumber,
    outcome::{Code, Outcome, Problem},
    parse::InputInfo,
    row::Row,
};

/// A failure to write the files of a run.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The machine refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the machine said.
        source: io::Error,
    },
    /// The program's own check failed.
    #[error("the sums of the report do not agree: {0}")]
    Sums(String),
}

impl ReportError {
    fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}

/// A row and what became of it.
#[derive(Clone, Copy, Debug)]
pub struct ReportedRow<'a> {
    /// Where it stands, and its cells where it may need mending.
    pub row: Row<'a>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub code: Option<Code>,
    /// Its number, where it has one.
    pub number: Option<&'a PhoneNumber>,
    /// What the code does not say.
    pub detail: &'a str,
    /// What is wrong with it.
    pub problems: &'a [Problem],
}

/// Writes the files of a run.
pub struct RunWriter {
    inputs: Vec<InputInfo>,
    outcomes: OutcomesWriter,
    rejected: RejectedWriter,
    tally: Tally,
    // The last to be dropped: it goes only when the unfinished files in it have gone.
    folder: OutputFolder,
}

impl RunWriter {
    /// Begins the files of a run in `folder`.
    ///
    /// # Errors
    ///
    /// Where they cannot be made.
    pub fn begin(folder: OutputFolder, inputs: Vec<InputInfo>) -> Result<Self, ReportError> {
        let outcomes = OutcomesWriter::begin(&folder, &inputs)?;
        let rejected = RejectedWriter::begin(&folder, &inputs)?;
        Ok(Self { inputs, outcomes, rejected, tally: Tally::default(), folder })
    }

    /// Writes one row. Rows come in input order.
    ///
    /// # Errors
    ///
    /// Where a file cannot be written.
    pub fn write(&mut self, row: &ReportedRow<'_>) -> Result<(), ReportError> {
        self.write_with(row, b"")
    }

    /// How lines of `outcomes.csv` are written, to make them elsewhere.
    pub fn line_format(&self) -> LineFormat {
        self.outcomes.format.clone()
    }

    /// Writes one row, whose line was made before if it is not empty.
    ///
    /// # Errors
    ///
    /// Where a file cannot be written.
    pub fn write_with(&mut self, row: &ReportedRow<'_>, line: &[u8]) -> Result<(), ReportError> {
        let input = &self.inputs[usize::from(row.row.location.input)];
        self.outcomes.write(row, line)?;
        if row.outcome.needs_mending() {
            self.rejected.write(input, row)?;
        }
        self.tally.add(input, row);
        Ok(())
    }

    /// Checks the sums and puts the files in place. `report` says what is known of the run beside its rows.
    ///
    /// # Errors
    ///
    /// Where the sums do not agree or a file cannot be kept. Nothing is put in place before all files are written.
    pub fn finish(self, mut report: Report) -> Result<Report, ReportError> {
        report.totals = self.tally.totals.clone();
        report.problems = self.tally.problems();
        for ((index, input), info) in (0..).zip(&mut report.inputs).zip(&self.inputs) {
            input.notes.extend(self.tally.notes(index, info));
        }
        report.regions = self.tally.regions();
        report.types = self.tally.types();
        // What was posted was posted: should the sums not agree, the files are the only record of it.
        let sums = report.check_sums();
        report.complete &= sums.is_ok();
        let summary = report.write(&self.folder)?;
        let rejected = self.rejected.finish(&self.folder)?;
        let outcomes = self.outcomes.finish()?;
        for file in [outcomes, rejected, summary] {
            file.commit()?;
        }
        self.folder.sync()?;
        sums.map(|()| report)
    }
}

fn csv_error(csv: &csv::Writer<PendingFile>, error: csv::Error) -> ReportError {
    ReportError::new("write", csv.get_ref().target(), error.into())
}

fn into_file(csv: csv::Writer<PendingFile>) -> Result<PendingFile, ReportError> {
    let target = csv.get_ref().target().to_owned();
    csv.into_inner().map_err(|error| ReportError::new("write", &target, error.into_error()))
}

#[cfg(test)]
mod tests;
