//! Runs the examples of the README and of `docs/`.

use std::{fs, path::Path};

use crate::{
    sandboxed,
    sealed::{Running, Sealed, USERS_FILE, filters},
};

/// Returns the pages with their names.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = docs.filter(|path| path.extension().is_some_and(|it| it == "md")).collect();
    paths.extend(["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root.join(name)));
    paths.sort();
    let page = |path: &Path| (path.display().to_string(), fs::read_to_string(path).unwrap());
    paths.iter().map(|path| page(path)).collect()
}

/// Returns the code blocks of a page in this language.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let fence = format!("\n```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// Replaces text that changes between runs.
fn filtered(text: &str) -> String {
    filters().into_iter().fold(text.to_owned(), |text, (pattern, with)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, with).into_owned()
    })
}

#[test]
fn commands_print_the_output_in_the_docs() {
    let mut run = 0;
    for (page, text) in pages() {
        for block in blocks(&text, "console") {
            let (command, said) = block.split_once('\n').unwrap_or((block, ""));
            let command = command.strip_prefix("$ ").unwrap();
            // `cargo test` runs this test.
            if command == "cargo test" {
                continue;
            }
            let args = command
                .strip_prefix("cargo run --release -- ")
                .or_else(|| command.strip_prefix("rollcall "))
                .unwrap();
            let ended = Sealed::new().with_samples().run(&args.split(' ').collect::<Vec<_>>());
            assert!(matches!(ended.code, 0 | 1), "{page}: {command}: {}", ended.stderr);
            let shown = filtered(&(ended.stdout + &ended.stderr));
            assert_eq!(shown.trim_end(), filtered(said).trim_end(), "{page}: {command}");
            run += 1;
        }
    }
    assert!(run >= 2);
}

/// Returns the words of a command, without comments and pipes. Quotation marks keep words together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            '#' | '|' if !is_quoted => break,
            ' ' if !is_quoted => {
                words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            }
            letter => word.push(letter),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[test]
fn every_command_in_the_docs_works() {
    const PEOPLE: &str =
        "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876543210\nTom,,Mr,+919876543213\n";

    let sealed = Sealed::new().with_samples();
    sealed.write("on-it.csv", "phoneNumber\n+919876543212\n");
    let sandbox = Running::sandbox(&sealed, &["--list", "cl-1=on-it.csv", "--campaign", "cm-1=on-it.csv"]);
    let mut run = 0;
    for (page, text) in pages() {
        for block in blocks(&text, "sh") {
            // Files that the commands of a page need or write.
            for name in ["leads.csv", "list.csv"] {
                sealed.write(name, PEOPLE);
            }
            sealed.write("do-not-call.csv", "Phone\n+919876543211\n");
            for line in block.lines().filter_map(|line| line.strip_prefix("rollcall ")) {
                let line = line.replace("cl-…", "cl-1").replace("cm-…", "cm-1");
                let words = words(&line);
                let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
                match args[0] {
                    // These run until they are stopped, so the test only parses their arguments.
                    "watch" | "sandbox" => args.push("--help"),
                    // The next command may write the same file again.
                    "import" | "check" if !args.contains(&"--out") => {
                        args.extend(["--out", "out", "--overwrite"]);
                    }
                    _ => {}
                }
                let ended = sandboxed::run(&sealed, &sandbox, &args);
                // These report that there is no such run.
                let needs_run = args[0] == "resume" || args.starts_with(&["runs", "discard"]);
                let is_fine = matches!(ended.code, 0 | 1) || needs_run && ended.code == 2;
                assert!(is_fine, "{page}: rollcall {line}: {}", ended.stderr);
                if let Some(export) = args.iter().position(|arg| *arg == "--export") {
                    _ = fs::remove_file(sealed.path(args[export + 1]));
                }
                run += 1;
            }
        }
    }
    assert!(run >= 15, "{run}");
}

#[test]
fn settings_files_in_the_docs_are_valid() {
    let pages = pages();
    let file = |name: &str| {
        let (_, text) = pages.iter().find(|(page, _)| page.ends_with(name)).unwrap();
        let [file] = *blocks(text, "toml") else { panic!("one file in {name}") };
        file.to_owned()
    };
    let sealed = Sealed::new();
    sealed.write(USERS_FILE, file("README.md"));
    sealed.write("rollcall.toml", file("docs/settings.md"));
    sealed.write("do-not-call.csv", "phone\n");
    sealed.write("list.csv", "Name,Ring me at\nAsha Kumar,81234 56789\n");
    let ended = sealed.run(&["check", "list.csv", "-q"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    sealed.write("mapping.toml", file("docs/reading.md"));
    sealed.write("list.csv", "Who,Ring me,Town\nAsha Kumar,+91 81234 56789,Pune\n");
    let options = ["--config", "mapping.toml", "--default-salutation", "Ms"];
    let ended = sealed.run(&[&["check", "list.csv", "-q"], &options[..]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn links_between_docs_pages_resolve() {
    let link = regex::Regex::new(r"\]\(([^)#]+)(#[^)]*)?\)").unwrap();
    for (page, text) in pages() {
        let folder = Path::new(&page).parent().unwrap();
        for found in link.captures_iter(&text).filter(|found| !found[1].contains("://")) {
            assert!(folder.join(&found[1]).exists(), "{page}: {}", &found[1]);
        }
    }
}
