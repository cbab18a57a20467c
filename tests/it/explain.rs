//! `rollcall explain`, which shows step by step how rollcall reads a row.

use serde_json::Value;

use crate::sealed::{Outcome, Sealed};

const LIST: &str = "Some title,,,,,\n\
    First Name,Last Name,Salutation,Mobile,Phone,Country,Remark\n\
    Dr. Anna,Beispiel,,0171 1234567,,Germany,\n\
    ,,,,,,\n\
    Bert,,Capt.,020 7946,020 7946 0123,Engand,\"one\ntwo\"\n\
    Carl,Example,Mr,491711234567,,DE,\n\
    Total,,,,,,\n";

fn explained(sealed: &Sealed, rows: &[&str]) -> Vec<Value> {
    let args = ["explain", "list.csv"].into_iter().chain(rows.iter().copied()).chain(["--json"]);
    let output = sealed.run(&args.collect::<Vec<_>>());
    assert_eq!(output.code, 0, "{}", output.stderr);
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(json["schema"], "rollcall.explain/1");
    json["rows"].as_array().unwrap().clone()
}

/// Returns the steps of a row: field, column, value and rule.
fn steps(row: &Value) -> Vec<String> {
    let steps = row["steps"].as_array().unwrap().iter();
    let brief = |step: &Value| {
        let part = |name: &str| step[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} {} {}", part("field"), part("column"), part("value"), part("rule"))
    };
    steps.map(brief).collect()
}

#[test]
fn valid_row_is_explained_cell_by_cell() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let rows = explained(&sealed, &["3"]);
    assert_eq!(
        steps(&rows[0]),
        [
            "country Country DE (+49) a country by its code, name or dialing code",
            "phone Mobile +491711234567 read as it is dialed in DE (+49); the leading `0` is not part of it",
            "phone Phone - empty",
            "first_name First Name Anna the title before the name becomes the salutation",
            "last_name Last Name Beispiel unchanged",
            "salutation Salutation Dr the title before a name",
        ]
    );
    assert_eq!(rows[0]["outcome"], "valid");
    assert_eq!(rows[0]["contact"]["number"], "491711234567");
    assert_eq!(rows[0]["steps"][1]["matched_by"], "its header");
    let output = sealed.run(&["explain", "list.csv", "3"]);
    assert!(output.stdout.contains("phone from `Mobile` (column 4, by its header)"), "{}", output.stdout);
    assert!(
        output.stdout.contains("The row by itself: valid\n    Dr Anna Beispiel, +49 1711234567 (DE, mobile)")
    );
}

#[test]
fn rejected_row_is_explained_with_problems_and_remedies() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let rows = explained(&sealed, &["5", "7"]);
    assert_eq!(rows[0]["outcome"], "rejected");
    let codes: Vec<&str> = rows[0]["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["unknown-country", "missing-last-name", "unknown-salutation"]);
    assert!(rows[0]["problems"][0]["remedy"].as_str().unwrap().starts_with("Write the country's"));
    // The digits can be either of two numbers.
    assert_eq!(rows[1]["problems"][0]["code"], "ambiguous-number");
    let others: Vec<&str> = rows[1]["other_readings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reading| reading["number"].as_str().unwrap())
        .collect();
    assert_eq!(others, ["+49491711234567", "+491711234567"]);
    // `check` gives the same outcomes.
    let output = sealed.run(&["check", "list.csv", "--out", "out", "-q"]);
    assert_eq!(output.code, 1);
    let outcomes: Vec<String> = sealed.outcomes("out").iter().map(Outcome::brief).collect();
    assert_eq!(outcomes, ["3 valid", "5 rejected unknown-country", "7 rejected ambiguous-number"]);
}

#[test]
fn lines_that_are_not_rows_are_explained() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let rows = explained(&sealed, &["1", "2", "4", "6", "8"]);
    let reasons: Vec<&str> = rows.iter().map(|row| row["not_a_row"].as_str().unwrap()).collect();
    assert_eq!(
        reasons,
        [
            "skipped: above the header, which is row 2",
            "the header",
            "blank",
            "part of the row that begins in line 5",
            "skipped: below the list, such as a total or a remark",
        ]
    );
    let output = sealed.run(&["explain", "list.csv", "3", "99"]);
    assert_eq!(output.code, 2);
    assert!(output.stdout.contains("row 3"), "row 3 is explained");
    assert!(
        output.stderr.contains("row 99 of list.csv: not in the file, whose last row is 8"),
        "{}",
        output.stderr
    );
}

#[test]
fn reading_options_and_aliases_apply() {
    let sealed = Sealed::new();
    sealed.write("list.csv", "a,b,c\nAnna Beispiel,Capt.,020 7946 0123\n");
    sealed.write("rollcall.toml", "[values.salutation]\n\"Capt.\" = \"Mr\"\n");
    let options = ["--map", "full_name=a", "--map", "salutation=b", "--map", "phone=c", "--region", "GB"];
    let args = ["explain", "list.csv", "2", "--json"].into_iter().chain(options);
    let output = sealed.run(&args.collect::<Vec<_>>());
    assert_eq!(output.code, 0, "{}", output.stderr);
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    let row = &json["rows"][0];
    assert_eq!(
        steps(row),
        [
            "country - GB (+44) --region, because the row names no country",
            "phone c +442079460123 read as it is dialed in GB (+44); the leading `0` is not part of it",
            "full_name a Anna | Beispiel split into first and last name",
            "first_name - Anna part of the full name",
            "last_name - Beispiel part of the full name",
            "salutation b Mr an alias of rollcall.toml",
        ]
    );
    assert_eq!(row["steps"][1]["matched_by"], "--map");
}
