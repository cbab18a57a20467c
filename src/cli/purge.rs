//! `rollcall purge`

mod mention;

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    path::Path,
};

use self::mention::Mention;
use super::{
    args::PurgeArgs,
    config::ConfigFiles,
    error::{CliError, exit},
    printer::Printer,
    settings::{length_of_time, open_journal},
};
use crate::{
    contact::E164,
    journal::{Purge, Purged},
    normalize::phone::parse,
    quantity::counted,
    report::{OutputFolder, screen, terminal::printable},
};

pub(super) fn run(args: &PurgeArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    let journal = open_journal(config.under(&args.state)?.state_dir)?;
    let person = args.number.as_deref().map(number).transpose()?;
    let purge = Purge {
        older_than: args.older_than.as_deref().map(|age| length_of_time("older-than", age)).transpose()?,
        account: args.account.clone(),
        run: args.run.clone(),
        number: person.as_ref().map(|(number, _)| *number),
    };
    if let Some(id) = &purge.run
        && journal.run(id)?.is_none()
    {
        return Err(CliError::no_run(id));
    }
    let purged = journal.purge(&purge)?;
    if printer.is_quiet() {
        return Ok(exit::OK);
    }
    let text = screen::styled(&described(&purged, person.as_ref().map(|(_, mention)| mention)));
    // A closed pipe is not an error.
    _ = io::stdout().write_all(text.as_bytes());
    Ok(exit::OK)
}

/// Parses a person's number; also returns the digits to search for in files.
fn number(text: &str) -> Result<(E164, Mention), CliError> {
    let read = parse(text, None).ok();
    let whole = read.and_then(|read| {
        let number = E164::from_digits(&format!("{}{}", read.calling_code, read.national))?;
        Some((number, Mention::of(&read.national)))
    });
    whole.ok_or_else(|| {
        CliError::usage(
            format!("--number: `{text}` is not a full number with its country code"),
            "Use the full number, such as +919876543210.",
        )
    })
}

/// Describes what was removed, and which folders still contain personal data.
fn described(purged: &Purged, mention: Option<&Mention>) -> String {
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
        let run = printable(run);
        // Writing to a string cannot fail.
        _ = writeln!(
            text,
            "Run {run} is not finished, so purge keeps its contacts. `rollcall resume {run}` finishes it."
        );
    }
    let mut folders = Vec::new();
    for run in &purged.runs {
        if !folders.contains(&run.folder) && may_hold(&run.folder, mention) {
            folders.push(run.folder.clone());
        }
    }
    if !folders.is_empty() {
        text.push_str(
            "These folders of imports still contain personal data. Delete them yourself, and the lists and the folders of \
             `check` and `--dry-run`, which rollcall does not know:\n",
        );
        for folder in folders {
            _ = writeln!(text, "  {}", printable(&folder.display().to_string()));
        }
    }
    text
}

/// Returns whether the files of a run still exist and may name the person, if one is given.
fn may_hold(folder: &Path, mention: Option<&Mention>) -> bool {
    OutputFolder::files(folder).iter().any(|path| match mention {
        None => path.try_exists().unwrap_or(true),
        Some(mention) => mention.may_be_in(path),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn unreadable_file_may_name_the_person() {
        let folder = tempfile::tempdir().unwrap();
        let mention = Mention::of("9876543210");
        let may_hold = || [None, Some(&mention)].map(|mention| may_hold(folder.path(), mention));
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
