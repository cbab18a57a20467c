//! Detection of a file's encoding from the evidence for and against each.

use std::io::Read;

use encoding_rs::ISO_2022_JP;

use super::{
    Encoding, Kind, UTF_8,
    by_line::{ByLine, Count, Met},
    charset::Charset,
    convert::{ByteOrder, CHUNK_BYTES, Convert as _},
    likely::{self, Likeliest, Origin},
    marked,
    utf_8::{PIECE_BYTES, Utf8Check},
};
use crate::{
    contact::Region,
    parse::{
        error::Fault,
        file::source::{Source, read_up_to},
    },
};

/// Maximum bytes examined of a file that is not UTF-8.
const MAX_LOOKED_BYTES: u64 = 32 * 1024 * 1024;

/// Maximum bytes of text beyond ASCII that are judged.
const MAX_JUDGED_BYTES: usize = 64 * 1024;

/// The encoding of a text, and notes about it for the user.
pub(in crate::parse) struct Detected {
    pub(in crate::parse) encoding: Encoding,
    pub(in crate::parse) notes: Vec<String>,
}

impl Detected {
    fn certain(encoding: Encoding) -> Self {
        Self { encoding, notes: Vec::new() }
    }
}

/// Detects the encoding of a text. The region of its numbers decides between two likely encodings.
pub(in crate::parse) fn detect(source: &mut Source, region: Option<Region>) -> Result<Detected, Fault> {
    let mut bytes = source.look()?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut filled = read_up_to(&mut bytes, &mut chunk).map_err(Fault::from_io)?;
    let start = &chunk[..filled];
    let found = marked(start).or_else(|| wide_without_mark(start));
    match found.map(|encoding| encoding.0) {
        Some(Kind::Utf16(order)) => return wide(source, order),
        Some(Kind::Utf32(order)) => return Ok(Detected::certain(Encoding(Kind::Utf32(order)))),
        _ => {}
    }
    let mut utf_8 = Utf8Check::default();
    if let Some(file) = source.anywhere() {
        utf_8 = Utf8Check::of_file(file, source.len(), PIECE_BYTES).map_err(Fault::from_io)?;
    } else {
        while filled > 0 {
            utf_8.feed(&chunk[..filled]);
            filled = read_up_to(&mut bytes, &mut chunk).map_err(Fault::from_io)?;
        }
    }
    if utf_8.is_utf_8() && !utf_8.has_odd_bytes {
        return Ok(Detected::certain(UTF_8));
    }
    let lines = Lines::of(&mut source.look()?)?;
    if lines.has_utf_16 {
        return by_line(source, None);
    }
    if utf_8.is_utf_8() {
        return Ok(Detected::certain(if lines.has_iso_2022_jp && utf_8.letters == 0 {
            one(Charset::Standard(ISO_2022_JP))
        } else {
            UTF_8
        }));
    }
    eight_bit(source, &lines, Origin { ends_in_cr: lines.ends_in_cr, region }, found == Some(UTF_8))
}

fn one(charset: Charset) -> Encoding {
    Encoding(Kind::One(charset))
}

/// Detects the encoding of a single-byte text that is not entirely UTF-8.
fn eight_bit(source: &mut Source, lines: &Lines, origin: Origin, is_marked: bool) -> Result<Detected, Fault> {
    /// The penalty for two encodings in one file.
    const MIXED: f32 = 8.0;

    let all = [lines.in_utf_8.as_slice(), &lines.in_other].concat();
    let alone = likely::likeliest(&all, origin);
    if lines.in_utf_8.is_empty() && alone.is_strange {
        return Ok(none_fits());
    }
    if lines.in_utf_8.is_empty() && !is_marked {
        return Ok(Detected { encoding: one(alone.charset), notes: doubts(&alone, lines) });
    }
    let others = likely::likeliest(&lines.in_other, origin);
    let mixed = likely::score_of_utf_8(&lines.in_utf_8, origin) + others.score - MIXED;
    if mixed < alone.score && !is_marked {
        return Ok(Detected { encoding: one(alone.charset), notes: doubts(&alone, lines) });
    }
    let other =
        (others.rival.is_none() && !others.has_proof_against && !others.is_strange).then_some(others.charset);
    by_line(source, other)
}

/// Detects the encoding of text that is not UTF-8. Returns `None` if no encoding fits.
pub(in crate::parse) fn of_bytes(text: &[u8], region: Option<Region>) -> Option<Encoding> {
    let found = likely::likeliest(text, Origin { ends_in_cr: false, region });
    (!found.has_proof_against && !found.is_strange).then_some(one(found.charset))
}

