//! Detection of a file's format from its first bytes, regardless of its name.

use super::content::Content;
/// Bytes of a file that are examined.
pub(in crate::parse) const SAMPLE_BYTES: usize = 64 * 1024;

/// Detects the content of a file from its beginning.
pub(in crate::parse) fn content(sample: &[u8]) -> Content {
    const MAGIC: [(&[u8], Content); 32] = [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Content::EncryptedOrLegacyExcel),
        (b"%PDF-", Content::Pdf),
        (b"%!PS", Content::PostScript),
        (b"{\\rtf", Content::Rtf),
        (b"\x89PNG", Content::Image),
        (b"\xff\xd8\xff", Content::Image),
        (b"GIF8", Content::Image),
        (b"II*\0", Content::Image),
        (b"MM\0*", Content::Image),
        (b"8BPS", Content::Image),
        (b"\0\0\x01\0", Content::Image),
        (b"\x1f\x8b", Content::Compressed),
        (b"\x1f\x9d", Content::Compressed),
        (b"\x28\xb5\x2f\xfd", Content::Compressed),
        (b"BZh", Content::Compressed),
        (b"7z\xbc\xaf\x27\x1c", Content::Compressed),
        (b"\xfd7zXZ", Content::Compressed),
        (b"Rar!\x1a", Content::Compressed),
        (b"MSCF\0\0\0\0", Content::Compressed),
        (b"\x04\x22\x4d\x18", Content::Compressed),
        (b"SQLite format 3\0", Content::Database),
        (b"\0\x01\0\0Standard ", Content::Database),
        (b"!BDN", Content::Mailbox),
        (b"PAR1", Content::Parquet),
        (b"\0\0\x02\0", Content::Lotus),
        (b"\0\0\x1a\0", Content::Lotus),
        (b"L\0\0\0\x01\x14\x02\0", Content::Link),
        (b"book\0\0\0\0", Content::Link),
        (b"bplist00", Content::Binary),
        (b"version https://git-lfs.github.com/spec", Content::LfsPointer),
        (b"ID;P", Content::Sylk),
        (b"TABLE\r\n0,1", Content::Dif),
    ];
    // A line end or a byte order mark before the archive does no harm.
    let archive = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample).trim_ascii_start();
    if archive.starts_with(b"PK\x03\x04") || sample.starts_with(b"PK\x05\x06") {
        return zip_content(sample);
    }
    if let Some((_, content)) = MAGIC.iter().find(|(magic, _)| sample.starts_with(magic)) {
        return *content;
    }
    if is_picture(sample) {
        return Content::Image;
    }
    if is_lock_file(sample) {
        return Content::LockFile;
    }
    if sample.get(257..262) == Some(b"ustar") {
        return Content::Compressed;
    }
    if sample.iter().all(|byte| *byte == 0) {
        return Content::Zeros;
    }
    if is_text(sample) { Content::Text } else { Content::Binary }
}

/// Returns whether this is Excel's lock file. It holds the length and name of the user, padded, then the same in
/// UTF-16.
fn is_lock_file(sample: &[u8]) -> bool {
    const BYTES: usize = 165;
    const MAX_NAME: usize = 54;

    let Some((len, rest)) = sample.split_first().filter(|_| sample.len() == BYTES) else { return false };
    let len = usize::from(*len);
    (1..=MAX_NAME).contains(&len)
        && rest[len..MAX_NAME].iter().all(|byte| matches!(byte, b' ' | 0))
        && rest.get(MAX_NAME).map(|again| usize::from(*again)) == Some(len)
}

/// Returns whether this is an image whose signature is not at the start, or is too short to be enough.
fn is_picture(sample: &[u8]) -> bool {
    let is_bitmap = sample.starts_with(b"BM") && !is_text(sample);
    let is_web = sample.starts_with(b"RIFF") && sample.get(8..12) == Some(b"WEBP");
    let brand = sample.get(4..8).filter(|kind| *kind == b"ftyp").and(sample.get(8..12));
    is_bitmap || is_web || matches!(brand, Some(b"heic" | b"heix" | b"mif1" | b"msf1" | b"avif"))
}

