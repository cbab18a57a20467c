//! A workbook is a ZIP archive of XML files. Before a library takes it at its word, all of it is unpacked once to see
//! that it is what it says: no archive in which a few kilobytes become gigabytes, no text that fills the memory.

use std::{
    fs::File,
    io::{self, BufReader, Read as _},
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

use positioned_io::SizeCursor;
use zip::{ZipArchive, result::ZipError};

use super::{digits, error::Fault, source::HARMLESS_BYTES};

/// Files in a workbook: sheets, styles, pictures.
const MAX_ENTRIES: usize = 1000;

/// All files unpacked.
const MAX_UNPACKED_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// Rows and cells are numbered, so that sheets compress to a tenth or a thirtieth, however much alike their cells are.
const MAX_RATIO: u64 = 120;

/// The strings of a workbook are held in memory.
const MAX_STRINGS_BYTES: u64 = 160 * 1024 * 1024;

/// The longest text or tag: a cell holds at most 32,767 characters.
const MAX_RUN_BYTES: usize = 1024 * 1024;

/// The shortest element that holds a shared string.
const MIN_STRING_BYTES: u64 = 5;

/// What was seen on the way.
#[derive(Default)]
pub(super) struct Seen {
    /// Formula cells whose result is not stored: to a reader, they are empty.
    pub(super) formulas_without_result: u64,
    /// Whether a cell holds a number that a double may not.
    pub(super) has_long_numbers: bool,
}

impl Seen {
    /// Adds what was seen elsewhere.
    pub(super) fn add(&mut self, other: &Self) {
        self.formulas_without_result += other.formulas_without_result;
        self.has_long_numbers |= other.has_long_numbers;
    }
}

/// How such cells end.
const WITHOUT_RESULT: [&[u8]; 4] = [b"</f></c>", b"</f><v></v>", b"</f><v/>", b"</f><v />"];

/// Checks an archive.
pub(super) fn check(file: &File) -> Result<Seen, Fault> {
    Package::open(file)?.check(|_| true)
}

/// An archive whose directory is what it says, and whose files are yet to be checked.
pub(super) struct Package<'f> {
    file: &'f File,
    /// Bytes that all files together may unpack to, and those they did so far.
    allowed: u64,
    unpacked: AtomicU64,
}

impl<'f> Package<'f> {
    pub(super) fn open(file: &'f File) -> Result<Self, Fault> {
        Self::open_within(file, HARMLESS_BYTES)
    }

    /// The same, where so many unpacked bytes are allowed whatever the ratio.
    fn open_within(file: &'f File, harmless_bytes: u64) -> Result<Self, Fault> {
        let packed = file.metadata().map_err(Fault::Io)?.len();
        let allowed = MAX_UNPACKED_BYTES.min(harmless_bytes.max(packed.saturating_mul(MAX_RATIO)));
        let package = Self { file, allowed, unpacked: AtomicU64::new(0) };
        let mut archive = package.archive()?;
        if archive.len() > MAX_ENTRIES {
            return Err(Fault::Hostile(format!("it holds {} files, more than {MAX_ENTRIES}", archive.len())));
        }
        if archive.has_overlapping_files().map_err(damaged)? {
            return Err(Fault::Hostile("files in it share their bytes".to_owned()));
        }
        Ok(package)
    }

    fn archive(&self) -> Result<ZipArchive<BufReader<SizeCursor<&'f File>>>, Fault> {
        ZipArchive::new(BufReader::new(SizeCursor::new(self.file))).map_err(damaged)
    }

    /// Where the packed bytes of the files that are wanted stand.
    pub(super) fn places(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Range<u64>>, Fault> {
        let mut archive = self.archive()?;
        let mut places = Vec::new();
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(damaged)?;
            if is_wanted(&entry.name().map_err(damaged)?) {
                let start = entry.data_start().unwrap_or_default();
                places.push(start..start.saturating_add(entry.compressed_size()));
            }
        }
        Ok(places)
    }

    /// Unpacks the files that are wanted; different threads may want different ones.
    pub(super) fn check(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Seen, Fault> {
        let mut seen = Seen::default();
        let mut archive = self.archive()?;
        let mut chunk = vec![0; 256 * 1024];
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).map_err(damaged)?;
            let name = entry.name().map_err(damaged)?.into_owned();
            if !is_wanted(&name) {
                continue;
            }
            let declared = entry.size();
            let mut part = Part::new(&name);
            loop {
                let read = entry.read(&mut chunk).map_err(|error| unreadable(&name, &error))?;
                if read == 0 {
                    break;
                }
                let before = self.unpacked.fetch_add(read as u64, Ordering::Relaxed);
                if before + read as u64 > self.allowed {
                    let megabytes = self.allowed / 1_000_000;
                    return Err(Fault::Hostile(format!("it unpacks to more than {megabytes} MB")));
                }
                part.take(&chunk[..read])?;
            }
            if part.bytes != declared {
                return Err(Fault::Hostile(format!(
                    "{name} is {} bytes long and says {declared}",
                    part.bytes
                )));
            }
            part.check_strings()?;
            seen.add(&part.seen);
        }
        Ok(seen)
    }
}

