//! `rollcall.toml`: the same options as on the command line, under the same names.
//!
//! The command line takes precedence over the environment, then the file in the current folder, then the file in the
//! user's config folder. A folder may have been downloaded together with a list, so its file can set how lists are
//! read and whom to suppress, but nothing that decides where contacts and credentials go. `--config FILE` replaces
//! both files. The same order decides between options that exclude each other. A profile is a table with further options;
//! it takes precedence over the rest of its file.

mod environment;
mod file;
mod given;
mod layers;
mod mapping;
mod misplaced;
mod names;
mod origins;
mod platform;
mod positions;
mod profile;
pub(super) mod show;

use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use serde::{Serialize, de::DeserializeOwned};
use toml::{Table, Value};

#[cfg(test)]
pub(super) use self::file::OF_FOLDER;
pub(super) use self::{
    environment::variable,
    given::Given,
    origins::{Origin, Origins, Setting},
    platform::Platform,
    profile::profiles,
};
use self::{
    file::{File, Owner, USER_FIRST},
    layers::{Layers, over, resolve},
    origins::Source,
};
use super::{args::ReadingOptions, error::CliError};
use crate::report::terminal::printable;

/// The file's name.
const NAME: &str = "rollcall.toml";

/// Options that belong to the sandbox's own command.
pub(super) const SANDBOX_TABLE: &str = "sandbox-server";

/// Meanings of values, in a table for each field.
const VALUES_TABLE: &str = "values";

/// Mappings for files with certain headers, each a table.
pub(super) const MAPPING_TABLES: &str = "mapping";

/// Watched folders, each a table with options of its own.
pub(super) const WATCH_TABLES: &str = "watch";

/// Sets of options to choose from, in a table for each name.
pub(super) const PROFILE_TABLES: &str = "profile";

/// The merged options of all files in use; empty if there are none.
#[derive(Clone, Debug, Default)]
pub(super) struct ConfigFiles {
    /// The files in use, highest priority first.
    paths: Vec<PathBuf>,
    /// The file passed with `--config`.
    named: Option<PathBuf>,
    options: Table,
    /// The options without those of the current folder's file, if there is one.
    without_folder: Option<Table>,
    /// The same options by place, lowest priority first.
    sources: Vec<Source>,
    /// The selected profile.
    profile: Option<String>,
    /// Whether secrets of the environment do not count.
    ignores_secrets: bool,
    /// The typed options, which decide between options that exclude each other.
    given: Given,
}

impl ConfigFiles {
    /// Reads the file passed with `--config`. Without one, merges the file in the current folder over the user's
    /// file. A `profile` must be in the file of the user.
    pub(super) fn load(named: Option<&Path>, profile: Option<&str>, given: Given) -> Result<Self, CliError> {
        let profile = profile.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
        let mut files = Self { named: named.map(Path::to_owned), profile, given, ..Self::default() };
        if let Some(path) = named {
            let file = File::read(path, Owner::Named)?.ok_or_else(|| {
                CliError::usage(
                    format!("there is no settings file {}", shown(path)),
                    "Check the path of --config.",
                )
            })?;
            files.add_own(Some(file))?;
            return Ok(files);
        }
        let user = user_file();
        files.add_own(user.as_deref().map(|user| File::read(user, Owner::User)).transpose()?.flatten())?;
        let whole = |path: &Path| path.canonicalize().ok();
        let here = Path::new(NAME);
        // In the config folder itself, both paths are the same file.
        if (files.paths.is_empty() || user.as_deref().and_then(whole) != whole(here))
            && let Some(mut file) = File::read(here, Owner::Folder)?
        {
            for name in USER_FIRST.iter().filter(|name| files.options.contains_key(**name)) {
                file.options.remove(*name);
            }
            files.without_folder = Some(files.options.clone());
            files.add(file);
        }
        Ok(files)
    }

