//! The columns that the user names.

use std::collections::BTreeSet;

use super::folding::words;
use crate::contact::Field;

/// A `--map FIELD=COLUMN` option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The field.
    pub field: Field,
    /// A header, or the number of a column, from 1.
    pub column: String,
    /// Whether it was remembered for the headers of the file, rather than given as an option.
    pub is_remembered: bool,
}

impl Mapping {
    /// Creates a mapping that is given as an option.
    pub fn new(field: Field, column: impl Into<String>) -> Self {
        Self { field, column: column.into(), is_remembered: false }
    }
}

impl std::str::FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (field, column) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is not FIELD=COLUMN, such as phone=Mobile or phone=3"))?;
        if column.trim().is_empty() {
            return Err(format!("`{text}` names no column"));
        }
        Ok(Self::new(field.trim().replace(['-', ' '], "_").parse()?, column.trim()))
    }
}

/// A mapping for all files with a set of headers, in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedMapping {
    /// The headers, as in the file for which the mapping was chosen.
    pub headers: Vec<String>,
    /// The columns of fields, by header.
    pub mappings: Vec<Mapping>,
    /// The settings file that holds it. `None` if it was chosen for this run only.
    pub file: Option<String>,
    folded: BTreeSet<String>,
}

impl RememberedMapping {
    /// Creates a mapping for files with these headers.
    pub fn new(headers: Vec<String>, mappings: Vec<Mapping>, file: Option<String>) -> Self {
        let mappings = mappings.into_iter().map(|mapping| Mapping { is_remembered: true, ..mapping });
        Self { folded: folded(&headers), mappings: mappings.collect(), headers, file }
    }

    pub(super) fn is_for(&self, headers: &[String]) -> bool {
        // The cheaper test comes first, because each of the first rows may be the header.
        headers.len() >= self.folded.len() && folded(headers) == self.folded
    }

    /// Returns a note about the columns that it names.
    pub(in crate::parse) fn note(&self, used: &[Mapping]) -> String {
        let used = used.iter().filter(|mapping| mapping.is_remembered);
        let used: Vec<String> = used
            .map(|mapping| format!("{} = `{}`", mapping.field.name().replace('_', " "), mapping.column))
            .collect();
        match &self.file {
            Some(file) => format!("columns as remembered in {file}: {}", used.join(", ")),
            None => format!("columns as chosen for this run: {}", used.join(", ")),
        }
    }
}

/// Returns the headers as a set, in the form in which they are compared.
fn folded(headers: &[String]) -> BTreeSet<String> {
    headers.iter().map(|header| words(header, false)).filter(|header| !header.is_empty()).collect()
}
