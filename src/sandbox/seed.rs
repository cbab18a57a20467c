//! What a sandbox begins with: contacts, contact lists and campaigns from files.

use std::{
    collections::BTreeMap,
    fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thiserror::Error;
use tracing::{debug, warn};

use super::{
    SandboxError, Seed,
    store::{CellPhone, Contact, now},
};
use crate::{
    contact::{Region, Salutation},
    normalize::{NormalizeSettings, Normalizer},
    outcome::{Problem, Verdict},
    parse::{Input, ParseSettings},
};

/// Why a seed file cannot be used.
#[derive(Debug, Error)]
#[error("{}: {reason}", path.display())]
pub struct SeedError {
    path: PathBuf,
    reason: String,
}

impl SeedError {
    fn new(path: &Path, reason: &dyn ToString) -> Self {
        Self { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// The contacts that make every outcome occur when the sample files are imported.
const SAMPLES: &str = include_str!("../../samples/platform.json");

/// The contacts of a seed.
pub(super) fn contacts(seed: &Seed) -> Result<Vec<Contact>, SandboxError> {
    match seed {
        Seed::Empty => Ok(Vec::new()),
        Seed::Samples => Ok(from_json(Path::new("samples/platform.json"), SAMPLES.as_bytes())?),
        Seed::File(path, region) => {
            let bytes = fs::read(path).map_err(|error: io::Error| SeedError::new(path, &error))?;
            if bytes.trim_ascii_start().starts_with(b"[") || bytes.trim_ascii_start().starts_with(b"{") {
                Ok(from_json(path, &bytes)?)
            } else {
                from_contact_file(path, *region)
            }
        }
    }
}

/// Contact lists or campaigns, by id: records in the platform's shape, with what `complete` adds to each.
pub(super) fn collections(
    files: &[(String, PathBuf)],
    complete: fn(Value) -> Value,
) -> Result<BTreeMap<String, Vec<Value>>, SandboxError> {
    let load = |(id, path): &(String, PathBuf)| {
        let bytes = fs::read(path).map_err(|error| SeedError::new(path, &error))?;
        let is_json =
            bytes.trim_ascii_start().starts_with(b"[") || bytes.trim_ascii_start().starts_with(b"{");
        let records = if is_json { from_json(path, &bytes)? } else { from_csv(path, &bytes)? };
        Ok((id.clone(), records.into_iter().map(complete).collect()))
    };
    files.iter().map(load).collect()
}

/// An array, or what a GET answers: an object with `results`, alone or under `data`.
fn from_json<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<Vec<T>, SeedError> {
    let mut value: Value = serde_json::from_slice(bytes).map_err(|error| SeedError::new(path, &error))?;
    for name in ["data", "results"] {
        if let Some(inner) = value.get_mut(name) {
            value = inner.take();
        }
    }
    serde_json::from_value(value).map_err(|error| SeedError::new(path, &error))
}

/// Records whose fields are the file's columns; `phoneNumber` must be one of them.
fn from_csv(path: &Path, bytes: &[u8]) -> Result<Vec<Value>, SeedError> {
    let mut reader = csv::Reader::from_reader(bytes);
    let has_number =
        reader.headers().is_ok_and(|headers| headers.iter().any(|header| header == "phoneNumber"));
    if !has_number {
        return Err(SeedError::new(path, &"there is no column phoneNumber"));
    }
    let records = reader.deserialize::<BTreeMap<String, String>>();
    let records = records
        .map(|record| record.map(|record| json!(record)).map_err(|error| SeedError::new(path, &error)));
    records.collect()
}

/// A record of a contact list with what the platform would have added.
pub(super) fn listed(mut record: Value) -> Value {
    if let Value::Object(fields) = &mut record {
        fields.entry("_id").or_insert_with(|| json!(format!("cc-{}", uuid::Uuid::new_v4())));
        for name in ["createdAt", "updatedAt"] {
            fields.entry(name).or_insert_with(|| json!(now()));
        }
    }
    record
}

/// A record of a campaign with all fields of the platform's page, and counts as numbers where a table has them as text.
pub(super) fn called(mut record: Value) -> Value {
    if let Value::Object(fields) = &mut record {
        for name in
            ["uniqueId", "dialerOutcome", "botSessionId", "botOutboundStatus", "botOutboundStatusDetail"]
        {
            fields.entry(name).or_insert_with(|| json!(""));
        }
        let attempts = fields.entry("numberOfAttemptsSoFar").or_insert(json!(0));
        if let Some(count) = attempts.as_str().map(|text| text.trim().parse::<u64>().unwrap_or_default()) {
            *attempts = json!(count);
        }
        let codes = fields.entry("agentDispositionCodes").or_insert_with(|| json!([]));
        if let Some(text) = codes.as_str() {
            *codes = text.split(';').map(str::trim).filter(|code| !code.is_empty()).collect();
        }
    }
    record
}

/// Any file that rollcall reads; rows that could not be imported are left out.
fn from_contact_file(path: &Path, region: Option<Region>) -> Result<Vec<Contact>, SandboxError> {
    let mut input = Input::open(path, &ParseSettings::default())?;
    let columns = input.info.columns.clone();
    let settings = NormalizeSettings {
        region,
        default_salutation: Some(Salutation::Mr),
        ..NormalizeSettings::default()
    };
    let normalizer = Normalizer::new(&settings, &columns);
    let mut contacts = Vec::new();
    let (mut left_out, mut first_reason) = (0_u64, None);
    input.read(0, &mut |rows| {
        for row in rows.iter() {
            match normalizer.read(row) {
                Verdict::Contact(contact) => contacts.push(stored(&contact)),
                Verdict::Suppressed { .. } => left_out += 1,
                Verdict::Rejected { problems, .. } => {
                    left_out += 1;
                    let reasons: Vec<String> = problems.iter().map(Problem::message).collect();
                    first_reason
                        .get_or_insert_with(|| format!("row {}: {}", row.location.row, reasons.join("; ")));
                    debug!(
                        row = row.location.row,
                        reasons = reasons.join("; "),
                        "a row of the seed is left out"
                    );
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    if let Some(reason) = first_reason.filter(|_| contacts.is_empty()) {
        return Err(SeedError::new(path, &reason).into());
    }
    if left_out > 0 {
        warn!(rows = left_out, path = %path.display(), "rows that cannot be imported are left out of the seed");
    }
    Ok(contacts)
}

fn stored(contact: &crate::contact::Contact) -> Contact {
    let code = contact.number().calling_code();
    let phone = CellPhone {
        phone_number: format!("+{}", contact.number().e164()),
        country_code: format!("+{code}"),
        extension: "+".to_owned(),
    };
    Contact::new(contact.first_name(), contact.last_name(), contact.salutation().as_str(), phone)
}
