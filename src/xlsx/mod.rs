//! A writer of workbooks (Office Open XML, ECMA-376) whose cells are all text.
//!
//! It writes the rows of a sheet straight into the archive, so that memory does not depend on their number. Text that
//! repeats in many rows is written once, as a shared string.

mod comments;
mod parts;
mod sheet;
mod text;

use std::{
    collections::HashMap,
    io::{self, Seek, Write},
};

use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use self::sheet::Sheet;
pub(crate) use self::sheet::SheetLayout;

/// Higher levels make the archive a third smaller and take three times as long.
const COMPRESSION_LEVEL: i64 = 1;

/// The appearance of a cell, in the order of the formats in `styles.xml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Text in bold.
    Header = 1,
    /// Text in bold on gray.
    OwnHeader = 2,
    /// Text: spreadsheet programs do not take it for a quantity.
    Text = 3,
    /// Text in the colors that spreadsheet programs use for bad values.
    Bad = 4,
    /// Text in several lines.
    Wrapped = 5,
}

/// A workbook under construction.
pub(crate) struct Workbook<W: Write + Seek> {
    archive: ZipWriter<W>,
    /// The last sheet, which is not finished.
    sheet: Option<Sheet>,
    sheets: Vec<FinishedSheet>,
    strings: SharedStrings,
}

/// What other parts of the workbook say about a sheet.
struct FinishedSheet {
    name: String,
    /// The range with a filter, if any.
    filter: Option<String>,
    /// The number of its part with comments, if it has any.
    comments: Option<usize>,
}

/// Strings that cells refer to by their index.
#[derive(Default)]
struct SharedStrings {
    indices: HashMap<String, usize>,
    /// The strings in the order of their indices, as markup.
    markup: Vec<u8>,
    /// The number of cells that refer to them.
    uses: usize,
}

impl SharedStrings {
    /// Beyond this number, strings are written into their cells: they do not repeat.
    const MAX: usize = 20_000;

    /// Returns the index of a string, or `None` if there is no room for another one.
    fn index(&mut self, string: &str) -> Option<usize> {
        let index = match self.indices.get(string) {
            Some(index) => *index,
            None if self.indices.len() < Self::MAX => {
                let index = self.indices.len();
                self.indices.insert(string.to_owned(), index);
                self.markup.extend_from_slice(b"<si>");
                text::push_element(&mut self.markup, string);
                self.markup.extend_from_slice(b"</si>");
                index
            }
            None => return None,
        };
        self.uses += 1;
        Some(index)
    }
}

impl<W: Write + Seek> Workbook<W> {
    /// Starts a workbook.
    pub(crate) fn new(to: W) -> Self {
        Self {
            archive: ZipWriter::new(to),
            sheet: None,
            sheets: Vec::new(),
            strings: SharedStrings::default(),
        }
    }

    /// Starts a sheet, to which all rows belong until the next one. Its name must be valid for a sheet, and different from
    /// those of the others.
    pub(crate) fn begin_sheet(&mut self, name: impl Into<String>, layout: SheetLayout) -> io::Result<()> {
        self.finish_sheet()?;
        self.sheet = Some(Sheet::new(name.into(), layout, self.sheets.is_empty()));
        Ok(())
    }

    /// Writes the markup of the sheet so far into its part.
    fn flush_sheet(&mut self) -> io::Result<()> {
        let Some(mut sheet) = self.sheet.take() else { return Ok(()) };
        if !std::mem::replace(&mut sheet.has_part, true) {
            self.begin(&self.sheet_part())?;
        }
        self.archive.write_all(&sheet.markup)?;
        sheet.markup.clear();
        self.sheet = Some(sheet);
        Ok(())
    }

    /// The name of the part of the last sheet.
    fn sheet_part(&self) -> String {
        format!("xl/worksheets/sheet{}.xml", self.sheets.len() + 1)
    }

    fn finish_sheet(&mut self) -> io::Result<()> {
        if let Some(sheet) = self.sheet.take() {
            let finished = sheet.finish(self)?;
            self.sheets.push(finished);
        }
        Ok(())
    }

    /// Starts the next row of the sheet.
    pub(crate) fn row(&mut self) -> io::Result<()> {
        let Some(sheet) = &mut self.sheet else { return Ok(()) };
        sheet.row();
        if sheet.is_buffer_full() {
            self.flush_sheet()?;
        }
        Ok(())
    }

    /// Adds a cell to the row. Cells come in the order of their columns.
    pub(crate) fn cell(&mut self, column: usize, text: &str, style: Style) {
        if let Some(sheet) = &mut self.sheet {
            sheet.cell(column, text, style);
        }
    }

    /// Adds a cell whose text repeats in other rows.
    pub(crate) fn shared_cell(&mut self, column: usize, text: &str, style: Style) {
        let Some(sheet) = &mut self.sheet else { return };
        match self.strings.index(text) {
            Some(index) => sheet.shared_cell(column, index, style),
            None => sheet.cell(column, text, style),
        }
    }

    /// Adds a comment to a cell of the row.
    pub(crate) fn comment(&mut self, column: usize, text: String) {
        if let Some(sheet) = &mut self.sheet {
            sheet.comment(column, text);
        }
    }

    fn begin(&mut self, name: &str) -> io::Result<()> {
        let options = SimpleFileOptions::default().compression_level(Some(COMPRESSION_LEVEL));
        self.archive.start_file(name, options).map_err(io::Error::from)
    }

    fn part(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        /// Compression of a shorter part is not worth its preparation.
        const SHORT: usize = 4096;

        if content.len() > SHORT {
            self.begin(name)?;
        } else {
            let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            self.archive.start_file(name, stored)?;
        }
        self.archive.write_all(content)
    }

    /// Writes the parts that depend on all sheets, and returns the file.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.finish_sheet()?;
        let strings = parts::shared_strings(&self.strings);
        self.part("xl/sharedStrings.xml", &strings)?;
        self.part("xl/styles.xml", parts::STYLES.as_bytes())?;
        self.part("xl/workbook.xml", &parts::workbook(&self.sheets))?;
        self.part("xl/_rels/workbook.xml.rels", parts::workbook_relations(self.sheets.len()).as_bytes())?;
        self.part("_rels/.rels", parts::RELATIONS.as_bytes())?;
        self.part("[Content_Types].xml", parts::content_types(&self.sheets).as_bytes())?;
        self.archive.finish().map_err(|error| match error {
            ZipError::Io(source) => source,
            other => io::Error::other(other),
        })
    }
}

/// Returns the name of a column: `A` to `Z`, then `AA`.
fn column_name(index: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        letters.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(rest - 1) % 26]));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_in_spreadsheets() {
        for (index, name) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")] {
            assert_eq!(column_name(index), name);
        }
    }

    #[test]
    fn repeated_strings_are_stored_once() {
        let mut strings = SharedStrings::default();
        assert_eq!(
            [strings.index("a"), strings.index("b & c"), strings.index("a")],
            [Some(0), Some(1), Some(0)]
        );
        assert_eq!(strings.uses, 3);
        assert_eq!(strings.markup, b"<si><t>a</t></si><si><t>b &amp; c</t></si>");
    }
}
