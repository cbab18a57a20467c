//! Validated settings from options as given. This module checks everything before rollcall reads or sends anything.

mod export;
mod mapping;
mod posting;
mod region;
mod units;
mod values;

use std::{
    env,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use self::units::{Per, rate};
pub(super) use self::{
    export::export,
    posting::PostingSettings,
    region::{canonical_region, region},
    units::{is_hourly, length_in, length_of_time},
};
use super::{
    args::{
        AcceptChoice, ApiChoice, ApiOption, ExcludeFileOptions, ExcludeOptions, ExistingOptions,
        FilterChoice, HiddenRowsChoice, KeepChoice, PlatformOptions, ReadingOptions, RequestOptions,
        SplitNamesChoice,
    },
    error::CliError,
};
use crate::{
    contact::{Field, NumberType, Region},
    dedupe::Keep,
    existing::ExistingSettings,
    journal::Journal,
    normalize::{
        NormalizeSettings, SplitNames, given_name,
        phone::{Accept, PhonePolicy},
        salutation,
    },
    parse::{Mapping, ParseSettings, STDIN},
    pipeline::Target,
    platform::{
        Api, Authorities, ClientSettings, Credentials, DOCUMENTED_RATE, Host, HostError, Pace, is_jwt,
    },
    private_file::{is_on_read_only_mount, read_private},
    quantity::grouped,
    report::terminal::printable,
    suppress::{CampaignFilter, SuppressSettings},
};

/// How inputs are read.
#[derive(Clone, Debug)]
pub(super) struct ReadingSettings {
    pub(super) parse: ParseSettings,
    pub(super) normalize: NormalizeSettings,
    pub(super) keep: Keep,
}

impl ReadingSettings {
    pub(super) fn new(options: ReadingOptions) -> Result<Self, CliError> {
        let fail = |option: &str| {
            let option = option.to_owned();
            move |reason: String| CliError::Usage { message: format!("{option}: {reason}"), hint: None }
        };
        let mappings: Vec<Mapping> = options
            .map
            .iter()
            .map(|mapping| mapping.parse())
            .collect::<Result<_, _>>()
            .map_err(fail("--map"))?;
        if options.no_header && !mappings.iter().any(|mapping| mapping.field == Field::Phone) {
            return Err(CliError::usage(
                "--no-header requires the column of the phone number",
                "Give its position, such as --map phone=3.",
            ));
        }
        let types: Vec<NumberType> = options
            .types
            .iter()
            .filter(|name| !name.trim().is_empty())
            .map(|name| name.parse())
            .collect::<Result<_, _>>()
            .map_err(fail("--types"))?;
        let default_salutation = options
            .default_salutation
            .map(|text| {
                let unknown =
                    || format!("unknown salutation `{text}`; use Mr, Mrs, Ms, Miss, Mx, Dr or Prof");
                let is_text = !text.trim().contains(char::is_control);
                salutation::recognize(&text).filter(|_| is_text).ok_or_else(unknown)
            })
            .transpose()
            .map_err(fail("--default-salutation"))?;
        let default_last_name = options.default_last_name.as_deref().map(given_name).transpose();
        let default_last_name = default_last_name.map_err(fail("--default-last-name"))?;
        let accept = match options.accept.unwrap_or_default() {
            AcceptChoice::Valid => Accept::Valid,
            AcceptChoice::Possible => Accept::Possible,
        };
        let keep = match options.keep.unwrap_or_default() {
            KeepChoice::First => Keep::First,
            KeepChoice::Last => Keep::Last,
        };
        let split_names = match options.split_names.unwrap_or_default() {
            SplitNamesChoice::Strict => SplitNames::Strict,
            SplitNamesChoice::LastWord => SplitNames::LastWord,
        };
        let region = options.region.as_deref().map(self::region).transpose()?;
        let aliases = values::aliases(&options.values)?;
        let skips_hidden_rows = options.hidden_rows.unwrap_or_default() == HiddenRowsChoice::Skip;
        Ok(Self {
            parse: ParseSettings {
                format: options.format,
                encoding: options.encoding.as_deref().map(encoding).transpose()?,
                region,
                sheet: options.sheet,
                member: options.member,
                delimiter: options.delimiter.as_deref().map(delimiter).transpose()?,
                mappings,
                remembered: mapping::remembered(&options.mapping).map_err(fail("[[mapping]]"))?,
                no_header: options.no_header,
                skips_hidden_rows,
                ignores_do_not_call_columns: options.ignore_do_not_call_column,
                aliases: aliases.clone(),
                ..ParseSettings::default()
            },
            normalize: NormalizeSettings {
                region,
                phone: PhonePolicy { accept, types, drop_extensions: options.drop_extensions },
                default_salutation,
                default_last_name,
                split_names,
                skips_hidden_rows,
                aliases,
            },
            keep,
        })
    }
}

fn encoding(name: &str) -> Result<crate::parse::Encoding, CliError> {
    crate::parse::encoding::by_name(name).ok_or_else(|| {
        CliError::usage(
            format!("--encoding: unknown encoding `{name}`"),
            "Use a name such as utf-8, utf-16, windows-1252, iso-8859-2, cp850, macintosh, shift_jis or gb18030.",
        )
    })
}

fn delimiter(text: &str) -> Result<u8, CliError> {
    match text {
        "tab" | "\\t" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
            _ => Err(CliError::usage(
                format!("--delimiter: `{text}` is not one character"),
                "Use a character such as `;`, or `tab`.",
            )),
        },
    }
}

