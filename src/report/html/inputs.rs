//! How each file was understood: its format, and the field of each column.

use maud::{Markup, html};

use super::text::{count_of, prose, shown, within};
use crate::{
    contact::Field,
    parse::{Certainty, ColumnMatch, InputInfo},
    quantity::grouped,
    report::{InputReport, Report},
    row::{Question, Says},
};

/// Maximum number of columns shown per file.
const MAX_COLUMNS: usize = 100;

/// Maximum number of files shown.
const MAX_FILES: usize = 40;

const MAX_SAMPLE_CHARS: usize = 60;
const MAX_HEADER_CHARS: usize = 100;
const MAX_PATH_CHARS: usize = 300;
const MAX_NOTE_CHARS: usize = 600;
const MAX_NOTES: usize = 30;

/// Maximum size of all files, and of the columns of one.
const MAX_BYTES: usize = 500_000;
const MAX_COLUMN_BYTES: usize = 100_000;

/// Returns the section with all files.
pub(super) fn section(inputs: &[InputInfo], report: &Report) -> Markup {
    let files = inputs.iter().zip(&report.inputs).take(MAX_FILES);
    let (files, count) = within(files, MAX_BYTES, |(input, report)| file(input, report));
    let more = count_of(inputs.len() - count);
    html! {
        (files)
        @if more > 0 { p { (grouped(more)) " more files are in " code { "report.json" } "." } }
    }
}

/// Returns one file.
fn file(input: &InputInfo, report: &InputReport) -> Markup {
    let header = match input.header_row {
        0 => "none".to_owned(),
        row => format!("row {}", grouped(row)),
    };
    let format = [Some(input.format.title()), input.compression.name()];
    let delimiter = input.delimiter.map(|delimiter| match delimiter {
        b',' => "comma".to_owned(),
        b';' => "semicolon".to_owned(),
        b'\t' => "tab".to_owned(),
        b'|' => "vertical bar".to_owned(),
        other => shown(&[other], 1),
    });
    let facts = [
        ("Format", Some(format.into_iter().flatten().collect::<Vec<_>>().join(", "))),
        ("Encoding", input.encoding.clone()),
        ("Delimiter", delimiter),
        ("Sheet", input.sheet.as_ref().map(|sheet| shown(sheet.as_bytes(), MAX_HEADER_CHARS))),
        ("Header", Some(header)),
        ("Rows", Some(grouped(report.rows))),
    ];
    let columns: Vec<(usize, Option<String>)> =
        (0..input.headers.len()).map(|column| (column, role(input, column))).collect();
    let (used, unused): (Vec<_>, Vec<_>) = columns.into_iter().partition(|(_, role)| role.is_some());
    let count = used.len() + unused.len();
    let line = |(column, role): (usize, Option<String>)| {
        html! {
            tr class=[role.is_none().then_some("unused")] {
                th scope="row" dir="auto" { (shown(input.headers[column].as_bytes(), MAX_HEADER_CHARS)) }
                td { @match &role { Some(role) => (role), None => "not used" } }
                td { @if role.is_some() { (certainty(input, column)) } }
                td {
                    @for value in input.samples.get(column).into_iter().flatten() {
                        span class="sample" dir="auto" { (shown(value.as_bytes(), MAX_SAMPLE_CHARS)) } " "
                    }
                }
            }
        }
    };
    let (rows, shown_columns) =
        within(used.into_iter().chain(unused).take(MAX_COLUMNS), MAX_COLUMN_BYTES, line);
    let more = count_of(count - shown_columns);
    html! {
        article class="file" {
            h3 dir="auto" { (shown(input.path.as_bytes(), MAX_PATH_CHARS)) }
            dl class="facts" {
                @for (name, value) in facts {
                    @if let Some(value) = value { div { dt { (name) } dd { (value) } } }
                }
            }
            @if !report.notes.is_empty() {
                ul class="notes" {
                    @for note in report.notes.iter().take(MAX_NOTES) { li { (prose(&shown(note.text.as_bytes(), MAX_NOTE_CHARS))) } }
                }
            }
            div class="wide" role="group" aria-label={ "Columns of " (shown(input.path.as_bytes(), MAX_PATH_CHARS)) } tabindex="0" {
                table class="plain columns" {
                    caption class="unseen" { "Columns" }
                    thead { tr { th scope="col" { "Header" } th scope="col" { "Read as" } th scope="col" { "How sure" } th scope="col" { "Sample values" } } }
                    tbody { (rows) }
                }
            }
            @if more > 0 { p { (grouped(more)) " more columns are not shown." } }
        }
    }
}

/// Returns the certainty and the reason of a column's field.
fn certainty(input: &InputInfo, column: usize) -> Markup {
    let of_column = input.matches.iter().find(|found| found.column == column);
    html! {
        @match of_column {
            Some(ColumnMatch { certainty: Certainty::Doubtful, reason, .. }) => {
                b class="doubtful" { (Certainty::Doubtful.name()) } ": " (reason)
            }
            Some(ColumnMatch { certainty, reason, .. }) => { (certainty.name()) ": " (reason) }
            // Columns about do-not-call, area codes and phone types.
            None => { "by its header" }
        }
    }
}

/// Returns the field that a column is read as.
fn role(input: &InputInfo, column: usize) -> Option<String> {
    let columns = &input.columns;
    let of_field = Field::ALL.iter().find_map(|field| {
        let of_field = columns.of(*field);
        let place = of_field.iter().position(|of_field| *of_field == column)?;
        let name = field.name().replace('_', " ");
        Some(if of_field.len() == 1 { name } else { format!("{name}, choice {}", place + 1) })
    });
    let call = || {
        let call = columns.calls.iter().find(|call| call.column == column)?;
        Some(match call.question {
            Question::IsForbidden => "do not call".to_owned(),
            Question::IsAllowed => "may be called".to_owned(),
            Question::Status => "status: may say not to call".to_owned(),
        })
    };
    let other = || {
        if columns.area.contains(&column) {
            return Some("area code".to_owned());
        }
        let label = columns.labels.iter().find(|label| label.column == column)?;
        let phone = input.headers.get(label.phone)?;
        let phone = shown(phone.as_bytes(), MAX_HEADER_CHARS);
        Some(match label.says {
            Says::Kind => format!("says which phone {phone} is"),
            Says::Preferred => format!("says whether {phone} is called first"),
            Says::Calls(_) => format!("says whether {phone} may be called"),
        })
    };
    of_field.or_else(call).or_else(other)
}
