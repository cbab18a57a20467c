//! The questions about the columns of one input: the phone number first, then what else rollcall did not recognize.

use std::path::Path;

use super::shown;
use crate::{
    contact::Field,
    parse::{
        Fault, Input, InputInfo, Mapping, ParseError, ParseSettings, RememberedMapping, UnmatchedColumn,
        looks_dialable,
    },
    report::terminal::printable,
};

/// A person who answers questions.
pub(super) trait Questions {
    /// Returns the number of the chosen option, from 0. `start` is the one offered first.
    fn choose(&mut self, question: &str, options: Vec<String>, start: usize) -> Result<usize, Stop>;

    /// Returns the answer to a yes-or-no question.
    fn confirm(&mut self, question: &str, default: bool) -> Result<bool, Stop>;

    /// Shows text.
    fn tell(&mut self, text: &str);
}

/// The end of the questions without answers.
#[derive(Debug)]
pub(super) enum Stop {
    /// The person pressed Esc.
    Canceled,
    /// A signal came, or the person pressed Ctrl-C.
    Interrupted(i32),
    /// The terminal cannot show questions.
    Unusable(String),
    /// With the chosen columns, the input cannot be read for another reason.
    Input(Box<ParseError>),
}

/// Characters shown of a header and of each value.
const MAX_CHARS: usize = 24;

/// Asks for the columns of an input whose phone column is not known. Returns `None` if no column holds the phone
/// number. The mapping has a file if it is to be remembered in `target`.
pub(super) fn ask(
    error: &ParseError,
    settings: &ParseSettings,
    target: Option<&Path>,
    questions: &mut impl Questions,
) -> Result<Option<RememberedMapping>, Stop> {
    let Fault::NoPhoneColumn { headers, unmatched } = &error.fault else { return Ok(None) };
    let path = printable(&error.path.display().to_string());
    questions.tell(&format!("rollcall does not know which column of {path} holds the phone number."));
    let suggestion = unmatched.mappings.first().and_then(|mapping| mapping.find(headers));
    let choices: Vec<usize> = (0..headers.len()).filter(|column| named(headers, *column).is_some()).collect();
    let Some(phone) = ask_for_phone(&unmatched.columns, &choices, suggestion, &path, questions)? else {
        return Ok(None);
    };
    let mut answers = Answers { headers, mappings: Vec::new() };
    answers.add(Field::Phone, phone);
    let mut info = answers.tried(error, settings)?;
    let has_full_name = unmatched.mappings.iter().any(|mapping| mapping.field == Field::FullName);
    let names = if has_full_name {
        [Field::FullName, Field::FirstName, Field::LastName]
    } else {
        [Field::FirstName, Field::LastName, Field::FullName]
    };
    for field in names.into_iter().chain([Field::Salutation, Field::Country]) {
        if !is_open(field, &info) {
            continue;
        }
        let is_free = |column: &usize| !info.columns.is_used(*column);
        let free: Vec<usize> = choices.iter().copied().filter(is_free).collect();
        if free.is_empty() {
            break;
        }
        let mut options = lines(free.iter().map(|column| &unmatched.columns[*column]));
        options.push("none of these".to_owned());
        let guess = unmatched.mappings.iter().find(|mapping| mapping.field == field);
        let guess = guess.and_then(|mapping| mapping.find(headers));
        let start =
            guess.and_then(|guess| free.iter().position(|column| *column == guess)).unwrap_or(free.len());
        let question = format!("Which column holds {}?", noun(field));
        if let Some(column) = free.get(questions.choose(&question, options, start)?) {
            answers.add(field, *column);
            info = answers.tried(error, settings)?;
        }
    }
    questions.tell(&summary(&path, &info));
    let answers = RememberedMapping::new(headers.clone(), answers.mappings, None);
    let target = target.filter(|_| answers.are_by_header());
    let file = match target {
        Some(file) => {
            let file = shown(file);
            let question = format!("Remember this for files with these headers? ({file})");
            questions.confirm(&question, true)?.then_some(file)
        }
        None => None,
    };
    Ok(Some(RememberedMapping::new(answers.headers, answers.mappings, file)))
}

/// Asks for the phone column, one of those that a mapping can name. A column without phone numbers needs a
/// confirmation.
fn ask_for_phone(
    columns: &[UnmatchedColumn],
    choices: &[usize],
    suggested: Option<usize>,
    path: &str,
    questions: &mut impl Questions,
) -> Result<Option<usize>, Stop> {
    loop {
        let mut options = lines(choices.iter().map(|column| &columns[*column]));
        options.push("none of these".to_owned());
        let question = format!("Which column of {path} holds the phone number?");
        let start = suggested.and_then(|column| choices.iter().position(|choice| *choice == column));
        let chosen = questions.choose(&question, options, start.unwrap_or(choices.len()))?;
        let Some(chosen) = choices.get(chosen) else { return Ok(None) };
        let column = &columns[*chosen];
        if column.values.iter().any(|value| looks_dialable(value)) {
            return Ok(Some(*chosen));
        }
        let header = shortened(&column.header);
        let question = format!("No value shown of `{header}` looks like a phone number. Use it anyway?");
        if questions.confirm(&question, false)? {
            return Ok(Some(*chosen));
        }
    }
}

