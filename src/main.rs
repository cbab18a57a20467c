//! The program `rollcall`. All of its code is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    rollcall::cli::run(std::env::args_os())
}
