//! Changes that rollcall made: the original cells, and the values to post.
//!
//! Most rows of most lists change in the same few ways. So only a sample of a long list is inspected, and the first
//! examples of each kind are kept.

use std::ops::Range;

use maud::{Markup, html};
use unicode_normalization::UnicodeNormalization as _;

use super::{
    rows::Files,
    text::{shown, within},
};
use crate::{
    contact::{Contact, Digits},
    parse::InputInfo,
    quantity::{counted, grouped},
    report::{ReportedRow, ValidRows},
    row::Row,
};

/// Number of first contacts that are all inspected; after them, one of [`ONE_OF`] is.
const LOOKED_AT: u64 = 20_000;
const ONE_OF: u64 = 64;

/// Examples of each kind.
const MAX_EXAMPLES: usize = 10;

const MAX_CHARS: usize = 120;

/// Maximum size of the examples of one kind.
const MAX_BYTES: usize = 20_000;

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    CountryCode,
    Plus,
    InternationalPrefix,
    Script,
    OtherColumn,
    PhoneRemark,
    OtherReading,
    Separators,
    SplitName,
    Letters,
    NameRemark,
    OtherName,
    Case,
    Accents,
    Spaces,
    Word,
    Default,
}

impl Change {
    const ALL: [Self; 17] = [
        Self::CountryCode,
        Self::Plus,
        Self::InternationalPrefix,
        Self::Script,
        Self::OtherColumn,
        Self::PhoneRemark,
        Self::OtherReading,
        Self::Separators,
        Self::SplitName,
        Self::Letters,
        Self::NameRemark,
        Self::OtherName,
        Self::Case,
        Self::Accents,
        Self::Spaces,
        Self::Word,
        Self::Default,
    ];

    /// The kinds of each field.
    const FIELDS: [(&str, Range<usize>); 3] =
        [("Phone numbers", 0..8), ("Names", 8..15), ("Salutations", 15..17)];

    const fn title(self) -> &'static str {
        match self {
            Self::CountryCode => "National numbers got their country code",
            Self::Plus => "Numbers with a country code got their plus",
            Self::InternationalPrefix => "A dialing prefix became a plus",
            Self::Script => "Digits of other scripts became 0 to 9",
            Self::OtherColumn => "The number of a later column was used",
            Self::PhoneRemark => "Words next to the number were removed",
            Self::OtherReading => "Numbers were read in another form",
            Self::Separators => "Spaces and punctuation were removed",
            Self::SplitName => "Full names were split",
            Self::Letters => "Garbled letters or codes were repaired",
            Self::NameRemark => "Titles, degrees and remarks were removed",
            Self::OtherName => "Names were put in order",
            Self::Case => "Capital letters were changed",
            Self::Accents => "Letters were joined with their accents",
            Self::Spaces => "Spaces were tidied up",
            Self::Word => "Salutations became words that the platform knows",
            Self::Default => "Missing or unknown salutations were filled in",
        }
    }
}

/// A changed cell.
struct Changed {
    input: u16,
    row: u64,
    before: String,
    after: String,
}

/// The changes of one kind.
#[derive(Default)]
struct Examples {
    count: u64,
    first: Vec<Changed>,
}

/// The changes in the rows of a run.
#[derive(Default)]
pub(super) struct Changes {
    contacts: u64,
    looked_at: u64,
    kinds: [Examples; Change::ALL.len()],
}

impl Changes {
    /// Inspects a contact if it belongs to the sample.
    pub(super) fn look(&mut self, input: &InputInfo, row: &ReportedRow<'_>, contact: &Contact) {
        if self.is_next_in_sample() {
            self.look_at(input, row, contact);
        }
    }

    /// Inspects the contacts that belong to the sample.
    pub(super) fn look_at_all(&mut self, input: &InputInfo, valid: &ValidRows<'_>) {
        for index in 0..valid.len() {
            if self.is_next_in_sample()
                && let Some(row) = valid.row(index)
                && let Some(contact) = row.contact
            {
                self.look_at(input, &row, contact);
            }
        }
    }

