//! Claims of files: recorded in the journal first, then moved to a folder that only the service writes to.
//!
//! At every moment a file is in one place, and the journal contains its next step. After a kill, the service
//! continues from both.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::Duration,
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{
    WatchError,
    folder::{Folder, check_work, make_folder, move_into, no_follow, rename_new, sync},
    settle::{Settled, Stamp, marker_of},
};
use crate::{
    hash::hex,
    journal::{FileEnd, Journal, NewFile, WatchedFile},
    report::terminal::printable,
};

/// The result of taking a file.
#[derive(Debug)]
pub(super) enum Claim {
    /// The file is in its place below `work`.
    Taken(WatchedFile),
    /// The file changed or disappeared; a later scan checks it again.
    Changing,
    /// The file cannot be read.
    Unreadable(io::Error),
}

/// The claimed files of a folder, in the journal and on disk.
#[derive(Clone)]
pub(super) struct Claims {
    journal: Journal,
    /// The folder's name in the journal.
    name: String,
    /// The account to import to.
    account: String,
}

impl Claims {
    pub(super) fn new(journal: Journal, folder: &Folder, account: &str) -> Self {
        Self { journal, name: folder.name(), account: account.to_owned() }
    }

    /// Takes a file.
    pub(super) fn take(&self, folder: &Folder, settled: &Settled, run: &str) -> Result<Claim, WatchError> {
        let path = folder.path().join(&settled.name);
        let sha256 = match digest(&path, settled.stamp) {
            Ok(Some(sha256)) => sha256,
            Ok(None) => return Ok(Claim::Changing),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Claim::Changing),
            Err(error) => return Ok(Claim::Unreadable(error)),
        };
        let name = shown(&settled.name);
        let file =
            NewFile { folder: &self.name, name: &name, sha256: &sha256, size: settled.stamp.size, run };
        let id = self.journal.claim_file(&file)?;
        let work = folder.work_of(id);
        let made = make_folder(&folder.work())
            .and_then(|()| check_work(&folder.work()))
            .and_then(|()| make_folder(&work));
        let moved = made.and_then(|()| rename_new(&path, &work.join(&name)));
        if let Err(error) = moved {
            self.journal.unclaim_file(id)?;
            _ = fs::remove_dir(&work);
            return if error.kind() == io::ErrorKind::NotFound {
                Ok(Claim::Changing)
            } else {
                Err(WatchError::Folder { path: work, source: error })
            };
        }
        let synced = sync(&work).and_then(|()| sync(&folder.work())).and_then(|()| sync(folder.path()));
        synced.map_err(|source| WatchError::Folder { path: folder.path().to_owned(), source })?;
        // Another file may have taken the name between reading and moving.
        if stamp(&work.join(&name)).ok() != Some(settled.stamp) {
            self.put_back(folder, id)?;
            return Ok(Claim::Changing);
        }
        _ = fs::remove_file(folder.path().join(marker_of(&settled.name)));
        let claimed = self.journal.watched_file(&self.name, id)?;
        claimed.map(Claim::Taken).ok_or_else(|| WatchError::Lost(name))
    }

    /// Returns the taken files without a result.
    pub(super) fn open(&self) -> Result<Vec<WatchedFile>, WatchError> {
        Ok(self.journal.claimed_files(&self.name)?)
    }

    /// Returns an earlier file with the same content that was imported.
    pub(super) fn imported_before(&self, file: &WatchedFile) -> Result<Option<WatchedFile>, WatchError> {
        Ok(self.journal.imported_file(&self.name, &file.sha256, &self.account)?)
    }

    /// Deletes records of files that ended longer ago than `kept`.
    pub(super) fn forget(&self, kept: Duration) -> Result<(), WatchError> {
        let before = Timestamp::now().as_millisecond();
        let before = before.saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX));
        Ok(self.journal.forget_files(&self.name, before)?)
    }

    /// Returns whether a taken file is unchanged.
    pub(super) fn is_unchanged(folder: &Folder, file: &WatchedFile) -> bool {
        let path = folder.work_of(file.id).join(&file.name);
        let now = stamp(&path).and_then(|stamp| digest(&path, stamp));
        now.is_ok_and(|now| now.as_ref() == Some(&file.sha256))
    }

    /// Puts a taken file back into the folder, to be taken again once it has settled.
    pub(super) fn put_back(&self, folder: &Folder, id: i64) -> Result<(), WatchError> {
        return_files(folder, &folder.work_of(id))?;
        Ok(self.journal.unclaim_file(id)?)
    }

    /// Records a file's result, and moves the file to its final folder, with a text file if there is something to
    /// say.
    pub(super) fn end(
        &self,
        folder: &Folder,
        file: &WatchedFile,
        end: FileEnd,
        reason: Option<&str>,
        totals: Option<&str>,
    ) -> Result<(), WatchError> {
        self.journal.end_file(file.id, end, reason, totals)?;
        archive(folder, file, end, reason)
    }

    /// Puts back a file that changed after it was read, and records the result of the content that was read.
    pub(super) fn end_changed(
        &self,
        folder: &Folder,
        file: &WatchedFile,
        totals: Option<&str>,
    ) -> Result<(), WatchError> {
        return_files(folder, &folder.work_of(file.id))?;
        Ok(self.journal.end_file(file.id, FileEnd::Gone, Some("it changed after it was read"), totals)?)
    }

    /// Completes or undoes the interrupted steps of an earlier process.
    pub(super) fn recover(&self, folder: &Folder) -> Result<(), WatchError> {
        let fail = |source| WatchError::Folder { path: folder.work(), source };
        make_folder(&folder.work()).and_then(|()| check_work(&folder.work())).map_err(fail)?;
        for entry in fs::read_dir(folder.work()).map_err(fail)? {
            let work = entry.map_err(fail)?.path();
            let id = work.file_name().and_then(OsStr::to_str).and_then(|name| name.parse().ok());
            let file = match id {
                Some(id) => self.journal.watched_file(&self.name, id)?,
                None => None,
            };
            match file {
                // Another journal has recorded this file.
                None => return_files(folder, &work)?,
                Some(WatchedFile { end: None, .. }) => {}
                Some(file) => {
                    let end = file.end.unwrap_or(FileEnd::Gone);
                    archive(folder, &file, end, file.reason.as_deref())?;
                }
            }
        }
        for file in self.open()? {
            if folder.work_of(file.id).join(&file.name).exists() {
                continue;
            }
            _ = fs::remove_dir(folder.work_of(file.id));
            // The file was recorded but not moved.
            if inbox_name(folder, &file.name).is_some() {
                self.journal.unclaim_file(file.id)?;
            } else {
                let reason = "the file was removed while it was being imported";
                self.journal.end_file(file.id, FileEnd::Gone, Some(reason), None)?;
            }
        }
        Ok(())
    }
}

