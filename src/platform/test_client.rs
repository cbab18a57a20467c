//! A client for tests of a scripted platform, with very short waits.

use std::time::Duration;

use super::{Authorities, Client, ClientSettings, Credentials, Host, Pace, scripted::Scripted};
use crate::{interrupt::Interrupt, journal::Journal, progress::Silent};

impl Scripted {
    pub(crate) fn host(&self) -> Host {
        format!("http://{}", self.address()).parse().unwrap()
    }

    /// Returns a client of this platform.
    pub(crate) fn client(&self) -> Client<'static> {
        client(settings(self.host()), Interrupt::default())
    }
}

/// Returns a client that shares its quota with no other program.
pub(crate) fn client(settings: ClientSettings, interrupt: Interrupt) -> Client<'static> {
    let quota = Journal::in_memory().unwrap().quota("acc-1");
    Client::new(settings, quota, &Silent, interrupt).unwrap()
}

pub(crate) fn settings(host: Host) -> ClientSettings {
    ClientSettings {
        host,
        stream_id: "st-1".to_owned(),
        account_id: "acc-1".to_owned(),
        credentials: Credentials::App { client_id: "cs-1".to_owned(), client_secret: "secret".into() },
        authorities: Authorities::default(),
        rate: 100_000,
        rate_per_hour: None,
        timeout: Duration::from_mins(2),
        max_attempts: 3,
        region: None,
        pace: Pace {
            window: Duration::from_millis(1),
            long_window: Duration::from_millis(1),
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(1),
            in_flight: Some(Duration::from_millis(1)),
        },
    }
}
