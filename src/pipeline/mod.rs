//! Wires the stages: the one module that knows them all, and where processor work and network work meet.
//!
//! [`check`] reads, normalizes, deduplicates and reports. [`import`] does the same, then asks the platform what it holds
//! and posts what is new. Either way every row that was read is reported exactly once, and the sums are checked.

mod do_not_call;
mod expiry;
mod intake;
mod ledger;
mod open_run;
mod spool;

use std::{collections::HashSet, io, time::Instant};

use jiff::{Timestamp, Unit};
use thiserror::Error;

pub use self::do_not_call::DoNotCall;
pub use self::open_run::{OpenRun, Reserved, Target, Unfinished};
use self::{
    intake::JudgedRows,
    ledger::Ledger,
    spool::{Spool, SpoolWriter},
};
use crate::{
    contact::E164,
    dedupe::{Claimant, Collision, Keep, Numbers},
    diff::Existing,
    interrupt::Interrupt,
    journal::{Ending, JournalError, SharedQuota},
    normalize::NormalizeSettings,
    outcome::{Outcome, Verdict},
    parse::{Input, InputInfo, ParseError, ReadSummary},
    plan::Plan,
    platform::{Client, ClientSettings, PlatformError},
    post::{ExistingSink, NewContact, Poster, Settlements},
    progress::Progress,
    report::{InputReport, OutputFolder, PlatformReport, Report, ReportError, RunWriter, Timing, Totals},
    row::Rows,
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
    /// The account's requests, shared with other programs.
    pub quota: SharedQuota,
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
    #[error("the rows cannot be kept on disk while the run goes on: {0}")]
    Spool(#[source] io::Error),
    #[error("the network cannot be used: {0}")]
    Runtime(#[source] io::Error),
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
    folder: OutputFolder,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Finished, PipelineError> {
    let clock = Clock::start();
    let infos: Vec<InputInfo> = inputs.iter().map(|input| input.info.clone()).collect();
    let mut numbers = Numbers::new(settings.keep);
    let (mut writer, summaries);
    if settings.keep == Keep::First {
        writer = RunWriter::begin(folder, infos.clone())?;
        let format = writer.line_format();
        let prepare = move |rows: &Rows, verdicts: &[Verdict]| format.valid_lines(rows, verdicts);
        let mut collisions = Vec::new();
        summaries = intake::run(inputs, &settings.normalize, progress, interrupt, prepare, &mut |block| {
            // Nearly every number of a long list is looked for where no cache is: one after the other, several are on their
            // way at a time.
            claim_all(block, &mut numbers, |collision| collisions.push(collision));
            for ((index, row), collision) in block.rows.iter().enumerate().zip(collisions.drain(..)) {
                let (verdict, line) = (&block.verdicts[index], block.prepared.line(index));
                ledger::write_with(&mut writer, row, verdict, line, |_| match collision {
                    Some(collision) => ledger::duplicate(collision, row.location, &infos),
                    None => ledger::valid(),
                })?;
            }
            Ok(())
        })?;
    } else {
        // Which row is the last of its number is known when all are read.
        let mut spool;
        (spool, summaries) = spool_all(inputs, settings, &folder, &mut numbers, progress, interrupt)?;
        writer = RunWriter::begin(folder, infos.clone())?;
        let ledger = Ledger {
            inputs: &infos,
            numbers: &numbers,
            existing: &Existing::default(),
            settlements: &Settlements::default(),
            otherwise: Outcome::Valid,
        };
        write_all(&mut writer, &mut spool, &ledger)?;
    }
    let mut report = clock.report("check", settings, &infos, &summaries);
    report.complete = true;
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
    let infos: Vec<InputInfo> = inputs.iter().map(|input| input.info.clone()).collect();
    let mut numbers = Numbers::new(settings.keep);
    let (mut spool, summaries) = spool_all(inputs, settings, &folder, &mut numbers, progress, interrupt)?;
    let mut report = clock.report("import", settings, &infos, &summaries);
    report.dry_run = import.dry_run;
    report.timing_ms.read = clock.elapsed_ms();
    // Begun before anything is sent, so that a full disk is met now.
    let mut writer = RunWriter::begin(folder, infos.clone())?;

    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(PipelineError::Runtime)?;
    let mut client = Client::new(import.client.clone(), import.quota.clone(), progress, interrupt.clone())?;
    let mut conversation = Conversation {
        inputs: &infos,
        numbers: &numbers,
        import,
        run,
        clock,
        rows: summaries.iter().map(|summary| summary.rows).sum(),
        existing: Existing::default(),
        settlements: Settlements::default(),
        plan: None,
        timing: report.timing_ms,
        is_dry: import.dry_run || run.is_none(),
    };
    let stopped = runtime.block_on(conversation.hold(&mut client, &mut spool)).err();

    let is_planned = conversation.is_dry && stopped.is_none();
    let ledger = Ledger {
        inputs: &infos,
        numbers: &numbers,
        existing: &conversation.existing,
        settlements: &conversation.settlements,
        otherwise: if is_planned { Outcome::Planned } else { Outcome::Pending },
    };
    write_all(&mut writer, &mut spool, &ledger)?;
    let counts = client.counts();
    report.dry_run = conversation.is_dry;
    report.complete = stopped.is_none();
    report.finished_at = now();
    report.plan = conversation.plan;
    report.platform = Some(PlatformReport {
        host: client.host().to_string(),
        get: counts.get,
        post: counts.post,
        retries: counts.retries,
        rate_limited: counts.rate_limited,
        waited_ms: counts.waited_ms,
        existing_contacts: conversation.existing.contacts(),
        existing_repeated_numbers: conversation.existing.repeated_numbers(),
        page_size: counts.page_size,
    });
    report.timing_ms = Timing { total: clock.elapsed_ms(), ..conversation.timing };
    let is_declined = conversation.is_dry;
    let report = writer.finish(report)?;
    if let Some(run) = run {
        // After the files are in place: should the program die between, the run is gone on with, and reported the same.
        let totals = serde_json::to_string(&report.totals).unwrap_or_default();
        match &stopped {
            Some(error) => run.stop(&error.to_string(), Some(&totals))?,
            // What was posted before is still to be gone on with.
            None if is_declined && run.has_posted()? => run.stop("declined", Some(&totals))?,
            None if is_declined => run.close(Ending::Declined, &totals)?,
            None => run.close(Ending::Finished, &totals)?,
        }
    }
    Ok(Finished { report, stopped })
}

/// The network part of an import.
struct Conversation<'a> {
    inputs: &'a [InputInfo],
    numbers: &'a Numbers,
    import: &'a ImportSettings,
    run: Option<&'a OpenRun>,
    clock: Clock,
    rows: u64,
    existing: Existing,
    settlements: Settlements,
    plan: Option<Plan>,
    timing: Timing,
    /// Nothing is posted: a dry run, or the user said no.
    is_dry: bool,
}

impl Conversation<'_> {
    async fn hold(&mut self, client: &mut Client<'_>, spool: &mut Spool) -> Result<(), PlatformError> {
        let before = self.clock.elapsed_ms();
        let read = self.read_existing(client).await;
        self.timing.existing = self.clock.elapsed_ms() - before;
        read?;

        let mut contacts = 0;
        for new in self.new_contacts(spool).map_err(PlatformError::Notes)? {
            new.map_err(PlatformError::Notes)?;
            contacts += 1;
        }
        let plan = Plan::new(client.counts().get, contacts, self.import.batch_size, client.slots());
        self.plan = Some(plan);
        let is_declined = !self.is_dry
            && contacts > 0
            && !client.progress().confirm(&plan, contacts, &client.host().to_string());
        client.check_interrupt()?;
        self.is_dry |= is_declined;
        if self.is_dry || contacts == 0 {
            return Ok(());
        }

        let before = self.clock.elapsed_ms();
        let Some(run) = self.run else { return Ok(()) };
        // Settled apart, so that what is still to be posted can be told while it is.
        let mut settlements = self.settlements.unsettled();
        let mut record = run.record(self.import.client.timeout);
        let size = self.import.batch_size;
        let poster = Poster::new(client, &mut settlements, &mut record, size, contacts, self.rows);
        let ended = match self.new_contacts(spool) {
            Ok(new) => poster.post(new).await,
            Err(error) => Err(PlatformError::Notes(error)),
        };
        self.settlements.extend(settlements);
        self.timing.post = self.clock.elapsed_ms() - before;
        ended
    }

    /// Reads what the platform holds, and settles by it what was sent before and not answered.
    async fn read_existing(&mut self, client: &mut Client<'_>) -> Result<(), PlatformError> {
        let (unsettled, wait) = self.run.map_or_else(|| Ok(Default::default()), OpenRun::unsettled)?;
        if let Some(run) = self.run {
            // What is known from before is reported even where nothing more is learned.
            self.settlements = run.settlements()?;
        }
        client.wait_out(wait).await?;
        let sent: HashSet<E164> = unsettled.iter().map(|contact| contact.number).collect();
        let numbers = self.numbers;
        let is_asked = |number| numbers.contains(number) || sent.contains(&number);
        let mut sink = ExistingSink { existing: Existing::default(), is_asked: &is_asked };
        client.read_contacts(&mut sink).await?;
        self.existing = sink.existing;
        if let Some(run) = self.run {
            self.settlements = run.settle(unsettled, &self.existing)?;
        }
        Ok(())
    }

    /// The contacts that nobody holds yet, in input order.
    fn new_contacts<'s>(
        &'s self,
        spool: &'s mut Spool,
    ) -> io::Result<impl Iterator<Item = io::Result<NewContact>> + 's> {
        let ledger = Ledger {
            inputs: self.inputs,
            numbers: self.numbers,
            existing: &self.existing,
            settlements: &self.settlements,
            otherwise: Outcome::Pending,
        };
        Ok(spool.rows()?.filter_map(move |row| {
            let row = match row {
                Ok(row) => row,
                Err(error) => return Some(Err(error)),
            };
            let location = row.rows.row(0).location;
            match row.verdict {
                Verdict::Contact(contact) if ledger.is_new(location, &contact) => {
                    Some(Ok(NewContact { contact }))
                }
                _ => None,
            }
        }))
    }
}

