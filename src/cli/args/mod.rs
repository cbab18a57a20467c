//! The command line as typed: the commands and their options.
//!
//! `rollcall.toml` is read into the same structs, so an option has the same name in both places.

mod examples;
mod options;
mod short_help;
mod switches;

use std::{path::PathBuf, sync::LazyLock};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

pub(super) use self::{
    options::{
        AcceptChoice, ApiChoice, ApiOption, Color, ExcludeFileOptions, ExcludeOptions, ExistingOptions,
        ExportLayoutChoice, ExportOptions, FilterChoice, HiddenRowsChoice, JsonOption, KeepChoice, LogFormat,
        MappingTable, OnceOption, OutputOptions, PageSizeOption, PlatformOptions, PostingOptions,
        PrinterOptions, ReadingOptions, RequestOptions, SandboxOptions, SplitNamesChoice, StateOptions,
        ValueTables, WatchOptions,
    },
    switches::{opposite, switched_off},
};
use super::error::exit;
use crate::normalize::phone::METADATA_VERSION;

/// The version of the program and of its numbering plans.
static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{}, numbering plans {METADATA_VERSION}", env!("CARGO_PKG_VERSION")));

/// Import contact lists into an outbound-calling platform, without creating duplicates.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version = VERSION.as_str(), max_term_width = 100, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options that exist only on the command line, each with the reason.
pub(super) const TYPED_ONLY: [(&str, &str); 17] = [
    ("config", "it names the file itself"),
    ("profile", "it selects a table such as [profile.staging]"),
    ("no-check", "it applies to one call of `init`"),
    ("help", "it prints a text and exits"),
    ("version", "it prints a text and exits"),
    ("output", "it names the one file that a `fetch` writes"),
    (
        "list",
        "it names the list that one `doctor` run tries; lists of the sandbox belong in [sandbox-server]",
    ),
    (
        "campaign",
        "it names the campaign that one `doctor` run tries; campaigns of the sandbox belong in [sandbox-server]",
    ),
    ("like", "it names a part of the list that one `normalize` reads"),
    ("with-keys", "the program that reads the rows needs it"),
    ("only-results", "the program that reads the rows needs it"),
    ("as", "it says what one `normalize` reads"),
    ("number", "it selects what one `purge` removes"),
    ("older-than", "it selects what one `purge` removes"),
    ("account", "it selects what one `purge` removes"),
    ("run", "it selects what one `purge` removes"),
    ("all", "it selects what one `purge` removes"),
];

/// Tests whether a settings file can set the option.
pub(super) fn can_stand_in_file(name: &str) -> bool {
    TYPED_ONLY.iter().all(|(typed_only, _)| *typed_only != name)
}

/// Builds the command line parser.
pub(super) fn command() -> clap::Command {
    let command = switches::with_opposites(Cli::command(), can_stand_in_file);
    let command = examples::with_examples(short_help::with_common_only(command));
    let exit_codes = exit::ALL.map(|(code, meaning, _)| {
        let begin = format!("  {code:<13}  ");
        let indent = " ".repeat(begin.len());
        let options = textwrap::Options::new(80).initial_indent(&begin).subsequent_indent(&indent);
        format!("\n{}", textwrap::fill(&meaning.replace('`', ""), options))
    });
    let exit_codes = exit_codes.concat();
    let text = command.get_after_help().map(|help| format!("\n\n{help}")).unwrap_or_default();
    command.after_long_help(format!("Exit codes:{exit_codes}{text}")).args_override_self(true)
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read, normalize, deduplicate and report; needs no network and no account
    Check(CheckArgs),
    /// Explain the result of a row: its cells, how each was read, and what to change
    Explain(ExplainArgs),
    /// Pass the rows of a list on while it is written, with the number, names and outcome of each
    Normalize(NormalizeArgs),
    /// Check the files, then post the contacts that the platform does not have yet
    Import(Box<ImportArgs>),
    /// Finish an interrupted import; running the same `import` again has the same effect
    Resume(ResumeArgs),
    /// Import files dropped into a folder, each content once
    #[cfg(unix)]
    Watch(Box<WatchArgs>),
    /// Import one file for `watch`, with the settings on standard input
    #[cfg(unix)]
    #[command(hide = true)]
    WatchImport,
    /// Read a workbook for another process of the program
    #[cfg(unix)]
    #[command(hide = true)]
    ReadWorkbook {
        /// Family of the workbook
        family: String,
        /// Size of the file that the workbook comes from
        bytes: u64,
    },
    /// List past imports and how they ended, or discard unfinished ones
    Runs(RunsArgs),
    /// Remove personal data from the journal, by person, age, account or run
    Purge(PurgeArgs),
    /// Write all contacts that the platform has
    Fetch(Box<FetchArgs>),
    /// Ask for the account's settings, check them, and write rollcall.toml
    Init(Box<InitArgs>),
    /// Show the options in force, and where each value comes from
    Config(Box<ConfigArgs>),
    /// Check settings, credentials and platform before an import; posts nothing
    Doctor(Box<DoctorArgs>),
    /// Run a local platform with the documented API, its rules and its rate limit
    Sandbox(SandboxArgs),
    /// Write an empty list with the right header, to fill in
    Template(TemplateArgs),
    /// Print the completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write the pages of all commands
    Man(ManArgs),
}

