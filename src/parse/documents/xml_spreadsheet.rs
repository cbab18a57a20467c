//! Reads spreadsheets in the XML format of Excel 2003, which many programs still write, into tables.

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

use super::grid::{Grid, Room};
use crate::{
    parse::{
        encoding::Encoding,
        error::Fault,
        workbook::{
            sheet::{MAX_ROWS, add_entry},
            sheet_name::SheetName,
        },
    },
    row::CellKind,
};

/// Returns the encoding declared in the first line of an XML text.
pub(in crate::parse) fn named_encoding(text: &[u8]) -> Option<Encoding> {
    let first = &text[..memchr::memchr(b'>', text)?];
    let start = memchr::memmem::find(first, b"encoding=")? + b"encoding=".len() + 1;
    let name = first[start..].split(|byte| matches!(byte, b'"' | b'\'')).next()?;
    crate::parse::encoding::by_name(str::from_utf8(name).ok()?)
}

/// Returns the sheets of a spreadsheet as tables.
pub(in crate::parse) fn tables(text: &str) -> Result<Vec<Grid>, Fault> {
    let mut reader = Reader::from_str(text);
    // Tolerate tags that are never closed or closed twice.
    reader.config_mut().check_end_names = false;
    let mut walk = Walk::new(Room::of(text.len()));
    loop {
        match reader.read_event().map_err(|error| Fault::DamagedWorkbook(error.to_string()))? {
            Event::Eof => break,
            Event::Start(tag) => walk.start(&tag)?,
            Event::Empty(tag) => {
                walk.start(&tag)?;
                walk.end(local(tag.name().as_ref()))?;
            }
            Event::End(tag) => walk.end(local(tag.name().as_ref()))?,
            Event::Text(text) => walk.add(&text.xml10_content()),
            Event::CData(text) => walk.add(&text.xml10_content()),
            Event::GeneralRef(entity) => {
                let text = match entity.resolve_char_ref() {
                    Ok(Some(letter)) => letter.to_string(),
                    _ => quick_xml::escape::resolve_predefined_entity(&entity).unwrap_or_default().to_owned(),
                };
                walk.add(&text);
            }
            _ => {}
        }
    }
    walk.end_sheet()?;
    Ok(walk.grids)
}

struct Walk {
    room: Room,
    grids: Vec<Grid>,
    grid: Option<Grid>,
    is_hidden_row: bool,
    /// The column of the current cell, and the number of further columns it spans.
    column: usize,
    span: usize,
    text: String,
    kind: Option<CellKind>,
    is_in_data: bool,
    is_in_comment: bool,
}

impl Walk {
    fn new(room: Room) -> Self {
        Self {
            room,
            grids: Vec::new(),
            grid: None,
            is_hidden_row: false,
            column: 0,
            span: 0,
            text: String::new(),
            kind: None,
            is_in_data: false,
            is_in_comment: false,
        }
    }

