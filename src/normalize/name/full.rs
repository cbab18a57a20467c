//! Full names: a full name is split into a first and a last name, unless something contradicts the split.

use super::{
    cell,
    eastern::{self, Eastern},
    evidence::{
        are_credentials, are_generations, company_word, family_start, is_acronym, is_capital,
        is_capital_name, is_credential, is_generation, is_particle, is_patronymic_last, is_small_particle,
        is_written_as_name,
    },
    placeholder,
    words::{
        COMPANIES, COMPANY_PARTS, CREDENTIALS, FORMER, GENERATION_NAMES, HOUSEHOLDS, PEOPLE_CONJUNCTIONS,
        POSITIONS, SEPARATORS, SHORT_CREDENTIALS,
    },
};
use crate::{
    contact::Salutation,
    normalize::salutation::{self, Title},
};

/// The parts of a full name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FullName {
    /// The first name with middle names; empty if there is none.
    pub first: String,
    /// The last name; empty if there is none.
    pub last: String,
    /// The salutation of its titles.
    pub salutation: Option<Salutation>,
    /// The step beyond the rule that the last word is the last name, if any.
    pub remark: Option<Remark>,
}

/// A step in reading a full name that users should know about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// A degree, a remark in brackets or the like was removed.
    Trimmed,
    /// The family name comes first, according to its script, its capital letters or its language.
    FamilyFirst,
}

/// The reason why the split of a name is unclear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclear {
    /// Both readings, and the evidence for the second one.
    pub detail: String,
    /// The result of the simple rule that the last word is the last name.
    pub last_word: FullName,
}

/// Splits a cleaned full name into first and last name.
///
/// The last word is the family name, including the particles before it; `Family, Given` is read in that order. Titles
/// before the name become the salutation. Degrees after it, remarks in brackets and pronouns are removed. A title with
/// a single word leaves the first name empty.
///
/// # Errors
///
/// Returns an error if something contradicts the split: two people, a company, a single word, an unknown title.
///
/// ```
/// use rollcall::{contact::Salutation, normalize::name::split_full};
///
/// let name = split_full("Prof. Dr. Anna Maria van der Berg, PhD").unwrap();
/// assert_eq!((name.first.as_str(), name.last.as_str()), ("Anna Maria", "van der Berg"));
/// assert_eq!(name.salutation, Some(Salutation::Prof));
///
/// assert_eq!(split_full("Rao, Asha").unwrap().first, "Asha");
/// assert!(split_full("Mr. & Mrs. Patrick Dunne").is_err());
/// ```
pub fn split_full(name: &str) -> Result<FullName, Unclear> {
    if let Some((first, last)) = plain(name) {
        return Ok(FullName { first: first.to_owned(), last: last.to_owned(), ..FullName::default() });
    }
    if let Some(part) = COMPANY_PARTS.iter().find(|part| name.contains(**part)) {
        return Err(unclear(
            Reading::default().finished(name, ""),
            &format!("a company, because of `{part}`"),
        ));
    }
    match eastern::split(name) {
        Some(Eastern::Split { first, last, is_family_first }) => {
            let remark = is_family_first.then_some(Remark::FamilyFirst);
            return Ok(FullName { first, last, salutation: None, remark });
        }
        Some(Eastern::Unclear { first, last, detail }) => {
            return Err(Unclear { detail, last_word: Reading::default().finished(&first, &last) });
        }
        None => {}
    }
    let mut reading = Reading::default();
    let outside = reading.without_brackets(name);
    let name = reading.by_comma(&outside);
    let has_letters = |name: &str| name.is_empty() || name.contains(char::is_alphabetic);
    if !has_letters(&name.first) || !has_letters(&name.last) && !matches!(name.last.as_str(), "-" | ".") {
        reading.doubt("a name with signs that do not belong to it");
    }
    match reading.doubt {
        Some(doubt) => Err(unclear(name, &doubt)),
        None if name.last.is_empty() && !name.first.is_empty() => {
            Err(unclear(name, "a last name: it is a single word"))
        }
        None => Ok(name),
    }
}

fn unclear(last_word: FullName, other: &str) -> Unclear {
    let FullName { first, last, .. } = &last_word;
    let detail = match (first.is_empty(), last.is_empty()) {
        (false, false) => format!("first name `{first}`, last name `{last}`, or {other}"),
        (false, true) => format!("`{first}` as the first name, or {other}"),
        _ => format!("`{last}` as the last name, or {other}"),
    };
    Unclear { detail, last_word }
}

