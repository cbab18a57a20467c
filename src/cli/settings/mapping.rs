//! `[[mapping]]`.

use crate::{
    cli::args::MappingTable,
    parse::{Mapping, RememberedMapping},
};

/// Returns the mappings of the settings files.
pub(super) fn remembered(tables: &[MappingTable]) -> Result<Vec<RememberedMapping>, String> {
    let read = |table: &MappingTable| {
        let mappings =
            table.map.iter().map(|mapping| mapping.parse::<Mapping>()).collect::<Result<_, _>>()?;
        Ok(RememberedMapping::new(table.headers.clone(), mappings, table.file.clone()))
    };
    tables.iter().map(read).collect()
}

impl From<&RememberedMapping> for MappingTable {
    fn from(remembered: &RememberedMapping) -> Self {
        let map = |mapping: &Mapping| format!("{}={}", mapping.field.name(), mapping.column);
        Self {
            headers: remembered.headers.clone(),
            map: remembered.mappings.iter().map(map).collect(),
            file: remembered.file.clone(),
        }
    }
}
