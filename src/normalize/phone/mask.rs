//! Masks: numbers with hidden digits, such as `91982****001`.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::contact::E164;

/// Signs that always hide digits.
const STRONG: [char; 8] = ['*', '•', '●', '∙', '∗', '＊', '█', '■'];

/// Signs that hide digits only next to visible digits and only if several occur together.
const WEAK: [char; 7] = ['x', 'X', '#', '_', '?', '×', '·'];

/// Marks for any number of hidden digits.
const ELLIPSES: [&str; 2] = ["…", "..."];

/// The minimum number of visible digits next to weak signs that hide digits.
const MIN_SHOWN: usize = 2;

/// The lengths of international numbers.
const LENGTHS: std::ops::RangeInclusive<usize> = 7..=15;

/// A number with hidden digits: the digits from the calling code on, with a `*` for each hidden digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mask(String);

impl std::fmt::Display for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Mask {
    /// Returns the possible masks of a text, or `None` if it hides no digits. `code` is the calling code next to the
    /// text, which may be empty. `home` is the calling code of numbers without one.
    pub(super) fn read_all(text: &str, code: &str, home: impl FnOnce() -> Option<u16>) -> Option<Vec<Self>> {
        if !is_masked(text) {
            return None;
        }
        let text = text.trim().replace("(0)", "");
        let has_ellipsis = ELLIPSES.iter().any(|ellipsis| text.contains(ellipsis));
        let pattern: String = text
            .chars()
            .filter_map(|letter| match letter {
                '0'..='9' => Some(letter),
                _ if STRONG.contains(&letter) || WEAK.contains(&letter) => Some('*'),
                _ => None,
            })
            .collect();
        let national = pattern.strip_prefix('0').unwrap_or(&pattern);
        let patterns = if text.starts_with(['+', '＋']) {
            vec![pattern.clone()]
        } else if let Some(rest) = pattern.strip_prefix("00") {
            vec![rest.to_owned()]
        } else if code.is_empty() {
            let at_home = home().map(|home| format!("{home}{national}"));
            std::iter::once(pattern.clone()).chain(at_home).collect()
        } else {
            let joined = format!("{code}{national}");
            let whole = Some(pattern.clone()).filter(|_| pattern.starts_with(code));
            whole.into_iter().chain([joined]).collect()
        };
        let mut masks: Vec<Self> = patterns
            .into_iter()
            .filter(|pattern| !has_ellipsis && LENGTHS.contains(&pattern.len()) && !pattern.starts_with('0'))
            .map(Self)
            .collect();
        if masks.is_empty() {
            // The text shows only that digits are hidden.
            masks.push(Self("*".to_owned()));
        }
        Some(masks)
    }

    /// Returns whether the mask begins and ends with visible digits, so that it matches only a few numbers.
    pub fn is_hidden_inside(&self) -> bool {
        let is_shown = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
        LENGTHS.contains(&self.0.len()) && is_shown(self.0.bytes().next()) && is_shown(self.0.bytes().last())
    }

    /// Returns the mask as people write it.
    pub fn written(&self) -> String {
        format!("+{}", self.0)
    }

    fn shape(&self) -> Vec<bool> {
        self.0.bytes().map(|byte| byte.is_ascii_digit()).collect()
    }

    fn shown(&self) -> String {
        self.0.chars().filter(char::is_ascii_digit).collect()
    }
}

/// Tests whether a text hides digits.
pub(super) fn is_masked(text: &str) -> bool {
    let is_sign = |letter: char| STRONG.contains(&letter) || WEAK.contains(&letter) || letter == '…';
    // Nearly all texts are plain.
    let is_plain = |byte: u8| byte.is_ascii_digit() || b" +-()/".contains(&byte);
    if text.bytes().all(is_plain) || !text.contains(is_sign) && !text.contains("...") {
        return false;
    }
    let shown = text.chars().filter(|letter| letter.is_numeric()).count();
    let has_words = text.chars().any(|letter| letter.is_alphabetic() && !WEAK.contains(&letter));
    let letters: Vec<char> = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let is_pair = |pair: &[char]| match *pair {
        [one, other] if STRONG.contains(&one) => one == other,
        [one, other] if WEAK.contains(&one) && shown >= MIN_SHOWN && !has_words => {
            one.eq_ignore_ascii_case(&other)
        }
        _ => false,
    };
    let is_between = |three: &[char]| match *three {
        [before, sign, behind] => before.is_numeric() && STRONG.contains(&sign) && behind.is_numeric(),
        _ => false,
    };
    // A single star may also precede digits that are dialed after a number.
    let is_single = letters.windows(3).any(is_between)
        && letters.iter().filter(|letter| STRONG.contains(letter)).count() == 1
        && (count_digits(letters.iter().rev()) > MAX_DIALED || count_digits(letters.iter()) < MIN_NUMBER);
    let has_ellipsis =
        shown >= MIN_SHOWN && !has_words && ELLIPSES.iter().any(|ellipsis| text.contains(ellipsis));
    letters.windows(2).any(is_pair) || is_single && !text.contains(' ') || has_ellipsis
}

/// The maximum number of digits that may be dialed after a number.
const MAX_DIALED: usize = 6;

