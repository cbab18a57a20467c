//! A look at a workbook of Excel 97 before the library reads it: it makes room for the rectangle around all cells of every
//! sheet, and two cells in far corners make that as large as they like.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
};

use super::{error::Fault, source::read_up_to};

/// Cells of the rectangles around the cells of all sheets; each takes 24 bytes.
const MAX_CELLS: u64 = 8_000_000;

/// The whole file is held in memory.
const MAX_FILE_BYTES: u64 = 128 * 1024 * 1024;

/// A sheet, a chart in it, and no more in any file that a program wrote.
const MAX_OPEN: usize = 64;

/// Records that hold cells: their first fields are row and column.
const CELLS: [u16; 12] =
    [0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027e, 0x00bd, 0x00be, 0x00d6, 0x00fd, 0x0001, 0x0003];

/// The beginning and the end of a sheet, or of a chart inside one.
const BOF: u16 = 0x0809;
const EOF: u16 = 0x000a;

/// Where a sheet begins.
const BOUND_SHEET: u16 = 0x0085;

/// The rows and columns that a sheet says it uses. Nobody needs to know.
const DIMENSIONS: u16 = 0x0200;

/// Checks a compound file, and returns one that holds nothing but the workbook.
pub(super) fn check(file: &File) -> Result<File, Fault> {
    let mut file = file.try_clone().map_err(Fault::Io)?;
    let len = file.metadata().map_err(Fault::Io)?.len();
    if len > MAX_FILE_BYTES {
        return Err(Fault::Hostile(format!("it is larger than {} MB", MAX_FILE_BYTES >> 20)));
    }
    file.rewind().map_err(Fault::Io)?;
    let damaged = |error: io::Error| Fault::DamagedWorkbook(error.to_string());
    let padded = Padded::new(&file, len).map_err(damaged)?;
    let mut compound = cfb::CompoundFile::open(BufReader::new(padded)).map_err(damaged)?;
    if compound.exists("/EncryptedPackage") {
        return Err(Fault::Password);
    }
    let name = ["/Workbook", "/Book"].into_iter().find(|name| compound.exists(name));
    let Some(name) = name else {
        return Err(Fault::NoWorkbook);
    };
    let stream = compound.open_stream(name).map_err(damaged)?;
    // Two readers may understand a damaged directory in two ways; of this copy there is one.
    let empty = tempfile::tempfile().map_err(Fault::Io)?;
    let mut copy = cfb::CompoundFile::create_with_version(cfb::Version::V3, empty).map_err(Fault::Io)?;
    let mut to = BufWriter::new(copy.create_stream(name).map_err(Fault::Io)?);
    copy_records(&mut BufReader::new(stream), &mut to).map_err(damaged)??;
    to.into_inner().map_err(|error| Fault::Io(error.into_error()))?.flush().map_err(Fault::Io)?;
    copy.flush().map_err(Fault::Io)?;
    let mut copy = copy.into_inner();
    copy.rewind().map_err(Fault::Io)?;
    Ok(copy)
}

/// Copies the records of a workbook that does no harm.
fn copy_records(records: &mut impl Read, copy: &mut impl Write) -> io::Result<Result<(), Fault>> {
    // The rectangles of what has begun and not ended: a chart stands inside its sheet.
    let mut open: Vec<Rectangle> = vec![Rectangle::default()];
    let mut ended_cells = 0;
    let mut beginnings = HashSet::new();
    let mut sheets = Vec::new();
    let mut at = 0;
    let (mut head, mut body) = ([0; 4], Vec::new());
    loop {
        match records.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            other => other?,
        }
        let half = |bytes: &[u8], at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let kind = half(&head, 0);
        body.resize(usize::from(half(&head, 2)), 0);
        let known = read_up_to(records, &mut body)?;
        match kind {
            BOF => {
                beginnings.insert(at);
                open.push(Rectangle::default());
            }
            EOF => ended_cells += open.pop().map_or(0, |rectangle| rectangle.cells()),
            BOUND_SHEET if known >= 4 => {
                sheets.push(u32::from_le_bytes([body[0], body[1], body[2], body[3]]));
            }
            // The library makes room for as many, and the process ends where there is none.
            DIMENSIONS => body.fill(0),
            kind if CELLS.contains(&kind) && known >= 4 => {
                if let Some(rectangle) = open.last_mut() {
                    rectangle.add(u64::from(half(&body, 0)), u64::from(half(&body, 2)));
                }
            }
            _ => {}
        }
        if ended_cells + open.iter().map(Rectangle::cells).sum::<u64>() > MAX_CELLS {
            let reason = format!("its cells lie so far apart that their sheets have more than {MAX_CELLS}");
            return Ok(Err(Fault::Hostile(reason)));
        }
        if open.len() > MAX_OPEN {
            return Ok(Err(Fault::Hostile("its charts stand inside each other without end".to_owned())));
        }
        copy.write_all(&head)?;
        copy.write_all(&body[..known])?;
        at += u32::try_from(head.len() + body.len()).unwrap_or_default();
    }
    if sheets.iter().any(|sheet| !beginnings.contains(sheet)) {
        let reason = "a sheet does not begin where the workbook says that it does";
        return Ok(Err(Fault::DamagedWorkbook(reason.to_owned())));
    }
    Ok(Ok(()))
}

/// A compound file whose table of sectors says nothing of sectors behind its end. Some programs fill the last sector of the
/// table with zeros, which speak of sectors that are not there; nothing refers to them, and here they are read as zeros.
struct Padded<'f> {
    file: &'f File,
    at: u64,
    len: u64,
    padded_len: u64,
}

impl<'f> Padded<'f> {
    /// Sectors of 512 bytes, and a table of 128 to each of its own sectors: those of workbooks.
    const SECTOR_BYTES: u64 = 512;
    const ENTRIES: u64 = 128;

    fn new(mut file: &'f File, len: u64) -> io::Result<Self> {
        let mut header = [0; 48];
        let known = read_up_to(&mut file, &mut header)?;
        file.rewind()?;
        let tables = u32::from_le_bytes([header[44], header[45], header[46], header[47]]);
        let spoken_of = (u64::from(tables) * Self::ENTRIES + 1) * Self::SECTOR_BYTES;
        let at_most = len + Self::ENTRIES * Self::SECTOR_BYTES;
        let is_known = known == header.len() && header[30] == 9;
        let padded_len = if is_known && spoken_of <= at_most { spoken_of.max(len) } else { len };
        Ok(Self { file, at: 0, len, padded_len })
    }
}

impl Read for Padded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = if self.at < self.len {
            self.file.read(buffer)?
        } else {
            let left = usize::try_from(self.padded_len.saturating_sub(self.at)).unwrap_or(usize::MAX);
            let padding = buffer.len().min(left);
            buffer[..padding].fill(0);
            padding
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Padded<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(distance) => self.padded_len.checked_add_signed(distance),
            SeekFrom::Current(distance) => self.at.checked_add_signed(distance),
        };
        self.at = to.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.file.seek(SeekFrom::Start(self.at.min(self.len)))?;
        Ok(self.at)
    }
}

/// The rectangle around some cells, from the first to the last row and column.
#[derive(Default)]
struct Rectangle(Option<[u64; 4]>);

impl Rectangle {
    fn add(&mut self, row: u64, column: u64) {
        let [top, bottom, left, right] = self.0.unwrap_or([row, row, column, column]);
        self.0 = Some([top.min(row), bottom.max(row), left.min(column), right.max(column)]);
    }

    fn cells(&self) -> u64 {
        self.0.map_or(0, |[top, bottom, left, right]| (bottom - top + 1) * (right - left + 1))
    }
}
