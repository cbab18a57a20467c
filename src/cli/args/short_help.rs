//! The options that `-h` shows. `--help` shows all.

use clap::Command;

/// Commands with at most this many options show all of them.
const FEW: usize = 20;

/// Options that most users of a command need.
const COMMON: &[&str] = &[
    "config",
    "default-salutation",
    "dry-run",
    "exclude-file",
    "exclude-list",
    "export",
    "format",
    "help",
    "hidden-rows",
    "host",
    "json",
    "map",
    "max-rejected",
    "on-done",
    "once",
    "out",
    "output",
    "profile",
    "quiet",
    "refresh",
    "region",
    "sandbox",
    "schedule",
    "sheet",
    "status",
    "verbose",
    "yes",
];

/// Hides rare options in `-h`: those that all commands share, and those of commands with many.
pub(super) fn with_common_only(command: Command) -> Command {
    let command = without_rare(command);
    command.mut_subcommands(|command| {
        let count = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set()).count();
        if count <= FEW {
            return command;
        }
        let text = "-h lists the common options, --help all of them.";
        let text = command.get_after_help().map_or_else(|| text.to_owned(), |help| format!("{text} {help}"));
        without_rare(command.after_help(text))
    })
}

fn without_rare(command: Command) -> Command {
    command.mut_args(|arg| {
        let is_rare = !arg.is_positional() && arg.get_long().is_none_or(|long| !COMMON.contains(&long));
        if is_rare { arg.hide_short_help(true) } else { arg }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crate::cli::args;

    use super::*;

    #[test]
    fn short_help_of_large_commands_has_the_common_options_only() {
        let mut command = args::command();
        command.build();
        let mut seen = HashSet::new();
        for command in command.get_subcommands_mut() {
            let (short, long) = (command.render_help().to_string(), command.render_long_help().to_string());
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                let Some(name) = arg.get_long() else { continue };
                seen.insert(name.to_owned());
                let option = format!("--{name}");
                let begins = |line: &str| {
                    let words = line.split([' ', ',']);
                    let mut words = words.take_while(|word| word.is_empty() || word.starts_with('-'));
                    words.any(|word| word.trim_end_matches("...") == option)
                };
                let shows = |help: &str| help.lines().any(|line| line.starts_with(' ') && begins(line));
                assert!(shows(&long), "{}: {option}", command.get_name());
                assert_eq!(shows(&short), !arg.is_hide_short_help_set(), "{}: {option}", command.get_name());
            }
        }
        for name in COMMON {
            assert!(seen.contains(*name), "{name}");
        }
        let import = command.find_subcommand_mut("import").unwrap().render_help().to_string();
        assert!(import.lines().count() < 70, "{import}");
    }
}
