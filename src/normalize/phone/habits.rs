//! The meaning of bare digits in a column, learned from its cells.

use super::{
    bare::{Habit, from_abroad, is_bare},
    origin::Origin,
    parse::digits,
    policy::{Accept, PhonePolicy},
};
use crate::{outcome::Code, row::CellKind};

/// Counts of the bare cells of a column, by reading.
#[derive(Clone, Copy, Debug, Default)]
pub struct Habits {
    national: u32,
    international: u32,
    /// Cells with two readings.
    ambiguous: u32,
}

impl Habits {
    /// The minimum number of cells that show a habit.
    const MIN_CELLS: u32 = 3;

    /// Counts a cell.
    pub fn add(&mut self, text: &str, kind: CellKind, origin: Option<Origin>) {
        const ANY: PhonePolicy =
            PhonePolicy { accept: Accept::Valid, types: Vec::new(), drop_extensions: true };

        let text = text.trim();
        if !is_bare(text) || !matches!(kind, CellKind::Text | CellKind::Number) {
            return;
        }
        match ANY.read(text, kind, origin) {
            // The reader took the leading digits as the calling code.
            Ok(number) if *number.e164().digits() == digits(text) => self.international += 1,
            Ok(_) => self.national += 1,
            Err(refusal) if refusal.code == Code::AmbiguousNumber => self.ambiguous += 1,
            Err(_) => self.international += u32::from(from_abroad(text).is_some()),
        }
    }

    /// Returns the habit that at least 95 % of the unambiguous cells show.
    pub fn habit(&self) -> Option<Habit> {
        let all = self.national + self.international;
        let is_most = |cells: u32| all >= Self::MIN_CELLS && u64::from(cells) * 100 >= u64::from(all) * 95;
        if is_most(self.national) {
            Some(Habit::National)
        } else if is_most(self.international) {
            Some(Habit::International)
        } else {
            None
        }
    }

    /// Returns the number of cells with two readings.
    pub fn ambiguous(&self) -> u32 {
        self.ambiguous
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Region;

    fn read(text: &str, region: &str, habit: Option<Habit>) -> String {
        let origin = Region::new(region).map(Origin::Region);
        match PhonePolicy::default().read_as(text, CellKind::Text, origin, habit) {
            Ok(number) => number.e164().to_string(),
            Err(refusal) => format!("{}: {}", refusal.code.name(), refusal.detail),
        }
    }

    /// Source: google/libphonenumber issue 1374.
    #[test]
    fn ambiguous_digits_follow_the_column_or_are_rejected() {
        for text in ["491711234567", "491621234567", "33612345678", "6591234567", "33123456789"] {
            assert!(read(text, "DE", None).starts_with("ambiguous-number: +49 "), "{text}");
            assert_eq!(read(text, "DE", Some(Habit::International)), text);
        }
        assert_eq!(read("33123456789", "DE", Some(Habit::National)), "4933123456789");
        assert_eq!(read("491711234567", "DE", None), "ambiguous-number: +49 491711234567 or +49 1711234567");
    }

    #[test]
    fn possible_mobile_without_plus_is_not_a_fixed_line() {
        // A spreadsheet removes the plus of `+49 171…` as well as the zero of `0171…`.
        for text in ["491711234567", "4915123456789", "33612345678"] {
            let read = read(text, "DE", Some(Habit::National));
            assert!(read.starts_with("ambiguous-number"), "{text}: {read}");
        }
    }

    #[test]
    fn unambiguous_digits_need_no_column() {
        for (text, region, expected) in [
            ("1711234567", "DE", "491711234567"),
            ("0491 711234567", "DE", "49491711234567"),
            ("+49 1711234567", "DE", "491711234567"),
            ("49 171 1234567", "DE", "491711234567"),
            ("(151) 23456709", "DE", "4915123456709"),
            ("1512/3456709", "DE", "4915123456709"),
            ("49301234567", "DE", "49301234567"),
            ("2015550123", "US", "12015550123"),
            ("12015550123", "US", "12015550123"),
            ("9186159819", "IN", "919186159819"),
            ("9613123456", "IN", "919613123456"),
            ("33961234568", "BR", "5533961234568"),
            ("13612345678", "CN", "8613612345678"),
            ("81234567890", "ID", "6281234567890"),
        ] {
            assert_eq!(read(text, region, None), expected, "{text} {region}");
        }
    }

    #[test]
    fn international_column_makes_digits_foreign_numbers() {
        assert!(read("31612345678", "DE", None).starts_with("invalid-number"));
        assert_eq!(read("31612345678", "DE", Some(Habit::International)), "31612345678");
        assert!(read("31612345678", "DE", Some(Habit::National)).starts_with("invalid-number"));
    }

    #[test]
    fn unambiguous_cells_show_the_habit() {
        let habit = |cells: &[&str]| {
            let mut habits = Habits::default();
            for cell in cells {
                habits.add(cell, CellKind::Text, Region::new("DE").map(Origin::Region));
            }
            habits.habit()
        };
        assert_eq!(
            habit(&["49301234567", "498912345678", "31612345678", "491711234567"]),
            Some(Habit::International)
        );
        assert_eq!(habit(&["1711234567", "301234567", "8912345678", "491711234567"]), Some(Habit::National));
        assert_eq!(habit(&["1711234567", "301234567", "49301234567"]), None, "no 95 %");
        assert_eq!(habit(&["1711234567", "301234567", "491711234567"]), None, "too few");
        assert_eq!(
            habit(&["01711234567", "+49301234567", "0301234567", "0049301234567"]),
            None,
            "no cell is bare"
        );
    }
}
