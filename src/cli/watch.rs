//! `rollcall watch`, and the process that imports one file for it.

use std::{
    fmt::Write as _,
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf, absolute},
    process::{Command, ExitCode},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use jiff::tz::TimeZone;
use rustix::process::{Resource, Rlimit, setrlimit};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use signal_hook::consts::SIGTERM;

use super::{
    args::{
        ImportOptions, LogFormat, OutputOptions, PlatformOptions, PrinterOptions, WatchArgs, WatchOptions,
    },
    config::ConfigFiles,
    error::{CliError, exit, signal_exit_code},
    import::{self, Caller, StoredImport},
    printer::Printer,
    program::program,
    settings::{self, length_in, length_of_time, new_run, open_journal},
    signals,
};
use crate::{
    interrupt::Interrupt,
    journal::Journal,
    progress::{Approved, Progress, Wait},
    sandbox::RunningSandbox,
    watch::{
        Event, FolderSettings, Hook, Job, Observer, Schedule, StatusPage, Stop, Summary, TakeSettings, Watch,
        WatchError, overlap,
    },
};

/// Default time without changes before a file is imported.
const SETTLE: Duration = Duration::from_secs(5);

/// Default time and memory limits of an import.
const TIME_LIMIT: Duration = Duration::from_hours(12);
const MEMORY_LIMIT_MIB: u64 = 2048;

/// The instructions to the process that imports a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Orders<I> {
    import: I,
    out: PathBuf,
    run: String,
    state_dir: Option<PathBuf>,
    memory_limit_mib: u64,
}

pub(super) fn run(args: &WatchArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    printer.say(&config.unused_note(&args.import.platform.without_empty()).unwrap_or_default());
    let mut service = Service::new(args, config)?;
    let mut watch = Watch::open(service.folders(config)?, service.journal.clone())?;
    let stop = Stop { interrupt: signals::listen_but_reload(), soon: Arc::default() };
    let page = match status_address(&config.under(&args.watch)?)? {
        Some(address) => {
            let page = StatusPage::serve(address, &service.journal, &stop.interrupt)?;
            printer.tell("status", &format!("http://{}/", page.address()), false);
            Some(page)
        }
        None => None,
    };
    let once = config.under(&args.once)?.once;
    let reload = signals::reload();
    let is_over = AtomicBool::new(false);
    let summary = loop {
        let next = Mutex::new(None);
        let ended = thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) && !stop.soon.load(Ordering::Relaxed) {
                    if reload.swap(false, Ordering::Relaxed) {
                        match service.reload() {
                            Ok(reloaded) => {
                                *next.lock().unwrap_or_else(PoisonError::into_inner) = Some(reloaded);
                                stop.soon.store(true, Ordering::Relaxed);
                            }
                            Err(error) => {
                                let text = format!("keeping the current settings: {error}");
                                printer.tell("settings", &text, true);
                            }
                        }
                    }
                    thread::sleep(Interrupt::POLL_INTERVAL);
                }
            });
            // Set on every path, because the scope waits for the thread above.
            let _over = SetWhenDropped(&is_over);
            watch.run(once, page.as_ref(), printer, &stop)
        });
        let summary = ended?;
        let next = next.into_inner().unwrap_or_else(PoisonError::into_inner);
        match next.filter(|_| stop.interrupt.signal().is_none()) {
            Some(reloaded) => {
                printer.tell("settings", "reloaded", false);
                watch = reloaded;
                is_over.store(false, Ordering::Relaxed);
                stop.soon.store(false, Ordering::Relaxed);
            }
            None => break summary,
        }
    };
    if let Some(signal) = stop.interrupt.signal() {
        // A service that ends after a signal has succeeded.
        return Ok(if once { signal_exit_code(signal) } else { exit::OK });
    }
    printer.say(&format!("{}\n", described(&summary)));
    Ok(match summary.held {
        Some(code) => u8::try_from(code).unwrap_or(exit::MACHINE),
        None if summary.failed > 0 || summary.has_rows_to_fix => exit::ROWS_TO_FIX,
        None => exit::OK,
    })
}

/// Sets a flag when dropped, also after a panic.
struct SetWhenDropped<'a>(&'a AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The state of a service that outlives a reload of its settings.
struct Service<'a> {
    args: &'a WatchArgs,
    /// The files that the settings are reloaded from.
    config: ConfigFiles,
    state_dir: Option<PathBuf>,
    journal: Journal,
    /// Local platforms; they stop with the service.
    sandboxes: Vec<RunningSandbox>,
}

