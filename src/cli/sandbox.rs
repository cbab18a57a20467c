//! `rollcall sandbox`

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use secrecy::ExposeSecret as _;

use super::{
    args::SandboxArgs,
    config::ConfigFiles,
    error::{CliError, signal_exit_code},
    printer::Printer,
    settings, signals,
};
use crate::sandbox::{self, Sandbox, SandboxSettings, Seed};

pub(super) fn run(args: &SandboxArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    let options = config.sandbox_under(&args.options)?;
    let defaults = SandboxSettings::default();
    let region = options.region.as_deref().map(settings::region).transpose()?;
    let duplicates = options.duplicates.as_deref().map(str::parse).transpose();
    let at_least_one = |name: &str, value: Option<u64>| match value {
        Some(0) => Err(CliError::Usage { message: format!("--{name}: must be at least 1"), hint: None }),
        _ => Ok(()),
    };
    at_least_one("page-cap", options.page_cap)?;
    at_least_one("drop-every", options.drop_every)?;
    at_least_one("rate-limit", options.rate_limit.map(u64::from))?;
    let settings = SandboxSettings {
        port: options.port.unwrap_or(defaults.port),
        page_cap: options.page_cap.unwrap_or(defaults.page_cap),
        rate_limit: options.rate_limit.unwrap_or(defaults.rate_limit),
        duplicates: duplicates
            .map_err(|reason: String| CliError::Usage {
                message: format!("--duplicates: {reason}"),
                hint: None,
            })?
            .unwrap_or_default(),
        seed: options.seed.map_or(Seed::Empty, |path| Seed::File(path, region)),
        lists: named_files("list", &options.list)?,
        campaigns: named_files("campaign", &options.campaign)?,
        data: options.data,
        drop_every: options.drop_every,
        ..defaults
    };
    let sandbox = Sandbox::open(&settings)?;
    let interrupt = signals::listen();
    print_environment(&sandbox, sandbox.client_secret().expose_secret());
    printer.say(&format!("Serving {} contacts. Press Ctrl-C to stop.\n", sandbox.contacts()));
    let signal = interrupt.clone();
    sandbox.serve(async move {
        signal.requested().await;
    })?;
    Ok(interrupt.signal().map_or(super::error::exit::OK, signal_exit_code))
}

/// Prints the environment that makes `rollcall import` use this platform, to paste into another terminal.
fn print_environment(sandbox: &Sandbox, secret: &str) {
    let lines = format!(
        "export ROLLCALL_HOST={}\n\
         export ROLLCALL_STREAM_ID={}\n\
         export ROLLCALL_ACCOUNT_ID={}\n\
         export ROLLCALL_CLIENT_ID={}\n\
         export ROLLCALL_CLIENT_SECRET={secret}\n\
         # a token for curl's header auth, good for a day: {}\n",
        sandbox.host(),
        sandbox::STREAM_ID,
        sandbox::ACCOUNT_ID,
        sandbox::CLIENT_ID,
        sandbox.token(),
    );
    let mut stdout = io::stdout().lock();
    // A closed pipe is not an error.
    _ = stdout.write_all(lines.as_bytes()).and_then(|()| stdout.flush());
}

fn named_files(option: &str, values: &[String]) -> Result<Vec<(String, PathBuf)>, CliError> {
    let split = |value: &String| match value.split_once('=') {
        Some((id, path)) if !id.is_empty() && !path.is_empty() => Ok((id.to_owned(), PathBuf::from(path))),
        _ => Err(CliError::Usage { message: format!("--{option}: `{value}` is not ID=FILE"), hint: None }),
    };
    values.iter().map(split).collect()
}
