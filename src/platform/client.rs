//! Sends requests one at a time, within the account's quota.
//!
//! A GET may be repeated. A POST is repeated only if the platform cannot have carried it out: there was no
//! connection, the quota was used up, or the token was refused.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use reqwest::{
    Request, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect::Policy,
};
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use super::{
    ClientError, ClientSettings, Collection, Host, PlatformError, Proxy, ResponseInfo,
    answer::{Answer, NoResponse, masked},
    bounds::{ByteLimit, MAX_RECORDS},
    call::Call,
    exchange::exchange,
    limiter::{RateLimiter, without_reserve},
    redaction::Redaction,
    step::{CreateResult, Readable, Step, after_create, after_read},
    wait::{HOUR, Pace},
};
use crate::{
    contact::Region,
    cryptography,
    interrupt::Interrupt,
    journal::{JournalError, Limit, Limits, SharedQuota, Span},
    plan::time_for,
    progress::{Progress, Wait},
};

/// The name of the header that carries the token.
const AUTH: &str = "auth";

/// Connect timeout. A request that never left may be repeated; one that was sent may not.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// Time after which an idle connection is closed.
const LONGEST_IDLE: Duration = Duration::from_secs(1);

/// Time to wait for the response to a sent request after the run was interrupted.
const GRACE: Duration = Duration::from_secs(3);

/// Added to the reason of a failure if the retry budget is spent.
pub(crate) const NO_RETRIES: &str =
    "; the account's retry budget is spent; each success restores a part of it";

/// Maximum consecutive responses that say that the quota is used up.
const MAX_RATE_LIMITED: u32 = 10;

/// The same if the platform asks for an hour: if one hour did not help, another will not.
const MAX_RATE_LIMITED_FOR_HOURS: u32 = 2;

/// The longest wait within a run. If the platform asks for more, the run ends and says when to continue.
const LONGEST_WAIT: Duration = HOUR;

/// Clock skew from which the clock may be the reason for a refused token.
const LARGE_SKEW: SignedDuration = SignedDuration::from_secs(50);

/// The requests made so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that read, whatever their method.
    pub get: u64,
    /// Requests that create contacts.
    pub post: u64,
    /// Requests that repeat another.
    pub retries: u64,
    /// Responses that say that the quota is used up.
    pub rate_limited: u64,
    /// Time spent waiting, in milliseconds.
    pub waited_ms: u64,
    /// Contacts per page, as granted by the platform.
    pub page_size: u64,
}

/// A client of one account.
pub struct Client<'a> {
    http: reqwest::Client,
    settings: ClientSettings,
    /// Limits the requests of this program, by a monotonic clock.
    limiter: RateLimiter,
    /// Limits the requests of all programs that use the account.
    quota: SharedQuota,
    counts: Counts,
    response_info: Option<ResponseInfo>,
    /// Maximum records of a collection; one with more never ends.
    pub(super) max_records: u64,
    /// The same limit in bytes.
    pub(super) byte_limit: ByteLimit,
    progress: &'a dyn Progress,
    interrupt: Interrupt,
}

impl<'a> Client<'a> {
    /// Creates a client. Sends nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if TLS cannot be set up.
    pub fn new(
        settings: ClientSettings,
        quota: SharedQuota,
        progress: &'a dyn Progress,
        interrupt: Interrupt,
    ) -> Result<Self, PlatformError> {
        cryptography::install();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout.min(LONGEST_CONNECT))
            // The platform may have closed a connection that was idle while the user was asked: a request on it would
            // be lost without notice.
            .pool_idle_timeout(LONGEST_IDLE)
            // The HTTP client's own retries do not consider what may have been applied.
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

    /// Returns the requests made so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns the platform's host.
    pub fn host(&self) -> &Host {
        &self.settings.host
    }

    /// Returns the number of requests allowed in one window.
    pub fn slots(&self) -> u64 {
        self.limiter.slots() as u64
    }

    /// Returns the minimum time for `requests` requests of this program, if no other program uses the account.
    pub fn time_for(&mut self, requests: u64) -> Duration {
        self.limiter.time_for(requests, Instant::now())
    }

