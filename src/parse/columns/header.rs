//! Search for the header: it is the first row in most files, but may follow a title or a few lines about the export.

use super::{
    ColumnsProblem,
    certainty::{self, ColumnMatch},
    remembered,
    suggest::{self, Unmatched},
};
use crate::{
    contact::Field,
    normalize::Aliases,
    parse::{
        person::UNCLEAR,
        settings::{PREVIEW_ROWS, ParseSettings},
        table_header::Header,
        text::layout,
    },
    row::{Columns, Row, Rows},
};

/// Maximum number of non-blank rows above the header.
const MAX_ROWS_ABOVE: usize = 60;

/// Maximum number of names examined below the first rows. Tables with thousands of columns start with the header.
const MAX_NAMES: usize = 16_384;
const MIN_ROWS_ABOVE: usize = 4;

/// A header with its matched columns.
pub(in crate::parse) struct Found {
    pub(in crate::parse) header: Header,
    pub(in crate::parse) columns: Columns,
    /// The row of the header, or the lower one of two. 0 if there is no header.
    pub(in crate::parse) row: u64,
    /// Notes about the header, for the user.
    pub(in crate::parse) notes: Vec<String>,
}

/// A row that may be the header.
struct Candidate {
    found: Found,
    index: usize,
    evidence: Evidence,
}

/// The evidence for a header, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Evidence {
    /// Whether there are numbers below the header of a phone column.
    has_numbers_below: bool,
    /// The number of fields that have a column.
    fields: usize,
}

/// Finds the header among the first rows of a table.
pub(in crate::parse) fn find(
    rows: &Rows,
    settings: &ParseSettings,
) -> Result<Found, (Header, ColumnsProblem)> {
    let mut best: Option<Candidate> = None;
    let mut first_problem: Option<(usize, Header, ColumnsProblem)> = None;
    let mut left = MAX_NAMES;
    for index in 0..rows.len().min(MAX_ROWS_ABOVE + 1) {
        let row = rows.row(index);
        let width = row.cells().len();
        if index >= MIN_ROWS_ABOVE && width > left {
            break;
        }
        left = left.saturating_sub(width);
        match candidate(rows, index, settings) {
            Ok(candidate) => {
                let is_better = best.as_ref().is_none_or(|best| {
                    candidate.evidence > best.evidence && !has_numbers_between(rows, best, index)
                });
                if is_better && (index == 0 || stands_out(rows, &candidate, settings)) {
                    best = Some(candidate);
                }
            }
            Err((header, problem)) => {
                let filled = filled(&rows.row(index));
                if first_problem.as_ref().is_none_or(|(most, ..)| filled > *most * 2) {
                    first_problem = Some((filled, header, problem));
                }
            }
        }
    }
    let Some(Candidate { mut found, index, .. }) = best else {
        let none = || (0, Header::default(), ColumnsProblem::NoPhone);
        let (_, header, problem) = first_problem.unwrap_or_else(none);
        return Err((header, problem));
    };
    found.notes.extend(notes(rows, index, &found));
    found.notes.extend(column_notes(rows, &found, settings));
    Ok(found)
}

/// Returns the header made of a row, alone or together with the row below it.
fn candidate(
    rows: &Rows,
    index: usize,
    settings: &ParseSettings,
) -> Result<Candidate, (Header, ColumnsProblem)> {
    if let Some(candidate) = two_rows(rows, index, settings) {
        return Ok(candidate);
    }
    let row = rows.row(index);
    let header = Header::from_row(&row);
    understood(rows, header, index, index, settings)
}

fn understood(
    rows: &Rows,
    header: Header,
    index: usize,
    last: usize,
    settings: &ParseSettings,
) -> Result<Candidate, (Header, ColumnsProblem)> {
    let values = Values { rows, from: last + 1, header: &header, aliases: &settings.aliases };
    let mappings = remembered::mappings(&header.names, settings);
    let columns = match super::recognize(&header.names, &mappings, &|column| values.of(column)) {
        Ok(columns) => columns,
        Err(problem) => return Err((header, problem)),
    };
    let is_number = |value: &String| layout::is_phone_like(value.as_bytes());
    let has_numbers_below = columns.phone.iter().any(|column| values.of(*column).iter().any(is_number));
    let fields = Field::ALL.iter().filter(|field| !columns.of(**field).is_empty()).count();
    let evidence = Evidence { has_numbers_below, fields };
    let row = rows.row(last).location.row;
    let found = Found { header, columns, row, notes: Vec::new() };
    Ok(Candidate { found, index, evidence })
}

