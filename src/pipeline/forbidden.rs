//! Numbers that rows of the list forbid to call, for all other rows.

use crate::{
    contact::E164,
    normalize::{ForbiddenNumbers, phone::Mask},
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
        self.masks.extend(masks.into_iter().map(|mask| (row, mask)));
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
