//! All numbers that a cell may mean: of people who must not be called, one too many is better than one too few.

use super::{Accept, Mask, ParsedNumber, PhonePolicy, Refusal, calling_code, cell, several};
use crate::{
    contact::{E164, PhoneNumber},
    normalize::region::Origin,
    outcome::Code,
    row::CellKind,
};

/// Numbers that are beyond doubt.
const PLAIN: PhonePolicy = PhonePolicy { accept: Accept::Valid, types: Vec::new(), drop_extensions: false };

/// The same, with something behind them.
const VALID: PhonePolicy = PhonePolicy { accept: Accept::Valid, types: Vec::new(), drop_extensions: true };

/// Whatever has the length of a number.
const POSSIBLE: PhonePolicy =
    PhonePolicy { accept: Accept::Possible, types: Vec::new(), drop_extensions: true };

/// With fewer digits, a part of a cell is an extension or a remark.
const MIN_DIGITS: usize = 6;

/// What stands between two numbers and never in one. A slash may stand in one, too.
const SEPARATORS: [&str; 8] = [":::", "\n", ";", ",", "|", "&", " or ", " and "];

/// The numbers of a cell.
#[derive(Debug, Default)]
pub struct AllNumbers {
    /// Each of them once.
    pub found: Vec<E164>,
    /// Why there is none, or why a part of the cell that may be another one cannot be read.
    pub refusal: Option<Refusal>,
    /// What is left to see of it, where digits are hidden.
    pub masks: Vec<Mask>,
    /// Whether digits were taken for a whole international number although neither a plus nor a region says so.
    pub is_assumed: bool,
}

/// Reads every number of a cell that is not blank, leniently. Digits without a plus are read with the rules of `origin`, and
/// as a whole international number where that is a valid one: such lists often leave the plus out.
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

/// The calling code of numbers that have none.
fn home(origin: Option<Origin>) -> Option<u16> {
    match origin {
        Some(Origin::Region(region)) => calling_code(region),
        Some(Origin::CallingCode(code)) => Some(code),
        Some(Origin::Area { .. }) | None => None,
    }
}

/// Whether a cell holds a number, or several: a valid one, or one that has the length at least.
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
        // What is one number already is two only beyond doubt.
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

    /// Reads what stands between separators, and says what cannot be read of it.
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

    /// Reads one number, in both ways.
    fn add_one(&mut self, text: &str, origin: Option<Origin>, policy: &PhonePolicy) -> Result<(), Refusal> {
        let read = policy.read(text, CellKind::Text, origin);
        let is_whole = self.found_whole(text);
        match read {
            Ok(number) => self.add(number.e164()),
            Err(refusal) if is_whole && refusal.readings.is_empty() => {
                self.is_assumed |= origin.is_none() && !text.trim_start().starts_with("00");
            }
            // The number has several readings: each of them must not be called.
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

/// The digits as a whole international number without its plus, where that is a valid one.
fn whole_international(text: &str) -> Option<PhoneNumber> {
    // A slash stands between two numbers too often for digits on both sides of it to be trusted.
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

/// Digits of any script.
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
    fn digits_without_a_plus_are_read_in_every_way_that_makes_a_number() {
        for (text, region, expected) in [
            ("919876543210", "", "919876543210"),
            ("0091 98765-43210", "", "919876543210"),
            ("919876543210", "US", "919876543210"),
            ("020 7946 0018", "GB", "442079460018"),
            ("491711234567", "DE", "491711234567 49491711234567"),
            ("966512345678+", "DE", "966512345678"),
            ("030 23125012 9-17 Uhr", "DE", "493023125012 493023125012917"),
            // Cairo has such a number too.
            ("2015550123", "US", "12015550123 2015550123"),
            ("12025550123", "IN", "12025550123 9112025550123"),
            ("9876543210", "", "no-region"),
        ] {
            assert_eq!(read(text, region), expected, "{text} {region}");
        }
    }

    #[test]
    fn digits_without_plus_and_region_are_assumed_to_be_whole() {
        let is_assumed = |text, region| {
            read_all(text, CellKind::Number, Region::new(region).map(Origin::Region)).is_assumed
        };
        assert!(is_assumed("919876543210", ""));
        assert!(!is_assumed("919876543210", "IN"));
        assert!(!read_all("0091 9876543210", CellKind::Text, None).is_assumed);
    }

    proptest! {
        #[test]
        fn no_cell_panics_and_what_the_policy_takes_is_found(
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
