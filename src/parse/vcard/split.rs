//! A text is cut into cards. Every line ends up in a card, in a note, or in a refusal.
//!
//! `BEGIN:VCARD` and `END:VCARD` are found wherever they stand in a line, and lines may end in any way. A line
//! with a number outside of all cards refuses the file, because it may be a person.

use std::{
    io::{BufRead, BufReader, Read},
    ops::ControlFlow,
};

use crate::parse::error::Fault;

/// The longest card, without its pictures.
const MAX_CARD_BYTES: usize = 1024 * 1024;

/// The longest line; those of pictures may be longer than a card.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// Properties that are kept however long a card is.
const USED: [&str; 9] = ["N", "FN", "TEL", "ORG", "EMAIL", "KIND", "AGENT", "VERSION", "X-ABLABEL"];

const BEGIN: &[u8] = b"BEGIN:VCARD";
const END: &[u8] = b"END:VCARD";

/// Fewer digits are hardly a phone number.
const MIN_DIGITS: usize = 7;

/// A line, with its number in the file.
pub(super) type Line = (u64, Vec<u8>);

/// The lines of one card, without its first and last.
#[derive(Debug, Default)]
pub(super) struct Card {
    /// The line on which it begins.
    pub(super) line: u64,
    pub(super) lines: Vec<Line>,
    bytes: usize,
}

/// Things a person should know of lines that belong to no card, or to one inside another.
#[derive(Debug, Default)]
pub(super) struct Strays {
    /// Lines outside of all cards: how many, and the first.
    outside: Option<(u64, u64, String)>,
    /// Cards without a line that begins them: how many, and where the first begins.
    unbegun: Option<(u64, u64)>,
    /// Cards inside of others: how many, and where the first begins.
    inner: Option<(u64, u64)>,
}

impl Strays {
    /// What to say of them.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some((count, line, text)) = &self.outside {
            let lines = if *count == 1 { "1 line" } else { &format!("{count} lines") };
            notes.push(format!(
                "not read, because outside of all cards: {lines}, the first is line {line}: `{text}`"
            ));
        }
        if let Some((count, line)) = self.unbegun {
            notes.push(format!(
                "rollcall also reads cards without a line BEGIN:VCARD: {}, from line {line}",
                counted(count)
            ));
        }
        if let Some((count, line)) = self.inner {
            notes.push(format!(
                "not read, because they stand inside other cards, as an assistant's card does: {}, from line {line}",
                counted(count)
            ));
        }
        notes
    }
}

fn counted(cards: u64) -> String {
    if cards == 1 { "1 card".to_owned() } else { format!("{cards} cards") }
}

/// Goes through all cards of a text until `each` breaks.
pub(super) fn cards(
    text: impl Read,
    strays: &mut Strays,
    each: &mut dyn FnMut(&Card) -> Result<ControlFlow<()>, Fault>,
) -> Result<(), Fault> {
    let mut lines = Lines { text: BufReader::new(text), number: 0, after_return: false };
    let mut splitter = Splitter { state: State::Outside, pending: Card::default(), strays, each };
    let mut line = Vec::new();
    while lines.next(&mut line)? {
        if splitter.take(lines.number, &line)?.is_break() {
            return Ok(());
        }
    }
    splitter.finish()
}

/// Lines that end in LF, CRLF, or CR alone.
struct Lines<R> {
    text: BufReader<R>,
    number: u64,
    after_return: bool,
}

