//! Lists in many encodings, whole and mixed, through the built program.

use std::fmt::Write as _;

use crate::sealed::Sealed;

/// The result of checking a list.
struct Checked {
    encoding: String,
    notes: String,
    /// Row, outcome and code of each row.
    rows: Vec<String>,
    stderr: String,
}

/// Checks a list, and after it the same people in UTF-8. If rollcall reads the names correctly, each person in the
/// second file is a duplicate under the same name.
fn checked(list: &[u8], people: &[&str], args: &[&str]) -> Checked {
    let sealed = Sealed::new();
    sealed.write("list.csv", list);
    let mut same = "First Name,Last Name,Salutation,Phone\n".to_owned();
    for (person, number) in people.iter().zip(100..) {
        let (given, family) = person.split_once(' ').unwrap();
        writeln!(same, "{given},{family},Mr,+44 20 7946 0{number}").unwrap();
    }
    sealed.write("same.csv", same);
    let output = sealed.run(&[&["check", "list.csv", "same.csv", "--out", "out"], args].concat());
    assert!(matches!(output.code, 0 | 1), "{}", output.stderr);
    let input = sealed.report("out")["inputs"][0].clone();
    Checked {
        encoding: input["encoding"].as_str().unwrap().to_owned(),
        notes: input["notes"].to_string(),
        rows: sealed.outcomes("out").iter().map(crate::sealed::Outcome::brief).collect(),
        stderr: output.stderr,
    }
}

/// Returns the rows of these people as text.
fn list(people: &[&str], first: usize, line_end: &str) -> String {
    let mut list = String::new();
    for (person, number) in people.iter().zip(first..) {
        let (given, family) = person.split_once(' ').unwrap();
        write!(list, "{given},{family},Mr,+44 20 7946 0{number}{line_end}").unwrap();
    }
    list
}

const HEADER: &str = "First Name,Last Name,Salutation,Phone";

/// Returns the expected rows: all valid, then a duplicate under the same name for each.
fn all_valid(people: usize) -> Vec<String> {
    let rows = 2..people + 2;
    let valid = rows.clone().map(|row| format!("{row} valid"));
    valid.chain(rows.map(|row| format!("{row} duplicate same-name"))).collect()
}

