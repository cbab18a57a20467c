//! Runs the examples of the README and of `docs/`.

use std::{fs, path::Path};

use crate::{
    sandboxed,
    sealed::{Running, Sealed, USERS_FILE, filters},
};

/// Returns the pages with their names.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["docs", "docs/howto"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let docs = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = docs.filter(|path| path.extension().is_some_and(|it| it == "md")).collect();
    paths.extend(["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root.join(name)));
    paths.sort();
    let page = |path: &Path| (path.display().to_string(), fs::read_to_string(path).unwrap());
    paths.iter().map(|path| page(path)).collect()
}

/// Returns the pages whose commands do not depend on each other. `tutorial` follows the others.
fn reference() -> Vec<(String, String)> {
    let is_followed = |page: &str| page.ends_with("docs/tutorial.md") || page.contains("docs/howto/");
    pages().into_iter().filter(|(page, _)| !is_followed(page)).collect()
}

/// Returns the code blocks of a page in this language.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let fence = format!("\n```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// Replaces text that changes between runs.
pub(crate) fn filtered(text: &str) -> String {
    filters().into_iter().fold(text.to_owned(), |text, (pattern, with)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, with).into_owned()
    })
}

#[test]
fn commands_print_the_output_in_the_docs() {
    let mut run = 0;
    for (page, text) in reference() {
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
    for (page, text) in reference() {
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
    sealed.write(USERS_FILE, file("docs/howto/several-accounts.md"));
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

/// Returns the anchors of the headings of a page, as code hosts name them.
fn anchors(page: &str) -> Vec<String> {
    let mut anchors = Vec::new();
    let mut is_code = false;
    for line in page.lines() {
        is_code ^= line.starts_with("```");
        let title = line.trim_start_matches('#').strip_prefix(' ');
        let Some(title) = title.filter(|_| line.starts_with('#') && !is_code) else { continue };
        let kept = title.to_lowercase().replace(' ', "-");
        let is_kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
        anchors.push(kept.chars().filter(is_kept).collect());
    }
    anchors
}

#[test]
fn links_between_docs_pages_resolve() {
    let link = regex::Regex::new(r"\]\(([^)#\s]*)(?:#([^)]*))?\)").unwrap();
    let mut checked = 0;
    for (page, text) in pages() {
        let folder = Path::new(&page).parent().unwrap();
        for found in link.captures_iter(&text).filter(|found| !found[1].contains("://")) {
            let target = if found[1].is_empty() { page.clone().into() } else { folder.join(&found[1]) };
            assert!(target.exists(), "{page}: {}", &found[1]);
            checked += 1;
            let Some(anchor) = found.get(2) else { continue };
            let there = anchors(&fs::read_to_string(&target).unwrap());
            assert!(there.iter().any(|other| other == anchor.as_str()), "{page}: {}: {there:?}", &found[0]);
        }
    }
    assert!(checked > 80, "{checked}");
}

#[test]
fn index_names_every_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let index = fs::read_to_string(root.join("README.md")).unwrap();
    for (page, _) in pages() {
        let Ok(page) = Path::new(&page).strip_prefix(&root) else { continue };
        let page = page.display().to_string();
        assert!(page == "README.md" || index.contains(&format!("]({page})")), "{page}");
    }
}
