//! `rollcall runs`

use std::{
    collections::HashSet,
    fmt::Write as _,
    io::{self, Write as _},
    path::PathBuf,
};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use super::{
    args::{DiscardArgs, RunsAction, RunsArgs},
    config::ConfigFiles,
    error::CliError,
    import::StoredImport,
    printer::Printer,
    settings::open_journal,
};
use crate::{
    journal::{Abandoned, Journal, RunRecord},
    outcome::Outcome,
    parse::STDIN,
    pipeline::PipelineError,
    quantity::{counted, grouped},
    report::{
        screen,
        terminal::{self, printable},
    },
};

/// A run in the JSON output.
#[derive(Serialize)]
struct Shown {
    run: String,
    state: &'static str,
    began_at: String,
    ended_at: Option<String>,
    /// The reason why an unfinished run stopped.
    reason: Option<String>,
    files: Vec<PathBuf>,
    folder: PathBuf,
    /// The host and the id of the account.
    account: String,
    stream: String,
    totals: Option<Box<RawValue>>,
}

pub(super) fn run(args: &RunsArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    if let Some(RunsAction::Discard(args)) = &args.action {
        return discard(args, config, printer);
    }
    let journal = open_journal(config.under(&args.state)?.state_dir)?;
    let mut accounts = HashSet::new();
    let runs = journal.runs()?.into_iter().map(|run| {
        // Only the latest run of an account can be running.
        let may_run = run.closed_at.is_none() && accounts.insert(run.account.clone());
        shown(&journal, run, may_run)
    });
    let runs = runs.collect::<Result<Vec<_>, _>>()?;
    let text = if config.under(&args.json)?.json {
        let json = serde_json::to_string_pretty(&runs).unwrap_or_default();
        screen::json(&json) + "\n"
    } else if runs.is_empty() {
        "No imports yet.\n".to_owned()
    } else {
        for_people(&runs)
    };
    // A closed pipe is not an error.
    _ = io::stdout().write_all(text.as_bytes());
    Ok(super::error::exit::OK)
}

/// Closes unfinished imports; all of them or, if one cannot be discarded, none.
fn discard(args: &DiscardArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    let journal = open_journal(config.under(&args.state)?.state_dir)?;
    let runs = journal.runs()?;
    let (mut accounts, mut locks) = (HashSet::new(), Vec::new());
    for id in &args.runs {
        let run = runs.iter().find(|run| run.id == *id).ok_or_else(|| CliError::no_run(id))?;
        if run.closed_at.is_some() {
            return Err(CliError::usage(
                format!("cannot discard import {id}: it is not unfinished"),
                "Only unfinished imports can be discarded. `rollcall runs` lists all.",
            ));
        }
        if let Some(holder) = journal.questioner(&run.fingerprint)? {
            return Err(PipelineError::Asked(holder).into());
        }
        // No import to the account can begin or be resumed meanwhile.
        if accounts.insert(run.account.clone()) {
            locks.push(journal.lock_account(&run.account)?.map_err(PipelineError::Busy)?);
        }
    }
    for id in &args.runs {
        if journal.abandon_run(id, Abandoned::Discarded)? {
            printer.say(&format!("discarded import {}\n", printable(id)));
        }
    }
    drop(locks);
    let text = "Contacts that a discarded import has created stay on the platform. If you import its files again, they \
                count as existing.";
    printer.say(&terminal::note(text, Printer::width()));
    Ok(super::error::exit::OK)
}

