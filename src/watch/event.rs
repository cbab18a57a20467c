//! Events of watched folders and their files.

use std::{
    fmt::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

/// Told what happens.
pub trait Observer: Sync {
    /// Something happened in a folder.
    fn event(&self, folder: &Path, event: &Event);
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Event {
    OtherWatcher,
    /// Nothing is done: another process has the folder.
    LeftToOther,
    Watching,
    /// The folder is not there: its disk is not mounted.
    Away,
    Back,
    Left {
        name: String,
        why: String,
    },
    Taken {
        name: String,
        size: u64,
    },
    Changed {
        name: String,
    },
    Repeated {
        name: String,
        earlier: String,
    },
    Imported {
        name: String,
        totals: Value,
        out: PathBuf,
    },
    /// An import ended well, and something may be wrong with what it relied on.
    Doubted {
        name: String,
        why: String,
    },
    Failed {
        name: String,
        reason: String,
    },
    Held {
        reason: String,
        wait: Duration,
    },
    HookFailed {
        name: String,
        reason: String,
    },
}

impl Event {
    /// Whether somebody should look at it.
    pub const fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::Away
                | Self::Left { .. }
                | Self::Doubted { .. }
                | Self::Failed { .. }
                | Self::Held { .. }
                | Self::HookFailed { .. }
        )
    }
}

impl fmt::Display for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherWatcher => out.write_str("another process watches the folder; waiting until it ends"),
            Self::LeftToOther => out.write_str("another process watches the folder, and imports its files"),
            Self::Watching => out.write_str("watching"),
            Self::Away => out.write_str("the folder is gone, or its disk is not mounted; waiting for it"),
            Self::Back => out.write_str("the folder is there again"),
            Self::Left { name, why } => write!(out, "{name} is left where it is: {why}"),
            Self::Taken { name, size } => write!(out, "{name} is taken ({size} bytes)"),
            Self::Changed { name } => {
                write!(out, "{name} changed after it was taken, and is taken again when it is whole")
            }
            Self::Repeated { name, earlier } => {
                write!(out, "{name} is not imported: its content was imported before, as {earlier}")
            }
            Self::Imported { name, totals, out: folder } => {
                write!(out, "{name} is imported: {}; {}", counts(totals), folder.display())
            }
            Self::Doubted { name, why } => write!(out, "{name} is imported, but {why}"),
            Self::Failed { name, reason } => write!(out, "{name} failed: {}", reason.replace('\n', ". ")),
            Self::Held { reason, wait } => {
                let wait = crate::report::terminal::duration(wait.as_secs());
                write!(out, "files are held back for {wait}: {}", reason.replace('\n', ". "))
            }
            Self::HookFailed { name, reason } => {
                write!(out, "the command of --on-done failed for {name}: {reason}")
            }
        }
    }
}

/// Rows by outcome, in words: `3 rows, 2 created, 1 rejected`.
fn counts(totals: &Value) -> String {
    let counted = |name: &str| totals[name].as_u64().filter(|count| *count > 0);
    let rows = counted("rows").unwrap_or_default();
    let outcomes =
        ["created", "confirmed", "planned", "existing", "duplicate", "suppressed", "rejected", "failed"];
    let mut text = crate::report::terminal::counted(rows, "row");
    for name in outcomes {
        if let Some(count) = counted(name) {
            // Writing to a string cannot fail.
            _ = write!(text, ", {count} {name}");
        }
    }
    text
}
