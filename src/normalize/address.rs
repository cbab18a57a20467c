//! Names and salutations of rows: first name, last name and form of address.
//!
//! Each cell is checked before it is used. A placeholder counts as an empty cell, a title before a name becomes the
//! salutation, and a full name is split only if nothing contradicts the split.

use std::borrow::Cow;

use super::{
    Found, Normalizer, Unusable, first_filled,
    garbled::{self, Letters},
    missing,
    name::{self, FullName, Remark, Unclear, cell, placeholder},
    repairs::Repair,
    salutation,
};
use crate::{
    contact::Salutation,
    outcome::{Code, Problem},
    row::{CellKind, Row, shows_nothing},
};

/// The maximum length of a name. A longer text is a sign of rows that ran together.
const MAX_NAME_CHARS: usize = 256;

/// The certainty that the split of a full name requires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SplitNames {
    /// Names with a second reading are rejected.
    #[default]
    Strict,
    /// The last word is the last name, including the particles before it.
    LastWord,
}

/// The names and salutation of a contact. Missing parts are reported as problems of the row.
#[derive(Debug, Default)]
pub(super) struct Addressed<'r> {
    pub(super) first_name: Cow<'r, str>,
    pub(super) last_name: Cow<'r, str>,
    pub(super) salutation: Option<Salutation>,
}

/// The contents of a name cell.
#[derive(Debug, Default)]
struct NameCell<'r> {
    /// The cleaned name; empty if there is none.
    name: Cow<'r, str>,
    /// Whether the name needs no further checks.
    is_usual: bool,
    /// The title before the name.
    title: Option<Salutation>,
    /// The text in place of a name, and the reason why it is not a name.
    instead: Option<(&'r str, String)>,
}

impl NameCell<'_> {
    fn named(name: impl Into<String>) -> Self {
        Self { name: Cow::Owned(name.into()), ..Self::default() }
    }

    fn is_empty(&self) -> bool {
        self.name.is_empty()
    }
}

/// Both names, as read from a full name.
#[derive(Default)]
struct Whole<'r> {
    read: Option<FullName>,
    /// The text in place of a name, and the reason why it is not a name.
    instead: Option<(&'r str, String)>,
}

/// The first or the last name of a contact.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    First,
    Last,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::First => "first name",
            Self::Last => "last name",
        }
    }
}

/// Tests whether a text is longer than any name, not counting blanks around it.
fn is_too_long(text: &str) -> bool {
    text.len() > MAX_NAME_CHARS && text.trim_matches(shows_nothing).chars().nth(MAX_NAME_CHARS).is_some()
}

/// Validates a name that the user sets for all rows, and returns it in the form in which it is sent.
///
/// # Errors
///
/// Returns the reason why it is not a name: it is empty, too long, or contains control characters.
pub fn given_name(text: &str) -> Result<String, String> {
    if is_too_long(text) {
        return Err(format!("it has more than {MAX_NAME_CHARS} characters"));
    }
    if let Some(control) = text.trim().chars().find(|letter| letter.is_control()) {
        return Err(format!("it contains a control character ({})", control.escape_unicode()));
    }
    match name::clean(text) {
        name if name.is_empty() => Err("it is empty".to_owned()),
        name => Ok(name.into_owned()),
    }
}

