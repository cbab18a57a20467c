//! All sheets of a workbook, one after the other. A suppression list uses this, so that no do-not-call number is
//! missed.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

use super::{
    Fault, Input, ParseError, file::source::Source, settings::ParseSettings, workbook::sheet_name::SheetName,
};

/// The sheets of a file, including hidden ones. A file of another format counts as one sheet. Drop each input before
/// requesting the next one, because the inputs share a position in the file.
pub struct Sheets {
    path: PathBuf,
    settings: ParseSettings,
    source: Source,
    /// The sheets after the current one. `None` until the first sheet is opened.
    left: Option<VecDeque<SheetName>>,
    current: Option<SheetName>,
}

impl Sheets {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be opened.
    pub fn open(path: &Path, settings: &ParseSettings) -> Result<Self, ParseError> {
        let source = Source::open(path).map_err(|fault| ParseError { path: path.to_owned(), fault })?;
        Ok(Self { path: path.to_owned(), settings: settings.clone(), source, left: None, current: None })
    }

    /// Returns the last requested sheet, if there are several.
    pub fn current(&self) -> Option<&SheetName> {
        self.current.as_ref()
    }

    /// Opens the next sheet. Errors name the sheet if there are several.
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
        // If even the list of sheets cannot be read, this is the end.
        self.left.get_or_insert_default();
        Some(opened.map_err(|fault| ParseError { path: self.path.clone(), fault }))
    }
}
