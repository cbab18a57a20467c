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
    /// Whether the last cell is the record itself.
    has_record: bool,
}

impl<'k> JsonRow<'k> {
    /// Creates an empty row with a cell for each field.
    pub(super) fn new(keys: &'k [String]) -> Self {
        let places = keys.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        Self { places, cells: vec![(String::new(), CellKind::Text); keys.len()], has_record: false }
    }

    /// Adds a cell for the record itself.
    pub(super) fn with_record(mut self) -> Self {
        self.cells.push((String::new(), CellKind::Text));
        Self { has_record: true, ..self }
    }

    /// Sets the record itself.
    pub(super) fn set_record(&mut self, record: &str) {
        if let Some((text, _)) = self.cells.last_mut().filter(|_| self.has_record) {
            record.clone_into(text);
        }
    }

    /// Takes the cells of a record. Passes the names of other fields to `unknown`.
    pub(super) fn fill(
        &mut self,
        cells: &mut Cells,
        mut unknown: impl FnMut(&str) -> Result<(), Fault>,
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

    fn is_blank(&self) -> bool {
        (0..self.len() - usize::from(self.has_record)).all(|index| self.cell(index).is_blank())
    }
}
