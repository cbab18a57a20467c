//! `rollcall import` and `rollcall resume`

mod groups;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::{Path, PathBuf, absolute},
};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) use self::groups::Groups;
use super::{
    args::{
        ApiOption, ExcludeFileOptions, ExcludeOptions, ExistingOptions, ExportOptions, ImportArgs,
        ImportOptions, JsonOption, MappingTable, OutputOptions, PlatformOptions, PostingOptions,
        ReadingOptions, RequestOptions, ResumeArgs, ValueTables,
    },
    check::{self, conclude},
    columns,
    config::ConfigFiles,
    error::CliError,
    printer::Printer,
    resumed,
    settings::{self, Account, RequestSettings, new_run, open_journal, output_folder},
    signals,
};
use crate::{
    interrupt::Interrupt,
    journal::{Journal, RunRecord},
    outcome::Outcome,
    parse::{Input, InputInfo, STDIN},
    pipeline::{self, ImportSettings, OpenRun, PipelineError, Reserved, RunSettings, Surroundings},
    platform::{Authorities, Credentials},
    progress::{Approval, Progress},
    sandbox::{self, RunningSandbox, Sandbox, SandboxSettings},
};

/// Everything needed to start an import again: all options as given, without secrets.
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
    /// The reading options without the current folder's file, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own_reading: Option<ReadingOptions>,
    /// The hashes of the files, in order.
    #[serde(default)]
    digests: Vec<String>,
    /// The settings files in use, for the report.
    #[serde(default)]
    config_files: Vec<String>,
}

/// The version of [`StoredImport::identity`].
const IDENTITY_VERSION: &str = "options/1";

impl StoredImport {
    /// Merges the options of the command line with those of the settings files; the command line takes precedence.
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
            digests: Vec::new(),
            own_reading: config.under_own(&options.reading)?,
            config_files: config.names(),
        })
    }

    /// Returns the options that distinguish two imports of the same files: how rows are read, and which numbers are
    /// suppressed. It contains only options that are set, so options that later versions add leave unfinished imports
    /// resumable.
    fn identity(&self, inputs: &[Input]) -> String {
        let mut reading = self.reading.clone();
        // Another spelling of the same region is the same import.
        let spelled = reading.region.take();
        reading.region = spelled.map(settings::canonical_region);
        let mut reading = json!(reading);
        // A mapping that no file uses does not distinguish two imports.
        let used: Vec<Vec<String>> = inputs.iter().map(|input| remembered(&input.info)).collect();
        if let Some(reading) = reading.as_object_mut() {
            reading.remove("mapping");
            if used.iter().any(|used| !used.is_empty()) {
                reading.insert("mapping".to_owned(), json!(used));
            }
        }
        let groups = [reading, json!(self.exclude_files), json!(self.exclude), json!(self.api)];
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

    /// Keeps the mappings that the inputs use, also those that were chosen for this run only, so that `resume` uses them.
    fn keep_used_mappings(&mut self, inputs: &[Input]) {
        self.reading.mapping.clear();
        for remembered in inputs.iter().filter_map(|input| input.info.remembered.as_ref()) {
            let table = MappingTable::from(remembered);
            if !self.reading.mapping.contains(&table) {
                self.reading.mapping.push(table);
            }
        }
    }

    /// Returns the options to record for `resume`, without the approval to post.
    fn to_resume(&self) -> Self {
        let mut stored = self.clone();
        stored.posting.yes = false;
        stored
    }

    /// Returns the options of a service, without files.
    #[cfg(unix)]
    pub(super) fn of_watch(options: &ImportOptions, config: &ConfigFiles) -> Result<Self, CliError> {
        let mut stored = Self::new(options, ExportOptions::default(), config)?;
        stored.posting.yes = true;
        make_absolute(&mut stored);
        Ok(stored)
    }

    /// Validates the settings before there is a file, and starts the local platform if it is used.
    #[cfg(unix)]
    pub(super) fn check(&self) -> Result<(Account, Option<RunningSandbox>), CliError> {
        let groups = self.groups();
        groups.reading?;
        if groups.posting?.dry_run {
            return Err(CliError::usage(
                "`watch` imports each file once, so --dry-run would use it up without posting",
                "Use `rollcall check`.",
            ));
        }
        let requests = groups.requests?;
        groups.suppression?;
        groups.existing?;
        account(self.platform.clone(), &requests)
    }

    /// Returns the requests per minute for the account.
    #[cfg(unix)]
    pub(super) fn rate(&self) -> Result<u32, CliError> {
        Ok(RequestSettings::new(&self.requests)?.rate)
    }

    /// Makes another process use this process's local platform. Returns the secret to pass to it.
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
    let asks = (!stored.posting.yes).then_some(config);
    let output = config.under(&args.output)?;
    let state = config.under(&args.state)?;
    let journal =
        if stored.platform.sandbox { Journal::in_memory()? } else { open_journal(state.state_dir)? };
    import(stored, journal, output, None, &Caller { config: asks, ..Caller::of(printer) })
}

