//! Names with garbled letters: UTF-8 bytes read in another encoding (`MÃ¼ller`), letters replaced by U+FFFD or a
//! question mark, signs of another code page inside a word.
//!
//! If the original bytes of such letters are valid UTF-8, the name is repaired. Other garbled names are reported and
//! never used.

use std::{borrow::Cow, sync::LazyLock};

use encoding_rs::{
    Encoding, MACINTOSH, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255,
    WINDOWS_1256,
};

use super::escaped;
use crate::script::Script;

/// The encodings in which programs mistakenly read UTF-8.
const READ_AS: [&Encoding; 8] = [
    WINDOWS_1252,
    MACINTOSH,
    WINDOWS_1250,
    WINDOWS_1251,
    WINDOWS_1253,
    WINDOWS_1254,
    WINDOWS_1255,
    WINDOWS_1256,
];

/// The characters for bytes 0x80 to 0xFF in two DOS code pages, which consoles use.
const CONSOLE: [&str; 2] = [
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
];

/// The maximum number of times that text is repaired.
const MAX_ROUNDS: usize = 3;

/// The state of the letters of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    /// The letters may occur in a name.
    Fine,
    /// The letters were garbled; this is the repaired name.
    Repaired(String),
    /// The letters are garbled, and the original letters are uncertain. Contains the evidence.
    Broken(String),
}

/// Judges the letters of a name.
pub(super) fn judge(text: &str) -> Letters {
    let is_plain = |byte: u8| byte.is_ascii() && !matches!(byte, b'?' | b'%' | b'=' | b'\\' | b'+' | b'~');
    if text.bytes().all(is_plain) {
        return Letters::Fine;
    }
    if let Some(encoding) = escaped::seven_bit(text) {
        return Letters::Broken(format!("it is written in {encoding}, which rollcall does not read"));
    }
    let mut name = escaped::read(text).map_or(Cow::Borrowed(text), Cow::Owned);
    for _ in 0..MAX_ROUNDS {
        match repaired(&name) {
            Some(better) => name = Cow::Owned(better),
            None => break,
        }
    }
    match (proof(&name), name) {
        (Some(proof), _) => Letters::Broken(proof),
        (None, Cow::Owned(name)) => Letters::Repaired(name),
        (None, Cow::Borrowed(_)) => Letters::Fine,
    }
}

/// The number of encodings in which programs mistakenly read UTF-8.
const PAGES: usize = READ_AS.len() + CONSOLE.len();

/// The bytes of a letter in [`READ_AS`], then in [`CONSOLE`]; 0 if an encoding does not have the letter.
type Bytes = [u8; PAGES];

/// The bytes of all letters.
struct Pages {
    /// By letter, from [`Pages::START`] to [`Pages::END`].
    low: Vec<Bytes>,
    /// By letter in the same range: the encodings, one bit each, in which its byte begins a letter in UTF-8.
    begins: Vec<u16>,
    /// The encodings in which its byte continues a letter.
    continues: Vec<u16>,
    /// All other letters.
    high: Vec<(char, Bytes)>,
}

static BYTES: LazyLock<Pages> = LazyLock::new(Pages::new);

impl Pages {
    const START: usize = 0x80;
    const END: usize = 0x800;

    fn new() -> Self {
        let size = Self::END - Self::START;
        let mut pages = Self {
            low: vec![[0; PAGES]; size],
            begins: vec![0; size],
            continues: vec![0; size],
            high: Vec::new(),
        };
        let bytes: Vec<u8> = (0x80..=0xff).collect();
        for (page, encoding) in READ_AS.iter().enumerate() {
            let (letters, _) = encoding.decode_without_bom_handling(&bytes);
            pages.add(page, letters.chars());
            // Decoders map unassigned bytes to control characters.
            pages.add(page, (0x80..=0x9f).map(char::from));
        }
        for (page, letters) in (READ_AS.len()..).zip(CONSOLE) {
            pages.add(page, letters.chars());
        }
        pages
    }

