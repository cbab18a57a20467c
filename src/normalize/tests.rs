use proptest::prelude::*;

use super::*;
use crate::{
    contact::Region,
    row::{PhoneLabel, Ragged, RaggedCause, Rows},
};

/// The columns of the tests: phone, mobile, first, last, full, salutation, country.
fn columns() -> Columns {
    Columns {
        phone: vec![1, 0],
        first_name: Some(2),
        last_name: Some(3),
        full_name: Some(4),
        is_family_name_first: false,
        salutation: Some(5),
        country: vec![6],
        ..Columns::default()
    }
}

pub(super) fn rows(cells: &[&[u8]]) -> Rows {
    let mut rows = Rows::new(0);
    for cell in cells {
        rows.push_cell(cell, CellKind::Text);
    }
    rows.end_row(2, None);
    rows
}

fn verdict(settings: &NormalizeSettings, cells: [&str; 7]) -> Verdict {
    Normalizer::new(settings, &columns()).read(rows(&cells.map(str::as_bytes)).row(0))
}

/// Returns the contact as it would be sent, or the codes of its problems.
fn read(settings: &NormalizeSettings, cells: [&str; 7]) -> String {
    match verdict(settings, cells) {
        Verdict::Contact(contact) => format!(
            "{} {}|{} +{} {}",
            contact.salutation().as_str(),
            contact.first_name(),
            contact.last_name(),
            contact.number().calling_code(),
            contact.number().national(),
        ),
        Verdict::Suppressed { code, .. } => code.name().to_owned(),
        Verdict::Rejected { problems, .. } => {
            problems.iter().map(|problem| problem.code.name()).collect::<Vec<_>>().join(" ")
        }
    }
}

pub(super) fn india() -> NormalizeSettings {
    NormalizeSettings { region: Region::new("IN"), ..NormalizeSettings::default() }
}

#[test]
fn complete_row_becomes_a_contact() {
    let cells = ["", "98765 43210", " Asha ", "Rao", "", "mrs.", ""];
    assert_eq!(read(&india(), cells), "Mrs Asha|Rao +91 9876543210");
}

#[test]
fn preferred_column_without_a_number_falls_back_to_the_next() {
    assert_eq!(read(&india(), ["9876543211", "\u{a0}", "A", "B", "", "Mr", ""]), "Mr A|B +91 9876543211");
    assert_eq!(read(&india(), ["9876543211", "12", "A", "B", "", "Mr", ""]), "Mr A|B +91 9876543211");
}

#[test]
fn country_of_row_wins_over_default_and_plus_over_both() {
    assert_eq!(read(&india(), ["", "020 7946 0018", "A", "B", "", "Mr", "UK"]), "Mr A|B +44 2079460018");
    assert_eq!(read(&india(), ["", "2079460018", "A", "B", "", "Mr", "0044"]), "Mr A|B +44 2079460018");
    assert_eq!(
        read(&india(), ["", "+91 98765 43210", "A", "B", "", "Mr", "Atlantis"]),
        "Mr A|B +91 9876543210"
    );
    assert_eq!(read(&india(), ["", "98765 43210", "A", "B", "", "Mr", "Atlantis"]), "unknown-country");
    assert_eq!(read(&NormalizeSettings::default(), ["", "98765 43210", "A", "B", "", "Mr", ""]), "no-region");
}

#[test]
fn country_placeholder_means_the_default_region() {
    for country in ["N/A", "n.a.", "N A", "C/O", "-", "NULL", "#N/A", "(blank)"] {
        assert_eq!(
            read(&india(), ["", "98765 43210", "A", "B", "", "Mr", country]),
            "Mr A|B +91 9876543210",
            "{country}"
        );
    }
    assert_eq!(read(&india(), ["", "98765 43210", "A", "B", "", "Mr", "Other"]), "unknown-country");
}

