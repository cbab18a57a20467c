//! Well-formed and malformed delimited lists, through the built program.

use crate::sealed::{Ended, Outcome, Sealed};

/// Checks a list of British numbers.
fn checked(name: &str, content: impl AsRef<[u8]>) -> (Sealed, Ended) {
    let sealed = Sealed::new();
    sealed.write(name, content);
    let output = sealed.run(&["check", name, "--region", "GB", "--default-salutation", "Mr", "--out", "out"]);
    (sealed, output)
}

/// Returns row and outcome of each row, and the printed text with collapsed white space.
fn outcomes(name: &str, content: impl AsRef<[u8]>) -> (Vec<String>, String) {
    let (sealed, output) = checked(name, content);
    assert!(matches!(output.code, 0 | 1), "{}", output.stderr);
    let rows = sealed.outcomes("out").iter().map(Outcome::brief).collect();
    (rows, folded(&output))
}

/// Returns the message that refuses a list.
fn refused(name: &str, content: impl AsRef<[u8]>) -> String {
    let (_, output) = checked(name, content);
    assert_eq!(output.code, 3, "{}", output.stderr);
    folded(&output)
}

fn folded(output: &Ended) -> String {
    output.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
}

const VALID: [&str; 3] = ["2 valid", "3 valid", "4 valid"];

#[test]
fn stray_quotation_marks_lose_no_row() {
    for delimiter in [",", "\t", ";"] {
        let text = "First Name,Last Name,Phone,Notes\nAda,Quill,02079460100,\"bold\nBen,Marsh,02079460101,\nCleo,Finch,02079460102,\"late\n";
        let (rows, output) = outcomes("list.csv", text.replace(',', delimiter));
        assert_eq!(rows, VALID, "{delimiter:?}");
        assert!(
            output.contains("2 lines, the first of them line 2: a quotation mark is not closed"),
            "{output}"
        );
    }
}

#[test]
fn line_with_stray_marks_and_two_numbers_is_rejected() {
    let text =
        "First Name,Last Name,Phone,Notes\nAda,Quill,02079460100,\"\" she saidBen,Marsh,02079460101,\"\n";
    for delimiter in [",", "\t"] {
        assert_eq!(
            outcomes("list.csv", text.replace(',', delimiter)).0,
            ["2 rejected ragged-row"],
            "{delimiter:?}"
        );
    }
    let text = "First Name,Last Name,Phone,Notes\nAda,Quill,02079460100,\"said \"no\", or later\"\n";
    assert_eq!(outcomes("list.csv", text).0, ["2 valid"]);
}

#[test]
fn rows_between_stray_marks_are_refused_in_csv_and_read_in_tsv() {
    let text = "First Name,Last Name,Phone,Notes\nAda,Quill,02079460100,\"bold\nBen,Marsh,02079460101,\nCleo,Finch,02079460102,5\"\n";
    let output = refused("list.csv", text);
    assert!(
        output.contains("line 2: a quoted cell begins there") && output.contains("the first is line 3"),
        "{output}"
    );
    let (rows, _) = outcomes("list.tsv", text.replace(',', "\t"));
    assert_eq!(rows, VALID);
}

#[test]
fn multiline_notes_stay_one_cell() {
    let text = "First Name,Last Name,Phone,Notes\nAda,Quill,02079460100,\"one, two\nthree: 020 7946 0199\n\"\nBen,Marsh,02079460101,x\n";
    assert_eq!(outcomes("list.csv", text).0, ["2 valid", "5 valid"]);
    assert_eq!(outcomes("list.tsv", text.replace(',', "\t")).0, ["2 valid", "5 valid"]);
}

/// In a list with few columns, one line is no proof. rollcall names lines that may be people.
#[test]
fn number_inside_a_multiline_cell_is_named() {
    let (_, ended) = checked("list.csv", "Phone,Remark\n02079460100,\"call\n02079460101,later\"\n");
    let output = folded(&ended);
    assert!(output.contains("line 3: text that looks like a phone number is inside a cell"), "{output}");
    let output = refused("list.csv", "Phone,Name\n02079460100,\"Ada Quill\n02079460101,Ben Marsh\"\n");
    assert!(output.contains("line 2: a quoted cell begins there"), "{output}");
}

