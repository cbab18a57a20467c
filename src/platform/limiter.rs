//! The platform's limit of requests per minute, kept by slots.
//!
//! A slot is free again one window after the **response** to the request that took it: counting from the send lets
//! slow requests crowd into a later window. Other programs share the account's quota, so a few slots of every limit
//! are reserved for them.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::plan::time_for;

/// The documented limit, in requests per minute.
pub const DOCUMENTED_RATE: u32 = 60;

/// Slots reserved for other programs, for the documented limit and larger ones. A smaller limit has a proportional
/// reserve.
const RESERVE: u32 = 5;

/// Returns the slots of a limit without the reserve. A smaller limit never has more slots than a larger one, and each
/// limit has at least one slot.
pub(super) fn without_reserve(limit: u32) -> u32 {
    const SHARE: u32 = DOCUMENTED_RATE / RESERVE;

    let reserve = (limit.saturating_add(SHARE / 2) / SHARE).min(RESERVE);
    (limit - reserve.min(limit)).max(1)
}

/// Grants slots for requests, one at a time.
#[derive(Debug)]
pub(super) struct RateLimiter {
    slots: usize,
    window: Duration,
    /// The times when used slots become free, earliest first.
    free_at: VecDeque<Instant>,
}

impl RateLimiter {
    pub(super) fn new(rate: u32, window: Duration) -> Self {
        let slots = usize::try_from(without_reserve(rate)).unwrap_or(usize::MAX);
        Self { slots, window, free_at: VecDeque::new() }
    }

    /// Returns the number of requests allowed in a window.
    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    /// Returns how long the next request must wait.
    pub(super) fn wait(&mut self, now: Instant) -> Option<Duration> {
        while self.free_at.front().is_some_and(|free_at| *free_at <= now) {
            self.free_at.pop_front();
        }
        if self.free_at.len() < self.slots {
            None
        } else {
            self.free_at.front().map(|free_at| *free_at - now)
        }
    }

    /// Returns the minimum time for this number of requests, if the last one is answered at once.
    pub(super) fn time_for(&mut self, requests: u64, now: Instant) -> Duration {
        self.wait(now);
        let free_at = self.free_at.iter();
        let busy: Vec<Duration> = free_at.map(|free_at| free_at.saturating_duration_since(now)).collect();
        time_for(requests, self.slots as u64, self.window, &busy)
    }

    /// Records that a request was answered or abandoned.
    pub(super) fn answered(&mut self, now: Instant) {
        self.free_at.push_back(now + self.window);
    }

    /// Returns the time until no slot is in use: the rest of the window if the platform says that the quota is used
    /// up.
    pub(super) fn rest_of_window(&self, now: Instant) -> Duration {
        self.free_at.back().map_or(self.window, |free_at| free_at.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_mins(1);

    /// Makes requests of this `length` and returns when they were sent, in seconds.
    async fn sent(rate: u32, requests: usize, length: Duration) -> Vec<u64> {
        let start = Instant::now();
        let mut limiter = RateLimiter::new(rate, WINDOW);
        let mut sent = Vec::new();
        for _ in 0..requests {
            while let Some(wait) = limiter.wait(Instant::now()) {
                tokio::time::sleep(wait).await;
            }
            sent.push(start.elapsed().as_secs());
            tokio::time::sleep(length).await;
            limiter.answered(Instant::now());
        }
        sent
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_has_more_requests_than_the_limit() {
        for (rate, length) in [(3, 0), (3, 7), (3, 25), (60, 1), (10, 13)] {
            let sent = sent(rate, 200, Duration::from_secs(length)).await;
            let slots = RateLimiter::new(rate, WINDOW).slots();
            for (first, over) in sent.iter().zip(sent.iter().skip(slots)) {
                assert!(over - first >= 60, "{rate}/min with requests of {length} s: {first} and {over}");
            }
        }
    }

    #[test]
    fn limits_from_6_have_a_reserve_and_slots_grow_with_the_limit() {
        let slots = [0, 1, 2, 5, 6, 10, 30, 59, 60, 61, 600, 1_800].map(without_reserve);
        assert_eq!(slots, [1, 1, 2, 5, 5, 9, 27, 54, 55, 56, 595, 1_795]);
        let all: Vec<u32> = (0..2_000).map(without_reserve).collect();
        assert!(all.is_sorted());
        assert_eq!(without_reserve(u32::MAX), u32::MAX - RESERVE);
    }

    #[tokio::test(start_paused = true)]
    async fn all_slots_of_a_window_can_be_used() {
        let sent = sent(60, 56, Duration::ZERO).await;
        assert_eq!((sent[54], sent[55]), (0, 60));
    }

    #[tokio::test(start_paused = true)]
    async fn time_for_requests_matches_the_real_time() {
        let mut limiter = RateLimiter::new(3, WINDOW);
        assert_eq!(limiter.time_for(3, Instant::now()), Duration::ZERO);
        assert_eq!(limiter.time_for(4, Instant::now()), WINDOW);
        assert_eq!(limiter.time_for(7, Instant::now()), 2 * WINDOW);
        limiter.answered(Instant::now());
        tokio::time::advance(Duration::from_secs(20)).await;
        limiter.answered(Instant::now());
        let mut time_for = |requests| limiter.time_for(requests, Instant::now()).as_secs();
        assert_eq!([0, 1, 2, 3, 4, 5].map(&mut time_for), [0, 0, 40, 60, 60, 100]);
    }

    #[tokio::test(start_paused = true)]
    async fn rest_of_window_counts_from_the_last_answer() {
        let mut limiter = RateLimiter::new(3, WINDOW);
        assert_eq!(limiter.rest_of_window(Instant::now()), WINDOW);
        limiter.answered(Instant::now());
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(limiter.rest_of_window(Instant::now()), Duration::from_secs(40));
    }
}
