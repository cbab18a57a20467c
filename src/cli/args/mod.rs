//! The command line as it is typed: the commands, and the options of each.
//!
//! `rollcall.toml` is read into the same structs, so an option has one name everywhere.

mod options;
mod switches;

use std::{path::PathBuf, sync::LazyLock};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

pub(super) use self::{
    options::{
        AcceptChoice, ApiChoice, ApiOption, Color, ExcludeFileOptions, ExcludeOptions, ExistingOptions,
        ExportLayoutChoice, ExportOptions, FilterChoice, FormatChoice, HiddenRowsChoice, JsonOption,
        KeepChoice, LogFormat, OnceOption, OutputOptions, PageSizeOption, PlatformOptions, PostingOptions,
        PrinterOptions, ReadingOptions, RequestOptions, SandboxOptions, SplitNamesChoice, StateOptions,
        ValueTables, WatchOptions,
    },
    switches::switched_off,
};
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

/// Options that are typed only, each with the reason.
pub(super) const TYPED_ONLY: [(&str, &str); 11] = [
    ("config", "it names the file itself"),
    ("help", "it prints a text and ends"),
    ("version", "it prints a text and ends"),
    ("output", "it names the one file that a `fetch` writes"),
    ("list", "it names what one `doctor` tries; the lists of the sandbox stand in [sandbox-server]"),
    ("campaign", "it names what one `doctor` tries; the campaigns of the sandbox stand in [sandbox-server]"),
    ("number", "it says what one `purge` removes"),
    ("older-than", "it says what one `purge` removes"),
    ("account", "it says what one `purge` removes"),
    ("run", "it says what one `purge` removes"),
    ("all", "it says what one `purge` removes"),
];

/// Whether an option can stand in a settings file.
pub(super) fn can_stand_in_file(name: &str) -> bool {
    TYPED_ONLY.iter().all(|(typed_only, _)| *typed_only != name)
}

/// The command line, as it is read.
pub(super) fn command() -> clap::Command {
    switches::with_opposites(Cli::command(), can_stand_in_file).args_override_self(true)
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read, normalize, deduplicate, report; no network and no account needed
    Check(CheckArgs),
    /// What became of a row, step by step: its cells, what each became and why, and what helps
    Explain(ExplainArgs),
    /// The same as `check`, then post what the platform does not hold yet
    Import(Box<ImportArgs>),
    /// Finish an import that was interrupted; running the same `import` again does the same
    Resume(ResumeArgs),
    /// Import files that are dropped into a folder, each content once
    #[cfg(unix)]
    Watch(Box<WatchArgs>),
    /// Imports one file for `watch`, which says on standard input what to do
    #[cfg(unix)]
    #[command(hide = true)]
    WatchImport,
    /// Read a workbook for another process of the program
    #[cfg(unix)]
    #[command(hide = true)]
    ReadWorkbook {
        /// Which family of workbooks it is of
        family: String,
        /// The size of the file that it comes from
        bytes: u64,
    },
    /// Past imports and how they ended
    Runs(RunsArgs),
    /// Remove personal data from the journal: by age, account, run, or of one person
    Purge(PurgeArgs),
    /// Write what the platform holds, all pages of it
    Fetch(Box<FetchArgs>),
    /// Check settings, credentials and the platform; posts nothing
    Doctor(Box<DoctorArgs>),
    /// A local platform: the documented API with its rules and its rate limit
    Sandbox(SandboxArgs),
    /// An empty list with the right header, to fill in
    Template(TemplateArgs),
}

impl Command {
    /// Whether the command says at its start which settings files it uses.
    pub(super) fn names_its_settings(&self) -> bool {
        #[cfg(unix)]
        if matches!(self, Self::Watch(_)) {
            return true;
        }
        matches!(self, Self::Check(_) | Self::Explain(_) | Self::Import(_) | Self::Fetch(_))
    }
}

#[derive(Debug, Args)]
pub(super) struct GlobalArgs {
    /// Read options from this file only [default: rollcall.toml in the config folder; reading and suppression options also from
    /// ./rollcall.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) printer: PrinterOptions,
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
    #[command(flatten)]
    pub(super) export: ExportOptions,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// File to read; `-` for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Rows to explain: the number that a spreadsheet shows, or the line on which the row begins
    #[arg(required = true, value_name = "ROW", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) rows: Vec<u64>,
    #[command(flatten)]
    pub(super) json: JsonOption,
    #[command(flatten)]
    pub(super) reading: ReadingOptions,
}

#[derive(Debug, Args)]
pub(super) struct TemplateArgs {
    /// File to write, .csv or .xlsx; `-` for CSV on standard output. One that exists is not touched
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

/// The options that `import` and `watch` share.
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
    /// Files to read (CSV, XLSX, XLSB, XLS, ODS, JSON, vCard, also packed); `-` for standard input
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
    #[command(flatten)]
    pub(super) page_size: PageSizeOption,
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
    Xlsx,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// A contact list to try, by its id
    #[arg(long, value_name = "ID")]
    pub(super) list: Option<String>,
    /// A campaign to try, by its id
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
pub(super) struct ResumeArgs {
    /// The import to finish, as `rollcall runs` names it [default: the latest that is not finished]
    #[arg(value_name = "RUN")]
    pub(super) run: Option<String>,
    /// Post without asking
    #[arg(short, long)]
    pub(super) yes: bool,
    /// Print report.json to standard output, too
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) state: StateOptions,
}

#[cfg(unix)]
#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// Folder to watch [default: those of the tables `[[watch]]` in rollcall.toml]
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
pub(super) struct RunsArgs {
    #[command(flatten)]
    pub(super) json: JsonOption,
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

#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    #[command(flatten)]
    pub(super) options: SandboxOptions,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }
}
