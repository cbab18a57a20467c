//! `rollcall purge`

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
};

use super::{
    args::PurgeArgs,
    config::ConfigFile,
    error::{CliError, exit},
    settings::{length_of_time, open_journal},
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
        older_than: args.older_than.as_deref().map(|age| length_of_time("older-than", age)).transpose()?,
        account: args.account.clone(),
        run: args.run.clone(),
        number: args.number.as_deref().map(number).transpose()?,
    };
    if let Some(id) = &purge.run
        && journal.run(id)?.is_none()
    {
        return Err(CliError::usage(format!("there is no run {id}"), "`rollcall runs` lists them."));
    }
    let purged = journal.purge(&purge)?;
    // A closed pipe is no error.
    _ = io::stdout().write_all(described(&purged, purge.number).as_bytes());
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
fn described(purged: &Purged, number: Option<E164>) -> String {
    let mut text = format!(
        "Removed from the journal: {}, {} of existing contacts.\n",
        counted(purged.contacts, "contact"),
        counted(purged.readings, "snapshot"),
    );
    if purged.is_blocked {
        text.push_str(
            "Another program is using the journal, so its files still contain what was removed. End that program, then run \
             `rollcall runs`, which clears them.\n",
        );
    }
    for run in &purged.open {
        // Writing to a string cannot fail.
        _ = writeln!(
            text,
            "Run {run} is not finished, so purge keeps its contacts. `rollcall resume {run}` finishes it."
        );
    }
    let mut folders = Vec::new();
    for run in &purged.runs {
        if !folders.contains(&run.folder) && may_hold(&run.folder, number) {
            folders.push(run.folder.clone());
        }
    }
    if !folders.is_empty() {
        text.push_str("These folders still contain personal data. Delete them yourself:\n");
        for folder in folders {
            _ = writeln!(text, "  {}", printable(&folder.display().to_string()));
        }
    }
    text
}

/// Whether the files of a run are still there, and may name the person if one is asked about: a file that cannot be read may.
fn may_hold(folder: &Path, number: Option<E164>) -> bool {
    let is_named_in = |path: PathBuf| match number {
        None => path.try_exists().unwrap_or(true),
        Some(number) => match File::open(path) {
            Ok(file) => is_in(file, &number.digits()).unwrap_or(true),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        },
    };
    OutputFolder::files(folder).into_iter().any(is_named_in)
}

/// Whether the lines of a file contain these digits.
fn is_in(file: File, digits: &str) -> io::Result<bool> {
    for line in BufReader::new(file).split(b'\n') {
        if String::from_utf8_lossy(&line?).contains(digits) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_may_name_the_person() {
        let folder = tempfile::tempdir().unwrap();
        let asked = [None, Some(E164::from_digits("919876543210").unwrap())];
        let may_hold = || asked.map(|number| may_hold(folder.path(), number));
        assert_eq!(may_hold(), [false, false], "there is none");
        let path = folder.path().join("rejected.csv");
        fs::write(&path, "row,number\n2,919876543211\n").unwrap();
        assert_eq!(may_hold(), [true, false]);
        fs::write(&path, "row,number\n2,+919876543210\n").unwrap();
        assert_eq!(may_hold(), [true, true]);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(may_hold(), [true, true], "a folder cannot be read");
        #[cfg(unix)]
        {
            fs::remove_dir(&path).unwrap();
            std::os::unix::fs::symlink(&path, &path).unwrap();
            assert_eq!(may_hold(), [true, true], "a link to itself cannot be opened");
        }
    }
}
