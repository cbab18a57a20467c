//! The command line as it is typed: every option once, with its help text.
//!
//! The same structs are read from `rollcall.toml`, so that an option has one name everywhere.

use std::{path::PathBuf, sync::LazyLock};

use clap::{
    ArgAction, Args, Parser, Subcommand, ValueEnum,
    builder::{OsStringValueParser, TypedValueParser as _},
};
use serde::{Deserialize, Deserializer, Serialize};

use crate::normalize::phone::METADATA_VERSION;

/// The program's own version, and that of the numbering plans in it.
static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{}, numbering plans {METADATA_VERSION}", env!("CARGO_PKG_VERSION")));

/// Gets a list of people from a spreadsheet onto an outbound-calling platform, without a single double.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version = VERSION.as_str(), max_term_width = 100, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read, normalize, deduplicate, report; no network and no account needed
    Check(CheckArgs),
    /// The same, then post what the platform does not hold yet
    Import(Box<ImportArgs>),
    /// Finish an import that was interrupted; running the same `import` again does the same
    Resume(ResumeArgs),
    /// Past imports and how they ended
    Runs(RunsArgs),
    /// Remove personal data from the journal: by age, account, run, or of one person
    Purge(PurgeArgs),
    /// Write what the platform holds, all pages of it
    Fetch(Box<FetchArgs>),
    /// Look whether settings, credentials and the platform are fit for an import; posts nothing
    Doctor(Box<DoctorArgs>),
    /// A local platform: the documented API with its rules and its rate limit
    Sandbox(SandboxArgs),
    /// An empty list with the right header, to fill in
    Template(TemplateArgs),
}

#[derive(Debug, Args)]
pub(super) struct GlobalArgs {
    /// Options from this file instead of ./rollcall.toml or the user's config folder
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) talk: TalkOptions,
}

/// How much is said, and how.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct TalkOptions {
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    #[serde(skip_serializing_if = "is_false")]
    pub(super) quiet: bool,
    /// Say more; twice for every request
    #[arg(short, long, global = true, action = ArgAction::Count)]
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) verbose: u8,
    /// When to use colour [default: auto]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub(super) color: Option<Color>,
    /// How log lines are written [default: text]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub(super) log_format: Option<LogFormat>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LogFormat {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Files to read (CSV, XLSX, XLSB, XLS, ODS, JSON, vCard, also packed); `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) reading: ReadingOptions,
    #[command(flatten)]
    pub(super) exclude: ExcludeFileOptions,
    #[command(flatten)]
    pub(super) output: OutputOptions,
}

