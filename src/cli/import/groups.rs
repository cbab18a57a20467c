//! The settings of an import in groups, each validated separately. An import ends at the first invalid group;
//! `doctor` lists all of them.

use serde::{Serialize, de::DeserializeOwned};

use super::StoredImport;
use crate::{
    cli::{
        args::{OutputOptions, PlatformOptions, ReadingOptions, RequestOptions},
        check,
        config::ConfigFiles,
        error::CliError,
        settings::{self, PostingSettings, ReadingSettings, RequestSettings},
    },
    existing::ExistingSettings,
    normalize::NormalizeSettings,
    report::ExportSettings,
    suppress::SuppressSettings,
};

/// The validated options of an import, apart from the account.
pub(in crate::cli) struct Groups {
    pub(in crate::cli) reading: Result<ReadingSettings, CliError>,
    pub(in crate::cli) posting: Result<PostingSettings, CliError>,
    pub(in crate::cli) requests: Result<RequestSettings, CliError>,
    pub(in crate::cli) suppression: Result<SuppressSettings, CliError>,
    pub(in crate::cli) existing: Result<ExistingSettings, CliError>,
    pub(in crate::cli) export: Result<Option<ExportSettings>, CliError>,
}

impl StoredImport {
    pub(in crate::cli) fn groups(&self) -> Groups {
        let reading = ReadingSettings::new(self.reading.clone());
        // The suppression settings are validated in any case.
        let normalize = reading
            .as_ref()
            .map_or_else(|_| NormalizeSettings::default(), |reading| reading.normalize.clone());
        let own = self.own_reading.clone().map(ReadingSettings::new).and_then(Result::ok);
        let own = own.map(|own| own.normalize);
        let (files, options) = (self.exclude_files.clone(), self.exclude.clone());
        Groups {
            reading,
            posting: PostingSettings::new(&self.posting),
            requests: RequestSettings::new(&self.requests),
            suppression: settings::exclude(files, options, &self.api, &normalize, own.as_ref()),
            existing: settings::existing(self.existing.clone()),
            export: settings::export(&self.export, None),
        }
    }

    /// Returns the import that the files describe, and the errors of options that cannot be read.
    pub(in crate::cli) fn of_files(config: &ConfigFiles, requests: RequestOptions) -> (Self, Vec<CliError>) {
        let mut problems = Vec::new();
        let stored = Self {
            files: Vec::new(),
            reading: read(config, &mut problems),
            platform: PlatformOptions::default(),
            posting: read(config, &mut problems),
            requests,
            exclude_files: read(config, &mut problems),
            exclude: read(config, &mut problems),
            api: read(config, &mut problems),
            existing: read(config, &mut problems),
            export: read(config, &mut problems),
            digests: Vec::new(),
            own_reading: config.under_own(&ReadingOptions::default()).unwrap_or_default(),
            config_files: config.names(),
        };
        (stored, problems)
    }

    /// Checks whether the output folder in the options can take a run, if one is set.
    pub(in crate::cli) fn try_output(&self, output: &OutputOptions) -> Result<(), CliError> {
        let Some(folder) = &output.out else { return Ok(()) };
        let inputs = self.exclude_files.exclude_file.iter().chain(&self.existing.existing);
        check::try_output(folder, inputs, output.overwrite)
    }
}

/// Reads options from the files; the default if they cannot be read.
fn read<T: Default + Serialize + DeserializeOwned>(config: &ConfigFiles, problems: &mut Vec<CliError>) -> T {
    config.under(&T::default()).unwrap_or_else(|problem| {
        problems.push(problem);
        T::default()
    })
}
