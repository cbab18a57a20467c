//! The short summary for a person at the end of a run.
//!
//! This module creates the text; others print it. Styles are ANSI escapes, which the printer removes if they are
//! unwanted. Text from the input is escaped, so a cell cannot control the terminal.

use std::{fmt::Write as _, path::Path};

use anstyle::{AnsiColor, Style};
use textwrap::{Options, WordSplitter};

pub use super::screen::printable;
use super::{
    ColumnNames, NotPosted, NoteTopic, PlatformReport, ProblemCount, Report,
    unknown_values::{self, UnknownValue},
    verdict,
};
use crate::{
    contact::{Field, NumberType},
    existing::ExistingFrom,
    outcome::{Outcome, Totals},
    parse::{Certainty, ColumnMatch, InputInfo},
    plan::Plan,
    quantity::{counted, duration, grouped},
};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// The indentation of the text below a problem.
const INDENT: &str = "         ";

/// Columns shown per field; the report contains all of them.
const MAX_OF_FIELD: usize = 4;

/// A placeholder for a space at which no line may break.
const TIED: &str = "\u{a0}";

/// Kinds of problems shown; the report contains all of them.
const MAX_PROBLEMS: usize = 8;

/// Summarizes a run whose files are in `folder`, in lines of `width` columns.
pub fn summary(report: &Report, folder: &Path, width: usize) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    _ = write_summary(&mut text, report, folder, width);
    text
}

fn write_summary(text: &mut String, report: &Report, folder: &Path, width: usize) -> std::fmt::Result {
    let verdict = verdict(report);
    let style = if verdict.is_good { GOOD } else { BAD };
    writeln!(text, "\n{style}{}.{style:#}\n", textwrap::fill(&verdict.text, width))?;
    let is_posting = report.not_posted.is_none_or(|why| why == NotPosted::DryRun);
    let stage = match report.command {
        "check" => Stage::Checked,
        _ if is_posting => Stage::Ended,
        _ => Stage::HeldBack,
    };
    funnel(text, &report.totals, stage, width)?;
    if !report.problems.is_empty() {
        writeln!(text, "\n{BOLD}To fix{BOLD:#}\n")?;
        let several = report.inputs.len() > 1;
        let most = report.problems.iter().map(|problem| problem.count).max().unwrap_or_default();
        for problem in report.problems.iter().take(MAX_PROBLEMS) {
            describe_problem(text, problem, most, several, width)?;
            offer_aliases(text, problem, &report.unknown_values, width)?;
        }
        let more = report.problems.len().saturating_sub(MAX_PROBLEMS);
        if more > 0 {
            let line = format!("and {} of problems, in report.html", counted(more as u64, "more kind"));
            write!(text, "{}", wrapped(&line, width))?;
        }
    }
    for input in &report.inputs {
        for note in &input.notes {
            match note.topic {
                // Shown before the rows were read.
                NoteTopic::Opening => {}
                NoteTopic::Rows => {
                    let file =
                        if report.inputs.len() > 1 { format!("{}: ", input.path) } else { String::new() };
                    write!(text, "\n{}", self::note(&format!("{file}{}", note.text), width))?;
                }
                NoteTopic::DamagedColumn => {
                    let note = wrapped(&printable(&note.text), width);
                    writeln!(text, "\n{BAD}Damaged column{BAD:#}\n{}", note.trim_end())?;
                }
            }
        }
    }
    let premium = report
        .types
        .iter()
        .find(|counted| counted.kind == NumberType::PremiumRate)
        .map_or(0, |counted| counted.count);
    if premium > 0 {
        let numbers = counted(premium, "premium-rate number");
        let note = format!("Among them: {numbers}, costly to call; --types limits the types of numbers.");
        writeln!(text, "\n{}", textwrap::fill(&note, width))?;
    }
    if let Some(platform) = &report.platform {
        let waited = platform.waited_ms / 1000;
        let waited = if waited > 0 { format!(", waited {}", duration(waited)) } else { String::new() };
        let requests = counted(platform.get + platform.post, "request");
        let host = printable(&platform.host);
        if let Some(plan) = report.plan.as_ref().filter(|_| report.not_posted == Some(NotPosted::DryRun)) {
            let said = match report.totals.of(Outcome::Planned) {
                0 => format!("Nothing to post. Checking takes {}", counted(plan.get + plan.post, "request")),
                contacts => format!("To post: {}", self::plan(plan, contacts)),
            };
            writeln!(text, "\n{}", hanging(&said, 2, width))?;
        }
        let planned = match (&report.plan, &report.actual) {
            (Some(plan), Some(actual)) if (plan.get, plan.post) != (actual.get, actual.post) => {
                format!("; planned {}, used {}", requests_of(plan), requests_of(actual))
            }
            (Some(plan), Some(_)) if plan.post > 0 => ", as planned".to_owned(),
            _ => String::new(),
        };
        for note in existing_notes(platform) {
            writeln!(text, "\n{}", textwrap::fill(&note, width))?;
        }
        let said = format!(
            "{DIM}{host}: {requests} ({} to read, {} to post){planned}{waited}{DIM:#}",
            platform.get, platform.post
        );
        writeln!(text, "\n{}", hanging(&said, 2, width))?;
    }
    if let Some(export) = &report.export {
        let file = printable(&export.file);
        if export.written {
            let said = format!("Exported: {} to {file}", counted(export.contacts, "contact"));
            writeln!(text, "\n{}", hanging(&said, 2, width))?;
        } else {
            let note = format!(
                "{file} is not written, because the run is not finished. Finish the run to get the file."
            );
            writeln!(text, "\n{}", textwrap::fill(&note, width))?;
        }
    }
    let folder = printable(&folder.display().to_string());
    let files = format!(
        "{DIM}Files:{DIM:#} {folder}/  outcomes.csv  rejected.csv  rejected.xlsx  report.html  report.json"
    );
    writeln!(text, "\n{}", hanging(&files, 2, width))
}

