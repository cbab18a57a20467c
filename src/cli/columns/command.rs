//! The command that names the columns of inputs: the user's own command with `--map` options.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use crate::{
    cli::{args::Command, hint::shell_quoted, parse},
    contact::Field,
    parse::{Fault, Mapping, ParseError},
    report::terminal::printable,
};

/// Options that name a file of the run, which only one of several commands can write.
const ONE_RUN: [&str; 3] = ["--out", "-o", "--export"];

/// Returns one command line that reads the inputs, or `None` if there is none: an input has another fault, or no column
/// of it holds phone numbers.
pub(super) fn naming_columns(typed: &[OsString], files: &[PathBuf], errors: &[ParseError]) -> Option<String> {
    // An argument that is not UTF-8 cannot be printed.
    let typed: Vec<&str> = typed.iter().map(|arg| arg.to_str()).collect::<Option<_>>()?;
    if typed.is_empty() {
        return None;
    }
    let mut groups: Vec<(Vec<String>, Vec<&PathBuf>)> = Vec::new();
    for file in files {
        let options = match errors.iter().find(|error| error.path == *file) {
            Some(error) => options(error)?,
            None => Vec::new(),
        };
        match groups.iter_mut().find(|(known, _)| *known == options) {
            Some((_, group)) => group.push(file),
            None => groups.push((options, vec![file])),
        }
    }
    let names_output = typed.iter().any(|arg| ONE_RUN.contains(&arg.split('=').next().unwrap_or_default()));
    if groups.len() > 1 && names_output {
        return None;
    }
    let commands: Option<Vec<String>> =
        groups.iter().map(|(options, group)| with(&typed, files, group, options)).collect();
    let line = commands?.join("; ");
    (printable(&line) == line).then_some(line)
}

/// Returns the options that name the columns of an input, or `None` if they would not help.
fn options(error: &ParseError) -> Option<Vec<String>> {
    let Fault::NoPhoneColumn { unmatched, .. } = &error.fault else { return None };
    unmatched.mappings.iter().find(|mapping| mapping.field == Field::Phone)?;
    let mut options: Vec<String> =
        unmatched.has_no_header.then(|| "--no-header".to_owned()).into_iter().collect();
    for Mapping { field, column, .. } in &unmatched.mappings {
        options.push("--map".to_owned());
        options.push(format!("{}={column}", field.name()));
    }
    Some(options)
}

/// Returns the typed command for a group of the files, with more options.
fn with(typed: &[&str], files: &[PathBuf], group: &[&PathBuf], options: &[String]) -> Option<String> {
    let is_other = |arg: &str| {
        let named = files.iter().find(|file| file.as_os_str() == OsStr::new(arg));
        named.is_some_and(|file| !group.contains(&file))
    };
    let mut words: Vec<&str> = typed.iter().copied().filter(|arg| !is_other(arg)).collect();
    let end = words.iter().position(|word| *word == "--").unwrap_or(words.len());
    words.splice(end..end, options.iter().map(String::as_str));
    // This fails if the value of an option has the name of a file.
    let (cli, _) = parse(words.iter().map(OsString::from)).ok()?;
    let (read, maps) = match &cli.command {
        Command::Check(args) => (&args.files, &args.reading.map),
        Command::Import(args) => (&args.files, &args.import.reading.map),
        Command::Explain(args) => (&vec![args.file.clone()], &args.reading.map),
        _ => return None,
    };
    let is_whole = read.iter().eq(group.iter().copied())
        && options.iter().all(|option| option.starts_with("--") || maps.contains(option));
    is_whole.then(|| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "))
}

/// Quotes a word for a shell; of `phone=Ring me`, only the column.
fn quoted(word: &str) -> String {
    match word.split_once('=') {
        Some((field, column)) if !word.starts_with('-') && shell_quoted(field) == field => {
            format!("{field}={}", shell_quoted(column))
        }
        _ => shell_quoted(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Unmatched;

    fn error(file: &str, maps: &[&str], has_no_header: bool) -> ParseError {
        let mappings = maps.iter().map(|map| map.parse().unwrap()).collect();
        let unmatched = Box::new(Unmatched { mappings, has_no_header, ..Unmatched::default() });
        ParseError { path: file.into(), fault: Fault::NoPhoneColumn { headers: Vec::new(), unmatched } }
    }

    fn line(typed: &str, files: &[&str], errors: &[ParseError]) -> Option<String> {
        let typed: Vec<OsString> = typed.split(' ').map(OsString::from).collect();
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        naming_columns(&typed, &files, errors)
    }

    #[test]
    fn command_is_the_typed_one_with_quoted_mappings() {
        let one = error("list.csv", &["phone=Ring me", "full_name=Who"], false);
        assert_eq!(
            line("rollcall check list.csv --region IN", &["list.csv"], &[one]).unwrap(),
            "rollcall check list.csv --region IN --map phone='Ring me' --map full_name=Who"
        );
        let one = error("a'b.csv", &["phone=2"], true);
        assert_eq!(
            line("./rollcall import -- a'b.csv", &["a'b.csv"], &[one]).unwrap(),
            r"./rollcall import --no-header --map phone=2 -- 'a'\''b.csv'"
        );
    }

    #[test]
    fn inputs_with_other_columns_get_their_own_command() {
        let errors = [error("a.csv", &["phone=A"], false), error("b.csv", &["phone=B"], false)];
        assert_eq!(
            line("rollcall check a.csv b.csv c.csv --keep last", &["a.csv", "b.csv", "c.csv"], &errors)
                .unwrap(),
            "rollcall check a.csv --keep last --map phone=A; rollcall check b.csv --keep last --map phone=B; \
             rollcall check c.csv --keep last"
        );
        let same = [error("a.csv", &["phone=A"], false), error("b.csv", &["phone=A"], false)];
        assert_eq!(
            line("rollcall check a.csv b.csv", &["a.csv", "b.csv"], &same).unwrap(),
            "rollcall check a.csv b.csv --map phone=A"
        );
        let errors = [error("a.csv", &["phone=A"], false), error("b.csv", &["phone=B"], false)];
        assert_eq!(
            line("rollcall check a.csv b.csv --out x", &["a.csv", "b.csv"], &errors),
            None,
            "one folder"
        );
    }

    #[test]
    fn no_command_is_suggested_that_does_not_work() {
        let none = error("a.csv", &[], false);
        assert_eq!(line("rollcall check a.csv", &["a.csv"], &[none]), None);
        let other = ParseError { path: "b.csv".into(), fault: Fault::Empty };
        let errors = [error("a.csv", &["phone=A"], false), other];
        assert_eq!(line("rollcall check a.csv b.csv", &["a.csv", "b.csv"], &errors), None);
        let escape = error("a.csv", &["phone=\u{1b}[2J"], false);
        assert_eq!(line("rollcall check a.csv", &["a.csv"], &[escape]), None);
        assert_eq!(line("rollcall watch-import", &["a.csv"], &[error("a.csv", &["phone=A"], false)]), None);
    }
}
