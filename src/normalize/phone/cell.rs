//! Preparation of phone cells: marks that a spreadsheet added are removed, and digits that it destroyed are reported.

use std::borrow::Cow;

use super::{plain::Spelling, refusal::Refusal};
use crate::{
    normalize::name::is_invisible,
    outcome::Code,
    row::{CellKind, shows_nothing},
};

/// A floating-point number keeps every integer of up to this many decimal digits, but not every longer one.
const MAX_EXACT_DIGITS: usize = 15;

/// A limit above the length of any spelled number. Google's library has the same limit.
const MAX_CHARS: usize = 250;

/// Removes invisible characters and the marks of a spreadsheet from a cell.
///
/// # Errors
///
/// Returns an error if the original digits are no longer in the file, or if the cell cannot contain a number.
pub(super) fn undo_spreadsheet(text: &str, kind: CellKind) -> Result<Cow<'_, str>, Refusal> {
    match kind {
        CellKind::Text => undo_text(text),
        CellKind::Number => number_cell(text).map(Cow::Borrowed),
        CellKind::Date => Err(Refusal::new(Code::NotANumber, "the cell contains a date")),
        CellKind::Boolean => Err(Refusal::new(Code::NotANumber, "the cell contains TRUE or FALSE")),
        CellKind::Error => Err(Refusal::new(Code::NotANumber, format!("the cell contains the error {text}"))),
    }
}

fn number_cell(text: &str) -> Result<&str, Refusal> {
    if text.starts_with('-') || text.contains('.') {
        return Err(Refusal::new(Code::NotANumber, "the cell contains a number with a sign or a fraction"));
    }
    if text.len() > MAX_EXACT_DIGITS {
        return Err(Refusal::new(Code::ExcelPrecision, format!("{} digits", text.len())));
    }
    Ok(text)
}

/// Returns whether [`undo_spreadsheet`] would neither change nor refuse a plainly spelled cell.
pub(super) fn is_undamaged(text: &str, kind: CellKind, spelling: &Spelling) -> bool {
    match kind {
        CellKind::Text => {
            // A fraction has one or two zeros after the point.
            spelling.behind_stop(text).is_none_or(|digits| digits > 2)
                && spelling.digits().len() <= MAX_EXACT_DIGITS
                && !(spelling.has_separators() && may_be_date(text))
        }
        CellKind::Number => !spelling.has_separators() && text.len() <= MAX_EXACT_DIGITS,
        CellKind::Date | CellKind::Boolean | CellKind::Error => false,
    }
}

/// Tests whether there is nothing to undo: only digits and the usual separators, and too few digits for a rounded
/// number.
fn is_plain(text: &str) -> bool {
    text.len() <= MAX_EXACT_DIGITS
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b' ' | b'(' | b')'))
}

fn undo_text(text: &str) -> Result<Cow<'_, str>, Refusal> {
    if is_plain(text) && !is_date(text.trim_ascii()) {
        return Ok(Cow::Borrowed(text.trim_ascii()));
    }
    if text.len() > MAX_CHARS && text.trim_matches(shows_nothing).chars().nth(MAX_CHARS).is_some() {
        return Err(Refusal::new(Code::FieldTooLong, format!("more than {MAX_CHARS} characters")));
    }
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r')) {
        return Err(Refusal::new(Code::ControlCharacters, String::new()));
    }
    let visible = if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        // No-break spaces become plain ones, so that two numbers in a cell stay separate.
        let kept = text.chars().filter(|letter| !is_invisible(*letter));
        Cow::Owned(
            kept.map(|letter| if letter.is_whitespace() && letter != '\n' { ' ' } else { letter }).collect(),
        )
    };
    let marked = match visible {
        Cow::Borrowed(text) => Cow::Borrowed(strip_marks(text)),
        Cow::Owned(text) => Cow::Owned(strip_marks(&text).to_owned()),
    };
    if is_scientific(&marked) {
        return Err(Refusal::new(Code::ExcelScientific, String::new()));
    }
    if has_rounded_tail(&marked) {
        return Err(Refusal::new(Code::ExcelPrecision, format!("{} digits", marked.len())));
    }
    if is_date(&marked) {
        return Err(Refusal::new(Code::NotANumber, "a date"));
    }
    Ok(match marked {
        Cow::Borrowed(text) => Cow::Borrowed(strip_fraction(text)),
        Cow::Owned(text) => Cow::Owned(strip_fraction(&text).to_owned()),
    })
}

/// Removes the `'` that marks text in a spreadsheet, and `="…"`, which some programs write for the same purpose.
pub(in crate::normalize) fn strip_marks(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("=\"").and_then(|inner| inner.strip_suffix('"')).unwrap_or(text);
    text.trim_start_matches(['\'', '\u{2019}', '`']).trim()
}

/// Removes the fraction of `919876543210.0`, which programs add that read a number as floating-point.
fn strip_fraction(text: &str) -> &str {
    let Some((whole, zeros)) = text.rsplit_once('.') else { return text };
    let digits = whole.strip_prefix('+').unwrap_or(whole);
    let is_float = matches!(zeros, "0" | "00")
        && digits.len() >= 7
        && digits.len() <= MAX_EXACT_DIGITS
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_float { whole } else { text }
}

