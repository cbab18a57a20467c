//! Other forms of the same subscriber's number: outdated forms, and forms for calls from elsewhere.

use super::{
    library::ParsedNumber,
    parse::{is_assigned, parse},
    renumbered,
};
use crate::contact::E164;

/// The number of digits in national numbers of countries with two forms of mobile numbers.
const TWO_WAYS_DIGITS: usize = 10;

/// Until 2019, Mexican mobile numbers had a 1 after the calling code. Argentine mobile numbers have a 9 there in calls
/// from abroad.
const TWO_WAYS: [(&str, &str); 2] = [("52", "521"), ("54", "549")];

/// Calling codes, the number of digits of their outdated numbers, and the prefixes that current numbers may have.
const MAY_LACK: [(&str, usize, &[&str]); 3] =
    [("56", 8, &["9", "2"]), ("225", 8, &["01", "05", "07", "21", "25", "27"]), ("229", 8, &["01"])];

/// Countries in which a leading zero is part of the number. Programs that mistake it for a prefix lose it.
const WITH_ZERO: [&str; 4] = ["39", "225", "241", "242"];

/// Returns the other forms that a number may have, current and outdated ones.
pub fn other_forms(number: E164) -> Vec<E164> {
    let digits = number.digits();
    let mut forms: Vec<E164> = in_the_other_way(&digits).into_iter().collect();
    if is_assigned(number) {
        return forms;
    }
    let mut add = |form: Option<E164>| {
        if let Some(form) = form.filter(|form| *form != number && !forms.contains(form)) {
            forms.push(form);
        }
    };
    if let Ok(parsed) = parse(&format!("+{number}"), None) {
        // The form without the national zero, or with another national dialing prefix removed.
        if parsed.is_valid {
            add(whole(&parsed));
        } else if let Some(Ok(today)) = renumbered::find(&parsed) {
            add(whole(&today));
        }
    }
    for (code, len, prefixes) in MAY_LACK {
        if let Some(national) = digits.strip_prefix(code).filter(|national| national.len() == len) {
            let forms = prefixes.iter().map(|prefix| E164::from_digits(&format!("{code}{prefix}{national}")));
            forms.flatten().filter(|form| is_assigned(*form)).for_each(|form| add(Some(form)));
        }
    }
    forms
}

/// Returns the number with a zero after its calling code, if only that form is valid.
fn with_lost_zero(number: E164) -> Option<E164> {
    let digits = number.digits();
    let code = WITH_ZERO.iter().find(|code| digits.starts_with(**code))?;
    let with_zero = E164::from_digits(&format!("{code}0{}", &digits[code.len()..]))?;
    (!is_assigned(number) && is_assigned(with_zero)).then_some(with_zero)
}

/// Returns all forms of a number whose call would reach the same person, itself included: those that must not be
/// called if the number must not.
pub fn suppressed_forms(number: E164) -> impl Iterator<Item = E164> {
    other_forms(number).into_iter().chain([number]).chain(with_lost_zero(number))
}

/// Returns whether the number, or another form of it, is an assigned number in its country.
pub fn is_known(number: E164) -> bool {
    is_assigned(number)
        || other_forms(number).into_iter().any(is_assigned)
        || with_lost_zero(number).is_some()
}

fn whole(parsed: &ParsedNumber) -> Option<E164> {
    E164::from_digits(&format!("{}{}", parsed.calling_code, parsed.national))
}

fn in_the_other_way(digits: &str) -> Option<E164> {
    TWO_WAYS.iter().find_map(|(short, long)| {
        let rest = |prefix: &str| digits.strip_prefix(prefix).filter(|rest| rest.len() == TWO_WAYS_DIGITS);
        let (prefix, rest) = match (rest(long), rest(short)) {
            (Some(rest), _) => (short, rest),
            (None, Some(rest)) => (long, rest),
            (None, None) => return None,
        };
        E164::from_digits(&format!("{prefix}{rest}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: jackocnr/intl-tel-input issue 1230, daddyz/phonelib issue 254.
    #[test]
    fn outdated_and_foreign_forms_are_found() {
        for (digits, expected) in [
            ("5215512345678", &["525512345678"][..]),
            ("525512345678", &["5215512345678"]),
            ("541123456789", &["5491123456789"]),
            ("5411152345678", &[]),
            ("54111523456789", &["5491123456789"]),
            ("551161234567", &["5511961234567"]),
            ("841621234567", &["84321234567"]),
            ("5712345678", &["576012345678"]),
            ("22995123456", &["2290195123456"]),
            ("4402079460101", &["442079460101"]),
            ("9109876543210", &["919876543210"]),
            ("5204421234567890", &[]),
            ("442079460101", &[]),
            ("919876543210", &[]),
        ] {
            let forms: Vec<String> =
                other_forms(E164::from_digits(digits).unwrap()).iter().map(ToString::to_string).collect();
            assert_eq!(forms, expected, "{digits}");
        }
        let ivorian = other_forms(E164::from_digits("22507123456").unwrap());
        assert!(ivorian.contains(&E164::from_digits("2250707123456").unwrap()), "{ivorian:?}");
    }

    /// Source: giggsey/libphonenumber-for-php issue 267.
    #[test]
    fn lost_zero_is_restored_only_if_it_belongs_to_the_number() {
        let with_zero = |digits| with_lost_zero(E164::from_digits(digits).unwrap());
        assert_eq!(with_zero("39612345678"), E164::from_digits("390612345678"));
        assert_eq!(with_zero("390612345678"), None);
        assert_eq!(with_zero("393123456789"), None);
        assert_eq!(with_zero("442079460101"), None);
    }
}
