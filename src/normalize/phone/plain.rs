//! Numbers in plain spellings: digits, an optional leading plus, and the usual separators.
//!
//! Most numbers of most lists have such a spelling. Tables give the library's answer for them without calling it, by
//! the same steps in the same order. The library reads all other spellings, and all numbers that the tables cannot
//! read.

use super::{
    library::{Length, Unreadable},
    origin::Origin,
    plans::{self, Assignment, CodePlan, MAX_NATIONAL, Member},
};
use crate::contact::NumberType;

/// A limit above the digits of any number with all of its prefixes.
const MAX_DIGITS: usize = 20;

/// The minimum number of digits. With fewer, the spelling matters.
const MIN_DIGITS: usize = 3;

const MIN_NATIONAL: usize = 2;

/// The maximum length of a text.
const MAX_TEXT: usize = 40;

/// Space for the digits of such a text: a power of two, so that no index needs a bounds check.
const ROOM: usize = 64;

/// The digits of a cell and their separators.
pub(super) struct Spelling {
    digits: [u8; ROOM],
    len: usize,
    /// The kinds of bytes that occur, as bits.
    bytes: u8,
}

/// Kinds of bytes in a plain spelling.
mod byte {
    pub(super) const DIGIT: u8 = 1;
    pub(super) const PLUS: u8 = 2;
    pub(super) const SEPARATOR: u8 = 4;
    pub(super) const SLASH: u8 = 8;
    pub(super) const STOP: u8 = 16;
    pub(super) const OTHER: u8 = 32;
    pub(super) const SPACE: u8 = 64;
}

const KINDS: [u8; 256] = {
    let mut kinds = [byte::OTHER; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        kinds[digit as usize] = byte::DIGIT;
        digit += 1;
    }
    kinds[b'+' as usize] = byte::PLUS;
    kinds[b' ' as usize] = byte::SPACE;
    kinds[b'-' as usize] = byte::SEPARATOR;
    kinds[b'(' as usize] = byte::SEPARATOR;
    kinds[b')' as usize] = byte::SEPARATOR;
    kinds[b'/' as usize] = byte::SLASH;
    kinds[b'.' as usize] = byte::STOP;
    kinds
};

impl Spelling {
    /// Reads the digits of a plainly spelled text. Returns `None` for other texts.
    pub(super) fn of(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let mut spelling = Self { digits: [0; ROOM], len: 0, bytes: 0 };
        let mut pluses = 0;
        for byte in text.bytes() {
            let kind = KINDS[usize::from(byte)];
            // The next digit overwrites a byte that is not a digit.
            spelling.digits[spelling.len % ROOM] = byte;
            spelling.len += usize::from(kind & byte::DIGIT);
            spelling.bytes |= kind;
            pluses += kind & byte::PLUS;
        }
        let is_plain = spelling.bytes & byte::OTHER == 0 && (MIN_DIGITS..=MAX_DIGITS).contains(&spelling.len);
        let is_plus_fine = pluses == 0 || pluses == byte::PLUS && is_plus_in_front(text);
        (is_plain && is_plus_fine).then_some(spelling)
    }

    fn has_plus(&self) -> bool {
        self.bytes & byte::PLUS != 0
    }

    /// Returns whether there are separators.
    pub(super) fn has_separators(&self) -> bool {
        self.bytes & (byte::SPACE | byte::SEPARATOR | byte::SLASH | byte::STOP) != 0
    }

    /// Returns whether only spaces separate the digits.
    pub(super) fn is_spaced(&self) -> bool {
        self.bytes & (byte::SEPARATOR | byte::SLASH | byte::STOP) == 0
    }

    /// Returns the number of digits after the last slash, if there is one.
    pub(super) fn behind_slash(&self, text: &str) -> Option<usize> {
        (self.bytes & byte::SLASH != 0).then(|| digits_behind(b'/', text))
    }

    /// Returns the number of digits after the last period, if there is one.
    pub(super) fn behind_stop(&self, text: &str) -> Option<usize> {
        (self.bytes & byte::STOP != 0).then(|| digits_behind(b'.', text))
    }

    /// Returns whether the digits with a plus are a different valid number than the one that was read.
    pub(super) fn is_other_from_abroad(&self, number: &Plain<'_>) -> bool {
        if self.has_plus() || self.digits().first() == Some(&b'0') {
            return false;
        }
        let Some(other) = international(self.digits()) else { return false };
        (other.calling_code(), other.national) != (number.calling_code(), number.national)
            && other.assignment().is_some_and(|assignment| assignment.kind != NumberType::Unknown)
    }

