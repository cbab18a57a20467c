//! The files inside a workbook: the package around them is whole, so that the cells themselves are reached.
#![no_main]

use std::io::{Cursor, Write as _};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const PARTS: [(&str, &str); 5] = [
    (
        "_rels/.rels",
        r#"<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#,
    ),
    ("xl/sharedStrings.xml", r#"<sst uniqueCount="1"><si><t>Phone</t></si></sst>"#),
    ("xl/styles.xml", r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="+0"/></numFmts><cellXfs><xf numFmtId="164"/></cellXfs></styleSheet>"#),
];

/// What is caught and becomes an error is no find.
fn pass_over_caught_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !rollcall::parse::panic_is_caught() {
            report(panic);
        }
    }));
}

libfuzzer_sys::fuzz_target!(init: pass_over_caught_panics(), |content: &[u8]| {
    let Some((which, content)) = content.split_first() else { return };
    // Mostly the sheet's cells; now and then another file.
    let replaced = usize::from(*which) % 16;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut add = |name: &str, content: &[u8]| {
        writer.start_file(name, options).expect("a file");
        writer.write_all(content).expect("its content");
    };
    for (index, (name, own)) in PARTS.iter().enumerate() {
        add(name, if index == replaced { content } else { own.as_bytes() });
    }
    let head: &[u8] = b"<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row>";
    let cells = if replaced < PARTS.len() { b"<row r=\"2\"><c r=\"A2\" s=\"0\"><v>1</v></c></row>" } else { content };
    add("xl/worksheets/sheet1.xml", &[head, cells, b"</sheetData></worksheet>"].concat());
    rollcall_fuzz::read(&writer.finish().expect("an archive").into_inner());
});
