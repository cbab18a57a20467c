//! What words say of a phone: those of a label beside its number, and those of its column's header.
//!
//! The words are those of address books, CRMs and dialers in English, French, German, Spanish and some other languages.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::row::PhoneKind;

/// Words that mean a phone and say nothing of its kind.
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

/// Words that mean a mobile phone.
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

/// Words that mean a phone on a fixed line.
const FIXED_PHONES: &[&str] = &["landline", "festnetz", "festnetznummer", "fastnetztelefon"];

/// Words that say which of somebody's phones it is, or whose.
const KINDS: &[(PhoneKind, &[&str])] = &[
    (PhoneKind::Preferred, &["pref", "preferred", "bevorzugt", "preferido", "preferito", "prefere"]),
    (
        PhoneKind::Mobile,
        // Where texts are sent.
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

/// Ends of words such as `Haupttelefon`, and whether they mean a phone by themselves.
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

/// Parts of words for what no person answers, and for phones of somebody else.
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

/// The same, as whole words.
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

/// What one word says of a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// Which phone it is.
    pub(crate) kind: PhoneKind,
    /// Whether the word means a phone by itself.
    pub(crate) is_phone: bool,
}

/// What a word in the form of [`folded`] says of a phone.
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

/// Which phone several words name together, such as `Company Main Phone`. Nothing where they say nothing of it.
pub(crate) fn kind_of(meanings: impl IntoIterator<Item = Meaning>) -> Option<PhoneKind> {
    use PhoneKind::{Car, Company, Home, Main, Mobile, Other, Preferred, Unspecified, Work};
    /// The words that say most stand first.
    const ORDER: [PhoneKind; 9] = [Preferred, Mobile, Company, Car, Other, Work, Home, Main, Unspecified];

    let place = |meaning: Meaning| ORDER.iter().position(|kind| *kind == meaning.kind);
    let first = meanings.into_iter().filter_map(place).min()?;
    Some(ORDER[first])
}

/// Whether a text in the form of [`folded`] names what is never called: fax, pager, an assistant and the like.
pub(crate) fn is_never_called(folded: &str) -> bool {
    OTHER_DEVICES.iter().any(|part| folded.contains(part))
        || folded.split(' ').any(|word| OTHER_DEVICE_WORDS.contains(&word))
        || folded.contains("call back")
        || folded.contains("devolucion de llamada")
}

/// The phone that a label names; nothing where it is none to call.
pub(crate) fn kind(label: &str) -> Option<PhoneKind> {
    // Address books mark the preferred one so.
    if let Some(label) = label.trim_start().strip_prefix('*') {
        return kind(label).map(|_| PhoneKind::Preferred);
    }
    let folded = folded(label, true);
    // Some scripts are not recognised once their letters are taken apart.
    if is_never_called(&folded)
        || OTHER_DEVICES.iter().any(|part| label.contains(part))
        || label.contains("팩스")
    {
        return None;
    }
    Some(kind_of(folded.split(' ').filter_map(meaning)).unwrap_or(PhoneKind::Other))
}

/// A text in the form in which words are compared: NFKC without accents, `camelCase` split, lower case, punctuation as
/// space, and numbers as `n` if `folds_numbers`.
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
    // One word, whatever its capitals say.
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
    fn labels_tell_which_phone_to_prefer_and_which_is_none() {
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
    fn what_no_person_answers_is_no_phone() {
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