/// Splits the most frequent kind of name: two words that cannot be anything else.
fn plain(name: &str) -> Option<(&str, &str)> {
    let (first, last) = name.split_once(' ')?;
    let is_name = |word: &str| {
        let bytes = word.as_bytes();
        bytes.len() > 1
            && bytes[0].is_ascii_uppercase()
            && bytes[1].is_ascii_lowercase()
            && bytes[2..].iter().all(u8::is_ascii_lowercase)
    };
    let is_other = |word: &str| {
        placeholder::is_placeholder(word)
            || HOUSEHOLDS.contains(word)
            || COMPANIES.contains(word)
            || salutation::title(word, false).is_some()
            || is_generation(word)
            || CREDENTIALS.contains(word)
            || SHORT_CREDENTIALS.contains(word) && word.len() > 2
    };
    (is_name(first) && is_name(last) && !is_other(first) && !is_other(last)).then_some((first, last))
}

/// The findings while a name is read.
#[derive(Default)]
struct Reading {
    salutation: Option<Salutation>,
    /// Additions after the family name, such as `Jr.`
    generation: Vec<String>,
    is_trimmed: bool,
    /// Whether a title preceded the name.
    has_title: bool,
    is_family_first: bool,
    /// Another reading of the text, with its evidence. The first one counts.
    doubt: Option<String>,
}

impl Reading {
    fn doubt(&mut self, other: impl Into<String>) {
        self.doubt.get_or_insert_with(|| other.into());
    }

    fn address(&mut self, found: Salutation) {
        self.salutation = Some(self.salutation.map_or(found, |before| salutation::higher(before, found)));
    }

    fn finished(&mut self, first: &str, last: &str) -> FullName {
        let mut generation = std::mem::take(&mut self.generation);
        if last.is_empty() {
            generation.clear();
        }
        let last: Vec<&str> = [last].into_iter().chain(generation.iter().map(String::as_str)).collect();
        let remark = match (self.is_family_first, self.is_trimmed) {
            (true, _) => Some(Remark::FamilyFirst),
            (false, true) => Some(Remark::Trimmed),
            (false, false) => None,
        };
        FullName { first: first.to_owned(), last: last.join(" "), salutation: self.salutation, remark }
    }

    /// Removes text in brackets or quotation marks: a title, pronouns, a nickname, a company.
    fn without_brackets(&mut self, name: &str) -> String {
        const PAIRS: [(char, char); 9] = [
            ('(', ')'),
            ('[', ']'),
            ('{', '}'),
            ('<', '>'),
            ('（', '）'),
            ('"', '"'),
            ('“', '”'),
            ('„', '“'),
            ('«', '»'),
        ];

        let mut outside = String::with_capacity(name.len());
        let mut rest = name;
        while let Some(at) = rest.find(|letter| PAIRS.iter().any(|(open, _)| *open == letter)) {
            let (before, behind) = rest.split_at(at);
            let open = behind.chars().next().unwrap_or_default();
            let close = PAIRS.iter().find(|(own, _)| *own == open).map_or(open, |(_, close)| *close);
            let inside = &behind[open.len_utf8()..];
            outside.push_str(before);
            let Some((inside, after)) = inside.split_once(close) else {
                self.doubt(format!("a name with a remark, because of `{open}`"));
                rest = inside;
                continue;
            };
            outside.push(' ');
            self.is_trimmed = true;
            let mut titles = inside.split_whitespace().map(|word| salutation::title(word, false));
            if let Some(Some(Title::Salutation(found))) = titles.next() {
                self.address(found);
            }
            rest = after;
        }
        outside.push_str(rest);
        let has_name = outside.split_whitespace().nth(1).is_some();
        if self.is_trimmed && !has_name {
            self.doubt("a first and a last name, one of them in brackets");
        }
        outside
    }

    /// Reads `Family, Given`, and names with additions after a comma.
    fn by_comma(&mut self, name: &str) -> FullName {
        let pieces = name.split([',', '，', '、', '،']).map(str::trim);
        let pieces = pieces.filter(|piece| !piece.is_empty() && !placeholder::is_placeholder(piece));
        let mut pieces: Vec<&str> = pieces.collect();
        let is_capital = is_capital(name);
        while let Some((last, before)) = pieces.split_last().filter(|(_, before)| !before.is_empty()) {
            let has_words = before.len() > 1 || before[0].contains(' ');
            if cell::are_pronouns(last) {
                self.is_trimmed = true;
            } else if are_generations(last) {
                self.generation.insert(0, (*last).to_owned());
            } else if let Some((found, "")) = salutation::take_titles(last) {
                if let Some(found) = found {
                    self.address(found);
                }
            } else if are_credentials(last, is_capital && !has_words) {
                self.is_trimmed = true;
            } else {
                break;
            }
            pieces.pop();
        }
        if let [family, middle, given] = pieces[..]
            && are_generations(middle)
        {
            self.generation.push(middle.to_owned());
            pieces = vec![family, given];
        }
        match pieces[..] {
            [] => self.finished("", ""),
            [name] => self.by_words(name),
            [left, right] => self.family_and_given(left, right, is_capital),
            [family, given, ..] => {
                self.doubt("several names, because of the commas");
                self.finished(given, family)
            }
        }
    }

