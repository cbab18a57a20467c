//! Compares this reader with calamine's, on generated workbooks, as they are and with unusual markup.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read as _, Seek as _, Write as _},
};

use calamine::{DataRef, Reader as _};
use proptest::prelude::*;
use rust_xlsxwriter::{Format, Formula, Workbook};

use super::*;
use crate::{
    parse::raw_row::RawRow,
    row::{Cell as ReadCell, CellKind},
};

/// The content of a generated cell.
#[derive(Clone, Debug)]
enum Content {
    Text(String),
    Runs(String, String),
    Number(f64),
    Moment(f64),
    Boolean(bool),
    Result(String),
    Error,
}

fn content() -> impl Strategy<Value = Content> {
    let text = "[a-zÄ漢😀 &<>\"'\t]{0,8}|_x0041_|0[0-9]{3,9}|[+][0-9 ]{6,12}| Rao |a\nb";
    prop_oneof![
        4 => text.prop_map(Content::Text),
        1 => ("[a-z& ]{1,4}", "[a-zé<]{1,4}").prop_map(|(first, second)| Content::Runs(first, second)),
        3 => prop_oneof![
            "[1-9][0-9]{0,14}".prop_map(|whole| whole.parse().unwrap()),
            (-1_000_000_i32..1_000_000).prop_map(|thousandths| f64::from(thousandths) / 1000.0),
            Just(1e21),
            Just(1.5e-7),
        ].prop_map(Content::Number),
        1 => (1_u32..60_000, 0_u32..24).prop_map(|(day, hour)| Content::Moment(f64::from(day) + f64::from(hour) / 24.0)),
        1 => any::<bool>().prop_map(Content::Boolean),
        1 => "[a-z0-9& ]{1,6}".prop_map(Content::Result),
        1 => Just(Content::Error),
    ]
}

/// A change to the markup of the sheet or of the shared texts: one occurrence of the first text becomes the second.
///
/// None is in a value, because calamine takes a value with an entity, a comment or a CDATA section for an empty one.
#[derive(Clone, Debug)]
struct Change(prop::sample::Index, &'static str, &'static str);

