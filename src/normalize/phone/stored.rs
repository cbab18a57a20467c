//! Numbers as other programs show them: complete or split, as people typed them, as floats, or masked.
//!
//! Existing contacts and suppressed numbers count under every number that a text may mean.

use std::borrow::Cow;

use super::{
    all::read_all,
    mask::Mask,
    origin::{Origin, calling_code, origin_of_calling_code},
    parse::{digits, is_assigned, parse},
};
use crate::{
    contact::{E164, Region},
    failpoint,
    row::CellKind,
};

/// The minimum number of digits of a number that was converted to a float.
const MIN_FLOAT_DIGITS: usize = 7;

/// The maximum number of zeros at the end of a float. More zeros are likelier to replace lost digits.
const MAX_ADDED_ZEROS: usize = 2;

/// The possible readings of a stored number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredNumber {
    /// The international numbers: usually one.
    pub numbers: Vec<E164>,
    /// The visible parts of a number with hidden digits.
    pub masks: Vec<Mask>,
}

/// Reads a number with its calling code, which may be empty. Without any calling code, the number may also belong to
/// `region`.
///
/// ```
/// use rollcall::normalize::phone::read_stored;
///
/// let read = |text, code| {
///     let numbers = read_stored(text, code, None).numbers;
///     numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
/// };
/// assert_eq!(read("+44 (0)20 7946 0101 ext. 12", "+44"), "442079460101");
/// assert_eq!(read("4.42079460101e+11", ""), "442079460101");
/// // With the zero and without it.
/// assert_eq!(read("020 7946 0101", "+44"), "4402079460101 442079460101");
/// ```
pub fn read_stored(written: &str, code: &str, region: Option<Region>) -> StoredNumber {
    let written = written.trim();
    let code = digits(without_fraction(code.trim(), 1));
    if let Some(masks) = Mask::read_all(written, &code, || region.and_then(calling_code)) {
        return StoredNumber { numbers: Vec::new(), masks };
    }
    let Some(text) = unfloated(written) else { return StoredNumber::default() };
    let mut stored = StoredNumber::default();
    let is_simple = is_simple(&text);
    if is_simple {
        stored.add_joined(&text, &code, region);
    }
    if failpoint::is_without("every form of a number") {
        return stored;
    }
    if !stored.numbers.iter().any(|number| is_assigned(*number)) {
        let of_code = code.parse().ok().and_then(origin_of_calling_code);
        let origin = of_code.or(region.map(Origin::Region));
        read_all(&text, CellKind::Text, origin).found.into_iter().for_each(|number| stored.add(number));
    }
    if !is_simple && stored.numbers.is_empty() {
        stored.add_joined(&text, &code, region);
    }
    stored
}

impl StoredNumber {
    /// Adds all readings of the digits, with the code before them or within them. Digits without a plus may begin like
    /// their own calling code, may begin with a zero that is or is not part of the number, and may be a number of
    /// `region`.
    fn add_joined(&mut self, text: &str, code: &str, region: Option<Region>) {
        let digits = digits(text);
        let whole = digits.trim_start_matches('0');
        if digits.is_empty() {
            return;
        }
        if text.starts_with(['+', '＋']) || text.starts_with("00") {
            self.add_digits(whole);
        } else if code.is_empty() {
            self.add_digits(whole);
            let at_home = region.and_then(|region| parse(&digits, Some(Origin::Region(region))).ok());
            if let Some(number) = at_home.filter(|number| number.is_valid) {
                self.add_digits(&format!("{}{}", number.calling_code, number.national));
            }
        } else {
            if digits.starts_with(code) {
                self.add_digits(whole);
            }
            self.add_digits(&format!("{code}{digits}"));
            if let Some(national) = digits.strip_prefix('0') {
                self.add_digits(&format!("{code}{national}"));
            }
        }
    }

    /// Adds an international number, and its form without a national zero.
    fn add_digits(&mut self, digits: &str) {
        let Some(number) = E164::from_digits(digits) else { return };
        self.add(number);
        if !is_assigned(number)
            && let Ok(parsed) = parse(&format!("+{number}"), None)
            && parsed.is_valid
            && let Some(other) = E164::from_digits(&format!("{}{}", parsed.calling_code, parsed.national))
        {
            self.add(other);
        }
    }

    fn add(&mut self, number: E164) {
        if !self.numbers.contains(&number) {
            self.numbers.push(number);
        }
    }
}

