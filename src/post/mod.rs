//! New contacts go to the platform in batches, and every one of them ends in one settlement.
//!
//! What the platform says is matched by number, never by position. A contact that it refuses, or does not mention, is
//! never taken for lost or stored on its word alone: after all batches were sent, one reading of the existing contacts
//! settles what is there; what is not is tried once more in halves, until those that are refused stand alone, and a last
//! reading settles these. Where an answer leaves open whether a batch was stored, it is never sent again blindly: when the
//! platform cannot be storing it any more, a reading tells what is there, and the rest is sent again.
//!
//! Whatever is sent is noted in the journal before, and what became of it before anything else is sent.

mod existing;
mod matching;
mod record;
mod settlement;

use std::{
    collections::{HashMap, HashSet},
    mem::{replace, take},
};

use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

pub(crate) use self::existing::look_behind;
pub use self::{
    existing::ExistingSink,
    record::Record,
    settlement::{Settlement, Settlements},
};
use crate::{
    contact::{Contact, E164},
    diff::{Existing, Held, StoredContact},
    failpoint,
    outcome::{Code, Outcome},
    platform::{Client, Collection, Created, NO_RETRIES, PlatformError, Unsettled, masked},
};

/// Batches refused whole, with nothing created before, after which one of them is looked at closely.
const MAX_REFUSED_BATCHES: usize = 5;

/// Contacts refused alone for one reason after which the settings are taken to be wrong, if they are also more than a
/// tenth of the file or nothing was created at all.
const MAX_REFUSED_CONTACTS: usize = 20;

/// The platform's clock may be off by so much.
const LARGEST_SKEW: SignedDuration = SignedDuration::from_mins(10);

/// A contact to be posted.
#[derive(Clone, Debug)]
pub struct NewContact {
    /// The contact.
    pub contact: Contact,
}

impl NewContact {
    fn number(&self) -> E164 {
        self.contact.number().e164()
    }
}

/// Posts the contacts of one run.
pub struct Poster<'a, 'p> {
    client: &'a mut Client<'p>,
    batch_size: usize,
    /// Contacts to be posted, all in all.
    contacts: u64,
    /// Rows of the file.
    rows: u64,
    settlements: &'a mut Settlements,
    record: &'a mut Record,
    /// Too many were refused: the settings are taken to be wrong.
    is_stopped: bool,
    /// When posting began. What the platform has held for longer is not ours.
    started_at: Timestamp,
    /// Numbers that were sent without an answer before that.
    unanswered_before: HashSet<E164>,
    /// Posts in a row that were not answered.
    unanswered_posts: u32,
    /// Whether one of them was sent elsewhere.
    was_redirected: bool,
    /// Batches that were refused whole.
    refused_batches: Vec<Vec<NewContact>>,
    /// Contacts that a success did not mention.
    unmentioned: Vec<NewContact>,
    /// Contacts refused by themselves, with the platform's words.
    suspects: Vec<(NewContact, String)>,
    /// How many were refused alone, by what the platform said of them.
    refusals: HashMap<String, usize>,
    /// How many of one kind are looked at more closely.
    most_refusals: usize,
}

impl<'a, 'p> Poster<'a, 'p> {
    /// A poster of `contacts` contacts out of a file of `rows` rows.
    pub fn new(
        client: &'a mut Client<'p>,
        settlements: &'a mut Settlements,
        record: &'a mut Record,
        batch_size: usize,
        contacts: u64,
        rows: u64,
    ) -> Self {
        let unanswered_before = settlements.unanswered().clone();
        Self {
            client,
            batch_size: batch_size.max(1),
            contacts,
            rows,
            settlements,
            record,
            is_stopped: false,
            started_at: Timestamp::now(),
            unanswered_before,
            unanswered_posts: 0,
            was_redirected: false,
            refused_batches: Vec::new(),
            unmentioned: Vec::new(),
            suspects: Vec::new(),
            refusals: HashMap::new(),
            most_refusals: MAX_REFUSED_CONTACTS,
        }
    }

