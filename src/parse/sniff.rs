//! What a file is, by its first bytes. Its name is not asked.

/// How much of a file is looked at.
pub(super) const SAMPLE_BYTES: usize = 64 * 1024;

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the formats'")]
pub enum Content {
    Csv,
    Text,
    Xlsx,
    EncryptedOrLegacyExcel,
    Xlsb,
    Ods,
    Numbers,
    Zip,
    Compressed,
    Pdf,
    Image,
    Json,
    Vcard,
    Html,
    Xml,
    Binary,
}

impl Content {
    /// Words for an error message.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv | Self::Text => "a CSV file",
            Self::Xlsx => "an Excel workbook",
            Self::EncryptedOrLegacyExcel => "an Excel 97-2003 workbook or a workbook protected by a password",
            Self::Xlsb => "a binary Excel workbook (XLSB)",
            Self::Ods => "an OpenDocument file",
            Self::Numbers => "a document of Apple Numbers",
            Self::Zip => "a ZIP archive without a workbook in it",
            Self::Compressed => "a compressed file",
            Self::Pdf => "a PDF document",
            Self::Image => "an image",
            Self::Json => "JSON",
            Self::Vcard => "a vCard file",
            Self::Html => "a web page",
            Self::Xml => "XML",
            Self::Binary => "neither text nor a workbook",
        }
    }

    pub(super) fn way_out(self) -> &'static str {
        match self {
            Self::Numbers => {
                "Open it in Numbers and choose File > Export To > CSV or Excel; in iCloud, Download a Copy."
            }
            Self::Compressed | Self::Zip => "Unpack it and name the file inside.",
            Self::Html => "Open it in the spreadsheet program and save it as XLSX or CSV.",
            _ => {
                "rollcall reads CSV, Excel and OpenDocument sheets, JSON and vCards: export the list as one of these."
            }
        }
    }
}

/// Tells what the file is from its beginning.
pub(super) fn content(sample: &[u8]) -> Content {
    const MAGIC: [(&[u8], Content); 10] = [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Content::EncryptedOrLegacyExcel),
        (b"%PDF-", Content::Pdf),
        (b"\x89PNG", Content::Image),
        (b"\xff\xd8\xff", Content::Image),
        (b"GIF8", Content::Image),
        (b"\x1f\x8b", Content::Compressed),
        (b"\x28\xb5\x2f\xfd", Content::Compressed),
        (b"BZh", Content::Compressed),
        (b"7z\xbc\xaf\x27\x1c", Content::Compressed),
        (b"\xfd7zXZ", Content::Compressed),
    ];
    if sample.starts_with(b"PK\x03\x04") || sample.starts_with(b"PK\x05\x06") {
        return zip_content(sample);
    }
    if let Some((_, content)) = MAGIC.iter().find(|(magic, _)| sample.starts_with(magic)) {
        return *content;
    }
    if is_text(sample) { Content::Text } else { Content::Binary }
}

/// Names of entries stand uncompressed in a ZIP archive; those that tell come first in practice.
fn zip_content(sample: &[u8]) -> Content {
    let has = |name: &[u8]| memchr::memmem::find(sample, name).is_some();
    if has(b"application/vnd.oasis.opendocument") {
        Content::Ods
    } else if has(b"xl/workbook.bin") {
        Content::Xlsb
    } else if has(b"word/document") || has(b"ppt/presentation") {
        Content::Zip
    } else {
        Content::Xlsx
    }
}

/// Whether bytes are text in some encoding.
fn is_text(sample: &[u8]) -> bool {
    // Some of them stand in text: 1 and 28 to 31 between cells and rows, 26 at the end of files of DOS.
    let is_control = |byte: &&u8| matches!(byte, 0 | 2..=8 | 14..=25);
    let controls = sample.iter().filter(is_control).count();
    let zeros = memchr::memchr_iter(0, sample).count();
    if super::encoding::is_wide(sample) {
        return true;
    }
    controls * 50 <= sample.len() && (zeros == 0 || is_mostly_utf8(sample))
}

/// Tells what decoded text is.
pub(super) fn text_content(sample: &[u8]) -> Content {
    let text = sample.trim_ascii_start();
    let begins =
        |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()));
    match text.first() {
        Some(b'{') => Content::Json,
        Some(b'[') if matches!(text[1..].trim_ascii_start().first(), Some(b'{' | b']')) => Content::Json,
        _ if begins("BEGIN:VCARD") => Content::Vcard,
        _ if begins("<!doctype html") || begins("<html") || begins("<table") => Content::Html,
        _ if begins("<?xml") => Content::Xml,
        _ => Content::Csv,
    }
}

fn is_mostly_utf8(sample: &[u8]) -> bool {
    match str::from_utf8(sample) {
        Ok(_) => true,
        // A letter cut at the end of the sample.
        Err(error) => error.error_len().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_content() {
        for (bytes, expected) in [
            (b"name,phone\n".as_slice(), Content::Text),
            (b"\xef\xbb\xbfname,phone\n", Content::Text),
            (b"n\xe4me,phone\n", Content::Text),
            (b"PK\x03\x04........xl/workbook.xml", Content::Xlsx),
            (b"PK\x03\x04........xl/workbook.bin", Content::Xlsb),
            (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet", Content::Ods),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Content::EncryptedOrLegacyExcel),
            (b"%PDF-1.7", Content::Pdf),
            (b"\xff\xfea\0", Content::Text),
            (b"n\0a\0m\0e\0,\0p\0h\0o\0n\0e\0", Content::Text),
            (b"\x01\x02\x03\x04\x99\x88", Content::Binary),
        ] {
            assert_eq!(content(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
        }
        for (text, expected) in [
            ("name,phone\n", Content::Csv),
            ("[{\"phone\": 1}]", Content::Json),
            ("[phone]\n1\n", Content::Csv),
            ("begin:vcard\n", Content::Vcard),
            ("<HTML><table>", Content::Html),
        ] {
            assert_eq!(text_content(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_single_stray_zero_byte_does_not_make_text_binary() {
        let text = format!("name,phone\n{}A\0sha,1\n", "Asha,9876543210\n".repeat(10));
        assert_eq!(content(text.as_bytes()), Content::Text);
    }
}
