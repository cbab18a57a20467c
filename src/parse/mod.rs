//! Reading of input files: format, encoding, columns and rows.
//!
//! [`Input::open`] detects the format of a file and matches its columns, so that problems with any file of a run show
//! before its first row is used. [`Input::read`] then returns blocks of rows. This module does not interpret
//! cells; [`normalize`](crate::normalize) does.

mod allowance;
mod assemble;
mod columns;
mod documents;
pub mod encoding;
mod error;
mod file;
mod fixed_rows;
mod format;
mod info;
mod json;
mod ldif;
mod lines;
mod numbers;
mod open;
mod person;
mod place;
mod preview;
mod raw_row;
mod settings;
mod sheets;
mod stream;
mod table;
mod table_header;
mod text;
mod workbook;

mod vcard;

use std::{collections::VecDeque, ops::ControlFlow, path::Path};

pub(crate) use self::columns::{
    expiry::is_expiry,
    folding::{fold, fold_with_numbers},
    is_about_calls, is_never_called, is_number as looks_dialable,
    mapping::HeaderNames,
    may_be_phone, means,
    suggest::likely_full_name,
};
#[cfg(unix)]
pub use self::workbook::isolated::{isolate_workbooks, serve as serve_workbook};
use self::{
    assemble::{Assembled, Assembler},
    columns::{
        ColumnsProblem, habits,
        header::{self, Found},
        parts, remembered, unnamed,
    },
    file::source::Source,
    open::{name_note, open_table},
    preview::Preview,
    raw_row::RowSink as _,
    settings::PREVIEW_ROWS,
    table::Table,
    table_header::Header,
    text::{dialect, layout::Layout, margin::Margin},
    workbook::hidden,
};
pub use self::{
    columns::{
        certainty::{Certainty, ColumnMatch},
        mapping::{Mapping, RememberedMapping},
        suggest::{Unmatched, UnmatchedColumn},
    },
    encoding::Encoding,
    error::{Fault, ParseError, ReadError, UnpackError},
    file::{
        content::Content,
        source::{Compression, STDIN},
    },
    fixed_rows::FixedRows,
    format::Format,
    info::{InputInfo, ReadSummary},
    place::RowPlace,
    settings::{ListKind, ParseSettings},
    sheets::Sheets,
    workbook::{
        cells::any_cell,
        own::{READ_ME, READ_ME_TITLE},
        panic_is_caught,
        sheet_name::SheetName,
    },
};
use crate::{contact::Field, row::Rows};

/// An opened file with matched columns, ready for reading its rows.
pub struct Input {
    /// Facts about the file and its columns.
    pub info: InputInfo,
    header: Header,
    header_row: u64,
    layout: Layout,
    source: Source,
    table: Table,
    /// Further sheets of the same workbook to read.
    further_sheets: VecDeque<String>,
    says_hidden_rows: bool,
    skips_hidden_rows: bool,
    /// Bytes of the allowance that its rows took in the last pass.
    spent: u64,
    /// Whether other parts of the list may follow.
    is_part: bool,
}

impl Input {
    /// Opens a file, or standard input if the path is `-`.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be opened, has an unsupported format, is empty, or has no phone column.
    pub fn open(path: &Path, settings: &ParseSettings) -> Result<Self, ParseError> {
        let opened =
            Source::open(path).and_then(|source| Self::of_source(path, source, settings, &mut Vec::new()));
        opened.map_err(|fault| ParseError { path: path.to_owned(), fault })
    }

    /// Opens a file. If it is a workbook of rejected rows that rollcall wrote, opens all of its sheets.
    ///
    /// Read only one of the inputs at a time: they share a position in the file.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Input::open`].
    pub fn open_all(path: &Path, settings: &ParseSettings) -> Result<Vec<Self>, ParseError> {
        let mut inputs = vec![Self::open(path, settings)?];
        while let Some(sheet) = inputs[0].further_sheets.pop_front() {
            let settings = ParseSettings { sheet: Some(sheet), ..settings.clone() };
            let source = inputs[0].source.again();
            let opened = source.and_then(|source| Self::of_source(path, source, &settings, &mut Vec::new()));
            inputs.push(opened.map_err(|fault| ParseError { path: path.to_owned(), fault })?);
        }
        if inputs.len() > 1 {
            inputs.iter_mut().for_each(Self::rest);
        }
        Ok(inputs)
    }

