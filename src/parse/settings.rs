//! Settings for reading files.

use super::{
    Encoding, Format,
    columns::mapping::{Mapping, RememberedMapping},
};
use crate::{contact::Region, normalize::Aliases};

/// Rows examined before any row is used.
pub(super) const PREVIEW_ROWS: usize = 160;

/// Settings for reading files.
#[derive(Clone, Debug, Default)]
pub struct ParseSettings {
    /// The sheet of a workbook, by name or number.
    pub sheet: Option<String>,
    /// The list to read in a ZIP archive, by name. Not needed if there is only one.
    pub member: Option<String>,
    /// The format; detected from the content if `None`.
    pub format: Option<Format>,
    /// The encoding of text; detected from the content if `None`.
    pub encoding: Option<Encoding>,
    /// The region that the numbers probably belong to. It also helps to detect the encoding.
    pub region: Option<Region>,
    /// The delimiter of text; detected from the content if `None`.
    pub delimiter: Option<u8>,
    /// The columns of fields, as set with `--map`.
    pub mappings: Vec<Mapping>,
    /// The columns of fields for files with certain headers. The first one for a file's headers counts; `mappings` win.
    pub remembered: Vec<RememberedMapping>,
    /// Whether the file has no header, so that its first row is data.
    pub no_header: bool,
    /// Whether hidden rows of a sheet are skipped, also when columns are matched.
    pub skips_hidden_rows: bool,
    /// Whether do-not-call columns are ignored.
    pub ignores_do_not_call_columns: bool,
    /// The kind of list, which decides which columns are looked for.
    pub list: ListKind,
    /// The list's own spellings of countries and salutations.
    pub aliases: Aliases,
}

/// The kind of list in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListKind {
    /// Contacts.
    #[default]
    Contacts,
    /// Phone numbers only, perhaps with an expiry: a suppression list. The column may be inferred from its contents.
    /// Notes that only concern contact lists are not given.
    Numbers,
}

impl ParseSettings {
    pub(super) fn is_of_numbers(&self) -> bool {
        self.list == ListKind::Numbers
    }
}
