//! Writing systems of letters, as far as rollcall distinguishes them. Letters of two alphabets in one word are a sign
//! of text that was read in the wrong encoding.

/// A writing system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// Latin letters, with and without accents.
    Latin,
    /// Greek letters.
    Greek,
    /// Cyrillic letters.
    Cyrillic,
    /// Hebrew letters.
    Hebrew,
    /// Arabic letters.
    Arabic,
    /// Thai letters.
    Thai,
    /// Han characters, kana and hangul, which may occur in one word.
    EastAsian,
    /// Any other letter.
    Other,
}

impl Script {
    /// Returns the script of a letter, or `None` if the character is not a letter.
    pub(crate) fn of(letter: char) -> Option<Self> {
        let script = match letter {
            // Arabic vowel signs take the script of their base letter.
            '\u{64b}'..='\u{655}' | '\u{670}' => return None,
            'a'..='z' | 'A'..='Z' => Self::Latin,
            // The ordinal indicators occur in Spanish abbreviations (Mª); the micro sign occurs in no name.
            '\u{aa}' | '\u{ba}' => Self::Latin,
            '\u{c0}'..='\u{2af}' if !matches!(letter, '×' | '÷') => Self::Latin,
            '\u{1e00}'..='\u{1eff}' => Self::Latin,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Self::Greek,
            '\u{400}'..='\u{52f}' => Self::Cyrillic,
            '\u{590}'..='\u{5ff}' | '\u{fb1d}'..='\u{fb4f}' => Self::Hebrew,
            '\u{600}'..='\u{6ff}'
            | '\u{750}'..='\u{77f}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}' => Self::Arabic,
            '\u{e00}'..='\u{e7f}' => Self::Thai,
            '\u{1100}'..='\u{11ff}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3040}'..='\u{31ff}'
            | '\u{3400}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7ff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff66}'..='\u{ff9f}'
            | '\u{20000}'..='\u{323af}' => Self::EastAsian,
            _ if letter.is_alphabetic() => Self::Other,
            _ => return None,
        };
        Some(script)
    }

    /// Returns whether a letter of the other script may occur in the same word.
    pub(crate) fn joins(self, other: Self) -> bool {
        let is_alphabet = |script| {
            matches!(
                script,
                Self::Latin | Self::Greek | Self::Cyrillic | Self::Hebrew | Self::Arabic | Self::Thai
            )
        };
        self == other || !is_alphabet(self) || !is_alphabet(other)
    }

    /// The name shown to people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Greek => "Greek",
            Self::Cyrillic => "Cyrillic",
            Self::Hebrew => "Hebrew",
            Self::Arabic => "Arabic",
            Self::Thai => "Thai",
            Self::EastAsian => "East Asian",
            Self::Other => "another script's",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_alphabets_do_not_join() {
        for (word, joins) in
            [("Müller", true), ("Петров", true), ("Aнна", false), ("Jean太郎", true), ("Ωmega", false)]
        {
            let scripts: Vec<Script> = word.chars().filter_map(Script::of).collect();
            assert_eq!(scripts.windows(2).all(|pair| pair[0].joins(pair[1])), joins, "{word}");
        }
        assert_eq!(Script::of('’'), None);
        assert_eq!(Script::of('×'), None);
    }
}
