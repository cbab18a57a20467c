//! Wires the stages: the one module that knows them all, and where processor work and network work meet.
//!
//! [`check`] reads, normalizes, deduplicates and reports. [`import`] does the same, then asks the platform what it holds
//! and posts what is new. Either way every row that was read is reported exactly once, and the sums are checked.

mod conversation;
mod do_not_call;
mod existing;
mod expiry;
mod explain;
mod fetch;
mod intake;
mod ledger;
mod left_out;
mod open_run;
mod spool;

use std::{io, time::Instant};

use jiff::{Timestamp, Unit};
use thiserror::Error;

use self::{
    conversation::Conversation,
    existing::Known,
    intake::JudgedRows,
    ledger::Ledger,
    left_out::Exclusion,
    spool::{Spool, SpoolWriter},
};
pub use self::{
    do_not_call::{DoNotCall, SheetNumbers},
    existing::ExistingSettings,
    explain::{ExplainedContact, ExplainedOrigin, ExplainedProblem, ExplainedStep, Explanation, explain},
    fetch::{FetchSettings, Fetched, fetch},
    left_out::{CampaignFilter, ExcludeSettings},
    open_run::{OpenRun, Reserved, Target, Unfinished},
};
use crate::{
    contact::E164,
    dedupe::{Claimant, Collision, Keep, Numbers},
    diff::{Existing, LeftOut, LeftOutBy},
    interrupt::Interrupt,
    journal::{Ending, Holder, JournalError, SharedQuota, Snapshots},
    normalize::NormalizeSettings,
    outcome::{Code, Outcome, Verdict},
    parse::{Input, InputInfo, ParseError, ReadSummary},
    platform::{Client, ClientSettings, PlatformError},
    post::Settlements,
    progress::Progress,
    report::{
        ExportSettings, InputReport, OutputFolder, PlatformReport, Report, ReportError, RunWriter, Timing,
        Totals,
    },
    row::{Location, Origin, Question, Rows},
    suppression::UnreadSuppressions,
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

/// How many rows of a list may be rejected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxRejected {
    /// So many.
    Rows(u64),
    /// So many of a hundred.
    Percent(f64),
}

impl MaxRejected {
    /// Whether so many of all rows are too many.
    fn is_exceeded(self, rejected: u64, rows: u64) -> bool {
        match self {
            Self::Rows(most) => rejected > most,
            #[expect(clippy::cast_precision_loss, reason = "no list has so many rows")]
            Self::Percent(most) => rejected as f64 * 100.0 > most * rows as f64,
        }
    }
}

