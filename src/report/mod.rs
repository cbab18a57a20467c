//! The results of every row, for people and for programs.
//!
//! [`RunWriter`] takes the rows in input order, writes and counts them, and puts all files of the run in place at its
//! end. [`terminal`] creates the short text for a person.

mod abandoned;
mod book;
mod export;
mod fetched;
mod files;
mod filtered;
mod folder;
mod hint;
pub(crate) mod html;
mod normalized;
mod outcomes;
mod prepared;
mod rejected;
mod run_file;
pub mod screen;
mod summary;
mod tally;
pub mod terminal;
pub mod unknown_values;
mod verdict;

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use thiserror::Error;

use self::{export::ExportWriter, rejected::RowToFix, run_file::RunFile, tally::Tally};
pub use self::{
    export::{ExportFormat, ExportLayout, ExportReport, ExportSettings},
    fetched::{FetchedFormat, FetchedSummary, FetchedWriter, Repeat},
    filtered::{FilteredFormat, FilteredLines},
    folder::{OutputFolder, PendingFile},
    normalized::NormalizedFormat,
    prepared::{LineFormat, PreparedRows, ValidRows},
    summary::{
        ColumnName, ColumnNames, InputNote, InputReport, MatchReport, NotPosted, NoteTopic, PlatformReport,
        Report, Timing,
    },
    tally::{Example, ProblemCount, RegionCount, TypeCount},
    verdict::{VerdictSentence, verdict},
};
use crate::{
    contact::{Contact, PhoneNumber},
    outcome::{Code, Outcome, Problem},
    parse::InputInfo,
    row::Row,
};

/// A failure to write the files of a run.
#[derive(Debug, Error)]
pub enum ReportError {
    /// An I/O failure.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The action that failed.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The I/O error.
        source: io::Error,
    },
    /// A failed consistency check of the program itself.
    #[error("the sums of the report do not agree: {0}")]
    Sums(String),
}

impl ReportError {
    fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}

/// A row with its outcome.
#[derive(Clone, Copy, Debug)]
pub struct ReportedRow<'a> {
    /// The row's location, and its cells if it may need fixing.
    pub row: Row<'a>,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason, if any.
    pub code: Option<Code>,
    /// The number, if one was read.
    pub number: Option<&'a PhoneNumber>,
    /// Details beyond the code.
    pub detail: &'a str,
    /// The problems of the row.
    pub problems: &'a [Problem],
    /// The contact, if the row is valid.
    pub contact: Option<&'a Contact>,
    /// Whether its number was counted before, with those of a block of rows.
    pub is_counted: bool,
}

impl<'a> ReportedRow<'a> {
    /// Creates a row with an outcome and nothing else.
    pub fn new(row: Row<'a>, outcome: Outcome) -> Self {
        Self {
            row,
            outcome,
            code: None,
            number: None,
            detail: "",
            problems: &[],
            contact: None,
            is_counted: false,
        }
    }
}

/// Returns bytes as text. Bytes of another encoding would make a file invalid UTF-8, so they become replacement
/// characters.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    // Valid text is the rule, and this check is faster.
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// A writer of the files of a run.
pub struct RunWriter {
    inputs: Vec<InputInfo>,
    /// The name of the run.
    run: String,
    files: Vec<Box<dyn RunFile>>,
    tally: Tally,
    export: Option<ExportWriter>,
    // Dropped last, so that the unfinished files in it are removed first.
    folder: OutputFolder,
}

impl RunWriter {
    /// Starts the files of the run of this name in `folder`.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be created.
    pub fn begin(folder: OutputFolder, inputs: Vec<InputInfo>, run: &str) -> Result<Self, ReportError> {
        let files =
            files::KINDS.iter().map(|kind| (kind.begin)(&folder, &inputs)).collect::<Result<_, _>>()?;
        Ok(Self { inputs, run: run.to_owned(), files, tally: Tally::default(), export: None, folder })
    }

    /// Adds an export of the contacts to post; it appears once the run is finished.
    ///
    /// # Errors
    ///
    /// Returns an error if the export file cannot be created.
    pub fn with_export(self, settings: Option<&ExportSettings>) -> Result<Self, ReportError> {
        let export = settings.map(|settings| ExportWriter::begin(settings, &self.inputs)).transpose()?;
        Ok(Self { export, ..self })
    }

