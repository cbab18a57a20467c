//! One record of a collection: what is used of it, and all of it as the platform wrote it.

use std::borrow::Cow;

use serde::Deserialize as _;
use serde_json::{Value, value::RawValue};

use super::{
    json,
    paging::identity,
    wire::{WireContact, WirePhone},
};
use crate::contact::{Region, StoredContact};

/// Fewer digits are no number of a contact.
const MIN_DIGITS: usize = 7;

/// A contact of the stream, of a list or of a campaign, as the platform shows it.
pub struct Record<'a> {
    raw: Cow<'a, str>,
    contact: WireContact,
    region: Option<Region>,
    is_readable: bool,
}

impl<'a> Record<'a> {
    /// Reads a record. One that is not quite JSON is put right, and a bare number is a contact that has nothing else; of what
    /// is no contact at all, nothing is known but that it is there.
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

    /// Whether there is a contact in it.
    pub fn is_readable(&self) -> bool {
        self.is_readable
    }

    /// What tells it from other records: its id; of a contact of a campaign, which has none, its number. Nothing where neither is
    /// there, since several of that kind may be alike.
    pub(super) fn identity(&self, is_of_campaign: bool) -> Option<u64> {
        let name = if is_of_campaign { self.contact.phone_number() } else { self.contact.id() };
        if !name.is_empty() {
            return Some(identity(&name));
        }
        let has_number = self.is_readable && !self.contact.stored(self.region).numbers.is_empty();
        has_number.then(|| identity(&self.json()))
    }

    /// All of it, as it came.
    pub fn json(&self) -> &str {
        &self.raw
    }

    /// Who it is, as far as that is compared.
    pub fn stored(&self) -> StoredContact {
        self.contact.stored(self.region)
    }

    /// Its number, as it is written; empty where it has none.
    pub fn written_number(&self) -> &str {
        self.contact.written_number()
    }

    /// Calls made so far, of a contact of a campaign, where the platform says so.
    pub fn attempts(&self) -> Option<u64> {
        self.contact.attempts()
    }

    /// How the last call ended, of a contact of a campaign.
    pub fn dialer_outcome(&self) -> &str {
        self.contact.dialer_outcome()
    }

    /// The texts of fields, those inside others behind a dot; empty where there is none.
    pub fn texts(&self, fields: &[&str]) -> Vec<String> {
        let record: Value = serde_json::from_str(&self.raw).unwrap_or_default();
        let find = |field: &&str| field.split('.').try_fold(&record, |value, name| value.get(name));
        fields.iter().map(|field| find(field).map(text).unwrap_or_default()).collect()
    }
}

/// Who a contact is that was written down before, from its number, country code, extension, id, first and last name.
pub fn stored_contact(fields: [String; 6], region: Option<Region>) -> StoredContact {
    let [number, code, extension, id, first_name, last_name] = fields;
    let phone = WirePhone::new(&number, &code, &extension);
    WireContact::new(&id, &first_name, &last_name, phone).stored(region)
}

/// A value as a cell shows it: lists of words as the words, other lists and objects as JSON.
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
