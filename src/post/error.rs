//! Errors of posting.

use std::io;

use thiserror::Error;

use crate::{
    journal::JournalError,
    platform::{ClientError, Doubt},
    quantity::counted,
};

/// The reason why posting ended before every contact had a result.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum PostError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(
        "it is not known whether a batch of {} was stored: {reason}. Nothing more was sent",
        counted(*contacts, "contact")
    )]
    Unacknowledged { contacts: u64, reason: String, doubt: Doubt },
    #[error(
        "the platform says that it has {}, but does not show all of them yet: {answer}", counted(*contacts, "contact")
    )]
    NotShown { contacts: u64, answer: String },
    #[error(
        "the platform stored {} with a different number; the last: sent +{sent}, stored +{stored}",
        counted(*contacts, "contact")
    )]
    StoredDifferently { contacts: u64, sent: String, stored: String },
    #[error(
        "the platform refused {}, each by itself, for the same reason: {answer}", counted(*contacts, "contact")
    )]
    TooManyRefused { contacts: u64, answer: String },
    /// The contacts to post cannot be read.
    #[error(transparent)]
    Contacts(io::Error),
}

impl From<JournalError> for PostError {
    fn from(error: JournalError) -> Self {
        Self::Client(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_contact_is_singular() {
        let (answer, sent, stored) = (String::new(), "911".to_owned(), "912".to_owned());
        for error in [
            PostError::NotShown { contacts: 1, answer: answer.clone() },
            PostError::StoredDifferently { contacts: 1, sent, stored },
            PostError::TooManyRefused { contacts: 1, answer },
        ] {
            assert!(
                error.to_string().contains("1 contact") && !error.to_string().contains("1 contacts"),
                "{error}"
            );
        }
    }
}
