//! Limits on one response and on all pages of one read. Only a broken or hostile platform exceeds them.

use crate::quantity::grouped;

/// Maximum bytes of a response: a page of 1,000 contacts takes about 1 MB.
pub(super) const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Maximum records of a collection; a platform that shows more never ends.
pub(super) const MAX_RECORDS: u64 = 5_000_000;

/// Maximum values in a response, counted by separators. A page of 1,000 contacts has about 50,000, the response to
/// the largest batch half a million. In memory a value may take two hundred times its size in the response.
const MAX_SIGNS: usize = 1_000_000;

/// Maximum records of a page. More than the 1,000 that are requested, because a platform without paging lists all.
pub(super) const MAX_LISTED: usize = 10_000;

/// Maximum contacts in the response to a batch: each contact of the largest batch as created or refused, and as sent.
pub(super) const MAX_SPOKEN_OF: usize = if cfg!(test) { 300 } else { 30_000 };

/// Maximum bytes of a text that is compared, shown or stored: an id, a name, a status, an error of one contact.
pub(super) const MAX_TEXT_BYTES: usize = 4096;

/// The maximum bytes of all pages of one read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteLimit {
    floor: u64,
    per_record: u64,
    ceiling: u64,
}

impl ByteLimit {
    /// For the pages as received: a documented record has 700 bytes.
    pub(crate) const READ: Self = Self { floor: 256 << 20, per_record: 4 << 10, ceiling: 8 << 30 };

    /// For the file that `fetch` writes: escaping may add a second quote for each one.
    pub(crate) const WRITTEN: Self = Self { floor: 512 << 20, per_record: 8 << 10, ceiling: 16 << 30 };

    #[cfg(test)]
    pub(crate) const fn of(floor: u64, per_record: u64, ceiling: u64) -> Self {
        Self { floor, per_record, ceiling }
    }

    /// Returns the maximum bytes for this number of records.
    pub(crate) fn bytes(self, records: u64) -> u64 {
        self.floor.saturating_add(self.per_record.saturating_mul(records)).min(self.ceiling)
    }
}

/// Refuses a response that would take too much memory.
pub(super) fn check(body: &[u8]) -> Result<(), String> {
    // Most responses have fewer bytes than this.
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

/// Truncates a text that is longer than any of the platform's.
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
    fn answer_with_too_many_values_is_refused() {
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
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened("é".repeat(3000)).len(), MAX_TEXT_BYTES);
        assert_eq!(shortened(format!("a{}", "é".repeat(3000))).len(), MAX_TEXT_BYTES - 1);
        assert_eq!(shortened("short".to_owned()), "short");
    }
}
