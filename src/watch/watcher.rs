//! The watcher of one folder, from new files to their results.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError, TryLockError,
        atomic::Ordering,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use notify::{RecursiveMode, Watcher as _};
use serde_json::Value;

use super::{
    FolderSettings, Job, Stop, Summary, WatchError,
    board::{FolderBoard, State},
    child::{self, Ended},
    claim::{Claim, Claims},
    event::{Event, Observer},
    folder::{Folder, FolderLock},
    housekeeping,
    settle::{EMPTY_PATIENCE, Scan, Settled, Settling},
};
use crate::{
    interrupt::Interrupt,
    journal::{FileEnd, Journal, WatchedFile},
};

/// The first wait after a failure that is not the file's fault; later waits double, up to the longest.
const FIRST_HOLD: Duration = Duration::from_secs(15);
const LONGEST_HOLD: Duration = Duration::from_mins(15);

/// Time between removals of expired files.
const BETWEEN_CLEARINGS: Duration = Duration::from_hours(1);

/// Free bytes that the folder's disk needs before a file is taken, in addition to several times the file's size.
const FREE_BYTES: u64 = 64 * 1024 * 1024;
const FREE_TIMES: u64 = 4;

/// Returns whether the free bytes are enough for a file of this size.
fn has_room(free: u64, size: u64) -> bool {
    free >= FREE_BYTES.saturating_add(size.saturating_mul(FREE_TIMES))
}

/// A hold on files after a failure that is not their fault.
#[derive(Debug, Default)]
struct Hold {
    failures: u32,
    until: Option<Instant>,
}

impl Hold {
    /// Returns the wait after another failure.
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

/// A watcher of one folder.
pub(super) struct FolderWatcher<'a> {
    folder: Folder,
    settings: FolderSettings,
    claims: Claims,
    /// Locked while a file is imported, because an account posts one file at a time.
    account: Arc<Mutex<()>>,
    settling: Settling,
    hold: Hold,
    board: Arc<FolderBoard>,
    summary: Summary,
    /// Number of attempted imports.
    handled: u64,
    /// Whether the files on disk match the journal.
    is_in_order: bool,
    /// The time of the last removal of expired files.
    cleared: Option<Instant>,
    common: Common<'a>,
}

/// The state that the watchers of all folders share.
#[derive(Clone)]
pub(super) struct Common<'a> {
    pub(super) journal: Journal,
    /// Whether the watchers end when nothing is left to do.
    pub(super) once: bool,
    pub(super) observer: &'a dyn Observer,
    pub(super) stop: &'a Stop,
}

impl<'a> FolderWatcher<'a> {
    pub(super) fn new(
        folder: Folder,
        settings: FolderSettings,
        board: Arc<FolderBoard>,
        account: Arc<Mutex<()>>,
        common: Common<'a>,
    ) -> Self {
        Self {
            claims: Claims::new(common.journal.clone(), &folder, &settings.account),
            folder,
            settings,
            account,
            settling: Settling::default(),
            hold: Hold::default(),
            board,
            summary: Summary::default(),
            handled: 0,
            is_in_order: false,
            cleared: None,
            common,
        }
    }

    /// Watches until the service is asked to end, or nothing is left to do.
    pub(super) fn run(&mut self) -> Result<Summary, WatchError> {
        let ended = self.run_while_there();
        self.board.set_state(State::Ended);
        ended.map(|()| self.summary)
    }

    fn run_while_there(&mut self) -> Result<(), WatchError> {
        while let Some(lock) = self.wait_for_lock()? {
            self.is_in_order = false;
            self.hold = Hold::default();
            self.board.set_state(State::Watching);
            self.tell(&Event::Watching);
            if self.watch(&lock) {
                break;
            }
        }
        Ok(())
    }

    /// Waits until no other process watches the folder. Returns `None` if the service is asked to end. With `once`,
    /// leaves the folder to the other process.
    fn wait_for_lock(&mut self) -> Result<Option<FolderLock>, WatchError> {
        let mut is_reported = false;
        while self.goes_on() {
            self.board.beat();
            match self.folder.try_lock() {
                Ok(Some(lock)) => return Ok(Some(lock)),
                Ok(None) if self.common.once => {
                    self.tell(&Event::LeftToOther);
                    return Ok(None);
                }
                Ok(None) if !is_reported => {
                    self.tell(&Event::OtherWatcher);
                    is_reported = true;
                }
                Ok(None) => {}
                Err(source) => {
                    let error = WatchError::Folder { path: self.folder.path().to_owned(), source };
                    if self.common.once {
                        return Err(error);
                    }
                    if !self.hold.is_on() {
                        self.hold_back(&error.to_string(), 5);
                    }
                }
            }
            self.pause(Duration::from_millis(500));
        }
        Ok(None)
    }

