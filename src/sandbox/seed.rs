//! The initial data of a sandbox: contacts, contact lists and campaigns from files.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use thiserror::Error;
use tracing::{debug, warn};

use super::{
    SandboxError, Seed,
    contact::{CellPhone, Contact, now},
};
use crate::{
    contact::{Region, Salutation},
    normalize::{NormalizeSettings, Normalizer},
    outcome::{Problem, Verdict},
    parse::{Fault, Input, ParseError, ParseSettings},
};

/// The reason why a seed file cannot be used.
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

/// Contacts that produce every outcome when the sample files are imported.
const SAMPLES: &str = include_str!("../../samples/platform.json");

/// The prefix of the fields that `fetch` adds to records.
const OWN: &str = "rollcall_";

/// Returns the contacts of a seed.
pub(super) fn contacts(seed: &Seed) -> Result<Vec<Contact>, SandboxError> {
    match seed {
        Seed::Empty => Ok(Vec::new()),
        Seed::Samples => Ok(from_json(Path::new("samples/platform.json"), SAMPLES.as_bytes())?),
        Seed::File(path, region) => {
            if let Some(json) = json_of(path)? {
                return Ok(from_json(path, &json)?);
            }
            let input = Input::open(path, &ParseSettings::default());
            match input {
                Ok(input) if is_fetched(&input) => {
                    let records = records_of(path, input)?.into_iter().map(contact_of);
                    let contacts = records.map(serde_json::from_value).collect::<Result<_, _>>();
                    Ok(contacts.map_err(|error| SeedError::new(path, &error))?)
                }
                input => from_contact_file(path, input?, *region),
            }
        }
    }
}

/// Returns contact lists or campaigns by id: records in the platform's shape, extended by `complete`.
pub(super) fn collections(
    files: &[(String, PathBuf)],
    complete: fn(Value) -> Value,
) -> Result<BTreeMap<String, Vec<Value>>, SandboxError> {
    let load = |(id, path): &(String, PathBuf)| {
        let records = match json_of(path)? {
            Some(json) => from_json(path, &json)?,
            None => from_table(path)?.into_iter().map(Value::Object).collect(),
        };
        Ok((id.clone(), records.into_iter().map(without_own).map(complete).collect()))
    };
    files.iter().map(load).collect()
}

/// Returns the text of a JSON file. `None` for other kinds of files.
fn json_of(path: &Path) -> Result<Option<Vec<u8>>, SeedError> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

    let bytes = fs::read(path).map_err(|error: io::Error| SeedError::new(path, &error))?;
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).map(<[u8]>::to_vec).unwrap_or(bytes);
    let ending = path.extension().map(OsStr::to_ascii_lowercase);
    // With one record per line, an empty file has no records.
    let has_lines = ending.is_some_and(|ending| ending == "ndjson" || ending == "jsonl");
    let is_json = match bytes.trim_ascii_start().first() {
        Some(first) => matches!(first, b'[' | b'{'),
        None => has_lines,
    };
    Ok(is_json.then_some(bytes))
}

/// Reads an array, a GET response (an object with `results`, at the top or under `data`), or records one after the
/// other.
fn from_json<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<Vec<T>, SeedError> {
    let fail = |error: serde_json::Error| SeedError::new(path, &error);
    let documents = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let mut documents: Vec<Value> = documents.collect::<Result<_, _>>().map_err(fail)?;
    if let [value] = documents.as_mut_slice() {
        for name in ["data", "results"] {
            if let Some(inner) = value.get_mut(name) {
                *value = inner.take();
            }
        }
        if let Value::Array(records) = value {
            documents = std::mem::take(records);
        }
    }
    serde_json::from_value(Value::Array(documents)).map_err(fail)
}

/// Returns a record without the fields that `fetch` adds.
fn without_own(mut record: Value) -> Value {
    if let Value::Object(fields) = &mut record {
        fields.retain(|name, _| !name.starts_with(OWN));
    }
    record
}

/// Reads records from a table in any format that rollcall reads. The columns are the fields; `phoneNumber` is
/// required.
fn from_table(path: &Path) -> Result<Vec<Map<String, Value>>, SandboxError> {
    let no_number = || SeedError::new(path, &"there is no column phoneNumber");
    let input = match Input::open(path, &ParseSettings::default()) {
        Err(ParseError { fault: Fault::NoPhoneColumn { .. }, .. }) => return Err(no_number().into()),
        input => input?,
    };
    if !input.info.headers.iter().any(|header| header == "phoneNumber") {
        return Err(no_number().into());
    }
    records_of(path, input)
}

