//! The form in which headers are compared.

use crate::normalize::label;

/// Maximum number of characters read of a header. Survey questions and consent texts make headers of hundreds of
/// characters, and the last words of one may be "do not call".
const MAX_HEADER_CHARS: usize = 16 * 1024;

/// Returns a header in folded form, in which synonyms are compared: NFKC without accents, `camelCase` split, lower
/// case, punctuation as space, numbers as `n`.
pub(crate) fn fold(header: &str) -> String {
    words(header, true)
}

/// Returns a header in folded form, with its numbers.
pub(crate) fn fold_with_numbers(header: &str) -> String {
    words(header, false)
}

/// Returns the folded form of a header. Keeps numbers unless `folds_numbers`.
fn words(header: &str, folds_numbers: bool) -> String {
    let end = header.char_indices().nth(MAX_HEADER_CHARS).map_or(header.len(), |(end, _)| end);
    label::folded(&header[..end], folds_numbers)
}
