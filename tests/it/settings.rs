//! The sources of settings: command line, environment, the folder's file, the user's file.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use crate::{
    sandboxed,
    scripted::ClosedPort,
    sealed::{Outcome, Running, Sealed, USERS_FILE, ended},
};

const LIST: &str = "Salutation,First Name,Last Name,Phone\n\
    Ms,Asha,Rao,+919876543201\nMs,Bela,Rao,+919876543202\nMs,Cara,Rao,+919876543203\nMs,Dina,Rao,98765 43204\n";

fn briefs(sealed: &Sealed, folder: &str) -> Vec<String> {
    sealed.outcomes(folder).iter().map(Outcome::brief).collect()
}

/// A settings file may arrive together with a list. It must not decide where contacts and credentials go, which program runs,
/// which file is written, or that a person who opted out is called.
#[test]
fn folder_file_sets_only_reading_and_suppression() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    for line in [
        "host = \"https://thief.example.com\"",
        "stream-id = \"st-1\"",
        "account-id = \"a-1\"",
        "client-id = \"cs-1\"",
        "client-secret-file = \"/home/you/secret\"",
        "token-file = \"/home/you/token\"",
        "ca-file = \"thief.pem\"",
        "sandbox = true",
        "state-dir = \"/tmp/theirs\"",
        "yes = true",
        "dry-run = true",
        "batch-size = 1",
        "rate = 1000000",
        "out = \"/home/you\"",
        "overwrite = true",
        "export = \"/home/you/file.csv\"",
        "quiet = true",
        "on-done = [\"sh\", \"-c\", \"id\"]",
        "status = \"0.0.0.0:80\"",
        "existing = \"nobody.csv\"",
        "max-rejected = \"100%\"",
        "ignore-do-not-call-column = true",
        "allow-unreadable-suppressions = 100",
        "campaign-filter = \"completed\"",
        "[[watch]]\ndir = \"/home/you\"",
        "[sandbox-server]\ndata = \"/home/you/file\"",
    ] {
        sealed.write("rollcall.toml", format!("region = \"IN\"\n{line}\n"));
        let ended = sealed.run(&["check", "list.csv"]);
        let option = line.trim_matches(['[', ']']).split([' ', ']']).next().unwrap();
        assert_eq!(ended.code, 2, "{line}");
        let refusal = format!("not allowed in a folder's settings: `{option}`");
        assert!(
            ended.stderr.contains(&refusal) && ended.stderr.contains("--config rollcall.toml"),
            "{}",
            ended.stderr
        );
    }
    assert!(!sealed.path("rollcall-out").exists());
    // Passed explicitly, it is trusted.
    sealed.write("rollcall.toml", "quiet = true\nregion = \"IN\"\n");
    let ended = sealed.run(&["check", "list.csv", "--config", "rollcall.toml", "--out", "out"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
}

#[test]
fn files_are_merged_and_named() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    for (name, number) in [("mine", 1), ("theirs", 2), ("typed", 3)] {
        sealed.write(&format!("{name}.csv"), format!("phone\n+91987654320{number}\n"));
    }
    sealed.write(USERS_FILE, "region = \"GB\"\nexclude-file = [\"../../work/mine.csv\"]\n");
    sealed.write("rollcall.toml", "region = \"IN\"\nexclude-file = [\"theirs.csv\"]\n");
    let ended = sealed.run(&["check", "list.csv", "--out", "out", "--exclude-file", "typed.csv"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let file = "suppressed in-file";
    assert_eq!(
        briefs(&sealed, "out"),
        [&format!("2 {file}"), &format!("3 {file}"), &format!("4 {file}"), "5 valid"]
    );
    let line = ended.stderr.lines().find(|line| line.starts_with("settings: ")).unwrap_or_default();
    assert!(
        line.starts_with("settings: rollcall.toml, then /")
            && line.ends_with("/.config/rollcall/rollcall.toml"),
        "{line}"
    );
    let files = sealed.report("out")["config_files"].clone();
    assert_eq!((files.as_array().unwrap().len(), &files[0]), (2, &"rollcall.toml".into()));
    // The command line wins over both.
    assert_eq!(sealed.run(&["check", "list.csv", "--out", "typed", "--region", "GB"]).code, 1);
}

#[test]
fn config_folder_as_current_folder_is_the_users_file() {
    let sealed = Sealed::new();
    let list = sealed.write("list.csv", LIST);
    sealed.write(USERS_FILE, "region = \"IN\"\nquiet = true\n");
    let mut command = sealed.command(&["check", list.to_str().unwrap(), "--out", "out"]);
    command.current_dir(sealed.path("../.config/rollcall"));
    let ended = ended(command);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
}

#[test]
#[cfg(unix)]
fn invalid_settings_files_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let refused = |what: &str| {
        let ended = sealed.run(&["check", "list.csv", "-q", "--region", "IN"]);
        assert!(ended.code == 2 && ended.stderr.contains(what), "{}", ended.stderr);
    };
    let made = Command::new("mkfifo").arg(sealed.path("rollcall.toml")).status().unwrap();
    assert!(made.success());
    refused("not a regular file");
    fs::remove_file(sealed.path("rollcall.toml")).unwrap();
    fs::create_dir(sealed.path("rollcall.toml")).unwrap();
    refused("not a regular file");
    fs::remove_dir(sealed.path("rollcall.toml")).unwrap();
    sealed.write("rollcall.toml", "#".repeat(1 << 21));
    refused("the file is larger than 1 MiB");
    fs::remove_file(sealed.path("rollcall.toml")).unwrap();
    let own = sealed.write(USERS_FILE, "region = \"IN\"\n");
    fs::set_permissions(&own, fs::Permissions::from_mode(0o666)).unwrap();
    refused("any user of this machine can change this file");
    fs::set_permissions(&own, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(sealed.run(&["check", "list.csv", "-q"]).code, 0);
}

#[test]
#[cfg(unix)]
fn secret_goes_only_to_the_host_of_its_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let sandbox = Running::sandbox(&sealed, &[]);
    let secret = sealed.write("secret", sandbox.variable("ROLLCALL_CLIENT_SECRET"));
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let host = sandbox.variable("ROLLCALL_HOST");
    sealed.write(USERS_FILE, format!("host = \"{host}\"\nclient-secret-file = \"../../work/secret\"\n"));
    let import = |host: Option<&str>, variable: Option<&str>| {
        let mut command = sandboxed::command(
            &sealed,
            &sandbox,
            &["import", "list.csv", "--region", "IN", "-q", "--dry-run"],
        );
        command.env_remove("ROLLCALL_CLIENT_SECRET").env_remove("ROLLCALL_HOST");
        command.envs(host.map(|host| ("ROLLCALL_HOST", host)));
        command.envs(variable.map(|secret| ("ROLLCALL_CLIENT_SECRET", secret)));
        ended(command)
    };
    let closed = ClosedPort::new();
    let thief = format!("http://{}", closed.address());
    let ended = import(Some(&thief), None);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("sends a secret only to the host in the same file"), "{}", ended.stderr);
    for (host, variable) in [(None, None), (Some(format!("{host}/")), None)] {
        assert_eq!(import(host.as_deref(), variable).code, 0);
    }
    let variable = sandbox.variable("ROLLCALL_CLIENT_SECRET");
    assert_eq!(
        import(None, Some(&variable)).code,
        0,
        "the host of the user's file, a secret of the environment"
    );
    assert_eq!(import(Some(&host), Some(&variable)).code, 0);
}

