//! Reads a workbook as a ZIP archive of parts. The archive's directory is checked before anything is unpacked, and
//! unpacked bytes are counted. Archive bombs and huge texts are errors.

use std::{
    cell::Cell,
    collections::HashMap,
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
    rc::Rc,
};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use positioned_io::SizeCursor;
use thiserror::Error;
use zip::{ZipArchive, read::ZipFile, result::ZipError};

use crate::{
    parse::{
        error::Fault,
        file::{content::Content, source::HARMLESS_BYTES},
    },
    quantity::grouped,
};

/// The maximum number of files in a workbook, such as sheets, styles and pictures.
const MAX_ENTRIES: usize = 10_000;

/// The maximum size of all parts unpacked.
const MAX_UNPACKED_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// The maximum compression ratio. Excel sheets usually unpack to 10 to 30 times their size, because each row and cell
/// has a number. With similar rows, the ratio reaches 140; for ODS sheets, which have no such numbers, 150.
const MAX_RATIO: u64 = 250;

/// The maximum size of a piece that is read at once: a text, a tag, or a comment.
const MAX_PIECE_BYTES: u64 = 2 * 1024 * 1024;

/// The maximum size of a part that is not in UTF-8 and is decoded as a whole.
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;

type Archive = ZipArchive<BufReader<SizeCursor<File>>>;

/// An archive whose directory was checked.
pub(in crate::parse) struct Package {
    archive: Archive,
    /// Indices in the archive by the names of parts, which are compared without regard to case.
    places: HashMap<String, usize>,
    /// The number of bytes that all parts together may unpack to in one pass.
    allowed: u64,
    left: u64,
}

impl Package {
    /// Opens an archive. `file_bytes` is the size of the file that is, or contains, the archive.
    pub(in crate::parse) fn open(file: &File, file_bytes: u64) -> Result<Self, Fault> {
        Self::open_within(file, file_bytes, HARMLESS_BYTES)
    }

    /// Opens an archive that may unpack to `harmless_bytes` at any compression ratio.
    fn open_within(file: &File, file_bytes: u64, harmless_bytes: u64) -> Result<Self, Fault> {
        let file = file.try_clone().map_err(Fault::Io)?;
        let allowed = MAX_UNPACKED_BYTES.min(harmless_bytes.max(file_bytes.saturating_mul(MAX_RATIO)));
        let mut archive = ZipArchive::new(BufReader::new(SizeCursor::new(file))).map_err(damaged)?;
        if archive.len() > MAX_ENTRIES {
            let [found, most] = [archive.len(), MAX_ENTRIES].map(|count| grouped(count as u64));
            return Err(Fault::Hostile(format!("it contains {found} files, more than {most}")));
        }
        if archive.has_overlapping_files().map_err(damaged)? {
            return Err(Fault::Hostile("files in it overlap".to_owned()));
        }
        let mut places = HashMap::with_capacity(archive.len());
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(damaged)?;
            places.entry(key(&entry.name().map_err(damaged)?)).or_insert(index);
        }
        Ok(Self { archive, places, allowed, left: allowed })
    }

    /// Returns the kind of document, determined by its parts.
    pub(in crate::parse) fn content(&self) -> Content {
        let has = |is: &dyn Fn(&str) -> bool| self.places.keys().any(|name| is(name));
        let ends_in = |name: &str, ending: &str| name.rsplit('.').next() == Some(ending);
        if has(&|name| ends_in(name, "iwa"))
            || has(&|name| matches!(name, "index.zip" | "index.apxl" | "index.xml.gz"))
        {
            return Content::Numbers;
        }
        if has(&|name| name.starts_with("xl/") && ends_in(name, "bin") && name.contains("workbook")) {
            return Content::Xlsb;
        }
        if has(&|name| name == "[content_types].xml" || name.starts_with("xl/")) {
            let is_text = |name: &str| name.starts_with("word/") || name.starts_with("ppt/");
            return if has(&is_text) && !has(&|name| name.starts_with("xl/")) {
                Content::Zip
            } else {
                Content::Xlsx
            };
        }
        if has(&|name| name == "content.xml") { Content::Ods } else { Content::Zip }
    }

    /// Returns whether there is a part with this name.
    pub(in crate::parse) fn has(&self, name: &str) -> bool {
        self.places.contains_key(&key(name))
    }

    /// Returns the names of all parts, normalized for comparison.
    pub(in crate::parse) fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// Begins a pass over the workbook and resets the count of unpacked bytes.
    pub(in crate::parse) fn begin_pass(&mut self) {
        self.left = self.allowed;
    }

    /// Returns the number of bytes unpacked in this pass.
    pub(in crate::parse) fn unpacked(&self) -> u64 {
        self.allowed - self.left
    }

    /// Opens the part with this name, if it exists.
    pub(in crate::parse) fn part(&mut self, name: &str) -> Result<Option<Part<'_>>, Fault> {
        let Some(index) = self.places.get(&key(name)) else { return Ok(None) };
        let entry = self.archive.by_index(*index).map_err(damaged)?;
        Ok(Some(Part {
            name: name.to_owned(),
            bytes: Bytes::Packed(BufReader::with_capacity(64 * 1024, entry)),
            left: &mut self.left,
            allowed: self.allowed,
            piece: Rc::default(),
        }))
    }
}

