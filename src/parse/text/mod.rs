//! Delimited text: records and quotation marks, the dialect, and lines that are not data.

pub(super) mod csv;
pub(super) mod dialect;
pub(super) mod findings;
pub(super) mod layout;
pub(super) mod margin;
pub(super) mod quoting;
mod scan;
