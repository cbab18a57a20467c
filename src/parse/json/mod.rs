//! JSON becomes rows: a list of objects wherever it stands in a document, a table of lists, or an object on each line.
//!
//! [`survey`] finds the lists of a document and which of them hold people; [`walk`] goes to them without holding the
//! document; [`record`] makes cells of a record. Objects may hold others, as the platform's contacts do:
//! `cellPhone.phoneNumber` is a column. The columns are those of all records, in the order in which they are met.

mod choose;
mod lenient;
mod record;
mod survey;
mod walk;

use std::{
    cell::Cell as Shared,
    collections::HashMap,
    io::{BufRead as _, BufReader, Read},
    ops::ControlFlow,
};

use serde::de::DeserializeSeed as _;
use serde_json::value::RawValue;

use self::{
    choose::shown,
    record::{Fields, JsonRecord, scalar},
    survey::{Headers, Kind, List, Seed, Survey, SurveyStep as PathStep},
    walk::{Budget, Ended, Taker, Way},
};
use super::{
    ParseSettings,
    assemble::RawRow,
    columns,
    encoding::{self, Encoding},
    error::Fault,
    file::source::Source,
    table::RowSink,
    text::csv::MAX_CELLS,
};
use crate::{
    contact::Field,
    row::{Cell, CellKind},
};

/// The longest record: with a picture in it, too.
const MAX_RECORD_BYTES: usize = 16 * 1024 * 1024;

/// The longest table that is written column by column, and so has to be held.
const MAX_TABLE_BYTES: usize = 256 * 1024 * 1024;

/// Its cells, each of which takes more memory than its text.
const MAX_TABLE_CELLS: usize = 10_000_000;
const LONG_TABLE: &str =
    "it has more than 10,000,000 cells, column by column; write it record by record, as a list of objects";

/// What is wrong with a table of which each column names other rows.
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

/// What comes of handing a record on.
type Step = Result<ControlFlow<()>, Fault>;

/// How the records of a document are found.
enum Shape {
    /// A document is a record.
    Documents,
    /// Each line is a record.
    Lines,
    /// The records of these lists.
    Lists(Vec<List>),
}

/// A JSON document, or one on each line.
pub(super) struct Json {
    encoding: Encoding,
    shape: Shape,
    /// Whether words that JSON does not have are read as what they mean.
    is_lenient: bool,
    /// Whether lists inside records are one cell each.
    packs_lists: bool,
    /// Whether the first row of a table is no header.
    no_header: bool,
    /// The paths of the columns, and their names.
    keys: Vec<String>,
    pub(super) names: Vec<String>,
    /// What a person should know of how the document was read.
    pub(super) notes: Vec<String>,
}

impl Json {
    /// Goes through the document to learn where its records are, and what their columns.
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

