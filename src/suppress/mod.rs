//! Suppression: the numbers that must not be called, whatever else is known about them.
//!
//! Numbers come from files ([`SuppressionFile`]), whose entries may expire, and from contact lists and campaigns of
//! the platform (`Suppressions` reads both). [`SuppressionSet`] contains them in all their forms and returns which
//! source suppresses a number. [`normalize`](crate::normalize) finds rows of the list itself that forbid calls; the
//! ledger of [`pipeline`](crate::pipeline) combines both.

mod entry;
mod error;
mod expiry;
mod file;
mod set;
mod sources;
mod unread;

pub(crate) use self::sources::Suppressions;
pub use self::{
    entry::{Entry, EntryReader, described},
    error::SuppressError,
    file::{SheetNumbers, SuppressionFile},
    set::{SuppressionSet, SuppressionSource},
    sources::{CampaignFilter, SuppressSettings, SuppressionReport},
    unread::{UnreadEntries, UnreadSuppressions},
};
