//! Suppression by file, contact list and campaign.

use std::io::{BufRead as _, BufReader};

use crate::{
    sandboxed::{command, import, run},
    scripted::{Reply, Scripted},
    sealed::{Ended, Outcome, Running, Sealed, assert_same, ended},
};

const LIST: &str = "First Name,Last Name,Salutation,Mobile\n\
    Asha,Rao,Mrs,+919876500001\n\
    Bo,Li,Mr,+919876500003\n\
    Cy,Wu,Mr,+919876500004\n\
    Di,Wu,Mr,+919876500005\n\
    Ed,Zed,Mr,+919876500010\n\
    ,Nameless,Mr,+919876500011\n\
    Meera,Existing,Mrs,+442079460601\n\
    Gi,New,Mr,+919876500020\n\
    Gi,Again,Mr,+919876500020\n";

fn list_and_sandbox() -> (Sealed, Running) {
    let sealed = Sealed::new().with_samples();
    sealed.write("list.csv", LIST);
    sealed.write("people.csv", "phoneNumber\n919876500001\n919876500020\n");
    sealed.write(
        "called.csv",
        "phoneNumber,dialerOutcome,numberOfAttemptsSoFar\n919876500003,Completed,2\n919876500004,,0\n919876500005,busy,1\n",
    );
    sealed.write(
        "dnc.csv",
        "number,valid until\n919876500010,2999-12-31\n+91 98765 00011,\n+442079460601,2020-01-01\n",
    );
    let options = [
        "--seed",
        "samples/platform.json",
        "--list",
        "cl-1=people.csv",
        "--campaign",
        "cm-1=called.csv",
        "--rate-limit",
        "100000",
        "--page-cap",
        "2",
    ];
    let sandbox = Running::sandbox(&sealed, &options);
    (sealed, sandbox)
}

/// Imports the list. Also returns the outcomes of its rows.
fn imported(sealed: &Sealed, sandbox: &Running, args: &[&str]) -> (Ended, Vec<String>) {
    let output = import(sealed, sandbox, &[&["--out", "out", "--rate", "100000"], args].concat());
    let rows = sealed.outcomes("out").iter().map(Outcome::brief).collect();
    (output, rows)
}

#[test]
fn suppressed_wins_over_rejected_duplicate_and_existing() {
    let (sealed, sandbox) = list_and_sandbox();
    let exclude = ["--exclude-file", "dnc.csv", "--exclude-list", "cl-1", "--exclude-campaign", "cm-1"];
    let (output, rows) = imported(&sealed, &sandbox, &exclude);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_eq!(
        rows,
        [
            "2 suppressed in-list",
            "3 suppressed in-campaign",
            "4 suppressed in-campaign",
            "5 suppressed in-campaign",
            "6 suppressed in-file",
            // The row has no first name, but a suppressed row needs no fix.
            "7 suppressed in-file",
            // An expired entry suppresses nobody.
            "8 existing same-name",
            // Both rows have the number.
            "9 suppressed in-list",
            "10 suppressed in-list",
        ]
    );
    let details: Vec<String> = sealed.outcomes("out").into_iter().map(|row| row.detail).collect();
    assert_eq!(details[0], "in contact list cl-1");
    assert_eq!(details[1], "in campaign cm-1");
    assert_eq!(details[4], "in dnc.csv, row 2");
    let report = sealed.report("out");
    assert_eq!(report["platform"]["post"], 0);
    // One page of the list, two of the campaign, three of the contacts.
    assert_eq!(report["platform"]["get"], 6);
    let excluded = report["excluded"].as_array().unwrap();
    let sources: Vec<_> = excluded
        .iter()
        .map(|source| (source["code"].as_str().unwrap(), source["numbers"].as_u64().unwrap()))
        .collect();
    assert_eq!(sources, [("in-file", 2), ("in-list", 2), ("in-campaign", 3)]);
    assert_eq!(sealed.read("out/rejected.csv").lines().count(), 1, "nothing to fix");
}

