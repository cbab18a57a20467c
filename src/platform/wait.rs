//! The lengths of waits, as configured and as the platform asks, and the words by which it says that the quota is
//! used up.

use std::time::Duration;

use jiff::{Timestamp, civil, fmt::rfc2822::DateTimeParser, tz::TimeZone};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// The documented words of the limits, in lower case. No status code is documented for them, so every status is
/// checked.
const DOCUMENTED: [&str; 3] = [
    "exceeded the per-minute rate limit",
    "exceeded the hourly rate limit",
    "rate limit for this api has been reached",
];

/// Words of other servers, checked only in client errors. The second word must occur too, if there is one.
const USUAL: [(&str, &[&str]); 6] = [
    ("rate limit", &["exceed", "reached", "hit"]),
    ("ratelimit", &["exceed", "reached", "hit"]),
    ("too many requests", &[]),
    ("request limit", &["exceed", "reached"]),
    ("quota", &["exceed", "reached", "used up", "exhausted"]),
    ("throttl", &[]),
];

/// Words of an hourly limit.
const HOURLY: [&str; 3] = ["hourly", "per-hour", "per hour"];

/// The window of an hourly limit.
pub(super) const HOUR: Duration = Duration::from_hours(1);

/// Longer waits than any platform asks for are ignored.
const MAX_WAIT: Duration = Duration::from_hours(31 * 24);

/// The lengths of waits; tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The window of the limit per minute.
    pub window: Duration,
    /// The window of the limit per hour.
    pub long_window: Duration,
    /// The longest wait before the second attempt; it doubles with each attempt.
    pub first_wait: Duration,
    /// The maximum wait.
    pub longest_wait: Duration,
    /// Time during which the platform may still be carrying out an unacknowledged request. `None` means the response
    /// timeout.
    pub in_flight: Option<Duration>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            window: Duration::from_mins(1),
            long_window: HOUR,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(1),
            in_flight: None,
        }
    }
}

/// Returns whether a body contains the documented words of a limit.
pub(super) fn says_limit(body: &str) -> bool {
    let body = body.to_lowercase();
    DOCUMENTED.iter().any(|words| body.contains(words))
}

/// Returns whether the body of an error contains any known words of a limit.
pub(super) fn speaks_of_limit(body: &str) -> bool {
    let body = body.to_lowercase();
    let is_said = |(words, others): &(&str, &[&str])| {
        body.contains(words) && (others.is_empty() || others.iter().any(|other| body.contains(other)))
    };
    DOCUMENTED.iter().any(|words| body.contains(words)) || USUAL.iter().any(is_said)
}

/// Returns the wait that a rate-limited response asks for, by its headers, else by its words.
pub(super) fn asked(headers: &HeaderMap, body: &str) -> Option<Duration> {
    let by_words = || {
        let body = body.to_lowercase();
        HOURLY.iter().any(|words| body.contains(words)).then_some(HOUR)
    };
    retry_after(headers).or_else(|| reset(headers)).or_else(by_words)
}

/// Reads `Retry-After`: seconds, or a time by the platform's clock (RFC 9110, section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let texts = headers.get_all(RETRY_AFTER).iter().filter_map(|value| value.to_str().ok());
    let text = texts.map(str::trim).find(|text| !text.is_empty())?;
    seconds(text).or_else(|| Some(until(moment(text)?, headers))).filter(|wait| *wait <= MAX_WAIT)
}

/// Reads the rate-limit headers: `RateLimit-Reset` and `X-RateLimit-Reset` contain seconds or a time; the IETF draft
/// has `t=` in `RateLimit`.
fn reset(headers: &HeaderMap) -> Option<Duration> {
    /// Larger numbers count from 1970.
    const LONGEST_SECONDS: i64 = 1_000_000_000;

    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let reset =
        ["ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"].iter().find_map(|name| text(name));
    let parameter = || {
        let parts = text("ratelimit")?.split([';', ',']).map(str::trim);
        parts.into_iter().find_map(|part| part.strip_prefix("t=").or_else(|| part.strip_prefix("reset=")))
    };
    let text = reset.or_else(parameter)?;
    let wait = match text.parse::<i64>() {
        Ok(number) if number > LONGEST_SECONDS * 1000 => {
            Some(until(Timestamp::from_millisecond(number).ok()?, headers))
        }
        Ok(number) if number > LONGEST_SECONDS => Some(until(Timestamp::from_second(number).ok()?, headers)),
        _ => seconds(text).or_else(|| Some(until(moment(text)?, headers))),
    };
    wait.filter(|wait| *wait <= MAX_WAIT)
}

