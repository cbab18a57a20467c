//! Phone numbers in text that is not the field of a phone.

/// The minimum number of digits of a phone number.
const MIN_DIGITS: usize = 7;

/// Returns the first part of a line that looks like a phone number.
pub(super) fn number_in(line: &[u8]) -> Option<&[u8]> {
    let mut start = 0;
    while start < line.len() {
        let len = number_len(&line[start..]);
        let run = line[start..start + len].trim_ascii();
        let is_word = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'_' | b'<'))
        };
        let begins = line[start..].first().is_some_and(|first| !first.is_ascii_digit())
            || !is_word(start.checked_sub(1).and_then(|before| line.get(before)));
        // A plus sign always starts a number.
        let is_alone =
            run.first() == Some(&b'+') || begins && (run.len() < len || !is_word(line.get(start + len)));
        let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
        if digits >= MIN_DIGITS && is_alone && !is_date(run) {
            return Some(run);
        }
        start += len + 1;
    }
    None
}

/// Returns the start of a text if it has the digits of a phone number, regardless of what follows.
pub(super) fn leading_number(text: &[u8]) -> Option<&[u8]> {
    let number = &text[..number_len(text)];
    (number.iter().filter(|byte| byte.is_ascii_digit()).count() >= MIN_DIGITS).then(|| number.trim_ascii())
}

/// Returns the number of bytes at the start of a text that may belong to a number.
fn number_len(text: &[u8]) -> usize {
    let is_part = |byte: &&u8| {
        byte.is_ascii_digit() || matches!(byte, b'+' | b'(' | b')' | b' ' | b'-' | b'.' | b'/' | b'\t')
    };
    text.iter().take_while(is_part).count()
}

/// Returns whether the digits are a date that begins with its year.
fn is_date(run: &[u8]) -> bool {
    run.len() >= 8
        && matches!(&run[..2], b"19" | b"20")
        && matches!(run[4], b'-' | b'/' | b'.')
        && run[4] == *run.get(7).unwrap_or(&0)
}

/// Returns a line shortened for a message.
pub(super) fn shortened(line: &[u8]) -> String {
    const SHOWN: usize = 60;
    let text = String::from_utf8_lossy(line.trim_ascii());
    let shown: String = text.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect();
    if shown.len() < text.len() { format!("{shown}…") } else { shown }
}
