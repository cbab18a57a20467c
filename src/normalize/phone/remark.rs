//! Digits next to a number that may not belong to it: opening hours, floors, item numbers of a list.
//!
//! In plans without a fixed length, such digits can form another valid number.

use super::{cell::is_date, library::ParsedNumber, origin::Origin, plain::Spelling, words};

/// The maximum number of digits of an hour, a minute, a floor or an item.
const MAX_DIGITS: usize = 2;

/// The maximum length of a number that people write with a gap before its last digits.
const MAX_NATIONAL: usize = 13;

/// The minimum length of a number without such digits, as most numbers have it.
const MIN_NATIONAL: usize = 9;

/// Beginnings of words that follow a quantity.
const UNITS: &[&str] = &[
    "uhr", "h", "hrs", "hours", "std", "am", "pm", "a.m", "p.m", "o'clock", "stock", "stk", "og", "ug",
    "etage", "floor", "flr", "fl", "st", "nd", "rd", "th", "piso", "piano", "étage", "horas", "heures",
    "ore", "godz", "час", "mal", "x", "zi", "zimmer", "room", "days", "tage", "jahre", "years",
];

/// Words that name the kind of phone, and so do not refer to the digits before them.
const PHONES: &[&str] = &[
    "mobil",
    "mobile",
    "handy",
    "cell",
    "büro",
    "buero",
    "office",
    "work",
    "home",
    "privat",
    "private",
    "arbeit",
    "dienstlich",
    "geschäft",
    "tel",
    "telefon",
    "phone",
    "festnetz",
    "zuhause",
    "zentrale",
    "main",
    "whatsapp",
    "movil",
    "móvil",
    "casa",
    "oficina",
    "travail",
    "domicile",
    "bureau",
    "portable",
    "direkt",
    "durchwahl",
];

/// Tests whether a plainly spelled cell may contain such digits.
pub(super) fn may_have(text: &str, spelling: &Spelling) -> bool {
    let is_overlong = spelling.digits().len() > MAX_NATIONAL;
    if spelling.is_spaced() && text.starts_with('+') {
        // Most cells end here.
        return is_overlong;
    }
    let text = without_ends(text);
    if text.ends_with(')') {
        return true;
    }
    let Some((first, rest)) = text.split_once(' ') else { return false };
    if is_overlong || begins_number(rest) && is_item(first) {
        return true;
    }
    let last = || rest.rsplit(' ').next().unwrap_or_default();
    !spelling.is_spaced() && (is_span(last()) || is_date(last()))
}

/// Returns the text from its first digit on, without separators at its end.
fn without_ends(text: &str) -> &str {
    let text =
        text.trim_start_matches(|letter: char| !letter.is_numeric() && !matches!(letter, '+' | '＋' | '('));
    text.trim_end_matches([' ', ',', ';', ':', '–', '-'])
}

/// Returns digits that may not belong to the valid `number`, and the number without them.
pub(super) fn find(
    text: &str,
    number: &ParsedNumber,
    origin: Option<Origin>,
) -> Option<(String, ParsedNumber)> {
    let is_other = |other: &ParsedNumber| {
        other.is_valid && (other.calling_code, &other.national) != (number.calling_code, &number.national)
    };
    let read = |text: &str| words::read(text.trim(), origin).ok().filter(is_other);
    let spelled = without_ends(text);
    if let Some((first, rest)) = spelled.split_once(' ')
        && is_item(first)
        && begins_number(rest)
        && let Some(other) = read(rest)
    {
        return Some((first.trim_matches(['(', ')', '.', ':', '#']).to_owned(), other));
    }
    let end = spelled.find(char::is_alphabetic).unwrap_or(spelled.len());
    let (digits, words) = spelled.split_at(end);
    let digits = without_ends(digits);
    let (before, last) = match digits.rfind('(') {
        Some(open) if digits.ends_with(')') => digits.split_at(open),
        _ => digits.rsplit_once(' ')?,
    };
    if !is_remark(before, last, words) {
        // `030 23125012 2024`.
        let is_overlong = number.national.len() > MAX_NATIONAL && digits.contains(' ');
        let other = read(before).filter(|other| is_overlong && other.national.len() >= MIN_NATIONAL)?;
        return Some((last.trim().to_owned(), other));
    }
    // `12 - 14 Uhr` has three parts.
    let from = before.trim_end_matches([' ', '-', '–', ',', ';']);
    let is_span = before.trim_end().ends_with(['-', '–']);
    let shorter = from.rsplit_once(' ').filter(|(_, hour)| is_span && is_small(hour));
    let other = shorter.and_then(|(number, _)| read(number)).or_else(|| read(from))?;
    Some((last.trim_matches(['(', ')', '.', ' ']).to_owned(), other))
}

