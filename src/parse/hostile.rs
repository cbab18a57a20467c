//! Small files that are made to fill the disk or the memory, or to keep the program busy for hours. If a lookup becomes
//! quadratic in the parts of a file, its test runs for minutes.

use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
    ops::ControlFlow,
};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

/// Reads a file. Returns the number of rows or the error, and the bytes of all cells that were passed on until then.
fn read(content: &[u8], settings: &ParseSettings) -> (Result<u64, String>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    std::fs::write(&path, content).unwrap();
    let mut bytes = 0;
    let read = Input::open(&path, settings).and_then(|mut input| {
        input.read(0, &mut |rows| {
            bytes += rows.text_len();
            ControlFlow::Continue(())
        })
    });
    (read.map(|summary| summary.rows).map_err(|error| error.fault.to_string()), bytes)
}

/// Asserts that a file is refused with these words, before its rows exceed what small files may hold.
#[track_caller]
fn refused(content: &[u8], words: &str) {
    let (said, bytes) = read(content, &ParseSettings::default());
    let said = said.expect_err("it is refused");
    assert!(said.contains(words), "{said}");
    assert!(bytes <= (16 << 20).max(content.len() * 200), "{bytes} bytes of rows");
}

/// Returns the number of rows of a file that must be readable.
#[track_caller]
fn rows_of(content: &[u8]) -> u64 {
    read(content, &ParseSettings::default()).0.unwrap()
}

const TOO_MUCH: &str = "up to here its rows hold more than ";

fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn ods(content: &str) -> Vec<u8> {
    let content = format!("<office:document-content>{content}</office:document-content>");
    packed(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.as_bytes()),
    ])
}

/// Returns a sheet of these rows below a header.
fn ods_rows(rows: &str) -> Vec<u8> {
    const HEADER: &str = "<table:table-row><table:table-cell><text:p>Name</text:p></table:table-cell>\
                          <table:table-cell><text:p>Phone</text:p></table:table-cell></table:table-row>";
    ods(&format!("<table:table table:name=\"S\">{HEADER}{rows}</table:table>"))
}

/// Returns a workbook of these sheets, each given by its rows.
fn xlsx(sheets: &[&str], strings: &str, styles: &str) -> Vec<u8> {
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";
    let (mut list, mut relations) = (String::new(), String::new());
    let mut parts = vec![
        ("[Content_Types].xml".to_owned(), "<Types/>".to_owned()),
        (
            "_rels/.rels".to_owned(),
            format!(
                "<Relationships><Relationship Id=\"r\" Type=\"{kind}officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        ("xl/sharedStrings.xml".to_owned(), format!("<sst>{strings}</sst>")),
        ("xl/styles.xml".to_owned(), format!("<styleSheet>{styles}</styleSheet>")),
    ];
    for (rows, number) in sheets.iter().zip(1..) {
        write!(list, "<sheet name=\"S{number}\" r:id=\"r{number}\"/>").unwrap();
        write!(
            relations,
            "<Relationship Id=\"r{number}\" Type=\"{kind}worksheet\" Target=\"{number}.xml\"/>"
        )
        .unwrap();
        let rows = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
        parts.push((format!("xl/{number}.xml"), rows));
    }
    let relations = format!("<Relationships>{relations}</Relationships>");
    parts.push(("xl/_rels/workbook.xml.rels".to_owned(), relations));
    parts.push(("xl/workbook.xml".to_owned(), format!("<workbook><sheets>{list}</sheets></workbook>")));
    let parts: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, content)| (name.as_str(), content.as_bytes())).collect();
    packed(&parts)
}

const XLSX_HEADER: &str =
    "<row><c t=\"inlineStr\"><is><t>Name</t></is></c><c t=\"inlineStr\"><is><t>Phone</t></is></c></row>";

