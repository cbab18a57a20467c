//! Setting up: `init`, `config`, profiles, and messages about settings files.

use std::fs;

use serde_json::{Value, json};

use crate::{
    sandboxed,
    sealed::{Ended, Running, Sealed, USERS_FILE, ended},
};

const LIST: &str =
    "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876543201\nTom,May,Mr,030 23125001\n";

/// Returns the settings that `config --json` shows, as name, value and origin.
fn settings(ended: &Ended) -> Vec<(String, Value, Value)> {
    let shown: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
    let settings = shown["settings"].as_array().unwrap().iter();
    let of = |setting: &Value| {
        let name = setting["name"].as_str().unwrap().to_owned();
        (name, setting["value"].clone(), setting["origin"].clone())
    };
    settings.map(of).collect()
}

/// Returns the values of an option with the names or lines of their origins.
fn values(ended: &Ended, name: &str) -> Vec<String> {
    let of = |(_, value, origin): (String, Value, Value)| {
        let place = match origin["kind"].as_str().unwrap() {
            "file" => {
                let file = origin["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
                let profile = origin["profile"].as_str().map(|name| format!("[{name}]")).unwrap_or_default();
                format!("{file}:{}{profile}", origin["line"])
            }
            "default" => "default".to_owned(),
            _ => origin["name"].as_str().unwrap().to_owned(),
        };
        format!("{} {place}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    settings(ended).into_iter().filter(|(other, ..)| other == name).map(of).collect()
}

/// A list that several places add to has the origin of each part.
///
/// Source: NixOS/nix issue 11259, beetbox/confuse issue 12.
#[test]
fn config_shows_every_value_with_its_origin() {
    let sealed = Sealed::new();
    sealed.write("home.csv", "");
    sealed.write(
        USERS_FILE,
        "host = \"https://a.example.com\"\nclient-id = \"cs-1\"\nclient-secret-file = \"secret\"\nkeep = \"last\"\n\
         map = [\"phone=Mobile\", \"country=Land\"]\nexclude-file = \"home.csv\"\nquiet = true\n\
         [values.country]\nA = \"DE\"\nB = \"FR\"\n[[watch]]\ndir = \"drop\"\non-done = [\"tell\", \"canary\"]\n",
    );
    sealed.write(
        "rollcall.toml",
        "region = \"IN\"\nkeep = \"first\"\nexclude-file = [\"here.csv\"]\nvalues.country.A = \"AT\"\n",
    );
    let config = |args: &[&str]| {
        let mut command = sealed.command(&[&["config", "--json"], args].concat());
        command
            .env("ROLLCALL_STREAM_ID", "st-1")
            .env("ROLLCALL_TOKEN", "canary")
            .env("ROLLCALL_CLIENT_ID", "");
        ended(command)
    };
    let typed = ["--map", "phone=Cell", "--exclude-file", "typed.csv", "--timeout", "2m", "--no-quiet"];
    let output = config(&typed);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(!(output.stdout.clone() + &output.stderr).contains("canary"), "{}", output.stdout);
    for (name, expected) in [
        ("host", vec!["https://a.example.com rollcall.toml:1"]),
        ("stream-id", vec!["st-1 ROLLCALL_STREAM_ID"]),
        ("account-id", vec!["null default"]),
        ("region", vec!["IN rollcall.toml:1"]),
        ("keep", vec!["first rollcall.toml:2"]),
        ("map", vec!["country=Land rollcall.toml:5", "phone=Cell --map"]),
        ("values.country.A", vec!["AT rollcall.toml:4"]),
        ("values.country.B", vec!["FR rollcall.toml:10"]),
        ("timeout", vec!["2m --timeout"]),
        ("rate", vec!["60 default"]),
        ("quiet", vec!["false --no-quiet"]),
        ("accept", vec!["valid default"]),
        // The token of the environment replaces the app of the file.
        ("token", vec!["set, not shown ROLLCALL_TOKEN"]),
        ("client-id", vec!["null default"]),
        ("client-secret-file", vec!["null default"]),
        ("on-done", vec!["null default", "[\"tell\",\"(1 more, not shown)\"] rollcall.toml:13"]),
    ] {
        assert_eq!(values(&output, name), expected, "{name}");
    }
    let exclude: Vec<String> = values(&output, "exclude-file");
    assert!(
        matches!(&exclude[..], [user, folder, typed] if user.ends_with("/home.csv rollcall.toml:6")
            && folder == "here.csv rollcall.toml:3" && typed == "typed.csv --exclude-file"),
        "{exclude:?}"
    );
    let text = sealed.run(&["config", "--region", "Germany"]).stdout;
    for line in ["Reading\n", "Requests\n", "settings files: rollcall.toml, then /"] {
        assert!(text.contains(line), "{text}");
    }
    let region = text.lines().find(|line| line.trim_start().starts_with("region ")).unwrap();
    assert_eq!(region.split_whitespace().collect::<Vec<_>>(), ["region", "Germany", "--region"]);
}

#[test]
fn doctor_names_every_file_that_adds_to_an_option() {
    let sealed = Sealed::new();
    sealed.write("a.csv", "phone\n+919876543210\n");
    sealed.write("b.csv", "phone\n+919876543211\n");
    sealed.write(USERS_FILE, "sandbox = true\nexclude-file = \"../../work/a.csv\"\nmap = \"phone=A\"\n");
    sealed.write("rollcall.toml", "exclude-file = \"b.csv\"\nmap = [\"country=B\"]\n");
    let output = sealed.run(&["doctor", "--json"]);
    let findings: Vec<Value> = serde_json::from_str(&output.stdout).unwrap();
    let found = |subject: &str| {
        let finding = findings.iter().find(|finding| finding["subject"] == subject).unwrap();
        finding["found"].as_str().unwrap().to_owned()
    };
    let suppression = found("suppression");
    assert!(
        suppression.contains("/a.csv (/") && suppression.contains("exclude-file b.csv (rollcall.toml)"),
        "{suppression}"
    );
    let reading = found("reading");
    assert!(
        reading.contains("map phone=A (/") && reading.contains("map country=B (rollcall.toml)"),
        "{reading}"
    );
}

#[test]
fn profile_overrides_its_file_and_is_overridden() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    sealed.write(
        USERS_FILE,
        "region = \"IN\"\nkeep = \"last\"\nsandbox = true\n[profile.staging]\nregion = \"UK\"\nexclude-list = \"cl-9\"\n\
         host = \"https://staging.example.com\"\n[profile.production]\n[profile.production.values.country]\nA = \"DE\"\n",
    );
    let config = |args: &[&str], variable: Option<&str>| {
        let mut command = sealed.command(&[&["config", "--json"], args].concat());
        command.envs(variable.map(|profile| ("ROLLCALL_PROFILE", profile)));
        ended(command)
    };
    let staging = config(&["--profile", "staging"], Some("production"));
    assert_eq!(values(&staging, "region"), ["UK rollcall.toml:5[staging]"]);
    assert_eq!(values(&staging, "keep"), ["last rollcall.toml:2"]);
    assert_eq!(
        values(&staging, "sandbox"),
        ["false default"],
        "a profile with an account does not use the sandbox"
    );
    assert_eq!(values(&config(&[], Some("staging")), "exclude-list"), ["cl-9 rollcall.toml:6[staging]"]);
    assert_eq!(values(&config(&["--profile", "staging", "--region", "FR"], None), "region"), ["FR --region"]);
    let production = config(&["--profile", "production"], None);
    assert_eq!(values(&production, "values.country.A"), ["DE rollcall.toml:10[production]"]);
    assert_eq!(values(&config(&[], Some("")), "region"), ["IN rollcall.toml:1"]);
    // The second row needs the region of the profile.
    let check =
        |profile: &[&str]| sealed.run(&[&["check", "list.csv", "-q", "--out", "out"], profile].concat()).code;
    assert_eq!([check(&[]), check(&["--profile", "staging"])], [1, 0]);
    // A typed profile is not replaced by an account of the environment.
    let doctor = |profile: &[&str], host: &str| {
        let mut command = sealed.command(&[&["doctor", "--state-dir", "state", "--json"], profile].concat());
        command.env("ROLLCALL_HOST", host);
        ended(command)
    };
    let other = doctor(&["--profile", "staging"], "https://production.example.com");
    let text = "--profile staging and ROLLCALL_HOST name different accounts";
    assert!(other.code == 2 && other.stdout.contains(text), "{}", other.stdout);
    assert!(!doctor(&["--profile", "staging"], "https://staging.example.com").stdout.contains(text));
    assert!(!doctor(&["--profile", "staging"], "https://staging.example.com/").stdout.contains(text));
    assert!(!doctor(&[], "https://production.example.com").stdout.contains(text));
    sealed.write(
        "secret.toml",
        "[profile.b]\nhost = \"https://b.example.com\"\nclient-secret-file = \"missing\"\n",
    );
    let mut command = sealed.command(&["doctor", "--config", "secret.toml", "--profile", "b", "--json"]);
    command.env("ROLLCALL_TOKEN", "eyJhbGciOiJIUzI1NiJ9.e30.AA");
    let token = ended(command);
    let text = "ROLLCALL_TOKEN would replace the secret of --profile b";
    assert!(token.code == 2 && token.stdout.contains(text), "{}", token.stdout);
    let unknown = sealed.run(&["check", "list.csv", "--profile", "stagin"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("there is no profile `stagin` in /"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("The profiles are: staging, production."), "{}", unknown.stderr);
    // A folder's file may come from someone else, so it has no profiles. Source: mondaycom/monday-apps-cli pull request 160.
    sealed.write("rollcall.toml", "[profile.staging]\nhost = \"https://thief.example.com\"\n");
    let folder = sealed.run(&["check", "list.csv"]);
    assert!(
        folder.code == 2 && folder.stderr.contains("not allowed in a folder's settings: `profile`"),
        "{}",
        folder.stderr
    );
}

/// Source: Hy4ri/hermes-mobile issue 258.
#[test]
#[cfg(unix)]
fn secret_of_the_file_is_not_sent_to_the_host_of_a_profile() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let import = |file: &str, args: &[&str]| {
        sealed.write("own.toml", format!("stream-id = \"s\"\naccount-id = \"a\"\nclient-id = \"c\"\n{file}"));
        let fixed = ["import", "list.csv", "--region", "IN", "--config", "own.toml", "--profile", "b", "-q"];
        sealed.run(&[&fixed, args].concat()).stderr
    };
    let top = "host = \"https://a.example.com\"\nclient-secret-file = \"missing\"\n[profile.b]\nhost = \"https://b.example.com\"\n";
    for args in [&[][..], &["--host", "https://b.example.com"]] {
        let refused = import(top, args);
        assert!(refused.contains("sends a secret only to"), "{refused}");
    }
    // With a secret of its own, or a secret without another host, rollcall goes on to read the file with the secret.
    for file in [
        format!("{top}client-secret-file = \"missing\"\n"),
        "client-secret-file = \"missing\"\n[profile.b]\nhost = \"https://b.example.com\"\n".to_owned(),
    ] {
        let read = import(&file, &[]);
        assert!(read.contains("--client-secret-file: missing: "), "{read}");
    }
}

#[test]
fn mistakes_in_files_are_named_with_line_and_column() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    for (file, expected) in [
        ("keep = \"last\"\nregion = IN\n", "own.toml: line 2, column 10: "),
        (
            "keep = \"last\"\n  regoin = \"IN\"\n",
            "own.toml: line 2, column 3: there is no option `regoin`; did you mean `region`?",
        ),
        ("[profile.a]\nregoin = \"IN\"\n", "own.toml: line 2, column 1: there is no option `regoin`"),
        (
            "[[watch]]\ndir = \"a\"\n[[watch]]\ndir = \"b\"\nqiet = true\n",
            "own.toml: line 5, column 1: there is no option `qiet`",
        ),
        (
            "[profile]\nhost = \"h\"\n",
            "own.toml: line 2, column 1: `host` is not the name of a profile's table",
        ),
        ("profile = \"a\"\n", "own.toml: line 1, column 1: `profile` cannot be set in a file"),
        ("\nkeep = \"middle\"\n", "own.toml: line 2, column 1: `keep`: unknown variant `middle`"),
        ("\n\nsheet = true\n", "own.toml: line 3, column 1: `sheet`: "),
        (
            "\nregion = \"Atlantis\"\n",
            "--region: `Atlantis` is not a region with telephone numbers (region: own.toml, line 2, column 1)",
        ),
        (
            "quiet = true\nverbose = 1\n",
            "--quiet and --verbose cannot be used together (quiet: own.toml, line 1, column 1; verbose: own.toml, line 2, column 1)",
        ),
    ] {
        sealed.write("own.toml", file);
        let output = sealed.run(&["check", "list.csv", "--config", "own.toml", "--out", "out"]);
        assert_eq!(output.code, 2, "{file}: {}", output.stderr);
        assert!(output.stderr.contains(expected), "{file}: {}", output.stderr);
        assert!(output.stderr.contains("hint: "), "{file}: {}", output.stderr);
    }
    sealed.write("own.toml", "region = \"Atlantis\"\n");
    let typed = sealed.run(&["check", "list.csv", "--config", "own.toml", "--region", "Deutchland"]);
    assert!(typed.code == 2 && !typed.stderr.contains("own.toml, line"), "{}", typed.stderr);
    assert!(typed.stderr.contains("Did you mean DE?"), "{}", typed.stderr);
}

/// Runs `init --yes` with the account of a sandbox.
fn init(sealed: &Sealed, sandbox: &Running, args: &[&str]) -> Ended {
    let mut command = sandboxed::command(sealed, sandbox, &[&["init", "--yes"], args].concat());
    command.env("ROLLCALL_STATE_DIR", "state");
    ended(command)
}

#[test]
#[cfg(unix)]
fn init_checks_and_writes_settings_that_work() {
    use std::os::unix::fs::PermissionsExt as _;

    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000"]);
    let secret = sealed.write("canary", sandbox.variable("ROLLCALL_CLIENT_SECRET"));
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let first = init(&sealed, &sandbox, &["--client-secret-file", "canary", "--region", "UK"]);
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    assert!(
        first.stdout.contains("contacts     may be read") && first.stderr.contains("settings: /"),
        "{}",
        first.stderr
    );
    let written = sealed.read(USERS_FILE);
    assert!(written.contains("region = \"UK\"") && written.contains("/canary\""), "{written}");
    assert!(!written.contains(&sandbox.variable("ROLLCALL_CLIENT_SECRET")), "{written}");
    // The file works without any variable.
    let import = sealed.run(&["import", "list.csv", "-q", "--dry-run"]);
    assert_eq!(import.code, 0, "{}", import.stderr);
    // Another run changes only what it is given, and shows it.
    sealed.write(USERS_FILE, format!("# mine\nkeep = \"last\"\n{written}"));
    let second = sealed.run(&["init", "--yes", "--region", "IN", "--no-check"]);
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert!(second.stderr.contains("- region = \"UK\"\n+ region = \"IN\"\n"), "{}", second.stderr);
    assert_eq!(
        sealed.read(USERS_FILE),
        format!("# mine\nkeep = \"last\"\n{}", written.replace("\"UK\"", "\"IN\""))
    );
    // Settings that do not work are not written.
    let third = sealed.run(&["init", "--yes", "--account-id", "another"]);
    assert_eq!(third.code, 4, "{}{}", third.stdout, third.stderr);
    assert!(
        third.stderr.contains("Nothing was written") && !sealed.read(USERS_FILE).contains("another"),
        "{}",
        third.stderr
    );
}

#[test]
fn init_without_a_terminal_says_how_to_answer() {
    let sealed = Sealed::new();
    let asked = sealed.run(&["init"]);
    assert_eq!(asked.code, 2);
    assert!(
        asked.stderr.contains("not a terminal") && asked.stderr.contains("--yes --host URL"),
        "{}",
        asked.stderr
    );
    let missing = sealed.run(&["init", "--yes", "--host", "https://a.example.com"]);
    assert_eq!(missing.code, 2);
    assert!(
        missing.stderr.contains("answers are missing: --stream-id, --account-id, --client-id, "),
        "{}",
        missing.stderr
    );
    let profile = sealed.run(&["init", "--yes", "--profile", "a"]);
    assert!(profile.code == 2 && profile.stderr.contains("does not write profiles"), "{}", profile.stderr);
    // The config folder cannot be created.
    let blocked = Sealed::new();
    blocked.write("../.config/rollcall", "a file");
    let account =
        ["--host", "https://a.example.com", "--stream-id", "s", "--account-id", "a", "--client-id", "c"];
    let mut command = blocked.command(&[&["init", "--yes", "--no-check"], &account[..]].concat());
    command.env("ROLLCALL_CLIENT_SECRET", "canary");
    let output = ended(command);
    assert_eq!(output.code, 2);
    assert!(
        output.stderr.contains("cannot write /") && output.stderr.contains("--config"),
        "{}",
        output.stderr
    );
    let named = [&["init", "--yes", "--no-check", "--config", "new.toml"], &account[..]].concat();
    let mut command = blocked.command(&named);
    command.env("ROLLCALL_CLIENT_SECRET", "canary");
    assert_eq!(ended(command).code, 0);
    let text = blocked.read("new.toml");
    assert!(text.contains("# client-secret-file = \"secret\"") && !text.contains("canary"), "{text}");
}

#[test]
fn options_take_units_and_regions_by_name() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let import = |args: &[&str]| {
        sealed.run(&[&["import", "list.csv", "--sandbox", "-q", "--out", "out"], args].concat())
    };
    let good = import(&[
        "--region",
        "United Kingdom",
        "--rate",
        "600/min",
        "--rate-per-hour",
        "36000/h",
        "--timeout",
        "20s",
    ]);
    assert_eq!(good.code, 0, "{}", good.stderr);
    for (args, expected) in [
        (["--rate", "many"], "--rate: `many` is not a number of requests"),
        (["--rate-per-hour", "60/min"], "--rate-per-hour takes requests per hour"),
        (["--timeout", "soon"], "--timeout: `soon` is not a length of time"),
        (["--timeout", "2h"], "--timeout: 2h is not between 1 s and 1 h"),
        (["--region", "USA / Canada"], "--region: `USA / Canada` is not a region"),
    ] {
        let output = import(&args);
        assert!(output.code == 2 && output.stderr.contains(expected), "{}", output.stderr);
    }
    sealed.write("own.toml", "rate = \"3500/h\"\ntimeout = 45\nsandbox = true\n");
    let doctor = sealed.run(&["doctor", "--config", "own.toml", "--json"]);
    let findings: Vec<Value> = serde_json::from_str(&doctor.stdout).unwrap();
    let requests = findings.iter().find(|finding| finding["subject"] == json!("requests")).unwrap();
    let found = requests["found"].as_str().unwrap();
    assert!(
        found.contains("60 a minute") && found.contains("3,500 an hour") && found.contains("timeout 45 s"),
        "{found}"
    );
}
