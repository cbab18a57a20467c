//! Reading of delimited text into rows.
//!
//! A record without quotation marks is split at its delimiters. [`quoting`] reads all other records. Whatever the marks
//! say, a record must not contain lines that look like rows of their own, and a mark that is never closed affects one
//! line, not the rest of the file.

use std::io::{self, Read};

use super::{
    findings::Findings,
    layout::{self, Layout, lines},
    quoting::{self, Cells, Dialect, END_OF_FILE, Ending, read_record},
    scan::{Found, Marks},
};
use crate::{
    parse::{
        encoding::{self, Encoding},
        error::Fault,
        file::source::Source,
        raw_row::{RawRow, RowSink},
    },
    row::{Cell, CellKind, Rows},
};

const READ_BYTES: usize = 128 * 1024;
/// A safety limit. A row of a contact list has a millionth of it.
const MAX_RECORD_BYTES: usize = 16 * 1024 * 1024;
const MAX_RECORD_CELLS: usize = 16_384;
/// Maximum number of cells in the fast path for records without quotation marks.
const PLAIN_CELLS: usize = 512;
/// Delimited text in some encoding.
pub(in crate::parse) struct Text {
    pub(in crate::parse) encoding: Encoding,
    pub(in crate::parse) dialect: Dialect,
    /// Whether the first line only names the delimiter, as spreadsheets write it.
    pub(in crate::parse) skips_first_line: bool,
    pub(in crate::parse) layout: Layout,
    /// Whether a row with uncertain cells makes the file an error. In a suppression list, no person may be missed.
    pub(in crate::parse) refuses_doubt: bool,
    /// The findings of the last pass.
    pub(in crate::parse) findings: Findings,
}

impl Text {
    /// Visits all records.
    pub(in crate::parse) fn visit(
        &mut self,
        source: &mut Source,
        sink: &mut impl RowSink,
    ) -> Result<(), Fault> {
        let mut records = Records::new(encoding::decoded(source, self.encoding)?, self.dialect);
        if self.skips_first_line {
            records.next_record()?;
        }
        records.layout.clone_from(&self.layout);
        records.refuses_doubt = self.refuses_doubt;
        let is_stream = source.is_stream();
        while let Some(record) = records.next_record()? {
            if sink.row(record.line, record).is_break() {
                break;
            }
            if is_stream && !records.has_record() && sink.pause().is_break() {
                break;
            }
        }
        self.findings = records.findings;
        Ok(())
    }
}

/// The records of a delimited text, read one at a time, with the line on which each starts.
#[expect(clippy::struct_excessive_bools, reason = "each is an independent part of the reader's state")]
pub(in crate::parse) struct Records {
    source: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// The start of the current record in the buffer, the position read so far, and the end of the buffered bytes.
    record_start: usize,
    next: usize,
    end: usize,
    is_at_end: bool,
    dialect: Dialect,
    marks: Marks,
    layout: Layout,
    refuses_doubt: bool,
    line: u64,
    is_after_cr: bool,
    records: u64,
    /// The last record that was read as one line because of its marks. The next record may be the rest of it.
    stray_record: Option<u64>,
    /// Whether a backslash or the end mark of DOS was read.
    has_rare_marks: bool,
    record: CsvRecord,
    cells: Cells,
    findings: Findings,
}

/// One record.
#[derive(Default)]
pub(in crate::parse) struct CsvRecord {
    line: u64,
    text: Vec<u8>,
    ends: Vec<usize>,
    cells: usize,
    /// Whether the text still contains the delimiters.
    is_separated: bool,
    /// Whether it is uncertain where the cells end.
    is_doubtful: bool,
    /// Whether there are empty lines above it.
    is_after_gap: bool,
}

impl RawRow for CsvRecord {
    fn len(&self) -> usize {
        self.cells
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        let separator = usize::from(self.is_separated);
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] + separator);
        Cell { text: &self.text[start..self.ends[index]], kind: CellKind::Text }
    }

    fn text_len(&self) -> usize {
        self.cells.checked_sub(1).map_or(0, |last| self.ends[last])
    }

    fn append_to(&self, block: &mut Rows) {
        let ends = &self.ends[..self.cells];
        block.push_texts(&self.text[..ends.last().copied().unwrap_or_default()], ends, self.is_separated);
    }

    fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    fn is_after_gap(&self) -> bool {
        self.is_after_gap
    }
}

