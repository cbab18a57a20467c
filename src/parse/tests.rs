use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::*;
use crate::hash::hex;

/// Writes a file with this content to a temporary folder.
fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn read(content: &[u8], settings: &ParseSettings) -> Result<Vec<String>, String> {
    let (_folder, path) = file(content);
    let message = |error: ParseError| error.fault.to_string();
    let mut input = Input::open(&path, settings).map_err(message)?;
    let mut lines = Vec::new();
    let mut sink = |rows: Rows| {
        for row in rows.iter() {
            let cells: Vec<_> =
                row.cells().map(|cell| String::from_utf8_lossy(cell.text).into_owned()).collect();
            lines.push(format!("{}:{}", row.location.row, cells.join("|")));
        }
        ControlFlow::Continue(())
    };
    let summary = input.read(0, &mut sink).map_err(message)?;
    assert_eq!(summary.rows, lines.len() as u64);
    Ok(lines)
}

#[test]
fn rows_have_the_numbers_that_people_see() {
    let text = b"\xef\xbb\xbfName;Phone\r\n\r\nAsha;1\r\n;;\r\n\"Li\nWei\";2\r\nBo;3";
    assert_eq!(read(text, &ParseSettings::default()).unwrap(), ["3:Asha|1", "5:Li\nWei|2", "7:Bo|3"]);
}

#[test]
fn without_a_header_the_first_row_is_data() {
    let settings = ParseSettings {
        no_header: true,
        mappings: vec!["phone=2".parse().unwrap()],
        ..ParseSettings::default()
    };
    assert_eq!(read(b"Asha,1\nLi,2\n", &settings).unwrap(), ["1:Asha|1", "2:Li|2"]);
    let (_folder, path) = file(b"Asha,1\n");
    assert_eq!(Input::open(&path, &settings).unwrap().info.headers, ["column 1", "phone"]);
}

#[test]
fn workbooks_are_read_from_the_first_row_that_is_not_blank() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let page = workbook.add_worksheet();
    for (row, name, phone) in [(2, "Name", "Mobile"), (3, "Asha", "1"), (7, "Li", "2")] {
        page.write(row, 1, name).unwrap();
        page.write(row, 2, phone).unwrap();
    }
    page.write(8, 1, "  ").unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    assert_eq!(read(&bytes, &ParseSettings::default()).unwrap(), ["4:|Asha|1", "8:|Li|2"]);
}

#[test]
fn hash_covers_the_whole_file() {
    for content in [b"Phone\n123\n".as_slice(), &rust_xlsxwriter_phone()] {
        let (_folder, path) = file(content);
        let summary = Input::open(&path, &ParseSettings::default())
            .and_then(|mut input| input.read(0, &mut |_| ControlFlow::Continue(())));
        assert_eq!(summary.unwrap().sha256, hex(&Sha256::digest(content)));
    }
}

fn rust_xlsxwriter_phone() -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().write_column(0, 0, ["Phone", "123"]).unwrap();
    workbook.save_to_buffer().unwrap()
}

#[test]
fn files_without_a_list_are_refused() {
    for (content, message) in [
        (b"".as_slice(), "the file is empty"),
        (b"\xef\xbb\xbf\n \n", "the file contains only white space"),
        (b"[]", "the file does not hold a record"),
        (b"[{}]", "the file does not hold a record"),
        (b"Name,Phone\n", "there is a header but no data rows"),
        (b"Name,Phone\n,\n\n", "there is a header but no data rows"),
        (b"%PDF-1.4 ...", "this is a PDF document, which rollcall does not read"),
        (
            b"Name,City\nAsha,Pune\n",
            "no column is known to hold phone numbers; the columns are `Name`, `City`",
        ),
    ] {
        assert_eq!(read(content, &ParseSettings::default()).unwrap_err(), message);
    }
    let settings = ParseSettings { mappings: vec!["phone=Tel".parse().unwrap()], ..ParseSettings::default() };
    assert_eq!(
        read(b"Name,City\nAsha,Pune\n", &settings).unwrap_err(),
        "there is no column `Tel` for phone; the columns are `Name`, `City`"
    );
}

/// Returns a compound file with one stream.
fn compound(name: &str, content: &[u8]) -> Vec<u8> {
    use std::io::Write as _;

    let mut file = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).unwrap();
    file.create_stream(name).unwrap().write_all(content).unwrap();
    file.into_inner().into_inner()
}

#[test]
fn compound_file_is_refused_as_password_protected_or_not_a_workbook() {
    let fault = |content: &[u8]| read(content, &ParseSettings::default()).unwrap_err();
    assert_eq!(fault(&compound("EncryptedPackage", b"x")), "the workbook is protected by a password");
    assert_eq!(fault(&compound("WordDocument", b"x")), "this is an old Office document, but not a workbook");
}

fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &u16::try_from(body.len()).unwrap().to_le_bytes(), body].concat()
}

const BOF: [u8; 8] = [0, 6, 0x10, 0, 0, 0, 0, 0];

#[test]
fn xls_with_cells_far_apart_is_read_cheaply() {
    let number = |row: u16, column: u16| {
        let place = [row.to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
        record(0x0203, &[place, 1.0_f64.to_le_bytes().to_vec()].concat())
    };
    let (begin, end) = (record(0x0809, &BOF), record(0x000a, &[]));
    // A chart between the cells does not hide how far apart they are.
    for between in [vec![], [begin.clone(), end.clone()].concat()] {
        let sheet = [begin.clone(), number(0, 0), between, number(65_535, 255), end.clone()].concat();
        let settings = ParseSettings {
            no_header: true,
            mappings: vec!["phone=1".parse().unwrap()],
            ..ParseSettings::default()
        };
        let lines = read(&compound("Workbook", &sheet), &settings).unwrap();
        assert!(lines.len() == 2 && lines[1].starts_with("65536:|"), "{lines:?}");
    }
}

/// The library allocates that many rows, and the process aborts if it cannot. Found by fuzzing.
#[test]
fn xls_with_false_row_count_is_refused_as_empty() {
    for [first, behind_last] in [[0, u32::MAX], [4_000_000_000, 1]] {
        let dimensions = [first.to_le_bytes(), behind_last.to_le_bytes(), [0, 0, 0, 1], [0; 4]].concat();
        let globals =
            [record(0x0809, &BOF), record(0x0085, &[29, 0, 0, 0, 0, 0, 1, 0, b'S']), record(0x000a, &[])]
                .concat();
        assert_eq!(globals.len(), 29);
        let sheet = [record(0x0809, &BOF), record(0x0200, &dimensions), record(0x000a, &[])].concat();
        let error =
            read(&compound("Workbook", &[globals, sheet].concat()), &ParseSettings::default()).unwrap_err();
        assert!(error.contains("empty"), "{error}");
    }
}

#[test]
fn xls_with_sheet_at_a_wrong_offset_is_refused() {
    let globals =
        [record(0x0809, &BOF), record(0x0085, &[4, 0, 0, 0, 0, 0, 1, 0, b'S']), record(0x000a, &[])].concat();
    let error = read(&compound("Workbook", &globals), &ParseSettings::default()).unwrap_err();
    assert!(error.contains("no sheet with cells"), "{error}");
}
