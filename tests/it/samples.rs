//! All sample files, through the built program.

use crate::sealed::{Sealed, assert_same};

#[test]
fn csv_sample_checks_as_expected() {
    let sealed = Sealed::new().with_samples();
    let ended = sealed.run(&["check", "samples/contacts.csv", "--out", "out"]);
    assert_eq!(ended.code, 1);
    assert_same!("check_csv_summary", ended.stderr);
    assert_same!("check_csv_outcomes", sealed.read("out/outcomes.csv"));
    assert_same!("check_csv_rejected", sealed.read("out/rejected.csv"));
}

#[test]
fn xlsx_sample_checks_as_expected() {
    let sealed = Sealed::new().with_samples();
    let ended = sealed.run(&["check", "samples/contacts.xlsx", "--out", "out"]);
    assert_eq!(ended.code, 1);
    assert_same!("check_xlsx_outcomes", sealed.read("out/outcomes.csv"));
}

#[test]
fn samples_import_with_every_outcome() {
    for (file, created) in [("contacts.csv", 53), ("contacts.xlsx", 54)] {
        let sealed = Sealed::new().with_samples();
        let ended = sealed.run(&["import", &format!("samples/{file}"), "--sandbox", "--out", "out"]);
        assert_eq!(ended.code, 1, "{}", ended.stderr);
        let totals = &sealed.report("out")["totals"];
        assert_eq!(totals["created"], created, "{file}");
        for outcome in ["existing", "duplicate", "rejected", "failed"] {
            assert!(totals[outcome].as_u64() > Some(0), "{file}: {outcome}");
        }
        assert_eq!(sealed.report("out")["complete"], true);
    }
}

#[test]
fn do_not_call_sample_suppresses_people() {
    let sealed = Sealed::new().with_samples();
    let exclude = ["--exclude-file", "samples/do-not-call.csv", "--out", "out"];
    let ended = sealed.run(&[&["check", "samples/contacts.csv"], &exclude[..]].concat());
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let rows = sealed.outcomes("out");
    let suppressed = rows.iter().filter(|row| row.outcome == "suppressed");
    let suppressed: Vec<_> = suppressed.map(|row| (row.number.as_str(), row.detail.as_str())).collect();
    let [london, germany] = [
        ("442079460018", "in samples/do-not-call.csv, row 2"),
        ("491713920012", "in samples/do-not-call.csv, row 3"),
    ];
    // The list contains both twice.
    assert_eq!(suppressed, [london, germany, germany, london]);
    assert_eq!(
        (rows[0].number.as_str(), rows[0].outcome.as_str()),
        ("12015550123", "valid"),
        "it has expired"
    );
}

#[test]
fn platform_sample_seeds_a_sandbox() {
    let sealed = Sealed::new().with_samples();
    let sandbox = crate::sealed::Running::sandbox(&sealed, &["--seed", "samples/platform.json"]);
    let mut command = sealed.command(&["import", "samples/contacts.csv", "--dry-run", "--out", "out"]);
    sandbox.point(&mut command);
    let ended = crate::sealed::ended(command);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert_eq!(sealed.report("out")["platform"]["existing_contacts"], 6);
    assert_eq!(sealed.report("out")["platform"]["existing_repeated_numbers"], 1);
    assert_eq!(sealed.report("out")["totals"]["existing"], 4);
}
