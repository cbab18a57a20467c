//! Number formats: what a sheet shows for a number that it stores.
//!
//! A person who looks at a sheet sees `0123456789` where the cell holds 123456789 and its format fills up with zeros, and
//! `+91 98765 43210` where the format writes the plus. Such digits belong to the number. A format never takes a digit away:
//! where it would, as a format for amounts or dates does to a phone number, the number stays as it is stored.

use std::collections::HashMap;

use jiff::{Span, civil};

use crate::parse::error::Fault;

/// Larger numbers in a cell with a date format are no dates of a list of people: the year would be 4637.
const MAX_DAYS: f64 = 1_000_000.0;

/// The last day of a calendar, which stands for "never".
const NEVER: f64 = 2_958_465.0;

const MS_OF_DAY: f64 = 86_400_000.0;

/// The longest code of a format; programs for spreadsheets allow 255 characters.
const MAX_CODE_BYTES: usize = 1024;

/// All codes of a workbook together.
const MAX_CODES_BYTES: usize = 4 * 1024 * 1024;

/// Parts of a format for numbers of different size; those behind are never used.
const MAX_SECTIONS: usize = 4;

/// Zeros in front of a number that can belong to it: a trunk prefix, or the prefix of calls abroad.
const MAX_ZEROS: usize = 3;

/// How a cell shows a number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::parse) enum NumberFormat {
    /// With its own digits only.
    #[default]
    Plain,
    /// As a moment.
    Moment(Moment),
    /// With signs or digits of the format, chosen by the number.
    Digits(Vec<Section>),
}

/// What a format shows of a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::parse) struct Moment {
    has_day: bool,
    has_time: bool,
    /// The hours of a time are not those of a day.
    is_elapsed: bool,
}

/// The part of a format for some numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::parse) struct Section {
    condition: Option<Condition>,
    /// Nothing where it shows numbers otherwise than digit by digit.
    pattern: Option<Vec<Sign>>,
    moment: Option<Moment>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Condition {
    comparison: Comparison,
    limit: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

/// A sign of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// `0`: a digit, or a zero where the number has none.
    Zero,
    /// `#` or `?`: a digit, or nothing.
    Digit,
    /// The whole number.
    All,
    /// A sign that stands there whatever the number.
    Literal(char),
}

impl NumberFormat {
    /// The format that a code spells out.
    pub(in crate::parse) fn parse(code: &str) -> Self {
        // The word of some translations for `General`.
        if code.eq_ignore_ascii_case("standard") {
            return Self::Plain;
        }
        if code.len() > MAX_CODE_BYTES {
            return Self::Plain;
        }
        let sections: Vec<Section> =
            sections(code).into_iter().take(MAX_SECTIONS).map(Section::parse).collect();
        if let Some(moment) = sections.first().and_then(|section| section.moment) {
            return Self::Moment(moment);
        }
        if sections.iter().any(Section::adds) { Self::Digits(sections) } else { Self::Plain }
    }

    /// The format that a number means where the workbook does not spell it out. Those from 27 are dates in East Asia.
    pub(in crate::parse) fn built_in(number: u16) -> Self {
        let moment = |has_day, has_time, is_elapsed| Self::Moment(Moment { has_day, has_time, is_elapsed });
        match number {
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => moment(true, false, false),
            18..=21 | 32..=35 | 45 | 47 | 55 | 56 => moment(false, true, false),
            22 => moment(true, true, false),
            46 => moment(false, true, true),
            _ => Self::Plain,
        }
    }

    /// The digits and signs that the sheet shows for a whole number, where they are more than its own digits.
    pub(in crate::parse) fn shown(&self, digits: &str) -> Option<String> {
        let Self::Digits(sections) = self else { return None };
        let value: f64 = digits.parse().ok().filter(|value| *value > 0.0)?;
        let section = match sections.iter().position(|section| section.condition.is_some()) {
            None => sections.first(),
            Some(_) => sections
                .iter()
                .find(|section| section.condition.is_none_or(|condition| condition.holds(value))),
        };
        let shown = filled(section?.pattern.as_ref()?, digits);
        let all: String = shown.chars().filter(char::is_ascii_digit).collect();
        let added = all.strip_suffix(digits)?;
        let zeros = all.bytes().take_while(|digit| *digit == b'0').count();
        (zeros <= MAX_ZEROS && (!added.is_empty() || shown.contains('+'))).then_some(shown)
    }

