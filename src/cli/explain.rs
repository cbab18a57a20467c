//! `rollcall explain`

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use super::{
    args::ExplainArgs,
    columns,
    config::ConfigFiles,
    error::{CliError, exit},
    printer::Printer,
    settings::ReadingSettings,
    signals,
};
use crate::{
    pipeline::{self, ExplainedOrigin, Explanation},
    report::{screen, terminal::printable},
};

/// The schema version of the `--json` output.
const SCHEMA: &str = "rollcall.explain/1";

pub(super) fn run(args: &ExplainArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    let mut reading = ReadingSettings::new(config.under(&args.reading)?)?;
    let interrupt = signals::listen();
    let files = std::slice::from_ref(&args.file);
    let opened = columns::open(files, &mut reading.parse, None, printer, &interrupt)?;
    let mut explained = Vec::new();
    for input in opened {
        explained.extend(pipeline::explain(input, &args.rows, &reading.normalize)?);
    }
    let text = if config.under(&args.json)?.json {
        let json = serde_json::json!({ "schema": SCHEMA, "rows": explained });
        screen::json(&format!("{json:#}\n"))
    } else {
        for_people(&explained)
    };
    let mut stdout = io::stdout().lock();
    // A closed pipe is not an error.
    _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    for missing in explained.iter().filter(|explained| !explained.exists) {
        let reason = missing.not_a_row.as_deref().unwrap_or_default();
        printer.fail(&CliError::usage(
            format!("row {} of {}: {reason}", missing.row, missing.file),
            "Give the number that a spreadsheet shows, or the line on which the row begins.",
        ));
    }
    Ok(if explained.iter().all(|explained| explained.exists) { exit::OK } else { exit::USAGE })
}

/// Formats the explanations for people, safe for a terminal.
fn for_people(explained: &[Explanation]) -> String {
    screen::styled(&explained.iter().map(described).collect::<Vec<_>>().join("\n"))
}

/// Formats the explanation of a row for people.
fn described(explained: &Explanation) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    _ = write_description(&mut text, explained);
    text
}

fn write_description(text: &mut String, explained: &Explanation) -> std::fmt::Result {
    write!(text, "{}", printable(&explained.file))?;
    if let Some(sheet) = &explained.sheet {
        write!(text, ", sheet {}", printable(sheet))?;
    }
    write!(text, ", row {}", explained.row)?;
    if let Some(reason) = &explained.not_a_row {
        return writeln!(text, ": {}", printable(reason));
    }
    writeln!(text)?;
    if let Some(ExplainedOrigin { run, file, row }) = &explained.fixes {
        write!(text, "  was row {row} of {}", printable(file))?;
        match run {
            Some(run) => writeln!(text, ", a row to fix of the run {}", printable(run))?,
            None => writeln!(text, ", a row to fix of an earlier run")?,
        }
    }
    for step in &explained.steps {
        let field = step.field.replace('_', " ");
        write!(text, "\n  {field}")?;
        if let (Some(column), Some(matched_by)) = (&step.column, step.matched_by) {
            let number = step.column_number.unwrap_or_default();
            write!(text, " from `{}` (column {number}, by {matched_by})", printable(column))?;
        }
        writeln!(text)?;
        if !step.cell.is_empty() {
            writeln!(text, "    cell    `{}`", printable(&step.cell))?;
        }
        match &step.value {
            Some(value) => writeln!(text, "    becomes {}", printable(value))?,
            None if step.cell.is_empty() => {}
            None => writeln!(text, "    becomes nothing")?,
        }
        writeln!(text, "    why     {}", printable(&step.rule))?;
    }
    if !explained.other_readings.is_empty() {
        writeln!(text, "\n  Other numbers that a cell could have been")?;
        for reading in &explained.other_readings {
            let cell = printable(&reading.cell);
            writeln!(text, "    `{cell}`: {}, {}", printable(&reading.number), printable(&reading.why))?;
        }
    }
    let outcome = explained.outcome.unwrap_or_default();
    writeln!(text, "\n  The row by itself: {outcome}")?;
    if let Some(contact) = &explained.contact {
        let region = contact.region.as_deref().unwrap_or("no region");
        writeln!(
            text,
            "    {} {} {}, +{} {} ({region}, {})",
            contact.salutation,
            printable(&contact.first_name),
            printable(&contact.last_name),
            contact.country_code,
            contact.national_number,
            contact.kind
        )?;
        writeln!(text, "    Other rows, suppression lists and the platform can still prevent it.")?;
    }
    if let Some(reason) = &explained.reason {
        writeln!(text, "    {}", printable(reason))?;
    }
    for problem in &explained.problems {
        write!(text, "    {}: {}", problem.code, printable(&problem.message))?;
        if let Some(column) = problem.column.as_ref().filter(|_| !problem.value.is_empty()) {
            write!(text, " (`{}` in `{}`)", printable(&problem.value), printable(column))?;
        }
        writeln!(text, "\n      {}", printable(&problem.remedy))?;
    }
    Ok(())
}
