//! Reads JSON, also almost valid JSON: one odd value does not make the others unreadable.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json_lenient::{Deserializer, Value as LenientValue};

/// Reads a value. `None` if the text is truncated or not JSON.
pub(super) fn parse(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).ok().or_else(|| serde_json::from_str(&repaired(text)?).ok())
}

/// Returns whether the text has the form of JSON, whatever its strings contain.
pub(super) fn is_well_formed(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// Converts almost valid JSON to strict JSON. Accepts unpaired surrogates, control characters in strings, trailing
/// commas, and `NaN` as written by Python programs. If a name is repeated in an object, the last one counts.
pub(super) fn repaired(text: &[u8]) -> Option<String> {
    use serde::Deserialize as _;

    let text = without_odd_numbers(text);
    let mut deserializer = Deserializer::from_slice_with_options(&text, true, true, true, true, true);
    let value = LenientValue::deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    serde_json::to_string(&value).ok()
}

/// Replaces `NaN` and `Infinity` outside strings by `null`.
fn without_odd_numbers(text: &[u8]) -> Cow<'_, [u8]> {
    const ODD: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
    if !ODD.iter().any(|odd| memchr::memmem::find(text, odd).is_some()) {
        return text.into();
    }
    let mut replaced = Vec::with_capacity(text.len());
    let (mut rest, mut is_string, mut is_escaped) = (text, false, false);
    while let Some((first, behind)) = rest.split_first() {
        if !is_string && let Some(odd) = ODD.iter().find(|odd| rest.starts_with(odd)) {
            replaced.extend_from_slice(b"null");
            rest = &rest[odd.len()..];
            continue;
        }
        match first {
            b'"' if !is_escaped => is_string = !is_string,
            _ => {}
        }
        is_escaped = is_string && *first == b'\\' && !is_escaped;
        replaced.push(*first);
        rest = behind;
    }
    replaced.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // Source: tc39/proposal-well-formed-stringify issue 5 (half of a surrogate pair in JSON).
    #[test]
    fn unpaired_surrogates_and_control_characters_are_read() {
        for (text, expected) in [
            (r#"{"name": "Party\ud83d", "n": 1}"#, json!({"name": "Party\u{fffd}", "n": 1})),
            (r#"["\udc00x", "\ud83d\ude00"]"#, json!(["\u{fffd}x", "😀"])),
            ("[\"a\tb\nc\u{1}\"]", json!(["a\tb\nc\u{1}"])),
            ("{\"a\": 1, \"a\": 2,}", json!({"a": 2})),
            (r#"{"a": NaN, "b": "\"NaN", "c": [-Infinity]}"#, json!({"a": null, "b": "\"NaN", "c": [null]})),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(expected), "{text}");
        }
    }

    #[test]
    fn truncated_text_and_other_formats_are_not_read() {
        for text in ["", "<html>", "{\"a\": [1, 2", "[1] and more", "\"open"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
