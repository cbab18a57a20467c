//! The contacts that the platform already has.
//!
//! `source` learns them in the cheapest reliable way: from a file, from the snapshot of an earlier run, or from the
//! platform, page by page (`reading`). `set` keeps those whose number the run asks about, each as `held` describes it. The
//! ledger of [`pipeline`](crate::pipeline) decides which rows are existing, and [`post`](crate::post) whether a batch
//! was stored.

mod held;
mod reading;
mod set;
mod source;

pub use self::{
    held::ExistingContact,
    reading::ExistingSink,
    set::{Collector, ExistingContacts},
    source::{ExistingFrom, ExistingSettings, FetchedColumns},
};
pub(crate) use self::{
    reading::look_behind,
    source::{Known, from_file},
};
