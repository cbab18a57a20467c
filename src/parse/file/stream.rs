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
pub(in crate::parse) const MAX_HEAD_BYTES: usize = 4 * 1024 * 1024;

/// How much of a list its columns are matched by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::parse) enum Head {
    /// As many rows as in a file, and as much text.
    Rows(usize),
    /// The header.
    Header,
}

impl Head {
    /// Returns the end of the shortest beginning of a text that is enough, wherever the text was cut.
    fn end_in(self, text: &[u8]) -> Option<usize> {
        match self {
            // A CR alone ends the lines of some old programs; they wait for more text.
            Self::Rows(rows) => {
                let mut ends = line_ends(text).enumerate();
                ends.find(|(line, end)| *line >= rows && *end >= SAMPLE_BYTES).map(|(_, end)| end)
            }
            Self::Header => {
                let mut start = 0;
                line_ends(text).find(|end| {
                    let line = text[start..*end].trim_ascii();
                    start = *end;
                    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
                    // Excel reads a delimiter from such a line.
                    !line.is_empty() && !line.to_ascii_lowercase().starts_with(b"sep=")
                })
            }
        }
    }
}

/// Returns the ends of records: of lines, except inside quotation marks.
fn line_ends(text: &[u8]) -> impl Iterator<Item = usize> {
    // In JSON, no text has a line end, and some have quotation marks.
    let has_quotes = !text.trim_ascii_start().starts_with(b"{");
    let mut is_quoted = false;
    memchr::memchr2_iter(b'\n', b'"', text).filter_map(move |place| {
        is_quoted ^= text[place] == b'"' && has_quotes;
        (text[place] == b'\n' && !is_quoted).then_some(place + 1)
    })
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
        let end = loop {
            if let Some(end) = wanted.end_in(&head) {
                break end;
            }
            if is_whole || head.len() >= MAX_HEAD_BYTES {
                // A record that is cut is not yet one.
                let end = head.len().min(MAX_HEAD_BYTES);
                let line = memchr::memrchr(b'\n', &head[..end]).filter(|_| !is_whole);
                break line.map_or(end, |line| line + 1);
            }
            match rest.read(&mut chunk) {
                Ok(0) => is_whole = true,
                Ok(read) => head.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        if end < head.len() {
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
    fault: Option<NotUtf8>,
}

impl<R: Read> Utf8Only<R> {
    pub(in crate::parse) fn new(bytes: R) -> Self {
        Self { bytes, cut: Vec::new(), lines: 1, fault: None }
    }

    /// Returns how much of what was read is UTF-8. The first other byte is a fault.
    fn valid_up_to(&mut self, read: &[u8]) -> usize {
        let cut = std::mem::take(&mut self.cut);
        let joined = [cut.as_slice(), read].concat();
        let valid = encoding_rs::Encoding::utf8_valid_up_to(&joined);
        self.lines += memchr::memchr_iter(b'\n', &joined[..valid]).count() as u64;
        match std::str::from_utf8(&joined[valid..]) {
            Ok(_) => read.len(),
            // A letter that may continue.
            Err(error) if error.error_len().is_none() && !read.is_empty() => {
                self.cut = joined[valid..].to_vec();
                read.len()
            }
            Err(_) => {
                self.fault = Some(NotUtf8 { line: self.lines });
                valid.saturating_sub(cut.len())
            }
        }
    }
}

impl<R: Read> Read for Utf8Only<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.fault.is_none() {
            let read = self.bytes.read(buffer)?;
            let valid = self.valid_up_to(&buffer[..read]);
            // The rows above the fault are good.
            if valid > 0 || self.fault.is_none() {
                return Ok(valid);
            }
        }
        self.fault.map_or(Ok(0), |fault| Err(io::Error::other(fault)))
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
    fn lines_above_the_header_are_not_the_header() {
        let pieces = Pieces(vec![b"\xef\xbb\xbfsep=;\n", b"\n", b"Name;Phone\nAnn;1\n", b"more"]);
        let stream = Stream::open(Box::new(pieces), Head::Header).unwrap();
        assert_eq!(stream.head, b"\xef\xbb\xbfsep=;\n\nName;Phone\n");
    }

    #[test]
    fn beginning_is_the_same_however_the_text_comes() {
        let row = format!("Ann,1,\"{}\n\n\n\"\n", "x".repeat(1000));
        let text: &'static [u8] = row.repeat(300).leak().as_bytes();
        let head = |size| {
            let pieces = Pieces(text.chunks(size).collect());
            Stream::open(Box::new(pieces), Head::Rows(160)).unwrap().head.len()
        };
        assert_eq!(
            [head(60_000), head(7), head(1_000_000)],
            [row.len() * 161; 3],
            "records are counted, not lines"
        );
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
        let mut good = Vec::new();
        let broken: Vec<&'static [u8]> = vec![b"a\nb\nZo\xeb\n", b""];
        assert!(Utf8Only::new(Pieces(broken)).read_to_end(&mut good).is_err());
        assert_eq!(good, b"a\nb\nZo", "the rows above it come out");
        let error = Err("line 2 is not UTF-8, but the lines above it are".to_owned());
        assert_eq!(read(vec![b"a\nZo\xc3", b"\xab\n", b""]), Ok(7));
        assert_eq!(read(vec![b"a\nZo\xeb\n", b""]), error);
        assert_eq!(read(vec![b"a\nZo\xc3", b"\n", b""]), error);
        assert_eq!(read(vec![b"a\nZo\xc3", b""]), error);
    }
}
