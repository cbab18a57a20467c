//! The columns that the user names.

use std::collections::{BTreeSet, HashMap};

use super::folding::fold_with_numbers;
use crate::contact::Field;

/// A `--map FIELD=COLUMN` option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The field.
    pub field: Field,
    /// A header, or the number of a column, from 1.
    pub column: String,
    /// Whether it was remembered for the headers of the file, rather than given as an option.
    pub is_remembered: bool,
}

impl Mapping {
    /// Creates a mapping that is given as an option.
    pub fn new(field: Field, column: impl Into<String>) -> Self {
        Self { field, column: column.into(), is_remembered: false }
    }

    /// Finds the column by its exact header, by its number, or by a header with the same folded form. A remembered
    /// header may be spelled differently in this file, so its folded form comes before the number.
    pub(crate) fn find(&self, headers: &[String]) -> Option<usize> {
        let wanted = &self.column;
        let is_number = wanted.bytes().all(|byte| byte.is_ascii_digit());
        let by_number = || wanted.parse::<usize>().ok().filter(|_| is_number);
        let at_number = |number: usize| number.checked_sub(1).filter(|column| *column < headers.len());
        let by_folded = || {
            // Signs alone fold to nothing, which is no name.
            let folded = Some(fold_with_numbers(wanted)).filter(|folded| !folded.is_empty())?;
            headers.iter().position(|header| fold_with_numbers(header) == folded)
        };
        headers.iter().position(|header| header == wanted).or_else(|| match by_number() {
            Some(number) if self.is_remembered => by_folded().or_else(|| at_number(number)),
            Some(number) => at_number(number),
            None => by_folded(),
        })
    }
}

/// The headers of a table, to name its columns in mappings.
#[derive(Debug)]
pub(crate) struct HeaderNames<'a> {
    headers: &'a [String],
    folded: Vec<String>,
    counts: HashMap<String, usize>,
}

impl<'a> HeaderNames<'a> {
    pub(crate) fn new(headers: &'a [String]) -> Self {
        let folded: Vec<String> = headers.iter().map(|header| fold_with_numbers(header)).collect();
        let mut counts = HashMap::new();
        for header in &folded {
            *counts.entry(header.clone()).or_default() += 1;
        }
        Self { headers, folded, counts }
    }

    /// Returns the mapping of a column, by its header or else by its number, unless both may mean another column.
    pub(crate) fn mapping(&self, field: Field, column: usize) -> Option<Mapping> {
        self.by_header(field, column).or_else(|| self.by_number(field, column))
    }

    /// Returns the mapping of a column by its header, unless the header means another column, too.
    pub(crate) fn by_header(&self, field: Field, column: usize) -> Option<Mapping> {
        let folded = &self.folded[column];
        let is_clear = !folded.is_empty() && self.counts[folded] == 1;
        is_clear.then(|| Mapping::new(field, self.headers[column].as_str()))
    }

    /// Returns the mapping of a column by its number, unless the number is the header of another column.
    pub(crate) fn by_number(&self, field: Field, column: usize) -> Option<Mapping> {
        let number = (column + 1).to_string();
        (!self.counts.contains_key(&number)).then(|| Mapping::new(field, number))
    }
}

impl std::str::FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (field, column) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is not FIELD=COLUMN, such as phone=Mobile or phone=3"))?;
        if column.trim().is_empty() {
            return Err(format!("`{text}` names no column"));
        }
        Ok(Self::new(field.trim().replace(['-', ' '], "_").parse()?, column.trim()))
    }
}

/// A mapping for all files with a set of headers, in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedMapping {
    /// The headers, as in the file for which the mapping was chosen.
    pub headers: Vec<String>,
    /// The columns of fields, by header.
    pub mappings: Vec<Mapping>,
    /// The settings file that holds it. `None` if it was chosen for this run only.
    pub file: Option<String>,
    folded: BTreeSet<String>,
}

impl RememberedMapping {
    /// Creates a mapping for files with these headers.
    pub fn new(headers: Vec<String>, mappings: Vec<Mapping>, file: Option<String>) -> Self {
        let mappings = mappings.into_iter().map(|mapping| Mapping { is_remembered: true, ..mapping });
        Self { folded: folded(&headers), mappings: mappings.collect(), headers, file }
    }

    pub(super) fn is_for(&self, headers: &[String]) -> bool {
        // The cheaper test comes first, because each of the first rows may be the header.
        headers.len() >= self.folded.len()
            && folded(headers) == self.folded
            && (self.are_by_header() || headers == self.headers)
    }

    /// Returns whether it names all columns by header. A number means the same column only in files with the same
    /// order of columns.
    pub(crate) fn are_by_header(&self) -> bool {
        let is_header = |mapping: &Mapping| self.folded.contains(&fold_with_numbers(&mapping.column));
        self.mappings.iter().all(is_header)
    }

    /// Returns a note about the columns that it names, if any of them is used.
    pub(in crate::parse) fn note(&self, used: &[Mapping]) -> Option<String> {
        let used = used.iter().filter(|mapping| mapping.is_remembered);
        let used: Vec<String> = used
            .map(|mapping| format!("{} = `{}`", mapping.field.name().replace('_', " "), mapping.column))
            .collect();
        let origin = match &self.file {
            Some(file) => &format!("remembered in {file}"),
            None => "chosen for this run",
        };
        (!used.is_empty()).then(|| format!("columns as {origin}: {}", used.join(", ")))
    }
}

/// Returns the headers as a set, in the form in which they are compared.
fn folded(headers: &[String]) -> BTreeSet<String> {
    headers.iter().map(|header| fold_with_numbers(header)).filter(|header| !header.is_empty()).collect()
}
