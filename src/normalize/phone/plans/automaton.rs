//! Patterns over digits, as tables.

use regex_automata::{
    Anchored, Input, MatchKind,
    dfa::{Automaton as _, StartKind, dense},
    util::{primitives::StateID, start, syntax},
};

/// Patterns of the metadata stand between these.
const OPEN: &str = "^(?:";
const CLOSE: &str = ")$";

/// The pattern for a whole text, as the metadata has it.
pub(super) fn whole(pattern: &str) -> Option<String> {
    inside(pattern).map(|_| pattern.to_owned())
}

/// The pattern for a text that begins so.
pub(super) fn beginning(pattern: &str) -> Option<String> {
    inside(pattern).map(|inside| format!("{OPEN}{inside})[0-9]*$"))
}

/// The pattern for the beginning alone.
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

/// Tells which of many patterns match a whole number.
pub(super) struct Automaton {
    /// States, one behind the other: where each digit leads, then which set of patterns matches if the number ends here.
    table: Vec<u16>,
}

/// Room for a state in the table. A state is known by its place there.
const ROW: usize = 16;
const SET: usize = 10;

/// The state that nothing leaves, and in which no pattern matches.
const DEAD: usize = 0;
const START: usize = ROW;

/// The set of no pattern.
const NO_SET: usize = 0;

impl Automaton {
    /// The automaton of these patterns, and the sets of them that can match together, the empty one first.
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

    /// The set of patterns that match a number of these digits.
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

/// What may stand in front of a number.
pub(super) enum Prefix {
    /// Nothing.
    None,
    /// These digits.
    Digits(Vec<u8>),
    /// What matches a pattern, and which digits it can begin with.
    Pattern { begins: u16, dfa: Box<dense::DFA<Vec<u32>>> },
}

impl Prefix {
    /// The prefix of a pattern of the metadata; nothing where it cannot be understood.
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

    /// Where the prefix of a number ends, if it has one of at least a digit.
    pub(super) fn end_in(&self, digits: &[u8]) -> Option<usize> {
        match self {
            Self::None => None,
            // Most numbers differ in the first digit, which is cheaper to see.
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
