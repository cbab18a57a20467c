//! The settings of an import: the source of each, and whether it is valid.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};

use super::{
    Finding, Findings,
    options::options_of,
    problems::{CONFIG_FILE, FIX, Judged, Problems, REQUESTS},
};
use crate::{
    cli::{
        args::{DoctorArgs, PlatformOptions},
        config::{self, ConfigFiles, Origin, Platform, variable},
        error::{CliError, exit},
        import,
        settings::{self, Account, RequestSettings, open_journal},
    },
    interrupt::Interrupt,
    journal::Journal,
    platform::{Authorities, Collection, Credentials, DOCUMENTED_RATE, Proxy},
    quantity::{counted, duration, grouped},
    sandbox::RunningSandbox,
};

const CREDENTIALS: &str = "credentials";
const AUTHORITIES: &str = "authorities";
const JOURNAL: &str = "journal";
const SANDBOX: &str = "sandbox";

/// The origin of settings that nothing sets.
const DEFAULT: &str = "default";

/// An access token with less time left may expire during the import of a long list.
const SOON: SignedDuration = SignedDuration::from_hours(1);

/// Settings that are sufficient for requests to the platform.
pub(super) struct Fit {
    pub(super) account: Account,
    pub(super) requests: RequestSettings,
    pub(super) journal: Journal,
    /// The suppression lists and campaigns from the files.
    pub(super) suppression: Vec<Collection>,
    /// The local platform, which stops when this is dropped.
    pub(super) local: Option<RunningSandbox>,
}

/// The sources of settings.
pub(super) struct Origins<'a> {
    of_options: config::Origins<'a>,
    pub(super) config: &'a ConfigFiles,
}

impl<'a> Origins<'a> {
    pub(super) fn new(args: &DoctorArgs, config: &'a ConfigFiles) -> Self {
        let mut given = options_of(&args.platform.without_empty());
        given.extend(options_of(&args.requests));
        given.extend(options_of(&args.state));
        Self { of_options: config.origins(&given), config }
    }

    /// Returns the option, the variable or the file that sets an option.
    fn of(&self, name: &str) -> String {
        self.of_options.of(name).brief()
    }

    /// Returns the source of a secret: a file or its own variable.
    fn of_secret(&self, name: &str, file: Option<&Path>) -> String {
        let Some(path) = file.map(Path::display) else { return variable(name.trim_end_matches("-file")) };
        match self.of_options.of(name) {
            Origin::Typed(option) => format!("{option} {path}"),
            origin => format!("{name} {path} in {}", origin.brief()),
        }
    }
}

/// Checks everything that needs no network.
///
/// # Errors
///
/// Returns an error if an unrelated failure prevents the checks.
pub(super) fn examine(
    args: &DoctorArgs,
    origins: &Origins<'_>,
    findings: &mut Findings,
    interrupt: &Interrupt,
) -> Result<Option<Fit>, CliError> {
    let config = origins.config;
    let given = args.platform.without_empty();
    let mut problems = Problems::default();
    for name in config.names_of_options() {
        _ = problems.of(&config.only(name), args, &given);
    }
    let Judged { platform, state, output, stored, groups } = problems.of(config, args, &given);
    let unread = problems.take(CONFIG_FILE);
    if unread.is_empty() {
        findings.push(Finding::good(CONFIG_FILE, config.described().unwrap_or_else(|| "none".to_owned())));
    }
    for problem in &unread {
        findings.push(Finding::failed(CONFIG_FILE, problem, FIX));
    }
    let mut examination = Examination { origins, findings, problems };
    let (Some(platform), Some(state)) = (platform, state) else {
        examination.groups(&stored, groups, output.as_ref(), interrupt)?;
        return Ok(None);
    };
    let Platform { options: platform, refusal, unused } = platform;
    let is_sandbox = platform.sandbox;
    if let Some(unused) = unused {
        let remedy = "Remove these settings, or use the account with --no-sandbox.";
        examination.findings.push(Finding::warning(SANDBOX, unused, remedy));
    }
    let mut local = None;
    let account = match (&groups.requests, refusal) {
        (_, Some(refusal)) if is_sandbox => {
            examination.findings.push(Finding::failed(SANDBOX, &refusal, FIX));
            None
        }
        (Ok(requests), _) if is_sandbox => {
            let (account, running) = import::account(platform, requests)?;
            local = running;
            Some(examination.sandbox(account))
        }
        (Err(_), _) if is_sandbox => None,
        (_, refusal) => examination.account(&platform, refusal),
    };
    let requests = examination.requests(&groups.requests);
    let journal = if is_sandbox {
        examination.findings.push(Finding::good(JOURNAL, "in memory: it ends with the sandbox"));
        Journal::in_memory()?
    } else {
        examination.journal(state.state_dir)?
    };
    let suppression = examination.groups(&stored, groups, output.as_ref(), interrupt)?;
    if let Some(account) = &account {
        let found = match Proxy::of(&account.host) {
            Some(proxy) => proxy.to_string(),
            None if account.host.is_loopback() => "none (not used for this machine)".to_owned(),
            None => "none".to_owned(),
        };
        findings.push(Finding::good("proxy", found));
    }
    let fit = account.zip(requests);
    Ok(fit.map(|(account, requests)| Fit { account, requests, journal, suppression, local }))
}

