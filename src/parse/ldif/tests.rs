use std::fs;

use super::*;
use crate::parse::{encoding::UTF_8, preview::Preview};

/// Returns the filled cells of each row, and the notes.
fn read_with(
    bytes: &[u8],
    encoding: Encoding,
    settings: &ParseSettings,
) -> Result<(Vec<String>, Vec<String>), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    fs::write(&path, bytes).unwrap();
    let mut source = Source::open(&path).unwrap();
    let entries = Entries::open(&mut source, encoding, settings).map_err(|fault| fault.to_string())?;
    let mut preview = Preview::new(usize::MAX);
    entries.visit(&mut source, &mut preview).map_err(|fault| fault.to_string())?;
    let line = |row: crate::row::Row<'_>| {
        assert_eq!(row.cells().len(), entries.names.len());
        let filled = row.cells().zip(&entries.names).filter(|(cell, _)| !cell.is_blank());
        let filled: Vec<_> =
            filled.map(|(cell, name)| format!("{name}={}", String::from_utf8_lossy(cell.text))).collect();
        format!("{}: {}", row.location.row, filled.join(", "))
    };
    Ok((preview.rows.iter().map(line).collect(), entries.notes))
}

fn read(text: &str) -> Result<(Vec<String>, Vec<String>), String> {
    read_with(text.as_bytes(), UTF_8, &ParseSettings::default())
}

fn rows(text: &str) -> Vec<String> {
    read(text).unwrap_or_else(|fault| panic!("{fault}: {:.300}", text.escape_debug().to_string())).0
}

fn notes(text: &str) -> String {
    read(text).unwrap().1.join("\n")
}

fn fault(text: &str) -> String {
    read(text).unwrap_err()
}

const IDA: &str = "dn: cn=Ida Vale,mail=ida@example.com\nobjectclass: top\nobjectclass: person\ncn: Ida Vale\nmobile: +1 202 555 0100\n";
const TOM: &str = "dn: cn=Tom Reed\nobjectclass: person\ncn: Tom Reed\nmobile: +1 202 555 0101\n";

/// The cells of [`IDA`] and [`TOM`].
const BOTH: [&str; 2] =
    ["Full Name=Ida Vale, Mobile Phone=+1 202 555 0100", "Full Name=Tom Reed, Mobile Phone=+1 202 555 0101"];

/// Returns the rows without their line numbers.
fn cells(text: &str) -> Vec<String> {
    rows(text).iter().map(|row| row.split_once(": ").unwrap().1.to_owned()).collect()
}

/// Source: Coffey-Labs/ihasmail issue 174 (an export of `SOGo`), with the attributes that Thunderbird adds.
#[test]
fn export_of_an_address_book_is_read() {
    let text = "dn: cn=Jane Marsh\r\nobjectClass: top\r\nobjectClass: inetOrgPerson\r\nobjectClass: mozillaAbPersonAlpha\r\n\
        givenName: Jane\r\ndescription: Description\r\nsn: Marsh\r\ncn: Jane Marsh\r\nmail: jane.marsh@example.com\r\n\
        modifytimestamp: 1704103200Z\r\ntelephoneNumber: +1-202-555-0199\r\nhomePhone: 202 555 0198\r\n\
        facsimiletelephonenumber: +1-202-555-0197\r\npager: 202 555 0196\r\nmobile: +1-202-555-0188\r\n\
        mozillahomepostalcode: 1000000\r\nc: US\r\ntitle: Head of Sales\r\nl: Examplecity\r\n\
        mozillahomecountryname: Canada\r\nmozillahomestreet: Street Number\r\n\r\n";
    assert_eq!(
        rows(text),
        ["1: First Name=Jane, Last Name=Marsh, Full Name=Jane Marsh, Email=jane.marsh@example.com, \
          Job Title=Head of Sales, Country=US, Home Country=Canada, Mobile Phone=+1-202-555-0188, \
          Work Phone=+1-202-555-0199, Home Phone=202 555 0198, Fax=+1-202-555-0197, Fax 2=202 555 0196"]
    );
    assert_eq!(notes(text), "");
}