/// The answers so far, as mappings.
struct Answers<'a> {
    headers: &'a [String],
    mappings: Vec<Mapping>,
}

impl Answers<'_> {
    /// Adds a column, if a mapping can name it.
    fn add(&mut self, field: Field, column: usize) {
        let mapping = named(self.headers, column);
        self.mappings.extend(mapping.map(|mapping| Mapping { field, ..mapping }));
    }

    /// Returns how the input is understood with these answers.
    fn tried(&self, error: &ParseError, settings: &ParseSettings) -> Result<InputInfo, Stop> {
        let mut settings = settings.clone();
        let answers = RememberedMapping::new(self.headers.to_vec(), self.mappings.clone(), None);
        settings.remembered.insert(0, answers);
        let input = Input::open(&error.path, &settings).map_err(|error| Stop::Input(Box::new(error)))?;
        Ok(input.info)
    }
}

/// Returns whether a field has no column yet, and needs one.
fn is_open(field: Field, info: &InputInfo) -> bool {
    let has = |field: Field| !info.columns.of(field).is_empty();
    let is_half = matches!(field, Field::FirstName | Field::LastName);
    let has_name = has(Field::FullName) || has(Field::FirstName) && has(Field::LastName);
    match field {
        _ if has(field) => false,
        Field::FullName => !has_name,
        _ if is_half => !has(Field::FullName),
        _ => true,
    }
}

/// Returns a mapping that names a column: by its header if no other column has the same, otherwise by its number.
fn named(headers: &[String], column: usize) -> Option<Mapping> {
    let by_header = Mapping::by_header(Field::Phone, headers, column);
    by_header.or_else(|| Mapping::by_number(Field::Phone, headers, column))
}

fn noun(field: Field) -> &'static str {
    match field {
        Field::FirstName => "the first name",
        Field::LastName => "the last name",
        Field::FullName => "the full name",
        Field::Salutation => "the salutation",
        Field::Country => "the country of the number",
        _ => "the phone number",
    }
}

/// Returns a line for each column: its header and first values, safe for a terminal.
fn lines<'a>(columns: impl Iterator<Item = &'a UnmatchedColumn> + Clone) -> Vec<String> {
    let width =
        columns.clone().map(|column| shortened(&column.header).chars().count()).max().unwrap_or_default();
    let line = |column: &UnmatchedColumn| {
        let values: Vec<String> = column.values.iter().map(|value| shortened(value)).collect();
        let values = if values.is_empty() { "(empty)".to_owned() } else { values.join(", ") };
        format!("{:<width$}  {values}", shortened(&column.header))
    };
    columns.map(line).collect()
}

