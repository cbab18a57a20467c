//! Determines the final outcome of a row from everything that is known.

use std::borrow::Cow;

use super::twins::Refusals;
use crate::{
    contact::{Contact, E164, PhoneNumber},
    dedupe::{Claimant, ClaimedNumbers, Collision},
    existing::ExistingContacts,
    outcome::{Code, Outcome, Verdict},
    parse::InputInfo,
    post::{PostResult, PostResults},
    report::{ReportError, ReportedRow, RunWriter},
    row::{Location, Row},
    suppress::SuppressionSet,
};

/// The results of all stages.
pub(super) struct Ledger<'a> {
    pub(super) inputs: &'a [InputInfo],
    pub(super) numbers: &'a ClaimedNumbers,
    pub(super) suppression_set: &'a SuppressionSet,
    pub(super) existing: &'a ExistingContacts,
    /// The time of the read, if it was before this run.
    pub(super) read_at: Option<String>,
    pub(super) results: &'a PostResults,
    /// Rows that were refused and gave their number to another row.
    pub(super) refusals: &'a Refusals,
    /// The outcome of a contact without any other result.
    pub(super) otherwise: Outcome,
}

/// The outcome of a contact.
pub(super) struct RowEnding {
    pub(super) outcome: Outcome,
    pub(super) code: Option<Code>,
    pub(super) detail: String,
}

impl Ledger<'_> {
    /// Returns the outcome of a contact.
    pub(super) fn ending(&self, location: Location, contact: &Contact) -> RowEnding {
        let (number, name) = (contact.number().e164(), contact.name_key());
        // A later suppression does not undo a post.
        let is_done = self.results.outcome_of(number).is_some_and(|outcome| {
            matches!(outcome, Outcome::Created | Outcome::Confirmed | Outcome::Pending)
        });
        if let Some(ending) = suppressed(self.suppression_set, number).filter(|_| !is_done) {
            return ending;
        }
        if let Some(refused) = self.refusals.of(location) {
            return ended(refused.clone());
        }
        let result = self.results.of(number);
        if let Some(collision) = self.numbers.rival(number, Claimant { location, name }) {
            let mut ending = duplicate(collision, location, self.inputs);
            if result.is_some_and(|result| result.is_refused()) {
                ending.detail.push_str(", which the platform refused");
            }
            return ending;
        }
        if let Some(result) = result {
            return ended(result);
        }
        let held = self.existing.holder_named(number, name);
        if let Some(held) = held {
            let code = if held.has_name(name) { Code::SameName } else { Code::OtherName };
            let mut detail = format!("existing contact: {}", held.describe());
            if let Some(read_at) = &self.read_at {
                detail.push_str(", as of ");
                detail.push_str(read_at);
            }
            return RowEnding { outcome: Outcome::Existing, code: Some(code), detail };
        }
        RowEnding { outcome: self.otherwise, code: None, detail: String::new() }
    }

    /// Returns the outcome of a row.
    pub(super) fn outcome(&self, location: Location, verdict: &Verdict) -> Outcome {
        match verdict {
            Verdict::Contact(contact) => self.ending(location, contact).outcome,
            Verdict::Suppressed { .. } => Outcome::Suppressed,
            Verdict::Rejected { number, .. } => {
                rejected_and_suppressed(number.as_ref(), self.suppression_set)
                    .map_or(Outcome::Rejected, |ending| ending.outcome)
            }
        }
    }

    /// Returns whether the contact still has to be posted.
    pub(super) fn is_new(&self, location: Location, contact: &Contact) -> bool {
        self.ending(location, contact).outcome == self.otherwise
    }
}

/// Returns the outcome of a contact that was posted.
fn ended(result: PostResult) -> RowEnding {
    let PostResult { outcome, code, detail } = result;
    RowEnding { outcome, code, detail }
}

/// Returns the outcome of a row whose number another row has.
pub(super) fn duplicate(collision: Collision, location: Location, inputs: &[InputInfo]) -> RowEnding {
    let with = collision.with;
    let mut detail = format!("same number as row {}", with.row);
    if with.input != location.input {
        detail.push_str(" of ");
        detail.push_str(&inputs[usize::from(with.input)].path);
    }
    RowEnding { outcome: Outcome::Duplicate, code: Some(collision.code), detail }
}

/// Returns the outcome of a contact whose number is suppressed.
pub(super) fn suppressed(suppression_set: &SuppressionSet, number: E164) -> Option<RowEnding> {
    let (source, detail) = suppression_set.reason(number)?;
    Some(RowEnding { outcome: Outcome::Suppressed, code: Some(source.code()), detail })
}

/// Returns the outcome of a rejected row that need not be fixed, because its number is suppressed anyway.
fn rejected_and_suppressed(
    number: Option<&PhoneNumber>,
    suppression_set: &SuppressionSet,
) -> Option<RowEnding> {
    suppressed(suppression_set, number?.e164())
}

/// Returns the outcome of a contact that a check found valid.
pub(super) fn valid() -> RowEnding {
    RowEnding { outcome: Outcome::Valid, code: None, detail: String::new() }
}

/// Writes a row like `write`. `is_counted` says that the number of a contact was counted before.
pub(super) fn write_with(
    writer: &mut RunWriter,
    row: Row<'_>,
    verdict: &Verdict,
    is_counted: bool,
    suppression_set: &SuppressionSet,
    ending: impl FnOnce(&Contact) -> RowEnding,
) -> Result<(), ReportError> {
    match verdict {
        Verdict::Contact(contact) => {
            let RowEnding { outcome, code, detail } = ending(contact);
            writer.write(&ReportedRow {
                code,
                number: Some(contact.number()),
                detail: &detail,
                contact: Some(contact),
                is_counted,
                ..ReportedRow::new(row, outcome)
            })
        }
        Verdict::Suppressed { .. } => writer.write(&by_itself(row, verdict, &mut String::new())),
        Verdict::Rejected { number, .. } => {
            let number: Option<&PhoneNumber> = number.as_ref();
            if let Some(RowEnding { outcome, code, detail }) =
                rejected_and_suppressed(number, suppression_set)
            {
                return writer.write(&ReportedRow {
                    code,
                    number,
                    detail: &detail,
                    ..ReportedRow::new(row, outcome)
                });
            }
            writer.write(&by_itself(row, verdict, &mut String::new()))
        }
    }
}

/// Returns what a row is by itself, without the other rows and lists. `detail` gets the text of a rejected row.
pub(super) fn by_itself<'r>(row: Row<'r>, verdict: &'r Verdict, detail: &'r mut String) -> ReportedRow<'r> {
    match verdict {
        Verdict::Contact(contact) => ReportedRow {
            number: Some(contact.number()),
            contact: Some(contact),
            ..ReportedRow::new(row, Outcome::Valid)
        },
        Verdict::Suppressed { code, number, detail, .. } => ReportedRow {
            code: Some(*code),
            number: number.as_ref(),
            detail: if detail.is_empty() { code.title() } else { detail },
            ..ReportedRow::new(row, Outcome::Suppressed)
        },
        Verdict::Rejected { number, problems } => {
            let described = problems.iter().map(|problem| match problem.detail.as_str() {
                "" => Cow::Borrowed(problem.code.name()),
                detail => Cow::Owned(format!("{}: {detail}", problem.code.name())),
            });
            *detail = described.collect::<Vec<_>>().join("; ");
            ReportedRow {
                code: problems.first().map(|problem| problem.code),
                number: number.as_ref(),
                detail,
                problems,
                ..ReportedRow::new(row, Outcome::Rejected)
            }
        }
    }
}
