//! The meanings of attributes and object classes, in the schemas of directories and address books.
//!
//! They come from LDAP itself (RFC 4519), COSINE (RFC 4524), `inetOrgPerson` (RFC 2798), Active Directory, and the
//! address books of Mozilla and Evolution.

use crate::{
    contact::Field,
    normalize::label,
    parse::{
        columns,
        person::{self, EMAIL, FAX, FIRST_NAME, LAST_NAME, MIDDLE_NAME, NAME_PREFIX, ORGANIZATION},
    },
    row::PhoneKind,
};

/// The columns that entries have in addition to those of cards.
pub(super) const ADDED: [&str; 4] = ["Job Title", "Country", "Country Name", "Home Country"];
pub(super) const JOB_TITLE: usize = person::ADDED;
pub(super) const COUNTRY: usize = person::ADDED + 1;
pub(super) const COUNTRY_NAME: usize = person::ADDED + 2;
pub(super) const HOME_COUNTRY: usize = person::ADDED + 3;

/// The meaning of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The name of the entry in the directory.
    DistinguishedName,
    /// The version of the format.
    Version,
    /// What to do with the entry.
    Change,
    /// The first line of a change to one attribute, as `add: mail`.
    ChangeOfAttribute,
    /// A line that `ldapsearch` writes about the search itself.
    OfSearch,
    Class,
    /// The full name, as people see it, or as the directory sorts it.
    DisplayName,
    CommonName,
    /// A title, of the job or of the person.
    Title,
    /// The text of a column before the phones.
    Text(usize),
    Phone {
        /// The phone column.
        column: usize,
        /// Whether the number comes after others of the entry.
        is_last: bool,
    },
    Other,
}

/// Attributes in lowercase whose value is the text of a column.
const TEXTS: [(&str, usize); 20] = [
    ("givenname", FIRST_NAME),
    ("gn", FIRST_NAME),
    ("sn", LAST_NAME),
    ("surname", LAST_NAME),
    ("personaltitle", NAME_PREFIX),
    ("middlename", MIDDLE_NAME),
    ("o", ORGANIZATION),
    ("organizationname", ORGANIZATION),
    ("company", ORGANIZATION),
    ("mail", EMAIL),
    ("rfc822mailbox", EMAIL),
    ("email", EMAIL),
    ("emailaddress", EMAIL),
    ("c", COUNTRY),
    ("countryname", COUNTRY),
    ("co", COUNTRY_NAME),
    ("friendlycountryname", COUNTRY_NAME),
    ("mozillahomecountryname", HOME_COUNTRY),
    ("homecountryname", HOME_COUNTRY),
    ("mozillaworkcountryname", COUNTRY),
];

/// Attributes in lowercase with a phone number. In Active Directory, those that begin with `other` hold further numbers.
const PHONES: [(&str, PhoneKind); 19] = [
    ("telephonenumber", PhoneKind::Work),
    ("workphone", PhoneKind::Work),
    ("othertelephone", PhoneKind::Work),
    ("homephone", PhoneKind::Home),
    ("hometelephonenumber", PhoneKind::Home),
    ("mozillahomephone", PhoneKind::Home),
    ("otherhomephone", PhoneKind::Home),
    ("mobile", PhoneKind::Mobile),
    ("mobiletelephonenumber", PhoneKind::Mobile),
    ("cellphone", PhoneKind::Mobile),
    ("mozillacellphone", PhoneKind::Mobile),
    ("othermobile", PhoneKind::Mobile),
    ("primaryphone", PhoneKind::Main),
    ("otherphone", PhoneKind::Other),
    ("carphone", PhoneKind::Car),
    ("companyphone", PhoneKind::Company),
    ("phone", PhoneKind::Other),
    ("telephone", PhoneKind::Other),
    ("mozillaworkphone", PhoneKind::Work),
];