#[test]
fn country_na_is_ambiguous_if_both_readings_are_numbers() {
    let in_south_africa = NormalizeSettings { region: Region::new("ZA"), ..NormalizeSettings::default() };
    let cells = |number| ["", number, "A", "B", "", "Mr", "NA"];
    assert_eq!(read(&in_south_africa, cells("081 234 5678")), "ambiguous-number");
    assert_eq!(read(&in_south_africa, cells("071 234 5678")), "Mr A|B +27 712345678");
    assert_eq!(read(&india(), cells("081 234 5678")), "Mr A|B +264 812345678");
    assert_eq!(read(&NormalizeSettings::default(), cells("081 234 5678")), "Mr A|B +264 812345678");
}

#[test]
fn ambiguous_digits_follow_the_habit_of_their_column() {
    let germany = NormalizeSettings { region: Region::new("DE"), ..NormalizeSettings::default() };
    let (columns, rows) = (columns(), rows(&[b"", b"491711234567", b"A", b"B", b"", b"Mr", b""]));
    let read = |habits: &[(usize, phone::Habit)]| match Normalizer::new(&germany, &columns)
        .with_habits(habits)
        .read(rows.row(0))
    {
        Verdict::Contact(contact) => contact.number().e164().to_string(),
        _ => "-".to_owned(),
    };
    assert_eq!(read(&[(1, phone::Habit::International)]), "491711234567");
    assert_eq!(read(&[(1, phone::Habit::National)]), "-", "a spreadsheet may have removed the plus");
    assert_eq!(read(&[(0, phone::Habit::International)]), "-", "another column");
}

#[test]
fn full_name_fills_missing_parts() {
    assert_eq!(
        read(&india(), ["", "9876543210", "", "", "Asha van Rao", "Mr", ""]),
        "Mr Asha|van Rao +91 9876543210"
    );
    assert_eq!(
        read(&india(), ["", "9876543210", "Asha", "", "Asha Rao", "Mr", ""]),
        "Mr Asha|Rao +91 9876543210"
    );
    assert_eq!(read(&india(), ["", "9876543210", "", "", "Asha", "Mr", ""]), "unclear-name");
}

#[test]
fn full_name_and_a_part_of_it_are_not_mixed() {
    let row = |first, last, full| read(&india(), ["", "9876543210", first, last, full, "Mr", ""]);
    // Source: nextcloud/contacts issue 1275, a full name in the column of first names.
    assert_eq!(row("John Smith", "", "John Smith"), "Mr John|Smith +91 9876543210");
    assert_eq!(row("", "Asha Rao", "Dr. Asha Rao"), "Mr Asha|Rao +91 9876543210");
    assert_eq!(row("Asha Rao", "", ""), "Mr Asha|Rao +91 9876543210");
    assert_eq!(row("", "Rao, Asha", ""), "Mr Asha|Rao +91 9876543210");
    assert_eq!(row("Anna Maria", "", "Anna Maria van Rao"), "Mr Anna Maria|van Rao +91 9876543210");
    assert_eq!(row("Juan", "", "Juan García López"), "Mr Juan|García López +91 9876543210");
    assert_eq!(row("Asha", "", "Rao Asha"), "Mr Asha|Rao +91 9876543210");
    assert_eq!(row("", "Rao", "Asha Kumari Rao"), "Mr Asha Kumari|Rao +91 9876543210");
    assert_eq!(row("Asha", "", "Ida Vale"), "unclear-name");
    assert_eq!(row("Asha", "", "Rao"), "unclear-name");
    assert_eq!(row("Asha", "", "Asha"), "missing-last-name");
    assert_eq!(row("", "van der Berg", ""), "missing-first-name");
    assert_eq!(row("", "Example GmbH", ""), "missing-first-name");
    assert_eq!(row("", "García López", ""), "missing-first-name", "a last name of two words");
    assert_eq!(row("Hans Peter", "NULL", ""), "missing-last-name", "two first names and no last name");
    assert_eq!(row("Asha", "Rao", "Mr & Mrs Rao"), "Mr Asha|Rao +91 9876543210");
    let untitled = |full| read(&india(), ["", "9876543210", "Asha", "Rao", full, "", ""]);
    assert_eq!(untitled("Ms Asha Rao"), "Ms Asha|Rao +91 9876543210");
    assert_eq!(untitled("Mr & Mrs Rao"), "missing-salutation");
}

