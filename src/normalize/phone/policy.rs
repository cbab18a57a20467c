//! Reads a cell by the user's choices, and undoes the damage that a person or a spreadsheet did to it.

use super::{
    bare::{self, Habit},
    cell,
    library::{Length, ParsedNumber, Unreadable},
    origin::Origin,
    parse::{spelled, to_number},
    plain::Spelling,
    plans::Assignment,
    prefix,
    refusal::Refusal,
    remark, renumbered, several, words,
};
use crate::{
    contact::{NumberType, PhoneNumber},
    outcome::Code,
    row::CellKind,
};

/// The numbers to accept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accept {
    /// Numbers that their numbering plan has assigned.
    #[default]
    Valid,
    /// Numbers with a possible length.
    Possible,
}

/// The user's requirements for numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhonePolicy {
    /// The certainty that a number requires.
    pub accept: Accept,
    /// The accepted kinds of line; all kinds if empty.
    pub types: Vec<NumberType>,
    /// Whether to accept numbers with an extension, without the extension.
    pub drop_extensions: bool,
}

impl PhonePolicy {
    /// Reads a cell that is not blank.
    ///
    /// # Errors
    ///
    /// Returns the first reason why the cell's number may not be posted.
    pub fn read(&self, text: &str, kind: CellKind, origin: Option<Origin>) -> Result<PhoneNumber, Refusal> {
        self.read_as(text, kind, origin, None)
    }

    /// Reads a cell of a column with a known habit for bare digits.
    ///
    /// # Errors
    ///
    /// Returns the first reason why the cell's number may not be posted.
    pub fn read_as(
        &self,
        text: &str,
        kind: CellKind,
        origin: Option<Origin>,
        habit: Option<Habit>,
    ) -> Result<PhoneNumber, Refusal> {
        match read_plain(text, kind, origin) {
            Some(number) => self.admit(number, None),
            None => self.read_any(text, kind, origin, habit),
        }
    }

    /// Reads a cell in any spelling.
    fn read_any(
        &self,
        text: &str,
        kind: CellKind,
        origin: Option<Origin>,
        habit: Option<Habit>,
    ) -> Result<PhoneNumber, Refusal> {
        let text = cell::undo_spreadsheet(text, kind)?;
        let (text, parsed) = read_plus(&text, origin)?;
        let parsed = match parsed {
            Ok(number) if number.is_valid => Ok(number),
            Ok(number) if matches!(renumbered::find(&number), Some(Ok(_))) => {
                renumbered::find(&number).and_then(Result::ok).ok_or(Unreadable::NotANumber)
            }
            parsed => prefix::read_from_abroad(&text, origin)
                .or_else(|| bare::from_abroad(&text).filter(|_| habit == Some(Habit::International)))
                .map_or(parsed, Ok),
        };
        let is_plain = parsed.as_ref().is_ok_and(|number| number.is_valid && number.extension.is_none());
        let is_overlong = match &parsed {
            Ok(number) => number.length == Length::TooLong,
            Err(unreadable) => matches!(unreadable, Unreadable::TooLong | Unreadable::NotANumber),
        };
        if !is_plain && let Some(numbers) = several::several(&text, origin, is_overlong) {
            let spelled: Vec<String> = numbers.iter().map(spelled).collect();
            return Err(Refusal::new(Code::SeveralNumbers, spelled.join(" and ")));
        }
        if let Some(spelled) = several::with_endings(&text, origin) {
            return Err(Refusal::new(Code::SeveralNumbers, spelled));
        }
        match parsed {
            Ok(number) if is_plain => self.judge(&undoubted(&text, number, origin, habit)?),
            Ok(number) => self.judge(&number),
            Err(unreadable) => Err(Refusal::new(unreadable_code(unreadable, &text, origin), String::new())),
        }
    }

    fn judge(&self, parsed: &ParsedNumber) -> Result<PhoneNumber, Refusal> {
        let is_accepted = match self.accept {
            Accept::Valid => parsed.is_valid,
            Accept::Possible => parsed.is_valid || parsed.length == Length::Possible,
        };
        let mut read_as = format!("read as {}", spelled(parsed));
        if let Some(Err(explanation)) = renumbered::find(parsed).filter(|_| !parsed.is_valid) {
            read_as = format!("{read_as}; {explanation}");
        }
        if !is_accepted {
            let code = match parsed.length {
                Length::Possible => Code::InvalidNumber,
                Length::TooShort | Length::LocalOnly => Code::TooShort,
                Length::TooLong => Code::TooLong,
                Length::Invalid => Code::InvalidLength,
            };
            return Err(Refusal::new(code, read_as));
        }
        let Some(number) = to_number(parsed) else {
            return Err(Refusal::new(Code::TooLong, read_as));
        };
        self.admit(number, parsed.extension.as_deref())
    }

