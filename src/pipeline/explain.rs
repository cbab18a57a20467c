//! Explains single rows of a file: their outcome and everything that decided it.

use std::ops::ControlFlow;

use serde::Serialize;

use super::PipelineError;
use crate::{
    contact::{Contact, Field, PhoneNumber},
    normalize::{Explained, NormalizeSettings, Normalizer, OtherReading, Step},
    outcome::{Code, Outcome, Problem, Verdict},
    parse::{self, Input, InputInfo, Mapping, RowPlace},
    report::{self, ReportedRow},
    row::{Origin, Row},
};

/// An explained row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The file.
    pub file: String,
    /// The sheet.
    pub sheet: Option<String>,
    /// The row number, as the user sees it.
    pub row: u64,
    /// The row of an earlier run, if the file contains rows to fix.
    pub fixes: Option<ExplainedOrigin>,
    /// The reason why this is not a row of the list. Everything below is empty then.
    pub not_a_row: Option<String>,
    /// Whether the file has such a row.
    #[serde(skip)]
    pub exists: bool,
    /// The cells, in reading order.
    pub steps: Vec<ExplainedStep>,
    /// Other possible readings of the phone cells.
    pub other_readings: Vec<OtherReading>,
    /// The outcome of the row alone: `valid`, `suppressed` or `rejected`.
    pub outcome: Option<&'static str>,
    /// The reason of a suppression.
    pub reason: Option<String>,
    /// The problems of the row.
    pub problems: Vec<ExplainedProblem>,
    /// The contact.
    pub contact: Option<ExplainedContact>,
}

/// The row of an earlier run that this row fixes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the columns that name it")]
pub struct ExplainedOrigin {
    pub run: Option<String>,
    pub file: String,
    pub row: u64,
}

/// A cell and its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the step and of its column")]
pub struct ExplainedStep {
    pub field: &'static str,
    pub column: Option<String>,
    /// The column number, from 1.
    pub column_number: Option<usize>,
    /// The reason why the field is read from this column.
    pub matched_by: Option<&'static str>,
    pub cell: String,
    pub value: Option<String>,
    pub rule: String,
}

/// A problem of a row, with its remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the problem")]
pub struct ExplainedProblem {
    pub code: &'static str,
    pub message: String,
    pub column: Option<String>,
    pub value: String,
    pub remedy: String,
}