/// Returns a header of two rows. The upper row names groups, such as `Phone`, and the lower row their columns, such as
/// `Home` and `Mobile`. The upper row has blank cells that the lower row fills, and neither row holds numbers.
fn two_rows(rows: &Rows, index: usize, settings: &ParseSettings) -> Option<Candidate> {
    if index + 2 >= rows.len() {
        return None;
    }
    let (upper, lower) = (rows.row(index), rows.row(index + 1));
    if has_digits(&upper) || has_digits(&lower) || filled(&upper) < 2 {
        return None;
    }
    let width = upper.cells().len().max(lower.cells().len());
    let text = |row: Row<'_>, column| String::from_utf8_lossy(row.cell(column).text).trim().to_owned();
    let fills_gap = |column: &usize| upper.cell(*column).is_blank() && !lower.cell(*column).is_blank();
    if !(0..width).any(|column| fills_gap(&column)) {
        return None;
    }
    let (mut names, mut group) = (Vec::with_capacity(width), String::new());
    for column in 0..width {
        let (above, below) = (text(upper, column), text(lower, column));
        if !above.is_empty() {
            group.clone_from(&above);
        }
        names.push(match (above.is_empty(), below.is_empty()) {
            (_, true) => above,
            (true, false) if group.is_empty() => below,
            // The order in which people say it: home phone, work phone.
            _ => format!("{below} {group}"),
        });
    }
    let alone = understood(rows, Header::from_row(&lower), index, index + 1, settings).ok();
    let plain_names: Vec<String> = (0..width)
        .map(|column| if lower.cell(column).is_blank() { text(upper, column) } else { text(lower, column) })
        .collect();
    let mut joined = understood(rows, Header::named(&names), index, index + 1, settings).ok();
    // If the lower row says everything, the groups add nothing.
    let plain = understood(rows, Header::named(&plain_names), index, index + 1, settings).ok();
    let is_more = |candidate: &Option<Candidate>, than: &Option<Candidate>| {
        candidate.as_ref().map(|candidate| (candidate.evidence, candidate.found.columns.phone.len()))
            > than.as_ref().map(|than| (than.evidence, than.found.columns.phone.len()))
    };
    if is_more(&plain, &joined) {
        joined = plain;
    }
    if alone.is_some() && !is_more(&joined, &alone) {
        return None;
    }
    let upper_alone = understood(rows, Header::from_row(&upper), index, index, settings).ok();
    let mut joined = joined.filter(|joined| joined.evidence.has_numbers_below)?;
    if upper_alone.is_some_and(|upper| upper.evidence.fields > joined.evidence.fields) {
        return None;
    }
    let numbers = (upper.location.row, lower.location.row);
    joined.found.notes.push(format!("the header has two rows, {} and {}", numbers.0, numbers.1));
    Some(joined)
}

/// Returns notes about a header that is not in the first row, or that holds what headers do not.
fn notes(rows: &Rows, index: usize, found: &Found) -> Vec<String> {
    let mut notes = Vec::new();
    let row = rows.row(index).location.row;
    match index {
        0 => {}
        1 => notes.push(format!("header found in row {row}; the row above it is skipped")),
        _ => notes.push(format!("header found in row {row}; the {index} rows above it are skipped")),
    }
    let place = found.columns.phone.first().map_or(0, |column| found.header.place_of(*column));
    let numbers = (0..index).filter(|above| layout::is_phone_like(rows.row(*above).cell(place).text));
    if let Some(above) = numbers.map(|above| rows.row(above)).next() {
        let (row, text) = (above.location.row, String::from_utf8_lossy(above.cell(place).text));
        notes.push(format!(
            "row {row}, above the header, holds what looks like a phone number (`{}`); rollcall does not read that row",
            text.trim()
        ));
    }
    let number = found.header.names.iter().find_map(|name| number_in(name));
    if let Some(number) = number {
        notes.push(format!(
            "row {row}: the header holds what looks like a phone number (`{number}`), which rollcall does not read: check \
             whether a line break is missing after the header"
        ));
    }
    notes
}