impl<R: Read> Lines<R> {
    /// The next line, without its end; false where there is none.
    fn next(&mut self, line: &mut Vec<u8>) -> Result<bool, Fault> {
        line.clear();
        self.number += 1;
        let mut is_any = false;
        loop {
            let buffer = self.text.fill_buf().map_err(Fault::from_io)?;
            if buffer.is_empty() {
                break;
            }
            if std::mem::take(&mut self.after_return) && buffer[0] == b'\n' {
                self.text.consume(1);
                continue;
            }
            is_any = true;
            let end = memchr::memchr2(b'\n', b'\r', buffer);
            line.extend_from_slice(&buffer[..end.unwrap_or(buffer.len())]);
            if line.len() > MAX_LINE_BYTES {
                return Err(Fault::CardTooLong { line: self.number, max_bytes: MAX_LINE_BYTES });
            }
            self.after_return = end.is_some_and(|end| buffer[end] == b'\r');
            let taken = end.map_or(buffer.len(), |end| end + 1);
            self.text.consume(taken);
            if end.is_some() {
                break;
            }
        }
        clean(line, self.number)?;
        Ok(is_any)
    }
}

/// Takes marks out of a line that mean nothing: byte order marks of files that were joined, and zero bytes.
fn clean(line: &mut Vec<u8>, number: u64) -> Result<(), Fault> {
    const MARK: &[u8] = b"\xef\xbb\xbf";

    let zeros = memchr::memchr_iter(0, line).count();
    // A file in UTF-16 was appended: without its zeros, letters would become others.
    if zeros > 2 && zeros * 3 > line.len() {
        return Err(Fault::OtherEncoding { line: number });
    }
    if zeros > 0 {
        line.retain(|byte| *byte != 0);
    }
    if memchr::memmem::find(line, MARK).is_some() {
        let mut plain = Vec::with_capacity(line.len());
        let mut start = 0;
        for at in memchr::memmem::find_iter(line, MARK) {
            plain.extend_from_slice(&line[start..at]);
            start = at + MARK.len();
        }
        plain.extend_from_slice(&line[start..]);
        *line = plain;
    }
    Ok(())
}

enum State {
    Outside,
    /// In a card whose lines all begin with the same mark of quoting or indentation.
    Inside {
        prefix: Vec<u8>,
    },
    /// In a card inside of that card.
    Nested {
        prefix: Vec<u8>,
        depth: usize,
    },
}

struct Splitter<'a> {
    state: State,
    /// The card, or the lines since the last one.
    pending: Card,
    strays: &'a mut Strays,
    each: &'a mut dyn FnMut(&Card) -> Result<ControlFlow<()>, Fault>,
}

