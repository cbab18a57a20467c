//! Recognizes the workbook of rejected rows that rollcall wrote: a sheet with instructions, then one sheet per input.
//! All sheets with rows are read.

use std::collections::VecDeque;

use super::Sheet;
use crate::{
    parse::{Fault, preview::Preview, table_header::Header},
    row::Rows,
};

/// The name of the sheet with instructions.
pub const READ_ME: &str = "Read me";

/// The end of the first cell of that sheet, after a number of rows.
pub const READ_ME_TITLE: &str = " to fix";

/// Chooses the first sheet with rejected rows, and returns the names of the others. Returns `None` and keeps the chosen
/// sheet if rollcall did not write the workbook.
pub(in crate::parse) fn choose(sheet: &mut Sheet) -> Result<Option<VecDeque<String>>, Fault> {
    let first = sheet.choice.sheet.name.clone();
    let mut own = VecDeque::new();
    // Whether rollcall wrote the workbook, and whether it has sheets from another source.
    let (mut is_known, mut has_others) = (false, false);
    let mut preview = Preview::new(2);
    sheet.begin_pass();
    sheet.visit(&mut preview)?;
    match Page::of(&first, &preview.rows) {
        Page::Rows => own.push_back(first.clone()),
        Page::NoRows | Page::ReadMe => is_known = true,
        _ if first != READ_ME => return Ok(None),
        Page::Empty => {}
        Page::Other => has_others = true,
    }
    sheet.look_at_others(2, &mut |other, rows| {
        // Errors in sheets from another source are ignored.
        match rows.map_or(Page::Other, |rows| Page::of(&other.name, &rows)) {
            Page::Rows => own.push_back(other.name.clone()),
            Page::NoRows => is_known = true,
            Page::Other => has_others = true,
            Page::ReadMe | Page::Empty => {}
        }
    })?;
    if own.is_empty() && is_known && !has_others {
        return Err(Fault::NothingToFix);
    }
    let chosen = own.pop_front();
    sheet.choose(chosen.as_deref().unwrap_or(&first))?;
    Ok(chosen.is_some().then_some(own))
}

/// The role of a sheet in a workbook that rollcall may have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    /// Rows to fix, below a header that rollcall wrote.
    Rows,
    /// A header that rollcall wrote, without rows.
    NoRows,
    /// The instructions.
    ReadMe,
    Empty,
    /// A sheet from another source.
    Other,
}

impl Page {
    /// Classifies a sheet by its name and its first rows.
    fn of(name: &str, rows: &Rows) -> Self {
        if rows.is_empty() {
            return Self::Empty;
        }
        let header = rows.row(0);
        if Header::is_own(&header) {
            if rows.len() > 1 { Self::Rows } else { Self::NoRows }
        } else if name == READ_ME && header.cell(0).text.ends_with(READ_ME_TITLE.as_bytes()) {
            Self::ReadMe
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::Workbook;

    use super::READ_ME;
    use crate::parse::{Fault, Input, settings::ParseSettings};

    const HEADER: &[&str] = &["Name", "Phone", "rollcall_row", "rollcall_code"];
    const ROW: &[&str] = &["Asha Rao", "020 7946 0100", "7", "missing-salutation"];

    /// A sheet's name and rows.
    type Page<'a> = (&'a str, &'a [&'a [&'a str]]);

    /// Returns the sheets that are read from a workbook with these sheets.
    fn read(sheets: &[Page<'_>]) -> Result<Vec<String>, Fault> {
        let mut workbook = Workbook::new();
        for (name, rows) in sheets {
            let sheet = workbook.add_worksheet().set_name(*name).unwrap();
            for (number, row) in (0..).zip(*rows) {
                for (column, cell) in (0..).zip(*row) {
                    sheet.write(number, column, *cell).unwrap();
                }
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejected.xlsx");
        workbook.save(&path).unwrap();
        let opened = Input::open_all(&path, &ParseSettings::default()).map_err(|error| error.fault)?;
        Ok(opened.into_iter().filter_map(|input| input.info.sheet).collect())
    }

    #[test]
    fn sheets_without_rows_are_skipped() {
        let read_me: Page<'_> = (READ_ME, &[&["2 rows to fix"]]);
        let (full, bare): (&[&[&str]], &[&[&str]]) = (&[HEADER, ROW], &[HEADER]);
        assert_eq!(read(&[read_me, ("1 a", bare), ("2 b", full)]).unwrap(), ["2 b"]);
        assert_eq!(read(&[read_me, ("1 a", full), ("2 b", bare), ("3 c", full)]).unwrap(), ["1 a", "3 c"]);
        assert_eq!(read(&[("1 a", bare), ("2 b", full)]).unwrap(), ["2 b"]);
        let empty: [&[Page<'_>]; 4] = [
            &[read_me],
            &[read_me, ("1 a", bare), ("2 b", bare)],
            &[read_me, ("1 a", &[])],
            &[("1 a", bare)],
        ];
        for sheets in empty {
            assert!(matches!(read(sheets), Err(Fault::NothingToFix)), "{sheets:?}");
        }
    }

    #[test]
    fn added_sheet_is_read_if_no_rows_are_to_fix() {
        let people: Page<'_> = ("People", &[&["Name", "Phone"], &["Asha Rao", "020 7946 0100"]]);
        assert_eq!(read(&[(READ_ME, &[&["0 rows to fix"]]), people]).unwrap(), ["People"]);
        // A sheet of that name in another workbook.
        assert!(!matches!(read(&[(READ_ME, &[&["Please call on Mondays"]])]), Err(Fault::NothingToFix)));
    }
}
