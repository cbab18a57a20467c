//! Detection of a text's dialect from its first records: the delimiter and the marks around cells.

use std::io::Cursor;

use super::{csv::Records, layout::lines, quoting::Dialect};
use crate::parse::{
    columns::{self, mapping::Mapping},
    raw_row::RawRow as _,
    table_header::Header,
};

/// Delimiters of most programs, most likely first.
const USUAL: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Delimiters of dialers, mainframes and databases. They occur in all texts, so they count only if they make a header.
const UNUSUAL: [u8; 15] = *b"^~!#:$%&*/\x01\x1c\x1d\x1e\x1f";

const MAX_RECORDS: usize = 200;

/// Maximum number of records searched for a header.
const HEADER_RECORDS: usize = 60;

/// The detected dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::parse) struct Found {
    pub(in crate::parse) dialect: Dialect,
    /// The width of most records. 0 if unknown.
    pub(in crate::parse) width: usize,
}

/// The evidence for a delimiter, strongest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Evidence {
    /// Whether a header is among the records.
    has_header: bool,
    /// The share of records with the usual width, in thousandths.
    alike: usize,
    /// The width of most records.
    width: usize,
}

/// Detects the dialect of a text from its beginning. Accepts a given delimiter as it is.
pub(in crate::parse) fn find(
    sample: &[u8],
    is_whole_file: bool,
    mappings: &[Mapping],
    given: Option<u8>,
) -> Found {
    let sample = if is_whole_file { sample } else { whole_lines(sample) };
    let judge = |delimiter| {
        let mut dialect = Dialect { enclosure: enclosure(sample, delimiter), ..Dialect::new(delimiter) };
        if dialect.enclosure.is_none() {
            dialect.quote = quote(sample, delimiter);
        }
        (dialect, evidence(sample, dialect, mappings))
    };
    if let Some(given) = given {
        let (dialect, Evidence { width, .. }) = judge(given);
        return Found { dialect, width };
    }
    let is_there = |delimiter: &u8| memchr::memchr(*delimiter, sample).is_some();
    let mut best = (Dialect::new(b','), Evidence::default());
    for judged in USUAL.into_iter().filter(is_there).map(judge) {
        if judged.1 > best.1 {
            best = judged;
        }
    }
    // In any list, half of the records have the same width.
    if !best.1.has_header || best.1.alike < 500 {
        let unusual = UNUSUAL.into_iter().filter(is_there).map(judge);
        for judged in unusual.filter(|(_, evidence)| evidence.has_header && evidence.alike >= 500) {
            if judged.1 > best.1 {
                best = judged;
            }
        }
    }
    Found { dialect: best.0, width: best.1.width }
}

/// Returns the sample up to its last line end, because the rest may be incomplete.
fn whole_lines(sample: &[u8]) -> &[u8] {
    memchr::memrchr2(b'\n', b'\r', sample).map_or(sample, |end| &sample[..=end])
}

/// Returns the mark around cells. It is the apostrophe if nearly all lines have several cells in apostrophes, or are in
/// apostrophes as a whole. The header may lack them.
fn quote(sample: &[u8], delimiter: u8) -> u8 {
    const MAX_LINES: usize = 50;

    let is_enclosed = |text: &[u8]| text.len() > 1 && text.starts_with(b"'") && text.ends_with(b"'");
    let enclosed = |line: &[u8]| {
        let cells = line.split(|byte| *byte == delimiter).map(<[u8]>::trim_ascii);
        cells.filter(|cell| is_enclosed(cell)).count() > 1
            || is_enclosed(line) && memchr::memchr_iter(b'\'', line).count() == 2
    };
    let several = lines(sample).filter(|line| memchr::memchr(delimiter, line).is_some());
    let shown: Vec<bool> = several.take(MAX_LINES).map(enclosed).collect();
    let data = shown.get(1..).filter(|data| !data.is_empty()).unwrap_or(&shown);
    let count = data.iter().filter(|is_shown| **is_shown).count();
    if count > 0 && count * 5 >= data.len() * 4 { b'\'' } else { b'"' }
}

