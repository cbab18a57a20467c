//! Rows as the readers of the formats hand them over, before they are assembled.

use std::ops::ControlFlow;

use crate::row::{Cell, Rows};

/// The cells of one row, as they are in the file.
pub(super) trait RawRow {
    fn len(&self) -> usize;
    fn cell(&self, index: usize) -> Cell<'_>;

    /// Returns the bytes of all cells and of the delimiters between them.
    fn text_len(&self) -> usize {
        (0..self.len()).map(|index| self.cell(index).text.len()).sum()
    }

    /// Returns whether the sheet hides the row.
    fn is_hidden(&self) -> bool {
        false
    }

    fn is_blank(&self) -> bool {
        (0..self.len()).all(|index| self.cell(index).is_blank())
    }

    /// Returns whether it is uncertain where the cells end.
    fn is_doubtful(&self) -> bool {
        false
    }

    /// Returns whether there are empty lines above the row.
    fn is_after_gap(&self) -> bool {
        false
    }

    /// Appends all cells to the last row of a block.
    fn append_to(&self, block: &mut Rows) {
        for index in 0..self.len() {
            let cell = self.cell(index);
            block.push_cell(cell.text, cell.kind);
        }
    }
}

/// A receiver of the rows of a table, from the top, until it breaks.
pub(super) trait RowSink {
    /// Takes a row, with the number that people see.
    fn row(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()>;

    /// Passes on what can be passed on, because the next row may take long to come.
    fn pause(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Maximum number of cells in other formats.
pub(in crate::parse) const MAX_CELLS: usize = 512;
