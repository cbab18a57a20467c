//! The network part of an import: learns which contacts are suppressed or exist, plans, asks for approval, and posts the
//! others.

use std::{collections::HashSet, io};

use super::{
    ImportSettings, OpenRun, PipelineError,
    clock::{Clock, rounded},
    ledger::Ledger,
    open_run::UserAnswer,
    spool::{Spool, VerdictBlock},
    twins::{Handover, Refusals},
};
use crate::{
    contact::{E164, NameKey},
    dedupe::ClaimedNumbers,
    existing::{ExistingFrom, Known},
    journal::UnacknowledgedContact,
    outcome::{Outcome, Totals, Verdict},
    parse::InputInfo,
    plan::Plan,
    platform::{Client, Counts},
    post::{NewContact, PostResults, Poster},
    progress::{Approval, Forecast},
    quantity::counted,
    report::{NotPosted, Timing},
    suppress::Suppressions,
};

/// An import while it uses the platform.
pub(super) struct Session<'a> {
    pub(super) inputs: &'a [InputInfo],
    pub(super) numbers: &'a mut ClaimedNumbers,
    pub(super) import: &'a ImportSettings,
    pub(super) run: Option<&'a OpenRun>,
    pub(super) approval: &'a dyn Approval,
    pub(super) clock: Clock,
    pub(super) rows: u64,
    pub(super) suppressions: Suppressions,
    pub(super) known: Known,
    pub(super) results: PostResults,
    refusals: Refusals,
    pub(super) plan: Option<Plan>,
    /// The requests made and the time, at the moment of the plan.
    planned_at: Option<(Counts, u64)>,
    pub(super) timing: Timing,
    /// The reason why nothing is posted, if so.
    pub(super) not_posted: Option<NotPosted>,
}

/// The decision whether an import posts.
enum Decision {
    /// Post this number of contacts.
    Post(u64),
    DoNotPost(NotPosted),
}

