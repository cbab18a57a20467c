//! `rollcall normalize`

use std::io::{self, IsTerminal as _};

use super::{
    args::{ApiOption, ExcludeOptions, NormalizeArgs, NormalizeAs},
    check::say_understood,
    config::ConfigFiles,
    error::{CliError, exit},
    printer::Printer,
    settings::{self, ReadingSettings},
    signals,
};
use crate::{
    existing::FetchedColumns,
    outcome::{Outcome, Totals},
    parse::{Fault, Input, ListKind, ParseError, ParseSettings, STDIN},
    pipeline::{self, FilterSettings, Filtered, Listed, PipelineError},
    progress::Progress as _,
    quantity::{counted, grouped},
};

pub(super) fn run(args: &NormalizeArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    let ReadingSettings { parse, normalize, .. } = ReadingSettings::new(config.under(&args.reading)?)?;
    let own = config.under_own(&args.reading)?.map(ReadingSettings::new).transpose()?;
    check_kind(args)?;
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
    let reading = match args.what {
        NormalizeAs::List => parse,
        NormalizeAs::Suppressions => {
            // The columns in the settings files are those of lists of people.
            let typed = ReadingSettings::new(args.reading.clone())?.parse;
            let (region, aliases) = (parse.region, parse.aliases);
            ParseSettings { region, aliases, list: ListKind::Numbers, ..typed }
        }
        NormalizeAs::Contacts => {
            let ParseSettings { format, encoding, region, delimiter, .. } = parse;
            ParseSettings { format, encoding, region, delimiter, ..ParseSettings::default() }
        }
    };
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
    let input = opened.map_err(|error| match args.what {
        NormalizeAs::Contacts => FetchedColumns::opened(error),
        NormalizeAs::List | NormalizeAs::Suppressions => error,
    });
    let input = input.map_err(|error| CliError::inputs(vec![error]))?;
    let stdout = Box::new(io::stdout());
    let passed = match args.what {
        NormalizeAs::List => {
            say_understood(std::slice::from_ref(&input), printer);
            let settings =
                FilterSettings { normalize, suppress, has_keys: args.with_keys, is_bare: args.only_results };
            pipeline::filter(input, &settings, stdout, printer, &interrupt)
                .map(|Filtered { notes, totals }| (notes, conclusion_of_list(&totals)))
        }
        NormalizeAs::Suppressions => {
            let own = own.as_ref().map(|own| &own.normalize);
            pipeline::filter_suppressions(input, &normalize, own, args.only_results, stdout, &interrupt).map(
                |Listed { notes, rows, unread }| {
                    (notes, conclusion(rows, unread, "numbers that cannot be read"))
                },
            )
        }
        NormalizeAs::Contacts => {
            pipeline::filter_contacts(input, normalize.region, args.only_results, stdout, &interrupt)
                .map(|Listed { notes, rows, unread }| (notes, conclusion(rows, unread, "no readable number")))
        }
    };
    let (notes, conclusion) = match passed {
        // The reader of the rows has enough of them.
        Err(PipelineError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(exit::OK);
        }
        other => other?,
    };
    for note in notes {
        printer.note(&note);
    }
    printer.conclude(&conclusion);
    Ok(exit::OK)
}

/// Refuses options that have no effect on what is read.
fn check_kind(args: &NormalizeArgs) -> Result<(), CliError> {
    let options =
        [("--with-keys", args.with_keys), ("--exclude-file", !args.exclude.exclude_file.is_empty())];
    let given = options.iter().find(|(_, is_given)| *is_given);
    if args.what == NormalizeAs::Contacts && !args.reading.map.is_empty() {
        return Err(CliError::usage(
            "--map has no effect on existing contacts",
            "Pass the output of `rollcall fetch contacts` as it is.",
        ));
    }
    match given.filter(|_| args.what != NormalizeAs::List) {
        None => Ok(()),
        Some((option, _)) => Err(CliError::usage(
            format!("{option} has an effect only on a list of people"),
            "Omit this option, or --as.",
        )),
    }
}

fn conclusion_of_list(totals: &Totals) -> String {
    format!(
        "{}: {} valid, {} rejected, {} suppressed\n",
        counted(totals.rows(), "row"),
        grouped(totals.of(Outcome::Valid)),
        grouped(totals.of(Outcome::Rejected)),
        grouped(totals.of(Outcome::Suppressed)),
    )
}

fn conclusion(rows: u64, unread: u64, what: &str) -> String {
    format!("{}: {} with {what}\n", counted(rows, "row"), grouped(unread))
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
