//! `--export` and `--export-layout`.

use std::path::{Path, absolute};

use crate::{
    cli::{
        args::{ExportLayoutChoice, ExportOptions},
        error::CliError,
    },
    report::{ExportFormat, ExportLayout, ExportSettings, OutputFolder, terminal::printable},
};

/// Where the contacts go, if they go anywhere but to the platform. `folder` is that of the run.
pub(in crate::cli) fn export(
    options: &ExportOptions,
    folder: &Path,
) -> Result<Option<ExportSettings>, CliError> {
    let Some(path) = options.export.clone() else {
        return if options.export_layout.is_some() {
            Err(CliError::usage(
                "--export-layout says how the file of --export is written, and no file is named",
                "Name it with --export.",
            ))
        } else {
            Ok(None)
        };
    };
    let shown = printable(&path.display().to_string());
    let Some(format) = ExportFormat::of_name(&path) else {
        return Err(CliError::usage(
            format!("--export: `{shown}` does not say what to write"),
            "Give the file a name that ends in .csv, .xlsx or .ndjson.",
        ));
    };
    // A link that leads nowhere is somebody's, too.
    if path.symlink_metadata().is_ok() {
        return Err(CliError::usage(
            format!("--export: there is a file {shown}, and it stays as it is"),
            "Choose another name, or move the file away.",
        ));
    }
    let place = |path: &Path| absolute(path).unwrap_or_else(|_| path.to_owned());
    if OutputFolder::files(folder).iter().any(|file| place(file) == place(&path)) {
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
