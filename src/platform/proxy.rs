//! The proxy that requests use, for messages. The HTTP client finds it by itself, in the same variables.

use std::{env, fmt};

use url::Url;

use super::Host;

/// A proxy and the variable that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// The environment variable.
    pub variable: &'static str,
    /// The address, without user or password.
    pub address: String,
}

/// The variables in order of priority; the first one that is set counts.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

impl Proxy {
    /// Returns the proxy for a host. Requests to this machine use none.
    pub fn of(host: &Host) -> Option<Self> {
        Self::among(host, &|name| env::var(name).ok().filter(|value| !value.trim().is_empty()))
    }

    fn among(host: &Host, variable: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        if host.is_loopback() {
            return None;
        }
        let except = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
        if except.split(',').any(|name| host.is_within(name.trim())) {
            return None;
        }
        let (name, value) = VARIABLES.into_iter().find_map(|name| Some((name, variable(name)?)))?;
        // An invalid value may contain a password.
        let value = value.trim();
        let parsed =
            Url::parse(&if value.contains("://") { value.to_owned() } else { format!("http://{value}") });
        let parsed = parsed.ok().filter(Url::has_host);
        let address = parsed.map_or_else(
            || "an address that cannot be read".to_owned(),
            |url| url.origin().ascii_serialization(),
        );
        Some(Self { variable: name, address })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.address, self.variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(host: &str, variables: &[(&str, &str)]) -> Option<String> {
        let find = |name: &str| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
        };
        Proxy::among(&host.parse().unwrap(), &find).map(|proxy| proxy.to_string())
    }

    #[test]
    fn proxy_is_shown_without_its_password() {
        let https = ("HTTPS_PROXY", "http://me:canary@proxy.example.com:3128/");
        let host = "https://platform.example.com";
        assert_eq!(proxy(host, &[https]).as_deref(), Some("http://proxy.example.com:3128 (HTTPS_PROXY)"));
        assert_eq!(proxy(host, &[("all_proxy", "proxy:80")]).as_deref(), Some("http://proxy (all_proxy)"));
        assert_eq!(proxy(host, &[]), None);
        assert_eq!(proxy("http://127.0.0.1:7788", &[https]), None);
        assert_eq!(proxy(host, &[https, ("NO_PROXY", "localhost, .example.com")]), None);
        assert!(proxy(host, &[https, ("NO_PROXY", "other.com")]).is_some());
    }
}