#[test]
fn ready_token_must_be_a_jwt() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let sandbox = Running::sandbox(&sealed, &[]);
    for token in [
        "canary-password",
        "canary.b.c",
        "e30.canaryAA",
        "e30.e30.canaryAA.e30",
        "W10.W10.canaryAA",
        "canary line",
    ] {
        let mut command =
            sandboxed::command(&sealed, &sandbox, &["import", "list.csv", "--region", "IN", "-q"]);
        command
            .env_remove("ROLLCALL_CLIENT_ID")
            .env_remove("ROLLCALL_CLIENT_SECRET")
            .env("ROLLCALL_TOKEN", token);
        let ended = ended(command);
        assert!(
            ended.code == 2 && ended.stderr.contains("not a JSON Web Token"),
            "{token}: {}",
            ended.stderr
        );
        assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    }
}

/// Writes a file with a secret that only its owner can read.
#[cfg(unix)]
fn private(sealed: &Sealed, name: &str, content: &str) {
    use std::os::unix::fs::PermissionsExt as _;

    let path = sealed.write(name, content);
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Returns an invented ready token.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmVk";

#[test]
#[cfg(unix)]
fn typed_credentials_win_over_environment_and_files() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000"]);
    let good_token = sandbox.printed.lines().last().unwrap().rsplit(' ').next().unwrap();
    let (id, secret) = (sandbox.variable("ROLLCALL_CLIENT_ID"), sandbox.variable("ROLLCALL_CLIENT_SECRET"));
    for (name, content) in
        [("token", good_token), ("bad-token", TOKEN), ("secret", &secret), ("bad-secret", "no")]
    {
        private(&sealed, name, content);
    }
    let host = sandbox.variable("ROLLCALL_HOST");
    let import = |typed: &[&str], variables: &[(&str, &str)], file: &str| {
        sealed.write("own.toml", format!("host = \"{host}\"\n{file}"));
        let fixed = ["import", "list.csv", "--region", "IN", "-q", "--dry-run", "--config", "own.toml"];
        let mut command = sandboxed::command(&sealed, &sandbox, &[&fixed, typed].concat());
        command
            .env_remove("ROLLCALL_CLIENT_ID")
            .env_remove("ROLLCALL_CLIENT_SECRET")
            .env_remove("ROLLCALL_HOST");
        command.envs(variables.iter().copied());
        ended(command)
    };
    let bad_app = [("ROLLCALL_CLIENT_ID", "cs-1"), ("ROLLCALL_CLIENT_SECRET", "no")];
    let app = [("ROLLCALL_CLIENT_ID", id.as_str()), ("ROLLCALL_CLIENT_SECRET", secret.as_str())];
    let in_file = format!("client-id = \"{id}\"\nclient-secret-file = \"secret\"\n");
    let typed_app = ["--client-id", id.as_str(), "--client-secret-file", "secret"];
    for (typed, variables, file) in [
        (["--token-file", "token"].as_slice(), bad_app.as_slice(), ""),
        (&["--token-file", "token"], &[("ROLLCALL_TOKEN", TOKEN)], &in_file),
        (&typed_app, &[("ROLLCALL_TOKEN", TOKEN)], ""),
        (&typed_app, &bad_app, "token-file = \"bad-token\"\n"),
        (&[], &app, "token-file = \"bad-token\"\n"),
        (
            &[],
            &[("ROLLCALL_TOKEN", good_token)],
            "client-id = \"cs-1\"\nclient-secret-file = \"bad-secret\"\n",
        ),
        (&["--client-secret-file", "secret"], &[("ROLLCALL_TOKEN", TOKEN)], &in_file),
        (&[], &[], &in_file),
    ] {
        let ended = import(typed, variables, file);
        assert_eq!(ended.code, 0, "{typed:?} {variables:?} {file}: {}", ended.stderr);
    }
    for (typed, variables, file, place) in [
        (
            ["--token-file", "token", "--client-id", "cs-1"].as_slice(),
            [].as_slice(),
            "",
            "on the command line",
        ),
        (&[], &[("ROLLCALL_TOKEN", TOKEN), ("ROLLCALL_CLIENT_ID", "cs-1")], "", "in the environment"),
        (&[], &[], "token-file = \"token\"\nclient-id = \"cs-1\"\n", "in own.toml"),
    ] {
        let ended = import(typed, variables, file);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        let refusal = format!("both an access token and an app's client id or secret are given {place}");
        assert!(ended.stderr.contains(&refusal), "{}", ended.stderr);
    }
}

