//! Rows to fix from an earlier run.

use serde::Serialize;

/// Rows that one earlier run rejected, in a file of rows to fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FixedRows {
    /// The id of the run.
    pub run: String,
    /// The number of rows.
    pub rows: u64,
}

impl FixedRows {
    pub(super) fn note(&self) -> String {
        let Self { run, rows } = self;
        if *rows == 1 {
            format!("1 row is a row to fix from run {run}")
        } else {
            format!("{rows} rows are rows to fix from run {run}")
        }
    }
}
