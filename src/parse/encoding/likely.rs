//! Likelihood of a decoding, judged by how much the result resembles names.
//!
//! The letters beyond ASCII decide. Each has its likelihood in the language that fits best. What does not occur in
//! names (control characters, signs inside a word, a capital after a small letter, two alphabets in a word) costs so
//! much that one occurrence outweighs several good letters.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, GB18030, IBM866, ISO_8859_2, ISO_8859_4, ISO_8859_5, ISO_8859_6, ISO_8859_7,
    ISO_8859_8, ISO_8859_10, ISO_8859_13, ISO_8859_15, ISO_8859_16, KOI8_R, KOI8_U, MACINTOSH, SHIFT_JIS,
    WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255,
    WINDOWS_1256, WINDOWS_1257, WINDOWS_1258, X_MAC_CYRILLIC,
};

use super::{
    charset::{Charset, superset},
    code_page, language,
};
use crate::{contact::Region, script::Script};

/// The difference in score at which the best decoding is certain.
const CERTAIN: f32 = 4.0;

/// Facts about the text that favor some encodings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// Whether lines end in a CR alone, as on the old Macintosh.
    pub(super) ends_in_cr: bool,
    /// The region of the list's numbers.
    pub(super) region: Option<Region>,
}

/// The most likely decoding.
#[derive(Clone, Debug)]
pub(super) struct Likeliest {
    pub(super) charset: Charset,
    /// The logarithm of the likelihood.
    pub(super) score: f32,
    /// The next best charset that gives other text, if it is nearly as likely.
    pub(super) rival: Option<Charset>,
    /// Whether part of the text cannot be right.
    pub(super) has_proof_against: bool,
    /// Whether its letters fit no language, so that the text is in yet another encoding.
    pub(super) is_strange: bool,
}

/// How many times a repeated accented letter counts as evidence. After that it costs the same in every language that
/// has it: a list whose only such letter is an ñ, however often, is Spanish and not Polish with nothing but ń.
const TELLING: f32 = 2.5;
const ONCE_MORE: f32 = -4.0;

/// Finds the charset in which these lines most resemble names.
pub(super) fn likeliest(lines: &[u8], origin: Origin) -> Likeliest {
    let guess = guess(lines, origin.region);
    let priors = Priors::of(lines, origin.region);
    let mut readings: Vec<(f32, Charset, Vec<u8>, Profile)> = Vec::new();
    for (charset, rarity) in candidates() {
        let mut text = Vec::new();
        charset.decode_to(lines, &mut text);
        let profile = Profile::of(&text);
        let mut score = profile.score(&priors) - rarity;
        if charset == guess {
            score += GUESS_OF_A_LETTER * profile.count().min(MAX_GUESS_LETTERS);
        }
        if is_of_macintosh(charset) && origin.ends_in_cr {
            score += MACINTOSH_LINE_ENDS;
        }
        readings.push((score, charset, text, profile));
    }
    // Among equally likely charsets, the first is the most common.
    let mut best = 0;
    for index in 1..readings.len() {
        if readings[index].0 > readings[best].0 {
            best = index;
        }
    }
    let (score, charset, text, profile) = readings.swap_remove(best);
    let rivals = readings.iter().filter(|(rival, _, other, _)| score - rival < CERTAIN && *other != text);
    let rival = rivals.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, charset, ..)| *charset);
    Likeliest {
        charset,
        score,
        rival,
        has_proof_against: profile.proofs > 0,
        is_strange: profile.is_strange(),
    }
}

/// Returns the likelihood of lines in UTF-8.
pub(super) fn score_of_utf_8(lines: &[u8], origin: Origin) -> f32 {
    Profile::of(lines).score(&Priors::of(lines, origin.region))
}

/// The weight of a guess that also considers sequences of letters. With few letters, it knows little.
const GUESS_OF_A_LETTER: f32 = 0.2;
const MAX_GUESS_LETTERS: f32 = 15.0;
const MACINTOSH_LINE_ENDS: f32 = 6.0;

fn guess(lines: &[u8], region: Option<Region>) -> Charset {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(lines, true);
    let domain = region.map(|region| region.as_str().to_lowercase()).filter(|code| code != "001");
    Charset::Standard(superset(detector.guess(domain.as_ref().map(String::as_bytes), Utf8Detection::Deny)))
}

