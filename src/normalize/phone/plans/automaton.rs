//! Automata that match patterns over digits by table lookup.

use super::stored::{ENDS_ANYWHERE, ENDS_NUMBER, StoredPrefix, StoredStates};

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
    /// Builds the table. Returns `None` if the states are not those of an automaton.
    pub(super) fn of(states: &StoredStates) -> Option<Self> {
        let mut table = vec![0; (states.live.len() + 1) * ROW];
        let mut next = states.next.iter();
        for ((live, set), row) in states.live.iter().zip(&states.sets).zip((START..).step_by(ROW)) {
            for digit in (0..SET).filter(|digit| live >> digit & 1 == 1) {
                let state = usize::from(*next.next()?);
                let place = Some(START + state * ROW).filter(|place| *place < table.len())?;
                table[row + digit] = u16::try_from(place).ok()?;
            }
            table[row + SET] = u16::from(*set);
        }
        Some(Self { table })
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

    /// Returns the end of the longest prefix of a number. The automaton must be that of a prefix.
    fn end_in(&self, digits: &[u8]) -> Option<usize> {
        let mut state = START;
        let mut end = None;
        for (digit, length) in digits.iter().zip(1..) {
            state = usize::from(self.table[state + usize::from(digit - b'0')]);
            if state == DEAD {
                break;
            }
            let set = self.table[state + SET];
            if set == u16::from(ENDS_ANYWHERE) || set == u16::from(ENDS_NUMBER) && length == digits.len() {
                end = Some(length);
            }
        }
        end
    }
}

/// A prefix of numbers.
pub(super) enum Prefix {
    /// No prefix.
    None,
    /// Fixed digits.
    Digits(Vec<u8>),
    /// A pattern.
    Pattern(Automaton),
}

impl Prefix {
    /// Builds a prefix. Returns `None` if its states are not those of an automaton.
    pub(super) fn of(stored: &StoredPrefix<'_>) -> Option<Self> {
        Some(match stored {
            StoredPrefix::None => Self::None,
            StoredPrefix::Digits(digits) => Self::Digits(digits.to_vec()),
            StoredPrefix::Pattern(states) => Self::Pattern(Automaton::of(states)?),
        })
    }

    /// Returns the end of the prefix of a number, if it has one of at least one digit.
    #[inline]
    pub(super) fn end_in(&self, digits: &[u8]) -> Option<usize> {
        match self {
            Self::None => None,
            // Most numbers differ in the first digit, which is faster to compare.
            Self::Digits(prefix) => {
                let is_prefix = digits.first() == prefix.first() && digits.starts_with(prefix);
                is_prefix.then_some(prefix.len())
            }
            Self::Pattern(automaton) => automaton.end_in(digits),
        }
    }
}
