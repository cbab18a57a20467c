//! Headers that mean a country or a dialing code.

use crate::normalize::label;

/// Words that mean a country.
const COUNTRY: &[&str] = &[
    "country",
    "countrycode",
    "countryname",
    "nation",
    "land",
    "pays",
    "pais",
    "paese",
    "kraj",
    "ulke",
    "zeme",
    "maa",
    "страна",
    "landeskennzahl",
    "landesvorwahl",
    "landervorwahl",
    "landercode",
    "landcode",
    "landkod",
    "laendercode",
    "国家",
];

/// Headers in folded form that mean a dialing code without naming a country, and may mean something else.
const DIALING_CODES: &[&str] = &[
    "phone code",
    "dial code",
    "dialing code",
    "dialling code",
    "isd code",
    "isd",
    "calling code",
    "indicatif",
    "indicatif pays",
    "phone calling code",
    "mobile calling code",
];

/// Words that may accompany a word for a country.
const NEUTRAL: &[&str] = &[
    "n",
    "a",
    "e",
    "code",
    "codes",
    "name",
    "iso",
    "iso2",
    "iso3",
    "alpha",
    "region",
    "regione",
    "address",
    "addr",
    "adresse",
    "direccion",
    "indirizzo",
    "primary",
    "principal",
    "default",
    "main",
    "mailing",
    "postal",
    "home",
    "private",
    "privat",
    "personal",
    "residence",
    "residential",
    "residencia",
    "domicile",
    "domicilio",
    "particular",
    "business",
    "work",
    "office",
    "company",
    "bureau",
    "professionnel",
    "geschaftlich",
    "dienstlich",
    "trabajo",
    "other",
    "autre",
    "otro",
    "weiteres",
    "billing",
    "shipping",
    "delivery",
    "invoice",
    "contact",
    "person",
    "customer",
    "client",
    "lead",
    "user",
    "member",
    "phone",
    "phones",
    "mobile",
    "cell",
    "telephone",
    "tel",
    "telefon",
    "telefono",
    "number",
    "calling",
    "dial",
    "dialing",
    "dialling",
    "isd",
    "id",
    "value",
    "label",
    "text",
    "the",
    "of",
    "de",
    "del",
    "du",
    "des",
    "o",
    "or",
    "und",
    "et",
    "codigo",
    "codice",
    "kod",
    "full",
    "location",
    "fields",
    "properties",
    "custom",
    "current",
    "sms",
    "whatsapp",
];

/// Words that put a country after the person's others, with their rank.
const LATER: &[(&str, u8)] = &[
    ("business", 1),
    ("work", 1),
    ("office", 1),
    ("company", 1),
    ("bureau", 1),
    ("professionnel", 1),
    ("geschaftlich", 1),
    ("dienstlich", 1),
    ("trabajo", 1),
    ("billing", 1),
    ("invoice", 1),
    ("shipping", 2),
    ("delivery", 2),
    ("other", 2),
    ("autre", 2),
    ("otro", 2),
    ("weiteres", 2),
];

/// Words that tie the country to the number.
const OF_PHONE: &[&str] = &[
    "phone",
    "phones",
    "mobile",
    "cell",
    "telephone",
    "tel",
    "telefon",
    "telefono",
    "calling",
    "dial",
    "dialing",
    "dialling",
    "isd",
    "landeskennzahl",
    "landesvorwahl",
    "landervorwahl",
];

/// A header that means a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CountryHeader {
    /// The rank; columns with the lowest are used first.
    pub(super) rank: u8,
    /// Whether the header often means something else, such as `CC`.
    pub(super) is_doubtful: bool,
    /// Whether it is the country of a number rather than of an address.
    pub(super) is_of_phone: bool,
}

