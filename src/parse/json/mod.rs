//! Reads rows from JSON: a list of objects anywhere in a document, a table of lists, or one object per line.
//!
//! [`survey`] finds the lists of a document and decides which of them contain people. [`walk`] reaches them without
//! holding the document in memory. [`record`] turns a record into cells. Objects may be nested, as in the platform's
//! contacts: `cellPhone.phoneNumber` is a column. The columns are those of all records, in order of first appearance.

mod choose;
mod faults;
mod lenient;
mod lines;
mod list_name;
mod record;
mod row;
mod survey;
mod walk;

use std::{cell::Cell as Shared, collections::HashMap, io::Read, ops::ControlFlow};

use serde::de::DeserializeSeed as _;
use serde_json::value::RawValue;

use self::{
    faults::{not_an_object, too_long},
    lines::{Streamed, each_line},
    list_name::shown,
    record::{Fields, JsonRecord, scalar},
    row::JsonRow,
    survey::{Headers, Kind, List, Seed, Survey},
    walk::{Budget, Ended, SurveyStep as PathStep, Taker, Way},
};
use super::{
    columns,
    encoding::{self, Encoding},
    error::Fault,
    file::source::Source,
    raw_row::{MAX_CELLS, RowSink},
    settings::ParseSettings,
};
use crate::{contact::Field, row::CellKind};

/// The maximum size of a record, including an embedded picture.
const MAX_RECORD_BYTES: usize = 16 * 1024 * 1024;

/// The maximum size of a table written column by column, which must be held in memory.
const MAX_TABLE_BYTES: usize = 256 * 1024 * 1024;

/// The maximum number of cells in such a table. A cell takes more memory than its text.
const MAX_TABLE_CELLS: usize = 10_000_000;
const LONG_TABLE: &str =
    "it has more than 10,000,000 cells, column by column; write it record by record, as a list of objects";

/// The error for a table whose columns share few row names.
const SPARSE_TABLE: &str = "its columns have few rows in common, so that most of its cells would be empty; write it record by \
                            record, as a list of objects";

/// Objects that programs put around the fields of a record.
const WRAPPERS: [&str; 23] = [
    "field_data",
    "form_data",
    "properties",
    "attributes",
    "fields",
    "node",
    "_source",
    "doc",
    "data",
    "record",
    "item",
    "contact",
    "person",
    "values",
    "json",
    "payload",
    "customer",
    "client",
    "lead",
    "member",
    "subscriber",
    "merge_fields",
    "traits",
];

/// The result of passing a record on.
type Step = Result<ControlFlow<()>, Fault>;

/// The location of a document's records.
enum Shape {
    /// Each document is a record.
    Documents,
    /// Each line is a record.
    Lines,
    /// The records are in these lists.
    Lists(Vec<List>),
}

/// A JSON document, or a file with one JSON document per line.
pub(super) struct Json {
    encoding: Encoding,
    shape: Shape,
    /// Whether to replace words that are not JSON, such as `NaN`, by their JSON equivalents.
    is_lenient: bool,
    /// Whether to store each list inside a record as one cell.
    packs_lists: bool,
    /// Whether the first row of a table is data rather than a header.
    no_header: bool,
    /// The paths of the columns. `names` has their display names.
    keys: Vec<String>,
    pub(super) names: Vec<String>,
    /// Notes for the user on how the document was read.
    pub(super) notes: Vec<String>,
}

impl Json {
    /// Scans the document to find its records and their columns.
    pub(super) fn open(
        source: &mut Source,
        encoding: Encoding,
        sample: &[u8],
        settings: &ParseSettings,
    ) -> Result<Self, Fault> {
        let mut json = Self {
            encoding,
            shape: Shape::Documents,
            is_lenient: false,
            packs_lists: false,
            no_header: settings.no_header,
            keys: Vec::new(),
            names: Vec::new(),
            notes: Vec::new(),
        };
        let survey = json.survey(source, sample, settings)?;
        json.shape = json.choose(survey, sample, settings)?;
        match json.learn(source) {
            Err(Fault::TooManyFields { .. }) => {
                json.packs_lists = true;
                json.learn(source)?;
            }
            learned => learned?,
        }
        json.names = unwrapped(&json.keys, settings);
        Ok(json)
    }

