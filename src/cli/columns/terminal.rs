//! Questions on a terminal.

use std::io::{self, Write as _};

use inquire::{Confirm, InquireError, Select, list_option::ListOption};
use signal_hook::consts::SIGINT;

use super::dialog::{Questions, Stop};
use crate::{cli::printer::Printer, interrupt::Interrupt};

/// Questions on the terminal of standard input and standard error. A signal ends them.
pub(super) struct TerminalQuestions<'a> {
    pub(super) printer: &'a Printer,
    pub(super) interrupt: &'a Interrupt,
}

impl TerminalQuestions<'_> {
    /// Runs a question on its own thread, because a signal does not interrupt it.
    fn run<T: Send + 'static>(
        &self,
        question: impl FnOnce() -> Result<T, InquireError> + Send + 'static,
    ) -> Result<T, Stop> {
        match self.interrupt.watch(question) {
            Ok(answer) => answer.map_err(|error| match error {
                InquireError::OperationCanceled => Stop::Canceled,
                InquireError::OperationInterrupted => Stop::Interrupted(SIGINT),
                error => Stop::Unusable(error.to_string()),
            }),
            Err(signal) => {
                restore();
                Err(Stop::Interrupted(signal))
            }
        }
    }
}

impl Questions for TerminalQuestions<'_> {
    fn choose(&mut self, question: &str, options: Vec<String>, start: usize) -> Result<usize, Stop> {
        const SHOWN: usize = 15;

        let question = question.to_owned();
        // Wider lines would wrap.
        let width = Printer::width().saturating_sub(4).max(20);
        let options: Vec<String> =
            options.iter().map(|option| option.chars().take(width).collect()).collect();
        self.run(move || {
            // The answer stays on the screen: the header, without values.
            let header =
                |chosen: ListOption<&String>| chosen.value.split("  ").next().unwrap_or_default().to_owned();
            let select = Select::new(&question, options).with_starting_cursor(start).with_page_size(SHOWN);
            let select =
                select.with_help_message("↑↓ to move, Enter to choose, letters to search, Esc to end");
            select.with_formatter(&header).raw_prompt().map(|chosen| chosen.index)
        })
    }

    fn confirm(&mut self, question: &str, default: bool) -> Result<bool, Stop> {
        let question = question.to_owned();
        self.run(move || Confirm::new(&question).with_default(default).prompt())
    }

    fn tell(&mut self, text: &str) {
        self.printer.say(&format!("{text}\n"));
    }
}

/// Resets the terminal after a question that was not finished.
fn restore() {
    // Without a terminal, there is nothing to reset.
    _ = crossterm::terminal::disable_raw_mode();
    _ = crossterm::execute!(
        io::stderr(),
        crossterm::event::DisableBracketedPaste,
        crossterm::cursor::Show,
        crossterm::terminal::Clear(crossterm::terminal::ClearType::FromCursorDown)
    );
    _ = writeln!(io::stderr());
}
