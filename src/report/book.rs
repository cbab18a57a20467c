//! A workbook whose cells are all text, written row by row.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Seek as _, Write},
    path::Path,
};

use crate::xlsx::{SheetLayout, Style, Workbook};

/// A workbook with one header, repeated on another sheet whenever a sheet is full.
pub(super) struct Book {
    workbook: Workbook<BufWriter<File>>,
    columns: Vec<String>,
    sheets: u32,
    /// The number of rows of the last sheet.
    rows: u32,
}

impl Book {
    /// Maximum rows of a sheet; more rows go to another sheet.
    const MAX_ROWS: u32 = 1_048_576;

    /// Maximum UTF-16 code units of a cell.
    const MAX_UNITS: usize = 32_767;

    /// Starts a workbook, which is on disk without a name until it is saved: in `folder`, or without one in the folder
    /// for temporary files, which may be small.
    pub(super) fn begin(columns: Vec<String>, folder: Option<&Path>) -> io::Result<Self> {
        let file = folder.map_or_else(tempfile::tempfile, tempfile::tempfile_in)?;
        let workbook = Workbook::new(BufWriter::new(file));
        let mut book = Self { workbook, columns, sheets: 0, rows: 0 };
        book.begin_sheet()?;
        Ok(book)
    }

    fn begin_sheet(&mut self) -> io::Result<()> {
        const WIDTH: usize = 20;

        self.sheets += 1;
        let name = if self.sheets == 1 { "Contacts".to_owned() } else { format!("Contacts {}", self.sheets) };
        let widths = vec![WIDTH; self.columns.len()];
        self.workbook.begin_sheet(name, SheetLayout { widths, is_frozen: true, ..SheetLayout::default() })?;
        self.workbook.row()?;
        for (column, name) in self.columns.iter().enumerate() {
            self.workbook.cell(column, name, Style::Header);
        }
        self.rows = 1;
        Ok(())
    }

    pub(super) fn push<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> io::Result<()> {
        if self.rows == Self::MAX_ROWS {
            self.begin_sheet()?;
        }
        self.workbook.row()?;
        for (column, text) in texts.enumerate() {
            if !text.is_empty() {
                self.workbook.cell(column, shortened(text, Self::MAX_UNITS), Style::Text);
            }
        }
        self.rows += 1;
        Ok(())
    }

    pub(super) fn save(self, to: &mut impl Write) -> io::Result<()> {
        let mut file = self.workbook.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        io::copy(&mut BufReader::new(file), to).map(|_| ())
    }
}

/// Returns as much of a text as a cell can hold. No real name is longer.
fn shortened(text: &str, max_units: usize) -> &str {
    if text.len() <= max_units {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, letter)| {
        units += letter.len_utf16();
        units > max_units
    });
    end.map_or(text, |(end, _)| &text[..end])
}
