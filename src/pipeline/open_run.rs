//! An import from its beginning to its end, as the journal knows it.

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
        AccountLock, ContactState, Ending, Fate, Holder, Journal, JournalError, NewRun, OpenQuestion,
        Refused, Snapshots, UnacknowledgedContact,
    },
    outcome::{Code, Outcome},
    platform::PlatformError,
    post::{PostResults, RunJournal},
    progress::Progress,
};

/// Where an import posts to, by names that stay the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The account, which has one quota and one import at a time.
    pub account: String,
    /// The stream whose contacts they are.
    pub stream: String,
}

/// An account that this process alone imports to.
pub struct Reserved {
    journal: Journal,
    target: Target,
    patience: Option<Duration>,
    lock: AccountLock,
}

/// An import that the journal knows of.
pub struct OpenRun {
    journal: Journal,
    target: Target,
    id: String,
    fingerprint: String,
    patience: Option<Duration>,
    /// Held until the run is over, but while its user is asked.
    lock: RefCell<AccountLock>,
    /// Held from the question until it is answered with yes, or the run is over.
    question: RefCell<Option<OpenQuestion>>,
}

/// An import of the same inputs, with the same settings, to the same target, that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Its name.
    pub id: String,
    /// Where its files go.
    pub folder: PathBuf,
}

impl Reserved {
    /// Waits until no other process imports to the account, at most as long as `patience`.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be used, another process is still importing, or the run is to end.
    pub fn wait(
        journal: Journal,
        target: Target,
        patience: Option<Duration>,
        progress: &dyn Progress,
        interrupt: &Interrupt,
    ) -> Result<Self, PlatformError> {
        let lock = take(&journal, &target, patience, progress, interrupt)?;
        Ok(Self { journal, target, patience, lock })
    }

    /// Who has been asked whether to post an import with this fingerprint, and has not answered.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be used.
    pub fn questioner(&self, fingerprint: &str) -> Result<Option<Option<Holder>>, JournalError> {
        self.journal.questioner(fingerprint)
    }

    /// What is the same for the same inputs, settings and target.
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

    /// The import with this fingerprint that was begun and not finished.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn unfinished(&self, fingerprint: &str) -> Result<Option<Unfinished>, JournalError> {
        let found = self.journal.unfinished(fingerprint)?;
        Ok(found.map(|run| Unfinished { id: run.id, folder: run.folder }))
    }

    /// Whether there is a run of this name.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn has_run(&self, id: &str) -> Result<bool, JournalError> {
        Ok(self.journal.run(id)?.is_some())
    }

    /// Whether an import is over: another process may have finished it while this one waited.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn is_over(&self, id: &str) -> Result<bool, JournalError> {
        Ok(self.journal.run(id)?.is_some_and(|run| run.closed_at.is_some()))
    }

    /// Notes that a new import begins.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
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

    /// Notes that an import goes on.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
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

/// Waits until no other process imports to an account, at most as long as `patience`.
fn take(
    journal: &Journal,
    target: &Target,
    patience: Option<Duration>,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<AccountLock, PlatformError> {
    let begun = Instant::now();
    let mut told = None;
    loop {
        let holder = match journal.lock_account(&target.account)? {
            Ok(lock) => return Ok(lock),
            Err(holder) => holder,
        };
        if patience.is_some_and(|patience| begun.elapsed() >= patience) {
            return Err(PlatformError::Busy(holder));
        }
        if told.as_ref() != Some(&holder) {
            progress.waiting_for(holder.as_ref());
            told = Some(holder);
        }
        if let Some(signal) = interrupt.signal() {
            return Err(PlatformError::Interrupted(signal));
        }
        thread::sleep(Interrupt::POLL_INTERVAL);
    }
}

/// What a user answered, and what others may have done meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UserAnswer {
    /// Not to post.
    No,
    /// To post, and nothing was imported by others meanwhile.
    Yes,
    /// To post, but others imported to the account meanwhile.
    YesBut,
}

