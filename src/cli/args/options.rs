//! Options grouped by subject, with their help texts. Commands share these groups.

use std::{collections::BTreeMap, fmt, marker::PhantomData, path::PathBuf};

use clap::{
    ArgAction, Args, ValueEnum,
    builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, IntoDeserializer as _, SeqAccess, Visitor},
};

use crate::parse::Format;

/// How much is printed, and in which form.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct PrinterOptions {
    /// Print errors only, and one line if something needs attention
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) quiet: bool,
    /// More detail; -vv logs every request
    #[arg(short, long, global = true, action = ArgAction::Count)]
    #[serde(skip_serializing_if = "is_zero")]
    pub(in crate::cli) verbose: u8,
    /// When to use color [default: auto]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub(in crate::cli) color: Option<Color>,
    /// Format of log lines [default: text]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub(in crate::cli) log_format: Option<LogFormat>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum LogFormat {
    #[default]
    Text,
    Json,
}

/// The API version for lists and campaigns.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Platform")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct ApiOption {
    /// API version for contact lists and campaigns [default: v2]
    #[arg(long, value_enum, value_name = "VERSION")]
    pub(in crate::cli) api: Option<ApiChoice>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum ApiChoice {
    V1,
    #[default]
    V2,
}

/// Files with numbers to suppress.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Suppression")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct ExcludeFileOptions {
    /// Suppress the numbers in FILE (any supported format; honors an expiry column)
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) exclude_file: Vec<PathBuf>,
}

/// Lists and campaigns of the platform whose contacts are suppressed.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Suppression")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct ExcludeOptions {
    /// Suppress the contacts of this contact list
    #[arg(long, value_name = "ID")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) exclude_list: Vec<String>,
    /// Suppress the contacts of this campaign
    #[arg(long, value_name = "ID")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) exclude_campaign: Vec<String>,
    /// Import even if up to N entries of these files, lists and campaigns are masked or unreadable [default: 0]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) allow_unreadable_suppressions: Option<u64>,
    /// Which of a campaign's contacts to suppress: any, those called (attempted), those reached (completed); if
    /// repeated, the union [default: any]
    #[arg(long, value_enum, value_name = "WHICH")]
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_several")]
    pub(in crate::cli) campaign_filter: Vec<FilterChoice>,
}

/// Contacts of a campaign; each choice includes all contacts of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum FilterChoice {
    Any,
    Attempted,
    Completed,
}

/// How the existing contacts are determined.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Existing contacts")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct ExistingOptions {
    /// Take existing contacts from FILE, written by `fetch contacts`, instead of reading the platform
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) existing: Option<PathBuf>,
    /// Maximum age of the contact snapshot, such as 90m or 7d; 0 always reads the platform [default: 24h]
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) existing_max_age: Option<String>,
    /// Re-read all existing contacts
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) refresh: bool,
}

/// The location of the journal.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Output")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct StateOptions {
    /// Folder of the journal, on a local disk [default: rollcall in the user's state folder]
    #[arg(
        long,
        value_name = "DIR",
        env = "ROLLCALL_STATE_DIR",
        hide_env_values = true,
        // An empty variable counts as not set.
        value_parser = OsStringValueParser::new().map(PathBuf::from)
    )]
    pub(in crate::cli) state_dir: Option<PathBuf>,
}

