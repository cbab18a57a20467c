//! The program itself, to start again as a child process.

use std::{
    env, io,
    path::{Path, PathBuf},
};

/// The path of a process's own program on Linux.
const OWN: &str = "/proc/self/exe";

/// Returns the path of this program, even if its file was replaced.
pub(super) fn program() -> io::Result<PathBuf> {
    let own = Path::new(OWN);
    if own.exists() { Ok(own.to_owned()) } else { env::current_exe() }
}

/// Makes rollcall read each workbook in a child process. If the program cannot find its own file, no child starts,
/// and rollcall warns about each workbook.
pub(super) fn isolate_workbooks() {
    crate::parse::isolate_workbooks(program().unwrap_or_else(|_| PathBuf::from(OWN)));
}