pub(super) fn damaged(error: ZipError) -> Fault {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => Fault::Io(error),
        other => Fault::DamagedWorkbook(other.to_string()),
    }
}

fn unreadable(name: &str, error: &io::Error) -> Fault {
    Fault::DamagedWorkbook(format!("{name}: {error}"))
}

/// The shortest tag of a value, and the number in it.
const MIN_LONG_NUMBER: usize = 3 + digits::MIN_DIGITS;

/// As much of a run is kept over the end of a chunk.
const MAX_TAIL: usize = 256;

/// Whether a tag and the text behind it are a value with a number that a double may not hold.
fn is_long_number(run: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'>', run) else { return false };
    run[..end].ends_with(b"v") && digits::are_many(&run[end + 1..])
}

/// One file of the archive, while it is unpacked.
struct Part<'a> {
    name: &'a str,
    is_text: bool,
    bytes: u64,
    /// Bytes since the last `<`.
    run: usize,
    /// The beginning of the file, in which it says what it is.
    start: Vec<u8>,
    seen: Seen,
    /// The beginning of the run that the chunk before ended in.
    tail: Vec<u8>,
}

impl<'a> Part<'a> {
    const START_BYTES: usize = 4096;

    fn new(name: &'a str) -> Self {
        Self {
            name,
            is_text: false,
            bytes: 0,
            run: 0,
            start: Vec::new(),
            seen: Seen::default(),
            tail: Vec::new(),
        }
    }

    fn is_strings(&self) -> bool {
        self.name.to_lowercase().contains("sharedstrings")
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), Fault> {
        if self.bytes == 0 {
            let start = chunk.strip_prefix(b"\xef\xbb\xbf").unwrap_or(chunk);
            self.is_text = start.trim_ascii_start().starts_with(b"<");
        }
        self.bytes += chunk.len() as u64;
        if self.is_strings() && self.bytes > MAX_STRINGS_BYTES {
            return Err(Fault::Hostile(format!("its texts take more than {} MB", MAX_STRINGS_BYTES >> 20)));
        }
        if !self.is_text {
            return Ok(());
        }
        if self.start.len() < Self::START_BYTES {
            self.start.extend(chunk.iter().take(Self::START_BYTES - self.start.len()));
        }
        let is_sheet = self.name.contains("sheets/");
        if is_sheet && memchr::memmem::find(chunk, b"</f>").is_some() {
            let ends = WITHOUT_RESULT.iter().map(|end| memchr::memmem::find_iter(chunk, end).count() as u64);
            self.seen.formulas_without_result += ends.sum::<u64>();
        }
        let mut after = 0;
        for at in memchr::memchr_iter(b'<', chunk) {
            self.check_run(self.run + at - after)?;
            if is_sheet && self.run + at - after >= MIN_LONG_NUMBER {
                self.seen.has_long_numbers |= if self.run == 0 {
                    is_long_number(&chunk[after..at])
                } else {
                    is_long_number(&[&self.tail, &chunk[after..at]].concat())
                };
            }
            (self.run, after) = (0, at);
            if chunk[at..].starts_with(b"<!DOCTYPE") || chunk[at..].starts_with(b"<!ENTITY") {
                return Err(Fault::Hostile(format!("{} defines entities of its own", self.name)));
            }
        }
        if self.run == 0 {
            self.tail.clear();
        }
        self.run += chunk.len() - after;
        let room = MAX_TAIL.saturating_sub(self.tail.len());
        self.tail.extend(chunk[after..].iter().take(room));
        self.check_run(self.run)
    }

    fn check_run(&self, run: usize) -> Result<(), Fault> {
        if run > MAX_RUN_BYTES {
            return Err(Fault::Hostile(format!(
                "{} holds a text of more than {MAX_RUN_BYTES} bytes",
                self.name
            )));
        }
        Ok(())
    }

