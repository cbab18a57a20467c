//! Functions that the fuzz targets share.

use std::{
    fs,
    io::{Cursor, Write as _},
    ops::ControlFlow,
    path::PathBuf,
    sync::LazyLock,
};

use rollcall::{
    contact::Region,
    normalize::{NormalizeSettings, Normalizer},
    parse::{Input, ParseSettings},
};
use tempfile::TempDir;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

/// Reads a file with this content to its end and judges its rows. Must return for any content.
pub fn read(content: &[u8]) {
    read_with(content, &ParseSettings::default());
}

/// Reads a file with these settings.
pub fn read_with(content: &[u8], parse: &ParseSettings) {
    let path: PathBuf = FOLDER.path().join("list");
    fs::write(&path, content).expect("a temporary file");
    let settings = NormalizeSettings { region: Region::new("IN"), ..NormalizeSettings::default() };
    let Ok(mut input) = Input::open(&path, parse) else { return };
    let columns = input.info.columns.clone();
    let normalizer = Normalizer::new(&settings, &columns);
    _ = input.read(0, &mut |rows| {
        rows.iter().for_each(|row| drop(normalizer.read(row)));
        ControlFlow::Continue(())
    });
}

/// Returns a ZIP archive of these files.
pub fn package(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in parts {
        writer.start_file(*name, options).expect("a file");
        writer.write_all(content).expect("its content");
    }
    writer.finish().expect("an archive").into_inner()
}

/// Silences panics that rollcall catches and turns into errors, so that the fuzzer ignores them.
pub fn pass_over_caught_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !rollcall::parse::panic_is_caught() {
            report(panic);
        }
    }));
}
