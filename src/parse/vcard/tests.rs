use std::fs;

use super::*;
use crate::parse::preview::Preview;

/// Returns the filled cells of each row, and the notes.
fn read_bytes(bytes: &[u8], encoding: Option<Encoding>) -> Result<(Vec<String>, Vec<String>), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    fs::write(&path, bytes).unwrap();
    let mut source = Source::open(&path).unwrap();
    let settings = ParseSettings { encoding, ..ParseSettings::default() };
    let cards =
        Cards::open(&mut source, encoding.unwrap_or(UTF_8), &settings).map_err(|fault| fault.to_string())?;
    let mut preview = Preview::new(usize::MAX);
    cards.visit(&mut source, &mut preview).map_err(|fault| fault.to_string())?;
    let line = |row: crate::row::Row<'_>| {
        let filled = row.cells().zip(&cards.names).filter(|(cell, _)| !cell.is_blank());
        let filled: Vec<_> =
            filled.map(|(cell, name)| format!("{name}={}", String::from_utf8_lossy(cell.text))).collect();
        format!("{}: {}", row.location.row, filled.join(", "))
    };
    Ok((preview.rows.iter().map(line).collect(), cards.notes))
}

fn read(text: &str) -> Result<Vec<String>, String> {
    read_bytes(text.as_bytes(), None).map(|(rows, _)| rows)
}

fn notes(text: &str) -> String {
    read_bytes(text.as_bytes(), None).unwrap().1.join("\n")
}

fn card(name: &str, phone: &str) -> String {
    format!("BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL;TYPE=CELL:{phone}\nEND:VCARD\n")
}

/// The rows of the two cards of [`both`].
const BOTH: [&str; 2] =
    ["Full Name=Ida Vale, Mobile Phone=+1 202 555 0100", "Full Name=Tom Reed, Mobile Phone=+1 202 555 0101"];

fn both() -> [String; 2] {
    [card("Ida Vale", "+1 202 555 0100"), card("Tom Reed", "+1 202 555 0101")]
}

/// Returns the rows without their line numbers.
fn cells(text: &str) -> Vec<String> {
    let rows = read(text).unwrap_or_else(|fault| panic!("{fault}: {:.300}", text.escape_debug().to_string()));
    rows.iter().map(|row| row.split_once(": ").unwrap().1.to_owned()).collect()
}

#[test]
fn cards_of_all_versions_are_read() {
    let text = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen;;;\r\nTEL;CELL;PREF:+49 170 1234567\r\nTEL;WORK;FAX:030 12\r\nEND:VCARD\r\n\
        \r\nbegin:vcard\nVERSION:3.0\nN:Rao;Asha;;Dr.;\nFN:Dr. Asha Rao\nitem1.TEL;type=CELL;type=VOICE;type=pref:98765 43210\nTEL;TYPE=HOME,VOICE:022 1\nTEL;TYPE=HOME:022 2\nORG:Example;Sales\nPHOTO;ENCODING=b:AAAA\n BBBB\n CCCC\nend:vcard\n\
        BEGIN:VCARD\nVERSION:4.0\nFN:Li Wei\nTEL;VALUE=uri;PREF=1;TYPE=\"voice,cell\":tel:+86-138-1234-5678\nEMAIL:li@example.com\nEND:VCARD\n";
    assert_eq!(
        read(text).unwrap(),
        [
            "1: First Name=Jürgen, Last Name=Müller, Mobile Phone=+49 170 1234567, Fax=030 12",
            "8: First Name=Asha, Last Name=Rao, Full Name=Dr. Asha Rao, Name Prefix=Dr., Organization=Example, \
             Mobile Phone=98765 43210, Home Phone=022 1, Home Phone 2=022 2",
            "20: Full Name=Li Wei, Email=li@example.com, Mobile Phone=tel:+86-138-1234-5678",
        ]
    );
}

