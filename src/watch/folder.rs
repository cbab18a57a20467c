//! A watched folder on disk: where files wait, are worked on and end up, and who watches it.

use std::{
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::WatchError;
use crate::private_file;
pub(super) use crate::private_file::no_follow;

/// The folder's own file: the process that has it locked watches the folder. Where it is missing, the folder is not there, only the
/// place at which its disk is to be mounted.
const LOCK: &str = ".rollcall.lock";

/// The folders in it.
const WORK: &str = "work";
const DONE: &str = "done";
const FAILED: &str = "failed";
const REPORTS: &str = "reports";

/// A watched folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// A folder that this process alone watches, until it is dropped.
#[derive(Debug)]
pub(super) struct FolderLock {
    file: File,
}

impl Folder {
    /// Looks whether a folder can be watched, and makes the folders in it.
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

    /// The folder's path, without links in it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path as the journal has it.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Whether one of two folders lies in the other.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.path.starts_with(&other.path) || other.path.starts_with(&self.path)
    }

    pub(super) fn work(&self) -> PathBuf {
        self.path.join(WORK)
    }

    /// The folder of a claimed file.
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

    /// Where the files of a run go.
    pub(super) fn report_of(&self, name: &str, run: &str) -> PathBuf {
        report_of(&self.path, name, run)
    }

    /// Takes the folder for this process, unless another has it.
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

    /// Whether the folder is there, and the one that was locked.
    pub(super) fn is_there(&self, lock: &FolderLock) -> bool {
        let there = fs::symlink_metadata(self.path.join(LOCK)).ok().map(|found| identity(&found));
        there.is_some() && there == lock.file.metadata().ok().map(|own| identity(&own))
    }

    /// Whether another disk, or the same one again, is mounted where the folder was.
    pub(super) fn is_replaced(&self, lock: &FolderLock) -> bool {
        self.path.join(LOCK).is_file() && !self.is_there(lock)
    }

    /// How many bytes are free for the service.
    pub(super) fn free_bytes(&self) -> io::Result<u64> {
        let found = rustix::fs::statvfs(&self.path)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }
}

/// Where the files of a run go, below a watched folder.
pub(super) fn report_of(folder: &Path, name: &str, run: &str) -> PathBuf {
    folder.join(REPORTS).join(format!("{}-{run}", shortened(name)))
}

/// A name that is short enough to have a run's name behind it.
fn shortened(name: &str) -> String {
    const MAX: usize = 120;

    let end =
        name.char_indices().map(|(at, letter)| at + letter.len_utf8()).take_while(|end| *end <= MAX).last();
    name[..end.unwrap_or_default()].to_owned()
}

/// Whether this is a folder, not a link, of the user of this process or of root. Any other owner could exchange files in it after they
/// were checked.
pub(super) fn is_own_folder(path: &Path) -> io::Result<bool> {
    let found = path.symlink_metadata()?;
    Ok(found.is_dir() && private_file::is_own(&found))
}

/// Makes a folder that only its owner may look into; one that exists stays as it is.
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

/// Checks that nobody else can exchange files in `work`.
pub(super) fn check_work(path: &Path) -> io::Result<()> {
    Ok(private_file::check_folder(path)?)
}

/// Makes the names in a folder survive a crash of the machine.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Moves a file to a folder under its name, or where that is taken under one with a number. Nothing is ever replaced.
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

/// Renames a file, unless there is one of that name already.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};

    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some network file systems cannot; nobody but this process puts files where they are moved to.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            if to.symlink_metadata().is_ok() {
                return Err(io::Error::from(io::ErrorKind::AlreadyExists));
            }
            fs::rename(from, to)
        }
        renamed => Ok(renamed?),
    }
}

/// `list.csv`, `list (2).csv`, `list (3).csv`.
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

/// It is emptied when it is locked: a link, or a second name of another file, is refused.
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
    fn folders_of_another_user_are_not_used() {
        const NOBODY: u32 = 65_534;

        let home = tempfile::tempdir().unwrap();
        assert!(is_own_folder(home.path()).unwrap());
        let reports = home.path().join(REPORTS);
        fs::create_dir(&reports).unwrap();
        // Only the one who may do everything can give a folder away.
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