/// Returns the charsets used in contact lists, most common first, with a penalty for rarity.
fn candidates() -> impl Iterator<Item = (Charset, f32)> {
    let standard = [
        (WINDOWS_1252, 0.0),
        (WINDOWS_1250, 1.0),
        (WINDOWS_1251, 0.0),
        (SHIFT_JIS, 0.0),
        (GB18030, 0.0),
        (BIG5, 0.0),
        (EUC_KR, 0.0),
        (WINDOWS_1254, 1.0),
        (WINDOWS_1253, 0.0),
        (WINDOWS_1255, 0.0),
        (WINDOWS_1256, 0.0),
        (WINDOWS_1257, 2.0),
        (WINDOWS_1258, 2.0),
        (WINDOWS_874, 0.0),
        (ISO_8859_2, 1.5),
        (ISO_8859_7, 2.0),
        (ISO_8859_8, 1.0),
        (ISO_8859_6, 1.0),
        (ISO_8859_15, 1.0),
        (ISO_8859_5, 2.0),
        (ISO_8859_13, 2.0),
        (ISO_8859_4, 3.0),
        (ISO_8859_10, 3.0),
        (ISO_8859_16, 3.0),
        (EUC_JP, 1.0),
        (KOI8_U, 2.0),
        (KOI8_R, 2.0),
        (MACINTOSH, 5.0),
        (X_MAC_CYRILLIC, 4.0),
        (IBM866, 3.0),
    ];
    let pages = code_page::ALL.iter().map(|page| {
        let rarity = match page.name {
            "ibm850" => 3.5,
            "ibm852" | "ibm437" => 4.0,
            _ => 5.0,
        };
        (Charset::CodePage(page), rarity)
    });
    standard.into_iter().map(|(encoding, rarity)| (Charset::Standard(encoding), rarity)).chain(pages)
}

fn is_of_macintosh(charset: Charset) -> bool {
    charset.name().starts_with("x-mac-") || charset == Charset::Standard(MACINTOSH)
}

/// The likelihood of each language before any letter is examined.
struct Priors(Vec<f32>);

impl Priors {
    /// Creates the priors from the user's region and the calling codes of the numbers in the lines.
    fn of(lines: &[u8], region: Option<Region>) -> Self {
        const FOREIGN: f32 = -8.0;
        const WESTERN: f32 = -1.0;

        let codes = calling_codes(lines);
        let prior = |(index, language): (usize, &language::Language)| {
            let is_called = language.calling_codes.iter().filter_map(|code| codes.get(*code)).sum::<usize>()
                * 2
                > codes.values().sum::<usize>();
            let is_of_region = region.is_some_and(|region| language.regions.contains(&region.as_str()));
            match () {
                () if is_called => 0.0,
                () if is_of_region && codes.is_empty() => 0.0,
                () if is_of_region => -1.5,
                () if index == language::WESTERN => WESTERN,
                () if region.is_none() && codes.is_empty() => FOREIGN / 2.0,
                () => FOREIGN,
            }
        };
        Self(language::ALL.iter().enumerate().map(prior).collect())
    }
}

/// Counts the calling codes that distinguish languages, in numbers with a plus.
fn calling_codes(lines: &[u8]) -> HashMap<&'static str, usize> {
    let mut found = HashMap::new();
    for place in memchr::memchr_iter(b'+', lines) {
        let digits = &lines[place + 1..];
        let codes = language::ALL.iter().flat_map(|language| language.calling_codes);
        if let Some(code) =
            codes.filter(|code| digits.starts_with(code.as_bytes())).max_by_key(|code| code.len())
        {
            *found.entry(*code).or_default() += 1;
        }
    }
    found
}

/// The letters beyond ASCII of a decoding, and the evidence against it.
struct Profile {
    // The order must be deterministic, because sums of fractions depend on it.
    letters: BTreeMap<char, u16>,
    /// The cost that applies in every language.
    cost: f32,
    /// The number of signs that the decoding is wrong.
    proofs: usize,
}

impl Profile {
    fn of(text: &[u8]) -> Self {
        let mut profile = Self { letters: BTreeMap::new(), cost: 0.0, proofs: 0 };
        for chunk in text.utf8_chunks() {
            profile.add(chunk.valid());
            if !chunk.invalid().is_empty() {
                profile.cost += Self::MALFORMED;
                profile.proofs += 1;
            }
        }
        profile
    }

    const MALFORMED: f32 = -25.0;
    /// The cost of an ASCII character. Encodings that use such bytes as halves of letters have fewer.
    const ASCII: f32 = -3.0;

