//! One settings file, opened as carefully as an input, because anyone may have written it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{
    MAPPING_TABLES, PROFILE_TABLES, VALUES_TABLE, mapping,
    names::Catalog,
    positions::{Position, Positions},
    shown,
};
use crate::{
    cli::error::CliError,
    private_file::{Unsafe, read_named_settings, read_own_settings, read_regular},
};

/// The maximum size of a settings file.
const MAX_BYTES: u64 = 1024 * 1024;

/// The options that a file in the current folder can set: how lists are read, and what else to suppress. None of them
/// sends data anywhere or turns off suppression files or do-not-call columns.
pub(in crate::cli) const OF_FOLDER: [&str; 20] = [
    "region",
    "sheet",
    "format",
    "delimiter",
    "encoding",
    "map",
    "no-header",
    "accept",
    "types",
    "default-salutation",
    "default-last-name",
    "split-names",
    "drop-extensions",
    "keep",
    "hidden-rows",
    VALUES_TABLE,
    MAPPING_TABLES,
    "exclude-file",
    "exclude-list",
    "exclude-campaign",
];

/// Options for which the user's file takes precedence over a folder's file. They decide which rows pass, so a
/// folder's file could otherwise allow calls that the user prevents. The other options describe the folder's lists.
pub(super) const USER_FIRST: [&str; 6] =
    ["accept", "types", "drop-extensions", "split-names", "hidden-rows", "no-header"];

/// The person who controls a file, which decides the options that it can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Anyone who can put files into the current folder.
    Folder,
    /// The user, because the file is in the config folder.
    User,
    /// The user, who passed it with `--config`.
    Named,
}

/// The options of one file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) options: Table,
    /// Tables with the same options, by name.
    pub(super) profiles: Table,
    pub(super) positions: Positions,
}

impl File {
    /// Reads a file; `None` if it does not exist.
    pub(super) fn read(path: &Path, owner: Owner) -> Result<Option<Self>, CliError> {
        let fail = |reason: &str, hint: Option<String>| CliError::Usage {
            message: format!("{}: {}", shown(path), reason.trim_end()),
            hint,
        };
        let text = match text(path, owner) {
            Ok(text) => text,
            Err(Unread::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(Unread::Io(error)) => return Err(fail(&error.to_string(), None)),
            Err(Unread::Refused(reason, hint)) => return Err(fail(reason, Some(hint(&shown(path))))),
        };
        let names = "Options have the names of the command line, without the dashes in front.".to_owned();
        // The error's own text quotes the line, which may contain a secret.
        let mut options: Table = text.parse().map_err(|error: toml::de::Error| {
            let start = error.span().map_or(text.len(), |span| span.start);
            let reason = format!("{}: {}", Position::of(&text, start), error.message());
            fail(&reason, Some("Check the line: texts need quotes, and lists need brackets.".to_owned()))
        })?;
        let catalog = Catalog::new();
        let positions = Positions::new(&text);
        catalog.check_names(&options).map_err(|problem| {
            let position = positions.get(&problem.path).map(|position| format!("{position}: "));
            let reason = position.unwrap_or_default() + &problem.reason;
            fail(&reason, Some(problem.hint.map_or(names, str::to_owned)))
        })?;
        if owner == Owner::Folder {
            let refused: Vec<String> = options
                .keys()
                .filter(|name| !OF_FOLDER.contains(&name.as_str()))
                .map(|name| format!("`{name}`"))
                .collect();
            if !refused.is_empty() {
                return Err(fail(
                    &format!(
                        "not allowed in a folder's settings: {}. The file may come from someone else, together with the list",
                        refused.join(", ")
                    ),
                    Some(format!(
                        "Move it to rollcall.toml in your config folder. If you trust this file, pass it: --config {}. \
                         A folder's file can set reading options and suppression only.",
                        shown(path)
                    )),
                ));
            }
        }
        // Pipes and standard input have no folder.
        let folder = path
            .parent()
            .filter(|folder| !is_pipe(path) && !folder.starts_with("/dev") && !folder.starts_with("/proc"));
        let folder = folder.unwrap_or(Path::new(""));
        without_empty(&mut options);
        catalog.normalize(&mut options, folder);
        mapping::normalize(&mut options, path);
        let profiles = match options.remove(PROFILE_TABLES) {
            Some(Value::Table(profiles)) => profiles,
            _ => Table::new(),
        };
        Ok(Some(Self { path: path.to_owned(), options, profiles, positions }))
    }
}

/// Removes options that are empty texts, in tables, too: they count as not set.
fn without_empty(options: &mut Table) {
    options.retain(|_, value| value.as_str().is_none_or(|text| !text.trim().is_empty()));
    for value in options.iter_mut().filter(|(name, _)| *name != VALUES_TABLE).map(|(_, value)| value) {
        match value {
            Value::Table(table) => without_empty(table),
            Value::Array(values) => values.iter_mut().filter_map(Value::as_table_mut).for_each(without_empty),
            _ => {}
        }
    }
}

/// The reason why a file's text cannot be used.
enum Unread {
    Io(io::Error),
    /// The reason, and a function that returns the hint for a file name.
    Refused(&'static str, fn(&str) -> String),
}

/// Returns the text of a file. Files found by their name must meet stricter rules than files passed with `--config`.
fn text(path: &Path, owner: Owner) -> Result<String, Unread> {
    let read = match owner {
        Owner::Folder => read_regular,
        Owner::User => read_own_settings,
        Owner::Named => read_named_settings,
    };
    let bytes = read(path, MAX_BYTES).map_err(|problem| match problem {
        Unsafe::Io(error) => Unread::Io(error),
        Unsafe::TooLarge(_) => Unread::Refused("the file is larger than 1 MiB", |name| {
            format!("Check whether {name} is meant for rollcall.")
        }),
        Unsafe::Open { .. } => Unread::Refused("any user of this machine can change this file", |name| {
            format!("Make it writable by its owner only: chmod go-w {name}")
        }),
        Unsafe::OtherOwner(_) if owner == Owner::User => {
            Unread::Refused("the file belongs to another user of this machine", |name| {
                format!("Make it your own, or pass it if you trust it: --config {name}")
            })
        }
        Unsafe::OtherOwner(_) => {
            Unread::Refused("the pipe belongs to another user of this machine", |_| "Pass a file.".to_owned())
        }
        _ if owner == Owner::Named => {
            Unread::Refused("not a regular file", |_| "Name a settings file with --config.".to_owned())
        }
        _ => {
            Unread::Refused("not a regular file", |name| format!("Remove {name}, or replace it with a file."))
        }
    })?;
    String::from_utf8(bytes).map_err(|_| Unread::Io(io::Error::other("the text is not in UTF-8")))
}

/// Returns whether a path is a pipe, such as the shell creates for `<(command)`.
#[cfg(unix)]
pub(super) fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;

    fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

#[cfg(not(unix))]
pub(super) fn is_pipe(_: &Path) -> bool {
    false
}
