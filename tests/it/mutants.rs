//! Broken files. Reading one ends with rows or an error, never with a panic, and the same bytes always give the same
//! result. Some are bombs with repeated pieces and huge numbers. No file gives more data than its size allows.
//!
//! Every run tests the same mutants: 500 of each kind, and more with `ROLLCALL_TRIALS`. `ROLLCALL_MUTANTS=100000` sets
//! their number, and `ROLLCALL_SEED=7` makes others. To limit memory too, run the built tests in a shell with
//! `ulimit -v 1000000`.

use std::{
    env, fs,
    io::{Cursor, Read as _, Write as _},
    ops::ControlFlow,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    bombs::with_file_limit,
    random::{Random, setting, size},
    sealed::{Sealed, ended},
};
use rollcall::{
    contact::Region,
    normalize::{NormalizeSettings, Normalizer},
    parse::{Format, Input, ParseSettings},
};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// Pieces that break formats: their own marks and extreme values.
const PIECES: [&[u8]; 26] = [
    b"\"",
    b",",
    b";",
    b"\r\n",
    b"\n",
    b"\0",
    b"\xff",
    b"\xc3",
    b"=\"",
    b"'",
    b"<",
    b">",
    b"&#0;",
    b"&amp;",
    b"{",
    b"[",
    b"\\u0000",
    b"1e308",
    b"-1",
    b"4294967296",
    b"BEGIN:VCARD\n",
    b"END:VCARD\n",
    b"\ndn: cn=x\n",
    b"\n ",
    b"XFD1048576",
    b"+91 98765 43210 ext. 1",
];

/// Applies one to four small changes.
fn mutated(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(20)).min(bytes.len());
        match random.below(8) {
            6 => repeat_piece(&mut bytes, random),
            7 => exaggerate(&mut bytes, random),
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 => drop(bytes.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied())),
            2 => drop(bytes.splice(at..end, PIECES[random.below(PIECES.len())].iter().copied())),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            _ if random.below(8) == 0 => bytes.truncate(at),
            _ => {}
        }
    }
    bytes
}

/// Huge or extreme values.
const HUGE: [&[u8]; 8] = [
    b"1024",
    b"16384",
    b"1048576",
    b"4294967295",
    b"18446744073709551615",
    b"-2147483648",
    b"1e9",
    &[b'x'; 5000],
];

/// Repeats a piece of the text, from one mark to another, up to a thousand times.
fn repeat_piece(bytes: &mut Vec<u8>, random: &mut Random) {
    const MARKS: &[u8] = b"<,\n{[;";
    const MAX_PIECE: usize = 400;

    let from = random.below(bytes.len() + 1);
    let is_mark = |byte: &u8| MARKS.contains(byte);
    let Some(start) = bytes[from..].iter().position(is_mark).map(|start| from + start) else { return };
    let end = (start + 1 + random.below(MAX_PIECE)).min(bytes.len());
    let end =
        start + bytes[start..end].iter().rposition(is_mark).filter(|end| *end > 0).unwrap_or(end - start);
    // Mostly a few times, because long files take long to read.
    let most = if random.below(16) == 0 { 11 } else { 5 };
    let times = 1 << random.below(most);
    let piece = bytes[start..end].repeat(times);
    bytes.splice(start..start, piece);
}

/// Puts a huge value between two quotation marks.
fn exaggerate(bytes: &mut Vec<u8>, random: &mut Random) {
    let from = random.below(bytes.len() + 1);
    let mut marks = bytes[from..].iter().enumerate().filter(|(_, byte)| matches!(byte, b'"' | b'\''));
    let (Some((start, _)), Some((end, _))) = (marks.next(), marks.next()) else { return };
    bytes.splice(from + start + 1..from + end, HUGE[random.below(HUGE.len())].iter().copied());
}

/// Returns how many bytes of text and row overhead a file may give: 16 MiB or 200 times its size.
fn allowed(content: &[u8]) -> usize {
    (16 << 20).max(content.len() * 200)
}

/// The bytes that the program may write, as a multiple of the allowed bytes. It writes a rejected row to several files,
/// with reasons and hints.
const OUTPUT_FACTOR: usize = 8;