pub(super) fn within(name: &str, value: u64, range: RangeInclusive<u64>) -> Result<(), CliError> {
    if range.contains(&value) {
        return Ok(());
    }
    let (low, high) = (range.start(), range.end());
    let [value, low, high] = [value, *low, *high].map(grouped);
    let message = format!("--{name}: {value} is not between {low} and {high}");
    Err(CliError::Usage { message, hint: None })
}

/// How requests are made.
#[derive(Clone, Debug)]
pub(super) struct RequestSettings {
    pub(super) rate: u32,
    pub(super) rate_per_hour: Option<u32>,
    pub(super) timeout: Duration,
    pub(super) max_attempts: u32,
}

impl RequestSettings {
    pub(super) fn new(options: &RequestOptions) -> Result<Self, CliError> {
        let first = options.rate.as_deref().map(|text| rate("rate", text, Per::Minute)).transpose()?;
        let hourly = options.rate_per_hour.as_deref().map(|text| rate("rate-per-hour", text, Per::Hour));
        let (rate, rate_per_hour) = match (first, hourly.transpose()?) {
            (_, Some((_, Per::Minute))) => {
                return Err(CliError::usage(
                    "--rate-per-hour takes requests per hour",
                    "Use --rate for requests per minute.",
                ));
            }
            (Some((_, Per::Hour)), Some(_)) => {
                return Err(CliError::usage(
                    "--rate and --rate-per-hour both set the requests per hour",
                    "Keep one of them, or give --rate the requests per minute, such as 60/min.",
                ));
            }
            (Some((hourly, Per::Hour)), None) => (DOCUMENTED_RATE, Some(hourly)),
            (Some((rate, Per::Minute)), hourly) => (rate, hourly.map(|(hourly, _)| hourly)),
            (None, hourly) => (DOCUMENTED_RATE, hourly.map(|(hourly, _)| hourly)),
        };
        let typed = options.timeout.as_deref().unwrap_or("30");
        let timeout = length_in("timeout", typed, Duration::from_secs(1))?;
        let max_attempts = options.max_attempts.unwrap_or(5);
        if !(Duration::from_secs(1)..=Duration::from_hours(1)).contains(&timeout) {
            return Err(CliError::usage(
                format!("--timeout: {} is not between 1 s and 1 h", printable(typed.trim())),
                "Use a value such as 45s or 2m.",
            ));
        }
        within("max-attempts", max_attempts.into(), 1..=100)?;
        Ok(Self { rate, rate_per_hour, timeout, max_attempts })
    }

