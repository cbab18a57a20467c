//! Reads the compound file around a workbook of Excel 5 to 2003. It is a small file system with the workbook as one of
//! its files.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
};

use crate::parse::{error::Fault, file::source::read_up_to};

/// The maximum size of a file. The whole workbook is held in memory.
const MAX_FILE_BYTES: u64 = 128 * 1024 * 1024;

/// Returns the records of the workbook in a compound file.
pub(in crate::parse) fn workbook(file: &File) -> Result<Vec<u8>, Fault> {
    let mut file = file.try_clone().map_err(Fault::Io)?;
    let len = file.metadata().map_err(Fault::Io)?.len();
    if len > MAX_FILE_BYTES {
        return Err(Fault::Hostile(format!("it is larger than {} MB", MAX_FILE_BYTES >> 20)));
    }
    file.rewind().map_err(Fault::Io)?;
    let damaged = |error: io::Error| Fault::DamagedWorkbook(error.to_string());
    let repaired = Repaired::new(&file, len).map_err(damaged)?;
    let mut compound = cfb::CompoundFile::open(BufReader::new(repaired)).map_err(damaged)?;
    if compound.exists("/EncryptedPackage") {
        return Err(Fault::Password);
    }
    // A file for Excel 95 and 97 contains the workbook twice.
    let name = ["/Workbook", "/Book"].into_iter().find(|name| compound.exists(name));
    let Some(name) = name else { return Err(Fault::NoWorkbook) };
    let mut records = Vec::new();
    let stream = compound.open_stream(name).map_err(damaged)?;
    stream.take(MAX_FILE_BYTES).read_to_end(&mut records).map_err(damaged)?;
    Ok(records)
}

/// A compound file with repairs for two faults that some programs make and all spreadsheet programs tolerate. The first
/// fault: the last sector of the sector table is filled with zeros, which refer to missing sectors. Nothing uses these,
/// and here they read as zeros. The second fault: the length of the small files is not rounded up to whole sectors.
struct Repaired<'f> {
    file: &'f File,
    at: u64,
    len: u64,
    padded_len: u64,
    /// The offset of the length of the small files, and the bytes to read there.
    small_files_len: Option<(u64, [u8; 8])>,
}

impl<'f> Repaired<'f> {
    /// The sector size, and the entries per sector of the sector table, as in all workbooks.
    const SECTOR_BYTES: u64 = 512;
    const ENTRIES: u64 = 128;

    /// The size of a small file's sector.
    const SMALL_SECTOR_BYTES: u64 = 64;

    /// The offset of the length in a directory entry.
    const LEN_IN_ENTRY: u64 = 120;

    fn new(mut file: &'f File, len: u64) -> io::Result<Self> {
        let mut header = [0; 52];
        let known = read_up_to(&mut file, &mut header)?;
        let word =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let is_known = known == header.len() && header[30] == 9;
        let spoken_of = (u64::from(word(44)) * Self::ENTRIES + 1) * Self::SECTOR_BYTES;
        let at_most = len + Self::ENTRIES * Self::SECTOR_BYTES;
        let padded_len = if is_known && spoken_of <= at_most { spoken_of.max(len) } else { len };
        let mut small_files_len = None;
        // The first directory entry has this length.
        let at = (u64::from(word(48)) + 1) * Self::SECTOR_BYTES + Self::LEN_IN_ENTRY;
        if is_known && at + 8 <= len {
            let mut bytes = [0; 8];
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut bytes)?;
            // The upper half may contain anything.
            bytes[4..].fill(0);
            let whole = u64::from_le_bytes(bytes).next_multiple_of(Self::SMALL_SECTOR_BYTES);
            small_files_len = Some((at, whole.to_le_bytes()));
        }
        file.rewind()?;
        Ok(Self { file, at: 0, len, padded_len, small_files_len })
    }
}

impl Read for Repaired<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = if self.at < self.len {
            self.file.read(buffer)?
        } else {
            let left = usize::try_from(self.padded_len.saturating_sub(self.at)).unwrap_or(usize::MAX);
            let padding = buffer.len().min(left);
            buffer[..padding].fill(0);
            padding
        };
        if let Some((start, bytes)) = self.small_files_len {
            for (at, byte) in (start..).zip(bytes) {
                let place = at.checked_sub(self.at).and_then(|place| usize::try_from(place).ok());
                if let Some(place) = place.filter(|place| *place < read) {
                    buffer[place] = byte;
                }
            }
        }
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Repaired<'_> {
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
