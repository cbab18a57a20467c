//! International prefixes in unusual spellings.
//!
//! These are: a plus after the digits, as right-to-left text shows it; a plus after the calling code; a repeated
//! prefix; and `00` or `011` in regions that dial other digits for calls abroad.

use std::borrow::Cow;

use super::{
    library::ParsedNumber,
    origin::{Origin, calling_code},
    plans, words,
};

const PLUS: [char; 2] = ['+', '＋'];

/// The maximum length of a calling code.
const MAX_CODE_DIGITS: usize = 3;

/// Moves the plus to the front. Returns several texts if there are several readings.
pub(super) fn with_plus_in_front(text: &str) -> Vec<Cow<'_, str>> {
    let unchanged = || vec![Cow::Borrowed(text)];
    let Some(plus) = text.find(PLUS) else { return unchanged() };
    let Some(start) = text.find(|letter: char| letter.is_numeric() || PLUS.contains(&letter)) else {
        return unchanged();
    };
    let rest = text[plus..].trim_start_matches(PLUS);
    if start == plus {
        return vec![without_repetition(text, rest)];
    }
    let head = text[start..plus].trim_matches([' ', '(', ')']);
    if rest.contains(char::is_numeric) {
        let is_prefix = ["0", "00", "011"].contains(&head);
        return match of_code(head) {
            // `00 +44` and `966+ 512345678`.
            _ if is_prefix => vec![Cow::Owned(format!("+{}", rest.trim_start_matches([')', ' '])))],
            Some(code) => vec![Cow::Owned(format!("+{code} {}", rest.trim_start_matches([')', ' '])))],
            None => unchanged(),
        };
    }
    if rest.contains(char::is_alphabetic) {
        return unchanged();
    }
    let all = Cow::Owned(format!("+{head}"));
    // `512345678 966+`: the plus belongs to the last digits.
    let turned = head
        .rsplit_once(' ')
        .and_then(|(number, code)| Some(format!("+{} {number}", of_code(code.trim_matches(['(', ')']))?)));
    std::iter::once(all).chain(turned.map(Cow::Owned)).collect()
}

/// Removes repetitions from the prefix: `++44`, `+0044`, `+44 +44`.
fn without_repetition<'t>(text: &'t str, rest: &str) -> Cow<'t, str> {
    let bare = rest.trim_start_matches([' ', '(', ')']);
    if let Some(number) = bare.strip_prefix("00").or_else(|| bare.strip_prefix("011")) {
        return Cow::Owned(format!("+{number}"));
    }
    if let Some((code, number)) = rest.split_once(PLUS)
        && let code = code.trim_matches([' ', '(', ')'])
        && of_code(code).is_some()
        && number.trim_start().starts_with(code)
    {
        return Cow::Owned(format!("+{number}"));
    }
    Cow::Borrowed(text)
}

fn of_code(text: &str) -> Option<&str> {
    let is_code = (1..=MAX_CODE_DIGITS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && plans::plans().at_start_of(text.as_bytes()).is_some_and(|(_, digits)| digits == text.len());
    is_code.then_some(text)
}

/// Reads a valid number after `00`, `011` or the region's own calling code, for text that is not a number of its
/// region. Without a region, `011` may be an area code.
pub(super) fn read_from_abroad(text: &str, origin: Option<Origin>) -> Option<ParsedNumber> {
    let start = text.find(char::is_numeric)?;
    // `49 0171 1234567`.
    if let Some(Origin::Region(region)) = origin
        && let Some((code, number)) = text[start..].split_once([' ', '-', '/', ')'])
        && calling_code(region).is_some_and(|own| own.to_string() == code)
        && number.trim_start_matches([' ', '(']).starts_with('0')
    {
        return words::read(number, origin).ok().filter(|number| number.is_valid);
    }
    let prefix = ["00", "011"].into_iter().find(|prefix| text[start..].starts_with(prefix))?;
    if text.contains(PLUS) || prefix == "011" && origin.is_none() {
        return None;
    }
    let number = text[start + prefix.len()..].trim_start_matches([')', ' ', '-', '.', '/', '~']);
    words::read(&format!("+{number}"), None).ok().filter(|number| number.is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Region;

    #[test]
    fn plus_after_digits_moves_to_the_front() {
        for (text, expected) in [
            ("966512345678+", vec!["+966512345678"]),
            ("971501234567 +", vec!["+971501234567"]),
            ("(972) 50-234-5678+", vec!["+972) 50-234-5678"]),
            ("512345678 966+", vec!["+512345678 966", "+966 512345678"]),
            ("966+ 512345678", vec!["+966 512345678"]),
            ("00 +44 20 7946 0105", vec!["+44 20 7946 0105"]),
            ("+44 20 7946 0105", vec!["+44 20 7946 0105"]),
            ("+0044 20 7946 0105", vec!["+44 20 7946 0105"]),
            ("+44+44 20 7946 0105", vec!["+44 20 7946 0105"]),
            ("+44 (+44) 20 7946 0105", vec!["+44) 20 7946 0105"]),
            ("+1 201 555 0101 +44 20 7946 0105", vec!["+1 201 555 0101 +44 20 7946 0105"]),
            ("030 23125012 + Tom", vec!["030 23125012 + Tom"]),
        ] {
            assert_eq!(with_plus_in_front(text), expected, "{text}");
        }
    }

    #[test]
    fn number_is_read_after_every_international_prefix() {
        let read = |text, region: &str| {
            let number = read_from_abroad(text, Region::new(region).map(Origin::Region))?;
            Some(format!("{}{}", number.calling_code, number.national))
        };
        assert_eq!(read("0044 20 7946 0105", "US").as_deref(), Some("442079460105"));
        assert_eq!(read("(00)44-20-7946-0105", "").as_deref(), Some("442079460105"));
        assert_eq!(read("011 44 20 7946 0105", "DE").as_deref(), Some("442079460105"));
        assert_eq!(read("011 44 20 7946 0105", ""), None);
        assert_eq!(read("0044 20 7946", "US"), None);
        assert_eq!(read("49 0171 1234567", "DE").as_deref(), Some("491711234567"));
        assert_eq!(read("49 0171 1234567", "AT"), None);
    }
}
