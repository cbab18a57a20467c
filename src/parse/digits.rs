//! The digits of numbers that are too long for a cell.
//!
//! A sheet stores a number as text, and any library makes a double of it, which holds 15 digits and not always a 16th. Such a
//! number is refused, and whoever looks for it in the sheet must find the digits that stand there: so they are read once more,
//! from the sheet's own file, beside the cells. Only sheets in which a number is that long pay for this.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek},
};

use positioned_io::SizeCursor;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use zip::ZipArchive;

use super::error::Fault;

/// Shorter whole numbers are the same as a double.
pub(super) const MIN_DIGITS: usize = 16;

const WORKBOOK: &str = "xl/workbook.xml";
const RELATIONS: &str = "xl/_rels/workbook.xml.rels";

/// Whether these bytes are a whole number that a double may not hold.
pub(super) fn are_many(bytes: &[u8]) -> bool {
    bytes.len() >= MIN_DIGITS && bytes.iter().all(u8::is_ascii_digit)
}

/// Calls `each` with a source of the long numbers of a sheet, in the order of its cells; with none if the sheet's file is not
/// where it should be.
pub(super) fn with_long_numbers<T>(
    file: &File,
    sheet: &str,
    each: impl FnOnce(&mut dyn FnMut((u32, u32)) -> Option<String>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let file = file.try_clone().map_err(Fault::Io)?;
    let mut archive = ZipArchive::new(BufReader::new(SizeCursor::new(file)))
        .map_err(|error| Fault::DamagedWorkbook(error.to_string()))?;
    let Some(part) = part_of(&mut archive, sheet) else { return each(&mut |_| None) };
    let Ok(content) = archive.by_name(&part) else { return each(&mut |_| None) };
    let mut numbers =
        Numbers { reader: Reader::from_reader(BufReader::new(content)), place: Place::default() };
    let mut next = numbers.next();
    each(&mut |position| {
        while next.as_ref().is_some_and(|(at, _)| *at < position) {
            next = numbers.next();
        }
        next.take_if(|(at, _)| *at == position).map(|(_, digits)| digits)
    })
}

/// The file in which a sheet's cells stand.
fn part_of(archive: &mut ZipArchive<impl Read + Seek>, sheet: &str) -> Option<String> {
    let id = find_attribute(archive, WORKBOOK, "sheet", ("name", sheet), "id")?;
    let target = find_attribute(archive, RELATIONS, "Relationship", ("Id", &id), "Target")?;
    Some(match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("xl/{target}"),
    })
}

/// An attribute of the first such element in which another attribute has this value.
fn find_attribute(
    archive: &mut ZipArchive<impl Read + Seek>,
    part: &str,
    element: &str,
    (key, value): (&str, &str),
    wanted: &str,
) -> Option<String> {
    let mut reader = Reader::from_reader(BufReader::new(archive.by_name(part).ok()?));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Eof => return None,
            Event::Start(tag) | Event::Empty(tag)
                if tag.local_name().as_ref() == element
                    && local_attribute(&tag, key).is_some_and(|found| found == value) =>
            {
                return local_attribute(&tag, wanted);
            }
            _ => {}
        }
    }
}

fn local_attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes().flatten();
    let found = attributes.find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(found.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?.into_owned())
}

/// The place of the cell that is read.
#[derive(Default)]
struct Place {
    /// The number of the row, from 1; 0 before the first.
    row: u32,
    /// The column of the cell, and that of the next one if it does not say.
    column: u32,
    next_column: u32,
}

impl Place {
    fn begin_row(&mut self, tag: &BytesStart<'_>) {
        let stated = local_attribute(tag, "r").and_then(|number| number.parse().ok());
        self.row = stated.unwrap_or(self.row.saturating_add(1));
        self.next_column = 0;
    }

    fn begin_cell(&mut self, tag: &BytesStart<'_>) {
        let stated = local_attribute(tag, "r").and_then(|reference| column_of(&reference));
        self.column = stated.unwrap_or(self.next_column);
        self.next_column = self.column.saturating_add(1);
    }
}

/// The column of a reference such as `AB12`, from 0.
fn column_of(reference: &str) -> Option<u32> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters
        .take(4)
        .fold(0_u32, |number, letter| number * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1)
}

/// The long numbers of a sheet, in the order of its cells.
struct Numbers<R> {
    reader: Reader<R>,
    place: Place,
}

impl<R: BufRead> Numbers<R> {
    /// The next one and where it stands: row and column from 0. What cannot be read ends them.
    fn next(&mut self) -> Option<((u32, u32), String)> {
        let mut buffer = Vec::new();
        let mut is_value = false;
        loop {
            buffer.clear();
            match self.reader.read_event_into(&mut buffer).ok()? {
                Event::Eof => return None,
                Event::Start(tag) => {
                    match tag.local_name().as_ref() {
                        "row" => self.place.begin_row(&tag),
                        "c" => self.place.begin_cell(&tag),
                        _ => {}
                    }
                    is_value = tag.local_name().as_ref() == "v";
                }
                Event::Empty(tag) => match tag.local_name().as_ref() {
                    "row" => self.place.begin_row(&tag),
                    "c" => self.place.begin_cell(&tag),
                    _ => {}
                },
                Event::Text(text) if is_value && are_many(text.as_bytes()) => {
                    let position = (self.place.row.checked_sub(1)?, self.place.column);
                    return Some((position, text.to_string()));
                }
                Event::End(_) => is_value = false,
                _ => {}
            }
        }
    }
}
