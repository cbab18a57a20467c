//! Splitting of a delimited record into cells.
//!
//! [`read_record`] follows RFC 4180, and accepts what other programs write: spaces around a quoted cell, `="…"`, the
//! backslash of `MySQL` and PHP, and `\N` for an empty cell. It reports text that does not fit instead of guessing.
//! [`read_line`] reads a single line, whatever its quotation marks say.

/// The end mark of a file in DOS and CP/M.
pub(in crate::parse) const END_OF_FILE: u8 = 0x1a;

/// A byte order mark, and one that was read as windows-1252 and written as UTF-8.
const ORDER_MARKS: [&[u8]; 2] = [b"\xef\xbb\xbf", b"\xc3\xaf\xc2\xbb\xc2\xbf"];

/// The dialect of a delimited text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::parse) struct Dialect {
    pub(in crate::parse) delimiter: u8,
    /// The mark around quoted cells.
    pub(in crate::parse) quote: u8,
    /// Whether a backslash escapes the next character.
    pub(in crate::parse) has_escapes: bool,
    /// Other marks around cells, such as typographic quotation marks. A delimiter between them still ends the cell.
    pub(in crate::parse) enclosure: Option<(&'static str, &'static str)>,
}

impl Dialect {
    /// Creates the dialect of RFC 4180 with this delimiter.
    pub(in crate::parse) fn new(delimiter: u8) -> Self {
        Self { delimiter, quote: b'"', has_escapes: false, enclosure: None }
    }

    /// Returns a cell without the other marks around it.
    fn bare(self, cell: &[u8]) -> &[u8] {
        let inner = |(open, close): (&str, &str)| {
            cell.trim_ascii().strip_prefix(open.as_bytes())?.strip_suffix(close.as_bytes())
        };
        self.enclosure.and_then(inner).unwrap_or(cell)
    }

    fn is_space(self, byte: u8) -> bool {
        byte == b' ' || byte == b'\t' && self.delimiter != b'\t'
    }

    fn skip_spaces(self, text: &[u8], from: usize) -> usize {
        let spaces = text[from..].iter().take_while(|byte| self.is_space(**byte)).count();
        from + spaces
    }

    /// Returns where the content of a quoted cell begins, if one starts at `from`: after the mark, or after `="`.
    /// Ignores a byte order mark before it, which remains between concatenated files.
    fn opened(self, text: &[u8], from: usize) -> Option<usize> {
        let start = self.skip_spaces(text, from);
        let order = ORDER_MARKS.into_iter().find(|mark| from == 0 && text[start..].starts_with(mark));
        let start = start + order.map_or(0, <[u8]>::len);
        let mark = start + usize::from(text.get(start) == Some(&b'='));
        (text.get(mark) == Some(&self.quote)).then_some(mark + 1)
    }

    /// Returns the end of a cell whose text ends at `from`, skipping spaces. Returns `None` if more text follows.
    fn ends_at(self, text: &[u8], from: usize) -> Option<usize> {
        let end = self.skip_spaces(text, from);
        match text.get(end) {
            None | Some(b'\r' | b'\n') => Some(end),
            Some(byte) => (*byte == self.delimiter).then_some(end),
        }
    }
}

/// The cells of one record: their concatenated texts, and the end of each.
#[derive(Debug, Default)]
pub(in crate::parse) struct Cells {
    pub(in crate::parse) text: Vec<u8>,
    pub(in crate::parse) ends: Vec<usize>,
    /// Quoted cells with line ends: the index of the cell, and the range of its content in the record.
    pub(in crate::parse) spans: Vec<(usize, std::ops::Range<usize>)>,
    /// The number of quoted cells.
    pub(in crate::parse) quoted: usize,
}