    /// Adds the letters of bytes from 0x80.
    fn add(&mut self, page: usize, letters: impl Iterator<Item = char>) {
        for (byte, letter) in (0x80..=0xff_u8).zip(letters).filter(|(_, letter)| *letter != '\u{fffd}') {
            let Some(index) = Self::index(letter) else {
                let known = self.high.iter_mut().find(|(known, _)| *known == letter);
                if let Some((_, bytes)) = known {
                    bytes[page] = byte;
                } else {
                    let mut bytes = [0; PAGES];
                    bytes[page] = byte;
                    self.high.push((letter, bytes));
                }
                continue;
            };
            self.low[index][page] = byte;
            let masks = if byte < 0xc0 { &mut self.continues } else { &mut self.begins };
            masks[index] |= 1 << page;
        }
    }

    fn index(letter: char) -> Option<usize> {
        let index = usize::try_from(u32::from(letter)).ok()?.checked_sub(Self::START)?;
        (index < Self::END - Self::START).then_some(index)
    }

    fn of(&self, letter: char) -> Bytes {
        match Self::index(letter) {
            Some(index) => self.low[index],
            None => {
                self.high.iter().find(|(known, _)| *known == letter).map_or([0; PAGES], |(_, bytes)| *bytes)
            }
        }
    }
}

/// Tests whether two letters may be a garbled one, or the beginning of one. Letters of Asia never are.
#[inline]
pub(super) fn may_be_one(first: char, second: char) -> bool {
    let (Some(first), Some(second)) = (Pages::index(first), Pages::index(second)) else { return false };
    BYTES.begins[first] & BYTES.continues[second] != 0
}

/// Repairs letters that are UTF-8 read in another encoding, if the repair is certain.
fn repaired(text: &str) -> Option<String> {
    // A garbled letter consists of at least two letters beyond ASCII.
    let mut before = false;
    let is_pair = text.chars().any(|letter| std::mem::replace(&mut before, !letter.is_ascii()) && before);
    if !is_pair {
        return None;
    }
    let letters: Vec<(char, Bytes)> = text.chars().map(|letter| (letter, BYTES.of(letter))).collect();
    let begins = |byte: u8| byte >= 0xc2;
    let continues = |byte: u8| (0x80..0xc0).contains(&byte);
    let has_sequence =
        |page: &usize| letters.windows(2).any(|pair| begins(pair[0].1[*page]) && continues(pair[1].1[*page]));
    // The reading with the fewest letters beyond ASCII.
    (0..PAGES)
        .filter(has_sequence)
        .filter_map(|page| repaired_from(&letters, page))
        .min_by_key(|better| better.chars().filter(|letter| !letter.is_ascii()).count())
}

/// A letter that several garbled ones stand for, and its position.
struct Sequence {
    start: usize,
    len: usize,
    letter: char,
}

/// Repairs letters that are UTF-8 read in one encoding.
fn repaired_from(read: &[(char, Bytes)], page: usize) -> Option<String> {
    let letters: Vec<char> = read.iter().map(|(letter, _)| *letter).collect();
    let byte = |(_, bytes): &(char, Bytes)| Some(bytes[page]).filter(|byte| *byte != 0);
    let bytes: Vec<Option<u8>> = read.iter().map(byte).collect();
    let mut sequences = Vec::new();
    let mut start = 0;
    while start < letters.len() {
        match sequence_at(&bytes, start).filter(|sequence| may_occur_in_name(sequence.letter)) {
            Some(sequence) => {
                start += sequence.len;
                sequences.push(sequence);
            }
            None => start += 1,
        }
    }
    if !sequences.iter().any(|sequence| is_certain(&letters, sequence)) {
        return None;
    }
    let mut better = String::with_capacity(letters.len());
    let mut at = 0;
    for sequence in sequences {
        better.extend(&letters[at..sequence.start]);
        better.push(sequence.letter);
        at = sequence.start + sequence.len;
    }
    better.extend(&letters[at..]);
    // A result with letters of two alphabets in a word is not a repair.
    let scripts: Vec<Option<Script>> = better.chars().map(Script::of).collect();
    let joins = scripts.windows(2).all(|pair| match pair {
        [Some(before), Some(behind)] => before.joins(*behind),
        _ => true,
    });
    joins.then_some(better)
}

fn sequence_at(bytes: &[Option<u8>], start: usize) -> Option<Sequence> {
    let len = match bytes[start]? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let sequence: Vec<u8> = bytes.get(start..start + len)?.iter().copied().collect::<Option<_>>()?;
    let letter = std::str::from_utf8(&sequence).ok()?.chars().next()?;
    Some(Sequence { start, len, letter })
}

