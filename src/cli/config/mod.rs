//! `rollcall.toml`: the same options as on the command line, under the same names.
//!
//! The command line wins over the environment, the environment over the file in the current folder, and that over the file in
//! the user's config folder. A folder may have been downloaded together with a list, so its file can set how lists are read
//! and whom to suppress, but nothing that decides where contacts and credentials go. `--config FILE` replaces both files.

mod file;
mod names;

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

use directories::ProjectDirs;
use serde::{Serialize, de::DeserializeOwned};
use toml::{Table, Value};

use self::file::{File, Owner};
use super::{
    args::{PlatformOptions, ReadingOptions},
    error::CliError,
};
use crate::{contact::Field, parse::Mapping, report::terminal::printable};

/// The file's name.
const NAME: &str = "rollcall.toml";

/// Options that belong to the sandbox's own command.
pub(super) const SANDBOX_TABLE: &str = "sandbox-server";

/// Meanings of values, in a table for each field.
const VALUES_TABLE: &str = "values";

/// Watched folders, each a table with options of its own.
pub(super) const WATCH_TABLES: &str = "watch";

/// Options that name a file with a secret.
const SECRETS: [(&str, &str, &str); 2] = [
    ("token-file", "token", "ROLLCALL_TOKEN"),
    ("client-secret-file", "client secret", "ROLLCALL_CLIENT_SECRET"),
];

/// The merged options of all files in use; empty if there are none.
#[derive(Clone, Debug, Default)]
pub(super) struct ConfigFiles {
    /// The files in use, highest priority first.
    paths: Vec<PathBuf>,
    /// The file passed with `--config`.
    named: Option<PathBuf>,
    options: Table,
    /// For each option, the file with the highest priority that sets it.
    origins: BTreeMap<String, PathBuf>,
}

impl ConfigFiles {
    /// Reads the file passed with `--config`; without one, the file in the current folder over the user's.
    pub(super) fn load(named: Option<&Path>) -> Result<Self, CliError> {
        if let Some(path) = named {
            let file = File::read(path, Owner::User)?.ok_or_else(|| {
                CliError::usage(format!("there is no config file {}", shown(path)), "Look at --config.")
            })?;
            return Ok(Self { named: Some(path.to_owned()), ..Self::default() }.over_by(file));
        }
        let mut files = Self::default();
        let user = ProjectDirs::from("", "", "rollcall").map(|folders| folders.config_dir().join(NAME));
        if let Some(user) = &user
            && let Some(file) = File::read(user, Owner::User)?
        {
            files = files.over_by(file);
        }
        let whole = |path: &Path| path.canonicalize().ok();
        let here = Path::new(NAME);
        // In the config folder itself, the two are one file.
        if (files.paths.is_empty() || user.as_deref().and_then(whole) != whole(here))
            && let Some(file) = File::read(here, Owner::Folder)?
        {
            files = files.over_by(file);
        }
        Ok(files)
    }

    /// Reads the same files again.
    pub(super) fn reload(&self) -> Result<Self, CliError> {
        Self::load(self.named.as_deref())
    }

    /// Adds a file of higher priority.
    fn over_by(mut self, file: File) -> Self {
        for name in file.options.keys() {
            self.origins.insert(name.clone(), file.path.clone());
        }
        self.options = over(&self.options, file.options);
        self.paths.insert(0, file.path);
        self
    }

    /// The files in use, highest priority first.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The names of the files in use, as the report lists them.
    pub(super) fn names(&self) -> Vec<String> {
        self.paths.iter().map(|path| path.display().to_string()).collect()
    }

    /// The files in use, as shown to the user; `None` if there are none.
    pub(super) fn described(&self) -> Option<String> {
        let paths: Vec<String> = self.paths.iter().map(|path| shown(path)).collect();
        (!paths.is_empty()).then(|| paths.join(", then "))
    }

    /// The file that sets this option.
    pub(super) fn origin(&self, name: &str) -> Option<&Path> {
        self.origins.get(name).map(PathBuf::as_path)
    }

