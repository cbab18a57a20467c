//! Countries: the text of a country cell becomes the region that national numbers are read with.

mod names;

use self::names::folded;
use super::phone::{self, Origin};
use crate::contact::Region;

/// Placeholders for a missing country, in lowercase without spaces.
const FILLERS: &[&str] = &[
    "n/a",
    "n.a.",
    "n.a",
    "n\\a",
    "#n/a",
    "#na",
    "<na>",
    "c/o",
    "c.o.",
    "null",
    "(null)",
    "#null!",
    "none",
    "nil",
    "nan",
    "(blank)",
    "blank",
    "(empty)",
    "empty",
    "\\n",
    "unknown",
    "undefined",
    "tbd",
    "notset",
    "(notset)",
    "notspecified",
    "notavailable",
    "notapplicable",
    "select",
    "pleaseselect",
    "selectcountry",
    "k.a.",
    "k.a",
    "unbekannt",
    "keine",
    "keineangabe",
    "n/d",
    "n.d.",
    "s/d",
    "inconnu",
    "nonrenseigné",
    "desconocido",
    "desconhecido",
    "sconosciuto",
    "неизвестно",
    "нет",
];

/// Words in the full name of a state, in addition to the name of the country.
const FORMS: &[&str] = &[
    "arab",
    "bolivarian",
    "commonwealth",
    "dem",
    "democratic",
    "duchy",
    "federal",
    "federated",
    "federation",
    "federative",
    "grand",
    "independent",
    "islamic",
    "kingdom",
    "people",
    "peoples",
    "plurinational",
    "principality",
    "province",
    "rep",
    "republic",
    "s",
    "socialist",
    "state",
    "states",
    "sultanate",
    "territory",
    "union",
    "united",
];

/// Names that mean one country with such words, and may mean another without them.
const NEEDS_FORM: &[&str] = &["china", "congo", "korea", "america"];

/// A limit above the length of any country name with its codes.
const MAX_LEN: usize = 120;

/// The longest area code to look for after a calling code.
const MAX_AREA_DIGITS: usize = 4;

/// Reads a country: an ISO 3166-1 code of two or three letters, a name in any language of Unicode CLDR, or a dialing
/// code (`91`, `+91`, `0091`, `+1-868`). Several of these may be combined if they agree (`India (+91)`). Returns `None`
/// for other text, and for countries without telephone numbers.
///
/// ```
/// use rollcall::{contact::Region, normalize::{phone::Origin, region::country}};
///
/// let india = Some(Origin::Region(Region::new("IN").unwrap()));
/// for text in ["IN", "ind", "India", "Indien", "भारत", "91", "+91", "0091", "India (+91)"] {
///     assert_eq!(country(text), india, "{text}");
/// }
/// assert_eq!(country("Indya"), None);
/// ```
pub fn country(text: &str) -> Option<Origin> {
    let text = text.trim();
    // Most columns contain two letters, which need no folding.
    if let Some(region) = of_letters(text) {
        return Some(Origin::Region(region));
    }
    if text.len() > MAX_LEN {
        return None;
    }
    let text = without_marks(text);
    if text.contains(is_flag_letter) {
        return combined(&with_flag_letters(text));
    }
    single(text).or_else(|| combined(text)).or_else(|| {
        // `DE-Deutschland`.
        let (code, name) = text.split_once('-')?;
        same(single(code), single(name))
    })
}

/// Returns the country with the most similar name, if one is similar enough to be the intended one.
///
/// ```
/// use rollcall::{contact::Region, normalize::region::similar};
///
/// assert_eq!(similar("Deutchland"), Region::new("DE"));
/// assert_eq!(similar("somewhere"), None);
/// ```
pub fn similar(text: &str) -> Option<Region> {
    if text.trim().len() > MAX_LEN { None } else { names::similar(&folded(text)) }
}

