//! Options by subject, each once, with its help text. Commands share these groups.

use std::{collections::BTreeMap, fmt, marker::PhantomData, path::PathBuf};

use clap::{
    ArgAction, Args, ValueEnum,
    builder::{OsStringValueParser, TypedValueParser as _},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, IntoDeserializer as _, SeqAccess, Visitor},
};

/// How much is said, and how.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct PrinterOptions {
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) quiet: bool,
    /// Say more; twice for every request
    #[arg(short, long, global = true, action = ArgAction::Count)]
    #[serde(skip_serializing_if = "is_zero")]
    pub(in crate::cli) verbose: u8,
    /// When to use colour [default: auto]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub(in crate::cli) color: Option<Color>,
    /// How log lines are written [default: text]
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

/// How lists and campaigns are asked for.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Platform")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct ApiOption {
    /// Version of the API that contact lists and campaigns are read with [default: v2]
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

/// Files of suppressed people.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Suppression")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct ExcludeFileOptions {
    /// Suppress the numbers in this file, of any format that is read; where it has an expiry column, until then
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) exclude_file: Vec<PathBuf>,
}

/// Lists and campaigns of the platform with suppressed people.
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
    /// Import although this many entries of these files, lists and campaigns are masked or unreadable [default: 0]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) allow_unreadable_suppressions: Option<u64>,
    /// Of campaigns, only those who were called, or whose call was completed; given twice, whom either names [default: any]
    #[arg(long, value_enum, value_name = "WHICH")]
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_several")]
    pub(in crate::cli) campaign_filter: Vec<FilterChoice>,
}

/// Contacts of a campaign; each choice has all those of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum FilterChoice {
    Any,
    Attempted,
    Completed,
}

/// How it is learned what the platform holds.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Existing contacts")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct ExistingOptions {
    /// Take what `fetch contacts` wrote instead of reading the platform
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) existing: Option<PathBuf>,
    /// How old the last reading may be to be relied on where the platform counts as many contacts, such as 90m or 7d; 0 for
    /// never [default: 24h]
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) existing_max_age: Option<String>,
    /// Read all existing contacts again
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) refresh: bool,
}

/// Where the journal is.
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
        // A variable that is set to nothing is not set.
        value_parser = OsStringValueParser::new().map(PathBuf::from)
    )]
    pub(in crate::cli) state_dir: Option<PathBuf>,
}

/// How files are read and rows are judged.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Reading")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct ReadingOptions {
    /// Region of numbers without a country, such as IN
    #[arg(long, value_name = "ISO2")]
    pub(in crate::cli) region: Option<String>,
    /// Sheet of a workbook, by name, or by its place from 1, hidden sheets included; a sheet with that name goes first [default: the first visible]
    #[arg(long, value_name = "NAME|N")]
    #[serde(deserialize_with = "text_or_number")]
    pub(in crate::cli) sheet: Option<String>,
    /// Delimiter of text files, one character or `tab` [default: found from the content]
    #[arg(long, value_name = "C")]
    pub(in crate::cli) delimiter: Option<String>,
    /// Format of all files [default: found from the content of each]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(in crate::cli) format: Option<FormatChoice>,
    /// Encoding of text files, such as windows-1252 [default: found from the content]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) encoding: Option<String>,
    /// Column of a field, by header or number: `phone=Mobile`; the fields are phone, first_name, last_name, full_name,
    /// salutation, country; `time_zone`, `unique_id` and `priority` go into an export
    #[arg(long, value_name = "FIELD=COLUMN")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) map: Vec<String>,
    /// The first row is data already
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) no_header: bool,
    /// Numbers to accept: assigned ones, or all of the right length [default: valid]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(in crate::cli) accept: Option<AcceptChoice>,
    /// Number types to accept, such as mobile,fixed-line [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) types: Vec<String>,
    /// Salutation of rows without one, or with one that is not known, such as Mr
    #[arg(long, value_name = "S")]
    pub(in crate::cli) default_salutation: Option<String>,
    /// Last name of rows without one
    #[arg(long, value_name = "S")]
    pub(in crate::cli) default_last_name: Option<String>,
    /// Full names that can be read in two ways: reject the row, or take the last word for the last name [default: strict]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(in crate::cli) split_names: Option<SplitNamesChoice>,
    /// Take numbers with an extension without it
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) drop_extensions: bool,
    /// Which of several rows with one number goes on [default: first]
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(in crate::cli) keep: Option<KeepChoice>,
    /// Rows that a sheet hides, by a filter or by hand: leave them out, or read them [default: skip]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(in crate::cli) hidden_rows: Option<HiddenRowsChoice>,
    /// Read rows although a column such as `Do Not Call` says not to call the person
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) ignore_do_not_call_column: bool,
    /// What values mean that the list writes in its own way; in the file only.
    #[arg(skip)]
    #[serde(skip_serializing_if = "ValueTables::is_empty")]
    pub(in crate::cli) values: ValueTables,
}