/// What the user decided about posting.
#[derive(Clone)]
pub struct ImportSettings {
    /// Where the account is.
    pub client: ClientSettings,
    /// Contacts in one request.
    pub batch_size: usize,
    /// Whether to stop before posting.
    pub dry_run: bool,
    /// How many rejected rows are too many to post the others.
    pub max_rejected: Option<MaxRejected>,
    /// The account's requests, shared with other programs.
    pub quota: SharedQuota,
    /// What the stream is known to hold.
    pub snapshots: Snapshots,
    /// How it is learned what the platform holds.
    pub existing: ExistingSettings,
    /// Who is left out.
    pub exclude: ExcludeSettings,
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

/// A run that was reported.
#[derive(Debug)]
pub struct Finished {
    /// The report, as it was written.
    pub report: Report,
    /// Why the run ended before all its rows were settled, if it did.
    pub stopped: Option<PlatformError>,
}

/// Reads, normalizes, deduplicates and reports.
///
/// # Errors
///
/// Where an input cannot be read to its end, or the files of the run cannot be written: nothing is left behind then.
pub fn check(
    inputs: Vec<Input>,
    settings: &RunSettings,
    exclude: &ExcludeSettings,
    folder: OutputFolder,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Finished, PipelineError> {
    let clock = Clock::start();
    let Exclusion { mut left_out, reports: excluded, .. } =
        Exclusion::of_files(exclude, progress, interrupt)?;
    let infos: Vec<InputInfo> = inputs.iter().map(|input| input.info.clone()).collect();
    let mut numbers = Numbers::new(settings.keep);
    let (mut writer, summaries);
    // A row may say of the number of an earlier one that nobody is to be called on it.
    let forbids = |info: &InputInfo| info.columns.calls.iter().any(|call| call.question != Question::Status);
    // And a row that was fixed goes on instead of the one that it was.
    let is_final = !infos.iter().any(|info| forbids(info) || info.has_rows_to_fix);
    if settings.keep == Keep::First && is_final {
        writer =
            RunWriter::begin(folder, infos.clone(), &settings.run)?.with_export(settings.export.as_ref())?;
        let format = writer.line_format();
        let prepare = move |rows: &Rows, verdicts: &[Verdict]| format.valid_lines(rows, verdicts);
        let mut collisions = Vec::new();
        summaries = intake::run(inputs, &settings.normalize, progress, interrupt, prepare, &mut |block| {
            // Nearly every number of a long list is looked for where no cache is: one after the other, several are on their
            // way at a time.
            claim_all(block, &infos, &mut numbers, |collision| collisions.push(collision));
            for ((index, row), collision) in block.rows.iter().enumerate().zip(collisions.drain(..)) {
                let (verdict, line) = (&block.verdicts[index], block.prepared.line(index));
                ledger::write_with(&mut writer, row, verdict, line, &left_out, |contact| {
                    match (ledger::suppressed(&left_out, contact.number().e164()), collision) {
                        (Some(suppressed), _) => suppressed,
                        (None, Some(collision)) => ledger::duplicate(collision, row.location, &infos),
                        (None, None) => ledger::valid(),
                    }
                })?;
            }
            Ok(())
        })?;
    } else {
        // Which row is the last of its number is known when all are read.
        let mut spool;
        let forbidden;
        (spool, summaries, forbidden) =
            spool_all(inputs, &infos, settings, &folder, &mut numbers, progress, interrupt)?;
        forbidden.add_to(&mut left_out, &infos);
        writer =
            RunWriter::begin(folder, infos.clone(), &settings.run)?.with_export(settings.export.as_ref())?;
        let ledger = Ledger {
            inputs: &infos,
            numbers: &numbers,
            left_out: &left_out,
            existing: &Existing::default(),
            read_at: None,
            settlements: &Settlements::default(),
            otherwise: Outcome::Valid,
        };
        write_all(&mut writer, &mut spool, &ledger)?;
    }
    let mut report = clock.report("check", settings, &infos, &summaries);
    report.complete = true;
    report.excluded = excluded;
    report.timing_ms.read = clock.elapsed_ms();
    report.timing_ms.total = report.timing_ms.read;
    Ok(Finished { report: writer.finish(report)?, stopped: None })
}

/// Reads, normalizes and deduplicates, asks the platform what it holds, and posts what is new. Without a run that the
/// journal knows of, which a dry run has not, nothing is posted.
///
/// # Errors
///
/// Where an input cannot be read to its end, or the files of the run cannot be written. A platform that cannot be used is
/// no error here: the run is reported with what was settled, and says why it stopped.
pub fn import(
    inputs: Vec<Input>,
    settings: &RunSettings,
    import: &ImportSettings,
    run: Option<&OpenRun>,
    folder: OutputFolder,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Finished, PipelineError> {
    let clock = Clock::start();
    let mut exclusion = Exclusion::of_files(&import.exclude, progress, interrupt)?;
    let mut allowed = import.exclude.allowed_unread;
    exclusion.take_from(&mut allowed)?;
    let infos: Vec<InputInfo> = inputs.iter().map(|input| input.info.clone()).collect();
    let mut numbers = Numbers::new(settings.keep);
    let (mut spool, summaries, forbidden) =
        spool_all(inputs, &infos, settings, &folder, &mut numbers, progress, interrupt)?;
    forbidden.add_to(&mut exclusion.left_out, &infos);
    let mut report = clock.report("import", settings, &infos, &summaries);
    let known = match &import.existing.file {
        Some(file) => {
            existing::from_file(file, import.client.region, interrupt, &|number| numbers.contains(number))?
        }
        None => Known::default(),
    };
    // Begun before anything is sent, so that a full disk is met now.
    let mut writer =
        RunWriter::begin(folder, infos.clone(), &settings.run)?.with_export(settings.export.as_ref())?;

    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(PipelineError::Runtime)?;
    let mut client = Client::new(import.client.clone(), import.quota.clone(), progress, interrupt.clone())?;
    let rows = summaries.iter().map(|summary| summary.rows).sum();
    let mut conversation = Conversation::new(&infos, &numbers, import, run, clock, rows);
    (conversation.exclusion, conversation.known) = (exclusion, known);
    let stopped = runtime.block_on(conversation.hold(&mut client, &mut spool)).err();

    let is_planned = conversation.not_posted.is_some() && stopped.is_none();
    let ledger = conversation.ledger(if is_planned { Outcome::Planned } else { Outcome::Pending });
    write_all(&mut writer, &mut spool, &ledger)?;
    let counts = client.counts();
    let existing = &conversation.known.existing;
    report.excluded.clone_from(&conversation.exclusion.reports);
    report.dry_run = conversation.not_posted.is_some();
    report.not_posted = conversation.not_posted.filter(|_| stopped.is_none());
    report.complete = stopped.is_none();
    report.finished_at = now();
    report.plan = conversation.plan;
    report.actual = conversation.actual(counts);
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
        existing_unreadable: conversation.known.unreadable,
        existing_masked_numbers: existing.masked(),
        existing_inactive: existing.inactive(),
        existing_from: conversation.known.from,
        existing_read_at: conversation.known.read_at.clone(),
        existing_notes: conversation.known.notes.clone(),
        page_size: counts.page_size,
    });
    report.timing_ms = Timing { total: clock.elapsed_ms(), ..conversation.timing };
    let is_declined = conversation.not_posted.is_some();
    let report = writer.finish(report)?;
    if let Some(run) = run {
        // After the files are in place: should the program die between, the run is gone on with, and reported the same.
        let totals = serde_json::to_string(&report.totals).unwrap_or_default();
        match &stopped {
            // Only another command changes that, and its import is another.
            Some(
                PlatformError::NoSuch { .. } | PlatformError::Unread(_) | PlatformError::NoCountry { .. },
            ) if !run.has_posted()? => run.close(Ending::Failed, &totals)?,
            Some(error) => run.stop(&error.to_string(), Some(&totals))?,
            // What was posted before is still to be gone on with.
            None if is_declined && run.has_posted()? => run.stop("declined", Some(&totals))?,
            None if is_declined => run.close(Ending::Declined, &totals)?,
            None => run.close(Ending::Finished, &totals)?,
        }
    }
    Ok(Finished { report, stopped })
}

/// Numbers of rows that say themselves not to call them, with these rows.
#[derive(Default)]
struct Forbidden(Vec<(Location, E164)>);

impl Forbidden {
    fn note<P>(&mut self, block: &JudgedRows<P>) {
        for (row, verdict) in block.rows.iter().zip(&block.verdicts) {
            if let Verdict::Suppressed { code: Code::DoNotCallColumn, all, .. } = verdict {
                self.0.extend(all.iter().map(|number| (row.location, *number)));
            }
        }
    }

