//! The examples at the end of `--help`.

use clap::Command;

/// Examples of a command, each with its purpose.
type Examples = &'static [(&'static str, &'static str)];

/// The examples of each command.
pub(super) const EXAMPLES: &[(&str, Examples)] = &[
    (
        "check",
        &[
            (
                "See what would be imported, with national numbers of India",
                "rollcall check leads.xlsx --region IN",
            ),
            ("Name the column of the phone number", "rollcall check leads.csv --map phone=Mobile"),
            (
                "Write the contacts to a file for another system",
                "rollcall check leads.csv --export contacts.csv",
            ),
        ],
    ),
    ("explain", &[("Explain row 17", "rollcall explain leads.xlsx 17")]),
    (
        "normalize",
        &[
            (
                "Add number and outcome to each row",
                "rollcall normalize --region IN < leads.csv > normalized.csv",
            ),
            (
                "Read all parts of a list alike, even if a part holds few rows",
                "rollcall normalize --like first-part.csv < part.csv",
            ),
        ],
    ),
    (
        "import",
        &[
            ("Everything except posting", "rollcall import leads.csv --region IN --dry-run"),
            ("Call nobody on a do-not-call list", "rollcall import leads.csv --exclude-file do-not-call.csv"),
            (
                "Import the list together with the rows that you fixed",
                "rollcall import leads.csv rejected.xlsx",
            ),
            (
                "In a schedule: no question, one line if something needs attention",
                "rollcall import leads.csv --yes --quiet",
            ),
        ],
    ),
    ("resume", &[("Finish the latest unfinished import", "rollcall resume")]),
    (
        "watch",
        &[
            ("Import every file that is dropped into a folder", "rollcall watch /srv/drop"),
            ("Import the files that are there, then end", "rollcall watch /srv/drop --once"),
        ],
    ),
    ("runs", &[("List past imports for a program", "rollcall runs --json")]),
    (
        "purge",
        &[
            ("Remove one person", "rollcall purge --number +919876543210"),
            ("Remove what is older than 30 days", "rollcall purge --older-than 30d"),
        ],
    ),
    (
        "fetch",
        &[
            ("Write the existing contacts", "rollcall fetch contacts -o existing.xlsx"),
            ("Write a contact list, for --exclude-file", "rollcall fetch list cl-1 -o do-not-call.csv"),
        ],
    ),
    (
        "init",
        &[
            ("Answer questions, and write the settings file", "rollcall init"),
            (
                "Write another file from a script; variables and options give the answers",
                "rollcall init --yes --config staging.toml --client-secret-file secret",
            ),
        ],
    ),
    (
        "config",
        &[
            ("Show the effect of a profile and an option", "rollcall config --profile staging --region UK"),
            ("Read the settings in a program", "rollcall config --json"),
        ],
    ),
    ("doctor", &[("Try a contact list, too", "rollcall doctor --list cl-1")]),
    ("sandbox", &[("Keep the contacts in a file", "rollcall sandbox --data sandbox.sqlite3")]),
    ("template", &[("Begin with an empty list", "rollcall template contacts.xlsx")]),
    ("completions", &[("Load completions in ~/.bashrc", "source <(rollcall completions bash)")]),
    ("man", &[("Read the page of a command", "rollcall man import | man -l -")]),
];

/// Adds the examples to the long help of each command.
pub(super) fn with_examples(command: Command) -> Command {
    command.mut_subcommands(|command| {
        let found = EXAMPLES.iter().find(|(name, _)| *name == command.get_name());
        let Some((_, examples)) = found else { return command };
        let mut text = "Examples:".to_owned();
        for (purpose, line) in *examples {
            text.extend(["\n\n  # ", purpose, "\n  ", line]);
        }
        if let Some(after) = command.get_after_help() {
            text.extend(["\n\n", after.to_string().as_str()]);
        }
        command.after_long_help(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args;

    #[test]
    fn every_command_has_examples_that_parse() {
        let command = args::command();
        for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
            let has = EXAMPLES.iter().any(|(name, _)| *name == command.get_name());
            assert!(has, "{}", command.get_name());
        }
        for (name, examples) in EXAMPLES {
            for (_, line) in *examples {
                let line = line.strip_prefix("source <(").map_or(*line, |line| line.trim_end_matches(')'));
                let words = line.split(['|', '<']).next().unwrap().split_whitespace();
                let parsed = args::command().try_get_matches_from(words);
                assert!(parsed.is_ok_and(|parsed| parsed.subcommand_name() == Some(name)), "{line}");
            }
        }
    }
}
