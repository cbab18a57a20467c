//! The options allowed in a settings file, by table, and the form of their values.

use std::{
    any::TypeId,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgAction, CommandFactory as _};
use toml::{Table, Value};

use super::{
    MAPPING_TABLES, PROFILE_TABLES, SANDBOX_TABLE, VALUES_TABLE, WATCH_TABLES, mapping, misplaced::Misplaced,
};
use crate::cli::{
    args::{Cli, TYPED_ONLY, can_stand_in_file},
    nearest::nearest,
};

/// The fields whose values can be given a meaning.
const FIELDS_WITH_VALUES: [&str; 2] = ["country", "salutation"];

/// Options of `watch` that apply to the whole service, not to one folder.
const OF_SERVICE: [&str; 3] = ["once", "status", "state-dir"];

/// The form of a value that contains an id and a file.
const ID_AND_FILE: &str = "ID=FILE";

/// The option that runs a program.
const HOOK: &str = "on-done";

/// The options that a table can contain, by name.
#[derive(Debug, Default)]
struct Options(BTreeMap<String, Kind>);

/// The form of an option's value.
#[derive(Clone, Copy, Debug, Default)]
struct Kind {
    is_list: bool,
    /// The separator of a list in one text.
    delimiter: Option<char>,
    /// Whether the value is or contains a path.
    is_path: bool,
    has_path: bool,
}

/// All options, by table.
#[derive(Debug)]
pub(super) struct Catalog {
    main: Options,
    watched: Options,
    sandbox: Options,
}

impl Options {
    fn add(&mut self, command: &clap::Command) {
        for arg in command.get_arguments() {
            if let Some(name) = arg.get_long() {
                self.0.insert(name.to_owned(), Kind::of(arg));
            }
        }
    }

    fn check_name(&self, name: &str) -> Result<(), Misplaced> {
        if self.0.contains_key(name) {
            return Ok(());
        }
        let reason = match nearest(name, self.0.keys().map(String::as_str), 0.8) {
            Some(option) => format!("there is no option `{name}`; did you mean `{option}`?"),
            None => format!("there is no option `{name}`"),
        };
        Err(Misplaced::new(name, reason))
    }

    /// Converts values to the form of the command line: lists where several values are possible, and paths relative
    /// to `folder`.
    fn normalize(&self, table: &mut Table, folder: &Path) {
        for (name, value) in table.iter_mut() {
            let Some(kind) = self.0.get(name) else { continue };
            if kind.is_list {
                let texts = match value.clone() {
                    Value::Array(texts) => texts,
                    text => vec![text],
                };
                *value = Value::Array(texts.into_iter().flat_map(|text| kind.split(text)).collect());
            }
            match value {
                // A plain name is searched in the program path.
                Value::Array(texts) if name == HOOK => {
                    let is_path =
                        |program: &&mut Value| program.as_str().is_some_and(|program| program.contains('/'));
                    if let Some(program) = texts.first_mut().filter(is_path) {
                        place(program, folder);
                    }
                }
                Value::Array(texts) if kind.is_path || kind.has_path => {
                    for text in texts {
                        if kind.is_path { place(text, folder) } else { place_behind_id(text, folder) }
                    }
                }
                text if kind.is_path => place(text, folder),
                _ => {}
            }
        }
    }
}

impl Kind {
    fn of(arg: &Arg) -> Self {
        let value_names = arg.get_value_names().unwrap_or_default();
        Self {
            is_list: matches!(arg.get_action(), ArgAction::Append),
            delimiter: arg.get_value_delimiter(),
            is_path: arg.get_value_parser().type_id() == TypeId::of::<PathBuf>(),
            has_path: value_names.iter().any(|name| name.as_str() == ID_AND_FILE),
        }
    }

    /// Splits the values of a text.
    fn split(self, value: Value) -> Vec<Value> {
        match (self.delimiter, value) {
            (Some(delimiter), Value::String(text)) => text.split(delimiter).map(Value::from).collect(),
            (_, value) => vec![value],
        }
    }
}

impl Catalog {
    pub(super) fn new() -> Self {
        let cli = Cli::command();
        let of = |name: &str| {
            let mut options = Options::default();
            cli.get_subcommands()
                .filter(|command| command.get_name() == name)
                .for_each(|command| options.add(command));
            options
        };
        let mut main = Options::default();
        main.add(&cli);
        cli.get_subcommands()
            .filter(|command| command.get_name() != "sandbox")
            .for_each(|command| main.add(command));
        main.0.retain(|name, _| can_stand_in_file(name));
        let mut watched = of("watch");
        watched.0.retain(|name, _| can_stand_in_file(name) && !OF_SERVICE.contains(&name.as_str()));
        Self { main, watched, sandbox: of("sandbox") }
    }