/// Checks a file with the built program. Its output must stay within the limit, and a refused file must leave no
/// output.
fn check(content: &[u8]) {
    let sealed = Sealed::new();
    sealed.write("list", content);
    let max_bytes = OUTPUT_FACTOR * allowed(content);
    let command = sealed.command(&["check", "list", "--region", "IN", "--out", "out"]);
    let checked = ended(with_file_limit(&sealed, &command, max_bytes));
    assert!([0, 1, 3].contains(&checked.code), "exit code {}: {}", checked.code, checked.stderr);
    let files = fs::read_dir(sealed.path("out")).into_iter().flatten();
    let written: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(written <= max_bytes as u64, "{written} bytes written from a file of {}", content.len());
    assert!(checked.code != 3 || written == 0, "{written} bytes left from a refused file");
}

/// Reads and normalizes all rows of a file. Returns the number of rows or the error, and the bytes of its rows.
fn outcome(kind: &str, path: &Path, content: &[u8]) -> (Result<u64, String>, usize) {
    fs::write(path, content).unwrap();
    let settings = NormalizeSettings { region: Region::new("IN"), ..NormalizeSettings::default() };
    let mut bytes = 0;
    // LDIF is read only on request.
    let format = (kind == "ldif").then_some(Format::Ldif);
    let parse = ParseSettings { format, ..ParseSettings::default() };
    let read = Input::open(path, &parse).and_then(|mut input| {
        let columns = input.info.columns.clone();
        let normalizer = Normalizer::new(&settings, &columns);
        input.read(0, &mut |rows| {
            bytes += rows.text_len() + 128 * rows.len();
            rows.iter().for_each(|row| drop(normalizer.read(row)));
            ControlFlow::Continue(())
        })
    });
    assert!(bytes <= allowed(content), "{bytes} bytes of rows from a file of {}", content.len());
    (read.map(|summary| summary.rows).map_err(|error| error.to_string()), bytes)
}

/// Reads many mutants that `broken` makes.
#[expect(clippy::print_stderr, reason = "the figures of a long run")]
fn read_mutants(kind: &str, mut broken: impl FnMut(&mut Random) -> Vec<u8>) {
    // A mutant takes milliseconds. Even on a busy machine, only an endless read takes this long.
    const TIMEOUT: Duration = Duration::from_mins(2);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    let (count, seed) =
        (setting("ROLLCALL_MUTANTS", size(500, 10_000, 100_000)), setting("ROLLCALL_SEED", 1));
    let (mut read, mut checked, mut longest) = (0, 0, Duration::ZERO);
    for case in 0..count {
        let content = broken(&mut Random(seed.wrapping_mul(1_000_003) ^ case));
        let started = Instant::now();
        let first = std::panic::catch_unwind(|| outcome(kind, &path, &content));
        longest = longest.max(started.elapsed());
        let kept = || {
            let kept = env::temp_dir().join(format!("rollcall-{kind}-{seed}-{case}"));
            fs::write(&kept, &content).unwrap();
            kept
        };
        let Ok(first) = first else {
            panic!("{kind}: case {case} of seed {seed} panics: {}", kept().display())
        };
        assert!(
            started.elapsed() < TIMEOUT,
            "{kind}: case {case} of seed {seed} hangs: {}",
            kept().display()
        );
        read += u64::from(first.0.is_ok());
        // The built program also checks the largest mutants and a few others.
        if case % 1024 == 0 || first.1 > allowed(&content) / 4 {
            checked += 1;
            let result = std::panic::catch_unwind(|| check(&content));
            assert!(result.is_ok(), "{kind}: case {case} of seed {seed}: {}", kept().display());
        }
        // Some mutants are read twice.
        if case % 16 == 0 {
            assert_eq!(
                outcome(kind, &path, &content),
                first,
                "{kind}: case {case} of seed {seed}: {}",
                kept().display()
            );
        }
    }
    assert!(
        read > count / 20 && read < count,
        "{kind}: {read} of {count} mutants were read: they are broken too little or too much"
    );
    eprintln!(
        "{kind}: {count} mutants of seed {seed}, {read} read, the longest in {longest:?}; {checked} checked with the program"
    );
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(crate::sealed::samples().join(name)).unwrap()
}

/// Returns the first lines of a sample. Changes to a small seed hit important places more often.
fn head(bytes: &[u8], lines: usize) -> Vec<u8> {
    bytes.split_inclusive(|byte| *byte == b'\n').take(lines).flatten().copied().collect()
}

