//! Batches: noted before their first byte is sent, and again when it is known what became of them.

use std::time::Duration;

use rusqlite::{Transaction, params};

use super::{Journal, JournalError, Snapshots, duration, ms};
use crate::{
    contact::{E164, NameKey, StoredContact},
    outcome::{Code, Outcome},
};

/// A batch that was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchId(i64);

/// What is known of a contact that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is not there: it may be sent again.
    Pending,
    /// It was sent, and nobody said what became of it.
    InFlight,
    /// It ended.
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

/// What is noted of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactState {
    /// Its number.
    pub number: E164,
    /// What is known of it.
    pub fate: Fate,
    /// Why.
    pub code: Option<Code>,
    /// The platform's id, or its words.
    pub detail: String,
    /// Whether it was ever sent without an answer.
    pub was_unacknowledged: bool,
}

/// A contact of which nobody knows whether it was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnacknowledgedContact {
    /// The run that sent it.
    pub run: String,
    /// Its number.
    pub number: E164,
    /// Its name.
    pub name: NameKey,
    /// Another run has created a contact with this number since.
    pub is_others: bool,
}

impl Journal {
    /// Notes that a batch of a run is about to be sent, and how long its answer may take.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted: it may not be sent then.
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

    /// Notes that a batch which certainly did not arrive is about to be sent once more.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted: it may not be sent then.
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

    /// Notes what became of contacts, and that the batch was answered, if it is one batch's; what was created is added to the
    /// snapshot.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted: nothing more may be sent then.
    pub fn note(
        &self,
        run: &str,
        batch: Option<BatchId>,
        notes: &[ContactState],
        created: Option<(&Snapshots, &[StoredContact])>,
    ) -> Result<(), JournalError> {
        if batch.is_none() && notes.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            for note in notes {
                update(transaction, run, note)?;
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

    /// Whether a run has sent any contact.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn has_sent(&self, run: &str) -> Result<bool, JournalError> {
        let query = "SELECT EXISTS (SELECT 1 FROM contact WHERE run = ?1)";
        self.read(|connection| connection.query_row(query, [run], |row| row.get(0)))
    }

    /// What is known of the contacts that a run has sent.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn notes(&self, run: &str) -> Result<Vec<ContactState>, JournalError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare("SELECT number, state, code, detail, was_unanswered FROM contact WHERE run = ?1")?;
            let mut rows = statement.query([run])?;
            let mut notes = Vec::new();
            while let Some(row) = rows.next()? {
                let (number, state): (String, String) = (row.get(0)?, row.get(1)?);
                let code: Option<String> = row.get(2)?;
                let Some((number, fate)) = E164::from_digits(&number).zip(Fate::of_name(&state)) else {
                    continue;
                };
                notes.push(ContactState {
                    number,
                    fate,
                    code: code.and_then(|name| Code::of_name(&name)),
                    detail: row.get(3)?,
                    was_unacknowledged: row.get(4)?,
                });
            }
            Ok(notes)
        })
    }

    /// The contacts of an account's stream, of whatever run, of which nobody knows whether they were created, or that were not
    /// there and may have been created late; and how long the platform may still be creating them.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
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
                    // A clock that was set back makes no limit longer.
                    wait = wait.max(sent_at.saturating_add(limit).saturating_sub(now).min(limit));
                }
            }
            Ok((unacknowledged, duration(wait)))
        })
    }

    /// Notes what a reading said of contacts that were unsettled, each with its run, and that their batches need not be
    /// asked about any more.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
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
