//! A file of people who must not be called.
//!
//! A number that is missed here is somebody who is called against their will, one too many is somebody who is not called:
//! everything is read so that, in doubt, the number counts.

use std::{ops::ControlFlow, path::Path, sync::mpsc, thread};

use jiff::Timestamp;

use super::{PipelineError, expiry, expiry::Expiry};
use crate::{
    contact::{E164, Region},
    interrupt::Interrupt,
    normalize::{NormalizeSettings, Normalizer, RowNumbers},
    outcome::Problem,
    parse::{Fault, Input, ParseError, ParseSettings},
    row::Row,
};

/// The numbers of a do-not-call file.
#[derive(Debug, Default)]
pub struct DoNotCall {
    /// The path as given.
    pub path: String,
    /// Each number, with the row in which it stands as a person sees it. One that stands in several rows is here as often.
    pub numbers: Vec<(E164, u64)>,
    /// Rows whose expiry is over: they leave nobody out.
    pub expired: u64,
    /// Rows in which no number can be read: they leave nobody out.
    pub unread: u64,
    /// The first of them, and why.
    pub first_unread: Option<(u64, String)>,
    /// Rows with a number, and with another one, perhaps, that cannot be read.
    pub partly_unread: u64,
    /// The first of them, and why.
    pub first_partly_unread: Option<(u64, String)>,
    /// Rows whose digits were taken for whole international numbers, although neither a plus nor a country says so.
    pub assumed: u64,
    /// The first of them, and what was read.
    pub first_assumed: Option<(u64, E164)>,
    /// Rows whose expiry cannot be read: they are taken not to expire.
    pub unread_expiries: u64,
    /// The first of them, and what stands there.
    pub first_unread_expiry: Option<(u64, String)>,
    /// The header of the column that says when a row expires, if there is one.
    pub expiry_column: Option<String>,
    /// How the file was understood, where somebody should know.
    understood: Vec<String>,
}

