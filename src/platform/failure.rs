//! Signs of failure in a response or record, which may come with a successful status.
//!
//! No form is documented. Field names are compared without case and punctuation, so that `statusCode`, `status_code`
//! and `StatusCode` are equal.

use std::ops::Range;

use serde_json::{Map, Value};

/// The extent of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Everything failed.
    Whole,
    /// A part failed.
    Part,
}

/// Fields that contain a result.
const ENDINGS: [&str; 14] = [
    "status",
    "statuscode",
    "httpstatus",
    "httpstatuscode",
    "httpcode",
    "code",
    "responsecode",
    "responsestatus",
    "state",
    "result",
    "resultcode",
    "outcome",
    "disposition",
    "type",
];

/// Fields that contain whether something succeeded.
const SUCCESSES: [&str; 9] = [
    "success",
    "successful",
    "succeeded",
    "ok",
    "issuccess",
    "issuccessful",
    "created",
    "accepted",
    "isvalid",
];

/// The HTTP status codes of failures.
const ERROR_STATUSES: Range<u64> = 400..600;

/// Words that no successful result contains.
const BAD_WORDS: [&str; 15] = [
    "fail",
    "error",
    "reject",
    "invalid",
    "refus",
    "denied",
    "duplicate",
    "conflict",
    "exist",
    "skip",
    "unprocess",
    "bad request",
    "badrequest",
    "not created",
    "notcreated",
];

/// Parts of the names of fields that contain failures or their reasons.
const FAILURE_NAMES: [&str; 12] = [
    "error",
    "fail",
    "reject",
    "invalid",
    "exception",
    "duplicate",
    "existing",
    "conflict",
    "skipped",
    "unprocessed",
    "notcreated",
    "ignored",
];

/// Values that mean that nothing failed.
const NOTHING: [&str; 8] = ["", "none", "null", "no", "ok", "false", "success", "no error"];

/// Returns a field's name without case and punctuation.
fn plain(name: &str) -> String {
    if name.is_ascii() {
        let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
        return letters.map(|letter| char::from(letter.to_ascii_lowercase())).collect();
    }
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns whether a field of this name contains failures or their reasons.
pub(super) fn names_failure(name: &str) -> bool {
    is_failure(&plain(name))
}

fn is_failure(plain_name: &str) -> bool {
    FAILURE_NAMES.iter().any(|part| plain_name.contains(part))
        && !["noerror", "nofail"].iter().any(|start| plain_name.starts_with(start))
}

/// Returns the extent of the failure that the fields report, if any.
pub(super) fn in_fields(fields: &Map<String, Value>) -> Option<Extent> {
    let mut found = None;
    for (name, value) in fields {
        match of_field(name, value) {
            Some(Extent::Whole) => return Some(Extent::Whole),
            Some(Extent::Part) => found = Some(Extent::Part),
            None => {}
        }
    }
    found
}

fn of_field(name: &str, value: &Value) -> Option<Extent> {
    let plain_name = plain(name);
    if ENDINGS.contains(&plain_name.as_str()) {
        return ending(value);
    }
    if SUCCESSES.contains(&plain_name.as_str()) {
        let is_false = matches!(value, Value::Bool(false))
            || value.as_str().is_some_and(|text| text.trim().eq_ignore_ascii_case("false"));
        return is_false.then_some(Extent::Whole);
    }
    (is_failure(&plain_name) && !is_nothing(value)).then_some(Extent::Part)
}

/// Returns the extent of the failure that a result reports.
fn ending(value: &Value) -> Option<Extent> {
    if let Some(status) = status(value) {
        return ERROR_STATUSES.contains(&status).then_some(Extent::Whole);
    }
    let text = value.as_str()?.to_lowercase();
    if text.contains("partial") {
        return Some(Extent::Part);
    }
    BAD_WORDS.iter().any(|word| text.contains(word)).then_some(Extent::Whole)
}

/// Reads a status code, as a number or at the beginning of a text such as `409 Conflict`.
fn status(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => {
            let digits: String = text.trim().chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        }
        _ => None,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => {
            let text = text.trim().to_lowercase();
            NOTHING.contains(&text.as_str()) || text.trim_matches('0').is_empty()
        }
        Value::Array(items) => items.iter().all(is_nothing),
        Value::Object(fields) => fields.values().all(is_nothing),
    }
}

/// Returns the first failure status in the body of a response, if it differs from the HTTP status.
pub(super) fn status_in(answer: &Value) -> Option<u16> {
    match answer {
        Value::Object(fields) => {
            let is_ending = |name: &String| ENDINGS.contains(&plain(name).as_str());
            let own =
                fields.iter().filter(|(name, _)| is_ending(name)).filter_map(|(_, value)| status(value));
            let own = own
                .filter(|status| ERROR_STATUSES.contains(status))
                .find_map(|status| u16::try_from(status).ok());
            own.or_else(|| {
                let below = fields.iter().filter(|(name, _)| names_failure(name));
                below.map(|(_, value)| value).find_map(status_in)
            })
        }
        Value::Array(items) => items.iter().find_map(status_in),
        _ => None,
    }
}

