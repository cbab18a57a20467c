//! Every row of a reference table made with Google's data, read by rollcall.

use std::io::Read as _;

use flate2::read::GzDecoder;
use rollcall::{
    contact::Region,
    normalize::{
        phone::Origin,
        phone::{Length, Unreadable, parse},
    },
};

/// The compressed table. Columns: default region, text, status, calling code, national number, extension, possible,
/// valid, type, region.
const TABLE: &[u8] = include_bytes!("../data/phone-reference.tsv.gz");

/// Noise that `rlibphonenumber` reads differently from Google's library. None of it is a valid number.
/// `rlibphonenumber` reads the first six as a few digits with an extension, and the last one as a possible number.
const NOISE: [(&str, &str); 7] = [
    ("SC", "xat77#6343"),
    ("GD", ")71;,33"),
    ("CG", "#X,(11#6"),
    ("UY", "(ac*x5٣;634"),
    ("FM", "x .-)/#88#2"),
    ("GI", "/79#٣"),
    ("ZW", "b; (10*-6e25-a"),
];

pub(crate) fn table() -> String {
    let mut text = String::new();
    GzDecoder::new(TABLE).read_to_string(&mut text).unwrap();
    text
}

fn answer(region: &str, text: &str) -> String {
    match parse(text, Region::new(region).map(Origin::Region)) {
        Ok(number) => {
            let is_possible = matches!(number.length, Length::Possible | Length::LocalOnly);
            [
                "ok",
                &number.calling_code.to_string(),
                &number.national,
                number.extension.as_deref().unwrap_or_default(),
                if is_possible { "1" } else { "0" },
                if number.is_valid { "1" } else { "0" },
                &number.kind.name().replace('-', "_").to_uppercase(),
                number.region.as_ref().map_or("", Region::as_str),
            ]
            .join("\t")
        }
        Err(unreadable) => {
            let name = match unreadable {
                Unreadable::InvalidCountryCode => "invalid-country-code",
                Unreadable::NotANumber => "not-a-number",
                Unreadable::TooShortAfterPrefix => "too-short-after-idd",
                Unreadable::TooShort => "too-short-nsn",
                Unreadable::TooLong => "too-long",
            };
            format!("{name}{}", "\t".repeat(7))
        }
    }
}

#[test]
fn numbers_are_read_like_googles_library() {
    let table = table();
    let differing: Vec<(&str, &str)> = table
        .lines()
        .filter_map(|line| {
            let (region, rest) = line.split_once('\t').unwrap();
            let (text, expected) = rest.split_once('\t').unwrap();
            (answer(region, text) != expected).then_some((region, text))
        })
        .collect();
    assert_eq!(table.lines().count(), 31_204);
    assert_eq!(differing, NOISE);
}

/// Returns whether letters follow the digits. Google's library dials letters. rollcall ignores words.
fn has_words_after_digits(text: &str) -> bool {
    let number = text.find(char::is_numeric).unwrap_or(text.len());
    text[number..].contains(char::is_alphabetic)
}

/// Compares the policy with the table: it accepts every valid number, and no other.
#[test]
fn valid_numbers_without_extension_are_accepted_and_no_others() {
    use rollcall::{normalize::phone::PhonePolicy, outcome::Code, row::CellKind};

    let table = table();
    let policy = PhonePolicy { drop_extensions: true, ..PhonePolicy::default() };
    let mut compared = 0;
    let (mut others, mut ambiguous) = (Vec::new(), Vec::new());
    for line in table.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [region, text, status, code, national, extension, _, valid, kind, owner] = cells[..] else {
            panic!("{line}")
        };
        if has_words_after_digits(text) && extension.is_empty() {
            continue;
        }
        let read = policy.read(text, CellKind::Text, Region::new(region).map(Origin::Region));
        if status == "ok" && valid == "1" {
            let number = match read {
                // The calling code is separated, without its plus.
                Ok(number) if number.e164().to_string() != format!("{code}{national}") => {
                    assert!(text.starts_with(&format!("{code} ")), "{line}: {number:?}");
                    ambiguous.push(format!("{region} {text}"));
                    continue;
                }
                Ok(number) => number,
                // One reading is that of the table. The other is not in the table.
                Err(refusal) if refusal.code == Code::AmbiguousNumber => {
                    let readings = refusal.readings.iter().map(|number| number.e164().to_string());
                    assert!(
                        readings.into_iter().any(|number| number == format!("{code}{national}")),
                        "{line}"
                    );
                    ambiguous.push(format!("{region} {text}"));
                    continue;
                }
                // Letters inside a number with an extension.
                Err(refusal) if refusal.code == Code::NotANumber && has_words_after_digits(text) => continue,
                Err(refusal) => panic!("{line}: {refusal:?}"),
            };
            assert_eq!(number.e164().to_string(), format!("{code}{national}"), "{line}");
            assert_eq!(&*number.national(), national, "{line}");
            assert_eq!(number.region().unwrap().as_str(), owner, "{line}");
            assert_eq!(number.kind().name().replace('-', "_").to_uppercase(), kind, "{line}");
        } else if let Ok(number) = read {
            others.push(format!("{region} {text} {}", number.e164()));
        }
        compared += 1;
    }
    // `00` in regions with another international prefix, and Brazilian mobile numbers from before 2016.
    let is_explained = |line: &&String| line[3..].starts_with("00") || line.starts_with("BR ");
    assert_eq!(others.iter().find(|line| !is_explained(line)), None);
    assert!(compared > 27_000 && (1..30).contains(&ambiguous.len()), "{compared}, {ambiguous:?}");
}