impl Splitter<'_> {
    fn take(&mut self, number: u64, line: &[u8]) -> Result<ControlFlow<()>, Fault> {
        let mut rest = line;
        loop {
            let left = match &mut self.state {
                State::Outside => self.outside(number, rest)?,
                State::Inside { .. } => self.inside(number, rest)?,
                State::Nested { .. } => self.nested(rest),
            };
            match left {
                Left::Nothing => return Ok(ControlFlow::Continue(())),
                Left::Rest(from) => rest = &rest[from..],
                Left::Ended(from) => {
                    let card = std::mem::take(&mut self.pending);
                    if (self.each)(&card)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                    rest = &rest[from..];
                }
            }
        }
    }

    fn outside(&mut self, number: u64, text: &[u8]) -> Result<Left, Fault> {
        if is_blank(text) {
            return Ok(Left::Nothing);
        }
        match first_mark(text, &|_| true) {
            Some((Mark::Begin, begin)) => {
                let before = &text[..begin.start];
                let is_prefix =
                    before.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'>' | b'|' | b'*' | b'#'));
                if !is_prefix {
                    self.keep(number, before)?;
                }
                self.judge_pending()?;
                let prefix = if is_prefix { before.to_vec() } else { Vec::new() };
                self.state = State::Inside { prefix };
                self.pending = Card { line: number, ..Card::default() };
                Ok(Left::Rest(begin.end))
            }
            Some((Mark::End, end)) => {
                self.keep(number, &text[..end.start])?;
                // Lines that end like a card are one, even where what begins it is damaged.
                let is_card =
                    self.pending.lines.iter().any(|(_, line)| begins_property(line, &["N", "FN", "TEL"]));
                if is_card {
                    self.pending.line = self.pending.lines.first().map_or(number, |(line, _)| *line);
                    let (count, first) = self.strays.unbegun.unwrap_or((0, self.pending.line));
                    self.strays.unbegun = Some((count + 1, first));
                    return Ok(Left::Ended(end.end));
                }
                self.judge_pending()?;
                Ok(Left::Rest(end.end))
            }
            None => {
                self.keep(number, text)?;
                Ok(Left::Nothing)
            }
        }
    }

    fn inside(&mut self, number: u64, text: &[u8]) -> Result<Left, Fault> {
        let State::Inside { prefix } = &self.state else { return Ok(Left::Nothing) };
        let skipped = if text.starts_with(prefix) { prefix.len() } else { 0 };
        let text = &text[skipped..];
        let mark = first_mark(text, &|mark| !is_escaped(text, mark));
        if let Some((Mark::Begin, begin)) = mark {
            let before = &text[..begin.start];
            let is_agent = |line: &[u8]| begins_property(line, &["AGENT"]);
            let is_inner = if is_blank(before) {
                self.pending
                    .lines
                    .last()
                    .is_some_and(|(_, line)| is_agent(line) && line.trim_ascii_end().ends_with(b":"))
            } else {
                is_agent(before)
            };
            if !is_inner {
                return Err(Fault::OpenCard { line: self.pending.line });
            }
            let (count, first) = self.strays.inner.unwrap_or((0, number));
            self.strays.inner = Some((count + 1, first));
            self.state = State::Nested { prefix: prefix.clone(), depth: 1 };
            return Ok(Left::Rest(skipped + begin.end));
        }
        let end = mark.map(|(_, end)| end);
        let line = end.as_ref().map_or(text, |end| &text[..end.start]);
        if end.is_none() || !is_blank(line) {
            self.keep(number, line)?;
        }
        match end {
            Some(end) => {
                self.state = State::Outside;
                Ok(Left::Ended(skipped + end.end))
            }
            None => Ok(Left::Nothing),
        }
    }

    fn nested(&mut self, text: &[u8]) -> Left {
        let State::Nested { prefix, depth } = &mut self.state else { return Left::Nothing };
        match first_mark(text, &|_| true) {
            Some((Mark::Begin, begin)) => {
                *depth += 1;
                Left::Rest(begin.end)
            }
            Some((Mark::End, end)) => {
                *depth -= 1;
                if *depth == 0 {
                    self.state = State::Inside { prefix: std::mem::take(prefix) };
                }
                if is_blank(&text[end.end..]) { Left::Nothing } else { Left::Rest(end.end) }
            }
            None => Left::Nothing,
        }
    }

    /// Keeps a line that is not known to mean nothing.
    fn keep(&mut self, number: u64, line: &[u8]) -> Result<(), Fault> {
        let is_outside = matches!(self.state, State::Outside);
        if is_outside && is_blank(line) {
            return Ok(());
        }
        let is_picture = !is_outside && is_binary(line);
        let mut kept = if is_picture { head(line) } else { line };
        if self.pending.bytes + kept.len() > MAX_CARD_BYTES {
            if is_outside {
                // Nothing that long is a card without its beginning.
                self.judge_pending()?;
            } else {
                self.drop_unused();
                // Each search for unused lines reads the whole card, so a card is searched only while half of it can go.
                if self.pending.bytes > MAX_CARD_BYTES / 2 {
                    return Err(Fault::CardTooLong { line: self.pending.line, max_bytes: MAX_CARD_BYTES });
                }
                if self.pending.bytes + kept.len() > MAX_CARD_BYTES {
                    if self.is_used(kept) {
                        return Err(Fault::CardTooLong {
                            line: self.pending.line,
                            max_bytes: MAX_CARD_BYTES,
                        });
                    }
                    kept = if is_continued(kept) { &[] } else { head(kept) };
                }
            }
        }
        self.pending.bytes += kept.len();
        self.pending.lines.push((number, kept.to_vec()));
        Ok(())
    }

    /// Whether a line, or the property that it continues, may say something of a contact.
    fn is_used(&self, line: &[u8]) -> bool {
        if !is_continued(line) {
            return is_used(line);
        }
        let begun = self.pending.lines.iter().rev().find(|(_, line)| !is_continued(line));
        begun.is_none_or(|(_, line)| is_used(line))
    }

    /// Takes what nothing uses, such as pictures and notes, out of the card.
    fn drop_unused(&mut self) {
        let mut is_kept = true;
        self.pending.lines.retain_mut(|(_, line)| {
            let is_continued = is_continued(line);
            if !is_continued {
                is_kept = is_used(line);
                if !is_kept {
                    line.truncate(head(line).len());
                }
            }
            is_kept || !is_continued
        });
        self.pending.bytes = self.pending.lines.iter().map(|(_, line)| line.len()).sum();
    }

    /// Makes sure that nobody is among the lines outside of cards.
    fn judge_pending(&mut self) -> Result<(), Fault> {
        for (number, line) in std::mem::take(&mut self.pending).lines {
            let text = line.trim_ascii();
            if holds_somebody(text) {
                return Err(Fault::OutsideCard { line: number, text: shortened(text) });
            }
            if !is_wrapper(text) {
                let (count, first, said) =
                    self.strays.outside.take().unwrap_or_else(|| (0, number, shortened(text)));
                self.strays.outside = Some((count + 1, first, said));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Fault> {
        match self.state {
            State::Outside => self.judge_pending(),
            _ => Err(Fault::OpenCard { line: self.pending.line }),
        }
    }
}

/// Where the rest of a line begins.
enum Left {
    Nothing,
    Rest(usize),
    /// The card is complete.
    Ended(usize),
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x1a)
}

/// What begins or ends a card.
#[derive(Clone, Copy)]
enum Mark {
    Begin,
    End,
}

/// The first mark of a text for which `is_meant` is true, and its place.
fn first_mark(
    text: &[u8],
    is_meant: &dyn Fn(&std::ops::Range<usize>) -> bool,
) -> Option<(Mark, std::ops::Range<usize>)> {
    memchr::memchr_iter(b':', text).find_map(|at| {
        let is_of = |(mark, word)| Some((mark, place_around(text, at, word)?));
        let mut marks = [(Mark::Begin, BEGIN), (Mark::End, END)].into_iter().filter_map(is_of);
        marks.find(|(_, place)| is_meant(place))
    })
}

/// The place of a word of which the colon stands at `at`, whatever its capitals and the spaces around its colon.
fn place_around(text: &[u8], at: usize, word: &[u8]) -> Option<std::ops::Range<usize>> {
    let colon = memchr::memchr(b':', word)?;
    let before = text[..at].trim_ascii_end();
    let start = before.len().checked_sub(colon)?;
    if !before[start..].eq_ignore_ascii_case(&word[..colon]) {
        return None;
    }
    let after = &text[at + 1..];
    let skipped = after.len() - after.trim_ascii_start().len();
    let end = at + 1 + skipped + word.len() - colon - 1;
    let is_word = text.get(at + 1 + skipped..end)?.eq_ignore_ascii_case(&word[colon + 1..]);
    is_word.then_some(start..end)
}

/// Whether a word is part of a value, in which `\n` stands for the ends of lines.
fn is_escaped(text: &[u8], word: &std::ops::Range<usize>) -> bool {
    let is_break = |bytes: &[u8]| bytes.len() == 2 && bytes[0] == b'\\' && matches!(bytes[1], b'n' | b'N');
    let behind = &text[word.end..];
    is_break(&behind[..behind.len().min(2)]) || is_break(&text[word.start.saturating_sub(2)..word.start])
}

/// The name of a property, in small and capital letters as it stands, with what stands before its value.
fn head(line: &[u8]) -> &[u8] {
    let end = memchr::memchr(b':', line).map_or(line.len(), |colon| colon + 1);
    &line[..end]
}

/// Whether a line begins with one of these properties.
fn begins_property(line: &[u8], names: &[&str]) -> bool {
    let Some(end) = line.iter().position(|byte| matches!(byte, b':' | b';')) else { return false };
    let name = line[..end].trim_ascii().rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// Whether a line may belong to the one before it.
fn is_continued(line: &[u8]) -> bool {
    matches!(line.first(), None | Some(b' ' | b'\t' | b'=')) || is_data(line)
}

/// Whether a line may say something of a contact.
fn is_used(line: &[u8]) -> bool {
    begins_property(line, &USED) || memchr::memchr(b':', line).is_none()
}

/// Whether a line begins a property that holds no text: pictures, sounds and keys.
pub(super) fn is_binary(line: &[u8]) -> bool {
    begins_property(line, &["PHOTO", "LOGO", "SOUND", "KEY"])
}

/// Whether a line may belong to a picture that stands in several, without the space that says so.
pub(super) fn is_data(line: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    line.iter().all(is_letter) && line.iter().any(u8::is_ascii_alphabetic) && line.len() >= 20
}

/// Whether a line begins or ends what is no property.
fn is_wrapper(line: &[u8]) -> bool {
    begins_property(line, &["BEGIN", "END"])
}

/// Whether a line outside of all cards may be about a person: a phone, or what looks like a number.
fn holds_somebody(line: &[u8]) -> bool {
    if begins_property(line, &["TEL"]) {
        return true;
    }
    // The header lines of a mail hold dates and identifiers; what encloses cards holds nothing.
    let name = head(line).strip_suffix(b":").filter(|_| !is_wrapper(line));
    let is_header = name.is_some_and(|name| {
        name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && !name.is_empty()
    });
    let is_phone = name.is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        ["phone", "tel", "mobil", "cell", "number"]
            .iter()
            .any(|word| memchr::memmem::find(&name, word.as_bytes()).is_some())
    });
    (!is_header || is_phone) && number_in(line).is_some()
}

