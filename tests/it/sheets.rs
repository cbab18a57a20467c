//! Typical workbooks: hidden rows and columns, covers before the list, and numbers shown by a format.

use std::io::Write as _;

use rust_xlsxwriter::{Format, Workbook, Worksheet};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::sealed::{Ended, Sealed};

const HEADER: [&str; 4] = ["First Name", "Last Name", "Salutation", "Phone"];
const PEOPLE: [[&str; 4]; 3] = [
    ["Ada", "Quill", "Ms", "020 7946 0018"],
    ["Ben", "Marsh", "Mr", "020 7946 0019"],
    ["Cleo", "Finch", "Ms", "020 7946 0020"],
];
const NUMBERS: [&str; 3] = ["442079460018", "442079460019", "442079460020"];

fn fill(page: &mut Worksheet) {
    page.write_row(0, 0, HEADER).unwrap();
    for (row, person) in (1..).zip(PEOPLE) {
        page.write_row(row, 0, person).unwrap();
    }
}

fn list(change: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let page = workbook.add_worksheet();
    fill(page);
    change(page);
    workbook.save_to_buffer().unwrap()
}

/// Checks a file. Returns outcome, code and number of its rows.
fn checked(sealed: &Sealed, name: &str, content: &[u8], options: &[&str]) -> (Ended, Vec<String>) {
    sealed.write(name, content);
    _ = std::fs::remove_dir_all(sealed.path("out"));
    let region: &[&str] = if options.contains(&"--region") { &[] } else { &["--region", "GB"] };
    let output = sealed.run(&[&["check", name, "--out", "out"], region, options].concat());
    if output.code == 3 {
        return (output, Vec::new());
    }
    assert!(matches!(output.code, 0 | 1), "{}", output.stderr);
    let rows = sealed.outcomes("out").into_iter();
    (output, rows.map(|row| format!("{} {} {}", row.outcome, row.code, row.number)).collect())
}

fn valid(numbers: &[&str]) -> Vec<String> {
    numbers.iter().map(|number| format!("valid  {number}")).collect()
}

/// Returns the messages on one line.
fn messages(output: &Ended) -> String {
    output.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
}

// Source: tidyverse/readxl issue 428, MarkPflug/Sylvan.Data.Excel pull request 186.
#[test]
fn hidden_rows_are_suppressed_unless_included() {
    let sealed = Sealed::new();
    let content = list(|page| _ = page.set_row_hidden(2).unwrap());
    let (output, rows) = checked(&sealed, "list.xlsx", &content, &[]);
    assert_eq!(rows, ["valid  442079460018", "suppressed hidden-row 442079460019", "valid  442079460020"]);
    assert_eq!(output.code, 0);
    assert!(messages(&output).contains("1 hidden row suppressed"), "{}", output.stderr);
    assert!(sealed.read("out/report.json").contains("1 hidden row suppressed"));

    let (output, rows) = checked(&sealed, "list.xlsx", &content, &["--hidden-rows", "include"]);
    assert_eq!(rows, valid(&NUMBERS));
    assert!(messages(&output).contains("1 hidden row read like the others"), "{}", output.stderr);

    sealed.write("rollcall.toml", "hidden-rows = \"include\"\n");
    assert_eq!(checked(&sealed, "list.xlsx", &content, &[]).1, valid(&NUMBERS));
    assert_ne!(checked(&sealed, "list.xlsx", &content, &["--hidden-rows", "skip"]).1, valid(&NUMBERS));
}

#[test]
fn rows_without_height_and_columns_without_width_are_hidden() {
    let sealed = Sealed::new();
    let content = list(|page| _ = page.set_row_height(2, 0).unwrap());
    let (_, rows) = checked(&sealed, "list.xlsx", &content, &[]);
    assert_eq!(rows, ["valid  442079460018", "suppressed hidden-row 442079460019", "valid  442079460020"]);

    let content = list(|page| {
        page.write_column(0, 4, ["Mobile", "0117 496 0018", "0117 496 0019", "0117 496 0020"]).unwrap();
        page.set_column_width(4, 0).unwrap();
    });
    assert_eq!(checked(&sealed, "list.xlsx", &content, &[]).1, valid(&NUMBERS));
}

