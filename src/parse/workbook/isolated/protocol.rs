//! The protocol between parent and child: frames in both directions. Frames with rows of a sheet are acknowledged.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    parse::{
        error::Fault,
        file::content::Content,
        preview::Preview,
        raw_row::{RawRow, RowSink as _},
        workbook::{
            Properties,
            sheet::{Entry, Sights},
        },
    },
    row::{Cell, CellKind, Rows as Block},
};

/// The maximum number of frames in flight.
pub(super) const WINDOW: usize = 8;

/// The size at which a frame of rows is sent.
pub(super) const FRAME_BYTES: usize = 64 * 1024;

/// The maximum size of a frame, and so of a row.
const MAX_FRAME_BYTES: usize = 64 * 1024 * 1024;

/// A request of the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Request {
    /// Whether a new pass over the workbook begins.
    pub(super) begins_pass: bool,
    pub(super) wanted: Wanted,
}

/// The rows that a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Wanted {
    /// All rows of the sheet with this index.
    Sheet(u32),
    /// The first rows of every sheet but the chosen one.
    Others { chosen: u32, rows: u32 },
}

/// Acknowledgments, one for each frame of rows of a sheet.
pub(super) mod acknowledgment {
    pub(in super::super) const GO_ON: u8 = b'g';
    pub(in super::super) const STOP: u8 = b's';
}

/// The kind of a frame, which determines its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// [`Opened`], always the first frame.
    Opened,
    /// A [`Request`].
    Request,
    /// Rows.
    Rows,
    /// The first rows of a sheet, after its index and whether it can be read.
    Preview,
    /// [`End`]: all rows were sent.
    End,
    /// [`SentFault`]: the workbook cannot be read any further.
    Fault,
}

impl Kind {
    const ALL: [Self; 6] = [Self::Opened, Self::Request, Self::Rows, Self::Preview, Self::End, Self::Fault];

    const fn byte(self) -> u8 {
        match self {
            Self::Opened => b'o',
            Self::Request => b'q',
            Self::Rows => b'r',
            Self::Preview => b'p',
            Self::End => b'e',
            Self::Fault => b'f',
        }
    }
}

/// The first frame of the child: the sheets and the properties of the open workbook.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Opened {
    pub(super) entries: Vec<Entry>,
    pub(super) properties: Properties,
}

/// The findings of a complete pass over a sheet.
pub(super) type End = Sights;

/// A fault that the child finds in the workbook.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum SentFault {
    Password,
    NoWorkbook,
    NoSheet,
    Unsupported(Content),
    Hostile(String),
    Damaged(String),
    OutsideSheet(u64),
    RowsOutOfOrder(u64),
    CellTooLong {
        cell: String,
        max_bytes: u64,
    },
    /// Any other fault, as text.
    Other(String),
}

impl From<Fault> for SentFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Password => Self::Password,
            Fault::NoWorkbook => Self::NoWorkbook,
            Fault::NoSheet => Self::NoSheet,
            Fault::Hostile(reason) => Self::Hostile(reason),
            Fault::DamagedWorkbook(reason) => Self::Damaged(reason),
            Fault::OutsideSheet { row } => Self::OutsideSheet(row),
            Fault::RowsOutOfOrder { row } => Self::RowsOutOfOrder(row),
            Fault::SheetCellTooLong { cell, max_bytes } => {
                Self::CellTooLong { cell, max_bytes: max_bytes as u64 }
            }
            Fault::Unsupported(content) => Self::Unsupported(content),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<SentFault> for Fault {
    fn from(sent: SentFault) -> Self {
        match sent {
            SentFault::Password => Self::Password,
            SentFault::NoWorkbook => Self::NoWorkbook,
            SentFault::NoSheet => Self::NoSheet,
            SentFault::Hostile(reason) => Self::Hostile(reason),
            SentFault::Damaged(reason) => Self::DamagedWorkbook(reason),
            SentFault::OutsideSheet(row) => Self::OutsideSheet { row },
            SentFault::RowsOutOfOrder(row) => Self::RowsOutOfOrder { row },
            SentFault::CellTooLong { cell, max_bytes } => {
                Self::SheetCellTooLong { cell, max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX) }
            }
            SentFault::Unsupported(content) => Self::Unsupported(content),
            SentFault::Other(message) => Self::Io(io::Error::other(message)),
        }
    }
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Sends a frame.
pub(super) fn send(to: &mut impl Write, kind: Kind, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= MAX_FRAME_BYTES);
    let length = length.ok_or_else(|| broken("a row is too long"))?;
    let mut head = [0; 5];
    head[0] = kind.byte();
    head[1..].copy_from_slice(&length.to_le_bytes());
    to.write_all(&head)?;
    to.write_all(payload)
}

