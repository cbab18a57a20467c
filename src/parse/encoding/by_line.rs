//! Text joined from files in several encodings, read line by line.
//!
//! Each line is in UTF-8, in the other charset of the file, or in UTF-16. If the line ends of UTF-16 were converted as
//! if it were plain text, each of them has a byte too many or too few. This module corrects that.

use std::str;

use super::{
    charset::Charset,
    code_page::NO_LETTER,
    convert::{ByteOrder, Convert},
};

/// Maximum bytes of a line examined. A line of UTF-16 has a zero byte before this.
const MAX_LOOK_BYTES: usize = 64 * 1024;

/// Minimum number of consecutive units that distinguish UTF-16 from text with stray zero bytes.
const MIN_UNITS: usize = 4;

/// Counts of what was found, with lines from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Met {
    /// Lines with a character beyond ASCII in UTF-8.
    pub(super) in_utf_8: Count,
    /// Lines in the other charset.
    pub(super) in_other: Count,
    /// Lines in UTF-16.
    pub(super) in_utf_16: Count,
    /// Lines that are not UTF-16.
    pub(super) in_bytes: Count,
    /// UTF-16 units with a byte too many or too few, nearly all of them line ends.
    pub(super) shifted: Count,
    /// Units that do not occur in text, because the UTF-16 is damaged.
    pub(super) damaged: Count,
}

/// The number of occurrences, and the first line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) times: u64,
    pub(super) first: u64,
}

impl Count {
    fn add(&mut self, line: u64) {
        if self.times == 0 {
            self.first = line;
        }
        self.times += 1;
    }
}

/// A decoder that works line by line.
pub(super) struct ByLine {
    /// The charset of lines that are not UTF-8. Without one, they stay unchanged.
    other: Option<Charset>,
    /// Set while the text is UTF-16.
    wide: Option<ByteOrder>,
    pending: Vec<u8>,
    is_line_start: bool,
    line: u64,
    pub(super) met: Met,
}

impl ByLine {
    pub(super) fn new(other: Option<Charset>, wide: Option<ByteOrder>) -> Self {
        Self { other, wide, pending: Vec::new(), is_line_start: true, line: 1, met: Met::default() }
    }

    /// Decodes a line of bytes. Returns the number of bytes taken, or `None` if the line continues after `bytes`.
    fn take_bytes(&mut self, bytes: &[u8], is_last: bool, text: &mut Vec<u8>) -> Option<usize> {
        let end = memchr::memchr(b'\n', bytes).map(|place| place + 1);
        let line = match end {
            Some(end) => &bytes[..end],
            None if is_last || bytes.len() >= MAX_LOOK_BYTES => bytes,
            None => return None,
        };
        if let Some((start, order)) = wide_start(line, bytes) {
            let before = &line[..start];
            self.push_line(before, text);
            if !before.is_empty() {
                // Two files were joined without a line end between them.
                text.push(b'\n');
            }
            self.wide = Some(order);
            self.is_line_start = true;
            return Some(start);
        }
        self.push_line(line, text);
        self.line += u64::from(end.is_some());
        Some(line.len())
    }

    fn push_line(&mut self, line: &[u8], text: &mut Vec<u8>) {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if line.is_ascii() {
            text.extend_from_slice(line);
            if !line.trim_ascii().is_empty() {
                self.met.in_bytes.add(self.line);
            }
            return;
        }
        self.met.in_bytes.add(self.line);
        if str::from_utf8(line).is_ok() {
            self.met.in_utf_8.add(self.line);
            text.extend_from_slice(line);
            return;
        }
        match self.other {
            // A UTF-8 letter next to invalid bytes means that the line is damaged, not in another encoding.
            Some(other) if !holds_utf_8_letter(line) => {
                self.met.in_other.add(self.line);
                other.decode_to(line, text);
            }
            _ => text.extend_from_slice(line),
        }
    }

