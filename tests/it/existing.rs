//! Existing contacts: `rollcall fetch` writes them, and imports read them with as few requests as is safe.

use std::{fmt::Write as _, fs, io::BufRead as _, io::BufReader, process::Command};

use serde_json::Value;

use crate::{
    lists::list,
    sandboxed::{command, import, run},
    sealed::{Ended, Outcome, Running, Sealed, assert_same, ended},
};

/// Imports the list with the journal in this state folder. Returns the report.
fn imported(sealed: &Sealed, sandbox: &Running, state: &str, args: &[&str]) -> Value {
    let fixed = ["-q", "--rate", "100000", "--state-dir", state, "--out", "out"];
    let output = import(sealed, sandbox, &[&fixed, args].concat());
    assert_eq!(output.code, 0, "{}", output.stderr);
    sealed.report("out")
}

/// Runs `rollcall fetch` with a rate that never waits.
fn fetch(sealed: &Sealed, sandbox: &Running, args: &[&str]) -> Ended {
    run(sealed, sandbox, &[&["fetch"], args, &["--rate", "100000"]].concat())
}

/// Returns a sandbox with 250 contacts in pages of 100.
fn filled() -> (Sealed, Running) {
    let sealed = Sealed::new();
    let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000", "--page-cap", "100"]);
    sealed.write("list.csv", list(0..250));
    let report = imported(&sealed, &sandbox, "filling", &[]);
    assert_eq!(report["totals"]["created"], 250);
    (sealed, sandbox)
}

/// Changes the journal in this state folder with SQL.
fn change_journal(sealed: &Sealed, state: &str, change: &str) {
    let journal = rusqlite::Connection::open(sealed.path(state).join("journal.sqlite3")).unwrap();
    assert!(journal.execute(change, []).unwrap() > 0, "{change}");
}

/// Returns the numbers of reads and posts, and the source of the existing contacts.
fn requests(report: &Value) -> (u64, u64, &str) {
    let platform = &report["platform"];
    let count = |name: &str| platform[name].as_u64().unwrap();
    (count("get"), count("post"), platform["existing_from"].as_str().unwrap())
}

/// Source: mysociety/alaveteli issue 2278 (as people write), redis/redis issue 7520 (floats), glific/glific issue 660
/// (masks).
#[test]
fn numbers_stored_in_other_forms_count_as_existing() {
    let sealed = Sealed::new();
    let stored = [
        ("Ann", serde_json::json!("+44 (0)20 7946 0101"), "+44"),
        ("Bo", serde_json::json!("+4402079460102"), "+44"),
        ("Cy", serde_json::json!("+44 20 7946 0103 / 020 7946 0104 ext. 7"), "+44"),
        ("Di", serde_json::json!("+5212221234567"), "+52"),
        ("Ed", serde_json::json!("11 2345 6789"), "+54"),
        ("Flo", serde_json::json!("4.42079460105e+11"), "44"),
        ("Gus", serde_json::json!("4420*****106"), "+44"),
        ("Hal", serde_json::json!("4420794601**"), "+44"),
    ];
    let contacts: Vec<Value> = stored
        .iter()
        .map(|(name, number, code)| {
            let phone = serde_json::json!({"phoneNumber": number, "countryCode": code, "extension": "+"});
            serde_json::json!({"firstName": name, "lastName": "Low", "cellPhone": phone, "id": name})
        })
        .collect();
    sealed.write("held.json", serde_json::to_vec(&contacts).unwrap());
    let numbers = [
        ("Ann", "+442079460101"),
        ("Bo", "+442079460102"),
        ("Cy", "+442079460103"),
        ("Cy", "+442079460104"),
        ("Di", "+522221234567"),
        ("Ed", "+5491123456789"),
        ("Flo", "+442079460105"),
        ("Gus", "+442079460106"),
        ("Hal", "+442079460107"),
        // Matches the same mask, but has another name.
        ("New", "+442079460108"),
    ];
    let mut list = "First Name,Last Name,Salutation,Mobile\n".to_owned();
    for (name, number) in numbers {
        writeln!(list, "{name},Low,Mr,{number}").unwrap();
    }
    sealed.write("list.csv", list);
    let sandbox = Running::sandbox(&sealed, &["--seed", "held.json", "--rate-limit", "100000"]);
    let report = imported(&sealed, &sandbox, "state", &[]);
    assert_eq!((&report["totals"]["existing"], &report["totals"]["created"]), (&9.into(), &1.into()));
    assert_eq!(report["platform"]["existing_masked_numbers"], 2);
    let rows = sealed.outcomes("out");
    assert_eq!(rows[5].detail, "existing contact: Ed Low (id Ed), stored with the number +541123456789");
    assert_eq!(
        rows[7].detail,
        "existing contact: Gus Low (id Gus), stored with the number +4420*****106 (digits are masked)"
    );
    // The snapshot contains all of them, including the masks.
    let again = imported(&sealed, &sandbox, "state", &[]);
    assert_eq!((&again["totals"]["existing"], &again["totals"]["created"]), (&10.into(), &0.into()));
}

