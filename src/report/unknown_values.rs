//! The distinct unknown values of country and salutation cells, and the lines of `rollcall.toml` that give them a
//! meaning.

use std::fmt::Write as _;

use hashbrown::HashMap;
use serde::Serialize;

use super::ReportedRow;
use crate::{
    contact::Field,
    normalize::aliases,
    outcome::{Code, Problem},
};

/// Maximum number of distinct values counted per field. If a list has more, the first ones are counted.
const MAX_DISTINCT: usize = 500;

/// Longer texts are not repeated values.
const MAX_BYTES: usize = 240;

/// One value with the number of its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownValue {
    /// The field: `country` or `salutation`.
    pub field: &'static str,
    /// The value in its first row, without surrounding white space.
    pub value: String,
    /// Number of rows with the value.
    pub count: u64,
}

/// A collector of unknown values, used as rows are counted.
#[derive(Debug, Default)]
pub(super) struct UnknownValues {
    /// The values of each field of [`FIELDS`], by folded text.
    by_field: [HashMap<String, (String, u64)>; FIELDS.len()],
}

/// The fields whose values can have an alias, with the code for an unknown value.
const FIELDS: [(Field, Code); 2] =
    [(Field::Country, Code::UnknownCountry), (Field::Salutation, Code::UnknownSalutation)];

/// The unknown value that a problem is about.
struct Unknown<'a> {
    /// The place of its field in [`FIELDS`].
    place: usize,
    text: &'a str,
    /// The text by which values are compared.
    folded: String,
}

impl<'a> Unknown<'a> {
    fn of(row: &ReportedRow<'a>, problem: &Problem) -> Option<Self> {
        let place = FIELDS.iter().position(|(_, code)| *code == problem.code)?;
        let column = usize::try_from(problem.column?).ok()?;
        let text = row.row.text(column).ok()?.trim();
        let is_value = !text.is_empty() && text.len() <= MAX_BYTES;
        is_value.then(|| Self { place, text, folded: aliases::fold(text) })
    }
}

/// Returns the field of the unknown value that a problem is about, the text by which values are compared, and the value.
pub(super) fn of_problem<'a>(
    row: &ReportedRow<'a>,
    problem: &Problem,
) -> Option<(&'static str, String, &'a str)> {
    let Unknown { place, text, folded } = Unknown::of(row, problem)?;
    Some((FIELDS[place].0.name(), folded, text))
}

impl UnknownValues {
    /// Counts the unknown value that a problem of the row is about, if any.
    pub(super) fn add(&mut self, row: &ReportedRow<'_>, problem: &Problem) {
        let Some(Unknown { place, text, folded }) = Unknown::of(row, problem) else { return };
        let values = &mut self.by_field[place];
        if let Some((_, count)) = values.get_mut(&folded) {
            *count += 1;
        } else if values.len() < MAX_DISTINCT {
            values.insert(folded, (text.to_owned(), 1));
        }
    }

    /// Returns the values, most frequent first within each field.
    pub(super) fn list(&self) -> Vec<UnknownValue> {
        let mut all = Vec::new();
        for ((field, _), values) in FIELDS.iter().zip(&self.by_field) {
            let mut values: Vec<&(String, u64)> = values.values().collect();
            values.sort_by(|(value, count), (other, other_count)| (other_count, value).cmp(&(count, other)));
            all.extend(values.into_iter().map(|(value, count)| UnknownValue {
                field: field.name(),
                value: value.clone(),
                count: *count,
            }));
        }
        all
    }
}

/// Returns the field for a code of `report.json` about unknown values.
pub fn field_of(code: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(_, known)| known.name() == code).map(|(field, _)| field.name())
}

/// Returns lines for `rollcall.toml` with the meanings left empty, for at most `most` values of a field. Empty if the
/// field has no values.
pub fn alias_lines(values: &[UnknownValue], field: &str, most: usize) -> Vec<String> {
    let shown: Vec<(String, u64)> = values
        .iter()
        .filter(|value| value.field == field)
        .take(most)
        .map(|value| (format!("{} = \"\"", quoted(&value.value)), value.count))
        .collect();
    if shown.is_empty() {
        return Vec::new();
    }
    let width = shown.iter().map(|(line, _)| line.chars().count()).max().unwrap_or_default();
    let rows = |count| crate::quantity::counted(count, "row");
    let lines = shown.iter().map(|(line, count)| format!("{line:<width$}  # {}", rows(*count)));
    std::iter::once(format!("[values.{field}]")).chain(lines).collect()
}

/// Formats a text as a TOML basic string; escapes everything that a terminal might interpret.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        let is_active =
            letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            // Writing to a string cannot fail.
            _ if is_active => _ = write!(quoted, "\\u{:04X}", u32::from(letter)),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        outcome::Outcome,
        row::{CellKind, Rows},
    };

    fn gathered(cells: &[(Code, &str)]) -> Vec<UnknownValue> {
        let mut values = UnknownValues::default();
        let mut rows = Rows::new(0);
        for (row, (_, cell)) in (2..).zip(cells) {
            rows.push_cell(cell.as_bytes(), CellKind::Text);
            rows.end_row(row, None);
        }
        for (row, (code, cell)) in rows.iter().zip(cells) {
            let row = ReportedRow::new(row, Outcome::Rejected);
            values.add(&row, &Problem::of_cell(*code, 0, cell.as_bytes(), ""));
        }
        values.list()
    }

    #[test]
    fn distinct_values_are_counted_most_frequent_first() {
        let country = |cell| (Code::UnknownCountry, cell);
        let values = gathered(&[
            country("Engand"),
            country(" Deutchland"),
            (Code::UnknownSalutation, "Capt."),
            (Code::NotANumber, "Deutchland"),
            country("DEUTCHLAND "),
        ]);
        let brief: Vec<_> =
            values.iter().map(|value| (value.field, value.value.as_str(), value.count)).collect();
        assert_eq!(
            brief,
            [("country", "Deutchland", 2), ("country", "Engand", 1), ("salutation", "Capt.", 1)]
        );
        assert_eq!(
            alias_lines(&values, "country", 10),
            ["[values.country]", "\"Deutchland\" = \"\"  # 2 rows", "\"Engand\" = \"\"      # 1 row"]
        );
        assert_eq!(alias_lines(&values, "country", 1).len(), 2);
        assert_eq!(alias_lines(&values[..2], "salutation", 10), [""; 0]);
    }

    #[test]
    fn number_of_distinct_values_is_limited() {
        let cells: Vec<String> = (0..MAX_DISTINCT + 100).map(|number| format!("Nowhere {number}")).collect();
        let cells: Vec<_> = cells.iter().map(|cell| (Code::UnknownCountry, cell.as_str())).collect();
        assert_eq!(gathered(&cells).len(), MAX_DISTINCT);
        let long = "x".repeat(MAX_BYTES + 1);
        assert_eq!(gathered(&[(Code::UnknownCountry, &long)]), []);
    }

    #[test]
    fn alias_lines_read_back_as_the_same_values() {
        for value in ["Deutchland", "a \"b\" \\c", "l\u{1b}[31m\u{7f}\n\u{202e}x", "Österreich = #"] {
            let values = [UnknownValue { field: "country", value: value.to_owned(), count: 1 }];
            let lines = alias_lines(&values, "country", 10).join("\n");
            let read: toml::Table = lines.parse().unwrap();
            let keys = read["values"]["country"].as_table().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys, [value]);
            assert!(!lines.contains(['\u{1b}', '\u{202e}']));
        }
    }
}
