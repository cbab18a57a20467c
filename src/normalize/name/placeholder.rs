//! Placeholders that programs and people write into cells without a value.

use std::sync::LazyLock;

use super::words::WordSet;

/// Placeholders by their words in lowercase, without the signs around them.
static PLACEHOLDERS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(&[
        "n a",
        "n v",
        "n d",
        "n b",
        "null",
        "nil",
        "none",
        "undefined",
        "unknown",
        "unnamed",
        "anonymous",
        "noname",
        "no name",
        "no first name",
        "no last name",
        "no surname",
        "not available",
        "not applicable",
        "not provided",
        "not specified",
        "not given",
        "not known",
        "not set",
        "no value",
        "no data",
        "to be confirmed",
        "tbc",
        "tbd",
        "tba",
        "please select",
        "select",
        "fnu",
        "lnu",
        "object object",
        "false",
        "loading",
        "first name unknown",
        "last name unknown",
        "name unknown",
        "prefer not to say",
        "rather not say",
        // French
        "inconnu",
        "inconnue",
        "néant",
        "aucun",
        "non renseigné",
        "non communiqué",
        "non disponible",
        "sans nom",
        "sans objet",
        // German
        "k a",
        "keine angabe",
        "keine",
        "unbekannt",
        "nicht vorhanden",
        "nicht bekannt",
        "entfällt",
        "ohne",
        "ohne namen",
        "bitte wählen",
        "bitte auswählen",
        "keine auswahl",
        // Spanish
        "desconocido",
        "desconocida",
        "ninguno",
        "ninguna",
        "sin nombre",
        "no disponible",
        "no aplica",
        "no especificado",
        "s n",
        // Portuguese, Italian and Dutch
        "desconhecido",
        "sem nome",
        "não informado",
        "nenhum",
        "sconosciuto",
        "nessuno",
        "onbekend",
        "geen",
        "n v t",
        "nvt",
    ])
});

/// Placeholders only in brackets: without brackets, they can be names.
const BRACKETED: &[&str] = &[
    "blank",
    "empty",
    "missing",
    "na",
    "leer",
    "vide",
    "vacío",
    "en blanco",
    "vazio",
    "vuoto",
    "leeg",
    "no value",
    "ninguno",
    "none",
    "null",
];

/// Placeholders in the spelling of SQL, scripts and statistics programs. In other spellings, they can be names.
const MARKS: &[&str] =
    &["NULL", "null", "NA", "nan", "NaN", "NAN", "NaT", "nil", "NIL", "N.N.", "N. N.", "xxx", "XXX"];

/// The length of the longest placeholder.
const MAX_BYTES: usize = 48;

/// All placeholders that may consist of letters only.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    PLACEHOLDERS.words().chain(MARKS.iter().copied())
}

/// Returns whether a cleaned cell contains a placeholder and nothing else.
///
/// Names that resemble one are kept: `Null` and `Na` as people write them, and initials such as `N.A.`.
pub(in crate::normalize) fn is_placeholder(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(&first) = bytes.first() else { return false };
    if bytes.len() > MAX_BYTES {
        return is_test_data(text);
    }
    match first {
        byte if byte.is_ascii_alphabetic() => is_word(text) || is_numbered_error(text),
        b'#' => is_error(text),
        b'<' | b'(' | b'[' | b'{' | b'%' | b'*' | b'$' | b'\\' | b'-' | b'_' | b'"' | b'.' | b'?' | b'/' => {
            is_bracketed(text) || is_word(text) || is_template(text) || is_test_data(text)
        }
        byte => byte.is_ascii() && is_bracketed(text),
    }
}

fn is_word(text: &str) -> bool {
    if MARKS.contains(&text) {
        return true;
    }
    if matches!(text, "Null" | "Nil") {
        return false;
    }
    let is_of_letters = |ends: [Option<&u8>; 2]| ends.iter().flatten().all(|byte| byte.is_ascii_alphabetic());
    let bytes = text.as_bytes();
    if is_of_letters([bytes.first(), bytes.last()]) && !PLACEHOLDERS.has_ends_of(text) {
        return false;
    }
    if bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ') {
        return PLACEHOLDERS.contains(text) && !is_initials(text);
    }
    let mut folded = [0; MAX_BYTES];
    folded_into(text, &mut folded).is_some_and(|folded| PLACEHOLDERS.contains(folded)) && !is_initials(text)
}

/// Tests whether a text consists only of single capital letters, such as `N.A.` or `S N`.
fn is_initials(text: &str) -> bool {
    let mut parts = text.split(['.', ' ']).filter(|part| !part.is_empty());
    parts.all(|part| part.len() == 1 && part.starts_with(|letter: char| letter.is_ascii_uppercase()))
}

