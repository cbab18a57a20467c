//! The response to one request, and its meaning.

use std::{borrow::Cow, time::Duration};

use reqwest::{
    StatusCode, Url,
    header::{HeaderMap, LOCATION},
};
use serde_json::Value;

use super::{Purpose, created::CreateAnswer, failure, json, page, trust::Distrust, wait};

/// The response to one request.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// The reason why there is no complete response.
#[derive(Clone, Debug)]
pub(super) enum NoResponse {
    /// There was no connection: the platform cannot have seen the request.
    NotSent(String),
    /// The platform may have seen the request.
    Unacknowledged(String),
    /// The same, after the response timeout.
    TimedOut,
    /// The response cannot be read.
    Unreadable(String),
    /// There was no connection: the server could not prove its identity.
    Untrusted(Distrust),
}

/// The meaning of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A success; its body is not read yet.
    Success,
    /// The platform never saw the request.
    NotSent(String),
    /// The request may or may not have been carried out.
    Unknown(String),
    /// The same, because the response cannot be read.
    Unreadable(String),
    /// The request quota is used up. Holds the pause that the platform asks for and its words.
    RateLimited { asked: Option<Duration>, words: String },
    /// The token was refused.
    Unauthorized(String),
    /// The account may not do this, or the target does not exist.
    Denied(String),
    /// A redirect; it is never followed.
    Redirected(String),
    /// The body was too large.
    TooLarge(String),
    /// The request was refused.
    Refused(String),
}

/// Returns the meaning of an attempt with this effective status.
pub(super) fn meaning(status: StatusCode, attempt: &Result<Answer, NoResponse>) -> Meaning {
    let answer = match attempt {
        Ok(answer) => answer,
        Err(NoResponse::NotSent(reason)) => return Meaning::NotSent(reason.clone()),
        Err(NoResponse::Untrusted(distrust)) => {
            return Meaning::NotSent(format!("its certificate {distrust}"));
        }
        Err(NoResponse::Unacknowledged(reason)) => return Meaning::Unknown(reason.clone()),
        Err(NoResponse::TimedOut) => return Meaning::Unknown("no answer in time".to_owned()),
        Err(NoResponse::Unreadable(reason)) => return Meaning::Unreadable(reason.clone()),
    };
    if answer.is_rate_limit(status) {
        let asked = wait::asked(&answer.headers, &answer.beginning());
        return Meaning::RateLimited { asked, words: answer.words() };
    }
    if status.is_success() {
        return Meaning::Success;
    }
    let words = answer.words();
    match status {
        StatusCode::UNAUTHORIZED => Meaning::Unauthorized(words),
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            Meaning::Denied(words)
        }
        StatusCode::PAYLOAD_TOO_LARGE => Meaning::TooLarge(words),
        StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
            Meaning::Refused(words)
        }
        status if status.is_redirection() => Meaning::Redirected(answer.redirection()),
        StatusCode::REQUEST_TIMEOUT => Meaning::Unknown(words),
        status if status.is_client_error() => Meaning::Denied(words),
        _ => Meaning::Unknown(words),
    }
}

