//! `rollcall man`: manual pages, generated from the help texts.

use std::{
    fs,
    io::{self, Write as _},
};

use clap::Command;
use clap_mangen::Man;

use super::{
    args::{self, ManArgs},
    error::{CliError, exit},
};

/// Shows the options that `-h` hides.
fn with_all_options(command: Command) -> Command {
    command.mut_args(|arg| arg.hide_short_help(false)).mut_subcommands(with_all_options)
}

pub(super) fn run(args: &ManArgs) -> Result<u8, CliError> {
    let mut command = with_all_options(args::command().disable_help_subcommand(true));
    if let Some(folder) = &args.out {
        let fail = |source| CliError::Template { path: folder.clone(), source };
        if folder.exists() && !folder.is_dir() {
            return Err(CliError::usage(
                format!("--out: {} is not a folder", folder.display()),
                "Name a folder; rollcall creates it if it does not exist.",
            ));
        }
        fs::create_dir_all(folder).map_err(fail)?;
        clap_mangen::generate_to(command, folder).map_err(fail)?;
        return Ok(exit::OK);
    }
    command.build();
    let page = match args.command.as_deref() {
        None => command,
        Some(name) => {
            let found = command
                .get_subcommands()
                .find(|command| command.get_name() == name && !command.is_hide_set());
            let names: Vec<&str> = command
                .get_subcommands()
                .filter(|command| !command.is_hide_set())
                .map(Command::get_name)
                .collect();
            found.cloned().ok_or_else(|| {
                CliError::usage(
                    format!("there is no command `{name}`"),
                    format!("The commands are {}.", names.join(", ")),
                )
            })?
        }
    };
    let mut text = Vec::new();
    // Writing to memory cannot fail, and a closed pipe is not an error.
    _ = Man::new(page).render(&mut text).and_then(|()| io::stdout().write_all(&text));
    Ok(exit::OK)
}
