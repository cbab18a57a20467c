//! Lists of delimited text, and JSON with one record per line, that are read while they are written: the first rows go
//! on before the last ones come.

use std::{io::Read, path::Path};

use super::{
    Content, Encoding, Fault, Format, Input, InputInfo, PREVIEW_ROWS, ParseError, ParseSettings, STDIN,
    encoding::{self, UTF_8},
    file::{
        sniff,
        source::{Source, read_up_to},
        stream::{Head, MAX_HEAD_BYTES},
    },
    preview::Preview,
    table::Table,
    table_header::Header,
};

impl Input {
    /// Opens a list that is read while it is written: delimited text, or a record of JSON per line. Its columns are
    /// matched by its first rows, like those of a
    /// file.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Input::open`], and an error for all other formats.
    pub fn of_stream(bytes: Box<dyn Read + Send>, settings: &ParseSettings) -> Result<Self, ParseError> {
        let open = || {
            let mut source = Source::of_stream(bytes, Head::Rows(PREVIEW_ROWS))?;
            check_content(&mut source, settings)?;
            let mut input = Self::of_source(Path::new(STDIN), source, settings, &mut Vec::new())?;
            input.expect_encoding(settings.encoding)?;
            Ok(input)
        };
        open().map_err(at_stdin)
    }

    /// Opens a list that is read while it is written. Its columns are those of `like`, a list with the same
    /// header, whatever its own rows contain.
    ///
    /// # Errors
    ///
    /// Returns an error if the text has another header, or if `like` cannot be read while it is written.
    pub fn of_stream_like(
        bytes: Box<dyn Read + Send>,
        mut like: Self,
        settings: &ParseSettings,
    ) -> Result<Self, ParseError> {
        let path = like.info.path.clone();
        if let Err(fault) = like.read_by_line() {
            return Err(ParseError { path: path.into(), fault });
        }
        let open = || {
            let source = Source::of_stream(bytes, Head::Header)?;
            let info = InputInfo { path: STDIN.to_owned(), bytes: source.len(), ..like.info.clone() };
            let mut input = Self { info, source, spent: 0, is_part: true, ..like };
            if input.header_row > 0 {
                let mut first = Preview::new(1);
                input.table.visit(&mut input.source, &mut first)?;
                if first.rows.is_empty() {
                    return Err(Fault::Empty);
                }
                let row = first.rows.row(0);
                let found = Header::from_row(&row);
                if found != input.header {
                    return Err(Fault::OtherHeaderThan {
                        like: path,
                        header: found.names,
                        expected: input.header.names,
                    });
                }
                input.header_row = row.location.row;
                input.info.header_row = row.location.row;
            }
            input.expect_encoding(settings.encoding)?;
            Ok(input)
        };
        open().map_err(at_stdin)
    }

    /// Returns whether the list is read while it is written, so that its size is unknown.
    pub fn is_stream(&self) -> bool {
        self.source.is_stream()
    }

    /// Returns the encoding of delimited text, or of JSON with a record per line, which it is read as from now on.
    fn read_by_line(&mut self) -> Result<Encoding, Fault> {
        match &mut self.table {
            Table::Text(text) => Ok(text.encoding),
            Table::Json(json) => {
                if !json.read_by_line() {
                    return Err(not_while_written(Format::Json));
                }
                self.info.format = Format::Ndjson;
                Ok(json.encoding())
            }
            _ => Err(not_while_written(self.info.format)),
        }
    }

    /// Makes text in another encoding than that of the first rows an error, unless the user named the encoding.
    fn expect_encoding(&mut self, given: Option<Encoding>) -> Result<(), Fault> {
        let encoding = self.read_by_line()?;
        if given.is_none() && encoding == UTF_8 {
            self.source.expect_utf_8();
        }
        Ok(())
    }
}

/// Checks that a list can be read while it is written, before its beginning is read as another format, of which it is
/// only a part.
fn check_content(source: &mut Source, settings: &ParseSettings) -> Result<(), Fault> {
    let mut sample = vec![0; sniff::SAMPLE_BYTES];
    let filled = read_up_to(&mut source.look()?, &mut sample).map_err(Fault::from_io)?;
    sample.truncate(filled);
    let mut content = sniff::content(&sample);
    if content == Content::Text && settings.format != Some(Format::Csv) {
        let encoding = match settings.encoding {
            Some(encoding) => encoding,
            None => encoding::of_bytes(&sample, settings.region).unwrap_or(UTF_8),
        };
        let text = encoding.decode(&sample);
        content = sniff::text_content(text.as_bytes());
    }
    match content {
        Content::Json if has_lines(&first_line(source)?) => Ok(()),
        Content::Json
        | Content::Vcard
        | Content::Html
        | Content::WebArchive
        | Content::XmlSpreadsheet
        | Content::Ldif
        | Content::Xlsx
        | Content::Xlsb
        | Content::Ods
        | Content::EncryptedOrLegacyExcel => Err(Fault::NotWhileWritten(content.name().to_owned())),
        // Reading them as text is right, or names what they are.
        _ => Ok(()),
    }
}

/// Returns the first line of a beginning, whole if it is in the beginning.
fn first_line(source: &mut Source) -> Result<Vec<u8>, Fault> {
    let mut head = vec![0; MAX_HEAD_BYTES];
    let filled = read_up_to(&mut source.look()?, &mut head).map_err(Fault::from_io)?;
    head.truncate(filled);
    let start = head.len() - head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start().len();
    let end = memchr::memchr(b'\n', &head[start..]).map_or(head.len(), |end| start + end);
    Ok(head[start..end].to_vec())
}

/// Returns whether JSON with this first line has one record per line: the line is an object, not only its beginning.
fn has_lines(first: &[u8]) -> bool {
    let first = first.trim_ascii();
    first.len() > 1 && first.starts_with(b"{") && first.ends_with(b"}")
}

fn not_while_written(format: Format) -> Fault {
    Fault::NotWhileWritten(format!("a list in the format `{}`", format.name()))
}

fn at_stdin(fault: Fault) -> ParseError {
    ParseError { path: STDIN.into(), fault }
}
