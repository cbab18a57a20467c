//! The command line: what was typed becomes settings, a command runs, and its end becomes an exit code.

mod args;
mod check;
mod config;
mod error;
mod import;
mod sandbox;
mod settings;
mod talk;

use std::{
    ffi::OsString,
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
};

use clap::Parser as _;
use signal_hook::consts::{SIGINT, SIGTERM};

use self::{
    args::{Cli, Command, PlatformOptions},
    config::ConfigFile,
    error::signal_exit_code,
    talk::Talk,
};
use crate::interrupt::Interrupt;

/// Runs the program with these arguments, of which the first is its own name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no failures; a closed pipe is none either.
            _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(error::exit::USAGE));
        }
    };
    let loaded = ConfigFile::load(cli.global.config.as_deref())
        .and_then(|config| Ok((config.under(&cli.global.talk)?, config)));
    let (talk, config) = match loaded {
        Ok((options, config)) => (Talk::new(&options), config),
        Err(error) => {
            Talk::new(&cli.global.talk).fail(&error);
            return ExitCode::from(error.exit_code());
        }
    };
    let interrupt = Interrupt::default();
    listen_for_signals(&interrupt);
    let ended = match cli.command {
        Command::Check(args) => check::run(&args, &config, &talk, &interrupt),
        Command::Import(args) => import::run(&args, &config, &talk, &interrupt),
        Command::Sandbox(args) => sandbox::run(&args, &config, &talk, &interrupt),
    };
    ExitCode::from(ended.unwrap_or_else(|error| {
        talk.fail(&error);
        error.exit_code()
    }))
}

/// The first signal asks for the end; a second one ends the program at once.
fn listen_for_signals(interrupt: &Interrupt) {
    for signal in [SIGINT, SIGTERM] {
        let is_second = Arc::new(AtomicBool::new(false));
        let code = i32::from(signal_exit_code(signal));
        // Where a handler cannot be set, the signal ends the program at once, as it would without any of this.
        _ = signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&is_second));
        _ = signal_hook::flag::register(signal, is_second);
        if let Ok(number) = usize::try_from(signal) {
            _ = signal_hook::flag::register_usize(signal, interrupt.slot(), number);
        }
    }
}

impl PlatformOptions {
    /// An environment variable that is set to nothing is not set.
    fn without_empty(&self) -> Self {
        let mut set = self.clone();
        for option in [&mut set.host, &mut set.stream_id, &mut set.account_id, &mut set.client_id] {
            *option = option.take().filter(|value| !value.trim().is_empty());
        }
        set
    }
}
