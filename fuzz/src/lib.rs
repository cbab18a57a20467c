//! What the fuzz targets share.

use std::{fs, ops::ControlFlow, path::PathBuf, sync::LazyLock};

use rollcall::{
    contact::Region,
    normalize::{NormalizeSettings, Normalizer},
    parse::{Input, ParseSettings},
};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

/// Reads a file of this content to its end and judges its rows. Whatever it holds, this returns.
pub fn read(content: &[u8]) {
    let path: PathBuf = FOLDER.path().join("list");
    fs::write(&path, content).expect("a temporary file");
    let settings = NormalizeSettings { region: Region::new("IN"), ..NormalizeSettings::default() };
    let Ok(mut input) = Input::open(&path, &ParseSettings::default()) else { return };
    let columns = input.info.columns.clone();
    let normalizer = Normalizer::new(&settings, &columns);
    _ = input.read(0, &mut |rows| {
        rows.iter().for_each(|row| drop(normalizer.read(row)));
        ControlFlow::Continue(())
    });
}
