//! Classification of words in full names: particles, degrees, legal forms, words in capital letters.

use super::words::{
    COMPANIES, CREDENTIALS, FAMILY_CONJUNCTIONS, GENERATIONS, PARTICLES, SHORT_COMPANIES, SHORT_CREDENTIALS,
    SMALL_PARTICLES,
};
/// Returns the index at which the family name begins: the last word, including the particles before it.
pub(super) fn family_start(words: &[&str]) -> usize {
    let mut at = words.len() - 1;
    // `Ortega y Gasset`
    if at > 2 && FAMILY_CONJUNCTIONS.contains(words[at - 1]) && words[at - 1].starts_with(char::is_lowercase)
    {
        at -= 2;
    }
    // `Jansen-de Boer`
    let ends_in_particle =
        |word: &str| word.rsplit_once('-').is_some_and(|(_, end)| !end.is_empty() && is_small_particle(end));
    while at > 1
        && (is_particle(words[at - 1])
            || ends_in_particle(words[at - 1])
            || is_between_particles(words, at - 1))
    {
        at -= 1;
    }
    at
}

/// Returns whether a Cyrillic name ends with a patronymic, and so begins with the family name.
pub(super) fn is_patronymic_last(words: &[&str]) -> bool {
    const ENDINGS: [&str; 7] = ["ович", "евич", "ьич", "овна", "евна", "ична", "инична"];

    matches!(words, [_, _, last] if ENDINGS.iter().any(|ending| last.to_lowercase().ends_with(ending)))
}

/// Returns whether the word joins two particles, as in `von und zu`.
pub(super) fn is_between_particles(words: &[&str], at: usize) -> bool {
    at > 1 && matches!(words[at], "und" | "e" | "y" | "en" | "of") && is_particle(words[at - 1])
        || at == words.len() - 2
            && at == 1
            && FAMILY_CONJUNCTIONS.contains(words[at])
            && words[at].starts_with(char::is_lowercase)
}

/// Returns whether the word belongs to the family name after it. A single capital letter is an initial.
pub(super) fn is_particle(word: &str) -> bool {
    let bare = word.trim_end_matches('.');
    let is_small = word.starts_with(char::is_lowercase);
    PARTICLES.contains(bare) && (is_small || bare.len() > 1) || is_small && SMALL_PARTICLES.contains(bare)
}

/// Returns whether a name begins with words that precede a family name.
pub(super) fn begins_with_particle(name: &str) -> bool {
    name.split_once(' ').is_some_and(|(word, _)| is_small_particle(word))
}

pub(super) fn is_small_particle(word: &str) -> bool {
    is_particle(word) && !word.contains(char::is_uppercase)
}

pub(super) fn are_generations(text: &str) -> bool {
    text.split_whitespace().all(is_generation)
}

/// Returns whether a word distinguishes a child from a parent of the same name. `Vi` and `Iv` are names, `VI` and `IV`
/// are not.
pub(super) fn is_generation(word: &str) -> bool {
    let word = word.trim_end_matches('.');
    let is_name = || matches!(word.to_ascii_lowercase().as_str(), "vi" | "iv") && !is_capital(word);
    GENERATIONS.contains(word) && !is_name()
}

/// Returns whether a text after a comma contains only degrees and the like.
pub(super) fn are_credentials(text: &str, is_capital: bool) -> bool {
    text.split_whitespace().all(|word| is_credential(word, is_capital))
}

/// Returns whether a word after a name is a degree or the like. In a name in capitals only, a short one can be a name.
pub(super) fn is_credential(word: &str, is_capital: bool) -> bool {
    let bare: String = word.chars().filter(|letter| letter.is_alphanumeric()).collect();
    if CREDENTIALS.contains(&bare) {
        return true;
    }
    let is_marked =
        word.trim_end_matches('.').contains(['.', '-']) || !bare.contains(char::is_lowercase) && !is_capital;
    // `Dipl.-Ing.`, `M.Sc.`, and other words with only known parts.
    let mut parts = word.split(['.', '-', '/']).filter(|part| !part.is_empty());
    SHORT_CREDENTIALS.contains(&bare) && is_marked
        || parts.clone().nth(1).is_some()
            && parts.all(|part| CREDENTIALS.contains(part) || OTHER_PARTS.contains(&part))
}

/// Parts of degrees of several words.
const OTHER_PARTS: [&str; 6] = ["Ing", "Kfm", "Inf", "Psych", "Päd", "Betriebsw"];

/// Returns whether a word looks like an abbreviation that is not a name.
pub(super) fn is_acronym(word: &str) -> bool {
    let letters = word.chars().filter(|letter| letter.is_alphabetic()).count();
    letters > 1 && letters < 7 && !word.contains(char::is_lowercase) && word.contains(char::is_uppercase)
}

/// Returns whether all letters are capitals.
pub(super) fn is_capital(name: &str) -> bool {
    !name.contains(char::is_lowercase) && name.contains(char::is_uppercase)
}

/// Returns whether a word of several letters is in capitals, except for a beginning as in `McDONALD`.
pub(super) fn is_capital_name(word: &str) -> bool {
    let word =
        ["Mc", "Mac", "d'", "D'", "O'"].iter().find_map(|start| word.strip_prefix(start)).unwrap_or(word);
    is_capital(word)
        && !word.contains('.')
        && word.chars().filter(|letter| letter.is_alphabetic()).count() > 1
}

/// Returns whether a word has an initial capital followed by lowercase letters.
pub(super) fn is_written_as_name(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase)
}

/// Returns the word that shows that a name belongs to a company.
pub(super) fn company_word(name: &str, is_capital: bool) -> Option<&str> {
    let mut words = name.split_whitespace().peekable();
    words.peek()?;
    let bare = |word: &str| {
        word.chars().filter(|letter| letter.is_alphanumeric() || *letter == '/').collect::<String>()
    };
    let last = name.split_whitespace().next_back()?;
    let is_behind = last.len() < name.len();
    let is_short = SHORT_COMPANIES.contains(&bare(last))
        && is_behind
        && (last.contains('.')
            || !is_capital && !last.chars().skip(1).any(char::is_lowercase)
            || last == "SpA");
    words.find(|word| COMPANIES.contains(&bare(word)) && is_behind).or_else(|| is_short.then_some(last))
}
