//! The tables in `docs/` that repeat what the code says: options, codes and exit codes.
//!
//! A test compares them with the files; with `ROLLCALL_WRITE_DOCS=1` it writes them.

use std::{collections::BTreeMap, env, fs, path::Path};

use clap::{Arg, ArgAction, Command};

use super::{
    args::{self, can_stand_in_file, switched_off},
    config::OF_FOLDER,
    error::exit,
};
use crate::outcome::{Code, Outcome};

/// Where the generated part of a page begins and ends.
const BEGIN: &str = "<!-- begin: written by `just docs` -->\n";
const END: &str = "<!-- end -->";

/// Replaces the generated part of a page.
fn with_part(page: &str, part: &str) -> String {
    let (before, rest) = page.split_once(BEGIN).expect("a page has a place for its table");
    let (_, after) = rest.split_once(END).expect("the place ends");
    format!("{before}{BEGIN}\n{part}\n{END}{after}")
}

/// Escapes a text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// An option, as the help of a command shows it.
struct Shown {
    name: String,
    meaning: String,
    default: String,
    commands: Vec<String>,
}

/// Returns the name of an option with its value.
fn name(arg: &Arg) -> String {
    let long = arg.get_long().unwrap_or_default();
    let short = arg.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    let value = arg.get_value_names().filter(|_| takes_value).and_then(|names| names.first());
    let value = value.map(|value| format!(" {value}")).unwrap_or_default();
    format!("{short}`--{long}{value}`")
}

/// Splits the help text of an option into its meaning and its default.
fn split(arg: &Arg) -> (String, String) {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('\n', " ");
    let (mut meaning, mut default) = (help.clone(), String::new());
    if let Some((before, rest)) = help.split_once(" [default: ") {
        let (inside, after) = rest.split_once(']').expect("a default ends");
        meaning = format!("{before}{after}");
        inside.clone_into(&mut default);
    }
    let values = arg.get_possible_values();
    let values: Vec<String> = values
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if !values.is_empty() && matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) {
        meaning.extend([": ", &values.join(", ")]);
    }
    if let Some(variable) = arg.get_env() {
        meaning.extend([" (`", &variable.to_string_lossy(), "`)"]);
    }
    (meaning, default)
}

/// Returns the options of all commands, by heading.
fn options() -> String {
    let mut command = args::command().disable_help_subcommand(true);
    command.build();
    let mut headings: Vec<String> = Vec::new();
    let mut shown: BTreeMap<usize, Vec<Shown>> = BTreeMap::new();
    let mut visit = |path: &str, command: &Command| {
        for arg in command.get_arguments() {
            let is_opposite = switched_off(arg.get_id().as_str()).is_some();
            let Some(long) = arg.get_long().filter(|_| !is_opposite) else { continue };
            if matches!(long, "help" | "version") || arg.is_global_set() && !path.is_empty() {
                continue;
            }
            let heading = match arg.get_help_heading() {
                Some(heading) if path != "sandbox" => heading.to_owned(),
                _ if path == "sandbox" => "Sandbox".to_owned(),
                _ if path.is_empty() => "All commands".to_owned(),
                _ => "Single commands".to_owned(),
            };
            let place = headings.iter().position(|known| *known == heading).unwrap_or_else(|| {
                headings.push(heading);
                headings.len() - 1
            });
            let (meaning, default) = split(arg);
            let options = shown.entry(place).or_default();
            let name = name(arg);
            match options.iter_mut().find(|known| known.name == name && known.meaning == meaning) {
                Some(known) => known.commands.push(path.to_owned()),
                None => options.push(Shown { name, meaning, default, commands: vec![path.to_owned()] }),
            }
        }
    };
    visit("", &command);
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        visit(command.get_name(), command);
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            visit(&format!("{} {}", command.get_name(), inner.get_name()), inner);
        }
    }
    let mut parts = Vec::new();
    for (place, options) in shown {
        let heading = &headings[place];
        let has_commands = !matches!(heading.as_str(), "All commands" | "Sandbox");
        let mut rows = vec![if has_commands {
            "| option | meaning | default | in a file | commands |\n|---|---|---|---|---|".to_owned()
        } else {
            "| option | meaning | default | in a file |\n|---|---|---|---|".to_owned()
        }];
        for option in options {
            let long = option.name.split("`--").nth(1).unwrap_or_default();
            let long = long.split([' ', '`']).next().unwrap_or_default();
            let file = match heading.as_str() {
                "Sandbox" => "`[sandbox-server]`",
                _ if OF_FOLDER.contains(&long) => "any",
                _ if can_stand_in_file(long) => "own",
                _ => "no",
            };
            let mut row = format!(
                "| {} | {} | {} | {file} |",
                cell(&option.name),
                cell(&option.meaning),
                cell(&option.default)
            );
            if has_commands {
                let commands: Vec<String> = option.commands.iter().map(|name| format!("`{name}`")).collect();
                row.extend([" ", &commands.join(", "), " |"]);
            }
            rows.push(row);
        }
        parts.push(format!("## {heading}\n\n{}\n", rows.join("\n")));
    }
    parts.join("\n")
}

/// Returns the outcome of a row with this code.
fn outcome(code: Code) -> Outcome {
    match code {
        Code::SameName | Code::OtherName => Outcome::Duplicate,
        Code::Refused | Code::StoredDifferently => Outcome::Failed,
        Code::InList | Code::InCampaign | Code::InFile | Code::HiddenRow | Code::DoNotCallColumn => {
            Outcome::Suppressed
        }
        _ => Outcome::Rejected,
    }
}

/// Returns the codes, by outcome.
fn codes() -> String {
    let mut parts = Vec::new();
    for of in [Outcome::Rejected, Outcome::Failed, Outcome::Duplicate, Outcome::Suppressed] {
        let mut rows = vec!["| code | meaning | what to do |\n|---|---|---|".to_owned()];
        let codes = Code::all().filter(|code| outcome(*code) == of);
        rows.extend(
            codes.map(|code| {
                format!("| `{}` | {} | {} |", code.name(), cell(code.title()), cell(code.hint()))
            }),
        );
        // The same codes say whose number the platform has.
        let and = if of == Outcome::Duplicate { " and `existing`" } else { "" };
        parts.push(format!("## `{}`{and}\n\n{}\n", of.name(), rows.join("\n")));
    }
    parts.join("\n")
}

/// Returns the exit codes.
fn exit_codes() -> String {
    let mut rows = vec!["| exit code | meaning | what to do |\n|---|---|---|".to_owned()];
    rows.extend(
        exit::ALL.iter().map(|(code, meaning, remedy)| {
            format!("| {} | {} | {} |", cell(code), cell(meaning), cell(remedy))
        }),
    );
    rows.join("\n")
}

#[test]
fn tables_in_the_docs_are_those_of_the_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (page, part) in [
        ("docs/options.md", options()),
        ("docs/codes.md", codes()),
        ("docs/exit-codes.md", exit_codes()),
        ("README.md", exit_codes()),
    ] {
        let path = root.join(page);
        let text = fs::read_to_string(&path).unwrap();
        let wanted = with_part(&text, &part);
        if env::var_os("ROLLCALL_WRITE_DOCS").is_some() {
            fs::write(&path, wanted).unwrap();
        } else {
            assert!(text == wanted, "{page} is out of date: run `just docs`");
        }
    }
}