/// Tests whether a text is one number of digits and the usual separators.
fn is_simple(text: &str) -> bool {
    let behind = text.strip_prefix('+').unwrap_or(text);
    behind.bytes().all(|byte| byte.is_ascii_digit() || b" -.()".contains(&byte)) && !text.contains("(0")
}

/// Restores the digits of a number that was converted to a float. Returns `None` if digits are lost.
fn unfloated(text: &str) -> Option<Cow<'_, str>> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) if is_float(mantissa) => (mantissa, exponent),
        _ => return Some(Cow::Borrowed(without_fraction(text, MIN_FLOAT_DIGITS))),
    };
    let Ok(exponent) = exponent.parse::<usize>() else { return Some(Cow::Borrowed(text)) };
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let missing = exponent.checked_sub(fraction.len());
    match missing {
        Some(zeros) if zeros <= MAX_ADDED_ZEROS => {
            Some(Cow::Owned(format!("{whole}{fraction}{}", "0".repeat(zeros))))
        }
        Some(_) => None,
        None => {
            let (shown, behind) = fraction.split_at(exponent);
            behind.bytes().all(|byte| byte == b'0').then(|| Cow::Owned(format!("{whole}{shown}")))
        }
    }
}

/// Tests for `1.23` and `1,23`.
fn is_float(text: &str) -> bool {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
}

/// Returns the integer part of a number with zeros after the point: `442079460101.0`.
fn without_fraction(text: &str, min_digits: usize) -> &str {
    let Some((whole, zeros)) = text.split_once('.') else { return text };
    let digits = whole.strip_prefix('+').unwrap_or(whole);
    let is_whole = digits.len() >= min_digits
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !zeros.is_empty()
        && zeros.bytes().all(|byte| byte == b'0');
    if is_whole { whole } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, code: &str, region: &str) -> Vec<String> {
        let read = read_stored(text, code, Region::new(region));
        read.numbers.iter().map(ToString::to_string).collect()
    }

    /// Source: mysociety/alaveteli issue 2278, OCA/connector-telephony issue 32, signalapp/Signal-Android issue 5928.
    #[test]
    fn readings_include_every_intended_number() {
        for (text, code, region, expected) in [
            ("+442079460101", "+44", "", &["442079460101"][..]),
            ("+4402079460101", "+44", "", &["442079460101"]),
            ("+44 (0)20 7946 0101", "+44", "", &["442079460101"]),
            ("+44(0)2079460101", "", "", &["442079460101"]),
            ("0044-20-7946-0101", "", "", &["442079460101"]),
            ("+44 20 7946 0102 ext. 12", "+44", "", &["442079460102"]),
            ("+44 20 7946 0103 / 020 7946 0104", "+44", "", &["442079460103", "442079460104"]),
            ("020 7946 0103; 020 7946 0104", "44", "", &["442079460103", "442079460104"]),
            ("+9109876543210", "+91", "", &["919876543210"]),
            ("098765 43210", "+91", "", &["919876543210"]),
            ("9109876543210", "", "GB", &["919876543210"]),
            ("+5411 15 2345 6789", "+54", "", &["5491123456789"]),
            ("11 15 2345 6789", "54", "", &["5491123456789"]),
            ("tel:+44-20-7946-0101", "", "", &["442079460101"]),
            ("٠٢٠٧٩٤٦٠١٠١", "44", "", &["442079460101"]),
            ("020 7946 0101", "", "GB", &["442079460101"]),
            ("4.42079460100e+11", "+44", "", &["442079460100"]),
            ("4.4207946010E11", "", "", &["442079460100"]),
            ("442079460101.0", "44.0", "", &["442079460101"]),
            ("2079460101.00", "44", "", &["442079460101"]),
        ] {
            let read = read(text, code, region);
            assert!(expected.iter().all(|number| read.iter().any(|read| read == number)), "{text}: {read:?}");
            let assigned =
                read.iter().filter(|number| is_assigned(E164::from_digits(number).unwrap())).count();
            assert_eq!(assigned, expected.len(), "{text}: {read:?}");
        }
    }

    #[test]
    fn hidden_digits_are_not_invented() {
        assert_eq!(read("9.19E+11", "", ""), [""; 0]);
        assert_eq!(read("n/a", "+91", ""), [""; 0]);
        let masked = read_stored("020 79** **01", "44", None);
        assert_eq!((masked.numbers.len(), masked.masks.len()), (0, 1));
    }
}
