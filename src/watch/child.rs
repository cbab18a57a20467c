//! The process that imports a file, separate so that no file can crash the service.
//!
//! The process reads its instructions as one line from standard input, which stays open. If it closes, because the
//! service ends or is killed, the process ends cleanly. It reports progress as lines of JSON on standard output.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read, Write as _},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::interrupt::Interrupt;

/// Maximum time for a process to end cleanly.
const GRACE: Duration = Duration::from_secs(10);

/// The task of an import.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The folder that contains only the file.
    pub folder: &'a Path,
    /// The file's name in the folder.
    pub name: &'a str,
    /// The folder for the run's files.
    pub out: &'a Path,
    /// The run's name.
    pub run: &'a str,
}

/// The result of an import.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ended {
    /// Every row has an outcome.
    Imported { totals: Value, platform: Value, has_rows_to_fix: bool, empty_suppressions: Vec<String> },
    /// The file cannot be imported, with the reason.
    Failed(String),
    /// A failure that is not the file's fault; the import is retried later. The exit code tells the cause.
    Held { reason: String, code: i32 },
    /// The service is ending.
    Interrupted,
}

/// The latest progress report of an import.
pub(super) type Said = Arc<Mutex<Option<Value>>>;

/// The exit of the process, before it is interpreted.
struct Exit {
    status: ExitStatus,
    /// The last reported error, with its hint.
    error: Option<String>,
    was_too_long: bool,
}

/// Runs an import to its end.
pub(super) fn import(
    mut command: Command,
    orders: &str,
    job: &Job<'_>,
    limit: Duration,
    said: &Said,
    interrupt: &Interrupt,
) -> io::Result<Ended> {
    let child = command
        .current_dir(job.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let exit = wait(child, orders, limit, said, interrupt)?;
    // The process ended by a signal, or cleanly because of one.
    let was_ended = exit.status.code().is_none_or(|code| code > 128);
    Ok(if interrupt.signal().is_some() && was_ended { Ended::Interrupted } else { judge(&exit, job.out) })
}

fn wait(
    mut child: Child,
    orders: &str,
    limit: Duration,
    said: &Said,
    interrupt: &Interrupt,
) -> io::Result<Exit> {
    let mut input = child.stdin.take();
    if let Some(input) = &mut input {
        // The code below handles a process that has already ended.
        _ = input
            .write_all(orders.as_bytes())
            .and_then(|()| input.write_all(b"\n"))
            .and_then(|()| input.flush());
    }
    let error = Said::default();
    let readers = [
        child.stdout.take().map(|stdout| follow(stdout, Arc::clone(said), Some)),
        child.stderr.take().map(|stderr| follow(stderr, Arc::clone(&error), |line| error_of(&line))),
    ];
    let begun = Instant::now();
    let mut asked: Option<Instant> = None;
    let mut was_too_long = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if asked.is_none() {
            was_too_long = begun.elapsed() > limit;
            if was_too_long || interrupt.signal().is_some() {
                input = None;
                asked = Some(Instant::now());
            }
        } else if asked.is_some_and(|asked| asked.elapsed() > GRACE) {
            child.kill()?;
        }
        thread::sleep(Interrupt::POLL_INTERVAL);
    };
    drop(input);
    for reader in readers.into_iter().flatten() {
        _ = reader.join();
    }
    let error = error.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(Exit { status, error: error.and_then(|error| error.as_str().map(str::to_owned)), was_too_long })
}

/// Keeps the last line of JSON with progress.
fn follow(
    stream: impl Read + Send + 'static,
    last: Said,
    what: impl Fn(Value) -> Option<Value> + Send + 'static,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let said = serde_json::from_slice(&line).ok().and_then(&what);
            if said.is_some() {
                *last.lock().unwrap_or_else(PoisonError::into_inner) = said;
            }
        }
    })
}

/// Returns an error from the log, with its hint.
fn error_of(line: &Value) -> Option<Value> {
    let fields = line.get("fields").filter(|_| line["level"] == "ERROR")?;
    let message = fields["message"].as_str()?;
    let hint = fields["hint"].as_str().map(|hint| format!("\n{hint}")).unwrap_or_default();
    Some(format!("{message}{hint}").into())
}

