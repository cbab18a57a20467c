//! Duplicate detection by the documented rule: one number, one contact.
//!
//! "Saving contacts through the public API allows duplicate names with different numbers but prevents the same number
//! from being associated with different or identical names" (the platform's create page). Therefore only the number
//! counts; the name decides between two kinds of duplicate.

mod table;

use hashbrown::HashSet;

use self::table::Table;
use crate::{
    contact::{E164, NameKey},
    outcome::Code,
    row::Location,
};

/// The row to keep if several rows have the same number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// The first row.
    #[default]
    First,
    /// The last row.
    Last,
}

/// A row that claims a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// Its location.
    pub location: Location,
    /// Its name.
    pub name: NameKey,
}

/// The row that is kept instead of a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The location of that row.
    pub with: Location,
    /// `same-name` or `other-name`.
    pub code: Code,
}

/// The numbers of a run, each with the row that is kept: 16 bytes per number.
#[derive(Debug, Default)]
pub struct ClaimedNumbers {
    keep: Keep,
    holders: Table,
    /// For each input, the position before its first row. Positions count the rows of all inputs.
    beginnings: Vec<u64>,
    /// The position of the last row so far.
    last: u64,
    /// The positions of rows that a fixed row replaces.
    replaced: HashSet<u64>,
}

/// The kept row of a number: its position among the rows of all inputs, and a part of its name key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Holder(u64);

impl Holder {
    /// No row: rows are counted from 1.
    const NONE: Self = Self(0);

    /// Enough bits to distinguish names; the other bits count up to 17 billion rows.
    const NAME_BITS: u32 = 30;

    fn new(place: u64, name: NameKey) -> Self {
        Self(place << Self::NAME_BITS | name_bits(name))
    }

    fn place(self) -> u64 {
        self.0 >> Self::NAME_BITS
    }

    fn has_name_of(self, other: Self) -> bool {
        (self.0 ^ other.0) & ((1 << Self::NAME_BITS) - 1) == 0
    }
}

/// Returns the part of a name key by which names of rows with one number are compared.
pub fn name_bits(name: NameKey) -> u64 {
    name.bits() & ((1 << Holder::NAME_BITS) - 1)
}

impl ClaimedNumbers {
    /// Creates an empty set of numbers.
    pub fn new(keep: Keep) -> Self {
        Self { keep, ..Self::default() }
    }

    /// Reserves space for the numbers of `rows` rows, to avoid repeated growth.
    pub fn expect(&mut self, rows: u64) {
        /// The most numbers to reserve space for, which is 268 MB. The system provides only the memory in use.
        const MAX_EXPECTED: usize = 14_000_000;

        let expected = usize::try_from(rows).unwrap_or(MAX_EXPECTED).min(MAX_EXPECTED);
        self.holders.reserve(expected);
    }

    /// The number of distinct numbers.
    pub fn len(&self) -> usize {
        self.holders.len()
    }

    /// Returns whether there are no numbers.
    pub fn is_empty(&self) -> bool {
        self.holders.len() == 0
    }

    /// Returns whether a row has this number.
    pub fn contains(&self, number: E164) -> bool {
        self.holders.get(number).is_some()
    }

    /// Requests the places of numbers from memory. In a long list, nearly every one of them misses the cache; several
    /// misses at a time take hardly longer than one.
    pub fn fetch(&self, numbers: impl Iterator<Item = E164>) {
        self.holders.fetch(numbers);
    }

    /// Records the number of a row. Rows must arrive in input order. With [`Keep::First`], the result is final.
    pub fn claim(&mut self, number: E164, claimant: Claimant) -> Option<Collision> {
        let own = self.place(claimant);
        let holder = match self.keep {
            Keep::First => self.holders.insert_if_absent(number, own)?,
            Keep::Last => {
                self.holders.insert(number, own);
                return None;
            }
        };
        Some(self.collision(holder, own))
    }

