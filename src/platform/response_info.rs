//! What an answer says beside its body: the platform's clock, and its rate limit.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{DATE, HeaderMap, HeaderValue};

use super::wait;

/// Headers about a rate limit that are kept, and the characters of each: some servers send one for each of their limits.
const MAX_LIMITS: usize = 16;
const MAX_CHARS: usize = 200;

/// What an answer says beside its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseInfo {
    /// The platform's clock, as it is written.
    pub date: Option<String>,
    /// This machine's, when the answer was there.
    pub received_at: Timestamp,
    /// How long the answer took.
    pub took: Duration,
    /// What it says of its rate limit.
    pub limits: Vec<(String, String)>,
}

impl ResponseInfo {
    pub(super) fn in_headers(headers: &HeaderMap, took: Duration) -> Self {
        let text =
            |value: &HeaderValue| value.to_str().ok().map(|text| text.chars().take(MAX_CHARS).collect());
        let is_limit = |name: &str| name.contains("ratelimit") || name.contains("rate-limit");
        let limits = headers.iter().filter(|(name, _)| is_limit(name.as_str())).take(MAX_LIMITS);
        Self {
            date: headers.get(DATE).and_then(text),
            received_at: Timestamp::now(),
            took,
            limits: limits.filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect(),
        }
    }

    /// What time it was on the platform, where that can be read.
    pub fn platform_time(&self) -> Option<Timestamp> {
        wait::moment(self.date.as_deref()?)
    }

    /// By how much this machine's clock is ahead of the platform's, or behind it where that is negative.
    pub fn skew(&self) -> Option<SignedDuration> {
        // The date has no fractions: it was half a second later there. The answer was made halfway, as far as anybody knows.
        let (half_a_second, halfway) = (Duration::from_millis(500), self.took / 2);
        let correction = SignedDuration::try_from(half_a_second + halfway).unwrap_or_default();
        Some(self.received_at.duration_since(self.platform_time()?) - correction)
    }
}
