//! `rollcall normalize`

use std::io::{self, IsTerminal as _};

use super::{
    args::{ApiOption, ExcludeOptions, NormalizeArgs},
    check::say_understood,
    config::ConfigFiles,
    error::{CliError, exit},
    printer::Printer,
    settings::{self, ReadingSettings},
    signals,
};
use crate::{
    outcome::Outcome,
    parse::{Fault, Input, ParseError, STDIN},
    pipeline::{self, FilterSettings, Filtered, PipelineError},
    progress::Progress as _,
    quantity::{counted, grouped},
};

pub(super) fn run(args: &NormalizeArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    let ReadingSettings { parse, normalize, .. } = ReadingSettings::new(config.under(&args.reading)?)?;
    let own = config.under_own(&args.reading)?.map(ReadingSettings::new).transpose()?;
    let suppress = settings::exclude(
        config.under(&args.exclude)?,
        ExcludeOptions::default(),
        &ApiOption::default(),
        &normalize,
        own.as_ref().map(|own| &own.normalize),
    )?;
    if io::stdin().is_terminal() {
        return Err(CliError::usage(
            "normalize reads a list from standard input, and nothing is connected to it",
            "Pass the list: rollcall normalize < leads.csv. To read files, use rollcall check.",
        ));
    }
    if args.like.as_ref().is_some_and(|like| like.as_os_str() == STDIN) {
        return Err(CliError::usage(
            "--like: standard input holds the rows",
            "Save a part of the list to a file and name that.",
        ));
    }
    let interrupt = signals::listen();
    let like = args.like.clone();
    let reading = parse.clone();
    // A pipe may bring nothing for long.
    let opened = interrupt.watch(move || {
        let stdin = Box::new(io::stdin());
        match like {
            Some(file) => {
                let like = Input::open(&file, &reading).map_err(named_by_option)?;
                Input::of_stream_like(stdin, like, &reading)
            }
            None => Input::of_stream(stdin, &reading),
        }
    });
    let opened = opened.map_err(|signal| CliError::Pipeline(PipelineError::Interrupted(signal)))?;
    let input = opened.map_err(|error| CliError::inputs(vec![error]))?;
    say_understood(std::slice::from_ref(&input), printer);
    let settings = FilterSettings { normalize, suppress, has_keys: args.with_keys };
    let mut stdout = io::stdout().lock();
    let Filtered { notes, totals } =
        match pipeline::filter(input, &settings, &mut stdout, printer, &interrupt) {
            // The reader of the rows has enough of them.
            Err(PipelineError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Ok(exit::OK);
            }
            other => other?,
        };
    for note in notes {
        printer.note(&note);
    }
    printer.conclude(&format!(
        "{}: {} valid, {} rejected, {} suppressed\n",
        counted(totals.rows(), "row"),
        grouped(totals.of(Outcome::Valid)),
        grouped(totals.of(Outcome::Rejected)),
        grouped(totals.of(Outcome::Suppressed)),
    ));
    Ok(exit::OK)
}

/// Returns an error of the file of `--like`, which cannot be standard input.
fn named_by_option(error: ParseError) -> ParseError {
    match error {
        ParseError { path, fault: Fault::Io(error) } if error.kind() == io::ErrorKind::NotFound => {
            ParseError { path, fault: Fault::MissingFile(error) }
        }
        other => other,
    }
}