pub(super) struct Examination<'a> {
    pub(super) origins: &'a Origins<'a>,
    pub(super) findings: &'a mut Findings,
    pub(super) problems: Problems,
}

impl Examination<'_> {
    /// Opens the journal, or one in memory if that fails.
    fn journal(&mut self, state_dir: Option<PathBuf>) -> Result<Journal, CliError> {
        let origin = self.origins.of("state-dir");
        match open_journal(state_dir) {
            Ok(journal) => {
                let found = format!("{} ({origin})", journal.path().display());
                self.findings.push(Finding::good(JOURNAL, found));
                Ok(journal)
            }
            Err(error) => {
                self.findings.push(Finding::failed(JOURNAL, &error, FIX));
                Ok(Journal::in_memory()?)
            }
        }
    }

    /// Validates each account setting separately. Skips credentials with a `refusal`.
    fn account(&mut self, options: &PlatformOptions, refusal: Option<CliError>) -> Option<Account> {
        let id =
            |option: &'static str| move |text: &str| settings::id(option, text).map(|()| text.to_owned());
        let host = self.setting("host", "host", options.host.as_deref(), settings::host);
        let stream_id = options.stream_id.as_deref();
        let stream_id = self.setting("stream id", "stream-id", stream_id, id("--stream-id"));
        let account_id = options.account_id.as_deref();
        let account_id = self.setting("account id", "account-id", account_id, id("--account-id"));
        let credentials = if let Some(refusal) = refusal {
            self.findings.push(Finding::failed(CREDENTIALS, &refusal, FIX));
            None
        } else {
            self.credentials(options)
        };
        let authorities = self.authorities(options.ca_file.as_deref());
        Some(Account {
            host: host?,
            stream_id: stream_id?,
            account_id: account_id?,
            credentials: credentials?,
            authorities: authorities?,
        })
    }

    /// Reads the additional certificate authorities, if a file is given.
    fn authorities(&mut self, file: Option<&Path>) -> Option<Authorities> {
        match settings::authorities(file) {
            Ok(authorities) => {
                if let Some(path) = file {
                    let origin = self.origins.of("ca-file");
                    self.findings.push(Finding::good(AUTHORITIES, format!("{} ({origin})", path.display())));
                }
                Some(authorities)
            }
            Err(error) => {
                self.findings.push(Finding::failed(AUTHORITIES, &error, FIX));
                None
            }
        }
    }

    fn setting<T: fmt::Display>(
        &mut self,
        subject: &'static str,
        name: &str,
        text: Option<&str>,
        read: impl FnOnce(&str) -> Result<T, CliError>,
    ) -> Option<T> {
        let text = text.unwrap_or_default().trim();
        if text.is_empty() {
            let remedy = format!("Give it with --{name}, {} or in rollcall.toml.", variable(name));
            self.findings.push(Finding::bad(subject, "not set", remedy, exit::USAGE));
            return None;
        }
        let origin = self.origins.of(name);
        match read(text) {
            Ok(value) => {
                self.findings.push(Finding::good(subject, format!("{value} ({origin})")));
                Some(value)
            }
            Err(error) => {
                let mut finding = Finding::failed(subject, &error, FIX);
                finding.found = format!("{} ({origin})", finding.found);
                self.findings.push(finding);
                None
            }
        }
    }

    fn credentials(&mut self, options: &PlatformOptions) -> Option<Credentials> {
        let (client_id, token_file) = (options.client_id.clone(), options.token_file.as_deref());
        let secret_file = options.client_secret_file.as_deref();
        let read =
            settings::credentials(client_id, token_file.map(Path::to_owned), secret_file.map(Path::to_owned));
        let (credentials, finding) = match read {
            Err(error) => (None, Finding::failed(CREDENTIALS, &error, "Look at the file that is named.")),
            Ok(None) => {
                let remedy = "Give a ready token in ROLLCALL_TOKEN or a file for --token-file, or an app's --client-id with \
                              its secret in ROLLCALL_CLIENT_SECRET or a file for --client-secret-file. To try rollcall \
                              without an account, use --sandbox.";
                (None, Finding::bad(CREDENTIALS, "not set", remedy, exit::USAGE))
            }
            Ok(Some(credentials)) => {
                let finding = if let Credentials::App { client_id, .. } = &credentials {
                    let id = self.origins.of("client-id");
                    let secret = self.origins.of_secret("client-secret-file", secret_file);
                    Finding::good(
                        CREDENTIALS,
                        format!("client id {client_id} ({id}), client secret set ({secret})"),
                    )
                } else {
                    let origin = self.origins.of_secret("token-file", token_file);
                    token(&origin, credentials.expires_at(), Timestamp::now())
                };
                (Some(credentials), finding)
            }
        };
        self.findings.push(finding);
        credentials
    }

    fn sandbox(&mut self, account: Account) -> Account {
        let origin = self.origins.of("sandbox");
        let client_id = match &account.credentials {
            Credentials::App { client_id, .. } => client_id,
            Credentials::Token(_) => "",
        };
        let credentials = format!("client id {client_id}, client secret set");
        for (subject, found) in [
            ("host", account.host.to_string()),
            ("stream id", account.stream_id.clone()),
            ("account id", account.account_id.clone()),
            (CREDENTIALS, credentials),
        ] {
            self.findings.push(Finding::good(subject, format!("{found} ({origin})")));
        }
        account
    }

    fn requests(&mut self, settings: &Result<RequestSettings, CliError>) -> Option<RequestSettings> {
        for problem in self.problems.take(REQUESTS) {
            let remedy = "Change it on the command line or in rollcall.toml.";
            self.findings.push(Finding::failed(REQUESTS, &problem, remedy));
        }
        let settings = settings.as_ref().ok()?;
        let origin = |name| match self.origins.of(name) {
            default if default == DEFAULT => String::new(),
            origin => format!(" ({origin})"),
        };
        let per_hour = settings.rate_per_hour.map_or_else(String::new, |rate| {
            let origin = self.origins.of("rate-per-hour");
            format!(", {} an hour ({origin})", grouped(rate.into()))
        });
        let found = format!(
            "{} a minute ({}){per_hour}, timeout {}{}, {}{}",
            grouped(settings.rate.into()),
            self.origins.of("rate"),
            duration(settings.timeout.as_secs()),
            origin("timeout"),
            counted(settings.max_attempts.into(), "attempt"),
            origin("max-attempts"),
        );
        self.findings.push(if settings.rate > DOCUMENTED_RATE {
            let found = format!("{found}; the platform documents {DOCUMENTED_RATE} a minute");
            Finding::warning(REQUESTS, found, "Remove --rate, unless the account has a higher limit.")
        } else {
            Finding::good(REQUESTS, found)
        });
        Some(settings.clone())
    }
}

