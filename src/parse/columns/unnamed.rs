//! Phone columns without a known header, found by their contents. Lists of numbers often have one column and no header.

use super::{
    header::Found,
    mapping::Mapping,
    synonyms::NEVER_PHONE_WORDS,
    values::{is_filler_text, may_be_date},
};
use crate::{
    contact::{Field, Region},
    normalize::{
        NormalizeSettings, Normalizer,
        phone::{Accept, Origin, count_digits, is_number},
    },
    parse::{settings::ParseSettings, table_header::Header},
    row::{Cell, CellKind, Columns, Row, Rows},
};

/// Fewer digits are inconclusive.
const MIN_DIGITS: usize = 7;
/// The digits of two full numbers.
const MAX_DIGITS: usize = 30;

/// Headers in folded form that may mean a customer number in a contact list, but mean phone numbers in a list of
/// numbers.
const NAMES: [&str; 10] = [
    "number",
    "numbers",
    "dnc",
    "do not call",
    "blocked",
    "opt out",
    "suppressed",
    "nummer",
    "numero",
    "rufnummer",
];

/// Minimum digits of a bare number that may be a number to call.
const MIN_BARE_DIGITS: usize = 9;

/// A test whether a cell holds a number.
type Test<'a> = &'a dyn Fn(&str, CellKind) -> bool;

