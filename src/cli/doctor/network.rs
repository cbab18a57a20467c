//! What the platform answers: every call that reads, one page of each.

use std::ops::ControlFlow;

use jiff::SignedDuration;

use super::{
    Finding, Findings,
    settings::{Fit, SUPPRESSION},
};
use crate::{
    cli::{
        args::DoctorArgs,
        error::{CliError, exit, stopped},
        printer::Printer,
        settings,
    },
    interrupt::Interrupt,
    pipeline::PipelineError,
    platform::{
        Api, Client, Collection, DOCUMENTED_RATE, PageInfo, PlatformError, Purpose, Readout, Record,
        RecordSink, ResponseInfo,
    },
    report::terminal::{counted, duration, grouped},
};

const REACHABLE: &str = "reachable";
const TOKEN: &str = "token";
const CONTACTS: &str = "contacts";
const CLOCK: &str = "clock";

/// Said of errors for which nobody has a better remedy: no documented platform answers so.
const ELSEWHERE: &str =
    "Look at --host and --stream-id: what answers there does not do so as the platform's pages say.";

/// The platform gives its time in whole seconds: a difference below this is none.
const NO_SKEW: SignedDuration = SignedDuration::from_secs(2);
const LARGE_SKEW: SignedDuration = SignedDuration::from_mins(1);
/// Half of what a token made here is good for.
const TOO_LARGE_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Asks the platform what an import will ask of it, but to create.
///
/// # Errors
///
/// That it was interrupted, or the network cannot be used at all.
pub(super) fn examine(
    fit: Fit,
    args: &DoctorArgs,
    findings: &mut Findings,
    printer: &Printer,
    interrupt: Interrupt,
) -> Result<(), CliError> {
    // Kept until all is asked: the local platform ends with it.
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
    runtime.block_on(ask(&mut client, args, &suppression, findings)).map_err(stopped)?;
    if let Some(response_info) = client.response_info() {
        findings.push(Finding::good("rate limit", rate_limit(response_info, rate)));
        findings.push(clock(response_info));
    }
    Ok(())
}

/// Tries the calls that read. The error is that the run is to end.
async fn ask(
    client: &mut Client<'_>,
    args: &DoctorArgs,
    suppression: &[Collection],
    findings: &mut Findings,
) -> Result<(), PlatformError> {
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
            let found = format!("not tried: no {what} was named");
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
        // An import would not go on without it.
        if let Err(error @ (PlatformError::NoSuch { .. } | PlatformError::RefusedId { .. })) = read {
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
                "not tried: it would create a contact; it needs the same scope as reading the contacts (`{scope}`)"
            ),
        ));
    }
    Ok(())
}

/// Says what the first call shows: beside its own answer, whether there is one, and what it means for the token.
fn judge_contacts(
    read: Result<Readout, PlatformError>,
    response_info: Option<&ResponseInfo>,
    findings: &mut Findings,
) -> Result<ControlFlow<()>, PlatformError> {
    if let Err(
        error @ (PlatformError::Setup(_)
        | PlatformError::Unreachable { .. }
        | PlatformError::Untrusted { .. }
        | PlatformError::GaveUp { .. }),
    ) = read
    {
        findings.push(failed(REACHABLE, error));
        return Ok(ControlFlow::Break(()));
    }
    if let Some(response_info) = response_info {
        let found = format!("answered in {:.2} s", response_info.took.as_secs_f64());
        findings.push(Finding::good(REACHABLE, found));
    }
    if let Err(error @ PlatformError::Unauthorized { .. }) = read {
        findings.push(failed(TOKEN, error));
        return Ok(ControlFlow::Break(()));
    }
    // What else is refused may have been refused before anybody looked at the token.
    if matches!(read, Ok(_) | Err(PlatformError::Denied { status: 403, .. })) {
        findings.push(Finding::good(TOKEN, "accepted"));
    }
    judge(CONTACTS, &Collection::Contacts, read, findings)
}

