//! JSON becomes rows: an array of objects, an object that holds one, or an object on each line.
//!
//! Objects may hold others, as the platform's contacts do: `cellPhone.phoneNumber` is a column. The columns are those of
//! all records, in the order in which they are met, so a document is gone through once before its rows are used.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    io::{self, BufRead as _, BufReader, Read},
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    assemble::RawRow,
    csv::{MAX_CELL_BYTES, MAX_CELLS},
    encoding::{self, Encoding},
    error::Fault,
    source::Source,
    table::RowSink,
};
use crate::row::{Cell, CellKind};

/// The longest record.
const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// Objects inside objects.
const MAX_DEPTH: usize = 8;

/// Names under which programs answer with a list.
const LIST_NAMES: [&str; 9] =
    ["results", "contacts", "data", "items", "records", "value", "rows", "people", "connections"];

/// What comes of handing a record on.
type Step = Result<ControlFlow<()>, Fault>;

/// A JSON document, or one on each line.
pub(super) struct Json {
    encoding: Encoding,
    has_lines: bool,
    /// The columns of all records.
    pub(super) names: Vec<String>,
}

impl Json {
    /// Goes through the document to learn its columns.
    pub(super) fn open(source: &mut Source, encoding: Encoding, sample: &[u8]) -> Result<Self, Fault> {
        let mut json = Self { encoding, has_lines: has_lines(sample), names: Vec::new() };
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut record = Record::default();
        json.each(source, &mut |number, value| {
            record.read(value).map_err(|problem| problem.at(number))?;
            for (name, _) in &record.cells {
                if !known.contains_key(name) {
                    known.insert(name.clone(), known.len());
                }
            }
            if known.len() > MAX_CELLS {
                return Err(Fault::TooManyCells { line: number, max: MAX_CELLS });
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let mut names: Vec<(String, usize)> = known.into_iter().collect();
        names.sort_by_key(|(_, place)| *place);
        json.names = names.into_iter().map(|(name, _)| name).collect();
        Ok(json)
    }

    /// Whether each line is a record of its own.
    pub(super) fn has_lines(&self) -> bool {
        self.has_lines
    }

    /// Goes through all records. The number of one is that of its line, or its place in the list.
    pub(super) fn visit(&self, source: &mut Source, sink: &mut impl RowSink) -> Result<(), Fault> {
        let places: HashMap<&str, usize> =
            self.names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        let mut record = Record::default();
        let mut row = JsonRow { cells: vec![(String::new(), CellKind::Text); self.names.len()] };
        self.each(source, &mut |number, value| {
            record.read(value).map_err(|problem| problem.at(number))?;
            row.cells.iter_mut().for_each(|cell| *cell = (String::new(), CellKind::Text));
            for (name, cell) in record.cells.drain(..) {
                // A name that stands twice in an object has its first value.
                if let Some(place) = places.get(name.as_str()).filter(|place| row.cells[**place].0.is_empty())
                {
                    row.cells[*place] = cell;
                }
            }
            Ok(sink.row(number, &row))
        })
    }

    fn each(&self, source: &mut Source, each: &mut dyn FnMut(u64, &RawValue) -> Step) -> Result<(), Fault> {
        let text = encoding::decoded(source, self.encoding)?;
        if self.has_lines { each_line(text, each) } else { each_in_document(text, each) }
    }
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
            return Err(too_long(number));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        // Bytes that mean no letter would spoil the whole line; here they spoil one cell.
        let text = String::from_utf8_lossy(&line);
        let value: &RawValue = serde_json::from_str(text.trim()).map_err(|error| Fault::Json {
            place: format!("line {number}"),
            reason: without_place(&error),
        })?;
        if each(number, value)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn too_long(record: u64) -> Fault {
    Fault::RecordTooLong { line: record, max_bytes: MAX_RECORD_BYTES }
}

/// serde's message without the place, which is that within one record.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

fn each_in_document(
    text: Box<dyn Read + Send>,
    each: &mut dyn FnMut(u64, &RawValue) -> Step,
) -> Result<(), Fault> {
    let budget = Arc::new(AtomicU64::new(0));
    let text = BufReader::with_capacity(16 * 1024, Budgeted { text, since: Arc::clone(&budget) });
    let mut state = Walk { each, budget: &budget, number: 0, ended: None };
    let mut document = serde_json::Deserializer::from_reader(text);
    let walked = Document(&mut state).deserialize(&mut document).and_then(|()| document.end());
    match (state.ended, walked) {
        (Some(Ended::Fault(fault)), _) => Err(fault),
        (Some(Ended::Enough), _) | (None, Ok(())) => Ok(()),
        (None, Err(error)) if error.is_io() => {
            let number = state.number + 1;
            let error = io::Error::from(error);
            Err(match error.downcast::<OverBudget>() {
                Ok(OverBudget) => too_long(number),
                Err(error) => Fault::from_io(error),
            })
        }
        (None, Err(error)) => {
            Err(Fault::Json { place: format!("line {}", error.line()), reason: without_place(&error) })
        }
    }
}

/// Stops a text where no record has ended for too long.
struct Budgeted<R> {
    text: R,
    since: Arc<AtomicU64>,
}

#[derive(Debug, thiserror::Error)]
#[error("a record is too long")]
struct OverBudget;

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(buffer)?;
        if self.since.fetch_add(read as u64, Ordering::Relaxed) > MAX_RECORD_BYTES as u64 {
            return Err(io::Error::other(OverBudget));
        }
        Ok(read)
    }
}

struct Walk<'a> {
    each: &'a mut dyn FnMut(u64, &RawValue) -> Step,
    budget: &'a AtomicU64,
    number: u64,
    /// Why the walk ends before the document does.
    ended: Option<Ended>,
}

enum Ended {
    Enough,
    Fault(Fault),
}

impl Walk<'_> {
    /// Hands a record on; false where that is to be the last.
    fn take(&mut self, value: &RawValue) -> bool {
        self.number += 1;
        self.budget.store(0, Ordering::Relaxed);
        self.ended = match (self.each)(self.number, value) {
            Ok(ControlFlow::Continue(())) => None,
            Ok(ControlFlow::Break(())) => Some(Ended::Enough),
            Err(fault) => Some(Ended::Fault(fault)),
        };
        self.ended.is_none()
    }
}

