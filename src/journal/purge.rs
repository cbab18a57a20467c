//! Deletes the people in the journal permanently.

use std::time::Duration;

use rusqlite::params;

use super::{Journal, JournalError, RunRecord, ms};
use crate::contact::E164;

/// The entries to delete; all given conditions must be true.
#[derive(Clone, Debug, Default)]
pub struct Purge {
    /// Minimum age since the end.
    pub older_than: Option<Duration>,
    /// The account, as named in runs, or its id alone.
    pub account: Option<String>,
    /// The run.
    pub run: Option<String>,
    /// The number of one person.
    pub number: Option<E164>,
}

/// The deleted entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Contacts of runs.
    pub contacts: u64,
    /// Snapshots of existing contacts; the next import reads them again.
    pub readings: u64,
    /// The affected runs. They are deleted too, unless one number was given.
    pub runs: Vec<RunRecord>,
    /// Unfinished runs that contain matching entries. They are kept, because resuming needs them.
    pub open: Vec<String>,
    /// Another process is reading the journal, so its files still contain the deleted entries.
    pub is_blocked: bool,
}

impl Journal {
    /// Deletes the entries and overwrites them in the file.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be written.
    pub fn purge(&self, purge: &Purge) -> Result<Purged, JournalError> {
        let before = purge.older_than.map(|age| self.now().saturating_sub(ms(age)));
        let is_of_account = |account: &str| {
            purge.account.as_deref().is_none_or(|wanted| {
                account == wanted || account.rsplit(' ').next().is_some_and(|id| id == wanted)
            })
        };
        let number = purge.number.map(|number| number.to_string());
        let mut purged = Purged::default();
        for run in self.runs()? {
            let is_wanted = is_of_account(&run.account) && purge.run.as_ref().is_none_or(|id| *id == run.id);
            match run.closed_at {
                Some(closed_at) if is_wanted && before.is_none_or(|before| closed_at < before) => {
                    purged.runs.push(run);
                }
                None if is_wanted
                    && before.is_none_or(|before| run.opened_at < before)
                    && self.has_contact(&run.id, number.as_deref())? =>
                {
                    purged.open.push(run.id);
                }
                _ => {}
            }
        }
        // Overwrite deleted data in free pages.
        self.read(|connection| connection.pragma_update(None, "secure_delete", true))?;
        self.write(|transaction| {
            for run in &purged.runs {
                let contacts = "DELETE FROM contact WHERE run = ?1 AND (?2 IS NULL OR number = ?2)";
                let deleted = transaction.execute(contacts, params![run.id, number])?;
                purged.contacts += u64::try_from(deleted).unwrap_or_default();
                let refused = "DELETE FROM refused WHERE run = ?1 AND (?2 IS NULL OR number = ?2)";
                transaction.execute(refused, params![run.id, number])?;
                if number.is_none() {
                    transaction.execute("DELETE FROM batch WHERE run = ?1", [&run.id])?;
                    transaction.execute("DELETE FROM run WHERE id = ?1", [&run.id])?;
                }
            }
            if purge.run.is_some() && number.is_none() {
                return Ok(());
            }
            // Include snapshots that were never finished: they contain people too.
            let accounts: Vec<(i64, String)> = transaction
                .prepare(
                    "SELECT id, account FROM snapshot WHERE ?1 IS NULL OR coalesce(read_at, begun_at) < ?1",
                )?
                .query_map([before], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            for (id, _) in accounts.iter().filter(|(_, account)| is_of_account(account)) {
                transaction.execute("DELETE FROM snapshot_page WHERE snapshot = ?1", [id])?;
                transaction.execute("DELETE FROM snapshot WHERE id = ?1", [id])?;
                purged.readings += 1;
            }
            Ok(())
        })?;
        purged.is_blocked = self.read(|connection| {
            connection.execute_batch("VACUUM")?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        })?;
        Ok(purged)
    }

    /// Returns whether a run has a contact with this number; `true` without a number.
    fn has_contact(&self, run: &str, number: Option<&str>) -> Result<bool, JournalError> {
        let Some(number) = number else { return Ok(true) };
        let query = "SELECT EXISTS (SELECT 1 FROM contact WHERE run = ?1 AND number = ?2)";
        self.read(|connection| connection.query_row(query, [run, number], |row| row.get(0)))
    }
}
