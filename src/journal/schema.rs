//! The tables, and the migration of older ones.

use std::{collections::BTreeMap, path::Path, time::Duration};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::JournalError;
use crate::database;

/// Marks the file as a journal of rollcall (`PRAGMA application_id`): "roll" in ASCII.
const APPLICATION_ID: i64 = 0x726f_6c6c;

/// The migrations. A journal of version n has had the first n.
pub(super) const STEPS: &[&str] = &[
    // Runs and their posts.
    "CREATE TABLE run (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL,
        stream TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        command TEXT NOT NULL,
        folder TEXT NOT NULL,
        opened_at INTEGER NOT NULL,
        closed_at INTEGER,
        ending TEXT CHECK (ending IN ('finished', 'declined', 'failed')),
        reason TEXT,
        totals TEXT
    ) STRICT;
    CREATE INDEX run_by_fingerprint ON run (fingerprint);
    CREATE TABLE batch (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL REFERENCES run (id),
        body_sha256 TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        sent_at INTEGER NOT NULL,
        limit_ms INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('in_flight', 'closed'))
    ) STRICT;
    CREATE INDEX batch_by_state ON batch (state) WHERE state = 'in_flight';
    CREATE TABLE contact (
        run TEXT NOT NULL REFERENCES run (id),
        number TEXT NOT NULL,
        name_key INTEGER NOT NULL,
        batch INTEGER NOT NULL REFERENCES batch (id),
        state TEXT NOT NULL
            CHECK (state IN ('pending', 'in_flight', 'created', 'confirmed', 'existing', 'failed')),
        was_unanswered INTEGER NOT NULL DEFAULT 0,
        code TEXT,
        detail TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (run, number)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX contact_in_flight ON contact (batch) WHERE state = 'in_flight';
    CREATE INDEX contact_unanswered ON contact (run) WHERE state = 'pending' AND was_unanswered;
    CREATE INDEX contact_by_number ON contact (number) WHERE state IN ('created', 'confirmed');",
    // The state that all programs with one account share.
    "CREATE TABLE account (
        name TEXT PRIMARY KEY,
        paused_until INTEGER NOT NULL DEFAULT 0,
        retry_tokens INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE slot (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        free_at INTEGER NOT NULL,
        held_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX slot_by_account ON slot (account, free_at);",
    // Snapshots of a stream's contacts.
    "CREATE TABLE snapshot (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        stream TEXT NOT NULL,
        begun_at INTEGER NOT NULL,
        read_at INTEGER,
        how TEXT NOT NULL,
        expected INTEGER,
        page_size INTEGER NOT NULL DEFAULT 0,
        region TEXT
    ) STRICT;
    CREATE INDEX snapshot_by_stream ON snapshot (account, stream);
    CREATE TABLE snapshot_page (
        id INTEGER PRIMARY KEY,
        snapshot INTEGER NOT NULL REFERENCES snapshot (id),
        contacts BLOB NOT NULL
    ) STRICT;
    CREATE INDEX snapshot_page_by_snapshot ON snapshot_page (snapshot);",
    // An hourly request limit and pauses of any length. Contacts have a status, which earlier snapshots lack.
    "ALTER TABLE slot ADD COLUMN is_of_hour INTEGER NOT NULL DEFAULT 0;
    DROP INDEX slot_by_account;
    CREATE INDEX slot_by_account ON slot (account, is_of_hour, free_at);
    ALTER TABLE account ADD COLUMN pause_ms INTEGER NOT NULL DEFAULT 3600000;
    DELETE FROM snapshot_page;
    DELETE FROM snapshot;",
    // Contacts have the visible part of masked numbers, which earlier snapshots lack.
    "DELETE FROM snapshot_page;
    DELETE FROM snapshot;",
    // Files taken from watched folders.
    "CREATE TABLE watched (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        folder TEXT NOT NULL,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        claimed_at INTEGER NOT NULL,
        run TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('claimed', 'done', 'failed', 'repeated', 'gone')),
        ended_at INTEGER,
        reason TEXT,
        totals TEXT
    ) STRICT;
    CREATE INDEX watched_by_content ON watched (folder, sha256);
    CREATE INDEX watched_claimed ON watched (folder) WHERE state = 'claimed';",
    // Rows that were refused and whose number another row of the run then got.
    "CREATE TABLE refused (
        run TEXT NOT NULL REFERENCES run (id),
        input INTEGER NOT NULL,
        row INTEGER NOT NULL,
        number TEXT NOT NULL,
        code TEXT,
        detail TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (run, input, row)
    ) STRICT, WITHOUT ROWID;",
    // Unfinished runs that will not be resumed.
    "ALTER TABLE run ADD COLUMN abandoned TEXT CHECK (abandoned IN ('discarded', 'replaced'));",
];