    /// Records the number of a fixed row, which replaces the row that it was before.
    pub fn claim_instead(
        &mut self,
        number: E164,
        claimant: Claimant,
        originals: &[Location],
    ) -> Option<Collision> {
        let holder = self.holders.get(number).map(Holder::place);
        let places: Vec<u64> = originals.iter().filter_map(|original| self.place_of(*original)).collect();
        self.replaced.extend(&places);
        if holder.is_some_and(|holder| places.contains(&holder)) {
            let own = self.place(claimant);
            self.holders.insert(number, own);
            return None;
        }
        self.claim(number, claimant)
    }

    /// Returns whether a fixed row replaces this row.
    pub fn is_replaced(&self, location: Location) -> bool {
        self.place_of(location).is_some_and(|place| self.replaced.contains(&place))
    }

    fn place_of(&self, location: Location) -> Option<u64> {
        Some(self.beginnings.get(usize::from(location.input))? + location.row)
    }

    /// Returns which of several rows with one number is kept.
    pub fn keep(&self) -> Keep {
        self.keep
    }

    /// Keeps another row for a number, because the kept one was refused. Every row must have claimed its number before.
    pub fn hand_over(&mut self, number: E164, claimant: Claimant) {
        let own = self.place(claimant);
        self.holders.insert(number, own);
    }

    /// Records that the rows up to this one were read, whether they have a number or not. Without this, rows of the next
    /// input would share positions with them.
    pub fn pass(&mut self, last: Location) {
        self.last = self.last.max(self.beginning(last.input) + last.row);
    }

    /// Returns the position of a row among the rows of all inputs, with its name.
    fn place(&mut self, claimant: Claimant) -> Holder {
        let own = Holder::new(self.beginning(claimant.location.input) + claimant.location.row, claimant.name);
        self.last = self.last.max(own.place());
        own
    }

    /// Returns the position before the first row of an input.
    fn beginning(&mut self, input: u16) -> u64 {
        let input = usize::from(input);
        while self.beginnings.len() <= input {
            self.beginnings.push(self.last);
        }
        self.beginnings[input]
    }

    /// Returns the row that is kept instead of this one, if any. Final once every row has claimed its number.
    pub fn rival(&self, number: E164, claimant: Claimant) -> Option<Collision> {
        let holder = self.holders.get(number)?;
        let own = Holder::new(self.place_of(claimant.location)?, claimant.name);
        (holder.place() != own.place()).then(|| self.collision(holder, own))
    }

