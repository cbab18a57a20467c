//! Delimited text becomes rows.
//!
//! The automaton is `csv-core`, the one inside the `csv` crate. The crate's own reader is not used because it has no
//! limits on the size of a record, and its line numbers are off after blank lines and with CRLF (its issues 208 and
//! 395); both depend on seeing the raw bytes.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::{
    assemble::RawRow,
    encoding::{self, Encoding},
    error::Fault,
    source::Source,
    table::RowSink,
};
use crate::row::{Cell, CellKind, Rows};

const READ_BYTES: usize = 128 * 1024;
const MAX_RECORD_BYTES: usize = 1024 * 1024;
pub(super) const MAX_CELL_BYTES: usize = 64 * 1024;
pub(super) const MAX_CELLS: usize = 512;

/// Delimited text in some encoding.
pub(super) struct Text {
    pub(super) encoding: Encoding,
    pub(super) delimiter: u8,
    /// The first line names the delimiter, as spreadsheets do it, and is no row.
    pub(super) skips_first_line: bool,
}

impl Text {
    /// Goes through all records.
    pub(super) fn visit(&self, source: &mut Source, sink: &mut impl RowSink) -> Result<(), Fault> {
        let mut records = Records::new(encoding::decoded(source, self.encoding)?, self.delimiter);
        if self.skips_first_line {
            records.next_record()?;
        }
        while let Some(record) = records.next_record()? {
            if sink.row(record.line, record).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// The records of a delimited text, one at a time, with the line each starts on.
pub(super) struct Records {
    source: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// Where the record being read begins in the buffer, how far it was read, and where the buffer's bytes end.
    record_start: usize,
    next: usize,
    end: usize,
    is_at_end: bool,
    core: Reader,
    delimiter: u8,
    line: u64,
    is_after_cr: bool,
    record: Record,
}

/// One record.
#[derive(Default)]
pub(super) struct Record {
    line: u64,
    text: Vec<u8>,
    ends: Vec<usize>,
    cells: usize,
    /// The delimiters are still in the text.
    is_separated: bool,
}

impl RawRow for Record {
    fn len(&self) -> usize {
        self.cells
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        let separator = usize::from(self.is_separated);
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] + separator);
        Cell { text: &self.text[start..self.ends[index]], kind: CellKind::Text }
    }

    fn append_to(&self, block: &mut Rows) {
        let ends = &self.ends[..self.cells];
        block.push_texts(&self.text[..ends.last().copied().unwrap_or_default()], ends, self.is_separated);
    }
}

impl Records {
    pub(super) fn new(source: Box<dyn Read + Send>, delimiter: u8) -> Self {
        Self {
            source,
            buffer: vec![0; READ_BYTES],
            record_start: 0,
            next: 0,
            end: 0,
            is_at_end: false,
            core: ReaderBuilder::new().delimiter(delimiter).build(),
            delimiter,
            line: 1,
            is_after_cr: false,
            record: Record { line: 1, text: vec![0; 4096], ends: vec![0; 64], cells: 0, is_separated: false },
        }
    }

