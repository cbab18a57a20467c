//! The page: its sections in order of importance, and its content security policy.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::{
    charts,
    cost::milliseconds,
    text::{prose, shown},
};
use crate::{
    outcome::Outcome,
    quantity::{counted, grouped},
    report::{self, Report},
};

/// The style of the pages.
pub(crate) const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Maximum number of files in the heading.
const MAX_FILES: usize = 3;

const MAX_PATH_CHARS: usize = 120;

/// A section of the page.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) body: Option<Markup>,
}

/// Returns the content security policy: only this page's own style and script.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// Returns the whole page.
pub(super) fn page(report: &Report, sections: &[Section]) -> Markup {
    let verdict = Verdict::new(report);
    let names = names(report);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                title { "rollcall " (report.command) ": " (names) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#main" { "Skip to the report" }
                header {
                    p class="kind" { "rollcall " (kind(report)) }
                    h1 dir="auto" { (names) }
                    p class="meta" {
                        (moment(&report.started_at)) ", " (milliseconds(report.timing_ms.total)) ", run " (report.run)
                    }
                }
                main id="main" {
                    section id="verdict" class={ "verdict " (verdict.class) } aria-labelledby="verdict-title" {
                        h2 id="verdict-title" class="unseen" { "Result" }
                        p class="sentence" { (verdict.sentence) }
                        @if !verdict.next.is_empty() {
                            ul { @for next in &verdict.next { li { (prose(next)) } } }
                        }
                        (funnel(report))
                    }
                    nav aria-label="Sections" {
                        @for section in sections.iter().filter(|section| section.body.is_some()) {
                            a href={ "#" (section.id) } { (section.title) }
                        }
                    }
                    @for section in sections {
                        @if let Some(body) = &section.body {
                            section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                                h2 id={ (section.id) "-title" } { (section.title) }
                                (body)
                            }
                        }
                    }
                }
                footer {
                    p {
                        "Every row is in " code { "outcomes.csv" } ", rows to fix are in " code { "rejected.xlsx" } " and " code { "rejected.csv" } ", figures for programs are in "
                        code { "report.json" } ". This page names people: handle it like the list itself."
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// Formats an instant for people.
fn moment(moment: &str) -> String {
    let minute = moment.get(.."2026-11-20T10:15".len()).unwrap_or(moment);
    format!("{} UTC", minute.replace('T', " "))
}

fn kind(report: &Report) -> String {
    if report.dry_run { format!("{}, nothing posted", report.command) } else { report.command.to_owned() }
}

/// Returns the names of the files.
fn names(report: &Report) -> String {
    let path = |path: &str| {
        if path == crate::parse::STDIN {
            "standard input".to_owned()
        } else {
            shown(path.as_bytes(), MAX_PATH_CHARS)
        }
    };
    let mut names: Vec<String> =
        report.inputs.iter().take(MAX_FILES).map(|input| path(&input.path)).collect();
    let more = report.inputs.len().saturating_sub(MAX_FILES);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// The result in one sentence, with the next step.
struct Verdict {
    sentence: String,
    next: Vec<String>,
    class: &'static str,
}

impl Verdict {
    fn new(report: &Report) -> Self {
        let of = |outcome| report.totals.of(outcome);
        let rows = report.totals.rows();
        let (rejected, failed, pending) = (of(Outcome::Rejected), of(Outcome::Failed), of(Outcome::Pending));
        let to_fix = rejected + failed;
        let sentence = format!("{}.", report::verdict(report).text);
        let mut next = Vec::new();
        if to_fix > 0 {
            next.push(
                "Fix the rows in rejected.xlsx, save it, and import it together with the original list. No contact is created twice."
                    .to_owned(),
            );
        }
        if pending > 0 || !report.complete {
            next.push(
                "Run the same import again, or run rollcall resume. It continues where it stopped."
                    .to_owned(),
            );
        }
        if to_fix > 0
            && let Some(first) = report.problems.first()
        {
            next.push(format!(
                "Most frequent problem, {}: {}. {}",
                counted(first.count, "row"),
                first.title,
                shown(first.hint.as_bytes(), 600)
            ));
        }
        let class = if !report.complete || pending > 0 || to_fix.saturating_mul(2) >= rows.max(1) {
            "bad"
        } else if to_fix > 0 {
            "fair"
        } else {
            "good"
        };
        Self { sentence, next, class }
    }
}

/// Returns the rows and their outcomes, with each outcome subtracted in turn.
fn funnel(report: &Report) -> Markup {
    let rows = report.totals.rows();
    let mut left = rows;
    let taken = [
        (Outcome::Rejected, "to fix", "bad"),
        (Outcome::Suppressed, "suppressed", "quiet"),
        (Outcome::Duplicate, "duplicate (same number as another row)", "quiet"),
        (Outcome::Existing, "on the platform already", "quiet"),
    ];
    let mut steps = vec![("rows", 0, rows, "", "total")];
    for (outcome, label, class) in taken {
        let count = report.totals.of(outcome);
        if count > 0 {
            left -= count;
            steps.push((label, left, count, "− ", class));
        }
    }
    steps.push(("new", 0, left, "= ", "good"));
    let mut before = 0;
    for (outcome, label, class) in [
        (Outcome::Created, "created", "good"),
        (Outcome::Confirmed, "created, confirmed by reading", "good"),
        (Outcome::Failed, "refused by the platform", "bad"),
        (Outcome::Pending, "pending: not sent, or unacknowledged", "bad"),
    ] {
        let count = report.totals.of(outcome);
        if count > 0 {
            steps.push((label, before, count, "", class));
            before += count;
        }
    }
    html! {
        table class="chart funnel" {
            caption { "From rows to new contacts" }
            thead class="unseen" { tr { th scope="col" { "Step" } th scope="col" { "Picture" } th scope="col" { "Rows" } } }
            tbody {
                @for (label, before, count, sign, class) in &steps {
                    tr {
                        th scope="row" { (label) }
                        td class="picture" { (charts::step(label, *before, *count, rows, class)) }
                        td class="n" { (sign) (grouped(*count)) " " small { (charts::percent(*count, rows)) } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_allows_only_the_style_and_script_of_this_page() {
        let policy = policy();
        for text in [STYLE, SCRIPT] {
            let hash = STANDARD.encode(Sha256::digest(text.as_bytes()));
            assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy}");
            // It would end the element, and the hash would not match.
            assert!(!text.contains("</") && !text.contains("<!--") && !text.contains('\r'));
        }
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        // Only hashes: no address, and no permission for inline code.
        assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'), "{policy}");
    }
}
