//! Counts for the report. Every row is counted as it is written; nothing is derived afterwards.

use std::{borrow::Cow, collections::BTreeMap};

use hashbrown::HashMap;

use serde::{Serialize, Serializer};

use super::{ReportedRow, hint, prepared::NumberCounts, unknown_values::UnknownValues};
use crate::{
    contact::{NumberType, Region},
    outcome::{Code, Outcome, Problem, Totals},
    parse::InputInfo,
};

/// One row as an example of a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The file.
    pub file: String,
    /// The sheet.
    pub sheet: Option<String>,
    /// The row number, as a person sees it.
    pub row: u64,
    /// The column, if the problem is in one cell.
    pub column: Option<String>,
    /// The cell's text, shortened.
    pub value: String,
}

/// One kind of problem with the number of its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemCount {
    /// The code.
    pub code: &'static str,
    /// Number of rows with this problem.
    pub count: u64,
    /// What is wrong.
    pub title: &'static str,
    /// What to do.
    pub hint: String,
    /// The first rows with this problem.
    pub examples: Vec<Example>,
}

/// The numbers of one region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegionCount {
    /// The region; empty if the numbering plan does not determine it.
    pub region: String,
    /// The calling code.
    pub country_code: String,
    /// Number of rows.
    pub count: u64,
}

/// The numbers of one type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypeCount {
    /// The type.
    #[serde(rename = "type", serialize_with = "name_of")]
    pub kind: NumberType,
    /// Number of rows.
    pub count: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn name_of<S: Serializer>(kind: &NumberType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

/// The rows with one problem.
#[derive(Debug, Default)]
struct Problems {
    count: u64,
    examples: Vec<Example>,
    /// The hint for the first of them.
    hint: Cow<'static, str>,
    /// Whether the hint applies to all of them.
    is_of_all: bool,
}

/// Counts of the rows, updated as they are written.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) totals: Totals,
    problems: BTreeMap<Code, Problems>,
    pub(super) unknown_values: UnknownValues,
    regions: HashMap<(Option<Region>, u16), u64>,
    types: [u64; NumberType::ALL.len()],
    /// For each input: its rows, and the number of cells per column that a spreadsheet damaged.
    damage: Vec<(u64, BTreeMap<u32, u64>)>,
}

impl Tally {
    const MAX_EXAMPLES: usize = 5;

    /// Rows whose hints are compared.
    const MAX_HINTS: u64 = 100;

    /// Fewer damaged cells than this say nothing about the column.
    const MIN_DAMAGED: u64 = 3;

    /// Adds the counts of numbers. Their rows are added as counted or as valid rows.
    pub(super) fn count(&mut self, counts: &NumberCounts) {
        for (key, count) in &counts.regions {
            *self.regions.entry(*key).or_default() += count;
        }
        for (all, count) in self.types.iter_mut().zip(counts.types) {
            *all += count;
        }
    }

    /// Adds valid rows whose numbers were counted before.
    pub(super) fn add_valid(&mut self, input: u16, rows: u64) {
        self.totals.add(Outcome::Valid, rows);
        self.damage_of(input).0 += rows;
    }

    fn damage_of(&mut self, input: u16) -> &mut (u64, BTreeMap<u32, u64>) {
        let index = usize::from(input);
        if self.damage.len() <= index {
            self.damage.resize_with(index + 1, Default::default);
        }
        &mut self.damage[index]
    }

    pub(super) fn add(&mut self, input: &InputInfo, row: &ReportedRow<'_>) {
        self.totals.add(row.outcome, 1);
        let (rows, damaged) = self.damage_of(row.row.location.input);
        *rows += 1;
        for problem in row.problems {
            if let (Code::ExcelScientific | Code::ExcelPrecision, Some(column)) =
                (problem.code, problem.column)
            {
                *damaged.entry(column).or_default() += 1;
            }
        }
        if row.outcome.needs_fixing() {
            for problem in row.problems {
                self.unknown_values.add(row, problem);
                self.add_problem(input, row, problem.code, Some(problem));
            }
            if let Some(code) = row.code.filter(|_| row.problems.is_empty()) {
                self.add_problem(input, row, code, None);
            }
        }
        // Rejected numbers are not counted as numbers of the list.
        let is_left = row.outcome != Outcome::Rejected && !row.is_counted;
        if let Some(number) = row.number.filter(|_| is_left) {
            *self.regions.entry((number.region(), number.calling_code())).or_default() += 1;
            self.types[number.kind() as usize] += 1;
        }
    }

