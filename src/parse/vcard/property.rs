//! Parses the lines of a card into properties with name, parameters and value.

use std::borrow::Cow;

use super::split::{Card, Line, is_binary, is_data};
use crate::parse::{
    encoding::{Encoding, UTF_8},
    numbers::{leading_number, number_in},
};

/// Properties that may be followed by another property on the same line. The values of all others are free text.
const SHORT: [&str; 9] = ["VERSION", "N", "FN", "TEL", "EMAIL", "ORG", "UID", "REV", "KIND"];

/// Properties that are recognized inside the line of another property.
const JOINED: [&str; 6] = ["VERSION", "FN", "TEL", "EMAIL", "ORG", "N"];

/// The maximum number of properties on one line.
const MAX_JOINED: usize = 32;

/// One property of a card.
#[derive(Debug, Default)]
pub(super) struct Property {
    /// The line on which the property begins.
    pub(super) line: u64,
    /// The group that connects it to other properties of the card, in capital letters.
    pub(super) group: Option<String>,
    /// The name, in capital letters.
    pub(super) name: String,
    /// Parameters. Names are in capital letters, or empty for a value without a name.
    params: Vec<(String, Vec<u8>)>,
    value: Vec<u8>,
}

/// The encoding of text that has no charset of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letters {
    /// The encoding for bytes that are not UTF-8.
    pub(super) fallback: Encoding,
    /// Whether the user chose the encoding, so that it applies to all such text.
    pub(super) is_certain: bool,
}

/// The properties of a card, and the lines that are not properties.
#[derive(Debug, Default)]
pub(super) struct Properties {
    pub(super) all: Vec<Property>,
    pub(super) strays: Vec<Line>,
    /// The first line with several properties.
    pub(super) joined: Option<u64>,
}

impl Properties {
    pub(super) fn of(card: &Card) -> Self {
        let mut found = Self::default();
        let mut is_soft = false;
        let mut last_len = 0;
        for (number, line) in &card.lines {
            let is_long = last_len >= 60;
            last_len = line.len();
            let text = unquoted(line.trim_ascii());
            if text.is_empty() {
                is_soft = false;
                continue;
            }
            let is_folded = matches!(line.first(), Some(b' ' | b'\t'));
            let is_new = begins_known(text) && (!is_folded || !is_long);
            if let Some(last) = found.all.last_mut().filter(|_| !is_new && (is_soft || is_folded)) {
                is_soft = last.continue_with(if is_folded { &line[1..] } else { line });
                continue;
            }
            let rest = found.begin(*number, text);
            is_soft = found.all.last().is_some_and(|last| rest && last.ends_softly());
        }
        found
    }

    /// Begins a property with a line, and further properties from the same line. Returns false if the last part is not
    /// a property.
    fn begin(&mut self, number: u64, text: &[u8]) -> bool {
        let mut rest = Cow::Borrowed(text);
        for _ in 0..MAX_JOINED {
            match self.begin_first(number, &rest) {
                Begun::Whole(is_begun) => return is_begun,
                Begun::Joined(behind) => rest = Cow::Owned(behind),
            }
        }
        // Real files never lose this many line endings.
        self.strays.push((number, rest.into_owned()));
        false
    }

    /// Begins a property with the part of a line before the next property.
    fn begin_first(&mut self, number: u64, text: &[u8]) -> Begun {
        let Some(property) = Property::of(number, text) else {
            match self.all.last_mut() {
                Some(last)
                    if last.name == "TEL"
                        && (text.iter().all(|byte| !byte.is_ascii_alphabetic())
                            || last.value.trim_ascii().is_empty() && leading_number(text).is_some()) =>
                {
                    // More digits of a number that was split, or another number. They are kept, so that the first part
                    // is not called alone.
                    last.value.push(b'\n');
                    last.value.extend_from_slice(text);
                }
                Some(last) if is_binary(format!("{}:", last.name).as_bytes()) && is_data(text) => {}
                _ => self.strays.push((number, text.to_vec())),
            }
            return Begun::Whole(false);
        };
        let Some(at) = property.joined_at() else {
            self.all.push(property);
            return Begun::Whole(true);
        };
        self.joined.get_or_insert(number);
        let (own, rest) = property.value.split_at(at);
        let rest = rest.trim_ascii().to_vec();
        self.all.push(Property { value: own.trim_ascii_end().to_vec(), ..property });
        Begun::Joined(rest)
    }

    /// Returns all properties with this name.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &Property> {
        self.all.iter().filter(move |property| property.name == name)
    }
}

/// The result of reading the start of a line.
enum Begun {
    /// The line was read to its end. True if it begins a property.
    Whole(bool),
    /// A property was read, and this rest begins another.
    Joined(Vec<u8>),
}

