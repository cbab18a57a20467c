//! The numbers of one calling code.

use regex::bytes::Regex;
use rlibphonenumber::{PhoneMetadata, PhoneNumberDesc};

use super::{
    super::Length,
    automaton::{self, Automaton, Prefix},
};
use crate::contact::{NumberType, Region};

/// The longest national number.
pub(in crate::normalize::phone) const MAX_NATIONAL: usize = 17;

/// Kinds in the order in which a number is asked for them; the first that fits is its kind.
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

/// The places of the other descriptions behind those.
const FIXED_LINE: usize = 8;
const MOBILE: usize = 9;
const GENERAL: usize = 10;
const LEADING: usize = 11;
const DESCRIPTIONS: usize = 12;

/// The plan of a calling code.
pub(in crate::normalize::phone) struct CodePlan {
    calling_code: u16,
    code_digits: Vec<u8>,
    automaton: Automaton,
    sets: Vec<Set>,
    members: Vec<Member>,
}

/// What is known of a number by the patterns it matches.
struct Set {
    /// The regions whose general pattern it matches.
    general: u32,
    /// What it is, by its length.
    verdicts: [Verdict; MAX_NATIONAL + 1],
}

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::normalize::phone) struct Verdict {
    pub(in crate::normalize::phone) kind: NumberType,
    pub(in crate::normalize::phone) region: Option<Region>,
}

/// A region of the code, as far as its numbers are read.
pub(in crate::normalize::phone) struct Member {
    index: u8,
    international_prefix: Prefix,
    national_prefix: Prefix,
    /// The national prefix with its groups, where what stands in them makes the number another one.
    rewriting: Option<Regex>,
    /// Lengths of numbers, a bit for each; and of those that do without the area code.
    possible: u64,
    local: u64,
}

/// The descriptions of a region, each with the lengths it is for; no length means any.
struct Described {
    region: Option<Region>,
    lengths: [u64; DESCRIPTIONS],
    same_mobile_and_fixed_line: bool,
}

impl CodePlan {
    /// The plan of a calling code; nothing where the metadata is not as expected.
    pub(super) fn of(calling_code: u16, metadata: &[PhoneMetadata]) -> Option<Self> {
        let (mut patterns, mut owners) = (Vec::new(), Vec::new());
        let mut described = Vec::new();
        let mut members = Vec::new();
        for (member, index) in metadata.iter().zip(0_u8..) {
            let mut lengths = [0; DESCRIPTIONS];
            for (place, description) in descriptions(member).into_iter().enumerate() {
                let Some(description) = description else { continue };
                lengths[place] = if description.possible_length.is_empty() {
                    u64::MAX
                } else {
                    bits(description.possible_length.iter().filter(|length| **length >= 0))?
                };
                if let Some(pattern) = pattern_of(description) {
                    patterns.push(automaton::whole(pattern)?);
                    owners.push((usize::from(index), place));
                }
            }
            let (international, national, leading) = beginnings(member);
            if let Some(leading) = leading {
                patterns.push(automaton::beginning(leading)?);
                owners.push((usize::from(index), LEADING));
            }
            described.push(Described {
                region: Region::new(&member.id),
                lengths,
                same_mobile_and_fixed_line: member.same_mobile_and_fixed_line_pattern(),
            });
            let general = descriptions(member)[GENERAL];
            members.push(Member {
                index,
                international_prefix: Prefix::of(international)?,
                national_prefix: Prefix::of(national)?,
                rewriting: match (national, member.national_prefix_transform_rule()) {
                    (None, _) | (_, "") => None,
                    (Some(national), _) => Some(Regex::new(&automaton::beginning_alone(national)?).ok()?),
                },
                possible: general.map_or(Some(0), |general| mask(&general.possible_length))?,
                local: general.map_or(Some(0), |general| mask(&general.possible_length_local_only))?,
            });
        }
        if members.is_empty() || members.len() > u32::BITS as usize {
            return None;
        }
        let (automaton, matches) = Automaton::of(&patterns)?;
        let sets = matches.iter().map(|matching| Set::of(matching, &owners, &described)).collect();
        let code_digits = calling_code.to_string().into_bytes();
        Some(Self { calling_code, code_digits, automaton, sets, members })
    }

    pub(in crate::normalize::phone) fn calling_code(&self) -> u16 {
        self.calling_code
    }

    /// The region whose rules are for the whole code.
    pub(in crate::normalize::phone) fn main(&self) -> &Member {
        &self.members[0]
    }

    pub(super) fn member(&self, index: u8) -> Option<&Member> {
        self.members.get(usize::from(index))
    }

