//! The settings of a client.

use std::time::Duration;

use super::{Authorities, Credentials, Host, Pace};
use crate::contact::Region;

/// The account's address, credentials and limits.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// The platform.
    pub host: Host,
    /// The stream (bot) that contains the contacts.
    pub stream_id: String,
    /// The account.
    pub account_id: String,
    /// A token or an app's secret.
    pub credentials: Credentials,
    /// Authorities that are trusted in addition to those of the system.
    pub authorities: Authorities,
    /// Requests per minute for the account.
    pub rate: u32,
    /// Requests per hour for the account, if they are limited.
    pub rate_per_hour: Option<u32>,
    /// Timeout of a response.
    pub timeout: Duration,
    /// Maximum attempts per request.
    pub max_attempts: u32,
    /// Stored numbers without a country code are also read as numbers of this region.
    pub region: Option<Region>,
    /// The lengths of the waits.
    pub pace: Pace,
}

impl ClientSettings {
    /// Returns how long the platform may still be carrying out a request that it did not answer.
    pub fn in_flight(&self) -> Duration {
        self.pace.in_flight.unwrap_or(self.timeout)
    }
}
