//! Errors of the platform client.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use super::{Distrust, Doubt, Proxy, Purpose};
use crate::{
    contact::Region,
    journal::{Holder, JournalError},
    suppress::UnreadSuppressions,
};

/// A failure that ends the network part of a run.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PlatformError {
    #[error("the HTTP client cannot be set up: {}", innermost(.0))]
    Setup(#[source] reqwest::Error),
    #[error("the token contains characters that are not allowed in a token")]
    MalformedToken,
    #[error("the account id contains characters that are not allowed in an account id")]
    MalformedAccount,
    #[error("{host} cannot be reached{}: {reason} ({})", through(proxy.as_ref()), times(*attempts, "attempt"))]
    Unreachable { host: String, reason: String, attempts: u32, proxy: Option<Proxy> },
    #[error("{request} failed {}; last: {reason}", times(*attempts, "time"))]
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
    #[error("the platform counts {counted} contacts in the {what} but shows only {shown}")]
    NotAllShown { what: String, counted: u64, shown: u64 },
    #[error("most numbers in the {what} ({contacts}) are not valid international numbers{}", nor_of(*.region))]
    NoCountry { what: String, contacts: u64, region: Option<Region> },
    #[error(transparent)]
    Unread(#[from] UnreadSuppressions),
    #[error("the platform listed more than {0} contacts without reaching an end")]
    Endless(u64),
    #[error(
        "the platform sent too much data for the {what}: {bytes} bytes for {records} contacts, and there are more"
    )]
    TooManyBytes { what: String, bytes: u64, records: u64 },
    #[error("the platform's {what} kept changing while being read: {how}")]
    Drifting { what: String, how: String },
    #[error(
        "it is not known whether a batch of {} was stored: {reason}. Nothing more was sent",
        times(*contacts, "contact")
    )]
    Unacknowledged { contacts: usize, reason: String, doubt: Doubt },
    #[error(
        "the platform says that it has {}, but does not show all of them yet: {answer}", times(*contacts, "contact")
    )]
    NotShown { contacts: usize, answer: String },
    #[error(
        "the platform stored {} with a different number; the last: sent +{sent}, stored +{stored}",
        times(*contacts, "contact")
    )]
    StoredDifferently { contacts: usize, sent: String, stored: String },
    #[error(
        "the platform refused {}, each by itself, for the same reason: {answer}", times(*contacts, "contact")
    )]
    TooManyRefused { contacts: usize, answer: String },
    #[error("interrupted")]
    Interrupted(i32),
    #[error("{} is importing to the same account", Holder::named(.0.as_ref()))]
    Busy(Option<Holder>),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("cannot read rollcall's temporary files: {0}")]
    Spool(#[source] std::io::Error),
    #[error("the receiver of the records stopped the read")]
    Ended,
}

