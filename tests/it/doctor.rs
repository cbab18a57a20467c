//! `rollcall doctor` against `rollcall sandbox`, and against scripted platforms.

mod settings;

use std::{
    collections::HashSet,
    io::Read as _,
    net::SocketAddr,
    os::unix::process::ExitStatusExt as _,
    process::Command,
    sync::{Arc, Mutex, mpsc},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{
    scripted::{ClosedPort, Reply, Scripted},
    sealed::{Ended, Running, Sealed, assert_same, ended},
    tokens::signed,
};

const NUMBERS: &str = "phoneNumber\n919876500001\n919876500002\n919876500003\n";

/// Runs `rollcall doctor` against a sandbox with a list and a campaign, after `change`.
fn doctor(args: &[&str], change: impl FnOnce(&Sealed, &mut Command)) -> Ended {
    let sealed = Sealed::new();
    let file = sealed.write("numbers.csv", NUMBERS);
    let file = file.display();
    let (list, campaign) = (format!("l-1={file}"), format!("c-1={file}"));
    let sandbox = Running::sandbox(&sealed, &["--list", &list, "--campaign", &campaign, "--page-cap", "2"]);
    let mut command = sealed.command(&[&["doctor", "--state-dir", "state"], args].concat());
    sandbox.point(&mut command);
    change(&sealed, &mut command);
    ended(command)
}

/// Returns the output with fixed response times.
fn findings(output: &Ended) -> String {
    regex::Regex::new(r"answered in \d+\.\d\d s")
        .unwrap()
        .replace(&output.stdout, "answered in N s")
        .into_owned()
}

/// Returns the finding about a subject, with its further lines.
fn line(output: &Ended, subject: &str) -> String {
    let states = ["good ", "warning ", "bad "];
    let is_of = |line: &&str| line.get(9..).is_some_and(|line| line.starts_with(&format!("{subject} ")));
    let is_first = |line: &str| states.iter().any(|state| line.starts_with(state));
    let mut lines = output.stdout.lines().skip_while(|line| !is_of(line));
    let first = lines.next().unwrap_or_else(|| panic!("no line {subject}: {}", output.stdout));
    std::iter::once(first).chain(lines.take_while(|line| !is_first(line))).collect::<Vec<_>>().join("\n")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sets an invented account at this address.
fn account(command: &mut Command, address: SocketAddr) {
    command.env("ROLLCALL_HOST", format!("http://{address}"));
    for (name, value) in
        [("STREAM_ID", "st-1"), ("ACCOUNT_ID", "a-1"), ("TOKEN", "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmVk")]
    {
        command.env(format!("ROLLCALL_{name}"), value);
    }
}

/// Starts a platform that answers each request (method and path) with `answers` and records it.
fn platform(
    answers: impl Fn(&str) -> (u16, &'static str, Value) + Send + 'static,
) -> (Scripted, Arc<Mutex<Vec<String>>>) {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&requests);
    let platform = Scripted::serve(move |received| {
        let request = format!("{} {}", received.method, received.target);
        let (status, headers, body) = answers(&request);
        log.lock().unwrap().push(request);
        Reply::WithHeader(status, headers, body.to_string())
    });
    (platform, requests)
}

/// Returns a token that no app has signed, valid for this number of seconds.
fn token(seconds: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({"sub": "cs-1", "appId": "cs-1", "jti": "1", "exp": now.checked_add_signed(seconds)});
    signed(&claims, b"a secret")
}

#[test]
fn working_settings_are_all_good() {
    let output = doctor(&["--list", "l-1", "--campaign", "c-1"], |_, _| ());
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{}", output.stdout);
    assert_same!(findings(&output), @r"
    good     config file  none
    good     host         http://127.0.0.1:PORT (ROLLCALL_HOST)
    good     stream id    st-00000000-0000-4000-8000-000000000001 (ROLLCALL_STREAM_ID)
    good     account id   5f5a0d0c0000000000000001 (ROLLCALL_ACCOUNT_ID)
    good     credentials  client id cs-00000000-0000-4000-8000-000000000001 (ROLLCALL_CLIENT_ID), client
                          secret set (ROLLCALL_CLIENT_SECRET)
    good     requests     60 a minute (default), timeout 30 s, 5 attempts
    good     journal      state/journal.sqlite3 (--state-dir)
    good     proxy        none (not used for this machine)
    good     reachable    answered in N s
    good     token        accepted
    good     contacts     may be read: 0 contacts, pages of 2 (requested: 1,000)
    good     list v2      may be read: 3 contacts, pages of 2 (requested: 1,000)
    good     list v1      may be read: 3 contacts, pages of 2 (requested: 1,000)
    good     campaign v2  may be read: 3 contacts, pages of 2 (requested: 100)
    good     campaign v1  may be read: 3 contacts, pages of 2 (requested: 100)
    good     creating     not tried: it would create a contact; it needs the same scope as reading the
                          contacts (`Configuration`)
    good     rate limit   no rate-limit headers; the documented 60 a minute apply
    good     clock        same as the platform
    ");
}

#[test]
fn sandbox_needs_no_settings() {
    let output = Sealed::new().run(&["doctor", "--sandbox"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_same!(findings(&output), @r"
    good     config file  none
    good     host         http://127.0.0.1:PORT (--sandbox)
    good     stream id    st-00000000-0000-4000-8000-000000000001 (--sandbox)
    good     account id   5f5a0d0c0000000000000001 (--sandbox)
    good     credentials  client id cs-00000000-0000-4000-8000-000000000001, client secret set
                          (--sandbox)
    good     requests     60 a minute (default), timeout 30 s, 5 attempts
    good     journal      in memory: it ends with the sandbox
    good     proxy        none (not used for this machine)
    good     reachable    answered in N s
    good     token        accepted
    good     contacts     may be read: 6 contacts, pages of 100 (requested: 1,000)
    warning  list v2      not tried: no list was named
             To try it: --list ID.
    warning  list v1      not tried: no list was named
             To try it: --list ID.
    warning  campaign v2  not tried: no campaign was named
             To try it: --campaign ID.
    warning  campaign v1  not tried: no campaign was named
             To try it: --campaign ID.
    good     creating     not tried: it would create a contact; it needs the same scope as reading the
                          contacts (`Configuration`)
    good     rate limit   no rate-limit headers; the documented 60 a minute apply
    good     clock        same as the platform
    ");
}

#[test]
fn every_missing_setting_is_named() {
    let output = Sealed::new().run(&["doctor", "--state-dir", "state"]);
    assert_eq!((output.code, output.stderr.as_str()), (2, ""));
    assert_same!(findings(&output), @r"
    good     config file  none
    bad      host         not set
             Give it with --host, ROLLCALL_HOST or in rollcall.toml.
    bad      stream id    not set
             Give it with --stream-id, ROLLCALL_STREAM_ID or in rollcall.toml.
    bad      account id   not set
             Give it with --account-id, ROLLCALL_ACCOUNT_ID or in rollcall.toml.
    bad      credentials  not set
             Give a ready token in ROLLCALL_TOKEN or a file for --token-file, or an app's --client-id
             with its secret in ROLLCALL_CLIENT_SECRET or a file for --client-secret-file. To try
             rollcall without an account, use --sandbox.
    good     requests     60 a minute (default), timeout 30 s, 5 attempts
    good     journal      state/journal.sqlite3 (--state-dir)
    ");
}

#[test]
fn each_setting_is_checked_separately_and_shown_with_its_origin() {
    let sealed = Sealed::new();
    sealed.write(
        "own.toml",
        "host = \"http://platform.example.com\"\naccount-id = \"a-1\"\nclient-id = \"cs-1\"\nmax-attempts = 2\n",
    );
    let mut command = sealed.command(&[
        "doctor",
        "--config",
        "own.toml",
        "--stream-id",
        "not one",
        "--rate",
        "100",
        "--timeout",
        "5",
    ]);
    // An empty variable counts as unset.
    command.env("ROLLCALL_ACCOUNT_ID", "").env("ROLLCALL_STATE_DIR", "state");
    let output = ended(command);
    assert_eq!((output.code, output.stderr.as_str()), (2, ""));
    assert_same!(findings(&output), @r"
    good     config file  own.toml
    bad      host         the host `http://platform.example.com` would send credentials in the clear;
                          use https:// (http:// is only for this machine) (own.toml)
             Correct this setting.
    bad      stream id    --stream-id: `not one` is not an id (--stream-id)
             Copy the id again.
    good     account id   a-1 (own.toml)
    bad      credentials  the client id has no client secret
             Put the secret into ROLLCALL_CLIENT_SECRET, or into a file for --client-secret-file.
    warning  requests     100 a minute (--rate), timeout 5 s (--timeout), 2 attempts (own.toml); the
                          platform documents 60 a minute
             Remove --rate, unless the account has a higher limit.
    good     journal      state/journal.sqlite3 (ROLLCALL_STATE_DIR)
    ");
}

#[test]
fn invalid_config_file_is_named() {
    let sealed = Sealed::new();
    sealed.write("own.toml", "host = 5\n");
    let output = sealed.run(&["doctor", "--config", "own.toml"]);
    assert_eq!(output.code, 2);
    assert_same!(findings(&output), @r"
    bad      config file  own.toml: line 1, column 1: `host`: invalid type: integer `5`, expected a
                          string
             Correct the value; `rollcall import --help` lists the options with their values.
    ");
}

#[test]
fn refused_credentials_are_bad() {
    let output = doctor(&[], |_, command| {
        command.env("ROLLCALL_CLIENT_SECRET", "another");
    });
    assert_eq!(output.code, 4, "{}", output.stdout);
    assert_same!(line(&output, "token"), @r#"
    bad      token        the platform does not accept the credentials: HTTP 401, "the token is not
                          valid"
             Check --client-id and the client secret: both must come from the same app, and the app must
             belong to --account-id.
    "#);
    // The later checks are skipped. The refusal still shows the address and the clock.
    assert!(!output.stdout.contains("contacts") && !output.stdout.contains("list v2"), "{}", output.stdout);
    assert!(line(&output, "reachable").starts_with("good") && line(&output, "clock").starts_with("good"));
}

#[test]
fn missing_scope_is_named() {
    let output = doctor(&["--list", "l-1"], |_, command| {
        command.env("ROLLCALL_ACCOUNT_ID", "other");
    });
    assert_eq!(output.code, 4, "{}", output.stdout);
    let lines = [line(&output, "token"), line(&output, "contacts"), line(&output, "list v1")];
    assert_same!(lines.join("\n"), @r#"
    good     token        accepted
    bad      contacts     the platform does not allow reading the contacts: HTTP 403, "the account is
                          another"
             The app needs the scope `Configuration` and must belong to the account in --account-id. Set
             scopes where the app was made; a ready token has the scopes of its app.
    bad      list v1      the platform does not allow reading a contact list: HTTP 403, "the account is
                          another"
             The app needs the scope `Campaign Management` and must belong to the account in
             --account-id. Set scopes where the app was made; a ready token has the scopes of its app.
    "#);
    assert!(!output.stdout.contains("creating"), "{}", output.stdout);
}

#[test]
fn unreachable_platform_is_bad() {
    let sealed = Sealed::new();
    let closed = ClosedPort::new();
    let address = closed.address();
    let mut command = sealed.command(&["doctor", "--max-attempts", "1", "--state-dir", "state"]);
    account(&mut command, address);
    let output = ended(command);
    assert_eq!(output.code, 4);
    assert_same!(findings(&output), @r"
    good     config file  none
    good     host         http://127.0.0.1:PORT (ROLLCALL_HOST)
    good     stream id    st-1 (ROLLCALL_STREAM_ID)
    good     account id   a-1 (ROLLCALL_ACCOUNT_ID)
    good     credentials  token set (ROLLCALL_TOKEN); it has no expiry time
    good     requests     60 a minute (default), timeout 30 s, 1 attempt (--max-attempts)
    good     journal      state/journal.sqlite3 (--state-dir)
    good     proxy        none (not used for this machine)
    bad      reachable    http://127.0.0.1:PORT cannot be reached: Connection refused (os error 111) (1
                          attempt)
             Check --host and the network; then run the same command again.
    ");
}

#[test]
fn proxy_of_the_environment_is_named_without_its_password() {
    let sealed = Sealed::new();
    let closed = ClosedPort::new();
    let address = closed.address();
    let mut command = sealed.command(&["doctor", "--max-attempts", "1", "--state-dir", "state"]);
    account(&mut command, address);
    command.env("ROLLCALL_HOST", "https://platform.example.com");
    command.env("HTTPS_PROXY", format!("http://me:canary@{address}"));
    let output = ended(command);
    assert_eq!(output.code, 4, "{}", output.stdout);
    assert!(!output.stdout.contains("canary"), "{}", output.stdout);
    assert_same!([line(&output, "proxy"), line(&output, "reachable")].join("\n"), @r"
    good     proxy        http://127.0.0.1:PORT (HTTPS_PROXY)
    bad      reachable    https://platform.example.com cannot be reached through the proxy
                          http://127.0.0.1:PORT (HTTPS_PROXY): Connection refused (os error 111) (1
                          attempt)
             Check --host and the proxy that the environment names; then run the same command again.
    ");
}

#[test]
fn ready_token_is_shown_with_its_expiry() {
    use std::os::unix::fs::PermissionsExt as _;

    let with = |seconds: i64| {
        doctor(&["--token-file", "token"], |sealed, command| {
            command.env_remove("ROLLCALL_CLIENT_ID").env_remove("ROLLCALL_CLIENT_SECRET");
            let file = sealed.write("token", token(seconds));
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
        })
    };
    let expired = with(-1);
    // rollcall still asks the platform, because the clock may be wrong.
    assert_eq!(expired.code, 2, "{}", expired.stdout);
    let lines = [line(&expired, "credentials"), line(&expired, "token"), line(&expired, "clock")];
    assert_same!(lines.join("\n"), @r#"
    bad      credentials  token set (--token-file token); it expired at TIME
             Make a new token, and put it where this one came from. An app's --client-id with its secret
             makes them by itself.
    bad      token        the platform does not accept the token: HTTP 401, "the token is not valid"; it
                          expired at TIME
             Make a new token, and put it where this one came from (ROLLCALL_TOKEN or --token-file).
             With an app's --client-id and secret, rollcall makes its own tokens.
    good     clock        same as the platform
    "#);
    // Only the platform can check the signature.
    let short = with(1800);
    assert_eq!(short.code, 4, "{}", short.stdout);
    let left = regex::Regex::new(r"\((30 min|29 min \d+ s) left\)").unwrap();
    assert!(line(&short, "credentials").starts_with("warning"), "{}", short.stdout);
    assert!(left.is_match(&one_line(&line(&short, "credentials"))), "{}", short.stdout);
    assert_same!(line(&with(86_400), "credentials"), @"good     credentials  token set (--token-file token), valid until TIME");
}

#[test]
fn credentials_are_never_sent_unencrypted() {
    let output = doctor(&["--host", "http://platform.example.com"], |_, _| ());
    assert_eq!(output.code, 2);
    assert_same!(line(&output, "host"), @r"
    bad      host         the host `http://platform.example.com` would send credentials in the clear;
                          use https:// (http:// is only for this machine) (--host)
             Correct this setting.
    ");
    assert!(!output.stdout.contains("reachable"), "{}", output.stdout);
}

#[test]
fn unusable_state_folder_is_a_local_failure() {
    let output = doctor(&[], |sealed, _| _ = sealed.write("state", "a file"));
    assert_eq!(output.code, 5, "{}", output.stdout);
    assert_same!(line(&output, "journal"), @r"
    bad      journal      the state folder state cannot be used: there is a file of that name
             Choose a folder on a local disk that can be written to, with --state-dir or
             ROLLCALL_STATE_DIR.
    ");
    // rollcall still asks the platform.
    assert!(line(&output, "contacts").starts_with("good"), "{}", output.stdout);
}

#[test]
fn clock_limits_and_scopes_are_judged_by_the_answers() {
    // The platform allows only some reads.
    let (platform, requests) = platform(|request| {
        const HEADERS: &str = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-RateLimit-Remaining: 58";
        let contact = |id: &str| json!({"id": id, "cellPhone": {"phoneNumber": "+919876500001"}});
        let page = json!({
            "results": [contact("1"), contact("2")],
            "skip": 0, "limit": 2, "hasMore": true, "totalPages": 6173, "totalResults": 12345,
        });
        let error = |message: &str| json!({"errors": [{"msg": message}]});
        match request {
            "GET /agentassist/api/v1/public/st-1/contacts?skip=0&limit=1000" => (200, HEADERS, page),
            list if list.starts_with("GET /campaign/") => (403, HEADERS, error("no scope")),
            list if list.starts_with("GET /agentassist/") => (404, HEADERS, error("no list")),
            campaign if campaign.starts_with("POST /campaign/") => (401, HEADERS, error("no scope")),
            _ => (404, HEADERS, error("no campaign")),
        }
    });
    let sealed = Sealed::new();
    let args = ["doctor", "--list", "l-1", "--campaign", "c-1", "--state-dir", "state"];
    let mut command = sealed.command(&args);
    account(&mut command, platform.address());
    let ended = ended(command);
    assert_eq!(ended.code, 4, "{}", ended.stdout);
    // The clock difference grows every day.
    let output =
        regex::Regex::new(r"\d+ h( \d+ min)?").unwrap().replace(&findings(&ended), "N h").into_owned();
    assert_same!(output, @r#"
    good     config file  none
    good     host         http://127.0.0.1:PORT (ROLLCALL_HOST)
    good     stream id    st-1 (ROLLCALL_STREAM_ID)
    good     account id   a-1 (ROLLCALL_ACCOUNT_ID)
    good     credentials  token set (ROLLCALL_TOKEN); it has no expiry time
    good     requests     60 a minute (default), timeout 30 s, 5 attempts
    good     journal      state/journal.sqlite3 (--state-dir)
    good     proxy        none (not used for this machine)
    good     reachable    answered in N s
    good     token        accepted
    good     contacts     may be read: 12,345 contacts, pages of 2 (requested: 1,000)
    bad      list v2      the platform does not allow reading a contact list: HTTP 403, "no scope"
             The app needs the scope `Campaign Management` and must belong to the account in
             --account-id. Set scopes where the app was made; a ready token has the scopes of its app.
    warning  list v1      the platform has no contact list l-1: HTTP 404, "no list"; the scope `Campaign
                          Management` was not refused
             Check the id. If the list or campaign was made with the older API, add --api v1.
    bad      campaign v2  the platform does not accept the token: HTTP 401, "no scope"
             The app needs the scope `Campaign Management` for this. Scopes are set where the app was
             made.
    warning  campaign v1  the platform has no campaign c-1: HTTP 404, "no campaign"; the scope `Campaign
                          Management` was not refused
             Check the id. If the list or campaign was made with the older API, add --api v1.
    good     creating     not tried: it would create a contact; it needs the same scope as reading the
                          contacts (`Configuration`)
    good     rate limit   x-ratelimit-remaining: 58; the documented 60 a minute apply
    bad      clock        N h ahead of the platform's
             Set the clock of this machine, for example with NTP: a token made here is good for ten
             minutes by it.
    "#);
    // No request is repeated, and none changes anything.
    assert_same!(requests.lock().unwrap().join("\n"), @r"
    GET /agentassist/api/v1/public/st-1/contacts?skip=0&limit=1000
    GET /campaign/api/v2/public/st-1/campaign/contactList/l-1/getAllContacts?accountId=a-1&skip=0&limit=1000
    GET /agentassist/api/v1/public/st-1/campaign/contactList/l-1/getAllContacts?accountId=a-1&skip=0&limit=1000
    POST /campaign/api/v2/public/st-1/campaign/c-1/status?view=contacts
    POST /agentassist/api/v1/public/st-1/campaign/c-1/status?view=contacts
    ");
}

#[test]
fn signal_ends_doctor() {
    let sealed = Sealed::new();
    // The platform never answers.
    let (sender, has_request) = mpsc::channel();
    let platform = Scripted::serve(move |_| {
        sender.send(()).unwrap();
        Reply::Hang
    });
    let mut command = sealed.command(&["doctor", "--state-dir", "state"]);
    account(&mut command, platform.address());
    let running = Running { child: command.spawn().unwrap(), printed: String::new() };
    has_request.recv().unwrap();
    running.signal("INT");
    let mut running = running;
    let status = running.child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(130), None));
    let mut output = String::new();
    running.child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert!(output.contains("good     proxy") && !output.contains("reachable"), "{output}");
}

#[test]
fn no_output_contains_a_secret() {
    let code_with = |args: &[&str], variable: &str, secret: &str| {
        let ended = doctor(args, |_, command| {
            command.env_remove("ROLLCALL_CLIENT_SECRET").env(variable, secret);
        });
        assert!(!(ended.stdout.clone() + &ended.stderr).contains("canary"), "{}", ended.stdout);
        assert!(!(ended.stdout + &ended.stderr).contains("eyJ"), "the output contains a token");
        ended.code
    };
    let verbose = ["-vv", "--list", "l-1"];
    assert_eq!(code_with(&verbose, "ROLLCALL_CLIENT_SECRET", "canary"), 4);
    assert_eq!(code_with(&verbose, "ROLLCALL_TOKEN", "canary"), 2);
    assert_eq!(code_with(&["--json", "--client-id", ""], "ROLLCALL_TOKEN", "canary.b.c"), 2);
    assert_eq!(
        code_with(&["--json", "--client-id", ""], "ROLLCALL_TOKEN", "eyJhbGciOiJIUzI1NiJ9.e30.canaryAA"),
        4
    );
    assert_eq!(code_with(&["--json", "--client-id", ""], "ROLLCALL_TOKEN", "canary b c"), 2);
    assert_eq!(code_with(&[], "ROLLCALL_HOST", "https://me:canary@platform.example.com"), 2);
}

#[test]
fn watched_folders_are_checked() {
    let sealed = Sealed::new();
    for name in ["drop", "drop2"] {
        std::fs::create_dir(sealed.path(name)).unwrap();
    }
    sealed.write(
        "own.toml",
        "[[watch]]\ndir = \"drop\"\n[[watch]]\ndir = \"missing\"\n[[watch]]\ndir = \"drop2\"\nschedule = \"often\"\n\
         [[watch]]\ndir = \"drop\"\n",
    );
    let sandbox = Running::sandbox(&sealed, &[]);
    let mut command = sealed.command(&["doctor", "--state-dir", "state", "--config", "own.toml", "--json"]);
    sandbox.point(&mut command);
    let output = ended(command);
    assert_eq!(output.code, 2, "{}", output.stderr);
    let findings: Vec<Value> = serde_json::from_str(&output.stdout).unwrap();
    let watched: Vec<String> = findings
        .iter()
        .filter(|finding| finding["subject"] == "watch")
        .map(|finding| {
            format!("{} {}", finding["state"].as_str().unwrap(), finding["found"].as_str().unwrap())
        })
        .collect();
    let [good, missing, schedule, twice] = watched.as_slice() else { panic!("{watched:?}") };
    assert_eq!(good, "good drop");
    assert!(missing.starts_with("bad ") && missing.contains("missing: No such file"), "{missing}");
    assert!(schedule.starts_with("bad --schedule: `often`"), "{schedule}");
    assert!(twice.starts_with("bad ") && twice.contains("overlap"), "{twice}");
    // The check creates nothing in the folder.
    assert_eq!(std::fs::read_dir(sealed.path("drop")).unwrap().count(), 0);
}

#[test]
fn doctor_json_has_the_same_findings() {
    let args = ["--list", "l-2", "--campaign", "c-1", "--json", "--color", "always"];
    let output = doctor(&args, |_, _| ());
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{}", output.stdout);
    let lines: Vec<Value> = serde_json::from_str(&output.stdout).unwrap();
    let of = |subject: &str| lines.iter().find(|line| line["subject"] == subject).unwrap();
    assert_eq!(
        *of("contacts"),
        json!({"state": "good", "subject": "contacts", "found": "may be read: 0 contacts, pages of 2 (requested: 1,000)", "remedy": null})
    );
    assert_eq!(
        *of("list v1"),
        json!({
            "state": "warning",
            "subject": "list v1",
            "found": "the platform has no contact list l-2: HTTP 404, \"there is no such contact list\"; the scope \
                      `Campaign Management` was not refused",
            "remedy": "Check the id. If the list or campaign was made with the older API, add --api v1.",
        })
    );
    let subjects: Vec<&str> = lines.iter().map(|line| line["subject"].as_str().unwrap()).collect();
    assert_eq!(
        subjects,
        [
            "config file",
            "host",
            "stream id",
            "account id",
            "credentials",
            "requests",
            "journal",
            "proxy",
            "reachable",
            "token",
            "contacts",
            "list v2",
            "list v1",
            "campaign v2",
            "campaign v1",
            "creating",
            "rate limit",
            "clock",
        ]
    );
}

#[test]
fn state_of_a_finding_is_colored() {
    let output = doctor(&["--color", "always"], |_, _| ());
    assert!(output.stdout.contains("\u{1b}[32mgood\u{1b}[0m     host"), "{:?}", output.stdout);
    assert!(output.stdout.contains("\u{1b}[33mwarning\u{1b}[0m  list v2"), "{:?}", output.stdout);
}

#[test]
fn invalid_id_is_wrong_usage() {
    let output = Sealed::new().run(&["doctor", "--list", "two words"]);
    assert_eq!((output.code, output.stdout.as_str()), (2, ""));
    assert!(output.stderr.contains("--list: `two words` is not an id"), "{}", output.stderr);
}