    /// Stops the child process of a workbook until its rows are read, because only one of many inputs is read at a
    /// time.
    pub fn rest(&mut self) {
        self.table.rest();
    }

    /// Opens a file from its source. Sets `sheets` to the sheet that is read, followed by the others, even if this
    /// fails later.
    fn of_source(
        path: &Path,
        mut source: Source,
        settings: &ParseSettings,
        sheets: &mut Vec<SheetName>,
    ) -> Result<Self, Fault> {
        let mut info = InputInfo::new(path, &source);
        let mut further_sheets = VecDeque::new();
        let mut table = open_table(&mut source, settings, &mut info, &mut further_sheets)?;
        if let Some(choice) = table.choice() {
            *sheets = std::iter::once(&choice.sheet).chain(&choice.others).cloned().collect();
        }
        match settings.format {
            Some(wanted) if wanted != info.format => {
                return Err(Fault::OtherFormat { wanted, found: info.format });
            }
            Some(_) => {}
            None => info.notes.extend(name_note(path, info.format)),
        }
        let rows = preview(&mut table, &mut source, settings)?;
        let is_own = rows.iter().next().is_some_and(|row| Header::is_own(&row));
        info.has_rows_to_fix = is_own;
        if is_own && !settings.is_of_numbers() && rows.len() == 1 && !has_rows(&mut table, &mut source)? {
            return Err(Fault::NothingToFix);
        }
        // A file that rollcall wrote always has a header.
        let settings = &ParseSettings { no_header: settings.no_header && !is_own, ..settings.clone() };
        let mut found = find_columns(&table, &rows, settings, &mut info)?;
        info.remembered = remembered::of(&found.header.names, settings).cloned();
        let mappings = remembered::mappings(&found.header.names, settings).into_owned();
        let settings = &ParseSettings { mappings, ..settings.clone() };
        info.notes
            .extend(info.remembered.as_ref().and_then(|remembered| remembered.note(&settings.mappings)));
        info.mappings.clone_from(&settings.mappings);
        let sights = match &table {
            Table::Sheet(sheet) => Some(&sheet.sights),
            Table::Grid(chosen) => Some(&chosen.grid.sights),
            _ => None,
        };
        if let Some(sights) = sights.filter(|_| !settings.is_of_numbers()) {
            info.notes.extend(hidden::prefer_shown(&mut found, &sights.hidden_columns, settings));
        }
        if settings.is_of_numbers() {
            info.notes.extend(parts::add(&mut found, &rows, settings));
            info.notes.extend(unnamed::add_further(&mut found, &rows, settings));
        }
        let Found { mut header, mut columns, row, notes, .. } = found;
        info.notes.extend(notes);
        if !settings.is_of_numbers() {
            info.habits = habits::find(&header, &columns, &rows, row, settings, &mut info.notes);
        }
        let layout = Layout::new(&header, &columns, &rows, row);
        table.lay_out(&layout, settings.is_of_numbers());
        if !settings.is_of_numbers() {
            info.matches = header::matches(&rows, (&header, &columns, row), settings);
        }
        if settings.no_header {
            // This makes `rejected.csv`, which has a header, readable without a mapping. A column that is used for
            // several fields gets the name of the contact's own field, because that name is set last.
            for field in Field::ALL.into_iter().rev() {
                for (column, number) in columns.of(field).iter().zip(1..) {
                    let name = field.name();
                    header.names[*column] =
                        if number == 1 { name.to_owned() } else { format!("{name} {number}") };
                }
            }
        }
        if !settings.is_of_numbers() {
            let are_ignored = settings.ignores_do_not_call_columns;
            info.notes.extend(columns::call_notes(&header.names, &mut columns, are_ignored));
        }
        info.headers.clone_from(&header.names);
        info.header_row = row;
        info.samples = info::samples(&header, &rows, row);
        info.columns = columns;
        let says_hidden_rows = !settings.is_of_numbers();
        let skips_hidden_rows = settings.skips_hidden_rows;
        Ok(Self {
            info,
            header,
            header_row: row,
            layout,
            source,
            table,
            further_sheets,
            says_hidden_rows,
            skips_hidden_rows,
            spent: 0,
            is_part: false,
        })
    }

