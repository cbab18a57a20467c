//! Detection of text encodings, and conversion to UTF-8.
//!
//! A byte order mark decides. Without one, bytes that are valid UTF-8 throughout are UTF-8. Otherwise the encoding is
//! the one in which the text most resembles names. Detection reads the whole file, because the first accented letter
//! may be in its last row. A file joined from several is read line by line, each line in its own encoding.

mod by_line;
mod charset;
mod code_page;
mod convert;
mod detect;
mod language;
mod likely;
mod utf_8;

use std::io::{self, Read};

use encoding_rs::{UTF_16BE, UTF_16LE};

pub(super) use self::detect::{CHOOSE_ONE, NAME_IT, detect, is_wide, of_bytes};
use self::{
    by_line::ByLine,
    charset::{Charset, superset},
    code_page::CodePage,
    convert::{ByteOrder, Convert, Converted, Page, Standard, Utf32},
};
use super::{
    error::Fault,
    file::source::{Source, read_up_to},
};

/// A text encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The same charset for the whole text.
    One(Charset),
    Utf16(ByteOrder),
    Utf32(ByteOrder),
    /// UTF-8 or another charset for each line.
    ByLine(Option<Charset>),
}

/// UTF-8.
pub const UTF_8: Encoding = Encoding(Kind::One(Charset::Standard(encoding_rs::UTF_8)));

impl Encoding {
    /// Returns the name used in `report.json`.
    pub fn name(self) -> String {
        let wide =
            |name: &str, order| format!("{name}{}", if order == ByteOrder::Little { "le" } else { "be" });
        match self.0 {
            Kind::One(charset) => charset.name(),
            Kind::Utf16(order) => wide("utf-16", order),
            Kind::Utf32(order) => wide("utf-32", order),
            Kind::ByLine(None) => "utf-8".to_owned(),
            Kind::ByLine(Some(other)) => format!("utf-8, {}", other.name()),
        }
    }

    /// Decodes a complete text. Bytes that cannot be decoded become U+FFFD.
    pub fn decode(self, bytes: &[u8]) -> String {
        let mut text = Vec::new();
        self.converter().convert(bytes, true, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Decodes a complete text. Returns `None` if some bytes cannot be decoded.
    pub(super) fn decode_whole(self, bytes: &[u8]) -> Option<String> {
        Some(self.decode(bytes)).filter(|text| !text.contains('\u{fffd}'))
    }

    /// Returns whether ASCII bytes mean ASCII characters.
    pub(super) fn is_ascii_compatible(self) -> bool {
        match self.0 {
            Kind::One(Charset::Standard(encoding)) => encoding.is_ascii_compatible(),
            Kind::One(Charset::CodePage(_)) | Kind::ByLine(_) => true,
            Kind::Utf16(_) | Kind::Utf32(_) => false,
        }
    }

    /// Returns whether each byte is one character.
    pub(super) fn is_single_byte(self) -> bool {
        match self.0 {
            Kind::One(Charset::Standard(encoding)) => encoding.is_single_byte(),
            Kind::One(Charset::CodePage(_)) => true,
            Kind::Utf16(_) | Kind::Utf32(_) | Kind::ByLine(_) => false,
        }
    }

    #[cfg(test)]
    fn charset(self) -> Option<Charset> {
        match self.0 {
            Kind::One(charset) => Some(charset),
            _ => None,
        }
    }

    fn converter(self) -> Box<dyn Convert> {
        match self.0 {
            Kind::One(Charset::Standard(encoding)) => {
                Box::new(Standard(encoding.new_decoder_without_bom_handling()))
            }
            Kind::One(Charset::CodePage(page)) => Box::new(Page(page)),
            Kind::Utf16(order) => Box::new(ByLine::new(None, Some(order))),
            Kind::Utf32(order) => Box::new(Utf32::new(order)),
            Kind::ByLine(other) => Box::new(ByLine::new(other, None)),
        }
    }

    /// Returns the byte order mark with which a text in this encoding may begin.
    fn mark(self) -> &'static [u8] {
        MARKS.iter().find(|(_, encoding)| *encoding == self).map_or(UTF_8_MARK, |(mark, _)| mark)
    }
}

const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Byte order marks, longest first: a UTF-32 mark begins with a UTF-16 mark.
const MARKS: [(&[u8], Encoding); 5] = [
    (UTF_8_MARK, UTF_8),
    (b"\xff\xfe\0\0", Encoding(Kind::Utf32(ByteOrder::Little))),
    (b"\0\0\xfe\xff", Encoding(Kind::Utf32(ByteOrder::Big))),
    (b"\xff\xfe", Encoding(Kind::Utf16(ByteOrder::Little))),
    (b"\xfe\xff", Encoding(Kind::Utf16(ByteOrder::Big))),
];

/// Returns the encoding with this name, in any common spelling.
pub fn by_name(name: &str) -> Option<Encoding> {
    let name = name.trim().to_lowercase().replace(['_', ' '], "-");
    let kind = match name.as_str() {
        "utf32" | "utf-32" | "utf32le" | "utf-32le" | "utf-32-le" | "ucs-4" => Kind::Utf32(ByteOrder::Little),
        "utf32be" | "utf-32be" | "utf-32-be" => Kind::Utf32(ByteOrder::Big),
        "utf8-sig" | "utf-8-sig" | "utf-8-bom" => return Some(UTF_8),
        _ => match standard(&name) {
            Some(encoding) if encoding == UTF_16LE => Kind::Utf16(ByteOrder::Little),
            Some(encoding) if encoding == UTF_16BE => Kind::Utf16(ByteOrder::Big),
            Some(encoding) => Kind::One(Charset::Standard(superset(encoding))),
            None => Kind::One(Charset::CodePage(CodePage::of_name(&name)?)),
        },
    };
    Some(Encoding(kind))
}

fn standard(name: &str) -> Option<&'static encoding_rs::Encoding> {
    let label = match name {
        "sjis" | "cp932" => "shift_jis",
        "cp949" | "uhc" => "euc-kr",
        "cp950" => "big5",
        "cp936" => "gbk",
        "utf16" | "utf16le" | "utf-16-le" => "utf-16le",
        "utf16be" | "utf-16-be" => "utf-16be",
        "mac-roman" | "macroman" | "x-mac-roman" => "macintosh",
        "mac-cyrillic" | "maccyrillic" => "x-mac-cyrillic",
        "latin-1" => "latin1",
        "dos-866" | "ibm-866" => "ibm866",
        _ => name,
    };
    encoding_rs::Encoding::for_label(label.as_bytes()).or_else(|| {
        let number = name.strip_prefix("cp").or_else(|| name.strip_prefix("windows"))?.trim_matches('-');
        encoding_rs::Encoding::for_label(format!("windows-{number}").as_bytes())
    })
}

