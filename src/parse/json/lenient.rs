//! Replaces what is almost JSON: Python and JavaScript words for values that JSON does not have, and stray marks.

use std::io::{self, Read};

/// Meaningless marks between records: byte order marks, zero bytes, separators, and the prefix that servers put before
/// a response so that browsers do not run it as a script.
const MARKS: [&[u8]; 4] = [b"\xef\xbb\xbf", b"\0", b"\x1e", b")]}'"];

/// The words and their JSON equivalents.
const WORDS: [(&[u8], &[u8]); 7] = [
    (b"NaN", b"null"),
    (b"-Infinity", b"null"),
    (b"Infinity", b"null"),
    (b"undefined", b"null"),
    (b"None", b"null"),
    (b"True", b"true"),
    (b"False", b"false"),
];

/// The length of the longest word.
const MAX_WORD: usize = 9;

/// Finds text outside strings that is not JSON. Returns the first word, if any, and whether a mark was found
/// before it.
pub(super) fn found_in(text: &[u8]) -> (Option<&'static str>, bool) {
    let mut scan = Scan::default();
    let (mut at, mut has_mark) = (0, false);
    while at < text.len() {
        match scan.word_at(&text[at..]) {
            Some((mark, b" ")) => {
                has_mark = true;
                at += mark.len();
            }
            Some((word, _)) => return (str::from_utf8(word).ok(), has_mark),
            None => {
                scan.pass(text[at]);
                at += 1;
            }
        }
    }
    (None, has_mark)
}

/// The state of a scan: inside or outside a string, and the previous byte.
#[derive(Default)]
struct Scan {
    is_in_string: bool,
    is_escaped: bool,
    before: u8,
}

impl Scan {
    fn word_at(&self, text: &[u8]) -> Option<(&'static [u8], &'static [u8])> {
        if self.is_in_string {
            return None;
        }
        if let Some(mark) = MARKS.into_iter().find(|mark| text.starts_with(mark)) {
            return Some((mark, b" "));
        }
        if self.before.is_ascii_alphanumeric() {
            return None;
        }
        WORDS.into_iter().find(|(word, _)| {
            text.starts_with(word) && !text.get(word.len()).is_some_and(u8::is_ascii_alphanumeric)
        })
    }

    fn pass(&mut self, byte: u8) {
        if self.is_in_string {
            self.is_in_string = self.is_escaped || byte != b'"';
            self.is_escaped = byte == b'\\' && !self.is_escaped;
        } else {
            self.is_in_string = byte == b'"';
        }
        self.before = byte;
    }
}

/// A reader that replaces these words and marks.
pub(super) struct Replaced<R> {
    text: R,
    scan: Scan,
    /// Bytes that were read but not scanned.
    read: Vec<u8>,
    /// Bytes ready for output, from `start`.
    ready: Vec<u8>,
    start: usize,
    is_at_end: bool,
}

impl<R: Read> Replaced<R> {
    pub(super) fn new(text: R) -> Self {
        Self { text, scan: Scan::default(), read: Vec::new(), ready: Vec::new(), start: 0, is_at_end: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut chunk = [0; 16 * 1024];
        let read = self.text.read(&mut chunk)?;
        self.is_at_end = read == 0;
        self.read.extend_from_slice(&chunk[..read]);
        self.ready.clear();
        self.start = 0;
        // A word may continue in the next chunk.
        let end = if self.is_at_end { self.read.len() } else { self.read.len().saturating_sub(MAX_WORD) };
        let mut at = 0;
        while at < end {
            if let Some((word, other)) = self.scan.word_at(&self.read[at..]) {
                self.ready.extend_from_slice(other);
                self.scan.before = other.last().copied().unwrap_or(b' ');
                at += word.len();
            } else {
                self.scan.pass(self.read[at]);
                self.ready.push(self.read[at]);
                at += 1;
            }
        }
        self.read.drain(..at);
        Ok(())
    }
}

impl<R: Read> Read for Replaced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.start == self.ready.len() {
            if self.is_at_end && self.read.is_empty() {
                return Ok(0);
            }
            self.refill()?;
        }
        let count = buffer.len().min(self.ready.len() - self.start);
        buffer[..count].copy_from_slice(&self.ready[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }
}
