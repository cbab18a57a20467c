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

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex, PoisonError, TryLockError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use notify::{RecursiveMode, Watcher as _};
use serde_json::Value;
use thiserror::Error;

use self::{
    board::{Board, FolderBoard, State},
    child::Ended,
    claim::{Claim, Claims},
    folder::{Folder, FolderLock, report_of},
    settle::{Scan, Settling},
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
    journal::{FileEnd, Journal, JournalError, WatchedFile},
};

/// The first wait after a failure that is not the file's, which doubles up to the longest.
const FIRST_HOLD: Duration = Duration::from_secs(15);
const LONGEST_HOLD: Duration = Duration::from_mins(15);

/// How often is removed what is not kept any longer.
const BETWEEN_CLEARINGS: Duration = Duration::from_hours(1);

/// What has to be free on the folder's disk before a file is taken, beside several times its size.
const FREE_BYTES: u64 = 64 * 1024 * 1024;
const FREE_TIMES: u64 = 4;

/// Why a folder cannot be watched.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum WatchError {
    #[error("{}: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{} lies on another disk than {}, so that no file can be moved there at once", inner.display(), path.display())]
    OtherDevice { path: PathBuf, inner: PathBuf },
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
        let watchers: Vec<FolderWatcher<'_>> = self
            .folders
            .into_iter()
            .map(|(folder, settings)| FolderWatcher {
                board: board.add(
                    folder.path().to_owned(),
                    folder.name(),
                    self.journal.quota(&settings.account),
                    settings.rate,
                ),
                claims: Claims::new(self.journal.clone(), &folder),
                journal: self.journal.clone(),
                account: Arc::clone(accounts.entry(settings.account.clone()).or_default()),
                folder,
                settings,
                settling: Settling::default(),
                hold: Hold::default(),
                summary: Summary::default(),
                once,
                handled: 0,
                is_in_order: false,
                cleared: None,
                observer,
                stop,
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
        supervisor::tell_end();
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

/// Keeps files back after a failure that is not theirs.
#[derive(Debug, Default)]
struct Hold {
    failures: u32,
    until: Option<Instant>,
}

impl Hold {
    /// How long to wait after another failure.
    fn fail(&mut self) -> Duration {
        let wait = (FIRST_HOLD * 2_u32.saturating_pow(self.failures.min(10))).min(LONGEST_HOLD);
        self.failures += 1;
        self.until = Some(Instant::now() + wait);
        wait
    }

    fn is_on(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }
}

/// How a service is told to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// At once: an import in progress ends in good order and is gone on with the next time.
    pub interrupt: Interrupt,
    /// After the files in progress.
    pub soon: Arc<AtomicBool>,
}

/// Watches one folder.
struct FolderWatcher<'a> {
    folder: Folder,
    settings: FolderSettings,
    claims: Claims,
    journal: Journal,
    /// Held while a file is imported: an account posts one at a time.
    account: Arc<Mutex<()>>,
    settling: Settling,
    hold: Hold,
    board: Arc<FolderBoard>,
    summary: Summary,
    once: bool,
    /// Imports that were tried.
    handled: u64,
    /// Whether what is on disk is what the journal says.
    is_in_order: bool,
    /// When was removed last what is not kept any longer.
    cleared: Option<Instant>,
    observer: &'a dyn Observer,
    stop: &'a Stop,
}