/// Sends a frame with one value.
pub(super) fn send_value(to: &mut impl Write, kind: Kind, value: &impl Serialize) -> io::Result<()> {
    send(to, kind, &postcard::to_allocvec(value).map_err(io::Error::other)?)
}

/// Receives the next frame. Its payload replaces the contents of the buffer.
pub(super) fn receive(from: &mut impl Read, payload: &mut Vec<u8>) -> io::Result<Kind> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let [byte, length @ ..] = head;
    let kind = Kind::ALL.into_iter().find(|kind| kind.byte() == byte);
    let kind = kind.ok_or_else(|| broken("a frame of an unknown kind"))?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_FRAME_BYTES {
        return Err(broken("a frame is too long"));
    }
    payload.resize(length, 0);
    from.read_exact(payload)?;
    Ok(kind)
}

/// Decodes the value in a payload.
pub(super) fn value<T: DeserializeOwned>(payload: &[u8]) -> io::Result<T> {
    postcard::from_bytes(payload).map_err(io::Error::other)
}

const KINDS: [CellKind; 5] =
    [CellKind::Text, CellKind::Number, CellKind::Date, CellKind::Boolean, CellKind::Error];

/// The size of a row's header, and of each cell's header, before the texts.
const ROW_HEAD: usize = 8 + 1 + 4;
const CELL_HEAD: usize = 1 + 4;

/// Appends a row to a frame. A row has at most 1,024 cells and 16 MiB of text.
pub(super) fn push_row(frame: &mut Vec<u8>, number: u64, row: &impl RawRow) {
    let short = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    frame.reserve(ROW_HEAD + row.len() * CELL_HEAD + row.text_len());
    frame.extend_from_slice(&number.to_le_bytes());
    frame.push(u8::from(row.is_hidden()));
    frame.extend_from_slice(&short(row.len()));
    for index in 0..row.len() {
        let cell = row.cell(index);
        let kind = KINDS.iter().position(|kind| *kind == cell.kind).unwrap_or_default();
        frame.push(u8::try_from(kind).unwrap_or_default());
        frame.extend_from_slice(&short(cell.text.len()));
    }
    for index in 0..row.len() {
        frame.extend_from_slice(row.cell(index).text);
    }
}

/// Returns the payload of a preview frame.
pub(super) fn preview(index: usize, rows: Option<&Block>) -> io::Result<Vec<u8>> {
    let index = u32::try_from(index).map_err(io::Error::other)?;
    let mut payload = index.to_le_bytes().to_vec();
    payload.push(u8::from(rows.is_some()));
    for row in rows.into_iter().flat_map(Block::iter) {
        push_row(&mut payload, row.location.row, &row);
    }
    Ok(payload)
}

/// Decodes a preview frame to the sheet's index and rows.
pub(super) fn previewed(payload: &[u8]) -> io::Result<(usize, Option<Block>)> {
    let cut = || broken("a preview is cut short");
    let (index, left) = payload.split_first_chunk().ok_or_else(cut)?;
    let ([is_readable], left) = left.split_first_chunk().ok_or_else(cut)?;
    let mut preview = Preview::new(usize::MAX);
    let mut rows = Rows::of(left);
    while let Some((number, row)) = rows.next()? {
        _ = preview.row(number, &row);
    }
    Ok((u32::from_le_bytes(*index) as usize, (*is_readable != 0).then_some(preview.rows)))
}

/// The rows of a frame.
pub(super) struct Rows<'f> {
    left: &'f [u8],
    /// Start, end and kind of each cell of the last row. The allocation is reused.
    cells: Vec<(usize, usize, CellKind)>,
}