    /// A stored number as the moment that the format shows, if it can be one: a day as ISO 8601, with its time where that is
    /// not midnight, or a time alone.
    pub(in crate::parse) fn moment(&self, number: f64, counts_from_1904: bool) -> Option<String> {
        let Self::Moment(moment) = self else { return None };
        let is_day = number < MAX_DAYS
            || number.trunc() == NEVER
            || counts_from_1904 && number.trunc() == NEVER - 1462.0;
        if number.is_nan() || number < 0.0 || !is_day {
            return None;
        }
        if number < 1.0 || moment.is_elapsed {
            return moment.has_time.then(|| time(number));
        }
        let ms = whole((number.fract() * MS_OF_DAY).round())?;
        let (extra_days, ms) = (ms / 86_400_000, ms % 86_400_000);
        let days = whole(number.trunc())? + extra_days;
        let first = match (counts_from_1904, days) {
            (true, _) => civil::date(1904, 1, 1),
            // The spreadsheet counts a 29 February 1900.
            (false, ..=59) => civil::date(1899, 12, 31),
            (false, _) => civil::date(1899, 12, 30),
        };
        let day = first.checked_add(Span::new().try_days(days).ok()?).ok()?;
        Some(if ms == 0 { day.to_string() } else { format!("{day}T{}", clock(ms)) })
    }
}

/// A number of days as hours, minutes and seconds.
fn time(days: f64) -> String {
    whole((days * MS_OF_DAY).round()).map(clock).unwrap_or_default()
}

fn clock(ms: i64) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    match ms % 1000 {
        0 => format!("{hours:02}:{minutes:02}:{seconds:02}"),
        ms => format!("{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"),
    }
}

/// A whole number that is not too large for an integer.
fn whole(number: f64) -> Option<i64> {
    format!("{number:.0}").parse().ok()
}

/// The digits in the places that a pattern has for them, and the pattern's own signs.
fn filled(pattern: &[Sign], digits: &str) -> String {
    let places = pattern.iter().filter(|sign| matches!(sign, Sign::Zero | Sign::Digit)).count();
    // The first place takes what is left over.
    let surplus = digits.len().saturating_sub(places);
    let missing = places.saturating_sub(digits.len());
    let mut next = 0;
    let mut shown = String::with_capacity(digits.len() + pattern.len());
    let (mut place, mut is_filling) = (0, false);
    for sign in pattern {
        match sign {
            Sign::Literal(letter) => shown.push(*letter),
            Sign::All => {
                shown.push_str(digits);
                next = digits.len();
            }
            Sign::Zero | Sign::Digit => {
                let taken = if place == 0 { surplus + 1 } else { 1 };
                if place >= missing {
                    shown.push_str(digits.get(next..next + taken).unwrap_or_default());
                    next += taken;
                } else if *sign == Sign::Zero || is_filling {
                    // All places behind a zero are filled.
                    is_filling = true;
                    shown.push('0');
                }
                place += 1;
            }
        }
    }
    shown
}

impl Condition {
    fn parse(text: &str) -> Option<Self> {
        const COMPARISONS: [(&str, Comparison); 6] = [
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<>", Comparison::NotEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
            ("=", Comparison::Equal),
        ];
        let (comparison, limit) = COMPARISONS
            .iter()
            .find_map(|(sign, comparison)| Some((*comparison, text.strip_prefix(sign)?)))?;
        Some(Self { comparison, limit: limit.trim().parse().ok()? })
    }

    fn holds(self, value: f64) -> bool {
        let Some(order) = value.partial_cmp(&self.limit) else { return false };
        match self.comparison {
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::GreaterOrEqual => order.is_ge(),
            Comparison::Greater => order.is_gt(),
        }
    }
}

impl Section {
    /// Whether it shows some number with more than its own digits.
    fn adds(&self) -> bool {
        let Some(pattern) = &self.pattern else { return false };
        let first_zero = pattern.iter().position(|sign| *sign == Sign::Zero);
        let last_place = pattern.iter().rposition(|sign| matches!(sign, Sign::Zero | Sign::Digit));
        let is_own = |sign: &Sign| matches!(sign, Sign::Literal('0'..='9' | '+'));
        first_zero.is_some_and(|zero| Some(zero) < last_place) || pattern.iter().any(is_own)
    }

