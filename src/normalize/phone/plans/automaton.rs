//! Automata that match patterns over digits by table lookup.

use regex_automata::{
    Anchored, Input, MatchKind,
    dfa::{Automaton as _, StartKind, dense},
    util::{primitives::StateID, start, syntax},
};

/// The beginning of wrapped patterns in the metadata.
const OPEN: &str = "^(?:";
const CLOSE: &str = ")$";

/// Wraps a pattern from the metadata to match a whole text.
pub(super) fn whole(pattern: &str) -> Option<String> {
    inside(pattern).map(|_| pattern.to_owned())
}

/// Wraps a pattern to match texts that begin with it.
pub(super) fn beginning(pattern: &str) -> Option<String> {
    inside(pattern).map(|inside| format!("{OPEN}{inside})[0-9]*$"))
}

/// Wraps a pattern to match only the beginning of a text.
pub(super) fn beginning_alone(pattern: &str) -> Option<String> {
    inside(pattern).map(|inside| format!("{OPEN}{inside})"))
}

fn inside(pattern: &str) -> Option<&str> {
    pattern.strip_prefix(OPEN)?.strip_suffix(CLOSE).filter(|inside| !inside.is_empty())
}

fn builder(kind: MatchKind) -> dense::Builder {
    let mut builder = dense::Builder::new();
    let config = dense::Config::new()
        .match_kind(kind)
        .start_kind(StartKind::Anchored)
        .accelerate(false)
        .prefilter(None);
    builder.configure(config).syntax(syntax::Config::new().unicode(false).utf8(false));
    builder
}

/// An automaton that determines which of many patterns match a whole number.
pub(super) struct Automaton {
    /// The states in sequence: the next state for each digit, then the set of patterns that match if the number ends
    /// here.
    table: Vec<u16>,
}

/// The size of a state in the table. A state is identified by its offset.
const ROW: usize = 16;
const SET: usize = 10;

/// The state that no digit leaves and in which no pattern matches.
const DEAD: usize = 0;
const START: usize = ROW;

/// The empty set of patterns.
const NO_SET: usize = 0;

impl Automaton {
    /// Compiles patterns. Also returns the sets of patterns that can match together, the empty set first.
    pub(super) fn of(patterns: &[String]) -> Option<(Self, Vec<Vec<usize>>)> {
        let dfa = builder(MatchKind::All).build_many(patterns).ok()?;
        let mut states: Vec<StateID> = Vec::new();
        let mut place_of = hashbrown::HashMap::new();
        let mut table = vec![0; 2 * ROW];
        let mut sets = vec![Vec::new()];
        let first = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        states.push(first);
        place_of.insert(first, START);
        let mut at = 0;
        while let Some(state) = states.get(at).copied() {
            let row = START + at * ROW;
            for (digit, column) in (b'0'..=b'9').zip(0..) {
                let to = dfa.next_state(state, digit);
                let place = if dfa.is_dead_state(to) {
                    DEAD
                } else {
                    *place_of.entry(to).or_insert_with(|| {
                        states.push(to);
                        table.resize(table.len() + ROW, 0);
                        table.len() - ROW
                    })
                };
                table[row + column] = u16::try_from(place).ok()?;
            }
            let end = dfa.next_eoi_state(state);
            if dfa.is_match_state(end) {
                let mut set: Vec<usize> =
                    (0..dfa.match_len(end)).map(|index| dfa.match_pattern(end, index).as_usize()).collect();
                set.sort_unstable();
                let known = sets.iter().position(|other| *other == set);
                let index = known.unwrap_or_else(|| {
                    sets.push(set);
                    sets.len() - 1
                });
                table[row + SET] = u16::try_from(index).ok()?;
            }
            at += 1;
        }
        Some((Self { table }, sets))
    }

    /// Returns the set of patterns that match the digits of a number.
    pub(super) fn set_of(&self, digits: &[u8]) -> usize {
        let mut state = START;
        for digit in digits {
            state = usize::from(self.table[state + usize::from(digit - b'0')]);
            if state == DEAD {
                return NO_SET;
            }
        }
        usize::from(self.table[state + SET])
    }
}

/// A prefix of numbers.
pub(super) enum Prefix {
    /// No prefix.
    None,
    /// Fixed digits.
    Digits(Vec<u8>),
    /// A pattern, with the digits that it can begin with.
    Pattern { begins: u16, dfa: Box<dense::DFA<Vec<u32>>> },
}

impl Prefix {
    /// Compiles a prefix pattern from the metadata. Returns `None` if the pattern is not supported.
    pub(super) fn of(pattern: Option<&str>) -> Option<Self> {
        let Some(pattern) = pattern else { return Some(Self::None) };
        let inside = inside(pattern)?;
        if inside.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Digits(inside.as_bytes().to_vec()));
        }
        let dfa = builder(MatchKind::LeftmostFirst).build(&format!("{OPEN}{inside})")).ok()?;
        let first = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        let begins =
            (b'0'..=b'9').zip(0..).filter(|(digit, _)| !dfa.is_dead_state(dfa.next_state(first, *digit)));
        let begins = begins.fold(0, |begins, (_, bit)| begins | 1 << bit);
        Some(Self::Pattern { begins, dfa: Box::new(dfa) })
    }

    /// Returns the end of the prefix of a number, if it has one of at least one digit.
    pub(super) fn end_in(&self, digits: &[u8]) -> Option<usize> {
        match self {
            Self::None => None,
            // Most numbers differ in the first digit, which is faster to compare.
            Self::Digits(prefix) => {
                let is_prefix = digits.first() == prefix.first() && digits.starts_with(prefix);
                is_prefix.then_some(prefix.len())
            }
            Self::Pattern { begins, dfa } => {
                let first = digits.first()?;
                if begins >> (first - b'0') & 1 == 0 {
                    return None;
                }
                let found = dfa.try_search_fwd(&Input::new(digits).anchored(Anchored::Yes)).ok()??;
                Some(found.offset()).filter(|end| *end > 0)
            }
        }
    }
}