#[test]
fn placeholder_is_an_empty_cell_and_is_named() {
    let row =
        |first, last, full, salutation| read(&india(), ["", "9876543210", first, last, full, salutation, ""]);
    // Source: glific issue 3173 and mautic issue 4267, names that became the word NULL.
    assert_eq!(row("Asha", "NULL", "", "Mr"), "missing-last-name");
    assert_eq!(row("#N/A", "Rao", "", "Mr"), "missing-first-name");
    assert_eq!(row("(blank)", "N/A", "Asha Rao", "Mr"), "Mr Asha|Rao +91 9876543210");
    assert_eq!(row("", "", "NULL", "Mr"), "missing-first-name missing-last-name");
    assert_eq!(row("Asha", "Rao", "", "n/a"), "missing-salutation");
    assert_eq!(row("Asha", "-", "", "Mr"), "Mr Asha|- +91 9876543210");
    assert_eq!(row("Asha", ".", "", "Mr"), "Mr Asha|. +91 9876543210");
    assert_eq!(row("-", "Rao", "", "Mr"), "missing-first-name");
    assert_eq!(row("Asha", "Null", "", "Mr"), "Mr Asha|Null +91 9876543210");
    assert_eq!(row("Asha", "123", "", "Mr"), "missing-last-name");
    assert_eq!(row("ida@example.com", "Vale", "", "Mr"), "missing-first-name");
    let Verdict::Rejected { problems, .. } =
        verdict(&india(), ["", "9876543210", "Asha", "NULL", "", "Mr", ""])
    else {
        panic!("accepted");
    };
    assert_eq!(problems[0].message(), "no last name: `NULL` is a placeholder for an empty cell");
}

#[test]
fn title_in_a_name_column_is_a_salutation() {
    let row = |first, last, salutation| read(&india(), ["", "9876543210", first, last, "", salutation, ""]);
    assert_eq!(row("Mr. John", "Doerr", "Mr"), "Mr John|Doerr +91 9876543210");
    assert_eq!(row("Dr. Ada", "Quill", ""), "Dr Ada|Quill +91 9876543210");
    assert_eq!(row("Ada", "Dr. Quill", ""), "Dr Ada|Quill +91 9876543210");
    assert_eq!(row("Smt. Lakshmi", "Finch", "Smt"), "Mrs Lakshmi|Finch +91 9876543210");
    assert_eq!(row("Rev. Ada", "Quill", "Ms"), "Ms Ada|Quill +91 9876543210");
    assert_eq!(row("Mrs", "Marsh", ""), "missing-first-name");
    assert_eq!(row("Mr. & Mrs. Ben", "Marsh", "Mr"), "unclear-name");
    assert_eq!(row("Sri", "Devi", "Ms"), "Ms Sri|Devi +91 9876543210");
    assert_eq!(row("Anna", "Sergeant", "Ms"), "Ms Anna|Sergeant +91 9876543210");
    assert_eq!(row("Hans", "Herr", "Mr"), "Mr Hans|Herr +91 9876543210");
    assert_eq!(row("Anna", "Mrs", "Mrs"), "missing-last-name");
    let Verdict::Rejected { problems, .. } =
        verdict(&india(), ["", "9876543210", "Mrs", "Marsh", "", "", ""])
    else {
        panic!("accepted");
    };
    assert_eq!(problems[0].message(), "no first name: `Mrs` is a title, not a first name");
}

#[test]
fn markup_and_quotes_around_a_cell_are_removed() {
    let row = |first, last, salutation| read(&india(), ["", "9876543210", first, last, "", salutation, ""]);
    assert_eq!(row("Niamh", "O&#039;Brien", "Ms"), "Ms Niamh|O'Brien +91 9876543210");
    assert_eq!(row("Jos&eacute;", "N&uacute;&ntilde;ez", "Mr"), "Mr José|Núñez +91 9876543210");
    assert_eq!(row("Ada&nbsp;", "Quill &amp; Quill", "Ms"), "Ms Ada|Quill & Quill +91 9876543210");
    assert_eq!(row("AT&T", "Desk", "Mr"), "Mr AT&T|Desk +91 9876543210");
    assert_eq!(row("=\"Ada\"", "'Quill", "'Ms"), "Ms Ada|Quill +91 9876543210");
    assert_eq!(row("Ada 🏡", "Quill (she/her)", "=\"Ms\""), "Ms Ada|Quill +91 9876543210");
    assert_eq!(row("<script>x</script>", "Quill", "Ms"), "missing-first-name");
    assert_eq!(row("Jan", "'t Hooft", "Mr"), "Mr Jan|'t Hooft +91 9876543210");
}

