//! The checks of the platform: every read request, one page each.

use std::ops::ControlFlow;

use jiff::SignedDuration;

use super::{Finding, Findings, problems::SUPPRESSION, settings::Fit};
use crate::{
    cli::{
        args::DoctorArgs,
        error::{CliError, exit},
        hint,
        printer::Printer,
        settings,
    },
    interrupt::Interrupt,
    pipeline::PipelineError,
    platform::{
        Api, Client, ClientError, Collection, DOCUMENTED_RATE, PageInfo, PlatformError, Purpose, Readout,
        Record, RecordSink, ResponseInfo,
    },
    quantity::{counted, duration, grouped},
};

const REACHABLE: &str = "reachable";
const TOKEN: &str = "token";
const CONTACTS: &str = "contacts";
const CLOCK: &str = "clock";

/// The beginning of findings about requests that nobody asked for.
pub(super) const NOT_TRIED: &str = "not tried";

/// The remedy for errors without a better one; a documented platform does not respond like this.
const ELSEWHERE: &str = "Check --host and --stream-id: the answers do not match the platform's API.";

/// The platform's time has whole seconds, so smaller differences mean nothing.
const NO_SKEW: SignedDuration = SignedDuration::from_secs(2);
const LARGE_SKEW: SignedDuration = SignedDuration::from_mins(1);
/// Half the lifetime of a token that rollcall creates.
const TOO_LARGE_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Sends the requests of an import, except those that create contacts.
///
/// # Errors
///
/// Returns an error if a signal interrupts it, or if no network client can be created.
pub(super) fn examine(
    fit: Fit,
    args: &DoctorArgs,
    findings: &mut Findings,
    printer: &Printer,
    interrupt: Interrupt,
) -> Result<(), CliError> {
    // Kept until all requests are done, because dropping it stops the local platform.
    let Fit { account, requests, journal, suppression, local: _local } = fit;
    let quota = journal.quota(&settings::target(&account).account);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(PipelineError::Runtime)?;
    let rate = requests.rate;
    let mut client = match Client::new(requests.client(account, None), quota, printer, interrupt) {
        Ok(client) => client,
        Err(error) => {
            findings.push(failed(REACHABLE, error));
            return Ok(());
        }
    };
    runtime.block_on(ask(&mut client, args, &suppression, findings)).map_err(PipelineError::from)?;
    if let Some(response_info) = client.response_info() {
        findings.push(Finding::good("rate limit", rate_limit(response_info, rate)));
        findings.push(clock(response_info));
    }
    Ok(())
}

/// Sends the read requests. Returns an error only if the run must end.
async fn ask(
    client: &mut Client<'_>,
    args: &DoctorArgs,
    suppression: &[Collection],
    findings: &mut Findings,
) -> Result<(), ClientError> {
    let contacts = client.read(&Collection::Contacts, None, &mut FirstPage).await;
    let may_read = contacts.is_ok();
    if judge_contacts(contacts, client.response_info(), findings)?.is_break() {
        return Ok(());
    }
    let list = |id: &String, api| Collection::List { id: id.clone(), api };
    let campaign = |id: &String, api| Collection::Campaign { id: id.clone(), api };
    for (subject, what, collection) in [
        ("list v2", "list", args.list.as_ref().map(|id| list(id, Api::V2))),
        ("list v1", "list", args.list.as_ref().map(|id| list(id, Api::V1))),
        ("campaign v2", "campaign", args.campaign.as_ref().map(|id| campaign(id, Api::V2))),
        ("campaign v1", "campaign", args.campaign.as_ref().map(|id| campaign(id, Api::V1))),
    ] {
        let Some(collection) = collection else {
            let found = format!("{NOT_TRIED}: no {what} was named");
            findings.push(Finding::warning(subject, found, format!("To try it: --{what} ID.")));
            continue;
        };
        let read = client.read(&collection, None, &mut FirstPage).await;
        if judge(subject, &collection, read, findings)?.is_break() {
            break;
        }
    }
    for collection in suppression {
        let read = client.read(collection, None, &mut FirstPage).await;
        // An import would stop without it.
        if let Err(ClientError::Platform(
            error @ (PlatformError::NoSuch { .. } | PlatformError::RefusedId { .. }),
        )) = read
        {
            findings.push(failed(SUPPRESSION, error));
        } else if judge(SUPPRESSION, collection, read, findings)?.is_break() {
            break;
        }
    }
    if may_read {
        let scope = Purpose::Create.scope();
        findings.push(Finding::good(
            "creating",
            format!(
                "{NOT_TRIED}: it would create a contact; it needs the same scope as reading the contacts (`{scope}`)"
            ),
        ));
    }
    Ok(())
}