    /// Posts all contacts and settles each.
    ///
    /// # Errors
    ///
    /// Where the platform cannot be used any further. What was settled until then is settled; the rest is pending.
    pub async fn post(
        mut self,
        contacts: impl Iterator<Item = std::io::Result<NewContact>>,
    ) -> Result<(), PlatformError> {
        match self.post_all(contacts).await {
            Ok(()) => self.judge_suspects().await,
            // Those that were refused so far are still to be told apart from those that are there.
            Err(error @ PlatformError::TooManyRefused { .. }) => {
                self.is_stopped = true;
                self.judge_suspects().await?;
                if self.settlements.settled() == self.contacts { Ok(()) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    async fn post_all(
        &mut self,
        contacts: impl Iterator<Item = std::io::Result<NewContact>>,
    ) -> Result<(), PlatformError> {
        let mut contacts = contacts.fuse();
        self.tell();
        loop {
            let next = contacts.by_ref().take(self.batch_size).collect::<Result<Vec<_>, _>>();
            let batch = next.map_err(PlatformError::Notes)?;
            if batch.is_empty() {
                break;
            }
            self.post_batch(batch).await?;
            self.check_refusals().await?;
            if self.refused_batches.len() >= MAX_REFUSED_BATCHES && !self.settlements.has_settled() {
                // Perhaps every batch holds a bad contact, perhaps every contact is refused: one batch will tell.
                let probe = vec![self.refused_batches.remove(0)];
                self.isolate(probe, Vec::new()).await?;
            }
        }
        let (refused, unmentioned) = (take(&mut self.refused_batches), take(&mut self.unmentioned));
        self.isolate(refused, unmentioned).await
    }

    /// Posts a batch and settles what the answer settles.
    async fn post_batch(&mut self, batch: Vec<NewContact>) -> Result<(), PlatformError> {
        let contacts: Vec<&Contact> = batch.iter().map(|new| &new.contact).collect();
        let answer = self.client.create(&contacts, &mut self.record.sending(&batch)).await;
        let mut again = Vec::new();
        match answer {
            Ok(Created::Unknown(unsettled)) => again.push(self.settle_unanswered(batch, unsettled).await?),
            // What cannot be noted is left as it was noted before it was sent.
            Err(error @ PlatformError::Journal(_)) => return Err(error),
            Err(error) => {
                // It was certainly not stored.
                self.record.all_pending(&batch, false);
                self.record.save_answer()?;
                return Err(error);
            }
            Ok(answer) => {
                (self.unanswered_posts, self.was_redirected) = (0, false);
                again.extend(self.take_answer(batch, answer));
                self.record.save_answer()?;
            }
        }
        self.tell();
        for batch in again.into_iter().filter(|batch| !batch.is_empty()) {
            Box::pin(self.post_batch(batch)).await?;
        }
        Ok(())
    }

    /// Settles what an answer settles, and returns what is to be sent again at once.
    fn take_answer(&mut self, batch: Vec<NewContact>, answer: Created) -> Vec<Vec<NewContact>> {
        match answer {
            Created::Listed { created, refused, is_refusal } => {
                self.settle_listed(batch, &created, refused, is_refusal);
            }
            Created::Refused { words, is_conflict } => {
                self.record.all_pending(&batch, false);
                match <[NewContact; 1]>::try_from(batch) {
                    Ok([alone]) => {
                        // That a number is taken says nothing against the settings.
                        if !is_conflict {
                            *self.refusals.entry(kind_of_refusal(&words, &alone.contact)).or_default() += 1;
                        }
                        self.suspects.push((alone, words));
                    }
                    Err(batch) => {
                        info!(contacts = batch.len(), words = masked(&words), "a batch was refused");
                        self.refused_batches.push(batch);
                    }
                }
            }
            Created::TooLarge(words) => {
                self.record.all_pending(&batch, false);
                match <[NewContact; 1]>::try_from(batch) {
                    Ok([alone]) => self.suspects.push((alone, words)),
                    Err(batch) => {
                        // Nothing was stored: the halves go out at once, and all further batches are no larger.
                        self.batch_size = self.batch_size.min(batch.len() / 2);
                        info!(batch_size = self.batch_size, "a batch was too large");
                        let (first, second) = halves(batch);
                        return vec![first, second];
                    }
                }
            }
            // Settled by reading, elsewhere.
            Created::Unknown(_) => {}
        }
        Vec::new()
    }

    /// Waits until the platform cannot be storing the batch any more, and reads what is there. Returns what is not, to be
    /// sent again.
    async fn settle_unanswered(
        &mut self,
        batch: Vec<NewContact>,
        unsettled: Unsettled,
    ) -> Result<Vec<NewContact>, PlatformError> {
        let Unsettled { mut reason, wait, price, is_redirect } = unsettled;
        let contacts = batch.len();
        for new in &batch {
            self.settlements.send_unanswered(new.number());
            let detail = format!("sent, but not known whether it was stored: {reason}");
            let pending = Settlement { outcome: Outcome::Pending, code: None, detail };
            self.settlements.settle(new.number(), pending);
        }
        self.client.check_interrupt()?;
        self.unanswered_posts += 1;
        let is_hopeless =
            self.unanswered_posts >= self.client.max_attempts() || is_redirect && self.was_redirected;
        self.was_redirected = is_redirect;
        let is_unpaid = !is_hopeless && !self.client.pay(price)?;
        if is_unpaid {
            reason.push_str(NO_RETRIES);
        }
        if is_hopeless || is_unpaid {
            return Err(PlatformError::Unanswered { contacts, reason });
        }
        warn!(contacts, reason = masked(&reason), "a batch was not answered; reading what became of it");
        let wait = self.record.rest_of_limit().max(wait.unwrap_or_default());
        self.client.wait_out(wait).await?;
        let existing = if failpoint::is_without("settling by reading") {
            Existing::default()
        } else {
            let sent = batch.iter().map(NewContact::number).collect();
            let snapshots = self.record.snapshots().clone();
            match look_behind(self.client, &snapshots, &sent).await? {
                Some(existing) => existing,
                None => self.read_existing(batch.iter()).await?,
            }
        };
        let absent = self.settle_present(batch, &existing, Outcome::Confirmed);
        for new in &absent {
            self.settlements.reopen(new.number());
        }
        self.record.all_pending(&absent, true);
        self.record.save_answer()?;
        Ok(absent)
    }

    /// Tells how far it is.
    fn tell(&mut self) {
        let settled = self.settlements.settled();
        let batches = self.contacts.saturating_sub(settled).div_ceil(self.batch_size as u64);
        let left = self.client.time_for(batches);
        self.client.progress().posting(settled, self.contacts, self.client.counts().post, left);
    }

    fn settle_listed(
        &mut self,
        batch: Vec<NewContact>,
        created: &[StoredContact],
        refused: Vec<(StoredContact, String)>,
        is_refusal: bool,
    ) {
        let mut unnamed = Vec::new();
        let mut answers = matching::by_number(&batch, created, refused);
        for new in batch {
            match answers.remove(&new.number()) {
                Some(matching::Answer::Created(id)) => {
                    self.record.created(&new, &id);
                    let detail = if id.is_empty() { String::new() } else { format!("id {id}") };
                    self.settle(new.number(), Outcome::Created, None, detail);
                }
                Some(matching::Answer::Refused(words)) => {
                    self.record.pending(new.number(), false);
                    self.suspects.push((new, words));
                }
                None if is_refusal => {
                    self.record.pending(new.number(), false);
                    unnamed.push(new);
                }
                None => {
                    self.settlements.send_unanswered(new.number());
                    self.record.unmentioned(new.number());
                    self.unmentioned.push(new);
                }
            }
        }
        // A refusal may name the first of several that it is for.
        if !unnamed.is_empty() {
            self.refused_batches.push(unnamed);
        }
    }

    fn settle(&mut self, number: E164, outcome: Outcome, code: Option<Code>, detail: String) {
        let settlement = Settlement { outcome, code, detail };
        self.record.settled(number, &settlement);
        self.settlements.settle(number, settlement);
    }

    /// Reads what became of contacts that were refused in a batch or not mentioned, and posts what is not there: the
    /// refused batches in halves, until those that are refused stand alone.
    async fn isolate(
        &mut self,
        refused: Vec<Vec<NewContact>>,
        unmentioned: Vec<NewContact>,
    ) -> Result<(), PlatformError> {
        if refused.is_empty() && unmentioned.is_empty() {
            return Ok(());
        }
        let others = take(&mut self.refused_batches);
        let existing = self.read_existing(refused.iter().flatten().chain(&unmentioned)).await?;
        // A success that did not mention a contact leaves open whether it was stored; a refusal does not.
        let mut absent = self.settle_present(unmentioned, &existing, Outcome::Confirmed);
        self.record.all_pending(&absent, true);
        self.record.save()?;
        while !absent.is_empty() {
            let rest = absent.split_off(self.batch_size.min(absent.len()));
            self.post_batch(replace(&mut absent, rest)).await?;
        }
        let mut work: Vec<Vec<NewContact>> = Vec::new();
        for batch in take(&mut self.refused_batches) {
            push_halves(&mut work, batch);
        }
        for batch in refused {
            let (was_whole, absent) = (batch.len(), self.settle_present(batch, &existing, Outcome::Existing));
            if absent.len() < was_whole { work.push(absent) } else { push_halves(&mut work, absent) }
        }
        self.record.save()?;
        while let Some(batch) = work.pop() {
            if !batch.is_empty() {
                self.post_batch(batch).await?;
            }
            for batch in take(&mut self.refused_batches) {
                push_halves(&mut work, batch);
            }
            self.check_refusals().await?;
        }
        self.refused_batches = others;
        Ok(())
    }

    /// One wrong setting refuses every contact: there is no use in trying them all. Contacts that are there already are
    /// refused for that, which says nothing of the settings.
    async fn check_refusals(&mut self) -> Result<(), PlatformError> {
        if self.too_many_refused().is_none() {
            return Ok(());
        }
        let suspects = take(&mut self.suspects);
        let existing = self.read_existing(suspects.iter().map(|(new, _)| new)).await?;
        for (new, words) in suspects {
            let kind = kind_of_refusal(&words, &new.contact);
            match self.settle_present(vec![new], &existing, Outcome::Existing).pop() {
                Some(absent) => self.suspects.push((absent, words)),
                None => _ = self.refusals.entry(kind).and_modify(|count| *count = count.saturating_sub(1)),
            }
        }
        self.record.save()?;
        let stop = self.too_many_refused().map_or(Ok(()), Err);
        // Readings cost requests: the next one comes when twice as many were refused.
        self.most_refusals *= 2;
        stop
    }

    fn too_many_refused(&self) -> Option<PlatformError> {
        let (_, words) = self.suspects.last()?;
        let contacts = self.refusals.values().copied().max()?;
        let is_most = contacts as u64 * 10 > self.rows || !self.settlements.has_settled();
        (contacts > self.most_refusals && is_most)
            .then(|| PlatformError::TooManyRefused { contacts, answer: words.clone() })
    }

    /// Settles the contacts that were refused by themselves, or never mentioned, by a last reading.
    async fn judge_suspects(&mut self) -> Result<(), PlatformError> {
        let suspects = take(&mut self.suspects);
        let unmentioned = take(&mut self.unmentioned);
        if suspects.is_empty() && unmentioned.is_empty() {
            return Ok(());
        }
        let all = suspects.iter().map(|(new, _)| new).chain(&unmentioned);
        let existing = self.read_existing(all).await?;
        let (suspects, words): (Vec<_>, Vec<_>) = suspects.into_iter().unzip();
        let mut words: HashMap<E164, String> = suspects.iter().map(NewContact::number).zip(words).collect();
        for new in self.settle_present(suspects, &existing, Outcome::Existing) {
            let words = words.remove(&new.number()).unwrap_or_default();
            self.settle(new.number(), Outcome::Failed, Some(Code::Refused), words);
            if self.is_stopped {
                // With other settings it may be taken: the next run tries it again.
                self.record.pending(new.number(), false);
            }
        }
        for new in self.settle_present(unmentioned, &existing, Outcome::Confirmed) {
            let detail = "the platform accepted the batch and did not create this contact".to_owned();
            self.settle(new.number(), Outcome::Failed, Some(Code::Refused), detail);
        }
        self.record.save()?;
        self.tell();
        Ok(())
    }

    /// Settles the contacts that the platform holds, and returns the others.
    fn settle_present(
        &mut self,
        contacts: Vec<NewContact>,
        existing: &Existing,
        outcome: Outcome,
    ) -> Vec<NewContact> {
        let mut absent = Vec::new();
        for new in contacts {
            let Some(held) = existing.holder(new.number()) else {
                absent.push(new);
                continue;
            };
            let same = held.has_name(new.contact.name_key());
            let code = if same { Code::SameName } else { Code::OtherName };
            // Under another name it cannot be ours. What was once sent without an answer may have been stored late.
            let is_sent = outcome == Outcome::Confirmed || self.settlements.was_unanswered(new.number());
            let is_sent = is_sent && !self.was_there_before(new.number(), held);
            let (outcome, code) =
                if is_sent && same { (Outcome::Confirmed, None) } else { (Outcome::Existing, Some(code)) };
            self.settle(new.number(), outcome, code, format!("held as {}", held.describe()));
        }
        absent
    }

    /// Whether the platform had a contact before it was sent, as far as it says when it was created.
    fn was_there_before(&self, number: E164, held: &Held) -> bool {
        let earliest = self.started_at - LARGEST_SKEW;
        held.created_at.is_some_and(|created_at| created_at < earliest)
            && !self.unanswered_before.contains(&number)
    }

    async fn read_existing(
        &mut self,
        asked: impl Iterator<Item = &NewContact>,
    ) -> Result<Existing, PlatformError> {
        let asked: HashSet<E164> = asked.map(NewContact::number).collect();
        let is_asked = |number| asked.contains(&number);
        let snapshots = self.record.snapshots().clone();
        let mut sink = ExistingSink::new(&is_asked, &snapshots, "import", None);
        let readout = self.client.read(&Collection::Contacts, None, &mut sink).await?;
        Ok(sink.finish(&readout)?.0)
    }
}

/// What the platform says of a refused contact, without what is the contact's own.
fn kind_of_refusal(words: &str, contact: &Contact) -> String {
    let mut kind: String = words.chars().filter(|letter| !letter.is_ascii_digit()).collect();
    for name in [contact.first_name(), contact.last_name()] {
        kind = kind.replace(name, "");
    }
    kind
}

fn halves(mut batch: Vec<NewContact>) -> (Vec<NewContact>, Vec<NewContact>) {
    let second = batch.split_off(batch.len() / 2);
    (batch, second)
}

/// Puts both halves on the stack, so that the first is posted first.
fn push_halves(work: &mut Vec<Vec<NewContact>>, batch: Vec<NewContact>) {
    let (first, second) = halves(batch);
    work.extend([second, first]);
}

#[cfg(test)]
mod tests;