#[test]
fn unfinished_card_is_an_error_with_its_line() {
    for (text, line) in [
        ("BEGIN:VCARD\nFN:A\n", 1),
        ("\nBEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nEND:VCARD\n", 2),
        ("BEGIN:VCARD\nFN:A\nTEL:+1 202 555 0100BEGIN:VCARD\nFN:B\nEND:VCARD\n", 1),
        // Source: mustang-im/mustang issue 1048, a card whose last line was cut.
        ("BEGIN:VCARD\nFN:A\nE", 1),
    ] {
        assert_eq!(read(text).unwrap_err(), format!("line {line}: the card is not ended"), "{text:?}");
    }
    let long = format!("BEGIN:VCARD\nFN:{}\nEND:VCARD\n", "x".repeat(2 << 20));
    assert!(read(&long).unwrap_err().contains("longer than"));
}

#[test]
fn cards_with_long_notes_and_pictures_are_read() {
    let lines = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoH\n".repeat(40_000);
    let folded = lines.replace('\n', "\n ");
    for long in [
        format!("NOTE:{}", "called, no answer; ".repeat(200_000)),
        format!("PHOTO;ENCODING=b:{}", folded.trim_end()),
        // Version 2.1 does not indent continuation lines, and ends a picture with an empty line.
        format!("PHOTO;ENCODING=BASE64:\n{lines}"),
    ] {
        let text = both().concat().replacen("FN:", &format!("{long}\nFN:"), 1);
        assert_eq!(cells(&text), BOTH, "{}", &long[..20]);
    }
}

#[test]
fn cards_are_found_at_any_position_in_a_line() {
    let [ida, tom] = both();
    let (ida_line, tom_line) = (ida.trim_end(), tom.trim_end());
    let indented =
        |text: &str, mark: &str| format!("{mark}{}\n", text.trim_end().replace('\n', &format!("\n{mark}")));
    for text in [
        format!("{ida_line}{tom}"),
        format!("{ida_line} {tom}"),
        format!("{}{tom_line}", ida.replace("\nEND:VCARD\n", "END:VCARD")),
        ida.clone() + &tom.replace("END:VCARD", "end : vcard"),
        format!("{ida}BEGIN:VCARD VERSION:3.0\n{}", tom.split_once("VERSION:3.0\n").unwrap().1),
        format!("{ida}{}", tom.replace("BEGIN:VCARD\n", "BEGIN:VCARD")),
        ida.clone() + &indented(&tom, "  "),
        indented(&ida, "> ") + &tom,
        indented(&ida, "\t") + &indented(&tom, "> > "),
        format!("BEGIN:VADDRESSBOOK\n{ida}{tom}END:VADDRESSBOOK\n"),
        format!("\u{feff}{ida}\u{feff}{tom}"),
        format!("{ida_line}\u{feff}{tom}\u{1a}"),
        format!("{ida}\0{tom}\0"),
        ida.clone() + "\r\n\r\n" + &tom,
        (ida.clone() + &tom).replace('\n', "\r"),
        (ida.clone() + &tom).replace('\n', "\r\n"),
        format!(
            "From: clerk@example.com\nDate: Mon, 2 Nov 2026 10:15:00 +0000\nMessage-ID: <1234567890@example.com>\n\n{ida}{tom}-- \nThe office\n"
        ),
    ] {
        assert_eq!(cells(&text), BOTH, "{text:?}");
    }
}