/// Returns a run of more digits than a header has.
fn number_in(name: &str) -> Option<&str> {
    const MIN_DIGITS: usize = 7;

    let mut runs = name.split(|letter: char| !letter.is_ascii_digit() && !" \t+-()./".contains(letter));
    let is_number = |run: &&str| run.bytes().filter(u8::is_ascii_digit).count() >= MIN_DIGITS;
    runs.find(is_number).map(str::trim)
}

/// Matches the columns of a table without a header row, or whose format defines the names.
pub(in crate::parse) fn given(
    header: Header,
    rows: &Rows,
    settings: &ParseSettings,
) -> Result<Found, (Header, ColumnsProblem)> {
    let values = Values { rows, from: 0, header: &header, aliases: &settings.aliases };
    let mappings = remembered::mappings(&header.names, settings);
    match super::recognize(&header.names, &mappings, &|column| values.of(column)) {
        Ok(columns) => {
            let mut found = Found { header, columns, row: 0, notes: Vec::new() };
            found.notes = column_notes(rows, &found, settings);
            Ok(found)
        }
        Err(problem) => Err((header, problem)),
    }
}

/// Returns notes about columns that are read differently from what their headers say, and about numbers in unread
/// columns.
fn column_notes(rows: &Rows, found: &Found, settings: &ParseSettings) -> Vec<String> {
    let Found { header, columns, row, .. } = found;
    if settings.is_of_numbers() || settings.no_header {
        return Vec::new();
    }
    let from = rows.iter().position(|other| other.location.row > *row).unwrap_or(rows.len());
    let values = Values { rows, from, header, aliases: &settings.aliases };
    let mappings = remembered::mappings(&header.names, settings);
    let mut notes = super::notes(&header.names, columns, &mappings, &|column| values.of(column));
    notes.extend(values.unread_numbers(columns));
    notes
}

/// Returns the columns of a table without a known phone column, and the mapping that fits best. `header` is the row that
/// was taken for the header, or the names that the format defines.
pub(in crate::parse) fn unmatched(rows: &Rows, header: &Header, settings: &ParseSettings) -> Unmatched {
    let is_header = |row: &Row<'_>| Header::from_row(row).names == header.names;
    let from = if settings.no_header { None } else { rows.iter().position(|row| is_header(&row)) };
    let values = |from| Values { rows, from, header, aliases: &settings.aliases };
    let below = values(from.map_or(0, |header| header + 1));
    let has_no_header = settings.no_header
        || from.is_some() && suggest::has_no_header(&header.names, &|column| below.of(column));
    let shown = if has_no_header { values(from.unwrap_or_default()) } else { below };
    let mappings = remembered::mappings(&header.names, settings);
    suggest::suggest(&header.names, has_no_header, &mappings, settings.region, &|column| shown.of(column))
}

/// Returns the certainty of each match.
pub(in crate::parse) fn matches(
    rows: &Rows,
    (header, columns, row): (&Header, &Columns, u64),
    settings: &ParseSettings,
) -> Vec<ColumnMatch> {
    let from = rows.iter().position(|other| other.location.row > row).unwrap_or(rows.len());
    let values = Values { rows, from, header, aliases: &settings.aliases };
    let are_first = rows.len() >= PREVIEW_ROWS;
    certainty::matches(&header.names, columns, &settings.mappings, &|column| values.of(column), are_first)
}

