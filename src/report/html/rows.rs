//! Rows to fix: examples of each problem, and the table of rows.

use std::{collections::BTreeMap, ops::Range};

use maud::{Markup, html};

use super::{
    mark,
    text::{count_of, prose, shown, within},
};
use crate::{
    contact::Field,
    outcome::Code,
    parse::InputInfo,
    quantity::grouped,
    report::{Report, ReportedRow},
};

/// Example rows of each problem.
const MAX_EXAMPLES: usize = 10;

/// Maximum rows of the table.
const MAX_ROWS: usize = 2000;

/// Number of first rows that enter the table with any problem; the remaining room is for rare problems.
const MAX_FIRST_ROWS: usize = 1000;

/// A problem with more rows than this is not rare.
const MAX_RARE_ROWS: u64 = 50;

/// Maximum cells of a row.
const MAX_CELLS: usize = 8;

/// Maximum reasons of a row.
const MAX_REASONS: usize = 6;

const MAX_CELL_CHARS: usize = 200;
const MAX_HEADER_CHARS: usize = 60;
const MAX_REASON_CHARS: usize = 300;

/// Maximum size of the examples of one problem, and of the table.
const MAX_EXAMPLE_BYTES: usize = 24_000;
const MAX_TABLE_BYTES: usize = 1_200_000;

/// A displayed cell.
struct ShownCell {
    header: String,
    text: String,
    /// The wrong part.
    marked: Option<Range<usize>>,
}

/// A displayed row.
pub(super) struct ShownRow {
    input: u16,
    row: u64,
    cells: Vec<ShownCell>,
    /// The problems, with their details.
    reasons: Vec<(Code, String)>,
}

impl ShownRow {
    /// Collects the cells that are read and those with a problem, with the wrong parts marked. With `only`, marks
    /// just that problem.
    fn new(input: &InputInfo, row: &ReportedRow<'_>, only: Option<Code>) -> Self {
        let is_shown = |code: Code| only.is_none_or(|only| only == code);
        let problems = || row.problems.iter().filter(move |problem| is_shown(problem.code));
        let wrong = problems().filter_map(|problem| usize::try_from(problem.column?).ok());
        let read = Field::ALL.iter().flat_map(|field| input.columns.of(*field)).copied();
        let mut columns: Vec<usize> = Vec::new();
        // If there are too many cells, those with a problem come first.
        for column in wrong.chain(read.filter(|column| !row.row.cell(*column).is_blank())) {
            if columns.len() < MAX_CELLS && !columns.contains(&column) {
                columns.push(column);
            }
        }
        let extra = (input.headers.len()..row.row.cells().len()).take(MAX_CELLS - columns.len());
        let has_extra = problems().any(|problem| problem.code == Code::RaggedRow);
        columns.extend(extra.filter(|_| has_extra));
        let cells = columns.into_iter().map(|column| {
            let text = shown(row.row.cell(column).text, MAX_CELL_CHARS);
            let is_of = |of: &Option<u32>| of.is_some_and(|of| usize::try_from(of) == Ok(column));
            let problem = problems().find(|problem| is_of(&problem.column));
            // If the platform refused the contact, the number is marked.
            let is_refused = row.problems.is_empty() && input.columns.phone.first() == Some(&column);
            let marked = match problem {
                Some(problem) => Some(mark::offending(problem.code, &text)),
                None if is_refused => Some(0..text.len()),
                None => (column >= input.headers.len()).then_some(0..text.len()),
            };
            let header = input.headers.get(column).map_or_else(
                || "beyond the header".to_owned(),
                |header| shown(header.as_bytes(), MAX_HEADER_CHARS),
            );
            ShownCell { header, text, marked }
        });
        let cells = cells.collect();
        let mut reasons: Vec<(Code, String)> = problems()
            .take(MAX_REASONS)
            .map(|problem| (problem.code, shown(problem.detail.as_bytes(), MAX_REASON_CHARS)))
            .collect();
        if let Some(code) = row.code.filter(|_| row.problems.is_empty()) {
            reasons.push((code, shown(row.detail.as_bytes(), MAX_REASON_CHARS)));
        }
        Self { input: row.row.location.input, row: row.row.location.row, cells, reasons }
    }

    fn cells(&self) -> Markup {
        html! {
            @for cell in &self.cells {
                span class="cell" {
                    span class="header" dir="auto" { (cell.header) } " "
                    span class="value" dir="auto" { (marked(&cell.text, cell.marked.clone())) }
                }
                " "
            }
        }
    }
}

/// Returns a text with the given part marked; an empty text becomes a marked `empty`.
fn marked(text: &str, part: Option<Range<usize>>) -> Markup {
    let Some(part) = part else { return html! { (text) } };
    if text.trim().is_empty() {
        return html! { mark class="empty" { "empty" } };
    }
    let (before, rest) = text.split_at(part.start);
    let (wrong, after) = rest.split_at(part.len());
    html! { (before) mark { (wrong) } (after) }
}

/// The rows to fix.
#[derive(Default)]
pub(super) struct RowsToFix {
    examples: BTreeMap<Code, Vec<ShownRow>>,
    /// Rows in the table by their first code.
    in_table: BTreeMap<Code, u64>,
    table: Vec<ShownRow>,
    count: u64,
}

impl RowsToFix {
    pub(super) fn add(&mut self, input: &InputInfo, row: &ReportedRow<'_>) {
        self.count += 1;
        for problem in row.problems {
            self.add_example(input, row, problem.code);
        }
        let Some(code) = row.code else { return };
        if row.problems.is_empty() {
            self.add_example(input, row, code);
        }
        if self.table.len() < MAX_ROWS {
            let rows = self.in_table.entry(code).or_default();
            if self.table.len() < MAX_FIRST_ROWS || *rows < MAX_RARE_ROWS {
                *rows += 1;
                self.table.push(ShownRow::new(input, row, None));
            }
        }
    }

