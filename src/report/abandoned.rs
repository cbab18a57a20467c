//! Unfinished files of killed runs.
//!
//! A writer locks its unfinished file. The kernel releases the locks of a process that ends, so an unlocked file
//! belongs to a killed process.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

use tempfile::NamedTempFile;

/// The suffix of unfinished files.
const SUFFIX: &str = ".partial";

/// Number of random letters and digits before the suffix.
const CHANCE: usize = 6;

/// Attempts to create a file, because another process can remove it before it is locked.
const MAX_TRIES: usize = 8;

/// Creates an unfinished file of this name and locks it, so that others do not remove it.
pub(super) fn begin(folder: &Path, name: &str) -> io::Result<NamedTempFile> {
    remove(folder, name);
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).rand_bytes(CHANCE).suffix(SUFFIX);
    for _ in 0..MAX_TRIES {
        let file = builder.tempfile_in(folder)?;
        // Without locks on the file system, unfinished files are never removed. If another process holds the lock, it
        // is about to remove the file.
        let is_taken = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        if !is_taken && is_there(file.as_file())? {
            return Ok(file);
        }
    }
    Err(io::Error::other("another program keeps removing the unfinished file"))
}

/// Removes files of this name that killed runs left behind. Ignores failures, because such files are harmless.
fn remove(folder: &Path, name: &str) {
    let prefix = format!(".{name}.");
    let is_unfinished = |name: &str| {
        let chance = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(SUFFIX));
        chance.is_some_and(|chance| {
            chance.len() == CHANCE && chance.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    };
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        if entry.file_name().to_str().is_some_and(is_unfinished) {
            _ = remove_unlocked(&entry.path());
        }
    }
}

#[cfg(unix)]
fn remove_unlocked(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use crate::private_file::{is_own, no_follow};

    let file = File::options().read(true).custom_flags(no_follow()).open(path)?;
    let found = file.metadata()?;
    if found.is_file() && is_own(&found) && file.try_lock().is_ok() {
        fs::remove_file(path)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn remove_unlocked(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    if file.try_lock().is_ok() {
        drop(file);
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Returns whether an open file still has a name.
#[cfg(unix)]
fn is_there(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;

    Ok(file.metadata()?.nlink() > 0)
}

#[cfg(not(unix))]
fn is_there(_: &File) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn files_of_killed_runs_are_removed_and_open_files_kept() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path();
        let other = begin(folder, "x.csv").unwrap();
        let names = [
            ".x.csv.aB3dE6.partial",
            ".x.csv.toolong.partial",
            ".y.csv.aB3dE6.partial",
            "x.csv.aB3dE6.partial",
        ];
        for name in names {
            fs::write(folder.join(name), "half").unwrap();
        }
        fs::write(folder.join("target"), "kept").unwrap();
        std::os::unix::fs::symlink("target", folder.join(".x.csv.linked.partial")).unwrap();
        let own = begin(folder, "x.csv").unwrap();
        assert!(!folder.join(names[0]).exists(), "it was left behind");
        assert!(names[1..].iter().all(|name| folder.join(name).exists()), "they are others'");
        assert!(folder.join("target").exists() && folder.join(".x.csv.linked.partial").exists());
        assert!(other.path().exists() && own.path().exists(), "they are being written");
    }
}
