//! The questions of `rollcall init`, on a terminal.

use std::io::{self, IsTerminal as _};

use inquire::{Confirm, InquireError, Password, PasswordDisplayMode, Select, Text, validator::Validation};

use crate::{
    cli::error::{CliError, exit},
    report::terminal::printable,
};

/// The number of SIGINT, by which Ctrl-C ends a program.
const SIGINT: u8 = 2;

/// A question with its explanation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) text: &'static str,
    /// Where the answer is found.
    pub(super) help: &'static str,
}

/// The end of a dialog without an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The user left with Esc or Ctrl-D.
    Left,
    /// The user pressed Ctrl-C.
    Interrupted,
    /// The terminal failed.
    Failed(String),
}

impl Stop {
    /// Returns the exit code, or the error to print.
    pub(super) fn ended(self) -> Result<u8, CliError> {
        match self {
            Self::Interrupted => Ok(exit::SIGNAL.saturating_add(SIGINT)),
            Self::Left => Err(CliError::usage(
                "the questions were not answered; nothing was written",
                "Run `rollcall init` again, or give the answers as options: `rollcall init --help`.",
            )),
            Self::Failed(reason) => Err(CliError::usage(
                format!("cannot ask on this terminal: {}", printable(&reason)),
                "Give the answers as options: `rollcall init --help`.",
            )),
        }
    }
}

impl From<InquireError> for Stop {
    fn from(error: InquireError) -> Self {
        match error {
            InquireError::OperationInterrupted => Self::Interrupted,
            InquireError::OperationCanceled => Self::Left,
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Checks an answer; the error is shown, and the question is asked again.
pub(super) type Check = fn(&str) -> Result<(), CliError>;

/// A person who answers questions.
pub(super) trait Dialog {
    /// Asks for a text until it passes the check. `initial` is the answer to change or confirm.
    fn text(&mut self, question: Question, initial: &str, check: Check) -> Result<String, Stop>;

    /// Asks for a secret without showing it.
    fn secret(&mut self, question: Question) -> Result<String, Stop>;

    /// Lets the user choose one of several answers. Returns its position.
    fn choice(&mut self, question: Question, answers: &[&'static str]) -> Result<usize, Stop>;

    /// Asks for yes or no; without an answer, it is no.
    fn confirm(&mut self, text: &str) -> Result<bool, Stop>;

    /// Shows a text.
    fn say(&mut self, text: &str);
}

/// The user at the terminal.
pub(super) struct Terminal;

impl Terminal {
    /// Returns whether questions can be asked.
    pub(super) fn is_there() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }
}

impl Dialog for Terminal {
    fn text(&mut self, question: Question, initial: &str, check: Check) -> Result<String, Stop> {
        let validator = move |text: &str| {
            Ok(match check(text.trim()) {
                Ok(()) => Validation::Valid,
                Err(error) => Validation::Invalid(printable(&error.to_string()).into()),
            })
        };
        let asked = Text::new(question.text)
            .with_help_message(question.help)
            .with_initial_value(initial)
            .with_validator(validator);
        Ok(asked.prompt()?.trim().to_owned())
    }

    fn secret(&mut self, question: Question) -> Result<String, Stop> {
        let validator = |text: &str| {
            Ok(if text.trim().is_empty() {
                Validation::Invalid("The secret is empty.".into())
            } else {
                Validation::Valid
            })
        };
        let asked = Password::new(question.text)
            .with_help_message(question.help)
            .with_display_mode(PasswordDisplayMode::Masked)
            .without_confirmation()
            .with_validator(validator);
        Ok(asked.prompt()?.trim().to_owned())
    }

    fn choice(&mut self, question: Question, answers: &[&'static str]) -> Result<usize, Stop> {
        let asked = Select::new(question.text, answers.to_vec()).with_help_message(question.help);
        // The terminal would show a secret that is pasted here.
        let asked = asked.without_filtering();
        Ok(asked.raw_prompt()?.index)
    }

    fn confirm(&mut self, text: &str) -> Result<bool, Stop> {
        Ok(Confirm::new(text).with_default(false).prompt()?)
    }

    fn say(&mut self, text: &str) {
        use std::io::Write as _;

        // A closed terminal ends the next question.
        _ = anstream::stderr().write_all(text.as_bytes());
    }
}
