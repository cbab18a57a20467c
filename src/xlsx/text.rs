//! Text in the markup of a workbook.

use std::fmt::Write as _;

/// Appends `<t>` with a text, so that spreadsheet programs show exactly this text.
pub(super) fn push_element(markup: &mut Vec<u8>, text: &str) {
    let is_blank = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
    let (first, last) = (text.as_bytes().first(), text.as_bytes().last());
    // Otherwise programs remove the blanks.
    let open: &[u8] = if is_blank(first) || is_blank(last) { b"<t xml:space=\"preserve\">" } else { b"<t>" };
    markup.extend_from_slice(open);
    push(markup, text);
    markup.extend_from_slice(b"</t>");
}

/// The bytes that may have to be escaped.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    // The last byte begins the characters that XML does not have.
    let bytes = *b"&<>\"_\xef";
    let mut index = 0;
    while index < bytes.len() {
        special[bytes[index] as usize] = true;
        index += 1;
    }
    let mut control = 0;
    while control < b' ' {
        special[control as usize] = true;
        control += 1;
    }
    special
};

/// Appends a text, escaped.
pub(super) fn push(markup: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    if !bytes.iter().any(|byte| SPECIAL[usize::from(*byte)]) {
        markup.extend_from_slice(bytes);
        return;
    }
    for (at, letter) in text.char_indices() {
        match letter {
            '&' => markup.extend_from_slice(b"&amp;"),
            '<' => markup.extend_from_slice(b"&lt;"),
            '>' => markup.extend_from_slice(b"&gt;"),
            '"' => markup.extend_from_slice(b"&quot;"),
            // Text that looks like an escape must not be taken for one.
            '_' if is_escape(&bytes[at..]) => markup.extend_from_slice(b"_x005F_"),
            '\t' | '\n' => markup.push(letter as u8),
            // XML has no such characters.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                markup.extend_from_slice(format!("_x{:04X}_", u32::from(letter)).as_bytes());
            }
            _ => markup.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// Returns an escaped text.
pub(super) fn escaped(text: &str) -> String {
    let mut markup = Vec::with_capacity(text.len());
    push(&mut markup, text);
    let mut escaped = String::new();
    // The markup of a text is text.
    _ = write!(escaped, "{}", String::from_utf8_lossy(&markup));
    escaped
}

/// Tests whether bytes begin with an escape for a character, such as `_x000D_`.
fn is_escape(bytes: &[u8]) -> bool {
    bytes.get(..7).is_some_and(|escape| {
        // An escape of the next character begins with `_`, too.
        let is_end = matches!(escape[6], b'_' | ..b' ' | 0xef);
        escape.starts_with(b"_x") && is_end && escape[2..6].iter().all(u8::is_ascii_hexdigit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        for (text, markup) in [
            ("Anna", "<t>Anna</t>"),
            ("", "<t></t>"),
            (" a", "<t xml:space=\"preserve\"> a</t>"),
            ("a\n", "<t xml:space=\"preserve\">a\n</t>"),
            ("a & <b> \"c\"", "<t>a &amp; &lt;b&gt; &quot;c&quot;</t>"),
            ("a\r\u{1}b\tc\u{ffff}", "<t>a_x000D__x0001_b\tc_xFFFF_</t>"),
            ("_x0041\u{1}", "<t>_x005F_x0041_x0001_</t>"),
            ("_x000D_ _x_ _xyz1_", "<t>_x005F_x000D_ _x_ _xyz1_</t>"),
            ("Zoë 山田 ﬁ", "<t>Zoë 山田 ﬁ</t>"),
        ] {
            let mut written = Vec::new();
            push_element(&mut written, text);
            assert_eq!(String::from_utf8(written).unwrap(), markup, "{text:?}");
        }
    }
}