impl Normalizer<'_> {
    /// Reads the names and the salutation of a row.
    pub(super) fn addressed<'r>(&'r self, row: Row<'r>, problems: &mut Vec<Problem>) -> Addressed<'r> {
        let columns = self.columns;
        let first = self.part_in(row, columns.first_name, Part::First, problems);
        let last = self.part_in(row, columns.last_name, Part::Last, problems);
        let (mut first, mut last) = match (first, last) {
            (Ok(first), Ok(last)) => (first, last),
            // The row is already rejected. Its other missing parts are reported, too.
            (first, last) => {
                self.add_missing(first.as_ref().ok(), last.as_ref().ok(), problems);
                let salutation = self.salutation(row, || self.settings.default_salutation, problems);
                return Addressed { salutation, ..Addressed::default() };
            }
        };
        let mut spelled = first.title.or(last.title);
        let has_read_full = first.is_empty() || last.is_empty();
        if has_read_full {
            let Ok(Whole { read, instead }) = self.whole(row, &first, &last, problems) else {
                let salutation = self.salutation(row, || spelled, problems);
                return Addressed { salutation, ..Addressed::default() };
            };
            if let Some(read) = read {
                spelled = spelled.or(read.salutation);
                first.name = Cow::Owned(read.first);
                last.name = Cow::Owned(read.last);
            }
            first.instead = first.instead.or_else(|| instead.clone());
            last.instead = last.instead.or(instead);
        }
        if last.is_empty()
            && let Some(default) = &self.settings.default_last_name
        {
            last.name = Cow::Borrowed(default);
        }
        self.add_missing(Some(&first), Some(&last), problems);
        let spelled = || spelled.or_else(|| if has_read_full { None } else { self.title_of_full_name(row) });
        let salutation = self.salutation(row, spelled, problems);
        Addressed { first_name: first.name, last_name: last.name, salutation }
    }

    /// Adds a problem for each empty name.
    fn add_missing(
        &self,
        first: Option<&NameCell<'_>>,
        last: Option<&NameCell<'_>>,
        problems: &mut Vec<Problem>,
    ) {
        let columns = self.columns;
        let parts = [
            (Code::MissingFirstName, columns.first_name, first),
            (Code::MissingLastName, columns.last_name, last),
        ];
        for (code, column, cell) in parts {
            if let Some(cell) = cell.filter(|cell| cell.is_empty()) {
                problems.push(missing_name(code, column.or(columns.full_name), cell));
            }
        }
    }

    /// Reads both names if a column for one of them is empty: from the full name, or from the other column if that
    /// contains a full name.
    fn whole<'r>(
        &'r self,
        row: Row<'r>,
        first: &NameCell<'_>,
        last: &NameCell<'_>,
        problems: &mut Vec<Problem>,
    ) -> Result<Whole<'r>, Unusable> {
        let columns = self.columns;
        let number = row.location.row;
        let full = self.name_in(row, columns.full_name, problems)?;
        let part = match (first.is_empty(), last.is_empty()) {
            (false, _) => Some((Part::First, first)),
            (true, false) => Some((Part::Last, last)),
            (true, true) => None,
        };
        let (name, column) = match part {
            _ if !full.is_empty() => (&full.name, columns.full_name),
            Some((Part::First, part)) if self.settings.default_last_name.is_none() => {
                (&part.name, columns.first_name)
            }
            Some((Part::Last, part)) => (&part.name, columns.last_name),
            _ => return Ok(Whole { read: None, instead: full.instead }),
        };
        let is_full = !full.is_empty();
        // A family name may have several words, and a placeholder means that the other name is unknown.
        let is_family = part.is_some_and(|(part, _)| part == Part::Last) && !name.contains(',');
        let is_unknown = first.instead.is_some() || last.instead.is_some();
        if !is_full && (is_family || is_unknown || !name.contains([' ', ','])) {
            return Ok(Whole::default());
        }
        let split = if is_full && columns.is_family_name_first {
            name::split_family_first(name)
        } else {
            name::split_full(name)
        };
        let split = match (split, self.settings.split_names) {
            (Err(unclear), SplitNames::LastWord) => Ok(unclear.last_word),
            (split, _) => split,
        };
        let read = match (part, split) {
            // If one part is given, the rest of the full name is the other part.
            (Some((part, cell)), split) if is_full => complement(split, name, part, &cell.name),
            (_, Ok(read)) => Ok(read),
            // A single word is the first name if the user set a default last name.
            (None, Err(unclear))
                if unclear.last_word.last.is_empty() && self.settings.default_last_name.is_some() =>
            {
                Ok(unclear.last_word)
            }
            (_, Err(unclear)) => Err(unclear.detail),
        };
        match read {
            Ok(read) => {
                let repair = match read.remark {
                    _ if !is_full => Some(Repair::WholeName),
                    Some(Remark::FamilyFirst) => Some(Repair::FamilyFirst),
                    Some(Remark::Trimmed) => Some(Repair::Trimmed),
                    None => None,
                };
                if let Some((repair, repairs)) = repair.zip(self.repairs) {
                    repairs.add(repair, number, name, || {
                        format!("first name `{}`, last name `{}`", read.first, read.last)
                    });
                }
                let is_title_alone = is_full && read.first.is_empty() && part.is_none();
                let instead = is_title_alone.then(|| {
                    let text =
                        columns.full_name.and_then(|column| row.text(column).ok()).unwrap_or_default().trim();
                    let what = match (read.last.is_empty(), read.salutation) {
                        (false, _) => "is a title with one name",
                        (true, Some(_)) => "is a salutation, not a name",
                        (true, None) => "is a placeholder for an empty cell",
                    };
                    (text, format!("`{text}` {what}"))
                });
                Ok(Whole { read: Some(read), instead })
            }
            Err(detail) => {
                let column = column.unwrap_or_default();
                problems.push(Problem::of_cell(Code::UnclearName, column, name.as_bytes(), detail));
                Err(Unusable)
            }
        }
    }

    /// Reads the name in the column of one part, without titles before it.
    fn part_in<'r>(
        &self,
        row: Row<'r>,
        column: Option<usize>,
        part: Part,
        problems: &mut Vec<Problem>,
    ) -> Result<NameCell<'r>, Unusable> {
        let mut cell = self.name_in(row, column, problems)?;
        if cell.is_usual {
            return Ok(cell);
        }
        if part == Part::Last
            && let Some((sign @ ("-" | "."), _)) = cell.instead
        {
            // People with a single name have such a sign as their last name.
            return Ok(NameCell { name: Cow::Borrowed(sign), ..NameCell::default() });
        }
        let Some((title, rest)) = salutation::take_titles(&cell.name) else { return Ok(cell) };
        if part == Part::Last && !cell.name.contains(' ') && !salutation::is_never_last_name(&cell.name) {
            return Ok(cell);
        }
        if salutation::is_couple(&cell.name) {
            let detail = format!("`{}` names two people", cell.name);
            problems.push(Problem::of_cell(
                Code::UnclearName,
                column.unwrap_or_default(),
                cell.name.as_bytes(),
                detail,
            ));
            return Err(Unusable);
        }
        if rest.is_empty() {
            let text = column.and_then(|column| row.text(column).ok()).unwrap_or_default();
            let detail = format!("`{}` is a title, not a {}", text.trim(), part.name());
            cell.instead = Some((text, detail));
            // A title also applies to the other name.
            cell.title = title;
            cell.name = Cow::Borrowed("");
            return Ok(cell);
        }
        let rest = rest.to_owned();
        if let Some(repairs) = self.repairs {
            repairs.add(Repair::Title, row.location.row, &cell.name, || format!("`{rest}`"));
        }
        Ok(NameCell { title, ..NameCell::named(rest) })
    }

    /// Reads the cleaned name in a column; empty if there is none.
    fn name_in<'r>(
        &self,
        row: Row<'r>,
        column: Option<usize>,
        problems: &mut Vec<Problem>,
    ) -> Result<NameCell<'r>, Unusable> {
        let Some(found) = first_filled(row, column.as_slice(), problems)? else {
            return Ok(NameCell::default());
        };
        let text = found.text;
        if found.kind != CellKind::Error && name::is_usual(text) {
            return Ok(NameCell { name: Cow::Borrowed(text), is_usual: true, ..NameCell::default() });
        }
        if is_too_long(text) {
            let detail = format!("more than {MAX_NAME_CHARS} characters");
            problems.push(Problem::of_cell(Code::FieldTooLong, found.column, text.as_bytes(), detail));
            return Err(Unusable);
        }
        if found.kind != CellKind::Error
            && name::simple::is_simple(text)
            && !placeholder::is_placeholder(text)
        {
            return Ok(NameCell { name: Cow::Borrowed(text), ..NameCell::default() });
        }
        let is_plain = cell::is_plain(text);
        let name = if is_plain {
            name::clean(text)
        } else {
            match self.doubtful(row, &found) {
                Ok(name) => name,
                Err(proof) => {
                    problems.push(Problem::of_cell(Code::BadEncoding, found.column, text.as_bytes(), proof));
                    return Err(Unusable);
                }
            }
        };
        let other = if is_plain { None } else { cell::what_else(&name) };
        let instead = match other {
            Some(other) => other,
            None if found.kind == CellKind::Error || placeholder::is_placeholder(&name) => {
                "is a placeholder for an empty cell"
            }
            None if is_formula(&name) => "is a formula",
            None if !name.contains(char::is_alphabetic) => "contains no letters",
            None => return Ok(NameCell { name, ..NameCell::default() }),
        };
        let text = text.trim();
        Ok(NameCell { instead: Some((text, format!("`{text}` {instead}"))), ..NameCell::default() })
    }

    /// Cleans the name in a cell that contains more than plain letters. Returns the evidence if its letters are
    /// garbled.
    fn doubtful<'r>(&self, row: Row<'r>, found: &Found<'r>) -> Result<Cow<'r, str>, String> {
        let number = row.location.row;
        let note = |repair, is: &str| {
            if let Some(repairs) = self.repairs {
                repairs.add(repair, number, found.text, || format!("`{}`", is.trim()));
            }
        };
        // A placeholder such as `??` or `#NAME?` would look like garbled letters.
        let trimmed = found.text.trim();
        if trimmed.starts_with(['#', '<', '(', '[', '{', '%', '*', '\\'])
            && placeholder::is_placeholder(trimmed)
        {
            return Ok(Cow::Borrowed(trimmed));
        }
        if cell::undone(found.text).is_none() && garbled::judge(found.text) == Letters::Fine {
            let name = name::clean(found.text);
            if cell::without_remarks(&name).is_none() {
                return Ok(name);
            }
        }
        let mut name = Cow::Borrowed(found.text);
        // Each step may uncover text for the other steps.
        loop {
            let undone = cell::undone(&name);
            if let Some(undone) = undone.as_deref().filter(|_| cell::is_of_web_page(&name)) {
                note(Repair::Entities, undone);
            }
            let text = undone.as_deref().unwrap_or(&name);
            let (mut better, mut is_changed) = match garbled::judge(text) {
                Letters::Fine => (name::clean(text).into_owned(), false),
                Letters::Repaired(repaired) => {
                    note(Repair::Letters, &repaired);
                    (name::clean(&repaired).into_owned(), true)
                }
                Letters::Broken(proof) => return Err(proof),
            };
            if let Some(kept) = cell::without_remarks(&better) {
                note(Repair::Trimmed, &kept);
                (better, is_changed) = (kept, true);
            }
            is_changed |= undone.is_some();
            name = Cow::Owned(better);
            if !is_changed {
                return Ok(name);
            }
        }
    }

    /// Returns the salutation of the row, otherwise the one before its name (`spelled`), otherwise the default.
    fn salutation(
        &self,
        row: Row<'_>,
        spelled: impl FnOnce() -> Option<Salutation>,
        problems: &mut Vec<Problem>,
    ) -> Option<Salutation> {
        let found = first_filled(row, self.columns.salutation.as_slice(), problems).ok()?;
        let found = found.filter(|found| found.kind != CellKind::Error);
        let alias = |text| self.settings.aliases.salutation(text);
        let known =
            found.as_ref().and_then(|found| alias(found.text).or_else(|| salutation::recognize(found.text)));
        if known.is_some() {
            return known;
        }
        let unknown = found.map(|found| {
            let text = cell::undone(found.text);
            let text = name::clean(text.as_deref().unwrap_or(found.text)).into_owned();
            (found, text)
        });
        let unknown = unknown.filter(|(_, text)| !placeholder::is_placeholder(text));
        let known = unknown.as_ref().and_then(|(_, text)| salutation::recognize(text));
        if known.is_some() {
            return known;
        }
        let spelled = spelled();
        let Some((found, text)) = unknown else {
            let salutation = spelled.or(self.settings.default_salutation);
            if salutation.is_none() {
                problems.push(missing(Code::MissingSalutation, self.columns.salutation));
            }
            return salutation;
        };
        let chosen = spelled.or(self.settings.default_salutation);
        if let Some(chosen) = chosen {
            if let Some(repairs) = self.repairs.filter(|_| spelled.is_none()) {
                repairs.add(Repair::Salutation, row.location.row, found.text, || {
                    format!("`{}`", chosen.as_str())
                });
            }
            return Some(chosen);
        }
        let detail = if salutation::is_couple(&text) { "it names two people" } else { "" };
        problems.push(Problem::of_cell(Code::UnknownSalutation, found.column, found.text.as_bytes(), detail));
        None
    }

    /// Returns the title before the full name, for rows without another salutation.
    fn title_of_full_name(&self, row: Row<'_>) -> Option<Salutation> {
        let text = row.text(self.columns.full_name?).ok()?;
        let name = name::clean(text);
        let (title, _) = salutation::take_titles(&name)?;
        title.filter(|_| !salutation::is_couple(&name))
    }
}