    /// The strings are counted in the file itself, and libraries make room for as many.
    fn check_strings(&self) -> Result<(), Fault> {
        const COUNT: &[u8] = b"uniqueCount=";
        if !self.is_strings() {
            return Ok(());
        }
        let Some(at) = memchr::memmem::find(&self.start, COUNT) else { return Ok(()) };
        let digits: Vec<u8> =
            self.start[at + COUNT.len() + 1..].iter().copied().take_while(u8::is_ascii_digit).collect();
        let count = String::from_utf8_lossy(&digits).parse().unwrap_or(u64::MAX);
        if count > self.bytes / MIN_STRING_BYTES {
            return Err(Fault::Hostile(format!(
                "{} counts {count} texts in {} bytes",
                self.name, self.bytes
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

    use super::*;

    /// An archive of these files.
    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (name, content) in files {
            writer.start_file(*name, options).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn checked(archive: &[u8]) -> String {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(archive).unwrap();
        check(&file).map_or_else(|fault| fault.to_string(), |_| "fine".to_owned())
    }

    #[test]
    fn an_honest_archive_passes() {
        assert_eq!(
            checked(&archive(&[("xl/workbook.xml", b"<workbook/>"), ("xl/media/a.png", &[0; 999])])),
            "fine"
        );
    }

    #[test]
    fn a_few_kilobytes_do_not_become_gigabytes() {
        let rows = "<c/>".repeat(300_000);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&archive(&[("xl/worksheets/sheet1.xml", rows.as_bytes())])).unwrap();
        assert_eq!(Package::open(&file).unwrap().allowed, HARMLESS_BYTES);
        let error = Package::open_within(&file, 1_000_000).unwrap().check(|_| true).err().unwrap();
        assert!(error.to_string().contains("unpacks to more than 1 MB"), "{error}");
        assert!(Package::open_within(&file, rows.len() as u64).unwrap().check(|_| true).is_ok());
    }

    #[test]
    fn no_text_fills_the_memory() {
        let cell = format!("<t>{}</t>", "x".repeat(2 << 20));
        let spaces = format!("<sheetData>{}</sheetData>", " ".repeat(2 << 20));
        for content in [cell, spaces] {
            let error = checked(&archive(&[("xl/sharedStrings.xml", content.as_bytes())]));
            assert!(error.contains("holds a text of more than"), "{error}");
        }
    }

    #[test]
    fn shared_string_counts_are_not_trusted() {
        let strings = br#"<sst uniqueCount="4000000000"><si><t>a</t></si></sst>"#;
        let error = checked(&archive(&[("xl/sharedStrings.xml", strings)]));
        assert!(error.contains("counts 4000000000 texts"), "{error}");
        let honest = br#"<sst uniqueCount="1"><si><t>a</t></si></sst>"#;
        assert_eq!(checked(&archive(&[("xl/sharedStrings.xml", honest)])), "fine");
    }

    #[test]
    fn entities_of_its_own_are_refused() {
        let lol = br#"<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">]><sst/>"#;
        assert!(checked(&archive(&[("xl/sharedStrings.xml", lol)])).contains("entities of its own"));
    }

    #[test]
    fn long_numbers_are_seen_wherever_a_chunk_ends() {
        for (cell, is_long) in [
            ("<c r=\"A1\"><v>9198765432101234</v></c>", true),
            ("<c r=\"A1\"><v>919876543210123</v></c>", false),
            ("<c r=\"A1234567\" t=\"inlineStr\"><is><t>9198765432101234</t></is></c>", false),
        ] {
            for at in 1..cell.len() {
                let mut part = Part::new("xl/worksheets/sheet1.xml");
                part.take(&cell.as_bytes()[..at]).unwrap();
                part.take(&cell.as_bytes()[at..]).unwrap();
                assert_eq!(part.seen.has_long_numbers, is_long, "{cell} at {at}");
            }
        }
    }

    #[test]
    fn archives_with_too_many_files_or_forged_sizes_are_refused() {
        let names: Vec<String> = (0..1001).map(|number| format!("{number}.xml")).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
        assert!(checked(&archive(&files)).contains("1001 files"));

        let mut forged = archive(&[("xl/workbook.xml", b"<workbook></workbook>")]);
        // The size in the directory, which stands behind the last file.
        let directory = memchr::memmem::rfind(&forged, b"PK\x01\x02").unwrap();
        forged[directory + 24] = 5;
        let error = checked(&forged);
        assert!(error.contains("says 5") || error.contains("damaged"), "{error}");
    }

    #[test]
    fn files_that_share_their_bytes_are_refused() {
        let mut shared = archive(&[("a.xml", b"<a/>"), ("b.xml", b"<b/>")]);
        let first = memchr::memmem::find(&shared, b"PK\x01\x02").unwrap();
        let second = memchr::memmem::rfind(&shared, b"PK\x01\x02").unwrap();
        // Both begin at the first file.
        let offset: [u8; 4] = shared[first + 42..first + 46].try_into().unwrap();
        shared[second + 42..second + 46].copy_from_slice(&offset);
        let error = checked(&shared);
        assert!(error.contains("share their bytes") || error.contains("damaged"), "{error}");
    }
}
