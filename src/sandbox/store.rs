//! The data of the platform: contacts, contact lists and campaigns.

use std::collections::{BTreeMap, HashSet};

use jiff::{Timestamp, Unit};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{SandboxError, SandboxSettings, access, database::Database, seed};

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
    #[serde(default = "organisation")]
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

fn organisation() -> String {
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
            org_id: organisation(),
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
    fn number(&self) -> String {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let phone = &self.cell_phone;
        let number = digits(&phone.phone_number);
        if phone.phone_number.starts_with('+') { number } else { digits(&phone.country_code) + &number }
    }

    /// Returns whether the contact is shown. Contacts that are not active are hidden but keep their number.
    fn is_shown(&self) -> bool {
        self.status == "ACTIVE"
    }
}

/// All data of the platform.
pub(super) struct Store {
    contacts: Vec<Contact>,
    /// Contacts that are not shown.
    hidden: usize,
    numbers: HashSet<String>,
    pub(super) lists: BTreeMap<String, Vec<Value>>,
    pub(super) campaigns: BTreeMap<String, Vec<Value>>,
    database: Option<Database>,
    /// The secret that signs tokens.
    pub(super) secret: SecretString,
}

impl Store {
    /// Loads the data from the settings. Seeds go only into an empty database; a database keeps its secret.
    pub(super) fn open(settings: &SandboxSettings) -> Result<Self, SandboxError> {
        let mut store = Self {
            contacts: Vec::new(),
            hidden: 0,
            numbers: HashSet::new(),
            lists: seed::collections(&settings.lists, seed::listed)?,
            campaigns: seed::collections(&settings.campaigns, seed::called)?,
            database: None,
            secret: settings.client_secret.clone(),
        };
        let mut database = None;
        if let Some(path) = &settings.data {
            let fail = |source| SandboxError::Database { path: path.clone(), source };
            let opened = Database::open(path).map_err(fail)?;
            store.admit(opened.contacts().map_err(fail)?);
            store.secret = opened.secret(&settings.client_secret).map_err(fail)?;
            database = Some((opened, fail));
        }
        if store.len() == 0 {
            let seeds = seed::contacts(&settings.seed)?;
            if let Some((database, fail)) = &mut database {
                database.insert(&seeds).map_err(*fail)?;
            }
            store.admit(seeds);
        }
        store.database = database.map(|(database, _)| database);
        Ok(store)
    }

    /// Returns the number of all contacts, including hidden ones.
    pub(super) fn len(&self) -> usize {
        self.contacts.len() + self.hidden
    }

    /// Returns the contacts that are shown, in the order of creation.
    pub(super) fn shown(&self) -> &[Contact] {
        &self.contacts
    }

    /// Returns whether a contact's number is taken.
    pub(super) fn holds(&self, contact: &Contact) -> bool {
        self.numbers.contains(&contact.number())
    }

    /// Stores contacts with free numbers, all or none.
    pub(super) fn create(&mut self, contacts: Vec<Contact>) -> Result<(), rusqlite::Error> {
        if let Some(database) = &mut self.database {
            database.insert(&contacts)?;
        }
        self.admit(contacts);
        Ok(())
    }

    /// Numbers may be repeated here: the platform has duplicates from before its rule.
    fn admit(&mut self, contacts: Vec<Contact>) {
        self.numbers.extend(contacts.iter().map(Contact::number));
        let all = contacts.len();
        let before = self.contacts.len();
        self.contacts.extend(contacts.into_iter().filter(Contact::is_shown));
        self.hidden += all - (self.contacts.len() - before);
    }
}

/// Returns which contacts of a batch have a number that is taken, by the store or by an earlier contact of the batch.
pub(super) fn taken(store: &Store, batch: &[Contact]) -> Vec<bool> {
    let mut seen = HashSet::new();
    batch.iter().map(|contact| store.holds(contact) || !seen.insert(contact.number())).collect()
}
