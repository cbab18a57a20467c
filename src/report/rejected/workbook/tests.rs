use super::*;
use crate::{
    outcome::{Code, Outcome},
    row::{CellKind, Columns, Rows},
};

fn input() -> InputInfo {
    let columns = Columns { phone: vec![1], ..Columns::default() };
    InputInfo::example("in/[list]: one/two?.csv", &["Name", "Phone"], columns)
}

#[test]
fn rows_beyond_the_limit_are_counted_on_the_first_sheet() {
    let home = tempfile::tempdir().unwrap();
    let folder = OutputFolder::create(home.path()).unwrap();
    let input = input();
    let mut writer = WorkbookWriter::begin(&folder, std::slice::from_ref(&input)).unwrap();
    writer.max_cells = 20;
    let mut rows = Rows::new(0);
    for number in 2..6 {
        rows.push_cell(b"Asha", CellKind::Text);
        rows.push_cell(b"=1+2", CellKind::Text);
        rows.end_row(number, None);
    }
    for row in rows.iter() {
        let reported = ReportedRow {
            code: Some(Code::Refused),
            detail: "refused by the platform: no such person",
            ..ReportedRow::new(row, Outcome::Failed)
        };
        let to_fix = RowToFix::new(&input, &reported, "run");
        writer.write_to_fix(&input, &reported, &to_fix).unwrap();
    }
    writer.write_workbook().unwrap();
    let mut saved = Vec::new();
    writer.file.reread().unwrap().read_to_end(&mut saved).unwrap();
    let mut archive = zip::ZipArchive::new(io::Cursor::new(saved)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let first = part("xl/sharedStrings.xml");
    assert!(first.contains("4 rows to fix") && first.contains("with 2 more rows to fix"), "{first}");
    let sheet = part("xl/worksheets/sheet2.xml");
    assert_eq!(sheet.matches("<row r=").count(), 3, "{sheet}");
    assert_eq!(first.matches("refused by the platform: no such person").count(), 1, "{first}");
    assert!(!sheet.contains("<f>"), "{sheet}");
    assert!(part("xl/workbook.xml").contains("name=\"1 two\""), "the name has no forbidden character");
}

#[test]
fn long_cells_are_cut_between_characters_and_formulas_guarded() {
    let long = "😀".repeat(20_000);
    let (text, is_cut) = shown(long.as_bytes());
    assert!(is_cut && text.ends_with("😀…") && text.encode_utf16().count() <= MAX_CELL_UNITS);
    assert_eq!(shown(b"+44"), ("+44".into(), false));
    assert_eq!(shown(b"'+44"), ("''+44".into(), false));
    assert_eq!(shown(b"'x"), ("'x".into(), false));
}