/// Detects the content of a ZIP archive. Entry names are uncompressed, and the telling ones come first in practice.
fn zip_content(sample: &[u8]) -> Content {
    let has = |name: &[u8]| memchr::memmem::find(sample, name).is_some();
    if has(b"application/vnd.oasis.opendocument") {
        Content::Ods
    } else if has(b"xl/workbook.bin") {
        Content::Xlsb
    } else if has(b"word/document") || has(b"ppt/presentation") {
        Content::Document
    } else {
        Content::Xlsx
    }
}

/// Returns whether bytes are text in some encoding.
fn is_text(sample: &[u8]) -> bool {
    // DOS pads the last block of a file.
    let end = sample.iter().rposition(|byte| !matches!(byte, 0 | 0x1a)).map_or(0, |last| last + 1);
    // The last zero byte of UTF-16 is part of its text.
    let sample = if sample.len() - end > 2 { &sample[..end] } else { sample };
    // Some control characters occur in text: 1 and 28 to 31 between cells and rows, 26 at the end of DOS files.
    let is_control = |byte: &&u8| matches!(byte, 0 | 2..=8 | 14..=25);
    let controls = sample.iter().filter(is_control).count();
    let zeros = memchr::memchr_iter(0, sample).count();
    if crate::parse::encoding::is_wide(sample) {
        return true;
    }
    controls * 50 <= sample.len() && (zeros == 0 || is_mostly_utf8(sample))
}

/// Detects the content of decoded text.
pub(in crate::parse) fn text_content(sample: &[u8]) -> Content {
    let text = sample.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    let text = text.strip_prefix(b"\x1e").unwrap_or(text);
    let begins = |word: &str| begins(text, word);
    match text.first() {
        Some(b'{') if begins("{\\rtf") => Content::Rtf,
        Some(b'{') if is_link(text) => Content::Link,
        Some(b'[') if is_card_array(text) => Content::JsonCards,
        Some(b'{') => Content::Json,
        Some(b'[') if begins("[InternetShortcut]") || begins("[Desktop Entry]") || begins("[{000214A0") => {
            Content::Link
        }
        Some(b'[') if matches!(text[1..].trim_ascii_start().first(), Some(b'{' | b'[' | b']' | b'"')) => {
            Content::Json
        }
        Some(b'[') if begins_with_item(text[1..].trim_ascii_start()) => Content::Json,
        // A guard against being run as a script, or comments.
        Some(b')') if begins(")]}'") => Content::Json,
        Some(b'/') if behind_comments(text).is_some_and(|text| matches!(text.first(), Some(b'{' | b'['))) => {
            Content::Json
        }
        // Damaged JSON is not a table either.
        _ if is_part_of_json(text) => Content::Json,
        _ if begins("BEGIN:VCARD") => Content::Vcard,
        Some(b'<') if has(text, "<table") || !has_cards(text) => markup(text),
        _ if has_cards(text) => {
            if is_mail(text) && is_packed(text) {
                Content::Mail
            } else {
                Content::Vcard
            }
        }
        _ if begins("BEGIN:VCALENDAR") || begins("BEGIN:VNOTE") => Content::Calendar,
        _ if is_mail(text) => {
            if has(text, "text/html") || has(text, "multipart/related") {
                Content::WebArchive
            } else {
                Content::Mail
            }
        }
        _ if has(text, "<table") && has(text, "<td") => Content::Html,
        _ if is_script(text) => Content::Script,
        _ if is_ldif(text) => Content::Ldif,
        _ if is_sql(text) => Content::Sql,
        _ if is_yaml(text) => Content::Yaml,
        _ => Content::Csv,
    }
}

/// Returns whether a JSON list starts with a value that is not text, and goes on: `null, {`, `442079460100,`.
fn begins_with_item(text: &[u8]) -> bool {
    let value =
        text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')).count();
    let is_value =
        text.starts_with(b"null") && value == 4 || value > 0 && text[..value].iter().all(u8::is_ascii_digit);
    is_value && matches!(text[value..].trim_ascii_start().first(), Some(b',' | b']'))
}

