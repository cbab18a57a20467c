//! What all formats have in common: rows that can be gone through from the first to the last, as often as needed.

use std::ops::ControlFlow;

use super::{
    assemble::RawRow, csv::Text, error::Fault, grid::Chosen, json::Json, sheet::Choice, source::Source,
    vcard::Cards, workbook::Sheet,
};
use crate::row::Rows;

/// Takes the rows of a table, from the top, until it breaks.
pub(super) trait RowSink {
    /// A row, with the number a person sees.
    fn row(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()>;
}

/// A table in one of the formats.
pub(super) enum Table {
    Text(Text),
    Json(Json),
    Cards(Cards),
    Sheet(Box<Sheet>),
    Grid(Box<Chosen>),
}

impl Table {
    /// Goes through all rows.
    pub(super) fn visit(&mut self, source: &mut Source, sink: &mut impl RowSink) -> Result<(), Fault> {
        match self {
            Self::Text(text) => text.visit(source, sink),
            Self::Json(json) => json.visit(source, sink),
            Self::Cards(cards) => cards.visit(source, sink),
            Self::Sheet(sheet) => sheet.visit(sink),
            Self::Grid(chosen) => {
                chosen.grid.visit(sink);
                Ok(())
            }
        }
    }

    /// The names of the columns, where the format itself says them and no row does.
    pub(super) fn names(&self) -> Option<&[String]> {
        match self {
            Self::Text(_) | Self::Sheet(_) | Self::Grid(_) => None,
            Self::Json(json) => Some(&json.names),
            Self::Cards(cards) => Some(&cards.names),
        }
    }

    /// The sheet or table that is read, and the others.
    pub(super) fn choice(&self) -> Option<&Choice> {
        match self {
            Self::Text(_) | Self::Json(_) | Self::Cards(_) => None,
            Self::Sheet(sheet) => Some(&sheet.choice),
            Self::Grid(chosen) => Some(&chosen.choice),
        }
    }

    /// Whether a row with fewer or more cells than the header is a sign of damage.
    pub(super) fn checks_width(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Whether reading it went through all bytes of the source.
    pub(super) fn reads_all(&self) -> bool {
        !matches!(self, Self::Sheet(_) | Self::Grid(_))
    }
}

/// What is looked at of a cell before any row is used.
const MAX_PREVIEW_BYTES: usize = 16 * 1024;

/// The first rows of a table that hold something.
pub(super) struct Preview {
    pub(super) rows: Rows,
    wanted: usize,
}

impl Preview {
    pub(super) fn new(wanted: usize) -> Self {
        Self { rows: Rows::new(0), wanted }
    }
}

impl RowSink for Preview {
    fn row(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        if !row.is_blank() {
            for index in 0..row.len() {
                let cell = row.cell(index);
                // The beginning of a long text tells as much.
                self.rows.push_cell(&cell.text[..cell.text.len().min(MAX_PREVIEW_BYTES)], cell.kind);
            }
            self.rows.end_row(number, None);
        }
        if self.rows.len() < self.wanted { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}