/// Returns the notes about existing contacts.
fn existing_notes(platform: &PlatformReport) -> Vec<String> {
    let mut notes: Vec<String> = platform
        .existing_notes
        .iter()
        .map(|note| format!("Reading the contacts: {}.", printable(note)))
        .collect();
    if let (ExistingFrom::Snapshot, Some(read_at)) = (platform.existing_from, &platform.existing_read_at) {
        notes.push(format!(
            "Existing: {} (snapshot of {} plus contacts created since; the platform's count still matches).",
            counted(platform.existing_contacts, "contact"),
            minute(read_at),
        ));
    }
    if platform.existing_ambiguous_numbers > 0 {
        notes.push(format!(
            "The platform has {} with an ambiguous number; every possible number counts as existing.",
            counted(platform.existing_ambiguous_numbers, "contact"),
        ));
    }
    if platform.existing_inactive > 0 {
        notes.push(format!(
            "The platform has {} with a status other than ACTIVE, for example deleted ones. They count as existing; rollcall does \
             not create them again.",
            counted(platform.existing_inactive, "contact"),
        ));
    }
    let masked = platform.existing_masked_numbers;
    if masked > 0 {
        notes.push(format!(
            "The platform shows {} with masked numbers. A row counts as existing if its number matches the mask and the name is the \
             same. rollcall treats other rows as new; the platform refuses them if it has them.",
            counted(masked, "contact"),
        ));
    }
    let without_number =
        platform.existing_unreadable_numbers.saturating_sub(platform.existing_unreadable + masked);
    if without_number > 0 {
        notes.push(format!(
            "The platform has {} without a readable number.",
            counted(without_number, "contact"),
        ));
    }
    if platform.existing_unreadable > 0 {
        notes.push(format!(
            "rollcall cannot read {} among the platform's contacts. If people of this list are among them, rollcall treated them as new.",
            counted(platform.existing_unreadable, "record"),
        ));
    }
    notes
}