    /// The next record that is not an empty line.
    pub(super) fn next_record(&mut self) -> Result<Option<&Record>, Fault> {
        if !self.skip_line_ends()? {
            return Ok(None);
        }
        self.record_start = self.next;
        self.record.line = self.line;
        if self.split_plain() {
            return Ok(Some(&self.record));
        }
        self.record.is_separated = false;
        let (mut text_len, mut cells) = (0, 0);
        loop {
            let input = &self.buffer[self.next..self.end];
            let (result, read, written, ended) = self.core.read_record(
                input,
                &mut self.record.text[text_len..],
                &mut self.record.ends[cells..],
            );
            let is_last = input.is_empty();
            let (lines, is_after_cr) = line_ends(&input[..read], self.is_after_cr);
            self.line += lines;
            self.is_after_cr = is_after_cr;
            self.next += read;
            text_len += written;
            cells += ended;
            self.check_size(cells)?;
            match result {
                ReadRecordResult::Record => {
                    if is_last {
                        self.check_quotes()?;
                    }
                    break;
                }
                ReadRecordResult::InputEmpty => self.refill()?,
                ReadRecordResult::OutputFull => self.record.text.resize(self.record.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.record.ends.resize(self.record.ends.len() * 2, 0),
                ReadRecordResult::End => return Ok(None),
            }
        }
        self.record.cells = cells;
        let is_short = text_len <= MAX_CELL_BYTES;
        if !is_short && (0..cells).any(|index| self.record.cell(index).text.len() > MAX_CELL_BYTES) {
            return Err(Fault::CellTooLong { line: self.record.line, max_bytes: MAX_CELL_BYTES });
        }
        Ok(Some(&self.record))
    }

    /// Reads a record in which nothing is quoted, of moderate size, that ends in what was read already; any other is left to
    /// the automaton.
    fn split_plain(&mut self) -> bool {
        let input = &self.buffer[self.next..self.end];
        let Some(len) = memchr::memchr3(b'\n', b'\r', b'"', input) else { return false };
        if input[len] == b'"' || len > MAX_CELL_BYTES {
            return false;
        }
        let (line, record) = (&input[..len], &mut self.record);
        if record.ends.len() <= MAX_CELLS {
            record.ends.resize(MAX_CELLS + 1, 0);
        }
        let mut cells = 0;
        for end in memchr::memchr_iter(self.delimiter, line).chain([len]) {
            if cells == MAX_CELLS {
                return false;
            }
            record.ends[cells] = end;
            cells += 1;
        }
        if record.text.len() < len {
            record.text.resize(len, 0);
        }
        record.text[..len].copy_from_slice(line);
        record.cells = cells;
        record.is_separated = true;
        self.next += len;
        self.is_after_cr = false;
        true
    }

    /// Moves to the first byte of a record; false at the end of the file.
    fn skip_line_ends(&mut self) -> Result<bool, Fault> {
        loop {
            while self.next < self.end {
                match self.buffer[self.next] {
                    b'\n' => self.line += u64::from(!self.is_after_cr),
                    b'\r' => self.line += 1,
                    _ => return Ok(true),
                }
                self.is_after_cr = self.buffer[self.next] == b'\r';
                self.next += 1;
            }
            if self.is_at_end {
                return Ok(false);
            }
            self.record_start = self.next;
            self.refill()?;
        }
    }

    /// Reads more behind the record being read, of which nothing is given up.
    fn refill(&mut self) -> Result<(), Fault> {
        self.buffer.copy_within(self.record_start..self.end, 0);
        self.next -= self.record_start;
        self.end -= self.record_start;
        self.record_start = 0;
        if self.buffer.len() < self.end + READ_BYTES {
            self.buffer.resize(self.end + READ_BYTES, 0);
        }
        let read = loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(Fault::from_io)?,
            }
        };
        self.end += read;
        self.is_at_end = read == 0;
        Ok(())
    }

    fn check_size(&self, cells: usize) -> Result<(), Fault> {
        let line = self.record.line;
        if self.next - self.record_start > MAX_RECORD_BYTES {
            return Err(Fault::RecordTooLong { line, max_bytes: MAX_RECORD_BYTES });
        }
        if cells > MAX_CELLS {
            return Err(Fault::TooManyCells { line, max: MAX_CELLS });
        }
        Ok(())
    }

    /// The automaton closes an open quotation mark at the end of the file without a word: asked again with a line end
    /// behind, it ends the record only if the mark was closed.
    fn check_quotes(&self) -> Result<(), Fault> {
        let raw = &self.buffer[self.record_start..self.end];
        let mut core = ReaderBuilder::new().delimiter(self.delimiter).build();
        let (mut text, mut ends) = (vec![0; raw.len() + 2], vec![0; MAX_CELLS + 2]);
        let (_, read, _, cells) = core.read_record(raw, &mut text, &mut ends);
        debug_assert_eq!(read, raw.len(), "the record was read before");
        let (result, ..) = core.read_record(b"\n", &mut text, &mut ends[cells..]);
        match result {
            ReadRecordResult::Record => Ok(()),
            _ => Err(Fault::OpenQuote { line: self.record.line }),
        }
    }
}

