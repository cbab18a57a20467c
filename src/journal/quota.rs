//! What all imports share that use one account and one journal: the account's requests of a minute, its pauses, and how often
//! a request may be repeated.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Journal, JournalError, duration, ms};
use crate::failpoint;

/// How often requests may be repeated before the account is left alone.
const RETRY_TOKENS: i64 = 100;

/// The longest pause that is believed.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// The account's requests, as one program uses them.
#[derive(Clone)]
pub struct SharedQuota {
    journal: Journal,
    account: String,
    /// The slot of the request under way.
    slot: Option<i64>,
}

impl Journal {
    /// The shared requests of an account.
    pub fn quota(&self, account: &str) -> SharedQuota {
        SharedQuota { journal: self.clone(), account: account.to_owned(), slot: None }
    }
}

impl SharedQuota {
    /// Takes one of as many slots for a request that is answered within `limit`, and says nothing; or says how long none is
    /// free.
    ///
    /// A slot is free one window after the answer. Where the program dies before, it stays taken for the longest time that
    /// the answer could have taken, so that a crash may only cost time.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted: nothing may be sent then.
    pub fn take(
        &mut self,
        slots: usize,
        limit: Duration,
        window: Duration,
    ) -> Result<Option<Duration>, JournalError> {
        if failpoint::is_without("shared requests") {
            return Ok(None);
        }
        let (now, held) = (self.journal.now(), ms(limit + window));
        let slots = i64::try_from(slots).unwrap_or(i64::MAX);
        let account = &self.account;
        let taken = self.journal.write(|transaction| {
            let paused = pause(transaction, account, now)?;
            if paused > now {
                return Ok(Err(paused));
            }
            // A clock that was set back makes no slot busy for longer than it can be.
            transaction.execute(
                "UPDATE slot SET free_at = ?2 + held_ms WHERE account = ?1 AND free_at > ?2 + held_ms",
                params![account, now],
            )?;
            transaction
                .execute("DELETE FROM slot WHERE account = ?1 AND free_at <= ?2", params![account, now])?;
            let busy: i64 =
                transaction
                    .query_row("SELECT count(*) FROM slot WHERE account = ?1", [account], |row| row.get(0))?;
            if busy >= slots {
                let free_at = transaction.query_row(
                    "SELECT free_at FROM slot WHERE account = ?1 ORDER BY free_at LIMIT 1 OFFSET ?2",
                    params![account, busy - slots],
                    |row| row.get(0),
                )?;
                return Ok(Err(free_at));
            }
            transaction.execute(
                "INSERT INTO slot (account, free_at, held_ms) VALUES (?1, ?2, ?3)",
                params![account, now.saturating_add(held), held],
            )?;
            Ok(Ok(transaction.last_insert_rowid()))
        })?;
        Ok(match taken {
            Ok(slot) => {
                self.slot = Some(slot);
                None
            }
            Err(free_at) => Some(duration(free_at.saturating_sub(now).max(1))),
        })
    }

    /// After how long each slot in use is free again, the earliest first; none takes longer than a window, as if what is under
    /// way were answered now.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub fn busy(&self, window: Duration) -> Result<Vec<Duration>, JournalError> {
        let now = self.journal.now();
        let left = |free_at: i64| duration(free_at.saturating_sub(now).min(ms(window)));
        self.journal.read(|connection| {
            let query = "SELECT free_at FROM slot WHERE account = ?1 AND free_at > ?2 ORDER BY free_at";
            let mut statement = connection.prepare(query)?;
            let busy = statement.query_map(params![self.account, now], |row| Ok(left(row.get(0)?)))?;
            busy.collect()
        })
    }

    /// Notes that the request was answered, or given up; a success gives a part of a retry back.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
    pub fn answered(&mut self, window: Duration, is_success: bool) -> Result<(), JournalError> {
        // The clock's milliseconds are rounded down: one more, and the window is over.
        let free_at = self.journal.now().saturating_add(ms(window)).saturating_add(1);
        let slot = self.slot.take();
        let account = &self.account;
        self.journal.write(|transaction| {
            transaction.execute("UPDATE slot SET free_at = ?2 WHERE id = ?1", params![slot, free_at])?;
            if is_success {
                transaction.execute(
                    "UPDATE account SET retry_tokens = min(retry_tokens + 1, ?2) WHERE name = ?1",
                    params![account, RETRY_TOKENS],
                )?;
            }
            Ok(())
        })
    }

    /// Has all programs leave the account alone for a time.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
    pub fn pause(&mut self, wait: Duration) -> Result<(), JournalError> {
        let until = self.journal.now().saturating_add(ms(wait.min(LONGEST_PAUSE)));
        let account = &self.account;
        self.journal.write(|transaction| {
            make(transaction, account)?;
            transaction.execute(
                "UPDATE account SET paused_until = max(paused_until, ?2) WHERE name = ?1",
                params![account, until],
            )?;
            Ok(())
        })
    }

    /// Pays for repeating a request; false where the account has nothing left to pay with.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
    pub fn spend(&mut self, tokens: u32) -> Result<bool, JournalError> {
        let account = &self.account;
        self.journal.write(|transaction| {
            make(transaction, account)?;
            let paid = transaction.execute(
                "UPDATE account SET retry_tokens = retry_tokens - ?2 WHERE name = ?1 AND retry_tokens >= ?2",
                params![account, tokens],
            )?;
            Ok(paid > 0)
        })
    }
}

fn make(transaction: &Transaction<'_>, account: &str) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT OR IGNORE INTO account (name, retry_tokens) VALUES (?1, ?2)",
        params![account, RETRY_TOKENS],
    )?;
    Ok(())
}

/// Until when the account is left alone.
fn pause(transaction: &Transaction<'_>, account: &str, now: i64) -> rusqlite::Result<i64> {
    let until: Option<i64> = transaction
        .query_row("SELECT paused_until FROM account WHERE name = ?1", [account], |row| row.get(0))
        .optional()?;
    let until = until.unwrap_or_default();
    // Nobody asks for more: the clock was set back.
    let longest = now.saturating_add(ms(LONGEST_PAUSE));
    if until > longest {
        transaction
            .execute("UPDATE account SET paused_until = ?2 WHERE name = ?1", params![account, longest])?;
    }
    Ok(until.min(longest))
}
