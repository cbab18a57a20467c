//! Names in lists, read by the library and by the built program.

use human_name::Name;
use rollcall::normalize::name::{clean, split_full};

use crate::sealed::{Outcome, Sealed};

/// The table of names. Columns: culture, full name, first name, last name.
const TABLE: &str = "full-names.tsv";

/// How many names of the table are split correctly, split wrongly, or not split.
#[derive(Debug, Default, PartialEq, Eq)]
struct Score {
    right: usize,
    wrong: usize,
    unsplit: usize,
}

impl Score {
    fn of(names: &[[String; 4]], read: &dyn Fn(&str) -> Option<(String, String)>) -> Self {
        let mut score = Self::default();
        for [_, name, first, last] in names {
            match read(name) {
                Some(parts) if parts == (first.clone(), last.clone()) => score.right += 1,
                Some(_) => score.wrong += 1,
                None => score.unsplit += 1,
            }
        }
        score
    }
}

/// Returns a name without case, accents and punctuation, because `human_name` changes the capital letters.
fn folded(name: &str) -> String {
    let letters = unicode_normalization::UnicodeNormalization::nfkd(name);
    letters.filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[test]
fn full_names_of_twenty_cultures_are_split_better_than_by_other_rules() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(TABLE);
    let table = std::fs::read_to_string(path).unwrap();
    let names: Vec<[String; 4]> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap())
        .collect();
    let mut cultures: Vec<&str> = names.iter().map(|[culture, ..]| culture.as_str()).collect();
    cultures.dedup();
    assert_eq!((names.len(), cultures.len()), (200, 20));

    let ours = |name: &str| split_full(&clean(name)).ok().map(|read| (read.first, read.last));
    let last_word =
        |name: &str| name.rsplit_once(' ').map(|(first, last)| (first.to_owned(), last.to_owned()));
    let folded_names: Vec<[String; 4]> = names
        .iter()
        .map(|[culture, name, first, last]| [culture.clone(), name.clone(), folded(first), folded(last)])
        .collect();
    let other = |name: &str| {
        let name = Name::parse(name)?;
        let middle = name.middle_names().map(|names| names.join(" ")).unwrap_or_default();
        let first = name.given_name().map_or_else(|| name.first_initial().to_string(), str::to_owned);
        let suffix = name.generational_suffix().unwrap_or_default();
        Some((folded(&format!("{first}{middle}")), folded(&format!("{}{suffix}", name.surname()))))
    };
    let scores = [
        ("these rules", Score::of(&names, &ours)),
        ("the last word alone", Score::of(&names, &last_word)),
        ("human_name", Score::of(&folded_names, &other)),
    ];
    assert_eq!(
        scores,
        [
            ("these rules", Score { right: 183, wrong: 9, unsplit: 8 }),
            ("the last word alone", Score { right: 75, wrong: 116, unsplit: 9 }),
            ("human_name", Score { right: 129, wrong: 68, unsplit: 3 }),
        ]
    );
}

#[test]
fn unclear_names_are_rejected_with_both_readings_unless_last_word_is_set() {
    let sealed = Sealed::new();
    sealed.write(
        "list.csv",
        "Nom complet;Mobile\nMax Stern (he/him);+44 20 7946 0101\nMr. & Mrs. Patrick Dunne;+44 20 7946 0102\nDUPONT Jean;+44 20 7946 0103\nNULL;+44 20 7946 0104\n",
    );
    let check = |folder: &str, options: &[&str]| {
        let args = ["check", "list.csv", "--default-salutation", "Mr", "--out", folder];
        let ended = sealed.run(&[&args, options].concat());
        assert_eq!(ended.code, 1, "{}", ended.stderr);
        let rows: Vec<String> = sealed.outcomes(folder).iter().map(Outcome::brief).collect();
        (rows, ended.stderr.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let (rows, output) = check("out", &[]);
    assert_eq!(rows, ["2 valid", "3 rejected unclear-name", "4 valid", "5 rejected missing-first-name"]);
    assert_eq!(
        sealed.outcomes("out")[1].detail,
        "unclear-name: first name `Patrick`, last name `Dunne`, or two people, because of `&`"
    );
    assert!(output.contains("--split-names last-word"), "{output}");
    assert!(output.contains("`Max Stern (he/him)` in row 2; rollcall reads it as `Max Stern`"), "{output}");
    assert!(
        output.contains("`DUPONT Jean` in row 4; rollcall reads it as first name `Jean`, last name `DUPONT`"),
        "{output}"
    );

    let simple = ["2 valid", "3 valid", "4 valid", "5 rejected missing-first-name"];
    assert_eq!(check("simple", &["--split-names", "last-word"]).0, simple);
    sealed.write("rollcall.toml", "split-names = \"last-word\"\n");
    assert_eq!(check("configured", &[]).0, simple);
}

#[test]
fn name_column_next_to_a_first_name_is_the_last_name() {
    let sealed = Sealed::new();
    sealed.write("list.csv", "Name;Vorname;Anrede;Telefon\nvan der Berg;Jan;Lord;+44 20 7946 0101\n");
    let ended = sealed.run(&["check", "list.csv", "--default-salutation", "Mr", "--out", "out"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let output = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(output.contains("first name = Vorname, last name = Name"), "{output}");
    assert!(
        output
            .contains("1 salutation is unknown, such as `Lord` in row 2; --default-salutation makes it `Mr`"),
        "{output}"
    );
}
