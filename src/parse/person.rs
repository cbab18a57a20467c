//! Rows of formats whose records name the fields of a person: vCards, and entries of a directory.

use super::{raw_row::RawRow, settings::ParseSettings};
use crate::row::{Cell, CellKind, PhoneKind};

/// The columns before those that a format adds, and before the phones.
const NAMES: [&str; 7] =
    ["First Name", "Last Name", "Full Name", "Name Prefix", "Middle Name", "Organization", "Email"];
pub(super) const FIRST_NAME: usize = 0;
pub(super) const LAST_NAME: usize = 1;
pub(super) const FULL_NAME: usize = 2;
pub(super) const NAME_PREFIX: usize = 3;
pub(super) const MIDDLE_NAME: usize = 4;
pub(super) const ORGANIZATION: usize = 5;
pub(super) const EMAIL: usize = 6;

/// The first column that a format adds.
pub(super) const ADDED: usize = NAMES.len();

/// The phone columns, in the order in which they are called. The last one is never called. Further phones of a kind
/// have their number after the name.
const KINDS: [&str; 7] =
    ["Preferred Phone", "Mobile Phone", "Main Phone", "Work Phone", "Home Phone", "Other Phone", "Fax"];

/// The phones of the kinds, as indices of [`KINDS`].
pub(super) const PREFERRED: usize = 0;
pub(super) const MOBILE: usize = 1;
const MAIN: usize = 2;
const WORK: usize = 3;
const HOME: usize = 4;
const OTHER: usize = 5;
pub(super) const FAX: usize = 6;

/// The number of columns for phones of one kind.
const MAX_OF_KIND: usize = 3;

/// The last column: numbers outside the fields of phones. They are not called, only shown with rejected rows.
pub(super) const UNCLEAR: &str = "Unclear Number";
const UNCLEAR_BUT_COUNTED: &str = "Other Phone 9";

/// Returns the names of the columns, with those that a format adds.
pub(super) fn columns(added: &[&str], settings: &ParseSettings) -> Vec<String> {
    // In a do-not-call list, every number counts.
    let unclear = if settings.is_of_numbers() { UNCLEAR_BUT_COUNTED } else { UNCLEAR };
    let phones = KINDS.iter().flat_map(|kind| {
        (1..=MAX_OF_KIND)
            .map(move |number| if number == 1 { (*kind).to_owned() } else { format!("{kind} {number}") })
    });
    let names = NAMES.iter().chain(added).map(|name| (*name).to_owned());
    names.chain(phones).chain([unclear.to_owned()]).collect()
}

/// Returns the phone column of a kind. Kinds without one share the column for others.
pub(super) fn column(kind: PhoneKind) -> usize {
    match kind {
        PhoneKind::Mobile => MOBILE,
        PhoneKind::Main => MAIN,
        PhoneKind::Work => WORK,
        PhoneKind::Home => HOME,
        PhoneKind::Preferred
        | PhoneKind::Unspecified
        | PhoneKind::Other
        | PhoneKind::Car
        | PhoneKind::Company => OTHER,
    }
}

/// Returns whether phones of this kind come after all others: car phones, and the company's number.
pub(super) fn is_last(kind: PhoneKind) -> bool {
    matches!(kind, PhoneKind::Car | PhoneKind::Company)
}

/// The cells of one person.
pub(super) struct PersonRow {
    cells: Vec<Vec<u8>>,
    /// The first phone column.
    phones: usize,
}

impl RawRow for PersonRow {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        Cell { text: &self.cells[index], kind: CellKind::Text }
    }

    /// A record has an outcome even if nothing in it can be read.
    fn is_blank(&self) -> bool {
        false
    }
}

impl PersonRow {
    /// Creates an empty row for a format that adds this many columns.
    pub(super) fn new(added: usize) -> Self {
        let phones = NAMES.len() + added;
        Self { cells: vec![Vec::new(); phones + KINDS.len() * MAX_OF_KIND + 1], phones }
    }

    /// Fills a column before the phones.
    pub(super) fn set(&mut self, column: usize, text: Vec<u8>) {
        self.cells[column] = text;
    }

    /// Returns whether a column before the phones holds nothing.
    pub(super) fn is_empty(&self, column: usize) -> bool {
        self.cells[column].trim_ascii().is_empty()
    }

    /// Adds a number to a phone column, as an index of [`KINDS`].
    pub(super) fn add_phone(&mut self, column: usize, number: Vec<u8>) {
        let first = self.phones + column * MAX_OF_KIND;
        let cells = &mut self.cells[first..first + MAX_OF_KIND];
        match cells.iter().position(Vec::is_empty) {
            Some(free) => cells[free] = number,
            // With more numbers than columns, the first is called. A suppression list needs all of them.
            None => cells[MAX_OF_KIND - 1].extend([b"; ".as_slice(), &number].concat()),
        }
    }

    /// Sets the numbers outside the fields of phones.
    pub(super) fn set_unclear(&mut self, numbers: Vec<u8>) {
        if let Some(cell) = self.cells.last_mut() {
            *cell = numbers;
        }
    }

    /// Clears names that are not a person's, and moves names that are in the wrong place. `is_company` tells whether
    /// the record itself says that it is not a person.
    pub(super) fn doubt_names(&mut self, is_company: bool) {
        if !self.is_empty(FIRST_NAME) && !self.is_empty(LAST_NAME) {
            return;
        }
        let has_no_part = self.is_empty(FIRST_NAME) && self.is_empty(LAST_NAME);
        let is_of_company =
            has_no_part && !self.is_empty(FULL_NAME) && self.cells[FULL_NAME] == self.cells[ORGANIZATION];
        let has_letter = self.is_empty(FULL_NAME)
            || String::from_utf8_lossy(&self.cells[FULL_NAME]).chars().any(char::is_alphabetic);
        if is_company || is_of_company || !has_letter {
            self.cells[FULL_NAME].clear();
            return;
        }
        // A whole name in one part becomes the full name, which is split later. Otherwise it would appear twice.
        for place in [FIRST_NAME, LAST_NAME] {
            let words = self.cells[place].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let is_whole = words.count() > 1;
            let is_same =
                self.is_empty(FULL_NAME) || folded(&self.cells[place]) == folded(&self.cells[FULL_NAME]);
            if is_whole && is_same {
                self.cells[FULL_NAME] = std::mem::take(&mut self.cells[place]);
            }
        }
    }
}

fn folded(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}
