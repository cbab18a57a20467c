//! The columns that the user names.

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
