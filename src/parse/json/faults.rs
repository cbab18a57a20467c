//! The faults of JSON.

use crate::parse::error::Fault;

pub(super) fn not_an_object(record: u64) -> Fault {
    Fault::Json {
        place: format!("record {record}"),
        reason: "not an object with the fields of a contact".to_owned(),
    }
}

pub(super) fn too_long(record: u64, max_bytes: u64) -> Fault {
    Fault::Json {
        place: format!("record {record}"),
        reason: format!("it is longer than {} MiB; take long texts and pictures out of it", max_bytes >> 20),
    }
}

/// Returns serde's message without its position, which is relative to one record.
pub(super) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}
