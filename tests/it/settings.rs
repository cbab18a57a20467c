//! Where settings come from: what is typed, the environment, the file of the folder, the user's own.

use std::{fs, process::Command};

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
/// which file is written, or that somebody is called who opted out.
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
fn odd_settings_files_are_refused() {
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
fn a_ready_token_must_be_a_jwt() {
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
