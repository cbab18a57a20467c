//! A part's bytes with a view ahead: a whole element can be looked at before it is read.

use std::io::{self, BufRead, Read};

use memchr::memmem;

use super::package::Part;

/// Longer elements are not looked at as a whole.
const MAX_ELEMENT_BYTES: usize = 1024 * 1024;

/// A reader of a part that keeps what it has looked at.
pub(in crate::parse) struct Window<'a> {
    part: Part<'a>,
    buffer: Vec<u8>,
    at: usize,
}

impl<'a> Window<'a> {
    pub(in crate::parse) fn new(part: Part<'a>) -> Self {
        Self { part, buffer: Vec::new(), at: 0 }
    }

    /// Returns the element that comes next, without the white space before it, if it begins with `open` and ends with
    /// `close`. [`BufRead::consume`] then takes as many bytes as the second value says.
    pub(in crate::parse) fn element(
        &mut self,
        open: &[u8],
        close: &[u8],
    ) -> io::Result<Option<(&[u8], usize)>> {
        let mut searched = 0;
        loop {
            let ahead = &self.buffer[self.at..];
            let blanks = ahead.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let element = &ahead[blanks..];
            let known = element.len().min(open.len());
            if element[..known] != open[..known] || element.len() > MAX_ELEMENT_BYTES {
                return Ok(None);
            }
            let from = searched.max(known);
            if known == open.len()
                && let Some(end) = memmem::find(&element[from..], close)
            {
                let end = from + end + close.len();
                let (start, taken) = (self.at + blanks, blanks + end);
                return Ok(Some((&self.buffer[start..start + end], taken)));
            }
            // The end may begin in what is there.
            searched = element.len().saturating_sub(close.len());
            if !self.fill_more()? {
                return Ok(None);
            }
        }
    }

    /// Reads more behind what is there. Returns `false` at the end of the part.
    fn fill_more(&mut self) -> io::Result<bool> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let more = self.part.fill_buf()?;
        let read = more.len();
        self.buffer.extend_from_slice(more);
        self.part.consume(read);
        Ok(read > 0)
    }
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.fill_buf()?;
        let len = ahead.len().min(buffer.len());
        buffer[..len].copy_from_slice(&ahead[..len]);
        self.consume(len);
        Ok(len)
    }
}

impl BufRead for Window<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.buffer.len() {
            self.fill_more()?;
        }
        Ok(&self.buffer[self.at..])
    }

    fn consume(&mut self, len: usize) {
        self.at = (self.at + len).min(self.buffer.len());
    }
}
