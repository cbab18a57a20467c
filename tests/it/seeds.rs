//! Files of `fetch` as the initial contacts of a sandbox.

use std::{fs, path::Path};

use calamine::Reader as _;

use crate::{
    sandboxed::run,
    sealed::{Running, Sealed},
};

const LIST: &str = r#"[{"phoneNumber": "9876500001", "countryCode": "+91", "uniqueId": "=1+1"}, {"phoneNumber": "+447700900123"}]"#;
const CAMPAIGN: &str = r#"[{"phoneNumber": "+919876500001", "dialerOutcome": "completed", "numberOfAttemptsSoFar": 2,
    "agentDispositionCodes": ["sold", "happy"]}, {"phoneNumber": "+447700900123"}]"#;

/// Fetches everything into files that begin with `name`, and returns their contents.
fn fetched(sealed: &Sealed, sandbox: &Running, name: &str, format: &str) -> Vec<String> {
    let collections = [&["contacts"][..], &["list", "L"], &["campaign", "C"]];
    let fetch = |what: &&[&str]| {
        let path = format!("{name}-{}.{format}", what[0]);
        let ended =
            run(sealed, sandbox, &[&["fetch"], *what, &["-q", "--rate", "100000", "-o", &path]].concat());
        assert_eq!(ended.code, 0, "{path}: {}", ended.stderr);
        if format == "xlsx" {
            cells(&sealed.path(&path))
        } else {
            fs::read_to_string(sealed.path(&path)).unwrap()
        }
    };
    collections.iter().map(fetch).collect()
}

/// Returns the cells of a workbook.
fn cells(path: &Path) -> String {
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
    let range = workbook.worksheet_range_at(0).unwrap().unwrap();
    let row = |row: &[calamine::Data]| row.iter().map(ToString::to_string).collect::<Vec<_>>().join("|");
    range.rows().map(row).collect::<Vec<_>>().join("\n")
}

/// Starts a sandbox with these contacts, one list and one campaign.
fn begun(sealed: &Sealed, contacts: &str, list: &str, campaign: &str) -> Running {
    let (list, campaign) = (format!("L={list}"), format!("C={campaign}"));
    let args = ["--rate-limit", "100000", "--seed", contacts, "--list", &list, "--campaign", &campaign];
    Running::sandbox(sealed, &args)
}

#[test]
fn sandbox_seeded_from_fetch_holds_the_same_contacts() {
    let sealed = Sealed::new();
    sealed.write(
        "seed.csv",
        "First,Last,Salutation,Mobile\nAsha,Rao,Mrs,+919876500001\nZoë,O'Hara,Dr,+447700900123\n",
    );
    sealed.write("list.json", LIST);
    sealed.write("campaign.json", CAMPAIGN);
    let first = begun(&sealed, "seed.csv", "list.json", "campaign.json");
    for format in ["csv", "json", "ndjson", "xlsx"] {
        let before = fetched(&sealed, &first, "a", format);
        let [contacts, list, campaign] =
            ["contacts", "list", "campaign"].map(|what| format!("a-{what}.{format}"));
        let again = begun(&sealed, &contacts, &list, &campaign);
        assert_eq!(fetched(&sealed, &again, "b", format), before, "{format}");
    }
    // An empty platform works too.
    for (name, text) in
        [("none.ndjson", ""), ("none.json", "[]"), ("none.csv", "firstName,lastName,cellPhone.phoneNumber\n")]
    {
        sealed.write(name, text);
        let empty = begun(&sealed, name, "list.json", "campaign.json");
        let contacts = run(&sealed, &empty, &["fetch", "contacts", "--format", "ndjson", "--rate", "100000"]);
        assert_eq!((contacts.code, &*contacts.stdout), (0, ""), "{name}");
    }
}