impl<'a> Service<'a> {
    fn new(args: &'a WatchArgs, config: &ConfigFiles) -> Result<Self, CliError> {
        let state_dir = config.under(&args.state)?.state_dir;
        let state_dir = state_dir.map(|folder| absolute(&folder).unwrap_or(folder));
        let journal = open_journal(state_dir.clone())?;
        Ok(Self { args, config: config.clone(), state_dir, journal, sandboxes: Vec::new() })
    }

    /// Returns the folders to watch, from the settings.
    fn folders(&mut self, config: &ConfigFiles) -> Result<Vec<FolderSettings>, CliError> {
        let folders = match &self.args.dir {
            Some(dir) => vec![(dir.clone(), config.without_watched())],
            None => config.watched(),
        };
        if folders.is_empty() {
            return Err(CliError::usage(
                "no folder to watch",
                "Pass one, or add a table [[watch]] with `dir` for each folder to rollcall.toml in your config folder or to a file for --config.",
            ));
        }
        let mut watched = Vec::new();
        for (dir, config) in folders {
            not_settings_of(&dir, &config)?;
            let (folder, sandbox) = folder_settings(dir, self.args, &config, self.state_dir.clone())
                .map_err(|error| config.located(error))?;
            watched.push(folder);
            self.sandboxes.extend(sandbox);
        }
        Ok(watched)
    }

    /// Reloads the folders from the current files. Fails unless all of them can be watched.
    fn reload(&mut self) -> Result<Watch, CliError> {
        let config = self.config.reload()?;
        let folders = self.folders(&config)?;
        Ok(Watch::open(folders, self.journal.clone())?)
    }
}

/// Describes the result for the files that were in the folders.
fn described(summary: &Summary) -> String {
    let Summary { done, repeated, failed, unsettled, held, .. } = *summary;
    let files = |count: u64| crate::quantity::counted(count, "file");
    let mut text = format!("{} imported", files(done));
    for (count, what) in [
        (failed, "failed"),
        (repeated, "imported before"),
        (unsettled, "not settled yet, kept for the next run"),
    ] {
        if count > 0 {
            // Writing to a string cannot fail.
            _ = write!(text, ", {count} {what}");
        }
    }
    if held.is_some() {
        text.push_str("; the others are held back");
    }
    text
}

/// Checks the folders that the settings name, as the service does when it starts. Changes nothing. `platform` has the
/// options of the environment, too.
pub(super) fn examine(
    config: &ConfigFiles,
    platform: &PlatformOptions,
) -> Vec<(PathBuf, Result<(), CliError>)> {
    let import = ImportOptions { platform: platform.clone(), ..ImportOptions::default() };
    let args = WatchArgs { import, ..WatchArgs::default() };
    let check = |dir: &Path, config: &ConfigFiles| {
        not_settings_of(dir, config)?;
        folder_settings(dir.to_owned(), &args, config, None).map_err(|error| config.located(error))?;
        let read = fs::read_dir(dir).map(|_| ());
        read.map_err(|source| CliError::Watch(WatchError::Folder { path: dir.to_owned(), source }))
    };
    let mut seen: Vec<(PathBuf, PathBuf)> = Vec::new();
    let check_place = |(dir, config): (PathBuf, ConfigFiles)| {
        let whole = dir.canonicalize().unwrap_or_else(|_| dir.clone());
        let other = seen.iter().find(|(_, other)| overlap(other, &whole));
        let checked = match other {
            Some((other, _)) => {
                Err(CliError::Watch(WatchError::Overlap { one: dir.clone(), other: other.clone() }))
            }
            None => check(&dir, &config),
        };
        seen.push((dir.clone(), whole));
        (dir, checked)
    };
    config.watched().into_iter().map(check_place).collect()
}

