//! Text that programs put around and into names: quotation marks, formulas, HTML entities and tags, labels, signs that
//! are not letters.

use std::borrow::Cow;

use super::words::PRONOUNS;

/// Labels before a name, folded.
const LABELS: [&str; 14] = [
    "name",
    "full name",
    "first name",
    "last name",
    "surname",
    "vorname",
    "nachname",
    "nom",
    "prénom",
    "nombre",
    "apellido",
    "apellidos",
    "salutation",
    "contact",
];

/// Tags that format text. Text with any other tag is not a name.
const SHAPES: [&str; 14] =
    ["b", "i", "u", "em", "strong", "span", "p", "br", "div", "font", "a", "small", "sup", "td"];

/// Returns whether a text contains only what most names contain, so that there is nothing to undo.
pub(in crate::normalize) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'-' | b'.' | b'\'' | b','))
        && !matches!(bytes.first(), Some(b'\'' | b' '))
}

/// Removes what a spreadsheet or a web page put around a text. Returns `None` if there is nothing to remove.
pub(in crate::normalize) fn undone(text: &str) -> Option<String> {
    let steps = [unformulated, decoded, unescaped, untagged, unquoted, unlabeled, unmarked];
    let mut name: Option<String> = None;
    // Each step shortens the text, so this loop ends.
    loop {
        let before = name.as_deref().unwrap_or(text).trim();
        match steps.iter().find_map(|step| step(before)) {
            Some(better) => name = Some(better),
            None => return name,
        }
    }
}

/// Returns the text of a formula that contains only a text.
fn unformulated(text: &str) -> Option<String> {
    let inside = text.strip_prefix("=\"")?.strip_suffix('"')?;
    Some(inside.replace("\"\"", "\""))
}

/// Returns whether a text contains HTML entities or tags.
pub(in crate::normalize) fn is_of_web_page(text: &str) -> bool {
    decoded(text).is_some() || untagged(text).is_some()
}

/// Decodes HTML entities, as in `O&#039;Brien`.
fn decoded(text: &str) -> Option<String> {
    memchr::memchr(b'&', text.as_bytes())?;
    match html_escape::decode_html_entities(text) {
        Cow::Owned(read) if read != text => Some(read),
        _ => None,
    }
}

/// Decodes the escapes of workbooks for control characters, as in `Anna_x000D_`.
fn unescaped(text: &str) -> Option<String> {
    let at = text.find("_x00")?;
    let code = u32::from_str_radix(text.get(at + 2..at + 6)?, 16).ok()?;
    let control = char::from_u32(code).filter(|letter| letter.is_control())?;
    text.get(at + 6..)?.strip_prefix('_')?;
    // Cleaning decides whether to keep the control character.
    Some(text.replace(text.get(at..at + 7)?, control.encode_utf8(&mut [0; 4])))
}

/// Removes the tags that only format text.
fn untagged(text: &str) -> Option<String> {
    memchr::memchr(b'<', text.as_bytes())?;
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('<') {
        let (tag, after) = behind.split_once('>')?;
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        if !SHAPES.contains(&name.to_lowercase().as_str()) {
            return None;
        }
        plain.push_str(before);
        plain.push(' ');
        rest = after;
    }
    plain.push_str(rest);
    Some(plain.trim().to_owned())
}

/// Removes quotation marks around the whole text, and the apostrophe by which a spreadsheet marks text.
fn unquoted(text: &str) -> Option<String> {
    const PAIRS: [(char, char); 5] = [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('\'', '\'')];

    let inside = PAIRS.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close));
    if let Some(inside) = inside.filter(|inside| !inside.contains(['"', '“', '”', '„', '«', '»'])) {
        return Some(inside.trim().to_owned());
    }
    // A quotation mark without its counterpart, which the parser left unchanged.
    if text.matches('"').count() == 1 {
        let rest = text.strip_prefix('"').or_else(|| text.strip_suffix('"'));
        return rest.map(|rest| rest.trim().to_owned());
    }
    let rest = text.strip_prefix('\'')?;
    // Dutch names begin with the rest of a word: 't Hooft, 's-Gravenzande.
    let is_dutch = rest.starts_with(['t', 's', 'n', 'T', 'S', 'N']) && rest[1..].starts_with([' ', '-']);
    (!is_dutch).then(|| rest.to_owned())
}

/// Returns the text after a label, as in `Name: Ida Vale`.
fn unlabeled(text: &str) -> Option<String> {
    let (label, name) = text.split_once(':')?;
    let label = label.trim().to_lowercase();
    (LABELS.contains(&label.as_str()) && !name.trim().is_empty()).then(|| name.trim().to_owned())
}

/// Removes signs by which people mark an entry, as in `*Ida Vale*`.
fn unmarked(text: &str) -> Option<String> {
    let inside = text.trim_matches(['*', '_', '~', '•', '#', '|', ' ']);
    (inside.len() < text.len() && inside.contains(char::is_alphabetic)).then(|| inside.to_owned())
}

