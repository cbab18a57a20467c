//! A list that is read while it is written, such as the output of another program. Its beginning is kept, because the
//! columns are matched before the first row is used; the rest is read once.

use std::io::{self, BufReader, Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::{
    sniff::SAMPLE_BYTES,
    source::{Compression, read_up_to},
    zstd::ZstdDecoder,
};

/// The maximum size of a beginning, for lists with long rows.
const MAX_HEAD_BYTES: usize = 4 * 1024 * 1024;

/// How much of a list its columns are matched by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::parse) enum Head {
    /// As many rows as in a file, and as much text.
    Rows(usize),
    /// The header.
    Header,
}

impl Head {
    /// Returns whether a text is enough.
    fn is_enough(self, text: &[u8]) -> bool {
        let line_ends = memchr::memchr_iter(b'\n', text).count();
        match self {
            // A CR alone ends the lines of some old programs; they wait for more text.
            Self::Rows(rows) => text.len() >= SAMPLE_BYTES && line_ends > rows,
            Self::Header => {
                let quotes = memchr::memchr_iter(b'"', text).count();
                line_ends > 0 && quotes.is_multiple_of(2)
            }
        }
    }
}

/// The beginning of a list, and the rest.
pub(in crate::parse) struct Stream {
    pub(in crate::parse) head: Vec<u8>,
    pub(in crate::parse) rest: Box<dyn Read + Send>,
}

impl Stream {
    /// Reads the beginning of a list. Waits until there is enough of it.
    pub(in crate::parse) fn open(mut bytes: Box<dyn Read + Send>, wanted: Head) -> io::Result<Self> {
        const CHUNK_BYTES: usize = 64 * 1024;

        let mut start = [0; 4];
        let known = read_up_to(&mut bytes, &mut start)?;
        let bytes = Cursor::new(start[..known].to_vec()).chain(bytes);
        let mut rest: Box<dyn Read + Send> = match Compression::of(&start[..known]) {
            Compression::Gzip => Box::new(MultiGzDecoder::new(bytes)),
            Compression::Zstd => Box::new(ZstdDecoder::new(BufReader::new(bytes))),
            Compression::Plain | Compression::Zip => Box::new(bytes),
        };
        let (mut head, mut is_whole) = (Vec::new(), false);
        let mut chunk = vec![0; CHUNK_BYTES];
        while head.len() < MAX_HEAD_BYTES && !wanted.is_enough(&head) {
            match rest.read(&mut chunk) {
                Ok(0) => {
                    is_whole = true;
                    break;
                }
                Ok(read) => head.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // A record that is cut is not yet one.
        let end = memchr::memrchr(b'\n', &head).map_or(head.len(), |end| end + 1);
        if !is_whole && end < head.len() {
            rest = Box::new(Cursor::new(head.split_off(end)).chain(rest));
        }
        Ok(Self { head, rest })
    }
}

/// A reader of text that is UTF-8 so far. Other bytes are an error, because the encoding was judged by the beginning.
pub(in crate::parse) struct Utf8Only<R> {
    bytes: R,
    /// The beginning of a letter at the end of what was read.
    cut: Vec<u8>,
    lines: u64,
}

impl<R: Read> Utf8Only<R> {
    pub(in crate::parse) fn new(bytes: R) -> Self {
        Self { bytes, cut: Vec::new(), lines: 1 }
    }

    /// Returns the first line with a byte that is not UTF-8.
    fn line_of_error(&mut self, read: &[u8]) -> Option<u64> {
        let joined = [std::mem::take(&mut self.cut).as_slice(), read].concat();
        let valid = encoding_rs::Encoding::utf8_valid_up_to(&joined);
        self.lines += memchr::memchr_iter(b'\n', &joined[..valid]).count() as u64;
        match std::str::from_utf8(&joined[valid..]) {
            Ok(_) => None,
            // A letter that may continue.
            Err(error) if error.error_len().is_none() && !read.is_empty() => {
                self.cut = joined[valid..].to_vec();
                None
            }
            Err(_) => Some(self.lines),
        }
    }
}

impl<R: Read> Read for Utf8Only<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        match self.line_of_error(&buffer[..read]) {
            None => Ok(read),
            Some(line) => Err(io::Error::other(NotUtf8 { line })),
        }
    }
}

/// A line that is not UTF-8, below lines that are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not UTF-8, but the lines above it are")]
pub struct NotUtf8 {
    /// The line, counted from 1.
    pub line: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that returns one piece after the other, and fails when nobody should read on.
    struct Pieces(Vec<&'static [u8]>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(piece) = self.0.first().copied() else { return Err(io::Error::other("read too far")) };
            let taken = piece.len().min(buffer.len());
            buffer[..taken].copy_from_slice(&piece[..taken]);
            if taken == piece.len() {
                self.0.remove(0);
            } else {
                self.0[0] = &piece[taken..];
            }
            Ok(taken)
        }
    }

    #[test]
    fn no_more_than_the_header_is_waited_for() {
        let pieces = Pieces(vec![b"Name,\"Pho", b"ne\n1\"\n", b"more"]);
        let stream = Stream::open(Box::new(pieces), Head::Header).unwrap();
        assert_eq!(stream.head, b"Name,\"Phone\n1\"\n");
    }

    #[test]
    fn whole_short_list_is_the_beginning() {
        let stream = Stream::open(Box::new(&b"Name,Phone\nA,1\n"[..]), Head::Rows(160)).unwrap();
        assert_eq!(stream.head, b"Name,Phone\nA,1\n");
    }

    #[test]
    fn line_that_is_not_utf_8_is_an_error_wherever_it_is_cut() {
        let read = |pieces: Vec<&'static [u8]>| {
            let mut text = Vec::new();
            Utf8Only::new(Pieces(pieces)).read_to_end(&mut text).map_err(|error| error.to_string())
        };
        let error = Err("line 2 is not UTF-8, but the lines above it are".to_owned());
        assert_eq!(read(vec![b"a\nZo\xc3", b"\xab\n", b""]), Ok(7));
        assert_eq!(read(vec![b"a\nZo\xeb\n", b""]), error);
        assert_eq!(read(vec![b"a\nZo\xc3", b"\n", b""]), error);
        assert_eq!(read(vec![b"a\nZo\xc3", b""]), error);
    }
}
