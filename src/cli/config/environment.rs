//! The environment variables of options and secrets.

use std::env;

use toml::Value;

use super::layers::{CLIENT_SECRET, TOKEN};

/// Options that name a file with a secret: the option, the secret, its variable, and its name among the options.
pub(super) const SECRETS: [(&str, &str, &str, &str); 2] = [
    ("token-file", "token", "ROLLCALL_TOKEN", TOKEN),
    ("client-secret-file", "client secret", "ROLLCALL_CLIENT_SECRET", CLIENT_SECRET),
];

/// Returns the secrets that the environment contains, without their values.
pub(super) fn secrets_of_environment() -> impl Iterator<Item = (String, Value)> {
    let is_set = |variable| env::var(variable).is_ok_and(|value| !value.trim().is_empty());
    let set = SECRETS.into_iter().filter(move |(_, _, variable, _)| is_set(*variable));
    set.map(|(.., name)| (name.to_owned(), Value::Boolean(true)))
}

/// Returns the environment variable of an option.
pub(in crate::cli) fn variable(name: &str) -> String {
    format!("ROLLCALL_{}", name.replace('-', "_").to_uppercase())
}
