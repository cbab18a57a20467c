//! Letters that stay as they are when text is normalized, so that most names need no normalization.
//!
//! A [`Settled`] letter is its own composed form (Unicode NFC), and in lowercase its own compatibility form (NFKC). The
//! ranges are those of the scripts in which most names are written; every other letter goes through the library.

use crate::script::Script;

/// A letter that normalization does not change, or a sign that is written with such letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The writing system.
    pub(crate) script: Script,
    /// The letter in lowercase.
    pub(crate) small: char,
    /// The canonical combining class: 0 for a letter, the order of signs after it for a sign.
    class: u8,
}

impl Settled {
    /// Returns what is known of a letter.
    #[inline]
    pub(crate) fn of(letter: char) -> Option<Self> {
        let code = u32::from(letter);
        let (script, distance) = match letter {
            'a'..='z' => (Script::Latin, 0),
            'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ' => (Script::Latin, 0x20),
            'ß'..='ö' | 'ø'..='ÿ' | 'ơ' | 'ư' => (Script::Latin, 0),
            // Capitals alternate with their small letters.
            '\u{100}'..='\u{12f}'
            | '\u{134}'..='\u{137}'
            | '\u{14a}'..='\u{177}'
            | '\u{218}'..='\u{21b}'
            | '\u{1e00}'..='\u{1e95}'
            | '\u{1ea0}'..='\u{1eff}' => (Script::Latin, (code + 1) % 2),
            '\u{139}'..='\u{13e}' | '\u{141}'..='\u{148}' | '\u{179}'..='\u{17e}' => {
                (Script::Latin, code % 2)
            }
            'Ơ' | 'Ư' => (Script::Latin, 1),
            'α'..='ώ' | 'ά'..='ΰ' => (Script::Greek, 0),
            'Α'..='Ρ' | 'Σ'..='Ϋ' => (Script::Greek, 0x20),
            'Ά' => (Script::Greek, 0x26),
            'Έ'..='Ί' => (Script::Greek, 0x25),
            'Ό' => (Script::Greek, 0x40),
            'Ύ' | 'Ώ' => (Script::Greek, 0x3f),
            'а'..='џ' => (Script::Cyrillic, 0),
            'А'..='Я' => (Script::Cyrillic, 0x20),
            'Ѐ'..='Џ' => (Script::Cyrillic, 0x50),
            '\u{5d0}'..='\u{5ea}' => (Script::Hebrew, 0),
            '\u{621}'..='\u{63a}' | '\u{641}'..='\u{64a}' | '\u{679}'..='\u{6bf}' => (Script::Arabic, 0),
            '\u{6c1}'..='\u{6d3}' => (Script::Arabic, 0),
            '\u{e01}'..='\u{e32}' | '\u{e34}'..='\u{e3a}' | '\u{e40}'..='\u{e45}' | '\u{e47}'..='\u{e4b}' => {
                (Script::Thai, 0)
            }
            '\u{3005}'
            | '\u{3041}'..='\u{3096}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}' => (Script::EastAsian, 0),
            // The consonants, vowels and vowel signs of Hindi, Bengali, Gujarati, Tamil and Telugu.
            '\u{904}'..='\u{939}' | '\u{93d}'..='\u{94d}' | '\u{902}' | '\u{903}' => (Script::Other, 0),
            '\u{982}' | '\u{983}' | '\u{985}'..='\u{9b9}' | '\u{9be}'..='\u{9cd}' => (Script::Other, 0),
            '\u{a82}' | '\u{a83}' | '\u{a85}'..='\u{ab9}' | '\u{abe}'..='\u{acd}' => (Script::Other, 0),
            '\u{b83}'..='\u{bb9}' | '\u{bbe}'..='\u{bcd}' => (Script::Other, 0),
            '\u{c02}' | '\u{c03}' | '\u{c05}'..='\u{c39}' | '\u{c3e}'..='\u{c4d}' => (Script::Other, 0),
            // Georgian and Armenian.
            '\u{10d0}'..='\u{10fa}' | '\u{561}'..='\u{586}' => (Script::Other, 0),
            '\u{531}'..='\u{556}' => (Script::Other, 0x30),
            _ => return None,
        };
        let class = match letter {
            '\u{94d}' | '\u{9cd}' | '\u{acd}' | '\u{bcd}' | '\u{c4d}' | '\u{e3a}' => 9,
            '\u{e38}' | '\u{e39}' => 103,
            '\u{e48}'..='\u{e4b}' => 107,
            _ => 0,
        };
        let small = if distance == 0 { letter } else { char::from_u32(code + distance)? };
        Some(Self { script, small, class })
    }

    /// Returns whether this is a letter, not a sign on one.
    #[inline]
    pub(crate) fn is_letter(self) -> bool {
        self.class == 0
    }

    /// Returns whether both stay as they are if this one follows `before`.
    #[inline]
    pub(crate) fn stays_behind(self, before: Self) -> bool {
        let is_ordered = self.class == 0 || before.class <= self.class;
        // Vowel signs that are composed of two.
        let joins = match self.small {
            '\u{9be}' => before.small == '\u{9c7}',
            '\u{bbe}' => matches!(before.small, '\u{bc6}' | '\u{bc7}'),
            _ => false,
        };
        is_ordered && !joins
    }
}

#[cfg(test)]
mod tests {
    use unicode_normalization::{UnicodeNormalization as _, char::canonical_combining_class};

    use super::*;

    fn all() -> impl Iterator<Item = (char, Settled)> {
        ('\0'..=char::MAX).filter_map(|letter| Some((letter, Settled::of(letter)?)))
    }

    #[test]
    fn normalization_does_not_change_settled_letters() {
        assert!(all().count() > 40_000);
        for (letter, settled) in all() {
            let small: String = letter.to_lowercase().collect();
            assert_eq!(settled.small.to_string(), small, "{letter}");
            assert!([letter].into_iter().nfc().eq([letter]), "{letter}");
            assert!(small.nfkc().eq(small.chars()), "{letter}");
            assert_eq!(settled.class, canonical_combining_class(letter), "{letter}");
            assert_eq!(Script::of(letter).unwrap_or(settled.script), settled.script, "{letter}");
            assert!(!letter.is_control() && !letter.is_whitespace(), "{letter}");
        }
    }

    #[test]
    fn settled_letters_stay_behind_each_other() {
        let letters: Vec<(char, Settled)> =
            all().filter(|(letter, _)| !matches!(letter, '\u{3400}'..='\u{d7a3}')).collect();
        // A letter that composes with one before it, or moves before it, shows this next to a sign of the highest class.
        let may_change = |(letter, settled): &&(char, Settled)| {
            settled.class > 0
                || unicode_normalization::is_nfc_quick([*letter].into_iter())
                    != unicode_normalization::IsNormalized::Yes
        };
        for (letter, settled) in letters.iter().filter(may_change) {
            for (before, known) in &letters {
                let pair = [known.small, settled.small];
                let stays = pair.into_iter().nfkc().eq(pair)
                    && [*before, *letter].into_iter().nfc().eq([*before, *letter]);
                assert!(stays || !settled.stays_behind(*known), "{before}{letter}");
            }
        }
    }
}
