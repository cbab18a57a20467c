//! Names: Unicode NFC, nothing invisible, single spaces, never re-cased.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Words that belong to the family name when they stand before its last word, lower case.
const PARTICLES: &[&str] = &[
    "af", "al", "ap", "aw", "ben", "bin", "bint", "binte", "d", "da", "dal", "dalla", "das", "de", "degli",
    "dei", "del", "dela", "della", "delle", "den", "der", "des", "di", "do", "dos", "du", "e", "ed", "el",
    "ibn", "la", "las", "le", "les", "lo", "los", "mac", "op", "san", "santa", "st", "ten", "ter", "van",
    "vande", "vander", "von", "vom", "y", "zu", "zum", "zur", "'t", "’t",
];

/// Titles that follow a name after a comma: they do not turn "Doe, Jr." into a first name.
const SUFFIXES: &[&str] =
    &["jr", "sr", "junior", "senior", "ii", "iii", "iv", "phd", "md", "mba", "esq", "cpa", "dds", "rn"];

/// Characters that show nothing: format characters, which no name needs to be read aloud.
pub(super) fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// The name in the form it is sent in; empty where nothing visible is left.
///
/// ```
/// use rollcall::normalize::name::clean;
///
/// assert_eq!(clean("  Jose\u{301}\u{200b}  Mar\u{ed}a\n"), "José María");
/// ```
pub fn clean(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let visible = |letter: &char| !is_invisible(*letter) && (!letter.is_control() || letter.is_whitespace());
    let kept: String = text.chars().filter(visible).collect();
    let folded = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    Cow::Owned(if is_nfc(&folded) { folded } else { folded.nfc().collect() })
}

/// Whether there is nothing to clean: ASCII that can be seen, letters of western and central Europe as one character each,
/// and no two spaces together.
fn is_plain(text: &str) -> bool {
    let mut before = 0;
    let is_ascii = text.bytes().all(|byte| {
        let is_two_spaces = byte == b' ' && before == b' ';
        before = byte;
        (b' '..0x7f).contains(&byte) && !is_two_spaces
    });
    is_ascii
        || !text.contains("  ")
            && text.chars().all(|letter| matches!(letter, ' '..='~' | '\u{c0}'..='\u{17f}'))
}

/// Splits a cleaned full name into first and last name.
///
/// The last word is the family name, with the particles before it; `Family, Given` is read as it says. A single
/// word is a first name, and the last name is empty.
///
/// ```
/// use rollcall::normalize::name::split_full;
///
/// assert_eq!(split_full("Anna Maria van der Berg"), ("Anna Maria".into(), "van der Berg".into()));
/// assert_eq!(split_full("Rao, Asha"), ("Asha".into(), "Rao".into()));
/// ```
pub fn split_full(name: &str) -> (String, String) {
    if let Some((family, given)) = name.split_once(',') {
        let (family, given) = (family.trim(), given.trim());
        let is_suffix = SUFFIXES.contains(&given.replace('.', "").to_lowercase().as_str());
        if !family.is_empty() && !given.is_empty() && !is_suffix {
            return (given.to_owned(), family.to_owned());
        }
    }
    let words: Vec<&str> = name.split(' ').filter(|word| !word.is_empty()).collect();
    let mut last = words.len().saturating_sub(1);
    if last > 1 && is_suffix_word(words[last]) {
        last -= 1;
    }
    while last > 1 && is_particle(words[last - 1]) {
        last -= 1;
    }
    match last {
        0 => (name.to_owned(), String::new()),
        last => (words[..last].join(" "), words[last..].join(" ")),
    }
}

fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word.trim_end_matches('.').to_lowercase().as_str())
}

fn is_suffix_word(word: &str) -> bool {
    SUFFIXES.contains(&word.replace('.', "").to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(name: &str) -> String {
        let (first, last) = split_full(name);
        format!("{first}|{last}")
    }

    #[test]
    fn full_names_split_before_the_family_name() {
        assert_eq!(split("Asha Rao"), "Asha|Rao");
        assert_eq!(split("Juan de la Cruz"), "Juan|de la Cruz");
        assert_eq!(split("Ahmad bin Abdullah"), "Ahmad|bin Abdullah");
        assert_eq!(split("Ludwig van Beethoven"), "Ludwig|van Beethoven");
        assert_eq!(split("Jean-Luc O'Neill"), "Jean-Luc|O'Neill");
        assert_eq!(split("Prince"), "Prince|");
        assert_eq!(split("Van Morrison"), "Van|Morrison");
        assert_eq!(split("John Doe Jr."), "John|Doe Jr.");
        assert_eq!(split("John Doe, Jr."), "John|Doe, Jr.");
        assert_eq!(split("de la Cruz, Juan"), "Juan|de la Cruz");
        assert_eq!(split("山田 太郎"), "山田|太郎");
        assert_eq!(split(""), "|");
    }

    #[test]
    fn invisible_and_control_characters_go() {
        assert_eq!(clean("\u{202a}Li\u{202c}\0 \u{a0}Wei\x1b"), "Li Wei");
        assert_eq!(clean("\u{200b}\u{feff}"), "");
        assert_eq!(clean("mcDONALD"), "mcDONALD");
    }

    #[test]
    fn letters_that_are_plain_are_in_the_form_that_is_sent() {
        for letter in '\u{c0}'..='\u{17f}' {
            let name = format!("a{letter}");
            assert!(
                is_plain(&name) && is_nfc(&name) && !is_invisible(letter) && !letter.is_control(),
                "{letter:?}"
            );
        }
        assert!(!is_plain("a  \u{e9}") && !is_plain("e\u{301}") && !is_plain("a\u{200b}\u{e9}"));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(name in "\\PC{0,20}|[ a\u{301}e\u{200b}\t\0]{0,12}") {
            let once = clean(&name).into_owned();
            prop_assert_eq!(clean(&once), once.as_str());
        }

        #[test]
        fn a_split_keeps_every_word(words in prop::collection::vec("[A-Za-z']{1,6}", 1..6)) {
            let name = words.join(" ");
            let (first, last) = split_full(&name);
            let joined = format!("{first} {last}");
            prop_assert_eq!(joined.trim(), name);
            prop_assert!(!first.is_empty());
        }
    }
}
