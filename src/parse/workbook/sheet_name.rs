//! The name of a sheet.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The maximum length of a sheet's name, in characters. The name is in every line of `outcomes.csv`. Excel allows 31.
const MAX_NAME_CHARS: usize = 255;

/// The name of a sheet, and whether a person who opens the workbook sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetName {
    /// The name.
    pub name: String,
    /// Whether the sheet is hidden.
    pub is_hidden: bool,
}

impl SheetName {
    /// Creates a name, truncated to the maximum length.
    pub(in crate::parse) fn new(mut name: String, is_hidden: bool) -> Self {
        if let Some((end, _)) = name.char_indices().nth(MAX_NAME_CHARS) {
            name.truncate(end);
        }
        Self { name, is_hidden }
    }
}

impl fmt::Display for SheetName {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = if self.is_hidden { " (hidden)" } else { "" };
        write!(to, "`{}`{hidden}", self.name)
    }
}