/// Says whether a collection may be read, and whether it is worth going on.
fn judge(
    subject: &'static str,
    collection: &Collection,
    read: Result<Readout, PlatformError>,
    findings: &mut Findings,
) -> Result<ControlFlow<()>, PlatformError> {
    let scope = collection.purpose().scope();
    let error = match read {
        Ok(readout) => {
            findings.push(Finding::good(subject, readable(&readout, collection)));
            return Ok(ControlFlow::Continue(()));
        }
        Err(error) => error,
    };
    let is_over = matches!(
        error,
        PlatformError::Unreachable { .. }
            | PlatformError::Untrusted { .. }
            | PlatformError::RateLimited { .. }
            | PlatformError::QuotaUsedUp { .. }
            | PlatformError::Journal(_)
    );
    findings.push(match error {
        PlatformError::Interrupted(_) => return Err(error),
        PlatformError::NoSuch { .. } => {
            let remedy = error.hint().unwrap_or(ELSEWHERE);
            Finding::warning(subject, format!("{error}; the scope `{scope}` was not refused"), remedy)
        }
        PlatformError::Unauthorized { .. } => {
            let remedy =
                format!("The app needs the scope `{scope}` for this. Scopes are set where the app was made.");
            Finding::bad(subject, error.to_string(), remedy, exit::PLATFORM)
        }
        PlatformError::Journal(_) => failed("journal", error),
        error => failed(subject, error),
    });
    Ok(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}

fn failed(subject: &'static str, error: PlatformError) -> Finding {
    Finding::failed(subject, &stopped(error), ELSEWHERE)
}

/// How much there is to read, and in which pages.
fn readable(readout: &Readout, collection: &Collection) -> String {
    let count = readout
        .total
        .map_or_else(|| "how many contacts is not said".to_owned(), |total| counted(total, "contact"));
    let asked = collection.largest_page();
    let pages = match readout.page_size {
        0 => "so that the size of pages does not show".to_owned(),
        granted if granted == asked => format!("pages of {}", grouped(granted)),
        granted => format!("pages of {} ({} were asked for)", grouped(granted), grouped(asked)),
    };
    format!("may be read: {count}, {pages}")
}

/// What is said of the rate limit, and which is kept.
fn rate_limit(response_info: &ResponseInfo, rate: u32) -> String {
    let documented = if rate == DOCUMENTED_RATE { "the documented " } else { "" };
    let kept = format!("{documented}{} a minute are kept", grouped(rate.into()));
    if response_info.limits.is_empty() {
        return format!("no headers about it; {kept}");
    }
    let headers: Vec<String> =
        response_info.limits.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{}; {kept}", headers.join(", "))
}

/// This machine's clock beside the platform's.
fn clock(response_info: &ResponseInfo) -> Finding {
    const COMPARE: &str =
        "Compare the clock of this machine with another: a token made here is good for ten minutes by it.";
    const SET: &str = "Set the clock of this machine, for example with NTP: a token made here is good for ten minutes by it.";

    let Some(date) = &response_info.date else {
        return Finding::warning(CLOCK, "the platform does not say what time it is", COMPARE);
    };
    let Some(skew) = response_info.skew() else {
        return Finding::warning(CLOCK, format!("the platform says what is no time: {date}"), COMPARE);
    };
    let size = skew.abs();
    if size < NO_SKEW {
        return Finding::good(CLOCK, "as the platform's");
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

/// Reads no further than the first page.
struct FirstPage;

impl RecordSink for FirstPage {
    fn record(&mut self, _: &Record<'_>) -> Result<(), PlatformError> {
        Ok(())
    }

    fn page(&mut self, _: &PageInfo) -> Result<ControlFlow<()>, PlatformError> {
        Ok(ControlFlow::Break(()))
    }

    fn restart(&mut self) -> Result<(), PlatformError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::State;
    use super::*;

    /// The clock after an answer of `took` milliseconds, with this machine's at 10:00:00 and so many milliseconds.
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
    fn a_clock_is_judged_by_the_platforms() {
        let theirs = "Fri, 20 Nov 2026 10:00:00 GMT";
        let is = |state, found: &str, code| (state, found.to_owned(), code);
        let same = is(State::Good, "as the platform's", 0);
        assert_eq!(judged(theirs, 0, 0), same);
        assert_eq!(judged(theirs, 2400, 0), same);
        assert_eq!(judged(theirs, -1400, 0), same);
        // Eight seconds on the way back and forth explain four.
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
            "x-ratelimit-remaining: 59; the documented 60 a minute are kept"
        );
        assert_eq!(rate_limit(&ResponseInfo::default(), 30), "no headers about it; 30 a minute are kept");
    }

    #[test]
    fn the_page_size_that_is_granted_is_told() {
        let readout = |page_size, total| Readout { page_size, total, ..Readout::default() };
        let told = |readout| readable(&readout, &Collection::Contacts);
        assert_eq!(
            told(readout(100, Some(12_345))),
            "may be read: 12,345 contacts, pages of 100 (1,000 were asked for)"
        );
        assert_eq!(told(readout(1000, Some(1))), "may be read: 1 contact, pages of 1,000");
        assert_eq!(
            told(readout(10, None)),
            "may be read: how many contacts is not said, pages of 10 (1,000 were asked for)"
        );
        assert_eq!(
            told(readout(0, Some(0))),
            "may be read: 0 contacts, so that the size of pages does not show"
        );
    }
}