#[test]
fn unclear_name_is_split_only_with_last_word() {
    let last_word = NormalizeSettings { split_names: SplitNames::LastWord, ..india() };
    let row = |settings: &NormalizeSettings, full| read(settings, ["", "9876543210", "", "", full, "", ""]);
    for (name, simple) in [
        ("Mr. & Mrs. Patrick Dunne", "Mr Patrick|Dunne +91 9876543210"),
        ("Ms Ida Vale 2", "Ms Ida Vale|2 +91 9876543210"),
        ("Prince", "missing-last-name missing-salutation"),
    ] {
        assert_eq!(row(&india(), name).split(' ').next(), Some("unclear-name"), "{name}");
        assert_eq!(row(&last_word, name), simple, "{name}");
    }
    let named = NormalizeSettings { default_last_name: Some("-".to_owned()), ..india() };
    assert_eq!(row(&named, "Ms Prince"), "missing-first-name");
    assert_eq!(row(&named, "Mr. & Mrs. Dunne"), "unclear-name missing-salutation");
}

#[test]
fn salutation_before_a_full_name_is_used() {
    let row = |name, salutation| read(&india(), ["", "9876543210", "", "", name, salutation, ""]);
    assert_eq!(row("Dr. Asha Rao", ""), "Dr Asha|Rao +91 9876543210");
    assert_eq!(row("Dr. Asha Rao", "Mrs"), "Mrs Asha|Rao +91 9876543210");
    assert_eq!(row("M. K. Gandhi", "Mr"), "Mr M. K.|Gandhi +91 9876543210");
    assert_eq!(row("Asha Rao", ""), "missing-salutation");
}

pub(super) fn label(phone: usize, column: usize, says: Says) -> PhoneLabel {
    PhoneLabel { phone, column, says }
}

#[test]
fn labels_of_a_row_choose_the_number() {
    // Two phones with a label each, after a name and a salutation.
    let columns = Columns {
        phone: vec![2, 4],
        labels: vec![label(2, 3, Says::Kind), label(4, 5, Says::Kind)],
        full_name: Some(0),
        salutation: Some(1),
        ..Columns::default()
    };
    let settings = india();
    let number = |cells: [&str; 4]| {
        let rows = rows(&[
            b"Asha Rao",
            b"Ms",
            cells[0].as_bytes(),
            cells[1].as_bytes(),
            cells[2].as_bytes(),
            cells[3].as_bytes(),
        ]);
        match Normalizer::new(&settings, &columns).read(rows.row(0)) {
            Verdict::Contact(contact) => contact.number().national().to_string(),
            Verdict::Suppressed { code, .. } => code.name().to_owned(),
            Verdict::Rejected { problems, .. } => problems[0].code.name().to_owned(),
        }
    };
    assert_eq!(number(["022 2345 6789", "Home", "98765 43210", "Mobile"]), "9876543210");
    assert_eq!(number(["022 2345 6789", "* Work", "022 2345 6780", "Home"]), "2223456789");
    assert_eq!(number(["022 2345 6789", "Work Fax", "022 2345 6780", ""]), "2223456780");
    assert_eq!(number(["022 2345 6789", "Work Fax", "", "Mobile"]), "missing-phone");
    assert_eq!(number(["98765 43211 ::: * 98765 43212", "Mobile", "", ""]), "9876543212");
    assert_eq!(number(["98765 43211 ::: 98765 43212", "Mobile", "", ""]), "9876543211");
    assert_eq!(number(["98765 43211 ::: * 98765", "Mobile", "", ""]), "9876543211");
    assert_eq!(
        number(["022 2345 6789", "Mobile", "98765 43211", "* Home"]),
        "9876543211",
        "the marked phone comes first"
    );
}

