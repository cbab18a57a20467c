//! Lists with a few added or missing marks. Every number that is still in the file is in a row with an outcome, or a
//! note reports numbers outside rows, or rollcall refuses the file.
//!
//! Every run tests the same mutants. `ROLLCALL_TRIALS` makes more of them, `ROLLCALL_SEED=7` makes others, and
//! `ROLLCALL_CASE=N` starts with the Nth.

use std::{fs, ops::ControlFlow, path::Path};

use crate::random::{Random, setting, size};
use rollcall::{
    contact::{Region, Salutation},
    normalize::{NormalizeSettings, Normalizer},
    outcome::Verdict,
    parse::{Input, ParseSettings},
};

/// A list as one program writes it, and the numbers in it.
struct Seed {
    text: String,
    numbers: Vec<String>,
}

/// Returns a number from the range reserved for fiction.
fn number(person: usize) -> String {
    format!("0207946{:04}", person % 1000)
}

/// Returns lists of the same people in the dialects of several programs.
fn seeds() -> Vec<Seed> {
    let people = 9;
    let numbers: Vec<String> = (0..people).map(|person| number(person * 37 + 100)).collect();
    let notes = ["", "VIP", "call later", "x", "", "5 pm", "", "said hello", ""];
    let list = |header: &str, end: &str, row: &dyn Fn(usize) -> String| {
        let rows = (0..people).map(|person| row(person) + end);
        let text = format!("{header}{end}{}", rows.collect::<String>());
        Seed { text, numbers: numbers.clone() }
    };
    let name = |person: usize| char::from(b'A' + u8::try_from(person).unwrap());
    vec![
        list("First Name,Last Name,Salutation,Phone,Notes", "\n", &|person| {
            format!("{}da,Quill,Ms,{},{}", name(person), numbers[person], notes[person])
        }),
        list("\"First Name\",\"Last Name\",\"Salutation\",\"Phone\",\"Notes\"", "\r\n", &|person| {
            format!(
                "\"{}da\",\"Quill, B.\",\"Ms\",\"{}\",\"{}\"",
                name(person),
                numbers[person],
                notes[person]
            )
        }),
        list("Vorname;Nachname;Anrede;Telefon;Ort", "\r\n", &|person| {
            format!("{}da;Quill;Frau;{};Bath", name(person), numbers[person])
        }),
        list("First Name\tLast Name\tSalutation\tPhone\tComments", "\n", &|person| {
            format!("{}da\tQuill\tMs\t{}\t\"{}\" she said", name(person), numbers[person], notes[person])
        }),
        list("Phone,First Name,Last Name,City", "\n", &|person| {
            format!("{},{}da,Quill,Bath", numbers[person], name(person))
        }),
        list("First Name,Notes,Last Name,Salutation,Phone", "\n", &|person| {
            format!("{}da,\"one\ntwo, {}\",Quill,Ms,{}", name(person), notes[person], numbers[person])
        }),
        list("First Name,Last Name,Phone,Notes", "\n", &|person| {
            let end = if person > 5 { String::new() } else { format!(",{}", notes[person]) };
            format!("{}da,Quill,{}{end}", name(person), numbers[person])
        }),
    ]
}

/// Adds or removes one to three marks, or cuts the text.
fn mutated(text: &str, random: &mut Random) -> Vec<u8> {
    const INSERTED: [&[u8]; 10] =
        [b"\"", b"\"", b"\n", b"\r\n", b"\r", b",", b";", b"\t", b"\0", b"\xef\xbb\xbf"];

    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        let marks: Vec<usize> = (0..bytes.len()).filter(|at| b"\"\n\r,;\t".contains(&bytes[*at])).collect();
        let at = random.below(bytes.len() + 1);
        match random.below(9) {
            // Marks have the most effect at the start or end of a cell.
            0..=2 if !marks.is_empty() => {
                let at = marks[random.below(marks.len())] + random.below(2);
                bytes.splice(at..at, INSERTED[random.below(INSERTED.len())].iter().copied());
            }
            3..=5 if !marks.is_empty() => drop(bytes.remove(marks[random.below(marks.len())])),
            6 | 7 => drop(bytes.splice(at..at, INSERTED[random.below(INSERTED.len())].iter().copied())),
            _ if random.below(6) == 0 => bytes.truncate(at),
            _ => {}
        }
    }
    bytes
}

/// Returns whether a text contains a number with no digit next to it.
fn contains_number(number: &str, text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, number).any(|at| {
        let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        !is_digit(at.checked_sub(1).and_then(|before| text.get(before)))
            && !is_digit(text.get(at + number.len()))
    })
}

/// Returns the numbers of a file that are in no row, if no note reports numbers outside rows.
fn lost(path: &Path, content: &[u8], numbers: &[String]) -> Vec<String> {
    fs::write(path, content).unwrap();
    let settings = NormalizeSettings {
        region: Region::new("GB"),
        default_salutation: Some(Salutation::Mr),
        ..NormalizeSettings::default()
    };
    let mut accounted = String::new();
    let Ok(mut input) = Input::open(path, &ParseSettings::default()) else { return Vec::new() };
    let columns = input.info.columns.clone();
    let normalizer = Normalizer::new(&settings, &columns);
    let read = input.read(0, &mut |rows| {
        for row in rows.iter() {
            match normalizer.read(row) {
                Verdict::Contact(contact) => {
                    accounted.extend(["0", &*contact.number().national(), "\n"]);
                }
                Verdict::Rejected { .. } | Verdict::Suppressed { .. } => {
                    row.cells().for_each(|cell| {
                        accounted.extend([&*String::from_utf8_lossy(cell.text), "\n"]);
                    });
                }
            }
        }
        ControlFlow::Continue(())
    });
    let Ok(summary) = read else { return Vec::new() };
    let mut notes = input.info.notes.iter().chain(&summary.notes);
    if notes.any(|note| note.contains("looks like a phone number")) {
        return Vec::new();
    }
    let is_lost =
        |number: &&String| contains_number(number, content) && !contains_number(number, accounted.as_bytes());
    numbers.iter().filter(is_lost).cloned().collect()
}

#[test]
fn every_number_of_a_broken_list_is_in_a_row_or_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    let seeds = seeds();
    for seed in &seeds {
        assert_eq!(lost(&path, seed.text.as_bytes(), &seed.numbers), [""; 0]);
    }
    let (count, first) = (size(300, 10_000, 1_000_000), setting("ROLLCALL_SEED", 1));
    for case in setting("ROLLCALL_CASE", 0)..count {
        let mut random = Random(first.wrapping_mul(1_000_003) ^ case);
        let seed = &seeds[random.below(seeds.len())];
        let content = mutated(&seed.text, &mut random);
        let lost = lost(&path, &content, &seed.numbers);
        let text = String::from_utf8_lossy(&content);
        assert!(lost.is_empty(), "case {case} of seed {first} loses {lost:?}:\n{text}\n{text:?}");
    }
}

/// Proves that `lost` detects a loss.
#[test]
fn number_in_another_cell_counts_as_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    let seed = &seeds()[0];
    fs::write(&path, "").unwrap();
    let text = "First Name,Last Name,Salutation,Phone,Notes\nAda,Quill,Ms,02079460100,and 02079460137 too\n";
    assert_eq!(lost(&path, text.as_bytes(), &seed.numbers), ["02079460137"]);
}