#[test]
fn lines_outside_cards_are_reported_or_refuse_the_file() {
    let [ida, tom] = both();
    assert_eq!(
        notes(&format!("List of the office\n{ida}\nof 2026-11-02\n{tom}")),
        "rollcall does not read text outside the cards: 2 lines, the first is line 1: `List of the office`"
    );
    for (damaged, line) in [
        (format!("{ida}{}", tom.replace("BEGIN:VCARD\n", "").replace("END:VCARD\n", "")), 8),
        (format!("{}{ida}", tom.replace("BEGIN:VCARD\n", "").replace("END:VCARD\n", "")), 3),
        (format!("{ida}Tom Reed, 202 555 0101\n"), 6),
        (format!("{ida}Mobile: +12025550101\n{tom}"), 6),
        (format!("{ida}BEGIN:VTEL;CELL:+1 202 555 0101\nEND:VCARD\n{tom}"), 6),
    ] {
        let said = read(&damaged).unwrap_err();
        assert!(
            said.starts_with(&format!("line {line}: `")) && said.contains("is outside any card"),
            "{said}"
        );
    }
}

#[test]
fn card_with_damaged_first_line_is_read() {
    let [ida, tom] = both();
    for begin in ["BEGIN VCARD\n", "EGIN:VCARD\n", "BEGIN:VCAR\n", "", "BEGIN:VC\nARD\n"] {
        let text = ida.clone() + &tom.replace("BEGIN:VCARD\n", begin);
        assert_eq!(cells(&text), BOTH, "{begin:?}");
        assert!(
            notes(&text).contains("also reads cards without a line BEGIN:VCARD: 1 card, from line 6"),
            "{begin:?}"
        );
    }
}

#[test]
fn joined_cards_are_refused() {
    let [ida, tom] = both();
    let whole = ida.clone() + &tom;
    for (lost, line) in [("END:VCARD\nBEGIN:VCARD\n", 6), ("END:VCARD\nBEGIN:VCARD\nVERSION:3.0\n", 5)] {
        let said = read(&whole.replace(lost, "")).unwrap_err();
        assert!(said.starts_with(&format!("line {line}: a second ")) && said.contains("line 1"), "{said}");
    }
    // The same name in another spelling does not indicate joined cards.
    for again in ["FN:Ida Vale\n", "FN;LANGUAGE=ja:アイダ\n", "VERSION:3.0\n"] {
        let text = whole.replacen("VERSION:3.0\n", &format!("VERSION:3.0\n{again}"), 1);
        assert_eq!(read(&text).unwrap().len(), 2, "{again}");
    }
}

#[test]
fn card_inside_another_card_is_not_called() {
    let [_, tom] = both();
    let inner = "BEGIN:VCARD\nVERSION:2.1\nFN:Ned Poole\nTEL:+1 202 555 0199\nEND:VCARD";
    let escaped = inner.replace('\n', "\\n");
    let folded = format!("{}\n {}", &escaped[..30], &escaped[30..]);
    for agent in [
        format!("AGENT:\n{inner}"),
        format!("AGENT:{inner}"),
        format!("AGENT;X-ROLE=help:\r\n{inner}\n"),
        format!("AGENT:{escaped}"),
        format!("AGENT:{folded}"),
        format!("NOTE:{escaped}"),
    ] {
        let text = format!(
            "BEGIN:VCARD\nVERSION:2.1\nFN:Ida Vale\n{agent}\nTEL;CELL:+1 202 555 0100\nEND:VCARD\n{tom}"
        );
        assert_eq!(cells(&text), BOTH, "{agent:?}");
    }
    let text = format!("BEGIN:VCARD\nFN:Ida Vale\nAGENT:\n{inner}\nTEL:+1 202 555 0100\nEND:VCARD\n");
    assert!(notes(&text).contains("such as an assistant's: 1 card, from line 4"), "{}", notes(&text));
}

