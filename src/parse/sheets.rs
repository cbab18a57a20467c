//! All sheets of a workbook, one after the other: of people who must not be called, none may be overlooked.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

use super::{Fault, Input, ParseError, ParseSettings, source::Source};

/// The sheets of a file that can be seen; a file of another kind counts as one. Each input must be dropped before the next
/// one is asked for, since they share a place in the file.
pub struct Sheets {
    path: PathBuf,
    settings: ParseSettings,
    source: Source,
    /// The sheets behind the first; nothing before that is known.
    left: Option<VecDeque<String>>,
    are_several: bool,
}

impl Sheets {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// Where it cannot be opened.
    pub fn open(path: &Path, settings: &ParseSettings) -> Result<Self, ParseError> {
        let source = Source::open(path).map_err(|fault| ParseError { path: path.to_owned(), fault })?;
        Ok(Self { path: path.to_owned(), settings: settings.clone(), source, left: None, are_several: false })
    }

    /// Whether there is more than one, as is known after the first.
    pub fn are_several(&self) -> bool {
        self.are_several
    }

    /// Opens the next sheet; where that fails, says which one it is.
    fn open_next(&mut self, sheet: Option<String>) -> Result<Input, Fault> {
        let settings = ParseSettings { sheet, ..self.settings.clone() };
        let mut names = Vec::new();
        let source = self.source.again()?;
        let opened = Input::of_source(&self.path, source, &settings, &mut names);
        let mut names = VecDeque::from(names);
        let name = names.pop_front();
        if self.left.is_none() {
            self.are_several = !names.is_empty();
            self.left = Some(names);
        }
        match name.filter(|_| self.are_several) {
            Some(sheet) => opened.map_err(|fault| Fault::InSheet { sheet, fault: Box::new(fault) }),
            None => opened,
        }
    }
}

impl Iterator for Sheets {
    type Item = Result<Input, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        let sheet = match &mut self.left {
            None => None,
            Some(left) => Some(left.pop_front()?),
        };
        let opened = self.open_next(sheet);
        // Where not even the sheets are known there is nothing to go on with.
        self.left.get_or_insert_default();
        Some(opened.map_err(|fault| ParseError { path: self.path.clone(), fault }))
    }
}