/// Tests whether a row below others can be the header: a data row may hold the word "mobile". Such a header holds no
/// numbers, has more than a phone column, and has numbers below it or only short rows above it. A header that a mapping
/// names needs no column for a name.
fn stands_out(rows: &Rows, candidate: &Candidate, settings: &ParseSettings) -> bool {
    let Candidate { found: Found { header, columns, .. }, index, evidence } = candidate;
    let row = rows.row(*index);
    let mappings = remembered::mappings(&header.names, settings);
    let is_mapped = mappings.iter().any(|mapping| header.names.contains(&mapping.column));
    let has_name = is_mapped || columns.first_name.or(columns.last_name).or(columns.full_name).is_some();
    let is_alone = filled(&row) == columns.phone.len();
    let is_below_a_title = || (0..*index).all(|above| filled(&rows.row(above)) * 2 <= filled(&row).max(2));
    !has_digits(&row)
        && (has_name || is_alone)
        && (evidence.has_numbers_below && has_name || is_below_a_title())
}

/// Returns whether there are people between a header and a row. If so, the row starts another list.
fn has_numbers_between(rows: &Rows, header: &Candidate, index: usize) -> bool {
    let places = header.found.columns.phone.iter().map(|column| header.found.header.place_of(*column));
    let mut numbers =
        places.flat_map(|place| (header.index + 1..index).map(move |row| rows.row(row).cell(place)));
    numbers.any(|cell| layout::is_phone_like(cell.text))
}

/// Returns whether a cell has more digits than headers have.
fn has_digits(row: &Row<'_>) -> bool {
    row.cells().any(|cell| cell.text.iter().filter(|byte| byte.is_ascii_digit()).count() >= 5)
}

fn filled(row: &Row<'_>) -> usize {
    row.cells().filter(|cell| !cell.is_blank()).count()
}

/// The contents of columns in the first rows.
struct Values<'a> {
    rows: &'a Rows,
    from: usize,
    header: &'a Header,
    aliases: &'a Aliases,
}

impl Values<'_> {
    fn of(&self, column: usize) -> Vec<String> {
        let index = self.header.place_of(column);
        let cells = (self.from..self.rows.len()).map(|row| self.rows.row(row).cell(index));
        cells
            .filter(|cell| !cell.is_blank())
            .map(|cell| {
                let text = String::from_utf8_lossy(cell.text);
                // If the values have aliases, the column holds the meanings of these.
                let alias = [Field::Country, Field::Salutation]
                    .iter()
                    .find_map(|field| self.aliases.written(*field, &text).map(str::to_owned));
                alias.unwrap_or_else(|| text.into_owned())
            })
            .collect()
    }

    /// Returns a note about numbers in unread columns, in rows without any other number.
    fn unread_numbers(&self, columns: &Columns) -> Option<String> {
        let names = &self.header.names;
        // Numbers outside the fields of phones are never called.
        let is_unread = |column: &usize| {
            names[*column] != UNCLEAR && !columns.is_used(*column) && super::may_be_phone(&names[*column])
        };
        let unread: Vec<usize> = (0..names.len()).filter(is_unread).collect();
        let is_blank = |row: &Row<'_>, column: &usize| row.cell(self.header.place_of(*column)).is_blank();
        let (mut rows, mut first, mut found) = (0_u64, None, Vec::new());
        for row in (self.from..self.rows.len()).map(|row| self.rows.row(row)) {
            if !columns.phone.iter().all(|column| is_blank(&row, column)) {
                continue;
            }
            let holds_number = |column: &&usize| {
                let cell = row.cell(self.header.place_of(**column));
                str::from_utf8(cell.text).is_ok_and(super::is_number)
            };
            let Some(column) = unread.iter().find(holds_number) else { continue };
            rows += 1;
            first.get_or_insert(row.location.row);
            if !found.contains(column) {
                found.push(*column);
            }
        }
        let first = first?;
        found.sort_unstable();
        let columns_read = columns.phone.iter().chain(&found);
        let options: Vec<String> = columns_read.map(|column| format!("--map phone={}", column + 1)).collect();
        let hold = if found.len() == 1 { "holds" } else { "hold" };
        let is = if found.len() == 1 { "is" } else { "are" };
        let found: Vec<String> = found.iter().map(|column| format!("`{}`", names[*column])).collect();
        let rows = match rows {
            1 => format!("row {first}"),
            rows => format!("{rows} rows, the first of them row {first}"),
        };
        Some(format!(
            "{} {is} not read, but {hold} what looks like the only phone number of {rows}. \
             To read these numbers, use {}",
            found.join(", "),
            options.join(" ")
        ))
    }
}
