//! Digits without a plus that are a number of the region and, with a plus, another one: `491711234567` in Germany.
//!
//! The other cells of the column say how they are meant. Only those count that are written in the same way, as bare digits
//! without the prefix that is dialed inside the country.

use super::{Accept, ParsedNumber, PhonePolicy, Refusal, digits, library, parse, plans, spelled, to_number};
use crate::{
    contact::{NumberType, Region},
    normalize::region::Origin,
    outcome::Code,
    row::CellKind,
};

/// How bare digits are meant in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// As numbers of the region.
    National,
    /// As international numbers without their plus.
    International,
}

/// The bare cells of a column that can be read in one way only.
#[derive(Clone, Copy, Debug, Default)]
pub struct Habits {
    national: u32,
    international: u32,
    /// Cells of two readings.
    ambiguous: u32,
}

impl Habits {
    /// Fewer cells show no habit.
    const MIN_CELLS: u32 = 3;

    /// Counts a cell.
    pub fn add(&mut self, text: &str, kind: CellKind, origin: Option<Origin>) {
        const ANY: PhonePolicy =
            PhonePolicy { accept: Accept::Valid, types: Vec::new(), drop_extensions: true };

        let text = text.trim();
        if !is_bare(text) || !matches!(kind, CellKind::Text | CellKind::Number) {
            return;
        }
        match ANY.read(text, kind, origin) {
            // The calling code was taken for one.
            Ok(number) if *number.e164().digits() == digits(text) => self.international += 1,
            Ok(_) => self.national += 1,
            Err(refusal) if refusal.code == Code::AmbiguousNumber => self.ambiguous += 1,
            Err(_) => self.international += u32::from(from_abroad(text).is_some()),
        }
    }

    /// How such cells are meant, where at least 95 % of those that can be read in one way only are meant so.
    pub fn habit(&self) -> Option<Habit> {
        let all = self.national + self.international;
        let is_most = |cells: u32| all >= Self::MIN_CELLS && u64::from(cells) * 100 >= u64::from(all) * 95;
        if is_most(self.national) {
            Some(Habit::National)
        } else if is_most(self.international) {
            Some(Habit::International)
        } else {
            None
        }
    }

    /// Cells that can be read in two ways.
    pub fn ambiguous(&self) -> u32 {
        self.ambiguous
    }
}

/// The number that is meant by text that was read as a valid one.
///
/// # Errors
///
/// Where the text may mean two numbers, and nothing tells which.
pub(super) fn decide(
    text: &str,
    number: ParsedNumber,
    origin: Option<Origin>,
    habit: Option<Habit>,
) -> Result<ParsedNumber, Refusal> {
    let Some(Origin::Region(region)) = origin else { return Ok(number) };
    let other = if is_bare(text) && is_open(&number) { from_abroad(text) } else { None };
    let is_other = |other: &ParsedNumber| {
        (other.calling_code, &other.national) != (number.calling_code, &number.national)
    };
    let Some(other) = other.filter(is_other).filter(|_| needs_prefix(&number, region)) else {
        return Ok(number);
    };
    let code = other.calling_code.to_string();
    let is_own_code = other.calling_code == number.calling_code;
    let first_group = text.trim().split([' ', '-', '/', '.', '(', ')']).find(|group| !group.is_empty());
    let stands_apart = first_group == Some(code.as_str());
    // A mobile number that lost its zero is likelier than somebody's fixed line abroad that lost its plus; and groups of digits
    // show a calling code, or that there is none.
    let is_at_home = number.kind == NumberType::Mobile
        && !matches!(other.kind, NumberType::Mobile | NumberType::FixedLineOrMobile)
        || first_group.is_some_and(|group| group.len() < digits(text).len()) && !stands_apart;
    // A spreadsheet drops the plus of `+49 171…` as it drops the zero of `0171…`: other cells without a zero do not tell then.
    let is_likelier_abroad = other.kind == NumberType::Mobile && number.kind != NumberType::Mobile;
    match habit {
        // `49 171 1234567`.
        _ if is_own_code && stands_apart => Ok(other),
        None if !is_own_code && is_at_home => Ok(number),
        Some(Habit::National) if !is_likelier_abroad => Ok(number),
        Some(Habit::International) => Ok(other),
        Some(Habit::National) | None => {
            let detail = format!("{} or {}", spelled(&number), spelled(&other));
            let readings = [&number, &other].into_iter().filter_map(to_number).collect();
            Err(Refusal { readings, ..Refusal::new(Code::AmbiguousNumber, detail) })
        }
    }
}

/// The valid number that bare digits are with a plus.
pub(super) fn from_abroad(text: &str) -> Option<ParsedNumber> {
    if !is_bare(text) {
        return None;
    }
    parse(&format!("+{}", digits(text)), None).ok().filter(|number| number.is_valid)
}