    /// Returns whether this is a workbook that counts dates from 1904. A date stored as a number is then 1,462 days
    /// later.
    pub fn counts_from_1904(&self) -> bool {
        matches!(&self.table, Table::Sheet(sheet) if sheet.counts_from_1904)
    }

    /// Returns the SHA-256 of the file, in hexadecimal, without reading the rows.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read or has changed since it was opened.
    pub fn digest(&mut self) -> Result<String, ParseError> {
        let digest = self.source.digest();
        digest.map_err(|fault| ParseError { path: self.info.path.clone().into(), fault })
    }

    /// Reads all rows and passes them to `sink` in blocks, in order, until `sink` breaks.
    ///
    /// # Errors
    ///
    /// Returns an error if the file is damaged or exceeds a limit. Discard the blocks passed before.
    pub fn read(
        &mut self,
        input: u16,
        sink: &mut dyn FnMut(Rows) -> ControlFlow<()>,
    ) -> Result<ReadSummary, ParseError> {
        let read = self.try_read(input, sink);
        read.map_err(|fault| ParseError { path: self.info.path.clone().into(), fault })
    }

    fn try_read(
        &mut self,
        input: u16,
        sink: &mut dyn FnMut(Rows) -> ControlFlow<()>,
    ) -> Result<ReadSummary, Fault> {
        let layout = self.table.checks_width().then_some(&self.layout);
        let mut assembler = Assembler::new(&self.header, self.header_row, layout, input, sink)
            .with_delimiter(self.table.delimiter())
            .with_columns(&self.info.columns);
        if self.header_row > 0 {
            let is_text = matches!(self.table, Table::Text(_));
            let margin = Margin::new(&self.header, &self.info.columns, is_text);
            assembler = assembler.with_margin(if self.is_part { margin.of_part() } else { margin });
        }
        if self.table.reads_all() {
            assembler = assembler.with_progress(self.source.progress());
        }
        self.source.spend(std::mem::take(&mut self.spent), 0);
        self.source.join_rest();
        let visited = self.table.visit(&mut self.source, &mut assembler);
        if (visited.is_err() || assembler.is_broken()) && self.source.is_stream() {
            // The rows above the fault are passed on like those before them.
            _ = assembler.pause();
        }
        self.spent = visited?;
        self.source.spend(0, self.spent);
        let Assembled { rows, hidden_rows, fixes, mut notes } = assembler.finish()?;
        notes.extend(self.table.notes());
        notes.extend(self.late_notes(hidden_rows));
        let sha256 = if self.table.reads_all() { self.source.finish()? } else { self.source.digest()? };
        match rows {
            // Its rows were passed on before, and an empty part of a list is a part, too.
            0 if self.is_stream() => Ok(ReadSummary { rows, sha256, fixes, notes }),
            0 if self.header_row > 0 => Err(Fault::HeaderOnly),
            0 if self.table.names().is_some() => Err(Fault::NoRecords("a record")),
            0 => Err(self.table.empty()),
            _ => Ok(ReadSummary { rows, sha256, fixes, notes }),
        }
    }
}

