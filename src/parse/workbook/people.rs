//! Finds the sheet of a workbook that contains the people. It may come after a cover, a summary or an empty sheet.

use super::Sheet;
use crate::{
    parse::{
        Fault,
        columns::header::{self, Found},
        preview::Preview,
        settings::{PREVIEW_ROWS, ParseSettings},
    },
    row::Rows,
};

/// The minimum number of digits of a phone number.
const MIN_DIGITS: usize = 6;

/// Keeps the chosen sheet if it contains people, or if no sheet does. Otherwise chooses the only sheet that does, and
/// returns the name of the sheet it skips.
///
/// # Errors
///
/// Returns an error if several other sheets contain people, or only a hidden one. Only a person can tell which one is
/// meant.
pub(in crate::parse) fn choose(sheet: &mut Sheet, settings: &ParseSettings) -> Result<Option<String>, Fault> {
    let first = sheet.choice.sheet.name.clone();
    if sheet.choice.others.is_empty() {
        return Ok(None);
    }
    let mut preview = Preview::new(PREVIEW_ROWS);
    sheet.begin_pass();
    sheet.visit(&mut preview)?;
    if has_people(&preview.rows, settings) {
        return Ok(None);
    }
    let (mut shown, mut hidden) = (Vec::new(), Vec::new());
    sheet.look_at_others(PREVIEW_ROWS, &mut |other, rows| {
        // Errors in a sheet that was not requested are ignored.
        if rows.is_some_and(|rows| has_people(&rows, settings)) {
            let found = if other.is_hidden { &mut hidden } else { &mut shown };
            found.push(other.clone());
        }
    })?;
    match shown.as_slice() {
        [only] => {
            sheet.choose(&only.name)?;
            Ok(Some(first))
        }
        [] if hidden.is_empty() => Ok(None),
        [] => Err(Fault::SheetsToChoose { tried: first, sheets: hidden }),
        _ => Err(Fault::SheetsToChoose { tried: first, sheets: shown }),
    }
}

/// Returns whether the sheet has a header with a phone column and, below it, a number.
fn has_people(rows: &Rows, settings: &ParseSettings) -> bool {
    if settings.no_header {
        return !rows.is_empty();
    }
    header::find(rows, settings).is_ok_and(|found| has_number(rows, &found))
}

fn has_number(rows: &Rows, found: &Found) -> bool {
    let phones: Vec<usize> =
        found.columns.phone.iter().map(|column| found.header.place_of(*column)).collect();
    let below = rows.iter().filter(|row| row.location.row > found.row);
    let digits =
        |text: &[u8]| String::from_utf8_lossy(text).chars().filter(|letter| letter.is_numeric()).count();
    below.into_iter().any(|row| phones.iter().any(|column| digits(row.cell(*column).text) >= MIN_DIGITS))
}
