//! A hostile platform, a hostile disk and an altered journal, through the built program.

use std::process::Command;

use serde_json::Value;

use crate::{
    lists::list,
    sandboxed::{command, import, run},
    scripted::{Reply, Scripted},
    sealed::{Ended, Running, Sealed, ended},
};

/// Returns the same command, started by a shell after `setup`.
fn after(sealed: &Sealed, setup: &str, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .arg("-c")
        .arg(format!("{setup}; exec \"$0\" \"$@\""))
        .arg(command.get_program())
        .args(command.get_args());
    shell.current_dir(sealed.path("")).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
    shell.stderr(std::process::Stdio::piped());
    shell
}

/// Sets the address and credentials of an invented account.
fn point_at(platform: &Scripted, command: &mut Command) {
    command.env("ROLLCALL_HOST", format!("http://{}", platform.address()));
    for (name, value) in
        [("STREAM_ID", "st"), ("ACCOUNT_ID", "a"), ("CLIENT_ID", "cs-1"), ("CLIENT_SECRET", "not-a-secret")]
    {
        command.env(format!("ROLLCALL_{name}"), value);
    }
}

#[test]
fn page_of_ten_million_records_stays_within_the_memory_limit() {
    /// Memory limit in KiB. The page is 31 MB.
    const MEMORY: &str = "ulimit -v 700000";

    let page = format!("{{\"results\": [{}{{}}]}}", "{},".repeat(10_400_000));
    let platform = Scripted::serve(move |_| Reply::Answer(200, page.clone()));
    let sealed = Sealed::new();
    sealed.write("list.csv", list(0..3));
    for args in [&["fetch", "contacts", "-o", "held.json"][..], &["import", "list.csv", "--out", "out"]] {
        let mut command = sealed.command(&[args, &["--max-attempts", "1"]].concat());
        point_at(&platform, &mut command);
        let output = ended(after(&sealed, MEMORY, &command));
        assert_eq!(output.code, 4, "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains("the answer holds more than 1,000,000 values"), "{}", output.stderr);
    }
    assert!(!sealed.path("held.json").exists());
}

#[cfg(unix)]
#[test]
fn files_with_personal_data_are_private_for_any_umask() {
    use std::os::unix::fs::PermissionsExt as _;

    for umask in ["umask 000", "umask 022"] {
        let sealed = Sealed::new();
        sealed.write("list.csv", list(0..3) + "Wrong,Number,Mr,12\n");
        let own = sealed.files();
        let sandbox = {
            let args = ["sandbox", "-q", "--rate-limit", "100000", "--data", "platform.sqlite3"];
            Running::started(after(&sealed, umask, &sealed.command(&args)))
        };
        for (args, code) in [
            (
                &["import", "list.csv", "--state-dir", "a/state", "--out", "b/out", "--export", "c/new.csv"]
                    [..],
                1,
            ),
            (&["fetch", "contacts", "--state-dir", "a/state", "-o", "d/held.csv"], 0),
            (&["purge", "--number", "+919876500001", "--state-dir", "a/state"], 0),
        ] {
            let output = ended(after(&sealed, umask, &command(&sealed, &sandbox, args)));
            assert_eq!(output.code, code, "{args:?}: {}", output.stderr);
        }
        let made: Vec<String> = sealed.files().into_iter().filter(|file| !own.contains(file)).collect();
        for name in
            ["a/state/journal.sqlite3", "b/out/rejected.csv", "c/new.csv", "d/held.csv", "platform.sqlite3"]
        {
            assert!(made.iter().any(|file| file == name), "{name}: {made:?}");
        }
        for file in made {
            let found = sealed.path(&file).symlink_metadata().unwrap();
            let expected = if found.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(found.permissions().mode() & 0o777, expected, "{umask}: {file}");
        }
    }
}

/// Starts an import with `--yes` and kills it after it recorded its batch.
fn interrupted() -> (Sealed, Running) {
    let sealed = Sealed::new();
    sealed.write("list.csv", "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876543210\n");
    let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000"]);
    let args = ["import", "list.csv", "--yes", "--state-dir", "state", "--out", "out"];
    let mut killed = command(&sealed, &sandbox, &args);
    killed.env("ROLLCALL_FAIL_AT", "21!").env("ROLLCALL_PACE", "1,1,1,60000,1");
    assert_eq!(ended(killed).code, -1);
    (sealed, sandbox)
}

fn resume(sealed: &Sealed, sandbox: &Running, setting: Option<(&str, &str)>) -> Ended {
    let mut resume = command(sealed, sandbox, &["resume", "--state-dir", "state"]);
    resume.env("ROLLCALL_PACE", "1,1,1,60000,1").envs(setting);
    ended(resume)
}

#[test]
fn resume_needs_the_same_account_and_approval() {
    let (sealed, sandbox) = interrupted();
    let journal = sealed.path("state/journal.sqlite3");
    let journal = || rusqlite::Connection::open(&journal).unwrap();
    let command: String = journal().query_row("SELECT command FROM run", [], |row| row.get(0)).unwrap();
    let command: Value = serde_json::from_str(&command).unwrap();
    assert_eq!(command["posting"].get("yes"), None, "{command}");

    for (name, value) in [
        ("ROLLCALL_HOST", "https://other.example.com"),
        ("ROLLCALL_STREAM_ID", "st-other"),
        ("ROLLCALL_ACCOUNT_ID", "acc-other"),
    ] {
        let refused = resume(&sealed, &sandbox, Some((name, value)));
        assert_eq!(refused.code, 2, "{name}: {}", refused.stderr);
        assert!(
            refused.stderr.contains(value) && refused.stderr.contains("cannot resume"),
            "{}",
            refused.stderr
        );
    }
    journal().execute("UPDATE run SET stream = 'st-other'", []).unwrap();
    let refused = resume(&sealed, &sandbox, None);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("it started with the stream st-other"), "{}", refused.stderr);
    let stream = sandbox.variable("ROLLCALL_STREAM_ID");
    journal().execute("UPDATE run SET stream = ?1", [&stream]).unwrap();
    // Another spelling of the address is the same address.
    let host = sandbox.variable("ROLLCALL_HOST") + "/";
    let resumed = resume(&sealed, &sandbox, Some(("ROLLCALL_HOST", &host)));
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
}