/// `[values.country]` and `[values.salutation]` of the file: a value, and what it means.
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum FormatChoice {
    #[value(alias = "tsv")]
    Csv,
    Json,
    Ndjson,
    Vcard,
    Xlsx,
    Xlsb,
    Xls,
    Ods,
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

/// Where the account is.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Platform")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct PlatformOptions {
    /// Address of the platform, such as `https://platform.kore.ai`
    #[arg(long, value_name = "URL", env = "ROLLCALL_HOST", hide_env_values = true)]
    pub(in crate::cli) host: Option<String>,
    /// The stream (bot) that the contacts belong to
    #[arg(long, value_name = "ID", env = "ROLLCALL_STREAM_ID", hide_env_values = true)]
    pub(in crate::cli) stream_id: Option<String>,
    /// The account
    #[arg(long, value_name = "ID", env = "ROLLCALL_ACCOUNT_ID", hide_env_values = true)]
    pub(in crate::cli) account_id: Option<String>,
    /// File with a ready token [env: ROLLCALL_TOKEN holds the token itself]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) token_file: Option<PathBuf>,
    /// Client id of the app that makes tokens
    #[arg(long, value_name = "ID", env = "ROLLCALL_CLIENT_ID", hide_env_values = true)]
    pub(in crate::cli) client_id: Option<String>,
    /// File with the app's client secret [env: ROLLCALL_CLIENT_SECRET holds the secret itself]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) client_secret_file: Option<PathBuf>,
    /// File with certificates, in PEM, of authorities to trust beside those of the system
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) ca_file: Option<PathBuf>,
    /// Use a local platform inside this process instead: no account needed
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) sandbox: bool,
}

/// How contacts are posted.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Posting")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct PostingOptions {
    /// Contacts in one request [default: 100]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) batch_size: Option<u32>,
    /// Do everything but post
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) dry_run: bool,
    /// Post nothing where more rows are rejected: a number, or a part of all rows such as 5% [default: any]
    #[arg(long, value_name = "N|N%")]
    #[serde(deserialize_with = "text_or_number")]
    pub(in crate::cli) max_rejected: Option<String>,
    /// How long to wait for another import to the account, such as 10m; 0 does not wait [default: until it is over]
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
    /// Requests a minute for the account, of which rollcall leaves up to 5 to other programs [default: 60]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) rate: Option<u32>,
    /// Requests an hour for the account, where that is limited too; up to 5 are left to other programs [default: no limit]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) rate_per_hour: Option<u32>,
    /// How long an answer may take [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub(in crate::cli) timeout: Option<u64>,
    /// How often a request is tried [default: 5]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_attempts: Option<u32>,
}

/// Where the files of a run go.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Output")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct OutputOptions {
    /// Folder for the run's files [default: rollcall-out/RUN]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Print report.json to standard output, too
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) json: bool,
    /// Replace the files of the run that is in that folder
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) overwrite: bool,
}

/// Whether a command prints JSON.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct JsonOption {
    /// As JSON, for programs
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) json: bool,
}

/// In which pages `fetch` reads.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct PageSizeOption {
    /// Contacts in a page [default: the most that is granted]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) page_size: Option<u64>,
}