    /// Reads the same files again.
    pub(super) fn reload(&self) -> Result<Self, CliError> {
        if let Some(named) = self.named.as_deref().filter(|named| file::is_pipe(named)) {
            return Err(CliError::usage(
                format!("{} is a pipe, which can be read once", shown(named)),
                "Name a file with --config, or start the service again.",
            ));
        }
        Self::load(self.named.as_deref(), self.profile.as_deref(), self.given.clone())
    }

    /// Adds the file of the user, with the selected profile.
    fn add_own(&mut self, file: Option<File>) -> Result<(), CliError> {
        let profiles = file.as_ref().map(|file| file.profiles.clone()).unwrap_or_default();
        let path = file.as_ref().map(|file| file.path.clone()).unwrap_or_default();
        let positions = file.as_ref().map(|file| file.positions.clone()).unwrap_or_default();
        if let Some(file) = file {
            self.add(file);
        }
        let Some(name) = self.profile.clone() else { return Ok(()) };
        let Some(Value::Table(options)) = profiles.get(&name).cloned() else {
            return Err(self.no_profile(&name, &profiles));
        };
        let positions = positions.below(&[PROFILE_TABLES.to_owned(), name.clone()]);
        self.add_table(Source { file: path, profile: Some(name), options, positions });
        Ok(())
    }

    /// Adds a file of higher priority, without its profiles.
    fn add(&mut self, file: File) {
        let File { path, options, positions, .. } = file;
        self.paths.insert(0, path.clone());
        self.add_table(Source { file: path, profile: None, options, positions });
    }

    /// Adds a table of higher priority. A table of the same file with an account of its own does not use the sandbox of
    /// the rest of the file.
    fn add_table(&mut self, source: Source) {
        if platform::has_account(&source.options) && !layers::is_set(&source.options, "sandbox") {
            self.options.remove("sandbox");
            for weaker in &mut self.sources {
                weaker.options.remove("sandbox");
            }
        }
        let mut options = source.options.clone();
        resolve(&mut [&mut self.options, &mut options]);
        self.options = over(&self.options, options);
        self.sources.push(source);
    }

