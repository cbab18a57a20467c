//! The common interface of all formats: rows that can be read from first to last, as often as needed.

use super::{
    allowance::Counted,
    documents::grid::Chosen,
    error::Fault,
    file::source::Source,
    json::Json,
    ldif::Entries,
    raw_row::RowSink,
    text::{csv::Text, layout::Layout},
    vcard::Cards,
    workbook::{Sheet, sheet::Choice},
};

/// A table in one of the formats.
pub(super) enum Table {
    Text(Text),
    Json(Json),
    Cards(Cards),
    Entries(Entries),
    Sheet(Box<Sheet>),
    Grid(Box<Chosen>),
}

impl Table {
    /// Visits all rows, and returns the bytes of the allowance that they took.
    ///
    /// # Errors
    ///
    /// Returns an error if the rows cannot be read, or hold more than a file of this size may.
    pub(super) fn visit(&mut self, source: &mut Source, sink: &mut impl RowSink) -> Result<u64, Fault> {
        let mut counted = Counted::new(sink, source.allowance());
        match self {
            Self::Text(text) => text.visit(source, &mut counted)?,
            Self::Json(json) => json.visit(source, &mut counted)?,
            Self::Cards(cards) => cards.visit(source, &mut counted)?,
            Self::Entries(entries) => entries.visit(source, &mut counted)?,
            Self::Sheet(sheet) => {
                sheet.begin_pass();
                sheet.visit(&mut counted)?;
            }
            Self::Grid(chosen) => chosen.grid.visit(&mut counted),
        }
        counted.finish()
    }

    /// Releases what is needed only while rows are read.
    pub(super) fn rest(&mut self) {
        if let Self::Sheet(sheet) = self {
            sheet.rest();
        }
    }

    /// Returns the names of the columns, if the format defines them without a header row.
    pub(super) fn names(&self) -> Option<&[String]> {
        match self {
            Self::Text(_) | Self::Sheet(_) | Self::Grid(_) => None,
            Self::Json(json) => Some(&json.names),
            Self::Cards(cards) => Some(&cards.names),
            Self::Entries(entries) => Some(&entries.names),
        }
    }

    /// Returns the sheet or table that is read, and the others.
    pub(super) fn choice(&self) -> Option<&Choice> {
        match self {
            Self::Text(_) | Self::Json(_) | Self::Cards(_) | Self::Entries(_) => None,
            Self::Sheet(sheet) => Some(&sheet.choice),
            Self::Grid(chosen) => Some(&chosen.choice),
        }
    }

    /// Returns whether a row with fewer or more cells than the header may be damaged.
    pub(super) fn checks_width(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Returns the error for a table without rows.
    pub(super) fn empty(&self) -> Fault {
        match self {
            Self::Sheet(sheet) => Fault::EmptySheet { sheet: sheet.choice.sheet.name.clone() },
            _ => Fault::Empty,
        }
    }

    /// Sets the layout of the rows, which is known once the header is found.
    pub(super) fn lay_out(&mut self, layout: &Layout, refuses_doubt: bool) {
        if let Self::Text(text) = self {
            text.layout.clone_from(layout);
            text.refuses_doubt = refuses_doubt;
        }
    }

    /// Returns the delimiter between two cells of a row.
    pub(super) fn delimiter(&self) -> u8 {
        if let Self::Text(text) = self { text.dialect.delimiter } else { b',' }
    }

    /// Returns notes about how the rows were read, for the user.
    pub(super) fn notes(&self) -> Vec<String> {
        if let Self::Text(text) = self { text.findings.notes(text.dialect) } else { Vec::new() }
    }

    /// Returns whether a visit reads all bytes of the source.
    pub(super) fn reads_all(&self) -> bool {
        !matches!(self, Self::Sheet(_) | Self::Grid(_))
    }
}
