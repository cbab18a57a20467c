//! Creates and lists contacts: the platform's pages "Create Contact" and "Get All Contacts".

use std::sync::{Arc, atomic::Ordering};

use axum::{
    body::Bytes,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Json, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Duplicates, Platform,
    contact::{CellPhone, Contact},
    failure,
    store::taken,
};

const TAKEN: &str = "A contact with this phone number already exists";

/// The position and size of a page.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    skip: u64,
    limit: Option<u64>,
}

/// The default page size, as in the page's sample.
const DEFAULT_LIMIT: u64 = 10;

/// Builds the paging fields of a GET response: `skip`, `limit` and what follows from them. `usual` is the default
/// limit.
pub(super) fn page<T>(
    items: impl ExactSizeIterator<Item = T>,
    page: &Page,
    usual: u64,
    cap: u64,
) -> (Vec<T>, Value) {
    let total = items.len() as u64;
    let limit = page.limit.unwrap_or(usual).clamp(1, cap);
    let skip = usize::try_from(page.skip).unwrap_or(usize::MAX);
    let shown: Vec<T> = items.skip(skip).take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
    let rest = json!({
        "skip": page.skip,
        "limit": limit,
        "hasMore": page.skip.saturating_add(shown.len() as u64) < total,
        "totalPages": total.div_ceil(limit),
        "totalResults": total,
    });
    (shown, rest)
}

/// `GET …/contacts`
pub(super) async fn get_all(State(platform): State<Arc<Platform>>, Query(query): Query<Page>) -> Response {
    let store = platform.store();
    let (results, mut answer) = page(store.shown().iter(), &query, DEFAULT_LIMIT, platform.page_cap);
    answer["results"] = json!(results);
    Json(answer).into_response()
}

/// `POST …/contacts`
pub(super) async fn create(State(platform): State<Arc<Platform>>, body: Bytes) -> Response {
    let answer = stored(&platform, &body);
    let batch = platform.batches.fetch_add(1, Ordering::Relaxed) + 1;
    if platform.drop_every.is_some_and(|every| batch.is_multiple_of(every)) {
        // Ends the connection's task and thereby the connection, like a broken line.
        std::panic::resume_unwind(Box::new("dropped"));
    }
    answer
}

fn stored(platform: &Platform, body: &Bytes) -> Response {
    let Ok(Value::Array(items)) = serde_json::from_slice::<Value>(body) else {
        return failure(StatusCode::BAD_REQUEST, "the body must be a JSON array of contacts");
    };
    let mut contacts = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match contact(item) {
            Ok(contact) => contacts.push(contact),
            Err(reason) => return failure(StatusCode::BAD_REQUEST, &format!("contact {index}: {reason}")),
        }
    }
    let mut store = platform.store();
    let taken = taken(&store, &contacts);
    let is_all_new = !taken.contains(&true);
    if !is_all_new && platform.duplicates == Duplicates::RejectBatch {
        return failure(StatusCode::CONFLICT, TAKEN);
    }
    let requested = contacts.len();
    let (refused, created): (Vec<_>, Vec<_>) =
        contacts.into_iter().zip(taken).partition(|(_, is_taken)| *is_taken);
    let created: Vec<Contact> = created.into_iter().map(|(contact, _)| contact).collect();
    if let Err(error) = store.create(created.clone()) {
        return failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string());
    }
    if platform.duplicates != Duplicates::PerContact {
        return Json(created).into_response();
    }
    let successful: Vec<Value> =
        created.iter().map(|contact| json!({"id": contact.id, "contact": contact})).collect();
    let failed: Vec<Value> = refused
        .iter()
        .map(|(contact, _)| {
            let phone = &contact.cell_phone;
            json!({
                "contact": {"firstName": contact.first_name, "lastName": contact.last_name, "cellPhone": phone},
                "error": {"msg": TAKEN, "code": StatusCode::CONFLICT.as_u16()},
            })
        })
        .collect();
    Json(json!({
        "totalRequested": requested,
        "successful": successful.len(),
        "failed": failed.len(),
        "successfulRecords": successful,
        "failedRecords": failed,
    }))
    .into_response()
}

/// Reads a contact with all six fields and joins the number as the platform stores it.
fn contact(item: &Value) -> Result<Contact, String> {
    let text = |value: &Value, name: &str| match value.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(Value::String(_)) | None => Err(format!("{name} is required")),
        Some(_) => Err(format!("{name} must be a string")),
    };
    let (first, last, salutation) =
        (text(item, "firstName")?, text(item, "lastName")?, text(item, "salutation")?);
    let phone = item.get("cellPhone").ok_or("cellPhone is required")?;
    let (number, code, extension) =
        (text(phone, "phoneNumber")?, text(phone, "countryCode")?, text(phone, "extension")?);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(&number) {
        return Err("cellPhone.phoneNumber must be numeric digits".to_owned());
    }
    let digits = code.strip_prefix('+').unwrap_or(&code);
    if !is_digits(digits) || digits.len() > 3 {
        return Err("cellPhone.countryCode is not a country code".to_owned());
    }
    let phone = CellPhone {
        phone_number: format!("+{digits}{number}"),
        country_code: format!("+{digits}"),
        extension,
    };
    Ok(Contact::new(&first, &last, &salutation, phone))
}
