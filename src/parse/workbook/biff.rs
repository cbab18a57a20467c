//! Reads the sheets of workbooks of Excel 5 to 2003 into rows.
//!
//! The workbook is a sequence of records, each with a kind and a length. Records for all sheets come first. The records
//! of each sheet begin at the offset in the list of sheets. Microsoft's [MS-XLS] specifies the format of Excel 97
//! (BIFF8). Excel 5 and 95 (BIFF5) write texts in a code page.

use std::{collections::HashSet, fs::File, ops::Range};

use encoding_rs::{Encoding, WINDOWS_1252};

use super::{
    number_format::Formats,
    records::{BinaryRecord, Records, Texts, code_page, kind, likely_code_page},
    shared_text::SharedTexts,
    sheet::{Entry, Gathered, Sights, Value, add_entry},
    sheet_name::SheetName,
    xls,
    xlsb::{error_name, rk_number},
};
use crate::{
    parse::{error::Fault, raw_row::RowSink},
    quantity::grouped,
};

/// The BOF type of a worksheet's records.
const WORKSHEET: u16 = 0x0010;

const BIFF8: u16 = 0x0600;

/// The maximum number of cells in a sheet, which are held in memory: 100 columns in all 65,536 rows of this format.
const MAX_CELLS: usize = 6_553_600;

/// A workbook of Excel 5 to 2003.
pub(in crate::parse) struct Xls {
    records: Vec<u8>,
    pub(in crate::parse) entries: Vec<Entry>,
    /// The offset of each sheet.
    starts: Vec<usize>,
    strings: SharedTexts,
    formats: Formats,
    texts: Texts,
    /// The guessed code page, if the workbook does not name one.
    guessed: Option<&'static Encoding>,
}

impl Xls {
    pub(in crate::parse) fn open(file: &File) -> Result<Self, Fault> {
        Self::of_records(xls::workbook(file)?)
    }

    fn of_records(records: Vec<u8>) -> Result<Self, Fault> {
        let mut has_code_page = false;
        let mut all = Records { bytes: &records, at: 0 };
        let first = all.next().filter(|record| record.kind == kind::BOF);
        let Some(first) = first else { return Err(Fault::NoWorkbook) };
        let mut texts = Texts { is_biff8: first.half(0) == BIFF8, code_page: WINDOWS_1252 };
        let (mut entries, mut starts, mut taken) = (Vec::new(), Vec::new(), HashSet::new());
        let (mut strings, mut formats) = (SharedTexts::default(), Formats::default());
        while let Some(record) = all.next().filter(|record| record.kind != kind::EOF) {
            match record.kind {
                // The following records are encrypted, with any method.
                kind::FILE_PASS => return Err(Fault::Password),
                kind::CODE_PAGE => {
                    texts.code_page = code_page(record.half(0));
                    has_code_page = true;
                }
                kind::DATE_MODE => formats.counts_from_1904 = record.half(0) == 1,
                kind::NUMBER_FORMAT => {
                    formats.spell_out(record.half(0), &texts.format_code(record.after(2)))?;
                }
                kind::STYLE => formats.add(record.half(2)),
                kind::BOUND_SHEET => {
                    let start = usize::try_from(record.word(0)).unwrap_or(usize::MAX);
                    let begins = Records { bytes: &records, at: start }
                        .next()
                        .is_some_and(|begin| begin.kind == kind::BOF);
                    let is_worksheet = record.byte(5) == 0;
                    let name = SheetName::new(texts.short(record.after(6)), record.byte(4) & 3 != 0);
                    // Two sheets never share records.
                    let has_cells = is_worksheet && begins && taken.insert(start);
                    add_entry(&mut entries, Entry { name, has_cells })?;
                    starts.push(start);
                }
                kind::SHARED_TEXTS => {
                    let mut pieces = all.pieces(record.after(8));
                    while pieces.has_more() {
                        strings.push(&texts.rich(&mut pieces))?;
                    }
                }
                _ => {}
            }
        }
        let guessed = (!has_code_page && !texts.is_biff8).then(|| likely_code_page(&records)).flatten();
        texts.code_page = guessed.unwrap_or(texts.code_page);
        if entries.is_empty() && first.half(2) == WORKSHEET {
            // A single sheet without a workbook.
            let name = SheetName { name: "Sheet1".to_owned(), is_hidden: false };
            entries.push(Entry { name, has_cells: true });
            starts.push(0);
        }
        if entries.is_empty() {
            return Err(Fault::DamagedWorkbook("it has no list of sheets".to_owned()));
        }
        Ok(Self { records, entries, starts, strings, formats, texts, guessed })
    }

