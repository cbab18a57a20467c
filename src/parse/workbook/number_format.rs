//! Number formats: how a sheet displays a stored number.
//!
//! A person sees `0123456789` if the cell contains 123456789 and its format pads with zeros, and `+91 98765 43210` if
//! the format adds the plus. Such digits belong to the number. If a format would remove digits, as a format
//! for amounts or dates does with a phone number, the stored number is used.

use std::collections::HashMap;

use jiff::{Span, civil};

use crate::parse::error::Fault;

/// The limit for dates. A larger number in a cell with a date format is not a date of a person: its year would be 4637
/// or later.
const MAX_DAYS: f64 = 1_000_000.0;

/// The last day of the calendar, which means "never".
const NEVER: f64 = 2_958_465.0;

const MS_OF_DAY: f64 = 86_400_000.0;

/// The maximum length of a format's code. Spreadsheet programs allow 255 characters.
const MAX_CODE_BYTES: usize = 1024;

/// The maximum size of all codes of a workbook.
const MAX_CODES_BYTES: usize = 4 * 1024 * 1024;

/// The maximum number of sections, which apply to numbers of different size. Further sections are never used.
const MAX_SECTIONS: usize = 4;

/// The maximum number of leading zeros that can belong to a phone number: a trunk prefix or an international prefix.
const MAX_ZEROS: usize = 3;

/// The form in which a cell displays a number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::parse) enum NumberFormat {
    /// Only the number's own digits.
    #[default]
    Plain,
    /// A date or time.
    Moment(Moment),
    /// The number with signs or digits of the format. The number selects the section.
    Digits(Vec<Section>),
}

/// The parts of a date or time that a format displays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::parse) struct Moment {
    has_day: bool,
    has_time: bool,
    /// Whether hours count beyond 24.
    is_elapsed: bool,
}

/// The section of a format for some numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::parse) struct Section {
    condition: Option<Condition>,
    /// `None` if the section does not display numbers digit by digit.
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

/// An element of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// `0`: a digit, or a zero if the number has too few digits.
    Zero,
    /// `#` or `?`: a digit, or nothing.
    Digit,
    /// The whole number.
    All,
    /// A character that is always displayed.
    Literal(char),
}

impl NumberFormat {
    /// Parses the code of a format.
    pub(in crate::parse) fn parse(code: &str) -> Self {
        // Some translations use this word for `General`.
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

    /// Returns the built-in format of a number. Formats from 27 are East Asian dates.
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

    /// Returns the displayed digits and signs of a whole number, if the format adds any.
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

    /// Returns a stored number as the date or time that the format displays, if plausible: a date in ISO 8601, with its
    /// time unless that is midnight, or a time alone.
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
            // Spreadsheets count a 29 February 1900, which did not exist.
            (false, ..=59) => civil::date(1899, 12, 31),
            (false, _) => civil::date(1899, 12, 30),
        };
        let day = first.checked_add(Span::new().try_days(days).ok()?).ok()?;
        Some(if ms == 0 { day.to_string() } else { format!("{day}T{}", clock(ms)) })
    }
}

/// Converts a number of days to hours, minutes and seconds.
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

/// Converts a number to an integer, if it is not too large.
fn whole(number: f64) -> Option<i64> {
    format!("{number:.0}").parse().ok()
}

/// Fills the places of a pattern with digits.
fn filled(pattern: &[Sign], digits: &str) -> String {
    let places = pattern.iter().filter(|sign| matches!(sign, Sign::Zero | Sign::Digit)).count();
    // The first place takes all surplus digits.
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
                    // All places after a zero are filled.
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
    /// Returns whether the section adds digits or a plus to some numbers.
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
        // Places after a decimal point may be fractions of a second.
        let (mut is_behind_point, mut has_places) = (false, false);
        let mut signs = code.chars().peekable();
        while let Some(sign) = signs.next() {
            match sign {
                '"' => {
                    let quoted = signs.by_ref().take_while(|letter| *letter != '"');
                    pattern.extend(quoted.filter_map(literal));
                }
                '\\' => pattern.extend(signs.next().and_then(literal)),
                // Space as wide as the next character, or padding with it.
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
                // `m` means months or minutes, depending on the other elements.
                'm' | 'M' if !moment.has_time => moment.has_day = true,
                'm' | 'M' => {}
                'a' | 'A' if matches!(signs.peek(), Some('m' | 'M' | '/')) => {
                    while signs.next_if(|letter| "mM/pPaA".contains(*letter)).is_some() {}
                    moment.has_time = true;
                }
                other => pattern.extend(literal(other)),
            }
        }
        // In `mm:ss`, the first part is minutes.
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

/// Skips the rest of the word `General`, if it follows.
fn is_general(signs: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    const REST: &str = "eneral";
    let is_it = signs.clone().take(REST.len()).collect::<String>().eq_ignore_ascii_case(REST);
    if is_it {
        signs.by_ref().take(REST.len()).for_each(drop);
    }
    is_it
}

/// Returns a literal if the character can belong to a phone number. Words and other characters are skipped.
fn literal(sign: char) -> Option<Sign> {
    match sign {
        '0'..='9' | '+' | '(' | ')' | '-' | ' ' => Some(Sign::Literal(sign)),
        '\u{a0}' | '\u{202f}' => Some(Sign::Literal(' ')),
        '\u{2010}'..='\u{2013}' => Some(Sign::Literal('-')),
        _ => None,
    }
}

/// Splits a code into sections at semicolons.
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

/// The number formats of a workbook's styles. Each format is stored once, even if many styles use it.
#[derive(Debug, Default)]
pub(in crate::parse) struct Formats {
    formats: Vec<NumberFormat>,
    /// Indices of the workbook's own formats, by number.
    own: HashMap<u16, usize>,
    /// Indices of the built-in formats in use, by number.
    built_in: HashMap<u16, usize>,
    /// The index of each style's format.
    by_style: Vec<usize>,
    code_bytes: usize,
    pub(in crate::parse) counts_from_1904: bool,
}

impl Formats {
    /// Adds a format of the workbook. If a number occurs twice, the last code counts.
    ///
    /// # Errors
    ///
    /// Returns an error if the codes of all formats together are too long.
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

    /// Adds the next style. `number` refers to the workbook's own format, else to the built-in one.
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

    /// Returns the format of a style.
    pub(in crate::parse) fn of(&self, style: usize) -> &NumberFormat {
        const PLAIN: &NumberFormat = &NumberFormat::Plain;
        self.by_style.get(style).and_then(|place| self.formats.get(*place)).unwrap_or(PLAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_digits_and_signs_are_displayed() {
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
            // Formats that add nothing, or would remove digits.
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
    fn plausible_dates_are_converted_and_other_numbers_are_not() {
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
    fn formats_are_stored_once_and_the_last_code_counts() {
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
    fn overlong_formats_are_plain_or_refused() {
        let long = "0;".repeat(4 << 10);
        assert_eq!(NumberFormat::parse(&long), NumberFormat::Plain);
        let mut formats = Formats::default();
        let refused = (0..u16::MAX).find_map(|number| formats.spell_out(number, &long).err());
        assert!(matches!(refused, Some(Fault::Hostile(_))));
        assert!(formats.formats.len() < 1000);
    }
}
