//! Standard output on a thread of its own: a reader that stalls must not keep a run from being interrupted.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
};

use super::PipelineError;
use crate::interrupt::Interrupt;

/// A writer of lines.
pub(super) struct Output {
    lines: Sender<Arc<Vec<u8>>>,
    written: Receiver<io::Result<()>>,
    /// Pieces that are not yet written.
    waiting: usize,
    interrupt: Interrupt,
}

impl Output {
    /// Pieces that may wait to be written.
    const MAX_WAITING: usize = 4;

    pub(super) fn begin(mut out: Box<dyn Write + Send>, interrupt: &Interrupt) -> Self {
        let (lines, pieces) = channel::<Arc<Vec<u8>>>();
        let (sender, written) = channel();
        // It is not joined: it may wait forever for a reader.
        thread::spawn(move || {
            for piece in pieces {
                // Each piece at once: the next one may take long to come.
                let result = out.write_all(&piece).and_then(|()| out.flush());
                let is_over = result.is_err();
                if sender.send(result).is_err() || is_over {
                    break;
                }
            }
        });
        Self { lines, written, waiting: 0, interrupt: interrupt.clone() }
    }

    /// Writes lines. Waits if earlier ones are not yet written.
    pub(super) fn write(&mut self, lines: Arc<Vec<u8>>) -> Result<(), PipelineError> {
        self.wait_for(Self::MAX_WAITING)?;
        // If the thread has ended, its error comes.
        _ = self.lines.send(lines);
        self.waiting += 1;
        Ok(())
    }

    /// Waits until everything is written, and returns the result of the work that wrote it: if the work failed, what
    /// comes before the fault is good.
    pub(super) fn finish<T>(mut self, result: Result<T, PipelineError>) -> Result<T, PipelineError> {
        if matches!(result, Err(PipelineError::Interrupted(_) | PipelineError::Output(_))) {
            return result;
        }
        let written = self.wait_for(0);
        let result = result?;
        written.map(|()| result)
    }

    /// Waits until no more than `most` pieces wait.
    fn wait_for(&mut self, most: usize) -> Result<(), PipelineError> {
        loop {
            let result = if self.waiting > most {
                self.written.recv_timeout(Interrupt::POLL_INTERVAL)
            } else {
                self.written.try_recv().map_err(|_| RecvTimeoutError::Timeout)
            };
            match result {
                Ok(result) => {
                    result.map_err(PipelineError::Output)?;
                    self.waiting -= 1;
                }
                Err(_) if self.waiting <= most => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(signal) = self.interrupt.signal() {
                        return Err(PipelineError::Interrupted(signal));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(PipelineError::Output(io::ErrorKind::BrokenPipe.into()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, atomic::Ordering};

    use super::*;

    /// A reader that takes nothing until the other end of its channel is dropped.
    struct Stalled(Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            _ = self.0.recv();
            self.1.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn row() -> Arc<Vec<u8>> {
        Arc::new(b"row\n".to_vec())
    }

    #[test]
    fn stalled_reader_does_not_outlast_a_signal() {
        let (reader, stalled) = channel();
        let interrupt = Interrupt::default();
        let mut out = Output::begin(Box::new(Stalled(stalled, Arc::default())), &interrupt);
        (0..=Output::MAX_WAITING).for_each(|_| out.write(row()).unwrap());
        interrupt.slot().store(15, Ordering::Relaxed);
        assert!(matches!(out.write(row()), Err(PipelineError::Interrupted(15))));
        drop(reader);
    }

    #[test]
    fn rows_above_a_fault_are_written() {
        let (reader, slow) = channel();
        let written = Arc::default();
        let interrupt = Interrupt::default();
        let mut out = Output::begin(Box::new(Stalled(slow, Arc::clone(&written))), &interrupt);
        (0..3).for_each(|_| out.write(row()).unwrap());
        drop(reader);
        let fault = Err::<(), _>(PipelineError::Spool(io::ErrorKind::Other.into()));
        assert!(matches!(out.finish(fault), Err(PipelineError::Spool(_))));
        assert_eq!(*written.lock().unwrap(), b"row\nrow\nrow\n");
    }
}
