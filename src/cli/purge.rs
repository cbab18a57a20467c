//! `rollcall purge`

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
};

use super::{
    args::PurgeArgs,
    config::ConfigFile,
    error::{CliError, exit},
    settings::{age, open_journal},
};
use crate::{
    contact::E164,
    journal::{Purge, Purged},
    normalize::phone::parse,
    report::{
        OutputFolder,
        terminal::{counted, printable},
    },
};

pub(super) fn run(args: &PurgeArgs, config: &ConfigFile) -> Result<u8, CliError> {
    let journal = open_journal(config.under(&args.state)?.state_dir)?;
    let purge = Purge {
        older_than: args.older_than.as_deref().map(age).transpose()?,
        account: args.account.clone(),
        run: args.run.clone(),
        number: args.number.as_deref().map(number).transpose()?,
    };
    let purged = journal.purge(&purge)?;
    // A closed pipe is no error.
    _ = io::stdout().write_all(described(&purged, purge.number)?.as_bytes());
    Ok(exit::OK)
}

fn number(text: &str) -> Result<E164, CliError> {
    let read = parse(text, None).ok();
    let whole = read.and_then(|read| E164::from_digits(&format!("{}{}", read.calling_code, read.national)));
    whole.ok_or_else(|| {
        CliError::usage(
            format!("--number: `{text}` is not a whole number with its country code"),
            "Write it whole, such as +919876543210.",
        )
    })
}

/// What is gone, and where people are named still.
fn described(purged: &Purged, number: Option<E164>) -> Result<String, CliError> {
    let mut text = format!(
        "Removed from the journal: {}, {} of existing contacts.\n",
        counted(purged.contacts, "contact"),
        counted(purged.readings, "snapshot"),
    );
    for run in &purged.open {
        // Writing to a string cannot fail.
        _ = writeln!(
            text,
            "Run {run} is not finished, so purge keeps its contacts. `rollcall resume {run}` finishes it."
        );
    }
    let mut folders = Vec::new();
    for run in &purged.runs {
        if !folders.contains(&run.folder) && holds(&run.folder, number)? {
            folders.push(run.folder.clone());
        }
    }
    if !folders.is_empty() {
        text.push_str("These folders still contain personal data. Delete them yourself:\n");
        for folder in folders {
            _ = writeln!(text, "  {}", printable(&folder.display().to_string()));
        }
    }
    Ok(text)
}

/// Whether the files of a run are still there, and name the person if one is asked about.
fn holds(folder: &Path, number: Option<E164>) -> Result<bool, CliError> {
    let Some(number) = number else {
        return Ok(OutputFolder::files(folder).iter().any(|path| path.exists()));
    };
    let digits = number.digits();
    for path in OutputFolder::files(folder) {
        let Ok(file) = File::open(&path) else { continue };
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(|error| {
                CliError::usage(
                    format!("{} cannot be read: {error}", path.display()),
                    "Look into it yourself.",
                )
            })?;
            if String::from_utf8_lossy(&line).contains(&*digits) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