impl Records {
    pub(in crate::parse) fn new(source: Box<dyn Read + Send>, dialect: Dialect) -> Self {
        Self {
            source,
            buffer: vec![0; READ_BYTES],
            record_start: 0,
            next: 0,
            end: 0,
            is_at_end: false,
            dialect,
            marks: Marks::new(dialect.delimiter, dialect.quote),
            layout: Layout::default(),
            refuses_doubt: false,
            line: 1,
            is_after_cr: false,
            records: 0,
            stray_record: None,
            has_rare_marks: false,
            record: CsvRecord {
                line: 1,
                text: vec![0; 4096],
                // A piece may have as many delimiters as bytes.
                ends: vec![0; PLAIN_CELLS + Marks::LANES],
                ..CsvRecord::default()
            },
            cells: Cells::default(),
            findings: Findings::default(),
        }
    }

    /// Reads the next record that is not an empty line.
    pub(in crate::parse) fn next_record(&mut self) -> Result<Option<&CsvRecord>, Fault> {
        if !self.skip_line_ends()? {
            return Ok(None);
        }
        self.record_start = self.next;
        self.record.line = self.line;
        if !self.split_plain() && !self.split_quoted() {
            self.read_marked()?;
        }
        self.records += 1;
        Ok(Some(&self.record))
    }

    /// Returns whether there is a whole record in the buffer.
    fn has_record(&self) -> bool {
        let ahead = self.buffer[self.next..self.end].trim_ascii_start();
        let mut is_quoted = false;
        memchr::memchr3_iter(b'\n', b'\r', b'"', ahead).any(|place| {
            is_quoted ^= ahead[place] == b'"';
            !is_quoted && ahead[place] != b'"'
        })
    }

    /// Reads a record of moderate size without quotation marks that ends in the buffer. Returns `false` for any other,
    /// which needs [`read_marked`](Self::read_marked).
    fn split_plain(&mut self) -> bool {
        if self.dialect.enclosure.is_some() {
            return false;
        }
        let input = &self.buffer[self.next..self.end];
        let record = &mut self.record;
        let mut cells = 0;
        for (index, piece) in input.as_chunks::<{ Marks::LANES }>().0.iter().enumerate() {
            let Found { mut delimiters, stops } = self.marks.find(*piece);
            // Only the delimiters before the first other mark.
            delimiters &= (stops & stops.wrapping_neg()).wrapping_sub(1);
            while delimiters != 0 {
                record.ends[cells] = index * Marks::LANES + delimiters.trailing_zeros() as usize;
                cells += 1;
                delimiters &= delimiters - 1;
            }
            if cells >= PLAIN_CELLS {
                return false;
            }
            if stops != 0 {
                let len = index * Marks::LANES + stops.trailing_zeros() as usize;
                if len > MAX_RECORD_BYTES {
                    return false;
                }
                let line = &input[..len];
                let has_rare_mark =
                    self.has_rare_marks && memchr::memchr2(b'\\', END_OF_FILE, line).is_some();
                if input[len] == self.dialect.quote || has_rare_mark {
                    return false;
                }
                record.ends[cells] = len;
                if record.text.len() < len {
                    record.text.resize(len, 0);
                }
                record.text[..len].copy_from_slice(line);
                record.cells = cells + 1;
                record.is_separated = true;
                record.is_doubtful = false;
                self.next += len;
                self.is_after_cr = false;
                return true;
            }
        }
        false
    }

    /// Reads a record of moderate size that ends in the buffer, and in which some cells are quoted from their first byte
    /// to their last, without a line end in them. Returns `false` for any other.
    fn split_quoted(&mut self) -> bool {
        let Dialect { delimiter, quote, has_escapes, enclosure } = self.dialect;
        let may_be_rest = self.stray_record.is_some_and(|stray| stray + 1 == self.records);
        if has_escapes || enclosure.is_some() || self.has_rare_marks || may_be_rest {
            return false;
        }
        let input = &self.buffer[self.next..self.end];
        // A byte order mark may be before the first quotation mark.
        if input.first().is_none_or(|first| !first.is_ascii()) {
            return false;
        }
        self.cells.clear();
        let Cells { text, ends, .. } = &mut self.cells;
        let (mut at, mut quoted) = (0, 0);
        loop {
            let start = text.len();
            if input.get(at) == Some(&quote) {
                let mut from = at + 1;
                loop {
                    let Some(len) = memchr::memchr(quote, &input[from..]) else { return false };
                    text.extend_from_slice(&input[from..from + len]);
                    from += len + 1;
                    if input.get(from) != Some(&quote) {
                        break;
                    }
                    text.push(quote);
                    from += 1;
                }
                let cell = &text[start..];
                if cell.first() == Some(&b'=') || memchr::memchr2(b'\n', b'\r', cell).is_some() {
                    return false;
                }
                quoted += 1;
                at = from;
            } else {
                let Some(len) = self.marks.first(&input[at..]) else { return false };
                let cell = &input[at..at + len];
                if cell == b"NULL" {
                    return false;
                }
                text.extend_from_slice(cell);
                at += len;
            }
            if ends.len() == PLAIN_CELLS {
                return false;
            }
            ends.push(text.len());
            match input.get(at) {
                Some(byte) if *byte == delimiter => at += 1,
                Some(b'\n' | b'\r') => break,
                _ => return false,
            }
        }
        // A line that is a single quoted cell may be a row of its own.
        if at > MAX_RECORD_BYTES {
            return false;
        }
        let is_alone = quoted == 1 && ends.iter().filter(|end| **end == text.len()).count() == ends.len();
        if is_alone {
            return false;
        }
        self.record.is_doubtful = false;
        self.next += at;
        self.is_after_cr = false;
        self.keep_cells();
        true
    }