    fn add(&mut self, text: &str) {
        let mut before: Option<char> = None;
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter.is_ascii() {
                self.cost += Self::ASCII;
            } else {
                self.add_letter(before, letter, letters.peek().copied());
            }
            before = Some(letter);
        }
    }

    fn add_letter(&mut self, before: Option<char>, letter: char, behind: Option<char>) {
        let script_of = |letter: Option<char>| letter.and_then(Script::of);
        let around = [script_of(before), script_of(behind)];
        let in_word = around.iter().flatten().count();
        let Some(script) = Script::of(letter) else {
            let (cost, is_proof) = cost_of_sign(letter, in_word);
            self.cost += cost;
            self.proofs += usize::from(is_proof);
            return;
        };
        if around.into_iter().flatten().any(|other| !other.joins(script)) {
            self.cost -= 8.0;
            self.proofs += 1;
        }
        let is_beside_latin = script == Script::EastAsian && around.contains(&Some(Script::Latin));
        self.cost -= if is_beside_latin { 4.0 } else { 0.0 };
        if letter.is_uppercase() {
            // Capitals are rarer than small letters, except at the beginning of a word.
            let is_behind_small = before.is_some_and(char::is_lowercase);
            self.cost -= if is_behind_small { 6.0 } else { 1.2 };
            // No name ends in a single capital: it is half of a UTF-8 letter that was cut off.
            self.proofs += usize::from(is_behind_small && around[1].is_none());
        } else if letter.is_lowercase() {
            let is_first = around[0].is_none();
            let is_among_capitals = [before, behind].into_iter().flatten().any(char::is_uppercase)
                && !is_first
                && before.is_some_and(char::is_uppercase)
                && behind.is_some_and(char::is_uppercase);
            self.cost -= if is_among_capitals {
                4.0
            } else if is_first {
                2.0
            } else {
                0.0
            };
        }
        let small = letter.to_lowercase().next().unwrap_or(letter);
        let count = self.letters.entry(small).or_default();
        *count = count.saturating_add(1);
    }

    /// Returns the number of letters beyond ASCII.
    fn count(&self) -> f32 {
        self.letters.values().map(|count| f32::from(*count)).sum()
    }

    /// Returns whether even the best language has hardly any of the letters.
    fn is_strange(&self) -> bool {
        /// Minimum number of known letters out of ten.
        const MIN_KNOWN: f32 = 2.0;

        let known_in = |language: &language::Language| -> f32 {
            let known = self.letters.iter().filter(|(letter, _)| language.letters.contains(**letter));
            known.map(|(_, count)| f32::from(*count)).sum()
        };
        let known = language::ALL.iter().map(known_in).max_by(f32::total_cmp).unwrap_or_default();
        known * 10.0 < self.count() * MIN_KNOWN
    }

    /// Returns the logarithm of the likelihood in the language that fits best.
    fn score(&self, priors: &Priors) -> f32 {
        // Every encoding is scored in every language.
        static LOGARITHMS: LazyLock<Vec<HashMap<char, f32>>> =
            LazyLock::new(|| language::ALL.iter().map(language::Language::logarithms).collect());

        let of_language = |((language, known), prior): ((&language::Language, &HashMap<char, f32>), &f32)| {
            let of_letter = |(letter, count): (&char, &u16)| {
                let count = f32::from(*count);
                match known.get(letter) {
                    Some(logarithm) if language.script == Script::Latin => {
                        logarithm * count.min(TELLING) + ONCE_MORE * (count - TELLING).max(0.0)
                    }
                    Some(logarithm) => logarithm * count,
                    None => language.logarithm_of_foreign(*letter) * count,
                }
            };
            self.letters.iter().map(of_letter).sum::<f32>() + prior
        };
        let best =
            language::ALL.iter().zip(&*LOGARITHMS).zip(&priors.0).map(of_language).max_by(f32::total_cmp);
        self.cost + best.unwrap_or_default()
    }
}

