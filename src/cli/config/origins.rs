//! The origin of each option in force. An option that several places add to has several origins.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::Serialize;
use toml::{Table, Value};

use super::{
    ConfigFiles,
    layers::{Layers, adds_up, resolve},
    positions::{Position, Positions},
    shown, variable,
};
use crate::cli::error::CliError;

/// The options of one table of a file.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) file: PathBuf,
    /// The profile, if the table is one.
    pub(super) profile: Option<String>,
    pub(super) options: Table,
    pub(super) positions: Positions,
}

impl Source {
    /// Returns the place of a name in the table.
    pub(super) fn place(&self, path: &[String]) -> Place {
        Place {
            file: self.file.clone(),
            profile: self.profile.clone(),
            position: self.positions.get(path).or_else(|| self.hourly_rate(path)).unwrap_or_default(),
        }
    }

    /// An hourly `rate` counts as `rate-per-hour`, and has its position.
    fn hourly_rate(&self, path: &[String]) -> Option<Position> {
        let (name, tables) = path.split_last()?;
        let rate = [tables, &["rate".to_owned()]].concat();
        if name == "rate-per-hour" { self.positions.get(&rate) } else { None }
    }
}

/// A place in a settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Place {
    pub(in crate::cli) file: PathBuf,
    pub(in crate::cli) profile: Option<String>,
    pub(in crate::cli) position: Position,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", shown(&self.file), self.position.line)?;
        self.profile.iter().try_for_each(|profile| write!(out, " [profile.{profile}]"))
    }
}

/// The origin of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Origin {
    /// Nothing sets the option.
    Default,
    /// An option of the command line, with its dashes.
    Typed(String),
    /// A variable of the environment.
    Environment(String),
    File(Place),
}

impl Origin {
    /// Returns the file, if it is one.
    pub(in crate::cli) fn file(&self) -> Option<&Path> {
        if let Self::File(place) = self { Some(&place.file) } else { None }
    }

    /// Formats the origin without the line of a file.
    pub(in crate::cli) fn brief(&self) -> String {
        self.file().map_or_else(|| self.to_string(), shown)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::Typed(name) | Self::Environment(name) => out.write_str(name),
            Self::File(place) => place.fmt(out),
        }
    }
}

/// A value in force. A value of an option that adds up has an entry of its own.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Setting {
    /// The name of the option; for an alias, such as `values.country.Deutchland`.
    pub(in crate::cli) name: String,
    pub(in crate::cli) value: Value,
    pub(in crate::cli) origin: Origin,
}

/// The options of all places, weakest first, without those that stronger places replace.
pub(in crate::cli) struct Origins<'a> {
    files: Vec<(Table, &'a Source)>,
    environment: Table,
    typed: Table,
    config: &'a ConfigFiles,
}

impl ConfigFiles {
    /// Returns the origins of all options; `given` are those of the command line and the environment.
    pub(in crate::cli) fn origins(&self, given: &impl Serialize) -> Origins<'_> {
        let given = Table::try_from(given).unwrap_or_default();
        let Layers { mut environment, mut typed, .. } = Layers::new(&Table::new(), given, &self.given);
        environment.extend(self.secrets_of_environment());
        let mut files: Vec<(Table, &Source)> = self
            .sources
            .iter()
            .map(|source| {
                let mut options = source.options.clone();
                options.retain(|name, _| !self.given.is_off(name));
                (options, source)
            })
            .collect();
        let mut layers: Vec<&mut Table> = files.iter_mut().map(|(options, _)| options).collect();
        layers.extend([&mut environment, &mut typed]);
        resolve(&mut layers);
        Origins { files, environment, typed, config: self }
    }

    /// Adds the places of the options that a message about settings names, such as `--region`. Options of the command
    /// line and the environment need none.
    pub(in crate::cli) fn located(&self, error: CliError) -> CliError {
        let CliError::Usage { message, hint } = error else { return error };
        let is_letter = |letter: char| letter.is_ascii_lowercase() || letter == '-';
        let words = message.split(|letter: char| !is_letter(letter));
        let mut places: Vec<String> = Vec::new();
        for name in words.filter_map(|word| word.strip_prefix("--")) {
            if self.given.is_typed(name) || is_in_environment(name) {
                continue;
            }
            let source = self.sources.iter().rev().find(|source| source.options.contains_key(name));
            let Some(source) = source.filter(|source| !message.contains(&shown(&source.file))) else {
                continue;
            };
            let position = source.place(&[name.to_owned()]).position;
            let place = format!("{name}: {}, {position}", shown(&source.file));
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let message = if places.is_empty() { message } else { format!("{message} ({})", places.join("; ")) };
        CliError::Usage { message, hint }
    }

    /// Returns the place of the first option that cannot be read, with its reason.
    pub(super) fn misread<T: serde::de::DeserializeOwned>(&self, options: &Table) -> Option<(Place, String)> {
        options.iter().find_map(|(name, value)| {
            let alone = Table::from_iter([(name.clone(), value.clone())]);
            let error = T::deserialize(Value::Table(alone)).err()?;
            let source = self.sources.iter().rev().find(|source| source.options.contains_key(name))?;
            let reason = format!("`{name}`: {}", error.message());
            Some((source.place(std::slice::from_ref(name)), reason))
        })
    }
}