/// Returns whether the text is a placeholder for a missing country.
pub fn is_filler(text: &str) -> bool {
    let text = text.trim();
    if of_letters(text).is_some() {
        return false;
    }
    let letters: String =
        text.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect();
    !letters.contains(|letter: char| letter.is_alphanumeric() || is_flag_letter(letter))
        || FILLERS.contains(&letters.as_str())
        // `N A`, but not `NA`, which is Namibia.
        || letters == "na" && text.contains(char::is_whitespace)
}

/// Returns whether the text can mean "not available", as statistics programs write it, as well as a country.
pub(super) fn may_be_filler(text: &str) -> bool {
    text.trim() == "NA"
}

fn of_letters(text: &str) -> Option<Region> {
    Region::new(text).filter(|region| *region != Region::WORLD && phone::has_numbering_plan(*region))
}

/// Removes the marks that spreadsheets and programs add to a cell: `'+91`, `="91"`, `91.0`.
fn without_marks(text: &str) -> &str {
    let text = phone::strip_marks(text).trim_matches(['"', '=', ' ']);
    let whole = [".0", ".00", ",0", ",00"].iter().find_map(|zeros| text.strip_suffix(zeros));
    whole.filter(|whole| whole.ends_with(|letter: char| letter.is_ascii_digit())).unwrap_or(text)
}

/// Reads a country that is given once.
fn single(text: &str) -> Option<Origin> {
    if text.contains(|letter: char| letter.is_ascii_digit()) {
        return of_dialing_code(text);
    }
    of_letters(text).or_else(|| named(text)).map(Origin::Region)
}

/// Reads a dialing code, with or without an area code after it.
fn of_dialing_code(text: &str) -> Option<Origin> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-() ".contains(&byte)) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    match digits.parse().ok().and_then(phone::origin_of_calling_code) {
        Some(origin) => Some(origin),
        None => phone::area(digits, MAX_AREA_DIGITS),
    }
}

/// Returns the country with a name.
fn named(text: &str) -> Option<Region> {
    let name = folded(text);
    let known = |name: &str| names::region(name).filter(|region| phone::has_numbering_plan(*region));
    known(&name).or_else(|| {
        let (form, rest) = name.rsplit_once(" of ")?;
        let rest = rest.strip_prefix("the ").unwrap_or(rest);
        let is_form = form.split(' ').all(|word| FORMS.contains(&word));
        known(rest).filter(|_| is_form && !NEEDS_FORM.contains(&rest))
    })
}

/// Reads a country that is given in several ways, which must agree (`India (+91)`, `DE - Germany`, `🇮🇳 +91`), or whose
/// name is inverted (`Korea, South`).
fn combined(text: &str) -> Option<Origin> {
    let parts = parts(text);
    let (digits, words): (Vec<&str>, Vec<&str>) =
        parts.iter().partition(|part| part.contains(|letter: char| letter.is_ascii_digit()));
    let turned = match words[..] {
        [first, second] => {
            [format!("{second} {first}"), format!("{first} {second}")].iter().find_map(|name| named(name))
        }
        _ => None,
    };
    let by_name = match turned {
        Some(region) => Some(Some(Origin::Region(region))),
        None => words.into_iter().map(single).reduce(same),
    };
    let by_code = digits.into_iter().map(of_dialing_code).reduce(same);
    match (by_name, by_code) {
        (Some(said), None) | (None, Some(said)) => said,
        (Some(by_name), Some(by_code)) => agreed(by_name?, by_code?),
        (None, None) => None,
    }
}

/// Returns a country that is given twice if both agree.
fn same(said: Option<Origin>, again: Option<Origin>) -> Option<Origin> {
    said.filter(|_| said == again)
}

/// Returns the country of a name with a dialing code, unless the code belongs to another country.
fn agreed(by_name: Origin, by_code: Origin) -> Option<Origin> {
    let Origin::Region(region) = by_name else { return None };
    let is_own = match by_code {
        Origin::Area { region: of_area, .. } => region == of_area,
        // `Canada (+1)`: the code alone would mean the United States.
        _ => phone::calling_code(region).and_then(phone::origin_of_calling_code) == Some(by_code),
    };
    is_own.then_some(by_name)
}