    /// Accepts an existing number, unless the user refuses its kind or its extension.
    fn admit(&self, number: PhoneNumber, extension: Option<&str>) -> Result<PhoneNumber, Refusal> {
        let refuse = |code, detail| Err(Refusal { number: Some(number), ..Refusal::new(code, detail) });
        if let Some(extension) = extension.filter(|_| !self.drop_extensions) {
            return refuse(Code::HasExtension, format!("extension {extension}"));
        }
        if !self.takes(number.kind()) {
            return refuse(Code::WrongType, number.kind().name().to_owned());
        }
        Ok(number)
    }

    /// Returns whether the kind is accepted. A plan that does not distinguish fixed lines from mobiles passes as
    /// either.
    fn takes(&self, kind: NumberType) -> bool {
        let has = |wanted| self.types.contains(&wanted);
        self.types.is_empty()
            || has(kind)
            || kind == NumberType::FixedLineOrMobile
                && (has(NumberType::Mobile) || has(NumberType::FixedLine))
    }
}

/// Reads a cell with a valid number in a plain spelling and nothing that a person or a spreadsheet may have meant
/// otherwise. Returns `None` for all other cells.
fn read_plain(text: &str, kind: CellKind, origin: Option<Origin>) -> Option<PhoneNumber> {
    let spelling = Spelling::of(text)?;
    if !cell::is_undamaged(text, kind, &spelling) || several::may_have_ending(text, &spelling) {
        return None;
    }
    let number = spelling.read(origin)?;
    let Assignment { kind, region, is_open } = number.assignment()?;
    let is_doubtful = is_open
        && (spelling.is_other_from_abroad(&number)
            || spelling.has_separators() && remark::may_have(text, &spelling));
    if kind == NumberType::Unknown || is_doubtful {
        return None;
    }
    PhoneNumber::from_digits(number.calling_code(), number.national(), region, kind)
}

/// Reads text whose plus may be anywhere. Also returns the text with the plus in front.
fn read_plus(
    text: &str,
    origin: Option<Origin>,
) -> Result<(String, Result<ParsedNumber, Unreadable>), Refusal> {
    let spellings = prefix::with_plus_in_front(text);
    let mut read: Vec<_> =
        spellings.into_iter().map(|text| (words::read(&text, origin), text.into_owned())).collect();
    let is_valid =
        |parsed: &Result<ParsedNumber, Unreadable>| parsed.as_ref().is_ok_and(|number| number.is_valid);
    if let [(Ok(one), _), (Ok(other), _)] = &read[..]
        && one.is_valid
        && other.is_valid
        && spelled(one) != spelled(other)
    {
        let readings = [one, other].into_iter().filter_map(to_number).collect();
        let detail = format!("{} or {}", spelled(one), spelled(other));
        return Err(Refusal { readings, ..Refusal::new(Code::AmbiguousNumber, detail) });
    }
    let chosen = read.iter().position(|(parsed, _)| is_valid(parsed)).unwrap_or_default();
    let (parsed, text) = read.swap_remove(chosen);
    Ok((text, parsed))
}

/// Checks that all digits of a cell belong to its number and that it has only one reading.
fn undoubted(
    text: &str,
    number: ParsedNumber,
    origin: Option<Origin>,
    habit: Option<Habit>,
) -> Result<ParsedNumber, Refusal> {
    let may_have_remark = text.contains(char::is_alphabetic) || bare::is_open(&number);
    match remark::find(text, &number, origin).filter(|_| may_have_remark) {
        Some((digits, other)) => {
            let readings = [&number, &other].into_iter().filter_map(to_number).collect();
            let detail = format!(
                "`{digits}` may not be part of the number; without it, the number is {}",
                spelled(&other)
            );
            Err(Refusal { readings, ..Refusal::new(Code::NotANumber, detail) })
        }
        None => bare::decide(text, number, origin, habit),
    }
}

