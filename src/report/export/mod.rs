//! `--export`: the contacts to post, in a file for another program.
//!
//! The export is not one of the run's files: it has its own path, never overwrites a file, and appears only when the
//! run is finished.

mod format;
mod layout;

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::Serialize;

pub(super) use self::layout::PassedOn;
pub use self::{format::ExportFormat, layout::ExportLayout};
use self::{format::Sink, layout::LayoutWriter};
use super::{OutputFolder, ReportError, ReportedRow};
use crate::{outcome::Outcome, parse::InputInfo};

/// The settings of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportSettings {
    /// The path of the file.
    pub path: PathBuf,
    /// The file format.
    pub format: ExportFormat,
    /// The columns.
    pub layout: ExportLayout,
}

/// The result of an export, for `report.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportReport {
    /// The file.
    pub file: String,
    /// The layout's name.
    pub layout: &'static str,
    /// Number of contacts in the file.
    pub contacts: u64,
    /// Whether the file was written; an unfinished import writes none.
    pub written: bool,
}

/// A writer of the contacts that a run posted or would post.
pub(super) struct ExportWriter {
    settings: ExportSettings,
    layout: LayoutWriter,
    sink: Sink,
    contacts: u64,
    // Dropped last, so that the unfinished file in it is removed first.
    folder: OutputFolder,
}

impl ExportWriter {
    pub(super) fn begin(settings: &ExportSettings, inputs: &[InputInfo]) -> Result<Self, ReportError> {
        let path = settings.path.as_path();
        let fail = |source| ReportError::new("write", path, source);
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| fail(io::Error::other("not a file name")))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = OutputFolder::create(parent.unwrap_or(Path::new(".")))?;
        let layout = LayoutWriter::new(settings.layout, inputs);
        let sink = Sink::begin(settings.format, folder.begin(name)?, layout.columns())?;
        Ok(Self { settings: settings.clone(), layout, sink, contacts: 0, folder })
    }

    /// Writes a row if its contact was posted or would be.
    pub(super) fn write(&mut self, input: &InputInfo, row: &ReportedRow<'_>) -> Result<(), ReportError> {
        let Some(contact) = row.contact.filter(|_| is_exported(row.outcome)) else { return Ok(()) };
        self.contacts += 1;
        let cells = self.layout.cells(input, row, contact);
        self.sink.write(&cells)
    }

    /// Returns the result. A run that is not `complete` writes no export.
    pub(super) fn report(&self, complete: bool) -> ExportReport {
        ExportReport {
            file: self.settings.path.display().to_string(),
            layout: self.settings.layout.name(),
            contacts: self.contacts,
            written: complete,
        }
    }

    /// Puts the file in place.
    pub(super) fn finish(self) -> Result<(), ReportError> {
        self.sink.finish()?.commit_new()?;
        self.folder.sync()
    }
}

/// Returns whether the contact of a row was posted or would be.
fn is_exported(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Valid | Outcome::Planned | Outcome::Created | Outcome::Confirmed)
}

#[cfg(test)]
mod tests;
