//! Calls that a row itself forbids: to its person, or to one of its phones.

use super::{Normalizer, Unusable, flag, phone, phone::Mask};
use crate::{
    contact::{E164, PhoneNumber},
    outcome::{Code, Verdict},
    row::{CallColumn, PhoneLabel, Question, Ragged, Row, Says},
};

/// The numbers that a row forbids to call, in this row or any other.
#[derive(Debug, Default)]
pub struct ForbiddenNumbers {
    /// The numbers, without repetitions.
    pub numbers: Vec<E164>,
    /// The visible parts of numbers with hidden digits.
    pub masks: Vec<Mask>,
}

impl Normalizer<'_> {
    /// Returns all numbers that the row forbids to call. Missing one is worse than adding one.
    ///
    /// The status of a person may apply to a single call, so it forbids no number. If the cells of a row may have
    /// shifted, an answer near its column counts, and any cell may hold the number.
    pub fn forbidden_numbers(&self, row: Row<'_>) -> ForbiddenNumbers {
        if let Some(ragged) = row.ragged {
            let all: Vec<usize> = (0..row.cells().len()).collect();
            let forbids = self.has_forbidding_answer_near(row, ragged);
            return if forbids { self.every_number_in(row, &all) } else { ForbiddenNumbers::default() };
        }
        let forbids = |call: &CallColumn| {
            call.question != Question::Status && has_forbidding_answer(row, call.column, call.question)
        };
        if self.columns.calls.iter().any(forbids) {
            return self.every_number_in(row, &self.columns.phone);
        }
        let phones: Vec<usize> = self.forbidding_labels(row).map(|label| label.phone).collect();
        self.every_number_in(row, &phones)
    }

    /// Reads the numbers in some cells in every way in which a row of the list could be read.
    fn every_number_in(&self, row: Row<'_>, columns: &[usize]) -> ForbiddenNumbers {
        let all = self.numbers_in(row, columns.iter().copied());
        let mut numbers = all.found;
        for &column in columns {
            let cell = row.cell(column);
            if cell.is_blank() {
                continue;
            }
            let (Ok(called) | Err(called)) = self.number_in(row, column, &mut Vec::new());
            numbers.extend(called.map(|number| number.e164()));
            let is_country_doubtful = row.ragged.is_some()
                || match self.origin(row, column, &mut Vec::new()) {
                    Ok(origin) => self.is_doubtful_country(row, column, origin),
                    Err(Unusable) => true,
                };
            if is_country_doubtful {
                let text = String::from_utf8_lossy(cell.text);
                let default = self.settings.region.map(phone::Origin::Region);
                numbers.extend(phone::read_all(&text, cell.kind, default).found);
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        ForbiddenNumbers { numbers, masks: all.masks }
    }

    /// Returns whether a cell that may belong to a column about calls forbids them.
    fn has_forbidding_answer_near(&self, row: Row<'_>, ragged: Ragged) -> bool {
        let of_people = self.columns.calls.iter().map(|call| (call.column, call.question));
        let of_phones = self.columns.labels.iter().filter_map(|label| match label.says {
            Says::Calls(question) => Some((label.column, question)),
            Says::Kind | Says::Preferred => None,
        });
        let shift = ragged.expected.abs_diff(ragged.found).max(1) as usize;
        of_people.chain(of_phones).filter(|(_, question)| *question != Question::Status).any(
            |(column, question)| {
                (column.saturating_sub(shift)..=column + shift).any(|column| {
                    flag::plainly_forbids(question, &String::from_utf8_lossy(row.cell(column).text))
                })
            },
        )
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
    use proptest::prelude::*;

    use super::*;
    use crate::{
        normalize::tests::{india, label, national, rows, two_phones},
        row::{CellKind, Columns, RaggedCause, Rows},
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
            let all = normalizer.forbidden_numbers(rows.row(0)).numbers;
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
            "919876543210 912223456789 919876543210 a column of the list says not to call: `yes` in column 3"
        );
        assert_eq!(read(Question::IsForbidden, "no"), "read");
        assert_eq!(read(Question::IsForbidden, ""), "read");
        assert!(read(Question::IsAllowed, "0").starts_with("919876543210"));
        assert_eq!(read(Question::IsAllowed, "1"), "read");
    }

    /// Returns what a row forbids: its numbers and masks.
    fn forbidden(columns: &Columns, ragged: Option<Ragged>, cells: &[&str]) -> (String, usize) {
        let settings = india();
        let mut rows = Rows::new(0);
        for cell in cells {
            rows.push_cell(cell.as_bytes(), CellKind::Text);
        }
        rows.end_row(1, ragged);
        let found = Normalizer::new(&settings, columns).forbidden_numbers(rows.row(0));
        let numbers = found.numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        (numbers, found.masks.len())
    }

    fn with_status() -> Columns {
        let call = |column, question| CallColumn { column, question };
        Columns {
            phone: vec![0, 1],
            country: vec![4],
            calls: vec![call(2, Question::Status), call(3, Question::IsForbidden)],
            ..Columns::default()
        }
    }

    #[test]
    fn status_of_a_person_hides_no_other_answer() {
        let columns = with_status();
        let both = "912223456789 919876543210";
        let read = |cells: [&str; 5]| forbidden(&columns, None, &cells).0;
        assert_eq!(read(["98765 43210", "022 2345 6789", "Do Not Contact", "yes", ""]), both);
        assert_eq!(read(["98765 43210", "022 2345 6789", "Do Not Contact", "", ""]), "");
        let labels = vec![label(1, 3, Says::Calls(Question::IsForbidden))];
        let columns = Columns { calls: vec![with_status().calls[0]], labels, ..with_status() };
        let cells = ["98765 43210", "022 2345 6789", "Do Not Contact", "yes", ""];
        assert_eq!(forbidden(&columns, None, &cells).0, "912223456789");
    }

    #[test]
    fn forbidden_number_is_read_like_one_to_call() {
        let columns = with_status();
        for country in ["NA", "Unknownland", ""] {
            let (numbers, _) = forbidden(&columns, None, &["98765 43210", "", "", "yes", country]);
            assert!(numbers.contains("919876543210"), "{country}: {numbers}");
        }
        let (numbers, _) = forbidden(&columns, None, &["020 7946 0018", "", "", "yes", "GB"]);
        assert_eq!(numbers, "442079460018", "its country is certain");
    }

    #[test]
    fn masks_of_forbidden_numbers_count() {
        let cells = ["+91 98765 4**10", "", "", "yes", ""];
        assert_eq!(forbidden(&with_status(), None, &cells), (String::new(), 1));
    }

    #[test]
    fn shifted_answer_forbids_every_number_of_the_row() {
        let columns = with_status();
        let ragged = Some(Ragged { expected: 5, found: 6, cause: RaggedCause::Cells });
        let row = |answer| ["Jr", "98765 43210", "022 2345 6789", "", answer, ""];
        assert_eq!(forbidden(&columns, ragged, &row("yes")).0, "912223456789 919876543210");
        assert_eq!(forbidden(&columns, ragged, &row("asked by mail")).0, "", "a remark of another column");
        assert_eq!(forbidden(&columns, None, &["98765 43210", "", "", "no", "yes"]).0, "");
    }

    proptest! {
        /// Whatever a row would call if it were not forbidden, it forbids.
        #[test]
        fn number_that_a_row_would_call_is_forbidden(
            phones in prop::array::uniform2("[0-9+ ()/-]{0,16}|98765 [0-9]{5}|[+]4[49] ?[0-9]{9,11}|0[0-9]{9,10}|[+]91 98765 4[*]{2}10"),
            country in "|NA|IN|GB|DE|US|Unknown|[+]?[0-9]{1,3}",
        ) {
            let columns = with_status();
            let [first, second] = &phones;
            let called = {
                let settings = india();
                let columns = Columns { calls: Vec::new(), ..columns.clone() };
                let rows = rows(&[first.as_bytes(), second.as_bytes(), b"", b"yes", country.as_bytes()]);
                Normalizer::new(&settings, &columns).number(rows.row(0), &mut Vec::new()).ok().flatten()
            };
            let (numbers, _) = forbidden(&columns, None, &[first, second, "", "yes", &country]);
            if let Some(called) = called {
                prop_assert!(numbers.contains(&called.e164().to_string()), "{called:?}: {numbers}");
            }
        }
    }
}
