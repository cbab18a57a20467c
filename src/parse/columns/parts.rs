//! Numbers split over several columns: an area code and the remaining digits, as in the do-not-call registry of the
//! United States.

use super::{header::Found, mapping::Mapping};
use crate::{
    contact::{Field, Region},
    normalize::phone::calling_code,
    parse::{settings::ParseSettings, table_header::Header},
    row::{Row, Rows},
};

/// The digits of the parts, in the North American numbering plan.
const LAYOUTS: [&[usize]; 2] = [&[3, 7], &[3, 3, 4]];

/// The calling code of the plan.
const CALLING_CODE: u16 = 1;

/// Words in headers of area codes.
const AREA_WORDS: [&str; 4] = ["area", "areacode", "npa", "code"];

/// Finds split numbers in a table without a phone header, and returns them with a note. `names` are the column names,
/// if the format defines them.
pub(in crate::parse) fn find(
    names: Option<&[String]>,
    rows: &Rows,
    region: Option<Region>,
) -> Option<(Found, String)> {
    if rows.is_empty() || !is_of_plan(region) {
        return None;
    }
    let header = names.map_or_else(|| Header::from_row(&rows.row(0)), Header::named);
    let all: Vec<Row<'_>> = rows.iter().collect();
    let of_rows = |rows: &[Row<'_>]| parts_in(rows, &header, |_| true);
    let (parts, header, row) = if let Some(parts) = of_rows(&all) {
        let header = if names.is_some() { header } else { Header::numbered(&rows.row(0)) };
        (parts, header, 0)
    } else if names.is_none()
        && let Some(parts) = of_rows(&all[1..])
    {
        (parts, header, rows.row(0).location.row)
    } else {
        return None;
    };
    let (number, area) = parts.split_last()?;
    let mapping = Mapping::new(Field::Phone, (number + 1).to_string());
    let mut columns = super::recognize(&header.names, &[mapping], &|_| Vec::new()).ok()?;
    area.clone_into(&mut columns.area);
    let note = note(&header, &parts);
    Some((Found { header, columns, row, notes: Vec::new() }, note))
}

/// Adds the area code before the only phone column, and returns a note.
pub(in crate::parse) fn add(found: &mut Found, rows: &Rows, settings: &ParseSettings) -> Option<String> {
    let [phone] = found.columns.phone[..] else { return None };
    if !is_of_plan(settings.region) {
        return None;
    }
    let below: Vec<Row<'_>> = rows.iter().filter(|row| row.location.row > found.row).collect();
    let is_area = |name: &str| {
        let folded = super::fold(name);
        settings.no_header || folded.split(' ').any(|word| AREA_WORDS.contains(&word))
    };
    let names = &found.header.names;
    let parts = parts_in(&below, &found.header, |parts| {
        parts.last() == Some(&phone) && names.get(parts[0]).is_some_and(|name| is_area(name))
    })?;
    let (_, area) = parts.split_last()?;
    area.clone_into(&mut found.columns.area);
    Some(note(&found.header, &parts))
}

fn is_of_plan(region: Option<Region>) -> bool {
    region.is_none_or(|region| calling_code(region) == Some(CALLING_CODE))
}

/// Returns neighboring columns that hold the parts of a number in nearly all rows.
fn parts_in(rows: &[Row<'_>], header: &Header, is_meant: impl Fn(&[usize]) -> bool) -> Option<Vec<usize>> {
    let is_filled = |row: &&Row<'_>| row.cells().any(|cell| !cell.is_blank());
    let filled: Vec<&Row<'_>> = rows.iter().filter(is_filled).collect();
    let fits = |parts: &[usize], layout: &[usize]| {
        let hits = filled.iter().filter(|row| {
            parts.iter().zip(layout).all(|(column, digits)| {
                let text = String::from_utf8_lossy(row.cell(header.place_of(*column)).text).replace('-', "");
                let text = text.trim();
                text.len() == *digits && text.bytes().all(|byte| byte.is_ascii_digit())
            }) && row
                .cell(header.place_of(parts[0]))
                .text
                .trim_ascii_start()
                .first()
                .is_some_and(|first| *first >= b'2')
        });
        let hits = hits.count();
        hits > 0 && hits * 5 >= filled.len() * 4
    };
    let mut found = LAYOUTS.iter().flat_map(|layout| {
        let last = (header.names.len() + 1).saturating_sub(layout.len());
        let windows = (0..last).map(|from| (from..from + layout.len()).collect::<Vec<usize>>());
        windows.filter(|parts| is_meant(parts) && fits(parts, layout)).collect::<Vec<_>>()
    });
    found.next().filter(|_| found.next().is_none())
}

fn note(header: &Header, parts: &[usize]) -> String {
    let names: Vec<String> = parts.iter().map(|column| format!("`{}`", header.names[*column])).collect();
    format!(
        "rollcall joins the columns with the parts of a number, an area code and the rest: {}",
        names.join(" + ")
    )
}