    /// Returns the client settings for an account, at this pace.
    pub(super) fn client(&self, account: Account, region: Option<Region>) -> ClientSettings {
        ClientSettings {
            host: account.host,
            stream_id: account.stream_id,
            account_id: account.account_id,
            credentials: account.credentials,
            authorities: account.authorities,
            rate: self.rate,
            rate_per_hour: self.rate_per_hour,
            timeout: scaled().map_or(self.timeout, |(_, timeout)| timeout),
            max_attempts: self.max_attempts,
            region,
            pace: scaled().map_or_else(Pace::default, |(pace, _)| pace),
        }
    }
}

/// Returns other waits in test builds, in milliseconds: window, first wait, longest wait, time limit, and how long
/// the platform may still carry out unacknowledged requests.
fn scaled() -> Option<(Pace, Duration)> {
    let text = if cfg!(debug_assertions) { env::var("ROLLCALL_PACE").ok()? } else { return None };
    let ms: Vec<Duration> =
        text.split(',').map_while(|ms| ms.parse().ok()).map(Duration::from_millis).collect();
    let [window, first_wait, longest_wait, timeout, in_flight] = *ms else { return None };
    let pace =
        Pace { window, long_window: window * 60, first_wait, longest_wait, in_flight: Some(in_flight) };
    Some((pace, timeout))
}

/// Returns the API version for lists and campaigns.
pub(super) fn api(option: &ApiOption) -> Api {
    match option.api.unwrap_or_default() {
        ApiChoice::V1 => Api::V1,
        ApiChoice::V2 => Api::V2,
    }
}

/// Returns which numbers are suppressed. `own` are the settings without the current folder's file, if there is one.
pub(super) fn exclude(
    files: ExcludeFileOptions,
    options: ExcludeOptions,
    api: &ApiOption,
    reading: &NormalizeSettings,
    own: Option<&NormalizeSettings>,
) -> Result<SuppressSettings, CliError> {
    if !options.campaign_filter.is_empty() && options.exclude_campaign.is_empty() {
        return Err(CliError::usage("--campaign-filter requires a campaign", "Add --exclude-campaign ID."));
    }
    if files.exclude_file.iter().any(|file| file.as_os_str() == STDIN) {
        return Err(CliError::usage(
            "--exclude-file: cannot read suppressions from standard input",
            "Save the numbers to a file and pass that file.",
        ));
    }
    for (option, ids) in
        [("--exclude-list", &options.exclude_list), ("--exclude-campaign", &options.exclude_campaign)]
    {
        ids.iter().try_for_each(|given| id(option, given))?;
    }
    Ok(SuppressSettings {
        files: files.exclude_file,
        region: reading.region,
        aliases: reading.aliases.clone(),
        own_reading: own.map(|own| (own.region, own.aliases.clone())),
        lists: options.exclude_list,
        campaigns: options.exclude_campaign,
        allowed_unread: options.allow_unreadable_suppressions.unwrap_or_default(),
        // Each choice includes all contacts of the next one.
        filter: match options.campaign_filter.into_iter().min().unwrap_or(FilterChoice::Any) {
            FilterChoice::Any => CampaignFilter::Any,
            FilterChoice::Attempted => CampaignFilter::Attempted,
            FilterChoice::Completed => CampaignFilter::Completed,
        },
        api: self::api(api),
    })
}

/// Returns how the existing contacts are determined.
pub(super) fn existing(options: ExistingOptions) -> Result<ExistingSettings, CliError> {
    const MAX_AGE: Duration = Duration::from_hours(24);

    let max_age = options.existing_max_age.as_deref();
    let max_age = max_age.map(|age| length_of_time("existing-max-age", age)).transpose()?.unwrap_or(MAX_AGE);
    if options.existing.is_some() && options.refresh {
        return Err(CliError::usage(
            "--existing and --refresh cannot be used together: one replaces reading the platform, the other requires it",
            "Keep one of them.",
        ));
    }
    Ok(ExistingSettings { file: options.existing, max_age, refresh: options.refresh })
}

