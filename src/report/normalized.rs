//! What `rollcall normalize` says about each row of a list.

use std::io;

use serde::Serialize;

use super::{
    export::PassedOn,
    filtered::{DETAIL, FilteredFormat, FilteredLines},
    hint, unknown_values,
};
use crate::{contact::Region, dedupe::name_bits, outcome::Code, parse::InputInfo, report::ReportedRow};

/// The number of columns without those for a program that deduplicates.
const COUNT: usize = 11;

/// The number of columns for it, without the last one.
const KEYS: usize = 4;

/// The columns behind those of the list. Those behind the detail are for a program that deduplicates.
const COLUMNS: [&str; COUNT + KEYS + 1] = [
    "rollcall_outcome",
    "rollcall_code",
    "rollcall_number",
    "rollcall_country_code",
    "rollcall_national_number",
    "rollcall_region",
    "rollcall_type",
    "rollcall_first_name",
    "rollcall_last_name",
    "rollcall_salutation",
    DETAIL,
    "rollcall_row",
    "rollcall_time_zone",
    "rollcall_name_key",
    "rollcall_problems",
    "rollcall_forbidden",
];

/// The format of the rows of a list with their outcomes.
#[derive(Clone, Debug)]
pub struct NormalizedFormat {
    input: InputInfo,
    passed_on: PassedOn,
    has_keys: bool,
    lines: FilteredFormat,
}

/// One problem of a row, for a report.
#[derive(Serialize)]
struct ProblemText<'a> {
    code: &'static str,
    title: &'static str,
    /// What to do about this row.
    hint: &'a str,
    /// What to do about such rows.
    general_hint: &'static str,
    column: Option<&'a str>,
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<UnknownText<'a>>,
}

/// An unknown value of a country or salutation.
#[derive(Serialize)]
struct UnknownText<'a> {
    field: &'static str,
    /// Rows with equal keys have the same value.
    key: String,
    value: &'a str,
}

impl NormalizedFormat {
    /// Creates the format for a list. `has_keys` adds the columns for a program that deduplicates; `is_bare` omits
    /// those of the list.
    pub fn new(input: &InputInfo, has_keys: bool, is_bare: bool) -> Self {
        // Without a column that may forbid calls, there is none for the numbers that rows forbid.
        let columns = match (has_keys, input.columns.may_forbid_numbers()) {
            (false, _) => COUNT,
            (true, false) => COUNT + KEYS,
            (true, true) => COLUMNS.len(),
        };
        let own = COLUMNS[..columns].to_vec();
        let (input, passed_on) = (input.clone(), PassedOn::of(input));
        let lines = FilteredFormat::new(&input, own, is_bare);
        Self { input, passed_on, has_keys, lines }
    }

    /// Returns the format of the lines.
    pub fn lines(&self) -> &FilteredFormat {
        &self.lines
    }

    /// Writes a row. `forbidden` are the numbers that it forbids to call, as text.
    ///
    /// # Errors
    ///
    /// Returns an error only if there is no memory.
    pub fn push(
        &self,
        lines: &mut FilteredLines<'_>,
        row: &ReportedRow<'_>,
        forbidden: impl FnOnce() -> String,
    ) -> io::Result<()> {
        let number = row.number.map(|number| {
            let code = number.calling_code_digits();
            (number.e164().digits(), code, number.national(), number.region(), number.kind())
        });
        let (whole, code, national, region, kind) = match &number {
            Some((whole, code, national, region, kind)) => {
                (&**whole, &**code, &**national, region.as_ref().map_or("", Region::as_str), kind.name())
            }
            None => ("", "", "", "", ""),
        };
        let (first_name, last_name, salutation) = match row.contact {
            Some(contact) => (contact.first_name(), contact.last_name(), contact.salutation().as_str()),
            None => ("", "", ""),
        };
        let cause = row.code.map_or("", Code::name);
        let outcome = row.outcome.name();
        let own: [&str; COUNT] = [
            outcome, cause, whole, code, national, region, kind, first_name, last_name, salutation,
            row.detail,
        ];
        if !self.has_keys {
            return lines.push(row.row, &own);
        }
        let place = row.row.location.row.to_string();
        let time_zone = match (row.contact, row.number) {
            (Some(_), Some(number)) => self.passed_on.time_zone(row.row, number.region()),
            _ => "",
        };
        let name = row.contact.map(|contact| format!("{:x}", name_bits(contact.name_key())));
        let problems = self.problems(row)?;
        let forbidden = if self.input.columns.may_forbid_numbers() { Some(forbidden()) } else { None };
        let keys = [place.as_str(), time_zone, name.as_deref().unwrap_or_default(), &problems];
        let own: Vec<&str> = own.into_iter().chain(keys).chain(forbidden.as_deref()).collect();
        lines.push(row.row, &own)
    }

    /// Returns the problems of a row that needs fixing, as JSON; empty for the others.
    fn problems(&self, row: &ReportedRow<'_>) -> io::Result<String> {
        if !row.outcome.needs_fixing() {
            return Ok(String::new());
        }
        let hints: Vec<_> =
            row.problems.iter().map(|problem| hint::of_problem(problem, row, &self.input)).collect();
        let problems =
            row.problems.iter().zip(&hints).map(|(problem, hint)| {
                let column = problem.column.and_then(|column| usize::try_from(column).ok());
                ProblemText {
                    code: problem.code.name(),
                    title: problem.code.title(),
                    hint,
                    general_hint: problem.code.hint(),
                    column: column.and_then(|column| self.input.headers.get(column)).map(String::as_str),
                    value: &problem.value,
                    unknown: unknown_values::of_problem(row, problem)
                        .map(|(field, key, value)| UnknownText { field, key, value }),
                }
            });
        Ok(serde_json::to_string(&problems.collect::<Vec<_>>())?)
    }
}
