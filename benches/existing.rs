//! Imports of 20,000 rows into an account with half a million contacts: a first import that reads all contacts, a second one that
//! requests one page, and one that uses a file of `fetch`.
//!
//! Run `cargo bench --bench existing` (about a minute), with `-- --contacts 20000 --page-cap 100` for other sizes. The platform is
//! `rollcall sandbox` in a separate process; it already holds half of the list's numbers. `--rows 1000000 --new 0` imports a million
//! rows of which it holds all. `--shapes mixed` stores the numbers in the shapes that platforms show. `--program FILE` measures
//! another build.

use std::{
    env,
    error::Error,
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    ops::Range,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use wait4::Wait4 as _;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The time and memory of one run.
struct Run {
    time: Duration,
    cpu: Duration,
    peak_bytes: u64,
}

/// A local platform. Dropping the value ends its process.
struct Platform {
    child: Child,
    environment: Vec<(String, String)>,
}

impl Drop for Platform {
    fn drop(&mut self) {
        // The process may have ended already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn main() -> Outcome<()> {
    let args: Vec<String> = env::args().collect();
    let option = |name: &str, default: u64| {
        let value = args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
        value.map_or(Ok(default), |value| value.parse())
    };
    let (contacts, page_cap) = (option("--contacts", 500_000)?, option("--page-cap", 1000)?);
    let rows = option("--rows", 20_000)?;
    let new = option("--new", rows / 2)?;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("existing");
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let (seed, list) = (folder.join("seed.json"), folder.join("list.csv"));
    let text = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
    let program = text("--program").map_or(env!("CARGO_BIN_EXE_rollcall"), String::as_str);
    let is_mixed = text("--shapes").is_some_and(|shapes| shapes == "mixed");
    write_seed(&seed, contacts, is_mixed)?;
    let from = contacts.saturating_sub(rows - new);
    write_list(&list, from..from + rows)?;
    let platform = Platform::start(&seed, page_cap)?;

    let mut out = io::stdout().lock();
    let shapes = if is_mixed { "in mixed shapes, " } else { "" };
    writeln!(
        out,
        "{contacts} contacts {shapes}pages of {page_cap}, a list of {rows} rows, {new} of them new"
    )?;
    writeln!(
        out,
        "{:<28} {:>6} {:>6} {:>9} {:>9} {:>9} {:>11}",
        "", "GET", "POST", "seconds", "CPU s", "peak MB", "journal MB"
    )?;
    let held = folder.join("held.csv");
    let existing = ["--existing".to_owned(), held.display().to_string()];
    let runs: [(&str, Vec<String>); 5] = [
        ("first import", vec![]),
        ("second import", vec![]),
        ("with --refresh", vec!["--refresh".to_owned()]),
        ("fetch contacts", vec![]),
        ("with --existing", existing.to_vec()),
    ];
    for (name, more) in runs {
        // Each run needs its own folder, because a run never replaces the files of another.
        let report = folder.join(name.replace(' ', "-"));
        let mut command = platform.command(program, &folder);
        if name == "fetch contacts" {
            command.args(["fetch", "contacts", "-q", "-o"]).arg(&held);
        } else {
            command.args(["import", "-q", "--out"]).arg(&report).arg(&list).args(&more);
        }
        let run = measure(command.args(["--rate", "1000000"]))?;
        let asked = if name == "fetch contacts" {
            // Line by line: memory used here would count toward the peak of the next process.
            let lines = BufReader::new(fs::File::open(&held)?).lines().count() as u64;
            (lines - 1).div_ceil(page_cap).to_string()
        } else {
            let report: Value = serde_json::from_slice(&fs::read(report.join("report.json"))?)?;
            format!(
                "{:>6} {:>6}",
                report["platform"]["get"].to_string(),
                report["platform"]["post"].to_string()
            )
        };
        let (seconds, cpu) = (run.time.as_secs_f64(), run.cpu.as_secs_f64());
        let megabytes = run.peak_bytes / 1_000_000;
        let journal = fs::metadata(folder.join("state/journal.sqlite3"))?.len() / 1_000_000;
        writeln!(out, "{name:<28} {asked:>13} {seconds:>9.2} {cpu:>9.2} {megabytes:>9} {journal:>11}")?;
    }
    Ok(())
}

impl Platform {
    fn start(seed: &Path, page_cap: u64) -> Outcome<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command.args([
            "sandbox",
            "-q",
            "--rate-limit",
            "1000000",
            "--page-cap",
            &page_cap.to_string(),
            "--seed",
        ]);
        let mut child = command.arg(seed).stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let mut environment = Vec::new();
        for line in lines.take(5) {
            let line = line?;
            let (name, value) = line.trim_start_matches("export ").split_once('=').ok_or("no variable")?;
            environment.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self { child, environment })
    }

    fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment.iter().cloned()).env("ROLLCALL_STATE_DIR", folder.join("state"));
        command
    }
}

