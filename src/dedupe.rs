//! The documented rule: one number, one contact.
//!
//! "Saving contacts through the public API allows duplicate names with different numbers but prevents the same number
//! from being associated with different or identical names" (the platform's create page). So the number alone
//! decides; the name only says which kind of duplicate it is.

use hashbrown::{HashMap, hash_map::Entry};

use crate::{
    contact::{E164, NameKey},
    outcome::Code,
    row::Location,
};

/// Which of several rows with one number goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// The first.
    #[default]
    First,
    /// The last.
    Last,
}

/// A row that claims a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// Where it stands.
    pub location: Location,
    /// Its name.
    pub name: NameKey,
}

/// The row that goes on in place of a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collision {
    /// Where that row stands.
    pub with: Location,
    /// `same-name` or `other-name`.
    pub code: Code,
}

/// The numbers of a run, each with the row that goes on: 16 bytes a number.
#[derive(Debug, Default)]
pub struct ClaimedNumbers {
    keep: Keep,
    holders: HashMap<E164, Holder>,
    /// By input, where its rows begin when those of all inputs are counted as one; and the last row of all so far.
    beginnings: Vec<u64>,
    last: u64,
}

/// The row that goes on: where it stands among the rows of all inputs, and a part of its name's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Holder(u64);

impl Holder {
    /// Enough to tell names apart; the others count rows, up to seventeen thousand million.
    const NAME_BITS: u32 = 30;

    fn new(place: u64, name: NameKey) -> Self {
        Self(place << Self::NAME_BITS | name.bits() & ((1 << Self::NAME_BITS) - 1))
    }

    fn place(self) -> u64 {
        self.0 >> Self::NAME_BITS
    }

    fn has_name_of(self, other: Self) -> bool {
        (self.0 ^ other.0) & ((1 << Self::NAME_BITS) - 1) == 0
    }
}

impl ClaimedNumbers {
    /// No numbers yet.
    pub fn new(keep: Keep) -> Self {
        Self { keep, ..Self::default() }
    }

    /// Makes room for the numbers of so many rows, so that it need not be made again and again.
    pub fn expect(&mut self, rows: u64) {
        /// Room for these is 285 MB, of which what is not used is not taken either; more is made as it is needed.
        const MAX_EXPECTED: usize = 14_000_000;

        let expected = usize::try_from(rows).unwrap_or(MAX_EXPECTED).min(MAX_EXPECTED);
        self.holders.reserve(expected.saturating_sub(self.holders.len()));
    }

    /// Distinct numbers seen.
    pub fn len(&self) -> usize {
        self.holders.len()
    }

    /// Whether no number was seen.
    pub fn is_empty(&self) -> bool {
        self.holders.is_empty()
    }

    /// Whether some row has this number.
    pub fn contains(&self, number: E164) -> bool {
        self.holders.contains_key(&number)
    }

    /// Notes a row's number. Rows come in input order; where the first is kept, the answer is final.
    pub fn claim(&mut self, number: E164, claimant: Claimant) -> Option<Collision> {
        let own = self.place(claimant);
        let holder = match self.holders.entry(number) {
            Entry::Vacant(entry) => {
                entry.insert(own);
                return None;
            }
            Entry::Occupied(mut entry) => {
                if self.keep == Keep::Last {
                    entry.insert(own);
                    return None;
                }
                *entry.get()
            }
        };
        Some(self.collision(holder, own))
    }

    /// The same for a row that was one of these before somebody fixed it: it goes on instead of that.
    pub fn claim_instead(
        &mut self,
        number: E164,
        claimant: Claimant,
        originals: &[Location],
    ) -> Option<Collision> {
        let holder = self.holders.get(&number).map(|holder| holder.place());
        let place =
            |original: &Location| Some(self.beginnings.get(usize::from(original.input))? + original.row);
        if holder.is_some() && originals.iter().any(|original| place(original) == holder) {
            let own = self.place(claimant);
            self.holders.insert(number, own);
            return None;
        }
        self.claim(number, claimant)
    }

    /// Which of several rows with one number goes on.
    pub fn keep(&self) -> Keep {
        self.keep
    }

    /// Has another row go on with a number, since the one that did was refused. Every row has claimed its number before.
    pub fn hand_over(&mut self, number: E164, claimant: Claimant) {
        let own = self.place(claimant);
        self.holders.insert(number, own);
    }

    /// Where a row stands among those of all inputs, and its name.
    fn place(&mut self, claimant: Claimant) -> Holder {
        let input = usize::from(claimant.location.input);
        while self.beginnings.len() <= input {
            self.beginnings.push(self.last);
        }
        let own = Holder::new(self.beginnings[input] + claimant.location.row, claimant.name);
        self.last = self.last.max(own.place());
        own
    }

    /// The row that goes on instead of this one, if another does. Final once every row has claimed its number.
    pub fn rival(&self, number: E164, claimant: Claimant) -> Option<Collision> {
        let holder = *self.holders.get(&number)?;
        let beginning = self.beginnings.get(usize::from(claimant.location.input))?;
        let own = Holder::new(beginning + claimant.location.row, claimant.name);
        (holder.place() != own.place()).then(|| self.collision(holder, own))
    }

    fn collision(&self, holder: Holder, own: Holder) -> Collision {
        let code = if holder.has_name_of(own) { Code::SameName } else { Code::OtherName };
        // Rows are counted from 1, so that the last row of an input is not taken for one of the next.
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
    fn a_fixed_row_goes_on_instead_of_the_one_it_was() {
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
        // A number that it has been given is that of another row.
        let with = Location { input: 0, row: 3 };
        let collision = numbers.claim_instead(number(2), fixed(3, "Eve"), &was(4));
        assert_eq!(collision, Some(Collision { with, code: Code::OtherName }));
        assert_eq!(numbers.claim_instead(number(3), fixed(4, "Ida"), &[]), None);
    }

    #[test]
    fn the_first_row_goes_on() {
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
    fn the_last_row_goes_on_if_so_chosen() {
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
    fn a_row_of_an_earlier_input_is_named_with_its_input() {
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

    #[test]
    fn a_number_takes_sixteen_bytes() {
        assert_eq!(size_of::<(E164, Holder)>(), 16);
    }

    proptest! {
        #[test]
        fn exactly_one_row_of_each_number_goes_on(digits in prop::collection::vec(0u32..6, 1..30)) {
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
