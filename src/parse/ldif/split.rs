//! Cuts a text into records and their lines into attributes. Every line ends up in a record, in a note, or in an error.

use std::{collections::HashMap, io::Read, ops::ControlFlow};

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::attribute::{self, Meaning};
use crate::parse::{
    error::Fault,
    lines::Lines,
    numbers::{leading_number, shortened},
};

/// The maximum size of an entry, without attributes that are not read, such as pictures.
const MAX_ENTRY_BYTES: usize = 1024 * 1024;

/// The cost of an attribute in addition to its value.
const ATTRIBUTE_BYTES: usize = 64;

/// The maximum length of an attribute that is not read. Longer texts and pictures are cut.
const MAX_UNREAD_BYTES: usize = 16 * 1024;

/// The maximum length of a name with its options.
const MAX_NAME_BYTES: usize = 1024;

/// The maximum number of names of attributes whose meaning is remembered.
const MAX_REMEMBERED: usize = 4096;

/// Base64, also without the signs that fill its last group.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// One attribute of an entry, with one value.
#[derive(Debug)]
pub(super) struct Attribute {
    /// The line on which it begins.
    pub(super) line: u64,
    pub(super) meaning: Meaning,
    /// Whether it has options, such as the language of its value.
    pub(super) has_options: bool,
    /// Whether the value was in Base64, so that it may be in another encoding than the text.
    pub(super) is_packed: bool,
    pub(super) value: Vec<u8>,
}

/// A number in an attribute that is not a phone.
#[derive(Debug)]
pub(super) struct UnclearNumber {
    pub(super) line: u64,
    pub(super) attribute: String,
    pub(super) number: Vec<u8>,
}

/// The attributes of one entry.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The number of its first line.
    pub(super) line: u64,
    pub(super) attributes: Vec<Attribute>,
    pub(super) unclear: Vec<UnclearNumber>,
    bytes: usize,
}

impl Record {
    /// Returns the values of attributes with a meaning, those without options first.
    pub(super) fn all(&self, meaning: Meaning) -> impl Iterator<Item = &Attribute> {
        let of = move |has_options| {
            let is_wanted = move |attribute: &&Attribute| {
                attribute.meaning == meaning && attribute.has_options == has_options
            };
            self.attributes.iter().filter(is_wanted)
        };
        of(false).chain(of(true))
    }
}

/// Facts about the text that the user should know.
#[derive(Debug, Default)]
pub(super) struct Sights {
    /// Entries that begin without a blank line above them: their number, and the line of the first.
    unseparated: Option<(u64, u64)>,
    /// Values in other files: their number, and the line and attribute of the first.
    elsewhere: Option<(u64, u64, String)>,
    /// The result of a search that was not completed, with its line.
    incomplete: Option<(u64, String)>,
}

impl Sights {
    /// Returns notes for the user.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some((line, result)) = &self.incomplete {
            notes.push(format!(
                "line {line}: the directory ended the search early (`{result}`), so people may be missing from the list"
            ));
        }
        if let Some((count, line)) = self.unseparated {
            let entries = if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
            notes.push(format!(
                "no blank line above {entries}; first: line {line}. rollcall starts an entry at each `dn:`"
            ));
        }
        if let Some((count, line, attribute)) = &self.elsewhere {
            let values = if *count == 1 { "1 value".to_owned() } else { format!("{count} values") };
            notes.push(format!(
                "rollcall does not read {values} stored outside this file; first: `{attribute}` on line {line}"
            ));
        }
        notes
    }
}

/// Passes all entries of a text to `each` until it breaks.
pub(super) fn records(
    text: impl Read,
    sights: &mut Sights,
    each: &mut dyn FnMut(&Record) -> Result<ControlFlow<()>, Fault>,
) -> Result<(), Fault> {
    let mut lines = Lines::new(text, |line, max_bytes| Fault::EntryTooLong { line, max_bytes });
    let mut splitter = Splitter {
        part: Part::Between,
        record: Record::default(),
        pending: Pending::Nothing,
        meanings: HashMap::new(),
        sights,
        each,
    };
    let mut line = Vec::new();
    while lines.next(&mut line)? {
        if splitter.take(lines.number(), &line)?.is_break() {
            return Ok(());
        }
    }
    let ended = splitter.end_line()?;
    if ended.is_continue() { splitter.end_record().map(drop) } else { Ok(()) }
}