/// Formats an instant for people.
fn minute(moment: &str) -> String {
    let minute = moment.get(.."2026-11-20T10:15".len()).unwrap_or(moment);
    format!("{} UTC", minute.replace('T', " "))
}

/// Describes how the inputs were understood, before anything else happens to them.
pub fn understood<'a>(inputs: impl Iterator<Item = &'a InputInfo>, width: usize) -> String {
    inputs.map(|input| describe(input, width)).collect()
}

/// Returns the column of each field per input, with its first values, and the unused columns.
pub fn columns<'a>(inputs: impl Iterator<Item = &'a InputInfo>, width: usize) -> String {
    let mut text = String::new();
    for input in inputs {
        // Writing to a string cannot fail.
        _ = writeln!(text, "\n{BOLD}{}{BOLD:#}", printable(&input.path));
        for field in Field::ALL {
            for (column, rank) in input.columns.of(field).iter().take(MAX_OF_FIELD).zip(1..) {
                let name = field.name().replace('_', " ");
                let name = if rank == 1 { name } else { format!("{name} {rank}") };
                let header = input.headers.get(*column).map_or("", String::as_str);
                let values = input.samples.get(*column).into_iter().flatten().map(|value| shortened(value));
                let values = values.collect::<Vec<_>>().join(", ");
                let line = format!("{name} = {}: {}", printable(header), printable(&values));
                text.push_str(&wrapped(&line, width));
                let is_doubtful = |found: &&ColumnMatch| {
                    (found.column, found.field, found.certainty) == (*column, field, Certainty::Doubtful)
                };
                if let Some(found) = input.matches.iter().find(is_doubtful) {
                    text.push_str(&wrapped(&format!("  doubtful: {}", printable(&found.reason)), width));
                }
            }
        }
        let is_unused = |column: &usize| !input.columns.is_used(*column);
        let unused: Vec<String> = (0..input.headers.len())
            .filter(is_unused)
            .map(|column| printable(&input.headers[column]))
            .collect();
        if !unused.is_empty() {
            let unused = wrapped(&format!("not used: {}", unused.join(", ")), width);
            _ = write!(text, "{DIM}{unused}{DIM:#}");
        }
    }
    text
}

/// Returns enough of a value to show what its column contains.
fn shortened(value: &str) -> String {
    const MAX_CHARS: usize = 24;

    match value.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// Describes how an input was read and which column each field uses.
fn describe(input: &InputInfo, width: usize) -> String {
    let is_plain = |encoding: &&String| encoding.as_str() != "utf-8";
    let kind = [Some(input.format.title().to_owned()), input.compression.name().map(str::to_owned)]
        .into_iter()
        .chain([input.encoding.as_ref().filter(is_plain).cloned()])
        .chain([input.sheet.as_ref().map(|sheet| format!("sheet {}", printable(sheet)))])
        .flatten();
    let kind: Vec<String> = kind.collect();
    let mut columns = ColumnNames::new(input).0;
    let all = columns.len();
    columns.retain(|column| column.rank <= MAX_OF_FIELD);
    let omitted = all - columns.len();
    let columns = columns.iter().map(|column| {
        format!("{} = {}", column.key().replace('_', " "), printable(&column.header)).replace(' ', TIED)
    });
    let mut columns: Vec<String> = columns.collect();
    if omitted > 0 {
        columns.push(format!("and {omitted} more").replace(' ', TIED));
    }
    let mut text = format!("{BOLD}{}{BOLD:#}  {DIM}{}{DIM:#}\n", printable(&input.path), kind.join(", "));
    text.push_str(&wrapped(&columns.join(", "), width).replace(TIED, " "));
    for note in &input.notes {
        text.push_str(&self::note(note, width));
    }
    text
}

/// Wraps text with a hanging indent; words are kept whole.
fn hanging(text: &str, column: usize, width: usize) -> String {
    let indent = " ".repeat(column);
    let options = Options::new(width.max(column + 20)).subsequent_indent(&indent);
    textwrap::fill(text, options.word_splitter(WordSplitter::NoHyphenation))
}

fn wrapped(text: &str, width: usize) -> String {
    let options = Options::new(width)
        .initial_indent("  ")
        .subsequent_indent("  ")
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(text, options) + "\n"
}

/// The moment at which the rows are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before the user decides whether to post.
    Forecast,
    /// After the user declined to post.
    HeldBack,
    /// In a run that posts nothing.
    Checked,
    Ended,
}

