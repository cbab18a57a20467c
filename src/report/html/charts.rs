//! Charts as inline SVG.
//!
//! Each chart has a title that describes it in words, and appears next to its figures.

use maud::{Markup, html};

use crate::quantity::grouped;

/// Width of a bar, in units.
const WIDTH: u64 = 1000;

/// Minimum width of a visible part.
const MIN_WIDTH: u64 = 4;

/// Returns the width for `part` of `whole`.
fn share(part: u64, whole: u64) -> u64 {
    if part == 0 || whole == 0 {
        return 0;
    }
    let share = u128::from(part) * u128::from(WIDTH) / u128::from(whole);
    u64::try_from(share).unwrap_or(WIDTH).clamp(MIN_WIDTH, WIDTH)
}

/// Formats the share for people.
pub(super) fn percent(part: u64, whole: u64) -> String {
    let tenths = if whole == 0 { 0 } else { u128::from(part) * 1000 / u128::from(whole) };
    match tenths {
        0 if part > 0 => "<0.1 %".to_owned(),
        0 => "0 %".to_owned(),
        tenths if tenths >= 100 || tenths % 10 == 0 => format!("{} %", tenths / 10),
        tenths => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// Returns a bar for `part` of `whole`.
pub(super) fn bar(label: &str, part: u64, whole: u64, class: &str) -> Markup {
    step(label, 0, part, whole, class)
}

/// Returns a bar for `part` of `whole` that starts where `before` ends.
pub(super) fn step(label: &str, before: u64, part: u64, whole: u64, class: &str) -> Markup {
    let width = share(part, whole);
    let start = if before == 0 { 0 } else { share(before, whole).min(WIDTH - width) };
    html! {
        svg class="bar" role="img" viewBox="0 0 1000 16" preserveAspectRatio="none" {
            title { (label) ": " (grouped(part)) " of " (grouped(whole)) }
            rect class="track" width="1000" height="16" {}
            rect class=(class) x=(start) width=(width) height="16" {}
        }
    }
}

/// Returns one bar of several consecutive parts, with a legend; each part has a text with its amount.
pub(super) fn stacked(title: &str, parts: &[(&str, u64, String)]) -> Markup {
    let whole: u64 = parts.iter().map(|(_, part, _)| part).sum();
    let mut start = 0;
    let placed = parts.iter().zip(1..).map(|((_, part, _), place)| {
        let width = share(*part, whole).min(WIDTH - start);
        start += width;
        (start - width, width, format!("part-{place}"))
    });
    let placed: Vec<_> = placed.collect();
    let said: Vec<String> = parts.iter().map(|(name, _, text)| format!("{name} {text}")).collect();
    html! {
        figure {
            svg class="bar tall" role="img" viewBox="0 0 1000 16" preserveAspectRatio="none" {
                title { (title) ": " (said.join(", ")) }
                rect class="track" width="1000" height="16" {}
                @for (start, width, class) in &placed {
                    rect class=(class) x=(start) width=(width) height="16" {}
                }
            }
            figcaption class="legend" {
                @for ((name, _, text), (_, _, class)) in parts.iter().zip(&placed) {
                    span {
                        svg class="key" aria-hidden="true" viewBox="0 0 10 10" { rect class=(class) width="10" height="10" {} }
                        (name) " " b { (text) }
                    }
                }
            }
        }
    }
}

/// A line of a bar chart.
pub(super) struct Line {
    pub(super) label: String,
    pub(super) count: u64,
    pub(super) class: &'static str,
}

/// Returns counts as bars in proportion to `whole`, in a table with one line per count.
pub(super) fn bars(caption: &str, column: &str, lines: &[Line], whole: u64) -> Markup {
    html! {
        table class="chart" {
            caption { (caption) }
            thead { tr { th scope="col" { (column) } th scope="col" { span class="unseen" { "Picture" } } th scope="col" class="n" { "Rows" } } }
            tbody {
                @for line in lines {
                    tr {
                        th scope="row" { (line.label) }
                        td class="picture" { (bar(&line.label, line.count, whole, line.class)) }
                        td class="n" { (grouped(line.count)) " " small { (percent(line.count, whole)) } }
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
    fn shares_are_proportional_and_visible() {
        assert_eq!([share(0, 7), share(1, 1_000_000), share(1, 2), share(7, 7)], [0, 4, 500, 1000]);
        assert_eq!((share(0, 0), share(u64::MAX, u64::MAX)), (0, 1000));
        assert_eq!(
            [(0, 0), (1, 100_000), (1, 80), (1, 8), (8, 8)].map(|(part, whole)| percent(part, whole)),
            ["0 %", "<0.1 %", "1.2 %", "12 %", "100 %"]
        );
    }

    #[test]
    fn bar_has_a_title_with_its_figures() {
        let bar = step("rejected", 153, 17, 170, "bad").into_string();
        assert!(bar.contains("<title>rejected: 17 of 170</title>"), "{bar}");
        assert!(bar.contains(r#"x="900" width="100""#), "{bar}");
    }
}
