//! The output of `fetch`: all records of a collection, as CSV, a workbook, JSON, or JSON Lines.
//!
//! JSON contains each record as the platform sent it, without white space between tokens. Tables contain its
//! documented fields. A file appears only when it is complete, and a stream receives only complete output.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use hashbrown::HashMap;

use super::{OutputFolder, PendingFile, ReportError, book::Book};
use crate::{
    contact::{E164, StoredContact},
    platform::ByteLimit,
    private_file,
};

/// Columns and fields that rollcall adds: the international number, and the position of an earlier record with the
/// same number.
const NUMBER: &str = "rollcall_number";
const REPEATS: &str = "rollcall_repeats";

/// Repeated numbers listed one by one; the file contains all of them.
const MAX_REPEATS: usize = 20;

/// The format of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchedFormat {
    /// A header, then one line per record.
    Csv,
    /// One array of all records.
    Json,
    /// One record per line.
    Ndjson,
    /// A workbook with the same cells as CSV, all as text.
    Xlsx,
}

impl FetchedFormat {
    /// Returns whether records are rows below a header.
    pub const fn is_table(self) -> bool {
        matches!(self, Self::Csv | Self::Xlsx)
    }
}

/// A number that several records have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The number.
    pub number: E164,
    /// The first position: the row of a table, or the index of the record from 1.
    pub first: u64,
    /// The position of the repetition.
    pub again: u64,
}

/// The result of a `fetch`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchedSummary {
    /// Number of records.
    pub records: u64,
    /// Number of records whose number an earlier record has.
    pub repeated: u64,
    /// The first repeated numbers.
    pub repeats: Vec<Repeat>,
    /// Number of records with an ambiguous number.
    pub ambiguous: u64,
    /// Number of records without a readable number.
    pub unreadable: u64,
}

/// A writer of records, as they are read.
pub struct FetchedWriter {
    out: Out,
    // Dropped after its unfinished contents.
    place: Place,
    format: FetchedFormat,
    fields: &'static [&'static str],
    line: Vec<u8>,
    /// The workbook, for that format.
    book: Option<Book>,
    /// Bytes written so far, and their maximum.
    written: u64,
    limit: ByteLimit,
    places: HashMap<E164, u64>,
    summary: FetchedSummary,
}

/// The final destination of the records.
enum Place {
    File { folder: OutputFolder, name: String },
    Stream { path: PathBuf, open: Open },
}

/// Opens a stream only when there is output, because opening a pipe without a reader blocks.
type Open = Box<dyn FnOnce() -> io::Result<Box<dyn Write>> + Send>;

/// The temporary destination of the records.
enum Out {
    Pending(PendingFile),
    Spool(BufWriter<File>),
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Pending(file) => file.write(bytes),
            Self::Spool(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Pending(file) => file.flush(),
            Self::Spool(file) => file.flush(),
        }
    }
}

impl Seek for Out {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Pending(file) => file.seek(to),
            Self::Spool(file) => file.seek(to),
        }
    }
}

impl Place {
    fn begin(&self) -> Result<Out, ReportError> {
        match self {
            Self::File { folder, name } => folder.begin(name).map(Out::Pending),
            Self::Stream { path, .. } => {
                let spool = tempfile::tempfile();
                let spool =
                    spool.map_err(|source| ReportError::new("create a temporary file for", path, source))?;
                Ok(Out::Spool(BufWriter::with_capacity(256 * 1024, spool)))
            }
        }
    }

    /// Returns the folder of the file.
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::File { folder, .. } => Some(folder.path()),
            Self::Stream { .. } => None,
        }
    }

    fn path(&self) -> PathBuf {
        match self {
            Self::File { folder, name } => folder.path().join(name),
            Self::Stream { path, .. } => path.clone(),
        }
    }
}