    /// Writes one row. Rows come in input order.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be written.
    pub fn write(&mut self, row: &ReportedRow<'_>) -> Result<(), ReportError> {
        let input = &self.inputs[usize::from(row.row.location.input)];
        self.tally.add(input, row);
        if let Some(export) = &mut self.export {
            export.write(input, row)?;
        }
        self.files.iter_mut().try_for_each(|file| file.write(input, row))?;
        if row.outcome.needs_fixing() {
            let to_fix = RowToFix::new(input, row, &self.run);
            self.files.iter_mut().try_for_each(|file| file.write_to_fix(input, row, &to_fix))?;
        }
        Ok(())
    }

    /// Adds the counts of a block's numbers. Its rows are written with [`ReportedRow::is_counted`] or as valid rows.
    pub fn count(&mut self, prepared: &PreparedRows) {
        self.tally.count(&prepared.counts);
    }

    /// Writes consecutive valid rows of a check. Their numbers must be counted.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be written.
    pub fn write_valid(&mut self, valid: &ValidRows<'_>) -> Result<(), ReportError> {
        let Some(first) = valid.row(0) else { return Ok(()) };
        let index = first.row.location.input;
        let input = &self.inputs[usize::from(index)];
        self.tally.add_valid(index, valid.len() as u64);
        if let Some(export) = &mut self.export {
            (0..valid.len())
                .filter_map(|index| valid.row(index))
                .try_for_each(|row| export.write(input, &row))?;
        }
        self.files.iter_mut().try_for_each(|file| file.write_valid(input, valid))
    }

    /// Returns the format of the lines in `outcomes.csv`, to prepare lines elsewhere.
    pub fn line_format(&self) -> LineFormat {
        LineFormat::new(&self.inputs)
    }

    /// Checks the sums and puts the files in place. `report` contains everything about the run except its rows.
    ///
    /// # Errors
    ///
    /// Returns an error if the sums do not agree or a file cannot be kept. No file is put in place before all files
    /// are written. The export comes last, and only if the run is complete.
    pub fn finish(self, mut report: Report) -> Result<Report, ReportError> {
        report.totals = self.tally.totals.clone();
        report.problems = self.tally.problems();
        for ((index, input), info) in (0..).zip(&mut report.inputs).zip(&self.inputs) {
            input.notes.extend(NoteTopic::DamagedColumn.notes(&self.tally.damage_notes(index, info)));
        }
        report.unknown_values = self.tally.unknown_values.list();
        report.regions = self.tally.regions();
        report.types = self.tally.types();
        // Posting cannot be undone. Even if the sums do not agree, the files are the only record of it.
        let sums = report.check_sums();
        report.complete &= sums.is_ok();
        report.export = self.export.as_ref().map(|export| export.report(report.complete));
        let mut files = finished(self.files, &self.folder, &report)?;
        PendingFile::sync_all(&mut files)?;
        let targets: Vec<PathBuf> = files.iter().map(|file| file.target().to_owned()).collect();
        files.into_iter().try_for_each(PendingFile::commit)?;
        // Users would take files of an earlier run for files of this one.
        for stale in OutputFolder::files_of_inputs(self.folder.path()) {
            if !targets.contains(&stale) {
                fs::remove_file(&stale).map_err(|source| ReportError::new("remove", &stale, source))?;
            }
        }
        self.folder.sync()?;
        if let Some(export) = self.export.filter(|_| report.complete) {
            export.finish()?;
        }
        sums.map(|()| report)
    }
}

/// Finishes all files; at once if there are many rows to fix, because their workbook then takes longer than the others
/// together.
fn finished(
    files: Vec<Box<dyn RunFile>>,
    folder: &OutputFolder,
    report: &Report,
) -> Result<Vec<PendingFile>, ReportError> {
    const MANY_ROWS: u64 = 500;

    let finish = |file: Box<dyn RunFile>| file.finish(folder, report);
    let to_fix = report.totals.of(Outcome::Rejected) + report.totals.of(Outcome::Failed);
    let finished: Vec<Vec<PendingFile>> = if to_fix < MANY_ROWS {
        files.into_iter().map(finish).collect::<Result<_, _>>()?
    } else {
        files.into_par_iter().map(finish).collect::<Result<_, _>>()?
    };
    Ok(finished.into_iter().flatten().collect())
}

/// Returns the hint for one problem of a row.
pub(crate) fn remedy(problem: &Problem, row: &ReportedRow<'_>, input: &InputInfo) -> String {
    hint::of_problem(problem, row, input).into_owned()
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
