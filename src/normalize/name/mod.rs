//! Names: Unicode NFC, without invisible characters, with single spaces, never re-cased.
//!
//! [`clean`] returns a name in the form in which it is sent. [`split_full`] splits a full name. The module `cell`
//! undoes what programs put around a name, and `placeholder` recognizes placeholders for missing names.

pub(super) mod cell;
mod eastern;
mod evidence;
mod full;
mod ordered;
pub(super) mod placeholder;
pub(super) mod simple;
pub(super) mod words;

use std::{borrow::Cow, sync::LazyLock};

use unicode_normalization::{UnicodeNormalization, is_nfc};

pub use self::full::{FullName, Remark, Unclear, split_full};
pub(super) use self::ordered::split_family_first;
use super::salutation;

/// The words of ASCII letters that need further checks.
static QUESTIONED: LazyLock<words::Filter> = LazyLock::new(|| {
    let mut filter = words::Filter::default();
    placeholder::words().chain(salutation::title_words()).for_each(|word| filter.add(word));
    filter
});

/// Tests whether a cell contains a single word of ASCII letters that is neither a title nor a placeholder. Most names
/// are like this, and need no repair, no cleaning and no checks.
pub(super) fn is_usual(text: &str) -> bool {
    const MAX_BYTES: usize = 30;

    (1..=MAX_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !QUESTIONED.may_have(text)
}

/// Tests for invisible characters: format characters, which do not change how a name is spoken.
pub(super) fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Returns whether nothing of a text remains when it is cleaned.
pub(super) fn is_invisible_text(text: &str) -> bool {
    let is_visible = |letter: char| !is_invisible(letter) && !letter.is_control() && !letter.is_whitespace();
    !text.contains(is_visible)
}

/// Returns the name in the form in which it is sent; empty if no visible character remains.
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
    let mut kept = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_kept = if matches!(letter, NON_JOINER | JOINER) {
            let before = kept.chars().next_back();
            let behind = letters.peek().copied();
            before.is_some_and(has_joined_letters)
                && (behind.is_some_and(has_joined_letters)
                    || letter == JOINER && before.is_some_and(is_virama))
        } else {
            !is_invisible(letter) && (!letter.is_control() || letter.is_whitespace())
        };
        if is_kept {
            kept.push(letter);
        }
    }
    let folded = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    Cow::Owned(if is_nfc(&folded) { folded } else { folded.nfc().collect() })
}

/// Separates two letters that would otherwise be joined, as in Persian.
const NON_JOINER: char = '\u{200c}';
/// Joins two letters that would otherwise be separate, as in Sinhala.
const JOINER: char = '\u{200d}';

/// Tests whether a letter belongs to a script that uses joiners and non-joiners: Arabic, Syriac, and the scripts of
/// India and its neighbors.
fn has_joined_letters(letter: char) -> bool {
    matches!(letter,
        '\u{600}'..='\u{7ff}' | '\u{840}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

/// Tests for the sign that removes the vowel of a letter in Indian scripts. After it, a joiner may end a word.
fn is_virama(letter: char) -> bool {
    matches!(
        letter,
        '\u{94d}'
            | '\u{9cd}'
            | '\u{a4d}'
            | '\u{acd}'
            | '\u{b4d}'
            | '\u{bcd}'
            | '\u{c4d}'
            | '\u{ccd}'
            | '\u{d4d}'
            | '\u{dca}'
    )
}

/// Tests whether there is nothing to clean: only visible ASCII, precomposed letters of western and central Europe, and
/// no repeated spaces.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn invisible_and_control_characters_are_removed() {
        assert_eq!(clean("\u{202a}Li\u{202c}\0 \u{a0}Wei\x1b"), "Li Wei");
        for text in ["", "\u{200b}\u{feff}", " \u{a0}\0", "\u{200c}", "\u{200b}a", "\u{301}"] {
            assert_eq!(is_invisible_text(text), clean(text).is_empty(), "{text:?}");
        }
        assert_eq!(clean("mcDONALD"), "mcDONALD");
    }

    #[test]
    fn usual_names_are_recognized() {
        for name in ["Ada", "Quill", "mcDONALD", "Li", "Null", "Anna"] {
            assert_eq!(is_usual(name), name != "Null", "{name}");
        }
        for text in
            ["", "Mr", "Unknown", "NULL", "Ada Quill", "O'Hara", "Zoë", "Ada1", " Ada", "-", &"a".repeat(31)]
        {
            assert!(!is_usual(text), "{text}");
        }
        let questioned: Vec<&str> =
            placeholder::words().chain(salutation::title_words()).filter(|word| word.is_ascii()).collect();
        assert!(questioned.len() > 100);
        for word in questioned {
            for word in [word.to_owned(), word.to_uppercase(), word[..1].to_uppercase() + &word[1..]] {
                assert!(!is_usual(&word), "{word}");
            }
        }
    }

    #[test]
    fn joiners_stay_where_a_script_needs_them() {
        for name in ["علی\u{200c}رضا", "ශ්\u{200d}රී", "ക്\u{200d}ഷ", "അവന്\u{200d}"]
        {
            assert_eq!(clean(name), name);
        }
        for (name, kept) in [
            ("An\u{200d}na", "Anna"),
            ("علی\u{200c}", "علی"),
            ("\u{200c}علی", "علی"),
            ("山\u{200c}田", "山田"),
            ("علی\u{200c}\u{200b}رضا", "علیرضا"),
        ] {
            assert_eq!(clean(name), kept);
        }
    }

    #[test]
    fn plain_letters_are_in_the_sent_form() {
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
        fn usual_name_needs_no_checks(name in "[a-zA-Z]{0,8}") {
            if is_usual(&name) {
                prop_assert!(cell::is_plain(&name));
                prop_assert_eq!(clean(&name), name.as_str());
                prop_assert!(!placeholder::is_placeholder(&name));
                prop_assert!(salutation::take_titles(&name).is_none());
            }
        }

        #[test]
        fn cleaning_twice_changes_nothing(name in "\\PC{0,20}|[ a\u{301}e\u{200b}\t\0]{0,12}") {
            let once = clean(&name).into_owned();
            prop_assert_eq!(clean(&once), once.as_str());
        }
    }
}
