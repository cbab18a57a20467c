//! The current state of a service, for people and programs outside it.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use metrics::{counter, gauge};
use serde_json::Value;

use super::{child::Said, event::Event};
use crate::journal::{Journal, JournalError, SharedQuota, Span, WatchedFile};

/// A loop without an iteration for this long hangs, unless it imports a file.
const HANGING: Duration = Duration::from_mins(2);

/// The window of the account's rate limit.
const MINUTE: Duration = Duration::from_mins(1);

/// All folders of a service.
#[derive(Clone)]
pub(super) struct Board {
    pub(super) folders: Vec<Arc<FolderBoard>>,
    journal: Journal,
    pub(super) since: Timestamp,
}

/// The current state of one folder.
pub(super) struct FolderBoard {
    pub(super) path: PathBuf,
    /// The path as recorded in the journal.
    name: String,
    quota: SharedQuota,
    rate: u32,
    now: Mutex<Now>,
    pub(super) said: Said,
}

/// The part that changes all the time.
#[derive(Clone, Debug)]
pub(super) struct Now {
    pub(super) state: State,
    /// Settled files that wait, and files that have not settled.
    pub(super) waiting: u64,
    pub(super) unsettled: u64,
    /// The time since which files have been waiting.
    pub(super) waiting_since: Option<Instant>,
    /// The file being imported: name, size and start.
    pub(super) file: Option<(String, u64, Instant)>,
    /// The time of the loop's last iteration.
    seen: Instant,
}

/// The state of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Another process watches the folder.
    Waiting,
    Watching,
    /// The folder does not exist.
    Away,
    /// Files are held back, with the reason.
    Held(String),
    /// The watcher has ended.
    Ended,
}

impl Board {
    pub(super) fn new(journal: Journal) -> Self {
        Self { folders: Vec::new(), journal, since: Timestamp::now() }
    }

    pub(super) fn add(
        &mut self,
        path: PathBuf,
        name: String,
        quota: SharedQuota,
        rate: u32,
    ) -> Arc<FolderBoard> {
        let now = Now {
            state: State::Waiting,
            waiting: 0,
            unsettled: 0,
            waiting_since: None,
            file: None,
            seen: Instant::now(),
        };
        let folder = FolderBoard { path, name, quota, rate, now: Mutex::new(now), said: Said::default() };
        let folder = Arc::new(folder);
        self.folders.push(Arc::clone(&folder));
        folder
    }

    /// Returns why the service is not alive, if it is not.
    pub(super) fn illness(&self) -> Option<String> {
        let hangs = |folder: &&Arc<FolderBoard>| {
            let now = folder.now();
            now.file.is_none() && now.seen.elapsed() > HANGING && now.state != State::Ended
        };
        let hanging = self.folders.iter().find(hangs);
        hanging.map(|folder| format!("{} is no longer processed", folder.path.display()))
    }

    /// Returns whether all watchers have ended.
    pub(super) fn is_over(&self) -> bool {
        self.folders.iter().all(|folder| folder.now().state == State::Ended)
    }

    /// Returns the reasons why files are not imported.
    pub(super) fn obstacles(&self) -> Vec<String> {
        let obstacle = |folder: &Arc<FolderBoard>| {
            let path = folder.path.display();
            match folder.now().state {
                State::Watching => None,
                State::Waiting => Some(format!("{path}: another process watches it")),
                State::Away => Some(format!("{path}: the folder does not exist")),
                State::Held(reason) => Some(format!("{path}: files are held back: {reason}")),
                State::Ended => Some(format!("{path}: no longer watched")),
            }
        };
        self.folders.iter().filter_map(obstacle).chain(self.illness()).collect()
    }

    /// Returns the folder's most recent results.
    pub(super) fn ended(&self, folder: &FolderBoard) -> Result<Vec<WatchedFile>, JournalError> {
        self.journal.ended_files(&folder.name)
    }

