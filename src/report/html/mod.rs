//! `report.html`: the run as one page, for the person who has to act on it.
//!
//! While rows pass, the writer keeps only limited data: counters, the first examples, and distinct values up to a
//! limit. An ordinary row costs next to nothing. The page contains its own style and script, makes no network
//! requests, and stays below 3 MB for any input.

mod causes;
mod changes;
mod charts;
mod cost;
mod inputs;
mod mark;
mod numbers;
mod page;
mod rows;
mod text;
mod unknown;

#[cfg(test)]
mod tests;

use std::io::Write as _;

use maud::Markup;

pub(crate) use self::page::STYLE;
use self::{
    causes::Causes,
    changes::Changes,
    page::Section,
    rows::{Files, RowsToFix},
};
use super::{
    OutputFolder, PendingFile, Report, ReportError, ReportedRow, ValidRows,
    run_file::{Kind, RunFile},
};
use crate::{outcome::Outcome, parse::InputInfo};

/// The file's name.
const NAME: &str = "report.html";

/// Maximum size of the page; the limits of all sections together stay below it.
#[cfg(test)]
const MAX_BYTES: usize = 3_000_000;

/// A collector of the page's contents, which writes the page at the end.
pub(super) struct HtmlWriter {
    file: PendingFile,
    inputs: Vec<InputInfo>,
    gathered: Gathered,
}

/// The data kept about the rows.
#[derive(Default)]
struct Gathered {
    to_fix: RowsToFix,
    causes: Causes,
    changes: Changes,
}

impl Gathered {
    fn add(&mut self, input: &InputInfo, row: &ReportedRow<'_>) {
        match row.outcome {
            Outcome::Valid | Outcome::Planned | Outcome::Created | Outcome::Confirmed | Outcome::Pending => {}
            Outcome::Existing | Outcome::Duplicate | Outcome::Suppressed => self.causes.add(row),
            Outcome::Rejected | Outcome::Failed => {
                self.causes.add(row);
                self.to_fix.add(input, row);
            }
        }
        if let Some(contact) = row.contact {
            self.changes.look(input, row, contact);
        }
    }

    fn page(&self, inputs: &[InputInfo], report: &Report) -> Markup {
        let files = Files::new(inputs);
        let section = |id, title, body| Section { id, title, body };
        let sections = [
            section("problems", "Problems", self.to_fix.problems(report, &files)),
            section("changes", "What rollcall changed", self.changes.section(&files)),
            section("unknown", "Unknown values", unknown::section(&report.unknown_values)),
            section("numbers", "Countries and kinds of number", numbers::section(report)),
            section("files", "How the files were read", Some(inputs::section(inputs, report))),
            section("collisions", "Duplicates and existing contacts", self.causes.collisions(&files)),
            section("damage", "Columns damaged by a spreadsheet", self.causes.damage(inputs, report, &files)),
            section("suppressed", "Suppressed", self.causes.suppressed(report)),
            section("cost", "Requests and time", Some(cost::section(report))),
            section("refused", "Refused by the platform", self.causes.refusals(&files)),
            section("rows", "Rows to fix", self.to_fix.table(report, &files)),
        ];
        page::page(report, &sections)
    }
}

impl HtmlWriter {
    pub(super) const KIND: Kind =
        Kind { name: NAME, begin: |folder, inputs| Ok(Box::new(Self::begin(folder, inputs)?)) };

    fn begin(folder: &OutputFolder, inputs: &[InputInfo]) -> Result<Self, ReportError> {
        Ok(Self { file: folder.begin(NAME)?, gathered: Gathered::default(), inputs: inputs.to_vec() })
    }
}

impl RunFile for HtmlWriter {
    fn write(&mut self, input: &InputInfo, row: &ReportedRow<'_>) -> Result<(), ReportError> {
        self.gathered.add(input, row);
        Ok(())
    }

    fn write_valid(&mut self, input: &InputInfo, valid: &ValidRows<'_>) -> Result<(), ReportError> {
        self.gathered.changes.look_at_all(input, valid);
        Ok(())
    }

    fn finish(
        mut self: Box<Self>,
        _: &OutputFolder,
        report: &Report,
    ) -> Result<Vec<PendingFile>, ReportError> {
        let page = self.gathered.page(&self.inputs, report).into_string();
        let written = self.file.write_all(page.as_bytes());
        written.map_err(|source| ReportError::new("write", self.file.target(), source))?;
        Ok(vec![self.file])
    }
}