    /// Decodes units up to the end of a line. Returns the number of bytes taken, or `None` if it needs more.
    fn take_units(
        &mut self,
        bytes: &[u8],
        order: ByteOrder,
        is_last: bool,
        text: &mut Vec<u8>,
    ) -> Option<usize> {
        if self.is_line_start {
            match starts_with_bytes(bytes, is_last) {
                Some(true) => {
                    self.wide = None;
                    let taken = self.take_bytes(bytes, is_last, text);
                    // The text continues in UTF-16 until the next line of bytes.
                    self.wide = self.wide.or(Some(order));
                    return taken;
                }
                Some(false) => {}
                None => return None,
            }
            if bytes.len() < 2 && !is_last {
                return None;
            }
            match bytes.get(..2) {
                Some(b"\xff\xfe") => {
                    self.wide = Some(ByteOrder::Little);
                    return Some(2);
                }
                Some(b"\xfe\xff") => {
                    self.wide = Some(ByteOrder::Big);
                    return Some(2);
                }
                _ => {}
            }
            self.met.in_utf_16.add(self.line);
            self.is_line_start = false;
        }
        let mut taken = 0;
        let mut high: Option<u16> = None;
        while let Some(pair) = bytes.get(taken..taken + 2) {
            let behind = &bytes[taken + 2..];
            if behind.len() < 2 && !is_last {
                break;
            }
            let (unit, len) = next_unit(order, [pair[0], pair[1]], behind);
            if len != 2 {
                self.met.shifted.add(self.line);
            }
            if let Some(low) = high.take() {
                match char::decode_utf16([low, unit]).next() {
                    Some(Ok(letter)) => {
                        push(letter, text);
                        taken += len;
                        continue;
                    }
                    _ => text.push(NO_LETTER),
                }
            }
            if unit == 0x000a {
                text.push(b'\n');
                self.line += 1;
                self.is_line_start = true;
                return Some(taken + len);
            }
            match unit {
                // A line end shifted by a byte. The text after it is shifted too.
                0x0a00 => {
                    self.met.damaged.add(self.line);
                    text.push(NO_LETTER);
                }
                0xd800..=0xdbff => high = Some(unit),
                _ => match char::from_u32(u32::from(unit)) {
                    Some(letter) => push(letter, text),
                    None => text.push(NO_LETTER),
                },
            }
            taken += len;
        }
        if high.is_some() {
            if is_last {
                text.push(NO_LETTER);
            } else {
                // The second half comes with the next bytes.
                taken -= 2;
            }
        }
        if is_last && taken + 1 == bytes.len() {
            if !matches!(bytes[taken], 0 | b'\n' | b'\r' | 0x1a) {
                text.push(NO_LETTER);
            }
            taken += 1;
        }
        (taken > 0).then_some(taken)
    }
}

impl Convert for ByLine {
    fn convert(&mut self, bytes: &[u8], is_last: bool, text: &mut Vec<u8>) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(bytes);
        let mut start = 0;
        while start < pending.len() {
            let rest = &pending[start..];
            let taken = match self.wide {
                Some(order) => self.take_units(rest, order, is_last, text),
                None => self.take_bytes(rest, is_last, text),
            };
            match taken {
                Some(taken) => start += taken,
                None => break,
            }
        }
        pending.drain(..start);
        self.pending = pending;
    }
}

