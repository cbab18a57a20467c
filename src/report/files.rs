//! The files of a run.
//!
//! A file takes every row, and is finished when the report of the run is known. One more is one more entry in [`KINDS`].

use super::{
    OutputFolder, PendingFile, Report, ReportError, ReportedRow,
    html::HtmlWriter,
    outcomes::OutcomesWriter,
    rejected::{RejectedWriter, WorkbookWriter},
    summary::SummaryWriter,
};
use crate::parse::InputInfo;

/// One of the files that a run puts into its folder.
pub(super) trait RunFile {
    /// Takes a row. Rows come in input order.
    fn write(&mut self, input: &InputInfo, row: &ReportedRow<'_>) -> Result<(), ReportError>;

    /// The whole file, not yet in its place, and others of the same kind that the rows have made necessary.
    fn finish(
        self: Box<Self>,
        folder: &OutputFolder,
        report: &Report,
    ) -> Result<Vec<PendingFile>, ReportError>;
}

/// Begins a file of the run of this name over these inputs.
type Begin = fn(&OutputFolder, &[InputInfo], &str) -> Result<Box<dyn RunFile>, ReportError>;

/// A kind of file: its name, and how it is begun.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) begin: Begin,
}

/// All kinds, in the order in which they are put in place.
pub(super) const KINDS: [Kind; 5] =
    [OutcomesWriter::KIND, RejectedWriter::KIND, WorkbookWriter::KIND, HtmlWriter::KIND, SummaryWriter::KIND];