fn change() -> impl Strategy<Value = Change> {
    const CHANGES: [(&str, &str); 27] = [
        (" t=\"s\"", ""),
        (" t=\"s\"", " t=\"str\""),
        (" t=\"s\"", " t='s'"),
        (" t=\"s\"", " t = \"s\""),
        (" t=\"b\"", " t=\"n\""),
        ("<v>", "<v>1"),
        ("</v>", "</v><extLst/>"),
        ("</v></c>", "</v></c>\n  "),
        ("<c r=\"", "<c cm=\"1\" r=\""),
        ("<c r=\"B", "<c r=\"D"),
        ("<c r=\"B", "<c r=\"$B"),
        ("<c r=\"A", "<c x=\"A"),
        ("<row r=\"", "<row x=\""),
        ("<row r=\"", "<row r=\"1"),
        ("<row ", "<row hidden=\"1\" "),
        ("<c ", "<x:c xmlns:x=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" "),
        ("</c>", "</x:c>"),
        ("<t>", "<t xml:space=\"preserve\">"),
        ("<t>", "<t xml:space='preserve'> "),
        ("<t>", "<t>\r\n"),
        ("<t>", "<t>&amp;&#x41;"),
        ("<t>", "<t>_x000D_"),
        ("</t>", "</t><phoneticPr fontId=\"1\"/>"),
        ("</t>", "</t><rPh sb=\"0\" eb=\"1\"><t>kana</t></rPh>"),
        ("<si>", "<si/><si>"),
        ("<r>", "<r><rPr/>"),
        ("</sheetData>", "<row><c><v>7</v></c></row></sheetData>"),
    ];
    (any::<prop::sample::Index>(), prop::sample::select(CHANGES.as_slice()))
        .prop_map(|(place, (from, to))| Change(place, from, to))
}

impl Change {
    fn apply(&self, markup: &str) -> String {
        let Self(place, from, to) = self;
        let places: Vec<usize> = markup.match_indices(from).map(|(place, _)| place).collect();
        if places.is_empty() {
            return markup.to_owned();
        }
        let start = *place.get(&places);
        format!("{}{to}{}", &markup[..start], &markup[start + from.len()..])
    }
}

/// Writes a workbook with these cells of its one sheet.
fn written(cells: &BTreeMap<(u32, u16), Content>) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let (bold, moment) = (Format::new().set_bold(), Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"));
    let page = workbook.add_worksheet();
    for (&(row, column), content) in cells {
        match content {
            Content::Text(text) => page.write(row, column, text),
            Content::Runs(first, second) => {
                page.write_rich_string(row, column, &[(&Format::default(), first), (&bold, second)])
            }
            Content::Number(number) => page.write(row, column, *number),
            Content::Moment(days) => page.write_with_format(row, column, *days, &moment),
            Content::Boolean(value) => page.write(row, column, *value),
            Content::Result(text) => {
                page.write_formula(row, column, Formula::new("=A1&\"x\"").set_result(text.as_str()))
            }
            Content::Error => page.write_formula(row, column, Formula::new("=NA()").set_result("#N/A")),
        }
        .unwrap();
    }
    workbook.save_to_buffer().unwrap()
}

/// Returns the workbook with the markup of one part changed.
fn changed(workbook: Vec<u8>, part: &str, changes: &[Change]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut markup = String::new();
        entry.read_to_string(&mut markup).unwrap();
        if name == part {
            markup = changes.iter().fold(markup, |markup, change| change.apply(&markup));
        }
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(markup.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The cells of a sheet that are not empty, by row and column.
type Cells = BTreeMap<(u32, u32), (CellKind, String)>;

#[derive(Default)]
struct Collected(Cells);

impl RowSink for Collected {
    fn row(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        for index in 0..row.len() {
            let ReadCell { text, kind } = row.cell(index);
            if !text.is_empty() {
                let place = (u32::try_from(number).unwrap() - 1, u32::try_from(index).unwrap());
                self.0.insert(place, (kind, String::from_utf8_lossy(text).into_owned()));
            }
        }
        ControlFlow::Continue(())
    }
}

fn read_here(workbook: &[u8]) -> Result<Cells, String> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(workbook).unwrap();
    file.rewind().unwrap();
    let mut opened = Xlsx::open(&file, workbook.len() as u64).map_err(|fault| fault.to_string())?;
    let mut read = Collected::default();
    opened.visit(0, &mut Sights::default(), &mut read).map_err(|fault| fault.to_string())?;
    Ok(read.0)
}

fn read_by_calamine(workbook: &[u8]) -> Result<Cells, String> {
    let mut opened: calamine::Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(workbook))
        .map_err(|error: calamine::XlsxError| error.to_string())?;
    let sheet = opened.sheet_names().swap_remove(0);
    let mut reader = opened.worksheet_cells_reader(&sheet).map_err(|error| error.to_string())?;
    let mut read = Cells::new();
    while let Some(cell) = reader.next_cell().map_err(|error| error.to_string())? {
        let value = match cell.get_value() {
            DataRef::Empty => continue,
            DataRef::SharedString(text) => (CellKind::Text, (*text).to_owned()),
            DataRef::String(text) => (CellKind::Text, text.clone()),
            DataRef::Int(number) => (CellKind::Number, number.to_string()),
            DataRef::Float(number) => (CellKind::Number, number.to_string()),
            DataRef::Bool(value) => (CellKind::Boolean, if *value { "TRUE" } else { "FALSE" }.to_owned()),
            DataRef::Error(error) => (CellKind::Error, error.to_string()),
            DataRef::DateTime(moment) => (CellKind::Date, moment.as_f64().to_string()),
            DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => (CellKind::Date, text.clone()),
        };
        if !value.1.is_empty() {
            read.insert(cell.get_position(), value);
        }
    }
    Ok(read)
}

/// Returns whether both texts of a kind mean the same value.
fn is_same((kind, text): &(CellKind, String), (other_kind, other): &(CellKind, String)) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
    match (kind, other_kind) {
        (CellKind::Number, CellKind::Number) => number(text) == number(other),
        // calamine returns the number of days, which tests of `number_format` compare.
        (CellKind::Date, CellKind::Date) => true,
        // calamine omits white space around a run without `xml:space`.
        (CellKind::Text, CellKind::Text) => letters(text) == letters(other),
        _ => kind == other_kind && text == other,
    }
}

fn assert_same(here: &Cells, there: &Cells) -> Result<(), TestCaseError> {
    let places = here.keys().chain(there.keys());
    let differs = |place: &&(u32, u32)| match (here.get(place), there.get(place)) {
        (Some(here), Some(there)) => !is_same(here, there),
        _ => true,
    };
    let different: Vec<_> =
        places.filter(differs).map(|place| (place, here.get(place), there.get(place))).collect();
    prop_assert!(different.is_empty(), "{different:?}");
    Ok(())
}

fn cells() -> impl Strategy<Value = BTreeMap<(u32, u16), Content>> {
    prop::collection::btree_map((0_u32..12, 0_u16..5), content(), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn generated_workbooks_are_read_like_calamine_reads_them(cells in cells()) {
        let workbook = written(&cells);
        assert_same(&read_here(&workbook).unwrap(), &read_by_calamine(&workbook).unwrap())?;
    }

    #[test]
    fn unusual_markup_is_read_like_calamine_reads_it_or_refused(
        cells in cells(),
        part in prop::sample::select(vec!["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"]),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let workbook = changed(written(&cells), part, &changes);
        if let (Ok(here), Ok(there)) = (read_here(&workbook), read_by_calamine(&workbook)) {
            assert_same(&here, &there)?;
        }
    }
}
