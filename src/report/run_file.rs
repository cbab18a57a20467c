//! A file of a run. It receives every row, and is finished when the report is complete.

use super::{OutputFolder, PendingFile, Report, ReportError, ReportedRow, ValidRows, rejected::RowToFix};
use crate::parse::InputInfo;

/// One of the files in a run's folder.
pub(super) trait RunFile: Send {
    /// Writes a row. Rows come in input order.
    fn write(&mut self, input: &InputInfo, row: &ReportedRow<'_>) -> Result<(), ReportError> {
        _ = (input, row);
        Ok(())
    }

    /// Writes a row that needs fixing, in addition to [`write`](Self::write).
    fn write_to_fix(
        &mut self,
        input: &InputInfo,
        row: &ReportedRow<'_>,
        to_fix: &RowToFix<'_>,
    ) -> Result<(), ReportError> {
        _ = (input, row, to_fix);
        Ok(())
    }

    /// Writes consecutive valid rows of a check. Most files do not mention them.
    fn write_valid(&mut self, input: &InputInfo, valid: &ValidRows<'_>) -> Result<(), ReportError> {
        _ = (input, valid);
        Ok(())
    }

    /// Returns the complete file, not yet in its place, and additional files of the same kind that the rows required.
    fn finish(
        self: Box<Self>,
        folder: &OutputFolder,
        report: &Report,
    ) -> Result<Vec<PendingFile>, ReportError>;
}

/// Starts a file for these inputs.
type Begin = fn(&OutputFolder, &[InputInfo]) -> Result<Box<dyn RunFile>, ReportError>;

/// A kind of file: its name and its constructor.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) begin: Begin,
}