    /// Returns a note for the user on how the texts are read.
    pub(in crate::parse) fn note(&self) -> Option<String> {
        let name = self.guessed?.name();
        Some(format!(
            "the workbook does not state its encoding; rollcall reads it as {name}. Check the names"
        ))
    }

    pub(in crate::parse) fn counts_from_1904(&self) -> bool {
        self.formats.counts_from_1904
    }

    /// Passes all rows of a sheet that have a cell to `sink`.
    pub(in crate::parse) fn visit(
        &self,
        index: usize,
        sights: &mut Sights,
        sink: &mut impl RowSink,
    ) -> Result<(), Fault> {
        let Some(start) = self.starts.get(index) else { return Err(Fault::NoSheet) };
        let mut cells = Cells::default();
        cells.read(Records { bytes: &self.records, at: *start }, self.texts, sights)?;
        // Cells may come in any order, and the properties of their rows may follow them.
        cells.cells.sort_by_key(|cell| (cell.row, cell.column));
        let mut rows = Gathered::new(&self.formats, sights, sink);
        for cell in &cells.cells {
            if cells.hidden_rows.contains(&cell.row) {
                rows.hide(u64::from(cell.row) + 1);
            }
            let value = match &cell.value {
                Held::Number(number) => Value::Number(*number),
                Held::Boolean(value) => Value::Boolean(*value),
                Held::Error(code) => Value::Error(error_name(*code)),
                Held::Text(place) => Value::Text(cells.text.get(place.clone()).unwrap_or_default()),
                Held::Shared(index) => {
                    let text = usize::try_from(*index).ok().and_then(|index| self.strings.get(index));
                    let missing = || format!("a text of row {} is missing", u32::from(cell.row) + 1);
                    Value::Text(text.ok_or_else(|| Fault::DamagedWorkbook(missing()))?)
                }
            };
            if value == Value::Text("") {
                continue;
            }
            let position = (u32::from(cell.row), u32::from(cell.column));
            if rows.take(position, value, usize::from(cell.style))?.is_break() {
                return Ok(());
            }
        }
        rows.finish();
        Ok(())
    }
}

/// The cells of a sheet.
#[derive(Default)]
struct Cells {
    cells: Vec<HeldCell>,
    /// The texts stored in the sheet itself.
    text: String,
    hidden_rows: HashSet<u16>,
}

struct HeldCell {
    row: u16,
    column: u16,
    style: u16,
    value: Held,
}

/// The value of a cell.
enum Held {
    Number(f64),
    Boolean(bool),
    Error(u8),
    Text(Range<usize>),
    Shared(u32),
}

impl Cells {
    fn read(&mut self, mut records: Records<'_>, texts: Texts, sights: &mut Sights) -> Result<(), Fault> {
        /// The maximum nesting depth. Real files contain charts in a sheet and nothing deeper.
        const MAX_OPEN: usize = 64;

        let mut open = 0_usize;
        // The formula cell whose text comes in one of the next records.
        let mut formula = None;
        while let Some(record) = records.next() {
            match record.kind {
                kind::BOF => open += 1,
                kind::EOF => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                return Ok(());
            }
            if open > MAX_OPEN {
                return Err(Fault::Hostile("its charts are nested too deeply".to_owned()));
            }
            // A chart inside the sheet has its own cells.
            if open == 1 {
                self.take(&record, &mut records, texts, sights, &mut formula);
            }
            if self.cells.len() > MAX_CELLS {
                let most = grouped(MAX_CELLS as u64);
                return Err(Fault::Hostile(format!("a sheet in it has more than {most} cells")));
            }
        }
        Ok(())
    }

