//! The cost of posting under the account's quota, known before the first contact is posted.

use std::time::Duration;

use serde::Serialize;

/// The cost of an import in requests and time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Requests that read existing contacts.
    pub get: u64,
    /// Requests that create contacts.
    pub post: u64,
    /// The seconds that all requests take under the quota.
    pub seconds: u64,
}

impl Plan {
    /// Counts the requests for `contacts` new contacts, in addition to `get` reads. The caller sets `seconds`, because
    /// it depends on the quota.
    ///
    /// ```
    /// use rollcall::plan::Plan;
    ///
    /// assert_eq!(Plan::new(5, 5_001, 100), Plan { get: 5, post: 51, seconds: 0 });
    /// ```
    pub fn new(get: u64, contacts: u64, batch_size: usize) -> Self {
        Self { get, post: contacts.div_ceil(batch_size.max(1) as u64), seconds: 0 }
    }
}

/// Returns the minimum time until the last of `requests` may start. A `window` has `slots` requests; `busy` lists when
/// used slots free up, the earliest first.
pub fn time_for(requests: u64, slots: u64, window: Duration, busy: &[Duration]) -> Duration {
    let slots = slots.max(1);
    let Some(waiting) =
        requests.checked_sub(slots.saturating_sub(busy.len() as u64)).filter(|left| *left > 0)
    else {
        return Duration::ZERO;
    };
    // If more slots are used than exist, the last ones must free up first.
    let ahead = (busy.len() as u64).saturating_sub(slots);
    let windows = (waiting - 1) / slots;
    let index = usize::try_from((waiting - 1) % slots + ahead).unwrap_or(usize::MAX);
    let free_in = busy.get(index).copied().unwrap_or(window);
    free_in + window * u32::try_from(windows).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_mins(1);

    #[test]
    fn plan_counts_requests() {
        assert_eq!(Plan::new(1, 0, 100), Plan { get: 1, post: 0, seconds: 0 });
        assert_eq!(Plan::new(4, 5_001, 100), Plan { get: 4, post: 51, seconds: 0 });
        assert_eq!(Plan::new(0, 1, 0), Plan { get: 0, post: 1, seconds: 0 });
    }

    #[test]
    fn time_for_counts_windows_and_used_slots() {
        let seconds = |requests, slots, busy: &[u64]| {
            let busy: Vec<Duration> = busy.iter().copied().map(Duration::from_secs).collect();
            time_for(requests, slots, WINDOW, &busy).as_secs()
        };
        assert_eq!([0, 3, 4, 6, 7].map(|requests| seconds(requests, 3, &[])), [0, 0, 60, 60, 120]);
        assert_eq!(
            [0, 1, 2, 3, 4, 5].map(|requests| seconds(requests, 3, &[40, 60])),
            [0, 0, 40, 60, 60, 100]
        );
        // Another program uses more slots than this one would.
        assert_eq!([1, 2, 3].map(|requests| seconds(requests, 2, &[10, 20, 30])), [20, 30, 80]);
        assert_eq!(seconds(1000, 60, &[]), 960);
    }
}
