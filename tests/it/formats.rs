//! Lists in every format, as other programs write them, through the built program.

use std::io::Write as _;

use proptest::prelude::*;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{random::size, sealed::Sealed};

/// Checks a file. Returns the numbers of its valid rows, and the detected format and encoding.
fn numbers(name: &str, content: &[u8]) -> (Vec<String>, String, String) {
    let sealed = Sealed::new();
    sealed.write(name, content);
    let mut args = vec!["check", name, "--region", "IN", "--default-salutation", "Mr", "--out", "out"];
    // The only format that is not read by itself.
    args.extend(name.contains(".ldif").then_some("--format=ldif"));
    let output = sealed.run(&args);
    assert!(matches!(output.code, 0 | 1), "{}", output.stderr);
    let report = sealed.report("out");
    let input = &report["inputs"][0];
    let rows = sealed.outcomes("out").into_iter().filter(|row| row.outcome == "valid");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (rows.map(|row| row.number).collect(), text(&input["format"]), text(&input["encoding"]))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const CSV: &str = "Name,Mobile\nJosé Núñez,98765 43210\nZoë Müller,+49 171 1234567\n";
const NUMBERS: [&str; 2] = ["919876543210", "491711234567"];

#[test]
fn list_is_read_in_any_format_encoding_and_name() {
    let latin: Vec<u8> = CSV.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let json = r#"[{"name": "José Núñez", "mobile": "98765 43210"}, {"name": "Zoë Müller", "mobile": "+49 171 1234567"}]"#;
    let lines = "{\"name\": \"José Núñez\", \"mobile\": 9876543210}\n{\"name\": \"Zoë Müller\", \"mobile\": \"+49 171 1234567\"}\n";
    let nested = r#"{"results": [
        {"firstName": "José", "lastName": "Núñez", "cellPhone": {"phoneNumber": "+919876543210", "countryCode": "+91", "extension": "+91"}},
        {"firstName": "Zoë", "lastName": "Müller", "cellPhone": {"phoneNumber": "1711234567", "countryCode": "+49", "extension": "+"}}]}"#;
    let cards = "BEGIN:VCARD\nVERSION:3.0\nFN:José Núñez\nTEL;TYPE=HOME,FAX:022 1\nTEL;TYPE=CELL:98765 43210\nEND:VCARD\n\
        BEGIN:VCARD\nVERSION:4.0\nFN:Zoë Müller\nTEL;VALUE=uri:tel:+49-171-1234567\nEND:VCARD\n";
    let entries = "version: 1\n\ndn: ou=people\nobjectClass: organizationalUnit\n\ndn: cn=1,ou=people\nobjectClass: person\ncn:: Sm9zw6kgTsO6w7Fleg==\n\
        fax: 022 1\nmobile: 98765 4\n 3210\n\ndn: cn=2,ou=people\nobjectClass: person\ncn: Zoë Müller\nmobile: +49 171 1234567\n";
    let utf_16: Vec<u8> =
        format!("\u{feff}{CSV}").replace(',', "\t").encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (name, content, format, encoding) in [
        ("list.csv", CSV.as_bytes().to_vec(), "csv", "utf-8"),
        ("list.xlsx", CSV.replace(',', "|").into_bytes(), "csv", "utf-8"),
        ("list.txt", latin, "csv", "windows-1252"),
        ("list.csv", utf_16, "csv", "utf-16be"),
        ("list.json", json.as_bytes().to_vec(), "json", "utf-8"),
        ("list.json", nested.as_bytes().to_vec(), "json", "utf-8"),
        ("list.ndjson", lines.as_bytes().to_vec(), "ndjson", "utf-8"),
        ("list.vcf", cards.as_bytes().to_vec(), "vcard", "utf-8"),
        ("list.ldif", entries.as_bytes().to_vec(), "ldif", "utf-8"),
        ("list.csv.gz", gzip(CSV.as_bytes()), "csv", "utf-8"),
        ("list.vcf.gz", gzip(cards.as_bytes()), "vcard", "utf-8"),
        ("list.ldif.gz", gzip(entries.as_bytes()), "ldif", "utf-8"),
        ("list.ods", spreadsheet(), "ods", ""),
    ] {
        let (found, found_format, found_encoding) = numbers(name, &content);
        assert_eq!((found_format.as_str(), found_encoding.as_str()), (format, encoding), "{name}");
        assert_eq!(found, NUMBERS, "{name}, {format}");
    }
}

