//! All numbers that a cell may mean. For do-not-call lists, one number too many is better than one too few.

use super::{
    cell,
    library::ParsedNumber,
    mask::Mask,
    origin::{Origin, calling_code},
    policy::{Accept, PhonePolicy},
    refusal::Refusal,
    several,
};
use crate::{
    contact::{E164, PhoneNumber},
    outcome::Code,
    row::CellKind,
};

/// The policy for unambiguous numbers.
const PLAIN: PhonePolicy = PhonePolicy { accept: Accept::Valid, types: Vec::new(), drop_extensions: false };

/// The policy for valid numbers that may have an extension.
const VALID: PhonePolicy = PhonePolicy { accept: Accept::Valid, types: Vec::new(), drop_extensions: true };

/// The policy for everything with the length of a number.
const POSSIBLE: PhonePolicy =
    PhonePolicy { accept: Accept::Possible, types: Vec::new(), drop_extensions: true };

/// The minimum number of digits of a number in a part of a cell. Fewer digits are an extension or a remark.
const MIN_DIGITS: usize = 6;

/// Separators between two numbers that never occur in one. A slash is not included, because it may.
const SEPARATORS: [&str; 8] = [":::", "\n", ";", ",", "|", "&", " or ", " and "];

/// The numbers of a cell.
#[derive(Debug, Default)]
pub struct AllNumbers {
    /// The numbers, without repetitions.
    pub found: Vec<E164>,
    /// The reason why there is no number, or why a part of the cell that may be another number cannot be read.
    pub refusal: Option<Refusal>,
    /// The visible parts of numbers with hidden digits.
    pub masks: Vec<Mask>,
    /// Whether digits were assumed to be an international number, without a plus or a region to confirm it.
    pub is_assumed: bool,
}

/// Reads every number of a cell that is not blank, leniently. Digits without a plus are read with the rules of
/// `origin`, and also as an international number if that is valid: such lists often omit the plus.
///
/// ```
/// use rollcall::{normalize::phone::read_all, row::CellKind};
///
/// let all = read_all("919876543210; +91 98765 43211", CellKind::Text, None);
/// let found: Vec<String> = all.found.iter().map(ToString::to_string).collect();
/// assert_eq!(found, ["919876543210", "919876543211"]);
/// assert!(all.is_assumed && all.refusal.is_none());
/// ```
pub fn read_all(text: &str, kind: CellKind, origin: Option<Origin>) -> AllNumbers {
    let mut all = AllNumbers::default();
    if let Some(masks) = Mask::read_all(text, "", || home(origin)) {
        all.masks = masks;
        all.refusal = Some(Refusal::new(Code::NotANumber, "some of its digits are masked"));
        return all;
    }
    match cell::undo_spreadsheet(text, kind) {
        Ok(text) => all.add_cell(&text, origin),
        Err(refusal) => all.refusal = Some(refusal),
    }
    all
}

/// Returns the calling code of numbers that have none.
fn home(origin: Option<Origin>) -> Option<u16> {
    match origin {
        Some(Origin::Region(region)) => calling_code(region),
        Some(Origin::CallingCode(code)) => Some(code),
        Some(Origin::Area { .. }) | None => None,
    }
}

/// Returns whether a cell contains one or more numbers that are valid, or that at least have a possible length.
pub(crate) fn is_number(text: &str, kind: CellKind, origin: Option<Origin>, accept: Accept) -> bool {
    match accept {
        Accept::Valid => {
            let Ok(text) = cell::undo_spreadsheet(text, kind) else { return false };
            VALID
                .read(&text, CellKind::Text, origin)
                .map_or_else(|refusal| !refusal.readings.is_empty(), |_| true)
                || whole_international(&text).is_some()
                || several::several(&text, origin, true).is_some()
        }
        Accept::Possible => {
            let all = read_all(text, kind, origin);
            !all.found.is_empty() || !all.masks.is_empty()
        }
    }
}

