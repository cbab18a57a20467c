//! Validated values: a row becomes a contact once everything about it is valid.
//!
//! Only [`normalize`](crate::normalize) makes a [`Contact`]; later stages rely on its types and check nothing again.
//! Raw rows of a file are in [`row`](crate::row).

mod digits;
mod stored;

use std::{fmt, str::FromStr};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::stable::Stable;

pub(crate) use self::digits::PackedDigits;
pub use self::{digits::Digits, stored::StoredContact};

/// A field that rollcall reads from a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The phone number.
    Phone,
    /// The given name.
    FirstName,
    /// The family name.
    LastName,
    /// First and last name in one cell, used if one of the two is missing.
    FullName,
    /// Mr, Mrs and the like.
    Salutation,
    /// The country to read the number with.
    Country,
    /// The time zone of the contact, for an export.
    TimeZone,
    /// The identifier of the contact in another program, for an export.
    UniqueId,
    /// The calling priority of the contact, for an export.
    Priority,
}

impl Field {
    /// All fields, in the order in which reports list them.
    pub const ALL: [Self; 9] = [
        Self::Phone,
        Self::FirstName,
        Self::LastName,
        Self::FullName,
        Self::Salutation,
        Self::Country,
        Self::TimeZone,
        Self::UniqueId,
        Self::Priority,
    ];

    /// Returns whether the field is only passed on by an export and is not posted. Its column may also hold another
    /// field.
    pub const fn is_passed_on(self) -> bool {
        matches!(self, Self::TimeZone | Self::UniqueId | Self::Priority)
    }

    /// The name used by `--map` and by `columns` of `report.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::FullName => "full_name",
            Self::Salutation => "salutation",
            Self::Country => "country",
            Self::TimeZone => "time_zone",
            Self::UniqueId => "unique_id",
            Self::Priority => "priority",
        }
    }
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|field| field.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("unknown field `{text}`; fields are {known}")
        })
    }
}

/// An international number in digits, including the calling code.
///
/// No calling code begins with 0, so the integer keeps all digits. ITU-T E.164 allows 15 digits; a few numbering plans
/// exceed that, and 19 fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct E164(u64);

impl E164 {
    const MAX_DIGITS: usize = 19;
    /// The smallest number with too many digits.
    const END: u64 = 10_000_000_000_000_000_000;

    /// Reads ASCII digits without a plus. Returns `None` if they are not a plausible number.
    ///
    /// ```
    /// use rollcall::contact::E164;
    ///
    /// assert_eq!(E164::from_digits("919876543210").unwrap().to_string(), "919876543210");
    /// assert_eq!(E164::from_digits("09876543210"), None);
    /// ```
    pub fn from_digits(digits: &str) -> Option<Self> {
        let plausible = (1..=Self::MAX_DIGITS).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if plausible { digits.parse().ok().map(Self) } else { None }
    }

    /// The digits as an integer.
    pub(crate) fn value(self) -> u64 {
        self.0
    }

    /// The number with these digits, which must be those of a number.
    pub(crate) fn from_value(value: u64) -> Self {
        debug_assert!((1..Self::END).contains(&value));
        Self(value)
    }

    /// The number in digits, without a plus.
    pub fn digits(self) -> Digits {
        Digits::of(self.0)
    }

    /// The number with only its first two and last four digits shown, for logs.
    pub fn masked(self) -> String {
        let digits = self.digits();
        let (head, tail) = (digits.get(..2).unwrap_or_default(), digits.len().saturating_sub(4).max(2));
        format!("+{head}…{}", digits.get(tail..).unwrap_or_default())
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.digits())
    }
}

/// An ISO 3166-1 alpha-2 code, or `001` for calling codes that belong to no country.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Region([u8; 2]);

impl Region {
    /// The "region" of numbers that belong to no country, such as satellite phones.
    pub const WORLD: Self = Self([0, 1]);

