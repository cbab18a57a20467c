//! Whom a row is about, and how the person is addressed: first name, last name and salutation.
//!
//! Each cell is questioned before it is used: a placeholder is an empty cell, a title in front of a name is the salutation, a
//! full name is split only where nothing speaks against it.

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

/// A name longer than this is a sign of rows that ran together, not a name.
const MAX_NAME_CHARS: usize = 256;

/// How sure the split of a full name has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SplitNames {
    /// A name with a second reading is rejected.
    #[default]
    Strict,
    /// The last word is the last name, with the particles before it.
    LastWord,
}

/// What the contact is called. Where something is missing, the problems of the row say so.
#[derive(Debug, Default)]
pub(super) struct Addressed<'r> {
    pub(super) first_name: Cow<'r, str>,
    pub(super) last_name: Cow<'r, str>,
    pub(super) salutation: Option<Salutation>,
}

/// A cell with a name.
#[derive(Debug, Default)]
struct NameCell<'r> {
    /// The cleaned name; empty where there is none.
    name: Cow<'r, str>,
    /// Nothing has to be asked about it.
    is_usual: bool,
    /// The title that stood in front of it.
    title: Option<Salutation>,
    /// The text that stands there in place of a name, and why it is none.
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

/// What a full name says of both.
#[derive(Default)]
struct Whole<'r> {
    read: Option<FullName>,
    /// The text in place of a name, and why it is none.
    instead: Option<(&'r str, String)>,
}

/// One of the two names that a contact has.
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

/// Whether a text is longer than any name, the blanks around it aside.
fn is_too_long(text: &str) -> bool {
    text.len() > MAX_NAME_CHARS && text.trim_matches(shows_nothing).chars().nth(MAX_NAME_CHARS).is_some()
}

/// The name in the form it is sent in, for one that a person gives for all rows.
///
/// # Errors
///
/// Why it can be nobody's name: it is empty, too long, or holds control characters.
pub fn given_name(text: &str) -> Result<String, String> {
    if is_too_long(text) {
        return Err(format!("it has more than {MAX_NAME_CHARS} characters"));
    }
    if let Some(control) = text.trim().chars().find(|letter| letter.is_control()) {
        return Err(format!("it holds a control character ({})", control.escape_unicode()));
    }
    match name::clean(text) {
        name if name.is_empty() => Err("it is empty".to_owned()),
        name => Ok(name.into_owned()),
    }
}

impl Normalizer<'_> {
    /// The names and the salutation of a row.
    pub(super) fn addressed<'r>(&'r self, row: Row<'r>, problems: &mut Vec<Problem>) -> Addressed<'r> {
        let columns = self.columns;
        let first = self.part_in(row, columns.first_name, Part::First, problems);
        let last = self.part_in(row, columns.last_name, Part::Last, problems);
        let (mut first, mut last) = match (first, last) {
            (Ok(first), Ok(last)) => (first, last),
            // The row is rejected already; what else it lacks is told, too.
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

    /// Adds a problem for each name that is empty.
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

    /// Both names, where a column for one of them is empty: from the full name, or from the other column, where that holds a
    /// whole name.
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
        // A family name may have several words, and a placeholder says that the other name is not known.
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
            // One part is given: the rest of the full name is the other.
            (Some((part, cell)), split) if is_full => complement(split, name, part, &cell.name),
            (_, Ok(read)) => Ok(read),
            // A single word is the first name where a last name is given for those who have none.
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

    /// The name in the column of one part, without titles in front of it.
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
            // What people with one name are given.
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
            // A title goes with the other name, too.
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

    /// The cleaned name in a column; empty where there is none.
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
            None if !name.contains(char::is_alphabetic) => "holds no letter",
            None => return Ok(NameCell { name, ..NameCell::default() }),
        };
        let text = text.trim();
        Ok(NameCell { instead: Some((text, format!("`{text}` {instead}"))), ..NameCell::default() })
    }

    /// The cleaned name in a cell that holds more than plain letters; what shows that its letters are broken otherwise.
    fn doubtful<'r>(&self, row: Row<'r>, found: &Found<'r>) -> Result<Cow<'r, str>, String> {
        let number = row.location.row;
        let note = |repair, is: &str| {
            if let Some(repairs) = self.repairs {
                repairs.add(repair, number, found.text, || format!("`{}`", is.trim()));
            }
        };
        // A placeholder such as `??` or `#NAME?` would seem to have lost its letters.
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
        // What one step brings to light is for the others to read.
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

    /// The salutation of the row, else the one `spelled` in front of its name, else the default.
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
            found.as_ref().and_then(|found| alias(found.text).or_else(|| salutation::recognise(found.text)));
        if known.is_some() {
            return known;
        }
        let unknown = found.map(|found| {
            let text = cell::undone(found.text);
            let text = name::clean(text.as_deref().unwrap_or(found.text)).into_owned();
            (found, text)
        });
        let unknown = unknown.filter(|(_, text)| !placeholder::is_placeholder(text));
        let known = unknown.as_ref().and_then(|(_, text)| salutation::recognise(text));
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

    /// The title in front of the full name, which is looked at where the row has no other.
    fn title_of_full_name(&self, row: Row<'_>) -> Option<Salutation> {
        let text = row.text(self.columns.full_name?).ok()?;
        let name = name::clean(text);
        let (title, _) = salutation::take_titles(&name)?;
        title.filter(|_| !salutation::is_couple(&name))
    }
}

/// A formula is no name, whatever it makes in a spreadsheet.
fn is_formula(text: &str) -> bool {
    text.starts_with('=') && text.contains(['(', '"'])
}

fn missing_name(code: Code, column: Option<usize>, cell: &NameCell<'_>) -> Problem {
    match (column, &cell.instead) {
        (Some(column), Some((text, detail))) => Problem::of_cell(code, column, text.as_bytes(), detail),
        _ => missing(code, column),
    }
}

/// Both names, where one is given and the full name holds it. Where it does not, the two are not of one person.
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
        // One word stands in both; a whole name in the column of a part is split.
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
            return Err(format!("the full name `{full}` does not hold the {} `{given}`", part.name()));
        }
    };
    let given = given.to_owned();
    Ok(match part {
        Part::First => FullName { first: given, last: rest, ..read },
        Part::Last => FullName { first: rest, last: given, ..read },
    })
}
