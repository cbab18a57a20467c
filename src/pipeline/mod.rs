//! The stages of a run, in order.
//!
//! [`check()`] reads, normalizes, deduplicates and reports. [`import()`] does the same, then compares with the existing
//! contacts and posts the new ones. [`fetch()`], [`explain()`] and [`filter()`] are the other commands that read. Each row is reported
//! exactly once; a report with other totals is an error. The rules of each stage are in its own module; here the
//! ledger combines them.

mod check;
mod clock;
mod error;
mod explain;
mod fetch;
mod filter;
mod forbidden;
mod import;
mod intake;
mod ledger;
mod open_run;
mod other_lists;
mod output;
mod rows;
mod session;
mod spool;
mod twins;

use std::path::Path;

pub use self::{
    check::check,
    error::PipelineError,
    explain::{ExplainedContact, ExplainedOrigin, ExplainedProblem, ExplainedStep, Explanation, explain},
    fetch::{FetchSettings, Fetched, fetch},
    filter::{FilterSettings, Filtered, filter},
    import::{ImportSettings, MaxRejected, import},
    open_run::{OpenRun, Reserved, Target, Unfinished},
    other_lists::{Listed, filter_contacts, filter_suppressions},
};
use crate::{
    dedupe::Keep,
    existing,
    interrupt::Interrupt,
    normalize::NormalizeSettings,
    progress::{Approval, Progress, Silent},
    report::{ExportSettings, Report},
    suppress::{SuppressSettings, Suppressions},
};

/// The user's settings for a run of any command.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// The run id.
    pub run: String,
    /// The settings for reading rows.
    pub normalize: NormalizeSettings,
    /// The row to keep of several with one number.
    pub keep: Keep,
    /// The export of contacts, in addition to the platform.
    pub export: Option<ExportSettings>,
    /// The settings files in use, highest priority first.
    pub config_files: Vec<String>,
}

/// The environment of a run: an observer, the approval of posting, and the interrupt.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "the types say it")]
pub struct Surroundings<'a> {
    pub progress: &'a dyn Progress,
    pub approval: &'a dyn Approval,
    pub interrupt: &'a Interrupt,
}

/// Reads the files of suppressed numbers and of existing contacts as an import does, with the same checks.
///
/// # Errors
///
/// Returns an error if an import would stop at them, or if the run was interrupted.
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

/// A run with its report.
#[derive(Debug)]
pub struct Finished {
    /// The report, as written.
    pub report: Report,
    /// The reason why the run ended before all its rows had a result, if it did.
    pub stopped: Option<PipelineError>,
}
