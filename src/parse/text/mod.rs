//! Delimited text: records and their quotation marks, the dialect, and what stands around and between the rows.

pub(super) mod csv;
pub(super) mod dialect;
pub(super) mod findings;
pub(super) mod layout;
pub(super) mod margin;
pub(super) mod quoting;
