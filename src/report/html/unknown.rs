//! Countries and salutations that are not known, each once, and the lines that say what they mean.

use std::fmt::Write as _;

use hashbrown::HashMap;
use maud::{Markup, html};

use super::text::{count_of, shown, within};
use crate::{
    normalize::region,
    outcome::Code,
    report::{
        ReportedRow,
        terminal::{counted, grouped},
    },
};

/// Distinct values that are counted.
const MAX_VALUES: usize = 1000;

const MAX_CHARS: usize = 200;

/// Room for the table of one field, and for its lines.
const MAX_BYTES: usize = 120_000;

/// Values for which a country of a similar name is looked for.
const MAX_SUGGESTIONS: usize = 100;

/// The distinct values of one field.
#[derive(Default)]
struct Values {
    counts: HashMap<String, (u64, u64)>,
    /// Rows with values beyond those that are counted.
    others: u64,
}

impl Values {
    fn add(&mut self, value: &str, row: u64) {
        if let Some((count, _)) = self.counts.get_mut(value) {
            *count += 1;
        } else if self.counts.len() < MAX_VALUES {
            self.counts.insert(value.to_owned(), (1, row));
        } else {
            self.others += 1;
        }
    }

    /// The values with their rows, and the first of these, the most frequent first.
    fn sorted(&self) -> Vec<(&str, u64, u64)> {
        let mut sorted: Vec<_> =
            self.counts.iter().map(|(value, (count, row))| (value.as_str(), *count, *row)).collect();
        sorted.sort_by_key(|(_, count, row)| (std::cmp::Reverse(*count), *row));
        sorted
    }
}

/// What was not known.
#[derive(Default)]
pub(super) struct Unknown {
    countries: Values,
    salutations: Values,
}

impl Unknown {
    pub(super) fn add(&mut self, row: &ReportedRow<'_>) {
        for problem in row.problems {
            let values = match problem.code {
                Code::UnknownCountry => &mut self.countries,
                Code::UnknownSalutation => &mut self.salutations,
                _ => continue,
            };
            let cell = problem.column.and_then(|column| usize::try_from(column).ok());
            let text = match cell {
                Some(column) => shown(row.row.cell(column).text, MAX_CHARS),
                None => problem.value.clone(),
            };
            values.add(text.trim(), row.row.location.row);
        }
    }

    pub(super) fn section(&self) -> Option<Markup> {
        if self.countries.counts.is_empty() && self.salutations.counts.is_empty() {
            return None;
        }
        let country = |value: &str| region::similar(value).map(|region| region.to_string());
        Some(html! {
            p { "Correct these values in the list, or say once what each of them means." }
            (field(&self.countries, "country", "Countries", "a two-letter code such as DE", &country))
            (field(&self.salutations, "salutation", "Salutations", "Mr, Mrs, Ms, Miss, Mx, Dr or Prof", &|_| None))
        })
    }
}

/// The values of one field.
fn field(
    values: &Values,
    table: &str,
    title: &str,
    meaning: &str,
    suggest: &dyn Fn(&str) -> Option<String>,
) -> Markup {
    if values.counts.is_empty() {
        return html! {};
    }
    let sorted: Vec<(&str, u64, u64, Option<String>)> = sorted_with(values, suggest);
    let (rows, shown_values) = within(&sorted, MAX_BYTES, |(value, count, row, suggestion)| {
        html! {
            tr {
                td dir="auto" { (value) }
                td class="n" { (grouped(*count)) }
                td class="n" { (grouped(*row)) }
                td { @if let Some(suggestion) = suggestion { (suggestion) "?" } }
            }
        }
    });
    let left_out = count_of(sorted.len() - shown_values);
    html! {
        h3 { (title) ", " (counted(count_of(sorted.len()), "value")) }
        div class="wide" role="group" aria-label={ (title) " that are not known" } tabindex="0" {
            table class="plain" {
                caption class="unseen" { (title) " that are not known" }
                thead { tr {
                    th scope="col" { "Value" } th scope="col" class="n" { "Rows" }
                    th scope="col" class="n" { "First row" } th scope="col" { "Perhaps" }
                } }
                tbody { (rows) }
            }
        }
        @if left_out > 0 { p { (grouped(left_out)) " more values are in " code { "rejected.csv" } "." } }
        @if values.others > 0 {
            p { (grouped(values.others)) " rows hold further values, which are in " code { "rejected.csv" } "." }
        }
        p { "Lines to paste into " code { "rollcall.toml" } ", with " (meaning) " on the right side; take the # off each line you need:" }
        pre tabindex="0" aria-label={ "Lines for " (title) } { (lines(table, &sorted)) }
    }
}

fn sorted_with<'v>(
    values: &'v Values,
    suggest: &dyn Fn(&str) -> Option<String>,
) -> Vec<(&'v str, u64, u64, Option<String>)> {
    let sorted = values.sorted().into_iter().zip(0..);
    let suggested = sorted.map(|((value, count, row), index)| {
        let suggestion = if index < MAX_SUGGESTIONS { suggest(value) } else { None };
        (value, count, row, suggestion)
    });
    suggested.collect()
}

/// A table of TOML in comments.
fn lines(table: &str, values: &[(&str, u64, u64, Option<String>)]) -> String {
    let mut lines = format!("# [values.{table}]\n");
    for (value, count, _, suggestion) in values {
        // A value that was cut would never match.
        if lines.len() > MAX_BYTES / 2 || value.ends_with('…') {
            continue;
        }
        // Writing to a string cannot fail.
        _ = writeln!(
            lines,
            "# {} = \"{}\"  # {} {}",
            quoted(value),
            suggestion.as_deref().unwrap_or_default(),
            grouped(*count),
            if *count == 1 { "row" } else { "rows" }
        );
    }
    lines
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_to_paste_are_toml_behind_their_sign() {
        let values = [("Deutchland", 12, 2, Some("DE".to_owned())), ("a \"b\" \\c", 1, 9, None)];
        let lines = lines("country", &values);
        insta::assert_snapshot!(lines, @r##"
        # [values.country]
        # "Deutchland" = "DE"  # 12 rows
        # "a \"b\" \\c" = ""  # 1 row
        "##);
        let read: toml::Table = toml::from_str(&lines.replace("\n# ", "\n").replacen("# ", "", 1)).unwrap();
        assert_eq!(read["values"]["country"]["Deutchland"].as_str(), Some("DE"));
        assert_eq!(read["values"]["country"]["a \"b\" \\c"].as_str(), Some(""));
    }

    #[test]
    fn distinct_values_are_capped_and_the_rest_is_counted() {
        let mut values = Values::default();
        for row in 0..2000 {
            values.add(&format!("value {}", row % 1500), row);
        }
        assert_eq!((values.counts.len(), values.others), (MAX_VALUES, 500));
        assert_eq!(values.sorted()[0], ("value 0", 2, 0));
    }
}