#[test]
fn one_of_several_labels_can_rule_out_a_phone() {
    let labels = vec![label(1, 2, Says::Kind), label(1, 3, Says::Kind)];
    let columns = Columns { phone: vec![1, 4], labels, ..Columns::default() };
    let settings = india();
    let number = |labels: [&[u8]; 2]| {
        let rows = rows(&[b"Asha Rao", b"022 2345 6789", labels[0], labels[1], b"98765 43210"]);
        let verdict = Normalizer::new(&settings, &columns).read(rows.row(0));
        let Verdict::Rejected { number, .. } = verdict else { panic!("a name is missing") };
        number.map(|number| number.national().to_string())
    };
    assert_eq!(number([b"work", b"phone"]).as_deref(), Some("2223456789"));
    assert_eq!(number([b"work", b"fax"]).as_deref(), Some("9876543210"));
    assert_eq!(number([b"FAX", b""]).as_deref(), Some("9876543210"));
}

#[test]
fn defaults_fill_empty_cells() {
    let settings = NormalizeSettings {
        default_salutation: Some(Salutation::Mr),
        default_last_name: Some("-".to_owned()),
        ..india()
    };
    assert_eq!(read(&settings, ["", "9876543210", "Asha", "", "", "", ""]), "Mr Asha|- +91 9876543210");
    assert_eq!(read(&settings, ["", "9876543210", "Asha", "", "", "Lord", ""]), "Mr Asha|- +91 9876543210");
    assert_eq!(read(&settings, ["", "9876543210", "Asha", "", "", "N/A", ""]), "Mr Asha|- +91 9876543210");
    assert_eq!(
        read(&settings, ["", "9876543210", "", "", "Mrs Asha Rao", "", ""]),
        "Mrs Asha|Rao +91 9876543210"
    );
    assert_eq!(
        read(&settings, ["", "9876543210", "Asha", "Rao", "Dr. Asha Rao", "", ""]),
        "Dr Asha|Rao +91 9876543210"
    );
}

#[test]
fn every_problem_of_a_row_is_found_in_order() {
    assert_eq!(
        read(&india(), ["", "", "", "", "", "", ""]),
        "missing-phone missing-first-name missing-last-name missing-salutation"
    );
    assert_eq!(
        read(&india(), ["", "12", "A", "", "", "Lord", ""]),
        "too-short missing-last-name unknown-salutation"
    );
}

#[test]
fn invalid_utf_8_is_reported_and_not_missing() {
    let settings = india();
    let rows = rows(&[b"", b"9876543210", b"Jos\xe9", b"Rao", b"", b"Mr", b""]);
    let Verdict::Rejected { number, problems } = Normalizer::new(&settings, &columns()).read(rows.row(0))
    else {
        panic!("accepted");
    };
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message(), "letters in a wrong encoding: byte 4 of the cell");
    assert_eq!(&*number.unwrap().national(), "9876543210");
}

#[test]
fn ragged_row_has_no_further_problems() {
    let settings = india();
    let mut rows = Rows::new(0);
    rows.push_cell(b"x", CellKind::Text);
    rows.end_row(2, Some(Ragged { expected: 7, found: 1, cause: RaggedCause::Cells }));
    let Verdict::Rejected { problems, .. } = Normalizer::new(&settings, &columns()).read(rows.row(0)) else {
        panic!("accepted");
    };
    assert_eq!(problems[0].message(), "cells that do not fit the header: 1 cells where the header has 7");
}