#[test]
fn journal_with_a_trigger_is_refused_and_posts_nothing() {
    let (sealed, sandbox) = interrupted();
    let journal = rusqlite::Connection::open(sealed.path("state/journal.sqlite3")).unwrap();
    journal
        .execute_batch("CREATE TRIGGER t AFTER INSERT ON batch BEGIN UPDATE run SET stream = 'x'; END")
        .unwrap();
    drop(journal);
    for output in [
        import(&sealed, &sandbox, &["--state-dir", "state", "--out", "new"]),
        resume(&sealed, &sandbox, None),
        run(&sealed, &sandbox, &["runs", "--state-dir", "state"]),
    ] {
        assert_eq!(output.code, 5, "{}", output.stderr);
        assert!(output.stderr.contains("the trigger `t` is not part of it"), "{}", output.stderr);
    }
    let contact_count = || {
        let fetched =
            run(&sealed, &sandbox, &["fetch", "contacts", "--state-dir", "other", "--format", "ndjson"]);
        assert_eq!(fetched.code, 0, "{}", fetched.stderr);
        fetched.stdout.lines().count()
    };
    assert_eq!(contact_count(), 0);
    // Without the trigger, there is a contact to post.
    rusqlite::Connection::open(sealed.path("state/journal.sqlite3"))
        .unwrap()
        .execute_batch("DROP TRIGGER t")
        .unwrap();
    assert_eq!(resume(&sealed, &sandbox, None).code, 0);
    assert_eq!(contact_count(), 1);
}

#[test]
fn next_run_removes_unfinished_files_of_a_killed_run() {
    let sealed = Sealed::new();
    sealed.write("list.csv", list(0..3));
    let partial = || sealed.files().into_iter().filter(|file| file.ends_with(".partial")).count();
    let mut killed = sealed.command(&["check", "list.csv", "--out", "out"]);
    killed.env("ROLLCALL_FAIL_AT", "7!");
    assert_eq!(ended(killed).code, -1);
    assert!(partial() > 0, "{:?}", sealed.files());
    assert_eq!(sealed.run(&["check", "list.csv", "--out", "out"]).code, 0);
    assert_eq!(partial(), 0, "{:?}", sealed.files());
}
