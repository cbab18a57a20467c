//! vCards, LDIF and JSON with joined, cut or missing parts. Every number that is still in the file is in a row, or a note
//! reports missing numbers, or rollcall refuses the file.
//!
//! Every run tests the same mutants: 300 of each kind, and more with `ROLLCALL_TRIALS`. `ROLLCALL_ACCOUNTED=100000`
//! sets their number, and `ROLLCALL_SEED=7` makes others.

use std::{env, fs, ops::ControlFlow, path::Path};

use rollcall::parse::{Format, Input, ParseSettings};

use crate::random::{Random, setting, size};

/// People in a seed.
const PEOPLE: usize = 6;

/// Returns the number of a person. All numbers have the same length.
fn number(person: usize) -> String {
    format!("+1 202 555 01{person:02}")
}

/// Texts between joined records.
const BETWEEN: [&[u8]; 10] =
    [b"", b"\n", b"\r", b"\r\n\r\n", b"\xef\xbb\xbf", b"\0", b" ", b"\x1a", b"\n\xef\xbb\xbf", b"-- \n"];

/// Applies one to three changes to a file of lines. `ends` is the last line of a record.
fn mutated(text: &str, ends: &str, random: &mut Random) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = text.split_inclusive('\n').map(|line| line.as_bytes().to_vec()).collect();
    for _ in 0..=random.below(3) {
        if lines.is_empty() {
            break;
        }
        let at = random.below(lines.len());
        match random.below(9) {
            // Join records, or put text between them.
            0 | 1 => {
                let ends: Vec<usize> = (0..lines.len())
                    .filter(|line| lines[*line].trim_ascii().starts_with(ends.as_bytes()))
                    .collect();
                if let Some(line) = ends.get(random.below(ends.len())) {
                    while lines[*line].last().is_some_and(u8::is_ascii_whitespace) {
                        lines[*line].pop();
                    }
                    lines[*line].extend_from_slice(BETWEEN[random.below(BETWEEN.len())]);
                }
            }
            // Lose lines.
            2 => drop(lines.drain(at..(at + 1 + random.below(4)).min(lines.len()))),
            // Join a line with the next.
            3 => {
                while lines[at].last().is_some_and(u8::is_ascii_whitespace) {
                    lines[at].pop();
                }
            }
            // Break a line in two.
            4 => {
                let place = random.below(lines[at].len());
                lines[at].insert(place, [b'\n', b'\r'][random.below(2)]);
            }
            // Lose bytes within a line.
            5 => {
                let start = random.below(lines[at].len());
                let end = (start + 1 + random.below(6)).min(lines[at].len());
                lines[at].drain(start..end);
            }
            // Cut the file.
            6 if random.below(3) == 0 => {
                lines.truncate(at + 1);
                let end = random.below(lines[at].len());
                lines[at].truncate(end);
            }
            // Indent or quote lines.
            7 => {
                let mark: &[u8] = [b" ".as_slice(), b"\t", b"> "][random.below(3)];
                let end = (at + 1 + random.below(8)).min(lines.len());
                lines[at..end].iter_mut().for_each(|line| drop(line.splice(0..0, mark.iter().copied())));
            }
            // Change line ends.
            _ => {
                let end: &[u8] = [b"\r".as_slice(), b"\r\n", b"\n\n"][random.below(3)];
                for line in lines.iter_mut().filter(|line| line.ends_with(b"\n")) {
                    line.pop();
                    line.extend_from_slice(end);
                }
            }
        }
    }
    lines.concat()
}

/// Returns the numbers of a file that are in no row, unless a note reports missing numbers.
/// Returns settings to read a format; LDIF is read only on request.
fn settings_for(kind: &str) -> ParseSettings {
    ParseSettings { format: (kind == "ldif").then_some(Format::Ldif), ..ParseSettings::default() }
}