impl Command {
    /// Returns whether the command prints the settings files it uses when it starts.
    pub(super) fn names_its_settings(&self) -> bool {
        #[cfg(unix)]
        if matches!(self, Self::Watch(_)) {
            return true;
        }
        matches!(
            self,
            Self::Check(_) | Self::Explain(_) | Self::Normalize(_) | Self::Import(_) | Self::Fetch(_)
        )
    }
}

#[derive(Debug, Args)]
pub(super) struct GlobalArgs {
    /// Read options from this file only; `init` writes it [default: rollcall.toml in the config folder; reading and suppression options
    /// also from ./rollcall.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Use the options of the table [profile.NAME] in the settings file, too
    #[arg(long, global = true, value_name = "NAME", env = "ROLLCALL_PROFILE", hide_env_values = true)]
    pub(super) profile: Option<String>,
    #[command(flatten)]
    pub(super) printer: PrinterOptions,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Files to read (CSV, Excel, ODS, JSON, vCard, HTML and XML tables, also compressed); `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) reading: ReadingOptions,
    #[command(flatten)]
    pub(super) exclude: ExcludeFileOptions,
    #[command(flatten)]
    pub(super) output: OutputOptions,
    #[command(flatten)]
    pub(super) export: ExportOptions,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum NormalizeAs {
    /// A list of people
    #[default]
    List,
    /// A suppression list: its numbers come out
    Suppressions,
    /// Existing contacts, as `fetch contacts` wrote them: their numbers come out
    Contacts,
}

#[derive(Debug, Args)]
pub(super) struct NormalizeArgs {
    /// What the list is
    #[arg(long = "as", value_enum, value_name = "WHAT", default_value_t)]
    pub(super) what: NormalizeAs,
    /// Read the columns like those of this list, which has the same header, instead of waiting for the first rows
    #[arg(long, value_name = "FILE")]
    pub(super) like: Option<PathBuf>,
    /// Add the columns that a program needs to deduplicate and to report
    #[arg(long)]
    pub(super) with_keys: bool,
    /// Omit the list's own columns
    #[arg(long)]
    pub(super) only_results: bool,
    #[command(flatten)]
    pub(super) reading: ReadingOptions,
    #[command(flatten)]
    pub(super) exclude: ExcludeFileOptions,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// File to read; `-` for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Rows to explain: the spreadsheet's row number, or the line on which the row begins
    #[arg(required = true, value_name = "ROW", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) rows: Vec<u64>,
    #[command(flatten)]
    pub(super) json: JsonOption,
    #[command(flatten)]
    pub(super) reading: ReadingOptions,
}

#[derive(Debug, Args)]
pub(super) struct TemplateArgs {
    /// File to write, .csv or .xlsx; `-` for CSV on standard output. An existing file is not overwritten
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

impl Shell {
    /// Returns the shell's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Elvish => "elvish",
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Shell that reads the output when it starts
    #[arg(value_enum)]
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Command to describe [default: rollcall itself]
    #[arg(value_name = "COMMAND")]
    pub(super) command: Option<String>,
    /// Write the pages of all commands to this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub(super) out: Option<PathBuf>,
}

/// The options shared by `import` and `watch`.
#[derive(Debug, Default, Args)]
pub(super) struct ImportOptions {
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
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Files to read (CSV, Excel, ODS, JSON, vCard, HTML and XML tables, also compressed); `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) import: ImportOptions,
    #[command(flatten)]
    pub(super) output: OutputOptions,
    #[command(flatten)]
    pub(super) export: ExportOptions,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FetchKind {
    /// All contacts of the stream
    Contacts,
    /// The contacts of a contact list, by id
    List,
    /// The contacts of a voice campaign, by id, with the results of their calls
    Campaign,
}