    /// The watched folders, each with the options of its table over those of the file.
    pub(super) fn watched(&self) -> Vec<(PathBuf, Self)> {
        let mut common = self.options.clone();
        let tables = common.remove(WATCH_TABLES);
        let tables =
            tables.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
        let file = self.origins.get(WATCH_TABLES).cloned().unwrap_or_default();
        let own = |table: &Table| {
            let mut table = table.clone();
            let dir = table.remove("dir").and_then(|dir| dir.as_str().map(PathBuf::from)).unwrap_or_default();
            let mut watched = Self { options: Table::new(), ..self.clone() };
            watched.origins.extend(table.keys().map(|name| (name.clone(), file.clone())));
            watched.options = over(&common, table);
            (dir, watched)
        };
        tables.map(own).collect()
    }

    /// The files without their watched folders.
    pub(super) fn without_watched(&self) -> Self {
        let mut files = self.clone();
        files.options.remove(WATCH_TABLES);
        files
    }

    /// The options that were typed, over those of the files.
    pub(super) fn under<T: Serialize + DeserializeOwned>(&self, typed: &T) -> Result<T, CliError> {
        self.merge(&self.options, typed)
    }

    /// The region that was typed, else that of the files.
    pub(super) fn region(&self, typed: Option<&str>) -> Result<Option<String>, CliError> {
        let typed = ReadingOptions { region: typed.map(str::to_owned), ..ReadingOptions::default() };
        Ok(self.under(&typed)?.region)
    }

    /// The same for the options of the platform. Credentials that were typed or stand in the environment replace those of
    /// the files, of whatever kind.
    pub(super) fn under_platform(&self, typed: &PlatformOptions) -> Result<PlatformOptions, CliError> {
        let is_set = |name| env::var(name).is_ok_and(|value| !value.trim().is_empty());
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
        let merged: PlatformOptions = self.merge(&options, typed)?;
        if !merged.sandbox {
            self.keep_secret(typed.host.as_deref(), &options)?;
        }
        Ok(merged)
    }

    /// Refuses to send a secret from a file to a host from elsewhere: a user who passes the host of another account and forgets
    /// its secret would give this one away.
    fn keep_secret(&self, typed_host: Option<&str>, options: &Table) -> Result<(), CliError> {
        let Some(host) = typed_host else { return Ok(()) };
        let secret = SECRETS.iter().find(|(option, ..)| options.contains_key(*option));
        let Some((option, what, variable)) = secret else { return Ok(()) };
        let file = self.origin(option).unwrap_or(Path::new(""));
        let bare = |host: &str| host.trim().trim_end_matches('/').to_lowercase();
        if options.get("host").and_then(Value::as_str).is_some_and(|beside| bare(beside) == bare(host)) {
            return Ok(());
        }
        Err(CliError::usage(
            format!(
                "the host `{}` comes from --host or ROLLCALL_HOST, but the {what} comes from {}. rollcall sends a secret \
                 only to the host in the same file",
                printable(host),
                shown(file)
            ),
            format!(
                "Set the host in that file, or pass the secret together with the host: {variable} or --{option}."
            ),
        ))
    }

    /// The same for the options of the sandbox's own command.
    pub(super) fn sandbox_under<T: Serialize + DeserializeOwned>(&self, typed: &T) -> Result<T, CliError> {
        let none = Table::new();
        let options = self.options.get(SANDBOX_TABLE).and_then(Value::as_table);
        self.merge(options.unwrap_or(&none), typed)
    }

    fn merge<T: Serialize + DeserializeOwned>(&self, options: &Table, typed: &T) -> Result<T, CliError> {
        let typed = Table::try_from(typed).unwrap_or_default();
        over(options, typed).try_into().map_err(|error: toml::de::Error| {
            let reason = error.to_string().trim_end().replace('\n', " ");
            let files = self.described().unwrap_or_default();
            CliError::Usage { message: format!("{files}: {}", printable(&reason)), hint: None }
        })
    }
}