impl FetchedWriter {
    /// Starts a file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be created.
    pub fn to_file(
        path: &Path,
        format: FetchedFormat,
        fields: &'static [&'static str],
    ) -> Result<Self, ReportError> {
        let fail = |source| ReportError::new("write", path, source);
        // The owner of a link chooses which file is replaced, so links of other users are refused. For the user's own
        // link, the target is replaced and the link stays.
        private_file::check_links(path).map_err(|problem| fail(problem.into()))?;
        // A device or pipe is written to, never replaced.
        if let Ok(found) = path.metadata()
            && !found.is_file()
            && !found.is_dir()
        {
            private_file::check_stream(path, &found).map_err(|problem| fail(problem.into()))?;
            let opened = path.to_owned();
            let open = move || {
                let stream = File::options().write(true).open(&opened)?;
                // Another file may have taken its place since.
                private_file::check_stream(&opened, &stream.metadata()?)?;
                Ok(Box::new(stream) as Box<dyn Write>)
            };
            return Self::to_stream(path, Box::new(open), format, fields);
        }
        let resolved = if path.is_symlink() { path.canonicalize().ok() } else { None };
        let path = resolved.as_deref().unwrap_or(path);
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| fail(io::Error::other("not a file name")))?.to_owned();
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = OutputFolder::create(parent.unwrap_or(Path::new(".")))?;
        Self::new(Place::File { folder, name }, format, fields)
    }

    /// Starts output to a stream; messages call it `path`.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no room for the temporary file.
    pub fn to_stream(
        path: &Path,
        open: Open,
        format: FetchedFormat,
        fields: &'static [&'static str],
    ) -> Result<Self, ReportError> {
        Self::new(Place::Stream { path: path.to_owned(), open }, format, fields)
    }

    fn new(
        place: Place,
        format: FetchedFormat,
        fields: &'static [&'static str],
    ) -> Result<Self, ReportError> {
        let out = place.begin()?;
        let (line, places, summary) = (Vec::new(), HashMap::new(), FetchedSummary::default());
        let limit = ByteLimit::WRITTEN;
        let mut writer =
            Self { out, place, format, fields, line, book: None, written: 0, limit, places, summary };
        writer.head().map_err(|source| writer.error(source))?;
        Ok(writer)
    }

    /// Returns a write error with the destination's path.
    pub fn error(&self, source: io::Error) -> ReportError {
        ReportError::new("write", &self.place.path(), source)
    }

    /// Returns the documented fields of a record.
    pub fn fields(&self) -> &'static [&'static str] {
        self.fields
    }

    /// Returns the format of the records.
    pub fn format(&self) -> FetchedFormat {
        self.format
    }

    fn head(&mut self) -> io::Result<()> {
        match self.format {
            FetchedFormat::Csv => {
                let names = self.fields.iter().copied().chain([NUMBER, REPEATS]);
                push_csv(&mut self.line, names.map(str::as_bytes));
                self.flush_line()
            }
            FetchedFormat::Json => self.out.write_all(b"["),
            FetchedFormat::Ndjson => Ok(()),
            FetchedFormat::Xlsx => {
                let names = self.fields.iter().copied().chain([NUMBER, REPEATS]).map(str::to_owned);
                self.book = Some(Book::begin(names.collect(), self.place.folder())?);
                Ok(())
            }
        }
    }

    /// Writes a record: the whole record in JSON, its documented fields in a table.
    ///
    /// # Errors
    ///
    /// Returns an error if the record cannot be written.
    pub fn write(&mut self, json: &str, texts: &[String], stored: &StoredContact) -> io::Result<()> {
        self.summary.records += 1;
        // The header is row 1, as in a spreadsheet.
        let place = self.summary.records + u64::from(self.format.is_table());
        self.summary.ambiguous += u64::from(stored.is_ambiguous);
        self.summary.unreadable += u64::from(stored.numbers.is_empty());
        let number = stored.numbers.first().copied();
        let first =
            number.map(|number| *self.places.entry(number).or_insert(place)).filter(|first| *first != place);
        if let (Some(number), Some(first)) = (number, first) {
            self.summary.repeated += 1;
            if self.summary.repeats.len() < MAX_REPEATS {
                self.summary.repeats.push(Repeat { number, first, again: place });
            }
        }
        match self.format {
            FetchedFormat::Csv | FetchedFormat::Xlsx => {
                let shown = if stored.is_ambiguous { stored.numbers.as_slice() } else { number.as_slice() };
                let numbers: Vec<String> = shown.iter().map(E164::to_string).collect();
                let own = [numbers.join(" or "), first.map(|first| first.to_string()).unwrap_or_default()];
                // The byte limit uses the CSV size for workbooks too; a workbook's own size is known only at the end.
                push_csv(&mut self.line, texts.iter().chain(&own).map(String::as_bytes));
                if let Some(book) = &mut self.book {
                    let texts = texts.iter().chain(&own).map(String::as_str);
                    book.push(texts)?;
                }
            }
            FetchedFormat::Json | FetchedFormat::Ndjson => {
                if self.format == FetchedFormat::Json {
                    self.line.extend_from_slice(if self.summary.records > 1 { b",\n" } else { b"\n" });
                }
                push_compact(&mut self.line, json.as_bytes());
                if let Some(first) = first.filter(|_| self.line.ends_with(b"}")) {
                    self.line.pop();
                    let comma = if self.line.ends_with(b"{") { "" } else { "," };
                    write!(self.line, "{comma}\"{REPEATS}\":{first}}}")?;
                }
                if self.format == FetchedFormat::Ndjson {
                    self.line.push(b'\n');
                }
            }
        }
        self.flush_line()
    }

    fn flush_line(&mut self) -> io::Result<()> {
        self.written += self.line.len() as u64;
        let most = self.limit.bytes(self.summary.records);
        if self.written > most {
            let records = self.summary.records;
            let reason = format!("{records} contacts of the platform would take more than {most} bytes");
            return Err(io::Error::other(reason));
        }
        let written = if self.book.is_some() { Ok(()) } else { self.out.write_all(&self.line) };
        self.line.clear();
        written
    }

    /// Discards everything written so far.
    ///
    /// # Errors
    ///
    /// Returns an error if the output cannot be started again.
    pub fn restart(&mut self) -> Result<(), ReportError> {
        if self.summary.records == 0 {
            return Ok(());
        }
        self.out = self.place.begin()?;
        self.places.clear();
        self.written = 0;
        self.summary = FetchedSummary::default();
        self.head().map_err(|source| self.error(source))
    }

    /// Moves the complete output to its destination.
    ///
    /// # Errors
    ///
    /// Returns an error if the output cannot be kept. A stream without a reader is not an error.
    pub fn finish(mut self) -> Result<FetchedSummary, ReportError> {
        if self.format == FetchedFormat::Json {
            let end: &[u8] = if self.summary.records > 0 { b"\n]\n" } else { b"]\n" };
            self.out.write_all(end).map_err(|source| self.error(source))?;
        }
        if let Some(book) = self.book.take() {
            let saved = book.save(&mut self.out);
            saved.map_err(|error| self.error(error))?;
        }
        let path = self.place.path();
        let fail = |source| ReportError::new("write", &path, source);
        match (self.out, self.place) {
            (Out::Pending(file), Place::File { folder, .. }) => {
                file.commit()?;
                folder.sync()?;
            }
            (Out::Spool(spool), Place::Stream { open, .. }) => {
                let mut spool = spool.into_inner().map_err(|error| fail(error.into_error()))?;
                spool.rewind().map_err(fail)?;
                let copied = open().and_then(|mut stream| {
                    io::copy(&mut spool, &mut stream)?;
                    stream.flush()
                });
                match copied {
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                    copied => copied.map_err(fail)?,
                }
            }
            _ => {}
        }
        Ok(self.summary)
    }
}