#[test]
fn broken_csv_never_panics() {
    let seeds = [
        head(&sample("contacts.csv"), 12),
        b"sep=;\r\nVorname;Nachname;Handy\r\nJ\xfcrgen;M\xfcller;0171 1234567\r\n".to_vec(),
        b"Name,Phone 1 - Label,Phone 1 - Value\n\"A\nB\",Work Fax,1\nC D,* Mobile,98765 43210 ::: 98765 43211\n".to_vec(),
        "\u{feff}Name\tMobile\nJosé Núñez\t+34 612 345 678\n".encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    read_mutants("csv", |random| mutated(&seeds[random.below(seeds.len())], random));
}

#[test]
fn broken_json_never_panics() {
    let seeds = [
        br#"[{"firstName": "Asha", "lastName": "Rao", "cellPhone": {"phoneNumber": "9876543210", "countryCode": "+91"}}]"#.to_vec(),
        br#"{"results": [{"name": "Li Wei", "phones": ["98765 43210", 5.0e3, null]}], "hasMore": false}"#.to_vec(),
        b"{\"name\": \"A B\", \"phone\": 919876543210}\n{\"name\": \"C \\u00e9\", \"phone\": \"1\"}\n".to_vec(),
    ];
    read_mutants("json", |random| mutated(&seeds[random.below(seeds.len())], random));
}

#[test]
fn broken_vcards_never_panic() {
    let seed = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen;;;\r\nTEL;CELL:+49 170 1234567\r\nEND:VCARD\r\n\
        BEGIN:VCARD\nVERSION:4.0\nFN:Li Wei\nitem1.TEL;VALUE=uri;TYPE=\"voice,cell\":tel:+86-138-1234-5678\nPHOTO;ENCODING=b:AAAA\n BBBB\nEND:VCARD\n";
    read_mutants("vcard", |random| mutated(seed, random));
}

#[test]
fn broken_entries_never_panic() {
    let seeds = [
        b"version: 1\r\n\r\ndn: cn=Ida Vale,o=x\r\nobjectClass: top\r\nobjectClass: person\r\nsn;lang-de: Va\r\n le\r\ncn: Ida Vale\r\nmobile: +49 170 1234567\r\n\r\n\
            dn: ou=x\r\nobjectClass: organizationalUnit\r\n".to_vec(),
        b"# extended LDIF\n#\n# a\n  b\n\ndn:: Y249TGkgV2Vp\nchangetype: add\ncn:: TGkgV2Vp\njpegPhoto:: QUFB\n QkJC\nphoto:< file:///x\ntelephoneNumber: 98765 43210\n\nsearch: 2\nresult: 0 Success\n".to_vec(),
    ];
    read_mutants("ldif", |random| mutated(&seeds[random.below(seeds.len())], random));
}

/// The archive is intact, but its files are broken. The checksums of an archive do not detect that.
#[test]
fn broken_xlsx_workbooks_never_panic() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let page = workbook.add_worksheet();
    page.write_row(0, 0, ["First Name", "Last Name", "Salutation", "Mobile"]).unwrap();
    for row in 1..6 {
        page.write_row(row, 0, ["Asha", "Rao", "Ms"]).unwrap();
        page.write(row, 3, 9_876_543_210_f64 + f64::from(row)).unwrap();
    }
    read_mutants_of_archive("xlsx", &workbook.save_to_buffer().unwrap());
}

#[test]
fn broken_xlsb_workbooks_never_panic() {
    read_mutants_of_archive("xlsb", &written_by("sheetjs.xlsb"));
}

#[test]
fn broken_ods_spreadsheets_never_panic() {
    read_mutants_of_archive("ods", &written_by("libreoffice.ods"));
}

#[test]
fn broken_web_pages_never_panic() {
    let seeds: [&[u8]; 2] = [
        b"<html><table border=\"1\"><tr><th>Name</th><th colspan=\"2\">Phone</th></tr><tr><td rowspan='2'>Asha Rao<td>98765 43210<td>x</tr><tr><td>98765 43211</table>",
        b"<html><body><p>Leads</p><table><tr style=\"display:none\"><td>x</td></tr><tr><td>First Name<td>Last Name<td>Mobile</tr><tr><td>Li<td>Wei<td>+86 138 1234 5678<br>office</td></tr></table><table><tr><td>Sum</td></tr></table>",
    ];
    read_mutants("html", |random| mutated(seeds[random.below(seeds.len())], random));
}

