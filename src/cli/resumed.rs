//! Whether an import that goes on still posts to where it was begun.

use std::env;

use super::{args::PlatformOptions, config::ConfigFiles, error::CliError, settings};
use crate::{journal::RunRecord, pipeline::Target, report::terminal::printable};

/// Refuses to go on where the settings in force name another place than those that the import was begun with: the credentials in
/// force may be another account's.
pub(super) fn check_settings(
    id: &str,
    begun: &PlatformOptions,
    config: &ConfigFiles,
) -> Result<(), CliError> {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let of_environment = PlatformOptions {
        host: set("ROLLCALL_HOST"),
        stream_id: set("ROLLCALL_STREAM_ID"),
        account_id: set("ROLLCALL_ACCOUNT_ID"),
        ..PlatformOptions::default()
    };
    let in_force = config.under_platform(&of_environment)?;
    let host = |text: &Option<String>| {
        let text = text.as_deref()?;
        Some(settings::host(text).map_or_else(|_| text.to_owned(), |host| host.to_string()))
    };
    for (what, begun, now) in [
        ("host", host(&begun.host), host(&in_force.host)),
        ("stream", begun.stream_id.clone(), in_force.stream_id),
        ("account", begun.account_id.clone(), in_force.account_id),
    ] {
        let [begun, now] = [begun, now].map(|text| text.unwrap_or_default().trim().to_owned());
        if !now.is_empty() && begun != now {
            return Err(other_place(id, what, &begun, &now));
        }
    }
    Ok(())
}

/// Refuses to go on where what is recorded of the import contradicts itself.
pub(super) fn check_record(run: &RunRecord, target: &Target) -> Result<(), CliError> {
    for (what, begun, now) in
        [("account", &run.account, &target.account), ("stream", &run.stream, &target.stream)]
    {
        if begun != now {
            return Err(other_place(&run.id, what, begun, now));
        }
    }
    Ok(())
}

fn other_place(id: &str, what: &str, begun: &str, now: &str) -> CliError {
    let [begun, now] = [begun, now].map(printable);
    CliError::usage(
        format!(
            "cannot resume the import {id}: it was begun for the {what} {begun}, and the {what} is now {now}"
        ),
        format!("To finish it, set the {what} back. To post its files to {now}, use `rollcall import`."),
    )
}