/// Tests whether a repaired letter can occur in names.
fn may_occur_in_name(letter: char) -> bool {
    match letter {
        // Text that was garbled twice passes through these letters.
        '\u{a0}'..='\u{ff}' | '\u{80}'..='\u{9f}' => true,
        '\u{100}'..='\u{17f}' | '\u{1a0}' | '\u{1a1}' | '\u{1af}' | '\u{1b0}' | '\u{218}'..='\u{21b}' => true,
        '\u{2010}'..='\u{2027}' | '\u{20ac}' | '\u{2122}' | '\u{200b}'..='\u{200f}' | '\u{feff}' => true,
        '\u{2030}' | '\u{2039}' | '\u{203a}' | '\u{2c6}' | '\u{2dc}' | '\u{192}' | '\u{fffd}' => true,
        // No living language uses these letters where chance would produce them.
        '\u{180}'..='\u{36f}' => false,
        _ => Script::of(letter).is_some(),
    }
}

/// Tests whether letters cannot be meant as written.
fn is_certain(letters: &[char], sequence: &Sequence) -> bool {
    let own = &letters[sequence.start..sequence.start + sequence.len];
    let before = sequence.start.checked_sub(1).map(|place| letters[place]);
    let behind = letters.get(sequence.start + sequence.len).copied();
    let is_small = |letter: Option<char>| letter.is_some_and(char::is_lowercase);
    // A capital inside a word in lowercase, if both are letters.
    let is_in_small = own[0].is_uppercase() && (is_small(before) || is_small(behind));
    let may_be_own = |letter: char| {
        matches!(letter, '’' | '‘' | '“' | '”' | '–' | '—' | '\u{a0}' | '·' | '´' | '•' | '…' | '«' | '»')
    };
    let has_sign = own.iter().any(|letter| Script::of(*letter).is_none() && !may_be_own(*letter));
    let is_foreign = || {
        let own = own.iter().filter_map(|letter| Script::of(*letter));
        let around = [before, behind].into_iter().flatten().filter_map(Script::of);
        own.flat_map(|own| around.clone().map(move |other| (own, other)))
            .any(|(own, other)| !own.joins(other))
    };
    let is_of_signs = own.iter().all(|letter| Script::of(*letter).is_none());
    has_sign
        || is_of_signs && own.len() > 2
        || is_foreign()
        || is_in_small && own[1..].iter().all(|letter| is_rare_behind(own[0], *letter, is_small(before)))
}

/// Tests whether no language writes the second letter or sign after the first.
fn is_rare_behind(first: char, second: char, is_behind_small: bool) -> bool {
    match first {
        'Ã' | 'Â' | 'Å' | 'Ä' | 'Ă' | 'Ĺ' | 'Ð' | 'Ñ' => {
            matches!(second, 'š' | 'ž' | 'œ' | 'Š' | 'Ž' | 'Œ' | 'Ÿ' | 'ƒ' | 'ª' | 'º' | 'µ' | 'ź' | 'Ľ' | 'ľ' | 'Ş' | 'ş' | 'Ł' | 'ł' | 'Ą' | 'ą' | 'Ť' | 'ť' | 'Ś' | 'ś' | 'Ź' | 'Ż' | 'ż')
                // An apostrophe may follow a name in capitals.
                || is_behind_small
                    && matches!(second, '\u{a0}' | '’' | '‘' | '“' | '”' | '–' | '—' | '·' | '´' | '•' | '…' | '«' | '»')
        }
        _ => false,
    }
}

