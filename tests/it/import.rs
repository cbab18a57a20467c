//! `rollcall import` against `rollcall sandbox`, each in its own process.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{BufRead as _, BufReader},
};

use crate::{
    lists::list,
    sandboxed::{command, import},
    scripted::ClosedPort,
    sealed::{Ended, Outcome, Running, Sealed, assert_same, ended},
};

/// Returns the number of contacts on the platform, as a dry run reports it.
fn existing_count(sealed: &Sealed, sandbox: &Running) -> u64 {
    import(sealed, sandbox, &["--dry-run", "-q", "--rate", "100000", "--out", "count"]);
    sealed.report("count")["platform"]["existing_contacts"].as_u64().unwrap()
}

#[test]
fn each_new_number_is_created_once_and_a_second_run_creates_none() {
    for duplicates in ["reject-batch", "skip", "per-contact"] {
        let sealed = Sealed::new();
        let mut list = list(0..250);
        // The first five again, in another spelling.
        (0..5).for_each(|n| writeln!(list, "Other{n},Name,Mrs,+91 (0)98765 {n:05}").unwrap());
        sealed.write("list.csv", &list);
        let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000", "--duplicates", duplicates]);

        let first = import(&sealed, &sandbox, &["--rate", "100000", "--batch-size", "60", "--out", "first"]);
        assert_eq!(first.code, 0, "{}", first.stderr);
        let report = sealed.report("first");
        assert_eq!((&report["totals"]["created"], &report["totals"]["duplicate"]), (&250.into(), &5.into()));
        assert_eq!((&report["platform"]["get"], &report["platform"]["post"]), (&1.into(), &5.into()));
        let numbers: BTreeSet<String> = sealed.outcomes("first").into_iter().map(|row| row.number).collect();
        assert_eq!(numbers.len(), 250);
        assert_eq!(existing_count(&sealed, &sandbox), 250);

        let second = import(&sealed, &sandbox, &["--rate", "100000", "--out", "second"]);
        assert_eq!(second.code, 0, "{}", second.stderr);
        let report = sealed.report("second");
        assert_eq!((&report["totals"]["created"], &report["totals"]["existing"]), (&0.into(), &250.into()));
        // One page confirms the snapshot and the created contacts.
        assert_eq!((&report["platform"]["get"], &report["platform"]["post"]), (&1.into(), &0.into()));
        assert_eq!(report["platform"]["existing_from"], "snapshot");
        assert_eq!(existing_count(&sealed, &sandbox), 250, "{duplicates}");
        let row = &sealed.outcomes("second")[0];
        assert_eq!(row.brief(), "2 existing same-name");
        assert!(row.detail.starts_with("existing contact: First0 Last0 (id "), "{}", row.detail);
    }
}