/// Tests whether the last digits seem to belong to the words after them, or to nothing.
fn is_remark(before: &str, last: &str, words: &str) -> bool {
    let first_word: String =
        words.chars().take_while(|letter| letter.is_alphabetic() || matches!(letter, '.' | '\'')).collect();
    let word = first_word.trim_end_matches('.').to_lowercase();
    if word.is_empty() {
        return is_bracketed(last) || is_span(last) || is_date(last);
    }
    if !is_small(last) && !is_date(last) || last.starts_with('(') || PHONES.contains(&word.as_str()) {
        return false;
    }
    // Digits in pairs, with the last pair before a name.
    let is_pair = |text: &str| text.len() == MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_in_pairs = is_pair(last) && before.rsplit(' ').next().is_some_and(is_pair);
    UNITS.contains(&word.as_str()) || !is_in_pairs
}

/// Tests for `1.`, `2)`, `#3`: the number of a list item.
fn is_item(text: &str) -> bool {
    let digits = text.trim_matches(['(', ')', '.', ':', '#']);
    (1..=MAX_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Tests whether a number certainly begins here.
fn begins_number(text: &str) -> bool {
    text.trim_start_matches([' ', '(']).starts_with(['0', '+'])
}

/// Tests for `(2)` or `(9-17)`.
fn is_bracketed(text: &str) -> bool {
    text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).is_some_and(is_small)
}

/// Tests for hours: `9-17` or `8:30`.
fn is_span(text: &str) -> bool {
    const HOURS: u8 = 24;
    if text.contains(':') {
        return is_small(text);
    }
    let hour = |text: &str| text.parse::<u8>().ok().filter(|hour| *hour <= HOURS && text.len() <= MAX_DIGITS);
    text.split_once(['-', '–'])
        .is_some_and(|(from, to)| hour(from).zip(hour(to)).is_some_and(|(from, to)| from < to))
}

/// Tests for groups of one or two digits.
fn is_small(text: &str) -> bool {
    let groups = || text.split(['-', '–', ':', '.', '/']).filter(|group| !group.is_empty());
    groups().next().is_some()
        && groups().count() <= 4
        && groups().all(|group| group.len() <= MAX_DIGITS && group.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Region;

    fn found(text: &str) -> String {
        let germany = Region::new("DE").map(Origin::Region);
        let number = words::read(text, germany).unwrap();
        assert!(number.is_valid, "{text}");
        match find(text, &number, germany) {
            Some((digits, other)) => format!("{digits} | {}", other.national),
            None => "-".to_owned(),
        }
    }

    #[test]
    fn digits_of_a_remark_are_found() {
        for (text, expected) in [
            ("089 99998012 9-17 Uhr", "9-17 | 8999998012"),
            ("089 99998012 9 - 17 Uhr", "17 | 8999998012"),
            ("089/99998014 0 Uhr", "0 | 8999998014"),
            ("+43 1 234567890 2. Stock", "2 | 1234567890"),
            ("030 23125012 3 OG", "3 | 3023125012"),
            ("030 23125012 2 Kinder", "2 | 3023125012"),
            ("089 99998012 (9-17)", "9-17 | 8999998012"),
            ("030 23125012 (2)", "2 | 3023125012"),
            ("030 23125012(2)", "2 | 3023125012"),
            ("030 23125012 9-17", "9-17 | 3023125012"),
            ("030 23125012 2024", "2024 | 3023125012"),
            ("2. 030 23125012", "2 | 3023125012"),
            ("3) 030 23125012", "3 | 3023125012"),
            ("Tel 2 030 23125012", "2 | 3023125012"),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn digits_of_the_number_stay_in_it() {
        for text in [
            "030 23125012",
            "030 23 12 50 12",
            "030 23 12 50 12 Tom",
            "030 23125-12",
            "030 2312 5012 (Büro)",
            "030 231250 12 Büro",
            "(030) 23125012",
            "+49 (30) 23125012",
            "030-23125-0",
            "0171 1234567",
        ] {
            assert_eq!(found(text), "-", "{text}");
        }
    }

    #[test]
    fn plain_cell_with_remark_digits_is_checked() {
        let may_have = |text| may_have(text, &Spelling::of(text).unwrap());
        for text in [
            "1. 030 23125012",
            "030 23125012 (2)",
            "030 23125012 9-17",
            "030 23125012(2)",
            "030 23125012 9-17-",
            "030 23125012 2024",
        ] {
            assert!(may_have(text), "{text}");
        }
        for text in [
            "030 23125012",
            "0171 1234567",
            "+49 171 1234567",
            "030/23125012",
            "030 23125-12",
            "4917112345678",
        ] {
            assert!(!may_have(text), "{text}");
        }
    }
}