/// Returns the text after comments at its start.
fn behind_comments(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        let end = if text.starts_with(b"//") {
            memchr::memchr(b'\n', text)?
        } else if text.starts_with(b"/*") {
            memchr::memmem::find(text, b"*/")? + 2
        } else {
            return Some(text);
        };
        text = text[end..].trim_ascii_start();
    }
}

fn begins(text: &[u8], word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

/// Returns whether a word occurs anywhere, ignoring case.
fn has(text: &[u8], word: &str) -> bool {
    let Some((first, rest)) = word.as_bytes().split_first() else { return true };
    memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), text)
        .any(|at| text.get(at + 1..=at + rest.len()).is_some_and(|found| found.eq_ignore_ascii_case(rest)))
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| matches!(byte, b'\n' | b'\r'))
}

/// Detects the content of text that begins with a tag.
fn markup(text: &[u8]) -> Content {
    if has(text, "urn:schemas-microsoft-com:office:spreadsheet")
        && has(text, "Workbook")
        && !has(text, "<html")
    {
        Content::XmlSpreadsheet
    } else if has(text, "<office:document") {
        Content::FlatOds
    } else if has(text, "<plist") && has(text, "<key>URL</key>") {
        Content::Link
    } else if has(text, "<svg") && !has(text, "<html") {
        Content::Image
    } else if has(text, "<html")
        || has(text, "<table")
        || has(text, "<tr")
        || has(text, "<body")
        || has(text, "<div")
        || begins(text, "<!doctype html")
        || begins(text, "<meta")
        || begins(text, "<head")
        || begins(text, "<script")
    {
        Content::Html
    } else if begins(text, "<br") || begins(text, "<b>") {
        // Warnings that a server writes before a list.
        Content::Csv
    } else {
        Content::Xml
    }
}

/// Returns whether cards begin or end on later lines, quoted or indented as in a mail.
fn has_cards(text: &[u8]) -> bool {
    lines(text).any(|line| {
        let quoted =
            line.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'>' | b'|' | b'*' | b'#')).count();
        begins(&line[quoted..], "BEGIN:VCARD") || begins(&line[quoted..], "END:VCARD")
    })
}

/// Returns whether the parts of a mail have a transfer encoding.
fn is_packed(text: &[u8]) -> bool {
    lines(text).any(|line| {
        begins(line, "Content-Transfer-Encoding:") && (has(line, "quoted-printable") || has(line, "base64"))
    })
}

/// Returns whether a text begins as a jCard (RFC 7095).
fn is_card_array(text: &[u8]) -> bool {
    let start: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(16).collect();
    begins(start.strip_prefix(b"[[").unwrap_or(start.strip_prefix(b"[").unwrap_or(&start)), "\"vcard\",")
}

/// Returns whether this is a file that stands for a document stored elsewhere.
fn is_link(text: &[u8]) -> bool {
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(text) else { return false };
    let has = |names: &[&str]| names.iter().any(|name| fields.contains_key(*name));
    fields.values().all(|value| !value.is_object() && !value.is_array())
        && (has(&["doc_id", "resource_id", "resource_key"])
            || has(&["url"]) && fields.len() <= 3 && !has(&["phone", "name"]))
}

/// Returns whether the first line is a mail header. Archives of web pages have one, too.
fn is_mail(text: &[u8]) -> bool {
    const FIRST: [&str; 10] = [
        "MIME-Version:",
        "Return-Path:",
        "Received:",
        "Delivered-To:",
        "From ",
        "From:",
        "Subject:",
        "Message-ID:",
        "Content-Type:",
        "X-",
    ];
    let head: Vec<&[u8]> = lines(text).take(60).collect();
    let is_header = head.iter().any(|line| {
        begins(line, "MIME-Version:") || begins(line, "Content-Type:") || begins(line, "Subject:")
    });
    is_header && FIRST.iter().any(|word| begins(text, word))
}

