//! The contacts of a contact list and of a voice campaign: the pages "Get all Contacts of a Contact List", v1 and v2,
//! and "Get All Contact Details of Voice Campaigns".

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Json, Response},
};
use serde_json::{Value, json};

use super::{
    Platform,
    contact_routes::{Page, page},
    failure,
};

/// The default page size of a list, as in the pages' samples.
const DEFAULT_LIST_LIMIT: u64 = 50;

/// The default and maximum page size of a campaign.
const MAX_CAMPAIGN_LIMIT: u64 = 100;

/// `GET …/contactList/{id}/getAllContacts`
pub(super) async fn list_contacts(
    State(platform): State<Arc<Platform>>,
    Path((_, list_id)): Path<(String, String)>,
    Query(query): Query<Page>,
) -> Response {
    let store = platform.store();
    let Some(list) = store.lists.get(&list_id) else {
        return failure(StatusCode::NOT_FOUND, "there is no such contact list");
    };
    let (results, mut data) = page(list.iter(), &query, DEFAULT_LIST_LIMIT, platform.page_cap);
    data["results"] = json!(results);
    Json(json!({"status": "success", "message": "Contacts retrieved successfully", "data": data}))
        .into_response()
}

/// `POST …/campaign/{id}/status?view=contacts`
pub(super) async fn campaign_contacts(
    State(platform): State<Arc<Platform>>,
    Path((_, campaign_id)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let body =
        if body.trim_ascii().is_empty() { Ok(json!({})) } else { serde_json::from_slice::<Value>(&body) };
    let Ok(body @ Value::Object(_)) = body else {
        return failure(StatusCode::BAD_REQUEST, "the body must be a JSON object");
    };
    let (number, limit) =
        match (whole(&body, "page", 1, u64::MAX), whole(&body, "limit", 100, MAX_CAMPAIGN_LIMIT)) {
            (Ok(number), Ok(limit)) => (number, limit),
            (Err(reason), _) | (_, Err(reason)) => return failure(StatusCode::BAD_REQUEST, &reason),
        };
    let store = platform.store();
    let Some(contacts) = store.campaigns.get(&campaign_id) else {
        return failure(StatusCode::NOT_FOUND, "there is no such campaign");
    };
    let limit = limit.min(platform.page_cap);
    let skip = usize::try_from((number - 1).saturating_mul(limit)).unwrap_or(usize::MAX);
    let results: Vec<&Value> =
        contacts.iter().skip(skip).take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
    let total = contacts.len() as u64;
    Json(json!({
        "status": "success",
        "data": {
            "results": results,
            "page": number,
            "limit": limit,
            "totalPages": total.div_ceil(limit),
            "totalResults": total,
        },
    }))
    .into_response()
}

/// Reads a whole number from 1 to `max`, as the page's validations require.
fn whole(body: &Value, name: &str, default: u64, max: u64) -> Result<u64, String> {
    match body.get(name) {
        None => Ok(default),
        Some(value) => match value.as_u64() {
            Some(number) if (1..=max).contains(&number) => Ok(number),
            _ if max == u64::MAX => Err(format!("{name} must be an integer of at least 1")),
            _ => Err(format!("{name} must be an integer between 1 and {max}")),
        },
    }
}