#[test]
fn sandbox_and_account_are_never_mixed_silently() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let closed = ClosedPort::new();
    let host = format!("http://{}", closed.address());
    let import = |args: &[&str], host: Option<&str>| {
        let mut command =
            sealed.command(&[&["import", "list.csv", "--region", "IN", "--out", "out"], args].concat());
        command.envs(host.map(|host| ("ROLLCALL_HOST", host)));
        command.env("ROLLCALL_TOKEN", TOKEN);
        ended(command)
    };
    let typed = import(&["--sandbox", "--host", &host, "--stream-id", "s"], None);
    assert_eq!(typed.code, 2, "{}", typed.stderr);
    assert!(typed.stderr.contains("cannot be combined with --host, --stream-id"), "{}", typed.stderr);
    assert!(!sealed.path("out").exists());
    let of_environment = import(&["--sandbox"], Some(&host));
    assert_eq!(of_environment.code, 0, "{}", of_environment.stderr);
    let note =
        "note: --sandbox uses a local platform; these settings are not used: ROLLCALL_HOST, ROLLCALL_TOKEN\n";
    assert!(of_environment.stderr.contains(note), "{}", of_environment.stderr);
    sealed.write("own.toml", "sandbox = true\n");
    let account = ["--host", &host, "--stream-id", "s", "--account-id", "a", "--max-attempts", "1"];
    let of_file = import(&[&["--config", "own.toml"], account.as_slice()].concat(), None);
    assert_eq!(of_file.code, 4, "{}", of_file.stderr);
    let switched_off = import(&["--config", "own.toml", "--no-sandbox"], None);
    assert!(
        switched_off.code == 2 && switched_off.stderr.contains("missing: --host"),
        "{}",
        switched_off.stderr
    );
    let alone = import(&["--config", "own.toml"], Some(&host));
    assert!(
        alone.stderr.contains("note: `sandbox` in own.toml uses a local platform (--no-sandbox"),
        "{}",
        alone.stderr
    );
}

