//! A reader that converts text in any encoding to UTF-8.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult};

use super::{
    charset::Charset,
    code_page::{CodePage, NO_LETTER},
};
use crate::parse::file::source::read_up_to;

pub(super) const CHUNK_BYTES: usize = 128 * 1024;

/// A converter from bytes to UTF-8, a piece at a time.
pub(super) trait Convert: Send {
    /// Appends the meaning of the bytes to `text`. Keeps back bytes at the end that need more bytes, unless `is_last`.
    fn convert(&mut self, bytes: &[u8], is_last: bool, text: &mut Vec<u8>);
}

/// A decoder for one of the encodings of the web.
pub(super) struct Standard(pub(super) Decoder);

impl Convert for Standard {
    fn convert(&mut self, mut bytes: &[u8], is_last: bool, text: &mut Vec<u8>) {
        loop {
            let start = text.len();
            // The most that any encoding makes of a byte, and of the bytes kept back.
            text.resize(start + bytes.len() * 3 + 16, 0);
            let (result, taken, written) =
                self.0.decode_to_utf8_without_replacement(bytes, &mut text[start..], is_last);
            text.truncate(start + written);
            bytes = &bytes[taken..];
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => text.push(NO_LETTER),
            }
        }
    }
}

/// A decoder for a code page.
pub(super) struct Page(pub(super) &'static CodePage);

impl Convert for Page {
    fn convert(&mut self, bytes: &[u8], _is_last: bool, text: &mut Vec<u8>) {
        self.0.decode_to(bytes, text);
    }
}

/// A decoder for UTF-32.
pub(super) struct Utf32 {
    order: ByteOrder,
    pending: Vec<u8>,
}

impl Utf32 {
    pub(super) fn new(order: ByteOrder) -> Self {
        Self { order, pending: Vec::new() }
    }
}

impl Convert for Utf32 {
    fn convert(&mut self, bytes: &[u8], is_last: bool, text: &mut Vec<u8>) {
        self.pending.extend_from_slice(bytes);
        let mut units = self.pending.chunks_exact(4);
        for unit in &mut units {
            let unit = [unit[0], unit[1], unit[2], unit[3]];
            let scalar = match self.order {
                ByteOrder::Little => u32::from_le_bytes(unit),
                ByteOrder::Big => u32::from_be_bytes(unit),
            };
            match char::from_u32(scalar) {
                Some(letter) => text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
                None => text.push(NO_LETTER),
            }
        }
        let rest = units.remainder().len();
        if is_last && rest > 0 {
            text.push(NO_LETTER);
        }
        self.pending.drain(..self.pending.len() - rest);
    }
}

impl Charset {
    /// Decodes a complete text and appends it.
    pub(super) fn decode_to(self, bytes: &[u8], text: &mut Vec<u8>) {
        match self {
            Self::Standard(encoding) => {
                Standard(encoding.new_decoder_without_bom_handling()).convert(bytes, true, text);
            }
            Self::CodePage(page) => page.decode_to(bytes, text),
        }
    }
}

/// A reader of converted text.
pub(super) struct Converted<R> {
    bytes: R,
    convert: Box<dyn Convert>,
    read: Vec<u8>,
    /// Decoded text, and how much of it was returned.
    text: Vec<u8>,
    start: usize,
    is_at_end: bool,
}

impl<R: Read> Converted<R> {
    pub(super) fn new(bytes: R, convert: Box<dyn Convert>) -> Self {
        Self { bytes, convert, read: vec![0; CHUNK_BYTES], text: Vec::new(), start: 0, is_at_end: false }
    }
}

impl<R: Read> Read for Converted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.start == self.text.len() {
            if self.is_at_end {
                return Ok(0);
            }
            let filled = read_up_to(&mut self.bytes, &mut self.read)?;
            self.is_at_end = filled < self.read.len();
            self.text.clear();
            self.start = 0;
            self.convert.convert(&self.read[..filled], self.is_at_end, &mut self.text);
        }
        let count = buffer.len().min(self.text.len() - self.start);
        buffer[..count].copy_from_slice(&self.text[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }
}

/// The order of the bytes in a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    /// Low byte first.
    Little,
    /// High byte first.
    Big,
}

impl ByteOrder {
    pub(super) fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }
}
