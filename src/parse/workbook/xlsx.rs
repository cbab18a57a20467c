//! Reads the sheets of Excel workbooks into rows.
//!
//! Cells are read one by one from the XML, never into a grid, because a few bytes can claim a cell in the last corner
//! of a sheet. Notes, comments and phonetic guides are not part of a cell's text.

use std::{borrow::Cow, collections::HashSet, fs::File, ops::ControlFlow};

use quick_xml::events::{BytesStart, Event};

use super::{
    number_format::Formats,
    package::Package,
    plain::{self, PlainCell},
    relations::{Parts, Relation, by_id},
    shared_text::SharedTexts,
    sheet::{Entry, Gathered, Sights, Value, add_entry, column_name},
    sheet_name::SheetName,
    xml::{self, Xml, attribute, is_true},
};
use crate::parse::{error::Fault, raw_row::RowSink};

/// The maximum size of a text with all its runs. Longer texts in cells that are read are an error.
const MAX_TEXT_BYTES: usize = 2 * 1024 * 1024;

/// More cells than most rows have.
const USUAL_CELLS: usize = 32;

/// An Excel workbook.
pub(in crate::parse) struct Xlsx {
    pub(in crate::parse) package: Package,
    pub(in crate::parse) entries: Vec<Entry>,
    /// The part of each sheet.
    parts: Vec<Option<String>>,
    strings: SharedTexts,
    formats: Formats,
}

impl Xlsx {
    pub(in crate::parse) fn open(file: &File, file_bytes: u64) -> Result<Self, Fault> {
        let mut package = Package::open(file, file_bytes)?;
        let parts = Parts::find(&mut package, "xml")?;
        let mut opened = Self {
            package,
            entries: Vec::new(),
            parts: Vec::new(),
            strings: SharedTexts::default(),
            formats: Formats::default(),
        };
        opened.read_workbook(&parts.workbook, &parts.relations)?;
        if let Some(part) = &parts.styles {
            opened.read_styles(part)?;
        }
        if let Some(part) = &parts.strings {
            opened.read_strings(part)?;
        }
        Ok(opened)
    }

    pub(in crate::parse) fn counts_from_1904(&self) -> bool {
        self.formats.counts_from_1904
    }

    fn read_workbook(&mut self, part: &str, relations: &[Relation]) -> Result<(), Fault> {
        let mut listed = Vec::new();
        let Some(mut xml) = Xml::open(&mut self.package, part)? else { return Ok(()) };
        while let Some(event) = xml.next()? {
            let Event::Start(tag) = event else { continue };
            match tag.local_name().as_ref() {
                "workbookPr" => {
                    self.formats.counts_from_1904 =
                        attribute(&tag, "date1904").is_some_and(|text| is_true(&text));
                }
                "sheet" => {
                    let name = attribute(&tag, "name").unwrap_or_default();
                    let is_hidden = attribute(&tag, "state").is_some_and(|state| state != "visible");
                    listed.push((SheetName::new(name, is_hidden), attribute(&tag, "id").unwrap_or_default()));
                }
                _ => {}
            }
        }
        drop(xml);
        let by_id = by_id(relations);
        let mut taken = HashSet::new();
        for ((name, id), number) in listed.into_iter().zip(1..) {
            let part = match by_id.get(id.as_str()) {
                Some(relation) if relation.holds_cells() => Some(relation.part.clone()),
                None if relations.is_empty() => Some(format!("xl/worksheets/sheet{number}.xml")),
                // A chart, a dialog, or a module, which has no part at all.
                _ => None,
            };
            // Two sheets never share a part.
            let part = part.filter(|part| self.package.has(part) && taken.insert(part.clone()));
            add_entry(&mut self.entries, Entry { name, has_cells: part.is_some() })?;
            self.parts.push(part);
        }
        Ok(())
    }