    /// Reads a record that has quotation marks, or does not end in the buffer.
    #[inline(never)]
    fn read_marked(&mut self) -> Result<(), Fault> {
        self.record.is_doubtful = false;
        let mut ending = self.read_as(self.dialect)?;
        if matches!(ending, Ending::Open | Ending::TextBehind) && self.has_rare_marks {
            ending = self.read_with_other_escapes(ending)?;
        }
        let len = match ending {
            Ending::Whole(len) => {
                let raw = &self.buffer[self.record_start..self.record_start + len];
                match self.layout.swallowed(self.dialect, raw, &self.cells) {
                    None => {
                        let is_rest = self.stray_record.is_some_and(|stray| stray + 1 == self.records);
                        self.record.is_doubtful =
                            self.layout.may_have_swallowed(self.dialect, raw, &self.cells)
                                || is_rest && self.layout.holds_more_numbers(raw, &self.cells);
                        if self.record.is_doubtful {
                            self.findings.stray_marks.add(self.record.line);
                            if self.refuses_doubt {
                                return Err(Fault::OpenQuote { line: self.record.line });
                            }
                        }
                        self.unwrap_line();
                        len
                    }
                    // Tab-separated text rarely quotes cells: a mark at the start of a cell is text.
                    Some(_) if self.dialect.delimiter == b'\t' => self.read_line()?,
                    Some(row) => {
                        let starts = self.cells.spans.first().map_or(0, |(_, content)| content.start);
                        let starts = self.record.line + line_ends(&raw[..starts], false).0;
                        let row = self.record.line + u64::try_from(row).unwrap_or_default();
                        return Err(Fault::SwallowedRows { line: starts, row });
                    }
                }
            }
            Ending::Cut | Ending::Open | Ending::TextBehind => self.read_line()?,
        };
        self.check_size(len)?;
        let raw = &self.buffer[self.record_start..self.record_start + len];
        let (inside, is_after_cr) = line_ends(raw, false);
        if inside > 0 {
            self.look_for_numbers(len);
        }
        self.line += inside;
        self.is_after_cr = is_after_cr;
        self.next = self.record_start + len;
        self.keep_cells();
        Ok(())
    }

    /// Reads the record in a dialect, with as much text as needed.
    fn read_as(&mut self, dialect: Dialect) -> Result<Ending, Fault> {
        loop {
            let text = &self.buffer[self.record_start..self.end];
            let ending = read_record(dialect, text, self.is_at_end, &mut self.cells);
            if self.is_at_end
                || !matches!(ending, Ending::Cut | Ending::Open)
                || text.len() > MAX_RECORD_BYTES
            {
                return Ok(ending);
            }
            self.refill()?;
        }
    }

    /// Reads a record that does not fit again, with or without backslash escapes. Keeps the result if it is a full row.
    fn read_with_other_escapes(&mut self, ending: Ending) -> Result<Ending, Fault> {
        let other = Dialect { has_escapes: !self.dialect.has_escapes, ..self.dialect };
        let read = self.read_as(other)?;
        let Ending::Whole(len) = read else { return Ok(ending) };
        let raw = &self.buffer[self.record_start..self.record_start + len];
        let marks = |window: &[u8]| window == [b'\\', self.dialect.quote];
        if !raw.windows(2).any(marks)
            || !self.layout.takes(&self.cells)
            || self.layout.swallowed(other, raw, &self.cells).is_some()
        {
            return Ok(ending);
        }
        if other.has_escapes {
            self.findings.escapes.add(self.record.line);
        }
        self.dialect = other;
        Ok(read)
    }

