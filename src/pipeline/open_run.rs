//! The journal side of an import, from start to end.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};

use super::PipelineError;
use crate::{
    contact::NameKey,
    existing::ExistingContacts,
    hash::hex,
    interrupt::Interrupt,
    journal::{
        Abandoned, AccountLock, ContactState, Ending, Fate, Holder, Journal, JournalError, NewRun,
        OpenQuestion, Refused, RunRecord, Snapshots, UnacknowledgedContact,
    },
    outcome::{Code, Outcome},
    post::{PostResults, RunJournal},
    progress::Progress,
};

/// The target of an import, by stable names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The account, which has one quota and one import at a time.
    pub account: String,
    /// The stream of the account.
    pub stream: String,
}

/// An account that only this process imports to.
pub struct Reserved {
    journal: Journal,
    target: Target,
    patience: Option<Duration>,
    lock: AccountLock,
}

/// An import in the journal.
pub struct OpenRun {
    journal: Journal,
    target: Target,
    id: String,
    fingerprint: String,
    patience: Option<Duration>,
    /// Held until the run is over, except while the user is asked.
    lock: RefCell<AccountLock>,
    /// Held from the question until the answer yes or the end of the run.
    question: RefCell<Option<OpenQuestion>>,
}

/// An unfinished import of the same inputs, with the same settings, to the same target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The run id.
    pub id: String,
    /// The folder of its files.
    pub folder: PathBuf,
}

impl Reserved {
    /// Waits until no other process imports to the account, for at most `patience`.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be used, another process is still importing, or the run was
    /// interrupted.
    pub fn wait(
        journal: Journal,
        target: Target,
        patience: Option<Duration>,
        progress: &dyn Progress,
        interrupt: &Interrupt,
    ) -> Result<Self, PipelineError> {
        let lock = take(&journal, &target, patience, progress, interrupt)?;
        Ok(Self { journal, target, patience, lock })
    }

    /// Returns the process whose user was asked whether to post an import with this fingerprint and has not answered.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be used.
    pub fn questioner(&self, fingerprint: &str) -> Result<Option<Option<Holder>>, JournalError> {
        self.journal.questioner(fingerprint)
    }

    /// Returns a hash that is equal for equal inputs, settings and target.
    pub fn fingerprint(&self, inputs: &[String], settings: &str) -> String {
        let mut hash = Sha256::new();
        for part in
            inputs.iter().map(String::as_str).chain([&*self.target.account, &self.target.stream, settings])
        {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hex(&hash.finalize())
    }

    /// Returns the unfinished import with this fingerprint.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn unfinished(&self, fingerprint: &str) -> Result<Option<Unfinished>, JournalError> {
        let found = self.journal.unfinished(fingerprint)?;
        Ok(found.map(|run| Unfinished { id: run.id, folder: run.folder }))
    }

    /// Returns whether there is a run with this id.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn has_run(&self, id: &str) -> Result<bool, JournalError> {
        Ok(self.journal.run(id)?.is_some())
    }

    /// Returns whether an import is finished: another process may have finished it while this one waited.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn is_over(&self, id: &str) -> Result<bool, JournalError> {
        Ok(self.journal.run(id)?.is_some_and(|run| run.closed_at.is_some()))
    }

    /// Records that a new import starts.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded.
    pub fn begin(
        self,
        id: &str,
        fingerprint: &str,
        command: &str,
        folder: &Path,
    ) -> Result<OpenRun, JournalError> {
        let Target { account, stream } = &self.target;
        self.journal.open_run(&NewRun { id, account, stream, fingerprint, command, folder })?;
        Ok(self.opened(id, fingerprint))
    }

    /// Records that an import is resumed.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded.
    pub fn resume(self, id: &str, fingerprint: &str, folder: &Path) -> Result<OpenRun, JournalError> {
        self.journal.continue_run(id, folder)?;
        Ok(self.opened(id, fingerprint))
    }

    fn opened(self, id: &str, fingerprint: &str) -> OpenRun {
        let Self { journal, target, patience, lock } = self;
        OpenRun {
            journal,
            target,
            id: id.to_owned(),
            fingerprint: fingerprint.to_owned(),
            patience,
            lock: RefCell::new(lock),
            question: RefCell::default(),
        }
    }
}