/// Whether `watch` ends by itself.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct OnceOption {
    /// Handle what is there, then end
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) once: bool,
}

/// Where the contacts go beside the platform.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Output")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct ExportOptions {
    /// Write the contacts that are posted, or would be, to this file: .csv, .xlsx or .ndjson. One that exists is not touched
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) export: Option<PathBuf>,
    /// Columns of that file: those of the platform's contact import, those of its contact list upload, or the input's own with
    /// what rollcall made of them [default: contacts]
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

/// What becomes of the files of a watched folder.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Watching")]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct WatchOptions {
    /// How long a file must not have changed before it is taken [default: 5s]
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) settle: Option<String>,
    /// Take a file NAME when there is a file NAME.ready, and not before
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) ready_markers: bool,
    /// Take files whose names match, such as `*.csv` [default: all]
    #[arg(long, value_name = "GLOB")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) include: Vec<String>,
    /// Leave files whose names match
    #[arg(long, value_name = "GLOB")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) exclude: Vec<String>,
    /// Import a content again that was imported before
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(in crate::cli) reimport: bool,
    /// Take files at these times only, in the manner of cron, such as "0 2 * * MON-FRI"
    #[arg(long, value_name = "CRON")]
    pub(in crate::cli) schedule: Option<String>,
    /// Time zone of --schedule, such as Europe/Berlin [default: this machine's]
    #[arg(long, value_name = "ZONE")]
    pub(in crate::cli) time_zone: Option<String>,
    /// How long the import of a file may take [default: 12h]
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) time_limit: Option<String>,
    /// How much memory the import of a file may take, in MiB [default: 2048]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) memory_limit: Option<u64>,
    /// Remove what is in done, failed and reports after so many days [default: never]
    #[arg(long, value_name = "DAYS")]
    pub(in crate::cli) keep_days: Option<u32>,
    /// Show what is done at this port or address: a page, /healthz, /readyz and /metrics
    #[arg(long, value_name = "ADDR")]
    #[serde(deserialize_with = "text_or_number")]
    pub(in crate::cli) status: Option<String>,
    /// Run this program when a file has ended; given again, its arguments. No shell reads them
    #[arg(long, value_name = "CMD", allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) on_done: Vec<String>,
}

/// What the sandbox is like; in the file, these stand in a table `[sandbox-server]`.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::cli) struct SandboxOptions {
    /// Port on 127.0.0.1 [default: any that is free]
    #[arg(long, value_name = "PORT")]
    pub(in crate::cli) port: Option<u16>,
    /// The most contacts in a page [default: 100]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) page_cap: Option<u64>,
    /// Requests a minute [default: 60]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) rate_limit: Option<u32>,
    /// What becomes of a batch that holds a number which exists: reject-batch, skip or per-contact
    /// [default: reject-batch]
    #[arg(long, value_name = "HOW")]
    pub(in crate::cli) duplicates: Option<String>,
    /// Contacts to begin with: what `fetch contacts` writes, the platform's JSON, or any contact file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) seed: Option<PathBuf>,
    /// Region of the seed's national numbers
    #[arg(long, value_name = "ISO2")]
    pub(in crate::cli) region: Option<String>,
    /// A contact list: what `fetch list` writes, JSON, or a table with a column phoneNumber
    #[arg(long, value_name = "ID=FILE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) list: Vec<String>,
    /// A campaign: what `fetch campaign` writes, JSON, or a table with a column phoneNumber
    #[arg(long, value_name = "ID=FILE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) campaign: Vec<String>,
    /// Keep contacts and the client secret in this SQLite file across restarts; only you can read it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) data: Option<PathBuf>,
    /// Store every Nth batch without answering it, as a broken line would have it
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

/// `sheet = 2` and `sheet = "Leads"` are both natural in the file.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum TextOrNumber {
        Text(String),
        Number(u64),
    }
    Ok(Option::deserialize(deserializer)?.map(|value| match value {
        TextOrNumber::Text(text) => text,
        TextOrNumber::Number(number) => number.to_string(),
    }))
}

/// A list, or none or one of its values: earlier imports recorded that.
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
