//! Compares the phone number tables with the phone number library. If the tables give a result, the library gives the
//! same.
//!
//! Every run reads the same 20,000 numbers of all regions in many spellings, and more with `ROLLCALL_TRIALS`.
//! `ROLLCALL_NUMBERS=50000000` sets their number, and `ROLLCALL_SEED=7` makes others.

use rayon::prelude::*;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType, enums::Region as LibraryRegion};
use rollcall::{
    contact::Region,
    normalize::{
        phone::Origin,
        phone::{ParsedNumber, parse_by_library, parse_plain},
    },
};

use crate::random::{Random, setting, size};

/// The numbers that one task reads.
const CHUNK: u64 = 10_000;

/// A region and assigned numbers of its numbering plan.
struct Source {
    region: Region,
    calling_code: String,
    nationals: Vec<String>,
}

fn sources() -> Vec<Source> {
    use PhoneNumberType::{
        FixedLine, Mobile, Pager, PersonalNumber, PremiumRate, SharedCost, TollFree, UAN, VoIP, VoiceMail,
    };

    let mut regions: Vec<LibraryRegion> = PHONE_NUMBER_UTIL.get_supported_regions().collect();
    regions.sort_by_key(|region| region.as_region_str().as_str().to_owned());
    let source = |region: LibraryRegion| {
        let example = |kind| PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind).ok();
        let kinds = [
            FixedLine,
            Mobile,
            TollFree,
            PremiumRate,
            SharedCost,
            VoIP,
            PersonalNumber,
            Pager,
            UAN,
            VoiceMail,
        ];
        Source {
            region: Region::new(region.as_region_str().as_str()).unwrap(),
            calling_code: PHONE_NUMBER_UTIL.get_country_code_for_region(region).unwrap().to_string(),
            nationals: kinds
                .into_iter()
                .filter_map(example)
                .map(|number| number.get_national_significant_number())
                .collect(),
        }
    };
    regions.into_iter().map(source).collect()
}

fn digits(random: &mut Random, count: usize) -> String {
    (0..count).map(|_| char::from(b'0' + u8::try_from(random.below(10)).unwrap())).collect()
}

/// Returns a national number that is assigned, nearly assigned, or random.
fn national(random: &mut Random, source: &Source) -> String {
    if source.nationals.is_empty() || random.below(8) == 0 {
        let count = 2 + random.below(12);
        return digits(random, count);
    }
    let mut national = source.nationals[random.below(source.nationals.len())].clone();
    let kept = national.len() - random.below(national.len().min(8) + 1);
    let count = national.len() - kept;
    national.truncate(kept);
    national += &digits(random, count);
    match random.below(16) {
        0 => _ = national.pop(),
        1 => national.push('7'),
        _ => {}
    }
    national
}

/// Adds a prefix as people write it.
fn with_prefix(random: &mut Random, source: &Source, other: &Source, national: &str) -> String {
    let code = &source.calling_code;
    match random.below(16) {
        0..=3 => national.to_owned(),
        4 => format!("0{national}"),
        5 => format!("{}{national}", random.below(10)),
        6 => format!("00{code}{national}"),
        7 => format!("011{code}{national}"),
        8 => format!("{code}{national}"),
        9 => format!("{code}0{national}"),
        10 | 11 => format!("+{code}{national}"),
        12 => format!("+{code}0{national}"),
        13 => format!("+{}{national}", other.calling_code),
        14 => format!("{code}{code}{national}"),
        _ => {
            let count = 1 + random.below(4);
            format!("{}{national}", digits(random, count))
        }
    }
}

/// Adds separators and, rarely, a character that only the library reads.
fn spelled(random: &mut Random, number: &str) -> String {
    const SEPARATORS: [&str; 10] = [" ", "-", ".", " (", ") ", "/", "  ", ")(", " - ", "."];
    const OTHERS: [&str; 10] = ["+", "x12", "#", "*", ",", "٣", "~", "\u{a0}", "++", "a"];

    let often = random.below(3);
    let mut text = String::new();
    for letter in number.chars() {
        if often > 0 && random.below(4 * often) == 0 {
            text += SEPARATORS[random.below(SEPARATORS.len())];
        }
        if random.below(400) == 0 {
            text += OTHERS[random.below(OTHERS.len())];
        }
        text.push(letter);
    }
    if random.below(16) == 0 {
        text += SEPARATORS[random.below(SEPARATORS.len())];
    }
    text
}

/// The number of compared numbers, of valid ones, and of those that the tables read.
#[derive(Default)]
struct Count {
    numbers: u64,
    valid: u64,
    plain: u64,
}

fn compare(text: &str, region: Option<Region>, count: &mut Count) {
    let origin = region.map(Origin::Region);
    let plain: Option<ParsedNumber> = parse_plain(text, origin);
    let library = parse_by_library(text, origin);
    count.numbers += 1;
    count.valid += u64::from(library.as_ref().is_ok_and(|number| number.is_valid));
    if let Some(plain) = plain {
        count.plain += 1;
        assert_eq!(Ok(plain), library, "{text:?} in {region:?}");
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures of a long run")]
fn tables_agree_with_the_library_on_random_numbers() {
    let sources = sources();
    assert!(sources.len() > 240);
    let (numbers, seed) =
        (setting("ROLLCALL_NUMBERS", size(20_000, 200_000, 5_000_000)), setting("ROLLCALL_SEED", 1));
    let chunk = |chunk: u64| {
        let mut random = Random(seed.wrapping_mul(1_000_003) ^ chunk);
        let mut count = Count::default();
        for _ in 0..CHUNK {
            let source = &sources[random.below(sources.len())];
            let other = &sources[random.below(sources.len())];
            let national = national(&mut random, source);
            let number = with_prefix(&mut random, source, other, &national);
            let text = spelled(&mut random, &number);
            let region = match random.below(8) {
                0 => None,
                1 => Some(other.region),
                _ => Some(source.region),
            };
            compare(&text, region, &mut count);
        }
        count
    };
    let add = |a: Count, b: Count| Count {
        numbers: a.numbers + b.numbers,
        valid: a.valid + b.valid,
        plain: a.plain + b.plain,
    };
    let count = (0..numbers.div_ceil(CHUNK)).into_par_iter().map(chunk).reduce(Count::default, add);
    eprintln!(
        "{} numbers of seed {seed}, {} of them valid; the tables read {}, each like the library",
        count.numbers, count.valid, count.plain
    );
    assert!(count.valid * 5 > count.numbers, "too few numbers are valid: {}", count.valid);
    assert!(count.plain * 2 > count.numbers, "the tables read too few numbers: {}", count.plain);
}

#[test]
fn tables_agree_with_the_library_on_the_reference_table() {
    let mut count = Count::default();
    for row in crate::phone_reference::table().lines() {
        let (region, rest) = row.split_once('\t').unwrap();
        let (text, _) = rest.split_once('\t').unwrap();
        compare(text, Region::new(region), &mut count);
    }
    assert!(count.plain * 2 > count.numbers, "{} of {}", count.plain, count.numbers);
}
