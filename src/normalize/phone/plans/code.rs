//! The numbering plan of one calling code.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use super::{
    super::Length,
    automaton::{Automaton, Prefix},
    stored::{DESCRIPTIONS, StoredMember, StoredNumbers, StoredPlan},
};
use crate::contact::{NumberType, Region};

/// The maximum length of a national number.
pub(in crate::normalize::phone) const MAX_NATIONAL: usize = 17;

/// The kinds in the order of their tests; the first match is the kind of the number.
const KINDS: [NumberType; 8] = [
    NumberType::PremiumRate,
    NumberType::TollFree,
    NumberType::SharedCost,
    NumberType::Voip,
    NumberType::PersonalNumber,
    NumberType::Pager,
    NumberType::Uan,
    NumberType::Voicemail,
];

/// The positions of the other descriptions, after the kinds.
const FIXED_LINE: usize = 8;
const MOBILE: usize = 9;
pub(super) const GENERAL: usize = 10;
pub(super) const LEADING: usize = 11;

/// The plan of a calling code, with the regions that share it, the main one first.
pub(in crate::normalize::phone) struct CodePlan {
    calling_code: u16,
    code_digits: Vec<u8>,
    members: Vec<Member>,
}

/// The assignment of a number in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::normalize::phone) struct Assignment {
    /// The kind, unknown if the number is not valid.
    pub(in crate::normalize::phone) kind: NumberType,
    pub(in crate::normalize::phone) region: Option<Region>,
    /// Whether numbers of this kind vary in length, so that further digits may form another valid number.
    pub(in crate::normalize::phone) is_open: bool,
}

/// A region of the code, with the rules for reading its numbers.
pub(in crate::normalize::phone) struct Member {
    region: Option<Region>,
    international_prefix: Prefix,
    national_prefix: Prefix,
    /// The national prefix with its groups, if their contents change the number.
    rewriting: Option<Rewriting>,
    /// The replacement for a rewritten number.
    completion: &'static str,
    /// The possible lengths of numbers, one bit each. `local` has the lengths without the area code.
    possible: u64,
    local: u64,
    described: Described,
    stored: &'static [u8],
    /// Decoded when a number that may belong to the region is read; `None` if that fails.
    numbers: OnceLock<Option<Numbers>>,
}

/// A national prefix whose groups change the number.
struct Rewriting {
    pattern: &'static str,
    /// Compiled when a number may have a group; `None` if that fails.
    regex: OnceLock<Option<Regex>>,
}

/// The descriptions of a region's numbers.
struct Described {
    /// The lengths that each description applies to; all bits mean any length.
    lengths: [u64; DESCRIPTIONS],
    same_mobile_and_fixed_line: bool,
}

/// The compiled numbers of a region.
struct Numbers {
    automaton: Automaton,
    sets: Vec<Set>,
}

/// The properties of a number, according to the patterns that it matches.
struct Set {
    /// Whether it matches the general description of the region's numbers, regardless of its length.
    is_general: bool,
    /// Whether it begins like the numbers of no other region of the code.
    is_leading: bool,
    /// Its kind, by length.
    kinds: [NumberType; MAX_NATIONAL + 1],
}

impl CodePlan {
    /// Builds a plan. Returns `None` if it is not one.
    pub(super) fn of(stored: StoredPlan<'static>) -> Option<Self> {
        let StoredPlan { calling_code, members } = stored;
        let members = members.iter().map(Member::of).collect::<Option<_>>()?;
        Some(Self { calling_code, code_digits: calling_code.to_string().into_bytes(), members })
    }

    /// The regions of the code.
    pub(super) fn regions(&self) -> impl Iterator<Item = Option<Region>> {
        self.members.iter().map(|member| member.region)
    }

    pub(in crate::normalize::phone) fn calling_code(&self) -> u16 {
        self.calling_code
    }

    /// Returns the region whose rules apply to the whole code.
    pub(in crate::normalize::phone) fn main(&self) -> Option<&Member> {
        self.members.first()
    }

    pub(super) fn member(&self, index: u8) -> Option<&Member> {
        self.members.get(usize::from(index))
    }