impl Answer {
    /// Returns the pause that the platform asks for.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        wait::retry_after(&self.headers)
    }

    /// Returns the body as JSON, repaired if it is almost JSON. `None` if it is not JSON.
    pub(super) fn json(&self) -> Option<Cow<'_, [u8]>> {
        if json::is_well_formed(&self.body) {
            return Some(Cow::Borrowed(&self.body));
        }
        json::repaired(&self.body).map(|repaired| Cow::Owned(repaired.into_bytes()))
    }

    /// Returns the results of a batch's contacts. An accepted batch without a body counts as accepted.
    pub(super) fn created(&self) -> Option<CreateAnswer> {
        const WORDLESS: [StatusCode; 3] = [StatusCode::CREATED, StatusCode::ACCEPTED, StatusCode::NO_CONTENT];
        let is_wordless = self.body.trim_ascii().is_empty() && WORDLESS.contains(&self.status);
        let accepted = || CreateAnswer { is_accepted: true, ..CreateAnswer::default() };
        CreateAnswer::read(&self.body).or_else(|| is_wordless.then(accepted))
    }

    /// Returns the status that counts. This is the HTTP status, unless a successful response reports in its body that
    /// everything failed: then the status in the body, or 400 if there is none.
    pub(super) fn effective_status(&self, request: Purpose) -> StatusCode {
        let failure = if self.status.is_success() { self.failure(request) } else { None };
        failure.map_or(self.status, |body| {
            let status = failure::status_in(&body).map(StatusCode::from_u16);
            status.and_then(Result::ok).unwrap_or(StatusCode::BAD_REQUEST)
        })
    }

    /// Returns the body if it reports that everything failed.
    fn failure(&self, request: Purpose) -> Option<Value> {
        if request.is_reading() {
            return page::failure_in(&self.body);
        }
        let answer = CreateAnswer::read(&self.body)?;
        let is_of_all = answer.failure.is_some() && answer.created.is_empty() && answer.refused.is_empty();
        if is_of_all { json::parse(&self.body) } else { None }
    }

    /// Returns whether the request quota is used up. No status is documented for it. A response that lists contacts
    /// never means it: a name could contain the words, and an error of one contact does not apply to all.
    fn is_rate_limit(&self, status: StatusCode) -> bool {
        match status {
            StatusCode::TOO_MANY_REQUESTS => true,
            status if status.is_success() => !self.is_list() && wait::says_limit(&self.beginning()),
            // The error of a contact may be about another limit.
            StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
                wait::says_limit(&self.beginning())
            }
            // After these statuses the request may have been carried out. Other words may be about another limit,
            // such as disk space.
            StatusCode::REQUEST_TIMEOUT => wait::says_limit(&self.beginning()),
            status if !status.is_client_error() => wait::says_limit(&self.beginning()),
            _ => wait::speaks_of_limit(&self.beginning()),
        }
    }

    fn is_list(&self) -> bool {
        const LISTS: [&[u8]; 4] =
            [b"\"results\"", b"\"successfulRecords\"", b"\"failedRecords\"", b"\"cellPhone\""];
        self.body.trim_ascii_start().starts_with(b"[")
            || LISTS.iter().any(|name| memchr::memmem::find(&self.body, name).is_some())
    }

    /// Returns the beginning of the body.
    fn beginning(&self) -> Cow<'_, str> {
        const MAX_BYTES: usize = 4096;
        String::from_utf8_lossy(&self.body[..self.body.len().min(MAX_BYTES)])
    }

    /// Returns the platform's words and the redirect's target, without the query, which may contain a secret.
    fn redirection(&self) -> String {
        const MAX_CHARS: usize = 200;
        let words = self.words();
        let Some(location) = self.headers.get(LOCATION) else { return words };
        let location = String::from_utf8_lossy(location.as_bytes());
        let place = location.split(['?', '#']).next().unwrap_or_default();
        let place = Url::parse(place).map_or_else(
            |_| place.to_owned(),
            |mut url| {
                _ = url.set_username("");
                _ = url.set_password(None);
                url.to_string()
            },
        );
        let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
        let place: String = place.chars().map(visible).take(MAX_CHARS).collect();
        format!("{words}, to {}", place.trim())
    }

    /// Returns the status and the platform's words, in one line that is safe to show.
    pub(super) fn words(&self) -> String {
        const MAX_CHARS: usize = 200;
        let said = json::parse(&self.body).and_then(|body| failure::message_in(&body));
        let text = said.unwrap_or_else(|| String::from_utf8_lossy(&self.body).into_owned());
        let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
        let line: String = text.trim().chars().map(visible).take(MAX_CHARS).collect();
        let line = line.trim();
        let status = format!("HTTP {}", self.status.as_u16());
        if line.is_empty() { status } else { format!("{status}, \"{line}\"") }
    }
}

