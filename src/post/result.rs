//! The results of posted contacts.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use crate::{
    contact::E164,
    failpoint,
    journal::{ContactState, Fate},
    outcome::{Code, Outcome},
};

/// The result of one contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostResult {
    /// `created`, `confirmed`, `existing`, `failed`, or `pending` if unknown.
    pub outcome: Outcome,
    /// The reason.
    pub code: Option<Code>,
    /// The platform's id, its words, or the unknown fact.
    pub detail: String,
}

/// The contacts of a run with a result, by number. Of the rows with one number, only one is posted.
#[derive(Debug, Default)]
pub struct PostResults {
    by_number: HashMap<E164, Kept>,
    /// The details of all results, one after the other: a million small texts would break up the memory that reading
    /// the next answers needs.
    details: String,
    ended: u64,
    /// Whether some results are from an earlier part of the run.
    has_before: bool,
    /// Numbers that ever had an unacknowledged post. If the platform shows them, they are from this program.
    unacknowledged: HashSet<E164>,
}

/// A result as kept.
#[derive(Clone, Debug)]
struct Kept {
    outcome: Outcome,
    code: Option<Code>,
    detail: Range<usize>,
}

impl PostResult {
    /// Creates the result of a contact that the platform refused.
    pub fn refused(code: Option<Code>, detail: String) -> Self {
        Self { outcome: Outcome::Failed, code, detail }
    }

    /// Returns whether the platform refused the contact and probably has none with its number.
    pub fn is_refused(&self) -> bool {
        self.outcome == Outcome::Failed && self.code == Some(Code::Refused)
    }
}

impl PostResults {
    /// Creates the results of a resumed run from its journal.
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

    /// Returns the result of the contact with this number, if it was posted.
    pub fn of(&self, number: E164) -> Option<PostResult> {
        self.by_number.get(&number).map(|kept| self.result(kept))
    }

    /// Returns the outcome of the contact with this number, if it was posted.
    pub fn outcome_of(&self, number: E164) -> Option<Outcome> {
        self.by_number.get(&number).map(|kept| kept.outcome)
    }

    fn result(&self, kept: &Kept) -> PostResult {
        let Kept { outcome, code, detail } = kept.clone();
        PostResult { outcome, code, detail: self.details[detail].to_owned() }
    }

    /// Returns the numbers of contacts that the platform refused.
    pub fn refused(&self) -> impl Iterator<Item = E164> {
        let failed = self.by_number.iter().filter(|(_, kept)| kept.outcome == Outcome::Failed);
        failed.filter(|(_, kept)| self.result(kept).is_refused()).map(|(number, _)| *number)
    }

    /// Removes the refusal of a number, so that another contact can be posted with it.
    pub fn give_back(&mut self, number: E164) {
        if self.by_number.remove(&number).is_some() {
            self.ended = self.ended.saturating_sub(1);
            self.has_before = true;
        }
    }

    /// Returns the number of contacts with a final result.
    pub fn ended(&self) -> u64 {
        self.ended
    }

    /// Returns whether any contact of the run has a result, now or in an earlier part.
    pub fn has_ended(&self) -> bool {
        self.ended > 0 || self.has_before
    }

    /// Adds the results of another part of the run.
    pub fn extend(&mut self, other: Self) {
        if self.by_number.is_empty() {
            self.by_number = other.by_number;
            self.details = other.details;
            self.ended += other.ended;
        } else {
            other.by_number.iter().for_each(|(number, kept)| self.record(*number, other.result(kept)));
        }
        self.unacknowledged.extend(other.unacknowledged);
    }

    /// Returns an empty set of results with the same unacknowledged numbers.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self { unacknowledged: self.unacknowledged.clone(), has_before: self.has_ended(), ..Self::default() }
    }

    /// Returns the numbers that ever had an unacknowledged post.
    pub(super) fn unacknowledged(&self) -> &HashSet<E164> {
        &self.unacknowledged
    }

    /// Records an unacknowledged post of a number.
    pub(super) fn mark_unacknowledged(&mut self, number: E164) {
        self.unacknowledged.insert(number);
    }

    /// Returns whether a number ever had an unacknowledged post.
    pub(super) fn was_unacknowledged(&self, number: E164) -> bool {
        self.unacknowledged.contains(&number) && !failpoint::is_without("recording unacknowledged contacts")
    }

    /// Records a result. A contact has one result; only an unknown one may change.
    pub(super) fn record(&mut self, number: E164, result: PostResult) {
        self.ended += u64::from(result.outcome != Outcome::Pending);
        let PostResult { outcome, code, detail } = result;
        let start = self.details.len();
        self.details.push_str(&detail);
        let before = self.by_number.insert(number, Kept { outcome, code, detail: start..self.details.len() });
        debug_assert!(
            before.is_none_or(|before| before.outcome == Outcome::Pending),
            "a contact got two results"
        );
    }

    /// Removes an unknown result: the contact is sent again.
    pub(super) fn reopen(&mut self, number: E164) {
        if self.outcome_of(number) == Some(Outcome::Pending) {
            self.by_number.remove(&number);
        }
    }
}
