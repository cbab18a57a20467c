//! Reads and normalizes: one thread reads, all cores normalize, and the results come in input order.
//!
//! The number of blocks in flight is limited: the reader waits when it is a few blocks ahead. A short file is read on the
//! calling thread: starting others takes longer.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
};

use super::{
    PipelineError,
    forbidden::{Forbidden, Unfound},
};
use crate::{
    interrupt::Interrupt,
    normalize::{Fallbacks, NormalizeSettings, Normalizer, Repairs, phone::Habit},
    outcome::Verdict,
    parse::{Compression, Format, Input, InputInfo, ParseError, ReadSummary},
    progress::Progress,
    row::{Columns, Rows},
};

/// The size up to which a CSV file is read on the calling thread.
const SHORT_BYTES: u64 = 64 * 1024;

/// Maximum blocks read but not yet used, per normalizing thread.
const BLOCKS_AHEAD: usize = 3;

/// Rows to read before extrapolating the total. Rows read ahead are few in comparison.
const ROWS_TO_JUDGE_BY: u64 = 32_768;

/// A block with the normalization results of its rows, and what was prepared for them.
pub(super) struct JudgedRows<P> {
    pub(super) rows: Rows,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) prepared: P,
    /// The numbers that rows of the block forbid to call.
    pub(super) forbidden: Forbidden,
    /// The estimated rows of the input. Set once per long input.
    pub(super) expected_rows: Option<u64>,
}

/// Prepares something for a block on the thread that normalized it.
pub(super) trait Prepare<P>:
    Fn(&Rows, &[Verdict], &Forbidden) -> P + Clone + Send + Sync + 'static
{
}

impl<P, F: Fn(&Rows, &[Verdict], &Forbidden) -> P + Clone + Send + Sync + 'static> Prepare<P> for F {}

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
        if let Some(signal) = interrupt.signal() {
            return Err(PipelineError::Interrupted(signal));
        }
        let (path, bytes) = (input.info.path.clone(), input.info.bytes);
        let is_plain_text = input.info.format == Format::Csv && input.info.compression == Compression::Plain;
        let is_stream = input.is_stream();
        let of_bytes = Some(bytes).filter(|_| !is_stream);
        if bytes <= SHORT_BYTES && is_plain_text && !is_stream {
            let mut blocks = Vec::new();
            summaries.push(read_here(input, index, settings, &prepare, &mut blocks)?);
            for block in blocks {
                each(&block)?;
                rows += block.rows.len() as u64;
                progress.reading(&path, rows, block.rows.bytes_read, Some(bytes));
            }
            continue;
        }
        let judge = Arc::new(Judge::new(&input, settings, prepare.clone()));
        let work = {
            let judge = Arc::clone(&judge);
            move |rows| judge.judge(rows)
        };
        let (mut own_rows, mut is_expected) = (0, false);
        let summary = in_parallel(input, index, interrupt, work, |mut block| {
            own_rows += block.rows.len() as u64;
            if !is_stream && !is_expected && own_rows >= ROWS_TO_JUDGE_BY {
                is_expected = true;
                block.expected_rows = expected(own_rows, block.rows.bytes_read, bytes);
            }
            each(&block)?;
            rows += block.rows.len() as u64;
            progress.reading(&path, rows, block.rows.bytes_read, of_bytes);
            Ok(())
        })?;
        summaries.push(judge.noted(summary));
    }
    progress.read(rows);
    Ok(summaries)
}

/// Reads an input on a thread of its own; all cores `work` on its blocks, and the results come in input order.
pub(super) fn in_parallel<T: Send + 'static>(
    input: Input,
    index: u16,
    interrupt: &Interrupt,
    work: impl Fn(Rows) -> T + Send + Sync + 'static,
    mut each: impl FnMut(T) -> Result<(), PipelineError>,
) -> Result<ReadSummary, PipelineError> {
    let (queue, done) = sync_channel(BLOCKS_AHEAD * rayon::current_num_threads());
    let reader = thread::spawn(move || read(input, index, &work, &queue));
    // If this fails, the reader is not joined: it may block on an input that never comes.
    while let Some(block) = next(&done, interrupt)? {
        each(block)?;
    }
    // After a panic, the reader may still wait to send a block.
    drop(done);
    Ok(reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?)
}

