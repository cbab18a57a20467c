//! The table of numbers and their kept rows: 16 bytes per place, found with one access to memory.
//!
//! A general hash map keeps its control bytes apart from its entries. In a long list, both miss the cache.

use std::hash::{BuildHasher as _, RandomState};

use super::Holder;
use crate::contact::E164;

/// A number and its holder. The place is free if it has no holder.
type Place = [u64; 2];

/// Places with open addressing: a number is at the place of its hash, or in one of the places after it.
#[derive(Debug)]
pub(super) struct Table {
    /// A power of two.
    places: Vec<Place>,
    len: usize,
    /// A random odd factor, so that nobody can make the numbers of a list collide.
    factor: u64,
}

impl Default for Table {
    fn default() -> Self {
        Self { places: vec![[0; 2]; Self::SMALLEST], len: 0, factor: RandomState::new().hash_one(0) | 1 }
    }
}

impl Table {
    const SMALLEST: usize = 1 << 10;

    /// The number of numbers.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Makes room for this many numbers in total.
    pub(super) fn reserve(&mut self, numbers: usize) {
        let places = (numbers + numbers / 7 + 1).next_power_of_two();
        if places > self.places.len() {
            self.grow(places);
        }
    }

    /// Returns the holder of a number.
    #[inline]
    pub(super) fn get(&self, number: E164) -> Option<Holder> {
        let [_, holder] = self.places[self.find(number)];
        Some(Holder(holder)).filter(|holder| *holder != Holder::NONE)
    }

    /// Sets the holder of a number.
    #[inline]
    pub(super) fn insert(&mut self, number: E164, holder: Holder) {
        let place = self.place_for(number);
        self.len += usize::from(self.places[place][1] == Holder::NONE.0);
        self.places[place] = [number.value(), holder.0];
    }

    /// Sets the holder of a number if it has none, otherwise returns the present one.
    #[inline]
    pub(super) fn insert_if_absent(&mut self, number: E164, holder: Holder) -> Option<Holder> {
        let place = self.place_for(number);
        let present = Holder(self.places[place][1]);
        if present != Holder::NONE {
            return Some(present);
        }
        self.len += 1;
        self.places[place] = [number.value(), holder.0];
        None
    }

    /// Reads the first places of numbers, so that they are in the cache.
    pub(super) fn fetch(&self, numbers: impl Iterator<Item = E164>) {
        let read = numbers.fold(0, |all, number| all ^ self.places[self.first(number)][0]);
        std::hint::black_box(read);
    }

    /// Returns the place of a number, with room for it if it is new.
    fn place_for(&mut self, number: E164) -> usize {
        if self.len >= self.places.len() / 8 * 7 {
            self.grow(self.places.len() * 2);
        }
        self.find(number)
    }

    /// Returns the place at which the search for a number begins.
    #[inline]
    fn first(&self, number: E164) -> usize {
        let mixed = number.value().wrapping_mul(self.factor);
        // The upper bits depend on all digits. There are at least two places, so that the shift is less than 64.
        usize::try_from(mixed >> (64 - self.places.len().trailing_zeros())).unwrap_or_default()
    }

    /// Returns the place of a number, or the free place where it would be.
    #[inline]
    fn find(&self, number: E164) -> usize {
        let mut place = self.first(number);
        loop {
            let [found, holder] = self.places[place];
            if found == number.value() || holder == Holder::NONE.0 {
                return place;
            }
            place = (place + 1) & (self.places.len() - 1);
        }
    }

    fn grow(&mut self, places: usize) {
        let before = std::mem::replace(&mut self.places, vec![[0; 2]; places]);
        for [number, holder] in before.into_iter().filter(|place| place[1] != Holder::NONE.0) {
            let place = self.find(E164::from_value(number));
            self.places[place] = [number, holder];
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn table_finds_what_a_map_finds() {
        let mut table = Table::default();
        let mut map = HashMap::new();
        for step in 1..20_000_u64 {
            // Every third number comes again; the numbers are dense, as those of one exchange.
            let number = E164::from_value(919_800_000_000 + step * 7 % 13_001);
            let holder = Holder(step);
            if step % 5 == 0 {
                table.insert(number, holder);
                map.insert(number, holder);
            } else {
                let present = map.get(&number).copied();
                map.entry(number).or_insert(holder);
                assert_eq!(table.insert_if_absent(number, holder), present);
            }
            if step == 300 {
                table.reserve(5_000);
            }
        }
        assert_eq!(table.len(), map.len());
        for number in (919_799_999_000..919_800_014_000).map(E164::from_value) {
            assert_eq!(table.get(number), map.get(&number).copied());
        }
    }
}
