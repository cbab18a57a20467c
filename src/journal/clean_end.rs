//! The mark of a journal that rollcall closed and nothing changed since. Its content need not be checked again: the check
//! reads all of it, however much there is.
//!
//! The mark is in the file that is locked while a journal is opened: the size, the time of change and the file number of the
//! database. It is missing or wrong after a crash or a failed access, in a copy, and if another program wrote to the
//! database.

use std::{
    fs::{File, Metadata},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::SystemTime,
};

use super::{NAME, WAL_NAME};
use crate::private_file;

/// Marks the end when it is dropped, which must be after the database was closed.
pub(super) struct CleanEnd {
    /// The state folder; `None` for a journal in memory.
    folder: Option<PathBuf>,
    /// Whether the content was sound when the journal was opened, and no access has failed since.
    is_sound: AtomicBool,
}

impl CleanEnd {
    pub(super) fn of(folder: Option<&Path>) -> Self {
        Self { folder: folder.map(Path::to_owned), is_sound: AtomicBool::new(false) }
    }

    /// Records that the content is sound.
    pub(super) fn set_sound(&self) {
        self.is_sound.store(true, Ordering::Relaxed);
    }

    /// Takes the mark away, because the content may not be sound: it is checked the next time, even if this access changes
    /// nothing.
    pub(super) fn doubt(&self) {
        if self.is_sound.swap(false, Ordering::Relaxed)
            && let Some(folder) = &self.folder
        {
            // If the mark stays, the next access that fails takes it away.
            _ = private_file::open_own(&lock_path(folder)).map(|lock| lock.set_len(0));
        }
    }
}

impl Drop for CleanEnd {
    fn drop(&mut self) {
        if let Some(folder) = self.folder.as_deref().filter(|_| *self.is_sound.get_mut()) {
            // Without a mark, the content is checked the next time.
            _ = mark(folder);
        }
    }
}

fn mark(folder: &Path) -> io::Result<()> {
    let lock = private_file::open_own(&lock_path(folder));
    let mut lock = lock.map_err(|_| io::ErrorKind::PermissionDenied)?;
    // Another program that opens the journal at this moment marks its own end.
    lock.try_lock()?;
    let mark = expected(folder)?;
    lock.set_len(0)?;
    lock.write_all(mark.as_bytes())
}

/// Returns the path of the file that is locked while a journal is opened.
pub(super) fn lock_path(folder: &Path) -> PathBuf {
    folder.join("journal.lock")
}

/// Returns whether the journal is as the last rollcall left it. `lock` is the open file with the mark.
pub(super) fn is_marked(folder: &Path, lock: &File) -> bool {
    /// Longer than any mark.
    const MAX_BYTES: u64 = 100;

    let read = || -> io::Result<String> {
        let mut lock = lock;
        lock.seek(SeekFrom::Start(0))?;
        let mut mark = String::new();
        lock.take(MAX_BYTES).read_to_string(&mut mark)?;
        Ok(mark)
    };
    matches!((read(), expected(folder)), (Ok(mark), Ok(expected)) if mark == expected)
}

/// Returns what distinguishes a file from its copies, where the system tells.
fn file_number(file: &Metadata) -> u64 {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::ino(file);
    #[cfg(not(unix))]
    {
        _ = file;
        0
    }
}

/// Returns the mark that fits the database now. A write-ahead log is left only by a program that runs or was killed.
fn expected(folder: &Path) -> io::Result<String> {
    if folder.join(WAL_NAME).symlink_metadata().is_ok() {
        return Err(io::ErrorKind::ResourceBusy.into());
    }
    let database = folder.join(NAME).symlink_metadata()?;
    let changed = database.modified()?.duration_since(SystemTime::UNIX_EPOCH).map_err(io::Error::other)?;
    Ok(format!("closed {} {} {}\n", database.len(), changed.as_nanos(), file_number(&database)))
}
