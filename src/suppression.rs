//! What cannot be read of the people who must not be called: how much of it there may be is for the user to say.

use thiserror::Error;

/// Entries that are shown one by one.
const MAX_SHOWN: usize = 3;

/// Entries of a list of people who must not be called whose number cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadEntries {
    entries: u64,
    masked: u64,
    first: Vec<String>,
}

/// Too many entries of a list of people who must not be called cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{source_name} holds {entries} {} whose number cannot be read{}: {shown}. Whom they mean would be called", entry(*entries),
    if *masked > 0 { format!(", {masked} of them because digits are masked") } else { String::new() }
)]
pub struct UnreadSuppressions {
    source_name: String,
    entries: u64,
    masked: u64,
    shown: String,
}

impl UnreadEntries {
    /// Counts an entry; `shown` says which, and what stands there.
    pub fn add(&mut self, is_masked: bool, shown: impl FnOnce() -> String) {
        self.entries += 1;
        self.masked += u64::from(is_masked);
        if self.first.len() < MAX_SHOWN {
            self.first.push(shown());
        }
    }

    /// How many there are.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// How many of them are masked.
    pub fn masked(&self) -> u64 {
        self.masked
    }

    /// Takes them from those that are still `allowed`.
    ///
    /// # Errors
    ///
    /// Where there are more of them.
    pub fn take_from(&self, allowed: &mut u64, source_name: &str) -> Result<(), UnreadSuppressions> {
        if let Some(left) = allowed.checked_sub(self.entries) {
            *allowed = left;
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

impl UnreadSuppressions {
    /// What to do about it.
    pub const HINT: &'static str = "Nothing was posted. Get the list with all of its digits, or mend it: `rollcall fetch` writes \
        a list of the platform to a file, which is then given with --exclude-file. To go on all the same, say how many such \
        entries there may be with --allow-unreadable-suppressions: a number of which digits are hidden only in its middle then \
        leaves out everybody whom it may be, and the others leave out nobody.";
}

fn entry(entries: u64) -> &'static str {
    if entries == 1 { "entry" } else { "entries" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_cannot_be_read_are_shown_unless_they_are_allowed() {
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
            "dnc.csv holds 4 entries whose number cannot be read, 1 of them because digits are masked: `4420***01`, `n/a`, \
             `1` and 1 more. Whom they mean would be called"
        );
    }
}
