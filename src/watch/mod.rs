//! Files that are dropped into a folder are imported, each content once, for as long as the service runs.
//!
//! A file goes from the folder to `work`, and from there to `done` or `failed`, with the files of its run in `reports`. It is
//! taken when it is whole (`settle`), noted and moved before anything is done with it (`claim`), and imported by a process of
//! its own (`child`). A failure that is not the file's fault holds it back, and it is tried again later.

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

/// Why a folder cannot be watched.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum WatchError {
    #[error("{}: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{} lies on another disk than {}, so that no file can be moved there at once", inner.display(), path.display())]
    OtherDevice { path: PathBuf, inner: PathBuf },
    #[error("{} belongs to another user, who could exchange files there while they are imported", inner.display())]
    Foreign { inner: PathBuf },
    #[error("{} and {} lie in each other, so that files would be imported twice", one.display(), other.display())]
    Overlap { one: PathBuf, other: PathBuf },
    #[error("{0} is not in the journal any more, although it was just noted")]
    Lost(String),
    #[error("cannot listen on {address}: {source}")]
    Status { address: SocketAddr, source: io::Error },
    #[error("the import cannot be started: {0}")]
    Start(#[source] io::Error),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A folder and what becomes of its files.
pub struct FolderSettings {
    /// The folder.
    pub path: PathBuf,
    /// Which files are taken.
    pub take: TakeSettings,
    /// When they are taken; always where there is none.
    pub schedule: Option<Schedule>,
    /// How long is kept what has ended; for ever where nothing is said.
    pub keep: Option<Duration>,
    /// Whether a content that was imported is imported again.
    pub reimport: bool,
    /// How long an import may take.
    pub time_limit: Duration,
    /// What is run when a file has ended.
    pub hook: Option<Hook>,
    /// The account it is imported to, by a name that stays the same.
    pub account: String,
    /// Requests a minute for the account.
    pub rate: u32,
    /// Makes the process that imports a file, and what it is told.
    pub start: Start,
    /// Makes the name of a run.
    pub new_run: fn() -> String,
}

/// Makes the process that imports a file, and what it is told on its standard input.
pub type Start = Box<dyn Fn(&Job<'_>) -> io::Result<(Command, String)> + Send + Sync>;

/// What a service came to that ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files that were imported.
    pub done: u64,
    /// Files that were not, because their content was before.
    pub repeated: u64,
    /// Files that cannot be imported.
    pub failed: u64,
    /// Whether a file that was imported has rows to fix.
    pub has_rows_to_fix: bool,
    /// Files that are not whole yet.
    pub unsettled: u64,
    /// The exit code of the failure that holds files back, if one does.
    pub held: Option<i32>,
}

/// Folders that can be watched.
pub struct Watch {
    folders: Vec<(Folder, FolderSettings)>,
    journal: Journal,
}

impl Watch {
    /// Looks whether the folders can be watched.
    ///
    /// # Errors
    ///
    /// Where one is missing, cannot be written to, or lies in another.
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

    /// Watches until the end is asked for, or a pause between two files is; once, until there is nothing to do any more.
    ///
    /// # Errors
    ///
    /// Where the journal or a folder cannot be used any more.
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
        // A pause to read the settings again is no end.
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

/// How a service is told to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// At once: an import in progress ends in good order, and the next start finishes it.
    pub interrupt: Interrupt,
    /// After the files in progress.
    pub soon: Arc<AtomicBool>,
}