/// Source: skradel/Zetetic.Ldap issue 5, the example of RFC 2849 with comments between attributes.
#[test]
fn languages_base64_and_comments_are_read() {
    let text = "version: 1\ndn:: b3U95Za25qWt6YOoLG89QWlyaXVz\n# dn:: ou=<JapaneseOU>,o=Airius\nobjectclass: top\n\
        objectclass: organizationalUnit\nou:: 5Za25qWt6YOo\nou;lang-en: Sales\ndescription: Japanese office\n\n\
        dn:: dWlkPXJvZ2FzYXdhcmEsb3U95Za25qWt6YOoLG89QWlyaXVz\n# dn:: uid=<uid>,ou=<JapaneseOU>,o=Airius\n\
        #  a comment\n  that is folded\nuserpassword: {SHA}O3HSv1MusyL4kTjP+HKI5uxuNoM=\nobjectclass: top\n\
        objectclass: person\nobjectclass: inetOrgPerson\nsn;lang-en: Ogasawara\nsn:: 5bCP56yg5Y6f\n\
        givenname;lang-ja:: 44Ot44OJ44OL44O8\ncn;lang-en: Rodney Ogasawara\nmobile;x-private:: KzgxIDkwIDEyMzQgNTY3\n OA==\n";
    assert_eq!(
        rows(text),
        [
            "10: First Name=ロドニー, Last Name=小笠原, Full Name=Rodney Ogasawara, Mobile Phone=+81 90 1234 5678"
        ]
    );
    assert_eq!(
        notes(text),
        "1 entry not read, for a group, folder or device; first: `ou=営業部,o=Airius` on line 2"
    );
}

#[test]
fn files_are_read_with_any_line_end_and_separation() {
    for text in [
        format!("{IDA}\n{TOM}"),
        format!("{IDA}\n\n# the next\n\n{TOM}\n\n"),
        format!("version: 1\n\n{IDA}\n{TOM}"),
        format!("{IDA}\nversion: 1\n{TOM}"),
        format!("{IDA}\n{TOM}").replace('\n', "\r\n"),
        format!("{IDA}\n{TOM}").replace('\n', "\r"),
        format!("{IDA}\n{TOM}").trim_end().to_owned(),
        format!("{IDA}\n{TOM}\u{1a}"),
        format!("{IDA}\n\u{feff}{TOM}"),
        format!("{IDA}\n{TOM}").replace(": ", ":"),
        // Source: thomascube/vcfconvert issue 16, two spaces before a value.
        format!("{IDA}\n{TOM}").replace(": ", ":  "),
        format!("{IDA}\n{TOM}").replace("cn: ", "CN: "),
        format!("{IDA}\n{TOM}").replace("Vale\n", "Va\n le\n").replace("555", "55\n 5"),
        format!("{IDA}\n{TOM}").replace("mobile: ", "mob\n ile: "),
        format!("{IDA}\n{TOM}").replace("mobile: ", "changetype: add\nmobile: "),
        // Source: cannatag/ldap3 issue 267, entries without a blank line between them.
        format!("{IDA}{TOM}"),
        format!("{IDA}  \n{TOM}"),
    ] {
        assert_eq!(cells(&text), BOTH, "{text:?}");
    }
    assert_eq!(
        notes(&format!("{IDA}{TOM}")),
        "no blank line above 1 entry; first: line 6. rollcall starts an entry at each `dn:`"
    );
}

#[test]
fn output_of_ldapsearch_is_read() {
    let text = format!(
        "# extended LDIF\n#\n# LDAPv3\n# base <dc=example,dc=com> with scope subtree\n#\n\n# example.com\n\
         dn: dc=example,dc=com\n\n# Vale, example.com\n{IDA}\n# search reference\nref: ldap://b.example.com/dc=b??sub\n\n\
         {TOM}\n# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: 3\n"
    );
    assert_eq!(cells(&text), BOTH);
    assert_eq!(
        notes(&text),
        "1 entry not read, for a group, folder or device; first: `dc=example,dc=com` on line 8"
    );
    assert_eq!(
        notes(&format!("{IDA}\nsearch: 2\nresult: 4 Size limit exceeded\n")),
        "line 8: the directory ended the search early (`result: 4 Size limit exceeded`), so people may be missing from the list"
    );
}

/// Source: ltb-project/slapd-cli issue 78, values that `ldapsearch -tt` writes into other files.
#[test]
fn addresses_are_not_opened() {
    let text = "dn: uid=reed\nobjectClass: person\njpegPhoto:< file:///etc/passwd\nsn:< file:///tmp/ldapsearch-sn-U7N1vA\n\
        cn: Tom Reed\nmobile:< file:///tmp/ldapsearch-mobile-x\n";
    assert_eq!(rows(text), ["1: Full Name=Tom Reed"]);
    assert_eq!(
        notes(text),
        "rollcall does not read 2 values stored outside this file; first: `sn` on line 4"
    );
}