/// Reports what the first request shows: reachability, the token, and its own result.
fn judge_contacts(
    read: Result<Readout, ClientError>,
    response_info: Option<&ResponseInfo>,
    findings: &mut Findings,
) -> Result<ControlFlow<()>, ClientError> {
    if let Err(ClientError::Platform(
        error @ (PlatformError::Setup(_)
        | PlatformError::Unreachable { .. }
        | PlatformError::Untrusted { .. }
        | PlatformError::GaveUp { .. }),
    )) = read
    {
        findings.push(failed(REACHABLE, error));
        return Ok(ControlFlow::Break(()));
    }
    if let Some(response_info) = response_info {
        let found = format!("answered in {:.2} s", response_info.took.as_secs_f64());
        findings.push(Finding::good(REACHABLE, found));
    }
    if let Err(ClientError::Platform(error @ PlatformError::Unauthorized { .. })) = read {
        findings.push(failed(TOKEN, error));
        return Ok(ControlFlow::Break(()));
    }
    // The platform may refuse other requests before it checks the token.
    if matches!(read, Ok(_) | Err(ClientError::Platform(PlatformError::Denied { status: 403, .. }))) {
        findings.push(Finding::good(TOKEN, "accepted"));
    }
    judge(CONTACTS, &Collection::Contacts, read, findings)
}

