//! Errors of the journal.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::private_file::Unsafe;

/// A failure of this machine: nothing is sent that cannot be recorded.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum JournalError {
    #[error("the state folder {} cannot be used: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("the journal {} was written by a newer rollcall (version {found}, known up to {known})", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("the journal {} is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("{}: {reason}; other users could change what rollcall records and posts{}", path.display(), run(remedy.as_ref()))]
    Unsafe { path: PathBuf, reason: String, remedy: Option<String> },
    #[error("the journal {} was changed by another program: {what}", path.display())]
    Altered { path: PathBuf, what: String },
    #[error("{} is not a journal of rollcall", path.display())]
    Foreign { path: PathBuf },
    #[error("the journal {} is still being written by another process", path.display())]
    Busy { path: PathBuf },
    #[error("the journal {} cannot be written: {source}", path.display())]
    Sqlite { path: PathBuf, source: rusqlite::Error },
    #[error("the account cannot be reserved with {}: {source}", path.display())]
    Lock { path: PathBuf, source: io::Error },
}

fn run(remedy: Option<&String>) -> String {
    remedy.map(|command| format!(". To repair it: {command}")).unwrap_or_default()
}

impl JournalError {
    pub(super) fn at(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, reason: source.to_string() }
            }
            _ => Self::Sqlite { path, source },
        }
    }

    /// Returns the error of a file or folder that others could change.
    pub(super) fn of_unsafe(path: &Path, problem: &Unsafe) -> Self {
        let path = path.to_owned();
        match problem {
            Unsafe::Io(source) => {
                let source = io::Error::new(source.kind(), source.to_string());
                Self::Lock { path, source }
            }
            problem => Self::Unsafe { reason: problem.to_string(), remedy: problem.remedy(&path), path },
        }
    }
}
