//! Rows with the same number as a row that the platform refuses.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use crate::{
    scripted::{Asked, Reply, Scripted},
    sealed::{Ended, Sealed, ended},
};

/// Rows of four numbers. The platform refuses the first name `Bad` and the number that ends in 3.
const LIST: &str = "First Name,Last Name,Salutation,Mobile\n\
    Bad,One,Mr,+919876500001\n\
    Asha,Rao,Mrs,+919876500001\n\
    Ida,Vale,Ms,+919876500001\n\
    Bad,Two,Mr,+919876500002\n\
    Bad,Two,Mr,+919876500002\n\
    Bad,Three,Mr,+919876500003\n\
    Tom,Reed,Mr,+919876500003\n\
    Li,Wei,Ms,+919876500003\n\
    Zoe,Moe,Ms,+919876500004\n\
    Zed,Poe,Mr,+919876500004\n";

/// The row, outcome and code of each row.
const OUTCOMES: [&str; 10] = [
    "2 failed refused",
    "3 created ",
    "4 duplicate other-name",
    "5 failed refused",
    "6 duplicate same-name",
    "7 failed refused",
    "8 failed refused",
    "9 failed refused",
    "10 created ",
    "11 duplicate other-name",
];

#[derive(Default)]
struct World {
    contacts: BTreeMap<String, Value>,
    /// The names in each post.
    posts: Vec<Vec<String>>,
}

/// Starts a platform that refuses a batch with a bad contact.
fn platform(world: &Arc<Mutex<World>>) -> Scripted {
    let world = Arc::clone(world);
    Scripted::serve(move |request: Asked| {
        let mut world = world.lock().unwrap();
        if !request.is_post() {
            let results: Vec<&Value> = world.contacts.values().collect();
            let total = results.len();
            return Reply::json(
                &json!({"results": results, "skip": 0, "limit": 1000, "hasMore": false, "totalResults": total}),
            );
        }
        let batch = request.body.as_array().unwrap().clone();
        let number = |contact: &Value| contact["cellPhone"]["phoneNumber"].as_str().unwrap().to_owned();
        let name =
            |contact: &Value| format!("{} {}", contact["firstName"], contact["lastName"]).replace('"', "");
        world.posts.push(batch.iter().map(name).collect());
        if batch.iter().any(|contact| world.contacts.contains_key(&number(contact))) {
            return Reply::Answer(409, json!({"message": "the number exists"}).to_string());
        }
        if batch.iter().any(|contact| contact["firstName"] == "Bad" || number(contact).ends_with('3')) {
            return Reply::Answer(400, json!({"message": "this contact is not valid"}).to_string());
        }
        let created: Vec<Value> = batch
            .iter()
            .map(|contact| {
                let mut stored = contact.clone();
                stored["id"] = number(contact).into();
                stored
            })
            .collect();
        world.contacts.extend(created.iter().map(|contact| (number(contact), contact.clone())));
        Reply::json(&json!(created))
    })
}

fn import(sealed: &Sealed, platform: &Scripted, options: &[&str]) -> Command {
    let args = ["import", "list.csv", "--yes", "--state-dir", "state", "--rate", "1000000", "--out", "out"];
    let mut command = sealed.command(&[&args, options].concat());
    command.env("ROLLCALL_HOST", format!("http://{}", platform.address()));
    for (name, value) in
        [("STREAM_ID", "st"), ("ACCOUNT_ID", "a"), ("CLIENT_ID", "cs-1"), ("CLIENT_SECRET", "not-a-secret")]
    {
        command.env(format!("ROLLCALL_{name}"), value);
    }
    command.env("ROLLCALL_PACE", "1,1,1,60000,1");
    command
}

