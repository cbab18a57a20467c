//! Rows whose preferred phone is unusable, so that another phone is used.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// The fallbacks of a file, for a single note.
#[derive(Debug, Default)]
pub struct Fallbacks {
    count: AtomicU64,
    first: Mutex<Option<Fallback>>,
}

#[derive(Debug)]
struct Fallback {
    row: u64,
    /// The column of the unusable value, and the value.
    refused: (usize, String),
    /// The column of the number that is used instead.
    taken: usize,
}

impl Fallbacks {
    pub(super) fn add(&self, row: u64, column: usize, value: &str, taken: usize) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|first| row < first.row) {
            *first = Some(Fallback { row, refused: (column, value.trim().to_owned()), taken });
        }
    }

    /// Returns the note on these rows, or `None` if there are none. `headers` are the names of the columns.
    pub fn note(&self, headers: &[String]) -> Option<String> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let Fallback { row, refused: (column, value), taken } = first.as_ref()?;
        let count = self.count.load(Ordering::Relaxed);
        let rows = if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
        let name = |column: usize| headers.get(column).map_or("", String::as_str);
        Some(format!(
            "rollcall uses another number in {rows}, because it cannot use the preferred one: in row {row}, `{}` contains `{value}`, \
             so rollcall uses `{}`",
            name(*column),
            name(*taken)
        ))
    }
}
