//! `rollcall config`: the options in force, each with its origin.
//!
//! Values of secrets are never shown, only where they come from.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{self, Write as _},
};

use clap::{Arg, ArgAction, CommandFactory as _};
use serde::Serialize;
use serde_json::{Value as Json, json};
use toml::{Table, Value};
use url::Url;

use super::{
    ConfigFiles, Origin, Origins, SANDBOX_TABLE, Setting, WATCH_TABLES,
    layers::{CLIENT_SECRET, TOKEN},
};
use crate::{
    cli::{
        args::{
            Cli, ConfigArgs, JsonOption, OnceOption, OutputOptions, PageSizeOption, PrinterOptions,
            can_stand_in_file, switched_off,
        },
        error::{CliError, exit},
    },
    report::{screen, terminal::printable},
};

/// The text in place of a secret.
const SECRET: &str = "set, not shown";

/// The heading of options that have none in the help.
const GENERAL: &str = "General";

/// Maximum width of the columns of names and values; longer ones push the rest of their line.
const MAX_COLUMN: usize = 44;

/// A line of the output.
struct Line {
    name: String,
    value: Option<Json>,
    origin: Origin,
}

/// Lines about one subject.
struct Group {
    heading: String,
    lines: Vec<Line>,
}

/// Prints the options of an import and of the service.
///
/// # Errors
///
/// Returns an error if an option cannot be read, or if options of the account exclude each other.
pub(in crate::cli) fn run(
    args: &ConfigArgs,
    printer: &PrinterOptions,
    config: &ConfigFiles,
) -> Result<u8, CliError> {
    let given = args.platform.without_empty();
    let platform = config.platform(&given)?;
    let tables = [
        table(printer),
        table(&args.reading),
        table(&given),
        table(&args.api),
        table(&args.posting),
        table(&args.requests),
        table(&args.exclude_files),
        table(&args.exclude),
        table(&args.existing),
        table(&args.export),
        table(&args.watch),
        table(&args.state),
    ];
    let origins = config.origins(&tables.into_iter().flatten().collect::<Table>());
    let in_force = [
        table(&config.under(printer)?),
        table(&config.under(&args.reading)?),
        table(&platform.options),
        table(&config.under(&args.api)?),
        table(&config.under(&args.posting)?),
        table(&config.under(&args.requests)?),
        table(&config.under(&args.exclude_files)?),
        table(&config.under(&args.exclude)?),
        table(&config.under(&args.existing)?),
        table(&config.under(&args.export)?),
        table(&config.under(&args.state)?),
        table(&config.under(&OutputOptions::default())?),
        table(&config.under(&args.watch)?),
        table(&config.under(&OnceOption::default())?),
        table(&config.under(&PageSizeOption::default())?),
    ];
    let is_json = config.under::<JsonOption>(&args.json)?.json;
    let settings = origins.settings(&in_force.into_iter().flatten().collect::<Table>());
    let mut groups = groups(&settings, &origins);
    groups.extend(own_tables(config));
    let text = if is_json {
        screen::json(&serde_json::to_string_pretty(&as_json(&groups, config)).unwrap_or_default()) + "\n"
    } else {
        let unused = platform.unused.map(|unused| format!("note: {}\n", printable(&unused)));
        screen::styled(&(for_people(&groups, config) + &unused.unwrap_or_default()))
    };
    // A closed pipe is not an error.
    _ = io::stdout().write_all(text.as_bytes());
    platform.refusal.map_or(Ok(exit::OK), Err)
}

fn table(options: &impl Serialize) -> Table {
    Table::try_from(options).unwrap_or_default()
}

/// Returns all options by the headings of the help, those that nothing sets with their defaults.
fn groups(settings: &[Setting], origins: &Origins<'_>) -> Vec<Group> {
    let cli = Cli::command();
    let commands = ["import", "watch", "fetch"].map(|name| cli.find_subcommand(name));
    let args = commands.into_iter().flatten().chain([&cli]).flat_map(clap::Command::get_arguments);
    let mut groups: Vec<Group> = Vec::new();
    let mut seen = BTreeSet::new();
    for arg in args.filter(|arg| !arg.is_hide_set() && switched_off(arg.get_id().as_str()).is_none()) {
        let Some(name) = arg.get_long().filter(|name| can_stand_in_file(name) && seen.insert(*name)) else {
            continue;
        };
        let mut lines: Vec<Line> = settings.iter().filter(|setting| setting.name == name).map(line).collect();
        if lines.is_empty() {
            lines.push(unset(arg, name, origins));
        }
        let secret = match name {
            "token-file" => Some(TOKEN),
            "client-secret-file" => Some(CLIENT_SECRET),
            _ => None,
        };
        let in_variable = secret.map(|name| (name, origins.of(name)));
        lines.extend(
            in_variable.filter(|(_, origin)| *origin != Origin::Default).map(|(name, origin)| Line {
                name: name.to_owned(),
                value: Some(json!(SECRET)),
                origin,
            }),
        );
        add(&mut groups, arg.get_help_heading().unwrap_or(GENERAL), lines);
    }
    let meanings = settings.iter().filter(|setting| setting.name.starts_with("values."));
    add(&mut groups, "Values", meanings.map(line).collect());
    groups
}