/// The caller of an import: how to show progress, who approves posting, and what interrupts it.
pub(super) struct Caller<'a> {
    pub(super) printer: &'a Printer,
    pub(super) progress: &'a dyn Progress,
    pub(super) approval: &'a dyn Approval,
    pub(super) interrupt: Interrupt,
    /// The run's name; generated if `None`.
    pub(super) run: Option<String>,
    /// The settings files, if a person can be asked for columns that are not known.
    pub(super) config: Option<&'a ConfigFiles>,
}

impl<'a> Caller<'a> {
    fn of(printer: &'a Printer) -> Self {
        Self {
            printer,
            progress: printer,
            approval: printer,
            interrupt: signals::listen(),
            run: None,
            config: None,
        }
    }

    fn new_run(&self) -> String {
        self.run.clone().unwrap_or_else(new_run)
    }
}

/// Finishes an interrupted import.
pub(super) fn resume(args: &ResumeArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    let journal = open_journal(config.under(&args.state)?.state_dir)?;
    let run = if let Some(id) = &args.run {
        let found = journal.run(id)?;
        found.ok_or_else(|| CliError::no_run(id))?
    } else {
        let found = journal.runs()?.into_iter().find(|run| run.closed_at.is_none() && !reads_stdin(run));
        found.ok_or_else(|| {
            CliError::usage(
                "nothing to resume: no import of a file is unfinished",
                "To run an import that failed, or one from standard input, use `rollcall import` again. `rollcall runs` lists all.",
            )
        })?
    };
    if run.closed_at.is_some() {
        return Err(CliError::usage(
            match run.ending.as_deref() {
                Some("discarded") => format!("import {} was discarded", run.id),
                Some("replaced") => {
                    format!("import {} was replaced by a later import of the same files", run.id)
                }
                _ => format!("import {} is already finished", run.id),
            },
            "To import its files again, use `rollcall import`. It does not post existing contacts again.",
        ));
    }
    let mut stored: StoredImport = serde_json::from_str(&run.command).map_err(|_| {
        CliError::usage(
            format!("cannot read the recorded options of import {}", run.id),
            "Run the same `rollcall import` again to finish it.",
        )
    })?;
    if stored.files.iter().any(|file| file.as_os_str() == STDIN) {
        return Err(CliError::usage(
            format!("cannot resume import {}: it read standard input", run.id),
            "Run the same `rollcall import` again with the same input to finish it.",
        ));
    }
    let set = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let PlatformOptions { client_id, token_file, client_secret_file, .. } = &mut stored.platform;
    // The import began with a token from the environment, which may have been replaced by an app's credentials.
    if client_id.is_none()
        && token_file.is_none()
        && client_secret_file.is_none()
        && set("ROLLCALL_TOKEN").is_none()
    {
        *client_id = set("ROLLCALL_CLIENT_ID");
    }
    // Each call needs its own `--yes` to post without asking.
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
    let Caller { printer, progress, approval, interrupt, config, .. } = caller;
    let groups = stored.groups();
    let (mut reading, posting, requests) = (groups.reading?, groups.posting?, groups.requests?);
    let (exclude, existing) = (groups.suppression?, groups.existing?);
    groups.export?;
    // The current folder's file does not say how the platform's numbers are read, if the user does.
    let region = exclude.own_reading.as_ref().and_then(|(region, _)| *region).or(reading.normalize.region);
    let is_sandbox = stored.platform.sandbox;
    // Kept until the run ends, because dropping it stops the local platform.
    let (account, _local) = account(stored.platform.clone(), &requests)?;
    let target = settings::target(&account);
    resumed.map_or(Ok(()), |run| resumed::check_record(run, &target))?;
    let mut inputs = columns::open(&stored.files, &mut reading.parse, *config, printer, interrupt)?;
    stored.keep_used_mappings(&inputs);
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
        let reserved = Reserved::wait(journal, target, posting.wait, *progress, interrupt)?;
        // The import stays the same if it is started from another folder.
        make_absolute(&mut stored);
        let identity = stored.identity(&inputs);
        Named::find(reserved, &mut inputs, &identity, resumed, caller)
    });
    let named = named.transpose()?;
    let id = named.as_ref().map_or_else(|| caller.new_run(), |named| named.id.clone());
    let before = named.as_ref().and_then(|named| named.before.clone());
    let path = output.out.or(before.clone()).unwrap_or_else(|| output_folder(None, &id));
    let export = settings::export(&stored.export, Some(&path))?;
    // A resumed run replaces its own files.
    let is_own = before.as_deref().is_some_and(|before| is_same_folder(before, &path));
    let inputs_of_run = stored.files.iter().chain(&import.exclude.files).chain(&import.existing.file);
    let folder = check::output(&path, inputs_of_run, output.overwrite || is_own)?;
    stored.digests = named.as_ref().map(|named| named.digests.clone()).unwrap_or_default();
    let run = named.map(|named| named.open(&stored, &path)).transpose()?;
    if !posting.yes && !is_sandbox {
        printer.ask_before_posting(interrupt.clone(), inputs.iter().map(|input| &input.info));
    }
    if before.is_some() {
        printer.say(&format!("resuming interrupted import {id}\n"));
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
    let is_over = finished.report.complete && finished.report.not_posted.is_none();
    if let Some(run) = run.filter(|_| is_over) {
        let rejected = finished.report.totals.of(Outcome::Rejected);
        match run.replace(|other| did_the_work_of(other, &stored, rejected)) {
            Ok(replaced) => {
                for id in replaced {
                    progress.note(&format!("closed the unfinished import {id} of the same files"));
                }
            }
            Err(error) => progress.warn(&format!("unfinished imports of the same files stay open: {error}")),
        }
    }
    Ok(conclude(finished, &path, output.json, printer))
}

