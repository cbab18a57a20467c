//! The journal of a run's contacts: written before they are sent and when their result is known.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::{NewContact, PostResult};
use crate::{
    contact::{E164, StoredContact},
    failpoint,
    hash::hex,
    journal::{BatchId, ContactState, Fate, Journal, JournalError, Snapshots},
    outcome::Outcome,
    platform::Sending,
};

/// The journal of one run.
pub struct RunJournal {
    journal: Journal,
    run: String,
    /// The snapshots of existing contacts, to which created contacts are added.
    snapshots: Snapshots,
    /// Timeout of a response.
    limit: Duration,
    /// The current batch and when it was sent.
    batch: Option<BatchId>,
    sent_at: Option<Instant>,
    unsaved: Vec<ContactState>,
    unsaved_created: Vec<StoredContact>,
}

impl RunJournal {
    /// Creates the journal of a run with the response timeout `limit`.
    pub fn new(journal: Journal, run: &str, snapshots: Snapshots, limit: Duration) -> Self {
        Self {
            journal,
            run: run.to_owned(),
            snapshots,
            limit,
            batch: None,
            sent_at: None,
            unsaved: Vec::new(),
            unsaved_created: Vec::new(),
        }
    }

    /// Returns the snapshots of existing contacts.
    pub(super) fn snapshots(&self) -> &Snapshots {
        &self.snapshots
    }

    /// Records that the platform now has a contact with this id.
    pub(super) fn created(&mut self, new: &NewContact, id: &str) {
        let name = format!("{} {}", new.contact.first_name(), new.contact.last_name());
        let (id, numbers) = (id.to_owned(), vec![new.number()]);
        self.unsaved_created.push(StoredContact { id, name, numbers, ..StoredContact::default() });
    }

    /// Returns the callback to run before each attempt to send a batch.
    pub(super) fn sending<'r>(&'r mut self, batch: &'r [NewContact]) -> impl Sending + 'r {
        SendingBatch { run: self, batch }
    }

    /// Returns how long the platform may still be storing the last batch.
    pub(super) fn rest_of_limit(&self) -> Duration {
        self.sent_at.map_or(self.limit, |sent_at| self.limit.saturating_sub(sent_at.elapsed()))
    }

    /// Records that a contact may be sent again.
    pub(super) fn pending(&mut self, number: E164, was_unacknowledged: bool) {
        let (fate, detail) = (Fate::Pending, String::new());
        self.unsaved.push(ContactState { number, fate, code: None, detail, was_unacknowledged });
    }

    /// Records that several contacts may be sent again.
    pub(super) fn all_pending(&mut self, batch: &[NewContact], was_unacknowledged: bool) {
        for new in batch {
            self.pending(new.number(), was_unacknowledged);
        }
    }

    /// Records that a contact was sent but not mentioned.
    pub(super) fn unmentioned(&mut self, number: E164) {
        let (fate, detail) = (Fate::InFlight, String::new());
        self.unsaved.push(ContactState { number, fate, code: None, detail, was_unacknowledged: true });
    }

    /// Records the result of a contact. An unknown result changes nothing.
    pub(super) fn ended(&mut self, number: E164, result: &PostResult) {
        if result.outcome != Outcome::Pending {
            let fate = Fate::Ended(result.outcome);
            let (code, detail) = (result.code, result.detail.clone());
            self.unsaved.push(ContactState { number, fate, code, detail, was_unacknowledged: false });
        }
    }

    /// Saves the results, and that the current batch was answered. Nothing is sent before this.
    pub(super) fn save_answer(&mut self) -> Result<(), JournalError> {
        let batch = self.batch.take();
        self.keep(batch)
    }

    fn keep(&mut self, batch: Option<BatchId>) -> Result<(), JournalError> {
        let created = (&self.snapshots, self.unsaved_created.as_slice());
        self.journal.record_results(&self.run, batch, &self.unsaved, Some(created))?;
        self.unsaved.clear();
        self.unsaved_created.clear();
        Ok(())
    }

    /// Saves the results of contacts that were read.
    pub(super) fn save(&mut self) -> Result<(), JournalError> {
        self.keep(None)
    }
}

struct SendingBatch<'r> {
    run: &'r mut RunJournal,
    batch: &'r [NewContact],
}

impl Sending for SendingBatch<'_> {
    fn sending(&mut self, body: &[u8]) -> Result<(), JournalError> {
        let run = &mut *self.run;
        if failpoint::is_without("recording before sending") {
            return Ok(());
        }
        run.sent_at = Some(Instant::now());
        if let Some(batch) = run.batch {
            return run.journal.resend_batch(batch);
        }
        let contacts = self.batch.iter().map(|new| (new.contact.number().e164(), new.contact.name_key()));
        let body_sha256 = hex(&Sha256::digest(body));
        run.batch = Some(run.journal.begin_batch(&run.run, contacts, &body_sha256, run.limit)?);
        Ok(())
    }
}