fn seconds(text: &str) -> Option<Duration> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = text.parse().ok().filter(|_| is_plain)?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Returns the time until a moment, by the clock of the response, else by the local one. Zero if it has passed.
fn until(moment: Timestamp, headers: &HeaderMap) -> Duration {
    let now = platform_time(headers).unwrap_or_else(Timestamp::now);
    Duration::try_from(moment.duration_since(now)).unwrap_or_default()
}

/// Returns the platform's time.
pub(super) fn platform_time(headers: &HeaderMap) -> Option<Timestamp> {
    moment(headers.get(DATE)?.to_str().ok()?)
}

/// Reads a time in any HTTP form (RFC 9110, section 5.6.7) or in RFC 3339.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let utc = |format| {
        let date = civil::DateTime::strptime(format, text).ok()?;
        date.to_zoned(TimeZone::UTC).ok().map(|date| date.timestamp())
    };
    let text = text.trim();
    let current = DateTimeParser::new().parse_timestamp(text).ok();
    current
        .or_else(|| utc("%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| utc("%a %b %e %H:%M:%S %Y"))
        .or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let fields = fields.iter();
        fields.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    // Source: Sonarr issue 994, austind/retryhttp issue 8 (Retry-After as a date).
    #[test]
    fn every_form_of_retry_after_is_read() {
        let date = ("date", "Thu, 26 Nov 2026 08:00:00 GMT");
        for (name, value, expected) in [
            ("retry-after", "7", 7),
            ("retry-after", " 86400 ", 86_400),
            ("retry-after", "Thu, 26 Nov 2026 08:00:03 GMT", 3),
            ("retry-after", "Fri, 27 Nov 2026 08:00:00 +0000", 86_400),
            ("retry-after", "Thursday, 26-Nov-26 08:00:04 GMT", 4),
            ("retry-after", "Thu Nov 26 08:00:05 2026", 5),
            ("retry-after", "2026-11-26T08:01:00Z", 60),
            ("retry-after", "Thu, 26 Nov 2026 07:00:00 GMT", 0),
            ("x-ratelimit-reset", "1795680030", 30),
            ("x-ratelimit-reset", "1795680030000", 30),
            ("ratelimit-reset", "12", 12),
            ("ratelimit", "\"default\";r=0;t=9", 9),
            ("ratelimit", "limit=60, remaining=0, reset=11", 11),
        ] {
            let wait = asked(&headers(&[date, (name, value)]), "");
            assert_eq!(wait, Some(Duration::from_secs(expected)), "{name}: {value}");
        }
        for rubbish in ["-1", "soon", "", "1e9", "99999999999"] {
            assert_eq!(retry_after(&headers(&[("retry-after", rubbish)])), None, "{rubbish}");
        }
    }

    #[test]
    fn hourly_limit_is_recognized_by_its_words() {
        let words = "You've exceeded the hourly rate limit. Please wait for sometime before retrying";
        assert_eq!(asked(&HeaderMap::new(), words), Some(HOUR));
        assert_eq!(asked(&headers(&[("retry-after", "5")]), words), Some(Duration::from_secs(5)));
        assert_eq!(asked(&HeaderMap::new(), "exceeded the per-minute rate limit"), None);
    }

    #[test]
    fn limits_are_recognized_by_their_words() {
        for words in [
            "You've exceeded the per-minute rate limit. Please wait for sometime before retrying.",
            "You've exceeded the hourly rate limit. Please wait for sometime before retrying",
            "Rate limit for this API has been reached. Please try again later",
        ] {
            assert!(says_limit(words) && speaks_of_limit(words), "{words}");
        }
        for words in [
            "Too many requests",
            "Quota exceeded for quota metric",
            "API rate limit exceeded",
            "Request was throttled.",
        ] {
            assert!(!says_limit(words) && speaks_of_limit(words), "{words}");
        }
        for words in [
            "limit must be at most 100",
            "Contact already exists",
            "the rate is unlimited",
            "forbidden: the rate limit override needs a scope",
        ] {
            assert!(!speaks_of_limit(words), "{words}");
        }
    }
}