/// How files are read and which rows are accepted.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Reading")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct ReadingOptions {
    /// Region of numbers without a country code: a code or name such as IN, UK or Germany, or a dialing code such as +49
    #[arg(long, value_name = "REGION")]
    pub(in crate::cli) region: Option<String>,
    /// Sheet of a workbook, by name or by position from 1, counting hidden sheets; a matching name takes precedence
    /// [default: the first visible sheet]
    #[arg(long, value_name = "NAME|N")]
    #[serde(deserialize_with = "text_or_number")]
    pub(in crate::cli) sheet: Option<String>,
    /// List to read in a ZIP archive that contains several, by its name
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) member: Option<String>,
    /// Delimiter of text files: one character or `tab` [default: detected]
    #[arg(long, value_name = "C")]
    pub(in crate::cli) delimiter: Option<String>,
    /// Format of all files [default: detected for each file]
    #[arg(long, value_parser = format_parser(), value_name = "FORMAT")]
    pub(in crate::cli) format: Option<Format>,
    /// Encoding of text files, such as windows-1252 [default: detected]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) encoding: Option<String>,
    /// Column of a field, by header or number: `phone=Mobile`; the fields are phone, first_name, last_name,
    /// full_name, salutation, country; `time_zone`, `unique_id` and `priority` are only exported
    #[arg(long, value_name = "FIELD=COLUMN")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) map: Vec<String>,
    /// Treat the first row as data
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) no_header: bool,
    /// Numbers to accept: assigned ones, or all of a possible length [default: valid]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(in crate::cli) accept: Option<AcceptChoice>,
    /// Number types to accept, such as mobile,fixed-line [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) types: Vec<String>,
    /// Salutation for rows without a known one, such as Mr
    #[arg(long, value_name = "S")]
    pub(in crate::cli) default_salutation: Option<String>,
    /// Last name for rows without one
    #[arg(long, value_name = "S")]
    pub(in crate::cli) default_last_name: Option<String>,
    /// Ambiguous full names: reject the row, or take the last word as the last name [default: strict]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(in crate::cli) split_names: Option<SplitNamesChoice>,
    /// Accept numbers with an extension, without the extension
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) drop_extensions: bool,
    /// Which of several rows with the same number to keep [default: first]
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(in crate::cli) keep: Option<KeepChoice>,
    /// Rows hidden in a sheet, by a filter or by hand: skip or read them [default: skip]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(in crate::cli) hidden_rows: Option<HiddenRowsChoice>,
    /// Read rows even if a column such as `Do Not Call` marks them
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) ignore_do_not_call_column: bool,
    /// Meanings of the list's own values; only in a settings file.
    #[arg(skip)]
    #[serde(skip_serializing_if = "ValueTables::is_empty")]
    pub(in crate::cli) values: ValueTables,
    /// Mappings for files with certain headers; only in a settings file.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) mapping: Vec<MappingTable>,
}

/// A table `[[mapping]]`, with its columns in the form of `--map`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct MappingTable {
    pub(in crate::cli) headers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) map: Vec<String>,
    /// The settings file that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) file: Option<String>,
}

/// The tables `[values.country]` and `[values.salutation]` of a settings file: each value with its meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct ValueTables {
    pub(in crate::cli) country: BTreeMap<String, String>,
    pub(in crate::cli) salutation: BTreeMap<String, String>,
}

