//! The regions and types of the numbers.

use maud::{Markup, html};

use super::charts::{self, Line};
use crate::{contact::NumberType, report::Report};

/// Maximum number of regions with their own bar.
const MAX_REGIONS: usize = 12;

/// Returns charts of regions and number types; `None` if there are no numbers.
pub(super) fn section(report: &Report) -> Option<Markup> {
    let whole: u64 = report.regions.iter().map(|region| region.count).sum();
    if whole == 0 {
        return None;
    }
    let mut regions: Vec<Line> = report
        .regions
        .iter()
        .take(MAX_REGIONS)
        .map(|region| Line {
            label: match region.region.as_str() {
                "" | "001" => format!("no country (+{})", region.country_code),
                code => format!("{code} (+{})", region.country_code),
            },
            count: region.count,
            class: "accent",
        })
        .collect();
    let others: u64 = report.regions.iter().skip(MAX_REGIONS).map(|region| region.count).sum();
    if others > 0 {
        let label = format!("{} others", report.regions.len() - MAX_REGIONS);
        regions.push(Line { label, count: others, class: "quiet" });
    }
    let kind = |kind: &crate::report::TypeCount| {
        let class = if kind.kind == NumberType::PremiumRate && kind.count > 0 { "bad" } else { "accent" };
        Line { label: kind.kind.name().replace('-', " "), count: kind.count, class }
    };
    let kinds: Vec<Line> = report.types.iter().map(kind).collect();
    Some(html! {
        p { "Numbers of rejected rows are not counted here." }
        div class="two" {
            (charts::bars("Countries", "Country", &regions, whole))
            (charts::bars("Kinds of number", "Kind", &kinds, whole))
        }
    })
}
