//! Lines of `outcomes.csv` and counts that are prepared for a block of rows, on the thread that normalized it.

use std::{ops::Range, sync::Arc};

use super::{
    ReportedRow,
    outcomes::{beginning, push_field},
};
use crate::{
    contact::{Digits, NumberType, PackedDigits, PhoneNumber, Region},
    outcome::{Code, Outcome, Verdict},
    parse::InputInfo,
    row::{Location, Rows},
};

/// The format of the lines, for each input.
#[derive(Clone, Debug)]
pub struct LineFormat {
    /// The beginning of each input's lines.
    beginnings: Arc<[Vec<u8>]>,
}

/// What is prepared for a block: the lines of its contacts as valid rows, and the counts of their numbers.
#[derive(Debug, Default)]
pub struct PreparedRows {
    lines: Vec<u8>,
    /// The end of each row's line. The line of a row that is not a contact is empty.
    ends: Vec<usize>,
    pub(super) counts: NumberCounts,
}

impl PreparedRows {
    /// Returns the lines of the rows in `range`.
    fn lines(&self, range: Range<usize>) -> &[u8] {
        let place = |index: usize| index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.lines[place(range.start)..place(range.end)]
    }
}

/// Consecutive valid rows of a block of a check.
#[derive(Clone, Debug)]
pub struct ValidRows<'a> {
    rows: &'a Rows,
    verdicts: &'a [Verdict],
    prepared: &'a PreparedRows,
    range: Range<usize>,
}

impl<'a> ValidRows<'a> {
    /// Takes the rows in `range` of a block. All of them must be contacts.
    pub fn new(
        rows: &'a Rows,
        verdicts: &'a [Verdict],
        prepared: &'a PreparedRows,
        range: Range<usize>,
    ) -> Self {
        Self { rows, verdicts, prepared, range }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// Returns the row at `index`, from 0.
    pub(super) fn row(&self, index: usize) -> Option<ReportedRow<'a>> {
        let place = self.range.start + index;
        let Verdict::Contact(contact) = self.verdicts[..self.range.end].get(place)? else { return None };
        let row = ReportedRow::new(self.rows.row(place), Outcome::Valid);
        Some(ReportedRow { number: Some(contact.number()), contact: Some(contact), is_counted: true, ..row })
    }

    /// The lines of `outcomes.csv`.
    pub(super) fn lines(&self) -> &'a [u8] {
        self.prepared.lines(self.range.clone())
    }
}

/// Counts of numbers.
#[derive(Debug, Default)]
pub(super) struct NumberCounts {
    pub(super) regions: Vec<((Option<Region>, u16), u64)>,
    pub(super) types: [u64; NumberType::ALL.len()],
    /// The index of the last counted region: consecutive rows often have the same.
    last: usize,
}

impl NumberCounts {
    pub(super) fn add(&mut self, number: &PhoneNumber) {
        let key = (number.region(), number.calling_code());
        self.types[number.kind() as usize] += 1;
        if self.regions.get(self.last).is_none_or(|(last, _)| *last != key) {
            let known = self.regions.iter().position(|(known, _)| *known == key);
            self.last = known.unwrap_or_else(|| {
                self.regions.push((key, 0));
                self.regions.len() - 1
            });
        }
        self.regions[self.last].1 += 1;
    }
}

impl LineFormat {
    pub(super) fn new(inputs: &[InputInfo]) -> Self {
        Self { beginnings: inputs.iter().map(beginning).collect() }
    }

    /// Prepares a block. In most lists, most rows are valid and keep these lines.
    pub fn prepare(&self, rows: &Rows, verdicts: &[Verdict]) -> PreparedRows {
        /// The size of most lines.
        const LINE_BYTES: usize = 96;

        let mut prepared = PreparedRows {
            lines: Vec::with_capacity(rows.len() * LINE_BYTES),
            ends: Vec::with_capacity(rows.len()),
            counts: NumberCounts::default(),
        };
        for (row, verdict) in rows.iter().zip(verdicts) {
            if let Verdict::Contact(contact) = verdict {
                let number = contact.number();
                if !self.push_valid(&mut prepared.lines, row.location, number) {
                    let row = ReportedRow { number: Some(number), ..ReportedRow::new(row, Outcome::Valid) };
                    self.push_line(&mut prepared.lines, &row);
                }
                prepared.counts.add(number);
            }
            prepared.ends.push(prepared.lines.len());
        }
        prepared
    }

