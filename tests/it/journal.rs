//! The journal, through the built program: its location, its failures, and the list of past imports.

use std::{fs, path::PathBuf};

use crate::{
    sandboxed::{command, import, run},
    sealed::{Running, Sealed, assert_same, ended},
};

fn list_and_sandbox() -> (Sealed, Running) {
    let sealed = Sealed::new();
    sealed.write("list.csv", "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876543210\n");
    let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000"]);
    (sealed, sandbox)
}

const OPTIONS: [&str; 5] = ["-q", "--state-dir", "state", "--out", "out"];

fn journal(sealed: &Sealed) -> PathBuf {
    sealed.path("state/journal.sqlite3")
}

/// Asserts that the import is refused with this message and writes no output.
macro_rules! assert_refused {
    ($sealed:expr, $sandbox:expr, @$message:literal) => {
        let output = import(&$sealed, &$sandbox, &OPTIONS);
        assert_eq!(output.code, 5, "{}", output.stderr);
        assert_same!(output.stderr, @$message);
        assert!(!$sealed.path("out").exists());
    };
}

#[test]
fn past_imports_are_listed_for_people_and_programs() {
    let (sealed, sandbox) = list_and_sandbox();
    let none = run(&sealed, &sandbox, &["runs", "--state-dir", "state"]);
    assert_eq!((none.code, none.stdout.as_str()), (0, "No imports yet.\n"));
    assert_eq!(import(&sealed, &sandbox, &OPTIONS).code, 0);
    assert_eq!(import(&sealed, &sandbox, &OPTIONS).code, 0);
    let runs = run(&sealed, &sandbox, &["runs", "--state-dir", "state"]);
    let text = runs.stdout.replace(&sealed.path("").display().to_string(), "/work/");
    let text = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
        .unwrap()
        .replace_all(&text, "MOMENT")
        .into_owned();
    assert_same!(text, @r"
    RUN  finished    MOMENT UTC  /work/list.csv
        1 row: 1 existing
    RUN  finished    MOMENT UTC  /work/list.csv
        1 row: 1 created
    ");
    let runs = run(&sealed, &sandbox, &["runs", "--json", "--state-dir", "state"]);
    let runs: serde_json::Value = serde_json::from_str(&runs.stdout).unwrap();
    assert_eq!((&runs[0]["state"], &runs[0]["totals"]["existing"]), (&"finished".into(), &1.into()));
    assert_eq!(runs[1]["run"].as_str().unwrap().len(), "20261120T101500Z-5e1d".len());
    assert_eq!(runs[1]["files"][0], sealed.path("list.csv").display().to_string());
    assert!(!runs.to_string().contains(&sandbox.variable("ROLLCALL_CLIENT_SECRET")));
}

#[test]
fn interrupted_import_is_resumed_by_id_or_as_the_latest() {
    for by_name in [false, true] {
        let (sealed, sandbox) = list_and_sandbox();
        let mut killed =
            command(&sealed, &sandbox, &["import", "list.csv", "--state-dir", "state", "--out", "out"]);
        // After rollcall recorded the batch, before it recorded the answer.
        killed.env("ROLLCALL_FAIL_AT", "21!").env("ROLLCALL_PACE", "1,1,1,60000,1");
        assert_eq!(ended(killed).code, -1);
        let runs = run(&sealed, &sandbox, &["runs", "--json", "--state-dir", "state"]);
        let runs: serde_json::Value = serde_json::from_str(&runs.stdout).unwrap();
        assert_eq!(runs[0]["state"], "unfinished");
        let journal = rusqlite::Connection::open(journal(&sealed)).unwrap();
        let batches = "SELECT count(*) FROM batch WHERE state = 'in_flight'";
        assert_eq!(journal.query_row(batches, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
        let name = runs[0]["run"].as_str().unwrap().to_owned();

        // Resuming works from another folder.
        let mut args = vec!["resume", "--state-dir", "../state"];
        args.extend(by_name.then_some(name.as_str()));
        fs::create_dir_all(sealed.path("elsewhere")).unwrap();
        let mut resume = command(&sealed, &sandbox, &args);
        resume.current_dir(sealed.path("elsewhere")).env("ROLLCALL_PACE", "1,1,1,60000,1");
        let resumed = ended(resume);
        assert_eq!(resumed.code, 0, "{}", resumed.stderr);
        let report = sealed.report("out");
        assert_eq!((report["run"].as_str(), &report["complete"]), (Some(name.as_str()), &true.into()));
        let totals = &report["totals"];
        assert_eq!(
            totals["created"].as_u64().unwrap() + totals["confirmed"].as_u64().unwrap(),
            1,
            "{totals}"
        );

        let again = run(&sealed, &sandbox, &["resume", "--state-dir", "state"]);
        assert_eq!(again.code, 2);
        assert!(
            again.stderr.starts_with("error: nothing to resume: no import of a file is unfinished"),
            "{}",
            again.stderr
        );
        let named = run(&sealed, &sandbox, &["resume", &name, "--state-dir", "state"]);
        assert_eq!(named.code, 2);
        assert!(named.stderr.contains("is already finished"), "{}", named.stderr);
    }
}

#[test]
fn resume_names_why_a_run_cannot_be_resumed() {
    let (sealed, sandbox) = list_and_sandbox();
    let mut killed = command(&sealed, &sandbox, &["import", "list.csv", "--state-dir", "state"]);
    killed.env("ROLLCALL_FAIL_AT", "12!");
    assert_eq!(ended(killed).code, -1);
    sealed.write("list.csv", "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876543211\n");
    let changed = run(&sealed, &sandbox, &["resume", "--state-dir", "state"]);
    assert_eq!(changed.code, 2);
    assert_same!(changed.stderr, @r"
    error: cannot resume import RUN: its files or reading options changed
    hint: Import the files as they are now, with `rollcall import`. It does not post existing contacts again.
    ");
    let unknown = run(&sealed, &sandbox, &["resume", "nobody", "--state-dir", "state"]);
    assert_eq!(unknown.code, 2);
    assert_same!(unknown.stderr, @r"
    error: there is no run nobody
    hint: List all runs with `rollcall runs`.
    ");
}

/// Returns the states of all runs, the latest first.
fn states(sealed: &Sealed, sandbox: &Running) -> Vec<String> {
    let runs = run(sealed, sandbox, &["runs", "--json", "--state-dir", "state"]);
    let runs: serde_json::Value = serde_json::from_str(&runs.stdout).unwrap();
    runs.as_array().unwrap().iter().map(|run| run["state"].as_str().unwrap().to_owned()).collect()
}

/// Interrupts an import of `list.csv` before it posts, and returns its id.
fn interrupted(sealed: &Sealed, sandbox: &Running) -> String {
    let mut killed = command(sealed, sandbox, &["import", "list.csv", "--state-dir", "state"]);
    killed.env("ROLLCALL_FAIL_AT", "12!");
    assert_eq!(ended(killed).code, -1);
    let runs = run(sealed, sandbox, &["runs", "--json", "--state-dir", "state"]);
    let runs: serde_json::Value = serde_json::from_str(&runs.stdout).unwrap();
    runs[0]["run"].as_str().unwrap().to_owned()
}

#[test]
fn unfinished_import_can_be_discarded() {
    let (sealed, sandbox) = list_and_sandbox();
    let id = interrupted(&sealed, &sandbox);
    // If one of them cannot be discarded, none is.
    let unknown = run(&sealed, &sandbox, &["runs", "discard", &id, "nobody", "--state-dir", "state"]);
    assert_eq!((unknown.code, states(&sealed, &sandbox)), (2, vec!["unfinished".to_owned()]));
    let discarded = run(&sealed, &sandbox, &["runs", "discard", &id, "--state-dir", "state"]);
    assert_eq!(discarded.code, 0, "{}", discarded.stderr);
    assert!(discarded.stderr.starts_with(&format!("discarded import {id}\n")), "{}", discarded.stderr);
    assert_eq!(states(&sealed, &sandbox), ["discarded"]);
    let again = run(&sealed, &sandbox, &["runs", "discard", &id, "--state-dir", "state"]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("it is not unfinished"), "{}", again.stderr);
    assert_eq!(run(&sealed, &sandbox, &["resume", "--state-dir", "state"]).code, 2);
    let resumed = run(&sealed, &sandbox, &["resume", &id, "--state-dir", "state"]);
    assert!(resumed.stderr.starts_with(&format!("error: import {id} was discarded\n")), "{}", resumed.stderr);
    assert_eq!(import(&sealed, &sandbox, &OPTIONS).code, 0);
    assert_eq!(states(&sealed, &sandbox), ["finished", "discarded"]);
}

#[test]
fn finished_import_closes_unfinished_ones_of_the_same_files() {
    let (sealed, sandbox) = list_and_sandbox();
    let id = interrupted(&sealed, &sandbox);
    let list = sealed.read("list.csv");
    // People of the earlier file may be missing from another one with its name.
    sealed.write("list.csv", list.replace("43210", "43211"));
    let other = run(&sealed, &sandbox, &["import", "list.csv", "--state-dir", "state", "--yes"]);
    assert_eq!(other.code, 0, "{}", other.stderr);
    assert_eq!(states(&sealed, &sandbox), ["finished", "unfinished"]);
    sealed.write("list.csv", list);
    // Other options choose other people.
    let args = ["import", "list.csv", "--state-dir", "state", "--yes", "--types", "fixed-line"];
    assert_eq!(run(&sealed, &sandbox, &args).code, 1);
    assert_eq!(states(&sealed, &sandbox), ["finished", "finished", "unfinished"]);
    let args = ["import", "list.csv", "--state-dir", "state", "--yes", "--default-salutation", "Mr"];
    let replacing = run(&sealed, &sandbox, &args);
    assert_eq!(replacing.code, 0, "{}", replacing.stderr);
    let note = format!("note: closed the unfinished import {id} of the same files");
    assert!(replacing.stderr.contains(&note), "{}", replacing.stderr);
    assert_eq!(states(&sealed, &sandbox), ["finished", "finished", "finished", "replaced"]);
}

#[test]
fn newer_damaged_or_foreign_journal_is_refused_with_a_hint() {
    let (sealed, sandbox) = list_and_sandbox();
    assert_eq!(import(&sealed, &sandbox, &OPTIONS).code, 0);
    fs::remove_dir_all(sealed.path("out")).unwrap();
    let intact = fs::read(journal(&sealed)).unwrap();

    // `user_version` is in the four bytes from byte 60 of the header.
    let mut newer = intact.clone();
    newer[63] = 99;
    fs::write(journal(&sealed), &newer).unwrap();
    assert_refused!(sealed, sandbox, @r"
    error: the journal state/journal.sqlite3 was written by a newer rollcall (version 99, known up to 8) hint: Use the newer rollcall, or another folder with --state-dir. Nothing in the journal was changed.
    ");
    assert_eq!(fs::read(journal(&sealed)).unwrap(), newer);

    let mut damaged = intact.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 12_000].fill(0xa5);
    fs::write(journal(&sealed), &damaged).unwrap();
    let output = import(&sealed, &sandbox, &OPTIONS);
    assert_eq!(output.code, 5);
    assert!(
        output.stderr.contains("is damaged") && output.stderr.contains("another --state-dir"),
        "{}",
        output.stderr
    );
    assert_eq!(fs::read(journal(&sealed)).unwrap(), damaged);

    fs::write(
        journal(&sealed),
        "somebody's shopping list, of a length that a header could have, and more than that",
    )
    .unwrap();
    assert_refused!(sealed, sandbox, @r"
    error: the journal state/journal.sqlite3 is damaged: file is not a database hint: Nothing in it was changed. Move the file and those next to it away, or choose another --state-dir, and run the same command again: it first reads the existing contacts and posts only the missing ones. Rows created before are then reported as existing.
    ");

    // Following the hint, rollcall reads the existing contacts and posts nothing twice.
    fs::remove_file(journal(&sealed)).unwrap();
    assert_eq!(import(&sealed, &sandbox, &OPTIONS).code, 0);
    assert_eq!(sealed.report("out")["totals"]["existing"], 1);
}

#[test]
fn unusable_state_folder_is_named() {
    let (sealed, sandbox) = list_and_sandbox();
    sealed.write("state", "a file");
    assert_refused!(sealed, sandbox, @r"
    error: the state folder state cannot be used: there is a file of that name hint: Choose a folder on a local disk that can be written to, with --state-dir or ROLLCALL_STATE_DIR.
    ");
}

#[test]
fn journal_locked_by_another_program_is_reported() {
    let (sealed, sandbox) = list_and_sandbox();
    assert_eq!(import(&sealed, &sandbox, &OPTIONS).code, 0);
    fs::remove_dir_all(sealed.path("out")).unwrap();
    let other = rusqlite::Connection::open(journal(&sealed)).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let mut waiting =
        command(&sealed, &sandbox, &["import", "list.csv", "-q", "--state-dir", "state", "--out", "out"]);
    waiting.env("ROLLCALL_BUSY_MS", "50");
    let waited = ended(waiting);
    assert_eq!(waited.code, 5, "{}", waited.stderr);
    assert_same!(waited.stderr, @r"
    error: the journal state/journal.sqlite3 is still being written by another process hint: End the program that uses it, then run the same command again.
    ");
}

#[test]
fn full_disk_stops_the_import_before_anything_is_sent() {
    let (sealed, sandbox) = list_and_sandbox();
    let mut full =
        command(&sealed, &sandbox, &["import", "list.csv", "-q", "--state-dir", "state", "--out", "out"]);
    // The first commit fails.
    full.env("ROLLCALL_FAIL_AT", "1");
    let output = ended(full);
    assert_eq!(output.code, 5);
    assert!(
        output.stderr.contains("cannot be written") && output.stderr.contains("Is the disk full"),
        "{}",
        output.stderr
    );
    assert_eq!(import(&sealed, &sandbox, &OPTIONS).code, 0);
    assert_eq!(sealed.report("out")["totals"]["created"], 1);
}

#[test]
fn import_of_a_damaged_file_fails_and_cannot_be_resumed() {
    let (sealed, sandbox) = list_and_sandbox();
    let rows = "Asha,Rao,Mrs,+919876543210\n".repeat(300);
    sealed.write("list.csv", format!("First Name,Last Name,Salutation,Mobile\n{rows}Asha,\"Rao\nLi,Wei,Mr,+919876543211\nMei,Lin,Mrs,+919876543212\nJo,\",Mr,1\n"));
    assert_eq!(import(&sealed, &sandbox, &OPTIONS).code, 3);
    let runs = run(&sealed, &sandbox, &["runs", "--json", "--state-dir", "state"]);
    let runs: serde_json::Value = serde_json::from_str(&runs.stdout).unwrap();
    assert_eq!((&runs[0]["state"], &runs[0]["totals"]), (&"failed".into(), &serde_json::Value::Null));
    assert_eq!(run(&sealed, &sandbox, &["resume", "--state-dir", "state"]).code, 2);
}