    fn read_styles(&mut self, part: &str) -> Result<(), Fault> {
        let Some(mut xml) = Xml::open(&mut self.package, part)? else { return Ok(()) };
        let mut is_inside = false;
        while let Some(event) = xml.next()? {
            match event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "numFmt" => {
                        let number =
                            attribute(&tag, "numFmtId").and_then(|number| number.trim().parse().ok());
                        if let Some((number, code)) = number.zip(attribute(&tag, "formatCode")) {
                            self.formats.spell_out(number, &code)?;
                        }
                    }
                    "cellXfs" => is_inside = true,
                    "xf" if is_inside => {
                        let number =
                            attribute(&tag, "numFmtId").and_then(|number| number.trim().parse().ok());
                        self.formats.add(number.unwrap_or_default());
                    }
                    _ => {}
                },
                Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => is_inside = false,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_strings(&mut self, part: &str) -> Result<(), Fault> {
        let Some(mut xml) = Xml::open(&mut self.package, part)? else { return Ok(()) };
        let mut text = CellText::default();
        let mut is_between_texts = false;
        loop {
            if is_between_texts {
                let mut take = |element: &str| {
                    plain::shared_text(element).map(|text| self.strings.push(&unescaped(text))).transpose()
                };
                if xml.take_element(b"<si>", b"</si>", &mut take)?.is_some() {
                    continue;
                }
            }
            let Some(event) = xml.next()? else { break };
            is_between_texts = match &event {
                Event::Start(tag) => tag.name().as_ref() == "sst",
                Event::End(tag) => tag.name().as_ref() == "si",
                _ => false,
            };
            match &event {
                Event::Start(tag) if tag.local_name().as_ref() == "si" => text.clear(),
                Event::End(tag) if tag.local_name().as_ref() == "si" => {
                    self.strings.push(&unescaped(&text.text))?;
                }
                event => text.take(event)?,
            }
        }
        Ok(())
    }

    /// Passes all rows of a sheet that have a cell to `sink`.
    pub(in crate::parse) fn visit(
        &mut self,
        index: usize,
        sights: &mut Sights,
        sink: &mut impl RowSink,
    ) -> Result<(), Fault> {
        let Some(part) = self.parts.get(index).and_then(Option::as_ref) else { return Err(Fault::NoSheet) };
        let Some(mut xml) = Xml::open(&mut self.package, part)? else { return Err(Fault::NoSheet) };
        let mut walk = Walk { strings: &self.strings, row: 0, next_column: 0, cell: None };
        let mut rows = Gathered::new(&self.formats, sights, sink);
        let mut is_between_rows = false;
        loop {
            if is_between_rows {
                let mut take = |element: &str| {
                    // A row is taken as a whole, because the reader of events knows which elements are open.
                    walk.take_plain_row(element, &mut Vec::with_capacity(USUAL_CELLS), &mut rows)
                };
                match xml.take_element(b"<row", b"</row>", &mut take)? {
                    Some(ControlFlow::Break(())) => return Ok(()),
                    Some(ControlFlow::Continue(())) => continue,
                    None => {}
                }
            }
            let Some(event) = xml.next()? else { break };
            is_between_rows = match &event {
                Event::Start(tag) => tag.name().as_ref() == "sheetData",
                Event::End(tag) => tag.name().as_ref() == "row",
                _ => false,
            };
            if walk.take(&event, &mut rows)?.is_break() {
                return Ok(());
            }
        }
        rows.finish();
        Ok(())
    }
}

/// The text of a cell or of a shared string, which may come in runs. Phonetic guides are skipped.
#[derive(Default)]
struct CellText {
    text: String,
    is_text: bool,
    is_reading_aid: bool,
}

impl CellText {
    fn clear(&mut self) {
        self.text.clear();
        (self.is_text, self.is_reading_aid) = (false, false);
    }

    fn take(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "t" => self.is_text = !self.is_reading_aid,
                "rPh" => self.is_reading_aid = true,
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "t" => self.is_text = false,
                "rPh" => self.is_reading_aid = false,
                _ => {}
            },
            event if self.is_text => {
                if let Some(text) = xml::text(event)? {
                    push(&mut self.text, &text)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Appends to the text of a cell. A malicious file may have endless runs.
fn push(text: &mut String, more: &str) -> Result<(), Fault> {
    if text.len() + more.len() > MAX_TEXT_BYTES {
        return Err(Fault::Hostile(format!("a text in it is longer than {} MB", MAX_TEXT_BYTES >> 20)));
    }
    text.push_str(more);
    Ok(())
}

/// The type of a cell's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Number,
    Shared,
    Text,
    Boolean,
    Error,
    Moment,
}

impl Kind {
    /// Returns the kind with this name in the attribute `t`.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "s" => Self::Shared,
            "b" => Self::Boolean,
            "e" => Self::Error,
            "d" => Self::Moment,
            "n" => Self::Number,
            _ => Self::Text,
        }
    }
}

/// A cell that is being read.
struct OpenCell {
    position: (u32, u32),
    style: usize,
    kind: Kind,
    value: String,
    is_value: bool,
    has_formula: bool,
    inline: Option<CellText>,
}

/// The position of the walk through a sheet.
struct Walk<'w> {
    strings: &'w SharedTexts,
    /// The number of the row, counted from 1. 0 before the first row.
    row: u32,
    next_column: u32,
    cell: Option<OpenCell>,
}

