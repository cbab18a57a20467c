//! Which letters the bytes of a text mean, and text as UTF-8.
//!
//! A byte order mark says it; else bytes that are UTF-8 from end to end are; else the likeliest of the encodings in which
//! spreadsheets and CRMs export is taken. All of the file is looked at: the first letter with an accent may stand in its
//! last row.

use std::{
    fs::File,
    io::{self, Read},
    ops::Range,
    str,
};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use positioned_io::Cursor;
use rayon::prelude::*;

use super::{
    error::Fault,
    source::{Source, read_up_to},
};
use crate::contact::Region;

const CHUNK_BYTES: usize = 128 * 1024;

/// So much of a file is looked at at a time on each core: it stays in the core's cache.
const PIECE_BYTES: u64 = 512 * 1024;

/// As much of a file as is looked at to find its encoding, where it is not UTF-8.
const MAX_DETECTED_BYTES: usize = 32 * 1024 * 1024;

/// Stands in decoded text where bytes meant no letter. It never occurs in UTF-8, so that the cell is refused, not mangled.
const NO_LETTER: u8 = 0xff;

/// The encoding that a name means, in any of the usual spellings.
pub fn by_name(name: &str) -> Option<&'static Encoding> {
    let name = name.trim().to_lowercase().replace('_', "-");
    let known = Encoding::for_label(name.as_bytes());
    let encoding = known.or_else(|| match name.as_str() {
        "sjis" | "cp932" => Encoding::for_label(b"shift_jis"),
        "utf16" | "utf16le" => Some(UTF_16LE),
        "utf16be" => Some(UTF_16BE),
        _ => {
            let number = name.strip_prefix("cp").or_else(|| name.strip_prefix("windows"))?.trim_matches('-');
            Encoding::for_label(format!("windows-{number}").as_bytes())
        }
    });
    encoding.map(superset)
}

/// GB18030 holds all that GBK does, and more.
fn superset(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == GBK { GB18030 } else { encoding }
}

/// The name used in `report.json`.
pub(super) fn name(encoding: &'static Encoding) -> String {
    encoding.name().to_lowercase()
}

/// Finds the encoding of a text. Which region its numbers belong to says which of two likely ones it is.
pub(super) fn detect(source: &mut Source, region: Option<Region>) -> Result<&'static Encoding, Fault> {
    let mut bytes = source.look()?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut filled = read_up_to(&mut bytes, &mut chunk).map_err(Fault::from_io)?;
    if let Some((encoding, _)) = Encoding::for_bom(&chunk[..filled]) {
        return Ok(encoding);
    }
    if let Some(encoding) = utf_16_without_mark(&chunk[..filled]) {
        return Ok(encoding);
    }
    let mut utf_8 = Utf8Check::default();
    if let Some(file) = source.anywhere() {
        utf_8 = Utf8Check::of_file(file, source.len(), PIECE_BYTES).map_err(Fault::from_io)?;
    } else {
        while filled > 0 {
            utf_8.feed(&chunk[..filled]);
            filled = read_up_to(&mut bytes, &mut chunk).map_err(Fault::from_io)?;
        }
    }
    if utf_8.is_likely() {
        return Ok(UTF_8);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut bytes = source.look()?.take(MAX_DETECTED_BYTES as u64);
    loop {
        let filled = read_up_to(&mut bytes, &mut chunk).map_err(Fault::from_io)?;
        detector.feed(&chunk[..filled], filled < chunk.len());
        if filled < chunk.len() {
            break;
        }
    }
    let domain = region.map(|region| region.as_str().to_lowercase()).filter(|code| code != "001");
    Ok(superset(detector.guess(domain.as_ref().map(String::as_bytes), Utf8Detection::Deny)))
}

/// The likeliest encoding of a text that is not UTF-8. Letters that are usual in the west are taken for those: a few of them
/// tell nothing of another encoding.
pub(super) fn of_bytes(text: &[u8], region: Option<Region>) -> &'static Encoding {
    const USUAL: &str = "àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßÀÁÂÄÅÆÇÈÉÊËÍÎÏÑÓÔÖØÚÛÜ’‘–";
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(text, true);
    let domain = region.map(|region| region.as_str().to_lowercase()).filter(|code| code != "001");
    let guess = superset(detector.guess(domain.as_ref().map(String::as_bytes), Utf8Detection::Deny));
    let (western, _) = WINDOWS_1252.decode_without_bom_handling(text);
    let is_usual = western.chars().all(|letter| letter.is_ascii() || USUAL.contains(letter));
    if is_usual && domain.is_none() && guess.is_single_byte() { WINDOWS_1252 } else { guess }
}

