//! What may reach a terminal: text from outside must not move its cursor, change its title, hide itself, or read otherwise than it is.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

/// Text from outside, with everything that a terminal might act on, or that hides, spelled out.
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

/// Multi-line text with rollcall's own styles. Everything else is escaped, as a second safeguard below
/// [`printable`].
pub fn styled(text: &str) -> String {
    spelled(text, |letter| letter.escape_unicode().collect())
}

/// JSON with the same meaning, in which everything that a terminal might act on is escaped.
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

/// The length of the style that a text begins with: bold, dimmed, italic, underlined, a color of letters, and the end of each. None of
/// them hides anything.
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

/// Whether a terminal might act on a letter, or the letter hides or turns what is around it: controls, line and paragraph separators,
/// what changes the direction, and what has no width. A joiner stands in words of Persian and of India; between letters of ours it
/// only hides.
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

/// Passes on text to a terminal line by line, with what it might act on spelled out by a function such as [`styled`].
pub struct Screen<W: Write> {
    out: W,
    spell: fn(&str) -> String,
    /// The end of what was written, where a letter is not whole yet.
    begun: Vec<u8>,
}

impl<W: Write> Screen<W> {
    /// A way to a terminal.
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
    fn text_from_outside_does_nothing_to_a_terminal() {
        for (text, shown) in [
            ("é\x1b[2J\u{202e}\u{9b}x", "é\\u{1b}[2J\\u{202e}\\u{9b}x"),
            ("a\nb\rc\u{7f}\u{85}\u{2028}", "a\\u{a}b\\u{d}c\\u{7f}\\u{85}\\u{2028}"),
            ("pay\u{200b}pal\u{200d}.com\u{feff}", "pay\\u{200b}pal\\u{200d}.com\\u{feff}"),
            ("\x1b[1mbold", "\\u{1b}[1mbold"),
            ("\u{e0041}x", "\\u{e0041}x"),
            // Names and signs that are written with joiners.
            ("می\u{200c}خواهم 👩\u{200d}🚀 Zoë", "می\u{200c}خواهم 👩\u{200d}🚀 Zoë"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn text_of_ours_keeps_its_lines_and_styles_alone() {
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
        fn letters_arrive_whole_however_they_are_cut(text in "[a\x1bé名\u{9b}\n]{0,9}", tail in any::<[u8; 2]>(), size in 1..5usize) {
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
