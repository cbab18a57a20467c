//! Masks secrets in responses, in every form in which a server may echo them: unchanged, escaped in JSON,
//! percent-encoded, in base64 and in hexadecimal.
//!
//! This is for servers that quote a request in an error. A server that wants to leak a token has other ways.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use memchr::memmem;
use reqwest::header::{HeaderMap, HeaderValue};

/// The replacement of a secret.
const MASK: &[u8] = b"***";

/// Shorter secrets are not masked: they would match by chance in numbers and ids.
const MIN_SECRET_BYTES: usize = 16;

/// The beginning of every JSON Web Token: `{"` in base64.
const TOKEN_START: &[u8] = b"eyJ";

/// Minimum lengths of the three parts of a token, after its beginning.
const MIN_TOKEN_PARTS: [usize; 3] = [8, 8, 16];

/// The secrets of one request, in all forms to mask.
pub(super) struct Redaction {
    forms: Vec<Vec<u8>>,
}

impl Redaction {
    pub(super) fn of<'s>(secrets: impl IntoIterator<Item = &'s [u8]>) -> Self {
        let mut forms: Vec<Vec<u8>> = secrets.into_iter().flat_map(forms).collect();
        forms.retain(|form| !form.is_empty());
        // A long form may contain a shorter one.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Self { forms }
    }

    /// Masks the secrets in a text, and tokens of other requests.
    pub(super) fn text(&self, text: Vec<u8>) -> Vec<u8> {
        let is_form = |form: &Vec<u8>| memmem::find(&text, form).is_some();
        let found: Vec<&Vec<u8>> = self.forms.iter().filter(|form| is_form(form)).collect();
        let mut text = text;
        for form in found {
            text = replaced(&text, |rest| Some((memmem::find(rest, form)?, form.len())));
        }
        if memmem::find(&text, TOKEN_START).is_some() { replaced(&text, token) } else { text }
    }

    /// Masks the secrets in all headers.
    pub(super) fn headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            let redacted = self.text(value.as_bytes().to_vec());
            if redacted != value.as_bytes() {
                *value = HeaderValue::from_bytes(&redacted).unwrap_or(HeaderValue::from_static("***"));
            }
        }
    }
}

/// Masks everything that `find` returns, as position and length in the remaining text.
fn replaced(text: &[u8], find: impl Fn(&[u8]) -> Option<(usize, usize)>) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, length)) = find(rest) {
        kept.extend_from_slice(&rest[..at]);
        kept.extend_from_slice(MASK);
        rest = &rest[at + length..];
    }
    kept.extend_from_slice(rest);
    kept
}

/// Returns the position and length of the first JSON Web Token in a text.
fn token(text: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(at) = memmem::find(&text[from..], TOKEN_START).map(|at| from + at) {
        if let Some(length) = token_length(&text[at..]) {
            return Some((at, length));
        }
        // The rest of this word contains no token either.
        from = at + word_length(&text[at..]);
    }
    None
}

/// Returns the length of the token at the beginning of a text.
fn token_length(text: &[u8]) -> Option<usize> {
    let mut length = 0;
    for (index, least) in MIN_TOKEN_PARTS.into_iter().enumerate() {
        if index > 0 {
            text.get(length).filter(|byte| **byte == b'.')?;
            length += 1;
        }
        let part = word_length(&text[length..]);
        if part < least {
            return None;
        }
        length += part;
    }
    Some(length)
}

fn word_length(text: &[u8]) -> usize {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.iter().position(|byte| !is_of_word(byte)).unwrap_or(text.len())
}

fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    if secret.len() < MIN_SECRET_BYTES {
        return Vec::new();
    }
    let mut forms = vec![secret.to_vec()];
    let encoded = |escape: &dyn Fn(u8) -> Option<String>| {
        let bytes =
            secret.iter().flat_map(|byte| escape(*byte).map_or_else(|| vec![*byte], String::into_bytes));
        bytes.collect::<Vec<u8>>()
    };
    let is_reserved = |byte: u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'.' | b'_' | b'~');
    let is_sign = |byte: u8| !byte.is_ascii_alphanumeric();
    forms.extend([
        encoded(&|byte| is_reserved(byte).then(|| format!("%{byte:02X}"))),
        encoded(&|byte| is_reserved(byte).then(|| format!("%{byte:02x}"))),
        encoded(&|byte| is_sign(byte).then(|| format!("%{byte:02X}"))),
        encoded(&|byte| is_sign(byte).then(|| format!("%{byte:02x}"))),
        encoded(&|byte| is_sign(byte).then(|| format!("\\u{byte:04X}"))),
        encoded(&|byte| is_sign(byte).then(|| format!("\\u{byte:04x}"))),
        encoded(&|byte| matches!(byte, b'/' | b'"' | b'\\').then(|| format!("\\{}", char::from(byte)))),
        encoded(&|byte| Some(format!("{byte:02x}"))),
        encoded(&|byte| Some(format!("{byte:02X}"))),
    ]);
    // Base64 turns three bytes into four characters. The bytes before the secret shift it, and its first and last
    // characters mix with those around it.
    for (before, hidden) in [(0, 0), (1, 2), (2, 3)] {
        let shifted = [&b"\0\0"[..before], secret].concat();
        let own = shifted.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            forms.push(encoded.as_bytes()[hidden..own].to_vec());
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "canary+secret/with=signs&that%change";

    fn redacted(text: &str) -> String {
        String::from_utf8(Redaction::of([SECRET.as_bytes()]).text(text.as_bytes().to_vec())).unwrap()
    }

    // Source: open-telemetry/opentelemetry-collector-contrib issue 46200 (a token in the answer that refuses it).
    #[test]
    fn secret_is_masked_in_every_form() {
        let base64 = |text: &str| STANDARD_NO_PAD.encode(text);
        for form in [
            SECRET.to_owned(),
            "canary%2Bsecret%2Fwith%3Dsigns%26that%25change".to_owned(),
            "canary%2bsecret%2fwith%3dsigns%26that%25change".to_owned(),
            "canary+secret\\/with=signs&that%change".to_owned(),
            "canary\\u002bsecret\\u002fwith\\u003dsigns\\u0026that\\u0025change".to_owned(),
            crate::hash::hex(SECRET.as_bytes()),
        ] {
            assert_eq!(redacted(&format!("not {form}, {form}!")), "not ***, ***!", "{form}");
        }
        for around in ["", "a", "ab", "abc", "auth: "] {
            let hidden = base64(&format!("{around}{SECRET} and more"));
            let shown = redacted(&hidden);
            assert!(shown.contains("***") && shown.len() < hidden.len() - 40, "{around}: {shown}");
        }
        assert_eq!(redacted("canary, and nothing else"), "canary, and nothing else");
    }

    #[test]
    fn tokens_of_other_requests_are_masked() {
        const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjcy0xIn0.c2lnbmF0dXJlLW9mLXRlc3Rz";
        assert_eq!(
            redacted(&format!("{{\"a\": \"{TOKEN}\", \"b\": \"Bearer {TOKEN}\"}}")),
            "{\"a\": \"***\", \"b\": \"Bearer ***\"}"
        );
        for other in ["eyJhbGciOiJIUzI1NiJ9", "eyJ.eyJ.eyJ", "eyJhbGciOiJIUzI1NiJ9.short.short", "keyJohn"] {
            assert_eq!(redacted(other), other);
        }
    }

    #[test]
    fn secrets_in_headers_are_masked_and_the_rest_is_kept() {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-reset", HeaderValue::from_static("12"));
        headers.insert("x-request", format!("of {SECRET}").parse().unwrap());
        Redaction::of([SECRET.as_bytes()]).headers(&mut headers);
        assert_eq!(
            (&headers["x-request"], &headers["x-ratelimit-reset"]),
            (&HeaderValue::from_static("of ***"), &HeaderValue::from_static("12"))
        );
    }
}