#[test]
fn unambiguous_marks_inside_names_are_read() {
    let (rows, _) = outcomes(
        "list.csv",
        "\"First Name\",\"Last Name\",\"Phone\"\n\"Ada \"Addie\"\",\"Quill\",\"02079460100\"\n\"Ben\",\"Marsh,\"02079460101\"\n\"Cleo\",\"Finch\",\"02079460102\"\n",
    );
    assert_eq!(rows, VALID);
    let (rows, output) =
        outcomes("list.csv", "First Name,Last Name,Phone\nAda,\"Quill, B\" x,02079460100,\"y\n");
    assert_eq!(rows, ["2 rejected ragged-row"]);
    assert!(output.contains("a quotation mark is not closed"), "{output}");
}

#[test]
fn suppression_file_with_a_doubtful_line_is_refused() {
    let sealed = Sealed::new();
    sealed.write("leads.csv", "Name,Phone\nAda Quill,02079460100\n");
    sealed.write("dnc.csv", "Name,City,Phone\n\"Ada,Bath,02079460100\n\"Ben\" x,\"Wells, Bath,02079460101\n");
    let ended = sealed.run(&[
        "check",
        "leads.csv",
        "--region",
        "GB",
        "--default-salutation",
        "Mr",
        "--exclude-file",
        "dnc.csv",
        "--out",
        "out",
    ]);
    let output = folded(&ended);
    assert!(matches!(ended.code, 2 | 3) && output.contains("line 3"), "{} {output}", ended.code);
}

#[test]
fn unused_trailing_cells_may_be_missing_or_empty() {
    let text = "First Name,Last Name,Phone,Notes,City\nAda,Quill,02079460100\nBen,Marsh,02079460101,x,Bath,,\nCleo,Finch,02079460102,\n";
    assert_eq!(outcomes("list.csv", text).0, VALID);
    let text = "First Name;Last Name;Phone\nAda;Quill;02079460100;\nBen;Marsh;02079460101;\nCleo;Finch;02079460102;\n";
    let (rows, output) = outcomes("list.csv", text);
    assert_eq!(rows, VALID);
    assert!(
        output.contains("3 lines, the first of them line 2: rollcall ignores delimiters at the end"),
        "{output}"
    );
}

#[test]
fn number_moved_by_a_line_end_is_named() {
    for rows in
        ["Ada,Quill,02079460100Ben Marsh,02079460101\n", "Ada,Quill,02079460100,x 02079460101\nBen,Marsh,,\n"]
    {
        let (_, output) = outcomes("list.csv", format!("First Name,Last Name,Phone,Notes\n{rows}"));
        assert!(
            output.contains("text that looks like a phone number is at the end of the row"),
            "{rows}: {output}"
        );
    }
    let (_, output) =
        outcomes("list.csv", "Phone,First Name,Last Name,City\n02079460100,Ada,Quill,Bath02079460101");
    assert!(output.contains("text that looks like a phone number is at the end of the row"), "{output}");
    let (_, output) =
        outcomes("list.csv", "Phone,First Name,Last Name,Order\n02079460100,Ada,Quill,PO20261126\n");
    assert!(!output.contains("looks like a phone number"), "{output}");
    let text = "Phone,First Name,Last Name,City\n02079460100,Ada,Quill,Bath02079460101Be\nn,Marsh,Bath\n";
    let (rows, output) = outcomes("list.csv", text);
    assert_eq!(rows, ["2 valid", "3 rejected ragged-row"]);
    assert!(output.contains("text that looks like a phone number is at the end of the row"), "{output}");
}

/// Source: mautic/mautic pull request 610, ddeboer/data-import pull request 36
#[test]
fn rows_with_and_without_trailing_cells_are_read_alike() {
    let text = "firstname,lastname,phone,note\nAda,Quill,02079460100,\nBen,Marsh,02079460101\nCleo,Finch,02079460102,late\nDan,Holt,02079460103,x,,\n";
    assert_eq!(outcomes("list.csv", text).0, ["2 valid", "3 valid", "4 valid", "5 valid"]);
    let text = "phone,firstname,lastname,note\n02079460100,Ada,Quill\n02079460101,Ben,Marsh\n02079460102,Cleo,Finch,late\n";
    assert_eq!(outcomes("list.csv", text).0, VALID);
}

#[test]
fn missing_cell_before_the_number_is_detected_by_the_next_number() {
    let text = "First Name,Last Name,City,Phone,Other\nAda,Quill,Bath,02079460100,02079460900\nBen,Marsh,02079460101,02079460901\nCleo,Finch,Leeds,02079460102\n";
    assert_eq!(outcomes("list.csv", text).0, ["2 valid", "3 rejected ragged-row", "4 valid"]);
    // If no number follows the phone number, no cell is missing before it.
    let text =
        "First Name,Last Name,Fax,Phone,Note\nAda,Quill,,02079460100,x\nBen,Marsh,01174960101,02079460101\n";
    assert_eq!(outcomes("list.csv", text).0, ["2 valid", "3 valid"]);
}