/// Returns the cost of a sign beyond ASCII next to this many letters, and whether it cannot occur there in a name.
fn cost_of_sign(sign: char, letters: usize) -> (f32, bool) {
    match sign {
        '\u{80}'..='\u{9f}' => (-16.0, true),
        '\u{fffd}' | '\u{e000}'..='\u{f8ff}' => (-16.0, true),
        // Marks that combine with the letter before them.
        '\u{300}'..='\u{36f}' => (-4.0, false),
        '’' => (-7.0, false),
        '\u{a0}' | '\u{ad}' if letters == 2 => (-12.0, true),
        '\u{ff00}'..='\u{ff65}' | '\u{3001}'..='\u{303f}' => (-14.0, letters > 0),
        '\u{a0}' | '‘' | '–' | '—' | '“' | '”' | '·' | '´' | '・' | '　' => (-6.0, false),
        '\u{2500}'..='\u{259f}' => (-13.0, letters > 0),
        _ if letters == 2 => (-12.0, true),
        _ if letters == 1 => (-10.0, true),
        _ => (-8.0, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, region: &str, text: &str) -> Likeliest {
        let charset = super::super::by_name(name).unwrap().charset().unwrap();
        let bytes: Vec<u8> = match charset {
            Charset::Standard(encoding) => encoding.encode(text).0.into_owned(),
            Charset::CodePage(page) => page.encode(text),
        };
        likeliest(&bytes, Origin { ends_in_cr: false, region: Region::new(region) })
    }

    #[test]
    fn few_names_are_enough_to_find_the_encoding() {
        for (name, region, text) in [
            ("windows-1252", "", "Hélène Marsh"),
            // The same letter repeatedly, with numbers of a country with many languages.
            (
                "windows-1252",
                "",
                "Ana Peña +442079460100\nLuis Muñoz +442079460101\nEva Nuñez +442079460102\nJuan Castaño +442079460103",
            ),
            (
                "windows-1252",
                "ES",
                "PEÑA\nMUÑOZ\nNUÑEZ\nIBAÑEZ\nCASTAÑO\nCAÑAS\nACUÑA\nORDOÑEZ\nYAÑEZ\nZUÑIGA",
            ),
            ("cp850", "ES", "Peña\nMuñoz\nNuñez\nIbañez\nCastaño\nCañas\nAcuña\nOrdoñez\nYañez\nZuñiga"),
            ("windows-1252", "", "Pål Ås +442079460100\nMårten Gård +442079460101\nÅke Låås +442079460102"),
            (
                "windows-1252",
                "",
                "João Leão +442079460100\nSebastião Falcão +442079460101\nAdão +442079460102",
            ),
            ("windows-1250", "PL", "Kamińska\nZielińska\nKońska\nGdańska\nBieńska\nLipińska"),
            (
                "windows-1250",
                "",
                "Jovanović +381641234567\nPetrović +381641234568\nMarković +381641234569\nSavić +381641234570",
            ),
            ("windows-1252", "DE", "Jürgen Müller\nSabine Größe"),
            ("cp850", "DE", "Jürgen Müller\nSabine Größe\nJörg Schäfer"),
            ("cp850", "ES", "José Muñoz\nMaría Núñez\nÁngel Pérez"),
            ("macintosh", "FR", "Zoé Lefèvre\nFrançois Bézier\nAnaïs Hébert"),
            ("cp852", "PL", "Łukasz Wójcik\nŻaneta Dąbrowska"),
            ("cp852", "CZ", "Jiří Dvořák\nMarkéta Nováková\nLuboš Kučera"),
            ("mac-ce", "CZ", "Jiří Dvořák\nMarkéta Nováková\nLuboš Kučera"),
            ("windows-1250", "CZ", "Jiří Dvořák\nMarkéta Nováková\nLuboš Kučera"),
            ("iso-8859-2", "PL", "Łukasz Wójcik\nŻaneta Dąbrowska\nJaśmina Kość"),
            ("cp857", "TR", "Ayşe Yılmaz\nGökhan Çağlar"),
            ("cp737", "GR", "Γιώργος Παπαδόπουλος\nΕλένη Αντωνίου"),
            ("cp862", "IL", "משה כהן\nרחל לוי"),
            ("koi8-r", "RU", "Анна Иванова\nПётр Смирнов"),
            ("cp1125", "UA", "Олексій Їжак\nІрина Ковальчук\nЄвген Гончар"),
            ("koi8-u", "UA", "Олексій Їжак\nІрина Ковальчук"),
            ("cp866", "RU", "Анна Иванова\nПётр Смирнов"),
            ("x-mac-cyrillic", "RU", "Анна Иванова\nПётр Смирнов\nОльга Кузнецова"),
            ("windows-1251", "", "Анна Иванова\nПётр Смирнов"),
            ("shift_jis", "JP", "山田 太郎\n佐藤 花子"),
            ("euc-jp", "JP", "山田 太郎\n佐藤 花子\n鈴木 一郎"),
            ("gb18030", "CN", "张 伟\n王 芳\n李 娜"),
            ("big5", "TW", "陳 大文\n林 美玲\n黃 志明"),
            ("euc-kr", "KR", "김 철수\n이 영희\n박 민수"),
        ] {
            let found = found(name, region, text);
            let mut read = Vec::new();
            let charset = super::super::by_name(name).unwrap().charset().unwrap();
            let bytes: Vec<u8> = match charset {
                Charset::Standard(encoding) => encoding.encode(text).0.into_owned(),
                Charset::CodePage(page) => page.encode(text),
            };
            found.charset.decode_to(&bytes, &mut read);
            assert_eq!(String::from_utf8_lossy(&read), text, "{name} as {}", found.charset.name());
            assert!(!found.has_proof_against, "{name}");
        }
    }
}
