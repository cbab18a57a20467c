//! A look at a binary workbook before the library reads it: its records say how long they are and how many there are, and
//! the library believes them. It also passes over cells that are written in the short forms, without a column of their own,
//! as some programs write them: those are spelled out for it.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek as _, Write},
    ops::ControlFlow,
};

use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{error::Fault, package::damaged, sheet::MAX_ROWS};

/// The longest record: a text of 32,767 characters and a formula.
const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// Kinds of records, by the names of the format's specification.
mod kind {
    pub(super) const ROW_HEADER: u16 = 0;
    pub(super) const CELL_BLANK: u16 = 1;
    pub(super) const CELL_TEXT: u16 = 6;
    pub(super) const FORMULA_ERROR: u16 = 11;
    /// The short forms of the cells 1 to 7, in their order.
    pub(super) const SHORT_BLANK: u16 = 12;
    pub(super) const SHORT_SHARED_TEXT: u16 = 18;
    pub(super) const CELL_RICH_TEXT: u16 = 62;
    pub(super) const EXTERN_SHEETS: u16 = 362;
}

/// The short cells and the others: kind by kind, the distance between them.
const SHORT: u16 = kind::SHORT_BLANK - kind::CELL_BLANK;

/// A style, and flags.
const STYLE_BYTES: usize = 4;
const COLUMN_BYTES: usize = 4;
const EXTERN_SHEET_BYTES: usize = 12;

/// Checks a workbook, and returns it or a copy in which every cell has its column.
pub(super) fn check(file: File) -> Result<File, Fault> {
    let own = file.try_clone().map_err(Fault::Io)?;
    let mut archive = ZipArchive::new(BufReader::new(own)).map_err(damaged)?;
    let mut is_short = false;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.to_lowercase();
        if is_sheet(&name) {
            is_short |= spell_out(&mut BufReader::new(entry), &mut io::sink())?;
        } else if name.ends_with("workbook.bin")
            || name.ends_with("styles.bin")
            || name.ends_with("strings.bin")
        {
            each_record(&mut BufReader::new(entry), check_counts)?;
        }
    }
    if is_short { spelled_out(&mut archive) } else { Ok(file) }
}

fn is_sheet(name: &str) -> bool {
    name.contains("sheets/") && name.rsplit('.').next() == Some("bin") && !name.contains("binaryindex")
}

/// The library makes room for as many references to other sheets as there are said to be.
fn check_counts(kind: u16, body: &[u8]) -> Result<(), Fault> {
    if kind == kind::EXTERN_SHEETS {
        let said = word(body, 0).unwrap_or(u32::MAX);
        if u64::from(said) > (body.len() / EXTERN_SHEET_BYTES) as u64 {
            return Err(Fault::Hostile(format!("it counts {said} references in {} bytes", body.len())));
        }
    }
    Ok(())
}

/// A copy of the workbook with its sheets spelled out.
fn spelled_out(archive: &mut ZipArchive<BufReader<File>>) -> Result<File, Fault> {
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut writer = ZipWriter::new(tempfile::tempfile().map_err(Fault::Io)?);
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        if is_sheet(&name.to_lowercase()) {
            writer.start_file(name, stored.large_file(true)).map_err(damaged)?;
            spell_out(&mut BufReader::new(entry), &mut writer)?;
        } else {
            writer.raw_copy_file(entry).map_err(damaged)?;
        }
    }
    let mut file = writer.finish().map_err(damaged)?;
    file.rewind().map_err(Fault::Io)?;
    Ok(file)
}

/// Copies the records of a sheet, each cell with its column and as the library knows it; whether any was otherwise.
fn spell_out(sheet: &mut impl Read, copy: &mut impl Write) -> Result<bool, Fault> {
    let mut is_short = false;
    let mut next_column = 0_u32;
    each_record(sheet, |kind, body| {
        let mut full = Vec::new();
        let (kind, body) = match kind {
            kind::ROW_HEADER => {
                let row = u64::from(word(body, 0).unwrap_or(u32::MAX)) + 1;
                if row > MAX_ROWS {
                    return Err(Fault::OutsideSheet { row });
                }
                next_column = 0;
                (kind, body)
            }
            kind::SHORT_BLANK..=kind::SHORT_SHARED_TEXT => {
                is_short = true;
                full.extend(next_column.to_le_bytes());
                full.extend(body);
                next_column = next_column.saturating_add(1);
                (kind - SHORT, full.as_slice())
            }
            kind::CELL_BLANK..=kind::FORMULA_ERROR | kind::CELL_RICH_TEXT => {
                next_column = word(body, 0).unwrap_or(u32::MAX).saturating_add(1);
                if kind == kind::CELL_RICH_TEXT && body.len() > COLUMN_BYTES + STYLE_BYTES {
                    is_short = true;
                    // What follows the style are flags, the text, and how its parts look.
                    full.extend(&body[..COLUMN_BYTES + STYLE_BYTES]);
                    full.extend(&body[COLUMN_BYTES + STYLE_BYTES + 1..]);
                    (kind::CELL_TEXT, full.as_slice())
                } else {
                    (kind, body)
                }
            }
            _ => (kind, body),
        };
        write_record(copy, kind, body).map_err(Fault::Io)
    })?;
    Ok(is_short)
}