#[test]
fn hidden_rows_are_never_posted() {
    let sealed = Sealed::new();
    sealed.write("list.xlsx", list(|page| _ = page.set_row_hidden(2).unwrap()));
    let output = sealed.run(&["import", "list.xlsx", "--region", "GB", "--sandbox", "--out", "out"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let report = sealed.report("out");
    assert_eq!((&report["totals"]["created"], &report["totals"]["suppressed"]), (&2.into(), &1.into()));
}

#[test]
fn hidden_rows_of_a_suppression_file_suppress_too() {
    let sealed = Sealed::new();
    sealed.write("dnc.xlsx", list(|page| _ = page.set_row_hidden(2).unwrap()));
    let (_, rows) = checked(&sealed, "list.xlsx", &list(|_| ()), &["--exclude-file", "dnc.xlsx"]);
    assert!(rows.iter().all(|row| row.starts_with("suppressed in-file")), "{rows:?}");
}

#[test]
fn header_is_found_after_and_in_a_hidden_row() {
    let sealed = Sealed::new();
    let mut workbook = Workbook::new();
    let page = workbook.add_worksheet();
    page.write_row(0, 0, ["first_name", "last_name", "salutation", "legacy_phone"]).unwrap();
    page.write_row(1, 0, HEADER).unwrap();
    page.write_row(2, 0, PEOPLE[0]).unwrap();
    page.set_row_hidden(0).unwrap();
    let content = workbook.save_to_buffer().unwrap();
    assert_eq!(checked(&sealed, "list.xlsx", &content, &[]).1, valid(&NUMBERS[..1]));
    let content = list(|page| _ = page.set_row_hidden(0).unwrap());
    assert_eq!(checked(&sealed, "list.xlsx", &content, &[]).1, valid(&NUMBERS));
}

#[test]
fn hidden_phone_column_is_not_read_if_a_visible_one_exists() {
    let sealed = Sealed::new();
    let content = list(|page| {
        page.write_column(0, 4, ["Mobile", "0117 496 0018", "0117 496 0019", "0117 496 0020"]).unwrap();
        page.set_column_hidden(4).unwrap();
    });
    let (output, rows) = checked(&sealed, "list.xlsx", &content, &[]);
    assert_eq!(rows, valid(&NUMBERS));
    let note = "column E (`Mobile`) is hidden in the sheet and not read as phone; --map phone=5 reads it";
    assert!(messages(&output).contains(note), "{}", output.stderr);
    let (_, rows) = checked(&sealed, "list.xlsx", &content, &["--map", "phone=5"]);
    assert_eq!(rows, valid(&["441174960018", "441174960019", "441174960020"]));
}

/// Fills a sheet.
type Fill<'f> = &'f dyn Fn(&mut Worksheet);

fn workbook_of(sheets: &[(&str, Fill<'_>)]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    for (name, fill) in sheets {
        let page = workbook.add_worksheet();
        page.set_name(*name).unwrap();
        fill(page);
    }
    workbook.save_to_buffer().unwrap()
}

#[test]
fn only_sheet_with_people_is_read() {
    let sealed = Sealed::new();
    let cover = |page: &mut Worksheet| _ = page.write_row(0, 0, ["Report", "2026"]).unwrap();
    let header = |page: &mut Worksheet| _ = page.write_row(0, 0, HEADER).unwrap();
    let empty = |_: &mut Worksheet| ();
    for first in [&cover as Fill<'_>, &header, &empty] {
        let content = workbook_of(&[("Start", first), ("People", &fill)]);
        let (output, rows) = checked(&sealed, "list.xlsx", &content, &[]);
        assert_eq!(rows, valid(&NUMBERS), "{}", output.stderr);
        let note = "sheet `Start` holds no list of people; rollcall reads sheet `People` instead";
        assert!(messages(&output).contains(note), "{}", output.stderr);
    }
    let content = workbook_of(&[("Start", &cover), ("North", &fill), ("The South", &fill)]);
    let (output, _) = checked(&sealed, "list.xlsx", &content, &[]);
    assert_eq!(output.code, 3);
    let message = messages(&output);
    assert!(message.contains("these sheets seem to: `North`, `The South`"), "{message}");
    assert!(message.ends_with("--sheet North or --sheet 'The South'"), "{message}");
    assert_eq!(checked(&sealed, "list.xlsx", &content, &["--sheet", "The South"]).1, valid(&NUMBERS));
    let (output, _) = checked(&sealed, "list.xlsx", &workbook_of(&[("Start", &empty)]), &[]);
    assert!(messages(&output).contains("sheet `Start` is empty"), "{}", output.stderr);
}

// Source: SheetJS/sheetjs issue 1394, shuchkin/simplexlsx issue 97.
#[test]
fn number_is_read_as_the_sheet_shows_it() {
    let sealed = Sealed::new();
    for (code, number) in
        [("0000000000", 123_456_789_f64), ("\"0\"0", 123_456_789_f64), ("+0", 2_250_123_456_789_f64)]
    {
        let content = list(|page| {
            page.write_with_format(1, 3, number, &Format::new().set_num_format(code)).unwrap();
        });
        let (_, rows) = checked(&sealed, "list.xlsx", &content, &["--region", "CI"]);
        assert_eq!(rows[0], "valid  2250123456789", "{code}");
    }
}

#[test]
fn number_in_a_date_cell_is_read_as_a_number() {
    let sealed = Sealed::new();
    let date = Format::new().set_num_format("dd/mm/yyyy");
    let content = list(|page| {
        page.write_with_format(1, 3, 2_079_460_018_f64, &date).unwrap();
        page.write_with_format(2, 3, 20_794_600_f64, &date).unwrap();
    });
    let (_, rows) = checked(&sealed, "list.xlsx", &content, &[]);
    assert_eq!(rows[0], "valid  442079460018");
    assert!(rows[1].starts_with("rejected"), "{rows:?}");
    assert!(sealed.read("out/rejected.csv").contains("Ben,Marsh,Mr,20794600,"));
}

#[test]
fn long_and_distant_unused_cells_are_ignored() {
    let sealed = Sealed::new();
    let content = list(|page| {
        page.write(0, 4, "Notes").unwrap();
        page.write(1, 4, "x".repeat(32_767)).unwrap();
        page.write(2, 16_383, "stray").unwrap();
    });
    let (output, rows) = checked(&sealed, "list.xlsx", &content, &[]);
    assert_eq!(rows, valid(&NUMBERS));
    assert!(
        messages(&output).contains("a cell far to the right of the list is not read: XFD3"),
        "{}",
        output.stderr
    );
}

fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Returns the content of an ODS spreadsheet with these rows and their attributes.
fn open_document(rows: &[(&str, [&str; 4])]) -> String {
    let cell =
        |text: &&str| format!("<table:table-cell office:value-type=\"string\">{text}</table:table-cell>");
    let row = |(attributes, cells): &(&str, [&str; 4])| {
        format!(
            "<table:table-row {attributes}>{}</table:table-row>",
            cells.iter().map(cell).collect::<String>()
        )
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<office:document-content><table:table table:name=\"People\">{rows}</table:table></office:document-content>"
    )
}

// Source: openspout/openspout issue 347, pyexcel/pyexcel-ods issue 24.
#[test]
fn comments_ruby_text_and_hidden_rows_of_ods_files_are_not_read() {
    let sealed = Sealed::new();
    let paragraph = |text: &str| format!("<text:p>{text}</text:p>");
    let header = HEADER.map(paragraph);
    let commented = "<office:annotation><dc:creator>Jo</dc:creator><text:p>was 07700 900018</text:p></office:annotation>\
                     <text:p>020 7946 0018</text:p>";
    let read_aloud = "<text:p><text:ruby><text:ruby-base>太郎</text:ruby-base><text:ruby-text>タロウ</text:ruby-text></text:ruby></text:p>";
    let person = PEOPLE[1].map(paragraph);
    let content = open_document(&[
        ("", header.each_ref().map(String::as_str)),
        ("", [read_aloud, "<text:p>Quill</text:p>", "<text:p>Ms</text:p>", commented]),
        ("table:visibility=\"filter\"", person.each_ref().map(String::as_str)),
    ]);
    // The position of the type entry and additional entries do not matter.
    let module = "<!DOCTYPE script:module PUBLIC \"-//OpenOffice.org//DTD OfficeDocument 1.0//EN\" \"module.dtd\"><script/>";
    for parts in [
        [("content.xml", content.as_str()), ("Basic/Standard/Module1.xml", module)],
        [("content.xml", content.as_str()), ("mimetype", "application/vnd.oasis.opendocument.spreadsheet")],
    ] {
        let (output, rows) = checked(&sealed, "list.ods", &package(&parts), &[]);
        assert_eq!(rows, ["valid  442079460018", "suppressed hidden-row 442079460019"], "{}", output.stderr);
    }
}

#[test]
fn apple_numbers_documents_are_refused_with_a_hint() {
    let sealed = Sealed::new();
    let content = package(&[("Index/Document.iwa", "x"), ("Metadata/Properties.plist", "x")]);
    let (output, _) = checked(&sealed, "list.numbers", &content, &[]);
    assert_eq!(output.code, 3);
    let message = messages(&output);
    assert!(message.contains("this is a document of Apple Numbers"), "{message}");
    assert!(message.contains("Export To"), "{message}");
}

// Source: apache/poi test file 60825.xlsx.
#[test]
fn workbook_parts_are_found_by_their_relationships() {
    let sealed = Sealed::new();
    let text = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let row = |cells: [&str; 4]| format!("<row>{}</row>", cells.map(text).concat());
    let sheet = format!("<worksheet><sheetData>{}{}</sheetData></worksheet>", row(HEADER), row(PEOPLE[0]));
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"http://example.com/{kind}\" Target=\"{target}\"/>")
    };
    let root = relation("r", "officeDocument", "book/list.xml");
    let relations = [
        relation("a", "worksheet", "../pages/one.xml"),
        relation("b", "xlMacrosheet", "macro.xml"),
        relation("c", "worksheet", "gone.xml"),
    ]
    .concat();
    let workbook = "<workbook><sheets><sheet name=\"Module\" r:id=\"\"/><sheet name=\"Macro\" r:id=\"b\"/>\
                    <sheet name=\"Gone\" r:id=\"c\"/><sheet name=\"People\" r:id=\"a\"/></sheets></workbook>";
    let content = package(&[
        ("[Content_Types].xml", "<Types/>"),
        ("_rels/.rels", &format!("<Relationships>{root}</Relationships>")),
        ("book/list.xml", workbook),
        ("book/_rels/list.xml.rels", &format!("<Relationships>{relations}</Relationships>")),
        ("book/macro.xml", "<macro/>"),
        ("pages\\One.xml", &sheet),
    ]);
    let (output, rows) = checked(&sealed, "list.xlsx", &content, &[]);
    assert_eq!(rows, valid(&NUMBERS[..1]), "{}", output.stderr);
}