#[test]
fn command_line_wins_over_switches_of_a_file() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    sealed.write("own.toml", "quiet = true\njson = true\nregion = \"IN\"\n");
    let check = |args: &[&str]| {
        sealed.run(&[&["check", "list.csv", "--config", "own.toml", "--out", "out"], args].concat())
    };
    let of_file = check(&[]);
    assert!(of_file.stderr.is_empty() && of_file.stdout.contains("rollcall.report/1"), "{}", of_file.stderr);
    let typed = check(&["-vv", "--no-json"]);
    assert!(typed.stderr.contains("settings: own.toml") && typed.stdout.is_empty(), "{}", typed.stderr);
    assert!(check(&["--no-quiet"]).stderr.contains("settings: own.toml"));
    sealed.write("own.toml", "verbose = 2\nregion = \"IN\"\n");
    assert_eq!(check(&["-q"]).stderr, "");
    let both = sealed.run(&["-q", "check", "list.csv", "-v"]);
    assert!(
        both.code == 2 && both.stderr.contains("--quiet and --verbose cannot be used together"),
        "{}",
        both.stderr
    );
    let last = check(&["--keep", "first", "--region", "GB", "--keep", "last", "--region", "IN"]);
    assert_eq!(last.code, 0, "{}", last.stderr);
}

#[test]
fn relative_paths_start_from_the_folder_of_the_file() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    sealed.write("conf/dnc.csv", "phone\n+919876543201\n");
    sealed.write(
        "conf/own.toml",
        "region = \"IN\"\nout = \"runs\"\nexport = \"good.csv\"\nexclude-file = \"dnc.csv\"\nstate-dir = \"state\"\n\
         [sandbox-server]\nseed = \"missing.csv\"\n",
    );
    sealed.write("dnc.csv", "phone\n+919876543202\n");
    let check = ["check", "list.csv", "--config", "conf/own.toml", "--exclude-file", "dnc.csv"];
    let ended = sealed.run(&check);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    // A settings file adds its value to the typed ones, also if it is not a list.
    assert_eq!(
        briefs(&sealed, "conf/runs")[..3],
        ["2 suppressed in-file", "3 suppressed in-file", "4 valid"]
    );
    assert!(sealed.path("conf/good.csv").exists());
    assert_eq!(sealed.run(&["runs", "--config", "conf/own.toml"]).code, 0);
    assert!(sealed.path("conf/state/journal.sqlite3").exists());
    let mut command = sealed.command(&["runs", "--config", "conf/own.toml"]);
    command.env("ROLLCALL_STATE_DIR", "variable");
    assert!(crate::sealed::ended(command).code == 0 && sealed.path("variable/journal.sqlite3").exists());
    let seed = sealed.run(&["sandbox", "--config", "conf/own.toml"]);
    assert!(seed.stderr.contains("conf/missing.csv"), "{}", seed.stderr);
}

