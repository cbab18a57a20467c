//! Detects wrong settings: the platform refuses nearly every contact, or stores most of them with another number.

use std::collections::HashMap;

use super::PostError;
use crate::contact::{Contact, E164};

/// Number of contacts refused alone for one reason after which the settings count as wrong, if these contacts are
/// also more than a tenth of the file or nothing was created at all.
pub(super) const MAX_REFUSED_CONTACTS: u64 = 20;

/// Counts signs of wrong settings.
pub(super) struct SettingsGuard {
    /// Rows of the file.
    rows: u64,
    /// Number of contacts refused alone, by the kind of the platform's words.
    refusals: HashMap<String, u64>,
    /// Number of refusals of one kind from which the existing contacts are read.
    most_refusals: u64,
    /// Contacts stored with another number.
    stored_differently: u64,
    /// The last of them: its number, and the stored one.
    last_stored: Option<(E164, String)>,
}

impl SettingsGuard {
    pub(super) fn new(rows: u64) -> Self {
        Self {
            rows,
            refusals: HashMap::new(),
            most_refusals: MAX_REFUSED_CONTACTS,
            stored_differently: 0,
            last_stored: None,
        }
    }

    /// Counts a contact that was refused alone.
    pub(super) fn add_refusal(&mut self, words: &str, contact: &Contact) {
        *self.refusals.entry(kind_of_refusal(words, contact)).or_default() += 1;
    }

    /// Subtracts a refusal that says nothing about the settings, because the contact exists.
    pub(super) fn remove_refusal(&mut self, words: &str, contact: &Contact) {
        self.refusals
            .entry(kind_of_refusal(words, contact))
            .and_modify(|count| *count = count.saturating_sub(1));
    }

    /// Returns the number of refusals for one reason if there are too many.
    pub(super) fn too_many_refusals(&self, has_ended: bool) -> Option<u64> {
        let contacts = self.refusals.values().copied().max()?;
        let is_most = contacts * 10 > self.rows || !has_ended;
        (contacts > self.most_refusals && is_most).then_some(contacts)
    }

    /// Allows twice as many refusals before the next check, because a check costs requests.
    pub(super) fn double_limit(&mut self) {
        self.most_refusals *= 2;
    }

    /// Counts a contact that was stored with other numbers.
    pub(super) fn add_stored_differently(&mut self, sent: E164, stored: Option<&E164>) {
        self.stored_differently += 1;
        self.last_stored = stored.map(|stored| (sent, stored.to_string()));
    }

    /// A platform that changes numbers causes calls to other people: a few may be odd, most may not.
    ///
    /// # Errors
    ///
    /// Returns an error if most contacts were stored with another number.
    pub(super) fn check_stored(&self) -> Result<(), PostError> {
        let contacts = self.stored_differently;
        let is_most = contacts * 10 > self.rows;
        match &self.last_stored {
            Some((sent, stored)) if contacts > MAX_REFUSED_CONTACTS && is_most => {
                let (sent, stored) = (sent.to_string(), stored.clone());
                Err(PostError::StoredDifferently { contacts, sent, stored })
            }
            _ => Ok(()),
        }
    }
}

/// Returns the platform's words without digits and the contact's names, to group refusals.
fn kind_of_refusal(words: &str, contact: &Contact) -> String {
    let mut kind: String = words.chars().filter(|letter| !letter.is_ascii_digit()).collect();
    for name in [contact.first_name(), contact.last_name()] {
        kind = kind.replace(name, "");
    }
    kind
}