/// Tests for `9.19877E+11` and `9,19877E+11`.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa = mantissa.trim_start_matches(['+', '-']);
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    whole.len() == 1
        && all_digits(whole)
        && all_digits(fraction)
        && exponent.len() <= 4
        && all_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

/// Tests for `2026-11-20` or `20.11.2026`, with or without a time: the forms that dates take in CSV.
pub(crate) fn is_date(text: &str) -> bool {
    let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let Some(separator) = day.chars().find(|letter| matches!(letter, '-' | '.' | '/')) else { return false };
    let mut parts = day.split(separator);
    let (Some(first), Some(second), Some(third), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let part = |text: &str, digits: &[usize], range: std::ops::RangeInclusive<u16>| {
        let is_digits = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_digits && text.parse().is_ok_and(|value| range.contains(&value))
    };
    let is_year = |text| part(text, &[4], 1900..=2100);
    if separator == '-' && is_year(first) && second.len() == 2 && third.len() == 2 {
        return part(second, &[2], 1..=12) && part(third, &[2], 1..=31);
    }
    let are_month_and_day = |month, day| part(month, &[1, 2], 1..=12) && part(day, &[1, 2], 1..=31);
    let is_day = is_year(third) && (are_month_and_day(first, second) || are_month_and_day(second, first))
        || is_year(first) && are_month_and_day(second, third);
    is_day && (time.is_empty() || time.contains(':'))
}

/// Tests whether two separators are at the positions of a date's separators.
fn may_be_date(text: &str) -> bool {
    let text = text.as_bytes().trim_ascii();
    let is_separator = |place: usize| matches!(text.get(place), Some(b'-' | b'.' | b'/'));
    is_separator(4) && (is_separator(6) || is_separator(7))
        || (is_separator(1) || is_separator(2)) && (3..6).any(is_separator)
}

/// Tests for more digits than a spreadsheet keeps, with zeros in place of the lost ones. A leading zero shows that the
/// spreadsheet never treated the text as a number.
fn has_rounded_tail(text: &str) -> bool {
    text.len() > MAX_EXACT_DIGITS
        && !text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.bytes().skip(MAX_EXACT_DIGITS).all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(text: &str) -> String {
        match undo_spreadsheet(text, CellKind::Text) {
            Ok(text) => text.into_owned(),
            Err(refusal) => refusal.code.name().to_owned(),
        }
    }

    #[test]
    fn lossless_damage_is_repaired() {
        for (text, expected) in [
            ("'+919876543210", "+919876543210"),
            ("=\"+91 98765 43210\"", "+91 98765 43210"),
            ("919876543210.0", "919876543210"),
            ("+919876543210.00", "+919876543210"),
            ("\u{feff}\u{202a}98765\u{a0}43210\u{202c}", "98765 43210"),
            ("  98765 43210 ", "98765 43210"),
            ("555.0100", "555.0100"),
            ("4120.0", "4120.0"),
            ("98765\n98766", "98765\n98766"),
        ] {
            assert_eq!(undone(text), expected, "{text:?}");
        }
    }

    #[test]
    fn number_that_lost_digits_is_rejected_with_its_code() {
        for (text, code) in [
            ("9.19877E+11", "excel-scientific"),
            ("9,19877e11", "excel-scientific"),
            ("9E+11", "excel-scientific"),
            ("9198765432101230", "excel-precision"),
            ("9198765432101234", "9198765432101234"),
            ("0097215112540000", "0097215112540000"),
            ("9198765432101200000", "excel-precision"),
            ("98765\u{7}43210", "control-characters"),
            ("2024-01-31", "not-a-number"),
            ("2024-01-31T10:00:00", "not-a-number"),
            ("2024-13-31", "2024-13-31"),
            ("31.01.2024", "not-a-number"),
            ("1/31/2024", "not-a-number"),
            ("2024/1/31", "not-a-number"),
            ("31-01-2024 10:00", "not-a-number"),
            ("31.13.2024", "31.13.2024"),
            ("22 12 1990", "22 12 1990"),
            ("12/34/1990", "12/34/1990"),
            ("030.23.1250", "030.23.1250"),
        ] {
            assert_eq!(undone(text), code, "{text:?}");
        }
        assert_eq!(undone(&"1".repeat(251)), "field-too-long");
    }

    #[test]
    fn number_cells_must_be_whole_and_exact() {
        let read = |text| undo_spreadsheet(text, CellKind::Number).map_err(|refusal| refusal.code);
        assert_eq!(read("919876543210").unwrap(), "919876543210");
        assert_eq!(read("9876543210.5"), Err(Code::NotANumber));
        assert_eq!(read("-9876543210"), Err(Code::NotANumber));
        assert_eq!(read("9198765432101230"), Err(Code::ExcelPrecision));
        assert!(undo_spreadsheet("2024-01-31", CellKind::Date).is_err());
    }
}
