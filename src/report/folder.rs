//! The folder of a run's files. Each file is written under a temporary name, synced, and renamed, so it appears
//! complete or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

use tempfile::{NamedTempFile, PersistError};

use super::{ReportError, abandoned, files::KINDS, rejected};
use crate::{failpoint, private_file};

/// An existing folder. Folders created for it are removed again if they stay empty.
#[derive(Debug)]
pub struct OutputFolder {
    path: PathBuf,
    /// Folders that did not exist before, innermost first.
    made: Vec<PathBuf>,
}

impl OutputFolder {
    /// Creates the folder and its parents, if they do not exist.
    ///
    /// # Errors
    ///
    /// Returns an error if the folder cannot be created or written to.
    pub fn create(path: &Path) -> Result<Self, ReportError> {
        private_file::check_links(path)
            .map_err(|problem| ReportError::new("use the folder", path, problem.into()))?;
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let made: Vec<PathBuf> = path.ancestors().take_while(is_missing).map(Path::to_owned).collect();
        private_file::make_folder(path)
            .map_err(|source| ReportError::new("make the folder", path, source))?;
        let folder = Self { path: path.to_owned(), made };
        // Fail now, not after an hour of posting.
        tempfile::tempfile_in(path)
            .map_err(|source| ReportError::new("write into the folder", path, source))?;
        Ok(folder)
    }

    /// Returns the files of a run in a folder: those of every run, and the existing ones of single inputs.
    pub fn files(path: &Path) -> Vec<PathBuf> {
        let of_inputs = Self::files_of_inputs(path);
        KINDS.iter().map(|kind| path.join(kind.name)).chain(of_inputs).collect()
    }

    /// Returns the existing files of single inputs.
    pub(super) fn files_of_inputs(path: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
        let is_own = |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(rejected::is_own_name);
        entries.filter(is_own).map(|entry| entry.path()).collect()
    }

    /// Returns the folder's path, as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts a file that appears under `name` when it is committed.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be created.
    pub fn begin(&self, name: &str) -> Result<PendingFile, ReportError> {
        PendingFile::begin(&self.path, name)
    }

    /// Syncs the folder, so that the names of committed files survive a crash of the machine.
    ///
    /// # Errors
    ///
    /// Returns an error if the folder cannot be synced.
    pub fn sync(mut self) -> Result<(), ReportError> {
        self.made.clear();
        if cfg!(unix) {
            let synced = failpoint::reach("before a folder is synced")
                .and_then(|()| File::open(&self.path))
                .and_then(|folder| folder.sync_all());
            synced.map_err(|source| ReportError::new("sync the folder", &self.path, source))?;
        }
        Ok(())
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        // Folders with contents are kept on purpose.
        for folder in &self.made {
            _ = fs::remove_dir(folder);
        }
    }
}

/// Bytes between background syncs, so that the final sync is short.
const BYTES_BETWEEN_SYNCS: usize = 16 * 1024 * 1024;

/// A file being written; removed unless it is committed.
#[derive(Debug)]
pub struct PendingFile {
    target: PathBuf,
    file: BufWriter<NamedTempFile>,
    unsynced: usize,
    /// Whether everything written is on disk.
    is_synced: bool,
    /// The sync in progress.
    syncing: Option<JoinHandle<io::Result<()>>>,
}

impl PendingFile {
    /// Starts a file that appears under `name` in `folder` when it is committed.
    pub(super) fn begin(folder: &Path, name: &str) -> Result<Self, ReportError> {
        let target = folder.join(name);
        failpoint::reach("before a file is begun")
            .map_err(|source| ReportError::new("write", &target, source))?;
        if target.is_dir() {
            let source = io::Error::new(io::ErrorKind::IsADirectory, "a folder with this name exists");
            return Err(ReportError::new("write", &target, source));
        }
        let file =
            abandoned::begin(folder, name).map_err(|source| ReportError::new("write", &target, source))?;
        let file = BufWriter::with_capacity(256 * 1024, file);
        Ok(Self { target, file, unsynced: 0, is_synced: false, syncing: None })
    }

