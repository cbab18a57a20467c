//! A watched folder on disk: its subfolders for each state of a file, and its lock.

use std::{
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::WatchError;
use crate::private_file;
pub(super) use crate::private_file::no_follow;

/// The lock file; the process that holds the lock watches the folder. Without this file, the folder may be only the
/// mount point of a disk that is not mounted.
const LOCK: &str = ".rollcall.lock";

/// The subfolders.
const WORK: &str = "work";
const DONE: &str = "done";
const FAILED: &str = "failed";
const REPORTS: &str = "reports";

/// A watched folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// A folder that only this process watches, until the lock is dropped.
#[derive(Debug)]
pub(super) struct FolderLock {
    file: File,
}

/// Returns whether one of two folders, as absolute paths without links, contains the other.
pub(crate) fn overlap(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

impl Folder {
    /// Checks that a folder can be watched, and creates its subfolders.
    pub(super) fn open(path: &Path) -> Result<Self, WatchError> {
        let fail = |source: io::Error| WatchError::Folder { path: path.to_owned(), source };
        let path = path.canonicalize().map_err(fail)?;
        if !path.is_dir() {
            return Err(fail(io::Error::from(io::ErrorKind::NotADirectory)));
        }
        let folder = Self { path };
        for inner in [WORK, DONE, FAILED, REPORTS] {
            let is_work = inner == WORK;
            let inner = folder.path.join(inner);
            if inner.symlink_metadata().is_ok_and(|found| found.is_dir() && !private_file::is_own(&found)) {
                return Err(WatchError::Foreign { inner });
            }
            let made = make_folder(&inner).and_then(|()| if is_work { check_work(&inner) } else { Ok(()) });
            made.map_err(|source| WatchError::Folder { path: inner.clone(), source })?;
            if device(&inner).map_err(fail)? != device(&folder.path).map_err(fail)? {
                return Err(WatchError::OtherDevice { path: folder.path, inner });
            }
        }
        tempfile::tempfile_in(&folder.path).map_err(fail)?;
        open_lock(&folder.path.join(LOCK)).map_err(fail)?;
        Ok(folder)
    }

    /// Returns the folder's path, with links resolved.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path as recorded in the journal.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Returns whether one of two folders contains the other.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        overlap(&self.path, &other.path)
    }

    pub(super) fn work(&self) -> PathBuf {
        self.path.join(WORK)
    }

    /// Returns the folder of a claimed file.
    pub(super) fn work_of(&self, id: i64) -> PathBuf {
        self.work().join(id.to_string())
    }

    pub(super) fn done(&self) -> PathBuf {
        self.path.join(DONE)
    }

    pub(super) fn failed(&self) -> PathBuf {
        self.path.join(FAILED)
    }

    pub(super) fn reports(&self) -> PathBuf {
        self.path.join(REPORTS)
    }

    /// Returns the folder for the files of a run.
    pub(super) fn report_of(&self, name: &str, run: &str) -> PathBuf {
        report_of(&self.path, name, run)
    }

    /// Locks the folder for this process. Returns `None` if another process has the lock.
    pub(super) fn try_lock(&self) -> io::Result<Option<FolderLock>> {
        let mut file = open_lock(&self.path.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                writeln!(file, "{}", std::process::id())?;
                Ok(Some(FolderLock { file }))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Returns whether the folder exists and is the locked one.
    pub(super) fn is_there(&self, lock: &FolderLock) -> bool {
        let there = fs::symlink_metadata(self.path.join(LOCK)).ok().map(|found| identity(&found));
        there.is_some() && there == lock.file.metadata().ok().map(|own| identity(&own))
    }

    /// Returns whether another disk, or the same one again, is mounted at the path.
    pub(super) fn is_replaced(&self, lock: &FolderLock) -> bool {
        self.path.join(LOCK).is_file() && !self.is_there(lock)
    }

    /// Returns the bytes available to the service.
    pub(super) fn free_bytes(&self) -> io::Result<u64> {
        let found = rustix::fs::statvfs(&self.path)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }
}

/// Returns the folder for the files of a run, below a watched folder.
pub(super) fn report_of(folder: &Path, name: &str, run: &str) -> PathBuf {
    folder.join(REPORTS).join(format!("{}-{run}", shortened(name)))
}

/// Shortens a name to leave room for a run's name.
fn shortened(name: &str) -> String {
    const MAX: usize = 120;

    let end =
        name.char_indices().map(|(at, letter)| at + letter.len_utf8()).take_while(|end| *end <= MAX).last();
    name[..end.unwrap_or_default()].to_owned()
}

/// Returns whether this is a folder, not a link, owned by this process's user or by root. Any other owner could
/// replace checked files in it.
pub(super) fn is_own_folder(path: &Path) -> io::Result<bool> {
    let found = path.symlink_metadata()?;
    Ok(found.is_dir() && private_file::is_own(&found))
}

/// Creates a folder that only its owner can read; an existing one stays unchanged.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    match builder.create(path) {
        // A link would lead out of the folder.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_own_folder(path)? => Ok(()),
        made => made,
    }
}

/// Checks that no other user can replace files in `work`.
pub(super) fn check_work(path: &Path) -> io::Result<()> {
    Ok(private_file::check_folder(path)?)
}

/// Syncs a folder, so that its names survive a crash of the machine.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Moves a file to a folder. Adds a number to its name if the name is taken; never replaces a file.
pub(super) fn move_into(file: &Path, folder: &Path, name: &OsStr) -> io::Result<PathBuf> {
    for number in 1..10_000 {
        let target = folder.join(numbered(name, number));
        match rename_new(file, &target) {
            Ok(()) => {
                sync(folder)?;
                return Ok(target);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

/// Renames a file unless the new name is taken.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};

    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some network file systems do not support this. Only this process puts files into the target folder.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            if to.symlink_metadata().is_ok() {
                return Err(io::Error::from(io::ErrorKind::AlreadyExists));
            }
            fs::rename(from, to)
        }
        renamed => Ok(renamed?),
    }
}

/// Returns `list.csv`, `list (2).csv`, `list (3).csv`.
fn numbered(name: &OsStr, number: u32) -> PathBuf {
    let name = Path::new(name);
    if number == 1 {
        return name.to_owned();
    }
    let mut numbered = name.file_stem().unwrap_or_default().to_owned();
    numbered.push(format!(" ({number})"));
    if let Some(extension) = name.extension() {
        numbered.push(".");
        numbered.push(extension);
    }
    PathBuf::from(numbered)
}

/// Opens the lock file. Refuses links and additional names of other files, because locking empties the file.
fn open_lock(path: &Path) -> io::Result<File> {
    Ok(private_file::open_own(path)?)
}

fn identity(found: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;

    (found.dev(), found.ino())
}

fn device(path: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt as _;

    Ok(path.metadata()?.dev())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_another_user_and_links_are_refused() {
        const NOBODY: u32 = 65_534;

        let home = tempfile::tempdir().unwrap();
        assert!(is_own_folder(home.path()).unwrap());
        let reports = home.path().join(REPORTS);
        fs::create_dir(&reports).unwrap();
        // Only root can give a folder to another user.
        if std::os::unix::fs::chown(&reports, Some(NOBODY), None).is_ok() {
            let refused = Folder::open(home.path()).unwrap_err().to_string();
            assert!(refused.contains("reports belongs to another user"), "{refused}");
        }
        fs::remove_dir(&reports).unwrap();
        std::os::unix::fs::symlink("/", &reports).unwrap();
        assert!(
            matches!(Folder::open(home.path()), Err(WatchError::Folder { .. })),
            "a link leads elsewhere"
        );
    }
}
