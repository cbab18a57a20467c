//! Checks of a column's contents against its header.

use crate::{
    normalize::{flag, region, salutation},
    parse::{
        columns::values::{is_filler_text, may_be_date},
        text::layout,
    },
};

/// A phone number has no fewer digits.
const MIN_DIGITS: usize = 7;

/// With fewer digits, a value was not meant as a number.
const MIN_TRACE_DIGITS: usize = 5;

fn digits(text: &str) -> usize {
    text.chars().filter(|letter| letter.is_numeric()).count()
}

pub(super) fn filled(values: &[String]) -> impl Iterator<Item = &str> + Clone {
    values.iter().map(|value| value.trim()).filter(|value| !is_filler_text(value))
}

/// Returns whether a cell looks like a phone number.
pub(super) fn is_number(text: &str) -> bool {
    let text = text.trim();
    layout::is_phone_like(text.as_bytes()) && digits(text) >= MIN_DIGITS && !may_be_date(text)
}

/// Returns whether nearly all filled cells of a column look like phone numbers.
pub(super) fn holds_numbers(values: &[String]) -> bool {
    let numbers = filled(values).filter(|value| is_number(value)).count();
    numbers > 0 && numbers * 5 >= filled(values).count() * 4
}

/// Returns whether a value may have been meant as a phone number.
pub(super) fn is_trace(value: &str) -> bool {
    digits(value) >= MIN_TRACE_DIGITS && !value.contains('@') && !may_be_date(value)
}

/// Returns whether a column has filled cells, but none that may have been meant as a phone number.
pub(super) fn holds_no_number(values: &[String]) -> bool {
    filled(values).next().is_some() && !filled(values).any(is_trace)
}

/// Returns whether a value is not a word: it says yes or no, or has a digit, a plus or an `@`.
fn is_no_word(value: &str) -> bool {
    flag::is_answer(value)
        || value.chars().any(|letter| letter.is_numeric() || matches!(letter, '@' | '+' | '#'))
}

/// Returns whether no cell of a column can be a country. If the header rarely means anything else, every cell must
/// differ.
pub(super) fn holds_no_country(values: &[String], is_doubtful: bool) -> bool {
    let is_country = |value: &str| region::country(value).is_some();
    let is_other = |value: &str| is_no_word(value) && value.chars().any(char::is_alphabetic);
    let mut distinct: Vec<&str> = filled(values).collect();
    distinct.sort_unstable();
    distinct.dedup();
    !distinct.is_empty()
        && !distinct.iter().any(|value| is_country(value))
        && (distinct.iter().all(|value| is_other(value)) || is_doubtful && distinct.len() > 1)
}

/// Returns whether every filled cell of a column is a dialing code with its plus or zeros.
pub(super) fn holds_dialing_codes(values: &[String]) -> bool {
    let is_code =
        |value: &str| (value.starts_with('+') || value.starts_with("00")) && region::country(value).is_some();
    filled(values).next().is_some() && filled(values).all(is_code)
}

/// Returns whether nearly all filled cells are countries. Two-letter codes may be states, unless the header mentions a
/// country.
pub(super) fn holds_countries(values: &[String], is_about_country: bool) -> bool {
    let is_country = |value: &str| {
        let letters = value.chars().filter(|letter| letter.is_alphabetic()).count();
        (letters > 2 || letters == 2 && is_about_country) && region::country(value).is_some()
    };
    let countries = filled(values).filter(|value| is_country(value)).count();
    countries > 0 && countries * 5 >= filled(values).count() * 4
}

/// Returns whether most values of a column are salutations.
pub(super) fn holds_salutations(values: &[String]) -> bool {
    let known = values.iter().filter(|value| salutation::recognize(value.trim()).is_some()).count();
    known * 2 > values.len()
}

/// Returns whether a value cannot be part of a name.
pub(super) fn is_no_text(value: &str) -> bool {
    value.contains('@') || !value.chars().any(char::is_alphabetic)
}

/// Returns whether a column has filled cells, but none that can be part of a name: they are dates, addresses or
/// answers.
pub(super) fn holds_no_name(values: &[String]) -> bool {
    const MIN_ANSWERS: usize = 3;

    let has_answers = values.len() >= MIN_ANSWERS && values.iter().all(|value| flag::is_answer(value));
    filled(values).next().is_some() && (has_answers || filled(values).all(is_no_text))
}

/// Returns whether a column has filled cells, but none that can be a salutation.
pub(super) fn holds_no_word(values: &[String]) -> bool {
    filled(values).next().is_some() && filled(values).all(is_no_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(list: &[&str]) -> Vec<String> {
        list.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn columns_with_and_without_numbers_are_distinguished() {
        assert!(holds_numbers(&values(&["020 7946 0100", "n/a", "+44 7700 900123"])));
        assert!(!holds_numbers(&values(&["31.12.2026", "01.01.2027"])));
        assert!(!holds_numbers(&values(&["Berlin", "020 7946 0100"])));
        assert!(!holds_numbers(&[]));
        for none in [["Yes", "No"], ["Android 14", "iPhone"], ["a@example.com", "b1234567@example.com"]] {
            assert!(holds_no_number(&values(&none)), "{none:?}");
        }
        assert!(!holds_no_number(&values(&["Yes", "07700 900123"])));
        assert!(!holds_no_number(&[]));
    }

    #[test]
    fn columns_with_and_without_countries_are_distinguished() {
        assert!(holds_no_country(&values(&["2 acres", "300 sq ft"]), true));
        assert!(holds_no_country(&values(&["a@example.com"]), false));
        assert!(holds_no_country(&values(&["Bayern", "Hessen"]), true));
        assert!(!holds_no_country(&values(&["Bharatt"]), true), "a single typo");
        assert!(!holds_no_country(&values(&["2 acres", "France"]), true));
        assert!(!holds_no_country(&values(&["999"]), false), "each row reports the unknown code");
        assert!(holds_countries(&values(&["France", "Germany", "n/a"]), false));
        assert!(!holds_countries(&values(&["CA", "DE"]), false), "states");
    }

    #[test]
    fn prefix_may_be_a_dialing_code() {
        assert!(holds_dialing_codes(&values(&["+44", "0091"])));
        assert!(!holds_dialing_codes(&values(&["Mr", "+44"])));
        assert!(!holds_dialing_codes(&values(&["44"])), "may be an area code");
        assert!(holds_no_word(&values(&["+44", "12"])));
        assert!(!holds_no_word(&values(&["Sheikh", "Yes"])));
        assert!(holds_no_name(&values(&["2026-01-05", "2026-02-05"])));
        assert!(holds_no_name(&values(&["yes", "no", "no"])));
        assert!(!holds_no_name(&values(&["No"])), "a Korean family name");
    }
}