/// A contact in the form in which it is posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the contact")]
pub struct ExplainedContact {
    pub first_name: String,
    pub last_name: String,
    pub salutation: &'static str,
    pub number: String,
    pub country_code: String,
    pub national_number: String,
    pub region: Option<String>,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// Explains these rows of a file, in the given order.
///
/// # Errors
///
/// Returns an error if the file cannot be read to its end.
pub fn explain(
    mut input: Input,
    rows: &[u64],
    settings: &NormalizeSettings,
) -> Result<Vec<Explanation>, PipelineError> {
    let places = input.places(rows)?;
    let info = input.info.clone();
    let normalizer = Normalizer::new(settings, &info.columns).with_habits(&info.habits);
    let mut found: Vec<Option<Explanation>> = vec![None; rows.len()];
    input.read(0, &mut |block| {
        for row in block.iter_text() {
            for (wanted, found) in rows.iter().zip(&mut found) {
                if *wanted == row.location.row {
                    let fixes = block.origin_of(*wanted).map(|Origin { run, file, row }| ExplainedOrigin {
                        run: run.clone(),
                        file: file.clone(),
                        row: *row,
                    });
                    let explained = of_row(row, normalizer.explain(row), &info);
                    *found = Some(Explanation { fixes, ..explained });
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    let all = rows.iter().zip(found).zip(places);
    Ok(all.map(|((row, found), place)| found.unwrap_or_else(|| no_row(*row, place, &info))).collect())
}

fn empty(row: u64, info: &InputInfo) -> Explanation {
    Explanation {
        file: info.path.clone(),
        sheet: info.sheet.clone(),
        row,
        fixes: None,
        not_a_row: None,
        exists: true,
        steps: Vec::new(),
        other_readings: Vec::new(),
        outcome: None,
        reason: None,
        problems: Vec::new(),
        contact: None,
    }
}

fn no_row(row: u64, place: RowPlace, info: &InputInfo) -> Explanation {
    let reason = match place {
        RowPlace::AboveHeader(header) => {
            format!("skipped: above the header, which is row {header}")
        }
        RowPlace::Header => "the header".to_owned(),
        RowPlace::HeaderAgain => "skipped: a repeated header".to_owned(),
        RowPlace::BelowList => "skipped: below the list, such as a total or a remark".to_owned(),
        RowPlace::Blank => "blank".to_owned(),
        RowPlace::Within(begins) => format!("part of the row that begins in line {begins}"),
        RowPlace::Beyond(last) => format!("not in the file, whose last row is {last}"),
        RowPlace::Data => "skipped".to_owned(),
    };
    let exists = !matches!(place, RowPlace::Beyond(_));
    Explanation { not_a_row: Some(reason), exists, ..empty(row, info) }
}

fn of_row(row: Row<'_>, explained: Explained, info: &InputInfo) -> Explanation {
    let Explained { steps, other_readings, verdict } = explained;
    let steps = steps.into_iter().map(|step| explained_step(step, info)).collect();
    let explanation = Explanation { steps, other_readings, ..empty(row.location.row, info) };
    match verdict {
        Verdict::Contact(contact) => Explanation {
            outcome: Some(Outcome::Valid.name()),
            contact: Some(explained_contact(&contact)),
            ..explanation
        },
        Verdict::Suppressed { code, detail, .. } => {
            let detail = if detail.is_empty() { code.title() } else { &detail };
            Explanation {
                outcome: Some(Outcome::Suppressed.name()),
                reason: Some(format!("{}: {detail}. {}", code.name(), code.hint())),
                ..explanation
            }
        }
        Verdict::Rejected { number, problems } => {
            let reported = ReportedRow {
                code: problems.first().map(|problem| problem.code),
                number: number.as_ref(),
                problems: &problems,
                ..ReportedRow::new(row, Outcome::Rejected)
            };
            let problems = problems.iter().map(|problem| explained_problem(problem, &reported, info));
            Explanation {
                outcome: Some(Outcome::Rejected.name()),
                problems: problems.collect(),
                ..explanation
            }
        }
    }
}

fn explained_step(step: Step, info: &InputInfo) -> ExplainedStep {
    let Step { field, column, cell, value, rule } = step;
    let header = column.and_then(|column| info.headers.get(column)).cloned();
    let matched_by = header.as_deref().map(|header| matched_by(field, header, &info.mappings));
    let column_number = column.map(|column| column + 1);
    ExplainedStep { field: field.name(), column: header, column_number, matched_by, cell, value, rule }
}

/// Returns why a field is read from a column.
fn matched_by(field: Field, header: &str, mappings: &[Mapping]) -> &'static str {
    if let Some(mapping) = mappings.iter().find(|mapping| mapping.field == field) {
        if mapping.is_remembered { "a remembered mapping" } else { "--map" }
    } else if parse::means(header, field) {
        "its header"
    } else {
        "its header and its cells"
    }
}

fn explained_problem(problem: &Problem, row: &ReportedRow<'_>, info: &InputInfo) -> ExplainedProblem {
    let column = problem.column.and_then(|column| info.headers.get(usize::try_from(column).ok()?));
    ExplainedProblem {
        code: Code::name(problem.code),
        message: problem.message(),
        column: column.cloned(),
        value: problem.value.clone(),
        remedy: report::remedy(problem, row, info),
    }
}

fn explained_contact(contact: &Contact) -> ExplainedContact {
    let number: &PhoneNumber = contact.number();
    ExplainedContact {
        first_name: contact.first_name().to_owned(),
        last_name: contact.last_name().to_owned(),
        salutation: contact.salutation().as_str(),
        number: number.e164().to_string(),
        country_code: number.calling_code().to_string(),
        national_number: number.national().to_string(),
        region: number.region().map(|region| region.to_string()),
        kind: number.kind().name(),
    }
}