impl Cells {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.spans.clear();
        self.quoted = 0;
    }

    fn start(&self) -> usize {
        self.ends.last().copied().unwrap_or_default()
    }

    /// Ends a cell that is not quoted. `\N` is empty, and so is `NULL` next to quoted cells. Drops the end mark of DOS.
    fn end_plain(&mut self, text: &[u8]) {
        if text != b"\\N" && !(text == b"NULL" && self.quoted > 0) {
            self.text.extend_from_slice(without_end_marks(text));
        }
        self.ends.push(self.text.len());
    }

    /// Ends a quoted cell whose text was added. Replaces a formula `="…"` by its text.
    fn end_quoted(&mut self, quote: u8) {
        let start = self.start();
        if let Some(inner) = self.text[start..]
            .strip_prefix(&[b'=', quote])
            .and_then(|inner| inner.strip_suffix(&[quote]))
            .filter(|inner| !inner.contains(&quote))
        {
            let len = inner.len();
            self.text.copy_within(start + 2..start + 2 + len, start);
            self.text.truncate(start + len);
        }
        self.quoted += 1;
        self.ends.push(self.text.len());
    }

    pub(in crate::parse) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(in crate::parse) fn cell(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[index]]
    }
}

fn without_end_marks(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(&[END_OF_FILE]).unwrap_or(text);
    text.strip_suffix(&[END_OF_FILE]).unwrap_or(text)
}

/// The result of reading a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::parse) enum Ending {
    /// The record is complete, with this many bytes before its line end.
    Whole(usize),
    /// The text ends inside the record; there may be more.
    Cut,
    /// The text ends inside a quoted cell.
    Open,
    /// There is text between a closing mark and the next delimiter, or a closing mark without an opening one.
    TextBehind,
}

/// Reads the record at the start of a text. `is_last` says that nothing follows the text.
pub(in crate::parse) fn read_record(
    dialect: Dialect,
    text: &[u8],
    is_last: bool,
    cells: &mut Cells,
) -> Ending {
    cells.clear();
    let (mut at, mut is_unopened) = (0, false);
    loop {
        if let Some(content) = dialect.opened(text, at) {
            let Some(close) = unquoted(dialect, text, content, cells) else { return Ending::Open };
            if close + 1 == text.len() && !is_last {
                return Ending::Cut;
            }
            if memchr::memchr2(b'\n', b'\r', &text[content..close]).is_some() {
                cells.spans.push((cells.len(), content..close));
            }
            cells.end_quoted(dialect.quote);
            let Some(end) = dialect.ends_at(text, close + 1) else { return Ending::TextBehind };
            at = end;
        } else {
            let end = memchr::memchr3(dialect.delimiter, b'\n', b'\r', &text[at..]);
            let end = end.map_or(text.len(), |len| at + len);
            is_unopened |= is_unopened_cell(dialect, &text[at..end]);
            cells.end_plain(dialect.bare(&text[at..end]));
            at = end;
        }
        match text.get(at) {
            Some(byte) if *byte == dialect.delimiter => at += 1,
            None if !is_last => return Ending::Cut,
            _ if is_unopened => return Ending::TextBehind,
            _ => return Ending::Whole(at),
        }
    }
}

/// Returns whether the only mark of a cell is at its end, after a letter. The opening mark is then lost. After a digit,
/// it means inches.
fn is_unopened_cell(dialect: Dialect, cell: &[u8]) -> bool {
    let inner = cell.trim_ascii_end().strip_suffix(&[dialect.quote]);
    dialect.quote == b'"'
        && inner.is_some_and(|inner| {
            inner.last().is_some_and(|last| last.is_ascii_alphabetic() || !last.is_ascii())
                && memchr::memchr(dialect.quote, inner).is_none()
        })
}

/// Adds the content of a quoted cell, and returns the position of the closing mark.
fn unquoted(dialect: Dialect, text: &[u8], content: usize, cells: &mut Cells) -> Option<usize> {
    let mut from = content;
    loop {
        let at = if dialect.has_escapes {
            memchr::memchr2(dialect.quote, b'\\', &text[from..])
        } else {
            memchr::memchr(dialect.quote, &text[from..])
        };
        let at = from + at?;
        cells.text.extend_from_slice(&text[from..at]);
        if text[at] != dialect.quote {
            // An escaped mark or backslash loses its escape; other escapes stay unchanged.
            let escaped = *text.get(at + 1)?;
            if escaped != dialect.quote && escaped != b'\\' {
                cells.text.push(b'\\');
            }
            cells.text.push(escaped);
            from = at + 2;
        } else if text.get(at + 1) == Some(&dialect.quote) {
            cells.text.push(dialect.quote);
            from = at + 2;
        } else {
            return Some(at);
        }
    }
}

