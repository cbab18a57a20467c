//! Salutations: spellings from lists, mapped to the salutations that rollcall sends.

use std::sync::LazyLock;

use super::name::words::{OTHER_TITLES, PEOPLE_CONJUNCTIONS, SHORT_TITLES, WordSet};
use crate::contact::Salutation;

/// Spellings in lowercase, without periods. The platform documents only `Mr` and `Mrs`, so words of other languages
/// that do not distinguish married from unmarried become `Mrs`.
const SPELLINGS: &[(&str, Salutation)] = &[
    ("mr", Salutation::Mr),
    ("mister", Salutation::Mr),
    ("herr", Salutation::Mr),
    ("herrn", Salutation::Mr),
    ("hr", Salutation::Mr),
    ("hrn", Salutation::Mr),
    ("m", Salutation::Mr),
    ("monsieur", Salutation::Mr),
    ("sr", Salutation::Mr),
    ("senor", Salutation::Mr),
    ("señor", Salutation::Mr),
    ("don", Salutation::Mr),
    ("senhor", Salutation::Mr),
    ("sig", Salutation::Mr),
    ("signor", Salutation::Mr),
    ("signore", Salutation::Mr),
    ("dhr", Salutation::Mr),
    ("heer", Salutation::Mr),
    ("de heer", Salutation::Mr),
    ("pan", Salutation::Mr),
    ("bay", Salutation::Mr),
    ("господин", Salutation::Mr),
    ("г н", Salutation::Mr),
    ("السيد", Salutation::Mr),
    ("shri", Salutation::Mr),
    ("shree", Salutation::Mr),
    ("sri", Salutation::Mr),
    ("mrs", Salutation::Mrs),
    ("missus", Salutation::Mrs),
    ("madam", Salutation::Mrs),
    ("ma am", Salutation::Mrs),
    ("frau", Salutation::Mrs),
    ("fru", Salutation::Mrs),
    ("mme", Salutation::Mrs),
    ("madame", Salutation::Mrs),
    ("sra", Salutation::Mrs),
    ("senora", Salutation::Mrs),
    ("señora", Salutation::Mrs),
    ("doña", Salutation::Mrs),
    ("dña", Salutation::Mrs),
    ("senhora", Salutation::Mrs),
    ("sig ra", Salutation::Mrs),
    ("signora", Salutation::Mrs),
    ("mevr", Salutation::Mrs),
    ("mevrouw", Salutation::Mrs),
    ("mw", Salutation::Mrs),
    ("mvr", Salutation::Mrs),
    ("pani", Salutation::Mrs),
    ("bayan", Salutation::Mrs),
    ("госпожа", Salutation::Mrs),
    ("г жа", Salutation::Mrs),
    ("السيدة", Salutation::Mrs),
    ("smt", Salutation::Mrs),
    ("shrimati", Salutation::Mrs),
    ("ms", Salutation::Ms),
    ("miss", Salutation::Miss),
    ("fräulein", Salutation::Miss),
    ("fraeulein", Salutation::Miss),
    ("frl", Salutation::Miss),
    ("frk", Salutation::Miss),
    ("fröken", Salutation::Miss),
    ("mlle", Salutation::Miss),
    ("melle", Salutation::Miss),
    ("mademoiselle", Salutation::Miss),
    ("srta", Salutation::Miss),
    ("senorita", Salutation::Miss),
    ("señorita", Salutation::Miss),
    ("sig na", Salutation::Miss),
    ("signorina", Salutation::Miss),
    ("mej", Salutation::Miss),
    ("mejuffrouw", Salutation::Miss),
    ("الآنسة", Salutation::Miss),
    ("kum", Salutation::Miss),
    ("kumari", Salutation::Miss),
    ("mx", Salutation::Mx),
    ("divers", Salutation::Mx),
    ("dr", Salutation::Dr),
    ("dra", Salutation::Dr),
    ("drs", Salutation::Dr),
    ("doctor", Salutation::Dr),
    ("docteur", Salutation::Dr),
    ("doktor", Salutation::Dr),
    ("dottore", Salutation::Dr),
    ("prof", Salutation::Prof),
    ("profa", Salutation::Prof),
    ("professor", Salutation::Prof),
    ("professeur", Salutation::Prof),
    ("profesor", Salutation::Prof),
    ("profesora", Salutation::Prof),
    ("pr", Salutation::Prof),
];