fn wide(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

const PEOPLE: [&str; 4] = ["Jörg Schäfer", "Zoë Núñez", "Ada Quill", "Günther Weiß"];

#[test]
fn old_code_pages_are_detected() {
    // The bytes of ä ö ü ß ë ú ñ.
    let pages: [(&str, &str, [u8; 7]); 3] = [
        ("ibm850", "\r\n", [0x84, 0x94, 0x81, 0xe1, 0x89, 0xa3, 0xa4]),
        ("macintosh", "\r", [0x8a, 0x9a, 0x9f, 0xa7, 0x91, 0x9c, 0x96]),
        ("windows-1252", "\r\n", [0xe4, 0xf6, 0xfc, 0xdf, 0xeb, 0xfa, 0xf1]),
    ];
    for (encoding, end, bytes) in pages {
        let text = format!("{HEADER}{end}{}", list(&PEOPLE, 100, end));
        let byte = |letter: char| match "äöüßëúñ".chars().position(|own| own == letter) {
            Some(place) => bytes[place],
            None => u8::try_from(letter).unwrap(),
        };
        let checked = checked(&text.chars().map(byte).collect::<Vec<u8>>(), &PEOPLE, &[]);
        assert_eq!((checked.encoding.as_str(), checked.rows), (encoding, all_valid(PEOPLE.len())));
    }
}

/// Source: `charlock_holmes` issue 98: Excel's "CSV (Macintosh)". Read as Windows-1252, it has `SêTIO` and `ALMEIRÌO`.
#[test]
fn capital_letters_in_mac_roman_are_detected() {
    let people = ["SÍTIO ALMEIRÃO", "JOÃO UWADA", "ANA AÇÚCAR"];
    let byte = |letter: char| match letter {
        'Í' => 0xea,
        'Ã' => 0xcc,
        'Ç' => 0x82,
        'Ú' => 0xf2,
        _ => u8::try_from(letter).unwrap(),
    };
    let text = format!("{HEADER}\r{}", list(&people, 100, "\r"));
    let checked = checked(&text.chars().map(byte).collect::<Vec<u8>>(), &people, &[]);
    assert_eq!((checked.encoding.as_str(), checked.rows), ("macintosh", all_valid(people.len())));
}

/// Source: `charset_normalizer` issue 624, `glific` issue 5657 (a dash that a spreadsheet inserted).
#[test]
fn umlauts_in_the_header_and_a_dash_are_read_as_windows_1252() {
    let header = b"Vorname,Nachname,Anrede,Telefon,Kinos\xe4le,Sitzpl\xe4tze\n";
    let checked = checked(
        &[header.as_slice(), b"Ada,Quill,Herr,+44 20 7946 0100,1,10 \x96 20\n"].concat(),
        &["Ada Quill"],
        &[],
    );
    assert_eq!((checked.encoding.as_str(), checked.rows), ("windows-1252", all_valid(1)));
}

#[test]
fn utf_32_and_iso_2022_jp_are_read() {
    let text = format!("\u{feff}{HEADER}\n{}", list(&PEOPLE, 100, "\n"));
    let little: Vec<u8> = text.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
    let big: Vec<u8> = text.chars().skip(1).flat_map(|letter| u32::from(letter).to_be_bytes()).collect();
    for (bytes, encoding) in [(little, "utf-32le"), (big, "utf-32be")] {
        let checked = checked(&bytes, &PEOPLE, &[]);
        assert_eq!((checked.encoding.as_str(), checked.rows), (encoding, all_valid(PEOPLE.len())));
    }
    let japanese = format!("{HEADER}\n\x1b$BB@O:\x1b(B,\x1b$B;3ED\x1b(B,Mr,+44 20 7946 0100\n");
    let checked = checked(japanese.as_bytes(), &["太郎 山田"], &[]);
    assert_eq!((checked.encoding.as_str(), checked.rows), ("iso-2022-jp", all_valid(1)));
}

#[test]
fn joined_files_are_each_read_in_their_encoding() {
    let (first, second) = PEOPLE.split_at(2);
    let utf_8 = format!("{HEADER}\r\n{}", list(first, 100, "\r\n"));
    let latin: Vec<u8> =
        list(second, 102, "\r\n").chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let little = wide(&format!("\u{feff}{utf_8}"), u16::to_le_bytes);
    let big = wide(&format!("\u{feff}{}", list(second, 102, "\r\n")), u16::to_be_bytes);
    for (bytes, encoding) in [
        ([utf_8.as_bytes(), &latin].concat(), "utf-8, windows-1252"),
        ([b"\xef\xbb\xbf", utf_8.as_bytes(), &latin].concat(), "utf-8, windows-1252"),
        ([little.as_slice(), list(second, 102, "\r\n").as_bytes()].concat(), "utf-16le"),
        ([utf_8.as_bytes(), &big].concat(), "utf-8"),
    ] {
        let checked = checked(&bytes, &PEOPLE, &[]);
        assert_eq!((checked.encoding.as_str(), checked.rows), (encoding, all_valid(PEOPLE.len())));
        assert!(checked.notes.contains("mixed encodings"), "{}", checked.notes);
    }
}

/// Source: Perl/perl5 issue 10916 and libgit2 issue 1009.
#[test]
fn utf_16_with_converted_line_ends_keeps_all_rows() {
    let text = format!("{HEADER}\n{}", list(&PEOPLE, 100, "\n"));
    for to_bytes in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
        let bytes = wide(&format!("\u{feff}{text}"), to_bytes);
        let converted: Vec<u8> = bytes
            .iter()
            .flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] })
            .collect();
        let checked = checked(&converted, &PEOPLE, &[]);
        assert_eq!(checked.rows, all_valid(PEOPLE.len()));
        assert!(checked.notes.contains("line ends were converted"), "{}", checked.notes);
    }
}

#[test]
fn single_accented_name_is_read_as_western() {
    let text = |letter: u8| {
        let mut bytes = format!("{HEADER}\nAda,Quill,Mr,+44 20 7946 0100\nH").into_bytes();
        bytes.extend([b'\xe9', b'l', letter]);
        bytes.extend(b"ne,Marsh,Mr,+44 20 7946 0101\n");
        bytes
    };
    let checked = checked(&text(0xe8), &["Ada Quill", "Hélène Marsh"], &[]);
    assert_eq!((checked.encoding.as_str(), checked.rows), ("windows-1252", all_valid(2)));
}

#[test]
fn repeated_accented_letter_is_read_as_western() {
    let people = ["Ana Peña", "Eva Nuñez", "Luis Muñoz", "Toño Castaño", "Begoña Acuña", "Iñigo Yañez"];
    let text = format!("{HEADER}\n{}", list(&people, 100, "\n"));
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
    let found = checked(&bytes, &people, &[]);
    assert_eq!((found.encoding.as_str(), found.rows), ("windows-1252", all_valid(6)));
    // A single row in UTF-8 changes nothing.
    let (head, last) = text.trim_end().rsplit_once('\n').unwrap();
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(head);
    let found = checked(&[&bytes, "\n".as_bytes(), last.as_bytes()].concat(), &people, &[]);
    assert_eq!(found.rows, all_valid(6), "{}", found.notes);
}

