//! Cells that a spreadsheet would run as a formula, made harmless on writing and put back on reading.
//!
//! See OWASP, "CSV Injection": a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return may be run
//! when the file is opened. Such a cell is written with a leading `'`; so is one that already looks like this, so
//! that the way there and back loses nothing.

/// Whether a spreadsheet might run the cell, or reading would take a `'` off it.
fn needs_quote(cell: &[u8]) -> bool {
    let quotes = cell.iter().take_while(|byte| **byte == b'\'').count();
    matches!(cell.get(quotes), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r'))
}

/// The prefix the cell is to be written with: `'` or nothing.
pub fn guard(cell: &[u8]) -> &'static [u8] {
    if needs_quote(cell) { b"'" } else { b"" }
}

/// The cell as it was before [`guard`].
///
/// ```
/// use rollcall::formula::{guard, unguard};
///
/// let written = [guard(b"+91 98765 43210"), b"+91 98765 43210"].concat();
/// assert_eq!(written, b"'+91 98765 43210");
/// assert_eq!(unguard(&written), b"+91 98765 43210");
/// ```
pub fn unguard(cell: &[u8]) -> &[u8] {
    match cell.strip_prefix(b"'") {
        Some(inner) if needs_quote(inner) => inner,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_way_there_and_back_loses_nothing(cell in "'{0,3}[=+@\\t\\r-]?[a-z0-9' ]{0,6}") {
            let written = [guard(cell.as_bytes()), cell.as_bytes()].concat();
            prop_assert_eq!(unguard(&written), cell.as_bytes());
            prop_assert!(!matches!(written.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')));
        }
    }
}
