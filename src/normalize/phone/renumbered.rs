//! Numbers from before a change of their country's numbering plan.
//!
//! If the change was the same for all numbers, the current number follows from the old one. Otherwise, only an
//! explanation is possible.

use super::{library::ParsedNumber, parse::parse};

/// A change of a numbering plan.
struct Change {
    calling_code: u16,
    /// Tests whether a national number is an old one.
    is_old: fn(&str) -> bool,
    /// Returns the current number, if it follows from the old one.
    today: Option<fn(&str) -> Option<String>>,
    /// The explanation for users.
    explanation: &'static str,
}

const CHANGES: &[Change] = &[
    Change {
        calling_code: 52,
        is_old: |number| mexican(number).is_some(),
        today: Some(|number| mexican(number).map(str::to_owned)),
        explanation: "Mexican numbers have had ten digits and no leading 1, 01, 044 or 045 since 2019",
    },
    Change {
        calling_code: 54,
        is_old: |number| number.len() == 10 && number.starts_with("15"),
        today: None,
        explanation: "an Argentine mobile number needs its area code before the 15",
    },
    Change {
        calling_code: 55,
        is_old: |number| number.len() == 10 && number[2..].starts_with(['6', '8', '9']),
        today: Some(|number| Some(format!("{}9{}", &number[..2], &number[2..]))),
        explanation: "Brazilian mobile numbers have had a 9 after the area code since 2016",
    },
    Change {
        calling_code: 56,
        is_old: |number| number.len() == 8,
        today: None,
        explanation: "Chilean numbers have had nine digits since 2016: with a leading 9 for mobile numbers and a leading 2 in Santiago",
    },
    Change {
        calling_code: 57,
        is_old: |number| number.len() == 8 && number.starts_with(['1', '2', '4', '5', '6', '7', '8']),
        today: Some(|number| Some(format!("60{number}"))),
        explanation: "Colombian fixed lines have had a leading 60 since 2021",
    },
    Change {
        calling_code: 84,
        is_old: |number| vietnamese(number).is_some(),
        today: Some(vietnamese),
        explanation: "Vietnamese mobile numbers have had nine digits since 2018",
    },
    Change {
        calling_code: 225,
        is_old: |number| number.len() == 8,
        today: None,
        explanation: "numbers of Côte d'Ivoire have had ten digits since 2021: two operator digits are missing at the front",
    },
    Change {
        calling_code: 229,
        is_old: |number| number.len() == 8,
        today: None,
        explanation: "numbers of Benin have had ten digits since 2024: a leading 01 is missing",
    },
];

fn mexican(number: &str) -> Option<&str> {
    const NATIONAL_DIGITS: usize = 10;

    let prefixes = ["044", "045", "01", "1"];
    prefixes
        .iter()
        .find_map(|prefix| number.strip_prefix(prefix).filter(|rest| rest.len() == NATIONAL_DIGITS))
}

fn vietnamese(number: &str) -> Option<String> {
    const BEGINNINGS: [(&str, &str); 21] = [
        ("120", "70"),
        ("121", "79"),
        ("122", "77"),
        ("123", "83"),
        ("124", "84"),
        ("125", "85"),
        ("126", "76"),
        ("127", "81"),
        ("128", "78"),
        ("129", "82"),
        ("162", "32"),
        ("163", "33"),
        ("164", "34"),
        ("165", "35"),
        ("166", "36"),
        ("167", "37"),
        ("168", "38"),
        ("169", "39"),
        ("186", "56"),
        ("188", "58"),
        ("199", "59"),
    ];

    let (_, new) = BEGINNINGS.iter().find(|(old, _)| number.len() == 10 && number.starts_with(old))?;
    Some(format!("{new}{}", &number[3..]))
}

/// Returns the current number, or the explanation of the change, for a number that is not valid.
pub(super) fn find(number: &ParsedNumber) -> Option<Result<ParsedNumber, &'static str>> {
    let national = number.national.as_str();
    let is_ascii = national.is_ascii() && national.len() > 2;
    let of_code = CHANGES.iter().filter(|change| is_ascii && change.calling_code == number.calling_code);
    let change = of_code.into_iter().find(|change| (change.is_old)(national))?;
    let today = change.today.and_then(|today| today(national));
    let today = today.and_then(|today| parse(&format!("+{}{today}", number.calling_code), None).ok());
    Some(
        today
            .filter(|today| today.is_valid)
            .map(|today| ParsedNumber { extension: number.extension.clone(), ..today })
            .ok_or(change.explanation),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> String {
        let number = parse(text, None).unwrap();
        assert!(!number.is_valid, "{text}");
        match find(&number) {
            Some(Ok(today)) => today.national,
            Some(Err(explanation)) => explanation[..12].to_owned(),
            None => "-".to_owned(),
        }
    }

    #[test]
    fn old_number_is_converted_or_explained() {
        for (text, expected) in [
            ("+52 1 222 123 4567", "2221234567"),
            ("+52 044 222 123 4567", "2221234567"),
            ("+52 01 222 123 4567", "2221234567"),
            ("+52 1 222 123 456", "-"),
            ("+54 15 2345 6789", "an Argentine"),
            ("+55 11 6123 4567", "11961234567"),
            ("+57 1 234 5678", "6012345678"),
            ("+84 162 123 4567", "321234567"),
            ("+84 199 212 3456", "592123456"),
            ("+225 01 23 45 67", "numbers of C"),
            ("+229 95 12 34 56", "numbers of B"),
            ("+44 20 7946 001", "-"),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
