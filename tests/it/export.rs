//! `--export`, which writes the contacts that rollcall posts or would post.

use crate::sealed::{Outcome, Sealed};

const LIST: &str = "First Name,Last Name,Salutation,Mobile,Country,Time Zone,uniqueId\n\
    Anna,Beispiel,Ms,0171 1234567,DE,,a-1\n\
    Bob,Example,Mr,(201) 555-0123,US,america/new_york,a-2\n\
    Bob,Example,Mr,(201) 555-0123,US,,a-3\n\
    Carl,Example,Mr,555-0123,US,,a-4\n\
    Dee,Example,Dr,020 7946 0123,GB,Mars/Base,a-5\n";

fn numbers(sealed: &Sealed, folder: &str) -> Vec<String> {
    let rows = sealed.outcomes(folder).into_iter().filter(|row| row.outcome == "valid");
    rows.map(|row| row.number).collect()
}

#[test]
fn exported_files_are_read_back_with_the_same_contacts() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let output = sealed.run(&["check", "list.csv", "--out", "a", "--export", "contacts.csv"]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(output.stderr.contains("Exported: 3 contacts to contacts.csv"), "{}", output.stderr);
    assert_eq!(
        sealed.report("a")["export"],
        serde_json::json!({"file": "contacts.csv", "layout": "contacts", "contacts": 3, "written": true})
    );
    let options = ["--export", "list.xlsx", "--export-layout", "list", "-q"];
    let args: Vec<&str> = ["check", "list.csv", "--out", "b"].into_iter().chain(options).collect();
    assert_eq!(sealed.run(&args).code, 1);

    let checked = numbers(&sealed, "a");
    assert_eq!(checked, ["491711234567", "12015550123", "442079460123"]);
    for (file, folder) in [("contacts.csv", "c"), ("list.xlsx", "d")] {
        let output = sealed.run(&["check", file, "--out", folder, "--default-salutation", "Mr"]);
        assert_eq!(output.code, 0, "{file}: {}", output.stderr);
        assert_eq!(numbers(&sealed, folder), checked, "{file}");
    }
    let options = ["--export", "full.ndjson", "--export-layout", "full", "-q"];
    let args: Vec<&str> = ["check", "list.csv", "--out", "e"].into_iter().chain(options).collect();
    assert_eq!(sealed.run(&args).code, 1);
    let lines = sealed.read("full.ndjson");
    let rows: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let zones: Vec<&str> = rows.iter().map(|row| row["rollcall_time_zone"].as_str().unwrap()).collect();
    assert_eq!(zones, ["Europe/Berlin", "America/New_York", "Europe/London"]);
    assert_eq!((&rows[1]["Mobile"], &rows[1]["rollcall_row"]), (&"(201) 555-0123".into(), &"3".into()));
}

#[test]
fn map_option_sets_the_columns_of_an_export() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST.replace("Time Zone,uniqueId", "Ortszeit,Key"));
    let export = ["--export", "list.csv.csv", "--export-layout", "list", "-q"];
    let map = ["--map", "time_zone=Ortszeit", "--map", "unique_id=7", "--map", "priority=Mobile"];
    let args = ["check", "list.csv", "--out", "a"].into_iter().chain(export).chain(map);
    assert_eq!(sealed.run(&args.collect::<Vec<_>>()).code, 1);
    let exported = sealed.read("list.csv.csv");
    assert_eq!(
        exported.lines().nth(2),
        Some("Bob,Example,\"+12015550123\",America/New_York,a-2,(201) 555-0123"),
        "{exported}"
    );
    let columns = sealed.report("a")["inputs"][0]["columns"].clone();
    assert_eq!((&columns["phone"], &columns["time_zone"]), (&"Mobile".into(), &"Ortszeit".into()));
}

#[test]
fn existing_export_file_and_unknown_format_are_refused() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    sealed.write("mine.csv", "mine");
    for (file, reason) in [
        ("mine.csv", "mine.csv already exists; not overwritten"),
        ("list.csv", "list.csv already exists; not overwritten"),
        ("contacts.json", "is not a known format"),
        ("out/outcomes.csv", "is a file of the run itself"),
    ] {
        for command in [&["check", "list.csv"][..], &["import", "list.csv", "--sandbox"]] {
            let options = ["--out", "out", "--export", file];
            let args: Vec<&str> = command.iter().copied().chain(options).collect();
            let output = sealed.run(&args);
            assert_eq!(output.code, 2, "{}", output.stderr);
            assert!(output.stderr.contains(reason), "{}", output.stderr);
        }
    }
    assert_eq!(sealed.read("mine.csv"), "mine");
    assert_eq!(sealed.files(), ["list.csv", "mine.csv"]);
}

#[test]
fn import_exports_the_created_contacts() {
    let sealed = Sealed::new().with_samples();
    let args =
        ["import", "samples/contacts.csv", "--sandbox", "--out", "out", "--export", "new/contacts.csv"];
    assert_eq!(sealed.run(&args).code, 1);
    let created: Vec<Outcome> =
        sealed.outcomes("out").into_iter().filter(|row| row.outcome == "created").collect();
    let text = sealed.read("new/contacts.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let exported: Vec<String> = reader
        .records()
        .map(Result::unwrap)
        .map(|record| format!("{}{}", record[4].trim_start_matches('+'), &record[3]))
        .collect();
    assert!(!exported.is_empty());
    assert_eq!(exported, created.into_iter().map(|row| row.number).collect::<Vec<_>>());
}