/// Writes the rows and their outcomes, subtracting each outcome in turn.
fn funnel(text: &mut String, totals: &Totals, stage: Stage, columns: usize) -> std::fmt::Result {
    let mut left = totals.rows();
    let width = grouped(left).len();
    // Aligned with the start of the note.
    let noted = |line: &str| hanging(line, width + 17, columns);
    writeln!(text, "    {BOLD}{:>width$}{BOLD:#}  rows", grouped(left))?;
    for (outcome, note) in [
        (Outcome::Rejected, "to fix, in rejected.csv"),
        (Outcome::Suppressed, "do-not-call or hidden"),
        (Outcome::Duplicate, "same number as another row"),
        (Outcome::Existing, "on the platform already"),
    ] {
        let count = totals.of(outcome);
        if count > 0 {
            left -= count;
            let name = outcome.name();
            let style = if outcome == Outcome::Rejected { BAD } else { Style::new() };
            let line =
                format!("  − {style}{:>width$}  {name:<10}{style:#} {DIM}{note}{DIM:#}", grouped(count));
            writeln!(text, "{}", noted(&line))?;
        }
    }
    let endings: Vec<(Outcome, u64)> = [
        Outcome::Valid,
        Outcome::Planned,
        Outcome::Created,
        Outcome::Confirmed,
        Outcome::Failed,
        Outcome::Pending,
    ]
    .into_iter()
    .map(|outcome| (outcome, totals.of(outcome)))
    .filter(|(_, count)| *count > 0)
    .collect();
    if stage == Stage::Forecast {
        return writeln!(text, "  = {GOOD}{:>width$}  new{GOOD:#}", grouped(left));
    }
    if endings.len() != 1 {
        let name = if stage == Stage::Checked { Outcome::Valid.name() } else { "new" };
        writeln!(text, "  = {BOLD}{:>width$}{BOLD:#}  {name}", grouped(left))?;
    }
    for (outcome, count) in &endings {
        let sign = if endings.len() == 1 { "=" } else { " " };
        let (style, note) = match outcome {
            Outcome::Failed => (BAD, "refused by the platform, in rejected.csv"),
            Outcome::Pending => (BAD, "not sent, or unacknowledged"),
            Outcome::Planned if stage == Stage::HeldBack => (BAD, "not posted"),
            Outcome::Planned => (GOOD, "would be posted"),
            _ => (GOOD, ""),
        };
        let (count, name) = (grouped(*count), outcome.name());
        match note {
            "" => writeln!(text, "  {sign} {style}{count:>width$}  {name}{style:#}"),
            note => {
                let line = format!("  {sign} {style}{count:>width$}  {name:<10}{style:#} {DIM}{note}{DIM:#}");
                writeln!(text, "{}", noted(&line))
            }
        }?;
    }
    Ok(())
}

