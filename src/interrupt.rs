//! A request from outside to end, noticed at the next moment at which nothing is half done.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// Shared by whoever asks for the end and whoever is to notice.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// How often a wait looks whether it should end.
    pub const POLL_INTERVAL: Duration = Duration::from_millis(50);

    /// The number of the signal, where the end was asked for.
    pub fn signal(&self) -> Option<i32> {
        i32::try_from(self.0.load(Ordering::Relaxed)).ok().filter(|signal| *signal != 0)
    }

    /// Where a signal handler stores the signal's number.
    pub fn slot(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.0)
    }

    /// Does on a thread of its own what may wait for ever, such as for bytes from a pipe. Where the end is asked for, nobody waits for
    /// it any longer.
    ///
    /// # Errors
    ///
    /// The number of the signal.
    pub fn watch<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, i32> {
        let (running, ended) = mpsc::channel::<()>();
        let worker = thread::spawn(move || {
            let _running = running;
            work()
        });
        loop {
            if let Some(signal) = self.signal() {
                return Err(signal);
            }
            if ended.recv_timeout(Self::POLL_INTERVAL) == Err(mpsc::RecvTimeoutError::Disconnected) {
                return Ok(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
        }
    }

    /// Waits until the end is asked for.
    pub async fn requested(&self) -> i32 {
        loop {
            if let Some(signal) = self.signal() {
                return signal;
            }
            tokio::time::sleep(Self::POLL_INTERVAL).await;
        }
    }
}