/// The part of the text that a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The line begins a record.
    Between,
    Entry,
    /// What `ldapsearch` says about the search.
    Search,
}

/// What the next line may continue.
enum Pending {
    Nothing,
    Comment,
    Attribute(Line),
}

/// The line of an attribute, with the folded lines below it.
struct Line {
    number: u64,
    text: Vec<u8>,
    /// The meaning, once the name is complete.
    meaning: Option<Meaning>,
}

impl Line {
    /// Returns the name with its options, and the rest of the line from the colon.
    fn parts(&self) -> Option<(&[u8], &[u8])> {
        let colon = memchr::memchr(b':', &self.text)?;
        Some((self.text[..colon].trim_ascii_end(), &self.text[colon + 1..]))
    }

    fn is_packed(&self) -> bool {
        self.parts().is_some_and(|(_, value)| value.starts_with(b":"))
    }

    /// Returns the fault for this line.
    fn broken(&self, problem: &str) -> Fault {
        broken(self.number, &self.text, problem)
    }
}

fn broken(line: u64, text: &[u8], problem: &str) -> Fault {
    Fault::BrokenEntry { line, reason: format!("`{}` {problem}", shortened(text)) }
}

struct Splitter<'a> {
    part: Part,
    /// The current entry.
    record: Record,
    pending: Pending,
    meanings: HashMap<Vec<u8>, Meaning>,
    sights: &'a mut Sights,
    each: &'a mut dyn FnMut(&Record) -> Result<ControlFlow<()>, Fault>,
}

