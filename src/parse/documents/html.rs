//! Reads the tables of web pages into rows. Many programs write such a page as `.xls`, and spreadsheet programs open
//! it.

use std::io::Read as _;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::grid::{Grid, MAX_TEXT_BYTES, Room};
use crate::{
    parse::{
        encoding::{self, Encoding, UTF_8},
        error::Fault,
        file::source::Source,
        workbook::{
            sheet::{MAX_COLUMNS, MAX_READ_COLUMNS},
            sheet_name::SheetName,
        },
    },
    row::CellKind,
};

/// The maximum nesting depth of tables. Old page layouts nest tables.
const MAX_DEPTH: usize = 16;

/// The maximum number of tables read from a page.
const MAX_TABLES: usize = 256;

/// Returns the encoding that a page declares in its head.
pub(in crate::parse) fn named_encoding(page: &[u8]) -> Option<Encoding> {
    const MARK: &[u8] = b"charset";
    let start = memchr::memmem::find_iter(page, MARK).next()?;
    let rest = page[start + MARK.len()..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"3D").unwrap_or(rest);
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_'))?;
    encoding::by_name(str::from_utf8(&rest[..end]).ok()?)
}

/// Reads a whole text.
///
/// # Errors
///
/// Returns an error if the text is longer than [`MAX_TEXT_BYTES`].
pub(in crate::parse) fn whole(source: &mut Source) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    source.look()?.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes).map_err(Fault::from_io)?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        return Err(Fault::TableTooLong { max_bytes: MAX_TEXT_BYTES });
    }
    Ok(bytes)
}

/// Decodes a text with the encoding `wanted` by the user, else that of its byte order mark, else UTF-8 if valid, else
/// the encoding `named` by the page, else the `likeliest` one.
pub(in crate::parse) fn decode(
    bytes: &[u8],
    wanted: Option<Encoding>,
    named: Option<Encoding>,
    likeliest: Encoding,
) -> (String, Encoding) {
    let marked = encoding::marked(bytes);
    let is_utf_8 = str::from_utf8(bytes).is_ok();
    let encoding = match (wanted, marked) {
        (Some(wanted), _) => wanted,
        (None, Some(marked)) => marked,
        (None, None) if is_utf_8 => UTF_8,
        (None, None) => named.filter(|named| named.is_ascii_compatible()).unwrap_or(likeliest),
    };
    let mut text = encoding.decode(bytes);
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    (text, encoding)
}

/// Reads the tables of a page. Their names are `prefix` and a number.
pub(in crate::parse) fn tables(
    page: &str,
    prefix: &str,
    grids: &mut Vec<Grid>,
    room: &mut Room,
) -> Result<(), Fault> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut walk = Walk { open: Vec::new(), skipped: None, prefix, grids, room };
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => walk.start(&tag)?,
            Token::EndTag(tag) => walk.end(&tag.name)?,
            Token::String(text) => walk.text(&String::from_utf8_lossy(&text)),
            _ => {}
        }
    }
    while !walk.open.is_empty() {
        walk.end_table()?;
    }
    Ok(())
}

/// A table that is being read.
struct Open {
    grid: Grid,
    is_in_row: bool,
    is_hidden_row: bool,
    cell: Option<OpenCell>,
    /// The row's position in the table, and the column after its last cell.
    row: usize,
    column: usize,
    /// For each column, the first row that is free of a cell from above.
    spanned: Vec<usize>,
}

struct OpenCell {
    text: String,
    /// Whether the text has more than white space.
    is_filled: bool,
    columns: usize,
    rows: usize,
}

struct Walk<'a> {
    open: Vec<Open>,
    /// The open element whose text is skipped, such as a script.
    skipped: Option<Vec<u8>>,
    prefix: &'a str,
    grids: &'a mut Vec<Grid>,
    room: &'a mut Room,
}

