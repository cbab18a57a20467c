//! What an account held when it was read last, so that the next import need not read it again.
//!
//! Contacts are kept a page at a time, as they come: the next import goes through all of them anyway. A reading takes the place
//! of the one before when it is whole.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Journal, JournalError};
use crate::contact::{Region, StoredContact};

/// A reading that was begun and never finished is forgotten after so long.
const LONGEST_READING_MS: i64 = 24 * 60 * 60 * 1000;

/// Contacts kept together, where they do not come in larger pages.
const PAGE: usize = 1000;

/// The snapshots of one stream.
#[derive(Clone)]
pub struct Snapshots {
    journal: Journal,
    account: String,
    stream: String,
    /// How numbers without a country code are read; nothing where they are read as they stand.
    region: Option<Region>,
}

/// What is known of a snapshot beside its contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    id: i64,
    /// When it was read, in milliseconds since 1970.
    pub read_at: i64,
    /// How long ago that is; nothing where the clock was set back since.
    pub age_ms: Option<u64>,
    /// Which command read it.
    pub how: String,
    /// Contacts that the platform is expected to count now, if it counts.
    pub expected: Option<u64>,
    /// Contacts in a page, as the platform granted them.
    pub page_size: u64,
}

/// A snapshot that is being made.
pub struct SnapshotWriter {
    snapshots: Snapshots,
    id: i64,
    page: Vec<StoredContact>,
    /// Whether some numbers are other ones in another region.
    depends_on_region: bool,
    is_finished: bool,
}

impl Journal {
    /// The snapshots of an account's stream, whose numbers without a country code are read as those of a region.
    pub fn snapshots(&self, account: &str, stream: &str, region: Option<Region>) -> Snapshots {
        Snapshots { journal: self.clone(), account: account.to_owned(), stream: stream.to_owned(), region }
    }
}

impl Snapshots {
    /// The last whole reading, if there is one, and its numbers would be read as the same today.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
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

    /// The region as it is noted.
    fn region(&self) -> String {
        self.region.map(|region| region.to_string()).unwrap_or_default()
    }

    /// Hands over all contacts of a snapshot; none where another has taken its place.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn read(&self, snapshot: &Snapshot, mut each: impl FnMut(StoredContact)) -> Result<(), JournalError> {
        self.journal.read(|connection| {
            // A reading that is being made may have the same id, once this one is forgotten.
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

    /// Begins a new one, beside the one there is.
    ///
    /// # Errors
    ///
    /// Where it cannot be kept.
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

    /// Forgets all whole readings up to this one: it does not hold any more, and neither do those before.
    ///
    /// # Errors
    ///
    /// Where that cannot be noted.
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

    /// Adds contacts that were found behind those of a snapshot, and says whether it is still what it was; where another
    /// program has read or posted since, nothing is added.
    ///
    /// # Errors
    ///
    /// Where they cannot be kept.
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

    /// Adds contacts that were created to the last whole reading, in the transaction that notes that they were. Where that
    /// came to its end after they were sent, it may have counted them: how many the platform holds is not known any more.
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
    /// Where it cannot be kept.
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

    /// Forgets what was added so far.
    ///
    /// # Errors
    ///
    /// Where that cannot be noted.
    pub fn restart(&mut self) -> Result<(), JournalError> {
        self.page.clear();
        self.depends_on_region = false;
        self.snapshots.journal.write(|transaction| {
            transaction.execute("DELETE FROM snapshot_page WHERE snapshot = ?1", [self.id])
        })?;
        Ok(())
    }

    /// Puts the reading in the place of the one before, now that it is whole.
    ///
    /// # Errors
    ///
    /// Where it cannot be kept.
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
            // Where the clock has jumped, it was taken for one that nobody finishes.
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
            // What is not whole is of no use; should this fail, it is forgotten later.
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
    fn a_reading_counts_when_it_is_whole_and_replaces_the_one_before() {
        let journal = Journal::in_memory().unwrap();
        let snapshots = journal.snapshots("host account", "stream", None);
        assert_eq!(snapshots.latest().unwrap(), None);
        for (from, to) in [(0, 2500), (10, 12)] {
            // One that is never finished leaves nothing.
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
    fn numbers_without_a_country_are_others_in_another_region() {
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
    fn created_contacts_join_the_snapshot_until_it_is_forgotten() {
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
        // What was found behind another state is not added.
        assert!(!snapshots.add_found(&read, &[contact(4)]).unwrap());
        assert!(snapshots.add_found(&latest, &[contact(4)]).unwrap());
        // What was sent before the reading ended may be counted already.
        add(5, Some(read.read_at - 1));
        assert_eq!(contacts(&snapshots), [2, 3, 4, 5].map(contact));
        let latest = snapshots.latest().unwrap().unwrap();
        assert_eq!(latest.expected, None);
        snapshots.forget(&latest).unwrap();
        assert_eq!(snapshots.latest().unwrap(), None);
        // The next may have its id.
        let mut next = snapshots.begin("fetch").unwrap();
        (0..=PAGE as u64).for_each(|n| next.push(contact(n)).unwrap());
        let mut read = 0;
        snapshots.read(&latest, |_| read += 1).unwrap();
        assert_eq!((next.id, read), (latest.id, 0));
    }

    #[test]
    fn half_a_million_contacts_fit_in_32_mb() {
        const CONTACTS: u64 = 500_000;
        // A thousandth of them: a page says how large the others are.
        let page: Vec<StoredContact> = (0..CONTACTS / 1000).map(contact).collect();
        let bytes = postcard::to_stdvec(&page).unwrap().len();
        assert!(bytes * 1000 < 30_000_000, "{bytes} bytes a page");
    }
}
