//! The contacts the platform already holds, against the numbers of a run.
//!
//! Contacts come one by one from wherever they are read; only those whose number the run asks about are kept.

use std::collections::{HashMap, HashSet};

use crate::contact::{E164, NameKey};

/// A contact as the platform holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredContact {
    /// The platform's id; may be empty.
    pub id: String,
    /// First and last name, as shown.
    pub name: String,
    /// The numbers it may have: one, or two where the stored form can be read as either. Never more.
    pub numbers: Vec<E164>,
}

/// What is kept of a contact whose number was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The platform's id; may be empty.
    pub id: String,
    /// First and last name, as shown.
    pub name: String,
}

impl Held {
    /// Whether the name there is this one.
    pub fn has_name(&self, name: NameKey) -> bool {
        NameKey::new(&self.name, "") == name
    }

    /// The contact in a few words, for a row's detail.
    pub fn describe(&self) -> String {
        let name = if self.name.trim().is_empty() { "a contact without name" } else { &self.name };
        if self.id.is_empty() { name.to_owned() } else { format!("{name} (id {})", self.id) }
    }
}

/// What the platform holds, as far as the run needs to know.
#[derive(Debug, Default)]
pub struct Existing {
    held: HashMap<E164, Held>,
    seen: HashSet<E164>,
    repeated: HashSet<E164>,
    contacts: u64,
}

impl Existing {
    /// Notes a contact; `is_asked` says whether the run has this number.
    pub fn note(&mut self, contact: StoredContact, is_asked: impl Fn(E164) -> bool) {
        self.contacts += 1;
        for number in contact.numbers {
            if !self.seen.insert(number) {
                self.repeated.insert(number);
            }
            if is_asked(number) {
                let held = || Held { id: contact.id.clone(), name: contact.name.clone() };
                self.held.entry(number).or_insert_with(held);
            }
        }
    }

    /// The contact that has this number, if there is one and the run asked about it.
    pub fn holder(&self, number: E164) -> Option<&Held> {
        self.held.get(&number)
    }

    /// Contacts noted.
    pub fn contacts(&self) -> u64 {
        self.contacts
    }

    /// Numbers held more than once, from before the platform's rule.
    pub fn repeated_numbers(&self) -> u64 {
        self.repeated.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &str) -> E164 {
        E164::from_digits(digits).unwrap()
    }

    fn stored(id: &str, name: &str, digits: &[&str]) -> StoredContact {
        let numbers = digits.iter().map(|digits| number(digits)).collect();
        StoredContact { id: id.to_owned(), name: name.to_owned(), numbers }
    }

    #[test]
    fn only_what_was_asked_about_is_kept_and_all_is_counted() {
        let mut existing = Existing::default();
        for contact in
            [stored("a", "Asha Rao", &["911"]), stored("b", "Li", &["912"]), stored("c", "Wu", &["911"])]
        {
            existing.note(contact, |asked| asked == number("911"));
        }
        assert_eq!(existing.holder(number("911")).unwrap().id, "a");
        assert_eq!(existing.holder(number("912")), None);
        assert_eq!((existing.contacts(), existing.repeated_numbers()), (3, 1));
    }

    #[test]
    fn a_number_that_can_be_read_in_two_ways_is_taken_in_both() {
        let mut existing = Existing::default();
        existing.note(stored("a", "Asha", &["9186159819", "919186159819"]), |_| true);
        assert!(existing.holder(number("9186159819")).is_some());
        assert!(existing.holder(number("919186159819")).is_some());
        assert_eq!((existing.contacts(), existing.repeated_numbers()), (1, 0));
    }

    #[test]
    fn names_are_compared_whole() {
        let held = Held { id: "x".to_owned(), name: "asha  RAO".to_owned() };
        assert!(held.has_name(NameKey::new("Asha", "Rao")));
        assert!(!held.has_name(NameKey::new("Asha", "")));
        assert_eq!(held.describe(), "asha  RAO (id x)");
        assert_eq!(Held { id: String::new(), name: " ".to_owned() }.describe(), "a contact without name");
    }
}
