//! The quota that all imports with one account and journal share: the requests per minute and hour, the pauses, and
//! the retry budget.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Journal, JournalError, duration, ms};
use crate::failpoint;

/// The retry budget of an account.
const RETRY_TOKENS: i64 = 100;

/// The longest pause that is honored.
const LONGEST_PAUSE: Duration = Duration::from_hours(31 * 24);

/// A number of requests in a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Requests per window.
    pub slots: usize,
    /// The length of the window.
    pub window: Duration,
}

/// The limits of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The limit per minute.
    pub minute: Limit,
    /// The limit per hour, if there is one.
    pub hour: Option<Limit>,
}

/// The limit that a slot belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The limit per minute.
    Minute,
    /// The limit per hour.
    Hour,
}

impl Limits {
    fn each(&self) -> impl Iterator<Item = (Span, Limit)> {
        let hour = self.hour.map(|limit| (Span::Hour, limit));
        [(Span::Minute, self.minute)].into_iter().chain(hour)
    }
}

/// The account's quota, as one program uses it.
#[derive(Clone)]
pub struct SharedQuota {
    journal: Journal,
    account: String,
    /// The slots of the current request, one per limit.
    slots: Vec<(i64, Span)>,
}

impl Journal {
    /// Returns the shared quota of an account.
    pub fn quota(&self, account: &str) -> SharedQuota {
        SharedQuota { journal: self.clone(), account: account.to_owned(), slots: Vec::new() }
    }
}

impl SharedQuota {
    /// Reserves one slot of each limit for a request that is answered within `longest_answer`. `None` on success,
    /// else how long until a slot is free or the account's pause ends.
    ///
    /// A slot is free one window after the response. If the program dies before, the slot stays taken for the longest
    /// time that the response could have taken, so a crash costs only time.
    ///
    /// # Errors
    ///
    /// Returns an error if the slots cannot be recorded; nothing must be sent then.
    pub fn take(
        &mut self,
        limits: &Limits,
        longest_answer: Duration,
    ) -> Result<Option<Duration>, JournalError> {
        if failpoint::is_without("shared requests") {
            return Ok(None);
        }
        let now = self.journal.now();
        let account = &self.account;
        let taken = self.journal.write(|transaction| {
            let paused = pause(transaction, account, now)?;
            if paused > now {
                return Ok(Err(paused));
            }
            // Setting the clock back keeps no slot busy longer than it can be.
            transaction.execute(
                "UPDATE slot SET free_at = ?2 + held_ms WHERE account = ?1 AND free_at > ?2 + held_ms",
                params![account, now],
            )?;
            transaction
                .execute("DELETE FROM slot WHERE account = ?1 AND free_at <= ?2", params![account, now])?;
            for (span, limit) in limits.each() {
                if let Some(free_at) = busy_until(transaction, account, span, limit)? {
                    return Ok(Err(free_at));
                }
            }
            let mut slots = Vec::new();
            for (span, limit) in limits.each() {
                let held = ms(longest_answer + limit.window);
                transaction.execute(
                    "INSERT INTO slot (account, free_at, held_ms, is_of_hour) VALUES (?1, ?2, ?3, ?4)",
                    params![account, now.saturating_add(held), held, span == Span::Hour],
                )?;
                slots.push((transaction.last_insert_rowid(), span));
            }
            Ok(Ok(slots))
        })?;
        Ok(match taken {
            Ok(slots) => {
                self.slots = slots;
                None
            }
            Err(free_at) => Some(duration(free_at.saturating_sub(now).max(1))),
        })
    }

    /// Returns the time until each used slot of a limit is free, earliest first, at most one window each, as if
    /// current requests were answered now.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn busy(&self, span: Span, window: Duration) -> Result<Vec<Duration>, JournalError> {
        let now = self.journal.now();
        let left = |free_at: i64| duration(free_at.saturating_sub(now).min(ms(window)));
        self.journal.read(|connection| {
            let query = "SELECT free_at FROM slot WHERE account = ?1 AND free_at > ?2 AND is_of_hour = ?3 ORDER BY free_at";
            let mut statement = connection.prepare(query)?;
            let busy = statement
                .query_map(params![self.account, now, span == Span::Hour], |row| Ok(left(row.get(0)?)))?;
            busy.collect()
        })
    }

    /// Records that the request was answered or abandoned. A success restores a part of the retry budget.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded.
    pub fn answered(&mut self, limits: &Limits, is_success: bool) -> Result<(), JournalError> {
        let now = self.journal.now();
        let slots = std::mem::take(&mut self.slots);
        let account = &self.account;
        self.journal.write(|transaction| {
            for (id, span) in slots {
                let limit = limits.each().find(|(of, _)| *of == span);
                let window = limit.map_or(limits.minute.window, |(_, limit)| limit.window);
                // The clock rounds milliseconds down: with one more, the window is over.
                let free_at = now.saturating_add(ms(window)).saturating_add(1);
                transaction.execute("UPDATE slot SET free_at = ?2 WHERE id = ?1", params![id, free_at])?;
            }
            if is_success {
                transaction.execute(
                    "UPDATE account SET retry_tokens = min(retry_tokens + 1, ?2) WHERE name = ?1",
                    params![account, RETRY_TOKENS],
                )?;
            }
            Ok(())
        })
    }

    /// Pauses all programs that use the account.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded.
    pub fn pause(&mut self, wait: Duration) -> Result<(), JournalError> {
        let wait = ms(wait.min(LONGEST_PAUSE));
        let until = self.journal.now().saturating_add(wait);
        let account = &self.account;
        self.journal.write(|transaction| {
            make(transaction, account)?;
            transaction.execute(
                "UPDATE account SET paused_until = ?2, pause_ms = ?3 WHERE name = ?1 AND paused_until < ?2",
                params![account, until, wait],
            )?;
            Ok(())
        })
    }

    /// Pays for a retry. Returns `false` if the retry budget is spent.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded.
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

/// Returns when a slot of a limit is free, if none is free now.
fn busy_until(
    transaction: &Transaction<'_>,
    account: &str,
    span: Span,
    limit: Limit,
) -> rusqlite::Result<Option<i64>> {
    let slots = i64::try_from(limit.slots).unwrap_or(i64::MAX);
    let is_of_hour = span == Span::Hour;
    let busy: i64 = transaction.query_row(
        "SELECT count(*) FROM slot WHERE account = ?1 AND is_of_hour = ?2",
        params![account, is_of_hour],
        |row| row.get(0),
    )?;
    if busy < slots {
        return Ok(None);
    }
    let free_at = transaction.query_row(
        "SELECT free_at FROM slot WHERE account = ?1 AND is_of_hour = ?2 ORDER BY free_at LIMIT 1 OFFSET ?3",
        params![account, is_of_hour, busy - slots],
        |row| row.get(0),
    )?;
    Ok(Some(free_at))
}

/// Returns when the account's pause ends.
fn pause(transaction: &Transaction<'_>, account: &str, now: i64) -> rusqlite::Result<i64> {
    let query = "SELECT paused_until, pause_ms FROM account WHERE name = ?1";
    let found: Option<(i64, i64)> =
        transaction.query_row(query, [account], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (until, length) = found.unwrap_or_default();
    // No pause is longer than this: the clock was set back.
    let longest = now.saturating_add(length);
    if until > longest {
        transaction
            .execute("UPDATE account SET paused_until = ?2 WHERE name = ?1", params![account, longest])?;
    }
    Ok(until.min(longest))
}