/// Returns the evidence that a name is garbled.
fn proof(text: &str) -> Option<String> {
    if let Some(word) = text.split(|letter: char| !letter.is_alphabetic()).find(|word| is_of_accents(word)) {
        return Some(format!(
            "`{word}` has nothing but letters with accents, like Cyrillic or Greek text that was read as windows-1252"
        ));
    }
    let mut before: Option<char> = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let behind = letters.peek().copied();
        let script = Script::of(letter);
        let is_letter = |letter: Option<char>| letter.and_then(Script::of).is_some();
        let is_sign = |letter: Option<char>| letter.is_some_and(|letter| !letter.is_ascii());
        let (is_behind, is_ahead) = (is_letter(before), is_letter(behind));
        match letter {
            '\u{fffd}' => return Some("U+FFFD replaces a lost letter".to_owned()),
            '\u{80}'..='\u{9f}' => {
                return Some(format!("it contains the control character U+{:04X}", u32::from(letter)));
            }
            '?' if is_behind || is_ahead || behind == Some('?') => {
                return Some("a question mark replaces a lost letter".to_owned());
            }
            // Before a word, they are quotation marks.
            '‚' | '„' if is_behind => return Some(sign(letter)),
            '\u{2500}'..='\u{259f}'
            | '‰'
            | '†'
            | '‡'
            | '¤'
            | '¢'
            | '£'
            | '¥'
            | '¬'
            | '±'
            | '√'
            | '≈'
            | '∆'
            | '◊'
            | 'ˆ'
                if is_behind || is_ahead =>
            {
                return Some(sign(letter));
            }
            // The old Macintosh encoding has ü, ä and é at the codes of these capitals in windows-1252. D and Ž are one
            // letter.
            'Ÿ' | 'Š' | 'Ž'
                if is_behind
                    && behind.is_some_and(char::is_lowercase)
                    && (letter, before) != ('Ž', Some('D')) =>
            {
                return Some(format!("the capital `{letter}` is inside a word"));
            }
            // The first half of a letter; the second half was invisible and is lost.
            'Ã' | 'Â' if before.is_some_and(char::is_lowercase) => return Some(half(letter)),
            '‘' if is_behind && is_ahead && !matches!(before, Some('O' | 'D' | 'o' | 'd' | 'L' | 'l')) => {
                return Some(sign(letter));
            }
            '“' | '”' if is_behind && is_ahead => return Some(sign(letter)),
            '§' | '¨' | '¸' | '¦' | '¶' | '¼' | '½' | '¾' | '¿' | '¡' | '«' | '»' | '×' | '÷' | '¯' | '©'
            | '›' | '‹'
                if (is_behind || is_sign(before)) && (is_ahead || is_sign(behind)) =>
            {
                return Some(sign(letter));
            }
            _ => {}
        }
        if let (Some(script), Some(other)) = (script, before.and_then(Script::of))
            && !script.joins(other)
        {
            return Some(format!("one word mixes {} and {} letters", other.name(), script.name()));
        }
        before = Some(letter);
    }
    None
}

/// Tests whether a word consists only of accented letters, as in no language: with at most an initial capital, or all
/// capitals.
fn is_of_accents(word: &str) -> bool {
    const MIN_LETTERS: usize = 4;
    const MIN_CAPITALS: usize = 6;
    const MIN_DISTINCT: usize = 3;

    let is_accented = |letter: char| matches!(letter, '\u{c0}'..='\u{ff}');
    if word.is_empty() || !word.chars().all(is_accented) {
        return false;
    }
    let letters: Vec<char> = word.chars().collect();
    let capitals = letters.iter().filter(|letter| letter.is_uppercase()).count();
    let is_word = letters.len() >= MIN_LETTERS
        && (capitals == 0 || capitals == 1 && letters[0].is_uppercase())
        || letters.len() >= MIN_CAPITALS && capitals == letters.len();
    let mut distinct = letters;
    distinct.sort_unstable();
    distinct.dedup();
    is_word && distinct.len() >= MIN_DISTINCT
}

fn half(letter: char) -> String {
    format!("`{letter}` after a lowercase letter is half of another letter")
}

