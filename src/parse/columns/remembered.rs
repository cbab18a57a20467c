//! Mappings that a person chose for all files with the same headers.

use std::borrow::Cow;

use super::mapping::{Mapping, RememberedMapping};
use crate::parse::settings::ParseSettings;

/// Returns the remembered mapping for these headers: the first one, which is the newest.
pub(in crate::parse) fn of<'a>(
    headers: &[String],
    settings: &'a ParseSettings,
) -> Option<&'a RememberedMapping> {
    if settings.no_header {
        return None;
    }
    settings.remembered.iter().find(|remembered| remembered.is_for(headers))
}

/// Returns the mappings for these headers. Those of `--map` win, field by field.
pub(in crate::parse) fn mappings<'a>(headers: &[String], settings: &'a ParseSettings) -> Cow<'a, [Mapping]> {
    let Some(remembered) = of(headers, settings) else { return Cow::Borrowed(&settings.mappings) };
    let given = &settings.mappings;
    let is_free = |mapping: &&Mapping| {
        let column = mapping.find(headers);
        let takes = |given: &Mapping| {
            given.field == mapping.field
                || given.field.is_passed_on() == mapping.field.is_passed_on() && given.find(headers) == column
        };
        column.is_some() && !given.iter().any(takes)
    };
    Cow::Owned(given.iter().chain(remembered.mappings.iter().filter(is_free)).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &str) -> Vec<String> {
        texts.split(',').map(str::to_owned).collect()
    }

    fn maps(texts: &str) -> Vec<Mapping> {
        texts.split(',').filter(|text| !text.is_empty()).map(|text| text.parse().unwrap()).collect()
    }

    /// Returns the mappings in force for a header, as text.
    fn in_force(headers: &str, given: &str) -> String {
        let remembered =
            RememberedMapping::new(list("Who,Ring me,Town 1"), maps("phone=Ring me,full_name=Who"), None);
        let settings =
            ParseSettings { mappings: maps(given), remembered: vec![remembered], ..ParseSettings::default() };
        let found = mappings(&list(headers), &settings);
        let text = |mapping: &Mapping| format!("{}={}", mapping.field.name(), mapping.column);
        found.iter().map(text).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn set_of_headers_decides_whatever_their_order_and_spelling() {
        let both = "phone=Ring me,full_name=Who";
        for headers in ["Who,Ring me,Town 1", "town_1,RING ME,Who", "Who,,Ring me,Town 1"] {
            assert_eq!(in_force(headers, ""), both, "{headers}");
        }
        for headers in ["Who,Ring me", "Who,Ring me,Town 2", "Who,Ring me,Town 1,Note"] {
            assert_eq!(in_force(headers, ""), "", "{headers}");
        }
    }

    #[test]
    fn typed_mapping_wins_field_by_field() {
        assert_eq!(in_force("Who,Ring me,Town 1", "phone=Town 1"), "phone=Town 1,full_name=Who");
        assert_eq!(in_force("Who,Ring me,Town 1", "phone=Who"), "phone=Who", "the column is taken");
        assert_eq!(
            in_force("Who,Ring me,Town 1", "unique_id=Who"),
            "unique_id=Who,phone=Ring me,full_name=Who",
            "a passed-on field shares it"
        );
    }
}
