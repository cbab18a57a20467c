//! The region of numbers without a country code.

use crate::{
    cli::error::CliError,
    contact::Region,
    normalize::{
        phone::{Origin, has_numbering_plan},
        region::{country, similar},
    },
    report::terminal::printable,
};

/// Parses a region that has telephone numbers, in any form that a cell with a country can have: `IN`, `India`, `+91`.
pub(in crate::cli) fn region(text: &str) -> Result<Region, CliError> {
    // Elsewhere, `001` is the calling code of North America; as a code of a region, it means the world.
    let origin = (text.trim() != Region::WORLD.to_string()).then(|| country(text)).flatten();
    let hint = match origin {
        Some(Origin::Region(region) | Origin::Area { region, .. }) => return Ok(region),
        Some(_) => "The dialing code belongs to no single region. Use the two letters of ISO 3166, such as IN, GB or US.".to_owned(),
        None => similar(text).map_or_else(
            || "Use a country's name, or the two letters of ISO 3166, such as IN, GB or US.".to_owned(),
            |region| format!("Did you mean {region}?"),
        ),
    };
    Err(CliError::usage(
        format!("--region: `{}` is not a region with telephone numbers", printable(text)),
        hint,
    ))
}

/// Returns the code of a region that is spelled otherwise; a code stays as it is.
pub(in crate::cli) fn canonical_region(spelled: String) -> String {
    let is_code = Region::new(spelled.trim()).is_some_and(has_numbering_plan);
    let code = if is_code { None } else { region(&spelled).ok() };
    code.map_or(spelled, |code| code.to_string())
}