#[test]
fn fax_is_recognized_in_any_spelling() {
    for phone in [
        "TEL;FAX:1",
        "TEL;TYPE=FAX:1",
        "TEL;TYPE=\"WORK,FAX\":1",
        "TEL;TYPE=work;TYPE=fax;TYPE=pref:1",
        "TEL;TYPE=HOMEFAX:1",
        "TEL;TYPE=X-WorkFax:1",
        "TEL;X-Fax\\;old:1",
        "TEL;TYPE=Telefax:1",
        "TEL;TYPE=TÉLÉCOPIE:1",
        "TEL;X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=46=61=78=20=6E=65=77):1",
        "TEL;X-CUSTOM(ФАКС):1",
        "TEL;CHARSET=UTF-8;X-LABEL==D0=A4=D0=B0=D0=BA=D1=81:1",
        "item1.TEL:1\nitem1.X-ABLabel:Fax",
        "item1.X-ABLABEL:_$!<WorkFAX>!$_\nITEM1.TEL;type=pref:1",
        "a.X-ABLabel;TYPE=pref:Faxnummer Büro\na.TEL;TYPE=CELL:1",
        "g.TEL:1\ng.X-Label:传真",
        "g.TEL:1\ng.X-ABLabel:Belgegeçer",
        "TEL;TYPE=PAGER:1",
        "TEL;TYPE=X-EVOLUTION-CALLBACK:1",
        "TEL;TYPE=X-EVOLUTION-TTYTDD:1",
        "TEL;TYPE=X-EVOLUTION-RADIO:1",
        "TEL;ISDN:1",
        "item1.TEL:1\nitem1.X-ABLabel:Assistentin",
        // Source: nextcloud/contacts issue 1540, cozy/cozy-vcard issue 7.
        "TEL;TYPE=FAX;TYPE=WORK:1",
        "TEL;TYPE=HOME,FAX:1",
        "item2.TEL:1\nitem2.X-ABLabel:_$!<Assistant>!$_",
    ] {
        let text = format!("BEGIN:VCARD\nFN:Ida Vale\n{phone}\nTEL:2\nEND:VCARD\n");
        assert_eq!(cells(&text), ["Full Name=Ida Vale, Other Phone=2, Fax=1"], "{phone}");
    }
}

#[test]
fn types_and_labels_determine_the_kind_of_phone() {
    for (phone, kind) in [
        ("TEL;TYPE=X-MOBIL:1", "Mobile"),
        ("TEL;CELL;VOICE:1", "Mobile"),
        ("item1.TEL:1\nitem1.X-ABLabel:_$!<Mobile>!$_", "Mobile"),
        ("item1.TEL:1\nitem1.X-ABLabel:Handy privat", "Mobile"),
        ("item1.TEL:1\nitem2.X-ABLabel:Mobile", "Other"),
        ("TEL;TYPE=MAIN:1", "Main"),
        ("TEL;TYPE=BUSINESS:1", "Work"),
        ("TEL;HOME:1", "Home"),
        ("TEL;TYPE=CANCELLED:1", "Other"),
        ("TEL;TYPE=X-BACKUP:1", "Other"),
        ("TEL;TYPE=CAR:1", "Other"),
        ("TEL;TYPE=PCS:1", "Mobile"),
        ("item1.TEL:1\nitem1.X-ABLabel:Komórkowy", "Mobile"),
        ("item1.TEL:1\nitem1.X-ABLabel:Рабочий", "Work"),
    ] {
        let text = format!("BEGIN:VCARD\nFN:Ida Vale\n{phone}\nEND:VCARD\n");
        assert_eq!(cells(&text), [format!("Full Name=Ida Vale, {kind} Phone=1")], "{phone}");
    }
}