/// Line ends in `bytes`, CRLF counted once; and whether the last byte is a CR.
fn line_ends(bytes: &[u8], mut is_after_cr: bool) -> (u64, bool) {
    let mut lines = 0;
    let mut expected_lf = 0;
    for index in memchr::memchr2_iter(b'\n', b'\r', bytes) {
        let is_pair = bytes[index] == b'\n' && is_after_cr && index == expected_lf;
        lines += u64::from(!is_pair);
        is_after_cr = bytes[index] == b'\r';
        expected_lf = index + 1;
    }
    (lines, if bytes.is_empty() { is_after_cr } else { bytes.ends_with(b"\r") })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives out a few bytes at a time, so that every boundary is met.
    struct Dripping(Vec<u8>, usize);

    impl Read for Dripping {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len()).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    fn records(text: &[u8], at_once: usize) -> Result<Vec<(u64, Vec<String>)>, Fault> {
        let mut records = Records::new(Box::new(Dripping(text.to_vec(), at_once)), b',');
        let mut found = Vec::new();
        while let Some(record) = records.next_record()? {
            let cells =
                (0..record.len()).map(|index| String::from_utf8_lossy(record.cell(index).text).into_owned());
            found.push((record.line, cells.collect()));
        }
        Ok(found)
    }

    fn lines(text: &str) -> Vec<u64> {
        let whole: Vec<u64> =
            records(text.as_bytes(), 1 << 20).unwrap().iter().map(|(line, _)| *line).collect();
        let dripped: Vec<u64> = records(text.as_bytes(), 1).unwrap().iter().map(|(line, _)| *line).collect();
        assert_eq!(whole, dripped, "{text:?}");
        whole
    }

    #[test]
    fn a_record_has_the_line_it_starts_on() {
        assert_eq!(lines("a,b\n1,2\n3,4\n"), [1, 2, 3]);
        assert_eq!(lines("a,b\r\n1,2\r\n3,4"), [1, 2, 3]);
        assert_eq!(lines("a,b\r1,2\r3,4\r"), [1, 2, 3]);
        assert_eq!(lines("\n\na,b\n\n\n1,2\n"), [3, 6]);
        assert_eq!(lines("\r\n\r\na,b\r\n\r\n1,2\r\n"), [3, 5]);
        assert_eq!(lines("a,\"x\ny\r\nz\"\n1,2\n"), [1, 4]);
        assert_eq!(lines("\"\r\",b\r\n1,2\r\n"), [1, 3]);
        assert_eq!(lines(""), [0; 0]);
    }

    #[test]
    fn quoted_cells_may_hold_anything() {
        let found = records(b"\"a,\"\"b\"\"\",\"c\nd\"\n", 3).unwrap();
        assert_eq!(found, [(1, vec!["a,\"b\"".to_owned(), "c\nd".to_owned()])]);
    }

    #[test]
    fn a_quotation_mark_that_never_closes_is_an_error_with_its_line() {
        for text in ["a,b\n1,\"2\n3,4\n", "a,b\n1,\"2", "a,b\n1,2\n\"\n"] {
            let error = records(text.as_bytes(), 4).unwrap_err();
            let line =
                text.bytes().take_while(|byte| *byte != b'"').filter(|byte| *byte == b'\n').count() + 1;
            assert_eq!(
                error.to_string(),
                format!("line {line}: a quotation mark is opened and never closed")
            );
        }
        assert!(records(b"a,b\n1,\"2\"", 4).is_ok());
        assert!(records(b"a,b\n1,x\"2", 4).is_ok());
    }

    #[test]
    fn sizes_have_limits_and_the_rest_is_not_read() {
        let mut endless = b"a,b\n1,2\n\"".to_vec();
        endless.resize(8 * MAX_RECORD_BYTES, b'x');
        let mut reader = Records::new(Box::new(io::Cursor::new(endless)), b',');
        reader.next_record().unwrap();
        reader.next_record().unwrap();
        let error = reader.next_record().map(|_| ()).unwrap_err();
        assert!(matches!(error, Fault::RecordTooLong { line: 3, .. }), "{error}");
        assert!(reader.buffer.len() < 2 * MAX_RECORD_BYTES);

        let wide = vec![b','; MAX_CELLS];
        assert!(matches!(records(&wide, 1 << 20), Err(Fault::TooManyCells { line: 1, .. })));
        let long = vec![b'x'; MAX_CELL_BYTES + 1];
        assert!(matches!(records(&long, 1 << 20), Err(Fault::CellTooLong { line: 1, .. })));
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read_back(
            rows in prop::collection::vec(prop::collection::vec("[a-c,\"\n\r ]{0,5}", 2..4), 1..8),
            at_once in 1usize..9,
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).quote_style(csv::QuoteStyle::Always).from_writer(vec![]);
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = writer.into_inner().unwrap();
            let found: Vec<Vec<String>> = records(&text, at_once).unwrap().into_iter().map(|(_, cells)| cells).collect();
            prop_assert_eq!(found, rows);
        }

        #[test]
        fn no_bytes_panic_and_drips_read_the_same(text in prop::collection::vec(prop::sample::select(b"a,\"\n\r\0\xff".to_vec()), 0..60)) {
            let whole = records(&text, 1 << 20).ok();
            let dripped = records(&text, 1).ok();
            prop_assert_eq!(whole, dripped);
        }
    }
}
