//! One import at a time for an account, and one question at a time for an import: locks that the kernel gives back when the
//! process dies.
//!
//! The lock of an account lies in the state folder, and also in a folder that imports with other state folders look into.

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

/// An account that this process alone imports to, until it is dropped.
#[derive(Debug)]
pub struct AccountLock {
    /// One in each folder, and who had it last.
    files: Vec<(File, Option<Holder>)>,
    holder: Holder,
}

impl AccountLock {
    /// Whether nobody had the account between that lock of this process and this one.
    pub fn follows(&self, earlier: &Holder) -> bool {
        self.files.iter().all(|(_, before)| before.as_ref() == Some(earlier))
    }

    /// Lets others have the account.
    pub fn release(&mut self) {
        self.files.clear();
    }

    /// Who has the account by this lock.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }
}

/// An import that waits for its user, until it is dropped.
#[derive(Debug)]
pub struct OpenQuestion {
    file: Option<(File, PathBuf)>,
}

impl Drop for OpenQuestion {
    fn drop(&mut self) {
        // While it is still locked: a file that another process makes here later is not this one.
        if let Some((_, path)) = &self.file {
            _ = fs::remove_file(path);
        }
    }
}

/// Who has an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub process: u32,
    /// Since when.
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
    /// The holder in words, also where it is not known.
    pub fn named(holder: Option<&Self>) -> String {
        holder.map_or_else(|| "another process".to_owned(), ToString::to_string)
    }

    /// This process, since now.
    fn of_this_process() -> Self {
        let since = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.fZ").to_string();
        Self { process: std::process::id(), since }
    }

    /// Whom the file of a lock names; who has it may be writing just now.
    fn read_from(file: &mut File) -> Option<Self> {
        let mut text = String::new();
        file.read_to_string(&mut text).ok().and_then(|_| serde_json::from_str(&text).ok())
    }
}

/// What came of trying to take a lock.
enum Tried {
    Taken { file: File, before: Option<Holder> },
    Held(Option<Holder>),
}

impl Journal {
    /// Takes an account for this process; where another has it, says which.
    ///
    /// # Errors
    ///
    /// Where the lock's file cannot be used.
    pub fn lock_account(&self, account: &str) -> Result<Result<AccountLock, Option<Holder>>, JournalError> {
        let holder = Holder::of_this_process();
        let mut files = Vec::new();
        if !failpoint::is_without("one import at a time") {
            for path in self.account_locks(account) {
                match try_lock(&path, &holder)? {
                    Tried::Taken { file, before } => files.push((file, before)),
                    // Those that were taken are given back.
                    Tried::Held(holder) => return Ok(Err(holder)),
                }
            }
        }
        Ok(Ok(AccountLock { files, holder }))
    }

    /// Whether another process imports to an account with this journal.
    ///
    /// # Errors
    ///
    /// Where the lock's file cannot be used.
    pub fn is_imported_to(&self, account: &str) -> Result<bool, JournalError> {
        let Some(path) = self.lock_file("account", account) else { return Ok(false) };
        Ok(matches!(try_lock(&path, &Holder::of_this_process())?, Tried::Held(_)))
    }

    /// The files of an account's lock: that of all state folders first, then that of this one.
    fn account_locks(&self, account: &str) -> Vec<PathBuf> {
        let Some(own) = self.lock_file("account", account) else { return Vec::new() };
        let shared = self.shared_folder.as_deref().and_then(|folder| {
            let usable = private_file::make_folder(folder).map_err(Unsafe::from);
            if let Err(problem) = usable.and_then(|()| private_file::check_folder(folder)) {
                // Without a home to write to, each state folder is on its own.
                info!(folder = %folder.display(), %problem, "imports with other state folders are not waited for");
                return None;
            }
            Some(folder.join(own.file_name()?))
        });
        // A lock that this process has would look as if another had it.
        let real = |path: &Path| path.parent().and_then(|folder| folder.canonicalize().ok());
        let shared = shared.filter(|shared| real(shared) != real(&own));
        shared.into_iter().chain([own]).collect()
    }

    /// Notes that the import with this fingerprint waits for its user, and lets others have the account meanwhile.
    ///
    /// # Errors
    ///
    /// Where the lock's file cannot be used.
    pub fn open_question(&self, fingerprint: &str) -> Result<OpenQuestion, JournalError> {
        let Some(path) = self.lock_file("question", fingerprint) else {
            return Ok(OpenQuestion { file: None });
        };
        // An import begins with the lock of its account, which this process has: no other can hold this one.
        let Tried::Taken { file, .. } = try_lock(&path, &Holder::of_this_process())? else {
            let source = io::Error::other("the same import waits for an answer elsewhere");
            return Err(JournalError::Lock { path, source });
        };
        Ok(OpenQuestion { file: Some((file, path)) })
    }

    /// The process in which the import with this fingerprint waits for its user. The caller has the lock of the account.
    /// The process is not known while it writes its name.
    ///
    /// # Errors
    ///
    /// Where the lock's file cannot be used.
    pub fn questioner(&self, fingerprint: &str) -> Result<Option<Option<Holder>>, JournalError> {
        let Some(path) = self.lock_file("question", fingerprint).filter(|path| path.exists()) else {
            return Ok(None);
        };
        match try_lock(&path, &Holder::of_this_process())? {
            Tried::Held(holder) => Ok(Some(holder)),
            Tried::Taken { .. } => {
                // Left behind by an import that was killed.
                _ = fs::remove_file(&path);
                Ok(None)
            }
        }
    }

    /// The file of a lock; a journal in memory has nobody to share with.
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
