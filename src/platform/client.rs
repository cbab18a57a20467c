//! One request after the other, each within the account's quota.
//!
//! A GET may be repeated. A POST is repeated only where the platform cannot have carried it out: there was no
//! connection, the quota was used up, or the token was refused.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use reqwest::{
    Method, Request, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect::Policy,
};
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use super::{
    Authorities, Collection, Credentials, Host, PlatformError, Proxy, Purpose, ResponseInfo,
    answer::{Answer, NoResponse, masked},
    bounds::ByteLimit,
    exchange::exchange,
    limiter::{RateLimiter, without_reserve},
    paging::MAX_RECORDS,
    redaction::Redaction,
    step::{CreateResult, Readable, Step, after_create, after_read},
    wait::{HOUR, Pace},
};
use crate::{
    contact::Region,
    interrupt::Interrupt,
    journal::{JournalError, Limit, Limits, SharedQuota, Span},
    plan::time_for,
    progress::{Progress, Wait},
};

/// The header that carries the token.
const AUTH: &str = "auth";

/// How long a connection may take. A request that never left may be repeated; one that was sent may not.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// How long a connection is kept for the next request.
const LONGEST_IDLE: Duration = Duration::from_secs(1);

/// How long an answer to what was sent is still waited for when the run is to end.
const GRACE: Duration = Duration::from_secs(3);

/// Said where the retry budget is spent.
pub(crate) const NO_RETRIES: &str =
    "; the account has no more retries, of which each success gives a part back";

/// How often in a row the platform may say that the quota is used up.
const MAX_RATE_LIMITED: u32 = 10;

/// The same where it asks for an hour: what an hour did not give back, another will not.
const MAX_RATE_LIMITED_FOR_HOURS: u32 = 2;

/// The longest wait within a run. Where the platform asks for more, the run ends and says until when.
const LONGEST_WAIT: Duration = HOUR;

/// By so much a clock may be off before it may be the reason for a refused token.
const LARGE_SKEW: SignedDuration = SignedDuration::from_secs(50);

/// Where the account is and how it is to be treated.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// The platform.
    pub host: Host,
    /// The stream (bot) whose contacts they are.
    pub stream_id: String,
    /// The account.
    pub account_id: String,
    /// What proves that we may.
    pub credentials: Credentials,
    /// Authorities that are trusted beside those of the system.
    pub authorities: Authorities,
    /// Requests a minute for the account.
    pub rate: u32,
    /// Requests an hour for the account, if they are limited.
    pub rate_per_hour: Option<u32>,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How often a request is tried.
    pub max_attempts: u32,
    /// Numbers that the platform holds without any country code are read as numbers of this region too.
    pub region: Option<Region>,
    /// How long the waits are.
    pub pace: Pace,
}

impl ClientSettings {
    /// How long the platform may still be carrying out what it was sent and did not answer.
    pub fn in_flight(&self) -> Duration {
        self.pace.in_flight.unwrap_or(self.timeout)
    }
}

/// What was asked of the platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that read, by whatever method.
    pub get: u64,
    /// Requests that create.
    pub post: u64,
    /// Requests that repeated another.
    pub retries: u64,
    /// Answers that said that the quota is used up.
    pub rate_limited: u64,
    /// Time spent waiting, in milliseconds.
    pub waited_ms: u64,
    /// Contacts in a page, as the platform granted them.
    pub page_size: u64,
}

/// The client of one account.
pub struct Client<'a> {
    http: reqwest::Client,
    settings: ClientSettings,
    /// This program's own requests, by a clock that nobody sets.
    limiter: RateLimiter,
    /// Those of all programs that use the account.
    quota: SharedQuota,
    counts: Counts,
    response_info: Option<ResponseInfo>,
    /// A collection that shows more never ends.
    pub(super) max_records: u64,
    /// The same of one that shows more bytes.
    pub(super) byte_limit: ByteLimit,
    progress: &'a dyn Progress,
    interrupt: Interrupt,
}

