//! Compiles the plans from the metadata. Only a test does this; the program contains the result.

use regex_automata::{
    Anchored, MatchKind,
    dfa::{Automaton as _, StartKind, dense},
    util::{primitives::StateID, start, syntax},
};
use rlibphonenumber::{PhoneMetadata, PhoneMetadataCollection, PhoneNumberDesc};

use super::{
    code::{GENERAL, LEADING},
    stored::{
        DESCRIPTIONS, ENDS_ANYWHERE, ENDS_NUMBER, StoredMember, StoredNumbers, StoredPlan, StoredPrefix,
        StoredStates,
    },
};
use crate::contact::Region;

/// The beginning and end of patterns in the metadata.
const OPEN: &str = "^(?:";
const CLOSE: &str = ")$";

/// A plan with what its stored form borrows.
pub(super) struct Compiled {
    calling_code: u16,
    members: Vec<CompiledMember>,
}

struct CompiledMember {
    region: Option<Region>,
    international_prefix: CompiledPrefix,
    national_prefix: CompiledPrefix,
    rewriting: Option<String>,
    completion: String,
    possible: u64,
    local: u64,
    lengths: [u64; DESCRIPTIONS],
    same_mobile_and_fixed_line: bool,
    numbers: Vec<u8>,
}

enum CompiledPrefix {
    None,
    Digits(Vec<u8>),
    Pattern(StoredStates),
}

/// Compiles all plans.
pub(super) fn all(collection: PhoneMetadataCollection) -> Vec<Compiled> {
    let mut plans: Vec<Compiled> = Vec::new();
    for metadata in collection.metadata {
        let calling_code = u16::try_from(metadata.country_code.unwrap()).unwrap();
        let known = plans.iter().position(|plan| plan.calling_code == calling_code);
        let at = known.unwrap_or_else(|| {
            plans.push(Compiled { calling_code, members: Vec::new() });
            plans.len() - 1
        });
        let members = &mut plans[at].members;
        let place = if metadata.main_country_for_code() { 0 } else { members.len() };
        members.insert(place, CompiledMember::of(&metadata));
    }
    plans
}

/// The file with all plans.
pub(super) fn stored(plans: &[Compiled]) -> Vec<u8> {
    let plans: Vec<StoredPlan<'_>> = plans.iter().map(Compiled::stored).collect();
    postcard::to_stdvec(&plans).unwrap()
}

impl Compiled {
    fn stored(&self) -> StoredPlan<'_> {
        let members = self.members.iter().map(CompiledMember::stored).collect();
        StoredPlan { calling_code: self.calling_code, members }
    }
}

impl CompiledMember {
    fn of(metadata: &PhoneMetadata) -> Self {
        let (mut patterns, mut places, mut lengths) = (Vec::new(), Vec::new(), [0; DESCRIPTIONS]);
        for (place, description) in descriptions(metadata).into_iter().enumerate() {
            let Some(description) = description else { continue };
            lengths[place] = if description.possible_length.is_empty() {
                u64::MAX
            } else {
                bits(description.possible_length.iter().filter(|length| **length >= 0))
            };
            if let Some(pattern) = pattern_of(description) {
                patterns.push(format!("{OPEN}{}{CLOSE}", inside(pattern)));
                places.push(place);
            }
        }
        let (international, national, leading) = beginnings(metadata);
        if let Some(leading) = leading {
            patterns.push(format!("{OPEN}{})[0-9]*$", inside(leading)));
            places.push(LEADING);
        }
        let (states, sets) = together(&patterns);
        let set = |set: Vec<usize>| set.into_iter().fold(0, |all, pattern| all | 1 << places[pattern]);
        let numbers = StoredNumbers { states, sets: sets.into_iter().map(set).collect() };
        let completion = metadata.national_prefix_transform_rule().to_owned();
        let general = descriptions(metadata)[GENERAL];
        Self {
            region: Region::new(&metadata.id),
            international_prefix: CompiledPrefix::of(international),
            national_prefix: CompiledPrefix::of(national),
            rewriting: national.filter(|_| !completion.is_empty()).map(beginning),
            completion,
            possible: general.map_or(0, |general| mask(&general.possible_length)),
            local: general.map_or(0, |general| mask(&general.possible_length_local_only)),
            lengths,
            same_mobile_and_fixed_line: metadata.same_mobile_and_fixed_line_pattern(),
            numbers: postcard::to_stdvec(&numbers).unwrap(),
        }
    }

