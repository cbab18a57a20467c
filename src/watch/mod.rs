//! Import of files dropped into a folder, each content once, for as long as the service runs.
//!
//! A file moves from the folder to `work`, then to `done` or `failed`, with the files of its run in `reports`. It is
//! taken once it has settled (`settle`), recorded and moved first (`claim`), then imported by another process
//! (`child`). If a failure is not the file's fault, the file is held back and retried later.

mod board;
mod child;
mod claim;
mod event;
mod folder;
mod hook;
mod housekeeping;
mod schedule;
mod settle;
mod status;
mod supervisor;
mod watcher;

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    path::PathBuf,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use thiserror::Error;

pub(crate) use self::folder::overlap;
use self::{
    board::Board,
    folder::{Folder, report_of},
    watcher::{Common, FolderWatcher},
};
pub use self::{
    child::Job,
    event::{Event, Observer},
    hook::Hook,
    schedule::Schedule,
    settle::TakeSettings,
    status::StatusPage,
};
use crate::{
    interrupt::Interrupt,
    journal::{Journal, JournalError},
};

/// A failure to watch a folder.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum WatchError {
    #[error("{}: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{} is on another disk than {}, so rollcall cannot move files there in one step", inner.display(), path.display())]
    OtherDevice { path: PathBuf, inner: PathBuf },
    #[error("{} belongs to another user, who could replace files during an import", inner.display())]
    Foreign { inner: PathBuf },
    #[error("{} and {} overlap, so files would be imported twice", one.display(), other.display())]
    Overlap { one: PathBuf, other: PathBuf },
    #[error("{0} is missing from the journal although it was just recorded")]
    Lost(String),
    #[error("cannot listen on {address}: {source}")]
    Status { address: SocketAddr, source: io::Error },
    #[error("cannot start the import: {0}")]
    Start(#[source] io::Error),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A folder with the settings for its files.
pub struct FolderSettings {
    /// The path of the folder.
    pub path: PathBuf,
    /// Which files to take.
    pub take: TakeSettings,
    /// When to take files; any time if `None`.
    pub schedule: Option<Schedule>,
    /// How long to keep files that have ended; forever if `None`.
    pub keep: Option<Duration>,
    /// Whether to import contents again that were imported before.
    pub reimport: bool,
    /// Maximum time of an import.
    pub time_limit: Duration,
    /// The command to run after each file.
    pub hook: Option<Hook>,
    /// The account to import to, by a name that never changes.
    pub account: String,
    /// Requests per minute for the account.
    pub rate: u32,
    /// Creates the process that imports a file.
    pub start: Start,
    /// Generates the name of a run.
    pub new_run: fn() -> String,
}

/// A function that creates the process for a file and returns it with the text for its standard input.
pub type Start = Box<dyn Fn(&Job<'_>) -> io::Result<(Command, String)> + Send + Sync>;

/// The results of a service that ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Number of imported files.
    pub done: u64,
    /// Number of files skipped because their content was imported before.
    pub repeated: u64,
    /// Number of files that cannot be imported.
    pub failed: u64,
    /// Whether an imported file has rows to fix.
    pub has_rows_to_fix: bool,
    /// Number of files that have not settled.
    pub unsettled: u64,
    /// The exit code of the failure that holds files back, if any.
    pub held: Option<i32>,
}

/// Folders that can be watched.
pub struct Watch {
    folders: Vec<(Folder, FolderSettings)>,
    journal: Journal,
}

impl Watch {
    /// Checks that the folders can be watched.
    ///
    /// # Errors
    ///
    /// Returns an error if a folder is missing, is not writable, or contains another one.
    pub fn open(folders: Vec<FolderSettings>, journal: Journal) -> Result<Self, WatchError> {
        let mut opened: Vec<(Folder, FolderSettings)> = Vec::new();
        for settings in folders {
            let folder = Folder::open(&settings.path)?;
            if let Some((other, _)) = opened.iter().find(|(other, _)| other.overlaps(&folder)) {
                let (one, other) = (folder.path().to_owned(), other.path().to_owned());
                return Err(WatchError::Overlap { one, other });
            }
            opened.push((folder, settings));
        }
        Ok(Self { folders: opened, journal })
    }

    /// Watches until `stop` asks to end, or to pause between two files. With `once`, ends when nothing is left to do.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal or a folder fails.
    pub fn run(
        self,
        once: bool,
        page: Option<&StatusPage>,
        observer: &dyn Observer,
        stop: &Stop,
    ) -> Result<Summary, WatchError> {
        let mut accounts: HashMap<String, Arc<Mutex<()>>> = HashMap::new();
        let mut board = Board::new(self.journal.clone());
        let common = Common { journal: self.journal.clone(), once, observer, stop };
        let watchers: Vec<FolderWatcher<'_>> = self
            .folders
            .into_iter()
            .map(|(folder, settings)| {
                let quota = self.journal.quota(&settings.account);
                let board = board.add(folder.path().to_owned(), folder.name(), quota, settings.rate);
                let account = Arc::clone(accounts.entry(settings.account.clone()).or_default());
                FolderWatcher::new(folder, settings, board, account, common.clone())
            })
            .collect();
        if let Some(page) = page {
            page.show(board.clone());
        }
        supervisor::tell(board, stop.interrupt.clone());
        let ended: Vec<Result<Summary, WatchError>> = thread::scope(|scope| {
            let threads: Vec<_> =
                watchers.into_iter().map(|mut watcher| scope.spawn(move || watcher.run())).collect();
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            threads.into_iter().map(join).collect()
        });
        // A pause to reload the settings is not an end.
        if !stop.soon.load(Ordering::Relaxed) || stop.interrupt.signal().is_some() {
            supervisor::tell_end();
        }
        let mut summary = Summary::default();
        for ended in ended {
            let ended = ended?;
            summary.done += ended.done;
            summary.repeated += ended.repeated;
            summary.failed += ended.failed;
            summary.unsettled += ended.unsettled;
            summary.has_rows_to_fix |= ended.has_rows_to_fix;
            summary.held = summary.held.or(ended.held);
        }
        Ok(summary)
    }
}

/// The ways to stop a service.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Stops at once: an import in progress ends cleanly, and the next start finishes it.
    pub interrupt: Interrupt,
    /// Stops after the files in progress.
    pub soon: Arc<AtomicBool>,
}
