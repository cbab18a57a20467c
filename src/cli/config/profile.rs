//! The names of profiles, and the error for one that does not exist.

use toml::Table;

use super::{
    ConfigFiles,
    file::{File, Owner},
    shown, user_file,
};
use crate::cli::error::CliError;

/// Returns the profiles of the user's file, unless it has a fault.
pub(in crate::cli) fn profiles() -> Vec<String> {
    let file = user_file().and_then(|path| File::read(&path, Owner::User).ok().flatten());
    file.map(|file| file.profiles.keys().cloned().collect()).unwrap_or_default()
}

impl ConfigFiles {
    /// Returns the error for a missing profile. It lists the `profiles`, the most similar first.
    pub(super) fn no_profile(&self, name: &str, profiles: &Table) -> CliError {
        let mut names: Vec<&str> = profiles.keys().map(String::as_str).collect();
        let similarity =
            |name: &&str| strsim::jaro_winkler(name, self.profile.as_deref().unwrap_or_default());
        names.sort_by(|a, b| similarity(b).total_cmp(&similarity(a)));
        let place = match (self.described(), user_file()) {
            (Some(files), _) => format!("in {files}"),
            (None, Some(user)) => format!("because there is no {}", shown(&user)),
            (None, None) => "because there is no settings file".to_owned(),
        };
        let hint = if names.is_empty() {
            format!(
                "Add a table [profile.{name}] to your settings file, or omit --profile and ROLLCALL_PROFILE."
            )
        } else {
            format!("The profiles are: {}. Name one with --profile or ROLLCALL_PROFILE.", names.join(", "))
        };
        CliError::usage(format!("there is no profile `{name}` {place}"), hint)
    }
}
