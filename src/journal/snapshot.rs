//! Snapshots: the existing contacts of the last read, so that the next import need not read them again.
//!
//! Contacts are stored a page at a time, as they arrive, because the next import reads all of them anyway. A complete
//! snapshot replaces the previous one.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Journal, JournalError};
use crate::contact::{Region, StoredContact};

/// Age at which an unfinished snapshot is deleted.
const LONGEST_READING_MS: i64 = 24 * 60 * 60 * 1000;

/// Contacts stored together, unless the pages are larger.
const PAGE: usize = 1000;

/// The snapshots of one stream.
#[derive(Clone)]
pub struct Snapshots {
    journal: Journal,
    account: String,
    stream: String,
    /// The region of numbers without a country code; `None` to read them as written.
    region: Option<Region>,
}

/// The facts about a snapshot, without its contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    id: i64,
    /// The time of the read, in milliseconds since 1970.
    pub read_at: i64,
    /// The age; `None` if the clock was set back since.
    pub age_ms: Option<u64>,
    /// The command that read it.
    pub how: String,
    /// The count that the platform should report now, if it reports one.
    pub expected: Option<u64>,
    /// Contacts per page, as granted by the platform.
    pub page_size: u64,
}

/// A snapshot that is being written.
pub struct SnapshotWriter {
    snapshots: Snapshots,
    id: i64,
    page: Vec<StoredContact>,
    /// Whether some numbers would differ in another region.
    depends_on_region: bool,
    is_finished: bool,
}

impl Journal {
    /// Returns the snapshots of an account's stream; numbers without a country code are read as numbers of `region`.
    pub fn snapshots(&self, account: &str, stream: &str, region: Option<Region>) -> Snapshots {
        Snapshots { journal: self.clone(), account: account.to_owned(), stream: stream.to_owned(), region }
    }
}

