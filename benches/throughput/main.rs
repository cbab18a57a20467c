//! The throughput of the whole program, compared with bare readers of the same files.
//!
//! Run `cargo bench --bench throughput` (a million rows of CSV, 200,000 of XLSX; about two minutes), with
//! `-- --rows 100000 --sheet-rows 20000 --runs 1` for a quick run.
//!
//! `-- --peers FOLDER` also runs the scripts of `benches/peers` on the CSV file. FOLDER needs the `node_modules` of the
//! JavaScript one, and `python3` needs `phonenumbers`.
//!
//! The bare readers are the record loop of the `csv` crate and the cell loop of calamine, each in a separate process on
//! one thread. Runs alternate; the table shows medians.

#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod corpus;

use std::{
    env,
    error::Error,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rollcall::{
    contact::Region,
    normalize::phone::{Origin, parse_plain},
};
use wait4::Wait4 as _;

use self::corpus::Kind;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let args: Vec<String> = env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("bare-csv") => return bare_csv(Path::new(&args[2])),
        Some("bare-xlsx") => return bare_xlsx(Path::new(&args[2])),
        Some("write") => {
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == args[3]).ok_or("no such list")?;
            return corpus::write(Path::new(&args[2]), kind, args[4].parse()?);
        }
        _ => {}
    }
    let option = |name: &str, default: u64| {
        let value = args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
        value.map_or(Ok(default), |value| value.parse())
    };
    let (rows, sheet_rows, runs) =
        (option("--rows", 1_000_000)?, option("--sheet-rows", 200_000)?, option("--runs", 5)?);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (csv, xlsx) = (folder.join("throughput.csv"), folder.join("throughput.xlsx"));
    // In separate processes: memory used here would count toward the peak of every child process.
    for (file, rows) in [(&csv, rows), (&xlsx, sheet_rows)] {
        let written = Command::new(env::current_exe()?)
            .arg("write")
            .arg(file)
            .arg("plain")
            .arg(rows.to_string())
            .status()?;
        assert!(written.success(), "{} cannot be written", file.display());
    }

    let peers =
        args.iter().position(|arg| arg == "--peers").and_then(|at| args.get(at + 1)).map(PathBuf::from);
    let mut out = io::stdout().lock();
    let (plain, numbers) = plain_share(&csv)?;
    writeln!(out, "{plain} of {numbers} numbers are spelled plainly and read without the library")?;
    writeln!(out, "{:<24} {:>10} {:>12} {:>10} {:>9}", "", "seconds", "rows/s", "peak MB", "ratio")?;
    for (name, file, rows) in [("csv", &csv, rows), ("xlsx", &xlsx, sheet_rows)] {
        let megabytes = fs::metadata(file)?.len() / 1_000_000;
        writeln!(out, "{rows} rows, {megabytes} MB of {name}")?;
        let bare = format!("bare-{name}");
        let (mut scans, mut checks, mut pythons, mut nodes) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs {
            scans.push(measure(Command::new(env::current_exe()?).arg(&bare).arg(file))?);
            let out = folder.join("throughput-out");
            let mut check = Command::new(env!("CARGO_BIN_EXE_rollcall"));
            checks.push(measure(check.args(["check", "-q", "--out"]).arg(&out).arg(file))?);
            if let Some(modules) = peers.as_ref().filter(|_| name == "csv") {
                let script =
                    |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name);
                let out = folder.join("throughput-peer");
                pythons.push(measure(Command::new("python3").arg(script("check.py")).arg(file).arg(&out))?);
                let mut node = Command::new("node");
                nodes.push(measure(node.current_dir(modules).arg(script("check.mjs")).arg(file).arg(&out))?);
            }
        }
        let scan = median(scans).ok_or("no run")?;
        let others = [("rollcall check", checks), ("peers/check.py", pythons), ("peers/check.mjs", nodes)];
        let others: Vec<_> =
            others.into_iter().filter_map(|(name, runs)| Some((name, median(runs)?))).collect();
        let all =
            std::iter::once((bare.as_str(), &scan)).chain(others.iter().map(|(name, run)| (*name, run)));
        for (name, run) in all {
            let seconds = run.time.as_secs_f64();
            writeln!(
                out,
                "  {name:<22} {seconds:>10.3} {:>12.0} {:>10.0} {:>9.2}",
                rows as f64 / seconds,
                run.peak_bytes as f64 / 1e6,
                seconds / scan.time.as_secs_f64(),
            )?;
        }
    }
    Ok(())
}

/// The time and memory of one run.
struct Run {
    time: Duration,
    peak_bytes: u64,
}

fn measure(command: &mut Command) -> Outcome<Run> {
    let started = Instant::now();
    let used = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?.wait4()?;
    let time = started.elapsed();
    // Rows to fix are expected.
    if !matches!(used.status.code(), Some(0 | 1)) {
        return Err(format!("{command:?} ended with {}", used.status).into());
    }
    Ok(Run { time, peak_bytes: used.rusage.maxrss })
}

fn median(mut runs: Vec<Run>) -> Option<Run> {
    runs.sort_by_key(|run| run.time);
    let middle = runs.len() / 2;
    runs.into_iter().nth(middle)
}

/// Returns how many numbers of a file the tables read, and how many there are.
fn plain_share(path: &Path) -> Outcome<(u64, u64)> {
    let mut reader = csv::Reader::from_path(path)?;
    let (mut plain, mut numbers) = (0, 0);
    for row in reader.records() {
        let row = row?;
        let origin = Region::new(&row[4]).map(Origin::Region);
        numbers += 1;
        plain += u64::from(parse_plain(&row[3], origin).is_some_and(|number| number.is_valid));
    }
    Ok((plain, numbers))
}

fn bare_csv(path: &Path) -> Outcome<()> {
    let mut reader = csv::Reader::from_path(path)?;
    let mut record = csv::ByteRecord::new();
    let mut cells = 0;
    while reader.read_byte_record(&mut record)? {
        cells += record.len();
    }
    finish(cells)
}

fn bare_xlsx(path: &Path) -> Outcome<()> {
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(path)?;
    let sheet = calamine::Reader::sheet_names(&workbook).swap_remove(0);
    let mut reader = workbook.worksheet_cells_reader(&sheet)?;
    let mut cells = 0;
    while reader.next_cell()?.is_some() {
        cells += 1;
    }
    finish(cells)
}

/// Uses the count, so that the compiler keeps the loop.
fn finish(cells: usize) -> Outcome<()> {
    Ok(writeln!(io::stdout(), "{cells}")?)
}