/// A list may come with a settings file. It must not let rows pass that the user rejects.
#[test]
fn users_file_wins_over_the_folders_file_for_row_options() {
    let sealed = Sealed::new();
    let strict = "accept = \"valid\"\ntypes = [\"mobile\", \"unknown\"]\ndrop-extensions = false\nsplit-names = \"strict\"\n\
                  hidden-rows = \"skip\"\nno-header = false\n";
    let wide = "accept = \"possible\"\ntypes = [\"mobile\", \"premium-rate\"]\ndrop-extensions = true\n\
                split-names = \"last-word\"\nhidden-rows = \"include\"\nno-header = true\nkeep = \"last\"\n";
    sealed.write("rollcall.toml", wide);
    let reading = || {
        let ended = sealed.run(&["doctor", "--sandbox", "--json"]);
        let findings: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        let reading = findings.as_array().unwrap().iter().find(|line| line["subject"] == "reading").unwrap();
        reading["found"].as_str().unwrap().to_owned()
    };
    sealed.write("rollcall.toml", format!("{wide}map = [\"phone=4\", \"full_name=1\", \"salutation=3\"]\n"));
    assert!(
        reading().contains("hidden-rows include") && reading().contains("types mobile premium-rate"),
        "{}",
        reading()
    );
    sealed.write(USERS_FILE, strict);
    let merged = reading();
    for of_user in ["accept valid", "types mobile unknown", "split-names strict", "hidden-rows skip"] {
        assert!(merged.contains(of_user), "{merged}");
    }
    for of_folder in ["possible", "premium-rate", "last-word", "include", "no-header", "drop-extensions"] {
        assert!(!merged.contains(of_folder), "{merged}");
    }
    assert!(merged.contains("keep last"), "the folder's own list is described by its file: {merged}");
    sealed.write("list.csv", "First Name,Last Name,Salutation,Phone\nAsha,Rao,Mrs,+44 27 0000 0000\n");
    sealed.write("rollcall.toml", "accept = \"possible\"\n");
    let args = ["check", "list.csv", "--out", "out"];
    assert_eq!(sealed.run(&args).code, 1);
    fs::remove_file(sealed.path(USERS_FILE)).unwrap();
    assert_eq!(sealed.run(&args).code, 0);
    assert_eq!(sealed.run(&["check", "list.csv", "--out", "out", "--accept", "valid"]).code, 1);
}

#[test]
fn folder_file_cannot_keep_a_number_from_being_suppressed() {
    let sealed = Sealed::new();
    sealed.write(
        "list.csv",
        "First Name,Last Name,Salutation,Phone,Do Not Call\nAsha,Rao,Mrs,+919876543201,no\nBela,Rao,Mrs,+919876543202,yes\n",
    );
    let dnc = sealed.write("lists/dnc.csv", "phone,country\n98765 43201,\n98765 43201,Bharat\n");
    sealed.write(
        USERS_FILE,
        format!(
            "region = \"IN\"\nexclude-file = \"{}\"\n[values.country]\n\"Bharat\" = \"IN\"\n",
            dnc.display()
        ),
    );
    for of_folder in [
        "",
        "region = \"US\"",
        "region = \"GB\"",
        "map = [\"unique_id=Do Not Call\"]",
        "map = [\"country=Do Not Call\"]",
        "map = [\"priority=5\"]",
        "[values.country]\n\"Bharat\" = \"PK\"",
    ] {
        sealed.write("rollcall.toml", format!("{of_folder}\n"));
        let ended = sealed.run(&["check", "list.csv", "--out", "out", "--overwrite"]);
        assert!(matches!(ended.code, 0 | 1), "{of_folder}: {}", ended.stderr);
        assert_eq!(
            briefs(&sealed, "out"),
            ["2 suppressed in-file", "3 suppressed do-not-call-column"],
            "{of_folder}"
        );
    }
}

#[test]
fn empty_texts_in_a_file_count_as_not_set() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    sealed.write(USERS_FILE, "out = \"\"\nexclude-file = \"\"\nregion = \"IN\"\nexport = \" \"\n");
    let ended = sealed.run(&["check", "list.csv", "-q"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    assert!(sealed.path("rollcall-out").is_dir() && !sealed.path("outcomes.csv").exists());
}

#[test]
#[cfg(unix)]
fn typed_pipe_is_read() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let mut command = sealed.command(&["check", "list.csv", "-q", "--config", "/dev/stdin", "--out", "out"]);
    command.stdin(Stdio::piped());
    sealed.write("dnc.csv", "phone\n+919876543201\n");
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"region = \"IN\"\nexclude-file = \"dnc.csv\"\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(briefs(&sealed, "out")[0], "2 suppressed in-file", "from the working folder");
}

#[test]
#[cfg(unix)]
fn found_settings_file_of_another_user_is_refused() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let own = sealed.write(USERS_FILE, "region = \"IN\"\n");
    if std::os::unix::fs::chown(&own, Some(54_321), None).is_err() {
        return;
    }
    let found = sealed.run(&["check", "list.csv", "-q"]);
    assert!(found.code == 2 && found.stderr.contains("belongs to another user"), "{}", found.stderr);
    assert_eq!(sealed.run(&["check", "list.csv", "-q", "--config", USERS_FILE]).code, 0);
}
