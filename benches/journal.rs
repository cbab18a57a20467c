//! The cost of the journal: alternating imports with the journal on disk and in memory.
//!
//! Run `cargo bench --bench journal` (20,000 contacts at 100,000 requests a minute, five runs of each; about a minute), with
//! `-- CONTACTS RUNS` for other sizes.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use rollcall::{
    dedupe::Keep,
    existing::ExistingSettings,
    interrupt::Interrupt,
    journal::Journal,
    normalize::NormalizeSettings,
    parse::{Input, ParseSettings},
    pipeline::{self, ImportSettings, Reserved, RunSettings, Surroundings, Target},
    platform::{Authorities, ClientSettings, Credentials, Pace},
    progress::{Approved, Silent},
    report::OutputFolder,
    sandbox::{ACCOUNT_ID, CLIENT_ID, STREAM_ID, Sandbox, SandboxSettings},
    suppress::SuppressSettings,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const RATE: u32 = 100_000;

fn main() -> Outcome<()> {
    let numbers: Vec<u32> = env::args().filter_map(|arg| arg.parse().ok()).collect();
    let contacts = numbers.first().copied().unwrap_or(20_000);
    let runs = numbers.get(1).copied().unwrap_or(5);
    let folder = tempfile::tempdir()?;
    let list = folder.path().join("list.csv");
    let mut text = "First Name,Last Name,Salutation,Mobile\n".to_owned();
    for row in 0..contacts {
        writeln!(text, "Asha,Rao {row},Mrs,+9198765{row:05}")?;
    }
    fs::write(&list, text)?;
    let (mut on_disk, mut in_memory) = (Vec::new(), Vec::new());
    for run in 0..runs {
        let state = folder.path().join(format!("state-{run}"));
        on_disk.push(import(&list, folder.path(), Journal::open(&state)?)?);
        in_memory.push(import(&list, folder.path(), Journal::in_memory()?)?);
    }
    let mut out = io::stdout().lock();
    for (name, times) in [("on disk", &mut on_disk), ("in memory", &mut in_memory)] {
        times.sort_unstable();
        let median = times[times.len() / 2];
        writeln!(
            out,
            "{contacts} contacts, the journal {name}: {:.3} s (median of {runs})",
            median.as_secs_f64()
        )?;
    }
    Ok(())
}

/// Imports the list into a new sandbox and returns the time it took.
fn import(list: &Path, folder: &Path, journal: Journal) -> Outcome<Duration> {
    let sandbox = SandboxSettings { rate_limit: RATE, page_cap: 1000, ..SandboxSettings::default() };
    let credentials =
        Credentials::App { client_id: CLIENT_ID.to_owned(), client_secret: sandbox.client_secret.clone() };
    let running = Sandbox::open(&sandbox)?.serve_in_background();
    let target = Target { account: running.host.clone(), stream: STREAM_ID.to_owned() };
    let settings = ImportSettings {
        client: ClientSettings {
            host: running.host.parse()?,
            stream_id: STREAM_ID.to_owned(),
            account_id: ACCOUNT_ID.to_owned(),
            credentials,
            authorities: Authorities::default(),
            rate: RATE,
            rate_per_hour: None,
            timeout: Duration::from_secs(30),
            max_attempts: 5,
            region: None,
            pace: Pace::default(),
        },
        batch_size: 100,
        dry_run: false,
        max_rejected: None,
        quota: journal.quota(&target.account),
        snapshots: journal.snapshots(&target.account, &target.stream, None),
        existing: ExistingSettings { file: None, max_age: Duration::from_hours(24), refresh: false },
        exclude: SuppressSettings::default(),
    };
    let run = RunSettings {
        run: "bench".to_owned(),
        normalize: NormalizeSettings::default(),
        keep: Keep::First,
        export: None,
        config_files: Vec::new(),
    };
    let started = Instant::now();
    let interrupt = Interrupt::default();
    let reserved = Reserved::wait(journal, target, None, &Silent, &interrupt)?;
    let open = reserved.begin("bench", "bench", "{}", folder)?;
    let inputs = vec![Input::open(list, &ParseSettings::default())?];
    let output = OutputFolder::create(&folder.join("out"))?;
    let surroundings = Surroundings { progress: &Silent, approval: &Approved, interrupt: &interrupt };
    pipeline::import(inputs, &run, &settings, Some(&open), output, surroundings)?;
    Ok(started.elapsed())
}