/// Words next to a title that do not change it: its subject, or the beginning of a letter.
static BESIDE_TITLES: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(&[
        "agr", "apl", "biol", "c", "cher", "chère", "de", "dear", "dent", "dipl", "em", "estimada",
        "estimado", "geehrte", "geehrten", "geehrter", "h", "habil", "hc", "hum", "ing", "iur", "jur", "kfm",
        "liebe", "lieber", "math", "med", "mult", "nat", "oec", "phil", "pol", "rer", "sc", "sehr", "techn",
        "theol", "univ", "vet",
    ])
});

/// Spellings that are never a first name or an initial.
static NEVER_NAMES: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(&[
        "mr",
        "mister",
        "mrs",
        "missus",
        "ms",
        "miss",
        "mx",
        "dr",
        "dra",
        "doctor",
        "docteur",
        "prof",
        "professor",
        "professeur",
        "herr",
        "herrn",
        "frau",
        "fräulein",
        "frl",
        "monsieur",
        "madame",
        "mme",
        "mademoiselle",
        "mlle",
        "melle",
        "madam",
        "sr",
        "señor",
        "sra",
        "señora",
        "senora",
        "srta",
        "señorita",
        "doña",
        "dña",
        "sig.ra",
        "sig.na",
        "dhr",
        "mevr",
        "mevrouw",
        "smt",
        "shri",
        "shrimati",
        "senhor",
        "senhora",
        "signor",
        "signora",
        "г-н",
        "г-жа",
        "господин",
        "госпожа",
        "السيد",
        "السيدة",
    ])
});

/// Spellings that are not a name if a period marks them as abbreviations.
static SHORT_SALUTATIONS: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::new(&["hr", "hrn", "kum", "mw", "mvr", "mej", "profa", "sig"]));

/// All words that are titles on their own.
pub(super) fn title_words() -> impl Iterator<Item = &'static str> {
    NEVER_NAMES.words().chain(OTHER_TITLES.words())
}

/// The kind of a title before a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Title {
    /// A salutation.
    Salutation(Salutation),
    /// Another title, or a part of one.
    Other,
}

/// Classifies a word of a name as a title. Returns `None` if it can be a name. `is_behind` says that a title precedes
/// it.
pub(super) fn title(word: &str, is_behind: bool) -> Option<Title> {
    let ends_in_letter = word.as_bytes().last().is_some_and(u8::is_ascii_alphabetic);
    if !is_behind && ends_in_letter && memchr::memchr2(b'.', b'/', word.as_bytes()).is_none() {
        // Most names begin with such a word.
        return match () {
            () if NEVER_NAMES.contains(word) => recognize(word).map(Title::Salutation),
            () if OTHER_TITLES.contains(word) => Some(Title::Other),
            () => None,
        };
    }
    let bare = word.trim_end_matches(['.', ',']);
    let is_abbreviated = bare.len() < word.len();
    if NEVER_NAMES.contains(bare) || is_abbreviated && SHORT_SALUTATIONS.contains(bare) {
        return recognize(bare).map(Title::Salutation);
    }
    let is_compound = || memchr::memchr2(b'.', b'/', bare.as_bytes()).is_some();
    let is_short = (is_abbreviated || is_behind) && SHORT_TITLES.contains(bare);
    let is_part = |part: &str| BESIDE_TITLES.contains(part) || SHORT_TITLES.contains(part);
    // As in `Dr. med.`, `Dr.-Ing.`, `Dipl.-Kfm.` and `Dr.h.c.`
    let is_beside = is_abbreviated && is_behind && BESIDE_TITLES.contains(bare);
    if is_short || is_beside || OTHER_TITLES.contains(bare) {
        return Some(Title::Other);
    }
    if !is_compound() {
        return None;
    }
    let mut parts = bare.split(['.', '-', '/']).filter(|part| !part.is_empty());
    if parts.clone().nth(1).is_some() && parts.all(|part| NEVER_NAMES.contains(part) || is_part(part)) {
        return Some(recognize(bare).map_or(Title::Other, Title::Salutation));
    }
    None
}

/// Tests whether a single word in the column of last names is a salutation. Others, such as `Sergeant` or `Herr`, are
/// also last names.
pub(super) fn is_never_last_name(word: &str) -> bool {
    const NEVER: [&str; 12] =
        ["mr", "mrs", "ms", "mx", "dr", "prof", "mme", "mlle", "sr", "sra", "srta", "smt"];

    let bare = word.trim_end_matches('.');
    bare.len() < word.len() || NEVER.iter().any(|never| never.eq_ignore_ascii_case(bare))
}

