//! Words next to a number: a name, a remark, an extension in words.
//!
//! Google's library reads letters as keys of a phone: it reads `+49 30 23125 (Tom)` as a number that ends in 866. In a
//! contact list, that number belongs to another person. Therefore letters count as digits only in advertised numbers,
//! such as toll-free ones. Otherwise, words after a number are ignored, and words inside a number make it invalid.

use std::borrow::Cow;

use super::{
    library::{ParsedNumber, Unreadable},
    origin::Origin,
    parse::{parse, parse_plain},
};
use crate::contact::NumberType;

/// Words for an extension at German switchboards. The library knows the words of other languages.
const EXTENSION_WORDS: [&str; 5] = ["dw", "durchwahl", "app", "apparat", "nst"];

/// The minimum number of letters that the library reads as digits.
const MIN_DIALED_LETTERS: usize = 3;

/// Reads a number that may have words around it.
pub(super) fn read(text: &str, origin: Option<Origin>) -> Result<ParsedNumber, Unreadable> {
    // A number broken over two lines is one number, but the library does not know line breaks.
    let text = if text.contains(['\n', '\r', '\t']) {
        Cow::Owned(text.replace(['\n', '\r', '\t'], " "))
    } else {
        Cow::Borrowed(text)
    };
    let text = without_label(&text);
    let start = text.find(|letter: char| letter == '+' || letter == '＋' || letter.is_numeric());
    let spelled = &text[start.unwrap_or_default()..];
    if let Some((number, extension)) = spelled.split_once('*').filter(|(_, behind)| is_dialed_behind(behind))
    {
        return parse(number, origin)
            .map(|number| ParsedNumber { extension: Some(extension.trim().to_owned()), ..number });
    }
    let Some(word) = spelled.find(char::is_alphabetic).filter(|_| start.is_some()) else {
        return parse(text, origin);
    };
    if let Some(number) = with_usual_extension(text, origin) {
        return Ok(number);
    }
    let is_uri = text.trim_start().get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:"));
    let (number, words) = spelled.split_at(word);
    // RFC 3966 puts parameters after the number.
    let may_be_whole = is_uri || words.contains(char::is_numeric) || is_in_capitals(words);
    let whole = if may_be_whole { parse(text, origin) } else { Err(Unreadable::NotANumber) };
    let number = parse(number.trim_end_matches(|letter: char| !letter.is_numeric()), origin);
    let is_same =
        |whole: &ParsedNumber| number.as_ref().is_ok_and(|number| number.national == whole.national);
    if is_uri
        || whole
            .as_ref()
            .is_ok_and(|whole| whole.extension.is_some() && is_same(whole) || is_advertised(whole, spelled))
    {
        return whole;
    }
    match extension_in(words) {
        Some(extension) => number.map(|number| ParsedNumber { extension: Some(extension), ..number }),
        None if words.contains(char::is_numeric) => Err(Unreadable::NotANumber),
        None => number,
    }
}

/// Reads a valid number in a plain spelling with an extension as most people write it, such as `ext. 12`.
fn with_usual_extension(text: &str, origin: Option<Origin>) -> Option<ParsedNumber> {
    const MAX_DIGITS: usize = 6;

    let text = text.trim_end_matches(' ');
    let before = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let extension = &text[before.len()..];
    if !(1..=MAX_DIGITS).contains(&extension.len()) {
        return None;
    }
    let word = before.trim_end_matches(' ');
    let word = word.strip_suffix('.').unwrap_or(word);
    let without = |ending: &str| {
        let (number, end) = word.split_at_checked(word.len().checked_sub(ending.len())?)?;
        end.eq_ignore_ascii_case(ending).then_some(number)
    };
    let number = without("ext").or_else(|| without("x"))?.strip_suffix(' ')?;
    if !number.ends_with(|last: char| last.is_ascii_digit()) {
        return None;
    }
    let number = parse_plain(number, origin).filter(|number| number.is_valid)?;
    Some(ParsedNumber { extension: Some(extension.to_owned()), ..number })
}

/// Removes a label that counts phones, such as `Phone 1:`.
fn without_label(text: &str) -> &str {
    const MAX_DIGITS: usize = 2;

    let Some((label, number)) = text.split_once(':') else { return text };
    let digits = label.chars().filter(|letter| letter.is_numeric()).count();
    let is_counting =
        label.trim_start().starts_with(char::is_alphabetic) && (1..=MAX_DIGITS).contains(&digits);
    if is_counting && number.contains(char::is_numeric) { number.trim_start() } else { text }
}