/// Classifies a text with letters that is not a person's name.
pub(in crate::normalize) fn what_else(name: &str) -> Option<&'static str> {
    let is_address =
        || name.split_once('@').is_some_and(|(_, host)| host.contains('.') && !name.contains(' '));
    if name.contains("</") || name.contains("/>") || name.starts_with('<') {
        Some("is markup of a web page")
    } else if name.starts_with(['(', '[']) && name.ends_with([')', ']']) {
        Some("is a remark in brackets")
    } else if contains_number(name) {
        Some("contains what looks like a phone number")
    } else if is_address() {
        Some("is an e-mail address")
    } else if name.contains("://") || name.starts_with("www.") {
        Some("is a web address")
    } else {
        None
    }
}

/// Tests for as many digits as in a phone number: a cell of another column, or two rows on one line.
fn contains_number(name: &str) -> bool {
    const MIN_DIGITS: usize = 7;

    let is_part = |letter: char| letter.is_ascii_digit() || " -./()".contains(letter);
    name.split(|letter| !is_part(letter))
        .any(|run| run.bytes().filter(u8::is_ascii_digit).count() >= MIN_DIGITS)
}

/// Tests for pictures, which no name contains.
fn is_picture(letter: char) -> bool {
    matches!(letter,
        '\u{203c}' | '\u{2049}' | '\u{20e3}' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{25a0}'..='\u{27bf}'
        | '\u{2b00}'..='\u{2bff}' | '\u{fe0e}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}' | '\u{e0020}'..='\u{e007f}')
}

/// Removes pictures, and pronouns in brackets. Returns `None` if there are none.
pub(in crate::normalize) fn without_remarks(name: &str) -> Option<String> {
    let has_picture = !name.is_ascii() && name.chars().any(is_picture);
    let pronouns = pronouns_in(name);
    if !has_picture && pronouns.is_none() {
        return None;
    }
    let (before, behind) = pronouns.unwrap_or((name, ""));
    let kept: String =
        before.chars().chain([' ']).chain(behind.chars()).filter(|letter| !is_picture(*letter)).collect();
    Some(kept.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Returns the text before and after pronouns in brackets.
fn pronouns_in(name: &str) -> Option<(&str, &str)> {
    let open = name.find(['(', '['])?;
    let close = open + name[open..].find([')', ']'])?;
    are_pronouns(&name[open + 1..close]).then(|| (&name[..open], &name[close + 1..]))
}

/// Returns whether a text is a list of pronouns, such as `she/her`.
pub(super) fn are_pronouns(text: &str) -> bool {
    let mut words =
        text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some() && words.all(|word| PRONOUNS.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_around_a_name_is_removed() {
        for (text, name) in [
            ("O&#039;Brien", "O'Brien"),
            ("O&#x27;Brien", "O'Brien"),
            ("Jos&eacute;", "José"),
            ("Quill &amp; Quill", "Quill & Quill"),
            ("O&amp;#039;Brien", "O'Brien"),
            ("=\"Anna\"", "Anna"),
            ("'Anna", "Anna"),
            ("'Anna'", "Anna"),
            ("\"Anna\"", "Anna"),
            ("\"Anna", "Anna"),
            ("Anna\"", "Anna"),
            ("“Anna”", "Anna"),
            ("<b>Anna</b>", "Anna"),
            ("Anna<br />", "Anna"),
            ("&lt;p&gt;Anna&lt;/p&gt;", "Anna"),
            ("Name: Anna Rao", "Anna Rao"),
            ("*Anna*", "Anna"),
            ("Anna_x000D_", "Anna\r"),
        ] {
            assert_eq!(undone(text).as_deref(), Some(name), "{text}");
        }
    }

    #[test]
    fn signs_that_belong_to_a_name_are_kept() {
        for name in [
            "AT&T",
            "Anna & Bob",
            "'t Hooft",
            "'s-Gravenzande",
            "O'Neill",
            "Robert \"Bob\" Stone",
            "<script>x</script>",
            "Anna <anna@example.com>",
            "a_x00zz_b",
            "Z New: Wr",
            "Rock 'n' Roll",
            "&",
            "&;",
            "A & B;",
        ] {
            assert_eq!(undone(name), None, "{name}");
        }
    }

    #[test]
    fn markup_and_addresses_are_not_names() {
        for text in [
            "<script>x</script>",
            "<img src=x/>",
            "ida@example.com",
            "https://example.com/ida",
            "www.example.com",
            "(Work)",
            "02079460322Ida",
            "Ida (020) 7946-0322",
        ] {
            assert!(what_else(text).is_some(), "{text}");
        }
        for name in ["Ida", "Ida Vale <ida@example.com>", "Ida @ home", "A<B", "Ida 1985", "R2-D2 1234"] {
            assert_eq!(what_else(name), None, "{name}");
        }
    }

    #[test]
    fn pictures_and_pronouns_are_removed() {
        for (name, kept) in [
            ("Finch 🏡", "Finch"),
            ("🇮🇳 Asha", "Asha"),
            ("Stern (he/him)", "Stern"),
            ("Ida [she/her/hers] Vale", "Ida Vale"),
            ("❤️", ""),
        ] {
            assert_eq!(without_remarks(name).as_deref(), Some(kept), "{name}");
        }
        for name in ["Baker (Johnson)", "Müller", "Robert (Bob)", "()", "Her", "山田"] {
            assert_eq!(without_remarks(name), None, "{name}");
        }
    }
}
