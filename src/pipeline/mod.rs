//! The stages of a run, in order.
//!
//! [`check`] reads, normalizes, deduplicates and reports. [`import`] does the same, then compares with the existing contacts and
//! posts the new ones. [`fetch`] and [`explain`] are the other commands that read. Each row that was read is reported exactly once,
//! and the report is refused if the totals differ. The rules of each stage are in its own module; here the ledger combines them.

mod check;
mod clock;
mod explain;
mod fetch;
mod import;
mod intake;
mod ledger;
mod open_run;
mod rows;
mod session;
mod spool;
mod twins;

use std::{io, path::Path};

use thiserror::Error;

pub use self::{
    check::check,
    explain::{ExplainedContact, ExplainedOrigin, ExplainedProblem, ExplainedStep, Explanation, explain},
    fetch::{FetchSettings, Fetched, fetch},
    import::{ImportSettings, MaxRejected, import},
    open_run::{OpenRun, Reserved, Target, Unfinished},
};
use crate::{
    dedupe::Keep,
    existing,
    interrupt::Interrupt,
    journal::{Holder, JournalError},
    normalize::NormalizeSettings,
    parse::{ParseError, ReadError},
    platform::PlatformError,
    progress::{Approval, Progress, Silent},
    report::{ExportSettings, Report, ReportError},
    suppress::{SuppressSettings, Suppressions, UnreadSuppressions},
};

/// What the user decided about a run, whatever its command.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// The run's name.
    pub run: String,
    /// How rows are read.
    pub normalize: NormalizeSettings,
    /// Which of several rows with one number goes on.
    pub keep: Keep,
    /// Where the contacts go beside the platform.
    pub export: Option<ExportSettings>,
    /// The settings files in use, highest priority first.
    pub config_files: Vec<String>,
}

/// The surroundings of a run: an observer, what approves the posting, and what ends it.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "the types say it")]
pub struct Surroundings<'a> {
    pub progress: &'a dyn Progress,
    pub approval: &'a dyn Approval,
    pub interrupt: &'a Interrupt,
}

/// A failure that ends a run before there is anything to report.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PipelineError {
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Platform(#[from] PlatformError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file that an option names beside the inputs: of suppressed people, or of existing contacts.
    #[error(transparent)]
    OptionFile(ParseError),
    #[error(transparent)]
    Unread(#[from] UnreadSuppressions),
    #[error("the rows cannot be kept on disk while the run goes on: {0}")]
    Spool(#[source] io::Error),
    #[error("the network cannot be used: {0}")]
    Runtime(#[source] io::Error),
    #[error("{} has asked whether to post the same import, and waits for the answer", Holder::named(.0.as_ref()))]
    Asked(Option<Holder>),
    #[error("interrupted")]
    Interrupted(i32),
}

/// Of a file that an option names: the settings are wrong then, not the inputs.
impl From<ReadError> for PipelineError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Parse(error) => Self::OptionFile(error),
            ReadError::Interrupted(signal) => Self::Interrupted(signal),
        }
    }
}

/// Reads the files of suppressed numbers and of existing contacts as an import does, and judges them alike.
///
/// # Errors
///
/// Where an import would not go on with them, or the end is asked for.
pub fn try_option_files(
    suppress: &SuppressSettings,
    existing: Option<&Path>,
    interrupt: &Interrupt,
) -> Result<(), PipelineError> {
    let mut allowed = suppress.allowed_unread;
    Suppressions::of_files(suppress, &Silent, interrupt)?.take_from(&mut allowed)?;
    if let Some(file) = existing {
        existing::from_file(file, suppress.region, interrupt, &|_| false)?;
    }
    Ok(())
}

/// A run that was reported.
#[derive(Debug)]
pub struct Finished {
    /// The report, as it was written.
    pub report: Report,
    /// Why the run ended before all its rows were settled, if it did.
    pub stopped: Option<PlatformError>,
}