/// Finds the only column in which nearly all cells are numbers, and returns it with a note. `names` are the column
/// names, if the format defines them.
pub(in crate::parse) fn find(
    names: Option<&[String]>,
    rows: &Rows,
    region: Option<Region>,
) -> Option<(Found, String)> {
    if rows.is_empty() {
        return None;
    }
    let origin = region.map(Origin::Region);
    let header = names.map_or_else(|| Header::from_row(&rows.row(0)), Header::named);
    let valid = |text: &str, kind| is_number(text, kind, origin, Accept::Valid);
    let possible = |text: &str, kind| is_number(text, kind, origin, Accept::Possible);
    // If there is only one column, each row reports whether its number needs a region.
    let any = |_: &str, kind| header.names.len() == 1 && matches!(kind, CellKind::Text | CellKind::Number);
    let tests: [Test<'_>; 3] = [&valid, &possible, &any];
    let (test, column) = tests.iter().find_map(|test| {
        let mut found = (0..header.names.len()).filter(|column| {
            let place = header.place_of(*column);
            let is_likely =
                header.names.len() == 1 || NAMES.contains(&super::fold(&header.names[*column]).as_str());
            holds_numbers(rows, place, names.is_none(), is_likely, *test)
        });
        Some((*test, (found.next()?, found.next())))
    })?;
    let (column, None) = column else { return None };

    let first = rows.row(0).cell(header.place_of(column));
    // A number without letters is not a header, even if it cannot be read without a country.
    let is_bare = |text: &str, _| !text.contains(char::is_alphabetic);
    let is_data = names.is_none() && (is_hit(first, test) || is_hit(first, &is_bare));
    let (header, row) = if is_data {
        (Header::numbered(&rows.row(0)), 0)
    } else if names.is_some() {
        (header, 0)
    } else {
        (header, rows.row(0).location.row)
    };
    let mapping = Mapping::new(Field::Phone, (column + 1).to_string());
    let columns = super::recognize(&header.names, &[mapping], &|_| Vec::new()).ok()?;
    let note = if is_data {
        format!("there is no header; the numbers are those of column {}", column + 1)
    } else {
        format!(
            "no header is known to mean phone numbers; they are those of the column `{}`",
            header.names[column]
        )
    };
    // The mapping may match a header that is a number.
    (columns.phone == [column]).then_some((Found { header, columns, row, notes: Vec::new() }, note))
}

/// Adds all other columns in which nearly all filled cells are numbers, and returns a note. An unclear header, such as
/// `home`, must not keep a person from being suppressed.
pub(in crate::parse) fn add_further(
    found: &mut Found,
    rows: &Rows,
    settings: &ParseSettings,
) -> Option<String> {
    let Found { header, columns, row: header_row, .. } = found;
    let is_free = |column: &usize| {
        !columns.phone.contains(column)
            && !columns.country.contains(column)
            && !super::expiry::is_expiry(&header.names[*column])
    };
    let below: Vec<Row<'_>> = rows.iter().filter(|row| row.location.row > *header_row).collect();
    let normalize = NormalizeSettings {
        region: settings.region,
        aliases: settings.aliases.clone(),
        ..NormalizeSettings::default()
    };
    let holds_numbers = |column: &usize| holds_further_numbers(&below, header, columns, *column, &normalize);
    let further: Vec<usize> = (0..header.names.len()).filter(is_free).filter(holds_numbers).collect();
    for column in &further {
        columns.add(Field::Phone, *column);
    }
    let names: Vec<String> = further.iter().map(|column| format!("`{}`", header.names[*column])).collect();
    (!names.is_empty()).then(|| {
        format!(
            "rollcall also reads columns that hold numbers, although their headers do not say so: {}",
            names.join(", ")
        )
    })
}

/// Returns whether nearly all filled cells of a column are numbers, using the country of their row if there is one. If
/// the header suggests an identifier or the like, the numbers must be valid.
fn holds_further_numbers(
    rows: &[Row<'_>],
    header: &Header,
    columns: &Columns,
    column: usize,
    settings: &NormalizeSettings,
) -> bool {
    let place = header.place_of(column);
    let country = columns.country.iter().map(|column| header.place_of(*column)).collect();
    let alone = Columns { phone: vec![place], country, ..Columns::default() };
    let normalizer = Normalizer::new(settings, &alone);
    let name = super::fold(&header.names[column]);
    let must_be_valid = name.split(' ').any(|word| NEVER_PHONE_WORDS.contains(&word));
    let valid = |text: &str, kind| is_number(text, kind, settings.region.map(Origin::Region), Accept::Valid);
    let filled = rows.iter().filter(|row| !is_filler(row.cell(place)));
    let hits: Vec<bool> = filled
        .map(|row| {
            let readable = |_: &str, _| !normalizer.numbers(*row).found.is_empty();
            let test: Test<'_> = if must_be_valid { &valid } else { &readable };
            is_hit(row.cell(place), &|text, kind| !is_compact_date(text) && test(text, kind))
        })
        .collect();
    let numbers = hits.iter().filter(|is_number| **is_number).count();
    numbers > 0 && numbers * 5 >= hits.len() * 4
}

/// Returns whether any cell may be a number, even one that cannot be read without a country.
pub(in crate::parse) fn holds_any(rows: &Rows, region: Option<Region>) -> bool {
    let origin = region.map(Origin::Region);
    let test = |text: &str, kind| {
        let is_bare = !text.contains(char::is_alphabetic) && count_digits(text) >= MIN_BARE_DIGITS;
        matches!(kind, CellKind::Text | CellKind::Number)
            && (is_bare || is_number(text, kind, origin, Accept::Possible))
    };
    rows.iter().any(|row| row.cells().any(|cell| is_hit(cell, &test)))
}

/// Returns whether a cell is blank or holds a text that people write instead of a value.
fn is_filler(cell: Cell<'_>) -> bool {
    is_filler_text(&String::from_utf8_lossy(cell.text))
}

/// Returns whether the text is a date without separators.
fn is_compact_date(text: &str) -> bool {
    let text = text.trim();
    text.len() == 8
        && text.starts_with(['1', '2'])
        && text.parse::<jiff::civil::Date>().is_ok_and(|date| (1900..2100).contains(&date.year()))
}

/// Returns whether nearly all cells of a column are numbers, or half of them in a likely column. The first may be a
/// header.
fn holds_numbers(rows: &Rows, place: usize, may_have_header: bool, is_likely: bool, test: Test<'_>) -> bool {
    let cells =
        |row: Row<'_>| Some(row.cell(place)).filter(|cell| !cell.is_blank()).map(|cell| is_hit(cell, test));
    let hits: Vec<bool> = rows.iter().filter_map(cells).collect();
    let is_header = may_have_header && cells(rows.row(0)) == Some(false);
    let filled = hits.len() - usize::from(is_header);
    let numbers = hits.iter().filter(|is_number| **is_number).count();
    numbers > 0 && if is_likely { numbers * 2 >= filled } else { numbers * 5 >= filled * 4 }
}

fn is_hit(cell: Cell<'_>, test: Test<'_>) -> bool {
    let value = String::from_utf8_lossy(cell.text);
    (MIN_DIGITS..=MAX_DIGITS).contains(&count_digits(&value))
        && !may_be_date(&value)
        && test(&value, cell.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(table: &[&str], region: &str) -> Option<(Vec<usize>, u64)> {
        let mut rows = Rows::new(0);
        for (row, number) in table.iter().zip(1..) {
            row.split(',').for_each(|cell| rows.push_cell(cell.as_bytes(), CellKind::Text));
            rows.end_row(number, None);
        }
        find(None, &rows, Region::new(region)).map(|(found, _)| (found.columns.phone, found.row))
    }

    #[test]
    fn single_column_of_numbers_is_found() {
        assert_eq!(found(&["919876543210", "919876543211"], ""), Some((vec![0], 0)));
        assert_eq!(found(&["DNC", "919876543210", "n/a"], ""), Some((vec![0], 1)));
        assert_eq!(found(&["DNC", "98765 43210"], "IN"), Some((vec![0], 1)));
        assert_eq!(found(&["98765 43210"], ""), Some((vec![0], 0)), "rows report that a region is missing");
        assert_eq!(found(&["DNC", "Asha", "Li"], "IN"), None);
    }

    #[test]
    fn only_column_with_numbers_is_found_among_several() {
        assert_eq!(found(&["DNC,Until", "98765 43210,31.12.2026", ",01.02.2027"], "IN"), Some((vec![0], 1)));
        assert_eq!(found(&["Asha,98765 43210", "Li,98765 43211"], "IN"), Some((vec![1], 0)));
        assert_eq!(found(&["Asha,98765 43210", "98765 43211,"], "IN"), None, "no column has only numbers");
    }

    #[test]
    fn two_columns_of_numbers_without_header_are_ambiguous() {
        assert_eq!(found(&["98765 43210,98765 43212", "98765 43211,98765 43213"], "IN"), None);
    }

    #[test]
    fn column_named_number_needs_numbers_in_half_of_its_cells() {
        let table = ["number,valid until", "919876500010,2026-12-31", "12,", "4,"];
        assert_eq!(found(&table, "IN"), None);
        let table = ["number,valid until", "919876500010,2026-12-31", "919876500011,", "12,"];
        assert_eq!(found(&table, "IN"), Some((vec![0], 1)));
        assert_eq!(found(&["ref,until", "919876500010,", "919876500011,", "12,"], "IN"), None);
    }

    #[test]
    fn dates_are_not_numbers() {
        for text in ["31.12.2026", "2026-12-31", "12/31/26", "31.12.2026 10:00:00"] {
            assert!(may_be_date(text), "{text}");
        }
        for text in ["0171/1234567", "12-34-567890", "919876543210", "30.23.12.50"] {
            assert!(!may_be_date(text), "{text}");
        }
    }
}
