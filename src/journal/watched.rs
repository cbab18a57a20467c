//! Files taken from a watched folder, from the moment they are claimed.

use rusqlite::{OptionalExtension as _, Row, params};

use super::{Journal, JournalError};

/// A file to claim.
#[derive(Clone, Debug)]
pub struct NewFile<'a> {
    /// The watched folder.
    pub folder: &'a str,
    /// The file name in the folder.
    pub name: &'a str,
    /// The SHA-256 of the content, in hexadecimal.
    pub sha256: &'a str,
    /// The size in bytes.
    pub size: u64,
    /// The run that will import it.
    pub run: &'a str,
}

/// The result of a claimed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileEnd {
    /// Imported.
    Done,
    /// Cannot be imported.
    Failed,
    /// Its content was imported before.
    Repeated,
    /// Removed by another program or a person.
    Gone,
}

impl FileEnd {
    /// Returns the name used in the journal.
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

/// A claimed file in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedFile {
    /// The id.
    pub id: i64,
    /// The file name in the watched folder.
    pub name: String,
    /// The SHA-256 of the content when it was claimed.
    pub sha256: String,
    /// The size in bytes.
    pub size: u64,
    /// The time of the claim, in milliseconds since 1970.
    pub claimed_at: i64,
    /// The run that imports it.
    pub run: String,
    /// The result, if there is one.
    pub end: Option<FileEnd>,
    /// The time of the result.
    pub ended_at: Option<i64>,
    /// The reason of the result.
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
    /// Records that a file is about to be taken from its folder. Returns its id.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded; the file must not be taken then.
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

    /// Removes a claim: the file is in its folder again.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be written.
    pub fn unclaim_file(&self, id: i64) -> Result<(), JournalError> {
        self.write(|transaction| transaction.execute("DELETE FROM watched WHERE id = ?1", [id]))?;
        Ok(())
    }

    /// Records the result of a file.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded; the file still counts as claimed then.
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

    /// Returns the claimed files of a folder without a result, in the order of their claims.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn claimed_files(&self, folder: &str) -> Result<Vec<WatchedFile>, JournalError> {
        self.files("folder = ?1 AND state = 'claimed' ORDER BY id", folder)
    }

    /// Returns the file of a folder with this id.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn watched_file(&self, folder: &str, id: i64) -> Result<Option<WatchedFile>, JournalError> {
        let query = format!("SELECT {COLUMNS} FROM watched WHERE folder = ?1 AND id = ?2");
        self.read(|connection| connection.query_row(&query, params![folder, id], record).optional())
    }

    /// Returns a file of a folder with this content that was imported to this account. If the record of its import was
    /// purged, the account is unknown and the file counts.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn imported_file(
        &self,
        folder: &str,
        sha256: &str,
        account: &str,
    ) -> Result<Option<WatchedFile>, JournalError> {
        let query = format!(
            "SELECT {COLUMNS} FROM watched WHERE folder = ?1 AND sha256 = ?2 AND state = 'done' \
             AND NOT EXISTS (SELECT 1 FROM run WHERE run.id = watched.run AND run.account != ?3) LIMIT 1"
        );
        self.read(|connection| connection.query_row(&query, [folder, sha256, account], record).optional())
    }

    /// Returns the last finished files of a folder, the latest first.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn ended_files(&self, folder: &str) -> Result<Vec<WatchedFile>, JournalError> {
        self.files("folder = ?1 AND state != 'claimed' ORDER BY ended_at DESC, id DESC LIMIT 50", folder)
    }

    /// Deletes files that finished before this moment, in milliseconds since 1970. Imported files are kept longer, so
    /// that their content is recognized if it comes again.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be written.
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
