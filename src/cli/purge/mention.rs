//! Search for a person's number in files.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader},
    path::Path,
};

use crate::{
    parse,
    private_file::{self, Unsafe},
};

/// Number of last digits that identify a number. The digits before them vary: the country code, a zero, and digits
/// that a country has added since.
const TELLING_DIGITS: usize = 8;

/// The zero digits of scripts that people write numbers in: Latin, Arabic, Persian, Devanagari, Bengali, Thai and
/// full-width.
const ZEROS: [char; 7] = ['0', '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}', '\u{ff10}'];

/// The digits to search for.
#[derive(Clone, Debug)]
pub(super) struct Mention {
    digits: Vec<u8>,
}

impl Mention {
    /// Returns the search for a number, from its national digits.
    pub(super) fn of(national: &str) -> Self {
        let digits: Vec<u8> = national.chars().filter_map(digit).collect();
        let start = digits.len().saturating_sub(TELLING_DIGITS);
        Self { digits: digits[start..].to_vec() }
    }

    /// Returns whether a file may name the person: true for an unreadable file, false for a missing one.
    pub(super) fn may_be_in(&self, path: &Path) -> bool {
        let file = match private_file::open_regular(path) {
            Ok(file) => file,
            Err(Unsafe::Io(error)) => return error.kind() != io::ErrorKind::NotFound,
            Err(_) => return true,
        };
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension {
            "xlsx" => parse::any_cell(&file, &mut |text| self.is_in(text)).unwrap_or(true),
            extension => self.is_in_lines(file, extension == "html").unwrap_or(true),
        }
    }

    fn is_in_lines(&self, file: File, has_tags: bool) -> io::Result<bool> {
        let mut plain = Search::new(&self.digits);
        // A number may contain tags, and a tag may contain a number.
        let mut between_tags = Search::new(&self.digits);
        let mut is_tag = false;
        for line in BufReader::new(file).split(b'\n') {
            for letter in String::from_utf8_lossy(&line?).chars() {
                plain.take(letter);
                if has_tags {
                    match letter {
                        '<' => is_tag = true,
                        '>' => is_tag = false,
                        _ if is_tag => {}
                        letter => between_tags.take(letter),
                    }
                }
            }
            if plain.is_found || between_tags.is_found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns whether a text contains these digits, with anything but letters between them.
    fn is_in(&self, text: &str) -> bool {
        let mut search = Search::new(&self.digits);
        text.chars().for_each(|letter| search.take(letter));
        search.is_found
    }
}

/// A search for digits in a stream of text.
struct Search<'a> {
    wanted: &'a [u8],
    /// The last digits, at most as many as are wanted.
    last: Vec<u8>,
    is_found: bool,
}

impl<'a> Search<'a> {
    fn new(wanted: &'a [u8]) -> Self {
        Self { wanted, last: Vec::with_capacity(wanted.len()), is_found: false }
    }

    fn take(&mut self, letter: char) {
        if let Some(digit) = digit(letter) {
            if self.last.len() == self.wanted.len() {
                self.last.remove(0);
            }
            self.last.push(digit);
            self.is_found |= self.last == self.wanted;
        } else if letter.is_alphabetic() {
            self.last.clear();
        }
    }
}

/// Returns the value of a digit.
fn digit(letter: char) -> Option<u8> {
    let above = |zero: &char| u32::from(letter).checked_sub(u32::from(*zero)).filter(|value| *value < 10);
    ZEROS.iter().find_map(above).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rust_xlsxwriter::Workbook;

    use super::*;

    #[test]
    fn number_is_found_in_every_notation() {
        let mention = Mention::of("2079460100");
        for text in [
            "442079460100",
            "+44 (0)20 7946 0100",
            "020-7946-0100 ext. 7",
            "a,020\u{a0}7946\u{2011}0100,b",
            "٠٢٠ ٧٩٤٦ ٠١٠٠",
            "1,442079460100,GB",
        ] {
            assert!(mention.is_in(text), "{text}");
        }
        for text in ["", "442079460101", "7946 and 0100", "44207946010"] {
            assert!(!mention.is_in(text), "{text}");
        }
        // As dialed before the country added a digit to all such numbers.
        assert!(Mention::of("11971234567").is_in("(11) 7123-4567"));
        assert!(Mention::of("12345").is_in("+290 12345"));
    }

    #[test]
    fn visible_text_of_pages_and_workbooks_is_searched() {
        let folder = tempfile::tempdir().unwrap();
        let mention = Mention::of("2079460100");
        let may_be_in = |name: &str| mention.may_be_in(&folder.path().join(name));
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("a.html", "<td>020 <mark>7946</mark>\n<b>0100</b></td>");
        write("b.html", "<td title=\"020 7946 0100\">7946</td>");
        write("c.html", "<td>020 7946 01</td><td>5</td>");
        write("a.csv", "x,020 <mark>7946</mark> 0100\n");
        assert_eq!(["a.html", "b.html", "c.html", "a.csv"].map(may_be_in), [true, true, false, false]);
        let mut workbook = Workbook::new();
        workbook.add_worksheet().write(0, 0, "Read me").unwrap();
        workbook.add_worksheet().write(1, 1, "020 7946 0100").unwrap();
        workbook.save(folder.path().join("a.xlsx")).unwrap();
        write("b.xlsx", "cut off");
        assert_eq!(["a.xlsx", "b.xlsx", "none.xlsx"].map(may_be_in), [true, true, false]);
        let other = Mention::of("2079460199");
        assert!(!other.may_be_in(&folder.path().join("a.xlsx")));
    }
}
