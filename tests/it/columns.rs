//! Column recognition and the choice of a row's phone, through the built program.

use crate::sealed::Sealed;

/// Checks a list. Returns the outcome, code and number of each row, and the printed text.
fn check(list: &str, options: &[&str]) -> (Vec<String>, String) {
    let sealed = Sealed::new();
    sealed.write("list.csv", list);
    let mut args = vec!["check", "list.csv", "--out", "out", "--region", "GB", "--default-salutation", "Ms"];
    args.extend(options);
    let ended = sealed.run(&args);
    assert!(matches!(ended.code, 0 | 1), "{}", ended.stderr);
    let rows = sealed.outcomes("out").into_iter();
    let rows = rows.map(|row| format!("{} {} {}", row.outcome, row.code, row.number));
    (rows.collect(), ended.stderr.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Source: mautic/mautic issue 9027, with the column `donotContact`.
#[test]
fn do_not_call_column_suppresses_its_row_and_numbers() {
    let list = "Name,Mobile,Home Phone,donotContact\n\
        Ada Quill,07400 123423,020 7946 0200,\n\
        Ben Marsh,07400 123424,,TRUE\n\
        Cleo Finch,07400 123425,,no\n\
        Ada Quill,07400 123426,07400 123423,yes\n\
        Dan Holt,,,x\n";
    let (rows, said) = check(list, &[]);
    let column = "suppressed do-not-call-column";
    assert_eq!(
        rows,
        [
            format!("{column} 447400123423"),
            format!("{column} 447400123424"),
            "valid  447400123425".to_owned(),
            format!("{column} 447400123426"),
            format!("{column} "),
        ]
    );
    assert!(said.contains("that `donotContact` marks as do-not-call"), "{said}");

    let (rows, said) = check(list, &["--ignore-do-not-call-column"]);
    let valid = |row: &&String| row.starts_with("valid");
    assert_eq!(rows.iter().filter(valid).count(), 4, "{rows:?}");
    assert!(said.contains("--ignore-do-not-call-column"), "{said}");
}

#[test]
fn phone_that_must_not_be_called_is_not_called_from_another_column_or_row() {
    let (rows, _) = check(
        "Name,Cell,Home Phone,Callable-Cell\n\
         Ben Marsh,07400 123423,,yes\n\
         Ada Quill,07400 123423,+44 7400 123423,no\n\
         Cleo Finch,07400 123424,020 7946 0200,no\n\
         Dan Holt,07400 123425,07400 123424,yes\n\
         Eve Stone,,07400 123424,\n",
        &[],
    );
    assert_eq!(
        rows,
        [
            "suppressed do-not-call-column 447400123423",
            "suppressed do-not-call-column 447400123423",
            "valid  442079460200",
            "valid  447400123425",
            "suppressed do-not-call-column 447400123424",
        ]
    );
}

/// CRMs export a status beside the mark, and statistics programs write `NA` for no country.
#[test]
fn number_that_a_row_forbids_is_not_called_from_another_row_however_it_is_written() {
    let header = "Name,Mobile,Country,Do Not Call,Lead Status\n";
    for (forbidding, what) in [
        ("Ada Quill,07400 123423,,yes,Do Not Contact", "a status forbids, too"),
        ("Ada Quill,07400 123423,NA,yes,", "no country, or Namibia"),
        ("Ada Quill,07400 123423,Utopia,yes,", "an unknown country"),
        ("Ada Quill,+44 7400 12**23,,yes,", "hidden digits"),
        ("Ada,Quill,07400 123423,,yes,", "shifted cells"),
    ] {
        let others = "Ben Marsh,07400 123425,,,\nCleo Finch,07400 123426,,no,\n";
        let (rows, _) = check(&format!("{header}{others}{forbidding}\nEve Stone,07400 123423,,,New\n"), &[]);
        assert_eq!(rows[3], "suppressed do-not-call-column 447400123423", "{what}");
        assert_eq!(rows[..2], ["valid  447400123425", "valid  447400123426"], "{what}");
    }
}

#[test]
fn forbidden_number_that_cannot_be_found_in_other_rows_is_named() {
    let header = "Name,Mobile,Do Not Call\nBen Marsh,07400 123425,\n";
    let (rows, said) = check(&format!("{header}Ada Quill,+44 7400 12****,yes\nEve Stone,+44 74…,x\n"), &[]);
    assert!(rows[1..].iter().all(|row| row.starts_with("suppressed")), "{rows:?}");
    let note = "rows that say not to call a number with masked digits at its beginning or end: 2; the first is row 3";
    assert!(said.contains(note), "{said}");
    let (_, said) = check(&format!("{header}Ada Quill,+44 7400 12**23,yes\nEve Stone,,yes\n"), &[]);
    assert!(!said.contains("masked digits at"), "{said}");
}

/// Source: Rillke/Contact-Conversion-Wizard issue 26: the header of a router's phone book.
#[test]
fn next_phone_is_used_if_the_first_is_unusable() {
    let (rows, said) = check(
        "Name,Rufnummer Privat,Rufnummer Arbeit,Rufnummer Mobil,Rufnummer Mobil 2,Fax\n\
         Ada Quill,020 7946 0200,,07400 123423,,020 7946 0300\n\
         Ben Marsh,020 7946 0201,020 7946 0202,tbd,,020 7946 0301\n\
         Cleo Finch,,,,07400 123424,020 7946 0302\n\
         Dan Holt,,,,,020 7946 0303\n",
        &[],
    );
    assert_eq!(
        rows,
        ["valid  447400123423", "valid  442079460202", "valid  447400123424", "rejected missing-phone ",]
    );
    assert!(said.contains("row 3, `Rufnummer Mobil` contains `tbd`"), "{said}");
    assert!(said.contains("rollcall does not import numbers of a fax"), "{said}");
}

#[test]
fn number_in_an_unknown_column_is_named_with_its_mapping() {
    let list = "Name,Phone,Reach at\nAda Quill,020 7946 0200,\nBen Marsh,,020 7946 0201\n";
    let (rows, said) = check(list, &[]);
    assert_eq!(rows[1], "rejected missing-phone ");
    assert!(said.contains("`Reach at` holds") && said.contains("--map phone=2 --map phone=3"), "{said}");
    let (rows, _) = check(list, &["--map", "phone=2", "--map", "phone=3"]);
    assert_eq!(rows[1], "valid  442079460201");
}

/// Source: cluster-software/agent-crm issue 84: numbers as `work_phone_1` and `personal_phone`.
#[test]
fn address_book_phones_and_countries_are_read_by_kind() {
    let (rows, _) = check(
        "First Name,Last Name,work_phone_1,work_phone_2,personal_phone,Work Country,Personal Country\n\
         Ada,Quill,,01 99 00 12 34,,France,\n\
         Ben,Marsh,,,020 7946 0201,France,United Kingdom\n",
        &[],
    );
    assert_eq!(rows, ["valid  33199001234", "valid  442079460201"]);
}

/// Source: frappe/erpnext issue 4448 (one column for the name, another for the last name), hizzle-co/noptin issue 1122 (the
/// full name next to both).
#[test]
fn name_column_is_the_missing_part_or_the_full_name() {
    for (list, names) in [
        (
            "Name,Lastname,Company,Phone\nAnna Maria,Vale,Acme Ltd,+442079460100\nIda,de la Torre,,+442079460101\n",
            ["Anna Maria|Vale", "Ida|de la Torre"],
        ),
        (
            "name,first_name,last_name,phone\n,Tom,Reed,+442079460101\nAnn Lee,,,+442079460102\n",
            ["Tom|Reed", "Ann|Lee"],
        ),
    ] {
        let sealed = Sealed::new();
        sealed.write("list.csv", list);
        let args =
            ["check", "list.csv", "--out", "out", "--default-salutation", "Ms", "--export", "passed.csv"];
        assert_eq!(sealed.run(&args).code, 0);
        let exported = sealed.read("passed.csv");
        let read: Vec<String> = exported
            .lines()
            .skip(1)
            .map(|line| line.split(',').take(2).collect::<Vec<_>>().join("|"))
            .collect();
        assert_eq!(read, names, "{exported}");
    }
}