    /// Checks that every name is an option; the error names the first unknown one.
    pub(super) fn check_names(&self, options: &Table) -> Result<(), Misplaced> {
        for (name, value) in options {
            let check = match value {
                Value::Table(table) if name == SANDBOX_TABLE => {
                    table.keys().try_for_each(|name| self.sandbox.check_name(name))
                }
                value if name == MAPPING_TABLES => mapping::check(value),
                Value::Array(folders) if name == WATCH_TABLES => {
                    folders.iter().enumerate().try_for_each(|(index, folder)| {
                        self.check_folder(folder).map_err(|problem| problem.in_table(&index.to_string()))
                    })
                }
                Value::Table(profiles) if name == PROFILE_TABLES => {
                    profiles.iter().try_for_each(|(name, profile)| {
                        self.check_profile(name, profile).map_err(|problem| problem.in_table(name))
                    })
                }
                Value::Table(table) if name == VALUES_TABLE => check_values(table),
                _ => {
                    self.check_option(name)?;
                    continue;
                }
            };
            check.map_err(|problem| problem.in_table(name))?;
        }
        Ok(())
    }

    fn check_option(&self, name: &str) -> Result<(), Misplaced> {
        match TYPED_ONLY.iter().find(|(typed_only, _)| *typed_only == name) {
            Some((_, why)) => {
                let reason = format!("`{name}` cannot be set in a file: {why}");
                Err(Misplaced::elsewhere(name, reason, "Use it on the command line."))
            }
            None => self.main.check_name(name),
        }
    }

    /// Checks the names of a profile: those of the file itself, except its tables for other commands.
    fn check_profile(&self, profile: &str, table: &Value) -> Result<(), Misplaced> {
        let Some(table) = table.as_table() else {
            let reason = format!("`{profile}` is not the name of a profile's table");
            let mut problem = Misplaced::elsewhere(
                profile,
                reason,
                "Write its options below a line such as [profile.staging].",
            );
            problem.path.clear();
            return Err(problem);
        };
        for (name, value) in table {
            match value {
                Value::Table(values) if name == VALUES_TABLE => {
                    check_values(values).map_err(|problem| problem.in_table(name))?;
                }
                _ if [SANDBOX_TABLE, WATCH_TABLES, PROFILE_TABLES, MAPPING_TABLES]
                    .contains(&name.as_str()) =>
                {
                    let reason = format!("`{name}` cannot be set in a profile");
                    return Err(Misplaced::elsewhere(
                        name,
                        reason,
                        "Give it a table of its own at the end of the file.",
                    ));
                }
                _ => self.check_option(name)?,
            }
        }
        Ok(())
    }

    fn check_folder(&self, folder: &Value) -> Result<(), Misplaced> {
        let hint = Some("Write dir = \"FOLDER\" below [[watch]].");
        let here = |reason: &str| Misplaced { path: Vec::new(), reason: reason.to_owned(), hint };
        let table = folder.as_table().ok_or_else(|| here("a watched folder is a table: [[watch]]"))?;
        let has_dir = table.get("dir").is_some_and(|dir| dir.as_str().is_some_and(|dir| !dir.is_empty()));
        if !has_dir {
            return Err(here("a table [[watch]] has no `dir`, the folder to watch"));
        }
        for (name, value) in table.iter().filter(|(name, _)| *name != "dir") {
            match value {
                Value::Table(values) if name == VALUES_TABLE => {
                    check_values(values).map_err(|problem| problem.in_table(name))?;
                }
                _ if self.main.0.contains_key(name) && !self.watched.0.contains_key(name) => {
                    let reason = format!("`{name}` is not an option of a single folder");
                    return Err(Misplaced::elsewhere(name, reason, "Write it above the tables [[watch]]."));
                }
                _ => self.watched.check_name(name)?,
            }
        }
        Ok(())
    }

    /// Converts values to the form of the command line; relative paths start from `folder`.
    pub(super) fn normalize(&self, options: &mut Table, folder: &Path) {
        self.main.normalize(options, folder);
        if let Some(Value::Table(profiles)) = options.get_mut(PROFILE_TABLES) {
            for profile in profiles.iter_mut().filter_map(|(_, profile)| profile.as_table_mut()) {
                self.main.normalize(profile, folder);
            }
        }
        if let Some(Value::Table(sandbox)) = options.get_mut(SANDBOX_TABLE) {
            self.sandbox.normalize(sandbox, folder);
        }
        if let Some(Value::Array(folders)) = options.get_mut(WATCH_TABLES) {
            for watched in folders.iter_mut().filter_map(Value::as_table_mut) {
                self.watched.normalize(watched, folder);
                watched.get_mut("dir").into_iter().for_each(|dir| place(dir, folder));
            }
        }
    }
}

