//! Normalization of rows: a row becomes a contact or a list of problems.
//!
//! Normalization is pure: it uses no files, no clock and no environment, so any number of threads may run it.
//! [`parse`](crate::parse) decides before which cell holds which field. [`dedupe`](crate::dedupe) and
//! [`existing`](crate::existing) decide afterwards whether the number is already known.

mod address;
pub mod aliases;
mod escaped;
mod explain;
mod fallback;
pub(crate) mod flag;
mod forbidden;
mod garbled;
mod habits;
pub(crate) mod label;
pub mod name;
mod numbers;
pub mod phone;
pub mod region;
mod repairs;
pub mod salutation;

use std::collections::HashMap;

use self::{
    address::Addressed,
    phone::Origin,
    phone::{Habit, PhonePolicy, Refusal},
};
pub use self::{
    address::{SplitNames, given_name},
    aliases::Aliases,
    explain::{Explained, OtherReading, Step},
    fallback::Fallbacks,
    forbidden::ForbiddenNumbers,
    numbers::RowNumbers,
    repairs::Repairs,
};
use crate::{
    contact::{Contact, PhoneNumber, Salutation},
    outcome::{Code, Problem, Verdict},
    row::{CellKind, Columns, PhoneKind, PhoneLabel, Row, Rows, Says},
};

/// The maximum product of labels and phones that are compared one by one.
const FEW_LABELS: usize = 256;

/// The user's settings for reading rows.
#[derive(Clone, Debug, Default)]
pub struct NormalizeSettings {
    /// The region of numbers without a country of their own.
    pub region: Option<crate::contact::Region>,
    /// The numbers to accept.
    pub phone: PhonePolicy,
    /// The certainty that the split of a full name requires.
    pub split_names: SplitNames,
    /// The salutation of rows without one, or with an unknown one.
    pub default_salutation: Option<Salutation>,
    /// The last name of rows without one.
    pub default_last_name: Option<String>,
    /// Whether rows that a sheet hides are suppressed.
    pub skips_hidden_rows: bool,
    /// The meanings of country and salutation values that the list writes in its own way.
    pub aliases: Aliases,
}

/// A reader of the rows of one input.
#[derive(Clone, Copy, Debug)]
pub struct Normalizer<'a> {
    settings: &'a NormalizeSettings,
    columns: &'a Columns,
    repairs: Option<&'a Repairs>,
    habits: &'a [(usize, Habit)],
    fallbacks: Option<&'a Fallbacks>,
}

/// A cell's text with its column.
struct Found<'a> {
    column: usize,
    text: &'a str,
    kind: CellKind,
}

impl<'a> Normalizer<'a> {
    /// Creates a normalizer for rows with the given column mapping.
    pub fn new(settings: &'a NormalizeSettings, columns: &'a Columns) -> Self {
        Self { settings, columns, repairs: None, habits: &[], fallbacks: None }
    }

    /// Sets how ambiguous digits are meant, by column.
    #[must_use]
    pub fn with_habits(self, habits: &'a [(usize, Habit)]) -> Self {
        Self { habits, ..self }
    }

    /// Counts repaired names in `repairs`.
    #[must_use]
    pub fn counting(self, repairs: &'a Repairs) -> Self {
        Self { repairs: Some(repairs), ..self }
    }

    /// Counts rows in `fallbacks` that use another phone than the preferred one.
    #[must_use]
    pub fn counting_fallbacks(self, fallbacks: &'a Fallbacks) -> Self {
        Self { fallbacks: Some(fallbacks), ..self }
    }

    /// Reads a block of rows.
    pub fn read_all(&self, rows: &Rows) -> Vec<Verdict> {
        rows.iter_text().map(|row| self.read(row)).collect()
    }

    /// Reads one row.
    pub fn read(&self, row: Row<'_>) -> Verdict {
        if row.is_hidden && self.settings.skips_hidden_rows {
            let number = self.number(row, &mut Vec::new()).ok().flatten();
            return Verdict::Suppressed { code: Code::HiddenRow, number, detail: String::new() };
        }
        if let Some(ragged) = row.ragged {
            return Verdict::Rejected {
                number: None,
                problems: vec![Problem::of_row(Code::RaggedRow, ragged.describe())],
            };
        }
        if let Some(suppressed) = self.forbidden(row) {
            return suppressed;
        }
        let mut problems = Vec::new();
        let mut refused_number = None;
        let number = match self.number(row, &mut problems) {
            Ok(None) if let Some(suppressed) = self.forbidden_in_all_phones(row) => return suppressed,
            Ok(number) => number,
            Err(refused) => {
                refused_number = refused;
                None
            }
        };
        let Addressed { first_name, last_name, salutation } = self.addressed(row, &mut problems);
        match (number, salutation) {
            (Some(number), Some(salutation)) if problems.is_empty() => {
                Verdict::Contact(Contact::new(&first_name, &last_name, salutation, number))
            }
            (number, _) => Verdict::Rejected { number: number.or(refused_number), problems },
        }
    }