    /// Returns the assignment of a national number in the first region that knows it. If the code has one region, the
    /// number belongs to it.
    pub(in crate::normalize::phone) fn assignment(&self, national: &[u8]) -> Option<Assignment> {
        let length = national.len().min(MAX_NATIONAL);
        if let [only] = self.members.as_slice() {
            return Some(only.assignment(only.set_of(national)?.kinds[length]));
        }
        for member in &self.members {
            let set = member.set_of(national)?;
            let kind = set.kinds[length];
            if set.is_leading || kind != NumberType::Unknown {
                return Some(member.assignment(kind));
            }
        }
        Some(Assignment { kind: NumberType::Unknown, region: None, is_open: false })
    }

    /// Returns the region whose numbers begin with an area code, if no other region of the code has such numbers.
    pub(in crate::normalize::phone) fn region_of_area(&self, area: &str) -> Option<Region> {
        let begins_so = |member: &&Member| {
            // A region may also complete local numbers with its area code.
            member.set_of(area.as_bytes()).is_some_and(|set| set.is_leading)
                || member.completion.strip_suffix("$1") == Some(area)
        };
        self.members.iter().find(begins_so)?.region
    }

    /// Returns the number without the calling code if it begins with it.
    pub(in crate::normalize::phone) fn without_code<'d>(&self, digits: &'d [u8]) -> Option<&'d [u8]> {
        // Most numbers differ in the first digit, which is faster to compare.
        if digits.first() != self.code_digits.first() {
            return None;
        }
        digits.strip_prefix(self.code_digits.as_slice())
    }
}

impl Rewriting {
    /// Any match with a group is longer than this; a test verifies it.
    const MAX_WITHOUT_GROUP: usize = 3;

    /// Returns whether a group of the prefix, which ends at `end`, contributes to the number.
    fn has_group(&self, digits: &[u8], end: usize) -> bool {
        if end <= Self::MAX_WITHOUT_GROUP {
            return false;
        }
        let compile = || RegexBuilder::new(self.pattern).unicode(false).build().ok();
        let Some(regex) = self.regex.get_or_init(compile) else { return true };
        let Some(found) = regex.captures(digits) else { return false };
        let group = |index| found.get(index).map(|group| !group.is_empty());
        match (group(1), group(2)) {
            (Some(_), Some(is_filled)) => is_filled,
            (is_filled, None) => is_filled == Some(true),
            (None, Some(_)) => false,
        }
    }
}

impl Member {
    fn of(stored: &StoredMember<'static>) -> Option<Self> {
        let StoredMember { lengths, same_mobile_and_fixed_line, .. } = *stored;
        Some(Self {
            region: stored.region,
            international_prefix: Prefix::of(&stored.international_prefix)?,
            national_prefix: Prefix::of(&stored.national_prefix)?,
            rewriting: stored.rewriting.map(|pattern| Rewriting { pattern, regex: OnceLock::new() }),
            completion: stored.completion,
            possible: stored.possible,
            local: stored.local,
            described: Described { lengths, same_mobile_and_fixed_line },
            stored: stored.numbers,
            numbers: OnceLock::new(),
        })
    }

    fn assignment(&self, kind: NumberType) -> Assignment {
        Assignment { kind, region: self.region, is_open: self.described.is_open(kind) }
    }

    fn set_of(&self, national: &[u8]) -> Option<&Set> {
        let numbers = self.numbers.get_or_init(|| Numbers::of(self.stored, &self.described)).as_ref()?;
        numbers.sets.get(numbers.automaton.set_of(national))
    }

    /// Returns whether the number matches the general description of the region's numbers, regardless of its length.
    pub(in crate::normalize::phone) fn is_general(&self, national: &[u8]) -> Option<bool> {
        Some(self.set_of(national)?.is_general)
    }

