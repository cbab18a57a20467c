//! The workbook of rejected rows that rollcall itself wrote: a sheet that says what to do, then one for each input. All of
//! these are read, since each holds people.

use std::collections::VecDeque;

use super::Sheet;
use crate::parse::{Fault, assemble::Header, table::Preview};

/// The name of the sheet that says what to do.
pub const READ_ME: &str = "Read me";

/// Chooses the first sheet of rejected rows, and returns the names of the others. Of a workbook that rollcall did not write,
/// the sheet stays as it is chosen, and there is no answer.
pub(in crate::parse) fn choose(sheet: &mut Sheet) -> Result<Option<VecDeque<String>>, Fault> {
    let first = sheet.choice.sheet.name.clone();
    let mut own = VecDeque::new();
    if is_own(sheet)? {
        own.push_back(first.clone());
    } else if first != READ_ME {
        return Ok(None);
    }
    for other in sheet.choice.others.clone() {
        sheet.choose(&other.name)?;
        // What is wrong with a sheet that somebody added is of no interest.
        if sheet.choice.sheet == other && is_own(sheet).unwrap_or(false) {
            own.push_back(other.name);
        }
    }
    let chosen = own.pop_front();
    sheet.choose(chosen.as_deref().unwrap_or(&first))?;
    Ok(chosen.is_some().then_some(own))
}

/// Whether the first row of the sheet is a header that rollcall wrote.
fn is_own(sheet: &mut Sheet) -> Result<bool, Fault> {
    let mut preview = Preview::new(1);
    sheet.visit(&mut preview)?;
    Ok(preview.rows.iter().next().is_some_and(|row| Header::is_own(&row)))
}
