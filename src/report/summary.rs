//! `report.json`, schema `rollcall.report/1`.

use std::io;

use serde::{Serialize, Serializer};

use super::{
    ExportReport, OutputFolder, PendingFile, ReportError,
    run_file::{Kind, RunFile},
    tally::{ProblemCount, RegionCount, TypeCount},
    unknown_values::UnknownValue,
};
use crate::{
    contact::Field,
    existing::ExistingFrom,
    outcome::{Outcome, Totals},
    parse::{Certainty, ColumnMatch, FixedRows, InputInfo, ReadSummary},
    plan::Plan,
    suppress::SuppressionReport,
};

/// The file's name.
const NAME: &str = "report.json";

/// The contents of `report.json`: everything about a run that a program may need.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the documented schema")]
pub struct Report {
    pub schema: &'static str,
    pub run: String,
    pub command: &'static str,
    pub dry_run: bool,
    pub not_posted: Option<NotPosted>,
    pub complete: bool,
    pub started_at: String,
    pub finished_at: String,
    /// The settings files in use, highest priority first.
    pub config_files: Vec<String>,
    pub inputs: Vec<InputReport>,
    pub totals: Totals,
    pub problems: Vec<ProblemCount>,
    pub unknown_values: Vec<UnknownValue>,
    pub regions: Vec<RegionCount>,
    pub types: Vec<TypeCount>,
    pub excluded: Vec<SuppressionReport>,
    pub export: Option<ExportReport>,
    pub platform: Option<PlatformReport>,
    pub plan: Option<Plan>,
    pub actual: Option<Plan>,
    pub timing_ms: Timing,
}

/// The reason why an import posted nothing although it knew what to post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotPosted {
    /// The user asked for a dry run.
    DryRun,
    /// The user answered the question with no.
    Declined,
    /// More rows were rejected than the user allows.
    TooManyRejected,
}

impl NotPosted {
    /// Returns the reason as a text; `None` for a dry run.
    pub(super) fn reason(self) -> Option<&'static str> {
        match self {
            Self::DryRun => None,
            Self::Declined => Some("Nothing was posted, because the answer was no"),
            Self::TooManyRejected => {
                Some("Nothing was posted, because more rows are rejected than --max-rejected allows")
            }
        }
    }
}

/// One input, and how it was understood.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the documented schema")]
pub struct InputReport {
    pub path: String,
    pub sha256: String,
    pub format: &'static str,
    pub encoding: Option<String>,
    pub delimiter: Option<String>,
    pub sheet: Option<String>,
    pub rows: u64,
    pub columns: ColumnNames,
    pub matches: Vec<MatchReport>,
    pub fixes: Vec<FixedRows>,
    pub notes: Vec<InputNote>,
}

/// A note about an input, for the user. Reports contain its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct InputNote {
    /// The topic.
    pub topic: NoteTopic,
    /// The text.
    pub text: String,
}

impl From<InputNote> for String {
    fn from(note: InputNote) -> Self {
        note.text
    }
}

/// The topic of a note about an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteTopic {
    /// A decision on reading the input, known before its rows are read.
    Opening,
    /// A result of reading the rows.
    Rows,
    /// A column that a spreadsheet damaged.
    DamagedColumn,
}

impl NoteTopic {
    /// Creates notes about this topic.
    pub(super) fn notes(self, texts: &[String]) -> impl Iterator<Item = InputNote> {
        texts.iter().map(move |text| InputNote { topic: self, text: text.clone() })
    }
}

/// The certainty that a column contains its field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the documented schema")]
pub struct MatchReport {
    pub column: String,
    pub field: &'static str,
    pub certainty: Certainty,
    pub reason: String,
}

impl MatchReport {
    fn new(found: &ColumnMatch, info: &InputInfo) -> Option<Self> {
        Some(Self {
            column: info.headers.get(found.column)?.clone(),
            field: found.field.name(),
            certainty: found.certainty,
            reason: found.reason.clone(),
        })
    }
}

/// The header of each field's column, in the order of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnNames(pub Vec<ColumnName>);

/// The header of a field's column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnName {
    /// The field.
    pub field: Field,
    /// The column's rank among those of the field, from 1.
    pub rank: usize,
    /// The header.
    pub header: String,
}

impl ColumnName {
    /// Returns the name of the field. For a further column, it includes the rank.
    pub fn key(&self) -> String {
        let field = self.field.name();
        if self.rank == 1 { field.to_owned() } else { format!("{field}_{}", self.rank) }
    }
}

impl Serialize for ColumnNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|column| (column.key(), &column.header)))
    }
}

