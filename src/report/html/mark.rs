//! The part of a cell that a problem is about.

use std::ops::Range;

use crate::outcome::Code;

/// Minimum digits that make the text before a separator a separate number.
const MIN_DIGITS: usize = 5;

/// Digits of the longest country code.
const MAX_CODE_DIGITS: usize = 3;

/// Returns the byte range of `text`, a displayed cell, to mark; the whole text if the problem is not in a smaller
/// part.
pub(super) fn offending(code: Code, text: &str) -> Range<usize> {
    let part = match code {
        Code::HasExtension => extension(text),
        Code::SeveralNumbers => second_number(text),
        Code::ControlCharacters => run(text, |letter| ('\u{2400}'..='\u{2421}').contains(&letter)),
        Code::BadEncoding => run(text, |letter| !letter.is_ascii()),
        Code::ExcelScientific => exponent(text),
        Code::ExcelPrecision => zeros(text),
        Code::InvalidCountryCode => country_code(text),
        Code::NotANumber if text.contains(|letter: char| letter.is_ascii_digit()) => {
            run(text, char::is_alphabetic)
        }
        _ => None,
    };
    part.unwrap_or(0..text.len())
}

/// Returns the range from the first matching character to the last.
fn run(text: &str, is_part: impl Fn(char) -> bool) -> Option<Range<usize>> {
    let mut parts = text.char_indices().filter(|(_, letter)| is_part(*letter));
    let (start, first) = parts.next()?;
    let (end, last) = parts.last().unwrap_or((start, first));
    Some(start..end + last.len_utf8())
}

/// Returns the text after the digits of a number, such as `ext. 12`.
fn extension(text: &str) -> Option<Range<usize>> {
    let digit = text.find(|letter: char| letter.is_ascii_digit())?;
    let start = text[digit..].find(|letter: char| letter.is_alphabetic() || matches!(letter, '#' | ';'))?;
    Some(digit + start..text.len())
}

/// Returns everything after the separator that ends the first number.
fn second_number(text: &str) -> Option<Range<usize>> {
    let mut digits = 0;
    for (index, letter) in text.char_indices() {
        match letter {
            '0'..='9' => digits += 1,
            ',' | ';' | '/' | '|' | '\\' | '&' | '↵' | '⇥' if digits >= MIN_DIGITS => {
                let behind = &text[index + letter.len_utf8()..];
                let start = text.len() - behind.trim_start().len();
                return (start < text.len()).then_some(start..text.len());
            }
            letter if letter.is_alphabetic() && digits >= MIN_DIGITS => return Some(index..text.len()),
            _ => {}
        }
    }
    None
}

/// Returns the exponent, such as `E+11`.
fn exponent(text: &str) -> Option<Range<usize>> {
    let start = text.find(['E', 'e'])?;
    text[start + 1..].contains(|letter: char| letter.is_ascii_digit()).then_some(start..text.trim_end().len())
}

/// Returns the zeros at the end.
fn zeros(text: &str) -> Option<Range<usize>> {
    let end = text.trim_end().len();
    let start = text[..end].trim_end_matches('0').len();
    (start < end).then_some(start..end)
}

/// Returns the digits after the plus sign or after two zeros.
fn country_code(text: &str) -> Option<Range<usize>> {
    let start = match text.find('+') {
        Some(plus) => plus + 1,
        None => text.find("00")? + 2,
    };
    let digits = text[start..].char_indices().filter(|(_, letter)| letter.is_ascii_digit());
    let (last, _) = digits.take(MAX_CODE_DIGITS).last()?;
    Some(start..start + last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_part_fits_each_problem() {
        for (code, text, part) in [
            (Code::HasExtension, "020 7946 0018 ext. 12", "ext. 12"),
            (Code::HasExtension, "x12", "x12"),
            (Code::SeveralNumbers, "07700 900123 / 07700 900124", "07700 900124"),
            (Code::SeveralNumbers, "07700 900123 oder 07700 900124", "oder 07700 900124"),
            (Code::SeveralNumbers, "07700 900123 07700 900124", "07700 900123 07700 900124"),
            (Code::ControlCharacters, "07700␀900123", "␀"),
            (Code::BadEncoding, "MÃ¼ller", "Ã¼"),
            (Code::ExcelScientific, "4.91731E+11", "E+11"),
            (Code::ExcelPrecision, "4915123456789000", "000"),
            (Code::InvalidCountryCode, "+999 123", "999"),
            (Code::InvalidCountryCode, "00 999 123", " 999"),
            (Code::NotANumber, "12 Rue de Test", "Rue de Test"),
            (Code::NotANumber, "call me", "call me"),
            (Code::TooShort, "1234", "1234"),
            (Code::TooShort, "", ""),
        ] {
            assert_eq!(&text[offending(code, text)], part, "{code:?} {text}");
        }
    }

    #[test]
    fn multibyte_letters_are_never_split() {
        for text in ["é↵ü", "12345é", "0012é", "+é1ü", "Eé1", "00é", "１２３４５６/é", "😀5😀"]
        {
            for code in [
                Code::HasExtension,
                Code::SeveralNumbers,
                Code::ControlCharacters,
                Code::BadEncoding,
                Code::ExcelScientific,
                Code::ExcelPrecision,
                Code::InvalidCountryCode,
                Code::NotANumber,
            ] {
                assert!(text.get(offending(code, text)).is_some(), "{code:?} {text}");
            }
        }
    }
}
