//! The contacts that the platform already holds.
//!
//! [`source`] learns them in the cheapest way that can be trusted: from a file, from the snapshot of an earlier run, or from the
//! platform, page by page ([`reading`]). [`set`] keeps those whose number the run asks about. Which row is existing is decided by
//! the ledger of [`pipeline`](crate::pipeline); whether a batch was applied, by [`post`](crate::post).

mod reading;
mod set;
mod source;

pub use self::{
    reading::ExistingSink,
    set::{ExistingContact, ExistingContacts},
    source::{ExistingFrom, ExistingSettings},
};
pub(crate) use self::{
    reading::look_behind,
    source::{Known, from_file},
};
