//! `rollcall normalize`: passes the rows of a list on with what was read from them, each by itself.

use std::io::{self, Write};

use super::{PipelineError, intake, ledger::by_itself};
use crate::{
    interrupt::Interrupt,
    normalize::NormalizeSettings,
    outcome::{Outcome, Totals, Verdict},
    parse::Input,
    progress::Progress,
    report::NormalizedFormat,
    row::Rows,
};

/// The rows that passed.
#[derive(Clone, Debug)]
pub struct Filtered {
    /// Notes about how the rows were read, for the user.
    pub notes: Vec<String>,
    /// The rows by their outcomes.
    pub totals: Totals,
}

/// Writes the rows of a list to `out` as they come, in order, with what was read from each.
///
/// # Errors
///
/// Returns an error if the list cannot be read to its end, or the rows cannot be written. The rows before are written
/// then.
pub fn filter(
    input: Input,
    settings: &NormalizeSettings,
    out: &mut dyn Write,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Filtered, PipelineError> {
    let format = NormalizedFormat::new(&input.info);
    let header = format.header().map_err(PipelineError::Output)?;
    write(out, &header)?;
    let prepare = move |rows: &Rows, verdicts: &[Verdict]| format.lines(rows, verdicts, by_itself);
    let mut totals = Totals::default();
    let summaries = intake::run(vec![input], settings, progress, interrupt, prepare, &mut |block| {
        for verdict in &block.verdicts {
            totals.add(outcome(verdict), 1);
        }
        match &block.prepared {
            Ok(lines) => write(out, lines),
            Err(error) => Err(PipelineError::Output(io::Error::from(error.kind()))),
        }
    })?;
    let notes = summaries.into_iter().flat_map(|summary| summary.notes).collect();
    Ok(Filtered { notes, totals })
}

/// Returns the outcome of a row by itself.
fn outcome(verdict: &Verdict) -> Outcome {
    match verdict {
        Verdict::Contact(_) => Outcome::Valid,
        Verdict::Suppressed { .. } => Outcome::Suppressed,
        Verdict::Rejected { .. } => Outcome::Rejected,
    }
}

fn write(out: &mut dyn Write, lines: &[u8]) -> Result<(), PipelineError> {
    out.write_all(lines).and_then(|()| out.flush()).map_err(PipelineError::Output)
}