/// Returns the rows of a table as cells by header.
fn records_of(path: &Path, mut input: Input) -> Result<Vec<Map<String, Value>>, SandboxError> {
    let headers = input.info.headers.clone();
    let (mut records, mut ragged) = (Vec::new(), None);
    let read = input.read(0, &mut |rows| {
        for row in rows.iter() {
            if ragged.is_none()
                && let Some(how) = row.ragged
            {
                ragged = Some(format!("row {}: {}", row.location.row, how.describe()));
            }
            let cell = |column: usize| String::from_utf8_lossy(row.cell(column).text).trim().into();
            records.push(
                headers.iter().enumerate().map(|(column, name)| (name.clone(), cell(column))).collect(),
            );
        }
        ControlFlow::Continue(())
    });
    match read {
        // A platform without contacts.
        Err(ParseError { fault: Fault::HeaderOnly, .. }) | Ok(_) => {}
        Err(error) => return Err(error.into()),
    }
    match ragged {
        Some(reason) => Err(SeedError::new(path, &reason).into()),
        None => Ok(records),
    }
}

/// Returns whether a table was written by `fetch contacts`.
fn is_fetched(input: &Input) -> bool {
    ["firstName", "lastName", "cellPhone.phoneNumber"]
        .iter()
        .all(|field| input.info.headers.iter().any(|header| header == field))
}

/// Returns the contact in a row of a `fetch contacts` table. Empty fields are filled by the platform.
fn contact_of(fields: Map<String, Value>) -> Value {
    let mut contact = Map::new();
    let mut phone = Map::new();
    for (name, value) in fields {
        let is_list = ["address", "twitterDetails"].contains(&name.as_str());
        if is_list || value.as_str().is_some_and(str::is_empty) && name.as_str() != "lastName" {
            continue;
        }
        match name.strip_prefix("cellPhone.") {
            Some(part) => phone.insert(part.to_owned(), value),
            None => contact.insert(name, value),
        };
    }
    contact.insert("cellPhone".to_owned(), Value::Object(phone));
    Value::Object(contact)
}

/// Completes a record of a contact list as the platform does.
pub(super) fn listed(mut record: Value) -> Value {
    if let Value::Object(fields) = &mut record {
        fields.entry("_id").or_insert_with(|| json!(format!("cc-{}", uuid::Uuid::new_v4())));
        for name in ["createdAt", "updatedAt"] {
            fields.entry(name).or_insert_with(|| json!(now()));
        }
    }
    record
}

/// Completes a record of a campaign with all documented fields, and turns counts in text into numbers.
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

/// Reads any file that rollcall reads. Skips rows that could not be imported.
fn from_contact_file(
    path: &Path,
    mut input: Input,
    region: Option<Region>,
) -> Result<Vec<Contact>, SandboxError> {
    let columns = input.info.columns.clone();
    let settings = NormalizeSettings {
        region,
        default_salutation: Some(Salutation::Mr),
        ..NormalizeSettings::default()
    };
    let normalizer = Normalizer::new(&settings, &columns);
    let mut contacts = Vec::new();
    let (mut skipped, mut first_reason) = (0_u64, None);
    input.read(0, &mut |rows| {
        for row in rows.iter() {
            match normalizer.read(row) {
                Verdict::Contact(contact) => contacts.push(stored(&contact)),
                Verdict::Suppressed { .. } => skipped += 1,
                Verdict::Rejected { problems, .. } => {
                    skipped += 1;
                    let reasons: Vec<String> = problems.iter().map(Problem::message).collect();
                    first_reason
                        .get_or_insert_with(|| format!("row {}: {}", row.location.row, reasons.join("; ")));
                    debug!(
                        row = row.location.row,
                        reasons = reasons.join("; "),
                        "skipping a row of the seed"
                    );
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    if let Some(reason) = first_reason.filter(|_| contacts.is_empty()) {
        return Err(SeedError::new(path, &reason).into());
    }
    if skipped > 0 {
        warn!(rows = skipped, path = %path.display(), "skipping rows of the seed that cannot be imported");
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
