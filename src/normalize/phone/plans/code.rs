//! The numbering plan of one calling code.

use std::sync::OnceLock;

use regex::bytes::Regex;
use rlibphonenumber::{PhoneMetadata, PhoneNumberDesc};

use super::{
    super::Length,
    automaton::{self, Automaton, Prefix},
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
const GENERAL: usize = 10;
const LEADING: usize = 11;
const DESCRIPTIONS: usize = 12;

/// The plan of a calling code, with the regions that share it, the main one first.
pub(in crate::normalize::phone) struct CodePlan {
    calling_code: u16,
    code_digits: Vec<u8>,
    members: Vec<LazyMember>,
}

/// The metadata of a region and its compiled form, which is `None` if the metadata is not as expected.
struct LazyMember {
    metadata: PhoneMetadata,
    member: OnceLock<Option<Member>>,
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
    rewriting: Option<Regex>,
    /// The replacement for a rewritten number.
    completion: String,
    /// The possible lengths of numbers, one bit each. `local` has the lengths without the area code.
    possible: u64,
    local: u64,
    described: Described,
    /// Compiled when a number that may belong to the region is read; `None` if compilation fails.
    numbers: OnceLock<Option<Numbers>>,
}

/// The descriptions of a region's numbers.
struct Described {
    /// The patterns. `places` has the index of the description of each.
    patterns: Vec<String>,
    places: Vec<usize>,
    /// The lengths that each description applies to; no bit means any length.
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
    /// Creates the plan of a calling code without regions.
    pub(super) fn new(calling_code: u16) -> Self {
        let code_digits = calling_code.to_string().into_bytes();
        Self { calling_code, code_digits, members: Vec::new() }
    }

    /// Adds a region, at the front if it is the main one.
    pub(super) fn add(&mut self, metadata: PhoneMetadata) {
        let place = if metadata.main_country_for_code() { 0 } else { self.members.len() };
        self.members.insert(place, LazyMember { metadata, member: OnceLock::new() });
    }

    /// The regions of the code.
    pub(super) fn regions(&self) -> impl Iterator<Item = Option<Region>> {
        self.members.iter().map(|member| Region::new(&member.metadata.id))
    }

    pub(in crate::normalize::phone) fn calling_code(&self) -> u16 {
        self.calling_code
    }

    /// Returns the region whose rules apply to the whole code.
    pub(in crate::normalize::phone) fn main(&self) -> Option<&Member> {
        self.members.first()?.get()
    }

    pub(super) fn member(&self, index: u8) -> Option<&Member> {
        self.members.get(usize::from(index))?.get()
    }

    /// Returns the assignment of a national number in the first region that knows it. If the code has one region, the
    /// number belongs to it.
    pub(in crate::normalize::phone) fn assignment(&self, national: &[u8]) -> Option<Assignment> {
        let length = national.len().min(MAX_NATIONAL);
        if let [only] = self.members.as_slice() {
            let only = only.get()?;
            return Some(only.assignment(only.set_of(national)?.kinds[length]));
        }
        for member in &self.members {
            let member = member.get()?;
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
        self.members.iter().filter_map(LazyMember::get).find(begins_so)?.region
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

impl LazyMember {
    fn get(&self) -> Option<&Member> {
        self.member.get_or_init(|| Member::of(&self.metadata)).as_ref()
    }
}

impl Member {
    fn of(metadata: &PhoneMetadata) -> Option<Self> {
        let mut described = Described {
            patterns: Vec::new(),
            places: Vec::new(),
            lengths: [0; DESCRIPTIONS],
            same_mobile_and_fixed_line: metadata.same_mobile_and_fixed_line_pattern(),
        };
        for (place, description) in descriptions(metadata).into_iter().enumerate() {
            let Some(description) = description else { continue };
            described.lengths[place] = if description.possible_length.is_empty() {
                u64::MAX
            } else {
                bits(description.possible_length.iter().filter(|length| **length >= 0))?
            };
            if let Some(pattern) = pattern_of(description) {
                described.patterns.push(automaton::whole(pattern)?);
                described.places.push(place);
            }
        }
        let (international, national, leading) = beginnings(metadata);
        if let Some(leading) = leading {
            described.patterns.push(automaton::beginning(leading)?);
            described.places.push(LEADING);
        }
        let general = descriptions(metadata)[GENERAL];
        Some(Self {
            region: Region::new(&metadata.id),
            international_prefix: Prefix::of(international)?,
            national_prefix: Prefix::of(national)?,
            rewriting: match (national, metadata.national_prefix_transform_rule()) {
                (None, _) | (_, "") => None,
                (Some(national), _) => Some(Regex::new(&automaton::beginning_alone(national)?).ok()?),
            },
            completion: metadata.national_prefix_transform_rule().to_owned(),
            possible: general.map_or(Some(0), |general| mask(&general.possible_length))?,
            local: general.map_or(Some(0), |general| mask(&general.possible_length_local_only))?,
            described,
            numbers: OnceLock::new(),
        })
    }

    fn assignment(&self, kind: NumberType) -> Assignment {
        Assignment { kind, region: self.region, is_open: self.described.is_open(kind) }
    }

    fn set_of(&self, national: &[u8]) -> Option<&Set> {
        let numbers = self.numbers.get_or_init(|| Numbers::of(&self.described)).as_ref()?;
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
        if self.rewriting.as_ref().is_some_and(|prefix| has_group(prefix, digits)) {
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
    fn of(described: &Described) -> Option<Self> {
        let (automaton, together) = Automaton::of(&described.patterns)?;
        let set = |matching: &Vec<usize>| {
            let matched =
                matching.iter().fold(0, |matched, pattern| matched | 1 << described.places[*pattern]);
            Set {
                is_general: matched >> GENERAL & 1 == 1,
                is_leading: matched >> LEADING & 1 == 1,
                kinds: std::array::from_fn(|length| described.kind(matched, length)),
            }
        };
        Some(Self { automaton, sets: together.iter().map(set).collect() })
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

/// The library fills these fields only on access and marks each as deprecated to warn about it.
#[expect(
    deprecated,
    reason = "the fields are empty in the library's own copies, not in what was read from the file"
)]
fn descriptions(metadata: &PhoneMetadata) -> [Option<&PhoneNumberDesc>; LEADING] {
    [
        &metadata.premium_rate,
        &metadata.toll_free,
        &metadata.shared_cost,
        &metadata.voip,
        &metadata.personal_number,
        &metadata.pager,
        &metadata.uan,
        &metadata.voicemail,
        &metadata.fixed_line,
        &metadata.mobile,
        &metadata.general_desc,
    ]
    .map(Option::as_ref)
}

#[expect(deprecated, reason = "as above")]
fn pattern_of(description: &PhoneNumberDesc) -> Option<&str> {
    description.national_number_pattern.as_deref()
}

/// Returns the international prefix, the national prefix and the leading digits.
#[expect(deprecated, reason = "as above")]
fn beginnings(metadata: &PhoneMetadata) -> (Option<&str>, Option<&str>, Option<&str>) {
    (
        metadata.international_prefix.as_deref(),
        metadata.national_prefix_for_parsing.as_deref(),
        metadata.leading_digits.as_deref(),
    )
}

/// Returns whether a group of the prefix contributes to the number.
fn has_group(prefix: &Regex, digits: &[u8]) -> bool {
    let Some(found) = prefix.captures(digits) else { return false };
    let group = |index| found.get(index).map(|group| !group.is_empty());
    match (group(1), group(2)) {
        (Some(_), Some(is_filled)) => is_filled,
        (is_filled, None) => is_filled == Some(true),
        (None, Some(_)) => false,
    }
}

/// Converts lengths to bits; -1 means that there are none.
fn mask(lengths: &[i32]) -> Option<u64> {
    if lengths.contains(&-1) { Some(0) } else { bits(lengths.iter()) }
}

fn bits<'l>(lengths: impl Iterator<Item = &'l i32>) -> Option<u64> {
    lengths
        .map(|length| u32::try_from(*length).ok().filter(|length| *length < u64::BITS))
        .try_fold(0, |bits, length| Some(bits | 1_u64 << length?))
}
