//! The table of responses: pure functions from a response to the next step, with its reason.

use std::{borrow::Cow, time::Duration};

use reqwest::StatusCode;

use super::{
    PlatformError, Purpose,
    answer::{Answer, Meaning, NoResponse, meaning},
    created::CreateAnswer,
    failure,
};

/// The first HTTP status of a server failure.
const FIRST_SERVER_ERROR: u16 = 500;

/// Cost of a retry, in units of the account's retry budget.
const RETRY_PRICE: u32 = 5;

/// The same after a timeout: a retry then loads the platform most.
const TIMEOUT_PRICE: u32 = 10;

/// The next step after an attempt, with the result of a usable response.
#[derive(Debug)]
pub(super) enum Step<T> {
    /// The request is done.
    Done(T),
    /// Nothing was changed: repeat the request after a wait, and pay for it. A broken response is one that cannot be
    /// read.
    Again { reason: String, was_sent: bool, is_broken: bool, wait: Option<Duration>, price: u32 },
    /// Nothing was changed, and the attempt does not count: the whole account waits as long as the platform asks.
    Pause { asked: Option<Duration>, words: String },
    /// Nothing was changed: repeat the request once with a new token.
    Renew(String),
    /// The platform cannot be used.
    Stop(PlatformError),
}

/// A usable response to a read. `repaired` is its body if it was almost JSON, `None` if the body is fine as received.
#[derive(Debug)]
pub(super) struct Readable {
    pub(super) repaired: Option<Vec<u8>>,
}

/// The result of a request that creates contacts.
#[derive(Debug)]
pub(super) enum CreateResult {
    /// The result of each contact is in the response. The other contacts are reconciled by reading. If the batch was
    /// refused, they are sent in halves.
    Apply { answer: CreateAnswer, is_refusal: bool },
    /// Unknown whether anything was stored. Never sent again blindly; reconciled by reading.
    Reconcile(UnacknowledgedRequest),
    /// Nothing was stored. Send the batch again in halves, and make later batches no larger.
    Halve(String),
    /// The batch was refused. Read the existing contacts and send the rest in halves until each refused contact is
    /// alone.
    Isolate { words: String, is_conflict: bool },
}

/// A request of unknown result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnacknowledgedRequest {
    /// The reason.
    pub reason: String,
    /// The pause that the platform asks for.
    pub wait: Option<Duration>,
    /// Cost of asking again, in units of the retry budget.
    pub price: u32,
    /// The reason, as a kind.
    pub doubt: Doubt,
}

/// The reason why the result of a request is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// No response, or none in time.
    NoResponse,
    /// A status of 500 or above.
    ServerError,
    /// A redirect; it is never followed.
    Redirect,
    /// A response that is undocumented or unreadable.
    BrokenAnswer,
}

/// An attempt with the facts that all steps need.
struct Attempt<'a> {
    request: Purpose,
    attempt: &'a Result<Answer, NoResponse>,
    status: StatusCode,
    /// The pause that the platform asks for.
    wait: Option<Duration>,
    price: u32,
}

impl<'a> Attempt<'a> {
    fn new(request: Purpose, attempt: &'a Result<Answer, NoResponse>) -> Self {
        let status = attempt.as_ref().map_or(StatusCode::OK, |answer| answer.effective_status(request));
        let timed_out = status == StatusCode::REQUEST_TIMEOUT || matches!(attempt, Err(NoResponse::TimedOut));
        let price = if timed_out { TIMEOUT_PRICE } else { RETRY_PRICE };
        let wait = attempt.as_ref().ok().and_then(Answer::retry_after);
        Self { request, attempt, status, wait, price }
    }