#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    /// What to read
    #[arg(value_enum)]
    pub(super) what: FetchKind,
    /// Id of the contact list or campaign
    #[arg(value_name = "ID")]
    pub(super) id: Option<String>,
    /// File to write; it appears once everything is read [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Format to write [default: from the file's extension, else csv]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) format: Option<FetchFormat>,
    #[command(flatten)]
    pub(super) page_size: PageSizeOption,
    #[command(flatten)]
    pub(super) api: ApiOption,
    /// Region of numbers without a country code, such as IN, UK or Germany
    #[arg(long, value_name = "REGION")]
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
    Xlsx,
}

/// The answers are options, so that scripts can give them.
#[derive(Debug, Default, Args)]
pub(super) struct InitArgs {
    /// Address of the platform, such as `https://platform.kore.ai`
    #[arg(long, value_name = "URL", env = "ROLLCALL_HOST", hide_env_values = true)]
    pub(super) host: Option<String>,
    /// Stream (bot) that the contacts belong to
    #[arg(long, value_name = "ID", env = "ROLLCALL_STREAM_ID", hide_env_values = true)]
    pub(super) stream_id: Option<String>,
    /// Account id
    #[arg(long, value_name = "ID", env = "ROLLCALL_ACCOUNT_ID", hide_env_values = true)]
    pub(super) account_id: Option<String>,
    /// Client id of the app that issues tokens
    #[arg(long, value_name = "ID", env = "ROLLCALL_CLIENT_ID", hide_env_values = true)]
    pub(super) client_id: Option<String>,
    /// File with the app's client secret
    #[arg(long, value_name = "FILE")]
    pub(super) client_secret_file: Option<PathBuf>,
    /// File with a ready token, instead of an app
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// Region of numbers without a country code, such as IN, UK or Germany
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// Salutation for rows without a known one, such as Mr
    #[arg(long, value_name = "S")]
    pub(super) default_salutation: Option<String>,
    /// Ask nothing: take the options, the environment and the present file as answers, and write the file if the checks
    /// pass
    #[arg(short, long)]
    pub(super) yes: bool,
    /// Write the file without checking the settings
    #[arg(long)]
    pub(super) no_check: bool,
}

#[derive(Debug, Default, Args)]
pub(super) struct DoctorArgs {
    /// Contact list to try, by id
    #[arg(long, value_name = "ID")]
    pub(super) list: Option<String>,
    /// Campaign to try, by id
    #[arg(long, value_name = "ID")]
    pub(super) campaign: Option<String>,
    #[command(flatten)]
    pub(super) json: JsonOption,
    #[command(flatten)]
    pub(super) platform: PlatformOptions,
    #[command(flatten)]
    pub(super) requests: RequestOptions,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(flatten)]
    pub(super) json: JsonOption,
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
    pub(super) export: ExportOptions,
    #[command(flatten)]
    pub(super) watch: WatchOptions,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    /// Run to finish, as listed by `rollcall runs` [default: the latest unfinished one]
    #[arg(value_name = "RUN")]
    pub(super) run: Option<String>,
    /// Post without asking
    #[arg(short, long)]
    pub(super) yes: bool,
    /// Also print report.json to standard output
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[cfg(unix)]
#[derive(Debug, Default, Args)]
pub(super) struct WatchArgs {
    /// Folder to watch [default: those in the `[[watch]]` tables of rollcall.toml]
    #[arg(value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) once: OnceOption,
    #[command(flatten)]
    pub(super) watch: WatchOptions,
    #[command(flatten)]
    pub(super) import: ImportOptions,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct RunsArgs {
    #[command(subcommand)]
    pub(super) action: Option<RunsAction>,
    #[command(flatten)]
    pub(super) json: JsonOption,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[derive(Debug, Subcommand)]
pub(super) enum RunsAction {
    /// Close unfinished imports that you will not resume
    Discard(DiscardArgs),
}

#[derive(Debug, Args)]
pub(super) struct DiscardArgs {
    /// Unfinished runs, as listed by `rollcall runs`
    #[arg(required = true, value_name = "RUN")]
    pub(super) runs: Vec<String>,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true).args(["number", "older_than", "account", "run", "all"])))]
pub(super) struct PurgeArgs {
    /// Contacts of one person, by the full number, such as +919876543210
    #[arg(long, value_name = "NUMBER")]
    pub(super) number: Option<String>,
    /// Data of runs that ended longer ago, such as 30d
    #[arg(long, value_name = "TIME")]
    pub(super) older_than: Option<String>,
    /// Data of this account
    #[arg(long, value_name = "ID")]
    pub(super) account: Option<String>,
    /// Data of this run
    #[arg(long, value_name = "RUN")]
    pub(super) run: Option<String>,
    /// All data
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    #[command(flatten)]
    pub(super) options: SandboxOptions,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_passes_claps_own_checks() {
        command().debug_assert();
    }
}
