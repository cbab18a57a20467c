//! Why the platform could not be used.

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
    #[error("the token holds characters that no token has")]
    MalformedToken,
    #[error("the account id holds characters that no account id has")]
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
    #[error("the platform sends {request} elsewhere: {answer}")]
    Redirected { request: Purpose, answer: String },
    #[error("{request} was refused: {answer}")]
    Refused { request: Purpose, answer: String },
    #[error("a page of {asked} cannot be asked for: of the {what}, from 1 to {largest}")]
    PageSize { asked: u64, largest: u64, what: String },
    #[error(
        "the platform kept saying that the account's requests are used up ({times} times in a row); last: {answer}"
    )]
    RateLimited { times: u32, answer: String },
    #[error(
        "the platform asked to leave the account alone for {}, until {}{}", hours(*wait), second(*until),
        answer.as_ref().map(|answer| format!(": {answer}")).unwrap_or_default()
    )]
    QuotaUsedUp { answer: Option<String>, wait: Duration, until: Timestamp },
    #[error("the answer to {request} is not the documented one: {reason}")]
    BrokenAnswer { request: Purpose, reason: String },
    #[error("the platform shows the same contacts again instead of the next page (it ignores `{0}`)")]
    SkipIgnored(&'static str),
    #[error("the platform shows a page again that came before, in place of the one behind {read} contacts")]
    PageRepeated { read: u64 },
    #[error("the platform counts {counted} contacts of the {what} and shows {shown}")]
    NotAllShown { what: String, counted: u64, shown: u64 },
    #[error("most numbers of the {what} ({contacts}) belong to no country as they stand{}", nor_of(*.region))]
    NoCountry { what: String, contacts: u64, region: Option<Region> },
    #[error(transparent)]
    Unread(#[from] UnreadSuppressions),
    #[error("the platform showed more than {0} contacts, and no end of them")]
    Endless(u64),
    #[error(
        "the platform's {what} take too much room: {bytes} bytes for {records} contacts, and there are more"
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
    #[error("the run's own notes cannot be read: {0}")]
    Notes(#[source] std::io::Error),
    #[error("the reading was ended by whoever takes what is read")]
    Ended,
}

fn nor_of(region: Option<Region>) -> String {
    region.map(|region| format!(", nor to {region}")).unwrap_or_default()
}

/// The innermost reason of a failure; the outer ones say less.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}

/// Said where the clock may be the reason.
fn off(clock: Option<SignedDuration>) -> String {
    let Some(skew) = clock else { return String::new() };
    let (direction, as_what) =
        if skew.is_positive() { ("ahead of", "not valid yet") } else { ("behind", "expired") };
    format!(
        "; the clock of this machine is {} {direction} the platform's, which takes the token for {as_what}",
        hours(skew.unsigned_abs())
    )
}

/// A length of time to the minute, or in seconds where it is shorter.
fn hours(time: Duration) -> String {
    let minutes = time.as_secs().saturating_add(30) / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0 | 1) => format!("{} s", time.as_secs()),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// A moment to the second, in RFC 3339.
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

/// What to do where the platform does not allow something.
const CONFIGURATION_SCOPE: &str = "The app needs the scope `Configuration` for this, and must be one of the account in \
    --account-id. Scopes are set where the app was made; a ready token has those of its app.";
const REDIRECT: &str = "Credentials are not sent to where it points. If that is the platform's new address, give it with --host; else look at \
    --host, --stream-id and --account-id, and at any proxy on the way.";
const CLOCK: &str = "Set the clock of this machine, for example with NTP: a token that is made here is good for ten minutes by it. If it is right, the \
    platform's clock is wrong.";
const CAMPAIGN_SCOPE: &str = "The app needs the scope `Campaign Management` for this, and must be one of the account in \
    --account-id. Scopes are set where the app was made; a ready token has those of its app.";

impl PlatformError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable { proxy: Some(_), .. } => {
                "Look at --host and at the proxy that the environment names; then run the same command again."
            }
            Self::Unreachable { .. } => "Look at --host and at the network; then run the same command again.",
            Self::Untrusted { distrust: Distrust::UnknownAuthority, .. } => {
                "A company's own authority may have issued it, for the platform or for a proxy. Ask the administrator for the authority's \
                 certificate, and name its file with --ca-file or in SSL_CERT_FILE."
            }
            Self::Untrusted { distrust: Distrust::Expired | Distrust::NotYetValid, .. } => {
                "Check the clock of this machine. If it is right, the operator of the host must renew the certificate."
            }
            Self::Untrusted { .. } => {
                "Check --host: its name must be the one in the certificate. A proxy may show a certificate of its own."
            }
            Self::Unauthorized { clock: Some(_), .. } | Self::Denied { clock: Some(_), .. } => CLOCK,
            Self::Unauthorized { about: Some(_), .. } => {
                "Make a new token, and put it where this one came from (ROLLCALL_TOKEN or --token-file). An app's --client-id \
                 with its secret makes them by itself."
            }
            Self::Unauthorized { is_token: true, .. } => {
                "Make a new token with the app of this account, and put it where this one came from (ROLLCALL_TOKEN or \
                 --token-file)."
            }
            Self::Unauthorized { .. } => {
                "Look at --client-id and the client secret: both are of one app, which is one of the account in --account-id."
            }
            Self::Denied { request, status: 401 | 403, .. } if request.is_of_campaigns() => CAMPAIGN_SCOPE,
            Self::Denied { status: 401 | 403, .. } => CONFIGURATION_SCOPE,
            Self::Redirected { .. } | Self::Unacknowledged { doubt: Doubt::Redirect, .. } => REDIRECT,
            Self::GaveUp { is_broken: true, .. } | Self::BrokenAnswer { .. } => {
                "The server does not answer as the platform is documented to. Check --host and --stream-id: it may be a proxy or a login \
                 page. If it is the platform, show this message to its operator."
            }
            Self::Denied { .. } | Self::Refused { .. } => {
                "Look at --stream-id, --host and --account-id: they are not of one place, or there is no such place."
            }
            Self::NoSuch { .. } | Self::RefusedId { .. } => {
                "Copy the id again. Of the campaign API there are two versions: --api v1 asks the older one."
            }
            Self::SkipIgnored(_) | Self::Endless(_) | Self::TooManyBytes { .. } => {
                "Ask the operator of the platform. With --existing FILE, an import takes the existing contacts from a file and does not read them."
            }
            Self::NotAllShown { .. } => {
                "Nothing was posted: rollcall might call people who were not shown. Run the same command again; `rollcall fetch` \
                 shows what there is, to be given with --exclude-file."
            }
            Self::NoCountry { region: None, .. } => {
                "Nothing was posted, because these numbers would suppress nobody. Name their country with --region."
            }
            Self::NoCountry { region: Some(_), .. } => {
                "Nothing was posted, because these numbers would suppress nobody. If they are numbers of another country, `rollcall fetch` \
                 writes the list to a file: add a column `Country`, and give it with --exclude-file."
            }
            Self::Unread(_) => UnreadSuppressions::HINT,
            Self::Busy(_) => {
                "This command posted nothing. Run it again when the other import is over, or wait longer with --wait."
            }
            Self::PageSize { .. } => "Choose another --page-size, or none.",
            Self::PageRepeated { .. } => {
                "Run the same command again, with a smaller --page-size if there is one."
            }
            Self::RateLimited { .. } => {
                "Another program uses the account, or its limit is smaller than --rate. Run the same command again later, with a \
                 smaller --rate or with --rate-per-hour."
            }
            Self::QuotaUsedUp { .. } => {
                "Run the same command again after that. Until then, nothing is sent to the account."
            }
            Self::NotShown { .. } => {
                "Run the same command again in a few minutes. It first reads the existing contacts, and posts only the missing \
                 ones."
            }
            Self::StoredDifferently { .. } => {
                "Correct or delete these contacts on the platform: as they stand, others may be called. They are in \
                 rejected.csv. Before you post more, ask the operator of the platform why it changes numbers."
            }
            Self::Unacknowledged { doubt: Doubt::BrokenAnswer, .. } => {
                "The server does not answer as the platform is documented to. Check --host and any proxy. The next run first reads the \
                 existing contacts, and posts only the missing ones."
            }
            Self::Unacknowledged { .. } => {
                "Run the same command again: it reads first what the platform holds, and posts only what is missing."
            }
            Self::Drifting { .. } => {
                "Somebody adds or removes contacts, perhaps another import: run the same command again when that is over."
            }
            Self::GaveUp { .. } | Self::Interrupted(_) => "Run the same command again.",

            Self::TooManyRefused { .. } => {
                "The settings are more likely wrong than the rows: look at what the platform says. Rows that were not \
                 tried are `pending`: run the same command again when it is mended, or without the rows in rejected.csv."
            }
            Self::Journal(error) => error.hint(),
            Self::Setup(_) => {
                "It needs the certificate authorities that this machine trusts. Where SSL_CERT_FILE or SSL_CERT_DIR is set, it \
                 must name some that can be read."
            }
            Self::MalformedToken | Self::MalformedAccount | Self::Ended | Self::Notes(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_contact_is_one() {
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