impl<'f> Rows<'f> {
    pub(super) fn of(payload: &'f [u8]) -> Self {
        Self { left: payload, cells: Vec::new() }
    }

    /// Returns the next row with its number, or `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, SentRow<'_>)>> {
        if self.left.is_empty() {
            return Ok(None);
        }
        let cut = || broken("a row is cut short");
        let (number, left) = self.left.split_first_chunk().ok_or_else(cut)?;
        let ([is_hidden], left) = left.split_first_chunk().ok_or_else(cut)?;
        let (cells, mut left) = left.split_first_chunk().ok_or_else(cut)?;
        self.cells.clear();
        let mut end = 0_usize;
        for _ in 0..u32::from_le_bytes(*cells) {
            let ([kind, length @ ..], behind) = left.split_first_chunk::<CELL_HEAD>().ok_or_else(cut)?;
            let kind = KINDS.get(usize::from(*kind)).ok_or_else(|| broken("a cell of an unknown kind"))?;
            let start = end;
            end = end.saturating_add(u32::from_le_bytes(*length) as usize);
            self.cells.push((start, end, *kind));
            left = behind;
        }
        let (text, left) = left.split_at_checked(end).ok_or_else(cut)?;
        self.left = left;
        Ok(Some((
            u64::from_le_bytes(*number),
            SentRow { text, cells: &self.cells, is_hidden: *is_hidden != 0 },
        )))
    }
}

/// A row in a received frame.
pub(super) struct SentRow<'f> {
    text: &'f [u8],
    cells: &'f [(usize, usize, CellKind)],
    is_hidden: bool,
}

impl RawRow for SentRow<'_> {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        let (start, end, kind) = self.cells[index];
        Cell { text: &self.text[start..end], kind }
    }

    fn is_hidden(&self) -> bool {
        self.is_hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::workbook::sheet::SheetRow;

    #[test]
    fn rows_arrive_as_they_were_sent() {
        let mut frame = Vec::new();
        let mut sights = Sights::default();
        let mut sent = SheetRow::default();
        for (number, cells) in [(1, vec!["a", "", "Zoë"]), (7, Vec::new()), (1_048_576, vec!["+44 20"])] {
            sent.clear(number);
            sent.is_hidden = number == 7;
            for (column, text) in cells.iter().enumerate() {
                sent.set(column, text, KINDS[column % KINDS.len()], &mut sights).unwrap();
            }
            push_row(&mut frame, number, &sent);
        }
        let mut seen = Vec::new();
        let mut rows = Rows::of(&frame);
        while let Some((number, row)) = rows.next().unwrap() {
            let cells: Vec<_> = (0..row.len())
                .map(|index| {
                    (String::from_utf8_lossy(row.cell(index).text).into_owned(), row.cell(index).kind)
                })
                .collect();
            seen.push((number, row.is_hidden(), cells));
        }
        let text = |text: &str, kind| (text.to_owned(), kind);
        assert_eq!(
            seen,
            [
                (
                    1,
                    false,
                    vec![text("a", CellKind::Text), text("", CellKind::Number), text("Zoë", CellKind::Date)]
                ),
                (7, true, Vec::new()),
                (1_048_576, false, vec![text("+44 20", CellKind::Text)]),
            ]
        );
        for cut in 1..frame.len() {
            let mut rows = Rows::of(&frame[..cut]);
            while rows.next().is_ok_and(|row| row.is_some()) {}
        }
    }

    #[test]
    fn frames_are_bounded() {
        let mut sent = Vec::new();
        send(&mut sent, Kind::Rows, b"abc").unwrap();
        let mut payload = Vec::new();
        assert_eq!(receive(&mut sent.as_slice(), &mut payload).unwrap(), Kind::Rows);
        assert_eq!(payload, b"abc");
        for broken in [b"r\xff\xff\xff\xff".as_slice(), b"z\0\0\0\0", b"r\x09\0\0\0abc", b"r\0"] {
            assert!(receive(&mut &*broken, &mut payload).is_err());
        }
    }
}
