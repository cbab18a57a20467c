//! What posting costs under the account's quota, known before the first contact is posted.

use serde::Serialize;

/// What posting costs, or would cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Requests that read what the platform holds.
    pub get: u64,
    /// Requests that create contacts.
    pub post: u64,
    /// How long the quota makes all of them take.
    pub seconds: u64,
}

impl Plan {
    /// The plan for `contacts` new contacts beside `get` requests, with `slots` requests in a minute.
    ///
    /// ```
    /// use rollcall::plan::Plan;
    ///
    /// assert_eq!(Plan::new(5, 5_001, 100, 55), Plan { get: 5, post: 51, seconds: 60 });
    /// ```
    pub fn new(get: u64, contacts: u64, batch_size: usize, slots: u64) -> Self {
        let post = contacts.div_ceil(batch_size.max(1) as u64);
        let seconds = (get + post).saturating_sub(1) / slots.max(1) * 60;
        Self { get, post, seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_and_the_minutes_they_take() {
        assert_eq!(Plan::new(1, 0, 100, 55), Plan { get: 1, post: 0, seconds: 0 });
        assert_eq!(Plan::new(4, 5_001, 100, 55), Plan { get: 4, post: 51, seconds: 0 });
        assert_eq!(Plan::new(1000, 0, 100, 60), Plan { get: 1000, post: 0, seconds: 960 });
    }
}
