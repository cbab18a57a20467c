//! Rows that the platform refused and whose number another row of the run then got.

use rusqlite::params;

use super::{Journal, JournalError};
use crate::{
    contact::{E164, NameKey},
    outcome::{Code, Outcome},
    row::Location,
};

/// A refused row that gave its number back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The row.
    pub location: Location,
    /// The number.
    pub number: E164,
    /// The reason of the refusal.
    pub code: Option<Code>,
    /// The platform's words.
    pub detail: String,
}

impl Journal {
    /// Records that rows of a run were refused and that their numbers will be posted again, each with the name of
    /// another row. Records all of them or none.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be recorded; the other rows must not be posted then.
    pub fn give_back(&self, run: &str, refused: &[(Refused, NameKey)]) -> Result<(), JournalError> {
        self.write(|transaction| {
            let mut note = transaction.prepare_cached(
                "INSERT INTO refused (run, input, row, number, code, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            let mut reopen = transaction.prepare_cached(
                "UPDATE contact SET state = 'pending', code = NULL, detail = '', name_key = ?3
                 WHERE run = ?1 AND number = ?2 AND state IN (?4, 'pending')",
            )?;
            for (Refused { location, number, code, detail }, next) in refused {
                let row = i64::try_from(location.row).unwrap_or(i64::MAX);
                let code = code.map(Code::name);
                note.execute(params![run, location.input, row, &*number.digits(), code, detail])?;
                let name = next.bits().cast_signed();
                reopen.execute(params![run, &*number.digits(), name, Outcome::Failed.name()])?;
            }
            Ok(())
        })
    }

    /// Returns the rows of a run that gave their number back, in input order.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read.
    pub fn refused(&self, run: &str) -> Result<Vec<Refused>, JournalError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT input, row, number, code, detail FROM refused WHERE run = ?1 ORDER BY input, row",
            )?;
            let mut rows = statement.query([run])?;
            let mut refused = Vec::new();
            while let Some(row) = rows.next()? {
                let (place, number): (i64, String) = (row.get(1)?, row.get(2)?);
                let code: Option<String> = row.get(3)?;
                let Some((number, place)) = E164::from_digits(&number).zip(u64::try_from(place).ok()) else {
                    continue;
                };
                refused.push(Refused {
                    location: Location { input: row.get(0)?, row: place },
                    number,
                    code: code.and_then(|name| Code::of_name(&name)),
                    detail: row.get(4)?,
                });
            }
            Ok(refused)
        })
    }
}