impl ValueTables {
    fn is_empty(&self) -> bool {
        self.country.is_empty() && self.salutation.is_empty()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum SplitNamesChoice {
    #[default]
    Strict,
    LastWord,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum HiddenRowsChoice {
    #[default]
    Skip,
    Include,
}

/// Parses a format by its name.
fn format_parser() -> impl TypedValueParser<Value = Format> {
    let values = Format::ALL.map(|format| {
        let value = PossibleValue::new(format.name());
        if format == Format::Csv { value.alias("tsv") } else { value }
    });
    PossibleValuesParser::new(values).try_map(|name| name.parse::<Format>())
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum AcceptChoice {
    #[default]
    Valid,
    Possible,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum KeepChoice {
    #[default]
    First,
    Last,
}

/// The account and how to reach it.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Platform")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct PlatformOptions {
    /// Address of the platform, such as `https://platform.kore.ai`
    #[arg(long, value_name = "URL", env = "ROLLCALL_HOST", hide_env_values = true)]
    pub(in crate::cli) host: Option<String>,
    /// Stream (bot) that the contacts belong to
    #[arg(long, value_name = "ID", env = "ROLLCALL_STREAM_ID", hide_env_values = true)]
    pub(in crate::cli) stream_id: Option<String>,
    /// Account id
    #[arg(long, value_name = "ID", env = "ROLLCALL_ACCOUNT_ID", hide_env_values = true)]
    pub(in crate::cli) account_id: Option<String>,
    /// File with an access token [env: ROLLCALL_TOKEN holds the token itself]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) token_file: Option<PathBuf>,
    /// Client id of the app that issues tokens
    #[arg(long, value_name = "ID", env = "ROLLCALL_CLIENT_ID", hide_env_values = true)]
    pub(in crate::cli) client_id: Option<String>,
    /// File with the app's client secret [env: ROLLCALL_CLIENT_SECRET holds the secret itself]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) client_secret_file: Option<PathBuf>,
    /// PEM file with certificate authorities to trust in addition to the system's
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) ca_file: Option<PathBuf>,
    /// Use a local platform inside this process; needs no account
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) sandbox: bool,
}

/// How contacts are posted.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Posting")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct PostingOptions {
    /// Contacts per request [default: 100]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) batch_size: Option<u32>,
    /// Show what would happen; post nothing
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) dry_run: bool,
    /// Post nothing if more rows are rejected: a number, or a share of all rows such as 5% [default: any]
    #[arg(long, value_name = "N|N%")]
    #[serde(deserialize_with = "text_or_number")]
    pub(in crate::cli) max_rejected: Option<String>,
    /// Maximum time to wait for another import to the same account, such as 10m; 0 does not wait [default: no limit]
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) wait: Option<String>,
    /// Post without asking
    #[arg(short, long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) yes: bool,
}

/// How requests are made.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Requests")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct RequestOptions {
    /// Requests per minute for the account, such as 60 or 60/min; up to 5 of them are left to other programs. A rate such
    /// as 3500/h sets --rate-per-hour [default: 60]
    #[arg(long, value_name = "RATE")]
    #[serde(deserialize_with = "text_or_number")]
    pub(in crate::cli) rate: Option<String>,
    /// Requests per hour for the account, if limited; up to 5 of them are left to other programs [default: no limit]
    #[arg(long, value_name = "RATE")]
    #[serde(deserialize_with = "text_or_number")]
    pub(in crate::cli) rate_per_hour: Option<String>,
    /// Maximum time to wait for a response, such as 45s or 2m; a number alone means seconds [default: 30s]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "text_or_number")]
    pub(in crate::cli) timeout: Option<String>,
    /// Attempts per request before giving up [default: 5]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_attempts: Option<u32>,
}

/// Where the files of a run are written.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Output")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct OutputOptions {
    /// Folder for the run's files [default: rollcall-out/RUN]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Also print report.json to standard output
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) json: bool,
    /// Replace the files of an earlier run in that folder
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) overwrite: bool,
}

/// The choice of JSON output.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct JsonOption {
    /// Print JSON, for programs
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) json: bool,
}

/// The page size of `fetch`.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct PageSizeOption {
    /// Contacts per page [default: the maximum that the platform allows]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) page_size: Option<u64>,
}

/// The end of `watch`.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct OnceOption {
    /// Import the files that are there, then end
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) once: bool,
}

/// Export of the contacts to a file, in addition to the import.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Output")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct ExportOptions {
    /// Also save the contacts that are to be posted in this file: .csv, .xlsx or .ndjson. An existing file is not overwritten
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) export: Option<PathBuf>,
    /// Columns of that file: those of the platform's contact import, those of its contact list upload, or the input's
    /// own columns plus rollcall's results [default: contacts]
    #[arg(long, value_enum, value_name = "LAYOUT")]
    pub(in crate::cli) export_layout: Option<ExportLayoutChoice>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum ExportLayoutChoice {
    #[default]
    Contacts,
    List,
    Full,
}

