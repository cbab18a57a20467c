//! Columns that rollcall does not know: the question on a terminal, the mapping to remember, and the command that names
//! them.

mod command;
mod dialog;
mod remember;
mod terminal;

use std::{
    fs,
    path::{Path, PathBuf},
};

use self::{dialog::Stop, terminal::TerminalQuestions};
use super::{config::ConfigFiles, error::CliError, inputs::open_all, printer::Printer};
use crate::{
    interrupt::Interrupt,
    parse::{Fault, Input, InputInfo, ParseError, ParseSettings, RememberedMapping, STDIN},
    pipeline::PipelineError,
};

/// Opens all inputs. If the columns of phones or names in a file are not known, asks for them, if a person is at the
/// terminal; otherwise the error for a phone column contains a command that names it. `settings` keep the answers.
pub(super) fn open(
    files: &[PathBuf],
    settings: &mut ParseSettings,
    config: Option<&ConfigFiles>,
    printer: &Printer,
    interrupt: &Interrupt,
) -> Result<Vec<Input>, CliError> {
    let mut asked: Vec<Vec<String>> = Vec::new();
    loop {
        let opened = open_all(files, settings, interrupt);
        let can_ask = || printer.can_ask() && files.iter().all(|file| is_file(file));
        let config = config.filter(|_| can_ask());
        let target = config.and_then(ConfigFiles::target);
        let mut questions = TerminalQuestions { printer, interrupt };
        let mut errors = match opened {
            Err(CliError::Inputs { errors, .. }) => errors,
            Ok(inputs) => {
                let is_asked = |info: &InputInfo| asked.contains(&info.headers);
                let can_help = |info: &InputInfo| !settings.no_header && !info.has_rows_to_fix;
                let infos = inputs.iter().map(|input| &input.info).filter(|_| config.is_some());
                let mut nameless =
                    infos.filter(|info| can_help(info) && dialog::lacks_names(info) && !is_asked(info));
                let Some(info) = nameless.next() else { return Ok(inputs) };
                asked.push(info.headers.clone());
                let answer = dialog::ask_for_names(info, settings, target.as_deref(), &mut questions);
                if let Some(remembered) = answer.map_err(stopped)? {
                    keep(remembered, settings, target.as_deref())?;
                }
                continue;
            }
            other => return other,
        };
        for error in &mut errors {
            keep_what_works(error, settings);
        }
        let error =
            errors.first().filter(|error| headers(error).is_some_and(|headers| !asked.contains(headers)));
        if let Some(error) = error.filter(|_| config.is_some() && errors.iter().all(can_be_asked)) {
            let answer = dialog::ask(error, settings, target.as_deref(), &mut questions);
            if let Some(remembered) = answer.map_err(stopped)? {
                asked.extend(headers(error).cloned());
                keep(remembered, settings, target.as_deref())?;
                continue;
            }
        }
        let command = command::naming_columns(printer.command(), files, &errors);
        return Err(CliError::Inputs { errors, command });
    }
}

/// Keeps the answers for this run, and in the settings file if the user wants that.
fn keep(
    remembered: RememberedMapping,
    settings: &mut ParseSettings,
    target: Option<&Path>,
) -> Result<(), CliError> {
    if let Some(file) = target.filter(|_| remembered.file.is_some()) {
        remember::append(file, &remembered)?;
    }
    settings.remembered.insert(0, remembered);
    Ok(())
}

/// Removes the suggested mapping from an error if the input cannot be read with it.
fn keep_what_works(error: &mut ParseError, settings: &ParseSettings) {
    let Fault::NoPhoneColumn { unmatched, .. } = &mut error.fault else { return };
    // A pipe can be read only once.
    if unmatched.mappings.is_empty() || !is_file(&error.path) {
        return;
    }
    let mut settings = settings.clone();
    settings.no_header |= unmatched.has_no_header;
    settings.mappings.extend(unmatched.mappings.iter().cloned());
    if Input::open(&error.path, &settings).is_err() {
        unmatched.mappings.clear();
        unmatched.columns.iter_mut().for_each(|column| column.field = None);
    }
}

/// Returns whether a path names a file that can be read more than once.
fn is_file(path: &Path) -> bool {
    path.as_os_str() != STDIN && fs::metadata(path).is_ok_and(|found| found.is_file())
}

/// Returns whether a person can say which columns of an input hold what.
fn can_be_asked(error: &ParseError) -> bool {
    matches!(&error.fault, Fault::NoPhoneColumn { unmatched, .. } if !unmatched.has_no_header)
}

fn headers(error: &ParseError) -> Option<&Vec<String>> {
    match &error.fault {
        Fault::NoPhoneColumn { headers, .. } => Some(headers),
        _ => None,
    }
}

fn stopped(stop: Stop) -> CliError {
    match stop {
        Stop::Canceled => CliError::usage(
            "no columns were chosen; nothing was read or sent",
            "To name them without questions, use --map, such as --map phone=3.",
        ),
        Stop::Interrupted(signal) => CliError::Pipeline(PipelineError::Interrupted(signal)),
        Stop::Unusable(reason) => CliError::usage(
            format!("cannot ask for the columns on this terminal: {reason}"),
            "Name them with --map, such as --map phone=3.",
        ),
        Stop::Input(error) => CliError::inputs(vec![*error]),
    }
}

/// Returns a path for a message.
fn shown(path: &Path) -> String {
    crate::report::terminal::printable(&path.display().to_string())
}