    /// Reads the first line of the record alone, in two ways. If neither gives the cells of a row, the record is
    /// doubtful.
    fn read_line(&mut self) -> Result<usize, Fault> {
        let len = loop {
            let text = &self.buffer[self.record_start..self.end];
            match memchr::memchr2(b'\n', b'\r', text) {
                Some(len) => break len,
                None if self.is_at_end || text.len() > MAX_RECORD_BYTES => break text.len(),
                None => self.refill()?,
            }
        };
        let line = &self.buffer[self.record_start..self.record_start + len];
        self.findings.stray_marks.add(self.record.line);
        self.stray_record = Some(self.records);
        let is_certain = quoting::read_line(self.dialect, line, &mut self.cells);
        if is_certain
            && self.layout.takes(&self.cells)
            && !layout::has_number_in_cell(self.dialect, &self.cells)
        {
            return Ok(len);
        }
        quoting::split_line(self.dialect, line, &mut self.cells);
        if self.cells.len() == self.layout.width {
            return Ok(len);
        }
        if self.refuses_doubt {
            return Err(Fault::OpenQuote { line: self.record.line });
        }
        quoting::read_line(self.dialect, line, &mut self.cells);
        self.record.is_doubtful = true;
        Ok(len)
    }

    /// Reads the row inside a line that is a single quoted cell.
    fn unwrap_line(&mut self) {
        let is_alone = self.cells.quoted == 1
            && self.cells.spans.is_empty()
            && (1..self.cells.len()).all(|index| self.cells.cell(index).is_empty());
        let width = self.layout.width;
        // If the width is still unknown, the first record shows whether the lines have this form.
        let is_shown = width > 0 || self.records == 0 || self.findings.wrapped.count > 0;
        if !is_alone || !is_shown || width == 1 || width == 0 && self.cells.len() > 1 {
            return;
        }
        let whole = self.cells.cell(0);
        if memchr::memchr(self.dialect.delimiter, whole).is_none() {
            return;
        }
        let whole = whole.to_vec();
        let mut inside = Cells::default();
        let ending = read_record(self.dialect, &whole, true, &mut inside);
        if ending == Ending::Whole(whole.len()) && (width == 0 || inside.len() == width) {
            self.cells = inside;
            self.findings.wrapped.add(self.record.line);
        }
    }

    /// Counts what looks like phone numbers on the lines inside a record, regardless of its cells. All but one of them
    /// may be lost rows.
    fn look_for_numbers(&mut self, len: usize) {
        let raw = &self.buffer[self.record_start..self.record_start + len];
        let hits = lines(raw).zip(self.record.line..);
        let hits = hits.filter(|(line, _)| self.layout.line_has_number(self.dialect, line));
        for (_, line) in hits.skip(1) {
            self.findings.numbers_inside.add(line);
        }
    }

    /// Moves the parsed cells into the record.
    fn keep_cells(&mut self) {
        let (record, cells) = (&mut self.record, &self.cells);
        if record.text.len() < cells.text.len() {
            record.text.resize(cells.text.len(), 0);
        }
        if record.ends.len() < cells.len() {
            record.ends.resize(cells.len(), 0);
        }
        record.text[..cells.text.len()].copy_from_slice(&cells.text);
        record.ends[..cells.len()].copy_from_slice(&cells.ends);
        record.cells = cells.len();
        record.is_separated = false;
    }

    /// Moves to the first byte of a record. Returns `false` at the end of the file.
    fn skip_line_ends(&mut self) -> Result<bool, Fault> {
        let before = self.line;
        loop {
            while self.next < self.end {
                match self.buffer[self.next] {
                    b'\n' => self.line += u64::from(!self.is_after_cr),
                    b'\r' => self.line += 1,
                    _ => {
                        self.record.is_after_gap = self.line > before + 1;
                        return Ok(true);
                    }
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

    /// Reads more after the current record and keeps all of it. The buffer grows twofold, so that a long record is
    /// scanned only a few times.
    fn refill(&mut self) -> Result<(), Fault> {
        self.buffer.copy_within(self.record_start..self.end, 0);
        self.next -= self.record_start;
        self.end -= self.record_start;
        self.record_start = 0;
        let room = READ_BYTES.max(self.end);
        if self.buffer.len() < self.end + room {
            self.buffer.resize(self.end + room, 0);
        }
        let read = loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(Fault::from_io)?,
            }
        };
        self.has_rare_marks |=
            memchr::memchr2(b'\\', END_OF_FILE, &self.buffer[self.end..self.end + read]).is_some();
        self.end += read;
        self.is_at_end = read == 0;
        if self.is_at_end {
            let text = &self.buffer[self.next..self.end];
            let padding = text.iter().rev().take_while(|byte| matches!(**byte, END_OF_FILE | 0)).count();
            self.end -= padding;
        }
        Ok(())
    }

    fn check_size(&self, len: usize) -> Result<(), Fault> {
        let line = self.record.line;
        if len > MAX_RECORD_BYTES {
            return Err(Fault::RecordTooLong { line, max_bytes: MAX_RECORD_BYTES });
        }
        if self.cells.len() > MAX_RECORD_CELLS {
            return Err(Fault::TooManyCells { line, max: MAX_RECORD_CELLS });
        }
        Ok(())
    }
}

/// Counts line ends in `bytes`, with CRLF as one. Also returns whether the last byte is a CR.
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
mod tests;