/// UTF-16 without a byte order mark: of the line ends, delimiters and Latin letters of a list, every other byte is zero.
fn utf_16_without_mark(sample: &[u8]) -> Option<&'static Encoding> {
    let zeros = |first: usize| sample.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (high_first, low_first) = (zeros(0), zeros(1));
    let is_most = |zeros: usize, others: usize| zeros * 10 > sample.len() * 2 && others * 20 < zeros;
    match () {
        () if is_most(low_first, high_first) => Some(UTF_16LE),
        () if is_most(high_first, low_first) => Some(UTF_16BE),
        () => None,
    }
}

/// Counts what is UTF-8 and what is not.
#[derive(Default)]
struct Utf8Check {
    /// The beginning of a letter that the chunk before ended in.
    cut: Vec<u8>,
    letters: u64,
    errors: u64,
}

impl Utf8Check {
    /// Looks at all of a file, on all cores.
    fn of_file(file: &File, len: u64, piece_bytes: u64) -> io::Result<Self> {
        let pieces = (0..len.div_ceil(piece_bytes)).into_par_iter();
        let checked = pieces.map_init(Vec::new, |buffer, piece| {
            let start = piece * piece_bytes;
            Self::of_piece(file, start..len.min(start + piece_bytes), buffer)
        });
        checked.try_reduce(Self::default, |a, b| {
            Ok(Self { cut: Vec::new(), letters: a.letters + b.letters, errors: a.errors + b.errors })
        })
    }

    /// A piece with the whole letter that it ends in, without one that it begins in the midst of.
    fn of_piece(file: &File, piece: Range<u64>, buffer: &mut Vec<u8>) -> io::Result<Self> {
        /// Bytes of a letter behind its first.
        const MAX_CONTINUED: usize = 3;

        let len = usize::try_from(piece.end - piece.start).map_err(io::Error::other)?;
        buffer.resize(len + MAX_CONTINUED, 0);
        let filled = read_up_to(&mut Cursor::new_pos(file, piece.start), buffer)?;
        let continued = |bytes: &[u8]| {
            bytes.iter().take(MAX_CONTINUED).take_while(|byte| (0x80..0xc0).contains(*byte)).count()
        };
        let begins = if piece.start == 0 { 0 } else { continued(&buffer[..filled]) };
        let ends = len.min(filled) + continued(&buffer[len.min(filled)..filled]);
        let mut check = Self::default();
        check.feed(&buffer[begins.min(ends)..ends]);
        check.errors += u64::from(!std::mem::take(&mut check.cut).is_empty());
        Ok(check)
    }

    fn feed(&mut self, chunk: &[u8]) {
        let joined;
        let mut rest = chunk;
        if !self.cut.is_empty() {
            joined = [std::mem::take(&mut self.cut).as_slice(), chunk].concat();
            rest = &joined;
        }
        loop {
            let valid = &rest[..Encoding::utf8_valid_up_to(rest)];
            let error = str::from_utf8(&rest[valid.len()..]).err();
            // Each letter beyond ASCII begins with one of these.
            self.letters += letters(valid);
            let Some(error) = error else { break };
            rest = &rest[valid.len()..];
            let Some(len) = error.error_len() else {
                self.cut = rest.to_vec();
                break;
            };
            self.errors += 1;
            rest = &rest[len..];
        }
    }

    /// A list put together from several exports has some rows of another encoding: these are then what is wrong.
    fn is_likely(&self) -> bool {
        const LETTERS_TO_AN_ERROR: u64 = 8;
        self.errors + u64::from(!self.cut.is_empty()) == 0 || self.letters > self.errors * LETTERS_TO_AN_ERROR
    }
}

/// Bytes with which a letter beyond ASCII begins.
fn letters(text: &[u8]) -> u64 {
    // So few that their count fits into a byte, of which a processor adds up many at once.
    let parts = text.chunks(255);
    parts.map(|part| u64::from(part.iter().map(|byte| u8::from(*byte >= 0xc0)).sum::<u8>())).sum()
}