#[test]
fn closing_mark_without_an_opening_one_is_not_part_of_a_name() {
    let text = "\"First Name\",\"Last Name\",\"Phone\"\n\"Ada\",Quill\",\"02079460100\"\n\"Ben\",\"Marsh\",\"02079460101\"\n";
    let again = text.replace("Quill\"", "\"Quill\"");
    let sealed = Sealed::new();
    sealed.write("list.csv", text);
    sealed.write("again.csv", again);
    let output = sealed.run(&[
        "check",
        "list.csv",
        "again.csv",
        "--region",
        "GB",
        "--default-salutation",
        "Mr",
        "--out",
        "out",
    ]);
    let rows: Vec<String> = sealed.outcomes("out").iter().map(Outcome::brief).collect();
    assert_eq!(rows, ["2 valid", "3 valid", "2 duplicate same-name", "3 duplicate same-name"]);
    assert!(folded(&output).contains("line 2: a quotation mark is not closed, or"), "{}", output.stderr);
}

#[test]
fn inner_and_garbled_byte_order_marks_are_ignored() {
    for mark in ["\u{feff}", "\u{ef}\u{bb}\u{bf}"] {
        let part = |row: &str| format!("{mark}{row}\r\n");
        let text = [
            part("\"First Name\",\"Last Name\",\"Phone\""),
            part("\"Ada\",\"Quill\",\"02079460100\""),
            "\"Ben\",\"Marsh\",\"02079460101\"\r\n".to_owned(),
        ]
        .concat();
        assert_eq!(outcomes("list.csv", &text).0, ["2 valid", "3 valid"]);
        let sealed = Sealed::new();
        sealed.write("list.csv", text);
        sealed.write("same.csv", "First Name,Last Name,Phone\nAda,Quill,02079460100\n");
        sealed.run(&[
            "check",
            "list.csv",
            "same.csv",
            "--region",
            "GB",
            "--default-salutation",
            "Mr",
            "--out",
            "out",
        ]);
        assert_eq!(sealed.outcomes("out").last().map(Outcome::brief).unwrap(), "2 duplicate same-name");
    }
}

/// Source: alphagov/notifications-utils pull request 1169
#[test]
fn empty_leading_columns_without_a_header_are_accepted() {
    let text = ",,phone number,name\n,,02079460100,Ada Quill\n,,02079460101,Ben Marsh\n";
    assert_eq!(outcomes("list.csv", text).0, ["2 valid", "3 valid"]);
}

#[test]
fn comma_in_the_last_cell_shifts_no_used_column() {
    let text = "First Name,Last Name,Phone,Notes\nAda,Quill,02079460100,late, please\nBen,Marsh, PhD,02079460101,x\n";
    let (rows, output) = outcomes("list.csv", text);
    assert_eq!(rows, ["2 valid", "3 rejected ragged-row"]);
    assert!(output.contains("joins them to `Notes`"), "{output}");
}

#[test]
fn two_rows_on_one_line_and_one_row_on_two_are_rejected() {
    let text = "First Name,Last Name,Phone,Notes\nAda,Quill,02079460100,xBen,Marsh,02079460101,y\n";
    assert_eq!(outcomes("list.csv", text).0, ["2 rejected ragged-row"]);
    // Without its last digits, the number is valid too, and may belong to another person.
    let text = "First Name,Last Name,Phone\nAda,Quill,+49301234567\n89\nBen,Marsh,02079460101\n";
    let (rows, _) = outcomes("list.csv", text);
    assert_eq!(rows, ["2 rejected ragged-row", "3 rejected ragged-row", "4 valid"]);
}