impl ColumnNames {
    /// Returns the columns of an input.
    pub fn new(info: &InputInfo) -> Self {
        let columns = Field::ALL.iter().flat_map(|field| {
            info.columns.of(*field).iter().zip(1..).filter_map(|(column, rank)| {
                Some(ColumnName { field: *field, rank, header: info.headers.get(*column)?.clone() })
            })
        });
        Self(columns.collect())
    }
}

impl InputReport {
    /// Combines the findings from before and during reading.
    pub fn new(info: &InputInfo, summary: &ReadSummary) -> Self {
        Self {
            path: info.path.clone(),
            sha256: summary.sha256.clone(),
            format: info.format.name(),
            encoding: info.encoding.clone(),
            delimiter: info.delimiter.map(|delimiter| char::from(delimiter).to_string()),
            sheet: info.sheet.clone(),
            rows: summary.rows,
            columns: ColumnNames::new(info),
            matches: info.matches.iter().filter_map(|found| MatchReport::new(found, info)).collect(),
            fixes: summary.fixes.clone(),
            notes: NoteTopic::Opening
                .notes(&info.notes)
                .chain(NoteTopic::Rows.notes(&summary.notes))
                .collect(),
        }
    }
}

/// The run's use of the platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the documented schema")]
pub struct PlatformReport {
    pub host: String,
    pub get: u64,
    pub post: u64,
    pub retries: u64,
    pub rate_limited: u64,
    pub waited_ms: u64,
    pub existing_contacts: u64,
    pub existing_repeated_numbers: u64,
    pub existing_ambiguous_numbers: u64,
    pub existing_unreadable_numbers: u64,
    pub existing_unreadable: u64,
    pub existing_masked_numbers: u64,
    pub existing_inactive: u64,
    pub existing_from: ExistingFrom,
    pub existing_read_at: Option<String>,
    pub existing_notes: Vec<String>,
    pub page_size: u64,
}

/// The time spent in each stage, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the documented schema")]
pub struct Timing {
    pub total: u64,
    pub read: u64,
    pub existing: u64,
    pub post: u64,
}

impl Report {
    /// The version of the schema; readers can rely on every field in it.
    pub const SCHEMA: &'static str = "rollcall.report/1";

    /// Creates the report of a run that has just begun.
    pub fn begun(command: &'static str, run: &str, started_at: String) -> Self {
        Self {
            schema: Self::SCHEMA,
            run: run.to_owned(),
            command,
            dry_run: false,
            not_posted: None,
            complete: false,
            finished_at: started_at.clone(),
            started_at,
            config_files: Vec::new(),
            inputs: Vec::new(),
            totals: Totals::default(),
            problems: Vec::new(),
            unknown_values: Vec::new(),
            regions: Vec::new(),
            types: Vec::new(),
            excluded: Vec::new(),
            export: None,
            platform: None,
            plan: None,
            actual: None,
            timing_ms: Timing::default(),
        }
    }

    /// Returns whether there are rows to fix.
    pub fn has_rows_to_fix(&self) -> bool {
        Outcome::ALL.iter().any(|outcome| outcome.needs_fixing() && self.totals.of(*outcome) > 0)
    }

    /// Checks that no row was lost or counted twice.
    ///
    /// # Errors
    ///
    /// Returns an error if the sums do not agree, which is a bug in rollcall.
    pub fn check_sums(&self) -> Result<(), ReportError> {
        let read: u64 = self.inputs.iter().map(|input| input.rows).sum();
        let pending = self.totals.of(Outcome::Pending);
        if self.totals.rows() != read {
            return Err(ReportError::Sums(format!(
                "{read} rows were read and {} reported",
                self.totals.rows()
            )));
        }
        if self.complete && pending > 0 {
            return Err(ReportError::Sums(format!("{pending} rows of a finished run are still pending")));
        }
        Ok(())
    }

    /// Writes the report as JSON.
    ///
    /// # Errors
    ///
    /// Returns an error if the report cannot be written.
    pub fn write_to(&self, mut writer: impl io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut writer, self)?;
        writer.write_all(b"\n")
    }
}

/// A writer of the report; the counts of the rows come from elsewhere.
pub(super) struct SummaryWriter;

impl SummaryWriter {
    pub(super) const KIND: Kind = Kind { name: NAME, begin: |_, _| Ok(Box::new(Self)) };
}

impl RunFile for SummaryWriter {
    fn finish(
        self: Box<Self>,
        folder: &OutputFolder,
        report: &Report,
    ) -> Result<Vec<PendingFile>, ReportError> {
        let mut file = folder.begin(NAME)?;
        let written = report.write_to(&mut file);
        written.map_err(|source| ReportError::new("write", file.target(), source))?;
        Ok(vec![file])
    }
}