#[test]
fn blanks_around_a_name_do_not_make_it_too_long() {
    let settings = india();
    let name = "x".repeat(256);
    for (text, is_taken) in [
        (format!("  {name}\u{a0}\u{200b}"), true),
        (format!("{name}x"), false),
        (" ".repeat(300) + "Ida", true),
    ] {
        let mut rows = Rows::new(0);
        let pad = |text: &str| format!("{}{text}{}", "\u{a0}".repeat(200), " ".repeat(200));
        let [phone, salutation, country] = ["(98765) 43210", "Frau Dr.", "Republic of India"].map(pad);
        for text in ["", &*phone, &*text, "Rao", "", &*salutation, &*country] {
            rows.push_cell(text.as_bytes(), CellKind::Text);
        }
        rows.end_row(2, None);
        let verdict = Normalizer::new(&settings, &columns()).read(rows.row(0));
        assert_eq!(matches!(verdict, Verdict::Contact(_)), is_taken, "{verdict:?}");
    }
}

#[test]
fn error_and_overlong_cells_are_not_names() {
    let settings = india();
    let mut rows = Rows::new(0);
    for (text, kind) in [
        ("", CellKind::Text),
        ("9876543210", CellKind::Number),
        ("#REF!", CellKind::Error),
        (&*"x".repeat(300), CellKind::Text),
        ("", CellKind::Text),
        ("Mr", CellKind::Text),
        ("", CellKind::Text),
    ] {
        rows.push_cell(text.as_bytes(), kind);
    }
    rows.end_row(2, None);
    let Verdict::Rejected { problems, .. } = Normalizer::new(&settings, &columns()).read(rows.row(0)) else {
        panic!("accepted");
    };
    let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [Code::FieldTooLong, Code::MissingFirstName]);
}

#[test]
fn order_of_combining_marks_changes_no_verdict() {
    let read = |first: &str| verdict(&india(), ["", "2020000000", first, "ა", "", "Dr", ""]);
    let Verdict::Contact(once) = read("a\u{20d4}\u{64b}ﬀ") else { panic!("accepted") };
    assert!(matches!(read(once.first_name()), Verdict::Contact(_)));
}

proptest! {
    #[test]
    fn normalizing_twice_changes_nothing(
        phone in "[0-9]{10}",
        first in "\\PC{1,12}",
        last in "\\PC{1,12}",
    ) {
        if let Verdict::Contact(once) = verdict(&india(), ["", &phone, &first, &last, "", "Dr", ""]) {
            let number = format!("+{}", once.number().e164());
            let again = verdict(
                &NormalizeSettings::default(),
                ["", &number, once.first_name(), once.last_name(), "", once.salutation().as_str(), ""],
            );
            prop_assert_eq!(again, Verdict::Contact(once));
        }
    }

    #[test]
    fn no_row_panics_and_every_rejection_has_a_reason(cells in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..16), 7)) {
        let cells: Vec<&[u8]> = cells.iter().map(Vec::as_slice).collect();
        if let Verdict::Rejected { problems, .. } = Normalizer::new(&india(), &columns()).read(rows(&cells).row(0)) {
            prop_assert!(!problems.is_empty());
        }
    }
}

#[test]
fn hidden_row_is_suppressed_unless_included() {
    let mut rows = Rows::new(0);
    for cell in ["98765 43210", "", "Asha", "Rao", "", "Mrs", ""] {
        rows.push_cell(cell.as_bytes(), CellKind::Text);
    }
    rows.hide_row();
    rows.end_row(2, None);
    let skips = NormalizeSettings { skips_hidden_rows: true, ..india() };
    let read = |settings: &NormalizeSettings| Normalizer::new(settings, &columns()).read(rows.row(0));
    let Verdict::Suppressed { code: Code::HiddenRow, number: Some(number), .. } = read(&skips) else {
        panic!()
    };
    assert_eq!(number.e164().to_string(), "919876543210");
    assert!(!matches!(read(&india()), Verdict::Suppressed { .. }));
}

/// Reads two phones, the first one preferred, and their labels.
pub(super) fn two_phones(labels: Vec<PhoneLabel>, cells: &[&str]) -> Verdict {
    let columns = Columns {
        phone: vec![0, 1],
        phone_kinds: vec![(0, PhoneKind::Mobile), (1, PhoneKind::Unspecified)],
        labels,
        full_name: Some(2),
        ..Columns::default()
    };
    let settings = NormalizeSettings { default_salutation: Some(Salutation::Ms), ..india() };
    let cells: Vec<&[u8]> = cells.iter().map(|cell| cell.as_bytes()).collect();
    Normalizer::new(&settings, &columns).read(rows(&cells).row(0))
}

