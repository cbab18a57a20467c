//! The data of the platform: contacts, contact lists and campaigns.

use std::collections::{BTreeMap, HashSet};

use secrecy::SecretString;
use serde_json::Value;

use super::{SandboxError, SandboxSettings, contact::Contact, database::Database, seed};

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
