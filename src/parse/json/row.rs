//! A record as a row.

use std::collections::HashMap;

use super::{Cells, has_number};
use crate::{
    parse::{error::Fault, raw_row::RawRow},
    row::{Cell, CellKind},
};

/// A record whose cells are in the places of its fields.
pub(super) struct JsonRow<'k> {
    places: HashMap<&'k str, usize>,
    pub(super) cells: Vec<(String, CellKind)>,
}

impl<'k> JsonRow<'k> {
    /// Creates an empty row with a cell for each field.
    pub(super) fn new(keys: &'k [String]) -> Self {
        let places = keys.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        Self { places, cells: vec![(String::new(), CellKind::Text); keys.len()] }
    }

    /// Takes the cells of a record. Passes the names of other fields to `unknown`.
    pub(super) fn fill(
        &mut self,
        cells: &mut Cells,
        unknown: impl Fn(&str) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.cells.iter_mut().for_each(|cell| *cell = (String::new(), CellKind::Text));
        for (name, (text, kind)) in cells.drain(..) {
            let Some(place) = self.places.get(name.as_str()) else {
                unknown(&name)?;
                continue;
            };
            let own = &mut self.cells[*place];
            if own.0.is_empty() {
                *own = (text, kind);
            } else if own.0 != text && has_number(&own.0) && has_number(&text) {
                // If a name occurs twice in an object, its first value counts. Further phone numbers are appended, so
                // none is lost.
                own.0.push_str("; ");
                own.0.push_str(&text);
            }
        }
        Ok(())
    }
}

impl RawRow for JsonRow<'_> {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        let (text, kind) = &self.cells[index];
        Cell { text: text.as_bytes(), kind: *kind }
    }
}
