//! Determines the kind of a phone number from its types and labels, in any spelling.

use std::collections::HashMap;

use super::property::{Letters, Properties, Property};
use crate::{
    normalize::label,
    parse::person::{self, FAX, MOBILE, PREFERRED},
    row::PhoneKind,
};

/// Type words that do not indicate the kind of a phone. A video number is answered by a person.
const NOT_KINDS: [&str; 6] = ["type", "value", "uri", "label", "voice", "video"];

/// The maximum number of labels of one phone.
const MAX_LABELS: usize = 8;

/// The lowest preference in the vCard standard.
const LEAST_PREFERENCE: u32 = 100;

/// The kind of a phone.
struct Kind {
    /// Its phone column.
    column: usize,
    /// Its preference, with 1 as the highest. Greater than [`LEAST_PREFERENCE`] if the card states none.
    preference: u32,
    /// Whether it is a car phone or the company's number. Such phones come last.
    is_last: bool,
}

/// Returns the phones of a card and their phone columns. Within a column, the phone to call first comes first.
pub(super) fn by_preference(card: &Properties, letters: Letters) -> Vec<(&Property, usize)> {
    // Apple writes a custom label as a property of the same group, before or after the phone.
    let mut labels: HashMap<&str, Vec<&Property>> = HashMap::new();
    for label in card.all.iter().filter(|other| other.name.contains("LABEL")) {
        let of_group = label.group.as_deref().map(|group| labels.entry(group).or_default());
        // A phone has one label, or one per language.
        if let Some(labels) = of_group.filter(|labels| labels.len() < MAX_LABELS) {
            labels.push(label);
        }
    }
    let labels_of = |phone: &Property| phone.group.as_deref().and_then(|group| labels.get(group));
    let mut phones: Vec<(&Property, Kind)> = card
        .named("TEL")
        .map(|phone| (phone, kind(phone, labels_of(phone).map_or(&[], Vec::as_slice), letters)))
        .collect();
    phones.sort_by_key(|(_, kind)| (kind.is_last, kind.preference));
    // The first phone to call is the most preferred one. Among equals, a mobile wins.
    let preferred = phones.iter_mut().filter(|(_, kind)| kind.preference <= LEAST_PREFERENCE);
    if let Some((_, kind)) = preferred.min_by_key(|(_, kind)| (kind.preference, kind.column))
        && kind.column != MOBILE
    {
        kind.column = PREFERRED;
    }
    phones.into_iter().map(|(phone, kind)| (phone, kind.column)).collect()
}

fn kind(phone: &Property, labels: &[&Property], letters: Letters) -> Kind {
    let mut said = phone.labels(letters);
    for label in labels {
        said.push_str(&String::from_utf8_lossy(&label.text(letters)).to_lowercase());
    }
    let words = said.split(|letter: char| letter.is_ascii() && !letter.is_ascii_alphanumeric());
    let is_kind = |word: &&str| !word.is_empty() && !word.starts_with("pref") && !NOT_KINDS.contains(word);
    let Some(kind) = label::kind(&words.clone().filter(is_kind).collect::<Vec<_>>().join(" ")) else {
        return Kind { column: FAX, preference: u32::MAX, is_last: false };
    };
    let preference = if kind == PhoneKind::Preferred { 1 } else { preference(words) };
    Kind { column: person::column(kind), preference, is_last: person::is_last(kind) }
}

/// Returns the preference. `PREF` alone is the same as `PREF=1`, the highest.
fn preference<'w>(words: impl Iterator<Item = &'w str>) -> u32 {
    let mut words = words.filter(|word| !word.is_empty());
    match words.find(|word| word.starts_with("pref")) {
        Some(_) => words.next().and_then(|number| number.parse().ok()).unwrap_or(1),
        None => u32::MAX,
    }
}