#[test]
fn preferred_phone_comes_first_and_fax_comes_last() {
    for (phones, expected) in [
        ("TEL;TYPE=CELL:1\nTEL;TYPE=HOME,PREF:2", "Preferred Phone=2, Mobile Phone=1"),
        ("TEL;PREF=2;TYPE=cell:1\nTEL;PREF=1;TYPE=work:2", "Preferred Phone=2, Mobile Phone=1"),
        ("TEL;TYPE=CELL:1\nTEL;CELL;PREF:2", "Mobile Phone=2, Mobile Phone 2=1"),
        ("TEL;TYPE=work,pref:1\nTEL;TYPE=cell,pref:2", "Mobile Phone=2, Work Phone=1"),
        ("TEL;TYPE=FAX,PREF:1\nTEL;TYPE=HOME:2", "Home Phone=2, Fax=1"),
        ("TEL;TYPE=CAR:1\nTEL:2", "Other Phone=2, Other Phone 2=1"),
        // Source: nextcloud/contacts issue 1028.
        (
            "A.TEL;TYPE=pref:1\nA.X-ABLABEL:WORK\\;VOICE\\;PREF\nB.TEL:2\nB.X-ABLABEL:CELL",
            "Preferred Phone=1, Mobile Phone=2",
        ),
    ] {
        let text = format!("BEGIN:VCARD\nFN:Ida Vale\n{phones}\nEND:VCARD\n");
        assert_eq!(cells(&text), [format!("Full Name=Ida Vale, {expected}")], "{phones}");
    }
}