    /// Creates a region from two ASCII letters, in any case, or from `001`. Does not check that the region has a
    /// numbering plan.
    pub fn new(code: &str) -> Option<Self> {
        match code.as_bytes() {
            b"001" => Some(Self::WORLD),
            [first, second] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
                Some(Self([first.to_ascii_uppercase(), second.to_ascii_uppercase()]))
            }
            _ => None,
        }
    }

    /// The two letters of a country, or `None` for [`WORLD`](Self::WORLD).
    pub fn letters(self) -> Option<[u8; 2]> {
        (self != Self::WORLD).then_some(self.0)
    }

    /// The code in uppercase.
    pub fn as_str(&self) -> &str {
        if *self == Self::WORLD { "001" } else { str::from_utf8(&self.0).unwrap_or_default() }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kind of line that a number belongs to, according to its numbering plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the plan's own")]
pub enum NumberType {
    Mobile,
    FixedLine,
    FixedLineOrMobile,
    TollFree,
    PremiumRate,
    SharedCost,
    Voip,
    PersonalNumber,
    Pager,
    Uan,
    Voicemail,
    Unknown,
}

impl NumberType {
    /// All types, in the order in which help texts list them.
    pub const ALL: [Self; 12] = [
        Self::Mobile,
        Self::FixedLine,
        Self::FixedLineOrMobile,
        Self::TollFree,
        Self::PremiumRate,
        Self::SharedCost,
        Self::Voip,
        Self::PersonalNumber,
        Self::Pager,
        Self::Uan,
        Self::Voicemail,
        Self::Unknown,
    ];

    /// The name used by `--types` and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::FixedLine => "fixed-line",
            Self::FixedLineOrMobile => "fixed-line-or-mobile",
            Self::TollFree => "toll-free",
            Self::PremiumRate => "premium-rate",
            Self::SharedCost => "shared-cost",
            Self::Voip => "voip",
            Self::PersonalNumber => "personal-number",
            Self::Pager => "pager",
            Self::Uan => "uan",
            Self::Voicemail => "voicemail",
            Self::Unknown => "unknown",
        }
    }
}

impl FromStr for NumberType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("unknown number type `{text}`; types are {known}")
        })
    }
}

/// A phone number that may be posted, with its region and kind from the numbering plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneNumber {
    e164: E164,
    calling_code: u16,
    region: Option<Region>,
    kind: NumberType,
}

impl PhoneNumber {
    /// Creates a number from its parts. Returns `None` if calling code and national number are not digits of a possible
    /// length.
    ///
    /// `national` is the national significant number with its leading zeros, if they belong to it (as in Italy).
    pub fn new(calling_code: u16, national: &str, region: Option<Region>, kind: NumberType) -> Option<Self> {
        Self::from_digits(calling_code, national.as_bytes(), region, kind)
    }

    /// Creates a number from its parts, with the national number in ASCII digits.
    pub fn from_digits(
        calling_code: u16,
        national: &[u8],
        region: Option<Region>,
        kind: NumberType,
    ) -> Option<Self> {
        /// This many digits after a calling code cannot overflow.
        const MAX_SAFE_DIGITS: usize = 13;

        let mut whole = u64::from(calling_code);
        let mut largest = 0;
        let digits = national.iter().map(|byte| {
            let digit = byte.wrapping_sub(b'0');
            largest = largest.max(digit);
            u64::from(digit)
        });
        if national.len() <= MAX_SAFE_DIGITS {
            whole = digits.fold(whole, |whole, digit| whole.wrapping_mul(10).wrapping_add(digit));
        } else {
            for digit in digits {
                whole = whole.checked_mul(10)?.checked_add(digit)?;
            }
        }
        let is_number = calling_code > 0 && !national.is_empty() && largest < 10 && whole < E164::END;
        is_number.then_some(Self { e164: E164(whole), calling_code, region, kind })
    }

    /// The international number.
    pub fn e164(&self) -> E164 {
        self.e164
    }

    /// The country calling code.
    pub fn calling_code(&self) -> u16 {
        self.calling_code
    }

    /// The country calling code in digits.
    pub fn calling_code_digits(&self) -> Digits {
        Digits::of(self.calling_code.into())
    }

    /// The number of digits of the country calling code.
    pub(crate) fn calling_code_length(&self) -> usize {
        self.calling_code.checked_ilog10().unwrap_or_default() as usize + 1
    }