/// The files have the same address book export, saved by other programs in formats that the tests cannot write.
#[test]
fn workbooks_of_other_programs_are_read() {
    for (name, format) in [
        ("libreoffice.ods", "ods"),
        ("libreoffice.xls", "xls"),
        ("sheetjs.xls", "xls"),
        ("sheetjs.xlsb", "xlsb"),
        ("xlwt.xls", "xls"),
    ] {
        let content = std::fs::read(crate::sealed::producers().join(name)).unwrap();
        let (found, found_format, _) = numbers(name, &content);
        assert_eq!(found_format, format, "{name}");
        assert_eq!(found, ["919876543210", "491711234567", "919876543211"], "{name}");
    }
}

/// Returns the list as an ODS spreadsheet, with repeated empty cells and rows as in real files.
fn spreadsheet() -> Vec<u8> {
    spreadsheet_of("<table:table-cell office:value-type=\"float\" office:value=\"9876543210\"/>")
}

/// Returns the same spreadsheet with this cell for the first number.
fn spreadsheet_of(number: &str) -> Vec<u8> {
    let text = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let rows = [
        [text("Name"), text("Mobile")].concat(),
        [text("José N&#250;ñez"), number.to_owned()].concat(),
        [text("Zoë Müller"), text("+49 171 <text:span>1234567</text:span>")].concat(),
    ];
    let rows = rows.map(|cells| format!("<table:table-row>{cells}<table:table-cell table:number-columns-repeated=\"16382\"/></table:table-row>"));
    let content = format!(
        "<office:document-content><office:spreadsheet><table:table table:name=\"Leads\">{}\
         <table:table-row table:number-rows-repeated=\"1048573\"><table:table-cell/></table:table-row>\
         </table:table></office:spreadsheet></office:document-content>",
        rows.concat()
    );
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", "<manifest:manifest/>"),
        ("content.xml", &content),
    ] {
        writer.start_file(name, stored).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn plus_in_the_number_format_is_read() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let plus = rust_xlsxwriter::Format::new().set_num_format("\"+\"0");
    let page = workbook.add_worksheet();
    page.write_row(0, 0, ["Name", "Mobile"]).unwrap();
    page.write(1, 0, "Zoë Müller").unwrap();
    page.write_with_format(1, 1, 491_711_234_567_f64, &plus).unwrap();
    let (found, ..) = numbers("list.xlsx", &workbook.save_to_buffer().unwrap());
    assert_eq!(found, ["491711234567"]);
}

#[test]
fn column_mapping_and_notes_are_shown() {
    let sealed = Sealed::new();
    sealed.write("list.csv", "Export of leads\n\nName,Mobile,Do Not Call\nAsha Rao,98765 43210,yes\n");
    let output =
        sealed.run(&["check", "list.csv", "--region", "IN", "--default-salutation", "Mr", "--out", "out"]);
    assert_eq!(output.code, 0);
    for line in [
        "  phone = Mobile, full name = Name\n",
        "  note: header found in row 3; the row above it is skipped\n",
        "  note: rollcall does not call the people or phones that `Do Not Call` marks as do-not-call\n",
    ] {
        assert!(output.stderr.contains(line), "{}", output.stderr);
    }
    assert_eq!(sealed.report("out")["inputs"][0]["notes"].as_array().unwrap().len(), 2);
}