#[test]
fn campaign_filter_suppresses_only_called_contacts() {
    for (filter, expected) in
        [("any", [true, true, true]), ("attempted", [true, false, true]), ("completed", [true, false, false])]
    {
        let (sealed, sandbox) = list_and_sandbox();
        let (_, rows) = imported(
            &sealed,
            &sandbox,
            &["--exclude-campaign", "cm-1", "--campaign-filter", filter, "--dry-run"],
        );
        let suppressed = [1, 2, 3].map(|row: usize| rows[row].ends_with("suppressed in-campaign"));
        assert_eq!(suppressed, expected, "{filter}: {rows:?}");
    }
}

#[test]
fn suppression_files_need_no_request_and_work_with_check() {
    let (sealed, sandbox) = list_and_sandbox();
    let (_, rows) = imported(&sealed, &sandbox, &["--exclude-file", "dnc.csv", "--dry-run"]);
    assert_eq!(rows[4..6], ["6 suppressed in-file", "7 suppressed in-file"]);
    assert_eq!(sealed.report("out")["platform"]["get"], 3);
    for keep in ["first", "last"] {
        let check =
            sealed.run(&["check", "list.csv", "--exclude-file", "dnc.csv", "--keep", keep, "--out", "check"]);
        assert_eq!(check.code, 0, "{}", check.stderr);
        let rows: Vec<String> = sealed.outcomes("check").iter().map(Outcome::brief).collect();
        assert_eq!(rows[3..6], ["5 valid", "6 suppressed in-file", "7 suppressed in-file"]);
        assert_eq!(sealed.report("check")["totals"]["suppressed"], 2);
    }
}