/// Returns whether the platform's words say that a number is taken.
pub(crate) fn says_taken(words: &str) -> bool {
    let words = words.to_lowercase();
    let is_negated = ["not exist", "n't exist", "no such"].iter().any(|negation| words.contains(negation));
    !is_negated
        && ["exist", "duplicate", "already", "conflict", "taken"].iter().any(|word| words.contains(word))
}

/// Returns the platform's words in a response or record that is not a success, wherever they are.
pub(super) fn message_in(answer: &Value) -> Option<String> {
    const NAMES: [&str; 11] = [
        "errors",
        "error",
        "msg",
        "message",
        "reason",
        "errormessage",
        "failurereason",
        "description",
        "detail",
        "details",
        "title",
    ];
    match answer {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Array(items) => joined(items.iter()),
        Value::Object(fields) => {
            let named = |wanted: &&str| {
                let found = fields.iter().filter(|(name, _)| plain(name) == **wanted);
                found.map(|(_, value)| value).find_map(|value| match (value, *wanted) {
                    // Errors keyed by position or field: each has a message.
                    (Value::Object(each), "errors" | "error" | "details") => {
                        message_in(value).or_else(|| joined(each.values()))
                    }
                    _ => message_in(value),
                })
            };
            NAMES.iter().find_map(named)
        }
        _ => None,
    }
}

fn joined<'a>(values: impl Iterator<Item = &'a Value>) -> Option<String> {
    let messages: Vec<String> = values.filter_map(message_in).collect();
    (!messages.is_empty()).then(|| messages.join("; "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn extent(fields: &Value) -> Option<Extent> {
        in_fields(fields.as_object().unwrap())
    }

    // Source: Xero/xeroizer issue 195, mvanhorn/cli-printing-press issue 4269 (failures with status 200).
    #[test]
    fn failures_are_detected_by_their_fields() {
        for whole in [
            json!({"status": "failed"}),
            json!({"Status": "ERROR"}),
            json!({"status": 409}),
            json!({"status_code": "400"}),
            json!({"statusCode": "422 Unprocessable Entity"}),
            json!({"success": false, "message": "x"}),
            json!({"ok": "false"}),
            json!({"outcome": "Rejected"}),
            json!({"result": "already exists"}),
            json!({"code": 500}),
        ] {
            assert_eq!(extent(&whole), Some(Extent::Whole), "{whole}");
        }
        for part in [
            json!({"errors": [{"msg": "x"}]}),
            json!({"error": "x"}),
            json!({"failed": 1}),
            json!({"failedRecords": [{"id": 1}]}),
            json!({"validation_errors": {"phone": ["taken"]}}),
            json!({"status": "partial_success"}),
            json!({"errorCode": 17}),
            json!({"hasErrors": true}),
        ] {
            assert_eq!(extent(&part), Some(Extent::Part), "{part}");
        }
        for none in [
            json!({"status": "ACTIVE", "id": "1"}),
            json!({"status": "INACTIVE"}),
            json!({"status": "success", "errors": [], "error": null, "failed": 0, "failedRecords": []}),
            json!({"status": 201, "code": 0, "errorCode": "0", "errorMessage": "No error"}),
            json!({"success": true, "created": 3, "errors": {}}),
        ] {
            assert_eq!(extent(&none), None, "{none}");
        }
    }

    #[test]
    fn status_in_the_body_is_found() {
        assert_eq!(status_in(&json!({"errors": [{"msg": "x", "code": 401}]})), Some(401));
        assert_eq!(status_in(&json!({"status": "failed", "statusCode": "429"})), Some(429));
        assert_eq!(status_in(&json!({"status": 200, "data": [{"code": 500}]})), None);
        assert_eq!(status_in(&json!({"errors": [{"code": 4001}]})), None);
    }

    #[test]
    fn messages_are_found_in_every_known_place() {
        for (answer, message) in [
            (json!({"errors": [{"msg": "a", "code": 1}, {"msg": "b"}]}), Some("a; b")),
            (json!({"message": " m "}), Some("m")),
            (json!({"error": {"reason": "r"}}), Some("r")),
            (json!({"errors": {"3": {"message": "taken", "code": 400}}}), Some("taken")),
            (json!({"Errors": {"phone": ["is taken"]}}), Some("is taken")),
            (json!({"status": "x"}), None),
        ] {
            assert_eq!(message_in(&answer).as_deref(), message, "{answer}");
        }
    }

    #[test]
    fn words_for_a_taken_number_are_recognized() {
        for words in ["HTTP 400, \"Contact already exists\"", "duplicate key", "HTTP 409, \"Conflict\""] {
            assert!(says_taken(words), "{words}");
        }
        for words in ["HTTP 400, \"Invalid contact\"", "the stream does not exist"] {
            assert!(!says_taken(words), "{words}");
        }
    }
}