    /// Returns the first usable number in the order of preference, otherwise the number that was refused for its kind
    /// or extension. If there is none, `problems` describes every cell.
    fn number(
        &self,
        row: Row<'_>,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<PhoneNumber>, Option<PhoneNumber>> {
        let preferred = self.by_preference(row);
        let phones = preferred.as_deref().unwrap_or(&self.columns.phone);
        let before = problems.len();
        let mut refused = None;
        let forbidden = self.numbers_forbidden_by_labels(row);
        let mut repeats_forbidden = None;
        for &phone in phones {
            match self.number_in(row, phone, problems) {
                Ok(Some(number)) if forbidden.contains(&number.e164()) => {
                    repeats_forbidden = repeats_forbidden.or(Some(phone));
                }
                Ok(Some(number)) => {
                    if problems.len() > before {
                        self.count_fallback(row, &problems[before], phone);
                        problems.truncate(before);
                    }
                    return Ok(Some(number));
                }
                Ok(None) => {}
                Err(number) => refused = refused.or(number),
            }
            // The intended result of a failed formula is unknown. It may be the number to call.
            if row.cell(phone).kind == CellKind::Error {
                break;
            }
        }
        if problems.len() == before {
            let mut problem = missing(Code::MissingPhone, self.columns.phone.first().copied());
            let is_ruled_out = |phone: &usize| !row.cell(*phone).is_blank() && !phones.contains(phone);
            let ruled_out = self.columns.phone.iter().copied().find(is_ruled_out);
            if let Some(phone) = ruled_out.or(repeats_forbidden) {
                problem.column = u32::try_from(phone).ok();
                "the only number is a fax or similar, or must not be called".clone_into(&mut problem.detail);
            }
            problems.push(problem);
            return Ok(None);
        }
        Err(refused)
    }

