//! `rollcall import`

use super::{
    args::{ImportArgs, PlatformOptions},
    check::{self, conclude, open_all},
    config::ConfigFile,
    error::CliError,
    settings::{Account, PostingSettings, ReadingSettings, new_run, output_folder},
    signals,
    talk::Talk,
};
use crate::{
    pipeline::{self, ImportSettings, RunSettings},
    platform::Credentials,
    sandbox::{self, RunningSandbox, Sandbox, SandboxSettings},
};

pub(super) fn run(args: &ImportArgs, config: &ConfigFile, talk: &Talk) -> Result<u8, CliError> {
    let reading = ReadingSettings::new(config.under(&args.reading)?)?;
    let posting = PostingSettings::new(&config.under(&args.posting)?)?;
    let platform = config.under_platform(&args.platform.without_empty())?;
    let output = config.under(&args.output)?;
    let is_sandbox = platform.sandbox;
    // Kept until the run is over: the local platform ends with it.
    let (account, _local) = account(platform, &posting)?;
    let interrupt = signals::listen();
    let inputs = open_all(&args.files, &reading.parse, &interrupt)?;
    let settings = RunSettings { run: new_run(), normalize: reading.normalize, keep: reading.keep };
    let import = ImportSettings {
        client: posting.client(account),
        batch_size: posting.batch_size,
        dry_run: posting.dry_run,
    };
    let path = output_folder(output.out, &settings.run);
    let folder = check::output(&path, &args.files)?;
    if !posting.yes && !is_sandbox {
        talk.ask_before_posting(interrupt.clone());
    }
    check::say_understood(&inputs, talk);
    let finished = pipeline::import(inputs, &settings, &import, folder, talk, &interrupt)?;
    Ok(conclude(finished, &path, talk))
}

/// The account to use, and the local platform it is on, if it is.
fn account(
    options: PlatformOptions,
    posting: &PostingSettings,
) -> Result<(Account, Option<RunningSandbox>), CliError> {
    if !options.sandbox {
        return Ok((Account::new(options)?, None));
    }
    let settings = SandboxSettings {
        seed: sandbox::Seed::Samples,
        rate_limit: posting.rate,
        duplicates: sandbox::Duplicates::PerContact,
        ..SandboxSettings::default()
    };
    let credentials = Credentials::App {
        client_id: sandbox::CLIENT_ID.to_owned(),
        client_secret: settings.client_secret.clone(),
    };
    let running = Sandbox::open(&settings)?.serve_in_background();
    let host = running.host.parse().map_err(|error: crate::platform::HostError| CliError::Usage {
        message: error.to_string(),
        hint: None,
    })?;
    let account = Account {
        host,
        stream_id: sandbox::STREAM_ID.to_owned(),
        account_id: sandbox::ACCOUNT_ID.to_owned(),
        credentials,
    };
    Ok((account, Some(running)))
}