impl DoNotCall {
    /// Reads a file in any of the formats of lists. Numbers without a country of their own are those of `region`; what has
    /// expired at `now` is left out.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read to its end or no column of numbers is found, and where the end is asked for.
    pub fn read(
        path: &Path,
        region: Option<Region>,
        now: Timestamp,
        interrupt: &Interrupt,
    ) -> Result<Self, PipelineError> {
        let (running, ended) = mpsc::channel::<()>();
        let (path, asked) = (path.to_owned(), interrupt.clone());
        // Where it is interrupted, nobody waits for it: it may wait for bytes that never come.
        let reader = thread::spawn(move || {
            let _running = running;
            Self::read_here(&path, region, now, &asked)
        });
        loop {
            if let Some(signal) = interrupt.signal() {
                return Err(PipelineError::Interrupted(signal));
            }
            if ended.recv_timeout(Interrupt::GLANCE) == Err(mpsc::RecvTimeoutError::Disconnected) {
                return reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
        }
    }

    fn read_here(
        path: &Path,
        region: Option<Region>,
        now: Timestamp,
        interrupt: &Interrupt,
    ) -> Result<Self, PipelineError> {
        let settings = ParseSettings { region, only_numbers: true, ..ParseSettings::default() };
        let mut input = Input::open(path, &settings).map_err(without_options)?;
        let info = input.info.clone();
        let is_free = |column: &usize| !info.columns.phone.contains(column);
        let expiry =
            (0..info.headers.len()).filter(is_free).find(|column| expiry::is_header(&info.headers[*column]));
        let settings = NormalizeSettings { region, ..NormalizeSettings::default() };
        let normalizer = Normalizer::new(&settings, &info.columns);
        let mut list = Self {
            path: info.path.clone(),
            expiry_column: expiry.map(|column| info.headers[column].clone()),
            understood: info.notes.clone(),
            ..Self::default()
        };
        let mut interrupted = None;
        let read = input.read(0, &mut |rows| {
            for row in rows.iter() {
                if expiry.is_some_and(|column| list.is_over(row, column, now)) {
                    list.expired += 1;
                } else {
                    list.add(row.location.row, normalizer.numbers(row));
                }
            }
            interrupted = interrupt.signal();
            if interrupted.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match (interrupted, read) {
            (Some(signal), _) => Err(PipelineError::Interrupted(signal)),
            // Nobody is to be left out today.
            (None, Ok(_) | Err(ParseError { fault: Fault::HeaderOnly, .. })) => Ok(list),
            (None, Err(error)) => Err(error.into()),
        }
    }

    /// Whether a row has expired; where that cannot be told, it has not.
    fn is_over(&mut self, row: Row<'_>, column: usize, now: Timestamp) -> bool {
        let text = String::from_utf8_lossy(row.cell(column).text);
        // Cells that have shifted may put any date here.
        let expiry = Expiry::read(&text).filter(|expiry| row.ragged.is_none() || *expiry == Expiry::Never);
        if expiry.is_none() {
            self.unread_expiries += 1;
            self.first_unread_expiry.get_or_insert_with(|| (row.location.row, shortened(&text)));
        }
        expiry.is_some_and(|expiry| expiry.is_over(now))
    }

    fn add(&mut self, row: u64, read: RowNumbers) {
        let RowNumbers { found, problem, is_assumed } = read;
        if let Some(problem) = &problem {
            let (rows, first) = if found.is_empty() {
                (&mut self.unread, &mut self.first_unread)
            } else {
                (&mut self.partly_unread, &mut self.first_partly_unread)
            };
            *rows += 1;
            first.get_or_insert_with(|| (row, reason(problem)));
        }
        if let Some(number) = found.first().filter(|_| is_assumed) {
            self.assumed += 1;
            self.first_assumed.get_or_insert((row, *number));
        }
        self.numbers.extend(found.into_iter().map(|number| (number, row)));
    }

    /// What the user should know of the file, in sentences that begin with a small letter, as those of an input do.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.understood.clone();
        if let Some((row, reason)) = &self.first_unread {
            notes.push(format!(
                "rows in which no number can be read, so that nobody is left out by them: {}; the first is row {row} ({reason})",
                self.unread
            ));
        }
        if let Some((row, reason)) = &self.first_partly_unread {
            notes.push(format!(
                "rows in which one number can be read and another, perhaps, not: {}; the first is row {row} ({reason})",
                self.partly_unread
            ));
        }
        if let Some((row, number)) = &self.first_assumed {
            notes.push(format!(
                "rows with digits that are taken for whole international numbers, since they have neither a plus nor a \
                 country: {}; the first is row {row}, read as +{number}. If they are numbers of one country, name it with \
                 --region",
                self.assumed
            ));
        }
        if let Some((row, text)) = &self.first_unread_expiry {
            notes.push(format!(
                "rows whose expiry cannot be read, which are taken not to expire: {}; the first is row {row} (`{text}`)",
                self.unread_expiries
            ));
        }
        if self.expired > 0 {
            let column = self.expiry_column.as_deref().unwrap_or_default();
            notes.push(format!(
                "rows that have expired by the column `{column}`, so that nobody is left out by them: {}",
                self.expired
            ));
        }
        notes
    }
}

/// The options that say how the list is read say nothing of this file, and are no way out.
fn without_options(error: ParseError) -> ParseError {
    let ParseError { path, fault } = error;
    let fault = match fault {
        Fault::NoPhoneColumn { headers, .. } => Fault::NoNumberColumn { headers },
        other => other,
    };
    ParseError { path, fault }
}

/// What is wrong, and with what.
fn reason(problem: &Problem) -> String {
    if problem.value.is_empty() {
        problem.message()
    } else {
        format!("{}: `{}`", problem.message(), problem.value)
    }
}

fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    text.trim().chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests;