fn folder_settings(
    path: PathBuf,
    args: &WatchArgs,
    config: &ConfigFiles,
    state_dir: Option<PathBuf>,
) -> Result<(FolderSettings, Option<RunningSandbox>), CliError> {
    let options = config.under(&args.watch)?;
    let mut import = StoredImport::of_watch(&args.import, config)?;
    let (account, sandbox) = import.check()?;
    let mut secret = None;
    if sandbox.is_some() {
        secret = import.point_to(&account);
    }
    let memory_limit_mib = options.memory_limit.unwrap_or(MEMORY_LIMIT_MIB);
    let time_limit = match &options.time_limit {
        Some(text) => length_of_time("time-limit", text)?,
        None => TIME_LIMIT,
    };
    let orders = serde_json::to_value(&import).map_err(|_| {
        CliError::usage(
            "an option contains a path that is not valid UTF-8",
            "Use paths that are valid UTF-8.",
        )
    })?;
    let start = move |job: &Job<'_>| {
        let mut import = orders.clone();
        // A single hyphen would mean standard input.
        import["files"] = json!([if job.name == "-" { "./-" } else { job.name }]);
        let orders = Orders {
            import,
            out: job.out.to_owned(),
            run: job.run.to_owned(),
            state_dir: state_dir.clone(),
            memory_limit_mib,
        };
        let mut command = Command::new(program()?);
        command.arg("watch-import");
        command.envs(
            secret.as_ref().map(|secret: &SecretString| ("ROLLCALL_CLIENT_SECRET", secret.expose_secret())),
        );
        Ok((command, serde_json::to_string(&orders)?))
    };
    let day = Duration::from_hours(24);
    let keep = options.keep_days.as_deref().map(|text| length_in("keep-days", text, day));
    let folder = FolderSettings {
        path,
        take: take(&options)?,
        schedule: schedule(&options)?,
        keep: keep.transpose()?,
        reimport: options.reimport,
        time_limit,
        hook: hook(&options),
        account: settings::target(&account).account,
        rate: import.rate()?,
        start: Box::new(start),
        new_run,
    };
    Ok((folder, sandbox))
}

/// Checks that no settings file is in the watched folder: users who drop files there must not control the import.
fn not_settings_of(dir: &Path, config: &ConfigFiles) -> Result<(), CliError> {
    let whole = |path: &Path| path.canonicalize().ok();
    let Some(dir) = whole(dir) else { return Ok(()) };
    match config.paths().iter().filter_map(|file| whole(file)).find(|file| file.starts_with(&dir)) {
        Some(file) => Err(CliError::usage(
            format!("the settings file {} is in the watched folder, where others can write", file.display()),
            "Move it and pass it with --config, or start the service in another folder.",
        )),
        None => Ok(()),
    }
}

/// Parses the address of the status page; a port alone means this machine.
fn status_address(options: &WatchOptions) -> Result<Option<SocketAddr>, CliError> {
    let Some(text) = &options.status else { return Ok(None) };
    let address = match text.parse::<u16>() {
        Ok(port) => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        Err(_) => text.parse().ok(),
    };
    address.map(Some).ok_or_else(|| {
        CliError::usage(
            format!("--status: `{text}` is not an address"),
            "Use a value such as 9321 or 127.0.0.1:9321.",
        )
    })
}

fn take(options: &WatchOptions) -> Result<TakeSettings, CliError> {
    let settle = options.settle.as_deref().map(|text| length_of_time("settle", text)).transpose()?;
    let include = Some(&options.include).filter(|include| !include.is_empty());
    Ok(TakeSettings {
        settle: settle.unwrap_or(SETTLE),
        ready_markers: options.ready_markers,
        include: include.map(|include| globs("include", include)).transpose()?,
        exclude: globs("exclude", &options.exclude)?,
    })
}

fn globs(option: &str, texts: &[String]) -> Result<GlobSet, CliError> {
    let mut set = GlobSetBuilder::new();
    let fail = |error: globset::Error| {
        CliError::usage(format!("--{option}: {error}"), "Use a pattern such as *.csv or list-*.xlsx.")
    };
    for text in texts {
        set.add(GlobBuilder::new(text).case_insensitive(true).build().map_err(fail)?);
    }
    set.build().map_err(fail)
}

fn schedule(options: &WatchOptions) -> Result<Option<Schedule>, CliError> {
    let Some(text) = &options.schedule else {
        return match options.time_zone {
            Some(_) => Err(CliError::usage("--time-zone requires --schedule", "Add --schedule.")),
            None => Ok(None),
        };
    };
    let zone = match &options.time_zone {
        Some(name) => TimeZone::get(name).map_err(|_| {
            CliError::usage(
                format!("--time-zone: unknown time zone `{name}`"),
                "Use a name such as Europe/Berlin.",
            )
        })?,
        None => TimeZone::system(),
    };
    let schedule = Schedule::new(text, zone).map_err(|reason| {
        CliError::usage(
            format!("--schedule: `{text}`: {reason}"),
            "Use five fields (minute, hour, day, month and day of the week), such as \"0 2 * * MON-FRI\".",
        )
    })?;
    Ok(Some(schedule))
}