    /// Looks at all of the document.
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
                // Where each line is a record, one that is cut says so itself, and not the line below it.
                each_line(self.text(source)?, &mut |_, _| Ok(ControlFlow::Continue(())))?;
            }
            return Err(Fault::Json { place, reason });
        }
        self.is_lenient = true;
        let Some(word) = word else { return self.try_survey(source, &phones) };
        match self.try_survey(source, &phones) {
            Ok(survey) => {
                let meaning = if matches!(word, "True" | "False") { "a value of Python" } else { "nothing" };
                self.notes.push(format!("`{word}` is no JSON; it is read as {meaning}"));
                Ok(survey)
            }
            Err(Fault::Json { place, reason }) => {
                Err(Fault::Json { place, reason: format!("{reason}; `{word}` is no JSON either") })
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

    /// Goes through all records to learn their columns.
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
                let reason = format!("{expected} records were found and {count} can be read");
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

    /// Whether each line is a record of its own.
    pub(super) fn has_lines(&self) -> bool {
        matches!(self.shape, Shape::Lines)
    }

    /// Goes through all records. The number of one is that of its line, or its place in the list.
    pub(super) fn visit(&self, source: &mut Source, sink: &mut impl RowSink) -> Result<(), Fault> {
        let places: HashMap<&str, usize> =
            self.keys.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        let mut record = JsonRecord { packs_lists: self.packs_lists, ..JsonRecord::default() };
        let mut row = JsonRow { cells: vec![(String::new(), CellKind::Text); self.keys.len()] };
        self.each(source, &mut record, &mut |number, cells| {
            row.cells.iter_mut().for_each(|cell| *cell = (String::new(), CellKind::Text));
            for (name, (text, kind)) in cells.drain(..) {
                let Some(own) = places.get(name.as_str()).map(|place| &mut row.cells[*place]) else {
                    continue;
                };
                if own.0.is_empty() {
                    *own = (text, kind);
                } else if own.0 != text && has_number(&own.0) && has_number(&text) {
                    // A name that stands twice in an object has its first value; but no number is lost.
                    own.0.push_str("; ");
                    own.0.push_str(&text);
                }
            }
            Ok(sink.row(number, &row))
        })
    }

    fn text(&self, source: &mut Source) -> Result<Box<dyn Read + Send>, Fault> {
        let text = encoding::decoded(source, self.encoding)?;
        Ok(if self.is_lenient { Box::new(lenient::Replaced::new(text)) } else { text })
    }

    /// Hands the cells of each record on.
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

    /// Hands the records of a list on; returns the number of the last.
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
                // What is left of a record that was deleted, and what stands beside records that are found by their keys.
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

fn not_an_object(record: u64) -> Fault {
    Fault::Json {
        place: format!("record {record}"),
        reason: "not an object with the fields of a contact".to_owned(),
    }
}

/// The cells of a record, by the path to each.
type Cells = Vec<(String, (String, CellKind))>;

/// A column of a table: its name and its values.
type TableColumn = (String, Vec<(String, CellKind)>);

fn unread_table(reason: &str) -> Fault {
    Fault::Json { place: "the table".to_owned(), reason: reason.to_owned() }
}

/// Whether a text has more than `most` commas between values, those inside of texts aside.
fn has_more_cells(json: &str, most: usize) -> bool {
    // Nearly every table has fewer, with those inside of texts.
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

/// The columns of a table that is written column by column. Where the cells of a column have names, those of the other columns
/// are brought into the order of the first.
fn columns_of(json: &str) -> Result<Vec<TableColumn>, Fault> {
    let no_table = |_| unread_table("it is not a table that is written column by column");
    let mut places: HashMap<String, usize> = HashMap::new();
    // A cell takes some bytes of the text; where columns share no names there would be more.
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

/// Names of columns, of which empty ones get a number.
fn numbered(names: impl Iterator<Item = String>) -> Vec<String> {
    let name =
        |(name, number): (String, u64)| if name.is_empty() { format!("column {number}") } else { name };
    names.zip(1..).map(name).collect()
}

/// Whether a text has the digits of a phone number.
fn has_number(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= 7
}

/// The names of columns without the objects around a record's fields, where no phone is known otherwise.
fn unwrapped(keys: &[String], settings: &ParseSettings) -> Vec<String> {
    let is_phone = |name: &str| columns::field_of(&columns::fold(name)) == Some(Field::Phone);
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
        // The feeds of Google's sheets.
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

/// What is wrong with text whose names stand in single quotation marks.
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

/// Whether the first line is an object, and more stands below it.
fn has_lines(sample: &[u8]) -> bool {
    let text = sample.trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    text.starts_with(b"{")
        && line.len() < text.trim_ascii_end().len()
        && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}

fn each_line(text: Box<dyn Read + Send>, each: &mut dyn FnMut(u64, &RawValue) -> Step) -> Result<(), Fault> {
    let mut text = BufReader::new(text);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = text
            .by_ref()
            .take(MAX_RECORD_BYTES as u64 + 1)
            .read_until(b'\n', &mut line)
            .map_err(Fault::from_io)?;
        if read == 0 {
            break;
        }
        if read > MAX_RECORD_BYTES {
            return Err(too_long(number, MAX_RECORD_BYTES as u64));
        }
        // Bytes that mean no letter would spoil the whole line; here they spoil one cell.
        let text = String::from_utf8_lossy(&line);
        let values = serde_json::Deserializer::from_str(text.trim()).into_iter::<&RawValue>();
        for value in values {
            let value = value.map_err(|error| Fault::Json {
                place: format!("line {number}"),
                reason: without_place(&error),
            })?;
            if each(number, value)?.is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn too_long(record: u64, max_bytes: u64) -> Fault {
    Fault::Json {
        place: format!("record {record}"),
        reason: format!("it is longer than {} MiB; take long texts and pictures out of it", max_bytes >> 20),
    }
}

/// serde's message without the place, which is that within one record.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Hands on the records at the end of a path; returns the number of the last.
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

struct JsonRow {
    cells: Vec<(String, CellKind)>,
}

impl RawRow for JsonRow {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        let (text, kind) = &self.cells[index];
        Cell { text: text.as_bytes(), kind: *kind }
    }
}

#[cfg(test)]
mod tests;