/// Moves the files below `work` back into the folder.
fn return_files(folder: &Folder, work: &Path) -> Result<(), WatchError> {
    let fail = |source| WatchError::Folder { path: work.to_owned(), source };
    // A link would lead out of the folder.
    if work.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        for entry in fs::read_dir(work).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            move_into(&entry.path(), folder.path(), &entry.file_name()).map_err(fail)?;
        }
        fs::remove_dir(work).map_err(fail)?;
    }
    Ok(())
}

fn archive(
    folder: &Folder,
    file: &WatchedFile,
    end: FileEnd,
    reason: Option<&str>,
) -> Result<(), WatchError> {
    let target = match end {
        FileEnd::Done | FileEnd::Repeated | FileEnd::Gone => folder.done(),
        FileEnd::Failed => folder.failed(),
    };
    let work = folder.work_of(file.id);
    let path = work.join(&file.name);
    let fail = |source| WatchError::Folder { path: target.clone(), source };
    if path.symlink_metadata().is_ok() {
        // A user may have removed the folder.
        make_folder(&target).map_err(fail)?;
        let moved = move_into(&path, &target, OsStr::new(&file.name)).map_err(fail)?;
        if let Some(reason) = reason {
            leave_note(&moved, &target, reason).map_err(fail)?;
        }
    }
    _ = fs::remove_dir(work);
    Ok(())
}

