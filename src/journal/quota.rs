//! What all imports share that use one account and one journal: the account's requests of a minute, its pauses, and how often
//! a request may be repeated.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Journal, JournalError, duration, ms};
use crate::failpoint;

/// How often requests may be repeated before the account is left alone.
const RETRY_TOKENS: i64 = 100;

/// The longest pause that is believed.
const LONGEST_PAUSE: Duration = Duration::from_hours(31 * 24);

/// A number of requests in a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Requests in one window.
    pub slots: usize,
    /// Its length.
    pub window: Duration,
}

/// The limits of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// That of a minute.
    pub minute: Limit,
    /// That of an hour, if there is one.
    pub hour: Option<Limit>,
}

/// Which of the limits a slot belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The one of a minute.
    Minute,
    /// The one of an hour.
    Hour,
}

impl Limits {
    fn each(&self) -> impl Iterator<Item = (Span, Limit)> {
        let hour = self.hour.map(|limit| (Span::Hour, limit));
        [(Span::Minute, self.minute)].into_iter().chain(hour)
    }
}

/// The account's requests, as one program uses them.
#[derive(Clone)]
pub struct SharedQuota {
    journal: Journal,
    account: String,
    /// The slots of the request under way, one of each limit.
    slots: Vec<(i64, Span)>,
}

impl Journal {
    /// The shared requests of an account.
    pub fn quota(&self, account: &str) -> SharedQuota {
        SharedQuota { journal: self.clone(), account: account.to_owned(), slots: Vec::new() }
    }
}

impl SharedQuota {
    /// Takes a slot of each limit for a request that is answered within `longest_answer`, and says nothing; or says how long there
    /// is none, or the account is to be left alone.
    ///
    /// A slot is free one window after the answer. Where the program dies before, it stays taken for the longest time that
    /// the answer could have taken, so that a crash may only cost time.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted: nothing may be sent then.
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
            // A clock that was set back makes no slot busy for longer than it can be.
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

    /// After how long each slot in use of a limit is free again, the earliest first; none takes longer than a window, as if what
    /// is under way were answered now.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
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

    /// Notes that the request was answered, or given up; a success gives a part of a retry back.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
    pub fn answered(&mut self, limits: &Limits, is_success: bool) -> Result<(), JournalError> {
        let now = self.journal.now();
        let slots = std::mem::take(&mut self.slots);
        let account = &self.account;
        self.journal.write(|transaction| {
            for (id, span) in slots {
                let limit = limits.each().find(|(of, _)| *of == span);
                let window = limit.map_or(limits.minute.window, |(_, limit)| limit.window);
                // The clock's milliseconds are rounded down: one more, and the window is over.
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

    /// Has all programs leave the account alone for a time.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
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

/// When a slot of a limit is free, where none is.
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

/// Until when the account is left alone.
fn pause(transaction: &Transaction<'_>, account: &str, now: i64) -> rusqlite::Result<i64> {
    let query = "SELECT paused_until, pause_ms FROM account WHERE name = ?1";
    let found: Option<(i64, i64)> =
        transaction.query_row(query, [account], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (until, length) = found.unwrap_or_default();
    // Nobody asked for more: the clock was set back.
    let longest = now.saturating_add(length);
    if until > longest {
        transaction
            .execute("UPDATE account SET paused_until = ?2 WHERE name = ?1", params![account, longest])?;
    }
    Ok(until.min(longest))
}
