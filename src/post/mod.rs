//! Posts new contacts in batches and gives each contact exactly one result.
//!
//! Contacts are matched by number, never by position. A contact that the platform refuses or does not mention never
//! counts as lost or stored on the platform's word alone:
//!
//! - After all batches are sent, one read of the existing contacts shows which of them were stored.
//! - The missing ones are sent once more in halves, until each refused contact is alone. A last read gives these a
//!   result.
//! - If a response leaves open whether a batch was stored, the batch is never sent again blindly. When the platform
//!   can no longer be storing it, a read shows what was stored, and the rest is sent again.
//! - A batch at which the platform itself fails is sent in halves too, until the contact that causes the failure is
//!   alone.
//!
//! Every batch is recorded in the journal before it is sent, and its results before anything else is sent.

mod error;
mod isolating;
mod matching;
mod result;
mod run_journal;
mod settings_guard;
mod shown;
mod unacknowledged;

use std::{
    collections::{HashSet, VecDeque},
    mem::take,
};

use jiff::{SignedDuration, Timestamp};
use tracing::info;

pub use self::{
    error::PostError,
    result::{PostResult, PostResults},
    run_journal::RunJournal,
};
use self::{settings_guard::SettingsGuard, shown::Claimed, unacknowledged::Unacknowledged};
use crate::{
    contact::{Contact, E164, NameKey, StoredContact},
    existing::{ExistingContact, ExistingContacts},
    outcome::{Code, Outcome},
    platform::{Client, ClientError, Created, Listed, masked, says_taken},
};

/// Number of batches refused whole, with nothing created before, after which one of them is isolated.
const MAX_REFUSED_BATCHES: usize = 5;

/// The largest assumed skew of the platform's clock.
const LARGEST_SKEW: SignedDuration = SignedDuration::from_mins(10);

/// A contact to post.
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

/// A contact that was refused alone.
struct Suspect {
    new: NewContact,
    words: String,
    /// The platform says that the number is taken.
    is_taken: bool,
}

/// Posts the contacts of one run.
pub struct Poster<'a, 'p> {
    client: &'a mut Client<'p>,
    batch_size: usize,
    /// Contacts to post in total.
    contacts: u64,
    results: &'a mut PostResults,
    journal: &'a mut RunJournal,
    /// The start of posting. Older contacts on the platform are not from this run.
    started_at: Timestamp,
    guard: SettingsGuard,
    /// The guard stopped posting: other settings may help.
    is_stopped: bool,
    unacknowledged: Unacknowledged,
    claimed: Claimed,
    /// Batches that were refused whole.
    refused_batches: Vec<Vec<NewContact>>,
    /// Contacts that a successful response did not mention.
    unmentioned: Vec<NewContact>,
    /// Contacts that were refused alone.
    suspects: Vec<Suspect>,
    /// Numbers that were posted again because the platform did not mention them, or accepted others of their batch.
    posted_again: HashSet<E164>,
}

impl<'a, 'p> Poster<'a, 'p> {
    /// Creates a poster of `contacts` contacts from a file of `rows` rows.
    pub fn new(
        client: &'a mut Client<'p>,
        results: &'a mut PostResults,
        journal: &'a mut RunJournal,
        batch_size: usize,
        contacts: u64,
        rows: u64,
    ) -> Self {
        let unacknowledged = Unacknowledged::new(results.unacknowledged().clone());
        Self {
            client,
            batch_size: batch_size.max(1),
            contacts,
            results,
            journal,
            started_at: Timestamp::now(),
            guard: SettingsGuard::new(rows),
            is_stopped: false,
            unacknowledged,
            claimed: Claimed::default(),
            refused_batches: Vec::new(),
            unmentioned: Vec::new(),
            suspects: Vec::new(),
            posted_again: HashSet::new(),
        }
    }