impl Splitter<'_> {
    fn take(&mut self, number: u64, line: &[u8]) -> Result<ControlFlow<()>, Fault> {
        if is_empty(line) {
            let ended = self.end_line()?;
            return if ended.is_break() { Ok(ended) } else { self.end_record() };
        }
        match line[0] {
            b' ' | b'\t' => {
                if matches!(self.pending, Pending::Nothing) && !line.trim_ascii().is_empty() {
                    let problem = "begins with a space, but there is no line above it to continue";
                    return Err(broken(number, line, problem));
                }
                self.append(number, &line[1..])?;
            }
            b'#' => {
                let ended = self.end_line()?;
                self.pending = Pending::Comment;
                return Ok(ended);
            }
            _ if self.is_unfolded(line) => self.append(number, line)?,
            _ => {
                let ended = self.end_line()?;
                self.pending = Pending::Attribute(Line { number, text: Vec::new(), meaning: None });
                self.append(number, line)?;
                return Ok(ended);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Returns whether a line continues a value in Base64, although the space at its start is missing.
    fn is_unfolded(&self, line: &[u8]) -> bool {
        matches!(&self.pending, Pending::Attribute(line) if line.is_packed())
            && is_base64(line)
            && memchr::memchr2(b' ', b'\t', line).is_none()
            // Digits alone may be a phone number.
            && line.iter().any(|byte| byte.is_ascii_alphabetic() || *byte == b'=')
    }

    /// Appends a part of a line to the current attribute.
    fn append(&mut self, number: u64, part: &[u8]) -> Result<(), Fault> {
        let Pending::Attribute(line) = &mut self.pending else { return Ok(()) };
        let is_name_complete = line.meaning.is_some();
        if line.meaning != Some(Meaning::Other) {
            line.text.extend_from_slice(part);
        }
        if !is_name_complete && let Some((name, _)) = line.parts() {
            let Some(meaning) = meaning_of(name, &mut self.meanings) else {
                return Err(line.broken("is not an attribute with a value, such as `cn: Ada Quill`"));
            };
            line.meaning = Some(meaning);
        } else if line.meaning == Some(Meaning::Other) {
            // An entry that is indented by mistake would disappear in a picture.
            if line.is_packed() && !is_base64(part.trim_ascii()) {
                return Err(broken(number, part, "continues a value in Base64, but is not Base64"));
            }
            let room = MAX_UNREAD_BYTES.saturating_sub(line.text.len());
            line.text.extend_from_slice(&part[..part.len().min(room)]);
        }
        if line.meaning.is_none() && line.text.len() > MAX_NAME_BYTES {
            return Err(line.broken("is not an attribute with a value, such as `cn: Ada Quill`"));
        }
        if line.meaning == Some(Meaning::Other) {
            line.text.truncate(MAX_UNREAD_BYTES);
        } else if self.record.bytes + line.text.len() > MAX_ENTRY_BYTES {
            let first = if self.part == Part::Entry { self.record.line } else { line.number };
            return Err(Fault::EntryTooLong { line: first, max_bytes: MAX_ENTRY_BYTES });
        }
        Ok(())
    }

    /// Ends the current attribute.
    fn end_line(&mut self) -> Result<ControlFlow<()>, Fault> {
        let Pending::Attribute(line) = std::mem::replace(&mut self.pending, Pending::Nothing) else {
            return Ok(ControlFlow::Continue(()));
        };
        let (Some(meaning), Some((_, value))) = (line.meaning, line.parts()) else {
            return Err(match (self.part, line.text.trim_ascii()) {
                // This line ends a change to one attribute.
                (Part::Entry, b"-") => self.change("-"),
                _ => line.broken("is not an attribute with a value, such as `cn: Ada Quill`"),
            });
        };
        match (self.part, meaning) {
            (_, Meaning::DistinguishedName) => {
                if self.part == Part::Entry {
                    let (count, first) = self.sights.unseparated.unwrap_or((0, line.number));
                    self.sights.unseparated = Some((count + 1, first));
                }
                let ended = self.end_record()?;
                self.part = Part::Entry;
                self.record.line = line.number;
                self.add(&line, meaning)?;
                return Ok(ended);
            }
            (Part::Between, Meaning::Version) => {
                if value.trim_ascii() != b"1" {
                    return Err(line.broken("is not LDIF version 1"));
                }
            }
            (Part::Between | Part::Search, Meaning::OfSearch) => {
                self.part = Part::Search;
                let result = value.trim_ascii();
                let is_result = line.text.to_ascii_lowercase().starts_with(b"result:");
                if is_result && !result.starts_with(b"0 ") && result != b"0" {
                    self.sights.incomplete.get_or_insert((line.number, shortened(&line.text)));
                }
            }
            (Part::Between | Part::Search, _) => {
                return Err(line.broken("belongs to no entry, because no `dn:` is above it"));
            }
            (Part::Entry, Meaning::Change) => {
                if !value.trim_ascii().eq_ignore_ascii_case(b"add") {
                    return Err(self.change(&shortened(&line.text)));
                }
            }
            (Part::Entry, Meaning::ChangeOfAttribute) => return Err(self.change(&shortened(&line.text))),
            (Part::Entry, _) => self.add(&line, meaning)?,
        }
        Ok(ControlFlow::Continue(()))
    }

    fn change(&self, change: &str) -> Fault {
        Fault::ChangeRecord { line: self.record.line, change: change.to_owned() }
    }

    /// Adds an attribute to the current entry.
    fn add(&mut self, line: &Line, meaning: Meaning) -> Result<(), Fault> {
        let Some((name, value)) = line.parts() else { return Ok(()) };
        let is_read = !matches!(meaning, Meaning::Other | Meaning::OfSearch | Meaning::Version);
        let (value, is_packed) = match value.first() {
            Some(b'<') => {
                if is_read {
                    let first = || (0, line.number, String::from_utf8_lossy(name).into_owned());
                    self.sights.elsewhere.get_or_insert_with(first).0 += 1;
                }
                (Vec::new(), false)
            }
            // A picture, or a text that is not read.
            Some(b':') if !is_read => {
                let is_whole = is_base64(value[1..].trim_ascii());
                return if is_whole { Ok(()) } else { Err(line.broken("is not Base64")) };
            }
            Some(b':') => {
                let packed: Vec<u8> =
                    value[1..].iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
                let unpacked = BASE64.decode(packed).map_err(|_| line.broken("is not Base64"))?;
                (unpacked, true)
            }
            _ => (value.trim_ascii().to_vec(), false),
        };
        let is_phone = matches!(meaning, Meaning::Phone { .. });
        for number in numbers_outside(&value).filter(|_| !is_phone) {
            if self.record.bytes > MAX_ENTRY_BYTES {
                break;
            }
            let attribute = String::from_utf8_lossy(name).into_owned();
            self.record.bytes += number.len() + attribute.len() + ATTRIBUTE_BYTES;
            self.record.unclear.push(UnclearNumber { line: line.number, attribute, number: number.to_vec() });
        }
        if is_read {
            self.record.bytes += value.len() + ATTRIBUTE_BYTES;
            let has_options = memchr::memchr(b';', name).is_some();
            let attribute = Attribute { line: line.number, meaning, has_options, is_packed, value };
            self.record.attributes.push(attribute);
        }
        if self.record.bytes > MAX_ENTRY_BYTES {
            return Err(Fault::EntryTooLong { line: self.record.line, max_bytes: MAX_ENTRY_BYTES });
        }
        Ok(())
    }

    /// Ends the current entry, or what `ldapsearch` says about the search.
    fn end_record(&mut self) -> Result<ControlFlow<()>, Fault> {
        let record = std::mem::take(&mut self.record);
        match std::mem::replace(&mut self.part, Part::Between) {
            Part::Entry => (self.each)(&record),
            Part::Between | Part::Search => Ok(ControlFlow::Continue(())),
        }
    }
}

/// Returns whether a line is empty. DOS marks the end of a file with a byte of its own.
fn is_empty(line: &[u8]) -> bool {
    line.iter().all(|byte| *byte == 0x1a)
}

/// Returns the meaning of an attribute with its options, or `None` if this is no name of an attribute.
fn meaning_of(name: &[u8], known: &mut HashMap<Vec<u8>, Meaning>) -> Option<Meaning> {
    if let Some(meaning) = known.get(name) {
        return Some(*meaning);
    }
    let (bare, options) = match memchr::memchr(b';', name) {
        Some(end) => (&name[..end], &name[end..]),
        None => (name, &[][..]),
    };
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_option = |byte: &u8| is_letter(byte) || matches!(byte, b';' | b'=' | b'*');
    if bare.is_empty() || !bare.iter().all(is_letter) || !options.iter().all(is_option) {
        return None;
    }
    let meaning = attribute::meaning(str::from_utf8(bare).ok()?);
    if known.len() < MAX_REMEMBERED {
        known.insert(name.to_vec(), meaning);
    }
    Some(meaning)
}

/// Returns whether a text, which may be folded at spaces, has only characters of Base64.
fn is_base64(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b' ' | b'\t'))
}

/// Returns the phone numbers in the value of an attribute that is not a phone: those with a country code, and those
/// behind the name of a phone's attribute, whose line has lost its end above or was indented.
fn numbers_outside(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    const ENDS: [&[u8]; 4] = [b"phone", b"number", b"mobile", b"pager"];
    const MAX_END: usize = 6;
    const MAX_NUMBER: usize = 64;

    memchr::memchr2_iter(b'+', b':', value).filter_map(|at| {
        let start = if value[at] == b'+' { at } else { at + 1 };
        if value[at] == b':' {
            let before = value[at.saturating_sub(MAX_END)..at].to_ascii_lowercase();
            ENDS.iter().find(|end| before.ends_with(end))?;
        }
        leading_number(value[start..value.len().min(start + MAX_NUMBER)].trim_ascii_start())
    })
}
