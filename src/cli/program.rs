//! The program itself, to be started again as a child.

use std::{
    env, io,
    path::{Path, PathBuf},
};

/// This very program, even if another file has replaced it since.
pub(super) fn program() -> io::Result<PathBuf> {
    let own = Path::new("/proc/self/exe");
    if own.exists() { Ok(own.to_owned()) } else { env::current_exe() }
}

/// Makes workbooks be read in child processes.
pub(super) fn isolate_workbooks() {
    if let Ok(program) = program() {
        crate::parse::isolate_workbooks(program);
    }
}