fn hook(options: &WatchOptions) -> Option<Hook> {
    let (program, arguments) = options.on_done.split_first()?;
    Some(Hook { program: program.clone(), arguments: arguments.to_vec() })
}

impl Observer for Printer {
    fn event(&self, folder: &Path, event: &Event) {
        self.tell(&folder.display().to_string(), &event.to_string(), event.is_warning());
    }
}

impl From<WatchError> for CliError {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::Journal(error) => Self::Journal(error),
            error => Self::Watch(error),
        }
    }
}

/// Imports one file with the instructions on standard input. If standard input closes, it ends the import cleanly.
pub(super) fn import() -> ExitCode {
    let printer = Printer::new(&PrinterOptions {
        quiet: true,
        log_format: Some(LogFormat::Json),
        ..PrinterOptions::default()
    });
    let ended = import_orders(&printer).unwrap_or_else(|error| {
        printer.fail(&error);
        error.exit_code()
    });
    ExitCode::from(ended)
}

fn import_orders(printer: &Printer) -> Result<u8, CliError> {
    let mut input = BufReader::new(io::stdin());
    let mut line = String::new();
    let read = input.read_line(&mut line).map(|_| serde_json::from_str::<Orders<StoredImport>>(&line));
    let Ok(Ok(orders)) = read else {
        return Err(CliError::usage("only `rollcall watch` runs this command", "Use `rollcall import`."));
    };
    let bytes = orders.memory_limit_mib.saturating_mul(1024 * 1024);
    // If the limit cannot be set, only the machine's own limits apply.
    _ = setrlimit(Resource::Data, Rlimit { current: Some(bytes), maximum: Some(bytes) });
    let interrupt = signals::listen();
    let slot = interrupt.slot();
    thread::spawn(move || {
        _ = input.read_to_end(&mut Vec::new());
        // The service is gone or wants this process to end.
        _ = slot.compare_exchange(
            0,
            usize::try_from(SIGTERM).unwrap_or_default(),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    });
    let journal = open_journal(orders.state_dir)?;
    let output = OutputOptions { out: Some(orders.out), json: false, overwrite: true };
    let progress = Lines::default();
    let caller = Caller {
        printer,
        progress: &progress,
        approval: &Approved,
        interrupt,
        run: Some(orders.run),
        config: None,
    };
    import::import(orders.import, journal, output, None, &caller)
}

/// Progress as lines of JSON on standard output, limited in frequency.
#[derive(Default)]
struct Lines {
    last: Mutex<Option<Instant>>,
}

impl Lines {
    fn say(&self, line: &Value, is_rare: bool) {
        const PAUSE: Duration = Duration::from_millis(200);

        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if is_rare || last.is_none_or(|last| last.elapsed() >= PAUSE) {
            *last = Some(Instant::now());
            // If standard output is closed, the service is gone.
            _ = writeln!(io::stdout().lock(), "{line}");
        }
    }
}

impl Progress for Lines {
    fn reading(&self, _: &str, rows: u64, bytes: u64, of_bytes: Option<u64>) {
        self.say(&json!({"stage": "reading", "rows": rows, "done": bytes, "of": of_bytes}), false);
    }

    fn fetching(&self, _: &str, contacts: u64, of: Option<u64>, requests: u64, left: Duration) {
        let left = left.as_secs();
        self.say(
            &json!({"stage": "fetching", "done": contacts, "of": of, "requests": requests, "left": left}),
            false,
        );
    }

    fn posting(&self, contacts: u64, of: u64, requests: u64, left: Duration) {
        let left = left.as_secs();
        self.say(
            &json!({"stage": "posting", "done": contacts, "of": of, "requests": requests, "left": left}),
            false,
        );
    }

    fn waiting(&self, wait: Duration, _: Wait) {
        self.say(&json!({"stage": "waiting", "left": wait.as_secs()}), wait > Duration::from_secs(1));
    }
}
