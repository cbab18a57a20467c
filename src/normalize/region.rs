//! A country column's text becomes the region that national numbers are read with.

use std::{collections::HashMap, sync::LazyLock};

use unicode_normalization::UnicodeNormalization;

use super::phone;
use crate::contact::Region;

/// What decides how a number without a plus is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A region with a numbering plan of its own.
    Region(Region),
    /// A calling code that belongs to no region, such as 870 (satellite phones).
    CallingCode(u16),
}

/// English names people use that are not the ISO list's.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("aland", "AX"),
    ("america", "US"),
    ("antigua", "AG"),
    ("bosnia", "BA"),
    ("brunei", "BN"),
    ("burma", "MM"),
    ("cabo verde", "CV"),
    ("cape verde", "CV"),
    ("congo brazzaville", "CG"),
    ("congo kinshasa", "CD"),
    ("czech republic", "CZ"),
    ("democratic republic of congo", "CD"),
    ("democratic republic of the congo", "CD"),
    ("dr congo", "CD"),
    ("drc", "CD"),
    ("east timor", "TL"),
    ("england", "GB"),
    ("great britain", "GB"),
    ("holland", "NL"),
    ("hong kong sar", "HK"),
    ("ivory coast", "CI"),
    ("korea", "KR"),
    ("kosovo", "XK"),
    ("ksa", "SA"),
    ("laos", "LA"),
    ("macao", "MO"),
    ("macau", "MO"),
    ("macedonia", "MK"),
    ("north korea", "KP"),
    ("northern ireland", "GB"),
    ("republic of ireland", "IE"),
    ("republic of korea", "KR"),
    ("republic of the congo", "CG"),
    ("russia", "RU"),
    ("saint helena", "SH"),
    ("saint kitts", "KN"),
    ("saint vincent", "VC"),
    ("sao tome", "ST"),
    ("scotland", "GB"),
    ("south korea", "KR"),
    ("swaziland", "SZ"),
    ("syria", "SY"),
    ("tanzania", "TZ"),
    ("trinidad", "TT"),
    ("turkey", "TR"),
    ("uae", "AE"),
    ("uk", "GB"),
    ("united kingdom", "GB"),
    ("united states", "US"),
    ("vatican", "VA"),
    ("vatican city", "VA"),
    ("vietnam", "VN"),
    ("british virgin islands", "VG"),
    ("us virgin islands", "VI"),
    ("wales", "GB"),
];

/// Names of which the part before the parenthesis alone does not tell the country.
const NEEDS_PARENTHESIS: &[&str] = &["congo", "korea", "virgin islands"];

static REGIONS: LazyLock<HashMap<String, Region>> = LazyLock::new(|| {
    let mut regions = HashMap::new();
    for country in rust_iso3166::ALL {
        let Some(region) = Region::new(country.alpha2) else { continue };
        let short = folded(country.name.split('(').next().unwrap_or_default());
        if !NEEDS_PARENTHESIS.contains(&short.as_str()) {
            regions.insert(short, region);
        }
        for name in [country.alpha2, country.alpha3, country.name] {
            regions.insert(folded(name), region);
        }
    }
    for (name, code) in OTHER_NAMES {
        regions.extend(Region::new(code).map(|region| (folded(name), region)));
    }
    regions.extend(Region::new("XK").map(|region| ("xk".to_owned(), region)));
    regions
});

/// Case, accents, punctuation and a leading "the" do not matter in a country's name.
fn folded(name: &str) -> String {
    let letters: String = name
        .nfkd()
        .filter(|letter| !unicode_normalization::char::is_combining_mark(*letter))
        .map(|letter| if letter.is_alphanumeric() { letter } else { ' ' })
        .flat_map(char::to_lowercase)
        .collect();
    // "U.S.A." is as common as "USA".
    let words: Vec<&str> = letters.split_whitespace().collect();
    let joined =
        if words.iter().all(|word| word.chars().count() == 1) { words.concat() } else { words.join(" ") };
    let joined = joined.strip_prefix("the ").unwrap_or(&joined);
    joined.split(' ').map(|word| if word == "st" { "saint" } else { word }).collect::<Vec<_>>().join(" ")
}

/// Reads a country: an ISO 3166-1 code of two or three letters, an English name, or a dialing code (`91`, `+91`,
/// `0091`). `None` where it is none of these, or a country without telephone numbers.
///
/// ```
/// use rollcall::{contact::Region, normalize::region::{Origin, country}};
///
/// let india = Some(Origin::Region(Region::new("IN").unwrap()));
/// for text in ["IN", "ind", "India", "91", "+91", "0091"] {
///     assert_eq!(country(text), india, "{text}");
/// }
/// assert_eq!(country("Indya"), None);
/// ```
pub fn country(text: &str) -> Option<Origin> {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return phone::origin_of_calling_code(digits.trim_start_matches('0').parse().ok()?);
    }
    // Most columns hold the two letters, for which nothing has to be folded.
    let letters =
        Region::new(text).filter(|region| *region != Region::WORLD && phone::has_numbering_plan(*region));
    let region = match letters {
        Some(region) => region,
        None => *REGIONS.get(&folded(text)).filter(|region| phone::has_numbering_plan(**region))?,
    };
    Some(Origin::Region(region))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(text: &str) -> String {
        match country(text) {
            Some(Origin::Region(region)) => region.to_string(),
            Some(Origin::CallingCode(code)) => code.to_string(),
            None => "-".to_owned(),
        }
    }

    #[test]
    fn names_codes_and_dialing_codes_are_read() {
        let read = [
            ("gb", "GB"),
            ("GBR", "GB"),
            ("U.K.", "GB"),
            ("United Kingdom", "GB"),
            ("The Netherlands", "NL"),
            ("usa", "US"),
            ("U.S.A.", "US"),
            ("United States of America", "US"),
            ("Côte d’Ivoire", "CI"),
            ("cote d'ivoire", "CI"),
            ("St. Lucia", "LC"),
            ("Congo (Democratic Republic of the)", "CD"),
            ("Bosnia & Herzegovina", "-"),
            ("Bosnia and Herzegovina", "BA"),
            ("Iran", "IR"),
            ("Turkey", "TR"),
            ("Türkiye", "TR"),
            ("Kosovo", "XK"),
            ("1", "US"),
            ("+44", "GB"),
            ("007", "RU"),
            ("870", "870"),
        ];
        for (text, expected) in read {
            assert_eq!(region(text), expected, "{text}");
        }
    }

    #[test]
    fn unknown_countries_are_not_guessed() {
        for text in ["", "+", "0", "999", "Bharatt", "Virgin Islands", "AQ", "XX", "+1 2", "-"] {
            assert_eq!(region(text), "-", "{text}");
        }
    }

    #[test]
    fn every_iso_name_is_known_under_each_of_its_codes() {
        for known in rust_iso3166::ALL {
            let by_code = country(known.alpha2);
            assert_eq!(country(known.alpha3), by_code, "{}", known.alpha3);
            assert_eq!(country(known.name), by_code, "{}", known.name);
        }
    }
}
