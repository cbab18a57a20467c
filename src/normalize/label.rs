//! Words about phones, in the label of a number and in the header of its column.
//!
//! The words come from address books, CRMs and dialers in English, French, German, Spanish and some other languages.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::row::PhoneKind;

/// Words for a phone that do not name its kind.
const PHONES: &[&str] = &[
    "phone",
    "phones",
    "phonenumber",
    "phonenumbers",
    "tel",
    "telephone",
    "telephones",
    "telephonenumber",
    "telephonique",
    "telefon",
    "telefonnummer",
    "telefonnr",
    "telnr",
    "rufnummer",
    "rufnr",
    "fon",
    "ph",
    "telefono",
    "telefonos",
    "telefonico",
    "telefone",
    "telefones",
    "telefoon",
    "telefoonnummer",
    "telefonu",
    "telefonszam",
    "puhelin",
    "puhelinnumero",
    "телефон",
    "телефона",
    "тел",
    "电话",
    "电话号码",
    "電話",
    "電話番号",
];

/// Words for a mobile phone.
const MOBILE_PHONES: &[&str] = &[
    "mobile",
    "mobiles",
    "mob",
    "mobilephone",
    "mobil",
    "mobilnr",
    "mobilfunk",
    "mobilfunknummer",
    "mobiel",
    "mobiele",
    "mobitel",
    "mobilny",
    "movil",
    "moviles",
    "cell",
    "cells",
    "cellphone",
    "cellular",
    "cellulare",
    "cellulaire",
    "celular",
    "celulares",
    "cel",
    "handy",
    "handynr",
    "natel",
    "portable",
    "gsm",
    "msisdn",
    "pcs",
    "iphone",
    "smartphone",
    "telemovel",
    "komorka",
    "komorkowy",
    "cep",
    "matkapuhelin",
    "kannykka",
    "whatsapp",
    "komorkowe",
    "мобільнии",
    "κινητο",
    "جوال",
    "موبايل",
    "נייד",
    "行動",
    "мобильныи",
    "сотовыи",
    "手机",
    "手机号",
    "手机号码",
    "携帯",
    "携帯電話",
];

/// Words for a landline phone.
const FIXED_PHONES: &[&str] = &["landline", "festnetz", "festnetznummer", "fastnetztelefon"];

/// Words for the kind or the owner of a phone.
const KINDS: &[(PhoneKind, &[&str])] = &[
    (PhoneKind::Preferred, &["pref", "preferred", "bevorzugt", "preferido", "preferito", "prefere"]),
    (
        PhoneKind::Mobile,
        // The phone that receives texts.
        &["sms"],
    ),
    (
        PhoneKind::Main,
        &[
            "main",
            "primary",
            "principal",
            "principale",
            "haupt",
            "hauptnummer",
            "hoofd",
            "glowny",
            "основнои",
            "главныи",
            "主要",
            "代表",
        ],
    ),
    (PhoneKind::Unspecified, &["general", "voice", "day", "daytime", "evening", "direct", "ddi", "direkt"]),
    (
        PhoneKind::Work,
        &[
            "work",
            "business",
            "office",
            "arbeit",
            "buro",
            "geschaft",
            "geschaftlich",
            "geschafts",
            "dienst",
            "dienstlich",
            "beruflich",
            "travail",
            "bureau",
            "pro",
            "professionnel",
            "professionnelle",
            "professional",
            "profesional",
            "trabajo",
            "oficina",
            "laboral",
            "lavoro",
            "ufficio",
            "trabalho",
            "comercial",
            "escritorio",
            "werk",
            "zakelijk",
            "zakelijke",
            "kantoor",
            "arbete",
            "arbejde",
            "praca",
            "sluzbowy",
            "рабочии",
            "работа",
            "勤務",
            "会社",
            "工作",
            "单位",
            "العمل",
            "עבודה",
        ],
    ),
    (
        PhoneKind::Home,
        &[
            "home",
            "private",
            "privat",
            "prive",
            "privee",
            "privato",
            "privado",
            "personal",
            "perso",
            "personnel",
            "personnelle",
            "personale",
            "pessoal",
            "personlich",
            "residence",
            "residential",
            "residencia",
            "domicile",
            "domicilio",
            "domiciliar",
            "maison",
            "fixe",
            "fijo",
            "fisso",
            "fixo",
            "particular",
            "casa",
            "hogar",
            "haus",
            "abitazione",
            "thuis",
            "hem",
            "hjem",
            "dom",
            "domowy",
            "домашнии",
            "дом",
            "koti",
            "自宅",
            "住宅",
            "بيت",
            "المنزل",
            "בית",
        ],
    ),
    (
        PhoneKind::Other,
        &[
            "other",
            "others",
            "alt",
            "alternate",
            "alternative",
            "additional",
            "secondary",
            "second",
            "nd",
            "third",
            "extra",
            "backup",
            "autre",
            "autres",
            "secondaire",
            "andere",
            "anderes",
            "weitere",
            "weiteres",
            "sonstige",
            "sonstiges",
            "zweit",
            "zusatz",
            "otro",
            "otros",
            "alternativo",
            "secundario",
            "adicional",
            "altro",
            "altri",
            "secondario",
            "outro",
            "outros",
            "ander",
            "overig",
            "overige",
            "annan",
            "inny",
            "другои",
        ],
    ),
    (PhoneKind::Car, &["car", "auto", "automobil", "automovil", "coche", "voiture", "carro"]),
    (
        PhoneKind::Company,
        &[
            "company",
            "corporate",
            "corp",
            "organization",
            "organisation",
            "switchboard",
            "zentrale",
            "firma",
            "firmen",
            "societe",
            "entreprise",
            "empresa",
            "azienda",
            "bedrijf",
            "centralita",
        ],
    ),
];