/// Returns a record of a binary workbook.
fn xlsb_record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut record = vec![kind];
    let mut left = body.len();
    loop {
        let low = u8::try_from(left & 0x7f).unwrap();
        left >>= 7;
        record.push(if left > 0 { low | 0x80 } else { low });
        if left == 0 {
            break;
        }
    }
    record.extend_from_slice(body);
    record
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let len = u32::try_from(units.len()).unwrap();
    len.to_le_bytes().into_iter().chain(units.into_iter().flat_map(u16::to_le_bytes)).collect()
}

fn xlsb(sheet: &[u8], strings: &[u8]) -> Vec<u8> {
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";
    let root = format!(
        "<Relationships><Relationship Id=\"r\" Type=\"{kind}officeDocument\" Target=\"xl/workbook.bin\"/></Relationships>"
    );
    let relations = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{kind}worksheet\" Target=\"1.bin\"/></Relationships>"
    );
    // The record type of the sheet list takes two bytes.
    let entry = [vec![0; 8], wide("r1"), wide("S")].concat();
    let list = [&[0x9c, 0x01, u8::try_from(entry.len()).unwrap()], entry.as_slice()].concat();
    packed(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", root.as_bytes()),
        ("xl/_rels/workbook.bin.rels", relations.as_bytes()),
        ("xl/workbook.bin", &list),
        ("xl/sharedStrings.bin", strings),
        ("xl/1.bin", sheet),
    ])
}

fn xlsb_row(number: u32) -> Vec<u8> {
    xlsb_record(0, &[&number.to_le_bytes()[..], &[0; 13]].concat())
}

fn xlsb_header() -> Vec<u8> {
    let text =
        |column: u8, text: &str| xlsb_record(6, &[&[column, 0, 0, 0, 0, 0, 0, 0][..], &wide(text)].concat());
    [xlsb_row(0), text(0, "Name"), text(1, "Phone")].concat()
}