#[test]
fn dry_run_posts_nothing_and_shows_the_plan() {
    let sealed = Sealed::new();
    sealed.write("list.csv", list(0..130));
    let sandbox = Running::sandbox(&sealed, &["--page-cap", "7"]);
    let output = import(&sealed, &sandbox, &["--dry-run", "--batch-size", "2", "--out", "out"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let report = sealed.report("out");
    assert_eq!(report["totals"]["planned"], 130);
    assert_eq!((&report["dry_run"], &report["complete"]), (&true.into(), &true.into()));
    assert_eq!(report["plan"], serde_json::json!({"get": 1, "post": 65, "seconds": 60}));
    assert_eq!(report["platform"]["post"], 0);
    assert_same!(output.stderr, @r"
    list.csv  CSV
      phone = Mobile, first name = First Name, last name = Last Name, salutation = Salutation

    All 130 rows would be posted.

        130  rows
      = 130  planned    would be posted

    To post: 130 new contacts in 65 requests to post and 1 to read, about 1 min

    http://127.0.0.1:PORT: 1 request (1 to read, 0 to post)

    Files: out/  outcomes.csv  rejected.csv  rejected.xlsx  report.html  report.json
    ");
}

#[test]
fn import_with_sandbox_needs_no_account() {
    let sealed = Sealed::new();
    sealed.write("list.csv", list(0..3));
    let output = sealed.run(&["import", "list.csv", "--sandbox", "--out", "out"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_same!(output.stderr, @r"
    list.csv  CSV
      phone = Mobile, first name = First Name, last name = Last Name, salutation = Salutation
    3 new contacts in 1 request, less than a minute

    3 contacts created.

        3  rows
      = 3  created

    http://127.0.0.1:PORT: 2 requests (1 to read, 1 to post), as planned

    Files: out/  outcomes.csv  rejected.csv  rejected.xlsx  report.html  report.json
    ");
}

/// The messages of refused credentials and ids.
#[test]
fn refused_credentials_and_ids_leave_rows_pending() {
    let sealed = Sealed::new();
    sealed.write("list.csv", list(0..3));
    let sandbox = Running::sandbox(&sealed, &[]);
    let import_with = |name: &str, value: &str| {
        let mut command = command(&sealed, &sandbox, &["import", "list.csv", "--out", "out"]);
        command.env(name, value);
        ended(command)
    };
    let wrong_secret = import_with("ROLLCALL_CLIENT_SECRET", "canary-secret");
    assert_eq!(wrong_secret.code, 4);
    assert!(!wrong_secret.stderr.contains("canary"), "{}", wrong_secret.stderr);
    assert_same!(wrong_secret.stderr, @r#"
    list.csv  CSV
      phone = Mobile, first name = First Name, last name = Last Name, salutation = Salutation

    The import stopped: 0 created; 3 not sent, or unacknowledged.

        3  rows
      = 3  pending    not sent, or unacknowledged

    http://127.0.0.1:PORT: 2 requests (2 to read, 0 to post)

    Files: out/  outcomes.csv  rejected.csv  rejected.xlsx  report.html  report.json

    error: the platform does not accept the credentials: HTTP 401, "the token is not valid"
    hint: Check --client-id and the client secret: both must come from the same app, and the app must belong to --account-id.
    "#);
    let report = sealed.report("out");
    assert_eq!((&report["complete"], &report["totals"]["pending"]), (&false.into(), &3.into()));

    let last_lines = |output: &Ended| {
        output
            .stderr
            .lines()
            .rev()
            .take(2)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
            .join("\n")
    };
    let wrong_stream = import_with("ROLLCALL_STREAM_ID", "st-other");
    assert_eq!(wrong_stream.code, 4);
    assert_same!(last_lines(&wrong_stream), @r#"
    error: the platform does not allow reading the contacts: HTTP 404, "there is no such stream"
    hint: Check --stream-id, --host and --account-id: they do not match, or one does not exist.
    "#);
    let wrong_account = import_with("ROLLCALL_ACCOUNT_ID", "other");
    assert_eq!(wrong_account.code, 4);
    assert_same!(last_lines(&wrong_account), @r#"
    error: the platform does not allow reading the contacts: HTTP 403, "the account is another"
    hint: The app needs the scope `Configuration` and must belong to the account in --account-id. Set scopes where the app was made; a ready token has the scopes of its app.
    "#);
}

#[test]
fn unreachable_platform_is_named() {
    let sealed = Sealed::new();
    sealed.write("list.csv", list(0..1));
    let closed = ClosedPort::new();
    let port = closed.address().port();
    let mut command = sealed.command(&["import", "list.csv", "--max-attempts", "1", "--out", "out"]);
    command.env("ROLLCALL_HOST", format!("http://127.0.0.1:{port}"));
    for (name, value) in
        [("STREAM_ID", "st"), ("ACCOUNT_ID", "a"), ("TOKEN", "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmVk")]
    {
        command.env(format!("ROLLCALL_{name}"), value);
    }
    let output = ended(command);
    assert_eq!(output.code, 4);
    assert_same!(output.stderr.lines().rev().take(2).collect::<Vec<_>>().join("\n"), @r"
    hint: Check --host and the network; then run the same command again.
    error: http://127.0.0.1:PORT cannot be reached: Connection refused (os error 111) (1 attempt)
    ");
    assert_eq!(sealed.outcomes("out").iter().map(Outcome::brief).collect::<Vec<_>>(), ["2 pending"]);
}

#[test]
fn interrupted_import_leaves_a_report_and_the_next_run_resumes() {
    let sealed = Sealed::new();
    sealed.write("list.csv", list(0..5));
    let sandbox = Running::sandbox(&sealed, &[]);
    let mut command = command(
        &sealed,
        &sandbox,
        &["import", "list.csv", "--batch-size", "2", "--rate", "2", "--out", "out"],
    );
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut output = String::new();
    // One request reads, one posts, and the third one waits for a minute.
    while !output.contains("waiting") {
        assert!(lines.read_line(&mut output).unwrap() > 0, "{output}");
    }
    let importing = Running { child, printed: String::new() };
    importing.signal("TERM");
    let mut importing = importing;
    assert_eq!(importing.child.wait().unwrap().code(), Some(143));
    let outcomes: Vec<String> = sealed.outcomes("out").iter().map(Outcome::brief).collect();
    assert_eq!(outcomes, ["2 created", "3 created", "4 pending", "5 pending", "6 pending"]);
    assert_eq!(sealed.report("out")["complete"], false);

    let ended = import(&sealed, &sandbox, &["--out", "again"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report = sealed.report("again");
    // It is the same import, so its report has the outcomes of all rows.
    assert_eq!(report["run"], sealed.report("out")["run"]);
    assert_eq!((&report["totals"]["created"], &report["platform"]["post"]), (&5.into(), &1.into()));
    assert!(ended.stderr.contains("resuming interrupted import"), "{}", ended.stderr);
}

#[test]
fn secret_files_must_be_private() {
    use std::os::unix::fs::PermissionsExt as _;

    let sealed = Sealed::new();
    sealed.write("list.csv", list(0..1));
    let sandbox = Running::sandbox(&sealed, &[]);
    let secret = sealed.write("secret", sandbox.variable("ROLLCALL_CLIENT_SECRET"));
    let host = sandbox.variable("ROLLCALL_HOST");
    sealed.write("own.toml", format!("host = \"{host}\"\nclient-secret-file = \"secret\"\n"));
    let run = || {
        let mut command =
            command(&sealed, &sandbox, &["import", "list.csv", "--out", "out", "-q", "--config", "own.toml"]);
        command.env_remove("ROLLCALL_CLIENT_SECRET");
        ended(command)
    };
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = run();
    assert_eq!(open.code, 2);
    assert_same!(open.stderr, @r"
    error: --client-secret-file: secret: others on this machine can read it (its mode is 644) (client-secret-file: own.toml, line 2, column 1) hint: Make it private: chmod 600 secret
    ");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let private = run();
    assert_eq!(private.code, 0, "{}", private.stderr);
}

#[test]
fn verbose_output_contains_no_secret() {
    let sealed = Sealed::new();
    sealed.write("list.csv", list(0..3));
    let sandbox = Running::sandbox(&sealed, &[]);
    let secret = sandbox.variable("ROLLCALL_CLIENT_SECRET");
    let command =
        command(&sealed, &sandbox, &["import", "list.csv", "-vv", "--log-format", "json", "--out", "out"]);
    let ended = ended(command);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("\"request\":\"creating contacts\""), "{}", ended.stderr);
    let everything =
        ended.stderr + &ended.stdout + &sealed.read("out/report.json") + &sealed.read("out/outcomes.csv");
    assert!(!everything.contains(&secret));
    // The first part of every token signed with HS256.
    assert!(!everything.contains("eyJ"), "the output contains a token");
}
