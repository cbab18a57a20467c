//! Turns a record into cells, each with the path to it.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    contact::Field,
    parse::{columns, error::Fault, raw_row::MAX_CELLS},
    row::CellKind,
};

/// Names that databases use for the type of an object's only value, in addition to names with a dollar sign, and names
/// that XML converters give to text.
const TYPES: [&str; 15] = [
    "_text",
    "#text",
    "__text",
    "@value",
    "stringValue",
    "integerValue",
    "doubleValue",
    "booleanValue",
    "nullValue",
    "timestampValue",
    "S",
    "N",
    "BOOL",
    "NULL",
    "B",
];

/// Returns whether `name` states the type of the only value in an object.
pub(super) fn is_type(name: &str) -> bool {
    name.starts_with('$') || TYPES.contains(&name)
}

/// The maximum length of a field's path: its name and those of the objects around it.
pub(super) const MAX_PATH_BYTES: usize = 16 * 1024;

/// The maximum number of cells in a record before cells with the same name are combined.
const MAX_RECORD_CELLS: usize = 16_384;

/// The maximum nesting depth. Deeper values become one cell.
const MAX_DEPTH: usize = 8;

/// The cells of one record, each with its path.
#[derive(Default)]
pub(super) struct JsonRecord {
    pub(super) cells: Vec<(String, (String, CellKind))>,
    /// Whether to store each list without phones or names as one cell, to limit the number of columns.
    pub(super) packs_lists: bool,
    /// Whether a number was wrapped in an object of its own, as databases write it.
    pub(super) has_wrapped_numbers: bool,
}

/// A reason why a record cannot be read.
#[derive(Debug)]
pub(super) enum Unread {
    /// The record is not an object.
    NotAnObject,
    /// The record has more fields than a record of a person has.
    TooManyFields,
    /// The name of a field is too long.
    LongName,
}

impl Unread {
    /// Converts the reason to a fault of the record with this number.
    pub(super) fn of(self, record: u64) -> Fault {
        match self {
            Self::NotAnObject => super::not_an_object(record),
            Self::TooManyFields => Fault::TooManyFields { record, max: MAX_RECORD_CELLS },
            Self::LongName => Fault::Json { place: format!("record {record}"), reason: LONG_NAME.to_owned() },
        }
    }
}

/// The error for a document with a field name that is too long.
pub(super) const LONG_NAME: &str =
    "the name of a field, with those of the objects around it, is longer than 16 KiB";

impl JsonRecord {
    pub(super) fn read(&mut self, value: &RawValue) -> Result<(), Unread> {
        self.cells.clear();
        if !value.get().starts_with('{') {
            return Err(Unread::NotAnObject);
        }
        self.flatten("", value.get(), 0)
    }

    fn flatten(&mut self, path: &str, json: &str, depth: usize) -> Result<(), Unread> {
        if path.len() > MAX_PATH_BYTES {
            return Err(Unread::LongName);
        }
        if self.cells.len() >= MAX_RECORD_CELLS {
            return Err(Unread::TooManyFields);
        }
        let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match json.as_bytes().first() {
            Some(b'{' | b'[') if depth > MAX_DEPTH => self.pack(path, json),
            Some(b'{') => {
                let fields: Fields<'_> = serde_json::from_str(json).map_err(|_| Unread::NotAnObject)?;
                if let [(name, value)] = fields.0.as_slice()
                    && is_type(name)
                    && (name.starts_with('$') || !value.get().starts_with(['{', '[']))
                    && !path.is_empty()
                {
                    // A value and its type: {"$numberLong": "…"}, {"$oid": "…"}, {"S": "…"}.
                    self.has_wrapped_numbers |= name.starts_with("$number");
                    return self.flatten(path, value.get(), depth + 1);
                }
                for (name, value) in fields.0 {
                    self.flatten(&join(&name), value.get(), depth + 1)?;
                }
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(json).map_err(|_| Unread::NotAnObject)?;
                if self.packs_lists && !is_about_people(path) || items.len() > MAX_CELLS {
                    self.pack(path, json);
                    return Ok(());
                }
                if let Some(fields) = labelled(&items) {
                    for (label, value) in fields {
                        self.flatten(&join(&label), value.get(), depth + 1)?;
                    }
                    return Ok(());
                }
                for (item, number) in items.iter().zip(1..) {
                    self.flatten(&join(&number.to_string()), item.get(), depth + 1)?;
                }
            }
            _ => self.cells.push((path.to_owned(), scalar(json))),
        }
        Ok(())
    }

