//! One import at a time for an account: a lock that the kernel gives back when the process dies.

use std::{
    fmt,
    fs::{File, TryLockError},
    io::{self, Read as _, Write as _},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Journal, JournalError, private_file};
use crate::failpoint;

/// An account that this process alone imports to, until it is dropped.
#[derive(Debug)]
pub struct AccountLock {
    _file: Option<File>,
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
        write!(out, "process {} (since {})", self.process, self.since)
    }
}

impl Journal {
    /// Takes an account for this process; where another has it, says which.
    ///
    /// # Errors
    ///
    /// Where the lock's file cannot be used.
    pub fn lock_account(&self, account: &str) -> Result<Result<AccountLock, Option<Holder>>, JournalError> {
        // A journal in memory has nobody to share with.
        let shared = self.folder.as_ref().filter(|_| !failpoint::is_without("one import at a time"));
        let Some(folder) = shared else { return Ok(Ok(AccountLock { _file: None })) };
        let name = crate::parse::hex(&Sha256::digest(account.as_bytes())[..8]);
        let path = folder.join(format!("account-{name}.lock"));
        let fail = |source: io::Error| JournalError::Lock { path: path.clone(), source };
        let mut file = private_file(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {
                let since = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                let holder = Holder { process: std::process::id(), since };
                note(&mut file, &holder).map_err(fail)?;
                Ok(Ok(AccountLock { _file: Some(file) }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Who has it may be writing just now.
                _ = file.read_to_string(&mut text);
                Ok(Err(serde_json::from_str(&text).ok()))
            }
            Err(TryLockError::Error(error)) => Err(fail(error)),
        }
    }
}

fn note(file: &mut File, holder: &Holder) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(&serde_json::to_vec(holder)?)
}