fn push(letter: char, text: &mut Vec<u8>) {
    match u8::try_from(letter) {
        Ok(byte) if byte.is_ascii() => text.push(byte),
        _ => text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

/// Returns the unit that begins with `pair`, and its number of bytes. It has three if a plain text conversion has
/// inserted a CR before an LF byte, or has removed a CR and left its zero byte.
fn next_unit(order: ByteOrder, pair: [u8; 2], behind: &[u8]) -> (u16, usize) {
    match (order, pair, behind) {
        (ByteOrder::Little, [b'\r', b'\n'], [high, ..]) => (order.unit([b'\n', *high]), 3),
        (ByteOrder::Big, [high, b'\r'], [b'\n', ..]) => (order.unit([high, b'\n']), 3),
        (ByteOrder::Little, [0, b'\n'], [0, ..]) | (ByteOrder::Big, [0, 0], [b'\n', ..]) => (0x000a, 3),
        _ => (order.unit(pair), 2),
    }
}

/// Returns whether a line of bytes follows a line end of UTF-16: it has no zero bytes and makes sense. Returns `None`
/// if more bytes are needed to decide.
fn starts_with_bytes(bytes: &[u8], is_last: bool) -> Option<bool> {
    const MIN_LETTERS: usize = 3;

    if bytes.iter().take(8).any(|byte| *byte == 0) {
        return Some(false);
    }
    let end = memchr::memchr(b'\n', bytes);
    if end.is_none() && !is_last && bytes.len() < MAX_LOOK_BYTES {
        return None;
    }
    let line = &bytes[..end.unwrap_or(bytes.len())];
    let has_zero = memchr::memchr(0, line).is_some() || end.is_some_and(|end| bytes.get(end + 1) == Some(&0));
    let ascii = line.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    let has_cells = line.iter().any(|byte| matches!(byte, b',' | b';' | b'\t' | b'|' | b':' | b'0'..=b'9'));
    Some(
        !has_zero
            && has_cells
            && ascii >= MIN_LETTERS
            && (str::from_utf8(line).is_ok() || ascii * 2 > line.len()),
    )
}

/// Returns where UTF-16 begins in a line of bytes. `bytes` continue after the line.
fn wide_start(line: &[u8], bytes: &[u8]) -> Option<(usize, ByteOrder)> {
    let zero = memchr::memchr(0, line)?;
    let candidates =
        [(ByteOrder::Little, zero.checked_sub(1), b"\xff\xfe"), (ByteOrder::Big, Some(zero), b"\xfe\xff")];
    let is_wide = |first: usize, order: ByteOrder| {
        let units = bytes[first..].chunks_exact(2).take(MIN_UNITS);
        units.len() == MIN_UNITS
            && units
                .map(|pair| order.unit([pair[0], pair[1]]))
                .all(|unit| matches!(unit, 0x09 | 0x0a | 0x0d | 0x20..=0x7e | 0xa0..=0x24f))
    };
    let found = candidates.into_iter().filter_map(|(order, first, mark)| {
        let first = first.filter(|first| is_wide(*first, order))?;
        Some((bytes[..first].ends_with(mark), first, order))
    });
    // A byte order mark decides.
    let (is_marked, first, order) = found.min_by_key(|(is_marked, ..)| !is_marked)?;
    Some((if is_marked { first - 2 } else { first }, order))
}

/// Returns whether bytes that are not UTF-8 as a whole contain a UTF-8 letter beyond ASCII.
fn holds_utf_8_letter(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn wide_big(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_be_bytes).collect()
    }

    /// Decodes a few bytes at a time, so that the tests meet every boundary.
    fn decoded(bytes: &[u8], start: Option<ByteOrder>, other: Option<&str>) -> (String, Met) {
        let other = other.map(|name| super::super::by_name(name).unwrap().charset().unwrap());
        let mut found = Vec::new();
        for at_once in [1, 2, 3, 7, bytes.len().max(1)] {
            let mut by_line = ByLine::new(other, start);
            let mut text = Vec::new();
            let chunks = bytes.chunks(at_once);
            let last = chunks.len().saturating_sub(1);
            for (index, chunk) in chunks.enumerate() {
                by_line.convert(chunk, index == last, &mut text);
            }
            found.push((String::from_utf8_lossy(&text).into_owned(), by_line.met));
        }
        assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{found:#?}");
        found.swap_remove(0)
    }

    #[test]
    fn lines_are_read_in_their_own_encoding() {
        let bytes = ["Jürgen,1\nAda,2\n".as_bytes(), b"J\xf6rg,3\n", "Zoë,4".as_bytes()].concat();
        let (text, met) = decoded(&bytes, None, Some("windows-1252"));
        assert_eq!(text, "Jürgen,1\nAda,2\nJörg,3\nZoë,4");
        assert_eq!(
            (met.in_utf_8, met.in_other),
            (Count { times: 2, first: 1 }, Count { times: 1, first: 3 })
        );
    }

    #[test]
    fn damaged_utf_8_line_is_not_another_encoding() {
        let (text, met) = decoded(b"J\xc3\xbcrgen M\xc3,1\n", None, Some("windows-1252"));
        assert_eq!((text.as_str(), met.in_other.times), ("Jürgen M\u{fffd},1\n", 0));
    }

    #[test]
    fn lines_of_bytes_after_utf_16_are_read() {
        let bytes = [wide("Name,Tel\r\nAda,1\r\n").as_slice(), "Cleo,20\r\nZoë,3012\r\n".as_bytes()].concat();
        let (text, met) = decoded(&bytes, Some(ByteOrder::Little), None);
        assert_eq!(text, "Name,Tel\r\nAda,1\r\nCleo,20\r\nZoë,3012\r\n");
        assert_eq!(met.in_bytes, Count { times: 2, first: 3 });
        let back = [bytes, wide("Dan,4\n")].concat();
        assert!(decoded(&back, Some(ByteOrder::Little), None).0.ends_with("Zoë,3012\r\nDan,4\n"));
    }

    #[test]
    fn utf_16_after_lines_of_bytes_is_read() {
        for (mark, order) in
            [("", wide as fn(&str) -> Vec<u8>), ("\u{feff}", wide), ("\u{feff}", wide_big), ("", wide_big)]
        {
            // Without a mark and a line end, it is unclear on which side of a zero byte the letter is.
            for end in ["\n", ""].into_iter().take(if mark.is_empty() { 1 } else { 2 }) {
                let appended = order(&format!("{mark}Zoë,3\r\nLi,4\r\n"));
                let bytes = [format!("Ada,1\r\nBen,2{end}").as_bytes(), &appended].concat();
                let (text, met) = decoded(&bytes, None, None);
                assert_eq!(text, "Ada,1\r\nBen,2\nZoë,3\r\nLi,4\r\n", "{bytes:?}");
                assert_eq!(met.in_utf_16.times, 2);
            }
        }
    }

    #[test]
    fn shifted_line_ends_of_utf_16_are_corrected() {
        for ends in ["\n", "\r\n"] {
            let plain = format!("Name,Tel{ends}Ada,1{ends}Zoë,2{ends}上田,3{ends}");
            for (order, bytes) in [(ByteOrder::Little, wide(&plain)), (ByteOrder::Big, wide_big(&plain))] {
                // The effect of a transfer in text mode. 上 has an LF byte, too.
                let added: Vec<u8> = bytes
                    .iter()
                    .flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] })
                    .collect();
                let (text, met) = decoded(&added, Some(order), None);
                assert_eq!(text, plain, "{order:?}");
                assert_eq!(met.shifted.times, 5);
            }
        }
        let taken: Vec<u8> =
            wide("Name\r\nAda\r\nZoë\r\n").into_iter().filter(|byte| *byte != b'\r').collect();
        assert_eq!(decoded(&taken, Some(ByteOrder::Little), None).0, "Name\nAda\nZoë\n");
        let taken: Vec<u8> =
            wide_big("Name\r\nAda\r\nZoë\r\n").into_iter().filter(|byte| *byte != b'\r').collect();
        assert_eq!(decoded(&taken, Some(ByteOrder::Big), None).0, "Name\nAda\nZoë\n");
    }

    #[test]
    fn all_planes_and_east_asian_lists_are_decoded_from_utf_16() {
        let plain = "氏名,電話\r\n井上上乐,1\r\n𠮷田,2\r\n乐乐上,3\r\n";
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let bytes = if order == ByteOrder::Little { wide(plain) } else { wide_big(plain) };
            let (text, met) = decoded(&bytes, Some(order), None);
            assert_eq!(text, plain);
            assert_eq!((met.in_bytes.times, met.shifted.times, met.damaged.times), (0, 0, 0));
        }
    }
}