    /// What a national number is.
    pub(in crate::normalize::phone) fn verdict(&self, national: &[u8]) -> Verdict {
        self.sets[self.automaton.set_of(national)].verdicts[national.len().min(MAX_NATIONAL)]
    }

    /// The number without the calling code, if it begins with it.
    pub(in crate::normalize::phone) fn without_code<'d>(&self, digits: &'d [u8]) -> Option<&'d [u8]> {
        digits.strip_prefix(self.code_digits.as_slice())
    }

    /// Whether the number is as the plan of a region describes all of its numbers, whatever its length.
    pub(in crate::normalize::phone) fn is_general(&self, member: &Member, national: &[u8]) -> bool {
        self.sets[self.automaton.set_of(national)].general >> member.index & 1 == 1
    }

    /// The number without what is dialed in front of it inside the country. Nothing where that would rewrite it.
    pub(in crate::normalize::phone) fn without_national_prefix<'d>(
        &self,
        member: &Member,
        digits: &'d [u8],
    ) -> Option<&'d [u8]> {
        let Some(end) = member.national_prefix.end_in(digits) else { return Some(digits) };
        if member.rewriting.as_ref().is_some_and(|prefix| has_group(prefix, digits)) {
            return None;
        }
        let stripped = &digits[end..];
        let would_break = self.is_general(member, digits) && !self.is_general(member, stripped);
        Some(if would_break { digits } else { stripped })
    }
}

impl Member {
    /// Where the prefix for calls abroad ends, if the number has one.
    pub(in crate::normalize::phone) fn end_of_international_prefix(&self, digits: &[u8]) -> Option<usize> {
        let end = self.international_prefix.end_in(digits)?;
        // No calling code begins with a zero.
        (digits.get(end) != Some(&b'0')).then_some(end)
    }

    /// How long a number is, compared with the numbers of the region.
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

impl Set {
    fn of(matching: &[usize], owners: &[(usize, usize)], described: &[Described]) -> Self {
        let mut matched = vec![0_u16; described.len()];
        for pattern in matching {
            let (member, place) = owners[*pattern];
            matched[member] |= 1 << place;
        }
        let general = matched
            .iter()
            .zip(0_u32..)
            .fold(0, |general, (places, index)| general | u32::from(places >> GENERAL & 1) << index);
        let verdicts = std::array::from_fn(|length| verdict(&matched, described, length));
        Self { general, verdicts }
    }
}

/// What a number of this length is, if the patterns it matches are these, region by region.
fn verdict(matched: &[u16], described: &[Described], length: usize) -> Verdict {
    if let ([places], [region]) = (matched, described) {
        return Verdict { kind: region.kind(*places, length), region: region.region };
    }
    let regions = matched.iter().zip(described).filter(|(places, _)| **places != 0);
    for (places, region) in regions {
        let kind = region.kind(*places, length);
        if places >> LEADING & 1 == 1 || kind != NumberType::Unknown {
            return Verdict { kind, region: region.region };
        }
    }
    Verdict { kind: NumberType::Unknown, region: None }
}

impl Described {
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

/// The library fills these fields only as they are read, and says so by a warning on each.
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

/// The international prefix, the national prefix and the leading digits.
#[expect(deprecated, reason = "as above")]
fn beginnings(metadata: &PhoneMetadata) -> (Option<&str>, Option<&str>, Option<&str>) {
    (
        metadata.international_prefix.as_deref(),
        metadata.national_prefix_for_parsing.as_deref(),
        metadata.leading_digits.as_deref(),
    )
}

/// Whether a group of the prefix holds anything that goes into the number.
fn has_group(prefix: &Regex, digits: &[u8]) -> bool {
    let Some(found) = prefix.captures(digits) else { return false };
    let group = |index| found.get(index).map(|group| !group.is_empty());
    match (group(1), group(2)) {
        (Some(_), Some(is_filled)) => is_filled,
        (is_filled, None) => is_filled == Some(true),
        (None, Some(_)) => false,
    }
}

/// Lengths as bits; -1 stands for none at all.
fn mask(lengths: &[i32]) -> Option<u64> {
    if lengths.contains(&-1) { Some(0) } else { bits(lengths.iter()) }
}

fn bits<'l>(lengths: impl Iterator<Item = &'l i32>) -> Option<u64> {
    lengths
        .map(|length| u32::try_from(*length).ok().filter(|length| *length < u64::BITS))
        .try_fold(0, |bits, length| Some(bits | 1_u64 << length?))
}