#[test]
fn broken_xml_spreadsheets_never_panic() {
    let seed = b"<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet ss:Name=\"Leads\"><Table><Column ss:Index=\"3\" ss:Hidden=\"1\"/>\
        <Row ss:Index=\"1\"><Cell><Data ss:Type=\"String\">Name</Data></Cell><Cell ss:Index=\"2\" ss:MergeAcross=\"1\"><Data ss:Type=\"String\">Phone</Data></Cell></Row>\
        <Row><Cell><Data ss:Type=\"String\">Asha Rao</Data></Cell><Cell><Data ss:Type=\"Number\">9876543210</Data></Cell></Row></Table></Worksheet></Workbook>";
    read_mutants("xml", |random| mutated(seed, random));
}

/// Broken lists in intact and broken compressed files.
#[test]
fn broken_compressed_files_never_panic() {
    let list = head(&sample("contacts.csv"), 12);
    let gzip = |content: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    };
    let zip = |name: &str, content: &[u8]| {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
        writer.finish().unwrap().into_inner()
    };
    read_mutants("packed", |random| {
        let inside = mutated(&list, random);
        let packed = match random.below(4) {
            0 => gzip(&inside),
            1 => zip("list.csv", &inside),
            2 => zip("list.csv", &gzip(&inside)),
            _ => ruzstd::encoding::compress_to_vec(
                inside.as_slice(),
                ruzstd::encoding::CompressionLevel::Fastest,
            ),
        };
        if random.below(4) == 0 { mutated(&packed, random) } else { packed }
    });
}

#[test]
fn broken_xls_workbooks_never_panic() {
    let seeds = ["sheetjs.xls", "libreoffice.xls", "xlwt.xls"].map(written_by);
    read_mutants("xls", |random| mutated(&seeds[random.below(seeds.len())], random));
}

/// Returns a workbook that another program wrote.
fn written_by(name: &str) -> Vec<u8> {
    fs::read(crate::sealed::producers().join(name)).unwrap()
}

/// Breaks the files in an archive, and sometimes the archive itself.
fn read_mutants_of_archive(kind: &str, archive: &[u8]) {
    let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
    let parts: Vec<(String, Vec<u8>)> = (0..archive.len())
        .map(|index| {
            let mut part = archive.by_index(index).unwrap();
            let mut content = Vec::new();
            part.read_to_end(&mut content).unwrap();
            (part.name().unwrap().into_owned(), content)
        })
        .filter(|(_, content)| !content.is_empty())
        .collect();
    let has_cells = |(name, _): &(String, Vec<u8>)| name.contains("sheet1") || name == "content.xml";
    let cells = parts.iter().position(has_cells).unwrap();
    read_mutants(kind, |random| {
        let broken = if random.below(2) == 0 { cells } else { random.below(parts.len()) };
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (index, (name, content)) in parts.iter().enumerate() {
            writer.start_file(name.as_str(), options).unwrap();
            let content = if index == broken { mutated(content, random) } else { content.clone() };
            writer.write_all(&content).unwrap();
        }
        let whole = writer.finish().unwrap().into_inner();
        // Sometimes, break the archive too.
        if random.below(8) == 0 { mutated(&whole, random) } else { whole }
    });
}

#[test]
fn broken_phone_numbers_are_read_the_same_in_e164() {
    use rollcall::{
        normalize::phone::{Origin, PhonePolicy},
        row::CellKind,
    };

    let seeds = [
        "+91 98765 43210",
        "030 231250/51",
        "tel:+86-138-1234-5678;ext=5",
        "=\"0171 1234567\"",
        "1-800-FLOWERS",
        "٩٨٧٦٥٤٣٢١٠ x12",
    ];
    let policy = PhonePolicy::default();
    let (count, seed) =
        (setting("ROLLCALL_MUTANTS", size(500, 10_000, 100_000)), setting("ROLLCALL_SEED", 1));
    for case in 0..count {
        let mut random = Random(seed.wrapping_mul(1_000_003) ^ case);
        let bytes = mutated(seeds[random.below(seeds.len())].as_bytes(), &mut random);
        let text = String::from_utf8_lossy(&bytes);
        let region = ["IN", "DE", "US", "GB"][random.below(4)];
        let origin = Region::new(region).map(Origin::Region);
        if let Ok(number) = policy.read(&text, CellKind::Text, origin) {
            let again = policy.read(&format!("+{}", number.e164()), CellKind::Text, None);
            assert_eq!(again, Ok(number), "case {case} of seed {seed}: {text:?} in {region}");
        }
    }
}
