//! Reads and normalizes: one thread reads, all cores normalize, and the results come in input order.
//!
//! The number of blocks in flight is limited: the reader waits when it is a few blocks ahead.

use std::{
    ops::ControlFlow,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
};

use super::PipelineError;
use crate::{
    interrupt::Interrupt,
    normalize::{Fallbacks, NormalizeSettings, Normalizer, Repairs},
    outcome::Verdict,
    parse::{Input, ParseError, ReadSummary},
    progress::Progress,
    row::Rows,
};

/// Maximum blocks read but not yet used, per normalizing thread.
const BLOCKS_AHEAD: usize = 3;

/// Rows to read before extrapolating the total. Rows read ahead are few in comparison.
const ROWS_TO_JUDGE_BY: u64 = 32_768;

/// A block with the normalization results of its rows, and what was prepared for them.
pub(super) struct JudgedRows<P> {
    pub(super) rows: Rows,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) prepared: P,
    /// The estimated rows of the input. Set once per long input.
    pub(super) expected_rows: Option<u64>,
}

/// Prepares something for a block on the thread that normalized it.
pub(super) trait Prepare<P>: Fn(&Rows, &[Verdict]) -> P + Clone + Send + Sync + 'static {}

impl<P, F: Fn(&Rows, &[Verdict]) -> P + Clone + Send + Sync + 'static> Prepare<P> for F {}

/// Reads all inputs and passes every block of rows and their verdicts to `each`, in order.
pub(super) fn run<P: Send + 'static>(
    inputs: Vec<Input>,
    settings: &NormalizeSettings,
    progress: &dyn Progress,
    interrupt: &Interrupt,
    prepare: impl Prepare<P>,
    each: &mut dyn FnMut(&JudgedRows<P>) -> Result<(), PipelineError>,
) -> Result<Vec<ReadSummary>, PipelineError> {
    let mut rows = 0;
    let mut summaries = Vec::with_capacity(inputs.len());
    for (index, input) in (0..).zip(inputs) {
        let (path, bytes) = (input.info.path.clone(), input.info.bytes);
        let (queue, judged) = sync_channel(BLOCKS_AHEAD * rayon::current_num_threads());
        let (settings, prepare) = (settings.clone(), prepare.clone());
        let reader = thread::spawn(move || read(input, index, &settings, &prepare, &queue));
        let (mut own_rows, mut is_expected) = (0, false);
        // If this fails, the reader is not joined: it may block on an input that never comes.
        while let Some(mut block) = next(&judged, interrupt)? {
            own_rows += block.rows.len() as u64;
            if !is_expected && own_rows >= ROWS_TO_JUDGE_BY {
                is_expected = true;
                block.expected_rows = expected(own_rows, block.rows.bytes_read, bytes);
            }
            each(&block)?;
            rows += block.rows.len() as u64;
            progress.reading(&path, rows, block.rows.bytes_read, Some(bytes));
        }
        // After a panic, the reader may still wait to send a block.
        drop(judged);
        let summary = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        summaries.push(summary);
    }
    progress.read(rows);
    Ok(summaries)
}

/// Estimates the rows of an input from its bytes, with a small surplus, because rows differ. `None` if it is not read
/// from start to end.
fn expected(rows: u64, bytes_read: u64, bytes: u64) -> Option<u64> {
    rows.saturating_mul(bytes).checked_div(bytes_read).map(|rows| rows.saturating_mul(17) / 16)
}

/// Reads the input. Any free thread normalizes a block, and blocks are delivered in order.
fn read<P: Send>(
    mut input: Input,
    index: u16,
    settings: &NormalizeSettings,
    prepare: &impl Prepare<P>,
    queue: &SyncSender<Receiver<JudgedRows<P>>>,
) -> Result<ReadSummary, ParseError> {
    let columns = input.info.columns.clone();
    let habits = input.info.habits.clone();
    let (repairs, fallbacks) = (Repairs::default(), Fallbacks::default());
    let normalizer = Normalizer::new(settings, &columns)
        .with_habits(&habits)
        .counting(&repairs)
        .counting_fallbacks(&fallbacks);
    let headers = input.info.headers.clone();
    let mut summary = rayon::in_place_scope(|scope| {
        input.read(index, &mut |rows| {
            let (sender, receiver) = sync_channel(1);
            if queue.send(receiver).is_err() {
                return ControlFlow::Break(());
            }
            scope.spawn(move |_| {
                let verdicts = normalizer.read_all(&rows);
                let prepared = prepare(&rows, &verdicts);
                // The receiver is gone if the run has ended.
                _ = sender.send(JudgedRows { rows, verdicts, prepared, expected_rows: None });
            });
            ControlFlow::Continue(())
        })
    })?;
    summary.notes.extend(repairs.notes());
    summary.notes.extend(fallbacks.note(&headers));
    Ok(summary)
}

/// Returns the next block, or `None` after the last. A missing block means that its thread panicked, which the reader
/// meets too.
fn next<P>(
    judged: &Receiver<Receiver<JudgedRows<P>>>,
    interrupt: &Interrupt,
) -> Result<Option<JudgedRows<P>>, PipelineError> {
    loop {
        if let Some(signal) = interrupt.signal() {
            return Err(PipelineError::Interrupted(signal));
        }
        match judged.recv_timeout(Interrupt::POLL_INTERVAL) {
            Ok(block) => return Ok(block.recv().ok()),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_is_extrapolated_from_the_rows_read() {
        assert_eq!(expected(40_000, 4_000_000, 400_000_000), Some(4_250_000));
        assert_eq!(expected(40_000, 0, 400_000_000), None, "a workbook");
        assert_eq!(expected(u64::MAX, 1, u64::MAX), Some(u64::MAX / 16));
    }
}
