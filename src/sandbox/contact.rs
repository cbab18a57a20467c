//! A contact of the platform.

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::access;

/// A contact as the platform shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contact {
    pub(super) first_name: String,
    pub(super) last_name: String,
    #[serde(default)]
    full_name: String,
    #[serde(default)]
    pub(super) salutation: String,
    pub(super) cell_phone: CellPhone,
    #[serde(default = "active")]
    status: String,
    #[serde(default = "stream")]
    instance_bot_id: String,
    #[serde(default = "organization")]
    org_id: String,
    #[serde(default = "account")]
    account_id: String,
    #[serde(default = "user")]
    created_by: String,
    #[serde(default = "app")]
    created_by_a_id: String,
    #[serde(default)]
    address: Vec<Value>,
    #[serde(default)]
    twitter_details: Vec<Value>,
    #[serde(default = "now")]
    created_at: String,
    #[serde(default = "now")]
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by_a_id: Option<String>,
    #[serde(default = "new_id")]
    pub(super) id: String,
}

/// The number of a contact. `extension` is the dialing prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CellPhone {
    pub(super) phone_number: String,
    #[serde(default)]
    pub(super) country_code: String,
    #[serde(default)]
    pub(super) extension: String,
}

fn active() -> String {
    "ACTIVE".to_owned()
}

fn stream() -> String {
    access::STREAM_ID.to_owned()
}

fn organization() -> String {
    "o-00000000-0000-5000-8000-000000000001".to_owned()
}

fn account() -> String {
    access::ACCOUNT_ID.to_owned()
}

fn user() -> String {
    "u-00000000-0000-5000-8000-000000000001".to_owned()
}

fn app() -> String {
    "a-00000000-0000-4000-8000-000000000001".to_owned()
}

pub(super) fn now() -> String {
    let now = Timestamp::now();
    now.round(Unit::Millisecond).unwrap_or(now).to_string()
}

/// Returns 24 hexadecimal digits.
fn new_id() -> String {
    let mut id = Uuid::new_v4().simple().to_string();
    id.truncate(24);
    id
}

impl Contact {
    /// Creates a contact now.
    pub(super) fn new(first_name: &str, last_name: &str, salutation: &str, cell_phone: CellPhone) -> Self {
        let now = now();
        Self {
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            full_name: format!("{first_name} {last_name}"),
            salutation: salutation.to_owned(),
            cell_phone,
            status: active(),
            instance_bot_id: stream(),
            org_id: organization(),
            account_id: account(),
            created_by: user(),
            created_by_a_id: app(),
            address: Vec::new(),
            twitter_details: Vec::new(),
            created_at: now.clone(),
            updated_at: now,
            updated_by: None,
            updated_by_a_id: None,
            id: new_id(),
        }
    }

    /// Returns the complete number in digits, which no other contact may have.
    pub(super) fn number(&self) -> String {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let phone = &self.cell_phone;
        let number = digits(&phone.phone_number);
        if phone.phone_number.starts_with('+') { number } else { digits(&phone.country_code) + &number }
    }

    /// Returns whether the contact is shown. Contacts that are not active are hidden but keep their number.
    pub(super) fn is_shown(&self) -> bool {
        self.status == "ACTIVE"
    }
}
