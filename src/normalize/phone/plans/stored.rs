//! The form in which the program contains the compiled plans: `plans.bin`.
//!
//! A test compiles the plans from the metadata and compares them with the file; `ROLLCALL_WRITE_PLANS=1` writes it. So no
//! pattern is compiled while the program runs.

use serde::{Deserialize, Serialize};

use crate::contact::Region;

/// The number of descriptions of a region's numbers.
pub(super) const DESCRIPTIONS: usize = 12;

/// The plan of a calling code.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct StoredPlan<'a> {
    pub(super) calling_code: u16,
    /// The regions that share the code, the main one first.
    #[serde(borrow)]
    pub(super) members: Vec<StoredMember<'a>>,
}

/// The rules of a region.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct StoredMember<'a> {
    pub(super) region: Option<Region>,
    #[serde(borrow)]
    pub(super) international_prefix: StoredPrefix<'a>,
    #[serde(borrow)]
    pub(super) national_prefix: StoredPrefix<'a>,
    /// The pattern of the national prefix, if the contents of its groups change the number.
    pub(super) rewriting: Option<&'a str>,
    /// The replacement for a rewritten number.
    pub(super) completion: &'a str,
    /// The possible lengths of numbers, one bit each. `local` has the lengths without the area code.
    pub(super) possible: u64,
    pub(super) local: u64,
    /// The lengths that each description applies to; all bits mean any length.
    pub(super) lengths: [u64; DESCRIPTIONS],
    pub(super) same_mobile_and_fixed_line: bool,
    /// [`StoredNumbers`], decoded when the first number that may belong to the region is read.
    pub(super) numbers: &'a [u8],
}

/// The set of a prefix's states in which the prefix is complete if the number ends, too.
pub(super) const ENDS_NUMBER: u8 = 1;

/// The set of a prefix's states in which the prefix is complete, whatever follows.
pub(super) const ENDS_ANYWHERE: u8 = 2;

/// A prefix of numbers.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) enum StoredPrefix<'a> {
    None,
    /// Fixed digits.
    Digits(&'a [u8]),
    /// A pattern. Its states have the sets [`ENDS_NUMBER`] and [`ENDS_ANYWHERE`].
    Pattern(StoredStates),
}

/// The numbers of a region.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct StoredNumbers {
    pub(super) states: StoredStates,
    /// The sets of descriptions that can match together, one bit each; the empty set first.
    pub(super) sets: Vec<u16>,
}

/// The states of an automaton; the first is the start.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct StoredStates {
    /// For each state, the digits that lead to another state, one bit each.
    pub(super) live: Vec<u16>,
    /// For each of these digits of each state, the next state.
    pub(super) next: Vec<u16>,
    /// For each state, the set that matches if the number ends here; 0 is the empty set.
    pub(super) sets: Vec<u8>,
}
