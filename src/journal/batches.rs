//! Batches: recorded before their first byte is sent, and again when their result is known.

use std::time::Duration;

use rusqlite::{Transaction, params};

use super::{Journal, JournalError, Snapshots, duration, ms};
use crate::{
    contact::{E164, NameKey, StoredContact},
    outcome::{Code, Outcome},
};

/// The id of a recorded batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchId(i64);

/// The state of a contact that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Not stored: it may be sent again.
    Pending,
    /// Sent, and its result is unknown.
    InFlight,
    /// It has a result.
    Ended(Outcome),
}

impl Fate {
    const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InFlight => "in_flight",
            Self::Ended(outcome) => outcome.name(),
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        let ended = || Outcome::ALL.into_iter().find(|outcome| outcome.name() == name).map(Self::Ended);
        match name {
            "pending" => Some(Self::Pending),
            "in_flight" => Some(Self::InFlight),
            _ => ended(),
        }
    }
}

/// The journal entry of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactState {
    /// The number.
    pub number: E164,
    /// The state.
    pub fate: Fate,
    /// The reason.
    pub code: Option<Code>,
    /// The platform's id, or its words.
    pub detail: String,
    /// Whether it ever had an unacknowledged post.
    pub was_unacknowledged: bool,
}

/// A contact of which it is unknown whether it was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnacknowledgedContact {
    /// The run that sent it.
    pub run: String,
    /// The number.
    pub number: E164,
    /// The name.
    pub name: NameKey,
    /// Whether another run has created a contact with this number since.
    pub is_others: bool,
}

