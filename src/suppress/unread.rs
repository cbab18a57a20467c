//! Unreadable entries of suppression lists. An import stops at them, unless the user allows that many.

use thiserror::Error;

use crate::failpoint;

/// Maximum entries shown one by one.
const MAX_SHOWN: usize = 3;

/// Entries of a suppression list with an unreadable number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadEntries {
    entries: u64,
    masked: u64,
    first: Vec<String>,
}

/// A suppression list has more unreadable entries than the user allows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "rollcall cannot read the number in {entries} {} of {source_name}{}: {shown}. It would call these people", entry(*entries),
    if *masked > 0 { format!(", {masked} of them with masked digits") } else { String::new() }
)]
pub struct UnreadSuppressions {
    source_name: String,
    entries: u64,
    masked: u64,
    shown: String,
}

impl UnreadEntries {
    /// Counts an entry; `shown` returns its place and text.
    pub fn add(&mut self, is_masked: bool, shown: impl FnOnce() -> String) {
        self.entries += 1;
        self.masked += u64::from(is_masked);
        if self.first.len() < MAX_SHOWN {
            self.first.push(shown());
        }
    }

    /// Returns the number of entries.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Returns how many of them are masked.
    pub fn masked(&self) -> u64 {
        self.masked
    }

    /// Subtracts the entries from `allowed`.
    ///
    /// # Errors
    ///
    /// Returns an error if there are more entries than allowed.
    pub fn take_from(&self, allowed: &mut u64, source_name: &str) -> Result<(), UnreadSuppressions> {
        if let Some(left) = allowed.checked_sub(self.entries) {
            *allowed = left;
            return Ok(());
        }
        if failpoint::is_without("stopping for unread entries") {
            return Ok(());
        }
        let more = self.entries.saturating_sub(self.first.len() as u64);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Err(UnreadSuppressions {
            source_name: source_name.to_owned(),
            entries: self.entries,
            masked: self.masked,
            shown: format!("{}{more}", self.first.join(", ")),
        })
    }
}

fn entry(entries: u64) -> &'static str {
    if entries == 1 { "entry" } else { "entries" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_entries_are_shown_unless_allowed() {
        let mut unread = UnreadEntries::default();
        for (is_masked, shown) in [(true, "`4420***01`"), (false, "`n/a`"), (false, "`1`"), (false, "`2`")] {
            unread.add(is_masked, || shown.to_owned());
        }
        let mut allowed = 5;
        assert_eq!(unread.take_from(&mut allowed, "dnc.csv"), Ok(()));
        assert_eq!(allowed, 1);
        let error = unread.take_from(&mut allowed, "dnc.csv").unwrap_err();
        assert_eq!(
            error.to_string(),
            "rollcall cannot read the number in 4 entries of dnc.csv, 1 of them with masked digits: `4420***01`, `n/a`, `1` and 1 \
             more. It would call these people"
        );
    }
}