fn shown(journal: &Journal, run: RunRecord, may_run: bool) -> Result<Shown, CliError> {
    let state = match run.ending.as_deref() {
        Some("declined") => "declined",
        Some("failed") => "failed",
        Some("discarded") => "discarded",
        Some("replaced") => "replaced",
        Some(_) => "finished",
        // A running import holds the account's lock.
        None if may_run && run.reason.is_none() && journal.is_imported_to(&run.account)? => "running",
        None => "unfinished",
    };
    let stored = serde_json::from_str::<StoredImport>(&run.command);
    Ok(Shown {
        run: run.id,
        state,
        began_at: moment(run.opened_at),
        ended_at: run.closed_at.map(moment),
        reason: run.reason,
        files: stored.map(|stored| stored.files).unwrap_or_default(),
        folder: run.folder,
        account: run.account,
        stream: run.stream,
        totals: run.totals.and_then(|totals| RawValue::from_string(totals).ok()),
    })
}

fn moment(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map(|moment| moment.to_string()).unwrap_or_default()
}

/// Formats the runs for people, safe for a terminal.
fn for_people(runs: &[Shown]) -> String {
    let targets: HashSet<_> = runs.iter().map(|run| (&run.account, &run.stream)).collect();
    let has_several = targets.len() > 1;
    screen::styled(&runs.iter().map(|run| described(run, has_several)).collect::<String>())
}

/// Formats a run for people: one line, then its details.
fn described(run: &Shown, names_account: bool) -> String {
    let files: Vec<String> = run.files.iter().map(|file| printable(&file.display().to_string())).collect();
    let began = run.began_at.split('.').next().unwrap_or_default().trim_end_matches('Z').replace('T', " ");
    let id = printable(&run.run);
    let mut text = format!("{id}  {:<10}  {began} UTC  {}\n", run.state, files.join(" "));
    if names_account {
        // Writing to a string cannot fail.
        _ = writeln!(text, "    to {}, stream {}", printable(&run.account), printable(&run.stream));
    }
    let totals = run.totals.as_ref().and_then(|totals| serde_json::from_str::<Value>(totals.get()).ok());
    if let Some(totals) = totals {
        let count = |name: &str| totals[name].as_u64().unwrap_or_default();
        let shown = Outcome::ALL.into_iter().filter(|outcome| count(outcome.name()) > 0);
        let shown: Vec<String> =
            shown.map(|outcome| format!("{} {}", grouped(count(outcome.name())), outcome.name())).collect();
        _ = writeln!(text, "    {}: {}", counted(count("rows"), "row"), shown.join(", "));
    }
    if let Some(reason) = &run.reason {
        _ = writeln!(text, "    stopped: {}", printable(reason));
    }
    if run.state == "unfinished" {
        let is_gone = run.files.is_empty() || run.files.iter().any(|file| file.as_os_str() == STDIN);
        _ = if is_gone {
            writeln!(text, "    to finish it, run the same `rollcall import` again")
        } else {
            writeln!(text, "    to finish it, run `rollcall resume {id}`")
        };
        _ = writeln!(text, "    to discard it, run `rollcall runs discard {id}`");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_cannot_control_the_terminal() {
        let hostile = "a\u{1b}[2J\u{202e}b";
        let run = Shown {
            run: hostile.to_owned(),
            state: "\u{1b}[8mfinished",
            began_at: hostile.to_owned(),
            ended_at: None,
            reason: Some(hostile.to_owned()),
            files: vec![hostile.into()],
            folder: hostile.into(),
            account: hostile.to_owned(),
            stream: hostile.to_owned(),
            totals: None,
        };
        let text = for_people(&[run]);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
        assert_eq!(text.lines().count(), 2, "{text}");
    }

    #[test]
    fn account_is_named_if_there_are_several() {
        let run = |account: &str| Shown {
            run: "r".to_owned(),
            state: "finished",
            began_at: String::new(),
            ended_at: None,
            reason: None,
            files: Vec::new(),
            folder: PathBuf::new(),
            account: account.to_owned(),
            stream: "st-1".to_owned(),
            totals: None,
        };
        assert!(!for_people(&[run("a"), run("a")]).contains("stream"));
        let text = for_people(&[run("https://a.example.com 1"), run("https://b.example.com 2")]);
        assert!(text.contains("    to https://b.example.com 2, stream st-1\n"), "{text}");
    }
}
