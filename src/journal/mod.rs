//! The durable state: runs, their batches, and what the account's programs share.
//!
//! One `SQLite` database in the state folder. An import commits each step before it takes it, so that the next run
//! knows what may have been done, and each result before the next step. If the journal cannot be written, the import
//! stops: nothing is sent that is not recorded.

mod batches;
mod clean_end;
mod error;
mod lock;
mod purge;
mod quota;
mod refused;
mod runs;
mod schema;
mod snapshot;
mod watched;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use directories::ProjectDirs;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, ffi};

use crate::{
    failpoint,
    private_file::{self, Unsafe},
};

use self::clean_end::CleanEnd;
pub use self::{
    batches::{BatchId, ContactState, Fate, UnacknowledgedContact},
    error::JournalError,
    lock::{AccountLock, Holder, OpenQuestion},
    purge::{Purge, Purged},
    quota::{Limit, Limits, SharedQuota, Span},
    refused::Refused,
    runs::{Abandoned, Ending, NewRun, RunRecord},
    snapshot::{Snapshot, SnapshotWriter, Snapshots},
    watched::{FileEnd, NewFile, WatchedFile},
};

/// The file name in the state folder.
const NAME: &str = "journal.sqlite3";

/// The file name of the write-ahead log.
const WAL_NAME: &str = "journal.sqlite3-wal";

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(10);

/// The journal of one state folder. Clones are the same journal.
#[derive(Clone)]
pub struct Journal {
    database: Arc<Database>,
    /// The state folder; `None` for a journal in memory.
    folder: Option<Arc<Path>>,
    /// The folder of account locks that imports with other state folders share.
    shared_folder: Option<Arc<Path>>,
    clock: Clock,
}

/// The open database. Its parts are dropped in this order.
struct Database {
    connection: Mutex<Connection>,
    clean_end: CleanEnd,
}

/// The source of the time, in milliseconds; since 1970 if other processes share it.
#[derive(Clone)]
struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Journal {
    /// Opens the journal in a state folder, or creates both.
    ///
    /// # Errors
    ///
    /// Returns an error if the folder cannot be used, or if the journal is damaged, newer than this program, or not a
    /// journal.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(NAME);
        let unusable = |source| JournalError::Folder { path: folder.to_owned(), source };
        make_private(folder).map_err(unusable)?;
        let check = |checked: Result<(), Unsafe>, path: &Path| {
            checked.map_err(|problem| JournalError::of_unsafe(path, &problem))
        };
        check(private_file::check_folder(folder), folder)?;
        // Two programs that create the journal at the same moment would see each other's half-written file.
        let lock = clean_end::lock_path(folder);
        let making =
            private_file::open_own(&lock).map_err(|problem| JournalError::of_unsafe(&lock, &problem))?;
        making.lock().map_err(unusable)?;
        for of_database in [NAME, WAL_NAME, "journal.sqlite3-shm", "journal.sqlite3-journal"] {
            let path = folder.join(of_database);
            check(private_file::check_own_at(&path), &path)?;
        }
        // An existing file is not opened: closing it would release this process's locks on it.
        if path.symlink_metadata().is_err() {
            check(private_file::open_own(&path).map(drop), &path)?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let is_known = clean_end::is_marked(folder, &making);
        // The folder itself may be reached through a link.
        let resolved = folder.canonicalize().map_err(unusable)?.join(NAME);
        let connection =
            Connection::open_with_flags(resolved, flags).map_err(|error| JournalError::at(&path, error))?;
        let journal = Self::new(connection, Some(folder));
        journal.prepare(is_known)?;
        journal.database.clean_end.set_sound();
        Ok(journal)
    }

    /// Returns the default state folder, if the user has a home.
    pub fn default_folder() -> Option<PathBuf> {
        let folders = ProjectDirs::from("", "", "rollcall")?;
        Some(folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).to_owned())
    }

    /// Returns whether a folder holds a journal.
    pub fn exists(folder: &Path) -> bool {
        folder.join(NAME).is_file()
    }

    /// Makes imports wait for those with other state folders too: all of them lock the account in this folder.
    #[must_use]
    pub fn sharing_locks(self, folder: Option<&Path>) -> Self {
        Self { shared_folder: folder.map(Arc::from), ..self }
    }

    /// Creates a journal in memory, for a platform that exists only in this process.
    ///
    /// # Errors
    ///
    /// Returns an error if there is not enough memory.
    pub fn in_memory() -> Result<Self, JournalError> {
        let connection =
            Connection::open_in_memory().map_err(|error| JournalError::at(Path::new(""), error))?;
        // No other process shares it, so a monotonic clock is enough.
        let start = tokio::time::Instant::now();
        let clock = Clock(Arc::new(move || ms(start.elapsed())));
        let journal = Self { clock, ..Self::new(connection, None) };
        journal.prepare(false)?;
        Ok(journal)
    }

    fn new(connection: Connection, folder: Option<&Path>) -> Self {
        let clock = Clock(Arc::new(system_ms));
        let database = Database { connection: Mutex::new(connection), clean_end: CleanEnd::of(folder) };
        Self { database: Arc::new(database), folder: folder.map(Arc::from), shared_folder: None, clock }
    }

    /// Returns the path of the file; empty if the journal is in memory.
    pub fn path(&self) -> PathBuf {
        self.folder.as_ref().map(|folder| folder.join(NAME)).unwrap_or_default()
    }

    /// Prepares the database; `is_known` says that its content was checked before.
    fn prepare(&self, is_known: bool) -> Result<(), JournalError> {
        let path = self.path();
        let mut connection = self.connection();
        schema::prepare(&mut connection, busy(), is_known).map_err(|problem| problem.at(&path))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.database.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a transaction and commits it before returning.
    fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let mut connection = self.connection();
        let write = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = change(&transaction)?;
            fail_at("before a commit")?;
            transaction.commit()?;
            fail_at("after a commit")?;
            Ok(result)
        };
        write().map_err(|error| self.failed(error))
    }

    fn read<T>(&self, look: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, JournalError> {
        look(&self.connection()).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: rusqlite::Error) -> JournalError {
        self.database.clean_end.doubt();
        JournalError::at(&self.path(), error)
    }

    fn now(&self) -> i64 {
        (self.clock.0)()
    }
}

/// Lets a test simulate a full disk, before or after a commit.
fn fail_at(point: &str) -> rusqlite::Result<()> {
    failpoint::reach(point).map_err(|error| {
        rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), Some(error.to_string()))
    })
}

/// Makes a folder that only its owner can read: the journal contains the people of a list.
fn make_private(folder: &Path) -> std::io::Result<()> {
    // Not checked before: another program may be creating it at the same moment.
    private_file::make_folder(folder).map_err(|error| {
        if folder.is_file() { std::io::Error::other("there is a file of that name") } else { error }
    })
}

/// Builds for tests use a shorter time.
fn busy() -> Duration {
    let scaled = || std::env::var("ROLLCALL_BUSY_MS").ok()?.parse().ok().map(Duration::from_millis);
    if cfg!(debug_assertions) { scaled().unwrap_or(BUSY) } else { BUSY }
}

fn system_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    ms(since)
}

/// Returns milliseconds, as the journal counts.
fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn duration(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or_default())
}

#[cfg(test)]
mod tests;