/// Normalizes the name of a part for comparison.
fn key(name: &str) -> String {
    let name = name.replace('\\', "/");
    let name = name.trim_start_matches("./").trim_start_matches('/');
    // Names in a list of relations are URIs, which encode a space like this.
    name.replace("%20", " ").to_lowercase()
}

/// A part that is being unpacked.
pub(in crate::parse) struct Part<'a> {
    pub(in crate::parse) name: String,
    bytes: Bytes<'a>,
    left: &'a mut u64,
    allowed: u64,
    /// Bytes of the current piece. The reader of the part sets it to zero after each piece.
    piece: Rc<Cell<u64>>,
}

enum Bytes<'a> {
    Packed(BufReader<ZipFile<'a, BufReader<SizeCursor<File>>>>),
    Decoded(Cursor<Vec<u8>>),
}

/// The reason why a part is not read any further.
#[derive(Debug, Error)]
#[error("{0}")]
pub(in crate::parse) struct Harm(String);

impl Part<'_> {
    /// Returns the byte count of the current piece.
    pub(in crate::parse) fn piece(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.piece)
    }

    /// Returns the same part as UTF-8, decoded from the encoding of its XML.
    pub(in crate::parse) fn decoded(mut self) -> Result<Self, Fault> {
        let encoding = match self.fill_buf() {
            Ok(start) => xml_encoding(start),
            Err(error) => return Err(unreadable(&self.name, &error)),
        };
        if encoding != UTF_8 {
            let mut bytes = Vec::new();
            // The limit on pieces does not apply to the whole text.
            let mut whole = Whole(&mut self).take(MAX_DECODED_BYTES + 1);
            let read = whole.read_to_end(&mut bytes);
            read.map_err(|error| unreadable(&self.name, &error))?;
            if bytes.len() as u64 > MAX_DECODED_BYTES {
                return Err(Fault::Hostile(format!(
                    "{} is larger than {} MB",
                    self.name,
                    MAX_DECODED_BYTES >> 20
                )));
            }
            let (text, _) = encoding.decode_with_bom_removal(&bytes);
            self.bytes = Bytes::Decoded(Cursor::new(text.into_owned().into_bytes()));
        }
        self.piece.set(0);
        Ok(self)
    }

    /// Returns the fault for a part that cannot be read.
    pub(in crate::parse) fn unreadable(name: &str, error: &io::Error) -> Fault {
        unreadable(name, error)
    }
}

/// A part read without the limit on pieces.
struct Whole<'p, 'a>(&'p mut Part<'a>);

impl Read for Whole<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.piece.set(0);
        self.0.read(buffer)
    }
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let filled = self.fill_buf()?;
        let len = filled.len().min(buffer.len());
        buffer[..len].copy_from_slice(&filled[..len]);
        self.consume(len);
        Ok(len)
    }
}

