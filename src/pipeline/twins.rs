//! Passes the number of a refused row to the next row with the same number.
//!
//! Of several rows with one number, one is posted. If the platform refuses it, the next row with different content is
//! tried once. At most [`MAX_TRIED`] rows of a number are tried, because the number itself may be the problem. A row
//! with the same content as a refused one would be refused too and stays a duplicate.

use std::{
    collections::{HashMap, HashSet},
    io,
};

use super::spool::Spool;
use crate::{
    contact::{Contact, E164, NameKey},
    dedupe::{Claimant, ClaimedNumbers, Keep},
    hash::identity,
    journal::Refused,
    outcome::Verdict,
    post::{PostResult, PostResults},
    row::Location,
};

/// Maximum rows of one number that are tried.
const MAX_TRIED: usize = 3;

/// The rows of a run that were refused and gave their number to another row.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    by_row: HashMap<Location, PostResult>,
    by_number: HashMap<E164, Vec<Location>>,
}

/// A number that passes from a refused row to the next.
pub(super) struct Handover {
    from: Location,
    to: Claimant,
    number: E164,
    result: PostResult,
}

/// A row with a number in question.
struct Candidate {
    claimant: Claimant,
    /// A hash that is equal for rows that would be posted as the same contact.
    content: u64,
}

impl Handover {
    /// Returns the journal entry: the refused row, and the name of the next one.
    pub(super) fn recorded(&self) -> (Refused, NameKey) {
        let PostResult { code, detail, .. } = self.result.clone();
        (Refused { location: self.from, number: self.number, code, detail }, self.to.name)
    }
}

impl Refusals {
    /// Restores the refused rows from the journal.
    pub(super) fn restored(refused: Vec<Refused>) -> Self {
        let mut refusals = Self::default();
        for Refused { location, number, code, detail } in refused {
            refusals.add(location, number, PostResult::refused(code, detail));
        }
        refusals
    }

    fn add(&mut self, location: Location, number: E164, result: PostResult) {
        self.by_row.insert(location, result);
        self.by_number.entry(number).or_default().push(location);
    }

    /// Returns why a row was refused, if it gave its number back.
    pub(super) fn of(&self, location: Location) -> Option<&PostResult> {
        self.by_row.get(&location)
    }

    /// Restores earlier handovers, and finds the refused rows that can still pass on their number. Does nothing if no
    /// row was refused.
    pub(super) fn restore_and_find(
        &self,
        spool: &mut Spool,
        numbers: &mut ClaimedNumbers,
        results: &PostResults,
        is_suppressed: impl Fn(E164) -> bool,
    ) -> io::Result<Vec<Handover>> {
        let refused: HashSet<E164> = results.refused().filter(|number| !is_suppressed(*number)).collect();
        let mut handovers = Vec::new();
        if refused.is_empty() && self.by_number.is_empty() {
            return Ok(handovers);
        }
        let is_asked = |number: &E164| refused.contains(number) || self.by_number.contains_key(number);
        for (number, mut rows) in rows_of(spool, is_asked)? {
            // The user has replaced their content.
            rows.retain(|row| !numbers.is_replaced(row.claimant.location));
            let mut tried = self.by_number.get(&number).cloned().unwrap_or_default();
            if !tried.is_empty()
                && let Some(holder) = next(&rows, &tried, numbers.keep())
            {
                numbers.hand_over(number, holder);
            }
            let Some(result) = results.of(number).filter(|_| refused.contains(&number)) else {
                continue;
            };
            let holder = rows.iter().find(|row| numbers.rival(number, row.claimant).is_none());
            let Some(from) = holder.map(|row| row.claimant.location) else { continue };
            tried.push(from);
            if let Some(to) = next(&rows, &tried, numbers.keep()) {
                handovers.push(Handover { from, to, number, result });
            }
        }
        Ok(handovers)
    }

    /// Assigns the numbers to the next rows. Returns these numbers with their names.
    pub(super) fn hand_over(
        &mut self,
        handovers: Vec<Handover>,
        numbers: &mut ClaimedNumbers,
        results: &mut PostResults,
    ) -> Vec<(E164, NameKey)> {
        let hand = |Handover { from, to, number, result }| {
            results.give_back(number);
            numbers.hand_over(number, to);
            self.add(from, number, result);
            (number, to.name)
        };
        handovers.into_iter().map(hand).collect()
    }
}

/// Returns the rows with these numbers.
fn rows_of(spool: &mut Spool, is_asked: impl Fn(&E164) -> bool) -> io::Result<HashMap<E164, Vec<Candidate>>> {
    let mut rows: HashMap<E164, Vec<Candidate>> = HashMap::new();
    for verdict in spool.verdicts()? {
        let (location, verdict) = verdict?;
        if let Verdict::Contact(contact) = &verdict
            && is_asked(&contact.number().e164())
        {
            let claimant = Claimant { location, name: contact.name_key() };
            let candidate = Candidate { claimant, content: content(contact) };
            rows.entry(contact.number().e164()).or_default().push(candidate);
        }
    }
    Ok(rows)
}

fn content(contact: &Contact) -> u64 {
    identity(&(contact.first_name(), contact.last_name(), contact.salutation().as_str()))
}

/// Returns the row that gets a number after the tried ones: the first or the last with different content.
fn next(rows: &[Candidate], tried: &[Location], keep: Keep) -> Option<Claimant> {
    if tried.len() >= MAX_TRIED {
        return None;
    }
    let is_tried = |row: &&Candidate| tried.contains(&row.claimant.location);
    let refused: HashSet<u64> = rows.iter().filter(is_tried).map(|row| row.content).collect();
    let mut left = rows.iter().filter(|row| !refused.contains(&row.content)).map(|row| row.claimant);
    match keep {
        Keep::First => left.next(),
        Keep::Last => left.next_back(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(at: u64, name: &str) -> Candidate {
        let location = Location { input: 0, row: at };
        Candidate { claimant: Claimant { location, name: NameKey::new(name, "") }, content: identity(&name) }
    }

    #[test]
    fn each_row_with_different_content_is_next_once() {
        let rows = [row(2, "A"), row(3, "A"), row(5, "B"), row(8, "C"), row(9, "B")];
        let order = |keep, first: u64| {
            let mut tried = vec![Location { input: 0, row: first }];
            while let Some(next) = next(&rows, &tried, keep) {
                tried.push(next.location);
            }
            tried.into_iter().map(|location| location.row).collect::<Vec<_>>()
        };
        assert_eq!(order(Keep::First, 2), [2, 5, 8]);
        assert_eq!(order(Keep::Last, 9), [9, 8, 3]);
    }

    #[test]
    fn number_is_tried_with_few_rows() {
        let rows: Vec<Candidate> = (2..100).map(|at| row(at, &at.to_string())).collect();
        let tried = |count: u64| (2..2 + count).map(|row| Location { input: 0, row }).collect::<Vec<_>>();
        assert_eq!(next(&rows, &tried(2), Keep::First).map(|row| row.location.row), Some(4));
        assert_eq!(next(&rows, &tried(3), Keep::First), None);
    }
}
