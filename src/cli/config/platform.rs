//! The options of the account: which credentials count, where a secret may be sent, and what the sandbox replaces.

use toml::{Table, Value};

use super::{
    ConfigFiles,
    environment::{SECRETS, secrets_of_environment, variable},
    layers::{APP_KIND, CLIENT_SECRET, Layers, TOKEN, TOKEN_KIND, is_set, resolve},
    origins::Source,
    shown,
};
use crate::{
    cli::{args::PlatformOptions, error::CliError, settings},
    report::terminal::printable,
};

/// The options of an account; the sandbox has its own values.
const ACCOUNT: [&str; 9] = [
    "host",
    "stream-id",
    "account-id",
    "token-file",
    TOKEN,
    "client-id",
    "client-secret-file",
    CLIENT_SECRET,
    "ca-file",
];

/// The options of the platform in force.
#[derive(Debug)]
pub(in crate::cli) struct Platform {
    pub(in crate::cli) options: PlatformOptions,
    /// The error that prevents the use of these options, if any.
    pub(in crate::cli) refusal: Option<CliError>,
    /// A description of settings that the sandbox replaces, if any.
    pub(in crate::cli) unused: Option<String>,
}

/// Returns whether options name a part of an account.
pub(super) fn has_account(options: &Table) -> bool {
    ACCOUNT.iter().any(|name| is_set(options, name))
}

impl ConfigFiles {
    /// Ignores tokens and secrets of the environment, to try those of the files.
    #[must_use]
    pub(in crate::cli) fn without_secrets_of_environment(self) -> Self {
        Self { ignores_secrets: true, ..self }
    }

    pub(super) fn secrets_of_environment(&self) -> impl Iterator<Item = (String, Value)> {
        secrets_of_environment().filter(|_| !self.ignores_secrets)
    }

    /// Merges the `given` platform options over those of the environment and the files.
    pub(in crate::cli) fn platform(&self, given: &PlatformOptions) -> Result<Platform, CliError> {
        let mut layers = Layers::new(&self.options, Table::try_from(given).unwrap_or_default(), &self.given);
        layers.environment.extend(self.secrets_of_environment());
        let is_typed = has_account(&layers.typed);
        let is_sandbox_typed = is_set(&layers.typed, "sandbox");
        if is_typed && !is_sandbox_typed {
            // The user wants a real account.
            layers.files.remove("sandbox");
        }
        let is_sandbox = is_sandbox_typed || is_set(&layers.files, "sandbox");
        let refusal = if is_sandbox {
            is_typed.then(|| both_places(&layers.typed))
        } else {
            let other = || self.other_account(&layers);
            self.two_kinds(&layers).or_else(|| self.leaked_secret(&layers)).or_else(other)
        };
        let unused = is_sandbox.then(|| self.unused(&layers)).flatten();
        let options = self.read(&layers.resolved())?;
        Ok(Platform { options, refusal, unused })
    }

    /// Returns the merged options, or the error that prevents their use.
    pub(in crate::cli) fn under_platform(
        &self,
        given: &PlatformOptions,
    ) -> Result<PlatformOptions, CliError> {
        let Platform { options, refusal, .. } = self.platform(given)?;
        refusal.map_or(Ok(options), Err)
    }

    /// A note on settings that the sandbox replaces, if there are any.
    pub(in crate::cli) fn unused_note(&self, given: &PlatformOptions) -> Option<String> {
        let unused = self.platform(given).ok()?.unused?;
        Some(format!("note: {}\n", printable(&unused)))
    }

    /// Refuses two kinds of credentials in one source, because the choice would be a guess.
    fn two_kinds(&self, layers: &Layers) -> Option<CliError> {
        let sources = [
            (&layers.typed, "on the command line".to_owned()),
            (&layers.environment, "in the environment".to_owned()),
            (&layers.files, self.places(&[TOKEN_KIND, APP_KIND].concat())),
        ];
        let has = |layer: &Table, kind: &[&str]| kind.iter().any(|name| is_set(layer, name));
        let deciding =
            sources.into_iter().find(|(layer, _)| has(layer, TOKEN_KIND) || has(layer, APP_KIND))?;
        let (layer, place) = deciding;
        (has(layer, TOKEN_KIND) && has(layer, APP_KIND)).then(|| {
            CliError::usage(
                format!("both an access token and an app's client id or secret are given {place}"),
                "Keep one: a token, or the client id with its secret. The command line wins over the environment, and that over a file.",
            )
        })
    }

