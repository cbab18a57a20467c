//! The runs of imports, from start to end.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{OptionalExtension as _, Row, params};

use super::{Journal, JournalError, ms};

/// How long the contacts of a finished run are kept.
const KEPT: Duration = Duration::from_hours(90 * 24);

/// An import that starts.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    /// The run id.
    pub id: &'a str,
    /// The account it posts to.
    pub account: &'a str,
    /// The stream of the account.
    pub stream: &'a str,
    /// A hash that is equal for equal inputs, settings and target.
    pub fingerprint: &'a str,
    /// The options to start it again, as JSON, without secrets.
    pub command: &'a str,
    /// The folder of its files.
    pub folder: &'a Path,
}

/// The final result of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every row has its outcome.
    Finished,
    /// The user declined to post.
    Declined,
    /// An input or a suppression list could not be used, and nothing was sent.
    Failed,
}

/// The reason why an unfinished run will not be resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandoned {
    /// The user discarded it.
    Discarded,
    /// A later import of the same files finished.
    Replaced,
}

impl Abandoned {
    /// Returns the name used in the journal and by `rollcall runs`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discarded => "discarded",
            Self::Replaced => "replaced",
        }
    }
}

impl Ending {
    /// Returns the name used in the journal and by `rollcall runs`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Declined => "declined",
            Self::Failed => "failed",
        }
    }
}

/// A run in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// The run id.
    pub id: String,
    /// The account it posts to.
    pub account: String,
    /// The stream of the account.
    pub stream: String,
    /// A hash that is equal for equal inputs, settings and target.
    pub fingerprint: String,
    /// The options to start it again, as JSON.
    pub command: String,
    /// The folder of its files.
    pub folder: PathBuf,
    /// The start time, in milliseconds since 1970.
    pub opened_at: i64,
    /// The time of the final end.
    pub closed_at: Option<i64>,
    /// The final result, or why it was abandoned.
    pub ending: Option<String>,
    /// The reason why it stopped before its end.
    pub reason: Option<String>,
    /// Rows by outcome, as JSON, from the last report.
    pub totals: Option<String>,
}

const COLUMNS: &str = "id, account, stream, command, folder, opened_at, closed_at, coalesce(abandoned, ending), reason, totals, fingerprint";

fn record(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        id: row.get(0)?,
        account: row.get(1)?,
        stream: row.get(2)?,
        command: row.get(3)?,
        folder: PathBuf::from(row.get::<_, String>(4)?),
        opened_at: row.get(5)?,
        closed_at: row.get(6)?,
        ending: row.get(7)?,
        reason: row.get(8)?,
        totals: row.get(9)?,
        fingerprint: row.get(10)?,
    })
}

impl Journal {
    /// Returns the latest unfinished import with this fingerprint.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn unfinished(&self, fingerprint: &str) -> Result<Option<RunRecord>, JournalError> {
        let query = format!(
            "SELECT {COLUMNS} FROM run WHERE fingerprint = ?1 AND closed_at IS NULL ORDER BY opened_at DESC, id DESC"
        );
        self.read(|connection| connection.query_row(&query, [fingerprint], record).optional())
    }

    /// Records that an import starts.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded; the import must not start then.
    pub fn open_run(&self, run: &NewRun<'_>) -> Result<(), JournalError> {
        let (now, folder) = (self.now(), run.folder.display().to_string());
        self.write(|transaction| {
            // The contacts are no longer needed; the result of the run is kept.
            for table in ["contact", "refused", "batch"] {
                transaction.execute(
                    &format!("DELETE FROM {table} WHERE run IN (SELECT id FROM run WHERE closed_at < ?1)"),
                    [now.saturating_sub(ms(KEPT))],
                )?;
            }
            transaction.execute(
                "INSERT INTO run (id, account, stream, fingerprint, command, folder, opened_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![run.id, run.account, run.stream, run.fingerprint, run.command, folder, now],
            )
        })?;
        Ok(())
    }

    /// Records the new folder of a resumed run.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded.
    pub fn continue_run(&self, id: &str, folder: &Path) -> Result<(), JournalError> {
        let folder = folder.display().to_string();
        self.write(|transaction| {
            transaction
                .execute("UPDATE run SET folder = ?2, reason = NULL WHERE id = ?1", params![id, folder])
        })?;
        Ok(())
    }

    /// Records the final end of a run.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded; the run then counts as unfinished.
    pub fn close_run(&self, id: &str, ending: Ending, totals: &str) -> Result<(), JournalError> {
        let now = self.now();
        self.write(|transaction| {
            transaction.execute(
                "UPDATE run SET closed_at = ?2, ending = ?3, abandoned = NULL, reason = NULL, totals = ?4 WHERE id = ?1",
                params![id, now, ending.name(), Some(totals).filter(|totals| !totals.is_empty())],
            )
        })?;
        Ok(())
    }

    /// Records that an unfinished run will not be resumed. Its totals stay as they are, and contacts whose creation is
    /// unknown are still reconciled by the next import. Returns `false` if the run is not unfinished.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded.
    pub fn abandon_run(&self, id: &str, why: Abandoned) -> Result<bool, JournalError> {
        let now = self.now();
        let changed = self.write(|transaction| {
            transaction.execute(
                "UPDATE run SET closed_at = ?2, abandoned = ?3 WHERE id = ?1 AND closed_at IS NULL",
                params![id, now, why.name()],
            )
        })?;
        Ok(changed > 0)
    }

    /// Records why a run stopped; it can be resumed.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded.
    pub fn stop_run(&self, id: &str, reason: &str, totals: Option<&str>) -> Result<(), JournalError> {
        self.write(|transaction| {
            transaction.execute(
                // A run that was abandoned while its user was asked is live again.
                "UPDATE run SET closed_at = NULL, abandoned = NULL, reason = ?2, totals = coalesce(?3, totals) WHERE id = ?1",
                params![id, reason, totals],
            )
        })?;
        Ok(())
    }

    /// Returns the run with this id.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn run(&self, id: &str) -> Result<Option<RunRecord>, JournalError> {
        let query = format!("SELECT {COLUMNS} FROM run WHERE id = ?1");
        self.read(|connection| connection.query_row(&query, [id], record).optional())
    }

    /// Returns all runs, the latest first.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn runs(&self) -> Result<Vec<RunRecord>, JournalError> {
        self.read(|connection| {
            let query = format!("SELECT {COLUMNS} FROM run ORDER BY opened_at DESC, id DESC");
            let mut statement = connection.prepare(&query)?;
            let records = statement.query_map([], record)?;
            records.collect()
        })
    }
}