/// Returns the remembered mappings that an input uses, as options.
fn remembered(info: &InputInfo) -> Vec<String> {
    let used = info.mappings.iter().filter(|mapping| mapping.is_remembered);
    used.map(|mapping| format!("{}={}", mapping.field.name(), mapping.column)).collect()
}

/// A run that has a name but has not begun.
struct Named {
    reserved: Reserved,
    digests: Vec<String>,
    id: String,
    fingerprint: String,
    /// The folder of the interrupted run of the same import.
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
            digests.push(input.digest().map_err(|error| CliError::inputs(vec![error]))?);
            if let Some(signal) = caller.interrupt.signal() {
                return Err(CliError::Pipeline(PipelineError::Interrupted(signal)));
            }
        }
        if let Some(resumed) = resumed
            && reserved.is_over(&resumed.id)?
        {
            return Err(CliError::usage(
                format!("another process has finished import {}", resumed.id),
                "Nothing is left to do.",
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
                format!("cannot resume import {}: its files or reading options changed", resumed.id),
                "Import the files as they are now, with `rollcall import`. It does not post existing contacts again.",
            ));
        }
        let (id, before) = if let Some(found) = found {
            (found.id, Some(found.folder))
        } else {
            let id = caller.new_run();
            // A service retries a file under the same name. With other settings, that is another import.
            (if reserved.has_run(&id)? { new_run() } else { id }, None)
        };
        Ok(Self { reserved, digests, id, fingerprint, before })
    }

    fn open(self, stored: &StoredImport, folder: &Path) -> Result<OpenRun, CliError> {
        let folder = absolute(folder).unwrap_or_else(|_| folder.to_owned());
        if self.before.is_some() {
            return Ok(self.reserved.resume(&self.id, &self.fingerprint, &folder)?);
        }
        // JSON cannot hold a file name that is not UTF-8. Only the same command can resume such an import.
        let command = serde_json::to_string(&stored.to_resume()).unwrap_or_else(|_| "null".to_owned());
        Ok(self.reserved.begin(&self.id, &self.fingerprint, &command, &folder)?)
    }
}