    /// Counts a contact, and returns whether it belongs to the sample.
    fn is_next_in_sample(&mut self) -> bool {
        self.contacts += 1;
        self.contacts <= LOOKED_AT || self.contacts.is_multiple_of(ONE_OF)
    }

    fn look_at(&mut self, input: &InputInfo, row: &ReportedRow<'_>, contact: &Contact) {
        self.looked_at += 1;
        self.phone(input, row.row, contact);
        self.name(input, row.row, contact);
        self.salutation(input, row.row, contact);
    }

    fn add(
        &mut self,
        change: Change,
        row: Row<'_>,
        before: impl FnOnce() -> String,
        after: impl FnOnce() -> String,
    ) {
        let examples = &mut self.kinds[change as usize];
        examples.count += 1;
        if examples.first.len() == MAX_EXAMPLES {
            return;
        }
        let (before, after) = (before(), after());
        if !examples.first.iter().any(|known| (&known.before, &known.after) == (&before, &after)) {
            let (input, row) = (row.location.input, row.location.row);
            examples.first.push(Changed { input, row, before, after });
        }
    }

    fn phone(&mut self, input: &InputInfo, row: Row<'_>, contact: &Contact) {
        let number = contact.number();
        let (whole, national) = (number.e164().digits(), number.national());
        let filled = || {
            let columns = input.columns.phone.iter().map(|column| row.cell(*column));
            columns.filter(|cell| !cell.is_blank()).map(|cell| cell.text)
        };
        let Some(first) = filled().next() else { return };
        let found = filled().find_map(|cell| Some((cell, phone_change(cell, &whole, &national)?)));
        let (cell, change) = match found {
            Some((cell, _)) if !std::ptr::eq(cell, first) => (first, Some(Change::OtherColumn)),
            Some((cell, change)) => (cell, change),
            None => (first, Some(Change::OtherReading)),
        };
        if let Some(change) = change {
            self.add(change, row, || shown(cell, MAX_CHARS), || format!("+{}", number.e164()));
        }
    }

    fn name(&mut self, input: &InputInfo, row: Row<'_>, contact: &Contact) {
        let columns = &input.columns;
        let text = |column: Option<usize>| column.map_or(b"".as_slice(), |column| row.cell(column).text);
        let (first, last) = (text(columns.first_name), text(columns.last_name));
        if first == contact.first_name().as_bytes() && last == contact.last_name().as_bytes() {
            return;
        }
        let full = text(columns.full_name);
        let is_blank = |column: Option<usize>| column.is_none_or(|column| row.cell(column).is_blank());
        let is_split = (is_blank(columns.first_name) || is_blank(columns.last_name)) && !full.is_empty();
        let before = if is_split {
            shown(full, MAX_CHARS)
        } else {
            let parts = [shown(first, MAX_CHARS), shown(last, MAX_CHARS)];
            parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" | ")
        };
        let after = || {
            let parts = [contact.first_name(), contact.last_name()];
            parts.map(|part| shown(part.as_bytes(), MAX_CHARS)).join(" | ")
        };
        let change = if is_split { Change::SplitName } else { name_change(&before, contact) };
        let before = || if change == Change::Spaces { with_visible_spaces(&before) } else { before };
        self.add(change, row, before, after);
    }

    fn salutation(&mut self, input: &InputInfo, row: Row<'_>, contact: &Contact) {
        let after = contact.salutation().as_str();
        let cell = input.columns.salutation.map_or(b"".as_slice(), |column| row.cell(column).text);
        if cell == after.as_bytes() {
            return;
        }
        let text = String::from_utf8_lossy(cell);
        let is_known = crate::normalize::salutation::recognize(&text).is_some();
        let change = if is_known { Change::Word } else { Change::Default };
        self.add(change, row, || shown(cell, MAX_CHARS), || after.to_owned());
    }

    /// Returns the examples by field and kind; `None` if nothing changed.
    pub(super) fn section(&self, files: &Files) -> Option<Markup> {
        if self.kinds.iter().all(|examples| examples.count == 0) {
            return None;
        }
        let is_whole = self.looked_at == self.contacts;
        Some(html! {
            p {
                "The platform gets these values instead of the original cells. Your files stay unchanged."
                @if !is_whole {
                    " rollcall looked for examples in " (grouped(self.looked_at)) " of " (grouped(self.contacts)) " rows."
                }
            }
            @for (field, kinds) in &Change::FIELDS {
                @let kinds: Vec<Change> = Change::ALL[kinds.clone()].iter().copied()
                    .filter(|change| self.kinds[*change as usize].count > 0).collect();
                @if !kinds.is_empty() { h3 { (field) } }
                @for change in kinds {
                    (self.table(change, is_whole, files))
                }
            }
        })
    }

    fn table(&self, change: Change, is_whole: bool, files: &Files) -> Markup {
        let examples = &self.kinds[change as usize];
        let (rows, _) = within(&examples.first, MAX_BYTES, |changed| {
            html! {
                tr {
                    td { (files.place(changed.input, changed.row)) }
                    td dir="auto" { @if changed.before.trim().is_empty() { i { "empty" } } @else { (changed.before) } }
                    td dir="auto" { b { (changed.after) } }
                }
            }
        });
        html! {
            details class="change" {
                summary {
                    b { (change.title()) } ": " (counted(examples.count, "row"))
                    @if !is_whole { " of those looked at" }
                    @if let Some(first) = examples.first.first() {
                        span class="first" {
                            bdi { @if first.before.trim().is_empty() { i { "empty" } } @else { (first.before) } }
                            " → " bdi { b { (first.after) } }
                        }
                    }
                }
            table class="plain" {
                caption class="unseen" { (change.title()) }
                thead { tr { th scope="col" { "Row" } th scope="col" { "In the file" } th scope="col" { "Sent as" } } }
                tbody { (rows) }
            }
            }
        }
    }
}