impl Snapshots {
    /// Returns the last complete snapshot, if there is one and its numbers would be read the same way today.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn latest(&self) -> Result<Option<Snapshot>, JournalError> {
        let now = self.journal.now();
        self.journal.read(|connection| {
            let query = "SELECT id, read_at, how, expected, page_size FROM snapshot
                 WHERE account = ?1 AND stream = ?2 AND read_at IS NOT NULL AND (region IS NULL OR region = ?3)
                 ORDER BY read_at DESC, id DESC LIMIT 1";
            let row = |row: &rusqlite::Row<'_>| {
                let read_at: i64 = row.get(1)?;
                Ok(Snapshot {
                    id: row.get(0)?,
                    read_at,
                    age_ms: u64::try_from(now.saturating_sub(read_at)).ok(),
                    how: row.get(2)?,
                    expected: row.get::<_, Option<i64>>(3)?.and_then(|total| u64::try_from(total).ok()),
                    page_size: u64::try_from(row.get::<_, i64>(4)?).unwrap_or_default(),
                })
            };
            connection.query_row(query, params![self.account, self.stream, self.region()], row).optional()
        })
    }

    /// Returns the region as stored.
    fn region(&self) -> String {
        self.region.map(|region| region.to_string()).unwrap_or_default()
    }

    /// Passes all contacts of a snapshot to `each`; none if the snapshot was replaced.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn read(&self, snapshot: &Snapshot, mut each: impl FnMut(StoredContact)) -> Result<(), JournalError> {
        self.journal.read(|connection| {
            // An unfinished snapshot may have the same id after this one was deleted.
            let mut statement = connection.prepare(
                "SELECT contacts FROM snapshot_page JOIN snapshot ON snapshot.id = snapshot_page.snapshot
                 WHERE snapshot.id = ?1 AND read_at = ?2 ORDER BY snapshot_page.id",
            )?;
            let mut rows = statement.query([snapshot.id, snapshot.read_at])?;
            while let Some(row) = rows.next()? {
                let page: Vec<StoredContact> =
                    postcard::from_bytes(row.get_ref(0)?.as_blob()?).map_err(|error| {
                        let kind = rusqlite::types::Type::Blob;
                        rusqlite::Error::FromSqlConversionFailure(0, kind, Box::new(error))
                    })?;
                page.into_iter().for_each(&mut each);
            }
            Ok(())
        })
    }

    /// Starts a snapshot; the current one stays until the new one is complete.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be stored.
    pub fn begin(&self, how: &str) -> Result<SnapshotWriter, JournalError> {
        let now = self.journal.now();
        let id = self.journal.write(|transaction| {
            let given_up = now.saturating_sub(LONGEST_READING_MS);
            self.delete(transaction, "read_at IS NULL AND begun_at < ?3", given_up)?;
            transaction.execute(
                "INSERT INTO snapshot (account, stream, begun_at, how) VALUES (?1, ?2, ?3, ?4)",
                params![self.account, self.stream, now, how],
            )?;
            Ok(transaction.last_insert_rowid())
        })?;
        let snapshots = self.clone();
        Ok(SnapshotWriter { snapshots, id, page: Vec::new(), depends_on_region: false, is_finished: false })
    }

    /// Deletes all complete snapshots up to this one, because it is no longer valid.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be written.
    pub fn forget(&self, snapshot: &Snapshot) -> Result<(), JournalError> {
        self.journal.write(|transaction| self.delete(transaction, "read_at <= ?3", snapshot.read_at))
    }

    fn delete(&self, transaction: &Transaction<'_>, which: &str, value: i64) -> rusqlite::Result<()> {
        let those = format!("(SELECT id FROM snapshot WHERE account = ?1 AND stream = ?2 AND {which})");
        for query in [
            format!("DELETE FROM snapshot_page WHERE snapshot IN {those}"),
            format!("DELETE FROM snapshot WHERE id IN {those}"),
        ] {
            transaction.execute(&query, params![self.account, self.stream, value])?;
        }
        Ok(())
    }

    /// Adds contacts that were found after those of a snapshot. Returns `false` and adds nothing if another program
    /// has read or posted since.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be stored.
    pub fn add_found(&self, snapshot: &Snapshot, found: &[StoredContact]) -> Result<bool, JournalError> {
        let expected = snapshot.expected.and_then(|expected| i64::try_from(expected).ok());
        let count = i64::try_from(found.len()).unwrap_or_default();
        self.journal.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE snapshot SET expected = expected + ?4 WHERE id = ?1 AND read_at = ?2 AND expected = ?3",
                params![snapshot.id, snapshot.read_at, expected, count],
            )?;
            if changed > 0 && !found.is_empty() {
                insert_page(transaction, snapshot.id, found)?;
            }
            Ok(changed > 0)
        })
    }

    /// Adds created contacts to the last complete snapshot, in the transaction that records them. If the read ended
    /// after they were sent, it may have counted them, so the expected count becomes unknown.
    pub(super) fn add(
        &self,
        transaction: &Transaction<'_>,
        created: &[StoredContact],
        sent_at: Option<i64>,
    ) -> rusqlite::Result<()> {
        if created.is_empty() {
            return Ok(());
        }
        let count = i64::try_from(created.len()).unwrap_or_default();
        let latest: Option<i64> = transaction
            .prepare_cached(
                "UPDATE snapshot SET expected = CASE WHEN read_at <= ?4 THEN expected + ?3 END WHERE id = (
                     SELECT id FROM snapshot WHERE account = ?1 AND stream = ?2 AND read_at IS NOT NULL
                     ORDER BY read_at DESC, id DESC LIMIT 1)
                 RETURNING id",
            )?
            .query_row(params![self.account, self.stream, count, sent_at], |row| row.get(0))
            .optional()?;
        latest.map_or(Ok(()), |id| insert_page(transaction, id, created))
    }
}