fn sign(sign: char) -> String {
    format!("`{sign}` is inside a word")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_encodings() {
        for letter in '\u{80}'..='\u{ffff}' {
            let mut expected: Vec<u8> = Vec::new();
            for encoding in READ_AS {
                let mut buffer = [0; 4];
                let (bytes, _, has_errors) = encoding.encode(letter.encode_utf8(&mut buffer));
                expected.push(match (&*bytes, has_errors) {
                    _ if matches!(letter, '\u{80}'..='\u{9f}') => u8::try_from(u32::from(letter)).unwrap(),
                    ([byte], false) => *byte,
                    _ => 0,
                });
            }
            for page in CONSOLE {
                let found = (0x80..=0xff).zip(page.chars()).find(|(_, own)| *own == letter);
                expected.push(found.map_or(0, |(byte, _)| byte));
            }
            assert_eq!(BYTES.of(letter).as_slice(), expected, "{letter:?}");
        }
    }

    #[test]
    fn utf_8_read_in_another_encoding_is_repaired() {
        for (garbled, name) in [
            ("MÃ¼ller", "Müller"),
            ("JÃ¼rgen GrÃ¶ÃŸe", "Jürgen Größe"),
            ("RenÃ©e", "Renée"),
            ("Dâ€™Souza", "D’Souza"),
            ("AyÅŸe YÄ±lmaz", "Ayşe Yılmaz"),
            ("Ãœnal", "Ünal"),
            ("Åžahin", "Şahin"),
            ("Å\u{81}ukaszÅ„", "Łukaszń"),
            ("Ã…ngstrÃ¶m", "Ångström"),
            ("Ð˜Ð²Ð°Ð½ ÐŸÐµÑ‚Ñ€Ð¾Ð²", "Иван Петров"),
            ("J√ºrgen M√ºller", "Jürgen Müller"),
            ("J├╝rgen M├╝ller", "Jürgen Müller"),
            ("JĂĽrgen MĂĽller", "Jürgen Müller"),
            ("MГјller", "Müller"),
            ("JosΓ©", "José"),
            ("РђРЅРЅР°", "Анна"),
            ("MÃƒÂ¼ller", "Müller"),
            ("å±±ç”°", "山田"),
        ] {
            assert_eq!(judge(garbled), Letters::Repaired(name.to_owned()), "{garbled}");
        }
    }

    #[test]
    fn correct_names_are_unchanged() {
        for name in [
            "Müller",
            "São",
            "Ångström",
            "JOÃO",
            "SALOMÃ\u{a0}REIS",
            "ANDRÉ’S",
            "SEPPÄ’S",
            "Łukasz Wójcik",
            "Çağlar",
            "Žukauskas",
            "Dvořák",
            "O’Neill",
            "Jean–Luc",
            "Mª José",
            "Gal·la",
            "Анна Иванова",
            "Сірко",
            "Παπαδόπουλος",
            "משה כהן",
            "محمد",
            "สมชาย",
            "山田太郎",
            "김철수",
            "Tony陳",
            "Anna „Anni“ Schmidt",
            "आशा राव",
            "Nguyễn Văn",
            "Ñandú",
            "McÉwan",
            "Þórður",
            "Ioniță Ștefan",
            "TĂNASE",
            "Zo\u{eb}",
            "D´Souza",
            "Ģirts Ķeniņš",
            "Əliyev",
            "Anna (?)",
            "Dˈx",
            "ÀÉÎÕÜ",
            "DŽeko",
            "Öö",
            "Jäääär",
            "HAŸ",
            "Ħal Għaxaq",
            "Ŵyn",
            "Đặng Thị Ánh",
            "Σωτήρης",
            "Щукін",
        ] {
            assert_eq!(judge(name), Letters::Fine, "{name}");
        }
    }

    #[test]
    fn irreparable_names_are_reported_with_evidence() {
        for (name, proof) in [
            ("Jos\u{fffd}", "U+FFFD"),
            ("J\u{81}rgen", "U+0081"),
            ("M?ller", "question mark"),
            ("??????", "question mark"),
            ("Jos?", "question mark"),
            ("Jos‚", "`‚`"),
            ("Gr”§e", "`§`"),
            ("£ukasz", "`£`"),
            ("Aннa", "Latin and Cyrillic"),
            ("JosÃ", "half of another letter"),
            // Source: rocketchat-export-userlist issue 2 and nextcloud/contacts issue 946.
            ("LetÃcia", "half of another letter"),
            ("M¸ller", "`¸`"),
            ("└╪ьр", "`╪`"),
            ("Ïåòðîâ", "nothing but letters with accents"),
            ("ÏÅÒÐÎÂ", "nothing but letters with accents"),
            ("Ãéþñãïò", "nothing but letters with accents"),
            ("JŸrgen", "`Ÿ` is inside"),
            ("BŠrbel", "`Š` is inside"),
        ] {
            let Letters::Broken(found) = judge(name) else { panic!("{name}: {:?}", judge(name)) };
            assert!(found.contains(proof) || name.contains('└'), "{name}: {found}");
        }
    }
}
