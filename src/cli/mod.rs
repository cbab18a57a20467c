//! The command line: parses arguments into settings, runs a command, and maps its result to an exit code.

mod args;
mod bar;
mod check;
mod columns;
mod completion;
mod config;
mod doctor;
mod error;
mod explain;
mod fetch;
mod hint;
mod import;
mod init;
mod inputs;
mod manual;
mod nearest;
mod normalize;
mod printer;
#[cfg(unix)]
mod program;
mod purge;
#[cfg(test)]
mod reference;
mod resumed;
mod runs;
mod sandbox;
mod settings;
mod signals;
mod template;
#[cfg(unix)]
mod watch;

use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
};

use anstream::AutoStream;
use clap::{ArgMatches, FromArgMatches as _};

use self::{
    args::{Cli, Command, PlatformOptions, PrinterOptions},
    config::{ConfigFiles, Given},
    error::CliError,
    printer::Printer,
};
use crate::report::{screen, terminal::printable};

/// Runs the program with these arguments; the first is the program's own name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    match completion::complete(&args) {
        Ok(false) => {}
        Ok(true) => return ExitCode::from(error::exit::OK),
        Err(error) => {
            show(error, &args);
            return ExitCode::from(error::exit::USAGE);
        }
    }
    let (cli, given) = match parse(args.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are not failures.
            let code = u8::try_from(error.exit_code()).unwrap_or(error::exit::USAGE);
            show(error, &args);
            return ExitCode::from(code);
        }
    };
    #[cfg(unix)]
    match &cli.command {
        Command::ReadWorkbook { family, bytes } => return crate::parse::serve_workbook(family, *bytes),
        // Settings never come from the contents of a watched folder.
        Command::WatchImport => {
            program::isolate_workbooks();
            return watch::import();
        }
        _ => program::isolate_workbooks(),
    }
    let profile = cli.global.profile.as_deref();
    // These need no settings, or write them.
    let ended_early = match &cli.command {
        Command::Completions(args) => Some(Ok(completion::run(args))),
        Command::Man(args) => Some(manual::run(args)),
        Command::Init(args) => {
            let printer = Printer::new(&cli.global.printer);
            return ended(init::run(args, cli.global.config.as_deref(), profile, &printer), &printer);
        }
        _ => None,
    };
    if let Some(result) = ended_early {
        return ExitCode::from(result.unwrap_or_else(|error| {
            Printer::new(&cli.global.printer).fail(&error);
            error.exit_code()
        }));
    }
    let loaded =
        ConfigFiles::load(cli.global.config.as_deref(), profile, Given::new(&given)).and_then(|config| {
            Ok((
                printer_options(&cli.global.printer, &config).map_err(|error| config.located(error))?,
                config,
            ))
        });
    let (printer, config) = match loaded {
        Ok((options, config)) => (Printer::new(&options).with_command(args), config),
        Err(error) => {
            Printer::new(&cli.global.printer).fail(&error);
            return ExitCode::from(error.exit_code());
        }
    };
    silence_caught_panics();
    if let Some(files) = config.described().filter(|_| cli.command.names_its_settings()) {
        let profile = config.profile().map(|name| format!(", profile {name}")).unwrap_or_default();
        printer.say(&format!("settings: {}{}\n", printable(&files), printable(&profile)));
    }
    // The sandbox's options are in a table of their own.
    let is_located = !matches!(cli.command, Command::Sandbox(_));
    let result = match cli.command {
        Command::Check(args) => check::run(&args, &config, &printer),
        Command::Explain(args) => explain::run(&args, &config, &printer),
        Command::Normalize(args) => normalize::run(&args, &config, &printer),
        Command::Import(args) => import::run(&args, &config, &printer),
        Command::Resume(args) => import::resume(&args, &config, &printer),
        #[cfg(unix)]
        Command::Watch(args) => watch::run(&args, &config, &printer),
        // These returned above.
        #[cfg(unix)]
        Command::WatchImport | Command::ReadWorkbook { .. } => Ok(error::exit::OK),
        Command::Runs(args) => runs::run(&args, &config, &printer),
        Command::Purge(args) => purge::run(&args, &config, &printer),
        Command::Fetch(args) => fetch::run(&args, &config, &printer),
        Command::Config(args) => config::show::run(&args, &cli.global.printer, &config),
        Command::Doctor(args) => doctor::run(&args, &config, &printer),
        Command::Sandbox(args) => sandbox::run(&args, &config, &printer),
        Command::Template(args) => template::run(&args, &printer),
        // These returned above.
        Command::Completions(_) | Command::Man(_) | Command::Init(_) => Ok(error::exit::OK),
    };
    ended(result.map_err(|error| if is_located { config.located(error) } else { error }), &printer)
}

/// Prints the error of a command, if there is one. Returns the exit code.
fn ended(result: Result<u8, CliError>, printer: &Printer) -> ExitCode {
    ExitCode::from(result.unwrap_or_else(|error| {
        printer.fail(&error);
        error.exit_code()
    }))
}

/// Combines the printer options of the command line and the settings files.
fn printer_options(typed: &PrinterOptions, config: &ConfigFiles) -> Result<PrinterOptions, CliError> {
    let options = config.under(typed)?;
    if options.quiet && options.verbose > 0 {
        return Err(CliError::usage(
            "--quiet and --verbose cannot be used together",
            "Keep one of them. The command line takes precedence over rollcall.toml.",
        ));
    }
    Ok(options)
}

/// Parses the arguments. Returns the command and its options, with the source of each.
fn parse(args: impl IntoIterator<Item = OsString>) -> Result<(Cli, ArgMatches), clap::Error> {
    let mut given = args::command().try_get_matches_from(args)?;
    let cli = Cli::from_arg_matches(&given).map_err(|error| error.format(&mut args::command()))?;
    let mut given = given.remove_subcommand().map(|(_, given)| given).unwrap_or_default();
    if let Some((_, nested)) = given.remove_subcommand() {
        given = nested;
    }
    Ok((cli, given))
}

/// Prints help, the version or a usage error. Spells out control characters, because arguments may contain file names
/// from a shell pattern.
fn show(error: clap::Error, args: &[OsString]) {
    let spelled: Vec<OsString> = args.iter().map(|arg| printable(&arg.to_string_lossy()).into()).collect();
    let error = if spelled == args { error } else { parse(spelled).err().unwrap_or(error) };
    let text = screen::styled(&error.render().ansi().to_string());
    // A closed pipe is not an error.
    _ = if error.use_stderr() {
        AutoStream::auto(io::stderr()).write_all(text.as_bytes())
    } else {
        AutoStream::auto(io::stdout()).write_all(text.as_bytes())
    };
}

/// Silences caught panics, and spells out control characters in the message of any other panic.
fn silence_caught_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if crate::parse::panic_is_caught() {
            return;
        }
        let said = panic.payload_as_str().unwrap_or_default();
        if screen::styled(said) == said {
            report(panic);
        } else {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            _ = writeln!(io::stderr(), "panicked at {place}: {}", printable(said));
        }
    }));
}

impl PlatformOptions {
    /// Removes environment variables with empty values; they count as not set.
    fn without_empty(&self) -> Self {
        let mut set = self.clone();
        for option in [&mut set.host, &mut set.stream_id, &mut set.account_id, &mut set.client_id] {
            *option = option.take().filter(|value| !value.trim().is_empty());
        }
        set
    }
}
