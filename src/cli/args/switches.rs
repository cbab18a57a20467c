//! The opposites of switches: `--no-NAME` turns off a switch that `rollcall.toml` turns on.
//!
//! They are derived from the commands, so none can be missing. They are hidden; the help names only the pattern.

use clap::{Arg, ArgAction, Command};

/// The text at the end of the help of each command with such options.
const HELP: &str = "--no-NAME turns off an option that rollcall.toml turns on, such as --no-quiet; the opposite of --no-header is \
                    --header. If an option is repeated, the last one counts.";

/// The prefix of each opposite's id; no other id contains a space.
const MARK: &str = "not ";

/// Returns the name of an option's opposite, without dashes: `no-quiet`, but `header` for `no-header`.
pub(in crate::cli) fn opposite(name: &str) -> String {
    name.strip_prefix("no-").map_or_else(|| format!("no-{name}"), str::to_owned)
}

/// Returns the option that an argument switches off, from the argument's id.
pub(in crate::cli) fn switched_off(id: &str) -> Option<&str> {
    id.strip_prefix(MARK)
}

/// Adds the opposites of the options that a file `can_set`. If both an option and its opposite are given, the last
/// one counts.
pub(super) fn with_opposites(command: Command, can_set: fn(&str) -> bool) -> Command {
    let switches: Vec<Arg> = command
        .get_arguments()
        .filter(|arg| matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::Count))
        .filter_map(|arg| {
            let name = arg.get_long().filter(|name| can_set(name))?;
            let opposite = Arg::new(format!("{MARK}{name}")).long(opposite(name)).action(ArgAction::SetTrue);
            Some(opposite.global(arg.is_global_set()).hide(true).overrides_with(arg.get_id()))
        })
        .collect();
    let command = if switches.is_empty() { command } else { command.after_help(HELP) };
    command.args(switches).mut_subcommands(|command| with_opposites(command, can_set))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args;

    #[test]
    fn every_switch_a_file_can_set_has_an_opposite() {
        let command = args::command();
        let mut count = 0;
        for command in std::iter::once(&command).chain(command.get_subcommands()) {
            for switch in command.get_arguments().filter(|arg| matches!(arg.get_action(), ArgAction::SetTrue))
            {
                let Some(name) = switch.get_long().filter(|name| args::can_stand_in_file(name)) else {
                    continue;
                };
                if switched_off(switch.get_id().as_str()).is_some() {
                    continue;
                }
                let opposite = opposite(name);
                let found = command.get_arguments().find(|arg| arg.get_long() == Some(&opposite));
                assert!(found.is_some_and(clap::Arg::is_hide_set), "{}: --{name}", command.get_name());
                count += 1;
            }
        }
        assert!(count >= 20, "{count}");
    }

    #[test]
    fn switch_and_opposite_the_last_one_counts() {
        let sandbox = |args: &[&str]| {
            let args = [&["rollcall", "import", "list.csv"], args].concat();
            let given = args::command().try_get_matches_from(args).unwrap();
            let given = given.subcommand().unwrap().1;
            (given.get_flag("sandbox"), given.get_flag("not sandbox"))
        };
        assert_eq!(sandbox(&["--sandbox"]), (true, false));
        assert_eq!(sandbox(&["--no-sandbox"]), (false, true));
        assert_eq!(sandbox(&["--sandbox", "--no-sandbox"]), (false, true));
        assert_eq!(sandbox(&["--no-sandbox", "--sandbox"]), (true, false));
    }

    #[test]
    fn repeated_option_the_last_one_counts_and_lists_grow() {
        let line = ["rollcall", "check", "list.csv", "--keep", "first", "--region", "IN", "--keep", "last"];
        let lists = ["--types", "mobile", "--types", "pager", "--region", "GB", "--no-header", "--no-header"];
        let given = args::command().try_get_matches_from([line.as_slice(), &lists].concat()).unwrap();
        let given = given.subcommand().unwrap().1;
        assert_eq!(given.get_one::<String>("region").map(String::as_str), Some("GB"));
        assert_eq!(given.get_one("keep"), Some(&args::KeepChoice::Last));
        assert_eq!(given.get_many::<String>("types").unwrap().collect::<Vec<_>>(), ["mobile", "pager"]);
    }
}
