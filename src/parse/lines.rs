//! The lines of a text of records, such as vCards.

use std::io::{BufRead, BufReader, Read};

use super::error::Fault;

/// The maximum length of a line. Lines of pictures may be longer than a record.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// Lines that end in LF, CRLF, or CR alone.
pub(super) struct Lines<R> {
    text: BufReader<R>,
    number: u64,
    after_return: bool,
    /// Makes the fault for a line of this number that is longer than these bytes.
    too_long: fn(u64, usize) -> Fault,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(text: R, too_long: fn(u64, usize) -> Fault) -> Self {
        Self { text: BufReader::new(text), number: 0, after_return: false, too_long }
    }

    /// Returns the number of the last line read.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Reads the next line without its line ending. Returns false at the end of the text.
    pub(super) fn next(&mut self, line: &mut Vec<u8>) -> Result<bool, Fault> {
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
                return Err((self.too_long)(self.number, MAX_LINE_BYTES));
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

/// Removes meaningless bytes from a line: byte order marks of joined files, and zero bytes.
fn clean(line: &mut Vec<u8>, number: u64) -> Result<(), Fault> {
    const MARK: &[u8] = b"\xef\xbb\xbf";

    let zeros = memchr::memchr_iter(0, line).count();
    // The zeros are part of appended UTF-16 text. Without them, some letters would change.
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