    fn collision(&self, holder: Holder, own: Holder) -> Collision {
        let code = if holder.has_name_of(own) { Code::SameName } else { Code::OtherName };
        // Rows are counted from 1, so that the last row of an input is not mistaken for a row of the next.
        let input =
            self.beginnings.partition_point(|beginning| *beginning < holder.place()).saturating_sub(1);
        let row = holder.place() - self.beginnings[input];
        Collision { with: Location { input: u16::try_from(input).unwrap_or(u16::MAX), row }, code }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn row(row: u64, name: &str) -> Claimant {
        Claimant { location: Location { input: 0, row }, name: NameKey::new(name, "") }
    }

    fn number(digits: u32) -> E164 {
        E164::from_digits(&format!("91{digits}")).unwrap()
    }

    #[test]
    fn fixed_row_replaces_its_original() {
        let mut numbers = ClaimedNumbers::new(Keep::First);
        let fixed =
            |row, name: &str| Claimant { location: Location { input: 1, row }, name: NameKey::new(name, "") };
        let was = |row| [Location { input: 0, row }];
        assert_eq!(numbers.claim(number(1), row(2, "Asha")), None);
        assert_eq!(numbers.claim(number(2), row(3, "Ben")), None);
        assert_eq!(numbers.claim_instead(number(1), fixed(2, "Asha"), &was(2)), None);
        let with = Location { input: 1, row: 2 };
        let rival = numbers.rival(number(1), row(2, "Asha"));
        assert_eq!(rival, Some(Collision { with, code: Code::SameName }));
        assert_eq!(numbers.rival(number(1), fixed(2, "Asha")), None);
        // Its new number belongs to another row.
        let with = Location { input: 0, row: 3 };
        let collision = numbers.claim_instead(number(2), fixed(3, "Eve"), &was(4));
        assert_eq!(collision, Some(Collision { with, code: Code::OtherName }));
        assert_eq!(numbers.claim_instead(number(3), fixed(4, "Ida"), &[]), None);
    }

    #[test]
    fn rows_without_a_number_have_positions_too() {
        let at = |input, row| Claimant { location: Location { input, row }, ..self::row(row, "Asha") };
        let mut numbers = ClaimedNumbers::new(Keep::First);
        assert_eq!(numbers.claim(number(1), at(0, 2)), None);
        numbers.pass(Location { input: 0, row: 4 });
        let was = |row| [Location { input: 0, row }];
        assert_eq!(numbers.claim_instead(number(9), at(1, 2), &was(3)), None);
        let with = Location { input: 1, row: 2 };
        let collision = Some(Collision { with, code: Code::SameName });
        assert_eq!(numbers.claim_instead(number(9), at(1, 3), &was(4)), collision, "the first row is kept");
    }

    #[test]
    fn first_row_is_kept() {
        let mut numbers = ClaimedNumbers::new(Keep::First);
        assert!(numbers.is_empty() && !numbers.contains(number(1)));
        assert_eq!(numbers.claim(number(1), row(2, "Asha")), None);
        assert!(!numbers.is_empty() && numbers.contains(number(1)) && !numbers.contains(number(2)));
        assert_eq!(numbers.claim(number(2), row(3, "Asha")), None);
        let with = Location { input: 0, row: 2 };
        assert_eq!(numbers.claim(number(1), row(4, "ASHA")), Some(Collision { with, code: Code::SameName }));
        assert_eq!(numbers.claim(number(1), row(5, "Li")), Some(Collision { with, code: Code::OtherName }));
        assert_eq!(numbers.len(), 2);
    }

    #[test]
    fn last_row_is_kept_if_chosen() {
        let mut numbers = ClaimedNumbers::new(Keep::Last);
        let rows = [row(2, "Asha"), row(3, "Li"), row(4, "Asha")];
        for claimant in rows {
            assert_eq!(numbers.claim(number(1), claimant), None);
        }
        let with = Location { input: 0, row: 4 };
        assert_eq!(numbers.rival(number(1), rows[0]), Some(Collision { with, code: Code::SameName }));
        assert_eq!(numbers.rival(number(1), rows[1]), Some(Collision { with, code: Code::OtherName }));
        assert_eq!(numbers.rival(number(1), rows[2]), None);
    }

    #[test]
    fn collision_names_the_input_of_the_kept_row() {
        let mut numbers = ClaimedNumbers::new(Keep::First);
        let at = |input, row| Claimant { location: Location { input, row }, name: NameKey::new("A", "") };
        for (digits, claimant) in [(1, at(0, 2)), (2, at(0, 9)), (3, at(2, 1)), (4, at(2, 30))] {
            assert_eq!(numbers.claim(number(digits), claimant), None);
        }
        for (digits, with) in [(1, at(0, 2)), (2, at(0, 9)), (3, at(2, 1)), (4, at(2, 30))] {
            let collision = numbers.claim(number(digits), at(3, 2)).unwrap();
            assert_eq!(collision, Collision { with: with.location, code: Code::SameName });
        }
    }

    proptest! {
        #[test]
        fn exactly_one_row_of_each_number_is_kept(digits in prop::collection::vec(0u32..6, 1..30)) {
            for keep in [Keep::First, Keep::Last] {
                let mut numbers = ClaimedNumbers::new(keep);
                let rows: Vec<_> = digits.iter().zip(2..).map(|(digit, at)| (number(*digit), row(at, "A"))).collect();
                for (number, row) in &rows {
                    numbers.claim(*number, *row);
                }
                let going: Vec<_> = rows.iter().filter(|(number, row)| numbers.rival(*number, *row).is_none()).collect();
                let distinct: HashSet<_> = digits.iter().collect();
                prop_assert_eq!(going.len(), distinct.len());
                prop_assert_eq!(going.iter().map(|(number, _)| number).collect::<HashSet<_>>().len(), distinct.len());
            }
        }
    }
}
