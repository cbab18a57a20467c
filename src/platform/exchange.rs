//! One HTTP request and its response.

use reqwest::Request;

use super::{
    Distrust,
    answer::{Answer, NoResponse},
    body,
    bounds::{self, MAX_BODY_BYTES},
    error::innermost,
    redaction::Redaction,
};
use crate::failpoint;

/// Sends a request and reads the whole response, up to the limit, with the secrets of the request masked.
pub(super) async fn exchange(
    http: &reqwest::Client,
    request: Request,
    redaction: &Redaction,
) -> Result<Answer, NoResponse> {
    failpoint::reach("before a connection").map_err(|error| NoResponse::NotSent(error.to_string()))?;
    let mut response = http.execute(request).await.map_err(|error| match Distrust::of(&error) {
        Some(distrust) => NoResponse::Untrusted(distrust),
        None if error.is_connect() => NoResponse::NotSent(cause(&error)),
        None => unacknowledged(&error),
    })?;
    let mut headers = response.headers().clone();
    redaction.headers(&mut headers);
    let status = response.status();
    failpoint::reach("before an answer is read")
        .map_err(|error| NoResponse::Unacknowledged(error.to_string()))?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unacknowledged(&error))? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(NoResponse::Unacknowledged(format!(
                "the answer is larger than {MAX_BODY_BYTES} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    let body = body::readable(body, &headers).map_err(NoResponse::Unreadable)?;
    bounds::check(&body).map_err(NoResponse::Unreadable)?;
    Ok(Answer { status, headers, body: redaction.text(body) })
}

/// Returns the innermost reason of a failure; the outer ones repeat the address.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    innermost(error)
}

fn unacknowledged(error: &reqwest::Error) -> NoResponse {
    if error.is_timeout() { NoResponse::TimedOut } else { NoResponse::Unacknowledged(cause(error)) }
}