/// The minimum number of digits of a number before such digits.
const MIN_NUMBER: usize = 7;

/// Counts digits up to the first other character.
fn count_digits<'l>(letters: impl Iterator<Item = &'l char>) -> usize {
    letters.skip_while(|letter| **letter == '+').take_while(|letter| letter.is_numeric()).count()
}

/// Masks of one shape, by their visible digits.
type ByShown<T> = HashMap<String, Vec<(Mask, T)>>;

/// Values by mask, found by the numbers that the masks match.
#[derive(Debug)]
pub struct ByMask<T> {
    /// Values by the positions of visible digits. A program always hides the same positions, so there are few such
    /// shapes.
    shapes: Vec<(Vec<bool>, ByShown<T>)>,
}

impl<T> Default for ByMask<T> {
    fn default() -> Self {
        Self { shapes: Vec::new() }
    }
}

impl<T> ByMask<T> {
    /// Adds a value for a mask.
    pub fn add(&mut self, mask: Mask, known: T) {
        let shape = mask.shape();
        let place = self.shapes.iter().position(|(other, _)| *other == shape).unwrap_or_else(|| {
            self.shapes.push((shape, HashMap::new()));
            self.shapes.len() - 1
        });
        self.shapes[place].1.entry(mask.shown()).or_default().push((mask, known));
    }

    /// Returns the masks that match the number, with their values.
    pub fn matching(&self, number: E164) -> impl Iterator<Item = &(Mask, T)> {
        self.shapes.iter().flat_map(move |(shape, by_shown)| {
            let digits = number.digits();
            let is_as_long = shape.len() == digits.len();
            let shown = digits.chars().zip(shape).filter(|(_, is_shown)| **is_shown);
            let shown = is_as_long.then(|| shown.map(|(digit, _)| digit).collect::<String>());
            shown.and_then(|shown| by_shown.get(&shown)).into_iter().flatten()
        })
    }

    /// Keeps only values that the predicate accepts.
    pub fn retain(&mut self, is_of_use: impl Fn(&T) -> bool) {
        for (_, by_shown) in &mut self.shapes {
            for masks in by_shown.values_mut() {
                masks.retain(|(_, known)| is_of_use(known));
            }
        }
    }

    /// Returns whether there are no masks.
    pub fn is_empty(&self) -> bool {
        self.shapes.iter().all(|(_, by_shown)| by_shown.values().all(Vec::is_empty))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(text: &str, code: &str, home: &str) -> Vec<String> {
        let masks = Mask::read_all(text, code, || home.parse().ok()).unwrap_or_default();
        masks.iter().map(Mask::written).collect()
    }

    /// Source: better-auth/better-auth issue 10401, glific/glific issue 660.
    #[test]
    fn hidden_digits_are_distinguished_from_other_signs() {
        for (text, code, home, expected) in [
            ("4420*****100", "", "", vec!["+4420*****100"]),
            ("+44 20 •••• •100", "", "", vec!["+4420*****100"]),
            ("+44 (0)20 XXXX X100", "", "", vec!["+4420*****100"]),
            ("0044 20 7946 01##", "", "", vec!["+4420794601**"]),
            ("020 79xx xx01", "44", "", vec!["+442079****01"]),
            ("4420*****100", "44", "", vec!["+4420*****100", "+444420*****100"]),
            ("020 79** **01", "", "44", vec!["+442079****01"]),
            ("+4420…100", "", "", vec!["+*"]),
            ("**********", "", "", vec!["+**********"]),
            ("44207*460100", "", "", vec!["+44207*460100"]),
        ] {
            assert_eq!(masks(text, code, home), expected, "{text}");
        }
        for text in [
            "+44 20 7946 0101",
            "* +44 20 7946 0101",
            "+44 20 7946 0101 x12",
            "+44 20 7946 0101 # 12",
            "+442079460101*12",
            "*31#+442079460101",
            "xxx",
            "#N/A",
            "98765 43210 ext. 12",
            "Max Foxx 98765 43210",
            "",
        ] {
            assert!(!is_masked(text), "{text}");
        }
    }

    #[test]
    fn number_finds_its_masks() {
        let mut known = ByMask::default();
        for (text, what) in [("4420*****100", 1), ("4420*****101", 2), ("4420794601**", 3)] {
            known.add(Mask::read_all(text, "", || None).unwrap().remove(0), what);
        }
        let found = |known: &ByMask<i32>, digits| {
            let number = E164::from_digits(digits).unwrap();
            known.matching(number).map(|(_, what)| *what).collect::<Vec<_>>()
        };
        assert_eq!(found(&known, "442079460100"), [1, 3]);
        assert_eq!(found(&known, "442081110101"), [2]);
        assert_eq!(found(&known, "44208111010"), [0; 0]);
        known.retain(|what| *what != 1);
        assert_eq!(found(&known, "442079460100"), [3]);
        let is_hidden_inside = |text| Mask::read_all(text, "", || None).unwrap()[0].is_hidden_inside();
        assert!(is_hidden_inside("4420*****100"));
        assert!(!is_hidden_inside("4420794601**") && !is_hidden_inside("********0101"));
    }
}