/// Endings of words such as `Haupttelefon`, and whether they mean a phone without the rest.
const ENDINGS: &[(&str, bool)] = &[
    ("telefonnummer", true),
    ("telefon", true),
    ("telefoon", true),
    ("rufnummer", true),
    ("telephone", true),
    ("phonenumber", true),
    ("phone", true),
    ("phones", true),
    ("tel", true),
    ("nummer", false),
    ("number", false),
    ("nr", false),
];

/// Parts of words for devices that no person answers, and for phones of other people.
const OTHER_DEVICES: &[&str] = &[
    "fax",
    "faks",
    "facsim",
    "telecop",
    "факс",
    "ファックス",
    "ファクス",
    "传真",
    "傳真",
    "φαξ",
    "فاكس",
    "פקס",
    "telex",
    "teletip",
    "teletyp",
    "pager",
    "beeper",
    "radiotele",
    "radiomessag",
    "buscapersonas",
    "localizador",
    "bipeur",
    "cercapersone",
    "callback",
    "ruckmeldung",
    "ruckruf",
    "assist",
    "secretar",
    "sekret",
    "modem",
    "textphone",
    "telekop",
    "belgegecer",
    "فکس",
    "نمابر",
    "דורנט",
    "फकस",
    "ফযকস",
    "แฟกซ",
    "โทรสาร",
    "personsok",
    "пеиджер",
    "ホケヘル",
    "寻呼",
    "телекс",
    "ttytdd",
    "asisten",
    "asystent",
    "ассистент",
    "секретар",
    "秘書",
    "助理",
    "horbehindert",
    "malentendant",
];

/// Whole words for devices that no person answers, and for phones of other people.
const OTHER_DEVICE_WORDS: &[&str] = &[
    "isdn",
    "rnis",
    "rdsi",
    "tty",
    "tdd",
    "radio",
    "rappel",
    "asst",
    "bbs",
    "video",
    "skype",
    "sip",
    "voicemail",
];

/// The meaning of one word about a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// The kind of phone.
    pub(crate) kind: PhoneKind,
    /// Whether the word alone means a phone.
    pub(crate) is_phone: bool,
}

/// Returns the meaning of a word in [`folded`] form.
pub(crate) fn meaning(word: &str) -> Option<Meaning> {
    let phone = |kind| Some(Meaning { kind, is_phone: true });
    if PHONES.contains(&word) {
        return phone(PhoneKind::Unspecified);
    }
    if MOBILE_PHONES.contains(&word) {
        return phone(PhoneKind::Mobile);
    }
    if FIXED_PHONES.contains(&word) {
        return phone(PhoneKind::Home);
    }
    let kind = |word: &str| KINDS.iter().find(|(_, words)| words.contains(&word)).map(|(kind, _)| *kind);
    if let Some(kind) = kind(word) {
        return Some(Meaning { kind, is_phone: false });
    }
    // Two words written as one.
    ENDINGS.iter().find_map(|(ending, is_phone)| {
        let first = word.strip_suffix(ending)?;
        if MOBILE_PHONES.contains(&first) {
            return phone(PhoneKind::Mobile);
        }
        let bare = first.strip_suffix('s').unwrap_or(first);
        let kind = kind(first).or_else(|| kind(bare))?;
        Some(Meaning { kind, is_phone: *is_phone })
    })
}

