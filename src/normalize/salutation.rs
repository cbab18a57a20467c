//! Salutations in the spellings people use, become the ones that are sent.

use crate::contact::Salutation;

/// Spellings in lower case, without periods. The platform documents `Mr` and `Mrs`, so that words of other
/// languages which do not tell married from unmarried become `Mrs`.
const SPELLINGS: &[(&str, Salutation)] = &[
    ("mr", Salutation::Mr),
    ("mister", Salutation::Mr),
    ("herr", Salutation::Mr),
    ("hr", Salutation::Mr),
    ("m", Salutation::Mr),
    ("monsieur", Salutation::Mr),
    ("sr", Salutation::Mr),
    ("senor", Salutation::Mr),
    ("señor", Salutation::Mr),
    ("sig", Salutation::Mr),
    ("signor", Salutation::Mr),
    ("shri", Salutation::Mr),
    ("sri", Salutation::Mr),
    ("mrs", Salutation::Mrs),
    ("frau", Salutation::Mrs),
    ("mme", Salutation::Mrs),
    ("madame", Salutation::Mrs),
    ("sra", Salutation::Mrs),
    ("senora", Salutation::Mrs),
    ("señora", Salutation::Mrs),
    ("sig ra", Salutation::Mrs),
    ("signora", Salutation::Mrs),
    ("smt", Salutation::Mrs),
    ("shrimati", Salutation::Mrs),
    ("ms", Salutation::Ms),
    ("miss", Salutation::Miss),
    ("mlle", Salutation::Miss),
    ("mademoiselle", Salutation::Miss),
    ("srta", Salutation::Miss),
    ("senorita", Salutation::Miss),
    ("señorita", Salutation::Miss),
    ("kumari", Salutation::Miss),
    ("mx", Salutation::Mx),
    ("dr", Salutation::Dr),
    ("doctor", Salutation::Dr),
    ("prof", Salutation::Prof),
    ("professor", Salutation::Prof),
];

/// Spellings that are never the first name of anybody, nor an initial.
const NEVER_NAMES: &[&str] =
    &["mr", "mrs", "ms", "mx", "dr", "prof", "herr", "frau", "mme", "mlle", "smt", "shri", "srta"];

/// Takes the salutation off a cleaned full name that begins with one, where a first and a last name are left.
///
/// ```
/// use rollcall::{contact::Salutation, normalize::salutation::split};
///
/// assert_eq!(split("Dr. Asha Rao"), (Some(Salutation::Dr), "Asha Rao"));
/// assert_eq!(split("Dr. House"), (None, "Dr. House"));
/// assert_eq!(split("M. K. Gandhi"), (None, "M. K. Gandhi"));
/// ```
pub fn split(name: &str) -> (Option<Salutation>, &str) {
    let Some((word, rest)) = name.split_once(' ').filter(|(_, rest)| rest.contains(' ')) else {
        return (None, name);
    };
    let bare = word.trim_end_matches('.').to_lowercase();
    match recognise(word).filter(|_| NEVER_NAMES.contains(&bare.as_str())) {
        Some(salutation) => (Some(salutation), rest),
        None => (None, name),
    }
}

/// Reads a salutation; `None` where it is not known.
///
/// ```
/// use rollcall::{contact::Salutation, normalize::salutation::recognise};
///
/// assert_eq!(recognise(" MR. "), Some(Salutation::Mr));
/// assert_eq!(recognise("Smt"), Some(Salutation::Mrs));
/// assert_eq!(recognise("Captain"), None);
/// ```
pub fn recognise(text: &str) -> Option<Salutation> {
    let find = |folded: &str| {
        SPELLINGS.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(folded)).map(|(_, found)| *found)
    };
    let bare = text.trim().trim_end_matches('.');
    // What most cells hold.
    let usual = match bare {
        "Mr" => Some(Salutation::Mr),
        "Mrs" => Some(Salutation::Mrs),
        "Ms" => Some(Salutation::Ms),
        "Dr" => Some(Salutation::Dr),
        _ => None,
    };
    usual.or_else(|| find(bare)).or_else(|| {
        let folded = text.to_lowercase().replace('.', " ");
        find(&folded.split_whitespace().collect::<Vec<_>>().join(" "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posted_contacts_are_recognized_when_read_back() {
        use Salutation::{Dr, Miss, Mr, Mrs, Ms, Mx, Prof};
        for salutation in [Mr, Mrs, Ms, Miss, Mx, Dr, Prof] {
            assert_eq!(recognise(salutation.as_str()), Some(salutation));
        }
    }

    #[test]
    fn common_spellings_are_known_and_others_are_not_guessed() {
        for (text, expected) in [
            ("mrs", "Mrs"),
            ("Herr", "Mr"),
            ("FRAU", "Mrs"),
            ("Mme.", "Mrs"),
            ("Sra.", "Mrs"),
            ("Shri", "Mr"),
        ] {
            assert_eq!(recognise(text).map(Salutation::as_str), Some(expected), "{text}");
        }
        for text in ["", "Mr & Mrs", "Sir", "Dr Prof", "mrr"] {
            assert_eq!(recognise(text), None, "{text}");
        }
    }
}