/// Reads a single line. A mark closes a cell only before a delimiter or the end of the line, and an unclosed mark is
/// text.
///
/// Returns whether all quoted cells are certain. A cell is uncertain if it contains a delimiter next to a mark, which may
/// be its end.
pub(in crate::parse) fn read_line(dialect: Dialect, line: &[u8], cells: &mut Cells) -> bool {
    cells.clear();
    let (mut at, mut is_certain) = (0, true);
    loop {
        let closed =
            dialect.opened(line, at).and_then(|content| Some((content, closing(dialect, line, content)?)));
        if let Some((content, close)) = closed {
            let inner = &line[content..close];
            let marks = |window: &&[u8]| **window == [dialect.delimiter, dialect.quote];
            is_certain &= inner.windows(2).find(marks).is_none();
            push_inner(dialect, inner, cells);
            cells.end_quoted(dialect.quote);
            at = dialect.skip_spaces(line, close + 1);
        } else {
            let end = memchr::memchr(dialect.delimiter, &line[at..]).map_or(line.len(), |len| at + len);
            cells.end_plain(without_stray_mark(dialect, dialect.bare(&line[at..end])));
            at = end;
        }
        if at >= line.len() {
            return is_certain;
        }
        at += 1;
    }
}

/// Returns the first mark that is followed by a delimiter or the end of the line.
fn closing(dialect: Dialect, line: &[u8], content: usize) -> Option<usize> {
    let mut from = content;
    loop {
        let at = from + memchr::memchr(dialect.quote, &line[from..])?;
        let is_escaped = dialect.has_escapes && at > content && line[at - 1] == b'\\';
        if !is_escaped && dialect.ends_at(line, at + 1).is_some() {
            return Some(at);
        }
        from = at + 1;
    }
}

fn push_inner(dialect: Dialect, inner: &[u8], cells: &mut Cells) {
    let mut from = 0;
    while let Some(len) = memchr::memchr(dialect.quote, &inner[from..]) {
        let at = from + len;
        let is_escaped = dialect.has_escapes && at > 0 && inner[at - 1] == b'\\';
        cells.text.extend_from_slice(&inner[from..at - usize::from(is_escaped)]);
        cells.text.push(dialect.quote);
        from = at + 1 + usize::from(inner.get(at + 1) == Some(&dialect.quote));
    }
    cells.text.extend_from_slice(&inner[from..]);
}

/// Returns a cell without its only mark, if this is at its start or end.
fn without_stray_mark(dialect: Dialect, cell: &[u8]) -> &[u8] {
    let trimmed = cell.trim_ascii();
    if memchr::memchr_iter(dialect.quote, trimmed).count() != 1 {
        return cell;
    }
    let mark = [dialect.quote];
    trimmed.strip_prefix(&mark).or_else(|| trimmed.strip_suffix(&mark)).unwrap_or(cell)
}