    /// Scans the whole document for lists of records.
    fn survey(
        &mut self,
        source: &mut Source,
        sample: &[u8],
        settings: &ParseSettings,
    ) -> Result<Survey, Fault> {
        let phones: Vec<String> = settings
            .mappings
            .iter()
            .filter(|mapping| mapping.field == Field::Phone)
            .map(|mapping| mapping.column.clone())
            .collect();
        let found = self.try_survey(source, &phones);
        let Err(Fault::Json { place, reason }) = found else { return found };
        if let Some(quoted) = single_quotes(sample) {
            return Err(quoted);
        }
        let (word, has_mark) = lenient::found_in(sample);
        if word.is_none() && !has_mark {
            if has_lines(sample) {
                // With one record per line, reading by line reports the truncated line instead of the one below it.
                each_line(self.text(source)?, &mut |_, _: &RawValue| Ok(ControlFlow::Continue(())))?;
            }
            return Err(Fault::Json { place, reason });
        }
        self.is_lenient = true;
        let Some(word) = word else { return self.try_survey(source, &phones) };
        match self.try_survey(source, &phones) {
            Ok(survey) => {
                let meaning =
                    if matches!(word, "True" | "False") { "a Python boolean" } else { "an empty value" };
                self.notes.push(format!("`{word}` is not JSON; rollcall reads it as {meaning}"));
                Ok(survey)
            }
            Err(Fault::Json { place, reason }) => {
                Err(Fault::Json { place, reason: format!("{reason}; `{word}` is not JSON either") })
            }
            Err(fault) => Err(fault),
        }
    }