/// Validates an id of the platform; it becomes part of an address.
pub(super) fn id(option: &str, given: &str) -> Result<(), CliError> {
    let is_word = !given.is_empty() && given.chars().all(|letter| letter.is_ascii_graphic());
    // In an address, these two mean other paths.
    if is_word && !matches!(given, "." | "..") {
        return Ok(());
    }
    Err(CliError::usage(format!("{option}: `{}` is not an id", printable(given)), "Copy the id again."))
}

/// The account and stream that contacts belong to.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) host: Host,
    pub(super) stream_id: String,
    pub(super) account_id: String,
    pub(super) credentials: Credentials,
    pub(super) authorities: Authorities,
}

impl Account {
    pub(super) fn new(options: PlatformOptions) -> Result<Self, CliError> {
        let credentials = credentials(options.client_id, options.token_file, options.client_secret_file)?;
        let mut missing = Vec::new();
        let mut needed = |value: Option<String>, name: &'static str| {
            let value = value.as_deref().unwrap_or_default().trim().to_owned();
            if value.is_empty() {
                missing.push(name);
            }
            value
        };
        let host = needed(options.host, "--host (ROLLCALL_HOST)");
        let stream_id = needed(options.stream_id, "--stream-id (ROLLCALL_STREAM_ID)");
        let account_id = needed(options.account_id, "--account-id (ROLLCALL_ACCOUNT_ID)");
        if credentials.is_none() {
            missing.push("ROLLCALL_TOKEN, or --client-id with ROLLCALL_CLIENT_SECRET");
        }
        let Some(credentials) = credentials.filter(|_| missing.is_empty()) else {
            return Err(CliError::usage(
                format!("account settings are missing: {}", missing.join("; ")),
                "`rollcall init` asks for them. Or give them as options, in the environment or in rollcall.toml of your config folder. To try rollcall without an account, use \
                 --sandbox.",
            ));
        };
        for (name, given) in [("--stream-id", &stream_id), ("--account-id", &account_id)] {
            id(name, given)?;
        }
        let authorities = self::authorities(options.ca_file.as_deref())?;
        Ok(Self { host: self::host(&host)?, stream_id, account_id, credentials, authorities })
    }
}

/// Reads the certificate authorities of a file; none if `file` is `None`.
pub(super) fn authorities(file: Option<&Path>) -> Result<Authorities, CliError> {
    let Some(path) = file else { return Ok(Authorities::default()) };
    Authorities::read(path).map_err(|error| {
        CliError::usage(
            format!("--ca-file: {}: {error}", path.display()),
            "Ask the administrator for the authority's certificate in PEM format.",
        )
    })
}

/// Parses the address of the platform.
pub(super) fn host(text: &str) -> Result<Host, CliError> {
    text.parse().map_err(|error: HostError| CliError::Usage { message: error.to_string(), hint: None })
}

/// Returns an access token, or an app with its secret. Giving both is an error. By now, a higher-priority source has
/// replaced credentials of the other kind.
pub(super) fn credentials(
    client_id: Option<String>,
    token_file: Option<PathBuf>,
    secret_file: Option<PathBuf>,
) -> Result<Option<Credentials>, CliError> {
    let client_id = client_id.filter(|id| !id.trim().is_empty());
    let is_app = client_id.is_some() || secret_file.is_some();
    if token_file.is_some() && is_app {
        return Err(CliError::usage(
            "both an access token and an app's client id or secret are given",
            "Keep one: a token, or the client id with its secret.",
        ));
    }
    let token = if is_app { None } else { secret("ROLLCALL_TOKEN", "--token-file", token_file)? };
    if let Some(token) = token {
        // The message does not show the token; part of it may be valid.
        return is_jwt(token.expose_secret()).then_some(Some(Credentials::Token(token))).ok_or_else(|| {
            CliError::usage(
                "the token is not a JSON Web Token (three parts with dots between them)",
                "Copy the token again, in one line. A client secret belongs in ROLLCALL_CLIENT_SECRET or --client-secret-file.",
            )
        });
    }
    let client_secret = secret("ROLLCALL_CLIENT_SECRET", "--client-secret-file", secret_file)?;
    match (client_id, client_secret) {
        (Some(client_id), Some(client_secret)) => Ok(Some(Credentials::App { client_id, client_secret })),
        (Some(_), None) => Err(CliError::usage(
            "the client id has no client secret",
            "Put the secret into ROLLCALL_CLIENT_SECRET, or into a file for --client-secret-file.",
        )),
        (None, Some(_)) => Err(CliError::usage(
            "the client secret has no client id",
            "Give the id with --client-id or ROLLCALL_CLIENT_ID.",
        )),
        (None, None) => Ok(None),
    }
}

