//! What became of each contact that was to be posted.

use std::collections::{HashMap, HashSet};

use crate::{
    contact::E164,
    failpoint,
    journal::{ContactState, Fate},
    outcome::{Code, Outcome},
};

/// How a contact ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostResult {
    /// `created`, `confirmed`, `existing`, `failed`, or `pending` where it is not known.
    pub outcome: Outcome,
    /// Why.
    pub code: Option<Code>,
    /// The platform's id, its words, or what is not known.
    pub detail: String,
}

/// The settled contacts of a run, by number: of a run's rows with one number only one is posted.
#[derive(Debug, Default)]
pub struct PostResults {
    by_number: HashMap<E164, PostResult>,
    ended: u64,
    /// Whether some were settled in an earlier part of the run.
    has_before: bool,
    /// Numbers that were sent without an answer at some time: should they turn up on the platform, they are ours.
    unacknowledged: HashSet<E164>,
}

impl PostResult {
    /// That of a contact that the platform refused.
    pub fn refused(code: Option<Code>, detail: String) -> Self {
        Self { outcome: Outcome::Failed, code, detail }
    }

    /// Whether the platform refused the contact, and has none with its number for all that is known.
    pub fn is_refused(&self) -> bool {
        self.outcome == Outcome::Failed && self.code == Some(Code::Refused)
    }
}

impl PostResults {
    /// What is known from before of the contacts of a run that is gone on with.
    pub fn restored(notes: Vec<ContactState>) -> Self {
        let mut results = Self::default();
        if failpoint::is_without("going on where it ended") {
            return results;
        }
        for ContactState { number, fate, code, detail, was_unacknowledged } in notes {
            if was_unacknowledged {
                results.unacknowledged.insert(number);
            }
            if let Fate::Ended(outcome) = fate {
                results.record(number, PostResult { outcome, code, detail });
            }
        }
        results
    }

    /// What became of the contact with this number, if it was posted.
    pub fn of(&self, number: E164) -> Option<&PostResult> {
        self.by_number.get(&number)
    }

    /// The numbers of contacts that the platform refused.
    pub fn refused(&self) -> impl Iterator<Item = E164> {
        let refused = self.by_number.iter().filter(|(_, result)| result.is_refused());
        refused.map(|(number, _)| *number)
    }

    /// Forgets that a number was refused: another contact is to be posted with it.
    pub fn give_back(&mut self, number: E164) {
        if self.by_number.remove(&number).is_some() {
            self.ended = self.ended.saturating_sub(1);
            self.has_before = true;
        }
    }

    /// Contacts settled for good.
    pub fn ended(&self) -> u64 {
        self.ended
    }

    /// Whether any contact of the run was settled, now or in an earlier part of it.
    pub fn has_ended(&self) -> bool {
        self.ended > 0 || self.has_before
    }

    /// Adds those of another part of the run.
    pub fn extend(&mut self, other: Self) {
        other.by_number.into_iter().for_each(|(number, result)| self.record(number, result));
        self.unacknowledged.extend(other.unacknowledged);
    }

    /// None settled yet, and the same numbers sent without an answer.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self { unacknowledged: self.unacknowledged.clone(), has_before: self.has_ended(), ..Self::default() }
    }

    /// Numbers that were sent without an answer at some time.
    pub(super) fn unacknowledged(&self) -> &HashSet<E164> {
        &self.unacknowledged
    }

    /// Notes that a number was sent without an answer.
    pub(super) fn send_unanswered(&mut self, number: E164) {
        self.unacknowledged.insert(number);
    }

    /// Whether a number was sent without an answer at some time.
    pub(super) fn was_unacknowledged(&self, number: E164) -> bool {
        self.unacknowledged.contains(&number) && !failpoint::is_without("remembering what was unanswered")
    }

    /// Notes what became of a contact. Each is settled once; only what was not known may be put right.
    pub(super) fn record(&mut self, number: E164, result: PostResult) {
        self.ended += u64::from(result.outcome != Outcome::Pending);
        let before = self.by_number.insert(number, result);
        debug_assert!(
            before.is_none_or(|before| before.outcome == Outcome::Pending),
            "a contact was settled twice"
        );
    }

    /// Forgets what was not known of a contact: it is to be sent again.
    pub(super) fn reopen(&mut self, number: E164) {
        if self.of(number).is_some_and(|result| result.outcome == Outcome::Pending) {
            self.by_number.remove(&number);
        }
    }
}
