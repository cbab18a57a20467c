//! Columns that rollcall does not know: what the error says, and mappings that are remembered for files with the same
//! headers.

use std::{fs, process::Command};

use crate::{
    sandboxed::{command, import, run},
    sealed::{Outcome, Running, Sealed, USERS_FILE, ended},
};

const LIST: &str = "Who,Ring me,Town,Form\n\
    Asha Rao,+91 98765 43210,Pune,Ms\n\
    Ben Low,+91 98765 43211,Agra,Mr\n";

/// The mapping of the list, as rollcall stores it.
const MAPPING: &str = "[[mapping]]\n\
    headers = [\"Who\", \"Ring me\", \"Town\", \"Form\"]\n\
    phone = \"Ring me\"\n\
    full_name = \"Who\"\n\
    salutation = \"Form\"\n";

/// Runs a line in a shell, as if it was pasted.
fn pasted(sealed: &Sealed, line: &str) -> i32 {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(sealed.path("")).env_clear().env("HOME", sealed.home());
    ended(shell).code
}

fn outcomes(sealed: &Sealed, folder: &str) -> Vec<String> {
    sealed.outcomes(folder).iter().map(Outcome::brief).collect()
}

#[test]
fn unknown_columns_are_listed_with_one_command_that_works() {
    let sealed = Sealed::new();
    sealed.write("my list.csv", LIST);
    let refused = sealed.run(&["check", "my list.csv", "--region", "IN", "--out", "out"]);
    assert_eq!(refused.code, 3);
    let lines: Vec<&str> = refused.stderr.lines().collect();
    assert_eq!(
        lines[..5],
        [
            "error: my list.csv: no column is known to hold phone numbers",
            "  1  Who      Asha Rao, Ben Low                 probably full name",
            "  2  Ring me  +91 98765 43210, +91 98765 43211  probably phone",
            "  3  Town     Pune, Agra                        not used",
            "  4  Form     Ms, Mr                            probably salutation",
        ]
    );
    let (said, line) = lines[5].split_once("run: ").unwrap();
    assert_eq!(said, "hint: Check the columns above, and ");
    assert!(
        line.ends_with(
            "rollcall check 'my list.csv' --region IN --out out --map phone='Ring me' --map full_name=Who --map salutation=Form"
        ),
        "{line}"
    );
    assert_eq!(pasted(&sealed, line), 0);
    assert_eq!(outcomes(&sealed, "out"), ["2 valid", "3 valid"]);
}

#[test]
fn command_for_a_file_without_header_and_for_several_files_works() {
    let sealed = Sealed::new();
    let (_, rows) = LIST.split_once('\n').unwrap();
    sealed.write("rows.csv", rows);
    sealed.write("list.csv", LIST);
    sealed.write("known.csv", "Name,Phone\nIda Vale,+91 98765 43212\n");
    let refused = sealed.run(&["check", "rows.csv", "list.csv", "known.csv", "--default-salutation", "Ms"]);
    assert_eq!(refused.code, 3);
    let line = refused.stderr.lines().last().unwrap().split_once("run: ").unwrap().1;
    assert_eq!(line.matches("; ").count(), 2, "{line}");
    assert!(
        line.contains("check rows.csv --default-salutation Ms --no-header --map phone=2 --map full_name=1 --map salutation=4;"),
        "{line}"
    );
    assert_eq!(pasted(&sealed, &line.replace("; ", " && ")), 0, "each command");

    // The header need not be the first row.
    sealed.write(
        "title.csv",
        format!("Report,,,\n,,,\n{}", LIST.replace("Asha Rao", "Asha").replace("Ben Low", "Ben")),
    );
    let refused = sealed.run(&["check", "title.csv", "--default-last-name", "Rao"]);
    let line = refused.stderr.lines().last().unwrap().split_once("run: ").unwrap().1;
    assert!(line.ends_with("--map phone='Ring me' --map salutation=Form"), "{line}");
    assert_eq!(pasted(&sealed, line), 1, "only the first name is missing");
}

