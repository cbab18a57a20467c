//! Tests of values that do not depend on the column.

/// Lowercase texts that people write into a cell without a value.
const FILLERS: [&str; 8] = ["n/a", "na", "#n/a", "none", "no", "null", "nil", "unknown"];

/// Returns whether a text is one that people write instead of a value.
pub(super) fn is_filler_text(text: &str) -> bool {
    !text.contains(char::is_alphanumeric) || FILLERS.contains(&text.trim().to_lowercase().as_str())
}

/// Returns whether the digits are grouped like those of a date.
pub(in crate::parse) fn may_be_date(text: &str) -> bool {
    let day = text.trim().split([' ', 'T', ',']).next().unwrap_or_default();
    let groups: Vec<usize> = day.split(['.', '/', '-']).map(str::len).collect();
    matches!(groups[..], [1..=2, 1..=2, 2 | 4] | [4, 1..=2, 1..=2])
}