/// Reads all rows to disk, and their numbers into `numbers`.
fn spool_all(
    inputs: Vec<Input>,
    settings: &RunSettings,
    folder: &OutputFolder,
    numbers: &mut Numbers,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<(Spool, Vec<ReadSummary>), PipelineError> {
    let mut spool = SpoolWriter::begin(folder.path()).map_err(PipelineError::Spool)?;
    let prepare = |_: &Rows, _: &[Verdict]| ();
    let summaries = intake::run(inputs, &settings.normalize, progress, interrupt, prepare, &mut |block| {
        claim_all(block, numbers, |_| ());
        let mut rows = block.rows.iter().zip(&block.verdicts);
        rows.try_for_each(|(row, verdict)| spool.push(row, verdict)).map_err(PipelineError::Spool)
    })?;
    Ok((spool.finish().map_err(PipelineError::Spool)?, summaries))
}

/// Has the rows of a block claim their numbers; a row without one collides with none.
fn claim_all<P>(block: &JudgedRows<P>, numbers: &mut Numbers, mut each: impl FnMut(Option<Collision>)) {
    block.expected_rows.into_iter().for_each(|rows| numbers.expect(rows));
    for (row, verdict) in block.rows.iter().zip(&block.verdicts) {
        each(match verdict {
            Verdict::Contact(contact) => {
                let claimant = Claimant { location: row.location, name: contact.name_key() };
                numbers.claim(contact.number().e164(), claimant)
            }
            Verdict::Rejected { .. } => None,
        });
    }
}

/// Writes every row with its outcome, in input order.
fn write_all(writer: &mut RunWriter, spool: &mut Spool, ledger: &Ledger<'_>) -> Result<(), PipelineError> {
    for row in spool.rows().map_err(PipelineError::Spool)? {
        let spooled = row.map_err(PipelineError::Spool)?;
        let row = spooled.rows.row(0);
        ledger::write(writer, row, &spooled.verdict, |contact| ledger.ending(row.location, contact))?;
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
            complete: false,
            started_at: rounded(self.started_at),
            finished_at: now(),
            inputs: infos
                .iter()
                .zip(summaries)
                .map(|(info, summary)| InputReport::new(info, summary))
                .collect(),
            totals: Totals::default(),
            problems: Vec::new(),
            regions: Vec::new(),
            types: Vec::new(),
            platform: None,
            plan: None,
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
