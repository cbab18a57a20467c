//! Rows without anything to fix: duplicates, existing contacts, suppressed rows. Also causes that affect many rows at
//! once: the platform's refusals, and columns damaged by a spreadsheet.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{
    charts,
    rows::{Files, sentence},
    text::{shown, within},
};
use crate::{
    outcome::{Code, Outcome},
    parse::InputInfo,
    quantity::grouped,
    report::{Report, ReportedRow},
};

/// Example rows of each kind.
const MAX_EXAMPLES: usize = 10;

/// Distinct sources, messages and columns.
const MAX_DISTINCT: usize = 100;

const MAX_CHARS: usize = 300;

/// Maximum size of each table.
const MAX_BYTES: usize = 40_000;

/// A row with its details.
struct Example {
    input: u16,
    row: u64,
    name: String,
    number: String,
    detail: String,
}

impl Example {
    fn new(row: &ReportedRow<'_>) -> Self {
        const MAX_NAME_CHARS: usize = 80;

        let name = row.contact.map(|contact| format!("{} {}", contact.first_name(), contact.last_name()));
        Self {
            input: row.row.location.input,
            row: row.row.location.row,
            name: shown(name.unwrap_or_default().as_bytes(), MAX_NAME_CHARS),
            number: row.number.map(|number| format!("+{}", number.e164())).unwrap_or_default(),
            detail: shown(row.detail.as_bytes(), MAX_CHARS),
        }
    }
}

/// The rows of one kind: their number, and the first of them.
#[derive(Default)]
struct Kind {
    count: u64,
    first: Vec<Example>,
}

impl Kind {
    fn add(&mut self, row: &ReportedRow<'_>) {
        self.count += 1;
        if self.first.len() < MAX_EXAMPLES {
            self.first.push(Example::new(row));
        }
    }
}

/// Rows grouped by cause.
#[derive(Default)]
pub(super) struct Causes {
    /// Duplicates and existing contacts.
    collisions: BTreeMap<(Outcome, Option<Code>), Kind>,
    suppressed: BTreeMap<(Option<Code>, String), u64>,
    refusals: BTreeMap<String, Kind>,
    /// Damaged cells by input and column.
    damage: BTreeMap<(u16, u32), u64>,
}

impl Causes {
    /// Adds a row, unless it is an ordinary new contact.
    pub(super) fn add(&mut self, row: &ReportedRow<'_>) {
        match row.outcome {
            Outcome::Duplicate | Outcome::Existing => {
                self.collisions.entry((row.outcome, row.code)).or_default().add(row);
            }
            Outcome::Suppressed => {
                let key = (row.code, source(row.detail));
                *entry(&mut self.suppressed, key, |(code, _)| (*code, "others".to_owned())) += 1;
            }
            Outcome::Failed => {
                let message = shown(row.detail.as_bytes(), MAX_CHARS);
                entry(&mut self.refusals, message, |_| "other messages".to_owned()).add(row);
            }
            Outcome::Rejected => {
                for problem in row.problems {
                    if let (Code::ExcelScientific | Code::ExcelPrecision, Some(column)) =
                        (problem.code, problem.column)
                    {
                        *self.damage.entry((row.row.location.input, column)).or_default() += 1;
                    }
                }
            }
            _ => {}
        }
    }

    /// Returns the rows whose number another row or the platform has.
    pub(super) fn collisions(&self, files: &Files) -> Option<Markup> {
        if self.collisions.is_empty() {
            return None;
        }
        Some(html! {
            p {
                "rollcall imports each number once: one of several rows with the same number, and none if the platform has the number already. If the names differ, check which person the number belongs to."
            }
            @for ((outcome, code), kind) in &self.collisions {
                @let place = if *outcome == Outcome::Existing { "On the platform already" } else { "Duplicate in the list" };
                h3 {
                    (place) @if let Some(code) = code { ": " (code.title()) }
                    ", " (counted_rows(kind.count))
                }
                (examples(&kind.first, files, "Other row or contact"))
            }
        })
    }

    /// Returns the suppressed rows by source.
    pub(super) fn suppressed(&self, report: &Report) -> Option<Markup> {
        const MAX_NOTES: usize = 10;

        if self.suppressed.is_empty() && report.excluded.is_empty() {
            return None;
        }
        let whole = self.suppressed.values().sum();
        let mut sources: Vec<_> = self.suppressed.iter().collect();
        sources.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let (rows, _) = within(sources, MAX_BYTES, |((code, source), count)| {
            html! {
                tr {
                    th scope="row" { span dir="auto" { (sentence(source)) } @if let Some(code) = code { br; small { (code.title()) } } }
                    td class="picture" { (charts::bar(source, *count, whole, "quiet")) }
                    td class="n" { (grouped(*count)) }
                }
            }
        });
        let (lists, _) = within(&report.excluded, MAX_BYTES, |list| {
            html! {
                li {
                    span dir="auto" { (shown(list.name.as_bytes(), MAX_CHARS)) } ": "
                    (grouped(list.numbers)) " numbers"
                    @for note in list.notes.iter().take(MAX_NOTES) { br; (shown(note.as_bytes(), MAX_CHARS)) }
                }
            }
        });
        Some(html! {
            @if whole > 0 {
                table class="chart" {
                    caption { "Suppressed rows by source" }
                    thead { tr { th scope="col" { "Source" } th scope="col" { span class="unseen" { "Picture" } } th scope="col" class="n" { "Rows" } } }
                    tbody { (rows) }
                }
            }
            @if !report.excluded.is_empty() {
                h3 { "Suppression lists of this run" }
                ul { (lists) }
            }
        })
    }