/// The input of a session.
pub(super) struct Beginning<'a> {
    pub(super) inputs: &'a [InputInfo],
    pub(super) numbers: &'a mut ClaimedNumbers,
    pub(super) rows: u64,
    pub(super) suppressions: Suppressions,
    pub(super) known: Known,
    pub(super) clock: Clock,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        beginning: Beginning<'a>,
        import: &'a ImportSettings,
        run: Option<&'a OpenRun>,
        approval: &'a dyn Approval,
    ) -> Self {
        let Beginning { inputs, numbers, rows, suppressions, known, clock } = beginning;
        Self {
            inputs,
            numbers,
            import,
            run,
            approval,
            clock,
            rows,
            suppressions,
            known,
            results: PostResults::default(),
            refusals: Refusals::default(),
            plan: None,
            planned_at: None,
            timing: Timing { read: clock.elapsed_ms(), ..Timing::default() },
            not_posted: (import.dry_run || run.is_none()).then_some(NotPosted::DryRun),
        }
    }

    /// Returns the ledger; `otherwise` is the outcome of a contact without any other result.
    pub(super) fn ledger(&self, otherwise: Outcome) -> Ledger<'_> {
        Ledger {
            inputs: self.inputs,
            numbers: self.numbers,
            suppression_set: &self.suppressions.set,
            existing: &self.known.existing,
            read_at: self.known.read_at.map(rounded),
            results: &self.results,
            refusals: &self.refusals,
            otherwise,
        }
    }

    /// Returns the actual requests and time since the plan.
    pub(super) fn actual(&self, counts: Counts) -> Option<Plan> {
        let (before, at_ms) = self.planned_at.filter(|_| self.not_posted.is_none())?;
        let seconds = (self.clock.elapsed_ms().saturating_sub(at_ms) + 500) / 1000;
        Some(Plan { get: counts.get - before.get, post: counts.post - before.post, seconds })
    }

    /// Learns, plans and posts. Results so far are kept even if the platform fails.
    pub(super) async fn run(
        &mut self,
        client: &mut Client<'_>,
        spool: &mut Spool,
    ) -> Result<(), PipelineError> {
        let before = self.clock.elapsed_ms();
        let learned = self.learn(client).await;
        self.timing.existing = self.clock.elapsed_ms() - before;
        let gets_of_next_run = learned?;
        // An earlier part of the run may have ended before these rows were tried.
        self.hand_over(spool)?;
        let contacts = match self.decide(client, spool, gets_of_next_run).await? {
            Decision::Post(contacts) => contacts,
            Decision::DoNotPost(why) => {
                self.not_posted = Some(why);
                return Ok(());
            }
        };
        self.planned_at = Some((client.counts(), self.clock.elapsed_ms()));
        let before = self.clock.elapsed_ms();
        let ended = self.post(client, spool, contacts).await;
        self.timing.post = self.clock.elapsed_ms() - before;
        ended
    }

    /// Makes the plan and asks whether to post.
    async fn decide(
        &mut self,
        client: &mut Client<'_>,
        spool: &mut Spool,
        gets_of_next_run: u64,
    ) -> Result<Decision, PipelineError> {
        loop {
            let forecast = self.forecast(client, spool, gets_of_next_run)?;
            if let Some(why) = self.objection(&forecast.totals) {
                return Ok(Decision::DoNotPost(why));
            }
            let contacts = forecast.contacts;
            if contacts == 0 {
                return Ok(Decision::Post(0));
            }
            let answer = self.answer(client, &forecast)?;
            client.check_interrupt()?;
            match answer {
                UserAnswer::Yes => return Ok(Decision::Post(contacts)),
                UserAnswer::No => return Ok(Decision::DoNotPost(NotPosted::Declined)),
                // A user who agreed to one number of contacts is asked again if the number changed.
                UserAnswer::YesBut => {
                    self.learn_existing(client).await?;
                    let now = self.totals(spool)?;
                    if now.of(Outcome::Pending) == contacts {
                        return Ok(Decision::Post(contacts));
                    }
                    let text = "another program imported to the account before the answer; making a new plan";
                    client.progress().note(text);
                }
            }
        }
    }

    /// Makes the plan. If the import does not post, the plan is that of the next run.
    fn forecast(
        &mut self,
        client: &Client<'_>,
        spool: &mut Spool,
        gets_of_next_run: u64,
    ) -> Result<Forecast, PipelineError> {
        let totals = self.totals(spool)?;
        let is_dry = self.not_posted.is_some();
        let contacts = totals.of(if is_dry { Outcome::Planned } else { Outcome::Pending });
        let get = if is_dry { gets_of_next_run } else { 0 };
        let mut plan = Plan::new(get, contacts, self.import.batch_size);
        plan.seconds = client.time_for_all(plan.get + plan.post)?.as_secs();
        self.plan = Some(plan);
        Ok(Forecast { plan, contacts, totals, host: client.host().to_string() })
    }

    /// Returns why nothing may be posted, whatever the user says.
    fn objection(&self, totals: &Totals) -> Option<NotPosted> {
        let (rejected, rows) = (totals.of(Outcome::Rejected), totals.rows());
        let is_exceeded = self.import.max_rejected.is_some_and(|most| most.is_exceeded(rejected, rows));
        if is_exceeded { Some(NotPosted::TooManyRejected) } else { self.not_posted }
    }

    /// Posts the new contacts, then those that get the number of a refused one, until there are none.
    async fn post(
        &mut self,
        client: &mut Client<'_>,
        spool: &mut Spool,
        mut contacts: u64,
    ) -> Result<(), PipelineError> {
        let Some(run) = self.run else { return Ok(()) };
        while contacts > 0 {
            // Kept apart, so that the rows still to post can be listed meanwhile.
            let mut results = self.results.emptied();
            let mut journal = run.run_journal(self.import.snapshots.clone(), self.import.client.in_flight());
            let size = self.import.batch_size;
            let poster = Poster::new(client, &mut results, &mut journal, size, contacts, self.rows);
            let ended = match self.new_contacts(spool) {
                Ok(new) => poster.post(new).await.map_err(PipelineError::from),
                Err(error) => Err(PipelineError::Spool(error)),
            };
            self.results.extend(results);
            ended?;
            contacts = self.hand_over(spool)?;
            if contacts > 0 {
                let rows = counted(contacts, "row");
                client
                    .progress()
                    .note(&format!("posting {rows} with the number of a row that the platform refused"));
            }
        }
        Ok(())
    }

    /// Passes the numbers of refused rows to the next rows. Returns how many rows got one.
    fn hand_over(&mut self, spool: &mut Spool) -> Result<u64, PipelineError> {
        let Some(run) = self.run else { return Ok(0) };
        let suppression_set = &self.suppressions.set;
        let is_suppressed = |number| suppression_set.reason(number).is_some();
        let handovers = self.refusals.restore_and_find(spool, self.numbers, &self.results, is_suppressed);
        let handovers = handovers.map_err(PipelineError::Spool)?;
        if handovers.is_empty() {
            return Ok(0);
        }
        // Recorded before any of them is posted, so that an interrupted run resumes with the same rows.
        run.give_back(&handovers.iter().map(Handover::recorded).collect::<Vec<_>>())?;
        let handed = self.refusals.hand_over(handovers, self.numbers, &mut self.results);
        let existing = &self.known.existing;
        let is_new = |(number, name): &&(E164, NameKey)| existing.holder_named(*number, *name).is_none();
        Ok(handed.iter().filter(is_new).count() as u64)
    }

    /// Learns the suppressed and the existing contacts, and reconciles earlier unacknowledged posts. Returns how many
    /// requests the next run needs for the same.
    async fn learn(&mut self, client: &mut Client<'_>) -> Result<u64, PipelineError> {
        let (unacknowledged, wait) =
            self.run.map_or_else(|| Ok(Default::default()), OpenRun::unacknowledged)?;
        if let Some(run) = self.run {
            // Earlier results are reported even if the read fails.
            self.results = run.results()?;
            self.refusals = Refusals::restored(run.refused()?);
        }
        client.wait_out(wait).await?;
        self.suppressions.ask(&self.import.exclude, client).await?;
        let of_suppressions = client.counts().get;
        Ok(of_suppressions + self.read_existing(client, unacknowledged).await?)
    }

    /// Reads the existing contacts again after other programs imported.
    async fn learn_existing(&mut self, client: &mut Client<'_>) -> Result<(), PipelineError> {
        let before = self.clock.elapsed_ms();
        let (unacknowledged, wait) =
            self.run.map_or_else(|| Ok(Default::default()), OpenRun::unacknowledged)?;
        client.wait_out(wait).await?;
        self.read_existing(client, unacknowledged).await?;
        self.timing.existing += self.clock.elapsed_ms() - before;
        Ok(())
    }

    /// Reads the existing contacts. Returns how many requests the next run needs for the same.
    async fn read_existing(
        &mut self,
        client: &mut Client<'_>,
        unacknowledged: Vec<UnacknowledgedContact>,
    ) -> Result<u64, PipelineError> {
        let before = client.counts().get;
        // Only the platform can tell about unacknowledged posts.
        if self.known.from == ExistingFrom::File && unacknowledged.is_empty() {
            return Ok(0);
        }
        let sent: HashSet<E164> = unacknowledged.iter().map(|contact| contact.number).collect();
        let numbers = &*self.numbers;
        let is_asked = |number| numbers.contains(number) || sent.contains(&number);
        let how = if self.import.dry_run { "dry run" } else { "import" };
        let ImportSettings { existing, snapshots, .. } = self.import;
        let known = existing.ask(client, snapshots, how, &sent, &is_asked).await?;
        if let Some(run) = self.run {
            self.results = run.reconcile(unacknowledged, &known.existing)?;
        }
        let pages = if known.is_kept { 1 } else { client.counts().get - before };
        self.known = known;
        Ok(pages)
    }

    /// Asks whether to post. Other programs may import to the account meanwhile.
    fn answer(&self, client: &Client<'_>, forecast: &Forecast) -> Result<UserAnswer, PipelineError> {
        match self.run.filter(|_| self.approval.asks()) {
            Some(run) => run.ask(client.progress(), client.interrupt(), || self.approval.approve(forecast)),
            None if self.approval.approve(forecast) => Ok(UserAnswer::Yes),
            None => Ok(UserAnswer::No),
        }
    }

    /// Returns the outcomes of all rows if everything succeeds, with the posting still pending.
    fn totals(&self, spool: &mut Spool) -> Result<Totals, PipelineError> {
        let ledger = self.ledger(if self.not_posted.is_some() { Outcome::Planned } else { Outcome::Pending });
        let of_block = |block: VerdictBlock| {
            let mut totals = Totals::default();
            for (location, verdict) in block.into_verdicts() {
                totals.add(ledger.outcome(location, &verdict), 1);
            }
            totals
        };
        let mut totals = Totals::default();
        spool.in_parallel(of_block, |of_block| {
            totals.add_all(&of_block);
            Ok(())
        })?;
        Ok(totals)
    }

    /// Returns the contacts that do not exist yet, in input order.
    fn new_contacts<'s>(
        &'s self,
        spool: &'s mut Spool,
    ) -> io::Result<impl Iterator<Item = io::Result<NewContact>> + 's> {
        let ledger = self.ledger(Outcome::Pending);
        Ok(spool.verdicts()?.filter_map(move |verdict| match verdict {
            Ok((location, Verdict::Contact(contact))) if ledger.is_new(location, &contact) => {
                Some(Ok(NewContact { contact }))
            }
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        }))
    }
}
