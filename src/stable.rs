//! Letters that stay as they are when text is normalized, so that most names need no normalization.
//!
//! A [`Stable`] letter is its own composed form (Unicode NFC), and in lowercase its own compatibility form (NFKC). The
//! ranges are those of the scripts in which most names are written; every other letter goes through the library.

use crate::script::Script;

/// A letter that normalization does not change, or a sign that is written with such letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stable {
    /// The writing system.
    pub(crate) script: Script,
    /// The letter in lowercase.
    pub(crate) small: char,
    /// The canonical combining class: 0 for a letter, the order of signs after it for a sign.
    class: u8,
}

/// The letters of the scripts with the lowest codes, which most names are written in.
static LOW: [Option<Stable>; 0x1100] = {
    let mut low = [None; 0x1100];
    let mut letter = '\0';
    while (letter as usize) < low.len() {
        low[letter as usize] = Stable::look_up(letter);
        letter = match char::from_u32(letter as u32 + 1) {
            Some(next) => next,
            None => break,
        };
    }
    low
};

impl Stable {
    /// Returns what is known of a letter.
    #[inline]
    pub(crate) fn of(letter: char) -> Option<Self> {
        match LOW.get(letter as usize) {
            Some(known) => *known,
            None => Self::look_up(letter),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table")]
    const fn look_up(letter: char) -> Option<Self> {
        let code = letter as u32;
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
            '\u{e01}'..='\u{e32}' | '\u{e34}'..='\u{e3a}' | '\u{e40}'..='\u{e45}' | '\u{e48}'..='\u{e4b}' => {
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
            '\u{902}' | '\u{903}' | '\u{904}'..='\u{939}' | '\u{93c}'..='\u{94d}' => (Script::Other, 0),
            '\u{982}'
            | '\u{983}'
            | '\u{985}'..='\u{98c}'
            | '\u{98f}'
            | '\u{990}'
            | '\u{993}'..='\u{9a8}'
            | '\u{9aa}'..='\u{9b0}'
            | '\u{9b2}'
            | '\u{9b6}'..='\u{9b9}'
            | '\u{9bc}'..='\u{9c4}'
            | '\u{9c7}'
            | '\u{9c8}'
            | '\u{9cb}'..='\u{9cd}' => (Script::Other, 0),
            '\u{a82}'
            | '\u{a83}'
            | '\u{a85}'..='\u{a8d}'
            | '\u{a8f}'..='\u{a91}'
            | '\u{a93}'..='\u{aa8}'
            | '\u{aaa}'..='\u{ab0}'
            | '\u{ab2}'
            | '\u{ab3}'
            | '\u{ab5}'..='\u{ab9}'
            | '\u{abd}'..='\u{ac5}'
            | '\u{ac7}'..='\u{ac9}'
            | '\u{acb}'..='\u{acd}' => (Script::Other, 0),
            '\u{b83}'
            | '\u{b85}'..='\u{b8a}'
            | '\u{b8e}'..='\u{b90}'
            | '\u{b92}'..='\u{b95}'
            | '\u{b99}'
            | '\u{b9a}'
            | '\u{b9c}'
            | '\u{b9e}'
            | '\u{b9f}'
            | '\u{ba3}'
            | '\u{ba4}'
            | '\u{ba8}'..='\u{baa}'
            | '\u{bae}'..='\u{bb9}'
            | '\u{bbe}'..='\u{bc2}'
            | '\u{bc6}'..='\u{bc8}'
            | '\u{bca}'..='\u{bcd}' => (Script::Other, 0),
            '\u{c02}'
            | '\u{c03}'
            | '\u{c05}'..='\u{c0c}'
            | '\u{c0e}'..='\u{c10}'
            | '\u{c12}'..='\u{c28}'
            | '\u{c2a}'..='\u{c39}'
            | '\u{c3e}'..='\u{c44}'
            | '\u{c46}'..='\u{c48}'
            | '\u{c4a}'..='\u{c4d}' => (Script::Other, 0),
            // Georgian and Armenian.
            '\u{10d0}'..='\u{10fa}' | '\u{561}'..='\u{586}' => (Script::Other, 0),
            '\u{531}'..='\u{556}' => (Script::Other, 0x30),
            _ => return None,
        };
        let class = match letter {
            '\u{93c}' | '\u{9bc}' => 7,
            '\u{94d}' | '\u{9cd}' | '\u{acd}' | '\u{bcd}' | '\u{c4d}' | '\u{e3a}' => 9,
            '\u{e38}' | '\u{e39}' => 103,
            '\u{e48}'..='\u{e4b}' => 107,
            _ => 0,
        };
        match char::from_u32(code + distance) {
            Some(small) => Some(Self { script, small, class }),
            None => None,
        }
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
        // Signs that compose with the letter before them.
        let joins = match self.small {
            '\u{93c}' => matches!(before.small, '\u{928}' | '\u{930}' | '\u{933}'),
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

    fn all() -> impl Iterator<Item = (char, Stable)> {
        ('\0'..=char::MAX).filter_map(|letter| Some((letter, Stable::of(letter)?)))
    }

    #[test]
    fn normalization_does_not_change_stable_letters() {
        assert!(all().count() > 40_000);
        for (letter, stable) in all() {
            let small: String = letter.to_lowercase().collect();
            assert_eq!(stable.small.to_string(), small, "{letter}");
            assert!([letter].into_iter().nfc().eq([letter]), "{letter}");
            assert!(small.nfkc().eq(small.chars()), "{letter}");
            assert_eq!(stable.class, canonical_combining_class(letter), "{letter}");
            assert_eq!(Script::of(letter).unwrap_or(stable.script), stable.script, "{letter}");
            assert!(letter.is_alphabetic() || stable.class > 0, "{letter}");
        }
    }

    #[test]
    fn stable_letters_stay_behind_each_other() {
        let letters: Vec<(char, Stable)> =
            all().filter(|(letter, _)| !matches!(letter, '\u{3400}'..='\u{d7a3}')).collect();
        // A letter that composes with one before it, or moves before it, shows this next to a sign of the highest class.
        let may_change = |(letter, stable): &&(char, Stable)| {
            stable.class > 0
                || unicode_normalization::is_nfc_quick([*letter].into_iter())
                    != unicode_normalization::IsNormalized::Yes
        };
        for (letter, stable) in letters.iter().filter(may_change) {
            for (before, known) in &letters {
                let pair = [known.small, stable.small];
                let stays = pair.into_iter().nfkc().eq(pair)
                    && [*before, *letter].into_iter().nfc().eq([*before, *letter]);
                assert!(stays || !stable.stays_behind(*known), "{before}{letter}");
            }
        }
    }
}