/// The text of a source as UTF-8, without a byte order mark. Bytes that mean no letter are no UTF-8 here either.
pub(super) fn decoded(
    source: &mut Source,
    encoding: &'static Encoding,
) -> Result<Box<dyn Read + Send>, Fault> {
    let mut bytes = source.start()?;
    let mut start = [0; 3];
    let filled = read_up_to(&mut bytes, &mut start).map_err(Fault::from_io)?;
    let mark = Encoding::for_bom(&start[..filled])
        .filter(|(marked, _)| *marked == encoding)
        .map_or(0, |(_, len)| len);
    let bytes = io::Cursor::new(start[mark..filled].to_vec()).chain(bytes);
    if encoding == UTF_8 {
        return Ok(Box::new(bytes));
    }
    Ok(Box::new(Transcoder {
        bytes,
        decoder: encoding.new_decoder_without_bom_handling(),
        read: Vec::new(),
        text: vec![0; 3 * CHUNK_BYTES],
        start: 0,
        end: 0,
        is_at_end: false,
    }))
}

struct Transcoder<R> {
    bytes: R,
    decoder: Decoder,
    /// Bytes that were read and not yet decoded.
    read: Vec<u8>,
    /// Text that was decoded and not yet given out, from `start` to `end`.
    text: Vec<u8>,
    start: usize,
    end: usize,
    is_at_end: bool,
}

