//! `rollcall fetch`

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write},
    path::{Path, PathBuf},
};

use super::{
    args::{FetchArgs, FetchFormat, FetchKind},
    config::ConfigFiles,
    error::{CliError, exit},
    import::account,
    printer::Printer,
    settings::{self, RequestSettings, open_journal, target},
    signals,
};
use crate::{
    journal::Journal,
    parse::STDIN,
    pipeline::{self, FetchSettings, Fetched},
    platform::Collection,
    quantity::{counted, grouped},
    report::{
        FetchedFormat, FetchedWriter,
        screen::{self, Screen},
        terminal::printable,
    },
};

pub(super) fn run(args: &FetchArgs, config: &ConfigFiles, printer: &Printer) -> Result<u8, CliError> {
    let collection = collection(args, config)?;
    let page_size = config.under(&args.page_size)?.page_size;
    if let Some(size) = page_size {
        settings::within("page-size", size, 1..=collection.largest_page())?;
    }
    let region = config.region(args.region.as_deref())?;
    let region = region.as_deref().map(settings::region).transpose()?;
    let requests = RequestSettings::new(&config.under(&args.requests)?)?;
    let given = args.platform.without_empty();
    let platform = config.under_platform(&given)?;
    printer.say(&config.unused_note(&given).unwrap_or_default());
    let state = config.under(&args.state)?;
    let journal = if platform.sandbox { Journal::in_memory()? } else { open_journal(state.state_dir)? };
    // Kept until everything is read, because dropping it stops the local platform.
    let (account, _local) = account(platform, &requests)?;
    let target = target(&account);
    let interrupt = signals::listen();
    let settings = FetchSettings {
        quota: journal.quota(&target.account),
        snapshots: journal.snapshots(&target.account, &target.stream, region),
        client: requests.client(account, region),
        collection,
        page_size,
    };
    let path = args.output.clone().filter(|path| path.as_os_str() != STDIN);
    let format = args.format.map_or_else(|| by_ending(path.as_deref()), |named| Ok(format(named)))?;
    let fields = settings.collection.fields();
    let output = match &path {
        Some(path) => FetchedWriter::to_file(path, format, fields)?,
        None => FetchedWriter::to_stream(
            Path::new("standard output"),
            Box::new(move || Ok(standard_output(format))),
            format,
            fields,
        )?,
    };
    let fetched = pipeline::fetch(&settings, output, printer, &interrupt)?;
    printer.conclude(&conclusion(&fetched, &settings.collection, path.as_ref(), format));
    Ok(exit::OK)
}

/// Opens standard output: data unchanged, but without control characters on a terminal.
fn standard_output(format: FetchedFormat) -> Box<dyn Write> {
    let stdout = io::stdout();
    // A workbook is not text.
    if !stdout.is_terminal() || format == FetchedFormat::Xlsx {
        return Box::new(stdout);
    }
    let spell = if format.is_table() { screen::styled } else { screen::json };
    Box::new(Screen::new(stdout, spell))
}

fn collection(args: &FetchArgs, config: &ConfigFiles) -> Result<Collection, CliError> {
    let api = settings::api(&config.under(&args.api)?);
    let id = || {
        let missing =
            || CliError::usage("missing list or campaign id", "Use `fetch list ID` or `fetch campaign ID`.");
        let id = args.id.clone().ok_or_else(missing)?;
        settings::id("ID", &id)?;
        Ok::<_, CliError>(id)
    };
    Ok(match args.what {
        FetchKind::Contacts if args.id.is_some() => {
            return Err(CliError::usage(
                "`fetch contacts` takes no id",
                "It writes all contacts of the stream; those of a list or campaign are `fetch list ID` and `fetch campaign ID`.",
            ));
        }
        FetchKind::Contacts => Collection::Contacts,
        FetchKind::List => Collection::List { id: id()?, api },
        FetchKind::Campaign => Collection::Campaign { id: id()?, api },
    })
}

fn format(format: FetchFormat) -> FetchedFormat {
    match format {
        FetchFormat::Csv => FetchedFormat::Csv,
        FetchFormat::Json => FetchedFormat::Json,
        FetchFormat::Ndjson => FetchedFormat::Ndjson,
        FetchFormat::Xlsx => FetchedFormat::Xlsx,
    }
}

/// Returns the format for a file name. The extension of a device or pipe means nothing.
fn by_ending(path: Option<&Path>) -> Result<FetchedFormat, CliError> {
    let ending = path.and_then(Path::extension).map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        None | Some("csv") => Ok(FetchedFormat::Csv),
        Some("json") => Ok(FetchedFormat::Json),
        Some("ndjson" | "jsonl") => Ok(FetchedFormat::Ndjson),
        Some("xlsx") => Ok(FetchedFormat::Xlsx),
        Some(ending) => Err(CliError::usage(
            format!("--output: the extension `.{}` is not a known format", printable(ending)),
            "Give the file a name that ends in .csv, .json, .ndjson or .xlsx, or name the format with --format.",
        )),
    }
}

fn conclusion(
    fetched: &Fetched,
    collection: &Collection,
    path: Option<&PathBuf>,
    format: FetchedFormat,
) -> String {
    let Fetched { summary, readout, counts } = fetched;
    let mut text = String::new();
    let what = match collection {
        Collection::Contacts => String::new(),
        other => format!(" of {}", printable(&other.to_string())),
    };
    let place =
        path.map(|path| format!(", in {}", printable(&path.display().to_string()))).unwrap_or_default();
    // Writing to a string cannot fail.
    _ = writeln!(
        text,
        "{}{what} in {} of {}, {}{place}",
        counted(summary.records, "contact"),
        counted(readout.pages, "page"),
        grouped(readout.page_size),
        counted(counts.get, "request"),
    );
    for note in &readout.notes {
        _ = writeln!(text, "note: {}", printable(note));
    }
    if summary.unreadable > 0 {
        _ = writeln!(text, "note: {} without a readable number", counted(summary.unreadable, "contact"));
    }
    if summary.ambiguous > 0 {
        let contacts = counted(summary.ambiguous, "contact");
        _ = writeln!(
            text,
            "note: {contacts} with an ambiguous number; an import treats every reading as existing"
        );
    }
    if summary.repeated > 0 {
        let unit = if format.is_table() { "row" } else { "record" };
        _ = writeln!(
            text,
            "{} with the same number as an earlier one:",
            counted(summary.repeated, "contact")
        );
        for repeat in &summary.repeats {
            _ = writeln!(text, "  +{}  {unit} {} and {unit} {}", repeat.number, repeat.first, repeat.again);
        }
        let more = summary.repeated - summary.repeats.len() as u64;
        if more > 0 {
            _ = writeln!(text, "  and {} more; rollcall_repeats in the output names them all", grouped(more));
        }
    }
    text
}
