//! The existing contacts whose number the run asks about.
//!
//! Contacts come one by one from any source; only those with a number of the run are kept, in one piece of memory: an
//! account may hold millions.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::ExistingContact;
use crate::{
    contact::{E164, NameKey, StoredContact},
    normalize::phone::{ByMask, other_forms},
};

/// The place of the record of a number that the run does not ask about.
const NOT_ASKED: u64 = u64::MAX;

/// The existing contacts while they are read.
#[derive(Debug, Default)]
pub struct Collector {
    set: ExistingContacts,
}

/// The existing contacts that matter for the run.
#[derive(Debug, Default)]
pub struct ExistingContacts {
    /// The numbers of all contacts, each with the place of its record.
    numbers: Vec<(E164, u64)>,
    /// Other forms of these numbers that the run asks about.
    forms: Vec<(E164, u64)>,
    /// The places of the records of contacts with a masked number.
    masked: ByMask<(NameKey, u64)>,
    /// Hashes of the contacts without a complete number.
    numberless: Vec<u64>,
    /// Contacts as written by `postcard`, one after the other.
    records: Vec<u8>,
    repeated: u64,
    contacts: u64,
    ambiguous: u64,
    unreadable: u64,
    hidden: u64,
    inactive: u64,
}

impl Collector {
    /// Adds a contact; `is_asked` returns whether the run has this number.
    pub fn add(&mut self, contact: &StoredContact, is_asked: impl Fn(E164) -> bool) {
        let set = &mut self.set;
        set.contacts += 1;
        set.ambiguous += u64::from(contact.is_ambiguous);
        set.unreadable += u64::from(contact.numbers.is_empty());
        set.hidden += u64::from(!contact.masks.is_empty());
        set.inactive += u64::from(!contact.status.is_empty());
        let held = ExistingContact::of(contact);
        if contact.numbers.is_empty() {
            set.numberless.push(numberless(contact));
        }
        for number in &contact.numbers {
            let mut place = NOT_ASKED;
            if is_asked(*number) {
                let others = contact.numbers.iter().filter(|other| contact.is_ambiguous && *other != number);
                place = set.keep(&ExistingContact { others: others.copied().collect(), ..held.clone() });
            }
            set.numbers.push((*number, place));
            for form in other_forms(*number).into_iter().filter(|form| is_asked(*form)) {
                let stored_as = format!("+{number}");
                let place = set.keep(&ExistingContact { stored_as: Some(&stored_as), ..held.clone() });
                set.forms.push((form, place));
            }
        }
        for mask in &contact.masks {
            let stored_as = format!("{} (digits are masked)", mask.written());
            let place = set.keep(&ExistingContact { stored_as: Some(&stored_as), ..held.clone() });
            set.masked.add(mask.clone(), (NameKey::new(&contact.name, ""), place));
        }
    }

    /// Returns the contacts, to be searched.
    pub fn finish(self) -> ExistingContacts {
        let mut set = self.set;
        // Of several contacts with a number, the first one added has the lowest place.
        set.numbers.sort_unstable();
        set.forms.sort_unstable();
        set.numberless.sort_unstable();
        let repetitions = set.numbers.chunk_by(|(one, _), (other, _)| one == other);
        set.repeated = repetitions.filter(|places| places.len() > 1).count() as u64;
        set
    }
}

impl ExistingContacts {
    /// Writes a record, and returns its place.
    fn keep(&mut self, held: &ExistingContact<'_>) -> u64 {
        let place = self.records.len() as u64;
        let records = std::mem::take(&mut self.records);
        #[expect(clippy::expect_used, reason = "writing to memory cannot fail")]
        let records = postcard::to_extend(held, records).expect("a record in memory");
        self.records = records;
        place
    }

    fn record(&self, place: u64) -> ExistingContact<'_> {
        let at = usize::try_from(place).unwrap_or(usize::MAX);
        #[expect(clippy::expect_used, reason = "a lost contact would be posted again")]
        let (held, _) = postcard::take_from_bytes(&self.records[at..]).expect("a record as written");
        held
    }

    /// Returns whether all numbers of a contact were added; without numbers, whether the contact itself was.
    pub fn has_seen(&self, contact: &StoredContact) -> bool {
        if contact.numbers.is_empty() {
            return self.numberless.binary_search(&numberless(contact)).is_ok();
        }
        contact.numbers.iter().all(|number| first(&self.numbers, *number).is_some())
    }

    /// Returns the contact with this number, if the run asks about it.
    pub fn holder(&self, number: E164) -> Option<ExistingContact<'_>> {
        let own = first(&self.numbers, number).filter(|place| *place != NOT_ASKED);
        let places = own.into_iter().chain(first(&self.forms, number));
        places.min().map(|place| self.record(place))
    }

    /// Returns the contact with this name whose masked number may be this one. With another name, it is more likely
    /// someone else; the platform itself refuses a number that it has already.
    pub fn masked_holder(&self, number: E164, name: NameKey) -> Option<ExistingContact<'_>> {
        let mut matching = self.masked.matching(number).filter(|(_, (other, _))| *other == name);
        matching.next().map(|(_, (_, place))| self.record(*place))
    }

    /// Returns the contact with this number, or else the one with this name whose masked number may match.
    pub fn holder_named(&self, number: E164, name: NameKey) -> Option<ExistingContact<'_>> {
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
        self.repeated
    }
}

/// Returns the lowest place of a number.
fn first(places: &[(E164, u64)], number: E164) -> Option<u64> {
    let at = places.partition_point(|(other, _)| *other < number);
    places.get(at).filter(|(other, _)| *other == number).map(|(_, place)| *place)
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
        let mut existing = Collector::default();
        for contact in
            [stored("a", "Asha Rao", &["911"]), stored("b", "Li", &["912"]), stored("c", "Wu", &["911"])]
        {
            existing.add(&contact, |asked| asked == number("911"));
        }
        let existing = existing.finish();
        assert_eq!(existing.holder(number("911")).unwrap().id, "a");
        assert_eq!(existing.holder(number("912")), None);
        assert_eq!((existing.contacts(), existing.repeated_numbers()), (3, 1));
    }

    #[test]
    fn number_with_two_readings_counts_in_both() {
        let mut existing = Collector::default();
        existing.add(&stored("a", "Asha", &["9186159819", "919186159819"]), |_| true);
        let existing = existing.finish();
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
        let mut existing = Collector::default();
        existing.add(&masked("a", "91987***3210"), |_| true);
        let existing = existing.finish();
        assert!(existing.has_seen(&masked("a", "91987***3210")));
        for other in [masked("b", "91987***3210"), masked("a", "91987***3211"), stored("c", "Li", &[])] {
            assert!(!existing.has_seen(&other), "{other:?}");
        }
        let (number, name) = (number("919870003210"), NameKey::new("Asha", "Rao"));
        assert_eq!(existing.holder_named(number, name).unwrap().id, "a");
        assert_eq!(existing.holder_named(number, NameKey::new("Li", "")), None);
    }
}