    /// Returns the platform's refusals by message.
    pub(super) fn refusals(&self, files: &Files) -> Option<Markup> {
        if self.refusals.is_empty() {
            return None;
        }
        let mut refusals: Vec<_> = self.refusals.iter().collect();
        refusals.sort_by_key(|(_, kind)| std::cmp::Reverse(kind.count));
        let (all, _) = within(refusals, MAX_BYTES * 3, |(message, kind)| {
            html! {
                h3 { span dir="auto" { (message) } ", " (counted_rows(kind.count)) }
                (examples(&kind.first, files, ""))
            }
        });
        Some(html! {
            p { "These messages come from the platform." }
            (all)
        })
    }

    /// Returns the cells damaged by a spreadsheet, by column.
    pub(super) fn damage(&self, inputs: &[InputInfo], report: &Report, files: &Files) -> Option<Markup> {
        const MAX_HEADER_CHARS: usize = 100;

        if self.damage.is_empty() {
            return None;
        }
        let (rows, _) = within(&self.damage, MAX_BYTES, |((input, column), count)| {
            let index = usize::from(*input);
            let header =
                usize::try_from(*column).ok().and_then(|column| inputs.get(index)?.headers.get(column));
            let header = shown(header.map_or("", String::as_str).as_bytes(), MAX_HEADER_CHARS);
            let all = report.inputs.get(index).map_or(*count, |input| input.rows);
            html! {
                tr {
                    th scope="row" { span dir="auto" { (header) } @if let Some(file) = files.name(*input) { br; small dir="auto" { (file) } } }
                    td class="picture" { (charts::bar(&header, *count, all, "bad")) }
                    td class="n" { (grouped(*count)) " of " (grouped(all)) }
                }
            }
        });
        Some(html! {
            p {
                "A spreadsheet has shortened these numbers: the file no longer contains their digits. Export the list again from the "
                "program that holds it, and do not open it in a spreadsheet before importing it; or import it there with that column as text."
            }
            table class="chart" {
                caption { "Damaged cells by column" }
                thead { tr { th scope="col" { "Column" } th scope="col" { span class="unseen" { "Picture" } } th scope="col" class="n" { "Cells" } } }
                tbody { (rows) }
            }
        })
    }
}

/// Returns the value of a key in a map of limited size; keys beyond the limit share one value.
fn entry<K: Ord, V: Default>(map: &mut BTreeMap<K, V>, key: K, shared: impl FnOnce(&K) -> K) -> &mut V {
    let key = if map.len() < MAX_DISTINCT || map.contains_key(&key) { key } else { shared(&key) };
    map.entry(key).or_default()
}

fn counted_rows(count: u64) -> String {
    crate::quantity::counted(count, "row")
}

fn examples(examples: &[Example], files: &Files, detail: &str) -> Markup {
    let (rows, _) = within(examples, MAX_BYTES, |example| {
        html! {
            tr {
                td { (files.place(example.input, example.row)) }
                td dir="auto" { (example.name) }
                td { (example.number) }
                @if !detail.is_empty() { td dir="auto" { (example.detail) } }
            }
        }
    });
    html! {
        div class="wide" role="group" aria-label="Examples" tabindex="0" {
            table class="plain" {
                caption class="unseen" { (if examples.len() == 1 { "The row" } else { "The first rows" }) }
                thead { tr {
                    th scope="col" { "Row" } th scope="col" { "Name" } th scope="col" { "Number" }
                    @if !detail.is_empty() { th scope="col" { (detail) } }
                } }
                tbody { (rows) }
            }
        }
    }
}

/// Returns the source of a suppression, without the row number in it.
fn source(detail: &str) -> String {
    let detail = match detail.strip_prefix("row ").and_then(|rest| rest.split_once(" of ")) {
        Some((row, rest)) if row.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => detail,
    };
    let is_row = |text: &str| {
        let digits = text.strip_prefix(", row ")?.bytes().take_while(u8::is_ascii_digit).count();
        (digits > 0).then_some(digits + ", row ".len())
    };
    let cut = detail.match_indices(", row ").find_map(|(start, _)| Some((start, is_row(&detail[start..])?)));
    let (before, after) = match cut {
        Some((start, length)) => (&detail[..start], &detail[start + length..]),
        None => (detail, ""),
    };
    shown(format!("{before}{after}").as_bytes(), MAX_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_that_differ_only_by_row_are_the_same() {
        for (detail, is) in [
            ("in dnc.csv, row 12", "in dnc.csv"),
            ("in dnc, row.csv, sheet A, row 3", "in dnc, row.csv, sheet A"),
            ("in contact list 5", "in contact list 5"),
            (
                "in dnc.csv, row 4, as 44…23: digits are masked there",
                "in dnc.csv, as 44…23: digits are masked there",
            ),
            ("row 7 of a.csv says not to call this number", "a.csv says not to call this number"),
        ] {
            assert_eq!(source(detail), is);
        }
    }

    #[test]
    fn keys_beyond_the_limit_share_one_value() {
        let mut map: BTreeMap<u64, u64> = BTreeMap::new();
        for key in 0..500 {
            *entry(&mut map, key, |_| u64::MAX) += 1;
        }
        assert_eq!((map.len(), map[&u64::MAX]), (MAX_DISTINCT + 1, 400));
    }
}