/// Returns how a cell became the number with these digits: `None` if the cell contains another number, `Some(None)`
/// if it already contains the number as posted.
#[expect(clippy::option_option, reason = "not this number, and this number unchanged, are two things")]
fn phone_change(cell: &[u8], whole: &Digits, national: &Digits) -> Option<Option<Change>> {
    let mut digits = [0_u8; 32];
    let mut count = 0;
    let (mut has_plus, mut has_letters, mut has_others) = (false, false, false);
    for byte in cell {
        match byte {
            b'0'..=b'9' => {
                *digits.get_mut(count)? = *byte;
                count += 1;
            }
            b'+' => has_plus = true,
            byte if byte.is_ascii_alphabetic() => has_letters = true,
            0x80.. => has_others = true,
            _ => {}
        }
    }
    let digits = &digits[..count];
    let (whole, national) = (whole.as_bytes(), national.as_bytes());
    let is_script = || {
        let text = String::from_utf8_lossy(cell);
        text.chars().any(|letter| !letter.is_ascii() && letter.is_numeric())
    };
    if has_others && is_script() {
        return Some(Some(Change::Script));
    }
    let is_whole = digits == whole;
    if is_whole && has_plus {
        let is_plain = cell.len() == whole.len() + 1;
        return Some((!is_plain).then_some(if has_letters {
            Change::PhoneRemark
        } else {
            Change::Separators
        }));
    }
    if has_letters && digits.ends_with(national) {
        return Some(Some(Change::PhoneRemark));
    }
    if is_whole {
        return Some(Some(Change::Plus));
    }
    let stripped = digits.strip_prefix(b"00").or_else(|| digits.strip_prefix(b"011"));
    if stripped == Some(whole) {
        return Some(Some(Change::InternationalPrefix));
    }
    let trunk = digits.strip_suffix(national)?;
    // The digit that is dialed first within a country, or nothing.
    let is_national = matches!(trunk, b"" | b"0" | b"1" | b"8" | b"01" | b"06");
    Some(Some(if is_national && !has_plus { Change::CountryCode } else { Change::OtherReading }))
}

