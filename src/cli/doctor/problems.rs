//! The problems with the settings of an import, each once.

use crate::cli::{
    args::{DoctorArgs, OutputOptions, PlatformOptions, StateOptions},
    config::{ConfigFiles, Platform},
    error::CliError,
    hint,
    import::{Groups, StoredImport},
};

/// The remedy for errors that name the problem but no remedy.
pub(super) const FIX: &str = "Correct this setting.";

pub(super) const CONFIG_FILE: &str = "config file";
pub(super) const REQUESTS: &str = "requests";
pub(super) const SUPPRESSION: &str = "suppression";
pub(super) const READING: &str = "reading";
pub(super) const POSTING: &str = "posting";
pub(super) const EXISTING: &str = "existing";
pub(super) const EXPORT: &str = "export";
pub(super) const OUTPUT: &str = "output";

/// The options that an import would refuse, by subject, each once.
#[derive(Default)]
pub(super) struct Problems(Vec<(&'static str, CliError)>);

/// The options and the resulting settings, as far as they are valid.
pub(super) struct Judged {
    pub(super) platform: Option<Platform>,
    pub(super) state: Option<StateOptions>,
    pub(super) output: Option<OutputOptions>,
    pub(super) stored: StoredImport,
    pub(super) groups: Groups,
}

impl Problems {
    /// Validates options as an import does, and keeps the errors. An import reports only the first problem of a
    /// group, so options are also validated one by one.
    pub(super) fn of(&mut self, config: &ConfigFiles, args: &DoctorArgs, given: &PlatformOptions) -> Judged {
        let platform = self.keep(CONFIG_FILE, config.platform(given));
        let state = self.keep(CONFIG_FILE, config.under(&args.state));
        let output = self.keep(CONFIG_FILE, config.under(&OutputOptions::default()));
        let requests = self.keep(CONFIG_FILE, config.under(&args.requests)).unwrap_or_default();
        let (stored, unread) = StoredImport::of_files(config, requests);
        for problem in unread {
            self.add(CONFIG_FILE, problem);
        }
        let groups = stored.groups();
        for (subject, problem) in [
            (READING, groups.reading.as_ref().err()),
            (POSTING, groups.posting.as_ref().err()),
            (REQUESTS, groups.requests.as_ref().err()),
            (SUPPRESSION, groups.suppression.as_ref().err()),
            (EXISTING, groups.existing.as_ref().err()),
            (EXPORT, groups.export.as_ref().err()),
        ] {
            if let Some(problem) = problem {
                let (message, hint) = (problem.to_string(), hint::of(problem));
                self.add(subject, CliError::Usage { message, hint });
            }
        }
        Judged { platform, state, output, stored, groups }
    }

    pub(super) fn keep<T>(&mut self, subject: &'static str, read: Result<T, CliError>) -> Option<T> {
        read.map_err(|problem| self.add(subject, problem)).ok()
    }

    pub(super) fn add(&mut self, subject: &'static str, problem: CliError) {
        let message = problem.to_string();
        if !self.0.iter().any(|(other, known)| *other == subject && known.to_string() == message) {
            self.0.push((subject, problem));
        }
    }

    /// Removes and returns the problems of a subject.
    pub(super) fn take(&mut self, subject: &str) -> Vec<CliError> {
        let (taken, left) = std::mem::take(&mut self.0).into_iter().partition(|(other, _)| *other == subject);
        self.0 = left;
        let taken: Vec<(&str, CliError)> = taken;
        taken.into_iter().map(|(_, problem)| problem).collect()
    }
}
