//! Facts from the headers of a response: the platform's clock and its rate limit.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{DATE, HeaderMap, HeaderValue};

use super::wait;

/// Maximum rate-limit headers to keep; some servers send one for each of their limits.
const MAX_LIMITS: usize = 16;
const MAX_CHARS: usize = 200;

/// Facts from the headers of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseInfo {
    /// The platform's clock, as written.
    pub date: Option<String>,
    /// The local time when the response arrived.
    pub received_at: Timestamp,
    /// The time until the response arrived.
    pub took: Duration,
    /// The rate-limit headers.
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

    /// Returns the platform's time, if it is readable.
    pub fn platform_time(&self) -> Option<Timestamp> {
        wait::moment(self.date.as_deref()?)
    }

    /// Returns how far the local clock is ahead of the platform's; negative if it is behind.
    pub fn skew(&self) -> Option<SignedDuration> {
        // The date has no fractions, so on average it is half a second late. The response is assumed to be made
        // halfway.
        let (half_a_second, halfway) = (Duration::from_millis(500), self.took / 2);
        let correction = SignedDuration::try_from(half_a_second + halfway).unwrap_or_default();
        Some(self.received_at.duration_since(self.platform_time()?) - correction)
    }
}
