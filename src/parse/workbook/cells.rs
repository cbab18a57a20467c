//! Searches the text of all cells of a workbook.

use std::{fs::File, ops::ControlFlow};

use super::Sheet;
use crate::parse::{
    Fault,
    file::content::Content,
    raw_row::{RawRow, RowSink},
};

/// Returns whether any cell of a workbook, on any sheet, has a text for which `is_wanted` is true. Cells too far to the
/// right to be read count as wanted.
///
/// # Errors
///
/// Returns an error if the file is not an Excel workbook or is damaged.
pub fn any_cell(file: &File, is_wanted: &mut dyn FnMut(&str) -> bool) -> Result<bool, Fault> {
    let file_bytes = file.metadata().map_err(Fault::Io)?.len();
    let mut sheet = Sheet::open(file, file_bytes, Content::Xlsx, None)?;
    let first = std::iter::once(sheet.choice.sheet.name.clone());
    let all: Vec<String> = first.chain(sheet.choice.others.iter().map(|other| other.name.clone())).collect();
    let mut search = Search { is_wanted, is_found: false };
    for name in all {
        sheet.choose(&name)?;
        sheet.begin_pass();
        sheet.visit(&mut search)?;
        if search.is_found || sheet.sights.far_cells > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

struct Search<'a> {
    is_wanted: &'a mut dyn FnMut(&str) -> bool,
    is_found: bool,
}

impl RowSink for Search<'_> {
    fn row(&mut self, _: u64, row: &impl RawRow) -> ControlFlow<()> {
        let mut texts = (0..row.len()).map(|index| String::from_utf8_lossy(row.cell(index).text));
        self.is_found = texts.any(|text| (self.is_wanted)(&text));
        if self.is_found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};

    use rust_xlsxwriter::Workbook;

    use super::*;

    fn stored(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        file
    }

    #[test]
    fn cells_of_every_sheet_are_searched() {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().write(0, 0, "first").unwrap();
        workbook.add_worksheet();
        workbook.add_worksheet().set_hidden(true).write(7, 3, "last").unwrap();
        workbook.add_worksheet().write(1, 1, 442_079_460_100_u64).unwrap();
        let bytes = workbook.save_to_buffer().unwrap();
        let found = |wanted: &str| any_cell(&stored(&bytes), &mut |text| text == wanted).unwrap();
        assert_eq!(["first", "last", "442079460100", "la"].map(found), [true, true, true, false]);
        let mut far = Workbook::new();
        far.add_worksheet().write(0, 5000, "x").unwrap();
        assert!(any_cell(&stored(&far.save_to_buffer().unwrap()), &mut |_| false).unwrap());
        assert!(any_cell(&stored(b"no workbook"), &mut |_| true).is_err());
    }
}