/// Removes quoting marks in front of a property.
fn unquoted(text: &[u8]) -> &[u8] {
    let marks = text.iter().take_while(|byte| matches!(byte, b'>' | b' ' | b'\t')).count();
    if marks > 0 && begins_known(&text[marks..]) { &text[marks..] } else { text }
}

/// Returns whether a line begins with a property of a known name.
fn begins_known(text: &[u8]) -> bool {
    const KNOWN: [&str; 18] = [
        "BEGIN",
        "END",
        "VERSION",
        "N",
        "FN",
        "TEL",
        "EMAIL",
        "ADR",
        "ORG",
        "TITLE",
        "NOTE",
        "URL",
        "BDAY",
        "REV",
        "UID",
        "PHOTO",
        "CATEGORIES",
        "X-ABLABEL",
    ];
    let name = text.iter().take_while(|byte| !matches!(byte, b':' | b';')).count();
    let name = text[..name].rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    // Lowercase names are not accepted, because they may be ordinary text.
    memchr::memchr(b':', text).is_some() && KNOWN.iter().any(|known| name == known.as_bytes())
}

impl Property {
    /// Parses `group.NAME;PARAM=value;PARAM:value`.
    fn of(line: u64, text: &[u8]) -> Option<Self> {
        let colon = value_start(text).or_else(|| memchr::memchr(b':', text))?;
        let mut parts = split_unescaped(&text[..colon], b';').into_iter();
        let name = str::from_utf8(parts.next()?.trim_ascii()).ok()?;
        // A number that is joined to the next property because its line ending was lost.
        if leading_number(name.as_bytes()).is_some() {
            return None;
        }
        let (group, name) = match name.rsplit_once('.') {
            Some((group, name)) => (Some(group.to_ascii_uppercase()), name),
            None => (None, name),
        };
        let is_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !is_name {
            return None;
        }
        let params = parts.map(|param| match memchr::memchr(b'=', param) {
            Some(at) if param[..at].iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') => {
                let name = String::from_utf8_lossy(&param[..at]).to_ascii_uppercase();
                (name, param[at + 1..].to_vec())
            }
            _ => (String::new(), param.to_vec()),
        });
        let (name, params) = (name.to_ascii_uppercase(), params.collect());
        Some(Self { line, group, name, params, value: text[colon + 1..].to_vec() })
    }

    /// Returns whether the value is this word.
    pub(super) fn is(&self, word: &str) -> bool {
        self.value.trim_ascii().eq_ignore_ascii_case(word.as_bytes())
    }

    /// Returns whether the property is marked as another spelling of the same data.
    pub(super) fn is_alternative(&self) -> bool {
        ["ALTID", "LANGUAGE", "TYPE"].iter().any(|name| self.param(name).is_some())
    }

    /// Returns whether both properties have the same value, or one of them is empty.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let is_filled = |byte: &u8| !byte.is_ascii_whitespace() && !matches!(byte, b';' | b',');
        let filled =
            |property: &Self| -> Vec<u8> { property.value.iter().copied().filter(is_filled).collect() };
        let (own, others) = (filled(self), filled(other));
        own == others || own.is_empty() || others.is_empty()
    }

    /// Returns the value of a parameter, without quotes.
    fn param(&self, name: &str) -> Option<&str> {
        let (_, value) = self.params.iter().find(|(known, _)| known == name)?;
        Some(str::from_utf8(value).ok()?.trim().trim_matches('"'))
    }

    /// Returns whether one of these encodings is set, with or without the name `ENCODING`.
    fn is_encoded(&self, names: &[&str]) -> bool {
        let said = self.param("ENCODING").into_iter();
        let bare = self.params.iter().filter(|(name, _)| name.is_empty());
        let bare = bare.filter_map(|(_, value)| str::from_utf8(value).ok());
        said.chain(bare).any(|found| names.iter().any(|name| found.trim().eq_ignore_ascii_case(name)))
    }

    fn is_quoted_printable(&self) -> bool {
        self.is_encoded(&["QUOTED-PRINTABLE", "Q"])
    }

    fn ends_softly(&self) -> bool {
        self.is_quoted_printable() && self.value.trim_ascii_end().ends_with(b"=")
    }

    /// Appends a line. Returns whether the next line also belongs to the property, regardless of its start.
    fn continue_with(&mut self, line: &[u8]) -> bool {
        if is_binary(format!("{}:", self.name).as_bytes()) {
            return false;
        }
        if self.ends_softly() {
            let kept = self.value.trim_ascii_end().len() - 1;
            self.value.truncate(kept);
        }
        self.value.extend_from_slice(line.trim_ascii_end());
        self.ends_softly()
    }

    /// Returns the position in the value where another property begins.
    fn joined_at(&self) -> Option<usize> {
        if !SHORT.contains(&self.name.as_str()) {
            return None;
        }
        let value = &self.value;
        let last_colon = memchr::memrchr(b':', value)?;
        let begins = |at: usize, name: &str| {
            let end = at + name.len();
            let before = at.checked_sub(1).map(|before| value[before]);
            let is_after_space = before.is_some_and(|before| before.is_ascii_whitespace());
            let is_after_text = before.is_none_or(|before| !before.is_ascii_uppercase() && before != b'-');
            value[at..].starts_with(name.as_bytes())
                && match value.get(end) {
                    Some(b':') => is_after_text,
                    Some(b';') => {
                        (is_after_space || is_after_text && name != "N" && name != "ORG") && last_colon > end
                    }
                    _ => false,
                }
        };
        let at = (0..value.len()).find(|at| JOINED.iter().any(|name| begins(*at, name)))?;
        Some(at - group_len(&value[..at]))
    }

    /// Decodes a part of the value from quoted-printable or Base64.
    fn unpacked<'v>(&self, part: &'v [u8]) -> Cow<'v, [u8]> {
        if self.is_quoted_printable() || looks_quoted_printable(part) {
            return Cow::Owned(quoted_printable(part));
        }
        if self.is_encoded(&["BASE64", "B"])
            && let Some(bytes) = mail_parser::decoders::base64::base64_decode(part)
        {
            return Cow::Owned(bytes);
        }
        Cow::Borrowed(part)
    }

    /// Returns the components of the value as text.
    pub(super) fn components(&self, letters: Letters) -> Vec<Vec<u8>> {
        if self.is_encoded(&["BASE64", "B"]) {
            let whole = self.text_of(&self.value, letters);
            return split_unescaped(&whole, b';').into_iter().map(unescaped).collect();
        }
        let parts = split_unescaped(&self.value, b';');
        parts.into_iter().map(|part| unescaped(&self.text_of(part, letters))).collect()
    }

    /// Returns the whole value as text. Invalid bytes are unchanged.
    pub(super) fn text(&self, letters: Letters) -> Vec<u8> {
        unescaped(&self.text_of(&self.value, letters))
    }

    fn text_of<'v>(&self, part: &'v [u8], letters: Letters) -> Cow<'v, [u8]> {
        let bytes = self.unpacked(part);
        match decoded(&bytes, self.charset(), letters) {
            Some(text) => Cow::Owned(text.into_bytes()),
            None => bytes,
        }
    }

    /// Returns the encoding from the property's `CHARSET` parameter.
    fn charset(&self) -> Option<Encoding> {
        self.param("CHARSET").and_then(crate::parse::encoding::by_name)
    }

    /// Returns the bytes of the value if it is not UTF-8 and has no charset.
    pub(super) fn foreign(&self) -> Option<Cow<'_, [u8]>> {
        let bytes = self.unpacked(&self.value);
        (self.charset().is_none() && str::from_utf8(&bytes).is_err()).then_some(bytes)
    }

    /// Returns the parameters as lowercase text.
    pub(super) fn labels(&self, letters: Letters) -> String {
        let mut said = String::new();
        for (name, value) in &self.params {
            let mut value = value.as_slice();
            // Android writes custom labels like this: X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=46=61=78).
            if name.is_empty() && value.starts_with(b"X-CUSTOM(") {
                let label = value.trim_ascii_end();
                let label = label.strip_suffix(b")").unwrap_or(label);
                value = label.rsplit(|byte| *byte == b',').next().unwrap_or_default();
            }
            let bytes =
                if memchr::memchr(b'=', value).is_some() { quoted_printable(value) } else { value.to_vec() };
            let text = decoded(&bytes, None, letters)
                .unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned());
            said.push_str(&name.to_lowercase());
            said.push(' ');
            said.push_str(&text.to_lowercase());
            said.push(' ');
        }
        said
    }

    /// Returns a number among the types of the property, which occurs if a colon is missing.
    pub(super) fn number_in_kind(&self) -> Option<&[u8]> {
        let mut kinds = self.params.iter().filter(|(name, _)| name.is_empty() || name == "TYPE");
        kinds.find_map(|(_, kind)| number_in(kind))
    }

    /// Returns a number in the value of a property of unknown meaning.
    pub(super) fn unknown_number(&self) -> Option<&[u8]> {
        const OTHERS: [&str; 12] = [
            "UID",
            "REV",
            "BDAY",
            "ANNIVERSARY",
            "GEO",
            "TZ",
            "SOURCE",
            "PRODID",
            "VERSION",
            "SORT-STRING",
            "PID",
            "ADR",
        ];
        let value = self.value.trim_ascii();
        if memchr::memmem::find(value, b"BEGIN:VCARD").is_some() {
            return None;
        }
        // A phone's line may have lost its start to the previous line.
        let phone = [b"TEL;".as_slice(), b"TEL:"].iter().find_map(|name| memchr::memmem::find(value, name));
        if let Some(number) = phone.and_then(|at| number_in(&value[at..])) {
            return Some(number);
        }
        let is_own =
            self.name.starts_with("X-") && !self.name.contains("PHONE") && !self.name.contains("TEL");
        if is_own || OTHERS.contains(&self.name.as_str()) {
            return None;
        }
        let is_name = matches!(self.name.as_str(), "N" | "FN" | "ORG");
        let is_whole = |number: &&[u8]| number.len() == value.len();
        number_in(value).filter(|number| {
            is_name || is_whole(number) || number.starts_with(b"+") && value.starts_with(number)
        })
    }
}