/// Returns whether lines are JSON with one field per line: names in quotation marks, and braces alone.
fn is_part_of_json(text: &[u8]) -> bool {
    let is_brace = |line: &[u8]| matches!(line.trim_ascii(), b"{" | b"}" | b"}," | b"[{" | b"}]" | b"},{");
    let is_field = |line: &[u8]| {
        let name = line.trim_ascii().strip_prefix(b"\"");
        let end = name.and_then(|name| memchr::memchr(b'"', name).map(|end| &name[end + 1..]));
        end.is_some_and(|end| end.trim_ascii_start().starts_with(b":"))
    };
    let first = || lines(text).filter(|line| !line.trim_ascii().is_empty()).take(40);
    first().any(is_brace) && first().filter(|line| is_field(line)).count() >= 2
}

/// Returns whether data is in a call or an assignment: `callback([{`, `var data = [{`.
fn is_script(text: &[u8]) -> bool {
    let text = behind_comments(text).unwrap_or(text);
    let line = lines(text).next().unwrap_or_default();
    let end = line.iter().position(|byte| matches!(byte, b'(' | b'=')).unwrap_or(line.len());
    let (name, data) = line.split_at(end);
    let is_name = !name.is_empty()
        && name.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$' | b' ' | b'/' | b'*')
        });
    let data = data.get(1..).unwrap_or_default().trim_ascii_start();
    let quoted = data.get(1..).unwrap_or_default().trim_ascii_start();
    let is_open = matches!(data.first(), Some(b'{' | b'['))
        && (quoted.is_empty() || matches!(quoted.first(), Some(b'"' | b'{' | b'[')));
    is_name && is_open
}

/// Returns whether the first line that is not a comment, which may be folded, names an entry of a directory.
fn is_ldif(text: &[u8]) -> bool {
    let mut filled = lines(text).filter(|line| !matches!(line.first(), None | Some(b'#' | b' ')));
    let first = filled.next().unwrap_or_default();
    let is_entry = |line: &[u8]| begins(line, "dn:");
    is_entry(first) || begins(first, "version:") && filled.next().is_some_and(is_entry)
}

fn is_sql(text: &[u8]) -> bool {
    const FIRST: [&str; 11] = [
        "INSERT INTO",
        "CREATE TABLE",
        "DROP TABLE",
        "CREATE DATABASE",
        "LOCK TABLES",
        "START TRANSACTION",
        "BEGIN TRANSACTION",
        "PRAGMA ",
        "SET ",
        "USE `",
        "COPY ",
    ];
    let is_comment = |line: &&[u8]| {
        line.is_empty() || line.starts_with(b"--") || line.starts_with(b"/*") || line.starts_with(b"#")
    };
    let begins_so = lines(text)
        .find(|line| !is_comment(line))
        .is_some_and(|line| FIRST.iter().any(|word| begins(line, word)));
    begins_so && (has(text, "INSERT INTO") || has(text, "CREATE TABLE") || has(text, " FROM stdin"))
}

