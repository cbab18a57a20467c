//! Escaping of cells that a spreadsheet would run as formulas.
//!
//! A spreadsheet may run a cell that begins with `=`, `+`, `-` or `@`, also after blanks that it removes, and in
//! full-width forms (see OWASP, "CSV Injection"). Cell boundaries depend on the program: a spreadsheet that separates
//! lists by `;` splits a CSV file at every `;`, even inside quotation marks. Therefore a cell is checked at its
//! beginning and after each separator and line break. [`guard`] puts a `'` before each such character, and before text
//! that already looks guarded, so that [`unguard`] restores every cell exactly.

use std::borrow::Cow;

/// Characters that begin a formula in a spreadsheet, including the full-width forms of Japanese and Chinese keyboards.
const SIGNS: [char; 12] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫'];

/// The bytes that begin a sign, and those that some programs remove from the beginning of a cell.
const SUSPECTS: [bool; 256] = {
    let mut suspects = [false; 256];
    // The last byte begins the full-width signs.
    let bytes = *b"=+-@\t\r\n\xef";
    let mut index = 0;
    while index < bytes.len() {
        suspects[bytes[index] as usize] = true;
        index += 1;
    }
    suspects
};

/// Tests for bytes at which some program splits or ends a line.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b',' | b';' | b'|' | b'\t' | b'\r' | b'\n')
}

/// Tests for characters that a spreadsheet may remove before it interprets a cell: blanks, invisible characters, and
/// the quotation marks of a cell that was quoted for another separator.
fn is_skipped(letter: char) -> bool {
    letter == '"'
        || letter.is_whitespace()
        || letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Returns the position of the `'` in a part of a cell: before a sign and before every `'` in front of it. Returns
/// `None` if no program would run the part. `is_first` says that the part begins the cell; `separator` is the byte
/// after it.
fn place(part: &[u8], is_first: bool, separator: Option<u8>) -> Option<usize> {
    // Most parts begin with a letter or a digit.
    if part.first().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let blanks = |text: &str| text.len() - text.trim_start_matches(is_skipped).len();
    let start = part.utf8_chunks().next().map_or(0, |chunk| blanks(chunk.valid()));
    let quotes = part[start..].iter().take_while(|byte| **byte == b'\'').count();
    let rest = &part[start + quotes..];
    let has_sign = SIGNS.iter().any(|sign| rest.starts_with(sign.encode_utf8(&mut [0; 4]).as_bytes()));
    // Some programs remove line breaks and tabs from the beginning of a cell.
    let is_break = |byte| matches!(byte, b'\t' | b'\r' | b'\n');
    let begins_with_break = is_first && start == 0 && rest.is_empty() && separator.is_some_and(is_break);
    (has_sign || begins_with_break).then_some(start)
}

/// Splits a cell at separators. Returns each part with its start and the separator after it.
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

/// Returns the cell as written to CSV: with a `'` wherever a spreadsheet would run a formula.
///
/// ```
/// use rollcall::formula::guard;
///
/// assert_eq!(*guard(b"Main St 5; =1+2"), *b"Main St 5; '=1+2");
/// ```
pub fn guard(cell: &[u8]) -> Cow<'_, [u8]> {
    if !cell.iter().any(|byte| SUSPECTS[usize::from(*byte)]) {
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

/// Returns the cell as it was before [`guard`].
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

/// Returns the cell as written to a text cell of a typed format, guarded if a spreadsheet would run it after saving it
/// as text. A signed number is safe and stays as it is.
pub fn guard_typed(cell: &[u8]) -> Cow<'_, [u8]> {
    let is_number = |cell: &[u8]| {
        let rest = cell.strip_prefix(b"+").or_else(|| cell.strip_prefix(b"-"));
        let is_part = |byte: &u8| byte.is_ascii_digit() || b" .-()/".contains(byte);
        rest.is_some_and(|rest| rest.iter().all(is_part))
    };
    if is_number(cell) { Cow::Borrowed(cell) } else { guard(cell) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn guarded(cell: &str) -> String {
        String::from_utf8(guard(cell.as_bytes()).into_owned()).unwrap()
    }

    /// Tests whether a program that splits at `separator` and at line breaks, and removes blanks, finds a sign at the
    /// beginning of a cell.
    fn would_run(text: &str, separator: char) -> bool {
        let mut cells = text.split([separator, '\r', '\n']);
        cells.any(|cell| cell.trim_start_matches(is_skipped).starts_with(SIGNS))
    }

    // Source: zvory/csv-safe pull request 25 (blanks), OWASP/www-community issue 1115 (line feeds), Asymmetric-al/core pull request
    // 518 (no-break spaces), OWASP/www-community pull request 401 (tabs and carriage returns).
    #[test]
    fn sign_is_guarded_wherever_a_cell_may_begin() {
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
    fn ordinary_cells_are_written_unchanged() {
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
    fn bytes_that_are_not_text_are_kept() {
        for cell in [b"\xff=1;=2\xff".as_slice(), b";\xff;=\xc3", b"'\xff;'='=", b";\xa0=1"] {
            let written = guard(cell);
            assert_eq!(*unguard(&written), *cell);
        }
    }

    #[test]
    fn signed_number_in_typed_cell_is_unchanged() {
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
        fn unguard_reverses_guard(cell in "[='+@＝ \u{a0}\\t\\r\\n;,|\"x0é-]{0,12}") {
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
