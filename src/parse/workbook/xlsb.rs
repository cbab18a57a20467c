//! Reads the sheets of binary Excel workbooks into rows.
//!
//! The parts are records, each with a kind and a length. Some programs write cells in short forms without a column.
//! Such a cell comes right after the one before it.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read},
    ops::ControlFlow,
};

use super::{
    number_format::Formats,
    package::{Package, Part},
    relations::{Parts, Relation, by_id},
    shared_text::SharedTexts,
    sheet::{Entry, Gathered, MAX_ROWS, Sights, Value, add_entry},
    sheet_name::SheetName,
};
use crate::parse::{error::Fault, raw_row::RowSink};

/// The maximum size of a record: a text of 32,767 characters and a formula.
const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// The kinds of records, with names from the format's specification.
mod kind {
    pub(in crate::parse) const ROW_HEADER: u16 = 0;
    pub(in crate::parse) const CELL_BLANK: u16 = 1;
    pub(in crate::parse) const CELL_RK: u16 = 2;
    pub(in crate::parse) const CELL_ERROR: u16 = 3;
    pub(in crate::parse) const CELL_BOOL: u16 = 4;
    pub(in crate::parse) const CELL_REAL: u16 = 5;
    pub(in crate::parse) const CELL_TEXT: u16 = 6;
    pub(in crate::parse) const CELL_SHARED_TEXT: u16 = 7;
    pub(in crate::parse) const FORMULA_TEXT: u16 = 8;
    pub(in crate::parse) const FORMULA_NUMBER: u16 = 9;
    pub(in crate::parse) const FORMULA_BOOL: u16 = 10;
    pub(in crate::parse) const FORMULA_ERROR: u16 = 11;
    /// The short forms of the cells 1 to 7, in the same order.
    pub(in crate::parse) const SHORT_BLANK: u16 = 12;
    pub(in crate::parse) const SHORT_SHARED_TEXT: u16 = 18;
    pub(in crate::parse) const SHARED_TEXT: u16 = 19;
    pub(in crate::parse) const NUMBER_FORMAT: u16 = 44;
    pub(in crate::parse) const STYLE: u16 = 47;
    pub(in crate::parse) const COLUMNS: u16 = 60;
    pub(in crate::parse) const CELL_RICH_TEXT: u16 = 62;
    pub(in crate::parse) const END_SHEET_DATA: u16 = 146;
    pub(in crate::parse) const WORKBOOK_PROPERTIES: u16 = 153;
    pub(in crate::parse) const SHEET: u16 = 156;
    pub(in crate::parse) const BEGIN_CELL_STYLES: u16 = 617;
    pub(in crate::parse) const END_CELL_STYLES: u16 = 618;
}

/// The difference between the kind of a short cell and that of its full form.
const SHORT: u16 = kind::SHORT_BLANK - kind::CELL_BLANK;

/// The sizes of a column, and of a style with flags.
const COLUMN_BYTES: usize = 4;
const STYLE_BYTES: usize = 4;

/// A binary Excel workbook.
pub(in crate::parse) struct Xlsb {
    pub(in crate::parse) package: Package,
    pub(in crate::parse) entries: Vec<Entry>,
    /// The part of each sheet.
    parts: Vec<Option<String>>,
    strings: SharedTexts,
    formats: Formats,
}

