//! Numbers that rows of the list forbid to call, for all other rows.

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

/// The forbidden numbers of some rows, in input order, with these rows.
#[derive(Debug, Default)]
pub(super) struct Forbidden {
    numbers: Vec<(Location, E164)>,
    masks: Vec<(Location, Mask)>,
}

impl Forbidden {
    /// Adds the numbers of the next row.
    pub(super) fn add(&mut self, row: Location, forbidden: ForbiddenNumbers) {
        let ForbiddenNumbers { numbers, masks } = forbidden;
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
