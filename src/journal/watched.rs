//! Files that were taken from a watched folder, from the moment they are claimed.

use rusqlite::{OptionalExtension as _, Row, params};

use super::{Journal, JournalError};

/// A file that is claimed.
#[derive(Clone, Debug)]
pub struct NewFile<'a> {
    /// The watched folder.
    pub folder: &'a str,
    /// The file's name in it.
    pub name: &'a str,
    /// What is in it, as SHA-256 in hexadecimal digits.
    pub sha256: &'a str,
    /// Its size in bytes.
    pub size: u64,
    /// The run that is to import it.
    pub run: &'a str,
}

/// How a claimed file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileEnd {
    /// It was imported.
    Done,
    /// It cannot be imported.
    Failed,
    /// Its content was imported before.
    Repeated,
    /// Somebody took it away.
    Gone,
}

impl FileEnd {
    /// The name used in the journal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Repeated => "repeated",
            Self::Gone => "gone",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Done, Self::Failed, Self::Repeated, Self::Gone].into_iter().find(|end| end.name() == name)
    }
}

/// A claimed file as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedFile {
    /// Its number.
    pub id: i64,
    /// Its name in the watched folder.
    pub name: String,
    /// What was in it when it was claimed.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was claimed, in milliseconds since 1970.
    pub claimed_at: i64,
    /// The run that imports it.
    pub run: String,
    /// How it ended, if it did.
    pub end: Option<FileEnd>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Why it ended so.
    pub reason: Option<String>,
    /// Rows by outcome, as JSON.
    pub totals: Option<String>,
}

const COLUMNS: &str = "id, name, sha256, size, claimed_at, run, state, ended_at, reason, totals";

fn record(row: &Row<'_>) -> rusqlite::Result<WatchedFile> {
    Ok(WatchedFile {
        id: row.get(0)?,
        name: row.get(1)?,
        sha256: row.get(2)?,
        size: u64::try_from(row.get::<_, i64>(3)?).unwrap_or_default(),
        claimed_at: row.get(4)?,
        run: row.get(5)?,
        end: FileEnd::named(&row.get::<_, String>(6)?),
        ended_at: row.get(7)?,
        reason: row.get(8)?,
        totals: row.get(9)?,
    })
}

impl Journal {
    /// Notes that a file is about to be taken from its folder; returns its number.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted: the file may not be taken then.
    pub fn claim_file(&self, file: &NewFile<'_>) -> Result<i64, JournalError> {
        let (now, size) = (self.now(), i64::try_from(file.size).unwrap_or(i64::MAX));
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO watched (folder, name, sha256, size, claimed_at, run, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'claimed')",
                params![file.folder, file.name, file.sha256, size, now, file.run],
            )?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Forgets a claim: the file is in its folder again.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
    pub fn unclaim_file(&self, id: i64) -> Result<(), JournalError> {
        self.write(|transaction| transaction.execute("DELETE FROM watched WHERE id = ?1", [id]))?;
        Ok(())
    }

    /// Notes how a file ended.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted: the file counts as claimed then.
    pub fn end_file(
        &self,
        id: i64,
        end: FileEnd,
        reason: Option<&str>,
        totals: Option<&str>,
    ) -> Result<(), JournalError> {
        let now = self.now();
        self.write(|transaction| {
            transaction.execute(
                "UPDATE watched SET state = ?2, ended_at = ?3, reason = ?4, totals = ?5 WHERE id = ?1",
                params![id, end.name(), now, reason, totals],
            )
        })?;
        Ok(())
    }

    /// The claimed files of a folder that have not ended, in the order in which they were claimed.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn claimed_files(&self, folder: &str) -> Result<Vec<WatchedFile>, JournalError> {
        self.files("folder = ?1 AND state = 'claimed' ORDER BY id", folder)
    }

    /// The file of a folder with this number.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn watched_file(&self, folder: &str, id: i64) -> Result<Option<WatchedFile>, JournalError> {
        let query = format!("SELECT {COLUMNS} FROM watched WHERE folder = ?1 AND id = ?2");
        self.read(|connection| connection.query_row(&query, params![folder, id], record).optional())
    }

    /// The file of a folder that had this content and was imported.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn imported_file(&self, folder: &str, sha256: &str) -> Result<Option<WatchedFile>, JournalError> {
        let query = format!(
            "SELECT {COLUMNS} FROM watched WHERE folder = ?1 AND sha256 = ?2 AND state = 'done' LIMIT 1"
        );
        self.read(|connection| connection.query_row(&query, [folder, sha256], record).optional())
    }

    /// The files of a folder that ended last, the latest first.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn ended_files(&self, folder: &str) -> Result<Vec<WatchedFile>, JournalError> {
        self.files("folder = ?1 AND state != 'claimed' ORDER BY ended_at DESC, id DESC LIMIT 50", folder)
    }

    /// Forgets files that ended before this moment, in milliseconds since 1970. What was imported is remembered longer than
    /// the rest, so that its content is known when it comes again.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be changed.
    pub fn forget_files(&self, folder: &str, before: i64) -> Result<(), JournalError> {
        const REMEMBERED: i64 = 400 * 24 * 3600 * 1000;

        let long_before = before.min(self.now().saturating_sub(REMEMBERED));
        self.write(|transaction| {
            transaction.execute(
                "DELETE FROM watched WHERE folder = ?1 AND state != 'claimed'
                     AND ended_at < CASE state WHEN 'done' THEN ?2 ELSE ?3 END",
                params![folder, long_before, before],
            )
        })?;
        Ok(())
    }

    fn files(&self, which: &str, folder: &str) -> Result<Vec<WatchedFile>, JournalError> {
        self.read(|connection| {
            let query = format!("SELECT {COLUMNS} FROM watched WHERE {which}");
            let mut statement = connection.prepare(&query)?;
            statement.query_map([folder], record)?.collect()
        })
    }
}