#[test]
fn each_property_is_decoded_with_its_own_charset() {
    let names = |header: &str, value: &[u8]| {
        [b"BEGIN:VCARD\nVERSION:2.1\nN".as_slice(), header.as_bytes(), b":", value, b"\nEND:VCARD\n"].concat()
    };
    let all = [
        names(";CHARSET=UTF-8", "Åkesson;Björn".as_bytes()),
        names(";CHARSET=ISO-8859-1", b"\xc5kesson;Bj\xf6rn"),
        names(";ENCODING=QUOTED-PRINTABLE;CHARSET=windows-1252", b"=C5kesson;Bj=F6rn"),
        names(";CHARSET=Shift_JIS", b"\x83\x5c\x96\x7b;\x91\xbe\x98\x59"),
        // The charset is copied from another card: the bytes are UTF-8.
        names(";CHARSET=ISO-8859-1", "Åkesson;Björn".as_bytes()),
    ]
    .concat();
    let (rows, notes) = read_bytes(&all, None).unwrap();
    let swedish = "First Name=Björn, Last Name=Åkesson";
    let expected = [swedish, swedish, swedish, "First Name=太郎, Last Name=ソ本", swedish];
    let rows: Vec<&str> = rows.iter().map(|row| row.split_once(": ").unwrap().1).collect();
    assert_eq!(rows, expected);
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn card_in_another_encoding_is_read_with_a_note() {
    let mut bytes = both().concat().replace("Ida Vale", "Zoë Lefèvre").into_bytes();
    bytes.extend(
        card("Ren? Dupont", "+1 202 555 0102").bytes().map(|byte| if byte == b'?' { 0xe9 } else { byte }),
    );
    let (rows, notes) = read_bytes(&bytes, None).unwrap();
    assert!(rows[0].contains("Zoë Lefèvre") && rows[2].contains("René Dupont"), "{rows:?}");
    assert!(
        notes[0].contains("line 13") && notes[0].contains("windows-1252") && notes[0].contains("--encoding"),
        "{notes:?}"
    );
}

#[test]
fn chosen_encoding_applies_to_quoted_printable_text() {
    let text = b"BEGIN:VCARD\nVERSION:2.1\nN;ENCODING=QUOTED-PRINTABLE:=C8=E2=E0=ED=\n=EE=E2;=C8=E2=E0=ED\nTEL:1\nEND:VCARD\n";
    let (rows, notes) = read_bytes(text, encoding::by_name("windows-1251")).unwrap();
    assert_eq!(rows, ["1: First Name=Иван, Last Name=Иванов, Other Phone=1"]);
    assert!(notes.is_empty());
}

#[test]
fn only_lines_of_one_property_are_joined() {
    for (lines, expected) in [
        // A name that lost its last letters does not absorb the phone.
        (
            "N;ENCODING=QUOTED-PRINTABLE:=56=61=6C=65;=49=64=61;;=4D=73=\nTEL;CELL:1",
            "First Name=Ida, Last Name=Vale, Name Prefix=Ms, Mobile Phone=1",
        ),
        ("FN;ENCODING=QUOTED-PRINTABLE:Ida=\n =20Vale\nTEL;CELL:1", "Full Name=Ida Vale, Mobile Phone=1"),
        ("FN:Ida\n  Vale\nTEL;CELL:1", "Full Name=Ida Vale, Mobile Phone=1"),
        ("FN:Ida Vale\n TEL;CELL:1", "Full Name=Ida Vale, Mobile Phone=1"),
        ("FN:Ida Vale\n> TEL;CELL:1", "Full Name=Ida Vale, Mobile Phone=1"),
        ("FN:Ida Vale\n > TEL;CELL:1", "Full Name=Ida Vale, Mobile Phone=1"),
        ("FN:Ida Vale TEL;CELL:1", "Full Name=Ida Vale, Mobile Phone=1"),
        ("VERSION:3.0FN:Ida ValeTEL;TYPE=CELL:1", "Full Name=Ida Vale, Mobile Phone=1"),
        (
            "N:Vale;Ida;;Ms;item1.TEL;type=CELL:1",
            "First Name=Ida, Last Name=Vale, Name Prefix=Ms, Mobile Phone=1",
        ),
        ("FN:Ida Valeitem1.TEL;type=CELL:1", "Full Name=Ida Vale, Mobile Phone=1"),
        ("FN:Ida Vale\nNOTE:ask TEL:1 first", "Full Name=Ida Vale"),
        ("FN:Ida Vale\nORG:HOTEL:Plaza", "Full Name=Ida Vale, Organization=HOTEL:Plaza"),
        // Source: sabre-io/dav issue 1005, a packed line without the space that continues it.
        (
            "FN:Ida Vale\nLABEL;ENCODING=QUOTED-PRINTABLE:=31=0D=\n=0A\nTEL;CELL:1",
            "Full Name=Ida Vale, Mobile Phone=1",
        ),
        // More digits below a number: rollcall must not call the number without them.
        ("FN:Ida Vale\nTEL;CELL:+1 202 555\n0100", "Full Name=Ida Vale, Mobile Phone=+1 202 555\n0100"),
        // A number with a line break too many before it and one too few after it.
        (
            "FN:Ida Vale\nitem1.TEL;type=CELL:\n2025550100item1.X-ABLabel:Handy",
            "Full Name=Ida Vale, Mobile Phone=\n2025550100item1.X-ABLabel:Handy",
        ),
    ] {
        let text = format!("BEGIN:VCARD\n{lines}\nEND:VCARD\n");
        assert_eq!(cells(&text), [expected], "{lines:?}");
    }
    let joined = notes("BEGIN:VCARD\nFN:Ida Vale TEL;CELL:1\nEND:VCARD\n");
    assert!(joined.contains("line 2: several properties"), "{joined}");
}

#[test]
fn numbers_outside_phone_properties_are_reported_and_not_called() {
    // Source: owncloud-archive/apps issue 724, lines named as in an address book's own form.
    for (line, number) in [
        ("Cell phone:0633 333 339", "0633 333 339"),
        ("EL;TYPE=CELL:+1 202 555 0100", "+1 202 555 0100"),
        ("ELL:+1 202 555 0100\n\titem1.X-ABLabel:Handy", "+1 202 555 0100"),
        ("TEL;TYPE=CELL+1 202 555 0100", "+1 202 555 0100"),
        ("2025550100item1.X-ABLabel:Handy", "2025550100"),
        ("X-KIND;TYPE=\"cell,vo+1 202 555 0100UID:urn:uuid:1", "+1 202 555 0100"),
        ("X-KIND;CELL +1 202 555 0100UID:urn:uuid:1", "+1 202 555 0100"),
        ("TELYPE=\"cell\":+1 202 555 0100UID:urn:uuid:1", "+1 202 555 0100"),
        ("NOTE:called, no answerTEL;TYPE=CELL:+1 202 555 0100", "+1 202 555 0100"),
    ] {
        let text = format!("BEGIN:VCARD\nVERSION:3.0\nFN:Ida Vale\n{line}\nEND:VCARD\n");
        let found = cells(&text);
        assert!(
            found[0].starts_with("Full Name=Ida Vale, Unclear Number=") && found[0].contains(number),
            "{found:?}"
        );
        assert!(notes(&text).contains("1 line, the first is line 4: `"), "{}", notes(&text));
    }
    let text =
        "BEGIN:VCARD\nVERSION:4.0\nFN:Ida Vale\nTEL;TYPE=\"cell,vo+1 202 555 0100UID:urn:uuid:1\nEND:VCARD\n";
    assert!(cells(text)[0].ends_with("Unclear Number=+1 202 555 0100"), "{:?}", cells(text));
    let dates = "BDAY:19900102\nREV:20261102T101500Z\nUID:1234567890\nADR:;;1234567;;;;\nX-STARTED:20201010";
    assert_eq!(notes(&format!("BEGIN:VCARD\nFN:A\n{dates}\nEND:VCARD\n")), "");
}

#[test]
fn cards_without_name_and_number_become_rows() {
    let text = "BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\nBEGIN:VCARD\nEMAIL:ida@example.com\nEND:VCARD\n";
    assert_eq!(read(text).unwrap(), ["1: ", "4: Email=ida@example.com"]);
    assert_eq!(read("\n\n").unwrap_err(), "the file does not hold a card");
}

#[test]
fn names_appear_once_and_company_names_are_dropped() {
    for (lines, expected) in [
        ("N:Ida Vale;;;;\nFN:Ida Vale", "Full Name=Ida Vale"),
        ("N:;Ida Vale;;;\nFN:Ida  VALE", "Full Name=Ida Vale"),
        ("N:Ida Vale;;;;", "Full Name=Ida Vale"),
        ("N:Vale;;;;\nFN:Ida Vale", "Last Name=Vale, Full Name=Ida Vale"),
        (
            "N:van der Berg;Ida;;;\nFN:Ida van der Berg",
            "First Name=Ida, Last Name=van der Berg, Full Name=Ida van der Berg",
        ),
        // Source: owncloud/contacts issue 1055 and contactsplus issue 44, whose program escaped the semicolons.
        (
            "N:Vale\\;Ida\\;Mary\\;\\;;;;;\nFN:Ida Mary Vale",
            "First Name=Ida, Last Name=Vale, Full Name=Ida Mary Vale, Middle Name=Mary",
        ),
        ("N:Vale;Ida,Mary;;;", "First Name=Ida Mary, Last Name=Vale"),
        ("N:;;;;\nFN:Example Exports Ltd\nORG:Example Exports Ltd;", "Organization=Example Exports Ltd"),
        ("FN:Example Exports Ltd\nX-ABShowAs:COMPANY", ""),
        ("FN:+1 202 555 0100", "Unclear Number=+1 202 555 0100"),
    ] {
        let rows = cells(&format!("BEGIN:VCARD\n{lines}\nEND:VCARD\n"));
        assert_eq!(rows, [expected], "{lines:?}");
    }
}

#[test]
fn appended_utf_16_cards_are_refused_or_read_by_line() {
    let [ida, tom] = both();
    let mut bytes = ida.into_bytes();
    bytes.extend(tom.encode_utf16().flat_map(u16::to_le_bytes));
    assert!(read_bytes(&bytes, None).unwrap_err().starts_with("line 6: text in UTF-16"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    fs::write(&path, &bytes).unwrap();
    let mut source = Source::open(&path).unwrap();
    let encoding = encoding::detect(&mut source, None).unwrap().encoding;
    let cards = Cards::open(&mut source, encoding, &ParseSettings::default()).unwrap();
    let mut preview = Preview::new(usize::MAX);
    cards.visit(&mut source, &mut preview).unwrap();
    assert_eq!(preview.rows.len(), 2);
}
