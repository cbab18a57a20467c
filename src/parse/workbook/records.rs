//! The records of a workbook of Excel 5 to 2003, and the texts in them.

use encoding_rs::{Encoding, WINDOWS_1252};

/// The kinds of records, with names from the format's specification.
pub(in crate::parse) mod kind {
    pub(in crate::parse) const EOF: u16 = 0x000a;
    pub(in crate::parse) const DATE_MODE: u16 = 0x0022;
    pub(in crate::parse) const FILE_PASS: u16 = 0x002f;
    pub(in crate::parse) const CONTINUE: u16 = 0x003c;
    pub(in crate::parse) const CODE_PAGE: u16 = 0x0042;
    pub(in crate::parse) const COLUMN_INFO: u16 = 0x007d;
    pub(in crate::parse) const BOUND_SHEET: u16 = 0x0085;
    pub(in crate::parse) const MULTIPLE_RK: u16 = 0x00bd;
    pub(in crate::parse) const RICH_TEXT: u16 = 0x00d6;
    pub(in crate::parse) const STYLE: u16 = 0x00e0;
    pub(in crate::parse) const SHARED_TEXTS: u16 = 0x00fc;
    pub(in crate::parse) const SHARED_TEXT: u16 = 0x00fd;
    pub(in crate::parse) const NUMBER: u16 = 0x0203;
    pub(in crate::parse) const LABEL: u16 = 0x0204;
    pub(in crate::parse) const BOOL_OR_ERROR: u16 = 0x0205;
    pub(in crate::parse) const FORMULA_TEXT: u16 = 0x0207;
    pub(in crate::parse) const ROW: u16 = 0x0208;
    pub(in crate::parse) const RK: u16 = 0x027e;
    pub(in crate::parse) const NUMBER_FORMAT: u16 = 0x041e;
    pub(in crate::parse) const BOF: u16 = 0x0809;
    /// Excel writes the first kind. Programs that write like Excel 3 and 4 use the others.
    pub(in crate::parse) const FORMULAS: [u16; 3] = [0x0006, 0x0206, 0x0406];
}

/// The form of the workbook's texts.
#[derive(Clone, Copy)]
pub(in crate::parse) struct Texts {
    pub(in crate::parse) is_biff8: bool,
    pub(in crate::parse) code_page: &'static Encoding,
}

/// A record. Reading beyond its end returns zeros.
pub(in crate::parse) struct BinaryRecord<'r> {
    pub(in crate::parse) kind: u16,
    pub(in crate::parse) body: &'r [u8],
}

impl<'r> BinaryRecord<'r> {
    pub(in crate::parse) fn after(&self, at: usize) -> &'r [u8] {
        self.body.get(at..).unwrap_or_default()
    }

    pub(in crate::parse) fn byte(&self, at: usize) -> u8 {
        self.body.get(at).copied().unwrap_or_default()
    }

    pub(in crate::parse) fn half(&self, at: usize) -> u16 {
        self.after(at).first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes))
    }

    pub(in crate::parse) fn word(&self, at: usize) -> u32 {
        self.after(at).first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    pub(in crate::parse) fn double(&self, at: usize) -> f64 {
        self.after(at).first_chunk().map_or(0.0, |bytes| f64::from_le_bytes(*bytes))
    }
}

/// The records from an offset on.
pub(in crate::parse) struct Records<'r> {
    pub(in crate::parse) bytes: &'r [u8],
    pub(in crate::parse) at: usize,
}

impl<'r> Records<'r> {
    /// Returns the next record. The last one may be truncated.
    pub(in crate::parse) fn next(&mut self) -> Option<BinaryRecord<'r>> {
        let head: &[u8; 4] = self.bytes.get(self.at..)?.first_chunk()?;
        let kind = u16::from_le_bytes([head[0], head[1]]);
        let start = self.at + head.len();
        let end = (start + usize::from(u16::from_le_bytes([head[2], head[3]]))).min(self.bytes.len());
        self.at = end;
        Some(BinaryRecord { kind, body: &self.bytes[start..end] })
    }

    /// Returns the bytes of a record and of those that continue it.
    pub(in crate::parse) fn pieces(&mut self, first: &'r [u8]) -> Pieces<'r> {
        let mut pieces = vec![first];
        loop {
            let before = self.at;
            match self.next() {
                Some(record) if record.kind == kind::CONTINUE => pieces.push(record.body),
                _ => {
                    self.at = before;
                    pieces.reverse();
                    return Pieces { piece: pieces.pop().unwrap_or_default(), further: pieces };
                }
            }
        }
    }
}

/// The bytes of a record and of those that continue it.
pub(in crate::parse) struct Pieces<'r> {
    piece: &'r [u8],
    /// The following records, with the last one first.
    further: Vec<&'r [u8]>,
}

impl Pieces<'_> {
    pub(in crate::parse) fn has_more(&mut self) -> bool {
        while self.piece.is_empty() {
            match self.further.pop() {
                Some(piece) => self.piece = piece,
                None => return false,
            }
        }
        true
    }

    pub(in crate::parse) fn byte(&mut self) -> u8 {
        if !self.has_more() {
            return 0;
        }
        let Some((byte, rest)) = self.piece.split_first() else { return 0 };
        self.piece = rest;
        *byte
    }

    pub(in crate::parse) fn half(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    pub(in crate::parse) fn word(&mut self) -> u32 {
        u32::from(self.half()) | u32::from(self.half()) << 16
    }

    pub(in crate::parse) fn skip(&mut self, mut bytes: usize) {
        while bytes > 0 && self.has_more() {
            let skipped = bytes.min(self.piece.len());
            self.piece = &self.piece[skipped..];
            bytes -= skipped;
        }
    }
}

