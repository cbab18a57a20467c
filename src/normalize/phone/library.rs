//! Numbers read with Google's data through `rlibphonenumber`: any spelling, in about a microsecond per number.

use rlibphonenumber::{
    NumberLengthType, ParseError, PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil, ValidationError,
    enums::Region as LibraryRegion,
};

use super::{
    origin::{Origin, calling_code},
    plans,
};
use crate::contact::{NumberType, Region};

thread_local! {
    // One instance per thread, because threads would wait for the scratch space of a shared instance's patterns.
    // Measured on two cores with numbers of mixed regions: 1.27 million per second, against 0.86 million with a shared
    // instance.
    #[expect(clippy::expect_used, reason = "the plans are a part of the program, and tests read them")]
    static UTIL: PhoneNumberUtil = PhoneNumberUtil::new_for_metadata(plans::metadata()).expect("known regions");
}

fn with_util<T>(call: impl FnOnce(&PhoneNumberUtil) -> T) -> T {
    UTIL.with(|own| call(own))
}

/// The length of a number, compared with the numbers of its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Some numbers have this length.
    Possible,
    /// Long enough only for a call within one area: the area code is missing.
    LocalOnly,
    /// Shorter than every number.
    TooShort,
    /// Longer than every number.
    TooLong,
    /// Between the shortest and the longest, but no number has this length.
    Invalid,
}

/// A number as its numbering plan reads it; not necessarily assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedNumber {
    /// The country calling code.
    pub calling_code: u16,
    /// The national significant number in digits, with leading zeros if they belong to it.
    pub national: String,
    /// A PBX extension, as written.
    pub extension: Option<String>,
    /// The length, compared with the numbers of the plan.
    pub length: Length,
    /// Whether the plan has assigned it.
    pub is_valid: bool,
    /// The kind of line; unknown unless the number is valid.
    pub kind: NumberType,
    /// The region of the number, if its plan identifies one.
    pub region: Option<Region>,
}

/// The reason why a text cannot be read as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The text has a plus without an existing calling code, or there is no region to read it with.
    InvalidCountryCode,
    /// The text does not look like a phone number.
    NotANumber,
    /// Too few digits remain after the international prefix.
    TooShortAfterPrefix,
    /// Too few digits for any plan.
    TooShort,
    /// Too many digits for any plan.
    TooLong,
}

/// Reads a number with the library alone. [`parse`](super::parse()) gives the same results.
///
/// # Errors
///
/// Returns the reason why the text cannot be read.
pub fn parse_by_library(text: &str, origin: Option<Origin>) -> Result<ParsedNumber, Unreadable> {
    match origin {
        None => parse_with(text, None),
        Some(Origin::Region(region)) => parse_with(text, library_region(region)),
        // The library has no region for these codes, so the number is read as if dialed from abroad.
        Some(Origin::CallingCode(_) | Origin::Area { .. }) if text.starts_with(['+', '＋']) => {
            parse_with(text, None)
        }
        Some(Origin::CallingCode(code)) => parse_with(&format!("+{code} {text}"), None),
        Some(Origin::Area { region, digits }) => match parse_with(&format!("+{digits} {text}"), None) {
            Ok(number) if number.is_valid => Ok(number),
            _ => parse_with(text, library_region(region)),
        },
    }
}

fn parse_with(text: &str, region: Option<LibraryRegion>) -> Result<ParsedNumber, Unreadable> {
    with_util(|util| {
        let number = util.parse(text, region).map_err(|error| match error {
            ParseError::InvalidCountryCode => Unreadable::InvalidCountryCode,
            ParseError::NotANumber(_) => Unreadable::NotANumber,
            ParseError::TooShortAfterIdd => Unreadable::TooShortAfterPrefix,
            ParseError::TooShortNsn => Unreadable::TooShort,
            ParseError::TooLongNsn => Unreadable::TooLong,
        })?;
        let kind = number_type(util.get_number_type(&number));
        // An assigned number has a possible length.
        let length = match kind {
            NumberType::Unknown => length(util.is_possible_number_with_reason(&number)),
            _ => Length::Possible,
        };
        Ok(ParsedNumber {
            calling_code: u16::try_from(number.country_code).map_err(|_| Unreadable::InvalidCountryCode)?,
            national: number.get_national_significant_number(),
            // The library tests validity by requesting the type again.
            is_valid: kind != NumberType::Unknown,
            kind,
            region: util.get_region_for_number(&number).and_then(own_region),
            extension: number.extension,
            length,
        })
    })
}

/// Formats the number for dialing inside its country, with the national prefix. Returns `None` for a number of another
/// country.
pub(super) fn national_format(number: &ParsedNumber, region: Region) -> Option<String> {
    if calling_code(region) != Some(number.calling_code) {
        return None;
    }
    with_util(|util| {
        let parsed = util.parse(format!("+{}{}", number.calling_code, number.national), None).ok()?;
        Some(util.format(&parsed, PhoneNumberFormat::National).into_owned())
    })
}

fn length(judged: Result<NumberLengthType, ValidationError>) -> Length {
    match judged {
        Ok(NumberLengthType::IsPossible) => Length::Possible,
        Ok(NumberLengthType::IsPossibleLocalOnly) => Length::LocalOnly,
        Err(ValidationError::TooShort) => Length::TooShort,
        Err(ValidationError::TooLong) => Length::TooLong,
        Err(ValidationError::InvalidLength | ValidationError::InvalidCountryCode) => Length::Invalid,
    }
}

fn own_region(region: LibraryRegion) -> Option<Region> {
    Region::new(region.as_region_str().as_str())
}

fn library_region(region: Region) -> Option<LibraryRegion> {
    let region = region.as_str().parse().ok()?;
    with_util(|util| util.get_country_code_for_region(region)).map(|_| region)
}

fn number_type(kind: PhoneNumberType) -> NumberType {
    match kind {
        PhoneNumberType::FixedLine => NumberType::FixedLine,
        PhoneNumberType::Mobile => NumberType::Mobile,
        PhoneNumberType::FixedLineOrMobile => NumberType::FixedLineOrMobile,
        PhoneNumberType::TollFree => NumberType::TollFree,
        PhoneNumberType::PremiumRate => NumberType::PremiumRate,
        PhoneNumberType::SharedCost => NumberType::SharedCost,
        PhoneNumberType::VoIP => NumberType::Voip,
        PhoneNumberType::PersonalNumber => NumberType::PersonalNumber,
        PhoneNumberType::Pager => NumberType::Pager,
        PhoneNumberType::UAN => NumberType::Uan,
        PhoneNumberType::VoiceMail => NumberType::Voicemail,
        PhoneNumberType::Unknown => NumberType::Unknown,
    }
}
