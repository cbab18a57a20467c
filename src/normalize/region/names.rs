//! Names of countries, from Unicode CLDR and other sources: a generated table that is searched in place.

use std::cmp::Ordering;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::contact::Region;

/// Lines of a folded name, a tab and a code, sorted by the bytes of the names; see `names/README.md`.
const NAMES: &str = include_str!("names/names.tsv");

/// Returns the country with a folded name.
pub(super) fn region(folded: &str) -> Option<Region> {
    let bytes = NAMES.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = memchr::memrchr(b'\n', &bytes[low..middle]).map_or(low, |end| low + end + 1);
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length);
        let (name, code) = NAMES[start..end].split_once('\t')?;
        match name.cmp(folded) {
            Ordering::Less => low = end + 1,
            Ordering::Greater => high = start,
            Ordering::Equal => return Region::new(code),
        }
    }
    None
}

/// Returns the country whose name differs least from a folded name: by one letter, or by two for long names. Only names
/// with the same first letter are compared. Returns `None` if names of two countries are equally similar.
pub(super) fn similar(folded: &str) -> Option<Region> {
    const MIN_CHARS: usize = 4;
    const MIN_CHARS_OF_TWO: usize = 8;

    let letters = folded.chars().count();
    let first = folded.chars().next().filter(|_| letters >= MIN_CHARS)?;
    let most = if letters < MIN_CHARS_OF_TWO { 1 } else { 2 };
    let mut best: Option<(usize, &str)> = None;
    let mut is_only = true;
    for line in NAMES.lines().filter(|line| line.starts_with(first)) {
        let Some((name, code)) = line.split_once('\t') else { continue };
        if name.chars().count().abs_diff(letters) > most {
            continue;
        }
        let distance = strsim::osa_distance(name, folded);
        match best {
            _ if distance > most => {}
            Some((least, known)) if distance > least || distance == least && known == code => {}
            Some((least, _)) if distance == least => is_only = false,
            _ => (best, is_only) = (Some((distance, code)), true),
        }
    }
    best.filter(|_| is_only).and_then(|(_, code)| Region::new(code))
}

/// Folds a name for comparison: removes case, accents, punctuation, "and", a leading "the", and the vowel signs of
/// Arabic and Hebrew. `generate.py` folds in the same way.
pub(super) fn folded(name: &str) -> String {
    let mut letters = String::with_capacity(name.len() + 4);
    for letter in name.nfkd().filter(|letter| !is_dropped_mark(*letter)) {
        if letter.is_alphanumeric() || is_combining_mark(letter) {
            letter.to_lowercase().for_each(|letter| push_letter(&mut letters, letter));
        } else {
            letters.push(' ');
        }
    }
    let words = letters.split_whitespace().map(|word| if word == "st" { "saint" } else { word });
    let mut joined = String::with_capacity(letters.len());
    let mut is_single = false;
    for (word, place) in words.zip(0..) {
        if if place == 0 { word == "the" } else { word == "and" } {
            continue;
        }
        // "U.S.A." is as common as "USA".
        let was_single = std::mem::replace(&mut is_single, word.len() == 1);
        if !(joined.is_empty() || was_single && is_single) {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined.nfc().collect()
}

/// Tests for accents of Latin, Greek and Cyrillic letters, and for the signs that Arabic and Hebrew usually omit.
fn is_dropped_mark(letter: char) -> bool {
    matches!(letter,
        '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{591}'..='\u{5bd}'
        | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}')
}

/// Appends a letter, or its common replacement on other keyboards.
fn push_letter(letters: &mut String, letter: char) {
    match letter {
        'ß' => letters.push_str("ss"),
        'æ' => letters.push_str("ae"),
        'œ' => letters.push_str("oe"),
        'ı' => letters.push('i'),
        'ς' => letters.push('σ'),
        'ø' => letters.push('o'),
        'đ' => letters.push('d'),
        'ł' => letters.push('l'),
        'ي' | 'ى' => letters.push('ی'),
        'ك' => letters.push('ک'),
        'ة' => letters.push('ه'),
        _ => letters.push(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_folded_and_every_name_is_found() {
        let mut before = "";
        for line in NAMES.lines() {
            let (name, code) = line.split_once('\t').unwrap();
            assert!(before < name, "{before} before {name}");
            assert_eq!(folded(name), name);
            assert_eq!(region(name), Region::new(code), "{name}");
            before = name;
        }
    }

    #[test]
    fn placeholders_are_not_country_names() {
        for name in ["", "n a", "none", "null", "unknown", "other", "nan", "test", "region", "land", "europe"]
        {
            assert_eq!(region(name), None, "{name}");
        }
    }
}
