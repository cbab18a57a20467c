//! Numbers in plain spellings: digits, a plus in front, the usual separators.
//!
//! Most numbers of most lists are spelled so. For them the library's answer is known without asking it: the same steps, in
//! the same order, on digits alone and by tables. Whatever is not plain, and whatever comes to no number, is the library's.

use super::{
    Length,
    plans::{self, CodePlan, MAX_NATIONAL, Member},
};
use crate::contact::{NumberType, Region};

/// More digits than a number has with everything that may stand in front of it.
const MAX_DIGITS: usize = 20;

/// With fewer, it matters how they are written.
const MIN_DIGITS: usize = 3;

const MIN_NATIONAL: usize = 2;

/// The digits of a cell and how they are separated.
pub(super) struct Spelling {
    digits: [u8; MAX_DIGITS],
    len: usize,
    has_plus: bool,
    /// How many separators there are of any kind.
    pub(super) separators: usize,
    /// Digits behind the last slash, if there is one.
    pub(super) behind_slash: Option<usize>,
    /// Digits behind the last full stop, if there is one.
    pub(super) behind_stop: Option<usize>,
}

/// What a byte is in a plain spelling.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Byte {
    Digit,
    Plus,
    Separator,
    Slash,
    Stop,
    Other,
}

const BYTES: [Byte; 256] = {
    let mut bytes = [Byte::Other; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        bytes[digit as usize] = Byte::Digit;
        digit += 1;
    }
    bytes[b'+' as usize] = Byte::Plus;
    bytes[b' ' as usize] = Byte::Separator;
    bytes[b'-' as usize] = Byte::Separator;
    bytes[b'(' as usize] = Byte::Separator;
    bytes[b')' as usize] = Byte::Separator;
    bytes[b'/' as usize] = Byte::Slash;
    bytes[b'.' as usize] = Byte::Stop;
    bytes
};

impl Spelling {
    /// The digits of a text that is plainly spelled.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut spelling = Self {
            digits: [0; MAX_DIGITS],
            len: 0,
            has_plus: false,
            separators: 0,
            behind_slash: None,
            behind_stop: None,
        };
        let (mut slash, mut stop) = (None, None);
        for byte in text.bytes() {
            match BYTES[usize::from(byte)] {
                Byte::Digit => {
                    *spelling.digits.get_mut(spelling.len)? = byte;
                    spelling.len += 1;
                    continue;
                }
                Byte::Plus if spelling.len == 0 && !spelling.has_plus => {
                    spelling.has_plus = true;
                    continue;
                }
                Byte::Separator => {}
                Byte::Slash => slash = Some(spelling.len),
                Byte::Stop => stop = Some(spelling.len),
                Byte::Plus | Byte::Other => return None,
            }
            spelling.separators += 1;
        }
        spelling.behind_slash = slash.map(|before| spelling.len - before);
        spelling.behind_stop = stop.map(|before| spelling.len - before);
        (spelling.len >= MIN_DIGITS).then_some(spelling)
    }

    /// The digits.
    pub(super) fn digits(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    /// The number, read with the rules of `region` where it does not carry its own calling code. Nothing where the library
    /// is to decide, which is never where the number is valid and no rule rewrites it.
    pub(super) fn read(&self, region: Option<Region>) -> Option<Plain<'_>> {
        let plans = plans::plans();
        let digits = self.digits();
        if self.has_plus {
            return international(digits);
        }
        let (plan, member) = plans.of_region(region?)?;
        if let Some(end) = member.end_of_international_prefix(digits) {
            return international(&digits[end..]);
        }
        if let Some(behind_code) = plan.without_code(digits) {
            // The digits of the calling code may as well be the number's own.
            let without_prefix = plan.without_national_prefix(member, behind_code)?;
            let is_better = !plan.is_general(member, digits) && plan.is_general(member, without_prefix);
            if is_better || member.length_of(digits) == Length::TooLong {
                return national(plan, plan.main(), without_prefix);
            }
        }
        national(plan, member, digits)
    }
}

/// A number of which the calling code is a part.
fn international(digits: &[u8]) -> Option<Plain<'_>> {
    if digits.len() <= MIN_NATIONAL {
        return None;
    }
    let (plan, code_digits) = plans::plans().at_start_of(digits)?;
    national(plan, plan.main(), &digits[code_digits..])
}

/// A number of a plan, read with the rules of one of its regions.
fn national<'d>(plan: &'static CodePlan, member: &Member, digits: &'d [u8]) -> Option<Plain<'d>> {
    if digits.len() < MIN_NATIONAL {
        return None;
    }
    let without_prefix = plan.without_national_prefix(member, digits)?;
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

    /// Its kind, unknown if it is not valid, and its region.
    pub(super) fn verdict(&self) -> (NumberType, Option<Region>) {
        let verdict = self.plan.verdict(self.national);
        (verdict.kind, verdict.region)
    }

    /// Whether a number of the calling code can have its length.
    pub(super) fn length(&self) -> Length {
        self.plan.main().length_of(self.national)
    }
}