    /// Stores the JSON text itself as one cell.
    fn pack(&mut self, path: &str, json: &str) {
        self.cells.push((path.to_owned(), (json.to_owned(), CellKind::Text)));
    }
}

/// Names of the label and the value, if a form writes each field as an object.
const LABELS: [&str; 5] = ["name", "key", "label", "field", "title"];
const VALUES: [&str; 2] = ["value", "values"];

/// Returns whether a field of this name may be the label of another field.
pub(super) fn is_label(name: &str) -> bool {
    LABELS.contains(&name)
}

/// Returns whether a field of this name may be the value of another field.
pub(super) fn is_value(name: &str) -> bool {
    VALUES.contains(&name)
}

/// Returns the fields of a person written as objects with a label and a value, as advertising forms do:
/// `[{"name": "full_name", "values": ["…"]}, {"name": "phone_number", "values": ["…"]}]`. The labels must include a
/// phone and a name, because `[{"label": "home", "value": "…"}]` is a list of phones.
fn labelled<'j>(items: &[&'j RawValue]) -> Option<Vec<(String, &'j RawValue)>> {
    if items.len() < 2
        || !items.iter().all(|item| item.get().starts_with('{') && item.get().contains("\"value"))
    {
        return None;
    }
    let (mut has_phone, mut has_name) = (false, false);
    let mut fields = Vec::with_capacity(items.len());
    for item in items {
        let Fields(own) = serde_json::from_str(item.get()).ok()?;
        let label = own.iter().find(|(name, value)| is_label(name) && value.get().starts_with('"'));
        let label: String = serde_json::from_str(label?.1.get()).ok()?;
        let (_, value) = own.iter().find(|(name, _)| is_value(name))?;
        match columns::field_of(&columns::folding::fold(&label)) {
            Some(Field::Phone) => has_phone = true,
            Some(Field::FirstName | Field::LastName | Field::FullName) => has_name = true,
            _ => {}
        }
        // A list of one value counts as that value.
        let single = serde_json::from_str::<[&RawValue; 1]>(value.get());
        fields.push((label, single.map_or(*value, |[value]| value)));
    }
    (has_phone && has_name).then_some(fields)
}

/// Returns whether a list may contain a person's phones or names.
fn is_about_people(path: &str) -> bool {
    let folded = columns::folding::fold(path);
    let is_known =
        |name: &str| columns::field_of(name).is_some() || columns::field_of(&format!("{name} n")).is_some();
    is_known(&folded) || is_known(folded.trim_end_matches('s')) || folded == "names"
}

/// Returns a value as the text a person would type. Numbers keep exactly their digits.
pub(super) fn scalar(json: &str) -> (String, CellKind) {
    match json.as_bytes().first() {
        Some(b'"') => (serde_json::from_str(json).unwrap_or_default(), CellKind::Text),
        Some(b't' | b'f') => (json.to_uppercase(), CellKind::Boolean),
        Some(b'n') | None => (String::new(), CellKind::Text),
        Some(b'{' | b'[') => (json.to_owned(), CellKind::Text),
        // An exponent means that digits were lost. A fraction of zeros does not.
        Some(_) if json.contains(['e', 'E']) => (json.to_owned(), CellKind::Text),
        Some(_) => {
            let integral =
                json.split_once('.').filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
            (integral.map_or(json, |(whole, _)| whole).to_owned(), CellKind::Number)
        }
    }
}

/// The fields of an object in order, including repeated ones.
pub(super) struct Fields<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    fields.push((Cow::Owned(name), map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}
