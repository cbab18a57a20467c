//! The header of a table: the names of the user's own columns, and which columns are rollcall's.

use super::{
    assemble::RawRow,
    columns::{OWN_MARK, OWN_PREFIX},
};
use crate::{
    formula, ragged,
    row::{
        Origin,
        own_columns::{FILE, ROW, RUN},
    },
};

/// Which of the file's columns are the user's own, and what they are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// The names of the columns that are kept.
    pub(super) names: Vec<String>,
    /// Cells of a whole row of the file.
    pub(super) width: usize,
    /// The columns that are kept, where not all are.
    pub(super) kept: Option<Vec<usize>>,
    /// Those of our own that say something of the rows, in a file that rollcall wrote.
    pub(super) own: Option<Box<OwnColumns>>,
}

/// The columns of a file of rejected rows that say something of its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OwnColumns {
    /// Those that hold cells beyond the header.
    pub(super) extra: Vec<usize>,
    /// The one that says of a row that its cells did not fit the header.
    pub(super) note: Option<usize>,
    /// Those that say where a row is from, where the rows are to be fixed.
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

    /// The row that a row was when it was rejected, where its cells still say it.
    pub(super) fn origin_of(&self, row: &impl RawRow) -> Option<Origin> {
        let OriginColumns { run, file, row: number } = self.origin?;
        let text = |index: usize| {
            let cell = if index < row.len() { row.cell(index).text } else { b"" };
            String::from_utf8(formula::unguard(cell.trim_ascii()).into_owned()).ok()
        };
        // A name that is none of a run was put there by somebody else.
        let is_run = |name: &String| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            !name.is_empty() && name.len() <= MAX_RUN_BYTES && name.bytes().all(is_plain)
        };
        let run = run.and_then(text).filter(is_run);
        Some(Origin { run, file: text(file)?, row: text(number)?.parse().ok()? })
    }
}

/// Longer than the name of any run.
const MAX_RUN_BYTES: usize = 64;

impl Header {
    /// The header that a row spells out.
    pub(super) fn from_row(row: &impl RawRow) -> Self {
        let name = |index| {
            let text = String::from_utf8_lossy(row.cell(index).text);
            let text = text.trim_matches(['\u{feff}', ' ']);
            // A byte order mark that was read in windows-1252.
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

    /// Whether a row is the header of a file that rollcall wrote, which has one whatever other files have.
    pub(super) fn is_own(row: &impl RawRow) -> bool {
        (0..row.len()).any(|index| row.cell(index).text == OWN_MARK.as_bytes())
    }

    /// The header that a format spells out by itself.
    pub(super) fn named(names: &[String]) -> Self {
        Self { names: names.to_vec(), width: names.len(), kept: None, own: None }
    }

    /// Cells of a whole row of the file.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Where the column that is the user's own stands in the file.
    pub(super) fn place_of(&self, column: usize) -> usize {
        self.kept.as_ref().and_then(|kept| kept.get(column)).copied().unwrap_or(column)
    }

    /// Whether no column from this one on is the user's own.
    pub(super) fn has_own_columns_only_from(&self, column: usize) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.last().is_some_and(|last| *last < column))
    }

    /// The header of a file without one, from its first row.
    pub(super) fn numbered(row: &impl RawRow) -> Self {
        let width = row.len();
        let names = (1..=width).map(|number| format!("column {number}")).collect();
        Self { names, width, kept: None, own: None }
    }
}

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
    fn byte_order_marks_are_no_part_of_a_name() {
        for mark in ["\u{feff}", "\u{ef}\u{bb}\u{bf}"] {
            let mut rows = Rows::new(0);
            rows.push_cell(format!("{mark}First Name").as_bytes(), CellKind::Text);
            rows.end_row(1, None);
            assert_eq!(Header::from_row(&rows.row(0)).names, ["First Name"]);
        }
    }

    #[test]
    fn a_fixed_row_says_which_row_it_was() {
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