fn is_in_environment(name: &str) -> bool {
    std::env::var(variable(name)).is_ok_and(|value| !value.trim().is_empty())
}

impl Origins<'_> {
    /// Returns the strongest place that sets an option.
    pub(in crate::cli) fn of(&self, name: &str) -> Origin {
        self.strongest(|options| options.contains_key(name), &[name.to_owned()])
    }

    fn strongest(&self, sets: impl Fn(&Table) -> bool, path: &[String]) -> Origin {
        let name = path.first().map(String::as_str).unwrap_or_default();
        if self.config.given.is_off(name) {
            return Origin::Typed(format!("--{}", crate::cli::args::opposite(name)));
        }
        if sets(&self.typed) {
            return Origin::Typed(format!("--{name}"));
        }
        if sets(&self.environment) {
            return Origin::Environment(variable(name));
        }
        let file = self.files.iter().rev().find(|(options, _)| sets(options));
        file.map_or(Origin::Default, |(_, source)| Origin::File(source.place(path)))
    }

    /// Returns every value of the options in force with its origin, in order of the names.
    pub(in crate::cli) fn settings(&self, in_force: &impl Serialize) -> Vec<Setting> {
        let mut settings = Vec::new();
        for (name, value) in Table::try_from(in_force).unwrap_or_default() {
            match value {
                Value::Array(values) if adds_up(&name) => self.added(&name, &values, &mut settings),
                Value::Table(fields) => self.meanings(&name, &fields, &mut settings),
                value => settings.push(Setting { origin: self.of(&name), name, value }),
            }
        }
        settings
    }

    /// Adds the values of an option that several places add to, weakest place first.
    fn added(&self, name: &str, in_force: &[Value], settings: &mut Vec<Setting>) {
        let path = [name.to_owned()];
        let files = self.files.iter().map(|(options, source)| (options, Origin::File(source.place(&path))));
        let given = [
            (&self.environment, Origin::Environment(variable(name))),
            (&self.typed, Origin::Typed(format!("--{name}"))),
        ];
        let mut left = in_force.to_vec();
        // The strongest place first: a replaced mapping may be equal to the one that replaces it.
        let mut found = Vec::new();
        for (options, origin) in files.chain(given).collect::<Vec<_>>().into_iter().rev() {
            let values = options.get(name).and_then(Value::as_array);
            for value in values.into_iter().flatten().rev() {
                if let Some(at) = left.iter().rposition(|left| left == value) {
                    left.remove(at);
                    found.push(Setting {
                        name: name.to_owned(),
                        value: value.clone(),
                        origin: origin.clone(),
                    });
                }
            }
        }
        found.reverse();
        settings.extend(found);
    }

    /// Adds the values with a meaning, which are in a table for each field.
    fn meanings(&self, name: &str, fields: &Table, settings: &mut Vec<Setting>) {
        for (field, values) in fields {
            for (spelled, meaning) in values.as_table().into_iter().flatten() {
                let sets = |options: &Table| {
                    let values = options.get(name).and_then(|fields| fields.get(field));
                    values.is_some_and(|values| values.get(spelled).is_some())
                };
                let path = [name, field, spelled].map(str::to_owned);
                let origin = self.strongest(sets, &path);
                settings.push(Setting { name: path.join("."), value: meaning.clone(), origin });
            }
        }
    }
}
