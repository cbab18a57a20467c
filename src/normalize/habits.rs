//! Phone cells whose reading depends on the rest of their row or column.

use super::{
    Found, Normalizer,
    phone::Origin,
    phone::{Habits, Refusal},
    region,
};
use crate::{contact::PhoneNumber, outcome::Code, row::Row};

impl Normalizer<'_> {
    /// Counts how bare digits are meant in a phone column of these rows.
    pub fn habits<'r>(&self, rows: impl Iterator<Item = Row<'r>>, phone: usize) -> Habits {
        let mut habits = Habits::default();
        for row in rows {
            let Ok(text) = row.text(phone) else { continue };
            // A row with an unknown country shows nothing about how numbers are written.
            let Ok(origin) = self.origin(row, phone, &mut Vec::new()) else { continue };
            habits.add(text, row.cell(phone).kind, origin);
        }
        habits
    }

    /// Returns whether the country of a row may be missing: `NA` is the code of Namibia, and statistics programs write
    /// it for missing values.
    pub(super) fn is_doubtful_country(&self, row: Row<'_>, phone: usize, origin: Option<Origin>) -> bool {
        let Some(Origin::Region(region)) = origin else { return false };
        let is_namibia =
            region.as_str() == "NA" && self.settings.region.is_some_and(|default| default != region);
        is_namibia
            && self
                .columns
                .countries_of(phone)
                .iter()
                .any(|column| row.text(*column).is_ok_and(|text| self.may_be_no_country(text)))
    }

    fn may_be_no_country(&self, text: &str) -> bool {
        region::may_be_filler(text) && self.settings.aliases.country(text).is_none()
    }

    /// Reads a phone cell. If the country may be missing, also reads it with the default region.
    pub(super) fn read_phone(
        &self,
        found: &Found<'_>,
        origin: Option<Origin>,
        is_doubtful_country: bool,
    ) -> Result<PhoneNumber, Refusal> {
        let habit = self.habits.iter().find(|(column, _)| *column == found.column).map(|(_, habit)| *habit);
        let read = |origin| self.settings.phone.read_as(found.text, found.kind, origin, habit);
        if !is_doubtful_country {
            return read(origin);
        }
        match (read(origin), read(self.settings.region.map(Origin::Region))) {
            (Ok(one), Ok(other)) if one.e164() != other.e164() => {
                let spelled =
                    |number: &PhoneNumber| format!("+{} {}", number.calling_code(), number.national());
                let detail = format!(
                    "the country NA can mean Namibia or none: {} or {}",
                    spelled(&one),
                    spelled(&other)
                );
                Err(Refusal { code: Code::AmbiguousNumber, detail, number: None, readings: vec![one, other] })
            }
            (Err(_), Ok(other)) => Ok(other),
            (read, _) => read,
        }
    }
}