fn is_yaml(text: &[u8]) -> bool {
    let mut lines = lines(text).filter(|line| !line.is_empty()).take(3);
    let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let has_key = |line: &[u8]| memchr::memmem::find(line, b": ").is_some();
    first == b"---" && (has_key(second) || second.starts_with(b"- ") || second == b"-")
        || first.starts_with(b"- ") && has_key(first) && second.starts_with(b"  ") && has_key(second)
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
    fn formats_are_detected_by_content() {
        let mut lock_file = b"\x08Finn Low".to_vec();
        lock_file.resize(55, b' ');
        lock_file.extend(b"\x08\0F\0i\0n\0n\0 \0L\0o\0w\0");
        lock_file.resize(165, b' ');
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
            (&[0; 600], Content::Zeros),
            (b"phone\r\n123\r\n\x1a\x1a\0\0\0\0\0\0\0\0\0\0", Content::Text),
            (b"\r\nPK\x03\x04........xl/workbook.xml", Content::Xlsx),
            (b"\0\0\0\x18ftypheic\0\0", Content::Image),
            (b"BMW,1\n", Content::Text),
            (b"L\0\0\0\x01\x14\x02\0\0", Content::Link),
            (b"SQLite format 3\0\x10", Content::Database),
            (b"ID;PWXL;N;E\r\n", Content::Sylk),
            (&lock_file, Content::LockFile),
            (b"version https://git-lfs.github.com/spec/v1\noid", Content::LfsPointer),
        ] {
            assert_eq!(content(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
        }
        for (text, expected) in [
            ("name,phone\n", Content::Csv),
            ("[{\"phone\": 1}]", Content::Json),
            ("[phone]\n1\n", Content::Csv),
            ("[\n> {\n\"name\": \"A\",\n\"phone\": 1\n}]", Content::Json),
            ("[null, {\"phone\": 1}]", Content::Json),
            ("[442079460100,\n442079460101]", Content::Json),
            (")]}'\n[{\"phone\": 1}]", Content::Json),
            ("// people\n/* all */ [{\"phone\": 1}]", Content::Json),
            ("//,phone\nA,1\n", Content::Csv),
            ("\"phone\": 1\n},\n{\n\"name\" : \"A\"\n}]\n", Content::Json),
            ("\"name\",\"phone\"\n\"A: B\",1\n", Content::Csv),
            ("begin:vcard\n", Content::Vcard),
            ("<HTML><table>", Content::Html),
            ("<meta charset=utf-8>\n<TABLE><tr><td>1</table>", Content::Html),
            ("Warning: headers sent\n<table><tr><td>1</td></tr></table>", Content::Html),
            (
                "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html\n",
                Content::WebArchive,
            ),
            ("Return-Path: <a@example.com>\nSubject: list\n\nHello\n", Content::Mail),
            ("From: a@example.com\nSubject: cards\n\n> BEGIN:VCARD\n> FN:A\n> END:VCARD\n", Content::Vcard),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", Content::Calendar),
            ("BEGIN:VNOTE\nBODY:1\n", Content::Calendar),
            ("<br />\n<b>Notice</b>: x\nname,phone\nA,1\n", Content::Csv),
            ("BEGIN:VCALENDAR\nBEGIN:VCARD\n", Content::Vcard),
            (
                "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\"/>",
                Content::XmlSpreadsheet,
            ),
            ("<?xml version=\"1.0\"?><office:document/>", Content::FlatOds),
            ("<?xml version=\"1.0\"?><contacts/>", Content::Xml),
            ("{\\rtf1\\ansi Ada}", Content::Rtf),
            ("[[\"phone\"], [\"1\"]]", Content::Json),
            ("[\"vcard\", [[\"fn\", {}, \"text\", \"Ada\"]]]", Content::JsonCards),
            ("{\"url\": \"https://docs.example.com/1\", \"doc_id\": \"1\"}", Content::Link),
            ("{\"name\": \"Ada\", \"phone\": \"1\", \"url\": \"x\"}", Content::Json),
            ("callback([{\"phone\": 1}]);", Content::Script),
            ("/*O_o*/\nsetResponse({\"rows\": []});", Content::Script),
            ("var people = [\n {\"phone\": 1}];", Content::Script),
            ("name (first),phone\nA,1\n", Content::Csv),
            ("\x1e{\"phone\": 1}\n", Content::Json),
            ("[InternetShortcut]\r\nURL=https://example.com\r\n", Content::Link),
            ("# people\nversion: 1\n\ndn: cn=Ada\n", Content::Ldif),
            ("# base <dc=example> with\n  scope subtree\n#\n\nDN:: Y249QWRh\n", Content::Ldif),
            ("version: 1\nphone: 1\n", Content::Csv),
            ("-- dump\n/*!40101 SET x */;\nCREATE TABLE a (b int);\n", Content::Sql),
            ("SET x = 1;\nCOPY people (phone) FROM stdin;\n", Content::Sql),
            ("--\n-- dump\n--\nCOPY people (phone) FROM stdin;\n1\n", Content::Sql),
            ("set,phone\nA,1\n", Content::Csv),
            ("- name: Ada\n  phone: 1\n", Content::Yaml),
            ("- name; phone\nAda; 1\n", Content::Csv),
            ("From,Subject,Phone\nA,Content-Type: x,1\n", Content::Csv),
        ] {
            assert_eq!(text_content(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn single_zero_byte_does_not_make_text_binary() {
        let text = format!("name,phone\n{}A\0sha,1\n", "Asha,9876543210\n".repeat(10));
        assert_eq!(content(text.as_bytes()), Content::Text);
    }
}
