//! Why the platform could not be used.

use thiserror::Error;

use crate::journal::JournalError;

/// A failure that ends the network part of a run.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PlatformError {
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(#[source] reqwest::Error),
    #[error("the token holds characters that no token has")]
    MalformedToken,
    #[error("the account id holds characters that no account id has")]
    MalformedAccount,
    #[error("{host} cannot be reached: {reason} ({attempts} attempts)")]
    Unreachable { host: String, reason: String, attempts: u32 },
    #[error("{request} failed {attempts} times; last: {reason}")]
    GaveUp { request: &'static str, reason: String, attempts: u32 },
    #[error("the platform does not accept the credentials: {0}")]
    Unauthorized(String),
    #[error("the platform does not allow {request}: {answer}")]
    Denied { request: &'static str, answer: String },
    #[error("the platform sends {request} elsewhere: {answer}")]
    Redirected { request: &'static str, answer: String },
    #[error("{request} was refused: {answer}")]
    Refused { request: &'static str, answer: String },
    #[error(
        "the platform kept saying that the account's requests of this minute are used up ({0} times in a row)"
    )]
    RateLimited(u32),
    #[error("the answer to {request} is not the documented one: {reason}")]
    BrokenAnswer { request: &'static str, reason: String },
    #[error("the platform shows the same contacts again instead of the next page (it ignores `skip`)")]
    SkipIgnored,
    #[error("the platform's contacts kept changing while they were read: {0}")]
    Drifting(String),
    #[error(
        "it is not known whether a batch of {contacts} contacts was stored: {reason}. Nothing more was sent"
    )]
    Unanswered { contacts: usize, reason: String },
    #[error("the platform refused {contacts} contacts, each by itself, for the same reason: {answer}")]
    TooManyRefused { contacts: usize, answer: String },
    #[error("interrupted")]
    Interrupted(i32),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the run's own notes cannot be read: {0}")]
    Notes(#[source] std::io::Error),
}

impl PlatformError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable { .. } => "Look at --host and at the network; then run the same command again.",
            Self::Unauthorized(_) => {
                "Look at --client-id and the client secret, or make a new token; the app must have the scope for \
                 this API."
            }
            Self::Denied { .. } | Self::Redirected { .. } | Self::Refused { .. } => {
                "Look at --host, --stream-id and --account-id, and whether the app has the scope for this API."
            }
            Self::RateLimited(_) => {
                "Another program uses the account. Run the same command again later, or with a smaller --rate."
            }
            Self::Unanswered { .. } => {
                "Run the same command again: it reads first what the platform holds, and posts only what is missing."
            }
            Self::GaveUp { .. } | Self::Drifting(_) | Self::Interrupted(_) => "Run the same command again.",
            Self::TooManyRefused { .. } => {
                "The settings are more likely wrong than the rows: look at what the platform says. Rows that were not \
                 tried are `pending`: run the same command again when it is mended, or without the rows in rejected.csv."
            }
            Self::Journal(error) => error.hint(),
            Self::Setup(_)
            | Self::MalformedToken
            | Self::MalformedAccount
            | Self::BrokenAnswer { .. }
            | Self::SkipIgnored
            | Self::Notes(_) => return None,
        })
    }
}