impl Walk<'_> {
    fn take<S: RowSink>(
        &mut self,
        event: &Event<'_>,
        rows: &mut Gathered<'_, S>,
    ) -> Result<ControlFlow<()>, Fault> {
        if let Some(cell) = &mut self.cell {
            match event {
                Event::End(tag) if tag.local_name().as_ref() == "c" => {
                    let ended = self.cell.take();
                    let Some(cell) = ended else { return Ok(ControlFlow::Continue(())) };
                    let inline = cell.inline.as_ref().map(|inline| inline.text.as_str());
                    let written = Written { value: &cell.value, inline, has_formula: cell.has_formula };
                    return self.end_cell(cell.position, cell.style, cell.kind, written, rows);
                }
                event => cell.take(event)?,
            }
            return Ok(ControlFlow::Continue(()));
        }
        if let Event::Start(tag) = event {
            match tag.local_name().as_ref() {
                "c" => self.begin_cell(tag)?,
                "row" => self.begin_row(tag, rows),
                "col" => hide_columns(tag, rows.sights),
                _ => {}
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn begin_row<S: RowSink>(&mut self, tag: &BytesStart<'_>, rows: &mut Gathered<'_, S>) {
        let mut number = None;
        let (mut is_hidden, mut is_flat, mut has_own_height) = (false, false, false);
        for attribute in tag.attributes().with_checks(false).flatten() {
            match attribute.key.local_name().as_ref() {
                "r" => number = xml::value(&attribute).trim().parse().ok(),
                "hidden" => is_hidden = is_true(&xml::value(&attribute)),
                "ht" => is_flat = is_zero(&xml::value(&attribute)),
                "customHeight" => has_own_height = is_true(&xml::value(&attribute)),
                _ => {}
            }
        }
        // Spreadsheet programs treat a row without height, and a column without width, as hidden.
        self.begin_numbered_row(number, is_hidden || is_flat && has_own_height, rows);
    }

    fn begin_numbered_row<S: RowSink>(
        &mut self,
        number: Option<u32>,
        is_hidden: bool,
        rows: &mut Gathered<'_, S>,
    ) {
        self.row = number.unwrap_or(self.row.saturating_add(1));
        self.next_column = 0;
        if is_hidden {
            rows.hide(u64::from(self.row));
        }
    }

    fn begin_cell(&mut self, tag: &BytesStart<'_>) -> Result<(), Fault> {
        let mut position = (self.row.saturating_sub(1), self.next_column);
        let (mut kind, mut style) = (Kind::Number, 0);
        let mut inline = None;
        for attribute in tag.attributes().with_checks(false).flatten() {
            let value = xml::value(&attribute);
            match attribute.key.local_name().as_ref() {
                "r" => {
                    let damaged = || Fault::DamagedWorkbook(format!("`{value}` is not a cell reference"));
                    let (row, column) = place(&value).ok_or_else(damaged)?;
                    position = (row.unwrap_or(position.0), column);
                }
                "s" => style = value.trim().parse().unwrap_or_default(),
                "t" => {
                    kind = Kind::of(&value);
                    if &*value == "inlineStr" {
                        inline = Some(CellText::default());
                    }
                }
                _ => {}
            }
        }
        self.next_column = position.1.saturating_add(1);
        self.cell = Some(OpenCell {
            position,
            style,
            kind,
            value: String::new(),
            is_value: false,
            has_formula: false,
            inline,
        });
        Ok(())
    }

    fn end_cell<S: RowSink>(
        &self,
        position: (u32, u32),
        style: usize,
        kind: Kind,
        Written { value, inline, has_formula }: Written<'_>,
        rows: &mut Gathered<'_, S>,
    ) -> Result<ControlFlow<()>, Fault> {
        let inline = inline.filter(|text| !text.is_empty());
        let written = inline.unwrap_or(value);
        if written.is_empty() {
            if has_formula && kind != Kind::Text {
                rows.sights.formulas_without_result += 1;
            }
            return Ok(ControlFlow::Continue(()));
        }
        let text;
        let trimmed = written.trim();
        let value = match kind {
            _ if inline.is_some() => {
                text = unescaped(written);
                Value::Text(&text)
            }
            Kind::Text => {
                text = unescaped(written);
                Value::Text(&text)
            }
            Kind::Shared if trimmed.is_empty() => return Ok(ControlFlow::Continue(())),
            Kind::Shared => {
                let found = trimmed.parse().ok().and_then(|index| self.strings.get(index));
                let Some(found) = found else {
                    let (row, column) = position;
                    let column = column_name(usize::try_from(column).unwrap_or_default());
                    let place = format!("{column}{}", u64::from(row) + 1);
                    return Err(Fault::DamagedWorkbook(format!("the text of cell {place} is missing")));
                };
                if found.is_empty() {
                    return Ok(ControlFlow::Continue(()));
                }
                Value::Text(found)
            }
            Kind::Number => Value::Written(trimmed),
            Kind::Boolean => Value::Boolean(is_true(trimmed)),
            Kind::Error => Value::Error(trimmed),
            Kind::Moment => Value::Moment(trimmed),
        };
        rows.take(position, value, style)
    }

    /// Takes a row in the plain form. Returns `None`, and takes nothing, if it has another form.
    fn take_plain_row<'x, S: RowSink>(
        &mut self,
        element: &'x str,
        cells: &mut Vec<PlainCell<'x>>,
        rows: &mut Gathered<'_, S>,
    ) -> Result<Option<ControlFlow<()>>, Fault> {
        let Some(row) = plain::row(element, cells) else { return Ok(None) };
        let is_reference =
            |cell: &PlainCell<'_>| cell.reference.is_none_or(|reference| place(reference).is_some());
        if !cells.iter().all(is_reference) {
            return Ok(None);
        }
        let is_hidden = row.hidden.is_some_and(is_true);
        let is_flat = row.height.is_some_and(is_zero) && row.custom_height.is_some_and(is_true);
        self.begin_numbered_row(
            row.number.and_then(|number| number.trim().parse().ok()),
            is_hidden || is_flat,
            rows,
        );
        for cell in cells.iter() {
            let mut position = (self.row.saturating_sub(1), self.next_column);
            if let Some((row, column)) = cell.reference.and_then(place) {
                position = (row.unwrap_or(position.0), column);
            }
            self.next_column = position.1.saturating_add(1);
            let style = cell.style.and_then(|style| style.trim().parse().ok()).unwrap_or_default();
            let written = if cell.is_inline {
                Written { value: "", inline: Some(cell.text), has_formula: false }
            } else {
                Written { value: cell.text, inline: None, has_formula: false }
            };
            if self.end_cell(position, style, cell.kind, written, rows)?.is_break() {
                return Ok(Some(ControlFlow::Break(())));
            }
        }
        Ok(Some(ControlFlow::Continue(())))
    }
}

/// What is written in a cell.
struct Written<'x> {
    value: &'x str,
    inline: Option<&'x str>,
    has_formula: bool,
}

