//! Reads workbooks in a child process, so that no workbook can crash the program through memory, time, or a bug in the
//! code that reads it.
//!
//! The child is the same program. Its standard input is the workbook, its standard output is one end of a socket pair,
//! and its environment is empty. Before it reads a byte, it limits its own memory and processor time. The parent
//! requests one sheet after another, as often as it needs, and receives rows in frames. The number of frames in flight
//! is bounded.

mod protocol;
mod reader;
mod serve;

use std::{path::PathBuf, sync::OnceLock};

pub(in crate::parse) use self::reader::Reader;
pub use self::serve::serve;

/// The program to start as the child. Unset, workbooks are read in this process.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Makes this process read workbooks in a child process of `program`, whose hidden command `read-workbook` calls
/// [`serve()`].
pub fn isolate_workbooks(program: PathBuf) {
    // The first call decides.
    _ = PROGRAM.set(program);
}