/// Ends of notes that name the option for an encoding.
pub(in crate::parse) const NAME_IT: &str = "; name the right encoding with --encoding";
pub(in crate::parse) const CHOOSE_ONE: &str = "; choose one with --encoding";

/// Returns the result for text whose letters fit no encoding. Rows with such letters cannot be used.
fn none_fits() -> Detected {
    let note = "its letters beyond ASCII make no sense in any encoding that rollcall knows, so it rejects rows with \
                such letters in a name";
    Detected { encoding: UTF_8, notes: vec![format!("{note}{NAME_IT}")] }
}

/// Returns a note if another encoding is nearly as likely.
fn doubts(found: &Likeliest, lines: &Lines) -> Vec<String> {
    let Some(rival) = found.rival else { return Vec::new() };
    let text = |charset: Charset| one(charset).decode(&lines.in_other);
    let (read, other) = (text(found.charset), text(rival));
    let differing = read.split_whitespace().zip(other.split_whitespace()).find(|(read, other)| read != other);
    let Some((read, other)) = differing else { return Vec::new() };
    let word = |word: &str| word.chars().take(40).collect::<String>();
    vec![format!(
        "its encoding is uncertain: rollcall reads it as {} (`{}`), but it may be {} (`{}`){CHOOSE_ONE}",
        found.charset.name(),
        word(read),
        rival.name(),
        word(other)
    )]
}

/// Examines a text in UTF-16 for damaged line ends and lines in other encodings.
fn wide(source: &mut Source, order: ByteOrder) -> Result<Detected, Fault> {
    let encoding = Encoding(Kind::Utf16(order));
    let met = met(source, ByLine::new(None, Some(order)))?;
    let mut notes = Vec::new();
    if met.damaged.times > 0 {
        return Err(Fault::DamagedText { line: met.damaged.first, encoding: encoding.name() });
    }
    if met.shifted.times > 0 {
        notes.push(format!(
            "its line ends were converted as if it were not UTF-16, which shifts the letters after them; rollcall \
             corrects that in {} places, the first on line {}",
            met.shifted.times, met.shifted.first
        ));
    }
    if met.in_bytes.times > 0 {
        notes.push(mixed_note(&[("UTF-16", met.in_utf_16), ("UTF-8", met.in_bytes)]));
    }
    Ok(Detected { encoding, notes })
}

/// Examines a text in UTF-8 and another encoding.
fn by_line(source: &mut Source, other: Option<Charset>) -> Result<Detected, Fault> {
    let met = met(source, ByLine::new(other, None))?;
    if met.damaged.times > 0 {
        return Err(Fault::DamagedText { line: met.damaged.first, encoding: "utf-16".to_owned() });
    }
    let mut kinds = vec![("UTF-8", met.in_utf_8)];
    let other_name = other.map(Charset::name).unwrap_or_default();
    kinds.push((&other_name, met.in_other));
    kinds.push(("UTF-16", met.in_utf_16));
    let kinds: Vec<(&str, Count)> = kinds.into_iter().filter(|(_, count)| count.times > 0).collect();
    let is_mixed = met.in_other.times > 0 || met.in_utf_16.times > 0;
    let notes = if is_mixed { vec![mixed_note(&kinds)] } else { Vec::new() };
    Ok(Detected { encoding: Encoding(Kind::ByLine(other)), notes })
}

/// Returns the note for a file with lines in several encodings.
fn mixed_note(kinds: &[(&str, Count)]) -> String {
    let lines = kinds.iter().map(|(name, count)| match count.times {
        1 => format!("1 in {name} (line {})", count.first),
        times => format!("{times} in {name} (the first is line {})", count.first),
    });
    let lines: Vec<String> = lines.collect();
    format!("its lines are in mixed encodings: {}; rollcall reads each in its own", lines.join(", "))
}

/// Reads the text once to count what it contains.
fn met(source: &mut Source, mut by_line: ByLine) -> Result<Met, Fault> {
    let mut bytes = source.look()?;
    let (mut chunk, mut text) = (vec![0; CHUNK_BYTES], Vec::new());
    loop {
        let filled = read_up_to(&mut bytes, &mut chunk).map_err(Fault::from_io)?;
        let is_last = filled < chunk.len();
        text.clear();
        by_line.convert(&chunk[..filled], is_last, &mut text);
        if is_last {
            return Ok(by_line.met);
        }
    }
}

