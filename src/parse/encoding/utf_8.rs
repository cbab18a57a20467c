//! A check whether a file is UTF-8, on all cores.

use std::{fs::File, io, ops::Range, str};

use encoding_rs::Encoding;
use positioned_io::Cursor;
use rayon::prelude::*;

use crate::parse::file::source::read_up_to;

/// Bytes of a file checked at a time on each core. They fit into the core's cache.
pub(super) const PIECE_BYTES: u64 = 512 * 1024;

/// Counts of letters and errors in UTF-8.
#[derive(Default)]
pub(super) struct Utf8Check {
    /// The beginning of a letter at the end of the previous chunk.
    cut: Vec<u8>,
    pub(super) letters: u64,
    pub(super) errors: u64,
    /// Whether the file has a byte that occurs in UTF-16 or ISO-2022 text, but not in UTF-8 text.
    pub(super) has_odd_bytes: bool,
}

impl Utf8Check {
    /// Checks a whole file, on all cores.
    pub(super) fn of_file(file: &File, len: u64, piece_bytes: u64) -> io::Result<Self> {
        if len <= piece_bytes {
            return Self::of_piece(file, 0..len, &mut Vec::new());
        }
        let pieces = (0..len.div_ceil(piece_bytes)).into_par_iter();
        let checked = pieces.map_init(Vec::new, |buffer, piece| {
            let start = piece * piece_bytes;
            Self::of_piece(file, start..len.min(start + piece_bytes), buffer)
        });
        checked.try_reduce(Self::default, |a, b| {
            Ok(Self {
                cut: Vec::new(),
                letters: a.letters + b.letters,
                errors: a.errors + b.errors,
                has_odd_bytes: a.has_odd_bytes || b.has_odd_bytes,
            })
        })
    }

    /// Checks a piece, including the letter at its end, and excluding a letter that began before it.
    fn of_piece(file: &File, piece: Range<u64>, buffer: &mut Vec<u8>) -> io::Result<Self> {
        /// Bytes of a letter after its first.
        const MAX_CONTINUED: usize = 3;

        let len = usize::try_from(piece.end - piece.start).map_err(io::Error::other)?;
        buffer.resize(len + MAX_CONTINUED, 0);
        let filled = read_up_to(&mut Cursor::new_pos(file, piece.start), buffer)?;
        let continued = |bytes: &[u8]| {
            bytes.iter().take(MAX_CONTINUED).take_while(|byte| (0x80..0xc0).contains(*byte)).count()
        };
        let begins = if piece.start == 0 { 0 } else { continued(&buffer[..filled]) };
        let ends = len.min(filled) + continued(&buffer[len.min(filled)..filled]);
        let mut check = Self::default();
        check.feed(&buffer[begins.min(ends)..ends]);
        check.errors += u64::from(!std::mem::take(&mut check.cut).is_empty());
        Ok(check)
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) {
        const ESCAPE: u8 = 0x1b;

        self.has_odd_bytes |= memchr::memchr2(0, ESCAPE, chunk).is_some();
        let joined;
        let mut rest = chunk;
        if !self.cut.is_empty() {
            joined = [std::mem::take(&mut self.cut).as_slice(), chunk].concat();
            rest = &joined;
        }
        loop {
            let valid = &rest[..Encoding::utf8_valid_up_to(rest)];
            let error = str::from_utf8(&rest[valid.len()..]).err();
            // Each letter beyond ASCII begins with one of these bytes.
            self.letters += letters(valid);
            let Some(error) = error else { break };
            rest = &rest[valid.len()..];
            let Some(len) = error.error_len() else {
                self.cut = rest.to_vec();
                break;
            };
            self.errors += 1;
            rest = &rest[len..];
        }
    }

    /// Returns whether all of it is UTF-8.
    pub(super) fn is_utf_8(&self) -> bool {
        self.errors == 0 && self.cut.is_empty()
    }
}

/// Counts the bytes that begin a letter beyond ASCII.
fn letters(text: &[u8]) -> u64 {
    // The count of a part fits into a byte, so that the processor adds many at once.
    let (parts, rest) = text.as_chunks::<128>();
    let count = |part: &[u8]| {
        let count = part.iter().fold(0_u8, |count, byte| count.wrapping_add(u8::from(*byte >= 0xc0)));
        u64::from(count)
    };
    parts.iter().map(|part| count(part)).sum::<u64>() + count(rest)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NAMES: &str = "Name,Phone\nJürgen Müller,1\nZoë Lefèvre,2\nJosé Núñez,3\nBjörn Åkesson,4\n";

    #[test]
    fn file_in_pieces_gives_the_same_result_as_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let euro = "a€".as_bytes();
        for bytes in
            [NAMES.as_bytes(), "नाम😀é".as_bytes(), b"\xe9a", &euro[..3], b"a\x80\x80\x80\x80\x80b", b""]
        {
            fs::write(&path, bytes).unwrap();
            let whole = {
                let mut check = Utf8Check::default();
                check.feed(bytes);
                (check.letters, check.errors + u64::from(!check.cut.is_empty()))
            };
            for piece_bytes in 1..9 {
                let file = File::open(&path).unwrap();
                let check = Utf8Check::of_file(&file, bytes.len() as u64, piece_bytes).unwrap();
                let found = (check.letters, check.errors);
                assert_eq!((found.0, found.1 > 0), (whole.0, whole.1 > 0), "{bytes:?} by {piece_bytes}");
            }
        }
    }
}
