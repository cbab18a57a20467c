//! `rollcall import` and `rollcall resume`

mod groups;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf, absolute},
};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) use self::groups::Groups;
use super::{
    args::{
        ApiOption, ExcludeFileOptions, ExcludeOptions, ExistingOptions, ExportOptions, ImportArgs,
        ImportOptions, JsonOption, OutputOptions, PlatformOptions, PostingOptions, ReadingOptions,
        RequestOptions, ResumeArgs,
    },
    check::{self, conclude, open_all},
    config::ConfigFiles,
    error::{CliError, stopped},
    printer::Printer,
    resumed,
    settings::{self, Account, RequestSettings, new_run, open_journal, output_folder},
    signals,
};
use crate::{
    interrupt::Interrupt,
    journal::{Journal, RunRecord},
    parse::{Input, STDIN},
    pipeline::{self, ImportSettings, OpenRun, PipelineError, Reserved, RunSettings, Surroundings},
    platform::{Authorities, Credentials},
    progress::{Approval, Progress},
    sandbox::{self, RunningSandbox, Sandbox, SandboxSettings},
};

/// What is needed to begin an import again: every option as it was meant, and no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredImport {
    pub(super) files: Vec<PathBuf>,
    pub(super) reading: ReadingOptions,
    platform: PlatformOptions,
    pub(super) posting: PostingOptions,
    #[serde(default)]
    requests: RequestOptions,
    #[serde(default)]
    pub(super) exclude_files: ExcludeFileOptions,
    #[serde(default)]
    pub(super) exclude: ExcludeOptions,
    #[serde(default)]
    pub(super) api: ApiOption,
    #[serde(default)]
    pub(super) existing: ExistingOptions,
    #[serde(default)]
    pub(super) export: ExportOptions,
    /// The settings files in use, for the report.
    #[serde(default)]
    config_files: Vec<String>,
}

/// The form of [`StoredImport::identity`].
const IDENTITY_VERSION: &str = "options/1";

impl StoredImport {
    /// The options of the command line over those of the files.
    fn new(options: &ImportOptions, export: ExportOptions, config: &ConfigFiles) -> Result<Self, CliError> {
        Ok(Self {
            files: Vec::new(),
            reading: config.under(&options.reading)?,
            platform: config.under_platform(&options.platform.without_empty())?,
            posting: config.under(&options.posting)?,
            requests: config.under(&options.requests)?,
            exclude_files: config.under(&options.exclude_files)?,
            exclude: config.under(&options.exclude)?,
            api: config.under(&options.api)?,
            existing: config.under(&options.existing)?,
            export,
            config_files: config.names(),
        })
    }

    /// The options that make two imports of the same files different: how rows are read, and which numbers are suppressed. Only
    /// options that are set are named, so that an option that a later version adds leaves unfinished imports resumable.
    fn identity(&self) -> String {
        let groups = [json!(self.reading), json!(self.exclude_files), json!(self.exclude), json!(self.api)];
        let is_set = |value: &Value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::Array(values) => !values.is_empty(),
            Value::Object(values) => !values.is_empty(),
            _ => true,
        };
        let options: BTreeMap<&String, &Value> =
            groups.iter().filter_map(Value::as_object).flatten().filter(|(_, value)| is_set(value)).collect();
        format!("{IDENTITY_VERSION} {}", json!(options))
    }

    /// The options to record for `resume`, which asks again before it posts.
    fn to_resume(&self) -> Self {
        let mut stored = self.clone();
        stored.posting.yes = false;
        stored
    }

    /// The options of a service; the files come later.
    #[cfg(unix)]
    pub(super) fn of_watch(options: &ImportOptions, config: &ConfigFiles) -> Result<Self, CliError> {
        let mut stored = Self::new(options, ExportOptions::default(), config)?;
        stored.posting.yes = true;
        make_absolute(&mut stored);
        Ok(stored)
    }

    /// Looks at the settings before there is a file, and starts the local platform where that is to be used.
    #[cfg(unix)]
    pub(super) fn check(&self) -> Result<(Account, Option<RunningSandbox>), CliError> {
        let groups = self.groups();
        groups.reading?;
        if groups.posting?.dry_run {
            return Err(CliError::usage(
                "--dry-run posts nothing, and a file that was imported is not imported again",
                "Use `rollcall check`.",
            ));
        }
        let requests = groups.requests?;
        groups.suppression?;
        groups.existing?;
        account(self.platform.clone(), &requests)
    }

    /// Requests a minute for the account.
    #[cfg(unix)]
    pub(super) fn rate(&self) -> Result<u32, CliError> {
        Ok(RequestSettings::new(&self.requests)?.rate)
    }

    /// Names the local platform of this process for another one, which is given the secret that is returned.
    #[cfg(unix)]
    pub(super) fn point_to(&mut self, account: &Account) -> Option<SecretString> {
        let Credentials::App { client_id, client_secret } = &account.credentials else { return None };
        self.platform = PlatformOptions {
            host: Some(account.host.to_string()),
            stream_id: Some(account.stream_id.clone()),
            account_id: Some(account.account_id.clone()),
            client_id: Some(client_id.clone()),
            ..PlatformOptions::default()
        };
        Some(client_secret.clone())
    }
}

