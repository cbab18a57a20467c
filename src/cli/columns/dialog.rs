//! The questions about the columns of one input: the phone number first, then what else rollcall did not recognize.

use std::path::Path;

use super::shown;
use crate::{
    contact::Field,
    parse::{
        Fault, HeaderNames, Input, InputInfo, Mapping, ParseError, ParseSettings, RememberedMapping,
        UnmatchedColumn, is_about_calls, likely_full_name, looks_dialable,
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
    let mut dialog = Dialog {
        path: &error.path,
        headers,
        columns: &unmatched.columns,
        guesses: &unmatched.mappings,
        settings,
        choices: choices(headers),
        answers: Vec::new(),
    };
    let path = dialog.shown_path();
    questions.tell(&format!("rollcall does not know which column of {path} holds the phone number."));
    let Some(phone) = dialog.ask_for_phone(questions)? else { return Ok(None) };
    dialog.add(Field::Phone, phone);
    let info = dialog.tried()?;
    let info = dialog.ask_for_fields(info, questions)?;
    dialog.conclude(&info, target, questions).map(Some)
}

/// Asks for the columns of an input without a known name. Returns `None` if no column holds anything that is missing.
pub(super) fn ask_for_names(
    info: &InputInfo,
    settings: &ParseSettings,
    target: Option<&Path>,
    questions: &mut impl Questions,
) -> Result<Option<RememberedMapping>, Stop> {
    let column = |(header, values): (&String, &Vec<String>)| UnmatchedColumn {
        header: header.clone(),
        values: values.clone(),
        field: None,
    };
    let columns: Vec<UnmatchedColumn> = info.headers.iter().zip(&info.samples).map(column).collect();
    let names = HeaderNames::new(&info.headers);
    let guess = likely_full_name(info).and_then(|column| names.mapping(Field::FullName, column));
    let guesses: Vec<Mapping> = guess.into_iter().collect();
    // A remembered mapping counts alone, so the new one contains the present one.
    let known = info.remembered.as_ref().map(|remembered| remembered.mappings.clone()).unwrap_or_default();
    let mut dialog = Dialog {
        path: Path::new(&info.path),
        headers: &info.headers,
        columns: &columns,
        guesses: &guesses,
        settings,
        choices: choices(&info.headers),
        answers: known.clone(),
    };
    if dialog.free(info).is_empty() {
        return Ok(None);
    }
    let path = dialog.shown_path();
    questions.tell(&format!("rollcall does not know which column of {path} holds the names."));
    let info = dialog.ask_for_fields(info.clone(), questions)?;
    if dialog.answers == known {
        return Ok(None);
    }
    dialog.conclude(&info, target, questions).map(Some)
}

/// The questions about one input, with the answers so far.
struct Dialog<'a> {
    path: &'a Path,
    headers: &'a [String],
    columns: &'a [UnmatchedColumn],
    /// The likeliest answers.
    guesses: &'a [Mapping],
    settings: &'a ParseSettings,
    /// The columns that a mapping can name, without those of do-not-call marks.
    choices: Vec<usize>,
    answers: Vec<Mapping>,
}

