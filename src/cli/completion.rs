//! `rollcall completions`: shell completions.
//!
//! The shell calls the program itself with [`VARIABLE`] set, so completions know the runs in the journal and the ids in
//! the settings.

use std::{
    env,
    ffi::OsString,
    io::{self, Write as _},
};

use clap::Command;
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCandidates, CompletionCandidate},
    env::Shells,
};

use super::{
    args::{self, CompletionsArgs, ExcludeOptions, StateOptions},
    config::{ConfigFiles, Given, profiles},
    error::exit,
    settings::open_journal,
};
use crate::journal::{Journal, RunRecord};

/// The environment variable with which the shell asks for completions.
const VARIABLE: &str = "ROLLCALL_COMPLETE";

/// Prints the completions if the shell asks for them. Returns `false` for an ordinary call, even if the variable is set
/// by mistake.
pub(super) fn complete(args: &[OsString]) -> Result<bool, clap::Error> {
    if env::var_os(VARIABLE).is_none() || args.get(1).is_none_or(|arg| arg != "--") {
        return Ok(false);
    }
    let folder = env::current_dir().ok();
    CompleteEnv::with_factory(command).var(VARIABLE).try_complete(args, folder.as_deref())
}

/// Prints the script that a shell has to read at its start.
pub(super) fn run(args: &CompletionsArgs) -> u8 {
    let mut script = Vec::new();
    let name = args.shell.name();
    // Writing to memory cannot fail.
    if let Some(shell) = Shells::builtins().completer(name) {
        _ = shell.write_registration(VARIABLE, "rollcall", "rollcall", "rollcall", &mut script);
    }
    // A closed pipe is not an error.
    _ = io::stdout().write_all(&script);
    exit::OK
}

/// Returns the command line parser with the values that can be completed.
fn command() -> Command {
    let lists = || ids(|options| options.exclude_list);
    let campaigns = || ids(|options| options.exclude_campaign);
    let lists_and_campaigns = || ids(|options| [options.exclude_list, options.exclude_campaign].concat());
    let names = || profiles().into_iter().map(CompletionCandidate::new).collect();
    let mut command = with(args::command(), &[], "profile", names);
    command = with(command, &["resume"], "run", || runs(|run| run.closed_at.is_none()));
    command = with(command, &["runs", "discard"], "runs", || runs(|run| run.closed_at.is_none()));
    command = with(command, &["purge"], "run", || runs(|_| true));
    command = with(command, &["doctor"], "list", lists);
    command = with(command, &["doctor"], "campaign", campaigns);
    with(command, &["fetch"], "id", lists_and_campaigns)
}

/// Adds the candidates for an argument of a subcommand.
fn with(
    command: Command,
    path: &[&str],
    id: &'static str,
    candidates: impl Fn() -> Vec<CompletionCandidate> + Send + Sync + 'static,
) -> Command {
    match path.split_first() {
        Some((name, rest)) => command.mut_subcommand(*name, |command| with(command, rest, id, candidates)),
        None => command.mut_arg(id, |arg| arg.add(ArgValueCandidates::new(candidates))),
    }
}

/// Returns the runs in the journal, the latest first. Creates no journal.
fn runs(is_wanted: impl Fn(&RunRecord) -> bool) -> Vec<CompletionCandidate> {
    let of_environment = env::var_os("ROLLCALL_STATE_DIR").filter(|folder| !folder.is_empty());
    let of_settings = || settings()?.under(&StateOptions::default()).ok()?.state_dir;
    let folder = of_environment.map(Into::into).or_else(of_settings).or_else(Journal::default_folder);
    let Some(folder) = folder.filter(|folder| Journal::exists(folder)) else { return Vec::new() };
    let runs = open_journal(Some(folder)).and_then(|journal| Ok(journal.runs()?)).unwrap_or_default();
    runs.iter().filter(|run| is_wanted(run)).map(|run| CompletionCandidate::new(&run.id)).collect()
}

/// Returns ids that the settings suppress.
fn ids(of: impl Fn(ExcludeOptions) -> Vec<String>) -> Vec<CompletionCandidate> {
    let options = settings().and_then(|config| config.under(&ExcludeOptions::default()).ok());
    options.map(of).unwrap_or_default().into_iter().map(CompletionCandidate::new).collect()
}

fn settings() -> Option<ConfigFiles> {
    let profile = env::var("ROLLCALL_PROFILE").ok();
    ConfigFiles::load(None, profile.as_deref(), Given::default()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_completed_argument_exists() {
        // `mut_arg` panics for an argument that does not exist, and clap checks the whole.
        command().debug_assert();
    }
}
