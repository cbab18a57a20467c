//! `[values.country]` and `[values.salutation]`.

use crate::{
    cli::{args::ValueTables, error::CliError, hint},
    normalize::{Aliases, aliases::AliasError},
};

/// Returns the values with a meaning in the settings files.
pub(super) fn aliases(tables: &ValueTables) -> Result<Aliases, CliError> {
    let fail = |field: &str, error: &AliasError| {
        CliError::usage(format!("[values.{field}] in rollcall.toml: {error}"), hint::of_alias(error))
    };
    let mut aliases = Aliases::default();
    for (value, meaning) in &tables.country {
        aliases.add_country(value, meaning).map_err(|error| fail("country", &error))?;
    }
    for (value, meaning) in &tables.salutation {
        aliases.add_salutation(value, meaning).map_err(|error| fail("salutation", &error))?;
    }
    Ok(aliases)
}