/// Returns marks other than ASCII quotation marks that enclose several cells of nearly all lines. Word processors and
/// people write them.
fn enclosure(sample: &[u8], delimiter: u8) -> Option<(&'static str, &'static str)> {
    const MAX_LINES: usize = 50;
    const PAIRS: [(&str, &str); 12] = [
        ("“", "”"),
        ("„", "“"),
        ("„", "”"),
        ("”", "”"),
        ("«", "»"),
        ("»", "«"),
        ("‘", "’"),
        ("‚", "‘"),
        ("`", "`"),
        ("´", "´"),
        ("''", "''"),
        ("[", "]"),
    ];

    let several = || lines(sample).filter(|line| memchr::memchr(delimiter, line).is_some());
    // The header may lack them.
    let data = || several().skip(1).take(MAX_LINES);
    let count = data().count();
    PAIRS.into_iter().find(|(open, close)| {
        let is_enclosed = |cell: &&[u8]| {
            let inner = cell.trim_ascii().strip_prefix(open.as_bytes());
            inner.and_then(|inner| inner.strip_suffix(close.as_bytes())).is_some()
        };
        let is_line = |line: &&[u8]| line.split(|byte| *byte == delimiter).filter(is_enclosed).count() > 1;
        let found = data().filter(is_line).count();
        found > 0 && found * 5 >= count * 4
    })
}

fn evidence(sample: &[u8], dialect: Dialect, mappings: &[Mapping]) -> Evidence {
    let mut records = Records::new(Box::new(Cursor::new(sample.to_vec())), dialect);
    let (mut widths, mut header_widths) = (Vec::new(), Vec::new());
    while let Ok(Some(record)) = records.next_record()
        && widths.len() < MAX_RECORDS
    {
        if record.is_blank() {
            continue;
        }
        if widths.len() < HEADER_RECORDS && record.len() > 1 && header_widths.is_empty() {
            let names = Header::from_row(record).names;
            if columns::recognize(&names, mappings, &|_| Vec::new()).is_ok() {
                header_widths.push(record.len());
            }
        }
        widths.push(record.len());
    }
    let count = |width: usize| widths.iter().filter(|found| **found == width).count();
    let mut distinct: Vec<usize> = widths.iter().copied().filter(|width| *width > 1).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let Some(width) = distinct.into_iter().max_by_key(|width| count(*width)) else {
        return Evidence::default();
    };
    let alike = count(width) * 1000 / widths.len();
    Evidence { has_header: !header_widths.is_empty() && alike >= 250, alike, width }
}

/// Returns the delimiter that a first line `sep=;` names. A spreadsheet that saves the file again adds empty cells to
/// it.
pub(in crate::parse) fn named_delimiter(sample: &[u8]) -> Option<u8> {
    let line = lines(sample).next()?;
    let (line, behind) = match line.strip_prefix(b"\"") {
        Some(quoted) => quoted.split_at_checked(memchr::memchr(b'"', quoted)?)?,
        None => line.split_at_checked(5)?,
    };
    let is_empty = behind.iter().all(|byte| b"\",;\t| ".contains(byte));
    match line {
        [s, e, p, b'=', delimiter] if is_empty && delimiter.is_ascii() => {
            [*s, *e, *p].eq_ignore_ascii_case(b"sep").then_some(*delimiter)
        }
        _ => None,
    }
}