    /// The files in use, highest priority first.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Returns the file of the user to add settings to: the one passed with `--config`, else the one in the config
    /// folder, which may not exist yet. `None` if that is a pipe.
    pub(super) fn target(&self) -> Option<PathBuf> {
        match &self.named {
            Some(named) => Some(named.clone()).filter(|named| !file::is_pipe(named)),
            None => user_file(),
        }
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

    /// The selected profile.
    pub(super) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Returns the file with the highest priority that sets this option.
    pub(super) fn origin(&self, name: &str) -> Option<&Path> {
        let source = self.sources.iter().rev().find(|source| source.options.contains_key(name));
        source.map(|source| source.file.as_path())
    }

    /// Returns the names of the options that the files set, without those typed.
    pub(super) fn names_of_options(&self) -> impl Iterator<Item = &str> {
        let names = self.options.keys().map(String::as_str);
        names.filter(|name| !self.given.is_typed(name) && !self.given.is_off(name))
    }

    /// Returns the files reduced to one option. `no-header` keeps `map`, which it requires.
    pub(super) fn only(&self, name: &str) -> Self {
        let mut only = self.clone();
        only.options.retain(|other, _| other == name || (name == "no-header" && other == "map"));
        only
    }

    /// Returns the watched folders, each with its table merged over the file's options.
    pub(super) fn watched(&self) -> Vec<(PathBuf, Self)> {
        let mut common = self.options.clone();
        let tables = common.remove(WATCH_TABLES);
        let tables =
            tables.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
        let file = self.sources.iter().rev().find(|source| source.options.contains_key(WATCH_TABLES));
        let own = |(index, table): (usize, &Table)| {
            let mut table = table.clone();
            let dir = table.remove("dir").and_then(|dir| dir.as_str().map(PathBuf::from)).unwrap_or_default();
            let mut watched = Self { options: common.clone(), ..self.clone() };
            watched.add_table(Source {
                file: file.map(|source| source.file.clone()).unwrap_or_default(),
                profile: None,
                options: table,
                positions: file
                    .map(|source| source.positions.below(&[WATCH_TABLES.to_owned(), index.to_string()]))
                    .unwrap_or_default(),
            });
            (dir, watched)
        };
        tables.enumerate().map(own).collect()
    }

    /// Returns the files without their watched folders.
    pub(super) fn without_watched(&self) -> Self {
        let mut files = self.clone();
        files.options.remove(WATCH_TABLES);
        files
    }

    /// Merges the typed options over those of the files.
    pub(super) fn under<T: Serialize + DeserializeOwned>(&self, typed: &T) -> Result<T, CliError> {
        self.merge(&self.options, typed)
    }

    /// Merges the typed options over those of the files that belong to the user. `None` if there is no other file.
    ///
    /// The current folder's file can say how its lists are read, but must not change how the user's suppression files are
    /// read.
    pub(super) fn under_own<T: Serialize + DeserializeOwned>(
        &self,
        typed: &T,
    ) -> Result<Option<T>, CliError> {
        self.without_folder.as_ref().map(|options| self.merge(options, typed)).transpose()
    }

    /// Returns the typed region, else the one from the files.
    pub(super) fn region(&self, typed: Option<&str>) -> Result<Option<String>, CliError> {
        let typed = ReadingOptions { region: typed.map(str::to_owned), ..ReadingOptions::default() };
        Ok(self.under(&typed)?.region)
    }

    /// Merges the sandbox command's typed options over those of the files.
    pub(super) fn sandbox_under<T: Serialize + DeserializeOwned>(&self, typed: &T) -> Result<T, CliError> {
        let none = Table::new();
        let options = self.options.get(SANDBOX_TABLE).and_then(Value::as_table);
        self.merge(options.unwrap_or(&none), typed)
    }

    fn merge<T: Serialize + DeserializeOwned>(&self, options: &Table, typed: &T) -> Result<T, CliError> {
        self.read(&Layers::new(options, Table::try_from(typed).unwrap_or_default(), &self.given).resolved())
    }

    fn read<T: DeserializeOwned>(&self, options: &Table) -> Result<T, CliError> {
        options.clone().try_into().map_err(|error: toml::de::Error| {
            let (place, reason) = match self.misread::<T>(options) {
                Some((place, reason)) => (format!("{}: {}", shown(&place.file), place.position), reason),
                None => (self.described().unwrap_or_default(), error.to_string()),
            };
            let reason = reason.trim_end().replace('\n', " ");
            CliError::usage(
                format!("{place}: {}", printable(&reason)),
                "Correct the value; `rollcall import --help` lists the options with their values.",
            )
        })
    }
}

/// The path of the user's settings file; `None` if the user has no home.
pub(super) fn user_file() -> Option<PathBuf> {
    ProjectDirs::from("", "", "rollcall").map(|folders| folders.config_dir().join(NAME))
}

/// Formats a path without control characters.
fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{names::Catalog, *};
    use crate::cli::args::{
        ApiOption, ExcludeFileOptions, ExcludeOptions, ExistingOptions, ExportOptions, FilterChoice,
        JsonOption, OnceOption, OutputOptions, PageSizeOption, PlatformOptions, PostingOptions,
        PrinterOptions, RequestOptions, SandboxOptions, StateOptions, TYPED_ONLY, WatchOptions, command,
    };

    /// Parses a command line.
    fn given(line: &[&str]) -> (clap::ArgMatches, Given) {
        let matches = command().try_get_matches_from([&["rollcall"], line].concat()).unwrap();
        let matches = matches.subcommand().unwrap().1.clone();
        let given = Given::new(&matches);
        (matches, given)
    }