/// The maximum size of a file with a secret.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// Reads a secret from a file, or from the environment if `file` is `None`.
fn secret(variable: &str, option: &str, file: Option<PathBuf>) -> Result<Option<SecretString>, CliError> {
    let Some(path) = file else {
        let value = env::var(variable).ok().filter(|value| !value.trim().is_empty());
        return Ok(value.map(|value| value.trim().to_owned().into()));
    };
    let fail = |reason: String, hint: Option<String>| CliError::Usage {
        message: format!("{option}: {}: {reason}", path.display()),
        hint,
    };
    let bytes = read_private(&path, MAX_SECRET_BYTES).map_err(|problem| {
        let hint = match problem.remedy(&path) {
            Some(_) if is_on_read_only_mount(&path) => Some(
                "Mount the secret as a file of root with mode 0440 or 0400 (in Kubernetes: defaultMode: 0440).".to_owned(),
            ),
            command => command.map(|command| format!("Make it private: {command}")),
        };
        fail(problem.to_string(), hint)
    })?;
    let text = String::from_utf8(bytes)
        .map(SecretString::from)
        .map_err(|_| fail("the file is not text in UTF-8".to_owned(), None))?;
    let text = text.expose_secret().trim();
    if text.is_empty() {
        return Err(fail("the file is empty".to_owned(), None));
    }
    Ok(Some(text.to_owned().into()))
}

/// Checks that a file contains a secret, and that others cannot read it.
pub(super) fn check_secret_file(path: &Path) -> Result<(), CliError> {
    secret("", "--client-secret-file", Some(path.to_owned())).map(|_| ())
}

/// Generates a name for a run: its start time, and enough randomness to be unique.
pub(super) fn new_run() -> String {
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut chance = Uuid::new_v4().simple().to_string();
    chance.truncate(4);
    format!("{now}-{chance}")
}

/// Identifies an account and stream by names that never change.
pub(super) fn target(account: &Account) -> Target {
    Target { account: format!("{} {}", account.host, account.account_id), stream: account.stream_id.clone() }
}

/// Opens the journal in the given folder, else in the user's state folder.
pub(super) fn open_journal(folder: Option<PathBuf>) -> Result<Journal, CliError> {
    let named = folder.filter(|folder| !folder.as_os_str().is_empty());
    let folder = named.or_else(Journal::default_folder);
    let folder = folder.ok_or_else(|| {
        CliError::usage(
            "no folder for the journal: the user has no home folder",
            "Name a folder on a local disk with --state-dir or ROLLCALL_STATE_DIR.",
        )
    })?;
    Ok(Journal::open(&folder)?.sharing_locks(Journal::default_folder().as_deref()))
}

