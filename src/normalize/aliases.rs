//! Aliases: values that a list writes in its own way, with the meaning that the user gives them.
//!
//! An alias is applied before a cell is read, so it also overrides a built-in meaning.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{phone::Origin, region, salutation};
use crate::contact::{Field, Salutation};

/// Aliases of countries and salutations, by the trimmed value in lowercase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    countries: BTreeMap<String, Alias<Origin>>,
    salutations: BTreeMap<String, Alias<Salutation>>,
}

/// The meaning of a value, as written and as read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Alias<T> {
    written: String,
    meaning: T,
}

/// An error in an alias.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum AliasError {
    #[error("`{value}` = `{meaning}`: `{meaning}` is not a country")]
    NoCountry { value: String, meaning: String },
    #[error("`{value}` = `{meaning}`: `{meaning}` is not a salutation")]
    NoSalutation { value: String, meaning: String },
    #[error("`{value}` means both `{first}` and `{second}`; values are compared without regard to case")]
    Contradiction { value: String, first: String, second: String },
    #[error("an empty value, which matches no cell")]
    Empty,
}

impl Aliases {
    /// Adds an alias for country cells.
    ///
    /// # Errors
    ///
    /// Returns an error if `meaning` is not a country, or if the value already has another meaning.
    pub fn add_country(&mut self, value: &str, meaning: &str) -> Result<(), AliasError> {
        let read = region::country(meaning);
        let unknown = || AliasError::NoCountry { value: value.to_owned(), meaning: meaning.to_owned() };
        add(&mut self.countries, value, meaning, read.ok_or_else(unknown)?)
    }

    /// Adds an alias for salutation cells.
    ///
    /// # Errors
    ///
    /// Returns an error if `meaning` is not a salutation, or if the value already has another meaning.
    pub fn add_salutation(&mut self, value: &str, meaning: &str) -> Result<(), AliasError> {
        let read = salutation::recognize(meaning);
        let unknown = || AliasError::NoSalutation { value: value.to_owned(), meaning: meaning.to_owned() };
        add(&mut self.salutations, value, meaning, read.ok_or_else(unknown)?)
    }

    /// Returns the country for a cell.
    pub fn country(&self, cell: &str) -> Option<Origin> {
        Some(find(&self.countries, cell)?.meaning)
    }

    /// Returns the salutation for a cell.
    pub fn salutation(&self, cell: &str) -> Option<Salutation> {
        Some(find(&self.salutations, cell)?.meaning)
    }

    /// Returns the meaning of a cell of this field, as the user wrote it.
    pub fn written(&self, field: Field, cell: &str) -> Option<&str> {
        match field {
            Field::Country => find(&self.countries, cell).map(|alias| alias.written.as_str()),
            Field::Salutation => find(&self.salutations, cell).map(|alias| alias.written.as_str()),
            _ => None,
        }
    }
}

fn add<T>(
    aliases: &mut BTreeMap<String, Alias<T>>,
    value: &str,
    meaning: &str,
    read: T,
) -> Result<(), AliasError>
where
    T: PartialEq,
{
    let folded = fold(value);
    if folded.is_empty() {
        return Err(AliasError::Empty);
    }
    let alias = Alias { written: meaning.trim().to_owned(), meaning: read };
    match aliases.get(&folded) {
        Some(first) if first.meaning != alias.meaning => Err(AliasError::Contradiction {
            value: value.to_owned(),
            first: first.written.clone(),
            second: alias.written,
        }),
        _ => {
            aliases.insert(folded, alias);
            Ok(())
        }
    }
}

/// Finds the alias of a cell. Without aliases, it does not fold the cell.
fn find<'a, T>(aliases: &'a BTreeMap<String, Alias<T>>, cell: &str) -> Option<&'a Alias<T>> {
    if aliases.is_empty() { None } else { aliases.get(&fold(cell)) }
}

/// Folds a cell's text for comparison: trimmed, in lowercase.
pub(crate) fn fold(cell: &str) -> String {
    cell.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Region;

    #[test]
    fn cell_is_matched_trimmed_and_without_case() {
        let mut aliases = Aliases::default();
        aliases.add_country("Deutchland", "DE").unwrap();
        aliases.add_country("ÖSTEREICH", "+43").unwrap();
        aliases.add_salutation("Capt.", "Mr").unwrap();
        let region = |code| Region::new(code).map(Origin::Region);
        assert_eq!(aliases.country("  deutCHLAND\u{a0}"), region("DE"));
        assert_eq!(aliases.country("östereich"), region("AT"));
        assert_eq!(aliases.country("Capt."), None);
        assert_eq!(aliases.salutation("capt."), Some(Salutation::Mr));
        assert_eq!(aliases.salutation("capt"), None);
        assert_eq!(aliases.written(Field::Country, "DEUTCHLAND"), Some("DE"));
        assert_eq!(aliases.written(Field::FirstName, "DEUTCHLAND"), None);
    }

    #[test]
    fn unknown_country_or_salutation_is_an_error() {
        let mut aliases = Aliases::default();
        assert_eq!(
            aliases.add_country("Deutchland", "Germny").unwrap_err().to_string(),
            "`Deutchland` = `Germny`: `Germny` is not a country"
        );
        assert!(matches!(aliases.add_country("Deutchland", ""), Err(AliasError::NoCountry { .. })));
        assert!(matches!(aliases.add_salutation("Capt.", "Captain"), Err(AliasError::NoSalutation { .. })));
        assert_eq!(aliases.add_country(" ", "DE"), Err(AliasError::Empty));
        aliases.add_country("Deutchland", "DE").unwrap();
        aliases.add_country("DEUTCHLAND", "Germany").unwrap();
        assert!(matches!(aliases.add_country("deutchland", "AT"), Err(AliasError::Contradiction { .. })));
    }
}