#[test]
fn changes_refuse_the_file() {
    let change = |text: &str| fault(&format!("{IDA}\n{text}"));
    for (text, said) in [
        ("dn: cn=Tom\nchangetype: modify\nreplace: mobile\nmobile: 1\n-\n", "changetype: modify"),
        ("dn: cn=Tom\nchangetype: Delete\n", "changetype: Delete"),
        ("dn: cn=Tom\ncontrol: 1.2.840 true\nchangetype:: bW9kcmRu\nnewrdn: cn=B\n", "changetype:: bW9kcmRu"),
        // `ldapmodify` reads a record without a type as a modification.
        ("dn: cn=Tom\nadd: mobile\nmobile: 1\n-\n", "add: mobile"),
        ("dn: cn=Tom\nmobile: 1\n-\n", "-"),
    ] {
        assert_eq!(
            change(text),
            format!(
                "line 7: this record is a change (`{said}`), not an entry; only the directory knows the result"
            )
        );
    }
}

#[test]
fn broken_lines_are_refused_with_their_number() {
    for (text, said) in [
        (
            "dn: cn=A\ncn: A\n\nmobile: 1\n",
            "line 4: `mobile: 1` belongs to no entry, because no `dn:` is above it",
        ),
        (
            "dn: cn=A\n> mobile: 1\n",
            "line 2: `> mobile: 1` is not an attribute with a value, such as `cn: Ada Quill`",
        ),
        (
            "dn: cn=A\ncn: A\n55501\n",
            "line 3: `55501` is not an attribute with a value, such as `cn: Ada Quill`",
        ),
        ("dn: cn=A\nmobile:: A\n", "line 2: `mobile:: A` is not Base64"),
        (
            "dn: cn=A\n\n 5550100\n",
            "line 3: `5550100` begins with a space, but there is no line above it to continue",
        ),
        (
            "dn: cn=A\njpegPhoto:: QUFB\n \n\tdn: cn=B\n\tmobile: 1\n",
            "line 4: `dn: cn=B` continues a value in Base64, but is not Base64",
        ),
        ("version: 2\ndn: cn=A\n", "line 1: `version: 2` is not LDIF version 1"),
        ("dn: ou=x\nobjectClass: organizationalUnit\n", "the file does not hold an entry of a person"),
    ] {
        assert_eq!(fault(text), said, "{text:?}");
    }
}

#[test]
fn two_people_in_one_entry_are_refused() {
    let lost = format!("{IDA}{}", TOM.split_once('\n').unwrap().1);
    assert_eq!(
        fault(&lost),
        "line 6: a second `objectClass: person` in the entry that begins on line 1; the entry may describe two people"
    );
    // A directory allows several names.
    let several = IDA.replace("cn: Ida", "sn: Vale\nsn: Reed\ncn: I. Vale\ncn: Ida");
    assert_eq!(cells(&several), ["Last Name=Vale, Full Name=I. Vale, Mobile Phone=+1 202 555 0100"]);
}

#[test]
fn every_person_becomes_a_row() {
    for (text, cells) in [
        ("dn: uid=ida\nobjectClass: inetOrgPerson\n", ""),
        ("dn: uid=ida,ou=people\n", ""),
        ("dn: cn=Ida Vale,ou=people\nmobile: 1\n", "Full Name=Ida Vale, Mobile Phone=1"),
        ("dn: cn=Vale\\, Ida,ou=people\n", "Full Name=Vale, Ida"),
        ("dn: ou=people\nsn: Vale\n", "Last Name=Vale"),
        ("dn: ou=Sales\nobjectClass: organizationalUnit\nou: Sales\ntelephoneNumber: 1\n", "Work Phone=1"),
        ("dn: cn=Desk\nobjectClass: organizationalRole\ncn: Desk\nfax: 1\n", "Organization=Desk, Fax=1"),
        ("dn: cn=x\nobjectClass: unknownThing\ncn: x\n", "Full Name=x"),
        // The number is the company's, and so is the name.
        (
            "dn: cn=Vale Ltd\nobjectClass: contact\ncn: Vale Ltd\no: Vale Ltd\nmobile: 1\n",
            "Organization=Vale Ltd, Mobile Phone=1",
        ),
        ("dn: cn=x\nobjectClass: person\nsn: Ida Vale\ncn: Ida Vale\n", "Full Name=Ida Vale"),
        (
            "dn: cn=x\nobjectClass: person\npersonalTitle: Dr\ntitle: Mr\nsn: V\n",
            "Last Name=V, Name Prefix=Dr, Job Title=Mr",
        ),
        ("dn: cn=x\nobjectClass: person\ntitle: Mrs.\nsn: V\n", "Last Name=V, Name Prefix=Mrs."),
    ] {
        let found = rows(text);
        assert_eq!(found.iter().map(|row| &row[3..]).collect::<Vec<_>>(), [cells], "{text:?}");
    }
    for container in [
        "dn: dc=example,dc=com\n",
        "dn: ou=people\n",
        "dn:\n",
        "dn: cn=a\nobjectClass: groupOfNames\ncn: a\n",
    ] {
        assert_eq!(cells(&format!("{container}\n{TOM}")), [BOTH[1]], "{container}");
    }
}