/// Whether there are only digits and the usual separators, and neither a plus nor a prefix of the country in front.
fn is_bare(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || b" -/.()".contains(&byte))
        && text.bytes().find(u8::is_ascii_digit).is_some_and(|first| first != b'0')
}

/// Whether numbers of its kind have several lengths, so that digits more or less may make another valid number.
pub(super) fn is_open(number: &ParsedNumber) -> bool {
    let digits = format!("{}{}", number.calling_code, number.national);
    let plan = plans::plans().at_start_of(digits.as_bytes()).map(|(plan, _)| plan);
    plan.and_then(|plan| plan.assignment(number.national.as_bytes()))
        .is_some_and(|assignment| assignment.is_open)
}

/// Whether people write the number with a prefix inside its country: without it, the digits are as likely something else.
fn needs_prefix(number: &ParsedNumber, region: Region) -> bool {
    library::national_format(number, region).is_some_and(|format| digits(&format) != number.national)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, region: &str, habit: Option<Habit>) -> String {
        let origin = Region::new(region).map(Origin::Region);
        match PhonePolicy::default().read_as(text, CellKind::Text, origin, habit) {
            Ok(number) => number.e164().to_string(),
            Err(refusal) => format!("{}: {}", refusal.code.name(), refusal.detail),
        }
    }

    /// Source: google/libphonenumber issue 1374.
    #[test]
    fn digits_of_two_readings_are_decided_by_the_column_or_rejected() {
        for text in ["491711234567", "491621234567", "33612345678", "6591234567", "33123456789"] {
            assert!(read(text, "DE", None).starts_with("ambiguous-number: +49 "), "{text}");
            assert_eq!(read(text, "DE", Some(Habit::International)), text);
        }
        assert_eq!(read("33123456789", "DE", Some(Habit::National)), "4933123456789");
        assert_eq!(read("491711234567", "DE", None), "ambiguous-number: +49 491711234567 or +49 1711234567");
    }

    #[test]
    fn a_mobile_that_may_have_lost_its_plus_is_never_a_fixed_line() {
        // A spreadsheet drops the plus of `+49 171…` as it drops the zero of `0171…`.
        for text in ["491711234567", "4915123456789", "33612345678"] {
            let read = read(text, "DE", Some(Habit::National));
            assert!(read.starts_with("ambiguous-number"), "{text}: {read}");
        }
    }

    #[test]
    fn digits_of_one_reading_need_no_column() {
        for (text, region, expected) in [
            ("1711234567", "DE", "491711234567"),
            ("0491 711234567", "DE", "49491711234567"),
            ("+49 1711234567", "DE", "491711234567"),
            ("49 171 1234567", "DE", "491711234567"),
            ("(151) 23456709", "DE", "4915123456709"),
            ("1512/3456709", "DE", "4915123456709"),
            ("49301234567", "DE", "49301234567"),
            ("2015550123", "US", "12015550123"),
            ("12015550123", "US", "12015550123"),
            ("9186159819", "IN", "919186159819"),
            ("9613123456", "IN", "919613123456"),
            ("33961234568", "BR", "5533961234568"),
            ("13612345678", "CN", "8613612345678"),
            ("81234567890", "ID", "6281234567890"),
        ] {
            assert_eq!(read(text, region, None), expected, "{text} {region}");
        }
    }

    #[test]
    fn a_column_of_whole_numbers_makes_foreign_ones_of_digits() {
        assert!(read("31612345678", "DE", None).starts_with("invalid-number"));
        assert_eq!(read("31612345678", "DE", Some(Habit::International)), "31612345678");
        assert!(read("31612345678", "DE", Some(Habit::National)).starts_with("invalid-number"));
    }

    #[test]
    fn cells_of_one_reading_show_the_habit() {
        let habit = |cells: &[&str]| {
            let mut habits = Habits::default();
            for cell in cells {
                habits.add(cell, CellKind::Text, Region::new("DE").map(Origin::Region));
            }
            habits.habit()
        };
        assert_eq!(
            habit(&["49301234567", "498912345678", "31612345678", "491711234567"]),
            Some(Habit::International)
        );
        assert_eq!(habit(&["1711234567", "301234567", "8912345678", "491711234567"]), Some(Habit::National));
        assert_eq!(habit(&["1711234567", "301234567", "49301234567"]), None, "no 95 %");
        assert_eq!(habit(&["1711234567", "301234567", "491711234567"]), None, "too few");
        assert_eq!(
            habit(&["01711234567", "+49301234567", "0301234567", "0049301234567"]),
            None,
            "none is bare"
        );
    }
}
