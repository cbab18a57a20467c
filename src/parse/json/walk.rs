//! Walks through a document to its records, one at a time, without holding the document in memory.

use std::{
    fmt,
    io::{self, BufReader, Read},
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{
    Deserialize as _, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{de::IoRead, value::RawValue};

use super::{Step as Taken, faults::without_place};
use crate::parse::error::Fault;

/// A limit on the bytes that may be read before a record, or a part of one, ends.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    used: Arc<AtomicU64>,
    max_bytes: u64,
}

impl Budget {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { used: Arc::default(), max_bytes: max_bytes as u64 }
    }

    /// Resets the count.
    pub(super) fn renew(&self) {
        self.used.store(0, Ordering::Relaxed);
    }
}

/// A reader that fails if it exceeds its budget.
pub(super) struct Budgeted {
    text: Box<dyn Read + Send>,
    budget: Budget,
}

/// A document that is being read.
pub(super) type Reading = serde_json::Deserializer<IoRead<BufReader<Budgeted>>>;

#[derive(Debug, thiserror::Error)]
#[error("a record is too long")]
struct OverBudget;

impl Read for Budgeted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(buffer)?;
        if self.budget.used.fetch_add(read as u64, Ordering::Relaxed) > self.budget.max_bytes {
            return Err(io::Error::other(OverBudget));
        }
        Ok(read)
    }
}

/// Passes each value of a text to `each`, which reads it. The text may contain several values in a row.
pub(super) fn documents(
    text: Box<dyn Read + Send>,
    budget: &Budget,
    number: &dyn Fn() -> u64,
    each: &mut dyn FnMut(&mut Reading) -> Result<ControlFlow<()>, serde_json::Error>,
) -> Result<(), Fault> {
    let text = Budgeted { text, budget: budget.clone() };
    let text = BufReader::with_capacity(16 * 1024, text);
    let mut reader = serde_json::Deserializer::from_reader(text);
    let mut is_first = true;
    loop {
        budget.renew();
        match each(&mut reader) {
            Ok(ControlFlow::Continue(())) => is_first = false,
            Ok(ControlFlow::Break(())) => return Ok(()),
            Err(error) if !is_first && is_end(&error) => return Ok(()),
            Err(error) if error.is_io() => {
                return Err(match io::Error::from(error).downcast::<OverBudget>() {
                    Ok(OverBudget) => super::too_long(number() + 1, budget.max_bytes),
                    Err(error) => Fault::from_io(error),
                });
            }
            Err(error) => {
                return Err(Fault::Json {
                    place: format!("line {}", error.line()),
                    reason: without_place(&error),
                });
            }
        }
    }
}

/// Returns whether the text ended after the last value.
fn is_end(error: &serde_json::Error) -> bool {
    error.is_eof() && without_place(error) == "EOF while parsing a value"
}

/// A receiver of records that stops when it has enough or finds a fault.
pub(super) struct Taker<'a> {
    pub(super) budget: &'a Budget,
    pub(super) take: &'a mut dyn FnMut(&RawValue) -> Taken,
    /// The reason for stopping.
    pub(super) ended: Option<Ended>,
}

pub(super) enum Ended {
    Enough,
    Fault(Fault),
}

impl Taker<'_> {
    /// Passes a record on. Returns an error if no more records are wanted.
    fn take<E: serde::de::Error>(&mut self, value: &RawValue) -> Result<(), E> {
        self.budget.renew();
        self.ended = match (self.take)(value) {
            Ok(ControlFlow::Continue(())) => return Ok(()),
            Ok(ControlFlow::Break(())) => Some(Ended::Enough),
            Err(fault) => Some(Ended::Fault(fault)),
        };
        Err(E::custom("enough"))
    }
}

/// A position in the document, with the remaining path to the records.
pub(super) struct Way<'w, 'a, 'p> {
    pub(super) path: &'p [SurveyStep],
    pub(super) taker: &'w mut Taker<'a>,
}

impl<'de> DeserializeSeed<'de> for Way<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            let value = Box::<RawValue>::deserialize(deserializer)?;
            return self.taker.take(&value);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Way<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a list of records")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((SurveyStep::Items, rest)) = self.path.split_first() else {
            while items.next_element::<IgnoredAny>()?.is_some() {
                self.taker.budget.renew();
            }
            return Ok(());
        };
        while items.next_element_seed(Way { path: rest, taker: &mut *self.taker })?.is_some() {
            self.taker.budget.renew();
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        // A table is identified by its name, which precedes its rows.
        let (mut is_this, path) = match self.path.split_first() {
            Some((SurveyStep::Table(wanted), rest)) => (Err(wanted), rest),
            _ => (Ok(()), self.path),
        };
        let (wanted, rest) = match path.split_first() {
            Some((SurveyStep::Name(name), rest)) => (Some(name), rest),
            Some((SurveyStep::Values, rest)) => (None, rest),
            _ => (Some(&String::new()), path),
        };
        let is_none = !matches!(path.first(), Some(SurveyStep::Name(_) | SurveyStep::Values));
        while let Some(name) = fields.next_key::<String>()? {
            self.taker.budget.renew();
            match is_this {
                Err(table) if name == "name" => {
                    let value: Box<RawValue> = fields.next_value()?;
                    if serde_json::from_str::<String>(value.get()).is_ok_and(|name| name == *table) {
                        is_this = Ok(());
                    }
                }
                Ok(()) if !is_none && wanted.is_none_or(|wanted| *wanted == name) => {
                    fields.next_value_seed(Way { path: rest, taker: &mut *self.taker })?;
                }
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A step on the path from a document to its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SurveyStep {
    /// The value with this name.
    Name(String),
    /// Each item of a list.
    Items,
    /// Each value of an object, regardless of its name.
    Values,
    /// The object with this value as its `name`, as in a database export.
    Table(String),
}