    /// Returns the options in force for a file and a command line.
    fn in_force<T: clap::FromArgMatches + Serialize + DeserializeOwned>(text: &str, line: &[&str]) -> T {
        let (matches, given) = given(line);
        let files = ConfigFiles { given, ..file(text).unwrap() };
        files.under(&T::from_arg_matches(&matches).unwrap()).unwrap()
    }

    fn file(text: &str) -> Result<ConfigFiles, CliError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, text).unwrap();
        ConfigFiles::load(Some(&path), None, Given::default())
    }

    #[test]
    fn command_line_takes_precedence_over_the_config_file() {
        let file = file("region = \"IN\"\nkeep = \"last\"\nno-header = true\nsheet = 2\n").unwrap();
        let typed = ReadingOptions { region: Some("GB".to_owned()), ..ReadingOptions::default() };
        let merged = file.under(&typed).unwrap();
        assert_eq!(merged.region.as_deref(), Some("GB"));
        assert_eq!(merged.sheet.as_deref(), Some("2"));
        assert!(merged.no_header && merged.keep.is_some());
    }

    #[test]
    fn empty_variable_does_not_hide_the_file() {
        let file = file("state-dir = \"/state\"\n").unwrap();
        let empty = StateOptions { state_dir: Some(PathBuf::new()) };
        assert_eq!(file.under(&empty).unwrap().state_dir, Some("/state".into()));
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
    fn one_suppression_file_without_brackets_is_added_too() {
        let file =
            file("exclude-list = \"cl-1\"\ncampaign-filter = \"attempted\"\nexclude-campaign = \"c\"\n")
                .unwrap();
        let typed = ExcludeOptions { exclude_list: vec!["cl-2".to_owned()], ..ExcludeOptions::default() };
        let merged = file.under(&typed).unwrap();
        assert_eq!(merged.exclude_list, ["cl-1", "cl-2"]);
        assert_eq!(merged.campaign_filter, [FilterChoice::Attempted]);
    }

    #[test]
    fn typed_option_replaces_an_exclusive_option_of_the_file() {
        let printer = |text: &str, line: &[&str]| {
            let options: PrinterOptions = in_force(text, &[&["check", "list.csv"], line].concat());
            (options.quiet, options.verbose)
        };
        assert_eq!(printer("quiet = true", &["-vv"]), (false, 2));
        assert_eq!(printer("verbose = 2", &["-q"]), (true, 0));
        assert_eq!(printer("quiet = true", &[]), (true, 0));
        let existing = |text: &str, line: &[&str]| {
            let options: ExistingOptions = in_force(text, &[&["import", "list.csv"], line].concat());
            (options.existing.is_some(), options.refresh)
        };
        assert_eq!(existing("existing = \"a\"", &["--refresh"]), (false, true));
        assert_eq!(existing("refresh = true", &["--existing", "a"]), (true, false));
        assert_eq!(existing("existing = \"a\"\nrefresh = true", &[]), (true, true), "refused later");
    }

    #[test]
    fn command_line_turns_off_switches_of_the_file() {
        let reading = |line: &[&str]| {
            let text = "no-header = true\ndrop-extensions = true\n";
            let options: ReadingOptions = in_force(text, &[&["check", "list.csv"], line].concat());
            (options.no_header, options.drop_extensions)
        };
        assert_eq!(reading(&[]), (true, true));
        assert_eq!(reading(&["--header"]), (false, true));
        assert_eq!(reading(&["--no-drop-extensions"]), (true, false));
        let printer: PrinterOptions = in_force("quiet = true\n", &["--no-quiet", "check", "list.csv"]);
        assert!(!printer.quiet);
        let filter: ExcludeOptions = in_force("campaign-filter = \"attempted\"", &["import", "list.csv"]);
        assert!(filter.campaign_filter.is_empty(), "it means nothing without a campaign");
    }

    #[test]
    fn watched_folder_replaces_exclusive_options() {
        let text = "client-id = \"c\"\nclient-secret-file = \"s\"\nrefresh = true\n\
                    [[watch]]\ndir = \"a\"\ntoken-file = \"t\"\nexisting = \"e\"\n";
        let watched = file(text).unwrap().watched();
        let names: Vec<&str> = watched[0].1.options.keys().map(String::as_str).collect();
        assert_eq!(names, ["existing", "token-file"]);
    }

    #[test]
    fn watched_folder_with_an_account_does_not_use_the_sandbox_of_the_file() {
        let text = "sandbox = true\n[[watch]]\ndir = \"a\"\nhost = \"h\"\n[[watch]]\ndir = \"b\"\n";
        let has_sandbox: Vec<bool> = file(text)
            .unwrap()
            .watched()
            .iter()
            .map(|(_, own)| own.options.contains_key("sandbox"))
            .collect();
        assert_eq!(has_sandbox, [false, true]);
    }

    #[test]
    fn typed_account_replaces_the_sandbox_of_a_file() {
        let platform = |text: &str, line: &[&str]| {
            let (matches, given) = given(&[&["import", "list.csv"], line].concat());
            let files = ConfigFiles { given, ..file(text).unwrap() };
            let typed = <PlatformOptions as clap::FromArgMatches>::from_arg_matches(&matches).unwrap();
            let platform = files.platform(&typed).unwrap();
            let refusal = platform.refusal.map(|refusal| refusal.to_string()).unwrap_or_default();
            (platform.options.sandbox, refusal, platform.unused.unwrap_or_default())
        };
        let none = String::new;
        assert_eq!(platform("sandbox = true", &[]), (true, none(), none()));
        for typed in ["--host", "--stream-id", "--account-id", "--client-id", "--token-file", "--ca-file"] {
            assert_eq!(platform("sandbox = true", &[typed, "x"]), (false, none(), none()), "{typed}");
        }
        let (is_sandbox, refusal, _) = platform("", &["--sandbox", "--host", "x", "--token-file", "t"]);
        assert!(is_sandbox && refusal.ends_with("cannot be combined with --host, --token-file"), "{refusal}");
        let (is_sandbox, refusal, unused) = platform("host = \"x\"\n", &["--sandbox"]);
        assert_eq!((is_sandbox, refusal), (true, none()));
        assert!(unused.contains("these settings are not used: host in /"), "{unused}");
        assert_eq!(platform("sandbox = true", &["--no-sandbox"]), (false, none(), none()));
        let (.., unused) = platform("sandbox = true\nhost = \"x\"\n", &[]);
        assert!(unused.contains("--no-sandbox uses the account"), "{unused}");
    }

    /// An option that is accepted but not read would silently do nothing.
    #[test]
    fn every_option_of_every_command_is_read_from_a_file() {
        fn is_read<T: Default + Serialize + DeserializeOwned>(files: &ConfigFiles) -> bool {
            files.under(&T::default()).is_err()
        }
        let commands = command();
        let commands = std::iter::once(&commands).chain(commands.get_subcommands());
        let mut checked = 0;
        for command in commands.filter(|command| command.get_name() != "sandbox") {
            let names =
                command.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(clap::Arg::get_long);
            for name in names {
                if TYPED_ONLY.iter().any(|(typed_only, _)| *typed_only == name) {
                    continue;
                }
                // No option accepts a list in a list.
                let text =
                    format!("{name} = [[]]\nschedule = \"x\"\nexport = \"x\"\nexclude-campaign = \"x\"\n");
                let text = if text.matches(&format!("{name} = ")).count() > 1 {
                    format!("{name} = [[]]\n")
                } else {
                    text
                };
                let files = file(&text).unwrap_or_else(|error| panic!("{error}"));
                let is_known = is_read::<PrinterOptions>(&files)
                    || is_read::<ReadingOptions>(&files)
                    || is_read::<PlatformOptions>(&files)
                    || is_read::<PostingOptions>(&files)
                    || is_read::<RequestOptions>(&files)
                    || is_read::<ExcludeFileOptions>(&files)
                    || is_read::<ExcludeOptions>(&files)
                    || is_read::<ApiOption>(&files)
                    || is_read::<ExistingOptions>(&files)
                    || is_read::<OutputOptions>(&files)
                    || is_read::<ExportOptions>(&files)
                    || is_read::<StateOptions>(&files)
                    || is_read::<JsonOption>(&files)
                    || is_read::<OnceOption>(&files)
                    || is_read::<PageSizeOption>(&files)
                    || is_read::<WatchOptions>(&files);
                assert!(is_known, "--{name} of {}", command.get_name());
                checked += 1;
            }
        }
        assert!(checked > 60, "{checked}");
        for name in ["json", "once", "page-size", "status", "keep-days"] {
            let table = format!("{name} = 1\n").parse().unwrap();
            Catalog::new().check_names(&table).unwrap();
        }
    }

    #[test]
    fn sandbox_options_have_their_own_table() {
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
        assert!(message("regoin = \"IN\"").ends_with("there is no option `regoin`; did you mean `region`?"));
        assert!(message("client-secret = \"x\"").contains("there is no option `client-secret`"));
        assert!(message("keep = \"middle\"").contains("unknown variant `middle`"));
        assert!(message("list = \"l-1\"").contains("`list` cannot be set in a file"));
        assert!(message("region = ").contains("rollcall.toml"));
    }

    #[test]
    fn files_are_joined_option_by_option() {
        let weaker = file(
            "region = \"IN\"\nkeep = \"last\"\nexclude-list = [\"cl-1\"]\n[values.country]\nA = \"DE\"\nB = \"FR\"\n",
        );
        let text = "region = \"GB\"\nexclude-list = [\"cl-2\"]\n[values.country]\nA = \"AT\"\n";
        let stronger = File { path: "stronger".into(), options: text.parse().unwrap(), ..File::default() };
        let mut files = weaker.unwrap();
        files.add(stronger);
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
        let refused = |kind: &str, host: &str, client_id: Option<&str>| {
            let file = file(&format!("host = \"https://a.example.com\"\n{kind} = \"x\"\n")).unwrap();
            let (host, client_id) = (Some(host.to_owned()), client_id.map(str::to_owned));
            let typed = PlatformOptions { host, client_id, ..PlatformOptions::default() };
            file.under_platform(&typed).err().map(|error| error.to_string())
        };
        let (token, secret) = ("token-file", "client-secret-file");
        for host in ["https://A.example.com/", "https://a.example.com:443"] {
            assert_eq!(refused(token, host, None), None, "{host}");
        }
        assert!(refused(token, "https://b.example.com", None).unwrap().contains("but the token comes from"));
        // The client id replaces the token, not the secret.
        assert_eq!(refused(token, "https://b.example.com", Some("cs-1")), None);
        let secret = refused(secret, "https://b.example.com", Some("cs-1")).unwrap();
        assert!(secret.contains("but the client secret comes from"), "{secret}");
    }

    #[test]
    fn two_kinds_of_credentials_in_one_source_are_refused() {
        let file = file("token-file = \"t\"\nclient-id = \"c\"\n").unwrap();
        let refusal = file.platform(&PlatformOptions::default()).unwrap().refusal.unwrap().to_string();
        assert!(
            refusal.contains("both an access token and an app's client id or secret are given in /"),
            "{refusal}"
        );
    }

    #[test]
    fn folder_options_are_about_reading_and_suppression() {
        let cli = command();
        let check = cli.find_subcommand("import").unwrap();
        for name in OF_FOLDER.into_iter().filter(|name| ![VALUES_TABLE, MAPPING_TABLES].contains(name)) {
            let option = check.get_arguments().find(|option| option.get_long() == Some(name)).unwrap();
            let heading = option.get_help_heading().unwrap();
            assert!(matches!(heading, "Reading" | "Suppression"), "{name}: {heading}");
        }
    }
}
