//! What became of each contact that was to be posted.

use std::collections::HashMap;

use crate::outcome::{Code, Outcome};

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

/// The settled contacts of a run, by the ordinal of their row.
#[derive(Debug, Default)]
pub struct Settlements {
    by_ordinal: HashMap<u64, Settlement>,
    settled: u64,
}

impl Settlements {
    /// What became of the row's contact, if it was posted.
    pub fn of(&self, ordinal: u64) -> Option<&Settlement> {
        self.by_ordinal.get(&ordinal)
    }

    /// Contacts settled for good.
    pub fn settled(&self) -> u64 {
        self.settled
    }

    /// Notes what became of a contact. Each is settled once; only what was not known may be put right.
    pub(super) fn settle(&mut self, ordinal: u64, settlement: Settlement) {
        self.settled += u64::from(settlement.outcome != Outcome::Pending);
        let before = self.by_ordinal.insert(ordinal, settlement);
        debug_assert!(
            before.is_none_or(|before| before.outcome == Outcome::Pending),
            "a contact was settled twice"
        );
    }
}
