//! All sheets of a workbook, one after the other: of people who must not be called, none may be overlooked.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

use super::{Fault, Input, ParseError, ParseSettings, file::source::Source, workbook::sheet::SheetName};

/// The sheets of a file, also those that are hidden; a file of another kind counts as one. Each input must be dropped before
/// the next one is asked for, since they share a place in the file.
pub struct Sheets {
    path: PathBuf,
    settings: ParseSettings,
    source: Source,
    /// The sheets behind the first; nothing before that is known.
    left: Option<VecDeque<SheetName>>,
    current: Option<SheetName>,
}

impl Sheets {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// Where it cannot be opened.
    pub fn open(path: &Path, settings: &ParseSettings) -> Result<Self, ParseError> {
        let source = Source::open(path).map_err(|fault| ParseError { path: path.to_owned(), fault })?;
        Ok(Self { path: path.to_owned(), settings: settings.clone(), source, left: None, current: None })
    }

    /// The sheet that was asked for last, where there are several.
    pub fn current(&self) -> Option<&SheetName> {
        self.current.as_ref()
    }

    /// Opens the next sheet; where that fails, says which one it is.
    fn open_next(&mut self) -> Result<Input, Fault> {
        let sheet = self.current.as_ref().map(|sheet| sheet.name.clone());
        let settings = ParseSettings { sheet, ..self.settings.clone() };
        let mut names = Vec::new();
        let source = self.source.again()?;
        let opened = Input::of_source(&self.path, source, &settings, &mut names);
        if self.left.is_none() {
            let mut names = VecDeque::from(names);
            self.current = names.pop_front().filter(|_| !names.is_empty());
            self.left = Some(names);
        }
        match self.current.clone() {
            Some(sheet) => opened.map_err(|fault| Fault::InSheet { sheet, fault: Box::new(fault) }),
            None => opened,
        }
    }
}

impl Iterator for Sheets {
    type Item = Result<Input, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(left) = &mut self.left {
            self.current = Some(left.pop_front()?);
        }
        let opened = self.open_next();
        // Where not even the sheets are known there is nothing to go on with.
        self.left.get_or_insert_default();
        Some(opened.map_err(|fault| ParseError { path: self.path.clone(), fault }))
    }
}