    fn add_to(&self, left_out: &mut LeftOut, inputs: &[InputInfo]) {
        for (index, input) in (0..).zip(inputs) {
            left_out.begin(LeftOutBy::Rows(input.path.clone()));
            for (location, number) in self.0.iter().filter(|(location, _)| location.input == index) {
                left_out.add(*number, Some(location.row));
            }
        }
    }
}

/// Reads all rows to disk, and their numbers into `numbers`.
fn spool_all(
    inputs: Vec<Input>,
    infos: &[InputInfo],
    settings: &RunSettings,
    folder: &OutputFolder,
    numbers: &mut Numbers,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<(Spool, Vec<ReadSummary>, Forbidden), PipelineError> {
    let mut spool = SpoolWriter::begin(folder.path()).map_err(PipelineError::Spool)?;
    let prepare = |_: &Rows, _: &[Verdict]| ();
    let mut forbidden = Forbidden::default();
    let summaries = intake::run(inputs, &settings.normalize, progress, interrupt, prepare, &mut |block| {
        claim_all(block, infos, numbers, |_| ());
        forbidden.note(block);
        let mut rows = block.rows.iter().zip(&block.verdicts);
        rows.try_for_each(|(row, verdict)| spool.push(row, verdict)).map_err(PipelineError::Spool)
    })?;
    Ok((spool.finish().map_err(PipelineError::Spool)?, summaries, forbidden))
}

/// The rows of this run that a fixed row may have been when it was rejected.
fn originals(origin: &Origin, inputs: &[InputInfo]) -> Vec<Location> {
    fn name(path: &str) -> &str {
        path.rsplit(['/', '\\']).next().unwrap_or_default()
    }
    let rows_of = |is_its_file: &dyn Fn(&str) -> bool| -> Vec<Location> {
        let files = (0..).zip(inputs).filter(|(_, input)| is_its_file(&input.path));
        files.map(|(input, _)| Location { input, row: origin.row }).collect()
    };
    let found = rows_of(&|path| path == origin.file);
    // The same file, named from another folder.
    if found.is_empty() { rows_of(&|path| name(path) == name(&origin.file)) } else { found }
}

/// Has the rows of a block claim their numbers; a row without one collides with none.
fn claim_all<P>(
    block: &JudgedRows<P>,
    inputs: &[InputInfo],
    numbers: &mut Numbers,
    mut each: impl FnMut(Option<Collision>),
) {
    block.expected_rows.into_iter().for_each(|rows| numbers.expect(rows));
    for (row, verdict) in block.rows.iter().zip(&block.verdicts) {
        each(match verdict {
            Verdict::Contact(contact) => {
                let claimant = Claimant { location: row.location, name: contact.name_key() };
                let number = contact.number().e164();
                match block.rows.origin_of(row.location.row) {
                    None => numbers.claim(number, claimant),
                    Some(origin) => numbers.claim_instead(number, claimant, &originals(origin, inputs)),
                }
            }
            Verdict::Suppressed { .. } | Verdict::Rejected { .. } => None,
        });
    }
}

/// Writes every row with its outcome, in input order.
fn write_all(writer: &mut RunWriter, spool: &mut Spool, ledger: &Ledger<'_>) -> Result<(), PipelineError> {
    for row in spool.rows().map_err(PipelineError::Spool)? {
        let spooled = row.map_err(PipelineError::Spool)?;
        let row = spooled.rows.row(0);
        ledger::write(writer, row, &spooled.verdict, ledger)?;
    }
    Ok(())
}

/// When a run began.
#[derive(Clone, Copy)]
struct Clock {
    started: Instant,
    started_at: Timestamp,
}

impl Clock {
    fn start() -> Self {
        Self { started: Instant::now(), started_at: Timestamp::now() }
    }

    fn elapsed_ms(self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// What is known of a run beside its rows.
    fn report(
        self,
        command: &'static str,
        settings: &RunSettings,
        infos: &[InputInfo],
        summaries: &[ReadSummary],
    ) -> Report {
        Report {
            schema: Report::SCHEMA,
            run: settings.run.clone(),
            command,
            dry_run: false,
            not_posted: None,
            complete: false,
            started_at: rounded(self.started_at),
            config_files: settings.config_files.clone(),
            finished_at: now(),
            inputs: infos
                .iter()
                .zip(summaries)
                .map(|(info, summary)| InputReport::new(info, summary))
                .collect(),
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
}

fn now() -> String {
    rounded(Timestamp::now())
}

/// RFC 3339 in UTC, to the millisecond.
fn rounded(moment: Timestamp) -> String {
    moment.round(Unit::Millisecond).unwrap_or(moment).to_string()
}
