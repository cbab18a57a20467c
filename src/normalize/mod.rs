//! A row becomes a contact, or the list of what is wrong with it.
//!
//! Pure: no files, no clock, no environment, so that any number of threads may do it. Which cell holds what is
//! decided before, by [`parse`](crate::parse); whether the number is already known is decided after, by
//! [`dedupe`](crate::dedupe) and [`diff`](crate::diff).

mod address;
mod escaped;
mod garbled;
mod label;
pub mod name;
mod numbers;
pub mod phone;
pub mod region;
mod repairs;
pub mod salutation;

use self::{
    address::Addressed,
    phone::{PhonePolicy, Refusal},
    region::Origin,
};
pub use self::{address::SplitNames, numbers::RowNumbers, repairs::Repairs};
use crate::{
    contact::{Contact, PhoneNumber, Salutation},
    outcome::{Code, Problem, Verdict},
    row::{CellKind, Columns, Row, Rows},
};

/// What the user decided about reading rows.
#[derive(Clone, Debug, Default)]
pub struct NormalizeSettings {
    /// The region of numbers without a country of their own.
    pub region: Option<crate::contact::Region>,
    /// Which numbers are accepted.
    pub phone: PhonePolicy,
    /// How sure the split of a full name has to be.
    pub split_names: SplitNames,
    /// The salutation of rows that have none, or one that is not known.
    pub default_salutation: Option<Salutation>,
    /// The last name of rows that have none.
    pub default_last_name: Option<String>,
    /// Whether rows that a sheet hides are suppressed.
    pub skips_hidden_rows: bool,
}

/// Reads the rows of one input.
#[derive(Clone, Copy, Debug)]
pub struct Normalizer<'a> {
    settings: &'a NormalizeSettings,
    columns: &'a Columns,
    repairs: Option<&'a Repairs>,
}

/// A cell's text and the column it stands in.
struct Found<'a> {
    column: usize,
    text: &'a str,
    kind: CellKind,
}

impl<'a> Normalizer<'a> {
    /// A normalizer for rows whose columns mean what `columns` says.
    pub fn new(settings: &'a NormalizeSettings, columns: &'a Columns) -> Self {
        Self { settings, columns, repairs: None }
    }

    /// Has names that are repaired counted.
    #[must_use]
    pub fn counting(self, repairs: &'a Repairs) -> Self {
        Self { repairs: Some(repairs), ..self }
    }

    /// Reads a block of rows.
    pub fn read_all(&self, rows: &Rows) -> Vec<Verdict> {
        rows.iter_text().map(|row| self.read(row)).collect()
    }

    /// Reads one row.
    pub fn read(&self, row: Row<'_>) -> Verdict {
        if row.is_hidden && self.settings.skips_hidden_rows {
            let number = self.number(row, &mut Vec::new()).ok().flatten();
            return Verdict::Suppressed { code: Code::HiddenRow, number };
        }
        if let Some(ragged) = row.ragged {
            return Verdict::Rejected {
                number: None,
                problems: vec![Problem::of_row(Code::RaggedRow, ragged.describe())],
            };
        }
        let mut problems = Vec::new();
        let mut refused_number = None;
        let number = match self.number(row, &mut problems) {
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

    /// The number, or the number that was refused for what it is.
    fn number(
        &self,
        row: Row<'_>,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<PhoneNumber>, Option<PhoneNumber>> {
        let preferred = self.by_preference(row);
        let phones = preferred.as_deref().unwrap_or(&self.columns.phone);
        let Ok(found) = first_filled(row, phones, problems) else { return Ok(None) };
        let found = found.map(|found| Found { text: preferred_value(found.text), ..found });
        let Some(found) = found else {
            problems.push(missing(Code::MissingPhone, self.columns.phone.first().copied()));
            return Ok(None);
        };
        let origin = if found.text.trim_start().starts_with(['+', '＋']) {
            None
        } else {
            match self.origin(row, problems) {
                Ok(origin) => origin,
                Err(Unusable) => return Ok(None),
            }
        };
        self.settings.phone.read(found.text, found.kind, origin).map(Some).map_err(
            |Refusal { code, detail, number }| {
                problems.push(Problem::of_cell(code, found.column, found.text.as_bytes(), detail));
                number
            },
        )
    }

    /// The phone columns in the order in which this row's labels put them, without those that are no phones.
    fn by_preference(&self, row: Row<'_>) -> Option<Vec<usize>> {
        if self.columns.labels.is_empty() {
            return None;
        }
        // Where there are several, each of them can say that it is no phone.
        let rank = |phone: usize| {
            let labels = self.columns.labels.iter().filter(|(column, _)| *column == phone);
            let labels = labels.filter_map(|(_, label)| row.text(*label).ok());
            labels
                .filter(|label| !label.trim().is_empty())
                .try_fold(label::UNKNOWN, |rank, label| label::rank(label).map(|other| rank.min(other)))
        };
        let ranked = self.columns.phone.iter().filter_map(|phone| Some((rank(*phone)?, *phone)));
        let mut ranked: Vec<(u8, usize)> = ranked.collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        Some(ranked.into_iter().map(|(_, phone)| phone).collect())
    }

    fn origin(&self, row: Row<'_>, problems: &mut Vec<Problem>) -> Result<Option<Origin>, Unusable> {
        let found = first_filled(row, &self.columns.country, problems)?;
        let Some(found) = found else { return Ok(self.settings.region.map(Origin::Region)) };
        region::country(found.text).map(Some).ok_or_else(|| {
            problems.push(Problem::of_cell(Code::UnknownCountry, found.column, found.text.as_bytes(), ""));
            Unusable
        })
    }
}

/// Of several values that an address book put into one cell, the one it marks, else the first.
fn preferred_value(text: &str) -> &str {
    const SEPARATOR: &str = " ::: ";
    if memchr::memchr(b':', text.as_bytes()).is_none() || !text.contains(SEPARATOR) {
        return text;
    }
    let values = || text.split(SEPARATOR).map(str::trim).filter(|value| !value.is_empty());
    let marked = values().find_map(|value| value.strip_prefix("* "));
    marked.or_else(|| values().next()).unwrap_or(text)
}

/// A field that the row leaves empty, or that the file has no column for.
fn missing(code: Code, column: Option<usize>) -> Problem {
    match column {
        Some(column) => Problem::of_cell(code, column, b"", ""),
        None => Problem::of_row(code, "no such column in the file"),
    }
}

/// A cell cannot be used; the problem is noted.
#[derive(Debug)]
struct Unusable;

/// The first cell of the columns that is not blank.
fn first_filled<'r>(
    row: Row<'r>,
    columns: &[usize],
    problems: &mut Vec<Problem>,
) -> Result<Option<Found<'r>>, Unusable> {
    for &column in columns {
        let cell = row.cell(column);
        if cell.is_blank() {
            continue;
        }
        let text = row.text(column).map_err(|error| {
            let detail = format!("byte {} of the cell", error.valid_up_to() + 1);
            problems.push(Problem::of_cell(Code::BadEncoding, column, cell.text, detail));
            Unusable
        })?;
        let is_invisible = !text.is_ascii() && name::clean(text).is_empty();
        if !is_invisible {
            return Ok(Some(Found { column, text, kind: cell.kind }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
