//! Digits without a plus that are a number of the region and, with a plus, another number: `491711234567` in Germany.
//!
//! The other cells of the column show which reading is meant. Only cells in the same spelling count: bare digits
//! without the national prefix.

use super::{Accept, ParsedNumber, PhonePolicy, Refusal, digits, library, parse, plans, spelled, to_number};
use crate::{
    contact::{NumberType, Region},
    normalize::region::Origin,
    outcome::Code,
    row::CellKind,
};

/// The meaning of bare digits in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Numbers of the region.
    National,
    /// International numbers without their plus.
    International,
}

/// Counts of the bare cells of a column, by reading.
#[derive(Clone, Copy, Debug, Default)]
pub struct Habits {
    national: u32,
    international: u32,
    /// Cells with two readings.
    ambiguous: u32,
}

impl Habits {
    /// The minimum number of cells that show a habit.
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
            // The reader took the leading digits as the calling code.
            Ok(number) if *number.e164().digits() == digits(text) => self.international += 1,
            Ok(_) => self.national += 1,
            Err(refusal) if refusal.code == Code::AmbiguousNumber => self.ambiguous += 1,
            Err(_) => self.international += u32::from(from_abroad(text).is_some()),
        }
    }

    /// Returns the habit that at least 95 % of the unambiguous cells show.
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

    /// Returns the number of cells with two readings.
    pub fn ambiguous(&self) -> u32 {
        self.ambiguous
    }
}

/// Decides which number a text means that was read as a valid one.
///
/// # Errors
///
/// Returns an error if the text may mean two numbers and nothing decides between them.
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
    let is_separate = first_group == Some(code.as_str());
    // A mobile number that lost its zero is likelier than a foreign fixed line that lost its plus. Digits in
    // groups show whether there is a calling code: it would be the first group.
    let is_at_home = number.kind == NumberType::Mobile
        && !matches!(other.kind, NumberType::Mobile | NumberType::FixedLineOrMobile)
        || first_group.is_some_and(|group| group.len() < digits(text).len()) && !is_separate;
    // A spreadsheet removes the plus of `+49 171…` as well as the zero of `0171…`, so other cells without a zero are no
    // evidence here.
    let is_likelier_abroad = other.kind == NumberType::Mobile && number.kind != NumberType::Mobile;
    match habit {
        // `49 171 1234567`.
        _ if is_own_code && is_separate => Ok(other),
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

/// Returns the valid number that bare digits are with a plus.
pub(super) fn from_abroad(text: &str) -> Option<ParsedNumber> {
    if !is_bare(text) {
        return None;
    }
    parse(&format!("+{}", digits(text)), None).ok().filter(|number| number.is_valid)
}

/// Tests whether a text has only digits and the usual separators, without a plus or a national prefix.
fn is_bare(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || b" -/.()".contains(&byte))
        && text.bytes().find(u8::is_ascii_digit).is_some_and(|first| first != b'0')
}

/// Returns whether numbers of its kind vary in length, so that more or fewer digits may form another valid number.
pub(super) fn is_open(number: &ParsedNumber) -> bool {
    let digits = format!("{}{}", number.calling_code, number.national);
    let plan = plans::plans().at_start_of(digits.as_bytes()).map(|(plan, _)| plan);
    plan.and_then(|plan| plan.assignment(number.national.as_bytes()))
        .is_some_and(|assignment| assignment.is_open)
}

/// Returns whether people write the number with a national prefix. Without the prefix, the digits may just as well be
/// something else.
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
    fn ambiguous_digits_follow_the_column_or_are_rejected() {
        for text in ["491711234567", "491621234567", "33612345678", "6591234567", "33123456789"] {
            assert!(read(text, "DE", None).starts_with("ambiguous-number: +49 "), "{text}");
            assert_eq!(read(text, "DE", Some(Habit::International)), text);
        }
        assert_eq!(read("33123456789", "DE", Some(Habit::National)), "4933123456789");
        assert_eq!(read("491711234567", "DE", None), "ambiguous-number: +49 491711234567 or +49 1711234567");
    }

    #[test]
    fn possible_mobile_without_plus_is_not_a_fixed_line() {
        // A spreadsheet removes the plus of `+49 171…` as well as the zero of `0171…`.
        for text in ["491711234567", "4915123456789", "33612345678"] {
            let read = read(text, "DE", Some(Habit::National));
            assert!(read.starts_with("ambiguous-number"), "{text}: {read}");
        }
    }

    #[test]
    fn unambiguous_digits_need_no_column() {
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
    fn international_column_makes_digits_foreign_numbers() {
        assert!(read("31612345678", "DE", None).starts_with("invalid-number"));
        assert_eq!(read("31612345678", "DE", Some(Habit::International)), "31612345678");
        assert!(read("31612345678", "DE", Some(Habit::National)).starts_with("invalid-number"));
    }

    #[test]
    fn unambiguous_cells_show_the_habit() {
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
            "no cell is bare"
        );
    }
}