fn measure(command: &mut Command) -> Outcome<Run> {
    let started = Instant::now();
    let used = command.stdout(Stdio::null()).spawn()?.wait4()?;
    let time = started.elapsed();
    if !used.status.success() {
        return Err(format!("{command:?} ended with {}", used.status).into());
    }
    Ok(Run { time, cpu: used.rusage.utime + used.rusage.stime, peak_bytes: used.rusage.maxrss })
}

/// Returns the number of the contact at `place`.
fn number(place: u64) -> u64 {
    919_700_000_000 + place
}

/// Returns a contact's number as platforms show it, which may differ from the number that was sent.
fn phone(place: u64, is_mixed: bool) -> Value {
    let number = number(place);
    let national = number - 910_000_000_000;
    match if is_mixed { place % 8 } else { 0 } {
        0 => json!({"phoneNumber": format!("+{number}"), "countryCode": "+91", "extension": "+91"}),
        1 => json!({"phoneNumber": format!("+910{national}"), "countryCode": "+91", "extension": "+"}),
        2 => json!({"phoneNumber": format!("0{national}"), "countryCode": "+91", "extension": "+91"}),
        3 => json!({"phoneNumber": format!("{national}"), "countryCode": "91", "extension": "91"}),
        4 => {
            let (front, rest) = (national / 100_000, national % 100_000);
            json!({"phoneNumber": format!("+91 (0) {front}-{rest:05}"), "countryCode": "+91", "extension": ""})
        }
        5 => json!({"phoneNumber": format!("+521{national}"), "countryCode": "+52", "extension": "+"}),
        6 => {
            json!({"phoneNumber": format!("+91 {national} ext. 12"), "countryCode": "+91", "extension": "+"})
        }
        _ => {
            json!({"phoneNumber": format!("91{}****{:03}", national / 10_000_000, national % 1000), "countryCode": "+91", "extension": "+"})
        }
    }
}

fn write_seed(path: &Path, contacts: u64, is_mixed: bool) -> Outcome<()> {
    let mut file = io::BufWriter::new(fs::File::create(path)?);
    file.write_all(b"[")?;
    for place in 0..contacts {
        let phone = phone(place, is_mixed);
        let id = format!("{:024x}", place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let contact = json!({"id": id, "firstName": "Lakshmi", "lastName": "Menon", "salutation": "Mrs", "cellPhone": phone});
        write!(file, "{}{contact}", if place > 0 { ",\n" } else { "" })?;
    }
    Ok(file.write_all(b"]\n")?)
}

fn write_list(path: &Path, places: Range<u64>) -> Outcome<()> {
    let mut list = io::BufWriter::new(fs::File::create(path)?);
    writeln!(list, "First Name,Last Name,Salutation,Mobile")?;
    for place in places {
        writeln!(list, "Lakshmi,Menon,Mrs,+{}", number(place))?;
    }
    Ok(list.flush()?)
}
