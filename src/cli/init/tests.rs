//! Tests of the dialog, with a user who answers from a script.

use std::collections::VecDeque;

use super::{
    dialog::{Check, Question},
    *,
};

/// A user who gives these answers in order; `None` leaves the dialog.
struct Scripted {
    answers: VecDeque<Option<&'static str>>,
    said: String,
}

impl Scripted {
    fn new(answers: &[&'static str]) -> Self {
        Self { answers: answers.iter().copied().map(Some).collect(), said: String::new() }
    }

    fn next(&mut self) -> Result<&'static str, Stop> {
        self.answers.pop_front().expect("a question too many").ok_or(Stop::Left)
    }
}

impl Dialog for Scripted {
    fn text(&mut self, question: Question, initial: &str, check: Check) -> Result<String, Stop> {
        assert!(question.text.ends_with(':') && !question.help.is_empty());
        loop {
            let answer = self.next()?;
            let answer = if answer == "=" { initial } else { answer };
            match check(answer) {
                Ok(()) => return Ok(answer.to_owned()),
                Err(error) => _ = writeln!(self.said, "{error}"),
            }
        }
    }

    fn secret(&mut self, _: Question) -> Result<String, Stop> {
        self.next().map(str::to_owned)
    }

    fn choice(&mut self, _: Question, answers: &[&'static str]) -> Result<usize, Stop> {
        let answer = self.next()?;
        Ok(answers.iter().position(|known| known.contains(answer)).unwrap())
    }

    fn confirm(&mut self, text: &str) -> Result<bool, Stop> {
        _ = writeln!(self.said, "{text}");
        Ok(self.next()? == "y")
    }

    fn say(&mut self, text: &str) {
        self.said += text;
    }
}

const ACCOUNT: [&str; 4] = ["https://platform.example.com", "st-1", "a-1", "cs-1"];

fn ask(args: &InitArgs, config: Option<&ConfigFiles>, answers: &[&'static str]) -> (Answers, String) {
    let mut user = Scripted::new(answers);
    let answers = Answers::new(args, config).unwrap().ask(&mut user).unwrap();
    assert!(user.answers.is_empty(), "{:?}", user.answers);
    (answers, user.said)
}

#[test]
fn typed_secret_goes_into_a_private_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("own.toml");
    let target = Target::new(Some(&path)).unwrap();
    let answers = [&ACCOUNT[..], &["type it", "canary", "UK", ""]].concat();
    let (answers, said) = ask(&InitArgs::default(), None, &answers);
    assert_eq!(said, "");
    let mut user = Scripted::new(&[]);
    let saved = target.save(&answers, exit::OK, Some(&mut user)).unwrap().unwrap();
    assert!(saved.contains("(only you can read it)") && user.said.is_empty(), "{saved}");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("client-secret-file = \"secret\"") && !text.contains("canary"), "{text}");
    assert!(text.contains("region = \"UK\"") && text.contains("# default-salutation"), "{text}");
    assert_eq!(fs::read_to_string(target.secret_path()).unwrap(), "canary");
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        assert_eq!(fs::metadata(target.secret_path()).unwrap().mode() & 0o777, 0o600);
    }
    let files = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(files, 2, "no temporary file is left");
}

#[test]
fn invalid_answers_are_asked_again() {
    let answers = [
        "platform",
        ACCOUNT[0],
        "two words",
        "st-1",
        "a-1",
        "cs-1",
        "environment",
        "Atlantis",
        "",
        "Lord",
        "Dr",
    ];
    let (answers, said) = ask(&InitArgs::default(), None, &answers);
    for part in ["two words", "`Atlantis`", "`Lord`"] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(answers.default_salutation, "Dr");
    assert!(matches!(answers.secret, Secret::Environment));
    let text = text::new(&answers.entries(Path::new("/f"), Path::new("")));
    assert!(text.contains("\n# client-secret-file = \"secret\"\n"), "{text}");
}

#[test]
fn present_file_gives_the_answers_and_keeps_its_other_options() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    let old = "# mine\nhost = \"https://a.example.com\"\nstream-id = \"st-9\"\naccount-id = \"a-9\"\ntoken-file = \"t\"\n\
               keep = \"last\"\n";
    fs::write(&path, old).unwrap();
    let target = Target::new(Some(&path)).unwrap();
    let (answers, _) = ask(&InitArgs::default(), target.config.as_ref(), &["=", "st-1", "=", "IN", ""]);
    assert!(matches!(answers.secret, Secret::Token(_)), "a token stays");
    let mut user = Scripted::new(&["n"]);
    assert_eq!(target.save(&answers, exit::OK, Some(&mut user)).unwrap_err(), Unsaved::Declined);
    assert!(
        user.said.contains("- stream-id = \"st-9\"\n") && user.said.contains("+ stream-id = \"st-1\"\n"),
        "{}",
        user.said
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), old);
    let mut user = Scripted::new(&["y"]);
    target.save(&answers, exit::OK, Some(&mut user)).unwrap().unwrap();
    let new = fs::read_to_string(&path).unwrap();
    assert!(
        new.starts_with("region = \"IN\"\n# mine\n")
            && new.ends_with("token-file = \"t\"\nkeep = \"last\"\n"),
        "{new}"
    );
}

#[test]
fn failed_checks_are_kept_only_if_the_user_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::new(Some(&folder.path().join("own.toml"))).unwrap();
    let (answers, _) =
        ask(&InitArgs::default(), None, &[&ACCOUNT[..], &["type it", "canary", "", ""]].concat());
    assert_eq!(target.save(&answers, exit::PLATFORM, None).unwrap_err(), Unsaved::Unfit);
    let mut user = Scripted::new(&["n"]);
    assert_eq!(target.save(&answers, exit::PLATFORM, Some(&mut user)).unwrap_err(), Unsaved::Declined);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let mut user = Scripted::new(&["y"]);
    target.save(&answers, exit::PLATFORM, Some(&mut user)).unwrap().unwrap();
    assert!(target.path.exists());
    // The secret of an earlier setup is not replaced silently.
    let again = Target::new(Some(&target.path)).unwrap();
    let mut user = Scripted::new(&["n"]);
    assert_eq!(again.save(&answers, exit::OK, Some(&mut user)).unwrap_err(), Unsaved::Declined);
    assert!(user.said.contains("secret is replaced."), "{}", user.said);
}

#[test]
fn present_secret_is_not_kept_for_another_host() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    fs::write(&path, "host = \"https://a.example.com\"\ntoken-file = \"token\"\n").unwrap();
    let config = ConfigFiles::load(Some(&path), None, Given::default()).unwrap();
    let same = ["https://a.example.com/", "st-1", "a-1", "", ""];
    let (answers, _) = ask(&InitArgs::default(), Some(&config), &same);
    assert!(matches!(answers.secret, Secret::Token(_)), "{answers:?}");
    let other = ["https://b.example.com", "st-1", "a-1", "cs-1", "environment", "", ""];
    let (answers, _) = ask(&InitArgs::default(), Some(&config), &other);
    assert!(matches!(answers.secret, Secret::Environment), "{answers:?}");
}

#[test]
fn user_may_leave_at_every_question() {
    let all = [&ACCOUNT[..], &["type it", "canary", "IN", "Mr"]].concat();
    for count in 0..all.len() {
        let mut user = Scripted::new(&all[..count]);
        user.answers.push_back(None);
        let asked = Answers::new(&InitArgs::default(), None).unwrap().ask(&mut user);
        assert_eq!(asked.unwrap_err(), Stop::Left, "{count}");
    }
}