pub(super) fn run(args: &ImportArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    let mut stored = StoredImport::new(&args.import, config.under(&args.export)?, config)?;
    stored.files.clone_from(&args.files);
    printer.say(&config.unused_note(&args.import.platform.without_empty()).unwrap_or_default());
    let output = config.under(&args.output)?;
    let state = config.under(&args.state)?;
    let journal =
        if stored.platform.sandbox { Journal::in_memory()? } else { open_journal(state.state_dir)? };
    import(stored, journal, output, None, &Caller::of(printer))
}

/// The caller of an import: what it shows, who approves the posting, and what ends it.
pub(super) struct Caller<'a> {
    pub(super) printer: &'a Printer,
    pub(super) progress: &'a dyn Progress,
    pub(super) approval: &'a dyn Approval,
    pub(super) interrupt: Interrupt,
    /// The run's name; one is made where there is none.
    pub(super) run: Option<String>,
}

impl<'a> Caller<'a> {
    fn of(printer: &'a Printer) -> Self {
        Self { printer, progress: printer, approval: printer, interrupt: signals::listen(), run: None }
    }

    fn new_run(&self) -> String {
        self.run.clone().unwrap_or_else(new_run)
    }
}

/// Finishes an import that was interrupted.
pub(super) fn resume(args: &ResumeArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    let journal = open_journal(config.under(&args.state)?.state_dir)?;
    let run = if let Some(id) = &args.run {
        let found = journal.run(id)?;
        found
            .ok_or_else(|| CliError::usage(format!("there is no run {id}"), "`rollcall runs` lists them."))?
    } else {
        let found = journal.runs()?.into_iter().find(|run| run.closed_at.is_none() && !reads_stdin(run));
        found.ok_or_else(|| {
            CliError::usage("no import is unfinished", "`rollcall runs` lists the finished ones.")
        })?
    };
    if run.closed_at.is_some() {
        return Err(CliError::usage(
            format!("the import {} is over", run.id),
            "To import its files again, use `rollcall import`: what is there is not posted again.",
        ));
    }
    let mut stored: StoredImport = serde_json::from_str(&run.command).map_err(|_| {
        CliError::usage(
            format!("what the import {} was begun with cannot be read back", run.id),
            "Run the same `rollcall import` again, which finishes it.",
        )
    })?;
    if stored.files.iter().any(|file| file.as_os_str() == STDIN) {
        return Err(CliError::usage(
            format!("the import {} read standard input, which is gone", run.id),
            "Run the same `rollcall import` again with the same input, which finishes it.",
        ));
    }
    // Posting without a question needs `--yes` each time.
    stored.posting.yes = args.yes;
    resumed::check_settings(&run.id, &stored.platform, config)?;
    let output = OutputOptions {
        out: Some(run.folder.clone()),
        json: config.under(&JsonOption { json: args.json })?.json,
        overwrite: false,
    };
    import(stored, journal, output, Some(&run), &Caller::of(printer))
}