/// Waits until no other process imports to an account, for at most `patience`.
fn take(
    journal: &Journal,
    target: &Target,
    patience: Option<Duration>,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<AccountLock, PipelineError> {
    let begun = Instant::now();
    let mut told = None;
    loop {
        let holder = match journal.lock_account(&target.account)? {
            Ok(lock) => return Ok(lock),
            Err(holder) => holder,
        };
        if patience.is_some_and(|patience| begun.elapsed() >= patience) {
            return Err(PipelineError::Busy(holder));
        }
        if told.as_ref() != Some(&holder) {
            progress.waiting_for(holder.as_ref());
            told = Some(holder);
        }
        if let Some(signal) = interrupt.signal() {
            return Err(PipelineError::Interrupted(signal));
        }
        thread::sleep(Interrupt::POLL_INTERVAL);
    }
}

/// The user's answer, and whether other programs imported meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UserAnswer {
    /// Do not post.
    No,
    /// Post; no other program imported meanwhile.
    Yes,
    /// Post, but other programs imported to the account meanwhile.
    YesBut,
}

impl OpenRun {
    /// Asks the user, and releases the account to other imports until there is an answer.
    pub(super) fn ask(
        &self,
        progress: &dyn Progress,
        interrupt: &Interrupt,
        ask: impl FnOnce() -> bool,
    ) -> Result<UserAnswer, PipelineError> {
        self.question.replace(Some(self.journal.open_question(&self.fingerprint)?));
        let earlier = self.lock.borrow().holder().clone();
        self.lock.borrow_mut().release();
        if !ask() {
            return Ok(UserAnswer::No);
        }
        let lock = take(&self.journal, &self.target, self.patience, progress, interrupt)?;
        let is_alone = lock.follows(&earlier);
        self.lock.replace(lock);
        self.question.replace(None);
        Ok(if is_alone { UserAnswer::Yes } else { UserAnswer::YesBut })
    }

    /// Returns the journal of the run's posts.
    pub(super) fn run_journal(&self, snapshots: Snapshots, limit: Duration) -> RunJournal {
        RunJournal::new(self.journal.clone(), &self.id, snapshots, limit)
    }

    /// Returns the contacts of this or another run of which it is unknown whether they were stored.
    pub(super) fn unacknowledged(&self) -> Result<(Vec<UnacknowledgedContact>, Duration), JournalError> {
        self.journal.unacknowledged(&self.target.account, &self.target.stream)
    }

    /// Reconciles these with the existing contacts, and returns the results of this run.
    pub(super) fn reconcile(
        &self,
        unacknowledged: Vec<UnacknowledgedContact>,
        existing: &ExistingContacts,
    ) -> Result<PostResults, JournalError> {
        let notes: Vec<(String, ContactState)> = unacknowledged
            .into_iter()
            .map(|contact| (contact.run.clone(), found(&contact, existing)))
            .collect();
        self.journal.record(&notes)?;
        self.results()
    }

    /// Returns the results of this run so far.
    pub(super) fn results(&self) -> Result<PostResults, JournalError> {
        Ok(PostResults::restored(self.journal.contact_states(&self.id)?))
    }

    /// Returns the rows of this run that were refused and gave their number to another row.
    pub(super) fn refused(&self) -> Result<Vec<Refused>, JournalError> {
        self.journal.refused(&self.id)
    }

    /// Records that refused rows give their number to other rows.
    pub(super) fn give_back(&self, refused: &[(Refused, NameKey)]) -> Result<(), JournalError> {
        self.journal.give_back(&self.id, refused)
    }

    /// Returns whether this run ever sent a contact.
    pub(super) fn has_posted(&self) -> Result<bool, JournalError> {
        self.journal.has_sent(&self.id)
    }

    /// Records the end of the run and the outcomes of its rows.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded. The run then counts as unfinished, and running it again changes
    /// nothing.
    pub fn close(&self, ending: Ending, totals: &str) -> Result<(), JournalError> {
        self.journal.close_run(&self.id, ending, totals)
    }

    /// Closes the earlier unfinished imports to the same stream that this one replaces, and returns their ids. An
    /// import whose user is being asked is still alive.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be used.
    pub fn replace(&self, is_replaced: impl Fn(&RunRecord) -> bool) -> Result<Vec<String>, JournalError> {
        let runs = self.journal.runs()?;
        let own = runs.iter().find(|run| run.id == self.id).map_or(i64::MIN, |run| run.opened_at);
        let mut replaced = Vec::new();
        for run in runs {
            let is_of_stream = run.account == self.target.account && run.stream == self.target.stream;
            let is_earlier = run.closed_at.is_none() && run.id != self.id && run.opened_at <= own;
            if is_of_stream
                && is_earlier
                && is_replaced(&run)
                && self.journal.questioner(&run.fingerprint)?.is_none()
                && self.journal.abandon_run(&run.id, Abandoned::Replaced)?
            {
                replaced.push(run.id);
            }
        }
        Ok(replaced)
    }

