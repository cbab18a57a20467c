//! The network part of an import, in phases: learn which contacts are suppressed or exist, plan, ask for approval, post the others.

use std::{collections::HashSet, io};

use super::{
    ImportSettings, OpenRun,
    clock::{Clock, rounded},
    ledger::Ledger,
    open_run::UserAnswer,
    spool::Spool,
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
    platform::{Client, Counts, PlatformError},
    post::{NewContact, PostResults, Poster},
    progress::{Approval, Forecast},
    report::{NotPosted, Timing, terminal::counted},
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
    /// What was asked, and when it was, at the moment of the plan.
    planned_at: Option<(Counts, u64)>,
    pub(super) timing: Timing,
    /// Why nothing is posted, if that is so.
    pub(super) not_posted: Option<NotPosted>,
}

/// Whether an import posts.
enum Decision {
    /// So many contacts.
    Post(u64),
    DoNotPost(NotPosted),
}

/// What an import knows when it begins to use the platform.
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

    /// What is known of each row, and what becomes of a contact that nothing else is known of.
    pub(super) fn ledger(&self, otherwise: Outcome) -> Ledger<'_> {
        Ledger {
            inputs: self.inputs,
            numbers: self.numbers,
            suppression_set: &self.suppressions.suppression_set,
            existing: &self.known.existing,
            read_at: self.known.read_at.map(rounded),
            results: &self.results,
            refusals: &self.refusals,
            otherwise,
        }
    }

    /// What it took after the plan was made, beside what was planned.
    pub(super) fn actual(&self, counts: Counts) -> Option<Plan> {
        let (before, at_ms) = self.planned_at.filter(|_| self.not_posted.is_none())?;
        let seconds = (self.clock.elapsed_ms().saturating_sub(at_ms) + 500) / 1000;
        Some(Plan { get: counts.get - before.get, post: counts.post - before.post, seconds })
    }

    /// Learns, plans and posts. What was learned and settled stays here, also where the platform fails on the way.
    pub(super) async fn run(
        &mut self,
        client: &mut Client<'_>,
        spool: &mut Spool,
    ) -> Result<(), PlatformError> {
        let before = self.clock.elapsed_ms();
        let learned = self.learn(client).await;
        self.timing.existing = self.clock.elapsed_ms() - before;
        let gets_of_next_run = learned?;
        // An earlier part of the run may have ended before they were tried.
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
    ) -> Result<Decision, PlatformError> {
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
                // A user who agreed to one number of contacts is asked again about another.
                UserAnswer::YesBut => {
                    self.learn_existing(client).await?;
                    let now = self.totals(spool).map_err(PlatformError::Notes)?;
                    if now.of(Outcome::Pending) == contacts {
                        return Ok(Decision::Post(contacts));
                    }
                    let text = "others imported to the account before the answer, so the plan is made again";
                    client.progress().note(text);
                }
            }
        }
    }

    /// Makes the plan. That of an import which does not post says what the next run would cost.
    fn forecast(
        &mut self,
        client: &Client<'_>,
        spool: &mut Spool,
        gets_of_next_run: u64,
    ) -> Result<Forecast, PlatformError> {
        let totals = self.totals(spool).map_err(PlatformError::Notes)?;
        let is_dry = self.not_posted.is_some();
        let contacts = totals.of(if is_dry { Outcome::Planned } else { Outcome::Pending });
        let get = if is_dry { gets_of_next_run } else { 0 };
        let mut plan = Plan::new(get, contacts, self.import.batch_size);
        plan.seconds = client.time_for_all(plan.get + plan.post)?.as_secs();
        self.plan = Some(plan);
        Ok(Forecast { plan, contacts, totals, host: client.host().to_string() })
    }

    /// Why nothing is to be posted, whatever the user says.
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
    ) -> Result<(), PlatformError> {
        let Some(run) = self.run else { return Ok(()) };
        while contacts > 0 {
            // Settled apart, so that what is still to be posted can be told while it is.
            let mut results = self.results.emptied();
            let mut record = run.record(self.import.snapshots.clone(), self.import.client.in_flight());
            let size = self.import.batch_size;
            let poster = Poster::new(client, &mut results, &mut record, size, contacts, self.rows);
            let ended = match self.new_contacts(spool) {
                Ok(new) => poster.post(new).await,
                Err(error) => Err(PlatformError::Notes(error)),
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

    /// Has the next rows have the numbers of refused ones; returns how many do.
    fn hand_over(&mut self, spool: &mut Spool) -> Result<u64, PlatformError> {
        let Some(run) = self.run else { return Ok(0) };
        let suppression_set = &self.suppressions.suppression_set;
        let is_left_out = |number| suppression_set.reason(number).is_some();
        let handovers = self.refusals.handovers(spool, self.numbers, &self.results, is_left_out);
        let handovers = handovers.map_err(PlatformError::Notes)?;
        if handovers.is_empty() {
            return Ok(0);
        }
        // Before any of them is posted: an interrupted run goes on with the same rows.
        run.give_back(&handovers.iter().map(Handover::recorded).collect::<Vec<_>>())?;
        let handed = self.refusals.hand_over(handovers, self.numbers, &mut self.results);
        let existing = &self.known.existing;
        let is_new = |(number, name): &&(E164, NameKey)| existing.holder_named(*number, *name).is_none();
        Ok(handed.iter().filter(is_new).count() as u64)
    }

    /// Learns who is left out and who is there, and settles by it what was sent before and not answered. Returns how many
    /// requests it will take the next run to learn as much.
    async fn learn(&mut self, client: &mut Client<'_>) -> Result<u64, PlatformError> {
        let (unacknowledged, wait) =
            self.run.map_or_else(|| Ok(Default::default()), OpenRun::unacknowledged)?;
        if let Some(run) = self.run {
            // What is known from before is reported even where nothing more is learned.
            self.results = run.results()?;
            self.refusals = Refusals::restored(run.refused()?);
        }
        client.wait_out(wait).await?;
        self.suppressions.ask(&self.import.exclude, client).await?;
        let of_suppressions = client.counts().get;
        Ok(of_suppressions + self.read_existing(client, unacknowledged).await?)
    }

    /// Learns once more who is there, now that others have imported.
    async fn learn_existing(&mut self, client: &mut Client<'_>) -> Result<(), PlatformError> {
        let before = self.clock.elapsed_ms();
        let (unacknowledged, wait) =
            self.run.map_or_else(|| Ok(Default::default()), OpenRun::unacknowledged)?;
        client.wait_out(wait).await?;
        self.read_existing(client, unacknowledged).await?;
        self.timing.existing += self.clock.elapsed_ms() - before;
        Ok(())
    }

    /// Reads who is there; returns how many requests it will take the next run.
    async fn read_existing(
        &mut self,
        client: &mut Client<'_>,
        unacknowledged: Vec<UnacknowledgedContact>,
    ) -> Result<u64, PlatformError> {
        let before = client.counts().get;
        // What was sent and not answered, only the platform can tell.
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

    /// Whether to post. While somebody is asked, others may import to the account.
    fn answer(&self, client: &Client<'_>, forecast: &Forecast) -> Result<UserAnswer, PlatformError> {
        match self.run.filter(|_| self.approval.asks()) {
            Some(run) => run.ask(client.progress(), client.interrupt(), || self.approval.approve(forecast)),
            None if self.approval.approve(forecast) => Ok(UserAnswer::Yes),
            None => Ok(UserAnswer::No),
        }
    }

    /// What will become of the rows if everything goes well but the posting, which is still to be done.
    fn totals(&self, spool: &mut Spool) -> io::Result<Totals> {
        let ledger = self.ledger(if self.not_posted.is_some() { Outcome::Planned } else { Outcome::Pending });
        let mut totals = Totals::default();
        for row in spool.rows()? {
            let row = row?;
            totals.add(ledger.outcome(row.rows.row(0).location, &row.verdict));
        }
        Ok(totals)
    }

    /// The contacts that nobody holds yet, in input order.
    fn new_contacts<'s>(
        &'s self,
        spool: &'s mut Spool,
    ) -> io::Result<impl Iterator<Item = io::Result<NewContact>> + 's> {
        let ledger = self.ledger(Outcome::Pending);
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
