//! One settings file. It is opened as carefully as an input, because anyone may have written it.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{VALUES_TABLE, WATCH_TABLES, names::check_names, shown};
use crate::{
    cli::error::CliError,
    private_file::{Unsafe, open_regular},
};

/// The maximum size of a settings file.
const MAX_BYTES: u64 = 1024 * 1024;

/// Options whose relative paths start from the folder of the file.
const FILES: [&str; 5] = ["token-file", "client-secret-file", "ca-file", "exclude-file", "existing"];

/// The options that a file in the current folder can set: how lists are read, and who else is suppressed. None of them sends
/// data anywhere, and none switches off suppression files or do-not-call columns.
pub(super) const OF_FOLDER: [&str; 19] = [
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
    "exclude-file",
    "exclude-list",
    "exclude-campaign",
];

/// Who controls a file, which decides what it can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Anyone who can put files into the current folder.
    Folder,
    /// The user: it is in the config folder, or was passed with `--config`.
    User,
}

/// The options of one file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) options: Table,
}

impl File {
    /// Reads a file, if there is one.
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
        // Not the error's own text: it quotes the line, which may hold what nobody should see.
        let mut options: Table = text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let reason = format!("line {}: {}", before.matches('\n').count() + 1, error.message());
            fail(&reason, Some(names.clone()))
        })?;
        check_names(&options).map_err(|reason| fail(&reason, Some(names)))?;
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
        place(&mut options, path.parent().unwrap_or(Path::new("")));
        Ok(Some(Self { path: path.to_owned(), options }))
    }
}

/// A reason why a file has no text.
enum Unread {
    Io(io::Error),
    /// The reason, and the way out for a file of this name.
    Refused(&'static str, fn(&str) -> String),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn text(path: &Path, owner: Owner) -> Result<String, Unread> {
    let file = match open_regular(path) {
        Ok(file) => file,
        Err(Unsafe::Io(error)) => return Err(Unread::Io(error)),
        Err(_) => {
            let what = |name: &str| format!("Remove {name}, or replace it with a file.");
            return Err(Unread::Refused("not a regular file", what));
        }
    };
    let metadata = file.metadata()?;
    if owner == Owner::User && anybody_may_write(&metadata) {
        let what = |name: &str| format!("Make it writable by its owner only: chmod go-w {name}");
        return Err(Unread::Refused("any user of this machine can change this file", what));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        let what = |name: &str| format!("Check whether {name} is meant for rollcall.");
        return Err(Unread::Refused("the file is larger than 1 MiB", what));
    }
    Ok(String::from_utf8(bytes).map_err(|_| io::Error::other("the text is not in UTF-8"))?)
}

#[cfg(unix)]
fn anybody_may_write(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    metadata.permissions().mode() & 0o002 != 0
}

#[cfg(not(unix))]
fn anybody_may_write(_: &fs::Metadata) -> bool {
    false
}

/// Makes relative paths start from `folder`.
fn place(options: &mut Table, folder: &Path) {
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
    place(options);
    if let Some(Value::Array(folders)) = options.get_mut(WATCH_TABLES) {
        for folder in folders.iter_mut().filter_map(Value::as_table_mut) {
            place(folder);
            folder.get_mut("dir").into_iter().for_each(below);
        }
    }
}