/// Returns the words of a text in lowercase, separated by single spaces.
fn folded_into<'b>(text: &str, buffer: &'b mut [u8; MAX_BYTES]) -> Option<&'b str> {
    let mut length = 0;
    let mut is_gap = false;
    for letter in text.chars() {
        if !letter.is_alphanumeric() {
            is_gap = length > 0;
            continue;
        }
        if is_gap {
            *buffer.get_mut(length)? = b' ';
            length += 1;
            is_gap = false;
        }
        for small in letter.to_lowercase() {
            let end = length + small.len_utf8();
            small.encode_utf8(buffer.get_mut(length..end)?);
            length = end;
        }
    }
    str::from_utf8(&buffer[..length]).ok()
}

/// Tests for spreadsheet errors in any language: `#N/A`, `#NV`, `#¿NOMBRE?`.
fn is_error(text: &str) -> bool {
    let rest = &text[1..];
    rest.len() > 1
        && rest.contains(char::is_alphabetic)
        && rest.chars().all(|letter| letter.is_uppercase() || "/!?¡¿_0".contains(letter))
}

/// Tests for the numbered errors that `LibreOffice` shows if an error has no name: `Err:502`.
fn is_numbered_error(text: &str) -> bool {
    let Some((word, number)) = text.split_once(':') else { return false };
    matches!(word.trim_end(), "Err" | "Error" | "Erro" | "Errore" | "Erreur" | "Fehler" | "Fout")
        && number.len() == 3
        && number.bytes().all(|digit| digit.is_ascii_digit())
}

/// Tests for a placeholder between signs, or for signs alone.
fn is_bracketed(text: &str) -> bool {
    let inside = text.trim_matches(|sign: char| !sign.is_alphanumeric());
    if inside.is_empty() {
        return true;
    }
    let is_within = text.starts_with(['(', '[', '{', '<', '-', '_', '*'])
        && text.ends_with([')', ']', '}', '>', '-', '_', '*']);
    let lower = inside.to_lowercase();
    is_within && BRACKETED.contains(&lower.as_str()) || text == "\\N"
}

/// Tests for the placeholder of a name in a form letter: `{{first_name}}`, `*|FNAME|*`, `%FIRSTNAME%`.
fn is_template(text: &str) -> bool {
    const SIGNS: [(&str, &str); 7] =
        [("{", "}"), ("${", "}"), ("*|", "|*"), ("%", "%"), ("<%", "%>"), ("[[", "]]"), ("<<", ">>")];

    SIGNS.iter().any(|(open, close)| text.len() > 2 && text.starts_with(open) && text.ends_with(close))
}

/// Tests for the test data that an advertisement's form sends.
fn is_test_data(text: &str) -> bool {
    text.starts_with("<test lead")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholder_is_not_a_name() {
        for text in [
            "NULL",
            "null",
            "N/A",
            "n/a",
            "n.a.",
            "NA",
            "#N/A",
            "#NV",
            "#NAME?",
            "#REF!",
            "#DIV/0!",
            "#¿NOMBRE?",
            "#WERT!",
            "(blank)",
            "(Leer)",
            "(vide)",
            "[NULL]",
            "<null>",
            "(null)",
            "<NA>",
            "\\N",
            "none",
            "None",
            "-None-",
            "--None--",
            "unknown",
            "UNKNOWN",
            "Unbekannt",
            "inconnu",
            "desconocido",
            "keine Angabe",
            "k.A.",
            "k. A.",
            "non renseigné",
            "undefined",
            "NaN",
            "nan",
            "-",
            "--",
            ".",
            "...",
            "?",
            "_",
            "*",
            "not provided",
            "[object Object]",
            "Loading...",
            "{{first_name}}",
            "*|FNAME|*",
            "%FIRSTNAME%",
            "${name}",
            "<test lead: dummy data for first_name>",
            "FNU",
            "LNU",
            "(unknown)",
            "N.N.",
            "False",
            "Please select",
            "Bitte wählen",
            "Err:502",
            "Fehler:508",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn name_that_resembles_a_placeholder_is_kept() {
        for text in [
            "",
            "Null",
            "Na",
            "Nil",
            "Nan",
            "Nanette",
            "N.A.",
            "K.A.",
            "N. A.",
            "S N",
            "Blank",
            "Empty",
            "Noname Ltd",
            "Nona",
            "Ng",
            "Unger",
            "O",
            "#1 Plumbing",
            "Ann (none)",
            "Kane",
            "Nunn",
            "(Bob)",
            "Sin",
            "Geena",
            "Nikolaus-Alexander",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