fn describe_problem(
    text: &mut String,
    problem: &ProblemCount,
    most: u64,
    several: bool,
    width: usize,
) -> std::fmt::Result {
    let head = format!(
        "{BAD}{:>7}{BAD:#}  {BAD}{}{BAD:#} {BOLD}{}{BOLD:#}: {}",
        grouped(problem.count),
        bar(problem.count, most),
        problem.code,
        problem.title
    );
    writeln!(text, "{}", hanging(&head, INDENT.len(), width))?;
    let wrap = |line: &str| {
        let options = Options::new(width.max(30)).initial_indent(INDENT).subsequent_indent(INDENT);
        // Users copy options, so words stay whole.
        textwrap::fill(line, options.word_splitter(WordSplitter::NoHyphenation))
    };
    if let Some(example) = problem.examples.first() {
        let file = if several { format!("{}, ", printable(&example.file)) } else { String::new() };
        let column =
            example.column.as_ref().map(|column| format!(", {}", printable(column))).unwrap_or_default();
        let value = match example.value.as_str() {
            "" => String::new(),
            value => format!(": {}", printable(value)),
        };
        writeln!(text, "{DIM}{}{DIM:#}", wrap(&format!("{file}row {}{column}{value}", example.row)))?;
    }
    writeln!(text, "{}", wrap(&printable(&problem.hint)))
}

/// Returns a bar of a chart, in proportion to the largest count; never empty.
fn bar(count: u64, most: u64) -> String {
    const LENGTH: u64 = 8;

    let filled = count.saturating_mul(LENGTH).div_ceil(most.max(1)).clamp(1, LENGTH);
    let filled = usize::try_from(filled).unwrap_or_default();
    format!("{:<width$}", "■".repeat(filled), width = usize::try_from(LENGTH).unwrap_or_default())
}

/// Shows lines for `rollcall.toml` that give unknown values a meaning, if that is the problem.
fn offer_aliases(
    text: &mut String,
    problem: &ProblemCount,
    values: &[UnknownValue],
    width: usize,
) -> std::fmt::Result {
    /// Values shown; the report contains all of them.
    const MAX_VALUES: usize = 10;

    let Some(field) = unknown_values::field_of(problem.code) else { return Ok(()) };
    let lines = unknown_values::alias_lines(values, field, MAX_VALUES);
    if lines.is_empty() {
        return Ok(());
    }
    let say = "Or give these values a meaning in rollcall.toml, between the empty quotation marks:";
    let options = Options::new(width.max(30)).initial_indent(INDENT).subsequent_indent(INDENT);
    writeln!(text, "{}", textwrap::fill(say, options))?;
    for line in lines {
        writeln!(text, "{INDENT}  {line}")?;
    }
    let more = values.iter().filter(|value| value.field == field).count().saturating_sub(MAX_VALUES);
    if more > 0 {
        writeln!(text, "{INDENT}  # and {} in report.json", counted(more as u64, "more value"))?;
    }
    Ok(())
}

/// Describes the cost of posting.
pub fn plan(plan: &Plan, contacts: u64) -> String {
    let time = if plan.seconds == 0 {
        "less than a minute".to_owned()
    } else {
        format!("about {}", duration(plan.seconds))
    };
    let requests = match plan.get {
        0 => counted(plan.post, "request"),
        get => format!("{} to post and {} to read", counted(plan.post, "request"), grouped(get)),
    };
    format!("{} in {requests}, {time}", counted(contacts, "new contact"))
}

fn requests_of(plan: &Plan) -> String {
    match plan.get {
        0 => format!("{} to post", grouped(plan.post)),
        get => format!("{} to post and {} to read", grouped(plan.post), grouped(get)),
    }
}

/// Returns the expected outcomes and the cost of posting, for the question before posting.
pub fn forecast(totals: &Totals, plan: &Plan, width: usize) -> String {
    let mut text = String::from("\n");
    // Writing to a string cannot fail.
    _ = funnel(&mut text, totals, Stage::Forecast, width);
    _ = writeln!(text, "\n{}", hanging(&self::plan(plan, totals.of(Outcome::Pending)), 2, width));
    text
}

/// Formats a note for the user.
pub fn note(text: &str, width: usize) -> String {
    wrapped(&format!("note: {}", printable(text)), width)
}

/// Formats a warning about a possible problem that does not stop the run, wrapped.
pub fn warning(text: &str, width: usize) -> String {
    wrapped(&format!("warning: {}", printable(text)), width)
}
