//! The files of rejected rows: only the rows to fix, with the input's own columns unchanged, followed by the
//! problems.
//!
//! Users fix these files and import them again. Reading ignores the columns added here and removes the guards.

mod columns;
mod text;
mod workbook;

use std::borrow::Cow;

pub(super) use self::{
    text::{RejectedWriter, is_own_name},
    workbook::WorkbookWriter,
};
use super::{ReportedRow, hint, lossy};
use crate::{
    outcome::Code,
    parse::InputInfo,
    ragged,
    row::own_columns::{FILE, ROW, RUN},
};

/// The columns that describe the problems of a row.
const OWN_COLUMNS: [&str; 6] = [FILE, ROW, "rollcall_code", "rollcall_reason", "rollcall_hint", RUN];

/// What both files say about a row to fix.
pub(super) struct RowToFix<'a> {
    /// The cells of [`OWN_COLUMNS`].
    own: [Cow<'a, str>; OWN_COLUMNS.len()],
    /// The cells to fix with their problems; no column if the problem is the whole row.
    marks: Vec<(Option<u32>, String)>,
}

impl<'a> RowToFix<'a> {
    /// Describes a row of the run of this name.
    pub(super) fn new(input: &'a InputInfo, row: &ReportedRow<'a>, run: &'a str) -> Self {
        let code = row.code.map_or("", Code::name);
        let own = |reason, hint| {
            let number = row.row.location.row.to_string();
            [
                Cow::Borrowed(&*input.path),
                Cow::Owned(number),
                Cow::Borrowed(code),
                reason,
                hint,
                Cow::Borrowed(run),
            ]
        };
        let mark = |reason: &str, hint: &str| format!("{reason}\n{hint}");
        if row.problems.is_empty() {
            let hint = row.code.map_or("", Code::hint);
            let marks = vec![(None, mark(row.detail, hint))];
            return Self { own: own(Cow::Borrowed(row.detail), Cow::Borrowed(hint)), marks };
        }
        let mut reasons = String::new();
        let mut hints: Vec<Cow<'static, str>> = Vec::new();
        let mut marks = Vec::with_capacity(row.problems.len());
        for problem in row.problems {
            let (reason, hint) = (problem.message(), hint::of_problem(problem, row, input));
            marks.push((problem.column, mark(&reason, &hint)));
            if !reasons.is_empty() {
                reasons.push_str("; ");
            }
            reasons.push_str(&reason);
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        let hint = if hints.len() == 1 { hints.swap_remove(0) } else { Cow::Owned(hints.join(" ")) };
        Self { own: own(Cow::Owned(reasons), hint), marks }
    }
}

/// Returns the names of the columns for ragged rows: the cells beyond the header, then the note.
fn ragged_columns(surplus: usize) -> impl Iterator<Item = String> {
    let extra = (1..=surplus).map(|number| format!("{}_{number}", ragged::EXTRA_COLUMN));
    extra.chain([ragged::COLUMN.to_owned()])
}
