//! Calls that a row itself forbids: to its person, or to one of its phones.

use super::{Normalizer, flag};
use crate::{
    contact::E164,
    outcome::{Code, Verdict},
    row::{CallColumn, PhoneLabel, Question, Row, Says},
};

impl Normalizer<'_> {
    /// Returns all numbers that the row forbids to call, in this row or any other. The status of a person may apply to a
    /// single call, so it forbids no number.
    pub fn forbidden_numbers(&self, row: Row<'_>) -> Vec<E164> {
        match self.forbidding(row) {
            Some(call) if call.question == Question::Status => Vec::new(),
            Some(_) => self.numbers(row).found,
            None => self.numbers_forbidden_by_labels(row),
        }
    }

    /// Returns the verdict of a row whose person must not be called.
    pub(super) fn forbidden(&self, row: Row<'_>) -> Option<Verdict> {
        let call = self.forbidding(row)?;
        let text = String::from_utf8_lossy(row.cell(call.column).text);
        let detail =
            format!("{}: `{}` in column {}", Code::DoNotCallColumn.title(), text.trim(), call.column + 1);
        let number = self.number(row, &mut Vec::new()).ok().flatten();
        Some(Verdict::Suppressed { code: Code::DoNotCallColumn, number, detail })
    }

    /// Returns the numbers of the phones that must not be called.
    pub(super) fn numbers_forbidden_by_labels(&self, row: Row<'_>) -> Vec<E164> {
        let forbids = |label: &&PhoneLabel| matches!(label.says, Says::Calls(question) if question != Question::Status && has_forbidding_answer(row, label.column, question));
        let mut forbidding = self.columns.labels.iter().filter(forbids).peekable();
        if row.ragged.is_some() || forbidding.peek().is_none() {
            return Vec::new();
        }
        self.numbers_in(row, forbidding.map(|label| label.phone)).found
    }

    /// Returns the column that says not to call the person.
    fn forbidding(&self, row: Row<'_>) -> Option<&CallColumn> {
        // It is uncertain which header a cell of a ragged row belongs to.
        let mut calls = self.columns.calls.iter().filter(|_| row.ragged.is_none());
        calls.find(|call| has_forbidding_answer(row, call.column, call.question))
    }
}

/// Returns whether the answer in a column forbids calls. Invalid bytes do not affect the letters next to them.
fn has_forbidding_answer(row: Row<'_>, column: usize, question: Question) -> bool {
    let cell = row.cell(column);
    !cell.is_blank() && flag::forbids(question, &String::from_utf8_lossy(cell.text))
}
