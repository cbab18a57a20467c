//! The platform's host. It receives the credentials, so it must use HTTPS unless it is this machine.

use std::{fmt, str::FromStr};

use thiserror::Error;
use url::{Host as UrlHost, Url};

/// The platform's address: scheme, name and port only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(Url);

/// The reason why an address cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum HostError {
    #[error("the host `{0}` is not a web address; use the form https://platform.kore.ai")]
    Malformed(String),
    #[error("the host `{host}` has no scheme; use https://{host}")]
    NoScheme { host: String },
    #[error(
        "the host `{0}` would send credentials in the clear; use https:// (http:// is only for this machine)"
    )]
    Insecure(String),
    #[error("the host contains a user name or password; remove it")]
    Credentials,
    #[error("the host `{host}` has a path; use {origin}")]
    Path { host: String, origin: String },
}

impl Host {
    /// Returns whether the address is this machine's own.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(UrlHost::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(UrlHost::Ipv4(address)) => address.is_loopback(),
            Some(UrlHost::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// Returns whether an entry of `NO_PROXY` names this host or a parent domain.
    pub(super) fn is_within(&self, name: &str) -> bool {
        let (host, name) = (self.0.host_str().unwrap_or_default(), name.trim_start_matches('.'));
        let below = || host.strip_suffix(name).is_some_and(|front| front.ends_with('.'));
        name == "*" || !name.is_empty() && (host == name || below())
    }

    /// Returns the address of a path on the platform; segments are escaped as needed.
    pub(super) fn url<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        // The part before an @ may be a password.
        let shown = text.rsplit_once('@').map_or(text, |(_, host)| host);
        let malformed = || HostError::Malformed(shown.to_owned());
        if !text.contains("://") {
            return Err(if text.is_empty() {
                malformed()
            } else {
                HostError::NoScheme { host: shown.to_owned() }
            });
        }
        let url = Url::parse(text).map_err(|_| malformed())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(HostError::Credentials);
        }
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(malformed());
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            let origin = url.origin().ascii_serialization();
            return Err(HostError::Path { host: text.to_owned(), origin });
        }
        let host = Self(url);
        if host.0.scheme() == "http" && !host.is_loopback() {
            return Err(HostError::Insecure(text.to_owned()));
        }
        Ok(host)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        text.parse::<Host>().map_or_else(|error| error.to_string(), |host| host.to_string())
    }

    #[test]
    fn https_is_allowed_anywhere_but_http_only_on_this_machine() {
        for host in
            ["https://platform.kore.ai", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1"]
        {
            assert_eq!(read(host), host);
        }
        assert_eq!(read("https://platform.kore.ai/"), "https://platform.kore.ai");
        for host in ["http://platform.kore.ai", "http://10.0.0.1", "http://127.0.0.1.example.com"] {
            assert!(read(host).contains("in the clear"), "{host}");
        }
    }

    #[test]
    fn invalid_hosts_are_refused_with_the_reason() {
        insta::assert_snapshot!(read("platform.kore.ai"), @"the host `platform.kore.ai` has no scheme; use https://platform.kore.ai");
        insta::assert_snapshot!(read("https://platform.kore.ai/api/1"), @"the host `https://platform.kore.ai/api/1` has a path; use https://platform.kore.ai");
        insta::assert_snapshot!(read("https://me:secret@platform.kore.ai"), @"the host contains a user name or password; remove it");
        insta::assert_snapshot!(read("ftp://platform.kore.ai"), @"the host `ftp://platform.kore.ai` is not a web address; use the form https://platform.kore.ai");
        insta::assert_snapshot!(read(""), @"the host `` is not a web address; use the form https://platform.kore.ai");
    }

    #[test]
    fn segments_are_escaped() {
        let host: Host = "https://platform.kore.ai".parse().unwrap();
        assert_eq!(host.url(["a", "st-1/../x", "c"]).as_str(), "https://platform.kore.ai/a/st-1%2F..%2Fx/c");
    }
}