    /// The national significant number in digits, including leading zeros.
    pub fn national(&self) -> Digits {
        self.e164.digits().behind(self.calling_code_length())
    }

    /// The region of the number, if its plan identifies one.
    pub fn region(&self) -> Option<Region> {
        self.region
    }

    /// The kind of line.
    pub fn kind(&self) -> NumberType {
        self.kind
    }
}

/// The form of address of a contact.
///
/// The platform's page documents `Mr` and `Mrs`; rollcall also recognizes the others and sends them as written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the words themselves")]
pub enum Salutation {
    Mr,
    Mrs,
    Ms,
    Miss,
    Mx,
    Dr,
    Prof,
}

impl Salutation {
    /// The word that rollcall posts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mr => "Mr",
            Self::Mrs => "Mrs",
            Self::Ms => "Ms",
            Self::Miss => "Miss",
            Self::Mx => "Mx",
            Self::Dr => "Dr",
            Self::Prof => "Prof",
        }
    }
}

/// A row that may be posted: all values that the platform requires, in the form in which they are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// First name, immediately followed by the last name.
    names: CompactString,
    last_name_at: usize,
    name_key: NameKey,
    salutation: Salutation,
    number: PhoneNumber,
}

impl Contact {
    /// Creates a contact. Both names must come from [`name::clean`](crate::normalize::name::clean) and must not be
    /// empty.
    pub fn new(first_name: &str, last_name: &str, salutation: Salutation, number: PhoneNumber) -> Self {
        let mut names = CompactString::new(first_name);
        names.push_str(last_name);
        Self {
            names,
            last_name_at: first_name.len(),
            name_key: NameKey::new(first_name, last_name),
            salutation,
            number,
        }
    }

    /// The first name.
    pub fn first_name(&self) -> &str {
        &self.names[..self.last_name_at]
    }

    /// The last name.
    pub fn last_name(&self) -> &str {
        &self.names[self.last_name_at..]
    }

    /// The key for comparing the name with another contact's.
    pub fn name_key(&self) -> NameKey {
        self.name_key
    }

    /// The salutation.
    pub fn salutation(&self) -> Salutation {
        self.salutation
    }

    /// The number, which identifies the contact.
    pub fn number(&self) -> &PhoneNumber {
        &self.number
    }
}

/// A full name reduced to what identifies it: case, white space, Unicode form and the split into first and last name
/// are ignored.
///
/// The key is a 64-bit hash (FNV-1a), so that a million keys stay small. It only decides between the codes `same-name`
/// and `other-name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NameKey(u64);

impl NameKey {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;

    /// Returns the key of a first and a last name.
    ///
    /// ```
    /// use rollcall::contact::NameKey;
    ///
    /// assert_eq!(NameKey::new("Zoë", "van  Dijk"), NameKey::new("ZOE\u{308} VAN", "Dijk"));
    /// ```
    pub fn new(first: &str, last: &str) -> Self {
        if let Some(hash) = Self::hash_of_stable(first, last) {
            return Self(hash);
        }
        let mut hash = Self::OFFSET;
        let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(Self::PRIME);
        for word in first.split_whitespace().chain(last.split_whitespace()) {
            if word.is_ascii() {
                word.bytes().for_each(|byte| add(byte.to_ascii_lowercase()));
            } else {
                for letter in word.chars().flat_map(char::to_lowercase).nfkc() {
                    letter.encode_utf8(&mut [0; 4]).bytes().for_each(&mut add);
                }
            }
            add(b' ');
        }
        Self(hash)
    }

    /// Returns the hash of names whose letters are stable, with single spaces between words, as most are.
    fn hash_of_stable(first: &str, last: &str) -> Option<u64> {
        let mut hash = Self::OFFSET;
        let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(Self::PRIME);
        for name in [first, last] {
            let mut before = None;
            let mut is_in_word = false;
            for letter in name.chars() {
                if letter.is_ascii() {
                    if letter != ' ' && !letter.is_ascii_graphic() || letter == ' ' && !is_in_word {
                        return None;
                    }
                    add(letter.to_ascii_lowercase() as u8);
                    (before, is_in_word) = (None, letter != ' ');
                    continue;
                }
                let stable = Stable::of(letter)?;
                if before.is_some_and(|before| !stable.stays_behind(before))
                    || before.is_none() && !stable.is_letter()
                {
                    return None;
                }
                stable.small.encode_utf8(&mut [0; 4]).bytes().for_each(&mut add);
                (before, is_in_word) = (Some(stable), true);
            }
            if !is_in_word {
                return None;
            }
            add(b' ');
        }
        Some(hash)
    }