fn unreadable_code(unreadable: Unreadable, text: &str, origin: Option<Origin>) -> Code {
    match unreadable {
        Unreadable::InvalidCountryCode if origin.is_none() && !text.starts_with(['+', '＋']) => {
            Code::NoRegion
        }
        Unreadable::InvalidCountryCode => Code::InvalidCountryCode,
        Unreadable::NotANumber => Code::NotANumber,
        Unreadable::TooShortAfterPrefix | Unreadable::TooShort => Code::TooShort,
        Unreadable::TooLong => Code::TooLong,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contact::Region;
    use crate::normalize::phone::origin_of_calling_code;

    #[test]
    fn usual_spellings_of_fixed_length_are_read_by_the_tables() {
        for (text, region) in [("(201) 555-0123", "US"), ("201-555-0123", "US"), ("07400 123456", "GB")] {
            let origin = Region::new(region).map(Origin::Region);
            assert!(read_plain(text, CellKind::Text, origin).is_some(), "{text}");
        }
    }

    fn read_with(policy: &PhonePolicy, text: &str, region: &str) -> String {
        let origin = Region::new(region).map(Origin::Region);
        match policy.read(text, CellKind::Text, origin) {
            Ok(number) => number.e164().to_string(),
            Err(refusal) => refusal.code.name().to_owned(),
        }
    }

    fn read(text: &str, region: &str) -> String {
        read_with(&PhonePolicy::default(), text, region)
    }

    #[test]
    fn spellings_of_one_number_agree() {
        for text in [
            "9876543210",
            "09876543210",
            "919876543210",
            "+919876543210",
            "0091 98765 43210",
            "+91 (0)98765-43210",
            "tel:+91-98765-43210",
            "Tel: 98765 43210",
            "9876543210.0",
            "'9876543210",
            "９８７６５４３２１０",
            "٩٨٧٦٥٤٣٢١٠",
        ] {
            assert_eq!(read(text, "IN"), "919876543210", "{text}");
        }
    }

    #[test]
    fn national_number_that_begins_like_its_calling_code_keeps_its_digits() {
        assert_eq!(read("9186159819", "IN"), "919186159819");
        assert_eq!(read("919186159819", "IN"), "919186159819");
    }

    #[test]
    fn every_reason_has_its_code() {
        for (text, region, code) in [
            ("hello", "IN", "not-a-number"),
            ("N/A", "IN", "not-a-number"),
            ("9876543210", "", "no-region"),
            ("+999 12345678", "IN", "invalid-country-code"),
            ("12345", "IN", "too-short"),
            ("555-0100", "US", "too-short"),
            ("98765432101234", "IN", "too-long"),
            ("+44 20 7946 001", "GB", "invalid-number"),
            ("(555) 555-0100", "US", "invalid-number"),
            ("+49 1", "DE", "too-short"),
            ("+47 1234567", "NO", "invalid-length"),
            ("98765 43210 x12", "IN", "has-extension"),
            ("98765 43210 / 98765 43211", "IN", "several-numbers"),
            ("9.87654E+09", "IN", "excel-scientific"),
            ("491711234567", "DE", "ambiguous-number"),
            ("12.03.1985", "AT", "not-a-number"),
        ] {
            assert_eq!(read(text, region), code, "{text}");
        }
    }

    /// Source: Goodwy/Contacts issue 26, google/libphonenumber issue 1870.
    #[test]
    fn prefix_is_read_wherever_it_is_written() {
        for (text, region, expected) in [
            ("966512345678+", "DE", "966512345678"),
            ("971501234567 +", "DE", "971501234567"),
            ("\u{200f}٩٦٦٥١٢٣٤٥٦٧٨+", "SA", "966512345678"),
            ("512345678 966+", "", "966512345678"),
            ("966+ 512345678", "", "966512345678"),
            ("1234567890123+", "DE", "too-long"),
            ("0044 20 7946 0101", "US", "442079460101"),
            ("0044 20 7946 0101", "", "442079460101"),
            ("011 44 20 7946 0101", "GB", "442079460101"),
            ("+0044 20 7946 0101", "US", "442079460101"),
            ("+44 +44 20 7946 0101", "US", "442079460101"),
            ("00 +44 20 7946 0101", "US", "442079460101"),
            ("+44 44 20 7946 0101", "US", "too-long"),
            ("+52 1 222 123 4567", "", "522221234567"),
            ("521 222 123 4569", "MX", "522221234569"),
            ("044 222 123 4560", "MX", "522221234560"),
            ("11 6123-4567", "BR", "5511961234567"),
        ] {
            assert_eq!(read(text, region), expected, "{text:?} {region}");
        }
    }

    #[test]
    fn digits_of_a_possible_remark_are_never_dialed() {
        for text in [
            "089 99998012 9-17 Uhr",
            "030 23125012 8h-16h",
            "089 99998013 ab 9 Uhr",
            "+43 1 234567890 2. Stock",
            "089/99998014 0 Uhr",
            "089 99998012 (9-17)",
            "2. 030 23125012",
            "030 23125012 seit 2019",
        ] {
            assert_eq!(read(text, "DE"), "not-a-number", "{text}");
        }
        assert_eq!(read("030 23125015 (Buero)", "DE"), "493023125015");
        assert_eq!(read("49 0171 1234567", "DE"), "491711234567");
    }

    #[test]
    fn number_next_to_an_area_code_is_read_with_and_without_it() {
        let read = |text, digits, region: &str| {
            let area = Some(Origin::Area { region: Region::new(region).unwrap(), digits });
            PhonePolicy::default().read(text, CellKind::Text, area).unwrap().e164().to_string()
        };
        assert_eq!(read("291 1234", 1868, "TT"), "18682911234");
        assert_eq!(read("868 291 1234", 1868, "TT"), "18682911234");
        assert_eq!(read("210 1234", 1876, "JM"), "18762101234");
        assert_eq!(read("456789", 441_534, "JE"), "441534456789");
        assert_eq!(read("01534 456789", 441_534, "JE"), "441534456789");
        assert_eq!(read("+44 20 7946 0101", 1868, "TT"), "442079460101");
    }

    #[test]
    fn accept_and_types_decide_which_numbers_pass() {
        let possible = PhonePolicy { accept: Accept::Possible, ..PhonePolicy::default() };
        assert_eq!(read_with(&possible, "(555) 555-0100", "US"), "15555550100");
        assert_eq!(read_with(&possible, "555-0100", "US"), "too-short");
        let direct = PhonePolicy { drop_extensions: true, ..PhonePolicy::default() };
        assert_eq!(read_with(&direct, "98765 43210 x12", "IN"), "919876543210");
        let mobile = PhonePolicy { types: vec![NumberType::Mobile], ..PhonePolicy::default() };
        assert_eq!(read_with(&mobile, "98765 43210", "IN"), "919876543210");
        assert_eq!(read_with(&mobile, "011 2345 6789", "IN"), "wrong-type");
        assert_eq!(read_with(&mobile, "(201) 555-0123", "US"), "12015550123");
    }

    #[test]
    fn refusal_includes_the_number() {
        let refusal = PhonePolicy::default()
            .read("98765 43210 x12", CellKind::Text, Region::new("IN").map(Origin::Region))
            .unwrap_err();
        assert_eq!(refusal.number.unwrap().e164().to_string(), "919876543210");
        assert_eq!(refusal.detail, "extension 12");
    }

    #[test]
    fn calling_codes_of_no_country_are_read() {
        let satellite = origin_of_calling_code(870);
        assert_eq!(satellite, Some(Origin::CallingCode(870)));
        let number = PhonePolicy::default().read("773 111 632", CellKind::Text, satellite).unwrap();
        assert_eq!((number.calling_code(), number.region()), (870, Some(Region::WORLD)));
    }

    proptest! {
        #[test]
        fn no_cell_panics(text in "\\PC{0,40}|[0-9+()/ ;,x.eE-]{0,40}") {
            let _ = PhonePolicy::default().read(&text, CellKind::Text, Region::new("DE").map(Origin::Region));
        }

        #[test]
        fn plain_reader_agrees_with_general_reader(
            text in "[+]?[0-9 ()./-]{4,20}|0?[1-9][0-9]{5,12}|[+(]{0,2}(49|1|91|44)[0-9 ./()-]{6,14}(/[0-9]{1,4}|[.]0{1,3})?",
            region in prop::sample::select(vec!["DE", "US", "IN", "GB", "AR", "BR", "IT", "CA", "KZ", ""]),
            kind in prop::sample::select(vec![CellKind::Text, CellKind::Number]),
            accept in prop::sample::select(vec![Accept::Valid, Accept::Possible]),
        ) {
            let policy = PhonePolicy { accept, ..PhonePolicy::default() };
            let origin = Region::new(region).map(Origin::Region);
            prop_assert_eq!(policy.read(&text, kind, origin), policy.read_any(&text, kind, origin, None));
        }

        #[test]
        fn reading_a_number_again_changes_nothing(national in "[0-9]{7,11}") {
            let policy = PhonePolicy::default();
            if let Ok(number) = policy.read(&national, CellKind::Text, Region::new("DE").map(Origin::Region)) {
                let again = policy.read(&format!("+{}", number.e164()), CellKind::Text, None);
                prop_assert_eq!(again, Ok(number));
            }
        }
    }
}