#[test]
fn column_damaged_by_a_spreadsheet_is_named_once() {
    let sealed = Sealed::new();
    let rows = "A B,9.19877E+11\n".repeat(8);
    sealed.write("list.csv", format!("Name,Mobile\n{rows}"));
    let output = sealed.run(&["check", "list.csv", "--default-salutation", "Mr", "--out", "out"]);
    assert!(
        output.stderr.contains("a spreadsheet has shortened 8 of 8 cells of `Mobile`"),
        "{}",
        output.stderr
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(u32::try_from(size(12, 48, 200)).unwrap()))]

    /// Rejected rows are read back cell by cell, for any content of the cells.
    #[test]
    fn rejected_rows_are_read_back_unchanged(
        rows in prop::collection::vec(prop::collection::vec("[-=+@'\"a,;\n\r\t é\u{202e}|0-9]{0,8}", 3), 1..12),
    ) {
        let sealed = Sealed::new();
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(vec![]);
        writer.write_record(["Name", "Phone", "Note"]).unwrap();
        let rows: Vec<Vec<String>> = rows.into_iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
        prop_assume!(!rows.is_empty());
        for row in &rows {
            // The number is invalid, so every row is rejected.
            writer.write_record([row[0].as_str(), "not a number", row[2].as_str()]).unwrap();
        }
        sealed.write("list.csv", writer.into_inner().unwrap());
        prop_assert_eq!(sealed.run(&["check", "list.csv", "--out", "once", "-q"]).code, 1);
        prop_assert_eq!(sealed.run(&["check", "once/rejected.csv", "--out", "twice", "-q"]).code, 1);
        let cells = |folder: &str| -> Vec<Vec<String>> {
            let mut reader = csv::Reader::from_path(sealed.path(folder).join("rejected.csv")).unwrap();
            reader.records().map(|row| row.unwrap().iter().take(3).map(str::to_owned).collect()).collect()
        };
        prop_assert_eq!(cells("once"), cells("twice"));
        prop_assert_eq!(cells("once").len(), rows.len());
    }
}

#[test]
fn filled_template_is_read_without_options() {
    let sealed = Sealed::new();
    for name in ["list.csv", "list.xlsx"] {
        assert_eq!(sealed.run(&["template", name]).code, 0);
        let empty = sealed.run(&["check", name, "--out", "out"]);
        assert_eq!(empty.code, 3, "{}", empty.stderr);
        assert!(
            empty.stderr.contains(
                "phone = cellPhoneNumber, first name = firstName, last name = lastName, salutation = salutation,\n  \
                 country = cellPhoneCountryCode"
            ),
            "{}",
            empty.stderr
        );
        let again = sealed.run(&["template", name]);
        assert_eq!(again.code, 2);
        assert!(again.stderr.contains("not overwritten"), "{}", again.stderr);
    }
    let header = String::from_utf8(std::fs::read(sealed.path("list.csv")).unwrap()).unwrap();
    assert_eq!(sealed.run(&["template", "-"]).stdout, header);
    sealed.write("list.csv", header + "Asha,Rao,Ms,98765 43210,+91\n");
    assert_eq!(sealed.run(&["check", "list.csv", "--out", "out"]).code, 0);
    assert_eq!(sealed.outcomes("out")[0].number, "919876543210");
    assert_eq!(sealed.run(&["template", "list.pdf"]).code, 2);
    let nowhere = sealed.run(&["template", "missing/list.csv"]);
    assert_eq!(nowhere.code, 5);
    assert!(nowhere.stderr.contains("hint: Choose an existing, writable folder"), "{}", nowhere.stderr);
}

#[test]
fn formulas_without_a_stored_result_are_reported() {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let page = workbook.add_worksheet();
    page.write_row(0, 0, ["Name", "Mobile"]).unwrap();
    page.write(1, 0, "Asha Rao").unwrap();
    page.write_formula(1, 1, "=1+1").unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook.save_to_buffer().unwrap())).unwrap();
    for index in 0..archive.len() {
        let part = archive.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        let content = std::io::read_to_string(part).unwrap().replace("</f><v>0</v></c>", "</f><v></v></c>");
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    let sealed = Sealed::new();
    sealed.write("list.xlsx", writer.finish().unwrap().into_inner());
    sealed.write("list.ods", spreadsheet_of("<table:table-cell table:formula=\"of:=[.A1]\"/>"));
    for list in ["list.xlsx", "list.ods"] {
        let output = sealed.run(&["check", list, "--out", "out"]);
        assert!(output.stderr.contains("without a stored result are read as empty: 1."), "{}", output.stderr);
    }
}

/// Shells pass the output of a program as a pipe.
#[cfg(unix)]
#[test]
fn pipe_is_read_like_a_file() {
    let sealed = Sealed::new();
    sealed.write("list.csv", CSV);
    let pipe = sealed.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let source = std::fs::read(sealed.path("list.csv")).unwrap();
    let writer = std::thread::spawn(move || std::fs::write(pipe, source));
    let output =
        sealed.run(&["check", "pipe", "--region", "IN", "--default-salutation", "Mr", "--out", "out"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_eq!(sealed.outcomes("out").len(), 2);
    writer.join().unwrap().unwrap();
}
