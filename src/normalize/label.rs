//! What the label beside a phone number says of the phone: which to prefer, and which is none to call.

/// Phones from the one to call first to the one to call last, by words in their labels.
const CLASSES: [&[&str]; 4] = [
    &[
        "mobile", "cell", "handy", "mobil", "movil", "móvil", "celular", "portable", "iphone", "gsm",
        "whatsapp",
    ],
    &["main", "primary", "pref", "preferred", "principal", "haupt"],
    &["work", "business", "office", "arbeit", "trabajo", "travail", "company"],
    &["home", "privat", "casa", "domicile"],
];

/// What is not answered by a person, as part of a word.
const OTHER_DEVICES: [&str; 7] = ["fax", "telex", "pager", "isdn", "tty", "tdd", "assistant"];

/// Where a phone without a known label stands.
pub(super) const UNKNOWN: u8 = 4;

/// The rank of a phone, the one to prefer first; nothing where it is none to call.
pub(super) fn rank(label: &str) -> Option<u8> {
    let label = label.to_lowercase();
    if OTHER_DEVICES.iter().any(|device| label.contains(device)) {
        return None;
    }
    let has = |class: &[&str]| {
        label.split(|letter: char| !letter.is_alphabetic()).any(|word| class.contains(&word))
    };
    let class = CLASSES.iter().zip(0..).find(|(class, _)| has(class)).map_or(UNKNOWN, |(_, rank)| rank);
    // Google marks the preferred one so.
    let is_marked = label.trim_start().starts_with('*') || has(CLASSES[1]);
    Some(if is_marked { class.min(1) } else { class })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_tell_which_phone_to_prefer_and_which_is_none() {
        for (label, expected) in [
            ("Mobile", Some(0)),
            ("* Work", Some(1)),
            ("Main", Some(1)),
            ("Business 2", Some(2)),
            ("Home", Some(3)),
            ("Custom", Some(4)),
            ("Work Fax", None),
            ("homeFax", None),
            ("Pager", None),
        ] {
            assert_eq!(rank(label), expected, "{label}");
        }
    }
}
