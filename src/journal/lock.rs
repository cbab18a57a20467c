//! Locks: one import at a time per account, and one question at a time per import. The kernel releases them when the
//! process dies.
//!
//! An account's lock is in the state folder and in a folder that imports with other state folders share.

use std::{
    fmt,
    fs::{self, File, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Once,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tracing::info;

use super::{Journal, JournalError};
use crate::{
    failpoint,
    private_file::{self, Unsafe},
};

/// The exclusive right to import to an account, until it is dropped.
#[derive(Debug)]
pub struct AccountLock {
    /// The lock file of each folder, and its previous holder.
    files: Vec<(File, Option<Holder>)>,
    holder: Holder,
}

impl AccountLock {
    /// Returns whether no other process had the account between this process's `earlier` lock and this one.
    pub fn follows(&self, earlier: &Holder) -> bool {
        self.files.iter().all(|(_, before)| before.as_ref() == Some(earlier))
    }

    /// Releases the account.
    pub fn release(&mut self) {
        self.files.clear();
    }

    /// Returns the holder of this lock.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }
}

/// An import that waits for the user's answer, until it is dropped.
#[derive(Debug)]
pub struct OpenQuestion {
    file: Option<(File, PathBuf)>,
}

impl Drop for OpenQuestion {
    fn drop(&mut self) {
        // Remove the file while it is locked: a file that another process creates later is a different one.
        if let Some((_, path)) = &self.file {
            _ = fs::remove_file(path);
        }
    }
}

/// The process that has an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process id.
    pub process: u32,
    /// The start time.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since =
            self.since.split_once('.').map_or_else(|| self.since.clone(), |(whole, _)| format!("{whole}Z"));
        write!(out, "process {} (since {since})", self.process)
    }
}

impl Holder {
    /// Describes the holder, also if it is unknown.
    pub fn named(holder: Option<&Self>) -> String {
        holder.map_or_else(|| "another process".to_owned(), ToString::to_string)
    }

    /// Returns this process as a holder, from now on.
    fn of_this_process() -> Self {
        let since = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.fZ").to_string();
        Self { process: std::process::id(), since }
    }

    /// Reads the holder from a lock file; the holder may be writing it at this moment.
    fn read_from(file: &mut File) -> Option<Self> {
        let mut text = String::new();
        file.read_to_string(&mut text).ok().and_then(|_| serde_json::from_str(&text).ok())
    }
}

/// The result of trying to take a lock.
enum Tried {
    Taken(File),
    Held(Option<Holder>),
}

impl Journal {
    /// Takes an account for this process. Returns the holder if another process has it.
    ///
    /// # Errors
    ///
    /// Returns an error if the lock file cannot be used.
    pub fn lock_account(&self, account: &str) -> Result<Result<AccountLock, Option<Holder>>, JournalError> {
        let holder = Holder::of_this_process();
        let Some(own) =
            self.lock_file("account", account).filter(|_| !failpoint::is_without("one import at a time"))
        else {
            return Ok(Ok(AccountLock { files: Vec::new(), holder }));
        };
        let mut taken = Vec::new();
        match self.shared_lock(&own).map(|path| try_lock(&path).map(|tried| (path, tried))) {
            None => {}
            Some(Ok((path, Tried::Taken(file)))) => taken.push((path, file)),
            Some(Ok((_, Tried::Held(holder)))) => return Ok(Err(holder)),
            // Imports with this state folder still wait for each other.
            Some(Err(problem)) => log_unshared(&problem),
        }
        match try_lock(&own)? {
            Tried::Taken(file) => taken.push((own, file)),
            // Drops the shared lock.
            Tried::Held(holder) => return Ok(Err(holder)),
        }
        // Only a process that has all locks is the holder.
        let files = taken.into_iter().map(|(path, mut file)| {
            let before = Holder::read_from(&mut file);
            record(&mut file, &holder).map_err(|source| JournalError::Lock { path, source })?;
            Ok((file, before))
        });
        let files = files.collect::<Result<_, JournalError>>()?;
        Ok(Ok(AccountLock { files, holder }))
    }