impl FolderWatcher<'_> {
    fn run(&mut self) -> Result<Summary, WatchError> {
        let ended = self.run_while_there();
        self.board.set_state(State::Ended);
        ended.map(|()| self.summary)
    }

    fn run_while_there(&mut self) -> Result<(), WatchError> {
        while let Some(lock) = self.wait_for_lock()? {
            self.is_in_order = false;
            self.board.set_state(State::Watching);
            self.tell(&Event::Watching);
            if self.watch(&lock)? {
                break;
            }
        }
        Ok(())
    }

    /// Waits until no other process watches the folder; nothing where the end is asked for. What is to be done once is left to
    /// the other one.
    fn wait_for_lock(&self) -> Result<Option<FolderLock>, WatchError> {
        let mut is_told = false;
        while self.goes_on() {
            self.board.beat();
            match self.folder.try_lock() {
                Ok(Some(lock)) => return Ok(Some(lock)),
                Ok(None) if self.once => {
                    self.tell(&Event::LeftToOther);
                    return Ok(None);
                }
                Ok(None) if !is_told => {
                    self.tell(&Event::OtherWatcher);
                    is_told = true;
                }
                Ok(None) => {}
                Err(source) => {
                    return Err(WatchError::Folder { path: self.folder.path().to_owned(), source });
                }
            }
            self.pause(Duration::from_millis(500));
        }
        Ok(None)
    }

    /// Watches while the folder is the one that was locked. Returns whether it is over.
    fn watch(&mut self, lock: &FolderLock) -> Result<bool, WatchError> {
        let (hint, changed) = mpsc::sync_channel(1);
        // Looking again and again is what counts; an event only makes the next look come sooner.
        let mut hints = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Whoever only looks, as this process does, changes nothing.
            if event.is_ok_and(|event| event.kind.is_create() || event.kind.is_modify()) {
                _ = hint.try_send(());
            }
        })
        .ok();
        let mut is_hinted = hints
            .as_mut()
            .is_some_and(|hints| hints.watch(self.folder.path(), RecursiveMode::NonRecursive).is_ok());
        let mut is_away = false;
        let mut idle_since = Instant::now();
        let mut due = self.next_time();
        while self.goes_on() {
            self.board.beat();
            if !self.folder.is_there(lock) {
                if self.folder.is_replaced(lock) {
                    self.tell(&Event::Back);
                    return Ok(false);
                }
                if !is_away {
                    self.board.set_state(State::Away);
                    self.tell(&Event::Away);
                    is_away = true;
                }
                self.pause(Duration::from_secs(1));
                continue;
            }
            if is_away {
                self.board.set_state(State::Watching);
                self.tell(&Event::Back);
                is_away = false;
            }
            if due.is_some_and(|due| Timestamp::now() < due) {
                self.pause(Duration::from_secs(1));
                idle_since = Instant::now();
                continue;
            }
            let handled = self.handled;
            let scan = if self.hold.is_on() { None } else { self.work_or_hold() };
            let Some(scan) = scan else {
                if self.once {
                    return Ok(true);
                }
                self.pause(Duration::from_secs(1));
                continue;
            };
            // What was seen before an import, or for the first time after it, has its time from now on.
            if !scan.settled.is_empty() || self.handled != handled {
                idle_since = Instant::now();
                continue;
            }
            // What is still being written when everything else is done is left for the next time.
            let patience = self.settings.take.settle * 3 + Duration::from_secs(1);
            let is_done = scan.unsettled == 0 || idle_since.elapsed() > patience;
            if self.once && is_done {
                self.summary.unsettled = scan.unsettled as u64;
                return Ok(true);
            }
            if due.is_some() && is_done {
                due = self.next_time();
                continue;
            }
            let pause =
                if scan.unsettled > 0 { self.settings.take.settle / 2 } else { self.settings.take.settle };
            let pause = pause.clamp(Duration::from_millis(20), Duration::from_secs(30));
            is_hinted = is_hinted && self.pause_unless(&changed, pause);
            if !is_hinted {
                self.pause(pause);
            }
        }
        Ok(true)
    }

    /// When files are taken next, where there is a schedule.
    fn next_time(&self) -> Option<Timestamp> {
        let schedule = self.settings.schedule.as_ref().filter(|_| !self.once)?;
        schedule.next(Timestamp::now())
    }

    /// Does the work; where the journal or the disk fails, nothing is lost, and it is tried again later.
    fn work_or_hold(&mut self) -> Option<Scan> {
        let order = if self.is_in_order { Ok(()) } else { self.claims.recover(&self.folder) };
        match order.and_then(|()| self.clear()).and_then(|()| self.work()) {
            Ok(scan) => {
                self.is_in_order = true;
                Some(scan)
            }
            Err(error) => {
                self.is_in_order = false;
                self.hold_back(&error.to_string(), 5);
                None
            }
        }
    }

    /// Imports what is taken, then takes and imports what is whole. Returns what there was.
    fn work(&mut self) -> Result<Scan, WatchError> {
        for file in self.claims.open()? {
            if !self.goes_on() || self.hold.is_on() {
                return Ok(Scan::default());
            }
            self.import(&file)?;
        }
        let scan = match self.settling.scan(self.folder.path(), &self.settings.take, Instant::now()) {
            Ok(scan) => scan,
            Err(error) => {
                self.hold_back(&format!("the folder cannot be looked into: {error}"), 5);
                return Ok(Scan::default());
            }
        };
        for (name, why) in &scan.odd {
            self.tell(&Event::Left { name: name.to_string_lossy().into_owned(), why: (*why).to_owned() });
        }
        for (index, settled) in scan.settled.iter().enumerate() {
            self.board.set_queue(scan.settled.len() - index, scan.unsettled);
            if !self.goes_on() || self.hold.is_on() {
                break;
            }
            let free = self.folder.free_bytes().unwrap_or(u64::MAX);
            if free < FREE_BYTES.saturating_add(settled.stamp.size.saturating_mul(FREE_TIMES)) {
                self.hold_back("the disk of the folder is nearly full", 5);
                break;
            }
            match self.claims.take(&self.folder, settled, &(self.settings.new_run)())? {
                Claim::Taken(file) => {
                    self.tell(&Event::Taken { name: file.name.clone(), size: file.size });
                    self.import(&file)?;
                }
                Claim::Changing => self.settling.forget(&settled.name),
                Claim::Unreadable(error) => {
                    let name = settled.name.to_string_lossy().into_owned();
                    self.tell(&Event::Left { name, why: error.to_string() });
                    self.settling.forget(&settled.name);
                }
            }
        }
        if !self.hold.is_on() {
            self.board.set_queue(0, scan.unsettled);
        }
        Ok(scan)
    }

    /// Imports a file that is taken, and moves it to where it stays.
    fn import(&mut self, file: &WatchedFile) -> Result<(), WatchError> {
        self.handled += 1;
        if !self.settings.reimport
            && let Some(earlier) = self.claims.imported_before(file)?
        {
            let reason = format!(
                "The same content was imported before, as {} (run {}). It is not imported again; --reimport does that.",
                earlier.name, earlier.run
            );
            self.claims.end(&self.folder, file, FileEnd::Repeated, Some(&reason), None)?;
            self.summary.repeated += 1;
            self.tell(&Event::Repeated { name: file.name.clone(), earlier: earlier.name });
            return Ok(());
        }
        let out = self.folder.report_of(&file.name, &file.run);
        let ended = if let Some(ended) = self.finished_before(file, &out)? {
            ended
        } else if Claims::is_unchanged(&self.folder, file) {
            let Some(ended) = self.run_import(file, &out)? else { return Ok(()) };
            ended
        } else {
            self.claims.put_back(&self.folder, file.id)?;
            self.tell(&Event::Changed { name: file.name.clone() });
            return Ok(());
        };
        match ended {
            Ended::Interrupted => return Ok(()),
            Ended::Held { reason, code } => {
                self.hold_back(&reason, code);
                return Ok(());
            }
            Ended::Imported { totals, platform, has_rows_to_fix } => {
                self.board.count_requests(&platform);
                let text = totals.to_string();
                if Claims::is_unchanged(&self.folder, file) {
                    self.claims.end(&self.folder, file, FileEnd::Done, None, Some(&text))?;
                } else {
                    self.claims.end_changed(&self.folder, file, Some(&text))?;
                    self.tell(&Event::Changed { name: file.name.clone() });
                }
                self.summary.done += 1;
                self.summary.has_rows_to_fix |= has_rows_to_fix;
                self.tell(&Event::Imported {
                    name: file.name.clone(),
                    totals: totals.clone(),
                    out: out.clone(),
                });
                self.call_hook(file, "done", &out, &totals);
            }
            Ended::Failed(reason) => {
                self.claims.end(&self.folder, file, FileEnd::Failed, Some(&reason), None)?;
                self.summary.failed += 1;
                self.tell(&Event::Failed { name: file.name.clone(), reason });
                self.call_hook(file, "failed", &out, &Value::Null);
            }
        }
        self.hold = Hold::default();
        self.board.set_state(State::Watching);
        Ok(())
    }

    /// How an import ended whose end nobody noted: the service was killed then.
    fn finished_before(&self, file: &WatchedFile, out: &Path) -> Result<Option<Ended>, WatchError> {
        let report = std::fs::read(out.join("report.json")).ok();
        let report: Option<Value> = report.and_then(|report| serde_json::from_slice(&report).ok());
        let Some(report) =
            report.filter(|report| report["complete"] == true && report["not_posted"].is_null())
        else {
            return Ok(None);
        };
        let run = report["run"].as_str().unwrap_or_default();
        let is_closed = self.journal.run(run)?.is_some_and(|run| run.closed_at.is_some());
        let is_of_file = report["inputs"][0]["sha256"] == file.sha256.as_str();
        let has_rows_to_fix = ["rejected", "failed"].iter().any(|outcome| report["totals"][outcome] != 0);
        Ok((is_closed && is_of_file).then(|| Ended::Imported {
            totals: report["totals"].clone(),
            platform: report["platform"].clone(),
            has_rows_to_fix,
        }))
    }

    /// Has a process import the file; nothing where the end is asked for before.
    fn run_import(&self, file: &WatchedFile, out: &Path) -> Result<Option<Ended>, WatchError> {
        let account = Arc::clone(&self.account);
        let _turn = loop {
            match account.try_lock() {
                Ok(turn) => break turn,
                Err(TryLockError::Poisoned(turn)) => break turn.into_inner(),
                Err(TryLockError::WouldBlock) if !self.goes_on() => return Ok(None),
                Err(TryLockError::WouldBlock) => thread::sleep(Interrupt::GLANCE),
            }
        };
        let work = self.folder.work_of(file.id);
        let job = Job { folder: &work, name: &file.name, out, run: &file.run };
        let (command, orders) = (self.settings.start)(&job).map_err(WatchError::Start)?;
        self.board.begin_file(&file.name, file.size);
        let limit = self.settings.time_limit;
        let ended = child::import(command, &orders, &job, limit, &self.board.said, &self.stop.interrupt);
        *self.board.said.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.board.end_file();
        ended.map(Some).map_err(WatchError::Start)
    }

    fn hold_back(&mut self, reason: &str, code: i32) {
        let wait = self.hold.fail();
        self.summary.held.get_or_insert(code);
        self.board.set_state(State::Held(reason.to_owned()));
        self.tell(&Event::Held { reason: reason.to_owned(), wait });
    }

    fn call_hook(&self, file: &WatchedFile, end: &str, out: &Path, totals: &Value) {
        if let Some(hook) = &self.settings.hook
            && let Err(reason) = hook.call(&file.name, end, &file.run, out, totals, &self.stop.interrupt)
        {
            self.tell(&Event::HookFailed { name: file.name.clone(), reason });
        }
    }

    fn goes_on(&self) -> bool {
        self.stop.interrupt.signal().is_none() && !self.stop.soon.load(Ordering::Relaxed)
    }

    /// Removes what is not kept any longer, now and then.
    fn clear(&mut self) -> Result<(), WatchError> {
        let Some(kept) = self.settings.keep else { return Ok(()) };
        if self.cleared.is_none_or(|cleared| cleared.elapsed() >= BETWEEN_CLEARINGS) {
            self.cleared = Some(Instant::now());
            housekeeping::clear(&self.folder, kept);
            self.claims.forget(kept)?;
        }
        Ok(())
    }

    fn tell(&self, event: &Event) {
        self.board.count(event);
        self.observer.event(self.folder.path(), event);
    }

    /// Waits, unless the end is asked for.
    fn pause(&self, wait: Duration) {
        let end = Instant::now() + wait;
        while self.goes_on() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::sleep(left.min(Interrupt::GLANCE));
        }
    }

    /// The same, unless something changes. Returns whether changes are still told.
    fn pause_unless(&self, changed: &mpsc::Receiver<()>, wait: Duration) -> bool {
        let end = Instant::now() + wait;
        while self.goes_on() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match changed.recv_timeout(left.min(Interrupt::GLANCE)) {
                Ok(()) => {
                    // Changes come in crowds.
                    thread::sleep(left.min(Interrupt::GLANCE));
                    _ = changed.try_recv();
                    break;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
        true
    }
}
