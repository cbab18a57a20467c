//! What became of each contact that was to be posted.

use std::collections::{HashMap, HashSet};

use crate::{
    contact::E164,
    failpoint,
    journal::{Fate, Note},
    outcome::{Code, Outcome},
};

/// How a contact ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// `created`, `confirmed`, `existing`, `failed`, or `pending` where it is not known.
    pub outcome: Outcome,
    /// Why.
    pub code: Option<Code>,
    /// The platform's id, its words, or what is not known.
    pub detail: String,
}

/// The settled contacts of a run, by number: of a run's rows with one number only one is posted.
#[derive(Debug, Default)]
pub struct Settlements {
    by_number: HashMap<E164, Settlement>,
    settled: u64,
    /// Whether some were settled in an earlier part of the run.
    has_before: bool,
    /// Numbers that were sent without an answer at some time: should they turn up on the platform, they are ours.
    unanswered: HashSet<E164>,
}

impl Settlement {
    /// That of a contact that the platform refused.
    pub fn refused(code: Option<Code>, detail: String) -> Self {
        Self { outcome: Outcome::Failed, code, detail }
    }

    /// Whether the platform refused the contact, and has none with its number for all that is known.
    pub fn is_refused(&self) -> bool {
        self.outcome == Outcome::Failed && self.code == Some(Code::Refused)
    }
}

impl Settlements {
    /// What is known from before of the contacts of a run that is gone on with.
    pub fn restored(notes: Vec<Note>) -> Self {
        let mut settlements = Self::default();
        if failpoint::is_without("going on where it ended") {
            return settlements;
        }
        for Note { number, fate, code, detail, was_unanswered } in notes {
            if was_unanswered {
                settlements.unanswered.insert(number);
            }
            if let Fate::Settled(outcome) = fate {
                settlements.settle(number, Settlement { outcome, code, detail });
            }
        }
        settlements
    }

    /// What became of the contact with this number, if it was posted.
    pub fn of(&self, number: E164) -> Option<&Settlement> {
        self.by_number.get(&number)
    }

    /// The numbers of contacts that the platform refused.
    pub fn refused(&self) -> impl Iterator<Item = E164> {
        let refused = self.by_number.iter().filter(|(_, settlement)| settlement.is_refused());
        refused.map(|(number, _)| *number)
    }

    /// Forgets that a number was refused: another contact is to be posted with it.
    pub fn give_back(&mut self, number: E164) {
        if self.by_number.remove(&number).is_some() {
            self.settled = self.settled.saturating_sub(1);
            self.has_before = true;
        }
    }

    /// Contacts settled for good.
    pub fn settled(&self) -> u64 {
        self.settled
    }

    /// Whether any contact of the run was settled, now or in an earlier part of it.
    pub fn has_settled(&self) -> bool {
        self.settled > 0 || self.has_before
    }

    /// Adds those of another part of the run.
    pub fn extend(&mut self, other: Self) {
        other.by_number.into_iter().for_each(|(number, settlement)| self.settle(number, settlement));
        self.unanswered.extend(other.unanswered);
    }

    /// None settled yet, and the same numbers sent without an answer.
    #[must_use]
    pub fn unsettled(&self) -> Self {
        Self { unanswered: self.unanswered.clone(), has_before: self.has_settled(), ..Self::default() }
    }

    /// Numbers that were sent without an answer at some time.
    pub(super) fn unanswered(&self) -> &HashSet<E164> {
        &self.unanswered
    }

    /// Notes that a number was sent without an answer.
    pub(super) fn send_unanswered(&mut self, number: E164) {
        self.unanswered.insert(number);
    }

    /// Whether a number was sent without an answer at some time.
    pub(super) fn was_unanswered(&self, number: E164) -> bool {
        self.unanswered.contains(&number) && !failpoint::is_without("remembering what was unanswered")
    }

    /// Notes what became of a contact. Each is settled once; only what was not known may be put right.
    pub(super) fn settle(&mut self, number: E164, settlement: Settlement) {
        self.settled += u64::from(settlement.outcome != Outcome::Pending);
        let before = self.by_number.insert(number, settlement);
        debug_assert!(
            before.is_none_or(|before| before.outcome == Outcome::Pending),
            "a contact was settled twice"
        );
    }

    /// Forgets what was not known of a contact: it is to be sent again.
    pub(super) fn reopen(&mut self, number: E164) {
        if self.of(number).is_some_and(|settlement| settlement.outcome == Outcome::Pending) {
            self.by_number.remove(&number);
        }
    }
}
