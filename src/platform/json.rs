//! JSON as it is, and JSON that is not quite: one odd value does not make the others unreadable.

use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json_lenient::{Deserializer, Value as LenientValue};

/// A value; nothing where the text is cut short, or is no JSON at all.
pub(super) fn parse(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).ok().or_else(|| serde_json::from_str(&repaired(text)?).ok())
}

/// Whether the text has the form of JSON, whatever its strings hold.
pub(super) fn is_well_formed(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// Strict JSON in place of a text that holds halves of surrogate pairs, control characters within strings, or commas before
/// a bracket. Of a name that stands twice in an object, the last counts.
pub(super) fn repaired(text: &[u8]) -> Option<String> {
    use serde::Deserialize as _;

    let mut deserializer = Deserializer::from_slice_with_options(text, true, true, true, true, true);
    let value = LenientValue::deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    serde_json::to_string(&value).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // Source: tc39/proposal-well-formed-stringify issue 5 (half of a surrogate pair in JSON).
    #[test]
    fn odd_strings_are_read() {
        for (text, expected) in [
            (r#"{"name": "Party\ud83d", "n": 1}"#, json!({"name": "Party\u{fffd}", "n": 1})),
            (r#"["\udc00x", "\ud83d\ude00"]"#, json!(["\u{fffd}x", "😀"])),
            ("[\"a\tb\nc\u{1}\"]", json!(["a\tb\nc\u{1}"])),
            ("{\"a\": 1, \"a\": 2,}", json!({"a": 2})),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_cut_short_or_no_json_is_not_read() {
        for text in ["", "<html>", "{\"a\": [1, 2", "[1] and more", "\"open"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
