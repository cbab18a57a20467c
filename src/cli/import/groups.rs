//! The settings of an import in groups, each judged by itself: an import ends at the first that cannot be used, and `doctor`
//! names all of them.

use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};

use super::StoredImport;
use crate::{
    cli::{
        args::{OutputOptions, PlatformOptions, RequestOptions},
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

/// What the options of an import come to, apart from the account.
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
        // Who is suppressed is judged all the same.
        let normalize = reading
            .as_ref()
            .map_or_else(|_| NormalizeSettings::default(), |reading| reading.normalize.clone());
        let (files, options) = (self.exclude_files.clone(), self.exclude.clone());
        Groups {
            reading,
            posting: PostingSettings::new(&self.posting),
            requests: RequestSettings::new(&self.requests),
            suppression: settings::exclude(files, options, &self.api, &normalize),
            existing: settings::existing(self.existing.clone()),
            export: settings::export(&self.export, Path::new("")),
        }
    }

    /// The import that the files describe by themselves, and why some of their options cannot be read.
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
            config_files: config.names(),
        };
        (stored, problems)
    }

    /// Whether the folder of the files' options can take a run, if they name one.
    pub(in crate::cli) fn try_output(&self, output: &OutputOptions) -> Result<(), CliError> {
        let Some(folder) = &output.out else { return Ok(()) };
        let inputs = self.exclude_files.exclude_file.iter().chain(&self.existing.existing);
        check::try_output(folder, inputs, output.overwrite)
    }
}

/// The options of the files, or none where they cannot be read.
fn read<T: Default + Serialize + DeserializeOwned>(config: &ConfigFiles, problems: &mut Vec<CliError>) -> T {
    config.under(&T::default()).unwrap_or_else(|problem| {
        problems.push(problem);
        T::default()
    })
}
