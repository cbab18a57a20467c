//! What has to survive a crash: runs, the batches of each, and what the account's programs share.
//!
//! One `SQLite` database in the state folder. Whatever an import is about to do is committed before it is done, so that the
//! next run knows what may have been done; what it did is committed before the next step. A journal that cannot be written
//! stops the import: what is not noted is not sent.

mod batches;
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

pub use self::{
    batches::{BatchId, ContactState, Fate, UnacknowledgedContact},
    error::JournalError,
    lock::{AccountLock, Holder, OpenQuestion},
    purge::{Purge, Purged},
    quota::{Limit, Limits, SharedQuota, Span},
    refused::Refused,
    runs::{Ending, NewRun, RunRecord},
    snapshot::{Snapshot, SnapshotWriter, Snapshots},
    watched::{FileEnd, NewFile, WatchedFile},
};

/// The file's name in the state folder.
const NAME: &str = "journal.sqlite3";

/// How long another process may be writing.
const BUSY: Duration = Duration::from_secs(10);

/// The journal of one state folder; copies of it are the same journal.
#[derive(Clone)]
pub struct Journal {
    connection: Arc<Mutex<Connection>>,
    /// The state folder; none where the journal is in memory.
    folder: Option<Arc<Path>>,
    /// The folder in which imports with other state folders look whether an account is free.
    shared_folder: Option<Arc<Path>>,
    clock: Clock,
}

/// Where the time comes from, in milliseconds: since 1970 where other processes share it.
#[derive(Clone)]
struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Journal {
    /// Opens the journal in a state folder, or makes both.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be used, or the journal is damaged, newer than this program, or no journal.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(NAME);
        let unusable = |source| JournalError::Folder { path: folder.to_owned(), source };
        make_private(folder).map_err(unusable)?;
        let check = |checked: Result<(), Unsafe>, path: &Path| {
            checked.map_err(|problem| JournalError::of_unsafe(path, &problem))
        };
        check(private_file::check_folder(folder), folder)?;
        // Two programs that make the journal at one moment would take each other's half for something else.
        let lock = folder.join("journal.lock");
        let making =
            private_file::open_own(&lock).map_err(|problem| JournalError::of_unsafe(&lock, &problem))?;
        making.lock().map_err(unusable)?;
        for of_database in [NAME, "journal.sqlite3-wal", "journal.sqlite3-shm", "journal.sqlite3-journal"] {
            let path = folder.join(of_database);
            check(private_file::check_own_at(&path), &path)?;
        }
        // Not opened where it exists: closing a file gives up the locks that this process has on it.
        if path.symlink_metadata().is_err() {
            check(private_file::open_own(&path).map(drop), &path)?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        // The folder itself may be reached through a link.
        let resolved = folder.canonicalize().map_err(unusable)?.join(NAME);
        let connection =
            Connection::open_with_flags(resolved, flags).map_err(|error| JournalError::at(&path, error))?;
        let journal = Self::new(connection, Some(folder));
        journal.prepare()?;
        Ok(journal)
    }

    /// The state folder of a user who names no other, as far as the user has a home.
    pub fn default_folder() -> Option<PathBuf> {
        let folders = ProjectDirs::from("", "", "rollcall")?;
        Some(folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).to_owned())
    }

    /// Has imports to an account wait for those with other state folders, too: all of them lock it in this folder.
    #[must_use]
    pub fn sharing_locks(self, folder: Option<&Path>) -> Self {
        Self { shared_folder: folder.map(Arc::from), ..self }
    }

    /// A journal that is gone with the process, for a platform that is so too.
    ///
    /// # Errors
    ///
    /// Where there is no memory for it.
    pub fn in_memory() -> Result<Self, JournalError> {
        let connection =
            Connection::open_in_memory().map_err(|error| JournalError::at(Path::new(""), error))?;
        // Nobody shares it, so that a clock which nobody sets will do.
        let start = tokio::time::Instant::now();
        let clock = Clock(Arc::new(move || ms(start.elapsed())));
        let journal = Self { clock, ..Self::new(connection, None) };
        journal.prepare()?;
        Ok(journal)
    }

    fn new(connection: Connection, folder: Option<&Path>) -> Self {
        let clock = Clock(Arc::new(system_ms));
        let connection = Arc::new(Mutex::new(connection));
        Self { connection, folder: folder.map(Arc::from), shared_folder: None, clock }
    }

    /// Where the file is; empty where it is in memory.
    pub fn path(&self) -> PathBuf {
        self.folder.as_ref().map(|folder| folder.join(NAME)).unwrap_or_default()
    }

    fn prepare(&self) -> Result<(), JournalError> {
        let path = self.path();
        let mut connection = self.connection();
        schema::prepare(&mut connection, busy()).map_err(|problem| problem.at(&path))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does everything or nothing, and keeps it before it returns.
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
        write().map_err(|error| JournalError::at(&self.path(), error))
    }

    fn read<T>(&self, look: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, JournalError> {
        look(&self.connection()).map_err(|error| JournalError::at(&self.path(), error))
    }

    fn now(&self) -> i64 {
        (self.clock.0)()
    }
}

/// A test may have the disk be full, before or after.
fn fail_at(point: &str) -> rusqlite::Result<()> {
    failpoint::reach(point).map_err(|error| {
        rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), Some(error.to_string()))
    })
}

/// Makes a folder that only its owner may look into: the journal names the people of a list.
fn make_private(folder: &Path) -> std::io::Result<()> {
    // Not looked at before: another program may be making it at the same moment.
    private_file::make_folder(folder).map_err(|error| {
        if folder.is_file() { std::io::Error::other("there is a file of that name") } else { error }
    })
}

/// In builds for tests, a shorter time.
fn busy() -> Duration {
    let scaled = || std::env::var("ROLLCALL_BUSY_MS").ok()?.parse().ok().map(Duration::from_millis);
    if cfg!(debug_assertions) { scaled().unwrap_or(BUSY) } else { BUSY }
}

fn system_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    ms(since)
}

/// In milliseconds, as the journal counts.
fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn duration(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or_default())
}

#[cfg(test)]
mod tests;
