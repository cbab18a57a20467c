//! The program itself, to be started again as a child.

use std::{
    env, io,
    path::{Path, PathBuf},
};

/// What Linux calls the program of a process.
const OWN: &str = "/proc/self/exe";

/// This very program, even if another file has replaced it since.
pub(super) fn program() -> io::Result<PathBuf> {
    let own = Path::new(OWN);
    if own.exists() { Ok(own.to_owned()) } else { env::current_exe() }
}

/// Has each workbook read in a child process. If the program cannot find its own file, no child starts, and rollcall warns of it
/// with each workbook.
pub(super) fn isolate_workbooks() {
    crate::parse::isolate_workbooks(program().unwrap_or_else(|_| PathBuf::from(OWN)));
}