/// Masks the middle of every long number in the platform's words, in any notation, for logs.
pub(crate) fn masked(words: &str) -> String {
    const SHOWN: (usize, usize) = (2, 4);
    const MIN_DIGITS: usize = 7;
    let is_digit = |letter: char| letter.is_ascii_digit();
    let belongs = |letter: char| letter.is_ascii_digit() || matches!(letter, ' ' | '.' | '-' | '(' | ')');
    let mut masked = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(start) = rest.find(is_digit) {
        let (before, behind) = rest.split_at(start);
        // Up to the last digit, whatever separates them.
        let end = behind.find(|letter| !belongs(letter)).unwrap_or(behind.len());
        let (run, after) = behind.split_at(behind[..end].rfind(is_digit).map_or(1, |last| last + 1));
        let digits: String = run.chars().filter(char::is_ascii_digit).collect();
        masked.push_str(before);
        if digits.len() < MIN_DIGITS {
            masked.push_str(run);
        } else {
            masked.extend([&digits[..SHOWN.0], "…", &digits[digits.len() - SHOWN.1..]]);
        }
        rest = after;
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use reqwest::header::RETRY_AFTER;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    /// Returns the meaning of an attempt to post.
    fn meaning(attempt: &Result<Answer, NoResponse>) -> Meaning {
        let status =
            attempt.as_ref().map_or(StatusCode::OK, |answer| answer.effective_status(Purpose::Create));
        super::meaning(status, attempt)
    }

    fn meaning_of(status: u16, body: &str) -> Meaning {
        meaning(&Ok(answer(status, body)))
    }

    /// Builds a response with a `Retry-After` header.
    fn asking(status: StatusCode, retry_after: &str) -> Answer {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, retry_after.parse().unwrap())]);
        Answer { status, headers, body: vec![] }
    }

    #[test]
    fn every_answer_has_a_meaning() {
        const LIMIT: &str =
            "You've exceeded the per-minute rate limit. Please wait for sometime before retrying.";
        assert_eq!(meaning_of(200, "[]"), Meaning::Success);
        assert_eq!(meaning_of(201, ""), Meaning::Success);
        for status in [200, 400, 403, 429, 500, 503] {
            let limited = meaning_of(status, LIMIT);
            assert!(matches!(limited, Meaning::RateLimited { asked: None, .. }), "{status}: {limited:?}");
        }
        assert_eq!(meaning_of(200, &format!("[{{\"firstName\": \"{LIMIT}\"}}]")), Meaning::Success);
        assert!(matches!(meaning_of(401, ""), Meaning::Unauthorized(_)));
        for status in [402, 403, 404, 405, 415, 451] {
            assert!(matches!(meaning_of(status, ""), Meaning::Denied(_)), "{status}");
        }
        for status in [400, 409, 422] {
            assert!(matches!(meaning_of(status, ""), Meaning::Refused(_)), "{status}");
        }
        assert!(matches!(meaning_of(413, ""), Meaning::TooLarge(_)));
        for status in [408, 500, 502, 503, 504, 599, 600] {
            assert!(matches!(meaning_of(status, ""), Meaning::Unknown(_)), "{status}");
        }
        for status in [301, 302, 304, 307, 308] {
            assert!(matches!(meaning_of(status, ""), Meaning::Redirected(_)), "{status}");
        }
        let silence = |silence| meaning(&Err(silence));
        assert_eq!(silence(NoResponse::NotSent("dns".to_owned())), Meaning::NotSent("dns".to_owned()));
        assert_eq!(
            silence(NoResponse::Unacknowledged("reset".to_owned())),
            Meaning::Unknown("reset".to_owned())
        );
    }

    #[test]
    fn requested_wait_is_returned_with_the_words() {
        let mut limited = asking(StatusCode::TOO_MANY_REQUESTS, "86400");
        limited.body = b"{\"message\": \"Daily quota is used up\"}".to_vec();
        assert_eq!(
            meaning(&Ok(limited)),
            Meaning::RateLimited {
                asked: Some(Duration::from_hours(24)),
                words: "HTTP 429, \"Daily quota is used up\"".to_owned()
            }
        );
    }

    // Source: syncthing issue 2745 (a redirect that is not followed and does not say where it leads).
    #[test]
    fn redirect_shows_its_target_without_secrets() {
        for (location, shown) in [
            ("https://eu.example.com/contacts?token=canary", "HTTP 308, to https://eu.example.com/contacts"),
            ("https://me:canary@eu.example.com/", "HTTP 308, to https://eu.example.com/"),
            ("/login#canary", "HTTP 308, to /login"),
        ] {
            let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
            let redirect = Answer { headers, ..answer(308, "") };
            assert_eq!(meaning(&Ok(redirect)), Meaning::Redirected(shown.to_owned()));
        }
    }

    #[test]
    fn rate_limit_words_in_a_list_apply_to_one_contact() {
        const RECORD: &str = r#"{"id": "a", "cellPhone": {"phoneNumber": "+911234567"}}"#;
        const ERROR: &str = r#"[{"error": "You've exceeded the per-minute rate limit."}]"#;
        let partly = format!("{{\"successfulRecords\": [{RECORD}], \"failedRecords\": {ERROR}}}");
        assert_eq!(meaning_of(200, &partly), Meaning::Success);
        let wholly = format!("{{\"successfulRecords\": [], \"failedRecords\": {ERROR}}}");
        assert!(matches!(meaning_of(200, &wholly), Meaning::RateLimited { asked: None, .. }));
    }

    #[test]
    fn numbers_in_the_platforms_words_are_masked() {
        assert_eq!(
            masked("HTTP 400, 919876543210 or +12345 exists: 1234567"),
            "HTTP 400, 91…3210 or +12345 exists: 12…4567"
        );
        assert_eq!(masked("call +1 (415) 555-0132, or 98765 43210."), "call +14…0132, or 98…3210.");
        assert_eq!(masked("none"), "none");
    }

    #[test]
    fn platforms_words_are_one_safe_line() {
        let words = |body| answer(400, body).words();
        assert_eq!(words("{\"errors\":[{\"msg\":\"number\\nexists\"}]}"), "HTTP 400, \"number exists\"");
        assert_eq!(words("\x1b[31m<html>"), "HTTP 400, \"[31m<html>\"");
        assert_eq!(words(""), "HTTP 400");
        assert!(words(&"x".repeat(5000)).len() < 250);
    }
}
