//! Words beside a number: a name, a remark, an extension in words.
//!
//! Google's library dials letters, as the keypad of a phone has them: it reads `+49 30 23125 (Tom)` as a number that ends
//! in 866. In a list of people that is somebody else's number. Only numbers that are advertised in letters, such as
//! toll-free ones, are read so here; otherwise words behind the number are left out, and words inside it make it none.

use std::borrow::Cow;

use super::{ParsedNumber, Unreadable, parse};
use crate::{contact::NumberType, normalize::region::Origin};

/// What German switchboards call an extension; the library knows the words of other languages.
const EXTENSION_WORDS: [&str; 5] = ["dw", "durchwahl", "app", "apparat", "nst"];

/// As few letters as the library dials.
const MIN_DIALED_LETTERS: usize = 3;

/// Reads a number that may have words around it.
pub(super) fn read(text: &str, origin: Option<Origin>) -> Result<ParsedNumber, Unreadable> {
    // A number broken over two lines is one number; the library knows no line breaks.
    let text = if text.contains(['\n', '\r', '\t']) {
        Cow::Owned(text.replace(['\n', '\r', '\t'], " "))
    } else {
        Cow::Borrowed(text)
    };
    let start = text.find(|letter: char| letter == '+' || letter == '＋' || letter.is_numeric());
    let spelled = &text[start.unwrap_or_default()..];
    let Some(word) = spelled.find(char::is_alphabetic).filter(|_| start.is_some()) else {
        return parse(&text, origin);
    };
    // RFC 3966 has parameters behind the number.
    let whole = parse(&text, origin);
    let is_uri = text.trim_start().get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:"));
    if is_uri
        || whole.as_ref().is_ok_and(|number| number.extension.is_some() || is_advertised(number, spelled))
    {
        return whole;
    }
    let (number, words) = spelled.split_at(word);
    let number = number.trim_end_matches(|letter: char| !letter.is_numeric());
    match extension_in(words) {
        Some(extension) => {
            parse(number, origin).map(|number| ParsedNumber { extension: Some(extension), ..number })
        }
        None if words.contains(char::is_numeric) => Err(Unreadable::NotANumber),
        None => parse(number, origin),
    }
}

/// Whether a number is one of those that are spelled in letters on purpose.
fn is_advertised(number: &ParsedNumber, spelled: &str) -> bool {
    use NumberType::{PremiumRate, SharedCost, TollFree, Uan};

    let letters = spelled.chars().filter(|letter| letter.is_alphabetic());
    let is_capital = letters.clone().all(|letter| letter.is_ascii_uppercase());
    number.is_valid
        && matches!(number.kind, TollFree | PremiumRate | SharedCost | Uan)
        && is_capital
        && letters.count() >= MIN_DIALED_LETTERS
}

/// The digits behind a word that means an extension, if that is all there is.
fn extension_in(words: &str) -> Option<String> {
    let end = words.find(|letter: char| !letter.is_alphabetic())?;
    let (word, rest) = words.split_at(end);
    let digits = rest.trim_matches(|letter: char| !letter.is_alphanumeric());
    let is_extension = EXTENSION_WORDS.contains(&word.to_lowercase().as_str())
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_extension.then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Region;

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
    fn words_behind_a_number_are_left_out_and_never_dialed() {
        for (text, region, expected) in [
            ("+49 30 23125 (Tom)", "", "493023125"),
            ("+49 30 231250 ask for Al", "", "4930231250"),
            ("020 7946 0018 (home)", "GB", "442079460018"),
            ("+91-98200-12348 (office)", "IN", "919820012348"),
            ("Tel. 98200 12348 mobile", "IN", "919820012348"),
            ("98200 12348 (घर)", "IN", "919820012348"),
            ("98200 12348\nAsha", "IN", "919820012348"),
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
}
