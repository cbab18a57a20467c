//! Progress of a run, for an observer to show, and the question whether to post.

use std::time::Duration;

use crate::{journal::Holder, outcome::Totals, plan::Plan};

/// An observer of the steps of a run. Every method does nothing unless it is implemented.
#[expect(unused_variables, reason = "the names are the documentation")]
pub trait Progress: Sync {
    /// Rows were read; `bytes` of `of_bytes` of the input were needed for them, where that is known.
    fn reading(&self, path: &str, rows: u64, bytes: u64, of_bytes: Option<u64>) {}

    /// All inputs were read.
    fn read(&self, rows: u64) {}

    /// A page of what the platform holds arrived; the quota makes the other pages take as long as `left`.
    fn fetching(&self, what: &str, contacts: u64, of_contacts: Option<u64>, requests: u64, left: Duration) {}

    /// Contacts were settled, of those to be posted; the quota makes the rest take as long as `left`.
    fn posting(&self, contacts: u64, of_contacts: u64, requests: u64, left: Duration) {}

    /// The next request waits.
    fn waiting(&self, wait: Duration, why: Wait) {}

    /// Another process imports to the account; this one waits for it.
    fn waiting_for(&self, holder: Option<&Holder>) {}

    /// The run goes on after a wait.
    fn resumed(&self) {}

    /// Something that the user should know.
    fn note(&self, text: &str) {}

    /// Something that may be wrong, and does not stop the run.
    fn warn(&self, text: &str) {
        self.note(text);
    }
}

/// Decides whether a run posts.
pub trait Approval: Sync {
    /// Whether [`approve`](Self::approve) asks a person, which may take any time. The run lets others import to the account
    /// meanwhile.
    fn asks(&self) -> bool;

    /// Whether to post what the forecast says.
    fn approve(&self, forecast: &Forecast) -> bool;
}

/// Approves every forecast without a question.
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

/// What is known before the first contact is posted.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// What posting costs.
    pub plan: Plan,
    /// New contacts.
    pub contacts: u64,
    /// Rows by outcome; those to be posted are pending.
    pub totals: Totals,
    /// Where they are posted to.
    pub host: String,
}

/// Why a request waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The requests of this minute are used up.
    RateLimit,
    /// The platform said that the account's requests are used up.
    RateLimited,
    /// The platform could not be reached, or did not answer.
    Retry,
    /// The platform may still be storing what it did not answer.
    Unacknowledged,
    /// The platform has taken what it does not show yet.
    NotShown,
}

/// An observer that shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