impl BufRead for Part<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if *self.left == 0 && matches!(self.bytes, Bytes::Packed(_)) {
            let harm = format!("it unpacks to more than {} MB", self.allowed / 1_000_000);
            return Err(io::Error::other(Harm(harm)));
        }
        if self.piece.get() > MAX_PIECE_BYTES {
            let harm =
                format!("{} contains a text of more than {} bytes", self.name, grouped(MAX_PIECE_BYTES));
            return Err(io::Error::other(Harm(harm)));
        }
        match &mut self.bytes {
            Bytes::Packed(bytes) => bytes.fill_buf(),
            Bytes::Decoded(bytes) => bytes.fill_buf(),
        }
    }

    fn consume(&mut self, len: usize) {
        self.piece.set(self.piece.get() + len as u64);
        match &mut self.bytes {
            Bytes::Packed(bytes) => {
                *self.left = self.left.saturating_sub(len as u64);
                bytes.consume(len);
            }
            Bytes::Decoded(bytes) => bytes.consume(len),
        }
    }
}

/// Returns the encoding of XML with this beginning.
fn xml_encoding(start: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(start) {
        return encoding;
    }
    match start {
        [b'<', 0, ..] => return UTF_16LE,
        [0, b'<', ..] => return UTF_16BE,
        _ => {}
    }
    let declaration = start.split(|byte| *byte == b'>').next().unwrap_or_default();
    let declared = || {
        let declaration = str::from_utf8(declaration).ok()?.strip_prefix("<?xml")?;
        let (_, behind) = declaration.split_once("encoding")?;
        let quoted = behind.trim_start().strip_prefix('=')?.trim_start();
        let quote = quoted.chars().next().filter(|quote| "\"'".contains(*quote))?;
        Encoding::for_label(quoted[1..].split(quote).next()?.as_bytes())
    };
    // Text in single bytes cannot be UTF-16, even if it is declared as such.
    declared().filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE).unwrap_or(UTF_8)
}

pub(in crate::parse) fn damaged(error: ZipError) -> Fault {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => Fault::Io(error),
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => Fault::Password,
        other => Fault::DamagedWorkbook(other.to_string()),
    }
}

