//! Words that must not come back into texts, comments and names: each has a plainer one.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A word or phrase, and what to say instead.
const BANNED: [(&str, &str); 17] = [
    ("mend", "fix"),
    ("mended", "fixed"),
    ("settlement", "reconciliation"),
    ("unsettled", "unacknowledged"),
    ("whoever", "the person or program that"),
    ("is told", "say who reports it"),
    ("are told", "say who reports it"),
    ("what stands", "name the thing"),
    ("gone on with", "resumed"),
    ("goes on with", "resumes"),
    ("going on with", "resuming"),
    ("left out", "suppressed"),
    ("leaves out", "suppresses"),
    ("leave out", "suppress"),
    ("noted down", "recorded"),
    ("without a double", "without duplicates"),
    ("single double", "duplicate"),
];

/// Folders where a word means something else: in `watch`, a file settles when nothing writes to it any more.
const ELSEWHERE: [(&str, &str); 2] = [("src/watch", "unsettled"), ("src/cli/watch.rs", "unsettled")];

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let is_text = entry.extension().is_some_and(|ending| ending == "rs" || ending == "md");
        if entry.is_dir() && !entry.ends_with("node_modules") {
            collect(&entry, files);
        } else if is_text && !entry.ends_with("words.rs") {
            files.push(entry);
        }
    }
}

/// Returns whether a line has these words, not as parts of longer ones. `next` is the next line, on which they may end.
fn has(line: &str, next: &str, words: &str) -> bool {
    let text = format!("{line} {}", next.trim_start_matches(['/', '!', ' ']));
    let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let mut places = text.match_indices(words);
    places.any(|(at, _)| {
        at < line.len()
            && !is_word(text[..at].chars().next_back())
            && !is_word(text[at + words.len()..].chars().next())
    })
}

#[test]
fn banned_words_do_not_come_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];
    let mut files: Vec<PathBuf> = pages.iter().map(|page| root.join(page)).collect();
    for folder in ["src", "tests", "benches", "docs", "samples"] {
        collect(&root.join(folder), &mut files);
    }
    let mut found = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap().display().to_string();
        let text = fs::read_to_string(&file).unwrap().to_lowercase().replace('_', " ");
        let next = text.lines().skip(1).chain([""]);
        for (line, (text, next)) in (1..).zip(text.lines().zip(next)) {
            for (words, better) in BANNED.iter().filter(|(words, _)| has(text, next, words)) {
                if !ELSEWHERE.iter().any(|(folder, word)| name.starts_with(folder) && word == words) {
                    found.push(format!("{name}:{line}: `{words}`, better: {better}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
