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
use super::{ReportedRow, hint};
use crate::{
    outcome::{Code, Problem},
    parse::InputInfo,
    ragged,
    row::own_columns::{FILE, ROW, RUN},
};

/// The columns that describe the problems of a row.
const OWN_COLUMNS: [&str; 6] = [FILE, ROW, "rollcall_code", "rollcall_reason", "rollcall_hint", RUN];

/// Returns the cells of [`OWN_COLUMNS`] for a row of the run of this name.
fn own_cells(input: &InputInfo, row: &ReportedRow<'_>, run: &str) -> [String; OWN_COLUMNS.len()] {
    let file = input.path.clone();
    let code = row.code.map_or("", Code::name).to_owned();
    let number = row.row.location.row.to_string();
    if row.problems.is_empty() {
        let hint = row.code.map_or("", Code::hint).to_owned();
        return [file, number, code, row.detail.to_owned(), hint, run.to_owned()];
    }
    let reasons: Vec<String> = row.problems.iter().map(Problem::message).collect();
    let mut hints: Vec<Cow<'static, str>> = Vec::new();
    for hint in row.problems.iter().map(|problem| hint::of_problem(problem, row, input)) {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    [file, number, code, reasons.join("; "), hints.join(" "), run.to_owned()]
}

/// Returns the names of the columns for ragged rows: the cells beyond the header, then the note.
fn ragged_columns(surplus: usize) -> impl Iterator<Item = String> {
    let extra = (1..=surplus).map(|number| format!("{}_{number}", ragged::EXTRA_COLUMN));
    extra.chain([ragged::COLUMN.to_owned()])
}