/// Removes the titles before a name. Returns their salutation and the rest of the name, which may be empty. Returns
/// `None` if the name begins with no title.
pub(super) fn take_titles(name: &str) -> Option<(Option<Salutation>, &str)> {
    let mut rest = name;
    let mut salutation: Option<Salutation> = None;
    let mut has_title = false;
    while !rest.is_empty() {
        let space = rest.bytes().position(|byte| byte == b' ');
        let (word, behind) = space.map_or((rest, ""), |space| (&rest[..space], &rest[space + 1..]));
        match title(word, has_title) {
            Some(Title::Salutation(found)) => {
                salutation = Some(salutation.map_or(found, |before| higher(before, found)));
            }
            Some(Title::Other) => {}
            None => break,
        }
        has_title = true;
        rest = behind;
    }
    has_title.then_some((salutation, rest))
}

/// Tests whether a text addresses two people, such as `Mr & Mrs`.
pub(super) fn is_couple(text: &str) -> bool {
    let spaced = text.replace('&', " & ").replace('+', " + ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let is_title = |word: &str| recognize(word).is_some();
    let is_conjunction = |word: &str| {
        PEOPLE_CONJUNCTIONS.contains(word) || matches!(word.to_lowercase().as_str(), "y" | "e" | "en")
    };
    let between = words.iter().position(|word| is_conjunction(word));
    between.is_some_and(|at| {
        words[..at].iter().any(|word| is_title(word)) && words[at..].iter().any(|word| is_title(word))
    })
}

/// Returns the more specific of two salutations.
pub(super) fn higher(one: Salutation, other: Salutation) -> Salutation {
    let rank = |salutation| match salutation {
        Salutation::Prof => 2,
        Salutation::Dr => 1,
        _ => 0,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// Reads a salutation. Returns `None` if it is unknown.
///
/// If there are several titles, the highest counts. `Mr/Ms` leaves the choice open and becomes `Mx`. Two people are not
/// a salutation.
///
/// ```
/// use rollcall::{contact::Salutation, normalize::salutation::recognize};
///
/// assert_eq!(recognize(" MR. "), Some(Salutation::Mr));
/// assert_eq!(recognize("Smt"), Some(Salutation::Mrs));
/// assert_eq!(recognize("Herr Prof. Dr."), Some(Salutation::Prof));
/// assert_eq!(recognize("Captain"), None);
/// assert_eq!(recognize("Mr & Mrs"), None);
/// ```
pub fn recognize(text: &str) -> Option<Salutation> {
    // Most cells contain one of these.
    match text {
        "Mr" | "Mr." => Some(Salutation::Mr),
        "Mrs" | "Mrs." => Some(Salutation::Mrs),
        "Ms" | "Ms." => Some(Salutation::Ms),
        "Dr" | "Dr." => Some(Salutation::Dr),
        _ => {
            let text = text.trim();
            spelled(text.trim_end_matches('.')).or_else(|| of_words(text))
        }
    }
}

/// Returns the salutation of one spelling.
fn spelled(folded: &str) -> Option<Salutation> {
    SPELLINGS.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(folded)).map(|(_, found)| *found)
}

/// Returns the salutation of several words.
fn of_words(text: &str) -> Option<Salutation> {
    /// Longer text is a sentence.
    const MAX_BYTES: usize = 60;

    if text.len() > MAX_BYTES {
        return None;
    }
    // A label before the salutation does not count.
    let text = text.rsplit_once(':').map_or(text, |(_, behind)| behind);
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if let Some(salutation) = spelled(&words.join(" ")) {
        return Some(salutation);
    }
    let is_alternative = |word: &str| matches!(word, "or" | "oder" | "ou" | "o" | "of");
    let is_either = lower.contains(['/', '|']) || words.iter().any(|word| is_alternative(word));
    let mut found: Option<Salutation> = None;
    let mut at = 0;
    while at < words.len() {
        let two = words.get(at..at + 2).map(|two| two.join(" "));
        if let Some(salutation) = two.and_then(|two| spelled(&two)) {
            found = Some(joined(found, salutation, is_either)?);
            at += 2;
            continue;
        }
        let word = words[at];
        at += 1;
        // Next to another salutation, `m` is not one, and `sig` is not half of one.
        match spelled(word) {
            Some(salutation) => found = Some(joined(found, salutation, is_either)?),
            None if BESIDE_TITLES.contains(word) || is_alternative(word) => {}
            None => return None,
        }
    }
    if lower.contains(['&', '+']) { None } else { found }
}

/// Combines the salutations of two words. Returns `None` if they address two people.
fn joined(before: Option<Salutation>, behind: Salutation, is_either: bool) -> Option<Salutation> {
    use Salutation::{Dr, Miss, Mr, Mrs, Ms, Mx, Prof};

    let Some(before) = before else { return Some(behind) };
    match (before, behind) {
        (one, other) if one == other => Some(one),
        (Dr | Prof, _) | (_, Dr | Prof) => Some(higher(before, behind)),
        _ if !is_either => None,
        (Mrs | Ms | Miss, Mrs | Ms | Miss) => Some(Ms),
        (Mr | Mx | Mrs | Ms | Miss, _) => Some(Mx),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_posted_salutation_is_recognized() {
        use Salutation::{Dr, Miss, Mr, Mrs, Ms, Mx, Prof};
        for salutation in [Mr, Mrs, Ms, Miss, Mx, Dr, Prof] {
            assert_eq!(recognize(salutation.as_str()), Some(salutation));
        }
    }

    #[test]
    fn known_spellings_are_read_and_others_are_not_guessed() {
        for (text, expected) in [
            ("mrs", "Mrs"),
            ("Herr", "Mr"),
            ("Herrn", "Mr"),
            ("FRAU", "Mrs"),
            ("Frau Dr.", "Dr"),
            ("Herr Prof. Dr.", "Prof"),
            ("Dr. rer. nat.", "Dr"),
            ("Prof. Dr. med. dent.", "Prof"),
            ("Dr.-Ing.", "Dr"),
            ("Sehr geehrte Frau", "Mrs"),
            ("Dear Mr.", "Mr"),
            ("Fräulein", "Miss"),
            ("FRÄULEIN", "Miss"),
            ("Mme.", "Mrs"),
            ("M.", "Mr"),
            ("Sra.", "Mrs"),
            ("Sr.", "Mr"),
            ("Dña.", "Mrs"),
            ("SEÑORA", "Mrs"),
            ("Shri", "Mr"),
            ("Madam", "Mrs"),
            ("De heer", "Mr"),
            ("Sig.ra", "Mrs"),
            ("Г-жа", "Mrs"),
            ("Dr (Mrs)", "Dr"),
            ("Mr / Mrs", "Mx"),
            ("Herr/Frau", "Mx"),
            ("Mrs/Ms", "Ms"),
            ("Mr or Ms", "Mx"),
            ("'Mr", "Mr"),
            ("=\"Mr\"", "Mr"),
            ("[Mr]", "Mr"),
            ("Anrede: Herr", "Mr"),
        ] {
            assert_eq!(recognize(text).map(Salutation::as_str), Some(expected), "{text}");
        }
        for text in [
            "",
            "Mr & Mrs",
            "Mr and Mrs",
            "Herr und Frau",
            "Mr Mrs",
            "Sir",
            "mrr",
            "Rev.",
            "Firma",
            "Familie",
        ] {
            assert_eq!(recognize(text), None, "{text}");
        }
    }

    #[test]
    fn couple_is_distinguished_from_one_person() {
        for text in ["Mr & Mrs", "Mr. and Mrs.", "Herr und Frau", "M. et Mme", "Sr. y Sra.", "Mr.&Mrs."] {
            assert!(is_couple(text), "{text}");
        }
        for text in ["Mr", "Mr/Mrs", "Herr Dr.", "and", "AT&T"] {
            assert!(!is_couple(text), "{text}");
        }
    }

    #[test]
    fn titles_are_distinguished_from_names() {
        for (word, title_of) in [
            ("Mr.", Title::Salutation(Salutation::Mr)),
            ("MADAME", Title::Salutation(Salutation::Mrs)),
            ("Dr.-Ing.", Title::Salutation(Salutation::Dr)),
            ("Prof.Dr.", Title::Salutation(Salutation::Prof)),
            ("Mr/Mrs", Title::Salutation(Salutation::Mx)),
            ("Hr.", Title::Salutation(Salutation::Mr)),
            ("Sig.ra", Title::Salutation(Salutation::Mrs)),
            ("Rev.", Title::Other),
            ("Fr.", Title::Other),
            ("Sir", Title::Other),
            ("Captain", Title::Other),
            ("Dipl.-Ing.", Title::Other),
        ] {
            assert_eq!(title(word, false), Some(title_of), "{word}");
        }
        assert_eq!(title("med.", true), Some(Title::Other));
        for word in ["M.", "Ann", "Don", "Sri", "Gen", "Mag", "med.", "J.R.", "H.", "Anna/Bob", "Hr", ""] {
            assert_eq!(title(word, false), None, "{word}");
        }
    }
}
