//! Columns that describe the number in another column, such as Google's `Phone 1 - Type`.

use std::collections::{HashMap, HashSet};

use super::{countries, do_not_call, do_not_call::CallHeader, folding::fold_with_numbers, means};
use crate::{
    contact::Field,
    row::{CallColumn, Columns, PhoneLabel, Says},
};

/// Words that a label's header has in addition to those of its phone.
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

/// Words in headers of columns that mark the phone to call first.
const MARKS: [&str; 6] = ["primary", "preferred", "pref", "default", "is", "favorite"];

/// Words of a phone's header that its label's header may lack.
const OF_NUMBER: [&str; 4] = ["value", "number", "numbers", "no"];

/// Words that mean any phone.
const ANY_PHONE: [&str; 6] = ["phone", "phones", "tel", "telephone", "telefon", "contact"];

/// Maximum number of labels. No file that a program writes has a tenth of it.
const MAX_LABELS: usize = 4096;

/// Returns the words of the phone that a label's header names, if it has one of `names` in addition to them.
fn labeled<'h>(header: &'h str, names: &[&str]) -> Option<Vec<&'h str>> {
    let base = without(header, names);
    let is_label = base.len() < header.split(' ').count();
    is_label.then(|| base.into_iter().filter(|word| !OF_NUMBER.contains(word)).collect())
}

/// Returns whether a column with this header describes the number in one of the others, which may be a phone column.
pub(super) fn may_label(header: &str, headers: &[String]) -> bool {
    let folded = fold_with_numbers(header);
    let is_of = |phone: &[&str], other: &String| {
        without(&fold_with_numbers(other), &OF_NUMBER) == phone
            && (!phone.is_empty() || means(other, Field::Phone))
    };
    let mut phones =
        [KINDS.as_slice(), MARKS.as_slice()].into_iter().filter_map(|names| labeled(&folded, names));
    phones.any(|phone| headers.iter().any(|other| is_of(&phone, other)))
}

/// Adds labels for the phone columns. `words` are the headers, folded with their numbers. Returns `false` if there are
/// too many labels.
pub(super) fn add(columns: &mut Columns, words: &[String]) -> bool {
    let used: HashSet<usize> =
        Field::ALL.into_iter().flat_map(|field| columns.of(field).iter().copied()).collect();
    let mut by_words: HashMap<Vec<&str>, Vec<usize>> = HashMap::new();
    let mut by_own_words: HashMap<Vec<&str>, Vec<usize>> = HashMap::new();
    for phone in &columns.phone {
        by_words.entry(without(&words[*phone], &OF_NUMBER)).or_default().push(*phone);
        by_own_words.entry(do_not_call::own_words(&words[*phone]).collect()).or_default().push(*phone);
    }
    for (column, header) in words.iter().enumerate() {
        // A mapping does not change what the header says about calls.
        let is_about_calls = columns.is_phone_order_given && do_not_call::read(header).is_some();
        let is_phone = columns.phone.contains(&column) && !is_about_calls;
        if header.is_empty() || is_phone {
            continue;
        }
        if columns.labels.len() > MAX_LABELS {
            return false;
        }
        let labels = |says| {
            let names = match says {
                Says::Kind => KINDS.as_slice(),
                _ => MARKS.as_slice(),
            };
            let phones = labeled(header, names).and_then(|phone| by_words.get(&phone)).into_iter().flatten();
            phones.map(|phone| PhoneLabel { phone: *phone, column, says }).collect::<Vec<_>>()
        };
        if !used.contains(&column) {
            columns.labels.extend(labels(Says::Kind));
            columns.labels.extend(labels(Says::Preferred));
        }
        if let Some(CallHeader { question, phone }) = do_not_call::read(header) {
            let is_about_one = columns.phone.len() > 1 && !phone.is_empty();
            let own_words: Vec<&str> = phone.iter().map(String::as_str).collect();
            let about = by_own_words.get(&own_words).filter(|_| is_about_one);
            let phones: Vec<usize> = about.cloned().unwrap_or_default();
            if phones.is_empty() {
                columns.calls.push(CallColumn { column, question });
            }
            // Nor is the number called that such a column holds.
            let own = columns.phone.contains(&column).then_some(column);
            let phones = phones.into_iter().chain(own);
            let label = |phone| PhoneLabel { phone, column, says: Says::Calls(question) };
            columns.labels.extend(phones.map(label));
        }
    }
    let places: HashMap<usize, usize> = columns.phone.iter().copied().zip(0..).collect();
    columns.labels.sort_by_key(|label| places.get(&label.phone).copied());
    columns.labels.len() <= MAX_LABELS
}

/// Adds the order of countries for phones with their own country, such as `Phone 2 Country Code` or `Business Country`.
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
        // If a phone has its own code, the codes of other phones do not apply to it.
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