impl<R: Read> Transcoder<R> {
    fn refill(&mut self) -> io::Result<()> {
        if self.read.is_empty() {
            self.read.resize(CHUNK_BYTES, 0);
            let filled = read_up_to(&mut self.bytes, &mut self.read)?;
            self.read.truncate(filled);
            self.is_at_end = filled < CHUNK_BYTES;
        }
        let room = self.text.len() - 1;
        let (result, taken, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.read,
            &mut self.text[..room],
            self.is_at_end,
        );
        self.read.drain(..taken);
        (self.start, self.end) = (0, written);
        if matches!(result, DecoderResult::Malformed(..)) {
            self.text[written] = NO_LETTER;
            self.end += 1;
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.start == self.end {
            if self.is_at_end && self.read.is_empty() {
                return Ok(0);
            }
            self.refill()?;
        }
        let count = buffer.len().min(self.end - self.start);
        buffer[..count].copy_from_slice(&self.text[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NAMES: &str = "Name,Phone\nJürgen Müller,1\nZoë Lefèvre,2\nJosé Núñez,3\nBjörn Åkesson,4\n";

    fn read(bytes: &[u8], region: &str) -> (String, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, bytes).unwrap();
        let mut source = Source::open(&path).unwrap();
        let encoding = detect(&mut source, Region::new(region)).unwrap();
        let mut text = Vec::new();
        decoded(&mut source, encoding).unwrap().read_to_end(&mut text).unwrap();
        (name(encoding), text)
    }

    fn utf_16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn encodings_are_found_and_text_is_what_was_written() {
        const POLISH: &str =
            "Imię,Nazwisko\nŁukasz,Wójcik\nŻaneta,Dąbrowska\nStanisław,Pawłowski\nJaś,Gęśla Kość\n";
        const RUSSIAN: &str = "Имя,Телефон\nАлексей Иванов,1\nМария Смирнова,2\nСергей Кузнецов,3\n";
        const JAPANESE: &str = "氏名,電話番号\n山田太郎,1\n佐藤花子,2\n鈴木一郎さん,3\nカタカナ,4\n";
        const CHINESE: &str = "姓名,电话\n张伟,1\n王芳,2\n李娜,3\n刘洋,4\n";
        for (encoding, region, text) in [
            ("windows-1252", "DE", NAMES),
            ("windows-1250", "PL", POLISH),
            ("windows-1251", "RU", RUSSIAN),
            ("shift_jis", "JP", JAPANESE),
            ("gb18030", "CN", CHINESE),
        ] {
            let (bytes, _, has_errors) = by_name(encoding).unwrap().encode(text);
            assert!(!has_errors);
            assert_eq!(read(&bytes, region), (encoding.to_owned(), text.as_bytes().to_vec()));
        }
        for (bytes, encoding) in [
            (NAMES.as_bytes().to_vec(), "utf-8"),
            (format!("\u{feff}{NAMES}").into_bytes(), "utf-8"),
            (utf_16(&format!("\u{feff}{NAMES}"), u16::to_le_bytes), "utf-16le"),
            (utf_16(&format!("\u{feff}{NAMES}"), u16::to_be_bytes), "utf-16be"),
            (utf_16(NAMES, u16::to_le_bytes), "utf-16le"),
            (utf_16(NAMES, u16::to_be_bytes), "utf-16be"),
        ] {
            assert_eq!(read(&bytes, ""), (encoding.to_owned(), NAMES.as_bytes().to_vec()));
        }
    }

    #[test]
    fn long_texts_are_decoded_whole_whatever_the_boundaries() {
        // Longer than three chunks, which end in the middle of letters.
        let text = NAMES.repeat(3 * CHUNK_BYTES / NAMES.len() + 1000);
        for encoding in ["windows-1252", "gb18030"] {
            let (bytes, ..) = by_name(encoding).unwrap().encode(&text);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("list");
            fs::write(&path, &bytes).unwrap();
            let mut found = Vec::new();
            let mut source = Source::open(&path).unwrap();
            decoded(&mut source, by_name(encoding).unwrap()).unwrap().read_to_end(&mut found).unwrap();
            assert!(found == text.as_bytes(), "{encoding}");
        }
        assert_eq!(read(text.as_bytes(), "").0, "utf-8");
    }

    #[test]
    fn the_first_accent_may_stand_in_the_last_row() {
        let mut bytes = "Asha Rao,9876543210\n".repeat(20_000).into_bytes();
        bytes.extend(b"Ren\xe9 Dupont,1\nZo\xeb Lef\xe8vre,2\n");
        let (encoding, text) = read(&bytes, "FR");
        assert_eq!(encoding, "windows-1252");
        assert!(text.ends_with("René Dupont,1\nZoë Lefèvre,2\n".as_bytes()));
    }

    #[test]
    fn a_few_foreign_rows_do_not_change_the_encoding_and_are_not_mangled() {
        let mut bytes = NAMES.repeat(5).into_bytes();
        bytes.extend(b"Ren\xe9 Dupont,1\n");
        let (encoding, text) = read(&bytes, "");
        assert_eq!(encoding, "utf-8");
        assert_eq!(text, bytes);
    }

    #[test]
    fn what_means_no_letter_is_no_utf_8() {
        let bytes = [b"Name,Phone\n".as_slice(), b"\x83\x7f\xfd,1\n"].concat();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, &bytes).unwrap();
        let mut text = Vec::new();
        let mut source = Source::open(&path).unwrap();
        decoded(&mut source, by_name("sjis").unwrap()).unwrap().read_to_end(&mut text).unwrap();
        assert!(str::from_utf8(&text).is_err());
        assert!(text.ends_with(b",1\n"));
    }

    #[test]
    fn a_file_in_pieces_is_looked_at_as_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let euro = "a€".as_bytes();
        for bytes in
            [NAMES.as_bytes(), "नाम😀é".as_bytes(), b"\xe9a", &euro[..3], b"a\x80\x80\x80\x80\x80b", b""]
        {
            fs::write(&path, bytes).unwrap();
            let whole = {
                let mut check = Utf8Check::default();
                check.feed(bytes);
                (check.letters, check.errors + u64::from(!check.cut.is_empty()))
            };
            for piece_bytes in 1..9 {
                let file = File::open(&path).unwrap();
                let check = Utf8Check::of_file(&file, bytes.len() as u64, piece_bytes).unwrap();
                let found = (check.letters, check.errors);
                assert_eq!((found.0, found.1 > 0), (whole.0, whole.1 > 0), "{bytes:?} by {piece_bytes}");
            }
        }
    }

    #[test]
    fn names_of_encodings_are_read_in_their_usual_spellings() {
        for (spelled, expected) in [
            ("UTF-8", "utf-8"),
            ("latin1", "windows-1252"),
            ("ISO-8859-2", "iso-8859-2"),
            ("cp1251", "windows-1251"),
            ("windows_1250", "windows-1250"),
            ("sjis", "shift_jis"),
            ("gbk", "gb18030"),
            ("utf-16", "utf-16le"),
        ] {
            assert_eq!(by_name(spelled).map(name).as_deref(), Some(expected), "{spelled}");
        }
        assert_eq!(by_name("klingon"), None);
    }
}
