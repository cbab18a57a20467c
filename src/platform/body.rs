//! The body of a response as text: decompressed, without a byte order mark, in UTF-8.
//!
//! rollcall asks for neither compression nor another encoding, but a gateway may compress unasked, and a server may
//! write another encoding. Readers of the body always see plain UTF-8.

use std::io::Read;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

use super::bounds::MAX_BODY_BYTES;

/// Maximum layers of compression: a proxy may compress a compressed body.
const MAX_PACKINGS: usize = 2;

/// The compression of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ContentCoding {
    Gzip,
    Zlib,
    /// Deflate without a header, as some servers understand `deflate`.
    Deflate,
}

/// Decodes a body. Returns the reason if it cannot.
pub(super) fn readable(body: Vec<u8>, headers: &HeaderMap) -> Result<Vec<u8>, String> {
    let declared = header(headers, CONTENT_ENCODING.as_str());
    let mut body = body;
    for _ in 0..MAX_PACKINGS {
        let Some(compression) = compression(&body, &declared) else { break };
        body = unpack(&body, compression)?;
    }
    let is_packed = !matches!(declared.as_str(), "" | "identity") && std::str::from_utf8(&body).is_err();
    if is_packed {
        return Err(format!("the answer uses an unsupported compression ({declared})"));
    }
    Ok(in_utf8(body, &header(headers, CONTENT_TYPE.as_str())))
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim().to_ascii_lowercase()
}

/// Detects the compression by the first bytes, with which neither JSON nor a web page begins. The header may be
/// missing, or name a compression that was removed on the way.
fn compression(body: &[u8], declared: &str) -> Option<ContentCoding> {
    match body {
        [0x1f, 0x8b, ..] => Some(ContentCoding::Gzip),
        // The second header byte makes both a multiple of 31 (RFC 1950).
        [0x78, second, ..] if (0x7800 + u32::from(*second)).is_multiple_of(31) => Some(ContentCoding::Zlib),
        [_, ..] if declared.contains("deflate") && std::str::from_utf8(body).is_err() => {
            Some(ContentCoding::Deflate)
        }
        _ => None,
    }
}

fn unpack(packed: &[u8], compression: ContentCoding) -> Result<Vec<u8>, String> {
    let limit = u64::try_from(MAX_BODY_BYTES).unwrap_or(u64::MAX);
    let mut body = Vec::new();
    let read = match compression {
        ContentCoding::Gzip => MultiGzDecoder::new(packed).take(limit + 1).read_to_end(&mut body),
        ContentCoding::Zlib => ZlibDecoder::new(packed).take(limit + 1).read_to_end(&mut body),
        ContentCoding::Deflate => DeflateDecoder::new(packed).take(limit + 1).read_to_end(&mut body),
    };
    read.map_err(|error| format!("the answer is compressed and cannot be decompressed: {error}"))?;
    if body.len() > MAX_BODY_BYTES {
        return Err(format!("the answer is larger than {MAX_BODY_BYTES} bytes when decompressed"));
    }
    Ok(body)
}

/// Converts a text to UTF-8. Uses the encoding shown by the first bytes, else the declared one. Invalid bytes become
/// replacement characters.
fn in_utf8(body: Vec<u8>, content_type: &str) -> Vec<u8> {
    if let Some((encoding, mark)) = Encoding::for_bom(&body) {
        return match std::str::from_utf8(&body[mark..]) {
            Ok(text) if encoding == encoding_rs::UTF_8 => text.as_bytes().to_vec(),
            _ => decoded(&body[mark..], encoding),
        };
    }
    // JSON begins with two ASCII characters (RFC 4627, section 3).
    match body.as_slice() {
        [0, second, ..] if *second != 0 => return decoded(&body, UTF_16BE),
        [first, 0, ..] if *first != 0 => return decoded(&body, UTF_16LE),
        _ => {}
    }
    if std::str::from_utf8(&body).is_ok() {
        return body;
    }
    let declared = content_type.split_once("charset=").map(|(_, name)| name.trim_matches(['"', '\'', ' ']));
    let name = declared.and_then(|name| name.split(';').next()).unwrap_or_default();
    decoded(&body, Encoding::for_label(name.as_bytes()).unwrap_or(encoding_rs::UTF_8))
}