impl Texts {
    /// Reads a text with a two-byte length prefix.
    pub(in crate::parse) fn long(self, pieces: &mut Pieces<'_>) -> String {
        let len = usize::from(pieces.half());
        if self.is_biff8 {
            let is_wide = pieces.byte() & 1 != 0;
            self.letters(pieces, len, is_wide)
        } else {
            self.bytes(pieces.piece, len)
        }
    }

    /// Reads a text from the shared list, which may include formatting runs and a phonetic guide.
    pub(in crate::parse) fn rich(self, pieces: &mut Pieces<'_>) -> String {
        const IS_WIDE: u8 = 1;
        const HAS_READING_AID: u8 = 4;
        const HAS_RUNS: u8 = 8;

        let len = usize::from(pieces.half());
        let flags = pieces.byte();
        let runs = if flags & HAS_RUNS == 0 { 0 } else { usize::from(pieces.half()) * 4 };
        let aid = if flags & HAS_READING_AID == 0 {
            0
        } else {
            usize::try_from(pieces.word()).unwrap_or(usize::MAX)
        };
        let text = self.letters(pieces, len, flags & IS_WIDE != 0);
        pieces.skip(runs.saturating_add(aid));
        text
    }

    /// Reads a text with a one-byte length prefix.
    pub(in crate::parse) fn short(self, body: &[u8]) -> String {
        let Some((len, rest)) = body.split_first() else { return String::new() };
        let mut text = if self.is_biff8 {
            let mut pieces = Pieces { piece: rest, further: Vec::new() };
            let is_wide = pieces.byte() & 1 != 0;
            self.letters(&mut pieces, usize::from(*len), is_wide)
        } else {
            self.bytes(rest, usize::from(*len))
        };
        text.retain(|letter| letter != '\0');
        text
    }

    /// Reads the code of a number format.
    pub(in crate::parse) fn format_code(self, body: &[u8]) -> String {
        if self.is_biff8 {
            self.long(&mut Pieces { piece: body, further: Vec::new() })
        } else {
            self.short(body)
        }
    }

    /// Decodes a text in the code page.
    fn bytes(self, body: &[u8], len: usize) -> String {
        self.code_page.decode_without_bom_handling(&body[..len.min(body.len())]).0.into_owned()
    }

    /// Reads `len` UTF-16 units, each in two bytes, or in one if the upper byte is always zero. A continuing record
    /// states again which form it uses.
    fn letters(self, pieces: &mut Pieces<'_>, len: usize, mut is_wide: bool) -> String {
        let mut units: Vec<u16> = Vec::with_capacity(len.min(1024));
        while units.len() < len {
            if pieces.piece.is_empty() {
                if !pieces.has_more() {
                    break;
                }
                is_wide = pieces.byte() & 1 != 0;
            }
            let left = len - units.len();
            if is_wide {
                let taken = pieces.piece.as_chunks::<2>().0;
                let taken = &taken[..left.min(taken.len())];
                units.extend(taken.iter().map(|unit| u16::from_le_bytes(*unit)));
                let is_cut = taken.len() < left;
                pieces.piece = if is_cut { &[] } else { &pieces.piece[taken.len() * 2..] };
            } else {
                let (taken, rest) = pieces.piece.split_at(left.min(pieces.piece.len()));
                units.extend(taken.iter().map(|byte| u16::from(*byte)));
                pieces.piece = rest;
            }
        }
        // Text never contains C1 control characters. These bytes are in a code page.
        let bytes: Option<Vec<u8>> = units.iter().map(|unit| u8::try_from(*unit).ok()).collect();
        match bytes.filter(|bytes| bytes.iter().any(|byte| matches!(byte, 0x80..=0x9f))) {
            Some(bytes) => self.code_page.decode_without_bom_handling(&bytes).0.into_owned(),
            None => String::from_utf16_lossy(&units),
        }
    }
}

/// Guesses the code page of the workbook's texts. Returns `None` if all texts are ASCII.
pub(in crate::parse) fn likely_code_page(records: &[u8]) -> Option<&'static Encoding> {
    let mut all = Records { bytes: records, at: 0 };
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    let mut has_letters = false;
    while let Some(record) = all.next() {
        if matches!(record.kind, kind::LABEL | kind::RICH_TEXT) {
            let text = record.after(8);
            let text = &text[..usize::from(record.half(6)).min(text.len())];
            has_letters |= detector.feed(text, false) | !text.is_ascii();
            detector.feed(b"\n", false);
        }
    }
    detector.feed(b"", true);
    has_letters.then(|| detector.guess(None, chardetng::Utf8Detection::Deny))
}

/// Returns the encoding of a code page.
pub(in crate::parse) fn code_page(number: u16) -> &'static Encoding {
    let label = match number {
        10_000 | 32_768 => "macintosh".to_owned(),
        10_007 => "x-mac-cyrillic".to_owned(),
        866 => "ibm866".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 | 1361 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        20_866 => "koi8-r".to_owned(),
        number => format!("windows-{number}"),
    };
    Encoding::for_label(label.as_bytes()).unwrap_or(WINDOWS_1252)
}
