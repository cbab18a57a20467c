//! Cells with two numbers, recognized only if each part is a valid number on its own.

use super::{library::ParsedNumber, origin::Origin, plain::Spelling, words};

/// Separators between two numbers. A slash also occurs inside a number, which is why both parts must be valid.
const SEPARATORS: [&str; 10] = [":::", "\n", ";", ",", "|", "/", "&", " or ", " and ", "+"];

/// The maximum number of words in two numbers. Splitting between more words would take quadratic time.
const MAX_WORDS: usize = 16;

/// Returns the numbers in the cell if there are at least two. Splits between words only if the text is too long for one
/// number.
pub(super) fn several(text: &str, origin: Option<Origin>, is_overlong: bool) -> Option<Vec<ParsedNumber>> {
    SEPARATORS
        .iter()
        .find_map(|separator| split_at(text, separator, origin))
        .or_else(|| if is_overlong { split_between_words(text, origin) } else { None })
}

fn split_at(text: &str, separator: &str, origin: Option<Origin>) -> Option<Vec<ParsedNumber>> {
    if !text.contains(separator) {
        return None;
    }
    // The plus belongs to the number after it.
    let parts = text
        .split(separator)
        .map(|part| if separator == "+" { valid(&format!("+{part}"), None) } else { valid(part, origin) });
    let numbers: Vec<ParsedNumber> = parts.flatten().collect();
    (numbers.len() > 1).then_some(numbers)
}

fn split_between_words(text: &str, origin: Option<Origin>) -> Option<Vec<ParsedNumber>> {
    let gaps: Vec<usize> = text.match_indices(' ').map(|(index, _)| index).take(MAX_WORDS + 1).collect();
    if gaps.len() > MAX_WORDS {
        return None;
    }
    gaps.into_iter().find_map(|gap| {
        let (left, right) = text.split_at(gap);
        Some(vec![valid(left, origin)?, valid(right, origin)?])
    })
}

fn valid(text: &str, origin: Option<Origin>) -> Option<ParsedNumber> {
    words::read(text.trim(), origin).ok().filter(|number| number.is_valid)
}

/// The maximum length of the ending of a second number.
const MAX_ENDING: usize = 3;

/// Tests whether a plainly spelled cell may contain a pair that [`with_endings`] looks for.
pub(super) fn may_have_ending(text: &str, spelling: &Spelling) -> bool {
    spelling.behind_slash(text).is_some_and(|digits| digits <= MAX_ENDING)
}

/// Finds `030 231250/51`: two numbers that differ in their last digits. Describes them if the part before the slash is
/// a number on its own.
pub(super) fn with_endings(text: &str, origin: Option<Origin>) -> Option<String> {
    let (number, ending) = split_ending(text, origin)?;
    Some(format!("+{} {} and one ending in {ending}", number.calling_code, number.national))
}

/// Splits such a pair into the number before the slash and the ending of the other.
pub(super) fn split_ending(text: &str, origin: Option<Origin>) -> Option<(ParsedNumber, &str)> {
    const MIN_NUMBER: usize = 6;
    let (number, ending) = text.rsplit_once('/')?;
    let ending = ending.trim();
    let is_ending =
        (1..=MAX_ENDING).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_digit());
    let number = valid(number, origin).filter(|number| is_ending && number.national.len() >= MIN_NUMBER)?;
    Some((number, ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Region;

    fn found(text: &str) -> Vec<String> {
        let india = Region::new("IN").map(Origin::Region);
        several(text, india, true).unwrap_or_default().into_iter().map(|number| number.national).collect()
    }

    #[test]
    fn two_numbers_in_one_cell_are_both_found() {
        for text in [
            "98765 43210 / 98765 43211",
            "9876543210,9876543211",
            "9876543210; 9876543211",
            "9876543210 or 9876543211",
            "9876543210\n9876543211",
            "+91 98765 43210 +91 98765 43211",
            "9876543210 9876543211",
            "98765 43210 98765 43211",
        ] {
            assert_eq!(found(text), ["9876543210", "9876543211"], "{text:?}");
        }
    }

    #[test]
    fn different_ending_makes_a_second_number() {
        let germany = Region::new("DE").map(Origin::Region);
        assert_eq!(
            with_endings("030 231250/51", germany).as_deref(),
            Some("+49 30231250 and one ending in 51")
        );
        assert_eq!(
            with_endings("030 23125-01/02", germany).as_deref(),
            Some("+49 302312501 and one ending in 02")
        );
        assert_eq!(with_endings("030/231250", germany), None);
        assert_eq!(with_endings("0171/12/345", germany), None);
    }

    #[test]
    fn separators_inside_one_number_do_not_split_it() {
        for text in
            ["98765/43210", "98765 43210", "+91 98765 43210", "98765 43210 / 11", "1 2 3 4 5 6 7 8 9 0 1 2"]
        {
            assert_eq!(found(text), [""; 0], "{text:?}");
        }
    }
}