/// A path without control characters.
fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// Merges two tables; `stronger` wins.
fn over(options: &Table, stronger: Table) -> Table {
    let mut merged = options.clone();
    for (name, value) in stronger {
        match (merged.get_mut(&name), value) {
            // Mappings of other fields stay.
            (Some(Value::Array(weaker)), Value::Array(stronger)) if name == "map" => {
                let fields: Vec<Field> = stronger.iter().filter_map(mapped_field).collect();
                weaker.retain(|mapping| mapped_field(mapping).is_none_or(|field| !fields.contains(&field)));
                weaker.extend(stronger.iter().cloned());
            }
            // Suppression only adds.
            (Some(Value::Array(weaker)), Value::Array(stronger)) if name.starts_with("exclude-") => {
                weaker.extend(stronger);
            }
            // Tables of values are merged value by value.
            (Some(Value::Table(weaker)), Value::Table(stronger)) => *weaker = over(weaker, stronger),
            (_, value) => _ = merged.insert(name, value),
        }
    }
    merged
}

fn mapped_field(mapping: &Value) -> Option<Field> {
    mapping.as_str()?.parse::<Mapping>().ok().map(|mapping| mapping.field)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::CommandFactory as _;

    use super::{file::OF_FOLDER, *};
    use crate::cli::args::{Cli, ExcludeOptions, SandboxOptions};

    fn file(text: &str) -> Result<ConfigFiles, CliError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, text).unwrap();
        ConfigFiles::load(Some(&path))
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

    #[test]
    fn files_are_joined_option_by_option() {
        let weaker = file(
            "region = \"IN\"\nkeep = \"last\"\nexclude-list = [\"cl-1\"]\n[values.country]\nA = \"DE\"\nB = \"FR\"\n",
        );
        let text = "region = \"GB\"\nexclude-list = [\"cl-2\"]\n[values.country]\nA = \"AT\"\n";
        let stronger = File { path: "stronger".into(), options: text.parse().unwrap() };
        let files = weaker.unwrap().over_by(stronger);
        let reading = files.under(&ReadingOptions::default()).unwrap();
        assert_eq!((reading.region.as_deref(), reading.keep.is_some()), (Some("GB"), true));
        let meanings: Vec<&str> = reading.values.country.values().map(String::as_str).collect();
        assert_eq!(meanings, ["AT", "FR"]);
        assert_eq!(files.under(&ExcludeOptions::default()).unwrap().exclude_list, ["cl-1", "cl-2"]);
        let origin = |name| files.origin(name).map(|path| path.ends_with("stronger"));
        assert_eq!([origin("region"), origin("keep"), origin("sheet")], [Some(true), Some(false), None]);
    }

    #[test]
    fn every_secret_of_a_file_keeps_to_its_host() {
        let file = file("host = \"https://a.example.com\"\ntoken-file = \"t\"\nclient-secret-file = \"s\"\n")
            .unwrap();
        let refused = |host: &str, client_id: Option<&str>| {
            let (host, client_id) = (Some(host.to_owned()), client_id.map(str::to_owned));
            let typed = PlatformOptions { host, client_id, ..PlatformOptions::default() };
            file.under_platform(&typed).err().map(|error| error.to_string())
        };
        assert_eq!(refused("https://A.example.com/", None), None);
        assert!(refused("https://b.example.com", None).unwrap().contains("but the token comes from"));
        // The client id replaces the token, not the secret.
        let secret = refused("https://b.example.com", Some("cs-1")).unwrap();
        assert!(secret.contains("but the client secret comes from"), "{secret}");
    }

    #[test]
    fn folder_options_are_about_reading_and_suppression() {
        let cli = Cli::command();
        let check = cli.find_subcommand("import").unwrap();
        for name in OF_FOLDER.into_iter().filter(|name| *name != VALUES_TABLE) {
            let option = check.get_arguments().find(|option| option.get_long() == Some(name)).unwrap();
            let heading = option.get_help_heading().unwrap();
            assert!(matches!(heading, "Reading" | "Suppression"), "{name}: {heading}");
        }
    }
}