fn decoded(body: &[u8], encoding: &'static Encoding) -> Vec<u8> {
    let (text, _) = encoding.decode_without_bom_handling(body);
    text.into_owned().into_bytes()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use reqwest::header::HeaderValue;

    use super::*;

    const JSON: &str = "{\"results\": []}";

    fn packed(compression: ContentCoding, bytes: &[u8]) -> Vec<u8> {
        let level = Compression::fast();
        match compression {
            ContentCoding::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            ContentCoding::Zlib => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            ContentCoding::Deflate => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    fn read(body: &[u8], headers: &[(&'static str, &'static str)]) -> Result<String, String> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        readable(body.to_vec(), &headers).map(|body| String::from_utf8(body).unwrap())
    }

    // Source: ArchiveTeam/wpull issue 14, apache/trafficcontrol issue 1737 (gzip without `Accept-Encoding`).
    #[test]
    fn compressed_bodies_are_decompressed_whatever_the_header_says() {
        for compression in [ContentCoding::Gzip, ContentCoding::Zlib] {
            for headers in [&[][..], &[("content-encoding", "gzip")], &[("content-encoding", "deflate")]] {
                assert_eq!(
                    read(&packed(compression, JSON.as_bytes()), headers).unwrap(),
                    JSON,
                    "{compression:?}"
                );
            }
        }
        let twice = packed(ContentCoding::Gzip, &packed(ContentCoding::Gzip, JSON.as_bytes()));
        assert_eq!(read(&twice, &[]).unwrap(), JSON);
        let headless =
            packed(ContentCoding::Deflate, "{\"name\": \"é and more of it, é and more of it\"}".as_bytes());
        assert!(read(&headless, &[("content-encoding", "deflate")]).unwrap().contains("é and"));
        // The compression was removed on the way, but not its header.
        assert_eq!(read(JSON.as_bytes(), &[("content-encoding", "br")]).unwrap(), JSON);
    }

    #[test]
    fn body_that_cannot_be_decompressed_is_reported_as_compressed() {
        let cut = &packed(ContentCoding::Gzip, JSON.as_bytes())[..20];
        assert!(
            read(cut, &[]).unwrap_err().starts_with("the answer is compressed and cannot be decompressed")
        );
        let unknown = read(b"\x8b\x05\x80", &[("content-encoding", "br")]).unwrap_err();
        assert!(unknown.contains("compression") && unknown.contains("(br)"), "{unknown}");
    }

    // Source: nategood/httpful issue 94, woocommerce/wc-api-python issue 40 (a byte order mark before the JSON).
    #[test]
    fn byte_order_mark_and_other_encodings_are_read() {
        assert_eq!(read(b"\xef\xbb\xbf[]", &[]).unwrap(), "[]");
        for (mark, bytes) in [
            (&b"\xff\xfe"[..], [b'[', 0, b']', 0]),
            (&[], [b'[', 0, b']', 0]),
            (&b"\xfe\xff"[..], [0, b'[', 0, b']']),
            (&[], [0, b'[', 0, b']']),
        ] {
            assert_eq!(read(&[mark, &bytes].concat(), &[]).unwrap(), "[]", "{mark:?}");
        }
        let latin = [("content-type", "application/json; charset=ISO-8859-1")];
        assert_eq!(read(b"[\"Jos\xe9\"]", &latin).unwrap(), "[\"José\"]");
        // Valid UTF-8 is never read in another encoding.
        assert_eq!(read("[\"José\"]".as_bytes(), &latin).unwrap(), "[\"José\"]");
        assert_eq!(read(b"[\"Jos\xe9\"]", &[]).unwrap(), "[\"Jos\u{fffd}\"]");
    }
}