    /// Records the failure that ended the run before there was anything to report. An error while recording is
    /// ignored: the failure itself matters more to the user.
    pub fn failed(&self, error: &PipelineError) {
        _ = match error {
            PipelineError::Parse(_) | PipelineError::OptionFile(_) | PipelineError::Unread(_)
                if self.has_posted().is_ok_and(|has| !has) =>
            {
                self.close(Ending::Failed, "")
            }
            _ => self.stop(&error.to_string(), None),
        };
    }

    /// Records why the run stopped before it was finished.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be recorded.
    pub fn stop(&self, reason: &str, totals: Option<&str>) -> Result<(), JournalError> {
        self.journal.stop_run(&self.id, reason, totals)
    }
}

/// Returns the result of an unacknowledged contact after a read.
fn found(contact: &UnacknowledgedContact, existing: &ExistingContacts) -> ContactState {
    let (fate, code, detail) = match existing.holder_named(contact.number, contact.name) {
        None => (Fate::Pending, None, String::new()),
        Some(held) => {
            let detail = format!("existing contact: {}", held.describe());
            let is_same = held.has_name(contact.name);
            if is_same && !contact.is_others {
                (Fate::Ended(Outcome::Confirmed), None, detail)
            } else {
                let code = if is_same { Code::SameName } else { Code::OtherName };
                (Fate::Ended(Outcome::Existing), Some(code), detail)
            }
        }
    };
    ContactState { number: contact.number, fate, code, detail, was_unacknowledged: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contact::{E164, StoredContact},
        existing::Collector,
        progress::Silent,
    };

    fn target() -> Target {
        Target { account: "https://x a-1".to_owned(), stream: "stream".to_owned() }
    }

    fn reserve(folder: &Path) -> Result<Reserved, PipelineError> {
        let journal = Journal::open(folder).unwrap();
        Reserved::wait(journal, target(), Some(Duration::ZERO), &Silent, &Interrupt::default())
    }

    #[test]
    fn account_is_free_for_other_imports_while_the_user_is_asked() {
        let state = tempfile::tempdir().unwrap();
        let reserved = reserve(state.path()).unwrap();
        let fingerprint = reserved.fingerprint(&["a".to_owned()], "");
        let run = reserved.begin("run", &fingerprint, "null", Path::new("out")).unwrap();
        assert!(matches!(reserve(state.path()), Err(PipelineError::Busy(Some(_)))));
        let ask = |ask: &dyn Fn() -> bool| run.ask(&Silent, &Interrupt::default(), ask).unwrap();
        assert_eq!(ask(&|| true), UserAnswer::Yes);
        let other_comes = || {
            let other = reserve(state.path()).unwrap();
            assert_eq!(other.questioner("another").unwrap(), None);
            assert_eq!(other.questioner(&fingerprint).unwrap().unwrap().unwrap().process, std::process::id());
            true
        };
        assert_eq!(ask(&other_comes), UserAnswer::YesBut);
        assert!(matches!(reserve(state.path()), Err(PipelineError::Busy(_))), "it is this run's again");
        assert_eq!(ask(&|| false), UserAnswer::No);
        let other = reserve(state.path()).unwrap();
        assert!(other.questioner(&fingerprint).unwrap().is_some(), "until the run is over");
        run.close(Ending::Declined, "").unwrap();
        drop(run);
        assert_eq!(other.questioner(&fingerprint).unwrap(), None);
        let files: Vec<_> =
            std::fs::read_dir(state.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert!(!files.iter().any(|file| file.to_string_lossy().starts_with("question")), "{files:?}");
    }

    #[test]
    fn run_that_cannot_get_the_account_back_names_its_holder() {
        let state = tempfile::tempdir().unwrap();
        let run = reserve(state.path()).unwrap().begin("run", "f", "null", Path::new("out")).unwrap();
        let mut other = None;
        let answer = run.ask(&Silent, &Interrupt::default(), || {
            other = reserve(state.path()).ok();
            true
        });
        assert!(matches!(answer, Err(PipelineError::Busy(Some(_)))));
    }

    #[test]
    fn contact_with_masked_digits_is_confirmed_by_its_name() {
        let mask = serde_json::from_value("91987****210".into()).unwrap();
        let stored =
            StoredContact { name: "Asha Rao".to_owned(), masks: vec![mask], ..StoredContact::default() };
        let mut collector = Collector::default();
        collector.add(&stored, |_| true);
        let existing = collector.finish();
        for (first_name, fate) in [("Asha", Fate::Ended(Outcome::Confirmed)), ("Meera", Fate::Pending)] {
            let contact = UnacknowledgedContact {
                run: "run".to_owned(),
                number: E164::from_digits("919876543210").unwrap(),
                name: NameKey::new(first_name, "Rao"),
                is_others: false,
            };
            assert_eq!(found(&contact, &existing).fate, fate, "{first_name}");
        }
    }
}
