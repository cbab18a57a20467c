//! The text of the settings file that `rollcall init` writes: a new one with comments, or an edited one.

use std::fmt::Write as _;

use toml::{
    Value,
    de::{DeTable, DeValue},
};

/// An option that `init` sets, or omits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) comment: &'static str,
    /// `None` removes the option.
    pub(super) value: Option<String>,
    /// The value in a commented line of a new file, if the option has no value.
    pub(super) example: Option<&'static str>,
}

impl Entry {
    fn line(&self, value: &str) -> String {
        format!("{} = {}", self.name, Value::from(value))
    }
}

const HEAD: &str = "\
# Settings of rollcall. A file can set the options of the command line, without the dashes in front.
# `rollcall config` shows the options in force, and `rollcall doctor` checks them.
";

/// Returns the text of a new file.
pub(super) fn new(entries: &[Entry]) -> String {
    let mut text = HEAD.to_owned();
    for entry in entries {
        let line = match (&entry.value, entry.example) {
            (Some(value), _) => entry.line(value),
            (None, Some(example)) => format!("# {}", entry.line(example)),
            (None, None) => continue,
        };
        // Writing to a string cannot fail.
        _ = write!(text, "\n# {}\n{line}\n", entry.comment);
    }
    text
}

/// Returns a text with the entries changed, and everything else unchanged. An option that is removed becomes a comment.
/// `None` if the text is not valid.
pub(super) fn edited(text: &str, entries: &[Entry]) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let table = table.get_ref();
    // From the end to the start, so that earlier positions stay valid.
    let mut edits: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    let mut added = String::new();
    for entry in entries {
        let known = table.iter().find(|(name, _)| name.get_ref() == entry.name);
        match (known, &entry.value) {
            (Some((_, old)), Some(value)) => {
                let is_same = matches!(old.get_ref(), DeValue::String(old) if old.as_ref() == value);
                if !is_same {
                    edits.push((old.span(), Value::from(value.as_str()).to_string()));
                }
            }
            (Some((name, _)), None) => edits.push((name.span().start..name.span().start, "# ".to_owned())),
            (None, Some(value)) => match example(text, entry.name) {
                Some(line) => edits.push((line, entry.line(value))),
                None => added.extend([entry.line(value).as_str(), "\n"]),
            },
            (None, None) => {}
        }
    }
    if !added.is_empty() {
        // Options after a table would belong to the table.
        let start = text.len() - text.trim_start_matches('\u{feff}').len();
        edits.push((start..start, added));
    }
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut text = text.to_owned();
    for (range, with) in edits {
        text.replace_range(range, &with);
    }
    Some(text)
}

/// Returns the line above all tables that has an option as an example, in a comment.
fn example(text: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let start = format!("# {name} = ");
    let mut at = 0;
    for line in text.split_inclusive('\n').take_while(|line| !line.trim_start().starts_with('[')) {
        if line.starts_with(&start) {
            return Some(at..at + line.trim_end().len());
        }
        at += line.len();
    }
    None
}

/// Returns the lines of two texts that differ: removed ones with `-`, added ones with `+`.
pub(super) fn changes(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut text = String::new();
    for line in old.iter().filter(|line| !new.contains(line)) {
        _ = writeln!(text, "- {line}");
    }
    for line in new.iter().filter(|line| !old.contains(line)) {
        _ = writeln!(text, "+ {line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &'static str, value: Option<&str>) -> Entry {
        Entry { name, comment: "About it.", value: value.map(str::to_owned), example: Some("x") }
    }

    #[test]
    fn new_file_has_comments_and_is_valid() {
        let text = new(&[entry("host", Some("https://a.example.com")), entry("region", None)]);
        assert!(
            text.ends_with(
                "\n# About it.\nhost = \"https://a.example.com\"\n\n# About it.\n# region = \"x\"\n"
            )
        );
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table.len(), 1);
        let odd = new(&[entry("host", Some("a\"\\\n"))]);
        assert_eq!(odd.parse::<toml::Table>().unwrap()["host"].as_str(), Some("a\"\\\n"));
    }

    #[test]
    fn edit_keeps_everything_else() {
        let old = "# mine\nhost = 'https://a.example.com' # the old one\ntoken-file = \"t\"\nkeep = \"last\"\n\n[values.country]\nA = \"DE\"\n";
        let entries = [
            entry("host", Some("https://b.example.com")),
            entry("stream-id", Some("s-1")),
            entry("token-file", None),
            entry("client-id", None),
        ];
        let new = edited(old, &entries).unwrap();
        assert_eq!(
            new,
            "stream-id = \"s-1\"\n# mine\nhost = \"https://b.example.com\" # the old one\n# token-file = \"t\"\n\
             keep = \"last\"\n\n[values.country]\nA = \"DE\"\n"
        );
        assert_eq!(edited(&new, &entries).unwrap(), new);
        assert_eq!(
            changes(old, &new),
            "- host = 'https://a.example.com' # the old one\n- token-file = \"t\"\n+ stream-id = \"s-1\"\n\
             + host = \"https://b.example.com\" # the old one\n+ # token-file = \"t\"\n"
        );
        assert_eq!(edited("host = ", &entries), None);
        let with_example = "# region = \"x\"\nkeep = \"last\"\n[values.country]\n# region = \"x\"\n";
        let region = edited(with_example, &[entry("region", Some("IN"))]).unwrap();
        assert_eq!(region, with_example.replacen("# region = \"x\"", "region = \"IN\"", 1));
    }
}