fn word(body: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*body.get(at..)?.first_chunk()?))
}

/// Goes through the records of a part.
fn each_record(
    part: &mut impl Read,
    mut each: impl FnMut(u16, &[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut body = Vec::new();
    loop {
        match read_record(part, &mut body) {
            Ok(ControlFlow::Continue(kind)) => each(kind, &body)?,
            Ok(ControlFlow::Break(())) => return Ok(()),
            Err(error) => return Err(Fault::DamagedWorkbook(format!("a record of a sheet: {error}"))),
        }
    }
}

/// Reads a record: its kind, or that there is none any more. Kind and length are written seven bits a byte.
fn read_record(part: &mut impl Read, body: &mut Vec<u8>) -> io::Result<ControlFlow<(), u16>> {
    let mut byte = [0];
    if part.read(&mut byte)? == 0 {
        return Ok(ControlFlow::Break(()));
    }
    let mut kind = u16::from(byte[0] & 0x7f);
    if byte[0] & 0x80 != 0 {
        part.read_exact(&mut byte)?;
        kind |= u16::from(byte[0] & 0x7f) << 7;
    }
    let mut len = 0;
    for position in 0..4 {
        part.read_exact(&mut byte)?;
        len |= usize::from(byte[0] & 0x7f) << (7 * position);
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    if len > MAX_RECORD_BYTES {
        return Err(io::Error::other(format!("it says that it is {len} bytes long")));
    }
    body.resize(len, 0);
    part.read_exact(body)?;
    Ok(ControlFlow::Continue(kind))
}

fn write_record(copy: &mut impl Write, kind: u16, body: &[u8]) -> io::Result<()> {
    let seven = |bits: usize| u8::try_from(bits & 0x7f).unwrap_or_default();
    let mut head = Vec::with_capacity(6);
    let kind = usize::from(kind);
    if kind < 0x80 {
        head.push(seven(kind));
    } else {
        head.extend([seven(kind) | 0x80, seven(kind >> 7)]);
    }
    let mut len = body.len();
    while len > 0x7f {
        head.push(seven(len) | 0x80);
        len >>= 7;
    }
    head.push(seven(len));
    copy.write_all(&head)?;
    copy.write_all(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(records: &[(u16, &[u8])]) -> Vec<u8> {
        let mut part = Vec::new();
        for (kind, body) in records {
            write_record(&mut part, *kind, body).unwrap();
        }
        part
    }

    #[test]
    fn xlsb_short_cells_take_the_next_column() {
        let row = 4_u32.to_le_bytes();
        let short = records(&[
            (kind::ROW_HEADER, &row),
            (7, &[3, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0]),
            (kind::SHORT_SHARED_TEXT, &[0, 0, 0, 0, 8, 0, 0, 0]),
            (kind::CELL_RICH_TEXT, &[6, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, b'x', 0]),
            (kind::SHORT_BLANK, &[0; 4]),
            (0x92, &[]),
        ]);
        let mut copy = Vec::new();
        assert!(spell_out(&mut short.as_slice(), &mut copy).unwrap());
        let full = records(&[
            (kind::ROW_HEADER, &row),
            (7, &[3, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0]),
            (7, &[4, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0]),
            (kind::CELL_TEXT, &[6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, b'x', 0]),
            (kind::CELL_BLANK, &[7, 0, 0, 0, 0, 0, 0, 0]),
            (0x92, &[]),
        ]);
        assert_eq!(copy, full);
        assert!(!spell_out(&mut full.as_slice(), &mut io::sink()).unwrap(), "it is in full now");
    }

    #[test]
    fn xls_record_lengths_are_not_trusted() {
        let long = [5, 0xff, 0xff, 0xff, 0x7f];
        let error = spell_out(&mut long.as_slice(), &mut io::sink()).unwrap_err().to_string();
        assert!(error.contains("it says that it is 268435455 bytes long"), "{error}");
        let below = records(&[(kind::ROW_HEADER, &2_000_000_u32.to_le_bytes())]);
        let error = spell_out(&mut below.as_slice(), &mut io::sink()).unwrap_err();
        assert!(matches!(error, Fault::OutsideSheet { row: 2_000_001 }), "{error}");
        let references = check_counts(kind::EXTERN_SHEETS, &[0xff, 0xff, 0xff, 0x7f, 0, 0]).unwrap_err();
        assert!(references.to_string().contains("counts 2147483647 references in 6 bytes"), "{references}");
        assert!(check_counts(kind::EXTERN_SHEETS, &[1; 12]).is_err());
        assert!(check_counts(kind::EXTERN_SHEETS, &[[1, 0, 0, 0].as_slice(), &[0; 12]].concat()).is_ok());
    }

    #[test]
    fn long_records_are_written_as_they_are_read() {
        let body = vec![7; 40_000];
        let part = records(&[(0x1ff, &body), (2, &[])]);
        let mut seen = Vec::new();
        each_record(&mut part.as_slice(), |kind, body| {
            seen.push((kind, body.len()));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, [(0x1ff, 40_000), (2, 0)]);
    }
}
