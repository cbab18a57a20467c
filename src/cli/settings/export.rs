//! `--export` and `--export-layout`.

use std::path::{Path, absolute};

use crate::{
    cli::{
        args::{ExportLayoutChoice, ExportOptions},
        error::CliError,
    },
    report::{ExportFormat, ExportLayout, ExportSettings, OutputFolder, terminal::printable},
};

/// Returns the export settings, if an export is requested. `folder` is the run's folder, if it is known.
pub(in crate::cli) fn export(
    options: &ExportOptions,
    folder: Option<&Path>,
) -> Result<Option<ExportSettings>, CliError> {
    let Some(path) = options.export.clone() else {
        return if options.export_layout.is_some() {
            Err(CliError::usage("--export-layout requires --export", "Add --export FILE."))
        } else {
            Ok(None)
        };
    };
    let shown = printable(&path.display().to_string());
    let Some(format) = ExportFormat::of_name(&path) else {
        return Err(CliError::usage(
            format!("--export: the extension of `{shown}` is not a known format"),
            "Use a file name that ends in .csv, .xlsx or .ndjson.",
        ));
    };
    // A dangling link also counts as existing.
    if path.symlink_metadata().is_ok() {
        return Err(CliError::usage(
            format!("--export: {shown} already exists; not overwritten"),
            "Choose another name, or move the file away.",
        ));
    }
    let place = |path: &Path| absolute(path).unwrap_or_else(|_| path.to_owned());
    let is_of_run =
        |folder: &Path| OutputFolder::files(folder).iter().any(|file| place(file) == place(&path));
    if folder.is_some_and(is_of_run) {
        return Err(CliError::usage(
            format!("--export: {shown} is a file of the run itself"),
            "Choose another name, or another folder.",
        ));
    }
    let layout = match options.export_layout.unwrap_or_default() {
        ExportLayoutChoice::Contacts => ExportLayout::Contacts,
        ExportLayoutChoice::List => ExportLayout::List,
        ExportLayoutChoice::Full => ExportLayout::Full,
    };
    Ok(Some(ExportSettings { path, format, layout }))
}
