//! Matches the parts of a response to the contacts of a batch.

use std::collections::{HashMap, HashSet};

use super::NewContact;
use crate::{
    contact::{E164, NameKey, StoredContact},
    normalize::phone::other_forms,
};

/// The result of one contact in a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BatchAnswer {
    /// Created, as this contact.
    Created(StoredContact),
    /// Created under another number.
    StoredAs(StoredContact),
    /// Refused, with the platform's words.
    Refused(String),
}

/// Matches records to contacts by number. A record that matches several contacts or none is ignored, and so are two
/// that contradict each other. A created contact with an unknown number matches the contact of the same name with the
/// most similar number.
pub(super) fn by_number(
    batch: &[NewContact],
    created: &[StoredContact],
    refused: Vec<(StoredContact, String)>,
) -> HashMap<E164, BatchAnswer> {
    let sent: HashSet<E164> = batch.iter().map(NewContact::number).collect();
    let is_unsent = |record: &StoredContact| {
        !record.numbers.is_empty() && record.numbers.iter().all(|number| !sent.contains(number))
    };
    let has_unsent = created.iter().chain(refused.iter().map(|(record, _)| record)).any(is_unsent);
    let forms = if has_unsent { forms_of(batch) } else { HashMap::new() };
    let find = |record: &StoredContact| {
        let in_other_form = |number: &E164| forms.get(number).copied().flatten();
        let as_sent = |number: &E164| sent.contains(number).then_some(*number);
        let mut found: Vec<E164> = if is_unsent(record) {
            record.numbers.iter().filter_map(in_other_form).collect()
        } else {
            record.numbers.iter().filter_map(as_sent).collect()
        };
        found.pop().filter(|_| found.is_empty())
    };
    let is_of_nobody = |record: &&StoredContact| is_unsent(record) && find(record).is_none();
    let strangers: Vec<&StoredContact> = created.iter().filter(is_of_nobody).collect();
    let created = created.iter().map(|record| (find(record), BatchAnswer::Created(record.clone())));
    let refused = refused.into_iter().map(|(record, words)| (find(&record), BatchAnswer::Refused(words)));
    let mut answers = HashMap::new();
    let mut contradicted = HashSet::new();
    for (number, answer) in created.chain(refused) {
        let Some(number) = number else { continue };
        let is_created = matches!(answer, BatchAnswer::Created(_));
        if let Some(before) = answers.insert(number, answer)
            && matches!(before, BatchAnswer::Created(_)) != is_created
        {
            contradicted.insert(number);
        }
    }
    answers.retain(|number, _| !contradicted.contains(number));
    if !strangers.is_empty() {
        let left: Vec<&NewContact> = batch
            .iter()
            .filter(|new| !answers.contains_key(&new.number()) && !contradicted.contains(&new.number()))
            .collect();
        let mut claimed = HashSet::new();
        for stranger in strangers {
            let Some(number) = of_stranger(stranger, &left).map(NewContact::number) else { continue };
            // If two contacts match, it is unknown which one is meant.
            if claimed.insert(number) {
                answers.insert(number, BatchAnswer::StoredAs(stranger.clone()));
            } else {
                answers.remove(&number);
            }
        }
    }
    answers
}

/// Maps the other forms of the batch's numbers, as for mobile numbers in Argentina and Mexico, to the number that was
/// sent. `None` if a form belongs to two numbers.
fn forms_of(batch: &[NewContact]) -> HashMap<E164, Option<E164>> {
    let mut forms = HashMap::new();
    for number in batch.iter().map(NewContact::number) {
        for form in other_forms(number) {
            forms.entry(form).and_modify(|sent| *sent = None).or_insert(Some(number));
        }
    }
    forms
}

/// Returns the contact that was stored under an unknown number: the only one with this name, or of several the one
/// with the most similar ending.
fn of_stranger<'n>(stranger: &StoredContact, left: &[&'n NewContact]) -> Option<&'n NewContact> {
    /// Minimum common last digits of similar numbers.
    const MIN_ALIKE: usize = 6;

    let name = NameKey::new(&stranger.name, "");
    let is_nameless = stranger.name.trim().is_empty();
    let named: Vec<&NewContact> =
        left.iter().copied().filter(|new| is_nameless || new.contact.name_key() == name).collect();
    if let [only] = *named {
        return Some(only);
    }
    let likeness = |new: &NewContact| {
        let sent = new.number().digits();
        stranger.numbers.iter().map(|stored| common_ending(&stored.digits(), &sent)).max().unwrap_or_default()
    };
    let most = named.iter().map(|new| likeness(new)).max().filter(|most| *most >= MIN_ALIKE)?;
    let mut like = named.into_iter().filter(|new| likeness(new) == most);
    like.next().filter(|_| like.next().is_none())
}

