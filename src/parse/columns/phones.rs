//! Headers that mean a phone number. All of their words are known, and one of them means a phone.

use crate::{
    normalize::label::{self, Meaning},
    row::PhoneKind,
};

/// Words that change nothing: the owner of the phone, the format of the number, and small words of several languages.
const NEUTRAL: &[&str] = &[
    "n",
    "number",
    "numbers",
    "no",
    "nos",
    "nr",
    "num",
    "numero",
    "numeros",
    "nummer",
    "номер",
    "value",
    "values",
    "line",
    "contact",
    "contacts",
    "kontakt",
    "person",
    "people",
    "customer",
    "client",
    "cliente",
    "kunde",
    "lead",
    "prospect",
    "subscriber",
    "user",
    "member",
    "donor",
    "guest",
    "buyer",
    "recipient",
    "attendee",
    "patient",
    "student",
    "your",
    "what",
    "s",
    "please",
    "enter",
    "deal",
    "ihre",
    "deine",
    "votre",
    "su",
    "tu",
    "seu",
    "my",
    "billing",
    "shipping",
    "delivery",
    "mailing",
    "default",
    "address",
    "profile",
    "field",
    "properties",
    "formatted",
    "raw",
    "e",
    "e164",
    "international",
    "intl",
    "national",
    "full",
    "yahoo",
    "of",
    "the",
    "for",
    "to",
    "de",
    "du",
    "des",
    "del",
    "della",
    "di",
    "da",
    "do",
    "la",
    "le",
    "l",
    "el",
    "d",
    "et",
    "und",
    "y",
    "and",
    "lead",
    "reach",
    "best",
    "current",
];

/// Words that put a phone after the person's others: it repeats a number, or belongs to an address.
const MINOR: &[&str] = &[
    "billing",
    "shipping",
    "delivery",
    "mailing",
    "address",
    "formatted",
    "raw",
    "international",
    "intl",
    "whatsapp",
    "sms",
];

/// Headers in folded form whose words alone are not enough.
const WHOLE: &[(&str, PhoneKind)] = &[
    ("contact number", PhoneKind::Unspecified),
    ("contact number n", PhoneKind::Unspecified),
    ("contact numbers", PhoneKind::Unspecified),
    ("contact no", PhoneKind::Unspecified),
    ("number n", PhoneKind::Unspecified),
    ("main number", PhoneKind::Main),
    ("direct dial", PhoneKind::Work),
    ("direct line", PhoneKind::Work),
    ("direct number", PhoneKind::Work),
];

/// A header that means a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PhoneHeader {
    /// The kind of phone.
    pub(super) kind: PhoneKind,
    /// The rank among columns of the same kind, lowest first.
    pub(super) minor: u8,
    /// Whether the header alone is not enough, such as `Home`. The column must then hold numbers.
    pub(super) needs_numbers: bool,
}

/// Reads a header in folded form. Returns `None` if it means something else, or a number that is never called.
pub(super) fn read(folded: &str) -> Option<PhoneHeader> {
    if let Some((_, kind)) = WHOLE.iter().find(|(header, _)| *header == folded) {
        return Some(PhoneHeader { kind: *kind, minor: 1, needs_numbers: false });
    }
    if folded.is_empty() || label::is_never_called(folded) {
        return None;
    }
    let mut meanings: Vec<Meaning> = Vec::new();
    let mut minor = 0;
    // Forms phrase the header as a question.
    let words = folded.strip_prefix("what is ").unwrap_or(folded).split(' ');
    for word in words {
        minor += u8::from(MINOR.contains(&word));
        match label::meaning(word) {
            Some(meaning) => meanings.push(meaning),
            None if NEUTRAL.contains(&word) => {}
            None => return None,
        }
    }
    let is_phone = meanings.iter().any(|meaning| meaning.is_phone);
    let is_other_too = meanings.iter().any(|meaning| meaning.kind == PhoneKind::Other);
    let kind = label::kind_of(meanings)?;
    if is_other_too && kind == PhoneKind::Mobile {
        minor += 1;
    }
    let says_where = !matches!(kind, PhoneKind::Unspecified | PhoneKind::Car | PhoneKind::Company);
    (is_phone || says_where).then_some(PhoneHeader { kind, minor, needs_numbers: !is_phone })
}

#[cfg(test)]
mod tests {
    use super::{super::folding::fold, *};

    fn kind(header: &str) -> Option<(PhoneKind, bool)> {
        read(&fold(header)).map(|found| (found.kind, found.needs_numbers))
    }

    #[test]
    fn headers_of_known_words_mean_a_phone() {
        use PhoneKind::{Car, Company, Home, Main, Mobile, Other, Preferred, Unspecified, Work};
        for (header, expected) in [
            ("Person - Phone - Mobile", Mobile),
            ("phone_1_number", Unspecified),
            ("phoneNumberMobile", Mobile),
            ("MOBILEPHONE", Mobile),
            ("Home-Phone-Mobile", Mobile),
            ("Rufnummer Mobil 2", Mobile),
            ("Tél. mobile", Mobile),
            ("Telefono cellulare", Mobile),
            ("Telefon komórkowy", Mobile),
            ("Preferred Phone", Preferred),
            ("Primary Phone", Main),
            ("Direct Dial", Work),
            ("Haupttelefon", Main),
            ("Téléphone 2 (bureau)", Work),
            ("Work Direct Phone", Work),
            ("Office Phone", Work),
            ("Phone pro", Work),
            ("Tel. dienstlich", Work),
            ("Geschäftstelefon", Work),
            ("Téléphone domicile", Home),
            ("LANDLINE_NUMBER", Home),
            ("Rufnummer Privat", Home),
            ("Teléfono particular", Home),
            ("alt_phone", Other),
            ("Secondary Phone", Other),
            ("Weiteres Telefon", Other),
            ("Autotelefon", Car),
            ("Company Main Phone", Company),
            ("Corporate Phone", Company),
            ("Téléphone société", Company),
            ("Default Address Phone", Unspecified),
            ("billing_phone", Unspecified),
            ("What is your phone number?", Unspecified),
        ] {
            assert_eq!(kind(header), Some((expected, false)), "{header}");
        }
    }

    #[test]
    fn headers_of_places_need_numbers() {
        for (header, expected) in [
            ("Home", PhoneKind::Home),
            ("Work 2", PhoneKind::Work),
            ("Other", PhoneKind::Other),
            ("Primary", PhoneKind::Main),
            ("SMS", PhoneKind::Mobile),
        ] {
            assert_eq!(kind(header), Some((expected, true)), "{header}");
        }
    }

    #[test]
    fn other_headers_do_not_mean_a_phone() {
        for header in [
            "",
            "Name",
            "Business Fax",
            "Télécopie (bureau)",
            "Pager",
            "Assistant's Phone",
            "Asst Phone",
            "ISDN",
            "Callback",
            "Radio Phone",
            "TTY/TDD Phone",
            "Phone Type",
            "Phone 1 - Label",
            "Phone Country Code",
            "Mobile Country",
            "Phone ID",
            "phone_extension",
            "Emergency Contact Phone",
            "Spouse Phone",
            "Manager Phone",
            "Home City",
            "Work Email",
            "Account Number",
            "Customer Number",
            "Number",
            "Contact",
            "Callable-Cell",
            "phoneNumberIsOptedOut",
            "Phone Verified",
            "CallRecordLastAttempt-Cell",
            "Mobile OS",
            "Phone Model",
            "Company",
            "Is My Contact",
            "Direct",
        ] {
            assert_eq!(kind(header), None, "{header}");
        }
    }
}
