//! The rows of a run between reading and reporting: their numbers are claimed, and they wait on disk.

use super::{
    PipelineError, RunSettings,
    forbidden::Forbidden,
    intake::{self, JudgedRows},
    ledger::{self, Ledger, RowEnding},
    spool::{EncodedBlock, Spool, SpoolWriter, SpooledBlock},
};
use crate::{
    contact::Contact,
    dedupe::{Claimant, ClaimedNumbers, Collision},
    interrupt::Interrupt,
    outcome::Verdict,
    parse::{Input, InputInfo, ReadSummary},
    progress::Progress,
    report::{OutputFolder, RunWriter},
    row::{Location, Origin, Rows},
};

/// Reads all rows to disk, and their numbers into `numbers`.
pub(super) fn spool_all(
    inputs: Vec<Input>,
    infos: &[InputInfo],
    settings: &RunSettings,
    folder: &OutputFolder,
    numbers: &mut ClaimedNumbers,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<(Spool, Vec<ReadSummary>, Forbidden), PipelineError> {
    let mut spool = SpoolWriter::begin(folder.path()).map_err(PipelineError::Spool)?;
    let prepare = |rows: &Rows, verdicts: &[Verdict], _: &Forbidden| EncodedBlock::new(rows, verdicts);
    let mut forbidden = Forbidden::default();
    let summaries = intake::run(inputs, &settings.normalize, progress, interrupt, prepare, &mut |block| {
        claim_all(block, infos, numbers, |_| ());
        forbidden.extend(&block.forbidden);
        spool.push(&block.prepared).map_err(PipelineError::Spool)
    })?;
    Ok((spool.finish(), summaries, forbidden))
}

/// Returns the rows of this run that a fixed row may have been when it was rejected.
fn originals(origin: &Origin, inputs: &[InputInfo]) -> Vec<Location> {
    fn name(path: &str) -> &str {
        path.rsplit(['/', '\\']).next().unwrap_or_default()
    }
    let rows_of = |is_its_file: &dyn Fn(&str) -> bool| -> Vec<Location> {
        let files = (0..).zip(inputs).filter(|(_, input)| is_its_file(&input.path));
        files.map(|(input, _)| Location { input, row: origin.row }).collect()
    };
    let found = rows_of(&|path| path == origin.file);
    // The same file, named from another folder.
    if found.is_empty() { rows_of(&|path| name(path) == name(&origin.file)) } else { found }
}

/// Claims the numbers of a block's rows; a row without a number never collides.
pub(super) fn claim_all<P>(
    block: &JudgedRows<P>,
    inputs: &[InputInfo],
    numbers: &mut ClaimedNumbers,
    mut each: impl FnMut(Option<Collision>),
) {
    /// Numbers that are fetched from memory at a time.
    const AHEAD: usize = 32;

    block.expected_rows.into_iter().for_each(|rows| numbers.expect(rows));
    for start in (0..block.verdicts.len()).step_by(AHEAD) {
        let part = start..(start + AHEAD).min(block.verdicts.len());
        numbers.fetch(block.verdicts[part.clone()].iter().filter_map(|verdict| match verdict {
            Verdict::Contact(contact) => Some(contact.number().e164()),
            Verdict::Suppressed { .. } | Verdict::Rejected { .. } => None,
        }));
        for index in part {
            let Verdict::Contact(contact) = &block.verdicts[index] else {
                each(None);
                continue;
            };
            let location = block.rows.location(index);
            let claimant = Claimant { location, name: contact.name_key() };
            let number = contact.number().e164();
            each(match block.rows.origin_of(location.row) {
                None => numbers.claim(number, claimant),
                Some(origin) => numbers.claim_instead(number, claimant, &originals(origin, inputs)),
            });
        }
    }
    if let Some(last) = block.rows.len().checked_sub(1) {
        numbers.pass(block.rows.location(last));
    }
}

/// Writes every row with its outcome, in input order.
pub(super) fn write_all(
    writer: &mut RunWriter,
    spool: &mut Spool,
    ledger: &Ledger<'_>,
) -> Result<(), PipelineError> {
    let with_endings = |block: SpooledBlock| {
        let endings = block.rows.iter().zip(&block.verdicts).map(|(row, verdict)| match verdict {
            Verdict::Contact(contact) => Some(ledger.ending(row.location, contact)),
            Verdict::Suppressed { .. } | Verdict::Rejected { .. } => None,
        });
        let endings: Vec<Option<RowEnding>> = endings.collect();
        (block, endings)
    };
    spool.in_parallel(with_endings, |(block, endings)| {
        for ((row, verdict), ending) in block.rows.iter().zip(&block.verdicts).zip(endings) {
            let ending = |contact: &Contact| ending.unwrap_or_else(|| ledger.ending(row.location, contact));
            ledger::write_with(writer, row, verdict, false, ledger.suppression_set, ending)?;
        }
        Ok(())
    })
}
