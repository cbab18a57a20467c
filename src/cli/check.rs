//! `rollcall check`

use std::path::PathBuf;

use super::{
    args::CheckArgs,
    config::ConfigFile,
    error::{CliError, exit},
    settings::{ReadingSettings, new_run, output_folder},
    signals,
    talk::Talk,
};
use crate::{
    parse::{Input, ParseSettings},
    pipeline::{self, Finished, RunSettings},
    report::{OutputFolder, terminal},
};

pub(super) fn run(args: &CheckArgs, config: &ConfigFile, talk: &Talk) -> Result<u8, CliError> {
    let reading = ReadingSettings::new(config.under(&args.reading)?)?;
    let output = config.under(&args.output)?;
    let inputs = open_all(&args.files, &reading.parse)?;
    let settings = RunSettings { run: new_run(), normalize: reading.normalize, keep: reading.keep };
    let interrupt = signals::listen();
    let path = output_folder(output.out, &settings.run);
    let folder = OutputFolder::create(&path)?;
    let finished = pipeline::check(inputs, &settings, folder, talk, &interrupt)?;
    Ok(conclude(finished, &path, talk))
}

/// Opens all inputs; every one that cannot be used is named.
pub(super) fn open_all(files: &[PathBuf], settings: &ParseSettings) -> Result<Vec<Input>, CliError> {
    if files.iter().filter(|file| file.as_os_str() == "-").count() > 1 {
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

/// Shows what a run came to, and says it with the exit code.
pub(super) fn conclude(finished: Finished, folder: &std::path::Path, talk: &Talk) -> u8 {
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