fn is_same_folder(one: &Path, other: &Path) -> bool {
    let whole =
        |path: &Path| path.canonicalize().or_else(|_| absolute(path)).unwrap_or_else(|_| path.to_owned());
    whole(one) == whole(other)
}

/// Returns whether an import with so many `rejected` rows did the work of an unfinished one: the same lists, read in the
/// same way, and no more rows rejected. Only options that complete rows may have been added.
fn did_the_work_of(run: &RunRecord, import: &StoredImport, rejected: u64) -> bool {
    let Ok(earlier) = serde_json::from_str::<StoredImport>(&run.command) else { return false };
    let digests = |stored: &StoredImport| stored.digests.iter().cloned().collect::<BTreeSet<_>>();
    let totals = run.totals.as_deref().and_then(|totals| serde_json::from_str::<Value>(totals).ok());
    let rejected_before = totals.and_then(|totals| totals[Outcome::Rejected.name()].as_u64());
    !import.digests.is_empty()
        && digests(&earlier) == digests(import)
        && completes(&earlier.reading, &import.reading)
        && rejected <= rejected_before.unwrap_or_default()
}

/// Returns whether later reading options are the earlier ones, or add what rows lacked.
fn completes(earlier: &ReadingOptions, later: &ReadingOptions) -> bool {
    let mut same = earlier.clone();
    same.region = same.region.or_else(|| later.region.clone());
    same.default_salutation = same.default_salutation.or_else(|| later.default_salutation.clone());
    same.default_last_name = same.default_last_name.or_else(|| later.default_last_name.clone());
    same.split_names = same.split_names.or(later.split_names);
    if same.values == ValueTables::default() {
        same.values.clone_from(&later.values);
    }
    json!(same) == json!(later)
}

fn reads_stdin(run: &RunRecord) -> bool {
    let stored = serde_json::from_str::<StoredImport>(&run.command);
    stored.is_ok_and(|stored| stored.files.iter().any(|file| file.as_os_str() == STDIN))
}

/// Makes all paths absolute, so the run can be resumed from another folder.
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

/// Returns the account to use, and the local platform if the account is there.
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
    fn stored_import_reads_back_unchanged_and_keeps_its_identity() {
        let stored = StoredImport {
            files: vec![PathBuf::from("/list.csv")],
            reading: ReadingOptions { region: Some("IN".to_owned()), ..ReadingOptions::default() },
            platform: PlatformOptions { token_file: Some("/token".into()), ..PlatformOptions::default() },
            posting: PostingOptions { yes: true, ..PostingOptions::default() },
            requests: RequestOptions { rate: Some("7".to_owned()), ..RequestOptions::default() },
            exclude_files: ExcludeFileOptions { exclude_file: vec!["/dnc.csv".into()] },
            exclude: ExcludeOptions::default(),
            api: ApiOption::default(),
            existing: ExistingOptions::default(),
            export: ExportOptions::default(),
            digests: Vec::new(),
            own_reading: None,
            config_files: Vec::new(),
        };
        let text = serde_json::to_string(&stored).unwrap();
        let back: StoredImport = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
        assert_eq!((&back.files, back.posting.yes), (&stored.files, true));
        let earlier: RequestOptions = serde_json::from_str("{\"rate\":7,\"timeout\":null}").unwrap();
        assert_eq!((earlier.rate, back.requests.rate), (stored.requests.rate.clone(), Some("7".to_owned())));
        for (recorded, count) in [("null", 0), ("\"attempted\"", 1), ("[\"attempted\",\"any\"]", 2)] {
            let exclude = format!("{{\"campaign-filter\":{recorded}}}");
            let exclude: ExcludeOptions = serde_json::from_str(&exclude).unwrap();
            assert_eq!(exclude.campaign_filter.len(), count, "{recorded}");
        }
        assert_eq!(
            stored.identity(&[]),
            r#"options/1 {"exclude-file":["/dnc.csv"],"region":"IN"}"#,
            "unfinished imports of this version are found by it"
        );
        let mut spelled = stored.clone();
        spelled.reading.region = Some("India (+91)".to_owned());
        assert_eq!(spelled.identity(&[]), stored.identity(&[]));
        let kept = serde_json::to_string(&stored.to_resume()).unwrap();
        assert!(text.contains("yes") && !kept.contains("yes"), "{kept}");
    }
}
