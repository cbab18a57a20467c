//! Reading and normalizing: one thread reads, all cores normalize, and the results come out in input order.
//!
//! What is in flight is bounded: the reader waits when it is a few blocks ahead.

use std::{
    ops::ControlFlow,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
};

use super::PipelineError;
use crate::{
    interrupt::Interrupt,
    normalize::{NormalizeSettings, Normalizer},
    outcome::Verdict,
    parse::{Input, ParseError, ReadSummary},
    progress::Progress,
    row::{Row, Rows},
};

/// Blocks that may be read and not yet used, for each thread that normalizes.
const BLOCKS_AHEAD: usize = 3;

/// A block with what normalization says of each of its rows, and what was prepared for them.
struct JudgedRows<P> {
    rows: Rows,
    verdicts: Vec<Verdict>,
    prepared: P,
}

/// One row of a block.
pub(super) struct Judged<'b, P> {
    pub(super) row: Row<'b>,
    pub(super) verdict: &'b Verdict,
    /// What was prepared for the whole block, and where in it the row is.
    pub(super) prepared: &'b P,
    pub(super) index: usize,
    /// About how many rows there will be at the end of the input; 0 where that cannot be told.
    pub(super) expected_rows: u64,
}

/// Prepares something for a block on the thread that has normalized it.
pub(super) trait Prepare<P>: Fn(&Rows, &[Verdict]) -> P + Clone + Send + Sync + 'static {}

impl<P, F: Fn(&Rows, &[Verdict]) -> P + Clone + Send + Sync + 'static> Prepare<P> for F {}

/// Reads all inputs and gives every row and its verdict to `each`, in order.
pub(super) fn run<P: Send + 'static>(
    inputs: Vec<Input>,
    settings: &NormalizeSettings,
    progress: &dyn Progress,
    interrupt: &Interrupt,
    prepare: impl Prepare<P>,
    each: &mut dyn FnMut(Judged<'_, P>) -> Result<(), PipelineError>,
) -> Result<Vec<ReadSummary>, PipelineError> {
    let mut rows = 0;
    let mut summaries = Vec::with_capacity(inputs.len());
    for (index, input) in (0..).zip(inputs) {
        let (path, bytes) = (input.info.path.clone(), input.info.bytes);
        let (queue, judged) = sync_channel(BLOCKS_AHEAD * rayon::current_num_threads());
        let (settings, prepare) = (settings.clone(), prepare.clone());
        let reader = thread::spawn(move || read(input, index, &settings, &prepare, &queue));
        // Where this fails, nobody waits for the reader: it may itself wait for an input that never comes.
        while let Some(JudgedRows { rows: block, verdicts, prepared }) = next(&judged, interrupt)? {
            // Once, at the beginning: later it is known well enough.
            let expected_rows = if rows == 0 { expected(&block, bytes) } else { 0 };
            for (index, (row, verdict)) in block.iter().zip(&verdicts).enumerate() {
                each(Judged { row, verdict, prepared: &prepared, index, expected_rows })?;
            }
            rows += block.len() as u64;
            progress.reading(&path, rows, block.bytes_read, Some(bytes));
        }
        // After a panic the reader may still wait to hand on a block.
        drop(judged);
        let summary = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        summaries.push(summary);
    }
    progress.read(rows);
    Ok(summaries)
}

/// How many rows an input of so many bytes has, if all are like those of its first block; a little more, since rows differ. What is
/// packed has more.
fn expected(block: &Rows, bytes: u64) -> u64 {
    if block.bytes_read == 0 {
        return 0;
    }
    let share = (block.len() as u64).saturating_mul(bytes).checked_div(block.delimited_len() as u64);
    share.unwrap_or_default().saturating_mul(17) / 16
}

/// Reads the input; each block is normalized by whichever thread is free, and waited for in order.
fn read<P: Send>(
    mut input: Input,
    index: u16,
    settings: &NormalizeSettings,
    prepare: &impl Prepare<P>,
    queue: &SyncSender<Receiver<JudgedRows<P>>>,
) -> Result<ReadSummary, ParseError> {
    let columns = input.info.columns.clone();
    let normalizer = Normalizer::new(settings, &columns);
    rayon::in_place_scope(|scope| {
        input.read(index, &mut |rows| {
            let (sender, receiver) = sync_channel(1);
            if queue.send(receiver).is_err() {
                return ControlFlow::Break(());
            }
            scope.spawn(move |_| {
                let verdicts: Vec<Verdict> = rows.iter().map(|row| normalizer.read(row)).collect();
                let prepared = prepare(&rows, &verdicts);
                // Nobody waits for it where the run has ended.
                _ = sender.send(JudgedRows { rows, verdicts, prepared });
            });
            ControlFlow::Continue(())
        })
    })
}

/// The next block, or nothing after the last. A block that never comes is a panic of the thread that had it, which the
/// reader meets too.
fn next<P>(
    judged: &Receiver<Receiver<JudgedRows<P>>>,
    interrupt: &Interrupt,
) -> Result<Option<JudgedRows<P>>, PipelineError> {
    loop {
        if let Some(signal) = interrupt.signal() {
            return Err(PipelineError::Interrupted(signal));
        }
        match judged.recv_timeout(Interrupt::GLANCE) {
            Ok(block) => return Ok(block.recv().ok()),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