/// Reports whether a collection can be read, and whether to continue.
fn judge(
    subject: &'static str,
    collection: &Collection,
    read: Result<Readout, ClientError>,
    findings: &mut Findings,
) -> Result<ControlFlow<()>, ClientError> {
    let scope = collection.purpose().scope();
    let error = match read {
        Ok(readout) => {
            findings.push(Finding::good(subject, readable(&readout, collection)));
            return Ok(ControlFlow::Continue(()));
        }
        Err(ClientError::Platform(error)) => error,
        Err(ClientError::Journal(error)) => {
            findings.push(failed("journal", error));
            return Ok(ControlFlow::Break(()));
        }
        Err(interrupted @ ClientError::Interrupted(_)) => return Err(interrupted),
    };
    let is_over = matches!(
        error,
        PlatformError::Unreachable { .. }
            | PlatformError::Untrusted { .. }
            | PlatformError::RateLimited { .. }
            | PlatformError::QuotaUsedUp { .. }
    );
    findings.push(match error {
        PlatformError::NoSuch { .. } => {
            let remedy = hint::of_platform(&error).unwrap_or(ELSEWHERE);
            Finding::warning(subject, format!("{error}; the scope `{scope}` was not refused"), remedy)
        }
        PlatformError::Unauthorized { .. } => {
            let remedy =
                format!("The app needs the scope `{scope}` for this. Scopes are set where the app was made.");
            Finding::bad(subject, error.to_string(), remedy, exit::PLATFORM)
        }
        error => failed(subject, error),
    });
    Ok(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}

fn failed(subject: &'static str, error: impl Into<PipelineError>) -> Finding {
    Finding::failed(subject, &CliError::Pipeline(error.into()), ELSEWHERE)
}

/// Describes the number of contacts and the page size.
fn readable(readout: &Readout, collection: &Collection) -> String {
    let count = readout
        .total
        .map_or_else(|| "number of contacts unknown".to_owned(), |total| counted(total, "contact"));
    let asked = collection.largest_page();
    let pages = match readout.page_size {
        0 => "page size unknown".to_owned(),
        granted if granted == asked => format!("pages of {}", grouped(granted)),
        granted => format!("pages of {} (requested: {})", grouped(granted), grouped(asked)),
    };
    format!("may be read: {count}, {pages}")
}

/// Describes the rate-limit headers, and the limit in use.
fn rate_limit(response_info: &ResponseInfo, rate: u32) -> String {
    let documented = if rate == DOCUMENTED_RATE { "the documented " } else { "" };
    let kept = format!("{documented}{} a minute apply", grouped(rate.into()));
    if response_info.limits.is_empty() {
        return format!("no rate-limit headers; {kept}");
    }
    let headers: Vec<String> =
        response_info.limits.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{}; {kept}", headers.join(", "))
}

/// Compares this machine's clock with the platform's.
fn clock(response_info: &ResponseInfo) -> Finding {
    const COMPARE: &str =
        "Compare the clock of this machine with another: a token made here is good for ten minutes by it.";
    const SET: &str = "Set the clock of this machine, for example with NTP: a token made here is good for ten minutes by it.";

    let Some(date) = &response_info.date else {
        return Finding::warning(CLOCK, "the platform does not say what time it is", COMPARE);
    };
    let Some(skew) = response_info.skew() else {
        return Finding::warning(CLOCK, format!("the platform's time is unreadable: {date}"), COMPARE);
    };
    let size = skew.abs();
    if size < NO_SKEW {
        return Finding::good(CLOCK, "same as the platform");
    }
    let direction = if skew.is_positive() { "ahead of" } else { "behind" };
    let found = format!("{} {direction} the platform's", duration(size.unsigned_abs().as_secs()));
    if size < LARGE_SKEW {
        Finding::good(CLOCK, found)
    } else if size < TOO_LARGE_SKEW {
        Finding::warning(CLOCK, found, SET)
    } else {
        Finding::bad(CLOCK, found, SET, exit::MACHINE)
    }
}

/// A sink that stops after the first page.
struct FirstPage;

impl RecordSink for FirstPage {
    type Error = ClientError;

    fn record(&mut self, _: &Record<'_>) -> Result<(), ClientError> {
        Ok(())
    }

    fn page(&mut self, _: &PageInfo) -> Result<ControlFlow<()>, ClientError> {
        Ok(ControlFlow::Break(()))
    }

    fn restart(&mut self) -> Result<(), ClientError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::State;
    use super::*;

    /// Judges a response that took `took` milliseconds, received at 10:00:00 plus `received_ms` by this machine's
    /// clock.
    fn judged(date: &str, received_ms: i64, took: u64) -> (State, String, u8) {
        let start: jiff::Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let response_info = ResponseInfo {
            date: Some(date.to_owned()),
            received_at: start + SignedDuration::from_millis(received_ms),
            took: Duration::from_millis(took),
            ..ResponseInfo::default()
        };
        let finding = clock(&response_info);
        assert_eq!(finding.remedy.is_some(), finding.state != State::Good);
        (finding.state, finding.found, finding.exit_code)
    }

    #[test]
    fn clock_is_compared_with_the_platforms_clock() {
        let theirs = "Fri, 20 Nov 2026 10:00:00 GMT";
        let is = |state, found: &str, code| (state, found.to_owned(), code);
        let same = is(State::Good, "same as the platform", 0);
        assert_eq!(judged(theirs, 0, 0), same);
        assert_eq!(judged(theirs, 2400, 0), same);
        assert_eq!(judged(theirs, -1400, 0), same);
        // A round trip of eight seconds explains a difference of four.
        assert_eq!(judged(theirs, 6400, 8000), same);
        assert_eq!(judged(theirs, 2600, 0), is(State::Good, "2 s ahead of the platform's", 0));
        assert_eq!(judged(theirs, -6500, 0), is(State::Good, "7 s behind the platform's", 0));
        assert_eq!(judged(theirs, 60_499, 0), is(State::Good, "59 s ahead of the platform's", 0));
        assert_eq!(judged(theirs, 60_500, 0), is(State::Warning, "1 min ahead of the platform's", 0));
        assert_eq!(judged(theirs, -59_500, 0), is(State::Warning, "1 min behind the platform's", 0));
        assert_eq!(judged(theirs, 300_499, 0), is(State::Warning, "4 min 59 s ahead of the platform's", 0));
        assert_eq!(
            judged(theirs, 300_500, 0),
            is(State::Bad, "5 min ahead of the platform's", exit::MACHINE)
        );
        assert_eq!(judged(theirs, -299_500, 0), is(State::Bad, "5 min behind the platform's", exit::MACHINE));
        assert_eq!(judged("soon", 0, 0).0, State::Warning);
        assert_eq!(clock(&ResponseInfo::default()).state, State::Warning);
    }

    #[test]
    fn headers_about_the_rate_limit_are_shown() {
        let limits = vec![("x-ratelimit-remaining".to_owned(), "59".to_owned())];
        let response_info = ResponseInfo { limits, ..ResponseInfo::default() };
        assert_eq!(
            rate_limit(&response_info, 60),
            "x-ratelimit-remaining: 59; the documented 60 a minute apply"
        );
        assert_eq!(rate_limit(&ResponseInfo::default(), 30), "no rate-limit headers; 30 a minute apply");
    }

    #[test]
    fn granted_page_size_is_shown() {
        let readout = |page_size, total| Readout { page_size, total, ..Readout::default() };
        let told = |readout| readable(&readout, &Collection::Contacts);
        assert_eq!(
            told(readout(100, Some(12_345))),
            "may be read: 12,345 contacts, pages of 100 (requested: 1,000)"
        );
        assert_eq!(told(readout(1000, Some(1))), "may be read: 1 contact, pages of 1,000");
        assert_eq!(
            told(readout(10, None)),
            "may be read: number of contacts unknown, pages of 10 (requested: 1,000)"
        );
        assert_eq!(told(readout(0, Some(0))), "may be read: 0 contacts, page size unknown");
    }
}
