//! The throughput of the whole program, compared with bare readers of the same files.
//!
//! Run `cargo bench --bench throughput` (three lists of a million rows of CSV, one of 200,000 rows of XLSX; about two
//! minutes), with `-- --rows 10000 --sheet-rows 20000 --runs 1` for a quick run.
//!
//! The bare readers are the record loops of the crates `csv` and `simd-csv` and the cell loop of calamine, each in a
//! separate process on one thread. Runs alternate; the table shows medians. The ratio is the median of the ratios to the
//! first line in the same round.
//!
//! `-- --peers FOLDER` also runs the scripts of `benches/peers` on the first list, and the reader of `DuckDB` on all lists. FOLDER
//! needs the `node_modules` of the JavaScript one, and `python3` needs `phonenumbers` and `duckdb`.

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
        Some("bare-simd-csv") => return bare_simd_csv(Path::new(&args[2])),
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
    let peers =
        args.iter().position(|arg| arg == "--peers").and_then(|at| args.get(at + 1)).map(PathBuf::from);
    let csv = Kind::ALL.map(|kind| (kind, folder.join(format!("throughput-{}.csv", kind.name())), rows));
    let lists = csv.into_iter().chain([(Kind::Plain, folder.join("throughput.xlsx"), sheet_rows)]);
    let mut out = io::stdout().lock();
    for (kind, file, rows) in lists {
        // In a separate process: memory used here would count toward the peak of every child process.
        let mut write = Command::new(env::current_exe()?);
        let written = write.arg("write").arg(&file).arg(kind.name()).arg(rows.to_string()).status()?;
        assert!(written.success(), "{} cannot be written", file.display());
        let is_sheet = file.extension().is_some_and(|extension| extension == "xlsx");
        let megabytes = fs::metadata(&file)?.len() / 1_000_000;
        let format = if is_sheet { "XLSX" } else { "CSV" };
        writeln!(out, "{rows} rows, {megabytes} MB of {format}, {}", kind.name())?;
        if !is_sheet {
            let (plain, numbers) = plain_share(&file)?;
            writeln!(out, "  the tables read {plain} of {numbers} numbers")?;
        }
        writeln!(
            out,
            "  {:<22} {:>9} {:>11} {:>9} {:>8} {:>7}",
            "", "seconds", "rows/s", "CPU s", "peak MB", "ratio"
        )?;
        let commands = commands(&file, kind, &folder, peers.as_deref())?;
        let mut measured: Vec<Vec<Run>> = commands.iter().map(|_| Vec::new()).collect();
        for _ in 0..runs {
            for ((_, command), runs) in commands.iter().zip(&mut measured) {
                runs.push(measure(&mut command())?);
            }
        }
        for ((name, _), runs) in commands.iter().zip(&measured) {
            let ratios =
                runs.iter().zip(&measured[0]).map(|(run, first)| run.time.div_duration_f64(first.time));
            let median_of = |value: fn(&Run) -> f64| median(runs.iter().map(value).collect());
            let seconds = median_of(|run| run.time.as_secs_f64());
            writeln!(
                out,
                "  {name:<22} {seconds:>9.3} {:>11.0} {:>9.3} {:>8.0} {:>7.2}",
                rows as f64 / seconds,
                median_of(|run| run.cpu.as_secs_f64()),
                median_of(|run| run.peak_bytes as f64 / 1e6),
                median(ratios.collect()),
            )?;
        }
    }
    Ok(())
}

/// A name and a command to measure.
type Measured = (&'static str, Box<dyn Fn() -> Command>);

/// Returns the commands to compare on a file, the bare reader first.
fn commands(file: &Path, kind: Kind, folder: &Path, peers: Option<&Path>) -> Outcome<Vec<Measured>> {
    let (program, file) = (env::current_exe()?, file.to_owned());
    let bare = |name: &'static str| -> Measured {
        let (program, file) = (program.clone(), file.clone());
        (
            name,
            Box::new(move || {
                let mut command = Command::new(&program);
                command.arg(name).arg(&file);
                command
            }),
        )
    };
    let is_sheet = file.extension().is_some_and(|extension| extension == "xlsx");
    let mut commands =
        if is_sheet { vec![bare("bare-xlsx")] } else { vec![bare("bare-csv"), bare("bare-simd-csv")] };
    let (list, out) = (file.clone(), folder.join("throughput-out"));
    commands.push((
        "rollcall check",
        Box::new(move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
            command.args(["check", "--quiet", "--overwrite", "--out"]).arg(&out).arg(&list);
            command
        }),
    ));
    let Some(modules) = peers.filter(|_| !is_sheet).map(Path::to_owned) else { return Ok(commands) };
    let script = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name);
    let mut add = |name, program: &'static str, script: PathBuf| {
        let (modules, file, out) = (modules.clone(), file.clone(), folder.join("throughput-peer"));
        commands.push((
            name,
            Box::new(move || {
                let mut command = Command::new(program);
                command.current_dir(&modules).arg(&script).arg(&file).arg(&out);
                command
            }),
        ));
    };
    add("peers/duckdb.py", "python3", script("duckdb_count.py"));
    if kind == Kind::Plain {
        add("peers/check.py", "python3", script("check.py"));
        add("peers/check.mjs", "node", script("check.mjs"));
    }
    Ok(commands)
}

/// The time and memory of one run.
struct Run {
    time: Duration,
    cpu: Duration,
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
    Ok(Run { time, cpu: used.rusage.utime + used.rusage.stime, peak_bytes: used.rusage.maxrss })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
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

fn bare_simd_csv(path: &Path) -> Outcome<()> {
    let mut reader = simd_csv::Reader::from_reader(fs::File::open(path)?);
    let mut record = simd_csv::ByteRecord::new();
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
