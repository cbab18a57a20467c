//! A workbook whose cells are all text, written row by row.

use std::io::{Seek, Write};

use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// A workbook with one header, repeated on another sheet whenever a sheet is full.
pub(super) struct Book {
    workbook: Workbook,
    columns: Vec<String>,
    sheets: u32,
    /// The next row of the last sheet.
    row: u32,
    text: Format,
    bold: Format,
}

impl Book {
    /// Maximum rows of a sheet; more rows go to another sheet.
    const MAX_ROWS: u32 = 1_048_576;

    /// Maximum UTF-16 code units of a cell.
    const MAX_UNITS: usize = 32_767;

    pub(super) fn begin(columns: Vec<String>) -> Result<Self, XlsxError> {
        let text = Format::new().set_num_format("@");
        let bold = text.clone().set_bold();
        let mut book = Self { workbook: Workbook::new(), columns, sheets: 0, row: 0, text, bold };
        book.begin_sheet()?;
        Ok(book)
    }

    fn begin_sheet(&mut self) -> Result<(), XlsxError> {
        const WIDTH: f64 = 20.0;

        self.sheets += 1;
        let name = if self.sheets == 1 { "Contacts".to_owned() } else { format!("Contacts {}", self.sheets) };
        let sheet = self.workbook.add_worksheet_with_constant_memory()?.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, name) in (0..).zip(&self.columns) {
            sheet.set_column_width(column, WIDTH)?;
            sheet.write_string_with_format(0, column, name, &self.bold)?;
        }
        self.row = 1;
        Ok(())
    }

    pub(super) fn push<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> Result<(), XlsxError> {
        if self.row == Self::MAX_ROWS {
            self.begin_sheet()?;
        }
        let last = usize::try_from(self.sheets).unwrap_or_default().saturating_sub(1);
        let sheet = self.workbook.worksheet_from_index(last)?;
        for (column, text) in (0..).zip(texts) {
            if !text.is_empty() {
                let text = shortened(text, Self::MAX_UNITS);
                sheet.write_string_with_format(self.row, column, text, &self.text)?;
            }
        }
        self.row += 1;
        Ok(())
    }

    pub(super) fn save(mut self, to: impl Write + Seek + Send) -> Result<(), XlsxError> {
        self.workbook.save_to_writer(to)
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