#[derive(Debug, Args)]
pub(super) struct TemplateArgs {
    /// File to write, .csv or .xlsx; `-` for CSV on standard output. One that exists is not touched
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Files to read (CSV, XLSX, XLSB, XLS, ODS, JSON, vCard, also packed); `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) reading: ReadingOptions,
    #[command(flatten)]
    pub(super) platform: PlatformOptions,
    #[command(flatten)]
    pub(super) posting: PostingOptions,
    #[command(flatten)]
    pub(super) requests: RequestOptions,
    #[command(flatten)]
    pub(super) exclude_files: ExcludeFileOptions,
    #[command(flatten)]
    pub(super) exclude: ExcludeOptions,
    #[command(flatten)]
    pub(super) api: ApiOption,
    #[command(flatten)]
    pub(super) existing: ExistingOptions,
    #[command(flatten)]
    pub(super) output: OutputOptions,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FetchKind {
    /// All contacts of the stream
    Contacts,
    /// The contacts of a contact list, by its id
    List,
    /// The contacts of a voice campaign, by its id, with what became of their calls
    Campaign,
}

#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    /// What to write
    #[arg(value_enum)]
    pub(super) what: FetchKind,
    /// The contact list or campaign
    #[arg(value_name = "ID")]
    pub(super) id: Option<String>,
    /// File to write; it appears when everything was read [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Format to write [default: by the file's ending, else csv]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) format: Option<FetchFormat>,
    /// Contacts in a page [default: the most that is granted]
    #[arg(long, value_name = "N")]
    pub(super) page_size: Option<u64>,
    #[command(flatten)]
    pub(super) api: ApiOption,
    /// Region of numbers without any country code, such as IN
    #[arg(long, value_name = "ISO2")]
    pub(super) region: Option<String>,
    #[command(flatten)]
    pub(super) platform: PlatformOptions,
    #[command(flatten)]
    pub(super) requests: RequestOptions,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FetchFormat {
    Csv,
    Json,
    Ndjson,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// A contact list to try, by its id
    #[arg(long, value_name = "ID")]
    pub(super) list: Option<String>,
    /// A campaign to try, by its id
    #[arg(long, value_name = "ID")]
    pub(super) campaign: Option<String>,
    /// As JSON, for programs
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) platform: PlatformOptions,
    #[command(flatten)]
    pub(super) requests: RequestOptions,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

/// How lists and campaigns are asked for.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Platform")]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct ApiOption {
    /// Version of the API that contact lists and campaigns are read with [default: v2]
    #[arg(long, value_enum, value_name = "VERSION")]
    pub(super) api: Option<ApiChoice>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ApiChoice {
    V1,
    #[default]
    V2,
}

/// Files of people who are left out.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Leaving people out")]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct ExcludeFileOptions {
    /// Leave out the numbers of this file, of any kind that is read; where it has an expiry column, until then
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) exclude_file: Vec<PathBuf>,
}

/// People on the platform who are left out.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Leaving people out")]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct ExcludeOptions {
    /// Leave out the contacts of this contact list
    #[arg(long, value_name = "ID")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) exclude_list: Vec<String>,
    /// Leave out the contacts of this campaign
    #[arg(long, value_name = "ID")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) exclude_campaign: Vec<String>,
    /// Go on although so many entries of these files, lists and campaigns cannot be read, or are masked [default: 0]
    #[arg(long, value_name = "N")]
    pub(super) allow_unreadable_suppressions: Option<u64>,
    /// Of campaigns, only those who were called, or whose call was completed [default: any]
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(super) campaign_filter: Option<FilterChoice>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FilterChoice {
    #[default]
    Any,
    Attempted,
    Completed,
}

/// How it is learned what the platform holds.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Existing contacts")]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct ExistingOptions {
    /// Take what `fetch contacts` wrote instead of reading the platform
    #[arg(long, value_name = "FILE")]
    pub(super) existing: Option<PathBuf>,
    /// How old the last reading may be to be relied on where the platform counts as many contacts, such as 90m or 7d; 0 for
    /// never [default: 24h]
    #[arg(long, value_name = "TIME")]
    pub(super) existing_max_age: Option<String>,
    /// Read all existing contacts anew
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(super) refresh: bool,
}

#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    /// The import to finish, as `rollcall runs` names it [default: the latest that is not finished]
    #[arg(value_name = "RUN")]
    pub(super) run: Option<String>,
    /// Post without asking
    #[arg(short, long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[derive(Debug, Args)]
pub(super) struct RunsArgs {
    /// As JSON, for programs
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true).args(["number", "older_than", "account", "run", "all"])))]
pub(super) struct PurgeArgs {
    /// One person's contacts, by the whole number, such as +919876543210
    #[arg(long, value_name = "NUMBER")]
    pub(super) number: Option<String>,
    /// What came to its end longer ago, such as 30d
    #[arg(long, value_name = "TIME")]
    pub(super) older_than: Option<String>,
    /// What is of this account
    #[arg(long, value_name = "ID")]
    pub(super) account: Option<String>,
    /// What is of this run
    #[arg(long, value_name = "RUN")]
    pub(super) run: Option<String>,
    /// Everything
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

/// Where the journal is.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Output")]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct StateOptions {
    /// Folder of the journal, on a local disk [default: rollcall in the user's state folder]
    #[arg(
        long,
        value_name = "DIR",
        env = "ROLLCALL_STATE_DIR",
        hide_env_values = true,
        // A variable that is set to nothing is not set.
        value_parser = OsStringValueParser::new().map(PathBuf::from)
    )]
    pub(super) state_dir: Option<PathBuf>,
}

/// How files are read and rows are judged.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Reading")]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct ReadingOptions {
    /// Region of numbers without a country, such as IN
    #[arg(long, value_name = "ISO2")]
    pub(super) region: Option<String>,
    /// Sheet of a workbook, by name or number [default: the first]
    #[arg(long, value_name = "NAME|N")]
    #[serde(deserialize_with = "text_or_number")]
    pub(super) sheet: Option<String>,
    /// Delimiter of text files, one character or `tab` [default: found from the content]
    #[arg(long, value_name = "C")]
    pub(super) delimiter: Option<String>,
    /// Format of all files [default: found from the content of each]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) format: Option<FormatChoice>,
    /// Encoding of text files, such as windows-1252 [default: found from the content]
    #[arg(long, value_name = "NAME")]
    pub(super) encoding: Option<String>,
    /// Column of a field, by header or number: `phone=Mobile`; the fields are phone, first_name, last_name, full_name,
    /// salutation, country
    #[arg(long, value_name = "FIELD=COLUMN")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) map: Vec<String>,
    /// The first row is data already
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(super) no_header: bool,
    /// Numbers to accept: assigned ones, or all of the right length [default: valid]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(super) accept: Option<AcceptChoice>,
    /// Number types to accept, such as mobile,fixed-line [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) types: Vec<String>,
    /// Salutation of rows without one, or with one that is not known, such as Mr
    #[arg(long, value_name = "S")]
    pub(super) default_salutation: Option<String>,
    /// Last name of rows without one
    #[arg(long, value_name = "S")]
    pub(super) default_last_name: Option<String>,
    /// Full names that can be read in two ways: reject the row, or take the last word for the last name [default: strict]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(super) split_names: Option<SplitNamesChoice>,
    /// Take numbers with an extension without it
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(super) drop_extensions: bool,
    /// Which of several rows with one number goes on [default: first]
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(super) keep: Option<KeepChoice>,
    /// Rows that a sheet hides, by a filter or by hand: leave them out, or read them [default: skip]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(super) hidden_rows: Option<HiddenRowsChoice>,
    /// Read rows although a column such as `Do Not Call` says not to call the person
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(super) ignore_do_not_call_column: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SplitNamesChoice {
    #[default]
    Strict,
    LastWord,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum HiddenRowsChoice {
    #[default]
    Skip,
    Include,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FormatChoice {
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
pub(super) enum AcceptChoice {
    #[default]
    Valid,
    Possible,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeepChoice {
    #[default]
    First,
    Last,
}

/// Where the account is.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Platform")]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct PlatformOptions {
    /// Address of the platform, such as `https://platform.kore.ai`
    #[arg(long, value_name = "URL", env = "ROLLCALL_HOST", hide_env_values = true)]
    pub(super) host: Option<String>,
    /// The stream (bot) that the contacts belong to
    #[arg(long, value_name = "ID", env = "ROLLCALL_STREAM_ID", hide_env_values = true)]
    pub(super) stream_id: Option<String>,
    /// The account
    #[arg(long, value_name = "ID", env = "ROLLCALL_ACCOUNT_ID", hide_env_values = true)]
    pub(super) account_id: Option<String>,
    /// File with a ready token [env: ROLLCALL_TOKEN holds the token itself]
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// Client id of the app that makes tokens
    #[arg(long, value_name = "ID", env = "ROLLCALL_CLIENT_ID", hide_env_values = true)]
    pub(super) client_id: Option<String>,
    /// File with the app's client secret [env: ROLLCALL_CLIENT_SECRET holds the secret itself]
    #[arg(long, value_name = "FILE")]
    pub(super) client_secret_file: Option<PathBuf>,
    /// File with certificates, in PEM, of authorities to trust beside those of the system
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
    /// Use a local platform inside this process instead: no account needed
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(super) sandbox: bool,
}

