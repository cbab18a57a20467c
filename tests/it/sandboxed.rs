//! Runs the built program against a sandbox.

use std::process::Command;

use crate::sealed::{Ended, Running, Sealed, ended};

/// Returns a command for the sandbox, not yet started.
pub(crate) fn command(sealed: &Sealed, sandbox: &Running, args: &[&str]) -> Command {
    let mut command = sealed.command(args);
    sandbox.point(&mut command);
    command
}

/// Runs the program to its end.
pub(crate) fn run(sealed: &Sealed, sandbox: &Running, args: &[&str]) -> Ended {
    ended(command(sealed, sandbox, args))
}

/// Imports `list.csv`.
pub(crate) fn import(sealed: &Sealed, sandbox: &Running, args: &[&str]) -> Ended {
    run(sealed, sandbox, &[&["import", "list.csv"], args].concat())
}
