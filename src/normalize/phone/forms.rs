//! The same subscriber's number in another form: an older one, or the one in which it is called from elsewhere.

use super::{ParsedNumber, is_assigned, parse, renumbered};
use crate::contact::E164;

/// Digits of a national number of the countries that write a mobile number in two ways.
const TWO_WAYS_DIGITS: usize = 10;

/// In Mexico mobile numbers had a 1 behind the calling code until 2019, in Argentina they have a 9 where they are called from
/// abroad.
const TWO_WAYS: [(&str, &str); 2] = [("52", "521"), ("54", "549")];

/// Old numbers of so many digits behind the calling code, and what one of them may have in front today.
const MAY_LACK: [(&str, usize, &[&str]); 3] =
    [("56", 8, &["9", "2"]), ("225", 8, &["01", "05", "07", "21", "25", "27"]), ("229", 8, &["01"])];

/// Countries in which a zero in front is a part of the number, so that programs that take it for a prefix lose it.
const WITH_ZERO: [&str; 4] = ["39", "225", "241", "242"];

/// The other forms that a number may have, those of today and those of before.
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
        // Without the zero that is dialed inside the country, or in another way in which it is called there.
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

/// The number with a zero behind its calling code, where it is none without it, and one with it.
pub fn with_lost_zero(number: E164) -> Option<E164> {
    let digits = number.digits();
    let code = WITH_ZERO.iter().find(|code| digits.starts_with(**code))?;
    let with_zero = E164::from_digits(&format!("{code}0{}", &digits[code.len()..]))?;
    (!is_assigned(number) && is_assigned(with_zero)).then_some(with_zero)
}

/// Whether the number, or another form of it, is one that its country has assigned.
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
    fn old_and_foreign_forms_are_those_of_the_same_subscriber() {
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
    fn a_lost_zero_is_found_where_it_belongs_to_the_number() {
        let with_zero = |digits| with_lost_zero(E164::from_digits(digits).unwrap());
        assert_eq!(with_zero("39612345678"), E164::from_digits("390612345678"));
        assert_eq!(with_zero("390612345678"), None);
        assert_eq!(with_zero("393123456789"), None);
        assert_eq!(with_zero("442079460101"), None);
    }
}
