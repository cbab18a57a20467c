//! The existing contacts, against the numbers of a run.
//!
//! Contacts come one by one from wherever they are read; only those whose number the run asks about are kept.

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

/// What is kept of a contact whose number was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingContact {
    /// The platform's id; may be empty.
    pub id: String,
    /// First and last name, as shown.
    pub name: String,
    /// The other numbers that it can be read as.
    pub others: Vec<E164>,
    /// How its number stands there, where that is in another form.
    pub stored_as: Option<String>,
    /// Its status, where that is not `ACTIVE`.
    pub status: String,
    /// When the platform says that it was created, where it was asked just now.
    pub created_at: Option<Timestamp>,
}

impl ExistingContact {
    /// Whether the name there is this one.
    pub fn has_name(&self, name: NameKey) -> bool {
        NameKey::new(&self.name, "") == name
    }

    /// The contact in a few words, for a row's detail.
    pub fn describe(&self) -> String {
        let name = if self.name.trim().is_empty() { "a contact without name" } else { &self.name };
        let mut text = if self.id.is_empty() { name.to_owned() } else { format!("{name} (id {})", self.id) };
        if !self.status.is_empty() {
            // Writing to a string cannot fail.
            _ = write!(text, ", with the status {}", self.status);
        }
        if let Some(stored) = &self.stored_as {
            // Writing to a string cannot fail.
            _ = write!(text, ", whose number stands there as {stored}");
        }
        for other in &self.others {
            // Writing to a string cannot fail.
            _ = write!(text, ", whose number there may be +{other} instead");
        }
        text
    }
}

/// What the platform holds, as far as the run needs to know.
#[derive(Debug, Default)]
pub struct ExistingContacts {
    held: HashMap<E164, ExistingContact>,
    masked: ByMask<(NameKey, ExistingContact)>,
    seen: HashSet<E164>,
    /// Hashes of the contacts without a number that can be read whole.
    seen_numberless: HashSet<u64>,
    repeated: HashSet<E164>,
    contacts: u64,
    ambiguous: u64,
    unreadable: u64,
    hidden: u64,
    inactive: u64,
}

impl ExistingContacts {
    /// Notes a contact; `is_asked` says whether the run has this number.
    pub fn note(&mut self, contact: &StoredContact, is_asked: impl Fn(E164) -> bool) {
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

    /// Whether all numbers of a contact were noted; of one without numbers, whether it was noted itself.
    pub fn has_seen(&self, contact: &StoredContact) -> bool {
        if contact.numbers.is_empty() {
            return self.seen_numberless.contains(&numberless(contact));
        }
        contact.numbers.iter().all(|number| self.seen.contains(number))
    }

    /// The contact that has this number, if there is one and the run asked about it.
    pub fn holder(&self, number: E164) -> Option<&ExistingContact> {
        self.held.get(&number)
    }

    /// The contact of this name whose masked number may be this one. Under another name it is too likely somebody else: whether
    /// the number is there is left to the platform, which takes none twice.
    pub fn masked_holder(&self, number: E164, name: NameKey) -> Option<&ExistingContact> {
        let mut matching = self.masked.matching(number).filter(|(_, (other, _))| *other == name);
        matching.next().map(|(_, (_, held))| held)
    }

    /// The contact that has this number, or else the one of this name whose masked number may be it.
    pub fn holder_named(&self, number: E164, name: NameKey) -> Option<&ExistingContact> {
        self.holder(number).or_else(|| self.masked_holder(number, name))
    }

    /// Contacts noted.
    pub fn contacts(&self) -> u64 {
        self.contacts
    }

    /// Contacts whose number can be read as one of several, all of which are taken.
    pub fn ambiguous(&self) -> u64 {
        self.ambiguous
    }

    /// Contacts in which no number can be read.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Those of them whose number is shown with hidden digits.
    pub fn masked(&self) -> u64 {
        self.hidden
    }

    /// Contacts with another status than `ACTIVE`. They count as existing: the account has each of their
    /// numbers already, and a person who was deleted there must not be called because a list still has them.
    pub fn inactive(&self) -> u64 {
        self.inactive
    }

    /// Numbers held more than once, from before the platform's rule.
    pub fn repeated_numbers(&self) -> u64 {
        self.repeated.len() as u64
    }
}

/// What tells a contact without numbers from others: its id, and what is left to see of its number.
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
            existing.note(&contact, |asked| asked == number("911"));
        }
        assert_eq!(existing.holder(number("911")).unwrap().id, "a");
        assert_eq!(existing.holder(number("912")), None);
        assert_eq!((existing.contacts(), existing.repeated_numbers()), (3, 1));
    }

    #[test]
    fn a_number_that_can_be_read_in_two_ways_is_taken_in_both() {
        let mut existing = ExistingContacts::default();
        existing.note(&stored("a", "Asha", &["9186159819", "919186159819"]), |_| true);
        assert!(existing.holder(number("9186159819")).is_some());
        let held = existing.holder(number("919186159819")).unwrap();
        assert_eq!(held.describe(), "Asha (id a), whose number there may be +9186159819 instead");
        assert_eq!((existing.contacts(), existing.repeated_numbers(), existing.ambiguous()), (1, 0, 1));
    }

    #[test]
    fn a_contact_without_numbers_was_seen_only_if_it_was_noted() {
        let masked = |id: &str, masked: &str| {
            let mask = serde_json::from_value(masked.into()).unwrap();
            StoredContact { masks: vec![mask], ..stored(id, "Asha Rao", &[]) }
        };
        let mut existing = ExistingContacts::default();
        existing.note(&masked("a", "91987***3210"), |_| true);
        assert!(existing.has_seen(&masked("a", "91987***3210")));
        for other in [masked("b", "91987***3210"), masked("a", "91987***3211"), stored("c", "Li", &[])] {
            assert!(!existing.has_seen(&other), "{other:?}");
        }
        let (number, name) = (number("919870003210"), NameKey::new("Asha", "Rao"));
        assert_eq!(existing.holder_named(number, name).unwrap().id, "a");
        assert_eq!(existing.holder_named(number, NameKey::new("Li", "")), None);
    }

    #[test]
    fn names_are_compared_whole() {
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
