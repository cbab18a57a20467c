//! Findings while reading delimited text, for notes.

use super::quoting::Dialect;

/// The number of times something was found, and the first line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::parse) struct Sightings {
    pub(in crate::parse) count: u64,
    pub(in crate::parse) first: u64,
}

impl Sightings {
    pub(in crate::parse) fn add(&mut self, line: u64) {
        self.count += 1;
        if self.count == 1 {
            self.first = line;
        }
    }

    /// Returns `line 7`, or `5 lines, the first of them line 7`.
    pub(in crate::parse) fn lines(self) -> String {
        match self.count {
            0 | 1 => format!("line {}", self.first),
            count => format!("{count} lines, the first of them line {}", self.first),
        }
    }
}

/// Findings about a text that the user should know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::parse) struct Findings {
    /// Lines with a quotation mark that is not closed, or that has text after it.
    pub(in crate::parse) stray_marks: Sightings,
    /// Lines that are one quoted cell with a full row in it.
    pub(in crate::parse) wrapped: Sightings,
    /// Lines inside cells that have a number in the position of a phone column.
    pub(in crate::parse) numbers_inside: Sightings,
    /// Lines with a backslash before a quotation mark.
    pub(in crate::parse) escapes: Sightings,
}

impl Findings {
    pub(in crate::parse) fn notes(&self, dialect: Dialect) -> Vec<String> {
        let (a, mark) = if dialect.quote == b'\'' { ("an", "apostrophe") } else { ("a", "quotation mark") };
        let mut notes = Vec::new();
        if self.stray_marks.count > 0 {
            notes.push(format!(
                "{}: {a} {mark} is not closed, or text follows the closing one. rollcall reads each such line by \
                 itself, with the {mark} as text, and rejects the row if doubts remain",
                self.stray_marks.lines()
            ));
        }
        if self.wrapped.count > 0 {
            notes.push(format!(
                "{}: the whole line is in {mark}s; rollcall reads the text inside as the row",
                self.wrapped.lines()
            ));
        }
        if self.escapes.count > 0 {
            notes.push(format!(
                "{}: rollcall reads a backslash before {a} {mark} as MySQL and PHP do: the {mark} is part of the cell",
                self.escapes.lines()
            ));
        }
        if self.numbers_inside.count > 0 {
            notes.push(format!(
                "{}: text that looks like a phone number is inside a cell of several lines, not in a row of its own. \
                 If it should be a row, look for an unclosed {mark} above it",
                self.numbers_inside.lines()
            ));
        }
        notes
    }
}
