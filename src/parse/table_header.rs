//! The header of a table: the user's own columns, and the columns that rollcall added.

use super::raw_row::RawRow;
use crate::{
    formula, ragged,
    row::{
        Origin,
        own_columns::{FILE, ROW, RUN},
    },
};

/// The user's own columns and their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// The names of the user's own columns.
    pub(super) names: Vec<String>,
    /// The number of cells in a full row of the file.
    pub(super) width: usize,
    /// The positions of the user's own columns. `None` if all columns are the user's own.
    pub(super) kept: Option<Vec<usize>>,
    /// The columns that rollcall added, in a file that it wrote.
    pub(super) own: Option<Box<OwnColumns>>,
}

/// The columns that rollcall added to a file of rejected rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OwnColumns {
    /// Columns with the cells beyond the header.
    pub(super) extra: Vec<usize>,
    /// The column that marks a ragged row.
    pub(super) note: Option<usize>,
    /// The columns with the origin of a row, in a file of rows to fix.
    origin: Option<OriginColumns>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OriginColumns {
    run: Option<usize>,
    file: usize,
    row: usize,
}

impl OwnColumns {
    fn of(names: &[String]) -> Self {
        let place = |wanted: &str| names.iter().position(|name| name == wanted);
        let is_extra = |index: &usize| names[*index].starts_with(ragged::EXTRA_COLUMN);
        let origin = || {
            place(OWN_MARK)?;
            Some(OriginColumns { run: place(RUN), file: place(FILE)?, row: place(ROW)? })
        };
        Self {
            extra: (0..names.len()).filter(is_extra).collect(),
            note: place(ragged::COLUMN),
            origin: origin(),
        }
    }

    /// Returns the rejected row that a row comes from, if its cells still say so.
    pub(super) fn origin_of(&self, row: &impl RawRow) -> Option<Origin> {
        let OriginColumns { run, file, row: number } = self.origin?;
        let text = |index: usize| {
            let cell = if index < row.len() { row.cell(index).text } else { b"" };
            String::from_utf8(formula::unguard(cell.trim_ascii()).into_owned()).ok()
        };
        // rollcall did not write a name that cannot be the name of a run.
        let is_run = |name: &String| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            !name.is_empty() && name.len() <= MAX_RUN_BYTES && name.bytes().all(is_plain)
        };
        let run = run.and_then(text).filter(is_run);
        Some(Origin { run, file: text(file)?, row: text(number)?.parse().ok()? })
    }
}

/// Maximum length of a run's name, longer than any real one.
const MAX_RUN_BYTES: usize = 64;

impl Header {
    /// Creates the header from a row.
    pub(super) fn from_row(row: &impl RawRow) -> Self {
        let name = |index| {
            let text = String::from_utf8_lossy(row.cell(index).text);
            let text = text.trim_matches(['\u{feff}', ' ']);
            // A byte order mark that was read as windows-1252.
            text.strip_prefix("\u{ef}\u{bb}\u{bf}").unwrap_or(text).to_owned()
        };
        let all: Vec<String> = (0..row.len()).map(name).collect();
        let width = all.len();
        if !all.iter().any(|name| name.starts_with(OWN_PREFIX)) {
            return Self { names: all, width, kept: None, own: None };
        }
        let own = OwnColumns::of(&all);
        let kept: Vec<usize> = (0..width).filter(|index| !all[*index].starts_with(OWN_PREFIX)).collect();
        let names = kept.iter().map(|index| formula::unguard(all[*index].as_bytes()));
        let names = names.map(|name| String::from_utf8_lossy(&name).into_owned()).collect();
        Self { names, width, kept: Some(kept), own: Some(Box::new(own)) }
    }

    /// Returns whether a row is the header of a file that rollcall wrote.
    pub(super) fn is_own(row: &impl RawRow) -> bool {
        (0..row.len()).any(|index| row.cell(index).text == OWN_MARK.as_bytes())
    }

    /// Creates the header from the names that a format defines.
    pub(super) fn named(names: &[String]) -> Self {
        Self { names: names.to_vec(), width: names.len(), kept: None, own: None }
    }

    /// Returns the number of cells in a full row of the file.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Returns the position in the file of one of the user's own columns.
    pub(super) fn place_of(&self, column: usize) -> usize {
        self.kept.as_ref().and_then(|kept| kept.get(column)).copied().unwrap_or(column)
    }

    /// Returns whether all columns from this one on were added by rollcall.
    pub(super) fn has_own_columns_only_from(&self, column: usize) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.last().is_some_and(|last| *last < column))
    }

    /// Creates the header of a file without one, from its first row.
    pub(super) fn numbered(row: &impl RawRow) -> Self {
        let width = row.len();
        let names = (1..=width).map(|number| format!("column {number}")).collect();
        Self { names, width, kept: None, own: None }
    }
}

/// The prefix of rollcall's own headers. Their columns hold none of the user's data.
pub(in crate::parse) const OWN_PREFIX: &str = "rollcall_";

/// A column in every file of rejected rows.
pub(in crate::parse) const OWN_MARK: &str = "rollcall_code";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{CellKind, Rows};

    fn row(cells: &[&str]) -> Rows {
        let mut rows = Rows::new(0);
        for cell in cells {
            rows.push_cell(cell.as_bytes(), CellKind::Text);
        }
        rows.end_row(1, None);
        rows
    }

    #[test]
    fn byte_order_mark_is_not_part_of_a_name() {
        for mark in ["\u{feff}", "\u{ef}\u{bb}\u{bf}"] {
            let mut rows = Rows::new(0);
            rows.push_cell(format!("{mark}First Name").as_bytes(), CellKind::Text);
            rows.end_row(1, None);
            assert_eq!(Header::from_row(&rows.row(0)).names, ["First Name"]);
        }
    }

    #[test]
    fn row_to_fix_names_its_origin() {
        let header = ["Phone", "rollcall_file", "rollcall_row", "rollcall_code", "rollcall_run"];
        let origin = |header: &[&str], cells: &[&str]| {
            let header = Header::from_row(&row(header).row(0));
            header.own.and_then(|own| own.origin_of(&row(cells).row(0)))
        };
        let found = |run: Option<&str>, file: &str, row| {
            Some(Origin { run: run.map(str::to_owned), file: file.to_owned(), row })
        };
        let run = "20261120T101500Z-5e1d";
        assert_eq!(
            origin(&header, &["1", "list.csv", "7", "too-short", run]),
            found(Some(run), "list.csv", 7)
        );
        assert_eq!(origin(&header, &["1", "'-list.csv", " 7 ", ""]), found(None, "-list.csv", 7));
        assert_eq!(origin(&header, &["1", "list.csv", "7", "", "see = above"]), found(None, "list.csv", 7));
        assert_eq!(origin(&header, &["1", "list.csv", "seven", "", run]), None);
        assert_eq!(origin(&header[..4], &["1", "list.csv", "7", "too-short"]), found(None, "list.csv", 7));
        assert_eq!(origin(&header[..3], &["1", "list.csv", "7"]), None, "an export of the layout full");
    }
}