/// How contacts are posted.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Posting")]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct PostingOptions {
    /// Contacts in one request [default: 100]
    #[arg(long, value_name = "N")]
    pub(super) batch_size: Option<u32>,
    /// Do everything but post
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(super) dry_run: bool,
    /// Post without asking
    #[arg(short, long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(super) yes: bool,
}

/// How requests are made.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Requests")]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct RequestOptions {
    /// Requests a minute for the account [default: 60]
    #[arg(long, value_name = "N")]
    pub(super) rate: Option<u32>,
    /// Requests an hour for the account, where that is limited too [default: no limit]
    #[arg(long, value_name = "N")]
    pub(super) rate_per_hour: Option<u32>,
    /// How long an answer may take [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub(super) timeout: Option<u64>,
    /// How often a request is tried [default: 5]
    #[arg(long, value_name = "N")]
    pub(super) max_attempts: Option<u32>,
}

/// Where the files of a run go.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Output")]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct OutputOptions {
    /// Folder for the run's files [default: rollcall-out/RUN]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    #[command(flatten)]
    pub(super) options: SandboxOptions,
}

/// What the sandbox is like; in the file, these stand in a table `[sandbox-server]`.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct SandboxOptions {
    /// Port on 127.0.0.1 [default: any that is free]
    #[arg(long, value_name = "PORT")]
    pub(super) port: Option<u16>,
    /// The most contacts in a page [default: 100]
    #[arg(long, value_name = "N")]
    pub(super) page_cap: Option<u64>,
    /// Requests a minute [default: 60]
    #[arg(long, value_name = "N")]
    pub(super) rate_limit: Option<u32>,
    /// What becomes of a batch that holds a number which exists: reject-batch, skip or per-contact
    /// [default: reject-batch]
    #[arg(long, value_name = "HOW")]
    pub(super) duplicates: Option<String>,
    /// Contacts to begin with: the platform's JSON, or any contact file
    #[arg(long, value_name = "FILE")]
    pub(super) seed: Option<PathBuf>,
    /// Region of the seed's national numbers
    #[arg(long, value_name = "ISO2")]
    pub(super) region: Option<String>,
    /// A contact list: JSON, or CSV with a column phoneNumber
    #[arg(long, value_name = "ID=FILE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) list: Vec<String>,
    /// A campaign: JSON, or CSV with a column phoneNumber
    #[arg(long, value_name = "ID=FILE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) campaign: Vec<String>,
    /// Keep contacts in this SQLite file across restarts
    #[arg(long, value_name = "FILE")]
    pub(super) data: Option<PathBuf>,
    /// Store every Nth batch without answering it, as a broken line would have it
    #[arg(long, value_name = "N")]
    pub(super) drop_every: Option<u64>,
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
