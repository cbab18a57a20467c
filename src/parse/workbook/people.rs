//! Which sheet of a workbook holds the people. It need not be the first: a cover, a summary or an empty sheet may stand
//! before it.

use super::Sheet;
use crate::{
    parse::{
        Fault, PREVIEW_ROWS, ParseSettings,
        columns::header::{self, Found},
        table::Preview,
    },
    row::Rows,
};

/// A phone number has as many digits.
const MIN_DIGITS: usize = 6;

/// Leaves the sheet as it is chosen if it holds people, or if none does. Else chooses the only one that does, and returns the name of the one it passes over.
///
/// # Errors
///
/// Where several other sheets hold people, or only one that is hidden: which one is meant, only a person can tell.
pub(in crate::parse) fn choose(sheet: &mut Sheet, settings: &ParseSettings) -> Result<Option<String>, Fault> {
    let first = sheet.choice.sheet.name.clone();
    let others = sheet.choice.others.clone();
    if others.is_empty() || holds_people(sheet, settings)? {
        return Ok(None);
    }
    let (mut shown, mut hidden) = (Vec::new(), Vec::new());
    for other in others {
        sheet.choose(&other.name)?;
        // What is wrong with a sheet that nobody asked for is of no interest.
        if sheet.choice.sheet == other && holds_people(sheet, settings).unwrap_or(false) {
            if other.is_hidden { hidden.push(other) } else { shown.push(other) }
        }
    }
    match shown.as_slice() {
        [only] => {
            sheet.choose(&only.name)?;
            Ok(Some(first))
        }
        [] if hidden.is_empty() => {
            sheet.choose(&first)?;
            Ok(None)
        }
        [] => Err(Fault::SheetsToChoose { tried: first, sheets: hidden }),
        _ => Err(Fault::SheetsToChoose { tried: first, sheets: shown }),
    }
}

/// Whether the sheet has a header and, below it, a number.
fn holds_people(sheet: &mut Sheet, settings: &ParseSettings) -> Result<bool, Fault> {
    let mut preview = Preview::new(PREVIEW_ROWS);
    sheet.visit(&mut preview)?;
    let rows = preview.rows;
    if settings.no_header {
        return Ok(!rows.is_empty());
    }
    Ok(header::find(&rows, settings).is_ok_and(|found| has_number(&rows, &found)))
}

fn has_number(rows: &Rows, found: &Found) -> bool {
    let phones: Vec<usize> =
        found.columns.phone.iter().map(|column| found.header.place_of(*column)).collect();
    let below = rows.iter().filter(|row| row.location.row > found.row);
    let digits =
        |text: &[u8]| String::from_utf8_lossy(text).chars().filter(|letter| letter.is_numeric()).count();
    below.into_iter().any(|row| phones.iter().any(|column| digits(row.cell(*column).text) >= MIN_DIGITS))
}
