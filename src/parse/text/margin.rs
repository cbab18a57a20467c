//! Rows below a header that are not data: repeated headers, as in concatenated lists, and lines that programs write
//! below a list, such as totals and remarks.

use std::collections::{HashMap, VecDeque};

use super::{findings::Sightings, layout::is_phone_like};
use crate::{
    parse::{
        columns::{self, ColumnsProblem},
        raw_row::RawRow,
        table_header::Header,
    },
    row::{Cell, CellKind, Columns},
};

/// First words of a line of totals, in lower case.
const SUMS: [&str; 15] = [
    "total",
    "totals",
    "sum",
    "subtotal",
    "count",
    "summe",
    "gesamt",
    "anzahl",
    "somme",
    "nombre",
    "suma",
    "totale",
    "totaal",
    "итого",
    "всего",
];

/// First words of a remark below a list.
const REMARKS: [&str; 19] = [
    "copyright",
    "©",
    "confidential",
    "generated",
    "exported",
    "created",
    "printed",
    "page",
    "seite",
    "end",
    "ende",
    "eof",
    "report",
    "stand",
    "erstellt",
    "exportiert",
    "vertraulich",
    "source",
    "disclaimer",
];

/// Words for what is counted in a line such as `(2 rows)`.
const COUNTED: [&str; 22] = [
    "row",
    "rows",
    "record",
    "records",
    "contact",
    "contacts",
    "entry",
    "entries",
    "line",
    "lines",
    "item",
    "items",
    "result",
    "results",
    "people",
    "lead",
    "leads",
    "zeilen",
    "datensätze",
    "kontakte",
    "lignes",
    "registros",
];

/// Maximum number of lines below a list.
const MAX_LINES: usize = 30;

/// A longer cell is a note, not a header, unless the first header has one as long.
const LONG_NAME_BYTES: usize = 1024;

/// A row that owns its cells.
pub(in crate::parse) struct KeptRow {
    pub(in crate::parse) number: u64,
    cells: Vec<(Vec<u8>, CellKind)>,
    is_doubtful: bool,
}

impl KeptRow {
    fn of(number: u64, row: &impl RawRow) -> Self {
        let cells = (0..row.len()).map(|index| row.cell(index));
        Self {
            number,
            cells: cells.map(|cell| (cell.text.to_vec(), cell.kind)).collect(),
            is_doubtful: row.is_doubtful(),
        }
    }
}

impl RawRow for KeptRow {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        let (text, kind) = &self.cells[index];
        Cell { text, kind: *kind }
    }

    fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }
}

/// A row whose cells are in the order of another header.
pub(in crate::parse) struct Reordered<'r, R> {
    pub(in crate::parse) row: &'r R,
    /// For each column, the position of its cell in the row.
    pub(in crate::parse) places: &'r [usize],
}

impl<R: RawRow> RawRow for Reordered<'_, R> {
    fn len(&self) -> usize {
        self.row.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        let place = self.places.get(index).copied().unwrap_or(index);
        if place < self.row.len() { self.row.cell(place) } else { Cell { text: &[], kind: CellKind::Text } }
    }

    fn is_doubtful(&self) -> bool {
        self.row.is_doubtful()
    }
}

/// The kind of a row without a number.
pub(in crate::parse) enum Kind {
    Row,
    /// The header, with its columns in the same order, or in this order.
    Header(Option<Vec<usize>>),
    /// A header with other columns.
    OtherHeader,
    /// A line below the list, unless rows follow.
    Footer,
}

/// A detector of rows that are not data.
#[derive(Default)]
pub(in crate::parse) struct Margin {
    names: Vec<String>,
    /// The names as they are in the file.
    headers_of_file: Vec<String>,
    /// The longest cell that can be in a repeated header, in bytes.
    max_name_bytes: usize,
    columns: Columns,
    phones: Vec<usize>,
    /// Repeated headers.
    pub(in crate::parse) headers: Sightings,
    /// Repeated headers with another order of columns.
    pub(in crate::parse) reordered: Sightings,
    /// Rows that may be the footer.
    pub(in crate::parse) footer: Vec<KeptRow>,
    is_text: bool,
    /// Whether other parts of the list may follow, so that no line is below it.
    pub(in crate::parse) is_of_part: bool,
}

impl Margin {
    pub(in crate::parse) fn new(header: &Header, columns: &Columns, is_text: bool) -> Self {
        Self {
            names: header.names.iter().map(|name| folded(name)).collect(),
            max_name_bytes: header.names.iter().map(String::len).max().unwrap_or(0).max(LONG_NAME_BYTES),
            headers_of_file: header.names.clone(),
            // Matched like a repeated header further down: without the contents of the columns.
            columns: columns::people(&header.names).unwrap_or_else(|_| columns.clone()),
            phones: columns.phone.iter().map(|column| header.place_of(*column)).collect(),
            is_text,
            ..Self::default()
        }
    }

