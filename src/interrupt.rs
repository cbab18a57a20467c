//! Requests to stop, honored at the next moment at which nothing is half done.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// A stop request, shared by the signal handler and the code that honors it.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// The interval at which a wait checks for a stop request.
    pub const POLL_INTERVAL: Duration = Duration::from_millis(50);

    /// The number of the signal, if a stop was requested.
    pub fn signal(&self) -> Option<i32> {
        i32::try_from(self.0.load(Ordering::Relaxed)).ok().filter(|signal| *signal != 0)
    }

    /// The place where a signal handler stores the signal's number.
    pub fn slot(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.0)
    }

    /// Runs `work`, which may block forever (for example on a pipe), on its own thread. Returns early on a stop
    /// request.
    ///
    /// # Errors
    ///
    /// Returns the number of the signal on a stop request.
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

    /// Waits for a stop request and returns the number of its signal.
    pub async fn requested(&self) -> i32 {
        loop {
            if let Some(signal) = self.signal() {
                return signal;
            }
            tokio::time::sleep(Self::POLL_INTERVAL).await;
        }
    }
}