impl Walk<'_> {
    fn start(&mut self, tag: &StartTag<()>) -> Result<(), Fault> {
        if self.skipped.is_some() {
            return Ok(());
        }
        match tag.name.as_slice() {
            b"script" | b"style" | b"template" if !tag.self_closing => self.skipped = Some(tag.name.to_vec()),
            b"table" => {
                if self.open.len() >= MAX_DEPTH {
                    return Err(Fault::Hostile(format!("its tables are nested more than {MAX_DEPTH} deep")));
                }
                let grid = Grid::new(SheetName::default());
                self.open.push(Open {
                    grid,
                    is_in_row: false,
                    is_hidden_row: false,
                    cell: None,
                    row: 0,
                    column: 0,
                    spanned: Vec::new(),
                });
            }
            b"tr" => {
                self.end_row()?;
                if let Some(table) = self.open.last_mut() {
                    table.grid.begin_row(None);
                    (table.is_in_row, table.is_hidden_row) = (true, is_hidden(tag));
                }
            }
            b"td" | b"th" => {
                self.end_cell()?;
                if let Some(table) = self.open.last_mut() {
                    if !table.is_in_row {
                        table.grid.begin_row(None);
                        (table.is_in_row, table.is_hidden_row) = (true, false);
                    }
                    let span = |name: &str| {
                        let value = attribute(tag, name).and_then(|value| value.trim().parse().ok());
                        value.unwrap_or(1).clamp(1, MAX_COLUMNS)
                    };
                    table.cell = Some(OpenCell {
                        text: String::new(),
                        is_filled: false,
                        columns: span("colspan"),
                        rows: span("rowspan"),
                    });
                }
            }
            b"br" => self.add("\n"),
            b"p" | b"div" | b"li" => self.add_break(),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &[u8]) -> Result<(), Fault> {
        if let Some(skipped) = &self.skipped {
            if skipped == name {
                self.skipped = None;
            }
            return Ok(());
        }
        match name {
            b"td" | b"th" => self.end_cell(),
            b"tr" => self.end_row(),
            b"table" => self.end_table(),
            _ => Ok(()),
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipped.is_some() {
            return;
        }
        // White space in the source counts as one space. Only tags break a line.
        let mut words = text.split_whitespace().peekable();
        if text.starts_with(char::is_whitespace) {
            self.add(" ");
        }
        while let Some(word) = words.next() {
            self.add(word);
            if words.peek().is_some() || text.ends_with(char::is_whitespace) {
                self.add(" ");
            }
        }
    }

    fn add(&mut self, text: &str) {
        if let Some(cell) = self.open.last_mut().and_then(|table| table.cell.as_mut()) {
            cell.text.push_str(text);
            cell.is_filled |= !text.trim().is_empty();
        }
    }

    fn add_break(&mut self) {
        if let Some(cell) = self.open.last_mut().and_then(|table| table.cell.as_mut())
            && cell.is_filled
        {
            cell.text.push('\n');
        }
    }

    fn end_cell(&mut self) -> Result<(), Fault> {
        let Some(table) = self.open.last_mut() else { return Ok(()) };
        let Some(cell) = table.cell.take() else { return Ok(()) };
        let mut column = table.column;
        while table.spanned.get(column).is_some_and(|end| *end > table.row) {
            column += 1;
        }
        let text: Vec<&str> = cell.text.split('\n').map(str::trim).collect();
        table.grid.set(column, text.join("\n").trim().to_owned(), CellKind::Text)?;
        table.column = column + cell.columns;
        table.grid.widen(table.column);
        let end = table.column.min(MAX_READ_COLUMNS);
        if cell.rows > 1 && column < end {
            if table.spanned.len() < end {
                table.spanned.resize(end, 0);
            }
            table.spanned[column..end].fill(table.row + cell.rows);
        }
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), Fault> {
        self.end_cell()?;
        if let Some(table) = self.open.last_mut().filter(|table| table.is_in_row) {
            table.grid.end_row(table.is_hidden_row, self.room)?;
            table.is_in_row = false;
            (table.row, table.column) = (table.row + 1, 0);
        }
        Ok(())
    }

    fn end_table(&mut self) -> Result<(), Fault> {
        self.end_row()?;
        let Some(mut table) = self.open.pop() else { return Ok(()) };
        if !table.grid.rows.is_empty() {
            if self.grids.len() >= MAX_TABLES {
                return Err(Fault::Hostile(format!("it has more than {MAX_TABLES} tables")));
            }
            let name = format!("{}{}", self.prefix, self.grids.len() + 1);
            table.grid.sheet = SheetName::new(name, false);
            self.grids.push(table.grid);
        }
        Ok(())
    }
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(value).into_owned())
}

fn is_hidden(tag: &StartTag<()>) -> bool {
    let style = attribute(tag, "style").unwrap_or_default().to_lowercase().replace(' ', "");
    tag.attributes.contains_key(b"hidden".as_slice()) || style.contains("display:none")
}
