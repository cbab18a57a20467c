//! What is noted of contacts in the journal: before they are sent, and when it is known what became of them.

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

/// The notes of one run.
pub struct RunJournal {
    journal: Journal,
    run: String,
    /// What the platform is known to hold, to which is added what is created.
    snapshots: Snapshots,
    /// How long an answer may take.
    limit: Duration,
    /// The batch under way, and when it was sent.
    batch: Option<BatchId>,
    sent_at: Option<Instant>,
    unsaved: Vec<ContactState>,
    unsaved_created: Vec<StoredContact>,
}

impl RunJournal {
    /// The notes of a run whose requests are answered within `limit`.
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

    /// What the platform is known to hold.
    pub(super) fn snapshots(&self) -> &Snapshots {
        &self.snapshots
    }

    /// Notes that the platform holds a contact from now on, under this id.
    pub(super) fn created(&mut self, new: &NewContact, id: &str) {
        let name = format!("{} {}", new.contact.first_name(), new.contact.last_name());
        let (id, numbers) = (id.to_owned(), vec![new.number()]);
        self.unsaved_created.push(StoredContact { id, name, numbers, ..StoredContact::default() });
    }

    /// What is to be told before each attempt to send a batch.
    pub(super) fn sending<'r>(&'r mut self, batch: &'r [NewContact]) -> impl Sending + 'r {
        SendingBatch { record: self, batch }
    }

    /// How long the platform may still be storing what was sent last.
    pub(super) fn rest_of_limit(&self) -> Duration {
        self.sent_at.map_or(self.limit, |sent_at| self.limit.saturating_sub(sent_at.elapsed()))
    }

    /// Notes that a contact may be sent again.
    pub(super) fn pending(&mut self, number: E164, was_unacknowledged: bool) {
        let (fate, detail) = (Fate::Pending, String::new());
        self.unsaved.push(ContactState { number, fate, code: None, detail, was_unacknowledged });
    }

    /// The same of several.
    pub(super) fn all_pending(&mut self, batch: &[NewContact], was_unacknowledged: bool) {
        for new in batch {
            self.pending(new.number(), was_unacknowledged);
        }
    }

    /// Notes that a contact was sent and not spoken of.
    pub(super) fn unmentioned(&mut self, number: E164) {
        let (fate, detail) = (Fate::InFlight, String::new());
        self.unsaved.push(ContactState { number, fate, code: None, detail, was_unacknowledged: true });
    }

    /// Notes how a contact ended. One of which it is not known stays as it is.
    pub(super) fn ended(&mut self, number: E164, result: &PostResult) {
        if result.outcome != Outcome::Pending {
            let fate = Fate::Ended(result.outcome);
            let (code, detail) = (result.code, result.detail.clone());
            self.unsaved.push(ContactState { number, fate, code, detail, was_unacknowledged: false });
        }
    }

    /// Keeps what was noted, and that the batch under way was answered. Nothing more is sent before.
    pub(super) fn save_answer(&mut self) -> Result<(), JournalError> {
        let batch = self.batch.take();
        self.keep(batch)
    }

    fn keep(&mut self, batch: Option<BatchId>) -> Result<(), JournalError> {
        let created = (&self.snapshots, self.unsaved_created.as_slice());
        self.journal.note(&self.run, batch, &self.unsaved, Some(created))?;
        self.unsaved.clear();
        self.unsaved_created.clear();
        Ok(())
    }

    /// Keeps what was noted of contacts that were read.
    pub(super) fn save(&mut self) -> Result<(), JournalError> {
        self.keep(None)
    }
}

struct SendingBatch<'r> {
    record: &'r mut RunJournal,
    batch: &'r [NewContact],
}

impl Sending for SendingBatch<'_> {
    fn sending(&mut self, body: &[u8]) -> Result<(), JournalError> {
        let record = &mut *self.record;
        if failpoint::is_without("noting before sending") {
            return Ok(());
        }
        record.sent_at = Some(Instant::now());
        if let Some(batch) = record.batch {
            return record.journal.resend_batch(batch);
        }
        let contacts = self.batch.iter().map(|new| (new.contact.number().e164(), new.contact.name_key()));
        let body_sha256 = hex(&Sha256::digest(body));
        record.batch = Some(record.journal.begin_batch(&record.run, contacts, &body_sha256, record.limit)?);
        Ok(())
    }
}
