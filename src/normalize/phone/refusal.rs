//! The reason why a cell has no number.

use crate::{contact::PhoneNumber, outcome::Code};

/// The reason why a cell has no number that may be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of problem.
    pub code: Code,
    /// Details beyond the code; may be empty.
    pub detail: String,
    /// The number, if there is one and it was refused for its kind or extension.
    pub number: Option<PhoneNumber>,
    /// The numbers that the cell may mean, if there are several.
    pub readings: Vec<PhoneNumber>,
}

impl Refusal {
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), number: None, readings: Vec::new() }
    }
}