    /// Posts all contacts and gives each a result.
    ///
    /// # Errors
    ///
    /// Returns an error if the platform can no longer be used. Results so far are kept; the other contacts are
    /// pending.
    pub async fn post(
        mut self,
        contacts: impl Iterator<Item = std::io::Result<NewContact>>,
    ) -> Result<(), PostError> {
        match self.post_all(contacts).await {
            Ok(()) => {
                let unacknowledged = self.judge_failing().await?;
                self.judge_suspects().await?;
                if let Some(error) = unacknowledged {
                    return Err(error);
                }
                self.claimed.check()
            }
            // The refused contacts still need a check whether they exist.
            Err(error @ PostError::TooManyRefused { .. }) => {
                self.is_stopped = true;
                self.judge_suspects().await?;
                if self.results.ended() == self.contacts { Ok(()) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    async fn post_all(
        &mut self,
        contacts: impl Iterator<Item = std::io::Result<NewContact>>,
    ) -> Result<(), PostError> {
        let mut contacts = contacts.fuse();
        self.tell();
        loop {
            let next = contacts.by_ref().take(self.batch_size).collect::<Result<Vec<_>, _>>();
            let batch = next.map_err(PostError::Contacts)?;
            if batch.is_empty() {
                break;
            }
            self.post_batch(batch).await?;
            self.check_refusals().await?;
            if self.refused_batches.len() >= MAX_REFUSED_BATCHES && !self.results.has_ended() {
                // Either every batch has a bad contact, or every contact is refused. One batch shows which.
                let probe = vec![self.refused_batches.remove(0)];
                self.isolate(probe, Vec::new()).await?;
            }
        }
        let (refused, unmentioned) = (take(&mut self.refused_batches), take(&mut self.unmentioned));
        self.isolate(refused, unmentioned).await
    }

    /// Posts a batch and records the results.
    async fn post_batch(&mut self, batch: Vec<NewContact>) -> Result<(), PostError> {
        // Both halves of a batch are sent before a quarter of it: while one of them is answered, the platform as a
        // whole works.
        let mut waiting = VecDeque::from([self.unacknowledged.first_attempt(batch)]);
        while let Some(mut attempt) = waiting.pop_front() {
            if attempt.batch.is_empty() {
                continue;
            }
            let contacts: Vec<&Contact> = attempt.batch.iter().map(|new| &new.contact).collect();
            let answer = self.client.create(&contacts, &mut self.journal.sending(&attempt.batch)).await;
            match answer {
                Ok(Created::Unknown(unacknowledged)) => {
                    let absent = self.reconcile_batch(&mut attempt, unacknowledged).await?;
                    self.send_again(&attempt, absent, &mut waiting);
                }
                // If the journal cannot be written, the entry from before the post is still right.
                Err(error @ ClientError::Journal(_)) => return Err(error.into()),
                Err(error) => {
                    // The batch was certainly not stored.
                    self.journal.all_pending(&attempt.batch, false);
                    self.journal.save_answer()?;
                    return Err(error.into());
                }
                Ok(answer) => {
                    self.unacknowledged.acknowledge();
                    for half in self.take_answer(attempt.batch, answer).into_iter().rev() {
                        waiting.push_front(self.unacknowledged.first_attempt(half));
                    }
                    self.journal.save_answer()?;
                }
            }
            self.tell();
            self.guard.check_stored()?;
        }
        Ok(())
    }

    /// Records the results in a response. Returns the batches to send again at once.
    fn take_answer(&mut self, batch: Vec<NewContact>, answer: Created) -> Vec<Vec<NewContact>> {
        match answer {
            Created::Listed(listed) => self.record_listed(batch, listed),
            Created::Refused { words, is_conflict } => {
                self.journal.all_pending(&batch, false);
                if is_conflict {
                    self.await_taken(&batch);
                }
                match <[NewContact; 1]>::try_from(batch) {
                    Ok([new]) => self.suspect(new, words, is_conflict),
                    Err(batch) => {
                        info!(contacts = batch.len(), words = masked(&words), "a batch was refused");
                        self.refused_batches.push(batch);
                    }
                }
            }
            Created::TooLarge(words) => {
                self.journal.all_pending(&batch, false);
                match <[NewContact; 1]>::try_from(batch) {
                    Ok([new]) => self.suspects.push(Suspect { new, words, is_taken: false }),
                    Err(batch) => {
                        // Nothing was stored: send the halves at once, and make later batches no larger.
                        self.batch_size = self.batch_size.min(batch.len() / 2);
                        info!(batch_size = self.batch_size, "a batch was too large");
                        let (first, second) = halves(batch);
                        return vec![first, second];
                    }
                }
            }
            // Reconciled by reading, elsewhere.
            Created::Unknown(_) => {}
        }
        Vec::new()
    }

    /// Takes a contact that was refused alone.
    fn suspect(&mut self, new: NewContact, words: String, is_taken: bool) {
        // A taken number says nothing about the settings.
        if !is_taken {
            self.guard.add_refusal(&words, &new.contact);
        }
        self.suspects.push(Suspect { new, words, is_taken });
    }

    /// Reports the progress.
    fn tell(&mut self) {
        let ended = self.results.ended();
        let batches = self.contacts.saturating_sub(ended).div_ceil(self.batch_size as u64);
        let left = self.client.time_for(batches);
        self.client.progress().posting(ended, self.contacts, self.client.counts().post, left);
    }

    fn record_listed(&mut self, batch: Vec<NewContact>, listed: Listed) {
        let Listed { created, refused, refusal, is_accepted } = listed;
        if is_accepted {
            self.await_accepted(&batch);
        }
        let is_alone = batch.len() == 1;
        let mut unnamed = Vec::new();
        let mut answers = matching::by_number(&batch, &created, refused);
        for new in batch {
            let number = new.number();
            match answers.remove(&number) {
                Some(matching::BatchAnswer::Created(stored)) if self.is_ours(&new, &stored) => {
                    let id = stored.id;
                    self.journal.created(&new, &id);
                    let detail = if id.is_empty() { String::new() } else { format!("id {id}") };
                    self.record(number, Outcome::Created, None, detail);
                }
                Some(matching::BatchAnswer::StoredAs(stored)) => self.record_stored_as(&new, &stored),
                Some(matching::BatchAnswer::Refused(words)) => {
                    self.journal.pending(number, false);
                    let is_taken = says_taken(&words);
                    self.suspects.push(Suspect { new, words, is_taken });
                }
                // A batch of one: the refusal can only be for this contact.
                None if let Some(refusal) = &refusal
                    && is_alone =>
                {
                    self.journal.pending(number, false);
                    let is_taken = says_taken(&refusal.words);
                    self.suspect(new, refusal.words.clone(), is_taken);
                }
                None if let Some(refusal) = &refusal => {
                    // If others were accepted, this one may be stored too.
                    let may_be_stored = !refusal.is_of_batch;
                    if may_be_stored {
                        self.results.mark_unacknowledged(number);
                    }
                    self.journal.pending(number, may_be_stored);
                    unnamed.push(new);
                }
                Some(matching::BatchAnswer::Created(_)) | None => {
                    self.results.mark_unacknowledged(number);
                    self.journal.unmentioned(number);
                    self.unmentioned.push(new);
                }
            }
        }
        // A refusal may name only the first of several refused contacts.
        if !unnamed.is_empty() {
            self.refused_batches.push(unnamed);
        }
    }

    /// Returns whether a contact that the platform reports as created is the one that was sent. If the name differs
    /// and the platform does not call it new, it may be an older contact with this number.
    fn is_ours(&self, new: &NewContact, stored: &StoredContact) -> bool {
        let is_new = |created_at| created_at >= self.started_at - LARGEST_SKEW;
        stored.name.trim().is_empty()
            || NameKey::new(&stored.name, "") == new.contact.name_key()
            || stored.created_at.is_some_and(is_new)
    }

    /// Handles a contact that was created under another number.
    fn record_stored_as(&mut self, new: &NewContact, stored: &StoredContact) {
        let numbers: Vec<String> = stored.numbers.iter().map(|number| format!("+{number}")).collect();
        let sent = new.number();
        let detail = format!(
            "sent as +{sent}; the platform stored another number: {} (id {})",
            numbers.join(" or "),
            stored.id
        );
        self.guard.add_stored_differently(sent, stored.numbers.first());
        self.record(sent, Outcome::Failed, Some(Code::StoredDifferently), detail);
    }

    fn record(&mut self, number: E164, outcome: Outcome, code: Option<Code>, detail: String) {
        let result = PostResult { outcome, code, detail };
        self.journal.ended(number, &result);
        self.results.record(number, result);
    }

    /// Records the contacts that exist, and returns the others.
    fn record_present(
        &mut self,
        contacts: Vec<NewContact>,
        existing: &ExistingContacts,
        outcome: Outcome,
    ) -> Vec<NewContact> {
        let mut absent = Vec::new();
        for new in contacts {
            let Some(held) = existing.holder_named(new.number(), new.contact.name_key()) else {
                absent.push(new);
                continue;
            };
            let same = held.has_name(new.contact.name_key());
            let code = if same { Code::SameName } else { Code::OtherName };
            // With another name, it cannot be ours. An earlier unacknowledged post may have been stored late.
            let is_sent = outcome == Outcome::Confirmed || self.results.was_unacknowledged(new.number());
            let is_sent = is_sent && !self.was_there_before(new.number(), &held);
            let (outcome, code) =
                if is_sent && same { (Outcome::Confirmed, None) } else { (Outcome::Existing, Some(code)) };
            self.record(new.number(), outcome, code, format!("existing contact: {}", held.describe()));
        }
        absent
    }

    /// Returns whether the platform had the contact before it was sent, if it shows the creation time.
    fn was_there_before(&self, number: E164, held: &ExistingContact<'_>) -> bool {
        let earliest = self.started_at - LARGEST_SKEW;
        held.created_at.is_some_and(|created_at| created_at < earliest)
            && !self.unacknowledged.was_before(number)
    }
}

fn halves(mut batch: Vec<NewContact>) -> (Vec<NewContact>, Vec<NewContact>) {
    let second = batch.split_off(batch.len() / 2);
    (batch, second)
}

#[cfg(test)]
mod tests;