fn outcomes(sealed: &Sealed) -> Vec<String> {
    let text = sealed.read("out/outcomes.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| format!("{} {} {}", &row[2], &row[3], &row[4])).collect()
}

fn assert_finished(output: &Ended, sealed: &Sealed, world: &Mutex<World>) {
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert_eq!(outcomes(sealed), OUTCOMES, "{}", output.stderr);
    let world = world.lock().unwrap();
    let stored: Vec<&str> =
        world.contacts.values().map(|contact| contact["firstName"].as_str().unwrap()).collect();
    assert_eq!(stored, ["Asha", "Zoe"]);
    let report: Value = serde_json::from_str(&sealed.read("out/report.json")).unwrap();
    assert_eq!(report["totals"]["failed"], 5, "{report:#}");
    assert_eq!(report["totals"]["rows"], 10);
}

#[test]
fn refused_row_passes_its_number_to_the_next_row() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let world = Arc::new(Mutex::new(World::default()));
    let platform = platform(&world);
    let first = ended(import(&sealed, &platform, &[]));
    assert_finished(&first, &sealed, &world);
    // rollcall posts each refused contact alone exactly once.
    let posts = world.lock().unwrap().posts.clone();
    for name in ["Bad One", "Bad Two", "Bad Three", "Tom Reed", "Li Wei"] {
        let alone = posts.iter().filter(|post| post.as_slice() == [name]).count();
        assert_eq!(alone, 1, "{name}: {posts:?}");
    }
    assert!(!posts.iter().flatten().any(|name| name == "Ida Vale" || name == "Zed Poe"), "{posts:?}");
    let detail = sealed.read("out/outcomes.csv");
    assert!(detail.contains("same number as row 5, which the platform refused"), "{detail}");
    assert!(detail.contains("same number as row 3\n"), "{detail}");
}

/// Returns the names in all posts, in order.
fn posted(world: &Mutex<World>) -> Vec<String> {
    world.lock().unwrap().posts.concat()
}

#[test]
fn replaced_row_never_gets_the_number_of_its_refused_fix() {
    let sealed = Sealed::new();
    sealed.write(
        "list.csv",
        "First Name,Last Name,Salutation,Mobile\nOld,Name,Mr,+919876500001\nIda,Vale,Ms,+919876500001\n",
    );
    sealed.write(
        "fixed.csv",
        "First Name,Last Name,Salutation,Mobile,rollcall_file,rollcall_row,rollcall_code,rollcall_reason,rollcall_hint,rollcall_run\n\
         Bad,Fixed,Mr,+919876500001,list.csv,2,refused,,,20261120T101500Z-5e1d\n",
    );
    let world = Arc::new(Mutex::new(World::default()));
    let platform = platform(&world);
    let import = ended(import(&sealed, &platform, &["fixed.csv"]));
    assert_eq!(import.code, 1, "{}", import.stderr);
    assert_eq!(posted(&world), ["Bad Fixed", "Ida Vale"]);
    assert_eq!(
        outcomes(&sealed),
        ["2 duplicate other-name", "3 created ", "2 failed refused"],
        "{}",
        import.stderr
    );
}

#[test]
fn suppressed_number_is_not_passed_on_and_keep_last_goes_backward() {
    let sealed = Sealed::new();
    sealed.write(
        "list.csv",
        "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876500001\nIda,Vale,Ms,+919876500001\nBad,One,Mr,+919876500001\n\
         Bad,Two,Mr,+919876500002\nTom,Reed,Mr,+919876500002\n",
    );
    sealed.write("dnc.csv", "Phone\n+919876500002\n");
    let world = Arc::new(Mutex::new(World::default()));
    let platform = platform(&world);
    let import = ended(import(&sealed, &platform, &["--keep", "last", "--exclude-file", "dnc.csv"]));
    assert_eq!(import.code, 1, "{}", import.stderr);
    assert_eq!(posted(&world), ["Bad One", "Ida Vale"]);
    assert_eq!(
        outcomes(&sealed),
        [
            "2 duplicate other-name",
            "3 created ",
            "4 failed refused",
            "5 suppressed in-file",
            "6 suppressed in-file"
        ]
    );
}

#[test]
fn killed_import_continues_with_the_same_rows() {
    // From the first post to the last, each point is before a write to the journal, to a file or to the network.
    for point in (30..200).step_by(11) {
        let sealed = Sealed::new();
        sealed.write("list.csv", LIST);
        let world = Arc::new(Mutex::new(World::default()));
        let platform = platform(&world);
        let mut killed = import(&sealed, &platform, &[]);
        killed.env("ROLLCALL_FAIL_AT", format!("{point}!"));
        assert_eq!(ended(killed).code, -1, "{point}");
        platform.drain();
        let again = ended(import(&sealed, &platform, &[]));
        assert_eq!(again.code, 1, "{point}: {}", again.stderr);
        let world = world.lock().unwrap();
        let shown: Vec<String> =
            outcomes(&sealed).iter().map(|outcome| outcome.replace("confirmed", "created")).collect();
        assert_eq!(shown, OUTCOMES, "{point}: {}", again.stderr);
        assert_eq!(world.contacts.len(), 2, "{point}");
    }
}
