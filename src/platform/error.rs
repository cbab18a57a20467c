//! Errors of the platform client.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use super::{Distrust, Proxy, Purpose};
use crate::{journal::JournalError, quantity::counted};

/// The reason why a request or a wait of the client failed.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The platform cannot be used.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// A signal interrupted it.
    #[error("interrupted")]
    Interrupted(i32),
    /// The request cannot be recorded.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A failure of the platform, or of the network path to it.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PlatformError {
    #[error("the HTTP client cannot be set up: {}", innermost(.0))]
    Setup(#[source] reqwest::Error),
    #[error("the token contains characters that are not allowed in a token")]
    MalformedToken,
    #[error("the account id contains characters that are not allowed in an account id")]
    MalformedAccount,
    #[error("{host} cannot be reached{}: {reason} ({})", through(proxy.as_ref()), counted((*attempts).into(), "attempt"))]
    Unreachable { host: String, reason: String, attempts: u32, proxy: Option<Proxy> },
    #[error("{request} failed {}; last: {reason}", counted((*attempts).into(), "time"))]
    GaveUp { request: Purpose, reason: String, attempts: u32, is_broken: bool },
    #[error("{host} cannot be trusted: its certificate {distrust}")]
    Untrusted { host: String, distrust: Distrust },
    #[error(
        "the platform does not accept the {}: {answer}{}{}", if *is_token { "token" } else { "credentials" },
        about.as_ref().map(|about| format!("; {about}")).unwrap_or_default(), off(*clock)
    )]
    Unauthorized { answer: String, about: Option<String>, is_token: bool, clock: Option<SignedDuration> },
    #[error("the platform does not allow {request}: {answer}{}", off(*clock))]
    Denied { request: Purpose, status: u16, answer: String, clock: Option<SignedDuration> },
    #[error("the platform has no {what}: {answer}")]
    NoSuch { what: String, answer: String },
    #[error("the platform refuses the {what}: {answer}")]
    RefusedId { what: String, answer: String },
    #[error("the platform redirects {request}: {answer}")]
    Redirected { request: Purpose, answer: String },
    #[error("{request} was refused: {answer}")]
    Refused { request: Purpose, answer: String },
    #[error("invalid page size {asked}: for the {what}, use 1 to {largest}")]
    PageSize { asked: u64, largest: u64, what: String },
    #[error("the platform reported {times} times in a row that the request quota is used up; last: {answer}")]
    RateLimited { times: u32, answer: String },
    #[error(
        "the platform asked to leave the account alone for {}, until {}{}", hours(*wait), second(*until),
        answer.as_ref().map(|answer| format!(": {answer}")).unwrap_or_default()
    )]
    QuotaUsedUp { answer: Option<String>, wait: Duration, until: Timestamp },
    #[error("the answer to {request} is not the documented one: {reason}")]
    BrokenAnswer { request: Purpose, reason: String },
    #[error("the platform repeats the same contacts instead of the next page (it ignores `{0}`)")]
    SkipIgnored(&'static str),
    #[error("the platform repeated an earlier page instead of the one after contact {read}")]
    PageRepeated { read: u64 },
    #[error("the platform listed more than {0} contacts without reaching an end")]
    Endless(u64),
    #[error(
        "the platform sent too much data for the {what}: {bytes} bytes for {records} contacts, and there are more"
    )]
    TooManyBytes { what: String, bytes: u64, records: u64 },
    #[error("the platform's {what} kept changing while being read: {how}")]
    Drifting { what: String, how: String },
}

/// Returns the innermost reason of a failure; the outer ones say less.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}

/// Describes the clock skew if it may be the reason.
fn off(clock: Option<SignedDuration>) -> String {
    let Some(skew) = clock else { return String::new() };
    let (direction, as_what) =
        if skew.is_positive() { ("ahead of", "not valid yet") } else { ("behind", "expired") };
    format!(
        "; the clock of this machine is {} {direction} the platform's, so the token counts as {as_what}",
        hours(skew.unsigned_abs())
    )
}

/// Formats a duration to the minute, or in seconds if it is shorter.
fn hours(time: Duration) -> String {
    let minutes = time.as_secs().saturating_add(30) / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0 | 1) => format!("{} s", time.as_secs()),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Formats a time to the second, in RFC 3339.
fn second(moment: Timestamp) -> Timestamp {
    moment.round(jiff::Unit::Second).unwrap_or(moment)
}

fn through(proxy: Option<&Proxy>) -> String {
    proxy.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default()
}