    /// The digits in ASCII.
    pub(super) fn digits(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    /// Returns the reason why a number with a plus cannot be read, if its calling code shows this.
    pub(super) fn unreadable_from_abroad(&self, origin: Option<Origin>) -> Option<Unreadable> {
        let digits = self.digits();
        // Without its plus, the number may begin with the region's prefix for calls abroad.
        let dials_abroad = match origin {
            Some(Origin::Region(region)) => plans::plans()
                .of_region(region)
                .is_none_or(|(_, member)| member.end_of_international_prefix(digits).is_some()),
            _ => false,
        };
        if !self.has_plus() || digits.first() == Some(&b'0') || dials_abroad {
            return None;
        }
        match plans::plans().at_start_of(digits) {
            None if digits.len() > MIN_NATIONAL => Some(Unreadable::InvalidCountryCode),
            Some((_, code)) if digits.len() < code + MIN_NATIONAL && digits.len() > MIN_NATIONAL => {
                Some(Unreadable::TooShort)
            }
            _ => None,
        }
    }

    /// Reads the number with the rules of `origin` if it has no calling code of its own. Returns `None` if the library
    /// must decide: if the number cannot be read, if a rule rewrites it, or if its calling code has no region.
    pub(super) fn read(&self, origin: Option<Origin>) -> Option<Plain<'_>> {
        let digits = self.digits();
        let region = match origin {
            Some(Origin::CallingCode(_) | Origin::Area { .. }) => return None,
            Some(Origin::Region(region)) => Some(region),
            None => None,
        };
        if self.has_plus() {
            return international(digits);
        }
        let (plan, member) = plans::plans().of_region(region?)?;
        if let Some(end) = member.end_of_international_prefix(digits) {
            return international(&digits[end..]);
        }
        if let Some(behind_code) = plan.without_code(digits) {
            // The digits of the calling code may also belong to the number.
            let without_prefix = member.without_national_prefix(behind_code)?;
            let is_better = !member.is_general(digits)? && member.is_general(without_prefix)?;
            if is_better || member.length_of(digits) == Length::TooLong {
                return national(plan, plan.main()?, without_prefix);
            }
        }
        national(plan, member, digits)
    }
}

/// Tests whether a text of digits and separators has a plus as no number has: between two digits, or with too few of them.
pub(super) fn has_misplaced_plus(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| KINDS[usize::from(byte)] & byte::OTHER == 0);
    if !is_plain || memchr::memchr(b'+', text.as_bytes()).is_none() {
        return false;
    }
    let inside = text.trim_matches(|letter: char| !letter.is_ascii_digit());
    let are_few = text.bytes().filter(u8::is_ascii_digit).count() < MIN_DIGITS;
    memchr::memchr(b'+', inside.as_bytes()).is_some() || are_few && text.starts_with('+')
}

/// Tests whether no digit precedes the plus.
fn is_plus_in_front(text: &str) -> bool {
    text.bytes().find(|byte| *byte == b'+' || byte.is_ascii_digit()) == Some(b'+')
}

fn digits_behind(mark: u8, text: &str) -> usize {
    let behind = text.bytes().rev().take_while(|byte| *byte != mark);
    behind.filter(u8::is_ascii_digit).count()
}

/// Reads a number that includes its calling code.
fn international(digits: &[u8]) -> Option<Plain<'_>> {
    if digits.len() <= MIN_NATIONAL {
        return None;
    }
    let (plan, code_digits) = plans::plans().at_start_of(digits)?;
    national(plan, plan.main()?, &digits[code_digits..])
}

/// Reads a number of a plan with the rules of one of its regions.
fn national<'d>(plan: &'static CodePlan, member: &Member, digits: &'d [u8]) -> Option<Plain<'d>> {
    if digits.len() < MIN_NATIONAL {
        return None;
    }
    let without_prefix = member.without_national_prefix(digits)?;
    // A number that would be too short without the prefix keeps it: it may be a short number.
    let national = match member.length_of(without_prefix) {
        Length::LocalOnly | Length::TooShort | Length::Invalid => digits,
        Length::Possible | Length::TooLong => without_prefix,
    };
    (MIN_NATIONAL..=MAX_NATIONAL).contains(&national.len()).then_some(Plain { plan, national })
}

/// A number in plain digits, as its plan reads it.
pub(super) struct Plain<'d> {
    plan: &'static CodePlan,
    national: &'d [u8],
}

impl Plain<'_> {
    pub(super) fn calling_code(&self) -> u16 {
        self.plan.calling_code()
    }

    /// The national significant number in ASCII digits.
    pub(super) fn national(&self) -> &[u8] {
        self.national
    }

    /// Returns the assignment of the number in its plan.
    pub(super) fn assignment(&self) -> Option<Assignment> {
        self.plan.assignment(self.national)
    }

    /// Compares its length with the numbers of the calling code.
    pub(super) fn length(&self) -> Option<Length> {
        Some(self.plan.main()?.length_of(self.national))
    }
}
