//! Names in which one pass finds nothing to undo, repair or clean.

use super::super::garbled;
use crate::{script::Script, stable::Stable};

/// Tests whether a text consists of words in letters of one script, separated by single spaces or the signs of names.
/// Most names that are not plain ASCII are like this. What is left to check is whether the words are names.
pub(in crate::normalize) fn is_simple(text: &str) -> bool {
    let is_bounded = |byte: Option<&u8>| byte.is_some_and(|byte| !matches!(byte, b' ' | b'\''));
    let bytes = text.as_bytes();
    if !is_bounded(bytes.first()) || bytes.last() == Some(&b' ') || text.starts_with("www.") {
        return false;
    }
    let mut word = Word::default();
    let mut before = '\0';
    let mut has_letter = false;
    for letter in text.chars() {
        match letter {
            ' ' if before == ' ' => return false,
            ' ' | '-' | '.' | '\'' | ',' => {
                if word.is_of_accents() {
                    return false;
                }
                word = Word::default();
            }
            _ => {
                if !word.add(before, letter) {
                    return false;
                }
                has_letter = true;
            }
        }
        before = letter;
    }
    has_letter && !word.is_of_accents()
}

/// The letters of a word so far.
#[derive(Default)]
struct Word {
    last: Option<Stable>,
    letters: usize,
    /// Letters with the accents of western Europe.
    accents: usize,
    /// Whether there are signs that are not letters, and so end a word for other rules.
    has_signs: bool,
}

impl Word {
    /// Adds a letter. Returns `false` if the word has to be looked at more closely.
    #[inline]
    fn add(&mut self, before: char, letter: char) -> bool {
        let Some(stable) = Stable::of(letter) else { return false };
        match self.last {
            None if !stable.is_letter() => return false,
            None => {}
            Some(last) => {
                if !stable.stays_behind(last) || !stable.script.joins(last.script) {
                    return false;
                }
                if !letter.is_ascii() && garbled::may_be_one(before, letter) {
                    return false;
                }
            }
        }
        // They are also halves of garbled letters, and signs of other encodings.
        if stable.script == Script::Latin && matches!(letter, 'Ã' | 'Â' | 'Š' | 'Ž' | 'Ÿ') {
            return false;
        }
        self.accents += usize::from(matches!(letter, 'À'..='ÿ'));
        self.has_signs |= !stable.is_letter();
        self.letters += 1;
        self.last = Some(stable);
        true
    }

    /// Returns whether all letters may have accents, as in text that was read in the wrong encoding.
    fn is_of_accents(&self) -> bool {
        const MIN_LETTERS: usize = 4;

        self.letters >= MIN_LETTERS && self.accents == self.letters || self.accents > 0 && self.has_signs
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{cell, clean},
        *,
    };
    use crate::normalize::garbled::Letters;

    #[test]
    fn names_in_most_scripts_are_simple() {
        for name in [
            "José",
            "Zoë",
            "O'Hara-Müller",
            "Łukasz",
            "Nguyễn Văn",
            "Παπαδόπουλος",
            "Иван",
            "Щербаков",
            "Ёлка",
            "राव",
            "आशा",
            "প্রিয়াঙ্কা",
            "குமார்",
            "محمد",
            "الحداد",
            "דוד",
            "王",
            "さくら",
            "ハルカ",
            "김",
            "ใจดี",
            "สมชาย",
            "გიორგი",
            "J. Łukasz",
        ] {
            assert!(is_simple(name), "{name}");
        }
        for text in [
            "",
            " José",
            "José ",
            "Jose\u{301}",
            "Zoë  Lund",
            "MÃ¼ller",
            "Ïåòðîâ",
            "Aнна",
            "www.zoë.de",
            "Zoë?",
            "é@x.org",
            "'Zoë",
            "కుమార్éàüö",
        ] {
            assert!(!is_simple(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn simple_name_needs_no_repair(
            name in "[ a-zà-ÿÀ-ßĀ-ž.'-]{0,8}|[А-џ ЂЃѓ]{0,6}|[Α-ώ]{0,6}|[\u{5d0}-\u{5ea}\u{621}-\u{6d3}]{0,6}|[\u{900}-\u{97f}\u{980}-\u{9ff}]{0,6}|[\u{e01}-\u{e4e}]{0,6}|\\PC{0,8}"
        ) {
            if is_simple(&name) {
                prop_assert_eq!(garbled::judge(&name), Letters::Fine);
                prop_assert_eq!(cell::undone(&name), None);
                prop_assert_eq!(cell::without_remarks(&name), None);
                prop_assert_eq!(cell::what_else(&name), None);
                prop_assert_eq!(clean(&name), name.as_str());
                prop_assert!(name.contains(char::is_alphabetic));
            }
        }
    }
}