    /// Returns the folder of the file.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.target.parent().filter(|folder| !folder.as_os_str().is_empty())
    }

    /// Returns the path at which the file will appear.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Puts the file in place.
    ///
    /// # Errors
    ///
    /// Returns an error if the contents cannot be kept.
    pub fn commit(self) -> Result<(), ReportError> {
        self.keep(|file, target| file.persist(target))
    }

    /// Puts the file in place, unless another file exists there by now.
    ///
    /// # Errors
    ///
    /// Returns an error if the contents cannot be kept, or if a file exists at the path.
    pub fn commit_new(self) -> Result<(), ReportError> {
        self.keep(|file, target| file.persist_noclobber(target))
    }

    fn keep(
        mut self,
        persist: impl FnOnce(NamedTempFile, &Path) -> Result<File, PersistError>,
    ) -> Result<(), ReportError> {
        self.sync()?;
        let Self { target, file, .. } = self;
        let fail = |source| ReportError::new("write", &target, source);
        let file = file.into_inner().map_err(|error| fail(error.into_error()))?;
        failpoint::reach("before a file is renamed").map_err(fail)?;
        persist(file, &target).map_err(|error| fail(error.error))?;
        failpoint::reach("after a file was renamed").map_err(fail)
    }

    /// Syncs several complete files at once, which takes as long as the slowest of them.
    ///
    /// # Errors
    ///
    /// Returns an error if the contents of a file cannot be kept.
    pub(super) fn sync_all(files: &mut [Self]) -> Result<(), ReportError> {
        let Some((last, others)) = files.split_last_mut() else { return Ok(()) };
        thread::scope(|scope| {
            let others: Vec<_> = others.iter_mut().map(|file| scope.spawn(|| file.sync())).collect();
            let last = last.sync();
            let join = |other: thread::ScopedJoinHandle<'_, _>| {
                other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            others.into_iter().map(join).chain([last]).collect()
        })
    }

    /// Writes what is buffered and syncs the file, unless nothing was written since the last time.
    fn sync(&mut self) -> Result<(), ReportError> {
        if self.is_synced {
            return Ok(());
        }
        let synced = self
            .end_syncing()
            .and_then(|()| failpoint::reach("before the last write of a file"))
            .and_then(|()| self.file.flush())
            .and_then(|()| failpoint::reach("before a file is synced"))
            .and_then(|()| self.file.get_ref().as_file().sync_all());
        self.is_synced = synced.is_ok();
        synced.map_err(|source| ReportError::new("write", &self.target, source))
    }

    /// Waits for the sync in progress; only the first call returns its error.
    fn end_syncing(&mut self) -> io::Result<()> {
        let synced = self.syncing.take().map(JoinHandle::join);
        synced.map_or(Ok(()), |synced| synced.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }

    /// Starts to sync what was written, unless a sync is still in progress.
    fn begin_syncing(&mut self) -> io::Result<()> {
        if self.syncing.as_ref().is_some_and(|syncing| !syncing.is_finished()) {
            return Ok(());
        }
        self.end_syncing()?;
        self.unsynced = 0;
        let file = self.file.get_ref().as_file().try_clone()?;
        self.syncing = Some(thread::spawn(move || file.sync_data()));
        Ok(())
    }

    /// Returns what was written so far, from the beginning.
    pub(super) fn reread(&mut self) -> io::Result<impl Read + use<'_>> {
        self.file.flush()?;
        let file = self.file.get_mut().as_file_mut();
        file.rewind()?;
        Ok(file)
    }
}

impl Write for PendingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.unsynced == 0 {
            failpoint::reach("before a write")?;
        }
        self.is_synced = false;
        let written = self.file.write(bytes)?;
        self.unsynced += written;
        if self.unsynced >= BYTES_BETWEEN_SYNCS {
            self.begin_syncing()?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for PendingFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn file_appears_only_when_committed() {
        let home = tempfile::tempdir().unwrap();
        let folder = OutputFolder::create(&home.path().join("a/b")).unwrap();
        let mut file = folder.begin("x.csv").unwrap();
        file.write_all(b"whole").unwrap();
        let target = file.target().to_owned();
        assert!(!target.exists());
        file.commit().unwrap();
        folder.sync().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&home.path().join("a/b")), mode(&target)), (0o700, 0o600));
        }
        assert_eq!(fs::read(target).unwrap(), b"whole");
        assert_eq!(names(&home.path().join("a/b")), ["x.csv"]);
    }

    #[test]
    fn failed_run_leaves_nothing_behind() {
        let home = tempfile::tempdir().unwrap();
        let folder = OutputFolder::create(&home.path().join("a/b")).unwrap();
        let mut file = folder.begin("x.csv").unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        drop(folder);
        assert_eq!(names(home.path()), [""; 0]);
    }

    #[test]
    fn folder_that_cannot_be_created_is_named() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        let error = OutputFolder::create(&home.path().join("file/out")).unwrap_err();
        assert!(error.to_string().contains("file/out"), "{error}");
    }
}
