//! One sentence with the result of a check or an import.

use super::Report;
use crate::{
    outcome::Outcome,
    quantity::{counted, grouped},
};

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictSentence {
    /// The sentence, without a period.
    pub text: String,
    /// Whether nothing is left to do.
    pub is_good: bool,
}

/// Returns the sentence for a run.
pub fn verdict(report: &Report) -> VerdictSentence {
    let of = |outcome| report.totals.of(outcome);
    let (rows, rejected, failed, pending) =
        (report.totals.rows(), of(Outcome::Rejected), of(Outcome::Failed), of(Outcome::Pending));
    let created = of(Outcome::Created) + of(Outcome::Confirmed);
    let to_fix = (rejected > 0).then(|| format!("{} must be fixed", counted(rejected, "row")));
    let refused = (failed > 0).then(|| format!("the platform refused {}", counted(failed, "contact")));
    let parts = if rows == 0 {
        vec!["There are no rows to import".to_owned()]
    } else if report.command == "check" {
        vec![passing(of(Outcome::Valid), rows, "can be imported")].into_iter().chain(to_fix).collect()
    } else if let Some(why) = report.not_posted {
        let what = if why.reason().is_some() { "can be posted" } else { "would be posted" };
        let new = passing(of(Outcome::Planned), rows, what);
        // It follows the reason, in the same sentence.
        let new = if why.reason().is_some() { lowered(&new) } else { new };
        [why.reason().map(str::to_owned), Some(new), to_fix].into_iter().flatten().collect()
    } else if !report.complete {
        let stopped = format!("The import stopped: {} created", grouped(created));
        let unsent = format!("{} not sent, or unacknowledged", grouped(pending));
        [stopped, unsent].into_iter().chain(to_fix).chain(refused).collect()
    } else if created == 0 && to_fix.is_none() && refused.is_none() {
        vec!["No row is new: nothing was posted".to_owned()]
    } else {
        let posted = format!("{} created", counted(created, "contact"));
        [posted].into_iter().chain(to_fix).chain(refused).collect()
    };
    let is_good = rows > 0
        && rejected + failed + pending == 0
        && report.not_posted.is_none_or(|why| why.reason().is_none());
    VerdictSentence { text: parts.join("; "), is_good }
}

fn lowered(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn passing(passed: u64, rows: u64, what: &str) -> String {
    match passed {
        0 => format!("None of {} {what}", counted(rows, "row")),
        _ if passed == rows && rows == 1 => format!("The row {what}"),
        _ if passed == rows => format!("All {} {what}", counted(rows, "row")),
        _ => format!("{} of {} {what}", grouped(passed), counted(rows, "row")),
    }
}
