//! Digits without a plus that are a number of the region and, with a plus, another number: `491711234567` in Germany.
//!
//! The other cells of the column show which reading is meant. Only cells in the same spelling count: bare digits
//! without the national prefix.

use super::{
    library::{self, ParsedNumber},
    origin::Origin,
    parse::{digits, parse, spelled, to_number},
    plans,
    refusal::Refusal,
};
use crate::{
    contact::{NumberType, Region},
    outcome::Code,
};

/// The meaning of bare digits in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Numbers of the region.
    National,
    /// International numbers without their plus.
    International,
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
pub(super) fn is_bare(text: &str) -> bool {
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