pub(super) fn import(
    mut stored: StoredImport,
    journal: Journal,
    output: OutputOptions,
    resumed: Option<&RunRecord>,
    caller: &Caller<'_>,
) -> Result<u8, CliError> {
    let Caller { printer, progress, approval, interrupt, .. } = caller;
    let groups = stored.groups();
    let (reading, posting, requests) = (groups.reading?, groups.posting?, groups.requests?);
    let (exclude, existing) = (groups.suppression?, groups.existing?);
    groups.export?;
    let region = reading.normalize.region;
    let is_sandbox = stored.platform.sandbox;
    // Kept until the run is over: the local platform ends with it.
    let (account, _local) = account(stored.platform.clone(), &requests)?;
    let target = settings::target(&account);
    resumed.map_or(Ok(()), |run| resumed::check_record(run, &target))?;
    let mut inputs = open_all(&stored.files, &reading.parse, interrupt)?;
    let import = ImportSettings {
        quota: journal.quota(&target.account),
        snapshots: journal.snapshots(&target.account, &target.stream, region),
        client: requests.client(account, region),
        batch_size: posting.batch_size,
        dry_run: posting.dry_run,
        max_rejected: posting.max_rejected,
        existing,
        exclude,
    };
    let named = (!posting.dry_run).then(|| {
        let reserved =
            Reserved::wait(journal, target, posting.wait, *progress, interrupt).map_err(stopped)?;
        // From another folder it is the same import.
        make_absolute(&mut stored);
        Named::find(reserved, &mut inputs, &stored.identity(), resumed, caller)
    });
    let named = named.transpose()?;
    let id = named.as_ref().map_or_else(|| caller.new_run(), |named| named.id.clone());
    let before = named.as_ref().and_then(|named| named.before.clone());
    let path = output.out.or(before.clone()).unwrap_or_else(|| output_folder(None, &id));
    let export = settings::export(&stored.export, &path)?;
    // A run that goes on replaces its own files.
    let is_own = before.as_deref().is_some_and(|before| is_same_folder(before, &path));
    let inputs_of_run = stored.files.iter().chain(&import.exclude.files).chain(&import.existing.file);
    let folder = check::output(&path, inputs_of_run, output.overwrite || is_own)?;
    let run = named.map(|named| named.open(&stored, &path)).transpose()?;
    if !posting.yes && !is_sandbox {
        printer.ask_before_posting(interrupt.clone(), inputs.iter().map(|input| &input.info));
    }
    if before.is_some() {
        printer.say(&format!("going on with the import {id}, which was interrupted\n"));
    }
    check::say_understood(&inputs, printer);
    let settings = RunSettings {
        run: id,
        normalize: reading.normalize,
        keep: reading.keep,
        export,
        config_files: stored.config_files.clone(),
    };
    let surroundings = Surroundings { progress: *progress, approval: *approval, interrupt };
    let finished = pipeline::import(inputs, &settings, &import, run.as_ref(), folder, surroundings);
    if let (Some(run), Err(error)) = (&run, &finished) {
        run.failed(error);
    }
    let finished = finished?;
    Ok(conclude(finished, &path, output.json, printer))
}

/// A run with its name, not yet begun.
struct Named {
    reserved: Reserved,
    id: String,
    fingerprint: String,
    /// The folder of the same import that was interrupted, if there is one.
    before: Option<PathBuf>,
}

impl Named {
    fn find(
        reserved: Reserved,
        inputs: &mut [Input],
        settings: &str,
        resumed: Option<&RunRecord>,
        caller: &Caller<'_>,
    ) -> Result<Self, CliError> {
        let mut digests = Vec::new();
        for input in inputs {
            digests.push(input.digest().map_err(|error| CliError::Inputs(vec![error]))?);
            if let Some(signal) = caller.interrupt.signal() {
                return Err(CliError::Pipeline(PipelineError::Interrupted(signal)));
            }
        }
        if let Some(resumed) = resumed
            && reserved.is_over(&resumed.id)?
        {
            return Err(CliError::usage(
                format!("the import {} was finished by another process meanwhile", resumed.id),
                "There is nothing left to do.",
            ));
        }
        let fingerprint = reserved.fingerprint(&digests, settings);
        if let Some(holder) = reserved.questioner(&fingerprint)? {
            return Err(PipelineError::Asked(holder).into());
        }
        let found = reserved.unfinished(&fingerprint)?;
        if let Some(resumed) = resumed
            && found.as_ref().is_none_or(|found| found.id != resumed.id)
        {
            return Err(CliError::usage(
                format!(
                    "the import {} cannot be gone on with: its files, or how they are read, have changed since",
                    resumed.id
                ),
                "Import them as they are now, with `rollcall import`: what is there is not posted again.",
            ));
        }
        let (id, before) = if let Some(found) = found {
            (found.id, Some(found.folder))
        } else {
            let id = caller.new_run();
            // A service tries a file again under one name, perhaps with other settings: that is another import.
            (if reserved.has_run(&id)? { new_run() } else { id }, None)
        };
        Ok(Self { reserved, id, fingerprint, before })
    }