/// The reason why a database cannot be prepared.
pub(super) enum Problem {
    Newer(i64),
    Damaged(String),
    Altered(String),
    Foreign,
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Problem {
    pub(super) fn at(self, path: &Path) -> JournalError {
        let path = path.to_owned();
        match self {
            Self::Newer(found) => JournalError::Newer { path, found, known: known() },
            Self::Damaged(reason) => JournalError::Damaged { path, reason },
            Self::Altered(what) => JournalError::Altered { path, what },
            Self::Foreign => JournalError::Foreign { path },
            Self::Sqlite(error) => JournalError::at(&path, error),
        }
    }
}

fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Checks that the database is a known journal, and migrates an older one. `is_known` says that its content was checked
/// before.
pub(super) fn prepare(connection: &mut Connection, busy: Duration, is_known: bool) -> Result<(), Problem> {
    connection.busy_timeout(busy)?;
    database::harden(connection)?;
    // Checked before anything changes, even the write mode.
    let (application, version) = identity(connection)?;
    let is_new = application == 0 && version == 0 && is_empty(connection)?;
    if !is_new && application != APPLICATION_ID {
        return Err(Problem::Foreign);
    }
    if version > known() {
        return Err(Problem::Newer(version));
    }
    if !is_new {
        verify(connection, version)?;
        if !is_known {
            let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            if verdict != "ok" {
                return Err(Problem::Damaged(verdict));
            }
        }
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have migrated it meanwhile.
    let (_, version) = identity(&transaction)?;
    let done = usize::try_from(version).unwrap_or_default();
    for step in STEPS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    if done < STEPS.len() {
        verify(&transaction, known())?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", known())?;
    }
    transaction.commit()?;
    Ok(())
}

/// Checks that the tables are those of this version and that nothing else exists: a trigger or view could silently
/// change what is recorded.
fn verify(connection: &Connection, version: i64) -> Result<(), Problem> {
    let own = Connection::open_in_memory()?;
    for step in STEPS.iter().take(usize::try_from(version).unwrap_or_default()) {
        own.execute_batch(step)?;
    }
    let (expected, found) = (objects(&own)?, objects(connection)?);
    let described = |(kind, name): &(String, String), what: &str| {
        let name: String = name.chars().take(60).collect();
        Problem::Altered(format!("the {kind} `{name}` {what}"))
    };
    for (object, text) in &found {
        match expected.get(object) {
            None => return Err(described(object, "is not part of it")),
            Some(own) if own != text => return Err(described(object, "is not as rollcall made it")),
            Some(_) => {}
        }
    }
    let missing = expected.keys().find(|object| !found.contains_key(*object));
    missing.map_or(Ok(()), |object| Err(described(object, "is missing")))
}

/// Returns tables, indexes, triggers and views by kind and name, with their SQL without white space.
fn objects(connection: &Connection) -> rusqlite::Result<BTreeMap<(String, String), String>> {
    /// Far more than any version has.
    const MOST: &str = "LIMIT 1000";

    let query = format!("SELECT type, name, coalesce(sql, '') FROM sqlite_schema {MOST}");
    let mut statement = connection.prepare(&query)?;
    let object = |row: &rusqlite::Row<'_>| {
        let text: String = row.get(2)?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(((row.get(0)?, row.get(1)?), text))
    };
    statement.query_map([], object)?.collect()
}

fn identity(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let table = connection.query_row("SELECT 1 FROM sqlite_schema LIMIT 1", [], |_| Ok(())).optional()?;
    Ok(table.is_none())
}
