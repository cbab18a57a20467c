//! A cell of a spreadsheet in the Open Document Format: the value in its attributes and the text that it displays.

use std::{borrow::Cow, ops::ControlFlow};

use jiff::civil;
use quick_xml::events::BytesStart;

use super::{
    sheet::{Gathered, Value},
    xml,
};
use crate::{
    parse::{error::Fault, raw_row::RowSink},
    row::{Cell, CellKind},
};

/// The maximum number of digits that a format adds in front of a number: a plus and a calling code.
const MAX_ADDED_DIGITS: usize = 5;

/// The last plausible year. Later dates are phone numbers in cells with a date format, except for the last day, which
/// means "never".
const LAST_YEAR: i64 = 4637;
const NEVER: &str = "9999-12-31";
/// The type of a cell's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Text,
    Number,
    Boolean,
    Moment,
    Error,
}

/// A cell that is being read.
#[derive(Clone, Debug, Default)]
pub(in crate::parse) struct OpenCell {
    kind: Kind,
    /// The value in its attributes.
    value: Option<String>,
    has_formula: bool,
    /// The displayed text.
    pub(in crate::parse) text: String,
    /// Whether a paragraph has begun, so that another one begins a new line.
    has_paragraph: bool,
    pub(in crate::parse) is_in_paragraph: bool,
    pub(in crate::parse) repeats: usize,
}
impl OpenCell {
    pub(in crate::parse) fn new(tag: &BytesStart<'_>) -> Self {
        let mut cell = Self { repeats: 1, ..Self::default() };
        let mut kind = String::new();
        let mut values: [Option<String>; 5] = Default::default();
        let mut is_error = false;
        for attribute in tag.attributes().with_checks(false).flatten() {
            let value = || xml::value(&attribute).into_owned();
            let prefix = attribute.key.prefix();
            match attribute.key.local_name().as_ref() {
                "value-type" if prefix.is_some_and(|prefix| prefix.as_ref() == "calcext") => {
                    is_error = value() == "error";
                }
                "value-type" => kind = value(),
                "value" => values[0] = Some(value()),
                "boolean-value" => values[1] = Some(value().to_uppercase()),
                "date-value" => values[2] = Some(value()),
                "time-value" => values[3] = Some(value()),
                "string-value" => values[4] = Some(value()),
                "formula" => cell.has_formula = true,
                "number-columns-repeated" => cell.repeats = value().parse().unwrap_or(1).max(1),
                _ => {}
            }
        }
        let [number, boolean, day, time, text] = values;
        (cell.kind, cell.value) = match kind.as_str() {
            _ if is_error => (Kind::Error, None),
            "float" | "currency" | "percentage" => (Kind::Number, number),
            "boolean" => (Kind::Boolean, boolean),
            "date" => (Kind::Moment, day),
            "time" => (Kind::Moment, time.as_deref().and_then(clock).or(time)),
            // Some writers omit the type.
            _ => (Kind::Text, text.or(number)),
        };
        cell
    }

    pub(in crate::parse) fn begin_paragraph(&mut self) {
        if self.has_paragraph {
            self.text.push('\n');
        }
        (self.has_paragraph, self.is_in_paragraph) = (true, true);
    }

    pub(in crate::parse) fn end_paragraph(&mut self) {
        self.is_in_paragraph = false;
    }

    /// Appends text. White space of any length counts as one space, or as none at the start of a paragraph.
    pub(in crate::parse) fn push_text(&mut self, text: &str) {
        for letter in text.chars() {
            if !matches!(letter, ' ' | '\t' | '\n' | '\r') {
                self.text.push(letter);
            } else if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
        }
    }

    /// Returns whether the cell has a formula without a stored result.
    pub(in crate::parse) fn lacks_result(&self) -> bool {
        self.has_formula && self.value.is_none() && !self.has_paragraph
    }

    /// Returns the size of the cell's content in bytes.
    pub(in crate::parse) fn len(&self) -> usize {
        self.text.len() + self.value.as_ref().map_or(0, String::len)
    }

    /// Returns whether the cell displays nothing.
    pub(in crate::parse) fn is_empty(&self) -> bool {
        let is_blank = |text: &str| Cell { text: text.as_bytes(), kind: CellKind::Text }.is_blank();
        is_blank(&self.text) && self.value.as_deref().is_none_or(is_blank)
    }