    /// Returns the minimum time for `requests` requests, including the quota that other programs used.
    ///
    /// # Errors
    ///
    /// Returns an error if the used quota cannot be read.
    pub fn time_for_all(&self, requests: u64) -> Result<Duration, ClientError> {
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

    /// Returns what the headers of the last response said.
    pub fn response_info(&self) -> Option<&ResponseInfo> {
        self.response_info.as_ref()
    }

    pub(super) fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    pub(super) fn region(&self) -> Option<Region> {
        self.settings.region
    }

    /// Checks whether the run was interrupted.
    ///
    /// # Errors
    ///
    /// Returns an error if it was.
    pub fn check_interrupt(&self) -> Result<(), ClientError> {
        self.interrupt.signal().map_or(Ok(()), |signal| Err(ClientError::Interrupted(signal)))
    }

    /// Returns the interrupt that ends the run.
    pub(crate) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Returns the receiver of progress reports.
    pub fn progress(&self) -> &'a dyn Progress {
        self.progress
    }

    /// Returns the address of the stream's contacts.
    pub(super) fn contacts_url(&self) -> Url {
        Collection::Contacts.url(&self.settings)
    }

    /// Sends a request that changes nothing, until it succeeds.
    pub(super) async fn ask(&mut self, call: &Call) -> Result<Answer, ClientError> {
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

    /// Sends a request that changes something. Calls `sending` each time before the first byte leaves. Repeats the
    /// request only while it cannot have been carried out.
    pub(super) async fn post(
        &mut self,
        call: &Call,
        sending: &mut dyn Sending,
    ) -> Result<CreateResult, ClientError> {
        let mut attempts = Attempts::default();
        loop {
            let attempt = self.attempt(call, Some(&mut *sending)).await?;
            if let Some(ending) = self.repeat(call, after_create(&attempt), &mut attempts).await? {
                return Ok(ending);
            }
        }
    }

    /// Waits until the request may be repeated. Returns the result if the request is done.
    async fn repeat<T>(
        &mut self,
        call: &Call,
        step: Step<T>,
        attempts: &mut Attempts,
    ) -> Result<Option<T>, ClientError> {
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
                    return Err(PlatformError::RateLimited { times, answer: words }.into());
                }
                self.leave_alone(wait, &words)?;
                let seconds = wait.as_secs();
                warn!(answer = masked(&words), seconds, "the request quota is used up; waiting");
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
                return Err(PlatformError::Unauthorized { answer, about, is_token, clock }.into());
            }
            // If a token is worthless, some servers answer 403 instead of 401.
            Step::Stop(PlatformError::Denied { request, status: 403, answer, .. }) => {
                let clock = self.large_skew().filter(|_| self.settings.credentials.can_renew());
                return Err(PlatformError::Denied { request, status: 403, answer, clock }.into());
            }
            Step::Stop(error) => return Err(error.into()),
        }
        Ok(None)
    }

    /// Returns how long to leave the account alone after `times` consecutive responses that the quota is used up: as
    /// long as the platform asks, or until the minute is over. If the platform asks for very little, the wait grows
    /// with each response.
    fn rate_limit_wait(&self, asked: Option<Duration>, times: u32) -> Duration {
        let Pace { first_wait, window, .. } = self.settings.pace;
        let least = (first_wait * 2_u32.saturating_pow(times - 1)).min(window);
        asked.map_or_else(|| self.limiter.rest_of_window(Instant::now()), |asked| asked.max(least))
    }

    /// Pauses all programs that use the account. Returns an error if the wait is longer than a run waits.
    fn leave_alone(&mut self, wait: Duration, words: &str) -> Result<(), ClientError> {
        self.quota.pause(wait)?;
        if wait <= LONGEST_WAIT {
            return Ok(());
        }
        Err(left_alone(wait, Some(words.to_owned())).into())
    }

    /// Returns the clock skew of this machine, if it may be why a token was refused.
    fn large_skew(&self) -> Option<SignedDuration> {
        self.response_info.as_ref().and_then(ResponseInfo::skew).filter(|skew| skew.abs() >= LARGE_SKEW)
    }

    async fn retry(
        &mut self,
        call: &Call,
        attempts: &mut Attempts,
        failed: Failed,
    ) -> Result<(), ClientError> {
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
            }
            .into());
        }
        self.counts.retries += 1;
        let request = call.purpose.name();
        warn!(request, attempt = attempts, reason = masked(&reason), "retrying");
        let longest = self.settings.pace.first_wait * 2_u32.saturating_pow(attempts - 1);
        self.pause(jitter(longest.min(self.settings.pace.longest_wait)), Wait::Retry).await
    }

    /// Pays for one more attempt to reconcile a request. Returns `false` if the retry budget is spent.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be written.
    pub fn pay(&mut self, price: u32) -> Result<bool, ClientError> {
        Ok(self.quota.spend(price)?)
    }

    /// Returns the maximum attempts per request.
    pub fn max_attempts(&self) -> u32 {
        self.settings.max_attempts
    }

    /// Waits until the platform can no longer be carrying out earlier requests.
    ///
    /// # Errors
    ///
    /// Returns an error if the run was interrupted.
    pub async fn wait_out(&mut self, wait: Duration) -> Result<(), ClientError> {
        if wait.is_zero() {
            return self.check_interrupt();
        }
        if wait > LONGEST_WAIT {
            self.quota.pause(wait)?;
            return Err(left_alone(wait, None).into());
        }
        self.pause(wait, Wait::Unacknowledged).await
    }

    /// Waits before checking again whether the platform shows accepted contacts.
    ///
    /// # Errors
    ///
    /// Returns an error if the run was interrupted.
    pub async fn wait_until_shown(&mut self, wait: Duration) -> Result<(), ClientError> {
        self.pause(wait, Wait::NotShown).await
    }

    /// Returns the lengths of the waits.
    pub fn pace(&self) -> Pace {
        self.settings.pace
    }

    /// Returns the account's limits.
    fn limits(&self) -> Limits {
        let Pace { window, long_window, .. } = self.settings.pace;
        let minute = Limit { slots: self.limiter.slots(), window };
        let hour = self.settings.rate_per_hour.map(without_reserve);
        let hour = hour.and_then(|slots| usize::try_from(slots).ok());
        Limits { minute, hour: hour.map(|slots| Limit { slots, window: long_window }) }
    }

    /// Waits for a slot of this program's quota and of the account's.
    async fn take_slot(&mut self) -> Result<(), ClientError> {
        loop {
            self.check_interrupt()?;
            let mut wait = self.limiter.wait(Instant::now());
            if wait.is_none() {
                wait = self.quota.take(&self.limits(), self.settings.timeout)?;
            }
            let Some(wait) = wait else { return Ok(()) };
            if wait > LONGEST_WAIT {
                // The platform said so in answer to an earlier request.
                return Err(left_alone(wait, None).into());
            }
            self.pause(wait, Wait::RateLimit).await?;
        }
    }

    /// Makes one attempt, within the quota. Returns an error if the run was interrupted.
    async fn attempt(
        &mut self,
        call: &Call,
        sending: Option<&mut dyn Sending>,
    ) -> Result<Result<Answer, NoResponse>, ClientError> {
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
            // Losing the response to a read loses nothing.
            tokio::select! {
                attempt = exchange => attempt,
                signal = self.interrupt.requested() => return Err(ClientError::Interrupted(signal)),
            }
        } else {
            // The request may have stored contacts, so its response is worth a short wait.
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
            // Another attempt would fail too.
            return Err(PlatformError::Untrusted { host: self.settings.host.to_string(), distrust }.into());
        }
        Ok(attempt)
    }

    /// Returns the secrets of a request that must not appear in logs and messages.
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

    async fn pause(&mut self, wait: Duration, why: Wait) -> Result<(), ClientError> {
        self.progress.waiting(wait, why);
        let started = Instant::now();
        let ended = tokio::select! {
            () = sleep(wait) => Ok(()),
            signal = self.interrupt.requested() => Err(ClientError::Interrupted(signal)),
        };
        self.counts.waited_ms += u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.progress.resumed();
        ended
    }
}

/// A callback before the first byte of a request that changes something.
pub trait Sending {
    /// Announces that `body` is about to be sent.
    ///
    /// # Errors
    ///
    /// Returns an error if it must not be sent.
    fn sending(&mut self, body: &[u8]) -> Result<(), JournalError>;
}

async fn grace(interrupt: &Interrupt) {
    interrupt.requested().await;
    sleep(GRACE).await;
}

/// A failed attempt that may be repeated.
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

/// The attempts made for one request.
#[derive(Debug, Default)]
struct Attempts {
    failed: u32,
    rate_limited: u32,
    has_renewed: bool,
}

/// Returns a random part of the wait ("full jitter"), so that programs that failed together do not return together.
fn jitter(longest: Duration) -> Duration {
    let (random, ..) = uuid::Uuid::new_v4().as_fields();
    longest.mul_f64(f64::from(random) / f64::from(u32::MAX))
}
