//! `rollcall check`

use std::path::{Path, PathBuf};

use super::{
    args::CheckArgs,
    config::ConfigFile,
    error::{CliError, exit},
    settings::{ReadingSettings, new_run, output_folder},
    signals,
    talk::Talk,
};
use crate::{
    parse::{Input, ParseSettings, STDIN},
    pipeline::{self, Finished, RunSettings},
    report::{OutputFolder, terminal},
};

pub(super) fn run(args: &CheckArgs, config: &ConfigFile, talk: &Talk) -> Result<u8, CliError> {
    let reading = ReadingSettings::new(config.under(&args.reading)?)?;
    let output_options = config.under(&args.output)?;
    let inputs = open_all(&args.files, &reading.parse)?;
    let settings = RunSettings { run: new_run(), normalize: reading.normalize, keep: reading.keep };
    let interrupt = signals::listen();
    let path = output_folder(output_options.out, &settings.run);
    let folder = output(&path, &args.files)?;
    let finished = pipeline::check(inputs, &settings, folder, talk, &interrupt)?;
    Ok(conclude(finished, &path, talk))
}

/// Opens all inputs; every one that cannot be used is named.
pub(super) fn open_all(files: &[PathBuf], settings: &ParseSettings) -> Result<Vec<Input>, CliError> {
    if files.iter().filter(|file| file.as_os_str() == STDIN).count() > 1 {
        return Err(CliError::usage("standard input is named twice", "It can be read once."));
    }
    if files.len() > usize::from(u16::MAX) {
        return Err(CliError::usage("too many files", "Read them in several runs."));
    }
    let (mut inputs, mut errors) = (Vec::new(), Vec::new());
    for file in files {
        match Input::open(file, settings) {
            Ok(input) => inputs.push(input),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(inputs) } else { Err(CliError::Inputs(errors)) }
}

/// The folder for the run's files, none of which may be what is read.
pub(super) fn output(path: &Path, inputs: &[PathBuf]) -> Result<OutputFolder, CliError> {
    let same = |target: &PathBuf| {
        let target = target.canonicalize().ok()?;
        inputs.iter().find(|input| input.canonicalize().is_ok_and(|input| input == target))
    };
    if let Some(input) = OutputFolder::files(path).iter().find_map(same) {
        return Err(CliError::usage(
            format!("{} would be replaced by the file of that name of this run", input.display()),
            "Choose another folder with --out, or none: each run then has its own.",
        ));
    }
    Ok(OutputFolder::create(path)?)
}

/// Shows what a run came to, and says it with the exit code.
pub(super) fn conclude(finished: Finished, folder: &Path, talk: &Talk) -> u8 {
    talk.conclude(&terminal::summary(&finished.report, folder, Talk::width()));
    match finished.stopped {
        Some(error) => {
            let error = super::error::stopped(error);
            talk.say("\n");
            talk.fail(&error);
            error.exit_code()
        }
        None if finished.report.has_rows_to_mend() => exit::ROWS_TO_MEND,
        None => exit::OK,
    }
}