    fn take<'r>(
        &mut self,
        record: &BinaryRecord<'r>,
        records: &mut Records<'r>,
        texts: Texts,
        sights: &mut Sights,
        formula: &mut Option<(u16, u16, u16)>,
    ) {
        let place = (record.half(0), record.half(2), record.half(4));
        let value = match record.kind {
            kind::ROW => {
                const IS_HIDDEN: u16 = 0x20;
                const HAS_OWN_HEIGHT: u16 = 0x40;
                const HEIGHT: u16 = 0x7fff;
                let flags = record.half(12);
                let is_flat = flags & HAS_OWN_HEIGHT != 0 && record.half(6) & HEIGHT == 0;
                if flags & IS_HIDDEN != 0 || is_flat {
                    self.hidden_rows.insert(record.half(0));
                }
                return;
            }
            kind::COLUMN_INFO => {
                const IS_HIDDEN: u16 = 1;
                const HAS_OWN_WIDTH: u16 = 2;
                let flags = record.half(8);
                let is_flat = flags & HAS_OWN_WIDTH != 0 && record.half(4) == 0;
                if flags & IS_HIDDEN != 0 || is_flat {
                    sights.hide_columns(usize::from(record.half(0)), usize::from(record.half(2)));
                }
                return;
            }
            kind::FORMULA_TEXT => {
                let Some(place) = formula.take() else { return };
                let text = texts.long(&mut records.pieces(record.after(0)));
                self.push(place, Held::Text(self.text.len()..self.text.len() + text.len()));
                self.text.push_str(&text);
                return;
            }
            kind::MULTIPLE_RK => {
                let numbers = record.after(4);
                for (number, column) in numbers.as_chunks::<6>().0.iter().zip(place.1..=u16::MAX) {
                    let [style, rk] = [&number[..2], &number[2..]];
                    let style = style.first_chunk().map_or(0, |style| u16::from_le_bytes(*style));
                    let rk = rk.first_chunk().map_or(0, |rk| u32::from_le_bytes(*rk));
                    self.push((place.0, column, style), Held::Number(rk_number(rk)));
                }
                return;
            }
            kind::NUMBER => Held::Number(record.double(6)),
            kind::RK => Held::Number(rk_number(record.word(6))),
            kind::BOOL_OR_ERROR if record.byte(7) == 0 => Held::Boolean(record.byte(6) != 0),
            kind::BOOL_OR_ERROR => Held::Error(record.byte(6)),
            kind::SHARED_TEXT => Held::Shared(record.word(6)),
            kind::LABEL | kind::RICH_TEXT => {
                let text = texts.long(&mut records.pieces(record.after(6)));
                self.text.push_str(&text);
                Held::Text(self.text.len() - text.len()..self.text.len())
            }
            kind if kind::FORMULAS.contains(&kind) => {
                *formula = None;
                match (record.half(12), record.byte(6)) {
                    (0xffff, 0) => {
                        *formula = Some(place);
                        return;
                    }
                    (0xffff, 1) => Held::Boolean(record.byte(8) != 0),
                    (0xffff, 2) => Held::Error(record.byte(8)),
                    (0xffff, _) => return,
                    _ => Held::Number(record.double(6)),
                }
            }
            _ => return,
        };
        self.push(place, value);
    }

    fn push(&mut self, (row, column, style): (u16, u16, u16), value: Held) {
        self.cells.push(HeldCell { row, column, style, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        parse::preview::Preview,
        row::{Cell, CellKind},
    };

    fn record(kind: u16, body: &[u8]) -> Vec<u8> {
        let len = u16::try_from(body.len()).unwrap();
        [&kind.to_le_bytes(), &len.to_le_bytes(), body].concat()
    }

    fn bof(version: u16, about: u16) -> Vec<u8> {
        record(kind::BOF, &[version.to_le_bytes(), about.to_le_bytes()].concat())
    }

    /// Returns a workbook with these global records and the records of its only sheet.
    fn workbook(version: u16, globals: &[Vec<u8>], sheet: &[Vec<u8>]) -> Vec<u8> {
        let flags: &[u8] = if version == BIFF8 { &[0] } else { &[] };
        let entry = |start: usize| {
            let start = u32::try_from(start).unwrap().to_le_bytes();
            record(kind::BOUND_SHEET, &[&start[..], &[0, 0, 1], flags, b"S"].concat())
        };
        let head = [bof(version, 5), globals.concat()].concat();
        let start = head.len() + entry(0).len() + 4;
        [
            head,
            entry(start),
            record(kind::EOF, &[]),
            bof(version, WORKSHEET),
            sheet.concat(),
            record(kind::EOF, &[]),
        ]
        .concat()
    }

    type FoundRow = (u64, Vec<(String, CellKind)>, bool);

    fn rows(records: Vec<u8>) -> Result<Vec<FoundRow>, Fault> {
        let xls = Xls::of_records(records)?;
        let mut preview = Preview::new(usize::MAX);
        xls.visit(0, &mut Sights::default(), &mut preview)?;
        let text = |cell: Cell<'_>| (String::from_utf8(cell.text.to_vec()).unwrap(), cell.kind);
        let rows = preview.rows.iter();
        Ok(rows.map(|row| (row.location.row, row.cells().map(text).collect(), row.is_hidden)).collect())
    }

    /// Returns the texts of the first row.
    fn texts(records: Vec<u8>) -> Vec<String> {
        rows(records).unwrap().remove(0).1.into_iter().map(|(text, _)| text).collect()
    }

    fn at(row: u8, column: u8, style: u8, value: &[u8]) -> Vec<u8> {
        [&[row, 0, column, 0, style, 0], value].concat()
    }

    // Source: MarkPflug/Sylvan.Data.Excel issue 245.
    #[test]
    fn cells_of_every_kind_become_text_in_any_order() {
        let formula = |row, column, result: [u8; 8]| at(row, column, 0, &[&result[..], &[0; 8]].concat());
        let sheet = [
            record(kind::NUMBER, &at(1, 0, 0, &919_876_543_210_f64.to_le_bytes())),
            record(kind::RK, &at(0, 0, 0, &0x0e_u32.to_le_bytes())),
            record(kind::MULTIPLE_RK, &at(0, 1, 0, &[0x0e, 0, 0, 0, 0, 0, 0x12, 0, 0, 0, 2, 0])),
            record(kind::BOOL_OR_ERROR, &at(0, 3, 0, &[1, 0])),
            record(kind::BOOL_OR_ERROR, &at(0, 4, 0, &[0x2a, 1])),
            record(kind::LABEL, &at(0, 5, 0, &[1, 0, 0, b'x'])),
            record(kind::FORMULAS[2], &formula(0, 6, [0, 0, 0, 0, 0, 0, 0xff, 0xff])),
            // A shared formula comes between a formula and its text.
            record(0x04bc, &[0; 10]),
            record(kind::FORMULA_TEXT, &[2, 0, 1, b'y', 0, b'z', 0]),
            record(kind::FORMULAS[0], &formula(0, 7, [2, 0, 0x1d, 0, 0, 0, 0xff, 0xff])),
            record(kind::FORMULAS[0], &formula(0, 8, 0.5_f64.to_le_bytes())),
        ];
        let found = rows(workbook(BIFF8, &[], &sheet)).unwrap();
        let expected = [
            ("3", CellKind::Number),
            ("3", CellKind::Number),
            ("4", CellKind::Number),
            ("TRUE", CellKind::Boolean),
            ("#N/A", CellKind::Error),
            ("x", CellKind::Text),
            ("yz", CellKind::Text),
            ("#NAME?", CellKind::Error),
            ("0.5", CellKind::Number),
        ];
        let expected = expected.map(|(text, kind)| (text.to_owned(), kind)).to_vec();
        let below = vec![("919876543210".to_owned(), CellKind::Number)];
        assert_eq!(found, [(1, expected, false), (2, below, false)]);
    }

    #[test]
    fn texts_of_excel_97_are_utf_16_despite_the_code_page() {
        let wide: Vec<u8> = "Zoë Żak".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let sheet = [
            record(kind::LABEL, &at(0, 0, 0, &[&[7, 0, 1][..], &wide].concat())),
            record(kind::LABEL, &at(0, 1, 0, b"\x03\x00\x00Zo\xeb")),
            // Windows apostrophes, not converted to UTF-16.
            record(kind::LABEL, &at(0, 2, 0, b"\x07\x00\x00O\x92Brien")),
        ];
        let globals = [record(kind::CODE_PAGE, &1252_u16.to_le_bytes())];
        assert_eq!(texts(workbook(BIFF8, &globals, &sheet)), ["Zoë Żak", "Zoë", "O’Brien"]);
    }

    #[test]
    fn texts_of_excel_95_are_in_the_code_page() {
        let sheet = [record(kind::LABEL, &at(0, 0, 0, b"\x06\x00\xa3ukasz"))];
        let globals = [record(kind::CODE_PAGE, &1250_u16.to_le_bytes())];
        assert_eq!(texts(workbook(0x0500, &globals, &sheet)), ["Łukasz"]);
    }

    // Source: productdevbook/hucre pull request 572.
    #[test]
    fn texts_of_excel_95_without_a_code_page_are_read_in_a_guessed_one() {
        let label = |row: u8, text: &[u8]| {
            record(kind::LABEL, &at(row, 0, 0, &[&[u8::try_from(text.len()).unwrap(), 0], text].concat()))
        };
        let names = ["Иван Петров", "Анна Смирнова", "Сергей Иванов", "Телефон"];
        let sheet =
            [0, 1, 2, 3].map(|row| label(row, &encoding_rs::WINDOWS_1251.encode(names[usize::from(row)]).0));
        let records = workbook(0x0500, &[], &sheet);
        assert_eq!(texts(records.clone()), ["Иван Петров"]);
        assert!(Xls::of_records(records).unwrap().note().unwrap().contains("reads it as windows-1251"));
        let plain = workbook(0x0500, &[], &[label(0, b"Asha Rao")]);
        assert_eq!(Xls::of_records(plain).unwrap().note(), None);
    }

    // Source: yfedoseev/office_oxide issue 353, ExcelDataReader/ExcelDataReader issue 161.
    #[test]
    fn shared_texts_continue_in_the_next_record() {
        let head = [2, 0, 0, 0, 2, 0, 0, 0];
        // Runs and a phonetic guide follow the first text, which begins narrow and continues wide.
        let first = [&head[..], &[4, 0, 0x0c, 1, 0, 2, 0, 0, 0], b"As"].concat();
        let further = [&[1, b'h', 0, b'a', 0][..], &[9; 4], b"xx", &[3, 0, 0], b"Rao"].concat();
        let globals = [record(kind::SHARED_TEXTS, &first), record(kind::CONTINUE, &further)];
        let sheet = [
            record(kind::SHARED_TEXT, &at(0, 0, 0, &[0; 4])),
            record(kind::SHARED_TEXT, &at(0, 1, 0, &[1, 0, 0, 0])),
        ];
        assert_eq!(texts(workbook(BIFF8, &globals, &sheet)), ["Asha", "Rao"]);
    }

    #[test]
    fn workbook_format_takes_precedence_over_built_in_format() {
        let format = |number: u8, code: &str| {
            let len = u8::try_from(code.len()).unwrap();
            record(kind::NUMBER_FORMAT, &[&[number, 0, len, 0, 0], code.as_bytes()].concat())
        };
        let style = |number: u8| record(kind::STYLE, &[0, 0, number, 0]);
        let globals = [format(27, "0"), format(164, "0000000000"), style(27), style(164), style(14)];
        let number =
            |column, style, value: f64| record(kind::NUMBER, &at(0, column, style, &value.to_le_bytes()));
        let sheet = [
            number(0, 0, 45_943.0),
            number(1, 1, 123_456_789.0),
            number(2, 2, 45_943.0),
            number(3, 2, 2_079_460_100.0),
        ];
        assert_eq!(
            texts(workbook(BIFF8, &globals, &sheet)),
            ["45943", "0123456789", "2025-10-13", "2079460100"]
        );
    }

    #[test]
    fn hidden_rows_are_recognized_before_and_after_their_cells() {
        let row = |number: u8, flags: u8| {
            record(kind::ROW, &[number, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, flags, 1, 0, 0])
        };
        let number = |row| record(kind::RK, &at(row, 0, 0, &0x0e_u32.to_le_bytes()));
        let sheet = [row(0, 0), number(0), number(1), row(1, 0x20), row(2, 0x40), number(2)];
        let found = rows(workbook(BIFF8, &[], &sheet)).unwrap();
        assert_eq!(found.iter().map(|(_, _, is_hidden)| *is_hidden).collect::<Vec<_>>(), [false, true, true]);
    }

    #[test]
    fn charts_inside_a_sheet_are_skipped() {
        let number = |value: u8| record(kind::RK, &at(0, value, 0, &[value * 4 + 2, 0, 0, 0]));
        let sheet = [number(0), bof(BIFF8, 0x20), number(1), record(kind::EOF, &[]), number(2)];
        assert_eq!(texts(workbook(BIFF8, &[], &sheet)), ["0", "", "2"]);
        let nested: Vec<Vec<u8>> = (0..100).map(|_| bof(BIFF8, 0x20)).collect();
        assert!(matches!(rows(workbook(BIFF8, &[], &nested)), Err(Fault::Hostile(_))));
    }

    #[test]
    fn password_protection_is_reported_for_every_method() {
        for method in
            [[0, 0, 0x12, 0x34, 0x56, 0x78].as_slice(), &[1, 0, 1, 0, 1, 0], &[0x12, 0x34, 0x56, 0x78]]
        {
            let locked = workbook(BIFF8, &[record(kind::FILE_PASS, method)], &[]);
            assert!(matches!(Xls::of_records(locked), Err(Fault::Password)));
        }
    }

    #[test]
    fn truncated_and_false_records_do_no_harm() {
        let whole =
            workbook(BIFF8, &[record(kind::SHARED_TEXTS, &[0xff; 40])], &[record(kind::LABEL, &[0xff; 9])]);
        for len in 0..whole.len() {
            _ = rows(whole[..len].to_vec());
        }
        let missing = workbook(BIFF8, &[], &[record(kind::SHARED_TEXT, &at(0, 0, 0, &[9, 0, 0, 0]))]);
        assert!(rows(missing).unwrap_err().to_string().contains("a text of row 1 is missing"));
    }
}