/// Tests whether digits are too few for a number, so that they are dialed after one.
fn is_dialed_behind(text: &str) -> bool {
    const MAX_DIGITS: usize = 6;

    let text = text.trim();
    (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Tests whether a number is one of those that are spelled in letters on purpose.
fn is_advertised(number: &ParsedNumber, spelled: &str) -> bool {
    use NumberType::{PremiumRate, SharedCost, TollFree, Uan};

    let letters = spelled.chars().filter(|letter| letter.is_alphabetic());
    number.is_valid
        && matches!(number.kind, TollFree | PremiumRate | SharedCost | Uan)
        && is_in_capitals(spelled)
        && letters.count() >= MIN_DIALED_LETTERS
}

/// Tests whether all letters are capitals of ASCII.
fn is_in_capitals(text: &str) -> bool {
    text.chars().all(|letter| !letter.is_alphabetic() || letter.is_ascii_uppercase())
}

/// Returns the digits after a word for an extension, if the text contains nothing else.
fn extension_in(words: &str) -> Option<String> {
    let end = words.find(|letter: char| !letter.is_alphabetic())?;
    let (word, rest) = words.split_at(end);
    // On a phone's keypad, these characters make the phone wait before it dials the rest.
    let is_pause = ["p", "w", "pp", "ww", "pause", "wait"].contains(&word.to_lowercase().as_str());
    if is_pause && rest.bytes().all(|byte| byte.is_ascii_digit() || b" ,;*#pPwW.-".contains(&byte)) {
        let dialed = rest.trim_matches(|letter: char| !letter.is_numeric());
        return (!dialed.is_empty()).then(|| dialed.to_owned());
    }
    let digits = rest.trim_matches(|letter: char| !letter.is_alphanumeric());
    let is_extension = EXTENSION_WORDS.contains(&word.to_lowercase().as_str())
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_extension.then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{contact::Region, normalize::phone::library::parse_by_library};

    fn found(text: &str, region: &str) -> String {
        match read(text, Region::new(region).map(Origin::Region)) {
            Ok(number) => {
                let extension =
                    number.extension.map(|extension| format!(" x{extension}")).unwrap_or_default();
                format!("{}{}{extension}", number.calling_code, number.national)
            }
            Err(unreadable) => format!("{unreadable:?}"),
        }
    }

    #[test]
    fn words_after_a_number_are_ignored_and_never_dialed() {
        for (text, region, expected) in [
            ("+49 30 23125 (Tom)", "", "493023125"),
            ("+49 30 231250 ask for Al", "", "4930231250"),
            ("020 7946 0018 (home)", "GB", "442079460018"),
            ("+91-98200-12348 (office)", "IN", "919820012348"),
            ("Tel. 98200 12348 mobile", "IN", "919820012348"),
            ("98200 12348 (घर)", "IN", "919820012348"),
            ("98200 12348\nAsha", "IN", "919820012348"),
            ("Phone 2: 98200 12348", "IN", "919820012348"),
        ] {
            assert_eq!(found(text, region), expected, "{text}");
        }
    }

    #[test]
    fn words_inside_a_number_reject_it() {
        for (text, region) in
            [("98200O12345", "IN"), ("020 7946 Work 1", "GB"), ("12 people, 98200 12345", "IN")]
        {
            assert_eq!(found(text, region), "NotANumber", "{text}");
        }
    }

    #[test]
    fn advertised_numbers_are_spelled_in_letters() {
        assert_eq!(found("1-800-FLOWERS", "US"), "18003569377");
        assert_eq!(found("0800 BIG FISH", "GB"), "448002443474");
    }

    #[test]
    fn extensions_in_words_are_extensions() {
        assert_eq!(found("+43 1 23456 DW 7", ""), "43123456 x7");
        assert_eq!(found("030 231250 Durchwahl: 12", "DE"), "4930231250 x12");
        assert_eq!(found("98765 43210 ext. 12", "IN"), "919876543210 x12");
        assert_eq!(found("tel:+91-98765-43210;ext=12", ""), "919876543210 x12");
    }

    proptest! {
        #[test]
        fn usual_extensions_are_those_of_the_library(
            number in "[+]?[0-9]{2,4}[ -]?[0-9]{3,9}",
            word in prop::sample::select(vec![" ext. ", " ext ", " x", " EXT.", " Ext", " x. ", " X "]),
            extension in "[0-9]{1,7} {0,2}",
            region in prop::sample::select(vec!["DE", "US", "IN", "GB", "BR", ""]),
        ) {
            let text = format!("{number}{word}{extension}");
            let origin = Region::new(region).map(Origin::Region);
            if let Some(found) = with_usual_extension(&text, origin) {
                prop_assert_eq!(parse_by_library(&text, origin), Ok(found));
            }
        }
    }

    #[test]
    fn digits_after_a_pause_are_an_extension() {
        for text in
            ["+12015550105p123", "+1 201 555 0105 W123", "+12015550105 wait 123#", "+1 201-555-0105 *123"]
        {
            assert_eq!(found(text, "").split('#').next(), Some("12015550105 x123"), "{text}");
        }
        assert_eq!(found("+12015550105p1w234", ""), "12015550105 x1w234");
        assert_eq!(found("+12015550105 paul 12", ""), "NotANumber");
    }
}