pub(super) fn national(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Contact(contact) => contact.number().national().to_string(),
        Verdict::Suppressed { code, .. } => code.name().to_owned(),
        Verdict::Rejected { problems, .. } => {
            problems.iter().map(|problem| problem.code.name()).collect::<Vec<_>>().join(" ")
        }
    }
}

#[test]
fn unusable_phone_falls_back_to_the_next() {
    let number = |first, second| national(&two_phones(vec![], &[first, second, "Asha Rao"]));
    assert_eq!(number("98765 43210", "022 2345 6789"), "9876543210");
    for first in ["", "n/a", "-", "98765", "98765 43210 / 98765 43211", "98765 43210 ext 5"] {
        assert_eq!(number(first, "022 2345 6789"), "2223456789", "{first}");
    }
    assert_eq!(number("n/a", "98765"), "not-a-number too-short");
    assert_eq!(number("", ""), "missing-phone");
}

#[test]
fn fallback_note_counts_rows_and_names_the_first() {
    let columns = Columns { phone: vec![0, 1], ..Columns::default() };
    let (settings, fallbacks) = (india(), Fallbacks::default());
    let normalizer = Normalizer::new(&settings, &columns).counting_fallbacks(&fallbacks);
    normalizer.read(rows(&[b"12", b"98765 43210"]).row(0));
    normalizer.read(rows(&[b"", b"98765 43210"]).row(0));
    let note = fallbacks.note(&["Mobile".to_owned(), "Home".to_owned()]).unwrap();
    assert!(
        note.contains("in 1 row")
            && note.contains("row 2, `Mobile` contains `12`")
            && note.contains("`Home`"),
        "{note}"
    );
}

#[test]
fn unlabeled_mobile_comes_before_labeled_home() {
    let kind = vec![label(1, 3, Says::Kind)];
    let number =
        |text| national(&two_phones(kind.clone(), &["98765 43210", "022 2345 6789", "Asha Rao", text]));
    assert_eq!(number("Home"), "9876543210");
    assert_eq!(number(""), "9876543210");
    assert_eq!(number("* Home"), "2223456789");
}

#[test]
fn preferred_column_marks_the_first_phone() {
    let mark = vec![label(0, 3, Says::Preferred), label(1, 4, Says::Preferred)];
    let number = |first, second| {
        national(&two_phones(mark.clone(), &["98765 43210", "022 2345 6789", "Asha Rao", first, second]))
    };
    assert_eq!(number("FALSE", "TRUE"), "2223456789");
    assert_eq!(number("", ""), "9876543210");
}

#[test]
fn each_phone_uses_its_own_country() {
    let columns = Columns {
        phone: vec![0, 1],
        country: vec![2, 3],
        own_countries: vec![(0, vec![2]), (1, vec![3])],
        ..Columns::default()
    };
    let settings = india();
    let number = |cells: [&str; 4]| {
        let cells = cells.map(str::as_bytes);
        let verdict = Normalizer::new(&settings, &columns).read(rows(&cells).row(0));
        let Verdict::Rejected { number, .. } = verdict else { panic!("a name is missing") };
        number.map(|number| number.e164().to_string()).unwrap_or_default()
    };
    assert_eq!(number(["", "020 7946 0100", "FR", "GB"]), "442079460100");
    assert_eq!(
        number(["", "98765 43210", "FR", ""]),
        "919876543210",
        "the country of the other number does not count"
    );
}

#[test]
fn failed_formula_prevents_fallback_to_another_number() {
    let columns = Columns { phone: vec![0, 1], ..Columns::default() };
    let mut rows = Rows::new(0);
    rows.push_cell(b"#N/A", CellKind::Error);
    rows.push_cell(b"98765 43210", CellKind::Text);
    rows.end_row(2, None);
    let Verdict::Rejected { number, problems } = Normalizer::new(&india(), &columns).read(rows.row(0)) else {
        panic!()
    };
    assert_eq!((number, problems[0].code), (None, Code::NotANumber));
}
