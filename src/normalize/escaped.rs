//! Letters written as escapes by another program: `M%C3%BCller`, `M=C3=BCller`, `M\u00fcller`, UTF-7, HZ.

/// Decodes the escapes in a text, if they encode letters beyond ASCII.
pub(super) fn read(text: &str) -> Option<String> {
    memchr::memchr3(b'%', b'=', b'\\', text.as_bytes())?;
    [by_byte(text, "%"), by_byte(text, "="), by_byte(text, "\\x"), by_unit(text)].into_iter().flatten().next()
}

/// Names the 7-bit encoding of the escapes in a text. Such text can only be decoded together with the whole file.
pub(super) fn seven_bit(text: &str) -> Option<&'static str> {
    memchr::memchr2(b'~', b'+', text.as_bytes())?;
    let between = |open: &str, close: char| {
        text.split_once(open).and_then(|(_, rest)| rest.split_once(close)).map(|(inside, _)| inside)
    };
    if between("~{", '~').is_some_and(|inside| inside.len() > 1 && inside.len() % 2 == 0) {
        return Some("HZ");
    }
    let is_base64 = |letter: char| letter.is_ascii_alphanumeric() || letter == '/';
    between("+", '-')
        .is_some_and(|inside| inside.len() > 2 && inside.starts_with('A') && inside.chars().all(is_base64))
        .then_some("UTF-7")
}

/// Decodes UTF-8 bytes, written as two digits after a mark.
fn by_byte(text: &str, mark: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(mark) {
        bytes.extend_from_slice(before.as_bytes());
        let digits = behind.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.extend_from_slice(mark.as_bytes());
            rest = behind;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes)
        .ok()
        .filter(|read| !read.is_ascii() && read.chars().count() < text.chars().count())
}

/// Decodes UTF-16 units, written as four digits after `\u`.
fn by_unit(text: &str) -> Option<String> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    let mut is_escaped = false;
    while let Some((before, behind)) = rest.split_once("\\u") {
        units.extend(before.encode_utf16());
        let unit = u16::from_str_radix(behind.get(..4)?, 16).ok()?;
        is_escaped |= unit >= 0x80;
        units.push(unit);
        rest = &behind[4..];
    }
    units.extend(rest.encode_utf16());
    is_escaped.then(|| String::from_utf16(&units).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_letters_are_decoded_and_other_text_is_kept() {
        for (text, name) in [
            ("M%C3%BCller", "Müller"),
            ("Jos=C3=A9", "José"),
            ("M\\u00fcller", "Müller"),
            ("M\\xc3\\xbcller", "Müller"),
            ("\\u5c71\\u7530", "山田"),
        ] {
            assert_eq!(read(text).as_deref(), Some(name), "{text}");
        }
        for text in ["100%", "A=B", "a\\b", "50%20", "=41", "\\u0041", "\\u00"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(seven_bit("~{N0~}"), Some("HZ"));
        assert_eq!(seven_bit("J+APw-rgen"), Some("UTF-7"));
        for text in ["A+B", "~", "Ann + Bo - Co", "a~{b"] {
            assert_eq!(seven_bit(text), None, "{text}");
        }
    }
}
