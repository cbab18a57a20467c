//! The names that may stand in a file: those of the options, and of the tables.

use clap::CommandFactory as _;
use toml::{Table, Value};

use super::{SANDBOX_TABLE, VALUES_TABLE, WATCH_TABLES};
use crate::cli::args::Cli;

/// The fields whose values can be given a meaning.
const FIELDS_WITH_VALUES: [&str; 2] = ["country", "salutation"];

/// Options that are typed only. Those of the sandbox stand in a table of their own.
const TYPED_ONLY: [&str; 9] =
    ["config", "help", "version", "list", "campaign", "json", "once", "output", "page-size"];

/// Whether every name is an option's; the error names the first that is not.
pub(super) fn check_names(options: &Table) -> Result<(), String> {
    let cli = Cli::command();
    let names_of = |command: &clap::Command| -> Vec<String> {
        command.get_arguments().filter_map(clap::Arg::get_long).map(str::to_owned).collect()
    };
    let sandbox = cli.find_subcommand("sandbox").map(names_of).unwrap_or_default();
    let mut main = names_of(&cli);
    for command in cli.get_subcommands().filter(|command| command.get_name() != "sandbox") {
        main.extend(names_of(command));
    }
    main.retain(|name| !TYPED_ONLY.contains(&name.as_str()));
    for (name, value) in options {
        match value {
            Value::Table(table) if name == SANDBOX_TABLE => {
                table.keys().try_for_each(|name| check_name(name, &sandbox))?;
            }
            Value::Table(table) if name == VALUES_TABLE => {
                let is_known = |field: &String| FIELDS_WITH_VALUES.contains(&field.as_str());
                if let Some(field) = table.keys().find(|field| !is_known(field)) {
                    return Err(format!(
                        "there is no table [values.{field}]; there are [values.country] and [values.salutation]"
                    ));
                }
            }
            Value::Array(folders) if name == WATCH_TABLES => check_folders(folders, &main)?,
            _ => check_name(name, &main)?,
        }
    }
    Ok(())
}

fn check_folders(folders: &[Value], known: &[String]) -> Result<(), String> {
    for folder in folders {
        let table = folder.as_table().ok_or("a watched folder is a table: [[watch]]")?;
        let has_dir = table.get("dir").is_some_and(|dir| dir.as_str().is_some_and(|dir| !dir.is_empty()));
        if !has_dir {
            return Err("a table [[watch]] has no `dir`, the folder to watch".to_owned());
        }
        let is_option = |name: &&String| *name != "dir" && *name != VALUES_TABLE;
        table.keys().filter(is_option).try_for_each(|name| check_name(name, known))?;
    }
    Ok(())
}

fn check_name(name: &str, known: &[String]) -> Result<(), String> {
    if known.iter().any(|option| option == name) {
        return Ok(());
    }
    let similarity = |option: &&String| strsim::jaro_winkler(option, name);
    let nearest = known.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    let nearest = nearest.filter(|option| similarity(option) > 0.8);
    Err(match nearest {
        Some(option) => format!("there is no option `{name}`; is `{option}` meant?"),
        None => format!("there is no option `{name}`"),
    })
}
