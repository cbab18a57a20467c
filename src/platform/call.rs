//! A request before it is sent.

use reqwest::{Method, Url};

use super::Purpose;

/// The parts of a request, from which each attempt is built.
pub(super) struct Call {
    pub(super) purpose: Purpose,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<Vec<u8>>,
}
