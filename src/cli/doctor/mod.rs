//! `rollcall doctor`: findings about settings, credentials and the platform, one per line, with a remedy.
//!
//! It validates with the functions of an import, so both agree. Its requests change nothing on the platform.

mod groups;
mod network;
mod options;
mod problems;
mod settings;

use std::{
    env,
    fmt::Write as _,
    io::{self, Write as _},
    path::PathBuf,
};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use textwrap::{Options, WordSplitter};

use self::settings::Origins;
use super::{
    args::{DoctorArgs, StateOptions},
    config::ConfigFiles,
    error::{CliError, exit},
    hint,
    printer::Printer,
    signals,
};
use crate::{
    interrupt::Interrupt,
    report::{screen, terminal::printable},
};

/// Width of the state column with its space; remedies are indented by it.
const STATE: usize = 9;

/// Width of the subject column with its space.
const SUBJECT: usize = 13;

/// The subject of a watched folder.
#[cfg(unix)]
const WATCH: &str = "watch";

/// Minimum width of wrapped text.
const MIN_WIDTH: usize = 50;

pub(super) fn run(args: &DoctorArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    for (option, id) in [("--list", &args.list), ("--campaign", &args.campaign)] {
        id.iter().try_for_each(|id| super::settings::id(option, id))?;
    }
    let mut findings = Findings::default();
    let interrupt = signals::listen();
    let looked = look(args, &Origins::new(args, config), &mut findings, printer, &interrupt);
    // Clears the progress line.
    printer.conclude("");
    let text =
        if config.under(&args.json)?.json { findings.json() } else { findings.text(Printer::data_width()) };
    // A closed pipe is not an error.
    _ = AutoStream::auto(io::stdout()).write_all(text.as_bytes());
    looked?;
    Ok(findings.exit_code())
}

/// Checks a settings file before it is written. Returns the findings as text and the exit code. `names` pairs
/// each temporary file with its final name, which the findings show.
pub(super) fn report(
    config: &ConfigFiles,
    names: &[(PathBuf, PathBuf)],
    printer: &Printer,
) -> Result<(String, u8), CliError> {
    let state_dir = env::var_os("ROLLCALL_STATE_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let args = DoctorArgs { state: StateOptions { state_dir }, ..DoctorArgs::default() };
    let mut findings = Findings::default();
    look(&args, &Origins::new(&args, config), &mut findings, printer, &signals::listen())?;
    printer.conclude("");
    // Nobody asked for a list or a campaign.
    findings.0.retain(|finding| !finding.found.starts_with(network::NOT_TRIED));
    for finding in &mut findings.0 {
        for (temporary, name) in names {
            finding.found =
                finding.found.replace(&temporary.display().to_string(), &name.display().to_string());
        }
    }
    Ok((findings.text(Printer::data_width()), findings.exit_code()))
}

fn look(
    args: &DoctorArgs,
    origins: &Origins<'_>,
    findings: &mut Findings,
    printer: &Printer,
    interrupt: &Interrupt,
) -> Result<(), CliError> {
    let fit = settings::examine(args, origins, findings, interrupt)?;
    #[cfg(unix)]
    if !args.platform.sandbox {
        watched(args, origins.config, findings);
    }
    match fit {
        Some(fit) => network::examine(fit, args, findings, printer, interrupt.clone()),
        None => Ok(()),
    }
}

/// Checks the folders of the tables `[[watch]]`.
#[cfg(unix)]
fn watched(args: &DoctorArgs, config: &ConfigFiles, findings: &mut Findings) {
    for (dir, checked) in super::watch::examine(config, &args.platform) {
        findings.push(match checked {
            Ok(()) => Finding::good(WATCH, printable(&dir.display().to_string())),
            Err(error) => Finding::failed(WATCH, &error, problems::FIX),
        });
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Good,
    Warning,
    Bad,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    fn style(self) -> Style {
        let colour = match self {
            Self::Good => AnsiColor::Green,
            Self::Warning => AnsiColor::Yellow,
            Self::Bad => AnsiColor::Red,
        };
        colour.on_default().bold()
    }
}

/// A finding about one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    state: State,
    subject: &'static str,
    found: String,
    /// The remedy, for every state except good.
    remedy: Option<String>,
    #[serde(skip)]
    exit_code: u8,
}

impl Finding {
    fn good(subject: &'static str, found: impl Into<String>) -> Self {
        Self { state: State::Good, subject, found: found.into(), remedy: None, exit_code: exit::OK }
    }

    fn warning(subject: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Warning, remedy: Some(remedy.into()), ..Self::good(subject, found) }
    }

    fn bad(
        subject: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
        exit_code: u8,
    ) -> Self {
        Self { state: State::Bad, exit_code, ..Self::warning(subject, found, remedy) }
    }

    /// Creates a finding from an error of an import; `remedy` is used if the error has no hint.
    fn failed(subject: &'static str, error: &CliError, remedy: &str) -> Self {
        let remedy = hint::of(error).unwrap_or_else(|| remedy.to_owned());
        Self::bad(subject, error.to_string(), remedy, error.exit_code())
    }

    fn lines(&self, width: usize) -> String {
        let width = width.max(MIN_WIDTH);
        let indented = |text: &str, columns: usize| {
            let indent = " ".repeat(columns);
            let options = Options::new(width).initial_indent(&indent).subsequent_indent(&indent);
            // Users copy options, so words stay whole.
            textwrap::fill(&printable(text), options.word_splitter(WordSplitter::NoHyphenation))
        };
        let (style, state, subject) = (self.state.style(), self.state.name(), self.subject);
        let found = indented(&self.found, STATE + SUBJECT);
        let space = " ".repeat(STATE - state.len());
        let mut text =
            format!("{style}{state}{style:#}{space}{subject:<SUBJECT$}{}\n", found.trim_start_matches(' '));
        if let Some(remedy) = &self.remedy {
            // Writing to a string cannot fail.
            _ = writeln!(text, "{}", indented(remedy, STATE));
        }
        text
    }
}

/// All findings, in order of dependency.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    fn text(&self, width: usize) -> String {
        self.0.iter().map(|finding| finding.lines(width)).collect()
    }

    fn json(&self) -> String {
        screen::json(&serde_json::to_string_pretty(&self.0).unwrap_or_default()) + "\n"
    }

    /// Returns the exit code of the first bad finding, because later ones may follow from it.
    fn exit_code(&self) -> u8 {
        let bad = self.0.iter().find(|finding| finding.state == State::Bad);
        bad.map_or(exit::OK, |finding| finding.exit_code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bad_finding_decides_the_exit_code() {
        let mut findings = Findings(vec![Finding::good("host", "x"), Finding::warning("list v2", "x", "y")]);
        assert_eq!(findings.exit_code(), exit::OK);
        findings.push(Finding::bad("journal", "x", "y", exit::MACHINE));
        findings.push(Finding::bad("reachable", "x", "y", exit::PLATFORM));
        assert_eq!(findings.exit_code(), exit::MACHINE);
    }

    #[test]
    fn lines_are_aligned_wrapped_and_safe_for_the_terminal() {
        let finding = Finding::bad("host", "said \u{1b}[2J and a few more words than fit", "Look at it.", 4);
        let text = anstream::adapter::strip_str(&finding.lines(10)).to_string();
        insta::assert_snapshot!(text, @r"
        bad      host         said \u{1b}[2J and a few
                              more words than fit
                 Look at it.
        ");
    }
}