    fn add_problem(
        &mut self,
        input: &InputInfo,
        row: &ReportedRow<'_>,
        code: Code,
        problem: Option<&Problem>,
    ) {
        let problems = self.problems.entry(code).or_default();
        problems.count += 1;
        // The first rows represent the others.
        if problems.count <= Self::MAX_HINTS {
            let hint =
                problem.map_or(Cow::Borrowed(code.hint()), |problem| hint::of_problem(problem, row, input));
            problems.is_of_all = problems.count == 1 || problems.is_of_all && problems.hint == hint;
            if problems.count == 1 {
                problems.hint = hint;
            }
        }
        let examples = &mut problems.examples;
        if examples.len() < Self::MAX_EXAMPLES {
            let column = problem.and_then(|problem| input.headers.get(problem.column? as usize)).cloned();
            let value = match (problem, row.number) {
                (Some(problem), _) => problem.value.clone(),
                (None, Some(number)) => format!("+{}", number.e164()),
                (None, None) => String::new(),
            };
            let location = row.row.location;
            examples.push(Example {
                file: input.path.clone(),
                sheet: input.sheet.clone(),
                row: location.row,
                column,
                value,
            });
        }
    }

    /// Returns notes about a whole input, instead of one for each row: columns mostly damaged by a spreadsheet, and
    /// how to export them again.
    pub(super) fn damage_notes(&self, index: u16, input: &InputInfo) -> Vec<String> {
        let Some((rows, damaged)) = self.damage.get(usize::from(index)) else { return Vec::new() };
        let is_most = |count: u64| count >= Self::MIN_DAMAGED && count * 2 > *rows;
        let columns = damaged.iter().filter(|(_, count)| is_most(**count));
        columns
            .map(|(column, count)| {
                let name = input.headers.get(*column as usize).map_or("", String::as_str);
                format!(
                    "a spreadsheet has shortened {count} of {rows} cells of `{name}`: the digits are not in this file any \
                     more. In the program that holds the list, export it again, and do not open the file in a spreadsheet \
                     before importing it; or import it there with that column as text, and save it as XLSX"
                )
            })
            .collect()
    }

    /// Returns the problems, most frequent first.
    pub(super) fn problems(&self) -> Vec<ProblemCount> {
        let counted = self.problems.iter().map(|(code, problems)| ProblemCount {
            code: code.name(),
            count: problems.count,
            title: code.title(),
            hint: if problems.is_of_all { problems.hint.to_string() } else { code.hint().to_owned() },
            examples: problems.examples.clone(),
        });
        sorted(counted.collect(), |problem| problem.count)
    }

    /// Returns the regions, most frequent first.
    pub(super) fn regions(&self) -> Vec<RegionCount> {
        let counted = self.regions.iter().map(|((region, code), count)| RegionCount {
            region: region.map(|region| region.to_string()).unwrap_or_default(),
            country_code: code.to_string(),
            count: *count,
        });
        let mut counted: Vec<RegionCount> = counted.collect();
        counted.sort_by(|a, b| (&a.region, &a.country_code).cmp(&(&b.region, &b.country_code)));
        sorted(counted, |region| region.count)
    }

    /// Returns the number types, most frequent first. Always includes premium-rate numbers, because calling one costs
    /// money.
    pub(super) fn types(&self) -> Vec<TypeCount> {
        let counted = NumberType::ALL.into_iter().map(|kind| (kind, self.types[kind as usize]));
        let shown = counted.filter(|(kind, count)| *count > 0 || *kind == NumberType::PremiumRate);
        let counted = shown.map(|(kind, count)| TypeCount { kind, count });
        sorted(counted.collect(), |kind| kind.count)
    }
}

fn sorted<T>(mut counted: Vec<T>, count: impl Fn(&T) -> u64) -> Vec<T> {
    counted.sort_by_key(|item| std::cmp::Reverse(count(item)));
    counted
}