    fn parse(code: &str) -> Self {
        let mut section = Self::default();
        let mut pattern = Vec::new();
        let mut is_digit_by_digit = true;
        let mut moment = Moment::default();
        // Those behind a point may be parts of a second.
        let (mut is_behind_point, mut has_places) = (false, false);
        let mut signs = code.chars().peekable();
        while let Some(sign) = signs.next() {
            match sign {
                '"' => {
                    let quoted = signs.by_ref().take_while(|letter| *letter != '"');
                    pattern.extend(quoted.filter_map(literal));
                }
                '\\' => pattern.extend(signs.next().and_then(literal)),
                // As wide as the next sign, or filled up with it.
                '_' | '*' => _ = signs.next(),
                '[' => {
                    let inside: String = signs.by_ref().take_while(|letter| *letter != ']').collect();
                    let unit = inside.to_ascii_lowercase();
                    if !unit.is_empty()
                        && ["h", "m", "s"].iter().any(|name| unit.replace(name, "").is_empty())
                    {
                        (moment.has_time, moment.is_elapsed) = (true, true);
                    } else if let Some(currency) = inside.strip_prefix('$') {
                        let symbol = currency.split('-').next().unwrap_or_default();
                        pattern.extend(symbol.chars().filter_map(literal));
                    } else {
                        section.condition = section.condition.or(Condition::parse(&inside));
                    }
                }
                '0' | '#' | '?' => {
                    has_places |= !is_behind_point;
                    pattern.push(if sign == '0' { Sign::Zero } else { Sign::Digit });
                }
                '.' => (is_digit_by_digit, is_behind_point) = (false, true),
                ',' | '%' | '/' | '@' => is_digit_by_digit = false,
                'E' | 'e' if matches!(signs.peek(), Some('+' | '-')) => {
                    is_digit_by_digit = false;
                    signs.next();
                }
                'G' | 'g' if is_general(&mut signs) => pattern.push(Sign::All),
                'y' | 'Y' | 'd' | 'D' | 'g' | 'G' | 'e' | 'b' | 'B' => moment.has_day = true,
                'h' | 'H' | 's' | 'S' => moment.has_time = true,
                // A month or minutes, whichever the others are.
                'm' | 'M' if !moment.has_time => moment.has_day = true,
                'm' | 'M' => {}
                'a' | 'A' if matches!(signs.peek(), Some('m' | 'M' | '/')) => {
                    while signs.next_if(|letter| "mM/pPaA".contains(*letter)).is_some() {}
                    moment.has_time = true;
                }
                other => pattern.extend(literal(other)),
            }
        }
        // `mm:ss` are minutes.
        if moment.has_time && !code.contains(['y', 'Y', 'd', 'D']) {
            moment.has_day = false;
        }
        if (moment.has_day || moment.has_time) && !has_places {
            section.moment = Some(moment);
        } else if is_digit_by_digit {
            section.pattern = Some(pattern);
        }
        section
    }
}

/// The rest of the word `General`, if it stands there.
fn is_general(signs: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    const REST: &str = "eneral";
    let is_it = signs.clone().take(REST.len()).collect::<String>().eq_ignore_ascii_case(REST);
    if is_it {
        signs.by_ref().take(REST.len()).for_each(drop);
    }
    is_it
}

/// A sign of a format that can belong to a phone number; words and other signs are skipped.
fn literal(sign: char) -> Option<Sign> {
    match sign {
        '0'..='9' | '+' | '(' | ')' | '-' | ' ' => Some(Sign::Literal(sign)),
        '\u{a0}' | '\u{202f}' => Some(Sign::Literal(' ')),
        '\u{2010}'..='\u{2013}' => Some(Sign::Literal('-')),
        _ => None,
    }
}