impl Xlsb {
    pub(in crate::parse) fn open(file: &File, file_bytes: u64) -> Result<Self, Fault> {
        let mut package = Package::open(file, file_bytes)?;
        let parts = Parts::find(&mut package, "bin")?;
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
            let strings = &mut opened.strings;
            each_record(&mut opened.package, part, &mut |kind, body| {
                if kind == kind::SHARED_TEXT {
                    // Flags come before the text. Formatting runs and phonetic guides come after it.
                    strings.push(&wide_text(body.get(1..).unwrap_or_default()).0)?;
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(opened)
    }

    pub(in crate::parse) fn counts_from_1904(&self) -> bool {
        self.formats.counts_from_1904
    }

    fn read_workbook(&mut self, part: &str, relations: &[Relation]) -> Result<(), Fault> {
        let mut listed = Vec::new();
        let mut counts_from_1904 = false;
        each_record(&mut self.package, part, &mut |kind, body| {
            match kind {
                kind::WORKBOOK_PROPERTIES => {
                    counts_from_1904 = word(body, 0).is_some_and(|flags| flags & 1 != 0);
                }
                kind::SHEET => {
                    let is_hidden = word(body, 0).is_some_and(|state| state != 0);
                    let rest = body.get(8..).unwrap_or_default();
                    let (id, len) = wide_text(rest);
                    let (name, _) = wide_text(rest.get(len..).unwrap_or_default());
                    listed.push((SheetName::new(name, is_hidden), id));
                }
                _ => {}
            }
            Ok(ControlFlow::Continue(()))
        })?;
        self.formats.counts_from_1904 = counts_from_1904;
        let by_id = by_id(relations);
        let mut taken = HashSet::new();
        for (name, id) in listed {
            let relation = by_id.get(id.as_str()).filter(|relation| relation.holds_cells());
            // Two sheets never share a part.
            let is_own = |part: &String| self.package.has(part) && taken.insert(part.clone());
            let part = relation.map(|relation| relation.part.clone()).filter(is_own);
            add_entry(&mut self.entries, Entry { name, has_cells: part.is_some() })?;
            self.parts.push(part);
        }
        Ok(())
    }

    fn read_styles(&mut self, part: &str) -> Result<(), Fault> {
        let mut is_inside = false;
        let formats = &mut self.formats;
        each_record(&mut self.package, part, &mut |kind, body| {
            match kind {
                kind::NUMBER_FORMAT => {
                    let code = wide_text(body.get(2..).unwrap_or_default()).0;
                    if let Some(number) = half(body, 0) {
                        formats.spell_out(number, &code)?;
                    }
                }
                kind::BEGIN_CELL_STYLES => is_inside = true,
                kind::END_CELL_STYLES => is_inside = false,
                kind::STYLE if is_inside => {
                    formats.add(half(body, 2).unwrap_or_default());
                }
                _ => {}
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Passes all rows of a sheet that have a cell to `sink`.
    pub(in crate::parse) fn visit(
        &mut self,
        index: usize,
        sights: &mut Sights,
        sink: &mut impl RowSink,
    ) -> Result<(), Fault> {
        let Some(part) = self.parts.get(index).and_then(Option::as_ref) else { return Err(Fault::NoSheet) };
        let mut rows = Gathered::new(&self.formats, sights, sink);
        let mut place = Place::default();
        let mut is_wanted = true;
        each_record(&mut self.package, part, &mut |kind, body| {
            let step = place.take(kind, body, &self.strings, &mut rows)?;
            is_wanted = step.is_continue() || kind == kind::END_SHEET_DATA;
            Ok(step)
        })?;
        if is_wanted {
            rows.finish();
        }
        Ok(())
    }
}

/// The position of the walk through a sheet.
#[derive(Default)]
struct Place {
    row: u32,
    next_column: u32,
}

impl Place {
    fn take<S: RowSink>(
        &mut self,
        kind: u16,
        body: &[u8],
        strings: &SharedTexts,
        rows: &mut Gathered<'_, S>,
    ) -> Result<ControlFlow<()>, Fault> {
        match kind {
            kind::ROW_HEADER => self.begin_row(body, rows)?,
            kind::COLUMNS => {
                // The layout is first and last column, width, style, flags.
                const IS_HIDDEN: u16 = 1;
                const HAS_OWN_WIDTH: u16 = 2;
                let flags = half(body, 16).unwrap_or_default();
                let is_flat = flags & HAS_OWN_WIDTH != 0 && word(body, 8) == Some(0);
                let is_hidden = flags & IS_HIDDEN != 0 || is_flat;
                let column = |at| word(body, at).and_then(|column| usize::try_from(column).ok());
                if let (Some(first), Some(last), true) = (column(0), column(4), is_hidden) {
                    rows.sights.hide_columns(first, last);
                }
            }
            kind::SHORT_BLANK..=kind::SHORT_SHARED_TEXT => {
                let column = self.next_column;
                self.next_column = column.saturating_add(1);
                return self.cell(kind - SHORT, column, body, strings, rows);
            }
            kind::CELL_BLANK..=kind::FORMULA_ERROR | kind::CELL_RICH_TEXT => {
                let column = word(body, 0).unwrap_or(u32::MAX);
                self.next_column = column.saturating_add(1);
                return self.cell(kind, column, body.get(COLUMN_BYTES..).unwrap_or_default(), strings, rows);
            }
            kind::END_SHEET_DATA => return Ok(ControlFlow::Break(())),
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    fn begin_row<S: RowSink>(&mut self, body: &[u8], rows: &mut Gathered<'_, S>) -> Result<(), Fault> {
        const IS_HIDDEN: u8 = 0x10;
        const HAS_OWN_HEIGHT: u8 = 0x20;

        self.row = word(body, 0).unwrap_or(u32::MAX);
        self.next_column = 0;
        let number = u64::from(self.row) + 1;
        if number > MAX_ROWS {
            return Err(Fault::OutsideSheet { row: number });
        }
        // The layout is row, style, height, flags.
        let is_flat = half(body, 8) == Some(0);
        let is_hidden = |flags: &u8| flags & IS_HIDDEN != 0 || is_flat && flags & HAS_OWN_HEIGHT != 0;
        if body.get(11).is_some_and(is_hidden) {
            rows.hide(number);
        }
        Ok(())
    }

    /// Reads a cell whose body begins with its style.
    fn cell<S: RowSink>(
        &self,
        kind: u16,
        column: u32,
        body: &[u8],
        strings: &SharedTexts,
        rows: &mut Gathered<'_, S>,
    ) -> Result<ControlFlow<()>, Fault> {
        // The style has three bytes. Flags follow.
        let style = word(body, 0).map_or(0, |style| style & 0x00ff_ffff);
        let value = body.get(STYLE_BYTES..).unwrap_or_default();
        let text;
        let value = match kind {
            kind::CELL_RK => Value::Number(word(value, 0).map_or(0.0, rk_number)),
            kind::CELL_REAL | kind::FORMULA_NUMBER => {
                Value::Number(value.first_chunk().map_or(0.0, |bytes| f64::from_le_bytes(*bytes)))
            }
            kind::CELL_BOOL | kind::FORMULA_BOOL => {
                Value::Boolean(value.first().is_some_and(|value| *value != 0))
            }
            kind::CELL_ERROR | kind::FORMULA_ERROR => {
                Value::Error(error_name(value.first().copied().unwrap_or_default()))
            }
            kind::CELL_TEXT | kind::FORMULA_TEXT | kind::CELL_RICH_TEXT => {
                // Flags come before a rich text.
                let skipped = usize::from(kind == kind::CELL_RICH_TEXT);
                text = wide_text(value.get(skipped..).unwrap_or_default()).0;
                Value::Text(&text)
            }
            kind::CELL_SHARED_TEXT => {
                let found = word(value, 0).and_then(|index| strings.get(usize::try_from(index).ok()?));
                let row = u64::from(self.row) + 1;
                Value::Text(
                    found.ok_or_else(|| Fault::DamagedWorkbook(format!("a text of row {row} is missing")))?,
                )
            }
            _ => return Ok(ControlFlow::Continue(())),
        };
        if value == Value::Text("") {
            return Ok(ControlFlow::Continue(()));
        }
        rows.take((self.row, column), value, usize::try_from(style).unwrap_or_default())
    }
}

/// Decodes a number in the RK form of Excel's binary formats: the upper 30 bits of a double or an integer, optionally
/// divided by 100.
pub(in crate::parse) fn rk_number(rk: u32) -> f64 {
    const IS_HUNDREDTH: u32 = 1;
    const IS_INTEGER: u32 = 2;

    let number = if rk & IS_INTEGER == 0 {
        f64::from_bits(u64::from(rk & !3) << 32)
    } else {
        f64::from(rk.cast_signed() >> 2)
    };
    if rk & IS_HUNDREDTH == 0 { number } else { number / 100.0 }
}

/// Returns the name of an error in Excel's binary formats. Older programs do not know the numbers of newer errors.
pub(in crate::parse) fn error_name(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0f => "#VALUE!",
        0x17 => "#REF!",
        0x1d => "#NAME?",
        0x24 => "#NUM!",
        0x2a => "#N/A",
        0x2b => "#GETTING_DATA",
        _ => "#ERROR!",
    }
}

/// Reads a UTF-16 text with a length prefix, and returns it with the size of both. A special length marks a missing
/// text.
fn wide_text(body: &[u8]) -> (String, usize) {
    const LENGTH_BYTES: usize = 4;

    let units = word(body, 0).filter(|units| *units != u32::MAX).unwrap_or_default();
    let len = usize::try_from(units).unwrap_or(usize::MAX).saturating_mul(2);
    let bytes = body.get(LENGTH_BYTES..).unwrap_or_default();
    let bytes = &bytes[..len.min(bytes.len())];
    let units = bytes.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit));
    let text =
        char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    (text, LENGTH_BYTES.saturating_add(len))
}

fn word(body: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*body.get(at..)?.first_chunk()?))
}

fn half(body: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*body.get(at..)?.first_chunk()?))
}

/// A callback for the kind and body of each record.
type Each<'e> = dyn FnMut(u16, &[u8]) -> Result<ControlFlow<()>, Fault> + 'e;

/// Passes the records of a part to `each` until it breaks.
fn each_record(package: &mut Package, name: &str, each: &mut Each<'_>) -> Result<(), Fault> {
    let Some(mut part) = package.part(name)? else { return Ok(()) };
    let piece = part.piece();
    let mut body = Vec::new();
    loop {
        piece.set(0);
        match read_record(&mut part, &mut body) {
            Ok(ControlFlow::Continue(kind)) => {
                if each(kind, &body)?.is_break() {
                    return Ok(());
                }
            }
            Ok(ControlFlow::Break(())) => return Ok(()),
            Err(error) => return Err(Part::unreadable(name, &error)),
        }
    }
}

/// Reads the body of a record and returns its kind, or `Break` at the end. Kind and length are written with seven bits
/// per byte.
fn read_record(part: &mut impl Read, body: &mut Vec<u8>) -> io::Result<ControlFlow<(), u16>> {
    let mut byte = [0];
    if part.read(&mut byte)? == 0 {
        return Ok(ControlFlow::Break(()));
    }
    let mut kind = u16::from(byte[0] & 0x7f);
    if byte[0] & 0x80 != 0 {
        part.read_exact(&mut byte)?;
        kind |= u16::from(byte[0] & 0x7f) << 7;
    }
    let mut len = 0;
    for position in 0..4 {
        part.read_exact(&mut byte)?;
        len |= usize::from(byte[0] & 0x7f) << (7 * position);
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    if len > MAX_RECORD_BYTES {
        return Err(io::Error::other(format!("a record claims a length of {len} bytes")));
    }
    body.resize(len, 0);
    part.read_exact(body)?;
    Ok(ControlFlow::Continue(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        parse::preview::Preview,
        row::{Cell, CellKind},
    };

    type FoundRow = (u64, Vec<(String, CellKind)>, bool);

    fn rows(records: &[(u16, &[u8])]) -> Result<Vec<FoundRow>, Fault> {
        let (formats, mut sights, mut preview) =
            (Formats::default(), Sights::default(), Preview::new(usize::MAX));
        let mut strings = SharedTexts::default();
        strings.push("shared")?;
        let mut gathered = Gathered::new(&formats, &mut sights, &mut preview);
        let mut place = Place::default();
        for (kind, body) in records {
            _ = place.take(*kind, body, &strings, &mut gathered)?;
        }
        gathered.finish();
        let text = |cell: Cell<'_>| (String::from_utf8(cell.text.to_vec()).unwrap(), cell.kind);
        let rows = preview.rows.iter();
        Ok(rows.map(|row| (row.location.row, row.cells().map(text).collect(), row.is_hidden)).collect())
    }

    /// Returns the bytes of a cell: column, style and value.
    fn cell(column: u8, value: &[u8]) -> Vec<u8> {
        [&[column, 0, 0, 0, 0, 0, 0, 0], value].concat()
    }

    #[test]
    fn cells_of_every_kind_become_text() {
        let row = 4_u32.to_le_bytes();
        let found = rows(&[
            (kind::ROW_HEADER, &row),
            (kind::CELL_REAL, &cell(0, &919_876_543_210_f64.to_le_bytes())),
            (kind::CELL_RK, &cell(1, &[0x0e, 0, 0, 0])),
            (kind::CELL_BOOL, &cell(2, &[1])),
            (kind::CELL_SHARED_TEXT, &cell(3, &[0; 4])),
            (kind::CELL_TEXT, &cell(4, &[1, 0, 0, 0, b'x', 0])),
            (kind::FORMULA_ERROR, &cell(5, &[0x2a, 0, 0])),
            (kind::FORMULA_ERROR, &cell(6, &[0x99, 0, 0])),
        ])
        .unwrap();
        let expected = [
            ("919876543210", CellKind::Number),
            ("3", CellKind::Number),
            ("TRUE", CellKind::Boolean),
            ("shared", CellKind::Text),
            ("x", CellKind::Text),
            ("#N/A", CellKind::Error),
            ("#ERROR!", CellKind::Error),
        ];
        let expected = expected.map(|(text, kind)| (text.to_owned(), kind)).to_vec();
        assert_eq!(found, [(5, expected, false)]);
    }

    #[test]
    fn short_cells_get_the_next_column() {
        let row = 0_u32.to_le_bytes();
        let found = rows(&[
            (kind::ROW_HEADER, &row),
            (kind::CELL_SHARED_TEXT, &cell(1, &[0; 4])),
            (kind::SHORT_SHARED_TEXT, &[0; 8]),
            (kind::CELL_RICH_TEXT, &cell(4, &[1, 1, 0, 0, 0, b'x', 0])),
            (kind::SHORT_BLANK, &[0; 4]),
        ])
        .unwrap();
        let texts: Vec<&str> = found[0].1.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["", "shared", "shared", "", "x"]);
    }

    #[test]
    fn hidden_rows_are_recognized() {
        let header = |row: u8, flags| [row, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, flags];
        let found = rows(&[
            (kind::ROW_HEADER, &header(0, 0)),
            (kind::CELL_SHARED_TEXT, &cell(0, &[0; 4])),
            (kind::ROW_HEADER, &header(1, 0x10)),
            (kind::CELL_SHARED_TEXT, &cell(0, &[0; 4])),
            (kind::ROW_HEADER, &header(2, 0)),
            (kind::CELL_SHARED_TEXT, &cell(0, &[0; 4])),
            // A custom height of zero.
            (kind::ROW_HEADER, &header(3, 0x20)),
            (kind::CELL_SHARED_TEXT, &cell(0, &[0; 4])),
        ])
        .unwrap();
        assert_eq!(
            found.iter().map(|(_, _, is_hidden)| *is_hidden).collect::<Vec<_>>(),
            [false, true, false, true]
        );
    }

    #[test]
    fn records_with_false_lengths_and_indices_do_no_harm() {
        let long = [5, 0xff, 0xff, 0xff, 0x7f];
        let error = read_record(&mut long.as_slice(), &mut Vec::new()).unwrap_err().to_string();
        assert!(error.contains("claims a length of 268435455 bytes"), "{error}");
        let below = rows(&[(kind::ROW_HEADER, &2_000_000_u32.to_le_bytes())]).unwrap_err();
        assert!(matches!(below, Fault::OutsideSheet { row: 2_000_001 }), "{below}");
        let missing = rows(&[(kind::ROW_HEADER, &[0; 4]), (kind::CELL_SHARED_TEXT, &cell(0, &[9, 0, 0, 0]))]);
        assert!(missing.unwrap_err().to_string().contains("a text of row 1 is missing"));
        let long_text = cell(0, &[0xfe, 0xff, 0xff, 0xff, b'x', 0]);
        assert_eq!(rows(&[(kind::CELL_TEXT, &long_text)]).unwrap()[0].1[0].0, "x");
    }
}