    fn add_example(&mut self, input: &InputInfo, row: &ReportedRow<'_>, code: Code) {
        let examples = self.examples.entry(code).or_default();
        if examples.len() < MAX_EXAMPLES {
            // A row may have the same problem in several cells.
            let location = (row.row.location.input, row.row.location.row);
            if examples.last().is_none_or(|last| (last.input, last.row) != location) {
                examples.push(ShownRow::new(input, row, Some(code)));
            }
        }
    }

    /// Returns the problems, most frequent first, with their meaning, hint and examples.
    pub(super) fn problems(&self, report: &Report, files: &Files) -> Option<Markup> {
        /// Number of problems that are initially open.
        const OPEN: usize = 3;

        let most = report.problems.first()?.count;
        Some(html! {
            @for (problem, index) in report.problems.iter().zip(0..) {
                @let examples = Code::of_name(problem.code).and_then(|code| self.examples.get(&code));
                article class="problem" {
                    div class="line" {
                        h3 { (sentence(problem.title)) }
                        p class="n" { b { (grouped(problem.count)) } " " (if problem.count == 1 { "row" } else { "rows" }) }
                    }
                    (super::charts::bar(problem.title, problem.count, most.max(self.count), "bad"))
                    p { b { "What to do: " } (prose(&shown(problem.hint.as_bytes(), MAX_REASON_CHARS * 2))) }
                    p class="small" {
                        code { (problem.code) } " "
                        a href="#rows" data-filter=(problem.code) { "Show these rows in the table" }
                    }
                    @if let Some(examples) = examples {
                        details open[index < OPEN] {
                            summary { (counted_examples(examples.len())) " of: " (problem.title) }
                            (example_list(examples, files))
                        }
                    }
                }
            }
        })
    }

    /// Returns the table of rows with its filter.
    pub(super) fn table(&self, report: &Report, files: &Files) -> Option<Markup> {
        if self.table.is_empty() {
            return None;
        }
        let (rows, shown_rows) = within(&self.table, MAX_TABLE_BYTES, |row| {
            let codes: Vec<&str> = row.reasons.iter().map(|(code, _)| code.name()).collect();
            html! {
                tr role="row" data-codes=(codes.join(" ")) {
                    th scope="row" role="rowheader" { (files.place(row.input, row.row)) }
                    td role="cell" {
                        @for (code, detail) in &row.reasons {
                            p class="reason" {
                                b { (sentence(code.title())) }
                                @if !detail.is_empty() { ": " span dir="auto" { (detail) } }
                            }
                        }
                    }
                    td role="cell" { (row.cells()) }
                }
            }
        });
        let shown_rows = count_of(shown_rows);
        Some(html! {
            @if shown_rows < self.count {
                p {
                    "This table contains " b { (grouped(shown_rows)) } " of " b { (grouped(self.count)) }
                    " rows, including some of every problem. All rows to fix are in " code { "rejected.csv" } "."
                }
            } @else {
                p { "These are all rows to fix. They are also in " code { "rejected.csv" } "." }
            }
            div id="filter" class="filter" role="search" aria-label="Rows to fix" hidden {
                label { "Problem " select {
                    option value="" { "all problems" }
                    @for problem in &report.problems {
                        option value=(problem.code) { (problem.title) " (" (grouped(problem.count)) ")" }
                    }
                } }
                label { "Search " input type="search" placeholder="name, number, row" autocomplete="off"; }
                p id="found" role="status" {}
            }
            table id="table" class="stack" role="table" {
                caption { "Rows to fix, with the wrong part marked" }
                thead role="rowgroup" { tr role="row" {
                    th scope="col" role="columnheader" { "Row" }
                    th scope="col" role="columnheader" { "What is wrong" }
                    th scope="col" role="columnheader" { "Cells" }
                } }
                tbody role="rowgroup" { (rows) }
            }
        })
    }
}

fn counted_examples(count: usize) -> String {
    if count == 1 { "1 example".to_owned() } else { format!("{count} examples") }
}

/// Returns rows as a list.
fn example_list(examples: &[ShownRow], files: &Files) -> Markup {
    let (list, _) = within(examples, MAX_EXAMPLE_BYTES, |row| {
        html! {
            li {
                span class="place" { (files.place(row.input, row.row)) } " "
                (row.cells())
                @for (_, detail) in row.reasons.iter().filter(|(_, detail)| !detail.is_empty()) {
                    span class="detail" dir="auto" { (detail) }
                }
            }
        }
    });
    html! { ul class="examples" { (list) } }
}

/// Returns a title with a capital letter.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The files of a run; displayed only if there are several.
pub(super) struct Files(Vec<String>);

impl Files {
    const MAX_CHARS: usize = 120;

    pub(super) fn new(inputs: &[InputInfo]) -> Self {
        Self(inputs.iter().map(|input| shown(input.path.as_bytes(), Self::MAX_CHARS)).collect())
    }

    /// Returns the location of a row.
    pub(super) fn place(&self, input: u16, row: u64) -> Markup {
        html! {
            @if self.0.len() > 1 {
                @if let Some(file) = self.0.get(usize::from(input)) { span dir="auto" { (file) } ", " }
            }
            "row " (grouped(row))
        }
    }

    /// Returns the name of a file, if there are several.
    pub(super) fn name(&self, input: u16) -> Option<&str> {
        self.0.get(usize::from(input)).filter(|_| self.0.len() > 1).map(String::as_str)
    }
}
