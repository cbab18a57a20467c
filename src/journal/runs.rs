//! Imports, from their beginning to their end.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{OptionalExtension as _, Row, params};

use super::{Journal, JournalError, ms};

/// How long the contacts of a run that is over are kept.
const KEPT: Duration = Duration::from_hours(90 * 24);

/// An import that begins.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    /// Its name.
    pub id: &'a str,
    /// The account it posts to.
    pub account: &'a str,
    /// The stream of the account whose contacts they are.
    pub stream: &'a str,
    /// The same for the same inputs, settings and target.
    pub fingerprint: &'a str,
    /// What is needed to begin it again, as JSON, without secrets.
    pub command: &'a str,
    /// Where its files go.
    pub folder: &'a Path,
}

/// How a run ended for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every row has its outcome.
    Finished,
    /// The user did not want anything posted.
    Declined,
    /// An input could not be read, and nothing was sent.
    Failed,
}

impl Ending {
    /// The name used in the journal and by `rollcall runs`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Declined => "declined",
            Self::Failed => "failed",
        }
    }
}

/// A run as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Its name.
    pub id: String,
    /// The account it posts to.
    pub account: String,
    /// The stream of the account.
    pub stream: String,
    /// What is needed to begin it again, as JSON.
    pub command: String,
    /// Where its files go.
    pub folder: PathBuf,
    /// When it began, in milliseconds since 1970.
    pub opened_at: i64,
    /// When it ended for good.
    pub closed_at: Option<i64>,
    /// How it ended for good.
    pub ending: Option<String>,
    /// Why it stopped before that.
    pub reason: Option<String>,
    /// Rows by outcome, as JSON, as they were reported last.
    pub totals: Option<String>,
}

const COLUMNS: &str = "id, account, stream, command, folder, opened_at, closed_at, ending, reason, totals";

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
    })
}

impl Journal {
    /// The import with this fingerprint that is not finished, the latest if there are several.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn unfinished(&self, fingerprint: &str) -> Result<Option<RunRecord>, JournalError> {
        let query = format!(
            "SELECT {COLUMNS} FROM run WHERE fingerprint = ?1 AND closed_at IS NULL ORDER BY opened_at DESC, id DESC"
        );
        self.read(|connection| connection.query_row(&query, [fingerprint], record).optional())
    }

    /// Notes that an import begins.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted: the import may not begin then.
    pub fn open_run(&self, run: &NewRun<'_>) -> Result<(), JournalError> {
        let (now, folder) = (self.now(), run.folder.display().to_string());
        self.write(|transaction| {
            // What nobody asks about any more: how the run ended is kept.
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

    /// Notes where the files of a run go, now that it is gone on with.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
    pub fn continue_run(&self, id: &str, folder: &Path) -> Result<(), JournalError> {
        let folder = folder.display().to_string();
        self.write(|transaction| {
            transaction
                .execute("UPDATE run SET folder = ?2, reason = NULL WHERE id = ?1", params![id, folder])
        })?;
        Ok(())
    }

    /// Notes that a run ended for good.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted: the run then counts as unfinished.
    pub fn close_run(&self, id: &str, ending: Ending, totals: &str) -> Result<(), JournalError> {
        let now = self.now();
        self.write(|transaction| {
            transaction.execute(
                "UPDATE run SET closed_at = ?2, ending = ?3, reason = NULL, totals = ?4 WHERE id = ?1",
                params![id, now, ending.name(), Some(totals).filter(|totals| !totals.is_empty())],
            )
        })?;
        Ok(())
    }

    /// Notes why a run stopped; it can be gone on with.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
    pub fn stop_run(&self, id: &str, reason: &str, totals: Option<&str>) -> Result<(), JournalError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE run SET reason = ?2, totals = coalesce(?3, totals) WHERE id = ?1",
                params![id, reason, totals],
            )
        })?;
        Ok(())
    }

    /// The run of this name.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn run(&self, id: &str) -> Result<Option<RunRecord>, JournalError> {
        let query = format!("SELECT {COLUMNS} FROM run WHERE id = ?1");
        self.read(|connection| connection.query_row(&query, [id], record).optional())
    }

    /// All runs, the latest first.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn runs(&self) -> Result<Vec<RunRecord>, JournalError> {
        self.read(|connection| {
            let query = format!("SELECT {COLUMNS} FROM run ORDER BY opened_at DESC, id DESC");
            let mut statement = connection.prepare(&query)?;
            let records = statement.query_map([], record)?;
            records.collect()
        })
    }
}
