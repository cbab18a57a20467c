//! What reading a delimited text found, for the notes: how often, and on which line first.

use super::quoting::Dialect;

/// How often something was met, and on which line first.
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

    /// `line 7`, or `5 lines, the first of them line 7`.
    pub(in crate::parse) fn lines(self) -> String {
        match self.count {
            0 | 1 => format!("line {}", self.first),
            count => format!("{count} lines, the first of them line {}", self.first),
        }
    }
}

/// What somebody should know of how a text was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::parse) struct Findings {
    /// Lines on which a quotation mark is not closed, or has text behind it.
    pub(in crate::parse) stray_marks: Sightings,
    /// Lines that are one quoted cell with a whole row in it.
    pub(in crate::parse) wrapped: Sightings,
    /// Lines inside cells with a number where numbers stand.
    pub(in crate::parse) numbers_inside: Sightings,
    /// The line on which a backslash before a quotation mark was met first.
    pub(in crate::parse) escapes: Sightings,
}

impl Findings {
    pub(in crate::parse) fn notes(&self, dialect: Dialect) -> Vec<String> {
        let (a, mark) = if dialect.quote == b'\'' { ("an", "apostrophe") } else { ("a", "quotation mark") };
        let mut notes = Vec::new();
        if self.stray_marks.count > 0 {
            notes.push(format!(
                "{}: {a} {mark} is not closed, or text follows the closing one. rollcall reads each such line by itself, \
                 with the {mark} as text, and rejects the row where a doubt is left",
                self.stray_marks.lines()
            ));
        }
        if self.wrapped.count > 0 {
            notes.push(format!(
                "{}: the whole line is in {mark}s. rollcall reads the text inside as the row",
                self.wrapped.lines()
            ));
        }
        if self.escapes.count > 0 {
            notes.push(format!(
                "{}: rollcall reads a backslash before {a} {mark} as MySQL and PHP write it: the {mark} is part of the cell",
                self.escapes.lines()
            ));
        }
        if self.numbers_inside.count > 0 {
            notes.push(format!(
                "{}: text that looks like a phone number is inside a cell of several lines, and is not a row of its own. \
                 If it should be one, look for {a} {mark} above it that is not closed",
                self.numbers_inside.lines()
            ));
        }
        notes
    }
}