/// Returns the length of the group at the end of a text, as in `item1.TEL`.
fn group_len(text: &[u8]) -> usize {
    let Some(group) = text.strip_suffix(b".") else { return 0 };
    let word = group.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let word = &group[group.len() - word..];
    // After a name without a space, only Apple's groups can be recognized.
    let item = memchr::memmem::rfind(word, b"item").unwrap_or(0);
    word.len() - item + 1
}

/// Returns the position of the colon before the value, that is, the first one outside quotes.
fn value_start(text: &[u8]) -> Option<usize> {
    let mut is_quoted = false;
    text.iter().position(|byte| {
        is_quoted ^= *byte == b'"';
        *byte == b':' && !is_quoted
    })
}

/// Splits `text` at separators without a backslash before them.
fn split_unescaped(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut start, mut is_escaped) = (0, false);
    for (at, byte) in text.iter().enumerate() {
        if *byte == separator && !is_escaped {
            parts.push(&text[start..at]);
            start = at + 1;
        }
        is_escaped = *byte == b'\\' && !is_escaped;
    }
    parts.push(&text[start..]);
    parts
}

/// Removes backslash escapes: `\n` becomes a line break, and a backslash before punctuation is dropped.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek()) {
            (b'\\', Some(b'n' | b'N')) => {
                bytes.next();
                plain.push(b'\n');
            }
            // PHP escapes the apostrophe.
            (b'\\', Some(b'\\' | b',' | b';' | b':' | b'"' | b'\'')) => plain.extend(bytes.next()),
            _ => plain.push(byte),
        }
    }
    plain
}

