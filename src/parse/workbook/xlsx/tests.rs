use proptest::prelude::*;

use super::*;
use crate::{parse::raw_row::RawRow, row::CellKind};

/// A row as a sink receives it: its number, its cells, and whether it is hidden.
type Seen = (u64, Vec<(String, CellKind)>, bool);

#[derive(Default)]
struct Collected(Vec<Seen>);

impl RowSink for Collected {
    fn row(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        let cell = |index| (String::from_utf8_lossy(row.cell(index).text).into_owned(), row.cell(index).kind);
        self.0.push((number, (0..row.len()).map(cell).collect(), row.is_hidden()));
        ControlFlow::Continue(())
    }
}

/// Reads rows with one of the readers. The plain one returns `None` if a row is not plain.
fn read(elements: &[String], is_plain: bool) -> Option<Result<(Vec<Seen>, u64), String>> {
    let mut strings = SharedTexts::default();
    for text in ["", "Asha", "Rao_x000D_"] {
        strings.push(text).unwrap();
    }
    let mut formats = Formats::default();
    for number in [0, 14, 49] {
        formats.add(number);
    }
    let (mut sights, mut sink) = (Sights::default(), Collected::default());
    let mut walk = Walk { strings: &strings, row: 0, next_column: 0, cell: None };
    let mut rows = Gathered::new(&formats, &mut sights, &mut sink);
    for element in elements {
        if is_plain {
            match walk.take_plain_row(element, &mut Vec::new(), &mut rows) {
                Ok(taken) => _ = taken?,
                Err(fault) => return Some(Err(fault.to_string())),
            }
            continue;
        }
        let mut reader = quick_xml::Reader::from_str(element);
        reader.config_mut().expand_empty_elements = true;
        loop {
            match reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(event) => {
                    if let Err(fault) = walk.take(&event, &mut rows) {
                        return Some(Err(fault.to_string()));
                    }
                }
                Err(error) => return Some(Err(error.to_string())),
            }
        }
    }
    rows.finish();
    let formulas = sights.formulas_without_result;
    Some(Ok((sink.0, formulas)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn both_readers_read_the_same(rows in prop::collection::vec((
        " r=\"[0-3]\"| r=\" 2 \"|| hidden=\"1\"| ht=\"0\" customHeight=\"1\"| spans=\"1:3\" x:d=\"1\"| r=\"x\"",
        prop::collection::vec((
            prop::sample::select(vec!["", " r=\"A1\"", " r=\"C2\"", " r=\"b\"", " r=\"1\"", " s=\"1\"", " s=\"9\"", " s=\"x\"", " cm=\"1\"", " t=\"t\" t=\"s\""]),
            prop::sample::select(vec!["", " t=\"s\"", " t=\"n\"", " t=\"b\"", " t=\"e\"", " t=\"d\"", " t=\"str\"", " t=\"inlineStr\"", "/"]),
            prop::sample::select(vec![
                "", "<v>1</v>", "<v> 2 </v>", "<v>9</v>", "<v></v>", "<v/>", "<v>45000.5</v>", "<v>Asha_x0041_</v>", "<v>#N/A</v>", "<v>a&amp;b</v>",
                "<is><t>Zoë</t></is>", "<is><t xml:space=\"preserve\"> b</t></is>", "<is><t></t></is>", "<is><r><t>r</t></r></is>", "<f>1</f><v>2</v>", "<f>1</f>",
                "\n", "<v>1</v><is><t>x</t></is>", "<v>2026-11-27</v>", "<v>+1</v>", "<v>0123</v>",
            ]),
        ), 0..4),
    ), 1..4)) {
        let elements: Vec<String> = rows.iter().map(|(attributes, cells)| {
            let cells: String = cells.iter().map(|(attributes, kind, content)| match *kind {
                "/" => format!("<c{attributes}/>"),
                kind => format!("<c{attributes}{kind}>{content}</c>"),
            }).collect();
            format!("<row{attributes}>{cells}</row>")
        }).collect();
        if let Some(plain) = read(&elements, true) {
            prop_assert_eq!(Some(plain), read(&elements, false));
        }
    }
}

#[test]
fn references_are_parsed_or_rejected() {
    assert_eq!(place("A1"), Some((Some(0), 0)));
    assert_eq!(place("ab12"), Some((Some(11), 27)));
    assert_eq!(place("C"), Some((None, 2)));
    for none in ["", "1", "A0", "$A$1", "A99999999999", "ABCDEFGHIJKLMNOP1"] {
        assert_eq!(place(none), None, "{none}");
    }
}

#[test]
fn escapes_are_replaced_and_similar_text_is_unchanged() {
    for (text, plain) in [
        ("Rao_x000D_", "Rao\r"),
        ("_x005F_x000D_", "_x000D_"),
        ("a_xyz_b", "a_xyz_b"),
        ("_x00", "_x00"),
        ("_xD800_", "_xD800_"),
        ("é_x0041_é", "éAé"),
    ] {
        assert_eq!(unescaped(text), plain, "{text}");
    }
}