impl Dialog<'_> {
    fn shown_path(&self) -> String {
        printable(&self.path.display().to_string())
    }

    /// Returns the columns that hold no known field.
    fn free(&self, info: &InputInfo) -> Vec<usize> {
        self.choices.iter().copied().filter(|column| !info.columns.is_used(*column)).collect()
    }

    /// Returns the likeliest column of a field.
    fn guess(&self, field: Field) -> Option<usize> {
        self.guesses.iter().find(|mapping| mapping.field == field)?.find(self.headers)
    }

    /// Adds a column, if a mapping can name it.
    fn add(&mut self, field: Field, column: usize) {
        self.answers.extend(HeaderNames::new(self.headers).mapping(field, column));
    }

    /// Returns how the input is understood with the answers so far.
    fn tried(&self) -> Result<InputInfo, Stop> {
        let mut settings = self.settings.clone();
        settings.remembered.insert(0, self.answered(None));
        let input = Input::open(self.path, &settings).map_err(|error| Stop::Input(Box::new(error)))?;
        Ok(input.info)
    }

    fn answered(&self, file: Option<String>) -> RememberedMapping {
        RememberedMapping::new(self.headers.to_vec(), self.answers.clone(), file)
    }

    /// Asks for the phone column. A column without phone numbers needs a confirmation.
    fn ask_for_phone(&self, questions: &mut impl Questions) -> Result<Option<usize>, Stop> {
        let question = format!("Which column of {} holds the phone number?", self.shown_path());
        loop {
            let Some(chosen) = self.choose(&question, Field::Phone, &self.choices, questions)? else {
                return Ok(None);
            };
            let column = &self.columns[chosen];
            if column.values.iter().any(|value| looks_dialable(value)) {
                return Ok(Some(chosen));
            }
            let header = shortened(&column.header);
            let question = format!("No value shown of `{header}` looks like a phone number. Use it anyway?");
            if questions.confirm(&question, false)? {
                return Ok(Some(chosen));
            }
        }
    }

    /// Asks for the fields that have no column. Returns how the input is understood with the answers.
    fn ask_for_fields(
        &mut self,
        mut info: InputInfo,
        questions: &mut impl Questions,
    ) -> Result<InputInfo, Stop> {
        let names = if self.guess(Field::FullName).is_some() {
            [Field::FullName, Field::FirstName, Field::LastName]
        } else {
            [Field::FirstName, Field::LastName, Field::FullName]
        };
        for field in names.into_iter().chain([Field::Salutation, Field::Country]) {
            if !is_open(field, &info) {
                continue;
            }
            let free = self.free(&info);
            if free.is_empty() {
                break;
            }
            let question = format!("Which column holds {}?", noun(field));
            if let Some(column) = self.choose(&question, field, &free, questions)? {
                self.add(field, column);
                info = self.tried()?;
            }
        }
        Ok(info)
    }

    /// Asks for one of the columns.
    fn choose(
        &self,
        question: &str,
        field: Field,
        columns: &[usize],
        questions: &mut impl Questions,
    ) -> Result<Option<usize>, Stop> {
        let mut options = lines(columns.iter().map(|column| &self.columns[*column]));
        options.push("none of these".to_owned());
        let guess = self.guess(field).and_then(|guess| columns.iter().position(|column| *column == guess));
        let chosen = questions.choose(question, options, guess.unwrap_or(columns.len()))?;
        Ok(columns.get(chosen).copied())
    }

    /// Shows the columns, and asks whether to remember them.
    fn conclude(
        self,
        info: &InputInfo,
        target: Option<&Path>,
        questions: &mut impl Questions,
    ) -> Result<RememberedMapping, Stop> {
        questions.tell(&summary(&self.shown_path(), info));
        let file = match target.filter(|_| self.answered(None).are_by_header()) {
            Some(file) => {
                let file = shown(file);
                let question = format!("Remember this for files with these headers? ({file})");
                questions.confirm(&question, true)?.then_some(file)
            }
            None => None,
        };
        Ok(self.answered(file))
    }
}

/// Returns the columns that a mapping can name, without those of do-not-call marks.
fn choices(headers: &[String]) -> Vec<usize> {
    let names = HeaderNames::new(headers);
    let is_choice =
        |column: &usize| names.mapping(Field::Phone, *column).is_some() && !is_about_calls(&headers[*column]);
    (0..headers.len()).filter(is_choice).collect()
}

/// Returns whether no column of an input is known to hold names, so that no row could be imported.
pub(super) fn lacks_names(info: &InputInfo) -> bool {
    let names = [Field::FirstName, Field::LastName, Field::FullName];
    names.into_iter().all(|field| info.columns.of(field).is_empty())
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
    fn names_are_asked_for_if_no_column_is_known_to_hold_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        fs::write(&path, "Who,Phone,Town\nAsha Rao,+91 98765 43210,Pune\nBen Low,+91 98765 43211,Agra\n")
            .unwrap();
        let settings = ParseSettings::default();
        let asked = |settings: &ParseSettings, answers: &[&'static str]| {
            let info = Input::open(&path, settings).unwrap().info;
            assert!(lacks_names(&info));
            let mut script = Script { answers: answers.iter().copied().collect(), shown: Vec::new() };
            let target = Some(Path::new("/settings/rollcall.toml"));
            let answer = ask_for_names(&info, settings, target, &mut script).unwrap();
            assert!(script.answers.is_empty(), "{:?} were not asked for", script.answers);
            let text = |mapping: &Mapping| format!("{}={}", mapping.field.name(), mapping.column);
            answer.map(|answer| answer.mappings.iter().map(text).collect::<Vec<_>>().join(" "))
        };
        // Enter takes the likeliest column.
        assert_eq!(asked(&settings, &["enter", "none", "none", "enter"]).unwrap(), "full_name=Who");
        assert_eq!(asked(&settings, &["none", "none", "none", "none", "none"]), None);
        // The new mapping contains the remembered one.
        let headers = ["Who", "Phone", "Town"].map(str::to_owned).to_vec();
        let phone = RememberedMapping::new(headers, vec!["phone=Phone".parse().unwrap()], None);
        let settings = ParseSettings { remembered: vec![phone], ..ParseSettings::default() };
        assert_eq!(asked(&settings, &["Who", "none", "none", "no"]).unwrap(), "phone=Phone full_name=Who");
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