/// Returns the kind of phone that several words name together, such as `Company Main Phone`. Returns `None` if they
/// name none.
pub(crate) fn kind_of(meanings: impl IntoIterator<Item = Meaning>) -> Option<PhoneKind> {
    use PhoneKind::{Car, Company, Home, Main, Mobile, Other, Preferred, Unspecified, Work};
    /// The most specific words come first.
    const ORDER: [PhoneKind; 9] = [Preferred, Mobile, Company, Car, Other, Work, Home, Main, Unspecified];

    let place = |meaning: Meaning| ORDER.iter().position(|kind| *kind == meaning.kind);
    let first = meanings.into_iter().filter_map(place).min()?;
    Some(ORDER[first])
}

/// Tests whether a text in [`folded`] form names something that is never called: a fax, a pager, an assistant and the
/// like.
pub(crate) fn is_never_called(folded: &str) -> bool {
    OTHER_DEVICES.iter().any(|part| folded.contains(part))
        || folded.split(' ').any(|word| OTHER_DEVICE_WORDS.contains(&word))
        || folded.contains("call back")
        || folded.contains("devolucion de llamada")
}

/// Returns the kind of phone that a label names, or `None` if it is not a phone to call.
pub(crate) fn kind(label: &str) -> Option<PhoneKind> {
    // Address books mark the preferred phone with a star.
    if let Some(label) = label.trim_start().strip_prefix('*') {
        return kind(label).map(|_| PhoneKind::Preferred);
    }
    let folded = folded(label, true);
    // Some scripts are not recognized once their letters are decomposed.
    if is_never_called(&folded)
        || OTHER_DEVICES.iter().any(|part| label.contains(part))
        || label.contains("팩스")
    {
        return None;
    }
    Some(kind_of(folded.split(' ').filter_map(meaning)).unwrap_or(PhoneKind::Other))
}

/// Returns a text in the form for comparison: NFKC without accents, `camelCase` split, lowercase, punctuation as
/// spaces, and numbers as `n` if `folds_numbers`.
pub(crate) fn folded(text: &str, folds_numbers: bool) -> String {
    let mut words = String::with_capacity(text.len() + 4);
    let mut before = ' ';
    for letter in
        text.trim_matches(['\u{feff}', '"', '\'', ' ']).nfkd().filter(|letter| !is_combining_mark(*letter))
    {
        let is_new_word = letter.is_uppercase() && before.is_lowercase()
            || letter.is_numeric() != before.is_numeric() && before.is_alphanumeric();
        if is_new_word {
            words.push(' ');
        }
        if letter.is_numeric() && folds_numbers {
            if !before.is_numeric() {
                words.push('n');
            }
        } else if letter.is_alphanumeric() {
            words.extend(letter.to_lowercase());
        } else {
            words.push(' ');
        }
        before = letter;
    }
    // One word, whatever its capitalization.
    let mut parts: Vec<&str> = Vec::new();
    for word in words.split_whitespace() {
        match (parts.last_mut(), word) {
            (Some(last @ &mut "whats"), "app") => *last = "whatsapp",
            (Some(last @ &mut "i"), "phone") => *last = "iphone",
            _ => parts.push(word),
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_names_a_kind_or_rules_out_the_phone() {
        use PhoneKind::{Car, Company, Home, Main, Mobile, Other, Preferred, Unspecified, Work};
        for (label, expected) in [
            ("Mobile", Some(Mobile)),
            ("iPhone", Some(Mobile)),
            ("PCS", Some(Mobile)),
            ("* Work", Some(Preferred)),
            ("home,pref", Some(Preferred)),
            ("Main", Some(Main)),
            ("Business 2", Some(Work)),
            ("Home", Some(Home)),
            ("Work Mobile", Some(Mobile)),
            ("Téléphone (bureau)", Some(Work)),
            ("Diensttelefon", Some(Work)),
            ("Autotelefon", Some(Car)),
            ("Company Main", Some(Company)),
            ("voice", Some(Unspecified)),
            ("Custom", Some(Other)),
        ] {
            assert_eq!(kind(label), expected, "{label}");
        }
    }

    #[test]
    fn fax_pager_and_assistant_are_not_phones() {
        for label in [
            "Work Fax",
            "homeFax",
            "* Fax",
            "Pager",
            "Télécopie",
            "faks",
            "Факс",
            "팩스",
            "Assistent",
            "ISDN",
            "TTY/TDD",
            "Radio",
            "Call-back",
            "telex",
            "Sekretariat",
        ] {
            assert_eq!(kind(label), None, "{label}");
        }
    }

    #[test]
    fn every_word_is_in_folded_form() {
        let kinds = KINDS.iter().flat_map(|(_, words)| *words);
        let tables = [PHONES, MOBILE_PHONES, FIXED_PHONES, OTHER_DEVICES, OTHER_DEVICE_WORDS];
        let words = tables.iter().flat_map(|words| *words).chain(kinds);
        for word in words {
            assert_eq!(folded(word, true), *word);
        }
    }
}
