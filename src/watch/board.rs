//! What a service is doing at this moment, for people and programs outside of it.

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

/// A loop that has not come round for so long hangs; while a file is imported it does not come round.
const HANGING: Duration = Duration::from_mins(2);

/// The window of the account's limit.
const MINUTE: Duration = Duration::from_mins(1);

/// All folders of a service.
#[derive(Clone)]
pub(super) struct Board {
    pub(super) folders: Vec<Arc<FolderBoard>>,
    journal: Journal,
    pub(super) since: Timestamp,
}

/// One folder, as it is at this moment.
pub(super) struct FolderBoard {
    pub(super) path: PathBuf,
    /// The path as the journal has it.
    name: String,
    quota: SharedQuota,
    rate: u32,
    now: Mutex<Now>,
    pub(super) said: Said,
}

/// What changes from moment to moment.
#[derive(Clone, Debug)]
pub(super) struct Now {
    pub(super) state: State,
    /// Files that are whole and wait, and files that are not whole yet.
    pub(super) waiting: u64,
    pub(super) unsettled: u64,
    /// Since when files have been waiting.
    pub(super) waiting_since: Option<Instant>,
    /// The file that is imported.
    pub(super) file: Option<(String, u64, Instant)>,
    /// When the loop came round.
    seen: Instant,
}

/// What is done with a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Another process watches it.
    Waiting,
    Watching,
    /// It is not there.
    Away,
    /// Its files are held back, and why.
    Held(String),
    /// Its watcher has ended.
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

    /// What keeps the service from living, if anything does.
    pub(super) fn illness(&self) -> Option<String> {
        let hangs = |folder: &&Arc<FolderBoard>| {
            let now = folder.now();
            now.file.is_none() && now.seen.elapsed() > HANGING && now.state != State::Ended
        };
        let hanging = self.folders.iter().find(hangs);
        hanging.map(|folder| format!("nothing is done with {} any more", folder.path.display()))
    }

    /// Whether no folder is watched any more.
    pub(super) fn is_over(&self) -> bool {
        self.folders.iter().all(|folder| folder.now().state == State::Ended)
    }

    /// What keeps files from being imported, if anything does.
    pub(super) fn obstacles(&self) -> Vec<String> {
        let obstacle = |folder: &Arc<FolderBoard>| {
            let path = folder.path.display();
            match folder.now().state {
                State::Watching => None,
                State::Waiting => Some(format!("{path}: another process watches it")),
                State::Away => Some(format!("{path}: it is not there")),
                State::Held(reason) => Some(format!("{path}: files are held back: {reason}")),
                State::Ended => Some(format!("{path}: it is not watched any more")),
            }
        };
        self.folders.iter().filter_map(obstacle).chain(self.illness()).collect()
    }

    /// The files of a folder that ended last.
    pub(super) fn ended(&self, folder: &FolderBoard) -> Result<Vec<WatchedFile>, JournalError> {
        self.journal.ended_files(&folder.name)
    }

    /// Brings the figures up to date that change by themselves.
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

    /// How many requests the account may still make in this minute.
    pub(super) fn requests_left(&self) -> Option<u64> {
        let busy = self.quota.busy(Span::Minute, MINUTE).ok()?;
        Some(u64::from(self.rate).saturating_sub(busy.len() as u64))
    }

    /// What the import in progress says of itself.
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

    /// Counts what happened.
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

    /// Counts what the platform was asked for a file.
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
    fn a_folder_hangs_only_where_its_loop_stands_still_without_a_file() {
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
