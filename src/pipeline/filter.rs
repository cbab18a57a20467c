//! `rollcall normalize`: passes the rows of a list on with what was read from them, each by itself.

use std::{
    io::{self, Write},
    sync::Arc,
};

use super::{
    PipelineError,
    forbidden::Forbidden,
    intake,
    ledger::{RowEnding, by_itself, suppressed},
    output::Output,
};
use crate::{
    contact::Contact,
    interrupt::Interrupt,
    normalize::NormalizeSettings,
    outcome::{Outcome, Totals, Verdict},
    parse::Input,
    progress::Progress,
    report::{NormalizedFormat, ReportedRow},
    row::{Row, Rows},
    suppress::{SuppressSettings, SuppressionSet, Suppressions},
};

/// The settings of a filter.
#[derive(Clone, Debug)]
pub struct FilterSettings {
    /// The settings for reading rows.
    pub normalize: NormalizeSettings,
    /// The files of numbers that must not be called.
    pub suppress: SuppressSettings,
    /// Whether to add what another program needs to deduplicate.
    pub has_keys: bool,
    /// Whether to omit the columns of the list.
    pub is_bare: bool,
}

/// The rows that passed.
#[derive(Clone, Debug)]
pub struct Filtered {
    /// Notes about how the rows were read, for the user.
    pub notes: Vec<String>,
    /// The rows by their outcomes.
    pub totals: Totals,
}

/// The lines of a block, and its rows by outcome.
struct Passed {
    lines: Arc<Vec<u8>>,
    totals: Totals,
}

/// Writes the rows of a list to `out` as they come, in order, with what was read from each.
///
/// # Errors
///
/// Returns an error if the list cannot be read to its end, or the rows cannot be written. The rows before are written
/// then.
pub fn filter(
    input: Input,
    settings: &FilterSettings,
    out: Box<dyn Write + Send>,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Filtered, PipelineError> {
    let suppressions = Suppressions::of_files(&settings.suppress, progress, interrupt)?;
    // Nobody sees a note in a pipe.
    suppressions.take_from(&mut 0)?;
    let set = Arc::new(suppressions.set);
    let format = NormalizedFormat::new(&input.info, settings.has_keys, settings.is_bare);
    let header = format.lines().header().map_err(PipelineError::Output)?;
    let mut out = Output::begin(out, interrupt);
    out.write(Arc::new(header))?;
    let prepare = move |rows: &Rows, verdicts: &[Verdict], forbidden: &Forbidden| {
        lines(&format, rows, verdicts, forbidden, &set)
    };
    let mut totals = Totals::default();
    let mut each = |block: &intake::JudgedRows<io::Result<Passed>>| match &block.prepared {
        Ok(Passed { lines, totals: of_block }) => {
            for outcome in Outcome::ALL {
                totals.add(outcome, of_block.of(outcome));
            }
            out.write(Arc::clone(lines))
        }
        Err(error) => Err(PipelineError::Output(error.kind().into())),
    };
    let summaries = intake::run(vec![input], &settings.normalize, progress, interrupt, prepare, &mut each);
    let summaries = out.finish(summaries)?;
    let notes = summaries.into_iter().flat_map(|summary| summary.notes).collect();
    Ok(Filtered { notes, totals })
}

/// Returns the lines of a block, and its rows by outcome.
fn lines(
    format: &NormalizedFormat,
    rows: &Rows,
    verdicts: &[Verdict],
    forbidden: &Forbidden,
    set: &SuppressionSet,
) -> io::Result<Passed> {
    let mut lines = format.lines().lines(rows.len(), rows.text_len());
    let mut totals = Totals::default();
    for (row, verdict) in rows.iter_text().zip(verdicts) {
        let mut detail = String::new();
        let reported = alone(row, verdict, set, &mut detail);
        totals.add(reported.outcome, 1);
        let numbers = || forbidden.of(row.location).collect::<Vec<_>>().join(" ");
        format.push(&mut lines, &reported, numbers)?;
    }
    Ok(Passed { lines: Arc::new(lines.finish()?), totals })
}

/// Returns what a row is by itself, unless a file suppresses its number. `detail` gets the text of the row.
fn alone<'r>(
    row: Row<'r>,
    verdict: &'r Verdict,
    set: &SuppressionSet,
    detail: &'r mut String,
) -> ReportedRow<'r> {
    let number = match verdict {
        Verdict::Contact(contact) => Some(Contact::number(contact)),
        Verdict::Rejected { number, .. } => number.as_ref(),
        Verdict::Suppressed { .. } => None,
    };
    match number.and_then(|number| suppressed(set, number.e164())) {
        Some(RowEnding { outcome, code, detail: reason }) => {
            *detail = reason;
            ReportedRow { code, number, detail, ..ReportedRow::new(row, outcome) }
        }
        None => by_itself(row, verdict, detail),
    }
}