    /// Returns the step that is the same for all requests, or else the meaning of the attempt.
    fn common_step<T>(&self) -> Result<Step<T>, Meaning> {
        Ok(match meaning(self.status, self.attempt) {
            Meaning::NotSent(reason) => {
                Step::Again { reason, was_sent: false, is_broken: false, wait: None, price: self.price }
            }
            Meaning::RateLimited { asked, words } => Step::Pause { asked, words },
            Meaning::Unauthorized(words) => Step::Renew(words),
            Meaning::Denied(answer) => Step::Stop(PlatformError::Denied {
                request: self.request,
                status: self.status.as_u16(),
                answer,
                clock: None,
            }),
            other => return Err(other),
        })
    }

    fn answer(&self) -> Option<&'a Answer> {
        self.attempt.as_ref().ok()
    }
}

/// Returns the step after an attempt to read.
pub(super) fn after_read(request: Purpose, attempt: &Result<Answer, NoResponse>) -> Step<Readable> {
    let attempt = Attempt::new(request, attempt);
    let again = |reason, is_broken| Step::Again {
        reason,
        was_sent: true,
        is_broken,
        wait: attempt.wait,
        price: attempt.price,
    };
    let meaning = match attempt.common_step() {
        Ok(step) => return step,
        Err(meaning) => meaning,
    };
    match meaning {
        Meaning::Redirected(answer) => Step::Stop(PlatformError::Redirected { request, answer }),
        Meaning::TooLarge(answer) | Meaning::Refused(answer) => {
            Step::Stop(PlatformError::Refused { request, answer })
        }
        Meaning::Unreadable(reason) => again(reason, true),
        meaning => match (meaning, attempt.answer()) {
            (Meaning::Success, Some(answer)) => match answer.json() {
                Some(Cow::Borrowed(_)) => Step::Done(Readable { repaired: None }),
                Some(Cow::Owned(repaired)) => Step::Done(Readable { repaired: Some(repaired) }),
                None => again(format!("the answer is not JSON ({})", answer.words()), true),
            },
            (Meaning::Unknown(reason), _) => again(reason, false),
            _ => again(String::new(), false),
        },
    }
}