#[test]
fn doubtful_encoding_is_reported_with_both_readings() {
    let bytes = [format!("{HEADER}\nKa").as_bytes(), b"\xe8a,Novak,Mr,+44 20 7946 0100\n"].concat();
    let checked = checked(&bytes, &["Kača Novak"], &["--region", "CZ"]);
    assert!(checked.notes.contains("uncertain") && checked.notes.contains("--encoding"), "{}", checked.notes);
}

#[test]
fn encoding_option_overrides_detection() {
    let bytes = wide(&format!("{HEADER}\n{}", list(&PEOPLE, 100, "\n")), u16::to_be_bytes);
    assert_eq!(checked(&bytes, &PEOPLE, &["--encoding", "utf-16be"]).rows[0], "2 valid");
    // KOI8-R. So few letters could have other encodings too.
    let bytes = [format!("{HEADER}\n").as_bytes(), b"\xe1\xce\xce\xc1,Rao,Mr,+44 20 7946 0100\n"].concat();
    let sealed = Sealed::new();
    sealed.write("list.csv", bytes);
    sealed.write("same.csv", format!("{HEADER}\nАнна,Rao,Mr,+44 20 7946 0100\n"));
    let output = sealed.run(&[
        "check",
        "list.csv",
        "--encoding",
        "koi8-r",
        "--exclude-file",
        "none.csv",
        "--out",
        "no",
    ]);
    assert_ne!(output.code, 0);
    assert_eq!(sealed.run(&["check", "list.csv", "--encoding", "koi8-r", "--out", "out", "-q"]).code, 0);
    assert_eq!(sealed.report("out")["inputs"][0]["encoding"], "koi8-r");
}

/// Source: rocketchat-export-userlist issue 2 and ubports/ubuntu-touch issue 868.
#[test]
fn garbled_names_are_repaired_or_rejected() {
    let text = format!(
        "{HEADER}\nJÃ¼rgen,MÃ¼ller,Mr,+44 20 7946 0100\nJos\u{fffd},Low,Mr,+44 20 7946 0101\nR%C3%B3isín,Hall,Mr,+44 20 7946 0102\nM?ller,Low,Mr,+44 20 7946 0103\n"
    );
    let checked = checked(text.as_bytes(), &["Jürgen Müller"], &[]);
    assert_eq!(
        checked.rows,
        ["2 valid", "3 rejected bad-encoding", "4 valid", "5 rejected bad-encoding", "2 duplicate same-name"]
    );
    assert!(
        checked.notes.contains("3 names were garbled") && checked.notes.contains("`JÃ¼rgen` in row 2"),
        "{}",
        checked.notes
    );
    assert!(checked.stderr.contains("garbled"), "{}", checked.stderr);
}

#[test]
fn rejected_rows_of_mixed_encodings_can_be_fixed_and_imported() {
    let sealed = Sealed::new();
    // The last row has two encodings: one for the name, one for the city. rollcall detects encodings only by line.
    let bytes = [
        "First Name,Last Name,Salutation,Phone,City\n".as_bytes(),
        "José,Núñez,,+44 20 7946 0100,K\u{f6}ln\n".as_bytes(),
        "Zoë,".as_bytes(),
        b"Hall,,+44 20 7946 0101,K\xf6ln\n",
    ]
    .concat();
    sealed.write("list.csv", bytes);
    assert_eq!(sealed.run(&["check", "list.csv", "--out", "once", "-q"]).code, 1);
    let rejected = std::fs::read(sealed.path("once/rejected.csv")).unwrap();
    let text = String::from_utf8(rejected).unwrap();
    sealed.write("fixed.csv", text.replace(",,'+44", ",Mr,'+44"));
    sealed.write(
        "same.csv",
        format!("{HEADER}\nJosé,Núñez,Mr,+44 20 7946 0100\nZoë,Hall,Mr,+44 20 7946 0101\n"),
    );
    let output = sealed.run(&["check", "fixed.csv", "same.csv", "--out", "twice"]);
    let rows: Vec<String> = sealed.outcomes("twice").iter().map(crate::sealed::Outcome::brief).collect();
    assert_eq!(rows, all_valid(2), "{}", output.stderr);
}