/// Returns the file's name as text of at most 200 bytes; a longer name loses its middle.
fn shown(name: &OsStr) -> String {
    const MAX_BYTES: usize = 200;
    const MAX_EXTENSION_BYTES: usize = 20;

    let text = name.to_string_lossy().into_owned();
    if text.len() <= MAX_BYTES {
        return text;
    }
    let extension = text.rfind('.').map(|at| &text[at..]).filter(|end| end.len() <= MAX_EXTENSION_BYTES);
    let extension = extension.unwrap_or_default();
    let kept = text.floor_char_boundary(MAX_BYTES - extension.len() - '…'.len_utf8());
    format!("{}…{extension}", &text[..kept])
}

/// Returns the file in the folder with this displayed name.
fn inbox_name(folder: &Folder, name: &str) -> Option<OsString> {
    let entries = fs::read_dir(folder.path()).ok()?.filter_map(Result::ok);
    entries.map(|entry| entry.file_name()).find(|entry| shown(entry) == name)
}

/// Writes a text file next to a file that has ended, named like it with `.txt` added. Existing files and links with
/// that name stay unchanged.
fn leave_note(file: &Path, folder: &Path, reason: &str) -> io::Result<()> {
    use io::Write as _;

    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".txt");
    let mut note = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder)?;
    for line in reason.lines() {
        // The text may quote the file, and users show it on terminals.
        writeln!(note, "{}", printable(line))?;
    }
    note.as_file().sync_all()?;
    let path = note.into_temp_path();
    move_into(&path, folder, &name)?;
    // The file was moved.
    _ = path.keep();
    Ok(())
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    Ok(Stamp::of(&path.symlink_metadata()?))
}

/// Returns the file's SHA-256, or `None` unless its stamp matches before and after reading.
fn digest(path: &Path, expected: Stamp) -> io::Result<Option<String>> {
    let mut file = File::options().read(true).custom_flags(no_follow()).open(path)?;
    let is_same =
        |file: &File| io::Result::Ok(Stamp::of(&file.metadata()?) == expected && file.metadata()?.is_file());
    if !is_same(&file)? {
        return Ok(None);
    }
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            length => hash.update(&buffer[..length]),
        }
    }
    Ok(is_same(&file)?.then(|| hex(&hash.finalize())))
}

#[cfg(test)]
mod tests {
    use std::os::unix::{ffi::OsStrExt as _, fs::symlink};

    use super::*;

    #[test]
    fn long_names_are_shortened_to_leave_room_for_a_suffix() {
        let long = [&[0xff; 250][..], b".csv"].concat();
        let name = shown(OsStr::from_bytes(&long));
        assert!(name.len() <= 200 && name.ends_with("….csv"), "{name}");
        assert_eq!(shown(OsStr::new("list.csv")), "list.csv");
        assert!(shown(OsStr::new(&"é".repeat(127))).len() <= 200);
    }

    #[test]
    fn reason_file_replaces_no_file_and_follows_no_link() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("done");
        fs::create_dir(&folder).unwrap();
        let (file, other) = (folder.join("a.csv"), home.path().join("other"));
        fs::write(&file, "x").unwrap();
        fs::write(&other, "as it was").unwrap();
        symlink(&other, folder.join("a.csv.txt")).unwrap();
        leave_note(&file, &folder, "a \u{1b}[2J reason\nof two lines").unwrap();
        leave_note(&file, &folder, "another").unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "as it was");
        let note = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(note("a.csv (2).txt"), "a \\u{1b}[2J reason\nof two lines\n");
        assert_eq!(note("a.csv (3).txt"), "another\n");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 4, "no other file remains");
    }
}