#[test]
fn no_column_is_suggested_without_phone_numbers() {
    let sealed = Sealed::new();
    sealed.write("list.csv", "Who,Ring Phone No.,Ref\nAsha Rao,none,10023455\n");
    let refused = sealed.run(&["check", "list.csv"]);
    assert_eq!(refused.code, 3);
    assert!(refused.stderr.contains("hint: No column holds phone numbers"), "{}", refused.stderr);
    assert!(
        !refused.stderr.contains("probably phone") && !refused.stderr.contains("run:"),
        "{}",
        refused.stderr
    );

    sealed.write("list.csv", LIST);
    let quiet = sealed.run(&["check", "list.csv", "-q"]).stderr;
    assert_eq!(quiet.lines().count(), 1, "schedulers send it by mail: {quiet}");
    let json = sealed.run(&["check", "list.csv", "--log-format", "json"]).stderr;
    let json: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert!(
        json["fields"]["message"].as_str().unwrap().contains("the columns are `Who`, `Ring me`"),
        "{json}"
    );
    assert!(json["fields"]["hint"].as_str().unwrap().contains("--map phone='Ring me'"), "{json}");
}

#[test]
fn remembered_mapping_is_used_for_files_with_the_same_headers() {
    let sealed = Sealed::new();
    sealed.write(USERS_FILE, MAPPING);
    sealed.write("list.csv", LIST);
    sealed.write("next.csv", "town,FORM,Ring_me,Who\nDelhi,Ms,+91 98765 43212,Ida Vale\n");
    let output = sealed.run(&["check", "list.csv", "next.csv", "--out", "out"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let note = format!(
        "note: columns as remembered in {}: phone = `Ring me`, full name = `Who`, salutation = `Form`",
        sealed.home().join(".config/rollcall/rollcall.toml").display()
    );
    assert_eq!(said.matches(&note.split_whitespace().collect::<Vec<_>>().join(" ")).count(), 2, "{said}");
    assert_eq!(outcomes(&sealed, "out"), ["2 valid", "3 valid", "2 valid"]);

    let explained = sealed.run(&["explain", "list.csv", "2"]);
    assert!(
        explained.stdout.contains("`Ring me` (column 2, by a remembered mapping)"),
        "{}",
        explained.stdout
    );

    // The option wins for its field; the mapping still names the others.
    sealed.write("list.csv", LIST.replace("Town", "Mine").replace("Pune", "+91 98765 43213"));
    sealed.write(USERS_FILE, MAPPING.replace("Town", "Mine"));
    let output = sealed.run(&["check", "list.csv", "--map", "phone=Mine", "--out", "typed"]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    let rows = sealed.outcomes("typed");
    assert_eq!((rows[0].number.as_str(), rows[1].outcome.as_str()), ("919876543213", "rejected"));

    // Other headers are another list.
    sealed.write("other.csv", LIST.replace("Town", "Village"));
    assert_eq!(sealed.run(&["check", "other.csv"]).code, 3);
}

#[test]
fn users_mapping_wins_over_the_current_folders() {
    let sealed = Sealed::new();
    let list =
        LIST.replace("Town", "Or").replace("Pune", "+91 98765 43213").replace("Agra", "+91 98765 43214");
    sealed.write("list.csv", list);
    let mapping = MAPPING.replace("Town", "Or");
    sealed.write("rollcall.toml", mapping.replace("phone = \"Ring me\"", "phone = \"Or\""));
    let number = |folder: &str| {
        let output = sealed.run(&["check", "list.csv", "--out", folder]);
        assert_eq!(output.code, 0, "{}", output.stderr);
        sealed.outcomes(folder)[0].number.clone()
    };
    assert_eq!(number("folder"), "919876543213");
    sealed.write(USERS_FILE, &mapping);
    assert_eq!(number("user"), "919876543210");
    // In one file, the last one counts: it is the newest.
    sealed.write(
        USERS_FILE,
        format!("{mapping}\n{}", mapping.replace("phone = \"Ring me\"", "phone = \"Or\"")),
    );
    assert_eq!(number("last"), "919876543213");
}

#[test]
fn mapping_of_the_current_folder_does_not_weaken_suppression() {
    let sealed = Sealed::new();
    sealed.write(
        "list.csv",
        "Who,Ring me,Do Not Call\nAsha Rao,+91 98765 43210,yes\nBen Low,+91 98765 43211,\n",
    );
    sealed.write("dnc.csv", "Who,Ring me,Do Not Call\n98765 43219,+91 98765 43211,\n");
    sealed.write(
        "rollcall.toml",
        "[[mapping]]\nheaders = [\"Who\", \"Ring me\", \"Do Not Call\"]\nphone = \"Ring me\"\nfull_name = \"Who\"\n\
         unique_id = \"Do Not Call\"\n",
    );
    let options = ["--exclude-file", "dnc.csv", "--default-salutation", "Ms", "--out", "out"];
    let output = sealed.run(&[&["check", "list.csv"], &options[..]].concat());
    assert_eq!(output.code, 0, "{}", output.stderr);
    let rows = sealed.outcomes("out");
    assert_eq!(rows.iter().map(|row| row.outcome.as_str()).collect::<Vec<_>>(), ["suppressed", "suppressed"]);

    // A column that is also mapped as a phone still forbids calls.
    sealed.write(
        "rollcall.toml",
        "[[mapping]]\nheaders = [\"Who\", \"Ring me\", \"Do Not Call\"]\nphone = [\"Ring me\", \"Do Not Call\"]\n\
         full_name = \"Who\"\n",
    );
    let output = sealed.run(&[&["check", "list.csv"], &options[..4], &["--out", "both"]].concat());
    assert_eq!(output.code, 0, "{}", output.stderr);
    let outcomes: Vec<String> = sealed.outcomes("both").into_iter().map(|row| row.outcome).collect();
    assert!(!outcomes.contains(&"valid".to_owned()), "{outcomes:?}");

    sealed.write(
        "two.csv",
        "First Name,Last Name,Mobile,Do Not Call Mobile\nAsha,Rao,+91 98765 43210,+91 98765 43277\nBen,Low,,+91 98765 43278\n",
    );
    let maps = ["--map", "phone=Mobile", "--map", "phone=Do Not Call Mobile", "--default-salutation", "Ms"];
    let output = sealed.run(&[&["check", "two.csv", "--out", "two"], &maps[..]].concat());
    let outcomes: Vec<String> = sealed.outcomes("two").into_iter().map(|row| row.outcome).collect();
    assert!(!outcomes.contains(&"valid".to_owned()), "{outcomes:?} {}", output.stdout);
}

#[test]
fn wrong_mapping_is_refused_and_the_nearest_field_named() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    sealed.write(USERS_FILE, MAPPING.replace("phone =", "fone ="));
    let refused = sealed.run(&["check", "list.csv"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("there is no field `fone` for a table [[mapping]]; did you mean `phone`?"),
        "{}",
        refused.stderr
    );
    sealed.write(USERS_FILE, MAPPING);
    let doctor = sealed.run(&["doctor", "--sandbox"]);
    assert!(doctor.stdout.contains("mapping (1) ("), "{doctor:?}");
}

#[test]
fn import_is_the_same_only_with_the_same_mapping() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    sealed.write(USERS_FILE, MAPPING);
    let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000"]);
    let options = ["--state-dir", "state", "--out", "out"];
    let mut killed = command(&sealed, &sandbox, &[&["import", "list.csv"], &options[..]].concat());
    killed.env("ROLLCALL_FAIL_AT", "12!");
    assert_eq!(ended(killed).code, -1);
    // A mapping for other files changes nothing; one for this file does.
    let other = format!("{MAPPING}\n{}", MAPPING.replace("Town", "Village"));
    fs::write(sealed.path(USERS_FILE), MAPPING.replace("full_name = \"Who\"", "full_name = \"Town\""))
        .unwrap();
    let changed = import(&sealed, &sandbox, &["--state-dir", "state", "--out", "changed", "--dry-run"]);
    assert!(!changed.stderr.contains("resuming"), "{}", changed.stderr);
    fs::write(sealed.path(USERS_FILE), other).unwrap();
    let resumed = run(&sealed, &sandbox, &["resume", "--state-dir", "state"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert!(resumed.stderr.contains("resuming interrupted import"), "{}", resumed.stderr);
    assert_eq!(outcomes(&sealed, "out"), ["2 created", "3 created"]);
}