    fn family_and_given(&mut self, left: &str, right: &str, is_capital: bool) -> FullName {
        if let Some(evidence) =
            company_word(&format!("{left} {right}"), is_capital).filter(|word| right.contains(*word))
        {
            self.doubt(format!("a company, because of `{evidence}`"));
        } else if company_word(left, is_capital).is_some() && right.contains(' ') {
            // Address books show people of a company in this way: `Example Ltd, Ida Vale`.
            self.is_trimmed = true;
            return self.by_words(right);
        }
        if left.contains(' ') && !is_capital {
            let evidence = right.split_whitespace().find(|word| is_acronym(word) || POSITIONS.contains(word));
            if let Some(evidence) = evidence {
                let name = self.by_words(left);
                self.doubt(format!(
                    "first name `{right}`, last name `{left}`: `{evidence}` is not a known title"
                ));
                return name;
            }
        }
        let mut family = self.without_titles(left);
        let mut given = self.without_titles(right);
        self.doubt_words(&family);
        self.doubt_words(&given);
        while let Some(last) = given.last().filter(|word| given.len() > 1 && are_generations(word)) {
            self.generation.insert(0, (*last).to_owned());
            given.pop();
        }
        while let Some(last) = given.last().filter(|word| given.len() > 1 && is_small_particle(word)) {
            family.insert(0, last);
            given.pop();
        }
        self.finished(&given.join(" "), &family.join(" "))
    }