#[test]
fn csv_dialects_of_other_programs_are_read() {
    for text in [
        "\"First Name\", \"Last Name\", \"Phone\"\n\"Ada\", \"Quill, B.\", \"02079460100\"\n",
        "='First Name'\n"
            .replace(
                "='First Name'\n",
                "=\"First Name\",=\"Last Name\",=\"Phone\"\n=\"Ada\",=\"Quill, B.\",=\"02079460100\"\n",
            )
            .as_str(),
        "'First Name','Last Name','Phone'\n'Ada','Quill, B.','02079460100'\n",
        "\"First Name,Last Name,Phone\"\n\"Ada,\"\"Quill, B.\"\",02079460100\"\n",
        "First Name|Last Name|Phone|Notes\nAda|Quill, B.|02079460100|\\N\n",
        "First Name^Last Name^Phone\nAda^Quill, B.^02079460100\n",
        "First Name~Last Name~Phone\nAda~Quill, B.~02079460100\n",
        "First Name||Last Name||Phone\nAda||Quill, B.||02079460100\n",
    ] {
        let (sealed, output) = checked("list.csv", text);
        assert_eq!(output.code, 0, "{text}: {}", output.stderr);
        assert_eq!(sealed.outcomes("out")[0].number, "442079460100", "{text}");
    }
}

