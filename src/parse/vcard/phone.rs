//! Which kind of phone a number belongs to, by the types and labels beside it, whatever their spelling.

use super::property::{Letters, Properties, Property};

/// Columns of phones, the first to be called first. Those of the last are not called.
pub(super) const KINDS: [&str; 7] =
    ["Preferred Phone", "Mobile Phone", "Main Phone", "Work Phone", "Home Phone", "Other Phone", "Fax"];

const PREFERRED: usize = 0;
const MOBILE: usize = 1;
const MAIN: usize = 2;
const WORK: usize = 3;
const HOME: usize = 4;
const OTHER: usize = 5;
const FAX: usize = 6;

/// Parts of words for what no person answers, and for phones of somebody else.
const NOT_CALLED: &[&str] = &[
    "fax",
    "faks",
    "facsim",
    "télécop",
    "telecop",
    "telekop",
    "belgegeçer",
    "факс",
    "ファックス",
    "ファクス",
    "传真",
    "傳真",
    "팩스",
    "φαξ",
    "فاكس",
    "فکس",
    "نمابر",
    "דורנט",
    "פקס",
    "फ़ैक्स",
    "फैक्स",
    "ফ্যাক্স",
    "แฟกซ์",
    "โทรสาร",
    "pager",
    "beeper",
    "bipeur",
    "buscapersonas",
    "cercapersone",
    "personsök",
    "пейджер",
    "ポケベル",
    "寻呼",
    "telex",
    "télex",
    "телекс",
    "modem",
    "bbs",
    "textphone",
    "ttytdd",
    "callback",
    "rückruf",
    "assist",
    "asisten",
    "asystent",
    "ассистент",
    "secret",
    "secrét",
    "sekret",
    "секретар",
    "秘書",
    "助理",
];

/// The same, as whole words.
const NOT_CALLED_WORDS: &[&str] = &["tty", "tdd", "isdn", "rnis", "rdsi", "radio", "rappel", "bip"];

/// Beginnings of words for the others.
const MOBILE_WORDS: &[&str] = &[
    "cell",
    "mobil",
    "mobiel",
    "movil",
    "móvil",
    "celul",
    "handy",
    "natel",
    "iphone",
    "smartphone",
    "portable",
    "gsm",
    "pcs",
    "whatsapp",
    "komórk",
    "komork",
    "telemóvel",
    "telemovel",
    "matkapuhelin",
    "kännykk",
    "мобил",
    "мобіл",
    "сотов",
    "κινητ",
    "携帯",
    "手机",
    "行動",
    "휴대",
    "جوال",
    "موبايل",
    "נייד",
];
const MAIN_WORDS: &[&str] =
    &["main", "haupt", "principal", "hoofd", "główn", "основн", "главн", "主要", "代表"];
const WORK_WORDS: &[&str] = &[
    "work",
    "business",
    "office",
    "buro",
    "büro",
    "bureau",
    "arbeit",
    "travail",
    "trabajo",
    "trabalho",
    "dienst",
    "geschäft",
    "kantoor",
    "werk",
    "lavoro",
    "ufficio",
    "oficina",
    "praca",
    "służb",
    "työ",
    "arbete",
    "arbejde",
    "jobb",
    "рабоч",
    "работ",
    "勤務",
    "会社",
    "工作",
    "单位",
    "직장",
    "עבודה",
    "العمل",
];
const HOME_WORDS: &[&str] = &[
    "home",
    "privat",
    "privé",
    "domicil",
    "casa",
    "haus",
    "zuhause",
    "thuis",
    "maison",
    "domow",
    "koti",
    "hjem",
    "домаш",
    "自宅",
    "住宅",
    "家庭",
    "집",
    "בית",
    "المنزل",
];

/// The kind of a phone, as an index of [`KINDS`].
pub(super) struct Kind {
    /// Which kind it is.
    pub(super) index: usize,
    /// How much its owner prefers it; more than any number of the standard where nothing is said.
    preference: u32,
    /// Whether it is in a car: such phones come last of their kind.
    is_in_car: bool,
}

/// The phones of a card that have numbers, with their kinds, in the order in which they are to be called.
pub(super) fn by_preference(card: &Properties, letters: Letters) -> Vec<(&Property, usize)> {
    let mut phones: Vec<(&Property, Kind)> =
        card.named("TEL").map(|phone| (phone, kind(phone, card, letters))).collect();
    let is_preferred = |kind: &Kind| kind.preference <= Kind::LEAST && kind.index != FAX;
    phones.sort_by_key(|(_, kind)| (kind.is_in_car, kind.preference));
    // The one to call first is the one that is preferred most, or a mobile among those that are preferred as much.
    let most = phones
        .iter_mut()
        .filter(|(_, kind)| is_preferred(kind))
        .min_by_key(|(_, kind)| (kind.preference, kind.index));
    if let Some((_, kind)) = most
        && kind.index != MOBILE
    {
        kind.index = PREFERRED;
    }
    phones.into_iter().map(|(phone, kind)| (phone, kind.index)).collect()
}

impl Kind {
    /// The least that the standard has a number for.
    const LEAST: u32 = 100;
}

fn kind(phone: &Property, card: &Properties, letters: Letters) -> Kind {
    let mut said = phone.labels(letters);
    // Apple writes a label of one's own as a property of the same group, before or behind the phone.
    let of_group = card.all.iter().filter(|other| phone.group.is_some() && other.group == phone.group);
    for label in of_group.filter(|other| other.name.contains("LABEL")) {
        said.push_str(&String::from_utf8_lossy(&label.text(letters)).to_lowercase());
    }
    if NOT_CALLED.iter().any(|word| said.contains(word)) || has_word(&said, NOT_CALLED_WORDS) {
        return Kind { index: FAX, preference: u32::MAX, is_in_car: false };
    }
    let kinds = [(MOBILE, MOBILE_WORDS), (MAIN, MAIN_WORDS), (WORK, WORK_WORDS), (HOME, HOME_WORDS)];
    let found = kinds.iter().find(|(_, words)| begins_word(&said, words));
    Kind {
        index: found.map_or(OTHER, |(kind, _)| *kind),
        preference: preference(&said),
        is_in_car: has_word(&said, &["car", "auto"]),
    }
}

/// `PREF=1` is preferred most, and as much as `PREF` by itself.
fn preference(said: &str) -> u32 {
    let mut words = words(said).filter(|word| !word.is_empty());
    match words.find(|word| word.starts_with("pref")) {
        Some(_) => words.next().and_then(|number| number.parse().ok()).unwrap_or(1),
        None => u32::MAX,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric())
}

fn has_word(text: &str, wanted: &[&str]) -> bool {
    words(text).any(|word| wanted.contains(&word))
}

fn begins_word(text: &str, beginnings: &[&str]) -> bool {
    words(text).any(|word| beginnings.iter().any(|beginning| word.starts_with(beginning)))
}
