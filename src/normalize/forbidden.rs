//! Calls that a row itself forbids: to its person, or to one of its phones.

use super::{Normalizer, flag};
use crate::{
    contact::{E164, PhoneNumber},
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
        let number = self.number(row, &mut Vec::new()).ok().flatten();
        Some(suppressed(row, call.column, number))
    }

    /// Returns the verdict of a row without any phone to call, if the reason is that one must not be called.
    pub(super) fn forbidden_in_all_phones(&self, row: Row<'_>) -> Option<Verdict> {
        let label = self.forbidding_labels(row).find(|label| !row.cell(label.phone).is_blank())?;
        let number = self.number_in(row, label.phone, &mut Vec::new()).ok().flatten();
        Some(suppressed(row, label.column, number))
    }

    /// Returns the numbers of the phones that must not be called.
    pub(super) fn numbers_forbidden_by_labels(&self, row: Row<'_>) -> Vec<E164> {
        if self.columns.labels.is_empty() {
            return Vec::new();
        }
        let mut phones = self.forbidding_labels(row).map(|label| label.phone).peekable();
        if phones.peek().is_some() { self.numbers_in(row, phones).found } else { Vec::new() }
    }

    /// Returns the labels that say not to call their phones.
    fn forbidding_labels(&self, row: Row<'_>) -> impl Iterator<Item = &PhoneLabel> {
        // It is uncertain which header a cell of a ragged row belongs to.
        let labels = self.columns.labels.iter().filter(move |_| row.ragged.is_none());
        labels.filter(move |label| match label.says {
            Says::Calls(question) => {
                question != Question::Status && has_forbidding_answer(row, label.column, question)
            }
            Says::Kind | Says::Preferred => false,
        })
    }

    /// Returns the column that says not to call the person.
    fn forbidding(&self, row: Row<'_>) -> Option<&CallColumn> {
        let mut calls = self.columns.calls.iter().filter(|_| row.ragged.is_none());
        calls.find(|call| has_forbidding_answer(row, call.column, call.question))
    }
}

fn suppressed(row: Row<'_>, column: usize, number: Option<PhoneNumber>) -> Verdict {
    let code = Code::DoNotCallColumn;
    let text = String::from_utf8_lossy(row.cell(column).text);
    let detail = format!("{}: `{}` in column {}", code.title(), text.trim(), column + 1);
    Verdict::Suppressed { code, number, detail }
}

/// Returns whether the answer in a column forbids calls. Invalid bytes do not affect the letters next to them.
fn has_forbidding_answer(row: Row<'_>, column: usize, question: Question) -> bool {
    let cell = row.cell(column);
    !cell.is_blank() && flag::forbids(question, &String::from_utf8_lossy(cell.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        normalize::tests::{india, label, national, rows, two_phones},
        row::Columns,
    };

    #[test]
    fn one_phone_may_be_forbidden() {
        let calls = vec![label(0, 3, Says::Calls(Question::IsAllowed))];
        let number =
            |text| national(&two_phones(calls.clone(), &["98765 43210", "022 2345 6789", "Asha Rao", text]));
        assert_eq!(number("0"), "2223456789");
        assert_eq!(number("1"), "9876543210");
    }

    #[test]
    fn forbidden_phone_is_not_called_from_another_column() {
        let calls = vec![label(0, 3, Says::Calls(Question::IsAllowed))];
        let verdict = two_phones(calls, &["98765 43210", "+91 98765-43210", "Asha Rao", "0"]);
        let Verdict::Suppressed { code: Code::DoNotCallColumn, number: Some(number), detail } = verdict
        else {
            panic!("{verdict:?}")
        };
        assert_eq!(number.e164().to_string(), "919876543210");
        assert!(detail.ends_with("`0` in column 4"), "{detail}");
    }

    #[test]
    fn row_with_another_phone_or_none_at_all_still_needs_fixing() {
        let calls = vec![label(0, 3, Says::Calls(Question::IsAllowed))];
        for (cells, code) in [
            (["", "", "Asha Rao", "0"], Code::MissingPhone),
            (["98765 43210", "022 234", "Asha Rao", "0"], Code::TooShort),
        ] {
            let verdict = two_phones(calls.clone(), &cells);
            let Verdict::Rejected { problems, .. } = verdict else { panic!("{verdict:?}") };
            assert_eq!(problems[0].code, code);
        }
    }

    #[test]
    fn do_not_call_column_suppresses_the_row() {
        let read = |question, text: &str| {
            let columns = Columns {
                phone: vec![0, 1],
                calls: vec![CallColumn { column: 2, question }],
                ..Columns::default()
            };
            let settings = india();
            let rows = rows(&[b"98765 43210", b"022 2345 6789", text.as_bytes()]);
            let normalizer = Normalizer::new(&settings, &columns);
            let all = normalizer.forbidden_numbers(rows.row(0));
            let all = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            match normalizer.read(rows.row(0)) {
                Verdict::Suppressed { code: Code::DoNotCallColumn, number, detail } => {
                    format!("{} {all} {detail}", number.unwrap().e164())
                }
                _ => "read".to_owned(),
            }
        };
        assert_eq!(
            read(Question::IsForbidden, "yes"),
            "919876543210 919876543210 912223456789 a column of the list says not to call: `yes` in column 3"
        );
        assert_eq!(read(Question::IsForbidden, "no"), "read");
        assert_eq!(read(Question::IsForbidden, ""), "read");
        assert!(read(Question::IsAllowed, "0").starts_with("919876543210"));
        assert_eq!(read(Question::IsAllowed, "1"), "read");
    }
}
