//! `rollcall.toml`: the same options as on the command line, under the same names.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::CommandFactory as _;
use directories::ProjectDirs;
use serde::{Serialize, de::DeserializeOwned};
use toml::{Table, Value};

use super::{
    args::{Cli, PlatformOptions, ReadingOptions},
    error::CliError,
};
use crate::{contact::Field, parse::Mapping};

/// The file's name.
const NAME: &str = "rollcall.toml";

/// Options that belong to the sandbox's own command.
pub(super) const SANDBOX_TABLE: &str = "sandbox-server";

/// Meanings of values, in a table for each field.
const VALUES_TABLE: &str = "values";

/// The fields whose values can be given a meaning.
const FIELDS_WITH_VALUES: [&str; 2] = ["country", "salutation"];

/// Watched folders, each a table with options of its own.
pub(super) const WATCH_TABLES: &str = "watch";

/// Options that are typed only. Those of the sandbox stand in a table of their own.
const TYPED_ONLY: [&str; 9] =
    ["config", "help", "version", "list", "campaign", "json", "once", "output", "page-size"];

/// Options whose relative paths start from the file, as whoever wrote it meant them.
const FILES: [&str; 4] = ["token-file", "client-secret-file", "exclude-file", "existing"];

/// What the file says; empty where there is none.
#[derive(Clone, Debug, Default)]
pub(super) struct ConfigFile {
    path: PathBuf,
    options: Table,
}

impl ConfigFile {
    /// Reads the file that was named, else the one in this folder, else the user's.
    pub(super) fn load(named: Option<&Path>) -> Result<Self, CliError> {
        if let Some(path) = named {
            return Self::read(path)?.ok_or_else(|| {
                CliError::usage(format!("there is no config file {}", path.display()), "Look at --config.")
            });
        }
        let user = ProjectDirs::from("", "", "rollcall").map(|folders| folders.config_dir().join(NAME));
        for path in [Some(PathBuf::from(NAME)), user].into_iter().flatten() {
            if let Some(file) = Self::read(&path)? {
                return Ok(file);
            }
        }
        Ok(Self::default())
    }

    fn read(path: &Path) -> Result<Option<Self>, CliError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(CliError::Usage { message: format!("{}: {error}", path.display()), hint: None });
            }
        };
        let fail = |reason: String| CliError::Usage {
            message: format!("{}: {}", path.display(), reason.trim_end()),
            hint: Some("Options have the names of the command line, without the dashes in front.".to_owned()),
        };
        // Not the error's own text: it quotes the line, which may hold what nobody should see.
        let syntax = |error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            fail(format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
        };
        let mut options: Table = text.parse().map_err(syntax)?;
        check_names(&options).map_err(fail)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let below = |file: &mut Value| {
            if let Value::String(file) = file {
                *file = folder.join(&*file).to_string_lossy().into_owned();
            }
        };
        let place = |options: &mut Table| {
            for name in FILES {
                match options.get_mut(name) {
                    Some(Value::Array(files)) => files.iter_mut().for_each(below),
                    Some(file) => below(file),
                    None => {}
                }
            }
        };
        place(&mut options);
        if let Some(Value::Array(folders)) = options.get_mut(WATCH_TABLES) {
            for folder in folders.iter_mut().filter_map(Value::as_table_mut) {
                place(folder);
                folder.get_mut("dir").into_iter().for_each(below);
            }
        }
        Ok(Some(Self { path: path.to_owned(), options }))
    }

    /// Where the file is, if there is one.
    pub(super) fn path(&self) -> Option<&Path> {
        Some(self.path.as_path()).filter(|path| !path.as_os_str().is_empty())
    }

    /// Whether the file says something of this option.
    pub(super) fn has(&self, name: &str) -> bool {
        self.options.contains_key(name)
    }

    /// The watched folders, each with the options of its table over those of the file.
    pub(super) fn watched(&self) -> Vec<(PathBuf, Self)> {
        let mut common = self.options.clone();
        let tables = common.remove(WATCH_TABLES);
        let tables =
            tables.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
        let own = |table: &Table| {
            let mut table = table.clone();
            let dir = table.remove("dir").and_then(|dir| dir.as_str().map(PathBuf::from)).unwrap_or_default();
            let options = over(&common, table);
            (dir, Self { path: self.path.clone(), options })
        };
        tables.map(own).collect()
    }

    /// The file without its watched folders.
    pub(super) fn without_watched(&self) -> Self {
        let mut file = self.clone();
        file.options.remove(WATCH_TABLES);
        file
    }

    /// The options that were typed, over those of the file.
    pub(super) fn under<T: Serialize + DeserializeOwned>(&self, typed: &T) -> Result<T, CliError> {
        self.merge(&self.options, typed)
    }

    /// The region that was typed, else that of the file.
    pub(super) fn region(&self, typed: Option<&str>) -> Result<Option<String>, CliError> {
        let typed = ReadingOptions { region: typed.map(str::to_owned), ..ReadingOptions::default() };
        Ok(self.under(&typed)?.region)
    }

    /// The same for the options of the platform. Credentials that were typed or stand in the environment replace those of
    /// the file, of whatever kind.
    pub(super) fn under_platform(&self, typed: &PlatformOptions) -> Result<PlatformOptions, CliError> {
        let is_set = |name| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
        let mut options = self.options.clone();
        let overruled: &[&str] = if typed.token_file.is_some() || is_set("ROLLCALL_TOKEN") {
            &["token-file", "client-id", "client-secret-file"]
        } else if typed.client_secret_file.is_some() || is_set("ROLLCALL_CLIENT_SECRET") {
            &["token-file", "client-secret-file"]
        } else if typed.client_id.is_some() {
            &["token-file"]
        } else {
            &[]
        };
        for name in overruled {
            options.remove(*name);
        }
        self.merge(&options, typed)
    }

    /// The same for the options of the sandbox's own command.
    pub(super) fn sandbox_under<T: Serialize + DeserializeOwned>(&self, typed: &T) -> Result<T, CliError> {
        let none = Table::new();
        let options = self.options.get(SANDBOX_TABLE).and_then(Value::as_table);
        self.merge(options.unwrap_or(&none), typed)
    }

    fn merge<T: Serialize + DeserializeOwned>(&self, options: &Table, typed: &T) -> Result<T, CliError> {
        let fail = |error: toml::de::Error| CliError::Usage {
            message: format!("{}: {}", self.path.display(), error.to_string().trim_end().replace('\n', " ")),
            hint: None,
        };
        let typed = Table::try_from(typed).unwrap_or_default();
        over(options, typed).try_into().map_err(fail)
    }
}