/// Reads a header in folded form. Returns `None` if it does not mean a country.
pub(super) fn read(folded: &str) -> Option<CountryHeader> {
    if DIALING_CODES.contains(&folded) {
        return Some(CountryHeader { rank: 0, is_doubtful: false, is_of_phone: true });
    }
    if folded == "cc" {
        return Some(CountryHeader { rank: 3, is_doubtful: true, is_of_phone: false });
    }
    let words = || folded.split(' ').flat_map(parts).filter(|word| !word.is_empty());
    let is_known = |word: &str| {
        COUNTRY.contains(&word)
            || NEUTRAL.contains(&word)
            || label::meaning(word).is_some_and(|meaning| meaning.is_phone)
    };
    if !words().all(is_known) {
        return None;
    }
    if DIALING_CODES.iter().any(|code| folded.ends_with(code)) {
        return Some(CountryHeader { rank: 0, is_doubtful: false, is_of_phone: true });
    }
    if !words().any(|word| COUNTRY.contains(&word)) {
        return None;
    }
    let is_of_phone = words().any(|word| OF_PHONE.contains(&word));
    let later = words()
        .filter_map(|word| LATER.iter().find(|(later, _)| *later == word))
        .map(|(_, later)| *later)
        .max();
    let is_code = words().any(|word| matches!(word, "code" | "codes" | "iso" | "countrycode"));
    let rank = if is_of_phone { 1 } else { 4 - u8::from(is_code) + later.unwrap_or(0) * 2 };
    Some(CountryHeader { rank, is_doubtful: folded == "land", is_of_phone })
}

/// Returns whether an unknown header mentions a country, such as `Ship To Country`.
pub(super) fn is_about_country(folded: &str) -> bool {
    folded.split(' ').flat_map(parts).any(|word| COUNTRY.contains(&word))
}

/// Returns whether such a header means a country that is unrelated to the person's phone.
pub(super) fn is_of_something_else(folded: &str) -> bool {
    const OTHER: &[&str] = &[
        "birth",
        "born",
        "origin",
        "ip",
        "tax",
        "passport",
        "issue",
        "issuing",
        "visa",
        "destination",
        "travel",
        "nationality",
        "citizenship",
        "bank",
        "naissance",
        "origine",
        "nacimiento",
        "origen",
        "geburt",
        "herkunft",
        "company",
        "manufacture",
    ];
    folded.split(' ').any(|word| OTHER.contains(&word))
}

/// Splits a word such as `MAILINGCOUNTRYCODE` in two.
fn parts(word: &str) -> [&str; 2] {
    let first = ["countrycode", "country"].iter().find_map(|ending| word.strip_suffix(ending));
    match first {
        Some(first) if NEUTRAL.contains(&first) => [first, &word[first.len()..]],
        _ => [word, ""],
    }
}

/// Returns the words for the phone or the address that a country belongs to: those of a header, folded with its
/// numbers, that do not mean a country.
pub(super) fn owner(words: &str) -> Vec<&str> {
    const OF_COUNTRY: [&str; 10] =
        ["code", "codes", "name", "iso", "id", "calling", "dial", "dialing", "dialling", "region"];
    let words = words.split(' ').flat_map(parts).filter(|word| !word.is_empty());
    words.filter(|word| !COUNTRY.contains(word) && !OF_COUNTRY.contains(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::folding::fold, *};

    #[test]
    fn country_headers_of_many_programs_are_recognized() {
        for header in [
            "Country",
            "COUNTRY_CODE",
            "addressCountry",
            "country_id/id",
            "Default Address Country Code",
            "billing_country",
            "Home Country",
            "Address 1 - Country",
            "MAILINGCOUNTRY",
            "Primary Address Country",
            "Pays/Région (bureau)",
            "Land geschäftlich",
            "País o región del trabajo",
            "País de residencia",
            "Country/Region",
            "Paese",
            "cellPhoneCountryCode",
            "Phones / Primary Phone Country Code",
            "dial_code",
            "Landeskennzahl",
            "Privat: Land",
        ] {
            assert!(read(&fold(header)).is_some(), "{header}");
        }
    }

    #[test]
    fn countries_unrelated_to_the_number_are_ignored() {
        for header in [
            "Country of birth",
            "Nationality",
            "Country of origin",
            "IP Country",
            "Citizenship",
            "Tax Country",
            "Region",
            "State",
            "Phone",
            "Postal Code",
            "Land area",
            "Code",
        ] {
            assert!(read(&fold(header)).is_none(), "{header}");
        }
    }

    #[test]
    fn country_of_the_number_ranks_before_country_of_an_address() {
        let rank = |header| read(&fold(header)).unwrap().rank;
        let order = [
            "phone_code",
            "Mobile Country Code",
            "Country Code",
            "Home Country",
            "Business Country",
            "Other Country",
        ];
        assert!(order.windows(2).all(|pair| rank(pair[0]) < rank(pair[1])), "{:?}", order.map(rank));
    }
}