/// Tests for formulas, which are not names, whatever they show in a spreadsheet.
fn is_formula(text: &str) -> bool {
    text.starts_with('=') && text.contains(['(', '"'])
}

fn missing_name(code: Code, column: Option<usize>, cell: &NameCell<'_>) -> Problem {
    match (column, &cell.instead) {
        (Some(column), Some((text, detail))) => Problem::of_cell(code, column, text.as_bytes(), detail),
        _ => missing(code, column),
    }
}

/// Combines a given part with the full name. Returns an error if the full name does not contain the part, because the
/// two belong to different people.
fn complement(
    split: Result<FullName, Unclear>,
    full: &str,
    part: Part,
    given: &str,
) -> Result<FullName, String> {
    let read = match split {
        Ok(read) => read,
        Err(unclear) if unclear.last_word.last.is_empty() => unclear.last_word,
        Err(unclear) => return Err(unclear.detail),
    };
    let fold = |word: &str| word.trim_end_matches('.').to_lowercase();
    let words: Vec<&str> =
        read.first.split(' ').chain(read.last.split(' ')).filter(|word| !word.is_empty()).collect();
    let folded: Vec<String> = words.iter().map(|word| fold(word)).collect();
    let given_words: Vec<String> =
        given.split([' ', ',']).filter(|word| !word.is_empty()).map(fold).collect();
    let (mut sorted, mut sorted_given) = (folded.clone(), given_words.clone());
    sorted.sort();
    sorted_given.sort();
    if sorted == sorted_given {
        // A single word appears in both cells. A full name in the column of a part is split.
        return Ok(match (words.len(), part) {
            (1, Part::First) => FullName { first: given.to_owned(), last: String::new(), ..read },
            (1, Part::Last) => FullName { first: String::new(), last: given.to_owned(), ..read },
            _ => read,
        });
    }
    let is_front = folded.starts_with(&given_words);
    let is_end = folded.ends_with(&given_words);
    let front_first = is_front && (part == Part::First || !is_end);
    let rest = match () {
        () if front_first => words[given_words.len()..].join(" "),
        () if is_end => words[..words.len() - given_words.len()].join(" "),
        () => {
            return Err(format!("the full name `{full}` does not contain the {} `{given}`", part.name()));
        }
    };
    let given = given.to_owned();
    Ok(match part {
        Part::First => FullName { first: given, last: rest, ..read },
        Part::Last => FullName { first: rest, last: given, ..read },
    })
}
