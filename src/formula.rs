//! Cells that a spreadsheet would run as a formula, made harmless on writing and put back on reading.
//!
//! See OWASP, "CSV Injection": a cell that begins with `=`, `+`, `-` or `@` may be run when the file is opened, also behind blanks
//! that the program takes off, and in full width. What a cell is depends on who opens the file: where lists are separated by `;`,
//! a spreadsheet splits a file with commas at every `;`, within quotation marks too. So the beginning of a cell counts, and whatever
//! follows a separator or a line break in it. In front of each such character stands a `'`, and of each that already looks like
//! this, so that the way there and back loses nothing.

use std::borrow::Cow;

/// What a spreadsheet begins a formula with: in full width too, as Japanese and Chinese keyboards write it.
const SIGNS: [char; 12] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫'];

/// Where some program splits a line, or ends it.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b',' | b';' | b'|' | b'\t' | b'\r' | b'\n')
}

/// What a spreadsheet may take off before it looks at a cell: blanks, characters that show nothing, and the quotation marks of a cell
/// that was quoted for another separator.
fn is_skipped(letter: char) -> bool {
    letter == '"'
        || letter.is_whitespace()
        || letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// The place at which a part of a cell has its `'`, or is to have one: in front of a sign, and of every `'` before it. There is none
/// where nothing would be run. The part is `first` where it begins the cell, and followed by a separator where there is one.
fn place(part: &[u8], is_first: bool, separator: Option<u8>) -> Option<usize> {
    let blanks = |text: &str| text.len() - text.trim_start_matches(is_skipped).len();
    let start = part.utf8_chunks().next().map_or(0, |chunk| blanks(chunk.valid()));
    let quotes = part[start..].iter().take_while(|byte| **byte == b'\'').count();
    let rest = &part[start + quotes..];
    let has_sign = SIGNS.iter().any(|sign| rest.starts_with(sign.encode_utf8(&mut [0; 4]).as_bytes()));
    // Some programs take line breaks and tabs off a cell's beginning.
    let is_break = |byte| matches!(byte, b'\t' | b'\r' | b'\n');
    let begins_with_break = is_first && start == 0 && rest.is_empty() && separator.is_some_and(is_break);
    (has_sign || begins_with_break).then_some(start)
}

/// The parts of a cell between separators, each with where it begins and the separator behind it.
fn parts(cell: &[u8]) -> impl Iterator<Item = (usize, &[u8], Option<u8>)> {
    let mut start = 0;
    cell.split_inclusive(|byte| is_separator(*byte)).map(move |part| {
        let begin = start;
        start += part.len();
        match part.split_last() {
            Some((last, part)) if is_separator(*last) => (begin, part, Some(*last)),
            _ => (begin, part, None),
        }
    })
}

/// The cell as it is to be written: with a `'` wherever a spreadsheet would run what follows.
///
/// ```
/// use rollcall::formula::guard;
///
/// assert_eq!(*guard(b"Main St 5; =1+2"), *b"Main St 5; '=1+2");
/// ```
pub fn guard(cell: &[u8]) -> Cow<'_, [u8]> {
    // The last one begins the signs of full width.
    let is_suspect = |byte: &u8| matches!(byte, b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n' | 0xef);
    if !cell.iter().any(is_suspect) {
        return Cow::Borrowed(cell);
    }
    let places = parts(cell)
        .filter_map(|(start, part, separator)| place(part, start == 0, separator).map(|place| start + place));
    let (mut guarded, mut done) = (Vec::new(), 0);
    for place in places {
        guarded.extend_from_slice(&cell[done..place]);
        guarded.push(b'\'');
        done = place;
    }
    if guarded.is_empty() {
        return Cow::Borrowed(cell);
    }
    guarded.extend_from_slice(&cell[done..]);
    Cow::Owned(guarded)
}

/// The cell as it was before [`guard`].
///
/// ```
/// use rollcall::formula::{guard, unguard};
///
/// let written = guard(b"+91 98765 43210");
/// assert_eq!(*written, *b"'+91 98765 43210");
/// assert_eq!(*unguard(&written), *b"+91 98765 43210");
/// ```
pub fn unguard(cell: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\'', cell).is_none() {
        return Cow::Borrowed(cell);
    }
    let places = parts(cell).filter_map(|(start, part, separator)| {
        let place = place(part, start == 0, separator)?;
        (part.get(place) == Some(&b'\'')).then_some(start + place)
    });
    let (mut bare, mut done) = (Vec::new(), None);
    for place in places {
        bare.extend_from_slice(&cell[done.unwrap_or_default()..place]);
        done = Some(place + 1);
    }
    let Some(done) = done else { return Cow::Borrowed(cell) };
    bare.extend_from_slice(&cell[done..]);
    Cow::Owned(bare)
}