#[test]
fn other_quotation_marks_around_cells_are_not_part_of_a_name() {
    for (open, close) in [("“", "”"), ("„", "“"), ("«", "»"), ("`", "`"), ("''", "''")] {
        let text =
            "(First Name);(Last Name);(Phone)\n(Ada);(Quill);(02079460100)\n(Ben);(Marsh);(02079460101)\n";
        let sealed = Sealed::new();
        sealed.write("list.csv", text.replace('(', open).replace(')', close));
        sealed.write("same.csv", text.replace(['(', ')'], ""));
        let output = sealed.run(&[
            "check",
            "list.csv",
            "same.csv",
            "--region",
            "GB",
            "--default-salutation",
            "Mr",
            "--out",
            "out",
        ]);
        let rows: Vec<String> = sealed.outcomes("out").iter().map(Outcome::brief).collect();
        assert_eq!(rows, ["2 valid", "3 valid", "2 duplicate same-name", "3 duplicate same-name"], "{open}");
        assert!(
            folded(&output).contains(&format!("`{open}` and `{close}` around cells")),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn backslash_quote_and_null_of_mysql_are_read() {
    let text = "\"first_name\",\"last_name\",\"phone\",\"notes\"\n\"Ada\",\"Quill\",\"02079460100\",\"a \\\"b, c\\\" d\"\n\"Ben\",\\N,\"02079460101\",\"5\\\" x\"\n\"Cleo\",\"Finch\",\\N,\\N\n";
    let (rows, _) = outcomes("dump.csv", text);
    assert_eq!(rows, ["2 valid", "3 rejected missing-last-name", "4 rejected missing-phone"]);
}

#[test]
fn unusual_delimiter_gets_a_hint() {
    let output = refused("list.txt", "First Name§Last Name§Phone\nAda§Quill§02079460100\n");
    assert!(output.contains("--delimiter") && !output.contains("--map"), "{output}");
}

#[test]
fn sep_line_with_the_wrong_delimiter_is_ignored() {
    let (rows, output) = outcomes("list.csv", "sep=,\nFirst Name;Last Name;Phone\nAda;Quill;02079460100\n");
    assert_eq!(rows, ["3 valid"]);
    assert!(output.contains("the rows use `;`"), "{output}");
}

#[test]
fn titles_and_footers_are_not_rows() {
    let text = "Contacts of May, all\n\nFirst Name;Last Name;Phone\nAda;Quill;02079460100\nBen;Marsh;02079460101\n\nList of the branch in Bath\nprinted by Finn\n";
    let (rows, output) = outcomes("list.csv", text);
    assert_eq!(rows, ["4 valid", "5 valid"]);
    assert!(
        output.contains("rollcall skips 2 rows below the list as its footer, from line 7 on"),
        "{output}"
    );
    // Source: plaintextaccounting/hledger issue 1076, the last
    for footer in [
        "Total;2;",
        "-- end --",
        "(2 rows)",
        "Summe:;;2",
        "\x1a",
        "*** Ende ***",
        "2 records exported",
        "***END OF FILE***",
        "----;-----;-----",
    ] {
        let text =
            format!("First Name;Last Name;Phone\nAda;Quill;02079460100\nBen;Marsh;02079460101\n{footer}\n");
        assert_eq!(outcomes("list.csv", text).0, ["2 valid", "3 valid"], "{footer}");
    }
    // DOS programs pad the last block.
    let mut text =
        b"First Name;Last Name;Phone\r\nAda;Quill;02079460100\r\nBen;Marsh;02079460101\r\n\x1a".to_vec();
    text.resize(256, 0);
    assert_eq!(outcomes("list.csv", text).0, ["2 valid", "3 valid"]);
}

#[test]
fn line_between_rows_or_with_a_person_is_not_a_footer() {
    let text = "First Name,Last Name,Phone\nAda,Quill,02079460100\nTotal,2\nBen,Marsh,02079460101\nCleo,,\n";
    let (rows, _) = outcomes("list.csv", text);
    assert_eq!(rows[..3], ["2 valid", "3 rejected ragged-row", "4 valid"]);
    assert!(rows[3].starts_with("5 rejected missing-phone"), "{rows:?}");
}

#[test]
fn repeated_header_is_not_a_row() {
    let text = "First Name,Last Name,Phone\nAda,Quill,02079460100\nFirst Name,Last Name,Phone\nBen,Marsh,02079460101\nPhone,First Name,Last Name\n02079460102,Cleo,Finch\n";
    let (rows, output) = outcomes("list.csv", text);
    assert_eq!(rows, ["2 valid", "4 valid", "6 valid"]);
    assert!(
        output.contains("line 3 is the header again") && output.contains("line 5 is the header again with"),
        "{output}"
    );
    let output = refused(
        "list.csv",
        "Name,Phone\nAda Quill,02079460100\nPhone,E-mail,Full Name\n02079460102,c@example.org,Cleo Finch\n",
    );
    assert!(output.contains("row 3: a second header"), "{output}");
}

#[test]
fn repeated_header_with_another_do_not_call_or_country_column_is_refused() {
    for (first, second, row) in [
        ("Do Not Call,Notes", "Remarks,DNC", ",yes"),
        ("Notes", "Do Not Call", "yes"),
        ("Notes", "Notes,Do Not Call", ",yes"),
        ("Country,Remarks", "Birth place,Country", "IN,AE"),
    ] {
        let text = format!(
            "First Name,Last Name,Mobile,{first}\nAda,Quill,02079460100,,\nFirst Name,Last Name,Mobile,{second}\nBen,Marsh,02079460101,{row}\n"
        );
        let output = refused("list.csv", text);
        assert!(output.contains("row 3: a second header"), "{second}: {output}");
    }
    let text = "First Name,Last Name,Mobile,Notes\nAda,Quill,02079460100,\nFirst Name,Last Name,Mobile,Remarks\nBen,Marsh,02079460101,\n";
    assert_eq!(outcomes("list.csv", text).0, ["2 valid", "4 valid"]);
}

#[test]
fn number_in_the_header_is_named() {
    let (_, output) = outcomes(
        "list.csv",
        "Name,PhoneAda Quill,02079460100\nBen Marsh,02079460101\n".replace("PhoneAda", "Phone,Ada"),
    );
    assert!(output.contains("the header holds what looks like a phone number (`02079460100`)"), "{output}");
}

#[test]
fn rows_of_any_white_space_are_blank() {
    let text = "Name,Phone\nAda Quill,02079460100\n\u{a0},\u{3000}\n\u{200b}, \nBen Marsh,02079460101\n";
    assert_eq!(outcomes("list.csv", text).0, ["2 valid", "5 valid"]);
}

#[test]
fn list_with_a_long_note_is_read() {
    let note = "called, no answer\n".repeat(6_000);
    let text = format!(
        "Name,Phone,Notes\nAda Quill,02079460100,\"{note}\"\nBen Marsh,02079460101,{}\n",
        "x".repeat(70_000)
    );
    let (rows, _) = outcomes("list.csv", text);
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.ends_with(" valid")), "{rows:?}");
}

#[test]
fn headers_below_a_cover_and_of_two_rows_are_found() {
    let cover: String = (1..30)
        .flat_map(|line| ["Line ".to_owned(), line.to_string(), " of the cover\n".to_owned()])
        .collect();
    let (rows, _) =
        outcomes("list.csv", format!("{cover}First Name,Last Name,Phone\nAda,Quill,02079460100\n"));
    assert_eq!(rows, ["31 valid"]);
    let wide = "Owner,Finn,Region,South\nDate,May,Count,1\nFirst Name,Last Name,Phone,City\nAda,Quill,02079460100,Bath\n";
    assert_eq!(outcomes("list.csv", wide).0, ["4 valid"]);
    let two = "First Name,Last Name,Phone,\n,,Home,Mobile\nAda,Quill,01174960100,02079460100\nBen,Marsh,,02079460101\n";
    let (sealed, output) = checked("list.csv", two);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let numbers: Vec<String> = sealed.outcomes("out").into_iter().map(|row| row.number).collect();
    assert_eq!(numbers, ["442079460100", "442079460101"]);
}