/// Returns the step after an attempt to create contacts.
pub(super) fn after_create(attempt: &Result<Answer, NoResponse>) -> Step<CreateResult> {
    let attempt = Attempt::new(Purpose::Create, attempt);
    let unknown = |reason, doubt| {
        CreateResult::Reconcile(UnacknowledgedRequest {
            reason,
            wait: attempt.wait,
            price: attempt.price,
            doubt,
        })
    };
    let meaning = match attempt.common_step() {
        Ok(step) => return step,
        Err(meaning) => meaning,
    };
    Step::Done(match meaning {
        // The request may have been carried out, with only its response elsewhere.
        Meaning::Redirected(words) => unknown(format!("the platform redirects it: {words}"), Doubt::Redirect),
        Meaning::TooLarge(words) => CreateResult::Halve(words),
        Meaning::Refused(words) => {
            match attempt.answer().and_then(|answer| CreateAnswer::read(&answer.body)) {
                // A refusal that names contacts gives the result of each.
                Some(answer) if !answer.refused.is_empty() => {
                    CreateResult::Apply { answer, is_refusal: true }
                }
                _ => {
                    let is_conflict = attempt.status == StatusCode::CONFLICT || failure::says_taken(&words);
                    CreateResult::Isolate { words, is_conflict }
                }
            }
        }
        Meaning::Unreadable(reason) => unknown(reason, Doubt::BrokenAnswer),
        meaning => match (meaning, attempt.answer()) {
            (Meaning::Success, Some(answer)) => {
                let broken = || format!("undocumented answer ({})", answer.words());
                let applied =
                    answer.created().map(|answer| CreateResult::Apply { answer, is_refusal: false });
                applied.unwrap_or_else(|| unknown(broken(), Doubt::BrokenAnswer))
            }
            (Meaning::Unknown(reason), _) if attempt.status.as_u16() >= FIRST_SERVER_ERROR => {
                unknown(reason, Doubt::ServerError)
            }
            (Meaning::Unknown(reason), _) => unknown(reason, Doubt::NoResponse),
            _ => unknown(String::new(), Doubt::NoResponse),
        },
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, RETRY_AFTER};

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    /// Builds a response with a `Retry-After` header.
    fn asking(status: StatusCode, retry_after: &str) -> Answer {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, retry_after.parse().unwrap())]);
        Answer { status, headers, body: vec![] }
    }

    /// Returns the name of a step.
    fn name<T>(step: Step<T>, done: impl FnOnce(T) -> &'static str) -> &'static str {
        match step {
            Step::Done(value) => done(value),
            Step::Again { was_sent: false, .. } => "again",
            Step::Again { is_broken: true, .. } => "again, broken",
            Step::Again { price: TIMEOUT_PRICE, .. } => "again, dearly",
            Step::Again { .. } => "again, sent",
            Step::Pause { .. } => "pause",
            Step::Renew(_) => "renew",
            Step::Stop(_) => "stop",
        }
    }

    /// Returns the names of the steps after a post and after a read.
    fn steps(attempt: &Result<Answer, NoResponse>) -> [&'static str; 2] {
        let post = name(after_create(attempt), |ending| match ending {
            CreateResult::Apply { answer: CreateAnswer { is_accepted: true, .. }, .. } => "accepted",
            CreateResult::Apply { .. } => "apply",
            CreateResult::Reconcile(UnacknowledgedRequest { doubt: Doubt::Redirect, .. }) => {
                "reconcile, redirected"
            }
            CreateResult::Reconcile(UnacknowledgedRequest { doubt: Doubt::ServerError, .. }) => {
                "reconcile, failed"
            }
            CreateResult::Reconcile(UnacknowledgedRequest { price: TIMEOUT_PRICE, .. }) => {
                "reconcile, dearly"
            }
            CreateResult::Reconcile(_) => "reconcile",
            CreateResult::Halve(_) => "halve",
            CreateResult::Isolate { is_conflict: true, .. } => "isolate, taken",
            CreateResult::Isolate { .. } => "isolate",
        });
        [post, name(after_read(Purpose::ReadCampaign, attempt), |_| "take")]
    }

    #[test]
    fn every_answer_has_its_step() {
        const LIMIT: &str = "{\"errors\": [{\"msg\": \"You've exceeded the per-minute rate limit.\"}]}";
        const NAMED: &str =
            "{\"failedRecords\": [{\"contact\": {\"cellPhone\": {\"phoneNumber\": \"+911\"}}}]}";
        const FAILED: &str = "{\"status\": \"failed\", \"errors\": [{\"msg\": \"no\", \"code\": 400}]}";
        const TAKEN: &str = "{\"success\": false, \"message\": \"already exists\"}";
        const LOGIN: &str = "{\"errors\": [{\"msg\": \"Unauthorized\", \"code\": 401}]}";
        for (status, body, expected) in [
            (200, "[]", ["apply", "take"]),
            (201, "{\"successfulRecords\": []}", ["accepted", "take"]),
            (202, "{\"message\": \"in progress\"}", ["accepted", "take"]),
            (202, "", ["accepted", "again, broken"]),
            (204, "", ["accepted", "again, broken"]),
            (200, "", ["reconcile", "again, broken"]),
            (200, "<html>", ["reconcile", "again, broken"]),
            (200, "[{\"id\": \"7", ["reconcile", "again, broken"]),
            (200, "[{\"name\": \"\\ud83d\"}]", ["apply", "take"]),
            (200, FAILED, ["isolate", "stop"]),
            (207, FAILED, ["isolate", "stop"]),
            (200, TAKEN, ["isolate, taken", "stop"]),
            (200, LOGIN, ["renew", "renew"]),
            (200, NAMED, ["apply", "take"]),
            // A failure status in the body counts like the same HTTP status.
            (200, r#"{"status": "error", "statusCode": 500}"#, ["reconcile, failed", "again, sent"]),
            (200, r#"{"success": false, "code": 503}"#, ["reconcile, failed", "again, sent"]),
            (200, r#"{"success": false, "code": 408}"#, ["reconcile, dearly", "again, dearly"]),
            (200, r#"{"status": 404, "message": "no such stream"}"#, ["stop", "stop"]),
            (200, r#"{"status": 405}"#, ["stop", "stop"]),
            (200, r#"{"status": 403, "message": "forbidden"}"#, ["stop", "stop"]),
            (200, r#"{"status": 403, "message": "Quota exceeded"}"#, ["pause", "pause"]),
            (200, r#"{"status": 409}"#, ["isolate, taken", "stop"]),
            (200, r#"{"status": 413}"#, ["halve", "stop"]),
            (200, r#"{"status": 429}"#, ["pause", "pause"]),
            (200, r#"{"status": "error", "code": 4001}"#, ["isolate", "stop"]),
            (302, "", ["reconcile, redirected", "stop"]),
            (400, "{}", ["isolate", "stop"]),
            (400, TAKEN, ["isolate, taken", "stop"]),
            (400, LIMIT, ["pause", "pause"]),
            (400, NAMED, ["apply", "stop"]),
            (401, "", ["renew", "renew"]),
            (403, "", ["stop", "stop"]),
            (403, "Quota exceeded", ["pause", "pause"]),
            (404, "", ["stop", "stop"]),
            (405, "", ["stop", "stop"]),
            (408, "", ["reconcile, dearly", "again, dearly"]),
            (409, "", ["isolate, taken", "stop"]),
            (409, NAMED, ["apply", "stop"]),
            (413, "", ["halve", "stop"]),
            (422, "", ["isolate", "stop"]),
            (429, "", ["pause", "pause"]),
            (500, "", ["reconcile, failed", "again, sent"]),
            (503, "{}", ["reconcile, failed", "again, sent"]),
            (503, LIMIT, ["pause", "pause"]),
            // A request that may have been carried out is not repeated because of words that no documented limit has.
            (500, "disk quota exceeded", ["reconcile, failed", "again, sent"]),
            (503, "rate limiter unreachable: retries hit a timeout", ["reconcile, failed", "again, sent"]),
            (502, "upstream throttled", ["reconcile, failed", "again, sent"]),
            (408, "Too many requests", ["reconcile, dearly", "again, dearly"]),
            (302, "Too many requests", ["reconcile, redirected", "stop"]),
            (408, LIMIT, ["pause", "pause"]),
        ] {
            assert_eq!(steps(&Ok(answer(status, body))), expected, "{status} {body}");
        }
        assert_eq!(steps(&Err(NoResponse::NotSent(String::new()))), ["again", "again"]);
        assert_eq!(steps(&Err(NoResponse::Unacknowledged(String::new()))), ["reconcile", "again, sent"]);
        assert_eq!(steps(&Err(NoResponse::Unreadable(String::new()))), ["reconcile", "again, broken"]);
        assert_eq!(steps(&Err(NoResponse::TimedOut)), ["reconcile, dearly", "again, dearly"]);
    }

    #[test]
    fn denial_in_the_body_has_the_status_of_the_body() {
        for status in [403, 404] {
            let denied = answer(200, &format!("{{\"status\": {status}}}"));
            let Step::Stop(posting) = after_create(&Ok(denied.clone())) else {
                panic!("{status} did not stop")
            };
            let Step::Stop(reading) = after_read(Purpose::ReadContacts, &Ok(denied)) else {
                panic!("{status} did not stop")
            };
            for stopped in [posting, reading] {
                let PlatformError::Denied { status: said, .. } = stopped else { panic!("{stopped}") };
                assert_eq!(said, status);
            }
        }
    }

    #[test]
    fn unacknowledged_post_waits_as_long_as_the_platform_asks() {
        let busy = asking(StatusCode::SERVICE_UNAVAILABLE, "7");
        let Step::Done(CreateResult::Reconcile(unacknowledged)) = after_create(&Ok(busy)) else {
            panic!("nothing to reconcile")
        };
        assert_eq!(unacknowledged.wait, Some(Duration::from_secs(7)));
    }
}