    /// Reads the number in a cell. Returns `None` if the cell is empty.
    fn number_in(
        &self,
        row: Row<'_>,
        phone: usize,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<PhoneNumber>, Option<PhoneNumber>> {
        let Some(found) = first_filled(row, &[phone], problems).map_err(|Unusable| None)? else {
            return Ok(None);
        };
        let before = problems.len();
        let mut refused = None;
        let mut read = |text, problems: &mut Vec<Problem>| {
            let value = Found { text, ..found };
            let origin = if text.trim_start().starts_with(['+', '＋']) {
                None
            } else {
                self.origin(row, phone, problems).ok()?
            };
            match self.read_phone(&value, origin, self.is_doubtful_country(row, phone, origin)) {
                Ok(number) => {
                    problems.truncate(before);
                    return Some(number);
                }
                Err(Refusal { code, detail, number, .. }) => {
                    problems.push(Problem::of_cell(code, found.column, text.as_bytes(), detail));
                    refused = refused.or(number);
                }
            }
            None
        };
        let number = if memchr::memchr(b':', found.text.as_bytes()).is_none() {
            read(found.text, problems)
        } else {
            values(found.text).find_map(|text| read(text, problems))
        };
        number.map_or(Err(refused), |number| Ok(Some(number)))
    }

    /// Returns the phone columns in the order that the labels of this row define, without those that are not phones to
    /// call.
    fn by_preference(&self, row: Row<'_>) -> Option<Vec<usize>> {
        let columns = self.columns;
        if columns.labels.is_empty() {
            return None;
        }
        // For a few labels, a scan is faster than an index.
        let are_many = columns.labels.len() * columns.phone.len() > FEW_LABELS;
        let by_phone = are_many.then(|| {
            let mut by_phone: HashMap<usize, Vec<&PhoneLabel>> = HashMap::new();
            columns.labels.iter().for_each(|label| by_phone.entry(label.phone).or_default().push(label));
            by_phone
        });
        let few = if are_many { &[] } else { columns.labels.as_slice() };
        let kind = |place: usize, phone: usize| {
            let (mut said, mut is_preferred) = (None, false);
            let own = by_phone.iter().filter_map(|labels| labels.get(&phone)).flatten().copied();
            // Any of several labels can rule out the phone.
            for label in own.chain(few.iter().filter(|label| label.phone == phone)) {
                let Some(text) = row.text(label.column).ok().filter(|text| !text.trim().is_empty()) else {
                    continue;
                };
                match label.says {
                    Says::Kind => {
                        let kind = label::kind(text)?;
                        said = Some(said.map_or(kind, |other: PhoneKind| other.min(kind)));
                    }
                    Says::Preferred => is_preferred |= flag::is_yes(text),
                    Says::Calls(question) if flag::forbids(question, text) => return None,
                    Says::Calls(_) => {}
                }
            }
            // Kinds are usually in the order of the phones.
            let usual = columns.phone_kinds.get(place).filter(|(column, _)| *column == phone);
            let by_header = || usual.map_or_else(|| columns.phone_kind(phone), |(_, kind)| *kind);
            let kind = said.unwrap_or_else(by_header);
            Some(if is_preferred { PhoneKind::Preferred } else { kind })
        };
        let ranked = columns.phone.iter().enumerate();
        let ranked = ranked.filter_map(|(place, phone)| Some((kind(place, *phone)?, *phone)));
        let mut ranked: Vec<(PhoneKind, usize)> = ranked.collect();
        if !columns.is_phone_order_given {
            ranked.sort_by_key(|(kind, _)| *kind);
        }
        Some(ranked.into_iter().map(|(_, phone)| phone).collect())
    }

    /// Returns the country to read a number of a phone column with.
    fn origin(
        &self,
        row: Row<'_>,
        phone: usize,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Origin>, Unusable> {
        self.country_in(row, self.columns.countries_of(phone), problems)
    }

    fn country_in(
        &self,
        row: Row<'_>,
        countries: &[usize],
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Origin>, Unusable> {
        for &column in countries {
            let Some(found) = first_filled(row, &[column], problems)? else { continue };
            if let Some(origin) = self.settings.aliases.country(found.text) {
                return Ok(Some(origin));
            }
            // Odoo exports a country as the identifier of its record.
            let text = found.text.trim().strip_prefix("base.").unwrap_or(found.text);
            match region::country(text) {
                Some(origin) => return Ok(Some(origin)),
                None if region::is_filler(text) => {}
                None => {
                    let problem = Problem::of_cell(Code::UnknownCountry, column, found.text.as_bytes(), "");
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                    return Err(Unusable);
                }
            }
        }
        Ok(self.settings.region.map(Origin::Region))
    }

    fn count_fallback(&self, row: Row<'_>, problem: &Problem, phone: usize) {
        if let (Some(fallbacks), Some(column)) = (self.fallbacks, problem.column) {
            fallbacks.add(row.location.row, column as usize, &problem.value, phone);
        }
    }
}

/// The values that an address book put into one cell, the marked one first.
fn values(text: &str) -> impl Iterator<Item = &str> {
    const SEPARATOR: &str = " ::: ";

    let is_one = !text.contains(SEPARATOR);
    let one = is_one.then_some(text);
    let several = (!is_one).then(|| text.split(SEPARATOR).map(str::trim).filter(|value| !value.is_empty()));
    let several = several.into_iter().flatten();
    let marked = several.clone().filter_map(|value| value.strip_prefix("* "));
    let others = several.filter(|value| !value.starts_with("* "));
    one.into_iter().chain(marked).chain(others)
}

/// Creates the problem of a missing field: an empty cell, or a missing column.
fn missing(code: Code, column: Option<usize>) -> Problem {
    match column {
        Some(column) => Problem::of_cell(code, column, b"", ""),
        None => Problem::of_row(code, "the file has no such column"),
    }
}

/// A cell is unusable; its problem is already recorded.
#[derive(Debug)]
struct Unusable;

/// Returns the first cell of the columns that is not blank.
fn first_filled<'r>(
    row: Row<'r>,
    columns: &[usize],
    problems: &mut Vec<Problem>,
) -> Result<Option<Found<'r>>, Unusable> {
    for &column in columns {
        let cell = row.cell(column);
        let begins_visibly = cell.text.first().is_some_and(u8::is_ascii_graphic);
        if !begins_visibly && cell.is_blank() {
            continue;
        }
        let text = row.text(column).map_err(|error| {
            let detail = format!("byte {} of the cell", error.valid_up_to() + 1);
            problems.push(Problem::of_cell(Code::BadEncoding, column, cell.text, detail));
            Unusable
        })?;
        if begins_visibly || text.is_ascii() || !name::is_invisible_text(text) {
            return Ok(Some(Found { column, text, kind: cell.kind }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
