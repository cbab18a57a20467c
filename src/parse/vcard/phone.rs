//! Which kind of phone a number belongs to, by the types and labels beside it, whatever their spelling.

use super::property::{Letters, Properties, Property};

/// Columns of phones, the first to be called first. Those of the last are not called.
pub(super) const KINDS: [&str; 6] =
    ["Mobile Phone", "Main Phone", "Work Phone", "Home Phone", "Other Phone", "Fax"];

const MOBILE: usize = 0;
const MAIN: usize = 1;
const WORK: usize = 2;
const HOME: usize = 3;
const OTHER: usize = 4;
const FAX: usize = 5;

/// Parts of words for what no person answers, and for phones of somebody else.
const NOT_CALLED: [&str; 28] = [
    "fax",
    "faks",
    "facsim",
    "télécop",
    "telecop",
    "факс",
    "ファックス",
    "ファクス",
    "传真",
    "傳真",
    "팩스",
    "φαξ",
    "فاكس",
    "פקס",
    "फ़ैक्स",
    "फैक्स",
    "แฟกซ์",
    "โทรสาร",
    "pager",
    "beeper",
    "telex",
    "modem",
    "bbs",
    "textphone",
    "assistant",
    "assistent",
    "secretar",
    "sekret",
];

/// Beginnings of words for the others.
const MOBILE_WORDS: [&str; 14] = [
    "cell",
    "mobil",
    "mobiel",
    "movil",
    "móvil",
    "celul",
    "handy",
    "iphone",
    "smartphone",
    "portable",
    "gsm",
    "мобил",
    "携帯",
    "手机",
];
const MAIN_WORDS: [&str; 3] = ["main", "haupt", "principal"];
const WORK_WORDS: [&str; 9] =
    ["work", "business", "office", "buro", "büro", "arbeit", "travail", "trabajo", "dienst"];
const HOME_WORDS: [&str; 6] = ["home", "privat", "privé", "domicil", "casa", "haus"];

/// The kind of a phone, as an index of [`KINDS`].
pub(super) fn kind(phone: &Property, card: &Properties, letters: Letters) -> usize {
    let mut said = phone.labels(letters);
    // Apple writes a label of one's own as a property of the same group, before or behind the phone.
    let of_group = card.all.iter().filter(|other| phone.group.is_some() && other.group == phone.group);
    for label in of_group.filter(|other| other.name.contains("LABEL")) {
        said.push_str(&String::from_utf8_lossy(&label.text(letters)).to_lowercase());
    }
    if NOT_CALLED.iter().any(|word| said.contains(word)) || has_word(&said, &["tty", "tdd", "isdn"]) {
        return FAX;
    }
    let kinds = [
        (MOBILE, MOBILE_WORDS.as_slice()),
        (MOBILE, &["car"]),
        (MAIN, &MAIN_WORDS),
        (WORK, &WORK_WORDS),
        (HOME, &HOME_WORDS),
    ];
    let found = kinds
        .iter()
        .find(|(_, words)| if words.len() == 1 { has_word(&said, words) } else { begins_word(&said, words) });
    found.map_or(OTHER, |(kind, _)| *kind)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric())
}

fn has_word(text: &str, wanted: &[&str]) -> bool {
    words(text).any(|word| wanted.contains(&word))
}

fn begins_word(text: &str, beginnings: &[&str]) -> bool {
    words(text).any(|word| beginnings.iter().any(|beginning| word.starts_with(beginning)))
}