/// Returns how many last digits two numbers have in common.
fn common_ending(one: &str, other: &str) -> usize {
    one.bytes().rev().zip(other.bytes().rev()).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Contact, NumberType, PhoneNumber, Salutation};

    fn new(national: &str) -> NewContact {
        let number = PhoneNumber::new(91, national, None, NumberType::Mobile).unwrap();
        NewContact { contact: Contact::new("A", "B", Salutation::Mr, number) }
    }

    fn number(digits: &str) -> E164 {
        E164::from_digits(digits).unwrap()
    }

    fn record(id: &str, numbers: &[&str]) -> StoredContact {
        let numbers = numbers.iter().map(|digits| E164::from_digits(digits).unwrap()).collect();
        StoredContact { id: id.to_owned(), numbers, ..StoredContact::default() }
    }

    #[test]
    fn records_match_their_contacts_in_any_order() {
        let batch = [new("9876543210"), new("9876543211"), new("9876543212")];
        let created = [record("x", &["919876543212"]), record("y", &["919876543210"])];
        let answers = by_number(&batch, &created, vec![(record("", &["919876543211"]), "no".to_owned())]);
        assert_eq!(answers[&number("919876543210")], BatchAnswer::Created(created[1].clone()));
        assert_eq!(answers[&number("919876543211")], BatchAnswer::Refused("no".to_owned()));
        assert_eq!(answers[&number("919876543212")], BatchAnswer::Created(created[0].clone()));
    }

    #[test]
    fn records_that_match_several_contacts_or_none_are_ignored() {
        let batch = [new("9876543210"), new("9876543211")];
        let created =
            [record("x", &["919876543210", "919876543211"]), record("y", &["4412345"]), record("z", &[])];
        assert_eq!(by_number(&batch, &created, vec![]), HashMap::new());
    }

    #[test]
    fn contradicting_records_are_ignored() {
        let batch = [new("9876543210")];
        let created = [record("x", &["919876543210"])];
        let refused = vec![(record("", &["919876543210"]), "no".to_owned())];
        assert_eq!(by_number(&batch, &created, refused), HashMap::new());
    }

    // Source: jackocnr/intl-tel-input issue 1230 (a mobile number with and without the digit for calls from abroad).
    #[test]
    fn number_in_its_other_form_matches_the_sent_one() {
        for (code, national, shown) in
            [(54, "91123456789", "541123456789"), (52, "5512345678", "5215512345678")]
        {
            let phone = PhoneNumber::new(code, national, None, NumberType::Mobile).unwrap();
            let sent = phone.e164();
            let batch = [
                new("9876543210"),
                NewContact { contact: Contact::new("A", "B", Salutation::Mr, phone) },
                new("9876543211"),
            ];
            let created = [record("x", &[shown])];
            let answers = by_number(&batch, &created, vec![]);
            assert_eq!(answers, HashMap::from([(sent, BatchAnswer::Created(created[0].clone()))]), "{shown}");
            let refused = by_number(&batch, &[], vec![(created[0].clone(), "no".to_owned())]);
            assert_eq!(refused, HashMap::from([(sent, BatchAnswer::Refused("no".to_owned()))]), "{shown}");
        }
    }

    // Source: iziz/libPhoneNumber-iOS issue 149, giggsey/libphonenumber-for-php issue 267 (Italian numbers lose their zero).
    #[test]
    fn number_stored_differently_matches_its_contact() {
        let italian = |first: &str, national: &str| {
            let number = PhoneNumber::new(39, national, None, NumberType::FixedLine).unwrap();
            NewContact { contact: Contact::new(first, "B", Salutation::Mr, number) }
        };
        let named =
            |name: &str, digits: &str| StoredContact { name: name.to_owned(), ..record("x", &[digits]) };
        let found = |batch: &[NewContact], created: &[StoredContact]| {
            let mut found: Vec<(String, String)> = by_number(batch, created, vec![])
                .into_iter()
                .map(|(sent, answer)| match answer {
                    BatchAnswer::StoredAs(stored) => (sent.to_string(), stored.numbers[0].to_string()),
                    answer => panic!("{answer:?}"),
                })
                .collect();
            found.sort();
            found
        };
        let pair = |sent: &str, stored: &str| (sent.to_owned(), stored.to_owned());
        // By name, in any order.
        let batch = [italian("A", "0612345678"), italian("C", "0212345678")];
        assert_eq!(
            found(&batch, &[named("C B", "39212345678"), named("A B", "39612345678")]),
            [pair("390212345678", "39212345678"), pair("390612345678", "39612345678")]
        );
        // With equal names, by the ending of the number.
        let batch = [italian("A", "0612345678"), italian("A", "0212345678")];
        assert_eq!(
            found(&batch, &[named("A B", "39212345678"), named("A B", "39612345678")]),
            [pair("390212345678", "39212345678"), pair("390612345678", "39612345678")]
        );
        // A single contact matches whatever the name.
        assert_eq!(found(&batch[..1], &[named("", "39612345678")]), [pair("390612345678", "39612345678")]);
        // An unknown contact matches nobody.
        assert_eq!(found(&batch, &[named("Z Y", "39612345678")]), []);
        assert_eq!(found(&batch, &[named("A B", "4412345")]), []);
    }
}