/// Makes superfluous spaces visible: at the ends of a part, after another space, and unusual ones.
fn with_visible_spaces(text: &str) -> String {
    let part = |part: &str| {
        let mut seen = String::with_capacity(part.len() + 8);
        let mut letters = part.chars().peekable();
        let mut is_behind_space = true;
        while let Some(letter) = letters.next() {
            let is_last = letters.peek().is_none();
            let is_needed = letter == ' ' && !is_behind_space && !is_last;
            is_behind_space = letter.is_whitespace();
            seen.push(if is_behind_space && !is_needed { '␣' } else { letter });
        }
        seen
    };
    text.split(" | ").map(part).collect::<Vec<_>>().join(" | ")
}

/// Returns how the cells of a name became the name of a contact.
fn name_change(before: &str, contact: &Contact) -> Change {
    let words =
        |text: &str| text.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ");
    let (before, after) =
        (words(before), words(&format!("{} {}", contact.first_name(), contact.last_name())));
    if before == after {
        Change::Spaces
    } else if before.nfc().eq(after.chars()) {
        Change::Accents
    } else if before.to_lowercase() == after.to_lowercase() {
        Change::Case
    } else if after.split(' ').all(|word| before.contains(word)) {
        if before.chars().filter(|letter| letter.is_alphanumeric()).count()
            > after.chars().filter(|letter| letter.is_alphanumeric()).count()
        {
            Change::NameRemark
        } else {
            Change::OtherName
        }
    } else {
        Change::Letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{NumberType, PhoneNumber, Region, Salutation};

    fn contact(first: &str, last: &str) -> Contact {
        let number = PhoneNumber::new(44, "7700900123", Region::new("GB"), NumberType::Mobile).unwrap();
        Contact::new(first, last, Salutation::Mrs, number)
    }

    #[test]
    fn each_kind_of_change_to_a_number_is_recognized() {
        let number = *contact("Asha", "Roy").number();
        let (whole, national) = (number.e164().digits(), number.national());
        for (cell, change) in [
            ("+447700900123", Some(None)),
            ("+44 7700 900123", Some(Some(Change::Separators))),
            ("07700 900123", Some(Some(Change::CountryCode))),
            ("7700900123", Some(Some(Change::CountryCode))),
            ("447700900123", Some(Some(Change::Plus))),
            ("0044 7700 900123", Some(Some(Change::InternationalPrefix))),
            ("+44 (0) 7700 900123", Some(Some(Change::OtherReading))),
            ("mobile 07700 900123", Some(Some(Change::PhoneRemark))),
            ("٠٧٧٠٠٩٠٠١٢٣", Some(Some(Change::Script))),
            ("020 7946 0018", None),
            (&"1".repeat(40), None),
        ] {
            assert_eq!(phone_change(cell.as_bytes(), &whole, &national), change, "{cell}");
        }
    }

    #[test]
    fn each_kind_of_change_to_a_name_is_recognized() {
        for (before, first, last, change) in [
            ("Asha  | Roy", "Asha", "Roy", Change::Spaces),
            ("ASHA | ROY", "Asha", "Roy", Change::Case),
            ("Rene\u{301} | Roy", "René", "Roy", Change::Accents),
            ("Dr. Asha | Roy", "Asha", "Roy", Change::NameRemark),
            ("Roy | Asha", "Asha", "Roy", Change::OtherName),
            ("Ren\u{c3}\u{a9} | Roy", "René", "Roy", Change::Letters),
        ] {
            assert_eq!(name_change(before, &contact(first, last)), change, "{before}");
        }
    }

    #[test]
    fn removed_spaces_are_visible() {
        assert_eq!(with_visible_spaces("Asha  Devi  |  Roy\u{a0}"), "Asha ␣Devi␣ | ␣Roy␣");
        assert_eq!(with_visible_spaces("Asha Devi | Roy"), "Asha Devi | Roy");
    }

    #[test]
    fn fields_cover_all_kinds() {
        for (index, change) in Change::ALL.into_iter().enumerate() {
            assert_eq!(change as usize, index);
        }
        let ends: Vec<_> = Change::FIELDS.iter().map(|(_, kinds)| (kinds.start, kinds.end)).collect();
        assert_eq!(ends, [(0, 8), (8, 15), (15, Change::ALL.len())]);
    }
}
