//! Terminal output: file names, column names, cells and messages of the platform never control the terminal, in any command.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::{
    formulas::assert_runs_nothing,
    scripted::{Reply, Scripted},
    sealed::{Ended, Sealed, ended},
};

/// Clears the screen, sets a title, hides text, begins a line, moves with an 8-bit control, changes direction, and has no width.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;x\u{7}\u{1b}[8m\nerror: \u{9b}2J\u{202e}\u{200b}x;=1+2";

/// Returns the hostile text as a file name.
fn file(ending: &str) -> String {
    format!("li{HOSTILE}.{ending}")
}

fn list() -> String {
    let cell = format!("\"x{HOSTILE}\"");
    format!(
        "First Name,Last Name,Salutation,Mobile,{cell}\nAsha,Rao,Mrs,+919876500001,{cell}\nBo,\"Li{HOSTILE}\",\"Mr{HOSTILE}\",\"12{HOSTILE}\",{cell}\n\
         Cy,Low,Mr,+919876500002,{cell}\n"
    )
}

/// Asserts that text contains only printable characters, line breaks and rollcall's styles.
fn assert_is_calm(what: &str, text: &str) {
    let mut left = text.to_owned();
    for style in ["0", "1", "2", "3", "4", "31", "32", "33", "34", "35", "36"] {
        left = left.replace(&format!("\u{1b}[{style}m"), "");
    }
    let is_active = |letter: &char| {
        letter.is_control() && *letter != '\n'
            || matches!(letter, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let active = left.chars().find(is_active);
    assert_eq!(active, None, "{what}: {left:?}");
}

fn assert_ended_calm(what: &str, ended: &Ended) {
    assert_is_calm(what, &ended.stdout);
    assert_is_calm(what, &ended.stderr);
    for text in [&ended.stdout, &ended.stderr] {
        let has_own_line = text.lines().any(|line| line.starts_with("error: \\u{9b}"));
        assert!(!has_own_line, "{what}: a line of its own: {text}");
    }
}

#[test]
fn names_and_cells_do_not_control_the_terminal() {
    let sealed = Sealed::new();
    let name = file("csv");
    sealed.write(&name, list());
    let escapes = HOSTILE.chars().map(|letter| format!("\\U{:08X}", u32::from(letter)));
    let unknown = escapes.collect::<Vec<_>>().concat();
    sealed.write("unknown.toml", format!("\"{unknown}\" = 1\n"));
    sealed.write("region.toml", format!("region = \"{unknown}\"\n"));
    sealed.write(&format!("empty{HOSTILE}.csv"), "");
    let template = file("xlsx");
    for (args, code, shows) in [
        (vec!["check", &name], 1, true),
        (vec!["check", &name, "--color", "always", "-v"], 1, true),
        (vec!["check", &name, "--json", "--log-format", "json"], 1, false),
        (vec!["check", &name, "-q"], 1, false),
        (vec!["check", &format!("empty{HOSTILE}.csv")], 3, true),
        (vec!["check", &format!("gone{HOSTILE}.csv")], 3, true),
        (vec!["check", &name, "--out", HOSTILE], 1, true),
        (vec!["check", &name, "--sheet", HOSTILE], 1, true),
        (vec!["check", &name, "--map", HOSTILE], 2, true),
        (vec!["check", &format!("--{HOSTILE}")], 2, true),
        (vec!["check", &name, "--keep", HOSTILE], 2, true),
        (vec![HOSTILE], 2, true),
        (vec!["check", &name, "--config", "region.toml"], 2, true),
        (vec!["check", &name, "--config", "unknown.toml"], 2, true),
        (vec!["check", &name, "--config", HOSTILE], 2, true),
        (vec!["explain", &name, "2"], 0, true),
        (vec!["explain", &name, "5"], 0, true),
        (vec!["explain", &name, "5", "--json"], 0, false),
        (vec!["explain", &name, "99"], 2, true),
        (vec!["import", &name, "--sandbox", "--out", "imported"], 1, true),
        (vec!["import", &name, "--sandbox", "--exclude-file", &format!("gone{HOSTILE}")], 2, true),
        (vec!["template", &template], 0, true),
        (vec!["template", &template], 2, true),
        (vec!["template", HOSTILE], 2, true),
        (vec!["resume", HOSTILE], 2, true),
        (vec!["purge", "--run", HOSTILE], 2, true),
        (vec!["purge", "--number", HOSTILE], 2, true),
        (vec!["fetch", "list", HOSTILE, "--sandbox"], 2, true),
        (vec!["doctor", "--stream-id", HOSTILE, "--host", HOSTILE], 2, true),
        (vec!["doctor", "--stream-id", HOSTILE, "--host", HOSTILE, "--json"], 2, false),
        (vec!["sandbox", "--seed", HOSTILE], 3, true),
        (vec!["watch", &format!("gone{HOSTILE}"), "--once", "--sandbox"], 2, true),
    ] {
        let ended = ended(sealed.exact_command(&args));
        let what = format!("{args:?}");
        assert_eq!(ended.code, code, "{what}: {}", ended.stderr);
        assert_ended_calm(&what, &ended);
        // The text from the command line or the file is still shown, spelled out.
        let said = [ended.stdout, ended.stderr].concat();
        assert!(!shows || said.contains("\\u{1b}"), "{what}: {said}");
    }
}

/// Returns a command for the platform.
fn pointed(sealed: &Sealed, platform: &Scripted, args: &[&str]) -> Command {
    let mut command = sealed.exact_command(args);
    command.env("ROLLCALL_HOST", format!("http://{}", platform.address()));
    for (name, value) in
        [("STREAM_ID", "st"), ("ACCOUNT_ID", "a"), ("CLIENT_ID", "cs-1"), ("CLIENT_SECRET", "not-a-secret")]
    {
        command.env(format!("ROLLCALL_{name}"), value);
    }
    command
}

/// A platform with a hostile contact that refuses others with hostile messages.
fn hostile_platform() -> Scripted {
    let phone = json!({"phoneNumber": "9876500009", "countryCode": "+91"});
    let contact = json!({"id": HOSTILE, "firstName": HOSTILE, "status": HOSTILE, "cellPhone": phone});
    let page: Value = json!({"results": [contact, {"id": HOSTILE}], "skip": 0, "limit": 2, "hasMore": false, "totalResults": 2});
    Scripted::serve(move |asked| {
        if asked.is_post() {
            Reply::Answer(400, json!({"message": HOSTILE, "errors": [{"message": HOSTILE}]}).to_string())
        } else {
            Reply::json(&page)
        }
    })
}

#[test]
fn platform_messages_do_not_control_the_terminal() {
    let sealed = Sealed::new();
    let name = file("csv");
    sealed.write(&name, list());
    let platform = hostile_platform();
    let contacts = format!("held{HOSTILE}.csv");
    for (args, code) in [
        (vec!["import", &name, "--yes", "--max-attempts", "1", "-vv", "--out", "out"], 1),
        (
            vec![
                "import",
                &name,
                "--yes",
                "--max-attempts",
                "1",
                "-vv",
                "--log-format",
                "json",
                "--out",
                "json",
            ],
            1,
        ),
        (vec!["runs"], 0),
        (vec!["runs", "--json"], 0),
        (vec!["fetch", "contacts", "-o", &contacts], 0),
        (vec!["doctor"], 0),
        (vec!["purge", "--number", "+919876500001"], 0),
    ] {
        let ended = ended(pointed(&sealed, &platform, &args));
        let what = format!("{args:?}");
        assert_eq!(ended.code, code, "{what}: {}", ended.stderr);
        assert_ended_calm(&what, &ended);
    }
    // The files contain the platform's message unchanged, and no formula that a spreadsheet runs.
    let outcomes = sealed.read("out/outcomes.csv");
    assert!(outcomes.contains("x;'=1+2"), "{outcomes}");
    let held = sealed.read(&contacts);
    assert!(held.contains('\u{1b}') && held.contains("x;'=1+2"), "{held}");
    for (file, text) in
        [("outcomes", &outcomes), ("rejected", &sealed.read("out/rejected.csv")), ("held", &held)]
    {
        assert_runs_nothing(file, text);
    }
}

/// Contacts written to a terminal are made harmless. Contacts written to a file or a pipe are unchanged.
#[cfg(target_os = "linux")]
#[test]
fn fetched_contacts_do_not_control_the_terminal() {
    let sealed = Sealed::new();
    let platform = hostile_platform();
    for format in ["csv", "json", "ndjson"] {
        let args = ["fetch", "contacts", "-q", "--format", format];
        let piped = ended(pointed(&sealed, &platform, &args)).stdout;
        let is_raw = if format == "csv" { piped.contains('\u{1b}') } else { piped.contains('\u{202e}') };
        assert!(is_raw, "{piped}");
        let fetch = pointed(&sealed, &platform, &args);
        let program = fetch.get_program().to_str().unwrap().to_owned();
        let typed: Vec<&str> = fetch.get_args().map(|arg| arg.to_str().unwrap()).collect();
        let mut terminal = Command::new("script");
        terminal.args(["-qec", &format!("'{program}' {}", typed.join(" ")), "/dev/null"]);
        terminal.env_clear().current_dir(sealed.path("")).stdin(Stdio::null());
        for (name, value) in fetch.get_envs() {
            terminal.env(name, value.unwrap());
        }
        let shown = terminal.output().unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap().replace("\r\n", "\n");
        assert!(shown.contains("9876500009"), "{shown}");
        assert_is_calm(format, &shown);
        if format == "json" {
            let one: Value = serde_json::from_str(&shown).unwrap();
            assert_eq!(one, serde_json::from_str::<Value>(&piped).unwrap());
        }
    }
}
