//! How long waits are: as they are set, and as the platform asks for them; and the words by which it says that the account's
//! requests are used up.

use std::time::Duration;

use jiff::{Timestamp, civil, fmt::rfc2822::DateTimeParser, tz::TimeZone};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// The documented words of the limits, in lower case. No status code is documented for them, so they are recognised at any.
const DOCUMENTED: [&str; 3] = [
    "exceeded the per-minute rate limit",
    "exceeded the hourly rate limit",
    "rate limit for this api has been reached",
];

/// How others say it, believed only of a client's error. The second word must be there too, if there is one.
const USUAL: [(&str, &[&str]); 6] = [
    ("rate limit", &["exceed", "reached", "hit"]),
    ("ratelimit", &["exceed", "reached", "hit"]),
    ("too many requests", &[]),
    ("request limit", &["exceed", "reached"]),
    ("quota", &["exceed", "reached", "used up", "exhausted"]),
    ("throttl", &[]),
];

/// Words of a limit for an hour.
const HOURLY: [&str; 3] = ["hourly", "per-hour", "per hour"];

/// What only an hour gives back.
pub(super) const HOUR: Duration = Duration::from_hours(1);

/// Longer than any platform asks to wait: what says more is no wait.
const MAX_WAIT: Duration = Duration::from_hours(31 * 24);

/// The lengths of waits; tests make them short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The window of the rate limit.
    pub window: Duration,
    /// The window of the limit for an hour.
    pub long_window: Duration,
    /// The longest wait before the second attempt; it doubles with each further one.
    pub first_wait: Duration,
    /// The longest wait of all.
    pub longest_wait: Duration,
    /// How long the platform may still be carrying out what it was sent and did not answer; none: as long as an answer may
    /// take.
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

/// Whether a body holds the documented words of a limit.
pub(super) fn says_limit(body: &str) -> bool {
    let body = body.to_lowercase();
    DOCUMENTED.iter().any(|words| body.contains(words))
}

/// Whether the body of an answer that is no success speaks of a limit, in whatever words.
pub(super) fn speaks_of_limit(body: &str) -> bool {
    let body = body.to_lowercase();
    let is_said = |(words, others): &(&str, &[&str])| {
        body.contains(words) && (others.is_empty() || others.iter().any(|other| body.contains(other)))
    };
    DOCUMENTED.iter().any(|words| body.contains(words)) || USUAL.iter().any(is_said)
}

/// How long an answer that the requests are used up asks to wait, by its headers, else by its words.
pub(super) fn asked(headers: &HeaderMap, body: &str) -> Option<Duration> {
    let by_words = || {
        let body = body.to_lowercase();
        HOURLY.iter().any(|words| body.contains(words)).then_some(HOUR)
    };
    retry_after(headers).or_else(|| reset(headers)).or_else(by_words)
}

/// `Retry-After`: seconds, or a moment by the platform's clock (RFC 9110, section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let texts = headers.get_all(RETRY_AFTER).iter().filter_map(|value| value.to_str().ok());
    let text = texts.map(str::trim).find(|text| !text.is_empty())?;
    seconds(text).or_else(|| Some(until(moment(text)?, headers))).filter(|wait| *wait <= MAX_WAIT)
}

/// The same of the headers about a rate limit: `RateLimit-Reset` and `X-RateLimit-Reset` are seconds or a moment, and the
/// draft of the IETF has `t=` within `RateLimit`.
fn reset(headers: &HeaderMap) -> Option<Duration> {
    /// A larger number counts from 1970.
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

/// How long it is until a moment, by the clock that the answer shows, else by this machine's; none where it is over.
fn until(moment: Timestamp, headers: &HeaderMap) -> Duration {
    let now = platform_time(headers).unwrap_or_else(Timestamp::now);
    Duration::try_from(moment.duration_since(now)).unwrap_or_default()
}

/// What time the platform says it is.
pub(super) fn platform_time(headers: &HeaderMap) -> Option<Timestamp> {
    moment(headers.get(DATE)?.to_str().ok()?)
}

/// A moment in any of the forms of HTTP (RFC 9110, section 5.6.7), or in RFC 3339.
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
    fn every_form_of_a_wait_is_read() {
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
    fn an_hour_is_asked_for_in_words() {
        let words = "You've exceeded the hourly rate limit. Please wait for sometime before retrying";
        assert_eq!(asked(&HeaderMap::new(), words), Some(HOUR));
        assert_eq!(asked(&headers(&[("retry-after", "5")]), words), Some(Duration::from_secs(5)));
        assert_eq!(asked(&HeaderMap::new(), "exceeded the per-minute rate limit"), None);
    }

    #[test]
    fn limits_are_known_by_their_words() {
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