fn check_values(table: &Table) -> Result<(), Misplaced> {
    let is_known = |field: &&String| FIELDS_WITH_VALUES.contains(&field.as_str());
    match table.keys().find(|field| !is_known(field)) {
        Some(field) => {
            let known = "there are [values.country] and [values.salutation]";
            Err(Misplaced::new(field, format!("there is no table [values.{field}]; {known}")))
        }
        None => Ok(()),
    }
}

/// Makes a relative path start from `folder`.
fn place(path: &mut Value, folder: &Path) {
    if let Value::String(path) = path
        && !path.is_empty()
    {
        *path = folder.join(&*path).to_string_lossy().into_owned();
    }
}

fn place_behind_id(text: &mut Value, folder: &Path) {
    if let Some((id, path)) = text.as_str().and_then(|text| text.split_once('='))
        && !path.is_empty()
    {
        *text = Value::String(format!("{id}={}", folder.join(path).to_string_lossy()));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn placed(text: &str) -> Table {
        let mut options: Table = text.parse().unwrap();
        let catalog = Catalog::new();
        catalog.check_names(&options).unwrap();
        catalog.normalize(&mut options, Path::new("/etc/rollcall"));
        options
    }

    #[test]
    fn every_path_of_a_file_starts_from_its_folder() {
        let catalog = Catalog::new();
        let paths = |options: &Options| -> BTreeSet<String> {
            options
                .0
                .iter()
                .filter(|(_, kind)| kind.is_path || kind.has_path)
                .map(|(name, _)| name.clone())
                .collect()
        };
        let expected = [
            "ca-file",
            "client-secret-file",
            "exclude-file",
            "existing",
            "export",
            "out",
            "state-dir",
            "token-file",
        ];
        assert_eq!(paths(&catalog.main), expected.map(str::to_owned).into());
        assert_eq!(paths(&catalog.sandbox), ["campaign", "data", "list", "seed"].map(str::to_owned).into());
        for name in paths(&catalog.main) {
            let options = placed(&format!("{name} = \"a/b\""));
            let value = options[&name].as_array().map_or(&options[&name], |values| &values[0]);
            assert_eq!(value.as_str(), Some("/etc/rollcall/a/b"), "{name}");
            assert_eq!(
                placed(&format!("{name} = \"/a\""))[&name].to_string().trim_matches(['[', ']', '"']),
                "/a"
            );
        }
        let sandbox = placed("[sandbox-server]\ndata = \"d\"\nseed = \"s\"\nlist = [\"l-1=l\", \"l-2=/l\"]");
        let sandbox = sandbox[SANDBOX_TABLE].to_string();
        for path in ["/etc/rollcall/d", "/etc/rollcall/s", "l-1=/etc/rollcall/l", "l-2=/l"] {
            assert!(sandbox.contains(&format!("\"{path}\"")), "{sandbox}");
        }
        let watched = placed("[[watch]]\ndir = \"drop\"\nexisting = \"e\"\non-done = [\"./tell\", \"./x\"]");
        let watched = watched[WATCH_TABLES].to_string();
        for path in ["/etc/rollcall/drop", "/etc/rollcall/e", "/etc/rollcall/./tell", "./x"] {
            assert!(watched.contains(&format!("\"{path}\"")), "{watched}");
        }
        assert_eq!(placed("on-done = \"tell\"")["on-done"].to_string(), "[\"tell\"]");
        assert_eq!(placed("state-dir = \"\"")["state-dir"].as_str(), Some(""));
    }

    #[test]
    fn single_value_of_a_list_option_becomes_a_list() {
        for (text, list) in [
            ("exclude-list = \"cl-1\"", "[\"cl-1\"]"),
            ("types = \"mobile,pager\"", "[\"mobile\", \"pager\"]"),
            ("types = [\"mobile,pager\", \"voip\"]", "[\"mobile\", \"pager\", \"voip\"]"),
            ("campaign-filter = \"any\"", "[\"any\"]"),
        ] {
            let options = placed(text);
            assert_eq!(options.values().next().unwrap().to_string(), list);
        }
    }

    #[test]
    fn names_not_allowed_in_a_file_are_refused_with_the_reason() {
        let refused = |text: &str| Catalog::new().check_names(&text.parse().unwrap()).unwrap_err().reason;
        for (name, why) in TYPED_ONLY {
            assert_eq!(refused(&format!("{name} = 1")), format!("`{name}` cannot be set in a file: {why}"));
        }
        for name in ["once", "status", "state-dir", "quiet", "json", "out", "page-size"] {
            let error = refused(&format!("[[watch]]\ndir = \"a\"\n{name} = 1"));
            assert!(error.starts_with(&format!("`{name}` is not an option of a single folder")), "{error}");
        }
        assert!(refused("[[watch]]\ndir = \"a\"\nlist = 1").contains("no option `list`"));
        assert!(refused("[[watch]]\ndir = \"a\"\n[watch.values.town]").contains("[values.town]"));
    }
}
