//! The options of an import from the files, group by group, without the account.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{
    Finding,
    options::{options_of, text},
    problems::{EXISTING, EXPORT, FIX, OUTPUT, POSTING, READING, SUPPRESSION},
    settings::Examination,
};
use crate::{
    cli::{
        args::OutputOptions,
        config::Setting,
        error::CliError,
        import::{Groups, StoredImport},
    },
    interrupt::Interrupt,
    parse::STDIN,
    pipeline::{self, PipelineError},
    platform::Collection,
    suppress::SuppressSettings,
};

impl Examination<'_> {
    /// Checks the settings from the files, without the account. Returns the lists and campaigns to read.
    pub(super) fn groups(
        &mut self,
        stored: &StoredImport,
        groups: Groups,
        output: Option<&OutputOptions>,
        interrupt: &Interrupt,
    ) -> Result<Vec<Collection>, CliError> {
        let is_file = |file: &&PathBuf| file.as_os_str() != STDIN;
        // The files are checked even if other options are invalid.
        let exclude = groups.suppression.unwrap_or_else(|_| SuppressSettings {
            files: stored.exclude_files.exclude_file.iter().filter(is_file).cloned().collect(),
            region: groups.reading.as_ref().ok().and_then(|reading| reading.normalize.region),
            allowed_unread: stored.exclude.allow_unreadable_suppressions.unwrap_or_default(),
            ..SuppressSettings::default()
        });
        self.files(SUPPRESSION, &exclude, None, interrupt)?;
        let none = SuppressSettings { region: exclude.region, ..SuppressSettings::default() };
        let existing = stored.existing.existing.as_ref().filter(is_file);
        self.files(EXISTING, &none, existing.map(PathBuf::as_path), interrupt)?;
        if let Some(output) = output {
            self.problems.keep(OUTPUT, stored.try_output(output));
        }
        let output = output.map(options_of).unwrap_or_default();
        self.group(READING, &options_of(&stored.reading));
        self.group(POSTING, &options_of(&stored.posting));
        let mut suppression = options_of(&stored.exclude_files);
        suppression.extend(options_of(&stored.exclude));
        suppression.extend(options_of(&stored.api));
        self.group(SUPPRESSION, &suppression);
        self.group(EXISTING, &options_of(&stored.existing));
        self.group(EXPORT, &options_of(&stored.export));
        self.group(OUTPUT, &output);
        Ok(exclude.collections().collect())
    }

    /// Reads the option files one by one, then together as an import does, because their combined size is also
    /// limited.
    fn files(
        &mut self,
        subject: &'static str,
        exclude: &SuppressSettings,
        existing: Option<&Path>,
        interrupt: &Interrupt,
    ) -> Result<(), CliError> {
        let each = exclude
            .files
            .iter()
            .map(|file| SuppressSettings { files: vec![file.clone()], ..exclude.clone() });
        let each: Vec<SuppressSettings> = each.filter(|_| exclude.files.len() > 1).collect();
        for exclude in each.iter().chain([exclude]) {
            match pipeline::try_option_files(exclude, existing, interrupt) {
                Err(error @ PipelineError::Interrupted(_)) => return Err(error.into()),
                Err(error) => self.problems.add(subject, error.into()),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Reports the problems of a group, else the options that the files set.
    fn group(&mut self, subject: &'static str, options: &Table) {
        let problems = self.problems.take(subject);
        let is_good = problems.is_empty();
        for problem in problems {
            let message = problem.to_string();
            let mut finding = Finding::failed(subject, &self.origins.config.located(problem), FIX);
            if let Some(files) = self.origins.config.described().filter(|_| finding.found == message) {
                finding.found = format!("{message} ({files})");
            }
            self.findings.push(finding);
        }
        // By file, and then by option.
        let mut by_file: BTreeMap<PathBuf, BTreeMap<String, Vec<Value>>> = BTreeMap::new();
        for Setting { name, value, origin } in self.origins.config.origins(&Table::new()).settings(options) {
            let Some(file) = origin.file() else { continue };
            // An alias is counted by its field.
            let (name, value) = match name.strip_prefix("values.").and_then(|name| name.split_once('.')) {
                Some((field, _)) => (format!("values {field}:"), None),
                None => (name, Some(value)),
            };
            let values = by_file.entry(file.to_owned()).or_default().entry(name).or_default();
            values.push(value.unwrap_or(Value::Boolean(true)));
        }
        if is_good && !by_file.is_empty() {
            let of_files = by_file.iter().map(|(file, options)| {
                let of_option = |(name, values): (&String, &Vec<Value>)| match name.strip_suffix(':') {
                    Some(_) => format!("{name} {}", values.len()),
                    None => format!("{name} {}", values.iter().map(text).collect::<Vec<_>>().join(" ")),
                };
                let options: Vec<String> = options.iter().map(of_option).collect();
                format!("{} ({})", options.join(", "), file.display())
            });
            self.findings.push(Finding::good(subject, of_files.collect::<Vec<_>>().join("; ")));
        }
    }
}