impl SnapshotWriter {
    /// Adds a contact.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be stored.
    pub fn push(&mut self, contact: StoredContact) -> Result<(), JournalError> {
        self.depends_on_region |= contact.lacks_country;
        self.page.push(contact);
        if self.page.len() >= PAGE { self.save() } else { Ok(()) }
    }

    fn save(&mut self) -> Result<(), JournalError> {
        if self.page.is_empty() {
            return Ok(());
        }
        self.snapshots.journal.write(|transaction| insert_page(transaction, self.id, &self.page))?;
        self.page.clear();
        Ok(())
    }

    /// Deletes the contacts added so far.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be written.
    pub fn restart(&mut self) -> Result<(), JournalError> {
        self.page.clear();
        self.depends_on_region = false;
        self.snapshots.journal.write(|transaction| {
            transaction.execute("DELETE FROM snapshot_page WHERE snapshot = ?1", [self.id])
        })?;
        Ok(())
    }

    /// Completes the snapshot and replaces the previous one.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be stored.
    pub fn finish(mut self, total: Option<u64>, page_size: u64) -> Result<(), JournalError> {
        let now = self.snapshots.journal.now();
        let expected = total.and_then(|total| i64::try_from(total).ok());
        let page_size = i64::try_from(page_size).unwrap_or_default();
        let region = self.depends_on_region.then(|| self.snapshots.region());
        let Self { snapshots, id, page, .. } = &mut self;
        snapshots.journal.write(|transaction| {
            if !page.is_empty() {
                insert_page(transaction, *id, page)?;
            }
            let kept = transaction.execute(
                "UPDATE snapshot SET read_at = ?2, expected = ?3, page_size = ?4, region = ?5 WHERE id = ?1",
                params![*id, now, expected, page_size, region],
            )?;
            // The clock jumped, so another program took the snapshot for an abandoned one.
            if kept == 0 {
                return Ok(());
            }
            snapshots.delete(transaction, "id <> ?3 AND read_at IS NOT NULL", *id)
        })?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for SnapshotWriter {
    fn drop(&mut self) {
        if !self.is_finished {
            // An incomplete snapshot is useless; if this fails, it is deleted later.
            _ = self.snapshots.journal.write(|transaction| {
                self.snapshots.delete(transaction, "id = ?3 AND read_at IS NULL", self.id)
            });
        }
    }
}

fn insert_page(transaction: &Transaction<'_>, snapshot: i64, page: &[StoredContact]) -> rusqlite::Result<()> {
    let contacts = postcard::to_stdvec(page)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    transaction
        .prepare_cached(
            "INSERT INTO snapshot_page (snapshot, contacts)
             SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM snapshot WHERE id = ?1)",
        )?
        .execute(params![snapshot, contacts])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::E164;

    fn contact(n: u64) -> StoredContact {
        let numbers = vec![E164::from_digits(&format!("9198765{n:05}")).unwrap()];
        StoredContact {
            id: format!("{n:024x}"),
            name: format!("First{n} Last"),
            numbers,
            ..StoredContact::default()
        }
    }

    fn contacts(snapshots: &Snapshots) -> Vec<StoredContact> {
        let mut contacts = Vec::new();
        let latest = snapshots.latest().unwrap().unwrap();
        snapshots.read(&latest, |contact| contacts.push(contact)).unwrap();
        contacts
    }

    #[test]
    fn complete_snapshot_replaces_the_previous_one() {
        let journal = Journal::in_memory().unwrap();
        let snapshots = journal.snapshots("host account", "stream", None);
        assert_eq!(snapshots.latest().unwrap(), None);
        for (from, to) in [(0, 2500), (10, 12)] {
            // An unfinished snapshot leaves nothing behind.
            snapshots.begin("import").unwrap().push(contact(1)).unwrap();
            let before = snapshots.latest().unwrap().map(|latest| latest.id);
            let mut writer = snapshots.begin("import").unwrap();
            writer.push(contact(99_999)).unwrap();
            writer.restart().unwrap();
            (from..to).for_each(|n| writer.push(contact(n)).unwrap());
            assert_eq!(snapshots.latest().unwrap().map(|latest| latest.id), before, "not whole yet");
            writer.finish(Some(to - from), 1000).unwrap();
            assert_eq!(contacts(&snapshots), (from..to).map(contact).collect::<Vec<_>>());
            let latest = snapshots.latest().unwrap().unwrap();
            assert_eq!(
                (latest.expected, latest.page_size, latest.how.as_str()),
                (Some(to - from), 1000, "import")
            );
        }
        let pages: i64 = journal
            .read(|connection| {
                connection.query_row("SELECT count(*) FROM snapshot_page", [], |row| row.get(0))
            })
            .unwrap();
        assert_eq!(pages, 1, "what was replaced or given up is gone");
        assert_eq!(journal.snapshots("host account", "other", None).latest().unwrap(), None);
        assert_eq!(journal.snapshots("other", "stream", None).latest().unwrap(), None);
    }

    #[test]
    fn numbers_without_a_country_depend_on_the_region() {
        let journal = Journal::in_memory().unwrap();
        let [plain, india, britain] = [None, Region::new("IN"), Region::new("GB")]
            .map(|region| journal.snapshots("account", "stream", region));
        for (lacks_country, is_known) in [(false, [true, true, true]), (true, [false, true, false])] {
            let mut writer = india.begin("import").unwrap();
            writer.push(StoredContact { lacks_country, ..contact(1) }).unwrap();
            writer.finish(Some(1), 1000).unwrap();
            let known = [&plain, &india, &britain].map(|snapshots| snapshots.latest().unwrap().is_some());
            assert_eq!(known, is_known, "{lacks_country}");
        }
    }

    #[test]
    fn created_contacts_join_the_snapshot_until_it_is_deleted() {
        let journal = Journal::in_memory().unwrap();
        let snapshots = journal.snapshots("host account", "stream", None);
        let add = |n, sent_at| {
            journal.write(|transaction| snapshots.add(transaction, &[contact(n)], sent_at)).unwrap();
        };
        add(1, Some(0));
        assert_eq!(snapshots.latest().unwrap(), None);
        let mut writer = snapshots.begin("import").unwrap();
        writer.push(contact(2)).unwrap();
        writer.finish(Some(1), 1000).unwrap();
        let read = snapshots.latest().unwrap().unwrap();
        add(3, Some(read.read_at));
        assert_eq!(contacts(&snapshots), [contact(2), contact(3)]);
        let latest = snapshots.latest().unwrap().unwrap();
        assert_eq!(latest.expected, Some(2));
        // Contacts found after another state are not added.
        assert!(!snapshots.add_found(&read, &[contact(4)]).unwrap());
        assert!(snapshots.add_found(&latest, &[contact(4)]).unwrap());
        // A contact sent before the end of the read may be counted already.
        add(5, Some(read.read_at - 1));
        assert_eq!(contacts(&snapshots), [2, 3, 4, 5].map(contact));
        let latest = snapshots.latest().unwrap().unwrap();
        assert_eq!(latest.expected, None);
        snapshots.forget(&latest).unwrap();
        assert_eq!(snapshots.latest().unwrap(), None);
        // The next one may have its id.
        let mut next = snapshots.begin("fetch").unwrap();
        (0..=PAGE as u64).for_each(|n| next.push(contact(n)).unwrap());
        let mut read = 0;
        snapshots.read(&latest, |_| read += 1).unwrap();
        assert_eq!((next.id, read), (latest.id, 0));
    }

    #[test]
    fn half_a_million_contacts_fit_in_32_mb() {
        const CONTACTS: u64 = 500_000;
        // A thousandth of them: one page gives the size of the others.
        let page: Vec<StoredContact> = (0..CONTACTS / 1000).map(contact).collect();
        let bytes = postcard::to_stdvec(&page).unwrap().len();
        assert!(bytes * 1000 < 30_000_000, "{bytes} bytes a page");
    }
}