impl Input {
    /// Returns the notes that are known only after reading everything.
    fn late_notes(&self, hidden_rows: u64) -> Vec<String> {
        let mut notes = match &self.table {
            Table::Sheet(sheet) => sheet.sights.notes(),
            Table::Grid(chosen) => chosen.grid.sights.notes(),
            _ => return Vec::new(),
        };
        if hidden_rows > 0 && self.says_hidden_rows {
            let rows = if hidden_rows == 1 {
                "1 hidden row".to_owned()
            } else {
                format!("{hidden_rows} hidden rows")
            };
            notes.push(if self.skips_hidden_rows {
                format!(
                    "{rows} suppressed: a filter or a person hid them in the sheet. --hidden-rows include reads them"
                )
            } else {
                format!("{rows} read like the others, because of --hidden-rows include")
            });
        }
        notes
    }
}

/// Tests whether a table has rows below its header, including hidden ones.
fn has_rows(table: &mut Table, source: &mut Source) -> Result<bool, Fault> {
    let mut all = Preview::new(2);
    table.visit(source, &mut all)?;
    Ok(all.rows.len() > 1)
}

/// Reads the first rows of a table. Skips hidden rows if the settings say so, unless they hold the header.
fn preview(table: &mut Table, source: &mut Source, settings: &ParseSettings) -> Result<Rows, Fault> {
    let mut all = Preview::new(PREVIEW_ROWS);
    if !settings.skips_hidden_rows || !matches!(table, Table::Sheet(_)) {
        table.visit(source, &mut all)?;
        return Ok(all.rows);
    }
    let mut shown = Preview::of_shown_rows(PREVIEW_ROWS);
    table.visit(source, &mut shown)?;
    if shown.has_skipped && header::find(&shown.rows, settings).is_err() {
        table.visit(source, &mut all)?;
        if shown.rows.is_empty() || header::find(&all.rows, settings).is_ok() {
            return Ok(all.rows);
        }
    }
    Ok(shown.rows)
}

/// Finds the header of a table and matches its columns.
fn find_columns(
    table: &Table,
    rows: &Rows,
    settings: &ParseSettings,
    info: &mut InputInfo,
) -> Result<Found, Fault> {
    let found = match table.names() {
        Some([]) => return Err(Fault::NoRecords("a record")),
        Some(names) => header::given(Header::named(names), rows, settings),
        None if rows.is_empty() => return Err(table.empty()),
        None if settings.no_header => header::given(Header::numbered(&rows.row(0)), rows, settings),
        None => header::find(rows, settings),
    };
    let found = match found {
        Err((header, ColumnsProblem::NoPhone)) if settings.is_of_numbers() => {
            let parts = parts::find(table.names(), rows, settings.region);
            match parts.or_else(|| unnamed::find(table.names(), rows, settings.region)) {
                Some((found, note)) => {
                    info.notes.push(note);
                    Ok(found)
                }
                None if unnamed::holds_any(rows, settings.region) => {
                    return Err(Fault::NoNumberColumn { headers: header.names });
                }
                None => Err((header, ColumnsProblem::NoPhone)),
            }
        }
        found => found,
    };
    let is_text = matches!(table, Table::Text(_));
    found.map_err(|(header, problem)| fault_of(header, problem, is_text, rows, settings))
}

fn fault_of(
    header: Header,
    problem: ColumnsProblem,
    is_text: bool,
    rows: &Rows,
    settings: &ParseSettings,
) -> Fault {
    let unmatched = || Box::new(header::unmatched(rows, &header, settings));
    let unmatched = if problem == ColumnsProblem::NoPhone { unmatched() } else { Box::default() };
    let headers = header.names;
    match problem {
        ColumnsProblem::NoPhone
            if is_text && headers.len() == 1 && dialect::likeliest_unknown(&headers[0]).is_some() =>
        {
            let header = headers.into_iter().next().unwrap_or_default();
            let likeliest = dialect::likeliest_unknown(&header);
            Fault::OneColumn { header, likeliest }
        }
        ColumnsProblem::NoSuchColumn(mapping) => Fault::NoSuchColumn { mapping, headers },
        ColumnsProblem::MappedTwice(mapping) => Fault::MappedTwice { mapping },
        ColumnsProblem::TooManyPhones => Fault::TooManyPhones { columns: headers.len() },
        ColumnsProblem::NoPhone => Fault::NoPhoneColumn { headers, unmatched },
    }
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