/// A workbook of Excel 97 with these records for all sheets and of its only sheet.
fn xls(globals: &[u8], cells: &[u8]) -> Vec<u8> {
    let begin = |about: u8| xls_record(0x0809, &[0, 6, about, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let entry = |start: usize| {
        let start = u32::try_from(start).unwrap().to_le_bytes();
        xls_record(0x85, &[&start[..], &[0, 0, 1, 0], b"S"].concat())
    };
    let end = xls_record(0x0a, &[]);
    let start = begin(5).len() + globals.len() + entry(0).len() + end.len();
    let records = [&begin(5), globals, &entry(start), &end, &begin(0x10), cells, &end].concat();
    let mut compound = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    compound.create_stream("/Workbook").unwrap().write_all(&records).unwrap();
    compound.into_inner().into_inner()
}

fn xls_record(kind: u16, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap();
    [&kind.to_le_bytes(), &len.to_le_bytes(), body].concat()
}

#[test]
fn repeated_rows_are_counted_one_by_one() {
    let row = format!(
        "<table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell><text:p>{}</text:p></table:table-cell>\
         <table:table-cell><text:p>9876543210</text:p></table:table-cell></table:table-row>",
        "x".repeat(1000)
    );
    let bomb = ods_rows(&row);
    assert!(bomb.len() < 1000);
    refused(&bomb, TOO_MUCH);
}

#[test]
fn repeated_cells_are_counted_one_by_one() {
    let row = |bytes| {
        format!(
            "<table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"512\">\
             <text:p>{}</text:p></table:table-cell></table:table-row>",
            "x".repeat(bytes)
        )
    };
    refused(&ods_rows(&row(2000)), TOO_MUCH);
    refused(&ods_rows(&row(100_000)), "row 2 has more than 16 MB of text");
    // Invisible text counts as blank, however often it is repeated.
    let unseen = row(0).replace("<text:p>", "<text:p>\u{200b}");
    let (said, _) = read(&ods_rows(&unseen), &ParseSettings::default());
    assert_eq!(said.unwrap_err(), "there is a header but no data rows");
}

#[test]
fn repeated_spaces_in_ods_are_limited() {
    let spaces = "<text:s text:c=\"1024\"/>".repeat(40_000);
    let row = format!(
        "<table:table-row><table:table-cell><text:p>{spaces}1</text:p></table:table-cell></table:table-row>"
    );
    refused(&ods_rows(&row), "row 2 has more than 16 MB of text");
}

#[test]
fn huge_ods_style_is_stored_once() {
    let hides = "<style:table-properties table:display=\"false\"/>".repeat(20_000);
    let style = format!("<style:style style:name=\"{}\">{hides}</style:style>", "n".repeat(1_000_000));
    let sheet = "<table:table table:name=\"S\"><table:table-row><table:table-cell><text:p>Phone</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>9876543210</text:p></table:table-cell></table:table-row></table:table>";
    assert_eq!(rows_of(&ods(&format!("{style}{sheet}"))), 1);
}

#[test]
fn nested_row_groups_add_no_work_per_row() {
    let row = "<table:table-row><table:table-cell><text:p>Ada</text:p></table:table-cell><table:table-cell><text:p>5550100</text:p></table:table-cell></table:table-row>";
    let (begin, end) = ("<table:table-row-group>".repeat(20_000), "</table:table-row-group>".repeat(20_000));
    assert_eq!(rows_of(&ods_rows(&format!("{begin}{}{end}", row.repeat(20_000)))), 20_000);
}

#[test]
fn shared_text_is_counted_in_every_cell() {
    let text = "x".repeat(32_000);
    let row = "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>0</v></c></row>".repeat(5_000);
    let strings = format!("<si><t>{text}</t></si>");
    refused(&xlsx(&[&format!("{XLSX_HEADER}{row}")], &strings, ""), TOO_MUCH);
    // One cell that is written repeatedly.
    let cells = "<c r=\"A2\" t=\"s\"><v>0</v></c>".repeat(10_000);
    let again = format!("{XLSX_HEADER}<row>{cells}</row>");
    refused(&xlsx(&[&again], &strings, ""), "row 2 has more than 16 MB of text");

    let shared = [xlsb_record(7, &[0; 12]), xlsb_record(7, &[&[1], &[0; 11][..]].concat())].concat();
    let strings = xlsb_record(19, &[&[0], wide(&text).as_slice()].concat());
    let rows: Vec<u8> = (1..5_000).flat_map(|row| [xlsb_row(row), shared.clone()].concat()).collect();
    refused(&xlsb(&[xlsb_header(), rows].concat(), &strings), TOO_MUCH);
    let again = [xlsb_header(), xlsb_row(1), xlsb_record(7, &[0; 12]).repeat(10_000)].concat();
    refused(&xlsb(&again, &strings), "row 2 has more than 16 MB of text");

    let strings = xls_record(0xfc, &[&[1, 0, 0, 0, 1, 0, 0, 0, 0x40, 0x1f, 0][..], &[b'x'; 8000]].concat());
    let label = |column: u8, text: &[u8]| {
        xls_record(0x204, &[&[0, 0, column, 0, 0, 0, u8::try_from(text.len()).unwrap(), 0, 0], text].concat())
    };
    let shared = |row: u16, column: u8| {
        let [low, high] = row.to_le_bytes();
        xls_record(0xfd, &[low, high, column, 0, 0, 0, 0, 0, 0, 0])
    };
    let rows: Vec<u8> = (1..2_500).flat_map(|row| [shared(row, 0), shared(row, 1)].concat()).collect();
    refused(&xls(&strings, &[label(0, b"Name"), label(1, b"Phone"), rows].concat()), TOO_MUCH);
}

#[test]
fn text_of_too_many_pieces_is_refused() {
    let pieces = "<t>xxxxxxxxxxxxxxxx</t>".repeat(200_000);
    let cell = format!("{XLSX_HEADER}<row><c t=\"inlineStr\"><is>{pieces}</is></c></row>");
    refused(&xlsx(&[&cell], "", ""), "a text in it is longer than 2 MB");
    refused(&xlsx(&[XLSX_HEADER], &format!("<si>{pieces}</si>"), ""), "a text in it is longer than 2 MB");
}

#[test]
fn shared_number_format_is_stored_once() {
    let code = "0;".repeat(50_000);
    let styles = format!(
        "<numFmts><numFmt numFmtId=\"164\" formatCode=\"{code}\"/></numFmts><cellXfs>{}</cellXfs>",
        "<xf numFmtId=\"164\"/>".repeat(60_000)
    );
    let row = "<row><c t=\"inlineStr\"><is><t>Ada</t></is></c><c s=\"59999\"><v>9876543210</v></c></row>";
    assert_eq!(rows_of(&xlsx(&[&format!("{XLSX_HEADER}{row}")], "", &styles)), 1);
    let numbers: String = (0..60_000)
        .map(|number| format!("<numFmt numFmtId=\"{number}\" formatCode=\"0\"/>"))
        .collect::<Vec<_>>()
        .concat();
    let styles =
        format!("<numFmts>{numbers}</numFmts><cellXfs>{}</cellXfs>", "<xf numFmtId=\"1\"/>".repeat(60_000));
    assert_eq!(rows_of(&xlsx(&[&format!("{XLSX_HEADER}{row}")], "", &styles)), 1);
}

#[test]
fn workbook_with_too_many_sheets_is_refused() {
    let sheets = vec!["<row/>"; 1100];
    refused(&xlsx(&sheets, "", ""), "more than 1,024 sheets");
    let tables: String = (0..1100)
        .map(|number| format!("<table:table table:name=\"S{number}\"/>"))
        .collect::<Vec<_>>()
        .concat();
    refused(&ods(&tables), "more than 1,024 sheets");
}

#[test]
fn long_sheet_name_is_truncated() {
    let name = "S".repeat(1_000_000);
    let named = ods_rows(
        "<table:table-row><table:table-cell><text:p>Ada</text:p></table:table-cell><table:table-cell><text:p>1</text:p></table:table-cell></table:table-row>",
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    let mut archive = zip::ZipArchive::new(Cursor::new(named)).unwrap();
    let mut content = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("content.xml").unwrap(), &mut content).unwrap();
    let content = content.replace("table:name=\"S\"", &format!("table:name=\"{name}\""));
    std::fs::write(&path, packed(&[("content.xml", content.as_bytes())])).unwrap();
    let sheet = Input::open(&path, &ParseSettings::default()).unwrap().info.sheet.unwrap();
    assert_eq!(sheet.len(), 255);
}

#[test]
fn compressed_text_is_limited_by_its_rows() {
    let rows = [b"Name,Phone\n".as_slice(), &"a,5550100\n".repeat(140_000).into_bytes()].concat();
    refused(&gzip(&rows), TOO_MUCH);
    refused(&packed(&[("list.csv", &rows)]), TOO_MUCH);
    refused(&packed(&[("list.csv", &gzip(&rows))]), TOO_MUCH);
    // The same rows uncompressed, which already take as much room on the disk.
    assert_eq!(rows_of(&rows), 140_000);
    let objects =
        [b"[".as_slice(), &"{\"phone\":5550100},".repeat(140_000).into_bytes(), b"{\"phone\":1}]"].concat();
    let packed =
        ruzstd::encoding::compress_to_vec(objects.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    refused(&packed, TOO_MUCH);
    refused(&gzip(&"BEGIN:VCARD\nEND:VCARD\n".repeat(120_000).into_bytes()), TOO_MUCH);
}

#[test]
fn cells_spanning_thousands_of_columns_or_rows_take_no_memory() {
    let header = "<tr><th>Name<th>Phone</tr>";
    let page = |rows: String| format!("<table>{header}{rows}</table>").into_bytes();
    // Empty columns that a cell spans are not part of the row.
    assert_eq!(rows_of(&page("<tr><td>Ada<td colspan=16382>5550100</tr>".repeat(500))), 500);
    let far = page("<tr><td colspan=16383><td>1</tr>".repeat(5_000));
    let (said, _) = read(&far, &ParseSettings::default());
    assert_eq!(said.unwrap_err(), "there is a header but no data rows");
    let wide = page("<tr><td>x<td colspan=1022>5550100<td>1</tr>".repeat(36_000));
    refused(&wide, "its tables take more than 256 MB");
    assert_eq!(rows_of(&page("<tr><td rowspan=16384>Ada<td>5550100</tr>".repeat(900))), 900);
    let breaks = format!("<tr><td>{}{}<td>1</tr>", "<br>".repeat(20_000), "<div>".repeat(20_000));
    assert_eq!(rows_of(&page(breaks)), 1);
}

#[test]
fn xml_cells_far_to_the_right_take_no_memory() {
    let sheet = |rows: &str| {
        format!(
            "<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet ss:Name=\"S\"><Table>\
             <Row><Cell><Data ss:Type=\"String\">Name</Data></Cell><Cell><Data ss:Type=\"String\">Phone</Data></Cell></Row>{rows}</Table></Worksheet></Workbook>"
        )
    };
    let cell = |index: u32| {
        format!("<Row><Cell ss:Index=\"{index}\"><Data ss:Type=\"String\">x</Data></Cell></Row>")
    };
    let (said, _) = read(sheet(&cell(16_384).repeat(5_000)).as_bytes(), &ParseSettings::default());
    assert_eq!(said.unwrap_err(), "there is a header but no data rows");
    refused(sheet(&cell(1_024).repeat(36_000)).as_bytes(), "its tables take more than 256 MB");
    let last =
        "<Row ss:Index=\"18446744073709551615\"><Cell><Data ss:Type=\"String\">x</Data></Cell></Row><Row/>";
    refused(sheet(last).as_bytes(), "a cell beyond the last row");
}

#[test]
fn huge_json_keys_are_not_joined_to_nested_keys() {
    let key = "k".repeat(1_000_000);
    let list = format!("[{{\"{key}\":[{}1],\"name\":\"x\",\"phone\":\"1\"}}]", "1,".repeat(100_000));
    refused(list.as_bytes(), "longer than 16 KiB");
    let object =
        format!("[{{\"{key}\":{{{}\"a\":1}},\"name\":\"x\",\"phone\":\"1\"}}]", "\"a\":1,".repeat(100_000));
    refused(object.as_bytes(), "longer than 16 KiB");
}

#[test]
fn record_with_too_many_fields_is_refused() {
    let again = format!("[{{\"name\":\"x\",{}\"phone\":\"1\"}}]", "\"phone\":\"5550100\",".repeat(20_000));
    refused(again.as_bytes(), "it has more than 16,384 fields");
    // Columns keyed by name, whose cells have different keys.
    let columns: String = (0..3_000)
        .map(|number| format!("\"phone{number}\":{{\"k{number}\":1}},"))
        .collect::<Vec<_>>()
        .concat();
    refused(format!("{{{columns}\"name\":{{\"k\":1}}}}").as_bytes(), "it has more than 512 fields");
}

#[test]
fn card_lines_are_scanned_once() {
    let card =
        |lines: &str| format!("BEGIN:VCARD\nVERSION:3.0\nFN:Ada Quill\n{lines}\nEND:VCARD\n").into_bytes();
    assert_eq!(rows_of(&card(&format!("TEL:{}", "1 TEL:".repeat(20_000)))), 1);
    assert_eq!(rows_of(&card(&format!("TEL:{}", "TEL;".repeat(50_000)))), 1);
    let groups: String = (0..4_000).map(|_| "a.TEL:1\na.X-ABLABEL:x\n").collect();
    assert_eq!(rows_of(&card(&groups)), 1);
    assert_eq!(rows_of(&card(&format!("NOTE:{}", "\u{feff}".repeat(300_000)))), 1);
    let (unused, notes) = ("X:\n".repeat(600_000), format!("NOTE:{}\n", "y".repeat(1000)).repeat(2_000));
    refused(&card(&format!("{unused}{notes}")), "the card is longer than");
    let (said, _) = read("BEGIN:VCARD FN:Ada END:VCARD ".repeat(3_000).as_bytes(), &ParseSettings::default());
    assert_eq!(said.unwrap(), 3_000);
    assert_eq!(rows_of(&[card("TEL:1"), b"END:VCARD ".repeat(50_000)].concat()), 1);
}

#[test]
fn lines_of_entries_are_scanned_once() {
    let ldif = ParseSettings { format: Some(Format::Ldif), ..ParseSettings::default() };
    let rows_of = |content: &[u8]| read(content, &ldif).0.unwrap();
    let entry = |lines: &str| format!("dn: cn=Ada Quill\nobjectClass: person\n{lines}\n").into_bytes();
    for mark in ["+", ":", "phone:", "\\,"] {
        let marks = mark.repeat(60_000 / mark.len());
        assert_eq!(
            rows_of(&entry(&format!("cn: {marks}\ndescription: {marks}\nmobile: 5550100"))),
            1,
            "{mark}"
        );
        assert_eq!(rows_of(format!("dn: cn={marks}\nmobile: 1\n").as_bytes()), 1, "{mark}");
    }
    assert_eq!(rows_of(&entry(&"mobile: 5550100\n".repeat(10_000))), 1);
    let numbered =
        |count: u32, line: &dyn Fn(u32) -> String| (0..count).map(line).collect::<Vec<_>>().concat();
    assert_eq!(rows_of(&entry(&numbered(9_000, &|number| format!("objectClass: c{number}\n")))), 1);
    // Names of attributes are remembered, but not without end.
    assert_eq!(rows_of(&entry(&numbered(30_000, &|number| format!("a{number}: x\n")))), 1);
    let refused = |content: &[u8], words: &str| {
        let message = read(content, &ldif).0.expect_err("it is refused");
        assert!(message.contains(words), "{message}");
    };
    refused(&entry(&format!("x{}", "\n x".repeat(300_000))), "is not an attribute with a value");
    let numbers = "description: +12025550100\n".repeat(100_000);
    refused(&entry(&numbers), "the entry is longer than");
    assert_eq!(rows_of("dn: cn=Ada\n".repeat(3_000).as_bytes()), 3_000);
}

#[test]
fn thousands_of_columns_are_not_compared_pairwise() {
    let wide = |header: &str, cell: &str| {
        let line = |first: &str, text: &str| format!("{first}{}\n", format!(",{text}").repeat(8_000));
        [line("Name", header), line("a", cell).repeat(3)].concat().into_bytes()
    };
    refused(&wide("Phone", "5550100"), "columns are about phone numbers");
    let labels =
        String::from_utf8(wide("Phone label", "Home")).unwrap().replacen("Name,", "Name,Phone,Phone 2,", 1);
    refused(labels.as_bytes(), "columns are about phone numbers");
    let others = String::from_utf8(wide("Remark", "x")).unwrap().replacen("Name,", "Name,Phone,", 1);
    let (said, _) = read(others.as_bytes(), &ParseSettings::default());
    assert_eq!(said.unwrap(), 3);
}

/// Parts that compress a hundred times or more are common: a list of cell formats, an image of one color.
/// Source: IQSS/dataverse issue 7854 (an image, 142 times), creditdatamw/zerocell issue 30 (`xl/styles.xml`, 134 times).
#[test]
fn small_part_with_a_high_ratio_is_accepted() {
    let styles =
        format!("<cellXfs>{}</cellXfs>", "<xf numFmtId=\"0\" fontId=\"0\" applyFont=\"1\"/>".repeat(30_000));
    let strings = "<si><t>Ada Quill</t></si><si><t>+442079460100</t></si>";
    let row = "<row><c t=\"s\" s=\"29999\"><v>0</v></c><c t=\"s\"><v>1</v></c></row>";
    let workbook = xlsx(&[&format!("{XLSX_HEADER}{}", row.repeat(2_000))], strings, &styles);
    assert!(styles.len() > 100 * workbook.len());
    assert_eq!(rows_of(&workbook), 2_000);
}