    fn open(self, stored: &StoredImport, folder: &Path) -> Result<OpenRun, CliError> {
        let folder = absolute(folder).unwrap_or_else(|_| folder.to_owned());
        if self.before.is_some() {
            return Ok(self.reserved.resume(&self.id, &self.fingerprint, &folder)?);
        }
        // A file whose name is no text cannot be noted: it is gone on with by the same command only.
        let command = serde_json::to_string(&stored.to_resume()).unwrap_or_else(|_| "null".to_owned());
        Ok(self.reserved.begin(&self.id, &self.fingerprint, &command, &folder)?)
    }
}

fn is_same_folder(one: &Path, other: &Path) -> bool {
    let whole =
        |path: &Path| path.canonicalize().or_else(|_| absolute(path)).unwrap_or_else(|_| path.to_owned());
    whole(one) == whole(other)
}

fn reads_stdin(run: &RunRecord) -> bool {
    let stored = serde_json::from_str::<StoredImport>(&run.command);
    stored.is_ok_and(|stored| stored.files.iter().any(|file| file.as_os_str() == STDIN))
}

/// The run may be gone on with from another folder.
fn make_absolute(stored: &mut StoredImport) {
    let files = stored.files.iter_mut().filter(|file| file.as_os_str() != STDIN);
    let others = [
        &mut stored.platform.token_file,
        &mut stored.platform.client_secret_file,
        &mut stored.platform.ca_file,
        &mut stored.existing.existing,
        &mut stored.export.export,
    ];
    let excluded = stored.exclude_files.exclude_file.iter_mut();
    for file in files.chain(others.into_iter().flatten()).chain(excluded) {
        if let Ok(path) = absolute(&*file) {
            *file = path;
        }
    }
}

/// The account to use, and the local platform it is on, if it is.
pub(super) fn account(
    options: PlatformOptions,
    requests: &RequestSettings,
) -> Result<(Account, Option<RunningSandbox>), CliError> {
    if !options.sandbox {
        return Ok((Account::new(options)?, None));
    }
    let settings = SandboxSettings {
        seed: sandbox::Seed::Samples,
        rate_limit: requests.rate,
        duplicates: sandbox::Duplicates::PerContact,
        ..SandboxSettings::default()
    };
    let credentials = Credentials::App {
        client_id: sandbox::CLIENT_ID.to_owned(),
        client_secret: settings.client_secret.clone(),
    };
    let running = Sandbox::open(&settings)?.serve_in_background();
    let account = Account {
        host: settings::host(&running.host)?,
        stream_id: sandbox::STREAM_ID.to_owned(),
        account_id: sandbox::ACCOUNT_ID.to_owned(),
        credentials,
        authorities: Authorities::default(),
    };
    Ok((account, Some(running)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_contacts_are_read_back() {
        let stored = StoredImport {
            files: vec![PathBuf::from("/list.csv")],
            reading: ReadingOptions { region: Some("IN".to_owned()), ..ReadingOptions::default() },
            platform: PlatformOptions { token_file: Some("/token".into()), ..PlatformOptions::default() },
            posting: PostingOptions { yes: true, ..PostingOptions::default() },
            requests: RequestOptions { rate: Some(7), ..RequestOptions::default() },
            exclude_files: ExcludeFileOptions { exclude_file: vec!["/dnc.csv".into()] },
            exclude: ExcludeOptions::default(),
            api: ApiOption::default(),
            existing: ExistingOptions::default(),
            export: ExportOptions::default(),
            config_files: Vec::new(),
        };
        let text = serde_json::to_string(&stored).unwrap();
        let back: StoredImport = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
        assert_eq!((back.files, back.posting.yes, back.requests.rate), (stored.files.clone(), true, Some(7)));
        for (recorded, count) in [("null", 0), ("\"attempted\"", 1), ("[\"attempted\",\"any\"]", 2)] {
            let exclude = format!("{{\"campaign-filter\":{recorded}}}");
            let exclude: ExcludeOptions = serde_json::from_str(&exclude).unwrap();
            assert_eq!(exclude.campaign_filter.len(), count, "{recorded}");
        }
        assert_eq!(
            stored.identity(),
            r#"options/1 {"exclude-file":["/dnc.csv"],"region":"IN"}"#,
            "unfinished imports of this version are found by it"
        );
        let kept = serde_json::to_string(&stored.to_resume()).unwrap();
        assert!(text.contains("yes") && !kept.contains("yes"), "{kept}");
    }
}
