//! `rollcall check`

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    args::{ApiOption, CheckArgs, ExcludeOptions},
    columns,
    config::ConfigFiles,
    error::{CliError, exit},
    printer::Printer,
    settings::{self, ReadingSettings, new_run, output_folder},
    signals,
};
use crate::{
    parse::Input,
    pipeline::{self, Finished, RunSettings},
    report::{
        self, OutputFolder,
        screen::{self, Screen},
        terminal,
    },
};

pub(super) fn run(args: &CheckArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    let mut reading = ReadingSettings::new(config.under(&args.reading)?)?;
    let own = config.under_own(&args.reading)?.map(ReadingSettings::new).transpose()?;
    let exclude_files = config.under(&args.exclude)?;
    let exclude = settings::exclude(
        exclude_files,
        ExcludeOptions::default(),
        &ApiOption::default(),
        &reading.normalize,
        own.as_ref().map(|own| &own.normalize),
    )?;
    let output_options = config.under(&args.output)?;
    let interrupt = signals::listen();
    let run = new_run();
    let path = output_folder(output_options.out.clone(), &run);
    let export = settings::export(&config.under(&args.export)?, Some(&path))?;
    // Nobody should answer questions first, and then hear of another folder.
    try_output(&path, args.files.iter().chain(&exclude.files), output_options.overwrite)?;
    let inputs = columns::open(&args.files, &mut reading.parse, Some(config), printer, &interrupt)?;
    let settings = RunSettings {
        run,
        normalize: reading.normalize,
        keep: reading.keep,
        export,
        config_files: config.names(),
    };
    let folder = output(&path, args.files.iter().chain(&exclude.files), output_options.overwrite)?;
    say_understood(&inputs, printer);
    let finished = pipeline::check(inputs, &settings, &exclude, folder, printer, &interrupt)?;
    Ok(conclude(finished, &path, output_options.json, printer))
}

/// Prints how the inputs were understood, before anything else happens to them.
pub(super) fn say_understood(inputs: &[Input], printer: &Printer) {
    printer.say(&terminal::understood(inputs.iter().map(|input| &input.info), Printer::width()));
}

/// Returns the folder for the run's files. Refuses it if they would replace an input or another run's files.
pub(super) fn output<'f>(
    path: &Path,
    inputs: impl Iterator<Item = &'f PathBuf>,
    may_replace: bool,
) -> Result<OutputFolder, CliError> {
    try_output(path, inputs, may_replace)?;
    Ok(OutputFolder::create(path)?)
}

/// Checks that folder without creating anything.
pub(super) fn try_output<'f>(
    path: &Path,
    mut inputs: impl Iterator<Item = &'f PathBuf>,
    may_replace: bool,
) -> Result<(), CliError> {
    if path.exists() && !path.is_dir() {
        return Err(CliError::usage(
            format!("--out: {} is not a folder", path.display()),
            "Name a folder, or omit --out: each run then has its own.",
        ));
    }
    let targets = OutputFolder::files(path);
    let taken = targets.iter().find(|target| target.is_file()).cloned();
    let targets: Vec<PathBuf> = targets.iter().filter_map(|target| target.canonicalize().ok()).collect();
    let is_target = |input: &&PathBuf| input.canonicalize().is_ok_and(|input| targets.contains(&input));
    if let Some(input) = inputs.find(is_target) {
        return Err(CliError::usage(
            format!("this run would overwrite the input {}", input.display()),
            "Choose another folder with --out, or none: each run then has its own.",
        ));
    }
    if let Some(taken) = taken.filter(|_| !may_replace) {
        return Err(CliError::usage(
            format!("{} belongs to an earlier run and would be overwritten", taken.display()),
            "Choose another folder with --out, or none: each run then has its own. --overwrite replaces the files.",
        ));
    }
    Ok(())
}

/// Prints the results of a run and returns its exit code. Also prints the report to standard output if requested.
pub(super) fn conclude(finished: Finished, folder: &Path, prints_json: bool, printer: &Printer) -> u8 {
    let Finished { report, stopped } = finished;
    printer.sum_up(&report, folder);
    if prints_json {
        // A closed pipe is not an error.
        _ = report.write_to(Screen::new(io::stdout().lock(), screen::json));
    }
    match stopped {
        Some(error) => {
            let error = CliError::Pipeline(error);
            printer.say("\n");
            printer.fail(&error);
            error.exit_code()
        }
        None if report.has_rows_to_fix() => {
            printer.insist(&format!(
                "{}. The rows are in {}",
                report::verdict(&report).text,
                folder.join("rejected.csv").display()
            ));
            exit::ROWS_TO_FIX
        }
        None => exit::OK,
    }
}
