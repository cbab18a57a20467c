//! Which contact of a batch each part of an answer speaks of.

use std::collections::{HashMap, HashSet};

use super::NewContact;
use crate::{
    contact::{E164, NameKey},
    diff::StoredContact,
};

/// What an answer says of one contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was created, as this contact.
    Created(StoredContact),
    /// It was created, with another number than was sent.
    StoredAs(StoredContact),
    /// It was refused, in these words.
    Refused(String),
}

/// Finds the contact that each record speaks of, by number. A record that could speak of several contacts of the batch,
/// or of none, says nothing; so do two records that contradict each other. A created contact whose number nobody was sent
/// with is the one of its name, if only one is left of that name.
pub(super) fn by_number(
    batch: &[NewContact],
    created: &[StoredContact],
    refused: Vec<(StoredContact, String)>,
) -> HashMap<E164, Answer> {
    let sent: HashSet<E164> = batch.iter().map(NewContact::number).collect();
    let find = |record: &StoredContact| {
        let mut found = record.numbers.iter().filter(|number| sent.contains(*number));
        found.next().copied().filter(|_| found.next().is_none())
    };
    let is_of_nobody = |record: &&StoredContact| {
        !record.numbers.is_empty() && record.numbers.iter().all(|number| !sent.contains(number))
    };
    let strangers: Vec<&StoredContact> = created.iter().filter(is_of_nobody).collect();
    let created = created.iter().map(|record| (find(record), Answer::Created(record.clone())));
    let refused = refused.into_iter().map(|(record, words)| (find(&record), Answer::Refused(words)));
    let mut answers = HashMap::new();
    let mut contradicted = HashSet::new();
    for (number, answer) in created.chain(refused) {
        let Some(number) = number else { continue };
        let is_created = matches!(answer, Answer::Created(_));
        if let Some(before) = answers.insert(number, answer)
            && matches!(before, Answer::Created(_)) != is_created
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
        answers.extend(strangers.iter().filter_map(|stranger| {
            let new = of_stranger(stranger, &strangers, &left)?;
            Some((new.number(), Answer::StoredAs((*stranger).clone())))
        }));
    }
    answers
}

/// The contact that was stored under a number which nobody was sent with. Where several have the name, it is the one whose number
/// ends as the stored one.
fn of_stranger<'n>(
    stranger: &StoredContact,
    strangers: &[&StoredContact],
    left: &[&'n NewContact],
) -> Option<&'n NewContact> {
    if let ([only], [_]) = (left, strangers)
        && stranger.name.trim().is_empty()
    {
        return Some(only);
    }
    let name = NameKey::new(&stranger.name, "");
    let mut named = left.iter().copied().filter(|new| new.contact.name_key() == name);
    let is_like = |new: &&NewContact| {
        let sent = new.number().digits();
        stranger.numbers.iter().any(|number| ending(&number.digits()) == ending(&sent))
    };
    match (named.next(), named.next()) {
        (Some(new), None) => Some(new),
        (Some(_), Some(_)) => {
            let mut like = left.iter().copied().filter(|new| new.contact.name_key() == name).filter(is_like);
            like.next().filter(|_| like.next().is_none())
        }
        _ => None,
    }
}

/// The last digits of a number, which no prefix changes.
fn ending(digits: &str) -> &str {
    const LENGTH: usize = 6;
    digits.get(digits.len().saturating_sub(LENGTH)..).unwrap_or(digits)
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
    fn records_find_their_contacts_in_any_order() {
        let batch = [new("9876543210"), new("9876543211"), new("9876543212")];
        let created = [record("x", &["919876543212"]), record("y", &["919876543210"])];
        let answers = by_number(&batch, &created, vec![(record("", &["919876543211"]), "no".to_owned())]);
        assert_eq!(answers[&number("919876543210")], Answer::Created("y".to_owned()));
        assert_eq!(answers[&number("919876543211")], Answer::Refused("no".to_owned()));
        assert_eq!(answers[&number("919876543212")], Answer::Created("x".to_owned()));
    }

    #[test]
    fn expiry_headers_about_several_dates_are_ignored() {
        let batch = [new("9876543210"), new("9876543211")];
        let created =
            [record("x", &["919876543210", "919876543211"]), record("y", &["4412345"]), record("z", &[])];
        assert_eq!(by_number(&batch, &created, vec![]), HashMap::new());
    }

    #[test]
    fn contradicting_page_fields_are_ignored() {
        let batch = [new("9876543210")];
        let created = [record("x", &["919876543210"])];
        let refused = vec![(record("", &["919876543210"]), "no".to_owned())];
        assert_eq!(by_number(&batch, &created, refused), HashMap::new());
    }
}