impl AllNumbers {
    fn add_cell(&mut self, text: &str, origin: Option<Origin>) {
        if let Ok(number) = PLAIN.read(text, CellKind::Text, origin) {
            self.add(number.e164());
            self.found_whole(text);
            return;
        }
        let whole = self.add_one(text, origin, &POSSIBLE);
        // A cell that is one number counts as two only if there is no doubt.
        let policy = if whole.is_ok() { &VALID } else { &POSSIBLE };
        if let Some((number, ending)) = several::split_ending(text, origin) {
            let kept = number.national.len() - ending.len();
            let other = format!("{}{ending}", &number.national[..kept]);
            self.add_parsed(&[ParsedNumber { national: other, ..number.clone() }, number]);
        } else if let Some(numbers) = several::several(text, origin, whole.is_err()) {
            self.add_parsed(&numbers);
        }
        let refused = self.add_parts(text, origin, policy);
        if let Err(refusal) = whole {
            self.refusal = if self.found.is_empty() { Some(refusal) } else { refused };
        }
    }

    /// Reads the parts between separators. Returns the refusal of the first part that cannot be read.
    fn add_parts(&mut self, text: &str, origin: Option<Origin>, policy: &PhonePolicy) -> Option<Refusal> {
        let mut refused = None;
        for part in parts(text) {
            // The cell as a whole was read before.
            let Err(refusal) = (if part == text { Err(None) } else { self.add_part(part, origin, policy) })
            else {
                continue;
            };
            if part.contains('/') {
                for piece in part.split('/') {
                    refused = refused.or(self.add_part(piece, origin, policy).err().flatten());
                }
            } else {
                refused = refused.or(refusal);
            }
        }
        refused
    }

    fn add_part(
        &mut self,
        part: &str,
        origin: Option<Origin>,
        policy: &PhonePolicy,
    ) -> Result<(), Option<Refusal>> {
        if count_digits(part) < MIN_DIGITS {
            return Ok(());
        }
        if let Some(numbers) = several::several(part, origin, true) {
            self.add_parsed(&numbers);
            return Ok(());
        }
        self.add_one(part, origin, policy).map_err(Some)
    }

    /// Reads one number in both ways.
    fn add_one(&mut self, text: &str, origin: Option<Origin>, policy: &PhonePolicy) -> Result<(), Refusal> {
        let read = policy.read(text, CellKind::Text, origin);
        let is_whole = self.found_whole(text);
        match read {
            Ok(number) => self.add(number.e164()),
            Err(refusal) if is_whole && refusal.readings.is_empty() => {
                self.is_assumed |= origin.is_none() && !text.trim_start().starts_with("00");
            }
            // The number has several readings, and none of them may be called.
            Err(refusal) if !refusal.readings.is_empty() => {
                refusal.readings.iter().for_each(|number| self.add(number.e164()));
            }
            Err(refusal) => return Err(refusal),
        }
        Ok(())
    }

    fn found_whole(&mut self, text: &str) -> bool {
        let number = whole_international(text);
        if let Some(number) = number {
            self.add(number.e164());
        }
        number.is_some()
    }

    fn add_parsed(&mut self, numbers: &[ParsedNumber]) {
        for number in numbers {
            if let Some(number) =
                PhoneNumber::new(number.calling_code, &number.national, number.region, number.kind)
            {
                self.add(number.e164());
            }
        }
    }

    fn add(&mut self, number: E164) {
        if !self.found.contains(&number) {
            self.found.push(number);
        }
    }
}

/// Reads the digits as an international number without its plus, if that is valid.
fn whole_international(text: &str) -> Option<PhoneNumber> {
    // A slash between digits separates two numbers too often to trust the digits on both sides.
    if text.contains(['+', '＋', '/']) {
        return None;
    }
    let digits = &text[text.find(char::is_numeric)?..];
    let digits = digits.strip_prefix("00").unwrap_or(digits);
    VALID.read(&format!("+{digits}"), CellKind::Text, None).ok()
}

fn parts(text: &str) -> Vec<&str> {
    let mut parts = vec![text];
    for separator in SEPARATORS {
        if text.contains(separator) {
            parts = parts.iter().flat_map(|part| part.split(separator)).collect();
        }
    }
    parts
}