/// What a request is, so that it can be made anew for each attempt.
pub(super) struct Call {
    pub(super) purpose: Purpose,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<Vec<u8>>,
}

impl<'a> Client<'a> {
    /// A client that has not asked anything yet.
    ///
    /// # Errors
    ///
    /// Where TLS cannot be set up.
    pub fn new(
        settings: ClientSettings,
        quota: SharedQuota,
        progress: &'a dyn Progress,
        interrupt: Interrupt,
    ) -> Result<Self, PlatformError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout.min(LONGEST_CONNECT))
            // A connection that waited for a person's answer may have been closed at the other end: a request on it
            // would be lost, and nobody could tell.
            .pool_idle_timeout(LONGEST_IDLE)
            // The client's own repetitions would not ask what may have been applied.
            .retry(reqwest::retry::never())
            .tls_certs_merge(settings.authorities.certificates());
        if settings.host.is_loopback() {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(PlatformError::Setup)?;
        let limiter = RateLimiter::new(settings.rate, settings.pace.window);
        Ok(Self {
            http,
            settings,
            limiter,
            quota,
            counts: Counts::default(),
            response_info: None,
            max_records: MAX_RECORDS,
            byte_limit: ByteLimit::READ,
            progress,
            interrupt,
        })
    }

    /// What was asked so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Where the platform is.
    pub fn host(&self) -> &Host {
        &self.settings.host
    }

    /// Requests that may be made in one window.
    pub fn slots(&self) -> u64 {
        self.limiter.slots() as u64
    }

    /// How long the quota makes as many requests of this program take, if no other uses the account.
    pub fn time_for(&mut self, requests: u64) -> Duration {
        self.limiter.time_for(requests, Instant::now())
    }

    /// The same, with what all programs that use the account have used of this minute.
    ///
    /// # Errors
    ///
    /// Where that cannot be read.
    pub fn time_for_all(&self, requests: u64) -> Result<Duration, PlatformError> {
        let Limits { minute, hour } = self.limits();
        let mut longest = Duration::ZERO;
        for (limit, busy) in [(Some(minute), Span::Minute), (hour, Span::Hour)] {
            if let Some(limit) = limit {
                let busy = self.quota.busy(busy, limit.window)?;
                longest = longest.max(time_for(requests, limit.slots as u64, limit.window, &busy));
            }
        }
        Ok(longest)
    }

    pub(super) fn note_page_size(&mut self, collection: &Collection, granted: u64) {
        if *collection == Collection::Contacts {
            self.counts.page_size = granted;
        }
    }

    /// What the last answer said beside its body.
    pub fn response_info(&self) -> Option<&ResponseInfo> {
        self.response_info.as_ref()
    }

    pub(super) fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    pub(super) fn region(&self) -> Option<Region> {
        self.settings.region
    }

    /// Whether the run is to end.
    ///
    /// # Errors
    ///
    /// That it is.
    pub fn check_interrupt(&self) -> Result<(), PlatformError> {
        self.interrupt.signal().map_or(Ok(()), |signal| Err(PlatformError::Interrupted(signal)))
    }

    /// What asks the run to end.
    pub(crate) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Whom the run tells of its steps.
    pub fn progress(&self) -> &'a dyn Progress {
        self.progress
    }

    /// The address of the stream's contacts.
    pub(super) fn contacts_url(&self) -> Url {
        Collection::Contacts.url(&self.settings)
    }

    /// Makes a request that changes nothing, until it succeeds.
    pub(super) async fn ask(&mut self, call: &Call) -> Result<Answer, PlatformError> {
        let mut attempts = Attempts::default();
        loop {
            let attempt = self.attempt(call, None).await?;
            let step = after_read(call.purpose, &attempt);
            let done = self.repeat(call, step, &mut attempts).await?;
            if let (Some(Readable { repaired }), Ok(answer)) = (done, attempt) {
                let body = repaired.unwrap_or(answer.body);
                return Ok(Answer { body, ..answer });
            }
        }
    }

    /// Makes a request that changes something; `sending` is told each time before its first byte leaves. It is repeated only
    /// while it cannot have been carried out.
    pub(super) async fn post(
        &mut self,
        call: &Call,
        sending: &mut dyn Sending,
    ) -> Result<CreateResult, PlatformError> {
        let mut attempts = Attempts::default();
        loop {
            let attempt = self.attempt(call, Some(&mut *sending)).await?;
            if let Some(ending) = self.repeat(call, after_create(&attempt), &mut attempts).await? {
                return Ok(ending);
            }
        }
    }

    /// Waits until the request may be repeated; nothing to wait for where it is done.
    async fn repeat<T>(
        &mut self,
        call: &Call,
        step: Step<T>,
        attempts: &mut Attempts,
    ) -> Result<Option<T>, PlatformError> {
        match step {
            Step::Done(value) => return Ok(Some(value)),
            Step::Again { reason, was_sent, is_broken, wait, price } => {
                if let Some(wait) = wait {
                    self.leave_alone(wait, &reason)?;
                }
                self.retry(call, attempts, Failed { reason, was_sent, is_broken, price }).await?;
            }
            Step::Pause { asked, words } => {
                attempts.rate_limited += 1;
                self.counts.rate_limited += 1;
                let times = attempts.rate_limited;
                let wait = self.rate_limit_wait(asked, times);
                let most = if wait >= HOUR { MAX_RATE_LIMITED_FOR_HOURS } else { MAX_RATE_LIMITED };
                if times >= most {
                    return Err(PlatformError::RateLimited { times, answer: words });
                }
                self.leave_alone(wait, &words)?;
                let seconds = wait.as_secs();
                warn!(answer = masked(&words), seconds, "the account's requests are used up; waiting");
                self.pause(wait, Wait::RateLimited).await?;
            }
            Step::Renew(_) if self.settings.credentials.can_renew() && !attempts.has_renewed => {
                attempts.has_renewed = true;
                self.counts.retries += 1;
            }
            Step::Renew(answer) => {
                let platform_time =
                    self.response_info.as_ref().and_then(ResponseInfo::platform_time).map(SystemTime::from);
                let about = self.settings.credentials.about(platform_time.unwrap_or_else(SystemTime::now));
                let is_token = !self.settings.credentials.can_renew();
                let clock = self.large_skew().filter(|_| !is_token);
                return Err(PlatformError::Unauthorized { answer, about, is_token, clock });
            }
            // Where a token counts for nothing, some forbid what they would otherwise ask credentials for.
            Step::Stop(PlatformError::Denied { request, status: 403, answer, .. }) => {
                let clock = self.large_skew().filter(|_| self.settings.credentials.can_renew());
                return Err(PlatformError::Denied { request, status: 403, answer, clock });
            }
            Step::Stop(error) => return Err(error),
        }
        Ok(None)
    }

    /// How long the account is left alone after the platform said, so often in a row, that its requests are used up: as long as
    /// it asks, or until the minute is over. One that asks for nothing is asked less and less often.
    fn rate_limit_wait(&self, asked: Option<Duration>, times: u32) -> Duration {
        let Pace { first_wait, window, .. } = self.settings.pace;
        let least = (first_wait * 2_u32.saturating_pow(times - 1)).min(window);
        asked.map_or_else(|| self.limiter.rest_of_window(Instant::now()), |asked| asked.max(least))
    }

    /// Has all programs leave the account alone for a time. The error is that this is longer than a run waits.
    fn leave_alone(&mut self, wait: Duration, words: &str) -> Result<(), PlatformError> {
        self.quota.pause(wait)?;
        if wait <= LONGEST_WAIT {
            return Ok(());
        }
        Err(left_alone(wait, Some(words.to_owned())))
    }

    /// By how much this machine's clock is off, where that may be why a token is refused.
    fn large_skew(&self) -> Option<SignedDuration> {
        self.response_info.as_ref().and_then(ResponseInfo::skew).filter(|skew| skew.abs() >= LARGE_SKEW)
    }

    async fn retry(
        &mut self,
        call: &Call,
        attempts: &mut Attempts,
        failed: Failed,
    ) -> Result<(), PlatformError> {
        attempts.failed += 1;
        let Failed { mut reason, was_sent, is_broken, price } = failed;
        let is_last = attempts.failed >= self.settings.max_attempts;
        let is_unpaid = !is_last && !self.quota.spend(price)?;
        if is_unpaid {
            reason.push_str(NO_RETRIES);
        }
        let attempts = attempts.failed;
        if is_last || is_unpaid {
            return Err(if was_sent {
                PlatformError::GaveUp { request: call.purpose, reason, attempts, is_broken }
            } else {
                let host = self.settings.host.to_string();
                let proxy = Proxy::of(&self.settings.host);
                PlatformError::Unreachable { host, reason, attempts, proxy }
            });
        }
        self.counts.retries += 1;
        let request = call.purpose.name();
        warn!(request, attempt = attempts, reason = masked(&reason), "trying again");
        let longest = self.settings.pace.first_wait * 2_u32.saturating_pow(attempts - 1);
        self.pause(jitter(longest.min(self.settings.pace.longest_wait)), Wait::Retry).await
    }

    /// Pays for asking once more what became of a request; false where nothing is left to pay with.
    ///
    /// # Errors
    ///
    /// Where it cannot be noted.
    pub fn pay(&mut self, price: u32) -> Result<bool, PlatformError> {
        Ok(self.quota.spend(price)?)
    }

    /// How often a request is tried.
    pub fn max_attempts(&self) -> u32 {
        self.settings.max_attempts
    }

    /// Waits until the platform cannot be carrying out any more what it was sent.
    ///
    /// # Errors
    ///
    /// That the run is to end.
    pub async fn wait_out(&mut self, wait: Duration) -> Result<(), PlatformError> {
        if wait.is_zero() {
            return self.check_interrupt();
        }
        if wait > LONGEST_WAIT {
            self.quota.pause(wait)?;
            return Err(left_alone(wait, None));
        }
        self.pause(wait, Wait::Unacknowledged).await
    }

    /// Waits before it is looked again whether the platform shows what it has taken.
    ///
    /// # Errors
    ///
    /// That the run is to end.
    pub async fn wait_until_shown(&mut self, wait: Duration) -> Result<(), PlatformError> {
        self.pause(wait, Wait::NotShown).await
    }

    /// How long the waits are.
    pub fn pace(&self) -> Pace {
        self.settings.pace
    }

    /// The account's limits.
    fn limits(&self) -> Limits {
        let Pace { window, long_window, .. } = self.settings.pace;
        let minute = Limit { slots: self.limiter.slots(), window };
        let hour = self.settings.rate_per_hour.map(without_reserve);
        let hour = hour.and_then(|slots| usize::try_from(slots).ok());
        Limits { minute, hour: hour.map(|slots| Limit { slots, window: long_window }) }
    }

    /// Waits for a slot, of this program's and of the account's.
    async fn take_slot(&mut self) -> Result<(), PlatformError> {
        loop {
            self.check_interrupt()?;
            let mut wait = self.limiter.wait(Instant::now());
            if wait.is_none() {
                wait = self.quota.take(&self.limits(), self.settings.timeout)?;
            }
            let Some(wait) = wait else { return Ok(()) };
            if wait > LONGEST_WAIT {
                // An earlier request was told so.
                return Err(left_alone(wait, None));
            }
            self.pause(wait, Wait::RateLimit).await?;
        }
    }

    /// One attempt, within the quota. The error is that the run is to end.
    async fn attempt(
        &mut self,
        call: &Call,
        sending: Option<&mut dyn Sending>,
    ) -> Result<Result<Answer, NoResponse>, PlatformError> {
        self.take_slot().await?;
        let request = self.request(call)?;
        if let Some(sending) = sending {
            sending.sending(call.body.as_deref().unwrap_or_default())?;
        }
        let is_reading = call.purpose.is_reading();
        if is_reading {
            self.counts.get += 1;
        } else {
            self.counts.post += 1;
        }
        let started = Instant::now();
        let redaction = self.redaction(&request);
        let exchange = exchange(&self.http, request, &redaction);
        let attempt = if is_reading {
            // Nothing is lost with an answer to a question.
            tokio::select! {
                attempt = exchange => attempt,
                signal = self.interrupt.requested() => return Err(PlatformError::Interrupted(signal)),
            }
        } else {
            // What was sent may have been stored: its answer is worth a moment.
            tokio::select! {
                attempt = exchange => attempt,
                () = grace(&self.interrupt) => {
                    Err(NoResponse::Unacknowledged("interrupted before the answer".to_owned()))
                }
            }
        };
        if let Ok(answer) = &attempt {
            self.response_info = Some(ResponseInfo::in_headers(&answer.headers, started.elapsed()));
        }
        self.limiter.answered(Instant::now());
        let is_success = attempt.as_ref().is_ok_and(|answer| answer.status.is_success());
        let limits = self.limits();
        self.quota.answered(&limits, is_success)?;
        let status = attempt.as_ref().map_or(0, |answer| answer.status.as_u16());
        debug!(request = call.purpose.name(), status, elapsed = ?started.elapsed(), "answered");
        if let Err(NoResponse::Untrusted(distrust)) = attempt {
            // Trying again changes nothing.
            return Err(PlatformError::Untrusted { host: self.settings.host.to_string(), distrust });
        }
        Ok(attempt)
    }

    /// What of a request must not come back.
    fn redaction(&self, request: &Request) -> Redaction {
        let token = request.headers().get(AUTH).map(HeaderValue::as_bytes);
        Redaction::of(token.into_iter().chain(self.settings.credentials.secret()))
    }

    fn request(&self, call: &Call) -> Result<Request, PlatformError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTH, self.settings.credentials.header()?);
        let account = HeaderValue::try_from(&self.settings.account_id);
        headers.insert("accountId", account.map_err(|_| PlatformError::MalformedAccount)?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if call.purpose.is_of_campaigns() {
            let application = HeaderValue::try_from(&self.settings.stream_id);
            headers.insert("iid", application.map_err(|_| PlatformError::MalformedAccount)?);
        }
        let mut request = Request::new(call.method.clone(), call.url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = call.body.clone().map(Into::into);
        Ok(request)
    }

    async fn pause(&mut self, wait: Duration, why: Wait) -> Result<(), PlatformError> {
        self.progress.waiting(wait, why);
        let started = Instant::now();
        let ended = tokio::select! {
            () = sleep(wait) => Ok(()),
            signal = self.interrupt.requested() => Err(PlatformError::Interrupted(signal)),
        };
        self.counts.waited_ms += u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.progress.resumed();
        ended
    }
}

/// Told before the first byte of a request that changes something.
pub trait Sending {
    /// This body is about to be sent.
    ///
    /// # Errors
    ///
    /// That it may not.
    fn sending(&mut self, body: &[u8]) -> Result<(), JournalError>;
}

async fn grace(interrupt: &Interrupt) {
    interrupt.requested().await;
    sleep(GRACE).await;
}

/// An attempt that is made again if it may be.
struct Failed {
    reason: String,
    was_sent: bool,
    is_broken: bool,
    price: u32,
}

fn left_alone(wait: Duration, answer: Option<String>) -> PlatformError {
    let until = Timestamp::now().checked_add(wait).unwrap_or(Timestamp::MAX);
    PlatformError::QuotaUsedUp { answer, wait, until }
}

/// What was tried for one request.
#[derive(Debug, Default)]
struct Attempts {
    failed: u32,
    rate_limited: u32,
    has_renewed: bool,
}

/// A random part of the wait ("full jitter"), so that programs which failed together do not return together.
fn jitter(longest: Duration) -> Duration {
    let (random, ..) = uuid::Uuid::new_v4().as_fields();
    longest.mul_f64(f64::from(random) / f64::from(u32::MAX))
}