/// Attributes in lowercase with the number of a device that no person answers, or of another person.
const NEVER_CALLED: [&str; 24] = [
    "facsimiletelephonenumber",
    "fax",
    "faxnumber",
    "homefax",
    "workfax",
    "otherfax",
    "homefacsimiletelephonenumber",
    "otherfacsimiletelephonenumber",
    "pager",
    "pagerphone",
    "pagertelephonenumber",
    "otherpager",
    "telexnumber",
    "primarytelexnumber",
    "telex",
    "teletexterminalidentifier",
    "internationalisdnnumber",
    "primaryinternationalisdnnumber",
    "callbackphone",
    "assistantphone",
    "telephoneassistant",
    "secretaryphone",
    "radio",
    "tty",
];

/// Returns the meaning of an attribute, without its options.
pub(super) fn meaning(name: &str) -> Meaning {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "dn" => return Meaning::DistinguishedName,
        "version" => return Meaning::Version,
        "changetype" => return Meaning::Change,
        "add" | "delete" | "replace" | "increment" => return Meaning::ChangeOfAttribute,
        "search" | "result" | "ref" | "matcheddn" | "text" | "control" => return Meaning::OfSearch,
        "objectclass" => return Meaning::Class,
        "displayname" => return Meaning::DisplayName,
        "cn" | "commonname" => return Meaning::CommonName,
        "title" => return Meaning::Title,
        _ => {}
    }
    if let Some((_, column)) = TEXTS.iter().find(|(known, _)| *known == lower) {
        return Meaning::Text(*column);
    }
    if NEVER_CALLED.contains(&lower.as_str()) {
        return Meaning::Phone { column: FAX, is_last: false };
    }
    let known = PHONES.iter().find(|(known, _)| *known == lower).map(|(_, kind)| *kind);
    // An attribute of another schema is read like the header of a column, which takes longer.
    let may_be_phone = || ["phone", "mobil", "cell", "tel", "gsm"].iter().any(|part| lower.contains(part));
    let composed =
        || (may_be_phone() && columns::means(name, Field::Phone)).then(|| label::kind(name)).flatten();
    match known.or_else(composed) {
        Some(kind) => {
            let is_last = person::is_last(kind) || lower.starts_with("other");
            Meaning::Phone { column: person::column(kind), is_last }
        }
        None => Meaning::Other,
    }
}

/// Classes in lowercase of entries that are no people: groups, and the folders of the directory.
const NOT_PEOPLE: [&str; 36] = [
    "organization",
    "organizationalunit",
    "organizationalrole",
    "domain",
    "domaindns",
    "dcobject",
    "domaincomponent",
    "country",
    "friendlycountry",
    "locality",
    "rfc822localpart",
    "room",
    "device",
    "iphost",
    "computer",
    "printqueue",
    "applicationprocess",
    "applicationentity",
    "document",
    "documentseries",
    "groupofnames",
    "groupofuniquenames",
    "groupofmembers",
    "groupofurls",
    "groupofentries",
    "posixgroup",
    "group",
    "container",
    "builtindomain",
    "nscontainer",
    "krbcontainer",
    "alias",
    "referral",
    "subentry",
    "ldapsubentry",
    "mailgroup",
];

/// What the object classes of an entry say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Classes {
    is_person: bool,
    is_other: bool,
    is_machine: bool,
}

impl Classes {
    pub(super) fn add(&mut self, class: &[u8]) {
        let class = String::from_utf8_lossy(class.trim_ascii()).to_ascii_lowercase();
        self.is_person |= class.contains("person") || matches!(class.as_str(), "contact" | "user");
        self.is_other |= NOT_PEOPLE.contains(&class.as_str());
        // Active Directory makes a computer a person of a kind.
        self.is_machine |= class == "computer";
    }

    /// Returns whether the classes say that the entry is not a person.
    pub(super) fn rule_out_a_person(self) -> bool {
        self.is_machine || self.is_other && !self.is_person
    }

    /// Returns whether there is no class that says what the entry is.
    pub(super) fn are_silent(self) -> bool {
        !self.is_person && !self.is_other
    }
}

/// Attributes in lowercase that name the folders of a directory.
const OF_FOLDERS: [&str; 6] = ["dc", "ou", "o", "c", "l", "st"];

