//! Numbers that rows of the list forbid to call, for all other rows.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{
    contact::E164,
    normalize::{
        ForbiddenNumbers,
        phone::{Mask, suppressed_forms},
    },
    parse::InputInfo,
    row::Location,
    suppress::{SuppressionSet, SuppressionSource},
};

/// Rows of an input that forbid calls to a number of which too little is visible to find it in other rows.
#[derive(Debug)]
pub(super) struct Unfound {
    rows: AtomicU64,
    first: AtomicU64,
}

impl Default for Unfound {
    fn default() -> Self {
        Self { rows: AtomicU64::new(0), first: AtomicU64::new(u64::MAX) }
    }
}

impl Unfound {
    fn add(&self, row: u64) {
        self.rows.fetch_add(1, Ordering::Relaxed);
        self.first.fetch_min(row, Ordering::Relaxed);
    }

    /// Returns a note for the user, if there are any.
    pub(super) fn note(&self) -> Option<String> {
        let (rows, first) = (self.rows.load(Ordering::Relaxed), self.first.load(Ordering::Relaxed));
        (rows > 0).then(|| {
            format!(
                "rows that say not to call a number with masked digits at its beginning or end: {rows}; the first is row {first}. rollcall \
                 does not call these rows, but cannot find their numbers in other rows. Write the whole numbers"
            )
        })
    }
}

/// The forbidden numbers of some rows, in input order, with these rows.
#[derive(Debug, Default)]
pub(super) struct Forbidden {
    numbers: Vec<(Location, E164)>,
    masks: Vec<(Location, Mask)>,
}

impl Forbidden {
    /// Adds the numbers of the next row.
    pub(super) fn add(&mut self, row: Location, forbidden: ForbiddenNumbers, unfound: &Unfound) {
        let ForbiddenNumbers { numbers, masks } = forbidden;
        if numbers.is_empty() && !masks.is_empty() && !masks.iter().any(Mask::is_hidden_inside) {
            unfound.add(row.row);
        }
        self.numbers.extend(numbers.into_iter().map(|number| (row, number)));
        // The others match too many numbers.
        let masks = masks.into_iter().filter(Mask::is_hidden_inside);
        self.masks.extend(masks.map(|mask| (row, mask)));
    }

    /// Returns what a row forbids, as text: numbers in all their forms, and masks with `*`.
    pub(super) fn of(&self, row: Location) -> impl Iterator<Item = String> {
        let numbers = self.numbers.partition_point(|(other, _)| *other < row);
        let numbers = self.numbers[numbers..].iter().take_while(move |(other, _)| *other == row);
        let masks = self.masks.partition_point(|(other, _)| *other < row);
        let masks = self.masks[masks..].iter().take_while(move |(other, _)| *other == row);
        let numbers = numbers.flat_map(|(_, number)| suppressed_forms(*number));
        numbers.map(|number| number.to_string()).chain(masks.map(|(_, mask)| mask.to_string()))
    }

    /// Adds the numbers of the next block.
    pub(super) fn extend(&mut self, block: &Self) {
        self.numbers.extend(&block.numbers);
        self.masks.extend_from_slice(&block.masks);
    }

    /// Adds the numbers to those that are suppressed.
    pub(super) fn add_to(&self, suppression_set: &mut SuppressionSet, inputs: &[InputInfo]) {
        let (mut numbers, mut masks) = (self.numbers.as_slice(), self.masks.as_slice());
        for (index, input) in (0..).zip(inputs) {
            let of_input = numbers.partition_point(|(row, _)| row.input <= index);
            let masks_of_input = masks.partition_point(|(row, _)| row.input <= index);
            if of_input + masks_of_input == 0 {
                continue;
            }
            suppression_set.begin(SuppressionSource::Rows(input.path.clone()));
            for (row, number) in numbers.split_off(..of_input).unwrap_or_default() {
                suppression_set.add(*number, Some(row.row));
            }
            for (row, mask) in masks.split_off(..masks_of_input).unwrap_or_default() {
                suppression_set.add_mask(mask.clone(), Some(row.row));
            }
        }
    }
}
