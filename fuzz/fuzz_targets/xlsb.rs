//! The records of a sheet in a binary workbook, in an intact package.
#![no_main]

use std::{fs::File, io::Read as _, sync::LazyLock};

const WORKBOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/producers/sheetjs.xlsb");
const SHEET: &str = "xl/worksheets/sheet1.bin";

/// The files of a workbook except its sheet.
static PARTS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let mut archive = zip::ZipArchive::new(File::open(WORKBOOK).expect("the workbook")).expect("an archive");
    let indices = 0..archive.len();
    let part = |index| {
        let mut part = archive.by_index(index).expect("a file");
        let mut content = Vec::new();
        part.read_to_end(&mut content).expect("its content");
        (part.name().expect("its name").into_owned(), content)
    };
    indices.map(part).filter(|(name, _)| name != SHEET).collect()
});

libfuzzer_sys::fuzz_target!(init: rollcall_fuzz::pass_over_caught_panics(), |content: &[u8]| {
    let mut parts: Vec<(&str, Vec<u8>)> =
        PARTS.iter().map(|(name, content)| (name.as_str(), content.clone())).collect();
    parts.push((SHEET, content.to_vec()));
    rollcall_fuzz::read(&rollcall_fuzz::package(&parts));
});
