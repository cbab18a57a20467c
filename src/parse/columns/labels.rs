//! Columns that say something of the number in another one, as Google's `Phone 1 - Type`.

use super::{countries, do_not_call, do_not_call::CallHeader};
use crate::row::{CallColumn, Columns, PhoneLabel, Says};

/// What a label's header has beside that of its phone.
const KINDS: [&str; 12] = [
    "type",
    "label",
    "kind",
    "category",
    "tag",
    "use",
    "system",
    "formatted",
    "description",
    "flags",
    "flag",
    "art",
];

/// The same for columns that mark the phone to call first.
const MARKS: [&str; 6] = ["primary", "preferred", "pref", "default", "is", "favorite"];

/// Words of a phone's header that its label's may lack.
const OF_NUMBER: [&str; 4] = ["value", "number", "numbers", "no"];

/// Words that mean any phone.
const ANY_PHONE: [&str; 6] = ["phone", "phones", "tel", "telephone", "telefon", "contact"];

/// Adds what other columns say of the phones. `words` are the headers, folded with their numbers.
pub(super) fn add(columns: &mut Columns, words: &[String]) {
    for (column, header) in words.iter().enumerate() {
        if columns.phone.contains(&column) || columns.is_used(column) {
            continue;
        }
        let labeled = |says| {
            let names = match says {
                Says::Kind => KINDS.as_slice(),
                _ => MARKS.as_slice(),
            };
            let base = without(header, names);
            let is_label = base.len() < header.split(' ').count();
            let base = base.into_iter().filter(|word| !OF_NUMBER.contains(word)).collect::<Vec<_>>();
            let phones = columns
                .phone
                .iter()
                .filter(move |phone| is_label && without(&words[**phone], &OF_NUMBER) == base);
            phones.map(|phone| PhoneLabel { phone: *phone, column, says }).collect::<Vec<_>>()
        };
        let mut labels = labeled(Says::Kind);
        labels.extend(labeled(Says::Preferred));
        columns.labels.extend(labels);
        if let Some(CallHeader { question, phone }) = do_not_call::read(header) {
            let is_about = |other: &&usize| {
                columns.phone.len() > 1
                    && !phone.is_empty()
                    && do_not_call::own_words(&words[**other]).eq(phone.iter().map(String::as_str))
            };
            let phones: Vec<usize> = columns.phone.iter().filter(is_about).copied().collect();
            if phones.is_empty() {
                columns.calls.push(CallColumn { column, question });
            }
            let label = |phone| PhoneLabel { phone, column, says: Says::Calls(question) };
            columns.labels.extend(phones.into_iter().map(label));
        }
    }
    columns.labels.sort_by_key(|label| columns.phone.iter().position(|phone| *phone == label.phone));
}

/// Adds the order of countries for phones that have one of their own, such as `Phone 2 Country Code` or `Business Country`.
pub(super) fn add_countries(columns: &mut Columns, words: &[String]) {
    if columns.country.len() < 2 {
        return;
    }
    let owner = |country: usize| {
        let words = countries::owner(&words[country]).into_iter();
        words.filter(|word| !ANY_PHONE.contains(word)).collect::<Vec<_>>()
    };
    let is_of_phone = |country: usize| {
        countries::read(&super::fold(&words[country])).is_some_and(|header| header.is_of_phone)
    };
    let all = columns.country.clone();
    let mut own_orders = Vec::new();
    for phone in &columns.phone {
        let words = without(&words[*phone], &OF_NUMBER).into_iter().filter(|word| !ANY_PHONE.contains(word));
        let words: Vec<&str> = words.collect();
        let is_own = |country: usize| !words.is_empty() && owner(country) == words;
        let has_own_code = all.iter().any(|country| is_own(*country) && is_of_phone(*country));
        // The code of another number says nothing of this one, which has a code of its own.
        let is_of_other = |country: usize| has_own_code && is_of_phone(country) && !owner(country).is_empty();
        let mut order: Vec<usize> = all.iter().copied().filter(|country| is_own(*country)).collect();
        order.extend(all.iter().copied().filter(|country| !is_own(*country) && !is_of_other(*country)));
        if order != all {
            own_orders.push((*phone, order));
        }
    }
    columns.own_countries = own_orders;
}

fn without<'a>(header: &'a str, words: &[&str]) -> Vec<&'a str> {
    header.split(' ').filter(|word| !words.contains(word)).collect()
}
