//! Cuts a text into cards. Every line ends up in a card, in a note, or in an error.
//!
//! `BEGIN:VCARD` and `END:VCARD` may be anywhere in a line, and lines may have any line ending. A line with a number
//! outside all cards refuses the file, because the number may belong to a person.

use std::{io::Read, ops::ControlFlow};

use crate::parse::{
    error::Fault,
    lines::Lines,
    numbers::{number_in, shortened},
};

/// The maximum size of a card, without its pictures.
const MAX_CARD_BYTES: usize = 1024 * 1024;

/// Properties that are kept regardless of the card's size.
const USED: [&str; 9] = ["N", "FN", "TEL", "ORG", "EMAIL", "KIND", "AGENT", "VERSION", "X-ABLABEL"];

const BEGIN: &[u8] = b"BEGIN:VCARD";
const END: &[u8] = b"END:VCARD";

/// A line, with its number in the file.
pub(super) type Line = (u64, Vec<u8>);

/// The lines of one card, without its first and last line.
#[derive(Debug, Default)]
pub(super) struct Card {
    /// The number of the card's first line.
    pub(super) line: u64,
    pub(super) lines: Vec<Line>,
    bytes: usize,
}

/// Lines that belong to no card or to a card inside another, to be reported to the user.
#[derive(Debug, Default)]
pub(super) struct Strays {
    /// Lines outside all cards: their number, and the first of them.
    outside: Option<(u64, u64, String)>,
    /// Cards without a `BEGIN` line: their number, and the line where the first begins.
    unbegun: Option<(u64, u64)>,
    /// Cards inside other cards: their number, and the line where the first begins.
    inner: Option<(u64, u64)>,
}

impl Strays {
    /// Returns notes for the user.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some((count, line, text)) = &self.outside {
            let lines = if *count == 1 { "1 line" } else { &format!("{count} lines") };
            notes.push(format!(
                "rollcall does not read text outside the cards: {lines}, the first is line {line}: `{text}`"
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
                "rollcall does not read cards inside other cards, such as an assistant's: {}, from line {line}",
                counted(count)
            ));
        }
        notes
    }
}

fn counted(cards: u64) -> String {
    if cards == 1 { "1 card".to_owned() } else { format!("{cards} cards") }
}

/// Passes all cards of a text to `each` until it breaks.
pub(super) fn cards(
    text: impl Read,
    strays: &mut Strays,
    each: &mut dyn FnMut(&Card) -> Result<ControlFlow<()>, Fault>,
) -> Result<(), Fault> {
    let mut lines = Lines::new(text, |line, max_bytes| Fault::CardTooLong { line, max_bytes });
    let mut splitter = Splitter { state: State::Outside, pending: Card::default(), strays, each };
    let mut line = Vec::new();
    while lines.next(&mut line)? {
        if splitter.take(lines.number(), &line)?.is_break() {
            return Ok(());
        }
    }
    splitter.finish()
}

enum State {
    Outside,
    /// Inside a card whose lines all begin with the same quoting or indentation.
    Inside {
        prefix: Vec<u8>,
    },
    /// Inside a card within that card.
    Nested {
        prefix: Vec<u8>,
        depth: usize,
    },
}

struct Splitter<'a> {
    state: State,
    /// The current card, or the lines since the last one.
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
                // Lines with a card's properties and an `END` are a card, even if its `BEGIN` is damaged.
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

    /// Stores a line, shortened if it contains a picture or the card is too large.
    fn keep(&mut self, number: u64, line: &[u8]) -> Result<(), Fault> {
        let is_outside = matches!(self.state, State::Outside);
        if is_outside && is_blank(line) {
            return Ok(());
        }
        let is_picture = !is_outside && is_binary(line);
        let mut kept = if is_picture { head(line) } else { line };
        if self.pending.bytes + kept.len() > MAX_CARD_BYTES {
            if is_outside {
                // Text this long cannot be a card without its `BEGIN`.
                self.judge_pending()?;
            } else {
                self.drop_unused();
                // Each search for unused lines reads the whole card. To keep this fast, a card is searched only while
                // at least half of it can be dropped.
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

    /// Returns whether a line, or the property it continues, may contain contact data.
    fn is_used(&self, line: &[u8]) -> bool {
        if !is_continued(line) {
            return is_used(line);
        }
        let begun = self.pending.lines.iter().rev().find(|(_, line)| !is_continued(line));
        begun.is_none_or(|(_, line)| is_used(line))
    }

    /// Removes unused properties such as pictures and notes from the card.
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

    /// Returns an error if a line outside the cards may be about a person.
    fn judge_pending(&mut self) -> Result<(), Fault> {
        for (number, line) in std::mem::take(&mut self.pending).lines {
            let text = line.trim_ascii();
            if may_be_person(text) {
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

/// The position of a line's unread rest.
enum Left {
    Nothing,
    Rest(usize),
    /// The card is complete.
    Ended(usize),
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x1a)
}

/// The mark at the beginning or end of a card.
#[derive(Clone, Copy)]
enum Mark {
    Begin,
    End,
}

/// Returns the first mark of a text for which `is_meant` is true, with its range.
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

/// Returns the range of `word` with its colon at `at`. Letter case and spaces around the colon do not matter.
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

/// Returns whether a word is part of a value that uses `\n` for line breaks.
fn is_escaped(text: &[u8], word: &std::ops::Range<usize>) -> bool {
    let is_break = |bytes: &[u8]| bytes.len() == 2 && bytes[0] == b'\\' && matches!(bytes[1], b'n' | b'N');
    let behind = &text[word.end..];
    is_break(&behind[..behind.len().min(2)]) || is_break(&text[word.start.saturating_sub(2)..word.start])
}

/// Returns the part of a line before its value: name, parameters and colon, unchanged.
fn head(line: &[u8]) -> &[u8] {
    let end = memchr::memchr(b':', line).map_or(line.len(), |colon| colon + 1);
    &line[..end]
}

/// Returns whether a line begins with one of these properties.
fn begins_property(line: &[u8], names: &[&str]) -> bool {
    let Some(end) = line.iter().position(|byte| matches!(byte, b':' | b';')) else { return false };
    let name = line[..end].trim_ascii().rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// Returns whether a line may continue the previous line.
fn is_continued(line: &[u8]) -> bool {
    matches!(line.first(), None | Some(b' ' | b'\t' | b'=')) || is_data(line)
}

/// Returns whether a line may contain contact data.
fn is_used(line: &[u8]) -> bool {
    begins_property(line, &USED) || memchr::memchr(b':', line).is_none()
}

/// Returns whether a line begins a property without text: a picture, a sound, or a key.
pub(super) fn is_binary(line: &[u8]) -> bool {
    begins_property(line, &["PHOTO", "LOGO", "SOUND", "KEY"])
}

/// Returns whether a line may be part of a picture whose continuation lines lack the leading space.
pub(super) fn is_data(line: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    line.iter().all(is_letter) && line.iter().any(u8::is_ascii_alphabetic) && line.len() >= 20
}

/// Returns whether a line is a `BEGIN` or `END` line.
fn is_wrapper(line: &[u8]) -> bool {
    begins_property(line, &["BEGIN", "END"])
}

/// Returns whether a line outside all cards may be about a person: a phone property, or text that looks like a number.
fn may_be_person(line: &[u8]) -> bool {
    if begins_property(line, &["TEL"]) {
        return true;
    }
    // Dates and identifiers in mail headers are not phone numbers. `BEGIN` and `END` lines contain none.
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