/// Returns the beginning of a text, safe for a terminal.
fn shortened(text: &str) -> String {
    let text = printable(text);
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Returns the column of each field.
fn summary(path: &str, info: &InputInfo) -> String {
    let of_field = |field: Field| {
        let header = |column: &usize| printable(info.headers.get(*column).map_or("", String::as_str));
        let headers: Vec<String> = info.columns.of(field).iter().map(header).collect();
        (!headers.is_empty()).then(|| format!("{} = {}", field.name().replace('_', " "), headers.join(", ")))
    };
    let fields: Vec<String> = Field::ALL.into_iter().filter_map(of_field).collect();
    format!("{path}: {}", fields.join("; "))
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, fs};

    use super::*;

    /// Answers from a script: the beginning of an option's text, `yes` or `no`, or `esc`.
    struct Script {
        answers: VecDeque<&'static str>,
        shown: Vec<String>,
    }

    impl Script {
        fn next(&mut self, question: &str) -> Result<&'static str, Stop> {
            self.shown.push(question.to_owned());
            let answer = self.answers.pop_front().expect(question);
            if answer == "esc" { Err(Stop::Canceled) } else { Ok(answer) }
        }
    }

    impl Questions for Script {
        fn choose(&mut self, question: &str, options: Vec<String>, start: usize) -> Result<usize, Stop> {
            let answer = self.next(question)?;
            self.shown.extend(
                options
                    .iter()
                    .enumerate()
                    .map(|(index, option)| format!("{}{option}", if index == start { "> " } else { "  " })),
            );
            if answer == "enter" {
                return Ok(start);
            }
            Ok(options.iter().position(|option| option.starts_with(answer)).expect(answer))
        }

        fn confirm(&mut self, question: &str, default: bool) -> Result<bool, Stop> {
            let answer = self.next(question)?;
            Ok(if answer == "enter" { default } else { answer == "yes" })
        }

        fn tell(&mut self, text: &str) {
            self.shown.push(text.to_owned());
        }
    }

    /// Returns the result for a list and answers, as text, and what was shown.
    fn asked(list: &str, answers: &[&'static str]) -> (Result<String, String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        fs::write(&path, list).unwrap();
        let settings = ParseSettings::default();
        let error = Input::open(&path, &settings).err().unwrap();
        let mut script = Script { answers: answers.iter().copied().collect(), shown: Vec::new() };
        let target = Some(Path::new("/settings/rollcall.toml"));
        let answer = ask(&error, &settings, target, &mut script).map(|remembered| {
            remembered.map_or_else(
                || "none".to_owned(),
                |remembered| {
                    let mapping = |mapping: &Mapping| format!("{}={}", mapping.field.name(), mapping.column);
                    let mappings: Vec<String> = remembered.mappings.iter().map(mapping).collect();
                    let ending = if remembered.file.is_some() { " remembered" } else { "" };
                    format!("{}{ending}", mappings.join(" "))
                },
            )
        });
        let file = path.display().to_string();
        let shown = script.shown.iter().map(|text| text.replace(&file, "list.csv")).collect();
        assert!(script.answers.is_empty(), "{:?} were not asked for", script.answers);
        (answer.map_err(|stop| format!("{stop:?}")), shown)
    }

    const LIST: &str =
        "Who,Ring me,Town,Form\nAsha Rao,+91 98765 43210,Pune,Ms\nBen Low,+91 98765 43211,Agra,Mr\n";

    #[test]
    fn phone_is_asked_for_first_then_the_missing_fields() {
        let (answer, shown) = asked(LIST, &["enter", "enter", "enter", "none", "enter"]);
        assert_eq!(answer.unwrap(), "phone=Ring me full_name=Who salutation=Form remembered");
        assert_eq!(
            shown[..7],
            [
                "rollcall does not know which column of list.csv holds the phone number.",
                "Which column of list.csv holds the phone number?",
                "  Who      Asha Rao, Ben Low",
                "> Ring me  +91 98765 43210, +91 98765 43211",
                "  Town     Pune, Agra",
                "  Form     Ms, Mr",
                "  none of these",
            ]
        );
        let questions: Vec<&String> = shown.iter().filter(|text| text.starts_with("Which")).collect();
        assert_eq!(questions.len(), 4, "{questions:?}");
        for suggested in ["> Who ", "> Form "] {
            assert!(shown.iter().any(|text| text.starts_with(suggested)), "{suggested}: {shown:?}");
        }
        assert_eq!(
            shown[shown.len() - 2..],
            [
                "list.csv: phone = Ring me; full name = Who; salutation = Form",
                "Remember this for files with these headers? (/settings/rollcall.toml)",
            ]
        );
    }

    #[test]
    fn recognized_fields_are_not_asked_for() {
        let list = "First Name,Last Name,Ring me,Salutation,Country\nAsha,Rao,+91 98765 43210,Ms,IN\n";
        let (answer, shown) = asked(list, &["Ring", "no"]);
        assert_eq!(answer.unwrap(), "phone=Ring me", "not remembered");
        assert_eq!(shown.iter().filter(|text| text.starts_with("Which")).count(), 1);
    }

    #[test]
    fn column_without_numbers_needs_a_confirmation() {
        let (answer, shown) = asked(LIST, &["Town", "no", "none"]);
        assert_eq!(answer.unwrap(), "none");
        assert!(
            shown.contains(&"No value shown of `Town` looks like a phone number. Use it anyway?".to_owned())
        );
    }

    #[test]
    fn escape_ends_the_questions() {
        assert_eq!(asked(LIST, &["esc"]).0.unwrap_err(), "Canceled");
        assert_eq!(asked(LIST, &["enter", "none", "esc"]).0.unwrap_err(), "Canceled");
    }

    #[test]
    fn cells_cannot_control_the_terminal() {
        let list = "Who\u{9b}2J,Ring me\nAsha\u{202e} Rao,+91 98765 43210\n";
        let (_, shown) = asked(list, &["Ring", "none", "none", "none", "none", "none", "yes"]);
        let is_safe =
            |text: &String| !text.contains(|letter: char| letter.is_control() || letter == '\u{202e}');
        assert!(shown.iter().all(is_safe), "{shown:?}");
    }

    #[test]
    fn column_with_a_repeated_header_is_used_once_but_not_remembered() {
        let list = "A,A\nAsha Rao,+91 98765 43210\n";
        let (answer, shown) = asked(list, &["enter", "none", "none", "none", "none", "none"]);
        assert_eq!(answer.unwrap(), "phone=2");
        assert!(!shown.iter().any(|text| text.starts_with("Remember")), "{shown:?}");
    }
}
