//! East Asian names, in scripts that put the family name first.

use super::words::{COURTESIES, HYPHENATED_FAMILIES, TWO_SYLLABLES, VIETNAMESE_FAMILIES};
use crate::script::Script;

/// A name in an East Asian script.
pub(super) enum Eastern {
    /// The split is certain.
    Split { first: String, last: String, is_family_first: bool },
    /// The split is uncertain: `detail` has all readings, and the names follow the simple rule.
    Unclear { first: String, last: String, detail: String },
}

/// Reads a name in Han characters, kana or hangul. Returns `None` for other scripts.
pub(super) fn split(name: &str) -> Option<Eastern> {
    let is_sign = |letter: char| matches!(letter, '・' | '·' | '･' | 'ー' | '々');
    let mut letters = name.chars().filter(|letter| !letter.is_whitespace() && !is_sign(*letter)).peekable();
    letters.peek()?;
    if !letters.all(|letter| Script::of(letter) == Some(Script::EastAsian)) {
        return None;
    }
    let name = COURTESIES.iter().find_map(|courtesy| name.strip_suffix(courtesy)).unwrap_or(name).trim();
    let split = |first: &str, last: &str, is_family_first| Eastern::Split {
        first: first.to_owned(),
        last: last.to_owned(),
        is_family_first,
    };
    // A foreign name, in the order of its own language.
    if let Some((first, last)) = name.rsplit_once(['・', '·', '･']) {
        return Some(split(first.trim(), last.trim(), false));
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    Some(match words[..] {
        [last, first] if is_katakana(last) && is_katakana(first) => unclear(last, first),
        [last, first] => split(first, last, true),
        [name] => unspaced(name),
        _ => {
            let (last, first) = name.rsplit_once(' ').unwrap_or((name, ""));
            unclear(last, first)
        }
    })
}

fn unclear(before: &str, behind: &str) -> Eastern {
    let detail = format!(
        "first name `{before}`, last name `{behind}`, or first name `{behind}`, last name `{before}`"
    );
    Eastern::Unclear { first: before.to_owned(), last: behind.to_owned(), detail }
}

/// Splits a name without a space. Of three hangul syllables, the first is the family name, except in a few families.
fn unspaced(name: &str) -> Eastern {
    let letters: Vec<char> = name.chars().collect();
    let is_hangul = letters.iter().all(|letter| matches!(letter, '\u{ac00}'..='\u{d7a3}'));
    if is_hangul && letters.len() == 3 && !TWO_SYLLABLES.iter().any(|family| name.starts_with(family)) {
        return Eastern::Split {
            last: letters[..1].iter().collect(),
            first: letters[1..].iter().collect(),
            is_family_first: true,
        };
    }
    let at = |at: usize| {
        let last: String = letters[..at].iter().collect();
        let first: String = letters[at..].iter().collect();
        format!("first name `{first}`, last name `{last}`")
    };
    let detail = match letters.len() {
        0 | 1 => "it is a single character".to_owned(),
        2 => format!("{}, or one of the two alone", at(1)),
        _ => format!("{}, or {}", at(1), at(2)),
    };
    Eastern::Unclear { first: name.to_owned(), last: String::new(), detail }
}

fn is_katakana(word: &str) -> bool {
    word.chars().all(|letter| matches!(letter, '\u{30a0}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}'))
}

/// Returns whether a word is in an East Asian script.
pub(super) fn is_eastern(word: &str) -> bool {
    word.chars().next().is_some_and(|letter| Script::of(letter) == Some(Script::EastAsian))
}

/// Returns whether a name in Latin letters begins with its family name: a Vietnamese name with its accents, or a Korean
/// or Chinese name before a given name such as `Min-su`.
pub(super) fn is_romanized_family_first(words: &[&str]) -> bool {
    let [first, .., last] = words else { return false };
    let is_vietnamese =
        |letter: char| matches!(letter, '\u{1ea0}'..='\u{1ef9}' | 'đ' | 'Đ' | 'ơ' | 'Ơ' | 'ư' | 'Ư');
    let is_syllables = || {
        let small = |word: &str| !word.is_empty() && word.chars().all(char::is_lowercase);
        words.len() == 2 && last.split_once('-').is_some_and(|(_, second)| small(second))
    };
    if HYPHENATED_FAMILIES.contains(first) && is_syllables() {
        return true;
    }
    let has_letters = !first.is_ascii() || words.iter().any(|word| word.contains(is_vietnamese));
    let has_middle = || matches!(words[1].to_lowercase().as_str(), "thị" | "văn");
    VIETNAMESE_FAMILIES.contains(first)
        && has_letters
        && (!VIETNAMESE_FAMILIES.contains(last) || words.len() > 2 && has_middle())
}