/// Detects UTF-16 or UTF-32 without a byte order mark. In the line ends, delimiters and Latin letters of a list, the
/// high bytes are zero.
fn wide_without_mark(sample: &[u8]) -> Option<Encoding> {
    let zeros = |first: usize, step: usize| {
        sample.iter().skip(first).step_by(step).filter(|byte| **byte == 0).count()
    };
    let quarter = sample.len() / 4;
    if quarter > 1 && sample.len().is_multiple_of(4) {
        let of_place: Vec<usize> = (0..4).map(|place| zeros(place, 4)).collect();
        let is_all = |places: [usize; 2]| places.iter().all(|place| of_place[*place] == quarter);
        match () {
            () if is_all([2, 3]) && of_place[0] * 2 < quarter => {
                return Some(Encoding(Kind::Utf32(ByteOrder::Little)));
            }
            () if is_all([0, 1]) && of_place[3] * 2 < quarter => {
                return Some(Encoding(Kind::Utf32(ByteOrder::Big)));
            }
            () => {}
        }
    }
    // A file may begin with lines of bytes.
    let line = memchr::memchr(b'\n', sample).map_or(sample, |end| &sample[..end]);
    memchr::memchr(0, line)?;
    let (high_first, low_first) = (zeros(0, 2), zeros(1, 2));
    let is_most = |zeros: usize, others: usize| zeros * 10 > sample.len() * 2 && others * 20 < zeros;
    match () {
        () if is_most(low_first, high_first) => Some(Encoding(Kind::Utf16(ByteOrder::Little))),
        () if is_most(high_first, low_first) => Some(Encoding(Kind::Utf16(ByteOrder::Big))),
        () => None,
    }
}

/// The lines of a text that show its encoding, because they are not pure ASCII.
#[derive(Default)]
struct Lines {
    /// Lines in UTF-8.
    in_utf_8: Vec<u8>,
    /// Lines that are not UTF-8.
    in_other: Vec<u8>,
    ends_in_cr: bool,
    has_utf_16: bool,
    has_iso_2022_jp: bool,
}

impl Lines {
    fn of(bytes: &mut dyn Read) -> Result<Self, Fault> {
        let mut lines = Self::default();
        let (mut crs, mut lfs) = (0, 0);
        let mut pending: Vec<u8> = Vec::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut looked = 0;
        loop {
            let filled = read_up_to(bytes, &mut chunk).map_err(Fault::from_io)?;
            looked += filled as u64;
            let is_last = filled < chunk.len() || looked >= MAX_LOOKED_BYTES;
            pending.extend_from_slice(&chunk[..filled]);
            crs += memchr::memchr_iter(b'\r', &chunk[..filled]).count();
            lfs += memchr::memchr_iter(b'\n', &chunk[..filled]).count();
            let whole = if is_last {
                pending.len()
            } else {
                memchr::memrchr2(b'\n', b'\r', &pending).map_or(0, |place| place + 1)
            };
            let whole = if whole == 0 && pending.len() > MAX_JUDGED_BYTES { pending.len() } else { whole };
            let rest = pending.split_off(whole);
            for line in pending.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
                lines.add(line);
            }
            pending = rest;
            if is_last {
                lines.ends_in_cr = crs > 0 && lfs == 0;
                return Ok(lines);
            }
        }
    }

    fn add(&mut self, line: &[u8]) {
        self.has_utf_16 |= is_utf_16(line);
        self.has_iso_2022_jp |= [b"\x1b$B", b"\x1b$@", b"\x1b(J", b"\x1b(I"]
            .iter()
            .any(|escape| memchr::memmem::find(line, *escape).is_some());
        let line = line.strip_prefix(super::UTF_8_MARK).unwrap_or(line);
        if line.is_ascii() {
            return;
        }
        let lines = if std::str::from_utf8(line).is_ok() { &mut self.in_utf_8 } else { &mut self.in_other };
        if lines.len() + line.len() <= MAX_JUDGED_BYTES || lines.is_empty() {
            lines.extend_from_slice(&line[..line.len().min(MAX_JUDGED_BYTES)]);
        }
    }
}

/// Returns whether a line contains UTF-16 units: ASCII letters with a zero byte each.
fn is_utf_16(line: &[u8]) -> bool {
    const MIN_UNITS: usize = 4;

    let Some(first) = memchr::memchr(0, line) else { return false };
    let zeros = line[first..].iter().step_by(2).take_while(|byte| **byte == 0).count();
    let between = line[first..].iter().skip(1).step_by(2).take(MIN_UNITS - 1);
    zeros >= MIN_UNITS && between.into_iter().all(|byte| matches!(byte, 0x20..=0x7e))
}

/// Returns whether bytes are text in UTF-16 or UTF-32, or contain such text.
pub(in crate::parse) fn is_wide(sample: &[u8]) -> bool {
    let is_marked = marked(sample).is_some_and(|encoding| encoding != UTF_8);
    is_marked
        || wide_without_mark(sample).is_some()
        || sample.split(|byte| *byte == b'\n').any(is_utf_16) && memchr::memchr(b'\n', sample).is_some()
}
