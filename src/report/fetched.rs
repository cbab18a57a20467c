//! What `fetch` writes: every record of a collection, as CSV, a workbook, JSON, or JSON with a record on each line.
//!
//! In JSON a record stands as the platform wrote it, without its white space; in a table its documented fields do. The file appears when
//! everything was read, and whole; so does what goes to a stream.

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

/// Columns and fields that are rollcall's own: the whole international number, and the place of the record that has it too.
const NUMBER: &str = "rollcall_number";
const REPEATS: &str = "rollcall_repeats";

/// Repeated numbers that are named one by one; all of them stand in the file.
const MAX_REPEATS: usize = 20;

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchedFormat {
    /// A header, and a line for each record.
    Csv,
    /// One array of all records.
    Json,
    /// A record on each line.
    Ndjson,
    /// A workbook with the same cells as CSV, all of them text.
    Xlsx,
}

impl FetchedFormat {
    /// Whether records are rows below a header.
    pub const fn is_table(self) -> bool {
        matches!(self, Self::Csv | Self::Xlsx)
    }
}

/// A number that several records have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The number.
    pub number: E164,
    /// Where it stands first: the row of the table, or the place among the records, from 1.
    pub first: u64,
    /// Where it stands again.
    pub again: u64,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchedSummary {
    /// Records.
    pub records: u64,
    /// Records whose number an earlier one has.
    pub repeated: u64,
    /// The first of them.
    pub repeats: Vec<Repeat>,
    /// Records whose number can be read as one of several.
    pub ambiguous: u64,
    /// Records in which no number can be read.
    pub unreadable: u64,
}

/// Writes records as they are read.
pub struct FetchedWriter {
    out: Out,
    // Dropped after what is unfinished in it.
    place: Place,
    format: FetchedFormat,
    fields: &'static [&'static str],
    line: Vec<u8>,
    /// The workbook, where it is one.
    book: Option<Book>,
    /// Bytes so far, and how many there may be.
    written: u64,
    limit: ByteLimit,
    places: HashMap<E164, u64>,
    summary: FetchedSummary,
}

/// Where the records go in the end.
enum Place {
    File { folder: OutputFolder, name: String },
    Stream { path: PathBuf, open: Open },
}

/// Opens a stream when there is something to write to it: a pipe that nobody reads from would be waited for.
type Open = Box<dyn FnOnce() -> io::Result<Box<dyn Write>> + Send>;

/// Where they are until then.
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
                    spool.map_err(|source| ReportError::new("make a file to write to", path, source))?;
                Ok(Out::Spool(BufWriter::with_capacity(256 * 1024, spool)))
            }
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
    /// Begins a file.
    ///
    /// # Errors
    ///
    /// Where it cannot be made.
    pub fn to_file(
        path: &Path,
        format: FetchedFormat,
        fields: &'static [&'static str],
    ) -> Result<Self, ReportError> {
        let fail = |source| ReportError::new("write", path, source);
        // Through another user's link, that user would choose the file to replace. Of the user's own link, the target is replaced
        // and the link stays.
        private_file::check_links(path).map_err(|problem| fail(problem.into()))?;
        // A device or pipe is written to, and never replaced.
        if let Ok(found) = path.metadata()
            && !found.is_file()
            && !found.is_dir()
        {
            private_file::check_stream(path, &found).map_err(|problem| fail(problem.into()))?;
            let opened = path.to_owned();
            let open = move || {
                let stream = File::options().write(true).open(&opened)?;
                // Another may have come to be there since.
                private_file::check_stream(&opened, &stream.metadata()?)?;
                Ok(Box::new(stream) as Box<dyn Write>)
            };
            return Self::to_stream(path, Box::new(open), format, fields);
        }
        let resolved = if path.is_symlink() { path.canonicalize().ok() } else { None };
        let path = resolved.as_deref().unwrap_or(path);
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| fail(io::Error::other("this is no name of a file")))?.to_owned();
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = OutputFolder::create(parent.unwrap_or(Path::new(".")))?;
        Self::new(Place::File { folder, name }, format, fields)
    }

    /// Begins what goes to a stream, which is called `path` in messages.
    ///
    /// # Errors
    ///
    /// Where there is no place for it until then.
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

    /// A failure to write, with what was to be written.
    pub fn error(&self, source: io::Error) -> ReportError {
        ReportError::new("write", &self.place.path(), source)
    }

    /// The documented fields of a record.
    pub fn fields(&self) -> &'static [&'static str] {
        self.fields
    }

    /// How records are written.
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
                self.book = Some(Book::begin(names.collect()).map_err(io::Error::other)?);
                Ok(())
            }
        }
    }

    /// Writes a record: all of it in JSON, the texts of its documented fields in CSV.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn write(&mut self, json: &str, texts: &[String], stored: &StoredContact) -> io::Result<()> {
        self.summary.records += 1;
        // The header is row 1, as a spreadsheet shows it.
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
                // The same bytes count for a workbook, which is written when it is whole.
                push_csv(&mut self.line, texts.iter().chain(&own).map(String::as_bytes));
                if let Some(book) = &mut self.book {
                    let texts = texts.iter().chain(&own).map(String::as_str);
                    book.push(texts).map_err(io::Error::other)?;
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

    /// Forgets what was written so far.
    ///
    /// # Errors
    ///
    /// Where it cannot be begun anew.
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

    /// Puts everything in its place, now that it is whole.
    ///
    /// # Errors
    ///
    /// Where it cannot be kept. A stream that nobody reads any more is no error.
    pub fn finish(mut self) -> Result<FetchedSummary, ReportError> {
        if self.format == FetchedFormat::Json {
            let end: &[u8] = if self.summary.records > 0 { b"\n]\n" } else { b"]\n" };
            self.out.write_all(end).map_err(|source| self.error(source))?;
        }
        if let Some(book) = self.book.take() {
            let saved = book.save(&mut self.out);
            saved.map_err(|error| self.error(io::Error::other(error)))?;
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

/// Adds a line of cells: no formulas, and quoted where they have to be.
fn push_csv<'c>(line: &mut Vec<u8>, cells: impl Iterator<Item = &'c [u8]>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            line.push(b',');
        }
        super::outcomes::push_field(line, cell);
    }
    line.push(b'\n');
}

/// Adds JSON without the white space between its parts.
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
        assert!(!path.exists(), "not whole yet");
        let summary = writer.finish().unwrap();
        (std::fs::read_to_string(path).unwrap(), summary)
    }

    #[test]
    fn records_are_written_and_repeated_numbers_named() {
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
    fn more_bytes_than_so_many_records_may_have_end_the_file() {
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
    fn links_of_others_are_not_followed_and_pipes_of_others_not_written_to() {
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
    fn unfinished_files_leave_nothing_behind() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/all.csv");
        let mut writer = FetchedWriter::to_file(&path, FetchedFormat::Csv, &["id"]).unwrap();
        writer.write("{}", &[String::new()], &stored(&["911"])).unwrap();
        drop(writer);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }

    proptest! {
        #[test]
        fn compact_json_says_the_same(text in "[ \"\\\\a\\n{}]{0,12}", number in any::<f64>()) {
            let value = serde_json::json!({text.clone(): [text, number, null, {"a": {}}]});
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let mut compact = Vec::new();
            push_compact(&mut compact, pretty.as_bytes());
            prop_assert_eq!(String::from_utf8(compact).unwrap(), value.to_string());
        }
    }
}
