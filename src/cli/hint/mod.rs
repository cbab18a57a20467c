//! What to do about each error. Only this module knows the options and files that a hint may name.

use std::fmt::Write as _;

mod input;
mod platform;

use super::error::CliError;
#[cfg(unix)]
use crate::watch::WatchError;
use crate::{
    journal::JournalError,
    normalize::aliases::AliasError,
    pipeline::PipelineError,
    report::{ReportError, terminal::printable},
    sandbox::SandboxError,
};

use self::input::of as of_input;
pub(super) use self::{input::shell_quoted, platform::of_platform};

/// The hint for unreadable entries of suppression lists.
const UNREAD: &str = "Nothing was posted. If numbers lack their country, name it with --region. If digits are masked or missing, get the list with all digits, or fix it: `rollcall fetch` writes a list of the platform \
     to a file for --exclude-file. To import anyway, allow that many entries with --allow-unreadable-suppressions. Then an entry \
     masked only in its middle suppresses every number that matches it; the other entries suppress nobody.";

/// Returns what to do about an error, if there is more to say than the message does.
pub(super) fn of(error: &CliError) -> Option<String> {
    let hint = match error {
        CliError::Usage { hint, .. } => return hint.clone(),
        CliError::Pipeline(PipelineError::Parse(error) | PipelineError::OptionFile(error)) => {
            return of_input(error);
        }
        CliError::Pipeline(error) => of_pipeline(error)?,
        CliError::Journal(error) => of_journal(error),
        CliError::Report(error) => of_report(error),
        CliError::Template { .. } => "Choose an existing, writable folder with enough free space.",
        #[cfg(unix)]
        CliError::Watch(error) => of_watch(error)?,
        CliError::Sandbox(SandboxError::Listen { .. }) => "Choose another port with --port.",
        CliError::Inputs { .. } | CliError::Sandbox(_) => return None,
    };
    Some(hint.to_owned())
}

/// Returns each message of an error with its hint. If a table of the columns follows, the messages do not list them.
pub(super) fn messages(error: &CliError, have_tables: bool) -> Vec<(String, Option<String>)> {
    let CliError::Inputs { errors, command } = error else { return vec![(error.to_string(), of(error))] };
    let mut messages: Vec<_> = errors
        .iter()
        .map(|error| {
            let message = if have_tables { input::message(error) } else { error.to_string() };
            (message, of_input(error).filter(|_| command.is_none()))
        })
        .collect();
    if let (Some(command), Some((_, hint))) = (command, messages.last_mut()) {
        let check = if have_tables { "Check the columns above, and run" } else { "Run" };
        *hint = Some(format!("{check}: {command}"));
    }
    messages
}

/// Returns the messages and hints, one per line, without control characters. With a `width`, tables of columns that are
/// not known are included.
pub(super) fn lines(error: &CliError, width: Option<usize>) -> String {
    const ERROR: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();
    const HINT: anstyle::Style = anstyle::AnsiColor::Cyan.on_default().bold();

    let mut text = String::new();
    let errors = if let CliError::Inputs { errors, .. } = error { errors.as_slice() } else { &[] };
    for (index, (message, hint)) in messages(error, width.is_some()).into_iter().enumerate() {
        // Writing to a string cannot fail.
        _ = writeln!(text, "{ERROR}error{ERROR:#}: {}", printable(&message));
        if let (Some(width), Some(error)) = (width, errors.get(index)) {
            text.push_str(&input::table(error, width));
        }
        if let Some(hint) = hint {
            _ = writeln!(text, "{HINT}hint{HINT:#}: {}", printable(&hint));
        }
    }
    text
}

fn of_pipeline(error: &PipelineError) -> Option<&'static str> {
    Some(match error {
        PipelineError::Platform(error) => return of_platform(error),
        PipelineError::Post(error) => return platform::of_post(error),
        PipelineError::Suppress(error) => return platform::of_suppress(error),
        PipelineError::Unread(_) => UNREAD,
        PipelineError::Journal(error) => of_journal(error),
        PipelineError::Report(error) => of_report(error),
        PipelineError::Output(_) => {
            "The rows before were written. Pass the list again once there is room for its output."
        }
        PipelineError::Spool(_) => "If the disk is full, choose another one with --out.",
        PipelineError::Busy(_) => {
            "This command posted nothing. Run it again after the other import, or wait longer with --wait."
        }
        PipelineError::Asked(_) => {
            "Answer the question there, or end that process. Then run the same command again."
        }
        PipelineError::Interrupted(_) => platform::AGAIN,
        PipelineError::Parse(_) | PipelineError::OptionFile(_) | PipelineError::Runtime(_) => return None,
    })
}

fn of_report(error: &ReportError) -> &'static str {
    match error {
        ReportError::Io { .. } => {
            "Choose a writable folder with enough free space (--out, or -o for `fetch`)."
        }
        ReportError::Sums(_) => "This is a bug in rollcall. Report it, with report.json.",
    }
}

#[cfg(unix)]
fn of_watch(error: &WatchError) -> Option<&'static str> {
    Some(match error {
        WatchError::Folder { .. } => {
            "Use an existing folder that the service may write to. Only the service may write to its folder `work`: \
             chmod 700."
        }
        WatchError::OtherDevice { .. } => {
            "Remove the mount or the link. rollcall creates the folders work, done, failed and reports itself."
        }
        WatchError::Foreign { .. } => {
            "Remove it, or make the service's user its owner. rollcall creates the folders work, done, failed and \
             reports itself."
        }
        WatchError::Overlap { .. } => "Watch only one of them.",
        WatchError::Status { .. } => "Choose another port with --status.",
        _ => return None,
    })
}

fn of_journal(error: &JournalError) -> &'static str {
    match error {
        JournalError::Folder { .. } | JournalError::Lock { .. } => {
            "Choose a folder on a local disk that can be written to, with --state-dir or ROLLCALL_STATE_DIR."
        }
        JournalError::Unsafe { .. } => {
            "Nothing was read or sent. Check who has access there, then run the same command again; or choose a folder \
             that only you can write to, with --state-dir or ROLLCALL_STATE_DIR."
        }
        JournalError::Newer { .. } => {
            "Use the newer rollcall, or another folder with --state-dir. Nothing in the journal was changed."
        }
        JournalError::Damaged { .. } | JournalError::Altered { .. } => {
            "Nothing in it was changed. Move the file and those next to it away, or choose another --state-dir, and run \
             the same command again: it first reads the existing contacts and posts only the missing ones. Rows \
             created before are then reported as existing."
        }
        JournalError::Foreign { .. } => "Choose another folder with --state-dir; the file was not touched.",
        JournalError::Busy { .. } => "End the program that uses it, then run the same command again.",
        JournalError::Sqlite { .. } => {
            "Is the disk full, or the folder read-only? Everything that was sent is recorded. Fix the cause, then run \
             the same command again."
        }
    }
}

/// Returns how to fix an alias in the settings.
pub(super) fn of_alias(error: &AliasError) -> &'static str {
    match error {
        AliasError::NoCountry { .. } => {
            "Write the country's two- or three-letter code, its name in any language, or its dialing code, such as \
             \"DE\"."
        }
        AliasError::NoSalutation { .. } => "Write Mr, Mrs, Ms, Miss, Mx, Dr or Prof.",
        AliasError::Contradiction { .. } => "Keep one of the lines.",
        AliasError::Empty => "To fill empty cells, use --region and --default-salutation.",
    }
}
