//! The cost of posting: requests, waits and time.

use maud::{Markup, html};

use super::{
    charts,
    text::{prose, shown},
};
use crate::{
    existing::ExistingFrom,
    plan::Plan,
    quantity::{duration, grouped},
    report::Report,
};

const MAX_CHARS: usize = 300;
const MAX_NOTES: usize = 20;

/// Formats milliseconds for people.
pub(super) fn milliseconds(milliseconds: u64) -> String {
    match milliseconds {
        0..1000 => format!("{milliseconds} ms"),
        1000..10_000 => format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
        _ => duration(milliseconds / 1000),
    }
}

fn plan_line(name: &str, plan: &Plan) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td class="n" { (grouped(plan.get)) }
            td class="n" { (grouped(plan.post)) }
            td class="n" { (if plan.seconds == 0 { "less than a minute".to_owned() } else { duration(plan.seconds) }) }
        }
    }
}

/// Returns the planned or actual cost and a timeline; for `check`, which uses no platform, only the timeline.
pub(super) fn section(report: &Report) -> Markup {
    let timing = &report.timing_ms;
    let rest = timing.total.saturating_sub(timing.read + timing.existing + timing.post);
    let parts = [
        ("Reading the files", timing.read),
        ("Reading existing contacts", timing.existing),
        ("Creating contacts", timing.post),
        ("Other", rest),
    ];
    let parts: Vec<(&str, u64, String)> = parts
        .into_iter()
        .filter(|(_, time)| *time > 0)
        .map(|(name, time)| (name, time, milliseconds(time)))
        .collect();
    html! {
        @if let Some(platform) = &report.platform {
            @let facts = [
                ("Platform", shown(platform.host.as_bytes(), MAX_CHARS)),
                ("Requests to read", grouped(platform.get)),
                ("Requests to create", grouped(platform.post)),
                ("Sent again", grouped(platform.retries)),
                ("Stopped by the rate limit", grouped(platform.rate_limited)),
                ("Waited", milliseconds(platform.waited_ms)),
                ("Existing contacts", grouped(platform.existing_contacts)),
                ("Known from", match platform.existing_from {
                    ExistingFrom::Platform => "the platform".to_owned(),
                    ExistingFrom::Snapshot => match &platform.existing_read_at {
                        Some(read_at) => format!("a snapshot of {}", shown(read_at.as_bytes(), MAX_CHARS)),
                        None => "a snapshot".to_owned(),
                    },
                    ExistingFrom::File => "a file".to_owned(),
                }),
            ];
            dl class="facts" {
                @for (name, value) in &facts { div { dt { (name) } dd { (value) } } }
            }
            @if !platform.existing_notes.is_empty() {
                ul class="notes" {
                    @for note in platform.existing_notes.iter().take(MAX_NOTES) { li { (prose(&shown(note.as_bytes(), MAX_CHARS))) } }
                }
            }
        }
        @if report.plan.is_some() || report.actual.is_some() {
            table class="plain" {
                caption class="unseen" { "Requests and time after the question whether to post" }
                thead { tr {
                    th scope="col" { (if report.dry_run { "What posting would cost" } else { "Cost" }) }
                    th scope="col" class="n" { "To read" } th scope="col" class="n" { "To create" } th scope="col" class="n" { "Time" }
                } }
                tbody {
                    @if let Some(plan) = &report.plan { (plan_line("Planned", plan)) }
                    @if let Some(actual) = &report.actual { (plan_line("Needed", actual)) }
                }
            }
        }
        @if !parts.is_empty() {
            h3 { "Where the time went: " (milliseconds(timing.total)) }
            (charts::stacked("Time", &parts))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_times_are_readable() {
        assert_eq!([7, 1234, 83_000].map(milliseconds), ["7 ms", "1.2 s", "1 min 23 s"]);
    }
}