    /// The hash itself.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The key with this hash.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stable_names_have_the_key_of_their_compatibility_form() {
        for name in [
            "José",
            "ŁUKASZ",
            "Παπαδόπουλος",
            "Щербаков",
            "राहुल",
            "মৌসুমী",
            "சரண்யா",
            "ใจดี",
            "สมชาย",
            "კაცი",
            "김철수",
            "山田",
        ] {
            let lower: String = name.chars().flat_map(char::to_lowercase).nfkc().collect();
            let mut key = NameKey(NameKey::OFFSET);
            for byte in lower.bytes().chain([b' ']) {
                key = NameKey((key.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
            }
            assert_eq!(NameKey::new(name, ""), key, "{name}");
        }
    }

    proptest! {
        #[test]
        fn split_into_names_does_not_change_the_key(words in prop::collection::vec("[a-zA-ZÀ-ž'Α-ωА-яअ-ह\\u{621}-\\u{64a}]{1,5}", 2..4)) {
            let key = NameKey::new(&words[0], &words[1..].join(" "));
            let upper = words.join("  ").to_uppercase();
            // Some capitals are two letters.
            if upper.chars().count() == words.join("  ").chars().count() {
                prop_assert_eq!(NameKey::new(&upper, ""), NameKey::new(&words.join(" ").to_uppercase(), ""));
            }
            prop_assert_eq!(NameKey::new(&words.join("\t"), ""), key);
        }
    }

    #[test]
    fn white_space_does_not_change_the_name_key() {
        let key = NameKey::new("anna maria", "rao");
        for (first, last) in
            [(" Anna\t\u{b}MARIA ", "Rao\n"), ("anna", "maria rao"), ("", "anna\u{a0}maria rao")]
        {
            assert_eq!(NameKey::new(first, last), key, "{first:?} {last:?}");
        }
        assert_ne!(NameKey::new("annamaria", "rao"), key);
    }

    #[test]
    fn leading_zeros_of_the_national_number_are_kept() {
        let number = PhoneNumber::new(39, "0612345678", Region::new("it"), NumberType::FixedLine).unwrap();
        assert_eq!(number.e164().to_string(), "390612345678");
        assert_eq!(&*number.national(), "0612345678");
        assert_eq!(number.region().unwrap().as_str(), "IT");
    }

    #[test]
    fn one_digit_calling_code_is_split_off() {
        let number = PhoneNumber::new(1, "2015550123", None, NumberType::Unknown).unwrap();
        assert_eq!(&*number.national(), "2015550123");
    }

    #[test]
    fn numbers_too_long_for_any_plan_are_refused() {
        assert_eq!(PhoneNumber::new(49, "123456789012345678", None, NumberType::Unknown), None);
        assert_eq!(PhoneNumber::new(49, "", None, NumberType::Unknown), None);
        assert_eq!(E164::from_digits("+491"), None);
    }

    #[test]
    fn mask_shows_only_the_ends() {
        assert_eq!(E164::from_digits("919876543210").unwrap().masked(), "+91…3210");
        assert_eq!(E164::from_digits("91").unwrap().masked(), "+91…");
    }

    #[test]
    fn different_letters_give_different_name_keys() {
        assert_ne!(NameKey::new("Asha", "Rao"), NameKey::new("Asha", "Roa"));
        assert_ne!(NameKey::new("Ann", "Ash"), NameKey::new("Anna", "sh"));
    }

    #[test]
    fn every_name_reads_back() {
        for field in Field::ALL {
            assert_eq!(field.name().parse(), Ok(field));
        }
        for kind in NumberType::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
    }
}