    /// Updates the gauges that change over time.
    pub(super) fn measure(&self) {
        for folder in &self.folders {
            let (now, path) = (folder.now(), folder.path.display().to_string());
            let age = now.waiting_since.map_or(0.0, |since| since.elapsed().as_secs_f64());
            let count = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
            gauge!("rollcall_queue_files", "folder" => path.clone()).set(count(now.waiting));
            gauge!("rollcall_queue_age_seconds", "folder" => path.clone()).set(age);
            let is_held = f64::from(u8::from(now.state != State::Watching));
            gauge!("rollcall_folder_blocked", "folder" => path.clone()).set(is_held);
            if let Some(left) = folder.requests_left() {
                gauge!("rollcall_requests_left", "folder" => path).set(count(left));
            }
        }
    }
}

impl FolderBoard {
    pub(super) fn now(&self) -> Now {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the requests that the account may still send in the current minute.
    pub(super) fn requests_left(&self) -> Option<u64> {
        let busy = self.quota.busy(Span::Minute, MINUTE).ok()?;
        Some(u64::from(self.rate).saturating_sub(busy.len() as u64))
    }

    /// Returns the progress of the current import.
    pub(super) fn progress(&self) -> Option<Value> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn beat(&self) {
        self.lock().seen = Instant::now();
    }

    pub(super) fn set_state(&self, state: State) {
        self.lock().state = state;
    }

    pub(super) fn set_queue(&self, waiting: usize, unsettled: usize) {
        let mut now = self.lock();
        (now.waiting, now.unsettled) = (waiting as u64, unsettled as u64);
        now.waiting_since = (waiting > 0).then(|| now.waiting_since.unwrap_or_else(Instant::now));
    }

    pub(super) fn begin_file(&self, name: &str, size: u64) {
        self.lock().file = Some((name.to_owned(), size, Instant::now()));
    }

    pub(super) fn end_file(&self) {
        let mut now = self.lock();
        now.file = None;
        now.seen = Instant::now();
    }

    /// Counts an event.
    pub(super) fn count(&self, event: &Event) {
        let path = self.path.display().to_string();
        let file = |end: &'static str| {
            counter!("rollcall_files_total", "folder" => path.clone(), "end" => end).increment(1);
        };
        match event {
            Event::Imported { totals, .. } => {
                file("done");
                for (outcome, count) in
                    totals.as_object().into_iter().flatten().filter(|(name, _)| *name != "rows")
                {
                    let labels = [("folder", path.clone()), ("outcome", outcome.clone())];
                    counter!("rollcall_rows_total", &labels).increment(count.as_u64().unwrap_or_default());
                }
            }
            Event::Failed { .. } => file("failed"),
            Event::Repeated { .. } => file("repeated"),
            Event::Held { wait, .. } => {
                counter!("rollcall_holds_total", "folder" => path.clone()).increment(1);
                counter!("rollcall_hold_seconds_total", "folder" => path.clone()).increment(wait.as_secs());
            }
            _ => {}
        }
    }

    /// Counts the requests for a file.
    pub(super) fn count_requests(&self, platform: &Value) {
        let path = self.path.display().to_string();
        let of = |name: &str| platform[name].as_u64().unwrap_or_default();
        for kind in ["get", "post"] {
            counter!("rollcall_requests_total", "folder" => path.clone(), "kind" => kind).increment(of(kind));
        }
        counter!("rollcall_rate_limit_wait_seconds_total", "folder" => path)
            .increment(of("waited_ms") / 1000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_hangs_only_if_its_loop_stops_without_an_import() {
        let journal = Journal::in_memory().unwrap();
        let mut board = Board::new(journal.clone());
        let folder = board.add(PathBuf::from("in"), "in".to_owned(), journal.quota("account"), 60);
        folder.set_state(State::Watching);
        assert_eq!(board.obstacles(), [""; 0]);
        folder.begin_file("a.csv", 1);
        folder.lock().seen = Instant::now().checked_sub(HANGING * 2).unwrap();
        assert_eq!(
            board.illness(),
            None,
            "an import, a slow hook or the turn of another folder may take long"
        );
        folder.lock().file = None;
        assert!(board.illness().is_some());
        assert!(!board.is_over());
        folder.set_state(State::Ended);
        assert!(board.illness().is_none() && board.is_over());
    }
}
