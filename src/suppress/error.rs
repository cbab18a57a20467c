//! Errors of learning which numbers are suppressed.

use thiserror::Error;

use super::UnreadSuppressions;
use crate::{contact::Region, platform::ClientError};

/// The reason why a contact list or campaign of the platform cannot be used to suppress numbers.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum SuppressError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Unread(#[from] UnreadSuppressions),
    #[error("the platform counts {counted} contacts in the {what} but shows only {shown}")]
    NotAllShown { what: String, counted: u64, shown: u64 },
    #[error("most numbers in the {what} ({contacts}) are not valid international numbers{}", nor_of(*.region))]
    NoCountry { what: String, contacts: u64, region: Option<Region> },
}

fn nor_of(region: Option<Region>) -> String {
    region.map(|region| format!(", nor numbers of {region}")).unwrap_or_default()
}