/// Splits a line at its delimiters alone. Removes marks around a cell.
pub(in crate::parse) fn split_line(dialect: Dialect, line: &[u8], cells: &mut Cells) {
    cells.clear();
    for cell in line.split(|byte| *byte == dialect.delimiter) {
        let trimmed = cell.trim_ascii();
        let mark = [dialect.quote];
        let inner = trimmed.strip_prefix(&mark).and_then(|inner| inner.strip_suffix(&mark));
        cells.end_plain(inner.unwrap_or_else(|| without_stray_mark(dialect, dialect.bare(cell))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(cells: &Cells) -> Vec<String> {
        (0..cells.len()).map(|index| String::from_utf8_lossy(cells.cell(index)).into_owned()).collect()
    }

    fn record(dialect: Dialect, text: &str) -> (Ending, Vec<String>) {
        let mut cells = Cells::default();
        let ending = read_record(dialect, text.as_bytes(), true, &mut cells);
        (ending, texts(&cells))
    }

    const COMMA: Dialect = Dialect { delimiter: b',', quote: b'"', has_escapes: false, enclosure: None };

    #[test]
    fn forms_of_many_programs_are_read() {
        for (text, cells) in [
            ("a,b,c", vec!["a", "b", "c"]),
            ("\"a\"\"b\",\"c,d\"\r\nx", vec!["a\"b", "c,d"]),
            ("\"a\", \"b,c\" , d", vec!["a", "b,c", " d"]),
            ("=\"02079460100\",=\"Marsh, Ltd\"", vec!["02079460100", "Marsh, Ltd"]),
            ("\"=\"\"0207\"\"\",x", vec!["0207", "x"]),
            ("a,\\N,\"\\N\"", vec!["a", "", "\\N"]),
            ("\u{feff}\"a\",\"b\"", vec!["a", "b"]),
            ("\u{ef}\u{bb}\u{bf}\"a\",b", vec!["a", "b"]),
            ("6\",19\"", vec!["6\"", "19\""]),
            ("\"a\",NULL,\"NULL\"", vec!["a", "", "NULL"]),
            ("NULL,b\x1a", vec!["NULL", "b"]),
            ("\"a\nb\",\n", vec!["a\nb", ""]),
            ("5\" screen,x", vec!["5\" screen", "x"]),
        ] {
            let (ending, found) = record(COMMA, text);
            assert!(matches!(ending, Ending::Whole(_)), "{text:?}: {ending:?}");
            assert_eq!(found, cells, "{text:?}");
        }
    }

    #[test]
    fn unfitting_text_is_reported() {
        assert_eq!(record(COMMA, "a,\"b\" c,d").0, Ending::TextBehind);
        assert_eq!(record(COMMA, "a,\"b,c\nd").0, Ending::Open);
        assert_eq!(record(COMMA, "\"a\",b\",\"c\"").0, Ending::TextBehind);
        let mut cells = Cells::default();
        assert_eq!(read_record(COMMA, b"a,\"b\"", false, &mut cells), Ending::Cut);
        assert_eq!(read_record(COMMA, b"a,b", false, &mut cells), Ending::Cut);
    }

    #[test]
    fn escaped_mark_does_not_close_a_cell() {
        let mysql = Dialect { has_escapes: true, ..COMMA };
        assert_eq!(record(mysql, r#""5\" x","a\\","b\nc""#).1, ["5\" x", "a\\", "b\\nc"]);
        assert_eq!(record(COMMA, r#""5\" x","a""#).0, Ending::TextBehind);
    }

    #[test]
    fn single_line_is_read_whatever_its_marks_say() {
        let line = |text: &str| {
            let mut cells = Cells::default();
            let is_certain = read_line(COMMA, text.as_bytes(), &mut cells);
            (texts(&cells).join("|"), is_certain)
        };
        assert_eq!(line("Ada,\"19 inch"), ("Ada|19 inch".to_owned(), true));
        assert_eq!(line("\"Ben \"Benny\" Marsh\",\"Mr\""), ("Ben \"Benny\" Marsh|Mr".to_owned(), true));
        assert_eq!(line("\"Ben\",Marsh\",\"Mr\""), ("Ben|Marsh|Mr".to_owned(), true));
        assert_eq!(line("\"call later\" she said,x"), ("\"call later\" she said|x".to_owned(), true));
        assert_eq!(line("\"a\",\"b,\"c\",d"), ("a|b,\"c|d".to_owned(), false));
        let mut cells = Cells::default();
        split_line(COMMA, b"\"a\",\"b,\"c\",d", &mut cells);
        assert_eq!(texts(&cells), ["a", "b", "c", "d"]);
    }

    #[test]
    fn apostrophes_may_enclose_cells() {
        let apostrophes = Dialect { quote: b'\'', ..COMMA };
        assert_eq!(
            record(apostrophes, "'Cleo','O''Brien','Marsh, Sons'").1,
            ["Cleo", "O'Brien", "Marsh, Sons"]
        );
    }
}
