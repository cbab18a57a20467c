//! The files inside a workbook, in an intact package, so that mutations reach the cells.
#![no_main]

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
    (
        "xl/styles.xml",
        r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="+0"/></numFmts><cellXfs><xf numFmtId="164"/></cellXfs></styleSheet>"#,
    ),
];

libfuzzer_sys::fuzz_target!(init: rollcall_fuzz::pass_over_caught_panics(), |content: &[u8]| {
    let Some((which, content)) = content.split_first() else { return };
    // Mostly the sheet's cells; sometimes another file.
    let replaced = usize::from(*which) % 16;
    let part = |(index, (name, own)): (usize, &(&'static str, &'static str))| {
        (*name, if index == replaced { content.to_vec() } else { own.as_bytes().to_vec() })
    };
    let mut parts: Vec<(&str, Vec<u8>)> = PARTS.iter().enumerate().map(part).collect();
    let head: &[u8] = b"<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row>";
    let cells = if replaced < PARTS.len() { b"<row r=\"2\"><c r=\"A2\" s=\"0\"><v>1</v></c></row>" } else { content };
    parts.push(("xl/worksheets/sheet1.xml", [head, cells, b"</sheetData></worksheet>"].concat()));
    rollcall_fuzz::read(&rollcall_fuzz::package(&parts));
});
