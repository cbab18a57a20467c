//! Manual pages and shell completions, from the built program.

use std::fs;

use crate::{
    sandboxed::{command, run},
    sealed::{Running, Sealed, USERS_FILE, ended},
};

#[test]
fn every_command_has_a_manual_page() {
    let sealed = Sealed::new();
    let root = sealed.run(&["man"]);
    assert_eq!(root.code, 0, "{}", root.stderr);
    assert!(root.stdout.contains(".SH NAME") && root.stdout.contains("rollcall\\-import"), "{}", root.stdout);
    let import = sealed.run(&["man", "import"]);
    assert!(import.stdout.contains("\\-\\-exclude\\-file"), "{}", import.stdout);
    assert!(import.stdout.contains("rollcall import leads.csv \\-\\-yes"), "{}", import.stdout);
    // The pages describe rare options, too.
    for text in ["Address of the platform", "Delimiter of text files", "ROLLCALL_HOST"] {
        assert!(import.stdout.contains(text), "{text}: {}", import.stdout);
    }
    assert_eq!(sealed.run(&["man", "--out", "pages"]).code, 0);
    let pages: Vec<_> =
        fs::read_dir(sealed.path("pages")).unwrap().map(|page| page.unwrap().file_name()).collect();
    for command in ["check", "import", "watch", "runs-discard"] {
        assert!(pages.iter().any(|page| *page == *format!("rollcall-{command}.1")), "{command}");
    }
    // Commands for other processes of the program are not for people.
    assert!(!pages.iter().any(|page| page.to_string_lossy().contains("read-workbook")), "{pages:?}");
    let unknown = sealed.run(&["man", "nothing"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.starts_with("error: there is no command `nothing`\nhint: The commands are check, ")
    );
}

#[test]
fn completions_are_printed_for_each_shell() {
    let sealed = Sealed::new();
    // A broken settings file must not break the start of a shell.
    sealed.write("rollcall.toml", "region =");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sealed.run(&["completions", shell]);
        assert_eq!((script.code, script.stderr.as_str()), (0, ""), "{shell}");
        assert!(script.stdout.contains("ROLLCALL_COMPLETE"), "{shell}: {}", script.stdout);
    }
    assert_eq!(sealed.run(&["completions", "tcsh"]).code, 2);
}

#[test]
fn shell_completes_commands_options_and_unfinished_runs() {
    let sealed = Sealed::new();
    sealed.write("list.csv", "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876543210\n");
    let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000"]);
    let candidates = |words: &[&str]| {
        let args = [&["--", "rollcall"], words].concat();
        let mut shell = command(&sealed, &sandbox, &args);
        shell
            .env("ROLLCALL_COMPLETE", "bash")
            .env("ROLLCALL_STATE_DIR", sealed.path("state"))
            .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
            .env("_CLAP_COMPLETE_COMP_TYPE", "9")
            .env("_CLAP_COMPLETE_SPACE", "true")
            .env("_CLAP_IFS", "\n");
        let answer = ended(shell);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        answer.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(candidates(&["che"]), ["check"]);
    assert_eq!(candidates(&["import", "--exclude-f"]), ["--exclude-file"]);
    assert!(candidates(&["resume", ""]).iter().all(|word| word.starts_with('-')));
    // Asking creates no journal.
    assert!(!sealed.path("state").exists());

    let mut killed = command(&sealed, &sandbox, &["import", "list.csv", "--state-dir", "state"]);
    killed.env("ROLLCALL_FAIL_AT", "12!");
    assert_eq!(ended(killed).code, -1);
    let runs = run(&sealed, &sandbox, &["runs", "--json", "--state-dir", "state"]);
    let runs: serde_json::Value = serde_json::from_str(&runs.stdout).unwrap();
    let id = runs[0]["run"].as_str().unwrap().to_owned();
    assert!(candidates(&["resume", ""]).contains(&id));
    assert!(candidates(&["runs", "discard", ""]).contains(&id));

    sealed.write(USERS_FILE, "[profile.staging]\nregion = \"IN\"\n");
    assert_eq!(candidates(&["import", "--profile", "s"]), ["staging"]);
}
