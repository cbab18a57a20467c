//! One record of a collection: the fields in use and the JSON text of the platform.

use std::borrow::Cow;

use serde::Deserialize as _;
use serde_json::{Value, value::RawValue};

use super::{
    json,
    wire::{WireContact, WirePhone},
};
use crate::{
    contact::{Region, StoredContact},
    hash::identity,
};

/// Minimum digits of a contact's number.
const MIN_DIGITS: usize = 7;

/// A contact of the stream, of a list or of a campaign, as the platform shows it.
pub struct Record<'a> {
    raw: Cow<'a, str>,
    contact: WireContact,
    region: Option<Region>,
    is_readable: bool,
}

impl<'a> Record<'a> {
    /// Reads a record. Almost valid JSON is repaired, and a bare number becomes a contact without other fields.
    /// Anything else counts as an unreadable record.
    pub(super) fn read(raw: &'a RawValue, region: Option<Region>) -> Self {
        let raw = raw.get();
        if !raw.starts_with('{') {
            let number = match serde_json::from_str(raw) {
                Ok(Value::String(text)) => text,
                Ok(Value::Number(number)) => number.to_string(),
                _ => String::new(),
            };
            let is_number = |text: &&String| text.chars().filter(char::is_ascii_digit).count() >= MIN_DIGITS;
            let number = Some(number).filter(|text| is_number(&text));
            let is_readable = number.is_some();
            let contact = WireContact::of_number(number.unwrap_or_default());
            return Self { raw: raw.into(), contact, region, is_readable };
        }
        if let Ok(contact) = serde_json::from_str(raw) {
            return Self { raw: raw.into(), contact, region, is_readable: true };
        }
        let value = json::parse(raw.as_bytes()).unwrap_or_default();
        let contact = WireContact::deserialize(&value).ok();
        let is_readable = contact.is_some();
        let raw = if is_readable { value.to_string().into() } else { raw.into() };
        Self { raw, contact: contact.unwrap_or_default(), region, is_readable }
    }

    /// Returns whether the record contains a contact.
    pub fn is_readable(&self) -> bool {
        self.is_readable
    }

    /// Returns a hash that identifies the record: of its id, or of its number for a campaign's contact, which has no
    /// id. `None` if it has neither, because several such records may be equal.
    pub(super) fn identity(&self, is_of_campaign: bool) -> Option<u64> {
        let name = if is_of_campaign { self.contact.phone_number() } else { self.contact.id() };
        if !name.is_empty() {
            return Some(identity(&name));
        }
        let has_number = self.is_readable && !self.contact.stored(self.region).numbers.is_empty();
        has_number.then(|| identity(&self.json()))
    }

    /// Returns the JSON text as received.
    pub fn json(&self) -> &str {
        &self.raw
    }

    /// Returns the parts of the contact that are compared.
    pub fn stored(&self) -> StoredContact {
        self.contact.stored(self.region)
    }

    /// Returns the number as written, or an empty string.
    pub fn written_number(&self) -> &str {
        self.contact.written_number()
    }

    /// Returns the calls made so far to a campaign's contact, if the platform reports them.
    pub fn attempts(&self) -> Option<u64> {
        self.contact.attempts()
    }

    /// Returns the outcome of the last call to a campaign's contact.
    pub fn dialer_outcome(&self) -> &str {
        self.contact.dialer_outcome()
    }

    /// Returns the texts of fields; nested names are joined with a dot. Missing fields are empty.
    pub fn texts(&self, fields: &[&str]) -> Vec<String> {
        let record: Value = serde_json::from_str(&self.raw).unwrap_or_default();
        let find = |field: &&str| field.split('.').try_fold(&record, |value, name| value.get(name));
        fields.iter().map(|field| find(field).map(text).unwrap_or_default()).collect()
    }
}

/// Builds a contact from saved fields: number, country code, extension, id, first and last name.
pub fn stored_contact(fields: [String; 6], region: Option<Region>) -> StoredContact {
    let [number, code, extension, id, first_name, last_name] = fields;
    let phone = WirePhone::new(&number, &code, &extension);
    WireContact::new(&id, &first_name, &last_name, phone).stored(region)
}

/// Returns the text of a value in a cell: lists of words as words, other lists and objects as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            words.join("; ")
        }
        other => other.to_string(),
    }
}