/// Returns the encoding of the byte order mark at the beginning of a text.
pub(super) fn marked(start: &[u8]) -> Option<Encoding> {
    MARKS.iter().find(|(mark, _)| start.starts_with(mark)).map(|(_, encoding)| *encoding)
}

/// Returns the text of a source as UTF-8, without a byte order mark. Undecodable bytes become invalid UTF-8.
pub(super) fn decoded(source: &mut Source, encoding: Encoding) -> Result<Box<dyn Read + Send>, Fault> {
    let mut bytes = source.start()?;
    let mut start = [0; 4];
    let filled = read_up_to(&mut bytes, &mut start).map_err(Fault::from_io)?;
    let start = &start[..filled];
    let mark = encoding.mark();
    // The UTF-8 mark is not text in any encoding.
    let text = start.strip_prefix(mark).or_else(|| start.strip_prefix(UTF_8_MARK)).unwrap_or(start);
    let bytes = io::Cursor::new(text.to_vec()).chain(bytes);
    if encoding == UTF_8 {
        return Ok(Box::new(bytes));
    }
    Ok(Box::new(Converted::new(bytes, encoding.converter())))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::contact::Region;

    const NAMES: &str = "Name,Phone\nJürgen Müller,1\nZoë Lefèvre,2\nJosé Núñez,3\nBjörn Åkesson,4\n";

    fn read(bytes: &[u8], region: &str) -> (String, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, bytes).unwrap();
        let mut source = Source::open(&path).unwrap();
        let encoding = detect(&mut source, Region::new(region)).unwrap().encoding;
        let mut text = Vec::new();
        decoded(&mut source, encoding).unwrap().read_to_end(&mut text).unwrap();
        (encoding.name(), text)
    }

    fn utf_16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn encodings_are_detected_and_text_round_trips() {
        const POLISH: &str =
            "Imię,Nazwisko\nŁukasz,Wójcik\nŻaneta,Dąbrowska\nStanisław,Pawłowski\nJaś,Gęśla Kość\n";
        const RUSSIAN: &str = "Имя,Телефон\nАлексей Иванов,1\nМария Смирнова,2\nСергей Кузнецов,3\n";
        const JAPANESE: &str = "氏名,電話番号\n山田太郎,1\n佐藤花子,2\n鈴木一郎さん,3\nカタカナ,4\n";
        const CHINESE: &str = "姓名,电话\n张伟,1\n王芳,2\n李娜,3\n刘洋,4\n";
        for (encoding, region, text) in [
            ("windows-1252", "DE", NAMES),
            ("windows-1250", "PL", POLISH),
            ("windows-1251", "RU", RUSSIAN),
            ("shift_jis", "JP", JAPANESE),
            ("gb18030", "CN", CHINESE),
        ] {
            let (bytes, _, has_errors) = standard(encoding).unwrap().encode(text);
            assert!(!has_errors);
            assert_eq!(read(&bytes, region), (encoding.to_owned(), text.as_bytes().to_vec()));
        }
        for (bytes, encoding) in [
            (NAMES.as_bytes().to_vec(), "utf-8"),
            (format!("\u{feff}{NAMES}").into_bytes(), "utf-8"),
            (utf_16(&format!("\u{feff}{NAMES}"), u16::to_le_bytes), "utf-16le"),
            (utf_16(&format!("\u{feff}{NAMES}"), u16::to_be_bytes), "utf-16be"),
            (utf_16(NAMES, u16::to_le_bytes), "utf-16le"),
            (utf_16(NAMES, u16::to_be_bytes), "utf-16be"),
        ] {
            assert_eq!(read(&bytes, ""), (encoding.to_owned(), NAMES.as_bytes().to_vec()));
        }
    }

    #[test]
    fn long_texts_are_decoded_across_chunks() {
        // Longer than three chunks, which end in the middle of letters.
        let text = NAMES.repeat(3 * convert::CHUNK_BYTES / NAMES.len() + 1000);
        for encoding in ["windows-1252", "gb18030"] {
            let (bytes, ..) = standard(encoding).unwrap().encode(&text);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("list");
            fs::write(&path, &bytes).unwrap();
            let mut found = Vec::new();
            let mut source = Source::open(&path).unwrap();
            decoded(&mut source, by_name(encoding).unwrap()).unwrap().read_to_end(&mut found).unwrap();
            assert!(found == text.as_bytes(), "{encoding}");
        }
        assert_eq!(read(text.as_bytes(), "").0, "utf-8");
    }

    #[test]
    fn first_accent_may_be_in_the_last_row() {
        let mut bytes = "Asha Rao,9876543210\n".repeat(20_000).into_bytes();
        bytes.extend(b"Ren\xe9 Dupont,1\nZo\xeb Lef\xe8vre,2\n");
        let (encoding, text) = read(&bytes, "FR");
        assert_eq!(encoding, "windows-1252");
        assert!(text.ends_with("René Dupont,1\nZoë Lefèvre,2\n".as_bytes()));
    }

    #[test]
    fn rows_in_another_encoding_are_read_in_it() {
        let mut bytes = NAMES.repeat(5).into_bytes();
        bytes.extend(b"Ren\xe9 Dupont,1\n");
        let (encoding, text) = read(&bytes, "");
        assert_eq!(encoding, "utf-8, windows-1252");
        assert_eq!(String::from_utf8(text).unwrap(), format!("{}René Dupont,1\n", NAMES.repeat(5)));
    }

    #[test]
    fn undecodable_bytes_become_invalid_utf_8() {
        let bytes = [b"Name,Phone\n".as_slice(), b"\x83\x7f\xfd,1\n"].concat();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, &bytes).unwrap();
        let mut text = Vec::new();
        let mut source = Source::open(&path).unwrap();
        decoded(&mut source, by_name("sjis").unwrap()).unwrap().read_to_end(&mut text).unwrap();
        assert!(std::str::from_utf8(&text).is_err());
        assert!(text.ends_with(b",1\n"));
    }

    #[test]
    fn encoding_names_are_accepted_in_common_spellings() {
        for (spelled, expected) in [
            ("UTF-8", "utf-8"),
            ("latin1", "windows-1252"),
            ("ISO-8859-2", "iso-8859-2"),
            ("cp1251", "windows-1251"),
            ("windows_1250", "windows-1250"),
            ("sjis", "shift_jis"),
            ("gbk", "gb18030"),
            ("utf-16", "utf-16le"),
            ("utf_32_be", "utf-32be"),
            ("Mac Roman", "macintosh"),
            ("cp850", "ibm850"),
            ("CP 437", "ibm437"),
            ("mac_latin2", "x-mac-ce"),
            ("cp949", "euc-kr"),
        ] {
            assert_eq!(by_name(spelled).map(Encoding::name).as_deref(), Some(expected), "{spelled}");
        }
        assert_eq!(by_name("klingon"), None);
    }
}
