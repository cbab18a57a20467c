//! Reads the entries of a directory in the LDAP Data Interchange Format (RFC 2849) into rows, one per person.
//!
//! [`split`] cuts the text into records and their lines into attributes. [`attribute`] knows what they mean. [`entry`]
//! makes rows of them.

mod attribute;
mod entry;
mod split;

use std::ops::ControlFlow;

use self::{
    entry::Kind,
    split::{Record, Sights},
};
use super::{
    encoding::{self, Encoding},
    error::Fault,
    file::source::Source,
    numbers::shortened,
    person,
    raw_row::RowSink,
    settings::ParseSettings,
};

/// The maximum amount of text in an unknown encoding that is examined.
const MAX_FOREIGN_BYTES: usize = 1024 * 1024;

/// A file of entries.
pub(super) struct Entries {
    encoding: Encoding,
    /// The encoding of values in Base64 that are not UTF-8. `None` if it is unknown.
    packed: Option<Encoding>,
    pub(super) names: Vec<String>,
    /// Notes for the user on how the entries were read.
    pub(super) notes: Vec<String>,
}

impl Entries {
    /// Reads all entries once to find faults before any entry is used.
    pub(super) fn open(
        source: &mut Source,
        encoding: Encoding,
        settings: &ParseSettings,
    ) -> Result<Self, Fault> {
        let mut entries = Self {
            encoding,
            packed: settings.encoding.filter(|encoding| encoding.is_ascii_compatible()),
            names: person::columns(&attribute::ADDED, settings),
            notes: Vec::new(),
        };
        entries.survey(source, settings)?;
        Ok(entries)
    }

    fn survey(&mut self, source: &mut Source, settings: &ParseSettings) -> Result<(), Fault> {
        let mut sights = Sights::default();
        let mut people = 0_u64;
        // The number of the others, and the first of each.
        let mut others: Option<(u64, u64, String)> = None;
        let mut unclear: Option<(u64, u64, String)> = None;
        let (mut foreign, mut first_foreign) = (Vec::new(), None);
        split::records(encoding::decoded(source, self.encoding)?, &mut sights, &mut |record| {
            match entry::kind(record)? {
                Kind::Person => people += 1,
                Kind::Other => {
                    others.get_or_insert_with(|| (0, record.line, entry::name(record))).0 += 1;
                }
            }
            for number in entry::unclear(record) {
                let first =
                    || (0, number.line, format!("{}: {}", number.attribute, shortened(&number.number)));
                unclear.get_or_insert_with(first).0 += 1;
            }
            for value in entry::foreign(record) {
                first_foreign.get_or_insert(value.line);
                if foreign.len() < MAX_FOREIGN_BYTES {
                    foreign.extend_from_slice(&value.value);
                    foreign.push(b'\n');
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if people == 0 {
            return Err(Fault::NoRecords("an entry of a person"));
        }
        self.notes = sights.notes();
        if let Some((count, line, name)) = others {
            let entries = if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
            self.notes.push(format!(
                "{entries} not read, for a group, folder or device; first: `{name}` on line {line}"
            ));
        }
        // A list of numbers takes these, too.
        if let Some((count, line, text)) = unclear.filter(|_| !settings.is_of_numbers()) {
            let lines = if count == 1 { "1 line" } else { &format!("{count} lines") };
            self.notes.push(format!(
                "rollcall does not call numbers outside phone attributes ({lines}); first: line {line}, `{text}`"
            ));
        }
        if let Some(line) = first_foreign.filter(|_| self.packed.is_none()) {
            self.packed = encoding::of_bytes(&foreign, settings.region);
            self.notes.push(match self.packed {
                Some(packed) => format!(
                    "values in Base64, the first on line {line}, are not UTF-8; rollcall reads them as {}. Use \
                     --encoding if this is wrong",
                    packed.name()
                ),
                None => format!(
                    "values in Base64, the first on line {line}, are in an unknown encoding; name it with --encoding"
                ),
            });
        }
        Ok(())
    }

    /// Passes every person to `sink`.
    pub(super) fn visit(&self, source: &mut Source, sink: &mut impl RowSink) -> Result<(), Fault> {
        let text = encoding::decoded(source, self.encoding)?;
        split::records(text, &mut Sights::default(), &mut |record: &Record| match entry::kind(record)? {
            Kind::Person => Ok(sink.row(record.line, &entry::row(record, self.packed))),
            Kind::Other => Ok(ControlFlow::Continue(())),
        })
    }
}

#[cfg(test)]
mod tests;
