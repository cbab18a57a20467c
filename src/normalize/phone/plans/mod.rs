//! The numbering plans of the world, as Google publishes them: one file, which feeds the automata here and the library
//! behind them.
//!
//! What belongs to one calling code is made into one automaton, when a number of it is met for the first time: a walk over
//! the digits then tells region, kind and validity at once.

mod automaton;
mod code;

use std::sync::{LazyLock, OnceLock};

use prost::Message as _;
use rlibphonenumber::{PhoneMetadata, PhoneMetadataCollection};

pub(super) use self::code::{CodePlan, MAX_NATIONAL, Member};
use crate::contact::Region;

/// The plans, compiled by `rlibphonenumber` from the files of Google's libphonenumber of this version.
const METADATA: &[u8] = include_bytes!("metadata.bin");

/// The version of Google's libphonenumber whose numbering plans are used.
pub const METADATA_VERSION: &str = include_str!("metadata.version").trim_ascii();

/// The plans as the library wants them.
pub(super) fn metadata() -> PhoneMetadataCollection {
    // The file is a part of the program, and tests read it.
    PhoneMetadataCollection::decode(METADATA).unwrap_or_default()
}

/// The calling codes; the longest have three digits.
const CODES: usize = 1000;

/// Regions are two letters.
const LETTERS: usize = 26;

const NONE: u16 = u16::MAX;

/// All plans.
pub(super) struct Plans {
    codes: Vec<Code>,
    /// Where in `codes` each calling code is.
    by_code: Vec<u16>,
    /// Where in `codes` each region's code is, and the region in it.
    by_region: Vec<(u16, u8)>,
}

/// A calling code and the regions that share it, the main one first.
struct Code {
    calling_code: u16,
    members: Vec<PhoneMetadata>,
    plan: OnceLock<Option<CodePlan>>,
}

static PLANS: LazyLock<Plans> = LazyLock::new(|| Plans::of(metadata()));

/// All plans.
pub(super) fn plans() -> &'static Plans {
    &PLANS
}

impl Plans {
    fn of(collection: PhoneMetadataCollection) -> Self {
        let mut plans = Self {
            codes: Vec::new(),
            by_code: vec![NONE; CODES],
            by_region: vec![(NONE, 0); LETTERS * LETTERS],
        };
        for metadata in collection.metadata {
            let Some(calling_code) = metadata.country_code.and_then(|code| u16::try_from(code).ok()) else {
                continue;
            };
            let Some(at) = plans.by_code.get_mut(usize::from(calling_code)) else { continue };
            if *at == NONE {
                *at = u16::try_from(plans.codes.len()).unwrap_or(NONE);
                plans.codes.push(Code { calling_code, members: Vec::new(), plan: OnceLock::new() });
            }
            let members = &mut plans.codes[usize::from(*at)].members;
            let place = if metadata.main_country_for_code() { 0 } else { members.len() };
            members.insert(place, metadata);
        }
        for (code, at) in plans.codes.iter().zip(0..) {
            for (member, index) in code.members.iter().zip(0..) {
                if let Some(slot) = Region::new(&member.id).and_then(slot) {
                    plans.by_region[slot] = (at, index);
                }
            }
        }
        plans
    }

    /// The calling code at the beginning of an international number: its plan, and how many digits it has.
    pub(super) fn at_start_of(&self, digits: &[u8]) -> Option<(&CodePlan, usize)> {
        let mut code = 0;
        for (digit, len) in digits.iter().zip(1..=3) {
            code = code * 10 + usize::from(digit - b'0');
            // None begins with a zero, and none with another.
            if code == 0 {
                return None;
            }
            if let Some(found) = self.by_code.get(code).and_then(|at| self.codes.get(usize::from(*at))) {
                return Some((found.plan()?, len));
            }
        }
        None
    }

    /// The plan of the calling code of a region, and where in it the region is.
    pub(super) fn of_region(&self, region: Region) -> Option<(&CodePlan, &Member)> {
        let (at, member) = self.by_region[slot(region)?];
        let plan = self.codes.get(usize::from(at))?.plan()?;
        Some((plan, plan.member(member)?))
    }

    /// Whether the region has telephone numbers.
    pub(super) fn has_region(&self, region: Region) -> bool {
        slot(region).is_some_and(|slot| self.by_region[slot].0 != NONE)
    }

    /// The main region of a calling code.
    pub(super) fn main_region(&self, calling_code: u16) -> Option<Region> {
        let at = *self.by_code.get(usize::from(calling_code))?;
        Region::new(&self.codes.get(usize::from(at))?.members.first()?.id)
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = (u16, Option<&CodePlan>, Vec<Option<Region>>)> {
        let regions = |code: &Code| code.members.iter().map(|member| Region::new(&member.id)).collect();
        self.codes.iter().map(move |code| (code.calling_code, code.plan(), regions(code)))
    }
}

impl Code {
    /// What numbers of this code are. Nothing where the data is not as it should be: then the library decides.
    fn plan(&self) -> Option<&CodePlan> {
        self.plan.get_or_init(|| CodePlan::of(self.calling_code, &self.members)).as_ref()
    }
}

fn slot(region: Region) -> Option<usize> {
    let [first, second] = region.as_str().as_bytes() else { return None };
    let letter = |byte: &u8| usize::from(byte.wrapping_sub(b'A'));
    Some(letter(first) * LETTERS + letter(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_of_the_file_becomes_an_automaton() {
        let mut numbers = 0;
        for (code, plan, regions) in plans().all() {
            assert!(plan.is_some(), "no plan for +{code}");
            assert!(regions.iter().all(Option::is_some), "+{code}: {regions:?}");
            numbers += regions.len();
        }
        assert!(numbers > 240, "{numbers} regions");
    }
}
