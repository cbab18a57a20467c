//! All messages: results, log lines, progress, and the question before posting.
//!
//! All output goes to standard error. With `-q`, only errors and one line for an incomplete result appear. Progress
//! appears only on a terminal. With `--log-format json`, every line is an object.

use std::{
    env,
    ffi::OsString,
    fmt,
    fs::File,
    io::{self, BufRead as _, IsTerminal as _, Write},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use anstream::AutoStream;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use terminal_size::{Height, Width};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::{
    args::{Color, LogFormat, PrinterOptions},
    bar::Line,
    error::CliError,
    hint,
};
use crate::{
    interrupt::Interrupt,
    journal::Holder,
    parse::InputInfo,
    progress::{Approval, Forecast, Progress, Wait},
    quantity::{counted, duration, grouped},
    report::{
        self, Report, screen,
        terminal::{self, printable},
    },
};

/// Shorter waits are not worth a line without a progress bar.
const WORTH_A_LINE: Duration = Duration::from_secs(5);

/// Attempts at a question before it counts as answered with no.
const MAX_QUESTIONS: u32 = 3;

/// Maximum width of wrapped text, also used if the terminal's width is unknown.
const MAX_WIDTH: usize = 100;

const READING: &str = "reading";
const FETCHING: &str = "fetching";
const POSTING: &str = "posting";

/// Standard error, shared by all output.
pub(super) struct Printer {
    quiet: bool,
    is_json: bool,
    bars: MultiProgress,
    bar: Mutex<Option<ProgressBar>>,
    figures: Arc<Figures>,
    /// Set if rollcall can ask before posting; a signal also ends the question.
    asks: OnceLock<Interrupt>,
    /// The columns with sample values, shown before the question.
    columns: OnceLock<String>,
    /// The command as typed, for messages that suggest it with more options.
    command: Vec<OsString>,
}

/// The figures on a progress line, in addition to its position.
#[derive(Default)]
struct Figures {
    label: Mutex<String>,
    rows: AtomicU64,
    requests: AtomicU64,
    wait: Mutex<Option<(Instant, &'static str)>>,
    /// The time that the quota makes the remaining requests take.
    left: Mutex<Duration>,
}

impl Figures {
    fn label(&self) -> MutexGuard<'_, String> {
        self.label.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) -> MutexGuard<'_, Option<(Instant, &'static str)>> {
        self.wait.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left(&self) -> MutexGuard<'_, Duration> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Formats the line for the current moment.
    fn line(&self, stage: &str, bar: &ProgressState) -> Line {
        let (position, length) = (bar.pos(), bar.len());
        let of_length = length.filter(|length| *length > 0);
        let fraction = of_length.map(|_| bar.fraction());
        let label = self.label().clone();
        let mut parts = Vec::new();
        if stage == READING {
            let rows = self.rows.load(Ordering::Relaxed);
            parts.extend(fraction.map(|fraction| format!("{:.0} %", fraction * 100.0)));
            let left = bar.eta().as_secs();
            if fraction.is_some() && left > 0 {
                parts.push(format!("{} left", duration(left)));
            }
            parts.push(counted(rows, "row"));
            parts.extend(rate(rows, bar.elapsed(), 1).map(|rate| format!("{} rows/s", grouped(rate))));
            return Line { label, fraction, parts };
        }
        parts.push(match of_length {
            Some(length) => format!("{} of {}", grouped(position), grouped(length)),
            None => grouped(position),
        });
        if let Some((until, reason)) = *self.wait() {
            let left = until.saturating_duration_since(Instant::now()).as_secs() + 1;
            parts.push(format!("waiting {} {reason}", duration(left)));
        }
        let left = self.left().as_secs();
        if left > 0 {
            parts.push(format!("{} left", duration(left)));
        }
        parts.push(counted(self.requests.load(Ordering::Relaxed), "request"));
        parts.extend(rate(position, bar.elapsed(), 60).map(|rate| format!("{}/min", grouped(rate))));
        Line { label, fraction, parts }
    }
}

/// Returns the rate per `seconds`; `None` just after the start, when it means nothing.
fn rate(count: u64, elapsed: Duration, seconds: u64) -> Option<u64> {
    const MIN_MILLIS: u64 = 500;

    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    (millis >= MIN_MILLIS && count > 0).then(|| count.saturating_mul(1000 * seconds) / millis)
}

impl Printer {
    /// Sets up colors, logging and progress.
    pub(super) fn new(options: &PrinterOptions) -> Self {
        let choice = match options.color.unwrap_or_default() {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        let is_json = options.log_format.unwrap_or_default() == LogFormat::Json;
        let target = if options.quiet || is_json {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bars = MultiProgress::with_draw_target(target);
        start_log(options, &bars);
        Self {
            quiet: options.quiet,
            is_json,
            bars,
            bar: Mutex::new(None),
            figures: Arc::default(),
            asks: OnceLock::new(),
            columns: OnceLock::new(),
            command: Vec::new(),
        }
    }

    /// Sets the command as typed, beginning with the program.
    pub(super) fn with_command(mut self, command: Vec<OsString>) -> Self {
        self.command = command;
        self
    }

    /// Returns the command as typed; empty if no person typed it.
    pub(super) fn command(&self) -> &[OsString] {
        &self.command
    }

    /// Returns whether only errors are printed.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Returns whether a person at the terminal sees questions and can answer them with keys.
    pub(super) fn can_ask(&self) -> bool {
        let is_set =
            |name: &str| env::var(name).is_ok_and(|value| !matches!(value.trim(), "" | "false" | "0"));
        let is_dumb = env::var("TERM").is_ok_and(|terminal| terminal == "dumb");
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        !self.quiet && !self.is_json && is_terminal && !is_dumb && !is_set("CI")
    }

    /// Enables the question before posting if a terminal is available, even if input or output goes through a pipe.
    pub(super) fn ask_before_posting<'a>(
        &self,
        interrupt: Interrupt,
        inputs: impl Iterator<Item = &'a InputInfo>,
    ) {
        self.columns.get_or_init(|| terminal::columns(inputs, Self::width()));
        if io::stdin().is_terminal() || io::stderr().is_terminal() {
            self.asks.get_or_init(|| interrupt);
        }
    }

    /// Prints a message that is not an error.
    pub(super) fn say(&self, text: &str) {
        if self.quiet {
            return;
        }
        if !self.is_json {
            return self.write(text);
        }
        // Without styles and line breaks.
        let plain = anstream::adapter::strip_str(text).to_string();
        let words: Vec<&str> = plain.split_whitespace().collect();
        if !words.is_empty() {
            self.write_json("INFO", &json!({"message": words.join(" ")}));
        }
    }

    /// Prints an event of a service, with the time.
    pub(super) fn tell(&self, subject: &str, what: &str, is_warning: bool) {
        if self.quiet && !is_warning {
            return;
        }
        if self.is_json {
            let level = if is_warning { "WARN" } else { "INFO" };
            return self.write_json(level, &json!({"message": what, "folder": subject}));
        }
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        self.write(&format!("{now} {}: {}\n", printable(subject), printable(what)));
    }

    /// Prints a result in place of the progress.
    pub(super) fn conclude(&self, text: &str) {
        self.replace(None);
        self.say(text);
    }

    /// Prints the summary of a run in place of its progress.
    pub(super) fn sum_up(&self, report: &Report, folder: &Path) {
        self.replace(None);
        if !self.is_json {
            self.say(&terminal::summary(report, folder, Self::width()));
        } else if !self.quiet {
            let problems: Map<String, Value> = report
                .problems
                .iter()
                .map(|problem| (problem.code.to_owned(), problem.count.into()))
                .collect();
            self.write_json(
                "INFO",
                &json!({
                    "message": report::verdict(report).text,
                    "run": report.run,
                    "complete": report.complete,
                    "totals": report.totals,
                    "problems": problems,
                    "out": folder.display().to_string(),
                }),
            );
        }
    }

    /// Prints one line about a problem if nothing else is printed.
    pub(super) fn insist(&self, text: &str) {
        match (self.quiet, self.is_json) {
            (false, _) => {}
            (true, true) => self.write_json("WARN", &json!({"message": text})),
            (true, false) => self.write(&format!("rollcall: {}\n", printable(text))),
        }
    }

    /// Prints the error that ends the program.
    pub(super) fn fail(&self, error: &CliError) {
        self.replace(None);
        if self.is_json {
            for (message, hint) in hint::messages(error, false) {
                self.write_json("ERROR", &json!({"message": message, "hint": hint}));
            }
        } else if self.quiet {
            // Schedulers send this line by mail.
            self.write(&format!("{}\n", hint::lines(error, None).trim_end().replace('\n', " ")));
        } else {
            self.write(&hint::lines(error, Some(Self::width())));
        }
    }

    /// Writes a line in the format of the log.
    fn write_json(&self, level: &str, fields: &Value) {
        let timestamp = Timestamp::now().to_string();
        let line = json!({"timestamp": timestamp, "level": level, "fields": fields, "target": "rollcall"});
        self.write(&format!("{}\n", screen::json(&line.to_string())));
    }

    fn write(&self, text: &str) {
        // If standard error is closed, there is no other place for the message.
        self.bars.suspend(|| _ = stderr().write_all(screen::styled(text).as_bytes()));
    }

    /// Returns the width for wrapped text.
    pub(super) fn width() -> usize {
        columns(terminal_size::terminal_size_of(io::stderr()))
    }

    /// Returns the width for data printed as text for people.
    pub(super) fn data_width() -> usize {
        columns(terminal_size::terminal_size_of(io::stdout()))
    }

    /// Replaces the current bar with another.
    fn show(&self, bar: ProgressBar) -> ProgressBar {
        let bar = self.bars.add(bar);
        bar.enable_steady_tick(Duration::from_millis(200));
        self.replace(Some(bar.clone()));
        bar
    }

    fn replace(&self, bar: Option<ProgressBar>) {
        let before = std::mem::replace(&mut *self.bar(), bar);
        if let Some(before) = before {
            before.finish_and_clear();
        }
    }

    fn bar(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the bar of a stage; creates it at the first call for the stage.
    fn stage(&self, stage: &'static str, label: String, length: Option<u64>) -> ProgressBar {
        *self.figures.label() = label;
        let current = self.bar().as_ref().filter(|bar| bar.prefix() == stage).cloned();
        current.unwrap_or_else(|| {
            let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
            self.show(bar.with_style(self.style(stage)).with_prefix(stage))
        })
    }

    fn style(&self, stage: &'static str) -> ProgressStyle {
        let figures = Arc::clone(&self.figures);
        ProgressStyle::with_template("{line}").unwrap_or_else(|_| ProgressStyle::default_bar()).with_key(
            "line",
            move |state: &ProgressState, out: &mut dyn fmt::Write| {
                // Read each time, because a window can shrink.
                let width = terminal_size::terminal_size_of(io::stderr())
                    .map_or(MAX_WIDTH, |(width, _)| usize::from(width.0));
                _ = out.write_str(&figures.line(stage, state).fitted(width.saturating_sub(1)));
            },
        )
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.replace(None);
    }
}

fn columns(terminal: Option<(Width, Height)>) -> usize {
    terminal.map_or(MAX_WIDTH, |(width, _)| usize::from(width.0).min(MAX_WIDTH))
}

fn stderr() -> AutoStream<io::Stderr> {
    AutoStream::auto(io::stderr())
}

/// Asks at the terminal and returns the line typed. Returns `None` after a signal or without a terminal.
fn ask(question: &str, interrupt: &Interrupt) -> Option<String> {
    const TERMINAL: &str = if cfg!(windows) { "CON" } else { "/dev/tty" };
    let (sender, answer) = mpsc::channel();
    let mut terminal = File::options().write(true).open(TERMINAL).ok()?;
    terminal.write_all(question.as_bytes()).ok()?;
    // A signal does not interrupt the read, so it continues on its own thread until the program ends.
    std::thread::spawn(move || {
        let mut line = String::new();
        _ = File::open(TERMINAL).and_then(|terminal| io::BufReader::new(terminal).read_line(&mut line));
        _ = sender.send(line);
    });
    loop {
        match answer.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => return Some(line),
            Err(mpsc::RecvTimeoutError::Timeout) if interrupt.signal().is_none() => {}
            Err(_) => return None,
        }
    }
}

/// A writer for log lines that keeps them apart from a progress bar.
#[derive(Clone)]
struct LogWriter {
    bars: MultiProgress,
    is_json: bool,
}

impl Write for LogWriter {
    /// Writes one line, even if the text contains line breaks.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = if self.is_json { screen::json(line) } else { screen::styled(&line.replace('\n', "\\n")) };
        self.bars.suspend(|| writeln!(stderr(), "{line}"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        stderr().flush()
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn start_log(options: &PrinterOptions, bars: &MultiProgress) {
    let level = match (options.quiet, options.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, _) => LevelFilter::DEBUG,
    };
    // Log lines of other crates may contain secrets.
    let own = tracing_subscriber::EnvFilter::new(format!("off,rollcall={level}"));
    let is_json = options.log_format.unwrap_or_default() == LogFormat::Json;
    let writer = LogWriter { bars: bars.clone(), is_json };
    let log = tracing_subscriber::fmt().with_env_filter(own).with_writer(writer);
    // Keeps a logger that a test or the library's user installed earlier.
    _ = match options.log_format.unwrap_or_default() {
        LogFormat::Text => log.without_time().with_target(false).with_ansi(true).try_init(),
        LogFormat::Json => log.json().with_ansi(false).try_init(),
    };
}

impl Progress for Printer {
    fn reading(&self, path: &str, rows: u64, bytes: u64, of_bytes: Option<u64>) {
        self.figures.rows.store(rows, Ordering::Relaxed);
        let length = of_bytes.filter(|_| bytes > 0);
        self.stage(READING, format!("{READING} {}", printable(path)), length).set_position(bytes);
    }

    fn read(&self, _: u64) {
        self.replace(None);
    }

    fn fetching(&self, what: &str, contacts: u64, of_contacts: Option<u64>, requests: u64, left: Duration) {
        let label = format!("{FETCHING} {}", printable(what));
        *self.figures.left() = left;
        self.figures.requests.store(requests, Ordering::Relaxed);
        // The total is unknown before the first page.
        let is_new = *self.figures.label() != label;
        let is_other = |bar: &ProgressBar| is_new || bar.length().is_some() != of_contacts.is_some();
        if self.bar().as_ref().is_some_and(is_other) {
            self.replace(None);
        }
        let bar = self.stage(FETCHING, label, of_contacts);
        if let Some(of_contacts) = of_contacts {
            bar.set_length(of_contacts.max(contacts));
        }
        bar.set_position(contacts);
    }

    fn posting(&self, contacts: u64, of_contacts: u64, requests: u64, left: Duration) {
        *self.figures.left() = left;
        self.figures.requests.store(requests, Ordering::Relaxed);
        self.stage(POSTING, format!("{POSTING} new contacts"), Some(of_contacts)).set_position(contacts);
    }

    fn waiting(&self, wait: Duration, why: Wait) {
        let reason = match why {
            Wait::RateLimit => "for the rate limit",
            Wait::RateLimited => "because the account's request quota is used up",
            Wait::Retry => "before the next attempt",
            Wait::Unacknowledged => "until the platform can no longer store unacknowledged batches",
            Wait::NotShown => "until the platform shows the contacts that it accepted",
        };
        *self.figures.wait() = Some((Instant::now() + wait, reason));
        if self.bars.is_hidden() && wait >= WORTH_A_LINE {
            self.say(&format!("waiting {} {reason}\n", duration(wait.as_secs())));
        }
    }

    fn waiting_for(&self, holder: Option<&Holder>) {
        let who = printable(&Holder::named(holder));
        self.say(&format!("waiting for another import to this account: {who}\n"));
    }

    fn resumed(&self) {
        *self.figures.wait() = None;
    }

    fn note(&self, text: &str) {
        self.say(&terminal::note(text, Self::width()));
    }

    fn warn(&self, text: &str) {
        if self.is_json && !self.quiet {
            self.write_json("WARN", &json!({"message": text}));
        } else {
            self.say(&terminal::warning(text, Self::width()));
        }
    }
}

impl Approval for Printer {
    fn asks(&self) -> bool {
        self.asks.get().is_some()
    }

    fn approve(&self, forecast: &Forecast) -> bool {
        self.replace(None);
        let Some(interrupt) = self.asks.get() else {
            self.say(&format!("{}\n", terminal::plan(&forecast.plan, forecast.contacts)));
            return true;
        };
        self.say(self.columns.get().map_or("", String::as_str));
        self.say(&terminal::forecast(&forecast.totals, &forecast.plan, Self::width()));
        let contacts = counted(forecast.contacts, "contact");
        let question = format!("Create {contacts} on {}? [y/N] ", printable(&forecast.host));
        for _ in 0..MAX_QUESTIONS {
            let answer = ask(&question, interrupt);
            match answer.as_deref().map(|answer| answer.trim().to_lowercase()).as_deref() {
                Some("y" | "yes") => return true,
                Some("n" | "no" | "") => break,
                Some(_) => {}
                None => {
                    self.write("\n");
                    break;
                }
            }
        }
        self.say("Nothing was posted.\n");
        false
    }
}