/// The first part of a line that looks like a phone number.
pub(super) fn number_in(line: &[u8]) -> Option<&[u8]> {
    let mut start = 0;
    while start < line.len() {
        let len = number_len(&line[start..]);
        let run = line[start..start + len].trim_ascii();
        let is_word = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'_' | b'<'))
        };
        let begins = line[start..].first().is_some_and(|first| !first.is_ascii_digit())
            || !is_word(start.checked_sub(1).and_then(|before| line.get(before)));
        // A plus says by itself that a number begins.
        let is_alone =
            run.first() == Some(&b'+') || begins && (run.len() < len || !is_word(line.get(start + len)));
        let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
        if digits >= MIN_DIGITS && is_alone && !is_date(run) {
            return Some(run);
        }
        start += len + 1;
    }
    None
}

/// What stands at the start of a text where it has the digits of a phone number, whatever follows.
pub(super) fn leading_number(text: &[u8]) -> Option<&[u8]> {
    let number = &text[..number_len(text)];
    (number.iter().filter(|byte| byte.is_ascii_digit()).count() >= MIN_DIGITS).then(|| number.trim_ascii())
}

/// So many bytes at the start of a text may belong to a number.
fn number_len(text: &[u8]) -> usize {
    let is_part = |byte: &&u8| {
        byte.is_ascii_digit() || matches!(byte, b'+' | b'(' | b')' | b' ' | b'-' | b'.' | b'/' | b'\t')
    };
    text.iter().take_while(is_part).count()
}

/// Whether digits begin with the year of a date.
fn is_date(run: &[u8]) -> bool {
    run.len() >= 8
        && matches!(&run[..2], b"19" | b"20")
        && matches!(run[4], b'-' | b'/' | b'.')
        && run[4] == *run.get(7).unwrap_or(&0)
}

/// A line as it is shown in a message.
pub(super) fn shortened(line: &[u8]) -> String {
    const SHOWN: usize = 60;
    let text = String::from_utf8_lossy(line.trim_ascii());
    let shown: String = text.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect();
    if shown.len() < text.len() { format!("{shown}…") } else { shown }
}