    /// Returns the words of a name without the titles before it.
    fn without_titles<'n>(&mut self, name: &'n str) -> Vec<&'n str> {
        let words: Vec<&str> = name.split_whitespace().collect();
        // Initials in capital letters, as in `MS Dhoni`.
        let is_initials =
            words.len() == 2 && words[0].len() == 2 && is_capital(words[0]) && !is_capital(name);
        let mut rest = words.as_slice();
        let mut has_title = false;
        while let [word, behind @ ..] = rest {
            if is_initials {
                break;
            }
            if has_title && PEOPLE_CONJUNCTIONS.contains(word) {
                let joins_title = behind.first().is_some_and(|word| salutation::title(word, false).is_some());
                self.doubt(format!("two people, because of `{word}`"));
                if joins_title {
                    rest = behind;
                    continue;
                }
            }
            match salutation::title(word, has_title) {
                Some(Title::Salutation(found)) => {
                    // `Mr. & Mrs.` is the salutation of neither person.
                    if self.doubt.is_none() {
                        self.address(found);
                    }
                }
                Some(Title::Other) => self.is_trimmed = true,
                None if salutation::is_couple(word) => self.doubt(format!("two people, because of `{word}`")),
                None => break,
            }
            has_title = true;
            rest = behind;
        }
        self.has_title |= has_title;
        rest.to_vec()
    }

    fn by_words(&mut self, name: &str) -> FullName {
        let is_capital = is_capital(name);
        let mut words = self.without_titles(name);
        let has_title = self.has_title || self.salutation.is_some();
        if let Some(evidence) = company_word(name, is_capital) {
            self.doubt(format!("a company, because of `{evidence}`"));
        }
        self.trim_end(&mut words, is_capital);
        self.doubt_words(&words);
        match words[..] {
            [] => return self.finished("", ""),
            // A title belongs to the family name.
            [word] if has_title => return self.finished("", word),
            [word] => return self.finished(word, ""),
            _ => {}
        }
        if is_small_particle(words[0]) && !name.chars().all(|letter| !letter.is_uppercase()) {
            self.doubt(format!("a last name alone, because of `{}`", words[0]));
        }
        let at = family_start(&words);
        if let Some(at) = self.family_end(&words, is_capital) {
            self.is_family_first = true;
            return self.finished(&words[at..].join(" "), &words[..at].join(" "));
        }
        self.finished(&words[..at].join(" "), &words[at..].join(" "))
    }

    /// Removes additions after a name: pronouns, degrees, a former name. Keeps `Jr.` for the family name.
    fn trim_end(&mut self, words: &mut Vec<&str>, is_capital: bool) {
        let is_nickname =
            |word: &str| word.len() > 2 && word.starts_with(['\'', '‘']) && word.ends_with(['\'', '’']);
        let is_none = |word: &str| placeholder::is_placeholder(word) && word.contains(char::is_alphabetic);
        let count = words.len();
        words.retain(|word| !is_nickname(word) && !is_none(word));
        let is_sign = |word: &&str| SEPARATORS.contains(word) && !word.contains(char::is_alphabetic);
        while words.first().is_some_and(is_sign) {
            words.remove(0);
        }
        // People with a single name have a lone sign as their last name.
        while words.len() > 2 && words.last().is_some_and(is_sign) {
            words.pop();
        }
        self.is_trimmed |= words.len() < count;
        let is_pronouns = |word: &&str| word.contains('/') && cell::are_pronouns(word);
        if let Some(at) = words.iter().position(is_pronouns).filter(|at| *at > 0) {
            let end = if SEPARATORS.contains(words[at - 1]) { at - 1 } else { at };
            words.truncate(end);
            self.is_trimmed = true;
        }
        let is_former =
            |word: &&str| FORMER.contains(word.trim_end_matches('.')) && word.starts_with(char::is_lowercase);
        if let Some(at) = words.iter().position(is_former).filter(|at| *at > 1) {
            words.truncate(at);
            self.is_trimmed = true;
        }
        while let Some(last) = words.last().copied().filter(|_| words.len() > 1) {
            let is_known = is_credential(last, is_capital) && words.len() > 2;
            if is_known {
                self.is_trimmed = true;
            } else if are_generations(last) || words.len() > 2 && GENERATION_NAMES.contains(last) {
                self.generation.insert(0, last.to_owned());
            } else if let Some(Title::Salutation(found)) =
                salutation::title(last, false).filter(|_| words.len() > 2)
            {
                self.address(found);
            } else {
                break;
            }
            words.pop();
        }
    }

    /// Looks for words that a name of one person does not contain.
    fn doubt_words(&mut self, words: &[&str]) {
        if let [first, .., last] = words
            && eastern::is_eastern(first) != eastern::is_eastern(last)
            && !eastern::is_eastern(last)
        {
            self.doubt(format!("first name `{last}`, last name `{first}`, because of its script"));
        }
        if words.first().is_some_and(|word| are_generations(word)) {
            self.doubt("a last name with an addition");
        }
        for (at, word) in words.iter().enumerate() {
            let bare = word.trim_end_matches(['.', ':']);
            let is_between = at > 0 && at + 1 < words.len();
            let joins_particles = is_between && is_particle(words[at - 1]) && is_particle(words[at + 1]);
            let joins_people = PEOPLE_CONJUNCTIONS.contains(word) && !joins_particles
                // `Juan y Ana García`, but not `Juan Ortega y Gasset`.
                || at == 1 && words.len() > 3 && matches!(*word, "y" | "e") && !is_particle(words[2]);
            let is_separator = SEPARATORS.contains(bare) && !(at == 1 && words.len() == 2 && *word == "-");
            let is_pair = word.contains('&') && word.len() > 1 || word.contains('/') && !is_particle(word);
            let is_household = HOUSEHOLDS.contains(bare) && (at == 0 || at + 1 == words.len());
            if is_separator && bare != "/" || word.ends_with([';', ':']) {
                self.doubt(format!("a name with a remark, because of `{word}`"));
            } else if joins_people || is_pair || is_household {
                self.doubt(format!("two people, because of `{word}`"));
            } else if word.contains('@') {
                self.doubt(format!("an e-mail address, because of `{word}`"));
            } else if word.chars().any(char::is_numeric) && !word.chars().any(char::is_alphabetic) {
                self.doubt(format!("a name with a number, because of `{word}`"));
            } else if at > 0
                && word.ends_with('.')
                && matches!(salutation::title(word, false), Some(Title::Salutation(_)))
            {
                self.doubt(format!("a name with the title `{word}` between its parts"));
            }
        }
    }

    /// Returns the end of a leading family name, or `None` if the last word is the family name.
    fn family_end(&mut self, words: &[&str], is_capital: bool) -> Option<usize> {
        if eastern::is_romanized_family_first(words) || is_patronymic_last(words) {
            return Some(1);
        }
        if is_capital {
            return None;
        }
        // `DUPONT Jean`: capital letters mark the family name.
        let marked = words.iter().take_while(|word| is_capital_name(word) || is_particle(word)).count();
        let others = &words[marked..];
        if marked == 0 || others.is_empty() || !is_capital_name(words[marked - 1]) {
            return None;
        }
        if others.iter().any(|word| is_capital_name(word))
            || !others.iter().all(|word| is_written_as_name(word))
        {
            return None;
        }
        let letters = words[..marked].iter().map(|word| word.chars().count()).max().unwrap_or_default();
        if letters < 4 {
            let (family, given) = (words[..marked].join(" "), others.join(" "));
            let is_initials = !family.contains(|letter| "AEIOUYÄÖÜ".contains(letter)) || family.contains('J');
            if !is_initials {
                self.doubt(format!(
                    "first name `{given}`, last name `{family}`, because of its capital letters"
                ));
            }
            return None;
        }
        Some(marked)
    }
}

#[cfg(test)]
mod tests;
