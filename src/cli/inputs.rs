//! Opens the files of a command.

use std::path::PathBuf;

use super::error::CliError;
use crate::{
    interrupt::Interrupt,
    parse::{Input, ParseError, ParseSettings, STDIN},
    pipeline::PipelineError,
};

/// The maximum number of workbooks kept open, because each has a child process. With more, each is opened again when its
/// rows are read.
const MAX_OPEN_WORKBOOKS: usize = 8;

/// Opens all inputs. The error names each input that cannot be used. A signal ends it, because a pipe may never end.
pub(super) fn open_all(
    files: &[PathBuf],
    settings: &ParseSettings,
    interrupt: &Interrupt,
) -> Result<Vec<Input>, CliError> {
    if files.iter().filter(|file| file.as_os_str() == STDIN).count() > 1 {
        return Err(CliError::usage("standard input is given twice", "Pass `-` only once."));
    }
    let (files, settings) = (files.to_vec(), settings.clone());
    let open = move || {
        let has_many = files.len() > MAX_OPEN_WORKBOOKS;
        let open = |file: &PathBuf| {
            let mut opened = Input::open_all(file, &settings);
            if let Ok(inputs) = &mut opened
                && has_many
            {
                inputs.iter_mut().for_each(Input::rest);
            }
            opened
        };
        files.iter().map(open).collect::<Vec<_>>()
    };
    let opened =
        interrupt.watch(open).map_err(|signal| CliError::Pipeline(PipelineError::Interrupted(signal)))?;
    let (inputs, errors): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
    let errors: Vec<ParseError> = errors.into_iter().filter_map(Result::err).collect();
    if !errors.is_empty() {
        return Err(CliError::inputs(errors));
    }
    let inputs: Vec<Input> = inputs.into_iter().flatten().flatten().collect();
    if inputs.len() > usize::from(u16::MAX) {
        return Err(CliError::usage("too many files", "Read them in several runs."));
    }
    Ok(inputs)
}