fn nor_of(region: Option<Region>) -> String {
    region.map(|region| format!(", nor numbers of {region}")).unwrap_or_default()
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

fn times(count: impl TryInto<u64>, word: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn through(proxy: Option<&Proxy>) -> String {
    proxy.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default()
}

/// Hints for refused requests.
const CONFIGURATION_SCOPE: &str = "The app needs the scope `Configuration` and must belong to the account in --account-id. \
    Set scopes where the app was made; a ready token has the scopes of its app.";
const REDIRECT: &str = "rollcall does not send credentials to a redirect's target. If that is the platform's new address, pass it with \
    --host; otherwise check --host, --stream-id and --account-id, and any proxy on the way.";
const CLOCK: &str = "Set the clock of this machine, for example with NTP: a token made here is valid for ten minutes. If the clock is \
    right, the platform's clock is wrong.";
const CAMPAIGN_SCOPE: &str = "The app needs the scope `Campaign Management` and must belong to the account in --account-id. \
    Set scopes where the app was made; a ready token has the scopes of its app.";

impl PlatformError {
    /// Returns what to do about the error.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable { proxy: Some(_), .. } => {
                "Check --host and the proxy that the environment names; then run the same command again."
            }
            Self::Unreachable { .. } => "Check --host and the network; then run the same command again.",
            Self::Untrusted { distrust: Distrust::UnknownAuthority, .. } => {
                "A company's own authority may have issued it, for the platform or for a proxy. Ask the administrator for \
                 the authority's certificate, and pass its file with --ca-file or in SSL_CERT_FILE."
            }
            Self::Untrusted { distrust: Distrust::Expired | Distrust::NotYetValid, .. } => {
                "Check the clock of this machine. If it is right, the operator of the host must renew the certificate."
            }
            Self::Untrusted { .. } => {
                "Check --host: its name must be the one in the certificate. A proxy may show a certificate of its own."
            }
            Self::Unauthorized { clock: Some(_), .. } | Self::Denied { clock: Some(_), .. } => CLOCK,
            Self::Unauthorized { about: Some(_), .. } => {
                "Make a new token, and put it where this one came from (ROLLCALL_TOKEN or --token-file). With an app's \
                 --client-id and secret, rollcall makes its own tokens."
            }
            Self::Unauthorized { is_token: true, .. } => {
                "Make a new token with the app of this account, and put it where this one came from (ROLLCALL_TOKEN or \
                 --token-file)."
            }
            Self::Unauthorized { .. } => {
                "Check --client-id and the client secret: both must come from the same app, and the app must belong to --account-id."
            }
            Self::Denied { request, status: 401 | 403, .. } if request.is_of_campaigns() => CAMPAIGN_SCOPE,
            Self::Denied { status: 401 | 403, .. } => CONFIGURATION_SCOPE,
            Self::Redirected { .. } | Self::Unacknowledged { doubt: Doubt::Redirect, .. } => REDIRECT,
            Self::GaveUp { is_broken: true, .. } | Self::BrokenAnswer { .. } => {
                "The answer does not match the platform's API. Check --host and --stream-id: it may be a proxy or a login page. \
                 If it is the platform, show this message to its operator."
            }
            Self::Denied { .. } | Self::Refused { .. } => {
                "Check --stream-id, --host and --account-id: they do not match, or one does not exist."
            }
            Self::NoSuch { .. } | Self::RefusedId { .. } => {
                "Check the id. If the list or campaign was made with the older API, add --api v1."
            }
            Self::SkipIgnored(_) | Self::Endless(_) | Self::TooManyBytes { .. } => {
                "Contact the platform's operator, or use --existing FILE to skip reading."
            }
            Self::NotAllShown { .. } => {
                "Nothing was posted: contacts that were not shown would not be suppressed. Run the same command again. If it \
                 fails again, save the contacts with `rollcall fetch` and pass that file with --exclude-file."
            }
            Self::NoCountry { region: None, .. } => {
                "Nothing was posted: these numbers would exclude nobody. Set their country with --region."
            }
            Self::NoCountry { region: Some(_), .. } => {
                "Nothing was posted: these numbers would exclude nobody. If they are numbers of another country, save the \
                 list with `rollcall fetch`, add a column `Country`, and pass the file with --exclude-file."
            }
            Self::Unread(_) => UnreadSuppressions::HINT,
            Self::Busy(_) => {
                "This command posted nothing. Run it again after the other import, or wait longer with --wait."
            }
            Self::PageSize { .. } => "Choose another --page-size, or omit it.",
            Self::PageRepeated { .. } => {
                "Run the same command again, with a smaller --page-size if you set one."
            }
            Self::RateLimited { .. } => {
                "Another program uses the account, or the account's limit is lower than --rate. Run the same command again \
                 later, with a smaller --rate or with --rate-per-hour."
            }
            Self::QuotaUsedUp { .. } => {
                "Run the same command again after that time. Until then, rollcall sends nothing to the account."
            }
            Self::NotShown { .. } => {
                "Run the same command again in a few minutes. It first reads the existing contacts and posts only the \
                 missing ones."
            }
            Self::StoredDifferently { .. } => {
                "Correct or delete these contacts on the platform; otherwise, the wrong people may be called. rejected.csv \
                 lists them. Before you post more, ask the platform's operator why it changes numbers."
            }
            Self::Unacknowledged { doubt: Doubt::BrokenAnswer, .. } => {
                "The answer does not match the platform's API. Check --host and any proxy. The next run first reads the \
                 existing contacts and posts only the missing ones."
            }
            Self::Unacknowledged { .. } => {
                "Run the same command again: it first reads the existing contacts and posts only the missing ones."
            }
            Self::Drifting { .. } => {
                "Another program adds or removes contacts, perhaps another import. Run the same command again after it ends."
            }
            Self::GaveUp { .. } | Self::Interrupted(_) => "Run the same command again.",

            Self::TooManyRefused { .. } => {
                "The settings are more likely wrong than the rows: read the platform's message. Rows that were not tried are \
                 `pending`: run the same command again after the fix, or without the rows in rejected.csv."
            }
            Self::Journal(error) => error.hint(),
            Self::Setup(_) => {
                "rollcall needs the certificate authorities that this machine trusts. If SSL_CERT_FILE or SSL_CERT_DIR is \
                 set, it must point to readable certificates."
            }
            Self::MalformedToken | Self::MalformedAccount | Self::Ended | Self::Spool(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_contact_is_singular() {
        let (answer, sent, stored) = (String::new(), "911".to_owned(), "912".to_owned());
        for error in [
            PlatformError::NotShown { contacts: 1, answer: answer.clone() },
            PlatformError::StoredDifferently { contacts: 1, sent, stored },
            PlatformError::TooManyRefused { contacts: 1, answer },
        ] {
            assert!(
                error.to_string().contains("1 contact") && !error.to_string().contains("1 contacts"),
                "{error}"
            );
        }
    }
}
