//! The shared texts of a workbook, for all formats.

use crate::parse::error::Fault;

/// The maximum size of all texts, which are held in memory.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// A list of texts in one string.
#[derive(Default)]
pub(in crate::parse) struct SharedTexts {
    text: String,
    ends: Vec<usize>,
}

impl SharedTexts {
    /// Adds a text.
    ///
    /// # Errors
    ///
    /// Returns an error if the texts take too much memory.
    pub(in crate::parse) fn push(&mut self, text: &str) -> Result<(), Fault> {
        self.text.push_str(text);
        if self.text.len() + self.ends.len() * size_of::<usize>() > MAX_BYTES {
            return Err(Fault::Hostile(format!("its texts take more than {} MB", MAX_BYTES >> 20)));
        }
        self.ends.push(self.text.len());
        Ok(())
    }

    /// Returns the text at an index.
    pub(in crate::parse) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }
}
