//! The table of answers: pure functions from what came back to what is done next, with its reason.

use std::{borrow::Cow, time::Duration};

use reqwest::StatusCode;

use super::{
    PlatformError, Purpose,
    answer::{Answer, Meaning, NoResponse, meaning},
    created::CreateAnswer,
    failure,
};

/// The first status by which a server says that it failed itself.
const FIRST_SERVER_ERROR: u16 = 500;

/// What repeating a request costs of the account's retry budget.
const RETRY_PRICE: u32 = 5;

/// The same after no answer came in time: such an account is better left alone.
const TIMEOUT_PRICE: u32 = 10;

/// What to do after an attempt of a request, with what a usable answer says.
#[derive(Debug)]
pub(super) enum Step<T> {
    /// The request is done.
    Done(T),
    /// Nothing was changed: repeat the request after a wait, and pay for it. A broken answer is one that cannot be read.
    Again { reason: String, was_sent: bool, is_broken: bool, wait: Option<Duration>, price: u32 },
    /// Nothing was changed, and it does not count as an attempt: the whole account waits, as long as the platform asks.
    Pause { asked: Option<Duration>, words: String },
    /// Nothing was changed: repeat the request once with a new token.
    Renew(String),
    /// The platform cannot be used.
    Stop(PlatformError),
}

/// The answer to a request that reads: its body, repaired if it was not quite JSON.
#[derive(Debug)]
pub(super) struct Readable {
    pub(super) repaired: Option<Vec<u8>>,
}

/// The end of a request that creates contacts.
#[derive(Debug)]
pub(super) enum CreateResult {
    /// Each contact that the answer names ended as it says. The others are reconciled by reading; if the batch was refused, they are
    /// sent in halves.
    Apply { answer: CreateAnswer, is_refusal: bool },
    /// It is not known whether anything was stored: never sent again blindly, reconciled by reading.
    Reconcile(UnacknowledgedRequest),
    /// Nothing was stored: sent again in halves, and all further batches are no larger.
    Halve(String),
    /// The batch was refused: the existing contacts are read, and the rest is sent in halves until each refused contact is alone.
    Isolate { words: String, is_conflict: bool },
}

/// A request of which it is not known whether it was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnacknowledgedRequest {
    /// Why.
    pub reason: String,
    /// How long the platform asks to be left alone.
    pub wait: Option<Duration>,
    /// What asking again costs of the retry budget.
    pub price: u32,
    /// What came in place of an answer.
    pub doubt: Doubt,
}

/// What leaves it open whether a request was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// No answer, or none in time.
    NoResponse,
    /// The platform failed at it: a status of 500 or above.
    ServerError,
    /// The platform sends it elsewhere, where it is never sent.
    Redirect,
    /// An answer that is not the documented one, or cannot be read.
    BrokenAnswer,
}

/// An attempt with what all steps after it need.
struct Attempt<'a> {
    request: Purpose,
    attempt: &'a Result<Answer, NoResponse>,
    status: StatusCode,
    /// How long the platform asks to wait.
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

    /// The step that is the same whatever was asked, or else what the attempt means.
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

/// The step after an attempt to read.
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

/// The step after an attempt to create contacts.
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
        // It may have been carried out, and the answer alone is elsewhere.
        Meaning::Redirected(words) => {
            unknown(format!("the platform sends it elsewhere: {words}"), Doubt::Redirect)
        }
        Meaning::TooLarge(words) => CreateResult::Halve(words),
        Meaning::Refused(words) => {
            match attempt.answer().and_then(|answer| CreateAnswer::read(&answer.body)) {
                // A refusal that names contacts says of each what became of it.
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
                let broken = || format!("the answer is not the documented one ({})", answer.words());
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

    /// An answer that asks to be left alone for a time.
    fn asking(status: StatusCode, retry_after: &str) -> Answer {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, retry_after.parse().unwrap())]);
        Answer { status, headers, body: vec![] }
    }

    /// A step that does not end the request, in one word.
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

    /// What is done after a post and after a reading, in one word each.
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
    fn the_table_of_answers() {
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
            // A failure in the body is what that status is over HTTP.
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
            // What may have been carried out is not repeated for words that no limit is documented to have.
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
    fn what_the_body_denies_has_the_bodys_status() {
        for status in [403, 404] {
            let denied = answer(200, &format!("{{\"status\": {status}}}"));
            let Step::Stop(posting) = after_create(&Ok(denied.clone())) else { panic!("{status} goes on") };
            let Step::Stop(reading) = after_read(Purpose::ReadContacts, &Ok(denied)) else {
                panic!("{status} goes on")
            };
            for stopped in [posting, reading] {
                let PlatformError::Denied { status: said, .. } = stopped else { panic!("{stopped}") };
                assert_eq!(said, status);
            }
        }
    }

    #[test]
    fn an_unanswered_post_is_left_alone_as_long_as_the_platform_asks() {
        let busy = asking(StatusCode::SERVICE_UNAVAILABLE, "7");
        let Step::Done(CreateResult::Reconcile(unacknowledged)) = after_create(&Ok(busy)) else {
            panic!("nothing to reconcile")
        };
        assert_eq!(unacknowledged.wait, Some(Duration::from_secs(7)));
    }
}