    /// Watches while the folder is the locked one. Returns whether the watcher ends.
    fn watch(&mut self, lock: &FolderLock) -> bool {
        let (hint, changed) = mpsc::sync_channel(1);
        // Polling finds every change; events only make the next poll earlier.
        let mut hints = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reads cause events too, and this process reads the folder.
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
                    return false;
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
            let is_due = due.is_none_or(|due| Timestamp::now() >= due);
            let handled = self.handled;
            let scan = if self.hold.is_on() { None } else { self.work_or_hold(is_due) };
            let Some(scan) = scan else {
                if self.common.once {
                    return true;
                }
                self.pause(Duration::from_secs(1));
                continue;
            };
            if !is_due {
                idle_since = Instant::now();
                self.pause(Duration::from_secs(1));
                continue;
            }
            // Files that appeared during an import also need time to settle.
            if self.handled != handled {
                idle_since = Instant::now();
                continue;
            }
            // When everything else is done, files that are still being written wait for the next run.
            let times = if scan.has_empty { EMPTY_PATIENCE + 1 } else { 3 };
            let patience = self.settings.take.settle * times + Duration::from_secs(1);
            let left = scan.settled.len() + scan.unsettled;
            let is_done = left == 0 || idle_since.elapsed() > patience;
            if self.common.once && is_done {
                self.summary.unsettled = left as u64;
                return true;
            }
            if due.is_some() && is_done {
                due = self.next_time();
                continue;
            }
            let pause = if left > 0 { self.settings.take.settle / 2 } else { self.settings.take.settle };
            let pause = pause.clamp(Duration::from_millis(20), Duration::from_secs(30));
            is_hinted = is_hinted && self.pause_unless(&changed, pause);
            if !is_hinted {
                self.pause(pause);
            }
        }
        true
    }

    /// Returns the next time to take files, if there is a schedule.
    fn next_time(&self) -> Option<Timestamp> {
        let schedule = self.settings.schedule.as_ref().filter(|_| !self.common.once)?;
        schedule.next(Timestamp::now())
    }

    /// Does the work. If the journal or the disk fails, nothing is lost, and a later attempt follows.
    fn work_or_hold(&mut self, is_due: bool) -> Option<Scan> {
        let order = if self.is_in_order { Ok(()) } else { self.claims.recover(&self.folder) };
        match order.and_then(|()| self.clear()).and_then(|()| self.work(is_due)) {
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

    /// Imports files that are already taken. Then takes and imports settled files, if it is time. Returns what the
    /// folder contained.
    fn work(&mut self, is_due: bool) -> Result<Scan, WatchError> {
        for file in self.claims.open()? {
            if !self.goes_on() || self.hold.is_on() {
                return Ok(Scan::default());
            }
            self.board.begin_file(&file.name, file.size);
            let imported = self.import(&file);
            self.board.end_file();
            imported?;
        }
        if !is_due {
            return Ok(Scan::default());
        }
        let scan = match self.settling.scan(self.folder.path(), &self.settings.take, Instant::now()) {
            Ok(scan) => scan,
            Err(error) => {
                self.hold_back(&format!("cannot read the folder: {error}"), 5);
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
            if !has_room(free, settled.stamp.size) {
                self.hold_back("the disk of the folder is nearly full", 5);
                break;
            }
            self.board.begin_file(&settled.name.to_string_lossy(), settled.stamp.size);
            let handled = self.take(settled);
            self.board.end_file();
            handled?;
        }
        if !self.hold.is_on() {
            self.board.set_queue(0, scan.unsettled);
        }
        Ok(scan)
    }

    /// Takes a settled file and imports it.
    fn take(&mut self, settled: &Settled) -> Result<(), WatchError> {
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
        Ok(())
    }

    /// Imports a taken file, and moves it to its final folder.
    fn import(&mut self, file: &WatchedFile) -> Result<(), WatchError> {
        self.handled += 1;
        if !self.settings.reimport
            && let Some(earlier) = self.claims.imported_before(file)?
        {
            let reason = format!(
                "The same content was imported before, as {} (run {}). rollcall skipped it; use --reimport to import it again.",
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
            Ended::Imported { totals, platform, has_rows_to_fix, empty_suppressions } => {
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
                for list in empty_suppressions {
                    let why = format!("the suppression list {list} has no entries, so it suppressed nobody");
                    self.tell(&Event::Doubted { name: file.name.clone(), why });
                }
                self.call_hook(file, "done", &out, &totals);
            }
            Ended::Failed(reason) => {
                let prefix = format!("{}: ", file.name);
                let reason = reason.strip_prefix(&prefix).map_or_else(|| reason.clone(), str::to_owned);
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

    /// Returns the result of an import that finished while the service was being killed, before it could record the
    /// result.
    fn finished_before(&self, file: &WatchedFile, out: &Path) -> Result<Option<Ended>, WatchError> {
        let report = std::fs::read(out.join("report.json")).ok();
        let report: Option<Value> = report.and_then(|report| serde_json::from_slice(&report).ok());
        let Some(report) =
            report.filter(|report| report["complete"] == true && report["not_posted"].is_null())
        else {
            return Ok(None);
        };
        let run = report["run"].as_str().unwrap_or_default();
        let is_closed = self.common.journal.run(run)?.is_some_and(|run| run.closed_at.is_some());
        let is_of_file = report["inputs"][0]["sha256"] == file.sha256.as_str();
        let has_rows_to_fix = ["rejected", "failed"].iter().any(|outcome| report["totals"][outcome] != 0);
        Ok((is_closed && is_of_file).then(|| Ended::Imported {
            totals: report["totals"].clone(),
            platform: report["platform"].clone(),
            has_rows_to_fix,
            empty_suppressions: child::empty_suppressions(&report),
        }))
    }

    /// Imports the file in another process. Returns `None` if the service is asked to end first.
    fn run_import(&self, file: &WatchedFile, out: &Path) -> Result<Option<Ended>, WatchError> {
        let account = Arc::clone(&self.account);
        let _turn = loop {
            match account.try_lock() {
                Ok(turn) => break turn,
                Err(TryLockError::Poisoned(turn)) => break turn.into_inner(),
                Err(TryLockError::WouldBlock) if !self.goes_on() => return Ok(None),
                Err(TryLockError::WouldBlock) => thread::sleep(Interrupt::POLL_INTERVAL),
            }
        };
        let work = self.folder.work_of(file.id);
        let job = Job { folder: &work, name: &file.name, out, run: &file.run };
        let (command, orders) = (self.settings.start)(&job).map_err(WatchError::Start)?;
        let limit = self.settings.time_limit;
        let ended =
            child::import(command, &orders, &job, limit, &self.board.said, &self.common.stop.interrupt);
        *self.board.said.lock().unwrap_or_else(PoisonError::into_inner) = None;
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
            && let Err(reason) =
                hook.call(&file.name, end, &file.run, out, totals, &self.common.stop.interrupt)
        {
            self.tell(&Event::HookFailed { name: file.name.clone(), reason });
        }
    }

    fn goes_on(&self) -> bool {
        self.common.stop.interrupt.signal().is_none() && !self.common.stop.soon.load(Ordering::Relaxed)
    }

    /// Removes expired files from time to time.
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
        self.common.observer.event(self.folder.path(), event);
    }

    /// Waits, unless the service is asked to end.
    fn pause(&self, wait: Duration) {
        let end = Instant::now() + wait;
        while self.goes_on() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::sleep(left.min(Interrupt::POLL_INTERVAL));
        }
    }

    /// Waits unless something changes. Returns whether change events still arrive.
    fn pause_unless(&self, changed: &mpsc::Receiver<()>, wait: Duration) -> bool {
        let end = Instant::now() + wait;
        while self.goes_on() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match changed.recv_timeout(left.min(Interrupt::POLL_INTERVAL)) {
                Ok(()) => {
                    // Changes come in bursts.
                    thread::sleep(left.min(Interrupt::POLL_INTERVAL));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_needs_several_times_its_size_of_free_space() {
        let rest = 64 << 20;
        assert!(has_room(rest, 0) && !has_room(rest - 1, 0));
        assert!(has_room(rest + 4000, 1000) && !has_room(rest + 3999, 1000));
        assert!(!has_room(u64::MAX - 1, u64::MAX), "no overflow");
    }
}
