//! Locks: one import at a time per account, and one question at a time per import. The kernel releases them when the
//! process dies.
//!
//! An account's lock is in the state folder and in a folder that imports with other state folders share.

use std::{
    fmt,
    fs::{self, File, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
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
    Taken { file: File, before: Option<Holder> },
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
        let mut files = Vec::new();
        if !failpoint::is_without("one import at a time") {
            for path in self.account_locks(account) {
                match try_lock(&path, &holder)? {
                    Tried::Taken { file, before } => files.push((file, before)),
                    // Drops the locks taken so far.
                    Tried::Held(holder) => return Ok(Err(holder)),
                }
            }
        }
        Ok(Ok(AccountLock { files, holder }))
    }

    /// Returns whether another process imports to an account with this journal.
    ///
    /// # Errors
    ///
    /// Returns an error if the lock file cannot be used.
    pub fn is_imported_to(&self, account: &str) -> Result<bool, JournalError> {
        let Some(path) = self.lock_file("account", account) else { return Ok(false) };
        Ok(matches!(try_lock(&path, &Holder::of_this_process())?, Tried::Held(_)))
    }

    /// Returns the lock files of an account: the shared one first, then that of this state folder.
    fn account_locks(&self, account: &str) -> Vec<PathBuf> {
        let Some(own) = self.lock_file("account", account) else { return Vec::new() };
        let shared = self.shared_folder.as_deref().and_then(|folder| {
            let usable = private_file::make_folder(folder).map_err(Unsafe::from);
            if let Err(problem) = usable.and_then(|()| private_file::check_folder(folder)) {
                // Without a writable home, each state folder is on its own.
                info!(folder = %folder.display(), %problem, "not waiting for imports with other state folders");
                return None;
            }
            Some(folder.join(own.file_name()?))
        });
        // A lock of this same process would look like another's.
        let real = |path: &Path| path.parent().and_then(|folder| folder.canonicalize().ok());
        let shared = shared.filter(|shared| real(shared) != real(&own));
        shared.into_iter().chain([own]).collect()
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
        let Tried::Taken { file, .. } = try_lock(&path, &Holder::of_this_process())? else {
            let source = io::Error::other("the same import is waiting for an answer in another process");
            return Err(JournalError::Lock { path, source });
        };
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
        match try_lock(&path, &Holder::of_this_process())? {
            Tried::Held(holder) => Ok(Some(holder)),
            Tried::Taken { .. } => {
                // Left by an import that was killed.
                _ = fs::remove_file(&path);
                Ok(None)
            }
        }
    }

    /// Returns the path of a lock file. `None` for a journal in memory, which is never shared.
    fn lock_file(&self, what: &str, key: &str) -> Option<PathBuf> {
        let name = crate::hash::hex(&Sha256::digest(key.as_bytes())[..8]);
        self.folder.as_ref().map(|folder| folder.join(format!("{what}-{name}.lock")))
    }
}

fn try_lock(path: &Path, holder: &Holder) -> Result<Tried, JournalError> {
    let fail = |source: io::Error| JournalError::Lock { path: path.to_owned(), source };
    let mut file = private_file::open_own(path).map_err(|problem| JournalError::of_unsafe(path, &problem))?;
    match file.try_lock() {
        Ok(()) => {
            let before = Holder::read_from(&mut file);
            note(&mut file, holder).map_err(fail)?;
            Ok(Tried::Taken { file, before })
        }
        Err(TryLockError::WouldBlock) => Ok(Tried::Held(Holder::read_from(&mut file))),
        Err(TryLockError::Error(error)) => Err(fail(error)),
    }
}

fn note(file: &mut File, holder: &Holder) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(&serde_json::to_vec(holder)?)
}