impl OpenRun {
    /// Asks the user, and lets others import to the account until there is an answer.
    pub(super) fn ask(
        &self,
        progress: &dyn Progress,
        interrupt: &Interrupt,
        ask: impl FnOnce() -> bool,
    ) -> Result<UserAnswer, PlatformError> {
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

    /// What the run's posts are noted with.
    pub(super) fn record(&self, snapshots: Snapshots, limit: Duration) -> RunJournal {
        RunJournal::new(self.journal.clone(), &self.id, snapshots, limit)
    }

    /// The contacts, of this run or another, that were sent and of which nobody knows whether they were stored.
    pub(super) fn unacknowledged(&self) -> Result<(Vec<UnacknowledgedContact>, Duration), JournalError> {
        self.journal.unacknowledged(&self.target.account, &self.target.stream)
    }

    /// Settles these by what the platform holds, and says what is known of the contacts of this run.
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

    /// What is known of the contacts of this run.
    pub(super) fn results(&self) -> Result<PostResults, JournalError> {
        Ok(PostResults::restored(self.journal.notes(&self.id)?))
    }

    /// The rows of this run that were refused and have given their number to another.
    pub(super) fn refused(&self) -> Result<Vec<Refused>, JournalError> {
        self.journal.refused(&self.id)
    }

    /// Records that refused rows give their number to others.
    pub(super) fn give_back(&self, refused: &[(Refused, NameKey)]) -> Result<(), JournalError> {
        self.journal.give_back(&self.id, refused)
    }

    /// Whether a contact of this run was ever sent.
    pub(super) fn has_posted(&self) -> Result<bool, JournalError> {
        self.journal.has_sent(&self.id)
    }

    /// Notes that the run is over, and how its rows ended.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted: the run counts as unfinished then, and doing it again changes nothing.
    pub fn close(&self, ending: Ending, totals: &str) -> Result<(), JournalError> {
        self.journal.close_run(&self.id, ending, totals)
    }

    /// Notes the failure that ended the run before there was anything to report. That failure itself is what the user has to
    /// know of, not one to note it.
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

    /// Notes why the run stopped before it was finished.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
    pub fn stop(&self, reason: &str, totals: Option<&str>) -> Result<(), JournalError> {
        self.journal.stop_run(&self.id, reason, totals)
    }
}

/// What a reading says of a contact that was sent without an answer.
fn found(contact: &UnacknowledgedContact, existing: &ExistingContacts) -> ContactState {
    let (fate, code, detail) = match existing.holder_named(contact.number, contact.name) {
        None => (Fate::Pending, None, String::new()),
        Some(held) => {
            let detail = format!("held as {}", held.describe());
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
        progress::Silent,
    };

    fn target() -> Target {
        Target { account: "https://x a-1".to_owned(), stream: "stream".to_owned() }
    }

    fn reserve(folder: &Path) -> Result<Reserved, PlatformError> {
        let journal = Journal::open(folder).unwrap();
        Reserved::wait(journal, target(), Some(Duration::ZERO), &Silent, &Interrupt::default())
    }

    #[test]
    fn others_have_the_account_while_the_user_is_asked_but_not_the_same_import() {
        let state = tempfile::tempdir().unwrap();
        let reserved = reserve(state.path()).unwrap();
        let fingerprint = reserved.fingerprint(&["a".to_owned()], "");
        let run = reserved.begin("run", &fingerprint, "null", Path::new("out")).unwrap();
        assert!(matches!(reserve(state.path()), Err(PlatformError::Busy(Some(_)))));
        let ask = |ask: &dyn Fn() -> bool| run.ask(&Silent, &Interrupt::default(), ask).unwrap();
        assert_eq!(ask(&|| true), UserAnswer::Yes);
        let other_comes = || {
            let other = reserve(state.path()).unwrap();
            assert_eq!(other.questioner("another").unwrap(), None);
            assert_eq!(other.questioner(&fingerprint).unwrap().unwrap().unwrap().process, std::process::id());
            true
        };
        assert_eq!(ask(&other_comes), UserAnswer::YesBut);
        assert!(matches!(reserve(state.path()), Err(PlatformError::Busy(_))), "it is this run's again");
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
    fn a_run_that_cannot_have_the_account_again_says_who_has_it() {
        let state = tempfile::tempdir().unwrap();
        let run = reserve(state.path()).unwrap().begin("run", "f", "null", Path::new("out")).unwrap();
        let mut other = None;
        let answer = run.ask(&Silent, &Interrupt::default(), || {
            other = reserve(state.path()).ok();
            true
        });
        assert!(matches!(answer, Err(PlatformError::Busy(Some(_)))));
    }

    #[test]
    fn a_contact_whose_digits_are_masked_is_confirmed_by_its_name() {
        let mask = serde_json::from_value("91987****210".into()).unwrap();
        let stored =
            StoredContact { name: "Asha Rao".to_owned(), masks: vec![mask], ..StoredContact::default() };
        let mut existing = ExistingContacts::default();
        existing.note(&stored, |_| true);
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
