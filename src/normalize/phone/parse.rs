//! Reads a single number: by the tables if the spelling is plain, otherwise by the library.

use super::{
    library::{Length, ParsedNumber, Unreadable, parse_by_library},
    origin::Origin,
    plain::{self, Spelling},
    plans::Assignment,
};
use crate::contact::{E164, NumberType, PhoneNumber};

/// Reads a number with the rules of `origin` if it has no calling code of its own.
///
/// # Errors
///
/// Returns the reason why the text cannot be read.
///
/// ```
/// use rollcall::{contact::Region, normalize::phone::{Origin, parse}};
///
/// let india = Some(Origin::Region(Region::new("IN").unwrap()));
/// let number = parse("091861 59819", india).unwrap();
/// assert_eq!((number.calling_code, number.national.as_str(), number.is_valid), (91, "9186159819", true));
/// ```
pub fn parse(text: &str, origin: Option<Origin>) -> Result<ParsedNumber, Unreadable> {
    match parse_plain(text, origin) {
        Some(number) => Ok(number),
        None => plainly_unreadable(text, origin).map_or_else(|| parse_by_library(text, origin), Err),
    }
}

/// Returns the reason why a text cannot be read, if that is clear without the library, which takes long to prepare its
/// patterns for the first such text.
fn plainly_unreadable(text: &str, origin: Option<Origin>) -> Option<Unreadable> {
    /// The library refuses longer texts for their length.
    const SHORT: usize = 200;

    let is_read_as_it_is = matches!(origin, None | Some(Origin::Region(_)));
    if text.len() > SHORT || !is_read_as_it_is {
        return None;
    }
    if !text.contains(char::is_numeric) || plain::has_misplaced_plus(text) {
        return Some(Unreadable::NotANumber);
    }
    Spelling::of(text)?.unreadable_from_abroad(origin)
}

/// Reads a number in a plain spelling. Returns `None` if the library must decide.
pub fn parse_plain(text: &str, origin: Option<Origin>) -> Option<ParsedNumber> {
    let spelling = Spelling::of(text)?;
    let number = spelling.read(origin)?;
    let Assignment { kind, region, .. } = number.assignment()?;
    Some(ParsedNumber {
        calling_code: number.calling_code(),
        national: String::from_utf8_lossy(number.national()).into_owned(),
        extension: None,
        length: if kind == NumberType::Unknown { number.length()? } else { Length::Possible },
        is_valid: kind != NumberType::Unknown,
        kind,
        region,
    })
}

/// Returns whether a number, exactly as given, is an assigned number in its country.
pub fn is_assigned(number: E164) -> bool {
    // People may dial a trunk zero after the calling code, but it is not part of the number.
    let is_same =
        |parsed: &ParsedNumber| format!("{}{}", parsed.calling_code, parsed.national) == *number.digits();
    parse(&format!("+{number}"), None).is_ok_and(|parsed| parsed.is_valid && is_same(&parsed))
}

pub(super) fn spelled(number: &ParsedNumber) -> String {
    format!("+{} {}", number.calling_code, number.national)
}

/// Returns the digits of a text.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

pub(super) fn to_number(parsed: &ParsedNumber) -> Option<PhoneNumber> {
    PhoneNumber::new(parsed.calling_code, &parsed.national, parsed.region, parsed.kind)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contact::Region;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn plainly_unreadable_texts_are_unreadable_for_the_library(
            text in "[+][0-9]{1,4}|[+]?[0-9]{1,16}|[+][0-9 ()-]{0,4}|[ (-]{0,2}[+][0-9]{1,2}[ )-]{0,2}|[+][0-9 ()./-]{1,16}|[a-z/+-]{0,8}|[0-9 +-]{0,14}|[+][0-9]{3}[+][0-9 ]{2,12}|(00|011)?[0-9]{3,12}",
            region in prop::sample::select(vec!["DE", "US", "IN", "GB", "AU", "BR", "IT", "KZ", "SG", ""]),
        ) {
            let origin = Region::new(region).map(Origin::Region);
            if let Some(unreadable) = plainly_unreadable(&text, origin) {
                prop_assert_eq!(parse_by_library(&text, origin), Err(unreadable));
            }
        }
    }

    #[test]
    fn usual_unreadable_texts_need_no_library() {
        let india = Region::new("IN").map(Origin::Region);
        for text in ["n/a", "+", "unknown", "+999 98765 43210", "+999+91 98765", "+449", "+91", "+999"] {
            assert!(plainly_unreadable(text, india).is_some(), "{text}");
        }
    }
}