    fn end_sheet(&mut self) -> Result<(), Fault> {
        self.grid.take().map_or(Ok(()), |grid| add_entry(&mut self.grids, grid))
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), Fault> {
        match local(tag.name().as_ref()) {
            "Worksheet" => {
                self.end_sheet()?;
                let name = attribute(tag, "Name").unwrap_or_default();
                self.grid = Some(Grid::new(SheetName::new(name, false)));
                self.column = 0;
            }
            "Visible" => self.text.clear(),
            "Column" => {
                if let Some(index) = number(tag, "Index").and_then(|index| usize::try_from(index).ok()) {
                    self.column = index.saturating_sub(1);
                }
                let more = number(tag, "Span").and_then(|more| usize::try_from(more).ok()).unwrap_or(0);
                let last = self.column.saturating_add(more);
                if let Some(grid) = self.grid.as_mut().filter(|_| is_hidden(tag)) {
                    grid.sights.hide_columns(self.column, last);
                }
                self.column = last.saturating_add(1);
            }
            "Row" => {
                let number = number(tag, "Index");
                self.is_hidden_row = is_hidden(tag);
                self.column = 0;
                if let Some(row) = number.filter(|number| *number > MAX_ROWS) {
                    return Err(Fault::OutsideSheet { row });
                }
                if let Some(grid) = &mut self.grid {
                    grid.begin_row(number);
                }
            }
            "Cell" => {
                if let Some(index) = number(tag, "Index").and_then(|index| usize::try_from(index).ok()) {
                    self.column = index.saturating_sub(1);
                }
                self.span =
                    number(tag, "MergeAcross").and_then(|more| usize::try_from(more).ok()).unwrap_or(0);
                (self.kind, self.is_in_comment) = (None, false);
                self.text.clear();
            }
            "Comment" | "PhoneticText" => self.is_in_comment = true,
            "Data" if !self.is_in_comment => {
                let kind = attribute(tag, "Type").unwrap_or_default();
                self.kind = Some(match kind.as_str() {
                    "Number" => CellKind::Number,
                    "DateTime" => CellKind::Date,
                    "Boolean" => CellKind::Boolean,
                    "Error" => CellKind::Error,
                    _ => CellKind::Text,
                });
                self.is_in_data = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), Fault> {
        match name {
            "Data" => self.is_in_data = false,
            "Comment" | "PhoneticText" => self.is_in_comment = false,
            "Cell" => {
                let kind = self.kind.take();
                if let (Some(grid), Some(kind)) = (&mut self.grid, kind) {
                    let text = std::mem::take(&mut self.text);
                    let (text, kind) = value(text, kind);
                    grid.set(self.column, text, kind)?;
                }
                self.column = self.column.saturating_add(self.span).saturating_add(1);
            }
            "Row" => {
                if let Some(grid) = &mut self.grid {
                    grid.end_row(self.is_hidden_row, &mut self.room)?;
                }
            }
            "Visible" => {
                if let Some(grid) = &mut self.grid {
                    grid.sheet.is_hidden = self.text.trim() != "SheetVisible" && !self.text.trim().is_empty();
                }
                self.text.clear();
            }
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, text: &str) {
        if self.is_in_data || self.kind.is_none() {
            self.text.push_str(text);
        }
    }
}

/// Returns a value as a person would type it. A number with an exponent becomes text if digits were lost.
fn value(text: String, kind: CellKind) -> (String, CellKind) {
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    match kind {
        CellKind::Number if text.contains(['e', 'E']) => match text.trim().parse::<f64>() {
            Ok(number) if number.abs() < MAX_EXACT && number.fract() == 0.0 && has_all_digits(&text) => {
                (number.to_string(), kind)
            }
            _ => (text, CellKind::Text),
        },
        CellKind::Number => match text.trim().split_once('.') {
            Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => {
                (whole.to_owned(), kind)
            }
            _ => (text.trim().to_owned(), kind),
        },
        CellKind::Boolean => ((if text.trim() == "1" { "TRUE" } else { "FALSE" }).to_owned(), kind),
        _ => (text, kind),
    }
}

/// Returns whether a number with an exponent is written with all its digits.
fn has_all_digits(text: &str) -> bool {
    let mut parts = text.trim().split(['e', 'E']);
    let digits = parts.next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count();
    let exponent = parts.next().and_then(|exponent| exponent.parse::<usize>().ok());
    exponent.is_some_and(|exponent| digits > exponent)
}

/// Returns the name of an element without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Returns an attribute by its local name, regardless of the prefix.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found =
        tag.attributes().with_checks(false).flatten().find(|found| local(found.key.as_ref()) == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

fn is_hidden(tag: &BytesStart<'_>) -> bool {
    attribute(tag, "Hidden").is_some_and(|hidden| hidden == "1")
}

fn number(tag: &BytesStart<'_>, name: &str) -> Option<u64> {
    attribute(tag, name)?.trim().parse().ok()
}