#[test]
fn several_numbers_fill_several_columns() {
    let text = "dn: cn=x\nobjectClass: user\notherTelephone: 1\ntelephoneNumber: 2\ntelephoneNumber: 3\n\
        telephoneNumber: 2\ncarPhone: 4\nipPhone: 5\nmobile: 6\nmobile;lang-de: 6\nhomePhone: 7\nhomePhone: 8\n\
        homePhone: 9\nhomePhone: 10\n";
    assert_eq!(
        rows(text),
        [
            "1: Full Name=x, Mobile Phone=6, Work Phone=2, Work Phone 2=3, Work Phone 3=1, Home Phone=7, Home Phone 2=8, \
          Home Phone 3=9; 10, Other Phone=4"
        ]
    );
}

#[test]
fn numbers_outside_phones_are_reported_and_not_called() {
    let text = format!(
        "{IDA}msRTCSIP-Line: tel:+12025550100\ndescription: after six: +1 202 555 0177\nemployeeNumber: 12345678\n"
    );
    assert_eq!(cells(&text), [format!("{}, Unclear Number=+1 202 555 0177", BOTH[0])]);
    assert_eq!(
        notes(&text),
        "rollcall does not call numbers outside phone attributes (1 line); first: line 7, `description: +1 202 555 0177`"
    );
    // A lost line end.
    let glued = IDA.replace("top\n", "top").replace("objectclass: person\n", "")
        + "description: xhomePhone: 202 555 0133\n";
    assert!(cells(&glued)[0].ends_with("Unclear Number=202 555 0133"), "{glued}");
    // An indented entry below a text.
    let swallowed = format!("{IDA}description: x\n {}\n", TOM.replace('\n', "\n "));
    assert_eq!(cells(&swallowed), [format!("{}, Unclear Number=+1 202 555 0101", BOTH[0])]);
    let numbers = ParseSettings { list: crate::parse::ListKind::Numbers, ..ParseSettings::default() };
    let (found, notes) = read_with(text.as_bytes(), UTF_8, &numbers).unwrap();
    assert!(found[0].ends_with("Other Phone 9=+1 202 555 0177") && notes.is_empty(), "{found:?} {notes:?}");
}

#[test]
fn pictures_and_long_texts_are_cut() {
    let data = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\n".repeat(40_000);
    for long in [
        format!("jpegPhoto:: {}\n", data.trim_end().replace('\n', "\n ")),
        format!("jpegPhoto;binary:: {}\n", data.replace('\n', "")),
        // Source: spring-projects/spring-ldap issue 413, lines of Base64 without the space at their start.
        format!("jpegPhoto:: {data}"),
        format!("description: {}\n", "called, no answer; ".repeat(200_000)),
    ] {
        assert_eq!(cells(&format!("{IDA}{long}\n{TOM}")), BOTH, "{}", &long[..20]);
    }
    for long in [
        format!("cn: {}\n", "x".repeat(2 << 20)),
        format!("cn: {}\n", "x\n ".repeat(1 << 20)),
        "cn: x\n".repeat(100_000),
        "description: +12025550100\n".repeat(100_000),
    ] {
        assert_eq!(fault(&format!("{IDA}{long}")), "line 1: the entry is longer than 1,048,576 bytes");
    }
}

#[test]
fn base64_in_another_encoding_is_read_with_a_note() {
    // `Müller` in ISO 8859-1.
    let text = "dn: cn=x\nobjectClass: person\nsn:: TfxsbGVy\ngivenName: Zo\u{eb}\nmobile: 1\n";
    let (found, notes) = read(text).unwrap();
    assert_eq!(found, ["1: First Name=Zoë, Last Name=Müller, Mobile Phone=1"]);
    assert!(
        notes[0].contains("the first on line 3, are not UTF-8; rollcall reads them as windows-1252"),
        "{notes:?}"
    );
    let chosen = crate::parse::encoding::by_name("windows-1251").unwrap();
    let settings = ParseSettings { encoding: Some(chosen), ..ParseSettings::default() };
    let (found, notes) = read_with(text.replace("Zo\u{eb}", "A").as_bytes(), chosen, &settings).unwrap();
    assert_eq!(found, ["1: First Name=A, Last Name=Mьller, Mobile Phone=1"]);
    assert!(notes.is_empty(), "{notes:?}");
}
