//! The program's output for people, a scheduler's mail, and other programs.

use serde_json::Value;

use crate::{
    sandboxed::import,
    sealed::{Running, Sealed},
};

const LIST: &str = "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876500001\nBo,Li,Mr,12\n";

/// A scheduler mails this output.
#[test]
fn quiet_run_prints_one_line_if_something_is_wrong() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let good = "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876500001\n";
    sealed.write("good.csv", good);
    let check = |args: &[&str]| {
        let output = sealed.run(&[&["check", "-q", "--out", "out"], args].concat());
        (output.code, output.stdout, output.stderr)
    };
    assert_eq!(check(&["good.csv"]), (0, String::new(), String::new()));
    let (code, _, line) = check(&["list.csv"]);
    assert_eq!(code, 1);
    assert_eq!(
        line,
        "rollcall: 1 of 2 rows can be imported; 1 row must be fixed. The rows are in out/rejected.csv\n"
    );
    let (code, _, line) = check(&["missing.csv", "gone.csv"]);
    assert_eq!((code, line.lines().count()), (3, 1), "{line}");
    assert!(line.contains("missing.csv") && line.contains("gone.csv") && line.contains("hint: "), "{line}");
}

#[test]
fn json_option_prints_the_report() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000"]);
    let checked = sealed.run(&["check", "list.csv", "--json", "--out", "checked"]);
    let imported = import(&sealed, &sandbox, &["--yes", "--json", "--out", "imported"]);
    for (output, folder) in [(checked, "checked"), (imported, "imported")] {
        let printed: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!((output.code, &printed), (1, &sealed.report(folder)));
    }
}

#[test]
fn every_line_of_the_json_log_is_an_object() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let output =
        sealed.run(&["check", "list.csv", "--log-format", "json", "--color", "always", "--out", "out"]);
    let lines: Vec<Value> =
        output.stderr.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let summary = &lines.last().unwrap()["fields"];
    assert_eq!((&summary["totals"]["rows"], &summary["problems"]["no-region"]), (&2.into(), &1.into()));
    assert!(lines.iter().all(|line| !line["fields"]["message"].as_str().unwrap().contains('\u{1b}')));
    let output = sealed.run(&["check", "gone.csv", "--log-format", "json"]);
    let line: Value = serde_json::from_str(&output.stderr).unwrap();
    assert_eq!((output.code, &line["level"]), (3, &"ERROR".into()));
    assert!(line["fields"]["hint"].is_string());
}

#[test]
fn list_with_too_many_rejected_rows_is_not_posted() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000"]);
    for (most, created) in [("0", 0), ("49.9%", 0), ("1", 1)] {
        let output = import(&sealed, &sandbox, &["--yes", "--max-rejected", most, "--out", "out"]);
        let report = sealed.report("out");
        assert_eq!((output.code, &report["totals"]["created"]), (1, &created.into()), "{most}");
        if created == 0 {
            assert_eq!(
                (&report["not_posted"], &report["platform"]["post"]),
                (&"too-many-rejected".into(), &0.into())
            );
            assert!(
                output.stderr.contains(
                    "Nothing was posted, because more rows are rejected than --max-rejected allows"
                ) && !output.stderr.contains("would be posted 1"),
                "{}",
                output.stderr
            );
        }
    }
    for wrong in ["many", "-1", "101%"] {
        let output = import(&sealed, &sandbox, &["--max-rejected", wrong]);
        assert_eq!(output.code, 2, "{}", output.stderr);
    }
}
