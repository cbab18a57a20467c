//! The numbering plan that a number without a calling code belongs to.

use super::plans;
use crate::contact::Region;

/// The rules for reading a number without a plus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A region with a numbering plan.
    Region(Region),
    /// A calling code without a region, such as 870 (satellite phones).
    CallingCode(u16),
    /// A calling code followed by an area code, such as 1868. Numbers may include the area code or not.
    Area {
        /// The region whose numbers begin with these codes.
        region: Region,
        /// The digits of both codes.
        digits: u32,
    },
}

/// Returns the region whose rules read numbers of this calling code, or the code itself if it belongs to no region.
pub fn origin_of_calling_code(code: u16) -> Option<Origin> {
    match plans::plans().main_region(code)? {
        Region::WORLD => Some(Origin::CallingCode(code)),
        region => Some(Origin::Region(region)),
    }
}

/// Returns the calling code of a region.
pub(crate) fn calling_code(region: Region) -> Option<u16> {
    plans::plans().of_region(region).map(|(plan, _)| plan.calling_code())
}

/// Returns the region whose numbers begin with a calling code and an area code of at most `max_area_digits` digits.
pub(in crate::normalize) fn area(digits: &str, max_area_digits: usize) -> Option<Origin> {
    let (plan, code_digits) = plans::plans().at_start_of(digits.as_bytes())?;
    let area = &digits[code_digits..];
    let region = plan.region_of_area(area).filter(|_| (1..=max_area_digits).contains(&area.len()))?;
    Some(Origin::Area { region, digits: digits.parse().ok()? })
}

/// Returns whether the region has telephone numbers.
pub fn has_numbering_plan(region: Region) -> bool {
    plans::plans().has_region(region)
}