/// The first part of a distinguished name: the attribute, and its value.
pub(super) fn first_part(name: &[u8]) -> Option<(String, Vec<u8>)> {
    let equals = memchr::memchr(b'=', name)?;
    let attribute = String::from_utf8_lossy(name[..equals].trim_ascii()).to_ascii_lowercase();
    let mut value = Vec::new();
    let mut rest = name[equals + 1..].trim_ascii_start();
    let mut is_quoted = false;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'"' => is_quoted = !is_quoted,
            b',' | b';' | b'+' if !is_quoted => break,
            b'\\' => {
                let code = behind.get(..2).and_then(|code| str::from_utf8(code).ok());
                let code = code.filter(|code| code.bytes().all(|digit| digit.is_ascii_hexdigit()));
                if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
                    value.push(byte);
                    rest = &behind[2..];
                } else if let Some((letter, behind)) = behind.split_first() {
                    value.push(*letter);
                    rest = behind;
                }
            }
            other => value.push(*other),
        }
    }
    Some((attribute, value.trim_ascii_end().to_vec()))
}

/// Returns whether a distinguished name is that of a folder.
pub(super) fn names_a_folder(name: &[u8]) -> bool {
    first_part(name).is_none_or(|(attribute, _)| OF_FOLDERS.contains(&attribute.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_all_schemas_are_known() {
        let phone = |kind| Meaning::Phone { column: person::column(kind), is_last: false };
        for (name, expected) in [
            ("telephoneNumber", phone(PhoneKind::Work)),
            ("TELEPHONENUMBER", phone(PhoneKind::Work)),
            ("homePhone", phone(PhoneKind::Home)),
            ("homeTelephoneNumber", phone(PhoneKind::Home)),
            ("mobile", phone(PhoneKind::Mobile)),
            ("cellPhone", phone(PhoneKind::Mobile)),
            ("officePhone", phone(PhoneKind::Work)),
            ("mobilePhone2", phone(PhoneKind::Mobile)),
            ("carPhone", Meaning::Phone { column: person::column(PhoneKind::Car), is_last: true }),
            ("otherMobile", Meaning::Phone { column: person::column(PhoneKind::Mobile), is_last: true }),
            ("facsimileTelephoneNumber", Meaning::Phone { column: FAX, is_last: false }),
            ("pager", Meaning::Phone { column: FAX, is_last: false }),
            ("givenName", Meaning::Text(FIRST_NAME)),
            ("c", Meaning::Text(COUNTRY)),
            ("employeeNumber", Meaning::Other),
            ("uidNumber", Meaning::Other),
            ("xmozillanickname", Meaning::Other),
            ("jpegPhoto", Meaning::Other),
            ("description", Meaning::Other),
        ] {
            assert_eq!(meaning(name), expected, "{name}");
        }
    }

    #[test]
    fn first_part_of_a_distinguished_name_is_unescaped() {
        let part = |name: &str| {
            let (attribute, value) = first_part(name.as_bytes())?;
            Some(format!("{attribute}={}", String::from_utf8(value).unwrap()))
        };
        assert_eq!(part("CN=Quill\\, Ada,OU=Sales").unwrap(), "cn=Quill, Ada");
        assert_eq!(part("cn=Zo\\C3\\AB M\\2cller,o=x").unwrap(), "cn=Zoë M,ller");
        assert_eq!(part("cn=\"Quill, Ada\",o=x").unwrap(), "cn=Quill, Ada");
        assert_eq!(part("cn = Ada Quill+uid=7,o=x").unwrap(), "cn=Ada Quill");
        assert_eq!(part("cn=Ada\\").unwrap(), "cn=Ada");
        assert_eq!(part("Ada"), None);
    }

    #[test]
    fn computer_is_not_a_person() {
        let rule_out = |classes: &[&str]| {
            let mut found = Classes::default();
            for class in classes {
                found.add(class.as_bytes());
            }
            found.rule_out_a_person()
        };
        assert!(rule_out(&["top", "person", "organizationalPerson", "user", "computer"]));
        assert!(rule_out(&["top", "groupOfNames"]));
        assert!(!rule_out(&["top", "organization", "inetOrgPerson"]));
        assert!(!rule_out(&["top", "exampleThing"]));
    }
}
