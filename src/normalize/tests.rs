use proptest::prelude::*;

use super::*;
use crate::{
    contact::Region,
    row::{Ragged, RaggedCause, Rows},
};

/// Columns: phone, mobile, first, last, full, salutation, country.
fn columns() -> Columns {
    Columns {
        phone: vec![1, 0],
        labels: vec![],
        first_name: Some(2),
        last_name: Some(3),
        full_name: Some(4),
        is_family_name_first: false,
        salutation: Some(5),
        country: vec![6],
    }
}

fn rows(cells: &[&[u8]]) -> Rows {
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

/// The contact as it would be sent, or the codes of its problems.
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

fn india() -> NormalizeSettings {
    NormalizeSettings { region: Region::new("IN"), ..NormalizeSettings::default() }
}

#[test]
fn a_whole_row_becomes_a_contact() {
    let cells = ["", "98765 43210", " Asha ", "Rao", "", "mrs.", ""];
    assert_eq!(read(&india(), cells), "Mrs Asha|Rao +91 9876543210");
}

#[test]
fn an_empty_first_choice_takes_the_next_column() {
    assert_eq!(read(&india(), ["9876543211", "\u{a0}", "A", "B", "", "Mr", ""]), "Mr A|B +91 9876543211");
    assert_eq!(read(&india(), ["9876543211", "12", "A", "B", "", "Mr", ""]), "too-short");
}

#[test]
fn the_rows_country_wins_over_the_default_and_a_plus_over_both() {
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
fn full_names_fill_what_is_missing() {
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
fn a_full_name_and_a_part_of_it_are_not_mixed() {
    let row = |first, last, full| read(&india(), ["", "9876543210", first, last, full, "Mr", ""]);
    // Source: nextcloud/contacts issue 1275, a whole name in the place of the given one.
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
    assert_eq!(row("", "Example GmbH", ""), "unclear-name");
    assert_eq!(row("Asha", "Rao", "Mr & Mrs Rao"), "Mr Asha|Rao +91 9876543210");
    let untitled = |full| read(&india(), ["", "9876543210", "Asha", "Rao", full, "", ""]);
    assert_eq!(untitled("Ms Asha Rao"), "Ms Asha|Rao +91 9876543210");
    assert_eq!(untitled("Mr & Mrs Rao"), "missing-salutation");
}

#[test]
fn placeholders_are_empty_cells_and_say_so() {
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
fn titles_in_a_column_of_names_are_salutations() {
    let row = |first, last, salutation| read(&india(), ["", "9876543210", first, last, "", salutation, ""]);
    assert_eq!(row("Mr. John", "Doerr", "Mr"), "Mr John|Doerr +91 9876543210");
    assert_eq!(row("Dr. Ada", "Quill", ""), "Dr Ada|Quill +91 9876543210");
    assert_eq!(row("Ada", "Dr. Quill", ""), "Dr Ada|Quill +91 9876543210");
    assert_eq!(row("Smt. Lakshmi", "Finch", "Smt"), "Mrs Lakshmi|Finch +91 9876543210");
    assert_eq!(row("Rev. Ada", "Quill", "Ms"), "Ms Ada|Quill +91 9876543210");
    assert_eq!(row("Mrs", "Marsh", ""), "missing-first-name");
    assert_eq!(row("Mr. & Mrs. Ben", "Marsh", "Mr"), "unclear-name");
    assert_eq!(row("Sri", "Devi", "Ms"), "Ms Sri|Devi +91 9876543210");
    let Verdict::Rejected { problems, .. } =
        verdict(&india(), ["", "9876543210", "Mrs", "Marsh", "", "", ""])
    else {
        panic!("accepted");
    };
    assert_eq!(problems[0].message(), "no first name: `Mrs` is a salutation, not a first name");
}

#[test]
fn what_programs_put_around_a_cell_is_undone() {
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
fn names_that_can_be_read_in_two_ways_are_split_where_that_is_asked_for() {
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
fn a_salutation_in_front_of_a_full_name_is_one() {
    let row = |name, salutation| read(&india(), ["", "9876543210", "", "", name, salutation, ""]);
    assert_eq!(row("Dr. Asha Rao", ""), "Dr Asha|Rao +91 9876543210");
    assert_eq!(row("Dr. Asha Rao", "Mrs"), "Mrs Asha|Rao +91 9876543210");
    assert_eq!(row("M. K. Gandhi", "Mr"), "Mr M. K.|Gandhi +91 9876543210");
    assert_eq!(row("Asha Rao", ""), "missing-salutation");
}

#[test]
fn the_labels_of_a_row_say_which_number_to_call() {
    // Two phones with a label each, behind a name and a salutation.
    let columns = Columns {
        phone: vec![2, 4],
        labels: vec![(2, 3), (4, 5)],
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
}

#[test]
fn any_of_several_labels_can_say_that_a_phone_is_none() {
    let columns = Columns { phone: vec![1, 4], labels: vec![(1, 2), (1, 3)], ..Columns::default() };
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
fn defaults_fill_what_nobody_wrote() {
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
fn bytes_that_are_not_utf_8_are_named_and_not_taken_for_missing() {
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
fn a_ragged_row_is_not_looked_at_any_further() {
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
fn errors_and_endless_cells_are_no_names() {
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
fn hidden_rows_are_suppressed_with_their_number_unless_they_are_read() {
    let mut rows = Rows::new(0);
    for cell in ["98765 43210", "", "Asha", "Rao", "", "Mrs", ""] {
        rows.push_cell(cell.as_bytes(), CellKind::Text);
    }
    rows.hide_row();
    rows.end_row(2, None);
    let skips = NormalizeSettings { skips_hidden_rows: true, ..india() };
    let read = |settings: &NormalizeSettings| Normalizer::new(settings, &columns()).read(rows.row(0));
    let Verdict::Suppressed { code: Code::HiddenRow, number: Some(number) } = read(&skips) else { panic!() };
    assert_eq!(number.e164().to_string(), "919876543210");
    assert!(!matches!(read(&india()), Verdict::Suppressed { .. }));
}
