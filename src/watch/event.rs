//! Events of watched folders and their files.

use std::{
    fmt::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use crate::outcome::Outcome;

/// An observer of events.
pub trait Observer: Sync {
    /// Receives an event of a folder.
    fn event(&self, folder: &Path, event: &Event);
}

/// An event of a folder or of one of its files.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Event {
    OtherWatcher,
    /// Another process watches the folder, so this one does nothing.
    LeftToOther,
    Watching,
    /// The folder does not exist; its disk may not be mounted.
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
    /// An import succeeded, but its basis may be wrong.
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
    /// Returns whether the event needs attention.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::Imported { totals, .. } => rows_to_fix(totals) > 0,
            Self::Away
            | Self::Left { .. }
            | Self::Doubted { .. }
            | Self::Failed { .. }
            | Self::Held { .. }
            | Self::HookFailed { .. } => true,
            Self::OtherWatcher
            | Self::LeftToOther
            | Self::Watching
            | Self::Back
            | Self::Taken { .. }
            | Self::Changed { .. }
            | Self::Repeated { .. } => false,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherWatcher => out.write_str("another process watches the folder; waiting until it ends"),
            Self::LeftToOther => out.write_str("another process watches the folder, and imports its files"),
            Self::Watching => out.write_str("watching"),
            Self::Away => {
                out.write_str("the folder does not exist or its disk is not mounted; waiting for it")
            }
            Self::Back => out.write_str("the folder is available again"),
            Self::Left { name, why } => write!(out, "{name} is skipped: {why}"),
            Self::Taken { name, size } => write!(out, "{name} is taken ({size} bytes)"),
            Self::Changed { name } => {
                write!(out, "{name} changed after it was taken; it is taken again once it has settled")
            }
            Self::Repeated { name, earlier } => {
                write!(out, "{name} is not imported: its content was imported before, as {earlier}")
            }
            Self::Imported { name, totals, out: folder } => {
                write!(out, "{name} is imported: {}; {}", counts(totals), folder.display())?;
                match rows_to_fix(totals) {
                    0 => Ok(()),
                    count => {
                        let rows = crate::quantity::counted(count, "row");
                        write!(out, "; {rows} must be fixed, see rejected.xlsx there")
                    }
                }
            }
            Self::Doubted { name, why } => write!(out, "{name} is imported, but {why}"),
            Self::Failed { name, reason } => write!(out, "{name} failed: {}", reason.replace('\n', ". ")),
            Self::Held { reason, wait } => {
                let wait = crate::quantity::duration(wait.as_secs());
                write!(out, "files are held back for {wait}: {}", reason.replace('\n', ". "))
            }
            Self::HookFailed { name, reason } => {
                write!(out, "the command of --on-done failed for {name}: {reason}")
            }
        }
    }
}

/// Returns the rows that a person has to fix.
fn rows_to_fix(totals: &Value) -> u64 {
    let fixed = Outcome::ALL.into_iter().filter(|outcome| outcome.needs_fixing());
    fixed.filter_map(|outcome| totals[outcome.name()].as_u64()).sum()
}

/// Formats the rows by outcome: `3 rows, 2 created, 1 rejected`.
fn counts(totals: &Value) -> String {
    let counted = |name: &str| totals[name].as_u64().filter(|count| *count > 0);
    let rows = counted("rows").unwrap_or_default();
    let outcomes =
        ["created", "confirmed", "planned", "existing", "duplicate", "suppressed", "rejected", "failed"];
    let mut text = crate::quantity::counted(rows, "row");
    for name in outcomes {
        if let Some(count) = counted(name) {
            // Writing to a string cannot fail.
            _ = write!(text, ", {count} {name}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn import_with_rows_to_fix_needs_attention() {
        let imported = |totals| Event::Imported { name: "a.csv".to_owned(), totals, out: "reports/a".into() };
        let good = imported(json!({"rows": 2, "created": 1, "existing": 1}));
        assert!(!good.is_warning());
        assert_eq!(good.to_string(), "a.csv is imported: 2 rows, 1 created, 1 existing; reports/a");
        let bad = imported(json!({"rows": 3, "created": 1, "rejected": 1, "failed": 1}));
        assert!(bad.is_warning());
        assert!(bad.to_string().ends_with("; 2 rows must be fixed, see rejected.xlsx there"), "{bad}");
    }
}
