//! A sheet while it is written.

use std::io::{self, Seek, Write};

use super::{
    FinishedSheet, Style, Workbook, column_name,
    comments::{self, Comment},
    parts, text,
};
use crate::contact::Digits;

/// The size at which rows go to the archive.
const BUFFER_BYTES: usize = 64 * 1024;

/// The layout of a sheet.
#[derive(Clone, Debug, Default)]
pub(crate) struct SheetLayout {
    /// The widths of the columns, in characters.
    pub(crate) widths: Vec<usize>,
    /// Whether all cells of these columns are text, also those that users fill in.
    pub(crate) is_text: bool,
    /// Whether the first row stays visible.
    pub(crate) is_frozen: bool,
    /// The number of rows to filter by, if known.
    pub(crate) filtered_rows: Option<u64>,
}

impl SheetLayout {
    /// The range of the rows from the given one, such as `A1:F9`; `None` if they are not filtered.
    fn range(&self, first: u64) -> Option<String> {
        let last = column_name(self.widths.len().checked_sub(1)?);
        self.filtered_rows.map(|rows| format!("A{first}:{last}{}", rows.max(first)))
    }

    /// The markup before the rows.
    fn head(&self, is_first: bool) -> String {
        use std::fmt::Write as _;

        let mut head = format!("{}<worksheet {}>", parts::DECLARATION, parts::SHEET_NAMESPACES);
        let selected = if is_first { " tabSelected=\"1\"" } else { "" };
        // Writing to a string cannot fail.
        _ = write!(head, "<sheetViews><sheetView{selected} workbookViewId=\"0\">");
        if self.is_frozen {
            head.push_str(
                "<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>",
            );
        }
        head.push_str("</sheetView></sheetViews><sheetFormatPr defaultRowHeight=\"15\"/>");
        if !self.widths.is_empty() {
            head.push_str("<cols>");
            for (width, number) in self.widths.iter().zip(1..) {
                let style =
                    if self.is_text { format!(" style=\"{}\"", Style::Text as u8) } else { String::new() };
                _ = write!(
                    head,
                    "<col min=\"{number}\" max=\"{number}\" width=\"{width}.7109375\"{style} customWidth=\"1\"/>"
                );
            }
            head.push_str("</cols>");
        }
        head.push_str("<sheetData>");
        head
    }

    /// The markup after the rows.
    fn tail(&self, has_comments: bool) -> String {
        use std::fmt::Write as _;

        let mut tail = "</sheetData>".to_owned();
        if let Some(range) = self.range(1) {
            _ = write!(tail, "<autoFilter ref=\"{range}\"/>");
        }
        if let Some(range) = self.range(2) {
            // Spreadsheet programs would mark each number as an error.
            _ = write!(
                tail,
                "<ignoredErrors><ignoredError sqref=\"{range}\" numberStoredAsText=\"1\"/></ignoredErrors>"
            );
        }
        if has_comments {
            tail.push_str("<legacyDrawing r:id=\"rId1\"/>");
        }
        tail.push_str("</worksheet>");
        tail
    }
}

/// A sheet while it is written, row by row.
#[derive(Default)]
pub(super) struct Sheet {
    name: String,
    layout: SheetLayout,
    /// The markup that is not yet in the archive.
    pub(super) markup: Vec<u8>,
    /// Whether its part in the archive is begun.
    pub(super) has_part: bool,
    columns: Vec<String>,
    row: u64,
    is_in_row: bool,
    comments: Vec<Comment>,
}

impl Sheet {
    pub(super) fn new(name: String, layout: SheetLayout, is_first: bool) -> Self {
        let markup = layout.head(is_first).into_bytes();
        let columns = (0..layout.widths.len()).map(column_name).collect();
        Self { name, layout, markup, columns, ..Self::default() }
    }

    /// Returns whether there is enough markup for a write.
    pub(super) fn is_buffer_full(&self) -> bool {
        self.markup.len() >= BUFFER_BYTES
    }

    /// Starts the next row.
    pub(super) fn row(&mut self) {
        self.end_row();
        self.row += 1;
        self.is_in_row = true;
        self.markup.extend_from_slice(b"<row r=\"");
        self.markup.extend_from_slice(Digits::of(self.row).as_bytes());
        self.markup.extend_from_slice(b"\">");
    }

    fn end_row(&mut self) {
        if self.is_in_row {
            self.is_in_row = false;
            self.markup.extend_from_slice(b"</row>");
        }
    }

    /// Adds a cell with its own text.
    pub(super) fn cell(&mut self, column: usize, text: &str, style: Style) {
        self.open_cell(column, style);
        if text.is_empty() {
            self.markup.extend_from_slice(b"/>");
            return;
        }
        self.markup.extend_from_slice(b" t=\"inlineStr\"><is>");
        text::push_element(&mut self.markup, text);
        self.markup.extend_from_slice(b"</is></c>");
    }

    /// Adds a cell with a shared string.
    pub(super) fn shared_cell(&mut self, column: usize, index: usize, style: Style) {
        self.open_cell(column, style);
        self.markup.extend_from_slice(b" t=\"s\"><v>");
        self.markup.extend_from_slice(Digits::of(index as u64).as_bytes());
        self.markup.extend_from_slice(b"</v></c>");
    }

    fn open_cell(&mut self, column: usize, style: Style) {
        while self.columns.len() <= column {
            self.columns.push(column_name(self.columns.len()));
        }
        self.markup.extend_from_slice(b"<c r=\"");
        self.markup.extend_from_slice(self.columns[column].as_bytes());
        self.markup.extend_from_slice(Digits::of(self.row).as_bytes());
        self.markup.extend_from_slice(b"\" s=\"");
        self.markup.push(b'0' + style as u8);
        self.markup.push(b'"');
    }

    /// Adds a comment to a cell of the row.
    pub(super) fn comment(&mut self, column: usize, text: String) {
        self.comments.push(Comment { row: self.row, column, text });
    }

    /// Writes the rest of the sheet and its other parts into the archive.
    pub(super) fn finish<W: Write + Seek>(mut self, book: &mut Workbook<W>) -> io::Result<FinishedSheet> {
        self.end_row();
        let has_comments = !self.comments.is_empty();
        self.markup.extend_from_slice(self.layout.tail(has_comments).as_bytes());
        if self.has_part {
            book.archive.write_all(&self.markup)?;
        } else {
            book.part(&book.sheet_part(), &self.markup)?;
        }
        let mut comments = None;
        if has_comments {
            let number = book.sheets.iter().filter(|sheet| sheet.comments.is_some()).count() + 1;
            book.part(&format!("xl/comments{number}.xml"), &comments::texts(&self.comments))?;
            let boxes = comments::boxes(&self.comments, &self.layout.widths);
            book.part(&format!("xl/drawings/vmlDrawing{number}.vml"), boxes.as_bytes())?;
            let sheet = book.sheets.len() + 1;
            let relations = parts::sheet_relations(number);
            book.part(&format!("xl/worksheets/_rels/sheet{sheet}.xml.rels"), relations.as_bytes())?;
            comments = Some(number);
        }
        Ok(FinishedSheet { name: self.name, filter: self.layout.range(1), comments })
    }
}
