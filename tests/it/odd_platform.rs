//! Imports to platforms with unusual answers, through the built program: messages and report.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};

use crate::{
    lists::list,
    scripted::{Asked, Reply, Scripted},
    sealed::{Ended, Outcome, Sealed, ended},
};

/// Imports three contacts.
fn import(sealed: &Sealed, platform: &Scripted, args: &[&str]) -> Ended {
    sealed.write("list.csv", list(0..3));
    let out: &[&str] = if args.contains(&"--out") { &[] } else { &["--out", "out"] };
    let args = [&["import", "list.csv", "--max-attempts", "2"], out, args].concat();
    let mut command = sealed.command(&args);
    command.env("ROLLCALL_HOST", format!("http://{}", platform.address()));
    for (name, value) in
        [("STREAM_ID", "st"), ("ACCOUNT_ID", "a"), ("CLIENT_ID", "cs-1"), ("CLIENT_SECRET", "not-a-secret")]
    {
        command.env(format!("ROLLCALL_{name}"), value);
    }
    ended(command)
}

/// Starts a platform that always gives the same answer. Also returns the number of requests.
fn always(reply: Reply) -> (Scripted, Arc<AtomicU64>) {
    let requests = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&requests);
    let platform = Scripted::serve(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        reply.clone()
    });
    (platform, requests)
}

fn created(request: &Asked) -> Vec<Value> {
    let contacts = request.body.as_array().unwrap().iter().enumerate();
    let with_id = |(place, contact): (usize, &Value)| {
        let mut contact = contact.clone();
        contact["id"] = format!("id-{place}").into();
        contact
    };
    contacts.map(with_id).collect()
}

#[test]
fn unreadable_and_inactive_records_are_counted_and_stop_nothing() {
    let sealed = Sealed::new();
    let number = |index: u64| format!("+9198765{index:05}");
    let cut = json!({
        "id": "a", "firstName": "Cut", "status": "INACTIVE",
        "cellPhone": {"phoneNumber": number(0), "countryCode": "+91"}
    });
    // The name ends in the middle of an emoji.
    let cut = cut.to_string().replace("Cut", "Cut\\ud83d");
    let page = format!(
        "{{\"results\": [null, {cut}, 7], \"skip\": 0, \"limit\": 3, \"hasMore\": false, \"totalResults\": 3}}"
    );
    let platform = Scripted::serve(move |request| {
        if request.is_post() {
            Reply::json(&json!({"data": created(&request)}))
        } else {
            Reply::Answer(200, page.clone())
        }
    });
    let output = import(&sealed, &platform, &[]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let outcomes = sealed.outcomes("out");
    let brief: Vec<String> = outcomes.iter().map(Outcome::brief).collect();
    assert_eq!(brief, ["2 existing other-name", "3 created", "4 created"]);
    assert!(outcomes[0].detail.contains("with the status INACTIVE"), "{}", outcomes[0].detail);
    let report = &sealed.report("out")["platform"];
    assert_eq!((&report["existing_unreadable"], &report["existing_inactive"]), (&2.into(), &1.into()));
    assert!(
        output.stderr.contains("cannot read 2 records among the platform's contacts"),
        "{}",
        output.stderr
    );
    assert!(output.stderr.contains("1 contact with a status other than ACTIVE"), "{}", output.stderr);
}

// Source: lexik/LexikJWTAuthenticationBundle issue 286, googleapis/google-auth-library-java issue 682 (clock skew
// reported as wrong credentials).
#[test]
fn wrong_clock_is_named() {
    let sealed = Sealed::new();
    let refusal = "{\"message\": \"Unauthorized\"}".to_owned();
    let (platform, _) = always(Reply::WithHeader(401, "date: Wed, 01 Jan 2020 00:00:00 GMT", refusal));
    let output = import(&sealed, &platform, &[]);
    assert_eq!(output.code, 4);
    assert!(output.stderr.contains("ahead of the platform's"), "{}", output.stderr);
    assert!(output.stderr.contains("hint: Set the clock of this machine"), "{}", output.stderr);
}

// Source: lobehub issue 13572, anomalyco/opencode issue 4135 (a quota that ends in hours).
#[test]
fn retry_after_of_a_day_ends_the_run_and_blocks_the_next_one() {
    let sealed = Sealed::new();
    let message = "{\"message\": \"Daily quota of the account is used up\"}".to_owned();
    let (platform, requests) = always(Reply::WithHeader(429, "retry-after: 86400", message));
    let first = import(&sealed, &platform, &[]);
    assert_eq!(first.code, 4);
    assert!(first.stderr.contains("leave the account alone for 24 h, until 20"), "{}", first.stderr);
    assert!(first.stderr.contains("Daily quota of the account is used up"), "{}", first.stderr);
    let second = import(&sealed, &platform, &["--out", "again"]);
    assert_eq!((second.code, requests.load(Ordering::Relaxed)), (4, 1), "{}", second.stderr);
    assert!(second.stderr.contains("leave the account alone"), "{}", second.stderr);
}

#[test]
fn redirect_is_reported_with_its_target() {
    let sealed = Sealed::new();
    let header = "location: https://eu.example.com/agentassist/contacts?token=canary";
    let (platform, _) = always(Reply::WithHeader(308, header, String::new()));
    let output = import(&sealed, &platform, &[]);
    assert_eq!(output.code, 4);
    assert!(output.stderr.contains("https://eu.example.com/agentassist/contacts"), "{}", output.stderr);
    assert!(!output.stderr.contains("canary"), "{}", output.stderr);
}

#[test]
fn ca_file_without_a_certificate_is_refused() {
    let sealed = Sealed::new();
    let (platform, requests) = always(Reply::HangUp);
    let output = import(&sealed, &platform, &["--ca-file", "list.csv"]);
    assert_eq!((output.code, requests.load(Ordering::Relaxed)), (2, 0));
    assert!(output.stderr.contains("--ca-file: list.csv: it contains no certificate"), "{}", output.stderr);
}

#[test]
fn invalid_answer_gives_no_hint_to_run_again() {
    let sealed = Sealed::new();
    let (platform, _) = always(Reply::Answer(200, "<html>Sign in</html>".to_owned()));
    let output = import(&sealed, &platform, &[]);
    assert_eq!(output.code, 4);
    assert!(output.stderr.contains("<html>Sign in</html>"), "{}", output.stderr);
    assert!(!output.stderr.contains("same command again"), "{}", output.stderr);
}