/// Options over others.
fn over(options: &Table, typed: Table) -> Table {
    let mut merged = options.clone();
    for (name, value) in typed {
        match (merged.get_mut(&name), value) {
            // Mappings of other fields stay; a field that was typed is what was typed.
            (Some(Value::Array(file)), Value::Array(typed)) if name == "map" => {
                let fields: Vec<Field> = typed.iter().filter_map(mapped_field).collect();
                file.retain(|mapping| mapped_field(mapping).is_none_or(|field| !fields.contains(&field)));
                file.extend(typed.iter().cloned());
            }
            // The file's suppression lists stay.
            (Some(Value::Array(file)), Value::Array(typed)) if name.starts_with("exclude-") => {
                file.extend(typed);
            }
            (_, value) => _ = merged.insert(name, value),
        }
    }
    merged
}

fn mapped_field(mapping: &Value) -> Option<Field> {
    mapping.as_str()?.parse::<Mapping>().ok().map(|mapping| mapping.field)
}

/// Whether every name is an option's; the error names the first that is not.
fn check_names(options: &Table) -> Result<(), String> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{ExcludeOptions, SandboxOptions};

    fn file(text: &str) -> Result<ConfigFile, CliError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, text).unwrap();
        ConfigFile::load(Some(&path))
    }

    #[test]
    fn the_command_line_wins_over_the_config_file() {
        let file = file("region = \"IN\"\nkeep = \"last\"\nno-header = true\nsheet = 2\n").unwrap();
        let typed = ReadingOptions { region: Some("GB".to_owned()), ..ReadingOptions::default() };
        let merged = file.under(&typed).unwrap();
        assert_eq!(merged.region.as_deref(), Some("GB"));
        assert_eq!(merged.sheet.as_deref(), Some("2"));
        assert!(merged.no_header && merged.keep.is_some());
    }

    #[test]
    fn mappings_are_joined_field_by_field() {
        let file = file("map = [\"phone=A\", \"phone=B\", \"country=C\"]").unwrap();
        let typed = ReadingOptions { map: vec!["phone=D".to_owned()], ..ReadingOptions::default() };
        assert_eq!(file.under(&typed).unwrap().map, ["country=C", "phone=D"]);
        assert_eq!(file.under(&ReadingOptions::default()).unwrap().map, ["phone=A", "phone=B", "country=C"]);
    }

    #[test]
    fn suppression_files_of_the_config_file_are_added() {
        let file = file("exclude-list = [\"cl-1\"]\n").unwrap();
        let typed = ExcludeOptions { exclude_list: vec!["cl-2".to_owned()], ..ExcludeOptions::default() };
        assert_eq!(file.under(&typed).unwrap().exclude_list, ["cl-1", "cl-2"]);
        assert_eq!(file.under(&ExcludeOptions::default()).unwrap().exclude_list, ["cl-1"]);
    }

    #[test]
    fn the_sandbox_has_a_table_of_its_own() {
        let file = file("[sandbox-server]\npage-cap = 7\nregion = \"IN\"\n").unwrap();
        let merged = file.sandbox_under(&SandboxOptions::default()).unwrap();
        assert_eq!((merged.page_cap, merged.region.as_deref()), (Some(7), Some("IN")));
        assert_eq!(file.under(&ReadingOptions::default()).unwrap().region, None);
    }

    #[test]
    fn mistakes_in_the_file_are_named() {
        let message = |text| {
            file(text)
                .map(|file| file.under(&ReadingOptions::default()))
                .map_or_else(|error| error.to_string(), |merged| merged.unwrap_err().to_string())
        };
        assert!(message("regoin = \"IN\"").ends_with("there is no option `regoin`; is `region` meant?"));
        assert!(message("client-secret = \"x\"").contains("there is no option `client-secret`"));
        assert!(message("keep = \"middle\"").contains("unknown variant `middle`"));
        assert!(message("list = \"l-1\"").contains("there is no option `list`"));
        assert!(message("region = ").contains("rollcall.toml"));
    }
}
