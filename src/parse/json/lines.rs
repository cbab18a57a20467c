//! JSON with one record per line, also while it is written.

use std::{
    collections::HashSet,
    io::{BufRead as _, BufReader, Read},
    ops::ControlFlow,
};

use serde_json::value::RawValue;

use super::{
    Json, MAX_RECORD_BYTES, Step,
    faults::{too_long, without_place},
    record::JsonRecord,
    row::JsonRow,
};
use crate::parse::{columns, error::Fault, raw_row::RowSink};

/// The bytes read at a time, as many as a pipe holds.
const READ_BYTES: usize = 64 * 1024;

/// Fields without a meaning that are remembered.
const MAX_OTHERS: usize = 1000;

/// A receiver of the values of lines.
pub(super) trait LineSink {
    /// Takes a value, with the number of its line.
    fn value(&mut self, number: u64, value: &RawValue) -> Step;

    /// Passes on what can be passed on, because the next line may take long to come.
    fn pause(&mut self) -> Step {
        Ok(ControlFlow::Continue(()))
    }
}

impl<F: FnMut(u64, &RawValue) -> Step> LineSink for F {
    fn value(&mut self, number: u64, value: &RawValue) -> Step {
        self(number, value)
    }
}

/// Passes the records of lines on while these are written. Behind its cells, each row has the record as it is.
pub(super) struct Streamed<'j, S> {
    record: JsonRecord,
    row: JsonRow<'j>,
    keys: &'j [String],
    /// Other fields, which do not matter.
    others: HashSet<String>,
    sink: &'j mut S,
}

impl<'j, S: RowSink> Streamed<'j, S> {
    pub(super) fn new(json: &'j Json, sink: &'j mut S) -> Self {
        let row = JsonRow::new(&json.keys).with_record();
        let record = JsonRecord { packs_lists: json.packs_lists, ..JsonRecord::default() };
        Self { record, row, keys: &json.keys, others: HashSet::new(), sink }
    }
}

impl<S: RowSink> LineSink for Streamed<'_, S> {
    fn value(&mut self, number: u64, value: &RawValue) -> Step {
        self.record.read(value).map_err(|unread| unread.of(number))?;
        self.row.fill(&mut self.record.cells, |name| {
            if self.others.contains(name) {
                return Ok(());
            }
            // It may hold the number, or say not to call.
            if columns::matters(name, self.keys) {
                return Err(Fault::LateField { line: number, field: name.to_owned() });
            }
            if self.others.len() < MAX_OTHERS {
                self.others.insert(name.to_owned());
            }
            Ok(())
        })?;
        self.row.set_record(value.get());
        Ok(self.sink.row(number, &self.row))
    }

    fn pause(&mut self) -> Step {
        Ok(self.sink.pause())
    }
}

pub(super) fn each_line(text: Box<dyn Read + Send>, each: &mut dyn LineSink) -> Result<(), Fault> {
    let mut lines = BufReader::with_capacity(READ_BYTES, text);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = lines
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
        // Replace invalid bytes, so that they damage one cell and not the whole line.
        let text = String::from_utf8_lossy(&line);
        let values = serde_json::Deserializer::from_str(text.trim()).into_iter::<&RawValue>();
        for value in values {
            let value = value.map_err(|error| Fault::Json {
                place: format!("line {number}"),
                reason: without_place(&error),
            })?;
            if each.value(number, value)?.is_break() {
                return Ok(());
            }
        }
        if memchr::memchr(b'\n', lines.buffer()).is_none() && each.pause()?.is_break() {
            return Ok(());
        }
    }
    Ok(())
}