/// Returns whether a text contains a UTF-8 letter beyond ASCII in quoted-printable, without a declared encoding.
fn looks_quoted_printable(text: &[u8]) -> bool {
    let hex = |at: usize| {
        let digits = str::from_utf8(text.get(at + 1..at + 3)?).ok()?;
        (text.get(at) == Some(&b'=')).then(|| u8::from_str_radix(digits, 16).ok())?
    };
    memchr::memchr_iter(b'=', text).any(|at| {
        let (first, second) = (hex(at), hex(at + 3));
        first.is_some_and(|first| first >= 0xc2)
            && second.is_some_and(|second| (0x80..0xc0).contains(&second))
    })
}

/// Decodes codes such as `=C3=BC`. Other text is unchanged.
fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|code| str::from_utf8(code).ok());
        let code = code.filter(|code| code.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *first == b'=') {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            // A soft line break whose next line is missing.
            None if *first == b'=' && behind.trim_ascii().is_empty() => break,
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    bytes
}

/// Decodes bytes to text if their meaning is certain enough.
fn decoded(bytes: &[u8], charset: Option<Encoding>, letters: Letters) -> Option<String> {
    let utf_8 = || str::from_utf8(bytes).ok().map(str::to_owned);
    let by = |encoding: Encoding| {
        let text = encoding.decode_whole(bytes)?;
        let is_odd = text.chars().any(|letter| ('\u{80}'..'\u{a0}').contains(&letter));
        (!is_odd).then_some(text)
    };
    if bytes.is_ascii() && charset.is_none_or(Encoding::is_ascii_compatible) {
        return utf_8();
    }
    match charset {
        // The charset may be copied from elsewhere: valid multi-byte UTF-8 is almost always UTF-8.
        Some(charset) if charset != UTF_8 => {
            utf_8().filter(|_| charset.is_single_byte()).or_else(|| by(charset))
        }
        Some(_) => utf_8(),
        None if letters.is_certain => by(letters.fallback),
        None => utf_8().or_else(|| by(letters.fallback)),
    }
}
