//! Failures of the program: the message and the exit code.

use std::{io, path::PathBuf};

use thiserror::Error;

#[cfg(unix)]
use crate::watch::WatchError;
use crate::{
    journal::JournalError, parse::ParseError, pipeline::PipelineError, platform::PlatformError,
    report::ReportError, sandbox::SandboxError, suppress::SuppressError,
};

/// The documented exit codes.
pub(super) mod exit {
    pub(in crate::cli) const OK: u8 = 0;
    pub(in crate::cli) const ROWS_TO_FIX: u8 = 1;
    pub(in crate::cli) const USAGE: u8 = 2;
    pub(in crate::cli) const INPUT: u8 = 3;
    pub(in crate::cli) const PLATFORM: u8 = 4;
    pub(in crate::cli) const MACHINE: u8 = 5;
    /// The base of signal exit codes; shells add the signal's number to it.
    pub(in crate::cli) const SIGNAL: u8 = 128;

    /// What to do after an import that stopped on the way.
    const CONTINUE: &str = "run the same command again, or `rollcall resume`";

    /// Each exit code, with its meaning and what to do.
    pub(in crate::cli) const ALL: [(&str, &str, &str); 7] = [
        ("0", "finished; every row is good, a duplicate, existing or suppressed", ""),
        (
            "1",
            "finished; some rows were rejected or refused, or there were too many for `--max-rejected`",
            "fix the rows in `rejected.csv`",
        ),
        (
            "2",
            "wrong usage or settings, or a suppression list that cannot be relied on; nothing was sent",
            "change the command or the settings",
        ),
        ("3", "an input could not be read; nothing was sent from it", "fix the input"),
        ("4", "the platform could not be used", CONTINUE),
        ("5", "this machine failed (disk, permissions, journal)", CONTINUE),
        ("129, 130, 143", "interrupted by SIGHUP, SIGINT (Ctrl-C) or SIGTERM", CONTINUE),
    ];
}

/// A failure that ends the program.
#[derive(Debug, Error)]
pub(super) enum CliError {
    /// Wrong usage or settings.
    #[error("{message}")]
    Usage { message: String, hint: Option<String> },
    /// Inputs that rollcall cannot read, each with the reason.
    #[error("{}", join(.errors))]
    Inputs {
        errors: Vec<ParseError>,
        /// A command line with which they can be read.
        command: Option<String>,
    },
    /// A stage of the pipeline that failed.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// A failure to write a run's files.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A failure of the journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A template that rollcall cannot write.
    #[error("cannot write {}: {source}", path.display())]
    Template { path: PathBuf, source: io::Error },
    /// A folder that rollcall cannot watch.
    #[cfg(unix)]
    #[error(transparent)]
    Watch(WatchError),
    /// A sandbox that cannot start.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

fn join(errors: &[ParseError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl CliError {
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    pub(super) fn inputs(errors: Vec<ParseError>) -> Self {
        Self::Inputs { errors, command: None }
    }

    /// The error for a run that is not in the journal.
    pub(super) fn no_run(id: &str) -> Self {
        Self::usage(format!("there is no run {id}"), "List all runs with `rollcall runs`.")
    }

    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. }
            | Self::Pipeline(
                PipelineError::Unread(_)
                | PipelineError::OptionFile(_)
                | PipelineError::Suppress(SuppressError::NoCountry { .. }),
            ) => exit::USAGE,
            Self::Pipeline(PipelineError::Suppress(_) | PipelineError::Post(_)) => exit::PLATFORM,
            Self::Inputs { .. } | Self::Pipeline(PipelineError::Parse(_)) => exit::INPUT,
            Self::Pipeline(PipelineError::Platform(error)) => platform_exit_code(error),
            Self::Pipeline(PipelineError::Interrupted(signal)) => signal_exit_code(*signal),
            Self::Pipeline(PipelineError::Journal(_)) | Self::Journal(_) => exit::MACHINE,
            Self::Pipeline(
                PipelineError::Report(_)
                | PipelineError::Spool(_)
                | PipelineError::Output(_)
                | PipelineError::Runtime(_)
                | PipelineError::Busy(_)
                | PipelineError::Asked(_),
            )
            | Self::Report(_)
            | Self::Template { .. } => exit::MACHINE,
            #[cfg(unix)]
            Self::Watch(
                WatchError::Folder { .. }
                | WatchError::OtherDevice { .. }
                | WatchError::Foreign { .. }
                | WatchError::Overlap { .. }
                | WatchError::Status { .. },
            ) => exit::USAGE,
            #[cfg(unix)]
            Self::Watch(_) => exit::MACHINE,
            Self::Sandbox(SandboxError::Seed(_) | SandboxError::Parse(_)) => exit::INPUT,
            Self::Sandbox(SandboxError::Listen { .. }) => exit::USAGE,
            Self::Sandbox(SandboxError::Runtime(_) | SandboxError::Database { .. }) => exit::MACHINE,
        }
    }
}

fn platform_exit_code(error: &PlatformError) -> u8 {
    match error {
        // The user has to change a setting; nothing was sent.
        PlatformError::NoSuch { .. } | PlatformError::RefusedId { .. } | PlatformError::PageSize { .. } => {
            exit::USAGE
        }
        _ => exit::PLATFORM,
    }
}

/// Returns 129 for SIGHUP, 130 for SIGINT and 143 for SIGTERM, as shells do.
pub(super) fn signal_exit_code(signal: i32) -> u8 {
    exit::SIGNAL.saturating_add(u8::try_from(signal).unwrap_or_default())
}