/// Counts the digits of any script.
pub(crate) fn count_digits(text: &str) -> usize {
    text.chars().filter(|letter| letter.is_numeric()).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contact::Region;

    fn read(text: &str, region: &str) -> String {
        let all = read_all(text, CellKind::Text, Region::new(region).map(Origin::Region));
        let mut found: Vec<String> = all.found.iter().map(ToString::to_string).collect();
        found.sort();
        found.extend(all.refusal.map(|refusal| refusal.code.name().to_owned()));
        found.join(" ")
    }

    #[test]
    fn every_number_of_a_cell_is_read() {
        for (text, region, expected) in [
            ("+91 98765 43210", "", "919876543210"),
            ("+91 98765 43210 x12", "", "919876543210"),
            ("98765 43210 / 98765 43211", "IN", "919876543210 919876543211"),
            ("98765 43210, 98765 43211 / 98765 43212", "IN", "919876543210 919876543211 919876543212"),
            ("+91 98765 43210 +91 98765 43211", "", "919876543210 919876543211"),
            ("* +91 98765 43210 ::: +91 98765 43211", "", "919876543210 919876543211"),
            ("(555) 555-0100 / (555) 555-0101", "US", "15555550100 15555550101"),
            ("0171/1234567; 0172/7654321", "DE", "491711234567 491727654321"),
            ("030 231250/51", "DE", "4930231250 4930231251"),
            ("98765 43210 / 11", "IN", "919876543210 919876543211"),
        ] {
            assert_eq!(read(text, region), expected, "{text}");
        }
    }

    #[test]
    fn unreadable_suppression_entries_are_reported() {
        assert_eq!(read("98765 43210; 98765 43210 98765", "IN"), "919876543210 too-long");
        assert_eq!(read("98765 43210; 9.87654E+09", "IN"), "919876543210 excel-scientific");
        assert_eq!(read("hello", "IN"), "not-a-number");
        assert_eq!(read("9.87654E+09", "IN"), "excel-scientific");
    }

    #[test]
    fn digits_without_a_plus_have_every_valid_reading() {
        for (text, region, expected) in [
            ("919876543210", "", "919876543210"),
            ("0091 98765-43210", "", "919876543210"),
            ("919876543210", "US", "919876543210"),
            ("020 7946 0018", "GB", "442079460018"),
            ("491711234567", "DE", "491711234567 49491711234567"),
            ("966512345678+", "DE", "966512345678"),
            ("030 23125012 9-17 Uhr", "DE", "493023125012 493023125012917"),
            // Cairo has such a number, too.
            ("2015550123", "US", "12015550123 2015550123"),
            ("12025550123", "IN", "12025550123 9112025550123"),
            ("9876543210", "", "no-region"),
        ] {
            assert_eq!(read(text, region), expected, "{text} {region}");
        }
    }

    #[test]
    fn digits_without_plus_and_region_are_assumed_international() {
        let is_assumed = |text, region| {
            read_all(text, CellKind::Number, Region::new(region).map(Origin::Region)).is_assumed
        };
        assert!(is_assumed("919876543210", ""));
        assert!(!is_assumed("919876543210", "IN"));
        assert!(!read_all("0091 9876543210", CellKind::Text, None).is_assumed);
    }

    proptest! {
        #[test]
        fn no_cell_panics_and_accepted_numbers_are_found(
            text in "\\PC{0,40}|[0-9+()/ ;,x.eE-]{0,40}|0[0-9]{5,9}/[0-9]{1,3}",
            region in prop::sample::select(vec!["DE", "US", "IN", "GB", ""]),
        ) {
            let origin = Region::new(region).map(Origin::Region);
            let all = read_all(&text, CellKind::Text, origin);
            if let Ok(number) = VALID.read(&text, CellKind::Text, origin) {
                prop_assert!(all.found.contains(&number.e164()));
            }
            prop_assert!(!all.found.is_empty() || all.refusal.is_some());
        }
    }
}
