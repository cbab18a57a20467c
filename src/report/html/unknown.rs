//! The distinct unknown countries and salutations, and the settings lines that give them a meaning.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::text::{count_of, shown, within};
use crate::{
    contact::Field,
    normalize::region,
    quantity::{counted, grouped},
    report::unknown_values::{UnknownValue, quoted},
};

/// Maximum size of one field's table, and of its lines.
const MAX_BYTES: usize = 120_000;

/// Maximum characters of a displayed value.
const MAX_CHARS: usize = 200;

/// Number of values for which a similar country name is searched.
const MAX_SUGGESTIONS: usize = 100;

/// A value with its possible meaning.
type Suggested<'v> = (&'v UnknownValue, Option<String>);

/// Returns the section with the values of both fields.
pub(super) fn section(values: &[UnknownValue]) -> Option<Markup> {
    if values.is_empty() {
        return None;
    }
    let of = |field: Field| values.iter().filter(move |value| value.field == field.name());
    let countries = of(Field::Country).zip(0..).map(|(value, index)| {
        let similar = if index < MAX_SUGGESTIONS { region::similar(&value.value) } else { None };
        (value, similar.map(|region| region.to_string()))
    });
    let salutations = of(Field::Salutation).map(|value| (value, None));
    Some(html! {
        p { "Correct these values in the list, or define their meanings once in rollcall.toml." }
        (field(&countries.collect::<Vec<_>>(), "country", "Countries", "a two-letter code such as DE"))
        (field(&salutations.collect::<Vec<_>>(), "salutation", "Salutations", "Mr, Mrs, Ms, Miss, Mx, Dr or Prof"))
    })
}

/// Returns the values of one field.
fn field(values: &[Suggested<'_>], table: &str, title: &str, meaning: &str) -> Markup {
    if values.is_empty() {
        return html! {};
    }
    let (rows, shown_values) = within(values, MAX_BYTES, |(value, suggestion)| {
        html! {
            tr {
                td dir="auto" { (shown(value.value.as_bytes(), MAX_CHARS)) }
                td class="n" { (grouped(value.count)) }
                td { @if let Some(suggestion) = suggestion { (suggestion) "?" } }
            }
        }
    });
    let hidden = count_of(values.len() - shown_values);
    html! {
        h3 { (title) ", " (counted(count_of(values.len()), "value")) }
        div class="wide" role="group" aria-label={ "Unknown " (title.to_lowercase()) } tabindex="0" {
            table class="plain" {
                caption class="unseen" { "Unknown " (title.to_lowercase()) }
                thead { tr {
                    th scope="col" { "Value" } th scope="col" class="n" { "Rows" } th scope="col" { "Suggestion" }
                } }
                tbody { (rows) }
            }
        }
        @if hidden > 0 { p { (grouped(hidden)) " more values are in " code { "report.json" } "." } }
        p { "Lines to paste into " code { "rollcall.toml" } ", with " (meaning) " on the right side; remove the # from each line you need:" }
        pre tabindex="0" aria-label={ "Lines for " (title) } { (lines(table, values)) }
    }
}

/// Returns a TOML table, commented out.
fn lines(table: &str, values: &[Suggested<'_>]) -> String {
    let mut lines = format!("# [values.{table}]\n");
    for (value, suggestion) in values {
        if lines.len() > MAX_BYTES / 2 {
            break;
        }
        // Writing to a string cannot fail.
        _ = writeln!(
            lines,
            "# {} = \"{}\"  # {}",
            quoted(&value.value),
            suggestion.as_deref().unwrap_or_default(),
            counted(value.count, "row")
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_to_paste_are_toml_after_uncommenting() {
        let value = |value: &str, count| UnknownValue { field: "country", value: value.to_owned(), count };
        let (known, odd) = (value("Deutchland", 12), value("a \"b\" \\c", 1));
        let lines = lines("country", &[(&known, Some("DE".to_owned())), (&odd, None)]);
        insta::assert_snapshot!(lines, @r##"
        # [values.country]
        # "Deutchland" = "DE"  # 12 rows
        # "a \"b\" \\c" = ""  # 1 row
        "##);
        let read: toml::Table = toml::from_str(&lines.replace("\n# ", "\n").replacen("# ", "", 1)).unwrap();
        assert_eq!(read["values"]["country"]["Deutchland"].as_str(), Some("DE"));
        assert_eq!(read["values"]["country"]["a \"b\" \\c"].as_str(), Some(""));
    }
}