/// The sections of a code, which semicolons part.
fn sections(code: &str) -> Vec<&str> {
    let mut sections = Vec::new();
    let (mut start, mut is_quoted, mut is_escaped, mut in_brackets) = (0, false, false, false);
    for (at, sign) in code.char_indices() {
        match sign {
            _ if is_escaped => is_escaped = false,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '\\' => is_escaped = true,
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            ';' if !in_brackets => {
                sections.push(&code[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    sections.push(&code[start..]);
    sections
}

/// The number formats of a workbook, by its styles. A format is held once, however many styles have it.
#[derive(Debug, Default)]
pub(in crate::parse) struct Formats {
    formats: Vec<NumberFormat>,
    /// Where the formats that the workbook spells out stand, by their numbers.
    own: HashMap<u16, usize>,
    /// Where the others stand that a style has.
    built_in: HashMap<u16, usize>,
    /// Where the format of each style stands.
    by_style: Vec<usize>,
    code_bytes: usize,
    pub(in crate::parse) counts_from_1904: bool,
}

impl Formats {
    /// Spells a format out; of two with one number the last counts.
    ///
    /// # Errors
    ///
    /// Where the formats are longer than those of any workbook.
    pub(in crate::parse) fn spell_out(&mut self, number: u16, code: &str) -> Result<(), Fault> {
        self.code_bytes += code.len();
        if self.code_bytes > MAX_CODES_BYTES {
            return Err(Fault::Hostile(format!(
                "its number formats take more than {} MB",
                MAX_CODES_BYTES >> 20
            )));
        }
        self.own.insert(number, self.formats.len());
        self.formats.push(NumberFormat::parse(code));
        Ok(())
    }

    /// Adds the next style, which has the format of this number: the workbook's own, or the one that its number means.
    pub(in crate::parse) fn add(&mut self, number: u16) {
        let place = match self.own.get(&number) {
            Some(place) => *place,
            None => *self.built_in.entry(number).or_insert_with(|| {
                self.formats.push(NumberFormat::built_in(number));
                self.formats.len() - 1
            }),
        };
        self.by_style.push(place);
    }

    /// The format of a style.
    pub(in crate::parse) fn of(&self, style: usize) -> &NumberFormat {
        const PLAIN: &NumberFormat = &NumberFormat::Plain;
        self.by_style.get(style).and_then(|place| self.formats.get(*place)).unwrap_or(PLAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_signs_that_a_format_adds_are_shown() {
        for (code, digits, shown) in [
            ("0000000000", "123456789", Some("0123456789")),
            ("0#\" \"##\" \"##\" \"##\" \"##", "505123457", Some("05 05 12 34 57")),
            ("0#\\ ##\\ ##\\ ##\\ ##", "505123457", Some("05 05 12 34 57")),
            ("\"0\"0", "101234568", Some("0101234568")),
            ("\\0#", "101234568", Some("0101234568")),
            ("\"+\"0", "919876543210", Some("+919876543210")),
            ("+General", "919876543210", Some("+919876543210")),
            ("[Red]\\+0", "919876543210", Some("+919876543210")),
            ("\"+44 \"0000 000000", "7700900123", Some("+44 7700 900123")),
            ("[<=9999999]###-####;\"0\"(###) ###-####", "2025550143", Some("0(202) 555-0143")),
            ("[<=9999999]###-####;\"0\"(###) ###-####", "5550143", None),
            ("\"Tel. \"000000", "12345", Some(" 012345")),
            // What adds nothing, or would take something away.
            ("General", "9876543210", None),
            ("@", "9876543210", None),
            ("0", "9876543210", None),
            ("###-####", "9876543210", None),
            ("0.00E+00", "9876543210", None),
            ("#,##0.00", "9876543210", None),
            ("+0.0", "9876543210", None),
            ("0000000000", "9876543210", None),
            ("000000000000000", "9876543210", None),
            ("0%", "98", None),
        ] {
            assert_eq!(NumberFormat::parse(code).shown(digits).as_deref(), shown, "{code}");
        }
    }

    #[test]
    fn moments_are_those_that_a_person_can_mean() {
        for (code, number, shown) in [
            ("yyyy\\-mm\\-dd", 45_943.0, Some("2025-10-13")),
            ("dd/mm/yyyy hh:mm", 45_943.5, Some("2025-10-13T12:00:00")),
            ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", 1.0, Some("1900-01-01")),
            ("d.m.yy", 61.0, Some("1900-03-01")),
            ("yyyy-mm-dd", 2_958_465.0, Some("9999-12-31")),
            ("h:mm", 0.375, Some("09:00:00")),
            ("h:mm AM/PM", 0.75, Some("18:00:00")),
            ("[h]:mm", 1.25, Some("30:00:00")),
            ("mm:ss", 0.000_694_444_444, Some("00:01:00")),
            // Phone numbers.
            ("yyyy-mm-dd", 2_079_460_100.0, None),
            ("yyyy-mm-dd", 5_550_143.0, None),
            ("yyyy-mm-dd", -1.0, None),
            ("0.00", 45_943.0, None),
            ("\"day \"0", 45_943.0, None),
        ] {
            assert_eq!(NumberFormat::parse(code).moment(number, false).as_deref(), shown, "{code} {number}");
        }
        assert_eq!(NumberFormat::built_in(14).moment(0.0, true), None);
        assert_eq!(NumberFormat::parse("yyyy").moment(44_481.0, true).as_deref(), Some("2025-10-13"));
    }

    #[test]
    fn a_format_is_held_once_and_the_last_of_a_number_counts() {
        let mut formats = Formats::default();
        formats.spell_out(164, "0").unwrap();
        formats.spell_out(164, "\"+\"0").unwrap();
        for _ in 0..100_000 {
            formats.add(164);
            formats.add(14);
        }
        assert_eq!(formats.formats.len(), 3);
        assert_eq!(formats.of(199_998).shown("919876543210").as_deref(), Some("+919876543210"));
        assert!(matches!(formats.of(199_999), NumberFormat::Moment(_)));
        assert_eq!(*formats.of(200_000), NumberFormat::Plain);
    }

    #[test]
    fn formats_without_end_are_plain_or_refused() {
        let long = "0;".repeat(4 << 10);
        assert_eq!(NumberFormat::parse(&long), NumberFormat::Plain);
        let mut formats = Formats::default();
        let refused = (0..u16::MAX).find_map(|number| formats.spell_out(number, &long).err());
        assert!(matches!(refused, Some(Fault::Hostile(_))));
        assert!(formats.formats.len() < 1000);
    }
}
