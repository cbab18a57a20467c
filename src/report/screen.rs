//! Safe output to a terminal. Text from outside must not move the cursor, change the title, hide itself, or change
//! how other text reads.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

/// Escapes everything in outside text that a terminal might interpret or that hides.
pub fn printable(text: &str) -> String {
    let mut printed = String::with_capacity(text.len());
    let mut before = ' ';
    for letter in text.chars() {
        if is_active(letter, before) {
            printed.extend(letter.escape_unicode());
        } else {
            printed.push(letter);
        }
        before = letter;
    }
    printed
}

/// Escapes multi-line text except for rollcall's own styles, as a second safeguard below [`printable`].
pub fn styled(text: &str) -> String {
    spelled(text, |letter| letter.escape_unicode().collect())
}

/// Escapes everything in JSON that a terminal might interpret; the value stays the same.
pub fn json(text: &str) -> String {
    spelled(text, |letter| {
        let mut escapes = String::new();
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            _ = write!(escapes, "\\u{unit:04x}");
        }
        escapes
    })
}

fn spelled(text: &str, spell: impl Fn(char) -> String) -> String {
    let mut printed = String::with_capacity(text.len());
    let (mut before, mut rest) = (' ', text);
    while let Some(letter) = rest.chars().next() {
        let length = if letter == '\u{1b}' { style_length(rest) } else { None };
        let length = length.unwrap_or_else(|| {
            let is_kept = letter == '\n' || !is_active(letter, before);
            if is_kept { letter.len_utf8() } else { 0 }
        });
        if length > 0 {
            printed.push_str(&rest[..length]);
            rest = &rest[length..];
        } else {
            printed.push_str(&spell(letter));
            rest = &rest[letter.len_utf8()..];
        }
        before = letter;
    }
    printed
}

/// Returns the length of the style at the start of a text: bold, dimmed, italic, underlined, a text color, or the end
/// of one. None of these hides text.
fn style_length(text: &str) -> Option<usize> {
    const START: &str = "\u{1b}[";
    const MAX_CODES: usize = 12;

    let codes = text.strip_prefix(START)?;
    let end = codes.bytes().take(MAX_CODES).position(|byte| byte == b'm')?;
    let is_harmless = |code: &str| match code.parse::<u8>() {
        Ok(code) => matches!(code, 0..=4 | 22..=24 | 30..=37 | 39 | 90..=97),
        Err(_) => false,
    };
    codes[..end].split(';').all(is_harmless).then_some(START.len() + end + 1)
}

/// Returns whether a terminal might interpret a letter, or the letter hides or reorders the text around it: controls,
/// line and paragraph separators, direction marks, and letters without width. Joiners are part of Persian and Indian
/// words; between Latin letters they only hide.
fn is_active(letter: char, before: char) -> bool {
    match letter {
        ' '..='~' => false,
        '\u{200c}' | '\u{200d}' => before.is_ascii(),
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}' => true,
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => true,
        '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{e0000}'..='\u{e007f}' => true,
        _ => letter.is_control(),
    }
}

/// A writer to a terminal that escapes each line with a function such as [`styled`].
pub struct Screen<W: Write> {
    out: W,
    spell: fn(&str) -> String,
    /// The start of an incomplete letter at the end of what was written.
    begun: Vec<u8>,
}

impl<W: Write> Screen<W> {
    /// Creates a writer that escapes lines with `spell`.
    pub const fn new(out: W, spell: fn(&str) -> String) -> Self {
        Self { out, spell, begun: Vec::new() }
    }

    fn pass(&mut self, is_end: bool) -> io::Result<()> {
        const LONGEST_LETTER: usize = 4;

        let bytes = std::mem::take(&mut self.begun);
        let mut text = String::with_capacity(bytes.len());
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let invalid = chunk.invalid();
            let may_go_on = !is_end && chunks.peek().is_none() && invalid.len() < LONGEST_LETTER;
            if may_go_on {
                self.begun = invalid.to_vec();
            } else if !invalid.is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.out.write_all((self.spell)(&text).as_bytes())
    }
}

impl<W: Write> Write for Screen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        self.pass(false)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass(true)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn outside_text_cannot_control_a_terminal() {
        for (text, shown) in [
            ("é\x1b[2J\u{202e}\u{9b}x", "é\\u{1b}[2J\\u{202e}\\u{9b}x"),
            ("a\nb\rc\u{7f}\u{85}\u{2028}", "a\\u{a}b\\u{d}c\\u{7f}\\u{85}\\u{2028}"),
            ("pay\u{200b}pal\u{200d}.com\u{feff}", "pay\\u{200b}pal\\u{200d}.com\\u{feff}"),
            ("\x1b[1mbold", "\\u{1b}[1mbold"),
            ("\u{e0041}x", "\\u{e0041}x"),
            // Names and emoji that contain joiners.
            ("می\u{200c}خواهم 👩\u{200d}🚀 Zoë", "می\u{200c}خواهم 👩\u{200d}🚀 Zoë"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn own_text_keeps_only_its_lines_and_styles() {
        let ours = "\u{1b}[1m\u{1b}[31mbad\u{1b}[0m\nnext \u{1b}[1;32mgood\u{1b}[0m";
        assert_eq!(styled(ours), ours);
        for (text, shown) in [
            ("\x1b[8mhidden", "\\u{1b}[8mhidden"),
            ("\x1b[2J", "\\u{1b}[2J"),
            ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
            ("\x1b[m\x1b[38;5;1m\x1b[1;1;1;1;1;1;1;1m", "\\u{1b}[m\\u{1b}[38;5;1m\\u{1b}[1;1;1;1;1;1;1;1m"),
            ("\x1b", "\\u{1b}"),
            ("a\r\nb\u{202e}", "a\\u{d}\nb\\u{202e}"),
        ] {
            assert_eq!(styled(text), shown);
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({"a\u{9b}": "\u{7f}\u{202e}\u{e0041}\u{200b}\n\x1b[2Jé"});
        let text = json(&format!("{value:#}"));
        assert!(text.chars().all(|letter| letter == '\n' || !is_active(letter, ' ')), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    proptest! {
        #[test]
        fn split_letters_arrive_whole(text in "[a\x1bé名\u{9b}\n]{0,9}", tail in any::<[u8; 2]>(), size in 1..5usize) {
            let bytes = [text.as_bytes(), &tail].concat();
            let mut out = Vec::new();
            let mut screen = Screen::new(&mut out, styled);
            for part in bytes.chunks(size) {
                screen.write_all(part).unwrap();
            }
            screen.flush().unwrap();
            let shown = String::from_utf8(out).unwrap();
            prop_assert_eq!(&shown, &styled(&String::from_utf8_lossy(&bytes)));
            prop_assert!(shown.chars().all(|letter| letter == '\n' || !is_active(letter, ' ')));
        }
    }
}