/// Estimates the rows of an input from its bytes, with a small surplus, because rows differ. `None` if it is not read
/// from start to end.
fn expected(rows: u64, bytes_read: u64, bytes: u64) -> Option<u64> {
    rows.saturating_mul(bytes).checked_div(bytes_read).map(|rows| rows.saturating_mul(17) / 16)
}

/// What normalizing a block needs.
struct Judge<F> {
    settings: NormalizeSettings,
    columns: Columns,
    habits: Vec<(usize, Habit)>,
    headers: Vec<String>,
    repairs: Repairs,
    fallbacks: Fallbacks,
    unfound: Unfound,
    prepare: F,
}

impl<F> Judge<F> {
    fn new(input: &Input, settings: &NormalizeSettings, prepare: F) -> Self {
        let InputInfo { columns, habits, headers, .. } = &input.info;
        let (columns, habits, headers) = (columns.clone(), habits.clone(), headers.clone());
        Self {
            settings: settings.clone(),
            columns,
            habits,
            headers,
            repairs: Repairs::default(),
            fallbacks: Fallbacks::default(),
            unfound: Unfound::default(),
            prepare,
        }
    }

    fn judge<P>(&self, rows: Rows) -> JudgedRows<P>
    where
        F: Fn(&Rows, &[Verdict], &Forbidden) -> P,
    {
        let normalizer = Normalizer::new(&self.settings, &self.columns)
            .with_habits(&self.habits)
            .counting(&self.repairs)
            .counting_fallbacks(&self.fallbacks);
        let verdicts = normalizer.read_all(&rows);
        let mut forbidden = Forbidden::default();
        if self.columns.may_forbid_numbers() {
            for row in rows.iter_text() {
                forbidden.add(row.location, normalizer.forbidden_numbers(row), &self.unfound);
            }
        }
        let prepared = (self.prepare)(&rows, &verdicts, &forbidden);
        JudgedRows { rows, verdicts, prepared, forbidden, expected_rows: None }
    }

    /// Returns the summary with notes about all blocks.
    fn noted(&self, mut summary: ReadSummary) -> ReadSummary {
        summary.notes.extend(self.repairs.notes());
        summary.notes.extend(self.fallbacks.note(&self.headers));
        summary.notes.extend(self.unfound.note());
        summary
    }
}

/// Reads a short input on the calling thread.
fn read_here<P>(
    mut input: Input,
    index: u16,
    settings: &NormalizeSettings,
    prepare: &impl Fn(&Rows, &[Verdict], &Forbidden) -> P,
    blocks: &mut Vec<JudgedRows<P>>,
) -> Result<ReadSummary, ParseError> {
    let judge = Judge::new(&input, settings, prepare);
    let summary = input.read(index, &mut |rows| {
        blocks.push(judge.judge(rows));
        ControlFlow::Continue(())
    })?;
    Ok(judge.noted(summary))
}

/// Reads the input. Any free thread works on a block, and blocks are delivered in order.
fn read<T: Send>(
    mut input: Input,
    index: u16,
    work: &(impl Fn(Rows) -> T + Sync),
    queue: &SyncSender<Receiver<T>>,
) -> Result<ReadSummary, ParseError> {
    rayon::in_place_scope(|scope| {
        input.read(index, &mut |rows| {
            let (sender, receiver) = sync_channel(1);
            if queue.send(receiver).is_err() {
                return ControlFlow::Break(());
            }
            scope.spawn(move |_| {
                // The receiver is gone if the run has ended.
                _ = sender.send(work(rows));
            });
            ControlFlow::Continue(())
        })
    })
}

/// Returns the next block, or `None` after the last. A missing block means that its thread panicked, which the reader
/// meets too.
fn next<T>(done: &Receiver<Receiver<T>>, interrupt: &Interrupt) -> Result<Option<T>, PipelineError> {
    loop {
        if let Some(signal) = interrupt.signal() {
            return Err(PipelineError::Interrupted(signal));
        }
        match done.recv_timeout(Interrupt::POLL_INTERVAL) {
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