fn lost(kind: &str, path: &Path, content: &[u8]) -> Vec<String> {
    fs::write(path, content).unwrap();
    let Ok(mut input) = Input::open(path, &settings_for(kind)) else { return Vec::new() };
    let mut cells = Vec::new();
    let read = input.read(0, &mut |rows| {
        for row in rows.iter() {
            cells.extend(row.cells().map(|cell| String::from_utf8_lossy(cell.text).into_owned()));
        }
        ControlFlow::Continue(())
    });
    let reports_loss = |note: &String| ["not read", "not called"].iter().any(|words| note.contains(words));
    let Ok(summary) = read else { return Vec::new() };
    if input.info.notes.iter().chain(&summary.notes).any(reports_loss) {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(content);
    let numbers = (0..PEOPLE).map(number).filter(|number| text.contains(number.as_str()));
    numbers.filter(|number| !cells.iter().any(|cell| cell.contains(number.as_str()))).collect()
}

#[expect(clippy::print_stderr, reason = "the figures of a long run")]
fn assert_none_lost(kind: &str, seeds: &[String], ends: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    let count = setting("ROLLCALL_ACCOUNTED", size(300, 10_000, 1_000_000));
    let seed = setting("ROLLCALL_SEED", 1);
    for case in 0..count {
        let mut random = Random(seed.wrapping_mul(1_000_003) ^ case);
        let content = mutated(&seeds[random.below(seeds.len())], ends, &mut random);
        let lost = lost(kind, &path, &content);
        if !lost.is_empty() {
            let kept = env::temp_dir().join(format!("rollcall-accounted-{kind}-{seed}-{case}"));
            fs::write(&kept, &content).unwrap();
            panic!("{kind}: case {case} of seed {seed} loses {lost:?}: {}", kept.display());
        }
    }
    eprintln!("{kind}: {count} mutants of seed {seed}, no number lost");
}

fn card(version: &str, person: usize) -> String {
    let number = number(person);
    let body = match version {
        "2.1" => format!(
            "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=56ale;Ida=\n =20{person};;=4Ds\nTEL;CELL:{number}\n"
        ),
        "3.0" => format!(
            "N:Vale;Ida{person};;Ms;\nFN:Ida{person} Vale\nitem1.TEL;type=CELL:{number}\nitem1.X-ABLabel:Handy\nNOTE:called\n , no answer\n"
        ),
        _ => format!("FN:Ida{person} Vale\nTEL;TYPE=\"cell,voice\":{number}\nUID:urn:uuid:{person}\n"),
    };
    format!("BEGIN:VCARD\nVERSION:{version}\n{body}END:VCARD\n")
}

#[test]
fn damaged_cards_lose_no_number_silently() {
    let seeds = ["2.1", "3.0", "4.0"]
        .map(|version| (0..PEOPLE).map(|person| card(version, person)).collect::<String>());
    assert_none_lost("vcard", &seeds, "END:VCARD");
}

#[test]
fn damaged_entries_lose_no_number_silently() {
    let entry = |person: usize, lines: &str| {
        format!("dn: cn=Ida{person} Vale,ou=people\nobjectClass: top\nobjectClass: person\n{lines}\n")
    };
    let seed = |lines: &dyn Fn(usize) -> String| {
        (0..PEOPLE).map(|person| entry(person, &lines(person))).collect::<String>()
    };
    let seeds = [
        seed(&|person| format!("cn: Ida{person} Vale\nmobile: {}\nmail: ida@example.com\n", number(person))),
        seed(&|person| format!("homePhone: {}\ndescription: called\n , no answer\n", number(person))),
        // Another order, and an attribute between its value and the next entry.
        seed(&|person| {
            format!("telephoneNumber:\n  {}\nsn: Vale\njpegPhoto:: QUFB\n QUFB\n", number(person))
        }),
    ];
    assert_none_lost("ldif", &seeds, "mail");
}

#[test]
fn damaged_json_loses_no_number_silently() {
    let person =
        |person: usize| format!("{{\n\"name\": \"Ida{person} Vale\",\n\"phone\": \"{}\"\n}}", number(person));
    let people: Vec<String> = (0..PEOPLE).map(person).collect();
    let lines: String = people.iter().map(|person| person.replace('\n', "") + "\n").collect();
    let keyed: Vec<String> =
        people.iter().enumerate().map(|(number, person)| format!("\"c{number}\":\n{person}")).collect();
    let halves = (people[..3].join(",\n"), people[3..].join(",\n"));
    let seeds = [
        format!("[\n{}\n]\n", people.join(",\n")),
        format!("{{\"count\": 6,\n\"payload\": [\n{}\n]}}\n", people.join(",\n")),
        format!("{{\n{}\n}}\n", keyed.join(",\n")),
        format!(
            "[\n{{\"company\": \"A\",\n\"staff\": [\n{}\n]}},\n{{\"company\": \"B\",\n\"staff\": [\n{}\n]}}\n]\n",
            halves.0, halves.1
        ),
        lines,
        people.join("\n"),
    ];
    assert_none_lost("json", &seeds, "}");
}
