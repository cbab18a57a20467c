//! The numbering plans of the world, as published by Google: one file for the automata in this module and for the
//! library.
//!
//! The numbers of each region are one automaton, compiled before the program is built (`plans.bin`). A single pass over the
//! digits determines region, kind and validity.

mod automaton;
mod code;
#[cfg(test)]
mod compile;
mod stored;

use std::sync::LazyLock;

use prost::Message as _;
use rlibphonenumber::PhoneMetadataCollection;

pub(super) use self::code::{Assignment, CodePlan, MAX_NATIONAL, Member};
use self::stored::StoredPlan;
use crate::contact::Region;

/// The plans, compiled by `rlibphonenumber` from this version of Google's libphonenumber files.
const METADATA: &[u8] = include_bytes!("metadata.bin");

/// The version of Google's libphonenumber whose numbering plans are used.
pub const METADATA_VERSION: &str = include_str!("metadata.version").trim_ascii();

/// Decodes the plans for the library.
pub(super) fn metadata() -> PhoneMetadataCollection {
    // The file is part of the program, and tests read it.
    PhoneMetadataCollection::decode(METADATA).unwrap_or_default()
}

/// The same plans, compiled.
const COMPILED: &[u8] = include_bytes!("plans.bin");

/// The number of possible calling codes of up to three digits.
const CODES: usize = 1000;

/// The number of letters; a region has two.
const LETTERS: usize = 26;

const NONE: u16 = u16::MAX;

/// The plans of all calling codes.
pub(super) struct Plans {
    codes: Vec<CodePlan>,
    /// The index in `codes` of each calling code.
    by_code: Vec<u16>,
    /// For each region, the index of its code in `codes` and its index in the plan.
    by_region: Vec<(u16, u8)>,
}

// The file is part of the program, and tests read it.
static PLANS: LazyLock<Plans> =
    LazyLock::new(|| Plans::of(postcard::from_bytes(COMPILED).unwrap_or_default()));

/// Returns all plans.
pub(super) fn plans() -> &'static Plans {
    &PLANS
}

impl Plans {
    fn of(stored: Vec<StoredPlan<'static>>) -> Self {
        let mut plans = Self {
            codes: stored.into_iter().filter_map(CodePlan::of).collect(),
            by_code: vec![NONE; CODES],
            by_region: vec![(NONE, 0); LETTERS * LETTERS],
        };
        for (plan, index) in plans.codes.iter().zip(0..) {
            if let Some(at) = plans.by_code.get_mut(usize::from(plan.calling_code())) {
                *at = index;
            }
        }
        for (code, at) in plans.codes.iter().zip(0..) {
            for (region, index) in code.regions().zip(0..) {
                if let Some(slot) = region.and_then(slot) {
                    plans.by_region[slot] = (at, index);
                }
            }
        }
        plans
    }

    /// Returns the plan of the calling code at the beginning of an international number, and the number of its digits.
    pub(super) fn at_start_of(&self, digits: &[u8]) -> Option<(&CodePlan, usize)> {
        let mut code = 0;
        for (digit, len) in digits.iter().zip(1..=3) {
            code = code * 10 + usize::from(digit - b'0');
            // No calling code begins with a zero or with another calling code.
            if code == 0 {
                return None;
            }
            if let Some(found) = self.by_code.get(code).and_then(|at| self.codes.get(usize::from(*at))) {
                return Some((found, len));
            }
        }
        None
    }

    /// Returns the plan of a region's calling code, and the region's rules in it.
    pub(super) fn of_region(&self, region: Region) -> Option<(&CodePlan, &Member)> {
        let (at, member) = self.by_region[slot(region)?];
        let plan = self.codes.get(usize::from(at))?;
        Some((plan, plan.member(member)?))
    }

    /// Returns whether the region has telephone numbers.
    pub(super) fn has_region(&self, region: Region) -> bool {
        slot(region).is_some_and(|slot| self.by_region[slot].0 != NONE)
    }

    /// Returns the main region of a calling code.
    pub(super) fn main_region(&self, calling_code: u16) -> Option<Region> {
        let at = *self.by_code.get(usize::from(calling_code))?;
        self.codes.get(usize::from(at))?.regions().next()?
    }
}

fn slot(region: Region) -> Option<usize> {
    let [first, second] = region.letters()?;
    let letter = |byte: u8| usize::from(byte - b'A');
    Some(letter(first) * LETTERS + letter(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiled_plans_are_those_of_the_metadata() {
        let compiled = compile::stored(&compile::all(metadata()));
        if std::env::var_os("ROLLCALL_WRITE_PLANS").is_some() {
            std::fs::write(
                concat!(env!("CARGO_MANIFEST_DIR"), "/src/normalize/phone/plans/plans.bin"),
                compiled,
            )
            .unwrap();
            return;
        }
        assert!(compiled == COMPILED, "plans.bin is not up to date: see the README.md next to it");
    }

    #[test]
    fn prefix_at_the_end_of_a_number_is_none_inside_of_it() {
        let islands = Region::new("MP").unwrap();
        let (_, member) = plans().of_region(islands).unwrap();
        // Seven digits alone are completed with the area code; more are not.
        assert_eq!(member.without_national_prefix(b"2345678"), None);
        assert_eq!(member.without_national_prefix(b"2345678901"), Some(b"2345678901".as_slice()));
        assert_eq!(member.without_national_prefix(b"16702345678"), Some(b"6702345678".as_slice()));
    }

    #[test]
    fn every_plan_compiles_to_an_automaton() {
        let mut numbers = 0;
        for plan in &plans().codes {
            let code = plan.calling_code();
            // Asks every region, because none of them has this number.
            assert!(plan.assignment(b"00").is_some(), "no automaton for +{code}");
            assert!(plan.regions().all(|region| region.is_some()), "+{code}");
            numbers += plan.regions().count();
        }
        assert!(numbers > 240, "{numbers} regions");
    }
}