fn judge(exit: &Exit, out: &Path) -> Ended {
    use std::os::unix::process::ExitStatusExt as _;

    let error = || exit.error.clone().unwrap_or_else(|| "no reason reported".to_owned());
    if exit.was_too_long {
        return Ended::Failed(
            "The import exceeded the time limit of a file (--time-limit). Contacts that were already created remain.".to_owned(),
        );
    }
    let crashed = |how: String| {
        let memory = "It may have exceeded the memory limit of a file (--memory-limit). Otherwise, this is a bug in rollcall: \
                      please report it.";
        Ended::Failed(format!("The import crashed ({how}). {memory}"))
    };
    if let Some(signal) = exit.status.signal() {
        return crashed(format!("signal {signal}"));
    }
    let code = exit.status.code().unwrap_or_default();
    match code {
        0 | 1 => {
            let report = fs::read(out.join("report.json")).ok();
            let report: Option<Value> = report.and_then(|report| serde_json::from_slice(&report).ok());
            match report {
                Some(report) if report["not_posted"] == "too-many-rejected" => Ended::Failed(format!(
                    "Too many rows are rejected (--max-rejected), so nothing was posted. The rows to fix are in {}",
                    out.join("rejected.xlsx").display()
                )),
                Some(mut report) if report["complete"] == true => Ended::Imported {
                    totals: report["totals"].take(),
                    platform: report["platform"].take(),
                    has_rows_to_fix: code == 1,
                    empty_suppressions: empty_suppressions(&report),
                },
                _ => Ended::Failed(format!("The import ended without a report: {}", error())),
            }
        }
        3 => Ended::Failed(error()),
        2 | 4 | 5 => Ended::Held { reason: error(), code },
        // Ended from outside, cleanly.
        129..=159 => Ended::Held { reason: "the import was interrupted".to_owned(), code: 5 },
        _ => crashed(format!("code {code}")),
    }
}

/// Returns the names of a report's suppression files and lists without entries.
pub(super) fn empty_suppressions(report: &Value) -> Vec<String> {
    let excluded = report["excluded"].as_array().into_iter().flatten();
    let names = excluded.filter(|list| list["empty"] == true).filter_map(|list| list["name"].as_str());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    fn judged(raw: i32, report: Option<&str>) -> Ended {
        let out = tempfile::tempdir().unwrap();
        if let Some(report) = report {
            fs::write(out.path().join("report.json"), report).unwrap();
        }
        let exit = Exit {
            status: ExitStatus::from_raw(raw),
            error: Some("the token is old".to_owned()),
            was_too_long: false,
        };
        judge(&exit, out.path())
    }

    #[test]
    fn suppression_lists_without_entries_are_named() {
        let excluded =
            |list: &str| format!(r#"{{"code": "in-file", "numbers": 0, "empty": true, "name": "{list}"}}"#);
        let full = r#"{"code": "in-file", "numbers": 3, "empty": false, "name": "full.csv"}"#;
        let report = format!(
            r#"{{"complete": true, "totals": {{"rows": 1}}, "excluded": [{}, {full}, {}]}}"#,
            excluded("a.csv"),
            excluded("L")
        );
        let Ended::Imported { empty_suppressions, .. } = judged(0, Some(&report)) else {
            panic!("not imported")
        };
        assert_eq!(empty_suppressions, ["a.csv", "L"]);
    }

    #[test]
    fn exit_code_decides_between_failed_and_held() {
        let complete = Some(r#"{"complete": true, "totals": {"rows": 1}}"#);
        let code = |code: i32| code << 8;
        let totals = serde_json::json!({"rows": 1});
        let imported = |has_rows_to_fix| Ended::Imported {
            totals: totals.clone(),
            platform: Value::Null,
            has_rows_to_fix,
            empty_suppressions: Vec::new(),
        };
        assert_eq!(judged(code(0), complete), imported(false));
        assert_eq!(judged(code(1), complete), imported(true));
        let too_many = Some(r#"{"complete": true, "not_posted": "too-many-rejected"}"#);
        assert!(
            matches!(judged(code(1), too_many), Ended::Failed(reason) if reason.contains("--max-rejected"))
        );
        assert!(matches!(judged(code(0), None), Ended::Failed(_)));
        assert_eq!(judged(code(3), None), Ended::Failed("the token is old".to_owned()));
        for held in [2, 4, 5] {
            assert_eq!(
                judged(code(held), None),
                Ended::Held { reason: "the token is old".to_owned(), code: held }
            );
        }
        assert!(matches!(judged(code(143), None), Ended::Held { .. }));
        assert!(
            matches!(judged(code(101), None), Ended::Failed(reason) if reason.contains("crashed")),
            "a panic"
        );
        assert!(matches!(judged(6, None), Ended::Failed(reason) if reason.contains("memory")));
    }
}
