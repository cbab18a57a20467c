//! The folder of a run's files: each is written beside its place, synced, and renamed into it, so that it appears
//! whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

use tempfile::{NamedTempFile, PersistError};

use super::{ReportError, abandoned, files::KINDS, rejected};
use crate::{failpoint, private_file};

/// A folder that exists. Folders made for it go again if nothing is put there.
#[derive(Debug)]
pub struct OutputFolder {
    path: PathBuf,
    /// Folders that did not exist before, the innermost first.
    made: Vec<PathBuf>,
}

impl OutputFolder {
    /// Makes the folder, and those above it, where they do not exist.
    ///
    /// # Errors
    ///
    /// Where it cannot be made or written to.
    pub fn create(path: &Path) -> Result<Self, ReportError> {
        private_file::check_links(path)
            .map_err(|problem| ReportError::new("use the folder", path, problem.into()))?;
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let made: Vec<PathBuf> = path.ancestors().take_while(is_missing).map(Path::to_owned).collect();
        private_file::make_folder(path)
            .map_err(|source| ReportError::new("make the folder", path, source))?;
        let folder = Self { path: path.to_owned(), made };
        // Found out now and not after an hour of posting.
        tempfile::tempfile_in(path)
            .map_err(|source| ReportError::new("write into the folder", path, source))?;
        Ok(folder)
    }

    /// The files that a run puts into a folder: those of every run, and those of single inputs that are there.
    pub fn files(path: &Path) -> Vec<PathBuf> {
        let of_inputs = Self::files_of_inputs(path);
        KINDS.iter().map(|kind| path.join(kind.name)).chain(of_inputs).collect()
    }

    /// The files of single inputs that are there.
    pub(super) fn files_of_inputs(path: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
        let is_own = |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(rejected::is_own_name);
        entries.filter(is_own).map(|entry| entry.path()).collect()
    }

    /// The folder's path, as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a file, which appears under `name` when it is committed.
    ///
    /// # Errors
    ///
    /// Where it cannot be made.
    pub fn begin(&self, name: &str) -> Result<PendingFile, ReportError> {
        PendingFile::begin(&self.path, name)
    }

    /// Makes sure that the names of committed files survive a crash of the machine.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be synced.
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
        // A folder that holds something is not removed, and that is meant.
        for folder in &self.made {
            _ = fs::remove_dir(folder);
        }
    }
}

/// After so many bytes, what was written is synced while more is written: at the end little is left to wait for.
const BYTES_BETWEEN_SYNCS: usize = 16 * 1024 * 1024;

/// A file being written; it is removed again unless it is committed.
#[derive(Debug)]
pub struct PendingFile {
    target: PathBuf,
    file: BufWriter<NamedTempFile>,
    unsynced: usize,
    /// The syncing under way.
    syncing: Option<JoinHandle<io::Result<()>>>,
}

impl PendingFile {
    /// Begins a file, which appears under `name` in `folder` when it is committed.
    pub(super) fn begin(folder: &Path, name: &str) -> Result<Self, ReportError> {
        let target = folder.join(name);
        failpoint::reach("before a file is begun")
            .map_err(|source| ReportError::new("write", &target, source))?;
        if target.is_dir() {
            let source = io::Error::new(io::ErrorKind::IsADirectory, "there is a folder of that name");
            return Err(ReportError::new("write", &target, source));
        }
        let file =
            abandoned::begin(folder, name).map_err(|source| ReportError::new("write", &target, source))?;
        let file = BufWriter::with_capacity(256 * 1024, file);
        Ok(Self { target, file, unsynced: 0, syncing: None })
    }

    /// Where the file will appear.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    ///
    /// Where what was written cannot be kept.
    pub fn commit(self) -> Result<(), ReportError> {
        self.keep(|file, target| file.persist(target))
    }

    /// The same, unless another file has come to be there meanwhile.
    ///
    /// # Errors
    ///
    /// Where what was written cannot be kept, or a file is in its place.
    pub fn commit_new(self) -> Result<(), ReportError> {
        self.keep(|file, target| file.persist_noclobber(target))
    }

    fn keep(
        mut self,
        persist: impl FnOnce(NamedTempFile, &Path) -> Result<File, PersistError>,
    ) -> Result<(), ReportError> {
        let synced = self.end_syncing();
        let Self { target, file, .. } = self;
        let fail = |source| ReportError::new("write", &target, source);
        synced.map_err(fail)?;
        failpoint::reach("before the last write of a file").map_err(fail)?;
        let file = file.into_inner().map_err(|error| fail(error.into_error()))?;
        failpoint::reach("before a file is synced").map_err(fail)?;
        file.as_file().sync_all().map_err(fail)?;
        failpoint::reach("before a file is renamed").map_err(fail)?;
        persist(file, &target).map_err(|error| fail(error.error))?;
        failpoint::reach("after a file was renamed").map_err(fail)
    }

    /// Waits for the syncing under way: an error is told once, to whoever asks first.
    fn end_syncing(&mut self) -> io::Result<()> {
        let synced = self.syncing.take().map(JoinHandle::join);
        synced.map_or(Ok(()), |synced| synced.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }

    /// Begins to sync what was written, unless that is still being done.
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

    /// What was written so far, from the beginning.
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
    fn a_file_appears_when_it_is_committed() {
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
    fn nothing_is_left_of_a_run_that_fails() {
        let home = tempfile::tempdir().unwrap();
        let folder = OutputFolder::create(&home.path().join("a/b")).unwrap();
        let mut file = folder.begin("x.csv").unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        drop(folder);
        assert_eq!(names(home.path()), [""; 0]);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        let error = OutputFolder::create(&home.path().join("file/out")).unwrap_err();
        assert!(error.to_string().contains("file/out"), "{error}");
    }
}