    fn try_survey(&self, source: &mut Source, phones: &[String]) -> Result<Survey, Fault> {
        let budget = Budget::new(MAX_RECORD_BYTES);
        let mut headers = Headers::new(phones);
        let mut survey = Survey::default();
        walk::documents(self.text(source)?, &budget, &|| 0, &mut |document| {
            let seed = Seed { headers: &mut headers, budget: &budget, path: "", is_in_list: false };
            survey.add(seed.deserialize(document)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(survey.finish(&mut headers))
    }

    /// Reads all records to collect their columns.
    fn learn(&mut self, source: &mut Source) -> Result<(), Fault> {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut record = JsonRecord { packs_lists: self.packs_lists, ..JsonRecord::default() };
        let mut count = 0;
        self.each(source, &mut record, &mut |number, cells| {
            count += 1;
            for (name, _) in cells.iter() {
                if !known.contains_key(name) {
                    known.insert(name.clone(), known.len());
                }
            }
            if known.len() > MAX_CELLS {
                return Err(Fault::TooManyFields { record: number, max: MAX_CELLS });
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if let Shape::Lists(lists) = &self.shape {
            let is_table = |list: &List| matches!(list.kind, Kind::Cells { names: None } | Kind::CellColumns);
            let expected: u64 = lists.iter().filter(|list| !is_table(list)).map(|list| list.count).sum();
            if lists.iter().all(|list| !is_table(list)) && count != expected {
                let reason = format!("{expected} records were found, but {count} can be read");
                return Err(Fault::Json { place: shown(&lists[0]), reason });
            }
        }
        if record.has_wrapped_numbers {
            self.notes
                .push("numbers in objects such as {\"$numberLong\": \"…\"} are read as numbers".to_owned());
        }
        let mut keys: Vec<(String, usize)> = known.into_iter().collect();
        keys.sort_by_key(|(_, place)| *place);
        self.keys = keys.into_iter().map(|(name, _)| name).collect();
        Ok(())
    }

    /// Returns whether the document has one record per line.
    pub(super) fn has_lines(&self) -> bool {
        matches!(self.shape, Shape::Lines)
    }

    /// Passes every record to `sink`, numbered by its line or its position in the list.
    pub(super) fn visit(&self, source: &mut Source, sink: &mut impl RowSink) -> Result<(), Fault> {
        if source.is_joined() && self.has_lines() {
            return each_line(self.text(source)?, &mut Streamed::new(self, sink));
        }
        let mut record = JsonRecord { packs_lists: self.packs_lists, ..JsonRecord::default() };
        let mut row = JsonRow::new(&self.keys);
        self.each(source, &mut record, &mut |number, cells| {
            row.fill(cells, |_| Ok(()))?;
            Ok(sink.row(number, &row))
        })
    }

    /// Reads each line as a record, if records are not inside a document. Returns whether that is so.
    pub(super) fn read_by_line(&mut self) -> bool {
        // A single record looks like a document.
        if matches!(self.shape, Shape::Documents) {
            self.shape = Shape::Lines;
        }
        self.has_lines()
    }

    /// Returns the encoding.
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    fn text(&self, source: &mut Source) -> Result<Box<dyn Read + Send>, Fault> {
        let text = encoding::decoded(source, self.encoding)?;
        Ok(if self.is_lenient { Box::new(lenient::Replaced::new(text)) } else { text })
    }

    /// Passes the cells of each record to `each`.
    fn each(
        &self,
        source: &mut Source,
        record: &mut JsonRecord,
        each: &mut dyn FnMut(u64, &mut Cells) -> Step,
    ) -> Result<(), Fault> {
        let mut read = |number: u64, value: &RawValue| {
            record.read(value).map_err(|unread| unread.of(number))?;
            each(number, &mut record.cells)
        };
        let lists = match &self.shape {
            Shape::Lines => return each_line(self.text(source)?, &mut read),
            Shape::Documents => {
                return select(self.text(source)?, &[], MAX_RECORD_BYTES, 0, &mut read).map(drop);
            }
            Shape::Lists(lists) => lists,
        };
        let mut number = 0;
        for list in lists {
            number = self.each_of(list, source, number, record, each)?;
        }
        Ok(())
    }

    /// Passes the records of one list to `each` and returns the number of the last record.
    fn each_of(
        &self,
        list: &List,
        source: &mut Source,
        before: u64,
        record: &mut JsonRecord,
        each: &mut dyn FnMut(u64, &mut Cells) -> Step,
    ) -> Result<u64, Fault> {
        let text = self.text(source)?;
        match &list.kind {
            Kind::Objects => select(text, &list.path, MAX_RECORD_BYTES, before, &mut |number, value| {
                // Skip deleted records, which are null, and other values next to records that have keys.
                let is_beside = list.path.last() == Some(&PathStep::Values) && !value.get().starts_with('{');
                if is_beside || value.get() == "null" {
                    return Ok(ControlFlow::Continue(()));
                }
                record.read(value).map_err(|unread| unread.of(number))?;
                each(number, &mut record.cells)
            }),
            Kind::Bare => {
                let named = list.path.iter().rev().find_map(|step| match step {
                    PathStep::Name(name) => Some(name.clone()),
                    _ => None,
                });
                let name = named.unwrap_or_else(|| "value".to_owned());
                select(text, &list.path, MAX_RECORD_BYTES, before, &mut |number, value| {
                    each(number, &mut vec![(name.clone(), scalar(value.get()))])
                })
            }
            Kind::Cells { names } => {
                let mut names = names.clone().or_else(|| self.no_header.then(Vec::new));
                select(text, &list.path, MAX_RECORD_BYTES, before, &mut |number, value| {
                    let items: Vec<&RawValue> =
                        serde_json::from_str(value.get()).map_err(|_| not_an_object(number))?;
                    let cells = items.iter().map(|item| scalar(item.get()));
                    let Some(names) = &names else {
                        names = Some(numbered(cells.map(|(text, _)| text)));
                        return Ok(ControlFlow::Continue(()));
                    };
                    let extra = (names.len() + 1..).map(|number| format!("column {number}"));
                    each(number, &mut names.iter().cloned().chain(extra).zip(cells).collect())
                })
            }
            Kind::Columns | Kind::CellColumns => {
                let is_list = list.kind == Kind::CellColumns;
                let path = &list.path[..list.path.len() - usize::from(is_list)];
                let mut table = Vec::new();
                select(text, path, MAX_TABLE_BYTES, 0, &mut |_, value| {
                    if has_more_cells(value.get(), MAX_TABLE_CELLS) {
                        return Err(unread_table(LONG_TABLE));
                    }
                    table = columns_of(value.get())?;
                    Ok(ControlFlow::Continue(()))
                })?;
                let rows = table.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
                let mut number = before;
                for row in 0..rows {
                    number += 1;
                    let cells = table
                        .iter()
                        .filter_map(|(name, cells)| Some((name.clone(), cells.get(row)?.clone())));
                    if each(number, &mut cells.collect())?.is_break() {
                        break;
                    }
                }
                Ok(number)
            }
        }
    }
}

/// The cells of a record, each with its path.
type Cells = Vec<(String, (String, CellKind))>;

/// A column of a table: its name and its values.
type TableColumn = (String, Vec<(String, CellKind)>);

fn unread_table(reason: &str) -> Fault {
    Fault::Json { place: "the table".to_owned(), reason: reason.to_owned() }
}

/// Returns whether `json` has more than `most` commas outside strings.
fn has_more_cells(json: &str, most: usize) -> bool {
    // The fast count includes commas inside strings and is enough for nearly every table.
    if memchr::memchr_iter(b',', json.as_bytes()).count() <= most {
        return false;
    }
    let (mut count, mut is_in_text, mut is_escaped) = (0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_in_text,
            b'"' => is_in_text = !is_in_text,
            b',' if !is_in_text => count += 1,
            _ => {}
        }
    }
    count > most
}

/// Returns the columns of a table written column by column. If cells have row names, all columns follow the row order
/// of the first column.
fn columns_of(json: &str) -> Result<Vec<TableColumn>, Fault> {
    let no_table = |_| unread_table("it is not a table that is written column by column");
    let mut places: HashMap<String, usize> = HashMap::new();
    // Every cell takes some bytes of the text. Columns without common row names would need more cells than that.
    let mut room = json.len();
    let mut items = |json: &str| -> Result<Vec<(String, CellKind)>, Fault> {
        if json.starts_with('{') {
            let fields: Fields<'_> = serde_json::from_str(json).map_err(no_table)?;
            let mut cells = vec![(String::new(), CellKind::Text); fields.0.len()];
            for (name, value) in fields.0 {
                let next = places.len();
                let place = *places.entry(name.into_owned()).or_insert(next);
                if cells.len() <= place {
                    cells.resize(place + 1, (String::new(), CellKind::Text));
                }
                cells[place] = scalar(value.get());
            }
            room = room.checked_sub(cells.len()).ok_or_else(|| unread_table(SPARSE_TABLE))?;
            return Ok(cells);
        }
        let items: Vec<&RawValue> = serde_json::from_str(json).map_err(no_table)?;
        Ok(items.iter().map(|item| scalar(item.get())).collect())
    };
    if json.starts_with('{') {
        let fields: Fields<'_> = serde_json::from_str(json).map_err(no_table)?;
        return fields.0.iter().map(|(name, value)| Ok((name.to_string(), items(value.get())?))).collect();
    }
    let columns: Vec<&RawValue> = serde_json::from_str(json).map_err(no_table)?;
    let mut column = |column: &&RawValue| {
        let mut cells = items(column.get())?.into_iter();
        let (name, _) = cells.next().ok_or_else(|| unread_table("one of its columns is empty"))?;
        Ok((name, cells.collect()))
    };
    columns.iter().map(&mut column).collect()
}

/// Replaces empty column names by numbered ones.
fn numbered(names: impl Iterator<Item = String>) -> Vec<String> {
    let name =
        |(name, number): (String, u64)| if name.is_empty() { format!("column {number}") } else { name };
    names.zip(1..).map(name).collect()
}

/// Returns whether `text` has enough digits for a phone number.
fn has_number(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= 7
}

/// Returns the column names without wrapper objects such as `properties.`, if this is the only way to find a phone.
fn unwrapped(keys: &[String], settings: &ParseSettings) -> Vec<String> {
    let is_phone = |name: &str| columns::field_of(&columns::folding::fold(name)) == Some(Field::Phone);
    let without_wrappers = |key: &str| -> String {
        let mut bare = key;
        while let Some((_, rest)) =
            bare.split_once('.').filter(|(first, _)| WRAPPERS.contains(&first.to_lowercase().as_str()))
        {
            bare = rest;
        }
        bare.to_owned()
    };
    let is_mapped = settings.mappings.iter().any(|mapping| keys.contains(&mapping.column));
    if is_mapped || keys.iter().any(|key| is_phone(key) && without_wrappers(key) == *key) {
        return keys.to_vec();
    }
    let bare = |key: &str| -> String {
        let bare = without_wrappers(key);
        // The prefix of Google Sheets feeds.
        let bare = bare.strip_prefix("gsx$").unwrap_or(&bare);
        let is_value = bare
            .strip_suffix(".value")
            .filter(|bare| !bare.contains('.') && (is_phone(bare) || !is_phone(&format!("{bare}.value"))));
        is_value.unwrap_or(bare).to_owned()
    };
    let names: Vec<String> = keys.iter().map(|key| bare(key)).collect();
    if !names.iter().any(|name| is_phone(name)) {
        return keys.to_vec();
    }
    let is_alone = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    names.iter().zip(keys).map(|(name, key)| if is_alone(name) { name } else { key }).cloned().collect()
}

/// Returns the error for text with names in single quotation marks.
fn single_quotes(sample: &[u8]) -> Option<Fault> {
    let inner = sample.trim_ascii_start();
    let inner = inner.strip_prefix(b"[").unwrap_or(inner).trim_ascii_start();
    let inner = inner.strip_prefix(b"{").unwrap_or(inner).trim_ascii_start();
    inner.starts_with(b"'").then(|| Fault::Json {
        place: "line 1".to_owned(),
        reason: "names are in single quotation marks, as Python prints them. JSON needs double ones: write the file with json.dumps"
            .to_owned(),
    })
}

/// Returns whether the first line is a complete object and more text follows.
fn has_lines(sample: &[u8]) -> bool {
    let text = sample.trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    text.starts_with(b"{")
        && line.len() < text.trim_ascii_end().len()
        && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}

/// Passes the records at the end of `path` to `each` and returns the number of the last record.
fn select(
    text: Box<dyn Read + Send>,
    path: &[PathStep],
    max_bytes: usize,
    before: u64,
    each: &mut dyn FnMut(u64, &RawValue) -> Step,
) -> Result<u64, Fault> {
    let budget = Budget::new(max_bytes);
    let number = Shared::new(before);
    let mut ended = None;
    let walked = walk::documents(text, &budget, &|| number.get(), &mut |document| {
        let mut take = |value: &RawValue| {
            number.set(number.get() + 1);
            each(number.get(), value)
        };
        let mut taker = Taker { budget: &budget, take: &mut take, ended: None };
        let walked = Way { path, taker: &mut taker }.deserialize(document);
        ended = taker.ended;
        walked.map(|()| ControlFlow::Continue(()))
    });
    match (ended, walked) {
        (Some(Ended::Fault(fault)), _) => Err(fault),
        (Some(Ended::Enough), _) | (None, Ok(())) => Ok(number.get()),
        (None, Err(fault)) => Err(fault),
    }
}

#[cfg(test)]
mod tests;
