//! The files of a run.
//!
//! Each file receives every row, and is finished when the run's report is complete. To add a file, add an entry to
//! [`KINDS`].

use super::{
    OutputFolder, PendingFile, Report, ReportError, ReportedRow,
    html::HtmlWriter,
    outcomes::OutcomesWriter,
    rejected::{RejectedWriter, WorkbookWriter},
    summary::SummaryWriter,
};
use crate::parse::InputInfo;

/// One of the files in a run's folder.
pub(super) trait RunFile {
    /// Writes a row. Rows come in input order.
    fn write(&mut self, input: &InputInfo, row: &ReportedRow<'_>) -> Result<(), ReportError>;

    /// Returns the complete file, not yet in its place, and additional files of the same kind that the rows required.
    fn finish(
        self: Box<Self>,
        folder: &OutputFolder,
        report: &Report,
    ) -> Result<Vec<PendingFile>, ReportError>;
}

/// Starts a file for the run of this name and these inputs.
type Begin = fn(&OutputFolder, &[InputInfo], &str) -> Result<Box<dyn RunFile>, ReportError>;

/// A kind of file: its name and its constructor.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) begin: Begin,
}

/// All kinds, in the order in which they are put in place.
pub(super) const KINDS: [Kind; 5] =
    [OutcomesWriter::KIND, RejectedWriter::KIND, WorkbookWriter::KIND, HtmlWriter::KIND, SummaryWriter::KIND];
