//! Headers of columns with the expiry date of suppression list entries.

use super::folding::fold;

/// Headers of the column, in folded form. Words that other columns may use as well, such as `end` for the end of a
/// call, are not included.
const HEADERS: [&str; 38] = [
    "expiry",
    "expires",
    "expire",
    "expiry date",
    "expire date",
    "expires date",
    "expiration",
    "expiration date",
    "expires at",
    "expires on",
    "expired at",
    "expiry time",
    "expires after",
    "valid until",
    "valid till",
    "valid to",
    "until",
    "end date",
    "ends at",
    "ends on",
    "block until",
    "blocked until",
    "block expiry",
    "block expires",
    "dnc until",
    "dnc expiry",
    "dnc expires",
    "dnc expiry date",
    "do not call until",
    "suppress until",
    "suppressed until",
    "exclude until",
    "excluded until",
    "gultig bis",
    "gesperrt bis",
    "ablaufdatum",
    "expire le",
    "date d expiration",
];

/// The same in Spanish.
const SPANISH_HEADERS: [&str; 6] =
    ["caduca", "caduca el", "caducidad", "fecha de caducidad", "valido hasta", "hasta"];

/// Returns whether a header means the expiry of each entry.
pub(crate) fn is_expiry(header: &str) -> bool {
    let folded = fold(header);
    HEADERS.iter().chain(&SPANISH_HEADERS).any(|known| *known == folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_headers_are_recognized() {
        for header in [
            "Expiry",
            "expires_at",
            "ExpirationDate",
            "VALID UNTIL",
            "Block-Until",
            "Gültig bis",
            "Ablaufdatum",
            "Expire le",
            "Date d'expiration",
            "Caduca",
            "Fecha de caducidad",
            "Válido hasta",
            "DNC expiry",
        ] {
            assert!(is_expiry(header), "{header}");
        }
        for header in
            ["Date", "Created at", "Phone", "Bis", "Reason", "End", "Ends", "End time", "Fin", "Till", ""]
        {
            assert!(!is_expiry(header), "{header}");
        }
        for header in HEADERS.iter().chain(&SPANISH_HEADERS) {
            assert_eq!(fold(header), *header);
        }
    }
}
