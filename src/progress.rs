//! Progress of a run for an observer, and the approval to post.

use std::time::Duration;

use crate::{journal::Holder, outcome::Totals, plan::Plan};

/// An observer of the steps of a run. Every method does nothing by default.
#[expect(unused_variables, reason = "the names are the documentation")]
pub trait Progress: Sync {
    /// Reports rows that were read, with the `bytes` read so far of `of_bytes`, if the size is known.
    fn reading(&self, path: &str, rows: u64, bytes: u64, of_bytes: Option<u64>) {}

    /// Reports that all inputs were read.
    fn read(&self, rows: u64) {}

    /// Reports a page of existing contacts. The quota makes the remaining pages take `left`.
    fn fetching(&self, what: &str, contacts: u64, of_contacts: Option<u64>, requests: u64, left: Duration) {}

    /// Reports finished contacts among those to post. The quota makes the rest take `left`.
    fn posting(&self, contacts: u64, of_contacts: u64, requests: u64, left: Duration) {}

    /// Reports that the next request waits.
    fn waiting(&self, wait: Duration, why: Wait) {}

    /// Reports that this process waits for another one that imports to the same account.
    fn waiting_for(&self, holder: Option<&Holder>) {}

    /// Reports that the run resumes after a wait.
    fn resumed(&self) {}

    /// Reports a note to the user.
    fn note(&self, text: &str) {}

    /// Reports a possible problem that does not stop the run.
    fn warn(&self, text: &str) {
        self.note(text);
    }
}

/// A decision whether a run posts.
pub trait Approval: Sync {
    /// Returns whether [`approve`](Self::approve) asks a person, which may take any time. Meanwhile, the run lets other
    /// processes import to the account.
    fn asks(&self) -> bool;

    /// Returns whether to post as forecast.
    fn approve(&self, forecast: &Forecast) -> bool;
}

/// An approval that is always given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Approved;

impl Approval for Approved {
    fn asks(&self) -> bool {
        false
    }

    fn approve(&self, _: &Forecast) -> bool {
        true
    }
}

/// A forecast of the import, made before the first contact is posted.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// The cost of posting.
    pub plan: Plan,
    /// The number of new contacts.
    pub contacts: u64,
    /// Rows by outcome; rows to post are pending.
    pub totals: Totals,
    /// The host to post to.
    pub host: String,
}

/// The reason why a request waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// No request is allowed now by the limit per minute or hour, or the account is paused.
    RateLimit,
    /// The platform reported that the account has no requests left.
    RateLimited,
    /// The platform could not be reached, or gave no response.
    Retry,
    /// The platform may still be storing an unacknowledged batch.
    Unacknowledged,
    /// The platform has accepted contacts that it does not show yet.
    NotShown,
}

/// An observer that shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
