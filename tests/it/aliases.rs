//! Aliases for values in the settings, and the alias lines that a report offers.

use crate::sealed::{Ended, Outcome, Sealed};

const LIST: &str = "First Name,Last Name,Salutation,Mobile,Country\n\
    Anna,Beispiel,Capt.,0171 1234567,Deutchland\n\
    Bert,Beispiel,Mr,0171 1234568, DEUTCHLAND \n\
    Carl,Beispiel,Mr,020 7946 0123,Engand\n\
    Dora,Beispiel,capt.,+49 171 1234569,Deutchland\n";

fn checked(settings: &str) -> (Sealed, Ended) {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    sealed.write("rollcall.toml", settings);
    let ended = sealed.run(&["check", "list.csv", "--out", "out"]);
    (sealed, ended)
}

fn briefs(sealed: &Sealed) -> Vec<String> {
    sealed.outcomes("out").iter().map(Outcome::brief).collect()
}

#[test]
fn filled_in_alias_lines_of_a_report_make_unknown_values_known() {
    let (sealed, ended) = checked("");
    assert_eq!(ended.code, 1);
    let lines = ["[values.country]", "\"Deutchland\" = \"\"  # 2 rows", "\"Engand\" = \"\"      # 1 row"];
    for line in lines {
        assert!(ended.stderr.contains(line), "{line}: {}", ended.stderr);
    }
    assert_eq!(
        sealed.report("out")["unknown_values"],
        serde_json::json!([
            {"field": "country", "value": "Deutchland", "count": 2},
            {"field": "country", "value": "Engand", "count": 1},
            {"field": "salutation", "value": "Capt.", "count": 2},
        ])
    );

    let pasted = lines.join("\n").replacen("\"\"", "\"DE\"", 1).replacen("\"\"", "\"+44\"", 1);
    let (sealed, ended) = checked(&format!("{pasted}\n[values.salutation]\n\"Capt.\" = \"Mr\"\n"));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(briefs(&sealed), ["2 valid", "3 valid", "4 valid", "5 valid"]);
    assert_eq!(sealed.outcomes("out")[2].number, "442079460123");
    assert_eq!(sealed.report("out")["unknown_values"], serde_json::json!([]));
}

#[test]
fn suppression_file_uses_the_same_aliases() {
    let sealed = Sealed::new();
    sealed.write("list.csv", "Name,Prefix,Mobile\nAnna Beispiel,Mrs,+49 171 1234567\n");
    sealed.write("dnc.csv", "Phone,Country\n0171 1234567,Deutchland\n");
    let check =
        |out: &str| sealed.run(&["check", "list.csv", "--exclude-file", "dnc.csv", "--out", out, "-q"]);
    assert_eq!(check("without").code, 2, "no number can be read");
    sealed.write("rollcall.toml", "[values.country]\n\"Deutchland\" = \"DE\"\n");
    let ended = check("out");
    assert_eq!(
        (ended.code, briefs(&sealed)),
        (0, vec!["2 suppressed in-file".to_owned()]),
        "{}",
        ended.stderr
    );
}

/// Source: civicrm/civicrm-core pull request 33329. Its spellings need no alias.
#[test]
fn common_spellings_need_no_alias() {
    let sealed = Sealed::new();
    let rows = [
        "2015550123,USA",
        "2015550124,United-States",
        "020 7946 0123,England",
        "020 7946 0124,Great Britain",
        "601123456,Czechia",
        "0501234567,UAE",
        "01012345678,Korea",
        "09121234567,Iran",
    ];
    let rows = rows.map(|row| format!("Anna,Beispiel,Ms,{row}\n"));
    sealed.write("list.csv", format!("First Name,Last Name,Salutation,Mobile,Country\n{}", rows.concat()));
    let ended = sealed.run(&["check", "list.csv", "--out", "out"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn alias_for_an_unknown_country_is_wrong_usage() {
    for (settings, named) in [
        ("[values.country]\n\"Deutchland\" = \"\"\n", "`Deutchland` = ``: `` is not a country"),
        ("[values.salutation]\n\"Capt.\" = \"Captain\"\n", "`Captain` is not a salutation"),
        ("[values.phone]\n\"x\" = \"y\"\n", "there is no table [values.phone]"),
        ("[values.country]\n\"49\" = 49\n", "rollcall.toml"),
    ] {
        let (sealed, ended) = checked(settings);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(named), "{named}: {}", ended.stderr);
        assert!(!sealed.files().iter().any(|file| file.starts_with("out")));
    }
}

#[test]
fn column_of_own_codes_is_the_country_once_the_codes_have_aliases() {
    let sealed = Sealed::new();
    let list = "First Name,Last Name,Salutation,Phone,Country\nAnna,Beispiel,Ms,0171 1234567,Z-01 a\nBert,Beispiel,Mr,020 7946 0123,Z-02 b\n";
    sealed.write("list.csv", list);
    sealed.write("rollcall.toml", "[values.country]\n\"z-01 A\" = \"Germany\"\n\"z-02 B\" = \"GB\"\n");
    let ended = sealed.run(&["check", "list.csv", "--out", "out"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let numbers: Vec<String> = sealed.outcomes("out").into_iter().map(|row| row.number).collect();
    assert_eq!(numbers, ["491711234567", "442079460123"]);
}