#[test]
fn expiry_and_unreadable_entries_of_a_suppression_file_are_reported() {
    let (sealed, sandbox) = list_and_sandbox();
    let (output, _) =
        imported(&sealed, &sandbox, &["--exclude-file", "dnc.csv", "--dry-run", "--region", "IN"]);
    assert_same!(output.stderr, @r"
    list.csv  CSV
      phone = Mobile, first name = First Name, last name = Last Name, salutation = Salutation
      note: dnc.csv: no header is known to mean phone numbers; they are those of the column `number`
      note: dnc.csv: rows that have expired by the column `valid until`, which suppress nobody: 1

    5 of 9 rows would be posted.

        9  rows
      − 2  suppressed do-not-call or hidden
      − 1  duplicate  same number as another row
      − 1  existing   on the platform already
      = 5  planned    would be posted

    To post: 5 new contacts in 1 request to post and 1 to read, less than a minute

    http://127.0.0.1:PORT: 3 requests (3 to read, 0 to post)

    Files: out/  outcomes.csv  rejected.csv  rejected.xlsx  report.html  report.json
    ");
}

#[test]
fn numbers_without_a_country_are_reported_or_stop_the_import() {
    let (sealed, _other) = list_and_sandbox();
    sealed.write("some.csv", "phoneNumber\n9876500001\n919876500003\n919876500004\nnobody\n");
    sealed.write("most.csv", "phoneNumber\n9876500001\n9876500003\n919876500004\n");
    sealed.write("odd.csv", "phoneNumber\n1000000001\n1000000002\n919876500003\n");
    let lists = ["--list", "some=some.csv", "--list", "most=most.csv", "--list", "odd=odd.csv"];
    let options = [&lists[..], &["--rate-limit", "100000"]].concat();
    let sandbox = Running::sandbox(&sealed, &options);
    let some = ["--exclude-list", "some", "--dry-run", "--allow-unreadable-suppressions", "2"];
    let (some, rows) = imported(&sealed, &sandbox, &some);
    assert_eq!(rows[..2], ["2 planned", "3 suppressed in-list"]);
    let output = some.stderr.replace("\n  ", " ");
    for expected in [
        "contact list some: contacts without a readable number, which suppress nobody: 1",
        "contact list some: contacts without a valid international number: 1. If the",
    ] {
        assert!(output.contains(expected), "{output}");
    }
    let (most, rows) = imported(&sealed, &sandbox, &["--exclude-list", "most"]);
    assert_eq!((most.code, rows[0].as_str()), (2, "2 pending"));
    assert!(
        most.stderr.ends_with(
            "error: most numbers in the contact list most (2) are not valid international numbers\n\
         hint: Nothing was posted: these numbers would exclude nobody. Set their country with --region.\n"
        ),
        "{}",
        most.stderr
    );
    // The suppressed numbers can be from another region than the new contacts.
    for (list, region) in [("most", "GB"), ("odd", "IN")] {
        let (refused, rows) = imported(&sealed, &sandbox, &["--exclude-list", list, "--region", region]);
        assert_eq!((refused.code, rows[0].as_str()), (2, "2 pending"), "{list}");
        let message =
            format!("contact list {list} (2) are not valid international numbers, nor numbers of {region}\n");
        assert!(refused.stderr.contains(&message), "{}", refused.stderr);
    }
    let allowed = ["--allow-unreadable-suppressions", "2"];
    let options = [&["--exclude-list", "some", "--dry-run", "--region", "GB"], &allowed[..]].concat();
    let (some, rows) = imported(&sealed, &sandbox, &options);
    assert_eq!(rows[..2], ["2 planned", "3 suppressed in-list"]);
    let output = some.stderr.replace("\n  ", " ");
    assert!(output.contains("even read as GB, which may suppress nobody: 1"), "{output}");
    for list in ["some", "most"] {
        let options = [&["--exclude-list", list, "--dry-run", "--region", "IN"], &allowed[..]].concat();
        let (_, rows) = imported(&sealed, &sandbox, &options);
        assert_eq!(rows[..2], ["2 suppressed in-list", "3 suppressed in-list"]);
    }
}

/// Source: glific/glific issue 660 (masked numbers), FTC do-not-call flat files (unreadable rows).
#[test]
fn unreadable_suppressions_stop_the_import_unless_allowed() {
    let (sealed, _other) = list_and_sandbox();
    sealed.write("masked.csv", "phoneNumber\n91987****003\n9198765000**\n919876500005\n919876500009\n");
    sealed.write("torn.csv", "number\n+919876500001\n+91 98765\nnobody\n");
    let options = ["--list", "masked=masked.csv", "--rate-limit", "100000"];
    let sandbox = Running::sandbox(&sealed, &options);
    let (refused, rows) = imported(&sealed, &sandbox, &["--exclude-list", "masked", "--region", "IN"]);
    assert_eq!((refused.code, rows[0].as_str()), (2, "2 pending"));
    assert!(
        refused.stderr.contains(
            "error: rollcall cannot read the number in 2 entries of the contact list masked, 2 of them with masked digits: \
             `91987****003`, `9198765000**`. It would call these people\nhint: Nothing was posted."
        ),
        "{}",
        refused.stderr
    );
    let (refused, _) = imported(&sealed, &sandbox, &["--exclude-file", "torn.csv"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    // Following the hints starts another import, so these cannot be resumed.
    let runs = run(&sealed, &sandbox, &["runs", "--json"]);
    let runs: Vec<serde_json::Value> = serde_json::from_str(&runs.stdout).unwrap();
    assert!(runs.len() == 2 && runs.iter().all(|run| run["state"] == "failed"), "{runs:?}");
    let options = ["--exclude-list", "masked", "--dry-run", "--allow-unreadable-suppressions", "2"];
    let (_, rows) = imported(&sealed, &sandbox, &options);
    assert_eq!(rows[..4], ["2 planned", "3 suppressed in-list", "4 planned", "5 suppressed in-list"]);
    let detail = &sealed.outcomes("out")[1].detail;
    assert_eq!(
        detail,
        "in contact list masked, as +91987****003: digits are masked there, and it may be this number"
    );

    let options = ["--exclude-file", "torn.csv", "--region", "IN"];
    let (refused, _) = imported(&sealed, &sandbox, &[&options[..], &["--dry-run"]].concat());
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("cannot read the number in 1 entry of torn.csv: row 3 ("),
        "{}",
        refused.stderr
    );
    let allowed = [&options[..], &["--dry-run", "--allow-unreadable-suppressions", "1"]].concat();
    let (output, rows) = imported(&sealed, &sandbox, &allowed);
    assert_eq!((output.code, rows[0].as_str()), (1, "2 suppressed in-file"), "{}", output.stderr);
}

/// Source: signalapp/Signal-Android issue 5928, jackocnr/intl-tel-input issue 1230.
#[test]
fn suppressed_numbers_match_in_every_form() {
    let (sealed, _other) = list_and_sandbox();
    sealed.write(
        "old.csv",
        "phoneNumber\n9109876500001\n5212221234567\n54 11 15 2345 6789\n+44 (0)20 7946 0601\n39612345678\n919876500009\n",
    );
    sealed.write(
        "people.csv",
        "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876500001\nBo,Li,Mr,+522221234567\n\
         Cy,Wu,Mr,+5491123456789\nDi,Wu,Ms,+442079460601\nEd,Zed,Mr,+390612345678\n",
    );
    let sandbox = Running::sandbox(&sealed, &["--list", "old=old.csv", "--rate-limit", "100000"]);
    let args = ["import", "people.csv", "--yes", "--exclude-list", "old", "--out", "out"];
    let output = run(&sealed, &sandbox, &args);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let rows: Vec<String> = sealed.outcomes("out").iter().map(Outcome::brief).collect();
    let expected: Vec<String> = (2..7).map(|row| format!("{row} suppressed in-list")).collect();
    assert_eq!(rows, expected);
}

#[test]
fn area_code_in_its_own_column_is_joined_to_the_number() {
    let sealed = Sealed::new();
    sealed.write(
        "people.csv",
        "First Name,Last Name,Salutation,Phone\nAnn,Low,Ms,(201) 555-0103\nBo,Low,Mr,(312) 555-0105\nCy,Low,Mr,(312) 555-0106\n",
    );
    for (name, content) in [
        ("flat.txt", "201,5550101\n201,5550103\n312,5550105\n"),
        ("named.csv", "AreaCode,PhoneNumber\n201,555-0103\n312,555-0105\n"),
        ("other.csv", "NPA\tSubscriber\n201\t5550103\n312\t5550105\n"),
        ("three.csv", "201,555,0103\n312,555,0105\n"),
    ] {
        sealed.write(name, content);
        for region in [&["--region", "US"][..], &[]] {
            let args = [
                &["check", "people.csv", "--exclude-file", name, "--out", "out", "--map", "phone=Phone"],
                region,
            ];
            let output = sealed.run(&args.concat());
            let rows: Vec<String> = sealed.outcomes("out").iter().map(Outcome::brief).collect();
            let expected = if region.is_empty() { "rejected" } else { "suppressed" };
            assert!(
                rows[0].contains(expected) && rows[1].contains(expected),
                "{name}: {rows:?} {}",
                output.stderr
            );
            assert!(
                output.stderr.contains("joins the columns with the parts of a number"),
                "{name}: {}",
                output.stderr
            );
        }
    }
    let args = ["check", "people.csv", "--exclude-file", "flat.txt", "--out", "out", "--region", "IN"];
    let output = sealed.run(&args);
    assert_eq!(output.code, 2);
    assert!(output.stderr.contains("join the parts in one column first"), "{}", output.stderr);
}

#[test]
fn suppression_file_without_entries_is_reported() {
    let (sealed, sandbox) = list_and_sandbox();
    sealed.write("empty.csv", "phone,expires\n");
    let warning = "warning: empty.csv: it has a header but no entries, so it suppresses nobody";
    let checked = sealed.run(&["check", "list.csv", "--exclude-file", "empty.csv", "--out", "checked"]);
    let imported =
        import(&sealed, &sandbox, &["--exclude-file", "empty.csv", "--dry-run", "--out", "imported"]);
    for (output, out) in [(checked, "checked"), (imported, "imported")] {
        assert!(output.stderr.contains(warning), "{}", output.stderr);
        let report: serde_json::Value =
            serde_json::from_str(&sealed.read(&format!("{out}/report.json"))).unwrap();
        assert_eq!(report["excluded"][0]["empty"], true, "{report:#}");
    }
}

#[test]
fn interrupted_import_is_resumed_with_its_suppressions() {
    let (sealed, sandbox) = list_and_sandbox();
    let mut slow = command(
        &sealed,
        &sandbox,
        &[
            "import",
            "list.csv",
            "--exclude-file",
            "dnc.csv",
            "--rate",
            "4",
            "--batch-size",
            "1",
            "--out",
            "out",
        ],
    );
    let mut child = slow.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut output = String::new();
    // Three requests read, one posts, and the next one waits for a minute.
    while !output.contains("waiting") {
        assert!(lines.read_line(&mut output).unwrap() > 0, "{output}");
    }
    let mut importing = Running { child, printed: String::new() };
    // The terminal was closed.
    importing.signal("HUP");
    assert_eq!(importing.child.wait().unwrap().code(), Some(129));
    // The account's requests must be available again.
    let journal =
        rusqlite::Connection::open(sealed.home().join(".local/state/rollcall/journal.sqlite3")).unwrap();
    journal.execute("DELETE FROM slot", []).unwrap();
    let command: String = journal.query_row("SELECT command FROM run", [], |row| row.get(0)).unwrap();
    journal
        .execute("UPDATE run SET command = ?1", [command.replace("\"rate\":4", "\"rate\":100000")])
        .unwrap();
    drop(journal);
    let resumed = run(&sealed, &sandbox, &["resume"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    let rows: Vec<String> = sealed.outcomes("out").iter().map(Outcome::brief).collect();
    assert_eq!(rows[3..6], ["5 created", "6 suppressed in-file", "7 suppressed in-file"]);
}

#[test]
fn unreadable_suppression_source_posts_nothing() {
    let (sealed, sandbox) = list_and_sandbox();
    let (list, rows) = imported(&sealed, &sandbox, &["--exclude-list", "nobody"]);
    // Running the import again cannot help.
    assert_eq!(list.code, 2);
    assert!(
        list.stderr.contains("error: the platform has no contact list nobody: HTTP 404"),
        "{}",
        list.stderr
    );
    assert!(rows.iter().all(|row| !row.contains("created")), "{rows:?}");
    let report = sealed.report("out");
    assert_eq!((&report["complete"], &report["platform"]["post"]), (&false.into(), &0.into()));
    // With the same list it would fail again, so there is nothing to resume.
    assert!(
        run(&sealed, &sandbox, &["resume"])
            .stderr
            .contains("nothing to resume: no import of a file is unfinished")
    );

    for (file, content, message) in [
        ("missing.csv", None, "error: missing.csv: No such file"),
        (
            "names.csv",
            Some("Name,City\nAsha,Pune\n"),
            "no column is known to hold the numbers to suppress; the columns are `Name`, `City`",
        ),
    ] {
        if let Some(content) = content {
            sealed.write(file, content);
        }
        let output = import(&sealed, &sandbox, &["--exclude-file", file, "--out", "none"]);
        assert_eq!(output.code, 2);
        assert!(output.stderr.contains(message), "{}", output.stderr);
        assert!(!sealed.path("none").exists());
        let checked = sealed.run(&["check", "list.csv", "--exclude-file", file, "--out", "none"]);
        assert!(checked.code == 2 && checked.stderr.contains(message), "{}", checked.stderr);
    }
    let refused = import(&sealed, &sandbox, &["--campaign-filter", "completed"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("--campaign-filter requires a campaign"), "{}", refused.stderr);
}

/// An id that the platform refuses is a wrong setting, like an unknown id.
#[test]
fn refused_id_is_wrong_usage() {
    let platform = Scripted::serve(|request| {
        if request.target.contains("contactList") {
            Reply::Answer(400, "{\"errors\": [{\"msg\": \"no such id\"}]}".to_owned())
        } else {
            Reply::Answer(
                200,
                "{\"results\": [], \"skip\": 0, \"limit\": 10, \"totalResults\": 0}".to_owned(),
            )
        }
    });
    let sealed = Sealed::new();
    sealed.write("list.csv", "Salutation,First Name,Last Name,Phone\nMs,Asha,Rao,+919876543201\n");
    for args in [["fetch", "list", "cl-1", "-q"], ["import", "list.csv", "--exclude-list=cl-1", "-q"]] {
        let mut command = sealed.command(&args);
        command.env("ROLLCALL_HOST", format!("http://{}", platform.address()));
        for (name, value) in
            [("STREAM_ID", "st-1"), ("ACCOUNT_ID", "a-1"), ("TOKEN", "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmVk")]
        {
            command.env(format!("ROLLCALL_{name}"), value);
        }
        let output = ended(command);
        assert_eq!(output.code, 2, "{args:?} {}", output.stderr);
        assert!(
            output.stderr.contains("the platform refuses the contact list cl-1: HTTP 400"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn campaign_filter_can_be_repeated_and_be_alone_in_a_file() {
    let (sealed, sandbox) = list_and_sandbox();
    let suppressed = |args: &[&str]| {
        let args = [&["--exclude-campaign", "cm-1", "--dry-run"], args].concat();
        let (output, rows) = imported(&sealed, &sandbox, &args);
        assert!(output.code <= 1, "{}", output.stderr);
        rows.iter().filter(|row| row.ends_with("suppressed in-campaign")).count()
    };
    let count = |filter: &str| suppressed(&["--campaign-filter", filter]);
    assert!(count("any") > count("attempted") && count("attempted") > count("completed"));
    // A contact that either filter names is suppressed.
    let both = ["--campaign-filter", "attempted", "--campaign-filter", "completed"];
    assert_eq!(suppressed(&both), count("attempted"));
    sealed.write("own.toml", "campaign-filter = \"completed\"\n");
    assert_eq!(suppressed(&["--config", "own.toml"]), count("completed"));
    assert_eq!(suppressed(&["--config", "own.toml", "--campaign-filter", "any"]), count("any"));
    let alone = import(&sealed, &sandbox, &["--config", "own.toml", "--dry-run", "--out", "alone"]);
    assert!(alone.code <= 1, "{}", alone.stderr);
}

/// The setting is wrong, not the dropped file.
#[test]
#[cfg(unix)]
fn watched_files_wait_while_a_suppression_file_is_unusable() {
    let sealed = Sealed::new();
    sealed.write("drop/list.csv", "Salutation,First Name,Last Name,Phone\nMs,Asha,Rao,+919876543201\n");
    let watch = ["watch", "drop", "--once", "--sandbox", "--settle", "0"];
    for option in ["--exclude-file", "--existing"] {
        let output = sealed.run(&[&watch, [option, "missing.csv"].as_slice()].concat());
        assert_eq!(output.code, 2, "{}", output.stderr);
        assert!(output.stderr.contains("files are held back"), "{}", output.stderr);
        assert!(!sealed.path("drop/failed/list.csv").exists());
    }
    // With other settings, the file is imported under a new name.
    let output = sealed.run(&watch);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(sealed.path("drop/done/list.csv").exists());
}

#[test]
fn same_list_with_other_suppressions_is_another_import() {
    let (sealed, sandbox) = list_and_sandbox();
    let (_, rows) = imported(&sealed, &sandbox, &[]);
    assert_eq!(rows[0], "2 created");
    // The contact exists now, but suppression takes precedence.
    let (_, rows) = imported(&sealed, &sandbox, &["--exclude-list", "cl-1"]);
    assert_eq!(rows[0], "2 suppressed in-list");
}
