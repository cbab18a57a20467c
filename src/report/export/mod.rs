//! `--export`: the contacts that were posted, or would be, in a file for another program.
//!
//! The file is no file of the run: it has a place of its own, is never written over another one, and appears only when the run
//! is finished.

mod format;
mod layout;

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::Serialize;

pub use self::{format::ExportFormat, layout::ExportLayout};
use self::{format::Sink, layout::LayoutWriter};
use super::{OutputFolder, ReportError, ReportedRow};
use crate::{outcome::Outcome, parse::InputInfo};

/// A file that contacts are exported to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportSettings {
    /// Where the file goes.
    pub path: PathBuf,
    /// How it is written.
    pub format: ExportFormat,
    /// Which columns it has.
    pub layout: ExportLayout,
}

/// What became of an export, for `report.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportReport {
    /// The file.
    pub file: String,
    /// The layout's name.
    pub layout: &'static str,
    /// Contacts in it.
    pub contacts: u64,
    /// Whether it was written: an import that is not finished writes none.
    pub written: bool,
}

/// Takes the rows of a run and writes those of contacts that were posted, or would be.
pub(super) struct ExportWriter {
    settings: ExportSettings,
    layout: LayoutWriter,
    sink: Sink,
    contacts: u64,
    // The last to be dropped: it goes only when the unfinished file in it has gone.
    folder: OutputFolder,
}

impl ExportWriter {
    pub(super) fn begin(settings: &ExportSettings, inputs: &[InputInfo]) -> Result<Self, ReportError> {
        let path = settings.path.as_path();
        let fail = |source| ReportError::new("write", path, source);
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| fail(io::Error::other("this is no name of a file")))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = OutputFolder::create(parent.unwrap_or(Path::new(".")))?;
        let layout = LayoutWriter::new(settings.layout, inputs);
        let sink = Sink::begin(settings.format, folder.begin(name)?, layout.columns())?;
        Ok(Self { settings: settings.clone(), layout, sink, contacts: 0, folder })
    }

    /// Takes a row. Only contacts that were posted, or would be, are exported.
    pub(super) fn write(&mut self, input: &InputInfo, row: &ReportedRow<'_>) -> Result<(), ReportError> {
        let Some(contact) = row.contact.filter(|_| is_exported(row.outcome)) else { return Ok(()) };
        self.contacts += 1;
        let cells = self.layout.cells(input, row, contact);
        self.sink.write(&cells)
    }

    /// What is to be said of it. A run that is not `complete` writes none.
    pub(super) fn report(&self, complete: bool) -> ExportReport {
        ExportReport {
            file: self.settings.path.display().to_string(),
            layout: self.settings.layout.name(),
            contacts: self.contacts,
            written: complete,
        }
    }

    /// Puts the file in its place.
    pub(super) fn finish(self) -> Result<(), ReportError> {
        self.sink.finish()?.commit_new()?;
        self.folder.sync()
    }
}

/// Whether the contact of a row was posted, or would be.
fn is_exported(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Valid | Outcome::Planned | Outcome::Created | Outcome::Confirmed)
}

#[cfg(test)]
mod tests;
