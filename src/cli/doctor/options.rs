//! Options as people read them.

use serde::Serialize;
use toml::{Table, Value};

/// Returns the options that are set, by name.
pub(super) fn options_of(options: &impl Serialize) -> Table {
    Table::try_from(options).unwrap_or_default()
}

/// Formats a value for people.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // Of mappings, the number is enough.
        Value::Array(values) if values.iter().all(Value::is_table) => format!("({})", values.len()),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(" "),
        value => value.to_string(),
    }
}