/// A whole document: a list, or an object with a list in it, or one record.
struct Document<'a, 'w>(&'a mut Walk<'w>);

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Box<RawValue>>()? {
            if !self.0.take(&item) {
                return Err(serde::de::Error::custom("enough"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut own: Vec<(String, Box<RawValue>)> = Vec::new();
        let mut has_list = false;
        while let Some(name) = fields.next_key::<String>()? {
            if LIST_NAMES.contains(&name.as_str()) {
                fields.next_value_seed(ListIn(self.0))?;
                has_list = true;
            } else {
                own.push((name, fields.next_value()?));
            }
        }
        if !has_list {
            // A record by itself.
            let fields: Vec<String> = own
                .iter()
                .map(|(name, value)| format!("{}:{}", serde_json::Value::from(name.as_str()), value.get()))
                .collect();
            let record = RawValue::from_string(format!("{{{}}}", fields.join(",")))
                .map_err(serde::de::Error::custom)?;
            if !self.0.take(&record) {
                return Err(serde::de::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

/// What stands under a name that promises a list: one, or an object that holds one, or something else.
struct ListIn<'a, 'w>(&'a mut Walk<'w>);

impl<'de> DeserializeSeed<'de> for ListIn<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ListIn<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        Document(self.0).visit_seq(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<(), A::Error> {
        Document(self.0).visit_map(fields)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// One record's cells, by the path to each.
#[derive(Default)]
struct Record {
    cells: Vec<(String, (String, CellKind))>,
}

enum RecordProblem {
    NotAnObject,
    TooDeep,
    CellTooLong,
}

impl RecordProblem {
    fn at(self, record: u64) -> Fault {
        let place = format!("record {record}");
        match self {
            Self::NotAnObject => {
                Fault::Json { place, reason: "not an object with the fields of a contact".to_owned() }
            }
            Self::TooDeep => {
                Fault::Json { place, reason: format!("objects in objects, more than {MAX_DEPTH} deep") }
            }
            Self::CellTooLong => Fault::CellTooLong { line: record, max_bytes: MAX_CELL_BYTES },
        }
    }
}

impl Record {
    fn read(&mut self, value: &RawValue) -> Result<(), RecordProblem> {
        self.cells.clear();
        if !value.get().starts_with('{') {
            return Err(RecordProblem::NotAnObject);
        }
        self.flatten("", value.get(), 0)
    }

    fn flatten(&mut self, path: &str, json: &str, depth: usize) -> Result<(), RecordProblem> {
        if depth > MAX_DEPTH {
            return Err(RecordProblem::TooDeep);
        }
        let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match json.as_bytes().first() {
            Some(b'{') => {
                let fields: Fields<'_> =
                    serde_json::from_str(json).map_err(|_| RecordProblem::NotAnObject)?;
                for (name, value) in fields.0 {
                    self.flatten(&join(&name), value.get(), depth + 1)?;
                }
            }
            Some(b'[') => {
                let items: Vec<&RawValue> =
                    serde_json::from_str(json).map_err(|_| RecordProblem::NotAnObject)?;
                for (item, number) in items.iter().take(MAX_CELLS + 1).zip(1..) {
                    self.flatten(&join(&number.to_string()), item.get(), depth + 1)?;
                }
            }
            _ => {
                let cell = scalar(json);
                if cell.0.len() > MAX_CELL_BYTES {
                    return Err(RecordProblem::CellTooLong);
                }
                self.cells.push((path.to_owned(), cell));
            }
        }
        Ok(())
    }
}

/// A value as the text a person would type for it; numbers with exactly the digits that stand there.
fn scalar(json: &str) -> (String, CellKind) {
    match json.as_bytes().first() {
        Some(b'"') => (serde_json::from_str(json).unwrap_or_default(), CellKind::Text),
        Some(b't' | b'f') => (json.to_uppercase(), CellKind::Boolean),
        Some(b'n') | None => (String::new(), CellKind::Text),
        // What is written with an exponent has lost its digits; what has a fraction of zero has not.
        Some(_) if json.contains(['e', 'E']) => (json.to_owned(), CellKind::Text),
        Some(_) => {
            let integral =
                json.split_once('.').filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
            (integral.map_or(json, |(whole, _)| whole).to_owned(), CellKind::Number)
        }
    }
}

/// The fields of an object, in their order, repeated ones too.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    fields.push((Cow::Owned(name), map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
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
mod tests {
    use std::fs;

    use super::*;
    use crate::parse::table::Preview;

    fn read(text: &str) -> Result<(Vec<String>, Vec<String>), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, text).unwrap();
        let mut source = Source::open(&path).unwrap();
        let json =
            Json::open(&mut source, encoding::UTF_8, text.as_bytes()).map_err(|fault| fault.to_string())?;
        let mut preview = Preview::new(usize::MAX);
        json.visit(&mut source, &mut preview).map_err(|fault| fault.to_string())?;
        let line = |row: crate::row::Row<'_>| {
            let cells: Vec<_> =
                row.cells().map(|cell| String::from_utf8_lossy(cell.text).into_owned()).collect();
            format!("{}:{}", row.location.row, cells.join("|"))
        };
        Ok((json.names, preview.rows.iter().map(line).collect()))
    }

    #[test]
    fn lists_are_found_in_all_their_shapes() {
        let expected =
            (vec!["name".to_owned(), "phone".to_owned()], vec!["1:Asha|1".to_owned(), "2:Li|2".to_owned()]);
        for text in [
            r#"[{"name": "Asha", "phone": "1"}, {"name": "Li", "phone": "2"}]"#,
            r#"{"total": 2, "results": [{"name": "Asha", "phone": "1"}, {"name": "Li", "phone": "2"}], "more": {}}"#,
            r#"{"data": {"results": [{"name": "Asha", "phone": "1"}, {"phone": "2", "name": "Li"}]}}"#,
            "{\"name\": \"Asha\", \"phone\": \"1\"}\n{\"name\": \"Li\", \"phone\": \"2\"}\n",
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        assert_eq!(read(r#"{"phone": "1"}"#).unwrap().1, ["1:1"]);
        assert_eq!(read("{\"a\": 1}\n\n{\"b\": 2}\n").unwrap().1, ["1:1|", "3:|2"]);
    }

    #[test]
    fn nested_fields_are_columns_and_numbers_keep_their_digits() {
        let (names, rows) = read(
            r#"[{"cellPhone": {"phoneNumber": 919876543210.0, "countryCode": "+91"}, "ok": true, "none": null},
                {"phones": ["1", "2"], "big": 12345678901234567890123, "lost": 9.1E+11, "ok": false, "ok": true}]"#,
        )
        .unwrap();
        assert_eq!(
            names,
            [
                "cellPhone.phoneNumber",
                "cellPhone.countryCode",
                "ok",
                "none",
                "phones.1",
                "phones.2",
                "big",
                "lost"
            ]
        );
        assert_eq!(rows[0], "1:919876543210|+91|TRUE||||||".trim_end_matches('|').to_owned() + "|||||");
        assert_eq!(rows[1], "2:||FALSE||1|2|12345678901234567890123|9.1E+11");
    }

    #[test]
    fn what_is_no_list_says_where() {
        for (text, message) in [
            ("[1, 2]", "record 1: not an object with the fields of a contact"),
            ("[{\"a\": 1}, 2]", "record 2: not an object with the fields of a contact"),
            ("[{\"a\": 1},\n {\"a\": }]", "line 2: expected value"),
            ("[{\"a\": 1}", "line 1: EOF while parsing a list"),
            ("{\"a\": 1}\n{\"a\": \n", "line 2: EOF while parsing a value"),
            ("{\"results\": 5}", "line 1: invalid type: integer `5`, expected a list of records"),
        ] {
            assert_eq!(read(text).unwrap_err(), message, "{text}");
        }
    }

    #[test]
    fn deep_and_endless_records_are_refused() {
        let deep = format!("[{}1{}]", "{\"a\":".repeat(50), "}".repeat(50));
        assert!(read(&deep).unwrap_err().contains("deep"));
        let very_deep = format!("[{}]", "[".repeat(100_000));
        assert!(read(&very_deep).is_err());
        let long = format!("[{{\"a\": \"{}", "x".repeat(2 << 20));
        assert!(read(&long).unwrap_err().contains("longer than"));
        let long = format!("{{\"a\": 1}}\n{{\"a\": \"{}", "x".repeat(2 << 20));
        assert!(read(&long).unwrap_err().contains("longer than"));
        let wide: Vec<String> = (0..600).map(|n| format!("\"c{n}\": 1")).collect();
        assert!(read(&format!("[{{{}}}]", wide.join(","))).unwrap_err().contains("more than 512"));
    }
}
