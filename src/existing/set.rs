//! The existing contacts whose number the run asks about.
//!
//! Contacts come one by one from any source; only those with a number of the run are kept.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use jiff::Timestamp;

use crate::{
    contact::{E164, NameKey, StoredContact},
    normalize::phone::{ByMask, other_forms},
};

/// An existing contact whose number the run asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingContact {
    /// The platform's id; may be empty.
    pub id: String,
    /// The first and last name, as shown.
    pub name: String,
    /// The other possible readings of its number.
    pub others: Vec<E164>,
    /// The number as stored, if its form differs.
    pub stored_as: Option<String>,
    /// The status, if it is not `ACTIVE`.
    pub status: String,
    /// The creation time that the platform shows, if it was asked in this run.
    pub created_at: Option<Timestamp>,
}

impl ExistingContact {
    /// Returns whether the contact has this name.
    pub fn has_name(&self, name: NameKey) -> bool {
        NameKey::new(&self.name, "") == name
    }

    /// Returns a short description for a row's detail.
    pub fn describe(&self) -> String {
        let name = if self.name.trim().is_empty() { "a contact without name" } else { &self.name };
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

/// The existing contacts that matter for the run.
#[derive(Debug, Default)]
pub struct ExistingContacts {
    held: HashMap<E164, ExistingContact>,
    masked: ByMask<(NameKey, ExistingContact)>,
    seen: HashSet<E164>,
    /// Hashes of the contacts without a complete number.
    seen_numberless: HashSet<u64>,
    repeated: HashSet<E164>,
    contacts: u64,
    ambiguous: u64,
    unreadable: u64,
    hidden: u64,
    inactive: u64,
}

impl ExistingContacts {
    /// Adds a contact; `is_asked` returns whether the run has this number.
    pub fn add(&mut self, contact: &StoredContact, is_asked: impl Fn(E164) -> bool) {
        self.contacts += 1;
        self.ambiguous += u64::from(contact.is_ambiguous);
        self.unreadable += u64::from(contact.numbers.is_empty());
        self.hidden += u64::from(!contact.masks.is_empty());
        self.inactive += u64::from(!contact.status.is_empty());
        let held = |stored_as: Option<String>| ExistingContact {
            id: contact.id.clone(),
            name: contact.name.clone(),
            others: Vec::new(),
            stored_as,
            status: contact.status.clone(),
            created_at: contact.created_at,
        };
        if contact.numbers.is_empty() {
            self.seen_numberless.insert(numberless(contact));
        }
        for number in &contact.numbers {
            if !self.seen.insert(*number) {
                self.repeated.insert(*number);
            }
            if is_asked(*number) {
                let others = contact.numbers.iter().filter(|other| contact.is_ambiguous && *other != number);
                let held = || ExistingContact { others: others.copied().collect(), ..held(None) };
                self.held.entry(*number).or_insert_with(held);
            }
            for form in other_forms(*number).into_iter().filter(|form| is_asked(*form)) {
                self.held.entry(form).or_insert_with(|| held(Some(format!("+{number}"))));
            }
        }
        for mask in &contact.masks {
            let held = held(Some(format!("{} (digits are masked)", mask.written())));
            self.masked.add(mask.clone(), (NameKey::new(&contact.name, ""), held));
        }
    }

    /// Returns whether all numbers of a contact were added; without numbers, whether the contact itself was.
    pub fn has_seen(&self, contact: &StoredContact) -> bool {
        if contact.numbers.is_empty() {
            return self.seen_numberless.contains(&numberless(contact));
        }
        contact.numbers.iter().all(|number| self.seen.contains(number))
    }

    /// Returns the contact with this number, if the run asks about it.
    pub fn holder(&self, number: E164) -> Option<&ExistingContact> {
        self.held.get(&number)
    }

    /// Returns the contact with this name whose masked number may be this one. With another name, it is more likely
    /// someone else; the platform itself refuses a number that it has already.
    pub fn masked_holder(&self, number: E164, name: NameKey) -> Option<&ExistingContact> {
        let mut matching = self.masked.matching(number).filter(|(_, (other, _))| *other == name);
        matching.next().map(|(_, (_, held))| held)
    }

    /// Returns the contact with this number, or else the one with this name whose masked number may match.
    pub fn holder_named(&self, number: E164, name: NameKey) -> Option<&ExistingContact> {
        self.holder(number).or_else(|| self.masked_holder(number, name))
    }

    /// Returns the number of contacts added.
    pub fn contacts(&self) -> u64 {
        self.contacts
    }

    /// Returns the number of contacts with several possible numbers; all of them count.
    pub fn ambiguous(&self) -> u64 {
        self.ambiguous
    }

    /// Returns the number of contacts without a readable number.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Returns how many of those have a masked number.
    pub fn masked(&self) -> u64 {
        self.hidden
    }

    /// Returns the number of contacts with a status other than `ACTIVE`. They count as existing: the account already
    /// has their numbers, and a person who was deleted must not be called because a list still has them.
    pub fn inactive(&self) -> u64 {
        self.inactive
    }

    /// Returns how many numbers occur more than once; they are older than the platform's rule.
    pub fn repeated_numbers(&self) -> u64 {
        self.repeated.len() as u64
    }
}

/// Returns a hash that identifies a contact without numbers: of its id and the visible part of its number.
fn numberless(contact: &StoredContact) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&contact.id, &contact.masks).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &str) -> E164 {
        E164::from_digits(digits).unwrap()
    }

    fn stored(id: &str, name: &str, digits: &[&str]) -> StoredContact {
        let numbers: Vec<E164> = digits.iter().map(|digits| number(digits)).collect();
        let is_ambiguous = numbers.len() > 1;
        StoredContact {
            id: id.to_owned(),
            name: name.to_owned(),
            numbers,
            is_ambiguous,
            ..StoredContact::default()
        }
    }

    #[test]
    fn existing_contacts_keep_only_asked_numbers_and_count_all() {
        let mut existing = ExistingContacts::default();
        for contact in
            [stored("a", "Asha Rao", &["911"]), stored("b", "Li", &["912"]), stored("c", "Wu", &["911"])]
        {
            existing.add(&contact, |asked| asked == number("911"));
        }
        assert_eq!(existing.holder(number("911")).unwrap().id, "a");
        assert_eq!(existing.holder(number("912")), None);
        assert_eq!((existing.contacts(), existing.repeated_numbers()), (3, 1));
    }

    #[test]
    fn number_with_two_readings_counts_in_both() {
        let mut existing = ExistingContacts::default();
        existing.add(&stored("a", "Asha", &["9186159819", "919186159819"]), |_| true);
        assert!(existing.holder(number("9186159819")).is_some());
        let held = existing.holder(number("919186159819")).unwrap();
        assert_eq!(held.describe(), "Asha (id a), whose number may also be +9186159819");
        assert_eq!((existing.contacts(), existing.repeated_numbers(), existing.ambiguous()), (1, 0, 1));
    }

    #[test]
    fn contact_without_numbers_is_seen_only_if_added() {
        let masked = |id: &str, masked: &str| {
            let mask = serde_json::from_value(masked.into()).unwrap();
            StoredContact { masks: vec![mask], ..stored(id, "Asha Rao", &[]) }
        };
        let mut existing = ExistingContacts::default();
        existing.add(&masked("a", "91987***3210"), |_| true);
        assert!(existing.has_seen(&masked("a", "91987***3210")));
        for other in [masked("b", "91987***3210"), masked("a", "91987***3211"), stored("c", "Li", &[])] {
            assert!(!existing.has_seen(&other), "{other:?}");
        }
        let (number, name) = (number("919870003210"), NameKey::new("Asha", "Rao"));
        assert_eq!(existing.holder_named(number, name).unwrap().id, "a");
        assert_eq!(existing.holder_named(number, NameKey::new("Li", "")), None);
    }

    #[test]
    fn complete_names_are_compared() {
        let held = |id: &str, name: &str, status: &str| ExistingContact {
            id: id.to_owned(),
            name: name.to_owned(),
            others: Vec::new(),
            stored_as: None,
            status: status.to_owned(),
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