#[test]
fn purge_removes_people_from_the_journal() {
    let (sealed, _sandbox) = filled();
    let folder = sealed.path("filling");
    let is_stored = |text: &str| {
        fs::read_dir(&folder).unwrap().any(|file| {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    };
    let number = &sealed.outcomes("out")[7].number;
    assert!(is_stored(number) && is_stored("First7 Last7"));
    let purge = |args: &[&str]| sealed.run(&[&["purge", "--state-dir", "filling"], args].concat());
    assert_eq!(purge(&[]).code, 2, "purge needs to know what to remove");
    assert!(
        purge(&["--older-than", "1d"])
            .stdout
            .starts_with("Removed from the journal: 0 contacts, 0 snapshots")
    );
    let quiet = purge(&["--older-than", "1d", "--quiet"]);
    assert_eq!((quiet.code, quiet.stdout.as_str(), quiet.stderr.as_str()), (0, "", ""));
    let of_one = purge(&["--number", &format!("+{number}")]);
    assert_eq!((of_one.code, of_one.stderr.as_str()), (0, ""));
    assert!(
        of_one.stdout.starts_with("Removed from the journal: 1 contact, 1 snapshot of"),
        "{}",
        of_one.stdout
    );
    assert!(
        of_one.stdout.contains("These folders of imports still contain personal data")
            && of_one.stdout.trim_end().ends_with("out")
    );
    assert!(!is_stored(number) && !is_stored("First7 Last7"));
    let other = &sealed.outcomes("out")[8].number;
    assert!(is_stored(other));
    let unknown = purge(&["--run", "nobody"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""));
    assert_same!(unknown.stderr, @r"
    error: there is no run nobody
    hint: List all runs with `rollcall runs`.
    ");
    // Another program reads the journal, so purge cannot rewrite the file at once.
    let reader = rusqlite::Connection::open(folder.join("journal.sqlite3")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM contact").unwrap();
    let mut all = sealed.command(&["purge", "--state-dir", "filling", "--all"]);
    all.env("ROLLCALL_BUSY_MS", "50");
    let blocked = ended(all);
    assert_eq!(blocked.code, 0, "{}", blocked.stderr);
    assert!(blocked.stdout.starts_with("Removed from the journal: 249 contacts, 0 snapshots"));
    assert!(blocked.stdout.contains("its files still contain what was removed"), "{}", blocked.stdout);
    assert!(is_stored(other));
    drop(reader);
    assert_eq!(sealed.run(&["runs", "--state-dir", "filling"]).code, 0);
    assert!(!is_stored(other));
}

#[test]
fn second_import_reads_one_page() {
    let (sealed, sandbox) = filled();
    sealed.write("list.csv", list(200..300));
    let first = imported(&sealed, &sandbox, "state", &[]);
    assert_eq!(requests(&first), (3, 1, "platform"));
    assert_eq!(first["plan"], serde_json::json!({"get": 0, "post": 1, "seconds": 0}));
    // The time depends on the machine.
    let counts = |plan: &serde_json::Value| (plan["get"].clone(), plan["post"].clone());
    assert_eq!(counts(&first["actual"]), counts(&first["plan"]));
    // The snapshot includes the created contacts.
    sealed.write("list.csv", list(240..310));
    let second = imported(&sealed, &sandbox, "state", &[]);
    assert_eq!(requests(&second), (1, 1, "snapshot"));
    assert_eq!((&second["totals"]["existing"], &second["totals"]["created"]), (&60.into(), &10.into()));
    assert_eq!(second["platform"]["existing_contacts"], 300);
    let rows = sealed.outcomes("out");
    for (row, name) in [(&rows[0], "First240 Last240"), (&rows[59], "First299 Last299")] {
        assert_eq!((row.outcome.as_str(), row.code.as_str()), ("existing", "same-name"));
        assert!(row.detail.starts_with(&format!("existing contact: {name} (id ")), "{}", row.detail);
        assert!(row.detail.contains(", as of 20"), "{}", row.detail);
    }
    // rollcall reads again with --refresh, with an old snapshot, and without a snapshot.
    assert_eq!(requests(&imported(&sealed, &sandbox, "state", &["--refresh"])), (4, 0, "platform"));
    assert_eq!(requests(&imported(&sealed, &sandbox, "state", &[])), (1, 0, "snapshot"));
    change_journal(&sealed, "state", "UPDATE snapshot SET read_at = read_at - 25 * 3600 * 1000");
    assert_eq!(
        requests(&imported(&sealed, &sandbox, "state", &["--existing-max-age", "2d"])),
        (1, 0, "snapshot")
    );
    assert_eq!(requests(&imported(&sealed, &sandbox, "state", &[])), (4, 0, "platform"));
    assert_eq!(
        requests(&imported(&sealed, &sandbox, "state", &["--existing-max-age", "0"])),
        (4, 0, "platform")
    );
}

#[test]
fn snapshot_of_an_empty_account_is_used() {
    let sealed = Sealed::new();
    let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000", "--page-cap", "10"]);
    sealed.write("list.csv", list(0..50));
    assert_eq!(requests(&imported(&sealed, &sandbox, "state", &[])), (1, 1, "platform"));
    assert_eq!(requests(&imported(&sealed, &sandbox, "state", &[])), (1, 0, "snapshot"));
}

#[test]
fn outdated_snapshot_is_replaced_without_repeated_requests() {
    let (sealed, sandbox) = filled();
    sealed.write("list.csv", list(0..10));
    assert_eq!(requests(&imported(&sealed, &sandbox, "state", &[])), (3, 0, "platform"));
    // Another machine creates contacts.
    sealed.write("list.csv", list(250..320));
    imported(&sealed, &sandbox, "elsewhere", &[]);
    assert_eq!(requests(&imported(&sealed, &sandbox, "state", &[])), (4, 0, "platform"));
    // The clock was set back, so the age of the snapshot is unknown.
    change_journal(&sealed, "state", "UPDATE snapshot SET read_at = read_at + 3600 * 1000");
    assert_eq!(requests(&imported(&sealed, &sandbox, "state", &[])), (4, 0, "platform"));
}

#[test]
fn snapshot_without_the_first_page_is_not_used() {
    let (sealed, sandbox) = filled();
    sealed.write("list.csv", list(0..10));
    assert_eq!(requests(&imported(&sealed, &sandbox, "state", &[])), (3, 0, "platform"));
    // The count is the same, but the contacts differ.
    change_journal(&sealed, "state", "DELETE FROM snapshot_page");
    assert_eq!(requests(&imported(&sealed, &sandbox, "state", &[])), (3, 0, "platform"));
    assert_eq!(requests(&imported(&sealed, &sandbox, "state", &[])), (1, 0, "snapshot"));
}

#[test]
fn batch_in_flight_at_a_crash_is_searched_after_the_known_contacts() {
    let (sealed, sandbox) = filled();
    sealed.write("list.csv", list(200..300));
    // rollcall has recorded the batch. It dies before it sends the batch, or before it records the answer.
    for (point, outcome) in [("17!", "created"), ("19!", "confirmed")] {
        let state = point.trim_end_matches('!');
        imported(&sealed, &sandbox, state, &["--dry-run"]);
        let mut killed = command(
            &sealed,
            &sandbox,
            &["import", "list.csv", "--state-dir", state, "--out", "dead", "--rate", "100000"],
        );
        killed.env("ROLLCALL_FAIL_AT", point).env("ROLLCALL_PACE", "1,1,1,60000,1");
        assert_eq!(ended(killed).code, -1);
        let report = imported(&sealed, &sandbox, state, &[]);
        assert_eq!((requests(&report).0, requests(&report).2), (2, "snapshot"), "{point}: {report}");
        assert_eq!(report["totals"][outcome], 50, "{point}: {report}");
        sealed.write("list.csv", list(250..350));
    }
}

#[test]
fn snapshot_is_not_used_for_another_region() {
    let sealed = Sealed::new();
    let contacts: Vec<Value> = (0..150)
        .map(|n| serde_json::json!({"firstName": "A", "lastName": "B", "cellPhone": {"phoneNumber": format!("98765{n:05}")}}))
        .collect();
    sealed.write("seed.json", serde_json::to_string(&contacts).unwrap());
    let sandbox = Running::sandbox(&sealed, &["--seed", "seed.json", "--rate-limit", "100000"]);
    assert_eq!(
        fetch(&sealed, &sandbox, &["contacts", "-q", "--state-dir", "state", "-o", "held.csv"]).code,
        0
    );
    sealed.write("list.csv", list(140..150));
    let report = imported(&sealed, &sandbox, "state", &["--region", "IN"]);
    assert_eq!((requests(&report), &report["totals"]["existing"]), ((2, 0, "platform"), &10.into()));
    assert_eq!(requests(&imported(&sealed, &sandbox, "state", &["--region", "IN"])), (1, 0, "snapshot"));
}

#[test]
fn stale_snapshot_never_creates_a_contact_twice() {
    for duplicates in ["reject-batch", "skip", "per-contact"] {
        let sealed = Sealed::new();
        let options = ["--rate-limit", "100000", "--page-cap", "100", "--duplicates", duplicates];
        let sandbox = Running::sandbox(&sealed, &options);
        sealed.write("list.csv", list(0..150));
        imported(&sealed, &sandbox, "filling", &[]);
        sealed.write("list.csv", list(0..1));
        assert_eq!(requests(&imported(&sealed, &sandbox, "state", &[])), (2, 0, "platform"));
        sealed.write("list.csv", list(150..155));
        imported(&sealed, &sandbox, "elsewhere", &[]);
        // As if five other contacts had been deleted: the platform's count is as expected.
        change_journal(&sealed, "state", "UPDATE snapshot SET expected = 155");
        sealed.write("list.csv", list(145..160));
        let report = imported(&sealed, &sandbox, "state", &[]);
        assert_eq!(report["platform"]["existing_from"], "snapshot");
        let count = |outcome: &str| report["totals"][outcome].as_u64().unwrap();
        // If a success does not mention a contact and it exists under its name, this import may have created it.
        assert_eq!((count("existing") + count("confirmed"), count("created")), (10, 5), "{duplicates}");
        let fetched = fetch(&sealed, &sandbox, &["contacts", "--format", "ndjson", "-q"]);
        assert_eq!(fetched.stdout.lines().count(), 160);
        // The read that reconciled the batch becomes the snapshot.
        assert_eq!(requests(&imported(&sealed, &sandbox, "state", &[])), (1, 0, "snapshot"));
    }
}

#[test]
fn fetched_file_replaces_reading_the_platform() {
    let (sealed, sandbox) = filled();
    sealed.write("list.csv", list(240..260));
    for name in ["held.csv", "held.json", "held.ndjson"] {
        assert_eq!(fetch(&sealed, &sandbox, &["contacts", "-o", name]).code, 0);
        let report = imported(
            &sealed,
            &sandbox,
            name.split('.').next_back().unwrap(),
            &["--existing", name, "--dry-run"],
        );
        assert_eq!(requests(&report), (0, 0, "file"), "{name}");
        assert_eq!((&report["totals"]["existing"], &report["totals"]["planned"]), (&10.into(), &10.into()));
        assert_eq!(report["plan"], serde_json::json!({"get": 0, "post": 1, "seconds": 0}));
        assert!(sealed.outcomes("out")[0].detail.starts_with("existing contact: First240 Last240 (id "));
    }
    let other = import(&sealed, &sandbox, &["-q", "--existing", "list.csv"]);
    assert_eq!(other.code, 2);
    assert_same!(other.stderr, @r"
    error: list.csv: `rollcall fetch contacts` did not write this file: it has no column `cellPhone.phoneNumber` hint: Create it again with `rollcall fetch contacts -o FILE`.
    ");
}

#[test]
fn fetched_file_without_contacts_is_accepted() {
    let sealed = Sealed::new();
    let sandbox = Running::sandbox(&sealed, &[]);
    sealed.write("list.csv", list(0..3));
    assert_eq!(fetch(&sealed, &sandbox, &["contacts", "-o", "held.csv"]).code, 0);
    let report = imported(&sealed, &sandbox, "state", &["--existing", "held.csv", "--dry-run"]);
    assert_eq!(report["totals"]["planned"], 3);
}

#[test]
fn contacts_are_fetched_with_all_their_fields() {
    let sealed = Sealed::new().with_samples();
    let options = ["--seed", "samples/platform.json", "--page-cap", "4", "--rate-limit", "100000"];
    let sandbox = Running::sandbox(&sealed, &options);
    let fetched = fetch(&sealed, &sandbox, &["contacts", "-o", "new/held.csv"]);
    assert_eq!(fetched.code, 0);
    assert_same!(fetched.stderr, @r"
    6 contacts in 2 pages of 4, 2 requests, in new/held.csv
    1 contact with the same number as an earlier one:
      +491713920099  row 5 and row 6
    ");
    let text = sealed.read("new/held.csv");
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap(),
        "id,firstName,lastName,fullName,salutation,cellPhone.phoneNumber,cellPhone.countryCode,cellPhone.extension,status,\
         instanceBotId,orgId,accountId,createdBy,createdByAId,address,twitterDetails,createdAt,updatedAt,updatedBy,\
         updatedByAId,rollcall_number,rollcall_repeats"
    );
    assert!(lines.next().unwrap().starts_with(
        "667e48f7c8b972fc69100001,meera,existing,meera existing,mrs,'+442079460601,'+44,'+44,ACTIVE,"
    ));
    assert!(text.lines().nth(5).unwrap().ends_with(",491713920099,5"));
    let json = fetch(&sealed, &sandbox, &["contacts", "--format", "json", "-q"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json[4]["rollcall_repeats"].as_u64(), json[0]["rollcall_repeats"].as_u64()), (Some(4), None));
    assert_eq!(json[0]["createdAt"], "2024-06-28T05:24:07.218Z");
}

#[test]
fn lists_and_campaigns_are_fetched_in_both_versions() {
    let sealed = Sealed::new();
    sealed.write("people.csv", "phoneNumber\n919876500001\n447400123456\n");
    sealed.write(
        "called.json",
        r#"{"data": {"results": [{"phoneNumber": "919876500001", "dialerOutcome": "completed", "numberOfAttemptsSoFar": 2,
            "agentDispositionCodes": ["System Generated", "Busy"], "new": {"a": 1}}]}}"#,
    );
    let options = ["--list", "cl-1=people.csv", "--campaign", "cm-1=called.json", "--rate-limit", "100000"];
    let sandbox = Running::sandbox(&sealed, &options);
    for api in ["v1", "v2"] {
        let list = fetch(&sealed, &sandbox, &["list", "cl-1", "--api", api]);
        assert_eq!(
            (list.code, list.stderr.as_str()),
            (0, "2 contacts of contact list cl-1 in 1 page of 100, 1 request\n")
        );
        let mut lines = list.stdout.lines();
        assert_eq!(
            lines.next(),
            Some("_id,phoneNumber,createdAt,updatedAt,rollcall_number,rollcall_repeats")
        );
        assert!(lines.next().unwrap().contains(",919876500001,20"));
        let campaign = fetch(&sealed, &sandbox, &["campaign", "cm-1", "--api", api, "-q"]);
        assert_eq!(
            campaign.stdout,
            "phoneNumber,uniqueId,dialerOutcome,numberOfAttemptsSoFar,botSessionId,agentDispositionCodes,botOutboundStatus,\
             botOutboundStatusDetail,rollcall_number,rollcall_repeats\n\
             919876500001,,completed,2,,System Generated; Busy,,,919876500001,\n"
        );
    }
    let whole = fetch(&sealed, &sandbox, &["campaign", "cm-1", "--format", "ndjson", "-q"]);
    assert_eq!(serde_json::from_str::<Value>(&whole.stdout).unwrap()["new"], serde_json::json!({"a": 1}));

    let unknown = fetch(&sealed, &sandbox, &["list", "cl-2"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""));
    assert_same!(unknown.stderr, @r#"
    error: the platform has no contact list cl-2: HTTP 404, "there is no such contact list"
    hint: Check the id. If the list or campaign was made with the older API, add --api v1.
    "#);
    for (mistaken, message) in [
        (&["fetch", "list"][..], "missing list or campaign id"),
        (&["fetch", "contacts", "cl-1"], "`fetch contacts` takes no id"),
        (&["fetch", "campaign", "cm-1", "--page-size", "101"], "--page-size: 101 is not between 1 and 100"),
        (&["fetch", "list", "a b"], "ID: `a b` is not an id"),
        (&["fetch", "list", ".."], "ID: `..` is not an id"),
    ] {
        let mistaken = run(&sealed, &sandbox, mistaken);
        assert_eq!(mistaken.code, 2);
        assert!(mistaken.stderr.contains(message), "{}", mistaken.stderr);
    }
}

#[test]
fn interrupted_fetch_leaves_no_output() {
    let (sealed, sandbox) = filled();
    for output in [&["-o", "held.csv"][..], &[]] {
        let args = [&["fetch", "contacts", "--rate", "2", "--state-dir", "slow"], output].concat();
        let mut child = command(&sealed, &sandbox, &args).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut output = String::new();
        // Two requests are sent. The third waits for a minute.
        while !output.contains("waiting") {
            assert!(lines.read_line(&mut output).unwrap() > 0, "{output}");
        }
        let stdout = child.stdout.take();
        let mut fetching = Running { child, printed: String::new() };
        fetching.signal("INT");
        assert_eq!(fetching.child.wait().unwrap().code(), Some(130));
        assert_eq!(std::io::read_to_string(stdout.unwrap()).unwrap(), "");
        assert!(!sealed.files().iter().any(|file| file.contains("held")), "{:?}", sealed.files());
        fs::remove_dir_all(sealed.path("slow")).unwrap();
    }
}

#[test]
fn signal_ends_a_fetch_into_a_pipe_without_a_reader() {
    let (sealed, sandbox) = filled();
    let pipe = sealed.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let args = ["fetch", "contacts", "--rate", "100000", "-vv", "--state-dir", "piped", "-o", "pipe"];
    let mut child = command(&sealed, &sandbox, &args).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut output = String::new();
    while output.matches("answered").count() < 3 {
        assert!(lines.read_line(&mut output).unwrap() > 0, "{output}");
    }
    let mut fetching = Running { child, printed: String::new() };
    fetching.signal("TERM");
    assert_eq!(fetching.child.wait().unwrap().code(), Some(143));
    assert!(pipe.exists(), "a pipe is never replaced");
}

#[test]
fn stored_numbers_match_in_any_form() {
    let sealed = Sealed::new();
    let shapes = [
        ("+919876500001", "+91", "+91"),
        ("919876500002", "91", "+"),
        ("9876500003", "+91", "91"),
        ("00919876500004", "", "+"),
        ("09876500005", "+91", "+"),
    ];
    let contacts: Vec<Value> = (1..)
        .zip(shapes)
        .map(|(n, (number, code, extension))| {
            let phone = serde_json::json!({"phoneNumber": number, "countryCode": code, "extension": extension});
            serde_json::json!({"id": format!("c{n}"), "firstName": "ZOË", "lastName": " Li ", "cellPhone": phone})
        })
        .collect();
    sealed.write("seed.json", serde_json::to_string(&contacts).unwrap());
    let sandbox = Running::sandbox(&sealed, &["--seed", "seed.json", "--rate-limit", "100000"]);
    let mut list = "First Name,Last Name,Salutation,Mobile\n".to_owned();
    (1..=5).for_each(|n| writeln!(list, "Zoe\u{308},li,Ms,+91 98765 0000{n}").unwrap());
    sealed.write("list.csv", list);
    let report = imported(&sealed, &sandbox, "state", &[]);
    assert_eq!(report["platform"]["existing_ambiguous_numbers"], 0);
    let rows: Vec<String> = sealed.outcomes("out").iter().map(Outcome::brief).collect();
    assert_eq!(rows, (2..=6).map(|row| format!("{row} existing same-name")).collect::<Vec<_>>());
}

#[test]
fn ambiguous_stored_number_matches_both_readings_and_is_reported() {
    let sealed = Sealed::new();
    let phone = serde_json::json!({"phoneNumber": "4961234567", "countryCode": "49", "extension": "+"});
    let contact = serde_json::json!([{"id": "c1", "firstName": "A", "lastName": "B", "cellPhone": phone}]);
    sealed.write("seed.json", contact.to_string());
    let sandbox = Running::sandbox(&sealed, &["--seed", "seed.json", "--rate-limit", "100000"]);
    sealed.write(
        "list.csv",
        "First Name,Last Name,Salutation,Mobile\nA,B,Mr,+49 4961 234567\nC,D,Mr,+49 61234567\n",
    );
    let output = import(&sealed, &sandbox, &["--accept", "possible", "--rate", "100000", "--out", "out"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let rows = sealed.outcomes("out");
    assert_eq!(
        (rows[0].brief(), rows[1].brief()),
        ("2 existing same-name".to_owned(), "3 existing other-name".to_owned())
    );
    assert_eq!(rows[0].detail, "existing contact: A B (id c1), whose number may also be +4961234567");
    assert_eq!(sealed.report("out")["platform"]["existing_ambiguous_numbers"], 1);
    assert!(
        output.stderr.contains("The platform has 1 contact with an ambiguous number"),
        "{}",
        output.stderr
    );
}