impl Journal {
    /// Records that a batch of a run is about to be sent, and the timeout of its response.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded; the batch must not be sent then.
    pub fn begin_batch(
        &self,
        run: &str,
        contacts: impl Iterator<Item = (E164, NameKey)>,
        body_sha256: &str,
        limit: Duration,
    ) -> Result<BatchId, JournalError> {
        let now = self.now();
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO batch (run, body_sha256, attempt, sent_at, limit_ms, state)
                 VALUES (?1, ?2, 1, ?3, ?4, 'in_flight')",
                params![run, body_sha256, now, ms(limit)],
            )?;
            let batch = transaction.last_insert_rowid();
            let mut statement = transaction.prepare_cached(
                "INSERT INTO contact (run, number, name_key, batch, state) VALUES (?1, ?2, ?3, ?4, 'in_flight')
                 ON CONFLICT (run, number) DO UPDATE SET batch = ?4, state = 'in_flight', name_key = ?3",
            )?;
            for (number, name) in contacts {
                let name = name.bits().cast_signed();
                statement.execute(params![run, &*number.digits(), name, batch])?;
            }
            Ok(BatchId(batch))
        })
    }

    /// Records that a batch that certainly did not arrive is about to be sent again.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded; the batch must not be sent then.
    pub fn resend_batch(&self, batch: BatchId) -> Result<(), JournalError> {
        let now = self.now();
        self.write(|transaction| {
            transaction.execute(
                "UPDATE batch SET attempt = attempt + 1, sent_at = ?2 WHERE id = ?1",
                params![batch.0, now],
            )
        })?;
        Ok(())
    }

    /// Records the results of contacts and, if they are from one batch, that it was answered. Adds created contacts
    /// to the snapshot.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded; nothing more must be sent then.
    pub fn record_results(
        &self,
        run: &str,
        batch: Option<BatchId>,
        states: &[ContactState],
        created: Option<(&Snapshots, &[StoredContact])>,
    ) -> Result<(), JournalError> {
        if batch.is_none() && states.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            for state in states {
                update(transaction, run, state)?;
            }
            if let Some((snapshots, created)) = created {
                let query = "SELECT sent_at FROM batch WHERE id = ?1";
                let sent_at = |batch: BatchId| transaction.query_row(query, [batch.0], |row| row.get(0));
                snapshots.add(transaction, created, batch.map(sent_at).transpose()?)?;
            }
            if let Some(batch) = batch {
                transaction.execute("UPDATE batch SET state = 'closed' WHERE id = ?1", [batch.0])?;
            }
            Ok(())
        })
    }

    /// Returns whether a run has sent any contact.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn has_sent(&self, run: &str) -> Result<bool, JournalError> {
        let query = "SELECT EXISTS (SELECT 1 FROM contact WHERE run = ?1)";
        self.read(|connection| connection.query_row(query, [run], |row| row.get(0)))
    }

    /// Returns the states of the contacts that a run has sent.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn contact_states(&self, run: &str) -> Result<Vec<ContactState>, JournalError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare("SELECT number, state, code, detail, was_unanswered FROM contact WHERE run = ?1")?;
            let mut rows = statement.query([run])?;
            let mut states = Vec::new();
            while let Some(row) = rows.next()? {
                let (number, state): (String, String) = (row.get(0)?, row.get(1)?);
                let code: Option<String> = row.get(2)?;
                let Some((number, fate)) = E164::from_digits(&number).zip(Fate::of_name(&state)) else {
                    continue;
                };
                states.push(ContactState {
                    number,
                    fate,
                    code: code.and_then(|name| Code::of_name(&name)),
                    detail: row.get(3)?,
                    was_unacknowledged: row.get(4)?,
                });
            }
            Ok(states)
        })
    }

    /// Returns contacts of this stream, from any run, whose creation is unknown or may still happen late, and how
    /// long the platform may still be storing them.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn unacknowledged(
        &self,
        account: &str,
        stream: &str,
    ) -> Result<(Vec<UnacknowledgedContact>, Duration), JournalError> {
        let now = self.now();
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT contact.run, number, name_key, batch.state, sent_at, limit_ms, EXISTS (
                     SELECT 1 FROM contact AS other JOIN run AS owner ON owner.id = other.run
                     WHERE other.number = contact.number AND other.run <> contact.run AND other.batch > contact.batch
                     AND other.state IN ('created', 'confirmed')
                     AND owner.account = run.account AND owner.stream = run.stream)
                 FROM contact JOIN run ON run.id = contact.run JOIN batch ON batch.id = contact.batch
                 WHERE run.account = ?1 AND run.stream = ?2
                 AND (contact.state = 'in_flight' OR contact.state = 'pending' AND was_unanswered)",
            )?;
            let mut rows = statement.query([account, stream])?;
            let (mut unacknowledged, mut wait) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let number: String = row.get(1)?;
                let Some(number) = E164::from_digits(&number) else { continue };
                let name = NameKey::from_bits(row.get::<_, i64>(2)?.cast_unsigned());
                unacknowledged.push(UnacknowledgedContact { run: row.get(0)?, number, name, is_others: row.get(6)? });
                let (state, sent_at, limit): (String, i64, i64) = (row.get(3)?, row.get(4)?, row.get(5)?);
                if state == "in_flight" {
                    // Setting the clock back makes no limit longer.
                    wait = wait.max(sent_at.saturating_add(limit).saturating_sub(now).min(limit));
                }
            }
            Ok((unacknowledged, duration(wait)))
        })
    }

    /// Records the results of reconciled contacts, each with its run, and closes their batches.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be recorded.
    pub fn record(&self, notes: &[(String, ContactState)]) -> Result<(), JournalError> {
        if notes.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            for (run, note) in notes {
                update(transaction, run, note)?;
            }
            transaction.execute(
                "UPDATE batch SET state = 'closed' WHERE state = 'in_flight'
                 AND NOT EXISTS (SELECT 1 FROM contact WHERE batch = batch.id AND contact.state = 'in_flight')",
                [],
            )?;
            Ok(())
        })
    }
}

fn update(transaction: &Transaction<'_>, run: &str, note: &ContactState) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "UPDATE contact SET state = ?3, code = ?4, detail = ?5, was_unanswered = was_unanswered OR ?6
         WHERE run = ?1 AND number = ?2",
    )?;
    let (number, code) = (note.number.digits(), note.code.map(Code::name));
    statement.execute(params![
        run,
        &*number,
        note.fate.name(),
        code,
        note.detail,
        note.was_unacknowledged
    ])?;
    Ok(())
}
