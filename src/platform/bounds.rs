//! Limits on one answer of the platform, and on all answers to one read together. Only a broken or hostile platform exceeds them.

use crate::quantity::grouped;

/// Values that an answer may hold, counted by the signs between them. A page of 1,000 contacts has about 50,000, the answer to
/// the largest batch half a million. In memory a value may take two hundred times what it takes in the answer.
const MAX_SIGNS: usize = 1_000_000;

/// Records that a page may list. More than the 1,000 that are asked for, since a platform may know no pages and list all.
pub(super) const MAX_LISTED: usize = 10_000;

/// Contacts of which the answer to a batch may speak: each of the largest batch as created, or refused, and as sent.
pub(super) const MAX_SPOKEN_OF: usize = if cfg!(test) { 300 } else { 30_000 };

/// Bytes of a text that is compared, shown or stored: an id, a name, a status, what is said of one contact.
pub(super) const MAX_TEXT_BYTES: usize = 4096;

/// The bytes that all pages of one reading may have together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteLimit {
    floor: u64,
    per_record: u64,
    ceiling: u64,
}

impl ByteLimit {
    /// For the pages as they come: a documented record has 700 bytes.
    pub(crate) const READ: Self = Self { floor: 256 << 20, per_record: 4 << 10, ceiling: 8 << 30 };

    /// For the file that `fetch` writes: quotes may double.
    pub(crate) const WRITTEN: Self = Self { floor: 512 << 20, per_record: 8 << 10, ceiling: 16 << 30 };

    #[cfg(test)]
    pub(crate) const fn of(floor: u64, per_record: u64, ceiling: u64) -> Self {
        Self { floor, per_record, ceiling }
    }

    /// How many bytes so many records may have.
    pub(crate) fn bytes(self, records: u64) -> u64 {
        self.floor.saturating_add(self.per_record.saturating_mul(records)).min(self.ceiling)
    }
}

/// Refuses an answer that would take too much memory.
pub(super) fn check(body: &[u8]) -> Result<(), String> {
    // Most answers have fewer bytes.
    if body.len() <= MAX_SIGNS {
        return Ok(());
    }
    let signs =
        memchr::memchr3_iter(b',', b'[', b'{', body).count() + memchr::memchr_iter(b':', body).count();
    if signs > MAX_SIGNS {
        return Err(format!(
            "the answer holds more than {} values, which no answer of the platform has",
            grouped(MAX_SIGNS as u64)
        ));
    }
    Ok(())
}

/// The beginning of a text that is longer than any that the platform has.
pub(super) fn shortened(mut text: String) -> String {
    if text.len() > MAX_TEXT_BYTES {
        text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
        text.shrink_to_fit();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_with_too_many_values_are_refused() {
        assert_eq!(check(format!("[{}{{}}]", "{},".repeat(400_000)).as_bytes()), Ok(()));
        for body in ["{},".repeat(600_000), "[".repeat(2_000_000), "\"a\":0,".repeat(600_000)] {
            assert!(check(body.as_bytes()).unwrap_err().contains("more than 1,000,000 values"));
        }
        assert_eq!(check("x".repeat(3_000_000).as_bytes()), Ok(()));
    }

    #[test]
    fn bytes_grow_with_the_records_up_to_a_ceiling() {
        let limit = ByteLimit::of(100, 10, 150);
        assert_eq!([0, 3, 1_000].map(|records| limit.bytes(records)), [100, 130, 150]);
    }

    #[test]
    fn long_texts_are_cut_between_letters() {
        assert_eq!(shortened("é".repeat(3000)).len(), MAX_TEXT_BYTES);
        assert_eq!(shortened(format!("a{}", "é".repeat(3000))).len(), MAX_TEXT_BYTES - 1);
        assert_eq!(shortened("short".to_owned()), "short");
    }
}
