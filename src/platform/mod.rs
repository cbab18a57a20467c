//! A client of the documented API: requests, responses, and the account's quota.
//!
//! The source of every rule here is the platform's own pages on contacts and rate limits. Where they leave a question
//! open, the client copes with every possible answer and relies on none. This module knows nothing of files or rows.

mod answer;
mod auth;
mod body;
mod bounds;
mod call;
mod client;
mod collection;
mod create;
mod created;
mod error;
mod exchange;
mod failure;
mod host;
mod json;
mod limiter;
mod page;
mod paging;
mod proxy;
mod purpose;
mod reading;
mod record;
mod redaction;
mod response_info;
mod settings;
mod step;
mod trust;
mod wait;
mod wire;

pub(crate) use self::{answer::masked, bounds::ByteLimit, client::NO_RETRIES, failure::says_taken};
pub use self::{
    auth::{Credentials, is_jwt},
    client::{Client, Counts, Sending},
    collection::{Api, Collection},
    create::{Created, Listed, Refusal},
    error::{ClientError, PlatformError},
    host::{Host, HostError},
    limiter::DOCUMENTED_RATE,
    proxy::Proxy,
    purpose::Purpose,
    reading::{PageInfo, Readout, RecordSink},
    record::{Record, stored_contact},
    response_info::ResponseInfo,
    settings::ClientSettings,
    step::{Doubt, UnacknowledgedRequest},
    trust::{Authorities, AuthoritiesError, Distrust},
    wait::Pace,
};

#[cfg(test)]
#[expect(dead_code, reason = "the tests of the built program use all of it")]
pub(crate) mod scripted;
#[cfg(test)]
mod test_client;
#[cfg(test)]
mod tests;