    /// Takes all lines that look like a footer for rows.
    pub(in crate::parse) fn of_part(self) -> Self {
        Self { is_of_part: true, ..self }
    }

    /// Returns whether a row is certainly a person, by a quick check: a phone column has something like a number,
    /// without a word after it.
    pub(in crate::parse) fn is_person(&self, row: &impl RawRow) -> bool {
        const MIN_BYTES: usize = 6;

        let is_number = |column: &usize| {
            let text = if *column < row.len() { row.cell(*column).text } else { &[] };
            text.len() >= MIN_BYTES
                && matches!(text[0], b'0'..=b'9' | b'+' | b'(' | b'\'' | b'=' | b' ')
                && !text[text.len() - 1].is_ascii_alphabetic()
        };
        // Without a header, nothing distinguishes other rows from people.
        self.phones.is_empty() || self.phones.iter().any(is_number)
    }

    /// Returns the kind of a row that fails the quick check for a person.
    #[cold]
    pub(in crate::parse) fn kind(&self, row: &impl RawRow) -> Kind {
        if let Some(kind) = self.header(row) {
            return kind;
        }
        if !self.is_of_part && self.is_footer(row) { Kind::Footer } else { Kind::Row }
    }

    fn header(&self, row: &impl RawRow) -> Option<Kind> {
        const DIGITS_OF_DATA: usize = 5;

        let cells = (0..row.len()).map(|index| row.cell(index));
        let first = cells.clone().find(|cell| !cell.is_blank())?;
        let is_known = |name: &String| name.len() <= first.text.len() && *name == folded_text(first);
        let is_word = self.phones.first().is_none_or(|column| {
            *column >= row.len() || row.cell(*column).text.first().is_some_and(|byte| !byte.is_ascii_digit())
        });
        if !is_word && !self.names.iter().any(is_known) {
            return None;
        }
        let digits = |cell: Cell<'_>| cell.text.iter().filter(|byte| byte.is_ascii_digit()).count();
        if cells.clone().any(|cell| cell.text.len() > self.max_name_bytes || digits(cell) >= DIGITS_OF_DATA) {
            return None;
        }
        let names: Vec<String> = cells.map(folded_text).collect();
        let filled = names.iter().filter(|name| !name.is_empty()).count();
        if filled == 0 || filled * 2 < self.names.iter().filter(|name| !name.is_empty()).count() {
            return None;
        }
        let is_same =
            |(index, name): (usize, &String)| names.get(index).map_or(name.is_empty(), |other| other == name);
        let is_longer = names.iter().skip(self.names.len()).any(|name| !name.is_empty());
        if !is_longer && self.names.iter().enumerate().all(is_same) {
            return Some(Kind::Header(None));
        }
        if let Some(order) = order(&self.names, &names) {
            return Some(Kind::Header(Some(order)));
        }
        let header = Header::from_row(row);
        let known = match columns::people(&header.names) {
            Ok(known) => known,
            Err(
                ColumnsProblem::NoPhone
                | ColumnsProblem::NoSuchColumn(_)
                | ColumnsProblem::MappedTwice(_)
                | ColumnsProblem::TooManyPhones,
            ) => {
                return None;
            }
        };
        let has_name = known.first_name.or(known.last_name).or(known.full_name).is_some();
        let is_same = known.phone == self.columns.phone
            && (known.first_name, known.last_name, known.full_name, known.salutation)
                == (
                    self.columns.first_name,
                    self.columns.last_name,
                    self.columns.full_name,
                    self.columns.salutation,
                );
        match (has_name, is_same) {
            (false, _) => None,
            (true, true) if self.has_same_other_columns(&header.names) => Some(Kind::Header(None)),
            (true, _) => Some(Kind::OtherHeader),
        }
    }

    /// Returns whether a repeated header has the same columns for countries, labels and do-not-call marks. If it does
    /// not, the rows below it must not be read with the columns of the first header.
    fn has_same_other_columns(&self, names: &[String]) -> bool {
        let other_columns = |names: &[String]| {
            let Columns { country, own_countries, labels, calls, .. } =
                columns::recognize(names, &[], &|_| Vec::new()).ok()?;
            Some((country, own_countries, labels, calls))
        };
        other_columns(&self.headers_of_file) == other_columns(names)
    }

