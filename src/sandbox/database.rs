//! Contacts and the client secret in a `SQLite` file, kept across restarts.

use std::path::Path;

use rusqlite::{Connection, ffi, params};
use secrecy::{ExposeSecret as _, SecretString};

use super::contact::Contact;
use crate::{database, private_file};

/// An open file.
pub(super) struct Database(Connection);

impl Database {
    /// Opens or creates the file.
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let private = private_file::check_links(path).and_then(|()| match path.canonicalize() {
            Ok(resolved) => private_file::check_own_at(&resolved),
            Err(_) => private_file::open_own(path).map(drop),
        });
        private.map_err(|problem| {
            let code = ffi::Error::new(ffi::SQLITE_CANTOPEN);
            rusqlite::Error::SqliteFailure(code, Some(problem.to_string()))
        })?;
        let connection = Connection::open(path)?;
        database::harden(&connection)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS contacts (position INTEGER PRIMARY KEY, contact TEXT NOT NULL) STRICT;
             CREATE TABLE IF NOT EXISTS secret (id INTEGER PRIMARY KEY CHECK (id = 1), text TEXT NOT NULL) STRICT",
        )?;
        Ok(Self(connection))
    }

    /// Returns the client secret of the platform: `new` the first time, and the same afterwards.
    pub(super) fn secret(&self, new: &SecretString) -> rusqlite::Result<SecretString> {
        self.0.execute("INSERT OR IGNORE INTO secret (id, text) VALUES (1, ?1)", [new.expose_secret()])?;
        let kept: String = self.0.query_row("SELECT text FROM secret", [], |row| row.get(0))?;
        Ok(kept.into())
    }

    /// Returns all contacts, in the order of creation.
    pub(super) fn contacts(&self) -> rusqlite::Result<Vec<Contact>> {
        let mut statement = self.0.prepare("SELECT contact FROM contacts ORDER BY position")?;
        let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        statement
            .query_map([], read)?
            .map(|text| {
                serde_json::from_str(&text?).map_err(|error| {
                    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
                })
            })
            .collect()
    }

    /// Adds all of the contacts, or none.
    pub(super) fn insert(&mut self, contacts: &[Contact]) -> rusqlite::Result<()> {
        let transaction = self.0.transaction()?;
        {
            let mut statement = transaction.prepare_cached("INSERT INTO contacts (contact) VALUES (?1)")?;
            for contact in contacts {
                let text = serde_json::to_string(contact)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
                statement.execute(params![text])?;
            }
        }
        transaction.commit()
    }
}