/// Returns the folder for the run's files.
pub(super) fn output_folder(out: Option<PathBuf>, run: &str) -> PathBuf {
    out.unwrap_or_else(|| Path::new("rollcall-out").join(run))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::PostingOptions;

    fn reading(options: ReadingOptions) -> String {
        ReadingSettings::new(options).map_or_else(|error| error.to_string(), |_| "fine".to_owned())
    }

    #[test]
    fn wrong_reading_options_are_refused() {
        let with = |change: fn(&mut ReadingOptions)| {
            let mut options = ReadingOptions::default();
            change(&mut options);
            reading(options)
        };
        assert_eq!(with(|_| ()), "fine");
        assert_eq!(with(|options| options.region = Some("in".to_owned())), "fine");
        for name in ["UK", " Germany ", "Deutschland", "+49", "0049", "India (+91)", "+1-868"] {
            let options = ReadingOptions { region: Some(name.to_owned()), ..ReadingOptions::default() };
            assert_eq!(reading(options), "fine", "{name}");
        }
        for name in ["XX", "001", "", "+870", "USA / Canada", "Virgin Islands", "Atlantis"] {
            let options = ReadingOptions { region: Some(name.to_owned()), ..ReadingOptions::default() };
            assert!(reading(options).contains(&format!("--region: `{name}`")), "{name}");
        }
        assert!(with(|options| options.no_header = true).contains("--no-header"));
        assert!(with(|options| options.map = vec!["fone=1".to_owned()]).contains("unknown field `fone`"));
        assert!(
            with(|options| options.types = vec!["mobil".to_owned()]).contains("unknown number type `mobil`")
        );
        assert!(with(|options| options.delimiter = Some(";;".to_owned())).contains("`;;`"));
        assert_eq!(with(|options| options.delimiter = Some("tab".to_owned())), "fine");
        assert!(with(|options| options.default_salutation = Some("Lord".to_owned())).contains("`Lord`"));
        assert!(with(|options| options.default_last_name = Some(" ".to_owned())).contains("is empty"));
        let padded = format!(" {}\u{a0}", "x".repeat(256));
        let too_long = "x".repeat(257);
        for (name, reason) in [
            ("Customer", "fine"),
            (&*padded, "fine"),
            (&*too_long, "more than 256 characters"),
            ("Cus\u{7}tomer", "a control character (\\u{7})"),
            ("Cus\ntomer", "a control character"),
            ("\u{a0}\u{200b}", "is empty"),
        ] {
            let options =
                ReadingOptions { default_last_name: Some(name.to_owned()), ..ReadingOptions::default() };
            assert!(reading(options).contains(reason), "{name}");
        }
        for salutation in ["Mr\u{7}", &*("Mr ".to_owned() + &"x".repeat(300)), " "] {
            let options = ReadingOptions {
                default_salutation: Some(salutation.to_owned()),
                ..ReadingOptions::default()
            };
            assert!(reading(options).contains("--default-salutation"), "{salutation}");
        }
    }

    #[test]
    fn options_with_numbers_have_bounds() {
        let batches = PostingOptions { batch_size: Some(0), ..PostingOptions::default() };
        assert!(PostingSettings::new(&batches).unwrap_err().to_string().contains("--batch-size: 0"));
        let with = |change: fn(&mut RequestOptions)| {
            let mut options = RequestOptions::default();
            change(&mut options);
            RequestSettings::new(&options).map_or_else(|error| error.to_string(), |_| "fine".to_owned())
        };
        assert_eq!(with(|_| ()), "fine");
        assert!(with(|options| options.rate = Some("0".to_owned())).contains("--rate: 0"));
        assert!(with(|options| options.timeout = Some("0".to_owned())).contains("--timeout: 0"));
        assert!(with(|options| options.max_attempts = Some(0)).contains("--max-attempts: 0"));
        let rates = |rate: &str, rate_per_hour: Option<&str>| {
            let options = RequestOptions {
                rate: Some(rate.to_owned()),
                rate_per_hour: rate_per_hour.map(str::to_owned),
                ..RequestOptions::default()
            };
            RequestSettings::new(&options).map(|settings| (settings.rate, settings.rate_per_hour)).ok()
        };
        assert_eq!(rates("100/min", Some("3500/h")), Some((100, Some(3500))));
        assert_eq!(rates("3500/h", None), Some((DOCUMENTED_RATE, Some(3500))));
        assert_eq!([rates("3500/h", Some("3500")), rates("60", Some("60/min"))], [None, None]);
    }

    #[test]
    #[cfg(unix)]
    fn secret_files_must_be_private() {
        use std::fs;
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "canary\n").unwrap();
        let read = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            secret("NOT_SET", "--token-file", Some(path.clone()))
        };
        assert_eq!(read(0o600).unwrap().unwrap().expose_secret(), "canary");
        let error = read(0o644).unwrap_err();
        assert!(error.to_string().contains("others on this machine"), "{error}");
        assert!(!format!("{error:?}").contains("canary"));
        assert!(secret("NOT_SET", "--token-file", Some(folder.path().join("none"))).is_err());
    }
}