    /// Appends the line of a valid contact. Returns `false` for a number that is too long for this.
    fn push_valid(&self, lines: &mut Vec<u8>, location: Location, number: &PhoneNumber) -> bool {
        const LONGEST: usize = 128;

        let (Some(row), Some(digits)) =
            (PackedDigits::of(location.row), PackedDigits::of(number.e164().value()))
        else {
            return false;
        };
        let mut line = Line { text: [0; LONGEST], end: 0 };
        line.push(row);
        line.push_text(b",valid,,\0\0\0\0\0\0\0\0", 8);
        line.push(digits);
        line.push_byte(b',');
        let code = number.calling_code_length();
        line.push(digits.first(code));
        line.push_byte(b',');
        line.push(digits.behind(code));
        line.push_byte(b',');
        let region = number.region();
        line.push_short(region.as_ref().map_or("", Region::as_str));
        line.push_byte(b',');
        line.push_short(number.kind().name());
        line.push_byte(b',');
        line.push_byte(b'\n');
        lines.extend_from_slice(&self.beginnings[usize::from(location.input)]);
        lines.extend_from_slice(&line.text[..line.end]);
        true
    }

    pub(super) fn push_line(&self, lines: &mut Vec<u8>, row: &ReportedRow<'_>) {
        let location = row.row.location;
        lines.extend_from_slice(&self.beginnings[usize::from(location.input)]);
        let mut push = |field: &[u8]| {
            lines.extend_from_slice(field);
            lines.push(b',');
        };
        push(Digits::of(location.row).as_bytes());
        push(row.outcome.name().as_bytes());
        push(row.code.map_or("", Code::name).as_bytes());
        if let Some(number) = row.number {
            push(number.e164().digits().as_bytes());
            push(number.calling_code_digits().as_bytes());
            push(number.national().as_bytes());
            push(number.region().as_ref().map_or("", Region::as_str).as_bytes());
            push(number.kind().name().as_bytes());
        } else {
            lines.extend_from_slice(b",,,,,");
        }
        push_field(lines, row.detail.as_bytes());
        lines.push(b'\n');
    }
}

/// A short line. Each part is copied with a fixed size, and its end counts.
struct Line<const N: usize> {
    text: [u8; N],
    end: usize,
}

impl<const N: usize> Line<N> {
    #[inline]
    fn push_text(&mut self, text: &[u8; 16], length: usize) {
        self.text[self.end..self.end + 16].copy_from_slice(text);
        self.end += length;
    }

    #[inline]
    fn push(&mut self, digits: PackedDigits) {
        self.push_text(&digits.bytes(), digits.len());
    }

    #[inline]
    fn push_byte(&mut self, byte: u8) {
        self.text[self.end] = byte;
        self.end += 1;
    }

    #[inline]
    fn push_short(&mut self, text: &str) {
        self.text[self.end..self.end + text.len()].copy_from_slice(text.as_bytes());
        self.end += text.len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        contact::{Contact, Salutation},
        row::Columns,
    };

    proptest! {
        #[test]
        fn prepared_lines_are_those_of_valid_rows(
            row in 1_u64..10_000_000_000_000_000_000, code in 1_u16..1000, national in "[0-9]{1,14}", kind in 0..NumberType::ALL.len(),
            letters in "[A-Z]{2}|001|"
        ) {
            let kind = NumberType::ALL[kind];
            let Some(number) = PhoneNumber::new(code, &national, Region::new(&letters), kind) else { return Ok(()) };
            let format = LineFormat::new(&[InputInfo::example("a,b.csv", &[], Columns::default())]);
            let mut rows = Rows::new(0);
            rows.end_row(row, None);
            let verdict = Verdict::Contact(Contact::new("A", "B", Salutation::Mr, number));
            let prepared = format.prepare(&rows, &[verdict]);
            let mut line = Vec::new();
            let reported = ReportedRow { number: Some(&number), ..ReportedRow::new(rows.row(0), Outcome::Valid) };
            format.push_line(&mut line, &reported);
            prop_assert_eq!(String::from_utf8_lossy(prepared.lines(0..1)), String::from_utf8_lossy(&line));
        }
    }
}