    /// Returns whether a row looks like a line below a list. It has few filled cells, and words, marks or an empty line
    /// above show what it is.
    fn is_footer(&self, row: &impl RawRow) -> bool {
        const MAX_FILLED: usize = 3;
        const DIGITS_OF_A_NUMBER: usize = 7;

        let filled: Vec<Cell<'_>> =
            (0..row.len()).map(|index| row.cell(index)).filter(|cell| !cell.is_blank()).collect();
        let Some((first, others)) = filled.split_first() else { return false };
        let has_long_digits = |cell: &Cell<'_>| {
            cell.text.split(|byte| !byte.is_ascii_digit()).any(|digits| digits.len() >= DIGITS_OF_A_NUMBER)
        };
        let is_rule = |cell: &Cell<'_>| {
            let text = cell.text.trim_ascii();
            text.len() > 1
                && text.iter().all(|byte| b"-=_*+~#".contains(byte))
                && text.iter().any(|byte| *byte != b'+')
        };
        // A rule begins in the first column. Elsewhere, such characters alone are a badly filled cell.
        if !row.cell(0).is_blank() && filled.iter().all(is_rule) {
            return true;
        }
        if filled.len() > MAX_FILLED
            || filled.iter().any(|cell| has_long_digits(cell) || is_phone_like(cell.text))
        {
            return false;
        }
        let text = String::from_utf8_lossy(first.text).trim().to_lowercase();
        let is_count =
            |cell: &Cell<'_>| cell.text.iter().all(|byte| byte.is_ascii_digit() || b" .,:%".contains(byte));
        let mut words = text
            .split(|letter: char| !letter.is_alphanumeric() && letter != '©')
            .filter(|word| !word.is_empty());
        let (word, next) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let is_alone = others.is_empty();
        let is_marked =
            is_alone && ["--", "==", "**", "__", "##", "~~"].iter().any(|mark| text.starts_with(mark));
        let is_total = SUMS.contains(&word) || word == "grand" && next == "total";
        let is_sum = is_total && others.iter().all(is_count);
        let is_counted =
            is_alone && word.bytes().all(|byte| byte.is_ascii_digit()) && COUNTED.contains(&next);
        // A row with only a first name is a person without a number.
        let is_remark = REMARKS.contains(&word) && (!next.is_empty() || is_alone && row.len() == 1);
        let is_apart = self.is_text
            && row.len() == 1
            && self.names.len() > 2
            && (row.is_after_gap() || !self.footer.is_empty());
        is_marked || is_sum || is_counted || is_remark || is_apart
    }

    /// Keeps a row that may belong to the footer. If the footer grows too long, returns its rows, because they are
    /// data.
    pub(in crate::parse) fn keep(&mut self, number: u64, row: &impl RawRow) -> Vec<KeptRow> {
        self.footer.push(KeptRow::of(number, row));
        if self.footer.len() > MAX_LINES { std::mem::take(&mut self.footer) } else { Vec::new() }
    }

    /// Returns notes about skipped rows, for the user.
    pub(in crate::parse) fn notes(&self) -> Vec<String> {
        let row_or_line = if self.is_text { "line" } else { "row" };
        let mut notes = Vec::new();
        if self.headers.count > 0 {
            let place = match self.headers.count {
                1 => format!("{row_or_line} {} is the header again", self.headers.first),
                count => format!(
                    "{count} rows are the header again, the first of them {row_or_line} {}",
                    self.headers.first
                ),
            };
            notes.push(format!("{place}; rollcall skips such rows"));
        }
        if self.reordered.count > 0 {
            notes.push(format!(
                "{row_or_line} {} is the header again with its columns in another order; rollcall reads the rows below \
                 it in that order",
                self.reordered.first
            ));
        }
        if let Some(first) = self.footer.first() {
            const SHOWN: usize = 40;
            let text = first.cells.iter().find(|(text, kind)| !Cell { text, kind: *kind }.is_blank());
            let text = text.map(|(text, _)| {
                String::from_utf8_lossy(text).trim().chars().take(SHOWN).collect::<String>()
            });
            let text = text.unwrap_or_default();
            notes.push(match self.footer.len() {
                1 => format!("rollcall skips {row_or_line} {}, which is below the list: `{text}`", first.number),
                count => format!(
                    "rollcall skips {count} rows below the list as its footer, from {row_or_line} {} on: `{text}`",
                    first.number
                ),
            });
        }
        notes
    }
}

/// Returns the position of each name among the others, or `None` if the names are not the same.
fn order(names: &[String], others: &[String]) -> Option<Vec<usize>> {
    if names.len() != others.len() {
        return None;
    }
    let mut places: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (place, name) in others.iter().enumerate() {
        places.entry(name).or_default().push_back(place);
    }
    names.iter().map(|name| places.get_mut(name.as_str())?.pop_front()).collect()
}

fn folded(name: &str) -> String {
    name.trim_matches(|letter: char| letter == '\u{feff}' || letter.is_whitespace()).to_lowercase()
}

fn folded_text(cell: Cell<'_>) -> String {
    folded(&String::from_utf8_lossy(cell.text))
}