fn unreadable(name: &str, error: &io::Error) -> Fault {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Harm>()) {
        Some(Harm(harm)) => Fault::Hostile(harm.clone()),
        None => Fault::DamagedWorkbook(format!("{name}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

    use super::*;

    /// Returns an archive of these files.
    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (name, content) in files {
            writer.start_file(*name, options).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn stored(archive: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(archive).unwrap();
        file
    }

    fn package_of(archive: &[u8]) -> Result<Package, Fault> {
        Package::open(&stored(archive), archive.len() as u64)
    }

    fn opened(archive: &[u8]) -> String {
        package_of(archive).map_or_else(|fault| fault.to_string(), |_| "fine".to_owned())
    }

    /// Returns the text of the only part, or the fault.
    fn text(content: &[u8], harmless_bytes: u64) -> Result<String, Fault> {
        let mut package = Package::open_within(&stored(&archive(&[("a.xml", content)])), 0, harmless_bytes)?;
        let mut part = package.part("a.xml")?.unwrap().decoded()?;
        let mut text = String::new();
        part.read_to_string(&mut text).map_err(|error| unreadable("a.xml", &error))?;
        Ok(text)
    }

    #[test]
    fn parts_are_found_with_any_capitals_and_slashes() {
        let mut package = package_of(&archive(&[("xl\\SharedStrings.xml", b"<sst/>")])).unwrap();
        assert!(package.part("/xl/sharedStrings.xml").unwrap().is_some());
        assert!(package.part("xl/styles.xml").unwrap().is_none());
        let parts: [(&str, &[u8]); 2] =
            [("./xl/workbook.xml", b"<a/>"), ("xl/worksheets/sheet 1.xml", b"<a/>")];
        let mut package = package_of(&archive(&parts)).unwrap();
        assert_eq!(package.content(), Content::Xlsx);
        assert!(package.part("xl/workbook.xml").unwrap().is_some());
        assert!(package.part("xl/worksheets/sheet%201.xml").unwrap().is_some());
    }

    #[test]
    fn archive_bomb_is_refused() {
        let rows = "<c/>".repeat(300_000);
        let error = text(rows.as_bytes(), 1_000_000).unwrap_err();
        assert!(error.to_string().contains("unpacks to more than 1 MB"), "{error}");
        assert!(text(rows.as_bytes(), rows.len() as u64 + 1).is_ok());
    }

    #[test]
    fn parts_share_the_limit_on_unpacked_bytes() {
        let part = vec![b' '; 600_000];
        let parts = [("a.xml", part.as_slice()), ("b.xml", part.as_slice())];
        let mut package = Package::open_within(&stored(&archive(&parts)), 0, 1_000_000).unwrap();
        let mut read = |name: &str| io::copy(&mut package.part(name).unwrap().unwrap(), &mut io::sink());
        // The part is read in pieces, none of which is too long.
        let sizes = [read("a.xml").is_ok(), read("b.xml").is_ok()];
        assert_eq!(sizes, [true, false]);
        package.begin_pass();
        assert!(io::copy(&mut package.part("b.xml").unwrap().unwrap(), &mut io::sink()).is_ok());
    }

    #[test]
    fn huge_text_is_refused() {
        let cell = format!("<t>{}</t>", "x".repeat(5 << 20));
        let error = text(cell.as_bytes(), HARMLESS_BYTES).unwrap_err();
        assert!(error.to_string().contains("contains a text of more than"), "{error}");
    }

    #[test]
    fn parts_in_any_encoding_are_read() {
        let utf_16: Vec<u8> = "\u{feff}<a>Zoë</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&utf_16, HARMLESS_BYTES).unwrap(), "<a>Zoë</a>");
        let without_mark: Vec<u8> = "<a>Zoë</a>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text(&without_mark, HARMLESS_BYTES).unwrap(), "<a>Zoë</a>");
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>Zo\xeb</a>";
        assert!(text(latin, HARMLESS_BYTES).unwrap().ends_with("<a>Zoë</a>"));
        let wrong = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>Zoë</a>";
        assert_eq!(text(wrong.as_bytes(), HARMLESS_BYTES).unwrap(), wrong);
    }

    #[test]
    fn documents_are_recognized_by_their_parts() {
        for (names, content) in [
            (["[Content_Types].xml", "xl/workbook.xml"].as_slice(), Content::Xlsx),
            (&["[Content_Types].xml", "book/main.xml"], Content::Xlsx),
            (&["[Content_Types].xml", "xl/workbook.bin"], Content::Xlsb),
            (&["content.xml", "styles.xml", "mimetype"], Content::Ods),
            (&["Index/Document.iwa", "preview.jpg"], Content::Numbers),
            (&["Index.zip", "Metadata/Properties.plist"], Content::Numbers),
            (&["[Content_Types].xml", "word/document.xml"], Content::Zip),
            (&["contacts.csv"], Content::Zip),
        ] {
            let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, b"".as_slice())).collect();
            assert_eq!(package_of(&archive(&files)).unwrap().content(), content, "{names:?}");
        }
    }

    #[test]
    fn archives_with_too_many_files_are_refused() {
        let names: Vec<String> = (0..=MAX_ENTRIES).map(|number| format!("{number}.xml")).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
        assert!(opened(&archive(&files)).contains("10,001 files"));
    }

    #[test]
    fn overlapping_files_are_refused() {
        let mut shared = archive(&[("a.xml", b"<a/>"), ("b.xml", b"<b/>")]);
        let first = memchr::memmem::find(&shared, b"PK\x01\x02").unwrap();
        let second = memchr::memmem::rfind(&shared, b"PK\x01\x02").unwrap();
        // Both entries refer to the first file.
        let offset: [u8; 4] = shared[first + 42..first + 46].try_into().unwrap();
        shared[second + 42..second + 46].copy_from_slice(&offset);
        let error = opened(&shared);
        assert!(error.contains("overlap") || error.contains("damaged"), "{error}");
    }
}