/// Adds lines below a heading, once for each heading.
fn add(groups: &mut Vec<Group>, heading: &str, lines: Vec<Line>) {
    match groups.iter_mut().find(|group| group.heading == heading) {
        Some(group) => group.lines.extend(lines),
        None if lines.is_empty() => {}
        None => groups.push(Group { heading: heading.to_owned(), lines }),
    }
}

fn line(setting: &Setting) -> Line {
    Line {
        name: setting.name.clone(),
        value: Some(shown(&setting.name, &setting.value)),
        origin: setting.origin.clone(),
    }
}

/// Returns an option that has its default, or that a place switches off.
fn unset(arg: &Arg, name: &str, origins: &Origins<'_>) -> Line {
    let origin = origins.of(name);
    let is_switch = matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::Count);
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let default = help.rsplit_once("[default: ").and_then(|(_, default)| default.split(']').next());
    let value = match origin {
        _ if is_switch => Some(json!(false)),
        Origin::Default => default.map(|default| json!(default)),
        // Without the option that it requires, it has no effect.
        _ => None,
    };
    Line { name: name.to_owned(), value, origin }
}

/// Returns a value as it may be shown.
fn shown(name: &str, value: &Value) -> Json {
    let value = serde_json::to_value(value).unwrap_or_default();
    match (name, &value) {
        ("host", Json::String(host)) if has_password(host) => json!("contains a secret, not shown"),
        // Arguments of the program may be secrets.
        ("on-done", Json::Array(words)) if words.len() > 1 => {
            json!([words[0], format!("({} more, not shown)", words.len() - 1)])
        }
        _ => value,
    }
}

fn has_password(host: &str) -> bool {
    host.contains(['@', '?']) || Url::parse(host).is_ok_and(|url| url.password().is_some())
}

/// Returns the tables for single folders and for the sandbox command.
fn own_tables(config: &ConfigFiles) -> Vec<Group> {
    let mut groups = Vec::new();
    for source in &config.sources {
        let mut add = |heading: String, path: &[String], table: &Table| {
            let positions = source.positions.below(path);
            let own = super::Source { positions, ..source.clone() };
            let lines = table.iter().map(|(name, value)| Line {
                name: name.clone(),
                value: Some(shown(name, value)),
                origin: Origin::File(own.place(std::slice::from_ref(name))),
            });
            groups.push(Group { heading, lines: lines.collect() });
        };
        let watched = source.options.get(WATCH_TABLES).and_then(Value::as_array);
        for (index, table) in watched.into_iter().flatten().enumerate() {
            let path = [WATCH_TABLES.to_owned(), index.to_string()];
            table.as_table().into_iter().for_each(|table| add(format!("[[{WATCH_TABLES}]]"), &path, table));
        }
        if let Some(table) = source.options.get(SANDBOX_TABLE).and_then(Value::as_table) {
            add(format!("[{SANDBOX_TABLE}]"), &[SANDBOX_TABLE.to_owned()], table);
        }
    }
    groups
}

fn for_people(groups: &[Group], config: &ConfigFiles) -> String {
    let mut text = format!("settings files: {}\n", config.described().unwrap_or_else(|| "none".to_owned()));
    // Writing to a string cannot fail.
    if let Some(profile) = config.profile() {
        _ = writeln!(text, "profile: {}", printable(profile));
    }
    let lines = || groups.iter().flat_map(|group| &group.lines);
    let column = |cell: fn(&Line) -> String| {
        let widths = lines().map(|line| cell(line).chars().count());
        widths.filter(|width| *width <= MAX_COLUMN).max().unwrap_or_default()
    };
    let (names, values) = (column(|line| printable(&line.name)), column(value_text));
    for group in groups {
        _ = writeln!(text, "\n{}", group.heading);
        for line in &group.lines {
            let (name, value) = (printable(&line.name), value_text(line));
            let origin = printable(&line.origin.to_string());
            _ = writeln!(text, "  {name:<names$}  {value:<values$}  {origin}");
        }
    }
    text
}

/// Formats a value for people.
fn value_text(line: &Line) -> String {
    fn text(value: &Json) -> String {
        match value {
            Json::Bool(is_on) => if *is_on { "on" } else { "off" }.to_owned(),
            Json::String(text) => text.clone(),
            Json::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(" "),
            value => value.to_string(),
        }
    }
    match &line.value {
        Some(value) => printable(&text(value)),
        None if line.origin == Origin::Default => "-".to_owned(),
        None => "no effect".to_owned(),
    }
}

fn as_json(groups: &[Group], config: &ConfigFiles) -> Json {
    let origin = |origin: &Origin| match origin {
        Origin::Default => json!({"kind": "default"}),
        Origin::Typed(option) => json!({"kind": "option", "name": option}),
        Origin::Environment(variable) => json!({"kind": "environment", "name": variable}),
        Origin::File(place) => json!({
            "kind": "file",
            "file": place.file.display().to_string(),
            "line": place.position.line,
            "column": place.position.column,
            "profile": place.profile,
        }),
    };
    let settings = groups.iter().flat_map(|group| {
        group.lines.iter().map(move |line| {
            json!({
                "group": group.heading,
                "name": line.name,
                "value": line.value,
                "origin": origin(&line.origin),
            })
        })
    });
    json!({
        "files": config.names(),
        "profile": config.profile(),
        "settings": settings.collect::<Vec<_>>(),
    })
}
