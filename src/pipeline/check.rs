//! `rollcall check`: reads, normalizes, deduplicates and reports.

use super::{
    Finished, PipelineError, RunSettings,
    clock::Clock,
    forbidden::Forbidden,
    intake,
    ledger::{self, Ledger},
    rows::{claim_all, spool_all, write_all},
    twins::Refusals,
};
use crate::{
    dedupe::{ClaimedNumbers, Keep},
    existing::ExistingContacts,
    interrupt::Interrupt,
    outcome::{Outcome, Verdict},
    parse::{Input, InputInfo},
    post::PostResults,
    progress::Progress,
    report::{OutputFolder, RunWriter, ValidRows},
    row::Rows,
    suppress::{SuppressSettings, Suppressions},
};

/// Reads, normalizes, deduplicates and reports.
///
/// # Errors
///
/// Returns an error if an input cannot be read to its end, or if the files of the run cannot be written; no file is
/// left behind then.
pub fn check(
    inputs: Vec<Input>,
    settings: &RunSettings,
    exclude: &SuppressSettings,
    folder: OutputFolder,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Finished, PipelineError> {
    let clock = Clock::start();
    let Suppressions { set: mut suppression_set, reports: excluded, .. } =
        Suppressions::of_files(exclude, progress, interrupt)?;
    let infos: Vec<InputInfo> = inputs.iter().map(|input| input.info.clone()).collect();
    let mut numbers = ClaimedNumbers::new(settings.keep);
    let (mut writer, summaries);
    // A later row may forbid calls to the number of an earlier one.
    // And a fixed row replaces the row that it was.
    let is_final = !infos.iter().any(|info| info.columns.may_forbid_numbers() || info.has_rows_to_fix);
    if settings.keep == Keep::First && is_final {
        writer =
            RunWriter::begin(folder, infos.clone(), &settings.run)?.with_export(settings.export.as_ref())?;
        let format = writer.line_format();
        let prepare = move |rows: &Rows, verdicts: &[Verdict], _: &Forbidden| format.prepare(rows, verdicts);
        let mut collisions = Vec::new();
        summaries = intake::run(inputs, &settings.normalize, progress, interrupt, prepare, &mut |block| {
            // In a long list, nearly every number misses the cache. Looking up many in one loop lets several misses
            // overlap.
            claim_all(block, &infos, &mut numbers, |collision| collisions.push(collision));
            writer.count(&block.prepared);
            let valid = |range| ValidRows::new(&block.rows, &block.verdicts, &block.prepared, range);
            let is_nobody_suppressed = suppression_set.is_empty();
            let mut start = 0;
            for ((index, verdict), collision) in block.verdicts.iter().enumerate().zip(collisions.drain(..)) {
                if is_nobody_suppressed && collision.is_none() && matches!(verdict, Verdict::Contact(_)) {
                    continue;
                }
                writer.write_valid(&valid(start..index))?;
                start = index + 1;
                let row = block.rows.row(index);
                ledger::write_with(&mut writer, row, verdict, true, &suppression_set, |contact| {
                    match (ledger::suppressed(&suppression_set, contact.number().e164()), collision) {
                        (Some(suppressed), _) => suppressed,
                        (None, Some(collision)) => ledger::duplicate(collision, row.location, &infos),
                        (None, None) => ledger::valid(),
                    }
                })?;
            }
            writer.write_valid(&valid(start..block.verdicts.len()))?;
            Ok(())
        })?;
    } else {
        // The last row of a number is known only after all rows are read.
        let mut spool;
        let forbidden;
        (spool, summaries, forbidden) =
            spool_all(inputs, &infos, settings, &folder, &mut numbers, progress, interrupt)?;
        forbidden.add_to(&mut suppression_set, &infos);
        writer =
            RunWriter::begin(folder, infos.clone(), &settings.run)?.with_export(settings.export.as_ref())?;
        let ledger = Ledger {
            inputs: &infos,
            numbers: &numbers,
            suppression_set: &suppression_set,
            existing: &ExistingContacts::default(),
            read_at: None,
            results: &PostResults::default(),
            refusals: &Refusals::default(),
            otherwise: Outcome::Valid,
        };
        write_all(&mut writer, &mut spool, &ledger)?;
    }
    let mut report = clock.report("check", settings, &infos, &summaries);
    report.complete = true;
    report.excluded = excluded;
    report.timing_ms.read = clock.elapsed_ms();
    report.timing_ms.total = report.timing_ms.read;
    Ok(Finished { report: writer.finish(report)?, stopped: None })
}