/// The cell as it is to be written where cells have types, and is text: with its guards where a spreadsheet would run it once it is
/// saved as text. A number with a sign is none of these, and stays as people know it.
pub fn guard_typed(cell: &[u8]) -> Cow<'_, [u8]> {
    let guarded = guard(cell);
    let is_number = |cell: &[u8]| {
        let rest = cell.strip_prefix(b"+").or_else(|| cell.strip_prefix(b"-"));
        let is_part = |byte: &u8| byte.is_ascii_digit() || b" .-()/".contains(byte);
        rest.is_some_and(|rest| rest.iter().all(is_part))
    };
    if is_number(cell) { Cow::Borrowed(cell) } else { guarded }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn guarded(cell: &str) -> String {
        String::from_utf8(guard(cell.as_bytes()).into_owned()).unwrap()
    }

    /// Whether a program that splits at `separator` and at line breaks, and takes blanks off, finds a sign at the beginning of a cell.
    fn would_run(text: &str, separator: char) -> bool {
        let mut cells = text.split([separator, '\r', '\n']);
        cells.any(|cell| cell.trim_start_matches(is_skipped).starts_with(SIGNS))
    }

    // Source: zvory/csv-safe pull request 25 (blanks), OWASP/www-community issue 1115 (line feeds), Asymmetric-al/core pull request
    // 518 (no-break spaces), OWASP/www-community pull request 401 (tabs and carriage returns).
    #[test]
    fn a_sign_is_guarded_wherever_a_cell_may_begin() {
        for (cell, written) in [
            ("=1+2", "'=1+2"),
            (" =1+2", " '=1+2"),
            ("\u{a0}=1+2", "\u{a0}'=1+2"),
            ("\u{3000}\u{200b}＝1+2", "\u{3000}\u{200b}'＝1+2"),
            ("\n=1+2", "'\n'=1+2"),
            ("\tx", "'\tx"),
            ("\r\n@x", "'\r\n'@x"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠x", "'＠x"),
            ("x;=1+2", "x;'=1+2"),
            ("x; +1|@x\t-1,=2", "x; '+1|'@x\t'-1,'=2"),
            ("x\n=1+2", "x\n'=1+2"),
            ("x;\"=1+2\"", "x;\"'=1+2\""),
            ("'=1+2", "''=1+2"),
            ("x;'=1+2", "x;''=1+2"),
        ] {
            assert_eq!(guarded(cell), written);
            assert_eq!(*unguard(written.as_bytes()), *cell.as_bytes(), "{written:?}");
        }
    }

    #[test]
    fn ordinary_cells_are_written_as_they_are() {
        for cell in [
            "",
            "020 7946 0018",
            "Anne-Marie",
            "O'Neil",
            "'",
            "'tis",
            "a; b",
            "x\ny",
            "a@example.com",
            "é名ﬁ",
            "1+1=2",
            "a='b'",
        ] {
            assert!(matches!(guard(cell.as_bytes()), Cow::Borrowed(_)), "{cell:?}");
            assert!(matches!(unguard(cell.as_bytes()), Cow::Borrowed(_)), "{cell:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        for cell in [b"\xff=1;=2\xff".as_slice(), b";\xff;=\xc3", b"'\xff;'='=", b";\xa0=1"] {
            let written = guard(cell);
            assert_eq!(*unguard(&written), *cell);
        }
    }

    #[test]
    fn a_number_with_a_sign_stays_as_it_is_where_cells_are_typed() {
        for cell in ["+44 7700 900123", "-", "+44 (0)7700/900-123", "x"] {
            assert_eq!(*guard_typed(cell.as_bytes()), *cell.as_bytes());
        }
        for cell in ["=1", "+44 ext 5", "'+44 7700 900123", "+1;=2", "-1+cmd|x"] {
            let written = guard_typed(cell.as_bytes());
            assert_ne!(*written, *cell.as_bytes());
            assert_eq!(*unguard(&written), *cell.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn the_way_there_and_back_loses_nothing(cell in "[='+@＝ \u{a0}\\t\\r\\n;,|\"x0é-]{0,12}") {
            let written = guarded(&cell);
            prop_assert_eq!(&*unguard(written.as_bytes()), cell.as_bytes());
            let typed = guard_typed(cell.as_bytes()).into_owned();
            prop_assert_eq!(&*unguard(&typed), cell.as_bytes());
            for separator in [',', ';', '|', '\t'] {
                prop_assert!(!would_run(&written, separator), "{:?} split at {:?}", &written, separator);
            }
        }
    }
}
