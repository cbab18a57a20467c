//! The contacts the platform already holds, and those that are left out on purpose, against the numbers of a run.
//!
//! Contacts come one by one from wherever they are read; only those whose number the run asks about are kept.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    contact::{E164, NameKey},
    failpoint,
    normalize::phone::{ByMask, Mask, other_forms, with_lost_zero},
    outcome::Code,
};

/// A contact as the platform holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredContact {
    /// The platform's id; may be empty.
    pub id: String,
    /// First and last name, as shown.
    pub name: String,
    /// The numbers it may have: mostly one; none where what is stored is no number.
    pub numbers: Vec<E164>,
    /// What is left to see of its number, where digits are hidden.
    pub masks: Vec<Mask>,
    /// Whether more than one of them is a number that its country has assigned.
    pub is_ambiguous: bool,
    /// What the platform says of the contact where it is not `ACTIVE`: a deleted one is still shown, as `INACTIVE`.
    pub status: String,
    /// Whether it is stored without any country code, so that it depends on a region what number it is.
    #[serde(skip)]
    pub lacks_country: bool,
    /// When the platform says that it was created.
    #[serde(skip)]
    pub created_at: Option<Timestamp>,
}

/// What is kept of a contact whose number was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
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

impl Held {
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
pub struct Existing {
    held: HashMap<E164, Held>,
    masked: ByMask<(NameKey, Held)>,
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

impl Existing {
    /// Notes a contact; `is_asked` says whether the run has this number.
    pub fn note(&mut self, contact: &StoredContact, is_asked: impl Fn(E164) -> bool) {
        self.contacts += 1;
        self.ambiguous += u64::from(contact.is_ambiguous);
        self.unreadable += u64::from(contact.numbers.is_empty());
        self.hidden += u64::from(!contact.masks.is_empty());
        self.inactive += u64::from(!contact.status.is_empty());
        let held = |stored_as: Option<String>| Held {
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
                let held = || Held { others: others.copied().collect(), ..held(None) };
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
    pub fn holder(&self, number: E164) -> Option<&Held> {
        self.held.get(&number)
    }

    /// The contact of this name whose masked number may be this one. Under another name it is too likely somebody else: whether
    /// the number is there is left to the platform, which takes none twice.
    pub fn masked_holder(&self, number: E164, name: NameKey) -> Option<&Held> {
        let mut matching = self.masked.matching(number).filter(|(_, (other, _))| *other == name);
        matching.next().map(|(_, (_, held))| held)
    }

    /// The contact that has this number, or else the one of this name whose masked number may be it.
    pub fn holder_named(&self, number: E164, name: NameKey) -> Option<&Held> {
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

/// Why numbers are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOutBy {
    /// They stand in a file.
    File {
        /// The path as given.
        path: String,
        /// Which sheet it is, where the file has several.
        sheet: Option<String>,
    },
    /// They are in a contact list of the platform.
    List(String),
    /// They are in a campaign of the platform.
    Campaign(String),
    /// Rows of the list itself, in this file, say so.
    Rows(String),
}

impl LeftOutBy {
    /// The code of rows that are left out.
    pub const fn code(&self) -> Code {
        match self {
            Self::File { .. } => Code::InFile,
            Self::List(_) => Code::InList,
            Self::Campaign(_) => Code::InCampaign,
            Self::Rows(_) => Code::DoNotCallColumn,
        }
    }

    /// The file, list or campaign.
    pub fn name(&self) -> &str {
        let (Self::File { path: name, .. } | Self::List(name) | Self::Campaign(name) | Self::Rows(name)) =
            self;
        name
    }
}

/// The numbers that are left out on purpose, whatever else is known of them.
#[derive(Debug, Default)]
pub struct LeftOut {
    sources: Vec<LeftOutBy>,
    /// By which source, and in which row of it; 0 where it has no rows. The first source of a number counts.
    numbers: HashMap<E164, (u32, u64)>,
    /// The same of numbers of which digits are hidden.
    masks: ByMask<(u32, u64)>,
}

impl LeftOut {
    /// Begins a source, to which all numbers belong that are added until the next begins.
    pub fn begin(&mut self, source: LeftOutBy) {
        self.sources.push(source);
    }

    /// Adds a number in all of its forms, and the row of the source in which it stands, if it has rows.
    pub fn add(&mut self, number: E164, row: Option<u64>) {
        let place = (self.last_source(), row.unwrap_or_default());
        for number in other_forms(number).into_iter().chain([number]).chain(with_lost_zero(number)) {
            self.numbers.entry(number).or_insert(place);
        }
    }

    /// Adds a masked number. Where only its middle is hidden, it suppresses every number that matches.
    pub fn add_mask(&mut self, mask: Mask, row: Option<u64>) {
        if mask.is_hidden_inside() && !failpoint::is_without("masks") {
            self.masks.add(mask, (self.last_source(), row.unwrap_or_default()));
        }
    }

    fn last_source(&self) -> u32 {
        u32::try_from(self.sources.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Takes back what was added since the source began.
    pub fn restart(&mut self) {
        let last = self.last_source();
        self.numbers.retain(|_, (source, _)| *source != last);
        self.masks.retain(|(source, _)| *source != last);
    }

    /// Why a number is left out, if it is: the source, and in words where it stands.
    pub fn reason(&self, number: E164) -> Option<(&LeftOutBy, String)> {
        if let Some(place) = self.numbers.get(&number) {
            return self.place(place);
        }
        let (mask, place) = self.masks.matching(number).next()?;
        let (source, place) = self.place(place)?;
        Some((
            source,
            format!("{place}, as {}: digits are masked there, and it may be this number", mask.written()),
        ))
    }

    fn place(&self, (source, row): &(u32, u64)) -> Option<(&LeftOutBy, String)> {
        let source = self.sources.get(*source as usize)?;
        let place = match source {
            LeftOutBy::File { path, sheet } => {
                let mut place = format!("in {path}");
                // Writing to a string cannot fail.
                if let Some(sheet) = sheet {
                    _ = write!(place, ", sheet {sheet}");
                }
                if *row > 0 {
                    _ = write!(place, ", row {row}");
                }
                place
            }
            LeftOutBy::List(id) => format!("in contact list {id}"),
            LeftOutBy::Campaign(id) => format!("in campaign {id}"),
            LeftOutBy::Rows(path) => format!("row {row} of {path} says not to call this number"),
        };
        Some((source, place))
    }

    /// Whether there is no number to leave out.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.masks.is_empty()
    }
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
        let mut existing = Existing::default();
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
        let mut existing = Existing::default();
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
        let mut existing = Existing::default();
        existing.note(&masked("a", "91987***3210"), |_| true);
        assert!(existing.has_seen(&masked("a", "91987***3210")));
        for other in [masked("b", "91987***3210"), masked("a", "91987***3211"), stored("c", "Li", &[])] {
            assert!(!existing.has_seen(&other), "{other:?}");
        }
        let (number, name) = (number("919870003210"), NameKey::new("Asha", "Rao"));
        assert_eq!(existing.holder_named(number, name).unwrap().id, "a");
        assert_eq!(existing.holder_named(number, NameKey::new("Li", "")), None);
    }

    fn file(path: &str, sheet: Option<&str>) -> LeftOutBy {
        LeftOutBy::File { path: path.to_owned(), sheet: sheet.map(str::to_owned) }
    }

    #[test]
    fn the_first_source_of_a_number_is_named() {
        let mut left_out = LeftOut::default();
        left_out.begin(file("dnc.csv", None));
        left_out.add(number("911"), Some(7));
        left_out.begin(file("dnc.xlsx", Some("`Old`")));
        left_out.add(number("911"), Some(8));
        left_out.add(number("914"), Some(9));
        left_out.begin(LeftOutBy::List("cl-1".to_owned()));
        left_out.add(number("913"), None);
        left_out.restart();
        left_out.add(number("911"), None);
        left_out.add(number("912"), None);
        left_out.begin(LeftOutBy::Rows("list.csv".to_owned()));
        left_out.add(number("915"), Some(3));
        let reason = |digits| {
            let (source, place) = left_out.reason(number(digits))?;
            Some((source.code(), place))
        };
        assert_eq!(reason("911"), Some((Code::InFile, "in dnc.csv, row 7".to_owned())));
        assert_eq!(reason("914"), Some((Code::InFile, "in dnc.xlsx, sheet `Old`, row 9".to_owned())));
        assert_eq!(reason("912"), Some((Code::InList, "in contact list cl-1".to_owned())));
        assert_eq!(reason("913"), None);
        let said = "row 3 of list.csv says not to call this number".to_owned();
        assert_eq!(reason("915"), Some((Code::DoNotCallColumn, said)));
    }

    #[test]
    fn a_subscriber_is_left_out_under_either_form_of_the_number() {
        let mut left_out = LeftOut::default();
        left_out.begin(file("dnc.csv", None));
        for digits in ["5215512345678", "541123456789", "919876543210"] {
            left_out.add(number(digits), None);
        }
        let is_left_out = |digits| left_out.reason(number(digits)).is_some();
        assert!(
            ["5215512345678", "525512345678", "541123456789", "5491123456789"].into_iter().all(is_left_out)
        );
        assert!(!is_left_out("9119876543210"));
    }

    #[test]
    fn names_are_compared_whole() {
        let held = |id: &str, name: &str, status: &str| Held {
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