    fn stored(&self) -> StoredMember<'_> {
        StoredMember {
            region: self.region,
            international_prefix: self.international_prefix.stored(),
            national_prefix: self.national_prefix.stored(),
            rewriting: self.rewriting.as_deref(),
            completion: &self.completion,
            possible: self.possible,
            local: self.local,
            lengths: self.lengths,
            same_mobile_and_fixed_line: self.same_mobile_and_fixed_line,
            numbers: &self.numbers,
        }
    }
}

impl CompiledPrefix {
    fn of(pattern: Option<&str>) -> Self {
        let Some(pattern) = pattern else { return Self::None };
        let digits = inside(pattern);
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Digits(digits.as_bytes().to_vec());
        }
        let dfa = builder(MatchKind::LeftmostFirst).build(&beginning(pattern)).unwrap();
        let (mut states, found) = walk(&dfa);
        for (set, state) in states.sets.iter_mut().zip(&found.states) {
            // The automaton reports a match one digit later.
            let ends_anywhere = dfa.is_match_state(dfa.next_state(*state, b'0'));
            *set = match (ends_anywhere, usize::from(*set)) {
                (true, _) => ENDS_ANYWHERE,
                (false, 0) => 0,
                (false, _) => ENDS_NUMBER,
            };
        }
        Self::Pattern(states)
    }

    fn stored(&self) -> StoredPrefix<'_> {
        match self {
            Self::None => StoredPrefix::None,
            Self::Digits(digits) => StoredPrefix::Digits(digits),
            Self::Pattern(states) => StoredPrefix::Pattern(states.clone()),
        }
    }
}

/// Wraps a pattern to match only the beginning of a text.
fn beginning(pattern: &str) -> String {
    format!("{OPEN}{})", inside(pattern))
}

fn inside(pattern: &str) -> &str {
    let inside = pattern.strip_prefix(OPEN).and_then(|pattern| pattern.strip_suffix(CLOSE));
    inside.filter(|inside| !inside.is_empty()).expect("patterns are wrapped")
}

fn builder(kind: MatchKind) -> dense::Builder {
    let mut builder = dense::Builder::new();
    let config = dense::Config::new()
        .match_kind(kind)
        .start_kind(StartKind::Anchored)
        .accelerate(false)
        .minimize(true)
        .prefilter(None);
    builder.configure(config).syntax(syntax::Config::new().unicode(false).utf8(false));
    builder
}

/// Compiles patterns, and the sets of those that can match together, the empty set first.
fn together(patterns: &[String]) -> (StoredStates, Vec<Vec<usize>>) {
    let (states, found) = walk(&builder(MatchKind::All).build_many(patterns).unwrap());
    (states, found.sets)
}

/// What a walk found.
struct Found {
    states: Vec<StateID>,
    /// The sets of patterns that match if the number ends, the empty set first.
    sets: Vec<Vec<usize>>,
}

/// Visits all states that digits can reach.
fn walk(dfa: &dense::DFA<Vec<u32>>) -> (StoredStates, Found) {
    let first = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).unwrap();
    let mut found: Vec<StateID> = vec![first];
    let mut states = StoredStates::default();
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    let mut at = 0;
    while let Some(state) = found.get(at).copied() {
        let mut live = 0;
        for (digit, bit) in (b'0'..=b'9').zip(0..) {
            let to = dfa.next_state(state, digit);
            if !dfa.is_dead_state(to) {
                live |= 1 << bit;
                let index = found.iter().position(|known| *known == to).unwrap_or_else(|| {
                    found.push(to);
                    found.len() - 1
                });
                states.next.push(u16::try_from(index).unwrap());
            }
        }
        states.live.push(live);
        let end = dfa.next_eoi_state(state);
        let mut set: Vec<usize> = if dfa.is_match_state(end) {
            (0..dfa.match_len(end)).map(|index| dfa.match_pattern(end, index).as_usize()).collect()
        } else {
            Vec::new()
        };
        set.sort_unstable();
        let index = sets.iter().position(|known| *known == set).unwrap_or_else(|| {
            sets.push(set);
            sets.len() - 1
        });
        states.sets.push(u8::try_from(index).unwrap());
        at += 1;
    }
    (states, Found { states: found, sets })
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

/// Converts lengths to bits; -1 means that there are none.
fn mask(lengths: &[i32]) -> u64 {
    if lengths.contains(&-1) { 0 } else { bits(lengths.iter()) }
}

fn bits<'l>(lengths: impl Iterator<Item = &'l i32>) -> u64 {
    lengths.fold(0, |bits, length| bits | 1 << u32::try_from(*length).unwrap())
}
