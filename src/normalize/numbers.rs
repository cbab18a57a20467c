//! Reading of all numbers of a row for suppression, where missing one is worse than adding one. Names, salutations and
//! preferences do not matter.

use super::{Normalizer, name, phone, phone::Mask};
use crate::{
    contact::E164,
    outcome::{Code, Problem},
    row::{Cell, CellKind, Ragged, Row},
};

/// The minimum number of digits of a further number in a cell. Fewer digits are an extension or a remark.
const MIN_DIGITS: usize = 6;

/// The numbers of a row.
#[derive(Debug, Default)]
pub struct RowNumbers {
    /// The numbers of all phone columns, without repetitions.
    pub found: Vec<E164>,
    /// The reason why there is no number, or why a cell that may contain another number cannot be read.
    pub problem: Option<Problem>,
    /// The visible parts of numbers with hidden digits.
    pub masks: Vec<Mask>,
    /// Whether digits were assumed to be an international number, without a plus or a country to confirm it.
    pub is_assumed: bool,
}

impl Normalizer<'_> {
    /// Reads every phone cell of a row with [`read_all`](phone::read_all), whatever its label and the settings say.
    pub fn numbers(&self, row: Row<'_>) -> RowNumbers {
        // More cells than columns are often numbers without quotation marks around them.
        let beyond = row.ragged.map_or(usize::MAX, |ragged| ragged.expected as usize);
        let phones = self.columns.phone.iter().copied().filter(|column| *column < beyond);
        self.numbers_in(row, phones.chain(beyond..row.cells().len()))
    }

    /// Reads the cells of some columns like [`numbers`](Self::numbers).
    pub(super) fn numbers_in(&self, row: Row<'_>, columns: impl Iterator<Item = usize>) -> RowNumbers {
        let mut all = RowNumbers::default();
        let mut problems = Vec::new();
        for column in columns {
            let cell = row.cell(column);
            // Invalid bytes do not affect the digits next to them.
            let text = String::from_utf8_lossy(cell.text);
            if cell.is_blank() || name::clean(&text).is_empty() {
                continue;
            }
            // An unknown country affects only numbers that need a country.
            let origin = self.origin(row, column, &mut problems).unwrap_or_default();
            let area: Vec<_> = self.columns.area.iter().map(|column| row.cell(*column)).collect();
            let read = if area.iter().all(Cell::is_blank) {
                let mut read = phone::read_all(&text, cell.kind, origin);
                // A number whose own country is blank may be of another country of the row.
                if self.columns.countries_of(column).iter().all(|country| row.cell(*country).is_blank())
                    && let Ok(other) = self.country_in(row, &self.columns.country, &mut problems)
                    && other != origin
                {
                    read.found.extend(phone::read_all(&text, cell.kind, other).found);
                }
                read
            } else {
                // Only the North American plan is known to split numbers into columns.
                let parts = area.iter().map(|cell| String::from_utf8_lossy(cell.text));
                let parts: Vec<_> = parts.chain([text.clone()]).collect();
                phone::read_all(&format!("+1 {}", parts.join(" ")), CellKind::Text, None)
            };
            all.is_assumed |= read.is_assumed;
            let is_new = |number: &E164| !all.found.contains(number);
            let new: Vec<E164> = read.found.into_iter().filter(is_new).collect();
            all.found.extend(new);
            all.masks.extend(read.masks);
            if let Some(refusal) = read.refusal {
                problems.push(Problem::of_cell(refusal.code, column, text.as_bytes(), refusal.detail));
            }
        }
        all.problem = if all.found.is_empty() {
            Some(match row.ragged {
                Some(Ragged { expected, found, .. }) => {
                    Problem::of_row(Code::RaggedRow, format!("{found} cells instead of {expected}"))
                }
                None if problems.is_empty() => Problem::of_row(Code::MissingPhone, ""),
                None => problems.swap_remove(0),
            })
        } else {
            let has_masks = !all.masks.is_empty();
            let is_relevant = |problem: &Problem| {
                problem.code != Code::UnknownCountry
                    && (phone::count_digits(&problem.value) >= MIN_DIGITS || has_masks)
            };
            problems.into_iter().find(is_relevant)
        };
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        normalize::tests::{india, rows},
        row::Columns,
    };

    #[test]
    fn numbers_are_read_with_every_country_that_may_be_theirs() {
        let columns = Columns {
            phone: vec![0, 1],
            country: vec![2, 3],
            own_countries: vec![(0, vec![2]), (1, vec![3])],
            ..Columns::default()
        };
        let settings = india();
        let numbers = |cells: [&str; 4]| {
            let rows = rows(&cells.map(str::as_bytes));
            let found = Normalizer::new(&settings, &columns).numbers(rows.row(0)).found;
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(numbers(["", "020 7946 0100", "FR", "GB"]), ["442079460100"]);
        let both = ["919876543210", "449876543210"];
        assert_eq!(numbers(["", "98765 43210", "GB", ""]), both, "the region's and the other country's");
    }
}
