//! A look at a workbook of Excel 97 before the library reads it: it makes room for the rectangle around all cells of every
//! sheet, and two cells in far corners make that as large as they like.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek as _},
};

use super::error::Fault;

/// Cells of the rectangles around the cells of all sheets; each takes 24 bytes.
const MAX_CELLS: u64 = 8_000_000;

/// The whole file is held in memory.
const MAX_FILE_BYTES: u64 = 128 * 1024 * 1024;

/// Records that hold cells: their first fields are row and column.
const CELLS: [u16; 12] =
    [0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027e, 0x00bd, 0x00be, 0x00d6, 0x00fd, 0x0001, 0x0003];

/// The beginning of a sheet.
const BOF: u16 = 0x0809;

/// Checks a compound file.
pub(super) fn check(file: &File) -> Result<(), Fault> {
    let mut file = file.try_clone().map_err(Fault::Io)?;
    let len = file.metadata().map_err(Fault::Io)?.len();
    if len > MAX_FILE_BYTES {
        return Err(Fault::Hostile(format!("it is larger than {} MB", MAX_FILE_BYTES >> 20)));
    }
    file.rewind().map_err(Fault::Io)?;
    let damaged = |error: io::Error| Fault::DamagedWorkbook(error.to_string());
    let mut compound = cfb::CompoundFile::open(BufReader::new(&file)).map_err(damaged)?;
    if compound.exists("/EncryptedPackage") {
        return Err(Fault::Password);
    }
    let name = ["/Workbook", "/Book", "/WORKBOOK", "/BOOK"].into_iter().find(|name| compound.exists(name));
    let Some(name) = name else {
        return Err(Fault::NoWorkbook);
    };
    let stream = compound.open_stream(name).map_err(damaged)?;
    check_cells(&mut BufReader::new(stream)).map_err(damaged)??;
    file.rewind().map_err(Fault::Io)
}

fn check_cells(records: &mut impl Read) -> io::Result<Result<(), Fault>> {
    let mut rectangle = Rectangle::default();
    let mut before = 0;
    let mut head = [0; 4];
    loop {
        match records.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            other => other?,
        }
        let word = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        let (kind, len) = (word(0), u64::from(word(2)));
        let mut body = [0; 4];
        let known = usize::try_from(len.min(4)).unwrap_or_default();
        records.read_exact(&mut body[..known])?;
        io::copy(&mut records.take(len - known as u64), &mut io::sink())?;
        if kind == BOF {
            before += rectangle.cells();
            rectangle = Rectangle::default();
        } else if CELLS.contains(&kind) && known == 4 {
            let word = |at: usize| u64::from(u16::from_le_bytes([body[at], body[at + 1]]));
            rectangle.add(word(0), word(2));
        }
        if before + rectangle.cells() > MAX_CELLS {
            let reason = format!("its cells lie so far apart that their sheets have more than {MAX_CELLS}");
            return Ok(Err(Fault::Hostile(reason)));
        }
    }
    Ok(Ok(()))
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
