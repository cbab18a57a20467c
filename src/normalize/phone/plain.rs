//! Numbers in plain spellings: digits, a plus in front, the usual separators.
//!
//! Most numbers of most lists are spelled so. For them the library's answer is known without asking it: the same steps, in
//! the same order, on digits alone and by tables. Whatever is not plain, and whatever cannot be read, is the library's.

use super::{
    Length,
    plans::{self, Assignment, CodePlan, MAX_NATIONAL, Member},
};
use crate::{contact::NumberType, normalize::region::Origin};

/// More digits than a number has with everything that may stand in front of it.
const MAX_DIGITS: usize = 20;

/// With fewer, it matters how they are written.
const MIN_DIGITS: usize = 3;

const MIN_NATIONAL: usize = 2;

/// The longest text that is looked at.
const MAX_TEXT: usize = 40;

/// Room for the digits of such a text, and a power of two, so that no place in it need be checked.
const ROOM: usize = 64;

/// The digits of a cell and how they are separated.
pub(super) struct Spelling {
    digits: [u8; ROOM],
    len: usize,
    /// All kinds of bytes that occur.
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
    /// The digits of a text that is plainly spelled.
    pub(super) fn of(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let mut spelling = Self { digits: [0; ROOM], len: 0, bytes: 0 };
        let mut pluses = 0;
        for byte in text.bytes() {
            let kind = KINDS[usize::from(byte)];
            // What is no digit is overwritten by the next one.
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

    /// Whether there is anything but digits and a plus.
    pub(super) fn has_separators(&self) -> bool {
        self.bytes & (byte::SPACE | byte::SEPARATOR | byte::SLASH | byte::STOP) != 0
    }

    /// Whether nothing but spaces separates the digits.
    pub(super) fn is_spaced(&self) -> bool {
        self.bytes & (byte::SEPARATOR | byte::SLASH | byte::STOP) == 0
    }

    /// Digits behind the last slash, if there is one.
    pub(super) fn behind_slash(&self, text: &str) -> Option<usize> {
        (self.bytes & byte::SLASH != 0).then(|| digits_behind(b'/', text))
    }

    /// Digits behind the last full stop, if there is one.
    pub(super) fn behind_stop(&self, text: &str) -> Option<usize> {
        (self.bytes & byte::STOP != 0).then(|| digits_behind(b'.', text))
    }

    /// Whether the digits, with a plus in front, would be another valid number than the one that was read.
    pub(super) fn is_other_from_abroad(&self, number: &Plain<'_>) -> bool {
        if self.has_plus() || self.digits().first() == Some(&b'0') {
            return false;
        }
        let Some(other) = international(self.digits()) else { return false };
        (other.calling_code(), other.national) != (number.calling_code(), number.national)
            && other.assignment().is_some_and(|assignment| assignment.kind != NumberType::Unknown)
    }

    /// The digits.
    pub(super) fn digits(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    /// The number, read with the rules of `origin` where it does not carry its own calling code. Nothing where the library is
    /// to decide: where it cannot be read, where a rule rewrites it, and with a calling code of no region.
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
            // The digits of the calling code may as well be the number's own.
            let without_prefix = member.without_national_prefix(behind_code)?;
            let is_better = !member.is_general(digits)? && member.is_general(without_prefix)?;
            if is_better || member.length_of(digits) == Length::TooLong {
                return national(plan, plan.main()?, without_prefix);
            }
        }
        national(plan, member, digits)
    }
}

/// Whether there is no digit before the plus.
fn is_plus_in_front(text: &str) -> bool {
    text.bytes().find(|byte| *byte == b'+' || byte.is_ascii_digit()) == Some(b'+')
}

fn digits_behind(mark: u8, text: &str) -> usize {
    let behind = text.bytes().rev().take_while(|byte| *byte != mark);
    behind.filter(u8::is_ascii_digit).count()
}

/// A number of which the calling code is a part.
fn international(digits: &[u8]) -> Option<Plain<'_>> {
    if digits.len() <= MIN_NATIONAL {
        return None;
    }
    let (plan, code_digits) = plans::plans().at_start_of(digits)?;
    national(plan, plan.main()?, &digits[code_digits..])
}

/// A number of a plan, read with the rules of one of its regions.
fn national<'d>(plan: &'static CodePlan, member: &Member, digits: &'d [u8]) -> Option<Plain<'d>> {
    if digits.len() < MIN_NATIONAL {
        return None;
    }
    let without_prefix = member.without_national_prefix(digits)?;
    // What would be too short without it keeps it: it may be a short number.
    let national = match member.length_of(without_prefix) {
        Length::LocalOnly | Length::TooShort | Length::Invalid => digits,
        Length::Possible | Length::TooLong => without_prefix,
    };
    (MIN_NATIONAL..=MAX_NATIONAL).contains(&national.len()).then_some(Plain { plan, national })
}

/// A number of plain digits, as its plan reads it.
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

    /// What the plan has assigned it to.
    pub(super) fn assignment(&self) -> Option<Assignment> {
        self.plan.assignment(self.national)
    }

    /// Whether a number of the calling code can have its length.
    pub(super) fn length(&self) -> Option<Length> {
        Some(self.plan.main()?.length_of(self.national))
    }
}
