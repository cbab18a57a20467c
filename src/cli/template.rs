//! `rollcall template`

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use super::{
    args::TemplateArgs,
    error::{CliError, exit},
    printer::Printer,
};
use crate::{
    report::terminal::printable,
    xlsx::{SheetLayout, Style, Workbook},
};

/// The column names of the platform's own import file, which rollcall recognizes.
const HEADER: [&str; 5] = ["firstName", "lastName", "salutation", "cellPhoneNumber", "cellPhoneCountryCode"];

pub(super) fn run(args: &TemplateArgs, printer: &Printer) -> Result<u8, CliError> {
    let path = args.file.as_path();
    let content = match path.extension().map(OsStr::to_ascii_lowercase) {
        _ if path == Path::new("-") => {
            print();
            return Ok(exit::OK);
        }
        Some(extension) if extension == "csv" => line().into_bytes(),
        Some(extension) if extension == "xlsx" => workbook().map_err(|error| cannot_write(path, error))?,
        _ => {
            let message = format!("{}: a template is a .csv or an .xlsx file", path.display());
            return Err(CliError::usage(message, "Give the file a name such as contacts.xlsx."));
        }
    };
    write_new(path, &content)?;
    printer.say(&format!("{}  {}\n", printable(&path.display().to_string()), HEADER.join(", ")));
    Ok(exit::OK)
}

fn print() {
    let mut stdout = io::stdout().lock();
    // A closed pipe is not an error.
    _ = stdout.write_all(line().as_bytes()).and_then(|()| stdout.flush());
}

fn line() -> String {
    format!("{}\n", HEADER.join(","))
}

/// Creates a sheet with text cells, so that spreadsheet programs do not take phone numbers for quantities.
fn workbook() -> io::Result<Vec<u8>> {
    const WIDTH: usize = 22;

    let widths = vec![WIDTH; HEADER.len()];
    let mut workbook = Workbook::new(io::Cursor::new(Vec::new()));
    let layout = SheetLayout { widths, is_text: true, is_frozen: true, ..SheetLayout::default() };
    workbook.begin_sheet("Contacts", layout)?;
    workbook.row()?;
    for (column, name) in HEADER.into_iter().enumerate() {
        workbook.cell(column, name, Style::Header);
    }
    Ok(workbook.finish()?.into_inner())
}

fn cannot_write(path: &Path, source: io::Error) -> CliError {
    CliError::Template { path: path.to_owned(), source }
}

/// Writes a file that must not exist yet.
fn write_new(path: &Path, content: &[u8]) -> Result<(), CliError> {
    let fail = |source| cannot_write(path, source);
    let mut file = match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let message = format!("{}: file already exists; not overwritten", path.display());
            return Err(CliError::usage(message, "Choose another name, or move the file away."));
        }
        other => other.map_err(fail)?,
    };
    file.write_all(content).and_then(|()| file.sync_all()).map_err(|error| {
        _ = fs::remove_file(path);
        fail(error)
    })
}