/// Returns the probable delimiter of a header that was read as one cell.
pub(in crate::parse) fn likeliest_unknown(header: &str) -> Option<char> {
    let mut counts: Vec<(usize, char)> = Vec::new();
    for letter in header.chars().filter(|letter| !letter.is_alphanumeric() && !" _-'\".()".contains(*letter))
    {
        match counts.iter_mut().find(|(_, known)| *known == letter) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, letter)),
        }
    }
    let likeliest = counts.into_iter().max_by_key(|(count, _)| *count).map(|(_, letter)| letter);
    likeliest.or_else(|| header.trim().contains("  ").then_some(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delimiter(text: &str) -> char {
        find(text.as_bytes(), true, &[], None).dialect.delimiter.into()
    }

    #[test]
    fn delimiters_are_detected_from_the_content() {
        for (text, expected) in [
            ("a,b,c\n1,2,3\n", ','),
            ("a;b;c\n1,5;2;3\n2,5;3;4\n", ';'),
            ("a\tb\n1\t2\n", '\t'),
            ("a|b\n1|2", '|'),
            ("phone\n123\n", ','),
            ("name,phone\n\"Rao; Asha; Dr\",1\n", ','),
            ("first name;phone\n\"a,b\";1\n\"c,d\";2\n", ';'),
            ("Name^Phone\nAda^1\nBen^2\n", '^'),
            ("Name~Phone\nAda~1\nBen~2\n", '~'),
            ("Name:Phone\nAda:1\n", ':'),
        ] {
            assert_eq!(delimiter(text), expected, "{text}");
        }
    }

    #[test]
    fn title_above_the_header_does_not_decide_the_delimiter() {
        for (text, expected) in [
            ("Contacts, as of May\nFirst name;Phone;City\nAda;1;Bath\n", ';'),
            ("Contacts\n\nFirst name;Phone;City\nAda;1;Bath\n", ';'),
            ("Export; all; of it; today\nFirst name\tPhone\nAda\t1\nBen\t2\nCleo\t3\n", '\t'),
        ] {
            assert_eq!(delimiter(text), expected, "{text}");
        }
    }

    #[test]
    fn apostrophes_are_quotes_if_they_enclose_all_cells() {
        let mark = |text: &str| find(text.as_bytes(), true, &[], None).dialect.quote;
        assert_eq!(mark("'name','phone'\n'O''Brien','1'\n"), b'\'');
        assert_eq!(mark("name,phone\n'Ada','1'\n'Ben','2'\n"), b'\'');
        assert_eq!(mark("'name,phone'\n'Ada,1'\n"), b'\'');
        assert_eq!(mark("name,'phone'\nAda,1\n"), b'"');
        assert_eq!(mark("Phone\n'+44 20 7946 0100\n"), b'"');
    }

    #[test]
    fn other_marks_are_quotes_if_they_enclose_several_cells_per_line() {
        let marks = |text: &str| find(text.as_bytes(), true, &[], None).dialect.enclosure;
        assert_eq!(marks("name,phone\n“Ada”,“1”\n“Ben”,“2”\n"), Some(("“", "”")));
        assert_eq!(marks("''name'';''phone''\n''Ada'';''1''\n"), Some(("''", "''")));
        assert_eq!(marks("`name`,`phone`\n`Ada`,1\n"), None);
        assert_eq!(marks("name,phone\n“Ada” Quill,1\n"), None);
        assert_eq!(marks("'name','phone'\n'','1'\n'Ben','2'\n"), None);
    }

    #[test]
    fn lines_of_one_quoted_cell_are_unwrapped() {
        let found = find(b"\"Name;Phone\"\n\"Ada;1\"\n\"Ben;2\"\n", true, &[], None);
        assert_eq!((found.dialect.delimiter, found.width), (b';', 2));
        assert_eq!(find(b"\"Phone\"\n\"1, 2\"\n\"3, 4\"\n", true, &[], None).width, 0);
    }

    #[test]
    fn record_cut_by_the_end_of_the_sample_is_ignored() {
        assert_eq!(find(b"a;b\n1;2\n3,,,,;", false, &[], None).width, 2);
    }

    #[test]
    fn first_line_may_name_the_delimiter() {
        for (text, delimiter) in [
            ("sep=;\r\nname;phone", Some(b';')),
            ("\"SEP=|\"\nname|phone", Some(b'|')),
            ("\"sep=,\",,\nname,phone,", Some(b',')),
            ("sep=;;;\nname;phone;", Some(b';')),
            ("sep=\t\nname\tphone", Some(b'\t')),
            ("sep=\nname", None),
            ("separator,phone\n", None),
        ] {
            assert_eq!(named_delimiter(text.as_bytes()), delimiter, "{text:?}");
        }
    }

    #[test]
    fn character_between_words_is_suggested() {
        assert_eq!(likeliest_unknown("First Name§Last Name§Phone"), Some('§'));
        assert_eq!(likeliest_unknown("Phone (mobile)"), None);
    }
}
