//! Checks that `resume` posts to the account that the import began with.

use std::env;

use super::{args::PlatformOptions, config::ConfigFiles, error::CliError, settings};
use crate::{journal::RunRecord, pipeline::Target, report::terminal::printable};

/// Refuses to resume if the settings in force name another host, account or stream than the import began with. The
/// credentials in force may belong to another account.
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
    let in_force = config.platform(&of_environment)?.options;
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

/// Refuses to resume if the record of the import contradicts itself.
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
            "cannot resume the import {id}: it started with the {what} {begun}, but the settings now name {now}"
        ),
        format!(
            "To finish it, set {}={begun} for this command. To post its files to {now}, use `rollcall import`.",
            match what {
                "host" => "ROLLCALL_HOST",
                "stream" => "ROLLCALL_STREAM_ID",
                _ => "ROLLCALL_ACCOUNT_ID",
            }
        ),
    )
}