    /// Refuses a typed profile whose account the environment replaces, because the import would go to another account.
    fn other_account(&self, layers: &Layers) -> Option<CliError> {
        const TARGET: [&str; 4] = ["host", "stream-id", "account-id", "client-id"];

        let profile = self.profile().filter(|_| self.given.is_typed("profile"))?;
        let source = self.sources.iter().rev().find(|source| source.profile.is_some())?;
        let has = |table: &Table, name: &str| is_set(table, name) && !is_set(&layers.typed, name);
        let is_other = |name: &&str| {
            let texts = [&layers.environment, &source.options].map(|table| table.get(*name)?.as_str());
            let is_same = match texts {
                [Some(one), Some(other)] if *name == "host" => {
                    matches!((settings::host(one), settings::host(other)), (Ok(one), Ok(other)) if one == other)
                }
                [one, other] => one.map(str::trim) == other.map(str::trim),
            };
            has(&layers.environment, name) && is_set(&source.options, name) && !is_same
        };
        let has_own_secret = SECRETS.iter().any(|(option, ..)| is_set(&source.options, option));
        let replaced = SECRETS.iter().find(|(.., secret)| has_own_secret && has(&layers.environment, secret));
        let profile = printable(profile);
        let (variable, message) = match (TARGET.into_iter().find(is_other), replaced) {
            (Some(name), _) => {
                let variable = variable(name);
                let message = format!(
                    "--profile {profile} and {variable} name different accounts: `{name}` differs, and the environment takes \
                     precedence"
                );
                (variable, message)
            }
            (None, Some((_, what, variable, _))) => {
                let message = format!(
                    "{variable} would replace the secret of --profile {profile}. The {what} may be that of another account"
                );
                ((*variable).to_owned(), message)
            }
            (None, None) => return None,
        };
        Some(CliError::usage(message, format!("Unset {variable} to use the profile, or omit --profile.")))
    }

    /// Returns the files in use, with the places of these options.
    fn places(&self, names: &[&str]) -> String {
        let places = names.iter().filter_map(|name| {
            let source = self.sources.iter().rev().find(|source| is_set(&source.options, name))?;
            Some(format!("{name}: {}", source.place(&[(*name).to_owned()]).position))
        });
        let places: Vec<String> = places.collect();
        format!("in {} ({})", self.described().unwrap_or_default(), places.join("; "))
    }

    /// Refuses to send a secret from a file to a host from another source. Otherwise, a user who passes another
    /// account's host without its secret would disclose this secret. A profile counts as a source of its own.
    fn leaked_secret(&self, layers: &Layers) -> Option<CliError> {
        let mut resolved = layers.clone();
        resolve(&mut [&mut resolved.files, &mut resolved.environment, &mut resolved.typed]);
        let host_of = |layer: &Table| layer.get("host").and_then(Value::as_str).map(str::to_owned);
        let given = host_of(&resolved.typed).or_else(|| host_of(&resolved.environment));
        let host = given.clone().or_else(|| host_of(&resolved.files))?;
        let in_file = SECRETS.iter().find(|(option, ..)| {
            is_set(&resolved.files, option)
                && !is_set(&resolved.environment, option)
                && !is_set(&resolved.typed, option)
        });
        let (option, what, variable, _) = in_file?;
        let strongest = |name: &str, with_profile: bool| {
            let of_kind = |source: &&Source| with_profile || source.profile.is_none();
            self.sources.iter().rev().filter(of_kind).find(|source| is_set(&source.options, name))
        };
        let source = strongest(option, true)?;
        let is_of_profile = source.profile.is_some();
        let beside = strongest("host", is_of_profile).and_then(|source| host_of(&source.options));
        let has_own_host = beside.is_some();
        if given.is_none() && beside.is_none() {
            // Only profiles have hosts, so they share the secret.
            return None;
        }
        // An invalid address is refused later, before anything is sent.
        let used = settings::host(&host).ok()?;
        if beside.and_then(|beside| settings::host(&beside).ok()) == Some(used) {
            return None;
        }
        let file = shown(&source.file);
        let host = printable(&host);
        Some(if given.is_some() {
            CliError::usage(
                format!(
                    "the host `{host}` comes from --host or ROLLCALL_HOST, but the {what} comes from {file}. rollcall sends a \
                     secret only to the host in the same file"
                ),
                if has_own_host {
                    format!(
                        "Omit --host and unset ROLLCALL_HOST to use the host of that file, or pass the secret together with \
                         the host: {variable} or --{option}."
                    )
                } else {
                    format!(
                        "Set the host in that file, or pass the secret together with the host: {variable} or --{option}."
                    )
                },
            )
        } else {
            let profile = self.profile().unwrap_or_default();
            CliError::usage(
                format!(
                    "the host `{host}` comes from [profile.{profile}], but the {what} in {file} belongs to another host. \
                     rollcall sends a secret only to its own host"
                ),
                format!("Set {option} in [profile.{profile}], too."),
            )
        })
    }

    /// Returns the account settings that the sandbox replaces, for a note.
    fn unused(&self, layers: &Layers) -> Option<String> {
        let mut unused = Vec::new();
        for name in ACCOUNT {
            if is_set(&layers.environment, name) {
                unused.push(variable(name));
            }
            if is_set(&layers.files, name) {
                let file = self.origin(name).map(shown).unwrap_or_default();
                unused.push(format!("{name} in {file}"));
            }
        }
        if unused.is_empty() {
            return None;
        }
        let why = if is_set(&layers.typed, "sandbox") {
            "--sandbox uses a local platform".to_owned()
        } else {
            let file = self.origin("sandbox").map(shown).unwrap_or_default();
            format!("`sandbox` in {file} uses a local platform (--no-sandbox uses the account)")
        };
        Some(format!("{why}; these settings are not used: {}", unused.join(", ")))
    }
}

/// Returns the error for the sandbox and an account typed together.
fn both_places(typed: &Table) -> CliError {
    let account: Vec<String> =
        ACCOUNT.iter().filter(|name| is_set(typed, name)).map(|name| format!("--{name}")).collect();
    CliError::usage(
        format!(
            "--sandbox uses a local platform with its own account; it cannot be combined with {}",
            account.join(", ")
        ),
        "Keep --sandbox, or the options of your account.",
    )
}
