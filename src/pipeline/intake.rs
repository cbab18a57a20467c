//! Reading and normalizing: one thread reads, all cores normalize, and the results come out in input order.
//!
//! What is in flight is bounded: the reader waits when it is a few blocks ahead.

use std::{
    ops::ControlFlow,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use super::PipelineError;
use crate::{
    interrupt::Interrupt,
    normalize::{NormalizeSettings, Normalizer},
    outcome::Verdict,
    parse::{Input, ReadSummary},
    progress::Progress,
    row::{Row, Rows},
};

/// Blocks that may be read and not yet used, for each thread that normalizes.
const BLOCKS_AHEAD: usize = 3;

/// A block with what normalization says of each of its rows.
struct Judged {
    rows: Rows,
    verdicts: Vec<Verdict>,
}

/// Reads all inputs and gives every row and its verdict to `each`, in order.
pub(super) fn run(
    inputs: &mut [Input],
    settings: &NormalizeSettings,
    progress: &dyn Progress,
    interrupt: &Interrupt,
    each: &mut dyn FnMut(Row<'_>, Verdict) -> Result<(), PipelineError>,
) -> Result<Vec<ReadSummary>, PipelineError> {
    let mut rows = 0;
    let mut summaries = Vec::with_capacity(inputs.len());
    for (index, input) in (0..).zip(inputs) {
        let info = input.info.clone();
        let normalizer = Normalizer::new(settings, &info.columns);
        let (queue, judged) = sync_channel::<Receiver<Judged>>(BLOCKS_AHEAD * rayon::current_num_threads());
        let summary = thread::scope(|threads| {
            let reader = threads.spawn(move || read(input, index, normalizer, &queue));
            let used = use_all(judged, each, &mut |block| {
                rows += block.len() as u64;
                progress.reading(&info.path, rows, block.bytes_read, info.bytes);
                interrupt.signal().map_or(Ok(()), |signal| Err(PipelineError::Interrupted(signal)))
            });
            let read = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            used.and(read)
        })?;
        summaries.push(summary);
    }
    progress.read(rows);
    Ok(summaries)
}

/// Reads the input; each block is normalized by whichever thread is free, and waited for in order.
fn read(
    input: &mut Input,
    index: u16,
    normalizer: Normalizer<'_>,
    queue: &std::sync::mpsc::SyncSender<Receiver<Judged>>,
) -> Result<ReadSummary, PipelineError> {
    rayon::in_place_scope(|scope| {
        let read = input.read(index, &mut |rows| {
            let (sender, receiver) = sync_channel(1);
            if queue.send(receiver).is_err() {
                return ControlFlow::Break(());
            }
            scope.spawn(move |_| {
                let verdicts = rows.iter().map(|row| normalizer.read(row)).collect();
                // Nobody waits for it where the run has ended.
                _ = sender.send(Judged { rows, verdicts });
            });
            ControlFlow::Continue(())
        });
        Ok(read?)
    })
}

fn use_all(
    judged: Receiver<Receiver<Judged>>,
    each: &mut dyn FnMut(Row<'_>, Verdict) -> Result<(), PipelineError>,
    after_block: &mut dyn FnMut(&Rows) -> Result<(), PipelineError>,
) -> Result<(), PipelineError> {
    for block in judged {
        // A block that never comes is a panic of the thread that had it, which ends the reader too.
        let Ok(Judged { rows, verdicts }) = block.recv() else { break };
        for (row, verdict) in rows.iter().zip(verdicts) {
            each(row, verdict)?;
        }
        after_block(&rows)?;
    }
    Ok(())
}
