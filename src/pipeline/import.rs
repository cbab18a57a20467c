//! `rollcall import`: reads the existing contacts and posts the new ones.

use super::{
    Finished, PipelineError, RunSettings, Surroundings,
    clock::{Clock, now, rounded},
    open_run::OpenRun,
    rows::{spool_all, write_all},
    session::{Beginning, Session},
};
use crate::{
    dedupe::ClaimedNumbers,
    existing::{self, ExistingSettings, Known},
    journal::{Ending, SharedQuota, Snapshots},
    outcome::Outcome,
    parse::{Input, InputInfo},
    platform::{Client, ClientSettings, PlatformError},
    report::{OutputFolder, PlatformReport, Report, RunWriter, Timing},
    suppress::{SuppressError, SuppressSettings, Suppressions},
};

/// The maximum of rejected rows in a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxRejected {
    /// A number of rows.
    Rows(u64),
    /// A percentage of rows.
    Percent(f64),
}

impl MaxRejected {
    /// Returns whether this many rejected rows are too many.
    pub(super) fn is_exceeded(self, rejected: u64, rows: u64) -> bool {
        match self {
            Self::Rows(most) => rejected > most,
            #[expect(clippy::cast_precision_loss, reason = "no list has so many rows")]
            Self::Percent(most) => rejected as f64 * 100.0 > most * rows as f64,
        }
    }
}

/// The user's settings for posting.
#[derive(Clone)]
pub struct ImportSettings {
    /// The account.
    pub client: ClientSettings,
    /// Contacts per request.
    pub batch_size: usize,
    /// Whether to stop before posting.
    pub dry_run: bool,
    /// Maximum of rejected rows to still post the others.
    pub max_rejected: Option<MaxRejected>,
    /// The account's quota, shared with other programs.
    pub quota: SharedQuota,
    /// The snapshots of the stream's contacts.
    pub snapshots: Snapshots,
    /// How to learn the existing contacts.
    pub existing: ExistingSettings,
    /// The suppression settings.
    pub exclude: SuppressSettings,
}

/// Reads, normalizes and deduplicates, compares with the existing contacts, and posts the new ones. Posts nothing if
/// `run` is `None`, as in a dry run.
///
/// # Errors
///
/// Returns an error if an input cannot be read to its end, or if the files of the run cannot be written. A failing
/// platform is not an error here: the report contains all outcomes so far and the reason why the run stopped.
pub fn import(
    inputs: Vec<Input>,
    settings: &RunSettings,
    import: &ImportSettings,
    run: Option<&OpenRun>,
    folder: OutputFolder,
    Surroundings { progress, approval, interrupt }: Surroundings<'_>,
) -> Result<Finished, PipelineError> {
    let clock = Clock::start();
    let mut suppressions = Suppressions::of_files(&import.exclude, progress, interrupt)?;
    let mut allowed = import.exclude.allowed_unread;
    suppressions.take_from(&mut allowed)?;
    let infos: Vec<InputInfo> = inputs.iter().map(|input| input.info.clone()).collect();
    let mut numbers = ClaimedNumbers::new(settings.keep);
    let (mut spool, summaries, forbidden) =
        spool_all(inputs, &infos, settings, &folder, &mut numbers, progress, interrupt)?;
    forbidden.add_to(&mut suppressions.set, &infos);
    let known = match &import.existing.file {
        Some(file) => {
            existing::from_file(file, import.client.region, interrupt, &|number| numbers.contains(number))?
        }
        None => Known::default(),
    };
    let report = clock.report("import", settings, &infos, &summaries);
    // Created before anything is sent, to detect a full disk early.
    let mut writer =
        RunWriter::begin(folder, infos.clone(), &settings.run)?.with_export(settings.export.as_ref())?;

    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(PipelineError::Runtime)?;
    let mut client = Client::new(import.client.clone(), import.quota.clone(), progress, interrupt.clone())?;
    let rows = summaries.iter().map(|summary| summary.rows).sum();
    let beginning = Beginning { inputs: &infos, numbers: &mut numbers, rows, suppressions, known, clock };
    let mut session = Session::new(beginning, import, run, approval);
    let stopped = runtime.block_on(session.run(&mut client, &mut spool)).err();

    let is_planned = session.not_posted.is_some() && stopped.is_none();
    let ledger = session.ledger(if is_planned { Outcome::Planned } else { Outcome::Pending });
    write_all(&mut writer, &mut spool, &ledger)?;
    let report = writer.finish(with_session(report, &session, &client, stopped.is_none()))?;
    if let Some(run) = run {
        // Closed after the files are in place: if the program dies in between, the run is resumed and reports the
        // same.
        close(run, &report, stopped.as_ref(), session.not_posted.is_some())?;
    }
    Ok(Finished { report, stopped })
}

/// Adds the requests to the platform and their results to a report.
fn with_session(mut report: Report, session: &Session<'_>, client: &Client<'_>, is_complete: bool) -> Report {
    let counts = client.counts();
    let (known, existing) = (&session.known, &session.known.existing);
    report.excluded.clone_from(&session.suppressions.reports);
    report.dry_run = session.not_posted.is_some();
    report.not_posted = session.not_posted.filter(|_| is_complete);
    report.complete = is_complete;
    report.finished_at = now();
    report.plan = session.plan;
    report.actual = session.actual(counts);
    report.platform = Some(PlatformReport {
        host: client.host().to_string(),
        get: counts.get,
        post: counts.post,
        retries: counts.retries,
        rate_limited: counts.rate_limited,
        waited_ms: counts.waited_ms,
        existing_contacts: existing.contacts(),
        existing_repeated_numbers: existing.repeated_numbers(),
        existing_ambiguous_numbers: existing.ambiguous(),
        existing_unreadable_numbers: existing.unreadable(),
        existing_unreadable: known.unreadable,
        existing_masked_numbers: existing.masked(),
        existing_inactive: existing.inactive(),
        existing_from: known.from,
        existing_read_at: known.read_at.map(rounded),
        existing_notes: known.notes.clone(),
        page_size: counts.page_size,
    });
    report.timing_ms = Timing { total: session.clock.elapsed_ms(), ..session.timing };
    report
}

/// Records in the journal how a run ended, or why it stopped and can be resumed.
fn close(
    run: &OpenRun,
    report: &Report,
    stopped: Option<&PipelineError>,
    is_declined: bool,
) -> Result<(), PipelineError> {
    let totals = serde_json::to_string(&report.totals).unwrap_or_default();
    match stopped {
        // Only another command fixes this, and its import is a different one.
        Some(
            PipelineError::Platform(PlatformError::NoSuch { .. })
            | PipelineError::Unread(_)
            | PipelineError::Suppress(SuppressError::NoCountry { .. }),
        ) if !run.has_posted()? => {
            run.close(Ending::Failed, &totals)?;
        }
        Some(error) => run.stop(&error.to_string(), Some(&totals))?,
        // The contacts that were posted before still have to be reconciled.
        None if is_declined && run.has_posted()? => run.stop("declined", Some(&totals))?,
        None if is_declined => run.close(Ending::Declined, &totals)?,
        None => run.close(Ending::Finished, &totals)?,
    }
    Ok(())
}