impl OpenCell {
    fn take(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "v" => self.is_value = true,
                "f" => self.has_formula = true,
                // Some writers do not declare the cell as inline text.
                "is" => _ = self.inline.get_or_insert_default(),
                _ => {}
            },
            Event::End(tag) if tag.local_name().as_ref() == "v" => self.is_value = false,
            event if self.is_value => {
                if let Some(text) = xml::text(event)? {
                    push(&mut self.value, &text)?;
                }
                return Ok(());
            }
            _ => {}
        }
        match &mut self.inline {
            Some(inline) => inline.take(event),
            None => Ok(()),
        }
    }
}

/// Returns whether a height or width is zero.
fn is_zero(size: &str) -> bool {
    size.trim().parse() == Ok(0.0_f64)
}

fn hide_columns(tag: &BytesStart<'_>, sights: &mut Sights) {
    let is = |name| attribute(tag, name).is_some_and(|text| is_true(&text));
    let number = |name| attribute(tag, name).and_then(|text| text.trim().parse::<usize>().ok());
    if let (Some(first), Some(last)) = (number("min"), number("max"))
        && (is("hidden") || is("customWidth") && attribute(tag, "width").is_some_and(|width| is_zero(&width)))
    {
        sights.hide_columns(first.saturating_sub(1), last.saturating_sub(1));
    }
}

/// Returns the row, if there is one, and the column of a reference such as `AB12`, both counted from 0.
fn place(reference: &str) -> Option<(Option<u32>, u32)> {
    let reference = reference.trim();
    let digits = reference.find(|letter: char| letter.is_ascii_digit()).unwrap_or(reference.len());
    let (letters, digits) = reference.split_at(digits);
    let mut column: u32 = 0;
    for letter in letters.bytes() {
        if !letter.is_ascii_alphabetic() {
            return None;
        }
        let value = u32::from(letter.to_ascii_uppercase() - b'A') + 1;
        column = column.checked_mul(26)?.checked_add(value)?;
    }
    let row = if digits.is_empty() { None } else { Some(digits.parse::<u32>().ok()?.checked_sub(1)?) };
    Some((row, column.checked_sub(1)?))
}

/// Replaces escapes such as `_x000D_` by the characters that they stand for.
fn unescaped(text: &str) -> Cow<'_, str> {
    const ESCAPE: usize = "_xHHHH_".len();
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let letter = rest.get(at..at + ESCAPE).and_then(|escape| {
            let digits = escape.strip_prefix("_x")?.strip_suffix('_')?;
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)
        });
        let kept = at + if letter.is_some() { 0 } else { 2 };
        plain.push_str(&rest[..kept]);
        plain.extend(letter);
        rest = &rest[if letter.is_some() { at + ESCAPE } else { kept }..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