/// Appends a line of cells, guarded against formulas and quoted where needed.
fn push_csv<'c>(line: &mut Vec<u8>, cells: impl Iterator<Item = &'c [u8]>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            line.push(b',');
        }
        super::outcomes::push_field(line, cell);
    }
    line.push(b'\n');
}

/// Appends JSON without the white space between tokens.
fn push_compact(line: &mut Vec<u8>, json: &[u8]) {
    let (mut is_text, mut is_escaped) = (false, false);
    for byte in json {
        if is_text {
            (is_text, is_escaped) = (is_escaped || *byte != b'"', !is_escaped && *byte == b'\\');
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            is_text = *byte == b'"';
        }
        line.push(*byte);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored(digits: &[&str]) -> StoredContact {
        let numbers: Vec<E164> = digits.iter().map(|digits| E164::from_digits(digits).unwrap()).collect();
        StoredContact { is_ambiguous: numbers.len() > 1, numbers, ..StoredContact::default() }
    }

    fn written(format: FetchedFormat, records: &[(&str, StoredContact)]) -> (String, FetchedSummary) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all");
        let mut writer = FetchedWriter::to_file(&path, format, &["id", "n"]).unwrap();
        let texts = |json: &str| {
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            vec![value["id"].as_str().unwrap_or_default().to_owned(), value["n"].to_string()]
        };
        writer.write(r#"{"id": "gone"}"#, &texts("{}"), &stored(&["911"])).unwrap();
        writer.restart().unwrap();
        for (json, contact) in records {
            writer.write(json, &texts(json), contact).unwrap();
        }
        assert!(!path.exists(), "not complete yet");
        let summary = writer.finish().unwrap();
        (std::fs::read_to_string(path).unwrap(), summary)
    }

    #[test]
    fn every_format_contains_all_records_and_names_repeated_numbers() {
        let records = [
            ("{\"id\": \"=a, b\",\n \"n\": 1e2, \"new\": [ 1, \"x  y\" ]}", stored(&["911"])),
            ("{\"id\": \"c\", \"n\": 2}", stored(&["912", "91912"])),
            ("{}", stored(&["911"])),
            ("{\"id\": \"d\", \"n\": 12345678901234567890123}", stored(&[])),
        ];
        let (csv, summary) = written(FetchedFormat::Csv, &records);
        assert_eq!(
            csv,
            "id,n,rollcall_number,rollcall_repeats\n\"'=a, b\",100.0,911,\nc,2,912 or 91912,\n,null,911,2\nd,1.2345678901234568e+22,,\n"
        );
        let repeat = |first, again| vec![Repeat { number: E164::from_digits("911").unwrap(), first, again }];
        assert_eq!(
            summary,
            FetchedSummary { records: 4, repeated: 1, repeats: repeat(2, 4), ambiguous: 1, unreadable: 1 }
        );
        let (lines, summary) = written(FetchedFormat::Ndjson, &records);
        assert_eq!(
            lines,
            "{\"id\":\"=a, b\",\"n\":1e2,\"new\":[1,\"x  y\"]}\n{\"id\":\"c\",\"n\":2}\n{\"rollcall_repeats\":1}\n\
             {\"id\":\"d\",\"n\":12345678901234567890123}\n"
        );
        assert_eq!(summary.repeats, repeat(1, 3));
        let (json, _) = written(FetchedFormat::Json, &records[..2]);
        assert_eq!(
            json,
            "[\n{\"id\":\"=a, b\",\"n\":1e2,\"new\":[1,\"x  y\"]},\n{\"id\":\"c\",\"n\":2}\n]\n"
        );
        assert_eq!(written(FetchedFormat::Json, &[]).0, "[]\n");
    }

    #[test]
    fn records_larger_than_the_limit_stop_the_file() {
        let home = tempfile::tempdir().unwrap();
        let mut writer =
            FetchedWriter::to_file(&home.path().join("all.ndjson"), FetchedFormat::Ndjson, &["id"]).unwrap();
        writer.limit = ByteLimit::of(10, 4, 1000);
        writer.write("{\"id\":1}", &[], &stored(&["911"])).unwrap();
        let error = writer.write("{\"id\":22222222}", &[], &stored(&["912"])).unwrap_err();
        assert!(
            error.to_string().contains("2 contacts of the platform would take more than 18 bytes"),
            "{error}"
        );
    }

    // Source: jrmarino/synth issue 105, oferchen/rsync issue 7441 (files written through links of others).
    #[test]
    #[cfg(unix)]
    fn links_and_pipes_of_other_users_are_refused() {
        use std::os::unix::fs::{chown, lchown, symlink};

        const OTHER: u32 = 54_321;

        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let to = |name: &str| FetchedWriter::to_file(&at(name), FetchedFormat::Csv, &["id"]);
        std::fs::write(at("kept"), "kept").unwrap();
        symlink(at("kept"), at("link")).unwrap();
        assert!(to("link").is_ok(), "it is the user's own");
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        assert!(to("pipe").is_ok());
        if lchown(at("link"), Some(OTHER), None).is_ok() {
            chown(at("pipe"), Some(OTHER), None).unwrap();
            for name in ["link", "pipe", "link/below"] {
                let error = to(name).map(|_| ()).unwrap_err();
                assert!(error.to_string().contains("belongs to another user (id 54321)"), "{name}: {error}");
            }
        }
        assert_eq!(std::fs::read_to_string(at("kept")).unwrap(), "kept");
    }

    #[test]
    fn unfinished_file_leaves_nothing_behind() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/all.csv");
        let mut writer = FetchedWriter::to_file(&path, FetchedFormat::Csv, &["id"]).unwrap();
        writer.write("{}", &[String::new()], &stored(&["911"])).unwrap();
        drop(writer);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }

    proptest! {
        #[test]
        fn compact_json_has_the_same_value(text in "[ \"\\\\a\\n{}]{0,12}", number in any::<f64>()) {
            let value = serde_json::json!({text.clone(): [text, number, null, {"a": {}}]});
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let mut compact = Vec::new();
            push_compact(&mut compact, pretty.as_bytes());
            prop_assert_eq!(String::from_utf8(compact).unwrap(), value.to_string());
        }
    }
}
