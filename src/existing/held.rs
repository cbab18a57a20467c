//! An existing contact as kept in memory, and its description in reports.

use std::fmt::Write as _;

use jiff::{Timestamp, fmt::serde::timestamp::microsecond};
use serde::{Deserialize, Serialize};

use crate::contact::{E164, NameKey, StoredContact};

/// An existing contact whose number the run asks about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExistingContact<'a> {
    /// The platform's id; may be empty.
    pub id: &'a str,
    /// The first and last name, as shown.
    pub name: &'a str,
    /// The other possible readings of its number.
    pub others: Vec<E164>,
    /// The number as stored, if its form differs.
    pub stored_as: Option<&'a str>,
    /// The status, if it is not `ACTIVE`.
    pub status: &'a str,
    /// The creation time that the platform shows, if it was asked in this run.
    #[serde(with = "microsecond::optional")]
    pub created_at: Option<Timestamp>,
}

impl<'a> ExistingContact<'a> {
    /// Creates the description of a contact.
    pub fn of(contact: &'a StoredContact) -> Self {
        Self {
            id: &contact.id,
            name: &contact.name,
            others: Vec::new(),
            stored_as: None,
            status: &contact.status,
            created_at: contact.created_at,
        }
    }

    /// Returns whether the contact has this name.
    pub fn has_name(&self, name: NameKey) -> bool {
        NameKey::new(self.name, "") == name
    }

    /// Returns a short description for a row's detail.
    pub fn describe(&self) -> String {
        let name = if self.name.trim().is_empty() { "a contact without name" } else { self.name };
        let mut text = if self.id.is_empty() { name.to_owned() } else { format!("{name} (id {})", self.id) };
        if !self.status.is_empty() {
            // Writing to a string cannot fail.
            _ = write!(text, ", with the status {}", self.status);
        }
        if let Some(stored) = &self.stored_as {
            // Writing to a string cannot fail.
            _ = write!(text, ", stored with the number {stored}");
        }
        for other in &self.others {
            // Writing to a string cannot fail.
            _ = write!(text, ", whose number may also be +{other}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_names_are_compared() {
        let held = |id, name, status| ExistingContact {
            id,
            name,
            others: Vec::new(),
            stored_as: None,
            status,
            created_at: None,
        };
        let deleted = held("x", "Asha", "INACTIVE");
        assert_eq!(deleted.describe(), "Asha (id x), with the status INACTIVE");
        let nameless = held("", " ", "");
        let held = held("x", "asha  RAO", "");
        assert!(held.has_name(NameKey::new("Asha", "Rao")));
        assert!(!held.has_name(NameKey::new("Asha", "")));
        assert_eq!(held.describe(), "asha  RAO (id x)");
        assert_eq!(nameless.describe(), "a contact without name");
    }
}
