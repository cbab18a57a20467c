//! The first rows of a table, from which its columns are matched.

use std::ops::ControlFlow;

use super::raw_row::{RawRow, RowSink};
use crate::row::Rows;

/// Maximum bytes of a cell in a preview.
const MAX_PREVIEW_BYTES: usize = 16 * 1024;

/// Maximum bytes of all cells in a preview: a sheet may have thousands of columns.
const MAX_PREVIEWED_BYTES: usize = 8 * 1024 * 1024;

/// The first rows of a table that are not blank.
pub(super) struct Preview {
    pub(super) rows: Rows,
    wanted: usize,
    skips_hidden_rows: bool,
    /// Whether a hidden row was skipped.
    pub(super) has_skipped: bool,
}

impl Preview {
    pub(super) fn new(wanted: usize) -> Self {
        Self { rows: Rows::new(0), wanted, skips_hidden_rows: false, has_skipped: false }
    }

    /// Creates a preview that skips hidden rows.
    pub(super) fn of_shown_rows(wanted: usize) -> Self {
        Self { skips_hidden_rows: true, ..Self::new(wanted) }
    }
}

impl RowSink for Preview {
    fn row(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        if self.skips_hidden_rows && row.is_hidden() {
            self.has_skipped = true;
        } else if !row.is_blank() {
            for index in 0..row.len() {
                let cell = row.cell(index);
                // The beginning of a long text is enough.
                self.rows.push_cell(&cell.text[..cell.text.len().min(MAX_PREVIEW_BYTES)], cell.kind);
            }
            if row.is_hidden() {
                self.rows.hide_row();
            }
            self.rows.end_row(number, None);
        }
        let has_room = self.rows.text_len() < MAX_PREVIEWED_BYTES;
        if self.rows.len() < self.wanted && has_room {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}