    /// Returns whether another process imports to an account with this journal.
    ///
    /// # Errors
    ///
    /// Returns an error if the lock file cannot be used.
    pub fn is_imported_to(&self, account: &str) -> Result<bool, JournalError> {
        let Some(path) = self.lock_file("account", account) else { return Ok(false) };
        Ok(matches!(try_lock(&path)?, Tried::Held(_)))
    }

    /// Returns the lock file that an account has for all state folders. `None` if the folder for it is unusable, for
    /// example without a writable home, or is the state folder itself.
    fn shared_lock(&self, own: &Path) -> Option<PathBuf> {
        let folder = self.shared_folder.as_deref()?;
        let usable = private_file::make_folder(folder).map_err(Unsafe::from);
        if let Err(problem) = usable.and_then(|()| private_file::check_folder(folder)) {
            log_unshared(&problem);
            return None;
        }
        let shared = folder.join(own.file_name()?);
        // A lock of this same process would look like another's.
        let real = |path: &Path| path.parent().and_then(|folder| folder.canonicalize().ok());
        (real(&shared) != real(own)).then_some(shared)
    }

    /// Records that the import with this fingerprint waits for the user, and releases the account meanwhile.
    ///
    /// # Errors
    ///
    /// Returns an error if the lock file cannot be used.
    pub fn open_question(&self, fingerprint: &str) -> Result<OpenQuestion, JournalError> {
        let Some(path) = self.lock_file("question", fingerprint) else {
            return Ok(OpenQuestion { file: None });
        };
        // An import starts with its account's lock, which this process has, so no other can hold this one.
        let Tried::Taken(mut file) = try_lock(&path)? else {
            let source = io::Error::other("the same import is waiting for an answer in another process");
            return Err(JournalError::Lock { path, source });
        };
        record(&mut file, &Holder::of_this_process())
            .map_err(|source| JournalError::Lock { path: path.clone(), source })?;
        Ok(OpenQuestion { file: Some((file, path)) })
    }

    /// Returns the process in which the import with this fingerprint waits for the user. The caller must have the
    /// account's lock. The inner value is `None` while the process writes its name.
    ///
    /// # Errors
    ///
    /// Returns an error if the lock file cannot be used.
    pub fn questioner(&self, fingerprint: &str) -> Result<Option<Option<Holder>>, JournalError> {
        let Some(path) = self.lock_file("question", fingerprint).filter(|path| path.exists()) else {
            return Ok(None);
        };
        match try_lock(&path)? {
            Tried::Held(holder) => Ok(Some(holder)),
            Tried::Taken(_) => {
                // Left by an import that was killed.
                _ = fs::remove_file(&path);
                Ok(None)
            }
        }
    }

    /// Returns the path of a lock file. `None` for a journal in memory, which is never shared.
    pub(super) fn lock_file(&self, what: &str, key: &str) -> Option<PathBuf> {
        let name = crate::hash::hex(&Sha256::digest(key.as_bytes())[..8]);
        self.folder.as_ref().map(|folder| folder.join(format!("{what}-{name}.lock")))
    }
}

fn try_lock(path: &Path) -> Result<Tried, JournalError> {
    let mut file = private_file::open_own(path).map_err(|problem| JournalError::of_unsafe(path, &problem))?;
    match file.try_lock() {
        Ok(()) => Ok(Tried::Taken(file)),
        Err(TryLockError::WouldBlock) => Ok(Tried::Held(Holder::read_from(&mut file))),
        Err(TryLockError::Error(source)) => Err(JournalError::Lock { path: path.to_owned(), source }),
    }
}

/// Logs once that imports with other state folders are not waited for. An import polls its locks.
fn log_unshared(problem: &dyn fmt::Display) {
    static LOGGED: Once = Once::new();

    LOGGED.call_once(|| info!(%problem, "not waiting for imports with other state folders"));
}

/// Writes the holder into a lock file.
fn record(file: &mut File, holder: &Holder) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(&serde_json::to_vec(holder)?)
}
