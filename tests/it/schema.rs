//! `report.json` against its JSON Schema in `docs/`.

use rollcall::parse::Format;
use serde_json::Value;

use crate::{
    sandboxed,
    sealed::{Running, Sealed},
};

const SCHEMA: &str = include_str!("../../docs/report-schema.json");

/// Returns the schema without additional fields. The published schema allows them, because reports may grow.
fn closed(mut schema: Value) -> Value {
    fn close(value: &mut Value) {
        match value {
            Value::Object(object) => {
                if object.contains_key("properties") {
                    object.insert("additionalProperties".to_owned(), Value::Bool(false));
                }
                object.values_mut().for_each(close);
            }
            Value::Array(values) => values.iter_mut().for_each(close),
            _ => {}
        }
    }
    close(&mut schema);
    schema
}

#[test]
fn schema_names_every_format() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let formats = &schema["properties"]["inputs"]["items"]["properties"]["format"]["enum"];
    assert_eq!(*formats, serde_json::json!(Format::ALL));
}

#[test]
fn reports_match_their_schema() {
    const LIST: &str = "Name,Salutation,Mobile,Country\nAsha Rao,Mrs,+919876543210,\nTom Reed,Capt.,020 7946 0100,Engand\n\
        Tom Reed,Mr,+919876543210,IN\nIda Vale,Mrs,+919876543211,IN\nRea Lund,Mrs,+919876543212,IN\n";

    let sealed = Sealed::new().with_samples();
    sealed.write("list.csv", LIST);
    // One number twice, and one that is not in the list.
    sealed.write("dnc.csv", "Phone\n+919876543211\n+91 98765 43211\n+919876543299\n");
    sealed.write("held.csv", "Name,Mobile\nRea Lund,+919876543212\n");
    sealed.write("on-it.csv", "phoneNumber\n+919876543298\n");
    let sandbox = Running::sandbox(&sealed, &["--seed", "held.csv", "--list", "cl-1=on-it.csv"]);
    let schema = jsonschema::validator_for(&closed(serde_json::from_str(SCHEMA).unwrap())).unwrap();
    let commands: [&[&str]; 6] = [
        &["check", "list.csv", "--out", "1", "--export", "contacts.csv"],
        &["check", "samples/contacts.xlsx", "samples/contacts.csv", "--out", "2"],
        &[
            "import",
            "list.csv",
            "--out",
            "3",
            "--exclude-file",
            "dnc.csv",
            "--exclude-list",
            "cl-1",
            "--dry-run",
        ],
        &["import", "list.csv", "--out", "4", "--max-rejected", "0"],
        &["import", "list.csv", "--out", "5", "--exclude-file", "dnc.csv"],
        &["import", "list.csv", "5/rejected.xlsx", "--out", "6"],
    ];
    for (args, folder) in commands.iter().zip(["1", "2", "3", "4", "5", "6"]) {
        let ended = sandboxed::run(&sealed, &sandbox, args);
        assert!(matches!(ended.code, 0 | 1), "{args:?}: {}", ended.stderr);
        let report = sealed.report(folder);
        let errors: Vec<String> =
            schema.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{args:?}: {errors:#?}");
    }
    assert_eq!(sealed.report("3")["excluded"][0]["numbers"], 2);
    assert_eq!(sealed.report("3")["excluded"][1]["numbers"], 1);
    assert_eq!(sealed.report("4")["not_posted"], "too-many-rejected");
    assert_eq!(sealed.report("6")["inputs"][1]["fixes"][0]["rows"], 1);
}