/// How the files of a watched folder are handled.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Watching")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct WatchOptions {
    /// Time without changes before a file is imported [default: 5s]
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) settle: Option<String>,
    /// Import a file NAME only once a file NAME.ready exists
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) ready_markers: bool,
    /// Import only files whose names match, such as `*.csv` [default: all]
    #[arg(long, value_name = "GLOB")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) include: Vec<String>,
    /// Ignore files whose names match
    #[arg(long, value_name = "GLOB")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) exclude: Vec<String>,
    /// Import contents again that were imported before
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) reimport: bool,
    /// Import files only at these times, in cron syntax, such as "0 2 * * MON-FRI"
    #[arg(long, value_name = "CRON")]
    pub(in crate::cli) schedule: Option<String>,
    /// Time zone of --schedule, such as Europe/Berlin [default: this machine's]
    #[arg(long, value_name = "ZONE")]
    pub(in crate::cli) time_zone: Option<String>,
    /// Maximum time for the import of a file [default: 12h]
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) time_limit: Option<String>,
    /// Maximum memory for the import of a file, in MiB [default: 2048]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) memory_limit: Option<u64>,
    /// Delete files in done, failed and reports after this time, such as 30d; a number alone means days [default:
    /// never]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "text_or_number")]
    pub(in crate::cli) keep_days: Option<String>,
    /// Serve the status at this port or address: a page, /healthz, /readyz and /metrics
    #[arg(long, value_name = "ADDR")]
    #[serde(deserialize_with = "text_or_number")]
    pub(in crate::cli) status: Option<String>,
    /// Run this program after each file; repeat the option for its arguments. No shell is used
    #[arg(long, value_name = "CMD", allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) on_done: Vec<String>,
}

/// The behavior of the sandbox; in a settings file, the table `[sandbox-server]`.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct SandboxOptions {
    /// Port on 127.0.0.1 [default: any free port]
    #[arg(long, value_name = "PORT")]
    pub(in crate::cli) port: Option<u16>,
    /// Maximum contacts per page [default: 100]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) page_cap: Option<u64>,
    /// Requests per minute [default: 60]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) rate_limit: Option<u32>,
    /// Handling of a batch that contains an existing number: reject-batch, skip or per-contact [default:
    /// reject-batch]
    #[arg(long, value_name = "HOW")]
    pub(in crate::cli) duplicates: Option<String>,
    /// Initial contacts: output of `fetch contacts`, the platform's JSON, or any contact file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) seed: Option<PathBuf>,
    /// Region of the seed's national numbers
    #[arg(long, value_name = "REGION")]
    pub(in crate::cli) region: Option<String>,
    /// A contact list: output of `fetch list`, JSON, or a table with a column phoneNumber
    #[arg(long, value_name = "ID=FILE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) list: Vec<String>,
    /// A campaign: output of `fetch campaign`, JSON, or a table with a column phoneNumber
    #[arg(long, value_name = "ID=FILE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) campaign: Vec<String>,
    /// Keep contacts and the client secret in this SQLite file across restarts; only you can read it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) data: Option<PathBuf>,
    /// Store every Nth batch without responding, as if the connection broke
    #[arg(long, value_name = "N")]
    pub(in crate::cli) drop_every: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(value: &u8) -> bool {
    *value == 0
}

/// Reads text or a number: both `sheet = 2` and `sheet = "Leads"` are natural in a settings file.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a text or a whole number")]
    enum TextOrNumber {
        Text(String),
        Number(u64),
    }
    Ok(Option::deserialize(deserializer)?.map(|value| match value {
        TextOrNumber::Text(text) => text,
        TextOrNumber::Number(number) => number.to_string(),
    }))
}

/// Reads a list, `null` or a single value; earlier versions recorded single values.
fn one_or_several<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct OneOrSeveral<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrSeveral<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value or a list of values")
        }

        fn visit_unit<E: Error>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
            T::deserialize(text.into_deserializer()).map(|value| vec![value])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Vec<T>, A::Error> {
            let mut read = Vec::new();
            while let Some(value) = values.next_element()? {
                read.push(value);
            }
            Ok(read)
        }
    }

    deserializer.deserialize_any(OneOrSeveral(PhantomData))
}