    /// Removes the national prefix from the number. Returns `None` if the prefix would rewrite the number.
    pub(in crate::normalize::phone) fn without_national_prefix<'d>(
        &self,
        digits: &'d [u8],
    ) -> Option<&'d [u8]> {
        let Some(end) = self.national_prefix.end_in(digits) else { return Some(digits) };
        if self.rewriting.as_ref().is_some_and(|prefix| prefix.has_group(digits, end)) {
            return None;
        }
        let stripped = &digits[end..];
        let would_break = self.is_general(digits)? && !self.is_general(stripped)?;
        Some(if would_break { digits } else { stripped })
    }

    /// Returns the end of the international prefix, if the number has one.
    pub(in crate::normalize::phone) fn end_of_international_prefix(&self, digits: &[u8]) -> Option<usize> {
        let end = self.international_prefix.end_in(digits)?;
        // No calling code begins with a zero.
        (digits.get(end) != Some(&b'0')).then_some(end)
    }

    /// Compares the length of a number with the lengths of the region's numbers.
    pub(in crate::normalize::phone) fn length_of(&self, national: &[u8]) -> Length {
        let bit = 1_u64 << national.len().min(63);
        if self.possible == 0 {
            Length::Invalid
        } else if self.local & bit != 0 {
            Length::LocalOnly
        } else if self.possible & bit != 0 {
            Length::Possible
        } else if bit < self.possible & self.possible.wrapping_neg() {
            Length::TooShort
        } else if bit > self.possible {
            Length::TooLong
        } else {
            Length::Invalid
        }
    }
}

impl Numbers {
    fn of(stored: &[u8], described: &Described) -> Option<Self> {
        let StoredNumbers { states, sets } = postcard::from_bytes(stored).ok()?;
        let set = |matched: &u16| Set {
            is_general: matched >> GENERAL & 1 == 1,
            is_leading: matched >> LEADING & 1 == 1,
            kinds: std::array::from_fn(|length| described.kind(*matched, length)),
        };
        Some(Self { automaton: Automaton::of(&states)?, sets: sets.iter().map(set).collect() })
    }
}

impl Described {
    /// Returns whether numbers of a kind vary in length.
    fn is_open(&self, kind: NumberType) -> bool {
        let lengths = match kind {
            NumberType::Unknown => 0,
            NumberType::FixedLine => self.lengths[FIXED_LINE],
            NumberType::Mobile => self.lengths[MOBILE],
            NumberType::FixedLineOrMobile => self.lengths[FIXED_LINE] | self.lengths[MOBILE],
            _ => KINDS.iter().position(|other| *other == kind).map_or(0, |place| self.lengths[place]),
        };
        // A description without lengths has the lengths of all numbers.
        (lengths & self.lengths[GENERAL]).count_ones() > 1
    }

    fn kind(&self, matched: u16, length: usize) -> NumberType {
        let fits = |place: usize| matched >> place & 1 == 1 && self.lengths[place] >> length & 1 == 1;
        if !fits(GENERAL) {
            return NumberType::Unknown;
        }
        if let Some(kind) = KINDS.iter().enumerate().find_map(|(place, kind)| fits(place).then_some(*kind)) {
            return kind;
        }
        match (fits(FIXED_LINE), self.same_mobile_and_fixed_line) {
            (true, true) => NumberType::FixedLineOrMobile,
            (true, false) if fits(MOBILE) => NumberType::FixedLineOrMobile,
            (true, false) => NumberType::FixedLine,
            (false, false) if fits(MOBILE) => NumberType::Mobile,
            (false, _) => NumberType::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::plans, *};

    #[test]
    fn groups_of_prefixes_are_long() {
        for member in plans().codes.iter().flat_map(|plan| &plan.members) {
            let Some(rewriting) = &member.rewriting else { continue };
            for number in 0..1000 {
                for digits in [format!("{number}"), format!("{number:02}"), format!("{number:03}")] {
                    let found = Regex::new(rewriting.pattern).unwrap().captures(digits.as_bytes());
                    let has_group = found.is_some_and(|found| {
                        (1..found.len()).any(|group| found.get(group).is_some_and(|group| !group.is_empty()))
                    });
                    assert!(!has_group, "{:?} {digits}", member.region);
                }
            }
        }
    }
}
