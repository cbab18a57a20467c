//! Numbers by Google's data, through `rlibphonenumber`: every spelling, at a microsecond a number.

use rlibphonenumber::{
    NumberLengthType, ParseError, PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil, ValidationError,
    enums::Region as LibraryRegion,
};

use super::plans;
use crate::{
    contact::{NumberType, Region},
    normalize::region::Origin,
};

thread_local! {
    // One per thread: the compiled patterns keep scratch space that threads otherwise wait for. On two cores 1.27
    // million numbers a second of mixed regions against 0.86 with a shared instance.
    #[expect(clippy::expect_used, reason = "the plans are a part of the program, and tests read them")]
    static UTIL: PhoneNumberUtil = PhoneNumberUtil::new_for_metadata(plans::metadata()).expect("known regions");
}

fn with_util<T>(call: impl FnOnce(&PhoneNumberUtil) -> T) -> T {
    UTIL.with(|own| call(own))
}

/// How long a number is, compared with the numbers of its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// As long as some numbers are.
    Possible,
    /// Long enough only for a call inside one area: the area code is missing.
    LocalOnly,
    /// Shorter than every number.
    TooShort,
    /// Longer than every number.
    TooLong,
    /// Between the shortest and the longest, but no number has it.
    Invalid,
}

/// A number as its numbering plan reads it; it need not be assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedNumber {
    /// The country calling code.
    pub calling_code: u16,
    /// The national significant number in digits, with the leading zeros that belong to it.
    pub national: String,
    /// A PBX extension, as written.
    pub extension: Option<String>,
    /// Whether a number can have this length.
    pub length: Length,
    /// Whether the plan has assigned it.
    pub is_valid: bool,
    /// What kind of line it is; unknown unless it is valid.
    pub kind: NumberType,
    /// The region it belongs to, where the plan tells.
    pub region: Option<Region>,
}

/// Why text could not be read as a number at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It begins with a plus and no existing calling code, or there is no region to read it with.
    InvalidCountryCode,
    /// It is not made like a phone number.
    NotANumber,
    /// After the prefix for calls abroad, too little is left.
    TooShortAfterPrefix,
    /// Too few digits for any plan.
    TooShort,
    /// Too many digits for any plan.
    TooLong,
}

/// Reads a number by the library alone: what [`parse`](super::parse) must come to, and does.
///
/// # Errors
///
/// Why it cannot be read, where it cannot.
pub fn parse_by_library(text: &str, origin: Option<Origin>) -> Result<ParsedNumber, Unreadable> {
    match origin {
        None => parse_with(text, None),
        Some(Origin::Region(region)) => parse_with(text, library_region(region)),
        // The library has no region for these codes: the number is read as if dialed from abroad.
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
        // The length of a number that is assigned need not be asked for.
        let length = match kind {
            NumberType::Unknown => length(util.is_possible_number_with_reason(&number)),
            _ => Length::Possible,
        };
        Ok(ParsedNumber {
            calling_code: u16::try_from(number.country_code).map_err(|_| Unreadable::InvalidCountryCode)?,
            national: number.get_national_significant_number(),
            // The library's own test of validity asks for the type in the same way, and would ask again.
            is_valid: kind != NumberType::Unknown,
            kind,
            region: util.get_region_for_number(&number).and_then(own_region),
            extension: number.extension,
            length,
        })
    })
}

/// The number as it is written inside its country, with the prefix that is dialed there. Nothing where it is of another.
pub(super) fn national_format(number: &ParsedNumber, region: Region) -> Option<String> {
    if super::calling_code(region) != Some(number.calling_code) {
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