/// Judges an access token by its own expiry time.
fn token(origin: &str, expires_at: Option<Timestamp>, now: Timestamp) -> Finding {
    let set = format!("token set ({origin})");
    let remedy = "Make a new token, and put it where this one came from. An app's --client-id with its secret makes them by \
                  itself.";
    match expires_at {
        None => Finding::good(CREDENTIALS, format!("{set}; it has no expiry time")),
        Some(expiry) if expiry <= now => {
            Finding::bad(CREDENTIALS, format!("{set}; it expired at {expiry}"), remedy, exit::USAGE)
        }
        Some(expiry) if expiry.duration_since(now) < SOON => {
            let left = u64::try_from(expiry.duration_since(now).as_secs()).unwrap_or_default();
            let found = format!("{set}, valid until {expiry} ({} left)", duration(left));
            Finding::warning(CREDENTIALS, found, remedy)
        }
        Some(expiry) => Finding::good(CREDENTIALS, format!("{set}, valid until {expiry}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn token_is_judged_by_its_remaining_time() {
        let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let judged = |expiry: Option<&str>| {
            let finding = token("ROLLCALL_TOKEN", expiry.map(|expiry| expiry.parse().unwrap()), now);
            assert_eq!(finding.remedy.is_some(), finding.state != State::Good);
            (finding.state, finding.found.replace("token set (ROLLCALL_TOKEN)", "…"), finding.exit_code)
        };
        let is = |state, found: &str, code| (state, found.to_owned(), code);
        assert_eq!(judged(None), is(State::Good, "…; it has no expiry time", 0));
        assert_eq!(
            judged(Some("2026-11-20T10:00:00Z")),
            is(State::Bad, "…; it expired at 2026-11-20T10:00:00Z", exit::USAGE)
        );
        assert_eq!(
            judged(Some("2026-11-20T10:59:59Z")),
            is(State::Warning, "…, valid until 2026-11-20T10:59:59Z (59 min 59 s left)", 0)
        );
        assert_eq!(
            judged(Some("2026-11-20T11:00:00Z")),
            is(State::Good, "…, valid until 2026-11-20T11:00:00Z", 0)
        );
    }
}