    pub(in crate::parse) fn hand_on<S: RowSink>(
        &self,
        position: (u32, u32),
        rows: &mut Gathered<'_, S>,
    ) -> Result<ControlFlow<()>, Fault> {
        let Some(given) = &self.value else {
            let text = self.text.trim_end();
            let value = if self.kind == Kind::Error { Value::Error(text) } else { Value::Text(text) };
            return rows.take(position, value, 0);
        };
        match self.kind {
            Kind::Text | Kind::Error => rows.take(position, Value::Text(given), 0),
            Kind::Boolean => rows.take(position, Value::Boolean(given == "TRUE"), 0),
            Kind::Moment => match days(given) {
                Some(days) => rows.take(position, Value::Written(&days.to_string()), 0),
                None => rows.take(position, Value::Moment(given), 0),
            },
            Kind::Number => {
                let number = number(given);
                match shown(&self.text, &number) {
                    Some(shown) => rows.take(position, Value::Text(shown), 0),
                    None => rows.take(position, Value::Written(&number), 0),
                }
            }
        }
    }
}

/// Returns whether the content of an element is not text of the cell: a comment, a phonetic guide, a footnote, or a
/// drawing.
pub(in crate::parse) fn is_no_text(tag: &BytesStart<'_>) -> bool {
    const PREFIXES: [&str; 6] = ["draw", "dr3d", "svg", "form", "chart", "presentation"];
    const NAMES: [&str; 9] = [
        "annotation",
        "annotation-end",
        "ruby-text",
        "note",
        "detective",
        "table",
        "shapes",
        "tracked-changes",
        "desc",
    ];
    let prefix = tag.name().prefix().is_some_and(|prefix| PREFIXES.contains(&prefix.as_ref()));
    prefix || NAMES.contains(&tag.local_name().as_ref())
}

/// Returns the displayed text of a whole number, if it adds a plus or more digits in front.
fn shown<'t>(text: &'t str, number: &str) -> Option<&'t str> {
    let is_sign = |letter: char| letter.is_ascii_digit() || "+-() .\u{a0}\u{202f}".contains(letter);
    let text = text.trim();
    let digits: Cow<'_, str> = text.chars().filter(char::is_ascii_digit).collect();
    let added = digits.strip_suffix(number)?.len();
    let adds = (1..=MAX_ADDED_DIGITS).contains(&added) || added == 0 && text.starts_with('+');
    (adds && text.chars().all(is_sign)).then_some(text)
}

/// Returns a number with exactly its digits, and without a fraction of zeros.
fn number(written: &str) -> String {
    let integral =
        written.split_once('.').filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
    match integral {
        Some((whole, _)) => whole.to_owned(),
        // LibreOffice writes large numbers with an exponent. Converting them to a double restores the digits.
        None if written.contains(['e', 'E']) => {
            written.parse::<f64>().map_or_else(|_| written.to_owned(), |number| number.to_string())
        }
        None => written.to_owned(),
    }
}

/// Returns the day count of a date that is too late to be one: it is a phone number in a cell with a date format.
fn days(date: &str) -> Option<i64> {
    let (year, rest) = date.split_once('-')?;
    let (month, day) = rest.split('T').next()?.split_once('-')?;
    let (year, month, day) = (year.parse::<i64>().ok()?, month.parse::<i8>().ok()?, day.parse::<i8>().ok()?);
    if year <= LAST_YEAR || date.starts_with(NEVER) {
        return None;
    }
    // The calendar repeats every 400 years with the same number of days.
    let (cycles, year) = (year.div_euclid(400), year.rem_euclid(400) + 2000);
    let in_cycle = civil::Date::new(i16::try_from(year).ok()?, month, day).ok()?;
    let since = in_cycle.duration_since(civil::date(1899, 12, 30)).as_hours() / 24;
    (cycles - 5).checked_mul(146_097)?.checked_add(since)
}

/// Converts a duration such as `PT09H30M00S` to a time of day.
fn clock(time: &str) -> Option<String> {
    let (hours, rest) = time.strip_prefix("PT")?.split_once('H')?;
    let (minutes, rest) = rest.split_once('M')?;
    let seconds = rest.strip_suffix('S')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let whole = seconds.split(['.', ',']).next()?;
    [hours, minutes, whole]
        .into_iter()
        .all(is_number)
        .then(|| format!("{hours:0>2}:{minutes:0>2}:{whole:0>2}"))
}