/// Splits a text that gives a country several times.
fn parts(text: &str) -> Vec<&str> {
    let is_code = |letter: char| letter.is_ascii_digit() || letter == '+';
    let separated =
        text.split(['(', ')', '[', ']', '|', '/', ':', ';', ',']).flat_map(|part| part.split(" - "));
    let separated = separated.flat_map(|part| part.split(" – "));
    let mut parts = Vec::new();
    for part in separated {
        let starts = part.find(is_code);
        let ends = part.rfind(is_code).map(|last| last + 1);
        match (starts, ends) {
            (Some(start), Some(end)) => parts.extend([&part[..start], &part[start..end], &part[end..]]),
            _ => parts.push(part),
        }
    }
    parts
        .iter()
        .map(|part| part.trim_matches([' ', '-', '_', '.', '*']))
        .filter(|part| !part.is_empty())
        .collect()
}

fn is_flag_letter(letter: char) -> bool {
    ('\u{1f1e6}'..='\u{1f1ff}').contains(&letter)
}

/// Returns the text with each flag replaced by its two letters in brackets.
fn with_flag_letters(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    let mut is_open = false;
    for letter in text.chars() {
        let of_flag = u32::from(letter).checked_sub(0x1_f1e6).and_then(|place| u8::try_from(place).ok());
        match of_flag.filter(|place| *place < 26) {
            Some(place) => {
                spelled.push_str(if is_open { "" } else { "(" });
                spelled.push(char::from(b'A' + place));
                spelled.push_str(if is_open { ")" } else { "" });
                is_open = !is_open;
            }
            None => spelled.push(letter),
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(text: &str) -> String {
        match country(text) {
            Some(Origin::Region(region)) => region.to_string(),
            Some(Origin::CallingCode(code)) => code.to_string(),
            Some(Origin::Area { region, digits }) => format!("{region} {digits}"),
            None => "-".to_owned(),
        }
    }

    fn assert_read(read: &[(&str, &str)]) {
        for (text, expected) in read {
            assert_eq!(region(text), *expected, "{text}");
        }
    }

    #[test]
    fn names_codes_and_dialing_codes_are_read() {
        assert_read(&[
            ("gb", "GB"),
            ("GBR", "GB"),
            ("uk", "GB"),
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
            ("Iran", "IR"),
            ("Turkey", "TR"),
            ("Türkiye", "TR"),
            ("Kosovo", "XK"),
            ("1", "US"),
            ("+44", "GB"),
            ("007", "RU"),
            ("870", "870"),
        ]);
    }

    #[test]
    fn names_are_read_in_every_language() {
        assert_read(&[
            ("Deutschland", "DE"),
            ("ALLEMAGNE", "DE"),
            ("Niemcy", "DE"),
            ("Германия", "DE"),
            ("Österreich", "AT"),
            ("Oesterreich", "AT"),
            ("España", "ES"),
            ("Brasil", "BR"),
            ("Suomi", "FI"),
            ("Magyarország", "HU"),
            ("Česko", "CZ"),
            ("Weißrussland", "BY"),
            ("Vereinigte Staaten von Amerika", "US"),
            ("EE. UU.", "US"),
            ("المملكة العربية السعودية", "SA"),
            ("مصر", "EG"),
            ("ישראל", "IL"),
            ("भारत", "IN"),
            ("ประเทศไทย", "-"),
            ("ไทย", "TH"),
            ("中国", "CN"),
            ("日本", "JP"),
            ("대한민국", "KR"),
            ("Ελλάδα", "GR"),
        ]);
    }

    /// Source: CSSEGISandData/COVID-19 issue 497, opensupplyhub/open-apparel-registry issue 1063.
    #[test]
    fn other_country_names_are_read() {
        assert_read(&[
            ("Bosnia & Herzegovina", "BA"),
            ("Bosnia and Herzegovina", "BA"),
            ("Korea, South", "KR"),
            ("Korea (South)", "KR"),
            ("Republic of Korea", "KR"),
            ("Korea, Democratic People's Republic of", "KP"),
            ("Mainland China", "CN"),
            ("Republic of China", "TW"),
            ("Taiwan*", "TW"),
            ("Taipei and environs", "TW"),
            ("Iran (Islamic Republic of)", "IR"),
            ("Bolivia (Plurinational State of)", "BO"),
            ("Tanzania, United Republic of", "TZ"),
            ("Republic of Moldova", "MD"),
            ("Republic of India", "IN"),
            ("Kingdom of the Netherlands", "NL"),
            ("Gambia, The", "GM"),
            ("The Bahamas", "BS"),
            ("Syria", "SY"),
            ("Venezuela", "VE"),
            ("Holy See", "VA"),
            ("Viet Nam", "VN"),
            ("Rep. of Ireland", "IE"),
            ("U.S.", "US"),
            ("Myanmar (Burma)", "MM"),
            ("Hong Kong SAR China", "HK"),
            ("Hong Kong SAR", "HK"),
            ("Virgin Islands, British", "VG"),
            ("Virgin Islands (U.S.)", "VI"),
            ("Great Britain (UK)", "GB"),
            ("United States (USA)", "US"),
            ("England, United Kingdom", "GB"),
        ]);
    }

    #[test]
    fn country_given_twice_must_agree() {
        assert_read(&[
            ("India (+91)", "IN"),
            ("IN +91", "IN"),
            ("+91 (India)", "IN"),
            ("🇮🇳 +91", "IN"),
            ("🇮🇳", "IN"),
            ("🇨🇦 Canada (+1)", "CA"),
            ("DE - Germany", "DE"),
            ("Germany | DEU", "DE"),
            ("DE-Deutschland", "DE"),
            ("GB-ENG", "GB"),
            ("US-CA", "-"),
            ("Jamaica +1-876", "JM"),
            ("+44 Jersey", "JE"),
            ("Kasachstan (+7)", "KZ"),
            ("India (+92)", "-"),
            ("🇨🇭 Österreich", "-"),
            ("Georgia, USA", "-"),
            ("USA / Canada", "-"),
            ("Canada +1-868", "-"),
        ]);
    }

    #[test]
    fn dialing_code_is_read_in_spellings_of_spreadsheets_and_lists() {
        assert_read(&[
            ("+ 91", "IN"),
            ("'+91", "IN"),
            ("=\"+91\"", "IN"),
            ("91.0", "IN"),
            ("91,00", "IN"),
            ("\"+91\"", "IN"),
            ("(91)", "IN"),
            ("(+91)", "IN"),
            ("00 91", "IN"),
            ("+1-868", "TT 1868"),
            ("1 (868)", "TT 1868"),
            ("1868", "TT 1868"),
            ("44-1534", "JE 441534"),
            ("1-809", "DO 1809"),
            ("+1-212", "-"),
            ("91981", "-"),
        ]);
    }

    #[test]
    fn unknown_countries_are_not_guessed() {
        for text in [
            "",
            "+",
            "0",
            "999",
            "Bharatt",
            "Virgin Islands",
            "AQ",
            "XX",
            "+1 2",
            "-",
            "Republic of Nowhere",
            "2 acres",
        ] {
            assert_eq!(region(text), "-", "{text}");
        }
    }

    #[test]
    fn placeholder_is_not_a_country_and_code_is_not_a_placeholder() {
        for text in [
            "", "-", "--", "N/A", "n.a.", "N A", "#N/A", "C/O", "c/o ", "NULL", "(blank)", "\\N", "?",
            "Unknown",
        ] {
            assert!(is_filler(text), "{text}");
            assert!(!may_be_filler(text), "{text}");
        }
        for text in ["NA", "CO", "NO", "NE", "NL", "Niue", "Namibia", "+91", "🇮🇳", "Other", "Atlantis"]
        {
            assert!(!is_filler(text), "{text}");
        }
        assert!(may_be_filler("NA") && !may_be_filler("Namibia"));
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
