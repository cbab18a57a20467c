//! The examples of the README, run as they stand there.

use crate::sealed::{Sealed, USERS_FILE, filters};

/// A command and what it says, from a block marked `console`.
fn examples() -> Vec<(String, String)> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let blocks = readme.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let examples = blocks.map(|block| {
        let (command, said) = block.split_once('\n').unwrap();
        (command.strip_prefix("$ ").unwrap().to_owned(), said.to_owned())
    });
    examples.collect()
}

/// What changes from run to run, made the same.
fn filtered(text: &str) -> String {
    filters().into_iter().fold(text.to_owned(), |text, (pattern, with)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, with).into_owned()
    })
}

#[test]
fn every_example_says_what_the_readme_says() {
    let examples = examples();
    assert!(examples.len() >= 3);
    for (command, said) in examples {
        // These tests are what it runs.
        if command == "cargo test" {
            continue;
        }
        let args = command
            .strip_prefix("cargo run --release -- ")
            .or_else(|| command.strip_prefix("rollcall "))
            .unwrap();
        let ended = Sealed::new().with_samples().run(&args.split(' ').collect::<Vec<_>>());
        assert!(matches!(ended.code, 0 | 1), "{command}: {}", ended.stderr);
        assert_eq!(filtered(&(ended.stdout + &ended.stderr)), filtered(&said), "{command}");
    }
}

#[test]
fn the_config_files_of_the_readme_are_understood() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let files: Vec<&str> =
        readme.split("```toml\n").skip(1).map(|behind| behind.split("```").next().unwrap()).collect();
    let [users, folders] = *files else { panic!("the user's and a folder's") };
    let sealed = Sealed::new();
    sealed.write(USERS_FILE, users);
    sealed.write("rollcall.toml", folders);
    sealed.write("do-not-call.csv", "phone\n");
    sealed.write("list.csv", "Name,Ring me at\nAsha Kumar,81234 56789\n");
    let ended = sealed.run(&["check", "list.csv", "-q"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}
